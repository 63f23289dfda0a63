// SPDX-License-Identifier: Apache-2.0
/*
 * Signed tokens and sets of keys for tests, RFC 7515 and 7517, made with OpenSSL alone: another
 * implementation than the one that reads them. Texts of JSON are taken as they are, well-formed or
 * not. Results are the caller's.
 */
#pragma once

#include "pki.h"

/* BASE64URL without padding. */
char *jwt_base64url(struct bytes octets);

/*
 * The token with that header and payload, signed with the key as alg says: "RS256", "PS384",
 * "ES512", "HS256" (the key is `secret` then), "none".
 */
char *jwt_sign(const char *header, const char *payload, const char *alg, EVP_PKEY *key,
	       struct bytes secret);

/* A public key as JWK: an RSA or EC one; further members, as ",\"use\":\"sig\"", behind it. */
char *jwt_jwk(EVP_PKEY *key, const char *kid, const char *members);
