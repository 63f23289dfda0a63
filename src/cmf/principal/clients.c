// SPDX-License-Identifier: Apache-2.0
/* The snapshot of configured clients. See clients.h. */
#include "asn1/dn.h"
#include "principal/signer_path.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* Certificates in the trust_anchor of one client. */
enum { ANCHORS_MAX = 64 };

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

static void x509_freep(X509 **cert)
{
	X509_free(*cert);
}

void client_clear(struct client *client)
{
	store_client_clear(&client->row);
	X509_NAME_free(client->subject);
	X509_STORE_free(client->anchors);
	sk_X509_pop_free(client->anchor_certs, X509_free);
	*client = (struct client){0};
}

/* PEM certificates to anchors. -EINVAL if there are none or they do not parse. */
static int anchors_parse(struct bytes pem, struct client *client)
{
	_cleanup_(bio_freep) BIO *bio = NULL;
	int n = 0;

	if (pem.len > INT32_MAX)
		return -EINVAL;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	client->anchors = X509_STORE_new();
	client->anchor_certs = sk_X509_new_null();
	if (!client->anchors || !client->anchor_certs || !bio)
		return -ENOMEM;
	for (; n <= ANCHORS_MAX; n++) {
		_cleanup_(x509_freep) X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (!cert)
			break;
		if (X509_STORE_add_cert(client->anchors, cert) != 1 ||
		    sk_X509_push(client->anchor_certs, cert) <= 0)
			return -ENOMEM;
		(void)TAKE(cert);
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE || n == 0 ||
	    n > ANCHORS_MAX)
		return -EINVAL;
	ERR_clear_error();
	return 0;
}

static int text_copy(const char *text, char **copyp)
{
	*copyp = text ? strdup(text) : NULL;
	return text && !*copyp ? -ENOMEM : 0;
}

static int row_copy(const struct store_client *row, struct store_client *copy)
{
	copy->id = row->id;
	copy->permissions = row->permissions;
	copy->register_on_ir = row->register_on_ir;
	copy->created_ms = row->created_ms;
	if (text_copy(row->name, &copy->name) < 0 ||
	    text_copy(row->trust_domain, &copy->trust_domain) < 0 ||
	    text_copy(row->default_profile, &copy->default_profile) < 0 ||
	    text_copy(row->policy, &copy->policy) < 0 ||
	    text_copy(row->entity, &copy->entity) < 0 ||
	    text_copy(row->subject, &copy->subject) < 0 ||
	    text_copy(row->mac_reference, &copy->mac_reference) < 0)
		return -ENOMEM;
	if (octets_dup(octets_view(&row->certificate), &copy->certificate) < 0 ||
	    octets_dup(octets_view(&row->mac_secret), &copy->mac_secret) < 0)
		return -ENOMEM;
	return 0;
}

int client_parse(const struct store_client *row, struct client *client)
{
	int err = row_copy(row, &client->row);

	/* An exact certificate is trusted by itself: neither anchor nor subject widens that. */
	if (err < 0 || row->certificate.len > 0)
		return err;
	if (row->subject)
		err = dn_parse(row->subject, &client->subject, NULL);
	if (err == 0 && row->trust_anchor.len > 0)
		err = anchors_parse(octets_view(&row->trust_anchor), client);
	return err;
}

/* --- the names that a client is known by --- */

int reserved_add_client(struct reserved *set, const struct client *client, size_t at)
{
	const unsigned char *p = client->row.certificate.data;
	X509 *exact = client->row.certificate.len
			      ? d2i_X509(NULL, &p, (long)client->row.certificate.len)
			      : NULL;
	int err = reserved_add_name(set, bytes_of_string(client->row.name), at);

	if (err == 0 && client->row.mac_reference)
		err = reserved_add_name(set, bytes_of_string(client->row.mac_reference), at);
	if (err == 0 && client->subject)
		err = reserved_add_dn(set, client->subject, at);
	if (err == 0 && exact)
		err = reserved_add_certificate(set, exact, at);
	X509_free(exact);
	ERR_clear_error();
	return err;
}

/* --- the snapshot --- */

static int client_add(void *arg, const struct store_client *row)
{
	struct clients *clients = arg;
	struct client *client;
	int err;

	if (clients->len == clients->size) {
		size_t size = clients->size ? clients->size * 2 : 16;
		struct client *grown = reallocarray(clients->item, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		clients->item = grown;
		clients->size = size;
	}
	client = &clients->item[clients->len];
	*client = (struct client){0};
	err = client_parse(row, client);
	if (err == 0) {
		clients->len++;
		return reserved_add_client(&clients->reserved, client, clients->len - 1);
	}
	client_clear(client);
	if (err == -ENOMEM)
		return err;
	/* One entry that cannot be used must not shut out the others. */
	log_fault("cmf: client has an unusable trust anchor or subject", err, row->name);
	return 0;
}

static int clients_load(struct store_reader *reader, int64_t generation, struct clients **clientsp)
{
	_cleanup_(clients_unrefp) struct clients *clients = calloc(1, sizeof(*clients));
	int err;

	if (!clients)
		return -ENOMEM;
	atomic_init(&clients->refs, 1);
	clients->generation = generation;
	err = store_client_list(reader, client_add, clients);
	if (err < 0)
		return err;
	reserved_sort(&clients->reserved);
	*clientsp = TAKE(clients);
	return 0;
}

/* The snapshot of that generation or a newer one, referenced; NULL if the newest is older. */
static struct clients *clients_current(struct cmf *cmf, int64_t generation)
{
	struct clients *clients;

	pthread_mutex_lock(&cmf->clients_mutex);
	clients = cmf->clients;
	if (clients && clients->generation >= generation)
		atomic_fetch_add(&clients->refs, 1);
	else
		clients = NULL;
	pthread_mutex_unlock(&cmf->clients_mutex);
	return clients;
}

int clients_get(struct cmf *cmf, struct store_reader *reader, struct clients **clientsp)
{
	struct clients *fresh = NULL, *old = NULL;
	int64_t generation;
	/* The generation is read first: rows that are newer than it are only read once more. */
	int err = store_client_generation(reader, &generation);

	if (err < 0)
		return err;
	*clientsp = clients_current(cmf, generation);
	if (*clientsp)
		return 0;
	err = clients_load(reader, generation, &fresh);
	if (err < 0)
		return err;
	*clientsp = fresh;
	pthread_mutex_lock(&cmf->clients_mutex);
	if (!cmf->clients || cmf->clients->generation < generation) {
		old = cmf->clients;
		cmf->clients = fresh;
		atomic_fetch_add(&fresh->refs, 1);
	}
	pthread_mutex_unlock(&cmf->clients_mutex);
	clients_unref(old);
	return 0;
}

void clients_unref(struct clients *clients)
{
	if (!clients || atomic_fetch_sub(&clients->refs, 1) != 1)
		return;
	for (size_t i = 0; i < clients->len; i++)
		client_clear(&clients->item[i]);
	free(clients->item);
	reserved_clear(&clients->reserved);
	free(clients);
}

int client_principal(const struct conf *conf, const struct client *client,
		     enum cmf_principal_kind kind, struct cmf_principal *principalp)
{
	struct cmf_principal p = {
		.kind = kind,
		.permissions = client->row.permissions,
		.register_on_ir = client->row.register_on_ir,
		.policy = conf_client_policy_find(conf, client->row.policy),
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

/* With the shared secret, if it has one. */
static int client_with_secret(struct cmf *cmf, const struct client *client,
			      struct cmf_principal *principalp)
{
	_cleanup_(cmf_principal_clear) struct cmf_principal principal = {0};
	int err = client_principal(cmf->conf, client, CMF_PRINCIPAL_CLIENT, &principal);

	if (err == 0 && client->row.mac_reference)
		err = secret_open(cmf, client->row.mac_reference,
				  octets_view(&client->row.mac_secret), &principal.mac_secret);
	if (err < 0)
		return err;
	*principalp = principal;
	principal = (struct cmf_principal){0};
	return 0;
}

int cmf_mac_client_find(const struct cmf_call *call, struct bytes reference,
			struct cmf_principal *principalp)
{
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	int err = clients_get(call->cmf, call->reader, &clients);

	if (err < 0)
		return err;
	for (size_t i = 0; i < clients->len; i++) {
		const struct client *client = &clients->item[i];

		if (client->row.mac_reference &&
		    bytes_equal(bytes_of_string(client->row.mac_reference), reference))
			return client_with_secret(call->cmf, client, principalp);
	}
	return refuse(call->refusal, REFUSAL_mac_reference_unknown);
}

int cmf_mac_reference_taken(struct cmf *cmf, struct store_reader *reader, struct bytes reference,
			    bool *takenp)
{
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	int err = clients_get(cmf, reader, &clients);

	if (err < 0)
		return err;
	*takenp = false;
	for (size_t i = 0; i < clients->len; i++) {
		const char *own = clients->item[i].row.mac_reference;

		*takenp |= own && bytes_equal(bytes_of_string(own), reference);
	}
	return 0;
}

static const struct client *client_named(const struct clients *clients, const char *name)
{
	for (size_t i = 0; i < clients->len; i++)
		if (strcmp(clients->item[i].row.name, name) == 0)
			return &clients->item[i];
	return NULL;
}

int cmf_admin_for_client(const struct cmf_call *call, const char *client_name,
			 struct cmf_principal *principalp)
{
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	const struct client *client;
	int err = clients_get(call->cmf, call->reader, &clients);

	if (err < 0)
		return err;
	client = client_named(clients, client_name);
	if (!client)
		return refuse(call->refusal, REFUSAL_client_unknown);
	return client_principal(call->cmf->conf, client, CMF_PRINCIPAL_ADMIN, principalp);
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
	client = client_named(clients, name);
	if (!client)
		return refuse_detail(call->refusal, REFUSAL_client_not_permitted,
				     "there is no such client");
	err = client_with_secret(call->cmf, client, &p);
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
