// SPDX-License-Identifier: Apache-2.0
/*
 * audit list, verify and export.
 */
#include "ctl.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct ctl_filter filters[] = {
	{"actor", "actor", "NAME",
	 "Of this client, or user of the system, or cmfctl, cmfd, housekeeping"},
	{"action", "action", "ACTION", "Of this kind: register, issue, revoke, ..."},
	{"target", "target", "NAME", "About this entity or client"},
	{"outcome", "outcome", "OUTCOME", "That ended so: done, notAuthorized"},
	{"request-id", "request_id", "ID", "Of this request, as the log has it (id)"},
	{"since", "since", "TIME", "Not before 2026-11-23T08:53:00Z, or a day"},
};

static const struct ctl_column columns[] = {
	{"TIME", "time"},     {"KIND", "actor_kind"}, {"ACTOR", "actor"},
	{"USER", "user"},     {"ACTION", "action"},   {"TARGET", "target"},
	{"DETAIL", "detail"}, {"OUTCOME", "outcome"}, {"REQUEST", "request_id"},
};

const struct ctl_list ctl_audit = {
	.path = "/v1/audit",
	.doc = "Lists what was done, by whom and to whom, and what clients were not allowed to do: "
	       "the oldest first. What was before and after is shown with --json.",
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
};

/* --- export --- */

/* A line of JSON for each line of the audit, as [audit] file has them. */
static int lines_write(void *arg, json_t *rows)
{
	FILE *out = arg;
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) if (json_dumpf(row, out, JSON_COMPACT) ||
					     fputc('\n', out) == EOF) return CTL_FAULT;
	return CTL_OK;
}

struct export_args {
	const char *file;
};

enum { OPT_FILE = 0x100 };

static error_t export_parse(int key, char *arg, struct argp_state *state)
{
	struct export_args *args = state->input;

	if (key != OPT_FILE)
		return ARGP_ERR_UNKNOWN;
	args->file = arg;
	return 0;
}

int ctl_audit_export(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"output", OPT_FILE, "FILE", 0, "Write to FILE instead of standard output", 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = export_parse,
		.doc = "Writes the audit, or what the options select of it, as a line of JSON "
		       "each, with its place in its chain. Keep such files elsewhere: `audit "
		       "verify --against FILE` finds whether the audit was set back since then."};
	struct ctl_selection selection = {
		.list = &ctl_audit, .offered = CTL_ALL_FILTERS, .limited = true};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	struct export_args args = {0};
	FILE *out = stdout;
	int status;

	ctl_selection_parse(&argp, ctl, &selection, &args, argc, argv);
	ctl_selection_path(&selection, &path);
	if (args.file)
		out = fopen(args.file, "we");
	if (!out)
		return ctl_file_error(args.file, -errno);
	status = ctl_walk(ctl, path.text, selection.limit, lines_write, out);
	if (fflush(out) && status == CTL_OK)
		status = ctl_file_error(args.file ? args.file : "standard output", -errno);
	if (args.file)
		fclose(out);
	return status;
}

/* --- verify --- */

/* The newest line, or head, of each chain in what was kept, by its number as text. */
static int exported_note(json_t *newest, const json_t *line)
{
	json_int_t sequence = json_integer_value(json_object_get(line, "sequence"));
	json_int_t number = json_integer_value(json_object_get(line, "chain"));
	const json_t *known;
	char chain[24];

	/* Lines of before there were chains prove nothing. */
	if (number <= 0)
		return 0;
	snprintf(chain, sizeof(chain), "%lld", (long long)number);
	known = json_object_get(newest, chain);
	if (known && json_integer_value(json_object_get(known, "sequence")) >= sequence)
		return 0;
	return json_object_set(newest, chain, (json_t *)(uintptr_t)line);
}

/* That lines are missing, which [audit] file may say, is no line. */
static bool exported_is_remark(const json_t *line)
{
	return json_is_true(json_object_get(line, "gap"));
}

static int exported_file_read(const char *path, json_t *newest)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t size = 0, number = 0;
	char *text = NULL;
	int status = CTL_OK;

	if (!in)
		return ctl_file_error(path, -errno);
	while (status == CTL_OK && getline(&text, &size, in) > 0) {
		json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

		number++;
		if (!exported_is_remark(line) && !json_is_string(json_object_get(line, "hash"))) {
			ctl_error("%s: line %zu is no line of an exported audit", path, number);
			status = CTL_REFUSED;
		} else if (!exported_is_remark(line) && exported_note(newest, line)) {
			status = ctl_file_error(path, -ENOMEM);
		}
		json_decref(line);
	}
	free(text);
	if (in != stdin)
		fclose(in);
	return status;
}

/* What [audit] heads has made there. */
static int exported_directory_read(const char *path, json_t *newest)
{
	_cleanup_(strbuf_clear) struct strbuf pattern = STRBUF_NULL;
	int status = CTL_OK;
	glob_t files = {0};
	int err;

	strbuf_printf(&pattern, "%s/audit-head-*.json", path);
	if (pattern.failed)
		return ctl_file_error(path, -ENOMEM);
	err = glob(pattern.text, 0, NULL, &files);
	if (err) {
		ctl_error("%s: there are no heads of an audit", path);
		status = CTL_REFUSED;
	}
	for (size_t i = 0; i < files.gl_pathc && status == CTL_OK; i++)
		status = exported_file_read(files.gl_pathv[i], newest);
	globfree(&files);
	return status;
}

static int exported_read(const char *path, json_t *newest)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? exported_directory_read(path, newest)
							   : exported_file_read(path, newest);
}

static int line_take(void *arg, json_t *rows)
{
	*(json_t **)arg = json_incref(json_array_get(rows, 0));
	return CTL_OK;
}

/* How far retention has removed the lines of a chain. */
static json_int_t chain_removed(const json_t *report, json_int_t chain)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(
		json_object_get(report, "chains"), i,
		entry) if (json_integer_value(json_object_get(entry, "chain")) ==
			   chain) return json_integer_value(json_object_get(entry, "removed"));
	return 0;
}

/* A head has no more than these members; the hash says all of the line. */
static bool place_equal(const json_t *a, const json_t *b)
{
	static const char *const members[] = {"id", "chain", "sequence", "hash"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (!json_equal(json_object_get(a, members[i]), json_object_get(b, members[i])))
			return false;
	return true;
}

/* Whether the audit still has that line: its hash says it of all lines before it, too. */
static int exported_look(struct ctl *ctl, const json_t *line, const json_t *report, bool *therep)
{
	json_int_t id = json_integer_value(json_object_get(line, "id"));
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *found = NULL;
	int status;

	*therep = json_integer_value(json_object_get(line, "sequence")) <=
		  chain_removed(report, json_integer_value(json_object_get(line, "chain")));
	if (*therep)
		return CTL_OK;
	strbuf_printf(&path, "/v1/audit?after_id=%lld", (long long)id - 1);
	status = ctl_walk(ctl, path.text, 1, line_take, &found);
	*therep = found && place_equal(found, line);
	json_decref(found);
	return status;
}

static int exported_compare(struct ctl *ctl, const char *path, const json_t *report,
			    json_t *findings)
{
	json_t *newest = json_object(), *line;
	int status = exported_read(path, newest);
	const char *chain;

	json_object_foreach(newest, chain, line)
	{
		bool there = true;

		if (status == CTL_OK)
			status = exported_look(ctl, line, report, &there);
		if (!there)
			json_array_append_new(
				findings,
				json_pack("{s:O, s:O, s:s}", "chain",
					  json_object_get(line, "chain"), "id",
					  json_object_get(line, "id"), "problem",
					  "the line that was exported is not there any more: the "
					  "audit was set back, or is another one"));
	}
	json_decref(newest);
	return status;
}

static void findings_print(const json_t *findings)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(findings, i, finding)
	{
		const json_t *id = json_object_get(finding, "id");

		fprintf(stderr, "chain %lld",
			(long long)json_integer_value(json_object_get(finding, "chain")));
		if (json_is_integer(id))
			fprintf(stderr, ", line %lld", (long long)json_integer_value(id));
		fprintf(stderr, ": %s\n", json_string_value(json_object_get(finding, "problem")));
	}
}

/* Prints it, and says with the exit code what it comes to. */
static int report_print(const struct ctl *ctl, json_t *report)
{
	const json_t *findings = json_object_get(report, "findings");
	bool verified = json_array_size(findings) == 0;

	json_object_set_new(report, "verified", json_boolean(verified));
	if (ctl->json) {
		ctl_json_print(report);
		return verified ? CTL_OK : CTL_REFUSED;
	}
	findings_print(findings);
	if (verified)
		printf("%lld lines in %zu chains: as they were written\n",
		       (long long)json_integer_value(json_object_get(report, "lines")),
		       json_array_size(json_object_get(report, "chains")));
	else
		ctl_error("the audit is not what was written");
	return verified ? CTL_OK : CTL_REFUSED;
}

enum { OPT_AGAINST = 0x100 };

static error_t verify_parse(int key, char *arg, struct argp_state *state)
{
	const char **against = state->input;

	if (key != OPT_AGAINST)
		return ARGP_ERR_UNKNOWN;
	*against = arg;
	return 0;
}

int ctl_audit_verify(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"against", OPT_AGAINST, "FILE", 0,
		 "Look, too, whether what was exported to FILE is still there, or written to it as "
		 "[audit] file or heads say; - is standard input, a directory that of the heads",
		 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = verify_parse,
		.doc = "Reads the whole audit, and says whether a line was changed, removed, "
		       "inserted or cut off since it was written. Exits with 1 if so."};
	const char *against = NULL;
	json_t *report = NULL;
	int status;

	ctl_parse(&argp, ctl, &against, argc, argv);
	ctl->patient = true;
	status = ctl_call(ctl, "GET", "/v1/audit/verify", NULL, &report);
	if (status == CTL_OK && against)
		status =
			exported_compare(ctl, against, report, json_object_get(report, "findings"));
	if (status == CTL_OK)
		status = report_print(ctl, report);
	json_decref(report);
	return status;
}
