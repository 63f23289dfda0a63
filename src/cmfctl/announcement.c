// SPDX-License-Identifier: Apache-2.0
/*
 * announcement list and show.
 */
#include "ctl.h"

enum { OPT_SENDER = 0x100, OPT_TYPE, OPT_LIMIT };

struct announcement_args {
	const char *sender;
	const char *type;
	uint64_t limit;
};

/* --- list --- */

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
		ctl_limit_parse(state, arg, &args->limit);
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

/* --- show --- */

int ctl_announcement_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"content", CTL_RECORD_FILE, "FILE", 0, "Write what was announced to FILE, DER", 1},
		{0}};
	static const struct argp argp = {.options = options,
					 .parser = ctl_record_parse,
					 .args_doc = "ID",
					 .doc = "Shows an announcement."};
	struct ctl_record record = {0};

	ctl_parse(&argp, ctl, &record, argc, argv);
	return ctl_record_show(ctl, "/v1/announcements", "content", &record);
}
