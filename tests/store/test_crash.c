// SPDX-License-Identifier: Apache-2.0
/* kill -9 while units are committed: what a thread was told of is there afterwards. */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, PER_THREAD_MAX = 100000, KILLS = 5, ACKS_BEFORE_KILL = 300 };

struct committing {
	pthread_t thread;
	struct store *store;
	int64_t first;
	int pipe;
};

/* In the program that is killed nothing of Check works; status 2 is not SIGKILL. */
static void must(int result)
{
	if (result != 0)
		_exit(2);
}

/* Serial numbers serve as names. */
static void put_serial(struct store_unit *unit, int64_t registration_id, int64_t serial)
{
	struct store_certificate cert = sample_certificate(registration_id, (uint64_t)serial);

	must(store_certificate_insert(unit, &cert, NULL));
	must(store_unit_commit(unit));
}

/* Writes each serial to the pipe once its commit has returned. */
static void *committing_run(void *arg)
{
	struct committing *c = arg;
	struct store_unit *unit;

	must(store_unit_new(c->store, &unit));
	for (int64_t serial = c->first; serial < c->first + PER_THREAD_MAX; serial++) {
		put_serial(unit, 1, serial);
		must(write(c->pipe, &serial, sizeof(serial)) != sizeof(serial));
	}
	store_unit_free(unit);
	return NULL;
}

int crash_child(char **args)
{
	struct store_options options = {.database = args[0], .batch_max = 16};
	struct committing committing[THREADS] = {0};
	int64_t first = strtoll(args[1], NULL, 10);
	int threads = atoi(args[2]), fd = atoi(args[3]);
	struct store *store;

	must(store_open(&options, &store));
	for (int i = 0; i < threads; i++) {
		committing[i] = (struct committing){
			.store = store, .first = first + (int64_t)i * PER_THREAD_MAX, .pipe = fd};
		must(pthread_create(&committing[i].thread, NULL, committing_run, &committing[i]));
	}
	for (int i = 0; i < threads; i++)
		pthread_join(committing[i].thread, NULL);
	return 1; /* nobody killed it */
}

/* A program of its own, as the fault points read their environment once. */
static void child_exec(const struct fixture *f, int64_t first, int threads, int fd)
{
	char first_text[24], threads_text[12], fd_text[12];

	snprintf(first_text, sizeof(first_text), "%lld", (long long)first);
	snprintf(threads_text, sizeof(threads_text), "%d", threads);
	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	execl("/proc/self/exe", "test_store", CRASH_CHILD, f->database, first_text, threads_text,
	      fd_text, (char *)NULL);
	_exit(127);
}

static pid_t child_start(struct fixture *f, int64_t first, int threads, int *pipep)
{
	int fds[2];
	pid_t pid;

	OK(pipe(fds));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(fds[0]);
		child_exec(f, first, threads, fds[1]);
	}
	close(fds[1]);
	*pipep = fds[0];
	return pid;
}

static void wait_killed(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}

static bool serial_exists(struct fixture *f, int64_t serial)
{
	struct store_certificate key = sample_certificate(1, (uint64_t)serial), found = {0};
	int err = store_certificate_find(f->reader, "issuing", &key.serial, &found);

	store_certificate_clear(&found);
	ck_assert(err == 0 || err == STORE_NOT_FOUND);
	return err == 0;
}

/* A closed store with one registration, id 1. */
static void crash_begin(struct fixture *f, int index)
{
	struct store_registration reg = sample_registration("vnfci-1");

	fixture_begin(f, index);
	ck_assert_int_eq(put_registration(f, &reg), 1);
	fixture_close(f);
}

START_TEST(test_kill_loses_nothing_that_was_told)
{
	int64_t *acked = calloc(KILLS * THREADS * PER_THREAD_MAX, sizeof(*acked));
	size_t n = 0;
	struct fixture f;

	crash_begin(&f, _i);
	for (int64_t kills = 0; kills < KILLS; kills++) {
		size_t kill_at = n + ACKS_BEFORE_KILL;
		int pipe;
		pid_t pid = child_start(&f, 1 + kills * THREADS * PER_THREAD_MAX, THREADS, &pipe);

		while (read(pipe, &acked[n], sizeof(acked[n])) == sizeof(acked[n]))
			if (++n == kill_at)
				OK(kill(pid, SIGKILL));
		close(pipe);
		wait_killed(pid);
		ck_assert_uint_ge(n, kill_at);
		fixture_open(&f);
		OK(store_integrity_check(f.reader));
		for (size_t i = 0; i < n; i++)
			ck_assert(serial_exists(&f, acked[i]));
		fixture_close(&f);
	}
	fixture_open(&f);
	fixture_end(&f);
	free(acked);
}
END_TEST

/* One thread, so that the n-th commit is the n-th unit. Returns how many it was told of. */
static int run_to_fault_point(struct fixture *f, const char *fault_point)
{
	int64_t serial;
	int pipe, acked = 0;
	pid_t pid;

	OK(setenv("CMFD_FAULT_POINT", fault_point, 1));
	pid = child_start(f, 1, 1, &pipe);
	OK(unsetenv("CMFD_FAULT_POINT"));
	while (read(pipe, &serial, sizeof(serial)) == sizeof(serial))
		ck_assert_int_eq(serial, ++acked);
	close(pipe);
	wait_killed(pid);
	return acked;
}

START_TEST(test_fault_point_before_commit)
{
	struct fixture f;

	crash_begin(&f, _i);
	ck_assert_int_eq(run_to_fault_point(&f, "store-before-commit:3"), 2);
	fixture_open(&f);
	ck_assert(serial_exists(&f, 1));
	ck_assert(serial_exists(&f, 2));
	ck_assert(!serial_exists(&f, 3));
	fixture_end(&f);
}
END_TEST

/* Durable but not told: it is there, and its client asks again. */
START_TEST(test_fault_point_after_commit)
{
	struct fixture f;

	crash_begin(&f, _i);
	ck_assert_int_eq(run_to_fault_point(&f, "store-after-commit"), 0);
	fixture_open(&f);
	ck_assert(serial_exists(&f, 1));
	ck_assert(!serial_exists(&f, 2));
	fixture_end(&f);
}
END_TEST

TCase *crash_cases(void)
{
	TCase *tc = tcase_create("crash");

	tcase_add_loop_test(tc, test_kill_loses_nothing_that_was_told, 0, backends_count);
	tcase_add_loop_test(tc, test_fault_point_before_commit, 0, backends_count);
	tcase_add_loop_test(tc, test_fault_point_after_commit, 0, backends_count);
	return tc;
}
