// SPDX-License-Identifier: Apache-2.0
/*
 * Key attestation: whether an AttestationBundle (draft-ietf-lamps-csr-attestation) proves that a
 * key was made, and is kept, where an attester says. In comes the bundle, with the key that is to
 * be certified, whom to believe, and which types of statement; out goes what was proven, or the
 * rule that failed. Whether a statement is wanted, and whose nonce it must have, is cmf/'s.
 *
 * A statement type is verified by one of a table of verifiers. A type that none is set up for is
 * unknown, and never valid. Functions are thread-safe; a trust is not changed once it is used.
 */
#pragma once

#include "base/bytes.h"
#include "base/refusal.h"
#include "base/strbuf.h"

#include <openssl/x509.h>

/* --- the bundle --- */

/* id-aa-attestation: attribute of a PKCS#10, extension of a CRMF template. */
#define ATTEST_BUNDLE_OID "1.2.840.113549.1.9.16.2.59"
bool attest_is_bundle(const ASN1_OBJECT *oid);

/*
 * ATTEST_STATEMENTS_MAX, ATTEST_CERTS_MAX: what is read of a bundle; a path has three or four
 * certificates, and a bundle may have strangers among them. Beyond it is refused: each certificate
 * can cost a verification. ATTEST_OID_SIZE: the text of a statement type.
 */
enum { ATTEST_STATEMENTS_MAX = 8, ATTEST_CERTS_MAX = 16, ATTEST_OID_SIZE = 128 };

struct attest_statement {
	struct bytes type; /* content octets of the OID */
	struct bytes stmt; /* TLV */
};

/* An AttestationBundle as views into its DER. */
struct attest_bundle {
	struct attest_statement statement[ATTEST_STATEMENTS_MAX];
	size_t n_statements;
	struct bytes cert[ATTEST_CERTS_MAX]; /* those that are X.509; TLV */
	size_t n_certs;
};
/*
 * Reads both shapes: AttestationBundle of today, and that of drafts up to -21, whose statements
 * have a hint behind them. 0 or REFUSED (attestation_malformed).
 */
_must_check_ int attest_bundle_read(struct bytes der, struct attest_bundle *bundlep,
				    struct refusal *refusal);

/* --- whom to believe --- */

/* Certificates of attesters and of CAs above them, and bare keys of attesters. */
struct attest_trust;
/* The caller owns *trustp. 0 or -ENOMEM. */
_must_check_ int attest_trust_new(struct attest_trust **trustp);
void attest_trust_free(struct attest_trust *trust);
DEFINE_CLEANUP(struct attest_trust, attest_trust_free);
/* Adds a certificate: below it, and it itself, is trusted. 0, -EBADMSG, -ENOMEM. */
_must_check_ int attest_trust_add_certificate(struct attest_trust *trust, struct bytes der);
/* Adds the key of an attester, a SubjectPublicKeyInfo. 0, -ENOMEM, errors of spki_key(). */
_must_check_ int attest_trust_add_key(struct attest_trust *trust, struct bytes spki);
/*
 * Adds all "CERTIFICATE" and "PUBLIC KEY" of a PEM text: one at least, and nothing else. 0, or
 * -EBADMSG or -ENOMEM with the reason appended to `why`.
 */
_must_check_ int attest_trust_add_pem(struct attest_trust *trust, struct bytes pem,
				      struct strbuf *why);
/*
 * Adds the CRLs of a PEM text. From then on every certificate of a path but the anchor must be in
 * the time of a CRL of its issuer, and in none. 0, or -EBADMSG or -ENOMEM with the reason.
 */
_must_check_ int attest_trust_add_crls(struct attest_trust *trust, struct bytes pem,
				       struct strbuf *why);

/* CRLs that come from elsewhere, and are replaced while others use them; counted, any thread. */
struct attest_crls;
/* Each text is one CRL in DER, or some in PEM. The caller owns *crlsp. 0, -EBADMSG, -ENOMEM. */
_must_check_ int attest_crls_new(const struct octets *texts, size_t n, struct attest_crls **crlsp);
struct attest_crls *attest_crls_ref(struct attest_crls *crls);
void attest_crls_unref(struct attest_crls *crls);
DEFINE_CLEANUP(struct attest_crls, attest_crls_unref);

/* --- judging --- */

enum attest_kind {
	ATTEST_TPM2_CERTIFY, /* 2.23.133.20.1: TPM2_Certify */
	ATTEST_X509,         /* the statement is a certificate over the same key */
	ATTEST_ELSEWHERE,    /* somebody else is asked, who knows whom to believe */
};
enum { ATTEST_KINDS = ATTEST_ELSEWHERE + 1 };

struct attest_type {
	struct bytes oid; /* content octets */
	enum attest_kind kind;
};

/* That an attestation certificate (ATTEST_X509) must have. */
struct attest_extension {
	struct bytes oid; /* content octets */
	bool any_value;
	struct bytes value; /* content of extnValue */
};

/* Of the profile, and of the registration: each must trust the attester. */
enum { ATTEST_TRUST_PROFILE, ATTEST_TRUST_REGISTERED, ATTEST_TRUSTS_MAX };

struct attest_result;
/* Asks about the statement of result->statement, and fills in the rest. 0, REFUSED, negative errno.
 */
typedef int attest_elsewhere(void *arg, struct attest_result *result, struct refusal *refusal);

struct attest_rules {
	const struct attest_type *types; /* that are accepted */
	size_t n_types;
	const struct attest_trust *trust[ATTEST_TRUSTS_MAX]; /* NULL: says nothing of it */
	/* Of the profile's, beside those of the trust: as attest_trust_add_crls(). */
	bool needs_crls;
	const struct attest_crls *crls; /* NULL: there are none yet */
	const struct attest_extension *extensions;
	size_t n_extensions;
	attest_elsewhere *elsewhere; /* NULL: there is nobody */
	void *elsewhere_arg;
	int64_t now_ms;
};

/* TPM2B_DATA holds as much as the largest digest, and 2 octets for an algorithm. */
enum { ATTEST_NONCE_MAX = 66 };

/* What a good statement has proven. */
struct attest_result {
	char statement[ATTEST_OID_SIZE]; /* its type, dotted */
	bool has_attester;               /* it is known who signed it */
	uint8_t attester[32];            /* SHA-256 of his SubjectPublicKeyInfo */
	bool has_nonce;                  /* its kind can have one */
	uint8_t nonce[ATTEST_NONCE_MAX];
	size_t nonce_len;
};

/*
 * Whether the bundle has exactly one statement of an accepted type, by an attester that all trusts
 * given believe, over the key with that digest (spki_digest()). With no trust at all nobody is
 * believed. 0, REFUSED (attestation_*), negative errno.
 */
_must_check_ int attest_judge(struct bytes bundle, const struct attest_rules *rules,
			      const uint8_t key_digest[32], struct attest_result *resultp,
			      struct refusal *refusal);
