// SPDX-License-Identifier: Apache-2.0
/*
 * Keys and certificates for tests, made with OpenSSL alone: what the houses are built of (house.h,
 * cmf_world.h, ca_fixture.h). Certificates with something wrong are made by those who test that.
 * What fails here ends the program: it is not what is being tested, and fuzz targets, which know
 * nothing of Check, use it, too.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/x509v3.h>

#define HOUSE_CHECK(expr)                                      \
	do {                                                   \
		if (!(expr))                                   \
			house_fail(__FILE__, __LINE__, #expr); \
	} while (0)

_Noreturn void house_fail(const char *file, int line, const char *what);

/* A key: "P-256" (NULL) and other curves, "RSA" (2048 bits), "RSA:1024", "ED25519", "X25519" ... */
EVP_PKEY *pki_key(const char *kind);

/* A name: "/O=x/CN=y", UTF-8; "" is the empty one. */
X509_NAME *pki_name(const char *text);

/* Values of extensions are as in x509v3_config(5). */
struct pki_spec {
	const char *subject; /* as for pki_name() */
	EVP_PKEY *key;
	X509 *issuer; /* NULL: self-signed */
	EVP_PKEY *issuer_key;
	const char *digest; /* NULL: SHA256, or what goes with the issuer's key */
	bool ca;
	const char *path_len;      /* of a CA; NULL: any */
	const char *key_usage;     /* NULL, "": none; of a CA NULL is what a CA has */
	const char *ext_key_usage; /* NULL: none */
	const char *san;           /* NULL: none */
	bool no_ski;               /* without subjectKeyIdentifier */
	int64_t not_before_ms;
	int64_t not_after_ms;
};
X509 *pki_cert(const struct pki_spec *spec);

X509 *pki_cert_parse(struct bytes der);
struct octets pki_cert_der(const X509 *cert);
int64_t pki_time_ms(const ASN1_TIME *time);

/* --- PEM files --- */

/* `second` may be NULL. */
void pki_certs_write(const char *path, X509 *first, X509 *second);
/* passphrase: NULL for a plain file. */
void pki_key_write(const char *path, EVP_PKEY *key, const char *passphrase);
