// SPDX-License-Identifier: Apache-2.0
/* All the SQL of the backend SQLite, under the names of change_table.h and reader.h. */
#pragma once

#include "reader.h"
#include "unit.h"

extern const char *const sqlite_change_sql[CHANGE_KINDS];
extern const char *const sqlite_read_sql[READ_KINDS];
extern const char *const sqlite_part_sql[QUERY_PARTS];
extern const char *const sqlite_integrity_sql[];

/* Only where it is asked for: its keys are random, so that every insert would dirty a page of it.
 */
#define KEY_INDEX_MAKE "CREATE INDEX IF NOT EXISTS certificate_key ON certificate (key_digest)"
#define KEY_INDEX_DROP "DROP INDEX IF EXISTS certificate_key"
