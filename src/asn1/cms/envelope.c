// SPDX-License-Identifier: Apache-2.0
/*
 * EnvelopedData around its one RecipientInfo: the content and its encryption.
 */
#include "envelope_local.h"

#include "base/log.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <string.h>

enum { VERSION_MAX = 4 };

void envelope_recipient_set_certificate(struct envelope_recipient *to,
					const struct certificate_view *certificate, EVP_PKEY *key)
{
	*to = (struct envelope_recipient){.key = key};
	if (certificate_ski(certificate, &to->ski)) {
		to->ski = BYTES_NULL;
		to->issuer = certificate->issuer;
		to->serial = certificate->serial;
	}
}

static void cipher_ctx_freep(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static const EVP_CIPHER *cbc_cipher(size_t bits)
{
	return bits == 128   ? EVP_aes_128_cbc()
	       : bits == 192 ? EVP_aes_192_cbc()
			     : EVP_aes_256_cbc();
}

int envelope_content_encrypt(const uint8_t *cek, struct bytes content, uint8_t iv[ENVELOPE_IV_LEN],
			     struct octets *encryptedp)
{
	_cleanup_(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	_cleanup_(octets_clear) struct octets out = OCTETS_NULL;
	int len = 0, last = 0;

	if (content.len > INT32_MAX - ENVELOPE_IV_LEN)
		return -EINVAL;
	out.data = malloc(content.len + ENVELOPE_IV_LEN);
	if (!out.data || !ctx || RAND_bytes(iv, ENVELOPE_IV_LEN) != 1)
		return log_fault("encrypt content", -ENOMEM, NULL);
	if (EVP_EncryptInit_ex(ctx, cbc_cipher(ENVELOPE_KEY_LEN * 8), NULL, cek, iv) != 1 ||
	    EVP_EncryptUpdate(ctx, out.data, &len, content.data, (int)content.len) != 1 ||
	    EVP_EncryptFinal_ex(ctx, out.data + len, &last) != 1)
		return log_fault("encrypt content", -EIO, NULL);
	*encryptedp = (struct octets){TAKE(out.data), (size_t)(len + last)};
	return 0;
}

static int content_decrypt(const uint8_t *cek, size_t bits, const uint8_t *iv,
			   struct bytes encrypted, struct octets *contentp)
{
	_cleanup_(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	_cleanup_(octets_clear_secret) struct octets out = OCTETS_NULL;
	int len = 0, last = 0;

	out.data = malloc(encrypted.len);
	out.len = encrypted.len;
	if (!ctx || !out.data)
		return log_fault("decrypt content", -ENOMEM, NULL);
	if (EVP_DecryptInit_ex(ctx, cbc_cipher(bits), NULL, cek, iv) != 1)
		return log_fault("decrypt content", -EIO, NULL);
	if (EVP_DecryptUpdate(ctx, out.data, &len, encrypted.data, (int)encrypted.len) != 1 ||
	    EVP_DecryptFinal_ex(ctx, out.data + len, &last) != 1) {
		ERR_clear_error();
		return -EKEYREJECTED;
	}
	*contentp = (struct octets){TAKE(out.data), (size_t)(len + last)};
	return 0;
}

/*
 * EncryptedContentInfo ::= SEQUENCE {
 *     contentType                 ContentType,
 *     contentEncryptionAlgorithm  ContentEncryptionAlgorithmIdentifier,
 *     encryptedContent        [0] IMPLICIT OCTET STRING OPTIONAL }
 */
static int content_write(struct der_writer *w, const uint8_t *cek, const char *content_type,
			 struct bytes content)
{
	_cleanup_(octets_clear) struct octets encrypted = OCTETS_NULL;
	uint8_t iv[ENVELOPE_IV_LEN];
	int err = envelope_content_encrypt(cek, content, iv, &encrypted);

	if (err)
		return err;
	der_put_value(w, 0x80, octets_view(&encrypted));
	envelope_put_cbc(w, iv);
	envelope_put_oid(w, content_type);
	der_put_header(w, 0x30, 0);
	return 0;
}

/*
 * EnvelopedData ::= SEQUENCE {
 *     version               CMSVersion,
 *     originatorInfo    [0] IMPLICIT OriginatorInfo OPTIONAL,
 *     recipientInfos        SET SIZE (1..MAX) OF RecipientInfo,
 *     encryptedContentInfo  EncryptedContentInfo,
 *     unprotectedAttrs  [1] IMPLICIT UnprotectedAttributes OPTIONAL }
 */
int envelope_seal(const struct envelope_recipient *to, const char *content_type,
		  struct bytes content, struct octets *envelopep)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	_cleanup_(octets_clear) struct octets info = OCTETS_NULL;
	uint8_t cek[ENVELOPE_KEY_LEN], version = 0;
	size_t mark;
	int err;

	if (RAND_priv_bytes(cek, sizeof(cek)) != 1)
		return log_fault("make a content-encryption key", -EIO, NULL);
	err = envelope_recipient_write(to, cek, &info, &version);
	if (!err)
		err = content_write(&w, cek, content_type, content);
	OPENSSL_cleanse(cek, sizeof(cek));
	if (err)
		return err;
	mark = der_mark(&w);
	der_put(&w, octets_view(&info));
	der_put_header(&w, 0x31, mark);
	der_put_unsigned(&w, (struct bytes){&version, 1});
	der_put_header(&w, 0x30, 0);
	return der_writer_take(&w, envelopep);
}

/* What lies in an EnvelopedData. */
struct envelope_view {
	uint8_t info_tag;
	struct bytes info;
	char content_type[ENVELOPE_OID_TEXT_MAX];
	char algorithm[ENVELOPE_OID_TEXT_MAX];
	struct bytes iv; /* TLV */
	struct bytes encrypted;
};

static int content_read(struct bytes *in, struct envelope_view *v)
{
	struct bytes content;

	if (envelope_expect(in, 0x30, &content) || envelope_read_oid(&content, v->content_type) ||
	    envelope_read_algorithm(&content, 0x30, v->algorithm, &v->iv) ||
	    envelope_expect(&content, 0x80, &v->encrypted) || content.len)
		return -EBADMSG;
	return 0;
}

static int envelope_read(struct bytes envelope, struct envelope_view *v)
{
	struct bytes in, version, infos, tlv;

	if (envelope_expect(&envelope, 0x30, &in) || envelope.len)
		return -EBADMSG;
	if (envelope_expect(&in, 0x02, &version) || version.len != 1 ||
	    version.data[0] > VERSION_MAX)
		return -EBADMSG;
	/* RFC 9483 4.1.6: neither originatorInfo nor unprotectedAttrs, exactly one RecipientInfo */
	if (envelope_expect(&in, 0x31, &infos) || der_next(&infos, &v->info_tag, &tlv, &v->info) ||
	    infos.len)
		return -EBADMSG;
	return content_read(&in, v) || in.len ? -EBADMSG : 0;
}

bool envelope_has_type(struct bytes envelope, const char *content_type)
{
	struct envelope_view v;

	return envelope_read(envelope, &v) == 0 && strcmp(v.content_type, content_type) == 0;
}

int envelope_open(struct bytes envelope, const struct decryptor *decryptor, struct bytes password,
		  const char *content_type, struct octets *contentp)
{
	uint8_t cek[ENVELOPE_KEY_LEN_MAX];
	struct envelope_view v;
	struct bytes iv;
	size_t bits;
	int err;

	if (envelope_read(envelope, &v) || strcmp(v.content_type, content_type) != 0)
		return -EBADMSG;
	bits = envelope_cbc_bits(v.algorithm);
	if (bits == 0)
		return -ENOTSUP;
	if (envelope_expect(&v.iv, 0x04, &iv) || iv.len != ENVELOPE_IV_LEN || v.iv.len ||
	    v.encrypted.len == 0 || v.encrypted.len % ENVELOPE_IV_LEN ||
	    v.encrypted.len > INT32_MAX)
		return -EBADMSG;
	err = envelope_recipient_open(v.info_tag, v.info, decryptor, password, cek, bits / 8);
	if (!err)
		err = content_decrypt(cek, bits, iv.data, v.encrypted, contentp);
	OPENSSL_cleanse(cek, sizeof(cek));
	return err;
}

void envelope_to_encrypted_key(struct octets *envelope)
{
	envelope->data[0] = 0xa0;
}

int envelope_from_encrypted_key(struct bytes encrypted_key, struct octets *envelopep)
{
	int err;

	if (encrypted_key.len == 0)
		return -EBADMSG;
	if (encrypted_key.data[0] != 0xa0)
		return encrypted_key.data[0] == 0x30 ? -ENOTSUP : -EBADMSG;
	err = octets_dup(encrypted_key, envelopep);
	if (!err)
		envelopep->data[0] = 0x30;
	return err;
}
