// SPDX-License-Identifier: Apache-2.0
/*
 * The writer of PostgreSQL (writer.h). A batch is one flight, however many units it has: BEGIN with
 * the locks that the units need, all changes, what they add up to, and COMMIT. What changes cannot
 * be sent without comes in a flight before it: the ids of new rows, where somebody may ask for
 * them afterwards, or where a change is about a row that is not the newest of its table.
 * What is known only when they were made (how many rows a purge counts) comes in one behind it.
 * Units that fail in a batch are tried one by one.
 */
#pragma once

#include "writer.h"

_must_check_ int pg_writer_new(const struct driver *driver, struct database *database,
			       struct writer **writerp);
