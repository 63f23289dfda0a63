// SPDX-License-Identifier: Apache-2.0
/* Which texts are subjectIds, and which names belong to one. */
#include "../../src/cmf/subject_id.h"
#include "suite.h"

#include <check.h>
#include <string.h>

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"
#define ID_255   LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63

static const struct {
	enum cert_type type;
	const char *id;
	bool valid;
} ids[] = {
	{CERT_TYPE_MANO, "nfvo.example.net", true},
	{CERT_TYPE_MANO, "NFVO.Example.NET", true},
	{CERT_TYPE_MANO, "a.b", true},
	{CERT_TYPE_MANO, "1a.b-c.x9", true},
	{CERT_TYPE_MANO, LABEL_63 ".net", true},
	{CERT_TYPE_MANO, LABEL_63 "x.net", false}, /* a label of 64 */
	{CERT_TYPE_MANO, ID_255, false},           /* RFC 1035 2.3.4: 253 in text */
	{CERT_TYPE_MANO, "", false},
	{CERT_TYPE_MANO, "nfvo", false}, /* not fully qualified */
	{CERT_TYPE_MANO, "nfvo.example.net.", false},
	{CERT_TYPE_MANO, ".example.net", false},
	{CERT_TYPE_MANO, "nfvo..net", false},
	{CERT_TYPE_MANO, "-nfvo.net", false},
	{CERT_TYPE_MANO, "nfvo-.net", false},
	{CERT_TYPE_MANO, "nf_vo.net", false},
	{CERT_TYPE_MANO, "*.example.net", false},
	{CERT_TYPE_MANO, "nfvo.example.net\n", false},
	{CERT_TYPE_MANO, "n\xc3\xa4vo.net", false},
	{CERT_TYPE_MANO, "10.0.0.1", false}, /* an address, not a name */
	{CERT_TYPE_VNFCI, "vnfci-0001", true},
	{CERT_TYPE_VNFCI, "3f2504e0-4f89-41d3-9a0c-0305e82c3301", true},
	{CERT_TYPE_VNFCI, "VNF_1:vdu~2@site(3)", true},
	{CERT_TYPE_VNFCI, ID_255, true},
	{CERT_TYPE_VNFCI, ID_255 "x", false},
	{CERT_TYPE_VNFCI, "", false},
	{CERT_TYPE_VNFCI, " vnfci", false},
	{CERT_TYPE_VNFCI, "vnf ci", false},
	{CERT_TYPE_VNFCI, "vnfci\t", false},
	{CERT_TYPE_VNFCI, "vnfci\x7f", false},
	{CERT_TYPE_VNFCI, "vnfci\x01", false},
	{CERT_TYPE_VNFCI, "vnf\xc3\xa9", false},
	{CERT_TYPE_VNFCI, "*", false},
	{CERT_TYPE_VNFCI, "*.example.net", false},
	{CERT_TYPE_VNFCI, "a/CN=b", false},
	{CERT_TYPE_VNFCI, "a+b", false},
	{CERT_TYPE_VNFCI, "a,b", false},
	{CERT_TYPE_VNFCI, "#a", false},
	{CERT_TYPE_VNFCI, "a?b%", false},
	{CERT_TYPE_VNF_OAM, "vnfci-0001", true},
	{CERT_TYPE_VNF_OAM, "a\\b", false},
};

START_TEST(test_subject_id_ifa033_11_2_2_2)
{
	ck_assert_msg(subject_id_valid(ids[_i].type, ids[_i].id) == ids[_i].valid, "%s",
		      ids[_i].id);
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

START_TEST(test_vnfci_urn)
{
	struct bytes id = vnfci_urn_id(bytes_of_string("URN:etsi:NFV:vnfci:x-1"));

	ck_assert(bytes_equal(id, bytes_of_string("x-1")));
	ck_assert_uint_eq(vnfci_urn_id(bytes_of_string("urn:etsi:nfv:vnfci:")).len, 0);
	ck_assert_uint_eq(vnfci_urn_id(bytes_of_string("urn:etsi:nfv:vnf:x-1")).len, 0);
	ck_assert_uint_eq(vnfci_urn_id(bytes_of_string("http://x")).len, 0);
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
	tcase_add_loop_test(tc, test_name_rule, 0, ARRAY_LEN(rules));
	tcase_add_test(tc, test_vnfci_urn);
	tcase_add_loop_test(tc, test_name_text_clean, 0, ARRAY_LEN(texts));
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(subject_id_suite, SUITE_FORKS)
