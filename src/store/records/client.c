// SPDX-License-Identifier: Apache-2.0
/* Configured clients in the store, each with its credentials. */
#include "generation.h"
#include "reader.h"
#include "unit.h"

#include "base/log.h"

#include <errno.h>

void store_credential_clear(struct store_credential *c)
{
	octets_clear(&c->known_by);
	free(c->subject);
	octets_clear_secret(&c->content);
	*c = (struct store_credential){0};
}

void store_client_clear(struct store_client *c)
{
	free(c->name);
	free(c->trust_domain);
	free(c->default_profile);
	free(c->policy);
	free(c->entity);
	free(c->entity_vnf_instance);
	for (size_t i = 0; i < c->n_credentials; i++)
		store_credential_clear(&c->credentials[i]);
	free(c->credentials);
	*c = (struct store_client){0};
}

/* --- reading --- */

static void credential_read(struct row *row, struct store_credential *c)
{
	c->id = row_int(row);
	c->kind = (enum store_credential_kind)row_int(row);
	c->not_before_ms = row_int(row);
	c->not_after_ms = row_int(row);
	c->created_ms = row_int(row);
	c->known_by = row_octets(row);
	c->subject = row_text(row);
	c->content = row_octets(row);
}

/* Clients come as rows with a credential each, one without any as a row with none. */
struct client_walk {
	store_client_each *each;
	void *arg;
	struct store_client client; /* the one whose credentials are coming; id 0: none yet */
};

static void client_read(struct row *row, struct store_client *c)
{
	c->id = row_int(row);
	c->name = row_text(row);
	c->trust_domain = row_text(row);
	c->permissions = (uint32_t)row_int(row);
	c->register_on_ir = row_int(row) != 0;
	c->default_profile = row_text(row);
	c->created_ms = row_int(row);
	c->policy = row_text(row);
	c->entity = row_text(row);
	c->entity_vnf_instance = row_text(row);
}

static int client_give(struct client_walk *walk)
{
	int err = walk->client.id ? walk->each(walk->arg, &walk->client) : 0;

	store_client_clear(&walk->client);
	return err;
}

static int credential_append(struct store_client *client, struct store_credential *credential)
{
	struct store_credential *grown = reallocarray(
		client->credentials, client->n_credentials + 1, sizeof(*client->credentials));

	if (!grown)
		return -ENOMEM;
	client->credentials = grown;
	client->credentials[client->n_credentials++] = *credential;
	*credential = (struct store_credential){0};
	return 0;
}

static int client_row(struct row *row, void *arg)
{
	struct client_walk *walk = arg;
	_cleanup_(store_client_clear) struct store_client client = {0};
	_cleanup_(store_credential_clear) struct store_credential credential = {0};
	int err;

	client_read(row, &client);
	credential_read(row, &credential);
	err = row_complete(row);
	if (err == 0 && client.id != walk->client.id) {
		err = client_give(walk);
		walk->client = client;
		client = (struct store_client){0};
	}
	return err == 0 && credential.id ? credential_append(&walk->client, &credential) : err;
}

static int clients_walk(struct query *q, store_client_each *each, void *arg)
{
	struct client_walk walk = {.each = each, .arg = arg};
	int err;

	query_end(q, ORDER_CLIENT, 0);
	err = query_walk(q, client_row, &walk);
	if (err == 0)
		err = client_give(&walk);
	store_client_clear(&walk.client);
	return err;
}

int store_client_list(struct store_reader *r, int64_t after_id, store_client_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_CLIENTS);

	query_where(&q, WHERE_CLIENT_AFTER, value_int(after_id));
	return clients_walk(&q, each, arg);
}

int store_client_find(struct store_reader *r, const char *name, struct store_client *clientp)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_CLIENTS);
	struct client_walk walk = {0}; /* of one client, which it ends with */
	int err;

	query_where(&q, WHERE_CLIENT_NAME, value_text(name));
	query_end(&q, ORDER_CLIENT, 0);
	err = query_walk(&q, client_row, &walk);
	if (err == 0 && walk.client.id) {
		*clientp = walk.client;
		return 0;
	}
	store_client_clear(&walk.client);
	return err == 0 ? STORE_NOT_FOUND : err;
}

struct credential_walk {
	store_credential_each *each;
	void *arg;
};

static int credential_row(struct row *row, void *arg)
{
	const struct credential_walk *walk = arg;
	_cleanup_(store_credential_clear) struct store_credential credential = {0};
	_cleanup_(freep) char *client = NULL;
	int err;

	credential_read(row, &credential);
	client = row_text(row);
	err = row_complete(row);
	return err < 0 ? err : walk->each(walk->arg, &credential, client);
}

int store_credentials_known_by(struct store_reader *r, enum store_credential_kind kind,
			       struct bytes known_by, store_credential_each *each, void *arg)
{
	struct credential_walk walk = {each, arg};

	return read_each(r, READ_CREDENTIALS_KNOWN_BY,
			 VALUES(value_int(kind), value_bytes(known_by)), credential_row, &walk);
}

int store_client_generation(struct store_reader *r, int64_t *generationp)
{
	uint64_t changes = 0;
	int err;

	if (generation_known(r->clients, generationp, &changes))
		return r->driver->looked(r->database);
	err = read_number(r, READ_CLIENT_GENERATION, NULL, 0, -1, generationp);
	if (err == 0 && *generationp < 0)
		return log_fault("store: read client generation", -EUCLEAN, NULL);
	if (err == 0)
		generation_note(r->clients, changes, *generationp);
	return err;
}

/* --- changes --- */

int store_client_insert(struct store_unit *u, const struct store_client *c)
{
	int64_t id;
	int err = unit_add_result(u, CHANGE_CLIENT_INSERT, &id,
				  VALUES(value_text(c->name), value_text(c->trust_domain),
					 value_int(c->permissions), value_int(c->register_on_ir),
					 value_text(c->default_profile), value_int(c->created_ms),
					 value_text(c->policy), value_text(c->entity),
					 value_text(c->entity_vnf_instance)));

	for (size_t i = 0; err == 0 && i < c->n_credentials; i++)
		err = store_credential_insert(u, id, &c->credentials[i], NULL);
	return err;
}

int store_client_update(struct store_unit *u, const struct store_client *c)
{
	return unit_add(u, CHANGE_CLIENT_UPDATE,
			VALUES(value_text(c->name), value_int(c->permissions),
			       value_int(c->register_on_ir), value_text(c->default_profile),
			       value_text(c->policy), value_text(c->entity),
			       value_text(c->entity_vnf_instance)));
}

int store_client_remove(struct store_unit *u, const char *name)
{
	return unit_add(u, CHANGE_CLIENT_REMOVE, VALUES(value_text(name)));
}

int store_credential_insert(struct store_unit *u, int64_t client_id,
			    const struct store_credential *c, int64_t *idp)
{
	return unit_add_result(u, CHANGE_CREDENTIAL_INSERT, idp,
			       VALUES(value_id(client_id), value_int(c->kind),
				      value_int_unless(c->not_before_ms, 0),
				      value_int_unless(c->not_after_ms, 0),
				      value_int(c->created_ms), value_octets(&c->known_by),
				      value_text(c->subject), value_octets(&c->content)));
}

int store_credential_remove(struct store_unit *u, const char *client, int64_t id)
{
	return unit_add(u, CHANGE_CREDENTIAL_REMOVE, VALUES(value_text(client), value_int(id)));
}

int store_clients_require(struct store_unit *u, int64_t generation)
{
	return unit_add(u, CHANGE_CLIENTS_REQUIRE, VALUES(value_int(generation)));
}

int store_client_require(struct store_unit *u, const char *name, int64_t generation)
{
	return unit_add(u, CHANGE_CLIENT_REQUIRE, VALUES(value_int(generation), value_text(name)));
}
