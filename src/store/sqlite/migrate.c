// SPDX-License-Identifier: Apache-2.0
/* Applying the numbered migrations of schema/sqlite. See migrate.h. */
#include "migrate.h"

#include "asn1/certificate.h"
#include "asn1/dn.h"
#include "asn1/name_key.h"
#include "asn1/spki.h"
#include "audit_hash.h"
#include "base/log.h"
#include "base/name_fold.h"
#include "migration.h"

#include <errno.h>
#include <stdio.h>

/* PRAGMA application_id of our databases: "cmfd"; file(1) shows it. */
enum { APPLICATION_ID = 0x636d6664 };

static const struct migration *newest(void)
{
	return &sqlite_migrations[sqlite_migrations_count - 1];
}

/* The schema version that this program knows. */
static int64_t version_newest(void)
{
	return newest()->number;
}

/* Of a schema that is newer than this program. */
static int needs_check(sqlite3 *db, int64_t version)
{
	char sql[160], detail[120];
	int64_t needs;
	int err;

	snprintf(sql, sizeof(sql),
		 "SELECT ifnull(max(value), %lld) FROM meta WHERE name = 'schema_needs'",
		 (long long)version);
	err = sqlite_db_query_int(db, "read schema version", sql, &needs);
	if (err < 0 || needs <= version_newest())
		return err;
	snprintf(detail, sizeof(detail),
		 "schema version %lld needs a program that knows %lld, this one knows up to %lld",
		 (long long)version, (long long)needs, (long long)version_newest());
	return log_fault("open database", -EPROTO, detail);
}

/* The first migration that is missing in a database of that version; there is one. */
static const struct migration *migration_after(int64_t version)
{
	const struct migration *next = sqlite_migrations;

	while (next->number <= version)
		next++;
	return next;
}

int sqlite_schema_version(sqlite3 *db, int64_t *versionp)
{
	int64_t application, version, objects;
	int err;

	err = sqlite_db_query_int(db, "read schema version", "PRAGMA application_id", &application);
	if (err < 0)
		return err;
	err = sqlite_db_query_int(db, "read schema version", "PRAGMA user_version", &version);
	if (err < 0)
		return err;
	err = sqlite_db_query_int(db, "read schema version", "SELECT count(*) FROM sqlite_schema",
				  &objects);
	if (err < 0)
		return err;
	if (version < 0 ||
	    (application != APPLICATION_ID && (application | version | objects) != 0))
		return log_fault("open database", -EMEDIUMTYPE,
				 "it is an SQLite database of another program");
	*versionp = version;
	return version > version_newest() ? needs_check(db, version) : 0;
}

/* Applies the next migration, if one is missing; *donep if none is. In a transaction. */
static int migrate_one(sqlite3 *db, bool *donep)
{
	const struct migration *next;
	char settings[200];
	int64_t version;
	int err;

	/* Read again under the write lock: another process may be migrating, too. */
	err = sqlite_schema_version(db, &version);
	if (err < 0)
		return err;
	*donep = version >= version_newest();
	if (*donep)
		return 0;
	next = migration_after(version);
	err = sqlite_db_exec(db, next->name, next->sql);
	if (err < 0)
		return err;
	snprintf(settings, sizeof(settings),
		 "PRAGMA application_id = %d; PRAGMA user_version = %u;"
		 "INSERT OR REPLACE INTO meta (name, value) VALUES ('schema_needs', %u)",
		 APPLICATION_ID, next->number, next->needs);
	err = sqlite_db_exec(db, "set schema version", settings);
	if (err < 0)
		return err;
	log_event(LOG_LEVEL_INFO, "schema", F_TEXT("migration", next->name));
	return 0;
}

/* canonical_key_digest(der, otherwise), for 0013 and 0023. */
static void canonical_key_digest(sqlite3_context *context, int n, sqlite3_value **values)
{
	struct bytes der = {sqlite3_value_blob(values[0]), (size_t)sqlite3_value_bytes(values[0])};
	struct certificate_view view;
	uint8_t digest[32];

	if (certificate_view(der, &view) || spki_digest_from_der(view.spki, digest))
		sqlite3_result_value(context, values[1]);
	else
		sqlite3_result_blob(context, digest, sizeof(digest), SQLITE_TRANSIENT);
}

/* subject_hash(text), for 0023: of a name as it is written, no octets without one. */
static void subject_hash(sqlite3_context *context, int n, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	X509_NAME *name = NULL;
	uint8_t hash[DN_HASH_LEN];

	if (!text || dn_parse(text, &name, NULL)) {
		sqlite3_result_zeroblob(context, 0);
		return;
	}
	dn_hash(name, hash);
	X509_NAME_free(name);
	sqlite3_result_blob(context, hash, sizeof(hash), SQLITE_TRANSIENT);
}

/* name_key(name), for 0020. */
static void name_key(sqlite3_context *context, int n, sqlite3_value **values)
{
	struct bytes name = {sqlite3_value_text(values[0]), (size_t)sqlite3_value_bytes(values[0])};
	char *key;

	if (name_fold(name, &key))
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text(context, key, -1, free);
}

/* certificate_name_key(ca, der, place), for 0022: NULL where there are no more. */
static void certificate_name_key(sqlite3_context *context, int n, sqlite3_value **values)
{
	const char *ca = (const char *)sqlite3_value_text(values[0]);
	struct bytes der = {sqlite3_value_blob(values[1]), (size_t)sqlite3_value_bytes(values[1])};
	sqlite3_int64 place = sqlite3_value_int64(values[2]);
	struct name_keys keys = {0};
	int err = ca ? name_keys_of_certificate(ca, der, &keys) : 0;

	if (err == -ENOMEM)
		sqlite3_result_error_nomem(context);
	else if ((size_t)place < keys.len)
		sqlite3_result_blob(context, keys.item[place].octet, NAME_KEY_LEN,
				    SQLITE_TRANSIENT);
	name_keys_clear(&keys);
}

static struct value value_of(sqlite3_value *value)
{
	struct value made = {.kind = VALUE_NULL};

	if (sqlite3_value_type(value) == SQLITE_INTEGER)
		return value_int(sqlite3_value_int64(value));
	if (sqlite3_value_type(value) == SQLITE_TEXT) {
		made.kind = VALUE_TEXT;
		made.data = sqlite3_value_text(value);
		made.len = (size_t)sqlite3_value_bytes(value);
	}
	return made;
}

/* audit_hash(...), for 0036: the hash of the lines of chain 0, whose values it is given in their
 * order. */
static void audit_hash_add(sqlite3_context *context, int n, sqlite3_value **values)
{
	struct store_audit_place *place = sqlite3_aggregate_context(context, sizeof(*place));
	struct value line[AUDIT_VALUES];

	for (int i = 0; i < n; i++)
		line[i] = value_of(values[i]);
	if (!place)
		sqlite3_result_error_nomem(context);
	else if (audit_hash_line(place, line))
		sqlite3_result_error(context, "a line of audit cannot be hashed", -1);
}

static void audit_hash_end(sqlite3_context *context)
{
	const struct store_audit_place *place = sqlite3_aggregate_context(context, sizeof(*place));

	if (place)
		sqlite3_result_blob(context, place->hash, sizeof(place->hash), SQLITE_TRANSIENT);
	else
		sqlite3_result_error_nomem(context);
}

int sqlite_migration_functions(sqlite3 *db)
{
	int rc = sqlite3_create_function(db, "canonical_key_digest", 2,
					 SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
					 canonical_key_digest, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db, "subject_hash", 1,
					     SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, subject_hash,
					     NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db, "name_key", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
					     NULL, name_key, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db, "certificate_name_key", 3,
					     SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
					     certificate_name_key, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function(db, "audit_hash", AUDIT_VALUES, SQLITE_UTF8, NULL,
					     NULL, audit_hash_add, audit_hash_end);
	return rc == SQLITE_OK ? 0 : sqlite_db_fault(db, "define a function", rc);
}

int sqlite_migrate(sqlite3 *db)
{
	int64_t version;
	int err = sqlite_schema_version(db, &version);
	bool done = err == 0 && version >= version_newest();

	if (done && version > version_newest())
		log_event(LOG_LEVEL_WARNING, "schema_newer", F_INT("schema", version),
			  F_INT("known", version_newest()),
			  F_TEXT("effect", "a newer cmfd has migrated the database, and lets this "
					   "one go on"));
	if (err == 0 && !done)
		err = sqlite_migration_functions(db);
	while (err == 0 && !done) {
		err = sqlite_db_exec(db, "migrate", "BEGIN IMMEDIATE");
		if (err < 0)
			return err;
		err = migrate_one(db, &done);
		if (err == 0)
			err = sqlite_db_exec(db, "migrate", "COMMIT");
		/* The caller closes db; what is open then is rolled back. */
	}
	return err;
}

int sqlite_migrated(sqlite3 *db)
{
	int64_t version;
	int err = sqlite_schema_version(db, &version);

	return err == 0 && version < version_newest() ? -EAGAIN : err;
}
