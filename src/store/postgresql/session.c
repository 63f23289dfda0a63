// SPDX-License-Identifier: Apache-2.0
/* Sessions. See session.h; the SQLSTATEs are those of PostgreSQL's documentation, Appendix A. */
#include "session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/strbuf.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { CLAIMS_A_SECOND = 20 };

/* Of warnings of the server one is told in this time. */
enum { WARNING_US = 60 * 1000 * 1000 };

/* Less than that is no time for an address: a lost SYN is sent again after 1 s. */
enum { ADDRESS_US = 1500 * 1000 };

/* Of the time that a statement may take: a server that has not answered what is quick by then is
 * slow. */
enum { SLOW_PART = 2 };

/* --- waiting --- */

/* 0: ready, -ETIMEDOUT, or another negative errno. until_us 0: for ever. */
static int socket_wait(int fd, short events, int64_t until_us)
{
	struct pollfd ready = {.fd = fd, .events = events};
	int n;

	do {
		int64_t left_us = until_us ? until_us - clock_monotonic_us() : 0;

		if (until_us && left_us <= 0)
			return -ETIMEDOUT;
		n = poll(&ready, 1, until_us ? (int)(left_us / 1000 + 1) : -1);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

int64_t session_deadline(const struct session *session)
{
	if (session->patient)
		return 0;
	return clock_monotonic_us() + 2000 * session->database->timeout_ms;
}

/* Sends what is still to be sent, and reads until there is a result. */
static int result_wait(PGconn *conn, int64_t until_us)
{
	int err = 0;

	while (err == 0) {
		int unsent = PQflush(conn);

		if (unsent < 0)
			return -ENOTCONN;
		if (unsent == 0 && !PQisBusy(conn))
			return 0;
		err = socket_wait(PQsocket(conn), unsent ? POLLIN | POLLOUT : POLLIN, until_us);
		if (err == 0 && !PQconsumeInput(conn))
			err = -ENOTCONN;
	}
	return err;
}

/* Stays when the time is over, without a line in the log: -ETIMEDOUT. */
static int result_await(struct session *s, int64_t until_us, PGresult **resultp)
{
	int err = result_wait(s->conn, until_us);

	*resultp = NULL;
	if (err == -ETIMEDOUT)
		return err;
	if (err < 0)
		return session_lost(s, "store: wait for the database");
	*resultp = PQgetResult(s->conn);
	/* libpq makes a result of a lost connection, too. */
	if (*resultp && PQstatus(s->conn) == CONNECTION_BAD) {
		PQclear(*resultp);
		*resultp = NULL;
		return session_lost(s, "store: wait for the database");
	}
	return 0;
}

static int commit_await(struct session *s, int64_t until_us, PGresult **resultp)
{
	int err;

	while ((err = result_await(s, until_us, resultp)) == -ETIMEDOUT) {
		if (!atomic_exchange(&s->database->undecided, true))
			log_fault("store: COMMIT", err,
				  "it takes long; nothing else is begun meanwhile");
		if (atomic_load(&s->database->closing)) {
			session_close(s);
			return -ENOTCONN;
		}
		until_us = session_deadline(s);
	}
	return err;
}

/*
 * Who waits that long goes on to; but it lets another worker take its place, which finds that
 * nobody should ask now. So few wait for a slow server, and no queue forms behind them.
 */
static int slow_await(struct session *s, int64_t until_us, PGresult **resultp)
{
	int err;

	log_fault_every(1000000, "store: wait for the database", -ETIMEDOUT,
			"it is slow; others do not wait for it meanwhile");
	pg_database_lost(s->database);
	pool_wait_begin();
	err = result_await(s, until_us, resultp);
	pool_wait_end();
	return err;
}

static int answer_await(struct session *s, int64_t until_us, PGresult **resultp)
{
	int64_t slow_us = clock_monotonic_us() + 1000 * s->database->timeout_ms / SLOW_PART;
	int err = result_await(s, slow_us < until_us ? slow_us : until_us, resultp);

	return err == -ETIMEDOUT && slow_us < until_us ? slow_await(s, until_us, resultp) : err;
}

int session_result(struct session *s, int64_t until_us, PGresult **resultp)
{
	int err = s->commits  ? commit_await(s, until_us, resultp)
		  : s->prompt ? answer_await(s, until_us, resultp)
			      : result_await(s, until_us, resultp);

	if (err != -ETIMEDOUT)
		return err;
	log_fault("store: wait for the database", err, "it has not answered in time");
	pg_database_lost(s->database);
	session_close(s);
	return err;
}

/* --- errors --- */

static const struct {
	const char *state; /* or its class */
	int err;
} errors[] = {
	{"53100", -ENOSPC}, {"53200", -ENOMEM},   {"53300", -EMFILE}, {"53", -EBUSY},
	{"40", -EBUSY},     {"55P03", -EBUSY},    {"57014", -EBUSY},  {"57", -ENOTCONN},
	{"08", -ENOTCONN},  {"25006", -ENOTCONN}, {"28", -EACCES},    {"42501", -EACCES},
	{"3D000", -ENODEV}, {"58", -EIO},         {"XX", -EUCLEAN},   {"25", -ENOTCONN},
};

bool result_state(const PGresult *result, const char *state)
{
	const char *is = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return is && strncmp(is, state, strlen(state)) == 0;
}

bool result_ok(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	       status == PGRES_SINGLE_TUPLE;
}

int session_fault(const char *what, const PGresult *result)
{
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	int err = -EINVAL;

	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (result_state(result, errors[i].state)) {
			err = errors[i].err;
			break;
		}
	return log_fault(what, err, detail);
}

int session_lost(struct session *s, const char *what)
{
	char detail[256];

	snprintf(detail, sizeof(detail), "%.*s", (int)strcspn(PQerrorMessage(s->conn), "\n"),
		 PQerrorMessage(s->conn));
	log_fault(what, -ENOTCONN, detail);
	session_close(s);
	return -ENOTCONN;
}

/* --- connecting --- */

/*
 * Whether a warning says that somebody has cut short the wait for the standbys: a COMMIT that says
 * that it was made is then durable on one server only. pg_terminate_backend() has an SQLSTATE for
 * that, pg_cancel_backend() that of any warning; where in the server it comes from tells both.
 */
static bool wait_was_cut(const PGresult *notice)
{
	const char *file = PQresultErrorField(notice, PG_DIAG_SOURCE_FILE);

	return result_state(notice, "57") || (file && strcmp(file, "syncrep.c") == 0);
}

/* Each statement may warn of the same, as when the server comes to the end of its transaction ids.
 */
static void notice_take(void *arg, const PGresult *notice)
{
	struct session *s = arg;
	int64_t now_us = clock_monotonic_us(), told_us = atomic_load(&s->database->warned_us);
	bool cut = wait_was_cut(notice);
	char detail[256];

	s->doubtful = s->doubtful || cut;
	if (!cut && told_us && now_us < told_us + WARNING_US)
		return;
	if (!cut)
		atomic_store(&s->database->warned_us, now_us);
	snprintf(detail, sizeof(detail), "%.*s", (int)strcspn(PQresultErrorMessage(notice), "\n"),
		 PQresultErrorMessage(notice));
	log_event(LOG_LEVEL_WARNING, "database_warning", F_TEXT("problem", detail));
}

static int connection_poll(PGconn *conn, int64_t until_us)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;
	int err = 0;

	while (err == 0 && status != PGRES_POLLING_OK) {
		if (status == PGRES_POLLING_FAILED)
			return -ENOTCONN;
		err = socket_wait(PQsocket(conn),
				  status == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_us);
		if (err == 0)
			status = PQconnectPoll(conn);
	}
	return err;
}

/* Whether the server has refused with an SQLSTATE that begins so. Its words are of any language;
 * PQERRORS_VERBOSE has that before them. */
static bool connection_state(PGconn *conn, const char *state)
{
	char text[16];

	snprintf(text, sizeof(text), ":  %s", state);
	return strstr(PQerrorMessage(conn), text) != NULL;
}

/* The reasons that whoever runs the server has to remove. */
static int connection_errno(PGconn *conn)
{
	if (PQconnectionNeedsPassword(conn) || connection_state(conn, "28") ||
	    connection_state(conn, "42501"))
		return -EACCES;
	if (connection_state(conn, "53300"))
		return -EMFILE;
	return connection_state(conn, "3D000") ? -ENODEV : -ENOTCONN;
}

/* "auth_failed, auth.c:326" at the end: where in its source the server has said it. */
static bool is_location(const char *line, size_t len)
{
	size_t digits = 0;

	while (digits < len && line[len - digits - 1] >= '0' && line[len - digits - 1] <= '9')
		digits++;
	return digits > 0 && len > digits + 3 && memcmp(line + len - digits - 3, ".c:", 3) == 0;
}

/* What libpq and the server say, in one line; what goes on with a tab says what may be the reason.
 */
static void connection_say(PGconn *conn, int err, struct strbuf *tried)
{
	const char *line = PQerrorMessage(conn);
	size_t len;

	for (; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (len > 0 && *line != '\t' && !is_location(line, len))
			strbuf_printf(tried, "%s%.*s", tried->len ? "; " : "", (int)len, line);
	}
	if (err == -ETIMEDOUT)
		strbuf_printf(tried, "%sserver at \"%s\", port %s, has not answered in time",
			      tried->len ? "; " : "", PQhost(conn), PQport(conn));
}

/* NULL: whichever libpq finds. */
static int address_connect(struct session *s, const struct conninfo_server *server,
			   int64_t until_us, struct strbuf *tried)
{
	struct conninfo info = conninfo_of(s->database->url, server);
	int err = -ENOTCONN;

	s->conn = PQconnectStartParams(info.keyword, info.value, 1);
	if (!s->conn)
		return -ENOMEM;
	PQsetErrorVerbosity(s->conn, PQERRORS_VERBOSE);
	if (PQstatus(s->conn) != CONNECTION_BAD)
		err = connection_poll(s->conn, until_us);
	if (err == 0) {
		PQsetErrorVerbosity(s->conn, PQERRORS_DEFAULT);
		return 0;
	}
	connection_say(s->conn, err, tried);
	err = err == -ETIMEDOUT ? -ENOTCONN : connection_errno(s->conn);
	session_close(s);
	return err;
}

/* When the first of so many has had its part of the time that is left. */
static int64_t part_until(int64_t until_us, size_t n)
{
	int64_t now_us = clock_monotonic_us(), part_us = (until_us - now_us) / (int64_t)n;

	return now_us + (part_us > ADDRESS_US ? part_us : ADDRESS_US);
}

/* FNV-1a: by which an address is known again, though a resolver tells them in another order. */
static uint64_t address_number(const struct conninfo_server *server)
{
	uint64_t number = 0xcbf29ce484222325;

	for (const char *at = server->address; *at; at++)
		number = (number ^ (uint8_t)*at) * 0x100000001b3;
	return number;
}

/* One address after the other, that which was good last first. */
static int addresses_connect(struct session *s, const struct conninfo_servers *addresses,
			     int64_t until_us, struct strbuf *tried)
{
	struct pg_database *d = s->database;
	size_t n = addresses->len, at = 0;
	int err = -ENOTCONN, next = -ENOTCONN;

	while (at < n && address_number(&addresses->item[at]) != atomic_load(&d->primary_address))
		at++;
	for (size_t i = 0; next < 0 && i < n; i++, at++) {
		const struct conninfo_server *address = &addresses->item[at % n];

		next = address_connect(s, address, part_until(until_us, n - i), tried);
		if (next == 0)
			atomic_store(&d->primary_address, address_number(address));
		err = err == -ENOTCONN ? next : err;
	}
	return next < 0 ? err : 0;
}

/* The first of n servers that are left. What the resolver takes is no server's time: it goes on to
 * the next nameserver by itself. NULL: whichever libpq finds. */
static int server_connect(struct session *s, const struct conninfo_server *server,
			  int64_t *until_us, size_t n, struct strbuf *tried)
{
	int64_t before_us = clock_monotonic_us();
	struct conninfo_servers addresses;
	int err;

	if (!server || !conninfo_is_named(server))
		return address_connect(s, server, part_until(*until_us, n), tried);
	err = conninfo_addresses(server, tried, &addresses);
	*until_us += clock_monotonic_us() - before_us;
	if (err == 0)
		err = addresses_connect(s, &addresses, part_until(*until_us, n), tried);
	conninfo_servers_clear(&addresses);
	return err;
}

/*
 * One server after the other, that which was the primary first, and each for its part of the time:
 * libpq would wait for one whose machine is gone for as long as it may, and never come to the next.
 * Where the primary is there, and has no connection left, no other one is.
 */
static int connection_begin(struct session *s)
{
	const struct conninfo_servers *servers = &s->database->servers;
	int64_t until_us = clock_monotonic_us() + 1000 * s->database->timeout_ms;
	size_t n = servers->len > 0 ? servers->len : 1, known = atomic_load(&s->database->primary);
	size_t at = known > 0 ? known - 1 : 0;
	struct strbuf tried = STRBUF_NULL;
	int err = -ENOTCONN, next = -ENOTCONN;

	for (size_t i = 0; next < 0 && i < n; i++, at = (at + 1) % n) {
		next = server_connect(s, servers->len > 0 ? &servers->item[at] : NULL, &until_us,
				      n - i, &tried);
		if (next == 0)
			atomic_store(&s->database->primary, at + 1);
		/* What one has against us says more than that another one is away. */
		err = err == -ENOTCONN ? next : err;
		if (next == -EMFILE && known > 0 && i == 0)
			break;
	}
	if (next < 0)
		log_fault("store: connect to the database", err, tried.text);
	strbuf_clear(&tried);
	return next < 0 ? err : 0;
}

/*
 * Time is bounded for each change, so that none waits for a node that has gone; not for a COMMIT:
 * that begins when the time of its statement has been taken. What is read may be long; its backend
 * ends when its client has gone.
 */
static int session_set_up(struct session *s)
{
	long long ms = s->database->timeout_ms;
	char sql[800];

	snprintf(sql, sizeof(sql),
		 "SET client_connection_check_interval = '1s'; SET client_min_messages = warning;"
		 "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;"
		 "SET tcp_keepalives_count = 3;"
		 "SET lock_timeout = %lld; SET statement_timeout = %lld;"
		 "SET idle_in_transaction_session_timeout = %lld;"
		 "SET default_transaction_isolation = 'read committed';"
		 "SET default_transaction_read_only = %s;"
		 "SELECT set_config('synchronous_commit', 'on', false)"
		 " WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')",
		 s->patient ? 0 : ms, s->patient || !s->writes ? 0 : ms, s->patient ? 0 : ms,
		 s->writes ? "off" : "on");
	return session_exec(s, "store: set up a session", sql);
}

int session_open(struct session *s)
{
	int err;

	if (s->conn && PQstatus(s->conn) == CONNECTION_OK)
		return 0;
	session_close(s);
	err = connection_begin(s);
	if (err == 0) {
		s->number++;
		PQsetNoticeReceiver(s->conn, notice_take, s);
		err = PQsetnonblocking(s->conn, 1) == 0
			      ? session_set_up(s)
			      : session_lost(s, "store: set up a session");
	}
	if (s->writes)
		atomic_store(&s->database->refused, err);
	if (err == 0) {
		pg_database_found(s->database);
		return 0;
	}
	/* Who has a connection goes on, where there is none for another one. */
	if (err != -EMFILE)
		pg_database_lost(s->database);
	session_close(s);
	return err;
}

void session_look(struct session *s)
{
	struct pollfd ready = {.events = POLLIN};

	if (!s->conn)
		return;
	ready.fd = PQsocket(s->conn);
	/* A server that goes says why first. */
	while (s->conn && poll(&ready, 1, 0) > 0)
		if (!PQconsumeInput(s->conn))
			session_close(s);
}

/* What libpq has left of OpenSSL's errors would be told of the next fault of this thread. */
void session_close(struct session *s)
{
	if (!s->conn)
		return;
	PQfinish(s->conn);
	s->conn = NULL;
	ERR_clear_error();
}

/* --- plain statements --- */

/* The last result of several statements. */
static int session_run(struct session *s, const char *what, const char *sql, PGresult **lastp)
{
	int64_t until_us = session_deadline(s);
	PGresult *result;
	int err = 0, fault = 0;

	*lastp = NULL;
	if (!PQsendQuery(s->conn, sql))
		return session_lost(s, what);
	while ((err = session_result(s, until_us, &result)) == 0 && result) {
		if (!result_ok(result) && fault == 0)
			fault = session_fault(what, result);
		PQclear(*lastp);
		*lastp = result;
	}
	return err < 0 ? err : fault;
}

int session_exec(struct session *s, const char *what, const char *sql)
{
	PGresult *result;
	int err = session_run(s, what, sql, &result);

	PQclear(result);
	return err;
}

/*
 * Shared, so that several serve: what it keeps off is who has to be alone, and a cmfd from before
 * there were nodes. A session that was closed has its claim for some moments more.
 */
int session_claim(struct session *s)
{
	const struct timespec pause = {.tv_nsec = 1000000000L / CLAIMS_A_SECOND};
	int64_t claimed = 0;
	int err = 0;

	for (int i = 0; err == 0 && !claimed && i < 2 * CLAIMS_A_SECOND; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		err = session_number(s, "store: claim the database",
				     "SELECT pg_try_advisory_lock_shared(3)::INTEGER", 0, &claimed);
	}
	if (err < 0 || claimed)
		return err;
	return log_fault("store: claim the database", -EBUSY, "somebody else has it for itself");
}

int session_query(struct session *s, const char *what, const char *sql, char **textp)
{
	PGresult *result;
	int err = session_run(s, what, sql, &result);

	*textp = NULL;
	if (err == 0 && PQntuples(result) > 0 && !PQgetisnull(result, 0, 0)) {
		*textp = strdup(PQgetvalue(result, 0, 0));
		err = *textp ? 0 : -ENOMEM;
	}
	PQclear(result);
	return err;
}

int session_number(struct session *s, const char *what, const char *sql, int64_t none,
		   int64_t *numberp)
{
	_cleanup_(freep) char *text = NULL;
	int err = session_query(s, what, sql, &text);

	*numberp = text ? strtoll(text, NULL, 10) : none;
	return err;
}
