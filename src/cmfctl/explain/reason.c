// SPDX-License-Identifier: Apache-2.0
/*
 * `cmfctl explain --reason CODE`: one row of docs/refusals.md, for who has the code from a log, a
 * metric or an answer. Needs no configuration.
 */
#include "ctl.h"
#include "decision.h"

#include "base/refusal.h"

#include <errno.h>
#include <string.h>

enum { SUGGESTIONS = 3 };

static json_t *reason_json(const struct refusal_help *help)
{
	struct refusal r;

	(void)refuse(&r, help->reason);
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "reason", refusal_code(r.reason),
			 "failinfo", failinfo_name(r.failinfo), "http_status",
			 refusal_http_status(&r), "text", refusal_text(r.reason), "section",
			 help->section, "by", help->clause, "advice", help->advice);
}

static int rows_print(const struct ctl *ctl, json_t *rows)
{
	if (!rows)
		return ctl_file_error("explaining", -ENOMEM);
	ctl_show(ctl, rows);
	json_decref(rows);
	return CTL_OK;
}

/* All that are told with that failInfo (badPOP). Empty: it is none. */
static json_t *of_failinfo(const char *name)
{
	json_t *found = json_array();
	const struct refusal_help *rows;
	struct refusal r;
	size_t n;

	rows = refusal_help_rows(&n);
	for (size_t i = 0; i < n; i++) {
		(void)refuse(&r, rows[i].reason);
		if (strcasecmp(name, failinfo_name(r.failinfo)) == 0)
			json_array_append_new(found, reason_json(&rows[i]));
	}
	return found;
}

static int reason_unknown(const char *code)
{
	_cleanup_(strbuf_clear) struct strbuf like = STRBUF_NULL;
	enum refusal_reason nearest[SUGGESTIONS];
	size_t n = refusal_nearest(code, nearest, SUGGESTIONS);

	for (size_t i = 0; i < n; i++)
		strbuf_printf(&like, "%s%s", i > 0 ? ", " : "", refusal_code(nearest[i]));
	if (n > 0)
		ctl_error("there is no refusal %s; the nearest: %s", code,
			  like.text ? like.text : "");
	else
		ctl_error("there is no refusal %s; docs/refusals.md lists them, "
			  "and the name of a failInfo, as badPOP, those with it",
			  code);
	return CTL_USAGE;
}

int explain_reason(const struct ctl *ctl, const char *code)
{
	const struct refusal_help *help = refusal_help(refusal_by_code(code));
	json_t *rows = help ? json_pack("[o]", reason_json(help)) : of_failinfo(code);

	if (json_array_size(rows) > 0 || !rows)
		return rows_print(ctl, rows);
	json_decref(rows);
	return reason_unknown(code);
}
