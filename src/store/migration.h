// SPDX-License-Identifier: Apache-2.0
/*
 * The numbered SQL files of the folders of schema/, embedded by tools/embed_sql.py, in order.
 * Migration n (from 1) leads to schema version n.
 *
 * A program that knows less than the schema goes on with the database if it knows at least what
 * that `needs`. A migration that leaves right what the programs before it do says so, `-- needs N`
 * on a line of its own: N is the oldest schema that they may know. Without that it needs its own
 * number.
 */
#pragma once

struct migration {
	unsigned number;
	unsigned needs; /* of the schema that it leads to */
	const char *name;
	const char *sql;
};

extern const struct migration sqlite_migrations[];
extern const unsigned sqlite_migrations_count;
extern const struct migration postgresql_migrations[];
extern const unsigned postgresql_migrations_count;
