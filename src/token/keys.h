// SPDX-License-Identifier: Apache-2.0
/*
 * The keys of an authorisation server, RFC 7517, and the algorithms that tokens may be signed with,
 * RFC 7518 3.1. A set is immutable once it is read, and counted.
 */
#pragma once

#include "token.h"

#include <cjose/jwk.h>
#include <stdatomic.h>

struct token_algorithm {
	const char *name; /* of the header's alg */
	cjose_jwk_kty_t kty;
	cjose_jwk_ec_curve curve; /* of EC keys */
};
/*
 * Whether it is BASE64URL without padding, RFC 7515 2. cjose ends the process for some of what is
 * not, so that nothing goes there without having been looked at.
 */
bool token_base64url_valid(struct bytes text);

/* NULL: none that is taken. */
const struct token_algorithm *token_algorithm_find(const char *name);

struct token_key {
	char *kid;
	const struct token_algorithm *only; /* by its alg it is for this one; NULL: for any */
	cjose_jwk_kty_t kty;
	cjose_jwk_ec_curve curve;
	cjose_jwk_t *jwk;
};

struct token_keys {
	atomic_uint refs;
	struct token_key *item;
	size_t len;
	size_t unusable; /* keys of the JWKS that are not in here */
};

/* The key of that name that fits the algorithm; else NULL, and *knownp says whether there is one of
 * that name. */
const struct token_key *token_keys_find(const struct token_keys *keys, const char *kid,
					const struct token_algorithm *algorithm, bool *knownp);
