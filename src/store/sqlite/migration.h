// SPDX-License-Identifier: Apache-2.0
/*
 * The numbered SQL files of schema/, embedded by tools/embed_sql.py. Migration n (from 1) leads
 * from schema version n-1 to n.
 */
#pragma once

struct migration {
	const char *name;
	const char *sql;
};

extern const struct migration sqlite_migrations[];
extern const unsigned sqlite_migrations_count;
