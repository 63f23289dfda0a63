// SPDX-License-Identifier: Apache-2.0
/* See commit_mark.h. */
#include "commit_mark.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

/* So often a database that is away is asked; and so long the mark of a writer that has gone stays.
 */
enum { LOOK_UP_MS = 200, KEPT_DAYS = 30 };

int commit_mark_new(struct commit_mark *mark)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return log_fault("store: mark of commits", -errno, NULL);
	*mark = (struct commit_mark){.id = (int64_t)(random >> 1)};
	return 0;
}

int commit_mark_ensure(const struct commit_mark *mark, struct session *s)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
		 "DELETE FROM commit_mark WHERE seen_ms < now_ms() - %" PRId64 ";"
		 "INSERT INTO commit_mark (id, sequence, seen_ms)"
		 " VALUES (%" PRId64 ", %" PRId64 ", now_ms()) ON CONFLICT (id) DO NOTHING",
		 (int64_t)KEPT_DAYS * 24 * 3600 * 1000, mark->id, mark->sequence);
	return session_exec(s, "store: mark of commits", sql);
}

/*
 * Waits for the transaction that may still hold the row, and for the standbys: what was made before
 * is then where it should be. Where its own answer is lost it is asked again, and says the same.
 */
static int sequence_read(const struct commit_mark *mark, struct session *s, int64_t *sequencep)
{
	char sql[240];
	int err = session_open(s);

	s->doubtful = false;
	snprintf(sql, sizeof(sql),
		 "UPDATE commit_mark SET sequence = CASE sequence WHEN %" PRId64 " THEN sequence"
		 " ELSE %" PRId64 " END WHERE id = %" PRId64 " RETURNING sequence",
		 mark->sequence, mark->sequence + 1, mark->id);
	return err < 0 ? err : session_number(s, "store: look up a commit", sql, -1, sequencep);
}

int commit_mark_look_up(struct commit_mark *mark, struct pg_database *database, bool *madep)
{
	const struct timespec pause = {.tv_nsec = LOOK_UP_MS * 1000000L};
	struct session s = {.database = database, .writes = true};
	int64_t sequence = -1;
	int err;

	while ((err = sequence_read(mark, &s, &sequence)) < 0 || s.doubtful) {
		session_close(&s);
		if (atomic_load(&database->closing))
			return -ENOTCONN;
		nanosleep(&pause, NULL);
	}
	session_close(&s);
	if (sequence < 0)
		return log_fault("store: look up a commit", -EIO, "its mark has gone");
	*madep = sequence == mark->sequence++;
	log_event(LOG_LEVEL_WARNING, "commit_looked_up",
		  F_TEXT("outcome", *madep ? "committed" : "not committed"));
	return 0;
}
