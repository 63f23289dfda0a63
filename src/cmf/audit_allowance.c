// SPDX-License-Identifier: Apache-2.0
/* See audit_allowance.h. The table is of fixed size: names that meet in it share a place. */
#include "audit_allowance.h"

#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>

enum { PLACES = 1024, HOUR_MS = 3600 * 1000 };

struct audit_allowance {
	pthread_mutex_t mutex;
	struct {
		int64_t since_ms;
		unsigned n;
	} place[PLACES];
};

struct audit_allowance *audit_allowance_new(void)
{
	struct audit_allowance *allowance = calloc(1, sizeof(*allowance));

	if (allowance)
		pthread_mutex_init(&allowance->mutex, NULL);
	return allowance;
}

void audit_allowance_free(struct audit_allowance *allowance)
{
	if (!allowance)
		return;
	pthread_mutex_destroy(&allowance->mutex);
	free(allowance);
}

/* FNV-1a: names are given by the operator, so that nobody chooses where they meet. */
static size_t place_of(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619U;
	return hash % PLACES;
}

bool audit_allowance_take(struct audit_allowance *allowance, const char *name, int64_t now_ms)
{
	size_t i = place_of(name);
	unsigned n;

	pthread_mutex_lock(&allowance->mutex);
	if (now_ms - allowance->place[i].since_ms >= HOUR_MS ||
	    now_ms < allowance->place[i].since_ms) {
		allowance->place[i].since_ms = now_ms;
		allowance->place[i].n = 0;
	}
	n = ++allowance->place[i].n;
	if (n > AUDIT_REFUSALS_PER_HOUR + 1)
		allowance->place[i].n = AUDIT_REFUSALS_PER_HOUR + 1;
	pthread_mutex_unlock(&allowance->mutex);
	if (n == AUDIT_REFUSALS_PER_HOUR + 1)
		log_event(
			LOG_LEVEL_WARNING, "audit_full", F_TEXT("client", name),
			F_TEXT("effect", "its further refusals of this hour are in the log only"));
	return n <= AUDIT_REFUSALS_PER_HOUR;
}
