// SPDX-License-Identifier: Apache-2.0
/*
 * The load: one thread a connection, each running transactions until the time is up. What was done
 * is told by windows of that time, too, beside the cost of the bare cryptography in each of them: a
 * machine is not as fast in every second.
 */
#include "base/clock.h"
#include "base/error.h"
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* A twentieth of a second on an ordinary processor. */
enum { FLOOR_ROUNDS_BESIDE = 200 };

/* At the end of a window; the first mark is the beginning. */
struct mark {
	int64_t us;
	double cpu_us;
	uint64_t done;
	double floor_us; /* measured since the mark before */
};

struct load {
	const struct bench_options *options;
	struct bench_schedule schedule;
	atomic_uint_fast64_t done;
	struct mark marks[BENCH_WINDOWS_MAX + 1];
	size_t n_marks;
};

struct lane {
	struct load *load;
	struct bench_client *client;
	pthread_t thread;
	struct bench_lane done;
};

static int transaction_run(struct bench_client *client, const struct bench_options *o,
			   unsigned long number, struct bench_failure *failurep)
{
	if (o->operation == BENCH_JSON)
		return bench_client_run_json(client, number, failurep);
	if (o->requests > 1)
		return bench_client_run_several(client, number, failurep);
	return o->batch > 1 ? bench_client_run_batch(client, number, failurep)
			    : bench_client_run(client, number, failurep);
}

static void *lane_run(void *arg)
{
	struct lane *lane = arg;
	struct load *load = lane->load;
	const struct bench_options *o = load->options;
	unsigned n = load->schedule.step;
	unsigned long number;
	int64_t due_us;

	while (bench_schedule_next(&load->schedule, &number, &due_us)) {
		struct bench_failure failure = {0};

		if (transaction_run(lane->client, o, number % o->subject_count, &failure)) {
			bench_lane_failed(&lane->done, &failure, n);
			continue;
		}
		atomic_fetch_add_explicit(&load->done, n, memory_order_relaxed);
		if (bench_lane_done(&lane->done, due_us, n))
			break;
	}
	return NULL;
}

/* --- the time that it takes, in windows --- */

static int mark_set(struct load *load, double floor_us)
{
	const struct bench_options *o = load->options;
	struct mark *mark = &load->marks[load->n_marks++];

	*mark = (struct mark){clock_monotonic_us(), 0, atomic_load(&load->done), floor_us};
	return o->n_pids ? bench_proc_cpu_us(o->pids, o->n_pids, &mark->cpu_us) : 0;
}

/* Says every second how far it is, on a terminal. */
static void wait_until(const struct load *load, int64_t until_us)
{
	const int64_t second = 1000000, start = load->schedule.start_us;
	int64_t now;

	while ((now = clock_monotonic_us()) < until_us) {
		int64_t next = start + ((now - start) / second + 1) * second;

		bench_sleep_until(next < until_us ? next : until_us);
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r%lld of %u s, %llu transactions ",
				(long long)((clock_monotonic_us() - start) / second),
				load->options->duration_s,
				(unsigned long long)atomic_load(&load->done));
	}
}

static int load_wait(struct load *load)
{
	const struct bench_options *o = load->options;
	const int64_t window = (int64_t)o->duration_s * 1000000 / (o->windows ? o->windows : 1);
	int64_t begin = load->schedule.start_us;
	int err = 0;

	for (unsigned w = 0; w < (o->windows ? o->windows : 1) && !err; w++, begin += window) {
		double floor_us = -1;

		if (o->floor) {
			wait_until(load, begin + window / 2);
			err = bench_floor_us(o->operation, FLOOR_ROUNDS_BESIDE, &floor_us);
		}
		wait_until(load, begin + window);
		if (!err)
			err = mark_set(load, floor_us);
	}
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return err;
}

/* --- the report --- */

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The least floor, and the median of the ratios: each is of one window, with its own clock. */
static void report_floor(struct bench_report *r)
{
	double ratios[BENCH_WINDOWS_MAX];
	size_t n = 0;

	r->floor_us = r->over_floor = -1;
	for (size_t i = 0; i < r->n_windows; i++) {
		const struct bench_window *w = &r->windows[i];

		if (w->floor_us > 0 && (r->floor_us < 0 || w->floor_us < r->floor_us))
			r->floor_us = w->floor_us;
		if (w->floor_us > 0 && w->server_cpu_us > 0)
			ratios[n++] = w->server_cpu_us / w->floor_us;
	}
	qsort(ratios, n, sizeof(*ratios), compare_double);
	if (n)
		r->over_floor = n % 2 ? ratios[n / 2] : (ratios[n / 2 - 1] + ratios[n / 2]) / 2;
}

static int report_windows(const struct load *load, const struct bench_lane *const *lanes, size_t n,
			  struct bench_report *r)
{
	int err = 0;

	r->windows = calloc(load->n_marks, sizeof(*r->windows));
	if (!r->windows)
		return -ENOMEM;
	for (size_t i = 1; i < load->n_marks && !err; i++) {
		const struct mark *mark = &load->marks[i], *before = mark - 1;
		struct bench_window *w = &r->windows[r->n_windows++];

		w->seconds = (double)(mark->us - before->us) / 1e6;
		w->transactions = mark->done - before->done;
		w->floor_us = mark->floor_us;
		w->server_cpu_us = -1;
		if (load->options->n_pids && w->transactions)
			w->server_cpu_us =
				(mark->cpu_us - before->cpu_us) / (double)w->transactions;
		err = bench_lanes_latency(lanes, n, before->us, mark->us, w->latency_us);
	}
	return err;
}

/* After all threads have ended. */
static int report_fill(const struct load *load, const struct bench_lane *const *lanes, size_t n,
		       struct bench_report *r)
{
	const struct bench_options *o = load->options;
	double cpu_us = 0;
	int err = bench_lanes_report(lanes, n, r);

	r->seconds = (double)(clock_monotonic_us() - load->schedule.start_us) / 1e6;
	r->server_cpu_us = -1;
	if (!err && o->n_pids && r->transactions &&
	    !bench_proc_cpu_us(o->pids, o->n_pids, &cpu_us)) {
		r->server_cpu_us = (cpu_us - load->marks[0].cpu_us) / (double)r->transactions;
		if (bench_proc_peak_rss_kib(o->pids, o->n_pids, &r->server_peak_rss_kib))
			r->server_peak_rss_kib = 0;
	}
	if (!err)
		err = report_windows(load, lanes, n, r);
	report_floor(r);
	return err;
}

/* --- all of it --- */

static int lanes_start(struct load *load, const struct bench_setup *setup, struct lane *lanes,
		       size_t *startedp)
{
	const struct bench_options *o = load->options;
	int err;

	for (unsigned i = 0; i < o->connections; i++) {
		lanes[i].load = load;
		err = bench_client_new(setup, i, o->source, &lanes[i].client);
		if (err)
			return err;
	}
	bench_schedule_start(&load->schedule, o->duration_s, o->rate, o->batch * o->requests);
	err = mark_set(load, -1);
	if (err) {
		fprintf(stderr, "cmfbench: --pid: %s\n", error_text(err));
		return err;
	}
	for (*startedp = 0; *startedp < o->connections; ++*startedp) {
		err = -pthread_create(&lanes[*startedp].thread, NULL, lane_run, &lanes[*startedp]);
		if (err)
			return err;
	}
	return 0;
}

static int lanes_run(struct load *load, const struct bench_setup *setup, struct lane *lanes,
		     struct bench_report *r)
{
	const struct bench_lane **done = calloc(load->options->connections, sizeof(*done));
	size_t started = 0;
	int err = done ? 0 : -ENOMEM;

	if (!err)
		err = lanes_start(load, setup, lanes, &started);
	if (!err)
		err = load_wait(load);
	atomic_store(&load->schedule.stop, true);
	for (size_t i = 0; i < started; i++) {
		pthread_join(lanes[i].thread, NULL);
		done[i] = &lanes[i].done;
	}
	if (!err)
		err = report_fill(load, done, started, r);
	free(done);
	return err;
}

int bench_load_run(const struct bench_options *o, struct bench_report *r)
{
	struct load *load = calloc(1, sizeof(*load));
	struct lane *lanes = calloc(o->connections, sizeof(*lanes));
	struct bench_setup *setup = NULL;
	int err = load && lanes ? bench_setup_new(o, &setup) : -ENOMEM;

	if (!err) {
		load->options = o;
		err = lanes_run(load, setup, lanes, r);
	}
	for (size_t i = 0; lanes && i < o->connections; i++) {
		bench_client_free(lanes[i].client);
		bench_lane_clear(&lanes[i].done);
	}
	free(lanes);
	free(load);
	bench_setup_free(setup);
	return err;
}
