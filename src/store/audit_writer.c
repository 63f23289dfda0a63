// SPDX-License-Identifier: Apache-2.0
/* The chain of audit of this process. See audit_writer.h. */
#include "audit_writer.h"

#include "base/log.h"
#include "reader.h"
#include "records/audit_rows.h"
#include "unit.h"

#include <errno.h>
#include <openssl/crypto.h>

int audit_writer_init(struct audit_writer *a, const struct driver *driver,
		      struct connection *connection, struct statement *const *change)
{
	int err;

	*a = (struct audit_writer){.driver = driver, .change = change};
	err = driver->prepare(connection, driver->read_sql[READ_AUDIT_CHAIN_NEWEST], true,
			      &a->newest);
	return err < 0 ? err
		       : driver->prepare(connection, driver->read_sql[READ_AUDIT_CHAINS], true,
					 &a->first);
}

void audit_writer_clear(struct audit_writer *a)
{
	if (a->driver) {
		a->driver->finalize(a->newest);
		a->driver->finalize(a->first);
	}
	OPENSSL_cleanse(a->key, sizeof(a->key));
}

void audit_writer_keys(struct audit_writer *a, const struct store_audit_key *keys, size_t n)
{
	memcpy(a->key, keys, n * sizeof(*keys));
	a->n_keys = n;
}

/* --- rows of audit_chain --- */

static int row_change(struct audit_writer *a, enum change_kind kind, const struct value *values,
		      size_t n)
{
	struct statement *statement = a->change[kind];
	int err = driver_bind_all(a->driver, statement, values, n);

	if (err == 0)
		err = a->driver->step(statement);
	if (err == STORE_NOT_FOUND)
		err = a->driver->changed(statement) > 0 ? 0 : STORE_CONFLICT;
	a->driver->reset(statement);
	return err;
}

static int chain_read(struct audit_writer *a, struct statement *statement,
		      struct store_audit_chain *chainp)
{
	struct row row = {.driver = a->driver, .statement = statement};
	int err = a->driver->step(statement);

	if (err == 0)
		err = audit_chain_read(&row, chainp);
	a->driver->reset(statement);
	return err == STORE_NOT_FOUND ? -EUCLEAN : err;
}

/* NULL without a key. */
static int mac_value(const struct audit_writer *a, enum store_audit_mac_of of,
		     const struct store_audit_place *place, uint8_t buffer[AUDIT_MAC_LEN],
		     struct value *valuep)
{
	struct store_audit_mac mac = {0};
	int err = a->n_keys > 0 ? audit_hash_mac(&a->key[0], of, place, &mac) : 0;

	*valuep = audit_hash_mac_value(&mac, buffer);
	return err;
}

/* How many chains there are has a MAC, so that the newest cannot go unseen. */
static int chains_count(struct audit_writer *a, int64_t newest)
{
	const struct store_audit_place count = {.chain = newest};
	uint8_t mac[AUDIT_MAC_LEN];
	struct value value;
	int err = mac_value(a, STORE_AUDIT_CHAINS, &count, mac, &value);

	return err < 0 ? err : row_change(a, CHANGE_AUDIT_CHAIN_COUNT, &value, 1);
}

/* Whether the MAC, which chain 0 has, is of so many chains. */
static bool chains_counted(const struct audit_writer *a, const struct store_audit_mac *mac,
			   int64_t newest)
{
	const struct store_audit_place count = {.chain = newest};
	struct store_audit_mac expected = {0};

	for (size_t i = 0; mac->present && i < a->n_keys; i++)
		if (memcmp(a->key[i].id, mac->key_id, sizeof(mac->key_id)) == 0 &&
		    audit_hash_mac(&a->key[i], STORE_AUDIT_CHAINS, &count, &expected) == 0 &&
		    CRYPTO_memcmp(expected.octets, mac->octets, sizeof(mac->octets)) == 0)
			return true;
	return false;
}

/* Before the first chain there is no MAC. */
static bool chains_complete(const struct audit_writer *a, const struct store_audit_chain *newest,
			    const struct store_audit_chain *first)
{
	if (a->n_keys == 0 || (newest->id == 0 && !first->mac.present))
		return true;
	return chains_counted(a, &first->mac, newest->id);
}

static int chain_begin(struct audit_writer *a, int64_t now_ms)
{
	struct store_audit_chain newest, first, chain;
	int err = chain_read(a, a->newest, &newest);

	if (err == 0)
		err = chain_read(a, a->first, &first);
	if (err < 0)
		return err;
	chain = (struct store_audit_chain){
		.id = newest.id + 1, .begun_ms = now_ms, .before = newest.last};
	if (!chains_complete(a, &newest, &first)) {
		log_event(LOG_LEVEL_ERROR, "audit",
			  F_TEXT("problem", "chains of the audit are missing: somebody has changed "
					    "the database; see cmfctl audit verify"),
			  F_INT("newest", newest.id));
		chain.id++;
	}
	err = audit_hash_begin(&chain, &a->now);
	if (err < 0)
		return err;
	err = row_change(a, CHANGE_AUDIT_CHAIN_BEGIN,
			 VALUES(value_int(chain.id), value_int(now_ms),
				value_int(chain.before.sequence),
				value_bytes(BYTES_OF(chain.before.hash)),
				value_bytes(BYTES_OF(a->now.hash))));
	return err == 0 ? chains_count(a, chain.id) : err;
}

/* --- transactions --- */

void audit_writer_begin(struct audit_writer *a)
{
	a->now = a->durable;
}

int audit_writer_line(struct audit_writer *a, const struct value values[AUDIT_VALUES],
		      const struct store_audit_place **placep)
{
	int err = a->now.chain == 0 ? chain_begin(a, values[0].number) : 0;

	*placep = &a->now;
	return err == 0 ? audit_hash_line(&a->now, values) : err;
}

int audit_writer_move(struct audit_writer *a)
{
	int64_t from = a->now.chain == a->durable.chain ? a->durable.sequence : 0;
	uint8_t mac[AUDIT_MAC_LEN];
	struct value value;
	int err;

	if (a->now.sequence == from)
		return 0;
	err = mac_value(a, STORE_AUDIT_LAST, &a->now, mac, &value);
	if (err < 0)
		return err;
	return row_change(a, CHANGE_AUDIT_CHAIN_MOVE,
			  VALUES(value_int(a->now.chain), value_int(a->now.sequence),
				 value_bytes(BYTES_OF(a->now.hash)), value, value_int(from)));
}

void audit_writer_end(struct audit_writer *a, int committed)
{
	a->durable = committed == 0 ? a->now : (struct store_audit_place){0};
}
