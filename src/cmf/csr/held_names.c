// SPDX-License-Identifier: Apache-2.0
/*
 * Under one CA no two entities have the same name in live certificates: subject (RFC 5280 4.1.2.6),
 * dNSName, iPAddress, URI. It is a condition of the unit, and nothing is looked up before the unit
 * said no, as in taken.c; a refusal says no more than that a name does not fit. What the same
 * message asks for is in the store not yet.
 */
#include "csr/held_names.h"

#include <errno.h>
#include <string.h>

static int name_refuse(const struct decision *d, const struct name_key *key)
{
	return refuse_detail(d->call.refusal,
			     key->in_san ? REFUSAL_template_san_not_allowed
					 : REFUSAL_template_subject_not_allowed,
			     "another entity has the name in a valid certificate of this CA");
}

static bool has_key(const struct name_keys *keys, const struct name_key *key)
{
	for (size_t i = 0; i < keys->len; i++) {
		if (memcmp(keys->item[i].octet, key->octet, NAME_KEY_LEN) == 0)
			return true;
	}
	return false;
}

/* Whether a request before this one, in the same message and for another entity, gets the name. */
static bool held_earlier(const struct decision *d, const struct name_key *key)
{
	const struct store_entity entity = store_registration_entity(&d->registration);

	for (size_t i = 0; i < d->call.n_earlier; i++) {
		const struct decision *earlier = d->call.earlier[i]->decision;
		const struct store_entity other = store_registration_entity(&earlier->registration);

		if (has_key(&earlier->name_keys, key) && !store_entity_same(&entity, &other))
			return true;
	}
	return false;
}

int held_names_check(struct decision *d)
{
	const struct store_entity entity = store_registration_entity(&d->registration);
	bool look_up = d->call.again || store_unit_is_dry(d->call.unit);
	int err = name_keys_of(ca_name(d->ca), octets_view(&d->names.subject),
			       octets_view(&d->names.san), &d->name_keys);

	if (err == 0 && look_up && d->name_keys.len) {
		d->released = calloc(d->name_keys.len, sizeof(*d->released));
		err = d->released ? 0 : -ENOMEM;
	}
	for (size_t i = 0; err == 0 && i < d->name_keys.len; i++) {
		const struct name_key *key = &d->name_keys.item[i];
		bool held = held_earlier(d, key);

		if (!held && look_up)
			err = ca_name_held(d->call.reader, key, &entity, d->call.now_ms, &held,
					   &d->released[i]);
		if (err == 0 && held)
			err = name_refuse(d, key);
	}
	return err;
}

int held_names_take(const struct decision *d, int64_t certificate_id)
{
	const struct store_entity entity = store_registration_entity(&d->registration);

	return store_held_name_take(d->call.unit, &d->name_keys, d->released, certificate_id,
				    &entity);
}
