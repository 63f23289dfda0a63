// SPDX-License-Identifier: Apache-2.0
/*
 * The refusals and the names of the PKIFailureInfo bits.
 */
#include "base/refusal.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct refusal_row {
	const char *code;
	int failinfo;
	int http_status; /* 0: by the failInfo */
	const char *text;
};

static const struct refusal_row refusals[REFUSAL_COUNT] = {
	[REFUSAL_NONE] = {"none", -1, 0, ""},
#define REFUSAL(name, failinfo, text) [REFUSAL_##name] = {#name, failinfo, 0, text},
#define REFUSAL_HTTP(name, failinfo, status, text) \
	[REFUSAL_##name] = {#name, failinfo, status, text},
#include "base/refusal_table.h"
#undef REFUSAL
};

/*
 * RFC 4210 5.2.3, appendix F:
 *   PKIFailureInfo ::= BIT STRING { badAlg (0), badMessageCheck (1), ... duplicateCertReq (26) }
 */
static const char *const failinfo_names[FAIL_COUNT] = {
	[FAIL_BAD_ALG] = "badAlg",
	[FAIL_BAD_MESSAGE_CHECK] = "badMessageCheck",
	[FAIL_BAD_REQUEST] = "badRequest",
	[FAIL_BAD_TIME] = "badTime",
	[FAIL_BAD_CERT_ID] = "badCertId",
	[FAIL_BAD_DATA_FORMAT] = "badDataFormat",
	[FAIL_WRONG_AUTHORITY] = "wrongAuthority",
	[FAIL_INCORRECT_DATA] = "incorrectData",
	[FAIL_MISSING_TIME_STAMP] = "missingTimeStamp",
	[FAIL_BAD_POP] = "badPOP",
	[FAIL_CERT_REVOKED] = "certRevoked",
	[FAIL_CERT_CONFIRMED] = "certConfirmed",
	[FAIL_WRONG_INTEGRITY] = "wrongIntegrity",
	[FAIL_BAD_RECIPIENT_NONCE] = "badRecipientNonce",
	[FAIL_TIME_NOT_AVAILABLE] = "timeNotAvailable",
	[FAIL_UNACCEPTED_POLICY] = "unacceptedPolicy",
	[FAIL_UNACCEPTED_EXTENSION] = "unacceptedExtension",
	[FAIL_ADD_INFO_NOT_AVAILABLE] = "addInfoNotAvailable",
	[FAIL_BAD_SENDER_NONCE] = "badSenderNonce",
	[FAIL_BAD_CERT_TEMPLATE] = "badCertTemplate",
	[FAIL_SIGNER_NOT_TRUSTED] = "signerNotTrusted",
	[FAIL_TRANSACTION_ID_IN_USE] = "transactionIdInUse",
	[FAIL_UNSUPPORTED_VERSION] = "unsupportedVersion",
	[FAIL_NOT_AUTHORIZED] = "notAuthorized",
	[FAIL_SYSTEM_UNAVAIL] = "systemUnavail",
	[FAIL_SYSTEM_FAILURE] = "systemFailure",
	[FAIL_DUPLICATE_CERT_REQ] = "duplicateCertReq",
};

int refuse(struct refusal *r, enum refusal_reason reason)
{
	return refuse_detail(r, reason, NULL);
}

int refuse_detail(struct refusal *r, enum refusal_reason reason, const char *detail)
{
	*r = (struct refusal){
		.reason = reason, .failinfo = refusals[reason].failinfo, .detail = detail};
	return REFUSED;
}

int refuse_about(struct refusal *r, enum refusal_reason reason, const char *format, ...)
{
	va_list args;
	int n;

	refuse(r, reason);
	n = snprintf(r->words, sizeof(r->words), "%s: ", refusals[reason].text);
	if (n > 0 && (size_t)n < sizeof(r->words)) {
		va_start(args, format);
		vsnprintf(r->words + n, sizeof(r->words) - (size_t)n, format, args);
		va_end(args);
	}
	return REFUSED;
}

const char *refusal_words(const struct refusal *r)
{
	return r->words[0] ? r->words : refusals[r->reason].text;
}

const char *refusal_detail(const struct refusal *r)
{
	return r->detail || !r->words[0] ? r->detail : r->words;
}

const char *refusal_code(enum refusal_reason reason)
{
	return refusals[reason].code;
}

enum refusal_reason refusal_by_code(const char *code)
{
	for (int i = 0; i < REFUSAL_COUNT; i++)
		if (strcmp(code, refusals[i].code) == 0)
			return (enum refusal_reason)i;
	return REFUSAL_NONE;
}

/* What is not named here was understood and cannot be done: 422. */
static int status_of_failinfo(int failinfo)
{
	switch (failinfo) {
	case FAIL_BAD_DATA_FORMAT:
		return 400;
	case FAIL_BAD_MESSAGE_CHECK:
	case FAIL_SIGNER_NOT_TRUSTED:
		return 401;
	case FAIL_NOT_AUTHORIZED:
		return 403;
	case FAIL_BAD_CERT_ID:
		return 404;
	case FAIL_CERT_REVOKED:
	case FAIL_CERT_CONFIRMED:
	case FAIL_TRANSACTION_ID_IN_USE:
	case FAIL_DUPLICATE_CERT_REQ:
		return 409;
	case FAIL_SYSTEM_FAILURE:
		return 500;
	case FAIL_SYSTEM_UNAVAIL:
		return 503;
	default:
		return 422;
	}
}

int refusal_http_status(const struct refusal *r)
{
	int status = refusals[r->reason].http_status;

	return status ? status : status_of_failinfo(r->failinfo);
}

const char *refusal_text(enum refusal_reason reason)
{
	return refusals[reason].text;
}

const char *failinfo_name(int failinfo)
{
	if (failinfo < 0 || failinfo >= FAIL_COUNT)
		return "";
	return failinfo_names[failinfo];
}
