// SPDX-License-Identifier: Apache-2.0
/* Subscriptions to events in the store, and how far each of them is. */
#include "store/event.h"

#include "reader.h"
#include "unit.h"

void store_subscription_clear(struct store_subscription *s)
{
	free(s->client);
	free(s->trust_domain);
	free(s->callback_uri);
	free(s->filter);
	free(s->user_name);
	free(s->token_endpoint);
	octets_clear(&s->secret);
	memset(s, 0, sizeof(*s));
}

/* --- reading --- */

static int subscription_read(struct row *row, void *arg)
{
	struct store_subscription *s = arg;
	int err;

	*s = (struct store_subscription){0};
	s->id = row_int(row);
	s->state = (enum store_subscription_state)row_int(row);
	s->position = row_int(row);
	s->next_ms = row_int(row);
	s->attempts = (uint32_t)row_int(row);
	s->failing_since_ms = row_int_or(row, 0);
	s->created_ms = row_int(row);
	s->client = row_text(row);
	s->trust_domain = row_text(row);
	s->callback_uri = row_text(row);
	s->filter = row_text(row);
	s->auth = (enum store_callback_auth)row_int(row);
	s->user_name = row_text(row);
	s->token_endpoint = row_text(row);
	s->secret = row_octets(row);
	err = row_complete(row);
	if (err < 0)
		store_subscription_clear(s);
	return err;
}

int store_subscription_get(struct store_reader *r, int64_t id, struct store_subscription *sp)
{
	return read_one(r, READ_SUBSCRIPTION_GET, VALUES(value_int(id)), subscription_read, sp);
}

int store_subscription_find(struct store_reader *r, const char *client, const char *callback_uri,
			    const char *filter, int64_t *idp)
{
	int err = read_number(
		r, READ_SUBSCRIPTION_FIND,
		VALUES(value_text(client), value_text(callback_uri), value_text(filter)), 0, idp);

	return err == 0 && *idp == 0 ? STORE_NOT_FOUND : err;
}

int store_subscription_count(struct store_reader *r, const char *client, uint32_t max, uint32_t *np)
{
	int64_t n = 0;
	int err = read_number(r, READ_SUBSCRIPTION_COUNT,
			      VALUES(value_text(client), value_int(max)), 0, &n);

	*np = (uint32_t)n;
	return err;
}

int store_subscription_any(struct store_reader *r, bool *anyp)
{
	return read_exists(r, READ_SUBSCRIPTION_ANY, NULL, 0, anyp);
}

struct subscription_walk {
	store_subscription_each *each;
	void *arg;
};

static int subscription_give(struct row *row, void *arg)
{
	const struct subscription_walk *walk = arg;
	_cleanup_(store_subscription_clear) struct store_subscription s = {0};
	int err = subscription_read(row, &s);

	return err < 0 ? err : walk->each(walk->arg, &s);
}

int store_subscription_list(struct store_reader *r, const struct store_subscription_filter *filter,
			    store_subscription_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_SUBSCRIPTIONS);
	struct subscription_walk walk = {each, arg};

	query_where(&q, WHERE_ID_AFTER, value_int(filter->after_id));
	if (filter->client)
		query_where(&q, WHERE_SUBSCRIPTION_CLIENT, value_text(filter->client));
	if (filter->trust_domain)
		query_where(&q, WHERE_TRUST_DOMAIN, value_text(filter->trust_domain));
	query_end(&q, ORDER_ID, filter->limit);
	return query_walk(&q, subscription_give, &walk);
}

static int due_add(struct row *row, void *arg)
{
	struct store_due *due = arg;

	due->id[due->len++] = row_int(row);
	return 0;
}

int store_subscription_due(struct store_reader *r, int64_t now_ms, struct store_due *duep)
{
	duep->len = 0;
	return read_each(r, READ_SUBSCRIPTION_DUE,
			 VALUES(value_int(now_ms), value_int(STORE_DUE_MAX)), due_add, duep);
}

struct backlog {
	int64_t n;
	int64_t oldest_ms;
};

static int backlog_read(struct row *row, void *arg)
{
	struct backlog *backlog = arg;

	backlog->n = row_int_or(row, 0);
	backlog->oldest_ms = row_int_or(row, 0);
	return 0;
}

int store_subscription_backlog(struct store_reader *r, uint32_t max, int64_t *np,
			       int64_t *oldest_msp)
{
	struct backlog backlog = {0};
	int err = read_one(r, READ_SUBSCRIPTION_BACKLOG, VALUES(value_int(max)), backlog_read,
			   &backlog);

	*np = backlog.n;
	*oldest_msp = backlog.oldest_ms;
	return err;
}

/* --- changes --- */

int store_subscriptions_require(struct store_unit *u, const char *client, uint32_t max)
{
	return unit_add(u, CHANGE_SUBSCRIPTIONS_REQUIRE,
			VALUES(value_text(client), value_int(max)));
}

int store_subscription_insert(struct store_unit *u, const struct store_subscription *s,
			      int64_t *idp)
{
	return unit_add_result(u, CHANGE_SUBSCRIPTION_INSERT, idp,
			       VALUES(value_text(s->client), value_text(s->trust_domain),
				      value_text(s->callback_uri), value_text(s->filter),
				      value_int(s->auth), value_text(s->user_name),
				      value_text(s->token_endpoint), value_octets(&s->secret),
				      value_int(s->created_ms)));
}

int store_subscription_remove(struct store_unit *u, int64_t id)
{
	return unit_add(u, CHANGE_SUBSCRIPTION_REMOVE, VALUES(value_int(id)));
}

int store_subscription_update(struct store_unit *u, const struct store_subscription *s)
{
	return unit_add(u, CHANGE_SUBSCRIPTION_UPDATE,
			VALUES(value_int(s->id), value_int(s->state), value_int(s->position),
			       value_int(s->next_ms), value_int(s->attempts),
			       value_int_unless(s->failing_since_ms, 0)));
}
