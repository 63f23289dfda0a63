// SPDX-License-Identifier: Apache-2.0
/* The schema of a database: is it ours, how old is it, bringing it up to date. */
#pragma once

#include "sqlite_db.h"

/*
 * Applies the migrations that are missing, each in its own transaction; to an empty database, all.
 * -EPROTO, with nothing changed: newer than this program, or a database of something else.
 */
_must_check_ int sqlite_migrate(sqlite3 *db);
/* Defines what the migrations call, for a connection that runs one by itself. */
_must_check_ int sqlite_migration_functions(sqlite3 *db);
/* 0 if none is missing; -EPROTO, logged, otherwise. Changes nothing. */
_must_check_ int sqlite_migrated(sqlite3 *db);
