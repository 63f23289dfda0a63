// SPDX-License-Identifier: Apache-2.0
/*
 * A verifier elsewhere: whose verdict counts, and about what. The verifier is a thread that signs
 * with OpenSSL (tests/house/jwt.c) what the case says.
 */
#include "jwt.h"
#include "suite.h"
#include "verifier.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* 2026-11-23T09:00:00Z */
#define NOW_MS INT64_C(1795424400000)

static const uint8_t bundle[] = {0x30, 0x02, 0x30, 0x00};
static const uint8_t spki[] = {0x30, 0x03, 0x02, 0x01, 0x07};
/* openssl dgst -sha256 -binary of it, in base64url */
#define SPKI_SHA256 "7O2mEEXbFF0gnevw0kXkS1scxS48BCZqoqSG_baisoU"
/* 32 octets of 0x11 */
#define ATTESTER "ERERERERERERERERERERERERERERERERERERERERERE"

/* In the claims '%' stands for the challenge of the question. */
static const struct verdict_case {
	const char *name;
	const char *claims;
	bool other_key; /* signs it */
	const char *alg;
	const char *status;
	const char *reason;
} cases[] = {
#define CLAIMS(iss, exp, eat_nonce, key, rest)                            \
	"{\"iss\":\"" iss "\",\"exp\":" exp ",\"eat_nonce\":\"" eat_nonce \
	"\",\"key_sha256\":\"" key "\"," rest "}"
#define ISS  "https://verifier.example"
#define EXP  "1795424460"
#define GOOD "\"verdict\":\"affirming\""
	{"good", CLAIMS(ISS, EXP, "%", SPKI_SHA256, GOOD), .reason = "none"},
	{"good with all",
	 CLAIMS(ISS, EXP, "%", SPKI_SHA256,
		GOOD ",\"attester\":\"" ATTESTER "\",\"nonce\":\"bm9uY2UtLTE\""),
	 .reason = "none"},
	{"it expired a moment ago", CLAIMS(ISS, "1795424370.5", "%", SPKI_SHA256, GOOD),
	 .reason = "none"},
	{"refused", CLAIMS(ISS, EXP, "%", SPKI_SHA256, "\"verdict\":\"contraindicated\""),
	 .reason = "attestation_verifier_refused"},
#define UNAVAILABLE .reason = "attestation_verifier_unavailable"
	{"another issuer", CLAIMS("https://other.example", EXP, "%", SPKI_SHA256, GOOD),
	 UNAVAILABLE},
	{"expired", CLAIMS(ISS, "1795424339", "%", SPKI_SHA256, GOOD), UNAVAILABLE},
	{"exp is a text", CLAIMS(ISS, "\"1795424460\"", "%", SPKI_SHA256, GOOD), UNAVAILABLE},
	{"another question", CLAIMS(ISS, EXP, "x", SPKI_SHA256, GOOD), UNAVAILABLE},
	{"a question more", CLAIMS(ISS, EXP, "%%", SPKI_SHA256, GOOD), UNAVAILABLE},
	{"another key", CLAIMS(ISS, EXP, "%", ATTESTER, GOOD), UNAVAILABLE},
	{"no verdict", CLAIMS(ISS, EXP, "%", SPKI_SHA256, "\"x\":1"), UNAVAILABLE},
	{"an unknown verdict", CLAIMS(ISS, EXP, "%", SPKI_SHA256, "\"verdict\":\"warning\""),
	 UNAVAILABLE},
	{"two verdicts",
	 CLAIMS(ISS, EXP, "%", SPKI_SHA256, "\"verdict\":\"contraindicated\"," GOOD), UNAVAILABLE},
	{"attester too short", CLAIMS(ISS, EXP, "%", SPKI_SHA256, GOOD ",\"attester\":\"ERER\""),
	 UNAVAILABLE},
	{"nonce is a number", CLAIMS(ISS, EXP, "%", SPKI_SHA256, GOOD ",\"nonce\":1"), UNAVAILABLE},
	{"no claims", "[]", UNAVAILABLE},
	{"another signs", CLAIMS(ISS, EXP, "%", SPKI_SHA256, GOOD), .other_key = true, UNAVAILABLE},
	{"nobody signs", CLAIMS(ISS, EXP, "%", SPKI_SHA256, GOOD), .alg = "none", UNAVAILABLE},
	{"HMAC with the public key", CLAIMS(ISS, EXP, "%", SPKI_SHA256, GOOD), .alg = "HS256",
	 UNAVAILABLE},
	{"a fault", CLAIMS(ISS, EXP, "%", SPKI_SHA256, GOOD), .status = "500 x", UNAVAILABLE},
	{"no content", CLAIMS(ISS, EXP, "%", SPKI_SHA256, GOOD), .status = "204 x", UNAVAILABLE},
	{"a redirect", CLAIMS(ISS, EXP, "%", SPKI_SHA256, GOOD),
	 .status = "302 x\r\nLocation: http://127.0.0.1:1/", UNAVAILABLE},
	{"it hangs up", NULL, UNAVAILABLE},
};

/* --- the verifier --- */

static EVP_PKEY *key, *other;
static const struct verdict_case *current;
static int listener;
static char url[64], request[8192];

static char *claims_fill(const char *claims, const char *challenge)
{
	char *whole = calloc(strlen(claims) + 1, strlen(challenge) + 1), *end = whole;

	for (; *claims; claims++) {
		if (*claims == '%')
			end = stpcpy(end, challenge);
		else
			*end++ = *claims;
	}
	return whole;
}

/* Up to the end of the body, which is one JSON object. */
static void request_read(int fd)
{
	size_t len = 0;
	ssize_t n = 1;

	memset(request, 0, sizeof(request));
	while (n > 0 && len + 1 < sizeof(request) && !strstr(request, "\"}")) {
		n = recv(fd, request + len, sizeof(request) - len - 1, 0);
		len += n > 0 ? (size_t)n : 0;
	}
}

/* A member of the request, as a new text. */
static char *member(const char *name)
{
	char begin[40], *at;

	snprintf(begin, sizeof(begin), "\"%s\":\"", name);
	at = strstr(request, begin);
	return at ? strndup(at + strlen(begin), strcspn(at + strlen(begin), "\"")) : strdup("");
}

static void *verifier_main(void *arg)
{
	char *challenge, *claims, *token, head[200], header[80];
	const char *alg = current->alg ? current->alg : "ES256";
	int fd = accept(listener, NULL, NULL);

	request_read(fd);
	if (current->claims) {
		challenge = member("challenge");
		claims = claims_fill(current->claims, challenge);
		snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"k\"}", alg);
		token = jwt_sign(header, claims, alg, current->other_key ? other : key,
				 BYTES_OF(spki));
		snprintf(head, sizeof(head),
			 "HTTP/1.1 %s\r\nContent-Type: application/jwt\r\nConnection: close\r\n"
			 "Content-Length: %zu\r\n\r\n",
			 current->status ? current->status : "200 OK", strlen(token));
		(void)!send(fd, head, strlen(head), MSG_NOSIGNAL);
		(void)!send(fd, token, strlen(token), MSG_NOSIGNAL);
		free(token);
		free(claims);
		free(challenge);
	}
	close(fd);
	return arg;
}

static void setup(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	signal(SIGPIPE, SIG_IGN);
	key = pki_key("P-256");
	other = pki_key("P-256");
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/verify", ntohs(address.sin_port));
}

static void teardown(void)
{
	close(listener);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static struct verifier *verifier_of(uint32_t at_once)
{
	struct verifier *verifier;
	char *jwk = jwt_jwk(key, "k", ""), jwks[600];
	struct verifier_options options = {
		.url = url, .issuer = ISS, .timeout_ms = 600000, .at_once = at_once};

	snprintf(jwks, sizeof(jwks), "{\"keys\":[%s]}", jwk);
	options.jwks = bytes_of_string(jwks);
	ck_assert_int_eq(verifier_new(&options, &verifier), 0);
	free(jwk);
	return verifier;
}

static const struct verifier_question question = {.bundle = {bundle, sizeof(bundle)},
						  .statement_type = "1.2.3",
						  .spki = {spki, sizeof(spki)},
						  .now_ms = NOW_MS};

START_TEST(verdicts)
{
	const struct verdict_case *c = current = &cases[_i];
	struct verifier *verifier = verifier_of(1);
	struct verifier_verdict verdict;
	struct refusal refusal = REFUSAL_NULL;
	uint8_t attester[32];
	pthread_t thread;
	char *said;
	int err;

	ck_assert_int_eq(pthread_create(&thread, NULL, verifier_main, NULL), 0);
	err = verifier_ask(verifier, &question, &verdict, &refusal);
	pthread_join(thread, NULL);
	ck_assert_msg(strcmp(refusal_code(refusal.reason), c->reason) == 0, "%s: %s", c->name,
		      refusal_code(refusal.reason));
	ck_assert_int_eq(err, strcmp(c->reason, "none") == 0 ? 0 : REFUSED);
	/* What was asked: base64url of the octets. */
	said = member("bundle");
	ck_assert_str_eq(said, "MAIwAA");
	free(said);
	said = member("publicKey");
	ck_assert_str_eq(said, "MAMCAQc");
	free(said);
	said = member("statementType");
	ck_assert_str_eq(said, "1.2.3");
	free(said);
	if (strcmp(c->name, "good with all") == 0) {
		memset(attester, 0x11, sizeof(attester));
		ck_assert(verdict.has_attester && verdict.has_nonce);
		ck_assert_mem_eq(verdict.attester, attester, sizeof(attester));
		ck_assert_uint_eq(verdict.nonce_len, 8);
		ck_assert_mem_eq(verdict.nonce, "nonce--1", 8);
	} else if (err == 0) {
		ck_assert(!verdict.has_attester && !verdict.has_nonce);
	}
	verifier_free(verifier);
}
END_TEST

/* Nobody is there; and nobody more may ask. */
START_TEST(no_verdict_is_no_good_one)
{
	struct verifier *none = verifier_of(0), *gone = verifier_of(1);
	struct verifier_verdict verdict;
	struct refusal refusal = REFUSAL_NULL;

	ck_assert_int_eq(verifier_ask(none, &question, &verdict, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_attestation_verifier_unavailable);
	close(listener);
	ck_assert_int_eq(verifier_ask(gone, &question, &verdict, &refusal), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_attestation_verifier_unavailable);
	listener = -1;
	verifier_free(none);
	verifier_free(gone);
}
END_TEST

START_TEST(keys_there_must_be)
{
	static const char *const jwks[] = {"", "{}", "{\"keys\":[]}",
					   "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}"};
	struct verifier *verifier;

	for (size_t i = 0; i < ARRAY_LEN(jwks); i++) {
		const struct verifier_options options = {
			.url = url, .issuer = ISS, .jwks = bytes_of_string(jwks[i])};

		ck_assert_int_eq(verifier_new(&options, &verifier), -EBADMSG);
	}
}
END_TEST

static Suite *verifier_suite(void)
{
	Suite *suite = suite_create("verifier");
	TCase *tcase = tcase_create("verdict");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, verdicts, 0, ARRAY_LEN(cases));
	tcase_add_test(tcase, no_verdict_is_no_good_one);
	tcase_add_test(tcase, keys_there_must_be);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(verifier_suite, SUITE_ONE_PROCESS)
