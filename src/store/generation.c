// SPDX-License-Identifier: Apache-2.0
/* The generation of the clients in memory. See generation.h. */
#include "generation.h"

void generation_init(struct generation *g)
{
	*g = (struct generation){0};
	pthread_mutex_init(&g->mutex, NULL);
}

void generation_destroy(struct generation *g)
{
	pthread_mutex_destroy(&g->mutex);
}

bool generation_known(struct generation *g, int64_t *generationp, uint64_t *changesp)
{
	bool known;

	if (!g->alone)
		return false;
	pthread_mutex_lock(&g->mutex);
	known = g->read_at == g->changes + 1;
	*generationp = g->read;
	*changesp = g->changes;
	pthread_mutex_unlock(&g->mutex);
	return known;
}

void generation_note(struct generation *g, uint64_t changes, int64_t generation)
{
	if (!g->alone)
		return;
	pthread_mutex_lock(&g->mutex);
	if (changes + 1 > g->read_at) {
		g->read_at = changes + 1;
		g->read = generation;
	}
	pthread_mutex_unlock(&g->mutex);
}

void generation_changed(struct generation *g)
{
	pthread_mutex_lock(&g->mutex);
	g->changes++;
	pthread_mutex_unlock(&g->mutex);
}
