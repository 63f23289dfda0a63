// SPDX-License-Identifier: Apache-2.0
/* Reading keys, certificates and secrets. See keys/credential.h. */
#include "keys/credential.h"

#include "base/error.h"

#include "asn1/key_provider.h"
#include "asn1/signer.h"
#include "asn1/spki.h"
#include "passphrase.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* A passphrase or shared secret: nothing longer is meant. */
/* A token is what fits the head of a request: src/token takes none that is longer than 8192. */
enum { SECRET_MAX = 1024, TOKEN_MAX = 8192 + 2 };

static int line_read(const char *path, size_t max, struct octets *secretp)
{
	int err = file_read(path, max, secretp);

	if (err < 0)
		return err;
	while (secretp->len > 0 &&
	       (secretp->data[secretp->len - 1] == '\n' || secretp->data[secretp->len - 1] == '\r'))
		secretp->len--;
	if (secretp->len == 0) {
		octets_clear_secret(secretp);
		return -ENODATA;
	}
	return 0;
}

int credential_secret_read(const char *path, struct octets *secretp)
{
	return line_read(path, SECRET_MAX, secretp);
}

int credential_token_read(const char *path, struct octets *tokenp)
{
	return line_read(path, TOKEN_MAX, tokenp);
}

static int key_from_pem(const char *path, struct passphrase *passphrase, EVP_PKEY **keyp)
{
	BIO *file;

	errno = 0;
	file = BIO_new_file(path, "r");
	if (!file)
		return errno ? -errno : -EIO;
	*keyp = PEM_read_bio_PrivateKey(file, NULL, passphrase_give, passphrase);
	BIO_free(file);
	return *keyp ? 0 : -EBADMSG;
}

/* The first line of the file, as OpenSSL's own options take it. */
static int passphrase_read(const char *path, struct octets *passphrasep)
{
	int err = credential_secret_read(path, passphrasep);

	for (size_t i = 0; !err && i < passphrasep->len; i++)
		if (passphrasep->data[i] == '\n' || passphrasep->data[i] == '\r')
			passphrasep->len = i;
	return err == 0 || err == -ENOMEM ? err : -ENOKEY;
}

/*
 * OpenSSL's TLS has one context for its keys and all else: where a provider has the key, the same
 * provider would agree on the keys of sessions, and many a TPM cannot. An engine has its keys only.
 */
static int key_from_source(const struct key_source *key, struct passphrase *passphrase,
			   EVP_PKEY **keyp)
{
	static const char engine[] = "engine:", provider[] = "provider:";
	const char *source = key->source;

	if (!strncmp(source, engine, strlen(engine)))
		return key_from_engine(source + strlen(engine), passphrase, keyp);
	if (!strncmp(source, provider, strlen(provider)) && key->tls)
		return -EOPNOTSUPP;
	if (!strncmp(source, provider, strlen(provider)))
		return key_from_provider(source + strlen(provider), passphrase, keyp);
	if (credential_is_uri(source))
		return key_from_store(source, (struct key_provider){0}, passphrase, keyp);
	return key_from_pem(source, passphrase, keyp);
}

int credential_key_read(const struct key_source *key, EVP_PKEY **keyp)
{
	struct passphrase passphrase = {OCTETS_NULL, key->ask};
	int err = 0;

	ERR_clear_error();
	*keyp = NULL;
	if (key->passphrase_file)
		err = passphrase_read(key->passphrase_file, &passphrase.text);
	if (!err)
		err = key_from_source(key, &passphrase, keyp);
	octets_clear_secret(&passphrase.text);
	return err;
}

int credential_key_try(EVP_PKEY *key)
{
	_cleanup_(signer_freep) struct signer *signer = NULL;
	int err = signer_new(key, "sha256", &signer);

	return err ? err : signer_try(signer);
}

const char *credential_error_text(int err)
{
	switch (err) {
	case -EBADMSG:
		return "no private key, or wrong passphrase";
	case -ENOKEY:
		return "the file with the passphrase cannot be read, or is empty";
	case -ENOPKG:
		return "its engine or provider cannot be loaded; is it installed?";
	case -EOPNOTSUPP:
		return "TLS does not reach the key of a provider; name an engine or a file";
	default:
		return error_text(err);
	}
}

const char *credential_certificates_error_text(int err)
{
	switch (err) {
	case -EBADMSG:
		return "a certificate in it is damaged, or has a key that nobody may have";
	case -ENODATA:
		return "there is no certificate in PEM in it";
	default:
		return error_text(err);
	}
}

const char *credential_secret_error_text(int err)
{
	return err == -ENODATA                     ? "its first line is empty"
	       : err == -EFBIG || err == -EMSGSIZE ? "it is too long for a passphrase or a secret"
						   : error_text(err);
}

int credential_certificates_read(const char *path, STACK_OF(X509) * *certsp)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509 *cert;
	BIO *file;
	int err = 0;

	ERR_clear_error();
	errno = 0;
	file = BIO_new_file(path, "r");
	if (!file || !certs) {
		err = errno ? -errno : -ENOMEM;
		BIO_free(file);
		sk_X509_free(certs);
		return err;
	}
	while (err == 0 && (cert = PEM_read_bio_X509(file, NULL, NULL, NULL))) {
		err = spki_certificate_check(cert);
		/* Of what kind it is, and how long, is the operator's choice. */
		if (err == -ENOTSUP)
			err = 0;
		if (err == 0 && sk_X509_push(certs, cert) <= 0)
			err = -ENOMEM;
		if (err < 0)
			X509_free(cert);
	}
	BIO_free(file);
	/* The end of the file shows as "no start line"; anything else is a broken certificate. */
	if (err == 0 && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		err = -EBADMSG;
	if (err == 0 && sk_X509_num(certs) == 0)
		err = -ENODATA;
	if (err < 0) {
		sk_X509_pop_free(certs, X509_free);
		return err;
	}
	ERR_clear_error();
	*certsp = certs;
	return 0;
}
