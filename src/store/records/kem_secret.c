// SPDX-License-Identifier: Apache-2.0
/* Secrets of KemBasedMac in the store. */
#include "reader.h"
#include "unit.h"

void store_kem_secret_clear(struct store_kem_secret *s)
{
	free(s->requester);
	octets_clear(&s->transaction_id);
	octets_clear(&s->sent_nonce);
	octets_clear(&s->secret);
	octets_clear(&s->request);
	octets_clear(&s->response);
	*s = (struct store_kem_secret){0};
}

/* --- reading --- */

static int kem_secret_read(struct row *row, void *arg)
{
	struct store_kem_secret *s = arg;
	int err;

	*s = (struct store_kem_secret){0};
	s->id = row_int(row);
	s->used = row_int(row);
	s->deadline_ms = row_int(row);
	s->requester = row_text(row);
	s->transaction_id = row_octets(row);
	s->sent_nonce = row_octets(row);
	s->secret = row_octets(row);
	s->request = row_octets(row);
	s->response = row_octets(row);
	err = row_complete(row);
	if (err < 0)
		store_kem_secret_clear(s);
	return err;
}

int store_kem_secret_find(struct store_reader *r, struct bytes transaction_id,
			  struct store_kem_secret *secretp)
{
	return read_one(r, READ_KEM_SECRET_FIND, VALUES(value_bytes(transaction_id)),
			kem_secret_read, secretp);
}

int store_kem_secret_count(struct store_reader *r, uint32_t max, uint32_t *np)
{
	int64_t n = 0;
	int err = read_number(r, READ_KEM_SECRET_COUNT, VALUES(value_int(max)), 0, &n);

	*np = (uint32_t)n;
	return err;
}

/* --- changes --- */

int store_kem_secret_insert(struct store_unit *u, const struct store_kem_secret *secret)
{
	return unit_add(u, CHANGE_KEM_SECRET_INSERT,
			VALUES(value_int(secret->deadline_ms), value_text(secret->requester),
			       value_octets(&secret->transaction_id),
			       value_octets(&secret->sent_nonce), value_octets(&secret->secret),
			       value_octets(&secret->request), value_octets(&secret->response)));
}

int store_kem_secret_trim(struct store_unit *u, const char *requester, uint32_t keep)
{
	return unit_add(u, CHANGE_KEM_SECRET_TRIM, VALUES(value_text(requester), value_int(keep)));
}

int store_kem_secret_use(struct store_unit *u, int64_t id, int64_t transaction_id)
{
	return unit_add(u, CHANGE_KEM_SECRET_USE, VALUES(value_id(id), value_id(transaction_id)));
}

int store_kem_secret_purge(struct store_unit *u, int64_t before_ms, uint32_t limit)
{
	return unit_add(u, CHANGE_KEM_SECRET_PURGE, VALUES(value_int(before_ms), value_int(limit)));
}
