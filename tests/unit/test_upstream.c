// SPDX-License-Identifier: Apache-2.0
/*
 * Exchanges with an upstream CA: what it is asked, what becomes of its answers, and that a crash at
 * any point leads to one certificate there, which is the one here.
 */
#include "asn1/pkimessage.h"
#include "upstream_mock.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

static struct ca_fixture f;
static struct upstream_mock mock;
static struct request_fixture rq;

static void begin(bool mac)
{
	mock_begin(&mock, &f, mac);
	request_begin(&rq, &f);
}

static void end(void)
{
	request_end(&rq);
	mock_end(&mock);
}

static void restart(void)
{
	fixture_restart(&f);
	ca_set_transfer(f.ca, mock_transfer, &mock);
}

/* What cmf/ does with a request: the certificate REQUESTED and its exchange, in one unit. */
static int64_t ask(const char *subject_id)
{
	struct store_registration registration = {
		.cert_type = CERT_TYPE_VNFCI,
		.subject_id = (char *)subject_id,
		.handling = CERT_HANDLING_DELEGATION,
		.manager = (char *)"vnfm-a",
		.trust_domain = (char *)"a",
		.ca = (char *)"test",
		.profile = (char *)"VnfciCert",
	};
	struct store_certificate cert = {.ca = (char *)"test",
					 .state = STORE_CERT_REQUESTED,
					 .requester = (char *)"vnfm-a",
					 .reason = STORE_REASON_NONE};
	int64_t registration_id, id, exchange_id = 0;

	OK(store_registration_insert(f.unit, &registration, &registration_id));
	OK(store_certificate_insert(f.unit, &cert, &registration_id, &id));
	OK(ca_upstream_request(f.ca, &rq.request, &id, f.unit, &exchange_id));
	OK(store_unit_commit(f.unit));
	ck_assert_int_gt(exchange_id, 0);
	return id;
}

static void run(int64_t id)
{
	OK(ca_upstream_run(f.ca, id, f.reader, f.unit));
	ck_assert(store_unit_empty(f.unit));
}

static void check_state(int64_t id, enum store_certificate_state expected)
{
	struct store_certificate cert = {0};

	OK(store_certificate_get(f.reader, id, &cert));
	ck_assert_int_eq(cert.state, expected);
	store_certificate_clear(&cert);
}

static void check_exchange(int64_t id, enum store_exchange_kind kind,
			   enum store_exchange_state expected)
{
	struct store_exchange e = {0};

	OK(store_exchange_find(f.reader, id, kind, &e));
	ck_assert_int_eq(e.state, expected);
	store_exchange_clear(&e);
}

static void check_failinfo(int64_t id, int expected)
{
	int failinfo = -2;

	OK(ca_upstream_failinfo(f.reader, id, &failinfo));
	ck_assert_int_eq(failinfo, expected);
}

/* The certificate in the store is the one that the upstream issued, and it is its only one. */
static void check_granted(int64_t id)
{
	struct store_certificate cert = {0};
	const ASN1_INTEGER *serial;
	const uint8_t *p;
	X509 *decoded;

	OK(store_certificate_get(f.reader, id, &cert));
	ck_assert_int_eq(cert.state, STORE_CERT_PENDING);
	p = cert.der.data;
	decoded = d2i_X509(NULL, &p, (long)cert.der.len);
	ck_assert_ptr_nonnull(decoded);
	ck_assert_int_eq(X509_cmp(decoded, mock.cert), 0);
	serial = X509_get0_serialNumber(decoded);
	ck_assert_int_eq(ASN1_STRING_length(serial), cert.serial_len);
	ck_assert_mem_eq(ASN1_STRING_get0_data(serial), cert.serial, cert.serial_len);
	ck_assert_str_eq(cert.subject, "CN=vnfci-1");
	ck_assert_int_eq(mock.issued, 1);
	ck_assert_int_eq(mock.confirmed, 1);
	ck_assert_int_eq(mock.refused, 0);
	X509_free(decoded);
	store_certificate_clear(&cert);
	check_exchange(id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_DONE);
	check_failinfo(id, -1);
}

/* --- what is asked --------------------------------------------------------------------------- */

START_TEST(test_granted_at_once)
{
	struct store_certificate cert = {0};
	int64_t id;

	begin(_i);
	mock_load(&mock);
	ck_assert(ca_is_upstream(f.ca));
	id = ask("vnfci-1");
	/* Nothing is sent before the unit is committed and somebody works on it. */
	ck_assert_int_eq(mock.transfers, 0);
	check_state(id, STORE_CERT_REQUESTED);
	run(id);
	check_granted(id);
	ck_assert_int_eq(mock.transfers, 2);
	/* Names, key and validity are those of the request: cr with raVerified. */
	ck_assert_int_eq(X509_check_host(mock.cert, "vnfci-1.example.net", 0, 0, NULL), 1);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(mock.cert), rq.key), 1);
	ck_assert_int_eq(X509_get_ext_by_NID(mock.cert, NID_basic_constraints, -1), 0);
	OK(store_certificate_get(f.reader, id, &cert));
	ck_assert_int_eq(cert.not_before_ms, rq.request.not_before_ms);
	ck_assert_int_eq(cert.not_after_ms, rq.request.not_after_ms);
	store_certificate_clear(&cert);
	/* It is over: nothing is sent any more. */
	run(id);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 2);
	end();
}
END_TEST

static PKIHeader *header_of(const struct octets *der, PKIMessage **messagep)
{
	const uint8_t *p = der->data;
	PKIHeader *header;

	*messagep = d2i_PKIMessage(NULL, &p, (long)der->len);
	ck_assert_ptr_nonnull(*messagep);
	p = (*messagep)->header->value.sequence->data;
	header = d2i_PKIHeader(NULL, &p, (*messagep)->header->value.sequence->length);
	ck_assert_ptr_nonnull(header);
	return header;
}

/* RFC 9480 2.15: certProfile in the request, and not in certConf. */
START_TEST(test_rfc9480_2_15_cert_profile)
{
	static const uint8_t expected[] = {0x30, 0x06, 0x0c, 0x04, 'v', 'n', 'f', 'c'};
	char oid[64];
	int64_t id;

	begin(false);
	f.conf_ca.upstream_profile = (char *)"vnfc";
	mock_load(&mock);
	id = ask("vnfci-1");
	run(id);
	check_granted(id);
	for (int i = 0; i < 2; i++) {
		PKIMessage *message;
		PKIHeader *header = header_of(&mock.seen[i].request, &message);
		InfoTypeAndValue *itav;

		ck_assert_int_eq(sk_InfoTypeAndValue_num(header->generalInfo), i == 0 ? 1 : -1);
		if (i == 0) {
			itav = sk_InfoTypeAndValue_value(header->generalInfo, 0);
			OBJ_obj2txt(oid, sizeof(oid), itav->infoType, 1);
			ck_assert_str_eq(oid, "1.3.6.1.5.5.7.4.21");
			ck_assert_int_eq(itav->infoValue->value.sequence->length, sizeof(expected));
			ck_assert_mem_eq(itav->infoValue->value.sequence->data, expected,
					 sizeof(expected));
		}
		PKIHeader_free(header);
		PKIMessage_free(message);
	}
	end();
}
END_TEST

static struct octets p10_make(void)
{
	struct octets p10 = OCTETS_NULL;
	X509_REQ *request = X509_REQ_new();
	uint8_t *der = NULL;
	int len;

	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
				   (const unsigned char *)"vnfci-1", -1, -1, 0);
	X509_REQ_set_pubkey(request, rq.key);
	ck_assert_int_gt(X509_REQ_sign(request, rq.key, EVP_sha256()), 0);
	len = i2d_X509_REQ(request, &der);
	OK(octets_dup((struct bytes){der, (size_t)len}, &p10));
	OPENSSL_free(der);
	X509_REQ_free(request);
	return p10;
}

/* 0: the client's PKCS#10 is passed on; 1: it sent none, so it is a cr; 2: polled for. */
START_TEST(test_p10cr)
{
	struct octets p10 = OCTETS_NULL;
	const uint8_t *p;
	OSSL_CMP_MSG *sent;
	int64_t id;

	begin(false);
	f.conf_ca.request = CONF_UPSTREAM_P10CR;
	mock_load(&mock);
	if (_i != 1) {
		p10 = p10_make();
		rq.request.p10 = octets_view(&p10);
	}
	mock.polls = _i == 2 ? 3 : 0;
	id = ask("vnfci-1");
	run(id);
	for (int i = 0; i < 2 && _i == 2; i++) {
		check_state(id, STORE_CERT_REQUESTED);
		f.now_ms += 1000;
		run(id);
	}
	check_granted(id);
	p = mock.seen[0].request.data;
	sent = d2i_OSSL_CMP_MSG(NULL, &p, (long)mock.seen[0].request.len);
	ck_assert_int_eq(OSSL_CMP_MSG_get_bodytype(sent), _i == 1 ? PKI_BODY_CR : PKI_BODY_P10CR);
	OSSL_CMP_MSG_free(sent);
	octets_clear(&p10);
	end();
}
END_TEST

/* --- crashes --------------------------------------------------------------------------------- */

/* cr, certConf; or cr, pollReq with pollRep, pollReq with cp, certConf. */
static const struct {
	int polls;
	int messages;
} courses[] = {{0, 2}, {2, 4}, {4, 6}};

/* The polls come a second after each other, what is sent again after upstream_retry. */
static void go_on_until_granted(int64_t id, bool housekeeping)
{
	struct store_exchange e = {.state = STORE_EXCHANGE_OPEN};

	for (int i = 0; i < 20 && e.state == STORE_EXCHANGE_OPEN; i++) {
		f.now_ms += 5000;
		if (housekeeping)
			OK(ca_housekeeping(f.ca, f.reader, f.unit));
		else
			run(id);
		store_exchange_clear(&e);
		OK(store_exchange_find(f.reader, id, STORE_EXCHANGE_ISSUE, &e));
	}
	store_exchange_clear(&e);
}

static void crash_at(int course, int message, enum mock_loss loss)
{
	bool housekeeping = message % 2 == 0;
	int64_t id;

	begin(course % 2 == 1);
	mock_load(&mock);
	mock.polls = courses[course].polls;
	id = ask("vnfci-1");
	mock.lose_at = message;
	mock.lose = loss;
	for (int i = 0; i < 20 && mock.transfers < message; i++) {
		run(id);
		f.now_ms += 1000;
	}
	ck_assert_int_eq(mock.transfers, message);
	check_state(id, STORE_CERT_REQUESTED);
	restart();
	go_on_until_granted(id, housekeeping);
	check_granted(id);
	/* Nothing was asked anew: the octets that were sent again are the same. */
	ck_assert_uint_eq(mock.n_seen, (size_t)courses[course].messages);
	ck_assert_int_eq(mock.transfers, courses[course].messages + 1);
	end();
}

/* Before the message leaves (it is stored), and after the upstream got it (the answer is lost). */
START_TEST(test_crash_at_each_message)
{
	for (int message = 1; message <= courses[_i].messages; message++) {
		crash_at(_i, message, MOCK_LOSE_REQUEST);
		crash_at(_i, message, MOCK_LOSE_ANSWER);
	}
}
END_TEST

/* Down and up again between any two steps. */
START_TEST(test_restart_after_each_step)
{
	int64_t id;

	begin(false);
	mock_load(&mock);
	mock.polls = 6;
	id = ask("vnfci-1");
	for (int i = 0; i < 5; i++) {
		restart();
		run(id);
		check_state(id, STORE_CERT_REQUESTED);
		f.now_ms += 1000;
	}
	restart();
	run(id);
	check_granted(id);
	end();
}
END_TEST

START_TEST(test_only_the_needed_polls_are_replayed)
{
	struct store_exchange_messages messages = {0};
	struct store_exchange e = {0};
	int64_t id;

	begin(false);
	mock_load(&mock);
	mock.polls = 13;
	id = ask("vnfci-1");
	for (int i = 0; i < 12; i++) {
		run(id);
		check_state(id, STORE_CERT_REQUESTED);
		f.now_ms += 2000;
	}
	run(id);
	check_granted(id);
	ck_assert_int_eq(mock.transfers, 15);
	/* Requests and answers in order, each once. */
	OK(store_exchange_find(f.reader, id, STORE_EXCHANGE_ISSUE, &e));
	OK(store_exchange_messages_get(f.reader, e.id, &messages));
	ck_assert_uint_eq(messages.len, 30);
	for (size_t i = 0; i < messages.len; i++) {
		const struct mock_exchange *seen = &mock.seen[i / 2];

		ck_assert_int_eq(messages.item[i].seq, (int)i);
		ck_assert(messages.item[i].sent == (i % 2 == 0));
		ck_assert(bytes_equal(octets_view(&messages.item[i].der),
				      octets_view(i % 2 == 0 ? &seen->request : &seen->answer)));
	}
	store_exchange_messages_clear(&messages);
	store_exchange_clear(&e);
	end();
}
END_TEST

/* --- refusals -------------------------------------------------------------------------------- */

static const struct {
	bool reject, fail, polled, mac;
	int failinfo, expected;
} rejections[] = {
	{.reject = true, .failinfo = FAIL_BAD_CERT_TEMPLATE, .expected = FAIL_BAD_CERT_TEMPLATE},
	{.reject = true, .failinfo = FAIL_BAD_POP, .expected = FAIL_BAD_POP, .mac = true},
	{.reject = true, .failinfo = FAIL_BAD_ALG, .expected = FAIL_BAD_ALG, .polled = true},
	/* An error message instead of a cp. */
	{.fail = true, .expected = FAIL_BAD_REQUEST},
	{.fail = true, .expected = FAIL_BAD_REQUEST, .mac = true},
};

START_TEST(test_rejected)
{
	int64_t id;

	begin(rejections[_i].mac);
	mock_load(&mock);
	mock.reject = rejections[_i].reject;
	mock.fail = rejections[_i].fail;
	mock.failinfo = rejections[_i].failinfo;
	mock.polls = rejections[_i].polled ? 3 : 0;
	id = ask("vnfci-1");
	for (int i = 0; i < (rejections[_i].polled ? 3 : 1); i++) {
		check_state(id, STORE_CERT_REQUESTED);
		run(id);
		f.now_ms += 1000;
	}
	check_state(id, STORE_CERT_REJECTED);
	check_exchange(id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_FAILED);
	check_failinfo(id, rejections[_i].expected);
	ck_assert_int_eq(mock.issued, 0);
	end();
}
END_TEST

/* A certificate that is not what was asked for: refused in certConf, and here too. */
START_TEST(test_wrong_certificate)
{
	struct store_exchange e = {0};
	int64_t id;

	begin(false);
	mock_load(&mock);
	mock.other_key = _i == 0;
	mock.other_ca = _i == 1;
	id = ask("vnfci-1");
	run(id);
	check_state(id, STORE_CERT_REJECTED);
	check_exchange(id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_FAILED);
	check_failinfo(id, -1);
	ck_assert_int_eq(mock.refused, 1);
	ck_assert_int_eq(mock.confirmed, 0);
	/* The upstream knows: nothing has to be revoked there. */
	ck_assert_int_eq(store_exchange_find(f.reader, id, STORE_EXCHANGE_REVOKE, &e),
			 STORE_NOT_FOUND);
	end();
}
END_TEST

/* An answer that is not authentic is no answer: not kept, and asked for again. */
START_TEST(test_forged_answer)
{
	struct store_exchange_messages messages = {0};
	struct store_exchange e = {0};
	int64_t id;

	begin(_i);
	mock_load(&mock);
	mock.forge = true;
	id = ask("vnfci-1");
	run(id);
	check_state(id, STORE_CERT_REQUESTED);
	OK(store_exchange_find(f.reader, id, STORE_EXCHANGE_ISSUE, &e));
	ck_assert_int_eq(e.state, STORE_EXCHANGE_OPEN);
	OK(store_exchange_messages_get(f.reader, e.id, &messages));
	ck_assert_uint_eq(messages.len, 1);
	store_exchange_messages_clear(&messages);
	store_exchange_clear(&e);
	mock.forge = false;
	f.now_ms += 5000;
	run(id);
	check_granted(id);
	end();
}
END_TEST

/* Somebody else with a certificate below the same trust anchor. */
START_TEST(test_answer_of_another_sender)
{
	int64_t id;

	begin(false);
	f.conf_ca.expect_sender = (char *)"/CN=Downstream";
	mock_load(&mock);
	id = ask("vnfci-1");
	run(id);
	check_state(id, STORE_CERT_REQUESTED);
	ck_assert_int_eq(mock.confirmed, 0);
	end();
}
END_TEST

/* --- an upstream that does not answer -------------------------------------------------------- */

START_TEST(test_unreachable_until_timeout)
{
	int64_t id, start_ms;

	begin(false);
	mock_load(&mock);
	mock.unreachable = true;
	id = ask("vnfci-1");
	start_ms = f.now_ms;
	run(id);
	ck_assert_int_eq(mock.transfers, 1);
	/* Not before upstream_retry, by nobody. */
	f.now_ms = start_ms + 4000;
	run(id);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 1);
	f.now_ms = start_ms + 5000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 2);
	/* A second request does not wait for it either. */
	(void)ask("vnfci-2");
	f.now_ms += 1000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 2);
	f.now_ms = start_ms + DAY_MS - 1;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(id, STORE_CERT_REQUESTED);
	check_failinfo(id, -1);
	/* upstream_timeout: over, though it is not even tried any more. */
	f.now_ms = start_ms + DAY_MS;
	mock.transfers = 0;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(id, STORE_CERT_REJECTED);
	check_exchange(id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_FAILED);
	check_failinfo(id, FAIL_SYSTEM_UNAVAIL);
	ck_assert_int_le(mock.transfers, 1);
	end();
}
END_TEST

START_TEST(test_check_after_is_upstream_retry)
{
	begin(false);
	f.conf_ca.upstream_retry_ms = _i == 0 ? 5000 : _i == 1 ? 5001 : 100;
	mock_load(&mock);
	ck_assert_int_eq(ca_upstream_check_after(f.ca), _i == 0 ? 5 : _i == 1 ? 6 : 1);
	end();
}
END_TEST

/* certConf was perhaps received, no answer until the end: the certificate is revoked there. */
START_TEST(test_timeout_after_certconf)
{
	int64_t id;

	begin(false);
	mock_load(&mock);
	mock.lose_at = 2;
	mock.lose = MOCK_LOSE_ANSWER;
	id = ask("vnfci-1");
	run(id);
	ck_assert_int_eq(mock.confirmed, 1);
	mock.unreachable = true;
	restart();
	f.now_ms += DAY_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(id, STORE_CERT_REJECTED);
	check_failinfo(id, FAIL_SYSTEM_UNAVAIL);
	mock.unreachable = false;
	f.now_ms += HOUR_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.revoked, 1);
	check_exchange(id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_DONE);
	check_state(id, STORE_CERT_REJECTED);
	end();
}
END_TEST

/* The answer to certConf is lost, and the upstream refuses the same octets when they come again:
 * whether the certificate is valid there is not known, so it is not given out and is revoked. */
START_TEST(test_upstream_that_forgets)
{
	int64_t id;

	begin(false);
	mock_load(&mock);
	mock.lose_at = 2;
	mock.lose = MOCK_LOSE_ANSWER;
	mock.forget = true;
	id = ask("vnfci-1");
	run(id);
	ck_assert_int_eq(mock.confirmed, 1);
	check_state(id, STORE_CERT_REQUESTED);
	/* The cr is replayed from the store, so only the certConf comes again. */
	f.now_ms += 5000;
	run(id);
	check_state(id, STORE_CERT_REJECTED);
	check_exchange(id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_OPEN);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_exchange(id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_DONE);
	ck_assert_int_eq(mock.issued, 1);
	ck_assert_int_eq(mock.revoked, 1);
	end();
}
END_TEST

/* The client is gone: nothing is asked any more (0), or what is issued is revoked (1). */
START_TEST(test_given_up_by_the_client)
{
	int64_t id;

	begin(false);
	mock_load(&mock);
	mock.polls = 2;
	id = ask("vnfci-1");
	if (_i == 1)
		run(id);
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_REQUESTED, STORE_CERT_REJECTED));
	OK(store_unit_commit(f.unit));
	f.now_ms += 1000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	f.now_ms += 1000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.issued, _i);
	ck_assert_int_eq(mock.revoked, _i);
	ck_assert(_i == 1 || mock.transfers == 0);
	check_state(id, STORE_CERT_REJECTED);
	check_exchange(id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_FAILED);
	end();
}
END_TEST

/* --- revocation ------------------------------------------------------------------------------ */

/* Issued upstream and ACTIVE here, then ca_revoke(). */
static int64_t granted_and_revoked(enum store_certificate_state to)
{
	struct store_certificate cert = {0};
	int64_t id = ask("vnfci-1");

	run(id);
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	OK(store_unit_commit(f.unit));
	OK(store_certificate_get(f.reader, id, &cert));
	OK(ca_revoke(f.ca, &cert, to, 1, f.unit));
	OK(store_unit_commit(f.unit));
	store_certificate_clear(&cert);
	check_state(id, STORE_CERT_REVOCATION_PENDING);
	mock.transfers = 0;
	return id;
}

START_TEST(test_revoked)
{
	struct store_certificate cert = {0};
	int64_t id;

	begin(_i);
	mock_load(&mock);
	id = granted_and_revoked(_i ? STORE_CERT_REJECTED : STORE_CERT_REVOKED);
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	ck_assert_int_eq(mock.revoked, 1);
	check_exchange(id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_DONE);
	OK(store_certificate_get(f.reader, id, &cert));
	ck_assert_int_eq(cert.state, _i ? STORE_CERT_REJECTED : STORE_CERT_REVOKED);
	ck_assert_int_eq(cert.reason, 1);
	ck_assert_int_ne(cert.revoked_ms, 0);
	store_certificate_clear(&cert);
	/* And once more, by another worker that was late. */
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 1);
	end();
}
END_TEST

/* Not sent, or sent and not answered: tried again until it is done, also by the next process. */
START_TEST(test_revocation_is_durable)
{
	int64_t id;

	begin(false);
	mock_load(&mock);
	id = granted_and_revoked(STORE_CERT_REVOKED);
	mock.lose_at = 1;
	mock.lose = _i ? MOCK_LOSE_ANSWER : MOCK_LOSE_REQUEST;
	ck_assert_int_eq(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit), STORE_NOT_FOUND);
	check_state(id, STORE_CERT_REVOCATION_PENDING);
	restart();
	mock.unreachable = true;
	/* No deadline: a week, with ever longer pauses of at most an hour. */
	for (int i = 0; i < 7 * 24; i++) {
		f.now_ms += HOUR_MS;
		OK(ca_housekeeping(f.ca, f.reader, f.unit));
	}
	ck_assert_int_gt(mock.transfers, 7 * 24 - 4);
	check_state(id, STORE_CERT_REVOCATION_PENDING);
	mock.unreachable = false;
	f.now_ms += HOUR_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_state(id, STORE_CERT_REVOKED);
	ck_assert_int_eq(mock.revoked, 1);
	end();
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

	begin(false);
	mock_load(&mock);
	id = granted_and_revoked(STORE_CERT_REVOKED);
	mock.rr_status = OSSL_CMP_PKISTATUS_rejection;
	mock.failinfo = done_refusals[_i].failinfo;
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	check_state(id, STORE_CERT_REVOKED);
	check_exchange(id, STORE_EXCHANGE_REVOKE, done_refusals[_i].exchange);
	end();
}
END_TEST

START_TEST(test_refused_revocation_is_asked_again)
{
	int64_t id;

	begin(false);
	mock_load(&mock);
	id = granted_and_revoked(STORE_CERT_REVOKED);
	mock.rr_status = OSSL_CMP_PKISTATUS_rejection;
	mock.failinfo = FAIL_NOT_AUTHORIZED;
	ck_assert_int_eq(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit), STORE_NOT_FOUND);
	check_state(id, STORE_CERT_REVOCATION_PENDING);
	check_exchange(id, STORE_EXCHANGE_REVOKE, STORE_EXCHANGE_OPEN);
	/* Not at once. */
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 1);
	f.now_ms += 5000;
	mock.rr_status = OSSL_CMP_PKISTATUS_accepted;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 2);
	ck_assert_int_eq(mock.revoked, 1);
	check_state(id, STORE_CERT_REVOKED);
	end();
}
END_TEST

/* --- several workers ------------------------------------------------------------------------- */

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
	struct store_reader *reader;
	struct store_unit *unit;

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

	begin(false);
	f.conf_ca.upstream_workers = 1;
	f.conf_ca.upstream_wait_ms = 60000;
	sem_init(&inside, 0, 0);
	sem_init(&go, 0, 0);
	mock_load(&mock);
	mock.before = block;
	first = ask("vnfci-1");
	second = ask("vnfci-2");
	runner_start(&runner, first);
	sem_wait(&inside);
	run(second);
	ck_assert_int_eq(mock.transfers, 1);
	check_state(second, STORE_CERT_REQUESTED);
	mock.before = NULL;
	sem_post(&go);
	OK(pthread_join(runner.thread, NULL));
	OK(runner.result);
	check_granted(first);
	/* There is room again. */
	run(second);
	check_state(second, STORE_CERT_PENDING);
	end();
}
END_TEST

/* Two on the same certificate: one asks, the other waits for what comes of it. */
START_TEST(test_two_on_the_same_certificate)
{
	struct runner runner[2];
	int64_t id;

	begin(false);
	f.conf_ca.upstream_wait_ms = 60000;
	sem_init(&inside, 0, 0);
	sem_init(&go, 0, 0);
	mock_load(&mock);
	mock.before = block;
	id = ask("vnfci-1");
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
	check_granted(id);
	ck_assert_int_eq(mock.transfers, 2);
	end();
}
END_TEST

/* --- loading --------------------------------------------------------------------------------- */

static void break_ra_key(void)
{
	write_key(f.conf_ca.ra_key, f.root_key, NULL);
}

static void break_trusted(void)
{
	f.conf_ca.trusted = fixture_path(&f, "absent.pem");
}

static void break_sender(void)
{
	f.conf_ca.expect_sender = f.conf_ca.recipient = NULL;
}

static void break_name(void)
{
	f.conf_ca.expect_sender = (char *)"/Nothing=x";
}

static void break_certificate(void)
{
	f.conf_ca.certificate = NULL;
}

static const struct {
	void (*break_it)(void);
	const char *problem;
} problems[] = {
	{break_ra_key, "[ca test] ra_key: does not belong to ra_certificate"},
	{break_trusted, "[ca test] trusted: cannot read"},
	{break_sender, "[ca test] expect_sender: is required"},
	{break_name, "[ca test] expect_sender: is not a name"},
	{break_certificate, "[ca test] certificate: is required"},
};

START_TEST(test_problems)
{
	begin(false);
	problems[_i].break_it();
	fixture_load_problem(&f, problems[_i].problem);
	end();
}
END_TEST

static Suite *upstream_suite(void)
{
	Suite *suite = suite_create("upstream");
	TCase *asked = tcase_create("asked");
	TCase *crash = tcase_create("crash");
	TCase *refused = tcase_create("refused");
	TCase *silent = tcase_create("silent");
	TCase *revoke = tcase_create("revoke");
	TCase *workers = tcase_create("workers");

	tcase_add_loop_test(asked, test_granted_at_once, 0, 2);
	tcase_add_test(asked, test_rfc9480_2_15_cert_profile);
	tcase_add_loop_test(asked, test_p10cr, 0, 3);
	tcase_add_loop_test(asked, test_problems, 0, ARRAY_LEN(problems));
	tcase_add_loop_test(crash, test_crash_at_each_message, 0, ARRAY_LEN(courses));
	tcase_add_test(crash, test_restart_after_each_step);
	tcase_add_test(crash, test_only_the_needed_polls_are_replayed);
	tcase_add_loop_test(refused, test_rejected, 0, ARRAY_LEN(rejections));
	tcase_add_loop_test(refused, test_wrong_certificate, 0, 2);
	tcase_add_loop_test(refused, test_forged_answer, 0, 2);
	tcase_add_test(refused, test_answer_of_another_sender);
	tcase_add_test(silent, test_unreachable_until_timeout);
	tcase_add_loop_test(silent, test_check_after_is_upstream_retry, 0, 3);
	tcase_add_test(silent, test_timeout_after_certconf);
	tcase_add_test(silent, test_upstream_that_forgets);
	tcase_add_loop_test(silent, test_given_up_by_the_client, 0, 2);
	tcase_add_loop_test(revoke, test_revoked, 0, 2);
	tcase_add_loop_test(revoke, test_revocation_is_durable, 0, 2);
	tcase_add_loop_test(revoke, test_refused_revocation_that_is_done, 0,
			    ARRAY_LEN(done_refusals));
	tcase_add_test(revoke, test_refused_revocation_is_asked_again);
	tcase_add_test(workers, test_upstream_workers);
	tcase_add_test(workers, test_two_on_the_same_certificate);
	for (size_t i = 0; i < 6; i++) {
		TCase *const cases[] = {asked, crash, refused, silent, revoke, workers};

		tcase_set_timeout(cases[i], 120);
		suite_add_tcase(suite, cases[i]);
	}
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(upstream_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
