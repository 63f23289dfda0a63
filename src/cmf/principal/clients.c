// SPDX-License-Identifier: Apache-2.0
/* The snapshot of configured clients. See clients.h; whom a message is from, by one of these, is
 * found in client_find.c and signer.c. */
#include "principal/clients.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <search.h>
#include <string.h>

/* --- the credentials of a client --- */

void client_credentials_clear(struct client *client)
{
	for (size_t i = 0; client->credential && i < client->row.n_credentials; i++)
		client_credential_clear(&client->credential[i]);
	free(TAKE(client->credential));
}

static int anchors_order(const void *a, const void *b)
{
	const struct anchors *x = a, *y = b;

	if (x->pem.len != y->pem.len)
		return x->pem.len < y->pem.len ? -1 : 1;
	return x->pem.len ? memcmp(x->pem.data, y->pem.data, x->pem.len) : 0;
}

/* Those with that PEM, borrowed; NULL: they are not known. */
static struct anchors *anchors_known(const struct clients *clients, const struct octets *pem)
{
	const struct anchors sought = {.pem = *pem};
	struct anchors *const *found =
		clients ? tfind(&sought, &clients->anchors, anchors_order) : NULL;

	return found ? *found : NULL;
}

/* For the credentials and snapshots that follow. */
static int anchors_keep(struct clients *clients, struct anchors *anchors)
{
	if (anchors_known(clients, &anchors->pem))
		return 0;
	if (!tsearch(anchors, &clients->anchors, anchors_order))
		return -ENOMEM;
	atomic_fetch_add(&anchors->refs, 1);
	return 0;
}

int client_credentials_parse(struct clients *clients, const struct clients *before,
			     struct client *client)
{
	int err = 0;

	client->credential = calloc(client->row.n_credentials + 1, sizeof(*client->credential));
	if (!client->credential)
		return -ENOMEM;
	for (size_t i = 0; err == 0 && i < client->row.n_credentials; i++) {
		const struct store_credential *row = &client->row.credentials[i];
		struct client_credential *c = &client->credential[i];
		struct anchors *known = anchors_known(clients, &row->content);

		err = client_credential_parse(
			row, known ? known : anchors_known(before, &row->content), c);
		c->client = client;
		if (err == 0 && c->anchors && clients)
			err = anchors_keep(clients, c->anchors);
		/* One entry that cannot be used must not shut out the others. */
		if (err == -EINVAL) {
			log_fault("cmf: client has an unusable trust anchor or subject", err,
				  client->row.name);
			err = 0;
		}
	}
	return err;
}

static void client_clear(struct client *client)
{
	client_credentials_clear(client);
	store_client_clear(&client->row);
}

/* --- the names that a client is known by --- */

static int reserved_add_credential(struct reserved *set, const struct client_credential *c,
				   size_t at)
{
	const unsigned char *p = c->row->content.data;
	X509 *exact;
	int err;

	switch (c->row->kind) {
	case STORE_CREDENTIAL_SECRET:
	case STORE_CREDENTIAL_OAUTH2:
		return reserved_add_name(set, octets_view(&c->row->known_by), at);
	case STORE_CREDENTIAL_ANCHOR:
		return c->subject ? reserved_add_dn(set, c->subject, at) : 0;
	case STORE_CREDENTIAL_CERTIFICATE:
		exact = d2i_X509(NULL, &p, (long)c->row->content.len);
		err = exact ? reserved_add_certificate(set, exact, at) : 0;
		X509_free(exact);
		ERR_clear_error();
		return err;
	default:
		return 0;
	}
}

int reserved_add_client(struct reserved *set, const struct client *client, size_t at)
{
	int err = reserved_add_name(set, bytes_of_string(client->row.name), at);

	for (size_t i = 0; err == 0 && i < client->row.n_credentials; i++)
		err = reserved_add_credential(set, &client->credential[i], at);
	return err;
}

/* --- what they are found by --- */

static int anchors_index(struct clients *clients, const struct client_credential *c)
{
	int err = 0;

	if (c->subject)
		return client_index_add(&clients->by[CREDENTIALS_BY_SUBJECT],
					BYTES_OF(c->subject_hash), c);
	for (size_t i = 0; err == 0 && c->anchors && i < c->anchors->n_hashes; i++)
		err = client_index_add(&clients->by[CREDENTIALS_BY_ANCHOR],
				       BYTES_OF(c->anchors->hash[i]), c);
	return err;
}

static int credential_index(struct clients *clients, const struct client_credential *c)
{
	struct bytes known_by = octets_view(&c->row->known_by);
	int err;

	switch (c->row->kind) {
	case STORE_CREDENTIAL_SECRET:
		return client_index_add(&clients->by[CREDENTIALS_BY_REFERENCE], known_by, c);
	case STORE_CREDENTIAL_OAUTH2:
		return client_index_add(&clients->by[CREDENTIALS_BY_OAUTH2], known_by, c);
	case STORE_CREDENTIAL_ANCHOR:
		return anchors_index(clients, c);
	case STORE_CREDENTIAL_CERTIFICATE:
		err = client_index_add(&clients->by[CREDENTIALS_BY_CERTIFICATE],
				       octets_view(&c->row->content), c);
		return err == 0 && c->ski.len ? client_index_add(&clients->by[CREDENTIALS_BY_SKI],
								 octets_view(&c->ski), c)
					      : err;
	default:
		return 0;
	}
}

static int client_index(struct clients *clients, const struct client *client)
{
	int err = client_index_add(&clients->by[CLIENTS_BY_NAME], bytes_of_string(client->row.name),
				   client);

	for (size_t i = 0; err == 0 && i < client->row.n_credentials; i++)
		err = credential_index(clients, &client->credential[i]);
	return err;
}

const struct client *clients_named(const struct clients *clients, const char *name)
{
	size_t n;
	const struct client_index_entry *entry =
		client_index_find(&clients->by[CLIENTS_BY_NAME], bytes_of_string(name), &n);

	return entry ? entry->item : NULL;
}

const struct client_credential *clients_credential(const struct clients *clients,
						   enum clients_by by, struct bytes key,
						   int64_t now_ms)
{
	size_t n;
	const struct client_index_entry *entry = client_index_find(&clients->by[by], key, &n);

	for (size_t i = 0; i < n; i++) {
		const struct client_credential *c = entry[i].item;

		if (credential_good(c->row, now_ms))
			return c;
	}
	return NULL;
}

/* --- when that changes by itself --- */

static int time_order(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int changes_gather(struct clients *clients)
{
	size_t n = 0;

	for (size_t i = 0; i < clients->len; i++)
		n += clients->item[i].row.n_credentials;
	clients->changes_ms = calloc(2 * n + 1, sizeof(*clients->changes_ms));
	if (!clients->changes_ms)
		return -ENOMEM;
	for (size_t i = 0; i < clients->len; i++) {
		const struct store_client *row = &clients->item[i].row;

		for (size_t j = 0; j < row->n_credentials; j++) {
			if (row->credentials[j].not_before_ms)
				clients->changes_ms[clients->n_changes++] =
					row->credentials[j].not_before_ms;
			if (row->credentials[j].not_after_ms)
				clients->changes_ms[clients->n_changes++] =
					row->credentials[j].not_after_ms + 1;
		}
	}
	if (clients->n_changes)
		qsort(clients->changes_ms, clients->n_changes, sizeof(*clients->changes_ms),
		      time_order);
	return 0;
}

void clients_unchanged(const struct clients *clients, int64_t now_ms, int64_t *fromp,
		       int64_t *untilp)
{
	size_t low = 0, high = clients->n_changes;

	/* The first one that is still to come. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (clients->changes_ms[middle] <= now_ms)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0 && clients->changes_ms[low - 1] > *fromp)
		*fromp = clients->changes_ms[low - 1];
	if (low < clients->n_changes && clients->changes_ms[low] - 1 < *untilp)
		*untilp = clients->changes_ms[low] - 1;
}

/* --- the snapshot --- */

static int client_add(void *arg, struct store_client *row)
{
	struct clients *clients = arg;

	if (clients->len == clients->size) {
		size_t size = clients->size ? clients->size * 2 : 16;
		struct client *grown = reallocarray(clients->item, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		clients->item = grown;
		clients->size = size;
	}
	clients->item[clients->len++] = (struct client){.row = *row};
	*row = (struct store_client){0};
	return 0;
}

/* Once no client moves any more. */
static int clients_prepare(struct clients *clients, const struct clients *before)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < clients->len; i++) {
		err = client_credentials_parse(clients, before, &clients->item[i]);
		if (err == 0)
			err = client_index(clients, &clients->item[i]);
		if (err == 0)
			err = reserved_add_client(&clients->reserved, &clients->item[i], i);
	}
	for (size_t i = 0; i < CLIENTS_BY_COUNT; i++)
		client_index_sort(&clients->by[i]);
	reserved_sort(&clients->reserved);
	return err == 0 ? changes_gather(clients) : err;
}

static int clients_load(struct store_reader *reader, int64_t generation,
			const struct clients *before, struct clients **clientsp)
{
	_cleanup_(clients_unrefp) struct clients *clients = calloc(1, sizeof(*clients));
	int err;

	if (!clients)
		return -ENOMEM;
	atomic_init(&clients->refs, 1);
	clients->generation = generation;
	err = store_client_list(reader, 0, client_add, clients);
	if (err == 0)
		err = clients_prepare(clients, before);
	if (err == 0)
		*clientsp = TAKE(clients);
	return err;
}

/* The newest snapshot there is, referenced; NULL: none. */
static struct clients *clients_newest(struct cmf *cmf)
{
	struct clients *clients;

	pthread_mutex_lock(&cmf->clients_mutex);
	clients = cmf->clients;
	if (clients)
		atomic_fetch_add(&clients->refs, 1);
	pthread_mutex_unlock(&cmf->clients_mutex);
	return clients;
}

int clients_get(struct cmf *cmf, struct store_reader *reader, struct clients **clientsp)
{
	_cleanup_(clients_unrefp) struct clients *before = NULL;
	struct clients *fresh = NULL, *old = NULL;
	int64_t generation;
	/* The generation is read first: rows that are newer than it are only read once more. */
	int err = store_client_generation(reader, &generation);

	if (err < 0)
		return err;
	before = clients_newest(cmf);
	if (before && before->generation >= generation) {
		*clientsp = TAKE(before);
		return 0;
	}
	err = clients_load(reader, generation, before, &fresh);
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

static void anchors_forget(void *anchors)
{
	anchors_unref(anchors);
}

void clients_unref(struct clients *clients)
{
	if (!clients || atomic_fetch_sub(&clients->refs, 1) != 1)
		return;
	for (size_t i = 0; i < clients->len; i++)
		client_clear(&clients->item[i]);
	free(clients->item);
	for (size_t i = 0; i < CLIENTS_BY_COUNT; i++)
		client_index_clear(&clients->by[i]);
	reserved_clear(&clients->reserved);
	tdestroy(clients->anchors, anchors_forget);
	free(clients->changes_ms);
	free(clients);
}
