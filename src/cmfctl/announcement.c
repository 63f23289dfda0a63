// SPDX-License-Identifier: Apache-2.0
/*
 * announcement list and show.
 */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { OPT_SENDER = 0x100, OPT_TYPE, OPT_LIMIT, OPT_CONTENT };

struct announcement_args {
	const char *sender;
	const char *type;
	const char *id;
	const char *content; /* file */
	uint64_t limit;
};

/* --- list ----------------------------------------------------------------------------------- */

static error_t list_parse(int key, char *arg, struct argp_state *state)
{
	struct announcement_args *args = state->input;

	switch (key) {
	case OPT_SENDER:
		args->sender = arg;
		return 0;
	case OPT_TYPE:
		args->type = arg;
		return 0;
	case OPT_LIMIT:
		if (ctl_number_parse(arg, UINT32_MAX, &args->limit) || args->limit == 0)
			argp_error(state, "--limit must be a number");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ctl_announcement_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"sender", OPT_SENDER, "CLIENT", 0, "Of this client", 1},
		{"type", OPT_TYPE, "TYPE", 0, "Of this type: ckuann, cann, rann, crlann", 1},
		{"limit", OPT_LIMIT, "N", 0, "At most N", 1},
		{0}};
	static const struct ctl_column columns[] = {
		{"ID", "id"},         {"TYPE", "type"},
		{"SENDER", "sender"}, {"CREATED", "created_at"},
		{"DIGEST", "digest"},
	};
	static const struct argp argp = {
		.options = options,
		.parser = list_parse,
		.doc = "Lists what other CAs announced: new keys, certificates, revocations, CRLs. "
		       "It is recorded and has no further effect."};
	struct announcement_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;

	ctl_parse(&argp, ctl, &args, argc, argv);
	strbuf_add(&path, "/v1/announcements");
	ctl_query_add(&path, "sender", args.sender);
	ctl_query_add(&path, "type", args.type);
	return ctl_list(ctl, path.text, args.limit, columns, ARRAY_LEN(columns));
}

/* --- show ----------------------------------------------------------------------------------- */

static error_t show_parse(int key, char *arg, struct argp_state *state)
{
	struct announcement_args *args = state->input;
	uint64_t id;

	switch (key) {
	case OPT_CONTENT:
		args->content = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->id || ctl_number_parse(arg, INT64_MAX, &id))
			argp_error(state, "one ID, a number as announcement list shows it");
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

int ctl_announcement_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"content", OPT_CONTENT, "FILE", 0, "Write what was announced to FILE, DER", 1},
		{0}};
	static const struct argp argp = {.options = options,
					 .parser = show_parse,
					 .args_doc = "ID",
					 .doc = "Shows an announcement."};
	struct announcement_args args = {0};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *announcement, *rows;
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	strbuf_add(&path, "/v1/announcements");
	ctl_segment_add(&path, args.id);
	status = ctl_call(ctl, "GET", path.text, NULL, &announcement);
	if (status)
		return status;
	if (args.content)
		status = ctl_base64_write(
			args.content, json_string_value(json_object_get(announcement, "content")));
	if (!ctl->json)
		json_object_del(announcement, "content");
	rows = json_pack("[o]", announcement);
	if (!status)
		ctl_show(ctl, rows);
	json_decref(rows);
	return status;
}
