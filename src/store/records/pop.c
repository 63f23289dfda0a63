// SPDX-License-Identifier: Apache-2.0
/* Challenges in the store. */
#include "reader.h"
#include "unit.h"

void store_pop_clear(struct store_pop *p)
{
	octets_clear(&p->answer_digests);
	octets_clear(&p->request);
	memset(p, 0, sizeof(*p));
}

/* --- reading --- */

static int pop_read(struct row *row, void *arg)
{
	struct store_pop *p = arg;
	int err;

	*p = (struct store_pop){0};
	p->transaction_id = row_int(row);
	p->answer_digests = row_octets(row);
	p->request = row_octets(row);
	err = row_complete(row);
	if (err < 0)
		store_pop_clear(p);
	return err;
}

int store_pop_get(struct store_reader *r, int64_t transaction_id, struct store_pop *popp)
{
	return read_one(r, READ_POP_GET, VALUES(value_int(transaction_id)), pop_read, popp);
}

/* --- changes --- */

int store_pop_insert(struct store_unit *u, const struct store_pop *pop)
{
	return unit_add(u, CHANGE_POP_INSERT,
			VALUES(value_id(pop->transaction_id), value_octets(&pop->answer_digests),
			       value_octets(&pop->request)));
}

int store_pop_remove(struct store_unit *u, int64_t transaction_id)
{
	return unit_add(u, CHANGE_POP_REMOVE, VALUES(value_id(transaction_id)));
}
