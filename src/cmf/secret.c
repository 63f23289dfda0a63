// SPDX-License-Identifier: Apache-2.0
/*
 * Secrets at rest: AES-256-GCM under the key of [store] secret_key, with what it is sealed for as
 * additional data, a client's reference, so that it is of no use under another.
 *
 *	sealed = nonce (12) || ciphertext || tag (16)
 */
#include "cmf_private.h"

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

int secret_key_load(struct cmf *cmf, struct strbuf *problems)
{
	const char *path = cmf->conf->store.secret_key;
	_cleanup_(octets_clear_secret) struct octets file = OCTETS_NULL;
	char hex[2 * CMF_SECRET_KEY_LEN + 1];
	size_t len = 0, end;
	int err;

	if (!path)
		return 0;
	err = file_read(path, 1024, &file);
	if (err < 0) {
		strbuf_printf(problems, "[store] secret_key: cannot read %s: %s\n", path,
			      strerror(-err));
		return -EINVAL;
	}
	cmf->secret_key = OPENSSL_secure_zalloc(CMF_SECRET_KEY_LEN);
	if (!cmf->secret_key)
		return -ENOMEM;
	end = file.len;
	while (end > 0 && (file.data[end - 1] == '\n' || file.data[end - 1] == '\r'))
		end--;
	err = -EINVAL;
	if (end == sizeof(hex) - 1) {
		memcpy(hex, file.data, end);
		hex[end] = '\0';
		err = hex_to_bytes(hex, cmf->secret_key, CMF_SECRET_KEY_LEN, &len);
		OPENSSL_cleanse(hex, sizeof(hex));
	}
	if (err < 0 || len != CMF_SECRET_KEY_LEN) {
		strbuf_printf(problems, "[store] secret_key: %s must hold 64 hex digits\n", path);
		return -EINVAL;
	}
	return 0;
}

static int secret_seal(const struct cmf *cmf, struct bytes aad, struct bytes secret, uint8_t *out)
{
	_cleanup_(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *text = out + NONCE_LEN;
	int len;

	if (!ctx || RAND_bytes(out, NONCE_LEN) != 1 ||
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, cmf->secret_key, out) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) != 1 ||
	    EVP_EncryptUpdate(ctx, text, &len, secret.data, (int)secret.len) != 1 ||
	    EVP_EncryptFinal_ex(ctx, text + len, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, text + secret.len) != 1)
		return log_fault("cmf: seal a secret", -EIO, NULL);
	return 0;
}

int cmf_secret_seal(struct cmf *cmf, struct bytes sealed_for, struct bytes secret,
		    struct octets *sealedp)
{
	_cleanup_(octets_clear) struct octets sealed = OCTETS_NULL;
	int err;

	if (!cmf->secret_key)
		return log_fault("cmf: seal a secret", -ENOKEY, "[store] secret_key is not set");
	if (secret.len == 0 || secret.len > SECRET_LEN_MAX)
		return -EINVAL;
	sealed.len = NONCE_LEN + secret.len + TAG_LEN;
	sealed.data = malloc(sealed.len);
	if (!sealed.data)
		return -ENOMEM;
	err = secret_seal(cmf, sealed_for, secret, sealed.data);
	if (err < 0)
		return err;
	*sealedp = sealed;
	sealed = OCTETS_NULL;
	return 0;
}

int secret_reference(const char *kind, struct bytes octets, char **textp)
{
	size_t len = strlen(kind);
	char *text = malloc(len + 1 + 2 * octets.len + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text, kind, len);
	text[len] = ':';
	bytes_to_hex(octets, text + len + 1);
	*textp = text;
	return 0;
}

int secret_open(const struct cmf *cmf, struct bytes sealed_for, struct bytes sealed,
		struct octets *secretp)
{
	_cleanup_(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = NULL;
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	uint8_t tag[TAG_LEN];
	int len;

	if (!cmf->secret_key)
		return log_fault("cmf: open a secret", -ENOKEY, "[store] secret_key is not set");
	if (sealed.len <= NONCE_LEN + TAG_LEN || sealed.len > NONCE_LEN + SECRET_LEN_MAX + TAG_LEN)
		return log_fault("cmf: open a secret", -EBADMSG, NULL);
	secret.len = sealed.len - NONCE_LEN - TAG_LEN;
	secret.data = malloc(secret.len);
	ctx = EVP_CIPHER_CTX_new();
	if (!secret.data || !ctx)
		return -ENOMEM;
	memcpy(tag, sealed.data + NONCE_LEN + secret.len, TAG_LEN);
	if (EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, cmf->secret_key, sealed.data) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &len, sealed_for.data, (int)sealed_for.len) != 1 ||
	    EVP_DecryptUpdate(ctx, secret.data, &len, sealed.data + NONCE_LEN, (int)secret.len) !=
		    1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) != 1 ||
	    EVP_DecryptFinal_ex(ctx, secret.data + len, &len) != 1)
		return log_fault("cmf: open a secret", -EBADMSG, NULL);
	*secretp = secret;
	secret = OCTETS_NULL;
	return 0;
}

enum { NOBODYS_SECRET_LEN = 32 };

/* No client has a reference without octets. */
#define NOBODYS_REFERENCE bytes_of_string("")

int nobodys_secret_make(struct cmf *cmf)
{
	uint8_t secret[NOBODYS_SECRET_LEN];
	int err;

	if (!cmf->secret_key)
		return 0;
	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return log_fault("cmf: random secret", -EIO, NULL);
	err = cmf_secret_seal(cmf, NOBODYS_REFERENCE, BYTES_OF(secret), &cmf->nobodys_secret);
	OPENSSL_cleanse(secret, sizeof(secret));
	return err;
}

int cmf_nobodys_secret(struct cmf *cmf, struct octets *secretp)
{
	return secret_open(cmf, NOBODYS_REFERENCE, octets_view(&cmf->nobodys_secret), secretp);
}

/* --- secrets of KemBasedMac --- */

#define KEM_SEALED_FOR "KemBasedMac"

int cmf_kem_secret_seal(struct cmf *cmf, struct bytes transaction_id, struct bytes secret,
			struct octets *sealedp)
{
	_cleanup_(freep) char *sealed_for = NULL;
	int err = secret_reference(KEM_SEALED_FOR, transaction_id, &sealed_for);

	return err < 0 ? err : cmf_secret_seal(cmf, bytes_of_string(sealed_for), secret, sealedp);
}

int cmf_kem_secret_open(struct cmf *cmf, struct bytes transaction_id, struct bytes sealed,
			struct octets *secretp)
{
	_cleanup_(freep) char *sealed_for = NULL;
	int err = secret_reference(KEM_SEALED_FOR, transaction_id, &sealed_for);

	return err < 0 ? err : secret_open(cmf, bytes_of_string(sealed_for), sealed, secretp);
}
