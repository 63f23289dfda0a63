// SPDX-License-Identifier: Apache-2.0
/* Providers with keys of ours. See asn1/key_provider.h. */
#include "asn1/key_provider.h"

#include <errno.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <string.h>

enum { PROVIDERS_MAX = 8 };

/* Written once, before n_loaded counts it. */
static struct loaded {
	char *name;
	char *properties;
	OSSL_LIB_CTX *context;
} loaded[PROVIDERS_MAX];
static size_t n_loaded;
static pthread_mutex_t loaded_mutex = PTHREAD_MUTEX_INITIALIZER;

static void loaded_clear(struct loaded *one)
{
	OSSL_LIB_CTX_free(one->context);
	free(one->properties);
	free(one->name);
	*one = (struct loaded){0};
}

/*
 * The default provider decodes what is around a key, and computes with its public half.
 * tpm2-openssl marks by these properties what it would do for others: digests and ciphers.
 */
static int loaded_new(const char *name, struct loaded *one)
{
	one->context = OSSL_LIB_CTX_new();
	one->name = strdup(name);
	if (!one->context || !one->name ||
	    asprintf(&one->properties, "?provider=%s,%s.digest!=yes,%s.cipher!=yes", name, name,
		     name) < 0)
		return -ENOMEM;
	if (!OSSL_PROVIDER_load(one->context, name) || !OSSL_PROVIDER_load(one->context, "default"))
		return -ENOPKG;
	return 0;
}

/* With the mutex held; NULL: it was not loaded. */
static const struct loaded *loaded_find(const char *name)
{
	for (size_t i = 0; i < n_loaded; i++)
		if (!strcmp(loaded[i].name, name))
			return &loaded[i];
	return NULL;
}

int key_provider_load(const char *name, struct key_provider *providerp)
{
	const struct loaded *one;
	int err = 0;

	pthread_mutex_lock(&loaded_mutex);
	one = loaded_find(name);
	if (!one && n_loaded == PROVIDERS_MAX) {
		err = -ENOPKG;
	} else if (!one) {
		err = loaded_new(name, &loaded[n_loaded]);
		if (err)
			loaded_clear(&loaded[n_loaded]);
		else
			one = &loaded[n_loaded++];
	}
	if (!err)
		*providerp = (struct key_provider){one->context, one->properties};
	pthread_mutex_unlock(&loaded_mutex);
	return err;
}

struct key_provider key_provider_of(const EVP_PKEY *key)
{
	const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(key);
	const char *name = provider ? OSSL_PROVIDER_get0_name(provider) : NULL;
	struct key_provider found = {NULL, NULL};
	const struct loaded *one;

	if (!name || !strcmp(name, "default"))
		return found;
	pthread_mutex_lock(&loaded_mutex);
	one = loaded_find(name);
	if (one)
		found = (struct key_provider){one->context, one->properties};
	pthread_mutex_unlock(&loaded_mutex);
	return found;
}

EVP_PKEY_CTX *key_provider_context(EVP_PKEY *key)
{
	struct key_provider provider = key_provider_of(key);

	return EVP_PKEY_CTX_new_from_pkey(provider.context, key, provider.properties);
}
