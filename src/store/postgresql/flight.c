// SPDX-License-Identifier: Apache-2.0
/* See flight.h. */
#include "flight.h"

#include "base/log.h"

#include <errno.h>

int flight_mode(struct session *s)
{
	return PQenterPipelineMode(s->conn) ? 0 : session_lost(s, "store: begin a flight");
}

int flight_parse(struct session *s, const char *name, const char *sql)
{
	return PQsendPrepare(s->conn, name, sql, 0, NULL)
		       ? 0
		       : session_lost(s, "store: prepare statement");
}

int flight_add(struct session *s, const char *name, const struct parameters *p)
{
	int sent = p ? PQsendQueryPrepared(s->conn, name, p->n, p->value, p->length, p->format, 0)
		     : PQsendQueryPrepared(s->conn, name, 0, NULL, NULL, NULL, 0);

	return sent ? 0 : session_lost(s, "store: execute change");
}

int flight_ask(struct session *s, const char *sql)
{
	return PQsendQueryParams(s->conn, sql, 0, NULL, NULL, NULL, NULL, 1)
		       ? 0
		       : session_lost(s, "store: execute change");
}

int flight_send(struct session *s)
{
	return PQpipelineSync(s->conn) ? 0 : session_lost(s, "store: execute change");
}

/* Each result of a flight ends with NULL, but that of its end. */
int flight_result(struct session *s, int64_t until_us, PGresult **resultp)
{
	PGresult *end = NULL;
	int err = session_result(s, until_us, resultp);

	if (err == 0 && *resultp)
		err = session_result(s, until_us, &end);
	if (err == 0 && *resultp && !end)
		return 0;
	PQclear(*resultp);
	PQclear(end);
	*resultp = NULL;
	if (err < 0)
		return err;
	session_close(s);
	return log_fault("store: execute change", -EPROTO, "a result more or less than statements");
}

int flight_end(struct session *s, int64_t until_us)
{
	PGresult *result;
	int err = session_result(s, until_us, &result);
	bool end = err == 0 && PQresultStatus(result) == PGRES_PIPELINE_SYNC;

	PQclear(result);
	if (err < 0 || end)
		return err;
	session_close(s);
	return log_fault("store: execute change", -EPROTO, "a flight without end");
}
