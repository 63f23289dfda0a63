// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a key is certified, or an entity has as many certificates as it may: looked up when a
 * certificate is decided on, and required again when it is inserted.
 */
#include "reader.h"
#include "unit.h"

/* --- reading --- */

int store_key_taken(struct store_reader *r, const uint8_t digest[32], const char *subject_id,
		    bool *takenp)
{
	return read_exists(r, READ_KEY_TAKEN,
			   VALUES(value_bytes((struct bytes){digest, 32}), value_text(subject_id)),
			   takenp);
}

int store_live_reached(struct store_reader *r, const struct store_live *live, bool *reachedp)
{
	return read_exists(r, READ_LIVE_REACHED,
			   VALUES(value_int(live->registration_id), value_int(live->except_id),
				  value_int(live->now_ms), value_int(live->max)),
			   reachedp);
}

/* --- conditions of a unit --- */

int store_key_require(struct store_unit *u, const uint8_t digest[32], const char *subject_id)
{
	return unit_add(u, CHANGE_KEY_REQUIRE,
			VALUES(value_bytes((struct bytes){digest, 32}), value_text(subject_id)));
}

int store_live_require(struct store_unit *u, const struct store_live *live)
{
	return unit_add(u, CHANGE_LIVE_REQUIRE,
			VALUES(value_id(live->registration_id), value_int(live->except_id),
			       value_int(live->now_ms), value_int(live->max)));
}
