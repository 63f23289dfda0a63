// SPDX-License-Identifier: Apache-2.0
/* Archived keys in the store. */
#include "reader.h"
#include "unit.h"

void store_archived_key_clear(struct store_archived_key *k)
{
	octets_clear_secret(&k->secret);
	memset(k, 0, sizeof(*k));
}

/* --- reading --- */

static int archived_key_read(struct row *row, void *arg)
{
	struct store_archived_key *k = arg;
	int err;

	*k = (struct store_archived_key){0};
	k->certificate_id = row_int(row);
	k->created_ms = row_int(row);
	k->generated = row_int(row) != 0;
	k->secret = row_octets(row);
	err = row_complete(row);
	if (err < 0)
		store_archived_key_clear(k);
	return err;
}

int store_archived_key_get(struct store_reader *r, int64_t certificate_id,
			   struct store_archived_key *keyp)
{
	return read_one(r, READ_ARCHIVED_KEY_GET, VALUES(value_int(certificate_id)),
			archived_key_read, keyp);
}

struct archived_key_walk {
	store_archived_key_each *each;
	void *arg;
};

static int archived_key_give(struct row *row, void *arg)
{
	const struct archived_key_walk *walk = arg;
	_cleanup_(store_archived_key_clear) struct store_archived_key key = {0};
	int err = archived_key_read(row, &key);

	return err < 0 ? err : walk->each(walk->arg, &key);
}

int store_archived_key_list(struct store_reader *r, int64_t registration_id, uint32_t limit,
			    store_archived_key_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_ARCHIVED_KEYS);
	struct archived_key_walk walk = {each, arg};

	query_where(&q, WHERE_CERTIFICATE_REGISTRATION, value_int(registration_id));
	/* What was not accepted yet, or never will be, is nobody's key. */
	query_if(&q, IF_CERTIFICATE_ACCEPTED);
	query_end(&q, ORDER_CERTIFICATE_NEWEST, limit);
	return query_walk(&q, archived_key_give, &walk);
}

/* --- changes --- */

int store_archived_key_insert(struct store_unit *u, const struct store_archived_key *key)
{
	return unit_add(u, CHANGE_ARCHIVED_KEY_INSERT,
			VALUES(value_id(key->certificate_id), value_int(key->created_ms),
			       value_int(key->generated), value_octets(&key->secret)));
}

int store_archived_key_remove(struct store_unit *u, int64_t certificate_id)
{
	return unit_add(u, CHANGE_ARCHIVED_KEY_REMOVE, VALUES(value_id(certificate_id)));
}
