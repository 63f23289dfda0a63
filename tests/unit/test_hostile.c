// SPDX-License-Identifier: Apache-2.0
/*
 * Octets that are no CMP message, or not quite: what is refused, and whether a header is known
 * then. Good messages: test_message.c.
 */
#include "message.h"
#include "reencode.h"
#include "suite.h"

#include "asn1/der.h"
#include "vectors.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* What decoding gave. */
enum outcome { ACCEPTED, NO_MESSAGE, NO_BODY };

/* Decodes a copy of exactly that size, so that a read beyond it is seen by ASan. */
static enum outcome outcome_of(struct bytes der, int *body_typep)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	_cleanup_(octets_clear) struct octets copy = OCTETS_NULL;
	struct refusal refusal = REFUSAL_NULL;
	int err;

	ck_assert_int_eq(octets_dup(der, &copy), 0);
	err = cmp_message_decode(octets_view(&copy), &msg, &refusal);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	if (err == 0) {
		ck_assert_ptr_nonnull(msg->body);
		return ACCEPTED;
	}
	ck_assert_int_eq(err, REFUSED);
	ck_assert_int_eq(refusal.failinfo, FAIL_BAD_DATA_FORMAT);
	if (!msg) {
		ck_assert_int_eq(refusal.reason, REFUSAL_not_a_pkimessage);
		return NO_MESSAGE;
	}
	ck_assert_int_eq(refusal.reason, REFUSAL_body_malformed);
	ck_assert_ptr_nonnull(msg->sender.data);
	ck_assert_ptr_null(msg->body);
	*body_typep = msg->body_type;
	return NO_BODY;
}

static const char *const names[] = {"ir_p256",  "ip_p256",    "certconf_p256", "ir_mac",
				    "kur_p256", "p10cr_p256", "rr_p256",       "rp_p256",
				    "genm_mac", "error_p256", "pollreq_p256",  "pollrep_p256"};

/* Cut within the header it is no PKIMessage, behind it the header is known. */
START_TEST(test_truncation)
{
	_cleanup_(octets_clear) struct octets der = vector_read(names[_i]);
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	size_t header_end;
	int body_type = -1;

	ck_assert_int_eq(cmp_message_decode(octets_view(&der), &msg, &refusal), 0);
	header_end = (size_t)(msg->header_der.data - der.data) + msg->header_der.len;
	for (size_t len = 0; len < der.len; len++)
		ck_assert_int_eq(outcome_of((struct bytes){der.data, len}, &body_type),
				 len < header_end ? NO_MESSAGE : NO_BODY);
	ck_assert_int_eq(body_type, msg->body_type);
}
END_TEST

START_TEST(test_every_octet_changed)
{
	static const uint8_t changes[] = {0x01, 0x20, 0x80, 0xff};
	_cleanup_(octets_clear) struct octets der = vector_read(names[_i]);
	int body_type;

	for (size_t at = 0; at < der.len; at++) {
		for (size_t c = 0; c < sizeof(changes); c++) {
			der.data[at] ^= changes[c];
			outcome_of(octets_view(&der), &body_type);
			ck_assert_msg(judged_alike(octets_view(&der)), "octet %zu, %02x", at,
				      changes[c]);
			der.data[at] ^= changes[c];
		}
	}
}
END_TEST

/* --- messages made of parts, each of them right or wrong --- */

/* pvno 2, sender and recipient the NULL-DN. */
#define NAMES  "a4023000a4023000"
#define HEADER "300b020102" NAMES
/* pkiconf */
#define BODY "b3020500"

static const struct {
	const char *header, *body, *rest;
	enum outcome outcome;
	int body_type;
	const char *what;
} assembled[] = {
	{HEADER, BODY, "", ACCEPTED, 0, "the smallest message"},
	/* the header */
	{"", "", "", NO_MESSAGE, 0, "empty SEQUENCE"},
	{"0500", BODY, "", NO_MESSAGE, 0, "header NULL"},
	{"310b020102" NAMES, BODY, "", NO_MESSAGE, 0, "header a SET"},
	{"3000", BODY, "", NO_MESSAGE, 0, "empty header"},
	{"30810b020102" NAMES, BODY, "", NO_MESSAGE, 0, "length in long form"},
	{"3080020102" NAMES "0000", BODY, "", NO_MESSAGE, 0, "indefinite length"},
	{"300c02020002" NAMES, BODY, "", NO_MESSAGE, 0, "pvno with a leading zero"},
	{"300a0500" NAMES, BODY, "", NO_MESSAGE, 0, "pvno NULL"},
	{"3007020102a4023000", BODY, "", NO_MESSAGE, 0, "recipient missing"},
	{"300d020102" NAMES "0500", BODY, "", NO_MESSAGE, 0, "something behind the fields"},
	{"300f020102" NAMES "a9020500", BODY, "", NO_MESSAGE, 0, "unknown field [9]"},
	{"300f020102" NAMES "a7023000", BODY, "", NO_MESSAGE, 0, "freeText of no texts"},
	{"300f020102" NAMES "a8023000", BODY, "", NO_MESSAGE, 0, "generalInfo of no elements"},
	{"3015020102" NAMES "a403040141a503040142", BODY, "", ACCEPTED, 0, "two fields"},
	{"3015020102" NAMES "a503040142a403040141", BODY, "", NO_MESSAGE, 0, "out of order"},
	{"3015020102" NAMES "a403040141a403040141", BODY, "", NO_MESSAGE, 0, "a field twice"},
	{"300f020102" NAMES "a4020400", BODY, "", ACCEPTED, 0, "empty transactionID"},
	{"3010020102" NAMES "a403020141", BODY, "", NO_MESSAGE, 0, "transactionID an INTEGER"},
	{"300e020102" NAMES "840141", BODY, "", NO_MESSAGE, 0, "transactionID IMPLICIT"},
	{"3012020102" NAMES "a4052403040141", BODY, "", NO_MESSAGE, 0, "transactionID in parts"},
	{"300a020102810141a4023000", BODY, "", ACCEPTED, 0, "sender a mailbox"},
	{"300c020102a103160141a4023000", BODY, "", NO_MESSAGE, 0, "sender a mailbox in parts"},
	{"3018020102a40f300d310b300906035504030c02c3a9a4023000", BODY, "", ACCEPTED, 0, "a sender"},
	{"3018020102a40f300d310b300906035504030c02c328a4023000", BODY, "", NO_MESSAGE, 0,
	 "a sender that is no UTF-8"},
	{"3018020102a40f300d310b300906035504031e020041a4023000", BODY, "", ACCEPTED, 0,
	 "a sender in BMPString"},
	{"3016020102a40d300b310930070603550403 0500a4023000", BODY, "", NO_MESSAGE, 0,
	 "a sender whose value is NULL"},
	{"3010020102a40730053103300100a4023000", BODY, "", NO_MESSAGE, 0,
	 "a sender whose attribute is an octet"},
	{"300e020102a4053003020100a4023000", BODY, "", NO_MESSAGE, 0, "a sender of no RDN"},
	{"300d020102a40430003000a4023000", BODY, "", NO_MESSAGE, 0, "a sender of two names"},
	{"3009020102a400a4023000", BODY, "", NO_MESSAGE, 0, "a sender of no name"},
	{"300d020102a4023000a40430003000", BODY, "", NO_MESSAGE, 0, "a recipient of two names"},
	{"3011020102" NAMES "a70430020c00", BODY, "", ACCEPTED, 0, "freeText"},
	{"3011020102" NAMES "a70430020400", BODY, "", NO_MESSAGE, 0, "freeText of octets"},
	{"3011020102" NAMES "a80430020500", BODY, "", NO_MESSAGE, 0, "generalInfo of NULL"},
	{"3014020102" NAMES "a8073005300306012a", BODY, "", ACCEPTED, 0, "generalInfo"},
	{"300f020102" NAMES "a1023000", BODY, "", NO_MESSAGE, 0, "protectionAlg without an OID"},
	{"3012020102" NAMES "a105300306012a", BODY, "", ACCEPTED, 0, "protectionAlg"},
	{"3014020102" NAMES "a107300306012a0500", BODY, "", NO_MESSAGE, 0,
	 "something behind protectionAlg"},
	/* the body */
	{HEADER, "", "", NO_BODY, -1, "no body"},
	{HEADER, "0500", "", NO_BODY, -1, "body without its tag"},
	{HEADER, "bb020500", "", NO_BODY, -1, "tag [27]"},
	{HEADER, "bf1f020500", "", NO_BODY, -1, "tag [31]"},
	{HEADER, "93020500", "", NO_BODY, -1, "primitive tag"},
	{HEADER, "73020500", "", NO_BODY, -1, "application tag"},
	{HEADER, "b300", "", NO_BODY, PKI_BODY_PKICONF, "nothing in the tag"},
	{HEADER, "b303050100", "", NO_BODY, PKI_BODY_PKICONF, "NULL with contents"},
	{HEADER, "b30405000500", "", NO_BODY, PKI_BODY_PKICONF, "two values"},
	{HEADER, "b38005000000", "", NO_BODY, PKI_BODY_PKICONF, "indefinite length"},
	{HEADER, "b381020500", "", NO_BODY, PKI_BODY_PKICONF, "length in long form"},
	{HEADER, "b303020100", "", NO_BODY, PKI_BODY_PKICONF, "INTEGER for NULL"},
	{HEADER, "a0023000", "", NO_BODY, PKI_BODY_IR, "ir of no requests"},
	{HEADER, "a7023000", "", NO_BODY, PKI_BODY_KUR, "kur of no requests"},
	{HEADER, "a00430023000", "", NO_BODY, PKI_BODY_IR, "ir of an empty request"},
	{HEADER, "a00b3009300730050201003000", "", ACCEPTED, 0, "an empty template"},
	{HEADER, "a00d300b3009300702010030003000", "", NO_BODY, PKI_BODY_IR, "empty controls"},
	{HEADER, "a00d300b3009300502010030003000", "", NO_BODY, PKI_BODY_IR, "empty regInfo"},
	{HEADER, "a00f300d300b3009020100300487020001", "", ACCEPTED, 0, "issuerUID"},
	{HEADER, "a011300f300d300b0201003006a70403020001", "", NO_BODY, PKI_BODY_IR,
	 "issuerUID in parts: BER that only the schema shows"},
	{HEADER, "a00f300d300b3009020100300487020301", "", NO_BODY, PKI_BODY_IR,
	 "issuerUID whose unused bits are not zero"},
	{HEADER, "a011300f300d30050201003000a20480020001", "", ACCEPTED, 0, "thisMessage"},
	{HEADER, "a011300f300d30050201003000a20480020301", "", NO_BODY, PKI_BODY_IR,
	 "thisMessage whose unused bits are not zero"},
	{HEADER, "b5023000", "", ACCEPTED, 0, "genm of no elements"},
	{HEADER, "a5020500", "", NO_BODY, PKI_BODY_POPDECC, "popdecc of NULL"},
	{HEADER, "b2023000", "", ACCEPTED, 0, "crlann of no CRLs"},
	{HEADER, "b40430023000", "", ACCEPTED, 0, "nested of what may be a message"},
	{HEADER, "b4023000", "", NO_BODY, PKI_BODY_NESTED, "nested of no messages"},
	{HEADER, "b40430020500", "", NO_BODY, PKI_BODY_NESTED, "nested of no SEQUENCE"},
	/* protection and extraCerts */
	{HEADER, BODY, "a00403020041", ACCEPTED, 0, "protection"},
	{HEADER, BODY, "a0020500", NO_BODY, PKI_BODY_PKICONF, "protection NULL"},
	{HEADER, BODY, "a006230403020041", NO_BODY, PKI_BODY_PKICONF, "protection in parts"},
	{HEADER, BODY, "a10430023000", ACCEPTED, 0, "extraCerts"},
	{HEADER, BODY, "a1023000", NO_BODY, PKI_BODY_PKICONF, "extraCerts of no certificates"},
	{HEADER, BODY, "a10430020500", NO_BODY, PKI_BODY_PKICONF, "a NULL for a certificate"},
	{HEADER, BODY, "a10430023000a00403020041", NO_BODY, PKI_BODY_PKICONF, "out of order"},
	{HEADER, BODY, "a2020500", NO_BODY, PKI_BODY_PKICONF, "unknown field [2]"},
	{HEADER, BODY, BODY, NO_BODY, PKI_BODY_PKICONF, "two bodies"},
};

static void put_hex(struct der_writer *w, const char *hex)
{
	uint8_t octets[128];
	size_t len;

	ck_assert_int_eq(hex_to_bytes(hex, octets, sizeof(octets), &len), 0);
	der_put(w, (struct bytes){octets, len});
}

START_TEST(test_assembled)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	int body_type = assembled[_i].body_type;

	put_hex(&w, assembled[_i].rest);
	put_hex(&w, assembled[_i].body);
	put_hex(&w, assembled[_i].header);
	der_put_header(&w, 0x30, 0);
	ck_assert_msg(outcome_of(der_written(&w), &body_type) == assembled[_i].outcome, "%s",
		      assembled[_i].what);
	ck_assert_msg(body_type == assembled[_i].body_type, "%s", assembled[_i].what);
	ck_assert_msg(judged_alike(der_written(&w)), "%s", assembled[_i].what);
}
END_TEST

/* What is wrong is the SEQUENCE around all. */
static const struct {
	const char *hex;
	enum outcome outcome;
	const char *what;
} outers[] = {
	{"3011" HEADER BODY, ACCEPTED, "the smallest message"},
	{"", NO_MESSAGE, "nothing"},
	{"30", NO_MESSAGE, "no length"},
	{"3000", NO_MESSAGE, "empty"},
	{"00000000", NO_MESSAGE, "zeros"},
	{"504f5354202f20485454502f312e310d0a", NO_MESSAGE, "HTTP"},
	{"3111" HEADER BODY, NO_MESSAGE, "a SET"},
	{"1011" HEADER BODY, NO_MESSAGE, "primitive"},
	{"3080" HEADER BODY "0000", NO_MESSAGE, "indefinite length"},
	{"30ff" HEADER BODY, NO_MESSAGE, "reserved length octet"},
	{"308111" HEADER BODY, NO_BODY, "length in long form"},
	{"3011" HEADER BODY "00", NO_BODY, "an octet behind it"},
	{"3011" HEADER BODY "3011" HEADER BODY, NO_BODY, "two messages"},
	{"3012" HEADER BODY, NO_BODY, "length one too large"},
	{"3010" HEADER BODY, NO_BODY, "length one too small"},
	{"300d" HEADER BODY, NO_BODY, "length of the header only"},
	{"3084ffffffff" HEADER BODY, NO_BODY, "four gigabytes announced"},
};

START_TEST(test_outer)
{
	uint8_t octets[128];
	int body_type;
	size_t len;

	ck_assert_int_eq(hex_to_bytes(outers[_i].hex, octets, sizeof(octets), &len), 0);
	ck_assert_msg(outcome_of((struct bytes){octets, len}, &body_type) == outers[_i].outcome,
		      "%s", outers[_i].what);
}
END_TEST

static const struct {
	const char *hex; /* of the INTEGER */
	int64_t pvno;
} pvnos[] = {
	{"020102", 2},
	{"020100", 0},
	{"0201ff", -1},
	{"02087fffffffffffffff", INT64_MAX},
	{"0209008000000000000000", -1},
	{"02140102030405060708090a0b0c0d0e0f1011121314", -1},
};

START_TEST(test_pvno)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	size_t mark;

	put_hex(&w, BODY);
	mark = der_mark(&w);
	put_hex(&w, NAMES);
	put_hex(&w, pvnos[_i].hex);
	der_put_header(&w, 0x30, mark);
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(cmp_message_decode(der_written(&w), &msg, &refusal), 0);
	ck_assert_int_eq(msg->pvno, pvnos[_i].pvno);
}
END_TEST

/* --- much of something --- */

#define MILLION 1000000

static void put_many(struct der_writer *w, const char *hex, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_hex(w, hex);
}

START_TEST(test_million_extra_certs)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	int body_type = -1;

	put_many(&w, "3000", MILLION);
	der_put_header(&w, 0x30, 0);
	der_put_header(&w, 0xa1, 0);
	put_hex(&w, HEADER BODY);
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(outcome_of(der_written(&w), &body_type), NO_BODY);
	ck_assert_int_eq(body_type, PKI_BODY_PKICONF);
}
END_TEST

START_TEST(test_million_requests)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	int body_type = -1;

	put_many(&w, "3000", MILLION);
	der_put_header(&w, 0x30, 0);
	der_put_header(&w, 0xa0, 0);
	put_hex(&w, HEADER);
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(outcome_of(der_written(&w), &body_type), NO_BODY);
	ck_assert_int_eq(body_type, PKI_BODY_IR);
}
END_TEST

START_TEST(test_million_infos_in_header)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	int body_type;
	size_t mark;

	put_hex(&w, BODY);
	mark = der_mark(&w);
	put_many(&w, "300306012a", MILLION);
	der_put_header(&w, 0x30, mark);
	der_put_header(&w, 0xa8, mark);
	put_hex(&w, "020102" NAMES);
	der_put_header(&w, 0x30, mark);
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(outcome_of(der_written(&w), &body_type), NO_MESSAGE);
}
END_TEST

/* In a type of body that stays ANY, so that no template ends it. */
START_TEST(test_deep_nesting)
{
	static const size_t depths[] = {20, 40, 10000};
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	int body_type = -1;

	for (size_t i = 0; i < depths[_i]; i++)
		der_put_header(&w, 0x30, 0);
	der_put_header(&w, 0xb4, 0);
	put_hex(&w, HEADER);
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(outcome_of(der_written(&w), &body_type), _i == 0 ? ACCEPTED : NO_BODY);
	if (_i > 0)
		ck_assert_int_eq(body_type, PKI_BODY_NESTED);
}
END_TEST

static Suite *hostile_suite(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tc = tcase_create("hostile");

	tcase_add_loop_test(tc, test_truncation, 0, ARRAY_LEN(names));
	tcase_add_loop_test(tc, test_every_octet_changed, 0, ARRAY_LEN(names));
	tcase_add_loop_test(tc, test_assembled, 0, ARRAY_LEN(assembled));
	tcase_add_loop_test(tc, test_outer, 0, ARRAY_LEN(outers));
	tcase_add_loop_test(tc, test_pvno, 0, ARRAY_LEN(pvnos));
	tcase_add_test(tc, test_million_extra_certs);
	tcase_add_test(tc, test_million_requests);
	tcase_add_test(tc, test_million_infos_in_header);
	tcase_add_loop_test(tc, test_deep_nesting, 0, 3);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(hostile_suite, SUITE_FORKS)
