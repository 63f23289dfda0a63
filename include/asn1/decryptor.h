// SPDX-License-Identifier: Apache-2.0
/*
 * A private key that others encrypt for, at work: what is done with it is here and nowhere else, as
 * what is done with a key that signs is struct signer's (asn1/signer.h). Where the encrypted secret
 * lies in a message, and what is derived from it, envelope_open() knows.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/evp.h>

/* Thread-safe. */
struct decryptor;

/* Takes a reference to the key. 0 or -ENOMEM. */
_must_check_ int decryptor_new(EVP_PKEY *key, struct decryptor **decryptorp);
void decryptor_free(struct decryptor *d);
DEFINE_CLEANUP(struct decryptor, decryptor_free);
/* For its kind and its curve: of no more than the public half. Borrowed. */
const EVP_PKEY *decryptor_public_key(const struct decryptor *d);

/* What follows gives -EKEYREJECTED if the key is of another kind, or there is no such secret. */

/*
 * Key transport: RSA with OAEP and that digest, or PKCS #1 v1.5 if it is NULL. What does not
 * decrypt, or to a secret of another length, leaves a random secret: whoever sends chosen
 * ciphertexts learns no more than that the content does not open (RFC 3218 2.3.2). 0 or negative
 * errno.
 */
_must_check_ int decryptor_transport(const struct decryptor *d, const EVP_MD *oaep,
				     struct bytes encrypted, uint8_t *secret, size_t secret_len);
/* Key agreement with a public key of the same kind and curve. The caller owns *secretp. */
_must_check_ int decryptor_agree(const struct decryptor *d, EVP_PKEY *peer, struct octets *secretp);
/* Key encapsulation. The caller owns *secretp. */
_must_check_ int decryptor_decapsulate(const struct decryptor *d, struct bytes ciphertext,
				       struct octets *secretp);
