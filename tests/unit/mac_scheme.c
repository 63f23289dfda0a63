// SPDX-License-Identifier: Apache-2.0
/* See mac_scheme.h. */
#include "mac_scheme.h"

#include "asn1/algorithm.h"
#include "asn1/crmf.h"
#include "asn1/mac.h"

#include <check.h>
#include <openssl/rand.h>
#include <string.h>

X509_ALGOR *mac_function_algorithm(const char *name, const char *parameters)
{
	X509_ALGOR *alg = X509_ALGOR_new();
	const unsigned char *p;
	uint8_t der[64];
	size_t len;

	for (size_t i = 0; i < mac_algorithms_count; i++) {
		if (strcmp(mac_algorithms[i].name, name) == 0) {
			ASN1_OBJECT_free(alg->algorithm);
			alg->algorithm = OBJ_txt2obj(mac_algorithms[i].oid, 1);
		}
	}
	ck_assert_int_eq(hex_to_bytes(parameters, der, sizeof(der), &len), 0);
	p = der;
	if (len)
		alg->parameter = d2i_ASN1_TYPE(NULL, &p, (long)len);
	return alg;
}

static X509_ALGOR *pbm(const struct mac_scheme *s, const uint8_t *salt, size_t salt_len)
{
	PBMParameter *p = PBMParameter_new();
	X509_ALGOR *alg;

	ASN1_OCTET_STRING_set(p->salt, salt, (int)salt_len);
	X509_ALGOR_set0(p->owf, OBJ_nid2obj(s->owf), V_ASN1_UNDEF, NULL);
	ASN1_INTEGER_set_int64(p->iterationCount, s->iterations);
	X509_ALGOR_free(p->mac);
	p->mac = mac_function_algorithm(s->function, s->parameters);
	alg = algorithm_new(OBJ_nid2obj(NID_id_PasswordBasedMAC), ASN1_ITEM_rptr(PBMParameter), p);
	PBMParameter_free(p);
	return alg;
}

static X509_ALGOR *pbmac1(const struct mac_scheme *s, const uint8_t *salt, size_t salt_len)
{
	PBMAC1Params *p = PBMAC1Params_new();
	PBKDF2PARAM *kdf = PBKDF2PARAM_new();
	X509_ALGOR *alg;

	kdf->salt->type = V_ASN1_OCTET_STRING;
	kdf->salt->value.octet_string = ASN1_OCTET_STRING_new();
	ASN1_OCTET_STRING_set(kdf->salt->value.octet_string, salt, (int)salt_len);
	ASN1_INTEGER_set_int64(kdf->iter, s->iterations);
	if (s->key_len) {
		kdf->keylength = ASN1_INTEGER_new();
		ASN1_INTEGER_set_int64(kdf->keylength, s->key_len);
	}
	if (s->owf) {
		kdf->prf = X509_ALGOR_new();
		X509_ALGOR_set0(kdf->prf, OBJ_nid2obj(s->owf), V_ASN1_NULL, NULL);
	}
	X509_ALGOR_free(p->keyDerivationFunc);
	p->keyDerivationFunc =
		algorithm_new(OBJ_nid2obj(NID_id_pbkdf2), ASN1_ITEM_rptr(PBKDF2PARAM), kdf);
	X509_ALGOR_free(p->messageAuthScheme);
	p->messageAuthScheme = mac_function_algorithm(s->function, s->parameters);
	alg = algorithm_new(OBJ_nid2obj(NID_pbmac1), ASN1_ITEM_rptr(PBMAC1Params), p);
	PBKDF2PARAM_free(kdf);
	PBMAC1Params_free(p);
	return alg;
}

X509_ALGOR *mac_scheme_algorithm(const struct mac_scheme *s)
{
	uint8_t salt[129];

	ck_assert_int_eq(RAND_bytes(salt, sizeof(salt)), 1);
	if (strcmp(s->algorithm, "PasswordBasedMac") == 0)
		return pbm(s, salt, s->no_salt ? 0 : 16);
	if (strcmp(s->algorithm, "PBMAC1") == 0)
		return pbmac1(s, salt, s->no_salt ? 0 : s->reason == REFUSAL_mac_costly ? 129 : 16);
	return mac_function_algorithm(s->function, s->parameters);
}
