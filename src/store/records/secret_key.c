// SPDX-License-Identifier: Apache-2.0
/* Store keys in the store, by their ids, and the secrets that are sealed under them. */
#include "store/secret_key.h"

#include "reader.h"
#include "unit.h"

#include <errno.h>

/* --- keys --- */

struct keys_read {
	struct store_secret_key *keys;
	size_t n;
};

static int secret_key_read(struct row *row, void *arg)
{
	struct keys_read *read = arg;
	struct store_secret_key *key = &read->keys[read->n];

	*key = (struct store_secret_key){0};
	if (row_array(row, key->id, sizeof(key->id)) != sizeof(key->id))
		return -EBADMSG;
	key->in_force = row_int(row) != 0;
	key->created_ms = row_int(row);
	read->n++;
	return row_complete(row);
}

int store_secret_keys(struct store_reader *r, struct store_secret_key keys[STORE_SECRET_KEYS_MAX],
		      size_t *np)
{
	struct keys_read read = {.keys = keys};
	int err = read_each(r, READ_SECRET_KEYS, VALUES(value_int(STORE_SECRET_KEYS_MAX)),
			    secret_key_read, &read);

	*np = read.n;
	return err;
}

static struct value value_key(const uint8_t id[STORE_KEY_ID_LEN])
{
	return value_bytes((struct bytes){id, STORE_KEY_ID_LEN});
}

int store_secret_key_require(struct store_unit *u, const uint8_t id[STORE_KEY_ID_LEN],
			     int64_t now_ms)
{
	int err = unit_add(u, CHANGE_SECRET_KEY_BEGIN, VALUES(value_key(id), value_int(now_ms)));

	return err == 0 ? unit_add(u, CHANGE_SECRET_KEY_REQUIRE, VALUES(value_key(id))) : err;
}

int store_secret_key_replace(struct store_unit *u, const uint8_t before[STORE_KEY_ID_LEN],
			     const uint8_t next[STORE_KEY_ID_LEN], int64_t now_ms)
{
	int err = unit_add(u, CHANGE_SECRET_KEY_RETIRE, VALUES(value_key(before)));

	return err == 0 ? unit_add(u, CHANGE_SECRET_KEY_INSERT,
				   VALUES(value_key(next), value_int(now_ms)))
			: err;
}

int store_secret_key_remove(struct store_unit *u, const uint8_t id[STORE_KEY_ID_LEN])
{
	return unit_add(u, CHANGE_SECRET_KEY_REMOVE, VALUES(value_key(id)));
}

/* --- sealed secrets --- */

static const struct {
	enum read_kind list;
	enum change_kind seal;
} statements[STORE_SEALED_KINDS] = {
	[STORE_SEALED_CREDENTIAL] = {READ_SEALED_CREDENTIAL, CHANGE_SEAL_CREDENTIAL},
	[STORE_SEALED_KEM_SECRET] = {READ_SEALED_KEM_SECRET, CHANGE_SEAL_KEM_SECRET},
	[STORE_SEALED_REV_PASSPHRASE] = {READ_SEALED_REV_PASSPHRASE, CHANGE_SEAL_REV_PASSPHRASE},
	[STORE_SEALED_REV_PASSPHRASE_BEFORE] = {READ_SEALED_REV_PASSPHRASE_BEFORE,
						CHANGE_SEAL_REV_PASSPHRASE_BEFORE},
	[STORE_SEALED_ARCHIVED_KEY] = {READ_SEALED_ARCHIVED_KEY, CHANGE_SEAL_ARCHIVED_KEY},
	[STORE_SEALED_SUBSCRIPTION] = {READ_SEALED_SUBSCRIPTION, CHANGE_SEAL_SUBSCRIPTION},
	[STORE_SEALED_INITIAL_CREDENTIAL] = {READ_SEALED_INITIAL_CREDENTIAL,
					     CHANGE_SEAL_INITIAL_CREDENTIAL},
};

void store_sealed_clear(struct store_sealed *s)
{
	octets_clear(&s->reference);
	octets_clear(&s->secret);
	*s = (struct store_sealed){0};
}

struct sealed_walk {
	enum store_sealed_kind kind;
	store_sealed_each *each;
	void *arg;
};

/* A secret for callbacks is its client's, for where it is sent: texts, with a NUL between them. */
static struct octets callback_read(struct row *row)
{
	_cleanup_(freep) char *client = row_text(row);
	_cleanup_(freep) char *uri = row_text(row);
	_cleanup_(freep) char *token = row_text(row);
	const struct bytes parts[] = {
		{(const uint8_t *)client, client ? strlen(client) + 1 : 0},
		{(const uint8_t *)uri, uri ? strlen(uri) + 1 : 0},
		bytes_of_string(token ? token : ""),
	};
	struct octets reference = OCTETS_NULL;

	if (bytes_join(parts, ARRAY_LEN(parts), &reference) < 0)
		row->failed = true;
	return reference;
}

static int sealed_give(struct row *row, void *arg)
{
	const struct sealed_walk *walk = arg;
	_cleanup_(store_sealed_clear) struct store_sealed sealed = {.kind = walk->kind};
	int err;

	sealed.id = row_int(row);
	sealed.secret = row_octets(row);
	sealed.reference =
		walk->kind == STORE_SEALED_SUBSCRIPTION ? callback_read(row) : row_octets(row);
	err = row_complete(row);
	return err < 0 ? err : walk->each(walk->arg, &sealed);
}

int store_sealed_list(struct store_reader *r, enum store_sealed_kind kind, int64_t after_id,
		      const uint8_t *not_under, uint32_t limit, store_sealed_each *each, void *arg)
{
	struct sealed_walk walk = {kind, each, arg};
	struct bytes under = {not_under, not_under ? STORE_KEY_ID_LEN : 0};

	return read_each(r, statements[kind].list,
			 VALUES(value_int(after_id), value_bytes(under), value_int(limit)),
			 sealed_give, &walk);
}

int store_sealed_replace(struct store_unit *u, const struct store_sealed *before,
			 struct bytes secret)
{
	return unit_add(
		u, statements[before->kind].seal,
		VALUES(value_id(before->id), value_octets(&before->secret), value_bytes(secret)));
}
