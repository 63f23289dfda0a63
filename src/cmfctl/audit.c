// SPDX-License-Identifier: Apache-2.0
/*
 * audit list.
 */
#include "ctl.h"

static const struct ctl_filter filters[] = {
	{"actor", "actor", "NAME", "Of this client, or cmfctl, or housekeeping"},
	{"action", "action", "ACTION", "Of this kind: register, issue, revoke, ..."},
	{"target", "target", "NAME", "About this entity or client"},
	{"outcome", "outcome", "OUTCOME", "That ended so: done, notAuthorized"},
	{"request-id", "request_id", "ID", "Of this request, as the log has it (id)"},
	{"since", "since", "TIME", "Not before 2026-11-23T08:53:00Z, or a day"},
};

static const struct ctl_column columns[] = {
	{"TIME", "time"},     {"KIND", "actor_kind"}, {"ACTOR", "actor"},
	{"UID", "uid"},       {"ACTION", "action"},   {"TARGET", "target"},
	{"DETAIL", "detail"}, {"OUTCOME", "outcome"}, {"REQUEST", "request_id"},
};

const struct ctl_list ctl_audit = {
	.path = "/v1/audit",
	.doc = "Lists what was done, by whom and to whom, and what clients were not allowed to do: "
	       "the oldest first. What was before and after is shown with --json.",
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
};
