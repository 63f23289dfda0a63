// SPDX-License-Identifier: Apache-2.0
/*
 * Keys and certificates that `cmfctl init` makes: root and issuing CA, the CMF's own credential.
 * Private to cmfctl/.
 */
#pragma once

#include "base/cleanup.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdint.h>

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
	const char *name;                        /* a common name, or a DN as /O=Example/CN=Root */
	const char *key_type;                    /* "ec:P-256", "rsa:3072", "ed25519" ... */
	uint64_t days;                           /* at most until the issuer ends */
	const struct init_extension *extensions; /* besides SKI and AKI */
	size_t n_extensions;
};

/* The name of a request; CTL_OK, or CTL_USAGE with the reason printed. The caller frees it. */
_must_check_ int init_name_read(const char *text, X509_NAME **namep);
/* A new key that can sign; the same. */
_must_check_ int init_key_new(const char *key_type, EVP_PKEY **keyp);
/* What a key is, as key types are written: "ec:P-256", "rsa:3072". The caller frees it; or NULL. */
char *init_key_type_text(const EVP_PKEY *key);
/* With which digest the key signs certificates; NULL: it needs none. */
const EVP_MD *init_digest(EVP_PKEY *key);

/* The key of a certificate: "ca/root.pem" to "ca/root.key". NULL: the path has no suffix, or out of
 * memory. The caller frees it. */
char *init_key_path(const char *cert_path);
/*
 * Makes a key and its certificate, signed by the issuer, or by itself if issuer is NULL. CTL_OK, or
 * another exit code with the reason printed.
 */
_must_check_ int init_credential_new(const struct init_request *request,
				     const struct init_credential *issuer,
				     struct init_credential *credentialp);
/* A random serialNumber, RFC 5280 4.1.2.2. 1, or 0 as OpenSSL. */
int init_serial_set(X509 *cert);
/* Writes certificates (PEM, mode 0644), one behind the other. */
_must_check_ int init_certificates_write(X509 *const *certs, size_t n, const char *path);
/* Writes the private key (PKCS#8 PEM, 0600). */
_must_check_ int init_key_write(EVP_PKEY *key, const char *path);
