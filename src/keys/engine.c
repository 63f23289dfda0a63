// SPDX-License-Identifier: Apache-2.0
/*
 * Keys of an ENGINE, as "engine:pkcs11:pkcs11:token=cmf;object=ca;type=private". Debian 12 reaches
 * PKCS#11 by one (libengine-pkcs11-openssl) and has no provider for it; STORE does not know
 * engines.
 */
/* Engines are what OpenSSL 3 deprecates, and all that there is for a token on Debian 12. */
#undef OPENSSL_NO_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED

#include "passphrase.h"

#include <errno.h>
#include <openssl/engine.h>
#include <string.h>

#ifndef OPENSSL_NO_ENGINE

/* Once it was loaded it stays, since its keys do. NULL: there is none of that name, or it fails. */
static ENGINE *engine_of(const char *id)
{
	ENGINE *engine = ENGINE_by_id(id);

	if (engine && ENGINE_init(engine))
		return engine;
	ENGINE_free(engine);
	return NULL;
}

/*
 * libp11 registers its methods for every RSA and EC key of the process, which then could neither be
 * made from numbers nor used without a look at the token. A key that it gives has them anyhow.
 */
static void others_release(ENGINE *engine)
{
	ENGINE_unregister_pkey_meths(engine);
	ENGINE_unregister_RSA(engine);
	ENGINE_unregister_EC(engine);
}

int key_from_engine(const char *source, struct passphrase *passphrase, EVP_PKEY **keyp)
{
	const char *key = strchr(source, ':');
	_cleanup_(freep) char *id = key ? strndup(source, (size_t)(key - source)) : NULL;
	UI_METHOD *ui = passphrase_method();
	ENGINE *engine = NULL;
	int err = -ENOMEM;

	if (!key)
		err = -EBADMSG;
	else if (id && ui)
		err = (engine = engine_of(id)) ? 0 : -ENOPKG;
	if (!err) {
		*keyp = ENGINE_load_private_key(engine, key + 1, ui, passphrase);
		others_release(engine);
		err = *keyp ? 0 : -EBADMSG;
	}
	if (err && engine) {
		ENGINE_finish(engine);
		ENGINE_free(engine);
	}
	UI_destroy_method(ui);
	return err;
}

#else

int key_from_engine(const char *source, struct passphrase *passphrase, EVP_PKEY **keyp)
{
	(void)source;
	(void)passphrase;
	(void)keyp;
	return -ENOPKG;
}

#endif
