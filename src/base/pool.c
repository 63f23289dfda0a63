// SPDX-License-Identifier: Apache-2.0
/*
 * Worker threads with one bounded queue. What a job does, and how it answers, is not for here.
 */
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

struct pool_entry {
	pool_job *job;
	void *arg;
};

struct pool {
	struct pool_ops ops;
	pthread_mutex_t mutex;    /* guards all below but threads */
	pthread_cond_t work;      /* a job was queued, or stopping */
	pthread_cond_t ready;     /* a thread has made its context, or failed to */
	struct pool_entry *queue; /* a ring of queue_max entries */
	size_t queue_max;
	size_t head;
	size_t queued;
	size_t idle;    /* threads that wait on `work` */
	size_t n_ready; /* threads that have reported */
	int error;      /* of the first thread that could not make its context */
	bool stopping;
	pthread_t *threads;
	size_t n_threads; /* started ones */
};

/* Takes the next job; false when stopping and nothing is left. */
static bool pool_next(struct pool *pool, struct pool_entry *entryp)
{
	bool found;

	pthread_mutex_lock(&pool->mutex);
	while (pool->queued == 0 && !pool->stopping) {
		pool->idle++;
		pthread_cond_wait(&pool->work, &pool->mutex);
		pool->idle--;
	}
	found = pool->queued > 0;
	if (found) {
		*entryp = pool->queue[pool->head];
		pool->head = (pool->head + 1) % pool->queue_max;
		pool->queued--;
	}
	pthread_mutex_unlock(&pool->mutex);
	return found;
}

static void pool_report_ready(struct pool *pool, int error)
{
	pthread_mutex_lock(&pool->mutex);
	pool->n_ready++;
	if (error < 0 && pool->error == 0)
		pool->error = error;
	pthread_cond_signal(&pool->ready);
	pthread_mutex_unlock(&pool->mutex);
}

static void *pool_thread(void *arg)
{
	struct pool *pool = arg;
	struct worker *worker = NULL;
	struct pool_entry entry;
	int err = pool->ops.worker_new(pool->ops.arg, &worker);

	pool_report_ready(pool, err);
	if (err < 0)
		return NULL;
	while (pool_next(pool, &entry))
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
		err = -pthread_create(&pool->threads[pool->n_threads], NULL, pool_thread, pool);
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
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_cond_init(&pool->work, NULL);
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

int pool_submit(struct pool *pool, pool_job *job, void *arg)
{
	bool wake = false;
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
		/* Busy threads look at the queue before they sleep: nobody idle, nobody to wake. */
		wake = pool->idle > 0;
	}
	pthread_mutex_unlock(&pool->mutex);
	if (wake)
		pthread_cond_signal(&pool->work);
	return err;
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
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->mutex);
	for (size_t i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->ready);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->mutex);
	free(pool->threads);
	free(pool->queue);
	free(pool);
}
