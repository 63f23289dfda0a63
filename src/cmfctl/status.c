// SPDX-License-Identifier: Apache-2.0
/*
 * status: one screen of how the CMF is. The running cmfd says it; where none answers, what its
 * configuration and database say is told. What is in it is json/operator/status.c's.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "ctl.h"
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- from the files --- */

/* What a cmfd would have open. */
struct files {
	struct conf *conf;
	struct store *store;
	struct store_reader *reader;
	struct metrics *metrics;
	struct ca_set *cas;
	struct check_inventory inventory;
	struct strbuf problems;
};

static void files_clear(struct files *f)
{
	check_inventory_clear(&f->inventory);
	ca_set_free(f->cas);
	metrics_free(f->metrics);
	store_reader_free(f->reader);
	store_close(f->store);
	conf_free(f->conf);
	strbuf_clear(&f->problems);
}

static void database_open(struct files *f)
{
	const struct store_options options = {.database = f->conf->store.database,
					      .batch_max = f->conf->store.batch_max,
					      .as_it_is = true};
	int err = store_open(&options, &f->store);

	if (!err)
		err = store_reader_new(f->store, &f->reader);
	if (err) {
		strbuf_add(&f->problems, "[store] database: ");
		store_open_problem(&options, err, &f->problems);
		strbuf_add(&f->problems, "\n");
	}
}

/* What cannot be read is left out, and told as one of the problems. */
static int files_status(const char *config, json_t **statusp)
{
	_cleanup_(files_clear) struct files f = {.problems = STRBUF_NULL};
	struct json_status_of of = {.now_ms = clock_now_ms(&clock_system)};
	int err = conf_load(config, &f.conf, &f.problems);

	if (err) {
		ctl_error("cannot use the configuration %s:\n%s", config,
			  f.problems.text ? f.problems.text : error_text(err));
		return CTL_FAULT;
	}
	database_open(&f);
	f.metrics = metrics_new();
	if (f.metrics && ca_set_new(f.conf, f.store, &clock_system, f.metrics, &f.cas, &f.problems))
		f.cas = NULL;
	err = check_inventory_new(f.conf, &f.inventory);
	of.conf = f.conf;
	of.cas = f.cas;
	of.inventory = &f.inventory;
	of.reader = f.reader;
	of.problems = f.problems.text;
	if (!err)
		err = json_status(&of, statusp);
	return err ? ctl_file_error(config, err) : CTL_OK;
}

/* --- for people --- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static long long number_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static void head_print(const json_t *status)
{
	if (json_is_true(json_object_get(status, "running")))
		printf("cmfd %s runs (process %lld) since %s", text_of(status, "version"),
		       number_of(status, "pid"), text_of(status, "started_at"));
	else
		printf("cmfd does not answer; this is what its files say");
	fputs("\nconfiguration  ", stdout);
	ctl_text_print(text_of(status, "config"));
	if (json_is_string(json_object_get(status, "reloaded_at")))
		printf(", in force since %s", text_of(status, "reloaded_at"));
	putchar('\n');
}

/* "12.3 MiB"; of what is no number nothing. */
static void size_print(const char *before, const json_t *octets)
{
	static const char *const units[] = {"octets", "KiB", "MiB", "GiB"};
	double size = (double)json_integer_value(octets);
	size_t i = 0;

	if (!json_is_integer(octets))
		return;
	for (; size >= 1024 && i + 1 < ARRAY_LEN(units); i++)
		size /= 1024;
	printf(i == 0 ? "%s%.0f %s" : "%s%.1f %s", before, size, units[i]);
}

static void store_print(const json_t *store)
{
	fputs("database       ", stdout);
	ctl_text_print(text_of(store, "database"));
	size_print(", ", json_object_get(store, "octets"));
	size_print(", log ", json_object_get(store, "log_octets"));
	putchar('\n');
}

/* "active 3, revoked 1", of those that there are. */
static void states_print(const char *title, const json_t *states)
{
	const char *separator = "", *state;
	json_t *n;

	fputs(title, stdout);
	json_object_foreach((json_t *)(uintptr_t)states, state, n)
	{
		if (json_integer_value(n) == 0 || strcmp(state, "expired") == 0)
			continue;
		printf("%s%s %lld", separator, state, (long long)json_integer_value(n));
		if (strcmp(state, "active") == 0 && number_of(states, "expired"))
			printf(" (%lld expired)", number_of(states, "expired"));
		separator = ", ";
	}
	puts(*separator ? "" : "none");
}

/* "one (this one), two", of those that there are in that state. */
static void names_print(const char *title, const json_t *nodes, const char *state)
{
	const char *before = title;
	json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
	{
		if (strcmp(text_of(node, "state"), state) != 0)
			continue;
		fputs(before, stdout);
		ctl_text_print(text_of(node, "name"));
		if (json_is_true(json_object_get(node, "this")))
			fputs(" (this one)", stdout);
		before = ", ";
	}
	if (before != title)
		putchar('\n');
}

static void counts_print(const json_t *counts)
{
	if (!json_is_object(counts))
		return;
	printf("registered     %lld, of %lld %s\n", number_of(counts, "registrations"),
	       number_of(counts, "clients"),
	       number_of(counts, "clients") == 1 ? "client" : "clients");
	states_print("certificates   ", json_object_get(counts, "certificates"));
	if (number_of(counts, "ending"))
		printf("               %lld will expire soon\n", number_of(counts, "ending"));
	states_print("transactions   ", json_object_get(counts, "transactions"));
}

static const struct ctl_column ca_columns[] = {
	{"CA", "name"},         {"TYPE", "type"},
	{"ISSUER", "issuer"},   {"NOT AFTER", "not_after"},
	{"CRL", "crl_number"},  {"NEXT UPDATE", "crl_next_update"},
	{"PROBLEM", "problem"},
};
static const struct ctl_column own_columns[] = {
	{"OWN CERTIFICATE", "section"}, {"KEY", "key"},     {"SUBJECT", "subject"},
	{"NOT AFTER", "not_after"},     {"STATE", "state"},
};
static const struct ctl_column upstream_columns[] = {
	{"UPSTREAM", "ca"},
	{"URL", "url"},
	{"OPEN", "open"},
	{"SINCE", "open_since"},
	{"ANSWERED", "answered"},
	{"FAILED", "failed"},
	{"LAST FAILED", "last_failed"},
};
static const struct ctl_column vnfm_columns[] = {
	{"VNFM", "name"},       {"SUBSCRIBED", "subscribed"}, {"VNFCS", "vnfcs"},
	{"HELD", "held"},       {"NOTIFIED", "notified_at"},  {"RESYNCED", "resynced_at"},
	{"PROBLEM", "problem"},
};

static const struct ctl_column audit_columns[] = {
	{"AUDIT TO", "place"},  {"PATH", "path"},           {"LAST LINE", "written_id"},
	{"PROBLEM", "problem"}, {"SINCE", "problem_since"},
};

static void table_print(struct ctl *ctl, const json_t *status, const char *name,
			const struct ctl_column *columns, size_t n)
{
	json_t *rows = json_object_get(status, name);

	if (json_array_size(rows) == 0)
		return;
	putchar('\n');
	ctl_rows_print(ctl, rows, columns, n);
}

static void status_print(struct ctl *ctl, const json_t *status)
{
	json_t *problem;
	size_t i;

	head_print(status);
	store_print(json_object_get(status, "store"));
	names_print("nodes          ", json_object_get(status, "nodes"), "alive");
	names_print("nodes gone     ", json_object_get(status, "nodes"), "gone");
	counts_print(json_object_get(status, "counts"));
	json_array_foreach(json_object_get(status, "problems"), i, problem)
	{
		fputs(i ? "problem        " : "\nproblem        ", stdout);
		ctl_text_print(json_string_value(problem));
		putchar('\n');
	}
	table_print(ctl, status, "cas", ca_columns, ARRAY_LEN(ca_columns));
	table_print(ctl, status, "own_certificates", own_columns, ARRAY_LEN(own_columns));
	table_print(ctl, status, "upstreams", upstream_columns, ARRAY_LEN(upstream_columns));
	table_print(ctl, status, "vnfms", vnfm_columns, ARRAY_LEN(vnfm_columns));
	table_print(ctl, status, "audit", audit_columns, ARRAY_LEN(audit_columns));
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Shows how the CMF is: process, database, certificates, CAs, upstream CAs, "
		       "VNFMs, and what is wrong.\vWhere no cmfd answers, it shows what the "
		       "configuration and the database say, and exits with 3."};
	json_t *status = NULL;
	int asked, read = CTL_OK;

	ctl_parse(&argp, ctl, NULL, argc, argv);
	asked = ctl_call(ctl, "GET", "/v1/status", NULL, &status);
	if (asked == CTL_UNREACHABLE)
		read = files_status(ctl->config, &status);
	if ((asked && asked != CTL_UNREACHABLE) || read)
		return read ? read : asked;
	if (ctl->json)
		ctl_json_print(status);
	else
		status_print(ctl, status);
	json_decref(status);
	return asked;
}
