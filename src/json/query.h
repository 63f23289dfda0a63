// SPDX-License-Identifier: Apache-2.0
/*
 * The query of a URL, and the numbers in its path. Shared by the resources of json/.
 */
#pragma once

#include "base/cleanup.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parameters of a query; more than any endpoint knows. */
enum { JSON_QUERY_MAX = 16 };

struct json_query {
	struct {
		char *name;
		char *value;
		bool used;
	} item[JSON_QUERY_MAX];
	size_t len;
};

/* Splits and decodes "a=b&c=%20". 0, -EINVAL (malformed, repeated, too many), -ENOMEM. */
_must_check_ int json_query_parse(const char *raw, struct json_query *queryp);
void json_query_clear(struct json_query *query);
/* The value, or NULL; what was asked for counts as known. */
const char *json_query_get(struct json_query *query, const char *name);
/* As a number within 0..max: 0 with *valuep unchanged if absent, -EINVAL. */
_must_check_ int json_query_number(struct json_query *query, const char *name, int64_t max,
				   int64_t *valuep);
/* The name of a parameter that nothing asked for, or NULL. */
const char *json_query_unknown(const struct json_query *query);

/* Appends all parameters but one, each with a '&' behind it. */
void json_query_write(const struct json_query *query, const char *except, struct strbuf *out);

/* The number of a path "<id>" or "<id>/<verb>" and the rest behind it. -EINVAL if there is none. */
_must_check_ int json_path_id(const char *path_rest, int64_t *idp, const char **verbp);
