// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of access tokens. The first octet says what the rest is: a set of keys (0), the
 * payload of a token whose signature has verified (1), or a token (else), which is checked with
 * keys that sign none. What is taken holds what the checks promise; of keys each can be found.
 */
#include "jwt.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define NOW_MS INT64_C(1795424400000)

static char issuer[] = "https://as.example", audience[] = "cmf", client_claim[] = "client_id";
static const struct conf_oauth2 oauth2 = {
	.issuer = issuer, .audience = audience, .client_claim = client_claim, .leeway_ms = 30000};

/* RFC 7515 A.3.1: a key of P-256, under the names "1" and "k". */
static const char jwks[] =
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"1\","
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"alg\":\"ES256\",\"use\":\"sig\","
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static struct token_checker *checker_make(void)
{
	static struct conf conf;
	struct strbuf problems = STRBUF_NULL;
	struct token_checker *checker = NULL;
	char path[] = "/tmp/fuzz-token-XXXXXX";
	int fd = mkstemp(path);

	MUST(write(fd, jwks, sizeof(jwks) - 1) == sizeof(jwks) - 1);
	close(fd);
	conf.oauth2 = oauth2;
	conf.oauth2.jwks_file = path;
	MUST(token_checker_new(&conf, NULL, &checker, &problems) == 0);
	conf.oauth2.jwks_file = NULL;
	unlink(path);
	return checker;
}

static void keys_try(struct bytes text)
{
	struct token_keys *keys = NULL;
	int err = token_keys_parse(text, &keys);
	bool known;

	MUST(err == -EBADMSG || (err == 0 && keys));
	for (size_t i = 0; err == 0 && i < keys->len; i++) {
		const struct token_key *key = &keys->item[i];
		const char *name = key->only                          ? key->only->name
				   : key->kty == CJOSE_JWK_KTY_RSA    ? "RS256"
				   : key->curve == CJOSE_JWK_EC_P_256 ? "ES256"
				   : key->curve == CJOSE_JWK_EC_P_384 ? "ES384"
								      : "ES512";
		const struct token_algorithm *algorithm = token_algorithm_find(name);

		MUST(algorithm);
		token_keys_find(keys, key->kid, algorithm, &known);
		MUST(known);
	}
	token_keys_unref(keys);
}

static void claims_assert(const struct token_claims *claims)
{
	MUST(claims->client_id && *claims->client_id && strlen(claims->client_id) <= 255);
	MUST(claims->expires_ms + oauth2.leeway_ms > NOW_MS);
}

static void claims_try(struct bytes text)
{
	struct token_claims claims = {0};
	struct refusal refusal = REFUSAL_NULL;
	int err = token_claims_read(text, &oauth2, NOW_MS, &claims, &refusal);

	MUST(err == (refusal.reason != REFUSAL_NONE));
	if (err == 0)
		claims_assert(&claims);
	else
		MUST(!claims.client_id);
	token_claims_clear(&claims);
}

static void token_try(struct bytes token)
{
	static struct token_checker *checker;
	struct token_claims claims = {0};
	struct refusal refusal = REFUSAL_NULL;

	if (!checker)
		checker = checker_make();
	/* Nobody has the private key. */
	MUST(token_check(checker, token, NOW_MS, &claims, &refusal) == REFUSED);
	MUST(refusal.reason != REFUSAL_NONE && !claims.client_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0]) {
	case 0:
		keys_try((struct bytes){data + 1, size - 1});
		break;
	case 1:
		claims_try((struct bytes){data + 1, size - 1});
		break;
	default:
		token_try((struct bytes){data + 1, size - 1});
	}
	MUST(!ERR_peek_error());
	return 0;
}
