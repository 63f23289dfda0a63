// SPDX-License-Identifier: Apache-2.0
/*
 * The reading side of the SQLite backend: connections with their prepared statements, stepping
 * them, and queries put together from a filter. What rows mean is in read_*.c.
 *
 * A connection forgets its pages whenever another one has committed. So the threads do not keep one
 * each: every verb borrows the one that was used last, whose pages are the freshest.
 */
#pragma once

#include "base/strbuf.h"
#include "sqlite/database_files.h"
#include "sqlite/sqlite_db.h"
#include "store.h"

enum reader_statement {
	READ_CLIENT_GENERATION,
	READ_REGISTRATION_FIND,
	READ_REGISTRATION_GET,
	READ_SUBJECT_MANAGER,
	READ_CERTIFICATE_GET,
	READ_CERTIFICATE_FIND,
	READ_COUNTS,
	READ_KEY_TAKEN,
	READ_LIVE_REACHED,
	READ_TRANSACTION_FIND,
	READ_TRANSACTION_GET,
	READ_TRANSACTION_SIGNERS,
	READ_TRANSACTION_ITEMS,
	READ_POP_GET,
	READ_KEM_SECRET_FIND,
	READ_KEM_SECRET_COUNT,
	READ_EXCHANGE_GET,
	READ_EXCHANGE_FIND,
	READ_EXCHANGE_MESSAGES,
	READ_CERTIFICATE_DUE,
	READ_TRANSACTION_DUE,
	READ_TRANSACTION_OPEN_COUNT,
	READ_EXCHANGE_DUE,
	READ_EXCHANGE_EXPIRED,
	READ_CRL_NEWEST,
	READ_CRL_OCTETS,
	READ_CRL_CHANGES,
	READ_REVOKED_PAGE,
	READ_SEEN,
	READ_ANNOUNCEMENT_GET,
	READ_REV_PASSPHRASE_FIND,
	READ_REV_PASSPHRASE_BEFORE,
	READ_ARCHIVED_KEY_GET,
	READ_STATEMENT_COUNT,
};

struct reader_pool;

/* A connection; one thread at a time. */
struct reader {
	struct reader_pool *pool;
	struct reader *next; /* among those that nobody uses */
	sqlite3 *db;
	sqlite3_stmt *stmt[READ_STATEMENT_COUNT];
};

/* What a thread holds. */
struct store_reader {
	struct reader_pool *pool;
	int fault; /* why reader_enter() gave NULL */
};

/* path and files are borrowed for the pool's life. */
_must_check_ int reader_pool_new(const char *path, struct database_files *files,
				 struct reader_pool **poolp);
/* All connections have been given back. NULL is fine. */
void reader_pool_free(struct reader_pool *pool);

/* Borrows a connection for one verb. NULL: the fault, which is logged, is in handle->fault. */
struct reader *reader_enter(struct store_reader *handle);
void reader_leave(struct reader *r);
DEFINE_CLEANUP(struct reader, reader_leave);

/* Columns in the order in which read_*.c takes them. */
#define CLIENT_COLUMNS                                                                        \
	"id, name, trust_domain, permissions, register_on_ir, default_profile, trust_anchor," \
	" certificate, subject, mac_reference, mac_secret, created_ms, policy, entity"
#define REGISTRATION_COLUMNS                                                              \
	"id, cert_type, subject_id, handling, manager, trust_domain, ca, profile, state," \
	" created_ms, changed_ms"
#define CERTIFICATE_COLUMNS                                                                       \
	"c.id, c.registration_id, c.state, c.reason, c.revoked_ms, c.confirm_by_ms,"              \
	" c.not_before_ms, c.not_after_ms, c.created_ms, c.ca, c.serial, c.requester, c.subject," \
	" c.key_digest, c.der, r.subject_id, r.cert_type, r.manager, r.trust_domain, r.profile,"  \
	" c.invalidity_ms, c.crl_change"
#define CERTIFICATE_TABLES "certificate c JOIN registration r ON r.id = c.registration_id"
#define TRANSACTION_COLUMNS                                                                \
	"id, state, body_type, protection, implicit_confirm, chain_request, cert_req_id,"  \
	" certificate_id, deadline_ms, created_ms, changed_ms, requester, transaction_id," \
	" request_nonce, sent_nonce, request_digest, status_text, response, n_items,"      \
	" crl_id, crl_at"
#define EXCHANGE_COLUMNS                                                                   \
	"id, kind, state, certificate_id, failinfo, deadline_ms, next_ms, created_ms, ca," \
	" request, refusal"

#define ANNOUNCEMENT_COLUMNS "id, type, created_ms, sender, digest, der"

/* Ends the read transaction of a kept statement when its scope ends; NULL is fine. */
static inline void statement_resetp(sqlite3_stmt **stmt)
{
	sqlite3_reset(*stmt);
}

static inline void statement_finalizep(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
}

/* Steps: 0 with a row, STORE_NOT_FOUND without, or a fault. */
_must_check_ int reader_step(struct reader *r, sqlite3_stmt *stmt);
/* The first step, after the parameters were bound. */
_must_check_ int reader_first(struct reader *r, const struct binder *b);
/* What a row was read into is complete: 0, or -ENOMEM as a fault. */
_must_check_ int reader_complete(const struct columns *c);

/* --- queries from filters --- */

/* SELECT with conditions added as they are needed. Values are borrowed until it was walked. */
struct query {
	struct strbuf sql;
	bool has_condition;
	size_t len;
	struct query_value {
		enum { QUERY_INT, QUERY_TEXT, QUERY_BYTES } kind;
		int64_t number;
		const char *text;
		struct bytes octets;
	} value[12]; /* more than the largest filter has */
};

#define QUERY_NULL ((struct query){.sql = STRBUF_NULL})

void query_begin(struct query *q, const char *select);
/* AND condition, which contains one ? for the value, or none (query_where). */
void query_where(struct query *q, const char *condition);
void query_where_int(struct query *q, const char *condition, int64_t value);
void query_where_text(struct query *q, const char *condition, const char *value);
void query_where_bytes(struct query *q, const char *condition, struct bytes value);
/* ORDER BY order, and LIMIT unless it is 0. */
void query_end(struct query *q, const char *order, uint32_t limit);
void query_clear(struct query *q);

/* Reads the row that stmt stands on and hands it to the caller's function; non-zero ends. */
typedef int query_row(void *arg, sqlite3_stmt *stmt);
/* Runs the query and calls `row` for each row; its non-zero return ends the walk. */
_must_check_ int query_walk(struct store_reader *handle, struct query *q, query_row *row,
			    void *arg);
