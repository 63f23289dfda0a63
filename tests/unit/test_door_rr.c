// SPDX-License-Identifier: Apache-2.0
/*
 * rr through the whole door: several certificates in one message, holds, and the CRL that is made
 * before the answer. RFC 9483 4.2, 5.1.3; RFC 4210 5.3.9, 5.3.10.
 */
#include "granted.h"

#include <check.h>
#include <fcntl.h>
#include <openssl/x509v3.h>

/* The same CA with other keys. */
#define CRL_KEYS                      \
	"[ca_rule crls]\n"            \
	"ca = crls\n"                 \
	"[ca crls]\n"                 \
	"type = internal\n"           \
	"certificate = issuing.pem\n" \
	"chain = root.pem\n"          \
	"key = issuing.key\n"         \
	"crl_on_revocation = yes\n"

/* A confirmed certificate of vnfci-a. */
static void enrol(struct ask *a, struct told *told)
{
	ask_new(a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(a, PKI_BODY_IR, "vnfci-a");
	ask_implicit_confirm(a);
	ask_send(a, told);
	ck_assert_int_eq(granted_state(told_certificate(told)), STORE_CERT_ACTIVE);
}

/* The status of the i-th: its failInfo bit, -1 if it is accepted without one. */
static int status_at(const struct told *told, int i)
{
	const PKIStatusInfo *info = sk_PKIStatusInfo_value(told->msg->body->value.rp->status, i);

	if (ASN1_INTEGER_get(info->status) == PKI_STATUS_ACCEPTED) {
		ck_assert_ptr_null(info->failInfo);
		return -1;
	}
	ck_assert_int_eq(ASN1_INTEGER_get(info->status), PKI_STATUS_REJECTION);
	for (int bit = 0; bit < FAIL_COUNT; bit++)
		if (ASN1_BIT_STRING_get_bit(info->failInfo, bit))
			return bit;
	return FAIL_COUNT;
}

/* RFC 4210 5.3.10: in the same order as the status. */
static void rev_cert_check(const struct told *told, int i, struct bytes cert)
{
	const CertId *id = sk_CertId_value(told->msg->body->value.rp->revCerts, i);
	const unsigned char *p = cert.data;
	X509 *x = d2i_X509(NULL, &p, (long)cert.len);

	ck_assert_int_eq(ASN1_INTEGER_cmp(id->serialNumber, X509_get0_serialNumber(x)), 0);
	ck_assert_int_eq(X509_NAME_cmp(id->issuer->d.directoryName, X509_get_issuer_name(x)), 0);
	X509_free(x);
}

/* RFC 4210 5.3.9: some granted, some refused; each by itself, in order; sent again the same. */
START_TEST(rfc4210_5_3_9_several)
{
	const struct house *h = &granted_house;
	struct told certs[3], rp, again;
	struct ask a[3], rr;

	for (int i = 0; i < 3; i++)
		enrol(&a[i], &certs[i]);
	ask_new(&rr, &granted_house, &h->vnfm_a);
	ask_rr(&rr, told_certificate(&certs[0]), 1);
	ask_rr(&rr, octets_view(&h->vnfm_a.der), 1); /* issuer is no CA of ours */
	ask_rr(&rr, told_certificate(&certs[1]), 6);
	ask_rr(&rr, told_certificate(&certs[0]), 4);  /* a second time */
	ask_rr(&rr, told_certificate(&certs[1]), 8);  /* the hold is taken back */
	ask_rr(&rr, told_certificate(&certs[2]), 7);  /* no reason */
	ask_rr(&rr, octets_view(&h->issuing.der), 1); /* issued by root */
	ask_send(&rr, &rp);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_RP);
	ck_assert_int_eq(sk_PKIStatusInfo_num(rp.msg->body->value.rp->status), 7);
	ck_assert_int_eq(sk_CertId_num(rp.msg->body->value.rp->revCerts), 7);
	ck_assert_int_eq(status_at(&rp, 0), -1);
	ck_assert_int_eq(status_at(&rp, 1), FAIL_WRONG_AUTHORITY);
	ck_assert_int_eq(status_at(&rp, 2), -1);
	ck_assert_int_eq(status_at(&rp, 3), FAIL_CERT_REVOKED);
	ck_assert_int_eq(status_at(&rp, 4), -1);
	ck_assert_int_eq(status_at(&rp, 5), FAIL_BAD_REQUEST);
	ck_assert_int_eq(status_at(&rp, 6), FAIL_WRONG_AUTHORITY);
	rev_cert_check(&rp, 0, told_certificate(&certs[0]));
	rev_cert_check(&rp, 5, told_certificate(&certs[2]));
	rev_cert_check(&rp, 6, octets_view(&h->issuing.der));
	ck_assert_ptr_null(rp.msg->body->value.rp->crls);
	ck_assert_int_eq(granted_state(told_certificate(&certs[0])), STORE_CERT_REVOKED);
	ck_assert_int_eq(granted_state(told_certificate(&certs[1])), STORE_CERT_ACTIVE);
	ck_assert_int_eq(granted_state(told_certificate(&certs[2])), STORE_CERT_ACTIVE);
	ask_send_octets(&rr, &granted_house.worker, octets_view(&rr.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&rp.der)));
	told_clear(&again);
	granted_done(&rr, &rp);
	for (int i = 0; i < 3; i++)
		granted_done(&a[i], &certs[i]);
}
END_TEST

/* One that is not identified has no CertId, so there are none: the order would be lost. */
START_TEST(rfc4210_5_3_10_unidentified)
{
	struct told cert, rp;
	struct ask a, rr;
	RevDetails *second;

	enrol(&a, &cert);
	ask_new(&rr, &granted_house, &granted_house.vnfm_a);
	ask_rr(&rr, told_certificate(&cert), 1);
	ask_rr(&rr, told_certificate(&cert), 1);
	second = sk_RevDetails_value(rr.body->value.rr, 1);
	ASN1_INTEGER_free(second->certDetails->serialNumber);
	second->certDetails->serialNumber = NULL;
	ask_send(&rr, &rp);
	ck_assert_int_eq(sk_PKIStatusInfo_num(rp.msg->body->value.rp->status), 2);
	ck_assert_int_eq(status_at(&rp, 0), -1);
	ck_assert_int_eq(status_at(&rp, 1), FAIL_ADD_INFO_NOT_AVAILABLE);
	ck_assert_ptr_null(rp.msg->body->value.rp->revCerts);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_REVOKED);
	granted_done(&rr, &rp);
	granted_done(&a, &cert);
}
END_TEST

/* RFC 9483 5.3.2: the RA for entities of its trust domain; another manager not. */
START_TEST(rfc9483_5_3_2_on_behalf)
{
	struct told cert;
	struct ask a, rr;

	enrol(&a, &cert);
	ask_new(&rr, &granted_house, &granted_house.vnfm_b);
	ask_rr(&rr, told_certificate(&cert), 1);
	granted_expect(&rr, PKI_BODY_RP, FAIL_NOT_AUTHORIZED);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_ACTIVE);
	ask_new(&rr, &granted_house, &granted_house.ra);
	ask_rr(&rr, told_certificate(&cert), 1);
	granted_expect(&rr, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_REVOKED);
	granted_done(&a, &cert);
}
END_TEST

/* The holder puts its certificate on hold, and then can sign nothing with it. */
START_TEST(rfc5280_5_3_1_hold_by_holder)
{
	struct house_credential holder = {0};
	struct told cert;
	struct ask a, rr;

	enrol(&a, &cert);
	house_credential_adopt(&holder, a.key, told_certificate(&cert));
	ask_new(&rr, &granted_house, &holder);
	ask_rr(&rr, told_certificate(&cert), 6);
	granted_expect(&rr, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_ON_HOLD);
	ask_new(&rr, &granted_house, &holder);
	ask_rr(&rr, told_certificate(&cert), 8);
	granted_expect(&rr, PKI_BODY_ERROR, FAIL_SIGNER_NOT_TRUSTED);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_ON_HOLD);
	ask_new(&rr, &granted_house, &granted_house.vnfm_a);
	ask_rr(&rr, told_certificate(&cert), 8);
	granted_expect(&rr, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_ACTIVE);
	house_credential_clear(&holder);
	granted_done(&a, &cert);
}
END_TEST

/* --- the CRL before the answer -----------------------------------------------------------------
 */

static bool crl_lists(X509_CRL *crl, struct bytes cert)
{
	const unsigned char *p = cert.data;
	X509 *x = d2i_X509(NULL, &p, (long)cert.len);
	X509_REVOKED *entry;
	bool listed = X509_CRL_get0_by_cert(crl, &entry, x) == 1;

	X509_free(x);
	return listed;
}

static X509_CRL *crl_newest(void)
{
	struct store_crl row = {0};
	const unsigned char *p;
	X509_CRL *crl;

	ck_assert_int_eq(store_crl_newest(granted_house.worker.reader, "crls", &row), 0);
	p = row.der.data;
	crl = d2i_X509_CRL(NULL, &p, (long)row.der.len);
	store_crl_clear(&row);
	return crl;
}

static void rr_one(struct bytes cert, int reason, struct ask *rr, struct told *rp)
{
	ask_new(rr, &granted_house, &granted_house.vnfm_a);
	ask_rr(rr, cert, reason);
	ask_send(rr, rp);
	ck_assert_int_eq(told_failinfo(rp), -1);
}

START_TEST(crl_on_revocation)
{
	bool in_answer = _i;
	struct told cert, rp, again;
	struct ask a, rr;
	X509_CRL *crl;

	house_open(&granted_house, "ca_rules = crls\n",
		   in_answer ? CRL_KEYS "crl_in_answer = yes\n" : CRL_KEYS);
	house_register(&granted_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	enrol(&a, &cert);
	rr_one(told_certificate(&cert), 6, &rr, &rp);
	crl = crl_newest();
	ck_assert(crl_lists(crl, told_certificate(&cert)));
	if (in_answer) {
		ck_assert_int_eq(sk_X509_CRL_num(rp.msg->body->value.rp->crls), 1);
		ck_assert_int_eq(
			X509_CRL_match(sk_X509_CRL_value(rp.msg->body->value.rp->crls, 0), crl), 0);
	} else {
		ck_assert_ptr_null(rp.msg->body->value.rp->crls);
	}
	X509_CRL_free(crl);
	ask_send_octets(&rr, &granted_house.worker, octets_view(&rr.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&rp.der)));
	told_clear(&again);
	granted_done(&rr, &rp);
	/* RFC 5280 5.3.1: taken back, the next CRL does not list it. */
	rr_one(told_certificate(&cert), 8, &rr, &rp);
	crl = crl_newest();
	ck_assert(!crl_lists(crl, told_certificate(&cert)));
	X509_CRL_free(crl);
	granted_done(&rr, &rp);
	granted_done(&a, &cert);
	house_close(&granted_house);
}
END_TEST

/* IFA 033: the last certificates of an entity; it is deregistered once. */
START_TEST(rfc4210_5_3_9_cessation_of_several)
{
	struct told certs[2], rp;
	struct ask a[2], rr;

	house_open(&granted_house, "deregister_on_cessation = yes\n", "");
	house_register(&granted_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	for (int i = 0; i < 2; i++)
		enrol(&a[i], &certs[i]);
	ask_new(&rr, &granted_house, &granted_house.vnfm_a);
	for (int i = 0; i < 2; i++)
		ask_rr(&rr, told_certificate(&certs[i]), CRL_REASON_CESSATION_OF_OPERATION);
	ask_send(&rr, &rp);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_RP);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(status_at(&rp, i), -1);
		ck_assert_int_eq(granted_state(told_certificate(&certs[i])), STORE_CERT_REVOKED);
		granted_done(&a[i], &certs[i]);
	}
	granted_done(&rr, &rp);
	house_close(&granted_house);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("door_rr");
	TCase *rr = tcase_create("rr"), *crl = tcase_create("crl");
	SRunner *runner;
	int failed;

	log_setup(open("/dev/null", O_WRONLY), LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	tcase_add_checked_fixture(rr, granted_setup, granted_teardown);
	tcase_add_test(rr, rfc4210_5_3_9_several);
	tcase_add_test(rr, rfc4210_5_3_10_unidentified);
	tcase_add_test(rr, rfc9483_5_3_2_on_behalf);
	tcase_add_test(rr, rfc5280_5_3_1_hold_by_holder);
	suite_add_tcase(suite, rr);
	tcase_add_loop_test(crl, crl_on_revocation, 0, 2);
	tcase_add_test(crl, rfc4210_5_3_9_cessation_of_several);
	suite_add_tcase(suite, crl);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
