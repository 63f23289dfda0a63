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

static int pop_read(sqlite3_stmt *stmt, struct store_pop *p)
{
	struct columns col = COLUMNS(stmt);

	p->transaction_id = column_int(&col);
	p->answer_digests = column_octets(&col);
	p->request = column_octets(&col);
	return reader_complete(&col);
}

int store_pop_get(struct store_reader *handle, int64_t transaction_id, struct store_pop *popp)
{
	_cleanup_(store_pop_clear) struct store_pop p = {0};
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);
	int result;

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_POP_GET];
	struct binder b = BINDER(stmt);

	bind_int(&b, transaction_id);
	result = reader_first(r, &b);
	if (result == 0)
		result = pop_read(stmt, &p);
	if (result == 0) {
		*popp = p;
		p = (struct store_pop){0};
	}
	return result;
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
