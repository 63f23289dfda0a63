// SPDX-License-Identifier: Apache-2.0
/*
 * The generation of the clients, kept in memory where this process alone changes them: each request
 * asks for it, and it changes once in a while. Elsewhere it is read each time, so that no node acts
 * on clients of before.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct generation {
	bool alone; /* set before it is used; false: others may change it, and nothing is kept */
	pthread_mutex_t mutex;
	uint64_t changes; /* that may have changed it */
	uint64_t read_at; /* after how many of them `read` was read, and one more; 0: it was not */
	int64_t read;
};

void generation_init(struct generation *g);
void generation_destroy(struct generation *g);
/* What it is, if that is known; otherwise how many changes there were, before it is read. */
bool generation_known(struct generation *g, int64_t *generationp, uint64_t *changesp);
/* It was read when there had been at least so many changes. */
void generation_note(struct generation *g, uint64_t changes, int64_t generation);
/* A commit may have changed it, and nobody was told yet of that commit. */
void generation_changed(struct generation *g);
