// SPDX-License-Identifier: Apache-2.0
/* A page that draws reports of --json: throughput over latency, cost over the size of the store. */
#include "base/error.h"
#include "bench.h"
#include "chart.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* One report. */
struct row {
	const char *label;
	double per_second, p50_ms, p99_ms, p999_ms, cpu_us, over_floor, stored; /* 0: not there */
	json_int_t errors;
};

struct page {
	json_t **roots; /* of the files; rows borrow from them */
	size_t n_roots;
	struct row *rows;
	size_t n_rows;
};

static double number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

static int row_add(struct page *page, const json_t *report, const char *file)
{
	const char *label = json_string_value(json_object_get(report, "label"));
	const json_t *latency = json_object_get(report, "latency_us");
	struct row *grown;

	if (!json_is_object(latency) || number_of(report, "seconds") <= 0)
		return -EINVAL;
	if (!label)
		label = json_string_value(json_object_get(report, "load"));
	grown = reallocarray(page->rows, page->n_rows + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	page->rows = grown;
	page->rows[page->n_rows++] = (struct row){
		.label = label ? label : file,
		.per_second = number_of(report, "transactions") / number_of(report, "seconds"),
		.p50_ms = number_of(latency, "p50") / 1000,
		.p99_ms = number_of(latency, "p99") / 1000,
		.p999_ms = number_of(latency, "p99.9") / 1000,
		.cpu_us = number_of(report, "server_cpu_us_per_transaction"),
		.over_floor = number_of(report, "over_floor"),
		.stored = number_of(report, "stored"),
		.errors = json_integer_value(json_object_get(report, "errors")),
	};
	return 0;
}

static int reports_read(struct page *page, const char *file)
{
	json_error_t error;
	json_t *root = json_load_file(file, 0, &error);
	int err = 0;

	if (!root) {
		fprintf(stderr, "cmfbench: %s: %s\n", file, error.text);
		return -EINVAL;
	}
	page->roots[page->n_roots++] = root;
	if (!json_is_array(root))
		err = row_add(page, root, file);
	for (size_t i = 0; i < json_array_size(root) && !err; i++)
		err = row_add(page, json_array_get(root, i), file);
	if (err == -EINVAL)
		fprintf(stderr, "cmfbench: %s: no report as --json writes it\n", file);
	return err;
}

/* --- charts --- */

static double p99_of(const struct row *row)
{
	return row->p99_ms;
}

static double per_second_of(const struct row *row)
{
	return row->per_second;
}

static double stored_of(const struct row *row)
{
	return row->stored;
}

static double cpu_of(const struct row *row)
{
	return row->cpu_us;
}

/* The number of the series with that label, a new one if there is none. */
static size_t series_of(struct chart_series *series, size_t *np, const char *label)
{
	for (size_t i = 0; i < *np; i++)
		if (!strcmp(series[i].name, label))
			return i;
	series[(*np)++].name = label;
	return *np - 1;
}

static int compare_per_second(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->per_second > y->per_second) - (x->per_second < y->per_second);
}

static int compare_stored(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->stored > y->stored) - (x->stored < y->stored);
}

/* Rows with both values; those of one label are joined in the order of the rows. */
static int chart_add(struct page *page, struct chart *chart, double (*x)(const struct row *),
		     double (*y)(const struct row *), struct strbuf *out)
{
	struct chart_series *series = calloc(page->n_rows, sizeof(*series));
	size_t n = 0;
	int err = series ? 0 : -ENOMEM;

	for (size_t i = 0; i < page->n_rows && !err; i++) {
		const struct row *row = &page->rows[i];
		struct chart_series *s;
		struct chart_point *grown;

		if (x(row) <= 0 || y(row) <= 0)
			continue;
		s = &series[series_of(series, &n, row->label)];
		grown = reallocarray(s->points, s->n + 1, sizeof(*grown));
		if (!grown) {
			err = -ENOMEM;
			break;
		}
		s->points = grown;
		s->points[s->n++] = (struct chart_point){x(row), y(row)};
	}
	if (!err && n) {
		chart->series = series;
		chart->n_series = n;
		strbuf_printf(out, "<h2>%s</h2>\n", chart->title);
		chart_draw(chart, out);
	}
	for (size_t i = 0; series && i < page->n_rows; i++)
		free(series[i].points);
	free(series);
	return err;
}

/* --- the page --- */

static void cell_add(struct strbuf *out, double value, int decimals)
{
	if (value > 0)
		strbuf_printf(out, "<td>%.*f</td>", decimals, value);
	else
		strbuf_add(out, "<td>-</td>");
}

static void table_add(const struct page *page, struct strbuf *out)
{
	strbuf_add(out, "<table>\n<tr><th>label</th><th>stored before</th><th>per second</th>"
			"<th>p50 ms</th><th>p99 ms</th><th>p99.9 ms</th><th>server cpu us</th>"
			"<th>over floor</th><th>errors</th></tr>\n");
	for (size_t i = 0; i < page->n_rows; i++) {
		const struct row *row = &page->rows[i];

		strbuf_add(out, "<tr><td>");
		strbuf_markup(out, row->label);
		strbuf_add(out, "</td>");
		cell_add(out, row->stored, 0);
		cell_add(out, row->per_second, 1);
		cell_add(out, row->p50_ms, 2);
		cell_add(out, row->p99_ms, 2);
		cell_add(out, row->p999_ms, 2);
		cell_add(out, row->cpu_us, 1);
		cell_add(out, row->over_floor, 2);
		strbuf_printf(out, "<td>%lld</td></tr>\n", (long long)row->errors);
	}
	strbuf_add(out, "</table>\n");
}

static int page_text(struct page *page, struct strbuf *out)
{
	struct chart throughput = {.title = "Throughput over latency",
				   .x_name = "latency p99, ms",
				   .y_name = "transactions per second"};
	struct chart cost = {.title = "Processor time over the size of the store",
			     .x_name = "certificates stored before",
			     .y_name = "server cpu, us per transaction"};
	int err;

	strbuf_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<title>cmfbench</title>\n<style>\n"
			"body { font-family: sans-serif; margin: 2em; }\n"
			"table { border-collapse: collapse; }\n"
			"th, td { padding: 0.2em 0.8em; text-align: right; "
			"border-bottom: 1px solid #ddd; }\n"
			"th:first-child, td:first-child { text-align: left; }\n"
			"</style>\n</head>\n<body>\n<h1>cmfbench</h1>\n");
	qsort(page->rows, page->n_rows, sizeof(*page->rows), compare_per_second);
	err = chart_add(page, &throughput, p99_of, per_second_of, out);
	qsort(page->rows, page->n_rows, sizeof(*page->rows), compare_stored);
	if (!err)
		err = chart_add(page, &cost, stored_of, cpu_of, out);
	strbuf_add(out, "<h2>All reports</h2>\n");
	table_add(page, out);
	strbuf_add(out, "</body>\n</html>\n");
	return err ? err : out->failed ? -ENOMEM : 0;
}

static int text_write(const char *path, const struct strbuf *text)
{
	FILE *file = fopen(path, "we");
	bool good = file && fwrite(text->text, 1, text->len, file) == text->len;

	/* What the file system has no room for may be told at the end only. */
	if (file && fclose(file))
		good = false;
	if (good)
		return 0;
	fprintf(stderr, "cmfbench: %s: %s\n", path, error_text(-errno));
	return -EIO;
}

int bench_page_write(const char *path, char *const *files, size_t n)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	struct page page = {.roots = calloc(n, sizeof(*page.roots))};
	int err = page.roots ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !err; i++)
		err = reports_read(&page, files[i]);
	if (!err)
		err = page_text(&page, &text);
	if (!err)
		err = text_write(path, &text);
	if (err == -ENOMEM)
		fprintf(stderr, "cmfbench: out of memory\n");
	for (size_t i = 0; i < page.n_roots; i++)
		json_decref(page.roots[i]);
	free(page.roots);
	free(page.rows);
	return err;
}
