// SPDX-License-Identifier: Apache-2.0
/*
 * ca show.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

enum { OPT_PEM = 0x100 };

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
		ctl_argument_take(state, "NAME", arg, &args->name);
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
