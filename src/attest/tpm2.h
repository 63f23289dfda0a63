// SPDX-License-Identifier: Apache-2.0
/*
 * Structures of a TPM as views into their octets: TPM 2.0 Library, Part 2. Big-endian, and each
 * read whole: octets behind a structure are an error. What they say is tpm2_certify.c's to judge.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/evp.h>

/* TPM_ST of an attestation, 6.9 */
enum { TPM_ST_ATTEST_CERTIFY = 0x8017 };

/* TPMS_ATTEST, 10.12.12, of TPM2_Certify. */
struct tpm_attest {
	uint16_t type;      /* where it is another, the rest is not read */
	struct bytes nonce; /* extraData */
	struct bytes name;  /* of the key: nameAlg and digest */
};
/* 0; -EBADMSG if malformed, or no structure that a TPM made. */
_must_check_ int tpm_attest_read(struct bytes in, struct tpm_attest *attestp);

/* TPMA_OBJECT, 8.3 */
enum {
	TPM_FIXED_TPM = 1 << 1,
	TPM_FIXED_PARENT = 1 << 4,
	TPM_SENSITIVE_DATA_ORIGIN = 1 << 5,
};

/* TPMT_PUBLIC, 12.2.4, of a key that can sign. */
struct tpm_public {
	const EVP_MD *name_digest;
	uint32_t attributes;
	int curve_nid;        /* NID_undef: RSA */
	uint32_t exponent;    /* RSA */
	struct bytes modulus; /* RSA */
	struct bytes x, y;    /* EC */
};
/* 0; -EBADMSG if malformed; -ENOTSUP: another kind of key, curve or digest. */
_must_check_ int tpm_public_read(struct bytes in, struct tpm_public *publicp);
/* Its SubjectPublicKeyInfo, which the caller owns. 0, -EBADMSG, -ENOMEM. */
_must_check_ int tpm_public_spki(const struct tpm_public *public, struct octets *spkip);

/* TPMT_SIGNATURE, 11.3.4 */
enum tpm_scheme { TPM_RSASSA, TPM_RSAPSS, TPM_ECDSA };
struct tpm_signature {
	enum tpm_scheme scheme;
	const EVP_MD *digest;
	struct bytes rsa;
	struct bytes r, s; /* ECDSA */
};
/* 0; -EBADMSG if malformed; -ENOTSUP: another scheme or digest. */
_must_check_ int tpm_signature_read(struct bytes in, struct tpm_signature *signaturep);
