// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a name is one that no entity gets: for requests, and for the operator, who adds a client
 * or wants to know what was registered before. The names come from reserved.c and clients.c.
 */
#include "principal/name_reserved.h"

#include "base/name_fold.h"
#include "cmf_private.h"
#include "principal/clients.h"

#include <errno.h>
#include <string.h>

/* The place of the first that is not below. */
static size_t first_from(const struct reserved *set, const char *text)
{
	size_t low = 0, high = set->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(set->item[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The entity that a client is; without subject_id: none. */
static struct store_entity entity_of(const struct store_client *client)
{
	return (struct store_entity){client->trust_domain,
				     client->entity_vnf_instance ? client->entity_vnf_instance : "",
				     client->entity};
}

static bool may_have(const struct clients *clients, size_t client,
		     const struct store_entity *entity)
{
	struct store_entity own = {0};

	if (clients)
		own = entity_of(&clients->item[client].row);
	return own.subject_id && store_entity_same(&own, entity);
}

/* clients NULL: the names are the CMF's. */
static bool is_in(const struct reserved *set, const struct clients *clients, const char *text,
		  const struct store_entity *entity)
{
	bool found = false, wild = strchr(text, '*') != NULL;

	for (size_t i = wild ? 0 : first_from(set, text); i < set->len; i++) {
		const struct reserved_name *name = &set->item[i];

		if (strcmp(name->text, text) != 0 && !(wild && name_covers(text, name->text))) {
			if (wild)
				continue;
			break;
		}
		if (!may_have(clients, name->client, entity))
			found = true;
		else if (!wild)
			return false;
	}
	return found;
}

int name_reserved_among(const struct cmf *cmf, const struct clients *clients, struct bytes name,
			const struct store_entity *entity, const char **whop)
{
	_cleanup_(freep) char *text = NULL;
	int err = name_fold(name, &text);

	if (err < 0)
		return err;
	*whop = NULL;
	if (is_in(&cmf->reserved, NULL, text, entity))
		*whop = "the name is the CMF's or that of a CA";
	else if (is_in(&clients->reserved, clients, text, entity))
		*whop = "the name is that of a client, which is not said to be this entity";
	return 0;
}

int name_reserved(const struct cmf_call *call, struct bytes name, const struct store_entity *entity,
		  const char **whop)
{
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	int err = clients_get(call->cmf, call->reader, &clients);

	return err < 0 ? err : name_reserved_among(call->cmf, clients, name, entity, whop);
}

/* --- for the operator --- */

int cmf_client_name_taken(struct store_reader *reader, const struct store_client *row,
			  struct store_unit *unit, char **namep)
{
	struct client client = {.row = *row}; /* borrowed */
	struct reserved set = {NULL, 0, 0};
	const struct store_entity own = entity_of(row), *except = own.subject_id ? &own : NULL;
	int err = client_credentials_parse(NULL, NULL, &client);

	*namep = NULL;
	if (err == 0)
		err = reserved_add_client(&set, &client, 0);
	for (size_t i = 0; err == 0 && i < set.len && !*namep; i++) {
		bool taken = false;

		err = store_subject_taken(reader, set.item[i].text, except, &taken);
		if (err == 0 && taken)
			*namep = TAKE(set.item[i].text);
		else if (err == 0)
			err = store_subject_require(unit, set.item[i].text, except);
	}
	client_credentials_clear(&client);
	reserved_clear(&set);
	return err;
}

struct registrations_walk {
	const struct cmf *cmf;
	const struct clients *clients;
	cmf_reserved_each *each;
	void *arg;
};

static int registration_row(void *arg, const struct store_registration *reg)
{
	const struct registrations_walk *walk = arg;
	const struct store_entity entity = store_registration_entity(reg);
	const char *who;
	int err = name_reserved_among(walk->cmf, walk->clients, bytes_of_string(reg->subject_id),
				      &entity, &who);

	return err == 0 && who ? walk->each(walk->arg, reg, who) : err;
}

int cmf_reserved_registrations(struct cmf *cmf, struct store_reader *reader,
			       cmf_reserved_each *each, void *arg)
{
	static const struct store_registration_filter all = {.cert_type = -1};
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	struct registrations_walk walk = {cmf, NULL, each, arg};
	int err = clients_get(cmf, reader, &clients);

	walk.clients = clients;
	return err < 0 ? err : store_registration_list(reader, &all, registration_row, &walk);
}
