// SPDX-License-Identifier: Apache-2.0
/* A store to test on, and rows to put in. */
#pragma once

#include "backend.h"

#include <check.h>

#define OK(call)       ck_assert_int_eq((call), 0)
#define CONFLICT(call) ck_assert_int_eq((call), STORE_CONFLICT)
#define ABSENT(call)   ck_assert_int_eq((call), STORE_NOT_FOUND)

/* Records have char * since reading fills them with owned text; inserting only borrows. */
#define TEXT(literal)   (char *)(literal)
#define OCTETS(literal) ((struct octets){(uint8_t *)(literal), sizeof(literal) - 1})
#define VIEW(literal)   ((struct bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

struct fixture {
	const struct store_backend *backend;
	char *database;
	struct store_options options;
	struct store *store;
	struct store_reader *reader;
	struct store_unit *unit;
};

/* A new database on backends[index], open. */
void fixture_begin(struct fixture *f, int index);
/* Checks the database's integrity and how its statements were planned, closes and removes it. */
void fixture_end(struct fixture *f);
/* The two halves, for tests that need it closed. */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);

/* Rows with all fields set. `subject`, `serial` and `id` tell them apart and are borrowed. */
struct store_client sample_client(const char *name);
struct store_registration sample_registration(const char *subject_id);
/* The entity that such a registration is of. */
#define ENTITY(subject_id) (&(const struct store_entity){"domain-a", "", subject_id})
/* serial: a number, stored as 8 octets; 0: none (REQUESTED). */
struct store_certificate sample_certificate(int64_t registration_id, uint64_t serial);
struct store_transaction sample_transaction(struct octets transaction_id);
struct store_exchange sample_exchange(int64_t certificate_id);

/* Insert and commit; return the id. */
int64_t put_registration(struct fixture *f, const struct store_registration *reg);
int64_t put_certificate(struct fixture *f, const struct store_certificate *cert);
int64_t put_transaction(struct fixture *f, const struct store_transaction *txn);
int64_t put_exchange(struct fixture *f, const struct store_exchange *exchange);

/* An audit row for the unit. */
void add_audit(struct store_unit *unit);

/* So many chains, with chain 0, and lines are there, and each line is as its chain says. */
void audit_chains_check(struct fixture *f, int64_t n_chains, int64_t n_lines);

/* The program that test_crash.c kills: test_store CRASH_CHILD DATABASE FIRST THREADS PIPE. */
#define CRASH_CHILD "--commit-until-killed"
int crash_child(char **args);

/* The program that test_sqlite_served.c kills: test_store SERVED_CHILD DATABASE. */
#define SERVED_CHILD "--serve-until-killed"
int served_child(char **args);

/* The parts of the suite, one a file. */
TCase *ahead_cases(void);
TCase *announcement_cases(void);
TCase *audit_cases(void);
TCase *client_cases(void);
TCase *registration_cases(void);
TCase *certificate_cases(void);
TCase *transaction_cases(void);
TCase *csr_cases(void);
TCase *direct_cases(void);
TCase *pop_cases(void);
TCase *kem_secret_cases(void);
TCase *lcm_cases(void);
TCase *node_cases(void);
TCase *nonce_cases(void);
TCase *event_cases(void);
TCase *exchange_cases(void);
TCase *retention_cases(void);
TCase *rev_passphrase_cases(void);
TCase *resource_key_cases(void);
TCase *secret_key_cases(void);
TCase *archived_key_cases(void);
TCase *attestation_cases(void);
TCase *taken_cases(void);
TCase *held_name_cases(void);
TCase *unit_cases(void);
TCase *concurrency_cases(void);
TCase *two_writers_cases(void);
TCase *crash_cases(void);
TCase *sqlite_file_cases(void);
TCase *sqlite_fault_cases(void);
TCase *sqlite_wal_vfs_cases(void);
TCase *sqlite_plan_cases(void);
TCase *sqlite_ready_cases(void);
TCase *sqlite_served_cases(void);
TCase *sqlite_shrink_cases(void);
TCase *sqlite_memory_cases(void);
TCase *sqlite_wal_cases(void);
TCase *postgresql_cases(void);
TCase *postgresql_server_cases(void);
TCase *postgresql_schema_cases(void);
