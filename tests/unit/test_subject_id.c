// SPDX-License-Identifier: Apache-2.0
/* Which texts are subjectIds, and which names belong to one. */
#include "../../src/cmf/subject_id.h"
#include "base/vnfci_urn.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"
#define ID_255   LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63

#define TIMES_3(text)  text text text
#define TIMES_4(text)  text text text text
#define TIMES_7(text)  TIMES_3(text) TIMES_4(text)
#define TIMES_64(text) TIMES_4(TIMES_4(TIMES_4(text)))
/* 252 of them */
#define ALMOST_ALL(text) TIMES_4(TIMES_7(TIMES_3(TIMES_3(text))))

static const struct {
	enum cert_type type;
	enum conf_subject_id_form form;
	const char *id;
	enum refusal_reason reason;
} ids[] = {
#define MANO(id, why)                                                   \
	{                                                               \
		CERT_TYPE_MANO, CONF_SUBJECT_ID_TEXT, id, REFUSAL_##why \
	}
#define VNFCI(id, why)                                                   \
	{                                                                \
		CERT_TYPE_VNFCI, CONF_SUBJECT_ID_TEXT, id, REFUSAL_##why \
	}
#define FORM(form, id, why)                                                \
	{                                                                  \
		CERT_TYPE_VNFCI, CONF_SUBJECT_ID_##form, id, REFUSAL_##why \
	}
	MANO("nfvo.example.net", NONE),
	MANO("NFVO.Example.NET", NONE),
	MANO("a.b", NONE),
	MANO("1a.b-c.x9", NONE),
	MANO(LABEL_63 ".net", NONE),
	MANO(LABEL_63 "x.net", subject_id_no_fqdn), /* a label of 64 */
	MANO(ID_255, subject_id_no_fqdn),           /* RFC 1035 2.3.4: 253 in text */
	MANO("", subject_id_no_fqdn),
	MANO("nfvo", subject_id_no_fqdn), /* not fully qualified */
	MANO("nfvo.example.net.", subject_id_no_fqdn),
	MANO(".example.net", subject_id_no_fqdn),
	MANO("nfvo..net", subject_id_no_fqdn),
	MANO("-nfvo.net", subject_id_no_fqdn),
	MANO("nfvo-.net", subject_id_no_fqdn),
	MANO("nf_vo.net", subject_id_no_fqdn),
	MANO("*.example.net", subject_id_no_fqdn),
	MANO("nfvo.example.net\n", subject_id_no_fqdn),
	MANO("n\xc3\xa4vo.net", subject_id_no_fqdn),
	MANO("10.0.0.1", subject_id_no_fqdn), /* an address, not a name */
	VNFCI("vnfci-0001", NONE),
	VNFCI("3f2504e0-4f89-41d3-9a0c-0305e82c3301", NONE),
	VNFCI("VNF_1:vdu~2@site(3)", NONE),
	VNFCI(ALMOST_ALL("x") "x", NONE),
	VNFCI(ALMOST_ALL("x") "xx", subject_id_invalid),
	/* Characters, not octets. */
	VNFCI(ALMOST_ALL("\xf0\x9f\x9a\x80") "x", NONE),
	VNFCI(ALMOST_ALL("\xf0\x9f\x9a\x80") "xx", subject_id_invalid),
	VNFCI("", subject_id_invalid),
	VNFCI(" vnf ci ", NONE),
	VNFCI("vnf\xc3\xa9", NONE),
	VNFCI("vnfe\xcc\x81", subject_id_invalid), /* not in NFC */
	VNFCI("\xe2\x84\xab", subject_id_invalid), /* Angstrom sign: not in NFC */
	VNFCI("\xd7\x90\xd7\x91\xd7\x92", NONE),   /* letters may go to the left */
	VNFCI("a/CN=b+c,d;e#f?g%h\"i\\j<k>", NONE),
	VNFCI("*", NONE),
	VNFCI("a*b.c d", NONE),
	VNFCI("*.example.net", subject_id_invalid), /* a pattern, RFC 9525 6.3 */
	VNFCI("vnf*.example.net", subject_id_invalid),
	VNFCI("vnfci\t", subject_id_invalid),
	VNFCI("vnfci\x7f", subject_id_invalid),
	VNFCI("vnfci\x01", subject_id_invalid),
	VNFCI("vnfci\xc2\x85", subject_id_invalid),  /* NEL */
	VNFCI("a\xe2\x80\xa8z", subject_id_invalid), /* LINE SEPARATOR */
	VNFCI("a\xe2\x80\xaez", subject_id_invalid), /* RIGHT-TO-LEFT OVERRIDE */
	VNFCI("a\xe2\x81\xa6z", subject_id_invalid), /* LEFT-TO-RIGHT ISOLATE */
	VNFCI("a\xe2\x80\x8fz", subject_id_invalid), /* RIGHT-TO-LEFT MARK */
	VNFCI("a\xd8\x9cz", subject_id_invalid),     /* ARABIC LETTER MARK */
	VNFCI("\xe2\x80\x8b", subject_id_invalid),   /* nothing to compare */
	VNFCI(" ", subject_id_invalid),
	VNFCI("...", subject_id_invalid),
	VNFCI("a\xef\xbf\xbf", subject_id_invalid), /* U+FFFF is not assigned */
	VNFCI("a\xff", subject_id_invalid),
	VNFCI("a\xed\xa0\x80", subject_id_invalid), /* a surrogate */
	VNFCI("a\xc0\xaf", subject_id_invalid),     /* not the shortest form */
	FORM(PLAIN, "VNF_1:vdu~2@site(3)", NONE),
	FORM(PLAIN, "vnf ci", subject_id_form),
	FORM(PLAIN, "vnf\xc3\xa9", subject_id_form),
	FORM(PLAIN, "a,b", subject_id_form),
	FORM(PLAIN, "#a", subject_id_form),
	FORM(PLAIN, "a?b%", subject_id_form),
	FORM(PLAIN, "a\\b", subject_id_form),
	FORM(PLAIN, "a\t", subject_id_invalid),
	FORM(HOST_NAME, "vnfci", NONE),
	FORM(HOST_NAME, "vnfci.example.net", NONE),
	FORM(HOST_NAME, "vnf_ci", subject_id_form),
#undef MANO
#undef VNFCI
#undef FORM
};

START_TEST(test_subject_id_ifa033_11_2_2_2)
{
	const struct conf_profile profile = {
		.cert_type = ids[_i].type, .subject_id_form = ids[_i].form, .vnfci_uri = true};
	struct refusal refusal = REFUSAL_NULL;
	int err = subject_id_check(&profile, ids[_i].id, &refusal);

	ck_assert_msg(refusal.reason == ids[_i].reason, "%s", ids[_i].id);
	ck_assert_int_eq(err, ids[_i].reason == REFUSAL_NONE ? 0 : REFUSED);
}
END_TEST

/* RFC 5280 A.1: ub-common-name is 64 characters; a longer one needs another place. */
START_TEST(test_subject_id_longer_than_a_cn)
{
	static const char fits[] = TIMES_64("\xc3\xa9"), text[] = TIMES_64("x") " y";
	static const char host[] = LABEL_63 ".example.net";
	static const struct {
		const char *id;
		struct conf_profile profile;
		enum refusal_reason reason;
	} rows[] = {
		{fits, {.cert_type = CERT_TYPE_VNFCI}, REFUSAL_NONE},
		{text, {.cert_type = CERT_TYPE_VNFCI}, REFUSAL_subject_id_common_name},
		{text, {.cert_type = CERT_TYPE_VNFCI, .vnfci_uri = true}, REFUSAL_NONE},
		{text, {.cert_type = CERT_TYPE_VNFCI, .uris = {.len = 1}}, REFUSAL_NONE},
		{text,
		 {.cert_type = CERT_TYPE_VNFCI, .dns_names = CONF_NAME_ANY},
		 REFUSAL_subject_id_common_name}, /* it is no host name */
		{host, {.cert_type = CERT_TYPE_VNFCI}, REFUSAL_subject_id_common_name},
		{host,
		 {.cert_type = CERT_TYPE_VNFCI, .dns_names = CONF_NAME_SUBJECT_ID},
		 REFUSAL_NONE},
		{host,
		 {.cert_type = CERT_TYPE_VNFCI, .dns_name_from_subject_id = true},
		 REFUSAL_NONE},
		{host, {.cert_type = CERT_TYPE_MANO}, REFUSAL_NONE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct refusal refusal = REFUSAL_NULL;
		int err = subject_id_check(&rows[i].profile, rows[i].id, &refusal);

		ck_assert_msg(refusal.reason == rows[i].reason, "%zu: %s", i,
			      refusal_code(refusal.reason));
		ck_assert_int_eq(err, rows[i].reason == REFUSAL_NONE ? 0 : REFUSED);
	}
}
END_TEST

static const struct {
	enum conf_name_rule rule;
	struct bytes name;
	bool allowed; /* for the subjectId vnfci-1 */
} rules[] = {
#define NAME(text)                                        \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
	{CONF_NAME_SUBJECT_ID, NAME("vnfci-1"), true},
	{CONF_NAME_SUBJECT_ID, NAME("VNFCI-1"), true},
	{CONF_NAME_SUBJECT_ID, NAME("vnfci-1.example.net"), false},
	{CONF_NAME_SUBJECT_ID, NAME("vnfci-1\0"), false},
	{CONF_NAME_SUBJECT_ID, NAME("vnfci-1\0.evil"), false},
	{CONF_NAME_SUBJECT_ID, NAME("vnfci-"), false},
	{CONF_NAME_SUBJECT_ID, NAME(""), false},
	{CONF_NAME_SUBJECT_ID_LABEL, NAME("vnfci-1"), true},
	{CONF_NAME_SUBJECT_ID_LABEL, NAME("vnfci-1.example.net"), true},
	{CONF_NAME_SUBJECT_ID_LABEL, NAME("VnfCI-1.example.net"), true},
	{CONF_NAME_SUBJECT_ID_LABEL, NAME("vnfci-10.example.net"), false},
	{CONF_NAME_SUBJECT_ID_LABEL, NAME("x.vnfci-1"), false},
	{CONF_NAME_SUBJECT_ID_LABEL, NAME("example.net"), false},
	{CONF_NAME_ANY, NAME("whatever"), true},
	{CONF_NAME_NONE, NAME("vnfci-1"), false},
};

START_TEST(test_name_rule)
{
	ck_assert(name_rule_allows(rules[_i].rule, rules[_i].name, "vnfci-1") == rules[_i].allowed);
}
END_TEST

static const struct {
	const char *uri;
	const char *vnf_instance; /* NULL: it is none */
	const char *subject_id;
} urns[] = {
	{"urn:etsi:nfv:vnfci:x-1", "", "x-1"},
	{"URN:etsi:NFV:vnfci:x-1", "", "x-1"},
	{"urn:etsi:nfv:vnfci:vnf-9:vnfc-1", "vnf-9", "vnfc-1"},
	/* RFC 3986 2.1, 2.3: all but unreserved characters are encoded, in either case */
	{"urn:etsi:nfv:vnfci:a%3Ab%2f:c%3ad%20%25", "a:b/", "c:d %"},
	{"urn:etsi:nfv:vnfci:caf%C3%A9:%E2%82%ac", "caf\xc3\xa9", "\xe2\x82\xac"},
	{"urn:etsi:nfv:vnfci:A-._~0:z", "A-._~0", "z"},
	{"urn:etsi:nfv:vnfci:a:b:c", NULL, NULL},
	{"urn:etsi:nfv:vnfci::b", NULL, NULL},
	{"urn:etsi:nfv:vnfci:a:", NULL, NULL},
	{"urn:etsi:nfv:vnfci:", NULL, NULL},
	{"urn:etsi:nfv:vnfci:a@b", NULL, NULL},
	{"urn:etsi:nfv:vnfci:a/b", NULL, NULL},
	{"urn:etsi:nfv:vnfci:a%2", NULL, NULL},
	{"urn:etsi:nfv:vnfci:a%zz", NULL, NULL},
	{"urn:etsi:nfv:vnfci:a%00b", NULL, NULL},
	{"urn:etsi:nfv:vnfci:a%ff", NULL, NULL},
	{"urn:etsi:nfv:vnfci:caf\xc3\xa9", NULL, NULL},
	{"urn:etsi:nfv:vnf:x-1", NULL, NULL},
	{"http://x", NULL, NULL},
};

START_TEST(test_vnfci_urn)
{
	struct bytes uri = bytes_of_string(urns[_i].uri);
	struct store_entity entity = {"domain-a", urns[_i].vnf_instance, urns[_i].subject_id};
	char *vnf_instance = NULL, *subject_id = NULL, *written;
	int err = vnfci_urn_read(uri, &vnf_instance, &subject_id);

	if (!urns[_i].vnf_instance) {
		ck_assert_int_eq(err, -EINVAL);
		return;
	}
	ck_assert_int_eq(err, 0);
	ck_assert_str_eq(vnf_instance, urns[_i].vnf_instance);
	ck_assert_str_eq(subject_id, urns[_i].subject_id);
	ck_assert(vnfci_urn_is(uri, &entity));
	/* RFC 3986 6.2.2.1: hexadecimal digits are alike in either case. */
	written = vnfci_urn(vnf_instance, subject_id);
	ck_assert(strcasecmp(written, urns[_i].uri) == 0);
	free(written);
	entity.vnf_instance = "another";
	ck_assert(!vnfci_urn_is(uri, &entity));
	free(vnf_instance);
	free(subject_id);
}
END_TEST

static const struct {
	struct bytes text;
	bool clean;
} texts[] = {
	{NAME("vnfci-1"), true},   {NAME("M\xc3\xbcnchen"), true}, {NAME(""), false},
	{NAME("a\0b"), false},     {NAME("a\nb"), false},          {NAME("a\x7f"), false},
	{NAME("\xc2\x85"), false}, /* NEL, a control character */
	{NAME("\xc0\x80"), false}, /* an overlong NUL */
	{NAME("\xff"), false},     {NAME("a\xc3"), false},
};

START_TEST(test_name_text_clean)
{
	ck_assert(name_text_clean(texts[_i].text) == texts[_i].clean);
}
END_TEST

static Suite *subject_id_suite(void)
{
	Suite *suite = suite_create("subject_id");
	TCase *tc = tcase_create("subject_id");

	tcase_add_loop_test(tc, test_subject_id_ifa033_11_2_2_2, 0, ARRAY_LEN(ids));
	tcase_add_test(tc, test_subject_id_longer_than_a_cn);
	tcase_add_loop_test(tc, test_name_rule, 0, ARRAY_LEN(rules));
	tcase_add_loop_test(tc, test_vnfci_urn, 0, ARRAY_LEN(urns));
	tcase_add_loop_test(tc, test_name_text_clean, 0, ARRAY_LEN(texts));
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(subject_id_suite, SUITE_FORKS)
