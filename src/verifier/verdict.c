// SPDX-License-Identifier: Apache-2.0
/* What stands in a verifier's verdict. See verdict.h. */
#include "verdict.h"

#include "base/cleanup.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <string.h>

/* Clocks of two machines. */
enum { LEEWAY_MS = 60000 };

static bool claim_is(const json_t *claims, const char *name, const char *text)
{
	const char *value = json_string_value(json_object_get(claims, name));

	return value && strcmp(value, text) == 0;
}

/* RFC 7519 4.1.4: it must be there. */
static bool is_in_time(const json_t *claims, int64_t now_ms)
{
	const json_t *exp = json_object_get(claims, "exp");
	double seconds = json_number_value(exp);

	return json_is_number(exp) && seconds > 0 && (double)(now_ms - LEEWAY_MS) / 1000 < seconds;
}

/* A claim of octets in base64url, of at most `max`; false if it is there and none. */
static bool octets_claim(const json_t *claims, const char *name, uint8_t *out, size_t max,
			 size_t *lenp, bool *therep)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";
	const json_t *claim = json_object_get(claims, name);
	const char *text = json_string_value(claim);
	char padded[4 * ((VERIFIER_NONCE_MAX + 2) / 3) + 1] = "";
	uint8_t decoded[sizeof(padded)];
	size_t len = text ? strlen(text) : 0, padding = (4 - len % 4) % 4;

	*therep = claim != NULL;
	if (!claim)
		return true;
	if (!len || len % 4 == 1 || len + padding >= sizeof(padded) ||
	    strspn(text, alphabet) != len)
		return false;
	memcpy(padded, text, len);
	memset(padded + len, '=', padding);
	for (char *c = padded; *c; c++)
		*c = (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c);
	if (EVP_DecodeBlock(decoded, (const unsigned char *)padded, (int)(len + padding)) < 0)
		return false;
	*lenp = (len + padding) / 4 * 3 - padding;
	if (*lenp > max)
		return false;
	memcpy(out, decoded, *lenp);
	return true;
}

/* NULL: it is a verdict on what was asked; else what is wrong. */
static const char *asked_problem(const json_t *claims, const struct verdict_asked *asked)
{
	if (!claim_is(claims, "iss", asked->issuer))
		return "the verdict is another's (iss)";
	if (!is_in_time(claims, asked->now_ms))
		return "the verdict has expired, or does not say when it will (exp)";
	if (!claim_is(claims, "eat_nonce", asked->challenge))
		return "the verdict is about another question (eat_nonce)";
	if (!claim_is(claims, "key_sha256", asked->key_sha256))
		return "the verdict is about another key (key_sha256)";
	return NULL;
}

/* Likewise of what it says of the statement. */
static const char *statement_problem(const json_t *claims, struct verifier_verdict *verdict)
{
	size_t len = sizeof(verdict->attester);

	if (!octets_claim(claims, "attester", verdict->attester, sizeof(verdict->attester), &len,
			  &verdict->has_attester) ||
	    len != sizeof(verdict->attester))
		return "attester is no SHA-256 in base64url";
	if (!octets_claim(claims, "nonce", verdict->nonce, sizeof(verdict->nonce),
			  &verdict->nonce_len, &verdict->has_nonce))
		return "nonce is no octets in base64url";
	if (!claim_is(claims, "verdict", "affirming") &&
	    !claim_is(claims, "verdict", "contraindicated"))
		return "verdict is neither affirming nor contraindicated";
	return NULL;
}

const char *verdict_read(struct bytes payload, const struct verdict_asked *asked,
			 struct verifier_verdict *verdictp, bool *affirmingp)
{
	json_t *claims =
		json_loadb((const char *)payload.data, payload.len, JSON_REJECT_DUPLICATES, NULL);
	const char *problem = json_is_object(claims) ? asked_problem(claims, asked)
						     : "the verdict is no JSON object";

	*affirmingp = false;
	if (!problem)
		problem = statement_problem(claims, verdictp);
	if (!problem)
		*affirmingp = claim_is(claims, "verdict", "affirming");
	json_decref(claims);
	return problem;
}
