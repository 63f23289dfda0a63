// SPDX-License-Identifier: Apache-2.0
/*
 * A refusal: what we say to a client that asked for something it does not get. It is data, filled
 * in where the check is: failInfo (RFC 4210 5.2.3), a reason code for log, audit and metrics, and a
 * fixed sentence for the client. One row per rule, in base/refusal_table.h.
 * Functions that may refuse return 0, REFUSED (1) with the refusal filled in, or a negative errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* PKIFailureInfo bit numbers, RFC 4210 5.2.3. */
enum pki_failinfo {
	FAIL_BAD_ALG = 0,
	FAIL_BAD_MESSAGE_CHECK = 1,
	FAIL_BAD_REQUEST = 2,
	FAIL_BAD_TIME = 3,
	FAIL_BAD_CERT_ID = 4,
	FAIL_BAD_DATA_FORMAT = 5,
	FAIL_WRONG_AUTHORITY = 6,
	FAIL_INCORRECT_DATA = 7,
	FAIL_MISSING_TIME_STAMP = 8,
	FAIL_BAD_POP = 9,
	FAIL_CERT_REVOKED = 10,
	FAIL_CERT_CONFIRMED = 11,
	FAIL_WRONG_INTEGRITY = 12,
	FAIL_BAD_RECIPIENT_NONCE = 13,
	FAIL_TIME_NOT_AVAILABLE = 14,
	FAIL_UNACCEPTED_POLICY = 15,
	FAIL_UNACCEPTED_EXTENSION = 16,
	FAIL_ADD_INFO_NOT_AVAILABLE = 17,
	FAIL_BAD_SENDER_NONCE = 18,
	FAIL_BAD_CERT_TEMPLATE = 19,
	FAIL_SIGNER_NOT_TRUSTED = 20,
	FAIL_TRANSACTION_ID_IN_USE = 21,
	FAIL_UNSUPPORTED_VERSION = 22,
	FAIL_NOT_AUTHORIZED = 23,
	FAIL_SYSTEM_UNAVAIL = 24,
	FAIL_SYSTEM_FAILURE = 25,
	FAIL_DUPLICATE_CERT_REQ = 26,
	FAIL_COUNT = 27,
};

enum { REFUSED = 1 };

/* Octets of a sentence with what it is about; it is cut behind them. */
enum { REFUSAL_WORDS_MAX = 256 };

enum refusal_reason {
	REFUSAL_NONE = 0,
#define REFUSAL(name, failinfo, text) REFUSAL_##name,
#include "base/refusal_table.h"
#undef REFUSAL
	REFUSAL_COUNT,
};

/*
 * reason names the row. `failinfo` is the row's unless an upstream CA gave its own; -1 means none.
 * `detail` is for the log only: a short static or caller-owned text, may be NULL. `words` are the
 * sentence of the row and what it is about (which extension, which attribute); empty: the sentence
 * alone. refusal_words() gives what the client is told.
 */
struct refusal {
	enum refusal_reason reason;
	int failinfo;
	const char *detail;
	char words[REFUSAL_WORDS_MAX];
};

#define REFUSAL_NULL ((struct refusal){.failinfo = -1})

/* Fills in *r for the row and returns REFUSED: `return refuse(r, REFUSAL_bad_pop);` */
int refuse(struct refusal *r, enum refusal_reason reason);
/* The same with a detail for the log. */
int refuse_detail(struct refusal *r, enum refusal_reason reason, const char *detail);

/*
 * With what it is about, which the client is told, too: "<sentence>: <about>". Of the request only
 * what has a form of its own, as an OID or a number; never its text, never anything internal.
 */
int refuse_about(struct refusal *r, enum refusal_reason reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What the client is told; lives as long as the refusal. */
const char *refusal_words(const struct refusal *r);

/* What the log has beside the reason; NULL: nothing. */
const char *refusal_detail(const struct refusal *r);

/* The code for log and metrics: the row's name, as "pop_signature_wrong". */
const char *refusal_code(enum refusal_reason reason);
/* The reason of that code, REFUSAL_NONE if there is none (any more). */
enum refusal_reason refusal_by_code(const char *code);
/* The status that it has over HTTP with JSON, RFC 9110 15: by the row, or else by the failInfo. */
int refusal_http_status(const struct refusal *r);
/* What stands behind a refusal, for people; clients are told none of it. */
struct refusal_help {
	enum refusal_reason reason;
	const char *section; /* under which heading it stands */
	const char *clause;  /* of a standard, or the key of cmf.cnf, that it comes from */
	const char *advice;  /* what to do */
};
/* NULL: there is no such refusal. */
const struct refusal_help *refusal_help(enum refusal_reason reason);
/* All of them in the order of their headings, *np of them. */
const struct refusal_help *refusal_help_rows(size_t *np);
/*
 * The reasons whose codes are most like `text`, the most alike first, at most `n` of them; returns
 * how many. None of those is unlike: 0 if there are none.
 */
size_t refusal_nearest(const char *text, enum refusal_reason *reasons, size_t n);
/* The fixed sentence for the client. */
const char *refusal_text(enum refusal_reason reason);
/* The RFC's name of a failInfo bit, as "badPOP"; "" for -1. */
const char *failinfo_name(int failinfo);
