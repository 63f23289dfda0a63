// SPDX-License-Identifier: Apache-2.0
/*
 * The writing side of the store: makes the changes of batches of units, on a connection of its own.
 * The committer comes before it and has the only thread that uses it; the backend's driver comes
 * after.
 */
#pragma once

#include "driver.h"

#include <stddef.h>

struct store_unit;
struct writer;

/* All of it is borrowed for the writer's life. */
_must_check_ int writer_new(const struct driver *driver, struct database *database,
			    struct writer **writerp);
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
/* Lets the database tidy up, when nobody waits. */
void writer_tidy(struct writer *w);
