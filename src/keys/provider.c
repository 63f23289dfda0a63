// SPDX-License-Identifier: Apache-2.0
/* Keys of a provider, as "tpm2:/etc/cmfd/ca.tss.pem" or "tpm2:handle:0x81000001". */
#include "keys/credential.h"
#include "passphrase.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/*
 * Keys that a URI names stay until the process ends, and are given again: tpm2-tss has one object
 * for a persistent handle, and whoever closes it closes it for all. A reload opens the new key
 * before it closes the old one.
 */
enum { KEPT_MAX = 64 };

static struct kept {
	char *source;
	EVP_PKEY *key;
} kept[KEPT_MAX];
static size_t n_kept;
static pthread_mutex_t kept_mutex = PTHREAD_MUTEX_INITIALIZER;

static int key_open(const char *text, const char *source, struct passphrase *passphrase,
		    EVP_PKEY **keyp)
{
	_cleanup_(freep) char *name = strndup(text, (size_t)(source - text - 1));
	struct key_provider provider;
	int err = name ? key_provider_load(name, &provider) : -ENOMEM;

	return err ? err : key_from_store(source, provider, passphrase, keyp);
}

/* With the mutex held. */
static int key_keep(const char *text, EVP_PKEY *key)
{
	char *source = n_kept < KEPT_MAX ? strdup(text) : NULL;

	if (!source || !EVP_PKEY_up_ref(key)) {
		free(source);
		return -ENOMEM;
	}
	kept[n_kept++] = (struct kept){source, key};
	return 0;
}

static int key_once(const char *text, const char *source, struct passphrase *passphrase,
		    EVP_PKEY **keyp)
{
	int err;

	for (size_t i = 0; i < n_kept; i++) {
		if (!strcmp(kept[i].source, text)) {
			*keyp = kept[i].key;
			return EVP_PKEY_up_ref(*keyp) ? 0 : -ENOMEM;
		}
	}
	err = key_open(text, source, passphrase, keyp);
	if (!err && (err = key_keep(text, *keyp))) {
		EVP_PKEY_free(*keyp);
		*keyp = NULL;
	}
	return err;
}

int key_from_provider(const char *text, struct passphrase *passphrase, EVP_PKEY **keyp)
{
	const char *colon = strchr(text, ':');
	int err;

	if (!colon)
		return -EBADMSG;
	if (!credential_is_uri(colon + 1))
		return key_open(text, colon + 1, passphrase, keyp);
	pthread_mutex_lock(&kept_mutex);
	err = key_once(text, colon + 1, passphrase, keyp);
	pthread_mutex_unlock(&kept_mutex);
	return err;
}
