// SPDX-License-Identifier: Apache-2.0
/*
 * Counters and their Prometheus text form (exposition format 0.0.4). Serving them is http's.
 */
#include "base/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Upstream CAs that are counted; further ones are not. */
#define METRIC_UPSTREAMS_MAX 64

/* Upper bounds of the latency buckets in microseconds, and as the label says them in seconds. */
static const struct {
	int64_t us;
	const char *label;
} bucket_bounds[] = {
	{500, "0.0005"},  {1000, "0.001"},  {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},
	{25000, "0.025"}, {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"},
	{1000000, "1"},   {2500000, "2.5"}, {5000000, "5"},   {10000000, "10"},
};

#define METRIC_BUCKETS (ARRAY_LEN(bucket_bounds) + 1) /* the last is +Inf */

struct histogram {
	atomic_uint_least64_t bucket[METRIC_BUCKETS]; /* not cumulative */
	atomic_uint_least64_t sum_us;
};

/* Statuses of errors, 400 to 599. */
enum { HTTP_STATUS_FIRST = 400, HTTP_STATUSES = 200 };

struct upstream {
	_Atomic(char *) name; /* set by the first exchange */
	atomic_uint_least64_t ok;
	atomic_uint_least64_t failed;
	atomic_bool last_failed;
	struct histogram latency;
};

struct metrics {
	atomic_uint_least64_t requests[METRIC_OP_COUNT][METRIC_OUTCOME_COUNT];
	atomic_uint_least64_t failinfo[FAIL_COUNT];
	atomic_uint_least64_t refusals[REFUSAL_COUNT];
	struct histogram latency[METRIC_OP_COUNT];
	struct upstream upstream[METRIC_UPSTREAMS_MAX];
	atomic_int_least64_t connections;
	atomic_uint_least64_t connections_refused;
	atomic_uint_least64_t connections_gave_way;
	atomic_uint_least64_t queue_full;
	atomic_uint_least64_t http_refused[HTTP_STATUSES];
	atomic_uint_least64_t tls_failed;
	atomic_uint_least64_t strangers_refused;
	atomic_uint_least64_t notifications_delivered;
	atomic_uint_least64_t notifications_failed;
};

static const char *const operation_names[METRIC_OP_COUNT] = {
#define X(name) [METRIC_OP_##name] = #name,
	METRIC_OPERATIONS(X)
#undef X
};

static const char *const outcome_names[METRIC_OUTCOME_COUNT] = {
	[METRIC_ACCEPTED] = "accepted", [METRIC_WAITING] = "waiting",
	[METRIC_REJECTED] = "rejected", [METRIC_REPLAYED] = "replayed",
	[METRIC_FAULT] = "fault",
};

struct metrics *metrics_new(void)
{
	return calloc(1, sizeof(struct metrics));
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < METRIC_UPSTREAMS_MAX; i++)
		free(atomic_load(&m->upstream[i].name));
	free(m);
}

/* Counters are independent of each other: no order between them is promised or needed. */
static void counter_add(atomic_uint_least64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t counter_value(const atomic_uint_least64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void histogram_count(struct histogram *h, int64_t us)
{
	size_t i = 0;

	if (us < 0)
		us = 0;
	while (i < ARRAY_LEN(bucket_bounds) && us > bucket_bounds[i].us)
		i++;
	counter_add(&h->bucket[i], 1);
	counter_add(&h->sum_us, (uint64_t)us);
}

void metrics_request(struct metrics *m, enum metric_operation op, enum metric_outcome outcome,
		     const struct refusal *refusal, int64_t us)
{
	counter_add(&m->requests[op][outcome], 1);
	if (refusal)
		counter_add(&m->refusals[refusal->reason], 1);
	if (refusal && refusal->failinfo >= 0 && refusal->failinfo < FAIL_COUNT)
		counter_add(&m->failinfo[refusal->failinfo], 1);
	histogram_count(&m->latency[op], us);
}

/* Its place, or a free one, which it gets; NULL: there is none. */
static struct upstream *upstream_named(struct metrics *m, const char *ca_name)
{
	for (size_t i = 0; i < METRIC_UPSTREAMS_MAX; i++) {
		struct upstream *u = &m->upstream[i];
		char *name = atomic_load(&u->name), *copy;

		if (name && strcmp(name, ca_name) == 0)
			return u;
		if (name)
			continue;
		copy = strdup(ca_name);
		if (!copy)
			return NULL;
		if (atomic_compare_exchange_strong(&u->name, &name, copy))
			return u;
		/* Somebody else was faster, for this CA or another. */
		free(copy);
		if (strcmp(name, ca_name) == 0)
			return u;
	}
	return NULL;
}

void metrics_upstream(struct metrics *m, const char *ca_name, int64_t us, int ok)
{
	struct upstream *u = upstream_named(m, ca_name);

	if (!u)
		return;
	counter_add(ok ? &u->ok : &u->failed, 1);
	atomic_store_explicit(&u->last_failed, !ok, memory_order_relaxed);
	histogram_count(&u->latency, us);
}

void metrics_upstream_get(const struct metrics *m, const char *ca_name,
			  struct metrics_upstream *upstreamp)
{
	*upstreamp = (struct metrics_upstream){0};
	for (size_t i = 0; i < METRIC_UPSTREAMS_MAX; i++) {
		const struct upstream *u = &m->upstream[i];
		const char *name = atomic_load(&u->name);

		if (name && strcmp(name, ca_name) == 0)
			*upstreamp = (struct metrics_upstream){
				counter_value(&u->ok), counter_value(&u->failed),
				atomic_load_explicit(&u->last_failed, memory_order_relaxed)};
	}
}

void metrics_connection(struct metrics *m, int delta)
{
	atomic_fetch_add_explicit(&m->connections, delta, memory_order_relaxed);
}

void metrics_connection_refused(struct metrics *m)
{
	counter_add(&m->connections_refused, 1);
}

void metrics_connection_gave_way(struct metrics *m)
{
	counter_add(&m->connections_gave_way, 1);
}

void metrics_notification(struct metrics *m, bool delivered)
{
	counter_add(delivered ? &m->notifications_delivered : &m->notifications_failed, 1);
}

void metrics_queue_full(struct metrics *m)
{
	counter_add(&m->queue_full, 1);
}

void metrics_http_refused(struct metrics *m, int status)
{
	if (status >= HTTP_STATUS_FIRST && status < HTTP_STATUS_FIRST + HTTP_STATUSES)
		counter_add(&m->http_refused[status - HTTP_STATUS_FIRST], 1);
}

void metrics_tls_failed(struct metrics *m)
{
	counter_add(&m->tls_failed, 1);
}

void metrics_stranger_refused(struct metrics *m)
{
	counter_add(&m->strangers_refused, 1);
}

static void write_head(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* `label` is a whole pair, as operation="ir". */
static void write_histogram(struct strbuf *out, const char *name, const char *label,
			    const struct histogram *h)
{
	uint64_t total = 0, sum_us = counter_value(&h->sum_us);

	for (size_t i = 0; i < METRIC_BUCKETS; i++) {
		const char *le = i < ARRAY_LEN(bucket_bounds) ? bucket_bounds[i].label : "+Inf";

		total += counter_value(&h->bucket[i]);
		strbuf_printf(out, "%s_bucket{%s,le=\"%s\"} %" PRIu64 "\n", name, label, le, total);
	}
	strbuf_printf(out, "%s_sum{%s} %" PRIu64 ".%06" PRIu64 "\n", name, label, sum_us / 1000000,
		      sum_us % 1000000);
	strbuf_printf(out, "%s_count{%s} %" PRIu64 "\n", name, label, total);
}

static bool histogram_is_empty(const struct histogram *h)
{
	for (size_t i = 0; i < METRIC_BUCKETS; i++) {
		if (counter_value(&h->bucket[i]))
			return false;
	}
	return true;
}

static void write_requests(const struct metrics *m, struct strbuf *out)
{
	write_head(out, "cmfd_requests_total", "counter",
		   "CMP and JSON requests by operation and outcome.");
	for (size_t op = 0; op < METRIC_OP_COUNT; op++) {
		for (size_t outcome = 0; outcome < METRIC_OUTCOME_COUNT; outcome++)
			strbuf_printf(
				out,
				"cmfd_requests_total{operation=\"%s\",outcome=\"%s\"} %" PRIu64
				"\n",
				operation_names[op], outcome_names[outcome],
				counter_value(&m->requests[op][outcome]));
	}
	write_head(out, "cmfd_failinfo_total", "counter", "Refusals by failInfo (RFC 4210 5.2.3).");
	for (int i = 0; i < FAIL_COUNT; i++)
		strbuf_printf(out, "cmfd_failinfo_total{failinfo=\"%s\"} %" PRIu64 "\n",
			      failinfo_name(i), counter_value(&m->failinfo[i]));
	write_head(out, "cmfd_refusals_total", "counter", "Refusals by reason, as in the log.");
	for (int i = 0; i < REFUSAL_COUNT; i++) {
		if (counter_value(&m->refusals[i]))
			strbuf_printf(out, "cmfd_refusals_total{reason=\"%s\"} %" PRIu64 "\n",
				      refusal_code((enum refusal_reason)i),
				      counter_value(&m->refusals[i]));
	}
	write_head(out, "cmfd_request_duration_seconds", "histogram",
		   "Time from a complete request to its answer.");
	for (size_t op = 0; op < METRIC_OP_COUNT; op++) {
		char label[64];

		if (histogram_is_empty(&m->latency[op]))
			continue;
		snprintf(label, sizeof(label), "operation=\"%s\"", operation_names[op]);
		write_histogram(out, "cmfd_request_duration_seconds", label, &m->latency[op]);
	}
}

void metrics_label_add(struct strbuf *labels, const char *name, const char *value)
{
	strbuf_printf(labels, "%s%s=\"", labels->len ? "," : "", name);
	for (; *value; value++) {
		if (*value == '\n') {
			strbuf_add(labels, "\\n");
			continue;
		}
		if (*value == '"' || *value == '\\')
			strbuf_add(labels, "\\");
		strbuf_add_n(labels, value, 1);
	}
	strbuf_add(labels, "\"");
}

static void write_upstream_results(struct strbuf *out, const char *label, const struct upstream *u)
{
	strbuf_printf(out, "cmfd_upstream_requests_total{%s,result=\"ok\"} %" PRIu64 "\n", label,
		      counter_value(&u->ok));
	strbuf_printf(out, "cmfd_upstream_requests_total{%s,result=\"failed\"} %" PRIu64 "\n",
		      label, counter_value(&u->failed));
}

static void write_upstream_latency(struct strbuf *out, const char *label, const struct upstream *u)
{
	write_histogram(out, "cmfd_upstream_duration_seconds", label, &u->latency);
}

static void write_each_upstream(const struct metrics *m, struct strbuf *out,
				void (*write)(struct strbuf *out, const char *label,
					      const struct upstream *u))
{
	for (size_t i = 0; i < METRIC_UPSTREAMS_MAX; i++) {
		_cleanup_(strbuf_clear) struct strbuf label = STRBUF_NULL;
		const char *name = atomic_load(&m->upstream[i].name);

		if (!name)
			continue;
		metrics_label_add(&label, "ca", name);
		if (label.failed)
			out->failed = true;
		else
			write(out, label.text, &m->upstream[i]);
	}
}

static void write_http_refused(const struct metrics *m, struct strbuf *out)
{
	write_head(out, "cmfd_http_refused_total", "counter",
		   "HTTP requests answered with an error before anybody served them.");
	for (int i = 0; i < HTTP_STATUSES; i++)
		if (counter_value(&m->http_refused[i]))
			strbuf_printf(out, "cmfd_http_refused_total{status=\"%d\"} %" PRIu64 "\n",
				      HTTP_STATUS_FIRST + i, counter_value(&m->http_refused[i]));
	write_head(out, "cmfd_tls_failed_total", "counter", "TLS handshakes that failed.");
	strbuf_printf(out, "cmfd_tls_failed_total %" PRIu64 "\n", counter_value(&m->tls_failed));
}

void metrics_write(struct metrics *m, struct strbuf *out)
{
	write_requests(m, out);
	write_head(out, "cmfd_upstream_requests_total", "counter",
		   "Exchanges with upstream CAs by result.");
	write_each_upstream(m, out, write_upstream_results);
	write_head(out, "cmfd_upstream_duration_seconds", "histogram",
		   "Time of an exchange with an upstream CA.");
	write_each_upstream(m, out, write_upstream_latency);
	metrics_gauge(out, "cmfd_connections", "Open connections.", NULL,
		      atomic_load_explicit(&m->connections, memory_order_relaxed));
	write_head(out, "cmfd_connections_refused_total", "counter",
		   "Connections closed because a limit was reached.");
	strbuf_printf(out, "cmfd_connections_refused_total %" PRIu64 "\n",
		      counter_value(&m->connections_refused));
	write_head(out, "cmfd_connections_gave_way_total", "counter",
		   "Connections that waited and gave way to one of another address.");
	strbuf_printf(out, "cmfd_connections_gave_way_total %" PRIu64 "\n",
		      counter_value(&m->connections_gave_way));
	write_head(out, "cmfd_queue_full_total", "counter",
		   "Requests answered 503 because the queue was full.");
	strbuf_printf(out, "cmfd_queue_full_total %" PRIu64 "\n", counter_value(&m->queue_full));
	write_http_refused(m, out);
	write_head(out, "cmfd_strangers_refused_total", "counter",
		   "Messages of unknown senders answered 503, as the budget for them was spent.");
	strbuf_printf(out, "cmfd_strangers_refused_total %" PRIu64 "\n",
		      counter_value(&m->strangers_refused));
	write_head(out, "cmfd_notifications_total", "counter",
		   "Notifications to subscribers: taken by the callback, and tried in vain.");
	strbuf_printf(out, "cmfd_notifications_total{result=\"delivered\"} %" PRIu64 "\n",
		      counter_value(&m->notifications_delivered));
	strbuf_printf(out, "cmfd_notifications_total{result=\"failed\"} %" PRIu64 "\n",
		      counter_value(&m->notifications_failed));
}

void metrics_gauge(struct strbuf *out, const char *name, const char *help, const char *labels,
		   int64_t value)
{
	if (help)
		write_head(out, name, "gauge", help);
	if (labels && *labels)
		strbuf_printf(out, "%s{%s} %" PRId64 "\n", name, labels, value);
	else
		strbuf_printf(out, "%s %" PRId64 "\n", name, value);
}
