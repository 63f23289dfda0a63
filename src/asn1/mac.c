// SPDX-License-Identifier: Apache-2.0
/* MAC algorithms. See include/asn1/mac.h. */
#include "asn1/mac.h"

#include "asn1/algorithm.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

/* RFC 9044 2: of 12 octets it is processed best. */
enum { GMAC_NONCE_LEN = 12, GMAC_OUTPUT = 16 };

/* clang-format off: a row is a line */
const struct mac_algorithm mac_algorithms[] = {
	{"PasswordBasedMac", "1.2.840.113533.7.66.13", MAC_PASSWORD_BASED, NULL, 0, 0, 0, false},
	{"PBMAC1", "1.2.840.113549.1.5.14", MAC_PBMAC1, NULL, 0, 0, 0, false},
	{"hmacWithSHA224", "1.2.840.113549.2.8", MAC_HMAC, "SHA2-224", 16, MAC_KEY_MAX, 28, false},
	{"hmacWithSHA256", "1.2.840.113549.2.9", MAC_HMAC, "SHA2-256", 16, MAC_KEY_MAX, 32, false},
	{"hmacWithSHA384", "1.2.840.113549.2.10", MAC_HMAC, "SHA2-384", 16, MAC_KEY_MAX, 48, false},
	{"hmacWithSHA512", "1.2.840.113549.2.11", MAC_HMAC, "SHA2-512", 16, MAC_KEY_MAX, 64, false},
	{"aes128-GMAC", "2.16.840.1.101.3.4.1.9", MAC_GMAC, "AES-128-GCM", 16, 16, 12, false},
	{"aes192-GMAC", "2.16.840.1.101.3.4.1.29", MAC_GMAC, "AES-192-GCM", 24, 24, 12, false},
	{"aes256-GMAC", "2.16.840.1.101.3.4.1.49", MAC_GMAC, "AES-256-GCM", 32, 32, 12, false},
	{"KMACWithSHAKE128", "2.16.840.1.101.3.4.2.19", MAC_KMAC, "KMAC-128", 16, MAC_KEY_MAX, 32,
	 false},
	{"KMACWithSHAKE256", "2.16.840.1.101.3.4.2.20", MAC_KMAC, "KMAC-256", 32, MAC_KEY_MAX, 64,
	 false},
	/* RFC 9688 */
	{"hmacWithSHA3-224", "2.16.840.1.101.3.4.2.13", MAC_HMAC, "SHA3-224", 16, MAC_KEY_MAX, 28,
	 false},
	{"hmacWithSHA3-256", "2.16.840.1.101.3.4.2.14", MAC_HMAC, "SHA3-256", 16, MAC_KEY_MAX, 32,
	 false},
	{"hmacWithSHA3-384", "2.16.840.1.101.3.4.2.15", MAC_HMAC, "SHA3-384", 16, MAC_KEY_MAX, 48,
	 false},
	{"hmacWithSHA3-512", "2.16.840.1.101.3.4.2.16", MAC_HMAC, "SHA3-512", 16, MAC_KEY_MAX, 64,
	 false},
	{"KemBasedMac", "1.2.840.113533.7.66.16", MAC_KEM_BASED, NULL, 0, 0, 0, false},
	/* RFC 4210 5.1.3.1 names HMAC-SHA1 so, RFC 8018 B.1.1 the other way; openssl cmp sends it.
	 */
	{"hmac-SHA1", "1.3.6.1.5.5.8.1.2", MAC_HMAC, "SHA1", 16, MAC_KEY_MAX, 20, true},
	{"hmacWithSHA1", "1.2.840.113549.2.7", MAC_HMAC, "SHA1", 16, MAC_KEY_MAX, 20, true},
};
/* clang-format on */
const size_t mac_algorithms_count = ARRAY_LEN(mac_algorithms);

/* Constants of the program: written once, under pthread_once. */
static ASN1_OBJECT *oids[ARRAY_LEN(mac_algorithms)];
static EVP_MAC *hmac, *gmac, *kmac128, *kmac256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void constants_make(void)
{
	for (size_t i = 0; i < ARRAY_LEN(mac_algorithms); i++)
		oids[i] = OBJ_txt2obj(mac_algorithms[i].oid, 1);
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	gmac = EVP_MAC_fetch(NULL, "GMAC", NULL);
	kmac128 = EVP_MAC_fetch(NULL, "KMAC-128", NULL);
	kmac256 = EVP_MAC_fetch(NULL, "KMAC-256", NULL);
	ERR_clear_error();
}

const struct mac_algorithm *mac_algorithm_find(const ASN1_OBJECT *oid)
{
	pthread_once(&once, constants_make);
	for (size_t i = 0; i < ARRAY_LEN(mac_algorithms); i++)
		if (oids[i] && OBJ_cmp(oids[i], oid) == 0)
			return &mac_algorithms[i];
	return NULL;
}

const struct mac_algorithm *mac_algorithm_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(mac_algorithms); i++)
		if (!mac_algorithms[i].inside && strcmp(mac_algorithms[i].name, name) == 0)
			return &mac_algorithms[i];
	return NULL;
}

bool mac_algorithm_is_kem_based(const ASN1_OBJECT *oid)
{
	const struct mac_algorithm *a = mac_algorithm_find(oid);

	return a && a->kind == MAC_KEM_BASED;
}

uint64_t mac_algorithm_bit(const struct mac_algorithm *algorithm)
{
	return UINT64_C(1) << (algorithm - mac_algorithms);
}

/* --- ASN.1 --- */

/*
 * RFC 9044 2:
 * GMACParameters ::= SEQUENCE {
 *     nonce  OCTET STRING,
 *     length INTEGER (12 | 13 | 14 | 15 | 16) DEFAULT 12 }
 */
ASN1_SEQUENCE(GMACParameters) = {
	ASN1_SIMPLE(GMACParameters, nonce, ASN1_OCTET_STRING),
	ASN1_OPT(GMACParameters, length, ASN1_INTEGER),
} ASN1_SEQUENCE_END(GMACParameters) IMPLEMENT_ASN1_FUNCTIONS(GMACParameters)

/*
 * RFC 8702 3.4:
 * KMACwithSHAKE256-params ::= SEQUENCE {
 *     kMACOutputLength    INTEGER DEFAULT 512,
 *     customizationString OCTET STRING DEFAULT ''H }
 */
ASN1_SEQUENCE(KMACParams) = {
	ASN1_OPT(KMACParams, kMACOutputLength, ASN1_INTEGER),
	ASN1_OPT(KMACParams, customizationString, ASN1_OCTET_STRING),
} ASN1_SEQUENCE_END(KMACParams) IMPLEMENT_ASN1_FUNCTIONS(KMACParams)

/*
 * RFC 8018 A.5:
 * PBMAC1-params ::= SEQUENCE {
 *     keyDerivationFunc AlgorithmIdentifier {{PBMAC1-KDFs}},
 *     messageAuthScheme AlgorithmIdentifier {{PBMAC1-MACs}} }
 */
ASN1_SEQUENCE(PBMAC1Params) = {
	ASN1_SIMPLE(PBMAC1Params, keyDerivationFunc, X509_ALGOR),
	ASN1_SIMPLE(PBMAC1Params, messageAuthScheme, X509_ALGOR),
} ASN1_SEQUENCE_END(PBMAC1Params) IMPLEMENT_ASN1_FUNCTIONS(PBMAC1Params)

/*
 * RFC 9810 5.1.3.4:
 * KemBMParameter ::= SEQUENCE {
 *     kdf              AlgorithmIdentifier{KEY-DERIVATION, {...}},
 *     kemContext   [0] OCTET STRING OPTIONAL,
 *     len              INTEGER (1..MAX),
 *     mac              AlgorithmIdentifier{MAC-ALGORITHM, {...}} }
 */
ASN1_SEQUENCE(KemBMParameter) = {
	ASN1_SIMPLE(KemBMParameter, kdf, X509_ALGOR),
	ASN1_EXP_OPT(KemBMParameter, kemContext, ASN1_OCTET_STRING, 0),
	ASN1_SIMPLE(KemBMParameter, len, ASN1_INTEGER),
	ASN1_SIMPLE(KemBMParameter, mac, X509_ALGOR),
} ASN1_SEQUENCE_END(KemBMParameter) IMPLEMENT_ASN1_FUNCTIONS(KemBMParameter)

/* --- parameters --- */

/* A length that may be absent. */
static int length_read(const ASN1_INTEGER *i, int64_t min, int64_t max, size_t *lengthp)
{
	int64_t length;

	if (!i)
		return 0;
	if (!ASN1_INTEGER_get_int64(&length, i) || length < min || length > max)
		return -EBADMSG;
	*lengthp = (size_t)length;
	return 0;
}

static int octets_read(const ASN1_OCTET_STRING *s, struct mac_function *f)
{
	int len = s ? ASN1_STRING_length(s) : 0;

	if (len > MAC_NONCE_MAX)
		return -EBADMSG;
	if (len)
		memcpy(f->octets, ASN1_STRING_get0_data(s), (size_t)len);
	f->n_octets = (size_t)len;
	return 0;
}

static int gmac_read(const X509_ALGOR *alg, struct mac_function *f)
{
	GMACParameters *p = algorithm_parameters_read(alg, ASN1_ITEM_rptr(GMACParameters));
	int err = p ? octets_read(p->nonce, f) : -EBADMSG;

	if (!err && f->n_octets == 0)
		err = -EBADMSG;
	/* RFC 9045 4.4: with CRMF the length of 16 MUST be used; RFC 9044 2: 12 to 16. */
	if (!err)
		err = length_read(p->length, 12, GMAC_OUTPUT, &f->output);
	GMACParameters_free(p);
	return err;
}

static int kmac_read(const X509_ALGOR *alg, struct mac_function *f)
{
	size_t bits = f->output * 8;
	KMACParams *p;
	int err;

	/* RFC 8702 3.4: absent parameters mean the defaults. */
	if (!alg->parameter)
		return 0;
	p = algorithm_parameters_read(alg, ASN1_ITEM_rptr(KMACParams));
	err = p ? octets_read(p->customizationString, f) : -EBADMSG;
	if (!err)
		err = length_read(p->kMACOutputLength, (int64_t)f->output * 4,
				  MAC_OUTPUT_MAX * INT64_C(8), &bits);
	f->output = bits / 8;
	KMACParams_free(p);
	return bits % 8 ? -EBADMSG : err;
}

int mac_function_read(const X509_ALGOR *alg, struct mac_function *functionp)
{
	struct mac_function f = {.algorithm = mac_algorithm_find(alg->algorithm)};
	int err;

	if (!f.algorithm)
		return -ENOTSUP;
	f.output = f.algorithm->output;
	switch (f.algorithm->kind) {
	case MAC_HMAC:
		/* RFC 4231 3.1: NULL; absence is accepted. */
		err = algorithm_parameters_empty(alg) ? 0 : -EBADMSG;
		break;
	case MAC_GMAC:
		err = gmac_read(alg, &f);
		break;
	case MAC_KMAC:
		err = kmac_read(alg, &f);
		break;
	case MAC_PASSWORD_BASED:
	case MAC_PBMAC1:
	case MAC_KEM_BASED:
	default:
		return -ENOTSUP;
	}
	if (!err)
		*functionp = f;
	return err;
}

X509_ALGOR *mac_function_again(const X509_ALGOR *alg)
{
	GMACParameters *p = algorithm_parameters_read(alg, ASN1_ITEM_rptr(GMACParameters));
	const struct mac_algorithm *a = mac_algorithm_find(alg->algorithm);
	uint8_t nonce[GMAC_NONCE_LEN];
	X509_ALGOR *again = NULL;

	if (!a || a->kind != MAC_GMAC)
		again = X509_ALGOR_dup((X509_ALGOR *)(uintptr_t)alg);
	else if (p && RAND_bytes(nonce, sizeof(nonce)) > 0 &&
		 ASN1_OCTET_STRING_set(p->nonce, nonce, sizeof(nonce)))
		again = algorithm_new(alg->algorithm, ASN1_ITEM_rptr(GMACParameters), p);
	GMACParameters_free(p);
	return again;
}

/* --- computing --- */

static EVP_MAC *function_mac(const struct mac_algorithm *a)
{
	switch (a->kind) {
	case MAC_HMAC:
		return hmac;
	case MAC_GMAC:
		return gmac;
	case MAC_KMAC:
		return strcmp(a->function, "KMAC-128") == 0 ? kmac128 : kmac256;
	case MAC_PASSWORD_BASED:
	case MAC_PBMAC1:
	case MAC_KEM_BASED:
	default:
		return NULL;
	}
}

static void params_make(const struct mac_function *f, OSSL_PARAM params[3])
{
	char *name = (char *)(uintptr_t)f->algorithm->function;
	void *octets = (void *)(uintptr_t)f->octets;
	size_t *output = (size_t *)(uintptr_t)&f->output;
	size_t n = 0;

	switch (f->algorithm->kind) {
	case MAC_HMAC:
		params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
		break;
	case MAC_GMAC:
		params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0);
		params[n++] =
			OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, octets, f->n_octets);
		break;
	case MAC_KMAC:
		params[n++] = OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, output);
		params[n++] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_CUSTOM, octets,
								f->n_octets);
		break;
	case MAC_PASSWORD_BASED:
	case MAC_PBMAC1:
	case MAC_KEM_BASED:
	default:
		break;
	}
	params[n] = OSSL_PARAM_construct_end();
}

int mac_function_compute(const struct mac_function *function, struct bytes key, struct bytes data,
			 uint8_t out[MAC_OUTPUT_MAX], size_t *lenp)
{
	OSSL_PARAM params[3];
	EVP_MAC_CTX *ctx;
	EVP_MAC *mac;
	bool ok;

	pthread_once(&once, constants_make);
	mac = function_mac(function->algorithm);
	if (!mac)
		return -ENOTSUP;
	params_make(function, params);
	ctx = EVP_MAC_CTX_new(mac);
	ok = ctx && EVP_MAC_init(ctx, key.data, key.len, params) &&
	     EVP_MAC_update(ctx, data.data, data.len) &&
	     EVP_MAC_final(ctx, out, lenp, MAC_OUTPUT_MAX) && *lenp >= function->output;
	EVP_MAC_CTX_free(ctx);
	if (!ok)
		return log_fault("compute a MAC", -EIO, function->algorithm->name);
	/* RFC 9044 2: the first octets, of GMAC. */
	*lenp = function->output;
	return 0;
}
