// SPDX-License-Identifier: Apache-2.0
/* The schema of a database: is it ours, how old is it, bringing it up to date. */
#pragma once

#include "sqlite_db.h"

/*
 * The schema version; 0: an empty database. -EPROTO: this program does not know enough for it;
 * -EMEDIUMTYPE: a database of something else. Both logged.
 */
_must_check_ int sqlite_schema_version(sqlite3 *db, int64_t *versionp);
/*
 * Applies the migrations that are missing, each in its own transaction; to an empty database, all.
 * With nothing changed: as sqlite_schema_version().
 */
_must_check_ int sqlite_migrate(sqlite3 *db);
/* Defines what the migrations call, for a connection that runs one by itself. */
_must_check_ int sqlite_migration_functions(sqlite3 *db);
/* 0 if none is missing, -EAGAIN if one is; else as sqlite_schema_version(). Changes nothing. */
_must_check_ int sqlite_migrated(sqlite3 *db);
