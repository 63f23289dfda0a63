// SPDX-License-Identifier: Apache-2.0
/*
 * Worker threads with one bounded queue. What a job does, and how it answers, is not for here.
 */
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

/* Jobs beside one for each processor: for when one of them reads from the disk. */
enum { RUNNING_BESIDE = 1 };

struct pool_entry {
	pool_job *job;
	void *arg;
};

struct pool_thread {
	pthread_t thread;
	struct pool *pool;
	struct pool_thread *next_parked;
	sem_t called; /* posted without the mutex, which who wakes would wait for */
};

struct pool {
	struct pool_ops ops;
	pthread_mutex_t mutex;    /* guards all below but threads */
	pthread_cond_t ready;     /* a thread has made its context, or failed to */
	struct pool_entry *queue; /* a ring of queue_max entries */
	size_t queue_max;
	size_t head;
	size_t queued;
	struct pool_resumed *resumed; /* first in, first out */
	struct pool_resumed **resumed_last;
	struct pool_thread *parked; /* have nothing to do; whose caches are warmest is first */
	size_t running_max;
	size_t running; /* jobs, but for those that wait, and threads that were called for one */
	size_t n_ready; /* threads that have reported */
	int error;      /* of the first thread that could not make its context */
	bool stopping;
	struct pool_thread *threads;
	size_t n_threads; /* started ones */
};

/* The pool whose job this thread runs, and how often it is inside pool_wait_begin(). */
static _Thread_local struct pool *pool_of_thread;
static _Thread_local unsigned waits_of_thread;

/* --- with the mutex held --- */

/* Takes a job that is there; false: there is none. */
static bool pool_take(struct pool *pool, struct pool_entry *entryp)
{
	struct pool_resumed *resumed = pool->resumed;

	if (resumed) {
		pool->resumed = resumed->next;
		if (!pool->resumed)
			pool->resumed_last = &pool->resumed;
		*entryp = (struct pool_entry){resumed->job, resumed->arg};
		return true;
	}
	if (pool->queued == 0)
		return false;
	*entryp = pool->queue[pool->head];
	pool->head = (pool->head + 1) % pool->queue_max;
	pool->queued--;
	return true;
}

/*
 * Somebody for a job that is there, if one may run and nobody looks at the queue anyway: to be
 * woken. NULL: nobody.
 */
static struct pool_thread *pool_call(struct pool *pool)
{
	struct pool_thread *called = pool->parked;

	if (!called || pool->running >= pool->running_max || (!pool->resumed && !pool->queued))
		return NULL;
	pool->parked = called->next_parked;
	pool->running++;
	return called;
}

static void pool_call_all(struct pool *pool)
{
	for (struct pool_thread *parked = pool->parked, *next; parked; parked = next) {
		next = parked->next_parked;
		pool->running++;
		sem_post(&parked->called);
	}
	pool->parked = NULL;
}

/* Lets go of the mutex, and sleeps until called; it is one of the running then. */
static void pool_park(struct pool *pool, struct pool_thread *self)
{
	self->next_parked = pool->parked;
	pool->parked = self;
	pthread_mutex_unlock(&pool->mutex);
	while (sem_wait(&self->called) < 0 && errno == EINTR)
		;
	pthread_mutex_lock(&pool->mutex);
}

/* --- without the mutex --- */

static void pool_wake(struct pool_thread *called)
{
	if (called)
		sem_post(&called->called);
}

/* --- threads --- */

/* The next job for a thread that is one of the running; false when stopping and nothing is left. */
static bool pool_next(struct pool_thread *self, struct pool_entry *entryp)
{
	struct pool *pool = self->pool;
	bool found;

	pthread_mutex_lock(&pool->mutex);
	/* Who comes back from waiting may be one too many. At the end all help. */
	while (!(found = (pool->running <= pool->running_max || pool->stopping) &&
			 pool_take(pool, entryp))) {
		pool->running--;
		if (pool->stopping)
			break;
		pool_park(pool, self);
	}
	pthread_mutex_unlock(&pool->mutex);
	return found;
}

void pool_wait_begin(void)
{
	struct pool *pool = pool_of_thread;
	struct pool_thread *called;

	if (!pool || waits_of_thread++ > 0)
		return;
	pthread_mutex_lock(&pool->mutex);
	pool->running--;
	called = pool_call(pool);
	pthread_mutex_unlock(&pool->mutex);
	pool_wake(called);
}

void pool_wait_end(void)
{
	struct pool *pool = pool_of_thread;

	if (!pool || --waits_of_thread > 0)
		return;
	pthread_mutex_lock(&pool->mutex);
	pool->running++;
	pthread_mutex_unlock(&pool->mutex);
}

static void pool_report_ready(struct pool *pool, int error)
{
	pthread_mutex_lock(&pool->mutex);
	pool->n_ready++;
	pool->running++;
	if (error < 0 && pool->error == 0)
		pool->error = error;
	pthread_cond_signal(&pool->ready);
	pthread_mutex_unlock(&pool->mutex);
}

static void *pool_thread_run(void *arg)
{
	struct pool_thread *self = arg;
	struct pool *pool = self->pool;
	struct worker *worker = NULL;
	struct pool_entry entry;
	int err = pool->ops.worker_new(pool->ops.arg, &worker);

	pool_report_ready(pool, err);
	if (err < 0)
		return NULL;
	pool_of_thread = pool;
	while (pool_next(self, &entry))
		entry.job(entry.arg, worker);
	pool->ops.worker_free(pool->ops.arg, worker);
	return NULL;
}

/* Signals are for the main thread; the workers must not be interrupted by them. */
static int pool_start(struct pool *pool, size_t threads)
{
	sigset_t all, before;
	int err = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->n_threads < threads && err == 0) {
		struct pool_thread *next = &pool->threads[pool->n_threads];

		next->pool = pool;
		sem_init(&next->called, 0, 0);
		err = -pthread_create(&next->thread, NULL, pool_thread_run, next);
		if (err == 0)
			pool->n_threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);

	pthread_mutex_lock(&pool->mutex);
	while (pool->n_ready < pool->n_threads)
		pthread_cond_wait(&pool->ready, &pool->mutex);
	if (err == 0)
		err = pool->error;
	pthread_mutex_unlock(&pool->mutex);
	return err;
}

int pool_new(const struct pool_ops *ops, size_t threads, size_t queue_max, struct pool **poolp)
{
	struct pool *pool;
	int err;

	if (threads == 0 || queue_max == 0)
		return -EINVAL;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pool->ops = *ops;
	pool->queue_max = queue_max;
	pool->running_max = threads;
	pool->resumed_last = &pool->resumed;
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_cond_init(&pool->ready, NULL);
	pool->queue = calloc(queue_max, sizeof(*pool->queue));
	pool->threads = calloc(threads, sizeof(*pool->threads));
	err = pool->queue && pool->threads ? pool_start(pool, threads) : -ENOMEM;
	if (err < 0) {
		pool_free(pool);
		return err;
	}
	*poolp = pool;
	return 0;
}

size_t pool_running_max(size_t threads)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t max = (processors > 0 ? (size_t)processors : 1) + RUNNING_BESIDE;

	return threads < max ? threads : max;
}

void pool_limit(struct pool *pool, size_t running_max)
{
	pthread_mutex_lock(&pool->mutex);
	pool->running_max = running_max;
	pthread_mutex_unlock(&pool->mutex);
}

int pool_submit(struct pool *pool, pool_job *job, void *arg)
{
	struct pool_thread *called = NULL;
	int err = 0;

	pthread_mutex_lock(&pool->mutex);
	if (pool->stopping) {
		err = -ESHUTDOWN;
	} else if (pool->queued == pool->queue_max) {
		err = -EAGAIN;
	} else {
		size_t tail = (pool->head + pool->queued) % pool->queue_max;

		pool->queue[tail] = (struct pool_entry){job, arg};
		pool->queued++;
		called = pool_call(pool);
	}
	pthread_mutex_unlock(&pool->mutex);
	pool_wake(called);
	return err;
}

void pool_resume(struct pool *pool, struct pool_resumed *resumed, pool_job *job, void *arg)
{
	struct pool_thread *called;

	*resumed = (struct pool_resumed){.job = job, .arg = arg};
	pthread_mutex_lock(&pool->mutex);
	*pool->resumed_last = resumed;
	pool->resumed_last = &resumed->next;
	called = pool_call(pool);
	pthread_mutex_unlock(&pool->mutex);
	pool_wake(called);
}

size_t pool_queued(struct pool *pool)
{
	size_t queued;

	pthread_mutex_lock(&pool->mutex);
	queued = pool->queued;
	pthread_mutex_unlock(&pool->mutex);
	return queued;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->mutex);
	pool->stopping = true;
	pool_call_all(pool);
	pthread_mutex_unlock(&pool->mutex);
	for (size_t i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i].thread, NULL);
	pthread_cond_destroy(&pool->ready);
	pthread_mutex_destroy(&pool->mutex);
	free(pool->threads);
	free(pool->queue);
	free(pool);
}
