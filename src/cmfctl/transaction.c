// SPDX-License-Identifier: Apache-2.0
/*
 * transaction list and show.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

static const struct ctl_filter filters[] = {
	{"requester", "requester", "CLIENT", "Of this requester"},
	{"transaction-id", "transaction_id", "HEX", "With this transactionID, as the log has it"},
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

enum { OPT_RESPONSE = 0x100 };

static error_t show_parse(int key, char *arg, struct argp_state *state)
{
	struct ctl_record *record = state->input;

	switch (key) {
	case OPT_RESPONSE:
		record->file = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (record->id || !*arg || arg[strspn(arg, "0123456789abcdefABCDEF")])
			argp_error(state, "one ID, as the list or the log shows it");
		record->id = arg;
		return 0;
	case ARGP_KEY_END:
		if (!record->id)
			argp_error(state, "ID is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The number of the only one with that transactionID, in hex as the log has it. */
static int transaction_number(struct ctl *ctl, const char *transaction_id, char *number,
			      size_t size)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *rows;
	int status;

	strbuf_add(&path, "/v1/transactions");
	ctl_query_add(&path, "transaction_id", transaction_id);
	status = ctl_rows(ctl, path.text, &rows);
	if (status)
		return status;
	snprintf(number, size, "%lld",
		 (long long)json_integer_value(json_object_get(json_array_get(rows, 0), "id")));
	if (json_array_size(rows) != 1) {
		ctl_error(json_array_size(rows)
				  ? "several requesters have used that transactionID: "
				    "see 'cmfctl transaction list --transaction-id', "
				    "and name its ID"
				  : "there is no such transaction (any more)");
		status = CTL_REFUSED;
	}
	json_decref(rows);
	return status;
}

int ctl_transaction_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"response", OPT_RESPONSE, "FILE", 0, "Write our last message to FILE, DER", 1},
		{0}};
	static const struct argp argp = {.options = options,
					 .parser = show_parse,
					 .args_doc = "ID",
					 .doc = "Shows a CMP transaction: ID is its number in the "
						"list, or its transactionID as the log has it."};
	struct ctl_record record = {0};
	char number[24];
	uint64_t id;
	int status = CTL_OK;

	ctl_parse(&argp, ctl, &record, argc, argv);
	if (ctl_number_parse(record.id, INT64_MAX, &id)) {
		status = transaction_number(ctl, record.id, number, sizeof(number));
		record.id = number;
	}
	return status ? status : ctl_record_show(ctl, "/v1/transactions", "response", &record);
}
