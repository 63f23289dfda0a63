// SPDX-License-Identifier: Apache-2.0
/*
 * The query of a URL and the path behind a route.
 */
#include "query.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The octet that s[*ip] begins, *ip moves behind it; -1 if it is malformed. */
static int query_octet(const char *s, size_t len, size_t *ip)
{
	size_t i = (*ip)++;

	/* RFC 3986: '+' is itself, as in the offset of a time; only HTML forms make it a space. */
	if (s[i] != '%')
		return (unsigned char)s[i];
	if (len - i < 3 || hex_digit(s[i + 1]) < 0 || hex_digit(s[i + 2]) < 0)
		return -1;
	*ip += 2;
	return hex_digit(s[i + 1]) * 16 + hex_digit(s[i + 2]);
}

/* Decodes `len` chars to a new string. */
static int query_decode(const char *s, size_t len, char **outp)
{
	_cleanup_(freep) char *out = malloc(len + 1);
	size_t n = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < len;) {
		int c = query_octet(s, len, &i);

		if (c < 0x20) /* malformed, or a control character: part of no value that we know */
			return -EINVAL;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	*outp = TAKE(out);
	return 0;
}

static int query_add(struct json_query *query, const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len);
	size_t name_len = equals ? (size_t)(equals - s) : len;
	_cleanup_(freep) char *name = NULL, *value = NULL;
	int err;

	err = query_decode(s, name_len, &name);
	if (!err)
		err = equals ? query_decode(equals + 1, len - name_len - 1, &value)
			     : query_decode("", 0, &value);
	if (err)
		return err;
	for (size_t i = 0; i < query->len; i++) {
		if (strcmp(query->item[i].name, name) == 0)
			return -EINVAL;
	}
	if (query->len == JSON_QUERY_MAX)
		return -EINVAL;
	query->item[query->len].name = TAKE(name);
	query->item[query->len].value = TAKE(value);
	query->len++;
	return 0;
}

int json_query_parse(const char *raw, struct json_query *queryp)
{
	*queryp = (struct json_query){0};
	while (*raw) {
		size_t len = strcspn(raw, "&");
		int err = len ? query_add(queryp, raw, len) : 0;

		if (err) {
			json_query_clear(queryp);
			return err;
		}
		raw += len + (raw[len] == '&');
	}
	return 0;
}

void json_query_clear(struct json_query *query)
{
	for (size_t i = 0; i < query->len; i++) {
		free(query->item[i].name);
		free(query->item[i].value);
	}
	*query = (struct json_query){0};
}

const char *json_query_get(struct json_query *query, const char *name)
{
	for (size_t i = 0; i < query->len; i++) {
		if (strcmp(query->item[i].name, name) == 0) {
			query->item[i].used = true;
			return query->item[i].value;
		}
	}
	return NULL;
}

/* RFC 3986 2.3 */
static void encode_add(struct strbuf *out, const char *text)
{
	static const char unreserved[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *text; text++) {
		if (strchr(unreserved, *text))
			strbuf_add_n(out, text, 1);
		else
			strbuf_printf(out, "%%%02X", (unsigned char)*text);
	}
}

void json_query_write(const struct json_query *query, const char *except, struct strbuf *out)
{
	for (size_t i = 0; i < query->len; i++) {
		if (strcmp(query->item[i].name, except) == 0)
			continue;
		encode_add(out, query->item[i].name);
		strbuf_add(out, "=");
		encode_add(out, query->item[i].value);
		strbuf_add(out, "&");
	}
}

/* Digits only, at most `max`. */
static int number_parse(const char *text, size_t len, int64_t max, int64_t *valuep)
{
	int64_t value = 0;

	if (len == 0 || len > 18)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		value = value * 10 + (text[i] - '0');
	}
	if (value > max)
		return -EINVAL;
	*valuep = value;
	return 0;
}

int json_query_number(struct json_query *query, const char *name, int64_t max, int64_t *valuep)
{
	const char *text = json_query_get(query, name);

	return text ? number_parse(text, strlen(text), max, valuep) : 0;
}

const char *json_query_unknown(const struct json_query *query)
{
	for (size_t i = 0; i < query->len; i++) {
		if (!query->item[i].used)
			return query->item[i].name;
	}
	return NULL;
}

int json_path_id(const char *path_rest, int64_t *idp, const char **verbp)
{
	size_t len = strcspn(path_rest, "/");

	*verbp = path_rest[len] == '/' ? path_rest + len + 1 : "";
	return number_parse(path_rest, len, INT64_MAX, idp);
}
