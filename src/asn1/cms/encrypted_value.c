// SPDX-License-Identifier: Apache-2.0
/*
 * EncryptedValue (RFC 4211 2.1), what was before EnvelopedData: for clients of pvno 2 alone.
 */
#include "envelope_local.h"

#include "base/log.h"

#include <errno.h>
#include <openssl/rand.h>

/* rsaEncryption as IMPLICIT [3] keyAlg */
static const uint8_t key_algorithm[] = {0xa3, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

/* A BIT STRING of whole octets. */
static void bits_put(struct der_writer *w, uint8_t tag, struct bytes octets)
{
	size_t mark = der_mark(w);

	der_put(w, octets);
	der_put(w, (struct bytes){(const uint8_t *)"", 1});
	der_put_header(w, tag, mark);
}

/* AlgorithmIdentifier as IMPLICIT [1] symmAlg */
static int symmetric_algorithm_put(struct der_writer *w, const uint8_t iv[ENVELOPE_IV_LEN])
{
	_cleanup_(der_writer_clear) struct der_writer algorithm = DER_WRITER_NULL;
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	int err;

	envelope_put_cbc(&algorithm, iv);
	err = der_writer_take(&algorithm, &der);
	if (err)
		return err;
	der.data[0] = 0xa1;
	der_put(w, octets_view(&der));
	return 0;
}

/*
 * EncryptedValue ::= SEQUENCE {
 *     intendedAlg   [0] AlgorithmIdentifier  OPTIONAL,
 *     symmAlg       [1] AlgorithmIdentifier  OPTIONAL,
 *     encSymmKey    [2] BIT STRING           OPTIONAL,
 *     keyAlg        [3] AlgorithmIdentifier  OPTIONAL,
 *     valueHint     [4] OCTET STRING         OPTIONAL,
 *     encValue       BIT STRING }
 */
static int value_write(struct der_writer *w, EVP_PKEY *key, const uint8_t *cek,
		       struct bytes content)
{
	_cleanup_(octets_clear) struct octets encrypted = OCTETS_NULL, encrypted_key = OCTETS_NULL;
	uint8_t iv[ENVELOPE_IV_LEN];
	int err = key_transport_encrypt(key, false, (struct bytes){cek, ENVELOPE_KEY_LEN},
					&encrypted_key);

	if (!err)
		err = envelope_content_encrypt(cek, content, iv, &encrypted);
	if (err)
		return err;
	bits_put(w, 0x03, octets_view(&encrypted));
	der_put(w, BYTES_OF(key_algorithm));
	bits_put(w, 0x82, octets_view(&encrypted_key));
	err = symmetric_algorithm_put(w, iv);
	der_put_header(w, 0x30, 0);
	return err;
}

int encrypted_value_seal(EVP_PKEY *key, struct bytes content, struct octets *valuep)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	uint8_t cek[ENVELOPE_KEY_LEN];
	int err;

	if (!EVP_PKEY_is_a(key, "RSA"))
		return -ENOTSUP;
	if (RAND_priv_bytes(cek, sizeof(cek)) != 1)
		return log_fault("make a content-encryption key", -EIO, NULL);
	err = value_write(&w, key, cek, content);
	OPENSSL_cleanse(cek, sizeof(cek));
	return err ? err : der_writer_take(&w, valuep);
}
