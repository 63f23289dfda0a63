// SPDX-License-Identifier: Apache-2.0
/*
 * Where the standards leave room: what cmfd does, as "Readings" in docs/cmp-conformance.md says it.
 * Readings that follow from a rule of their own are tested with that rule.
 */
#include "granted.h"
#include "suite.h"

#include <check.h>

/* A certificate of vnfci-a that is confirmed, as the credential of its holder. */
static void holder_new(struct house_credential *holder)
{
	struct told told;
	struct ask a;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	house_credential_adopt(holder, a.key, told_certificate(&told));
	holder->issuer = &granted_house.issuing;
	granted_done(&a, &told);
}

static void update_new(struct ask *a, const struct house_credential *holder, struct told *told)
{
	ask_new(a, &granted_house, holder);
	ask_certreq(a, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(a, octets_view(&holder->der));
	ask_send(a, told);
	ck_assert_int_eq(told->msg->body_type, PKI_BODY_KUP);
	ck_assert_int_eq(told_failinfo(told), -1);
}

START_TEST(rfc9483_4_1_3_second_update_while_one_is_unconfirmed)
{
	struct house_credential holder;
	struct told first, second;
	struct ask a, b;

	holder_new(&holder);
	update_new(&a, &holder, &first);
	update_new(&b, &holder, &second);
	granted_certconf(&b, &second, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	granted_certconf(&a, &first, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&first)), STORE_CERT_ACTIVE);
	ck_assert_int_eq(granted_state(told_certificate(&second)), STORE_CERT_ACTIVE);
	granted_done(&a, &first);
	granted_done(&b, &second);
	house_credential_clear(&holder);
}
END_TEST

START_TEST(rfc9483_3_6_2_protection_of_rr_wrong)
{
	struct house_credential holder, forged;
	struct told told;
	struct ask a;

	holder_new(&holder);
	forged = holder;
	forged.signer = granted_house.stranger.signer;
	ask_new(&a, &granted_house, &forged);
	ask_rr(&a, octets_view(&holder.der), 1);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_MESSAGE_CHECK);
	ck_assert_int_eq(granted_state(octets_view(&holder.der)), STORE_CERT_ACTIVE);
	granted_done(&a, &told);
	house_credential_clear(&holder);
}
END_TEST

/* RFC 4211 6.1 to 6.3 */
START_TEST(rfc4211_6_controls_without_meaning)
{
	static const uint8_t text[] = {V_ASN1_UTF8STRING, 5, 't', 'o', 'k', 'e', 'n'};
	/* PKIPublicationInfo { action pleasePublish(1) } */
	static const uint8_t publication[] = {0x30, 3, V_ASN1_INTEGER, 1, 1};
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
	ask_control(&a, NID_id_regCtrl_regToken, BYTES_OF(text));
	ask_control(&a, NID_id_regCtrl_authenticator, BYTES_OF(text));
	ask_control(&a, NID_id_regCtrl_pkiPublicationInfo, BYTES_OF(publication));
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_CP);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	granted_done(&a, &told);
}
END_TEST

static Suite *door_readings_suite(void)
{
	Suite *suite = suite_create("door_readings");
	TCase *tcase = tcase_create("readings");

	tcase_add_checked_fixture(tcase, granted_setup, granted_teardown);
	tcase_add_test(tcase, rfc9483_4_1_3_second_update_while_one_is_unconfirmed);
	tcase_add_test(tcase, rfc9483_3_6_2_protection_of_rr_wrong);
	tcase_add_test(tcase, rfc4211_6_controls_without_meaning);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_readings_suite, SUITE_ONE_PROCESS)
