// SPDX-License-Identifier: Apache-2.0
/*
 * Names under a CA, each held by one entity: who holds one, and that an entity holds it from now
 * on. Whether a holder has it still, its certificates say: ca/name_held.c.
 */
#include "reader.h"
#include "unit.h"

#include "base/name_fold.h"

/* --- reading --- */

static int id_read(struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row);
	return row_complete(row);
}

int store_held_name_find(struct store_reader *r, const struct name_key *key, int64_t *idp)
{
	return read_one(r, READ_HELD_NAME_FIND, VALUES(value_bytes(BYTES_OF(key->octet))), id_read,
			idp);
}

int store_trust_domain_registrations(struct store_reader *r, const char *name, int64_t *np)
{
	int err =
		read_one(r, READ_TRUST_DOMAIN_REGISTRATIONS, VALUES(value_text(name)), id_read, np);

	if (err == STORE_NOT_FOUND)
		*np = 0;
	return err < 0 ? err : 0;
}

/* --- changes --- */

int store_held_name_take(struct store_unit *u, const struct name_keys *keys,
			 const int64_t *released, int64_t certificate_id,
			 const struct store_entity *entity)
{
	_cleanup_(freep) char *subject_key = NULL;
	int err = name_fold(bytes_of_string(entity->subject_id), &subject_key);

	for (size_t i = 0; err == 0 && i < keys->len; i++)
		err = unit_add(
			u, CHANGE_HELD_NAME_TAKE,
			VALUES(value_bytes(BYTES_OF(keys->item[i].octet)), value_id(certificate_id),
			       value_int(released ? released[i] : 0), value_text(subject_key),
			       value_text(entity->trust_domain), value_text(entity->vnf_instance)));
	return err;
}

int store_trust_domain_require(struct store_unit *u, const char *name, int64_t max)
{
	return unit_add(u, CHANGE_TRUST_DOMAIN_REQUIRE, VALUES(value_text(name), value_int(max)));
}
