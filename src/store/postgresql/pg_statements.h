// SPDX-License-Identifier: Apache-2.0
/* The statements of the writer: their text, their names on a session, and preparing them there. */
#pragma once

#include "flight.h"
#include "translate.h"
#include "unit.h"

enum pg_own {
	PG_BEGIN,
	PG_MARK, /* id, sequence: whether there are standbys; PG_CONDITION_FAILED: it was looked up
		  */
	PG_LOCK, /* numbers, shared: arrays */
	PG_SAVEPOINT,
	PG_RELEASE,
	PG_ROLLBACK_TO,
	PG_COMMIT,
	PG_ROLLBACK,
	PG_UNMARK,    /* id */
	PG_END_STUCK, /* milliseconds: how many sessions it has ended */
	PG_OWN_STATEMENTS
};

enum { PG_NAME_SIZE = 8 };

/*
 * A change whose condition does not hold fails, so that the COMMIT that was sent behind it is
 * skipped: where the number of rows is not what change_table.h wants the server divides by zero.
 */
#define PG_CONDITION_FAILED "22012"

struct pg_statements {
	/* One that makes a new row has its id as last parameter; NULL: the server gives it one. Its
	 * result is a row with how many rows it has touched, but for CHANGE_ROWS_ANY. */
	struct translated change[CHANGE_KINDS];
	char *ids[CHANGE_KINDS]; /* as many new ids as its parameter says; NULL: it makes no row */
};

_must_check_ int pg_statements_make(struct pg_statements *statements);
void pg_statements_clear(struct pg_statements *statements);
/* Prepares all of them in one flight. */
_must_check_ int pg_statements_prepare(const struct pg_statements *statements,
				       struct session *session);

/*
 * What makes the rows that a parameter of a change (from 1) may refer to as the newest one, by a
 * number below 0, when nobody knows its id yet; CHANGE_KINDS: it always wants an id.
 */
enum change_kind pg_refers_newest(enum change_kind kind, size_t parameter);

void pg_change_name(enum change_kind kind, char name[PG_NAME_SIZE]);
void pg_ids_name(enum change_kind kind, char name[PG_NAME_SIZE]);
const char *pg_own_name(enum pg_own own);
