// SPDX-License-Identifier: Apache-2.0
/*
 * The messages in tests/vectors/bad, which other implementations made: of each the CMP door says
 * what the table says. They are good ones with one thing bent, so the good ones are served, too.
 */
#include "bent.h"
#include "suite.h"
#include "vectors.h"

#include <string.h>

/* As in tests/vectors/make.py: 2027-01-01 00:00:00. */
#define VECTORS_TIME_MS INT64_C(1798761600000)

static struct house house;

static const struct bad {
	const char *name; /* the rule */
	int failinfo;
	int answer; /* type of its body; -1: none is sent to an announcement, RFC 9811 3.5 */
	enum refusal_reason reason;
} bad[] = {
	{"der_indefinite_length", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_not_a_pkimessage},
	{"der_octet_behind", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"der_integer_padded", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"ir_cert_req_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"ip_response_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"cr_cert_template_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"cp_status_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"p10cr_signature_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"popdecc_challenge_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"popdecr_not_integer", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"kur_cert_req_id_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"kup_cert_req_id_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"krr_cert_req_id_not_integer", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"krp_status_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"rr_cert_details_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"rp_status_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"ccr_popo_unknown", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"ccp_certificate_choice", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"ckuann_new_with_new_missing", FAIL_BAD_DATA_FORMAT, -1, REFUSAL_body_malformed},
	{"cann_not_certificate", FAIL_BAD_DATA_FORMAT, -1, REFUSAL_body_malformed},
	{"rann_cert_id_missing", FAIL_BAD_DATA_FORMAT, -1, REFUSAL_body_malformed},
	{"crlann_not_crl", FAIL_BAD_DATA_FORMAT, -1, REFUSAL_body_malformed},
	{"pkiconf_not_null", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"nested_not_message", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"genm_info_type_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"genp_info_type_not_oid", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"error_status_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"certconf_cert_req_id_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"pollreq_cert_req_id_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"pollrep_check_after_missing", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"body_unknown", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_body_malformed},
	{"header_pvno_1", FAIL_UNSUPPORTED_VERSION, ERR, REFUSAL_pvno_unsupported},
	{"header_transaction_id_missing", FAIL_BAD_DATA_FORMAT, ERR,
	 REFUSAL_transaction_id_missing},
	{"header_transaction_id_15_octets", FAIL_BAD_DATA_FORMAT, ERR,
	 REFUSAL_transaction_id_short},
	{"header_sender_nonce_missing", FAIL_BAD_SENDER_NONCE, ERR, REFUSAL_sender_nonce_missing},
	{"header_sender_nonce_15_octets", FAIL_BAD_SENDER_NONCE, ERR, REFUSAL_sender_nonce_short},
	{"header_recip_nonce_set", FAIL_BAD_RECIPIENT_NONCE, ERR, REFUSAL_recip_nonce_unexpected},
	{"header_message_time_10_minutes_ago", FAIL_BAD_TIME, ERR, REFUSAL_message_time_off},
	{"header_general_info_twice", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_general_info_duplicate},
	{"header_implicit_confirm_not_null", FAIL_BAD_DATA_FORMAT, ERR,
	 REFUSAL_implicit_confirm_malformed},
	{"header_implicit_confirm_in_genm", FAIL_BAD_REQUEST, ERR,
	 REFUSAL_implicit_confirm_unexpected},
	{"header_confirm_wait_time_not_time", FAIL_BAD_DATA_FORMAT, ERR,
	 REFUSAL_confirm_wait_time_malformed},
	{"header_cert_profile_two_names", FAIL_BAD_DATA_FORMAT, ERR,
	 REFUSAL_cert_profile_malformed},
	{"protection_missing", FAIL_BAD_MESSAGE_CHECK, ERR, REFUSAL_protection_missing_alg_given},
	{"protection_empty", FAIL_BAD_MESSAGE_CHECK, ERR, REFUSAL_protection_empty},
	{"protection_alg_missing", FAIL_BAD_ALG, ERR, REFUSAL_protection_alg_missing},
	{"protection_unused_bits", FAIL_BAD_MESSAGE_CHECK, ERR, REFUSAL_protection_unused_bits},
	{"protection_mac_wrong", FAIL_BAD_MESSAGE_CHECK, ERR, REFUSAL_protection_wrong},
	{"protection_alg_unknown", FAIL_BAD_ALG, ERR, REFUSAL_protection_alg_unsupported},
	{"protection_pbm_10_iterations", FAIL_BAD_ALG, ERR, REFUSAL_mac_weak},
	{"protection_pbm_2_31_iterations", FAIL_BAD_ALG, ERR, REFUSAL_mac_costly},
	{"protection_pbmac1_prf_sha1", FAIL_BAD_ALG, ERR, REFUSAL_mac_parameters},
	{"protection_hmac_short_secret", FAIL_BAD_ALG, ERR, REFUSAL_mac_key_length},
	{"protection_signature_wrong", FAIL_BAD_MESSAGE_CHECK, ERR, REFUSAL_protection_wrong},
	{"protection_signature_alg_of_rsa", FAIL_BAD_ALG, ERR, REFUSAL_protection_alg_mismatch},
	{"protection_signer_missing", FAIL_BAD_MESSAGE_CHECK, ERR, REFUSAL_signer_missing},
	{"protection_signer_not_trusted", FAIL_SIGNER_NOT_TRUSTED, ERR, REFUSAL_signer_not_trusted},
	{"protection_sender_kid_of_another", FAIL_BAD_MESSAGE_CHECK, ERR, REFUSAL_signer_mismatch},
	{"ir_cert_req_id_1", FAIL_BAD_REQUEST, IP, REFUSAL_cert_req_id_wrong},
	{"ir_serial_number", FAIL_BAD_CERT_TEMPLATE, IP, REFUSAL_template_serial_number},
	{"ir_version_2", FAIL_BAD_CERT_TEMPLATE, IP, REFUSAL_template_version},
	{"ir_subject_of_another", FAIL_NOT_AUTHORIZED, IP, REFUSAL_entity_not_authorized},
	{"ir_pop_missing", FAIL_BAD_POP, IP, REFUSAL_pop_missing},
	{"ir_nopop", FAIL_BAD_POP, IP, REFUSAL_pop_missing},
	{"ir_pop_ra_verified", FAIL_NOT_AUTHORIZED, IP, REFUSAL_ra_verified_not_permitted},
	{"ir_pop_signature_of_another_key", FAIL_BAD_POP, IP, REFUSAL_pop_signature_wrong},
	{"ir_pop_this_message", FAIL_BAD_POP, IP, REFUSAL_pop_this_message},
	{"cr_signing_alg", FAIL_BAD_CERT_TEMPLATE, CP, REFUSAL_template_signing_alg},
	{"p10cr_version_1", FAIL_BAD_CERT_TEMPLATE, CP, REFUSAL_p10_version},
	{"kur_mac", FAIL_WRONG_INTEGRITY, ERR, REFUSAL_protection_kind_wrong},
	{"rr_serial_number_missing", FAIL_ADD_INFO_NOT_AVAILABLE, RP,
	 REFUSAL_rev_cert_not_identified},
	{"rr_issuer_unknown", FAIL_WRONG_AUTHORITY, RP, REFUSAL_rev_issuer_unknown},
	{"rr_cert_unknown", FAIL_BAD_CERT_ID, RP, REFUSAL_rev_cert_unknown},
	{"genm_value_unexpected", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_genm_value_unexpected},
	{"genm_crl_status_list_empty", FAIL_BAD_DATA_FORMAT, ERR, REFUSAL_genm_value_malformed},
	{"genm_twice", FAIL_BAD_REQUEST, ERR, REFUSAL_genm_duplicate},
	{"nested_mac", FAIL_WRONG_INTEGRITY, ERR, REFUSAL_nested_mac},
	{"certconf_transaction_unknown", FAIL_BAD_REQUEST, ERR, REFUSAL_transaction_unknown},
	{"pollreq_transaction_unknown", FAIL_BAD_REQUEST, ERR, REFUSAL_transaction_unknown},
	{"popdecr_transaction_unknown", FAIL_BAD_REQUEST, ERR, REFUSAL_transaction_unknown},
	{"error_transaction_unknown", FAIL_BAD_REQUEST, ERR, REFUSAL_transaction_unknown},
	{"pkiconf_from_client", FAIL_BAD_REQUEST, ERR, REFUSAL_body_type_unsupported},
};

/* What bad ones are bent from. */
static const struct {
	const char *name;
	int answer;
} served[] = {
	{"ir", IP},
	{"cr_several", CP},
	{"p10cr", CP},
	{"genm", PKI_BODY_GENP},
	{"genm_signed", PKI_BODY_GENP},
	{"genm_several", PKI_BODY_GENP},
	{"genm_crl_status", PKI_BODY_GENP},
};

/* When it was made: those of `openssl cmp` have no time of their own choice. */
static int64_t time_of(const struct octets *der)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	int64_t ms;

	if (cmp_message_decode(octets_view(der), &msg, &refusal) == 0 &&
	    cmp_message_time_read(msg, &ms))
		return ms;
	return VECTORS_TIME_MS;
}

static void serve(const struct octets *der, struct told *told)
{
	struct refusal refusal = REFUSAL_NULL;

	*told = (struct told){0};
	house_serve(&house, &house.worker, octets_view(der), NULL, NULL, &told->der,
		    &told->not_a_message);
	if (told->der.len)
		ck_assert_int_eq(cmp_message_decode(octets_view(&told->der), &told->msg, &refusal),
				 0);
}

START_TEST(good_is_served)
{
	_cleanup_(octets_clear) struct octets der = vector_read(served[_i].name);
	struct told told;

	house.now_ms = VECTORS_TIME_MS;
	serve(&der, &told);
	ck_assert_ptr_nonnull(told.msg);
	ck_assert_msg(told.msg->body_type == served[_i].answer, "%s: %s", served[_i].name,
		      pki_body_type_name(told.msg->body_type));
	for (int i = 0; i < told_responses(&told); i++)
		ck_assert_uint_gt(told_certificate_at(&told, i).len, 0);
	told_clear(&told);
}
END_TEST

START_TEST(bad_is_refused)
{
	const struct bad *row = &bad[_i];
	_cleanup_(octets_clear) struct octets der = vector_read_of("bad", row->name);
	struct told told;

	house.now_ms = row->reason == REFUSAL_message_time_off ? VECTORS_TIME_MS : time_of(&der);
	serve(&der, &told);
	ck_assert_msg((told.der.len > 0) == (row->answer >= 0), "%s: answer", row->name);
	if (told.der.len) {
		ck_assert_msg(told.msg->body_type == row->answer, "%s: %s", row->name,
			      pki_body_type_name(told.msg->body_type));
		ck_assert_int_eq(told_status_value(&told), PKI_STATUS_REJECTION);
		ck_assert_msg(told_failinfo(&told) == row->failinfo, "%s: %s", row->name,
			      failinfo_name(told_failinfo(&told)));
		bent_sentence_check(&told, row->reason);
		ck_assert(!told_certificate(&told).len && told.msg->protection.len);
	}
	told_clear(&told);
}
END_TEST

/* What never comes as far as the door decides. */
START_TEST(bad_is_refused_by_the_decoder)
{
	const struct bad *row = &bad[_i];
	_cleanup_(octets_clear) struct octets der = vector_read_of("bad", row->name);
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	int err = cmp_message_decode(octets_view(&der), &msg, &refusal);

	if (row->reason != REFUSAL_not_a_pkimessage && row->reason != REFUSAL_body_malformed) {
		ck_assert_int_eq(err, 0);
		return;
	}
	ck_assert_int_eq(err, REFUSED);
	ck_assert_msg(refusal.reason == row->reason, "%s: %s", row->name,
		      refusal_code(refusal.reason));
	ck_assert_int_eq(refusal.failinfo, row->failinfo);
}
END_TEST

static bool is_in_table(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!strcmp(bad[i].name, name))
			return true;
	return false;
}

/* None lies about that nobody looks at; and of every type there is one. */
START_TEST(bad_of_every_type)
{
	bool seen[PKI_BODY_COUNT] = {false};

	vectors_each("bad", is_in_table);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_(octets_clear) struct octets der = vector_read_of("bad", bad[i].name);
		_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
		struct refusal refusal = REFUSAL_NULL;

		ck_assert_int_ge(cmp_message_decode(octets_view(&der), &msg, &refusal), 0);
		if (msg && msg->body_type >= 0 && msg->body_type < PKI_BODY_COUNT)
			seen[msg->body_type] = true;
	}
	for (int type = 0; type < PKI_BODY_COUNT; type++)
		ck_assert_msg(seen[type], "no %s", pki_body_type_name(type));
}
END_TEST

/* "mac" manages vnfci-1; "client" signs. */
static void setup(void)
{
	_cleanup_(octets_clear) struct octets anchor = OCTETS_NULL;

	house_open_at(&house, VECTORS_TIME_MS, "", "");
	house_register(&house, "mac", CERT_TYPE_VNFCI, "vnfci-1");
	ck_assert_int_eq(file_read(VECTORS_DIR "/anchor.pem", 65536, &anchor), 0);
	house_client_add_with(&house, "client", "a", STORE_MAY_REQUEST, false,
			      octets_view(&anchor));
}

static void teardown(void)
{
	house_close(&house);
}

static Suite *vectors_bad_suite(void)
{
	Suite *suite = suite_create("vectors_bad");
	TCase *tcase = tcase_create("bad");

	tcase_add_unchecked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, good_is_served, 0, (int)ARRAY_LEN(served));
	tcase_add_loop_test(tcase, bad_is_refused, 0, (int)ARRAY_LEN(bad));
	tcase_add_loop_test(tcase, bad_is_refused_by_the_decoder, 0, (int)ARRAY_LEN(bad));
	tcase_add_test(tcase, bad_of_every_type);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(vectors_bad_suite, SUITE_ONE_PROCESS)
