// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of EnvelopedData: the first octet chooses the key, the rest is opened with it. The
 * keys are fixed, so that the seeds open. A result is one of the known ones, and what opens is
 * sealed and opened again.
 */
#include "../house/envelope_key.h"
#include "asn1/der.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nobody's key; short, so that it is fast. */
static const char rsa_pem[] = "-----BEGIN RSA PRIVATE KEY-----\n"
			      "MIICXAIBAAKBgQDFzY0uRw5G1PasXLcKYD0455TDb6PUjdHlLKwuB1DOYDqma2jp\n"
			      "gkWK9g+DK+Z14TvQCcvC0HmvCs5ER4Lol4WgSX1UXE1pMWC6g7zvNDgy5YeXqX//\n"
			      "xhXmbYY7dGYrvzedtIAysLnCeTpHwXfpfMjpANVOHVSDhDpL/LtgjUpEIwIDAQAB\n"
			      "AoGBAIptF2hTgcJAN4DYQaCZST8RkiJTdqvBtCpV4Qk1RW+oGGNut7Ty3ggpuyFp\n"
			      "D5dfUKR+toJXs1C0lzVhdlOf9nrA6EcyH9OEPTEc91Xg54yfJ9ENQ3T2hvTbGWXZ\n"
			      "aeuIXZbyxdtuNI8Vu6YT7e2zNTeSwBGLamHNoQMXJr4GYVeBAkEA/G0d0+TstyeD\n"
			      "lbVFOS78EqF6AdhZnB1uDYgzMoE0fmbmzRpDnH3qbTzXZPIIL0toq67MlWLPxUEW\n"
			      "+GZBciq/+wJBAMiadeIUDyRwjivUB0LPFrmZn29dsKWBcvXcLe3yVZgEj7Ik4ibD\n"
			      "39k0EudI1E1XCfSn2AzyHpo1LE77vY21S/kCQATlPNnaK7kVnBiwLkqAncTiutIE\n"
			      "VyCO9Y5voMaO+OympD1AECWdz4kUz/yWMRBxvvLtbexLwUnLDF3+5bAIIjcCQGKI\n"
			      "tESjM7jjbIIMuLBRRklOMykhrQXuqsgnKYxKT07HVsnbIhaGeeqXkH14oYeHrEU3\n"
			      "OIFLYErAuY3mS3pSxgkCQAnUBcXU86TsbBOFvjeOJUViT8tq5ROKhX3jD0YmIDo5\n"
			      "wFkTWCDeJaBBv0pv0BLjWC8Rd1NzrxFJ829u58bmZGM=\n"
			      "-----END RSA PRIVATE KEY-----\n";

enum { KEY_RSA, KEY_P256, KEY_X25519, KEY_X448, KEY_PASSWORD, KEY_COUNT };

static EVP_PKEY *pem_key(void)
{
	BIO *bio = BIO_new_mem_buf(rsa_pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

/* ECPrivateKey (RFC 5915) of P-256 with the scalar 0x4242...42. */
static EVP_PKEY *p256_key(void)
{
	static const uint8_t head[] = {0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20};
	static const uint8_t tail[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86,
				       0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	uint8_t der[sizeof(head) + 32 + sizeof(tail)];
	const unsigned char *p = der;

	memcpy(der, head, sizeof(head));
	memset(der + sizeof(head), 0x42, 32);
	memcpy(der + sizeof(head) + 32, tail, sizeof(tail));
	return d2i_PrivateKey(EVP_PKEY_EC, NULL, &p, sizeof(der));
}

static EVP_PKEY *raw_key(int type, size_t len)
{
	uint8_t octets[56];

	memset(octets, 0x42, sizeof(octets));
	return EVP_PKEY_new_raw_private_key(type, NULL, octets, len);
}

/* NULL: the password. */
static EVP_PKEY *key_of(uint8_t choice)
{
	static EVP_PKEY *keys[KEY_COUNT];

	if (!keys[KEY_RSA]) {
		keys[KEY_RSA] = pem_key();
		keys[KEY_P256] = p256_key();
		keys[KEY_X25519] = raw_key(EVP_PKEY_X25519, 32);
		keys[KEY_X448] = raw_key(EVP_PKEY_X448, 56);
		for (int i = 0; i < KEY_PASSWORD; i++)
			if (!keys[i])
				abort();
	}
	return keys[choice % KEY_COUNT];
}

static void seal_again(EVP_PKEY *key, struct bytes content)
{
	struct envelope_recipient to = {.key = key,
					.ski = bytes_of_string("key identifier"),
					.password = bytes_of_string("secret"),
					.iterations = 1000};
	struct octets sealed = OCTETS_NULL, again = OCTETS_NULL;

	if (envelope_seal(&to, OID_CT_DATA, content, &sealed) ||
	    envelope_open_by_key(octets_view(&sealed), key, to.password, OID_CT_DATA, &again) ||
	    !bytes_equal(octets_view(&again), content))
		abort();
	octets_clear(&sealed);
	octets_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct octets content = OCTETS_NULL;
	EVP_PKEY *key;
	int err;

	if (size == 0)
		return 0;
	key = key_of(data[0]);
	err = envelope_open_by_key((struct bytes){data + 1, size - 1}, key,
				   bytes_of_string("secret"), OID_CT_DATA, &content);
	if (err && err != -EBADMSG && err != -ENOTSUP && err != -EKEYREJECTED)
		abort();
	if (!err)
		seal_again(key, octets_view(&content));
	octets_clear(&content);
	ERR_clear_error();
	return 0;
}
