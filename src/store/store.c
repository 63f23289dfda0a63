// SPDX-License-Identifier: Apache-2.0
/* Creating, opening and closing a store on SQLite. See store.h. */
#include "store.h"

#include "base/log.h"
#include "committer.h"
#include "reader.h"
#include "sqlite/database_files.h"
#include "sqlite/migrate.h"
#include "sqlite/taken.h"
#include "unit.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct store {
	char *database;
	struct database_files *files;
	struct committer *committer;
	struct reader_pool *readers;
};

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

int store_create(const struct store_options *options)
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

int store_open(const struct store_options *options, struct store **storep)
{
	_cleanup_(store_closep) struct store *s = calloc(1, sizeof(*s));
	_cleanup_(writer_freep) struct writer *writer = NULL;
	int err;

	if (!s)
		return -ENOMEM;
	/* SQLite names its other files after the one that symbolic links lead to. */
	s->database = realpath(options->database, NULL);
	if (!s->database)
		return -errno;
	err = prepare_database(s->database, options);
	if (err < 0)
		return err;
	err = writer_new(s->database, &writer);
	if (err < 0)
		return err;
	err = database_files_new(options->database, s->database, &s->files);
	if (err < 0)
		return err;
	err = reader_pool_new(s->database, s->files, &s->readers);
	if (err < 0)
		return err;
	err = committer_start(writer, s->files, options->batch_max, options->commit_delay_ms,
			      &s->committer);
	if (err < 0)
		return err;
	writer = NULL; /* the committer's now */
	*storep = TAKE(s);
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	reader_pool_free(store->readers);
	if (store->committer)
		committer_stop(store->committer);
	database_files_free(store->files);
	free(store->database);
	free(store);
}

int store_ready(struct store *store, int64_t max_age_ms, int64_t wait_ms)
{
	int err = store_files_check(store);

	return err < 0 ? err : committer_ready(store->committer, max_age_ms, wait_ms);
}

int store_files_check(struct store *store)
{
	return database_files_check(store->files);
}

int store_reader_new(struct store *store, struct store_reader **readerp)
{
	*readerp = calloc(1, sizeof(**readerp));
	if (!*readerp)
		return -ENOMEM;
	(*readerp)->pool = store->readers;
	return 0;
}

int store_unit_new(struct store *store, struct store_unit **unitp)
{
	return unit_new(store->committer, unitp);
}
