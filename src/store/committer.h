// SPDX-License-Identifier: Apache-2.0
/*
 * The committer: one thread that executes all waiting units together, under one COMMIT, so that
 * a burst costs one fsync and not one per certificate. Knows the queue and who waits; what a batch
 * does to the database is writer.h's.
 */
#pragma once

#include "store/audit.h"

#include <stdint.h>

struct audit_own;
struct committer;
struct database;
struct driver;
struct generation;
struct store_unit;
struct writer;

/* Starts the thread; takes over the writer on success, borrows the others. batch_max: units per
 * COMMIT, at least 1; delay_ms: how long a batch is gathered under load, at most 1000. */
_must_check_ int committer_start(struct writer *writer, const struct driver *driver,
				 struct database *database, struct generation *clients,
				 uint32_t batch_max, uint32_t delay_ms,
				 struct committer **committerp);
/* Commits what waits, ends the thread and frees the writer. */
void committer_stop(struct committer *committer);
/* Any thread: returns when the unit is durable, or with what store_unit_commit() documents. */
_must_check_ int committer_commit(struct committer *committer, struct store_unit *unit);
/* Any thread: store_ready(). */
_must_check_ int committer_ready(struct committer *committer, int64_t max_age_ms, int64_t wait_ms);
/* Any thread: store_undecided(). */
size_t committer_undecided(struct committer *committer, int64_t since_ms);
/* Any thread: the chains of audit that this process has begun. */
const struct audit_own *committer_audit_own(const struct committer *c);
/* Any thread: store_audit_keys_set(). */
void committer_audit_keys(struct committer *committer, const struct store_audit_key *keys,
			  size_t n);
