// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of the bodies of JSON requests. What is taken is an object that says the same when it
 * is written and read again: nothing was said twice, and nothing was dropped.
 */
#include "body.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char detail[128] = "", none[128] = "";
	json_t *json = json_body_read((struct bytes){data, size}, detail, sizeof(detail)), *again;
	char *text;

	MUST(!json == !!*detail);
	if (!json)
		return 0;
	MUST(json_is_object(json));
	text = json_dumps(json, JSON_COMPACT);
	MUST(text && !memchr(text, 0, strlen(text)));
	again = json_body_read((struct bytes){(uint8_t *)text, strlen(text)}, none, sizeof(none));
	MUST(again && json_equal(json, again));
	json_decref(again);
	json_decref(json);
	free(text);
	return 0;
}
