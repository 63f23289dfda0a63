// SPDX-License-Identifier: Apache-2.0
/*
 * From the certificate of a signer to the configured client that it is: path validation, through
 * that client's own trust anchor and no other.
 */
#pragma once

#include "principal/clients.h"
#include "principal/signer_cache.h"

struct signer_path {
	const struct cmf_call *call;
	struct bytes der;
	struct bytes issuer;       /* TLV of Name */
	const struct bytes *certs; /* of extraCerts, to build the path from */
	size_t n_certs;
	const struct store_certificate *own; /* if we issued it to an entity; else NULL */
	/* In: of the certificate; out: when the whole path is valid. */
	int64_t not_before_ms;
	int64_t not_after_ms;
	/* Out: the certificate and what is between it and the anchor, DER. */
	struct octets used;
	X509 *cert; /* once it had to be decoded: signer_path_decode() */
};
void signer_path_clear(struct signer_path *path);
/* Sets path->cert, if it is not yet. It sets up a key, which is dear. 0, REFUSED
 * (signer_malformed). */
_must_check_ int signer_path_decode(struct signer_path *path);

/* Makes it the principal that holds a certificate of ours. 0 or -ENOMEM. */
_must_check_ int signer_holder_set(const struct conf *conf, const struct store_certificate *cert,
				   struct cmf_principal *principal);
/* Makes the principal of a client that entity of it. 0 or -ENOMEM. */
_must_check_ int signer_entity_set(struct cmf_principal *principal, const char *entity);
/*
 * Makes the principal of a client the one entity that its certificate names, by the policy. 0,
 * REFUSED (signer_entity_missing), -ENOMEM.
 */
_must_check_ int signer_entity_find(const X509 *cert, struct cmf_principal *principal,
				    struct refusal *refusal);

/* 0 with the client (of the snapshot); REFUSED (signer_not_trusted, signer_expired),
 * negative errno. */
_must_check_ int signer_path_find(const struct clients *clients, struct signer_path *path,
				  const struct client_credential **credentialp);
