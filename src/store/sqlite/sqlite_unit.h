// SPDX-License-Identifier: Apache-2.0
/*
 * What each change of a unit means in SQL: the prepared statements and their execution. Runs
 * inside a savepoint that the caller (writer.c) opens and ends.
 */
#pragma once

#include "sqlite_db.h"

struct store_unit;
struct sqlite_unit_statements;

_must_check_ int sqlite_unit_prepare(sqlite3 *db, struct sqlite_unit_statements **statementsp);
void sqlite_unit_finalize(struct sqlite_unit_statements *s);

/*
 * Makes the changes of the unit in order, up to the first that fails. 0, STORE_CONFLICT, or a
 * fault (logged). What each came to is written into the unit.
 */
_must_check_ int sqlite_unit_execute(struct sqlite_unit_statements *s, struct store_unit *unit);
/* Writes how many rows went from state to state in the units that succeeded since the last call. */
_must_check_ int sqlite_unit_count(struct sqlite_unit_statements *s);
/* Forgets that: what they did was rolled back. */
void sqlite_unit_count_clear(struct sqlite_unit_statements *s);
