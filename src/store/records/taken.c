// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a key is certified, or an entity has as many certificates as it may: looked up when a
 * certificate is decided on, and required again when it is inserted.
 */
#include "reader.h"
#include "unit.h"

#include "base/name_fold.h"

/* Of both the values are the same, whether it is looked up or required. */
#define KEY_VALUES(digest, entity, key)                                  \
	VALUES(value_bytes((struct bytes){digest, 32}), value_text(key), \
	       value_text((entity)->trust_domain), value_text((entity)->vnf_instance))
#define LIVE_VALUES(live, key)                                                        \
	VALUES(value_text(key), value_text((live)->entity.trust_domain),              \
	       value_text((live)->entity.vnf_instance), value_int((live)->except_id), \
	       value_int((live)->now_ms), value_int((live)->max))

static int key_of(const struct store_entity *entity, char **keyp)
{
	return name_fold(bytes_of_string(entity->subject_id), keyp);
}

/* --- reading --- */

int store_key_taken(struct store_reader *r, const uint8_t digest[32],
		    const struct store_entity *entity, bool *takenp)
{
	_cleanup_(freep) char *key = NULL;
	int err = key_of(entity, &key);

	if (err < 0)
		return err;
	return read_exists(r, READ_KEY_TAKEN, KEY_VALUES(digest, entity, key), takenp);
}

int store_live_reached(struct store_reader *r, const struct store_live *live, bool *reachedp)
{
	_cleanup_(freep) char *key = NULL;
	int err = key_of(&live->entity, &key);

	if (err < 0)
		return err;
	return read_exists(r, READ_LIVE_REACHED, LIVE_VALUES(live, key), reachedp);
}

/* --- conditions of a unit --- */

int store_key_require(struct store_unit *u, const uint8_t digest[32],
		      const struct store_entity *entity)
{
	_cleanup_(freep) char *key = NULL;
	int err = key_of(entity, &key);

	if (err < 0)
		return err;
	return unit_add(u, CHANGE_KEY_REQUIRE, KEY_VALUES(digest, entity, key));
}

int store_live_require(struct store_unit *u, const struct store_live *live)
{
	_cleanup_(freep) char *key = NULL;
	int err = key_of(&live->entity, &key);

	if (err < 0)
		return err;
	return unit_add(u, CHANGE_LIVE_REQUIRE, LIVE_VALUES(live, key));
}
