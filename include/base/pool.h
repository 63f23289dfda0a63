// SPDX-License-Identifier: Apache-2.0
/*
 * The workers: N threads that take jobs from one bounded queue. Each thread has a context of its
 * own (store handle, reusable crypto contexts), made once by a callback. A job runs in one straight
 * line on one thread, with blocking calls. Where it waits for somebody else (another CA, a commit,
 * a token that signs) it says so, and another job may have its place at the processors meanwhile.
 */
#pragma once

#include "base/cleanup.h"

#include <stddef.h>

struct pool;
struct worker; /* defined by whoever makes the pool: the thread's own context */

struct pool_ops {
	/* Called on the new thread. Returns 0 or a negative errno, which fails pool_new(). */
	int (*worker_new)(void *arg, struct worker **workerp);
	void (*worker_free)(void *arg, struct worker *worker);
	void *arg;
};

typedef void pool_job(void *arg, struct worker *worker);

/* Starts `threads` workers; at most `queue_max` jobs wait. Returns 0 or a negative errno. */
_must_check_ int pool_new(const struct pool_ops *ops, size_t threads, size_t queue_max,
			  struct pool **poolp);
/*
 * Of so many threads as many run at a time as there are processors, and some more; the others are
 * there for jobs that wait. More would take each other's caches away.
 */
size_t pool_running_max(size_t threads);
/* From now on so many jobs run at a time, and beside them those that wait. Before the first job. */
void pool_limit(struct pool *pool, size_t running_max);
/* Around what a job waits for, however deep below it; they nest. Any thread, also of no pool. */
void pool_wait_begin(void);
void pool_wait_end(void);
/* Queues a job. Returns 0, -EAGAIN when the queue is full, -ESHUTDOWN when stopping. Any thread. */
_must_check_ int pool_submit(struct pool *pool, pool_job *job, void *arg);
/* A job that goes on, in a place of its own, which whoever resumes it owns until it runs. */
struct pool_resumed {
	struct pool_resumed *next;
	pool_job *job;
	void *arg;
};
/*
 * Queues a job that began on this pool and now goes on: before those that have yet to begin, and it
 * is never refused. Not after pool_free() was called. Any thread.
 */
void pool_resume(struct pool *pool, struct pool_resumed *resumed, pool_job *job, void *arg);
/* Jobs waiting now; for metrics. */
size_t pool_queued(struct pool *pool);
/* Takes no new jobs, runs what is queued, joins the threads, frees. NULL is fine. */
void pool_free(struct pool *pool);
