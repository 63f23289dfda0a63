// SPDX-License-Identifier: Apache-2.0
/*
 * The numbered SQL files of the folders of schema/, embedded by tools/embed_sql.py, in order.
 * Migration n (from 1) leads to schema version n.
 */
#pragma once

struct migration {
	unsigned number;
	const char *name;
	const char *sql;
};

extern const struct migration sqlite_migrations[];
extern const unsigned sqlite_migrations_count;
extern const struct migration postgresql_migrations[];
extern const unsigned postgresql_migrations_count;
