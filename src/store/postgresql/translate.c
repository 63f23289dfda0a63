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

/* Adds parameter ?n, or ?, which is the one after the last. */
static const char *parameter_add(struct strbuf *out, const char *at, size_t *np)
{
	size_t number = 0;

	for (at++; isdigit((unsigned char)*at); at++)
		number = 10 * number + (size_t)(*at - '0');
	if (number == 0)
		number = *np + 1;
	if (number > *np)
		*np = number;
	strbuf_printf(out, "$%zu", number);
	return at;
}

static bool tells_the_planner(const char *begin, const char *at)
{
	return *at == '+' && at > begin && (at[-1] == ' ' || at[-1] == '(') &&
	       isalpha((unsigned char)at[1]);
}

static void words_translate(const char *sql, struct strbuf *out, size_t *np)
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
			at = parameter_add(out, at, np);
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

/* INSERT INTO t (a, b) VALUES (1, 2) becomes INSERT INTO t (id, a, b) VALUES ($3, 1, 2). */
static int id_insert(const char *sql, size_t number, struct strbuf *out)
{
	static const char *const sources[] = {") VALUES (", ") SELECT "};
	const char *columns = strchr(sql, '('), *source = NULL;
	size_t len = 0;

	for (size_t i = 0; columns && !source && i < ARRAY_LEN(sources); i++) {
		source = strstr(columns, sources[i]);
		len = strlen(sources[i]);
	}
	if (!source)
		return log_fault("store: give a row its id", -EINVAL, sql);
	strbuf_add_n(out, sql, (size_t)(columns + 1 - sql));
	strbuf_add(out, "id, ");
	strbuf_add_n(out, columns + 1, (size_t)(source - columns - 1) + len);
	strbuf_printf(out, "$%zu, ", number);
	strbuf_add(out, source + len);
	return 0;
}

int translate_sql(const char *sql, bool with_id, struct translated *translatedp)
{
	struct strbuf words = STRBUF_NULL, whole = STRBUF_NULL;
	size_t n = 0;
	int err = 0;

	words_translate(sql, &words, &n);
	if (with_id && !words.failed)
		err = id_insert(words.text, ++n, &whole);
	*translatedp = (struct translated){.n_parameters = n};
	if (err == 0)
		translatedp->sql = strbuf_take(with_id ? &whole : &words);
	strbuf_clear(&words);
	strbuf_clear(&whole);
	return err == 0 && !translatedp->sql ? -ENOMEM : err;
}
