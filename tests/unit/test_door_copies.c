// SPDX-License-Identifier: Apache-2.0
/*
 * The same message at two workers at the same moment: one of them has read the transaction before
 * the other's commit, and all else after it. RFC 9483 3.1: it has one answer, whoever gives it.
 */
#include "granted.h"
#include "suite.h"

#include <check.h>

static struct house *const h = &granted_house;

/* What is served by another worker as soon as a transaction was looked for with that result. */
static struct {
	struct ask *ask; /* NULL: nothing */
	int result;
	struct cmf_worker other;
	struct told told;
} copy;

int __real_store_transaction_find(struct store_reader *r, const char *requester,
				  struct bytes transaction_id, struct store_transaction *txnp);
int __wrap_store_transaction_find(struct store_reader *r, const char *requester,
				  struct bytes transaction_id, struct store_transaction *txnp);

int __wrap_store_transaction_find(struct store_reader *r, const char *requester,
				  struct bytes transaction_id, struct store_transaction *txnp)
{
	int result = __real_store_transaction_find(r, requester, transaction_id, txnp);
	struct ask *ask = copy.ask;

	if (ask && result == copy.result) {
		copy.ask = NULL;
		ask_send_octets(ask, &copy.other, octets_view(&ask->sent), &copy.told);
	}
	return result;
}

/* Sends, and has its copy served behind a look at the transaction that has this result. */
static void send_with_copy(struct ask *a, int result, int body, struct told *told)
{
	house_worker_new(h, &copy.other);
	copy.ask = a;
	copy.result = result;
	ask_send(a, told);
	ck_assert_ptr_null(copy.ask);
	ck_assert_int_eq(copy.told.msg->body_type, body);
	ck_assert_int_eq(told_failinfo(&copy.told), -1);
	ck_assert(bytes_equal(octets_view(&told->der), octets_view(&copy.told.der)));
	told_clear(&copy.told);
	house_worker_clear(&copy.other);
}

START_TEST(rfc9483_3_1_certconf)
{
	struct ask a, conf;
	struct told ip, told;

	granted_enrol(&a, PKI_BODY_IR, &h->vnfm_a, &ip);
	ask_certconf(&conf, &a, &ip, PKI_STATUS_ACCEPTED);
	send_with_copy(&conf, 0, PKI_BODY_PKICONF, &told);
	ck_assert_int_eq(granted_state(told_certificate(&ip)), STORE_CERT_ACTIVE);
	granted_done(&conf, &told);
	granted_done(&a, &ip);
}
END_TEST

/* One without messageTime is remembered beside its transaction. */
START_TEST(rfc9483_3_1_opening_message)
{
	bool dated = _i;
	struct ask a;
	struct told ip;

	ask_new(&a, h, &h->vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	if (!dated)
		a.out.message_time_ms = 0;
	send_with_copy(&a, STORE_NOT_FOUND, PKI_BODY_IP, &ip);
	ck_assert_int_eq(granted_find(told_certificate(&ip)).n, 1);
	granted_done(&a, &ip);
}
END_TEST

static void setup_confirming(void)
{
	house_open(h, "", "[client_policy default]\nconfirm_on_behalf = yes\n");
	house_register(h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
}

/* The transaction is the entity's, its end the authority's. */
START_TEST(rfc9483_3_1_certconf_of_the_ra)
{
	struct house_credential holder = {0};
	struct ask ir, kur, as, conf;
	struct told ip, kup, told;

	ask_new(&ir, h, &h->vnfm_a);
	ask_certreq(&ir, PKI_BODY_IR, "vnfci-a");
	ask_implicit_confirm(&ir);
	ask_send(&ir, &ip);
	house_credential_adopt(&holder, ir.key, told_certificate(&ip));
	ask_new(&kur, h, &holder);
	ask_certreq(&kur, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(&kur, octets_view(&holder.der));
	ask_send(&kur, &kup);
	as = kur;
	as.signer = &h->ra;
	ask_certconf(&conf, &as, &kup, PKI_STATUS_ACCEPTED);
	send_with_copy(&conf, 0, PKI_BODY_PKICONF, &told);
	ck_assert_int_eq(granted_state(told_certificate(&kup)), STORE_CERT_ACTIVE);
	granted_done(&conf, &told);
	granted_done(&kur, &kup);
	granted_done(&ir, &ip);
	house_credential_clear(&holder);
}
END_TEST

static Suite *door_copies_suite(void)
{
	Suite *suite = suite_create("door_copies");
	TCase *tcase = tcase_create("copies");

	tcase_add_checked_fixture(tcase, granted_setup, granted_teardown);
	tcase_add_test(tcase, rfc9483_3_1_certconf);
	tcase_add_loop_test(tcase, rfc9483_3_1_opening_message, 0, 2);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("RA confirms");
	tcase_add_checked_fixture(tcase, setup_confirming, granted_teardown);
	tcase_add_test(tcase, rfc9483_3_1_certconf_of_the_ra);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_copies_suite, SUITE_ONE_PROCESS)
