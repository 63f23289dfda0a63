// SPDX-License-Identifier: Apache-2.0
/*
 * The claims of a verifier's verdict, a JWT whose signature has verified: RFC 7519 iss and exp, RFC
 * 9711 eat_nonce (the challenge of the question), and key_sha256, verdict, attester and nonce of
 * docs/attestation.md. verifier.c comes before this.
 */
#pragma once

#include "verifier.h"

/* What the verdict has to be about. */
struct verdict_asked {
	const char *issuer;
	const char *challenge;  /* base64url */
	const char *key_sha256; /* base64url of the SHA-256 of the SubjectPublicKeyInfo */
	int64_t now_ms;
};

/* NULL with the verdict, good if *affirmingp; else what is wrong with it, in words for the log. */
const char *verdict_read(struct bytes payload, const struct verdict_asked *asked,
			 struct verifier_verdict *verdictp, bool *affirmingp);
