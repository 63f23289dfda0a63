// SPDX-License-Identifier: Apache-2.0
/* cmfctl check: what check.h finds, for people and for scripts. */
#include "ctl.h"

#include "checker.h"

#include <stdio.h>
#include <string.h>

enum { OPT_DATABASE = 0x100 };

/* A line for each text line, as tables and JSON want them. */
static void findings_add(json_t *rows, const char *severity, struct strbuf *lines)
{
	char *next = lines->text, *line;

	while (next && (line = strsep(&next, "\n"))) {
		if (*line)
			json_array_append_new(rows, json_pack("{s:s, s:s}", "severity", severity,
							      "finding", line));
	}
}

static int findings_report(const struct ctl *ctl, struct check_findings *f)
{
	json_t *rows = json_array(), *row;
	bool failed = f->problems.len > 0;
	size_t i;

	findings_add(rows, "error", &f->problems);
	findings_add(rows, "warning", &f->warnings);
	findings_add(rows, "note", &f->notes);
	if (ctl->json)
		ctl_show(ctl, rows);
	else {
		json_array_foreach(rows, i, row)
		{
			printf("%s: ", json_string_value(json_object_get(row, "severity")));
			ctl_text_print(json_string_value(json_object_get(row, "finding")));
			putchar('\n');
		}
		if (!failed)
			printf("%s: ok\n", ctl->config);
	}
	json_decref(rows);
	return failed ? CTL_REFUSED : CTL_OK;
}

static error_t check_parse(int key, char *arg, struct argp_state *state)
{
	bool *database = state->input;

	if (key != OPT_DATABASE)
		return ARGP_ERR_UNKNOWN;
	*database = true;
	return 0;
}

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"database", OPT_DATABASE, NULL, 0,
		 "Check the whole database and the clients in it, "
		 "too; one of an older version is left as it is",
		 1},
		{0}};
	static const struct argp argp = {.options = options,
					 .parser = check_parse,
					 .doc = "Checks configuration, keys, certificates and "
						"secrets as cmfd would load them. "
						"Exits with 1 if cmfd could not start, or "
						"something that it needs has expired."};
	struct check_findings f = {0};
	bool database = false;
	int status;

	ctl_parse(&argp, ctl, &database, argc, argv);
	check_run(ctl->config, database, &f);
	status = findings_report(ctl, &f);
	check_findings_clear(&f);
	return status;
}
