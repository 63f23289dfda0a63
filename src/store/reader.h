// SPDX-License-Identifier: Apache-2.0
/*
 * The reading side of the store: connections with their prepared statements, the rows that they
 * give, and lists that are put together from a filter. What rows mean is in records/, which comes
 * before this on the way of a question; the backend's driver comes after.
 *
 * A connection forgets its pages whenever another one has committed. So the threads do not keep one
 * each: every verb borrows the one that was used last, whose pages are the freshest.
 */
#pragma once

#include "ahead.h"
#include "base/strbuf.h"
#include "driver.h"

/* The statements that are kept; a backend has them under the same names. */
enum read_kind {
	READ_CLIENT_GENERATION,
	READ_CREDENTIALS_KNOWN_BY,
	READ_REGISTRATION_FIND,
	READ_REGISTRATION_GET,
	READ_ATTESTER_GET,
	READ_REGISTRATION_BUSY,
	READ_CA_USE_NEXT,
	READ_CA_USED,
	READ_CA_USED_BY_MANAGER,
	READ_REGISTRATION_OF_SUBJECT,
	READ_REGISTRATION_OF_MANAGER,
	READ_ENTITY_MANAGED,
	READ_ENTITY_MANAGED_IN_DOMAIN,
	READ_SUBJECT_TAKEN,
	READ_CERTIFICATE_GET,
	READ_CERTIFICATE_FIND,
	READ_CERTIFICATE_REPLACEMENT,
	READ_HELD_NAME_FIND,
	READ_HELD_NAMES_OF,
	READ_PAST_EXPIRED,
	READ_PAST_ENDED,
	READ_PAST_REGISTRATIONS,
	READ_TRUST_DOMAIN_REGISTRATIONS,
	READ_COUNTS,
	READ_TABLE_COUNTS,
	READ_TOTALS,
	READ_KEY_TAKEN,
	READ_LIVE_REACHED,
	READ_TRANSACTION_FIND,
	READ_TRANSACTION_GET,
	READ_TRANSACTION_SIGNERS,
	READ_TRANSACTION_ITEMS,
	READ_POP_GET,
	READ_KEM_SECRET_FIND,
	READ_KEM_SECRET_COUNT,
	READ_NONCE_FIND,
	READ_NONCE_OF_TRANSACTION,
	READ_NONCE_COUNT,
	READ_NONCE_DUE,
	READ_CSR_GET,
	READ_CSR_FIND,
	READ_CSR_WAITING_COUNT,
	READ_CSR_DECIDED,
	READ_CSR_DUE,
	READ_EXCHANGE_GET,
	READ_EXCHANGE_FIND,
	READ_EXCHANGE_MESSAGES,
	READ_EXCHANGE_ANSWERS,
	READ_CERTIFICATE_DUE,
	READ_TRANSACTION_DUE,
	READ_TRANSACTION_OPEN_COUNT,
	READ_EXCHANGE_DUE,
	READ_EXCHANGE_EXPIRED,
	READ_EXCHANGE_OPEN,
	READ_EXCHANGE_CA_NEXT,
	READ_CRL_NEWEST,
	READ_CRL_OCTETS,
	READ_CRL_CHANGES,
	READ_REVOKED_PAGE,
	READ_SEEN,
	READ_ANNOUNCEMENT_GET,
	READ_REV_PASSPHRASE_FIND,
	READ_REV_PASSPHRASE_BEFORE,
	READ_ARCHIVED_KEY_GET,
	READ_ATTESTATION_GET,
	READ_RESOURCE_KEY,
	READ_SECRET_KEYS,
	READ_SEALED_CREDENTIAL,
	READ_SEALED_KEM_SECRET,
	READ_SEALED_REV_PASSPHRASE,
	READ_SEALED_REV_PASSPHRASE_BEFORE,
	READ_SEALED_ARCHIVED_KEY,
	READ_SEALED_SUBSCRIPTION,
	READ_SEALED_INITIAL_CREDENTIAL,
	READ_EVENTS,
	READ_EVENT_PURGEABLE,
	READ_ENDING,
	READ_ENDING_MARK,
	READ_SUBSCRIPTION_GET,
	READ_SUBSCRIPTION_FIND,
	READ_SUBSCRIPTION_COUNT,
	READ_SUBSCRIPTION_ANY,
	READ_SUBSCRIPTION_DUE,
	READ_SUBSCRIPTION_BACKLOG,
	READ_VNF_FIND,
	READ_VNFM_NEXT,
	READ_VNFC_GET,
	READ_VNFC_LIST,
	READ_VNFC_COUNT,
	READ_VNFC_DUE,
	READ_VNFC_REPLACED,
	READ_INITIAL_CREDENTIAL_FIND,
	READ_INITIAL_CREDENTIAL_GET,
	READ_INITIAL_CREDENTIAL_OF,
	READ_INITIAL_CREDENTIAL_FILES,
	READ_INITIAL_CREDENTIAL_TO_DELIVER,
	READ_INITIAL_CREDENTIAL_UNDELIVERED,
	READ_INITIAL_CREDENTIAL_USED,
	READ_INITIAL_CREDENTIAL_FILES_EXPIRED,
	READ_INITIAL_CREDENTIAL_EXPIRED,
	READ_LCM_SUBSCRIPTION,
	READ_LCM_EVENT_DUE,
	READ_LCM_EVENT_COUNT,
	READ_AUDIT_CHAINS,
	READ_AUDIT_CHAIN_NEWEST,
	READ_AUDIT_CHAIN_AFTER,
	READ_AUDIT_SINCE,
	READ_AUDIT_AT,
	READ_AUDIT_NEWEST,
	READ_AUDIT_SINK,
	READ_DATABASE_STATE,
	READ_NODES,
	READ_LEASES,
	READ_JOB_TAKEN,
	READ_TRANSACTIONS_OF_ID,
	READ_CERTIFICATES_OF_ID,
	READ_REGISTRATIONS_OF_KEY,
	READ_CERTIFICATES_OF_SERIAL,
	READ_CERTIFICATE_IDS_OF_SERIAL,
	READ_REGISTRATIONS_OF_SERIAL,
	READ_KINDS,
};

/*
 * The parts of which queries are put together: LIST_ begins one, WHERE_ is a condition with one
 * value, IF_ one without, ORDER_ an order of rows.
 */
enum query_part {
	LIST_CLIENTS,
	LIST_REGISTRATIONS,
	LIST_CERTIFICATES,
	LIST_TRANSACTIONS,
	LIST_ANNOUNCEMENTS,
	LIST_ARCHIVED_KEYS,
	LIST_AUDIT,
	LIST_CSRS,
	LIST_SUBSCRIPTIONS,
	LIST_VNFS,
	WHERE_CLIENT_AFTER,
	WHERE_CLIENT_NAME,
	WHERE_ID_AFTER,
	WHERE_SUBJECT_KEY,
	WHERE_VNF_INSTANCE,
	WHERE_MANAGER,
	WHERE_TRUST_DOMAIN,
	WHERE_CA,
	WHERE_CERT_TYPE,
	WHERE_PROFILE,
	IF_REGISTERED,
	WHERE_CERTIFICATE_AFTER,
	WHERE_CERTIFICATE_SERIAL,
	WHERE_CERTIFICATE_CA,
	WHERE_CERTIFICATE_REGISTRATION,
	WHERE_CERTIFICATE_SUBJECT_KEY,
	WHERE_CERTIFICATE_SUBJECT_KEY_OF_FEW,
	WHERE_CERTIFICATE_VNF_INSTANCE,
	WHERE_CERTIFICATE_MANAGER,
	WHERE_CERTIFICATE_TRUST_DOMAIN,
	WHERE_CERTIFICATE_CERT_TYPE,
	WHERE_CERTIFICATE_PROFILE,
	WHERE_CERTIFICATE_ENDS_AFTER,
	WHERE_CERTIFICATE_ENDS_BY,
	WHERE_CERTIFICATE_STATE,
	WHERE_CERTIFICATE_STATE_OF_FEW,
	IF_CERTIFICATE_NOT_ACTIVE,
	IF_CERTIFICATE_ACCEPTED,
	WHERE_REQUESTER,
	WHERE_TRANSACTION_CERTIFICATE,
	WHERE_TRANSACTION_ID,
	WHERE_TRANSACTION_STATE,
	IF_TRANSACTION_NOT_DONE,
	WHERE_SUBSCRIPTION_CLIENT,
	WHERE_ACTOR,
	WHERE_ACTION,
	WHERE_TARGET,
	WHERE_OUTCOME,
	WHERE_REQUEST_ID,
	WHERE_TIME_SINCE,
	WHERE_CHAIN,
	WHERE_SENDER,
	WHERE_TYPE,
	WHERE_CSR_AFTER,
	WHERE_CSR_CLIENT,
	WHERE_CSR_TRUST_DOMAIN,
	WHERE_VNF_AFTER,
	WHERE_VNF_VNFM,
	WHERE_VNF_NOT_RESYNC,
	ORDER_ID,
	ORDER_CLIENT,
	ORDER_CERTIFICATE,
	ORDER_CERTIFICATE_NEWEST,
	ORDER_CSR,
	ORDER_VNF,
	QUERY_PARTS
};

/* --- connections --- */

struct generation;
struct reader_pool;

/* What a thread holds. */
struct store_reader {
	struct reader_pool *pool;
	const struct driver *driver;
	struct ahead ahead;
	struct database *database;
	struct generation *clients;
};

/* All of it is borrowed for the pool's life. */
_must_check_ int reader_pool_new(const struct driver *driver, struct database *database,
				 int64_t timeout_ms, struct reader_pool **poolp);
/* All connections have been given back. NULL is fine. */
void reader_pool_free(struct reader_pool *pool);

/* --- rows --- */

/* A row, whose columns are taken one after the other. */
struct row {
	const struct driver *driver;
	struct statement *statement;
	int next;
	bool failed; /* there was no memory for a copy */
};

int64_t row_int(struct row *row);
/* `none` if NULL. */
int64_t row_int_or(struct row *row, int64_t none);
/* Copies, NULL if NULL. */
char *row_text(struct row *row);
struct octets row_octets(struct row *row);
/* Borrowed until the walk goes on. */
struct bytes row_bytes(struct row *row);
/* Octets into an array; the length is cut to max. Returns the length. */
size_t row_array(struct row *row, uint8_t *out, size_t max);
/* All copies were made: 0, or -ENOMEM as a fault. */
_must_check_ int row_complete(const struct row *row);

/* Takes a row; arg is what it goes into, or what a walk is for. Non-zero ends a walk. */
typedef int row_take(struct row *row, void *arg);

/* --- reading --- */

/* The first row of a kept statement: 0, STORE_NOT_FOUND without, what `take` says, or a fault. */
_must_check_ int read_one(struct store_reader *reader, enum read_kind kind,
			  const struct value *values, size_t n, row_take *take, void *arg);
/* Each row; what is not 0 ends the walk, and is the result. */
_must_check_ int read_each(struct store_reader *reader, enum read_kind kind,
			   const struct value *values, size_t n, row_take *take, void *arg);
/* The number in the first column of the first row; `none` without a row. */
_must_check_ int read_number(struct store_reader *reader, enum read_kind kind,
			     const struct value *values, size_t n, int64_t none, int64_t *numberp);
/* Whether there is a row. */
_must_check_ int read_exists(struct store_reader *reader, enum read_kind kind,
			     const struct value *values, size_t n, bool *existsp);

/* --- several questions --- */

struct read_question {
	enum read_kind kind;
	size_t n;
	struct value value[4]; /* n of them */
};
enum { READ_MANY_MAX = DRIVER_ASK_MAX };
/* The first row of the answer to that question; NULL: it has none. */
typedef int answer_take(void *arg, size_t index, struct row *row);
/* At most READ_MANY_MAX questions for one wait, and their answers in this order; what is not 0 ends
 * it, and is the result. */
_must_check_ int read_many(struct store_reader *reader, const struct read_question *questions,
			   size_t n, answer_take *take, void *arg);

/* --- asking ahead --- */

struct reader_question {
	enum read_kind kind;    /* whose parameters are the value and AHEAD_ROWS, or none */
	enum read_kind answers; /* what read_one() will be asked */
	struct value value;     /* TEXT or OCTETS; NULL: it has no parameters */
	bool first;             /* and the first value of what read_one() will be asked */
};

/* Asks all of them in one flight, and forgets what was asked ahead before. */
_must_check_ int reader_ask_ahead(struct store_reader *reader,
				  const struct reader_question *questions, size_t n);

/* --- lists from filters --- */

/* A query whose conditions are added as they are needed. Values are borrowed until it was walked.
 */
struct query {
	struct store_reader *reader;
	struct strbuf sql;
	bool has_condition;
	size_t len;
	struct value value[16]; /* more than the largest filter has */
};

struct query query_begin(struct store_reader *reader, enum query_part list);
/* A query that is no list of a table: of driver.h. */
struct query query_of(struct store_reader *reader, const char *sql);
void query_if(struct query *q, enum query_part condition);
void query_where(struct query *q, enum query_part condition, struct value value);
/* At most `limit` rows, unless it is 0. */
void query_end(struct query *q, enum query_part order, uint32_t limit);
void query_clear(struct query *q);

/* Runs the query and gives each row; what is not 0 ends the walk, and is the result. */
_must_check_ int query_walk(struct query *q, row_take *take, void *arg);
