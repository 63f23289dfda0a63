// SPDX-License-Identifier: Apache-2.0
/* The load: one thread a connection, each running transactions until the time is up. */
#include "base/clock.h"
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

struct load {
	const struct bench_options *options;
	atomic_ulong next_subject;
	atomic_uint_fast64_t done; /* for the progress line */
	atomic_bool stop;
};

struct lane {
	struct load *load;
	struct bench_client *client;
	pthread_t thread;
	uint64_t transactions;
	uint32_t *latency; /* us of each transaction that succeeded */
	size_t n_latency, size_latency;
	struct bench_report failures; /* only its failures table is used */
};

static void report_add_failure(struct bench_report *r, const struct bench_failure *failure,
			       uint64_t count)
{
	r->errors += count;
	for (size_t i = 0; i < r->n_failures; i++) {
		if (!strcmp(r->failures[i].failure.kind, failure->kind)) {
			r->failures[i].count += count;
			return;
		}
	}
	/* A server with more kinds of failure than that is told by its first ones. */
	if (r->n_failures == ARRAY_LEN(r->failures))
		return;
	r->failures[r->n_failures].failure = *failure;
	r->failures[r->n_failures++].count = count;
}

static int lane_add_latency(struct lane *lane, int64_t us)
{
	if (lane->n_latency == lane->size_latency) {
		size_t size = lane->size_latency ? 2 * lane->size_latency : 4096;
		uint32_t *grown = reallocarray(lane->latency, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		lane->latency = grown;
		lane->size_latency = size;
	}
	lane->latency[lane->n_latency++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	return 0;
}

static void *lane_run(void *arg)
{
	struct lane *lane = arg;
	struct load *load = lane->load;

	while (!atomic_load_explicit(&load->stop, memory_order_relaxed)) {
		unsigned requests = load->options->requests;
		unsigned batch = load->options->batch * requests;
		unsigned long number = atomic_fetch_add(&load->next_subject, batch);
		struct bench_failure failure = {0};
		int64_t start = clock_monotonic_us();

		number %= load->options->subject_count;
		if (requests > 1 ? bench_client_run_several(lane->client, number, &failure)
		    : batch > 1  ? bench_client_run_batch(lane->client, number, &failure)
				 : bench_client_run(lane->client, number, &failure)) {
			report_add_failure(&lane->failures, &failure, batch);
			continue;
		}
		lane->transactions += batch;
		atomic_fetch_add_explicit(&load->done, batch, memory_order_relaxed);
		if (lane_add_latency(lane, clock_monotonic_us() - start))
			break;
	}
	return NULL;
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int report_latency(struct bench_report *r, const struct lane *lanes, size_t n)
{
	static const double at[] = {0.50, 0.90, 0.99, 1.0};
	_cleanup_(freep) uint32_t *all = NULL;
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += lanes[i].n_latency;
	if (!total)
		return 0;
	all = reallocarray(NULL, total, sizeof(*all));
	if (!all)
		return -ENOMEM;
	total = 0;
	for (size_t i = 0; i < n; i++) {
		if (lanes[i].n_latency)
			memcpy(all + total, lanes[i].latency, lanes[i].n_latency * sizeof(*all));
		total += lanes[i].n_latency;
	}
	qsort(all, total, sizeof(*all), compare_u32);
	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		r->latency_us[i] = all[(size_t)((double)(total - 1) * at[i])];
	return 0;
}

static void load_wait(struct load *load)
{
	uint64_t last = 0, now;

	for (unsigned s = 0; s < load->options->duration_s; s++) {
		sleep(1);
		now = atomic_load(&load->done);
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r%u of %u s, %llu transactions, %llu/s ", s + 1,
				load->options->duration_s, (unsigned long long)now,
				(unsigned long long)(now - last));
		last = now;
	}
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	atomic_store(&load->stop, true);
}

static void report_server(const struct bench_options *o, double cpu_before, struct bench_report *r)
{
	double cpu_after;

	r->server_cpu_us = -1;
	if (!o->pid || bench_proc_cpu_us(o->pid, &cpu_after))
		return;
	if (r->transactions)
		r->server_cpu_us = (cpu_after - cpu_before) / (double)r->transactions;
	if (bench_proc_peak_rss_kib(o->pid, &r->server_peak_rss_kib))
		r->server_peak_rss_kib = 0;
}

static int lanes_start(struct load *load, const struct bench_setup *setup, struct lane *lanes,
		       size_t *startedp)
{
	int err;

	for (size_t i = 0; i < load->options->connections; i++) {
		lanes[i].load = load;
		err = bench_client_new(setup, &lanes[i].client);
		if (err)
			return err;
	}
	for (*startedp = 0; *startedp < load->options->connections; ++*startedp) {
		err = -pthread_create(&lanes[*startedp].thread, NULL, lane_run, &lanes[*startedp]);
		if (err)
			return err;
	}
	return 0;
}

int bench_load_run(const struct bench_options *o, struct bench_report *r)
{
	struct load load = {.options = o};
	struct bench_setup *setup = NULL;
	struct lane *lanes = NULL;
	double cpu_before = 0;
	size_t started = 0;
	int64_t start;
	int err;

	err = bench_setup_new(o, &setup);
	if (err)
		goto out;
	lanes = calloc(o->connections, sizeof(*lanes));
	if (!lanes) {
		err = -ENOMEM;
		goto out;
	}
	if (o->pid) {
		err = bench_proc_cpu_us(o->pid, &cpu_before);
		if (err) {
			fprintf(stderr, "cmfbench: --pid %d: %s\n", o->pid, strerror(-err));
			goto out;
		}
	}
	start = clock_monotonic_us();
	err = lanes_start(&load, setup, lanes, &started);
	if (!err)
		load_wait(&load);
	atomic_store(&load.stop, true);
	for (size_t i = 0; i < started; i++) {
		pthread_join(lanes[i].thread, NULL);
		r->transactions += lanes[i].transactions;
		for (size_t k = 0; k < lanes[i].failures.n_failures; k++)
			report_add_failure(r, &lanes[i].failures.failures[k].failure,
					   lanes[i].failures.failures[k].count);
	}
	r->seconds = (double)(clock_monotonic_us() - start) / 1e6;
	report_server(o, cpu_before, r);
	if (!err)
		err = report_latency(r, lanes, started);
out:
	for (size_t i = 0; lanes && i < o->connections; i++) {
		bench_client_free(lanes[i].client);
		free(lanes[i].latency);
	}
	free(lanes);
	bench_setup_free(setup);
	return err;
}
