// SPDX-License-Identifier: Apache-2.0
/*
 * Strict DER: what is DER, what only BER, the limits, and the writer against OpenSSL's encoders.
 */
#include "asn1/der.h"
#include "suite.h"
#include "vectors.h"

#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <string.h>

/* Clauses of X.690. */
static const struct {
	const char *hex;
	bool valid;
	const char *what;
} values[] = {
	{"3000", true, "empty SEQUENCE"},
	{"3003020101", true, "SEQUENCE of an INTEGER"},
	{"", false, "nothing"},
	{"30", false, "no length"},
	{"3001", false, "contents missing"},
	{"300000", false, "an octet behind it"},
	{"30030201", false, "contents cut off"},
	{"3002020101", false, "inner value longer than the outer one"},
	/* 8.1.3, 10.1: lengths */
	{"30800000", false, "indefinite length"},
	{"308103020101", false, "long form below 128"},
	{"30820003020101", false, "leading zero in the length"},
	{"30850000000003020101", false, "five octets of length"},
	{"30ff", false, "reserved length octet"},
	{"3083010000", false, "length beyond the end"},
	{"3084ffffffff", false, "length of four octets beyond the end"},
	/* 8.1.2: identifiers */
	{"0000", false, "end-of-contents"},
	{"2000", false, "constructed end-of-contents"},
	{"0f00", false, "reserved tag 15"},
	{"1000", false, "primitive SEQUENCE"},
	{"1100", false, "primitive SET"},
	{"2800", false, "EXTERNAL"},
	{"2b00", false, "EMBEDDED PDV"},
	{"3d00", false, "CHARACTER STRING"},
	{"1f1f00", false, "DATE, universal 31"},
	{"bf1f00", true, "tag 31 in high form"},
	{"bf1e00", false, "tag 30 in high form"},
	{"bf801f00", false, "high form with a leading zero"},
	{"bf81808000", false, "high form without an end"},
	{"bfffffff7f00", true, "high form of four octets"},
	{"bfffffffff7f00", false, "high form of five octets"},
	{"bf", false, "high form cut off"},
	{"8000", true, "primitive context-specific tag"},
	{"a003020101", true, "constructed context-specific tag"},
	{"a0020201", false, "contents of a constructed tag cut off"},
	/* 8.2.2, 11.1 */
	{"010100", true, "FALSE"},
	{"0101ff", true, "TRUE"},
	{"010101", false, "BOOLEAN 01"},
	{"0100", false, "empty BOOLEAN"},
	{"0102ffff", false, "BOOLEAN of two octets"},
	/* 8.3.2 */
	{"0200", false, "empty INTEGER"},
	{"020100", true, "INTEGER 0"},
	{"02020080", true, "INTEGER 128"},
	{"0202007f", false, "INTEGER 127 with a leading zero"},
	{"0201ff", true, "INTEGER -1"},
	{"0202ff80", false, "INTEGER -128 in two octets"},
	{"0202ff7f", true, "INTEGER -129"},
	{"0a020001", false, "ENUMERATED 1 with a leading zero"},
	{"0a0101", true, "ENUMERATED 1"},
	/* 8.6.2, 10.2, 11.2.1 */
	{"0300", false, "empty BIT STRING"},
	{"030100", true, "BIT STRING of no bits"},
	{"030107", false, "unused bits of no octet"},
	{"030206c0", true, "two bits"},
	{"030206e0", false, "unused bit set"},
	{"03020800", false, "eight unused bits"},
	{"2306030100030100", false, "constructed BIT STRING"},
	/* 10.2 */
	{"0400", true, "empty OCTET STRING"},
	{"2403040100", false, "constructed OCTET STRING"},
	{"2c030c0141", false, "constructed UTF8String"},
	{"0c0141", true, "UTF8String"},
	{"1e020041", true, "BMPString"},
	{"1e03004100", false, "BMPString of half a character"},
	{"1c0400000041", true, "UniversalString"},
	{"1c020041", false, "UniversalString of half a character"},
	/* 8.8 */
	{"0500", true, "NULL"},
	{"050100", false, "NULL with contents"},
	/* 8.19.2 */
	{"0600", false, "empty OBJECT IDENTIFIER"},
	{"06032a0304", true, "1.2.3.4"},
	{"06032a8003", false, "subidentifier with a leading zero"},
	{"0602802a", false, "first subidentifier with a leading zero"},
	{"06032a8180", false, "subidentifier without an end"},
	{"06042a818003", true, "80 within a subidentifier"},
	/* 11.7, 11.8 */
	{"170d3236313132333038353330305a", true, "UTCTime with seconds and Z"},
	{"170b323631313233303835335a", false, "UTCTime without seconds"},
	{"17113236313132333038353330302b30313030", false, "UTCTime with an offset"},
	{"170d3236313132333038353330305b", false, "UTCTime without Z"},
	{"170d3236313132333038353320305a", false, "UTCTime with a space"},
	{"180f32303236313132333038353330305a", true, "GeneralizedTime"},
	{"181132303236313132333038353330302e355a", true, "GeneralizedTime with a fraction"},
	{"181232303236313132333038353330302e35305a", false, "fraction with a trailing zero"},
	{"181032303236313132333038353330302e5a", false, "fraction without digits"},
	{"180e3230323631313233303835333030", false, "GeneralizedTime without Z"},
	/* 11.6: order of SET OF */
	{"3100", true, "empty SET OF"},
	{"3106020101020102", true, "ascending"},
	{"3106020101020101", true, "twice the same"},
	{"3106020102020101", false, "descending"},
	{"310702010202020080", true, "shorter first octets of the length"},
	{"310702020080020102", false, "longer one first"},
	{"3006020102020101", true, "a SEQUENCE has its own order"},
	{"310a30030201023003020101", false, "descending inside"},
};

START_TEST(test_der_check_x690)
{
	uint8_t octets[64];
	size_t len;

	ck_assert_int_eq(hex_to_bytes(values[_i].hex, octets, sizeof(octets), &len), 0);
	ck_assert_msg(der_check((struct bytes){octets, len}) == (values[_i].valid ? 0 : -EBADMSG),
		      "%s", values[_i].what);
}
END_TEST

/* X.690: which rule, and the element that breaks it. */
static const struct {
	const char *hex;
	size_t offset;
	size_t missing;
	const char *rule; /* begins so */
} reasons[] = {
	{"3003020101", 0, 0, NULL},
	{"", 0, 0, "there are no octets"},
	{"3003", 0, 3, "the element is longer"},
	{"30050201010203", 5, 3, "the element is longer"},
	{"3005020101", 0, 2, "the element is longer"},
	{"300302020001", 2, 1, "the element is longer"},
	{"30040202007f", 2, 0, "an INTEGER"},
	{"3003010102", 2, 0, "a BOOLEAN"},
	{"30028000"
	 "05",
	 4, 0, "something follows"},
	{"3002"
	 "0200",
	 2, 0, "an INTEGER"},
	{"30023080", 2, 0, "the length is indefinite"},
	{"300430810100", 2, 0, "the length is not in its shortest form"},
	{"3106020102020101", 5, 0, "the elements of a SET OF"},
	{"30042402"
	 "0400",
	 2, 0, "the type is primitive"},
	{"3001bf", 2, 0, "the tag number"},
};

START_TEST(test_der_check_why_x690)
{
	struct der_problem problem;
	uint8_t octets[64];
	size_t len;
	int err;

	ck_assert_int_eq(hex_to_bytes(reasons[_i].hex, octets, sizeof(octets), &len), 0);
	err = der_check_why((struct bytes){octets, len}, &problem);
	ck_assert_int_eq(err, reasons[_i].rule ? -EBADMSG : 0);
	if (!reasons[_i].rule)
		return;
	ck_assert_msg(strncmp(problem.rule, reasons[_i].rule, strlen(reasons[_i].rule)) == 0,
		      "%s: %s", reasons[_i].hex, problem.rule);
	ck_assert_uint_eq(problem.offset, reasons[_i].offset);
	ck_assert_uint_eq(problem.missing, reasons[_i].missing);
}
END_TEST

static const char *const messages[] = {"ir_p256",    "ip_p256", "kur_p256",
				       "p10cr_p256", "rr_p256", "genm_mac"};

START_TEST(test_der_check_truncation)
{
	_cleanup_(octets_clear) struct octets o = vector_read(messages[_i]);

	ck_assert_int_eq(der_check(octets_view(&o)), 0);
	for (size_t len = 0; len < o.len; len++) {
		/* A copy of that size, so that a read beyond it is seen by ASan. */
		_cleanup_(octets_clear) struct octets cut = OCTETS_NULL;

		ck_assert_int_eq(octets_dup((struct bytes){o.data, len}, &cut), 0);
		ck_assert_int_eq(der_check(octets_view(&cut)), -EBADMSG);
	}
}
END_TEST

/* `depth` SEQUENCEs, one in the other. */
static struct octets nested(size_t depth)
{
	struct der_writer w = DER_WRITER_NULL;
	struct octets o;

	for (size_t i = 0; i < depth; i++)
		der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(der_writer_take(&w, &o), 0);
	return o;
}

START_TEST(test_der_check_depth)
{
	_cleanup_(octets_clear) struct octets most = nested(DER_DEPTH_MAX);
	_cleanup_(octets_clear) struct octets more = nested(DER_DEPTH_MAX + 1);
	_cleanup_(octets_clear) struct octets many = nested(20000);

	ck_assert_int_eq(der_check(octets_view(&most)), 0);
	ck_assert_int_eq(der_check(octets_view(&more)), -EBADMSG);
	ck_assert_int_eq(der_check(octets_view(&many)), -EBADMSG);
}
END_TEST

/* A SEQUENCE of n NULLs has n + 1 elements. */
static struct octets wide(size_t n)
{
	_cleanup_(octets_clear) struct octets nulls = {calloc(n, 2), 2 * n};
	struct der_writer w = DER_WRITER_NULL;
	struct octets o;

	for (size_t i = 0; i < n; i++)
		nulls.data[2 * i] = 0x05;
	der_put(&w, octets_view(&nulls));
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(der_writer_take(&w, &o), 0);
	return o;
}

START_TEST(test_der_check_elements)
{
	_cleanup_(octets_clear) struct octets most = wide(DER_ELEMENTS_MAX - 1);
	_cleanup_(octets_clear) struct octets more = wide(DER_ELEMENTS_MAX);
	_cleanup_(octets_clear) struct octets million = wide(1000000);

	ck_assert_int_eq(der_check(octets_view(&most)), 0);
	ck_assert_int_eq(der_check(octets_view(&more)), -EBADMSG);
	ck_assert_int_eq(der_check(octets_view(&million)), -EBADMSG);
}
END_TEST

/* A SEQUENCE of SETs, each with so many NULLs, in a SEQUENCE. */
static struct octets name(size_t sets, size_t members)
{
	struct der_writer w = DER_WRITER_NULL;
	struct octets o;

	for (size_t i = 0; i < sets; i++) {
		size_t mark = der_mark(&w);

		for (size_t k = 0; k < members; k++)
			der_put_value(&w, 0x05, BYTES_NULL);
		der_put_header(&w, 0x31, mark);
	}
	der_put_header(&w, 0x30, 0);
	der_put_header(&w, 0x30, 0);
	ck_assert_int_eq(der_writer_take(&w, &o), 0);
	return o;
}

/* RFC 5280 A.1: Name; what it has is decoded before anybody is known. */
static const struct {
	size_t sets, members;
	int result;
} names[] = {
	{DER_ATTRIBUTES_MAX, 1, 0},     {DER_ATTRIBUTES_MAX + 1, 1, -EMSGSIZE},
	{1, DER_ATTRIBUTES_MAX, 0},     {1, DER_ATTRIBUTES_MAX + 1, -EMSGSIZE},
	{DER_ATTRIBUTES_MAX / 4, 4, 0}, {DER_ATTRIBUTES_MAX / 4 + 1, 4, -EMSGSIZE},
	{DER_ATTRIBUTES_MAX, 0, 0},     {DER_ATTRIBUTES_MAX + 1, 0, -EMSGSIZE},
	{20000, 1, -EMSGSIZE},
};

START_TEST(test_der_check_attributes)
{
	_cleanup_(octets_clear) struct octets o = name(names[_i].sets, names[_i].members);

	ck_assert_int_eq(der_check(octets_view(&o)), names[_i].result);
}
END_TEST

START_TEST(test_der_next)
{
	static const uint8_t two[] = {0x02, 0x01, 0x05, 0xa1, 0x02, 0x05, 0x00, 0x1f};
	struct bytes in = {two, 7}, tlv, content;
	uint8_t tag;

	ck_assert_int_eq(der_next(&in, &tag, &tlv, &content), 0);
	ck_assert_uint_eq(tag, 0x02);
	ck_assert(tlv.data == two && tlv.len == 3);
	ck_assert(content.data == two + 2 && content.len == 1);
	ck_assert_int_eq(der_next(&in, &tag, &tlv, &content), 0);
	ck_assert_uint_eq(tag, 0xa1);
	ck_assert(content.data == two + 5 && content.len == 2);
	ck_assert_uint_eq(in.len, 0);
	ck_assert_int_eq(der_next(&in, &tag, &tlv, &content), -ENODATA);
	in = BYTES_NULL;
	ck_assert_int_eq(der_next(&in, &tag, &tlv, &content), -ENODATA);
	ck_assert_int_eq(der_check(in), -EBADMSG);
	in = (struct bytes){two + 7, 1};
	ck_assert_int_eq(der_next(&in, &tag, &tlv, &content), -EBADMSG);
	in = (struct bytes){two, 2};
	ck_assert_int_eq(der_next(&in, &tag, &tlv, &content), -EBADMSG);
	ck_assert_uint_eq(in.len, 2);
}
END_TEST

static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 20};

START_TEST(test_der_writer_lengths)
{
	_cleanup_(octets_clear) struct octets content = {calloc(lengths[_i] + 1, 1), lengths[_i]};
	_cleanup_(octets_clear) struct octets o = OCTETS_NULL;
	struct der_writer w = DER_WRITER_NULL;
	unsigned char header[8], *p = header;

	ASN1_put_object(&p, 0, (int)lengths[_i], V_ASN1_OCTET_STRING, V_ASN1_UNIVERSAL);
	der_put_value(&w, 0x04, octets_view(&content));
	ck_assert_int_eq(der_writer_take(&w, &o), 0);
	ck_assert_uint_eq(o.len, (size_t)(p - header) + lengths[_i]);
	ck_assert_mem_eq(o.data, header, (size_t)(p - header));
	ck_assert_int_eq(der_check(octets_view(&o)), 0);
}
END_TEST

static const char *const magnitudes[] = {
	"00",   "01",     "7f",   "80",   "ff",
	"0080", "00007f", "0100", "8000", "ffffffffffffffffffffffffffffffffffffffff"};

START_TEST(test_der_writer_unsigned)
{
	struct der_writer w = DER_WRITER_NULL;
	unsigned char *expected = NULL;
	ASN1_INTEGER *number;
	uint8_t octets[32];
	struct octets o;
	size_t len;
	BIGNUM *bn;

	ck_assert_int_eq(hex_to_bytes(magnitudes[_i], octets, sizeof(octets), &len), 0);
	bn = BN_bin2bn(octets, (int)len, NULL);
	number = BN_to_ASN1_INTEGER(bn, NULL);
	der_put_unsigned(&w, (struct bytes){octets, len});
	ck_assert_int_eq(der_writer_take(&w, &o), 0);
	ck_assert_int_eq(i2d_ASN1_INTEGER(number, &expected), (int)o.len);
	ck_assert_mem_eq(o.data, expected, o.len);
	octets_clear(&o);
	OPENSSL_free(expected);
	ASN1_INTEGER_free(number);
	BN_free(bn);
}
END_TEST

static const int64_t integers[] = {0,      1,         127,       128,       255,      256,  32767,
				   32768,  -1,        -127,      -128,      -129,     -256, -32768,
				   -32769, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};

START_TEST(test_der_writer_integer)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	struct der_writer w = DER_WRITER_NULL;
	unsigned char *expected = NULL;
	struct octets o;

	ck_assert(ASN1_INTEGER_set_int64(number, integers[_i]));
	der_put_integer(&w, integers[_i]);
	ck_assert_int_eq(der_writer_take(&w, &o), 0);
	ck_assert_int_eq(i2d_ASN1_INTEGER(number, &expected), (int)o.len);
	ck_assert_mem_eq(o.data, expected, o.len);
	octets_clear(&o);
	OPENSSL_free(expected);
	ASN1_INTEGER_free(number);
}
END_TEST

/* 1950-01-01, 1969-12-31 23:59:59.500, 2000-02-29, 2049-12-31 23:59:59, 2050-01-01, 9999-12-31 */
static const int64_t times_ms[] = {-631152000000, -500,          951782400000,
				   2524607999999, 2524608000000, 253402300799000};

START_TEST(test_der_writer_time_rfc5280_4_1_2_5)
{
	time_t seconds = (time_t)(times_ms[_i] / 1000 - (times_ms[_i] % 1000 < 0));
	ASN1_TIME *expected = ASN1_TIME_adj(NULL, seconds, 0, 0);
	ASN1_GENERALIZEDTIME *general = ASN1_GENERALIZEDTIME_adj(NULL, seconds, 0, 0);
	struct der_writer w = DER_WRITER_NULL;
	struct bytes written;

	der_put_time(&w, times_ms[_i]);
	written = der_written(&w);
	ck_assert_uint_eq(written.data[0], ASN1_STRING_type(expected));
	ck_assert_uint_eq(written.len, 2 + (size_t)ASN1_STRING_length(expected));
	ck_assert_mem_eq(written.data + 2, ASN1_STRING_get0_data(expected), written.len - 2);
	der_writer_clear(&w);
	der_put_generalized_time(&w, times_ms[_i]);
	written = der_written(&w);
	ck_assert_uint_eq(written.data[0], V_ASN1_GENERALIZEDTIME);
	ck_assert_mem_eq(written.data + 2, ASN1_STRING_get0_data(general), 15);
	der_writer_clear(&w);
	ASN1_TIME_free(expected);
	ASN1_GENERALIZEDTIME_free(general);
}
END_TEST

/* The hole counts in the length of all that is around it: 2 + 300 + 3 octets. */
START_TEST(test_der_writer_hole)
{
	static const uint8_t expected[] = {0x30, 0x82, 0x01, 0x35, 0x02, 0x01,
					   0x07, 0xa1, 0x82, 0x01, 0x2e, /* here */ 0x05,
					   0x00};
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	static const uint8_t seven = 7;
	size_t mark;

	der_put_value(&w, 0x05, BYTES_NULL);
	mark = der_mark(&w) - 2;
	der_put_hole(&w, 300);
	ck_assert_uint_eq(der_mark(&w), 302);
	der_put_header(&w, 0xa1, mark);
	der_put_unsigned(&w, (struct bytes){&seven, 1});
	der_put_header(&w, 0x30, 0);
	ck_assert(bytes_equal(der_written(&w), BYTES_OF(expected)));
	ck_assert_uint_eq(der_hole_at(&w), sizeof(expected) - 2);
}
END_TEST

START_TEST(test_der_writer_order)
{
	static const uint8_t expected[] = {0x30, 0x08, 0x02, 0x01, 0x07,
					   0xa0, 0x03, 0x04, 0x01, 0x61};
	_cleanup_(octets_clear) struct octets o = OCTETS_NULL;
	struct der_writer w = DER_WRITER_NULL;

	der_put_value(&w, 0x04, bytes_of_string("a"));
	der_put_header(&w, 0xa0, 0);
	der_put_unsigned(&w, (struct bytes){(const uint8_t *)"\x07", 1});
	der_put_header(&w, 0x30, 0);
	ck_assert_uint_eq(der_mark(&w), sizeof(expected));
	ck_assert_int_eq(der_writer_take(&w, &o), 0);
	ck_assert_uint_eq(o.len, sizeof(expected));
	ck_assert_mem_eq(o.data, expected, sizeof(expected));
	ck_assert_int_eq(der_writer_take(&w, &o), -ENOMEM);
}
END_TEST

static Suite *der_suite(void)
{
	Suite *suite = suite_create("der");
	TCase *tc = tcase_create("der");

	tcase_add_loop_test(tc, test_der_check_x690, 0, ARRAY_LEN(values));
	tcase_add_loop_test(tc, test_der_check_why_x690, 0, ARRAY_LEN(reasons));
	tcase_add_loop_test(tc, test_der_check_truncation, 0, ARRAY_LEN(messages));
	tcase_add_test(tc, test_der_check_depth);
	tcase_add_test(tc, test_der_check_elements);
	tcase_add_loop_test(tc, test_der_check_attributes, 0, ARRAY_LEN(names));
	tcase_add_test(tc, test_der_next);
	tcase_add_loop_test(tc, test_der_writer_lengths, 0, ARRAY_LEN(lengths));
	tcase_add_loop_test(tc, test_der_writer_unsigned, 0, ARRAY_LEN(magnitudes));
	tcase_add_loop_test(tc, test_der_writer_integer, 0, ARRAY_LEN(integers));
	tcase_add_loop_test(tc, test_der_writer_time_rfc5280_4_1_2_5, 0, ARRAY_LEN(times_ms));
	tcase_add_test(tc, test_der_writer_order);
	tcase_add_test(tc, test_der_writer_hole);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(der_suite, SUITE_FORKS)
