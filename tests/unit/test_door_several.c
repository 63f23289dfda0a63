// SPDX-License-Identifier: Apache-2.0
/*
 * Several certificate requests in one message (RFC 4210 5.3.1 to 5.3.6) and what follows: each is
 * answered by its own CertResponse and confirmed by its own CertStatus, in one transaction.
 */
#include "granted.h"
#include "suite.h"

#include <check.h>
#include <string.h>

static long cert_req_id(const struct told *told, int i)
{
	return ASN1_INTEGER_get(told_response(told, i)->certReqId);
}

static long status(const struct told *told, int i)
{
	return ASN1_INTEGER_get(told_response(told, i)->status->status);
}

/* vnfci-a under 5 and 7, an entity that nobody registered between them under 0. */
static void ask_three(struct ask *a, struct told *told)
{
	ask_new(a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(a, PKI_BODY_CR, "vnfci-a");
	ASN1_INTEGER_set(ask_request(a)->certReq->certReqId, 5);
	ask_certreq_add(a, 0, "vnfci-nobody");
	ask_certreq_add(a, 7, "vnfci-a");
	ask_send(a, told);
	ck_assert_int_eq(told->msg->body_type, PKI_BODY_CP);
	ck_assert_int_eq(told_responses(told), 3);
}

static int state_at(const struct told *told, int i)
{
	return granted_state(told_certificate_at(told, i));
}

START_TEST(rfc4210_5_3_4_some_granted_some_refused)
{
	struct told told, again;
	struct ask a, conf;

	ask_three(&a, &told);
	ck_assert_int_eq(cert_req_id(&told, 0), 5);
	ck_assert_int_eq(cert_req_id(&told, 1), 0);
	ck_assert_int_eq(cert_req_id(&told, 2), 7);
	ck_assert_int_eq(status(&told, 0), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(status(&told, 1), PKI_STATUS_REJECTION);
	ck_assert_int_eq(status(&told, 2), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(told_failinfo_at(&told, 1), FAIL_NOT_AUTHORIZED);
	ck_assert_uint_eq(told_certificate_at(&told, 1).len, 0);
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_PENDING);
	ck_assert_int_eq(state_at(&told, 2), STORE_CERT_PENDING);
	/* 3.3: the chain of the new certificates, once. */
	ck_assert_uint_eq(told.msg->n_extra_certs, 2);
	ask_send_octets(&a, &granted_house.worker, octets_view(&a.sent), &again);
	ck_assert(bytes_equal(octets_view(&told.der), octets_view(&again.der)));
	told_clear(&again);
	/* In any order. */
	ask_certconf_new(&conf, &a, &told);
	ask_certconf_add(&conf, &told, 2, -1);
	ask_certconf_add(&conf, &told, 0, PKI_STATUS_ACCEPTED);
	ask_send(&conf, &again);
	ck_assert_int_eq(again.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_ACTIVE);
	ck_assert_int_eq(state_at(&told, 2), STORE_CERT_ACTIVE);
	ask_clear(&conf);
	ask_certconf_new(&conf, &a, &again);
	ask_certconf_add(&conf, &told, 0, -1);
	granted_expect(&conf, PKI_BODY_ERROR, FAIL_CERT_CONFIRMED);
	told_clear(&again);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc4210_5_3_18_certificate_left_out_is_rejected)
{
	struct told told;
	struct ask a, conf;

	ask_three(&a, &told);
	ask_certconf_new(&conf, &a, &told);
	ask_certconf_add(&conf, &told, 2, PKI_STATUS_ACCEPTED);
	granted_expect(&conf, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_REJECTED);
	ck_assert_int_eq(state_at(&told, 2), STORE_CERT_ACTIVE);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc4210_5_3_18_accepted_and_rejected)
{
	struct told told;
	struct ask a, conf;

	ask_three(&a, &told);
	ask_certconf_new(&conf, &a, &told);
	ask_certconf_add(&conf, &told, 0, PKI_STATUS_ACCEPTED);
	ask_certconf_add(&conf, &told, 2, PKI_STATUS_REJECTION);
	granted_expect(&conf, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_ACTIVE);
	ck_assert_int_eq(state_at(&told, 2), STORE_CERT_REJECTED);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc4210_5_3_18_empty_certconf_rejects_all)
{
	struct told told;
	struct ask a, conf;

	ask_three(&a, &told);
	ask_certconf_new(&conf, &a, &told);
	granted_expect(&conf, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_REJECTED);
	ck_assert_int_eq(state_at(&told, 2), STORE_CERT_REJECTED);
	granted_done(&a, &told);
}
END_TEST

static void conf_twice(struct ask *conf, const struct told *told)
{
	ask_certconf_add(conf, told, 0, -1);
	ask_certconf_add(conf, told, 0, -1);
}

/* The certReqId of another certificate: the hash is wrong for it. */
static void conf_swapped(struct ask *conf, const struct told *told)
{
	ask_certconf_add(conf, told, 0, -1);
	ASN1_INTEGER_set(sk_CertStatus_value(conf->body->value.certConf, 0)->certReqId, 7);
}

static void conf_refused(struct ask *conf, const struct told *told)
{
	ask_certconf_add(conf, told, 0, -1);
	ASN1_INTEGER_set(sk_CertStatus_value(conf->body->value.certConf, 0)->certReqId, 0);
}

static void conf_unknown(struct ask *conf, const struct told *told)
{
	ask_certconf_add(conf, told, 0, -1);
	ASN1_INTEGER_set(sk_CertStatus_value(conf->body->value.certConf, 0)->certReqId, 6);
}

static void conf_waiting(struct ask *conf, const struct told *told)
{
	ask_certconf_add(conf, told, 0, PKI_STATUS_WAITING);
}

static const struct {
	const char *name;
	void (*fill)(struct ask *conf, const struct told *told);
	int failinfo;
} conf_rows[] = {
	{"one certificate twice", conf_twice, FAIL_BAD_REQUEST},
	{"hash of another certificate", conf_swapped, FAIL_BAD_CERT_ID},
	{"certReqId of a request that was refused", conf_refused, FAIL_BAD_REQUEST},
	{"certReqId of no request", conf_unknown, FAIL_BAD_REQUEST},
	{"a status that says neither", conf_waiting, FAIL_BAD_REQUEST},
};

/* A wrong certConf confirms nothing, RFC 9483 3.6.4: what it leaves is revoked in time. */
START_TEST(rfc4210_5_3_18_certconf_wrong)
{
	struct told told;
	struct ask a, conf;

	ask_three(&a, &told);
	ask_certconf_new(&conf, &a, &told);
	conf_rows[_i].fill(&conf, &told);
	granted_expect(&conf, PKI_BODY_ERROR, conf_rows[_i].failinfo);
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_PENDING);
	ck_assert_int_eq(state_at(&told, 2), STORE_CERT_PENDING);
	granted_house.now_ms += 301 * 1000;
	house_housekeeping(&granted_house);
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_REVOKED);
	ck_assert_int_eq(state_at(&told, 2), STORE_CERT_REVOKED);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9483_4_1_1_no_certconf_in_time)
{
	struct told told;
	struct ask a;

	ask_three(&a, &told);
	granted_house.now_ms += 301 * 1000;
	house_housekeeping(&granted_house);
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_REVOKED);
	ck_assert_int_eq(state_at(&told, 2), STORE_CERT_REVOKED);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc4210_5_3_21_error_withdraws_all)
{
	struct told told;
	struct ask a, e;

	ask_three(&a, &told);
	ask_next(&e, &a, &told);
	e.body = cmp_error_body_new(PKI_STATUS_REJECTION, "no", -1);
	granted_expect(&e, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_REJECTED);
	ck_assert_int_eq(state_at(&told, 2), STORE_CERT_REJECTED);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9483_3_1_implicit_confirm_of_several)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_certreq_add(&a, 1, "vnfci-a");
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_ptr_nonnull(
		cmp_message_general_info(told.msg, OBJ_nid2obj(NID_id_it_implicitConfirm)));
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_ACTIVE);
	ck_assert_int_eq(state_at(&told, 1), STORE_CERT_ACTIVE);
	granted_done(&a, &told);
}
END_TEST

static int registration_count(void *arg, const struct store_registration *reg)
{
	(void)reg;
	(*(int *)arg)++;
	return 0;
}

/* IFA 033 11.2.2: both are for one entity, which the message registers once. */
START_TEST(ifa033_11_2_2_several_for_an_entity_that_ir_registers)
{
	const struct store_registration_filter filter = {.subject_id = "vnfci-twice",
							 .cert_type = -1};
	struct told told;
	struct ask a;
	int n = 0;

	ask_new(&a, &granted_house, &granted_house.vnfm_b);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-twice");
	ask_certreq_add(&a, 1, "VNFCI-twice");
	ask_send(&a, &told);
	ck_assert_int_eq(told_responses(&told), 2);
	ck_assert_int_eq(told_failinfo_at(&told, 0), -1);
	ck_assert_int_eq(state_at(&told, 0), STORE_CERT_PENDING);
	ck_assert_int_eq(state_at(&told, 1), STORE_CERT_PENDING);
	ck_assert_int_eq(store_registration_list(granted_house.worker.reader, &filter,
						 registration_count, &n),
			 0);
	ck_assert_int_eq(n, 1);
	granted_done(&a, &told);
}
END_TEST

/* RFC 9483 3.6.4: nothing is granted, so the transaction is over; its answer can be repeated. */
START_TEST(rfc9483_3_6_4_all_refused)
{
	struct told told, again;
	struct ask a, conf;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-nobody");
	ask_certreq_add(&a, 1, "vnfci-mac");
	ask_send(&a, &told);
	ck_assert_int_eq(told_responses(&told), 2);
	ck_assert_int_eq(status(&told, 0), PKI_STATUS_REJECTION);
	ck_assert_int_eq(status(&told, 1), PKI_STATUS_REJECTION);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, 0);
	ask_send_octets(&a, &granted_house.worker, octets_view(&a.sent), &again);
	ck_assert(bytes_equal(octets_view(&told.der), octets_view(&again.der)));
	ask_certconf_new(&conf, &a, &told);
	granted_expect(&conf, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	told_clear(&again);
	granted_done(&a, &told);
}
END_TEST

static const struct {
	const char *name;
	long ids[2];
	int n; /* requests */
} id_rows[] = {
	{"one, not 0", {1}, 1},
	{"one, negative", {-1}, 1},
	{"the same twice", {3, 3}, 2},
	{"one of several is negative", {0, -1}, 2},
	{"more than requests_max", {0, 1}, 17},
};

/* The message as a whole is refused: one CertResponse. */
START_TEST(rfc4211_3_cert_req_ids)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ASN1_INTEGER_set(ask_request(&a)->certReq->certReqId, id_rows[_i].ids[0]);
	for (int i = 1; i < id_rows[_i].n; i++)
		ask_certreq_add(&a, i == 1 ? id_rows[_i].ids[1] : i, "vnfci-a");
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_responses(&told), 1);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_REQUEST);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, 0);
	granted_done(&a, &told);
}
END_TEST

/* RFC 9483 4.1.4: the cp has -1, and clients confirm under it or under 0. */
START_TEST(rfc9483_4_1_4_p10cr_confirmed_under)
{
	struct told told;
	struct ask a, conf;

	granted_enrol(&a, PKI_BODY_P10CR, &granted_house.vnfm_a, &told);
	ask_certconf(&conf, &a, &told, PKI_STATUS_ACCEPTED);
	ASN1_INTEGER_set(sk_CertStatus_value(conf.body->value.certConf, 0)->certReqId, _i - 1);
	granted_expect(&conf, _i == 2 ? PKI_BODY_ERROR : PKI_BODY_PKICONF,
		       _i == 2 ? FAIL_BAD_REQUEST : -1);
	ck_assert_int_eq(state_at(&told, 0), _i == 2 ? STORE_CERT_PENDING : STORE_CERT_ACTIVE);
	granted_done(&a, &told);
}
END_TEST

static Suite *door_several_suite(void)
{
	Suite *suite = suite_create("door_several");
	TCase *tcase = tcase_create("several");

	tcase_add_checked_fixture(tcase, granted_setup, granted_teardown);
	tcase_add_test(tcase, rfc4210_5_3_4_some_granted_some_refused);
	tcase_add_test(tcase, rfc4210_5_3_18_certificate_left_out_is_rejected);
	tcase_add_test(tcase, rfc4210_5_3_18_accepted_and_rejected);
	tcase_add_test(tcase, rfc4210_5_3_18_empty_certconf_rejects_all);
	tcase_add_loop_test(tcase, rfc4210_5_3_18_certconf_wrong, 0, ARRAY_LEN(conf_rows));
	tcase_add_test(tcase, rfc9483_4_1_1_no_certconf_in_time);
	tcase_add_test(tcase, rfc4210_5_3_21_error_withdraws_all);
	tcase_add_test(tcase, rfc9483_3_1_implicit_confirm_of_several);
	tcase_add_test(tcase, ifa033_11_2_2_several_for_an_entity_that_ir_registers);
	tcase_add_test(tcase, rfc9483_3_6_4_all_refused);
	tcase_add_loop_test(tcase, rfc4211_3_cert_req_ids, 0, ARRAY_LEN(id_rows));
	tcase_add_loop_test(tcase, rfc9483_4_1_4_p10cr_confirmed_under, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_several_suite, SUITE_ONE_PROCESS)
