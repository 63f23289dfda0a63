// SPDX-License-Identifier: Apache-2.0
/*
 * Statements that are sent together and answered together (libpq's pipeline mode): one wait for the
 * network, however many there are. After one that fails the server skips the rest.
 */
#pragma once

#include "parameters.h"
#include "session.h"

/* Of an open session that from now on sends flights only. */
_must_check_ int flight_mode(struct session *session);

/* Adds a statement to be prepared, or one that was, with its parameters (NULL: none). -ENOTCONN. */
_must_check_ int flight_parse(struct session *session, const char *name, const char *sql);
_must_check_ int flight_add(struct session *session, const char *name,
			    const struct parameters *parameters);
/* Adds a question that is asked seldom, without parameters; its values come in binary (rows.h). */
_must_check_ int flight_ask(struct session *session, const char *sql);
/* Sends it. */
_must_check_ int flight_send(struct session *session);
/*
 * The result of the next statement, owned: as session_result(). One that was skipped has
 * PGRES_PIPELINE_ABORTED.
 */
_must_check_ int flight_result(struct session *session, int64_t until_us, PGresult **resultp);
/* After the last result. */
_must_check_ int flight_end(struct session *session, int64_t until_us);
