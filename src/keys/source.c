// SPDX-License-Identifier: Apache-2.0
/* Where keys are read from: what names a source, how it asks for a passphrase, and OpenSSL's STORE.
 */
#include "keys/credential.h"
#include "passphrase.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/store.h>
#include <string.h>

/* Where nobody is to be asked, OpenSSL's own would do it. */
int passphrase_give(char *buffer, int size, int rwflag, void *arg)
{
	const struct passphrase *passphrase = arg;

	if (passphrase->text.len == 0)
		return passphrase->ask ? PEM_def_callback(buffer, size, rwflag, NULL) : -1;
	if (passphrase->text.len > (size_t)size)
		return -1;
	memcpy(buffer, passphrase->text.data, passphrase->text.len);
	return (int)passphrase->text.len;
}

UI_METHOD *passphrase_method(void)
{
	return UI_UTIL_wrap_read_pem_callback(passphrase_give, 0);
}

/* RFC 3986 3.1: a scheme, of two letters at least, then a colon. */
bool credential_is_uri(const char *source)
{
	size_t n = 0;

	if (!isalpha((unsigned char)source[0]))
		return false;
	while (isalnum((unsigned char)source[n]) || (source[n] && strchr("+-.", source[n])))
		n++;
	return n >= 2 && source[n] == ':';
}

int key_from_store(const char *uri, struct key_provider provider, struct passphrase *passphrase,
		   EVP_PKEY **keyp)
{
	UI_METHOD *ui = passphrase_method();
	OSSL_STORE_CTX *store = ui ? OSSL_STORE_open_ex(uri, provider.context, provider.properties,
							ui, passphrase, NULL, NULL, NULL)
				   : NULL;
	EVP_PKEY *key = NULL;

	while (store && !key && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
		if (!info && OSSL_STORE_error(store))
			break;
	}
	OSSL_STORE_close(store);
	UI_destroy_method(ui);
	*keyp = key;
	return key ? 0 : -EBADMSG;
}
