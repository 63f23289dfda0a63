// SPDX-License-Identifier: Apache-2.0
/*
 * Requests for certificates that their clients read again: the resources of the JSON door. What
 * they are for is in the row of the certificate and of its registration.
 */
#include "reader.h"
#include "unit.h"

void store_csr_clear(struct store_csr *csr)
{
	free(csr->client);
	free(csr->profile);
	free(csr->refusal);
	free(csr->changes);
	free(csr->vnf_instance);
	free(csr->subject_id);
	free(csr->trust_domain);
	memset(csr, 0, sizeof(*csr));
}

/* --- reading --- */

static int csr_read(struct row *row, void *arg)
{
	struct store_csr *csr = arg;
	int err;

	*csr = (struct store_csr){0};
	csr->id = row_int(row);
	csr->state = (enum store_csr_state)row_int(row);
	csr->certificate_id = row_int(row);
	csr->replaces_id = row_int_or(row, 0);
	csr->revoke_replaced = row_int(row) != 0;
	csr->chain_request = row_int(row) != 0;
	csr->not_after_ms = row_int_or(row, 0);
	csr->until_ms = row_int(row);
	csr->created_ms = row_int(row);
	csr->failinfo = (int)row_int(row);
	csr->client = row_text(row);
	row_array(row, csr->digest, sizeof(csr->digest));
	csr->profile = row_text(row);
	csr->refusal = row_text(row);
	csr->changes = row_text(row);
	csr->registration_id = row_int(row);
	csr->cert_type = (enum cert_type)row_int(row);
	csr->subject_id = row_text(row);
	csr->trust_domain = row_text(row);
	csr->vnf_instance = row_text(row);
	err = row_complete(row);
	if (err < 0)
		store_csr_clear(csr);
	return err;
}

int store_csr_get(struct store_reader *r, int64_t id, struct store_csr *csrp)
{
	return read_one(r, READ_CSR_GET, VALUES(value_int(id)), csr_read, csrp);
}

int store_csr_find(struct store_reader *r, const struct store_csr_same *same,
		   struct store_csr *csrp)
{
	return read_one(r, READ_CSR_FIND,
			VALUES(value_bytes((struct bytes){same->digest, 32}),
			       value_text(same->client), value_int(same->registration_id),
			       value_int(same->now_ms)),
			csr_read, csrp);
}

struct csr_walk {
	store_csr_each *each;
	void *arg;
};

static int csr_give(struct row *row, void *arg)
{
	const struct csr_walk *walk = arg;
	_cleanup_(store_csr_clear) struct store_csr csr = {0};
	int err = csr_read(row, &csr);

	return err < 0 ? err : walk->each(walk->arg, &csr);
}

int store_csr_list(struct store_reader *r, const struct store_csr_filter *filter,
		   store_csr_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_CSRS);
	struct csr_walk walk = {each, arg};

	query_where(&q, WHERE_CSR_AFTER, value_int(filter->after_id));
	query_where(&q, WHERE_CSR_CLIENT, value_text(filter->client));
	query_where(&q, WHERE_CSR_TRUST_DOMAIN, value_text(filter->trust_domain));
	query_end(&q, ORDER_CSR, filter->limit);
	return query_walk(&q, csr_give, &walk);
}

int store_csr_waiting_count(struct store_reader *r, const char *client, uint32_t max, uint32_t *np)
{
	int64_t n = 0;
	int err = read_number(r, READ_CSR_WAITING_COUNT, VALUES(value_text(client), value_int(max)),
			      0, &n);

	*np = (uint32_t)n;
	return err;
}

/* --- changes --- */

int store_csr_require(struct store_unit *u, const struct store_csr_same *same)
{
	return unit_add(u, CHANGE_CSR_REQUIRE,
			VALUES(value_bytes((struct bytes){same->digest, 32}),
			       value_text(same->client), value_int(same->registration_id),
			       value_int(same->now_ms)));
}

int store_csr_insert(struct store_unit *u, const struct store_csr *csr, int64_t *idp)
{
	return unit_add_result(
		u, CHANGE_CSR_INSERT, idp,
		VALUES(value_int(csr->state), value_id(csr->certificate_id),
		       value_int_unless(csr->replaces_id, 0), value_int(csr->revoke_replaced),
		       value_int(csr->chain_request), value_int_unless(csr->not_after_ms, 0),
		       value_int(csr->until_ms), value_int(csr->created_ms),
		       value_int(csr->failinfo), value_text(csr->client),
		       value_bytes(BYTES_OF(csr->digest)), value_text(csr->profile),
		       value_text(csr->refusal), value_text(csr->changes)));
}

int store_csr_end(struct store_unit *u, const struct store_csr *csr)
{
	return unit_add(u, CHANGE_CSR_END,
			VALUES(value_int(csr->id), value_int(csr->state), value_int(csr->until_ms),
			       value_int(csr->failinfo), value_text(csr->refusal),
			       value_text(csr->changes)));
}

int store_csr_remove(struct store_unit *u, int64_t id, int64_t before_ms)
{
	return unit_add(u, CHANGE_CSR_REMOVE, VALUES(value_int(id), value_int(before_ms)));
}
