// SPDX-License-Identifier: Apache-2.0
/*
 * The configured clients as a snapshot: rows of the store with trust anchors and subjects parsed.
 * A snapshot is immutable and counted; it is replaced when the store says that clients changed.
 * How a signer is verified against them is in signer.c.
 */
#pragma once

#include "cmf_private.h"

struct client {
	struct store_client row;       /* mac_secret is sealed */
	X509_NAME *subject;            /* NULL: any below the anchors */
	X509_STORE *anchors;           /* NULL: none, or an exact certificate is asked for */
	STACK_OF(X509) * anchor_certs; /* those in it */
};

struct clients {
	atomic_uint refs;
	int64_t generation;
	struct client *item;
	size_t len;
	size_t size;
	struct reserved reserved; /* their names */
};

/* The current snapshot, referenced for the caller. Thread-safe. 0 or negative errno. */
_must_check_ int clients_get(struct cmf *cmf, struct store_reader *reader,
			     struct clients **clientsp);
void clients_unref(struct clients *clients);
DEFINE_CLEANUP(struct clients, clients_unref);

/* What a row of the store says, ready for use. 0, -EINVAL if anchor or subject are unusable; then
 * the rest is there. */
_must_check_ int client_parse(const struct store_client *row, struct client *client);
void client_clear(struct client *client);

/* The principal that a client is. 0, -ENOMEM, or -ENOENT (logged) if its policy is not configured.
 */
_must_check_ int client_principal(const struct conf *conf, const struct client *client,
				  enum cmf_principal_kind kind, struct cmf_principal *principalp);

/* Adds the names by which a client is known. 0 or -ENOMEM. */
_must_check_ int reserved_add_client(struct reserved *set, const struct client *client, size_t at);
