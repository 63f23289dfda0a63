// SPDX-License-Identifier: Apache-2.0
/* Private keys that others encrypt for. See asn1/decryptor.h. */
#include "asn1/decryptor.h"
#include "asn1/key_provider.h"

#include "base/log.h"
#include "envelope_local.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

/* The largest modulus that an RSA key may have, see spki_key(). */
#define RSA_OCTETS_MAX 2048

struct decryptor {
	EVP_PKEY *key;
};

int decryptor_new(EVP_PKEY *key, struct decryptor **decryptorp)
{
	struct decryptor *d = malloc(sizeof(*d));

	if (!d || !EVP_PKEY_up_ref(key)) {
		free(d);
		return -ENOMEM;
	}
	d->key = key;
	*decryptorp = d;
	return 0;
}

void decryptor_free(struct decryptor *d)
{
	if (!d)
		return;
	EVP_PKEY_free(d->key);
	free(d);
}

const EVP_PKEY *decryptor_public_key(const struct decryptor *d)
{
	return d->key;
}

static bool padding_set(EVP_PKEY_CTX *ctx, const EVP_MD *oaep)
{
	if (!oaep)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(ctx, oaep) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, oaep) > 0;
}

static int transport_decrypt(EVP_PKEY_CTX *ctx, struct bytes encrypted, uint8_t *secret,
			     size_t secret_len)
{
	uint8_t out[RSA_OCTETS_MAX];
	size_t len = sizeof(out);

	if (RAND_priv_bytes(secret, (int)secret_len) != 1)
		return log_fault("make a content-encryption key", -EIO, NULL);
	if (EVP_PKEY_decrypt(ctx, out, &len, encrypted.data, encrypted.len) > 0 &&
	    len == secret_len)
		memcpy(secret, out, secret_len);
	OPENSSL_cleanse(out, sizeof(out));
	return 0;
}

int decryptor_transport(const struct decryptor *d, const EVP_MD *oaep, struct bytes encrypted,
			uint8_t *secret, size_t secret_len)
{
	EVP_PKEY_CTX *ctx;
	int err;

	if (!EVP_PKEY_is_a(d->key, "RSA") || EVP_PKEY_get_size(d->key) > RSA_OCTETS_MAX)
		return -EKEYREJECTED;
	ctx = key_provider_context(d->key);
	if (!ctx || EVP_PKEY_decrypt_init(ctx) <= 0 || !padding_set(ctx, oaep))
		err = log_fault("decrypt a key", -EIO, NULL);
	else
		err = transport_decrypt(ctx, encrypted, secret, secret_len);
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return err;
}

int decryptor_agree(const struct decryptor *d, EVP_PKEY *peer, struct octets *secretp)
{
	return envelope_agree(d->key, peer, secretp);
}

int decryptor_decapsulate(const struct decryptor *d, struct bytes ciphertext,
			  struct octets *secretp)
{
	EVP_PKEY_CTX *ctx = key_provider_context(d->key);
	uint8_t *secret = NULL;
	size_t len = 0;
	int ok = ctx && EVP_PKEY_decapsulate_init(ctx, NULL) > 0 &&
		 EVP_PKEY_decapsulate(ctx, NULL, &len, ciphertext.data, ciphertext.len) > 0;

	if (ok)
		secret = malloc(len);
	ok = secret && EVP_PKEY_decapsulate(ctx, secret, &len, ciphertext.data, ciphertext.len) > 0;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	if (!ok) {
		free(secret);
		return -EKEYREJECTED;
	}
	*secretp = (struct octets){secret, len};
	return 0;
}
