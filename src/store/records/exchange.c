// SPDX-License-Identifier: Apache-2.0
/* Exchanges with upstream CAs in the store, and their messages. */
#include "reader.h"
#include "unit.h"

#include "base/log.h"

#include <errno.h>

void store_exchange_clear(struct store_exchange *e)
{
	free(e->ca);
	free(e->refusal);
	octets_clear(&e->request);
	memset(e, 0, sizeof(*e));
}

void store_exchange_messages_clear(struct store_exchange_messages *m)
{
	for (size_t i = 0; i < m->len; i++)
		octets_clear(&m->item[i].der);
	free(m->item);
	memset(m, 0, sizeof(*m));
}

/* --- reading --- */

static int exchange_read(struct row *row, void *arg)
{
	struct store_exchange *e = arg;
	int err;

	*e = (struct store_exchange){0};
	e->id = row_int(row);
	e->kind = (enum store_exchange_kind)row_int(row);
	e->state = (enum store_exchange_state)row_int(row);
	e->certificate_id = row_int(row);
	e->failinfo = (int)row_int(row);
	e->deadline_ms = row_int_or(row, 0);
	e->next_ms = row_int(row);
	e->created_ms = row_int(row);
	e->ca = row_text(row);
	e->request = row_octets(row);
	e->refusal = row_text(row);
	e->claimant = row_int(row);
	e->claim_left_ms = row_int(row);
	err = row_complete(row);
	if (err < 0)
		store_exchange_clear(e);
	return err;
}

int store_exchange_get(struct store_reader *r, int64_t id, struct store_exchange *ep)
{
	return read_one(r, READ_EXCHANGE_GET, VALUES(value_int(id)), exchange_read, ep);
}

int store_exchange_find(struct store_reader *r, int64_t certificate_id,
			enum store_exchange_kind kind, struct store_exchange *ep)
{
	return read_one(r, READ_EXCHANGE_FIND, VALUES(value_int(certificate_id), value_int(kind)),
			exchange_read, ep);
}

struct answer_walk {
	store_exchange_answer *each;
	void *arg;
};

static int answer_give(struct row *row, void *arg)
{
	const struct answer_walk *walk = arg;

	return walk->each(walk->arg, row_bytes(row));
}

int store_exchange_answers(struct store_reader *r, int64_t certificate_id,
			   enum store_exchange_kind kind, store_exchange_answer *each, void *arg)
{
	struct answer_walk walk = {each, arg};

	return read_each(r, READ_EXCHANGE_ANSWERS,
			 VALUES(value_int(certificate_id), value_int(kind)), answer_give, &walk);
}

static int message_add(struct row *row, void *arg)
{
	struct store_exchange_messages *messages = arg;
	struct store_exchange_message *item;

	item = reallocarray(messages->item, messages->len + 1, sizeof(*item));
	if (!item)
		return log_fault("store: read exchange messages", -ENOMEM, NULL);
	messages->item = item;
	item = &messages->item[messages->len++];
	item->seq = (int)row_int(row);
	item->sent = row_int(row) != 0;
	item->der = row_octets(row);
	return row_complete(row);
}

int store_exchange_messages_get(struct store_reader *r, int64_t exchange_id,
				struct store_exchange_messages *mp)
{
	int err;

	*mp = (struct store_exchange_messages){0};
	err = read_each(r, READ_EXCHANGE_MESSAGES, VALUES(value_int(exchange_id)), message_add, mp);
	if (err < 0)
		store_exchange_messages_clear(mp);
	return err;
}

struct open_exchanges {
	int64_t n, since_ms;
};

static int open_read(struct row *row, void *arg)
{
	struct open_exchanges *open = arg;

	open->n = row_int(row);
	open->since_ms = row_int_or(row, 0);
	return 0;
}

int store_exchange_open(struct store_reader *r, const char *ca, uint32_t max, int64_t *np,
			int64_t *since_msp)
{
	struct open_exchanges open = {0};
	int err = read_one(r, READ_EXCHANGE_OPEN, VALUES(value_text(ca), value_int(max)), open_read,
			   &open);

	*np = open.n;
	*since_msp = open.since_ms;
	return err;
}

static int ca_read(struct row *row, void *arg)
{
	*(char **)arg = row_text(row);
	return row_complete(row);
}

int store_exchange_ca_next(struct store_reader *r, char **cap)
{
	char *next = NULL;
	int err = read_one(r, READ_EXCHANGE_CA_NEXT, VALUES(value_text(*cap ? *cap : "")), ca_read,
			   &next);

	if (err != 0) {
		free(next);
		return err;
	}
	free(*cap);
	*cap = next;
	return 0;
}

/* --- changes --- */

int store_exchange_require_none(struct store_unit *u, int64_t certificate_id,
				enum store_exchange_kind kind)
{
	return unit_add(u, CHANGE_EXCHANGE_REQUIRE_NONE,
			VALUES(value_id(certificate_id), value_int(kind)));
}

int store_exchange_require_deadline(struct store_unit *u, int64_t id, int64_t deadline_ms)
{
	return unit_add(u, CHANGE_EXCHANGE_REQUIRE_DEADLINE,
			VALUES(value_id(id), value_int(deadline_ms)));
}

int store_exchange_insert(struct store_unit *u, const struct store_exchange *e, int64_t *idp)
{
	return unit_add_result(u, CHANGE_EXCHANGE_INSERT, idp,
			       VALUES(value_int(e->kind), value_int(e->state),
				      value_id(e->certificate_id), value_int(e->failinfo),
				      value_int_unless(e->deadline_ms, 0), value_int(e->next_ms),
				      value_int(e->created_ms), value_text(e->ca),
				      value_octets(&e->request)));
}

int store_exchange_add_message(struct store_unit *u, int64_t exchange_id,
			       const struct store_exchange_message *message)
{
	return unit_add(u, CHANGE_EXCHANGE_ADD_MESSAGE,
			VALUES(value_id(exchange_id), value_int(message->seq),
			       value_int(message->sent), value_octets(&message->der)));
}

int store_exchange_claim(struct store_unit *u, int64_t id, int64_t claimant, int64_t ms)
{
	return unit_add(u, CHANGE_EXCHANGE_CLAIM,
			VALUES(value_id(id), value_int(claimant), value_int(ms)));
}

int store_exchange_set_next(struct store_unit *u, int64_t id, int64_t next_ms)
{
	return unit_add(u, CHANGE_EXCHANGE_SET_NEXT, VALUES(value_id(id), value_int(next_ms)));
}

int store_exchange_set_deadline(struct store_unit *u, int64_t id, int64_t deadline_ms)
{
	return unit_add(u, CHANGE_EXCHANGE_SET_DEADLINE,
			VALUES(value_id(id), value_int(deadline_ms)));
}

int store_exchange_finish(struct store_unit *u, int64_t id, enum store_exchange_state state,
			  int failinfo, const char *refusal)
{
	return unit_add(
		u, CHANGE_EXCHANGE_FINISH,
		VALUES(value_id(id), value_int(state), value_int(failinfo), value_text(refusal)));
}
