// SPDX-License-Identifier: Apache-2.0
/*
 * The lint of what is to be signed. OpenSSL makes the certificates and CRLs, good ones and such
 * with one thing wrong; the rules are RFC 5280's.
 */
#include "asn1/certificate.h"
#include "asn1/der.h"
#include "asn1/lint.h"
#include "suite.h"

#include <check.h>
#include <openssl/x509v3.h>
#include <string.h>

/* NULL: as in a good certificate. */
struct spec {
	const char *serial; /* hex */
	const char *issuer, *subject;
	const char *from, *to; /* YYYYMMDDHHMMSSZ: GeneralizedTime, else UTCTime */
	const char *key;
	const char *extension[7]; /* "name=value", x509v3_config(5) */
	void (*bend)(X509 *cert);
};

#define GOOD_EXTENSIONS "subjectKeyIdentifier=01", "authorityKeyIdentifier=DER:3003800101"
#define EE              GOOD_EXTENSIONS, "keyUsage=critical,digitalSignature"
#define CA              GOOD_EXTENSIONS, "keyUsage=critical,keyCertSign,cRLSign"

static void v1(X509 *cert)
{
	X509_set_version(cert, X509_VERSION_1);
}

static void add_name(X509 *cert, const char *attribute, int type, const char *text)
{
	X509_NAME *name = X509_NAME_dup(X509_get_subject_name(cert));
	X509_NAME_ENTRY *entry = X509_NAME_ENTRY_new();
	ASN1_STRING *value;

	/* Set by hand: OpenSSL would choose a better type. */
	X509_NAME_ENTRY_set_object(entry, OBJ_txt2obj(attribute, 0));
	X509_NAME_ENTRY_set_data(entry, V_ASN1_UTF8STRING, (const unsigned char *)"x", 1);
	value = X509_NAME_ENTRY_get_data(entry);
	ASN1_STRING_set(value, text, -1);
	value->type = type;
	X509_NAME_add_entry(name, entry, -1, 0);
	X509_set_subject_name(cert, name);
	X509_NAME_ENTRY_free(entry);
	X509_NAME_free(name);
}

static void country_of_three(X509 *cert)
{
	add_name(cert, "C", V_ASN1_PRINTABLESTRING, "DEU");
}

static void at_in_printable(X509 *cert)
{
	add_name(cert, "O", V_ASN1_PRINTABLESTRING, "a@b");
}

static void utf8_serial_number(X509 *cert)
{
	add_name(cert, "serialNumber", V_ASN1_UTF8STRING, "1");
}

static void no_octets_in_key(X509 *cert)
{
	unsigned char *nothing = OPENSSL_zalloc(1);

	ck_assert_int_eq(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert),
						OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF, NULL,
						nothing, 0),
			 1);
}

static const struct row {
	const char *name;
	struct spec spec;
	const char *rule; /* how it begins; NULL: good */
} rows[] = {
	{"good", {.extension = {EE}}, NULL},
	{"good CA", {.extension = {CA, "basicConstraints=critical,CA:TRUE,pathlen:0"}}, NULL},
	{"good without subject",
	 {.subject = "", .extension = {EE, "subjectAltName=critical,DNS:a"}},
	 NULL},
	{"good names",
	 {.extension = {EE, "subjectAltName=DNS:a,IP:10.0.0.1,IP:::1,URI:urn:x,email:a@b,RID:1.2"}},
	 NULL},
	{"good after 2050", {.to = "20500101000000Z", .extension = {EE}}, NULL},
	{"good for ever", {.to = "99991231235959Z", .extension = {EE}}, NULL},
	{"serial of 20 octets",
	 {.serial = "7fffffffffffffffffffffffffffffffffffffff", .extension = {EE}},
	 NULL},

	{"version", {.bend = v1, .extension = {EE}}, "RFC 5280 4.1.2.1"},
	{"serial zero", {.serial = "00", .extension = {EE}}, "RFC 5280 4.1.2.2"},
	{"serial negative", {.serial = "-01", .extension = {EE}}, "RFC 5280 4.1.2.2"},
	{"serial of 21 octets",
	 {.serial = "8000000000000000000000000000000000000000", .extension = {EE}},
	 "RFC 5280 4.1.2.2"},
	{"no issuer", {.issuer = "", .extension = {EE}}, "RFC 5280 4.1.2.4"},
	{"country", {.bend = country_of_three, .extension = {EE}}, "RFC 5280 4.1.2.4"},
	{"PrintableString", {.bend = at_in_printable, .extension = {EE}}, "RFC 5280 4.1.2.4"},
	{"serialNumber", {.bend = utf8_serial_number, .extension = {EE}}, "RFC 5280 4.1.2.4"},
	{"ends before it begins",
	 {.from = "300101000000Z", .to = "290101000000Z", .extension = {EE}},
	 "RFC 5280 4.1.2.5"},
	{"GeneralizedTime in 2049",
	 {.to = "20491231235959Z", .extension = {EE}},
	 "RFC 5280 4.1.2.5"},
	{"no names", {.subject = "", .extension = {EE}}, "RFC 5280 4.1.2.6"},
	{"subjectAltName not critical",
	 {.subject = "", .extension = {EE, "subjectAltName=DNS:a"}},
	 "RFC 5280 4.2.1.6"},
	{"CA without subject",
	 {.subject = "",
	  .extension = {CA, "basicConstraints=critical,CA:TRUE", "subjectAltName=critical,DNS:a"}},
	 "RFC 5280 4.1.2.6"},
	{"key", {.bend = no_octets_in_key, .extension = {EE}}, "RFC 5280 4.1.2.7"},

	{"no extensions", {0}, "RFC 5280 4.2"},
	{"twice", {.extension = {EE, "keyUsage=critical,digitalSignature"}}, "RFC 5280 4.2:"},
	{"an extension that is no DER",
	 {.extension = {EE, "1.2.3.4=DER:30800000"}},
	 "RFC 5280 4.2:"},
	{"no authorityKeyIdentifier",
	 {.extension = {"subjectKeyIdentifier=01", "keyUsage=digitalSignature"}},
	 "RFC 5280 4.2.1.1"},
	{"authorityKeyIdentifier without key",
	 {.extension = {"subjectKeyIdentifier=01", "authorityKeyIdentifier=DER:3000"}},
	 "RFC 5280 4.2.1.1"},
	{"authorityKeyIdentifier with a serial number alone",
	 {.extension = {"subjectKeyIdentifier=01", "authorityKeyIdentifier=DER:3006800101820101"}},
	 "RFC 5280 4.2.1.1"},
	{"critical authorityKeyIdentifier",
	 {.extension = {"subjectKeyIdentifier=01",
			"authorityKeyIdentifier=critical,DER:3003800101"}},
	 "RFC 5280 4.2.1.1"},
	{"no subjectKeyIdentifier",
	 {.extension = {"authorityKeyIdentifier=DER:3003800101"}},
	 "RFC 5280 4.2.1.2"},
	{"critical subjectKeyIdentifier",
	 {.extension = {"subjectKeyIdentifier=critical,DER:040101",
			"authorityKeyIdentifier=DER:3003800101"}},
	 "RFC 5280 4.2.1.2"},
	{"keyUsage without bits",
	 {.extension = {GOOD_EXTENSIONS, "keyUsage=DER:030100"}},
	 "RFC 5280 4.2.1.3"},
	{"keyUsage with a zero at its end",
	 {.extension = {GOOD_EXTENSIONS, "keyUsage=DER:03020680"}},
	 "X.690 11.2.2"},
	{"RFC 8813 3 keyEncipherment with EC",
	 {.extension = {GOOD_EXTENSIONS, "keyUsage=keyEncipherment"}},
	 "RFC 3279 2.3.1, RFC 8813 3"},
	{"keyAgreement with RSA",
	 {.key = "RSA", .extension = {GOOD_EXTENSIONS, "keyUsage=keyAgreement"}},
	 "RFC 3279 2.3.1"},
	{"digitalSignature with X25519",
	 {.key = "X25519", .extension = {GOOD_EXTENSIONS, "keyUsage=digitalSignature"}},
	 "RFC 3279 2.3.1"},
	{"no policies", {.extension = {EE, "certificatePolicies=DER:3000"}}, "RFC 5280 4.2.1.4"},
	{"no alternative names",
	 {.extension = {EE, "subjectAltName=DER:3000"}},
	 "RFC 5280 4.2.1.6"},
	{"empty dNSName", {.extension = {EE, "subjectAltName=DER:30028200"}}, "RFC 5280 4.2.1.6"},
	{"dNSName of a blank",
	 {.extension = {EE, "subjectAltName=DER:3003820120"}},
	 "RFC 5280 4.2.1.6"},
	{"dNSName of 8 bits",
	 {.extension = {EE, "subjectAltName=DER:30038201f6"}},
	 "RFC 5280 4.2.1.6"},
	{"address of 5 octets",
	 {.extension = {EE, "subjectAltName=DER:300787050a00000100"}},
	 "RFC 5280 4.2.1.6"},
	{"URI without scheme",
	 {.extension = {EE, "subjectAltName=DER:3003860178"}},
	 "RFC 5280 4.2.1.6"},
	{"mail without @",
	 {.extension = {EE, "subjectAltName=DER:3003810178"}},
	 "RFC 5280 4.2.1.6"},
	{"empty directoryName",
	 {.extension = {EE, "subjectAltName=DER:3004a4023000"}},
	 "RFC 5280 4.2.1.6"},
	{"directoryName with an empty RDN",
	 {.extension = {EE, "subjectAltName=DER:3006a40430023100"}},
	 "RFC 5280 4.2.1.6"},
	{"keyCertSign without cA",
	 {.extension = {GOOD_EXTENSIONS, "keyUsage=critical,keyCertSign"}},
	 "RFC 5280 4.2.1.9"},
	{"pathLenConstraint without cA",
	 {.extension = {EE, "basicConstraints=critical,DER:3003020100"}},
	 "RFC 5280 4.2.1.9"},
	{"pathLenConstraint without keyCertSign",
	 {.extension = {EE, "basicConstraints=critical,CA:TRUE,pathlen:0"}},
	 "RFC 5280 4.2.1.9"},
	{"negative pathLenConstraint",
	 {.extension = {CA, "basicConstraints=critical,DER:30060101ff0201ff"}},
	 "RFC 5280 4.2.1.9"},
	{"cA FALSE encoded",
	 {.extension = {EE, "basicConstraints=critical,DER:3003010100"}},
	 "X.690 11.5"},
	{"CA not critical", {.extension = {CA, "basicConstraints=CA:TRUE"}}, "RFC 5280 4.2.1.9"},
	{"CA without keyUsage",
	 {.extension = {GOOD_EXTENSIONS, "basicConstraints=critical,CA:TRUE"}},
	 "RFC 5280 4.2.1.3"},
	{"nameConstraints of no CA",
	 {.extension = {EE, "nameConstraints=critical,permitted;DNS:a"}},
	 "RFC 5280 4.2.1.10"},
	{"nameConstraints not critical",
	 {.extension = {CA, "basicConstraints=critical,CA:TRUE",
			"nameConstraints=permitted;DNS:a"}},
	 "RFC 5280 4.2.1.10"},
	{"policyConstraints of nothing",
	 {.extension = {CA, "basicConstraints=critical,CA:TRUE",
			"policyConstraints=critical,DER:3000"}},
	 "RFC 5280 4.2.1.10, 4.2.1.11"},
	{"no purposes", {.extension = {EE, "extendedKeyUsage=DER:3000"}}, "RFC 5280 4.2.1.12"},
	{"no distribution points",
	 {.extension = {EE, "crlDistributionPoints=DER:3000"}},
	 "RFC 5280 4.2.1.13"},
	{"inhibitAnyPolicy not critical",
	 {.extension = {CA, "basicConstraints=critical,CA:TRUE", "inhibitAnyPolicy=0"}},
	 "RFC 5280 4.2.1.14"},
	{"critical authorityInfoAccess",
	 {.extension = {EE, "authorityInfoAccess=critical,OCSP;URI:http://a"}},
	 "RFC 5280 4.2.2.1"},
};

static EVP_PKEY *key_of(const char *kind)
{
	if (!kind)
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	if (strcmp(kind, "RSA") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	return EVP_PKEY_Q_keygen(NULL, NULL, kind);
}

static X509_NAME *name_of(const char *common_name)
{
	X509_NAME *name = X509_NAME_new();

	if (*common_name)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					   (const unsigned char *)common_name, -1, -1, 0);
	return name;
}

static ASN1_TIME *time_of(const char *text)
{
	ASN1_TIME *time = ASN1_TIME_new();

	/* ASN1_TIME_set_string() takes either form as it is. */
	ck_assert_int_eq(ASN1_TIME_set_string(time, text), 1);
	return time;
}

static void extension_add(X509 *cert, X509_CRL *crl, const char *text)
{
	char name[64];
	const char *value = strchr(text, '=') + 1;
	X509_EXTENSION *extension;
	X509V3_CTX context;

	snprintf(name, sizeof(name), "%.*s", (int)(value - text - 1), text);
	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_nconf(NULL, &context, name, value);
	ck_assert_msg(extension != NULL, "%s", text);
	if (cert)
		X509_add_ext(cert, extension, -1);
	else
		X509_CRL_add_ext(crl, extension, -1);
	X509_EXTENSION_free(extension);
}

/* The DER of a certificate, whatever is in it. */
static unsigned char *certificate_of(const struct spec *spec, size_t *lenp)
{
	X509 *cert = X509_new();
	EVP_PKEY *key = key_of(spec->key), *ca = key_of(NULL);
	X509_NAME *issuer = name_of(spec->issuer ? spec->issuer : "CA");
	X509_NAME *subject = name_of(spec->subject ? spec->subject : "EE");
	ASN1_TIME *from = time_of(spec->from ? spec->from : "260101000000Z");
	ASN1_TIME *to = time_of(spec->to ? spec->to : "491231235959Z");
	BIGNUM *serial = NULL;
	unsigned char *der = NULL;
	int len;

	ck_assert_int_gt(BN_hex2bn(&serial, spec->serial ? spec->serial : "01"), 0);
	X509_set_version(cert, X509_VERSION_3);
	BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert));
	X509_set_issuer_name(cert, issuer);
	X509_set_subject_name(cert, subject);
	X509_set1_notBefore(cert, from);
	X509_set1_notAfter(cert, to);
	X509_set_pubkey(cert, key);
	for (size_t i = 0; i < ARRAY_LEN(spec->extension) && spec->extension[i]; i++)
		extension_add(cert, NULL, spec->extension[i]);
	ck_assert_int_gt(X509_sign(cert, ca, EVP_sha256()), 0);
	/* Bent once it is signed, which nobody verifies here: OpenSSL 3.5 sets the version anew. */
	if (spec->bend) {
		spec->bend(cert);
		ck_assert_int_gt(i2d_re_X509_tbs(cert, NULL), 0);
	}
	len = i2d_X509(cert, &der);
	ck_assert_int_gt(len, 0);
	*lenp = (size_t)len;
	BN_free(serial);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	X509_NAME_free(issuer);
	X509_NAME_free(subject);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca);
	X509_free(cert);
	return der;
}

static void rule_check(const char *name, const char *found, const char *expected)
{
	if (!expected)
		ck_assert_msg(!found, "%s: %s", name, found);
	else
		ck_assert_msg(found && strncmp(found, expected, strlen(expected)) == 0, "%s: %s",
			      name, found);
}

START_TEST(rfc5280_4_certificate)
{
	const struct row *row = &rows[_i];
	struct certificate_view view;
	size_t len;
	unsigned char *der = certificate_of(&row->spec, &len);

	ck_assert_int_eq(certificate_view((struct bytes){der, len}, &view), 0);
	rule_check(row->name, lint_certificate(view.tbs, view.signature_algorithm), row->rule);
	OPENSSL_free(der);
}
END_TEST

START_TEST(rfc5280_4_1_1_2_algorithm)
{
	static const uint8_t ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
	struct certificate_view view;
	size_t len;
	unsigned char *der = certificate_of(&rows[0].spec, &len);

	ck_assert_int_eq(certificate_view((struct bytes){der, len}, &view), 0);
	rule_check("another algorithm", lint_certificate(view.tbs, BYTES_OF(ed25519)),
		   "RFC 5280 4.1.1.2");
	OPENSSL_free(der);
}
END_TEST

/* What stands in the octets and OpenSSL does not write: one octet is changed in a good one. */
START_TEST(rfc5280_4_one_octet)
{
	struct certificate_view view;
	size_t len;
	unsigned char *der = certificate_of(&rows[0].spec, &len), *tbs;

	ck_assert_int_eq(certificate_view((struct bytes){der, len}, &view), 0);
	tbs = OPENSSL_memdup(view.tbs.data, view.tbs.len);
	/* Whatever comes, it ends, and reads nothing beyond. */
	for (size_t i = 0; i < view.tbs.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			tbs[i] ^= (unsigned char)(1U << bit);
			(void)!lint_certificate((struct bytes){tbs, view.tbs.len},
						view.signature_algorithm);
			tbs[i] ^= (unsigned char)(1U << bit);
		}
		ck_assert_ptr_nonnull(
			lint_certificate((struct bytes){tbs, i}, view.signature_algorithm));
	}
	OPENSSL_free(tbs);
	OPENSSL_free(der);
}
END_TEST

/* --- CRLs --- */

struct crl_spec {
	const char *issuer;
	const char *from, *to; /* "": none */
	const char *extension[4];
	int reason; /* of an entry; -1: without; below: no entries */
	bool v1;
};

#define CRL_EXTENSIONS "crlNumber=DER:020101", "authorityKeyIdentifier=DER:3003800101"

static const struct crl_row {
	const char *name;
	struct crl_spec spec;
	const char *rule;
} crl_rows[] = {
	{"good", {.extension = {CRL_EXTENSIONS}, .reason = 1}, NULL},
	{"good without entries", {.extension = {CRL_EXTENSIONS}, .reason = -2}, NULL},
	{"good without reason", {.extension = {CRL_EXTENSIONS}, .reason = -1}, NULL},
	{"good delta",
	 {.extension = {CRL_EXTENSIONS, "deltaCRL=critical,DER:020101"}, .reason = 8},
	 NULL},
	{"version", {.extension = {CRL_EXTENSIONS}, .v1 = true}, "RFC 5280 5.1.2.1"},
	{"no issuer", {.issuer = "", .extension = {CRL_EXTENSIONS}}, "RFC 5280 5.1.2.3"},
	{"no nextUpdate", {.to = "", .extension = {CRL_EXTENSIONS}}, "RFC 5280 5.1.2.5"},
	{"nextUpdate before thisUpdate",
	 {.to = "250101000000Z", .extension = {CRL_EXTENSIONS}},
	 "RFC 5280 5.1.2.5"},
	{"GeneralizedTime in 2049",
	 {.to = "20491231235959Z", .extension = {CRL_EXTENSIONS}},
	 "RFC 5280 4.1.2.5"},
	{"no extensions", {.reason = -1}, "RFC 5280 5.1.2.7"},
	{"no authorityKeyIdentifier", {.extension = {"crlNumber=DER:020101"}}, "RFC 5280 5.2.1"},
	{"no cRLNumber",
	 {.extension = {"authorityKeyIdentifier=DER:3003800101"}},
	 "RFC 5280 5.2.3"},
	{"critical cRLNumber",
	 {.extension = {"crlNumber=critical,DER:020101", "authorityKeyIdentifier=DER:3003800101"}},
	 "RFC 5280 5.2.3"},
	{"negative cRLNumber",
	 {.extension = {"crlNumber=DER:0201ff", "authorityKeyIdentifier=DER:3003800101"}},
	 "RFC 5280 5.2.3"},
	{"cRLNumber twice",
	 {.extension = {CRL_EXTENSIONS, "crlNumber=DER:020102"}},
	 "RFC 5280 4.2"},
	{"deltaCRLIndicator not critical",
	 {.extension = {CRL_EXTENSIONS, "deltaCRL=DER:020101"}},
	 "RFC 5280 5.2.4"},
	{"issuingDistributionPoint not critical",
	 {.extension = {CRL_EXTENSIONS, "issuingDistributionPoint=DER:30038101ff"}},
	 "RFC 5280 5.2.5"},
	{"reasonCode unspecified", {.extension = {CRL_EXTENSIONS}, .reason = 0}, "RFC 5280 5.3.1"},
	{"reasonCode 7", {.extension = {CRL_EXTENSIONS}, .reason = 7}, "RFC 5280 5.3.1"},
	{"removeFromCRL in a full CRL",
	 {.extension = {CRL_EXTENSIONS}, .reason = 8},
	 "RFC 5280 5.3.1"},
};

static void entry_add(X509_CRL *crl, int reason)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *time = time_of("260101000000Z");
	ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();

	ASN1_INTEGER_set(serial, 5);
	X509_REVOKED_set_serialNumber(entry, serial);
	X509_REVOKED_set_revocationDate(entry, time);
	ASN1_ENUMERATED_set(code, reason);
	if (reason >= 0)
		X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code, 0, 0);
	X509_CRL_add0_revoked(crl, entry);
	ASN1_INTEGER_free(serial);
	ASN1_ENUMERATED_free(code);
	ASN1_TIME_free(time);
}

static unsigned char *crl_of(const struct crl_spec *spec, int *lenp)
{
	X509_CRL *crl = X509_CRL_new();
	EVP_PKEY *key = key_of(NULL);
	X509_NAME *issuer = name_of(spec->issuer ? spec->issuer : "CA");
	ASN1_TIME *from = time_of(spec->from ? spec->from : "260101000000Z");
	const char *end = spec->to ? spec->to : "270101000000Z";
	ASN1_TIME *to = *end ? time_of(end) : NULL;
	unsigned char *der = NULL;

	X509_CRL_set_version(crl, spec->v1 ? X509_CRL_VERSION_1 : X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, issuer);
	X509_CRL_set1_lastUpdate(crl, from);
	if (to)
		X509_CRL_set1_nextUpdate(crl, to);
	for (size_t i = 0; i < ARRAY_LEN(spec->extension) && spec->extension[i]; i++)
		extension_add(NULL, crl, spec->extension[i]);
	if (spec->reason >= -1)
		entry_add(crl, spec->reason);
	ck_assert_int_gt(X509_CRL_sign(crl, key, EVP_sha256()), 0);
	*lenp = i2d_X509_CRL(crl, &der);
	ck_assert_int_gt(*lenp, 0);
	X509_NAME_free(issuer);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	EVP_PKEY_free(key);
	X509_CRL_free(crl);
	return der;
}

/* ecdsa-with-SHA256 */
static const uint8_t ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
				0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

static struct bytes first_field(struct bytes der)
{
	struct bytes content, tlv, inner;
	uint8_t tag;

	ck_assert_int_eq(der_next(&der, &tag, &tlv, &content), 0);
	ck_assert_int_eq(der_next(&content, &tag, &tlv, &inner), 0);
	return tlv;
}

START_TEST(rfc5280_5_crl)
{
	const struct crl_row *row = &crl_rows[_i];
	int len;
	unsigned char *der = crl_of(&row->spec, &len);
	struct bytes tbs = first_field((struct bytes){der, (size_t)len});

	rule_check(row->name, lint_crl(tbs, BYTES_OF(ecdsa)), row->rule);
	for (size_t i = 0; i < tbs.len; i++)
		ck_assert_ptr_nonnull(lint_crl((struct bytes){tbs.data, i}, BYTES_OF(ecdsa)));
	OPENSSL_free(der);
}
END_TEST

static Suite *lint_suite(void)
{
	Suite *suite = suite_create("lint");
	TCase *tc = tcase_create("lint");

	tcase_add_loop_test(tc, rfc5280_4_certificate, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, rfc5280_4_1_1_2_algorithm);
	tcase_add_test(tc, rfc5280_4_one_octet);
	tcase_add_loop_test(tc, rfc5280_5_crl, 0, ARRAY_LEN(crl_rows));
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(lint_suite, SUITE_FORKS)
