// SPDX-License-Identifier: Apache-2.0
/*
 * `cmfctl explain`: the parts of it. What is printed of a message: explain.h. Private to cmfctl/.
 */
#pragma once

#include "base/bytes.h"

struct cmp_message;
struct cmp_trace;
struct ctl;

/* A message, and as what it is to be explained. */
struct explain_question {
	struct bytes der;
	const char *as_client; /* NULL: whom its protection says */
	const char *profile;   /* of the URL; NULL: none */
	bool in_transaction;   /* as the store has it, not as if it had never been sent */
	bool now;              /* as of this moment */
	int64_t as_of_ms;      /* as of then; 0 and not now: as of messageTime, if there is one */
};

/* Whether the CMF of the configuration has signed a message. */
bool explain_is_ours(const struct ctl *ctl, const struct cmp_message *msg);
/* What cmfd would answer: exit code. */
int explain_decision(const struct ctl *ctl, const struct explain_question *q);
/* The same as JSON: exit code. An empty answer: there is none. */
int explain_decision_json(const struct explain_question *q, const struct cmp_trace *trace,
			  struct bytes answer, int64_t now_ms);
/* reason.c: what is behind a refusal, by its code, or behind all with that failInfo: exit code. */
int explain_reason(const struct ctl *ctl, const char *code);
