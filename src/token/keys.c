// SPDX-License-Identifier: Apache-2.0
/* Keys out of a JWKS. See keys.h; where it comes from is checker.c's. */
#include "keys.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/err.h>
#include <string.h>

/*
 * KEYS_MAX: an authorisation server has one or two for each algorithm, and those before. RSA keys
 * as for signers of CMP messages from 2048 bits; above 8192 a verification is dear.
 */
enum { KEYS_MAX = 64, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

/* HS*, whose key would be a secret, and none are not among them. RFC 7518 3.1, RFC 8725 3.1 */
static const struct token_algorithm algorithms[] = {
	{"RS256", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID},
	{"RS384", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID},
	{"RS512", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID},
	{"PS256", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID},
	{"PS384", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID},
	{"PS512", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID},
	{"ES256", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_256},
	{"ES384", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_384},
	{"ES512", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_521},
};

static void json_freep(json_t **json)
{
	json_decref(*json);
}

bool token_base64url_valid(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_'))
			return false;
	}
	return text.len > 0 && text.len % 4 != 1;
}

const struct token_algorithm *token_algorithm_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return &algorithms[i];
	return NULL;
}

static void key_clear(struct token_key *key)
{
	free(key->kid);
	if (key->jwk)
		cjose_jwk_release(key->jwk);
	*key = (struct token_key){0};
}

size_t token_keys_count(const struct token_keys *keys)
{
	return keys->len;
}

void token_keys_unref(struct token_keys *keys)
{
	if (!keys || atomic_fetch_sub(&keys->refs, 1) != 1)
		return;
	for (size_t i = 0; i < keys->len; i++)
		key_clear(&keys->item[i]);
	free(keys->item);
	free(keys);
}

/* RFC 7517 4.2, 4.3: for signatures, as far as it says. */
static bool is_for_signatures(const json_t *jwk)
{
	const json_t *use = json_object_get(jwk, "use"), *ops = json_object_get(jwk, "key_ops");
	bool verifies = !ops;
	const json_t *op;
	size_t i;

	json_array_foreach(ops, i, op) verifies =
		verifies || (json_is_string(op) && strcmp(json_string_value(op), "verify") == 0);
	return verifies &&
	       (!use || (json_is_string(use) && strcmp(json_string_value(use), "sig") == 0));
}

/* RFC 7518 6.2.1, 6.3.1: what a public key is made of. */
static const struct {
	const char *name;
	bool coded;
} members[] = {{"kty", false}, {"crv", false}, {"n", true}, {"e", true}, {"x", true}, {"y", true}};

/* Those that are coded are BASE64URL. */
static bool is_well_coded(const json_t *jwk)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const json_t *member = json_object_get(jwk, members[i].name);
		struct bytes text = {(const uint8_t *)json_string_value(member),
				     json_string_length(member)};

		if (members[i].coded && member && !token_base64url_valid(text))
			return false;
	}
	return true;
}

/* The public members alone: a private key that was published by mistake is none of ours to have. */
static char *public_text(const json_t *jwk)
{
	_cleanup_(json_freep) json_t *public = json_object();

	for (size_t i = 0; public && i < ARRAY_LEN(members); i++) {
		json_t *member = json_object_get(jwk, members[i].name);

		if (member && json_object_set(public, members[i].name, member) < 0)
			return NULL;
	}
	return public ? json_dumps(public, JSON_COMPACT) : NULL;
}

/* 0, -EBADMSG: it is of no kind that is used, or malformed; -ENOMEM. */
static int jwk_import(const json_t *jwk, struct token_key *key)
{
	_cleanup_(freep) char *text = public_text(jwk);
	cjose_err error = {.code = CJOSE_ERR_NONE};
	size_t bits;

	if (!text)
		return -ENOMEM;
	key->jwk = cjose_jwk_import(text, strlen(text), &error);
	ERR_clear_error();
	/* Whatever error.code says: for a point that is not on its curve that is no memory. */
	if (!key->jwk)
		return -EBADMSG;
	key->kty = cjose_jwk_get_kty(key->jwk, &error);
	key->curve = CJOSE_JWK_EC_INVALID;
	switch (key->kty) {
	case CJOSE_JWK_KTY_RSA:
		bits = cjose_jwk_get_keysize(key->jwk, &error);
		return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX ? 0 : -EBADMSG;
	case CJOSE_JWK_KTY_EC:
		key->curve = cjose_jwk_EC_get_curve(key->jwk, &error);
		return 0;
	case CJOSE_JWK_KTY_OCT:
	default:
		return -EBADMSG;
	}
}

/* Without a name no token can mean it. */
static int key_read(const json_t *jwk, struct token_key *key)
{
	const char *kid = json_string_value(json_object_get(jwk, "kid"));
	const json_t *alg = json_object_get(jwk, "alg");

	if (!kid || !is_for_signatures(jwk) || !is_well_coded(jwk) || (alg && !json_is_string(alg)))
		return -EBADMSG;
	if (alg) {
		key->only = token_algorithm_find(json_string_value(alg));
		if (!key->only)
			return -EBADMSG;
	}
	key->kid = strdup(kid);
	return key->kid ? jwk_import(jwk, key) : -ENOMEM;
}

int token_keys_parse(struct bytes jwks, struct token_keys **keysp)
{
	_cleanup_(json_freep) json_t *json =
		json_loadb((const char *)jwks.data, jwks.len, JSON_REJECT_DUPLICATES, NULL);
	_cleanup_(token_keys_unrefp) struct token_keys *keys = calloc(1, sizeof(*keys));
	const json_t *list = json_object_get(json, "keys"), *jwk;
	size_t i;

	if (!keys)
		return -ENOMEM;
	atomic_init(&keys->refs, 1);
	if (!json_is_array(list) || json_array_size(list) > KEYS_MAX)
		return -EBADMSG;
	keys->item = calloc(json_array_size(list) + 1, sizeof(*keys->item));
	if (!keys->item)
		return -ENOMEM;
	json_array_foreach(list, i, jwk)
	{
		struct token_key *key = &keys->item[keys->len];
		int err = key_read(jwk, key);

		if (err == 0) {
			keys->len++;
			continue;
		}
		key_clear(key);
		if (err != -EBADMSG)
			return err;
		/* RFC 7517 5: what is not understood is ignored. */
		keys->unusable++;
	}
	*keysp = TAKE(keys);
	return 0;
}

const struct token_key *token_keys_find(const struct token_keys *keys, const char *kid,
					const struct token_algorithm *algorithm, bool *knownp)
{
	*knownp = false;
	for (size_t i = 0; i < keys->len; i++) {
		const struct token_key *key = &keys->item[i];

		if (strcmp(key->kid, kid) != 0)
			continue;
		*knownp = true;
		if (key->kty == algorithm->kty && key->curve == algorithm->curve &&
		    (!key->only || key->only == algorithm))
			return key;
	}
	return NULL;
}
