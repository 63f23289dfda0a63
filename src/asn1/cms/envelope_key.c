// SPDX-License-Identifier: Apache-2.0
/*
 * Key-encryption keys of EnvelopedData: derived from a shared secret or a password; AES key wrap.
 */
#include "envelope_local.h"

#include "asn1/algorithm.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* RFC 9481 4.1.2 (stdDH; cofactorDH is the same on curves with cofactor 1), RFC 8418 2.2 */
static const struct envelope_scheme schemes[] = {
	{"1.3.132.1.11.1", KDF_X963, NID_sha256},
	{"1.3.132.1.11.2", KDF_X963, NID_sha384},
	{"1.3.132.1.11.3", KDF_X963, NID_sha512},
	{"1.3.132.1.14.1", KDF_X963, NID_sha256},
	{"1.3.132.1.14.2", KDF_X963, NID_sha384},
	{"1.3.132.1.14.3", KDF_X963, NID_sha512},
	{"1.2.840.113549.1.9.16.3.19", KDF_HKDF, NID_sha256},
	{"1.2.840.113549.1.9.16.3.20", KDF_HKDF, NID_sha384},
	{"1.2.840.113549.1.9.16.3.21", KDF_HKDF, NID_sha512},
};

static const struct aes {
	size_t bits;
	const char *wrap_oid;
	const char *cbc_oid;
	const char *wrap_name;
} aes[] = {
	{128, "2.16.840.1.101.3.4.1.5", "2.16.840.1.101.3.4.1.2", "AES-128-WRAP"},
	{192, "2.16.840.1.101.3.4.1.25", "2.16.840.1.101.3.4.1.22", "AES-192-WRAP"},
	{256, "2.16.840.1.101.3.4.1.45", "2.16.840.1.101.3.4.1.42", "AES-256-WRAP"},
};

const struct envelope_scheme *envelope_scheme_find(const char *oid)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strcmp(schemes[i].oid, oid) == 0)
			return &schemes[i];
	return NULL;
}

const struct envelope_scheme *envelope_scheme_for(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_security_bits(key);

	if (!EVP_PKEY_is_a(key, "EC") && !EVP_PKEY_is_a(key, "X25519") &&
	    !EVP_PKEY_is_a(key, "X448"))
		return NULL;
	return &schemes[bits <= 128 ? 0 : bits <= 192 ? 1 : 2];
}

size_t envelope_wrap_bits(const char *oid)
{
	for (size_t i = 0; i < ARRAY_LEN(aes); i++)
		if (strcmp(aes[i].wrap_oid, oid) == 0)
			return aes[i].bits;
	return 0;
}

size_t envelope_cbc_bits(const char *oid)
{
	for (size_t i = 0; i < ARRAY_LEN(aes); i++)
		if (strcmp(aes[i].cbc_oid, oid) == 0)
			return aes[i].bits;
	return 0;
}

static const struct aes *aes_by_bits(size_t bits)
{
	return &aes[bits / 64 - 2];
}

const char *envelope_wrap_oid(size_t bits)
{
	return aes_by_bits(bits)->wrap_oid;
}

static const char *envelope_cbc_oid(size_t bits)
{
	return aes_by_bits(bits)->cbc_oid;
}

int envelope_pbkdf2(struct bytes password, struct bytes salt, unsigned int iterations,
		    int digest_nid, uint8_t *kek, size_t kek_len)
{
	if (PKCS5_PBKDF2_HMAC((const char *)password.data, (int)password.len, salt.data,
			      (int)salt.len, (int)iterations, digest_by_nid(digest_nid),
			      (int)kek_len, kek) == 1)
		return 0;
	return log_fault("derive a key from a password", -EIO, NULL);
}

/* Context of AES key wrap; NULL on a fault. The key may be known for both directions. */
static EVP_CIPHER_CTX *wrap_context(const uint8_t *kek, size_t kek_len, int encrypt)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, aes_by_bits(kek_len * 8)->wrap_name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx)
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (!cipher || !ctx || EVP_CipherInit_ex(ctx, cipher, NULL, kek, NULL, encrypt) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(cipher);
	return ctx;
}

int envelope_key_wrap(const uint8_t *kek, const uint8_t *key, size_t key_len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = wrap_context(kek, key_len, 1);
	int len = 0;
	int ok = ctx && EVP_CipherUpdate(ctx, out, &len, key, (int)key_len) == 1 &&
		 (size_t)len == key_len + ENVELOPE_WRAP_OVERHEAD;

	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : log_fault("wrap a key", -EIO, NULL);
}

int envelope_key_unwrap(const uint8_t *kek, size_t kek_len, struct bytes wrapped, uint8_t *key)
{
	uint8_t out[ENVELOPE_KEY_LEN_MAX + ENVELOPE_WRAP_OVERHEAD];
	EVP_CIPHER_CTX *ctx;
	int len = 0, ok;

	if (wrapped.len != kek_len + ENVELOPE_WRAP_OVERHEAD)
		return -EKEYREJECTED;
	ctx = wrap_context(kek, kek_len, 0);
	if (!ctx)
		return log_fault("unwrap a key", -EIO, NULL);
	ok = EVP_CipherUpdate(ctx, out, &len, wrapped.data, (int)wrapped.len) == 1 &&
	     (size_t)len == kek_len;
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	if (ok)
		memcpy(key, out, kek_len);
	OPENSSL_cleanse(out, sizeof(out));
	return ok ? 0 : -EKEYREJECTED;
}

int envelope_agree(EVP_PKEY *own, EVP_PKEY *peer, struct octets *secretp)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	uint8_t *secret = NULL;
	size_t len = 0;
	int ok = ctx && EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, peer) > 0 &&
		 EVP_PKEY_derive(ctx, NULL, &len) > 0;

	if (ok)
		secret = malloc(len);
	ok = secret && EVP_PKEY_derive(ctx, secret, &len) > 0;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	if (!ok) {
		free(secret);
		return -EKEYREJECTED;
	}
	*secretp = (struct octets){secret, len};
	return 0;
}

/*
 * ECC-CMS-SharedInfo ::= SEQUENCE {
 *     keyInfo         AlgorithmIdentifier,
 *     entityUInfo [0] EXPLICIT OCTET STRING OPTIONAL,  -- the ukm
 *     suppPubInfo [2] EXPLICIT OCTET STRING }          -- bits of the key, 32-bit integer
 */
int envelope_shared_info(const char *wrap_oid, struct bytes ukm, size_t kek_len,
			 struct octets *infop)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	const uint8_t bits[4] = {0, 0, (uint8_t)(kek_len * 8 >> 8), (uint8_t)(kek_len * 8)};
	size_t mark;

	der_put_value(&w, 0x04, BYTES_OF(bits));
	der_put_header(&w, 0xa2, 0);
	if (ukm.len) {
		mark = der_mark(&w);
		der_put_value(&w, 0x04, ukm);
		der_put_header(&w, 0xa0, mark);
	}
	envelope_put_algorithm(&w, wrap_oid);
	der_put_header(&w, 0x30, 0);
	return der_writer_take(&w, infop);
}

/*
 * CMSORIforKEMOtherInfo ::= SEQUENCE {
 *     wrap           KeyEncryptionAlgorithmIdentifier,
 *     kekLength      INTEGER (1..65535),
 *     ukm        [0] EXPLICIT UserKeyingMaterial OPTIONAL }
 */
int envelope_kem_info(const char *wrap_oid, struct bytes ukm, size_t kek_len, struct octets *infop)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	const uint8_t length = (uint8_t)kek_len;

	if (ukm.len) {
		der_put_value(&w, 0x04, ukm);
		der_put_header(&w, 0xa0, 0);
	}
	der_put_unsigned(&w, (struct bytes){&length, 1});
	envelope_put_algorithm(&w, wrap_oid);
	der_put_header(&w, 0x30, 0);
	return der_writer_take(&w, infop);
}

void envelope_put_cbc(struct der_writer *w, const uint8_t iv[ENVELOPE_IV_LEN])
{
	size_t mark = der_mark(w);

	der_put_value(w, 0x04, (struct bytes){iv, ENVELOPE_IV_LEN});
	envelope_put_oid(w, envelope_cbc_oid(ENVELOPE_KEY_LEN * 8));
	der_put_header(w, 0x30, mark);
}
