// SPDX-License-Identifier: Apache-2.0
/*
 * transaction list and show.
 */
#include "ctl.h"

static const struct ctl_filter filters[] = {
	{"requester", "requester", "CLIENT", "Of this requester"},
	{"state", "state", "STATE",
	 "In this state: 'awaiting popdecr', 'awaiting upstream', 'awaiting certConf', done, "
	 "failed"},
};

static const struct ctl_column columns[] = {
	{"ID", "id"},
	{"REQUESTER", "requester"},
	{"OPERATION", "operation"},
	{"STATE", "state"},
	{"PROTECTION", "protection"},
	{"DEADLINE", "deadline"},
	{"CHANGED", "changed_at"},
	{"TRANSACTION ID", "transaction_id"},
};

const struct ctl_list ctl_transactions = {
	.path = "/v1/transactions",
	.doc = "Lists CMP transactions; ended ones are kept for a while only.",
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
};

int ctl_transaction_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"response", CTL_RECORD_FILE, "FILE", 0, "Write our last message to FILE, DER", 1},
		{0}};
	static const struct argp argp = {.options = options,
					 .parser = ctl_record_parse,
					 .args_doc = "ID",
					 .doc = "Shows a CMP transaction."};
	struct ctl_record record = {0};

	ctl_parse(&argp, ctl, &record, argc, argv);
	return ctl_record_show(ctl, "/v1/transactions", "response", &record);
}
