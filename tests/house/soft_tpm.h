// SPDX-License-Identifier: Apache-2.0
/*
 * What a TPM would say, made of ordinary keys: AttestationBundles with statements of TPM2_Certify,
 * good ones and such with something wrong. Written from TPM 2.0 Library Part 2 and the draft, with
 * nothing of src/attest in it.
 */
#pragma once

#include "base/bytes.h"
#include "pki.h"

#define SOFT_TPM_CERTIFY "2.23.133.20.1"

/* fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, sign */
#define SOFT_TPM_ATTRIBUTES UINT32_C(0x00040072)

enum soft_tpm_form {
	SOFT_TPM_TODAY,   /* AttestationStatement */
	SOFT_TPM_HINT,    /* EvidenceStatement with a hint, of drafts up to -21 */
	SOFT_TPM_RAW_RSA, /* the signature is the bare octets of RSASSA */
};

struct soft_tpm {
	EVP_PKEY *key;      /* that is attested: RSA or EC */
	EVP_PKEY *attester; /* RSA or EC */
	struct bytes nonce;
	X509 *certs[4]; /* in the bundle; NULL from the first that is not there */
	enum soft_tpm_form form;
	const char *type;   /* of the statement; NULL: SOFT_TPM_CERTIFY */
	const char *digest; /* of the signature; NULL: SHA256 */
	bool pss;
	const char *name_digest; /* of the name; NULL: SHA256 */
	uint32_t attributes;     /* 0: SOFT_TPM_ATTRIBUTES */
	/* With something wrong. */
	EVP_PKEY *public;      /* in tpmTPublic in place of key, and in the name */
	EVP_PKEY *public_only; /* in tpmTPublic alone */
	uint32_t magic;        /* 0: TPM_GENERATED_VALUE */
	uint16_t attest_type;  /* 0: TPM_ST_ATTEST_CERTIFY */
	bool no_public;        /* tpmTPublic is missing */
	struct bytes behind_attest, behind_public, behind_signature; /* trailing octets */
	size_t statements; /* so often the same; 0: once */
	size_t attest_cut; /* octets that are cut off, before it is signed */
};
/* The AttestationBundle, which the caller owns. */
struct octets soft_tpm_bundle(const struct soft_tpm *tpm);

/* A certificate of an attestation key for a year from now_ms on; ext_key_usage NULL: the right
 * one, "": none. */
X509 *soft_tpm_certify_attester(EVP_PKEY *attester, X509 *issuer, EVP_PKEY *issuer_key,
				const char *ext_key_usage, int64_t now_ms);
/* A bundle with that statement (TLV), of that type, and certificates. */
struct octets soft_tpm_wrap(const char *type, struct bytes statement, X509 *const *certs, size_t n);
