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

/* --- reading --- */

static int client_read(struct row *row, void *arg)
{
	struct store_client *c = arg;
	int err;

	*c = (struct store_client){0};
	c->id = row_int(row);
	c->name = row_text(row);
	c->trust_domain = row_text(row);
	c->permissions = (uint32_t)row_int(row);
	c->register_on_ir = row_int(row) != 0;
	c->default_profile = row_text(row);
	c->trust_anchor = row_octets(row);
	c->certificate = row_octets(row);
	c->subject = row_text(row);
	c->mac_reference = row_text(row);
	c->mac_secret = row_octets(row);
	c->created_ms = row_int(row);
	c->policy = row_text(row);
	c->entity = row_text(row);
	err = row_complete(row);
	if (err < 0)
		store_client_clear(c);
	return err;
}

struct client_walk {
	store_client_each *each;
	void *arg;
};

static int client_give(struct row *row, void *arg)
{
	const struct client_walk *walk = arg;
	_cleanup_(store_client_clear) struct store_client client = {0};
	int err = client_read(row, &client);

	return err < 0 ? err : walk->each(walk->arg, &client);
}

int store_client_list(struct store_reader *r, store_client_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_CLIENTS);
	struct client_walk walk = {each, arg};

	query_end(&q, ORDER_ID, 0);
	return query_walk(&q, client_give, &walk);
}

int store_client_generation(struct store_reader *r, int64_t *generationp)
{
	int err = read_number(r, READ_CLIENT_GENERATION, NULL, 0, -1, generationp);

	if (err == 0 && *generationp < 0)
		return log_fault("store: read client generation", -EUCLEAN, NULL);
	return err;
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
