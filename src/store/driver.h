// SPDX-License-Identifier: Apache-2.0
/*
 * What a database has to do for the store: connections, statements and their values, rows, and
 * transactions with savepoints, without knowing what any of it means. A backend is one of these and
 * a table of SQL, under the names of change_table.h and query.h. The writer and the readers are
 * written over this and nothing else.
 *
 * Faults are negative errnos, logged here with the words of the database. A connection and its
 * statements belong to one thread at a time.
 */
#pragma once

#include "store.h"
#include "value.h"

/* The database as a whole, and a connection to it; a statement that was prepared there. */
struct database;
struct connection;
struct statement;
struct writer;

enum driver_role {
	DRIVER_READS, /* it cannot write */
	DRIVER_WRITES,
};

/* Of the writer's connection. */
enum driver_control {
	DRIVER_BEGIN, /* and keep every other writer out until the end, or see to store.h's word */
	DRIVER_SAVEPOINT,
	DRIVER_RELEASE,     /* the savepoint; what was done since then stays */
	DRIVER_ROLLBACK_TO, /* the savepoint, which stays */
	DRIVER_COMMIT,      /* durable when it returns */
	DRIVER_ROLLBACK,
	DRIVER_CONTROLS
};

/* A kept statement, and its values. */
struct driver_question {
	struct statement *statement;
	const struct value *values;
	size_t n;
};

enum { DRIVER_ASK_MAX = 64 };

struct driver {
	/* The SQL of the backend: by enum change_kind, enum read_kind and enum query_part. */
	const char *const *change_sql;
	const char *const *read_sql;
	const char *const *part_sql;
	/* Queries whose rows say what is wrong with the database, or "ok"; ends with NULL. */
	const char *const *integrity_sql;
	/* A row with the octets of the database, and how many of them are unused; NULL: not told.
	 */
	const char *space_sql;

	/* store_database_option(); NULL: it has no options. */
	char *(*option)(const char *database, const char *option);
	/* store_create(). */
	int (*create)(const struct store_options *options);
	/* Looks whether it is sound, and brings its schema up to date; as store_open(). */
	int (*open)(const struct store_options *options, struct database **databasep);
	void (*close)(struct database *database);
	/* store_copy(); NULL: the database has tools of its own for that. */
	int (*copy)(const struct store_options *options, const char *to);
	/* store_moved_to(); NULL: nothing moves from it. */
	int (*moved_to)(const struct store_options *options, char **top);
	/* store_server(); NULL: several may serve it. */
	int64_t (*server)(const struct store_options *options);
	/* Whether nobody else changes it while it is open; NULL: others may. */
	bool (*alone)(const struct database *database);
	/* Looks whether it is still what was opened: 0 or -ESTALE. Any thread. */
	int (*look)(struct database *database);
	/* What the last look found, without looking: each reading asks. */
	int (*looked)(struct database *database);
	/* What is to be said where a COMMIT was tried and came to `err`, 0 among it: that, why it
	 * did, or that it keeps less than it should. NULL: `err`. */
	int (*ready)(struct database *database, int err);
	/* Settings with which a COMMIT keeps less than it should, a line each; NULL: there are
	 * none.
	 */
	int (*durability)(struct database *database, char **linesp);
	/* The schema that this program knows, where several processes may serve one database at the
	 * same time; NULL: one does. */
	int64_t (*schema_shared)(void);
	/* What makes the changes: see writer.h. It borrows the database. */
	int (*writer_new)(const struct driver *driver, struct database *database,
			  struct writer **writerp);

	int (*connect)(struct database *database, enum driver_role role,
		       struct connection **connectionp);
	/* Connects it again if it was lost, as far as can be seen without asking; -EMFILE: the
	 * server has no connection left. NULL: it is never lost. */
	int (*keep)(struct connection *connection);
	/* Whether the server has no connection left for the writer; NULL: there is always one. */
	bool (*crowded)(struct database *database);
	/* All of its statements have been finalised. */
	void (*disconnect)(struct connection *connection);
	/* `kept`: it will be used often. */
	int (*prepare)(struct connection *connection, const char *sql, bool kept,
		       struct statement **statementp);
	void (*finalize)(struct statement *statement);
	/* Parameters count from 0. The value is borrowed until it was reset; no VALUE_RESULT. */
	int (*bind)(struct statement *statement, size_t index, struct value value);
	/* 0: on a row; STORE_NOT_FOUND: at the end; STORE_CONFLICT: a unique index, or another
	 * writer, is in the way. */
	int (*step)(struct statement *statement);
	/* Of the row that it is on; borrowed until the next step. Columns count from 0. */
	struct value (*column)(struct statement *statement, int index);
	/* Ends its reading; it can be bound and stepped anew. */
	void (*reset)(struct statement *statement);
	/* Asks DRIVER_ASK_MAX questions at most at once, on the connection that all their
	 * statements are of; one may be in several. What each has found is another statement, to be
	 * stepped and finalised, which needs no connection. NULL: there is nothing to be saved by
	 * that. */
	int (*ask)(const struct driver_question *questions, size_t n, struct statement **foundp);
	/* What ask() has found is to be stepped from its beginning again. */
	void (*rewind)(struct statement *found);
	/* What follows is there for writer.c, and NULL where a backend has a writer of its own. */

	/* Of a statement that has come to its end: how many rows it has changed, and the id of the
	 * one that it has inserted. */
	int64_t (*changed)(struct statement *statement);
	int64_t (*inserted)(struct statement *statement);

	int (*control)(struct connection *connection, enum driver_control what);
	/* Whether there is a transaction; a full disk, say, may have ended it. */
	bool (*in_transaction)(struct connection *connection);
	/* Whether anything was written since DRIVER_BEGIN; asked after DRIVER_COMMIT. */
	bool (*wrote)(struct connection *connection);
	/* Between transactions: what the database has to tidy up now and then. */
	void (*tidy)(struct connection *connection);
};

/* All parameters of a statement. */
_must_check_ static inline int driver_bind_all(const struct driver *driver,
					       struct statement *statement,
					       const struct value *values, size_t n)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < n; i++)
		err = driver->bind(statement, i, values[i]);
	return err;
}
