// SPDX-License-Identifier: Apache-2.0
/*
 * Output: values and "key  value" lines for people, arrays of objects for scripts. Tables are
 * table.c's.
 */
#include "ctl.h"

#include "base/visible.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shown for null. */
static const char absent[] = "-";

/* --- values --- */

/* "name value; name value", of those that there are. */
static void members_add(struct strbuf *b, const json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		_cleanup_(freep) char *text = ctl_value_text(value);

		if (!json_is_null(value))
			strbuf_printf(b, "%s%s %s", b->len ? "; " : "", name, text ? text : absent);
	}
}

char *ctl_value_text(const json_t *value)
{
	struct strbuf b = STRBUF_NULL;
	json_t *item;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_STRING:
		strbuf_add(&b, json_string_value(value));
		break;
	case JSON_INTEGER:
		strbuf_printf(&b, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_TRUE:
		strbuf_add(&b, "yes");
		break;
	case JSON_FALSE:
		strbuf_add(&b, "no");
		break;
	case JSON_ARRAY:
		json_array_foreach(value, i, item)
		{
			_cleanup_(freep) char *text =
				json_is_string(item) ? NULL : json_dumps(item, JSON_ENCODE_ANY);

			strbuf_printf(&b, "%s%s", i ? "," : "",
				      text ? text : json_string_value(item));
		}
		break;
	case JSON_OBJECT:
		members_add(&b, value);
		break;
	case JSON_REAL:
	case JSON_NULL:
		strbuf_add(&b, absent);
		break;
	}
	return strbuf_take(&b);
}

char *ctl_cell_text(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);
	_cleanup_(freep) char *text = value ? ctl_value_text(value) : strdup(absent);
	struct strbuf shown = STRBUF_NULL;

	if (!text)
		return NULL;
	visible_add(&shown, text);
	return strbuf_take(&shown);
}

void ctl_text_print(const char *text)
{
	_cleanup_(strbuf_clear) struct strbuf shown = STRBUF_NULL;

	visible_add(&shown, text);
	fputs(shown.text && !shown.failed ? shown.text : "", stdout);
}

/* What is escaped here stands in strings, where an escape is the same value. */
void ctl_json_write(const json_t *value, size_t flags)
{
	_cleanup_(freep) char *text = json_dumps(value, flags);
	_cleanup_(strbuf_clear) struct strbuf shown = STRBUF_NULL;

	visible_lines_add(&shown, text ? text : "null");
	fputs(shown.text && !shown.failed ? shown.text : "null", stdout);
}

/* --- few rows --- */

static int rows_page(void *arg, const json_t *page)
{
	return json_array_extend(arg, json_object_get(page, "items"))
		       ? ctl_file_error("rows", -ENOMEM)
		       : CTL_OK;
}

int ctl_rows(struct ctl *ctl, const char *path, json_t **rowsp)
{
	json_t *rows = json_array();
	int status = rows ? ctl_walk(ctl, path, 0, rows_page, rows) : ctl_file_error(path, -ENOMEM);

	if (status)
		json_decref(rows);
	else
		*rowsp = rows;
	return status;
}

static void row_show(json_t *row)
{
	const char *key;
	json_t *value;
	size_t width = 0;

	json_object_foreach(row, key, value) width = strlen(key) > width ? strlen(key) : width;
	json_object_foreach(row, key, value)
	{
		_cleanup_(freep) char *text = ctl_value_text(value);

		if (strcmp(key, "pem") == 0 || strcmp(key, "chain") == 0)
			continue;
		printf("%-*s  ", (int)width, key);
		ctl_text_print(text ? text : absent);
		putchar('\n');
	}
	if (json_is_string(json_object_get(row, "pem")))
		fputs(json_string_value(json_object_get(row, "pem")), stdout);
}

void ctl_show(const struct ctl *ctl, const json_t *rows)
{
	json_t *row;
	size_t i;

	if (ctl->json) {
		ctl_json_write(rows, JSON_INDENT(1));
		putchar('\n');
		return;
	}
	json_array_foreach(rows, i, row)
	{
		if (i)
			putchar('\n');
		row_show(row);
	}
}

void ctl_json_print(const json_t *object)
{
	fputc('[', stdout);
	ctl_json_write(object, 0);
	puts("]");
}

int ctl_done(const struct ctl *ctl, json_t *answer, const char *done, ...)
{
	va_list args;

	if (ctl->json) {
		ctl_json_print(answer);
	} else {
		va_start(args, done);
		vprintf(done, args);
		va_end(args);
		putchar('\n');
	}
	json_decref(answer);
	return CTL_OK;
}
