// SPDX-License-Identifier: Apache-2.0
/* What only the SQLite backend has: its files, their mode, and their schema version. */
#include "fixture.h"

#include "../../src/store/migration.h"
#include "../../src/store/sqlite/migrate.h"
#include "asn1/dn.h"
#include "base/strbuf.h"
#include "store/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void sqlite_begin(struct fixture *f)
{
	*f = (struct fixture){.backend = &backend_sqlite};
	f->database = f->backend->database_new();
	f->options = (struct store_options){.database = f->database, .batch_max = 16};
}

static void assert_mode_0600(const char *database, const char *suffix)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", database, suffix);
	OK(stat(path, &st));
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}

START_TEST(test_files_are_the_owners_alone)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct fixture f;

	sqlite_begin(&f);
	umask(0);
	OK(store_create(&f.options));
	assert_mode_0600(f.database, "");
	fixture_open(&f);
	put_registration(&f, &reg);
	assert_mode_0600(f.database, "");
	assert_mode_0600(f.database, "-wal");
	assert_mode_0600(f.database, "-shm");
	fixture_end(&f);
}
END_TEST

#define STRINGIFY_(x) #x
#define STRINGIFY(x)  STRINGIFY_(x)

START_TEST(test_settings_of_the_database)
{
	static const struct {
		const char *sql;
		const char *expected;
	} settings[] = {
		{"PRAGMA journal_mode", "wal"},
		{"PRAGMA application_id", "1668114020"}, /* "cmfd" */
		/* the number of the last migration in schema/sqlite */
		{"PRAGMA user_version", STRINGIFY(SCHEMA_NEWEST)},
		{"PRAGMA page_size", "4096"},
		{"PRAGMA auto_vacuum", "2"}, /* incremental */
	};
	struct fixture f;
	sqlite3 *db;

	sqlite_begin(&f);
	OK(store_create(&f.options));
	fixture_open(&f);
	OK(sqlite3_open(f.database, &db));
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		sqlite3_stmt *stmt;

		OK(sqlite3_prepare_v2(db, settings[i].sql, -1, &stmt, NULL));
		ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
		ck_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), settings[i].expected);
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
	fixture_end(&f);
}
END_TEST

START_TEST(test_close_leaves_one_file)
{
	struct store_registration reg = sample_registration("vnfci-1");
	char wal[512];
	struct fixture f;

	sqlite_begin(&f);
	OK(store_create(&f.options));
	fixture_open(&f);
	put_registration(&f, &reg);
	fixture_close(&f);
	snprintf(wal, sizeof(wal), "%s-wal", f.database);
	ck_assert_int_eq(access(wal, F_OK), -1);
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

/* A refused database is not changed in one octet. */
static void assert_refused(struct fixture *f, int expected)
{
	_cleanup_(octets_clear) struct octets before = {0}, after = {0};

	OK(file_read(f->database, 1 << 24, &before));
	ck_assert_int_eq(store_open(&f->options, &f->store), expected);
	OK(file_read(f->database, 1 << 24, &after));
	ck_assert(bytes_equal(octets_view(&before), octets_view(&after)));
}

START_TEST(test_newer_database_is_not_changed)
{
	struct fixture f;

	sqlite_begin(&f);
	OK(store_create(&f.options));
	f.backend->database_make_newer(f.database, 9999);
	assert_refused(&f, -EPROTO);
	f.backend->database_drop(f.database);
}
END_TEST

START_TEST(test_database_of_something_else_is_not_changed)
{
	struct fixture f;
	sqlite3 *db;

	sqlite_begin(&f);
	OK(sqlite3_open(f.database, &db));
	OK(sqlite3_exec(db, "CREATE TABLE client (id)", NULL, NULL, NULL));
	OK(sqlite3_close(db));
	assert_refused(&f, -EMEDIUMTYPE);
	f.backend->database_drop(f.database);
}
END_TEST

START_TEST(test_file_that_is_no_database)
{
	struct fixture f;

	sqlite_begin(&f);
	OK(file_write_durable(f.database, VIEW("This is not a database, not by a long way."),
			      0600));
	ck_assert_int_eq(store_open(&f.options, &f.store), -EUCLEAN);
	f.backend->database_drop(f.database);
}
END_TEST

/* The oldest schema there is: none. */
START_TEST(test_empty_database_is_migrated)
{
	struct fixture f;
	int fd;

	sqlite_begin(&f);
	fd = open(f.database, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fixture_open(&f);
	fixture_end(&f);
}
END_TEST

#define REGISTRATION                                                              \
	"INSERT INTO registration (id, cert_type, subject_id, handling, manager," \
	" trust_domain, ca, profile, state, created_ms, changed_ms) VALUES "

static void database_exec(const char *database, const char *sql)
{
	sqlite3 *db;

	OK(sqlite3_open(database, &db));
	OK(sqlite_migration_functions(db));
	OK(sqlite3_exec(db, sql, NULL, NULL, NULL));
	OK(sqlite3_close(db));
}

/* What fixture_end() relies on in every test: a counter that is off is found. */
START_TEST(test_counter_that_is_off)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert;
	struct fixture f;

	fixture_begin(&f, 0);
	cert = sample_certificate(put_registration(&f, &reg), 1);
	put_certificate(&f, &cert);
	OK(store_integrity_check(f.reader));
	database_exec(f.database, "UPDATE counter SET n = n + 1 WHERE name = 'certificate'");
	ck_assert_int_eq(store_integrity_check(f.reader), -EUCLEAN);
	database_exec(f.database, "UPDATE counter SET n = n - 1 WHERE name = 'certificate'");
	database_exec(f.database, "DELETE FROM counter WHERE name = 'cmp_transaction'");
	OK(store_integrity_check(f.reader));
	database_exec(f.database, "UPDATE trust_domain SET registrations = registrations + 1");
	ck_assert_int_eq(store_integrity_check(f.reader), -EUCLEAN);
	database_exec(f.database, "DELETE FROM trust_domain");
	ck_assert_int_eq(store_integrity_check(f.reader), -EUCLEAN);
	database_exec(f.database, "INSERT INTO trust_domain SELECT trust_domain, count(*)"
				  " FROM registration WHERE state = 0 GROUP BY trust_domain");
	OK(store_integrity_check(f.reader));
	fixture_end(&f);
}
END_TEST

/* A database from before there were counters: they begin with what it has. */
START_TEST(test_counters_of_an_older_database)
{
	char version[40];
	int64_t counts[STORE_CERT_STATE_COUNT], transactions[5];
	struct fixture f;
	unsigned i;

	sqlite_begin(&f);
	for (i = 0; !strstr(sqlite_migrations[i].name, "counter"); i++)
		database_exec(f.database, sqlite_migrations[i].sql);
	database_exec(f.database, REGISTRATION "(1, 1, 'a', 1, 'm', 'd', 'ca', 'p', 0, 1, 1)");
	for (int state = 0; state < 7; state++) {
		char sql[400];

		/* state + 1 certificates of each state, and so many transactions */
		snprintf(
			sql, sizeof(sql),
			"WITH RECURSIVE c (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < "
			"%d) INSERT INTO certificate (registration_id, state, not_before_ms,"
			" not_after_ms, created_ms, ca, requester, key_digest) SELECT 1, %d, 1, 2,"
			" 1, 'ca', 'r', x'00' FROM c",
			state, state);
		database_exec(f.database, sql);
		if (state > STORE_TXN_AWAIT_POP)
			continue;
		snprintf(sql, sizeof(sql),
			 "INSERT INTO cmp_transaction (state, body_type, protection,"
			 " implicit_confirm, chain_request, cert_req_id, created_ms, changed_ms,"
			 " requester, transaction_id, request_digest) VALUES (%d, 0, 1, 0, 0, 0, 1,"
			 " 1, 'r', x'%02d', x'00')",
			 state, state);
		database_exec(f.database, sql);
	}
	snprintf(version, sizeof(version), "PRAGMA user_version = %u",
		 sqlite_migrations[i - 1].number);
	database_exec(f.database, version);
	database_exec(f.database, "PRAGMA application_id = 1668114020");
	fixture_open(&f);
	OK(store_certificate_counts(f.reader, counts));
	for (int state = 0; state < STORE_CERT_STATE_COUNT; state++)
		ck_assert_int_eq(counts[state], state + 1);
	OK(store_transaction_counts(f.reader, transactions));
	for (int state = 0; state < 5; state++)
		ck_assert_int_eq(transactions[state], 1);
	fixture_end(&f);
}
END_TEST

/* A certificate with that key, whose point is encoded that way, and a digest to compare with. */
static struct octets certificate_of(EVP_PKEY *key, const char *format)
{
	X509 *cert = X509_new();
	struct octets der = {0};
	int len;

	ck_assert_int_gt(EVP_PKEY_set_utf8_string_param(key, "point-format", format), 0);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	ck_assert_int_eq(X509_set_pubkey(cert, key), 1);
	ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
	len = i2d_X509(cert, &der.data);
	ck_assert_int_gt(len, 0);
	der.len = (size_t)len;
	X509_free(cert);
	return der;
}

static void digest_of(EVP_PKEY *key, const char *format, uint8_t digest[32])
{
	unsigned char *der = NULL;
	int len;

	ck_assert_int_gt(EVP_PKEY_set_utf8_string_param(key, "point-format", format), 0);
	len = i2d_PUBKEY(key, &der);
	ck_assert_int_gt(len, 0);
	SHA256(der, (size_t)len, digest);
	OPENSSL_free(der);
}

/* The database as it was before the migration of that name. */
static sqlite3 *database_before(const char *database, const char *migration)
{
	char pragmas[100];
	sqlite3 *db;
	unsigned i;

	OK(sqlite3_open(database, &db));
	OK(sqlite_migration_functions(db));
	for (i = 0; !strstr(sqlite_migrations[i].name, migration); i++)
		OK(sqlite3_exec(db, sqlite_migrations[i].sql, NULL, NULL, NULL));
	snprintf(pragmas, sizeof(pragmas),
		 "PRAGMA application_id = 1668114020; PRAGMA user_version = %u",
		 sqlite_migrations[i - 1].number);
	OK(sqlite3_exec(db, pragmas, NULL, NULL, NULL));
	OK(sqlite3_exec(db, REGISTRATION "(1, 1, 'x', 0, 'm', 'd', 'c', 'p', 0, 0, 0)", NULL, NULL,
			NULL));
	return db;
}

static void row_insert(sqlite3 *db, int id, struct octets der, const uint8_t digest[32])
{
	sqlite3_stmt *stmt;

	OK(sqlite3_prepare_v2(db,
			      "INSERT INTO certificate (id, registration_id, state, not_before_ms,"
			      " not_after_ms, created_ms, ca, requester, key_digest, der)"
			      " VALUES (?, 1, 2, 0, 0, 0, 'c', 'r', ?, ?)",
			      -1, &stmt, NULL));
	OK(sqlite3_bind_int(stmt, 1, id));
	OK(sqlite3_bind_blob(stmt, 2, digest, 32, SQLITE_STATIC));
	OK(sqlite3_bind_blob(stmt, 3, der.data, (int)der.len, SQLITE_STATIC));
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_DONE);
	OK(sqlite3_finalize(stmt));
}

static void assert_digest(struct fixture *f, int64_t id, const uint8_t digest[32])
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};

	OK(store_certificate_get(f->reader, id, &cert));
	ck_assert_mem_eq(cert.key_digest, digest, 32);
}

/* RFC 5480 2.2: a compressed point is the same key; what is sealed for a digest keeps it. */
START_TEST(test_key_digests_of_before)
{
	EVP_PKEY *key = EVP_EC_gen("P-384");
	uint8_t compressed[32], whole[32];
	_cleanup_(octets_clear) struct octets short_der = certificate_of(key, "compressed"),
					      long_der = certificate_of(key, "uncompressed");
	struct fixture f;
	sqlite3 *db;

	digest_of(key, "compressed", compressed);
	digest_of(key, "uncompressed", whole);
	sqlite_begin(&f);
	db = database_before(f.database, "keys-and-names");
	row_insert(db, 1, short_der, compressed);
	row_insert(db, 2, long_der, whole);
	row_insert(db, 3, short_der, compressed);
	row_insert(db, 4, OCTETS("06072a8648ce3d020106052b81040022033200"), compressed);
	OK(sqlite3_exec(db, "INSERT INTO archived_key VALUES (3, 1, 0, x'00')", NULL, NULL, NULL));
	OK(sqlite3_close(db));
	fixture_open(&f);
	assert_digest(&f, 1, whole);
	assert_digest(&f, 2, whole);
	assert_digest(&f, 3, compressed);
	assert_digest(&f, 4, compressed);
	fixture_end(&f);
	EVP_PKEY_free(key);
}
END_TEST

static int chain_zero(void *arg, const struct store_audit_chain *chain)
{
	*(struct store_audit_chain *)arg = *chain;
	return 0;
}

static int line_step(void *arg, const struct store_audit *line)
{
	ck_assert_int_eq(line->chain, 0);
	ck_assert_uint_eq(line->hash.len, 0);
	return store_audit_step(arg, line);
}

/* What there was is chain 0, which the first chain goes on from. */
START_TEST(test_audit_of_before)
{
	const struct store_audit_filter all = {.limit = 10};
	struct store_audit_chain chain;
	struct store_audit_place place;
	struct fixture f;
	sqlite3 *db;

	sqlite_begin(&f);
	db = database_before(f.database, "audit-chain");
	OK(sqlite3_exec(db,
			"INSERT INTO audit (time_ms, actor, action, target)"
			" VALUES (1, 'vnfm-a', 'register', 'x')",
			NULL, NULL, NULL));
	OK(sqlite3_exec(db,
			"INSERT INTO audit (time_ms, actor, action, target, detail, uid)"
			" VALUES (2, 'cmfctl', 'revoke', 'x', '0a', 0)",
			NULL, NULL, NULL));
	OK(sqlite3_close(db));
	fixture_open(&f);
	OK(store_audit_chains(f.reader, chain_zero, &chain));
	ck_assert_int_eq(chain.id, 0);
	ck_assert_int_eq(chain.last.sequence, 2);
	OK(store_audit_begin(&chain, &place));
	OK(store_audit_list(f.reader, &all, line_step, &place));
	ck_assert_int_eq(place.sequence, 2);
	ck_assert_mem_eq(place.hash, chain.last.hash, sizeof(place.hash));
	fixture_end(&f);
}
END_TEST

/* A certificate of that registration with the subject CN=name. */
static void named_insert(sqlite3 *db, int id, int registration_id, int state, const char *name,
			 const char *not_after_ms)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	char sql[256];
	unsigned char *der = NULL;
	sqlite3_stmt *stmt;
	int len;

	ck_assert_int_eq(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
						    MBSTRING_UTF8, (const unsigned char *)name, -1,
						    -1, 0),
			 1);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), id);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	ck_assert_int_eq(X509_set_pubkey(cert, key), 1);
	ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
	len = i2d_X509(cert, &der);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO certificate (id, registration_id, state, not_before_ms, not_after_ms,"
		 " created_ms, ca, requester, key_digest, der)"
		 " VALUES (%d, %d, %d, 0, %s, 0, 'c', 'r', x'00', ?)",
		 id, registration_id, state, not_after_ms);
	OK(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
	OK(sqlite3_bind_blob(stmt, 1, der, len, SQLITE_STATIC));
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_DONE);
	OK(sqlite3_finalize(stmt));
	OPENSSL_free(der);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* The certificate that holds the name CN=name under the CA "c". */
static int64_t holder_of(struct fixture *f, const char *name)
{
	X509_NAME *subject = X509_NAME_new();
	struct name_keys keys = {0};
	unsigned char *der = NULL;
	int64_t id = 0;
	int err, len;

	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
				   -1, 0);
	len = i2d_X509_NAME(subject, &der);
	OK(name_keys_of("c", (struct bytes){der, (size_t)len}, BYTES_NULL, &keys));
	ck_assert_uint_eq(keys.len, 1);
	err = store_held_name_find(f->reader, &keys.item[0], &id);
	ck_assert(err == 0 || err == STORE_NOT_FOUND);
	name_keys_clear(&keys);
	OPENSSL_free(der);
	X509_NAME_free(subject);
	return id;
}

/* Names of certificates of before are held by whoever has the newest valid one. */
START_TEST(test_names_of_before)
{
	static const char later[] = "(unixepoch() + 1000) * 1000", past[] = "1000";
	struct fixture f;
	int64_t n;
	sqlite3 *db;

	sqlite_begin(&f);
	db = database_before(f.database, "held-name");
	named_insert(db, 1, 1, STORE_CERT_ACTIVE, "one", later);
	named_insert(db, 2, 1, STORE_CERT_ACTIVE, "ONE", later);
	named_insert(db, 3, 1, STORE_CERT_REVOKED, "one", later);
	named_insert(db, 4, 1, STORE_CERT_REVOKED, "two", later);
	named_insert(db, 5, 1, STORE_CERT_ACTIVE, "three", past);
	named_insert(db, 6, 1, STORE_CERT_ON_HOLD, "four", later);
	named_insert(db, 7, 1, STORE_CERT_PENDING, "five", later);
	OK(sqlite3_exec(db,
			"INSERT OR REPLACE INTO counter VALUES ('certificate', 1, 1);"
			"INSERT OR REPLACE INTO counter VALUES ('certificate', 2, 3);"
			"INSERT OR REPLACE INTO counter VALUES ('certificate', 3, 2);"
			"INSERT OR REPLACE INTO counter VALUES ('certificate', 6, 1);",
			NULL, NULL, NULL));
	OK(sqlite3_close(db));
	fixture_open(&f);
	ck_assert_int_eq(holder_of(&f, "one"), 2);
	ck_assert_int_eq(holder_of(&f, "two"), 0);
	ck_assert_int_eq(holder_of(&f, "three"), 0);
	ck_assert_int_eq(holder_of(&f, "four"), 6);
	ck_assert_int_eq(holder_of(&f, "five"), 7);
	OK(store_trust_domain_registrations(f.reader, "d", &n));
	ck_assert_int_eq(n, 1);
	fixture_end(&f);
}
END_TEST

static void assert_reason(struct fixture *f, int64_t id, int cert_req_id, int reason)
{
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};

	OK(store_transaction_get(f->reader, id, &txn));
	ck_assert_int_eq(txn.cert_req_id, cert_req_id);
	ck_assert_int_eq(txn.reason, reason);
}

/* An rr (11) that waits goes on with its reasonCode; an ir (0) keeps its certReqId. */
START_TEST(test_reasons_of_before)
{
#define TRANSACTION                                                                                \
	"INSERT INTO cmp_transaction (id, transaction_id, body_type, cert_req_id, n_items, state," \
	" protection, implicit_confirm, chain_request, created_ms, changed_ms, requester,"         \
	" request_digest) "
#define AWAITED ", 0, 0, 0, 0, 0, 0, 'r', x'00')"
#define ITEM    "INSERT INTO cmp_transaction_item (transaction_id, seq, cert_req_id, failinfo) "
	static const char *const rows[] = {
		TRANSACTION "VALUES (1, x'01', 11, 4, 0" AWAITED,
		TRANSACTION "VALUES (2, x'02', 0, 4, 0" AWAITED,
		TRANSACTION "VALUES (3, x'03', 11, 1, 2" AWAITED,
		ITEM "VALUES (3, 0, 1, -1)",
		ITEM "VALUES (3, 1, 6, -1)",
		"INSERT INTO counter VALUES ('cmp_transaction', 0, 3)",
	};
	_cleanup_(store_transaction_items_clear) struct store_transaction_items items = {0};
	struct fixture f;
	sqlite3 *db;

	sqlite_begin(&f);
	db = database_before(f.database, "-reason");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		OK(sqlite3_exec(db, rows[i], NULL, NULL, NULL));
	OK(sqlite3_close(db));
	fixture_open(&f);
	assert_reason(&f, 1, 0, 4);
	assert_reason(&f, 2, 4, STORE_REASON_NONE);
	assert_reason(&f, 3, 0, 1);
	OK(store_transaction_items_get(f.reader, 3, &items));
	ck_assert_uint_eq(items.len, 2);
	ck_assert_int_eq(items.item[0].reason, 1);
	ck_assert_int_eq(items.item[1].reason, STORE_REASON_HOLD);
	fixture_end(&f);
}
END_TEST

static int client_print(void *arg, struct store_client *client)
{
	struct strbuf *out = arg;

	strbuf_printf(out, "%lld %s %s:", (long long)client->id, client->name,
		      client->entity ? client->entity : "-");
	for (size_t i = 0; i < client->n_credentials; i++) {
		const struct store_credential *c = &client->credentials[i];

		strbuf_printf(out, " %d %.*s %s %.*s", c->kind,
			      c->kind == STORE_CREDENTIAL_SECRET ? (int)c->known_by.len : 0,
			      (const char *)c->known_by.data, c->subject ? c->subject : "-",
			      c->kind == STORE_CREDENTIAL_CERTIFICATE ? 0 : (int)c->content.len,
			      (const char *)c->content.data);
	}
	strbuf_add(out, "\n");
	return 0;
}

static int named_add(void *arg, const struct store_credential *c, const char *client)
{
	strbuf_add(arg, client);
	return 0;
}

/* Each client of before has its one credential, sealed as it was, and is found by it. */
START_TEST(test_clients_of_before)
{
	static const char clients[] =
		"INSERT INTO client (id, name, trust_domain, permissions, register_on_ir, policy,"
		" entity, trust_anchor, subject, mac_reference, mac_secret, created_ms) VALUES"
		" (3, 'anchor', 'd', 1, 0, 'p', 'e', CAST('PEM' AS BLOB), '/CN=VNFM  a', NULL,"
		" NULL, 5),"
		" (4, 'any', 'd', 1, 0, NULL, NULL, CAST('PEM' AS BLOB), NULL, NULL, NULL, 5),"
		" (7, 'mac', 'd', 1, 0, NULL, NULL, NULL, NULL, 'ref-1', CAST('sealed' AS BLOB),"
		" 5);"
		"INSERT INTO client (id, name, trust_domain, permissions, register_on_ir,"
		" trust_anchor, certificate, created_ms) VALUES (8, 'exact', 'd', 1, 0,"
		" CAST('PEM' AS BLOB), ?, 5)";
	EVP_PKEY *key = EVP_EC_gen("P-256");
	_cleanup_(octets_clear) struct octets der = certificate_of(key, "uncompressed");
	_cleanup_(strbuf_clear) struct strbuf listed = STRBUF_NULL, found = STRBUF_NULL;
	uint8_t digest[32], hash[DN_HASH_LEN];
	int64_t before, after;
	X509_NAME *name;
	sqlite3_stmt *stmt;
	const char *rest;
	struct fixture f;
	sqlite3 *db;

	digest_of(key, "uncompressed", digest);
	sqlite_begin(&f);
	db = database_before(f.database, "-credential");
	OK(sqlite3_prepare_v2(db, clients, -1, &stmt, &rest));
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_DONE);
	OK(sqlite3_finalize(stmt));
	OK(sqlite3_prepare_v2(db, rest, -1, &stmt, NULL));
	OK(sqlite3_bind_blob(stmt, 1, der.data, (int)der.len, SQLITE_STATIC));
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_DONE);
	OK(sqlite3_finalize(stmt));
	OK(sqlite3_close(db));
	fixture_open(&f);
	OK(store_client_list(f.reader, 0, client_print, &listed));
	ck_assert_str_eq(listed.text, "3 anchor e: 1  /CN=VNFM  a PEM\n"
				      "4 any -: 1  - PEM\n"
				      "7 mac -: 0 ref-1 - sealed\n"
				      "8 exact -: 2  - \n");
	/* RFC 5280 7.1: written otherwise it is the same name. */
	OK(dn_parse("/CN=vnfm A", &name, NULL));
	dn_hash(name, hash);
	X509_NAME_free(name);
	OK(store_credentials_known_by(f.reader, STORE_CREDENTIAL_ANCHOR, BYTES_OF(hash), named_add,
				      &found));
	OK(store_credentials_known_by(f.reader, STORE_CREDENTIAL_CERTIFICATE, BYTES_OF(digest),
				      named_add, &found));
	ck_assert_str_eq(found.text, "anchorexact");
	/* Changes are counted as before. */
	OK(store_client_generation(f.reader, &before));
	OK(store_client_remove(f.unit, "any"));
	OK(store_unit_commit(f.unit));
	OK(store_client_generation(f.reader, &after));
	ck_assert_int_ne(before, after);
	fixture_end(&f);
	EVP_PKEY_free(key);
}
END_TEST

static void assert_entity(struct fixture *f, const char *subject_id, int64_t id)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};

	OK(store_registration_find(f->reader, &(struct store_entity){"d", "", subject_id},
				   CERT_TYPE_VNFCI, &reg));
	ck_assert_int_eq(reg.id, id);
	ck_assert_str_eq(reg.vnf_instance, "");
}

/* What was registered is in no VNF instance; what names compare as is found. */
START_TEST(test_entities_of_before)
{
	static const char *const rows[] = {
		"(2, 1, 'Vnfci-2', 1, 'm', 'd', 'c', 'p', 0, 0, 0)",
		"(3, 1, 'vnfci-2', 1, 'm', 'd', 'c', 'p', 1, 0, 0)", /* deregistered */
		/* Two names until now. */
		"(4, 1, 'xn--bcher-kva', 1, 'm', 'd', 'c', 'p', 0, 0, 0)",
		"(5, 1, 'host', 1, 'm', 'd', 'c', 'p', 0, 0, 0)",
		"(6, 1, 'Host.', 1, 'm', 'd', 'c', 'p', 0, 0, 0)",
		"(7, 2, 'host..', 1, 'n', 'd', 'c', 'p', 0, 0, 0)",
		"(8, 2, 'host...', 1, 'm', 'd', 'c', 'p', 0, 0, 0)",
		"(9, 1, 'host....', 1, 'm', 'other', 'c', 'p', 0, 0, 0)",
	};
	struct store_registration reg = sample_registration("host");
	struct fixture f;
	sqlite3 *db;

	sqlite_begin(&f);
	db = database_before(f.database, "vnf-instance");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *sql = sqlite3_mprintf(REGISTRATION "%s", rows[i]);

		OK(sqlite3_exec(db, sql, NULL, NULL, NULL));
		sqlite3_free(sql);
	}
	OK(sqlite3_close(db));
	fixture_open(&f);
	assert_entity(&f, "x", 1);
	assert_entity(&f, "VNFCI-2", 2);
	assert_entity(&f,
		      "b\xc3\xbc"
		      "cher",
		      4);
	assert_entity(&f, "HOST", 5);
	/* The first has the name; who has another cannot take it, but goes on by its id. */
	reg.trust_domain = TEXT("d");
	reg.cert_type = CERT_TYPE_VNF_OAM;
	reg.manager = TEXT("n");
	OK(store_registration_insert(f.unit, &reg, NULL));
	CONFLICT(store_unit_commit(f.unit));
	for (int64_t id = 6; id <= 7; id++)
		OK(store_registration_deregister(f.unit, id, 1));
	OK(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

TCase *sqlite_file_cases(void)
{
	TCase *tc = tcase_create("sqlite_file");

	tcase_add_test(tc, test_files_are_the_owners_alone);
	tcase_add_test(tc, test_settings_of_the_database);
	tcase_add_test(tc, test_close_leaves_one_file);
	tcase_add_test(tc, test_newer_database_is_not_changed);
	tcase_add_test(tc, test_database_of_something_else_is_not_changed);
	tcase_add_test(tc, test_file_that_is_no_database);
	tcase_add_test(tc, test_empty_database_is_migrated);
	tcase_add_test(tc, test_counter_that_is_off);
	tcase_add_test(tc, test_counters_of_an_older_database);
	tcase_add_test(tc, test_key_digests_of_before);
	tcase_add_test(tc, test_names_of_before);
	tcase_add_test(tc, test_reasons_of_before);
	tcase_add_test(tc, test_clients_of_before);
	tcase_add_test(tc, test_entities_of_before);
	tcase_add_test(tc, test_audit_of_before);
	return tc;
}
