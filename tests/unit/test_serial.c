// SPDX-License-Identifier: Apache-2.0
/* struct serial, against OpenSSL's own INTEGER: RFC 5280 4.1.2.2, X.690 8.3. */
#include "asn1/serial.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <string.h>

#define X19 "00000000000000000000000000000000000000"
#define F19 "ffffffffffffffffffffffffffffffffffffff"
#define X30 "000000000000000000000000000000000000000000000000000000000000"

/* Numbers as people write them, the content octets of their INTEGER, and whether they conform. */
static const struct {
	const char *hex, *content;
	bool conforming;
} serials[] = {
	{"00", "00", false},
	{"01", "01", true},
	{"7f", "7f", true},
	{"80", "0080", true},
	{"9f", "009f", true},
	{"ff", "00ff", true},
	{"0100", "0100", true},
	{"7fff", "7fff", true},
	{"8000", "008000", true},
	{"-01", "ff", false},
	{"-7f", "81", false},
	{"-80", "80", false},
	{"-81", "ff7f", false},
	{"-ff", "ff01", false},
	{"-0100", "ff00", false},
	{"01" X19, "01" X19, true},        /* 20 octets */
	{"7f" F19, "7f" F19, true},        /* the largest that RFC 5280 allows */
	{"80" X19, "0080" X19, false},     /* 20, 21 with the one for the sign */
	{"ff" F19, "00ff" F19, false},     /* likewise */
	{"0100" F19, "0100" F19, false},   /* 21 */
	{"ffff" F19, "00ffff" F19, false}, /* 21, 22 with the one for the sign */
	{"-80" X19, "80" X19, false},
	{"7fff" X30, "7fff" X30, false}, /* the longest */
};

static struct bytes bytes_of_hex(const char *hex, uint8_t out[64])
{
	size_t len;

	ck_assert_int_eq(hex_to_bytes(hex, out, 64, &len), 0);
	return (struct bytes){out, len};
}

static ASN1_INTEGER *integer_of(const char *hex)
{
	BIGNUM *n = NULL;
	ASN1_INTEGER *integer;

	ck_assert_int_gt(BN_hex2bn(&n, hex), 0);
	integer = BN_to_ASN1_INTEGER(n, NULL);
	ck_assert_ptr_nonnull(integer);
	BN_free(n);
	return integer;
}

/* Every way in leads to the same, and every way out to what OpenSSL has. */
START_TEST(rfc5280_4_1_2_2_from_and_to_everything)
{
	ASN1_INTEGER *integer = integer_of(serials[_i].hex), *back;
	struct serial by_hex, by_content, by_integer, by_octets;
	char hex[SERIAL_HEX_SIZE], padded[SERIAL_HEX_SIZE + 4];
	uint8_t content[64], octets[64], der[64], *p = der;
	bool negative = serials[_i].hex[0] == '-';

	ck_assert_int_eq(serial_of_hex(serials[_i].hex, &by_hex), 0);
	ck_assert_int_eq(serial_of_content(bytes_of_hex(serials[_i].content, content), &by_content),
			 0);
	ck_assert_int_eq(serial_of_integer(integer, &by_integer), 0);
	ck_assert(serial_equal(&by_hex, &by_content));
	ck_assert(serial_equal(&by_hex, &by_integer));
	if (!negative) {
		ck_assert_int_eq(
			serial_of_unsigned(bytes_of_hex(serials[_i].hex, octets), &by_octets), 0);
		ck_assert(serial_equal(&by_hex, &by_octets));
		snprintf(padded, sizeof(padded), "00%s", serials[_i].hex);
		if (strlen(padded) <= 2 * SERIAL_MAX)
			ck_assert_int_eq(serial_of_hex(padded, &by_octets), 0);
		ck_assert(serial_equal(&by_hex, &by_octets));
	}
	serial_hex(&by_hex, hex);
	ck_assert_str_eq(hex, serials[_i].hex);
	back = serial_integer(&by_hex);
	ck_assert_ptr_nonnull(back);
	ck_assert_int_eq(ASN1_INTEGER_cmp(back, integer), 0);
	/* Identifier and length come first: OpenSSL's encoding has the same content octets. */
	ck_assert_int_eq(i2d_ASN1_INTEGER(integer, &p), 2 + by_hex.len);
	ck_assert_mem_eq(der + 2, by_hex.octet, by_hex.len);
	p = der;
	ck_assert_int_eq(i2d_ASN1_INTEGER(back, &p), 2 + by_hex.len);
	ck_assert_mem_eq(der + 2, by_hex.octet, by_hex.len);
	ck_assert(serial_is_conforming(&by_hex) == serials[_i].conforming);
	ASN1_INTEGER_free(back);
	ASN1_INTEGER_free(integer);
}
END_TEST

START_TEST(numbers_differ_by_their_sign_and_zeros)
{
	static const char *const pairs[][2] = {
		{"80", "-80"}, {"01", "0100"}, {"ff", "-01"}, {"9f" X19, "9f"}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct serial a, b;

		ck_assert_int_eq(serial_of_hex(pairs[i][0], &a), 0);
		ck_assert_int_eq(serial_of_hex(pairs[i][1], &b), 0);
		ck_assert(!serial_equal(&a, &b));
	}
}
END_TEST

START_TEST(what_is_no_serial_number)
{
	static const struct {
		const char *hex;
		int err;
	} texts[] = {
		{"", -EBADMSG},
		{"-", -EBADMSG},
		{"1", -EBADMSG},
		{"xy", -EBADMSG},
		{"--01", -EBADMSG},
		{"80ff" X30, -EOVERFLOW},
		{"010000" X30, -EOVERFLOW},
	};
	static const struct {
		const char *hex;
		int err;
	} contents[] = {
		/* X.690 8.3.2: not the shortest form */
		{"0000", -EBADMSG}, {"007f", -EBADMSG},         {"ff80", -EBADMSG},
		{"", -EBADMSG},     {"00ffff" X30, -EOVERFLOW},
	};
	char hex[SERIAL_HEX_SIZE];
	ASN1_INTEGER *long_one = integer_of("010000" X30), *negative = integer_of("-8001" X30);
	struct serial serial = SERIAL_NULL;
	uint8_t octets[64];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_int_eq(serial_of_hex(texts[i].hex, &serial), texts[i].err);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
		ck_assert_int_eq(serial_of_content(bytes_of_hex(contents[i].hex, octets), &serial),
				 contents[i].err);
	ck_assert_int_eq(serial_of_unsigned(BYTES_NULL, &serial), -EBADMSG);
	ck_assert_int_eq(serial_of_integer(long_one, &serial), -EOVERFLOW);
	ck_assert_int_eq(serial_of_integer(negative, &serial), -EOVERFLOW);
	serial_hex(&SERIAL_NULL, hex);
	ck_assert_str_eq(hex, "");
	ck_assert(!serial_is_conforming(&SERIAL_NULL));
	ASN1_INTEGER_free(long_one);
	ASN1_INTEGER_free(negative);
}
END_TEST

static Suite *serial_suite(void)
{
	Suite *s = suite_create("serial");
	TCase *tc = tcase_create("serial");

	tcase_add_loop_test(tc, rfc5280_4_1_2_2_from_and_to_everything, 0,
			    sizeof(serials) / sizeof(serials[0]));
	tcase_add_test(tc, numbers_differ_by_their_sign_and_zeros);
	tcase_add_test(tc, what_is_no_serial_number);
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(serial_suite, SUITE_FORKS)
