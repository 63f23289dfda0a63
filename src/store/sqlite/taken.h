// SPDX-License-Identifier: Apache-2.0
/*
 * What a new certificate may collide with, asked in the same words when it is decided and when it
 * is inserted. Each gives a row where it does.
 */
#pragma once

/* Only where it is asked for: its keys are random, so that every insert would dirty a page of it.
 */
#define KEY_INDEX_MAKE "CREATE INDEX IF NOT EXISTS certificate_key ON certificate (key_digest)"
#define KEY_INDEX_DROP "DROP INDEX IF EXISTS certificate_key"

/* Key digest, subject_id. */
#define KEY_TAKEN_SQL                                                                       \
	"SELECT 1 FROM certificate c JOIN registration r ON r.id = c.registration_id WHERE" \
	" c.key_digest = ?1 AND c.state <> 4 AND r.subject_id <> ?2 LIMIT 1"

/*
 * Registration, certificate that does not count, time, number. The first count reads no row, only
 * the index, and is enough for nearly all; LIMIT bounds it.
 */
#define LIVE_REACHED_SQL                                                         \
	"SELECT 1 WHERE (SELECT count(*) FROM (SELECT 1 FROM certificate"        \
	" WHERE registration_id = ?1 LIMIT ?4)) >= ?4 AND (SELECT count(*) FROM" \
	" (SELECT 1 FROM certificate WHERE registration_id = ?1 AND id <> ?2"    \
	" AND (state <= 2 OR state = 6) AND not_after_ms > ?3 LIMIT ?4)) >= ?4"
