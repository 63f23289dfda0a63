// SPDX-License-Identifier: Apache-2.0
/*
 * Explaining CMP messages to people: what somebody has handed in, its fields in the names of the
 * RFCs, why octets are no message, and in words what the door made of it (cmp_door_explain() of
 * cmp/door.h). Decides nothing, and knows neither files nor HTTP: `cmfctl explain` and the page of
 * cmfd for authors of clients print what is made here. All of it is ASCII in lines; what is
 * somebody else's text is escaped.
 */
#pragma once

#include "base/bytes.h"
#include "base/strbuf.h"
#include "cmp/door.h"
#include "message.h"

/* --- what was handed in: input.c --- */

struct explain_input {
	struct octets der;
	const char *is;   /* what it is in place of a CMP message, as "a certificate"; NULL */
	const char *hint; /* what to do then */
};
/*
 * Takes DER, PEM (the first block), base64 and hexadecimal with or without white space; what is
 * none of these is taken as it is, for the decoder to say what is wrong. 0 or -ENOMEM.
 */
_must_check_ int explain_input_read(struct bytes given, struct explain_input *in);
void explain_input_clear(struct explain_input *in);

/* --- its fields: message.c --- */

void explain_message(const struct cmp_message *msg, struct strbuf *out);
/* The same of octets; nothing if they are no message. */
void explain_octets_as_message(struct bytes der, struct strbuf *out);

/* --- why it is none: problem.c --- */

/* "offset 153, header.senderNonce: the message is cut off here: ...". */
void explain_problem(struct bytes der, struct strbuf *out);

/* --- statuses: status.c --- */

/* The name of a PKIStatus; NULL: none of RFC 4210's. */
const char *explain_status_name(const ASN1_INTEGER *status);
/* Whether only a server sends that type of body. */
bool explain_is_answer(int body_type);

/* What an answer says of a request. */
struct explain_status {
	const ASN1_INTEGER *cert_req_id; /* NULL: none */
	const PKIStatusInfo *info;
};
typedef void explain_status_each(void *arg, const struct explain_status *status);
/* Each status in a message; of a nested one, of those in it. Nothing if it is none. */
void explain_statuses(struct bytes der, explain_status_each *each, void *arg);
/*
 * The refusal of ours that a status tells by its failInfo and text; REFUSAL_NONE: it tells none
 * that is known.
 */
enum refusal_reason explain_status_reason(const PKIStatusInfo *info);
/* The first refusal that sounds the same to a client; see explain_reader. */
enum refusal_reason explain_public_reason(const struct refusal *r);
/* A line for each status of an answer, or which answer it is; of a refusal also by which rule it
 * is, and what to do. */
void explain_answer(struct bytes der, struct strbuf *out);

/* --- what the door made of it: trace.c --- */

struct explain_stage {
	const char *name;
	const char *clause;
};
/* By enum cmp_stage. */
extern const struct explain_stage explain_stages[CMP_STAGE_COUNT];

/* Who reads it. */
enum explain_reader {
	EXPLAIN_FOR_OPERATOR,
	/*
	 * Who has sent the message, or pretends to: no more than the door tells senders. Refusals
	 * in the words that clients are told, as the first rule that has these words; without what
	 * is for the log; and where the sender is not proven nothing behind the protection.
	 */
	EXPLAIN_FOR_SENDER,
};
/* All that a trace has, stage by stage. */
void explain_trace(const struct cmp_trace *trace, enum explain_reader reader, struct strbuf *out);

/* --- a page's form and text: form.c --- */

/* application/x-www-form-urlencoded with the fields message and profile, or a query of a URI. */
struct explain_form {
	struct octets message; /* as it was given, NUL behind it; empty: none */
	struct octets profile; /* likewise */
};
/* 0 or -ENOMEM. */
_must_check_ int explain_form_read(struct bytes text, struct explain_form *form);
void explain_form_clear(struct explain_form *form);
/* NULL: none is named. */
const char *explain_form_profile(const struct explain_form *form);
