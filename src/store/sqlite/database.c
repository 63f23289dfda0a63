// SPDX-License-Identifier: Apache-2.0
/* Creating and opening databases of SQLite. See database.h. */
#include "database.h"

#include "base/log.h"
#include "database_lock.h"
#include "migrate.h"
#include "sql.h"
#include "sqlite_copy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- creating --- */

/* Fills an empty file with the newest schema. */
static int fill_database(const char *path)
{
	_cleanup_(sqlite_db_closep) sqlite3 *db = NULL;
	char settings[96];
	int err;

	err = sqlite_db_open(path, SQLITE_DB_WRITER, &db);
	if (err < 0)
		return err;
	/* Before there is anything in it. */
	snprintf(settings, sizeof(settings), "PRAGMA page_size = %d; PRAGMA auto_vacuum = %d",
		 SQLITE_DB_PAGE_SIZE, AUTO_VACUUM_INCREMENTAL);
	err = sqlite_db_exec(db, "create database", settings);
	if (err < 0)
		return err;
	err = sqlite_migrate(db);
	if (err < 0)
		return err;
	/* Last: until here there is no log beside the file, so it can be renamed. */
	return sqlite_db_exec(db, "create database", "PRAGMA journal_mode = WAL");
}

/* Gives the finished file its name, unless there is a file of that name. */
static int publish_database(const char *temporary, const char *path)
{
	if (link(temporary, path) < 0)
		return errno == EEXIST ? -EEXIST : log_fault("create database", -errno, path);
	return database_files_sync_directory(path);
}

int database_create(const struct store_options *options)
{
	_cleanup_(freep) char *temporary = NULL;
	int fd, err;

	if (access(options->database, F_OK) == 0)
		return -EEXIST;
	/* Made beside its place, so that an interrupted creation leaves no half of a database. */
	if (asprintf(&temporary, "%s.XXXXXX", options->database) < 0)
		return -ENOMEM;
	fd = mkstemp(temporary); /* mode 0600, which SQLite takes over for its log */
	if (fd < 0)
		return log_fault("create database", -errno, options->database);
	close(fd);
	err = fill_database(temporary);
	if (err == 0)
		err = publish_database(temporary, options->database);
	unlink(temporary);
	return err;
}

/* --- opening --- */

/* Beside the copy, a migration may write all of the database to its log. */
enum { ROOM_FACTOR = 2, ROOM_LEAST = 16 << 20 };

/*
 * What the database is before its migration stays beside it: nothing leads back from a newer
 * schema. No room is no reason not to start.
 */
static int copy_before_migration(sqlite3 *db, const char *path, int64_t version)
{
	_cleanup_(freep) char *copy = NULL;
	uint64_t size, room;
	int err = sqlite_copy_size(db, &size);

	if (asprintf(&copy, "%s.schema-%lld", path, (long long)version) < 0) {
		copy = NULL;
		return -ENOMEM;
	}
	if (err == 0)
		err = sqlite_copy_room(path, &room);
	if (err < 0)
		return err;
	if (room < ROOM_FACTOR * size + ROOM_LEAST) {
		log_event(LOG_LEVEL_WARNING, "schema_copy", F_TEXT("path", copy),
			  F_TEXT("problem", "no room for a copy of the database"),
			  F_INT("octets", (int64_t)size), F_INT("room", (int64_t)room),
			  F_TEXT("effect", "it is migrated without one"));
		return 0;
	}
	err = sqlite_copy(db, copy);
	if (err == 0)
		log_event(LOG_LEVEL_INFO, "schema_copy", F_TEXT("path", copy),
			  F_INT("octets", (int64_t)size),
			  F_TEXT("effect", "the database as it was before its migration; remove it "
					   "when the new version has proved itself"));
	return err;
}

static int schema_update(sqlite3 *db, const char *path, const struct store_options *options)
{
	int64_t version;
	int err = sqlite_schema_version(db, &version);

	if (err == 0 && options->serve && version > 0 && sqlite_migrated(db) == -EAGAIN)
		err = copy_before_migration(db, path, version);
	return err == 0 ? sqlite_migrate(db) : err;
}

/* Whoever served it, too, would give numbers of CRLs twice, and know nothing of what is revoked. */
static int moved_check(sqlite3 *db, const struct store_options *options)
{
	int64_t moved;
	int err = sqlite_db_query_int(db, "open database", "SELECT count(*) FROM " MOVED_ROWS_SQL,
				      &moved);

	return err < 0 || moved == 0 || options->moved ? err : -EREMOTE;
}

static int prepare_database(const char *path, const struct store_options *options)
{
	_cleanup_(sqlite_db_closep) sqlite3 *db = NULL;
	int err;

	err = database_files_examine(path, options->as_it_is);
	if (err < 0)
		return err;
	err = sqlite_db_open(path, SQLITE_DB_WRITER, &db);
	if (err < 0)
		return err;
	if (options->as_it_is)
		err = sqlite_migrated(db);
	else
		err = schema_update(db, path, options);
	if (err == 0)
		err = moved_check(db, options);
	if (err < 0 || options->as_it_is)
		return err;
	err = sqlite_db_exec(db, "index of keys",
			     options->index_keys ? KEY_INDEX_MAKE : KEY_INDEX_DROP);
	if (err < 0)
		return err;
	/* A database restored from a dump may have another mode. */
	return sqlite_db_exec(db, "open database", "PRAGMA journal_mode = WAL");
}

DEFINE_CLEANUP(struct database, database_close);

int database_open(const struct store_options *options, struct database **databasep)
{
	_cleanup_(database_closep) struct database *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	d->lock = -1;
	d->name = strdup(options->database);
	if (!d->name)
		return -ENOMEM;
	d->path = realpath(options->database, NULL);
	if (!d->path)
		return -errno;
	/* Before anything is looked at: who has it may be migrating. */
	err = options->serve ? database_lock_take(d->path, &d->lock) : 0;
	if (err == 0)
		err = prepare_database(d->path, options);
	if (err < 0)
		return err;
	*databasep = TAKE(d);
	return 0;
}

void database_close(struct database *d)
{
	if (!d)
		return;
	if (d->lock >= 0)
		close(d->lock);
	database_files_free(d->files);
	free(d->path);
	free(d->name);
	free(d);
}

int database_copy(const struct store_options *options, const char *to)
{
	_cleanup_(freep) char *path = realpath(options->database, NULL);
	_cleanup_(sqlite_db_closep) sqlite3 *db = NULL;
	int64_t version;
	int err = path ? database_files_examine(path, true) : -errno;

	if (err == 0)
		err = sqlite_db_open(path, SQLITE_DB_READER, &db);
	if (err == 0)
		err = sqlite_schema_version(db, &version);
	return err == 0 ? sqlite_copy(db, to) : err;
}

int database_moved_to(const struct store_options *options, char **top)
{
	_cleanup_(sqlite_db_closep) sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	int err = sqlite_db_open(options->database, SQLITE_DB_READER, &db), rc;

	if (err < 0)
		return err;
	rc = sqlite3_prepare_v2(
		db, "SELECT substr(name, 1 + length('" MOVED_TO "')) FROM " MOVED_ROWS_SQL, -1,
		&stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW && !(*top = strdup((const char *)sqlite3_column_text(stmt, 0))))
		err = -ENOMEM;
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? err
						     : sqlite_db_fault(db, "open database", rc);
}

int64_t database_server(const struct store_options *options)
{
	_cleanup_(freep) char *path = realpath(options->database, NULL);

	return path ? database_lock_holder(path) : 0;
}

/* --- while it is open --- */

/* Who does not serve it only looks, or finds nobody who serves it. */
bool database_alone(const struct database *d)
{
	return d->lock >= 0;
}

int database_note_files(struct database *d)
{
	return d->files ? 0 : database_files_new(d->name, d->path, &d->files);
}

int database_look(struct database *d)
{
	return database_files_check(d->files);
}

int database_looked(struct database *d)
{
	return database_files_checked(d->files);
}
