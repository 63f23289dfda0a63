// SPDX-License-Identifier: Apache-2.0
/*
 * What the CMP door does for who is not known yet: the same whether the reference that is named
 * exists or not, and no more than its share. Cryptographic operations and steps of the database are
 * counted where they enter the libraries.
 */
#include "ask.h"

#include "mac_scheme.h"

#include <check.h>
#include <dlfcn.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <string.h>

/* --- counting -----------------------------------------------------------------------------------
 */

static struct {
	int64_t pbkdf2; /* iterations */
	int64_t digests;
	int64_t macs;
	int64_t opened; /* sealed secrets */
	int64_t steps;  /* of the database */
} counted;

#define REAL(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

int PKCS5_PBKDF2_HMAC(const char *pass, int passlen, const unsigned char *salt, int saltlen,
		      int iter, const EVP_MD *digest, int keylen, unsigned char *out)
{
	counted.pbkdf2 += iter;
	return REAL(PKCS5_PBKDF2_HMAC)(pass, passlen, salt, saltlen, iter, digest, keylen, out);
}

int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s)
{
	static __typeof__(&EVP_DigestFinal_ex) real;

	if (!real)
		real = REAL(EVP_DigestFinal_ex);
	counted.digests++;
	return real(ctx, md, s);
}

int EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *outl, size_t outsize)
{
	counted.macs++;
	return REAL(EVP_MAC_final)(ctx, out, outl, outsize);
}

int EVP_DecryptFinal_ex(EVP_CIPHER_CTX *ctx, unsigned char *outm, int *outl)
{
	counted.opened++;
	return REAL(EVP_DecryptFinal_ex)(ctx, outm, outl);
}

int sqlite3_step(sqlite3_stmt *stmt)
{
	counted.steps++;
	return REAL(sqlite3_step)(stmt);
}

/* --- references that are known and not ----------------------------------------------------------
 */

#define SECRET "thirty-two octets of a secret..."

static struct house house;

/* RFC 9810 B: the passphrase that an entity has left under that reference. */
static void passphrase_add(const char *reference)
{
	char sealed_for[64] = "revPassphrase:";
	struct store_rev_passphrase row = {
		.registration_id = 1,
		.created_ms = house.now_ms,
		.reference = {(uint8_t *)(uintptr_t)reference, strlen(reference)}};

	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "revoked");
	bytes_to_hex(bytes_of_string(reference), sealed_for + strlen(sealed_for));
	ck_assert_int_eq(
		cmf_secret_seal(house.cmf, sealed_for, bytes_of_string(SECRET), &row.secret), 0);
	ck_assert_int_eq(store_rev_passphrase_put(house.worker.unit, &row), 0);
	ck_assert_int_eq(store_unit_commit(house.worker.unit), 0);
	store_unit_clear(house.worker.unit);
	octets_clear(&row.secret);
}

static void setup(void)
{
	house_open(&house, "",
		   "mac_algorithms = PasswordBasedMac, PBMAC1, hmacWithSHA256, KMACWithSHAKE256, "
		   "aes256-GMAC\n"
		   "[client_policy strict]\n"
		   "mac_algorithms = KMACWithSHAKE256\n"
		   "mac_iterations_min = 50000\n");
	house_mac_client_add(&house, "usual", "reference-usual", SECRET, NULL);
	house_mac_client_add(&house, "short", "reference-short", "ab", NULL);
	house_mac_client_add(&house, "strict", "reference-stric", SECRET, "strict");
	passphrase_add("reference-revok");
}

static void teardown(void)
{
	house_close(&house);
}

/* All of one length, so that the answers are. */
static const char *const references[] = {
	"reference-nobod",
	"reference-usual",
	"reference-short",
	"reference-stric",
};
enum { NOBODYS };

#define PBM    "PasswordBasedMac"
#define GMAC_P "3011040c000102030405060708090a0b020110"

/* RFC 9483 3.5: what is told of each, whoever is named. */
static const struct mac_scheme schemes[] = {
	{"PasswordBasedMac", PBM, NID_sha256, 500, 0, "hmac-SHA1", "", NULL,
	 REFUSAL_protection_wrong},
	{"PBMAC1", "PBMAC1", NID_hmacWithSHA256, 700, 32, "hmacWithSHA256", "", NULL,
	 REFUSAL_protection_wrong},
	{"HMAC", "", 0, 0, 0, "hmacWithSHA256", "", NULL, REFUSAL_protection_wrong},
	{"KMAC", "", 0, 0, 0, "KMACWithSHAKE256", "", NULL, REFUSAL_protection_wrong},
	{"GMAC", "", 0, 0, 0, "aes256-GMAC", GMAC_P, NULL, REFUSAL_protection_wrong},
	{"below the client's minimum", PBM, NID_sha256, 100, 0, "hmacWithSHA256", "", NULL,
	 REFUSAL_protection_wrong},
	{"iterations", PBM, NID_sha256, 99, 0, "hmacWithSHA256", "", NULL, REFUSAL_mac_weak},
	{"iterations", PBM, NID_sha256, 100001, 0, "hmacWithSHA256", "", NULL, REFUSAL_mac_costly},
	{"iterations", "PBMAC1", NID_hmacWithSHA256, -1, 32, "hmacWithSHA256", "", NULL,
	 REFUSAL_mac_parameters},
	{"salt", PBM, NID_sha256, 500, 0, "hmacWithSHA256", "", NULL, REFUSAL_mac_salt,
	 .no_salt = true},
	{"key length", "PBMAC1", NID_hmacWithSHA256, 700, 15, "hmacWithSHA256", "", NULL,
	 REFUSAL_mac_key_length},
	{"parameters", "", 0, 0, 0, "hmacWithSHA256", "3000", NULL, REFUSAL_mac_parameters},
	/* b20 of other implementations' reports: none at all. */
	{"parameters", "", 0, 0, 0, PBM, "", NULL, REFUSAL_mac_parameters},
	{"not allowed", "", 0, 0, 0, "hmacWithSHA512", "", NULL,
	 REFUSAL_protection_alg_not_allowed},
};

static void reference_ask(const X509_ALGOR *alg, const char *reference, struct told *toldp)
{
	struct ask a;

	ask_new(&a, &house, NULL);
	a.secret = bytes_of_string("not the secret of anybody at all");
	a.out.sender_kid = bytes_of_string(reference);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	ask_encode(&a);
	ask_claim_algorithm(&a, alg);
	memset(&counted, 0, sizeof(counted));
	ask_send_octets(&a, &house.worker, octets_view(&a.sent), toldp);
	ask_clear(&a);
}

static const char *told_text(const struct told *told)
{
	const PKIStatusInfo *status = told_status(told);

	ck_assert(status && sk_ASN1_UTF8STRING_num(status->statusString) == 1);
	return (const char *)ASN1_STRING_get0_data(
		sk_ASN1_UTF8STRING_value(status->statusString, 0));
}

/* Without the signature, whose length varies by itself. */
static size_t told_len(const struct told *told)
{
	return told->msg->header_der.len + told->msg->body_der.len;
}

/* RFC 9483 3.5, RFC 4210 5.1.3.1: nothing tells a reference that exists from one that does not. */
START_TEST(references_alike)
{
	const struct mac_scheme *s = &schemes[_i];
	X509_ALGOR *alg = mac_scheme_algorithm(s);
	__typeof__(counted) nobodys = {0};
	size_t len = 0;

	/* What is made at the first use is none of a stranger's. */
	for (size_t i = 0; i < 2 * ARRAY_LEN(references); i++) {
		struct told told;

		reference_ask(alg, references[i % ARRAY_LEN(references)], &told);
		ck_assert_int_eq(told_failinfo(&told), s->reason == REFUSAL_protection_wrong
							       ? FAIL_BAD_MESSAGE_CHECK
							       : FAIL_BAD_ALG);
		ck_assert_str_eq(told_text(&told), refusal_text(s->reason));
		ck_assert(!told_mac(&told));
		if (i == ARRAY_LEN(references) + NOBODYS) {
			nobodys = counted;
			len = told_len(&told);
		} else if (i > ARRAY_LEN(references)) {
			ck_assert_uint_eq(told_len(&told), len);
			ck_assert_int_eq(counted.pbkdf2, nobodys.pbkdf2);
			ck_assert_int_eq(counted.digests, nobodys.digests);
			ck_assert_int_eq(counted.macs, nobodys.macs);
			ck_assert_int_eq(counted.opened, nobodys.opened);
			ck_assert_int_eq(counted.steps, nobodys.steps);
		}
		told_clear(&told);
	}
	/* One derivation, and only where all else is right. */
	ck_assert_int_eq(nobodys.macs, s->reason == REFUSAL_protection_wrong);
	ck_assert_int_eq(nobodys.pbkdf2,
			 nobodys.macs && strcmp(s->algorithm, "PBMAC1") == 0 ? s->iterations : 0);
	X509_ALGOR_free(alg);
}
END_TEST

/* RFC 9483 4.1.5: the same salt and count, so the key of the request is that of the answer. */
START_TEST(rfc9483_4_1_5_derived_once)
{
	static const struct mac_scheme pbmac1 = {.algorithm = "PBMAC1",
						 .owf = NID_hmacWithSHA256,
						 .iterations = 700,
						 .key_len = 32,
						 .function = "hmacWithSHA256",
						 .parameters = ""};
	static const struct mac_scheme pbm = {.algorithm = PBM,
					      .owf = NID_sha256,
					      .iterations = 700,
					      .function = "hmacWithSHA256",
					      .parameters = ""};
	struct octets answer = OCTETS_NULL;
	bool not_a_message;
	struct told told;
	struct ask a;

	ask_new(&a, &house, NULL);
	a.secret = bytes_of_string(SECRET);
	a.out.sender_kid = bytes_of_string("reference-usual");
	X509_ALGOR_free(a.mac_algorithm);
	a.mac_algorithm = mac_scheme_algorithm(_i ? &pbm : &pbmac1);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	ask_encode(&a);
	memset(&counted, 0, sizeof(counted));
	house_serve(&house, &house.worker, octets_view(&a.sent), NULL, NULL, &answer,
		    &not_a_message);
	if (_i)
		ck_assert_int_lt(counted.digests, 2 * 700);
	else
		ck_assert_int_eq(counted.pbkdf2, 700);
	told_of(&a, octets_view(&answer), &told);
	ck_assert(told_mac(&told));
	octets_clear(&answer);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("door");
	TCase *tc = tcase_create("references");
	SRunner *runner;
	int failed;

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, references_alike, 0, ARRAY_LEN(schemes));
	tcase_add_loop_test(tc, rfc9483_4_1_5_derived_once, 0, 2);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
