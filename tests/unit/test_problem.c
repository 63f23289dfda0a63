// SPDX-License-Identifier: Apache-2.0
/*
 * Why octets are no message, message/problem.c: of messages that other implementations have bent in
 * one place (tests/vectors/make.py says where), of good ones that are cut off, and of all changes
 * of one octet.
 */
#include "message.h"
#include "suite.h"
#include "vectors.h"

#include <string.h>

static const struct {
	const char *name; /* in tests/vectors/bad */
	const char *path;
	const char *rule; /* begins so */
} problems[] = {
	{"der_indefinite_length", "", "the length is indefinite"},
	{"der_octet_behind", "", "something follows behind"},
	{"der_integer_padded", "body.pollReq[0].certReqId", "an INTEGER or ENUMERATED has"},
	{"ir_cert_req_missing", "body.ir[0].certReq", "should be SEQUENCE CertRequest"},
	{"ip_response_missing", "body.ip.response", "is missing; it should be SEQUENCE OF"},
	{"cr_cert_template_missing", "body.cr[0].certReq.certTemplate", "is missing"},
	{"cp_status_missing", "body.cp.response[0].status", "is missing"},
	{"p10cr_signature_missing", "body.p10cr.signature", "is missing; it should be BIT STRING"},
	{"popdecc_challenge_missing", "body.popdecc[0].challenge", "is missing"},
	{"popdecr_not_integer", "body.popdecr[0]", "should be INTEGER, and is BOOLEAN"},
	{"kur_cert_req_id_missing", "body.kur[0].certReq.certReqId", "should be INTEGER"},
	{"kup_cert_req_id_missing", "body.kup.response[0].certReqId", "should be INTEGER"},
	{"krr_cert_req_id_not_integer", "body.krr[0].certReq.certReqId", "should be INTEGER"},
	{"krp_status_missing", "body.krp.status", "should be SEQUENCE PKIStatusInfo"},
	{"rr_cert_details_missing", "body.rr[0].certDetails", "is missing"},
	{"rp_status_missing", "body.rp.status", "should be SEQUENCE OF, and is [0]"},
	{"ccr_popo_unknown", "body.ccr[0]", "should be the end, and is [4]"},
	{"ccp_certificate_choice", "body.ccp.response[0].certifiedKeyPair.certOrEncCert",
	 "should be CertOrEncCert, and is [2]"},
	{"ckuann_new_with_new_missing", "body.ckuann.cAKeyUpdAnnV2.newWithNew", "is missing"},
	{"cann_not_certificate", "body.cann", "should be SEQUENCE"},
	{"rann_cert_id_missing", "body.rann.certId", "should be SEQUENCE CertId"},
	{"crlann_not_crl", "body.crlann[0]", "should be SEQUENCE"},
	{"pkiconf_not_null", "body.pkiconf", "should be NULL, and is INTEGER"},
	{"nested_not_message", "body.nested[0]", "should be SEQUENCE"},
	{"genm_info_type_missing", "body.genm[0].infoType", "is missing; it should be OBJECT"},
	{"genp_info_type_not_oid", "body.genp[0].infoType", "should be OBJECT IDENTIFIER"},
	{"error_status_missing", "body.error.pKIStatusInfo", "should be SEQUENCE"},
	{"certconf_cert_req_id_missing", "body.certConf[0].certReqId", "is missing"},
	{"pollreq_cert_req_id_missing", "body.pollReq[0].certReqId", "is missing"},
	{"pollrep_check_after_missing", "body.pollRep[0].checkAfter", "is missing"},
	{"body_unknown", "body", "should be PKIBody, and is [27]"},
};

START_TEST(test_problem_of_bent_message)
{
	_cleanup_(octets_clear) struct octets der = vector_read_of("bad", problems[_i].name);
	struct cmp_problem problem;

	cmp_message_problem(octets_view(&der), &problem);
	ck_assert_str_eq(problem.path, problems[_i].path);
	ck_assert_msg(strncmp(problem.rule, problems[_i].rule, strlen(problems[_i].rule)) == 0,
		      "%s: %s", problems[_i].name, problem.rule);
	ck_assert_uint_le(problem.offset, der.len);
}
END_TEST

static bool refused(struct bytes der)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	int err = cmp_message_decode(der, &msg, &refusal);

	ck_assert_int_ge(err, 0);
	return err == REFUSED;
}

static const char *const good[] = {"ir_p256",    "ip_p256", "kur_p256",
				   "p10cr_p256", "rr_p256", "genm_mac"};

/* All that is known of a message that is cut off is where, and how much is missing. */
START_TEST(test_problem_of_cut_message)
{
	_cleanup_(octets_clear) struct octets whole = vector_read(good[_i]);

	for (size_t len = 4; len < whole.len; len++) {
		_cleanup_(octets_clear) struct octets cut = OCTETS_NULL;
		struct cmp_problem problem;
		char missing[40];

		ck_assert_int_eq(octets_dup((struct bytes){whole.data, len}, &cut), 0);
		cmp_message_problem(octets_view(&cut), &problem);
		snprintf(missing, sizeof(missing), ": %zu octets", whole.len - len);
		ck_assert_uint_eq(problem.offset, len);
		ck_assert_msg(strstr(problem.rule, "cut off here") && strstr(problem.rule, missing),
			      "%zu: %s", len, problem.rule);
	}
}
END_TEST

/* senderNonce of ir_p256 begins behind its tag, [5], and goes on for 20 octets. */
START_TEST(test_problem_of_cut_message_names_the_field)
{
	_cleanup_(octets_clear) struct octets whole = vector_read("ir_p256");
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_problem problem;

	ck_assert_int_eq(cmp_message_decode(octets_view(&whole), &msg, &refusal), 0);
	for (size_t extra = 1; extra < CMP_NONCE_LEN; extra++) {
		const uint8_t *at = memmem(whole.data, whole.len, msg->sender_nonce.data,
					   msg->sender_nonce.len);

		cmp_message_problem((struct bytes){whole.data, (size_t)(at - whole.data) + extra},
				    &problem);
		ck_assert_str_eq(problem.path, "header.senderNonce");
	}
}
END_TEST

/* Whatever the decoder refuses has a reason, and a place. */
START_TEST(test_problem_of_any_changed_octet)
{
	_cleanup_(octets_clear) struct octets der = vector_read(good[_i]);

	for (size_t at = 0; at < der.len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct cmp_problem problem;

			der.data[at] ^= (uint8_t)(1u << bit);
			if (refused(octets_view(&der))) {
				cmp_message_problem(octets_view(&der), &problem);
				ck_assert_msg(problem.rule[0] &&
						      !strstr(problem.rule, "is no PKIMessage"),
					      "%s, octet %zu, bit %u: no rule", good[_i], at, bit);
				ck_assert_uint_le(problem.offset, der.len);
			}
			der.data[at] ^= (uint8_t)(1u << bit);
		}
	}
}
END_TEST

static Suite *problem_suite(void)
{
	Suite *s = suite_create("problem");
	TCase *tc = tcase_create("problem");

	tcase_add_loop_test(tc, test_problem_of_bent_message, 0, ARRAY_LEN(problems));
	tcase_add_loop_test(tc, test_problem_of_cut_message, 0, ARRAY_LEN(good));
	tcase_add_test(tc, test_problem_of_cut_message_names_the_field);
	tcase_add_loop_test(tc, test_problem_of_any_changed_octet, 0, ARRAY_LEN(good));
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(problem_suite, SUITE_FORKS)
