// SPDX-License-Identifier: Apache-2.0
/* What was measured, as text for people and as JSON. */
#include "bench.h"

#include <errno.h>
#include <jansson.h>

static const char *const latency_names[] = {"p50", "p90", "p99", "max"};

/* What every report has. Nonzero: out of memory. */
static int report_add(json_t *root, const struct bench_report *r)
{
	json_t *latency = json_object(), *kinds = json_object();
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(latency_names); i++)
		failed |=
			json_object_set_new(latency, latency_names[i], json_real(r->latency_us[i]));
	for (size_t i = 0; i < r->n_failures; i++)
		failed |= json_object_set_new(kinds, r->failures[i].failure.kind,
					      json_integer((json_int_t)r->failures[i].count));
	failed |= json_object_set_new(root, "transactions",
				      json_integer((json_int_t)r->transactions));
	failed |= json_object_set_new(root, "seconds", json_real(r->seconds));
	failed |= json_object_set_new(root, "errors", json_integer((json_int_t)r->errors));
	failed |= json_object_set_new(root, "errors_by_kind", kinds);
	failed |= json_object_set_new(root, "latency_us", latency);
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

int bench_report_json(const struct bench_report *r)
{
	json_t *root = json_object();
	int failed = report_add(root, r), err;

	failed |= json_object_set_new(root, "server_cpu_us_per_transaction",
				      r->server_cpu_us < 0 ? json_null()
							   : json_real(r->server_cpu_us));
	failed |= json_object_set_new(root, "server_peak_rss_kib",
				      r->server_peak_rss_kib ? json_integer(r->server_peak_rss_kib)
							     : json_null());
	err = root_print(root);
	return failed ? -ENOMEM : err;
}

void bench_report_text(const struct bench_report *r)
{
	printf("transactions\t%llu\n", (unsigned long long)r->transactions);
	printf("seconds\t\t%.2f\n", r->seconds);
	printf("per second\t%.1f\n", r->seconds > 0 ? (double)r->transactions / r->seconds : 0);
	for (size_t i = 0; i < ARRAY_LEN(latency_names); i++)
		printf("latency %s\t%.0f us\n", latency_names[i], r->latency_us[i]);
	if (r->server_cpu_us >= 0)
		printf("server cpu\t%.1f us per transaction\n", r->server_cpu_us);
	if (r->server_peak_rss_kib)
		printf("server memory\t%ld KiB at most\n", r->server_peak_rss_kib);
	printf("errors\t\t%llu\n", (unsigned long long)r->errors);
	for (size_t i = 0; i < r->n_failures; i++)
		printf("  %llu\t%s\n", (unsigned long long)r->failures[i].count,
		       r->failures[i].failure.kind);
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
		       r->latency_us[0] / 1000, r->latency_us[2] / 1000, r->latency_us[3] / 1000,
		       h->p99_most_us / 1000, bench_hostile_good(h) ? "yes" : "no",
		       (double)h->answered / r->seconds, (double)h->busy / r->seconds);
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
		failed |= json_object_set_new(row, "server_processors",
					      h->server_cpu < 0 ? json_null()
								: json_real(h->server_cpu));
		failed |=
			json_object_set_new(row, "attacker_processors", json_real(h->attacker_cpu));
		failed |= json_array_append_new(root, row);
	}
	err = root_print(root);
	return failed ? -ENOMEM : err;
}
