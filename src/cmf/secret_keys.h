// SPDX-License-Identifier: Apache-2.0
/*
 * The store keys that a CMF has: that of [store] secret_key, and the one before. Which of them is
 * in force the store says (store_secret_keys()). They are only ever added to, so that whoever has
 * found one may use it as long as the CMF lives. Any thread.
 */
#pragma once

#include "cmf.h"

enum { SECRET_KEY_LEN = 32 };

struct secret_key {
	uint8_t id[CMF_KEY_ID_LEN]; /* derived from the key */
	uint8_t *octets;            /* SECRET_KEY_LEN, in OpenSSL's heap for keys */
	struct secret_key *next;
};

struct secret_keys;

/* Reads the files. 0, -ENOMEM, or -EINVAL with a problem. */
_must_check_ int secret_keys_new(const struct conf_store *conf, struct secret_keys **keysp,
				 struct strbuf *problems);
/* NULL is fine. */
void secret_keys_free(struct secret_keys *keys);
/* Reads the files again: there may be another key in them since. The same results. */
_must_check_ int secret_keys_refresh(struct secret_keys *keys, struct strbuf *problems);
/* The key that was in the file of secret_key last; NULL: there is none. */
const struct secret_key *secret_keys_own(const struct secret_keys *keys);
/* NULL: it is not there. */
const struct secret_key *secret_keys_find(const struct secret_keys *keys,
					  const uint8_t id[CMF_KEY_ID_LEN]);
/* The same, but where it is not there the files are read again first. */
const struct secret_key *secret_keys_look(struct secret_keys *keys,
					  const uint8_t id[CMF_KEY_ID_LEN]);
/* All of them, one behind the other. */
const struct secret_key *secret_keys_first(const struct secret_keys *keys);
/* HKDF-SHA256 (RFC 5869) without salt, with the label as info. 0 or -EIO. */
_must_check_ int secret_key_derive(const struct secret_key *key, const char *label, uint8_t *out,
				   size_t len);
