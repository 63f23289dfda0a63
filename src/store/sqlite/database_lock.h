// SPDX-License-Identifier: Apache-2.0
/*
 * One cmfd serves a database of SQLite: a lock on a file beside it keeps a second one off, which
 * would know nothing of what the first has in memory. Who only reads, or looks at it, needs no
 * lock. The file stays when the lock has gone; it has the process id of who had it last.
 */
#pragma once

#include "base/cleanup.h"

#include <stdint.h>

/*
 * Takes the lock of the database `path` (without symbolic links), for the life of the descriptor.
 * -EBUSY: another process, or another store of this one, has it.
 */
_must_check_ int database_lock_take(const char *path, int *fdp);
/* The process id of who has it; 0: nobody; -1: somebody who has not written it yet. */
int64_t database_lock_holder(const char *path);
