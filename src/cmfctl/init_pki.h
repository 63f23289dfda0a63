// SPDX-License-Identifier: Apache-2.0
/*
 * Keys and certificates that `cmfctl init` makes: root and issuing CA, the CMF's own credential.
 * Private to cmfctl/.
 */
#pragma once

#include "base/cleanup.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

/* A key with its certificate. */
struct init_credential {
	EVP_PKEY *key;
	X509 *cert;
};

void init_credential_clear(struct init_credential *c);

struct init_extension {
	int nid;
	const char *value; /* x509v3_config(5) */
};

struct init_request {
	const char *common_name;
	int days;
	const struct init_extension *extensions; /* besides SKI and AKI */
	size_t n_extensions;
};

/* The key of a certificate: "ca/root.pem" to "ca/root.key". NULL: the path has no suffix, or out of
 * memory. The caller frees it. */
char *init_key_path(const char *cert_path);
/*
 * Makes a P-256 key and its certificate, signed by the issuer, or by itself if issuer is NULL.
 * CTL_OK, or CTL_FAULT with the reason printed.
 */
_must_check_ int init_credential_new(const struct init_request *request,
				     const struct init_credential *issuer,
				     struct init_credential *credentialp);
/* A random serialNumber, RFC 5280 4.1.2.2. 1, or 0 as OpenSSL. */
int init_serial_set(X509 *cert);
/* Writes the certificate (PEM, mode 0644) and, unless key_path is NULL, the key (PKCS#8 PEM, 0600).
 */
_must_check_ int init_credential_write(const struct init_credential *c, const char *cert_path,
				       const char *key_path);
