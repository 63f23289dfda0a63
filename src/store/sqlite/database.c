// SPDX-License-Identifier: Apache-2.0
/* Creating and opening databases of SQLite. See database.h. */
#include "database.h"

#include "base/log.h"
#include "migrate.h"
#include "sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- creating --- */

/* Makes renames and new names in the directory of `path` durable. */
static int sync_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_(freep) char *directory = NULL;
	int fd, err = 0;

	directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return log_fault("open directory", -errno, directory);
	if (fsync(fd) < 0)
		err = log_fault("sync directory", -errno, directory);
	close(fd);
	return err;
}

/* Fills an empty file with the newest schema. */
static int fill_database(const char *path)
{
	_cleanup_(sqlite_db_closep) sqlite3 *db = NULL;
	char page_size[48];
	int err;

	err = sqlite_db_open(path, SQLITE_DB_WRITER, &db);
	if (err < 0)
		return err;
	snprintf(page_size, sizeof(page_size), "PRAGMA page_size = %d", SQLITE_DB_PAGE_SIZE);
	err = sqlite_db_exec(db, "create database", page_size);
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
	return sync_directory_of(path);
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
		return sqlite_migrated(db);
	err = sqlite_migrate(db);
	if (err < 0)
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
	d->name = strdup(options->database);
	if (!d->name)
		return -ENOMEM;
	d->path = realpath(options->database, NULL);
	if (!d->path)
		return -errno;
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
	database_files_free(d->files);
	free(d->path);
	free(d->name);
	free(d);
}

/* --- while it is open --- */

int database_note_files(struct database *d)
{
	return d->files ? 0 : database_files_new(d->name, d->path, &d->files);
}

int database_look(struct database *d)
{
	return database_files_check(d->files);
}

int database_looked(const struct database *d)
{
	return database_files_checked(d->files);
}
