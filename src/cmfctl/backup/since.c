// SPDX-License-Identifier: Apache-2.0
/*
 * What was done after a backup, from an audit that was exported: the restored database knows
 * nothing of it.
 */
#include "backup.h"

#include "base/clock.h"
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct since {
	char from[21]; /* times of the audit compare as text */
	int64_t behind_id;
	const json_t *known; /* ids of lines that the database has */
	json_t *rows;
};

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

/* What is beside the lines in an export, and in [audit] file. */
static bool is_remark(const json_t *value)
{
	return json_is_true(json_object_get(value, "begin")) ||
	       json_is_true(json_object_get(value, "head")) ||
	       json_is_true(json_object_get(value, "gap"));
}

/* A line of the audit, or an array of them: cmfctl audit list and export have both. */
static int value_take(struct since *s, json_t *value)
{
	const char *time, *outcome;
	char id[PAST_ID_SIZE];
	json_t *row;
	size_t i;
	int err = 0;

	if (json_is_array(value)) {
		json_array_foreach(value, i, row) err = err ? err : value_take(s, row);
		return err;
	}
	if (is_remark(value))
		return 0;
	time = text_of(value, "time");
	outcome = text_of(value, "outcome");
	if (strlen(time) < 20 || !json_object_get(value, "action"))
		return -EBADMSG;
	past_id_text(json_integer_value(json_object_get(value, "id")), id);
	if ((strcmp(time, s->from) < 0 &&
	     json_integer_value(json_object_get(value, "id")) <= s->behind_id) ||
	    json_object_get(s->known, id) || (*outcome && strcmp(outcome, "done") != 0))
		return 0;
	return json_array_append(s->rows, value) ? -ENOMEM : 0;
}

static int values_read(struct since *s, FILE *file)
{
	int err = 0, c;

	while (!err) {
		json_t *value;

		while ((c = getc(file)) == ' ' || c == '\t' || c == '\r' || c == '\n')
			;
		if (c == EOF)
			return ferror(file) ? -EIO : 0;
		ungetc(c, file);
		value = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
		err = value ? value_take(s, value) : -EBADMSG;
		json_decref(value);
	}
	return err;
}

int since_read(const char *path, int64_t since_ms, int64_t behind_id, const json_t *known,
	       json_t **rowsp)
{
	struct since s = {.behind_id = behind_id, .known = known, .rows = json_array()};
	FILE *file = fopen(path, "re");
	int err = file ? (s.rows ? 0 : -ENOMEM) : -errno;

	clock_format(since_ms, s.from);
	if (!err)
		err = values_read(&s, file);
	if (file)
		fclose(file);
	if (!err) {
		*rowsp = s.rows;
		return CTL_OK;
	}
	json_decref(s.rows);
	if (err != -EBADMSG)
		return ctl_file_error(path, err);
	ctl_error(
		"%s is no exported audit: make it with cmfctl audit export, or cmfctl --json audit "
		"list",
		path);
	return CTL_REFUSED;
}

/* What can be done about an action, for those that have something to be done. */
static const struct {
	const char *action;
	const char *advice;
} advices[] = {
	{"issue", "issued: this database does not know them, so that they cannot be revoked; their "
		  "holders ask for new ones (ir)"},
	{"update", "updated: likewise; the certificate before is still active here"},
	{"cross-certify", "cross-certified: likewise"},
	{"revoke", "revoked: revoke them again (cmfctl certificate revoke SERIAL), or the "
		   "next CRL has them no longer"},
	{"register", "registered: register them again"},
	{"deregister", "deregistered: end them again (cmfctl deregister)"},
	{"client add", "clients that were added: add them again"},
	{"client update", "clients that were changed: change them again"},
	{"client remove", "clients that were removed: remove them again"},
};

void since_print(const json_t *rows)
{
	size_t i;
	const json_t *row;

	for (size_t a = 0; a < ARRAY_LEN(advices); a++) {
		bool said = false;

		json_array_foreach(rows, i, row)
		{
			if (strcmp(text_of(row, "action"), advices[a].action) != 0)
				continue;
			if (!said)
				printf("%s:\n", advices[a].advice);
			said = true;
			printf("  %s  ", text_of(row, "time"));
			ctl_text_print(text_of(row, "target"));
			putchar(' ');
			ctl_text_print(text_of(row, "detail"));
			putchar('\n');
		}
	}
}
