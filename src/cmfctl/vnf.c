// SPDX-License-Identifier: Apache-2.0
/*
 * Direct mode: vnfm list, show, resync and forget, vnf list and show, lcm approve.
 */
#include "ctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OPT_DRY_RUN = 0x100, OPT_VNFM };

/* --- vnfm list, vnf list --- */

static const struct ctl_column vnfm_columns[] = {
	{"NAME", "name"},
	{"TRUST DOMAIN", "trust_domain"},
	{"SUBSCRIBED", "subscribed"},
	{"VNFCS", "vnfcs"},
	{"HELD", "held"},
	{"NOTIFIED", "notified_at"},
	{"RESYNCED", "resynced_at"},
	{"PROBLEM", "problem"},
};

const struct ctl_list ctl_vnfms = {
	.path = "/v1/vnfms",
	.doc = "Lists the VNFMs that are followed in direct mode, and those that were.",
	.columns = vnfm_columns,
	.n_columns = ARRAY_LEN(vnfm_columns),
	.whole = true,
};

static const struct ctl_filter vnf_filters[] = {
	{"vnfm", "vnfm", "NAME", "Of this VNFM"},
};

static const struct ctl_column vnf_columns[] = {
	{"VNFM", "vnfm"},    {"VNF INSTANCE", "vnf_instance_id"},
	{"VNFD", "vnfd_id"}, {"IDENTIFIED BY", "identified_by"},
	{"VNFCS", "vnfcs"},  {"GONE", "gone"},
	{"SEEN", "seen_at"},
};

const struct ctl_list ctl_vnfs = {
	.path = "/v1/vnfs",
	.doc = "Lists the VNFs that VNFMs have shown.",
	.filters = vnf_filters,
	.n_filters = ARRAY_LEN(vnf_filters),
	.columns = vnf_columns,
	.n_columns = ARRAY_LEN(vnf_columns),
};

/* --- a command about one --- */

struct vnf_args {
	const char *name;
	const char *vnfm;
	bool dry_run;
};

static error_t name_parse(int key, char *arg, struct argp_state *state)
{
	struct vnf_args *args = state->input;

	switch (key) {
	case OPT_DRY_RUN:
		args->dry_run = true;
		return 0;
	case OPT_VNFM:
		args->vnfm = arg;
		return 0;
	case ARGP_KEY_ARG:
		ctl_argument_take(state, "NAME", arg, &args->name);
		return 0;
	case ARGP_KEY_END:
		ctl_argument_require(state, "NAME", args->name);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ctl_vnfm_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.parser = name_parse,
		.args_doc = "NAME",
		.doc = "Shows a VNFM that is followed in direct mode, and how that goes."};
	struct vnf_args args = {0};
	json_t *rows;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	status = ctl_rows(ctl, ctl_vnfms.path, &rows);
	if (status)
		return status;
	for (size_t i = json_array_size(rows); i-- > 0;) {
		json_t *row = json_array_get(rows, i);

		if (strcmp(json_string_value(json_object_get(row, "name")), args.name) != 0)
			json_array_remove(rows, i);
	}
	if (json_array_size(rows) == 0) {
		ctl_error("there is no [vnfm %s]", args.name);
		status = CTL_REFUSED;
	} else {
		ctl_show(ctl, rows);
	}
	json_decref(rows);
	return status;
}

/* --- vnfm resync --- */

static json_int_t number_of(const json_t *reply, const char *key)
{
	return json_integer_value(json_object_get(reply, key));
}

static void notes_print(const json_t *notes)
{
	const json_t *note;
	size_t i;

	json_array_foreach(notes, i, note)
	{
		ctl_text_print(json_string_value(json_object_get(note, "vnf_instance_id")));
		putchar(' ');
		ctl_text_print(json_string_value(json_object_get(note, "subject_id")));
		putchar(' ');
		ctl_text_print(json_string_value(json_object_get(note, "what")));
		putchar('\n');
	}
}

static void report_print(const json_t *reply, bool dry_run)
{
	static const struct {
		const char *key;
		const char *words;
	} lines[] = {
		{"present", "as they were"},
		{"registered", "registered"},
		{"replaced", "with another resource"},
		{"returned", "back"},
		{"ending", "gone, and ended by on_removed"},
		{"gone", "gone, and left to the next resync"},
		{"held", "gone, and held for `cmfctl lcm approve`"},
		{"excluded", "excluded by a rule"},
		{"others", "registered otherwise, and left alone"},
		{"refused", "not registered; the log says why"},
	};

	notes_print(json_object_get(reply, "notes"));
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (i == 0 || number_of(reply, lines[i].key))
			printf("%" JSON_INTEGER_FORMAT " %s\n", number_of(reply, lines[i].key),
			       lines[i].words);
	if (dry_run)
		puts("nothing was changed: --dry-run");
}

int ctl_vnfm_resync(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"dry-run", OPT_DRY_RUN, NULL, 0, "Tell what would be done, and do nothing", 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = name_parse,
		.args_doc = "NAME",
		.doc = "Looks at the subscription and at all VNFs of a VNFM now, and waits for the "
		       "end of it."};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	struct vnf_args args = {0};
	const char *problem;
	json_t *reply;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	strbuf_add(&path, ctl_vnfms.path);
	ctl_segment_add(&path, args.name);
	strbuf_add(&path, "/resync");
	ctl->patient = true;
	status = ctl_call(ctl, "POST", path.text, json_pack("{s:b}", "dry_run", (int)args.dry_run),
			  &reply);
	if (status)
		return status;
	problem = json_string_value(json_object_get(reply, "problem"));
	if (ctl->json)
		ctl_json_print(reply);
	else
		report_print(reply, args.dry_run);
	if (problem) {
		ctl_error("the VNFM could not be read: %s", problem);
		status = CTL_REFUSED;
	}
	json_decref(reply);
	return status;
}

/* --- vnfm forget, lcm approve --- */

/* Asks the CMF for that of the VNFM that is the command's argument; *replyp is printed already
 * where JSON is wanted. */
static int vnfm_ask(struct ctl *ctl, const struct vnf_args *args, const char *method,
		    const char *action, json_t **replyp)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	int status;

	strbuf_add(&path, ctl_vnfms.path);
	ctl_segment_add(&path, args->name);
	strbuf_add(&path, action);
	status = ctl_call(ctl, method, path.text, NULL, replyp);
	if (!status && ctl->json)
		ctl_json_print(*replyp);
	return status;
}

int ctl_vnfm_forget(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.parser = name_parse,
		.args_doc = "NAME",
		.doc = "Forgets a VNFM that is no longer in the configuration, and what it has "
		       "shown. What was registered from it stays registered. Its subscription is "
		       "to be removed at the VNFM."};
	struct vnf_args args = {0};
	json_t *reply = NULL;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	status = vnfm_ask(ctl, &args, "DELETE", "", &reply);
	if (!status && !ctl->json)
		printf("forgot %s and its %" JSON_INTEGER_FORMAT
		       " VNFCs, whose registrations stay\n",
		       args.name, number_of(reply, "vnfcs"));
	json_decref(reply);
	return status;
}

int ctl_lcm_approve(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.parser = name_parse,
		.args_doc = "NAME",
		.doc = "Ends what has gone from a VNFM and is held back: more than "
		       "resync_revoke_max "
		       "at once, or VNFs that it does not have and has not said to be deleted."};
	struct vnf_args args = {0};
	json_t *reply = NULL;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	status = vnfm_ask(ctl, &args, "POST", "/approve", &reply);
	if (!status && !ctl->json)
		printf("approved the end of %" JSON_INTEGER_FORMAT " registrations\n",
		       number_of(reply, "approved"));
	json_decref(reply);
	return status;
}

/* --- vnf show --- */

/* The certificates of a VNFC as text, so that they stand in its lines. */
static void certificates_fold(json_t *row)
{
	const json_t *certificates = json_object_get(row, "certificates"), *cert;
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	size_t i;

	json_array_foreach(certificates, i, cert)
	{
		const char *serial = json_string_value(json_object_get(cert, "serial"));

		strbuf_printf(&text, "%s%s %s", text.len ? ", " : "", serial ? serial : "-",
			      json_string_value(json_object_get(cert, "state")));
	}
	json_object_set_new(row, "certificates", text.text ? json_string(text.text) : json_null());
}

int ctl_vnf_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"vnfm", OPT_VNFM, "NAME", 0, "Of this VNFM; without: of any that has it", 1}, {0}};
	static const struct argp argp = {
		.options = options,
		.parser = name_parse,
		.args_doc = "VNF_INSTANCE_ID",
		.doc = "Shows the VNFCs of a VNF, and their certificates."};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	struct vnf_args args = {0};
	json_t *rows, *row;
	size_t i;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	strbuf_add(&path, "/v1/vnfcs");
	ctl_query_add(&path, "vnf_instance_id", args.name);
	ctl_query_add(&path, "vnfm", args.vnfm);
	status = ctl_rows(ctl, path.text, &rows);
	if (status)
		return status;
	if (!ctl->json)
		json_array_foreach(rows, i, row) certificates_fold(row);
	ctl_show(ctl, rows);
	json_decref(rows);
	return CTL_OK;
}
