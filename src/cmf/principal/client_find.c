// SPDX-License-Identifier: Apache-2.0
/*
 * Who a client is by what needs no path of certificates: the reference of a secret, the id of an
 * OAuth2 client, its name for the operator. The snapshot that it is looked up in is clients.c's;
 * by a certificate it is found in signer.c.
 */
#include "principal/signer_path.h"

#include <errno.h>
#include <string.h>

static int text_copy(const char *text, char **copyp)
{
	*copyp = text ? strdup(text) : NULL;
	return text && !*copyp ? -ENOMEM : 0;
}

int client_principal(const struct conf *conf, const struct clients *clients,
		     const struct client *client, enum cmf_principal_kind kind,
		     struct cmf_principal *principalp)
{
	struct cmf_principal p = {
		.kind = kind,
		.permissions = client->row.permissions,
		.register_on_ir = client->row.register_on_ir,
		.policy = conf_client_policy_find(conf, client->row.policy),
		.clients_generation = clients->generation,
	};

	/* Another policy in its place could allow what this one forbids. */
	if (!p.policy)
		return log_fault("cmf: a client names a policy that is not configured", -ENOENT,
				 client->row.name);
	if (text_copy(client->row.name, &p.name) < 0 ||
	    text_copy(client->row.trust_domain, &p.trust_domain) < 0 ||
	    text_copy(client->row.default_profile, &p.default_profile) < 0) {
		cmf_principal_clear(&p);
		return -ENOMEM;
	}
	*principalp = p;
	return 0;
}

/* With that shared secret; NULL: with none. */
static int client_with_secret(struct cmf *cmf, const struct clients *clients,
			      const struct client *client, const struct store_credential *secret,
			      struct cmf_principal *principalp)
{
	_cleanup_(cmf_principal_clear) struct cmf_principal principal = {0};
	int err = client_principal(cmf->conf, clients, client, CMF_PRINCIPAL_CLIENT, &principal);

	if (err == 0 && secret)
		err = secret_open(cmf, octets_view(&secret->known_by),
				  octets_view(&secret->content), &principal.mac_secret);
	if (err < 0)
		return err;
	*principalp = principal;
	principal = (struct cmf_principal){0};
	return 0;
}

/* The one whose credential has that key. 0, REFUSED for that reason, negative errno. */
static int client_known_by(const struct cmf_call *call, enum clients_by by, struct bytes key,
			   enum refusal_reason otherwise, struct cmf_principal *principalp)
{
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	const struct client_credential *c;
	int err = clients_get(call->cmf, call->reader, &clients);

	if (err < 0)
		return err;
	c = clients_credential(clients, by, key, call->now_ms);
	if (!c)
		return refuse(call->refusal, otherwise);
	err = client_with_secret(call->cmf, clients, c->client,
				 by == CREDENTIALS_BY_REFERENCE ? c->row : NULL, principalp);
	if (err == 0)
		principalp->credential_id = c->row->id;
	return err;
}

int cmf_mac_client_find(const struct cmf_call *call, struct bytes reference,
			struct cmf_principal *principalp)
{
	return client_known_by(call, CREDENTIALS_BY_REFERENCE, reference,
			       REFUSAL_mac_reference_unknown, principalp);
}

int cmf_oauth2_client_find(const struct cmf_call *call, const char *client_id,
			   struct cmf_principal *principalp)
{
	return client_known_by(call, CREDENTIALS_BY_OAUTH2, bytes_of_string(client_id),
			       REFUSAL_oauth2_client_unknown, principalp);
}

int cmf_mac_reference_taken(struct cmf *cmf, struct store_reader *reader, struct bytes reference,
			    bool *takenp)
{
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	size_t n;
	int err = clients_get(cmf, reader, &clients);

	if (err < 0)
		return err;
	/* Whether it is good now or not. */
	*takenp = client_index_find(&clients->by[CREDENTIALS_BY_REFERENCE], reference, &n);
	return 0;
}

int cmf_admin_for_client(const struct cmf_call *call, const char *client_name,
			 struct cmf_principal *principalp)
{
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	const struct client *client;
	int err = clients_get(call->cmf, call->reader, &clients);

	if (err < 0)
		return err;
	client = clients_named(clients, client_name);
	if (!client)
		return refuse(call->refusal, REFUSAL_client_unknown);
	return client_principal(call->cmf->conf, clients, client, CMF_PRINCIPAL_ADMIN, principalp);
}

/* A secret that is good at that time; NULL: there is none. */
static const struct store_credential *client_secret(const struct client *client, int64_t now_ms)
{
	for (size_t i = 0; i < client->row.n_credentials; i++) {
		const struct store_credential *c = &client->row.credentials[i];

		if (c->kind == STORE_CREDENTIAL_SECRET && credential_good(c, now_ms))
			return c;
	}
	return NULL;
}

int cmf_client_assume(const struct cmf_call *call, const char *client_name,
		      struct cmf_principal *principalp)
{
	const char *slash = strchr(client_name, '/');
	_cleanup_(freep) char *name =
		slash ? strndup(client_name, (size_t)(slash - client_name)) : strdup(client_name);
	_cleanup_(cmf_principal_clear) struct cmf_principal p = {0};
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	const struct client *client;
	int err = name ? clients_get(call->cmf, call->reader, &clients) : -ENOMEM;

	if (err < 0)
		return err;
	client = clients_named(clients, name);
	if (!client)
		return refuse_detail(call->refusal, REFUSAL_client_not_permitted,
				     "there is no such client");
	err = client_with_secret(call->cmf, clients, client, client_secret(client, call->now_ms),
				 &p);
	if (err == 0 && slash && p.policy->entity_from_signer == CONF_SIGNER_ENTITY_NONE)
		err = refuse_detail(call->refusal, REFUSAL_client_not_permitted,
				    "the client has no entities by their certificates");
	if (err == 0 && slash)
		err = signer_entity_set(&p, slash + 1);
	if (err != 0)
		return err;
	*principalp = p;
	p = (struct cmf_principal){0};
	return 0;
}
