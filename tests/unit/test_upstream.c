// SPDX-License-Identifier: Apache-2.0
/*
 * Exchanges with an upstream CA: what it is asked, what becomes of its answers, and that a crash at
 * any point leads to one certificate there, which is the one here.
 */
#include "asn1/der.h"
#include "asn1/name_key.h"
#include "asn1/pkimessage.h"
#include "suite.h"
#include "upstream_mock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct ca_fixture f;
static struct upstream_mock mock;

/* --- what is asked --- */

START_TEST(test_granted_at_once)
{
	struct store_certificate cert = {0};
	int64_t id;

	mock_begin(&mock, &f, _i);
	mock_load(&mock);
	ck_assert(ca_is_upstream(f.ca));
	id = mock_ask(&mock);
	/* Nothing is sent before the unit is committed and somebody works on it. */
	ck_assert_int_eq(mock.transfers, 0);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	mock_run(&mock, id);
	check_granted(&mock, id);
	ck_assert_int_eq(mock.transfers, 2);
	/* Names, key and validity are those of the request: cr with raVerified. */
	ck_assert_int_eq(X509_check_host(mock.cert, "vnfci-1.example.net", 0, 0, NULL), 1);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(mock.cert), mock.rq.key), 1);
	ck_assert_int_eq(X509_get_ext_by_NID(mock.cert, NID_basic_constraints, -1), 0);
	OK(store_certificate_get(f.reader, id, &cert));
	ck_assert_int_eq(cert.not_before_ms, mock.rq.request.not_before_ms);
	ck_assert_int_eq(cert.not_after_ms, mock.rq.request.not_after_ms);
	store_certificate_clear(&cert);
	/* It is over: nothing is sent any more. */
	mock_run(&mock, id);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(mock.transfers, 2);
	mock_end(&mock);
}
END_TEST

static PKIHeader *header_of(const struct octets *der)
{
	struct bytes in = octets_view(der), tlv, parts, header_der;
	PKIHeader *header;
	uint8_t tag;

	OK(der_next(&in, &tag, &tlv, &parts));
	OK(der_next(&parts, &tag, &header_der, &tlv));
	header = d2i_PKIHeader(NULL, &header_der.data, (long)header_der.len);
	ck_assert_ptr_nonnull(header);
	return header;
}

/* RFC 9480 2.15: certProfile in the request, and not in certConf. */
START_TEST(test_rfc9480_2_15_cert_profile)
{
	static const uint8_t expected[] = {0x30, 0x06, 0x0c, 0x04, 'v', 'n', 'f', 'c'};
	char oid[64];
	int64_t id;

	mock_begin(&mock, &f, false);
	f.conf_ca.upstream_profile = (char *)"vnfc";
	mock_load(&mock);
	id = mock_ask(&mock);
	mock_run(&mock, id);
	check_granted(&mock, id);
	for (int i = 0; i < 2; i++) {
		PKIHeader *header = header_of(&mock.seen[i].request);
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
	}
	mock_end(&mock);
}
END_TEST

/* RFC 9483 3.1: certProfile is for who asks for certificates, not for rr. */
START_TEST(rfc9483_3_1_no_cert_profile_in_rr)
{
	struct store_certificate cert = {0};
	PKIHeader *header;
	int64_t id;

	mock_begin(&mock, &f, false);
	f.conf_ca.upstream_profile = (char *)"vnfc";
	mock_load(&mock);
	id = mock_ask(&mock);
	mock_run(&mock, id);
	OK(store_certificate_get(f.reader, id, &cert));
	OK(ca_revoke(f.ca, &cert, STORE_CERT_REVOKED, 1, f.unit));
	OK(store_unit_commit(f.unit));
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	ck_assert_int_eq(mock.revoked, 1);
	header = header_of(&mock.seen[2].request);
	ck_assert_int_eq(sk_InfoTypeAndValue_num(header->generalInfo), -1);
	PKIHeader_free(header);
	store_certificate_clear(&cert);
	mock_end(&mock);
}
END_TEST

START_TEST(rfc9483_4_1_5_mac_parameters_stay)
{
	PKIHeader *headers[4];
	int64_t id;

	mock_begin(&mock, &f, true);
	mock_load(&mock);
	mock.polls = 2;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	/* After a restart, too. */
	mock_restart(&mock);
	f.now_ms += MOCK_PAUSE_MS;
	mock_run(&mock, id);
	check_granted(&mock, id);
	ck_assert_uint_eq(mock.n_seen, 4);
	for (int i = 0; i < 4; i++) {
		headers[i] = header_of(&mock.seen[i].request);
		ck_assert_int_eq(
			X509_ALGOR_cmp(headers[0]->protectionAlg, headers[i]->protectionAlg), 0);
		ck_assert_int_eq(headers[i]->senderKID->length, 4);
		ck_assert_mem_eq(headers[i]->senderKID->data, "ra-1", 4);
	}
	for (int i = 0; i < 4; i++)
		PKIHeader_free(headers[i]);
	mock_end(&mock);
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
	X509_REQ_set_pubkey(request, mock.rq.key);
	ck_assert_int_gt(X509_REQ_sign(request, mock.rq.key, EVP_sha256()), 0);
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

	mock_begin(&mock, &f, false);
	f.conf_ca.request = CONF_UPSTREAM_P10CR;
	mock_load(&mock);
	if (_i != 1) {
		p10 = p10_make();
		mock.rq.request.p10 = octets_view(&p10);
	}
	mock.polls = _i == 2 ? 3 : 0;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	for (int i = 0; i < 2 && _i == 2; i++) {
		check_state(&mock, id, STORE_CERT_REQUESTED);
		f.now_ms += MOCK_PAUSE_MS;
		mock_run(&mock, id);
	}
	check_granted(&mock, id);
	p = mock.seen[0].request.data;
	sent = d2i_OSSL_CMP_MSG(NULL, &p, (long)mock.seen[0].request.len);
	ck_assert_int_eq(OSSL_CMP_MSG_get_bodytype(sent), _i == 1 ? PKI_BODY_CR : PKI_BODY_P10CR);
	OSSL_CMP_MSG_free(sent);
	octets_clear(&p10);
	mock_end(&mock);
}
END_TEST

/* --- crashes --- */

/* cr, certConf; or cr, pollReq with pollRep, pollReq with cp, certConf. */
static const struct {
	int polls;
	int messages;
} courses[] = {{0, 2}, {2, 4}, {4, 6}};

/* What is polled for and what is sent again is so after the same pause. */
static void go_on_until_granted(int64_t id, bool housekeeping)
{
	struct store_exchange e = {.state = STORE_EXCHANGE_OPEN};

	for (int i = 0; i < 20 && e.state == STORE_EXCHANGE_OPEN; i++) {
		f.now_ms += MOCK_PAUSE_MS;
		if (housekeeping)
			OK(ca_housekeeping(f.ca, f.reader, f.unit));
		else
			mock_run(&mock, id);
		store_exchange_clear(&e);
		OK(store_exchange_find(f.reader, id, STORE_EXCHANGE_ISSUE, &e));
	}
	store_exchange_clear(&e);
}

static void crash_at(int course, int message, enum mock_loss loss)
{
	bool housekeeping = message % 2 == 0;
	int64_t id;

	mock_begin(&mock, &f, course % 2 == 1);
	mock_load(&mock);
	mock.polls = courses[course].polls;
	id = mock_ask(&mock);
	mock.lose_at = message;
	mock.lose = loss;
	for (int i = 0; i < 20 && mock.transfers < message; i++) {
		mock_run(&mock, id);
		f.now_ms += MOCK_PAUSE_MS;
	}
	ck_assert_int_eq(mock.transfers, message);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	mock_restart(&mock);
	go_on_until_granted(id, housekeeping);
	check_granted(&mock, id);
	/* Nothing was asked anew: the octets that were sent again are the same. */
	ck_assert_uint_eq(mock.n_seen, (size_t)courses[course].messages);
	ck_assert_int_eq(mock.transfers, courses[course].messages + 1);
	mock_end(&mock);
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

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.polls = 6;
	id = mock_ask(&mock);
	for (int i = 0; i < 5; i++) {
		mock_restart(&mock);
		mock_run(&mock, id);
		check_state(&mock, id, STORE_CERT_REQUESTED);
		f.now_ms += MOCK_PAUSE_MS;
	}
	mock_restart(&mock);
	mock_run(&mock, id);
	check_granted(&mock, id);
	mock_end(&mock);
}
END_TEST

START_TEST(test_only_the_needed_polls_are_replayed)
{
	struct store_exchange_messages messages = {0};
	struct store_exchange e = {0};
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.polls = 13;
	id = mock_ask(&mock);
	for (int i = 0; i < 12; i++) {
		mock_run(&mock, id);
		check_state(&mock, id, STORE_CERT_REQUESTED);
		f.now_ms += HOUR_MS; /* the longest pause */
	}
	mock_run(&mock, id);
	check_granted(&mock, id);
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
	mock_end(&mock);
}
END_TEST

/* A worker waits for a checkAfter that ends within upstream_wait. */
START_TEST(test_polls_within_upstream_wait)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.polls = 2;
	mock.check_after_s = 1;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	check_granted(&mock, id);
	/* cr, two pollReqs, certConf */
	ck_assert_int_eq(mock.transfers, 4);
	mock_end(&mock);
}
END_TEST

/* upstream_wait = 0: no client waits, and the housekeeper asks all the same. */
START_TEST(test_housekeeping_without_upstream_wait)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	f.conf_ca.upstream_wait_ms = 0;
	mock_load(&mock);
	id = mock_ask(&mock);
	f.now_ms += 1;
	mock_run(&mock, id);
	ck_assert_int_eq(mock.transfers, 0);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	check_granted(&mock, id);
	mock_end(&mock);
}
END_TEST

/* --- refusals --- */

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

	mock_begin(&mock, &f, rejections[_i].mac);
	mock_load(&mock);
	mock.reject = rejections[_i].reject;
	mock.fail = rejections[_i].fail;
	mock.failinfo = rejections[_i].failinfo;
	mock.polls = rejections[_i].polled ? 3 : 0;
	id = mock_ask(&mock);
	for (int i = 0; i < (rejections[_i].polled ? 3 : 1); i++) {
		check_state(&mock, id, STORE_CERT_REQUESTED);
		mock_run(&mock, id);
		f.now_ms += MOCK_PAUSE_MS;
	}
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_exchange(&mock, id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_FAILED);
	check_failinfo(&mock, id, rejections[_i].expected);
	ck_assert_int_eq(mock.issued, 0);
	mock_end(&mock);
}
END_TEST

/* A certificate that is not what was asked for: refused in certConf, and here too. */
START_TEST(test_wrong_certificate)
{
	struct store_exchange e = {0};
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.other_key = _i == 0;
	mock.other_ca = _i == 1;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_exchange(&mock, id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_FAILED);
	check_failinfo(&mock, id, -1);
	ck_assert_str_eq(refusal_code(reason_of(&mock, id)),
			 _i == 0 ? "upstream_cert_key" : "upstream_cert_issuer");
	ck_assert_int_eq(mock.refused, 1);
	ck_assert_int_eq(mock.confirmed, 0);
	/* The upstream knows: nothing has to be revoked there. */
	ck_assert_int_eq(store_exchange_find(f.reader, id, STORE_EXCHANGE_REVOKE, &e),
			 STORE_NOT_FOUND);
	mock_end(&mock);
}
END_TEST

/* What another entity is called in a valid certificate of this CA no upstream gives to a second. */
START_TEST(rfc5280_4_1_2_6_name_of_another_entity)
{
	const struct store_entity other = {"a", "", "vnfci-2"};
	_cleanup_(name_keys_clear) struct name_keys keys = {0};
	static const uint8_t serial[] = {2};
	struct store_exchange e = {0};
	int64_t holder, id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	OK(name_keys_of("test", octets_view(&mock.rq.subject), octets_view(&mock.rq.san), &keys));
	ck_assert_uint_gt(keys.len, 0);
	holder = put_certificate(&f, "vnfci-2", STORE_CERT_ACTIVE, BYTES_OF(serial), BYTES_NULL);
	OK(store_held_name_take(f.unit, &keys, NULL, holder, &other));
	OK(store_unit_commit(f.unit));
	id = mock_ask(&mock);
	mock_run(&mock, id);
	ck_assert_int_eq(mock.issued, 1);
	check_state(&mock, id, STORE_CERT_REJECTED);
	check_exchange(&mock, id, STORE_EXCHANGE_ISSUE, STORE_EXCHANGE_FAILED);
	ck_assert_str_eq(refusal_code(reason_of(&mock, id)), "upstream_cert_names");
	/* It was issued and confirmed there: it is to be revoked. */
	OK(store_exchange_find(f.reader, id, STORE_EXCHANGE_REVOKE, &e));
	store_exchange_clear(&e);
	mock_end(&mock);
}
END_TEST

/* RFC 5280 4.1.2.2: 20 octets MUST be handled; other numbers are, too. */
START_TEST(rfc5280_4_1_2_2_serial_numbers)
{
	struct store_certificate cert = {0};
	struct serial serial;
	int64_t id;

	mock_begin(&mock, &f, _i % 2 == 1);
	mock_load(&mock);
	mock.serial = mock_serials[_i];
	id = mock_ask(&mock);
	mock_run(&mock, id);
	check_granted(&mock, id);
	OK(serial_of_integer(X509_get0_serialNumber(mock.cert), &serial));
	OK(store_certificate_find(f.reader, "test", &serial, &cert));
	ck_assert_int_eq(cert.id, id);
	/* The mock compares the serialNumber of the rr with what it issued. */
	OK(ca_revoke(f.ca, &cert, STORE_CERT_REVOKED, 1, f.unit));
	OK(store_unit_commit(f.unit));
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	ck_assert_int_eq(mock.revoked, 1);
	check_state(&mock, id, STORE_CERT_REVOKED);
	store_certificate_clear(&cert);
	mock_end(&mock);
}
END_TEST

/* The signer of rp is known from what was said of the certificate before. */
START_TEST(rfc9483_3_3_rp_without_extracerts)
{
	struct store_certificate cert = {0};
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	id = mock_ask(&mock);
	mock_run(&mock, id);
	mock_restart(&mock);
	mock.bare = true;
	OK(store_certificate_get(f.reader, id, &cert));
	OK(ca_revoke(f.ca, &cert, STORE_CERT_REVOKED, 1, f.unit));
	OK(store_unit_commit(f.unit));
	OK(ca_upstream_revoke_run(f.ca, id, f.reader, f.unit));
	check_state(&mock, id, STORE_CERT_REVOKED);
	store_certificate_clear(&cert);
	mock_end(&mock);
}
END_TEST

static void bare_from_the_second_on(struct upstream_mock *m)
{
	m->bare = m->transfers > 1;
}

/* pollRep, cp and pkiConf without them; 1: each answer is taken by another process. */
START_TEST(rfc9483_3_3_only_the_first_answer_has_extracerts)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.before = bare_from_the_second_on;
	mock.polls = 4;
	id = mock_ask(&mock);
	for (int i = 0; i < 4; i++) {
		mock_run(&mock, id);
		f.now_ms += MOCK_PAUSE_MS;
		if (_i)
			mock_restart(&mock);
	}
	check_granted(&mock, id);
	mock_end(&mock);
}
END_TEST

START_TEST(rfc5280_4_1_2_2_serial_number_too_long)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_load(&mock);
	mock.serial = MOCK_SERIAL_TOO_LONG;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REJECTED);
	ck_assert_int_eq(mock.refused, 1);
	mock_end(&mock);
}
END_TEST

/* RFC 4210 Appendix F: what the upstream changed is told; what is another's is declined. */
START_TEST(rfc4210_f_what_the_upstream_changed)
{
	const struct mock_change *change = &mock_changes[_i / 2];
	bool polled = _i % 2;
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_change(&mock, change);
	mock_load(&mock);
	mock.polls = polled ? 3 : 0;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	for (int i = 0; polled && i < 2; i++) {
		mock_restart(&mock);
		f.now_ms += MOCK_PAUSE_MS;
		mock_run(&mock, id);
	}
	check_change(&mock, id, change, true);
	/* RFC 9483 4.1.1: declined in certConf. */
	ck_assert_int_eq(mock.refused, change->reason != REFUSAL_NONE);
	ck_assert_int_eq(mock.confirmed, change->reason == REFUSAL_NONE);
	mock_end(&mock);
}
END_TEST

/* The same for a PKCS#10 of the client, which has but a CN. */
START_TEST(rfc4210_f_what_the_upstream_changed_p10cr)
{
	static const struct mock_change changes[] = {
		{NULL},
		{.subject = "/O=Other/CN=vnfci-1",
		 .mods = "O",
		 .words = "the upstream CA changed: subject"},
		{.san = "DNS:vnfci-1", .words = "the upstream CA changed: subjectAltName"},
		{.san = "DNS:admin", .reason = REFUSAL_upstream_cert_names},
		{.subject = "/CN=admin", .reason = REFUSAL_upstream_cert_names},
		{.subject = "/O=Other", .reason = REFUSAL_upstream_cert_names},
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct octets p10;
		int64_t id;

		mock_begin(&mock, &f, false);
		f.conf_ca.request = CONF_UPSTREAM_P10CR;
		mock_change(&mock, &changes[i]);
		mock_load(&mock);
		p10 = p10_make();
		mock.rq.request.p10 = octets_view(&p10);
		id = mock_ask(&mock);
		mock_run(&mock, id);
		check_change(&mock, id, &changes[i], true);
		octets_clear(&p10);
		mock_end(&mock);
	}
}
END_TEST

/* An answer that is not authentic is no answer: not kept, and asked for again. */
START_TEST(test_forged_answer)
{
	struct store_exchange_messages messages = {0};
	struct store_exchange e = {0};
	int64_t id;

	mock_begin(&mock, &f, _i);
	mock_load(&mock);
	mock.forge = true;
	id = mock_ask(&mock);
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	OK(store_exchange_find(f.reader, id, STORE_EXCHANGE_ISSUE, &e));
	ck_assert_int_eq(e.state, STORE_EXCHANGE_OPEN);
	OK(store_exchange_messages_get(f.reader, e.id, &messages));
	ck_assert_uint_eq(messages.len, 1);
	store_exchange_messages_clear(&messages);
	store_exchange_clear(&e);
	mock.forge = false;
	f.now_ms += MOCK_PAUSE_MS;
	mock_run(&mock, id);
	check_granted(&mock, id);
	mock_end(&mock);
}
END_TEST

/* Somebody else with a certificate below the same trust anchor. */
START_TEST(test_answer_of_another_sender)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	f.conf_ca.expect_sender = fixture_dn(&f, "/CN=Downstream");
	mock_load(&mock);
	id = mock_ask(&mock);
	mock_run(&mock, id);
	check_state(&mock, id, STORE_CERT_REQUESTED);
	ck_assert_int_eq(mock.confirmed, 0);
	mock_end(&mock);
}
END_TEST

/* Who answers in the upstream's name, below its trust anchor. */
static const struct {
	const char *roles;  /* extendedKeyUsage of the signer */
	bool pinned, other; /* server_certificate is the signer's; or somebody else's */
	bool by_ca;         /* the issuing CA signs the answers itself */
	enum conf_upstream_signer how;
	bool believed;
} signers[] = {
	{.roles = "cmcCA", .believed = true},
	{.roles = "cmcRA", .believed = true},
	{.roles = "serverAuth,cmcRA", .how = CONF_UPSTREAM_SIGNER_AUTHORIZED, .believed = true},
	{.roles = NULL},
	{.roles = "serverAuth,clientAuth"},
	{.roles = "anyExtendedKeyUsage"},
	{.roles = "cmKGA"},
	{.roles = NULL, .how = CONF_UPSTREAM_SIGNER_AUTHORIZED},
	{.roles = NULL, .how = CONF_UPSTREAM_SIGNER_NAME, .believed = true},
	{.roles = NULL, .pinned = true, .believed = true},
	{.roles = "cmcCA", .pinned = true, .other = true},
	{.roles = "cmcCA", .pinned = true, .other = true, .how = CONF_UPSTREAM_SIGNER_NAME},
	{.roles = NULL, .by_ca = true, .believed = true},
};

/* It has to be one that may sign messages, too: RFC 5280 4.2.1.3. */
static void issuing_answers(void)
{
	OSSL_CMP_CTX *server = OSSL_CMP_SRV_CTX_get0_cmp_ctx(mock.server);
	X509 *issuing = pki_cert(
		&(struct pki_spec){.subject = "/CN=Issuing",
				   .key = f.issuing_key,
				   .issuer = f.root,
				   .issuer_key = f.root_key,
				   .ca = true,
				   .key_usage = "critical,keyCertSign,cRLSign,digitalSignature",
				   .not_before_ms = f.now_ms - DAY_MS,
				   .not_after_ms = f.now_ms + 10LL * DAY_MS});

	X509_free(f.issuing);
	f.issuing = issuing;
	pki_certs_write(f.conf_ca.certificate, issuing, NULL);
	f.conf_ca.recipient = f.conf_ca.expect_sender = fixture_dn(&f, "/CN=Issuing");
	OSSL_CMP_CTX_set1_cert(server, issuing);
	OSSL_CMP_CTX_set1_pkey(server, f.issuing_key);
}

START_TEST(rfc9483_1_5_who_may_answer)
{
	int64_t id;

	mock_begin(&mock, &f, false);
	mock_certify(&mock, signers[_i].roles);
	f.conf_ca.upstream_signer = signers[_i].how;
	if (signers[_i].pinned) {
		f.conf_ca.server_certificate = fixture_path(&f, "server.pem");
		pki_certs_write(f.conf_ca.server_certificate,
				signers[_i].other ? mock.ra_cert : mock.server_cert, NULL);
	}
	if (signers[_i].by_ca)
		issuing_answers();
	mock_load(&mock);
	id = mock_ask(&mock);
	mock_run(&mock, id);
	check_state(&mock, id, signers[_i].believed ? STORE_CERT_PENDING : STORE_CERT_REQUESTED);
	ck_assert_int_eq(mock.confirmed, signers[_i].believed);
	mock_end(&mock);
}
END_TEST

/* --- loading --- */

static void break_ra_key(void)
{
	pki_key_write(f.conf_ca.ra_key, f.root_key, NULL);
}

static void break_trusted(void)
{
	f.conf_ca.trusted = fixture_path(&f, "absent.pem");
}

static void break_sender(void)
{
	f.conf_ca.expect_sender = f.conf_ca.recipient = (struct conf_dn){NULL, NULL};
}

static void break_certificate(void)
{
	f.conf_ca.certificate = NULL;
}

static const struct {
	void (*break_it)(void);
	const char *problem;
} problems[] = {
	{break_trusted, "[ca test] trusted: cannot read"},
	{break_sender, "[ca test] expect_sender: is required"},
	{break_certificate, "[ca test] certificate: is required"},
};

START_TEST(test_problems)
{
	mock_begin(&mock, &f, false);
	problems[_i].break_it();
	fixture_load_problem(&f, problems[_i].problem);
	mock_end(&mock);
}
END_TEST

/* It is no reason not to serve what does not need this CA. */
START_TEST(test_ra_key_unfit)
{
	mock_begin(&mock, &f, false);
	break_ra_key();
	fixture_load(&f);
	ck_assert(!ca_is_fit(f.ca));
	ck_assert_ptr_nonnull(strstr(ca_unfit(f.ca), "ra_key: does not belong to ra_certificate"));
	mock_end(&mock);
}
END_TEST

static Suite *upstream_suite(void)
{
	Suite *suite = suite_create("upstream");
	TCase *asked = tcase_create("asked");
	TCase *crash = tcase_create("crash");
	TCase *refused = tcase_create("refused");

	tcase_add_loop_test(asked, test_granted_at_once, 0, 2);
	tcase_add_test(asked, test_rfc9480_2_15_cert_profile);
	tcase_add_test(asked, rfc9483_3_1_no_cert_profile_in_rr);
	tcase_add_test(asked, rfc9483_4_1_5_mac_parameters_stay);
	tcase_add_loop_test(asked, test_p10cr, 0, 3);
	tcase_add_loop_test(asked, test_problems, 0, ARRAY_LEN(problems));
	tcase_add_test(asked, test_ra_key_unfit);
	tcase_add_loop_test(crash, test_crash_at_each_message, 0, ARRAY_LEN(courses));
	tcase_add_test(crash, test_restart_after_each_step);
	tcase_add_test(crash, test_only_the_needed_polls_are_replayed);
	tcase_add_test(asked, test_polls_within_upstream_wait);
	tcase_add_test(asked, test_housekeeping_without_upstream_wait);
	tcase_add_loop_test(refused, test_rejected, 0, ARRAY_LEN(rejections));
	tcase_add_loop_test(refused, test_wrong_certificate, 0, 2);
	tcase_add_test(refused, rfc5280_4_1_2_6_name_of_another_entity);
	tcase_add_loop_test(asked, rfc5280_4_1_2_2_serial_numbers, 0, (int)mock_serials_len);
	tcase_add_test(asked, rfc9483_3_3_rp_without_extracerts);
	tcase_add_loop_test(asked, rfc9483_3_3_only_the_first_answer_has_extracerts, 0, 2);
	tcase_add_test(refused, rfc5280_4_1_2_2_serial_number_too_long);
	tcase_add_loop_test(refused, rfc4210_f_what_the_upstream_changed, 0,
			    2 * (int)mock_changes_len);
	tcase_add_test(refused, rfc4210_f_what_the_upstream_changed_p10cr);
	tcase_add_loop_test(refused, test_forged_answer, 0, 2);
	tcase_add_loop_test(refused, rfc9483_1_5_who_may_answer, 0, ARRAY_LEN(signers));
	tcase_add_test(refused, test_answer_of_another_sender);
	suite_add_tcase(suite, asked);
	suite_add_tcase(suite, crash);
	suite_add_tcase(suite, refused);
	return suite;
}

SUITE_MAIN(upstream_suite, SUITE_FORKS)
