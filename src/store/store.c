// SPDX-License-Identifier: Apache-2.0
/*
 * Creating, opening and closing a store: which backend it is on, its committer and its readers. See
 * store.h.
 */
#include "store.h"

#include "audit_own.h"
#include "committer.h"
#include "generation.h"
#include "postgresql/pg_driver.h"
#include "reader.h"
#include "sqlite/sqlite_driver.h"
#include "unit.h"
#include "writer.h"

#include <errno.h>
#include <string.h>

struct store {
	const struct driver *driver;
	struct database *database;
	struct generation clients;
	struct committer *committer;
	struct reader_pool *readers;
};

static const struct driver *driver_of(const char *database)
{
	return store_database_is_url(database) ? &postgresql_driver : &sqlite_driver;
}

bool store_database_is_url(const char *database)
{
	return strncmp(database, "postgresql://", strlen("postgresql://")) == 0 ||
	       strncmp(database, "postgres://", strlen("postgres://")) == 0;
}

char *store_database_option(const char *database, const char *option)
{
	const struct driver *driver = driver_of(database);

	return driver->option ? driver->option(database, option) : NULL;
}

int store_create(const struct store_options *options)
{
	return driver_of(options->database)->create(options);
}

int store_open(const struct store_options *options, struct store **storep)
{
	_cleanup_(store_closep) struct store *s = calloc(1, sizeof(*s));
	_cleanup_(writer_freep) struct writer *writer = NULL;
	const struct driver *driver = driver_of(options->database);
	int err;

	if (!s)
		return -ENOMEM;
	s->driver = driver;
	generation_init(&s->clients);
	err = driver->open(options, &s->database);
	if (err < 0)
		return err;
	s->clients.alone = driver->alone && driver->alone(s->database);
	err = driver->writer_new(driver, s->database, &writer);
	if (err < 0)
		return err;
	err = reader_pool_new(driver, s->database, options->timeout_ms, &s->readers);
	if (err < 0)
		return err;
	err = committer_start(writer, driver, s->database, &s->clients, options->batch_max,
			      options->commit_delay_ms, &s->committer);
	if (err < 0)
		return err;
	writer = NULL; /* the committer's now */
	*storep = TAKE(s);
	return 0;
}

int store_copy(const struct store_options *options, const char *to)
{
	const struct driver *driver = driver_of(options->database);

	return driver->copy ? driver->copy(options, to) : -ENOTSUP;
}

int store_moved_to(const struct store_options *options, char **top)
{
	const struct driver *driver = driver_of(options->database);

	*top = NULL;
	return driver->moved_to ? driver->moved_to(options, top) : 0;
}

int64_t store_server(const struct store_options *options)
{
	const struct driver *driver = driver_of(options->database);

	return driver->server ? driver->server(options) : 0;
}

bool store_is_shared(const struct store *store)
{
	return store->driver->schema_shared != NULL;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	reader_pool_free(store->readers);
	if (store->committer)
		committer_stop(store->committer);
	if (store->database)
		store->driver->close(store->database);
	generation_destroy(&store->clients);
	free(store);
}

int store_durability(struct store *store, char **linesp)
{
	*linesp = NULL;
	return store->driver->durability ? store->driver->durability(store->database, linesp) : 0;
}

int store_ready(struct store *store, int64_t max_age_ms, int64_t wait_ms)
{
	int err = store_files_check(store);

	if (err == 0)
		err = committer_ready(store->committer, max_age_ms, wait_ms);
	return store->driver->ready ? store->driver->ready(store->database, err) : err;
}

size_t store_undecided(struct store *store, int64_t since_ms)
{
	return committer_undecided(store->committer, since_ms);
}

bool store_fault_passes(int err)
{
	switch (err) {
	case -EAGAIN:
	case -EBUSY:
	case -EDQUOT:
	case -EMFILE:
	case -ENOSPC:
	case -ENOTCONN:
	case -ESTALE:
	case -ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

int store_files_check(struct store *store)
{
	return store->driver->look(store->database);
}

void store_audit_keys_set(struct store *store, const struct store_audit_key *keys, size_t n)
{
	committer_audit_keys(store->committer, keys, n);
}

int64_t store_audit_chain_own(const struct store *store)
{
	return audit_own_newest(committer_audit_own(store->committer));
}

int store_audit_chain_next(struct store *store, struct store_reader *r, int64_t after,
			   struct store_audit_chain *nextp)
{
	bool alone = store->driver->server != NULL;
	int64_t own = audit_own_after(committer_audit_own(store->committer), after);
	bool goes_on = after > 0 && store_audit_chain_own(store) == after;

	*nextp = (struct store_audit_chain){0};
	if (own == 0 && (goes_on || !alone || after == 0))
		return 0;
	return audit_chain_after(r, alone && after > 0 ? after : own - 1, nextp);
}

int store_reader_new(struct store *store, struct store_reader **readerp)
{
	*readerp = calloc(1, sizeof(**readerp));
	if (!*readerp)
		return -ENOMEM;
	(*readerp)->pool = store->readers;
	(*readerp)->driver = store->driver;
	(*readerp)->database = store->database;
	(*readerp)->clients = &store->clients;
	return 0;
}

int store_unit_new(struct store *store, struct store_unit **unitp)
{
	return unit_new(store->committer, unitp);
}
