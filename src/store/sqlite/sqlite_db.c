// SPDX-License-Identifier: Apache-2.0
/* SQLite connections and errors. See sqlite_db.h. */
#include "sqlite_db.h"

#include "base/log.h"
#include "wal_vfs.h"

#include <errno.h>
#include <pthread.h>
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
/*
 * KiB of pages that a connection keeps, beside those of the system. The writer finds the pages
 * between COMMITs again: 64 MiB were no faster with a million certificates. Readers, of which there
 * may be many, begin anew after each COMMIT of the writer.
 */
#define WRITER_CACHE_KIB "16384"
#define READER_CACHE_KIB "512"
/* A burst must not leave a large log behind; 64 MiB is some checkpoints' worth. */
static const char pragmas_writer[] = "PRAGMA cache_size = -" WRITER_CACHE_KIB ";"
				     "PRAGMA journal_size_limit = 67108864;";
static const char pragmas_reader[] = "PRAGMA cache_size = -" READER_CACHE_KIB ";"
				     "PRAGMA query_only = ON;";

/* SQLite's memory statistics take a process-wide lock for each allocation; nobody reads them. */
static void configure_library(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite_wal_vfs_register();
}

int sqlite_db_open(const char *path, enum sqlite_db_role role, sqlite3 **dbp)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	_cleanup_(sqlite_db_closep) sqlite3 *db = NULL;
	int rc;

	pthread_once(&once, configure_library);
	if (access(path, F_OK) < 0)
		return -errno;
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			     role == SQLITE_DB_WRITER ? SQLITE_WAL_VFS : NULL);
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
