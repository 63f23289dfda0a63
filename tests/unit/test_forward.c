// SPDX-License-Identifier: Apache-2.0
/*
 * Messages of clients that go on to an upstream CA, RFC 9483 5.2, between ca/ and the upstream. The
 * messages are those that an exchange of our own has left; the whole way, with the door, is in
 * tests/e2e/test_forward.py.
 */
#include "suite.h"
#include "upstream.h"
#include "upstream_mock.h"

#include <check.h>
#include <errno.h>
#include <openssl/sha.h>

static struct ca_fixture f;
static struct upstream_mock mock;

/* The cr, and after it the certConf, of a request that was served before. */
static struct octets cr, cert_conf;
static int64_t served;
static int64_t forwarded_id;

static void begin(void)
{
	mock_begin(&mock, &f, false);
	f.conf_ca.forwarding = CONF_FORWARDING_UNCHANGED;
	mock_load(&mock);
	served = mock_ask(&mock);
	mock_run(&mock, served);
	ck_assert_uint_eq(mock.n_seen, 2);
	OK(octets_dup(octets_view(&mock.seen[0].request), &cr));
	OK(octets_dup(octets_view(&mock.seen[1].request), &cert_conf));
	mock.forget = true;
	mock.transfers = 0;
}

static void end(void)
{
	octets_clear(&cr);
	octets_clear(&cert_conf);
	mock_end(&mock);
}

/* What cmf/ and the door do with a request. */
static int64_t ask(struct bytes message)
{
	struct store_certificate cert = {.ca = (char *)"test",
					 .state = STORE_CERT_REQUESTED,
					 .requester = (char *)"vnfm-a",
					 .reason = STORE_REASON_NONE};
	int64_t id;
	_cleanup_(octets_clear) struct octets names = OCTETS_NULL;
	struct ca_forward forward = {.message = message, .to = STORE_CERT_PENDING};

	OK(ca_names_encode(&mock.rq.request, &names));
	forward.names = octets_view(&names);
	SHA256(mock.rq.spki.data, mock.rq.spki.len, cert.key_digest);
	cert.registration_id = mock_registration(&mock);
	OK(store_certificate_insert(f.unit, &cert, &id));
	forward.certificate_id = id;
	OK(ca_upstream_forward(f.ca, &forward, f.unit));
	OK(store_unit_commit(f.unit));
	return store_unit_id(f.unit, id);
}

static struct ca_forwarded forwarded_get(int64_t id, enum store_exchange_kind kind)
{
	struct ca_forwarded forwarded;

	OK(ca_upstream_forwarded(f.reader, id, kind, &forwarded));
	return forwarded;
}

/* Whether there is an answer for the client: exactly what the upstream has sent. */
static void check_answer(int64_t id, enum store_exchange_kind kind, bool expected)
{
	struct ca_forwarded forwarded = forwarded_get(id, kind);

	ck_assert_int_eq(forwarded.answer.len > 0, expected);
	if (expected)
		ck_assert(bytes_equal(octets_view(&forwarded.answer),
				      octets_view(&mock.seen[mock.n_seen - 1].answer)));
	ca_forwarded_clear(&forwarded);
}

static void check_sent(struct bytes message)
{
	ck_assert(bytes_equal(octets_view(&mock.seen[mock.n_seen - 1].request), message));
}

START_TEST(rfc9483_5_2_1_octet_for_octet)
{
	int64_t id = ask(octets_view(&cr));

	mock_run(&mock, id);
	ck_assert_int_eq(mock.transfers, 1);
	check_sent(octets_view(&cr));
	check_state(&mock, id, STORE_CERT_PENDING);
	check_answer(id, STORE_EXCHANGE_ISSUE, true);
	/* Nothing is confirmed in the client's place. */
	ck_assert_int_eq(mock.confirmed, 1);
}
END_TEST

enum { CLAIMANT = 9, LONG_MS = 600000 };

static void check_claimed_long(struct upstream_mock *m)
{
	struct store_exchange e = {0};

	OK(store_exchange_get(f.reader, forwarded_id, &e));
	ck_assert_int_eq(e.claimant, CLAIMANT);
	ck_assert_int_gt(e.claim_left_ms, LONG_MS / 2);
	store_exchange_clear(&e);
}

/* The unit that begins it claims it for the time that is waited for the CA; nothing else is
 * committed before it is sent. */
START_TEST(test_claimed_by_the_unit_that_begins_it)
{
	struct ca_forwarded forwarded;
	int64_t id;

	f.ca->upstream->claimant = CLAIMANT;
	f.conf_ca.upstream_wait_ms = LONG_MS;
	id = ask(octets_view(&cr));
	forwarded = forwarded_get(id, STORE_EXCHANGE_ISSUE);
	forwarded_id = forwarded.id;
	ca_forwarded_clear(&forwarded);
	f.conf_ca.upstream_wait_ms = 10000;
	mock.before = check_claimed_long;
	mock_run(&mock, id);
	ck_assert_int_eq(mock.transfers, 1);
	check_state(&mock, id, STORE_CERT_PENDING);
}
END_TEST

START_TEST(test_sent_again_after_a_restart)
{
	int64_t id = ask(octets_view(&cr));

	mock.lose_at = 1;
	mock.lose = _i == 0 ? MOCK_LOSE_REQUEST : MOCK_LOSE_ANSWER;
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	check_answer(id, STORE_EXCHANGE_ISSUE, false);
	mock_restart(&mock);
	f.now_ms += MOCK_PAUSE_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_sent(octets_view(&cr));
	check_state(&mock, id, STORE_CERT_PENDING);
	check_answer(id, STORE_EXCHANGE_ISSUE, true);
}
END_TEST

/* RFC 9483 3.5: an answer that does not verify is none. */
START_TEST(rfc9483_5_2_forged_answer)
{
	int64_t id = ask(octets_view(&cr));

	mock.forge = true;
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	check_answer(id, STORE_EXCHANGE_ISSUE, false);
	mock.forge = false;
	f.now_ms += MOCK_PAUSE_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_PENDING);
}
END_TEST

/*
 * Whatever an answer looks like: it counts if its header, body and protection are as they were
 * sent. extraCerts are not protected; there only the signer's certificate has to be right.
 */
START_TEST(rfc9483_3_5_hostile_answers)
{
	static const size_t unprotected = 700;
	int64_t id = ask(octets_view(&cr));
	struct store_certificate cert = {0};
	size_t len;

	/* Answered once and lost, so that it is the same from now on. */
	mock.lose_at = 1;
	mock.lose = MOCK_LOSE_ANSWER;
	mock_run(&mock, id);
	/* The answer to the same octets, which the mock looks for from the beginning on. */
	octets_clear(&mock.seen[0].request);
	mock.forget = false;
	len = mock.seen[mock.n_seen - 1].answer.len;
	for (size_t at = 1; at < len; at += 3) {
		mock.forge = _i == 0;
		mock.forge_at = at;
		mock.cut_to = _i == 0 ? 0 : at;
		f.now_ms += MOCK_PAUSE_MS;
		OK(ca_housekeeping(f.ca, f.reader, f.unit));
		OK(store_certificate_get(f.reader, id, &cert));
		if (cert.state != STORE_CERT_REQUESTED) {
			ck_assert_int_eq(_i, 0);
			ck_assert_uint_gt(at, len - unprotected);
			at = len;
		}
		store_certificate_clear(&cert);
	}
	ck_assert_int_gt(mock.transfers, 100);
}
END_TEST

/* A certificate for the same key, in answer to another request. */
START_TEST(rfc9483_5_1_answer_of_another_transaction)
{
	int64_t id;

	mock.lose_at = 1;
	mock.lose = MOCK_LOSE_ANSWER;
	mock_run(&mock, mock_ask(&mock));
	ck_assert_uint_eq(mock.n_seen, 3);
	octets_clear(&mock.seen[0].answer);
	OK(octets_dup(octets_view(&mock.seen[2].answer), &mock.seen[0].answer));
	mock.forget = false;
	id = ask(octets_view(&cr));
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	check_answer(id, STORE_EXCHANGE_ISSUE, false);
}
END_TEST

/* One whom we trust for something else. */
START_TEST(rfc9483_5_2_answer_of_another_sender)
{
	int64_t id;

	f.conf_ca.expect_sender = fixture_dn(&f, "/CN=Somebody");
	mock_restart(&mock);
	id = ask(octets_view(&cr));
	mock_run(&mock, id);
	ck_assert_int_eq(mock.transfers, 1);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	check_answer(id, STORE_EXCHANGE_ISSUE, false);
}
END_TEST

/* RFC 9483 1.5: one with the name, but not there to speak for the CA; 1: it is pinned. */
START_TEST(rfc9483_1_5_who_may_answer)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	f.conf_ca.forwarding = CONF_FORWARDING_UNCHANGED;
	mock_certify(&mock, "clientAuth");
	if (_i == 1) {
		f.conf_ca.server_certificate = fixture_path(&f, "server.pem");
		pki_certs_write(f.conf_ca.server_certificate, mock.server_cert, NULL);
	}
	mock_load(&mock);
	mock_run(&mock, mock_ask(&mock));
	OK(octets_dup(octets_view(&mock.seen[0].request), &cr));
	mock.forget = true;
	/* Who is pinned need not be in the answer. */
	mock.bare = _i == 1;
	id = ask(octets_view(&cr));
	mock_run(&mock, id);
	check_state(&mock, id, _i == 1 ? STORE_CERT_PENDING : STORE_CERT_REQUESTED);
	octets_clear(&cr);
	mock_end(&mock);
}
END_TEST

START_TEST(rfc9483_5_2_rejection)
{
	int64_t id = ask(octets_view(&cr));

	mock.reject = true;
	mock.failinfo = FAIL_BAD_CERT_TEMPLATE;
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_failinfo(&mock, id, FAIL_BAD_CERT_TEMPLATE);
	check_answer(id, STORE_EXCHANGE_ISSUE, true);
}
END_TEST

/* A certificate for another key, or of another CA, is not passed on, and revoked there. */
START_TEST(rfc9483_5_2_certificate_not_wanted)
{
	int64_t id = ask(octets_view(&cr));

	mock.other_key = _i == 0;
	mock.other_ca = _i == 1;
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_failinfo(&mock, id, -1);
	ck_assert_str_eq(refusal_code(reason_of(&mock, id)),
			 _i == 0 ? "upstream_cert_key" : "upstream_cert_issuer");
	check_answer(id, STORE_EXCHANGE_ISSUE, false);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_OPEN);
}
END_TEST

/* RFC 4210 Appendix F: the client hears what the upstream says of its changes, and nothing of a
 * certificate of somebody else, which is revoked there. */
START_TEST(rfc4210_f_what_the_upstream_changed)
{
	const struct mock_change *change = &mock_changes[_i];
	int64_t id;

	mock_change(&mock, change);
	id = ask(octets_view(&cr));
	mock_run(&mock, id);
	check_change(&mock, id, change, false);
	check_answer(id, STORE_EXCHANGE_ISSUE, change->reason == REFUSAL_NONE);
	if (change->reason != REFUSAL_NONE)
		check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_OPEN);
}
END_TEST

START_TEST(rfc9483_6_upstream_timeout)
{
	int64_t id = ask(octets_view(&cr));

	mock.polls = _i;
	mock.unreachable = _i == 0;
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	/* The upstream's `waiting` is the client's to hear, and to poll for. */
	check_answer(id, STORE_EXCHANGE_ISSUE, _i > 0);
	mock.transfers = 0;
	f.now_ms += DAY_MS - 1;
	if (_i > 0)
		OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 0);
	f.now_ms += 1;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_failinfo(&mock, id, FAIL_SYSTEM_UNAVAIL);
}
END_TEST

/* What the upstream says to this certConf, which is of another time, is an error. */
START_TEST(rfc9483_5_2_certconf_refused)
{
	int64_t id = ask(octets_view(&cr));
	struct ca_forward forward = {.kind = STORE_EXCHANGE_CONFIRM,
				     .message = octets_view(&cert_conf),
				     .to = STORE_CERT_ACTIVE};

	mock_run(&mock, id);
	forward.certificate_id = id;
	OK(ca_upstream_forward(f.ca, &forward, f.unit));
	OK(store_unit_commit(f.unit));
	OK(ca_upstream_forward_run(f.ca, id, STORE_EXCHANGE_CONFIRM, f.reader, f.unit));
	check_sent(octets_view(&cert_conf));
	check_exchange(&mock, id, STORE_EXCHANGE_CONFIRM, STORE_EXCHANGE_FAILED);
	check_answer(id, STORE_EXCHANGE_CONFIRM, true);
	check_state(&mock, id, STORE_CERT_PENDING);
}
END_TEST

/* The signer is known from the answer before; 1: also after a restart; 2: the answer is an error.
 */
START_TEST(rfc9483_3_3_pkiconf_without_extracerts)
{
	int64_t id = _i == 2 ? ask(octets_view(&cr)) : served;
	struct ca_forward forward = {.kind = STORE_EXCHANGE_CONFIRM,
				     .message = octets_view(&cert_conf),
				     .to = STORE_CERT_ACTIVE};
	struct ca_forwarded forwarded;

	/* The same octets again have the same answers. */
	mock.forget = _i == 2;
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_PENDING);
	if (_i == 1)
		mock_restart(&mock);
	mock.bare = true;
	forward.certificate_id = id;
	OK(ca_upstream_forward(f.ca, &forward, f.unit));
	OK(store_unit_commit(f.unit));
	OK(ca_upstream_forward_run(f.ca, id, STORE_EXCHANGE_CONFIRM, f.reader, f.unit));
	check_exchange(&mock, id, STORE_EXCHANGE_CONFIRM,
		       _i == 2 ? STORE_EXCHANGE_FAILED : STORE_EXCHANGE_DONE);
	forwarded = forwarded_get(id, STORE_EXCHANGE_CONFIRM);
	ck_assert_uint_gt(forwarded.answer.len, 0);
	ca_forwarded_clear(&forwarded);
	check_state(&mock, id, _i == 2 ? STORE_CERT_PENDING : STORE_CERT_ACTIVE);
}
END_TEST

/* Who is known is no more than a candidate: forged is forged. */
START_TEST(rfc9483_3_3_forged_without_extracerts)
{
	int64_t id = served;
	struct ca_forward forward = {.kind = STORE_EXCHANGE_CONFIRM,
				     .message = octets_view(&cert_conf),
				     .to = STORE_CERT_ACTIVE};

	mock.forget = false;
	mock.bare = mock.forge = true;
	forward.certificate_id = id;
	OK(ca_upstream_forward(f.ca, &forward, f.unit));
	OK(store_unit_commit(f.unit));
	OK(ca_upstream_forward_run(f.ca, id, STORE_EXCHANGE_CONFIRM, f.reader, f.unit));
	check_exchange(&mock, id, STORE_EXCHANGE_CONFIRM, STORE_EXCHANGE_OPEN);
	check_state(&mock, id, STORE_CERT_PENDING);
}
END_TEST

/* pollRep after an ip that said `waiting`. */
START_TEST(rfc9483_3_3_pollrep_without_extracerts)
{
	struct ca_forwarded before, after;
	struct octets poll;
	int64_t id;
	struct ca_forward forward = {.kind = STORE_EXCHANGE_ISSUE, .to = STORE_CERT_PENDING};
	size_t n = mock.n_seen;

	/* A cr that waits, a pollReq with pollRep: of an exchange of OpenSSL's client. */
	mock.polls = 4;
	mock_run(&mock, mock_ask(&mock));
	f.now_ms += MOCK_PAUSE_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_uint_ge(mock.n_seen, n + 2);
	octets_clear(&cr);
	OK(octets_dup(octets_view(&mock.seen[n].request), &cr));
	OK(octets_dup(octets_view(&mock.seen[n + 1].request), &poll));
	mock.forget = false;
	id = ask(octets_view(&cr));
	mock_run(&mock, id);
	before = forwarded_get(id, STORE_EXCHANGE_ISSUE);
	ck_assert(before.open && before.answer.len > 0);
	mock_restart(&mock);
	mock.bare = true;
	forward.message = octets_view(&poll);
	forward.certificate_id = id;
	forward.previous_id = before.id;
	OK(ca_upstream_forward(f.ca, &forward, f.unit));
	OK(store_unit_commit(f.unit));
	OK(ca_upstream_forward_run(f.ca, id, STORE_EXCHANGE_ISSUE, f.reader, f.unit));
	after = forwarded_get(id, STORE_EXCHANGE_ISSUE);
	ck_assert_int_gt(after.id, before.id);
	ck_assert_uint_gt(after.answer.len, 0);
	ca_forwarded_clear(&before);
	ca_forwarded_clear(&after);
	octets_clear(&poll);
}
END_TEST

/* --- rr --- */

static struct store_certificate certificate_of(int64_t id)
{
	struct store_certificate cert = {0};

	OK(store_certificate_get(f.reader, id, &cert));
	return cert;
}

/* A certificate that is active; an rr for it, signed by OpenSSL's client, goes to *rrp. */
static int64_t active(struct octets *rrp)
{
	int64_t id = ask(octets_view(&cr));
	struct store_certificate cert;

	mock_run(&mock, id);
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	OK(store_unit_commit(f.unit));
	cert = certificate_of(id);
	OK(ca_revoke(f.ca, &cert, STORE_CERT_REVOKED, 1, f.unit));
	OK(store_unit_commit(f.unit));
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REVOKED);
	OK(octets_dup(octets_view(&mock.seen[mock.n_seen - 1].request), rrp));
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_REVOKED, STORE_CERT_ACTIVE));
	OK(store_unit_commit(f.unit));
	store_certificate_clear(&cert);
	mock.revoked = mock.transfers = 0;
	return id;
}

/* What the door does with an rr. */
static void revoke(int64_t id, struct bytes rr)
{
	struct store_certificate cert = certificate_of(id);

	OK(ca_upstream_revoke_forward(f.ca, &cert, STORE_CERT_REVOKED, 1, rr, f.unit));
	OK(store_unit_commit(f.unit));
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
	(void)!ca_upstream_revoke_run(f.ca, id, f.reader, f.unit);
	store_certificate_clear(&cert);
}

/* Our own rr follows: other octets. */
static void check_ours_follows(int64_t id, struct bytes rr)
{
	struct bytes last;

	mock.rr_status = OSSL_CMP_PKISTATUS_accepted;
	mock.unreachable = false;
	f.now_ms += DAY_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	f.now_ms += MOCK_PAUSE_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	last = octets_view(&mock.seen[mock.n_seen - 1].request);
	ck_assert(!bytes_equal(last, rr));
	ck_assert_int_eq(mock.revoked, 1);
	check_state(&mock, id, STORE_CERT_REVOKED);
}

START_TEST(rfc9483_5_2_rr_passed_on)
{
	struct octets rr;
	int64_t id = active(&rr);

	revoke(id, octets_view(&rr));
	check_sent(octets_view(&rr));
	ck_assert_int_eq(mock.revoked, 1);
	check_state(&mock, id, STORE_CERT_REVOKED);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE_FORWARD, STORE_EXCHANGE_DONE);
	check_answer(id, STORE_EXCHANGE_REVOKE_FORWARD, true);
	octets_clear(&rr);
}
END_TEST

/* RFC 5280 4.1.2.2, of the certificate and of the CertId in rp. */
START_TEST(rfc5280_4_1_2_2_serial_numbers)
{
	struct octets rr;
	int64_t id;

	mock.serial = mock_serials[_i];
	id = active(&rr);
	revoke(id, octets_view(&rr));
	ck_assert_int_eq(mock.revoked, 1);
	check_state(&mock, id, STORE_CERT_REVOKED);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE_FORWARD, STORE_EXCHANGE_DONE);
	octets_clear(&rr);
}
END_TEST

START_TEST(rfc5280_4_1_2_2_serial_number_too_long)
{
	int64_t id = ask(octets_view(&cr));

	mock.serial = MOCK_SERIAL_TOO_LONG;
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_answer(id, STORE_EXCHANGE_ISSUE, false);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_OPEN);
}
END_TEST

START_TEST(rfc9483_3_3_rp_without_extracerts)
{
	struct octets rr;
	int64_t id = active(&rr);

	mock.bare = true;
	mock.rr_status = _i == 0 ? OSSL_CMP_PKISTATUS_accepted : OSSL_CMP_PKISTATUS_rejection;
	mock.failinfo = FAIL_NOT_AUTHORIZED;
	revoke(id, octets_view(&rr));
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE_FORWARD,
		       _i == 0 ? STORE_EXCHANGE_DONE : STORE_EXCHANGE_FAILED);
	check_state(&mock, id, _i == 0 ? STORE_CERT_REVOKED : STORE_CERT_REVOCATION_PENDING);
	octets_clear(&rr);
}
END_TEST

START_TEST(test_rr_sent_again_after_a_restart)
{
	struct octets rr;
	int64_t id = active(&rr);

	mock.lose_at = 1;
	mock.lose = _i == 0 ? MOCK_LOSE_REQUEST : MOCK_LOSE_ANSWER;
	revoke(id, octets_view(&rr));
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
	mock_restart(&mock);
	f.now_ms += MOCK_PAUSE_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_sent(octets_view(&rr));
	check_state(&mock, id, STORE_CERT_REVOKED);
	check_answer(id, STORE_EXCHANGE_REVOKE_FORWARD, true);
	octets_clear(&rr);
}
END_TEST

static int64_t give_up_earliest_ms(int64_t id)
{
	struct store_certificate cert = certificate_of(id);
	int64_t earliest_ms = 0;

	ck_assert_int_eq(ca_upstream_revoke_give_up(f.ca, &cert, f.reader, f.unit, &earliest_ms),
			 -EAGAIN);
	store_certificate_clear(&cert);
	return earliest_ms;
}

/* Ours follows it, and has its time from then on; also if nobody has ended the client's yet. */
START_TEST(test_rr_that_is_given_up)
{
	struct store_certificate cert;
	struct octets rr;
	int64_t id = active(&rr), start_ms = f.now_ms, earliest_ms;

	mock.unreachable = true;
	revoke(id, octets_view(&rr));
	ck_assert_int_eq(give_up_earliest_ms(id), start_ms + 2 * DAY_MS);
	f.now_ms += DAY_MS + HOUR_MS;
	ck_assert_int_eq(give_up_earliest_ms(id), f.now_ms + DAY_MS);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE_FORWARD, STORE_EXCHANGE_FAILED);
	ck_assert_int_eq(give_up_earliest_ms(id), f.now_ms + DAY_MS);
	f.now_ms += DAY_MS;
	cert = certificate_of(id);
	OK(ca_upstream_revoke_give_up(f.ca, &cert, f.reader, f.unit, &earliest_ms));
	OK(store_unit_commit(f.unit));
	store_certificate_clear(&cert);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REVOKED);
	octets_clear(&rr);
}
END_TEST

/* The client hears what the upstream says; the revocation is ours to see through. */
START_TEST(rfc9483_5_2_rr_refused)
{
	struct octets rr;
	int64_t id = active(&rr);
	int failinfo;

	mock.rr_status = OSSL_CMP_PKISTATUS_rejection;
	mock.failinfo = FAIL_NOT_AUTHORIZED;
	revoke(id, octets_view(&rr));
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
	check_exchange(&mock, id, STORE_EXCHANGE_REVOKE_FORWARD, STORE_EXCHANGE_FAILED);
	check_answer(id, STORE_EXCHANGE_REVOKE_FORWARD, true);
	OK(ca_upstream_revoke_failinfo(f.reader, id, &failinfo));
	ck_assert_int_eq(failinfo, FAIL_NOT_AUTHORIZED);
	check_ours_follows(id, octets_view(&rr));
	octets_clear(&rr);
}
END_TEST

START_TEST(rfc9483_6_rr_upstream_timeout)
{
	struct octets rr;
	int64_t id = active(&rr);
	int failinfo;

	mock.unreachable = true;
	revoke(id, octets_view(&rr));
	/* What an earlier rr came to is not what this one comes to. */
	OK(ca_upstream_revoke_failinfo(f.reader, id, &failinfo));
	ck_assert_int_eq(failinfo, -1);
	check_ours_follows(id, octets_view(&rr));
	octets_clear(&rr);
}
END_TEST

/* RFC 9483 4.2: failInfo "MUST be absent if the status is 'accepted'"; such an rp says nothing. */
START_TEST(rfc9483_4_2_rp_that_contradicts_itself)
{
	struct octets rr;
	int64_t id = active(&rr);

	mock.rr_failinfo = true;
	mock.failinfo = FAIL_NOT_AUTHORIZED;
	revoke(id, octets_view(&rr));
	check_sent(octets_view(&rr));
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
	check_answer(id, STORE_EXCHANGE_REVOKE_FORWARD, false);
	octets_clear(&rr);
}
END_TEST

/* An rp about another certificate is none. */
START_TEST(rfc4210_5_3_10_rp_for_another_certificate)
{
	struct store_certificate cert;
	struct octets rr;
	int64_t id = active(&rr), other = mock_ask(&mock);

	mock_run(&mock, other);
	cert = certificate_of(other);
	OK(ca_revoke(f.ca, &cert, STORE_CERT_REVOKED, 1, f.unit));
	OK(store_unit_commit(f.unit));
	OK(ca_upstream_revoke_run(f.ca, other, f.reader, f.unit));
	store_certificate_clear(&cert);
	octets_clear(&rr);
	OK(octets_dup(octets_view(&mock.seen[mock.n_seen - 1].request), &rr));
	revoke(id, octets_view(&rr));
	check_sent(octets_view(&rr));
	check_state(&mock, id, STORE_CERT_REVOCATION_PENDING);
	check_answer(id, STORE_EXCHANGE_REVOKE_FORWARD, false);
	octets_clear(&rr);
}
END_TEST

START_TEST(test_needs_a_signature_credential)
{
	mock_begin(&mock, &f, true);
	f.conf_ca.forwarding = CONF_FORWARDING_ADDED;
	fixture_load_problem(&f, "[ca test] forwarding: needs ra_certificate");
	mock_end(&mock);
}
END_TEST

static Suite *forward_suite(void)
{
	Suite *suite = suite_create("forward");
	TCase *tcase = tcase_create("forward"), *problems = tcase_create("problems");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, rfc9483_5_2_1_octet_for_octet);
	tcase_add_test(tcase, test_claimed_by_the_unit_that_begins_it);
	tcase_add_loop_test(tcase, test_sent_again_after_a_restart, 0, 2);
	tcase_add_test(tcase, rfc9483_5_2_forged_answer);
	tcase_add_test(tcase, rfc9483_5_1_answer_of_another_transaction);
	tcase_add_test(tcase, rfc9483_5_2_answer_of_another_sender);
	tcase_add_loop_test(tcase, rfc9483_3_5_hostile_answers, 0, 2);
	tcase_add_test(tcase, rfc9483_5_2_rejection);
	tcase_add_loop_test(tcase, rfc9483_5_2_certificate_not_wanted, 0, 2);
	tcase_add_loop_test(tcase, rfc4210_f_what_the_upstream_changed, 0, (int)mock_changes_len);
	tcase_add_loop_test(tcase, rfc9483_6_upstream_timeout, 0, 2);
	tcase_add_test(tcase, rfc9483_5_2_certconf_refused);
	tcase_add_loop_test(tcase, rfc9483_3_3_pkiconf_without_extracerts, 0, 3);
	tcase_add_test(tcase, rfc9483_3_3_forged_without_extracerts);
	tcase_add_test(tcase, rfc9483_3_3_pollrep_without_extracerts);
	tcase_add_loop_test(tcase, rfc9483_3_3_rp_without_extracerts, 0, 2);
	tcase_add_test(tcase, rfc9483_5_2_rr_passed_on);
	tcase_add_loop_test(tcase, rfc5280_4_1_2_2_serial_numbers, 0, (int)mock_serials_len);
	tcase_add_test(tcase, rfc5280_4_1_2_2_serial_number_too_long);
	tcase_add_loop_test(tcase, test_rr_sent_again_after_a_restart, 0, 2);
	tcase_add_test(tcase, test_rr_that_is_given_up);
	tcase_add_test(tcase, rfc9483_5_2_rr_refused);
	tcase_add_test(tcase, rfc9483_6_rr_upstream_timeout);
	tcase_add_test(tcase, rfc4210_5_3_10_rp_for_another_certificate);
	tcase_add_test(tcase, rfc9483_4_2_rp_that_contradicts_itself);
	tcase_add_loop_test(problems, rfc9483_1_5_who_may_answer, 0, 2);
	tcase_add_test(problems, test_needs_a_signature_credential);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, problems);
	return suite;
}

SUITE_MAIN(forward_suite, SUITE_FORKS)
