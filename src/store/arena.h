// SPDX-License-Identifier: Apache-2.0
/* Memory for many small copies that are all given up at once. Used by one thread at a time. */
#pragma once

#include "base/bytes.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *newest;
};

#define ARENA_NULL ((struct arena){NULL})

/* Aligned for anything; NULL without memory. */
void *arena_alloc(struct arena *arena, size_t size);
/* Gives up all that was allocated; keeps as much memory as an ordinary use needs. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);
