// SPDX-License-Identifier: Apache-2.0
/*
 * Access tokens of the operator's authorisation server: signed JWTs (RFC 7519, RFC 9068) that come
 * as bearer tokens (RFC 6750). The keys that may have signed them are read from a JWKS (RFC 7517),
 * and read again by housekeeping, never while a request waits. Which client the named one is, and
 * what it may do, is cmf/'s: cmf_oauth2_client_find(). Thread-safe.
 */
#pragma once

#include "base/bytes.h"
#include "base/refusal.h"
#include "base/strbuf.h"
#include "conf.h"

struct token_checker;

/*
 * By [oauth2]; *checkerp is NULL where it has no issuer: no token is taken. `conf` must live as
 * long. A JWKS in a file is read; one with a URL is left to housekeeping, and until then the keys
 * of `before` (may be NULL), which had the same URL, serve on. 0; -EINVAL with a line in
 * `problems`; -ENOMEM.
 */
_must_check_ int token_checker_new(const struct conf *conf, struct token_checker *before,
				   struct token_checker **checkerp, struct strbuf *problems);
/* NULL is fine. */
void token_checker_free(struct token_checker *checker);
DEFINE_CLEANUP(struct token_checker, token_checker_free);

/*
 * Reads the JWKS again if it is time to, or a token named a key that is not in it. Blocks; called
 * every second, by one thread at a time. What cannot be read leaves the keys as they are, and is
 * logged. 0 or a negative errno (logged).
 */
_must_check_ int token_housekeeping(struct token_checker *checker, int64_t now_ms);

/* What a token says that is ours to know. */
struct token_claims {
	char *client_id; /* of the claim that the configuration names */
	int64_t expires_ms;
	bool bound;             /* RFC 8705 3.1: to a certificate */
	uint8_t x5t_sha256[32]; /* the SHA-256 of it */
};
void token_claims_clear(struct token_claims *claims);

/* RFC 6750 2.1: the token in the value of an Authorization header; false: it has another scheme, or
 * is malformed. The token points into the value. */
bool token_of_authorization(const char *authorization, struct bytes *tokenp);

/*
 * Whether the authorisation server signed the token, for us, and it is valid at this time. A key
 * that is not known yet is looked for by the next housekeeping: the token is refused until then. 0
 * with the claims, which the caller clears; REFUSED (token_*), negative errno.
 */
_must_check_ int token_check(struct token_checker *checker, struct bytes token, int64_t now_ms,
			     struct token_claims *claimsp, struct refusal *refusal);
/*
 * RFC 8705 3: whether the token may come over a connection whose client authenticated with that
 * certificate (DER; empty: with none). One that is bound to no certificate may come over any.
 */
bool token_fits_certificate(const struct token_claims *claims, struct bytes certificate);

/* --- other signed JWTs --- */

/* Keys by which JWTs are signed. */
struct token_keys;
/* From the JSON text of a JWKS. 0, -EBADMSG: it is none, or has too many keys; -ENOMEM. */
_must_check_ int token_keys_parse(struct bytes jwks, struct token_keys **keysp);
void token_keys_unref(struct token_keys *keys);
/* How many of them can be used. */
size_t token_keys_count(const struct token_keys *keys);
DEFINE_CLEANUP(struct token_keys, token_keys_unref);
/*
 * The payload of a JWT that one of the keys (NULL: none were read) has signed, by an algorithm that
 * access tokens may have. What it claims is the caller's to check, who also owns *payloadp. 0,
 * REFUSED (token_*), -ENOMEM.
 */
_must_check_ int token_signed_read(const struct token_keys *keys, struct bytes token,
				   struct octets *payloadp, struct refusal *refusal);
