// SPDX-License-Identifier: Apache-2.0
/*
 * The worker pool: every job runs once, limits hold, shutdown finishes what is queued. Jobs that
 * must be "running" or "held" wait on a gate, so nothing here depends on time.
 */
#include "base/pool.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

struct worker {
	int unused;
};

/* What the callbacks saw. */
struct scene {
	atomic_int made;
	atomic_int freed;
	atomic_int ran;
	atomic_int fail_at; /* the worker that cannot be made; 0: none */
	atomic_int late;    /* result of a submit from within a job at shutdown */
	struct pool *pool;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int inside; /* jobs that wait at the gate */
	bool open;
};

static int scene_worker_new(void *arg, struct worker **workerp)
{
	struct scene *scene = arg;

	if (atomic_fetch_add(&scene->made, 1) + 1 == atomic_load(&scene->fail_at))
		return -EIO;
	*workerp = calloc(1, sizeof(**workerp));
	return *workerp ? 0 : -ENOMEM;
}

static void scene_worker_free(void *arg, struct worker *worker)
{
	struct scene *scene = arg;

	atomic_fetch_add(&scene->freed, 1);
	free(worker);
}

static struct pool_ops scene_ops(struct scene *scene)
{
	return (struct pool_ops){scene_worker_new, scene_worker_free, scene};
}

static void scene_init(struct scene *scene)
{
	*scene = (struct scene){0};
	pthread_mutex_init(&scene->mutex, NULL);
	pthread_cond_init(&scene->changed, NULL);
}

static void job_count(void *arg, struct worker *worker)
{
	struct scene *scene = arg;

	worker->unused++; /* TSan sees it if two threads share a context */
	atomic_fetch_add(&scene->ran, 1);
}

static void job_gate(void *arg, struct worker *worker)
{
	struct scene *scene = arg;

	pthread_mutex_lock(&scene->mutex);
	scene->inside++;
	pthread_cond_broadcast(&scene->changed);
	while (!scene->open)
		pthread_cond_wait(&scene->changed, &scene->mutex);
	pthread_mutex_unlock(&scene->mutex);
	job_count(arg, worker);
}

static void scene_wait_inside(struct scene *scene, int n)
{
	pthread_mutex_lock(&scene->mutex);
	while (scene->inside < n)
		pthread_cond_wait(&scene->changed, &scene->mutex);
	pthread_mutex_unlock(&scene->mutex);
}

static void scene_open(struct scene *scene)
{
	pthread_mutex_lock(&scene->mutex);
	scene->open = true;
	pthread_cond_broadcast(&scene->changed);
	pthread_mutex_unlock(&scene->mutex);
}

enum { SUBMITTERS = 4, JOBS_EACH = 2000 };

static void *submit_many(void *arg)
{
	struct scene *scene = arg;

	for (int i = 0; i < JOBS_EACH; i++) {
		int err;

		while ((err = pool_submit(scene->pool, job_count, scene)) == -EAGAIN)
			sched_yield();
		if (err < 0)
			return scene;
	}
	return NULL;
}

START_TEST(test_pool_runs_every_job_once)
{
	struct scene scene;
	struct pool_ops ops = scene_ops(&scene);
	pthread_t submitters[SUBMITTERS];

	scene_init(&scene);
	ck_assert_int_eq(pool_new(&ops, 3, 16, &scene.pool), 0);
	ck_assert_int_eq(scene.made, 3);
	for (int i = 0; i < SUBMITTERS; i++)
		ck_assert_int_eq(pthread_create(&submitters[i], NULL, submit_many, &scene), 0);
	for (int i = 0; i < SUBMITTERS; i++) {
		void *failed;

		ck_assert_int_eq(pthread_join(submitters[i], &failed), 0);
		ck_assert_ptr_null(failed);
	}
	pool_free(scene.pool);
	ck_assert_int_eq(scene.ran, SUBMITTERS * JOBS_EACH);
	ck_assert_int_eq(scene.freed, 3);
}
END_TEST

START_TEST(test_pool_all_threads_work_at_once)
{
	struct scene scene;
	struct pool_ops ops = scene_ops(&scene);

	scene_init(&scene);
	ck_assert_int_eq(pool_new(&ops, 4, 4, &scene.pool), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pool_submit(scene.pool, job_gate, &scene), 0);
	scene_wait_inside(&scene, 4); /* a lost wake-up would hang here */
	scene_open(&scene);
	pool_free(scene.pool);
	ck_assert_int_eq(scene.ran, 4);
}
END_TEST

START_TEST(test_pool_full_queue)
{
	struct scene scene;
	struct pool_ops ops = scene_ops(&scene);

	scene_init(&scene);
	ck_assert_int_eq(pool_new(&ops, 1, 2, &scene.pool), 0);
	ck_assert_int_eq(pool_submit(scene.pool, job_gate, &scene), 0);
	scene_wait_inside(&scene, 1);
	ck_assert_uint_eq(pool_queued(scene.pool), 0);
	ck_assert_int_eq(pool_submit(scene.pool, job_count, &scene), 0);
	ck_assert_int_eq(pool_submit(scene.pool, job_count, &scene), 0);
	ck_assert_uint_eq(pool_queued(scene.pool), 2);
	ck_assert_int_eq(pool_submit(scene.pool, job_count, &scene), -EAGAIN);
	ck_assert_int_eq(scene.ran, 0);
	scene_open(&scene);
	pool_free(scene.pool); /* runs what is queued */
	ck_assert_int_eq(scene.ran, 3);
}
END_TEST

/* What the order of jobs is seen by. */
static void job_resumed(void *arg, struct worker *worker)
{
	struct scene *scene = arg;

	ck_assert_int_eq(scene->ran, 1); /* the one at the gate */
	job_count(arg, worker);
}

/* It finds room in a full queue, and goes before what has yet to begin. */
START_TEST(test_pool_resume)
{
	struct scene scene;
	struct pool_ops ops = scene_ops(&scene);
	struct pool_resumed resumed[2];

	scene_init(&scene);
	ck_assert_int_eq(pool_new(&ops, 1, 1, &scene.pool), 0);
	ck_assert_int_eq(pool_submit(scene.pool, job_gate, &scene), 0);
	scene_wait_inside(&scene, 1);
	ck_assert_int_eq(pool_submit(scene.pool, job_count, &scene), 0);
	ck_assert_int_eq(pool_submit(scene.pool, job_count, &scene), -EAGAIN);
	pool_resume(scene.pool, &resumed[0], job_resumed, &scene);
	pool_resume(scene.pool, &resumed[1], job_count, &scene);
	scene_open(&scene);
	pool_free(scene.pool);
	ck_assert_int_eq(scene.ran, 4);
}
END_TEST

/* An idle thread wakes for it. */
START_TEST(test_pool_resume_wakes)
{
	struct scene scene;
	struct pool_ops ops = scene_ops(&scene);
	struct pool_resumed resumed;

	scene_init(&scene);
	ck_assert_int_eq(pool_new(&ops, 2, 1, &scene.pool), 0);
	for (int i = 0; i < 100; i++) {
		pool_resume(scene.pool, &resumed, job_gate, &scene);
		scene_wait_inside(&scene, i + 1); /* a lost wake-up would hang here */
		scene_open(&scene);
		while (atomic_load(&scene.ran) <= i)
			sched_yield();
	}
	pool_free(scene.pool);
}
END_TEST

/* Goes to the gate as one that waits for somebody else. */
static void job_wait(void *arg, struct worker *worker)
{
	pool_wait_begin();
	pool_wait_begin();
	job_gate(arg, worker);
	pool_wait_end();
	pool_wait_end();
}

/* Of eight threads two run at a time. */
START_TEST(test_pool_limit)
{
	struct scene scene;
	struct pool_ops ops = scene_ops(&scene);

	scene_init(&scene);
	ck_assert_int_eq(pool_new(&ops, 8, 100, &scene.pool), 0);
	pool_limit(scene.pool, 2);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(pool_submit(scene.pool, job_gate, &scene), 0);
	scene_wait_inside(&scene, 2);
	ck_assert_uint_eq(pool_queued(scene.pool), 18);
	scene_open(&scene);
	pool_free(scene.pool);
	ck_assert_int_eq(scene.ran, 20);
}
END_TEST

/* Those that wait make room for others, and find theirs taken when they come back. */
START_TEST(test_pool_wait)
{
	struct scene waits, runs;
	struct pool_ops ops = scene_ops(&waits);

	scene_init(&waits);
	scene_init(&runs);
	ck_assert_int_eq(pool_new(&ops, 8, 100, &waits.pool), 0);
	pool_limit(waits.pool, 2);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(pool_submit(waits.pool, job_wait, &waits), 0);
	scene_wait_inside(&waits, 5); /* would hang if those that wait counted */
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pool_submit(waits.pool, job_gate, &runs), 0);
	scene_wait_inside(&runs, 2);
	ck_assert_uint_eq(pool_queued(waits.pool), 2);
	scene_open(&waits);
	while (atomic_load(&waits.ran) < 5)
		sched_yield();
	ck_assert_uint_eq(pool_queued(waits.pool), 2);
	scene_open(&runs);
	while (atomic_load(&runs.ran) < 4)
		sched_yield();
	pool_free(waits.pool);
}
END_TEST

/* Outside of any pool nothing happens. */
START_TEST(test_wait_outside_of_pools)
{
	pool_wait_begin();
	pool_wait_end();
	ck_assert_uint_ge(pool_running_max(100), 2);
	ck_assert_uint_eq(pool_running_max(1), 1);
}
END_TEST

/* Submits until the pool says that it is stopping. */
static void job_until_stopping(void *arg, struct worker *worker)
{
	struct scene *scene = arg;
	int err;

	pthread_mutex_lock(&scene->mutex);
	scene->inside++;
	pthread_cond_broadcast(&scene->changed);
	pthread_mutex_unlock(&scene->mutex);
	do {
		err = pool_submit(scene->pool, job_count, scene);
		sched_yield();
	} while (err == 0 || err == -EAGAIN);
	atomic_store(&scene->late, err);
	job_count(arg, worker);
}

START_TEST(test_pool_refuses_when_stopping)
{
	struct scene scene;
	struct pool_ops ops = scene_ops(&scene);

	scene_init(&scene);
	ck_assert_int_eq(pool_new(&ops, 1, 2, &scene.pool), 0);
	ck_assert_int_eq(pool_submit(scene.pool, job_until_stopping, &scene), 0);
	scene_wait_inside(&scene, 1);
	pool_free(scene.pool);
	ck_assert_int_eq(scene.late, -ESHUTDOWN);
	ck_assert_int_ge(scene.ran, 1);
	ck_assert_int_le(scene.ran, 3);
}
END_TEST

START_TEST(test_pool_worker_cannot_be_made)
{
	struct scene scene;
	struct pool_ops ops = scene_ops(&scene);
	struct pool *pool = NULL;

	scene_init(&scene);
	scene.fail_at = 2;
	ck_assert_int_eq(pool_new(&ops, 3, 1, &pool), -EIO);
	ck_assert_ptr_null(pool);
	ck_assert_int_eq(scene.made, 3);
	ck_assert_int_eq(scene.freed, 2);
}
END_TEST

static void job_signals(void *arg, struct worker *worker)
{
	sigset_t blocked;

	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGHUP) &&
	    sigismember(&blocked, SIGINT))
		job_count(arg, worker);
}

START_TEST(test_pool_threads_block_signals)
{
	struct scene scene;
	struct pool_ops ops = scene_ops(&scene);
	sigset_t blocked;

	scene_init(&scene);
	ck_assert_int_eq(pool_new(&ops, 1, 1, &scene.pool), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	ck_assert(!sigismember(&blocked, SIGTERM)); /* the caller's mask is as before */
	ck_assert_int_eq(pool_submit(scene.pool, job_signals, &scene), 0);
	pool_free(scene.pool);
	ck_assert_int_eq(scene.ran, 1);
}
END_TEST

START_TEST(test_pool_bad_sizes)
{
	struct scene scene;
	struct pool_ops ops = scene_ops(&scene);
	struct pool *pool = NULL;

	scene_init(&scene);
	ck_assert_int_eq(pool_new(&ops, 0, 1, &pool), -EINVAL);
	ck_assert_int_eq(pool_new(&ops, 1, 0, &pool), -EINVAL);
	ck_assert_int_eq(scene.made, 0);
	pool_free(NULL);
}
END_TEST

static Suite *pool_suite(void)
{
	Suite *suite = suite_create("pool");
	TCase *tc = tcase_create("pool");

	tcase_add_test(tc, test_pool_runs_every_job_once);
	tcase_add_test(tc, test_pool_all_threads_work_at_once);
	tcase_add_test(tc, test_pool_full_queue);
	tcase_add_test(tc, test_pool_resume);
	tcase_add_test(tc, test_pool_resume_wakes);
	tcase_add_test(tc, test_pool_limit);
	tcase_add_test(tc, test_pool_wait);
	tcase_add_test(tc, test_wait_outside_of_pools);
	tcase_add_test(tc, test_pool_refuses_when_stopping);
	tcase_add_test(tc, test_pool_worker_cannot_be_made);
	tcase_add_test(tc, test_pool_threads_block_signals);
	tcase_add_test(tc, test_pool_bad_sizes);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(pool_suite, SUITE_FORKS)
