// SPDX-License-Identifier: Apache-2.0
/* What one thread has done, and what all of them have: counts, latencies, failures by kind. */
#include "bench.h"

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

int bench_lane_done(struct bench_lane *lane, int64_t us, uint64_t n)
{
	lane->transactions += n;
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

void bench_lane_clear(struct bench_lane *lane)
{
	free(lane->latency);
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int report_latency(struct bench_report *r, const struct bench_lane *const *lanes, size_t n)
{
	static const double at[] = {0.50, 0.90, 0.99, 1.0};
	_cleanup_(freep) uint32_t *all = NULL;
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += lanes[i]->n_latency;
	if (!total)
		return 0;
	all = reallocarray(NULL, total, sizeof(*all));
	if (!all)
		return -ENOMEM;
	total = 0;
	for (size_t i = 0; i < n; i++) {
		if (lanes[i]->n_latency)
			memcpy(all + total, lanes[i]->latency, lanes[i]->n_latency * sizeof(*all));
		total += lanes[i]->n_latency;
	}
	qsort(all, total, sizeof(*all), compare_u32);
	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		r->latency_us[i] = all[(size_t)((double)(total - 1) * at[i])];
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
	return report_latency(r, lanes, n);
}
