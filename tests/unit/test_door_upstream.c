// SPDX-License-Identifier: Apache-2.0
/*
 * Delayed delivery at the CMP door, RFC 9483 4.4: an upstream CA that does not answer, while the
 * test plays what the exchange with it does to the store. The exchange itself is tested with ca/.
 */
#include "ask.h"
#include "asn1/der.h"
#include "suite.h"

#include <check.h>
#include <openssl/x509v3.h>
#include <string.h>

static struct house house;

/* Nobody listens on port 1; the door gives up waiting at once. */
static const char sections[] = "[ca_rule oam]\n"
			       "cert_type = VnfOAMCert\n"
			       "ca = central\n"
			       "[ca central]\n"
			       "type = upstream\n"
			       "server_url = http://127.0.0.1:1/cmp\n"
			       "certificate = central.pem\n"
			       "chain = root.pem\n"
			       "trusted = root.pem\n"
			       "ra_certificate = ra.pem\n"
			       "ra_key = ra.key\n"
			       "recipient = /CN=Central\n"
			       "upstream_wait = 1ms\n"
			       "upstream_retry = 7s\n"
			       "upstream_timeout = 1h\n";

static int newest(void *arg, const struct store_certificate *cert)
{
	*(int64_t *)arg = cert->id;
	return 0;
}

static struct store_certificate certificate_newest(void)
{
	const struct store_certificate_filter filter = {
		.state = -1, .newest_first = true, .limit = 1};
	struct store_certificate cert = {0};
	int64_t id = 0;

	ck_assert_int_eq(store_certificate_list(house.worker.reader, &filter, newest, &id), 0);
	ck_assert_int_eq(store_certificate_get(house.worker.reader, id, &cert), 0);
	return cert;
}

static int state_newest(void)
{
	struct store_certificate cert = certificate_newest();
	int state = (int)cert.state;

	store_certificate_clear(&cert);
	return state;
}

/* The upstream has issued. */
static void upstream_issues(struct ask *a)
{
	struct store_certificate cert = certificate_newest();
	struct house_credential made;

	house_credential_make(&made, "vnf-oam", HOUSE_LEAF, &house.central, house.now_ms, 90);
	ck_assert_int_eq(octets_dup(octets_view(&made.der), &cert.der), 0);
	cert.state = STORE_CERT_PENDING;
	cert.serial = (struct serial){9, {1}};
	memcpy(&cert.serial.octet[1], &a->transaction_id, 8);
	ck_assert_int_eq(store_certificate_fill(house.worker.unit, &cert), 0);
	ck_assert_int_eq(store_unit_commit(house.worker.unit), 0);
	house_credential_clear(&made);
	store_certificate_clear(&cert);
}

/* refusal: the code of one of ours; NULL: the upstream's own. */
static void upstream_refuses(int failinfo, const char *refusal)
{
	struct store_certificate cert = certificate_newest();
	struct store_exchange exchange = {0};

	ck_assert_int_eq(
		store_exchange_find(house.worker.reader, cert.id, STORE_EXCHANGE_ISSUE, &exchange),
		0);
	ck_assert_int_eq(store_exchange_finish(house.worker.unit, exchange.id,
					       STORE_EXCHANGE_FAILED, failinfo, refusal),
			 0);
	ck_assert_int_eq(store_certificate_set_state(house.worker.unit, cert.id,
						     STORE_CERT_REQUESTED, STORE_CERT_REJECTED),
			 0);
	ck_assert_int_eq(store_unit_commit(house.worker.unit), 0);
	store_exchange_clear(&exchange);
	store_certificate_clear(&cert);
}

/* A request that has to wait. */
static void ask_waiting(struct ask *a, int type, bool implicit, struct told *told)
{
	ask_new(a, &house, &house.vnfm_a);
	if (type == PKI_BODY_P10CR)
		ask_p10cr(a, "vnf-oam");
	else
		ask_certreq(a, type, "vnf-oam");
	a->profile_label = "VnfOAMCert";
	a->out.implicit_confirm = implicit;
	ask_send(a, told);
	ck_assert_int_eq(told_status_value(told), PKI_STATUS_WAITING);
	ck_assert_int_eq(told_failinfo(told), -1);
	ck_assert_uint_eq(told_certificate(told).len, 0);
	ck_assert_int_eq(state_newest(), STORE_CERT_REQUESTED);
}

/* Polls after `last` was the answer; the new answer takes its place. */
static void poll(const struct ask *a, struct told *last, int64_t id)
{
	struct told told;
	struct ask p;

	ask_pollreq(&p, a, last, id);
	ask_send(&p, &told);
	ask_clear(&p);
	told_clear(last);
	*last = told;
}

static const PollRep *poll_rep(const struct told *told)
{
	ck_assert_int_eq(told->msg->body_type, PKI_BODY_POLLREP);
	ck_assert_int_eq(sk_PollRep_num(told->msg->body->value.pollRep), 1);
	return sk_PollRep_value(told->msg->body->value.pollRep, 0);
}

static bool implicit_confirm(const struct told *told)
{
	return cmp_message_general_info(told->msg, OBJ_nid2obj(NID_id_it_implicitConfirm));
}

static void done(struct ask *a, struct told *told)
{
	told_clear(told);
	ask_clear(a);
}

START_TEST(rfc9483_4_4_waiting_polling_certificate)
{
	struct told told, again;
	struct ask a, b;

	ask_waiting(&a, PKI_BODY_IR, false, &told);
	ask_send_octets(&a, &house.worker, octets_view(&a.sent), &again);
	ck_assert(bytes_equal(octets_view(&told.der), octets_view(&again.der)));
	told_clear(&again);
	poll(&a, &told, 0);
	ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&told)->certReqId), 0);
	ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&told)->checkAfter), 7);
	poll(&a, &told, 0);
	ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&told)->checkAfter), 7);
	upstream_issues(&a);
	/* ask_send() checks that recipNonce is the senderNonce of this pollReq. */
	poll(&a, &told, 0);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	/* RFC 4210 Appendix F: the upstream has given another keyUsage than was asked for. */
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_GRANTED_WITH_MODS);
	ck_assert(told_certificate(&told).len);
	ck_assert_uint_eq(told.msg->n_extra_certs, 2);
	ck_assert_int_eq(state_newest(), STORE_CERT_PENDING);
	ask_certconf(&b, &a, &told, -1);
	ask_send(&b, &again);
	ck_assert_int_eq(again.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(state_newest(), STORE_CERT_ACTIVE);
	done(&b, &again);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9483_4_4_implicit_confirm_when_it_comes)
{
	struct told told;
	struct ask a;

	ask_waiting(&a, PKI_BODY_CR, true, &told);
	ck_assert(!implicit_confirm(&told));
	upstream_issues(&a);
	ck_assert_int_eq(state_newest(), STORE_CERT_PENDING);
	poll(&a, &told, 0);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_CP);
	ck_assert(implicit_confirm(&told));
	ck_assert_int_eq(state_newest(), STORE_CERT_ACTIVE);
	poll(&a, &told, 0);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_REQUEST);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9483_4_4_p10cr_polls)
{
	struct told told;
	struct ask a;

	ask_waiting(&a, PKI_BODY_P10CR, false, &told);
	poll(&a, &told, -1);
	ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&told)->certReqId), -1);
	poll(&a, &told, 0);
	ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&told)->certReqId), 0);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9483_3_6_2_upstream_rejection)
{
	struct told told;
	struct ask a;

	ask_waiting(&a, PKI_BODY_IR, false, &told);
	upstream_refuses(FAIL_BAD_CERT_TEMPLATE, NULL);
	poll(&a, &told, 0);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_REJECTION);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_CERT_TEMPLATE);
	done(&a, &told);
	ask_waiting(&a, PKI_BODY_IR, false, &told);
	upstream_refuses(FAIL_SYSTEM_UNAVAIL, NULL);
	poll(&a, &told, 0);
	ck_assert_int_eq(told_failinfo(&told), FAIL_SYSTEM_UNAVAIL);
	done(&a, &told);
}
END_TEST

/* What was not the upstream's refusal is not told as such. */
START_TEST(rfc9483_5_2_refused_here)
{
	static const enum refusal_reason reasons[] = {
		REFUSAL_upstream_cert_key,  REFUSAL_upstream_cert_names,  REFUSAL_upstream_cert_ca,
		REFUSAL_upstream_not_found, REFUSAL_upstream_unavailable, REFUSAL_upstream_rejected,
	};
	const PKIStatusInfo *status;
	struct told told;
	struct ask a;

	ask_waiting(&a, _i % 2 ? PKI_BODY_P10CR : PKI_BODY_IR, false, &told);
	upstream_refuses(-1, refusal_code(reasons[_i]));
	poll(&a, &told, _i % 2 ? -1 : 0);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_REJECTION);
	ck_assert_int_eq(told_failinfo(&told), reasons[_i] == REFUSAL_upstream_unavailable
						       ? FAIL_SYSTEM_UNAVAIL
						       : FAIL_SYSTEM_FAILURE);
	status = told_status(&told);
	ck_assert_int_eq(sk_ASN1_UTF8STRING_num(status->statusString), 1);
	ck_assert_str_eq((const char *)ASN1_STRING_get0_data(
				 sk_ASN1_UTF8STRING_value(status->statusString, 0)),
			 refusal_text(reasons[_i]));
	done(&a, &told);
}
END_TEST

/* The wrong certReqId, nonce or certConf at the wrong time do not hurt the transaction. */
START_TEST(rfc9483_4_4_poll_wrong)
{
	struct told told, refused;
	struct ask a, b;

	ask_waiting(&a, PKI_BODY_IR, false, &told);
	ask_pollreq(&b, &a, &told, 1);
	ask_send(&b, &refused);
	ck_assert_int_eq(told_failinfo(&refused), FAIL_BAD_REQUEST);
	done(&b, &refused);
	ask_pollreq(&b, &a, &told, 0);
	b.recip_nonce[3] ^= 1;
	ask_send(&b, &refused);
	ck_assert_int_eq(told_failinfo(&refused), FAIL_BAD_RECIPIENT_NONCE);
	done(&b, &refused);
	ask_certconf(&b, &a, &told, -1);
	ask_send(&b, &refused);
	ck_assert_int_eq(told_failinfo(&refused), FAIL_BAD_REQUEST);
	done(&b, &refused);
	poll(&a, &told, 0);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_POLLREP);
	done(&a, &told);
}
END_TEST

/* The serial under which the store knows what the test has made. */
static void serial_newest(ASN1_INTEGER *serial)
{
	struct store_certificate cert = certificate_newest();

	ASN1_INTEGER *newest = serial_integer(&cert.serial);

	ck_assert(newest && ASN1_STRING_copy(serial, newest));
	ASN1_INTEGER_free(newest);
	store_certificate_clear(&cert);
}

/* An rr for the certificate in `told`, which has to wait for the upstream. */
static void rr_waiting(struct ask *rr, const struct told *told, struct told *answer)
{
	ask_new(rr, &house, &house.vnfm_a);
	ask_rr(rr, told_certificate(told), 1);
	serial_newest(sk_RevDetails_value(rr->body->value.rr, 0)->certDetails->serialNumber);
	ask_send(rr, answer);
	ck_assert_int_eq(answer->msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_status_value(answer), PKI_STATUS_WAITING);
	ck_assert_int_eq(told_failinfo(answer), -1);
	ck_assert_int_eq(state_newest(), STORE_CERT_REVOCATION_PENDING);
}

/* What the upstream makes of it: -1, or a failInfo, with which ca/ asks again. */
static void upstream_revokes(int failinfo)
{
	struct store_certificate cert = certificate_newest();
	struct store_exchange exchange = {0};

	ck_assert_int_eq(
		store_exchange_find(house.worker.reader, cert.id, STORE_EXCHANGE_REVOKE, &exchange),
		0);
	ck_assert_int_eq(store_exchange_finish(house.worker.unit, exchange.id, STORE_EXCHANGE_DONE,
					       failinfo, NULL),
			 0);
	exchange.failinfo = failinfo;
	if (failinfo < 0)
		ck_assert_int_eq(store_certificate_set_state(house.worker.unit, cert.id,
							     STORE_CERT_REVOCATION_PENDING,
							     STORE_CERT_REVOKED),
				 0);
	else
		ck_assert_int_eq(store_exchange_insert(house.worker.unit, &exchange, NULL), 0);
	ck_assert_int_eq(store_unit_commit(house.worker.unit), 0);
	store_exchange_clear(&exchange);
	store_certificate_clear(&cert);
}

static void active_upstream(struct ask *a, struct told *told)
{
	ask_waiting(a, PKI_BODY_CR, true, told);
	upstream_issues(a);
	poll(a, told, 0);
	ck_assert_int_eq(state_newest(), STORE_CERT_ACTIVE);
}

/* RFC 9483 4.4: error with status waiting, pollReq and pollRep with -1, and rp in the end. */
START_TEST(rfc9483_4_4_rr_waits)
{
	struct told told, rp, again;
	struct ask a, rr, wrong;

	active_upstream(&a, &told);
	rr_waiting(&rr, &told, &rp);
	ask_send_octets(&rr, &house.worker, octets_view(&rr.sent), &again);
	ck_assert(bytes_equal(octets_view(&rp.der), octets_view(&again.der)));
	told_clear(&again);
	ask_pollreq(&wrong, &rr, &rp, 0);
	ask_send(&wrong, &again);
	ck_assert_int_eq(told_failinfo(&again), FAIL_BAD_REQUEST);
	done(&wrong, &again);
	for (int i = 0; i < 2; i++) {
		poll(&rr, &rp, -1);
		ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&rp)->certReqId), -1);
		ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&rp)->checkAfter), 7);
	}
	upstream_revokes(-1);
	poll(&rr, &rp, -1);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_RP);
	ck_assert_int_eq(told_status_value(&rp), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(sk_CertId_num(rp.msg->body->value.rp->revCerts), 1);
	/* It has been told. */
	poll(&rr, &rp, -1);
	ck_assert_int_eq(told_failinfo(&rp), FAIL_BAD_REQUEST);
	done(&rr, &rp);
	done(&a, &told);
}
END_TEST

/* RFC 9483 3.6.2, 5.2: the upstream's failInfo in rp; the certificate shows what is still open. */
START_TEST(rfc9483_5_2_rr_rejected_upstream)
{
	struct told told, rp;
	struct ask a, rr;

	active_upstream(&a, &told);
	rr_waiting(&rr, &told, &rp);
	upstream_revokes(FAIL_NOT_AUTHORIZED);
	poll(&rr, &rp, -1);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_RP);
	ck_assert_int_eq(told_status_value(&rp), PKI_STATUS_REJECTION);
	ck_assert_int_eq(told_failinfo(&rp), FAIL_NOT_AUTHORIZED);
	ck_assert_int_eq(state_newest(), STORE_CERT_REVOCATION_PENDING);
	done(&rr, &rp);
	done(&a, &told);
}
END_TEST

/* RFC 9483 6: what hangs is closed with systemUnavail; a new request may wait for it again. */
START_TEST(rfc9483_6_rr_upstream_timeout)
{
	struct told told, rp;
	struct ask a, rr;

	active_upstream(&a, &told);
	rr_waiting(&rr, &told, &rp);
	house.now_ms += 3600 * 1000 + 1;
	poll(&rr, &rp, -1);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_RP);
	ck_assert_int_eq(told_failinfo(&rp), FAIL_SYSTEM_UNAVAIL);
	done(&rr, &rp);
	rr_waiting(&rr, &told, &rp);
	done(&rr, &rp);
	done(&a, &told);
}
END_TEST

/* RFC 4210 5.3.21: what the upstream has not issued yet is given up with the client's error. */
START_TEST(rfc4210_5_3_21_error_while_waiting)
{
	struct told told, conf;
	struct ask a, error;

	ask_waiting(&a, PKI_BODY_IR, false, &told);
	ask_next(&error, &a, &told);
	error.body = cmp_error_body_new(PKI_STATUS_REJECTION, NULL, FAIL_SYSTEM_FAILURE);
	ask_send(&error, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(state_newest(), STORE_CERT_REJECTED);
	done(&error, &conf);
	done(&a, &told);
}
END_TEST

/* A revocation that waits is not taken back by it. */
START_TEST(rfc4210_5_3_21_error_while_rr_waits)
{
	struct told told, rp, conf;
	struct ask a, rr, error;

	active_upstream(&a, &told);
	rr_waiting(&rr, &told, &rp);
	ask_next(&error, &rr, &rp);
	error.body = cmp_error_body_new(PKI_STATUS_REJECTION, NULL, FAIL_SYSTEM_FAILURE);
	ask_send(&error, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(state_newest(), STORE_CERT_REVOCATION_PENDING);
	done(&error, &conf);
	done(&rr, &rp);
	done(&a, &told);
}
END_TEST

static void check_rp(const struct told *told, const int *failinfo, int n)
{
	const STACK_OF(PKIStatusInfo) * status;

	ck_assert_int_eq(told->msg->body_type, PKI_BODY_RP);
	status = told->msg->body->value.rp->status;
	ck_assert_int_eq(sk_PKIStatusInfo_num(status), n);
	for (int i = 0; i < n; i++) {
		const PKIStatusInfo *info = sk_PKIStatusInfo_value(status, i);

		ck_assert_int_eq(ASN1_INTEGER_get(info->status),
				 failinfo[i] < 0 ? PKI_STATUS_ACCEPTED : PKI_STATUS_REJECTION);
		ck_assert_int_eq(failinfo[i] >= 0, info->failInfo != NULL);
		if (info->failInfo)
			ck_assert(ASN1_BIT_STRING_get_bit(info->failInfo, failinfo[i]));
	}
}

/*
 * RFC 4210 5.3.9, RFC 9483 4.4: of several, ours are revoked at once, and all are answered when the
 * upstream has decided (0: it revokes; 1: it refuses), or its time is over (2).
 */
START_TEST(rfc4210_5_3_9_several_wait)
{
	static const int failinfo[][3] = {{-1, -1, FAIL_CERT_REVOKED},
					  {-1, FAIL_NOT_AUTHORIZED, FAIL_CERT_REVOKED},
					  {-1, FAIL_SYSTEM_UNAVAIL, FAIL_CERT_REVOKED}};
	struct told told, ours, rp, again;
	struct store_certificate cert;
	struct ask a, b, rr;
	int64_t our_id;

	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	ask_new(&b, &house, &house.vnfm_a);
	ask_certreq(&b, PKI_BODY_IR, "vnfci-a");
	ask_implicit_confirm(&b);
	ask_send(&b, &ours);
	cert = certificate_newest();
	our_id = cert.id;
	store_certificate_clear(&cert);
	active_upstream(&a, &told);
	ask_new(&rr, &house, &house.vnfm_a);
	ask_rr(&rr, told_certificate(&ours), 1);
	ask_rr(&rr, told_certificate(&told), 1);
	ask_rr(&rr, told_certificate(&ours), 1);
	serial_newest(sk_RevDetails_value(rr.body->value.rr, 1)->certDetails->serialNumber);
	ask_send(&rr, &rp);
	ck_assert_int_eq(told_status_value(&rp), PKI_STATUS_WAITING);
	ck_assert_int_eq(state_newest(), STORE_CERT_REVOCATION_PENDING);
	ck_assert_int_eq(store_certificate_get(house.worker.reader, our_id, &cert), 0);
	ck_assert_int_eq(cert.state, STORE_CERT_REVOKED);
	store_certificate_clear(&cert);
	ask_send_octets(&rr, &house.worker, octets_view(&rr.sent), &again);
	ck_assert(bytes_equal(octets_view(&rp.der), octets_view(&again.der)));
	told_clear(&again);
	poll(&rr, &rp, -1);
	ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&rp)->certReqId), -1);
	ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&rp)->checkAfter), 7);
	if (_i == 2)
		house.now_ms += 3600 * 1000 + 1;
	else
		upstream_revokes(failinfo[_i][1]);
	poll(&rr, &rp, -1);
	check_rp(&rp, failinfo[_i], 3);
	/* The third has no certificate in the store: all or none. */
	ck_assert_ptr_null(rp.msg->body->value.rp->revCerts);
	poll(&rr, &rp, -1);
	ck_assert_int_eq(told_failinfo(&rp), FAIL_BAD_REQUEST);
	done(&rr, &rp);
	done(&b, &ours);
	done(&a, &told);
}
END_TEST

static void setup(void)
{
	house_open(&house, "ca_rules = oam\n", sections);
	house_register(&house, "vnfm-a", CERT_TYPE_VNF_OAM, "vnf-oam");
}

static void teardown(void)
{
	house_close(&house);
}

/* RFC 9810 5.2.8.3.2: an encrypted certificate would come before the proof that we vouch for. */
START_TEST(rfc9810_5_2_8_3_2_encr_cert_not_upstream)
{
	struct told told;
	struct ask a;

	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnf-oam");
	a.profile_label = "VnfOAMCert";
	a.out.pvno = 3;
	ask_pop_subsequent(&a, POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_ENCR_CERT);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_POP);
	done(&a, &told);
}
END_TEST

/* RFC 9810 5.2.8.3.3: the challenge comes first, then the upstream CA is asked and polled for. */
START_TEST(rfc9810_5_2_8_3_3_challenge_then_upstream)
{
	struct told popdecc, told, again;
	struct ask a, answer;

	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnf-oam");
	a.profile_label = "VnfOAMCert";
	a.out.pvno = 3;
	ask_pop_subsequent(&a, POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_CHALLENGE_RESP);
	ask_send(&a, &popdecc);
	ask_popdecr(&answer, &a, &popdecc, told_number(&popdecc, a.key));
	ask_send(&answer, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_WAITING);
	ck_assert_int_eq(state_newest(), STORE_CERT_REQUESTED);
	ask_send_octets(&answer, &house.worker, octets_view(&answer.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&told.der)));
	told_clear(&again);
	poll(&answer, &told, 0);
	ck_assert_ptr_nonnull(poll_rep(&told));
	upstream_issues(&a);
	poll(&answer, &told, 0);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_uint_ne(told_certificate(&told).len, 0);
	done(&answer, &told);
	done(&a, &popdecc);
}
END_TEST

/* Some certificates of a message are ours, one is the upstream's: all are answered together. */
static void ask_mixed(struct ask *a, struct told *told)
{
	CertReqMessages *msgs;

	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	ask_new(a, &house, &house.vnfm_a);
	ask_certreq(a, PKI_BODY_CR, "vnf-oam");
	ask_reg_info(a, "certType?VnfOAMCert%");
	ask_certreq_add(a, 1, "vnfci-a");
	ask_certreq_add(a, 2, "vnfci-nobody");
	/* The upstream's last, so that it is the newest certificate. */
	msgs = a->body->value.certReqMessages;
	sk_CertReqMsg_push(msgs, sk_CertReqMsg_shift(msgs));
	ask_implicit_confirm(a);
	ask_send(a, told);
	ck_assert_int_eq(told->msg->body_type, PKI_BODY_CP);
	ck_assert_int_eq(told_responses(told), 3);
}

static long status_at(const struct told *told, int i)
{
	return ASN1_INTEGER_get(told_response(told, i)->status->status);
}

/* Polls for two certReqIds. */
static void poll_both(const struct ask *a, struct told *last, long first, long second, int body,
		      int failinfo)
{
	PollReq *more = PollReq_new();
	struct told told;
	struct ask p;

	ask_pollreq(&p, a, last, first);
	ASN1_INTEGER_set(more->certReqId, second);
	sk_PollReq_push(p.body->value.pollReq, more);
	ask_send(&p, &told);
	ck_assert_int_eq(told.msg->body_type, body);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	ask_clear(&p);
	told_clear(last);
	*last = told;
}

START_TEST(rfc4210_5_3_22_several_wait_together)
{
	struct told told;
	struct ask a;

	ask_mixed(&a, &told);
	ck_assert_int_eq(status_at(&told, 0), PKI_STATUS_WAITING);
	ck_assert_int_eq(status_at(&told, 1), PKI_STATUS_REJECTION);
	ck_assert_int_eq(status_at(&told, 2), PKI_STATUS_WAITING);
	ck_assert(!implicit_confirm(&told));
	/* Not only minutes: as long as the upstream may take. */
	house.now_ms += 3600 * 1000;
	poll(&a, &told, -1);
	ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&told)->certReqId), -1);
	poll_both(&a, &told, 1, 0, PKI_BODY_POLLREP, -1);
	ck_assert_int_eq(sk_PollRep_num(told.msg->body->value.pollRep), 2);
	upstream_issues(&a);
	poll(&a, &told, 0);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_CP);
	/* What was refused has been told. */
	ck_assert_int_eq(told_responses(&told), 2);
	ck_assert_int_eq(ASN1_INTEGER_get(told_response(&told, 0)->certReqId), 1);
	ck_assert_int_eq(ASN1_INTEGER_get(told_response(&told, 1)->certReqId), 0);
	ck_assert_uint_ne(told_certificate_at(&told, 0).len, 0);
	ck_assert_uint_ne(told_certificate_at(&told, 1).len, 0);
	ck_assert(implicit_confirm(&told));
	ck_assert_int_eq(state_newest(), STORE_CERT_ACTIVE);
	done(&a, &told);
}
END_TEST

START_TEST(rfc4210_5_3_22_one_of_several_is_refused_upstream)
{
	struct told told;
	struct ask a;

	ask_mixed(&a, &told);
	upstream_refuses(FAIL_BAD_CERT_TEMPLATE, NULL);
	poll(&a, &told, 0);
	ck_assert_int_eq(told_responses(&told), 2);
	ck_assert_int_eq(status_at(&told, 0), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(status_at(&told, 1), PKI_STATUS_REJECTION);
	ck_assert_int_eq(told_failinfo_at(&told, 1), FAIL_BAD_CERT_TEMPLATE);
	done(&a, &told);
}
END_TEST

START_TEST(rfc4210_5_3_22_polls_that_fit_nothing)
{
	static const long ids[][2] = {{0, 0}, {0, 2}, {0, 9}, {-1, 0}};
	struct told told;
	struct ask a;

	ask_mixed(&a, &told);
	poll_both(&a, &told, ids[_i][0], ids[_i][1], PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	done(&a, &told);
}
END_TEST

START_TEST(rfc4210_5_3_21_error_while_several_wait)
{
	struct told told;
	struct ask a, e;

	ask_mixed(&a, &told);
	ask_next(&e, &a, &told);
	e.body = cmp_error_body_new(PKI_STATUS_REJECTION, "no", -1);
	told_clear(&told);
	ask_send(&e, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(state_newest(), STORE_CERT_REJECTED);
	ask_clear(&e);
	done(&a, &told);
}
END_TEST

/* --- certConf that is passed on --- */

static void forwarding_begin(const char *how)
{
	char *keys = NULL;

	ck_assert_int_gt(asprintf(&keys, "%sforwarding = %s\n", sections, how), 0);
	house_open(&house, "ca_rules = oam\n", keys);
	house_register(&house, "vnfm-a", CERT_TYPE_VNF_OAM, "vnf-oam");
	free(keys);
}

static void setup_forwarding(void)
{
	forwarding_begin("replaced");
}

static void setup_added(void)
{
	forwarding_begin("added");
}

/* The upstream has answered the certConf with pkiConf; its answer was verified. */
static void upstream_confirms(void)
{
	struct store_certificate cert = certificate_newest();
	struct store_exchange_message message = {0};
	struct store_exchange exchange = {0};
	struct ask pkiconf;

	ask_new(&pkiconf, &house, &house.vnfm_a);
	pkiconf.body = cmp_body_new(PKI_BODY_PKICONF);
	ask_encode(&pkiconf);
	message.der = pkiconf.sent;
	ck_assert_int_eq(store_exchange_find(house.worker.reader, cert.id, STORE_EXCHANGE_CONFIRM,
					     &exchange),
			 0);
	ck_assert_int_eq(store_exchange_add_message(house.worker.unit, exchange.id, &message) ||
				 store_exchange_finish(house.worker.unit, exchange.id,
						       STORE_EXCHANGE_DONE, -1, NULL) ||
				 store_certificate_set_state(house.worker.unit, cert.id,
							     STORE_CERT_PENDING,
							     STORE_CERT_ACTIVE) ||
				 store_unit_commit(house.worker.unit),
			 0);
	ask_clear(&pkiconf);
	store_exchange_clear(&exchange);
	store_certificate_clear(&cert);
}

/* RFC 9483 4.4: pkiConf is polled for with -1, until it is there (0), or its time is over (1). */
START_TEST(rfc9483_4_4_certconf_waits)
{
	struct told told, conf, again;
	struct ask a, b, wrong;

	ask_waiting(&a, PKI_BODY_IR, false, &told);
	upstream_issues(&a);
	poll(&a, &told, 0);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ask_certconf(&b, &a, &told, -1);
	ask_send(&b, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_status_value(&conf), PKI_STATUS_WAITING);
	ask_send_octets(&b, &house.worker, octets_view(&b.sent), &again);
	ck_assert(bytes_equal(octets_view(&conf.der), octets_view(&again.der)));
	told_clear(&again);
	ask_pollreq(&wrong, &b, &conf, 0);
	ask_send(&wrong, &again);
	ck_assert_int_eq(told_failinfo(&again), FAIL_BAD_REQUEST);
	done(&wrong, &again);
	poll(&b, &conf, -1);
	ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&conf)->certReqId), -1);
	ck_assert_int_eq(ASN1_INTEGER_get(poll_rep(&conf)->checkAfter), 7);
	if (_i == 0)
		upstream_confirms();
	else
		house.now_ms += 3600 * 1000 + 1;
	poll(&b, &conf, -1);
	ck_assert_int_eq(conf.msg->body_type, _i == 0 ? PKI_BODY_PKICONF : PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&conf), _i == 0 ? -1 : FAIL_SYSTEM_UNAVAIL);
	ck_assert_int_eq(state_newest(), _i == 0 ? STORE_CERT_ACTIVE : STORE_CERT_PENDING);
	poll(&b, &conf, -1);
	ck_assert_int_eq(told_failinfo(&conf), FAIL_BAD_REQUEST);
	done(&b, &conf);
	done(&a, &told);
}
END_TEST

/* The client gives the certificate up while the upstream is asked to confirm it. */
START_TEST(rfc4210_5_3_21_error_while_certconf_waits)
{
	struct told told, conf, ended;
	struct ask a, b, error;

	ask_waiting(&a, PKI_BODY_IR, false, &told);
	upstream_issues(&a);
	poll(&a, &told, 0);
	ask_certconf(&b, &a, &told, -1);
	ask_send(&b, &conf);
	ask_next(&error, &b, &conf);
	error.body = cmp_error_body_new(PKI_STATUS_REJECTION, NULL, FAIL_SYSTEM_FAILURE);
	ask_send(&error, &ended);
	ck_assert_int_eq(ended.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(state_newest(), STORE_CERT_REVOCATION_PENDING);
	done(&error, &ended);
	done(&b, &conf);
	done(&a, &told);
}
END_TEST

/* What the newest certificate's exchange asks the upstream with. */
static char request_kind(void)
{
	struct store_certificate cert = certificate_newest();
	struct store_exchange exchange = {0};
	char kind;

	ck_assert_int_eq(
		store_exchange_find(house.worker.reader, cert.id, STORE_EXCHANGE_ISSUE, &exchange),
		0);
	kind = (char)exchange.request.data[0];
	store_exchange_clear(&exchange);
	store_certificate_clear(&cert);
	return kind;
}

/* What a PKCS#10 asks for beside names and key. */
enum p10_more {
	P10_NOTHING,
	P10_ATTRIBUTE, /* that means nothing here */
	P10_EXTENSION, /* that the profile does not have, and the certificate goes without */
};

static void p10_extension_add(X509_REQ *req)
{
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	X509_EXTENSION *extension =
		X509V3_EXT_conf_nid(NULL, NULL, NID_netscape_comment, "beside the profile");

	ck_assert_int_gt(sk_X509_EXTENSION_push(extensions, extension), 0);
	ck_assert_int_eq(X509_REQ_add_extensions(req, extensions), 1);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

/* Sends it; expects that failInfo. */
static void p10_send(enum p10_more more, int failinfo)
{
	struct told told;
	X509_REQ *req;
	const unsigned char *p;
	unsigned char *der = NULL;
	struct ask a;
	int len;

	ask_new(&a, &house, &house.vnfm_a);
	ask_p10cr(&a, "vnf-oam");
	a.profile_label = "VnfOAMCert";
	len = i2d_CertificationRequest(a.body->value.p10cr, &der);
	p = der;
	req = d2i_X509_REQ(NULL, &p, len);
	OPENSSL_free(der);
	der = NULL;
	if (more == P10_EXTENSION)
		p10_extension_add(req);
	if (more == P10_ATTRIBUTE)
		ck_assert(X509_REQ_add1_attr_by_NID(req, NID_pkcs9_unstructuredName, MBSTRING_ASC,
						    (const uint8_t *)"other", -1));
	ck_assert_int_gt(X509_REQ_sign(req, a.key, EVP_sha256()), 0);
	len = i2d_X509_REQ(req, &der);
	p = der;
	CertificationRequest_free(a.body->value.p10cr);
	a.body->value.p10cr = d2i_CertificationRequest(NULL, &p, len);
	OPENSSL_free(der);
	X509_REQ_free(req);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	ck_assert_int_eq(told_status_value(&told),
			 failinfo < 0 ? PKI_STATUS_WAITING : PKI_STATUS_REJECTION);
	done(&a, &told);
}

/* The client's PKCS#10 goes on only where all that it asks for is granted. */
START_TEST(p10cr_is_passed_on_without_more)
{
	char with[2048];

	snprintf(with, sizeof(with), "%srequest = p10cr\n", sections);
	house_open(&house, "ca_rules = oam\n", with);
	house_register(&house, "vnfm-a", CERT_TYPE_VNF_OAM, "vnf-oam");
	p10_send(P10_NOTHING, -1);
	ck_assert_int_eq(request_kind(), 'P');
	p10_send(P10_ATTRIBUTE, -1);
	ck_assert_int_eq(request_kind(), 'C');
	p10_send(P10_EXTENSION, -1);
	ck_assert_int_eq(request_kind(), 'C');
	house_close(&house);
}
END_TEST

/* As the client's message it cannot be taken apart. */
START_TEST(p10cr_is_not_forwarded_with_more)
{
	p10_send(P10_NOTHING, -1);
	ck_assert_int_eq(request_kind(), 'N');
	p10_send(P10_ATTRIBUTE, FAIL_BAD_CERT_TEMPLATE);
}
END_TEST

static const struct {
	const char *pairs; /* of regInfo utf8Pairs; NULL: a control */
	bool judged;
} more[] = {
	{"vnfcId?vnf-oam%", true},
	{"corp_company?Example%", false},
	{NULL, false},
};

/* The message that goes upstream for the newest certificate. */
static struct cmp_message *message_newest(void)
{
	struct store_certificate cert = certificate_newest();
	struct store_exchange exchange = {0};
	struct refusal refusal = REFUSAL_NULL;
	struct cmp_message *msg = NULL;
	struct bytes der, tlv, content;
	uint8_t tag;

	ck_assert_int_eq(
		store_exchange_find(house.worker.reader, cert.id, STORE_EXCHANGE_ISSUE, &exchange),
		0);
	/* ca/'s own encoding: that it is forwarded, what becomes of the certificate, its names. */
	ck_assert_int_eq(exchange.request.data[0], 'N');
	der = (struct bytes){exchange.request.data + 2, exchange.request.len - 2};
	ck_assert_int_eq(der_next(&der, &tag, &tlv, &content), 0);
	ck_assert_int_eq(cmp_message_decode(der, &msg, &refusal), 0);
	store_exchange_clear(&exchange);
	store_certificate_clear(&cert);
	return msg;
}

/*
 * What of a CertReqMsg is not judged here does not go on under our name: an alternative template
 * (RFC 4210 C), or text that means something to the upstream CA alone.
 */
static void more_send(int i, int failinfo)
{
	static const uint8_t alternative[] = {0x30, 0x07, 0x06, 0x03, 0x2a, 0x03, 0x04, 0x05, 0x00};
	int nid = OBJ_txt2nid("1.3.6.1.5.5.7.5.1.7");
	struct told told;
	struct ask a;

	if (nid == NID_undef)
		nid = OBJ_create("1.3.6.1.5.5.7.5.1.7", "altCertTemplate", "altCertTemplate");
	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, PKI_BODY_CR, "vnf-oam");
	a.profile_label = "VnfOAMCert";
	if (more[i].pairs)
		ask_reg_info(&a, more[i].pairs);
	else
		ask_control(&a, nid, BYTES_OF(alternative));
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	ck_assert_int_eq(told_status_value(&told),
			 failinfo < 0 ? PKI_STATUS_WAITING : PKI_STATUS_REJECTION);
	done(&a, &told);
}

START_TEST(rfc9483_5_2_2_1_more_than_is_judged)
{
	more_send(_i, more[_i].judged ? -1 : FAIL_BAD_CERT_TEMPLATE);
}
END_TEST

START_TEST(rfc9483_5_2_3_more_than_is_judged)
{
	struct cmp_message *msg;
	const CertReqMsg *request;

	more_send(_i, -1);
	msg = message_newest();
	request = sk_CertReqMsg_value(msg->body->value.certReqMessages, 0);
	ck_assert_int_eq(request->regInfo != NULL, more[_i].judged);
	ck_assert_ptr_null(request->certReq->controls);
	ck_assert_int_eq(request->popo->type == POPO_RA_VERIFIED, !more[_i].judged);
	cmp_message_free(msg);
}
END_TEST

static Suite *door_upstream_suite(void)
{
	Suite *suite = suite_create("door_upstream");
	TCase *tcase = tcase_create("upstream"), *forwarding = tcase_create("forwarding");
	TCase *p10 = tcase_create("p10cr"), *added = tcase_create("added");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, rfc9483_4_4_waiting_polling_certificate);
	tcase_add_test(tcase, rfc9483_4_4_implicit_confirm_when_it_comes);
	tcase_add_test(tcase, rfc9483_4_4_p10cr_polls);
	tcase_add_test(tcase, rfc9483_3_6_2_upstream_rejection);
	tcase_add_loop_test(tcase, rfc9483_5_2_refused_here, 0, 6);
	tcase_add_test(tcase, rfc9483_4_4_poll_wrong);
	tcase_add_test(tcase, rfc9483_4_4_rr_waits);
	tcase_add_test(tcase, rfc9483_5_2_rr_rejected_upstream);
	tcase_add_test(tcase, rfc9483_6_rr_upstream_timeout);
	tcase_add_test(tcase, rfc4210_5_3_21_error_while_waiting);
	tcase_add_test(tcase, rfc4210_5_3_21_error_while_rr_waits);
	tcase_add_loop_test(tcase, rfc4210_5_3_9_several_wait, 0, 3);
	tcase_add_test(tcase, rfc9810_5_2_8_3_2_encr_cert_not_upstream);
	tcase_add_test(tcase, rfc9810_5_2_8_3_3_challenge_then_upstream);
	tcase_add_test(tcase, rfc4210_5_3_22_several_wait_together);
	tcase_add_test(tcase, rfc4210_5_3_22_one_of_several_is_refused_upstream);
	tcase_add_loop_test(tcase, rfc4210_5_3_22_polls_that_fit_nothing, 0, 4);
	tcase_add_test(tcase, rfc4210_5_3_21_error_while_several_wait);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(forwarding, setup_forwarding, teardown);
	tcase_add_loop_test(forwarding, rfc9483_4_4_certconf_waits, 0, 2);
	tcase_add_test(forwarding, rfc4210_5_3_21_error_while_certconf_waits);
	tcase_add_test(forwarding, p10cr_is_not_forwarded_with_more);
	tcase_add_loop_test(forwarding, rfc9483_5_2_3_more_than_is_judged, 0, ARRAY_LEN(more));
	suite_add_tcase(suite, forwarding);
	tcase_add_checked_fixture(added, setup_added, teardown);
	tcase_add_loop_test(added, rfc9483_5_2_2_1_more_than_is_judged, 0, ARRAY_LEN(more));
	suite_add_tcase(suite, added);
	tcase_add_test(p10, p10cr_is_passed_on_without_more);
	suite_add_tcase(suite, p10);
	return suite;
}

SUITE_MAIN(door_upstream_suite, SUITE_ONE_PROCESS)
