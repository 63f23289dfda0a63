// SPDX-License-Identifier: Apache-2.0
/*
 * Reading keys, certificates and secrets that the configuration names, at start.
 * Each returns 0 or a negative errno; what OpenSSL has to say about it is left in its error queue.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* A private key from a PEM file or an OpenSSL STORE URI; passphrase_file may be NULL. */
_must_check_ int credential_key_read(const char *source, const char *passphrase_file,
				     EVP_PKEY **keyp);
/* All certificates of a PEM file, one at least (-ENODATA). */
_must_check_ int credential_certificates_read(const char *path, STACK_OF(X509) * *certsp);
/* A file with one line of secret, without its end of line; the caller clears it as a secret. */
_must_check_ int credential_secret_read(const char *path, struct octets *secretp);
