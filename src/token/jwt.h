// SPDX-License-Identifier: Apache-2.0
/*
 * What stands in a token: the header, before its signature is verified, and the claims, after.
 * checker.c comes before and goes in between.
 */
#pragma once

#include "keys.h"
#include "token.h"

struct token_header {
	char *kid;
	const struct token_algorithm *algorithm;
};
void token_header_clear(struct token_header *header);

/* 0, REFUSED (token_malformed, token_algorithm, token_header), -ENOMEM. */
_must_check_ int token_header_read(struct bytes token, struct token_header *headerp,
				   struct refusal *refusal);
/* The payload of a token whose signature has verified, at that time. 0, REFUSED (token_claims,
 * token_issuer, token_audience, token_expired, token_not_yet, token_binding), -ENOMEM. */
_must_check_ int token_claims_read(struct bytes payload, const struct conf_oauth2 *conf,
				   int64_t now_ms, struct token_claims *claimsp,
				   struct refusal *refusal);
