// SPDX-License-Identifier: Apache-2.0
/*
 * Reading private keys, certificates and secrets that the configuration or an option names, at
 * start: for the protection of messages, CAs, the KGA, the RA, the TLS listener, cmfctl and
 * cmfbench alike. What they are used for is not for here.
 * Each returns 0 or a negative errno; what OpenSSL has to say about it is left in its error queue.
 */
#pragma once

#include "base/bytes.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* Where a private key is. */
struct key_source {
	/* A PEM file, or a URI: one for OpenSSL's STORE, "engine:ID:KEY" or "provider:NAME:SOURCE".
	 */
	const char *source;
	const char *passphrase_file; /* NULL: there is none; the PIN of a token */
	bool ask; /* on the terminal, if there is no file and a passphrase is needed */
	bool tls; /* that is what it is for */
};

/* -EBADMSG: there is no private key, or the passphrase is wrong; -ENOKEY: there is none; -ENOPKG:
 * the engine or provider cannot be loaded. Those that were stay, and so do keys of a
 * provider that a URI names. Thread-safe. */
_must_check_ int credential_key_read(const struct key_source *key, EVP_PKEY **keyp);
/* The error of credential_key_read() in words. */
const char *credential_error_text(int err);
/* Signs something with it: 0 or a negative errno (logged), where it cannot. */
_must_check_ int credential_key_try(EVP_PKEY *key);
/* That of credential_certificates_read(), and that of credential_secret_read(). */
const char *credential_certificates_error_text(int err);
const char *credential_secret_error_text(int err);
/* Whether the source of a key is a URI and not a file name. */
bool credential_is_uri(const char *source);
/* All certificates of a PEM file, one at least (-ENODATA). */
_must_check_ int credential_certificates_read(const char *path, STACK_OF(X509) * *certsp);
/* A file with one line of secret, without its end of line; the caller clears it as a secret. */
_must_check_ int credential_secret_read(const char *path, struct octets *secretp);
/* The same for a bearer token, which may be longer. */
_must_check_ int credential_token_read(const char *path, struct octets *tokenp);
