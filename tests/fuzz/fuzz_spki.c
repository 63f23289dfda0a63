// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of public keys and signatures: a SubjectPublicKeyInfo, and behind it an
 * AlgorithmIdentifier and a signature to verify with the key. Every verification has
 * one of the known results, and a key that is accepted can be encoded.
 */
#include "asn1/der.h"
#include "asn1/spki.h"

#include <openssl/err.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Verification with larger keys takes the time of many inputs. */
#define VERIFY_BITS_MAX 4096

static void verify(EVP_PKEY *key, struct bytes algorithm_der, struct bytes signature)
{
	const unsigned char *p = algorithm_der.data;
	X509_ALGOR *alg = d2i_X509_ALGOR(NULL, &p, (long)algorithm_der.len);
	enum signature_result result;

	if (alg) {
		(void)cert_hash_digest(alg);
		if (signature_verify(key, alg, bytes_of_string("text"), signature, &result) ||
		    result < SIGNATURE_OK || result > SIGNATURE_ALG_UNAVAILABLE)
			abort();
	}
	X509_ALGOR_free(alg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size}, spki_der, algorithm_der, content;
	SubjectPublicKeyInfo *spki = NULL;
	struct spki_kind kind;
	EVP_PKEY *key = NULL;
	uint8_t tag;

	if (der_next(&in, &tag, &spki_der, &content))
		return 0;
	if (spki_key_from_der(spki_der, &key, &kind) == 0) {
		if (kind.type == 0 || kind.bits <= 0 || spki_from_key(key, &spki))
			abort();
		if (kind.bits <= VERIFY_BITS_MAX &&
		    der_next(&in, &tag, &algorithm_der, &content) == 0)
			verify(key, algorithm_der, in);
	}
	SubjectPublicKeyInfo_free(spki);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return 0;
}
