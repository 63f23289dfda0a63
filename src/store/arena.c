// SPDX-License-Identifier: Apache-2.0
/* Chunks, from whose end the next allocation is cut. See arena.h. */
#include "arena.h"

#include <stdalign.h>

/* The changes of an enrolment fit into one chunk. What is larger, a CRL, gets one of its own. */
enum { CHUNK_SIZE = 16 * 1024 };

struct arena_chunk {
	struct arena_chunk *older;
	size_t size;
	size_t used;
	alignas(max_align_t) uint8_t memory[];
};

static struct arena_chunk *chunk_add(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->older = arena->newest;
	chunk->size = size;
	chunk->used = 0;
	arena->newest = chunk;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->newest;
	uint8_t *memory;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	if (!chunk || chunk->size - chunk->used < size)
		chunk = chunk_add(arena, size > CHUNK_SIZE ? size : CHUNK_SIZE);
	if (!chunk)
		return NULL;
	memory = chunk->memory + chunk->used;
	chunk->used += size;
	return memory;
}

void arena_reset(struct arena *arena)
{
	struct arena_chunk *chunk;

	while ((chunk = arena->newest) && (chunk->older || chunk->size > CHUNK_SIZE)) {
		arena->newest = chunk->older;
		free(chunk);
	}
	if (chunk)
		chunk->used = 0;
}

void arena_free(struct arena *arena)
{
	struct arena_chunk *chunk;

	while ((chunk = arena->newest)) {
		arena->newest = chunk->older;
		free(chunk);
	}
}
