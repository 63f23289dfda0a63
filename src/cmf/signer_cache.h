// SPDX-License-Identifier: Apache-2.0
/*
 * Signers whose chain was verified, by the digest of their certificate. Only verified ones come
 * in, so that nobody fills it but who has a credential. Bounded; thread-safe; entries are counted
 * and immutable. What makes an entry stale is signer.c's to say.
 */
#pragma once

#include "cmf.h"

#include <stdatomic.h>

struct signer_entry {
	atomic_uint refs;
	uint8_t digest[32];    /* SHA-256 of the certificate */
	int64_t generation;    /* of the clients it was verified against */
	int64_t not_before_ms; /* of the whole chain */
	int64_t not_after_ms;
	int64_t certificate_id; /* of ours: its state is asked for each time; 0: not of ours */
	struct octets subject;  /* TLV of Name */
	struct octets ski;      /* empty: none */
	bool kem;               /* the key is one to encapsulate for, not one that signs */
	EVP_PKEY *key;
	struct cmf_principal principal;
};

void signer_entry_unref(struct signer_entry *entry);
DEFINE_CLEANUP(struct signer_entry, signer_entry_unref);

struct signer_cache;

/* NULL out of memory. */
struct signer_cache *signer_cache_new(void);
void signer_cache_free(struct signer_cache *cache);
/* The entry of that digest, referenced for the caller, or NULL. */
struct signer_entry *signer_cache_get(struct signer_cache *cache, const uint8_t digest[32]);
/* Counts flushes: what is put must have been verified since the last one. */
unsigned signer_cache_epoch(const struct signer_cache *cache);
/* Keeps an entry (with a reference of its own) that was begun in that epoch. */
void signer_cache_put(struct signer_cache *cache, struct signer_entry *entry, unsigned epoch);
/* Forgets everything. */
void signer_cache_flush(struct signer_cache *cache);
