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

	while (!atomic_load_explicit(&load->stop, memory_order_relaxed)) {
		unsigned batch = load->options->batch * load->options->requests;
		unsigned long number = atomic_fetch_add(&load->next_subject, batch);
		struct bench_failure failure = {0};
		int64_t start = clock_monotonic_us();

		number %= load->options->subject_count;
		if (transaction_run(lane->client, load->options, number, &failure)) {
			bench_lane_failed(&lane->done, &failure, batch);
			continue;
		}
		atomic_fetch_add_explicit(&load->done, batch, memory_order_relaxed);
		if (bench_lane_done(&lane->done, clock_monotonic_us() - start, batch))
			break;
	}
	return NULL;
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
		err = bench_client_new(setup, load->options->source, &lanes[i].client);
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
	const struct bench_lane **done = NULL;
	struct lane *lanes = NULL;
	double cpu_before = 0;
	size_t started = 0;
	int64_t start;
	int err;

	err = bench_setup_new(o, &setup);
	if (err)
		goto out;
	lanes = calloc(o->connections, sizeof(*lanes));
	done = calloc(o->connections, sizeof(*done));
	if (!lanes || !done) {
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
		done[i] = &lanes[i].done;
	}
	r->seconds = (double)(clock_monotonic_us() - start) / 1e6;
	if (!err)
		err = bench_lanes_report(done, started, r);
	report_server(o, cpu_before, r);
out:
	for (size_t i = 0; lanes && i < o->connections; i++) {
		bench_client_free(lanes[i].client);
		bench_lane_clear(&lanes[i].done);
	}
	free(lanes);
	free(done);
	bench_setup_free(setup);
	return err;
}
