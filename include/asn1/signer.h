// SPDX-License-Identifier: Apache-2.0
/*
 * A private key that signs, at work: certificates, CRLs, messages, generated keys. Its counterpart
 * for keys that others encrypt for is asn1/decryptor.h; verifying is signature_verify()'s.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/x509.h>

/*
 * A private key ready to sign, with its AlgorithmIdentifier encoded once. `digest` is "sha256"...;
 * ignored where the key alone says how (EdDSA, ML-DSA, SLH-DSA). Thread-safe for signing: each call
 * makes or reuses a context of the thread.
 */
struct signer;
_must_check_ int signer_new(EVP_PKEY *key, const char *digest, struct signer **signerp);
/*
 * Signs something, so that a key that cannot be used, of a token, say, is found before it is
 * wanted. 0 or -EIO (logged).
 */
_must_check_ int signer_try(const struct signer *s);
void signer_free(struct signer *s);
DEFINE_CLEANUP(struct signer, signer_free);
const X509_ALGOR *signer_algorithm(const struct signer *s);
/* The same as DER; borrowed. */
struct bytes signer_algorithm_der(const struct signer *s);
_must_check_ int signer_sign(const struct signer *s, struct bytes data, struct octets *signaturep);
/* The same of data in n pieces, which are put together only for keys that need all of it twice. */
_must_check_ int signer_sign_parts(const struct signer *s, const struct bytes *parts, size_t n,
				   struct octets *signaturep);
