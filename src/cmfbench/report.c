// SPDX-License-Identifier: Apache-2.0
/* What was measured, as text for people and as JSON. */
#include "bench.h"

#include <errno.h>
#include <jansson.h>

static const char *const latency_names[BENCH_LATENCIES] = {"p50", "p90", "p99", "p99.9", "max"};

static json_t *latency_json(const double latency_us[BENCH_LATENCIES])
{
	json_t *latency = json_object();
	int failed = 0;

	for (size_t i = 0; i < BENCH_LATENCIES; i++)
		failed |= json_object_set_new(latency, latency_names[i], json_real(latency_us[i]));
	if (!failed)
		return latency;
	json_decref(latency);
	return NULL;
}

/* Negative: it was not measured. */
static json_t *measured_json(double value)
{
	return value < 0 ? json_null() : json_real(value);
}

/* What every report has. Nonzero: out of memory. */
static int report_add(json_t *root, const struct bench_report *r)
{
	json_t *kinds = json_object();
	int failed = 0;

	for (size_t i = 0; i < r->n_failures; i++)
		failed |= json_object_set_new(kinds, r->failures[i].failure.kind,
					      json_integer((json_int_t)r->failures[i].count));
	failed |= json_object_set_new(root, "transactions",
				      json_integer((json_int_t)r->transactions));
	failed |= json_object_set_new(root, "seconds", json_real(r->seconds));
	failed |= json_object_set_new(root, "errors", json_integer((json_int_t)r->errors));
	failed |= json_object_set_new(root, "errors_by_kind", kinds);
	failed |= json_object_set_new(root, "latency_us", latency_json(r->latency_us));
	return failed;
}

/* Prints and frees. */
static int root_print(json_t *root)
{
	int failed = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));

	putchar('\n');
	json_decref(root);
	return failed ? -ENOMEM : 0;
}

static int windows_add(json_t *root, const struct bench_report *r)
{
	json_t *windows = json_array();
	int failed = json_object_set_new(root, "windows", windows);

	for (size_t i = 0; i < r->n_windows && !failed; i++) {
		const struct bench_window *w = &r->windows[i];
		json_t *row = json_object();

		failed |= json_array_append_new(windows, row);
		failed |= json_object_set_new(row, "seconds", json_real(w->seconds));
		failed |= json_object_set_new(row, "transactions",
					      json_integer((json_int_t)w->transactions));
		failed |= json_object_set_new(row, "latency_us", latency_json(w->latency_us));
		failed |= json_object_set_new(row, "server_cpu_us_per_transaction",
					      measured_json(w->server_cpu_us));
		failed |= json_object_set_new(row, "floor_us", measured_json(w->floor_us));
	}
	return failed;
}

int bench_report_json(const struct bench_options *o, const struct bench_report *r)
{
	json_t *root = json_object();
	int failed = report_add(root, r), err;

	failed |= json_object_set_new(root, "server_cpu_us_per_transaction",
				      measured_json(r->server_cpu_us));
	failed |= json_object_set_new(root, "server_peak_rss_kib",
				      r->server_peak_rss_kib ? json_integer(r->server_peak_rss_kib)
							     : json_null());
	failed |=
		json_object_set_new(root, "label", o->label ? json_string(o->label) : json_null());
	failed |= json_object_set_new(
		root, "stored", o->stored ? json_integer((json_int_t)o->stored) : json_null());
	if (o->windows)
		failed |= windows_add(root, r);
	if (o->windows && o->floor) {
		failed |= json_object_set_new(root, "floor_us", measured_json(r->floor_us));
		failed |= json_object_set_new(root, "over_floor", measured_json(r->over_floor));
	}
	err = root_print(root);
	return failed ? -ENOMEM : err;
}

static void measured_text(double value)
{
	if (value < 0)
		printf("  %9s", "-");
	else
		printf("  %9.1f", value);
}

static void windows_text(const struct bench_report *r)
{
	printf("\n%6s  %10s  %9s  %9s  %9s  %9s  %9s\n", "window", "per second", "p50 ms", "p99 ms",
	       "p99.9 ms", "cpu us", "floor us");
	for (size_t i = 0; i < r->n_windows; i++) {
		const struct bench_window *w = &r->windows[i];

		printf("%6zu  %10.1f  %9.2f  %9.2f  %9.2f", i + 1,
		       (double)w->transactions / w->seconds, w->latency_us[BENCH_P50] / 1000,
		       w->latency_us[BENCH_P99] / 1000, w->latency_us[BENCH_P999] / 1000);
		measured_text(w->server_cpu_us);
		measured_text(w->floor_us);
		putchar('\n');
	}
}

void bench_report_text(const struct bench_options *o, const struct bench_report *r)
{
	printf("transactions\t%llu\n", (unsigned long long)r->transactions);
	printf("seconds\t\t%.2f\n", r->seconds);
	printf("per second\t%.1f\n", r->seconds > 0 ? (double)r->transactions / r->seconds : 0);
	for (size_t i = 0; i < BENCH_LATENCIES; i++)
		printf("latency %s\t%.0f us\n", latency_names[i], r->latency_us[i]);
	if (r->server_cpu_us >= 0)
		printf("server cpu\t%.1f us per transaction\n", r->server_cpu_us);
	if (r->floor_us > 0)
		printf("floor\t\t%.1f us, the least of the windows\n", r->floor_us);
	if (r->over_floor > 0)
		printf("over floor\t%.2f times, the median of the windows\n", r->over_floor);
	if (r->server_peak_rss_kib)
		printf("server memory\t%ld KiB at most\n", r->server_peak_rss_kib);
	printf("errors\t\t%llu\n", (unsigned long long)r->errors);
	for (size_t i = 0; i < r->n_failures; i++)
		printf("  %llu\t%s\n", (unsigned long long)r->failures[i].count,
		       r->failures[i].failure.kind);
	if (o->windows && r->n_windows)
		windows_text(r);
}

static void failures_text(const struct bench_hostile *h)
{
	for (size_t i = 0; i < h->honest.n_failures; i++)
		printf("  %-14s  %llu  %s\n", h->load,
		       (unsigned long long)h->honest.failures[i].count,
		       h->honest.failures[i].failure.kind);
}

void bench_hostile_text(const struct bench_hostile *loads, size_t n)
{
	printf("%-14s  %8s  %6s  %8s  %8s  %8s  %8s  %-4s  %10s  %9s  %8s  %8s\n", "load",
	       "requests", "errors", "p50 ms", "p99 ms", "max ms", "limit ms", "kept", "answered/s",
	       "503/s", "server", "attacker");
	for (size_t i = 0; i < n; i++) {
		const struct bench_hostile *h = &loads[i];
		const struct bench_report *r = &h->honest;

		printf("%-14s  %8llu  %6llu  %8.1f  %8.1f  %8.1f  %8.1f  %-4s  %10.0f  %9.0f",
		       h->load, (unsigned long long)r->transactions, (unsigned long long)r->errors,
		       r->latency_us[BENCH_P50] / 1000, r->latency_us[BENCH_P99] / 1000,
		       r->latency_us[BENCH_SLOWEST] / 1000, h->p99_most_us / 1000,
		       bench_hostile_good(h) ? "yes" : "no", (double)h->answered / r->seconds,
		       (double)h->busy / r->seconds);
		if (h->server_cpu >= 0)
			printf("  %8.2f", h->server_cpu);
		else
			printf("  %8s", "-");
		printf("  %8.2f\n", h->attacker_cpu);
	}
	for (size_t i = 0; i < n; i++)
		failures_text(&loads[i]);
}

int bench_hostile_json(const struct bench_hostile *loads, size_t n)
{
	json_t *root = json_array();
	int failed = 0, err;

	for (size_t i = 0; i < n; i++) {
		const struct bench_hostile *h = &loads[i];
		json_t *row = json_object();

		failed |= json_object_set_new(row, "load", json_string(h->load));
		failed |= report_add(row, &h->honest);
		failed |= json_object_set_new(row, "p99_limit_us", json_real(h->p99_most_us));
		failed |= json_object_set_new(row, "kept", json_boolean(bench_hostile_good(h)));
		failed |= json_object_set_new(row, "attack_answered",
					      json_integer((json_int_t)h->answered));
		failed |= json_object_set_new(row, "attack_http_503",
					      json_integer((json_int_t)h->busy));
		failed |= json_object_set_new(row, "attack_failed",
					      json_integer((json_int_t)h->failed));
		failed |=
			json_object_set_new(row, "server_processors", measured_json(h->server_cpu));
		failed |=
			json_object_set_new(row, "attacker_processors", json_real(h->attacker_cpu));
		failed |= json_array_append_new(root, row);
	}
	err = root_print(root);
	return failed ? -ENOMEM : err;
}
