// SPDX-License-Identifier: Apache-2.0
/* Key encapsulation and derivation. See include/asn1/kem.h. */
#include "asn1/kem.h"

#include "base/log.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <pthread.h>

/* RFC 9936. RSA could be one too (RFC 9690), but a key that signs has no need of it. */
static const struct kem_algorithm kems[] = {
	{"ML-KEM-512", "2.16.840.1.101.3.4.4.1"},
	{"ML-KEM-768", "2.16.840.1.101.3.4.4.2"},
	{"ML-KEM-1024", "2.16.840.1.101.3.4.4.3"},
};

/* Constants of the program: written once, under pthread_once. */
static bool any_available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void kems_look_up(void)
{
	for (size_t i = 0; i < ARRAY_LEN(kems); i++) {
		EVP_KEM *kem = EVP_KEM_fetch(NULL, kems[i].name, NULL);

		any_available = any_available || kem;
		EVP_KEM_free(kem);
	}
	ERR_clear_error();
}

bool kem_available(void)
{
	pthread_once(&once, kems_look_up);
	return any_available;
}

const struct kem_algorithm *kem_algorithm_for(const EVP_PKEY *key)
{
	for (size_t i = 0; i < ARRAY_LEN(kems); i++)
		if (EVP_PKEY_is_a(key, kems[i].name))
			return &kems[i];
	return NULL;
}

int kem_encapsulate(EVP_PKEY *key, struct octets *ciphertextp, struct octets *secretp)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t ciphertext_len = 0, secret_len = 0;
	int ok = ctx && EVP_PKEY_encapsulate_init(ctx, NULL) > 0 &&
		 EVP_PKEY_encapsulate(ctx, NULL, &ciphertext_len, NULL, &secret_len) > 0;

	if (ok) {
		*ciphertextp = (struct octets){malloc(ciphertext_len), ciphertext_len};
		*secretp = (struct octets){malloc(secret_len), secret_len};
		ok = ciphertextp->data && secretp->data &&
		     EVP_PKEY_encapsulate(ctx, ciphertextp->data, &ciphertext_len, secretp->data,
					  &secret_len) > 0;
	}
	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : log_fault("encapsulate a key", -EIO, NULL);
}

int kdf_derive(enum kdf kdf, int digest_nid, struct bytes secret, struct bytes context,
	       uint8_t *key, size_t len)
{
	EVP_KDF *method = EVP_KDF_fetch(NULL, kdf == KDF_X963 ? "X963KDF" : "HKDF", NULL);
	EVP_KDF_CTX *ctx = method ? EVP_KDF_CTX_new(method) : NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
						 (char *)OBJ_nid2sn(digest_nid), 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret.data,
						  secret.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)context.data,
						  context.len),
		OSSL_PARAM_construct_end(),
	};
	int ok = ctx && EVP_KDF_derive(ctx, key, len, params) > 0;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(method);
	return ok ? 0 : log_fault("derive a key", -EIO, NULL);
}
