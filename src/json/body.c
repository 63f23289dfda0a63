// SPDX-License-Identifier: Apache-2.0
/*
 * Bodies of requests. jansson refuses what is no RFC 8259 (NUL, lone surrogates, octets that are no
 * UTF-8, numbers beyond its types, octets behind the end) and more than 2048 levels.
 */
#include "body.h"

#include <stdio.h>

json_t *json_body_read(struct bytes body, char *detail, size_t size)
{
	json_error_t error;
	json_t *json =
		json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &error);

	if (!json) {
		snprintf(detail, size, "the body is no JSON: line %d: %s", error.line, error.text);
		return NULL;
	}
	if (!json_is_object(json)) {
		snprintf(detail, size, "the body must be a JSON object");
		json_decref(json);
		return NULL;
	}
	return json;
}
