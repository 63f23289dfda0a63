// SPDX-License-Identifier: Apache-2.0
/*
 * Upstream CAs that do not answer, in time or at all; revocation, which is tried until it is done;
 * and several workers at one upstream.
 */
#include "asn1/certificate.h"
#include "base/log.h"
#include "message.h"
#include "suite.h"
#include "upstream.h"
#include "upstream_mock.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct ca_fixture f;
static struct upstream_mock mock;

/* --- an upstream that does not answer --- */

START_TEST(test_unreachable_until_timeout)
{
	int64_t id, start_ms;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.unreachable = true;
	id = mock_ask(&mock);
	start_ms = f.now_ms;
	mock_run(&mock, id);
	ck_assert_int_eq(mock.transfers, 1);
	/* Not before upstream_retry, by nobody. */
	f.now_ms = start_ms + MOCK_PAUSE_MS - 1;
	mock_run(&mock, id);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 1);
	f.now_ms = start_ms + MOCK_PAUSE_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 2);
	/* A second request does not wait for it either. */
	(void)mock_ask(&mock);
	f.now_ms += 1000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 2);
	f.now_ms = start_ms + DAY_MS - 1;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REQUESTED);
	check_failinfo(&mock, id, -1);
	/* upstream_timeout: over, though it is not even tried any more. */
	f.now_ms = start_ms + DAY_MS;
	mock.transfers = 0;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_exchange(&mock, id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_FAILED);
	check_failinfo(&mock, id, FAIL_SYSTEM_UNAVAIL);
	ck_assert_int_le(mock.transfers, 1);
	mock_end(&mock);
}
END_TEST

/* An HTTP status that will not change is an answer; a revocation is asked for again all the same.
 */
START_TEST(rfc9483_6_1_unexpected_status)
{
	struct store_certificate cert = {0};
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.not_found = true;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_failinfo(&mock, id, FAIL_SYSTEM_FAILURE);
	mock.not_found = false;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_PENDING);
	OK(store_certificate_get(f.reader, id, &cert));
	OK(ca_revoke(f.ca, &cert, STORE_CERT_REVOKED, 0, f.unit));
	OK(store_unit_commit(f.unit));
	store_certificate_clear(&cert);
	mock.not_found = true;
	ck_assert_int_eq(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit), STORE_NOT_FOUND);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_OPEN);
	mock_end(&mock);
}
END_TEST

START_TEST(test_check_after_is_upstream_retry)
{
	mock_begin(&mock, &f, false);
	f.conf_ca.upstream_retry_ms = _i == 0 ? 5000 : _i == 1 ? 5001 : 100;
	mock_load(&mock);
	ck_assert_int_eq(ca_upstream_check_after(f.ca), _i == 0 ? 5 : _i == 1 ? 6 : 1);
	mock_end(&mock);
}
END_TEST

/* certConf was perhaps received, no answer until the end: the certificate is revoked there. */
START_TEST(test_timeout_after_certconf)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.lose_at = 2;
	mock.lose = MOCK_LOSE_ANSWER;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	ck_assert_int_eq(mock.confirmed, 1);
	mock.unreachable = true;
	mock_restart(&mock);
	f.now_ms += DAY_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_failinfo(&mock, id, FAIL_SYSTEM_UNAVAIL);
	mock.unreachable = false;
	f.now_ms += HOUR_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.revoked, 1);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_DONE);
	check_state(&mock, id, STORE_CERT_REJECTED);
	mock_end(&mock);
}
END_TEST

/* The answer to certConf is lost, and the upstream refuses the same octets when they come again:
 * whether the certificate is valid there is not known, so it is not given out and is revoked. */
START_TEST(test_upstream_that_forgets)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.lose_at = 2;
	mock.lose = MOCK_LOSE_ANSWER;
	mock.forget = true;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	ck_assert_int_eq(mock.confirmed, 1);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	/* The cr is replayed from the store, so only the certConf comes again. */
	f.now_ms += MOCK_PAUSE_MS;
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_OPEN);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_DONE);
	ck_assert_int_eq(mock.issued, 1);
	ck_assert_int_eq(mock.revoked, 1);
	mock_end(&mock);
}
END_TEST

/* The client is gone: nothing is asked any more (0), or what is issued is revoked (1). */
START_TEST(test_given_up_by_the_client)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.polls = 2;
	id = mock_ask(&mock);
	if (_i == 1)
		mock_run(&mock, id);
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_REQUESTED, STORE_CERT_REJECTED));
	OK(store_unit_commit(f.unit));
	f.now_ms += MOCK_PAUSE_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	f.now_ms += MOCK_PAUSE_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.issued, _i);
	ck_assert_int_eq(mock.revoked, _i);
	ck_assert(_i == 1 || mock.transfers == 0);
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_exchange(&mock, id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_FAILED);
	mock_end(&mock);
}
END_TEST

/* --- revocation --- */

/* Issued upstream and ACTIVE here, then ca_revoke(). */
static int64_t granted_and_revoked(enum store_certificate_state to)
{
	struct store_certificate cert = {0};
	int64_t id = mock_ask(&mock);

	mock_run(&mock, id);
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	OK(store_unit_commit(f.unit));
	OK(store_certificate_get(f.reader, id, &cert));
	OK(ca_revoke(f.ca, &cert, to, 1, f.unit));
	OK(store_unit_commit(f.unit));
	store_certificate_clear(&cert);
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
	mock.transfers = 0;
	return id;
}

/* The same answer as of a forwarded rr: none. */
START_TEST(rfc9483_4_2_rp_that_contradicts_itself)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	id = granted_and_revoked(STORE_CERT_REVOKED);
	mock.rr_status = OSSL_CMP_PKISTATUS_accepted;
	mock.rr_failinfo = true;
	mock.failinfo = FAIL_BAD_CERT_ID;
	ck_assert_int_eq(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit), STORE_NOT_FOUND);
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
	mock_end(&mock);
}
END_TEST

/* An upstream that delays rp; what OpenSSL's server does not. */
static struct {
	int polls; /* times that it says: later */
	int asked;
	int64_t cert_req_id[4]; /* of each pollReq */
} delayed;

static PKIBody *delayed_body(const struct cmp_message *request)
{
	PKIBody *body;
	PollRep *rep;

	if (request->body_type == PKI_BODY_RR)
		return cmp_error_body_new(PKI_STATUS_WAITING, NULL, -1);
	ck_assert_int_eq(request->body_type, PKI_BODY_POLLREQ);
	ck_assert_int_eq(ASN1_INTEGER_get_int64(
				 &delayed.cert_req_id[delayed.asked++],
				 sk_PollReq_value(request->body->value.pollReq, 0)->certReqId),
			 1);
	if (delayed.asked > delayed.polls) {
		body = cmp_body_new(PKI_BODY_RP);
		sk_PKIStatusInfo_push(body->value.rp->status,
				      cmp_status_info_new(PKI_STATUS_ACCEPTED, NULL, -1));
		return body;
	}
	body = cmp_body_new(PKI_BODY_POLLREP);
	rep = PollRep_new();
	ASN1_INTEGER_set(rep->certReqId, -1);
	ASN1_INTEGER_set(rep->checkAfter, MOCK_PAUSE_MS / 1000);
	sk_PollRep_push(body->value.pollRep, rep);
	return body;
}

static int delayed_transfer(void *arg, const struct ca_transfer_options *options,
			    struct bytes request, struct octets *answerp)
{
	struct octets server = OCTETS_NULL, name = OCTETS_NULL;
	struct cmp_protector protector = {.kind = CMP_PROTECTION_SIGNATURE};
	struct refusal refusal = REFUSAL_NULL;
	static const uint8_t nonce[CMP_NONCE_LEN] = {1};
	struct cmp_message *msg;
	struct certificate_view view;
	struct signer *signer;
	struct bytes certs[1];
	PKIBody *body;

	OK(cmp_message_decode(request, &msg, &refusal));
	server.len = (size_t)i2d_X509(mock.server_cert, &server.data);
	certs[0] = octets_view(&server);
	OK(certificate_view(certs[0], &view));
	OK(cmp_general_name_of_dn(view.subject, &name));
	OK(signer_new(mock.server_key, "sha256", &signer));
	protector.signer = signer;
	body = delayed_body(msg);
	OK(cmp_message_encode(&(struct cmp_outgoing){.pvno = 2,
						     .sender = octets_view(&name),
						     .transaction_id = msg->transaction_id,
						     .sender_nonce = BYTES_OF(nonce),
						     .recip_nonce = msg->sender_nonce,
						     .body = body,
						     .extra_certs = certs,
						     .n_extra_certs = 1},
			      &protector, answerp));
	PKIBody_free(body);
	signer_free(signer);
	octets_clear(&name);
	OPENSSL_free(server.data);
	cmp_message_free(msg);
	return 0;
}

/* RFC 9483 4.4: error with the status waiting, and pollReq "-1 to refer to the whole message". */
START_TEST(rfc9483_4_4_rr_of_ours_waits)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	id = granted_and_revoked(STORE_CERT_REVOKED);
	delayed.asked = 0;
	delayed.polls = _i;
	ca_set_transfer(f.ca, delayed_transfer, NULL);
	for (int i = 0; i < delayed.polls; i++) {
		ck_assert_int_eq(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit),
				 STORE_NOT_FOUND);
		ck_assert_int_eq(delayed.asked, i + 1);
		f.now_ms += MOCK_PAUSE_MS;
	}
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REVOKED);
	ck_assert_int_eq(delayed.asked, delayed.polls + 1);
	for (int i = 0; i < delayed.asked; i++)
		ck_assert_int_eq(delayed.cert_req_id[i], -1);
	mock_end(&mock);
}
END_TEST

START_TEST(test_revoked)
{
	struct store_certificate cert = {0};
	int64_t id;

	mock_begin(&mock, &f, _i);
	mock_load(&mock);
	id = granted_and_revoked(_i ? STORE_CERT_REJECTED : STORE_CERT_REVOKED);
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	ck_assert_int_eq(mock.revoked, 1);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_DONE);
	OK(store_certificate_get(f.reader, id, &cert));
	ck_assert_int_eq(cert.state, _i ? STORE_CERT_REJECTED : STORE_CERT_REVOKED);
	ck_assert_int_eq(cert.reason, 1);
	ck_assert_int_ne(cert.revoked_ms, 0);
	store_certificate_clear(&cert);
	/* And once more, by another worker that was late. */
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 1);
	mock_end(&mock);
}
END_TEST

/* Not sent, or sent and not answered: tried again until it is done, also by the next process. */
START_TEST(test_revocation_is_durable)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	id = granted_and_revoked(STORE_CERT_REVOKED);
	mock.lose_at = 1;
	mock.lose = _i ? MOCK_LOSE_ANSWER : MOCK_LOSE_REQUEST;
	ck_assert_int_eq(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit), STORE_NOT_FOUND);
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
	mock_restart(&mock);
	mock.unreachable = true;
	/* No deadline: a week, with ever longer pauses of at most an hour. */
	for (int i = 0; i < 7 * 24; i++) {
		f.now_ms += HOUR_MS;
		OK(ca_housekeeping(f.ca, f.reader, f.unit));
	}
	ck_assert_int_gt(mock.transfers, 7 * 24 - 4);
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
	mock.unreachable = false;
	f.now_ms += HOUR_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REVOKED);
	ck_assert_int_eq(mock.revoked, 1);
	mock_end(&mock);
}
END_TEST

static void revoke_add(int64_t id, enum store_certificate_state to, int reason)
{
	struct store_certificate cert = {0};

	OK(store_certificate_get(f.reader, id, &cert));
	OK(ca_revoke(f.ca, &cert, to, reason, f.unit));
	OK(store_unit_commit(f.unit));
	store_certificate_clear(&cert);
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
}

/* RFC 5280 5.3.1: a hold, and removeFromCRL, which the upstream may refuse: then it stays. */
START_TEST(test_hold_and_release)
{
	struct store_certificate cert = {0};
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	id = mock_ask(&mock);
	mock_run(&mock, id);
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	OK(store_unit_commit(f.unit));
	revoke_add(id, STORE_CERT_ON_HOLD, STORE_REASON_HOLD);
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_ON_HOLD);
	revoke_add(id, STORE_CERT_ACTIVE, STORE_REASON_RELEASE);
	if (_i) {
		mock.rr_status = OSSL_CMP_PKISTATUS_rejection;
		mock.failinfo = FAIL_BAD_REQUEST;
	}
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	ck_assert_int_eq(mock.revoked, _i ? 1 : 2);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE,
		       _i ? STORE_EXCHANGE_FAILED : STORE_EXCHANGE_DONE);
	OK(store_certificate_get(f.reader, id, &cert));
	ck_assert_int_eq(cert.state, _i ? STORE_CERT_ON_HOLD : STORE_CERT_ACTIVE);
	ck_assert_int_eq(cert.reason, _i ? STORE_REASON_HOLD : STORE_REASON_NONE);
	store_certificate_clear(&cert);
	mock_end(&mock);
}
END_TEST

/* What the upstream says is revoked already is not on hold. */
START_TEST(test_hold_of_what_is_revoked)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	id = mock_ask(&mock);
	mock_run(&mock, id);
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	OK(store_unit_commit(f.unit));
	revoke_add(id, STORE_CERT_ON_HOLD, STORE_REASON_HOLD);
	mock.rr_status = OSSL_CMP_PKISTATUS_rejection;
	mock.failinfo = FAIL_CERT_REVOKED;
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REVOKED);
	mock_end(&mock);
}
END_TEST

static const struct {
	int failinfo;
	enum store_exchange_state exchange;
} done_refusals[] = {
	{FAIL_CERT_REVOKED, STORE_EXCHANGE_DONE},
	{FAIL_BAD_CERT_ID, STORE_EXCHANGE_FAILED},
};

START_TEST(test_refused_revocation_that_is_done)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	id = granted_and_revoked(STORE_CERT_REVOKED);
	mock.rr_status = OSSL_CMP_PKISTATUS_rejection;
	mock.failinfo = done_refusals[_i].failinfo;
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REVOKED);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, done_refusals[_i].exchange);
	mock_end(&mock);
}
END_TEST

START_TEST(test_refused_revocation_is_asked_again)
{
	int failinfo = -1;
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	id = granted_and_revoked(STORE_CERT_REVOKED);
	mock.rr_status = OSSL_CMP_PKISTATUS_rejection;
	mock.failinfo = FAIL_NOT_AUTHORIZED;
	ck_assert_int_eq(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit), STORE_NOT_FOUND);
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_OPEN);
	OK(ca_upstream_revoke_failinfo(f.reader, id, &failinfo));
	ck_assert_int_eq(failinfo, FAIL_NOT_AUTHORIZED);
	/* Not at once. */
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 1);
	f.now_ms += MOCK_PAUSE_MS;
	mock.rr_status = OSSL_CMP_PKISTATUS_accepted;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 2);
	ck_assert_int_eq(mock.revoked, 1);
	check_state(&mock, id, STORE_CERT_REVOKED);
	mock_end(&mock);
}
END_TEST

/* A CA that is dead for ever: what was asked of it is open as long as the certificate lives. */
START_TEST(test_revocation_ends_with_the_certificate)
{
	struct store_certificate cert = {0};
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	id = granted_and_revoked(STORE_CERT_REVOKED);
	OK(store_certificate_get(f.reader, id, &cert));
	mock.unreachable = true;
	ck_assert_int_eq(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit), STORE_NOT_FOUND);
	while (f.now_ms + MOCK_PAUSE_MS < cert.not_after_ms) {
		f.now_ms += (cert.not_after_ms - f.now_ms) / 2;
		OK(ca_housekeeping(f.ca, f.reader, f.unit));
		check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
		check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_OPEN);
	}
	f.now_ms = cert.not_after_ms + HOUR_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REVOKED);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_FAILED);
	store_certificate_clear(&cert);
	mock_end(&mock);
}
END_TEST

/*
 * Another node, whose clock may be ahead, has the operator's giving up while the CA is asked here.
 * It counts at once, whatever comes of the attempt.
 */
static const struct {
	int64_t ahead_ms;
	bool unreachable;
	int status;
	enum store_exchange_state exchange;
} given_up[] = {
	{0, false, OSSL_CMP_PKISTATUS_rejection, STORE_EXCHANGE_FAILED},
	{500, false, OSSL_CMP_PKISTATUS_rejection, STORE_EXCHANGE_FAILED},
	{0, false, OSSL_CMP_PKISTATUS_accepted, STORE_EXCHANGE_DONE},
	{500, true, 0, STORE_EXCHANGE_FAILED},
};

static struct {
	int64_t certificate_id, ahead_ms;
} giving_up;

static int give_up(struct store_unit *unit, int64_t id, int64_t *earliest_msp)
{
	struct store_certificate cert = {0};
	int err;

	OK(store_certificate_get(f.reader, id, &cert));
	err = ca_upstream_revoke_give_up(f.ca, &cert, f.reader, unit, earliest_msp);
	store_certificate_clear(&cert);
	return err == 0 ? store_unit_commit(unit) : err;
}

static void give_up_meanwhile(struct upstream_mock *m)
{
	struct store_unit *unit;
	int64_t earliest_ms;

	m->before = NULL;
	OK(store_unit_new(f.store, &unit));
	f.now_ms += giving_up.ahead_ms;
	OK(give_up(unit, giving_up.certificate_id, &earliest_ms));
	f.now_ms -= giving_up.ahead_ms;
	store_unit_free(unit);
}

/* How often the log has an event, from log_begin() on; ends with that. */
static int log_fd;

static void log_begin(void)
{
	log_fd = memfd_create("log", MFD_CLOEXEC);
	ck_assert_int_ge(log_fd, 0);
	log_setup(log_fd, LOG_FORMAT_LOGFMT, LOG_LEVEL_WARNING);
}

static int log_count(const char *event)
{
	char text[8192];
	ssize_t n = pread(log_fd, text, sizeof(text) - 1, 0);
	int count = 0;

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	for (const char *at = text; (at = strstr(at, event)); at++)
		count++;
	log_setup(STDERR_FILENO, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	close(log_fd);
	return count;
}

START_TEST(test_revocation_given_up_while_it_is_asked_for)
{
	bool refused = given_up[_i].status == OSSL_CMP_PKISTATUS_rejection;
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	id = granted_and_revoked(STORE_CERT_REVOKED);
	f.now_ms += f.conf_ca.upstream_timeout_ms;
	mock.rr_status = given_up[_i].status;
	mock.failinfo = FAIL_NOT_AUTHORIZED;
	mock.unreachable = given_up[_i].unreachable;
	giving_up.certificate_id = id;
	giving_up.ahead_ms = given_up[_i].ahead_ms;
	mock.before = give_up_meanwhile;
	log_begin();
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	/* That is decided twice, and told once. */
	ck_assert_int_eq(log_count("upstream rejected a revocation"), refused);
	ck_assert_ptr_null(mock.before);
	f.now_ms += 1000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REVOKED);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, given_up[_i].exchange);
	f.now_ms += DAY_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 1);
	mock_end(&mock);
}
END_TEST

/* What the CA issued, and nobody took: nobody is told of it, and its end is not known here. */
START_TEST(test_revocation_of_what_nobody_took_is_given_up)
{
	int64_t id, earliest_ms;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.lose_at = 2;
	mock.lose = MOCK_LOSE_ANSWER;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	mock.unreachable = true;
	ck_assert_int_eq(give_up(f.unit, id, &earliest_ms), STORE_NOT_FOUND);
	f.now_ms += DAY_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_OPEN);
	OK(give_up(f.unit, id, &earliest_ms));
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_FAILED);
	ck_assert_int_eq(give_up(f.unit, id, &earliest_ms), STORE_NOT_FOUND);
	mock_end(&mock);
}
END_TEST

/* --- several workers --- */

static sem_t inside, go;

static void block(struct upstream_mock *m)
{
	sem_post(&inside);
	sem_wait(&go);
}

struct runner {
	pthread_t thread;
	int64_t id;
	int result;
};

static void *runner_main(void *arg)
{
	struct runner *runner = arg;
	struct store_reader *reader = NULL;
	struct store_unit *unit = NULL;

	runner->result = store_reader_new(f.store, &reader);
	if (runner->result == 0)
		runner->result = store_unit_new(f.store, &unit);
	if (runner->result == 0)
		runner->result = ca_upstream_run(f.ca, runner->id, reader, unit);
	store_unit_free(unit);
	store_reader_free(reader);
	return NULL;
}

static void runner_start(struct runner *runner, int64_t id)
{
	runner->id = id;
	OK(pthread_create(&runner->thread, NULL, runner_main, runner));
}

/* upstream_workers = 1: while one waits for the upstream, the next gets no place there. */
START_TEST(test_upstream_workers)
{
	struct runner runner;
	int64_t first, second;

	mock_begin(&mock, &f, false);
	f.conf_ca.upstream_workers = 1;
	sem_init(&inside, 0, 0);
	sem_init(&go, 0, 0);
	mock_load(&mock);
	mock.before = block;
	first = mock_ask(&mock);
	second = mock_ask(&mock);
	runner_start(&runner, first);
	sem_wait(&inside);
	mock_run(&mock, second);
	ck_assert_int_eq(mock.transfers, 1);
	check_state(&mock, second, STORE_CERT_REQUESTED);
	mock.before = NULL;
	sem_post(&go);
	OK(pthread_join(runner.thread, NULL));
	OK(runner.result);
	check_granted(&mock, first);
	/* There is room again. */
	mock_run(&mock, second);
	check_state(&mock, second, STORE_CERT_PENDING);
	mock_end(&mock);
}
END_TEST

/* Two on the same certificate: one asks, the other waits for what comes of it. */
START_TEST(test_two_on_the_same_certificate)
{
	struct runner runner[2];
	int64_t id;

	mock_begin(&mock, &f, false);
	sem_init(&inside, 0, 0);
	sem_init(&go, 0, 0);
	mock_load(&mock);
	mock.before = block;
	id = mock_ask(&mock);
	runner_start(&runner[0], id);
	sem_wait(&inside);
	runner_start(&runner[1], id);
	/* The housekeeper does not wait. */
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 1);
	mock.before = NULL;
	sem_post(&go);
	for (int i = 0; i < 2; i++) {
		OK(pthread_join(runner[i].thread, NULL));
		OK(runner[i].result);
	}
	check_granted(&mock, id);
	ck_assert_int_eq(mock.transfers, 2);
	mock_end(&mock);
}
END_TEST

enum { OTHER_PROCESS = 7 };

static void claim_as_another(int64_t certificate_id, int64_t ms)
{
	struct store_exchange e = {0};

	OK(store_exchange_find(f.reader, certificate_id, STORE_EXCHANGE_ISSUE, &e));
	OK(store_exchange_claim(f.unit, e.id, OTHER_PROCESS, ms));
	OK(store_unit_commit(f.unit));
	store_exchange_clear(&e);
}

/* What another process is at is not sent, and nothing is decided without it. It has died: then it
 * is. */
START_TEST(test_claimed_by_another_process)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	f.conf_ca.upstream_wait_ms = 300;
	mock_load(&mock);
	f.ca->upstream->claimant = OTHER_PROCESS + 1;
	id = mock_ask(&mock);
	claim_as_another(id, 600000);
	mock_run(&mock, id);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	f.now_ms += f.conf_ca.upstream_timeout_ms;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 0);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	f.now_ms -= f.conf_ca.upstream_timeout_ms;
	claim_as_another(id, 0);
	mock_run(&mock, id);
	check_granted(&mock, id);
	mock_end(&mock);
}
END_TEST

static Suite *upstream_late_suite(void)
{
	Suite *suite = suite_create("upstream_late");
	TCase *silent = tcase_create("silent");
	TCase *revoke = tcase_create("revoke");
	TCase *workers = tcase_create("workers");

	tcase_add_test(silent, test_unreachable_until_timeout);
	tcase_add_test(silent, rfc9483_6_1_unexpected_status);
	tcase_add_loop_test(silent, test_check_after_is_upstream_retry, 0, 3);
	tcase_add_test(silent, test_claimed_by_another_process);
	tcase_add_test(silent, test_timeout_after_certconf);
	tcase_add_test(silent, test_upstream_that_forgets);
	tcase_add_loop_test(silent, test_given_up_by_the_client, 0, 2);
	tcase_add_test(revoke, rfc9483_4_2_rp_that_contradicts_itself);
	tcase_add_loop_test(revoke, rfc9483_4_4_rr_of_ours_waits, 0, 3);
	tcase_add_loop_test(revoke, test_revoked, 0, 2);
	tcase_add_loop_test(revoke, test_revocation_is_durable, 0, 2);
	tcase_add_loop_test(revoke, test_refused_revocation_that_is_done, 0,
			    ARRAY_LEN(done_refusals));
	tcase_add_test(revoke, test_refused_revocation_is_asked_again);
	tcase_add_test(revoke, test_revocation_ends_with_the_certificate);
	tcase_add_loop_test(revoke, test_revocation_given_up_while_it_is_asked_for, 0,
			    ARRAY_LEN(given_up));
	tcase_add_test(revoke, test_revocation_of_what_nobody_took_is_given_up);
	tcase_add_loop_test(revoke, test_hold_and_release, 0, 2);
	tcase_add_test(revoke, test_hold_of_what_is_revoked);
	tcase_add_test(workers, test_upstream_workers);
	tcase_add_test(workers, test_two_on_the_same_certificate);
	suite_add_tcase(suite, silent);
	suite_add_tcase(suite, revoke);
	suite_add_tcase(suite, workers);
	return suite;
}

SUITE_MAIN(upstream_late_suite, SUITE_FORKS)
