// SPDX-License-Identifier: Apache-2.0
/* SQLite connections, errors, parameters and columns. See sqlite_db.h. */
#include "sqlite_db.h"

#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* Another process (a backup, a second program by mistake) may hold the write lock for a moment. */
enum { BUSY_TIMEOUT_MS = 10000 };

/*
 * synchronous=FULL: each commit is on disk before it returns. Only the committer checkpoints, so
 * no statement of anyone else does. temp_store=MEMORY keeps the journal of savepoints off the disk.
 */
static const char pragmas_all[] = "PRAGMA foreign_keys = ON;"
				  "PRAGMA synchronous = FULL;"
				  "PRAGMA temp_store = MEMORY;"
				  "PRAGMA wal_autocheckpoint = 0;";
/* A burst must not leave a large log behind; 64 MiB is some checkpoints' worth. */
static const char pragmas_writer[] = "PRAGMA cache_size = -65536;"
				     "PRAGMA journal_size_limit = 67108864;";
static const char pragmas_reader[] = "PRAGMA query_only = ON;";

/* SQLite's memory statistics take a process-wide lock for each allocation; nobody reads them. */
static void configure_library(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int sqlite_db_open(const char *path, enum sqlite_db_role role, sqlite3 **dbp)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	_cleanup_(sqlite_db_closep) sqlite3 *db = NULL;
	int rc;

	pthread_once(&once, configure_library);
	if (access(path, F_OK) < 0)
		return -errno;
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (!db)
		return log_fault("open database", -ENOMEM, path);
	if (rc != SQLITE_OK)
		return sqlite_db_fault(db, "open database", rc);
	/* SQLite is content with a file that it may only read, and fails when it comes to a COMMIT.
	 */
	if (role == SQLITE_DB_WRITER && sqlite3_db_readonly(db, "main") == 1)
		return log_fault("open database", -EACCES, path);
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	int err = sqlite_db_exec(db, "configure database", pragmas_all);
	if (err < 0)
		return err;
	err = sqlite_db_exec(db, "configure database",
			     role == SQLITE_DB_WRITER ? pragmas_writer : pragmas_reader);
	if (err < 0)
		return err;
	*dbp = TAKE(db);
	return 0;
}

void sqlite_db_close(sqlite3 *db)
{
	sqlite3_close(db);
}

int sqlite_db_errno(int rc)
{
	if (rc == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_TOOBIG:
		return -EMSGSIZE;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_RANGE:
	case SQLITE_MISUSE:
	case SQLITE_ERROR:
		return -EINVAL;
	default:
		return -EIO;
	}
}

int sqlite_db_fault(sqlite3 *db, const char *what, int rc)
{
	return log_fault(what, sqlite_db_errno(rc), sqlite3_errmsg(db));
}

int sqlite_db_exec(sqlite3 *db, const char *what, const char *sql)
{
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sqlite_db_fault(db, what, rc);
}

int sqlite_db_query_int(sqlite3 *db, const char *what, const char *sql, int64_t *valuep)
{
	sqlite3_stmt *stmt = NULL;
	int err = 0, rc;

	rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*valuep = sqlite3_column_int64(stmt, 0);
	else
		err = sqlite_db_fault(db, what, rc);
	sqlite3_finalize(stmt);
	return err;
}

int sqlite_db_prepare(sqlite3 *db, const char *const *sql, sqlite3_stmt **stmts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &stmts[i],
					    NULL);

		if (rc != SQLITE_OK)
			return sqlite_db_fault(db, "prepare statement", rc);
	}
	return 0;
}

void sqlite_db_finalize(sqlite3_stmt **stmts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sqlite3_finalize(stmts[i]);
		stmts[i] = NULL;
	}
}

static void bind_note(struct binder *b, int rc)
{
	if (b->rc == SQLITE_OK)
		b->rc = rc;
}

void bind_value(struct binder *b, struct value value)
{
	int index = ++b->index, rc = SQLITE_MISUSE;

	switch (value.kind) {
	case VALUE_NULL:
		rc = sqlite3_bind_null(b->stmt, index);
		break;
	case VALUE_INT:
		rc = sqlite3_bind_int64(b->stmt, index, value.number);
		break;
	case VALUE_TEXT:
		rc = sqlite3_bind_text64(b->stmt, index, value.data, value.len, SQLITE_STATIC,
					 SQLITE_UTF8);
		break;
	case VALUE_OCTETS:
		rc = sqlite3_bind_blob64(b->stmt, index, value.data, value.len, SQLITE_STATIC);
		break;
	case VALUE_RESULT: /* unit_value() has put what it is in its place */
		break;
	}
	bind_note(b, rc);
}

void bind_int(struct binder *b, int64_t value)
{
	bind_note(b, sqlite3_bind_int64(b->stmt, ++b->index, value));
}

void bind_int_unless(struct binder *b, int64_t value, int64_t none)
{
	if (value == none)
		bind_note(b, sqlite3_bind_null(b->stmt, ++b->index));
	else
		bind_int(b, value);
}

void bind_text(struct binder *b, const char *text)
{
	bind_note(b, sqlite3_bind_text(b->stmt, ++b->index, text, -1, SQLITE_STATIC));
}

void bind_bytes(struct binder *b, struct bytes value)
{
	const void *data = value.len ? value.data : NULL;

	bind_note(b, sqlite3_bind_blob64(b->stmt, ++b->index, data, value.len, SQLITE_STATIC));
}

int64_t column_int(struct columns *c)
{
	return sqlite3_column_int64(c->stmt, c->index++);
}

int64_t column_int_or(struct columns *c, int64_t none)
{
	if (sqlite3_column_type(c->stmt, c->index) != SQLITE_NULL)
		return column_int(c);
	c->index++;
	return none;
}

char *column_text(struct columns *c)
{
	int index = c->index++;
	const unsigned char *text;
	char *copy;

	if (sqlite3_column_type(c->stmt, index) == SQLITE_NULL)
		return NULL;
	text = sqlite3_column_text(c->stmt, index);
	copy = text ? strdup((const char *)text) : NULL;
	if (!copy)
		c->failed = true;
	return copy;
}

struct octets column_octets(struct columns *c)
{
	int index = c->index++;
	const void *data;
	struct octets o = OCTETS_NULL;

	if (sqlite3_column_type(c->stmt, index) == SQLITE_NULL)
		return o;
	data = sqlite3_column_blob(c->stmt, index);
	if (octets_dup((struct bytes){data, (size_t)sqlite3_column_bytes(c->stmt, index)}, &o) < 0)
		c->failed = true;
	return o;
}

size_t column_array(struct columns *c, uint8_t *out, size_t max)
{
	int index = c->index++;
	const void *data = sqlite3_column_blob(c->stmt, index);
	size_t len = (size_t)sqlite3_column_bytes(c->stmt, index);

	if (len > max)
		len = max;
	if (len > 0)
		memcpy(out, data, len);
	return len;
}
