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
	bool idle;                 /* the thread waits for `arrived` */
	bool stopping;
	/* The thread's own: */
	struct writer *writer;
	struct store_unit **batch;
	uint32_t batch_max;
	pthread_t thread;
};

/* Takes what is queued, at most batch_max; waits for the first one. 0: stopping. */
static size_t committer_take(struct committer *c)
{
	size_t n = 0;

	pthread_mutex_lock(&c->lock);
	while (!c->first && !c->stopping) {
		c->idle = true;
		pthread_cond_wait(&c->arrived, &c->lock);
		c->idle = false;
	}
	while (c->first && n < c->batch_max) {
		c->batch[n++] = c->first;
		c->first = c->first->next;
	}
	if (!c->first)
		c->lastp = &c->first;
	pthread_mutex_unlock(&c->lock);
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

int committer_start(struct writer *writer, uint32_t batch_max, struct committer **committerp)
{
	_cleanup_(committer_freep) struct committer *c = calloc(1, sizeof(*c));
	sigset_t all, old;
	int err;

	if (!c)
		return -ENOMEM;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->arrived, NULL);
	c->lastp = &c->first;
	c->batch_max = batch_max > 0 ? batch_max : 1;
	c->batch = calloc(c->batch_max, sizeof(struct store_unit *));
	if (!c->batch)
		return -ENOMEM;
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
	if (c->idle)
		pthread_cond_signal(&c->arrived);
	pthread_mutex_unlock(&c->lock);
	while (sem_wait(&unit->done) < 0 && errno == EINTR)
		;
	return unit->result;
}
