// SPDX-License-Identifier: Apache-2.0
/*
 * audit list, verify and export.
 */
#include "audit_against.h"
#include "audit_file.h"
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	FILTER_ACTOR,
	FILTER_ACTION,
	FILTER_TARGET,
	FILTER_OUTCOME,
	FILTER_REQUEST_ID,
	FILTER_SINCE
};

static const struct ctl_filter filters[] = {
	[FILTER_ACTOR] = {"actor", "actor", "NAME",
			  "Of this client, or user of the system, or cmfctl, cmfd, housekeeping"},
	[FILTER_ACTION] = {"action", "action", "ACTION",
			   "Of this kind: register, issue, revoke, ..."},
	[FILTER_TARGET] = {"target", "target", "NAME", "About this entity or client"},
	[FILTER_OUTCOME] = {"outcome", "outcome", "OUTCOME", "That ended so: done, notAuthorized"},
	[FILTER_REQUEST_ID] = {"request-id", "request_id", "ID",
			       "Of this request, as the log has it (id)"},
	[FILTER_SINCE] = {"since", "since", "TIME", "Not before 2026-11-23T08:53:00Z, or a day"},
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

struct exporting {
	struct ctl *ctl;
	const struct ctl_selection *selection;
	FILE *out;
	uint64_t written;
	bool begins, ends; /* whether it is said where each chain begins, and its head */
	json_t *begin;     /* where the chain begins; NULL: it was written, or is not wanted */
	json_int_t last_id,
		last_sequence; /* of the chain's line that was written last; 0: of none */
};

/* Whether all lines are wanted, or all since a time: then each follows from the one before it. */
static bool is_whole(const struct ctl_selection *selection)
{
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (i != FILTER_SINCE && selection->value[i])
			return false;
	return selection->limit == 0;
}

static int object_write(const struct exporting *exporting, const json_t *object)
{
	return json_dumpf(object, exporting->out, JSON_COMPACT) ||
			       fputc('\n', exporting->out) == EOF
		       ? CTL_FAULT
		       : CTL_OK;
}

static json_int_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static int begin_write(struct exporting *exporting)
{
	int status = exporting->begin ? object_write(exporting, exporting->begin) : CTL_OK;

	json_decref(exporting->begin);
	exporting->begin = NULL;
	return status;
}

/*
 * Retention may remove lines that come behind the page that was read last. Then it is said how many
 * are missing, and from where the chain goes on.
 */
static int gap_write(const struct exporting *exporting, const json_t *begin, const json_t *first)
{
	json_int_t missing = number_of(begin, "sequence") - exporting->last_sequence;
	json_t *gap;
	int status;

	if (missing <= 0)
		return CTL_OK;
	gap = json_pack("{s:b, s:O?, s:I, s:I, s:I, s:s}", "gap", 1, "time",
			json_object_get(first, "time"), "after_id", exporting->last_id, "before_id",
			number_of(first, "id"), "lines", missing, "why",
			"retention has removed them while the audit was exported");
	status = gap ? object_write(exporting, gap) : CTL_FAULT;
	json_decref(gap);
	return status == CTL_OK ? object_write(exporting, begin) : status;
}

static int begin_take(struct exporting *exporting, json_t *begin, const json_t *first)
{
	if (exporting->last_id == 0 && exporting->begins) {
		json_decref(exporting->begin);
		exporting->begin = json_incref(begin);
	}
	if (exporting->last_id == 0 || !exporting->ends || !first)
		return CTL_OK;
	return gap_write(exporting, begin, first);
}

static int line_write(struct exporting *exporting, const json_t *line)
{
	int status = begin_write(exporting);

	exporting->written++;
	exporting->last_id = number_of(line, "id");
	exporting->last_sequence = number_of(line, "sequence");
	return status == CTL_OK ? object_write(exporting, line) : status;
}

/*
 * A line of JSON for each line of the audit, as [audit] file has them; and what lets a chain be
 * verified by itself: what its first line goes on from, and a head, which has a MAC.
 */
static int lines_write(void *arg, const json_t *page)
{
	const json_t *items = json_object_get(page, "items"), *head = json_object_get(page, "head");
	json_t *begin = json_object_get(page, "begin"), *row;
	struct exporting *exporting = arg;
	int status = CTL_OK;
	size_t i;

	if (begin)
		status = begin_take(exporting, begin, json_array_get(items, 0));
	json_array_foreach(items, i, row)
	{
		if (status == CTL_OK)
			status = line_write(exporting, row);
	}
	if (status != CTL_OK || !head || !exporting->ends)
		return status;
	status = begin_write(exporting);
	return status == CTL_OK ? object_write(exporting, head) : status;
}

static int chain_export(struct exporting *exporting, const json_t *chain)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	uint64_t limit = exporting->selection->limit;
	char number[24];
	int status;

	if (limit && exporting->written >= limit)
		return CTL_OK;
	snprintf(number, sizeof(number), "%lld",
		 (long long)json_integer_value(json_object_get(chain, "chain")));
	ctl_selection_path(exporting->selection, &path);
	ctl_query_add(&path, "chain", number);
	exporting->last_id = exporting->last_sequence = 0;
	status = ctl_walk(exporting->ctl, path.text, limit ? limit - exporting->written : 0,
			  lines_write, exporting);
	return status == CTL_OK ? begin_write(exporting) : status;
}

/*
 * Chain by chain: within one, ids are in the order of the commits. Over all of them a line may be
 * committed behind those that were read already, where several nodes write.
 */
static int audit_export(struct exporting *exporting)
{
	json_t *chains, *chain;
	int status = ctl_rows(exporting->ctl, "/v1/audit/chains", &chains);
	size_t i;

	if (status)
		return status;
	exporting->ends = is_whole(exporting->selection);
	exporting->begins = exporting->ends && !exporting->selection->value[FILTER_SINCE];
	json_array_foreach(chains, i, chain)
	{
		if (status == CTL_OK)
			status = chain_export(exporting, chain);
	}
	json_decref(chains);
	return status;
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
		       "each, with its place in its chain, one chain after the other. Keep such "
		       "files elsewhere: `audit "
		       "verify --against FILE` finds whether the audit was set back since then, "
		       "`audit verify --file FILE` whether the file was changed."};
	struct ctl_selection selection = {
		.list = &ctl_audit, .offered = CTL_ALL_FILTERS, .limited = true};
	struct exporting exporting = {.ctl = ctl, .selection = &selection, .out = stdout};
	struct export_args args = {0};
	int status;

	ctl_selection_parse(&argp, ctl, &selection, &args, argc, argv);
	ctl->patient = true; /* where little is chosen of a chain, it is read as far as it takes */
	if (args.file)
		exporting.out = fopen(args.file, "we");
	if (!exporting.out)
		return ctl_file_error(args.file, -errno);
	status = audit_export(&exporting);
	json_decref(exporting.begin);
	if (fflush(exporting.out) && status == CTL_OK)
		status = ctl_file_error(args.file ? args.file : "standard output", -errno);
	if (args.file)
		fclose(exporting.out);
	return status;
}

/* --- verify --- */

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
	const json_t *unproven = json_object_get(report, "heads_unproven");
	bool verified = json_array_size(findings) == 0;

	json_object_set_new(report, "verified", json_boolean(verified));
	if (ctl->json) {
		ctl_json_print(report);
		return verified ? CTL_OK : CTL_REFUSED;
	}
	findings_print(findings);
	if (json_is_integer(unproven))
		fprintf(stderr,
			"%lld heads have no MAC of a store key that is known: that they are there "
			"was looked at, not who wrote them\n",
			(long long)json_integer_value(unproven));
	if (verified)
		printf("%lld lines in %zu chains: as they were written\n",
		       (long long)json_integer_value(json_object_get(report, "lines")),
		       json_array_size(json_object_get(report, "chains")));
	else
		ctl_error("the audit is not what was written");
	return verified ? CTL_OK : CTL_REFUSED;
}

/* The same of a file by itself, with what of it nothing proves. */
static int file_report_print(const struct ctl *ctl, json_t *report, bool has_key)
{
	json_int_t unproven = json_integer_value(json_object_get(report, "lines_unproven"));
	json_int_t missing = json_integer_value(json_object_get(report, "lines_missing"));
	int status = report_print(ctl, report);

	if (ctl->json || status != CTL_OK)
		return status;
	if (missing > 0)
		fprintf(stderr, "%lld lines are not in it, as it says itself (gap)\n",
			(long long)missing);
	if (!has_key)
		fprintf(stderr, "who wrote them nothing says: heads were not held against a store "
				"key (--secret-key)\n");
	else if (unproven > 0)
		fprintf(stderr,
			"of %lld lines nothing says who wrote them: they are the first in the file "
			"of their chain, or no head with a MAC comes behind them\n",
			(long long)unproven);
	return status;
}

struct verify_args {
	const char *against;
	const char *file;
	const char *secret_key;
};

enum { OPT_AGAINST = 0x100, OPT_VERIFY_FILE, OPT_SECRET_KEY };

static error_t verify_parse(int key, char *arg, struct argp_state *state)
{
	struct verify_args *args = state->input;

	switch (key) {
	case OPT_AGAINST:
		args->against = arg;
		return 0;
	case OPT_VERIFY_FILE:
		args->file = arg;
		return 0;
	case OPT_SECRET_KEY:
		args->secret_key = arg;
		return 0;
	case ARGP_KEY_END:
		if (args->file && args->against)
			argp_error(state,
				   "--file is about a file alone, --against about the audit");
		if (args->secret_key && !args->file)
			argp_error(state, "--secret-key is for --file: the CMF has its own");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int file_verify(const struct ctl *ctl, const struct verify_args *args)
{
	json_t *report = NULL;
	int status = audit_file_verify(args->file, args->secret_key, &report);

	if (status == CTL_OK)
		status = file_report_print(ctl, report, args->secret_key != NULL);
	json_decref(report);
	return status;
}

static int audit_verify(struct ctl *ctl, const char *against)
{
	json_t *report = NULL;
	int status;

	ctl->patient = true;
	status = ctl_call(ctl, "GET", "/v1/audit/verify", NULL, &report);
	if (status == CTL_OK && against)
		status = audit_against(ctl, against, report);
	if (status == CTL_OK)
		status = report_print(ctl, report);
	json_decref(report);
	return status;
}

int ctl_audit_verify(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"against", OPT_AGAINST, "FILE", 0,
		 "Look, too, whether what was exported to FILE is still there, or written to it as "
		 "[audit] file or heads say; - is standard input, a directory that of the heads",
		 1},
		{"file", OPT_VERIFY_FILE, "FILE", 0,
		 "Read that instead, which was exported or written as [audit] file says, and ask "
		 "no CMF; - is standard input",
		 1},
		{"secret-key", OPT_SECRET_KEY, "KEYFILE", 0,
		 "The file of the store key that the heads in FILE have MACs of; KEYFILE.old is "
		 "read, too, if there is one",
		 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = verify_parse,
		.doc = "Reads the whole audit, and says whether a line was changed, removed, "
		       "inserted or cut off since it was written. Exits with 1 if so."};
	struct verify_args args = {0};

	ctl_parse(&argp, ctl, &args, argc, argv);
	return args.file ? file_verify(ctl, &args) : audit_verify(ctl, args.against);
}
