// SPDX-License-Identifier: Apache-2.0
/*
 * The client certificate with which an exchange authenticates, read once and used by many. The key
 * may be wherever keys/credential.h finds one, so it is given to OpenSSL as it is, not as a file.
 */
#include "identity.h"

#include <errno.h>

struct web_identity {
	EVP_PKEY *key;
	X509 *certificate;
	STACK_OF(X509) * issuers;
};

int web_identity_read(const char *certificates, const struct key_source *key,
		      struct web_identity **identityp)
{
	_cleanup_(web_identity_freep) struct web_identity *identity = calloc(1, sizeof(*identity));
	struct key_source of_tls = *key;
	int err =
		identity ? credential_certificates_read(certificates, &identity->issuers) : -ENOMEM;

	if (!err) {
		identity->certificate = sk_X509_shift(identity->issuers);
		of_tls.tls = true;
		err = credential_key_read(&of_tls, &identity->key);
	}
	if (!err && X509_check_private_key(identity->certificate, identity->key) != 1)
		err = -EINVAL;
	if (!err)
		*identityp = TAKE(identity);
	return err;
}

void web_identity_free(struct web_identity *identity)
{
	if (!identity)
		return;
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
	sk_X509_pop_free(identity->issuers, X509_free);
	free(identity);
}

int identity_use(const struct web_identity *identity, SSL_CTX *context)
{
	return SSL_CTX_use_cert_and_key(context, identity->certificate, identity->key,
					identity->issuers, 1) == 1
		       ? 0
		       : -EINVAL;
}
