// SPDX-License-Identifier: Apache-2.0
/* Requests that are remembered. */
#include "reader.h"
#include "unit.h"

/* --- reading --- */

int store_seen_find(struct store_reader *r, const uint8_t digest[32], bool *seenp)
{
	return read_exists(r, READ_SEEN, VALUES(value_bytes((struct bytes){digest, 32})), seenp);
}

/* --- changes --- */

int store_seen_insert(struct store_unit *u, const struct store_seen *seen)
{
	return unit_add(
		u, CHANGE_SEEN_INSERT,
		VALUES(value_bytes(BYTES_OF(seen->digest)), value_int_unless(seen->until_ms, 0)));
}

int store_seen_purge(struct store_unit *u, int64_t before_ms, uint32_t limit)
{
	return unit_add(u, CHANGE_SEEN_PURGE, VALUES(value_int(before_ms), value_int(limit)));
}
