// SPDX-License-Identifier: Apache-2.0
/* Readers: their connection, kept statements, and queries put together. See reader.h. */
#include "reader.h"

#include "base/log.h"
#include "sqlite/taken.h"

#include <errno.h>
#include <pthread.h>

static const char *const statement_sql[READ_STATEMENT_COUNT] = {
	[READ_CLIENT_GENERATION] = "SELECT value FROM meta WHERE name = 'client_generation'",
	[READ_REGISTRATION_FIND] = "SELECT " REGISTRATION_COLUMNS " FROM registration"
				   " WHERE subject_id = ?1 AND cert_type = ?2 AND state = 0",
	[READ_REGISTRATION_GET] = "SELECT " REGISTRATION_COLUMNS " FROM registration WHERE id = ?1",
	[READ_SUBJECT_MANAGER] =
		"SELECT manager FROM registration WHERE subject_id = ?1 AND state = 0 LIMIT 1",
	[READ_CERTIFICATE_GET] =
		"SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES " WHERE c.id = ?1",
	[READ_CERTIFICATE_FIND] = "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES
				  " WHERE c.serial = ?1 AND c.ca = ?2",
	[READ_COUNTS] = "SELECT state, n FROM counter WHERE name = ?1",
	[READ_KEY_TAKEN] = KEY_TAKEN_SQL,
	[READ_LIVE_REACHED] = LIVE_REACHED_SQL,
	[READ_TRANSACTION_FIND] = "SELECT " TRANSACTION_COLUMNS " FROM cmp_transaction"
				  " WHERE transaction_id = ?1 AND requester = ?2",
	[READ_TRANSACTION_GET] =
		"SELECT " TRANSACTION_COLUMNS " FROM cmp_transaction WHERE id = ?1",
	[READ_TRANSACTION_SIGNERS] = "SELECT t.requester, s.certificates FROM cmp_transaction t"
				     " LEFT JOIN transaction_signer s ON s.id = t.signer_id"
				     " WHERE t.transaction_id = ?1 AND t.protection = ?2",
	[READ_ANNOUNCEMENT_GET] = "SELECT " ANNOUNCEMENT_COLUMNS " FROM announcement WHERE id = ?1",
	[READ_POP_GET] = "SELECT transaction_id, answer_digest, request FROM pop"
			 " WHERE transaction_id = ?1",
	[READ_KEM_SECRET_FIND] =
		"SELECT id, cmp_transaction_id IS NOT NULL, deadline_ms, requester, transaction_id,"
		" sent_nonce, secret, request, response FROM kem_secret WHERE transaction_id = ?1",
	[READ_KEM_SECRET_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM kem_secret"
				  " WHERE cmp_transaction_id IS NULL LIMIT ?1)",
	[READ_REV_PASSPHRASE_FIND] = "SELECT registration_id, created_ms, reference, secret"
				     " FROM rev_passphrase WHERE reference = ?1",
	[READ_REV_PASSPHRASE_BEFORE] =
		"SELECT registration_id, created_ms, reference, secret"
		" FROM rev_passphrase_before WHERE reference = ?1 AND transaction_id = ?2",
	[READ_ARCHIVED_KEY_GET] = "SELECT certificate_id, created_ms, generated, secret"
				  " FROM archived_key WHERE certificate_id = ?1",
	[READ_TRANSACTION_ITEMS] =
		"SELECT cert_req_id, certificate_id, failinfo, status_text"
		" FROM cmp_transaction_item WHERE transaction_id = ?1 ORDER BY seq",
	[READ_EXCHANGE_GET] = "SELECT " EXCHANGE_COLUMNS " FROM exchange WHERE id = ?1",
	[READ_EXCHANGE_FIND] = "SELECT " EXCHANGE_COLUMNS " FROM exchange"
			       " WHERE certificate_id = ?1 AND kind = ?2 ORDER BY id DESC LIMIT 1",
	[READ_EXCHANGE_MESSAGES] =
		"SELECT seq, sent, der FROM exchange_message WHERE exchange_id = ?1 ORDER BY seq",
	/* What is due, in the order of an index. `+` keeps the index of states out of it. */
	[READ_CERTIFICATE_DUE] = "SELECT id FROM certificate WHERE confirm_by_ms < ?1"
				 " AND +state = 1 ORDER BY confirm_by_ms LIMIT ?2",
	[READ_TRANSACTION_DUE] = "SELECT id FROM cmp_transaction WHERE state = ?1"
				 " AND deadline_ms < ?2 ORDER BY deadline_ms LIMIT ?3",
	[READ_TRANSACTION_OPEN_COUNT] =
		"SELECT count(*) FROM (SELECT 1 FROM cmp_transaction WHERE state IN (0, 1, 4)"
		" AND deadline_ms IS NOT NULL AND requester = ?1 LIMIT ?2)",
	[READ_EXCHANGE_DUE] = "SELECT id FROM exchange WHERE state = 0 AND ca = ?1"
			      " AND next_ms <= ?2 ORDER BY next_ms LIMIT ?3",
	[READ_EXCHANGE_EXPIRED] =
		"SELECT id FROM exchange WHERE state = 0 AND ca = ?1 AND deadline_ms <= ?2"
		" AND next_ms <= ?2 ORDER BY deadline_ms LIMIT ?3",
	[READ_CRL_NEWEST] = "SELECT id, ca, number, this_update_ms, next_update_ms, scheduled_ms,"
			    " changes FROM crl WHERE ca = ?1 ORDER BY number DESC LIMIT 1",
	[READ_CRL_OCTETS] = "SELECT der FROM crl WHERE id = ?1",
	[READ_CRL_CHANGES] = "SELECT newest FROM crl_change WHERE ca = ?1",
	[READ_SEEN] = "SELECT 1 FROM seen WHERE digest = ?1",
	[READ_REVOKED_PAGE] = "SELECT serial, reason, revoked_ms, invalidity_ms FROM certificate"
			      " WHERE ca = ?1 AND revoked_ms IS NOT NULL AND serial < ?2"
			      " AND not_after_ms > ?3 ORDER BY serial DESC LIMIT ?4",
};

struct reader_pool {
	const char *path;
	struct database_files *files;
	pthread_mutex_t lock;
	struct reader *unused; /* under the lock; the one used last comes first */
};

int reader_pool_new(const char *path, struct database_files *files, struct reader_pool **poolp)
{
	struct reader_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pool->path = path;
	pool->files = files;
	pthread_mutex_init(&pool->lock, NULL);
	*poolp = pool;
	return 0;
}

static void reader_free(struct reader *r)
{
	sqlite_db_finalize(r->stmt, READ_STATEMENT_COUNT);
	sqlite_db_close(r->db);
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
	err = sqlite_db_open(pool->path, SQLITE_DB_READER, &r->db);
	if (err < 0)
		return err;
	/* It was opened by its name, which may lead elsewhere by now. */
	err = database_files_check(pool->files);
	if (err < 0)
		return err;
	err = sqlite_db_prepare(r->db, statement_sql, r->stmt, READ_STATEMENT_COUNT);
	if (err < 0)
		return err;
	*readerp = TAKE(r);
	return 0;
}

struct reader *reader_enter(struct store_reader *handle)
{
	struct reader_pool *pool = handle->pool;
	struct reader *r;

	handle->fault = database_files_checked(pool->files);
	if (handle->fault < 0)
		return NULL;
	pthread_mutex_lock(&pool->lock);
	r = pool->unused;
	if (r)
		pool->unused = r->next;
	pthread_mutex_unlock(&pool->lock);
	if (!r)
		handle->fault = reader_new(pool, &r);
	return r;
}

void reader_leave(struct reader *r)
{
	struct reader_pool *pool = r->pool;

	pthread_mutex_lock(&pool->lock);
	r->next = pool->unused;
	pool->unused = r;
	pthread_mutex_unlock(&pool->lock);
}

void store_reader_free(struct store_reader *reader)
{
	free(reader);
}

int reader_step(struct reader *r, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 0;
	return rc == SQLITE_DONE ? STORE_NOT_FOUND : sqlite_db_fault(r->db, "store: read", rc);
}

int reader_first(struct reader *r, const struct binder *b)
{
	if (b->rc != SQLITE_OK)
		return sqlite_db_fault(r->db, "store: bind parameter", b->rc);
	return reader_step(r, b->stmt);
}

int reader_complete(const struct columns *c)
{
	return c->failed ? log_fault("store: read row", -ENOMEM, NULL) : 0;
}

void query_begin(struct query *q, const char *select)
{
	strbuf_add(&q->sql, select);
}

void query_where(struct query *q, const char *condition)
{
	strbuf_add(&q->sql, q->has_condition ? " AND " : " WHERE ");
	strbuf_add(&q->sql, condition);
	q->has_condition = true;
}

static struct query_value *query_value_add(struct query *q)
{
	/* The last one is overwritten rather than memory: then SQLite finds a ? unbound. */
	if (q->len < ARRAY_LEN(q->value))
		q->len++;
	return &q->value[q->len - 1];
}

void query_where_int(struct query *q, const char *condition, int64_t value)
{
	query_where(q, condition);
	*query_value_add(q) = (struct query_value){.kind = QUERY_INT, .number = value};
}

void query_where_text(struct query *q, const char *condition, const char *value)
{
	query_where(q, condition);
	*query_value_add(q) = (struct query_value){.kind = QUERY_TEXT, .text = value};
}

void query_where_bytes(struct query *q, const char *condition, struct bytes value)
{
	query_where(q, condition);
	*query_value_add(q) = (struct query_value){.kind = QUERY_BYTES, .octets = value};
}

void query_end(struct query *q, const char *order, uint32_t limit)
{
	strbuf_printf(&q->sql, " ORDER BY %s", order);
	if (limit > 0)
		strbuf_printf(&q->sql, " LIMIT %u", limit);
}

void query_clear(struct query *q)
{
	strbuf_clear(&q->sql);
}

static int query_prepare(struct reader *r, struct query *q, sqlite3_stmt **stmtp)
{
	struct binder b;
	int rc;

	if (q->sql.failed)
		return log_fault("store: prepare query", -ENOMEM, NULL);
	rc = sqlite3_prepare_v2(r->db, q->sql.text, -1, stmtp, NULL);
	if (rc != SQLITE_OK)
		return sqlite_db_fault(r->db, "store: prepare query", rc);
	b = BINDER(*stmtp);
	for (size_t i = 0; i < q->len; i++) {
		const struct query_value *v = &q->value[i];

		switch (v->kind) {
		case QUERY_INT:
			bind_int(&b, v->number);
			break;
		case QUERY_TEXT:
			bind_text(&b, v->text);
			break;
		case QUERY_BYTES:
			bind_bytes(&b, v->octets);
			break;
		}
	}
	return b.rc == SQLITE_OK ? 0 : sqlite_db_fault(r->db, "store: bind parameter", b.rc);
}

int query_walk(struct store_reader *handle, struct query *q, query_row *row, void *arg)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_finalizep) sqlite3_stmt *stmt = NULL;
	int result = query_prepare(r, q, &stmt);

	if (result < 0)
		return result;
	while ((result = reader_step(r, stmt)) == 0) {
		result = row(arg, stmt);
		if (result != 0)
			return result;
	}
	return result == STORE_NOT_FOUND ? 0 : result;
}
