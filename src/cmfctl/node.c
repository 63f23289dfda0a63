// SPDX-License-Identifier: Apache-2.0
/*
 * node list: the cmfd that serve the database.
 */
#include "ctl.h"

static const struct ctl_column columns[] = {
	{"NAME", "name", true},
	{"STATE", "state"},
	{"THIS", "this"},
	{"ADDRESS", "address"},
	{"VERSION", "version"},
	{"STARTED", "started_at"},
	{"SEEN", "seen_at"},
	{"SKEW MS", "clock_skew_ms"},
	{"CONFIGURATION", "configuration_compared"},
	{"JOBS", "jobs"},
};

const struct ctl_list ctl_nodes = {
	.path = "/v1/nodes",
	.doc = "Lists the nodes: the cmfd that serve the same database, and which jobs each has.",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.whole = true,
};
