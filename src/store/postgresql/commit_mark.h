// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a COMMIT was made whose answer was lost. Each writer has a row in commit_mark, and each
 * of its transactions raises the number there and holds the row until it has ended. Whoever looks
 * it up raises the number above that of the transaction, unless it was made: one that is still on
 * its way then finds that it comes too late. That is true on whatever server is the primary by
 * then.
 */
#pragma once

#include "session.h"

struct commit_mark {
	int64_t id;
	int64_t sequence; /* of the transaction that was begun last */
};

_must_check_ int commit_mark_new(struct commit_mark *mark);
/* Sees to it that there is a row; on an open session that sends no flights. */
_must_check_ int commit_mark_ensure(const struct commit_mark *mark, struct session *session);
/*
 * Looks up on a session of its own, as long as it takes, what has become of the last transaction:
 * true in *madep if it was made; else it never will be. -ENOTCONN when the database is closed
 * meanwhile; -EIO, logged: the row has gone.
 */
_must_check_ int commit_mark_look_up(struct commit_mark *mark, struct pg_database *database,
				     bool *madep);
