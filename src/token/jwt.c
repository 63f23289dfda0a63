// SPDX-License-Identifier: Apache-2.0
/* Header and claims of a token. See jwt.h. */
#include "jwt.h"

#include <cjose/base64.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

/*
 * TOKEN_MAX: what one needs, with some hundred roles in it, and what fits the header of a request
 * by default. NAME_MAX_LEN: of a key or a client. The last time that has a year of four digits.
 */
enum { TOKEN_MAX = 8192, NAME_MAX_LEN = 255 };
#define TIME_MAX_S 253402300799.0

static void json_freep(json_t **json)
{
	json_decref(*json);
}

void token_header_clear(struct token_header *header)
{
	free(header->kid);
	*header = (struct token_header){0};
}

void token_claims_clear(struct token_claims *claims)
{
	free(claims->client_id);
	*claims = (struct token_claims){0};
}

/* --- the header --- */

/* RFC 7515 7.1: three parts, none of them empty, in the alphabet without padding. */
static bool is_compact(struct bytes token, size_t *header_lenp)
{
	size_t parts = 0, start = 0;

	for (size_t i = 0; i <= token.len; i++) {
		if (i < token.len && token.data[i] != '.')
			continue;
		if (!token_base64url_valid((struct bytes){token.data + start, i - start}))
			return false;
		if (parts++ == 0)
			*header_lenp = i;
		start = i + 1;
	}
	return parts == 3;
}

/* An object, no member of which is there twice. NULL: it is none. */
static json_t *object_read(struct bytes text)
{
	json_t *json = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

/* A text that names something; NULL: it is none, or too long. */
static const char *name_of(const json_t *json)
{
	size_t len = json_string_length(json);

	return len > 0 && len <= NAME_MAX_LEN ? json_string_value(json) : NULL;
}

/*
 * RFC 8725 3.10, 3.11. A token that brings its key, or says where to get one, or has extensions
 * that must be understood, is none of ours; nor is one that is meant for something else.
 */
static bool header_is_plain(const json_t *header)
{
	static const char *const refused[] = {"jku", "jwk", "x5u", "x5c", "crit"};
	static const char *const types[] = {"JWT", "at+jwt", "application/at+jwt"};
	const json_t *typ = json_object_get(header, "typ");
	const char *type = json_string_value(typ);
	bool plain = !typ;

	for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
		plain = plain || strcasecmp(type, types[i]) == 0;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		plain = plain && !json_object_get(header, refused[i]);
	return plain;
}

static int header_take(const json_t *header, struct token_header *headerp, struct refusal *refusal)
{
	const char *alg = json_string_value(json_object_get(header, "alg"));
	const char *kid = name_of(json_object_get(header, "kid"));

	headerp->algorithm = alg ? token_algorithm_find(alg) : NULL;
	if (!headerp->algorithm)
		return refuse(refusal, REFUSAL_token_algorithm);
	if (!kid || !header_is_plain(header))
		return refuse(refusal, REFUSAL_token_header);
	headerp->kid = strdup(kid);
	return headerp->kid ? 0 : -ENOMEM;
}

int token_header_read(struct bytes token, struct token_header *headerp, struct refusal *refusal)
{
	_cleanup_(json_freep) json_t *header = NULL;
	_cleanup_(freep) uint8_t *text = NULL;
	cjose_err error = {.code = CJOSE_ERR_NONE};
	size_t coded_len = 0, len = 0;

	if (token.len > TOKEN_MAX || !is_compact(token, &coded_len))
		return refuse(refusal, REFUSAL_token_malformed);
	if (!cjose_base64url_decode((const char *)token.data, coded_len, &text, &len, &error))
		return error.code == CJOSE_ERR_NO_MEMORY ? -ENOMEM
							 : refuse(refusal, REFUSAL_token_malformed);
	header = object_read((struct bytes){text, len});
	return header ? header_take(header, headerp, refusal)
		      : refuse(refusal, REFUSAL_token_malformed);
}

/* --- the claims --- */

/* RFC 7519 2, NumericDate: seconds, perhaps with a fraction. */
static bool time_read(const json_t *json, int64_t *msp)
{
	double seconds = json_number_value(json);

	if (!json_is_number(json) || !isfinite(seconds) || seconds < 0 || seconds > TIME_MAX_S)
		return false;
	*msp = (int64_t)(seconds * 1000);
	return true;
}

/* RFC 7519 4.1.4, 4.1.5: exp must be there; both with some leeway. */
static int times_check(const json_t *payload, const struct conf_oauth2 *conf, int64_t now_ms,
		       struct token_claims *claims, struct refusal *refusal)
{
	const json_t *nbf = json_object_get(payload, "nbf");
	int64_t not_before_ms = 0;

	if (!time_read(json_object_get(payload, "exp"), &claims->expires_ms) ||
	    (nbf && !time_read(nbf, &not_before_ms)))
		return refuse(refusal, REFUSAL_token_claims);
	if (now_ms >= claims->expires_ms + conf->leeway_ms)
		return refuse(refusal, REFUSAL_token_expired);
	if (now_ms + conf->leeway_ms < not_before_ms)
		return refuse(refusal, REFUSAL_token_not_yet);
	return 0;
}

static bool text_is(const json_t *json, const char *text)
{
	/* A string of jansson has no NUL in it. */
	return json_is_string(json) && strcmp(json_string_value(json), text) == 0;
}

/* RFC 7519 4.1.3: one or several, of which we are one. */
static bool audience_has(const json_t *aud, const char *us)
{
	const json_t *one;
	bool found = text_is(aud, us);
	size_t i;

	json_array_foreach(aud, i, one) found = found || text_is(one, us);
	return found;
}

/*
 * RFC 8705 3.1, RFC 7800 3.1. A token that is bound to something else, to a key by which the client
 * would have to prove itself (RFC 9449), must not be taken as a bearer token.
 */
static int binding_read(const json_t *cnf, struct token_claims *claims, struct refusal *refusal)
{
	const json_t *x5t = json_object_get(cnf, "x5t#S256");
	_cleanup_(freep) uint8_t *digest = NULL;
	cjose_err error = {.code = CJOSE_ERR_NONE};
	size_t len = 0;
	struct bytes text = {(const uint8_t *)json_string_value(x5t), json_string_length(x5t)};

	if (!cnf)
		return 0;
	if (json_object_size(cnf) != 1 || !token_base64url_valid(text))
		return refuse(refusal, REFUSAL_token_binding);
	if (!cjose_base64url_decode((const char *)text.data, text.len, &digest, &len, &error) ||
	    len != sizeof(claims->x5t_sha256))
		return refuse(refusal, REFUSAL_token_binding);
	memcpy(claims->x5t_sha256, digest, len);
	claims->bound = true;
	return 0;
}

int token_claims_read(struct bytes text, const struct conf_oauth2 *conf, int64_t now_ms,
		      struct token_claims *claimsp, struct refusal *refusal)
{
	_cleanup_(json_freep) json_t *payload = object_read(text);
	_cleanup_(token_claims_clear) struct token_claims claims = {0};
	const char *client;
	int err;

	if (!payload)
		return refuse(refusal, REFUSAL_token_claims);
	if (!text_is(json_object_get(payload, "iss"), conf->issuer))
		return refuse(refusal, REFUSAL_token_issuer);
	if (!audience_has(json_object_get(payload, "aud"), conf->audience))
		return refuse(refusal, REFUSAL_token_audience);
	err = times_check(payload, conf, now_ms, &claims, refusal);
	if (err == 0)
		err = binding_read(json_object_get(payload, "cnf"), &claims, refusal);
	if (err != 0)
		return err;
	client = name_of(json_object_get(payload, conf->client_claim));
	if (!client)
		return refuse(refusal, REFUSAL_token_claims);
	claims.client_id = strdup(client);
	if (!claims.client_id)
		return -ENOMEM;
	*claimsp = claims;
	claims.client_id = NULL;
	return 0;
}
