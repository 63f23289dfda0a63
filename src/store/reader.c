// SPDX-License-Identifier: Apache-2.0
/* Readers: connections, kept statements, rows, and queries put together. See reader.h. */
#include "reader.h"

#include "base/log.h"
#include "base/pool.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

/* --- connections --- */

/* A connection; one thread at a time. */
struct reader {
	struct reader_pool *pool;
	struct reader *next; /* among those that nobody uses */
	struct connection *connection;
	struct statement *statement[READ_KINDS];
};

struct reader_pool {
	const struct driver *driver;
	struct database *database;
	int64_t timeout_ms; /* how long a connection is waited for, where the server has no more */
	pthread_mutex_t lock;
	pthread_cond_t left;   /* one is unused */
	struct reader *unused; /* under the lock; the one used last comes first */
	size_t used;           /* under the lock; those that are being made, too */
};

int reader_pool_new(const struct driver *driver, struct database *database, int64_t timeout_ms,
		    struct reader_pool **poolp)
{
	struct reader_pool *pool = calloc(1, sizeof(*pool));
	pthread_condattr_t attributes;

	if (!pool)
		return -ENOMEM;
	pool->driver = driver;
	pool->database = database;
	pool->timeout_ms = timeout_ms;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->left, &attributes);
	pthread_condattr_destroy(&attributes);
	*poolp = pool;
	return 0;
}

static void reader_free(struct reader *r)
{
	const struct driver *driver = r->pool->driver;

	for (size_t i = 0; i < READ_KINDS; i++)
		driver->finalize(r->statement[i]);
	driver->disconnect(r->connection);
	free(r);
}

DEFINE_CLEANUP(struct reader, reader_free);

void reader_pool_free(struct reader_pool *pool)
{
	struct reader *r;

	if (!pool)
		return;
	while ((r = pool->unused)) {
		pool->unused = r->next;
		reader_free(r);
	}
	pthread_cond_destroy(&pool->left);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static int reader_new(struct reader_pool *pool, struct reader **readerp)
{
	_cleanup_(reader_freep) struct reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->pool = pool;
	err = pool->driver->connect(pool->database, DRIVER_READS, &r->connection);
	for (size_t i = 0; err == 0 && i < READ_KINDS; i++)
		err = pool->driver->prepare(r->connection, pool->driver->read_sql[i], true,
					    &r->statement[i]);
	if (err < 0)
		return err;
	*readerp = TAKE(r);
	return 0;
}

/* One that nobody uses, or NULL. */
static struct reader *reader_take(struct reader_pool *pool)
{
	struct reader *r;

	pthread_mutex_lock(&pool->lock);
	r = pool->unused;
	if (r) {
		pool->unused = r->next;
		pool->used++;
	}
	pthread_mutex_unlock(&pool->lock);
	return r;
}

/* Gives it back, for others or for good. */
static void reader_release(struct reader *r, bool ends)
{
	struct reader_pool *pool = r->pool;

	pthread_mutex_lock(&pool->lock);
	pool->used--;
	if (!ends) {
		r->next = pool->unused;
		pool->unused = r;
	}
	pthread_cond_broadcast(&pool->left);
	pthread_mutex_unlock(&pool->lock);
	if (ends)
		reader_free(r);
}

/* Whoever writes finds no connection left, and comes first. */
static bool writer_wants(struct reader_pool *pool)
{
	return pool->driver->crowded && pool->driver->crowded(pool->database);
}

/* One that has its connection, as far as can be seen; -EMFILE: the server has none left for it. */
static int reader_get(struct reader_pool *pool, struct reader **readerp)
{
	struct reader *r;
	int err;

	while ((r = reader_take(pool))) {
		err = pool->driver->keep ? pool->driver->keep(r->connection) : 0;
		if (err == 0) {
			*readerp = r;
			return 0;
		}
		reader_release(r, err == -EMFILE);
		if (err != -EMFILE)
			return err;
	}
	pthread_mutex_lock(&pool->lock);
	err = pool->used > 0 && writer_wants(pool) ? -EMFILE : 0;
	pool->used += err == 0;
	pthread_mutex_unlock(&pool->lock);
	if (err == 0) {
		err = reader_new(pool, readerp);
		if (err == 0)
			return 0;
		pthread_mutex_lock(&pool->lock);
		pool->used--;
		pthread_cond_broadcast(&pool->left);
		pthread_mutex_unlock(&pool->lock);
	}
	return err;
}

/* Waits for one that somebody uses now: 0, there is one, or nobody has any and one can be made;
 * -EMFILE. */
static int reader_await(struct reader_pool *pool, const struct timespec *until)
{
	bool were_used;
	int err;

	pool_wait_begin();
	pthread_mutex_lock(&pool->lock);
	were_used = pool->used > 0;
	while (!pool->unused && pool->used > 0 &&
	       pthread_cond_timedwait(&pool->left, &pool->lock, until) == 0)
		;
	err = pool->unused || (were_used && pool->used == 0) ? 0 : -EMFILE;
	pthread_mutex_unlock(&pool->lock);
	pool_wait_end();
	return err;
}

/*
 * Borrows a connection for one verb. Where the server lets us have no more of them, one that is
 * used is waited for.
 */
static int reader_enter(struct reader_pool *pool, struct reader **readerp)
{
	struct timespec until;
	int err = pool->driver->looked(pool->database);

	*readerp = NULL;
	if (err < 0)
		return err;
	err = reader_get(pool, readerp);
	if (err != -EMFILE)
		return err;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += pool->timeout_ms / 1000 + 1;
	while (err == -EMFILE && reader_await(pool, &until) == 0)
		err = reader_get(pool, readerp);
	return err;
}

static void reader_leave(struct reader *r)
{
	reader_release(r, writer_wants(r->pool));
}

DEFINE_CLEANUP(struct reader, reader_leave);

void store_reader_free(struct store_reader *reader)
{
	if (!reader)
		return;
	ahead_drop(&reader->ahead, reader->driver);
	free(reader);
}

/* --- rows --- */

static struct value row_value(struct row *row)
{
	return row->driver->column(row->statement, row->next++);
}

int64_t row_int(struct row *row)
{
	return row_int_or(row, 0);
}

int64_t row_int_or(struct row *row, int64_t none)
{
	struct value value = row_value(row);

	return value.kind == VALUE_INT ? value.number : none;
}

char *row_text(struct row *row)
{
	struct value value = row_value(row);
	char *copy;

	if (value.kind != VALUE_TEXT)
		return NULL;
	copy = strndup(value.data, value.len);
	row->failed = row->failed || !copy;
	return copy;
}

struct bytes row_bytes(struct row *row)
{
	struct value value = row_value(row);

	if (value.kind != VALUE_OCTETS)
		return BYTES_NULL;
	return (struct bytes){value.data, value.len};
}

struct octets row_octets(struct row *row)
{
	struct bytes bytes = row_bytes(row);
	struct octets octets = OCTETS_NULL;

	if (bytes.data && octets_dup(bytes, &octets) < 0)
		row->failed = true;
	return octets;
}

size_t row_array(struct row *row, uint8_t *out, size_t max)
{
	struct bytes bytes = row_bytes(row);
	size_t len = bytes.len < max ? bytes.len : max;

	if (len > 0)
		memcpy(out, bytes.data, len);
	return len;
}

int row_complete(const struct row *row)
{
	return row->failed ? log_fault("store: read row", -ENOMEM, NULL) : 0;
}

/* --- reading --- */

/* Gives the rows of a statement that was bound to `take`, which ends it with what is not 0. */
static int rows_walk(const struct driver *driver, struct statement *statement, row_take *take,
		     void *arg)
{
	int err;

	while ((err = driver->step(statement)) == 0) {
		struct row row = {.driver = driver, .statement = statement};

		err = take(&row, arg);
		if (err != 0)
			return err;
	}
	return err == STORE_NOT_FOUND ? 0 : err;
}

/* Borrows a connection, and binds a kept statement of it. */
static int statement_begin(struct store_reader *reader, enum read_kind kind,
			   const struct value *values, size_t n, struct reader **rp)
{
	int err = reader_enter(reader->pool, rp);

	return err < 0 ? err : driver_bind_all(reader->driver, (*rp)->statement[kind], values, n);
}

int read_each(struct store_reader *reader, enum read_kind kind, const struct value *values,
	      size_t n, row_take *take, void *arg)
{
	const struct driver *driver = reader->driver;
	_cleanup_(reader_leavep) struct reader *r = NULL;
	int err = statement_begin(reader, kind, values, n, &r);

	if (err < 0)
		return err;
	err = rows_walk(driver, r->statement[kind], take, arg);
	driver->reset(r->statement[kind]);
	return err;
}

/* Whether what was asked ahead answers it; with *errp as read_one(). */
static bool read_ahead(struct store_reader *reader, enum read_kind kind, const struct value *values,
		       size_t n, row_take *take, void *arg, int *errp)
{
	struct row row = {.driver = reader->driver, .next = (int)n};

	switch (ahead_take(&reader->ahead, reader->driver, kind, values, n, &row.statement)) {
	case AHEAD_ROW:
		*errp = take(&row, arg);
		reader->driver->finalize(row.statement);
		return true;
	case AHEAD_NO_ROW:
		*errp = STORE_NOT_FOUND;
		return true;
	case AHEAD_UNKNOWN:
		break;
	}
	return false;
}

int read_one(struct store_reader *reader, enum read_kind kind, const struct value *values, size_t n,
	     row_take *take, void *arg)
{
	const struct driver *driver = reader->driver;
	_cleanup_(reader_leavep) struct reader *r = NULL;
	struct row row = {.driver = driver};
	int err;

	if (read_ahead(reader, kind, values, n, take, arg, &err))
		return err;
	err = statement_begin(reader, kind, values, n, &r);
	if (err < 0)
		return err;
	row.statement = r->statement[kind];
	err = driver->step(row.statement);
	if (err == 0)
		err = take(&row, arg);
	driver->reset(row.statement);
	return err;
}

static int number_take(struct row *row, void *arg)
{
	*(int64_t *)arg = row_int(row);
	return 0;
}

int read_number(struct store_reader *reader, enum read_kind kind, const struct value *values,
		size_t n, int64_t none, int64_t *numberp)
{
	int err = read_one(reader, kind, values, n, number_take, numberp);

	if (err == STORE_NOT_FOUND)
		*numberp = none;
	return err == STORE_NOT_FOUND ? 0 : err;
}

static int nothing_take(struct row *row, void *arg)
{
	return 0;
}

int read_exists(struct store_reader *reader, enum read_kind kind, const struct value *values,
		size_t n, bool *existsp)
{
	int err = read_one(reader, kind, values, n, nothing_take, NULL);

	*existsp = err == 0;
	return err == STORE_NOT_FOUND ? 0 : err;
}

/* --- several questions --- */

/* Gives the first row of a statement that was bound or has been answered; NULL: there is none. */
static int answer_give(const struct driver *driver, struct statement *statement, size_t index,
		       answer_take *take, void *arg)
{
	struct row row = {.driver = driver, .statement = statement};
	int err = driver->step(statement);

	if (err != 0 && err != STORE_NOT_FOUND)
		return err;
	return take(arg, index, err == 0 ? &row : NULL);
}

static int questions_step(struct store_reader *reader, const struct driver_question *questions,
			  size_t n, answer_take *take, void *arg)
{
	const struct driver *driver = reader->driver;
	int err = 0;

	for (size_t i = 0; err == 0 && i < n; i++) {
		struct statement *statement = questions[i].statement;

		err = driver_bind_all(driver, statement, questions[i].values, questions[i].n);
		if (err == 0)
			err = answer_give(driver, statement, i, take, arg);
		driver->reset(statement);
	}
	return err;
}

static int questions_ask(struct store_reader *reader, const struct driver_question *questions,
			 size_t n, answer_take *take, void *arg)
{
	const struct driver *driver = reader->driver;
	struct statement *rows[READ_MANY_MAX];
	int err = driver->ask(questions, n, rows);

	if (err < 0)
		return err;
	for (size_t i = 0; i < n; i++) {
		if (err == 0)
			err = answer_give(driver, rows[i], i, take, arg);
		driver->finalize(rows[i]);
	}
	return err;
}

int read_many(struct store_reader *reader, const struct read_question *questions, size_t n,
	      answer_take *take, void *arg)
{
	struct driver_question asked[READ_MANY_MAX];
	_cleanup_(reader_leavep) struct reader *r = NULL;
	int err = n > 0 ? reader_enter(reader->pool, &r) : 0;

	assert(n <= READ_MANY_MAX);
	if (err < 0 || n == 0)
		return err;
	for (size_t i = 0; i < n; i++)
		asked[i] = (struct driver_question){r->statement[questions[i].kind],
						    questions[i].value, questions[i].n};
	return (reader->driver->ask ? questions_ask : questions_step)(reader, asked, n, take, arg);
}

/* --- asking ahead --- */

int reader_ask_ahead(struct store_reader *reader, const struct reader_question *questions, size_t n)
{
	const struct driver *driver = reader->driver;
	struct driver_question asked[AHEAD_MAX];
	struct value values[AHEAD_MAX][2];
	struct statement *rows[AHEAD_MAX];
	_cleanup_(reader_leavep) struct reader *r = NULL;
	int err;
	bool answered;

	ahead_drop(&reader->ahead, driver);
	err = reader_enter(reader->pool, &r);
	for (size_t i = 0; err == 0 && i < n; i++) {
		values[i][0] = questions[i].value;
		values[i][1] = value_int(AHEAD_ROWS);
		asked[i] = (struct driver_question){r->statement[questions[i].kind], values[i],
						    questions[i].value.kind == VALUE_NULL ? 0 : 2};
	}
	if (err == 0)
		err = driver->ask(asked, n, rows);
	answered = err == 0;
	for (size_t i = 0; answered && i < n; i++) {
		const struct value *first = questions[i].first ? &questions[i].value : NULL;
		int next = ahead_add(&reader->ahead, driver, questions[i].answers, first, rows[i]);

		err = err ? err : next;
	}
	return err;
}

/* --- lists from filters --- */

struct query query_of(struct store_reader *reader, const char *sql)
{
	struct query q = {.reader = reader, .sql = STRBUF_NULL};

	strbuf_add(&q.sql, sql);
	return q;
}

struct query query_begin(struct store_reader *reader, enum query_part list)
{
	return query_of(reader, reader->driver->part_sql[list]);
}

void query_if(struct query *q, enum query_part condition)
{
	strbuf_add(&q->sql, q->has_condition ? " AND " : " WHERE ");
	strbuf_add(&q->sql, q->reader->driver->part_sql[condition]);
	q->has_condition = true;
}

void query_where(struct query *q, enum query_part condition, struct value value)
{
	query_if(q, condition);
	/* The last one is overwritten rather than memory: then the database finds one unbound. */
	if (q->len < ARRAY_LEN(q->value))
		q->len++;
	q->value[q->len - 1] = value;
}

void query_end(struct query *q, enum query_part order, uint32_t limit)
{
	strbuf_printf(&q->sql, " ORDER BY %s", q->reader->driver->part_sql[order]);
	if (limit > 0)
		strbuf_printf(&q->sql, " LIMIT %u", limit);
}

void query_clear(struct query *q)
{
	strbuf_clear(&q->sql);
}

int query_walk(struct query *q, row_take *take, void *arg)
{
	const struct driver *driver = q->reader->driver;
	_cleanup_(reader_leavep) struct reader *r = NULL;
	struct statement *statement = NULL;
	int err;

	if (q->sql.failed)
		return log_fault("store: prepare query", -ENOMEM, NULL);
	err = reader_enter(q->reader->pool, &r);
	if (err < 0)
		return err;
	err = driver->prepare(r->connection, q->sql.text, false, &statement);
	if (err == 0)
		err = driver_bind_all(driver, statement, q->value, q->len);
	if (err == 0)
		err = rows_walk(driver, statement, take, arg);
	driver->finalize(statement);
	return err;
}
