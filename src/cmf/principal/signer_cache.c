// SPDX-License-Identifier: Apache-2.0
/* Remembered signers. See signer_cache.h. */
#include "principal/signer_cache.h"

#include <pthread.h>
#include <string.h>

/*
 * 64 * 16 signers of about 2 KiB: every VNFM of a deployment and the end entities that renew just
 * now. A shard is looked through from end to end under its own lock.
 */
enum { SHARDS = 64, WAYS = 16 };

struct shard {
	pthread_mutex_t mutex;
	uint64_t tick;
	struct {
		struct cmf_signer *entry;
		uint64_t used;
	} way[WAYS];
};

struct signer_cache {
	struct shard shard[SHARDS];
};

void cmf_signer_unref(struct cmf_signer *entry)
{
	if (!entry || atomic_fetch_sub(&entry->refs, 1) != 1)
		return;
	octets_clear(&entry->subject);
	octets_clear(&entry->ski);
	octets_clear(&entry->path);
	signature_verifier_clear(&entry->verifier);
	cmf_principal_clear(&entry->principal);
	free(entry);
}

struct signer_cache *signer_cache_new(void)
{
	struct signer_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&cache->shard[i].mutex, NULL);
	return cache;
}

static void shard_clear(struct shard *shard)
{
	for (size_t i = 0; i < WAYS; i++) {
		cmf_signer_unref(shard->way[i].entry);
		shard->way[i].entry = NULL;
		shard->way[i].used = 0;
	}
}

void signer_cache_free(struct signer_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		shard_clear(&cache->shard[i]);
		pthread_mutex_destroy(&cache->shard[i].mutex);
	}
	free(cache);
}

static struct shard *shard_of(struct signer_cache *cache, const uint8_t digest[32])
{
	return &cache->shard[digest[0] % SHARDS];
}

struct cmf_signer *signer_cache_get(struct signer_cache *cache, const uint8_t digest[32],
				    const uint8_t among[32])
{
	struct shard *shard = shard_of(cache, digest);
	struct cmf_signer *found = NULL;

	pthread_mutex_lock(&shard->mutex);
	for (size_t i = 0; i < WAYS; i++) {
		struct cmf_signer *entry = shard->way[i].entry;

		if (!entry || memcmp(entry->digest, digest, sizeof(entry->digest)) != 0)
			continue;
		if (memcmp(entry->among, among, sizeof(entry->among)) != 0)
			break;
		atomic_fetch_add(&entry->refs, 1);
		shard->way[i].used = ++shard->tick;
		found = entry;
		break;
	}
	pthread_mutex_unlock(&shard->mutex);
	return found;
}

/* The way of the same digest, else a free one, else the one that was used longest ago. */
static size_t way_for(const struct shard *shard, const uint8_t digest[32])
{
	size_t oldest = 0;

	for (size_t i = 0; i < WAYS; i++) {
		const struct cmf_signer *entry = shard->way[i].entry;

		if (entry && memcmp(entry->digest, digest, sizeof(entry->digest)) == 0)
			return i;
		if (shard->way[i].used < shard->way[oldest].used)
			oldest = i;
	}
	return oldest;
}

void signer_cache_put(struct signer_cache *cache, struct cmf_signer *entry)
{
	struct shard *shard = shard_of(cache, entry->digest);
	struct cmf_signer *old;
	size_t i;

	pthread_mutex_lock(&shard->mutex);
	i = way_for(shard, entry->digest);
	old = shard->way[i].entry;
	shard->way[i].entry = entry;
	shard->way[i].used = ++shard->tick;
	entry->kept = true;
	atomic_fetch_add(&entry->refs, 1);
	pthread_mutex_unlock(&shard->mutex);
	cmf_signer_unref(old);
}
