// SPDX-License-Identifier: Apache-2.0
/*
 * RecipientInfo of RFC 5652 6.2, written: which technique follows from the kind of key
 * (RFC 9810 5.2.2), and the technique says which version EnvelopedData has.
 */
#include "envelope_local.h"

#include "base/log.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

/* Key and key-encryption key have the same length (RFC 9481 4.3): AES-256. */
enum {
	KEY_LEN = ENVELOPE_KEY_LEN,
	WRAPPED_LEN = KEY_LEN + ENVELOPE_WRAP_OVERHEAD,
	UKM_LEN = 16,
	SALT_LEN = 16,
	/* Of an RSA key that encrypts a key, or the challenge of RFC 4210 5.2.8.3. */
	RSA_BITS_MIN = 1024,
	/* RFC 3211 2.3.1: length, check, key, random octets up to whole blocks of AES. */
	KEK_LEN = 48
};

/* RSAES-OAEP-params (RFC 4055 4.1): SHA-256, MGF1 with SHA-256, no label. */
static const uint8_t oaep_algorithm[] = {
	0x30, 0x3c, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07,
	0x30, 0x2f, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
	0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a,
	0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60,
	0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00};
/* rsaEncryption (RFC 3370 4.2.1): parameters are NULL */
static const uint8_t rsa_algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const uint8_t hmac_sha256_algorithm[] = {0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48,
						0x86, 0xf7, 0x0d, 0x02, 0x09, 0x05, 0x00};

/* IssuerAndSerialNumber ::= SEQUENCE { issuer Name, serialNumber INTEGER } */
static void issuer_and_serial_write(struct der_writer *w, const struct envelope_recipient *to)
{
	size_t mark = der_mark(w);

	der_put_value(w, 0x02, to->serial);
	der_put(w, to->issuer);
	der_put_header(w, 0x30, mark);
}

/* RecipientIdentifier ::= CHOICE { issuerAndSerialNumber, subjectKeyIdentifier [0] } */
static void rid_write(struct der_writer *w, const struct envelope_recipient *to)
{
	if (to->ski.len)
		der_put_value(w, 0x80, to->ski);
	else
		issuer_and_serial_write(w, to);
}

int key_transport_encrypt(EVP_PKEY *key, bool oaep, struct bytes secret, struct octets *encryptedp)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t len = 0;
	uint8_t *out = NULL;
	int ok = ctx && EVP_PKEY_encrypt_init(ctx) > 0 &&
		 EVP_PKEY_CTX_set_rsa_padding(ctx, oaep ? RSA_PKCS1_OAEP_PADDING
							: RSA_PKCS1_PADDING) > 0;

	if (ok && oaep)
		ok = EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, "SHA256", NULL) > 0 &&
		     EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, "SHA256", NULL) > 0;
	ok = ok && EVP_PKEY_encrypt(ctx, NULL, &len, secret.data, secret.len) > 0;
	if (ok)
		out = malloc(len);
	ok = out && EVP_PKEY_encrypt(ctx, out, &len, secret.data, secret.len) > 0;
	EVP_PKEY_CTX_free(ctx);
	if (!ok) {
		free(out);
		return log_fault("encrypt a key to RSA", -EIO, NULL);
	}
	*encryptedp = (struct octets){out, len};
	return 0;
}

/*
 * KeyTransRecipientInfo ::= SEQUENCE {
 *     version                 CMSVersion,  -- 0 with issuerAndSerialNumber, 2 otherwise
 *     rid                     RecipientIdentifier,
 *     keyEncryptionAlgorithm  KeyEncryptionAlgorithmIdentifier,
 *     encryptedKey            EncryptedKey }
 */
static int ktri_write(struct der_writer *w, const struct envelope_recipient *to, const uint8_t *cek,
		      uint8_t *versionp)
{
	_cleanup_(octets_clear) struct octets encrypted = OCTETS_NULL;
	int err =
		key_transport_encrypt(to->key, to->oaep, (struct bytes){cek, KEY_LEN}, &encrypted);

	if (err)
		return err;
	*versionp = to->ski.len ? 2 : 0;
	der_put_value(w, 0x04, octets_view(&encrypted));
	der_put(w, to->oaep ? BYTES_OF(oaep_algorithm) : BYTES_OF(rsa_algorithm));
	rid_write(w, to);
	der_put_unsigned(w, (struct bytes){versionp, 1});
	der_put_header(w, 0x30, 0);
	return 0;
}

/* An ephemeral key of the recipient's kind and curve. */
static int ephemeral_make(EVP_PKEY *key, EVP_PKEY **ephemeralp)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	*ephemeralp = NULL;
	if (ctx && EVP_PKEY_keygen_init(ctx) > 0)
		EVP_PKEY_generate(ctx, ephemeralp);
	EVP_PKEY_CTX_free(ctx);
	return *ephemeralp ? 0 : log_fault("make an ephemeral key", -EIO, NULL);
}

int envelope_key_check(EVP_PKEY *key)
{
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	EVP_PKEY *ephemeral = NULL;
	int err;

	if (EVP_PKEY_is_a(key, "RSA"))
		return EVP_PKEY_get_bits(key) < RSA_BITS_MIN ? -ENOTSUP : 0;
	if (!EVP_PKEY_is_a(key, "X25519") && !EVP_PKEY_is_a(key, "X448"))
		return 0;
	err = ephemeral_make(key, &ephemeral);
	if (!err && envelope_agree(ephemeral, key, &secret))
		err = -ENOTSUP;
	EVP_PKEY_free(ephemeral);
	return err;
}

static int agreed_key_wrap(const struct envelope_scheme *scheme, EVP_PKEY *ephemeral,
			   EVP_PKEY *peer, struct bytes ukm, const uint8_t *cek, uint8_t *wrapped)
{
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	_cleanup_(octets_clear) struct octets info = OCTETS_NULL;
	uint8_t kek[KEY_LEN];
	int err = envelope_agree(ephemeral, peer, &secret);

	/* A point of small order (RFC 7748 6): no key that anybody has. */
	if (err)
		return -ENOTSUP;
	err = envelope_shared_info(envelope_wrap_oid(KEY_LEN * 8), ukm, KEY_LEN, &info);
	if (!err)
		err = kdf_derive(scheme->kdf, scheme->digest_nid, octets_view(&secret),
				 octets_view(&info), kek, KEY_LEN);
	if (!err)
		err = envelope_key_wrap(kek, cek, KEY_LEN, wrapped);
	OPENSSL_cleanse(kek, sizeof(kek));
	return err;
}

/*
 * RecipientEncryptedKeys ::= SEQUENCE OF RecipientEncryptedKey
 * RecipientEncryptedKey ::= SEQUENCE { rid KeyAgreeRecipientIdentifier, encryptedKey }
 * KeyAgreeRecipientIdentifier ::= CHOICE { issuerAndSerialNumber,
 *     rKeyId [0] IMPLICIT SEQUENCE { subjectKeyIdentifier, ... } }
 */
static void recipient_keys_write(struct der_writer *w, const struct envelope_recipient *to,
				 struct bytes wrapped)
{
	size_t mark = der_mark(w), rid;

	der_put_value(w, 0x04, wrapped);
	rid = der_mark(w);
	if (to->ski.len) {
		der_put_value(w, 0x04, to->ski);
		der_put_header(w, 0xa0, rid);
	} else {
		issuer_and_serial_write(w, to);
	}
	der_put_header(w, 0x30, mark);
	der_put_header(w, 0x30, mark);
}

/*
 * originator [0] EXPLICIT OriginatorIdentifierOrKey: originatorKey [1] IMPLICIT SEQUENCE {
 *     algorithm  AlgorithmIdentifier,  -- RFC 5753 3.1.1, RFC 8418 3.1: parameters absent
 *     publicKey  BIT STRING }
 */
static int originator_write(struct der_writer *w, EVP_PKEY *ephemeral)
{
	size_t mark = der_mark(w);
	unsigned char *point = NULL;
	size_t len = EVP_PKEY_get1_encoded_public_key(ephemeral, &point);

	if (len == 0)
		return log_fault("encode an ephemeral key", -EIO, NULL);
	der_put(w, (struct bytes){point, len});
	OPENSSL_free(point);
	der_put(w, (struct bytes){(const uint8_t *)"", 1}); /* unused bits */
	der_put_header(w, 0x03, mark);
	envelope_put_algorithm(w, EVP_PKEY_is_a(ephemeral, "EC")       ? "1.2.840.10045.2.1"
				  : EVP_PKEY_is_a(ephemeral, "X25519") ? "1.3.101.110"
								       : "1.3.101.111");
	der_put_header(w, 0xa1, mark);
	der_put_header(w, 0xa0, mark);
	return 0;
}

/*
 * kari [1] IMPLICIT KeyAgreeRecipientInfo ::= SEQUENCE {
 *     version                 CMSVersion,  -- always set to 3
 *     originator          [0] EXPLICIT OriginatorIdentifierOrKey,
 *     ukm                 [1] EXPLICIT UserKeyingMaterial OPTIONAL,
 *     keyEncryptionAlgorithm  KeyEncryptionAlgorithmIdentifier,
 *     recipientEncryptedKeys  RecipientEncryptedKeys }
 */
static int kari_write(struct der_writer *w, const struct envelope_recipient *to,
		      const struct envelope_scheme *scheme, const uint8_t *cek)
{
	static const uint8_t version = 3;
	uint8_t ukm[UKM_LEN], wrapped[WRAPPED_LEN];
	EVP_PKEY *ephemeral;
	size_t mark;
	int err = ephemeral_make(to->key, &ephemeral);

	if (!err && RAND_bytes(ukm, sizeof(ukm)) != 1)
		err = log_fault("make user keying material", -EIO, NULL);
	if (!err)
		err = agreed_key_wrap(scheme, ephemeral, to->key, BYTES_OF(ukm), cek, wrapped);
	if (!err) {
		recipient_keys_write(w, to, BYTES_OF(wrapped));
		mark = der_mark(w);
		envelope_put_algorithm(w, envelope_wrap_oid(KEY_LEN * 8));
		envelope_put_oid(w, scheme->oid);
		der_put_header(w, 0x30, mark);
		mark = der_mark(w);
		der_put_value(w, 0x04, BYTES_OF(ukm));
		der_put_header(w, 0xa1, mark);
		err = originator_write(w, ephemeral);
		der_put_unsigned(w, (struct bytes){&version, 1});
		der_put_header(w, 0xa1, 0);
	}
	EVP_PKEY_free(ephemeral);
	return err;
}

/* RFC 9629 3, RFC 9936 2.2: HKDF with SHA-256 over the secret, AES key wrap. */
static int kem_key_wrap(EVP_PKEY *key, const uint8_t *cek, struct octets *ciphertextp,
			uint8_t *wrapped)
{
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	_cleanup_(octets_clear) struct octets info = OCTETS_NULL;
	uint8_t kek[KEY_LEN];
	int err = kem_encapsulate(key, ciphertextp, &secret);

	if (!err)
		err = envelope_kem_info(envelope_wrap_oid(KEY_LEN * 8), BYTES_NULL, KEY_LEN, &info);
	if (!err)
		err = kdf_derive(KDF_HKDF, NID_sha256, octets_view(&secret), octets_view(&info),
				 kek, KEY_LEN);
	if (!err)
		err = envelope_key_wrap(kek, cek, KEY_LEN, wrapped);
	OPENSSL_cleanse(kek, sizeof(kek));
	return err;
}

/*
 * ori [4] IMPLICIT SEQUENCE { oriType id-ori-kem, oriValue KEMRecipientInfo }
 * KEMRecipientInfo ::= SEQUENCE {
 *     version         CMSVersion,  -- always set to 0
 *     rid             RecipientIdentifier,
 *     kem             KEMAlgorithmIdentifier,
 *     kemct           OCTET STRING,
 *     kdf             KeyDerivationAlgorithmIdentifier,
 *     kekLength       INTEGER (1..65535),
 *     ukm         [0] EXPLICIT UserKeyingMaterial OPTIONAL,
 *     wrap            KeyEncryptionAlgorithmIdentifier,
 *     encryptedKey    EncryptedKey }
 */
static int kemri_write(struct der_writer *w, const struct envelope_recipient *to,
		       const struct kem_algorithm *kem, const uint8_t *cek)
{
	static const uint8_t version = 0, kek_len = KEY_LEN;
	_cleanup_(octets_clear) struct octets ciphertext = OCTETS_NULL;
	uint8_t wrapped[WRAPPED_LEN];
	int err = kem_key_wrap(to->key, cek, &ciphertext, wrapped);

	if (err)
		return err;
	der_put_value(w, 0x04, BYTES_OF(wrapped));
	envelope_put_algorithm(w, envelope_wrap_oid(KEY_LEN * 8));
	der_put_unsigned(w, (struct bytes){&kek_len, 1});
	envelope_put_algorithm(w, "1.2.840.113549.1.9.16.3.28"); /* id-alg-hkdf-with-sha256 */
	der_put_value(w, 0x04, octets_view(&ciphertext));
	envelope_put_algorithm(w, kem->oid);
	rid_write(w, to);
	der_put_unsigned(w, (struct bytes){&version, 1});
	der_put_header(w, 0x30, 0);
	envelope_put_oid(w, "1.2.840.113549.1.9.16.13.3"); /* id-ori-kem */
	der_put_header(w, 0xa4, 0);
	return 0;
}

/* keyDerivationAlgorithm [0] IMPLICIT: PBKDF2 with its parameters, RFC 8018 A.2 */
static void pbkdf2_write(struct der_writer *w, struct bytes salt, unsigned int iterations)
{
	const uint8_t count[4] = {(uint8_t)(iterations >> 24), (uint8_t)(iterations >> 16),
				  (uint8_t)(iterations >> 8), (uint8_t)iterations};
	size_t mark = der_mark(w);

	der_put(w, BYTES_OF(hmac_sha256_algorithm));
	der_put_unsigned(w, BYTES_OF(count));
	der_put_value(w, 0x04, salt);
	der_put_header(w, 0x30, mark);
	envelope_put_oid(w, "1.2.840.113549.1.5.12");
	der_put_header(w, 0xa0, mark);
}

/* RFC 3211 2.3.1: CBC twice, the second time with the last block of the first as IV. */
static int kek_encrypt(const uint8_t *kek, const uint8_t *iv, const uint8_t *cek, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len, ok;

	ok = ctx && RAND_bytes(out, KEK_LEN) == 1 &&
	     EVP_EncryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, kek, iv) == 1;
	out[0] = KEY_LEN;
	for (size_t i = 0; i < 3; i++)
		out[1 + i] = (uint8_t)~cek[i];
	memcpy(out + 4, cek, KEY_LEN);
	ok = ok && EVP_EncryptUpdate(ctx, out, &len, out, KEK_LEN) == 1 &&
	     EVP_EncryptUpdate(ctx, out, &len, out, KEK_LEN) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		OPENSSL_cleanse(out, KEK_LEN);
	return ok ? 0 : log_fault("wrap a key under a password", -EIO, NULL);
}

/* encryptedKey and keyEncryptionAlgorithm */
static int password_key_write(struct der_writer *w, bool pwri_kek, const uint8_t *kek,
			      const uint8_t *cek)
{
	uint8_t wrapped[KEK_LEN], iv[ENVELOPE_IV_LEN];
	size_t mark;
	int err;

	if (!pwri_kek) {
		err = envelope_key_wrap(kek, cek, KEY_LEN, wrapped);
		if (err)
			return err;
		der_put_value(w, 0x04, (struct bytes){wrapped, WRAPPED_LEN});
		envelope_put_algorithm(w, envelope_wrap_oid(KEY_LEN * 8));
		return 0;
	}
	if (RAND_bytes(iv, sizeof(iv)) != 1)
		return log_fault("make an IV", -EIO, NULL);
	err = kek_encrypt(kek, iv, cek, wrapped);
	if (err)
		return err;
	der_put_value(w, 0x04, BYTES_OF(wrapped));
	mark = der_mark(w);
	envelope_put_cbc(w, iv);
	envelope_put_oid(w, "1.2.840.113549.1.9.16.3.9"); /* id-alg-PWRI-KEK */
	der_put_header(w, 0x30, mark);
	return 0;
}

/*
 * pwri [3] IMPLICIT PasswordRecipientInfo ::= SEQUENCE {
 *     version                     CMSVersion,  -- always set to 0
 *     keyDerivationAlgorithm  [0] KeyDerivationAlgorithmIdentifier OPTIONAL,
 *     keyEncryptionAlgorithm      KeyEncryptionAlgorithmIdentifier,
 *     encryptedKey                EncryptedKey }
 */
static int pwri_write(struct der_writer *w, const struct envelope_recipient *to, const uint8_t *cek)
{
	static const uint8_t version = 0;
	uint8_t salt[SALT_LEN], kek[KEY_LEN];
	int err;

	if (to->password.len == 0 || to->password.len > INT32_MAX || to->iterations == 0 ||
	    to->iterations > INT32_MAX)
		return -EINVAL;
	if (RAND_bytes(salt, sizeof(salt)) != 1)
		return log_fault("make a salt", -EIO, NULL);
	err = envelope_pbkdf2(to->password, BYTES_OF(salt), to->iterations, NID_sha256, kek,
			      KEY_LEN);
	if (!err)
		err = password_key_write(w, to->pwri_kek, kek, cek);
	OPENSSL_cleanse(kek, sizeof(kek));
	if (err)
		return err;
	pbkdf2_write(w, BYTES_OF(salt), to->iterations);
	der_put_unsigned(w, (struct bytes){&version, 1});
	der_put_header(w, 0xa3, 0);
	return 0;
}

int envelope_recipient_write(const struct envelope_recipient *to, const uint8_t *cek,
			     struct octets *infop, uint8_t *versionp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	const struct envelope_scheme *scheme;
	const struct kem_algorithm *kem;
	int err;

	if (!to->key) {
		*versionp = 3;
		err = pwri_write(&w, to, cek);
	} else if (to->ski.len == 0 && (to->issuer.len == 0 || to->serial.len == 0)) {
		err = -EINVAL;
	} else if (EVP_PKEY_is_a(to->key, "RSA")) {
		err = ktri_write(&w, to, cek, versionp);
	} else if ((scheme = envelope_scheme_for(to->key))) {
		*versionp = 2;
		err = kari_write(&w, to, scheme, cek);
	} else if ((kem = kem_algorithm_for(to->key))) {
		*versionp = 3;
		err = kemri_write(&w, to, kem, cek);
	} else {
		err = -ENOTSUP;
	}
	return err ? err : der_writer_take(&w, infop);
}
