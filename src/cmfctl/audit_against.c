// SPDX-License-Identifier: Apache-2.0
/*
 * What [audit] file, `audit export` and [audit] heads have written, against the audit as it is now.
 * Files are read line by line (audit_lines.c), and the audit a page at a time, for both may be
 * large. The CMF says of heads whether it has made them: it has the key. See audit_against.h.
 */
#include "audit_against.h"

#include "audit_lines.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Lines of the audit that are read at once; heads that are asked of at once. */
enum { PAGE = 1000, HEADS = 500 };

struct comparison {
	struct ctl *ctl;
	json_t *report;
	json_t *findings;
	json_t *told;  /* of these chains something was found: one finding of each is enough */
	json_t *page;  /* lines of the audit, by their id as text */
	json_t *heads; /* that the CMF is still to be asked of */
	json_int_t from, to; /* which ids the page covers */
	json_int_t unproven;
};

static json_int_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *chain_text(const json_t *line, char text[24])
{
	snprintf(text, 24, "%lld", (long long)number_of(line, "chain"));
	return text;
}

static bool is_told(const struct comparison *c, const json_t *line)
{
	char text[24];

	return json_object_get(c->told, chain_text(line, text));
}

static void finding_add(struct comparison *c, const json_t *line, const char *problem)
{
	char text[24];

	if (is_told(c, line))
		return;
	json_object_set_new(c->told, chain_text(line, text), json_true());
	json_array_append_new(c->findings,
			      json_pack("{s:I, s:I, s:s}", "chain", number_of(line, "chain"), "id",
					number_of(line, "id"), "problem", problem));
}

/* --- the audit --- */

static int page_take(void *arg, const json_t *page)
{
	struct comparison *c = arg;
	json_t *row;
	char id[24];
	size_t i;

	json_array_foreach(json_object_get(page, "items"), i, row)
	{
		snprintf(id, sizeof(id), "%lld", (long long)number_of(row, "id"));
		if (json_object_set(c->page, id, row))
			return CTL_FAULT;
		c->to = number_of(row, "id");
	}
	return CTL_OK;
}

/* The line of that id, borrowed; NULL: there is none. A head has few others of its page. */
static int line_find(struct comparison *c, json_int_t id, bool head, const json_t **linep)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	int status = CTL_OK;
	char key[24];

	if (id < c->from || id > c->to) {
		json_object_clear(c->page);
		strbuf_printf(&path, "/v1/audit?after_id=%lld", (long long)id - 1);
		c->from = c->to = id;
		status = ctl_walk(c->ctl, path.text, head ? 1 : PAGE, page_take, c);
	}
	snprintf(key, sizeof(key), "%lld", (long long)id);
	*linep = json_object_get(c->page, key);
	return status;
}

/* How far retention has removed the lines of a chain. */
static json_int_t chain_removed(const json_t *chains, json_int_t chain)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(chains, i, entry)
	{
		if (number_of(entry, "chain") == chain)
			return number_of(entry, "removed");
	}
	return 0;
}

/* --- comparing --- */

static bool place_equal(const json_t *a, const json_t *b)
{
	static const char *const members[] = {"id", "chain", "sequence", "hash"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (!json_equal(json_object_get(a, members[i]), json_object_get(b, members[i])))
			return false;
	return true;
}

/* What a cmfd from before they were told does not have in its exports. */
static bool is_later(const char *member)
{
	return strcmp(member, "time_ms") == 0 || strcmp(member, "octets") == 0;
}

/* What the one has the other has, too; a member that is null may be missing. */
static bool members_within(const json_t *a, const json_t *b, bool b_may_be_old)
{
	const json_t *value, *other;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)a, name, value)
	{
		other = json_object_get(b, name);
		if (!json_equal(value, other) &&
		    (other || !(json_is_null(value) || (b_may_be_old && is_later(name)))))
			return false;
	}
	return true;
}

static bool is_head(const json_t *line)
{
	return json_is_true(json_object_get(line, "head"));
}

/* Whether retention has removed it, as far as the report knows, or chains that were read since. */
static bool is_removed(const json_t *line, const json_t *chains)
{
	return number_of(line, "chain") > 0 &&
	       number_of(line, "sequence") <= chain_removed(chains, number_of(line, "chain"));
}

/*
 * Retention may be at work since the report was made. That it has removed the line is then to be
 * proven anew: by another report.
 */
static int report_renew(struct comparison *c, const json_t *line)
{
	json_t *chains, *report = NULL;
	int status = ctl_rows(c->ctl, "/v1/audit/chains", &chains);
	bool removed = status == CTL_OK && is_removed(line, chains);

	if (status == CTL_OK)
		json_decref(chains);
	if (removed)
		status = ctl_call(c->ctl, "GET", "/v1/audit/verify", NULL, &report);
	if (report) {
		json_array_extend(c->findings, json_object_get(report, "findings"));
		json_object_set(c->report, "chains", json_object_get(report, "chains"));
		json_decref(report);
	}
	return status;
}

static int line_compare(struct comparison *c, const json_t *line)
{
	const json_t *found;
	int status = CTL_OK;

	if (is_told(c, line) || is_removed(line, json_object_get(c->report, "chains")))
		return CTL_OK;
	status = line_find(c, number_of(line, "id"), is_head(line), &found);
	if (status == CTL_OK && number_of(line, "chain") > 0 && !found)
		status = report_renew(c, line);
	if (status || (!found && is_removed(line, json_object_get(c->report, "chains"))))
		return status;
	if (found && !is_head(line) && place_equal(found, line) &&
	    !(members_within(found, line, true) && members_within(line, found, false)))
		finding_add(
			c, line,
			"the line that was exported has another text than the audit, but the same "
			"hash: one of the two was changed; what is said of the audit alone says "
			"which");
	else if (number_of(line, "chain") > 0 && !(found && place_equal(found, line)))
		finding_add(
			c, line,
			"the line that was exported is not there any more: the audit was set back, "
			"or is another one");
	return CTL_OK;
}

/* --- heads --- */

static void verdicts_take(struct comparison *c, const json_t *verdicts)
{
	const json_t *head;
	size_t i;

	json_array_foreach(c->heads, i, head)
	{
		const char *verdict = json_string_value(json_array_get(verdicts, i));

		if (verdict && strcmp(verdict, "unknown key") == 0)
			c->unproven++;
		else if (!verdict || strcmp(verdict, "made here") != 0)
			finding_add(c, head,
				    "the head that was exported has no MAC of this CMF: it was "
				    "changed, "
				    "or made by somebody else");
	}
}

static int heads_ask(struct comparison *c)
{
	json_t *reply = NULL;
	int status;

	if (json_array_size(c->heads) == 0)
		return CTL_OK;
	status = ctl_call(c->ctl, "POST", "/v1/audit/heads", json_pack("{s:O}", "heads", c->heads),
			  &reply);
	if (status == CTL_OK)
		verdicts_take(c, json_object_get(reply, "verdicts"));
	json_array_clear(c->heads);
	json_decref(reply);
	return status;
}

static int head_note(struct comparison *c, const json_t *head)
{
	if (json_array_append_new(c->heads, json_copy((json_t *)(uintptr_t)head)))
		return CTL_FAULT;
	return json_array_size(c->heads) >= HEADS ? heads_ask(c) : CTL_OK;
}

/* --- reading --- */

/* That lines are missing, which [audit] file may say, or where a chain begins, is no line. */
static bool is_remark(const json_t *line)
{
	return json_is_true(json_object_get(line, "gap")) ||
	       json_is_true(json_object_get(line, "begin"));
}

static bool is_line(const json_t *line)
{
	return json_is_integer(json_object_get(line, "id")) &&
	       json_is_integer(json_object_get(line, "chain")) &&
	       (json_is_string(json_object_get(line, "hash")) || number_of(line, "chain") == 0);
}

static int object_compare(void *arg, const json_t *object, size_t number)
{
	struct comparison *c = arg;
	int status;

	(void)number;
	if (is_remark(object))
		return CTL_OK;
	if (!is_line(object))
		return -EBADMSG;
	status = line_compare(c, object);
	return status == CTL_OK && is_head(object) ? head_note(c, object) : status;
}

/* What [audit] heads has made there. */
static int directory_compare(struct comparison *c, const char *path)
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
		status = audit_lines_read(files.gl_pathv[i], object_compare, c);
	globfree(&files);
	return status;
}

int audit_against(struct ctl *ctl, const char *path, json_t *report)
{
	struct comparison c = {.ctl = ctl,
			       .report = report,
			       .findings = json_object_get(report, "findings"),
			       .told = json_object(),
			       .page = json_object(),
			       .heads = json_array()};
	struct stat st;
	bool directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	int status = directory ? directory_compare(&c, path)
			       : audit_lines_read(path, object_compare, &c);

	if (status == CTL_OK)
		status = heads_ask(&c);
	if (c.unproven)
		json_object_set_new(report, "heads_unproven", json_integer(c.unproven));
	json_decref(c.told);
	json_decref(c.page);
	json_decref(c.heads);
	return status;
}
