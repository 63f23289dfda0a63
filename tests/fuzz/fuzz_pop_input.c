// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of poposkInput: an octet that says who asks (bit 0: with a secret, bit 1: with a
 * certificate, bit 2: a registration authority), two octets with the length of a public key, that,
 * and poposkInput. What is taken is read again from what is signed, names that key, and comes from
 * somebody who could make it.
 */
#include "../../src/cmf/proof/proof_input.h"

#include "asn1/der.h"
#include "base/log.h"

#include <errno.h>
#include <openssl/err.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

enum { HAS_SECRET = 1, HAS_CERTIFICATE = 2, IS_RA = 4, HEAD = 3 };

/* A certificate of somebody, made once. */
static struct bytes certificate(void)
{
	static unsigned char *der;
	static int len;
	EVP_PKEY *key;
	X509 *cert;

	if (der)
		return (struct bytes){der, (size_t)len};
	key = EVP_EC_gen("P-256");
	cert = X509_new();
	MUST(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
					(const unsigned char *)"vnfm-a", -1, -1, 0));
	MUST(X509_set_version(cert, X509_VERSION_3) && X509_set_pubkey(cert, key));
	MUST(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
	MUST(X509_gmtime_adj(X509_getm_notAfter(cert), 86400));
	MUST(X509_sign(cert, key, EVP_sha256()) > 0);
	len = i2d_X509(cert, &der);
	MUST(len > 0);
	X509_free(cert);
	EVP_PKEY_free(key);
	return (struct bytes){der, (size_t)len};
}

static void taken_check(int who, struct bytes signed_input, const SubjectPublicKeyInfo *key)
{
	const unsigned char *p = signed_input.data;
	POPOSigningKeyInput *input = d2i_POPOSigningKeyInput(NULL, &p, (long)signed_input.len);
	uint8_t said[32], asked[32];

	MUST(input && p == signed_input.data + signed_input.len);
	MUST(spki_digest(input->publicKey, said) != 0 || spki_digest(key, asked) != 0 ||
	     memcmp(said, asked, sizeof(said)) == 0);
	if (input->authInfo->type == POPO_AUTH_SENDER)
		MUST(who & (IS_RA | HAS_CERTIFICATE));
	else
		MUST(who & HAS_SECRET);
	POPOSigningKeyInput_free(input);
	ERR_clear_error();
}

static void input_try(int who, const SubjectPublicKeyInfo *key, struct bytes received)
{
	static const struct conf_client_policy policy;
	static const struct conf_protection conf = {
		.mac_iterations_min = 1, .mac_iterations_max = 1000, .mac_algorithms = UINT64_MAX};
	struct cmf_principal principal = {.kind = CMF_PRINCIPAL_CLIENT, .policy = &policy};
	struct refusal refusal = REFUSAL_NULL;
	const struct cmf_proof proof = {.conf = &conf, .who = &principal, .refusal = &refusal};
	ASN1_STRING *input = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	struct octets signed_input = OCTETS_NULL;
	int err;

	MUST(ASN1_STRING_set(input, received.data, (int)received.len));
	if (who & IS_RA)
		principal.permissions = STORE_IS_RA;
	if (who & HAS_SECRET)
		MUST(!octets_dup(bytes_of_string("secret"), &principal.mac_secret));
	if (who & HAS_CERTIFICATE)
		MUST(!octets_dup(certificate(), &principal.certificate));
	err = proof_input_check(&proof, input, key, &signed_input);
	MUST(err == 0 || (err == REFUSED && refusal.reason != REFUSAL_NONE));
	if (!err)
		taken_check(who, octets_view(&signed_input), key);
	octets_clear(&signed_input);
	octets_clear(&principal.mac_secret);
	octets_clear(&principal.certificate);
	ASN1_STRING_free(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SubjectPublicKeyInfo *key;
	const unsigned char *p;
	size_t len;

	log_setup(-1, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	if (size < HEAD)
		return 0;
	len = (size_t)data[1] << 8 | data[2];
	if (len > size - HEAD)
		return 0;
	p = data + HEAD;
	key = d2i_SubjectPublicKeyInfo(NULL, &p, (long)len);
	if (key)
		input_try(data[0], key, (struct bytes){data + HEAD + len, size - HEAD - len});
	SubjectPublicKeyInfo_free(key);
	ERR_clear_error();
	return 0;
}
