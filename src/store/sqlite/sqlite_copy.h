// SPDX-License-Identifier: Apache-2.0
/*
 * Copies of a database while others write to it, with SQLite's backup interface: one state of it,
 * that of a moment after the call. Private to sqlite/.
 */
#pragma once

#include "base/cleanup.h"

#include <sqlite3.h>
#include <stdint.h>

/* Octets that the database has now. */
_must_check_ int sqlite_copy_size(sqlite3 *db, uint64_t *sizep);
/* Octets that a user may still write where the file `path` is, or is to be. */
_must_check_ int sqlite_copy_room(const char *path, uint64_t *roomp);
/*
 * Makes the file `to` (mode 0600), durable and whole, or not at all; one of that name is replaced.
 * Writers do not wait for it; the write-ahead log is kept until it is done.
 */
_must_check_ int sqlite_copy(sqlite3 *from, const char *to);
