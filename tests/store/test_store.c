// SPDX-License-Identifier: Apache-2.0
/*
 * The conformance suite of store.h: what every backend must do. The cases loop over `backends`;
 * what only one backend has (files, its faults) is in a file of that backend's.
 */
#include "fixture.h"

#include "base/log.h"
#include "plan.h"
#include "suite.h"

#include <string.h>

static Suite *store_suite(void)
{
	Suite *suite = suite_create("store");

	suite_add_tcase(suite, client_cases());
	suite_add_tcase(suite, ahead_cases());
	suite_add_tcase(suite, announcement_cases());
	suite_add_tcase(suite, audit_cases());
	suite_add_tcase(suite, registration_cases());
	suite_add_tcase(suite, certificate_cases());
	suite_add_tcase(suite, transaction_cases());
	suite_add_tcase(suite, csr_cases());
	suite_add_tcase(suite, direct_cases());
	suite_add_tcase(suite, pop_cases());
	suite_add_tcase(suite, kem_secret_cases());
	suite_add_tcase(suite, lcm_cases());
	suite_add_tcase(suite, node_cases());
	suite_add_tcase(suite, nonce_cases());
	suite_add_tcase(suite, event_cases());
	suite_add_tcase(suite, exchange_cases());
	suite_add_tcase(suite, resource_key_cases());
	suite_add_tcase(suite, retention_cases());
	suite_add_tcase(suite, secret_key_cases());
	suite_add_tcase(suite, rev_passphrase_cases());
	suite_add_tcase(suite, archived_key_cases());
	suite_add_tcase(suite, attestation_cases());
	suite_add_tcase(suite, taken_cases());
	suite_add_tcase(suite, held_name_cases());
	suite_add_tcase(suite, unit_cases());
	suite_add_tcase(suite, concurrency_cases());
	suite_add_tcase(suite, two_writers_cases());
	suite_add_tcase(suite, crash_cases());
	suite_add_tcase(suite, sqlite_file_cases());
	suite_add_tcase(suite, sqlite_fault_cases());
	suite_add_tcase(suite, sqlite_wal_vfs_cases());
	suite_add_tcase(suite, sqlite_plan_cases());
	suite_add_tcase(suite, sqlite_ready_cases());
	suite_add_tcase(suite, sqlite_served_cases());
	suite_add_tcase(suite, sqlite_shrink_cases());
	suite_add_tcase(suite, sqlite_memory_cases());
	suite_add_tcase(suite, sqlite_wal_cases());
	suite_add_tcase(suite, postgresql_cases());
	suite_add_tcase(suite, postgresql_server_cases());
	suite_add_tcase(suite, postgresql_schema_cases());
	return suite;
}

int main(int argc, char **argv)
{
	int status;

	suite_begin();
	/* Faults are provoked here; their log lines would only hide a failure. */
	if (!getenv("CMFD_TEST_LOG"))
		log_setup(-1, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	if (argc == 3 && strcmp(argv[1], SERVED_CHILD) == 0)
		return served_child(argv + 2);
	if (argc == 6 && strcmp(argv[1], CRASH_CHILD) == 0)
		return crash_child(&argv[2]);
	plan_watch();
	backends_begin();
	status = suite_run(store_suite(), SUITE_FORKS);
	backends_end();
	return status;
}
