// SPDX-License-Identifier: Apache-2.0
/* Configured clients in the store. */
#include "reader.h"
#include "unit.h"

#include "base/log.h"

#include <errno.h>

void store_client_clear(struct store_client *c)
{
	free(c->name);
	free(c->trust_domain);
	free(c->default_profile);
	free(c->policy);
	free(c->entity);
	octets_clear(&c->trust_anchor);
	octets_clear(&c->certificate);
	free(c->subject);
	free(c->mac_reference);
	octets_clear_secret(&c->mac_secret);
	memset(c, 0, sizeof(*c));
}

static int client_read(sqlite3_stmt *stmt, struct store_client *c)
{
	struct columns col = COLUMNS(stmt);

	c->id = column_int(&col);
	c->name = column_text(&col);
	c->trust_domain = column_text(&col);
	c->permissions = (uint32_t)column_int(&col);
	c->register_on_ir = column_int(&col) != 0;
	c->default_profile = column_text(&col);
	c->trust_anchor = column_octets(&col);
	c->certificate = column_octets(&col);
	c->subject = column_text(&col);
	c->mac_reference = column_text(&col);
	c->mac_secret = column_octets(&col);
	c->created_ms = column_int(&col);
	c->policy = column_text(&col);
	c->entity = column_text(&col);
	return reader_complete(&col);
}

struct client_walk {
	store_client_each *each;
	void *arg;
};

static int client_row(void *arg, sqlite3_stmt *stmt)
{
	const struct client_walk *walk = arg;
	_cleanup_(store_client_clear) struct store_client client = {0};
	int err = client_read(stmt, &client);

	return err < 0 ? err : walk->each(walk->arg, &client);
}

int store_client_list(struct store_reader *r, store_client_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = QUERY_NULL;
	struct client_walk walk = {each, arg};

	query_begin(&q, "SELECT " CLIENT_COLUMNS " FROM client");
	query_end(&q, "id", 0);
	return query_walk(r, &q, client_row, &walk);
}

int store_client_generation(struct store_reader *handle, int64_t *generationp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_CLIENT_GENERATION];
	int result = reader_step(r, stmt);

	if (result == STORE_NOT_FOUND)
		return log_fault("store: read client generation", -EUCLEAN, NULL);
	if (result == 0)
		*generationp = sqlite3_column_int64(stmt, 0);
	return result;
}

/* --- changes --- */

int store_client_insert(struct store_unit *u, const struct store_client *c)
{
	return unit_add(u, CHANGE_CLIENT_INSERT,
			VALUES(value_text(c->name), value_text(c->trust_domain),
			       value_int(c->permissions), value_int(c->register_on_ir),
			       value_text(c->default_profile), value_octets(&c->trust_anchor),
			       value_octets(&c->certificate), value_text(c->subject),
			       value_text(c->mac_reference), value_octets(&c->mac_secret),
			       value_int(c->created_ms), value_text(c->policy),
			       value_text(c->entity)));
}

int store_client_remove(struct store_unit *u, const char *name)
{
	return unit_add(u, CHANGE_CLIENT_REMOVE, VALUES(value_text(name)));
}

int store_clients_require(struct store_unit *u, int64_t generation)
{
	return unit_add(u, CHANGE_CLIENTS_REQUIRE, VALUES(value_int(generation)));
}
