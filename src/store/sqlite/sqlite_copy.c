// SPDX-License-Identifier: Apache-2.0
/* Copies of a database with SQLite's backup interface. See sqlite_copy.h. */
#include "sqlite_copy.h"

#include "base/bytes.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "database_files.h"
#include "sqlite_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* 4 MiB: between two steps nothing is held but the moment that is copied. */
enum { STEP_PAGES = 1024 };

int sqlite_copy_size(sqlite3 *db, uint64_t *sizep)
{
	int64_t pages, page_size;
	int err = sqlite_db_query_int(db, "size of the database", "PRAGMA page_count", &pages);

	if (err == 0)
		err = sqlite_db_query_int(db, "size of the database", "PRAGMA page_size",
					  &page_size);
	if (err == 0)
		*sizep = (uint64_t)pages * (uint64_t)page_size;
	return err;
}

int sqlite_copy_room(const char *path, uint64_t *roomp)
{
	_cleanup_(freep) char *directory = database_files_directory(path);
	struct statvfs fs;

	if (!directory)
		return -ENOMEM;
	if (statvfs(directory, &fs) < 0)
		return log_fault("room for a copy of the database", -errno, directory);
	*roomp = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}

/* An empty file, which no journal is kept of: it is whole when it gets its name. */
static int target_open(const char *path, sqlite3 **dbp)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return log_fault("copy the database", -errno, path);
	close(fd);
	rc = sqlite3_open_v2(path, dbp, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return sqlite_db_fault(*dbp, "copy the database", rc);
	return sqlite_db_exec(*dbp, "copy the database",
			      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
}

static int pages_copy(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int rc;

	if (!backup)
		return sqlite_db_fault(to, "copy the database", sqlite3_errcode(to));
	do {
		rc = sqlite3_backup_step(backup, STEP_PAGES);
		fault_point("store-copy");
	} while (rc == SQLITE_OK);
	rc = sqlite3_backup_finish(backup);
	return rc == SQLITE_OK ? 0 : sqlite_db_fault(to, "copy the database", rc);
}

/* A reading transaction holds the moment: the backup does not begin anew when others write. */
static int moment_copy(sqlite3 *from, const char *path)
{
	_cleanup_(sqlite_db_closep) sqlite3 *to = NULL;
	int64_t objects;
	int err = target_open(path, &to), end;

	if (err == 0)
		err = sqlite_db_exec(from, "copy the database", "BEGIN");
	if (err < 0)
		return err;
	err = sqlite_db_query_int(from, "copy the database", "SELECT count(*) FROM sqlite_schema",
				  &objects);
	if (err == 0)
		err = pages_copy(from, to);
	end = sqlite_db_exec(from, "copy the database", "ROLLBACK");
	return err < 0 ? err : end;
}

static int file_sync(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), err = 0;

	if (fd < 0 || fsync(fd) < 0)
		err = log_fault("copy the database", -errno, path);
	if (fd >= 0)
		close(fd);
	return err;
}

int sqlite_copy(sqlite3 *from, const char *to)
{
	_cleanup_(freep) char *unfinished = NULL;
	int err;

	if (asprintf(&unfinished, "%s.unfinished", to) < 0) {
		unfinished = NULL;
		return -ENOMEM;
	}
	/* Of a copy that was interrupted. */
	if (unlink(unfinished) < 0 && errno != ENOENT)
		return log_fault("copy the database", -errno, unfinished);
	err = moment_copy(from, unfinished);
	if (err == 0)
		err = file_sync(unfinished);
	if (err == 0 && rename(unfinished, to) < 0)
		err = log_fault("copy the database", -errno, to);
	if (err < 0) {
		unlink(unfinished);
		return err;
	}
	return database_files_sync_directory(to);
}
