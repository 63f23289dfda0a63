// SPDX-License-Identifier: Apache-2.0
/* Subscriptions with VNFMs, and the VNFs that their notifications tell to look at. */
#include "store/lcm.h"

#include "reader.h"
#include "unit.h"

void store_lcm_subscription_clear(struct store_lcm_subscription *s)
{
	free(s->vnfm);
	free(s->subscription);
	free(s->callback_uri);
	memset(s, 0, sizeof(*s));
}

void store_lcm_event_clear(struct store_lcm_event *e)
{
	free(e->vnfm);
	free(e->vnf_instance);
	free(e->operation_id);
	memset(e, 0, sizeof(*e));
}

/* --- reading --- */

static int subscription_read(struct row *row, void *arg)
{
	struct store_lcm_subscription *s = arg;
	int err;

	*s = (struct store_lcm_subscription){0};
	s->vnfm = row_text(row);
	s->subscription = row_text(row);
	s->callback_uri = row_text(row);
	row_array(row, s->request_digest, sizeof(s->request_digest));
	s->created_ms = row_int(row);
	err = row_complete(row);
	if (err < 0)
		store_lcm_subscription_clear(s);
	return err;
}

int store_lcm_subscription_get(struct store_reader *r, const char *vnfm,
			       struct store_lcm_subscription *sp)
{
	return read_one(r, READ_LCM_SUBSCRIPTION, VALUES(value_text(vnfm)), subscription_read, sp);
}

static int event_read(struct row *row, void *arg)
{
	struct store_lcm_event *e = arg;
	int err;

	*e = (struct store_lcm_event){0};
	e->vnfm = row_text(row);
	e->vnf_instance = row_text(row);
	e->sequence = row_int(row);
	e->noted_ms = row_int(row);
	e->next_ms = row_int(row);
	e->attempts = (uint32_t)row_int(row);
	e->removed = row_int(row);
	e->deleted = row_int(row);
	e->unfinished = row_int(row);
	e->operation_id = row_text(row);
	err = row_complete(row);
	if (err < 0)
		store_lcm_event_clear(e);
	return err;
}

int store_lcm_event_due(struct store_reader *r, const char *vnfm, int64_t now_ms,
			struct store_lcm_event *ep)
{
	return read_one(r, READ_LCM_EVENT_DUE, VALUES(value_text(vnfm), value_int(now_ms)),
			event_read, ep);
}

int store_lcm_event_count(struct store_reader *r, const char *vnfm, uint32_t max, uint32_t *np)
{
	int64_t n = 0;
	int err = read_number(r, READ_LCM_EVENT_COUNT, VALUES(value_text(vnfm), value_int(max)), 0,
			      &n);

	*np = (uint32_t)n;
	return err;
}

/* --- changes --- */

int store_lcm_subscription_set(struct store_unit *u, const struct store_lcm_subscription *s)
{
	return unit_add(u, CHANGE_LCM_SUBSCRIPTION_SET,
			VALUES(value_text(s->vnfm), value_text(s->subscription),
			       value_text(s->callback_uri),
			       value_bytes(BYTES_OF(s->request_digest)), value_int(s->created_ms)));
}

int store_lcm_subscription_remove(struct store_unit *u, const char *vnfm, const char *subscription)
{
	return unit_add(u, CHANGE_LCM_SUBSCRIPTION_REMOVE,
			VALUES(value_text(vnfm), value_text(subscription)));
}

int store_lcm_event_note(struct store_unit *u, const struct store_lcm_event *e)
{
	return unit_add(u, CHANGE_LCM_EVENT_NOTE,
			VALUES(value_text(e->vnfm), value_text(e->vnf_instance),
			       value_int(e->noted_ms), value_int(e->removed), value_int(e->deleted),
			       value_int(e->unfinished), value_text(e->operation_id)));
}

int store_lcm_event_done(struct store_unit *u, const struct store_lcm_event *e)
{
	return unit_add(
		u, CHANGE_LCM_EVENT_DONE,
		VALUES(value_text(e->vnfm), value_text(e->vnf_instance), value_int(e->sequence)));
}

int store_lcm_event_retry(struct store_unit *u, const struct store_lcm_event *e)
{
	return unit_add(u, CHANGE_LCM_EVENT_RETRY,
			VALUES(value_text(e->vnfm), value_text(e->vnf_instance),
			       value_int(e->sequence), value_int(e->next_ms),
			       value_int(e->attempts)));
}

int store_lcm_events_remove(struct store_unit *u, const char *vnfm)
{
	return unit_add(u, CHANGE_LCM_EVENTS_REMOVE, VALUES(value_text(vnfm)));
}

int store_lcm_forget(struct store_unit *u, const char *vnfm)
{
	int err = store_lcm_events_remove(u, vnfm);

	return err < 0 ? err
		       : unit_add(u, CHANGE_LCM_SUBSCRIPTION_FORGET, VALUES(value_text(vnfm)));
}
