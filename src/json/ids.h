// SPDX-License-Identifier: Apache-2.0
/*
 * Identifiers of resources, as clients see them: UUIDs that are made from the number of a row, and
 * read back. Neither has the store a column for them, nor does one tell how many rows there are.
 */
#pragma once

#include "base/cleanup.h"

#include <stdint.h>

enum json_kind {
	JSON_REGISTRATION = 1,
	JSON_CERTIFICATE,
	JSON_CSR,
	JSON_SUBSCRIPTION,
	JSON_MARKER, /* of a page of a list */
	JSON_EVENT,
	JSON_NONCE,
};

enum { JSON_ID_KEY_LEN = 32, JSON_ID_SIZE = 37 };

struct json_ids;

/* 0 or -ENOMEM. All other functions may be called from any thread. */
_must_check_ int json_ids_new(const uint8_t key[JSON_ID_KEY_LEN], struct json_ids **idsp);
void json_ids_free(struct json_ids *ids);
DEFINE_CLEANUP(struct json_ids, json_ids_free);

/* The identifier of row `id`, which is not negative. 0 or -ENOMEM. */
_must_check_ int json_id_write(const struct json_ids *ids, enum json_kind kind, int64_t id,
			       char out[JSON_ID_SIZE]);
/*
 * And back: 0; -EINVAL if it is none that was made here for that kind, with the number of no row in
 * *idp, so that who asks for it can be answered in the same way; -ENOMEM.
 */
_must_check_ int json_id_read(const struct json_ids *ids, enum json_kind kind, const char *text,
			      int64_t *idp);
