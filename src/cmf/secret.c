// SPDX-License-Identifier: Apache-2.0
/*
 * Secrets at rest: AES-256-GCM under the store key in force, with what it is sealed for as
 * additional data, a client's reference, so that it is of no use under another. The keys are
 * secret_keys.c's; which of them is in force the store says, and whoever seals makes that a
 * condition of his unit.
 *
 *	sealed = id of the key (8) || nonce (12) || ciphertext || tag (16)
 *
 * What was sealed before keys had ids has none in front, and opens all the same.
 */
#include "cmf_private.h"
#include "secret_keys.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

enum { NONCE_LEN = 12, TAG_LEN = 16, SECRET_LEN_MAX = 16384 };

static void cipher_ctx_freep(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

/* --- sealing --- */

static int encrypt(const struct secret_key *key, struct bytes aad, struct bytes secret,
		   uint8_t *out)
{
	_cleanup_(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *text = out + NONCE_LEN;
	int len;

	if (!ctx || RAND_bytes(out, NONCE_LEN) != 1 ||
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->octets, out) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) != 1 ||
	    EVP_EncryptUpdate(ctx, text, &len, secret.data, (int)secret.len) != 1 ||
	    EVP_EncryptFinal_ex(ctx, text + len, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, text + secret.len) != 1)
		return log_fault("cmf: seal a secret", -EIO, NULL);
	return 0;
}

int secret_seal_under(const struct secret_key *key, struct bytes sealed_for, struct bytes secret,
		      struct octets *sealedp)
{
	_cleanup_(octets_clear) struct octets sealed = OCTETS_NULL;
	int err;

	if (!key)
		return log_fault("cmf: seal a secret", -ENOKEY, "[store] secret_key is not set");
	if (secret.len == 0 || secret.len > SECRET_LEN_MAX)
		return -EINVAL;
	sealed.len = CMF_KEY_ID_LEN + NONCE_LEN + secret.len + TAG_LEN;
	sealed.data = malloc(sealed.len);
	if (!sealed.data)
		return -ENOMEM;
	memcpy(sealed.data, key->id, CMF_KEY_ID_LEN);
	err = encrypt(key, sealed_for, secret, sealed.data + CMF_KEY_ID_LEN);
	if (err < 0)
		return err;
	*sealedp = sealed;
	sealed = OCTETS_NULL;
	return 0;
}

/* The key in force; before the first secret, ours. -ENOKEY. */
static int key_in_force(const struct cmf_call *call, const struct secret_key **keyp)
{
	struct secret_keys *keys = call->cmf->secret_keys;
	uint8_t id[CMF_KEY_ID_LEN];
	int err = cmf_key_current(call->reader, id);

	if (err < 0)
		return err;
	*keyp = err == STORE_NOT_FOUND ? secret_keys_own(keys) : secret_keys_look(keys, id);
	return *keyp ? 0
		     : log_fault("cmf: seal a secret", -ENOKEY,
				 "the store key in force is not that of [store] secret_key");
}

int cmf_secret_seal(const struct cmf_call *call, struct bytes sealed_for, struct bytes secret,
		    struct octets *sealedp)
{
	const struct secret_key *key = NULL;
	int err = key_in_force(call, &key);

	if (err == 0)
		err = secret_seal_under(key, sealed_for, secret, sealedp);
	return err == 0 ? store_secret_key_require(call->unit, key->id, call->now_ms) : err;
}

/* --- what a secret is sealed for --- */

static const char *const kinds[STORE_SEALED_KINDS] = {
	[STORE_SEALED_CREDENTIAL] = "", /* for its reference as it is */
	[STORE_SEALED_KEM_SECRET] = "KemBasedMac",
	[STORE_SEALED_REV_PASSPHRASE] = "revPassphrase",
	[STORE_SEALED_REV_PASSPHRASE_BEFORE] = "revPassphrase",
	[STORE_SEALED_ARCHIVED_KEY] = "archivedKey",
	[STORE_SEALED_SUBSCRIPTION] = "callback",
	[STORE_SEALED_INITIAL_CREDENTIAL] = "initialCredential",
};

int secret_reference(enum store_sealed_kind kind, struct bytes octets, char **textp)
{
	size_t len = strlen(kinds[kind]);
	char *text = malloc(len + 1 + 2 * octets.len + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text, kinds[kind], len);
	text[len] = ':';
	bytes_to_hex(octets, text + len + 1);
	*textp = text;
	return 0;
}

/* --- opening --- */

/* nonce || ciphertext || tag. -EBADMSG: not under that key, or not for that; nothing is logged. */
static int decrypt(const struct secret_key *key, struct bytes aad, struct bytes sealed,
		   struct octets *secretp)
{
	_cleanup_(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	uint8_t tag[TAG_LEN];
	int len;

	if (sealed.len <= NONCE_LEN + TAG_LEN || sealed.len > NONCE_LEN + SECRET_LEN_MAX + TAG_LEN)
		return -EBADMSG;
	secret.len = sealed.len - NONCE_LEN - TAG_LEN;
	secret.data = malloc(secret.len);
	ctx = EVP_CIPHER_CTX_new();
	if (!secret.data || !ctx)
		return -ENOMEM;
	memcpy(tag, sealed.data + NONCE_LEN + secret.len, TAG_LEN);
	if (EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->octets, sealed.data) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) != 1 ||
	    EVP_DecryptUpdate(ctx, secret.data, &len, sealed.data + NONCE_LEN, (int)secret.len) !=
		    1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) != 1 ||
	    EVP_DecryptFinal_ex(ctx, secret.data + len, &len) != 1)
		return -EBADMSG;
	*secretp = secret;
	secret = OCTETS_NULL;
	return 0;
}

/* From before keys had ids: under any of ours. */
static int decrypt_without_id(const struct secret_keys *keys, struct bytes aad, struct bytes sealed,
			      struct octets *secretp)
{
	int err = -EBADMSG;

	for (const struct secret_key *key = secret_keys_first(keys); key && err == -EBADMSG;
	     key = key->next)
		err = decrypt(key, aad, sealed, secretp);
	return err;
}

int secret_try(const struct cmf *cmf, struct bytes sealed_for, struct bytes sealed,
	       struct octets *secretp)
{
	struct bytes rest = {sealed.data + CMF_KEY_ID_LEN, sealed.len - CMF_KEY_ID_LEN};
	const struct secret_key *key;
	int err;

	if (sealed.len <= CMF_KEY_ID_LEN)
		return -EBADMSG;
	key = secret_keys_find(cmf->secret_keys, sealed.data);
	err = key ? decrypt(key, sealed_for, rest, secretp)
		  : decrypt_without_id(cmf->secret_keys, sealed_for, sealed, secretp);
	if (err == -EBADMSG && !key) {
		/* Somebody may have brought another key into force. */
		key = secret_keys_look(cmf->secret_keys, sealed.data);
		err = key ? decrypt(key, sealed_for, rest, secretp) : -EBADMSG;
	}
	return err;
}

int secret_open(const struct cmf *cmf, struct bytes sealed_for, struct bytes sealed,
		struct octets *secretp)
{
	int err = secret_try(cmf, sealed_for, sealed, secretp);

	return err < 0 ? log_fault("cmf: open a secret", err, NULL) : 0;
}

/* --- the secret that nobody has --- */

enum { NOBODYS_SECRET_LEN = 32 };

/* No client has a reference without octets. */
#define NOBODYS_REFERENCE bytes_of_string("")

int nobodys_secret_make(struct cmf *cmf)
{
	const struct secret_key *key = secret_keys_own(cmf->secret_keys);
	uint8_t secret[NOBODYS_SECRET_LEN];
	int err;

	if (!key)
		return 0;
	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return log_fault("cmf: random secret", -EIO, NULL);
	err = secret_seal_under(key, NOBODYS_REFERENCE, BYTES_OF(secret), &cmf->nobodys_secret);
	OPENSSL_cleanse(secret, sizeof(secret));
	return err;
}

int cmf_nobodys_secret(struct cmf *cmf, struct octets *secretp)
{
	return secret_open(cmf, NOBODYS_REFERENCE, octets_view(&cmf->nobodys_secret), secretp);
}

/* --- secrets of KemBasedMac --- */

int cmf_kem_secret_seal(const struct cmf_call *call, struct bytes transaction_id,
			struct bytes secret, struct octets *sealedp)
{
	_cleanup_(freep) char *sealed_for = NULL;
	int err = secret_reference(STORE_SEALED_KEM_SECRET, transaction_id, &sealed_for);

	return err < 0 ? err : cmf_secret_seal(call, bytes_of_string(sealed_for), secret, sealedp);
}

int cmf_kem_secret_open(struct cmf *cmf, struct bytes transaction_id, struct bytes sealed,
			struct octets *secretp)
{
	_cleanup_(freep) char *sealed_for = NULL;
	int err = secret_reference(STORE_SEALED_KEM_SECRET, transaction_id, &sealed_for);

	return err < 0 ? err : secret_open(cmf, bytes_of_string(sealed_for), sealed, secretp);
}

/* --- other uses of the store key --- */

int cmf_key_current(struct store_reader *reader, uint8_t id[CMF_KEY_ID_LEN])
{
	struct store_secret_key keys[STORE_SECRET_KEYS_MAX];
	size_t n = 0;
	int err = store_secret_keys(reader, keys, &n);

	if (err < 0)
		return err;
	if (n == 0 || !keys[0].in_force)
		return STORE_NOT_FOUND;
	memcpy(id, keys[0].id, CMF_KEY_ID_LEN);
	return 0;
}

int cmf_key_in_file(struct cmf *cmf, uint8_t id[CMF_KEY_ID_LEN])
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	int err = secret_keys_refresh(cmf->secret_keys, &problems);
	const struct secret_key *own = secret_keys_own(cmf->secret_keys);

	if (err == 0 && !own)
		err = -ENOKEY;
	if (err < 0)
		return log_fault("cmf: read the store key", err, problems.text);
	memcpy(id, own->id, CMF_KEY_ID_LEN);
	return 0;
}

int cmf_key_derive(struct cmf *cmf, const uint8_t *id, const char *label,
		   uint8_t out[CMF_DERIVED_KEY_LEN])
{
	const struct secret_key *key =
		id ? secret_keys_look(cmf->secret_keys, id) : secret_keys_own(cmf->secret_keys);

	return key ? secret_key_derive(key, label, out, CMF_DERIVED_KEY_LEN) : -ENOKEY;
}
