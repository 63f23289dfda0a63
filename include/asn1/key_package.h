// SPDX-License-Identifier: Apache-2.0
/*
 * A private key on its way to its owner: AsymmetricKeyPackage (RFC 5958) in a SignedData of the key
 * generation authority (RFC 9483 4.1.6). What goes around it is EnvelopedData, asn1/envelope.h.
 */
#pragma once

#include "asn1/signer.h"

/*
 * AsymmetricKeyPackage with one OneAsymmetricKey, version v2 with the public key. The caller owns
 * *packagep, a secret (octets_clear_secret).
 */
_must_check_ int key_package_write(EVP_PKEY *key, struct octets *packagep);

/* Who signs, and what a verifier needs: all DER, borrowed. */
struct signed_data_signer {
	const struct signer *signer;
	struct bytes ski;                 /* subjectKeyIdentifier of the first certificate */
	const struct bytes *certificates; /* the signer's first, then its chain */
	size_t n_certificates;
};
/*
 * SignedData of version 3 with one SignerInfo named by subjectKeyIdentifier, whose signed
 * attributes are contentType and messageDigest alone. -ENOTSUP if no digest goes with the signer's
 * algorithm. The caller owns *signedp, which holds the content: a secret if that is one.
 */
_must_check_ int signed_data_sign(const struct signed_data_signer *by, const char *content_type,
				  struct bytes content, struct octets *signedp);
