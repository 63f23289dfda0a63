// SPDX-License-Identifier: Apache-2.0
/*
 * The writing side of the SQLite backend: executes batches of units on a connection of its own.
 * Used by one thread, the committer.
 */
#pragma once

#include "sqlite/sqlite_db.h"

#include <stddef.h>

struct store_unit;
struct writer;

_must_check_ int writer_new(const char *path, struct writer **writerp);
/* Moves the write-ahead log into the database before it closes. */
void writer_free(struct writer *w);
DEFINE_CLEANUP(struct writer, writer_free);

/* Executes the units under one COMMIT and sets the result of each. Durable when it returns. */
void writer_execute(struct writer *w, struct store_unit *const *units, size_t n);
/*
 * What came of the last execution: 0 if something is on disk since then, WRITER_IDLE if there was
 * nothing to write, or the fault that all units shared.
 */
enum { WRITER_IDLE = 1 };
_must_check_ int writer_outcome(const struct writer *w);
/* Moves the write-ahead log into the database if it has grown enough. */
void writer_checkpoint(struct writer *w);
