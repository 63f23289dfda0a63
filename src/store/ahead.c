// SPDX-License-Identifier: Apache-2.0
/* See ahead.h. */
#include "ahead.h"

#include <errno.h>

int ahead_add(struct ahead *ahead, const struct driver *driver, unsigned kind,
	      const struct value *value, struct statement *rows)
{
	struct ahead_answer answer = {.kind = kind, .rows = rows};

	if (ahead->len == ARRAY_LEN(ahead->answer) ||
	    (value && octets_dup((struct bytes){value->data, value->len}, &answer.value) < 0)) {
		driver->finalize(rows);
		return -ENOMEM;
	}
	ahead->answer[ahead->len++] = answer;
	return 0;
}

static bool values_same(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == VALUE_INT)
		return a->number == b->number;
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static bool row_answers(const struct driver *driver, struct statement *rows,
			const struct value *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct value is = driver->column(rows, (int)i);

		if (!values_same(&is, &values[i]))
			return false;
	}
	return true;
}

/* Whether no row can have been left out that answers a question with that first value. */
static bool is_whole(const struct ahead_answer *answer, size_t rows, const struct value *value)
{
	return rows < AHEAD_ROWS && answer->value.len > 0 && value->kind != VALUE_INT &&
	       value->len == answer->value.len &&
	       memcmp(value->data, answer->value.data, value->len) == 0;
}

static enum ahead_found answer_find(const struct driver *driver, const struct ahead_answer *answer,
				    const struct value *values, size_t n)
{
	size_t rows = 0;

	driver->rewind(answer->rows);
	while (driver->step(answer->rows) == 0) {
		if (row_answers(driver, answer->rows, values, n))
			return AHEAD_ROW;
		rows++;
	}
	return n > 0 && is_whole(answer, rows, &values[0]) ? AHEAD_NO_ROW : AHEAD_UNKNOWN;
}

enum ahead_found ahead_take(struct ahead *ahead, const struct driver *driver, unsigned kind,
			    const struct value *values, size_t n, struct statement **rowsp)
{
	enum ahead_found found = AHEAD_UNKNOWN;
	size_t i = 0;

	while (i < ahead->len &&
	       (ahead->answer[i].kind != kind ||
		(found = answer_find(driver, &ahead->answer[i], values, n)) == AHEAD_UNKNOWN))
		i++;
	if (i == ahead->len)
		return AHEAD_UNKNOWN;
	if (found == AHEAD_ROW)
		*rowsp = ahead->answer[i].rows;
	else
		driver->finalize(ahead->answer[i].rows);
	octets_clear(&ahead->answer[i].value);
	ahead->answer[i] = ahead->answer[--ahead->len];
	return found;
}

void ahead_drop(struct ahead *ahead, const struct driver *driver)
{
	for (size_t i = 0; i < ahead->len; i++) {
		driver->finalize(ahead->answer[i].rows);
		octets_clear(&ahead->answer[i].value);
	}
	ahead->len = 0;
}
