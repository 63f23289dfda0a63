// SPDX-License-Identifier: Apache-2.0
/*
 * announcement list and show.
 */
#include "ctl.h"

static const struct ctl_filter filters[] = {
	{"sender", "sender", "CLIENT", "Of this client"},
	{"type", "type", "TYPE", "Of this type: ckuann, cann, rann, crlann"},
};

static const struct ctl_column columns[] = {
	{"ID", "id"},         {"TYPE", "type"}, {"SENDER", "sender"}, {"CREATED", "created_at"},
	{"DIGEST", "digest"},
};

const struct ctl_list ctl_announcements = {
	.path = "/v1/announcements",
	.doc = "Lists what other CAs announced: new keys, certificates, revocations, CRLs. It is "
	       "recorded and has no further effect.",
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
};

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
