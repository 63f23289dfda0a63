// SPDX-License-Identifier: Apache-2.0
/* What one thread has done, and what all of them have: counts, latencies, failures by kind. */
#include "bench.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

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

void bench_lane_failed(struct bench_lane *lane, const struct bench_failure *failure, uint64_t n)
{
	report_add_failure(&lane->failures, failure, n);
}

int bench_lane_done(struct bench_lane *lane, int64_t start_us, uint64_t n)
{
	int64_t now = clock_monotonic_us();

	lane->transactions += n;
	if (lane->n_samples == lane->size_samples) {
		size_t size = lane->size_samples ? 2 * lane->size_samples : 4096;
		struct bench_sample *grown = reallocarray(lane->samples, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		lane->samples = grown;
		lane->size_samples = size;
	}
	lane->samples[lane->n_samples++] = (struct bench_sample){
		now, now - start_us > UINT32_MAX ? UINT32_MAX : (uint32_t)(now - start_us)};
	return 0;
}

void bench_lane_clear(struct bench_lane *lane)
{
	free(lane->samples);
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int bench_lanes_latency(const struct bench_lane *const *lanes, size_t n, int64_t begin_us,
			int64_t end_us, double latency_us[BENCH_LATENCIES])
{
	static const double at[BENCH_LATENCIES] = {0.50, 0.90, 0.99, 0.999, 1.0};
	_cleanup_(freep) uint32_t *all = NULL;
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += lanes[i]->n_samples;
	if (!total)
		return 0;
	all = reallocarray(NULL, total, sizeof(*all));
	if (!all)
		return -ENOMEM;
	total = 0;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < lanes[i]->n_samples; k++) {
			const struct bench_sample *sample = &lanes[i]->samples[k];

			if (sample->end_us >= begin_us && sample->end_us < end_us)
				all[total++] = sample->latency_us;
		}
	}
	qsort(all, total, sizeof(*all), compare_u32);
	for (size_t i = 0; total && i < BENCH_LATENCIES; i++)
		latency_us[i] = all[(size_t)((double)(total - 1) * at[i])];
	return 0;
}

int bench_lanes_report(const struct bench_lane *const *lanes, size_t n, struct bench_report *r)
{
	for (size_t i = 0; i < n; i++) {
		r->transactions += lanes[i]->transactions;
		for (size_t k = 0; k < lanes[i]->failures.n_failures; k++)
			report_add_failure(r, &lanes[i]->failures.failures[k].failure,
					   lanes[i]->failures.failures[k].count);
	}
	return bench_lanes_latency(lanes, n, INT64_MIN, INT64_MAX, r->latency_us);
}

void bench_report_clear(struct bench_report *r)
{
	free(r->windows);
}
