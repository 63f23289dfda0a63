// SPDX-License-Identifier: Apache-2.0
/* Tokens for tests. See jwt.h. */
#include "jwt.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <string.h>

char *jwt_base64url(struct bytes octets)
{
	char *text = malloc(4 * (octets.len / 3 + 1) + 1);
	size_t len;

	HOUSE_CHECK(text);
	len = (size_t)EVP_EncodeBlock((unsigned char *)text, octets.data, (int)octets.len);
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	while (len > 0 && text[len - 1] == '=')
		len--;
	text[len] = '\0';
	return text;
}

/* --- signatures --- */

/* RFC 7518 3.4: R and S, each as long as the order, instead of DER. */
static struct octets ecdsa_raw(struct octets der, EVP_PKEY *key)
{
	size_t half = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
	struct octets raw = {calloc(2, half), 2 * half};
	const unsigned char *p = der.data;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);

	HOUSE_CHECK(sig && raw.data);
	HOUSE_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw.data, (int)half) > 0 &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw.data + half, (int)half) > 0);
	ECDSA_SIG_free(sig);
	octets_clear(&der);
	return raw;
}

static const EVP_MD *digest_of(const char *alg)
{
	return strstr(alg, "512") ? EVP_sha512() : strstr(alg, "384") ? EVP_sha384() : EVP_sha256();
}

static struct octets signature_of(const char *alg, EVP_PKEY *key, struct bytes input)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *params;
	struct octets sig = OCTETS_NULL;

	HOUSE_CHECK(EVP_DigestSignInit(ctx, &params, digest_of(alg), NULL, key) == 1);
	if (alg[0] == 'P')
		HOUSE_CHECK(EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) > 0 &&
			    EVP_PKEY_CTX_set_rsa_pss_saltlen(params, RSA_PSS_SALTLEN_DIGEST) > 0);
	HOUSE_CHECK(EVP_DigestSign(ctx, NULL, &sig.len, input.data, input.len) == 1);
	sig.data = malloc(sig.len);
	HOUSE_CHECK(sig.data &&
		    EVP_DigestSign(ctx, sig.data, &sig.len, input.data, input.len) == 1);
	EVP_MD_CTX_free(ctx);
	return alg[0] == 'E' ? ecdsa_raw(sig, key) : sig;
}

static struct octets mac_of(const char *alg, struct bytes secret, struct bytes input)
{
	struct octets mac = {malloc(EVP_MAX_MD_SIZE), 0};
	unsigned len = 0;

	HOUSE_CHECK(mac.data && HMAC(digest_of(alg), secret.data, (int)secret.len, input.data,
				     input.len, mac.data, &len));
	mac.len = len;
	return mac;
}

char *jwt_sign(const char *header, const char *payload, const char *alg, EVP_PKEY *key,
	       struct bytes secret)
{
	char *first = jwt_base64url(bytes_of_string(header));
	char *second = jwt_base64url(bytes_of_string(payload));
	char *input, *third, *token;
	struct octets sig = OCTETS_NULL;

	HOUSE_CHECK(asprintf(&input, "%s.%s", first, second) > 0);
	if (alg[0] == 'H')
		sig = mac_of(alg, secret, bytes_of_string(input));
	else if (strcmp(alg, "none") != 0)
		sig = signature_of(alg, key, bytes_of_string(input));
	third = jwt_base64url(octets_view(&sig));
	HOUSE_CHECK(asprintf(&token, "%s.%s", input, third) > 0);
	octets_clear(&sig);
	free(first);
	free(second);
	free(third);
	free(input);
	return token;
}

/* --- keys --- */

static char *number_of(EVP_PKEY *key, const char *name, size_t len)
{
	uint8_t octets[1024];
	BIGNUM *number = NULL;
	char *text;

	HOUSE_CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
	if (len == 0)
		len = (size_t)BN_num_bytes(number);
	HOUSE_CHECK(BN_bn2binpad(number, octets, (int)len) > 0);
	text = jwt_base64url((struct bytes){octets, len});
	BN_free(number);
	return text;
}

char *jwt_jwk(EVP_PKEY *key, const char *kid, const char *members)
{
	bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
	size_t half = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
	char *one = number_of(key, rsa ? OSSL_PKEY_PARAM_RSA_N : OSSL_PKEY_PARAM_EC_PUB_X,
			      rsa ? 0 : half);
	char *other = number_of(key, rsa ? OSSL_PKEY_PARAM_RSA_E : OSSL_PKEY_PARAM_EC_PUB_Y,
				rsa ? 0 : half);
	char *text;

	HOUSE_CHECK((rsa ? asprintf(&text,
				    "{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\","
				    "\"e\":\"%s\"%s}",
				    kid, one, other, members)
			 : asprintf(&text,
				    "{\"kty\":\"EC\",\"kid\":\"%s\",\"crv\":\"P-%d\","
				    "\"x\":\"%s\",\"y\":\"%s\"%s}",
				    kid, EVP_PKEY_get_bits(key), one, other, members)) > 0);
	free(one);
	free(other);
	return text;
}
