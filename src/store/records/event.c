// SPDX-License-Identifier: Apache-2.0
/*
 * Events in the store, and certificates that come to their end. What writes the other events is the
 * backend's: schema/sqlite/0026-event.sql.
 */
#include "store/event.h"

#include "reader.h"
#include "unit.h"

void store_event_clear(struct store_event *event)
{
	free(event->vnf_instance);
	free(event->subject_id);
	free(event->manager);
	free(event->trust_domain);
	memset(event, 0, sizeof(*event));
}

/* --- events --- */

static int event_read(struct row *row, struct store_event *event)
{
	int err;

	*event = (struct store_event){0};
	event->id = row_int(row);
	event->kind = (enum store_event_kind)row_int(row);
	event->time_ms = row_int(row);
	event->registration_id = row_int(row);
	event->certificate_id = row_int_or(row, 0);
	event->csr_id = row_int_or(row, 0);
	event->reason = (int)row_int_or(row, STORE_REASON_NONE);
	event->cert_type = (enum cert_type)row_int(row);
	event->subject_id = row_text(row);
	event->manager = row_text(row);
	event->trust_domain = row_text(row);
	event->not_after_ms = row_int_or(row, 0);
	event->vnf_instance = row_text(row);
	err = row_complete(row);
	if (err < 0)
		store_event_clear(event);
	return err;
}

struct event_walk {
	store_event_each *each;
	void *arg;
};

static int event_give(struct row *row, void *arg)
{
	const struct event_walk *walk = arg;
	_cleanup_(store_event_clear) struct store_event event = {0};
	int err = event_read(row, &event);

	return err < 0 ? err : walk->each(walk->arg, &event);
}

int store_event_list(struct store_reader *r, const char *trust_domain, int64_t after_id,
		     uint32_t limit, store_event_each *each, void *arg)
{
	struct event_walk walk = {each, arg};

	return read_each(r, READ_EVENTS,
			 VALUES(value_text(trust_domain), value_int(after_id), value_int(limit)),
			 event_give, &walk);
}

int store_event_purgeable(struct store_reader *r, bool *purgeablep)
{
	return read_exists(r, READ_EVENT_PURGEABLE, NULL, 0, purgeablep);
}

int store_event_purge(struct store_unit *u, uint32_t limit)
{
	return unit_add(u, CHANGE_EVENT_PURGE, VALUES(value_int(limit)));
}

/* --- certificates that end --- */

static int ending_add(struct row *row, void *arg)
{
	struct store_ending *ending = arg;
	struct store_ending_at *item = &ending->item[ending->len++];

	item->not_after_ms = row_int(row);
	item->certificate_id = row_int(row);
	return 0;
}

int store_ending_list(struct store_reader *r, const struct store_ending_at *after, int64_t until_ms,
		      struct store_ending *endingp)
{
	endingp->len = 0;
	return read_each(r, READ_ENDING,
			 VALUES(value_int(after->not_after_ms), value_int(after->certificate_id),
				value_int(until_ms), value_int(STORE_ENDING_MAX)),
			 ending_add, endingp);
}

static int mark_read(struct row *row, void *arg)
{
	struct store_ending_at *mark = arg;

	mark->not_after_ms = row_int(row);
	mark->certificate_id = row_int(row);
	return 0;
}

int store_ending_mark_get(struct store_reader *r, int64_t before_ms, struct store_ending_at *markp)
{
	return read_one(r, READ_ENDING_MARK, VALUES(value_int(before_ms)), mark_read, markp);
}

int store_ending_mark_set(struct store_unit *u, int64_t before_ms,
			  const struct store_ending_at *from, const struct store_ending_at *to)
{
	if (!from)
		return unit_add(u, CHANGE_ENDING_MARK_INSERT,
				VALUES(value_int(before_ms), value_int(to->not_after_ms),
				       value_int(to->certificate_id)));
	return unit_add(u, CHANGE_ENDING_MARK_MOVE,
			VALUES(value_int(before_ms), value_int(to->not_after_ms),
			       value_int(to->certificate_id), value_int(from->not_after_ms),
			       value_int(from->certificate_id)));
}

int store_event_add_ending(struct store_unit *u, int64_t before_ms, int64_t certificate_id,
			   int64_t now_ms)
{
	enum store_event_kind kind = before_ms ? STORE_EVENT_EXPIRING : STORE_EVENT_EXPIRED;

	return unit_add(u, CHANGE_EVENT_ADD_ENDING,
			VALUES(value_int(kind), value_int(certificate_id), value_int(now_ms),
			       value_int(before_ms)));
}
