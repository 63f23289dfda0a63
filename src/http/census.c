// SPDX-License-Identifier: Apache-2.0
/*
 * How many connections are open, in all and from each address. Shared by the loops. What happens to
 * a connection above the limit is not for here.
 */
#include "http_private.h"

#include "base/network.h"

#include <string.h>
#include <sys/random.h>

enum { BUCKETS = 1024 };

struct census_entry {
	struct census_entry *next;
	struct network key;
	uint32_t count;
};

struct http_census {
	pthread_mutex_t mutex;
	uint32_t total;
	uint32_t seed;
	struct census_entry *bucket[BUCKETS];
};

struct http_census *http_census_new(void)
{
	struct http_census *census = calloc(1, sizeof(*census));

	if (!census)
		return NULL;
	pthread_mutex_init(&census->mutex, NULL);
	/* So that a client cannot choose addresses that fall into one bucket. */
	if (getrandom(&census->seed, sizeof(census->seed), GRND_NONBLOCK) < 0)
		census->seed = 0;
	return census;
}

void http_census_free(struct http_census *census)
{
	if (!census)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct census_entry *next;

		for (struct census_entry *entry = census->bucket[i]; entry; entry = next) {
			next = entry->next;
			free(entry);
		}
	}
	pthread_mutex_destroy(&census->mutex);
	free(census);
}

static struct census_entry **census_slot(struct http_census *census, const struct network *key)
{
	uint32_t hash = 2166136261U ^ census->seed;
	struct census_entry **slot;

	for (size_t i = 0; i < sizeof(key->octets); i++)
		hash = (hash ^ key->octets[i]) * 16777619U;
	slot = &census->bucket[(hash >> 8) % BUCKETS];
	while (*slot && !network_equal(&(*slot)->key, key))
		slot = &(*slot)->next;
	return slot;
}

static bool census_count(struct http_census *census, const struct network *key, uint32_t max)
{
	struct census_entry **slot = census_slot(census, key);

	if (!*slot) {
		*slot = calloc(1, sizeof(**slot));
		if (!*slot)
			return false;
		(*slot)->key = *key;
	}
	if ((*slot)->count >= max)
		return false;
	(*slot)->count++;
	return true;
}

bool http_census_enter(struct http_census *census, const struct sockaddr *peer, uint32_t max,
		       uint32_t max_per_address)
{
	struct network key = network_of(peer);
	/* Unix-domain sockets are counted in all only. */
	bool counted = key.len > 0;
	bool ok;

	pthread_mutex_lock(&census->mutex);
	ok = census->total < max && (!counted || census_count(census, &key, max_per_address));
	if (ok)
		census->total++;
	pthread_mutex_unlock(&census->mutex);
	return ok;
}

void http_census_leave(struct http_census *census, const struct sockaddr *peer)
{
	struct network key = network_of(peer);

	pthread_mutex_lock(&census->mutex);
	census->total--;
	if (key.len > 0) {
		struct census_entry **slot = census_slot(census, &key);
		struct census_entry *entry = *slot;

		if (entry && --entry->count == 0) {
			*slot = entry->next;
			free(entry);
		}
	}
	pthread_mutex_unlock(&census->mutex);
}
