// SPDX-License-Identifier: Apache-2.0
/*
 * What a client proves itself with, ready for use: a row of the store with its trust anchors and
 * names parsed. Immutable once it is made. Which one a message fits is for clients.c and
 * signer_path.c.
 */
#pragma once

#include "asn1/dn.h"
#include "store.h"

#include <openssl/x509.h>
#include <stdatomic.h>

/* Trust anchors, counted: credentials with the same PEM share them. */
struct anchors {
	atomic_uint refs;
	struct octets pem;
	X509_STORE *store;
	STACK_OF(X509) * certs;       /* those in it */
	uint8_t (*hash)[DN_HASH_LEN]; /* of the subject of each */
	size_t n_hashes;
};
/* From PEM, with one reference. 0, -ENOMEM, -EINVAL if there are none or they do not parse. */
_must_check_ int anchors_parse(struct bytes pem, struct anchors **anchorsp);
void anchors_unref(struct anchors *anchors);

struct client;

struct client_credential {
	const struct client *client;
	const struct store_credential *row;
	/* Below an anchor. */
	struct anchors *anchors; /* a reference; NULL: it cannot be used */
	X509_NAME *subject;      /* NULL: any */
	uint8_t subject_hash[DN_HASH_LEN];
	/* Of an exact certificate. */
	struct octets ski; /* empty: it has none */
};

/*
 * Borrows the row. `anchors` (NULL: they are parsed) are those of the row, of which it takes a
 * reference. 0, -ENOMEM, -EINVAL if anchor or subject are unusable.
 */
_must_check_ int client_credential_parse(const struct store_credential *row,
					 struct anchors *anchors, struct client_credential *c);
void client_credential_clear(struct client_credential *c);

/* Whether it is good at that time. */
bool credential_good(const struct store_credential *row, int64_t now_ms);

/*
 * Whether somebody could be both: the same secret or OAuth2 client, the same key in certificates,
 * or the same subject below anchors of which two are the same, or one has issued another. 0 or
 * negative errno.
 */
_must_check_ int credentials_overlap(const struct store_credential *a,
				     const struct store_credential *b, bool *overlapp);
