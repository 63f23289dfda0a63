// SPDX-License-Identifier: Apache-2.0
/*
 * transaction list and show, ca show.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

enum { OPT_REQUESTER = 0x100, OPT_STATE, OPT_LIMIT, OPT_PEM };

/* --- transaction list --- */

struct transaction_args {
	const char *requester;
	const char *state;
	uint64_t limit;
};

static error_t list_parse(int key, char *arg, struct argp_state *state)
{
	struct transaction_args *args = state->input;

	switch (key) {
	case OPT_REQUESTER:
		args->requester = arg;
		return 0;
	case OPT_STATE:
		args->state = arg;
		return 0;
	case OPT_LIMIT:
		ctl_limit_parse(state, arg, &args->limit);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ctl_transaction_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"requester", OPT_REQUESTER, "CLIENT", 0, "Of this requester", 1},
		{"state", OPT_STATE, "STATE", 0,
		 "In this state: 'awaiting popdecr', 'awaiting upstream', 'awaiting certConf', "
		 "done, "
		 "failed",
		 1},
		{"limit", OPT_LIMIT, "N", 0, "At most N", 1},
		{0}};
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
	static const struct argp argp = {
		.options = options,
		.parser = list_parse,
		.doc = "Lists CMP transactions; ended ones are kept for a while only."};
	struct transaction_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;

	ctl_parse(&argp, ctl, &args, argc, argv);
	strbuf_add(&path, "/v1/transactions");
	ctl_query_add(&path, "requester", args.requester);
	ctl_query_add(&path, "state", args.state);
	return ctl_list(ctl, path.text, args.limit, columns, ARRAY_LEN(columns));
}

/* --- transaction show --- */

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

/* --- ca show --- */

struct ca_args {
	const char *name;
	bool pem;
};

static error_t ca_parse(int key, char *arg, struct argp_state *state)
{
	struct ca_args *args = state->input;

	switch (key) {
	case OPT_PEM:
		args->pem = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->name)
			argp_error(state, "one NAME only");
		args->name = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Leaves the CA of that name in the array. */
static void cas_select(json_t *rows, const char *name)
{
	for (size_t i = json_array_size(rows); i-- > 0;) {
		json_t *row = json_array_get(rows, i);

		if (strcmp(json_string_value(json_object_get(row, "name")), name) != 0)
			json_array_remove(rows, i);
	}
}

static void chains_print(const json_t *rows)
{
	json_t *row, *pem;
	size_t i, j;

	json_array_foreach(rows, i, row)
	{
		json_array_foreach(json_object_get(row, "chain"), j, pem)
			fputs(json_is_string(pem) ? json_string_value(pem) : "", stdout);
	}
}

int ctl_ca_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"pem", OPT_PEM, NULL, 0, "Print the chain, issuing CA first and root last, as PEM",
		 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = ca_parse,
		.args_doc = "[NAME]",
		.doc = "Shows the CAs of the configuration, their chains and newest CRLs."};
	struct ca_args args = {0};
	json_t *rows;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	status = ctl_rows(ctl, "/v1/cas", &rows);
	if (status)
		return status;
	if (args.name)
		cas_select(rows, args.name);
	if (args.name && json_array_size(rows) == 0) {
		ctl_error("there is no CA '%s'", args.name);
		status = CTL_REFUSED;
	} else if (args.pem && !ctl->json) {
		chains_print(rows);
	} else {
		ctl_show(ctl, rows);
	}
	json_decref(rows);
	return status;
}
