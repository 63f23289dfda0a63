// SPDX-License-Identifier: Apache-2.0
/*
 * The files of a database. Before it is opened: whether its write-ahead log is whole, and theirs
 * are the modes that they should have. While it is open: whether their names still lead to what was
 * opened. Where a file was removed or replaced, SQLite goes on with what nobody will ever find
 * again: COMMIT succeeds, and all of it is lost. Reading and writing ask here first.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>

struct database_files;

/* The directory that a file is in; NULL: out of memory. The caller frees it. */
char *database_files_directory(const char *path);
/* Makes renames and new names in the directory of `path` durable. */
_must_check_ int database_files_sync_directory(const char *path);

/*
 * Of a database that this process has not open: closing a file drops all locks of the process on
 * it, and so those of SQLite's connections. Modes of -wal and -shm that differ from the database's
 * are told and, unless as_it_is, mended. -EBADMSG: what was committed is damaged in the write-ahead
 * log, and SQLite would drop it without a word; the log says what to do.
 */
_must_check_ int database_files_examine(const char *database, bool as_it_is);

/* Notes what is there now. While a connection is open, which keeps the write-ahead log in place.
 * `resolved` is the name without symbolic links, which the other files are named after. */
_must_check_ int database_files_new(const char *database, const char *resolved,
				    struct database_files **filesp);
void database_files_free(struct database_files *files);
DEFINE_CLEANUP(struct database_files, database_files_free);

/* Looks: 0 or -ESTALE. Says so in the log when it changes. Any thread. */
_must_check_ int database_files_check(struct database_files *files);
/* What the last check found, without looking. */
_must_check_ int database_files_checked(const struct database_files *files);
