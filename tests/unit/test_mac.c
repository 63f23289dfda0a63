// SPDX-License-Identifier: Apache-2.0
/*
 * MAC functions with the published vectors, and MAC-based protection through the whole door: every
 * scheme of RFC 9481 6, and each way in which its algorithm can be wrong. Against another
 * implementation: tests/interop.
 */
#include "ask.h"
#include "asn1/algorithm.h"
#include "asn1/mac.h"
#include "mac_scheme.h"
#include "suite.h"

#include <check.h>
#include <string.h>

/* --- functions --- */

static const struct {
	const char *title;
	const char *name;
	const char *parameters; /* DER in hex; "": absent */
	const char *key;
	const char *data;
	const char *mac;
} vectors[] = {
	{"RFC 4231 4.3", "hmacWithSHA256", "0500", "4a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{"RFC 4231 4.3", "hmacWithSHA224", "", "4a656665",
	 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	 "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"},
	{"SP 800-185 KMAC sample 1", "KMACWithSHAKE128", "",
	 "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f", "00010203",
	 "e5780b0d3ea6f7d3a429c5706aa43a00fadbd7d49628839e3187243f456ee14e"},
	/* customizationString "My Tagged Application" */
	{"SP 800-185 KMAC sample 2", "KMACWithSHAKE128",
	 "301704154d7920546167676564204170706c69636174696f6e",
	 "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f", "00010203",
	 "3b1fba963cd8b0b59e8c1a6d71888b7143651af8ba0a7070c0979e2811324aa5"},
	/* the same with kMACOutputLength 512 */
	{"SP 800-185 KMAC sample 4", "KMACWithSHAKE256",
	 "301b0202020004154d7920546167676564204170706c69636174696f6e",
	 "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f", "00010203",
	 "20c570c31346f703c9ac36c61c03cb64c3970d0cfc787e9b79599d273a68d2f7f69d4cc3de9d104a351689f2"
	 "7cf6f5951f0103f33f4f24871024d9c27773a8dd"},
	/* nonce e0e00f19fed7ba0136a797f3, length 16 */
	{"NIST CAVS gcmEncryptExtIV128, 128 bits of AAD", "aes128-GMAC",
	 "3011040ce0e00f19fed7ba0136a797f3020110", "77be63708971c4e240d1cb79e8d77feb",
	 "7a43ec1d9c0a5a78a0b16533a6213cab", "209fcc8d3675ed938e9c7166709dd946"},
	/* the same without length: RFC 9044 2, DEFAULT 12 */
	{"RFC 9044 2 length", "aes128-GMAC", "300e040ce0e00f19fed7ba0136a797f3",
	 "77be63708971c4e240d1cb79e8d77feb", "7a43ec1d9c0a5a78a0b16533a6213cab",
	 "209fcc8d3675ed938e9c7166"},
};

START_TEST(rfc9481_6_2_function)
{
	X509_ALGOR *alg = mac_function_algorithm(vectors[_i].name, vectors[_i].parameters);
	uint8_t key[64], data[64], expected[64], mac[MAC_OUTPUT_MAX];
	size_t key_len, data_len, expected_len, len;
	struct mac_function f;

	ck_assert_int_eq(hex_to_bytes(vectors[_i].key, key, sizeof(key), &key_len), 0);
	ck_assert_int_eq(hex_to_bytes(vectors[_i].data, data, sizeof(data), &data_len), 0);
	ck_assert_int_eq(hex_to_bytes(vectors[_i].mac, expected, sizeof(expected), &expected_len),
			 0);
	ck_assert_int_eq(mac_function_read(alg, &f), 0);
	ck_assert_int_eq(mac_function_compute(&f, (struct bytes){key, key_len},
					      (struct bytes){data, data_len}, mac, &len),
			 0);
	ck_assert(bytes_equal((struct bytes){mac, len}, (struct bytes){expected, expected_len}));
	X509_ALGOR_free(alg);
}
END_TEST

/* --- messages --- */

#define SECRET_16 "sixteen octets!!"
#define SECRET_24 "twenty-four octets here!"
#define SECRET_32 "thirty-two octets of a secret..."

static struct house house;

static const struct {
	const char *reference;
	const char *secret;
	const char *policy;
} clients[] = {
	{"ref-8", "8 octets", NULL},         {"ref-16", SECRET_16, NULL},
	{"ref-24", SECRET_24, NULL},         {"ref-32", SECRET_32, NULL},
	{"ref-strict", SECRET_32, "strict"}, {"ref-password", SECRET_32, "password"},
	{"ref-pbmac1", SECRET_32, "pbmac1"},
};

static void setup(void)
{
	house_open(&house, "",
		   "[client_policy strict]\n"
		   "mac_algorithms = PBMAC1, hmacWithSHA512\n"
		   "mac_iterations_min = 2000\n"
		   "[client_policy password]\n"
		   "answer_mac = PasswordBasedMac\n"
		   "answer_mac_iterations = 700\n"
		   "[client_policy pbmac1]\n"
		   "answer_mac = PBMAC1\n");
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		house_mac_client_add(&house, clients[i].reference, clients[i].reference,
				     clients[i].secret, clients[i].policy);
}

static void teardown(void)
{
	house_close(&house);
}

#define PBM    "PasswordBasedMac"
#define GMAC_P "3011040c000102030405060708090a0b020110"

static const struct mac_scheme schemes[] = {
	{"6.1.1", PBM, NID_sha256, 500, 0, "hmac-SHA1", "", "ref-8", REFUSAL_NONE},
	{"6.1.1 owf", PBM, NID_sha512, 500, 0, "hmacWithSHA512", "0500", "ref-8", REFUSAL_NONE},
	{"RFC 9045 4.4", PBM, NID_sha256, 500, 0, "aes128-GMAC", GMAC_P, "ref-8", REFUSAL_NONE},
	{"6.1.1 KMAC", PBM, NID_sha256, 500, 0, "KMACWithSHAKE256", "", "ref-8", REFUSAL_NONE},
	{"RFC 4211 4.4 K", PBM, NID_sha1, 500, 0, "aes256-GMAC", GMAC_P, "ref-8",
	 REFUSAL_mac_parameters},
	{"6.1.2", "PBMAC1", NID_hmacWithSHA256, 1000, 32, "hmacWithSHA256", "0500", "ref-8",
	 REFUSAL_NONE},
	{"6.1.2 prf", "PBMAC1", NID_hmacWithSHA512, 1000, 64, "hmacWithSHA512", "", "ref-8",
	 REFUSAL_NONE},
	{"RFC 8018 A.2 keyLength", "PBMAC1", NID_hmacWithSHA384, 1000, 0, "hmacWithSHA224", "",
	 "ref-8", REFUSAL_NONE},
	{"6.2.2 in PBMAC1", "PBMAC1", NID_hmacWithSHA256, 1000, 16, "aes128-GMAC", GMAC_P, "ref-8",
	 REFUSAL_NONE},
	{"6.2.3 in PBMAC1", "PBMAC1", NID_hmacWithSHA256, 1000, 32, "KMACWithSHAKE256", "", "ref-8",
	 REFUSAL_NONE},
	{"RFC 8018 A.2 SHA-1", "PBMAC1", 0, 1000, 32, "hmacWithSHA256", "", "ref-8",
	 REFUSAL_mac_parameters},
	{"6.2.1 SHA-1", "PBMAC1", NID_hmacWithSHA256, 1000, 32, "hmacWithSHA1", "", "ref-8",
	 REFUSAL_mac_parameters},
	{"keyLength", "PBMAC1", NID_hmacWithSHA256, 1000, 65, "hmacWithSHA256", "", "ref-8",
	 REFUSAL_mac_costly},
	{"keyLength long", "PBMAC1", NID_hmacWithSHA256, 1000, 513, "hmacWithSHA256", "", "ref-8",
	 REFUSAL_mac_parameters},
	{"RFC 9688", "PBMAC1", NID_hmac_sha3_384, 1000, 64, "hmacWithSHA3-512", "", "ref-8",
	 REFUSAL_NONE},
	{"RFC 9688 owf", PBM, NID_sha3_512, 500, 0, "hmacWithSHA3-256", "", "ref-8", REFUSAL_NONE},
	{"RFC 9688 not by default", "", 0, 0, 0, "hmacWithSHA3-256", "", "ref-16",
	 REFUSAL_protection_alg_not_allowed},
	{"keyLength short", "PBMAC1", NID_hmacWithSHA256, 1000, 15, "hmacWithSHA256", "", "ref-8",
	 REFUSAL_mac_key_length},
	{"keyLength of AES-128", "PBMAC1", NID_hmacWithSHA256, 1000, 32, "aes128-GMAC", GMAC_P,
	 "ref-8", REFUSAL_mac_key_length},
	{"6.2.2 never in PBKDF2", "PBMAC1", NID_sha256, 1000, 32, "hmacWithSHA256", "", "ref-8",
	 REFUSAL_mac_parameters},
	{"iterations", "PBMAC1", NID_hmacWithSHA256, 99, 32, "hmacWithSHA256", "", "ref-8",
	 REFUSAL_mac_weak},
	{"iterations", "PBMAC1", NID_hmacWithSHA256, 100001, 32, "hmacWithSHA256", "", "ref-8",
	 REFUSAL_mac_costly},
	{"iterations", "PBMAC1", NID_hmacWithSHA256, 0, 32, "hmacWithSHA256", "", "ref-8",
	 REFUSAL_mac_parameters},
	{"RFC 4211 4.4 salt", PBM, NID_sha256, 500, 0, "hmac-SHA1", "", "ref-8", REFUSAL_mac_salt,
	 .no_salt = true},
	{"RFC 8018 4.1 salt", "PBMAC1", NID_hmacWithSHA256, 1000, 32, "hmacWithSHA256", "", "ref-8",
	 REFUSAL_mac_salt, .no_salt = true},
	{"6.2.1", "", 0, 0, 0, "hmacWithSHA256", "0500", "ref-16", REFUSAL_NONE},
	{"6.2.1", "", 0, 0, 0, "hmacWithSHA512", "", "ref-24", REFUSAL_NONE},
	{"6.2.1 parameters", "", 0, 0, 0, "hmacWithSHA512", "3000", "ref-24",
	 REFUSAL_mac_parameters},
	{"6.2.1 short secret", "", 0, 0, 0, "hmacWithSHA256", "", "ref-8", REFUSAL_mac_key_length,
	 true},
	{"6.2.1 SHA-1", "", 0, 0, 0, "hmacWithSHA1", "", "ref-16",
	 REFUSAL_protection_alg_unsupported},
	{"6.2.3", "", 0, 0, 0, "KMACWithSHAKE128", "", "ref-16", REFUSAL_NONE},
	{"6.2.3", "", 0, 0, 0, "KMACWithSHAKE256", "", "ref-32", REFUSAL_NONE},
	{"6.2.3 key", "", 0, 0, 0, "KMACWithSHAKE256", "", "ref-24", REFUSAL_mac_key_length, true},
	/* kMACOutputLength 64 */
	{"6.2.3 short output", "", 0, 0, 0, "KMACWithSHAKE128", "3003020140", "ref-16",
	 REFUSAL_mac_parameters},
	{"6.2.2 not by default", "", 0, 0, 0, "aes128-GMAC", GMAC_P, "ref-16",
	 REFUSAL_protection_alg_not_allowed},
	{"policy", "PBMAC1", NID_hmacWithSHA256, 2000, 32, "hmacWithSHA256", "", "ref-strict",
	 REFUSAL_NONE},
	{"policy", "PBMAC1", NID_hmacWithSHA256, 1999, 32, "hmacWithSHA256", "", "ref-strict",
	 REFUSAL_mac_weak, true},
	{"policy", "", 0, 0, 0, "hmacWithSHA512", "", "ref-strict", REFUSAL_NONE},
	{"policy", "", 0, 0, 0, "hmacWithSHA256", "", "ref-strict",
	 REFUSAL_protection_alg_not_allowed, true},
	{"policy", PBM, NID_sha256, 5000, 0, "hmacWithSHA256", "", "ref-strict",
	 REFUSAL_protection_alg_not_allowed, true},
};

static struct bytes secret_of(const char *reference)
{
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		if (strcmp(clients[i].reference, reference) == 0)
			return bytes_of_string(clients[i].secret);
	return BYTES_NULL;
}

/* An ir of that client. `claimed`: the algorithm may be one that cannot be computed. */
static void mac_ask(struct ask *a, const char *reference, X509_ALGOR *alg, bool claimed,
		    struct told *toldp)
{
	static int n;
	char cn[32];

	snprintf(cn, sizeof(cn), "mac-%d", n++);
	house_register(&house, reference, CERT_TYPE_VNFCI, cn);
	ask_new(a, &house, NULL);
	a->secret = secret_of(reference);
	a->out.sender_kid = bytes_of_string(reference);
	ask_certreq(a, PKI_BODY_IR, cn);
	if (claimed) {
		ask_encode(a);
		ask_claim_algorithm(a, alg);
		ask_send_octets(a, &house.worker, octets_view(&a->sent), toldp);
		X509_ALGOR_free(alg);
		return;
	}
	X509_ALGOR_free(a->mac_algorithm);
	a->mac_algorithm = alg;
	ask_send(a, toldp);
}

static const char *told_text(const struct told *told)
{
	const PKIStatusInfo *status = told_status(told);

	return status && status->statusString
		       ? (const char *)ASN1_STRING_get0_data(
				 sk_ASN1_UTF8STRING_value(status->statusString, 0))
		       : "";
}

/* Under the request's algorithm, so that each is verified and made. */
START_TEST(rfc9481_6_scheme)
{
	const struct mac_scheme *s = &schemes[_i];
	struct told told;
	struct ask a;

	mac_ask(&a, s->reference, mac_scheme_algorithm(s), s->reason != REFUSAL_NONE && !s->proved,
		&told);
	if (s->reason == REFUSAL_NONE) {
		ck_assert_msg(told_failinfo(&told) == -1, "%s: %s", s->title, told_text(&told));
		ck_assert(told_mac(&told));
		ck_assert_int_eq(
			OBJ_cmp(told.msg->protection_alg->algorithm, a.mac_algorithm->algorithm),
			0);
	} else {
		ck_assert_str_eq(told_text(&told), refusal_text(s->reason));
		ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_ALG);
		/* Who has not proved that it knows the secret gets nothing to try it with. */
		ck_assert_int_eq(told_mac(&told), s->proved && s->reason != REFUSAL_mac_key_length);
	}
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* RFC 9481 6.2.2: not the same nonce twice; RFC 9483 4.1.5: salt and iterations stay. */
START_TEST(rfc9481_6_2_2_nonce)
{
	static const struct mac_scheme s = {.algorithm = "PBMAC1",
					    .owf = NID_hmacWithSHA256,
					    .iterations = 1000,
					    .key_len = 16,
					    .function = "aes128-GMAC",
					    .parameters = GMAC_P};
	PBMAC1Params *asked, *answered;
	struct mac_function f, g;
	struct told told;
	struct ask a;

	mac_ask(&a, "ref-8", mac_scheme_algorithm(&s), false, &told);
	ck_assert(told_mac(&told));
	asked = algorithm_parameters_read(a.mac_algorithm, ASN1_ITEM_rptr(PBMAC1Params));
	answered =
		algorithm_parameters_read(told.msg->protection_alg, ASN1_ITEM_rptr(PBMAC1Params));
	ck_assert_int_eq(X509_ALGOR_cmp(asked->keyDerivationFunc, answered->keyDerivationFunc), 0);
	ck_assert_int_eq(mac_function_read(asked->messageAuthScheme, &f), 0);
	ck_assert_int_eq(mac_function_read(answered->messageAuthScheme, &g), 0);
	ck_assert_uint_eq(g.n_octets, 12);
	ck_assert_uint_eq(g.output, f.output);
	ck_assert_int_ne(memcmp(f.octets, g.octets, 12), 0);
	PBMAC1Params_free(asked);
	PBMAC1Params_free(answered);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* The client's policy says what the answer is protected with. */
START_TEST(policy_answer_mac)
{
	const char *const reference = _i ? "ref-pbmac1" : "ref-password";
	const int nid = _i ? NID_pbmac1 : NID_id_PasswordBasedMAC;
	struct told told;
	struct ask a;

	mac_ask(&a, reference, mac_function_algorithm("hmacWithSHA256", ""), false, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert_int_eq(OBJ_obj2nid(told.msg->protection_alg->algorithm), nid);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* Which signatures a client may use: of its messages, and as proof of possession. */
START_TEST(policy_signature_algorithms)
{
	struct house strict;
	struct told told;
	struct ask a;

	house_open(&strict, "",
		   "[client_policy default]\n"
		   "signature_algorithms = ecdsa-with-SHA384, ED25519\n");
	ask_new(&a, &strict, &strict.vnfm_a);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	ask_send(&a, &told);
	ck_assert_str_eq(told_text(&told), refusal_text(REFUSAL_protection_alg_not_allowed));
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_ALG);
	told_clear(&told);
	ask_clear(&a);
	house_register(&strict, "mac", CERT_TYPE_VNFCI, "pop");
	ask_new(&a, &strict, NULL);
	ask_certreq(&a, PKI_BODY_IR, "pop");
	ask_send(&a, &told);
	ck_assert_str_eq(told_text(&told), refusal_text(REFUSAL_pop_alg_not_allowed));
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_ALG);
	told_clear(&told);
	ask_clear(&a);
	house_close(&strict);
}
END_TEST

/* What [protection] asks of everybody's signatures. */
START_TEST(protection_minimums)
{
	static const struct {
		const char *key;
		enum refusal_reason reason;
	} rows[] = {{"ec_bits_min = 384\n", REFUSAL_signer_key_weak},
		    {"digest_bits_min = 384\n", REFUSAL_protection_digest_weak}};
	struct house strict;
	struct told told;
	struct ask a;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		house_open(&strict, "", rows[i].key);
		ask_new(&a, &strict, &strict.vnfm_a);
		ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
		ask_send(&a, &told);
		ck_assert_str_eq(told_text(&told), refusal_text(rows[i].reason));
		ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_ALG);
		told_clear(&told);
		ask_clear(&a);
		house_close(&strict);
	}
}
END_TEST

/* Their senderKID is that of a certificate; whether it is a reference too must not matter. */
static const struct other_mac {
	const char *oid;
	const char *sender_kid;
	enum refusal_reason reason;
} other_macs[] = {
	/* id-KemBasedMac */
	{"1.2.840.113533.7.66.16", "certificate", REFUSAL_protection_alg_not_allowed},
	{"1.2.840.113533.7.66.16", "ref-16", REFUSAL_protection_alg_not_allowed},
	/* id-DHBasedMac */
	{"1.2.840.113533.7.66.30", "certificate", REFUSAL_protection_alg_unsupported},
	{"1.2.840.113533.7.66.30", "ref-16", REFUSAL_protection_alg_unsupported},
};

/*
 * RFC 9483 3.5: badAlg for a MAC that is not supported, RFC 9810 5.1.3.2, or that [protection] does
 * not name, 5.1.3.4.
 */
START_TEST(rfc9810_5_1_3_other_mac)
{
	const struct other_mac *row = &other_macs[_i];
	X509_ALGOR *alg = X509_ALGOR_new();
	struct told told;
	struct ask a;

	X509_ALGOR_set0(alg, OBJ_txt2obj(row->oid, 1), V_ASN1_UNDEF, NULL);
	ask_new(&a, &house, NULL);
	a.secret = secret_of("ref-16");
	a.out.sender_kid = bytes_of_string(row->sender_kid);
	ask_certreq(&a, PKI_BODY_IR, "other-mac");
	ask_encode(&a);
	ask_claim_algorithm(&a, alg);
	X509_ALGOR_free(alg);
	ask_send_octets(&a, &house.worker, octets_view(&a.sent), &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_ALG);
	ck_assert_str_eq(told_text(&told), refusal_text(row->reason));
	ck_assert(!told_mac(&told));
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

static Suite *mac_suite(void)
{
	Suite *suite = suite_create("mac");
	TCase *tc = tcase_create("functions");

	tcase_add_loop_test(tc, rfc9481_6_2_function, 0, ARRAY_LEN(vectors));
	suite_add_tcase(suite, tc);
	tc = tcase_create("door");
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, rfc9481_6_scheme, 0, ARRAY_LEN(schemes));
	tcase_add_loop_test(tc, rfc9810_5_1_3_other_mac, 0, ARRAY_LEN(other_macs));
	tcase_add_test(tc, rfc9481_6_2_2_nonce);
	tcase_add_loop_test(tc, policy_answer_mac, 0, 2);
	tcase_add_test(tc, policy_signature_algorithms);
	tcase_add_test(tc, protection_minimums);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(mac_suite, SUITE_ONE_PROCESS)
