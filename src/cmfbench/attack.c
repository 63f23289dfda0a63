// SPDX-License-Identifier: Apache-2.0
/*
 * What a stranger sends to make a server work: messages that are refused, made as dear as they can
 * be without a credential. Each is made once, and cheaply, and then sent again and again.
 */
#include "asn1/algorithm.h"
#include "asn1/certificate.h"
#include "client.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <string.h>

/* The bounds that cmfd is shipped with: mac_iterations_max, extra_certs_max. */
enum { ITERATIONS = 100000, CERTS = 32 };

/* Attributes of a name that a body of 64 KiB has room for, beside the certificates. */
enum { ATTRIBUTES_MOST = 3300, ATTRIBUTES_USUAL = 30 };

enum { PBKDF2_KEY_LEN = 64 };

/* --- names and certificates --- */

/* Single-letter organizational units, n of them. */
static X509_NAME *long_name(int n)
{
	X509_NAME *name = X509_NAME_new();

	for (int i = 0; name && i < n; i++) {
		unsigned char c = (unsigned char)('a' + i % 26);

		if (X509_NAME_add_entry_by_NID(name, NID_organizationalUnitName, V_ASN1_UTF8STRING,
					       &c, 1, -1, 0) != 1) {
			X509_NAME_free(name);
			return NULL;
		}
	}
	return name;
}

static int name_encode(const X509_NAME *name, struct octets *derp)
{
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(name, &der);
	int err = len > 0 ? octets_dup((struct bytes){der, (size_t)len}, derp) : -ENOMEM;

	OPENSSL_free(der);
	return err;
}

/* The issuer of the honest client's certificate, so that a server looks for a path; else none. */
static X509_NAME *issuer_name(const struct bench_setup *s)
{
	const struct bench_credential *c = &s->credential;
	struct certificate_view view;
	const unsigned char *p;

	if (!c->n_certs || certificate_view(c->certs[0], &view))
		return X509_NAME_new();
	p = view.issuer.data;
	return d2i_X509_NAME(NULL, &p, (long)view.issuer.len);
}

static int certificate_make(X509_NAME *subject, const X509_NAME *issuer, EVP_PKEY *key,
			    struct octets *derp)
{
	X509 *cert = X509_new();
	int err = -ENOMEM;

	if (cert && X509_set_version(cert, X509_VERSION_3) &&
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711) &&
	    X509_set_subject_name(cert, subject) && X509_set_issuer_name(cert, issuer) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -86400) &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), 86400) && X509_set_pubkey(cert, key) &&
	    X509_sign(cert, key, EVP_sha256()) > 0)
		err = certificate_encode(cert, derp);
	X509_free(cert);
	return err;
}

/* --- messages --- */

static int message_make(struct cmp_outgoing *out, const struct cmp_protector *protector,
			struct octets *derp)
{
	uint8_t id[CMP_NONCE_LEN], nonce[CMP_NONCE_LEN];
	PKIBody *body = cmp_body_new(PKI_BODY_GENM);
	InfoTypeAndValue *itav = InfoTypeAndValue_new();
	int err = -ENOMEM;

	if (body && itav && RAND_bytes(id, sizeof(id)) == 1 &&
	    RAND_bytes(nonce, sizeof(nonce)) == 1) {
		ASN1_OBJECT_free(itav->infoType);
		itav->infoType = OBJ_txt2obj("1.3.6.1.5.5.7.4.17", 1); /* id-it-caCerts */
		if (itav->infoType && sk_InfoTypeAndValue_push(body->value.genmsg, itav) > 0) {
			itav = NULL;
			err = 0;
		}
	}
	out->pvno = 2;
	out->transaction_id = BYTES_OF(id);
	out->sender_nonce = BYTES_OF(nonce);
	out->body = body;
	if (!err)
		err = cmp_message_encode(out, protector, derp);
	InfoTypeAndValue_free(itav);
	PKIBody_free(body);
	return err;
}

/* Under a MAC of the dearest parameters that is wrong. */
static int mac_make(X509_ALGOR *alg, size_t key_len, const char *reference, struct octets *derp)
{
	static const uint8_t null_dn[] = {0xa4, 0x02, 0x30, 0x00};
	static const uint8_t key[PBKDF2_KEY_LEN];
	struct cmp_outgoing out = {.sender = BYTES_OF(null_dn),
				   .sender_kid = bytes_of_string(reference)};
	struct cmp_protector protector = {
		.kind = CMP_PROTECTION_MAC, .mac_algorithm = alg, .mac_key = {key, key_len}};

	return message_make(&out, &protector, derp);
}

static int pbm_make(const char *reference, struct octets *derp)
{
	X509_ALGOR *alg = NULL;
	int err = cmp_mac_algorithm_new(ITERATIONS, &alg);

	if (!err)
		err = mac_make(alg, 32, reference, derp);
	X509_ALGOR_free(alg);
	return err;
}

static int pbmac1_make(const char *reference, struct octets *derp)
{
	X509_ALGOR *alg = NULL;
	int err = cmp_mac_pbmac1_new(ITERATIONS, &alg);

	if (!err)
		err = mac_make(alg, 32, reference, derp);
	X509_ALGOR_free(alg);
	return err;
}

static void unknown_reference(char out[2 * CMP_NONCE_LEN + 1])
{
	uint8_t octets[CMP_NONCE_LEN] = {0};

	if (RAND_bytes(octets, sizeof(octets)) != 1)
		octets[0] = 1;
	bytes_to_hex(BYTES_OF(octets), out);
}

static int pbm_known(const struct bench_setup *s, struct octets *derp)
{
	return pbm_make(s->options->attack_ref, derp);
}

static int pbmac1_known(const struct bench_setup *s, struct octets *derp)
{
	return pbmac1_make(s->options->attack_ref, derp);
}

static int pbm_unknown(const struct bench_setup *s, struct octets *derp)
{
	char reference[2 * CMP_NONCE_LEN + 1];

	(void)s;
	unknown_reference(reference);
	return pbm_make(reference, derp);
}

static int pbmac1_unknown(const struct bench_setup *s, struct octets *derp)
{
	char reference[2 * CMP_NONCE_LEN + 1];

	(void)s;
	unknown_reference(reference);
	return pbmac1_make(reference, derp);
}

/* What a message under a key of its own brings. */
struct bundle {
	int sender_attributes;
	int subject_attributes; /* of the certificates */
	size_t n_certs;
	bool signer; /* the last of them is that of the signer: whoever finds it has seen all */
};

static int signed_make(const struct bench_setup *s, const struct bundle *b, struct octets *derp)
{
	_cleanup_(octets_clear) struct octets dn = OCTETS_NULL, sender = OCTETS_NULL;
	struct octets der[CERTS] = {0};
	struct bytes certs[CERTS];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_NAME *name = long_name(b->sender_attributes), *issuer = issuer_name(s);
	X509_NAME *subject = long_name(b->subject_attributes);
	struct signer *signer = NULL;
	struct cmp_outgoing out = {.extra_certs = certs, .n_extra_certs = b->n_certs};
	struct cmp_protector protector = {.kind = CMP_PROTECTION_SIGNATURE};
	int err = key && name && issuer && subject ? signer_new(key, "sha256", &signer) : -ENOMEM;

	if (!err)
		err = name_encode(name, &dn);
	if (!err)
		err = cmp_general_name_of_dn(octets_view(&dn), &sender);
	for (size_t i = 0; i < b->n_certs && !err; i++) {
		bool last = b->signer && i + 1 == b->n_certs;

		err = certificate_make(last ? name : subject, issuer, key, &der[i]);
		certs[i] = octets_view(&der[i]);
	}
	protector.signer = signer;
	out.sender = octets_view(&sender);
	if (!err)
		err = message_make(&out, &protector, derp);
	for (size_t i = 0; i < CERTS; i++)
		octets_clear(&der[i]);
	signer_free(signer);
	X509_NAME_free(name);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	EVP_PKEY_free(key);
	return err;
}

/* As in the report of this attack: the sender is compared with the subject of each certificate. */
static int long_sender(const struct bench_setup *s, struct octets *derp)
{
	return signed_make(s, &(const struct bundle){ATTRIBUTES_MOST, 1, CERTS, false}, derp);
}

/* The same with names that a server may have to accept, and a path to look for. */
static int many_names(const struct bench_setup *s, struct octets *derp)
{
	return signed_make(
		s, &(const struct bundle){ATTRIBUTES_USUAL, ATTRIBUTES_USUAL, CERTS, true}, derp);
}

/* An ordinary message of nobody, whose certificate claims to be of the honest client's issuer. */
static int unknown_signer(const struct bench_setup *s, struct octets *derp)
{
	return signed_make(s, &(const struct bundle){1, 1, 1, true}, derp);
}

const struct bench_attack bench_attacks[] = {
	{"long-sender", long_sender},       {"many-names", many_names},
	{"unknown-signer", unknown_signer}, {"pbm-known", pbm_known, .known = true},
	{"pbm-unknown", pbm_unknown},       {"pbmac1-known", pbmac1_known, .known = true},
	{"pbmac1-unknown", pbmac1_unknown},
};
const size_t bench_attacks_count = ARRAY_LEN(bench_attacks);
