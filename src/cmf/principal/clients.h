// SPDX-License-Identifier: Apache-2.0
/*
 * The configured clients as a snapshot: rows of the store with their credentials parsed, and found
 * by what a message has. A snapshot is immutable and counted; it is replaced when the store says
 * that clients changed. How a signer is verified against them is in signer.c.
 */
#pragma once

#include "cmf_private.h"
#include "principal/client_index.h"
#include "principal/credential.h"

struct client {
	struct store_client row;              /* secrets are sealed */
	struct client_credential *credential; /* row.n_credentials of them */
};

/* What clients (name) or credentials are looked for with. */
enum clients_by {
	CLIENTS_BY_NAME,
	CREDENTIALS_BY_REFERENCE,
	CREDENTIALS_BY_OAUTH2,
	CREDENTIALS_BY_CERTIFICATE, /* DER */
	CREDENTIALS_BY_SKI,         /* of the certificate */
	CREDENTIALS_BY_SUBJECT,     /* dn_hash() */
	CREDENTIALS_BY_ANCHOR, /* dn_hash() of an anchor's subject; where any subject will do */
	CLIENTS_BY_COUNT
};

struct clients {
	atomic_uint refs;
	int64_t generation;
	struct client *item;
	size_t len;
	size_t size;
	struct client_index by[CLIENTS_BY_COUNT];
	struct reserved reserved; /* their names */
	void *anchors;            /* tsearch(3): those of all credentials, by their PEM */
	int64_t *changes_ms;      /* when credentials begin or end to be good, in order */
	size_t n_changes;
};

/* The current snapshot, referenced for the caller. Thread-safe. 0 or negative errno. */
_must_check_ int clients_get(struct cmf *cmf, struct store_reader *reader,
			     struct clients **clientsp);
void clients_unref(struct clients *clients);
DEFINE_CLEANUP(struct clients, clients_unref);

/* NULL: there is none of that name. */
const struct client *clients_named(const struct clients *clients, const char *name);
/* The first credential with that key that is good at that time; NULL: there is none. */
const struct client_credential *clients_credential(const struct clients *clients,
						   enum clients_by by, struct bytes key,
						   int64_t now_ms);
/* Narrows a time to that in which the same credentials are good as now. */
void clients_unchanged(const struct clients *clients, int64_t now_ms, int64_t *fromp,
		       int64_t *untilp);

/* Adds the names by which a client is known, whether its credentials are good or not. 0 or -ENOMEM.
 */
_must_check_ int reserved_add_client(struct reserved *set, const struct client *client, size_t at);
/*
 * Makes the credentials of client->row ready for use. Anchors that `clients` or `before` know (both
 * may be NULL) are taken from there, the others kept in `clients`. One that cannot be used is
 * logged, and fits nothing. 0 or -ENOMEM.
 */
_must_check_ int client_credentials_parse(struct clients *clients, const struct clients *before,
					  struct client *client);
void client_credentials_clear(struct client *client);

/* The principal that a client of the snapshot is. 0, -ENOMEM, or -ENOENT (logged) if its policy is
 * not configured.
 */
_must_check_ int client_principal(const struct conf *conf, const struct clients *clients,
				  const struct client *client, enum cmf_principal_kind kind,
				  struct cmf_principal *principalp);
