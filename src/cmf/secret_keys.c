// SPDX-License-Identifier: Apache-2.0
/*
 * Store keys: read from their files, known by ids, and what is derived from them. What is sealed
 * under them is secret.c's, how secrets come from one to the next rekey.c's.
 */
#include "secret_keys.h"

#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* Where the key before lies unless the configuration says it. */
#define OLD_SUFFIX ".old"

#define ID_LABEL "cmfd store key id"

struct secret_keys {
	const struct conf_store *conf;
	pthread_mutex_t adding;
	_Atomic(struct secret_key *) first; /* added in front */
	_Atomic(struct secret_key *) own;
};

static void kdf_ctx_freep(EVP_KDF_CTX **ctx)
{
	EVP_KDF_CTX_free(*ctx);
}

int secret_key_derive(const struct secret_key *key, const char *label, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	_cleanup_(kdf_ctx_freep) EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key->octets, SECRET_KEY_LEN),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (char *)(uintptr_t)label,
						  strlen(label)),
		OSSL_PARAM_construct_end(),
	};

	EVP_KDF_free(kdf);
	if (!ctx || EVP_KDF_derive(ctx, out, len, params) != 1)
		return log_fault("cmf: derive a key", -EIO, NULL);
	return 0;
}

/* --- reading --- */

static void secret_key_free(struct secret_key *key)
{
	if (!key)
		return;
	OPENSSL_secure_clear_free(key->octets, SECRET_KEY_LEN);
	free(key);
}

DEFINE_CLEANUP(struct secret_key, secret_key_free);

static int hex_read(const struct octets *file, uint8_t key[SECRET_KEY_LEN])
{
	char hex[2 * SECRET_KEY_LEN + 1];
	size_t len = 0, end = file->len;
	int err;

	while (end > 0 && (file->data[end - 1] == '\n' || file->data[end - 1] == '\r'))
		end--;
	if (end != sizeof(hex) - 1)
		return -EINVAL;
	memcpy(hex, file->data, end);
	hex[end] = '\0';
	err = hex_to_bytes(hex, key, SECRET_KEY_LEN, &len);
	OPENSSL_cleanse(hex, sizeof(hex));
	return err < 0 || len != SECRET_KEY_LEN ? -EINVAL : 0;
}

/* -ENOENT: there is no such file, which is not told. */
static int key_read(const char *what, const char *path, struct secret_key **keyp,
		    struct strbuf *problems)
{
	_cleanup_(octets_clear_secret) struct octets file = OCTETS_NULL;
	_cleanup_(secret_key_freep) struct secret_key *key = calloc(1, sizeof(*key));
	int err = file_read(path, 1024, &file);

	if (err == -ENOENT)
		return err;
	if (err < 0) {
		strbuf_printf(problems, "[store] %s: cannot read %s: %s\n", what, path,
			      error_text(err));
		return -EINVAL;
	}
	if (key)
		key->octets = OPENSSL_secure_zalloc(SECRET_KEY_LEN);
	if (!key || !key->octets)
		return -ENOMEM;
	err = hex_read(&file, key->octets);
	if (err < 0) {
		strbuf_printf(problems, "[store] %s: %s must hold 64 hex digits\n", what, path);
		return err;
	}
	err = secret_key_derive(key, ID_LABEL, key->id, sizeof(key->id));
	if (err == 0)
		*keyp = TAKE(key);
	return err;
}

/* Takes the key over; the one that is among them from now on. */
static struct secret_key *key_add(struct secret_keys *keys, struct secret_key *key)
{
	struct secret_key *there = (struct secret_key *)(uintptr_t)secret_keys_find(keys, key->id);

	if (there) {
		secret_key_free(key);
		return there;
	}
	key->next = atomic_load(&keys->first);
	atomic_store(&keys->first, key);
	return key;
}

static int own_read(struct secret_keys *keys, struct strbuf *problems)
{
	struct secret_key *key = NULL;
	int err = key_read("secret_key", keys->conf->secret_key, &key, problems);

	if (err == -ENOENT) {
		strbuf_printf(problems, "[store] secret_key: cannot read %s: %s\n",
			      keys->conf->secret_key, error_text(-ENOENT));
		return -EINVAL;
	}
	if (err == 0)
		atomic_store(&keys->own, key_add(keys, key));
	return err;
}

static int old_read(struct secret_keys *keys, struct strbuf *problems)
{
	const char *configured = keys->conf->secret_key_old;
	_cleanup_(freep) char *beside = NULL;
	struct secret_key *key = NULL;
	int err;

	if (!configured && asprintf(&beside, "%s" OLD_SUFFIX, keys->conf->secret_key) < 0) {
		beside = NULL;
		return -ENOMEM;
	}
	err = key_read("secret_key_old", configured ? configured : beside, &key, problems);
	if (err == -ENOENT)
		return 0;
	if (err == 0)
		(void)key_add(keys, key);
	return err;
}

int secret_keys_refresh(struct secret_keys *keys, struct strbuf *problems)
{
	int err = 0;

	if (!keys->conf->secret_key)
		return 0;
	pthread_mutex_lock(&keys->adding);
	/* Who puts a new one in place has put the one before beside it first: in this order one of
	 * the two files has the one before, whatever happens in between. */
	err = own_read(keys, problems);
	if (err == 0)
		err = old_read(keys, problems);
	pthread_mutex_unlock(&keys->adding);
	return err;
}

int secret_keys_new(const struct conf_store *conf, struct secret_keys **keysp,
		    struct strbuf *problems)
{
	struct secret_keys *keys = calloc(1, sizeof(*keys));
	int err;

	if (!keys)
		return -ENOMEM;
	keys->conf = conf;
	pthread_mutex_init(&keys->adding, NULL);
	err = secret_keys_refresh(keys, problems);
	if (err < 0) {
		secret_keys_free(keys);
		return err;
	}
	*keysp = keys;
	return 0;
}

void secret_keys_free(struct secret_keys *keys)
{
	struct secret_key *key = keys ? atomic_load(&keys->first) : NULL;

	if (!keys)
		return;
	while (key) {
		struct secret_key *next = key->next;

		secret_key_free(key);
		key = next;
	}
	pthread_mutex_destroy(&keys->adding);
	free(keys);
}

/* --- finding --- */

const struct secret_key *secret_keys_own(const struct secret_keys *keys)
{
	return atomic_load(&keys->own);
}

const struct secret_key *secret_keys_first(const struct secret_keys *keys)
{
	return atomic_load(&keys->first);
}

const struct secret_key *secret_keys_find(const struct secret_keys *keys,
					  const uint8_t id[CMF_KEY_ID_LEN])
{
	const struct secret_key *key = secret_keys_first(keys);

	while (key && memcmp(key->id, id, CMF_KEY_ID_LEN) != 0)
		key = key->next;
	return key;
}

const struct secret_key *secret_keys_look(struct secret_keys *keys,
					  const uint8_t id[CMF_KEY_ID_LEN])
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	const struct secret_key *key = secret_keys_find(keys, id);

	if (key)
		return key;
	if (secret_keys_refresh(keys, &problems) < 0)
		log_event(LOG_LEVEL_ERROR, "secret_key",
			  F_TEXT("problem", problems.text ? problems.text : "out of memory"));
	return secret_keys_find(keys, id);
}
