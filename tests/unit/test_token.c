// SPDX-License-Identifier: Apache-2.0
/* Access tokens: which are taken, with which keys, and what is not. Those here are signed with
 * OpenSSL by tests/house/jwt.c. */
#include "jwt.h"
#include "suite.h"
#include "token.h"

#include "base/bytes.h"

#include <check.h>
#include <errno.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 2026-11-23T09:00:00Z, in seconds. */
#define NOW_S INT64_C(1795424400)

static char path[64], issuer[] = "https://as.example", audience[] = "cmf",
		      client_claim[] = "client_id";
static struct conf conf;
static struct token_checker *checker;
static EVP_PKEY *rsa, *p256, *p384, *p521, *weak, *other;

static void jwks_write(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void jwks_write(const char *format, ...)
{
	FILE *file = fopen(path, "w");
	va_list args;

	va_start(args, format);
	ck_assert_int_ge(vfprintf(file, format, args), 0);
	va_end(args);
	fclose(file);
}

/* The keys of the server, and such as are none of a token. */
static void jwks_write_all(void)
{
	char *jwk[] = {
		jwt_jwk(rsa, "rsa", ",\"use\":\"sig\""),
		jwt_jwk(rsa, "rs256", ",\"alg\":\"RS256\",\"key_ops\":[\"verify\"]"),
		jwt_jwk(p256, "p256", ""),
		jwt_jwk(p384, "p384", ""),
		jwt_jwk(p521, "p521", ""),
		jwt_jwk(weak, "weak", ""),
		jwt_jwk(rsa, "enc", ",\"use\":\"enc\""),
		jwt_jwk(rsa, "wrap", ",\"key_ops\":[\"wrapKey\"]"),
		jwt_jwk(rsa, "hs256", ",\"alg\":\"HS256\""),
	};

	jwks_write(
		"{\"keys\":[%s,%s,%s,%s,%s,%s,%s,%s,%s,"
		"{\"kty\":\"oct\",\"kid\":\"oct\",\"k\":\"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0\"},"
		/* a point that is not on the curve, and what is no BASE64URL, for which cjose
		 * aborts
		 */
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"off\","
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1\"},"
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"no\","
		"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		"\"y\":\"x_FEzRu9m36HLN_tue=59LNpXW6pCyStikYjKIWI5a0\"},"
		"{\"kty\":\"RSA\",\"kid\":\"no\",\"n\":\"AQABA\",\"e\":\"=\"},"
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"okp\",\"x\":\"AA\"},"
		"{\"kid\":\"nothing\"},17,null,{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
		jwk[0], jwk[1], jwk[2], jwk[3], jwk[4], jwk[5], jwk[6], jwk[7], jwk[8]);
	for (size_t i = 0; i < ARRAY_LEN(jwk); i++)
		free(jwk[i]);
}

static void keys_make(void)
{
	rsa = pki_key("RSA");
	p256 = pki_key("P-256");
	p384 = pki_key("P-384");
	p521 = pki_key("P-521");
	weak = pki_key("RSA:1024");
	other = pki_key("RSA");
}

static void keys_free(void)
{
	EVP_PKEY *all[] = {rsa, p256, p384, p521, weak, other};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		EVP_PKEY_free(all[i]);
}

static void checker_make(void)
{
	struct strbuf problems = STRBUF_NULL;

	snprintf(path, sizeof(path), "/tmp/test-token-XXXXXX");
	close(mkstemp(path));
	conf = (struct conf){.oauth2 = {.issuer = issuer,
					.audience = audience,
					.jwks_file = path,
					.jwks_refresh_ms = 900000,
					.client_claim = client_claim,
					.leeway_ms = 30000}};
	jwks_write_all();
	ck_assert_int_eq(token_checker_new(&conf, NULL, &checker, &problems), 0);
	ck_assert_uint_eq(problems.len, 0);
}

static void checker_end(void)
{
	token_checker_free(checker);
	unlink(path);
}

/* --- what a token says --- */

static struct token_claims claims;

static const char *check(const char *token)
{
	struct refusal refusal = REFUSAL_NULL;
	int err;

	token_claims_clear(&claims);
	err = token_check(checker, bytes_of_string(token), NOW_S * 1000, &claims, &refusal);
	ck_assert_int_ge(err, 0);
	ck_assert_int_eq(err == 0, refusal.reason == REFUSAL_NONE);
	ck_assert_int_eq(err == 0, claims.client_id != NULL);
	return refusal_code(refusal.reason);
}

static const char *check_signed(const char *header, const char *payload, const char *alg,
				EVP_PKEY *key)
{
	char *token = jwt_sign(header, payload, alg, key, BYTES_NULL);
	const char *reason = check(token);

	free(token);
	return reason;
}

#define CLAIMS(more) \
	"{\"iss\":\"https://as.example\",\"aud\":\"cmf\",\"client_id\":\"vnfm-a\"" more "}"
#define IN_TIME ",\"exp\":1795424500"
#define GOOD    CLAIMS(IN_TIME)

static const struct {
	const char *alg, *kid;
	EVP_PKEY **key;
	const char *reason;
} algorithm_cases[] = {
	{"RS256", "rsa", &rsa, "none"},
	{"RS384", "rsa", &rsa, "none"},
	{"RS512", "rsa", &rsa, "none"},
	{"PS256", "rsa", &rsa, "none"},
	{"PS384", "rsa", &rsa, "none"},
	{"PS512", "rsa", &rsa, "none"},
	{"ES256", "p256", &p256, "none"},
	{"ES384", "p384", &p384, "none"},
	{"ES512", "p521", &p521, "none"},
	{"RS256", "rs256", &rsa, "none"},
	/* RFC 7517 4.4, 4.2, 4.3: keys that are for something else. */
	{"PS256", "rs256", &rsa, "token_algorithm"},
	{"RS256", "enc", &rsa, "token_key_unknown"},
	{"RS256", "wrap", &rsa, "token_key_unknown"},
	{"RS256", "hs256", &rsa, "token_key_unknown"},
	{"RS256", "weak", &weak, "token_key_unknown"},
	/* Another key, or one of another kind, than kid says. */
	{"RS256", "rsa", &other, "token_signature_wrong"},
	{"ES256", "rsa", &p256, "token_algorithm"},
	{"RS256", "p256", &rsa, "token_algorithm"},
	{"ES256", "p384", &p384, "token_algorithm"},
	{"ES384", "p256", &p256, "token_algorithm"},
	{"RS256", "unknown", &rsa, "token_key_unknown"},
};

START_TEST(test_algorithms_rfc7518_3_1)
{
	char header[200];

	snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"at+jwt\"}",
		 algorithm_cases[_i].alg, algorithm_cases[_i].kid);
	ck_assert_str_eq(
		check_signed(header, GOOD, algorithm_cases[_i].alg, *algorithm_cases[_i].key),
		algorithm_cases[_i].reason);
	if (strcmp(algorithm_cases[_i].reason, "none") == 0) {
		ck_assert_str_eq(claims.client_id, "vnfm-a");
		ck_assert_int_eq(claims.expires_ms, INT64_C(1795424500000));
		ck_assert(!claims.bound);
	}
}
END_TEST

static const struct {
	const char *header, *reason;
} header_cases[] = {
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\"}", "none"},
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"JWT\",\"x5t\":\"a\",\"new\":1}", "none"},
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"application/AT+JWT\"}", "none"},
	/* RFC 8725 3.11 */
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"dpop+jwt\"}", "token_header"},
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":1}", "token_header"},
	{"{\"alg\":\"RS256\"}", "token_header"},
	{"{\"alg\":\"RS256\",\"kid\":\"\"}", "token_header"},
	{"{\"alg\":\"RS256\",\"kid\":1}", "token_header"},
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jku\":\"https://evil.example/jwks\"}",
	 "token_header"},
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5u\":\"https://evil.example/x5u\"}",
	 "token_header"},
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5c\":[]}", "token_header"},
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":{}}", "token_header"},
	/* RFC 7515 4.1.11 */
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[\"exp\"],\"exp\":1}", "token_header"},
	{"{\"alg\":\"none\",\"kid\":\"rsa\"}", "token_algorithm"},
	{"{\"alg\":\"None\",\"kid\":\"rsa\"}", "token_algorithm"},
	{"{\"alg\":\"HS256\",\"kid\":\"rsa\"}", "token_algorithm"},
	{"{\"alg\":\"EdDSA\",\"kid\":\"okp\"}", "token_algorithm"},
	{"{\"alg\":\"rs256\",\"kid\":\"rsa\"}", "token_algorithm"},
	{"{\"alg\":1,\"kid\":\"rsa\"}", "token_algorithm"},
	{"{\"kid\":\"rsa\"}", "token_algorithm"},
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"kid\":\"rsa\"}", "token_malformed"},
	{"{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"rsa\"}", "token_malformed"},
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\"", "token_malformed"},
	{"{\"alg\":\"RS256\",\"kid\":\"rsa\"}x", "token_malformed"},
	{"{\"alg\":\"RS256\",\"kid\":\"rs\\u0000a\"}", "token_malformed"},
	{"[\"alg\"]", "token_malformed"},
	{"\"alg\"", "token_malformed"},
	{"nonsense", "token_malformed"},
	{"\xff\xfe", "token_malformed"},
};

START_TEST(test_header_rfc8725)
{
	ck_assert_str_eq(check_signed(header_cases[_i].header, GOOD, "RS256", rsa),
			 header_cases[_i].reason);
}
END_TEST

static const struct {
	const char *payload, *reason;
} claims_cases[] = {
	{GOOD, "none"},
	{CLAIMS(IN_TIME ",\"scope\":[{\"a\":{}}],\"iat\":1795424390,\"nbf\":1795424399"), "none"},
	{CLAIMS(",\"exp\":1795424400.5"), "none"},
	/* RFC 7519 4.1.4: at that time it has expired; with half a minute of leeway. */
	{CLAIMS(",\"exp\":1795424371"), "none"},
	{CLAIMS(",\"exp\":1795424370"), "token_expired"},
	{CLAIMS(",\"exp\":0"), "token_expired"},
	{CLAIMS(""), "token_claims"},
	{CLAIMS(",\"exp\":\"1795424500\""), "token_claims"},
	{CLAIMS(",\"exp\":-1"), "token_claims"},
	{CLAIMS(",\"exp\":1e300"), "token_claims"},
	{CLAIMS(",\"exp\":9223372036854775807"), "token_claims"},
	{CLAIMS(",\"exp\":92233720368547758070"), "token_claims"},
	{CLAIMS(",\"exp\":null"), "token_claims"},
	{CLAIMS(IN_TIME ",\"nbf\":1795424430"), "none"},
	{CLAIMS(IN_TIME ",\"nbf\":1795424431"), "token_not_yet"},
	{CLAIMS(IN_TIME ",\"nbf\":\"\""), "token_claims"},
	{CLAIMS(IN_TIME ",\"exp\":1795424600"), "token_claims"}, /* twice */
	{CLAIMS(IN_TIME ",\"a\":{\"b\":1,\"b\":2}"), "token_claims"},
	{CLAIMS(IN_TIME) " x", "token_claims"},
	{"[]", "token_claims"},
	{"", "token_malformed"},
	{"{\"aud\":\"cmf\",\"client_id\":\"a\"" IN_TIME "}", "token_issuer"},
	{"{\"iss\":\"https://as.example/\",\"aud\":\"cmf\",\"client_id\":\"a\"" IN_TIME "}",
	 "token_issuer"},
	{"{\"iss\":[\"https://as.example\"],\"aud\":\"cmf\",\"client_id\":\"a\"" IN_TIME "}",
	 "token_issuer"},
	{"{\"iss\":\"https://as.example\",\"client_id\":\"a\"" IN_TIME "}", "token_audience"},
	{"{\"iss\":\"https://as.example\",\"aud\":\"cm\",\"client_id\":\"a\"" IN_TIME "}",
	 "token_audience"},
	{"{\"iss\":\"https://as.example\",\"aud\":[],\"client_id\":\"a\"" IN_TIME "}",
	 "token_audience"},
	{"{\"iss\":\"https://as.example\",\"aud\":[1,\"x\",\"cmf\"],\"client_id\":\"a\"" IN_TIME
	 "}",
	 "none"},
	{"{\"iss\":\"https://as.example\",\"aud\":{\"cmf\":1},\"client_id\":\"a\"" IN_TIME "}",
	 "token_audience"},
	{"{\"iss\":\"https://as.example\",\"aud\":\"cmf\",\"sub\":\"a\"" IN_TIME "}",
	 "token_claims"},
	{"{\"iss\":\"https://as.example\",\"aud\":\"cmf\",\"client_id\":\"\"" IN_TIME "}",
	 "token_claims"},
	{"{\"iss\":\"https://as.example\",\"aud\":\"cmf\",\"client_id\":[\"a\"]" IN_TIME "}",
	 "token_claims"},
	/* RFC 8705 3.1, RFC 7800 3.1; the key of RFC 9449 would have to be proven. */
	{CLAIMS(IN_TIME ",\"cnf\":{\"jkt\":\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"}"),
	 "token_binding"},
	{CLAIMS(IN_TIME ",\"cnf\":{\"x5t#S256\":\"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2\","
			"\"jkt\":\"a\"}"),
	 "token_binding"},
	{CLAIMS(IN_TIME ",\"cnf\":{\"x5t#S256\":\"bwcK\"}"), "token_binding"},
	{CLAIMS(IN_TIME ",\"cnf\":{\"x5t#S256\":1}"), "token_binding"},
	{CLAIMS(IN_TIME ",\"cnf\":{\"x5t#S256\":\"\"}"), "token_binding"},
	{CLAIMS(IN_TIME ",\"cnf\":{\"x5t#S256\":\"bwcK0esc3ACC3DB2=5_lESsXE8o9ltc05O89jdN-dg2\"}"),
	 "token_binding"},
	{CLAIMS(IN_TIME ",\"cnf\":{}"), "token_binding"},
	{CLAIMS(IN_TIME ",\"cnf\":null"), "token_binding"},
};

START_TEST(test_claims_rfc7519_4_1)
{
	ck_assert_str_eq(check_signed("{\"alg\":\"RS256\",\"kid\":\"rsa\"}",
				      claims_cases[_i].payload, "RS256", rsa),
			 claims_cases[_i].reason);
}
END_TEST

/* RFC 8725 2.1: with a secret that everybody knows. */
START_TEST(test_public_key_as_secret)
{
	static const char *const headers[] = {"{\"alg\":\"HS256\",\"kid\":\"rsa\"}",
					      "{\"alg\":\"RS256\",\"kid\":\"rsa\"}"};
	static const char *const reasons[] = {"token_algorithm", "token_signature_wrong"};
	unsigned char *spki = NULL;
	int len = i2d_PUBKEY(rsa, &spki);

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		char *token = jwt_sign(headers[i], GOOD, "HS256", NULL,
				       (struct bytes){spki, (size_t)len});

		ck_assert_str_eq(check(token), reasons[i]);
		free(token);
	}
	OPENSSL_free(spki);
}
END_TEST

/* Each octet counts: one is replaced by another of the alphabet, or by none of it. */
START_TEST(test_each_octet_counts)
{
	char *token =
		jwt_sign("{\"alg\":\"ES256\",\"kid\":\"p256\"}", GOOD, "ES256", p256, BYTES_NULL);
	size_t len = strlen(token);

	for (size_t i = 0; i < len; i++) {
		char was = token[i];

		/* The last character of a part has bits that mean nothing. */
		if (token[i + 1] != '.' && token[i + 1] != '\0') {
			token[i] = was == 'A' ? 'B' : 'A';
			ck_assert_str_ne(check(token), "none");
		}
		token[i] = '=';
		ck_assert_str_eq(check(token), "token_malformed");
		token[i] = '\0';
		ck_assert_str_ne(check(token), "none");
		token[i] = was;
	}
	ck_assert_str_eq(check(token), "none");
	free(token);
}
END_TEST

START_TEST(test_giant_and_shapeless)
{
	static const char *const shapeless[] = {
		"",     ".",      "..",     "...",       "a.b",     "a.b.c.d",    "YQ.YQ.YQ.",
		".a.b", "YQ..YQ", "YQ.YQ.", " YQ.YQ.YQ", "YQ.YQ.Y", "YQ.YQ.Y\xc3"};
	char *giant = malloc(100001);

	for (size_t i = 0; i < ARRAY_LEN(shapeless); i++)
		ck_assert_str_eq(check(shapeless[i]), "token_malformed");
	memset(giant, 'A', 100000);
	giant[100000] = '\0';
	giant[100] = giant[9000] = '.';
	ck_assert_str_eq(check(giant), "token_malformed");
	/* The longest one that is looked at, of brackets alone. */
	memset(giant, 'W', 8192);
	giant[8192] = '\0';
	giant[8000] = giant[8100] = '.';
	ck_assert_str_eq(check(giant), "token_malformed");
	free(giant);
}
END_TEST

/* --- RFC 8705 --- */

START_TEST(test_bound_to_a_certificate_rfc8705_3_1)
{
	static const uint8_t cert[] = "a certificate", another[] = "another one";
	uint8_t digest[32];
	char *text, *payload;

	SHA256(cert, sizeof(cert), digest);
	text = jwt_base64url(BYTES_OF(digest));
	ck_assert_int_gt(asprintf(&payload, CLAIMS(IN_TIME ",\"cnf\":{\"x5t#S256\":\"%s\"}"), text),
			 0);
	ck_assert_str_eq(
		check_signed("{\"alg\":\"ES384\",\"kid\":\"p384\"}", payload, "ES384", p384),
		"none");
	ck_assert(claims.bound);
	ck_assert(token_fits_certificate(&claims, BYTES_OF(cert)));
	ck_assert(!token_fits_certificate(&claims, BYTES_OF(another)));
	ck_assert(!token_fits_certificate(&claims, BYTES_NULL));
	ck_assert_str_eq(check_signed("{\"alg\":\"ES384\",\"kid\":\"p384\"}", GOOD, "ES384", p384),
			 "none");
	ck_assert(token_fits_certificate(&claims, BYTES_OF(another)));
	ck_assert(token_fits_certificate(&claims, BYTES_NULL));
	free(text);
	free(payload);
}
END_TEST

START_TEST(test_authorization_rfc6750_2_1)
{
	static const struct {
		const char *value, *token;
	} cases[] = {{"Bearer abc", "abc"},
		     {"bearer  a.b.c", "a.b.c"},
		     {"Bearer", NULL},
		     {"Bearer ", NULL},
		     {"Bearerabc", NULL},
		     {"Basic abc", NULL},
		     {"", NULL},
		     {" Bearer abc", NULL},
		     {"Bear", NULL}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bytes token = BYTES_NULL;

		ck_assert_int_eq(token_of_authorization(cases[i].value, &token),
				 cases[i].token != NULL);
		if (cases[i].token)
			ck_assert(bytes_equal(token, bytes_of_string(cases[i].token)));
	}
}
END_TEST

/* --- keys that change --- */

START_TEST(test_key_rotation)
{
	char *jwk = jwt_jwk(other, "new", ""), *token;
	int64_t now_ms = NOW_S * 1000;

	token = jwt_sign("{\"alg\":\"RS256\",\"kid\":\"new\"}", GOOD, "RS256", other, BYTES_NULL);
	ck_assert_int_eq(token_housekeeping(checker, now_ms), 0);
	jwks_write("{\"keys\":[%s]}", jwk);
	/* It is not yet time to, and nobody has asked. */
	ck_assert_int_eq(token_housekeeping(checker, now_ms + 20000), 0);
	ck_assert_str_eq(check_signed("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", GOOD, "RS256", rsa),
			 "none");
	/* The first one is refused, and says that there is a new key. */
	ck_assert_str_eq(check(token), "token_key_unknown");
	ck_assert_str_eq(check(token), "token_key_unknown");
	ck_assert_int_eq(token_housekeeping(checker, now_ms + 21000), 0);
	ck_assert_str_eq(check(token), "none");
	/* What is not in it any more is not good any more; such a token makes it read again, but
	 * not at once. */
	ck_assert_str_eq(check_signed("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", GOOD, "RS256", rsa),
			 "token_key_unknown");
	jwks_write_all();
	ck_assert_int_eq(token_housekeeping(checker, now_ms + 22000), 0);
	ck_assert_str_eq(check(token), "none");
	ck_assert_int_eq(token_housekeeping(checker, now_ms + 31000), 0);
	ck_assert_str_eq(check(token), "token_key_unknown");
	free(jwk);
	free(token);
}
END_TEST

START_TEST(test_jwks_is_read_in_its_time)
{
	int64_t now_ms = NOW_S * 1000;

	ck_assert_int_eq(token_housekeeping(checker, now_ms), 0);
	jwks_write("{\"keys\":[]}");
	ck_assert_int_eq(token_housekeeping(checker, now_ms + 899000), 0);
	ck_assert_str_eq(check_signed("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", GOOD, "RS256", rsa),
			 "none");
	ck_assert_int_eq(token_housekeeping(checker, now_ms + 900000), 0);
	ck_assert_str_eq(check_signed("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", GOOD, "RS256", rsa),
			 "token_key_unknown");
}
END_TEST

static const char *const no_jwks[] = {"",
				      "{}",
				      "{\"keys\":{}}",
				      "[]",
				      "{\"keys\":[],\"keys\":[]}",
				      "{\"keys\":[]",
				      "{\"keys\":[]} x",
				      "\xff"};

START_TEST(test_keys_of_before_serve_on)
{
	int64_t now_ms = NOW_S * 1000;

	jwks_write("%s", no_jwks[_i]);
	ck_assert_int_eq(token_housekeeping(checker, now_ms), -EBADMSG);
	unlink(path);
	/* Not at once again, though it has failed. */
	ck_assert_int_eq(token_housekeeping(checker, now_ms + 9000), 0);
	ck_assert_int_eq(token_housekeeping(checker, now_ms + 10000), -ENOENT);
	ck_assert_str_eq(check_signed("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", GOOD, "RS256", rsa),
			 "none");
}
END_TEST

START_TEST(test_jwks_that_cannot_be_used)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	struct token_checker *none = NULL;
	struct conf without = {0};

	jwks_write("%s", no_jwks[0]);
	ck_assert_int_eq(token_checker_new(&conf, NULL, &none, &problems), -EINVAL);
	ck_assert_str_eq(problems.text, "[oauth2] jwks_file: cannot be used: it is no JWKS\n");
	ck_assert_ptr_null(none);
	ck_assert_int_eq(token_checker_new(&without, NULL, &none, &problems), 0);
	ck_assert_ptr_null(none);
}
END_TEST

static Suite *token_suite(void)
{
	Suite *suite = suite_create("token");
	TCase *tc = tcase_create("token");

	tcase_add_unchecked_fixture(tc, keys_make, keys_free);
	tcase_add_checked_fixture(tc, checker_make, checker_end);
	tcase_add_loop_test(tc, test_algorithms_rfc7518_3_1, 0, ARRAY_LEN(algorithm_cases));
	tcase_add_loop_test(tc, test_header_rfc8725, 0, ARRAY_LEN(header_cases));
	tcase_add_loop_test(tc, test_claims_rfc7519_4_1, 0, ARRAY_LEN(claims_cases));
	tcase_add_test(tc, test_public_key_as_secret);
	tcase_add_test(tc, test_each_octet_counts);
	tcase_add_test(tc, test_giant_and_shapeless);
	tcase_add_test(tc, test_bound_to_a_certificate_rfc8705_3_1);
	tcase_add_test(tc, test_authorization_rfc6750_2_1);
	tcase_add_test(tc, test_key_rotation);
	tcase_add_test(tc, test_jwks_is_read_in_its_time);
	tcase_add_loop_test(tc, test_keys_of_before_serve_on, 0, ARRAY_LEN(no_jwks));
	tcase_add_test(tc, test_jwks_that_cannot_be_used);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(token_suite, SUITE_FORKS)
