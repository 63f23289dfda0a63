// SPDX-License-Identifier: Apache-2.0
/* The SQL of all backends, under the names of change_table.h and reader.h. */
#pragma once

#include "reader.h"
#include "unit.h"

extern const char *const store_change_sql[CHANGE_KINDS];
extern const char *const store_read_sql[READ_KINDS];
extern const char *const store_part_sql[QUERY_PARTS];

/* Queries of what a driver's integrity_sql asks: that what is counted is what there is. */
#define INTEGRITY_COUNTERS_SQL                                                                     \
	"SELECT 'the counter of ' || name || ' in state ' || state || ' is off by ' || sum(n)"     \
	" FROM (SELECT name, state, n FROM counter UNION ALL"                                      \
	" SELECT 'certificate', state, -count(*) FROM certificate GROUP BY state UNION ALL"        \
	" SELECT 'cmp_transaction', state, -count(*) FROM cmp_transaction GROUP BY state) AS sums" \
	" GROUP BY name, state HAVING sum(n) <> 0"
#define INTEGRITY_REGISTRATIONS_SQL                                                                \
	"SELECT 'the number of registrations of trust domain ' || name || ' is off by ' || sum(n)" \
	" FROM (SELECT name, registrations AS n FROM trust_domain UNION ALL SELECT trust_domain,"  \
	" -count(*) FROM registration WHERE state = 0 GROUP BY trust_domain) AS sums"              \
	" GROUP BY name HAVING sum(n) <> 0"

/* A row of meta of a file that store_transfer() has brought elsewhere: behind it stands where. */
#define MOVED_TO       "moved_to "
#define MOVED_ROWS_SQL "meta WHERE name LIKE '" MOVED_TO "%'"

/* Only where it is asked for: its keys are random, so that every insert would dirty a page of it.
 */
#define KEY_INDEX      "certificate_key"
#define KEY_INDEX_ON   KEY_INDEX " ON certificate (key_digest)"
#define KEY_INDEX_MAKE "CREATE INDEX IF NOT EXISTS " KEY_INDEX_ON
#define KEY_INDEX_DROP "DROP INDEX IF EXISTS " KEY_INDEX

/* A row of lease, by the name that the table has there, whose node is none, or another one that is
 * gone. ?2: who wants it. */
#define LEASE_FREE_SQL(lease)                                                      \
	lease ".node <> ?2 AND NOT EXISTS (SELECT 1 FROM node n, database_state d" \
	      " WHERE n.id = " lease ".node AND n.until_ms >= d.now_ms)"
#define LEASE_REQUIRE_SQL "SELECT 1 FROM lease WHERE job = ?1 AND node = ?2 AND epoch = ?3"
