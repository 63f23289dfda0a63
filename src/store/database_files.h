// SPDX-License-Identifier: Apache-2.0
/*
 * The files of an open database: whether their names still lead to what was opened. Where a file
 * was removed or put in the place of, SQLite goes on with what nobody will ever find again: COMMIT
 * succeeds, and all of it is lost. Reading and writing ask here first.
 */
#pragma once

#include "base/cleanup.h"

struct database_files;

/* Notes what is there now. While a connection is open, which keeps the write-ahead log in place. */
_must_check_ int database_files_new(const char *database, struct database_files **filesp);
void database_files_free(struct database_files *files);
DEFINE_CLEANUP(struct database_files, database_files_free);

/* Looks: 0 or -ESTALE. Says so in the log when it changes. Any thread. */
_must_check_ int database_files_check(struct database_files *files);
/* What the last check found, without looking. */
_must_check_ int database_files_checked(const struct database_files *files);
