// SPDX-License-Identifier: Apache-2.0
/*
 * The attributes of a subject by their own types, RFC 5280 4.1.2.4 and A.1: what a certificate gets
 * is right for every reader, whatever the request has. Whose names they may be is
 * test_cmf_names.c's.
 */
#include "asn1/der.h"
#include "asn1/name.h"
#include "cmf_world.h"
#include "suite.h"

#include <string.h>

#define T50                                                 \
	"ttttttttttttttttttttttttttttttttttttttttttttttttt" \
	"t"
#define O10 "\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6"

/* 64 characters, the upper bound of a CN. */
#define ID_64 "vnfci-of-sixty-four-characters-of-which-these-are-the-very-last."

static void setup(void)
{
	world_setup();
	world_reload("[profile VnfciCert]\nkey_types = ec:P-256\ndns_names = subjectId\n"
		     "subject_attributes = C, ST, L, O, OU, DC, serialNumber, dnQualifier, title, "
		     "emailAddress\nextension_section = ext\n");
	register_ok("vnfm-b", CERT_TYPE_VNFCI, "vnfci_b");
	register_ok("vnfm-b", CERT_TYPE_VNFCI, ID_64);
	register_ok("vnfm-b", CERT_TYPE_VNFCI, ID_64 "x");
}

struct attribute {
	const char *type;
	int value_type;
	struct bytes value;
};

#define S(text)                                           \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define UTF8      V_ASN1_UTF8STRING
#define PRINTABLE V_ASN1_PRINTABLESTRING
#define IA5       V_ASN1_IA5STRING

static const struct subject_case {
	const char *name;
	struct attribute attribute; /* beside CN=vnfci_b */
	int granted;                /* the type that it has then; 0: left out */
	const char *mods;
} cases[] = {
	/* DirectoryString */
	{"O", {"O", UTF8, S("net")}, UTF8, NULL},
	{"O as PrintableString", {"O", PRINTABLE, S("A net (1)")}, PRINTABLE, NULL},
	{"O beyond PrintableString",
	 {"O", PRINTABLE, S("a_b@c")},
	 UTF8,
	 "subject attribute encoded anew: O"},
	{"O in Latin-1, said to be PrintableString",
	 {"O", PRINTABLE, S("n\xf6t")},
	 0,
	 "subject attribute left out: O, which has characters that PrintableString does not"},
	{"O in UTF-8, said to be PrintableString",
	 {"O", PRINTABLE, S("\xc3\xb6")},
	 0,
	 "subject attribute left out: O, which has characters that PrintableString does not"},
	{"O in UTF-8", {"O", UTF8, S("\xc3\xb6")}, UTF8, NULL},
	{"O with a line",
	 {"O", UTF8, S("a\nb")},
	 0,
	 "subject attribute left out: O, which is no UTF-8, or has control characters"},
	{"O as IA5String", {"O", IA5, S("net")}, UTF8, "subject attribute encoded anew: O"},
	{"O as IA5String of Latin-1",
	 {"O", IA5, S("n\xf6t")},
	 0,
	 "subject attribute left out: O, which has characters that IA5String does not"},
	{"O as TeletexString",
	 {"O", V_ASN1_T61STRING, S("net")},
	 0,
	 "subject attribute left out: O, which is in a string type that is not taken"},
	{"O as BMPString",
	 {"O", V_ASN1_BMPSTRING, S("\0n")},
	 0,
	 "subject attribute left out: O, which is in a string type that is not taken"},
	{"O as UniversalString",
	 {"O", V_ASN1_UNIVERSALSTRING, S("\0\0\0n")},
	 0,
	 "subject attribute left out: O, which is in a string type that is not taken"},
	{"O as NumericString",
	 {"O", V_ASN1_NUMERICSTRING, S("1")},
	 0,
	 "subject attribute left out: O, which is in a string type that is not taken"},
	{"RFC 5280 A.1 O empty",
	 {"O", UTF8, S("")},
	 0,
	 "subject attribute left out: O, which is empty"},
	/* Upper bounds, in characters */
	{"RFC 5280 A.1 O of 64", {"O", UTF8, S(T50 "12345678901234")}, UTF8, NULL},
	{"RFC 5280 A.1 O of 65",
	 {"O", UTF8, S(T50 "123456789012345")},
	 0,
	 "subject attribute left out: O, which is longer than RFC 5280 allows"},
	{"RFC 5280 A.1 O of 64 in 114 octets", {"O", UTF8, S(T50 O10 "1234")}, UTF8, NULL},
	{"RFC 5280 A.1 L of 128",
	 {"L", UTF8, S(T50 T50 T50)},
	 0,
	 "subject attribute left out: L, which is longer than RFC 5280 allows"},
	{"RFC 5280 A.1 ST of 128",
	 {"ST", UTF8, S(T50 T50 "1234567890123456789012345678")},
	 UTF8,
	 NULL},
	{"RFC 5280 A.1 title of 65",
	 {"title", UTF8, S(T50 "123456789012345")},
	 0,
	 "subject attribute left out: title, which is longer than RFC 5280 allows"},
	/* X520countryName ::= PrintableString (SIZE (2)), ISO 3166 */
	{"C", {"C", PRINTABLE, S("DE")}, PRINTABLE, NULL},
	{"C as UTF8String", {"C", UTF8, S("DE")}, PRINTABLE, "subject attribute encoded anew: C"},
	{"C of one",
	 {"C", PRINTABLE, S("D")},
	 0,
	 "subject attribute left out: C, which is not two letters"},
	{"C of three",
	 {"C", PRINTABLE, S("DEU")},
	 0,
	 "subject attribute left out: C, which is longer than RFC 5280 allows"},
	{"C of digits",
	 {"C", PRINTABLE, S("49")},
	 0,
	 "subject attribute left out: C, which is not two letters"},
	{"C of one letter of two octets",
	 {"C", UTF8, S("\xc3\xb6")},
	 0,
	 "subject attribute left out: C, which is not two letters"},
	/* PrintableString */
	{"serialNumber", {"serialNumber", PRINTABLE, S("4711-a")}, PRINTABLE, NULL},
	{"serialNumber as UTF8String",
	 {"serialNumber", UTF8, S("4711")},
	 PRINTABLE,
	 "subject attribute encoded anew: serialNumber"},
	{"serialNumber with _",
	 {"serialNumber", UTF8, S("47_11")},
	 0,
	 "subject attribute left out: serialNumber, which is not a PrintableString"},
	{"dnQualifier as UTF8String",
	 {"dnQualifier", UTF8, S("q")},
	 PRINTABLE,
	 "subject attribute encoded anew: dnQualifier"},
	/* IA5String */
	{"DC", {"DC", IA5, S("example")}, IA5, NULL},
	{"DC as PrintableString",
	 {"DC", PRINTABLE, S("example")},
	 IA5,
	 "subject attribute encoded anew: DC"},
	{"DC in UTF-8",
	 {"DC", UTF8, S("\xc3\xb6")},
	 0,
	 "subject attribute left out: DC, which is not an IA5String"},
	{"emailAddress", {"emailAddress", IA5, S("a@b.c")}, IA5, NULL},
	{"emailAddress as UTF8String",
	 {"emailAddress", UTF8, S("a@b.c")},
	 IA5,
	 "subject attribute encoded anew: emailAddress"},
	{"emailAddress of Latin-1",
	 {"emailAddress", IA5, S("\xf6@b.c")},
	 0,
	 "subject attribute left out: emailAddress, which has characters that IA5String does not"},
	/* Not in the profile */
	{"unknown attribute", {"1.2.3.4", UTF8, S("x")}, 0, "subject attribute left out: 1.2.3.4"},
};

static const uint8_t common_name[] = {0x31, 0x10, 0x30, 0x0e, 0x06, 0x03, 0x55, 0x04, 0x03,
				      0x0c, 0x07, 'v',  'n',  'f',  'c',  'i',  '_',  'b'};

/* RDNSequence of what is before it and the CN. */
static X509_NAME *name_before_cn(struct bytes rdn, struct bytes cn)
{
	_cleanup_(der_writer_clear) struct der_writer writer = DER_WRITER_NULL;
	const unsigned char *p;
	X509_NAME *name;

	der_put(&writer, cn);
	der_put(&writer, rdn);
	der_put_header(&writer, 0x30, 0);
	p = der_written(&writer).data;
	name = d2i_X509_NAME(NULL, &p, (long)der_written(&writer).len);
	ck_assert_ptr_nonnull(name);
	return name;
}

static X509_NAME *name_with(const struct attribute *a)
{
	_cleanup_(der_writer_clear) struct der_writer writer = DER_WRITER_NULL;
	ASN1_OBJECT *type = OBJ_txt2obj(a->type, 0);

	der_put_value(&writer, (uint8_t)a->value_type, a->value);
	der_put_value(&writer, V_ASN1_OBJECT,
		      (struct bytes){OBJ_get0_data(type), OBJ_length(type)});
	der_put_header(&writer, 0x30, 0);
	der_put_header(&writer, 0x31, 0);
	ASN1_OBJECT_free(type);
	return name_before_cn(der_written(&writer), BYTES_OF(common_name));
}

/* The type of the string of that attribute in the certificate; 0: it is not there. */
static int granted_type(struct bytes der, const char *type)
{
	X509 *cert = pki_cert_parse(der);
	X509_NAME *subject = X509_get_subject_name(cert);
	ASN1_OBJECT *object = OBJ_txt2obj(type, 0);
	int at = X509_NAME_get_index_by_OBJ(subject, object, -1), found = 0;

	if (at >= 0)
		found = ASN1_STRING_type(
			X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	ASN1_OBJECT_free(object);
	X509_free(cert);
	return found;
}

START_TEST(rfc5280_4_1_2_4_attribute)
{
	const struct subject_case *c = &cases[_i];
	struct cmf_principal who = principal_of("vnfm-b");
	const struct csr_spec ask = {.subject_raw = name_with(&c->attribute),
				     .profile = {"VnfciCert"}};
	struct cmf_csr_result result = {0};
	const char *reason = refusal_code(csr(&who, &ask, &result));

	ck_assert_msg(strcmp(reason, "none") == 0, "%s: %s", c->name, reason);
	ck_assert_msg(granted_type(octets_view(&result.der), c->attribute.type) == c->granted, "%s",
		      c->name);
	ck_assert_msg(c->mods ? result.mods && strcmp(result.mods, c->mods) == 0 : !result.mods,
		      "%s: %s", c->name, result.mods);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

/* --- the name as a whole --- */

static const struct name_case {
	const char *name;
	const char *rdn; /* hex, before the CN */
	bool cn;
	const char *reason;
	const char *mods;
} names[] = {
	{"RFC 5280 A.1 empty RDN", "3100", true, "template_subject_malformed", NULL},
	{"RFC 5280 A.1 empty RDN alone", "3100", false, "template_subject_malformed", NULL},
	/* { O = "b", OU = "a" } behind each other in one SET, in neither's order of DER */
	{"X.690 11.6 RDN in another order",
	 "3114300806035504"
	 "0b0c0161"
	 "300806035504"
	 "0a0c0162",
	 true, "none", "subject encoded anew"},
	{"RDN in order",
	 "3114300806035504"
	 "0a0c0162"
	 "300806035504"
	 "0b0c0161",
	 true, "none", NULL},
};

START_TEST(rfc5280_4_1_2_4_name)
{
	const struct name_case *c = &names[_i];
	struct cmf_principal who = principal_of("vnfm-b");
	struct csr_spec ask = {.profile = {"VnfciCert"}, .vnfc_id = {"vnfci_b"}};
	struct cmf_csr_result result = {0};
	uint8_t rdn[64];
	const char *reason;
	size_t len;

	ck_assert_int_eq(hex_to_bytes(c->rdn, rdn, sizeof(rdn), &len), 0);
	ask.subject_raw = name_before_cn((struct bytes){rdn, len},
					 c->cn ? BYTES_OF(common_name) : BYTES_NULL);
	reason = refusal_code(csr(&who, &ask, &result));
	ck_assert_msg(strcmp(reason, c->reason) == 0, "%s: %s", c->name, reason);
	ck_assert_msg(c->mods ? result.mods && strcmp(result.mods, c->mods) == 0 : !result.mods,
		      "%s: %s", c->name, result.mods);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

static const struct cn_case {
	const char *name;
	const char *id;
	int value_type;
	struct bytes value;
	const char *reason;
	const char *mods;
} common_names[] = {
	{"_ in a PrintableString", "vnfci_b", PRINTABLE, S("vnfci_b"), "none",
	 "subject attribute encoded anew: CN"},
	{"TeletexString", "vnfci_b", V_ASN1_T61STRING, S("vnfci_b"), "template_subject_string_type",
	 NULL},
	{"UniversalString", "vnfci_b", V_ASN1_UNIVERSALSTRING, S("\0\0\0v"),
	 "template_subject_string_type", NULL},
	{"IA5String", "vnfci_b", IA5, S("vnfci_b"), "template_subject_string_type", NULL},
	{"RFC 5280 A.1 64 characters", ID_64, UTF8, S(ID_64), "none", NULL},
	{"RFC 5280 A.1 65 characters", ID_64 "x", UTF8, S(ID_64 "x"), "template_subject_attribute",
	 NULL},
};

START_TEST(rfc5280_4_1_2_4_common_name)
{
	const struct cn_case *c = &common_names[_i];
	_cleanup_(der_writer_clear) struct der_writer writer = DER_WRITER_NULL;
	struct cmf_principal who = principal_of("vnfm-b");
	struct csr_spec ask = {.profile = {"VnfciCert"}, .vnfc_id = {c->id}};
	struct cmf_csr_result result = {0};
	const char *reason;

	der_put_value(&writer, (uint8_t)c->value_type, c->value);
	der_put(&writer, (struct bytes){common_name + 4, 5});
	der_put_header(&writer, 0x30, 0);
	der_put_header(&writer, 0x31, 0);
	ask.subject_raw = name_before_cn(BYTES_NULL, der_written(&writer));
	reason = refusal_code(csr(&who, &ask, &result));
	ck_assert_msg(strcmp(reason, c->reason) == 0, "%s: %s", c->name, reason);
	ck_assert_msg(c->mods ? result.mods && strcmp(result.mods, c->mods) == 0 : !result.mods,
		      "%s: %s", c->name, result.mods);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

/* RFC 4210 F: accepted means what was asked for, and NULL-DN asks for no subject. */
START_TEST(rfc4210_f_null_dn)
{
	struct cmf_principal who = principal_of("vnfm-b");
	struct csr_spec ask = {.profile = {"VnfciCert"}, .vnfc_id = {"vnfci_b"}};
	struct cmf_csr_result result = {0};

	ask.subject_raw = X509_NAME_new();
	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	ck_assert_str_eq(result.mods, "CN added to the subject");
	cmf_csr_result_clear(&result);
	/* What the request does not name may be added. */
	ask.subject_raw = NULL;
	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	ck_assert_ptr_null(result.mods);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

/* What OpenSSL reads no Name of, the lint of a finished certificate would see. */
START_TEST(rfc3629_3_malformed)
{
	static const struct bytes texts[] = {S("n\xf6t"), S("n\xc3"), S("\xc0\xaf"),
					     S("\xed\xa0\x80"), S("\xf4\x90\x80\x80")};
	const struct name_attribute attribute = {
		.type = {common_name + 6, 3}, .value_type = UTF8, .value = texts[_i]};
	int better;

	ck_assert_str_eq(name_attribute_fault(&attribute, &better),
			 "is no UTF-8, or has control characters");
	ck_assert_int_eq(better, V_ASN1_UNDEF);
}
END_TEST

/* The client is told which attribute it is, and why. */
START_TEST(words_name_the_attribute)
{
	struct refusal refusal = REFUSAL_NULL;

	refuse_about(&refusal, REFUSAL_template_subject_attribute, "CN %s", "is empty");
	ck_assert_str_eq(refusal_words(&refusal),
			 "an attribute of the subject is not as RFC 5280 has it: CN is empty");
	ck_assert_int_eq(refusal.failinfo, FAIL_BAD_CERT_TEMPLATE);
	refuse(&refusal, REFUSAL_template_subject_attribute);
	ck_assert_str_eq(refusal_words(&refusal),
			 "an attribute of the subject is not as RFC 5280 has it");
}
END_TEST

static Suite *cmf_subject_suite(void)
{
	Suite *suite = suite_create("cmf_subject");
	TCase *tc = tcase_create("subject");

	tcase_add_checked_fixture(tc, setup, world_teardown);
	tcase_add_loop_test(tc, rfc5280_4_1_2_4_attribute, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(tc, rfc5280_4_1_2_4_name, 0, ARRAY_LEN(names));
	tcase_add_loop_test(tc, rfc5280_4_1_2_4_common_name, 0, ARRAY_LEN(common_names));
	tcase_add_test(tc, rfc4210_f_null_dn);
	tcase_add_loop_test(tc, rfc3629_3_malformed, 0, 5);
	tcase_add_test(tc, words_name_the_attribute);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_subject_suite, SUITE_FORKS)
