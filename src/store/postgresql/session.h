// SPDX-License-Identifier: Apache-2.0
/*
 * A session with a PostgreSQL server: connecting, sending, waiting and errors. Nothing here waits
 * longer than it is told: a server that does not answer in time is left.
 */
#pragma once

#include "pg_database.h"

#include <libpq-fe.h>

struct session {
	PGconn *conn; /* NULL: there is none now */
	struct pg_database *database;
	bool writes;
	bool patient;    /* it waits for ever: for what is done once, and takes its time */
	unsigned number; /* of connections made; what was prepared belongs to one of them */
	bool commits;    /* what was sent ends with COMMIT: see session_result() */
	bool prompt; /* what was sent is quick: if not, others are told that the database is away */
	bool doubtful; /* the server has told that it cut short the wait for its standbys */
};

/*
 * Connects, unless it is. -ENOTCONN, at once where others have just found that there is no server;
 * -EACCES: it lets us not in.
 */
_must_check_ int session_open(struct session *session);
void session_close(struct session *session);
/* Nothing was sent that has no answer: closes the connection if the server has ended it. */
void session_look(struct session *session);

/* When waiting ends that begins now, by the monotonic clock: later than the server ends a change.
 */
int64_t session_deadline(const struct session *session);
/*
 * The next result of what was sent, or NULL in *resultp. -ETIMEDOUT after the deadline (0: never)
 * and -ENOTCONN, logged; the session is closed then. A COMMIT is never given up, but when the
 * database is closed: while it takes longer than a statement may, all others are told that the
 * database is away.
 */
_must_check_ int session_result(struct session *session, int64_t until_us, PGresult **resultp);
/* The connection is lost, or libpq could not send; logged, closes. */
int session_lost(struct session *session, const char *what);

/* What an error of the server is: logged, and a negative errno. */
int session_fault(const char *what, const PGresult *result);
/* Whether a result is one that says that a statement was executed. */
bool result_ok(const PGresult *result);
/* Begins the SQLSTATE of an error with that? */
bool result_state(const PGresult *result, const char *state);

/*
 * Claims the database for a process that serves: no other one then gets a session with the claim,
 * which ends with the session. All changes of such a process are made on it: so one that has lost
 * it cannot go on, and whoever has got it can be sure. -EBUSY, logged: another one has it.
 */
_must_check_ int session_claim(struct session *session);

/* Executes statements without parameters, or a query of one text (NULL: none), which is owned. */
_must_check_ int session_exec(struct session *session, const char *what, const char *sql);
_must_check_ int session_query(struct session *session, const char *what, const char *sql,
			       char **textp);
/* A query of one number; `none` where there is no row or NULL. */
_must_check_ int session_number(struct session *session, const char *what, const char *sql,
				int64_t none, int64_t *numberp);
