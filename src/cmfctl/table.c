// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of a list as an aligned table that fits the terminal, or as JSON: which columns, in which
 * order. What a value looks like is print.c's.
 */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <uniwidth.h>

enum { COLUMNS_MAX = 24 };

/* What is left of a cell at least, and what stands between two. */
enum { CELL_MIN = 6, CELL_GAP = 2 };

/* Stands for what was cut off; one column wide. */
static const char cut_mark[] = "~";

/* --- options --- */

enum { OPTION_COLUMNS = 0xa00, OPTION_SORT, OPTION_NO_HEADERS };

static error_t table_options_parse(int key, char *arg, struct argp_state *state)
{
	struct ctl_table_options *options = state->input;

	switch (key) {
	case OPTION_COLUMNS:
		options->columns = arg;
		return 0;
	case OPTION_SORT:
		options->sort = arg;
		return 0;
	case OPTION_NO_HEADERS:
		options->no_headers = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option table_options[] = {
	{"columns", OPTION_COLUMNS, "LIST", 0,
	 "Show these fields, separated by commas, by their names in JSON", 3},
	{"sort", OPTION_SORT, "FIELD", 0,
	 "In the order of this field; -FIELD: the other way round. The default is that of their "
	 "creation",
	 3},
	{"no-headers", OPTION_NO_HEADERS, NULL, 0, "Without the line of titles", 3},
	{0},
};

const struct argp ctl_table_argp = {.options = table_options, .parser = table_options_parse};

/* --- columns --- */

struct table {
	struct ctl_column column[COLUMNS_MAX];
	size_t n;
	size_t width[COLUMNS_MAX];
	char *names; /* --columns, cut into words; the titles of those that no list has */
	bool json, selects, no_headers, known;
	uint64_t printed;
};

static void table_clear(struct table *t)
{
	free(t->names);
}

/* Terminal columns of UTF-8 text. */
static size_t text_width(const char *text)
{
	return (size_t)u8_width((const uint8_t *)text, strlen(text), "UTF-8");
}

static const char *title_of(const struct ctl_column *columns, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(columns[i].key, key) == 0)
			return columns[i].title;
	return key;
}

/* The words of --columns; columns of the list keep their titles. */
static int columns_choose(struct table *t, const struct ctl_column *columns, size_t n,
			  const char *chosen)
{
	char *next, *word;

	t->names = strdup(chosen);
	if (!t->names)
		return ctl_file_error("--columns", -ENOMEM);
	t->selects = true;
	for (next = t->names; (word = strsep(&next, ","));) {
		if (t->n == COLUMNS_MAX || !*word) {
			ctl_error("--columns: 1 to %d names, separated by commas", COLUMNS_MAX);
			return CTL_USAGE;
		}
		t->column[t->n++] = (struct ctl_column){title_of(columns, n, word), word, false};
	}
	return CTL_OK;
}

static int table_new(struct ctl *ctl, const struct ctl_column *columns, size_t n,
		     const struct ctl_table_options *options, struct table *tp)
{
	int status = CTL_OK;

	*tp = (struct table){.json = ctl->json, .no_headers = options && options->no_headers};
	if (options && options->columns)
		status = columns_choose(tp, columns, n, options->columns);
	for (size_t i = 0; !tp->selects && i < n && i < COLUMNS_MAX; i++)
		tp->column[tp->n++] = columns[i];
	for (size_t c = 0; c < tp->n; c++)
		tp->width[c] = tp->no_headers ? 0 : text_width(tp->column[c].title);
	return status;
}

/* Whether all rows have such a field is the first one's to say: they are alike. */
static int field_check(const json_t *row, const char *key)
{
	_cleanup_(strbuf_clear) struct strbuf known = STRBUF_NULL;
	const char *name;
	json_t *value;

	if (json_object_get(row, key))
		return CTL_OK;
	json_object_foreach((json_t *)(uintptr_t)row, name, value)
		strbuf_printf(&known, "%s%s", known.len ? ", " : "", name);
	ctl_error("there is no field '%s'; there are %s", key, known.text ? known.text : "none");
	return CTL_USAGE;
}

static int columns_check(struct table *t, const json_t *rows)
{
	const json_t *row = json_array_get(rows, 0);
	int status = CTL_OK;

	for (size_t c = 0; t->selects && !t->known && row && c < t->n && !status; c++)
		status = field_check(row, t->column[c].key);
	t->known = t->known || row;
	return status;
}

/* --- the width of the terminal --- */

/* 0: there is none, and nothing is cut. */
static size_t terminal_width(void)
{
	const char *said = getenv("COLUMNS");
	struct winsize size;
	uint64_t n;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (said && ctl_number_parse(said, 10000, &n) == 0)
		return n;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* The widest column that may be cut; NULL: there is none. */
static size_t *widest_column(struct table *t)
{
	size_t *widest = NULL;

	for (size_t c = 0; c < t->n; c++)
		if (!t->column[c].whole && t->width[c] > CELL_MIN &&
		    (!widest || t->width[c] > *widest))
			widest = &t->width[c];
	return widest;
}

/* What does not fit is taken from the widest; where it does not fit all the same lines wrap. */
static void table_narrow(struct table *t)
{
	size_t room = terminal_width(), used = CELL_GAP * (t->n - 1), *widest;

	for (size_t c = 0; c < t->n; c++)
		used += t->width[c];
	while (room && used > room && (widest = widest_column(t))) {
		--*widest;
		used--;
	}
}

static void table_widen(struct table *t, const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		for (size_t c = 0; c < t->n; c++) {
			_cleanup_(freep) char *text = ctl_cell_text(row, t->column[c].key);
			size_t width = text ? text_width(text) : 0;

			if (width > t->width[c])
				t->width[c] = width;
		}
	}
}

/* --- rows --- */

/* As many octets of the text as stand in `width` columns. */
static size_t text_cut(const char *text, size_t width)
{
	size_t len = 0, next;

	for (;;) {
		next = len;
		if (text[next])
			next++;
		while (((unsigned char)text[next] & 0xc0) == 0x80)
			next++;
		if (next == len || (size_t)u8_width((const uint8_t *)text, next, "UTF-8") > width)
			return len;
		len = next;
	}
}

static void cell_print(const struct table *t, size_t column, const char *text)
{
	size_t width = text_width(text), room = t->width[column];

	if (width > room && room > 1) {
		size_t len = text_cut(text, room - 1);

		printf("%.*s%s", (int)len, text, cut_mark);
		width = (size_t)u8_width((const uint8_t *)text, len, "UTF-8") + 1;
	} else {
		fputs(text, stdout);
	}
	if (column + 1 == t->n) {
		putchar('\n');
		return;
	}
	for (; width < room + CELL_GAP; width++)
		putchar(' ');
}

/* The first page sets the widths, later ones can only widen them: a million rows are not gathered.
 */
static int table_rows(struct table *t, const json_t *rows)
{
	json_t *row;
	size_t i;
	int status = columns_check(t, rows);

	if (status)
		return status;
	table_widen(t, rows);
	table_narrow(t);
	for (size_t c = 0; t->printed == 0 && !t->no_headers && c < t->n; c++)
		cell_print(t, c, t->column[c].title);
	t->printed++;
	json_array_foreach(rows, i, row)
	{
		for (size_t c = 0; c < t->n; c++) {
			_cleanup_(freep) char *text = ctl_cell_text(row, t->column[c].key);

			cell_print(t, c, text ? text : "");
		}
	}
	return CTL_OK;
}

/* The fields that were chosen, in this order; a new reference. */
static json_t *row_selected(const struct table *t, json_t *row)
{
	json_t *selected;

	if (!t->selects)
		return json_incref(row);
	selected = json_object();
	for (size_t c = 0; c < t->n; c++)
		json_object_set(selected, t->column[c].key, json_object_get(row, t->column[c].key));
	return selected;
}

static int json_rows(struct table *t, const json_t *rows)
{
	json_t *row;
	size_t i;
	int status = columns_check(t, rows);

	if (status)
		return status;
	json_array_foreach(rows, i, row)
	{
		json_t *selected = row_selected(t, row);

		fputs(t->printed++ ? ",\n " : "[", stdout);
		ctl_json_write(selected, 0);
		json_decref(selected);
	}
	return ferror(stdout) ? CTL_FAULT : CTL_OK;
}

static void json_end(const struct table *t)
{
	puts(t->printed ? "]" : "[]");
}

static int rows_add(struct table *t, const json_t *rows)
{
	return t->json ? json_rows(t, rows) : table_rows(t, rows);
}

static int page_add(void *arg, const json_t *page)
{
	return rows_add(arg, json_object_get(page, "items"));
}

void ctl_rows_print(struct ctl *ctl, json_t *rows, const struct ctl_column *columns, size_t n)
{
	_cleanup_(table_clear) struct table t = {0};

	if (table_new(ctl, columns, n, NULL, &t))
		return;
	(void)rows_add(&t, rows);
	if (ctl->json)
		json_end(&t);
}

/* --- in another order --- */

struct sorted_row {
	json_t *row;
	const json_t *value;
	size_t place; /* as it came: what is equal stays in this order */
};

/* What has no value comes last. */
static int value_compare(const json_t *a, const json_t *b)
{
	bool no_a = !a || json_is_null(a), no_b = !b || json_is_null(b);
	_cleanup_(freep) char *text_a = NULL, *text_b = NULL;

	if (no_a || no_b)
		return no_a - no_b;
	if (json_is_integer(a) && json_is_integer(b))
		return (json_integer_value(a) > json_integer_value(b)) -
		       (json_integer_value(a) < json_integer_value(b));
	text_a = ctl_value_text(a);
	text_b = ctl_value_text(b);
	return strcmp(text_a ? text_a : "", text_b ? text_b : "");
}

static int rows_compare(const void *a, const void *b)
{
	const struct sorted_row *one = a, *other = b;
	int order = value_compare(one->value, other->value);

	return order ? order : (one->place > other->place) - (one->place < other->place);
}

/* "-FIELD" is the other way round, and what has no value last all the same. */
static int rows_compare_back(const void *a, const void *b)
{
	const struct sorted_row *one = a, *other = b;
	bool no_one = !one->value || json_is_null(one->value);
	bool no_other = !other->value || json_is_null(other->value);

	return no_one || no_other ? rows_compare(a, b) : rows_compare(b, a);
}

/* The first `limit` (0: all) of the rows in that order, as a new array. */
static int rows_sort(const json_t *rows, const char *sort, uint64_t limit, json_t **sortedp)
{
	bool back = *sort == '-';
	const char *key = sort + back;
	size_t n = json_array_size(rows), i;
	struct sorted_row *sorted = calloc(n ? n : 1, sizeof(*sorted));
	json_t *array = json_array(), *row;
	int status = n ? field_check(json_array_get(rows, 0), key) : CTL_OK;

	if (!status && (!sorted || !array))
		status = ctl_file_error("--sort", -ENOMEM);
	if (!status) {
		json_array_foreach(rows, i, row) sorted[i] =
			(struct sorted_row){row, json_object_get(row, key), i};
		qsort(sorted, n, sizeof(*sorted), back ? rows_compare_back : rows_compare);
	}
	for (i = 0; !status && i < n && (limit == 0 || i < limit); i++)
		if (json_array_append(array, sorted[i].row))
			status = ctl_file_error("--sort", -ENOMEM);
	free(sorted);
	if (status)
		json_decref(array);
	else
		*sortedp = array;
	return status;
}

static int sorted_print(struct ctl *ctl, const char *path, uint64_t limit, const char *sort,
			struct table *t)
{
	json_t *rows = NULL, *sorted = NULL;
	int status = ctl_rows(ctl, path, &rows);

	if (!status)
		status = rows_sort(rows, sort, limit, &sorted);
	if (!status)
		status = rows_add(t, sorted);
	json_decref(rows);
	json_decref(sorted);
	return status;
}

int ctl_list_print(struct ctl *ctl, const char *path, uint64_t limit,
		   const struct ctl_column *columns, size_t n,
		   const struct ctl_table_options *options)
{
	_cleanup_(table_clear) struct table t = {0};
	int status = table_new(ctl, columns, n, options, &t);

	if (!status && options && options->sort)
		status = sorted_print(ctl, path, limit, options->sort, &t);
	else if (!status)
		status = ctl_walk(ctl, path, limit, page_add, &t);
	if (!status && ctl->json)
		json_end(&t);
	return status;
}
