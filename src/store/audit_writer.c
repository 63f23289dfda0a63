// SPDX-License-Identifier: Apache-2.0
/* The chain of audit of this process. See audit_writer.h. */
#include "audit_writer.h"

#include "base/log.h"

void audit_writer_clear(struct audit_writer *a)
{
	for (size_t i = 0; i < ARRAY_LEN(a->key); i++)
		audit_mac_key_clear(&a->key[i]);
	a->n_keys = 0;
}

void audit_writer_keys(struct audit_writer *a, const struct store_audit_key *keys, size_t n)
{
	audit_writer_clear(a);
	for (size_t i = 0; i < n; i++)
		a->key[i].key = keys[i];
	a->n_keys = n;
}

/* --- a new chain --- */

/* Whether the MAC, which chain 0 has, is of so many chains. */
static bool chains_counted(struct audit_writer *a, const struct store_audit_mac *mac,
			   int64_t newest)
{
	const struct store_audit_place count = {.chain = newest};
	struct store_audit_mac expected = {0};

	for (size_t i = 0; mac->present && i < a->n_keys; i++)
		if (memcmp(a->key[i].key.id, mac->key_id, sizeof(mac->key_id)) == 0 &&
		    audit_hash_mac(&a->key[i], STORE_AUDIT_CHAINS, &count, &expected) == 0 &&
		    CRYPTO_memcmp(expected.octets, mac->octets, sizeof(mac->octets)) == 0)
			return true;
	return false;
}

/* Before the first chain there is no MAC. */
static bool chains_complete(struct audit_writer *a, const struct store_audit_chain *newest,
			    const struct store_audit_chain *first)
{
	if (a->n_keys == 0 || (newest->id == 0 && !first->mac.present))
		return true;
	return chains_counted(a, &first->mac, newest->id);
}

bool audit_writer_wants_chain(const struct audit_writer *a)
{
	return a->now.chain == 0;
}

int audit_writer_chain(struct audit_writer *a, const struct store_audit_chain *newest,
		       const struct store_audit_chain *first, int64_t begun_ms)
{
	a->begun = (struct store_audit_chain){
		.id = newest->id + 1, .begun_ms = begun_ms, .before = newest->last};
	if (!chains_complete(a, newest, first)) {
		log_event(LOG_LEVEL_ERROR, "audit",
			  F_TEXT("problem", "chains of the audit are missing: somebody has changed "
					    "the database; see cmfctl audit verify"),
			  F_INT("newest", newest->id));
		a->begun.id++;
	}
	return audit_hash_begin(&a->begun, &a->now);
}

/* --- transactions --- */

void audit_writer_begin(struct audit_writer *a)
{
	a->now = a->durable;
}

int audit_writer_line(struct audit_writer *a, const struct value values[AUDIT_VALUES],
		      const struct store_audit_place **placep)
{
	*placep = &a->now;
	return audit_hash_line(&a->now, values);
}

/* A value of a change that is a MAC; NULL without a key. */
static int mac_put(struct audit_writer *a, struct audit_change *change, size_t index,
		   enum store_audit_mac_of of, const struct store_audit_place *place)
{
	struct store_audit_mac mac = {0};
	int err = a->n_keys > 0 ? audit_hash_mac(&a->key[0], of, place, &mac) : 0;

	change->value[index] = audit_hash_mac_value(&mac, change->mac);
	return err;
}

/* How many chains there are has a MAC, so that the newest cannot go unseen. */
static int chain_begin(struct audit_writer *a, struct audit_change *begin,
		       struct audit_change *count)
{
	const struct store_audit_place chains = {.chain = a->now.chain};
	int err;

	*begin = (struct audit_change){
		.kind = CHANGE_AUDIT_CHAIN_BEGIN,
		.n = 7,
		.value = {value_int(a->begun.id), value_int(a->begun.begun_ms),
			  value_int(a->begun.before.sequence),
			  value_bytes(BYTES_OF(a->begun.before.hash)), value_int(a->now.sequence),
			  value_bytes(BYTES_OF(a->now.hash))},
	};
	*count = (struct audit_change){.kind = CHANGE_AUDIT_CHAIN_COUNT, .n = 1};
	err = mac_put(a, begin, 6, STORE_AUDIT_LAST, &a->now);
	return err == 0 ? mac_put(a, count, 0, STORE_AUDIT_CHAINS, &chains) : err;
}

static int chain_move(struct audit_writer *a, struct audit_change *move)
{
	*move = (struct audit_change){
		.kind = CHANGE_AUDIT_CHAIN_MOVE,
		.n = 5,
		.value = {value_int(a->now.chain),
			  value_int(a->now.sequence),
			  value_bytes(BYTES_OF(a->now.hash)),
			  {.kind = VALUE_NULL},
			  value_int(a->durable.sequence)},
	};
	return mac_put(a, move, 3, STORE_AUDIT_LAST, &a->now);
}

int audit_writer_changes(struct audit_writer *a, struct audit_change change[AUDIT_CHANGES_MAX],
			 size_t *np)
{
	bool begins = a->now.chain != a->durable.chain;

	*np = 0;
	if (a->now.sequence == (begins ? 0 : a->durable.sequence))
		return 0;
	*np = begins ? 2 : 1;
	return begins ? chain_begin(a, &change[0], &change[1]) : chain_move(a, &change[0]);
}

void audit_writer_committed(struct audit_writer *a)
{
	a->durable = a->now;
	audit_own_note(a->own, a->durable.chain);
}

void audit_writer_lost(struct audit_writer *a)
{
	if (a->durable.chain != 0)
		log_event(LOG_LEVEL_ERROR, "audit",
			  F_TEXT("problem", "the chain of this process cannot go on: its newest "
					    "line is not the one that was written last"),
			  F_INT("chain", a->durable.chain));
	a->durable = (struct store_audit_place){0};
}
