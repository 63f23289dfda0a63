// SPDX-License-Identifier: Apache-2.0
/*
 * See durability.h. What is set for a session alone (synchronous_commit) session.c sets itself;
 * that none are named as standbys each batch finds, too (pg_statements.c), and `/readyz` says.
 */
#include "durability.h"

#include "base/log.h"
#include "base/strbuf.h"

#include <errno.h>
#include <string.h>

/* `*` as one of the names, also in quotes: that is every name, to the server. */
#define ANYBODY "'(^|[(, ])\"?[*]\"?($|[), ])'"

/* Who may not look into a row of pg_stat_replication sees that it is there. */
static const char *const rules[] = {
	"current_setting('fsync') = 'off', 'fsync is off: when the machine of the server fails,"
	" what was committed is lost, or the whole database damaged'",
	"current_setting('full_page_writes') = 'off', 'full_page_writes is off: when the machine of"
	" the server fails while it writes a page, the database is damaged, unless the file system"
	" writes pages as a whole'",
	"current_setting('data_sync_retry') = 'on', 'data_sync_retry is on: the server goes on "
	"after"
	" what was committed could not be written, and the kernel may have dropped that'",
	"current_setting('synchronous_standby_names') <> '' AND"
	" NOT EXISTS (SELECT 1 FROM pg_stat_replication), 'no standby follows the server: each"
	" commit waits until one does that synchronous_standby_names names'",
};

/* Where standbys count. Who may not look into a row of pg_stat_replication sees that it is there.
 */
static const char *const standbys_rules[] = {
	"current_setting('synchronous_standby_names') ~ " ANYBODY ", 'synchronous_standby_names has"
	" *: whoever receives the log counts as a standby, a pg_basebackup and a pg_receivewal"
	" among them, and what was committed may be nowhere else; name the standbys'",
	"current_setting('synchronous_standby_names') = '', 'synchronous_standby_names is empty,"
	" and [store] replication requires standbys: nothing is served until they are named there,"
	" or [store] replication = none says that there need be none'",
};

static void rules_add(struct strbuf *sql, const char *const *rule, size_t n)
{
	for (size_t i = 0; i < n; i++)
		strbuf_printf(sql, ", (%s)", rule[i]);
}

int pg_durability(struct session *s, char **linesp)
{
	struct strbuf sql = STRBUF_NULL;
	int err = -ENOMEM;

	strbuf_add(&sql, "SELECT string_agg(line, chr(10)) FROM (VALUES (false, '')");
	rules_add(&sql, rules, ARRAY_LEN(rules));
	if (!s->database->unreplicated)
		rules_add(&sql, standbys_rules, ARRAY_LEN(standbys_rules));
	strbuf_add(&sql, ") AS rule (holds, line) WHERE holds");
	if (!sql.failed)
		err = session_query(s, "store: settings of the server", sql.text, linesp);
	strbuf_clear(&sql);
	return err;
}

int pg_durability_log(struct session *s)
{
	_cleanup_(freep) char *lines = NULL;
	int err = pg_durability(s, &lines);
	char *next = lines, *line;

	while (next && (line = strsep(&next, "\n")))
		log_event(LOG_LEVEL_WARNING, "durability", F_TEXT("problem", line));
	return err;
}
