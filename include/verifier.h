// SPDX-License-Identifier: Apache-2.0
/*
 * A verifier of key attestations elsewhere, as IFA 033 11.2.1 allows: it gets the bundle and the
 * key by HTTPS, and gives back a signed verdict (docs/attestation.md). It is asked on the calling
 * thread, within a time, and by few threads at once. No answer is never a good one. Thread-safe.
 */
#pragma once

#include "base/bytes.h"
#include "base/refusal.h"
#include "base/strbuf.h"

struct verifier;

/* All borrowed for the verifier's life, but for jwks. */
struct verifier_options {
	const char *url;         /* https, or http on loopback */
	const char *tls_trusted; /* PEM file; NULL: the system's trust anchors */
	struct bytes jwks;       /* RFC 7517: the keys that verdicts are signed by */
	const char *issuer;      /* of verdicts: their claim iss */
	int64_t timeout_ms;      /* for all of an exchange */
	uint32_t at_once;        /* exchanges; whoever comes beyond is told to come again */
};
/* 0, -EBADMSG (no JWKS, or none with a usable key), -ENOMEM. */
_must_check_ int verifier_new(const struct verifier_options *options, struct verifier **verifierp);
/* NULL is fine. */
void verifier_free(struct verifier *verifier);
DEFINE_CLEANUP(struct verifier, verifier_free);

/* All borrowed. */
struct verifier_question {
	struct bytes bundle;        /* the AttestationBundle as it came */
	const char *statement_type; /* dotted text, of the statement that counts */
	struct bytes spki;          /* of the key that is to be certified */
	struct bytes csr;           /* the PKCS#10 around it; empty: it came in none */
	int64_t now_ms;
};

enum { VERIFIER_NONCE_MAX = 66 };

/* What the verifier says of a good statement. */
struct verifier_verdict {
	bool has_attester;
	uint8_t attester[32]; /* SHA-256 of the SubjectPublicKeyInfo of who made the statement */
	bool has_nonce;
	uint8_t nonce[VERIFIER_NONCE_MAX]; /* that the statement is over */
	size_t nonce_len;
};
/*
 * Asks. 0: the statement is good. REFUSED: attestation_verifier_refused, it is not;
 * attestation_verifier_unavailable, nobody can say now, or what came is no verdict that can be
 * believed (logged). Negative errno.
 */
_must_check_ int verifier_ask(struct verifier *verifier, const struct verifier_question *question,
			      struct verifier_verdict *verdictp, struct refusal *refusal);
