// SPDX-License-Identifier: Apache-2.0
/*
 * transaction list and show, ca show.
 */
#include "ctl.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_REQUESTER = 0x100, OPT_STATE, OPT_LIMIT, OPT_RESPONSE, OPT_PEM };

/* --- transaction list ----------------------------------------------------------------------- */

struct transaction_args {
	const char *requester;
	const char *state;
	const char *id;
	const char *response; /* file */
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
		if (ctl_number_parse(arg, UINT32_MAX, &args->limit) || args->limit == 0)
			argp_error(state, "--limit must be a number");
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
		 "In this state: 'awaiting upstream', 'awaiting certConf', done, failed", 1},
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

/* --- transaction show ----------------------------------------------------------------------- */

static error_t show_parse(int key, char *arg, struct argp_state *state)
{
	struct transaction_args *args = state->input;
	uint64_t id;

	switch (key) {
	case OPT_RESPONSE:
		args->response = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->id || ctl_number_parse(arg, INT64_MAX, &id))
			argp_error(state, "one ID, a number as transaction list shows it");
		args->id = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->id)
			argp_error(state, "ID is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int transaction_print(const struct ctl *ctl, const char *response, json_t *txn)
{
	const char *base64 = json_string_value(json_object_get(txn, "response"));
	json_t *rows;
	int status = CTL_OK;

	if (response && base64) {
		status = ctl_base64_write(response, base64);
	} else if (response) {
		ctl_error("the transaction has no response yet");
		status = CTL_REFUSED;
	}
	if (status)
		return status;
	if (!ctl->json)
		json_object_del(txn, "response");
	rows = json_pack("[O]", txn);
	ctl_show(ctl, rows);
	json_decref(rows);
	return CTL_OK;
}

int ctl_transaction_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"response", OPT_RESPONSE, "FILE", 0, "Write our last message to FILE, DER", 1},
		{0}};
	static const struct argp argp = {.options = options,
					 .parser = show_parse,
					 .args_doc = "ID",
					 .doc = "Shows a CMP transaction."};
	struct transaction_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *txn;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	strbuf_add(&path, "/v1/transactions");
	ctl_segment_add(&path, args.id);
	status = ctl_call(ctl, "GET", path.text, NULL, &txn);
	if (status)
		return status;
	status = transaction_print(ctl, args.response, txn);
	json_decref(txn);
	return status;
}

/* --- ca show -------------------------------------------------------------------------------- */

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
