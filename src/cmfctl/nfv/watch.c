// SPDX-License-Identifier: Apache-2.0
/*
 * watch: what becomes of certificates, as lines when it happens. The list is asked for now and
 * then; who wants to be called instead has a subscription.
 */
#include "nfv.h"

#include <stdio.h>
#include <string.h>

enum { OPT_INTERVAL = 0x100, OPT_ROUNDS };

struct watch_args {
	uint64_t interval_s;
	uint64_t rounds; /* 0: without end */
};

static error_t watch_parse(int key, char *arg, struct argp_state *state)
{
	struct watch_args *args = state->input;

	switch (key) {
	case OPT_INTERVAL:
		if (ctl_number_parse(arg, 60, &args->interval_s) || args->interval_s == 0)
			argp_error(state, "--interval is a number of seconds, 1 to 60");
		return 0;
	case OPT_ROUNDS:
		if (ctl_number_parse(arg, UINT32_MAX, &args->rounds))
			argp_error(state, "--rounds is a number");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void change_print(const struct ctl *ctl, const char *change, const json_t *cert)
{
	_cleanup_(strbuf_clear) struct strbuf line = STRBUF_NULL;
	json_t *object;

	if (ctl->json) {
		object = json_pack("{s:s, s:O}", "change", change, "certificate", cert);
		ctl_json_write(object, JSON_COMPACT);
		json_decref(object);
	} else {
		strbuf_printf(&line, "%s  %s  %s  %s  %s", change, vnfm_text(cert, "certType"),
			      vnfm_text(cert, "subjectId"), vnfm_text(cert, "serialNumber"),
			      vnfm_text(cert, "id"));
		ctl_text_print(line.text ? line.text : "");
	}
	putchar('\n');
	fflush(stdout);
}

/* By what a certificate is now and was before; NULL: nothing that is told. */
static const char *change_of(const json_t *before, const json_t *cert)
{
	const char *status = vnfm_text(cert, "status");

	if (!before)
		return "issued";
	if (strcmp(vnfm_text(before, "status"), status) != 0)
		return status;
	if (strcmp(vnfm_text(before, "replacedBy"), vnfm_text(cert, "replacedBy")) != 0)
		return "renewed";
	return NULL;
}

/* `known` is by id; the first round only fills it. */
static void rows_compare(const struct ctl *ctl, const json_t *rows, json_t *known, bool first)
{
	json_t *cert;
	size_t i;

	json_array_foreach(rows, i, cert)
	{
		const char *id = vnfm_text(cert, "id");
		const char *change = change_of(json_object_get(known, id), cert);

		if (change && !first)
			change_print(ctl, change, cert);
		json_object_set(known, id, cert);
	}
}

int vnfm_watch(struct vnfm_server *server, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"interval", OPT_INTERVAL, "SECONDS", 0, "How often to ask (10)", 1},
		{"rounds", OPT_ROUNDS, "N", 0, "End after N times", 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = watch_parse,
		.doc = "Prints a line for each certificate that is issued, renewed, revoked or "
		       "expires from now on; with --json an object a line."};
	struct watch_args args = {.interval_s = 10};
	json_t *known = json_object();
	int status = CTL_OK;

	ctl_parse(&argp, server->ctl, &args, argc, argv);
	for (uint64_t round = 0; !status && (args.rounds == 0 || round < args.rounds); round++) {
		json_t *rows = NULL;

		if (round > 0)
			vnfm_wait((long)args.interval_s);
		status = vnfm_rows(server, "/certificates", &rows);
		if (!status)
			rows_compare(server->ctl, rows, known, round == 0);
		json_decref(rows);
	}
	json_decref(known);
	return status;
}
