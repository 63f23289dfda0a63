// SPDX-License-Identifier: Apache-2.0
/*
 * The chains of the audit: reading them, and what retention and a new key change of them. Who makes
 * them longer is audit_writer.c.
 */
#include "store/audit.h"

#include "audit_rows.h"
#include "unit.h"

int store_audit_begin(const struct store_audit_chain *chain, struct store_audit_place *placep)
{
	return audit_hash_begin(chain, placep);
}

int store_audit_mac(const struct store_audit_key *key, enum store_audit_mac_of of,
		    const struct store_audit_place *place, struct store_audit_mac *macp)
{
	struct audit_mac_key once = {.key = *key};
	int err = audit_hash_mac(&once, of, place, macp);

	audit_mac_key_clear(&once);
	return err;
}

int store_audit_head_mac(const struct store_audit_key *key, const struct store_audit_head *head,
			 struct store_audit_mac *macp)
{
	struct audit_mac_key once = {.key = *key};
	int err = audit_hash_head_mac(&once, head, macp);

	audit_mac_key_clear(&once);
	return err;
}

int store_audit_step(struct store_audit_place *place, const struct store_audit *line)
{
	struct value values[AUDIT_VALUES];

	audit_values(line, values);
	return audit_hash_line(place, values);
}

/* --- reading --- */

static void mac_read(struct row *row, struct store_audit_mac *macp)
{
	struct bytes bytes = row_bytes(row);

	macp->present = bytes.len == AUDIT_MAC_LEN;
	if (!macp->present)
		return;
	memcpy(macp->key_id, bytes.data, STORE_AUDIT_KEY_ID_LEN);
	memcpy(macp->octets, bytes.data + STORE_AUDIT_KEY_ID_LEN, STORE_AUDIT_HASH_LEN);
}

/* A hash that is too short is none that anything has. */
static void hash_read(struct row *row, struct store_audit_place *place)
{
	row_array(row, place->hash, sizeof(place->hash));
}

int audit_chain_read(struct row *row, void *arg)
{
	struct store_audit_chain *chain = arg;

	*chain = (struct store_audit_chain){0};
	chain->id = chain->last.chain = chain->anchor.chain = row_int(row);
	chain->begun_ms = row_int(row);
	chain->before.chain = chain->id - 1;
	chain->before.sequence = row_int(row);
	hash_read(row, &chain->before);
	chain->last.sequence = row_int(row);
	hash_read(row, &chain->last);
	mac_read(row, &chain->mac);
	chain->anchor.sequence = row_int(row);
	hash_read(row, &chain->anchor);
	mac_read(row, &chain->anchor_mac);
	return row_complete(row);
}

struct chain_walk {
	store_audit_chain_each *each;
	void *arg;
};

static int chain_give(struct row *row, void *arg)
{
	const struct chain_walk *walk = arg;
	struct store_audit_chain chain;
	int err = audit_chain_read(row, &chain);

	return err < 0 ? err : walk->each(walk->arg, &chain);
}

int store_audit_chains(struct store_reader *r, store_audit_chain_each *each, void *arg)
{
	struct chain_walk walk = {each, arg};

	return read_each(r, READ_AUDIT_CHAINS, NULL, 0, chain_give, &walk);
}

int store_audit_chain_get(struct store_reader *r, int64_t id, struct store_audit_chain *chainp)
{
	int err = read_one(r, READ_AUDIT_CHAIN_AFTER, VALUES(value_int(id - 1)), audit_chain_read,
			   chainp);

	return err == 0 && chainp->id != id ? STORE_NOT_FOUND : err;
}

/* --- changes --- */

int store_audit_purge(struct store_unit *u, int64_t id)
{
	return unit_add(u, CHANGE_AUDIT_PURGE, VALUES(value_int(id)));
}

int store_audit_anchor(struct store_unit *u, const struct store_audit_place *place, int64_t from,
		       const struct store_audit_mac *mac)
{
	uint8_t buffer[AUDIT_MAC_LEN];

	return unit_add(u, CHANGE_AUDIT_ANCHOR,
			VALUES(value_int(place->chain), value_int(place->sequence),
			       value_bytes(BYTES_OF(place->hash)),
			       audit_hash_mac_value(mac, buffer), value_int(from)));
}

int store_audit_seal(struct store_unit *u, const struct store_audit_chain *chain, int64_t newest,
		     const struct store_audit_mac *mac, const struct store_audit_mac *anchor_mac)
{
	uint8_t buffers[2][AUDIT_MAC_LEN];

	return unit_add(u, CHANGE_AUDIT_SEAL,
			VALUES(value_int(chain->id), value_int(chain->last.sequence),
			       value_int(chain->anchor.sequence),
			       audit_hash_mac_value(mac, buffers[0]),
			       audit_hash_mac_value(anchor_mac, buffers[1]), value_int(newest)));
}
