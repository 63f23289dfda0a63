// SPDX-License-Identifier: Apache-2.0
/* The queue of units, the thread that empties it, and telling the waiters. See committer.h. */
#include "committer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "driver.h"
#include "generation.h"
#include "unit.h"
#include "writer.h"

#include <errno.h>
#include <openssl/crypto.h>
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
	size_t executing;         /* units that were taken, and not told of */
	int64_t taken_us;         /* when */
	int tried;                /* what the last COMMIT came to that was to write something */
	int64_t tried_us;         /* when; 0: there was none yet */
	bool probing;             /* the probe is queued */
	struct store_unit *spare; /* submitted ones that were committed */
	size_t n_spare;
	pthread_cond_t tried_anew;
	struct store_unit *probe;
	size_t n_audit_keys; /* that the writer has not got yet */
	struct store_audit_key audit_key[STORE_AUDIT_KEYS_MAX];
	/* The thread's own: */
	struct writer *writer;
	const struct driver *driver;
	struct database *database;
	struct generation *clients;
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
	c->executing = n;
	c->taken_us = clock_monotonic_us();
	if (c->n_audit_keys > 0)
		c->writer->ops->audit_keys(c->writer, c->audit_key, c->n_audit_keys);
	c->n_audit_keys = 0;
	pthread_mutex_unlock(&c->lock);
	c->last_batch = n;
	return n;
}

/* The generation of the clients for all of a batch, or -1. */
static int64_t committer_generation(const struct committer *c, size_t n)
{
	int64_t generation;
	uint64_t unused;

	for (size_t i = 0; i < n; i++)
		if (c->batch[i]->changes_clients)
			return -1;
	return generation_known(c->clients, &generation, &unused) ? generation : -1;
}

/* Nothing is committed to a database that nobody would find again. */
static int committer_execute(struct committer *c, size_t n)
{
	int err = c->driver->look(c->database);

	if (err < 0) {
		for (size_t i = 0; i < n; i++)
			c->batch[i]->result = err;
		return err;
	}
	c->writer->clients_generation = committer_generation(c, n);
	err = c->writer->ops->execute(c->writer, c->batch, n);
	for (size_t i = 0; i < n; i++) {
		if (c->batch[i]->changes_clients)
			generation_changed(c->clients);
	}
	return err;
}

static void committer_note(struct committer *c, size_t n, int outcome)
{
	bool probed = false;

	for (size_t i = 0; i < n; i++)
		probed = probed || c->batch[i] == c->probe;
	/* The probe writes; if nothing was written, it was the probe that failed. */
	if (outcome == WRITER_IDLE && probed)
		outcome = c->probe->result ? c->probe->result : -EIO;
	if (outcome == WRITER_IDLE)
		return;
	pthread_mutex_lock(&c->lock);
	c->tried = outcome;
	c->tried_us = clock_monotonic_us();
	c->probing = c->probing && !probed;
	pthread_cond_broadcast(&c->tried_anew);
	pthread_mutex_unlock(&c->lock);
}

/* A submitted unit, of which was told, waits for the next one who submits; a few are enough. */
static void committer_spare(struct committer *c, struct store_unit *unit)
{
	store_unit_clear(unit);
	unit->lease = (struct unit_lease){0};
	pthread_mutex_lock(&c->lock);
	if (c->n_spare < c->batch_max) {
		unit->next = c->spare;
		c->spare = unit;
		c->n_spare++;
		unit = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	store_unit_free(unit);
}

static void committer_tell(struct committer *c, struct store_unit *unit)
{
	if (unit == c->probe)
		return;
	/* Each waits on its own semaphore: nobody wakes for another's unit. */
	if (!unit->told) {
		sem_post(&unit->done);
		return;
	}
	unit->told(unit->told_arg, unit->result, unit);
	committer_spare(c, unit);
}

/* What follows a commit may take as long as one, and nothing of it is undecided. */
static void committer_told(struct committer *c)
{
	pthread_mutex_lock(&c->lock);
	c->executing = 0;
	pthread_mutex_unlock(&c->lock);
}

static void *committer_run(void *arg)
{
	struct committer *c = arg;
	size_t n;

	while ((n = committer_take(c)) > 0) {
		committer_note(c, n, committer_execute(c, n));
		for (size_t i = 0; i < n; i++)
			committer_tell(c, c->batch[i]);
		committer_told(c);
		if (c->writer->ops->tidy)
			c->writer->ops->tidy(c->writer);
	}
	return NULL;
}

static void committer_free(struct committer *c)
{
	pthread_cond_destroy(&c->arrived);
	pthread_cond_destroy(&c->tried_anew);
	pthread_mutex_destroy(&c->lock);
	store_unit_free(c->probe);
	for (struct store_unit *unit = c->spare, *next; unit; unit = next) {
		next = unit->next;
		store_unit_free(unit);
	}
	free(c->batch);
	OPENSSL_cleanse(c->audit_key, sizeof(c->audit_key));
	free(c);
}

DEFINE_CLEANUP(struct committer, committer_free);

int committer_start(struct writer *writer, const struct driver *driver, struct database *database,
		    struct generation *clients, uint32_t batch_max, uint32_t delay_ms,
		    struct committer **committerp)
{
	_cleanup_(committer_freep) struct committer *c = calloc(1, sizeof(*c));
	pthread_condattr_t attributes;
	sigset_t all, old;
	int err;

	if (!c)
		return -ENOMEM;
	c->driver = driver;
	c->database = database;
	c->clients = clients;
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&c->arrived, &attributes);
	pthread_cond_init(&c->tried_anew, &attributes);
	pthread_condattr_destroy(&attributes);
	c->lastp = &c->first;
	c->batch_max = batch_max > 0 ? batch_max : 1;
	c->batch = calloc(c->batch_max, sizeof(struct store_unit *));
	if (!c->batch)
		return -ENOMEM;
	c->delay_us = 1000 * delay_ms;
	c->writer = writer;
	err = unit_new(c, &c->probe);
	if (err == 0)
		err = unit_add(c->probe, CHANGE_PROBE, NULL, 0);
	if (err < 0)
		return err;
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
	if (c->writer->ops->give_up)
		c->writer->ops->give_up(c->writer);
	pthread_join(c->thread, NULL);
	writer_free(c->writer);
	committer_free(c);
}

const struct audit_own *committer_audit_own(const struct committer *c)
{
	return &c->writer->own;
}

void committer_audit_keys(struct committer *c, const struct store_audit_key *keys, size_t n)
{
	pthread_mutex_lock(&c->lock);
	c->n_audit_keys = n < STORE_AUDIT_KEYS_MAX ? n : STORE_AUDIT_KEYS_MAX;
	memcpy(c->audit_key, keys, c->n_audit_keys * sizeof(*keys));
	pthread_mutex_unlock(&c->lock);
}

/* With the lock held. */
static void committer_queue(struct committer *c, struct store_unit *unit)
{
	unit->next = NULL;
	*c->lastp = unit;
	c->lastp = &unit->next;
	c->queued++;
	if (c->queued == c->wanted)
		pthread_cond_signal(&c->arrived);
}

int committer_commit(struct committer *c, struct store_unit *unit)
{
	unit->told = NULL;
	pthread_mutex_lock(&c->lock);
	committer_queue(c, unit);
	pthread_mutex_unlock(&c->lock);
	pool_wait_begin();
	while (sem_wait(&unit->done) < 0 && errno == EINTR)
		;
	pool_wait_end();
	return unit->result;
}

/* A spare unit, or a new one; NULL out of memory. */
static struct store_unit *committer_unit(struct committer *c)
{
	struct store_unit *unit;

	pthread_mutex_lock(&c->lock);
	unit = c->spare;
	if (unit) {
		c->spare = unit->next;
		c->n_spare--;
	}
	pthread_mutex_unlock(&c->lock);
	return unit || unit_new(c, &unit) == 0 ? unit : NULL;
}

void store_unit_submit(struct store_unit **unitp, store_unit_told *told, void *arg)
{
	struct store_unit *unit = *unitp, *next = NULL;
	struct committer *c = unit->committer;
	int err;

	if (!store_unit_empty(unit) && !unit->dry)
		next = committer_unit(c);
	if (!next) {
		err = store_unit_commit(unit);
		told(arg, err, unit);
		return;
	}
	unit->told = told;
	unit->told_arg = arg;
	next->lease = unit->lease;
	*unitp = next;
	pthread_mutex_lock(&c->lock);
	committer_queue(c, unit);
	pthread_mutex_unlock(&c->lock);
}

int store_unit_commit(struct store_unit *unit)
{
	int err =
		!store_unit_empty(unit) && !unit->dry ? committer_commit(unit->committer, unit) : 0;
	size_t committed = err == 0 ? unit->committed : 0;

	store_unit_clear(unit);
	/* The results stay where they are until the next change is added. */
	unit->committed = committed;
	return err;
}

size_t committer_undecided(struct committer *c, int64_t since_ms)
{
	size_t units = 0;

	pthread_mutex_lock(&c->lock);
	if (c->executing > 0 && clock_monotonic_us() - c->taken_us >= 1000 * since_ms)
		units = c->executing + c->queued;
	pthread_mutex_unlock(&c->lock);
	return units;
}

int committer_ready(struct committer *c, int64_t max_age_ms, int64_t wait_ms)
{
	int64_t now_us = clock_monotonic_us(), since_us = now_us - 1000 * max_age_ms;
	int64_t until_us = now_us + 1000 * wait_ms;
	const struct timespec until = {.tv_sec = until_us / 1000000,
				       .tv_nsec = until_us % 1000000 * 1000};
	int err = 0;

	pthread_mutex_lock(&c->lock);
	if (c->tried_us < since_us && !c->probing) {
		c->probing = true;
		committer_queue(c, c->probe);
	}
	while (c->tried_us < since_us && err == 0)
		err = -pthread_cond_timedwait(&c->tried_anew, &c->lock, &until);
	err = c->tried_us < since_us ? err : c->tried;
	pthread_mutex_unlock(&c->lock);
	return err;
}
