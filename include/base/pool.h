// SPDX-License-Identifier: Apache-2.0
/*
 * The workers: N threads that take jobs from one bounded queue. Each thread has a context of its
 * own (store handle, reusable crypto contexts), made once by a callback. A job runs in one straight
 * line on one thread, with blocking calls.
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
/* Queues a job. Returns 0, -EAGAIN when the queue is full, -ESHUTDOWN when stopping. Any thread. */
_must_check_ int pool_submit(struct pool *pool, pool_job *job, void *arg);
/* Jobs waiting now; for metrics. */
size_t pool_queued(struct pool *pool);
/* Takes no new jobs, runs what is queued, joins the threads, frees. NULL is fine. */
void pool_free(struct pool *pool);
