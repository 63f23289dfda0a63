// SPDX-License-Identifier: Apache-2.0
/*
 * Keys and certificates that `cmfctl ca rollover` makes. Private to cmfctl/.
 */
#pragma once

#include "asn1/key_update.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdint.h>

/* Who signs, and how. */
struct rollover_issuer {
	X509 *cert; /* NULL: the certificate signs itself */
	EVP_PKEY *key;
};

/* What a certificate gets instead of what its model has. */
struct rollover_change {
	EVP_PKEY *key; /* NULL: the model's */
	int64_t not_before_ms;
	int64_t not_after_ms;
};

/* A key of the same kind and size. NULL with the reason printed. */
EVP_PKEY *rollover_key_new(EVP_PKEY *model);
/*
 * The model once more: its subject and extensions, a new serialNumber, and authorityKeyIdentifier
 * of the issuer (RFC 9810 4.4). NULL with the reason printed.
 */
X509 *rollover_certificate_new(X509 *model, const struct rollover_change *change,
			       const struct rollover_issuer *issuer);
/* -1 if that is no time. */
int64_t rollover_time_ms(const ASN1_TIME *time);

/* Writes n certificates as PEM. An exit code. */
_must_check_ int rollover_certificates_write(const char *dir, const char *name, X509 *const *certs,
					     size_t n);
_must_check_ int rollover_key_write(const char *dir, const char *name, EVP_PKEY *key);
