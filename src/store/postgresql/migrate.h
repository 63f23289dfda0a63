// SPDX-License-Identifier: Apache-2.0
/* The schema of a database of PostgreSQL: is it ours, how old is it, bringing it up to date. */
#pragma once

#include "session.h"

/* The schema that this program knows. */
int64_t pg_schema_newest(void);
/* Makes the schema: all migrations, in one transaction. -EEXIST if there is one. */
_must_check_ int pg_schema_make(struct session *session);
/*
 * Applies what is missing, in one transaction, alone among all nodes. Where others have tables
 * locked for long it is tried until they have ended, and logged who they are; nobody waits behind
 * it longer than a part of the time that a statement may take. -ENOENT: there is no schema;
 * -EPROTO, with nothing changed: it is newer, and this program cannot go on with it; -EUSERS:
 * others serve it that could not, logged with their names.
 */
_must_check_ int pg_schema_migrate(struct session *session);
/* The same, and changes nothing: -EAGAIN if something is missing. */
_must_check_ int pg_schema_migrated(struct session *session);
/* -EINPROGRESS, logged: half of the rows of another database are none to serve. */
_must_check_ int pg_schema_whole(struct session *session);
/*
 * session_claim() for a program that knows this schema: none that would leave it behind migrates
 * the database as long as the session lasts, and no copy into it begins. -EPROTO: one has;
 * -EINPROGRESS: as pg_schema_whole().
 */
_must_check_ int pg_schema_claim(struct session *session);
/*
 * Makes or drops the index of keys, if that is not so already, on a patient session that is closed
 * afterwards. It is dropped if nobody serves but the process whose claim is that of the server's
 * process `own`; 0: it has none.
 */
_must_check_ int pg_key_index(struct session *session, bool wanted, int own);
