// SPDX-License-Identifier: Apache-2.0
/* Attesters of registrations in the store. */
#include "reader.h"
#include "unit.h"

void store_attester_clear(struct store_attester *a)
{
	octets_clear(&a->content);
	free(a->statement_types);
	memset(a, 0, sizeof(*a));
}

/* --- reading --- */

static int attester_read(struct row *row, void *arg)
{
	struct store_attester *a = arg;
	int err;

	*a = (struct store_attester){0};
	a->id = row_int(row);
	row_array(row, a->digest, sizeof(a->digest));
	a->kind = (enum store_attester_kind)row_int(row);
	a->content = row_octets(row);
	a->statement_types = row_text(row);
	a->policy = (enum store_attester_policy)row_int(row);
	err = row_complete(row);
	if (err < 0)
		store_attester_clear(a);
	return err;
}

int store_attester_get(struct store_reader *r, int64_t id, struct store_attester *attesterp)
{
	return read_one(r, READ_ATTESTER_GET, VALUES(value_int(id)), attester_read, attesterp);
}

/* --- changes --- */

int store_registration_set_attester(struct store_unit *u, int64_t id, int64_t from,
				    const struct store_attester *attester, int64_t now_ms)
{
	struct bytes digest = attester ? BYTES_OF(attester->digest) : BYTES_NULL;
	int err = 0;

	if (attester)
		err = unit_add(u, CHANGE_ATTESTER_INSERT,
			       VALUES(value_bytes(digest), value_int(attester->kind),
				      value_octets(&attester->content),
				      value_text(attester->statement_types),
				      value_int(attester->policy)));
	if (err < 0)
		return err;
	return unit_add(
		u, CHANGE_REGISTRATION_SET_ATTESTER,
		VALUES(value_id(id), value_id(from), value_bytes(digest), value_int(now_ms)));
}
