// SPDX-License-Identifier: Apache-2.0
/* A small table of refusals. See signer_refused.h. */
#include "principal/signer_refused.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 256 };

struct signer_refused {
	pthread_mutex_t mutex;
	struct {
		uint8_t digest[32];
		int64_t generation;
		int64_t from_ms, until_ms; /* both 0: the place is free */
		struct refusal refusal;
	} place[PLACES];
};

struct signer_refused *signer_refused_new(void)
{
	struct signer_refused *table = calloc(1, sizeof(*table));

	if (table)
		pthread_mutex_init(&table->mutex, NULL);
	return table;
}

void signer_refused_free(struct signer_refused *table)
{
	if (!table)
		return;
	pthread_mutex_destroy(&table->mutex);
	free(table);
}

int signer_refused_find(struct signer_refused *table, const uint8_t digest[32], int64_t generation,
			int64_t now_ms, struct refusal *refusal)
{
	size_t i = digest[0] % PLACES;
	bool found;

	pthread_mutex_lock(&table->mutex);
	found = table->place[i].generation == generation && now_ms >= table->place[i].from_ms &&
		now_ms < table->place[i].until_ms &&
		memcmp(table->place[i].digest, digest, sizeof(table->place[i].digest)) == 0;
	if (found)
		*refusal = table->place[i].refusal;
	pthread_mutex_unlock(&table->mutex);
	return found ? REFUSED : 0;
}

void signer_refused_keep(struct signer_refused *table, const uint8_t digest[32], int64_t generation,
			 int64_t from_ms, int64_t until_ms, const struct refusal *refusal)
{
	size_t i = digest[0] % PLACES;

	pthread_mutex_lock(&table->mutex);
	memcpy(table->place[i].digest, digest, sizeof(table->place[i].digest));
	table->place[i].generation = generation;
	table->place[i].from_ms = from_ms;
	table->place[i].until_ms = until_ms;
	table->place[i].refusal = *refusal;
	pthread_mutex_unlock(&table->mutex);
}
