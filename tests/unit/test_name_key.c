// SPDX-License-Identifier: Apache-2.0
/*
 * Which names are one name: by the comparison rules of RFC 5280 7 and RFC 3986 6.2.2, whatever the
 * encoding. Names are given in DER.
 */
#include "asn1/name_key.h"
#include "suite.h"

#include "pki.h"

#include <check.h>
#include <openssl/x509v3.h>
#include <string.h>

static struct octets subject_of(const char *text, int type)
{
	X509_NAME *name = X509_NAME_new();
	unsigned char *der = NULL;
	int len;

	ck_assert_int_eq(X509_NAME_add_entry_by_NID(name, NID_commonName, type,
						    (const unsigned char *)text, -1, -1, 0),
			 1);
	len = i2d_X509_NAME(name, &der);
	X509_NAME_free(name);
	return (struct octets){der, (size_t)len};
}

static struct octets names_of(int type, const char *text)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	unsigned char *der = NULL;
	int len;

	sk_GENERAL_NAME_push(names, a2i_GENERAL_NAME(NULL, NULL, NULL, type, text, 0));
	len = i2d_GENERAL_NAMES(names, &der);
	ck_assert_int_gt(len, 0);
	GENERAL_NAMES_free(names);
	return (struct octets){der, (size_t)len};
}

static struct name_key key_of(const char *ca, const struct octets *subject,
			      const struct octets *san)
{
	static const uint8_t null_dn[] = {0x30, 0x00};
	struct name_keys keys;
	struct name_key key;

	ck_assert_int_eq(name_keys_of(ca, subject ? octets_view(subject) : BYTES_OF(null_dn),
				      san ? octets_view(san) : BYTES_NULL, &keys),
			 0);
	ck_assert_uint_eq(keys.len, 1);
	key = keys.item[0];
	ck_assert_int_eq(key.in_san, san != NULL);
	name_keys_clear(&keys);
	return key;
}

static bool same(const struct name_key *a, const struct name_key *b)
{
	return memcmp(a->octet, b->octet, NAME_KEY_LEN) == 0;
}

/* Each pair is one name, or two. */
static const struct {
	int type; /* GEN_*; 0: a CN */
	const char *a, *b;
	bool one;
} pairs[] = {
	{0, "one", "One", true},
	{0, " one  two ", "one two", true},
	{0, "one", "two", false},
	{0, "STRASSE",
	 "stra\xc3\x9f"
	 "e",
	 true},
	{0, "\xc3\xa9", "e\xcc\x81", true}, /* é composed, and not */
	{GEN_DNS, "a.example", "A.EXAMPLE", true},
	{GEN_DNS, "xn--bcher-kva.example", "XN--BCHER-KVA.example", true},
	{GEN_DNS, "a.example", "b.example", false},
	{GEN_DNS, "a.example", "example", false},
	{GEN_IPADD, "10.0.0.1", "10.0.0.1", true},
	{GEN_IPADD, "10.0.0.1", "::ffff:10.0.0.1", true}, /* RFC 4291 2.5.5.2 */
	{GEN_IPADD, "10.0.0.1", "10.0.0.2", false},
	{GEN_IPADD, "fd00::1", "fd00:0:0::1", true},
	{GEN_URI, "urn:etsi:nfv:vnfci:a", "URN:ETSI:nfv:vnfci:a", true},
	{GEN_URI, "urn:etsi:nfv:vnfci:%61", "urn:etsi:nfv:vnfci:a", true},
	{GEN_URI, "urn:etsi:nfv:vnfci:%c3%89", "urn:etsi:nfv:vnfci:%C3%A9", true},
	/* What is reserved means something else when it is escaped. */
	{GEN_URI, "urn:etsi:nfv:vnfci:a%3Ab", "urn:etsi:nfv:vnfci:a:b", false},
	{GEN_URI, "urn:etsi:nfv:vnfci:a%3Ab", "urn:etsi:nfv:vnfci:a%3ab", true},
};

START_TEST(test_pair)
{
	struct octets a, b;
	struct name_key x, y;
	bool subject = pairs[_i].type == 0;

	a = subject ? subject_of(pairs[_i].a, MBSTRING_UTF8)
		    : names_of(pairs[_i].type, pairs[_i].a);
	b = subject ? subject_of(pairs[_i].b, MBSTRING_UTF8)
		    : names_of(pairs[_i].type, pairs[_i].b);
	x = key_of("ca", subject ? &a : NULL, subject ? NULL : &a);
	y = key_of("ca", subject ? &b : NULL, subject ? NULL : &b);
	ck_assert_msg(same(&x, &y) == pairs[_i].one, "%s and %s", pairs[_i].a, pairs[_i].b);
	/* Under another CA it is another one. */
	y = key_of("cb", subject ? &b : NULL, subject ? NULL : &b);
	ck_assert(!same(&x, &y));
	octets_clear(&a);
	octets_clear(&b);
}
END_TEST

/* RFC 5280 7.1: whatever string type it has. */
START_TEST(test_string_types)
{
	static const int types[] = {V_ASN1_PRINTABLESTRING, V_ASN1_IA5STRING, V_ASN1_T61STRING};
	struct octets utf8 = subject_of("one", V_ASN1_UTF8STRING);
	const struct name_key key = key_of("ca", &utf8, NULL);
	/* BMPString */
	static const uint8_t bmp[] = {0x30, 0x11, 0x31, 0x0f, 0x30, 0x0d, 0x06, 0x03, 0x55, 0x04,
				      0x03, 0x1e, 0x06, 0x00, 'O',  0x00, 'n',  0x00, 'e'};
	struct octets other = {(uint8_t *)(uintptr_t)bmp, sizeof(bmp)};
	struct name_key found = key_of("ca", &other, NULL);

	ck_assert(same(&key, &found));
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct octets der = subject_of("ONE", types[i]);

		found = key_of("ca", &der, NULL);
		ck_assert(same(&key, &found));
		octets_clear(&der);
	}
	octets_clear(&utf8);
}
END_TEST

static struct octets name_octets(const char *text)
{
	X509_NAME *name = pki_name(text);
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(name, &der);

	X509_NAME_free(name);
	return (struct octets){der, (size_t)len};
}

/* RFC 5280 7.1: the RDNs in their order, the attributes of each as a set. */
START_TEST(test_rdns)
{
	/* SET { OU=b, CN=A } and SET { CN=a, OU=B }: in DER the order is that of the values. */
	static const uint8_t set_a[] = {0x30, 0x18, 0x31, 0x16, 0x30, 0x08, 0x06, 0x03, 0x55,
					0x04, 0x03, 0x0c, 0x01, 'A',  0x30, 0x0a, 0x06, 0x03,
					0x55, 0x04, 0x0b, 0x0c, 0x03, 'x',  ' ',  'B'};
	static const uint8_t set_b[] = {0x30, 0x18, 0x31, 0x16, 0x30, 0x0a, 0x06, 0x03, 0x55,
					0x04, 0x0b, 0x0c, 0x03, 'X',  ' ',  'b',  0x30, 0x08,
					0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'a'};
	struct octets a = {(uint8_t *)(uintptr_t)set_a, sizeof(set_a)};
	struct octets b = {(uint8_t *)(uintptr_t)set_b, sizeof(set_b)};
	struct octets one = name_octets("/O=x/CN=y"), two = name_octets("/CN=y/O=x");
	struct octets three = name_octets("/O=x/O=y/CN=z"), four = name_octets("/O=x/CN=y/CN=z");
	struct name_key x = key_of("ca", &a, NULL), y = key_of("ca", &b, NULL);

	ck_assert(same(&x, &y));
	x = key_of("ca", &one, NULL);
	y = key_of("ca", &two, NULL);
	ck_assert(!same(&x, &y));
	x = key_of("ca", &three, NULL);
	y = key_of("ca", &four, NULL);
	ck_assert(!same(&x, &y));
	octets_clear(&one);
	octets_clear(&two);
	octets_clear(&three);
	octets_clear(&four);
}
END_TEST

/* Those of a certificate; other kinds of name are nobody's alone. */
START_TEST(test_certificate)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = pki_cert(&(struct pki_spec){
		.subject = "/CN=one",
		.key = key,
		.san = "DNS:one.example,IP:10.0.0.1,URI:urn:x:y,email:a@b.example,RID:1.2.3",
		.not_after_ms = 1000});
	_cleanup_(octets_clear) struct octets der = pki_cert_der(cert);
	struct octets cn = subject_of("ONE", V_ASN1_UTF8STRING);
	struct name_key subject = key_of("ca", &cn, NULL);
	struct name_keys keys;

	ck_assert_int_eq(name_keys_of_certificate("ca", octets_view(&der), &keys), 0);
	ck_assert_uint_eq(keys.len, 4);
	ck_assert(same(&keys.item[0], &subject));
	ck_assert(!keys.item[0].in_san && keys.item[1].in_san && keys.item[3].in_san);
	name_keys_clear(&keys);
	ck_assert_int_lt(name_keys_of_certificate("ca", octets_view(&cn), &keys), 0);
	octets_clear(&cn);
	X509_free(cert);
	EVP_PKEY_free(key);
}
END_TEST

static Suite *name_key_suite(void)
{
	Suite *suite = suite_create("name_key");
	TCase *tc = tcase_create("keys");

	tcase_add_loop_test(tc, test_pair, 0, ARRAY_LEN(pairs));
	tcase_add_test(tc, test_string_types);
	tcase_add_test(tc, test_rdns);
	tcase_add_test(tc, test_certificate);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(name_key_suite, SUITE_FORKS)
