// SPDX-License-Identifier: Apache-2.0
/* What the door says when it explains instead of serving. What cmfctl prints of it is e2e's. */
#include "ask.h"
#include "suite.h"

#include <check.h>

static struct house house;

static void setup(void)
{
	house_open(&house, "", "");
	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(&house, "mac", CERT_TYPE_VNFCI, "vnfci-mac");
}

static void teardown(void)
{
	house_close(&house);
}

/* What would be answered to what `ask` has encoded; it is an answer to `answered`. */
static void explain_inner(const struct ask *ask, const struct ask *answered, const char *as_client,
			  struct cmp_trace *trace, struct told *told)
{
	const struct cmp_exchange exchange = {.request = octets_view(&ask->sent),
					      .profile_label = ask->profile_label,
					      .peer = "test"};
	enum cmp_delivery delivery;
	struct octets answer;
	struct cmf_worker worker;

	house_worker_new(&house, &worker);
	*trace = (struct cmp_trace){.as_client = as_client};
	ck_assert_int_eq(
		cmp_door_explain(house.door, &worker, &exchange, trace, &answer, &delivery), 0);
	told_of(answered, octets_view(&answer), told);
	octets_clear(&answer);
	house_worker_clear(&worker);
}

static void explain(const struct ask *ask, const char *as_client, struct cmp_trace *trace,
		    struct told *told)
{
	explain_inner(ask, ask, as_client, trace, told);
}

static void done(struct ask *ask, struct cmp_trace *trace, struct told *told)
{
	cmp_trace_clear(trace);
	told_clear(told);
	ask_clear(ask);
}

static void ask_mac(struct ask *a, const char *secret)
{
	ask_new(a, &house, NULL);
	ask_certreq(a, PKI_BODY_IR, "vnfci-mac");
	a->secret = bytes_of_string(secret);
	ask_encode(a);
}

/* RFC 9483 3.5: and the answer is signed, since nobody knows whose the secret is. */
START_TEST(rfc9483_3_5_wrong_secret)
{
	struct cmp_trace trace;
	struct told told;
	struct ask a;

	ask_mac(&a, "another secret");
	explain(&a, NULL, &trace, &told);
	ck_assert_int_eq(trace.refusal[CMP_STAGE_PROTECTION].reason, REFUSAL_protection_wrong);
	ck_assert_int_eq(trace.decided.reason, REFUSAL_protection_wrong);
	ck_assert(!trace.reached[CMP_STAGE_TRANSACTION]);
	ck_assert_ptr_null(trace.client);
	ck_assert(!told_mac(&told));
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_MESSAGE_CHECK);
	done(&a, &trace, &told);
}
END_TEST

/* As if it had verified: the answer is the one that the client would get, under its secret. */
START_TEST(test_as_a_client_with_a_secret)
{
	struct cmp_trace trace;
	struct told told;
	struct ask a;

	ask_mac(&a, "another secret");
	/* told_of() verifies it. */
	a.secret = bytes_of_string(HOUSE_MAC_SECRET);
	explain(&a, "mac", &trace, &told);
	ck_assert_int_eq(trace.refusal[CMP_STAGE_PROTECTION].reason, REFUSAL_protection_wrong);
	ck_assert_int_eq(trace.decided.reason, REFUSAL_NONE);
	ck_assert_str_eq(trace.client, "mac");
	ck_assert(told_mac(&told));
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_failinfo(&told), -1);
	done(&a, &trace, &told);
}
END_TEST

/* Nobody's secret protects the answer, though the MAC was right. */
START_TEST(test_as_an_unknown_client)
{
	struct cmp_trace trace;
	struct told told;
	struct ask a;

	ask_mac(&a, HOUSE_MAC_SECRET);
	explain(&a, "nobody", &trace, &told);
	ck_assert_int_eq(trace.decided.reason, REFUSAL_client_not_permitted);
	ck_assert(!trace.reached[CMP_STAGE_TRANSACTION] && !trace.client);
	ck_assert(!told_mac(&told));
	done(&a, &trace, &told);
}
END_TEST

/* RFC 9483 3.2: its transaction goes on with the protection that it began with. */
START_TEST(rfc9483_3_2_transaction_of_a_client_with_a_secret)
{
	struct cmp_trace trace;
	struct told told, conf;
	struct ask a, b;

	ask_mac(&a, HOUSE_MAC_SECRET);
	ask_send(&a, &told);
	ask_certconf(&b, &a, &told, -1);
	b.secret = bytes_of_string("another secret");
	ask_encode(&b);
	b.secret = bytes_of_string(HOUSE_MAC_SECRET);
	explain(&b, "mac", &trace, &conf);
	ck_assert_int_eq(trace.decided.reason, REFUSAL_NONE);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	done(&b, &trace, &conf);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* RFC 9483 4.1.1: certConf comes when its time is over. */
START_TEST(rfc9483_4_1_1_transaction_ended)
{
	struct cmp_trace trace;
	struct told told, conf;
	struct ask a, b;

	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	house.now_ms += house.conf->cmf.confirm_wait_ms + 1;
	ask_certconf(&b, &a, &told, -1);
	ask_encode(&b);
	explain(&b, NULL, &trace, &conf);
	ck_assert_int_eq(trace.refusal[CMP_STAGE_TRANSACTION].reason, REFUSAL_NONE);
	ck_assert_int_eq(trace.refusal[CMP_STAGE_BODY].reason, REFUSAL_transaction_ended);
	ck_assert_int_eq(trace.decided.reason, REFUSAL_transaction_ended);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_ERROR);
	done(&b, &trace, &conf);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* RFC 9483 5.2.2.1: what the message inside meets. */
START_TEST(rfc9483_5_2_2_1_inner_stages)
{
	struct cmp_trace trace;
	struct told told;
	struct ask inner, outer;

	ask_new(&inner, &house, &house.vnfm_a);
	ask_certreq(&inner, PKI_BODY_IR, "vnfci-unheard");
	ask_new(&outer, &house, &house.ra);
	ask_added(&outer, &inner);
	ask_encode(&outer);
	explain_inner(&outer, &inner, NULL, &trace, &told);
	ck_assert_str_eq(trace.client, "ra");
	ck_assert_int_eq(trace.refusal[CMP_STAGE_BODY].reason, REFUSAL_NONE);
	ck_assert_uint_eq(trace.n_inner, 1);
	ck_assert_str_eq(trace.inner[0].client, "vnfm-a");
	ck_assert(trace.inner[0].reached[CMP_STAGE_BODY]);
	ck_assert_int_ne(trace.inner[0].refusal[CMP_STAGE_BODY].reason, REFUSAL_NONE);
	ck_assert_int_eq(trace.inner[0].decided.reason,
			 trace.inner[0].refusal[CMP_STAGE_BODY].reason);
	ck_assert_uint_eq(trace.inner[0].n_requests, 1);
	done(&outer, &trace, &told);
	ask_clear(&inner);
}
END_TEST

/* RFC 9483 5.2.2.2: each by itself, in their order. */
START_TEST(rfc9483_5_2_2_2_batch_stages)
{
	struct cmp_trace trace;
	struct told told;
	struct ask good, bad, batch;

	ask_new(&good, &house, &house.vnfm_a);
	ask_certreq(&good, PKI_BODY_IR, "vnfci-a");
	ask_encode(&good);
	ask_new(&bad, &house, &house.stranger);
	ask_certreq(&bad, PKI_BODY_IR, "vnfci-a");
	ask_encode(&bad);
	ask_new(&batch, &house, &house.ra);
	ask_nested(&batch, octets_view(&bad.sent));
	ask_nested(&batch, octets_view(&good.sent));
	ask_encode(&batch);
	explain(&batch, NULL, &trace, &told);
	ck_assert_uint_eq(trace.n_inner, 2);
	ck_assert_int_ne(trace.inner[0].refusal[CMP_STAGE_PROTECTION].reason, REFUSAL_NONE);
	ck_assert(!trace.inner[0].reached[CMP_STAGE_BODY]);
	ck_assert_int_eq(trace.inner[1].decided.reason, REFUSAL_NONE);
	ck_assert_str_eq(trace.inner[1].client, "vnfm-a");
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_NESTED);
	done(&batch, &trace, &told);
	ask_clear(&good);
	ask_clear(&bad);
}
END_TEST

static Suite *explain_suite(void)
{
	Suite *suite = suite_create("explain");
	TCase *tcase = tcase_create("explain");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, rfc9483_3_5_wrong_secret);
	tcase_add_test(tcase, test_as_a_client_with_a_secret);
	tcase_add_test(tcase, test_as_an_unknown_client);
	tcase_add_test(tcase, rfc9483_3_2_transaction_of_a_client_with_a_secret);
	tcase_add_test(tcase, rfc9483_4_1_1_transaction_ended);
	tcase_add_test(tcase, rfc9483_5_2_2_1_inner_stages);
	tcase_add_test(tcase, rfc9483_5_2_2_2_batch_stages);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(explain_suite, SUITE_ONE_PROCESS)
