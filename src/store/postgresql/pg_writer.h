// SPDX-License-Identifier: Apache-2.0
/*
 * The writer of PostgreSQL (writer.h). A batch takes three flights, however many units it has:
 * BEGIN with the locks that the units need and the ids of their rows; all changes; what they add up
 * to and COMMIT.
 */
#pragma once

#include "writer.h"

_must_check_ int pg_writer_new(const struct driver *driver, struct database *database,
			       struct writer **writerp);
