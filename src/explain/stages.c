// SPDX-License-Identifier: Apache-2.0
/* The names of the steps that a message takes through the door, with the clauses of their rules. */
#include "explain.h"

const struct explain_stage explain_stages[CMP_STAGE_COUNT] = {
	[CMP_STAGE_SYNTAX] = {"syntax", "RFC 9483 3.5"},
	[CMP_STAGE_HEADER] = {"header", "RFC 9483 3.1, 3.5"},
	[CMP_STAGE_PROTECTION] = {"protection", "RFC 9483 3.2, 3.3"},
	[CMP_STAGE_TRANSACTION] = {"transaction", "RFC 9483 3.5, 5.1"},
	[CMP_STAGE_BODY] = {"body", "RFC 9483 4, 5"},
};
