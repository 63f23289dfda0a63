// SPDX-License-Identifier: Apache-2.0
/* The queue of units, the thread that empties it, and telling the waiters. See committer.h. */
#include "committer.h"

#include "base/log.h"
#include "unit.h"
#include "writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

struct committer {
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	/* Under the lock: */
	struct store_unit *first;
	struct store_unit **lastp; /* where the next one is linked */
	size_t queued;
	size_t wanted; /* that many queued wake the thread; 0: none does, it is at work */
	bool stopping;
	/* The thread's own: */
	struct writer *writer;
	struct store_unit **batch;
	uint32_t batch_max;
	uint32_t delay_us;
	size_t last_batch;
	pthread_t thread;
};

/*
 * Waits for a first unit, and then for more: each COMMIT costs a wait for the disk and its
 * processor time, so under load a short delay makes fewer of them and everybody faster. A lone
 * writer sees no delay: one follows only upon a batch that held several.
 */
static void committer_gather(struct committer *c)
{
	struct timespec until;

	c->wanted = 1;
	while (c->queued == 0 && !c->stopping)
		pthread_cond_wait(&c->arrived, &c->lock);
	c->wanted = c->batch_max;
	if (c->last_batch > 1 && c->delay_us > 0) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += c->delay_us * 1000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		while (c->queued < c->wanted && !c->stopping &&
		       pthread_cond_timedwait(&c->arrived, &c->lock, &until) == 0)
			;
	}
	c->wanted = 0;
}

/* Takes what is queued, at most batch_max; waits for the first one. 0: stopping. */
static size_t committer_take(struct committer *c)
{
	size_t n = 0;

	pthread_mutex_lock(&c->lock);
	committer_gather(c);
	while (c->first && n < c->batch_max) {
		c->batch[n++] = c->first;
		c->first = c->first->next;
	}
	if (!c->first)
		c->lastp = &c->first;
	c->queued -= n;
	pthread_mutex_unlock(&c->lock);
	c->last_batch = n;
	return n;
}

static void *committer_run(void *arg)
{
	struct committer *c = arg;
	size_t n;

	while ((n = committer_take(c)) > 0) {
		writer_execute(c->writer, c->batch, n);
		/* Each waits on its own semaphore: nobody wakes for another's unit. */
		for (size_t i = 0; i < n; i++)
			sem_post(&c->batch[i]->done);
		writer_checkpoint(c->writer);
	}
	return NULL;
}

static void committer_free(struct committer *c)
{
	pthread_cond_destroy(&c->arrived);
	pthread_mutex_destroy(&c->lock);
	free(c->batch);
	free(c);
}

DEFINE_CLEANUP(struct committer, committer_free);

int committer_start(struct writer *writer, uint32_t batch_max, uint32_t delay_ms,
		    struct committer **committerp)
{
	_cleanup_(committer_freep) struct committer *c = calloc(1, sizeof(*c));
	pthread_condattr_t attributes;
	sigset_t all, old;
	int err;

	if (!c)
		return -ENOMEM;
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&c->arrived, &attributes);
	pthread_condattr_destroy(&attributes);
	c->lastp = &c->first;
	c->batch_max = batch_max > 0 ? batch_max : 1;
	c->batch = calloc(c->batch_max, sizeof(struct store_unit *));
	if (!c->batch)
		return -ENOMEM;
	c->delay_us = 1000 * delay_ms;
	c->writer = writer;
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&c->thread, NULL, committer_run, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return log_fault("start committer", -err, NULL);
	pthread_setname_np(c->thread, "committer");
	*committerp = TAKE(c);
	return 0;
}

void committer_stop(struct committer *c)
{
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_signal(&c->arrived);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	writer_free(c->writer);
	committer_free(c);
}

int committer_commit(struct committer *c, struct store_unit *unit)
{
	unit->next = NULL;
	pthread_mutex_lock(&c->lock);
	*c->lastp = unit;
	c->lastp = &unit->next;
	c->queued++;
	if (c->queued == c->wanted)
		pthread_cond_signal(&c->arrived);
	pthread_mutex_unlock(&c->lock);
	while (sem_wait(&unit->done) < 0 && errno == EINTR)
		;
	return unit->result;
}
