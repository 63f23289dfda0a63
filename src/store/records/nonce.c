// SPDX-License-Identifier: Apache-2.0
/* Nonces in the store. */
#include "store/nonce.h"
#include "reader.h"
#include "unit.h"

void store_nonce_clear(struct store_nonce *n)
{
	octets_clear(&n->octets);
	octets_clear(&n->transaction_id);
	octets_clear(&n->request_digest);
	free(n->requester);
	*n = (struct store_nonce){0};
}

/* --- reading --- */

static int nonce_read(struct row *row, void *arg)
{
	struct store_nonce *n = arg;
	int err;

	*n = (struct store_nonce){0};
	n->id = row_int(row);
	n->octets = row_octets(row);
	n->requester = row_text(row);
	n->transaction_id = row_octets(row);
	n->request_digest = row_octets(row);
	n->seq = (int)row_int(row);
	n->used = row_int(row);
	n->expires_ms = row_int(row);
	err = row_complete(row);
	if (err < 0)
		store_nonce_clear(n);
	return err;
}

int store_nonce_find(struct store_reader *r, struct bytes octets, struct store_nonce *noncep)
{
	return read_one(r, READ_NONCE_FIND, VALUES(value_bytes(octets)), nonce_read, noncep);
}

struct nonce_walk {
	store_nonce_each *each;
	void *arg;
};

static int nonce_give(struct row *row, void *arg)
{
	const struct nonce_walk *walk = arg;
	_cleanup_(store_nonce_clear) struct store_nonce nonce = {0};
	int err = nonce_read(row, &nonce);

	return err < 0 ? err : walk->each(walk->arg, &nonce);
}

int store_nonce_of_transaction(struct store_reader *r, const char *requester,
			       struct bytes transaction_id, store_nonce_each *each, void *arg)
{
	struct nonce_walk walk = {each, arg};

	return read_each(r, READ_NONCE_OF_TRANSACTION,
			 VALUES(value_text(requester), value_bytes(transaction_id)), nonce_give,
			 &walk);
}

int store_nonce_count(struct store_reader *r, const char *requester, int64_t now_ms, uint32_t max,
		      uint32_t *np)
{
	int64_t n = 0;
	int err = read_number(r, READ_NONCE_COUNT,
			      VALUES(value_text(requester), value_int(now_ms), value_int(max)), 0,
			      &n);

	*np = (uint32_t)n;
	return err;
}

/* --- changes --- */

int store_nonce_insert(struct store_unit *u, const struct store_nonce *n, int64_t *idp)
{
	return unit_add_result(u, CHANGE_NONCE_INSERT, idp,
			       VALUES(value_octets(&n->octets), value_text(n->requester),
				      value_octets(&n->transaction_id),
				      value_octets(&n->request_digest), value_int(n->seq),
				      value_int(n->expires_ms)));
}

int store_nonce_use(struct store_unit *u, int64_t id)
{
	return unit_add(u, CHANGE_NONCE_USE, VALUES(value_id(id)));
}

int store_nonce_remove(struct store_unit *u, int64_t id)
{
	return unit_add(u, CHANGE_NONCE_REMOVE, VALUES(value_id(id)));
}
