// SPDX-License-Identifier: Apache-2.0
/* Reads a statement of sql.c once from left to right. See translate.h. */
#include "translate.h"

#include "base/log.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define CROSS_JOIN "CROSS JOIN "

/* Where a text in quotes ends, behind the last one. */
static const char *quoted_end(const char *at)
{
	for (at++; *at && (*at != '\'' || at[1] == '\''); at++)
		at += *at == '\'';
	return *at ? at + 1 : at;
}

/* The name of the table of INSERT INTO t; NULL, logged: it is no insertion. */
static const char *table_of(const char *sql, int *lenp)
{
	static const char begin[] = "INSERT INTO ";

	if (strncmp(sql, begin, strlen(begin)) != 0) {
		log_fault("store: give a row its id", -EINVAL, sql);
		return NULL;
	}
	sql += strlen(begin);
	*lenp = (int)strcspn(sql, " ");
	return sql;
}

static const char *insertion_of(const struct newest *newest, size_t number)
{
	for (size_t i = 0; newest && i < NEWEST_MAX; i++)
		if (newest[i].parameter == number)
			return newest[i].insertion;
	return NULL;
}

/*
 * Adds parameter ?n, or ?, which is the one after the last. A query of its own for the newest row
 * is asked once, and an index serves; the function itself might say something else each time.
 */
static const char *parameter_add(struct strbuf *out, const char *at, const struct newest *newest,
				 size_t *np)
{
	const char *insertion, *table;
	size_t number = 0;
	int len = 0;

	for (at++; isdigit((unsigned char)*at); at++)
		number = 10 * number + (size_t)(*at - '0');
	if (number == 0)
		number = *np + 1;
	if (number > *np)
		*np = number;
	insertion = insertion_of(newest, number);
	table = insertion ? table_of(insertion, &len) : NULL;
	if (table)
		strbuf_printf(out,
			      "(SELECT CASE WHEN $%zu::BIGINT < 0 THEN currval('%.*s_id_seq')"
			      " ELSE $%zu END)",
			      number, len, table, number);
	else
		strbuf_printf(out, "$%zu", number);
	return at;
}

static bool tells_the_planner(const char *begin, const char *at)
{
	return *at == '+' && at > begin && (at[-1] == ' ' || at[-1] == '(') &&
	       isalpha((unsigned char)at[1]);
}

static void words_translate(const char *sql, const struct newest *newest, struct strbuf *out,
			    size_t *np)
{
	const char *at = sql, *end;

	while (*at) {
		if (strncmp(at, "x''", 3) == 0) {
			strbuf_add(out, "''::BYTEA");
			at += 3;
		} else if (*at == '\'') {
			end = quoted_end(at);
			strbuf_add_n(out, at, (size_t)(end - at));
			at = end;
		} else if (*at == '?') {
			at = parameter_add(out, at, newest, np);
		} else if (strncmp(at, CROSS_JOIN, strlen(CROSS_JOIN)) == 0) {
			strbuf_add(out, "JOIN ");
			at += strlen(CROSS_JOIN);
		} else if (tells_the_planner(sql, at)) {
			at++;
		} else {
			strbuf_add_n(out, at++, 1);
		}
	}
}

/* The values of an insertion, behind the words that begin them; NULL: it has no list of columns. */
static const char *values_of(const char *columns)
{
	static const char *const begins[] = {") VALUES (", ") SELECT "};
	const char *values = NULL;

	for (size_t i = 0; columns && !values && i < ARRAY_LEN(begins); i++) {
		values = strstr(columns, begins[i]);
		values = values ? values + strlen(begins[i]) : NULL;
	}
	return values;
}

/* INSERT INTO t (a) VALUES (1) becomes
 * INSERT INTO t (id, a) VALUES (coalesce($2::BIGINT, nextval('t_id_seq')), 1). */
static int id_insert(const char *sql, size_t number, struct strbuf *out)
{
	int len = 0;
	const char *table = table_of(sql, &len), *columns = strchr(sql, '(');
	const char *values = values_of(columns);

	if (!table)
		return -EINVAL;
	if (!values)
		return log_fault("store: give a row its id", -EINVAL, sql);
	strbuf_add_n(out, sql, (size_t)(columns + 1 - sql));
	strbuf_add(out, "id, ");
	strbuf_add_n(out, columns + 1, (size_t)(values - columns - 1));
	strbuf_printf(out, "coalesce($%zu::BIGINT, nextval('%.*s_id_seq')), ", number, len, table);
	strbuf_add(out, values);
	return 0;
}

int translate_sql(const char *sql, const struct newest *newest, struct translated *translatedp)
{
	struct strbuf words = STRBUF_NULL;
	size_t n = 0;

	words_translate(sql, newest, &words, &n);
	*translatedp = (struct translated){.sql = strbuf_take(&words), .n_parameters = n};
	return translatedp->sql ? 0 : -ENOMEM;
}

int translate_insertion(const char *sql, const struct newest *newest,
			struct translated *translatedp)
{
	_cleanup_(freep) char *words = NULL;
	struct strbuf whole = STRBUF_NULL;
	int err = translate_sql(sql, newest, translatedp);

	if (err < 0)
		return err;
	words = translatedp->sql;
	err = id_insert(words, ++translatedp->n_parameters, &whole);
	translatedp->sql = err == 0 ? strbuf_take(&whole) : NULL;
	strbuf_clear(&whole);
	return err == 0 && !translatedp->sql ? -ENOMEM : err;
}
