// SPDX-License-Identifier: Apache-2.0
/* What the verifiers of statement types are given, and share. See attest.h. */
#pragma once

#include "attest.h"

struct attest_question {
	const struct attest_rules *rules;
	const struct attest_bundle *bundle;
	struct bytes stmt;         /* TLV of the statement */
	const uint8_t *key_digest; /* 32 octets: of the key that is to be certified */
	struct refusal *refusal;
};

/* 0, REFUSED, negative errno; fills in all of the result but the type. */
typedef int attest_verify(const struct attest_question *q, struct attest_result *result);
attest_verify attest_tpm2_certify_verify;
attest_verify attest_x509_verify;
attest_verify attest_elsewhere_verify;

/* --- trust.c --- */

struct attest_key {
	EVP_PKEY *key;
	uint8_t digest[32];
};

/* The bare keys, borrowed. */
const struct attest_key *attest_trust_keys(const struct attest_trust *trust, size_t *np);
/* The certificates, borrowed. */
STACK_OF(X509) * attest_trust_certs(const struct attest_trust *trust);

void attest_certs_free(STACK_OF(X509) * *certs);
/*
 * The certificates of the bundle, then those of the trusts, for a path to be built from. The caller
 * owns *certsp (attest_certs_free). 0, REFUSED (attestation_malformed), -ENOMEM.
 */
_must_check_ int attest_certs_gather(const struct attest_question *q, STACK_OF(X509) * *certsp);
/* A certificate from its octets, whole. 0, -EBADMSG. The caller owns *certp. */
_must_check_ int attest_cert_read(struct bytes der, X509 **certp);
/* spki_digest() of its key; its errors. */
_must_check_ int attest_cert_digest(X509 *cert, uint8_t digest[32]);

/*
 * Whether all trusts lead to an attester: by its key, or by a path (RFC 5280 6) to its certificate
 * at the time of the rules. cert NULL: it has none. digest: spki_digest() of its key. 0, REFUSED
 * (attestation_attester_*), negative errno.
 */
_must_check_ int attest_attester_check(const struct attest_question *q, X509 *cert,
				       const uint8_t digest[32], STACK_OF(X509) * untrusted);
/*
 * Whether an attester that all trusts lead to has issued a certificate. signer gets the digest of
 * the key that did. As above.
 */
_must_check_ int attest_issued_check(const struct attest_question *q, X509 *cert,
				     STACK_OF(X509) * untrusted, uint8_t signer[32]);
