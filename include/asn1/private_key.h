// SPDX-License-Identifier: Apache-2.0
/*
 * Private keys that somebody else sends, to be archived (RFC 4211 6.4), and how they are kept. How
 * they go out is asn1/key_package.h's.
 */
#pragma once

#include "asn1/crmf.h"
#include "base/bytes.h"

#include <openssl/evp.h>

/* PrivateKeyInfo (PKCS #8). The caller owns *derp, a secret (octets_clear_secret). */
_must_check_ int private_key_write(EVP_PKEY *key, struct octets *derp);
/* The reverse: only of what private_key_write() made. 0 or -EIO. The caller owns *keyp. */
_must_check_ int private_key_read(struct bytes der, EVP_PKEY **keyp);

/* What comes in an EnvelopedData for the archive. Borrows from the content. */
struct private_key_view {
	struct bytes key;        /* TLV of OneAsymmetricKey */
	struct bytes identifier; /* TLV; empty: none */
};
/* EncKeyWithID, RFC 4211 4.2.1. 0 or -EBADMSG. */
_must_check_ int private_key_view_with_id(struct bytes content, struct private_key_view *view);
/* AsymmetricKeyPackage with one OneAsymmetricKey, RFC 5958 2, or that alone. 0 or -EBADMSG. */
_must_check_ int private_key_view_package(struct bytes content, struct private_key_view *view);

/*
 * The private key that belongs to a public one, from a OneAsymmetricKey (v1, which is
 * PrivateKeyInfo, or v2) of anybody: strict DER, bounded work. `key` is what spki_key() made of
 * `spki`. 0; -EBADMSG if malformed; -EKEYREJECTED if it is another's, or does not do what it is
 * for. The caller owns *keyp.
 */
_must_check_ int private_key_take(struct bytes one, const SubjectPublicKeyInfo *spki, EVP_PKEY *key,
				  EVP_PKEY **keyp);
