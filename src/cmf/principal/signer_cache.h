// SPDX-License-Identifier: Apache-2.0
/*
 * Signers whose chain was verified, by the digest of their certificate. An entry comes in after a
 * message has proved authentic, so that nobody fills it but who has a credential. It serves
 * messages that bring the same certificates only: extraCerts is protected by nothing (RFC 9483
 * 3.2), and which client a signer is may depend on what its path was built from. One entry for each
 * certificate of a signer. Bounded; thread-safe; entries are counted, and immutable once they are
 * in. What makes an entry stale is signer.c's to say.
 */
#pragma once

#include "cmf.h"

#include <stdatomic.h>

struct cmf_signer {
	atomic_uint refs;
	bool kept;             /* in the cache, or it was */
	uint8_t digest[32];    /* SHA-256 of the certificate */
	uint8_t among[32];     /* SHA-256 of all that the message brought, in their order */
	int64_t generation;    /* of the clients it was verified against */
	int64_t not_before_ms; /* of the whole chain */
	int64_t not_after_ms;
	struct octets subject; /* TLV of Name */
	struct octets ski;     /* empty: none */
	struct octets path;    /* cmf_signer_path() */
	bool kem;              /* the key is one to encapsulate for, not one that signs */
	bool tls_client;       /* the certificate may be one of a TLS client, too */
	struct signature_verifier verifier;
	struct cmf_principal principal;
};

struct signer_cache;

/* NULL out of memory. */
struct signer_cache *signer_cache_new(void);
void signer_cache_free(struct signer_cache *cache);
/* The entry of that certificate among those, referenced for the caller, or NULL. */
struct cmf_signer *signer_cache_get(struct signer_cache *cache, const uint8_t digest[32],
				    const uint8_t among[32]);
/* Keeps an entry, with a reference of its own, in place of another of the same certificate. */
void signer_cache_put(struct signer_cache *cache, struct cmf_signer *entry);
