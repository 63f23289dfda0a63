// SPDX-License-Identifier: Apache-2.0
/*
 * How many connections are open, in all and from each network, and which of them can give way to
 * another when there is no place left. Shared by the loops. Closing connections is not for here.
 *
 * Who holds many connections must not keep out who holds few. So a new one takes the place of one
 * that waits, if there are more of that one's network than of its own. A request that is complete
 * is never given up. One of which only a part has come is given up where the network has more than
 * its share of all places: such a part costs nothing, and must not be a way to keep a place.
 */
#include "http_private.h"

#include "base/network.h"

#include <string.h>
#include <sys/random.h>

enum { BUCKETS = 1024 };

/*
 * Of those that wait longest, so many are compared: enough to find one of a network that holds a
 * large part of the places, few enough to cost nothing.
 */
enum { CANDIDATES = 64 };

struct census_entry {
	struct census_entry *next;
	struct network key;
	uint32_t count;
	size_t reserved; /* octets */
};

struct http_census {
	pthread_mutex_t mutex;
	uint32_t total;
	uint32_t n_networks;
	size_t reserved; /* octets */
	uint32_t seed;
	struct census_entry *bucket[BUCKETS];
	struct http_connections idle;      /* nothing of a request is there; longest first */
	struct http_connections receiving; /* a part of a request is */
};

struct http_census *http_census_new(void)
{
	struct http_census *census = calloc(1, sizeof(*census));

	if (!census)
		return NULL;
	pthread_mutex_init(&census->mutex, NULL);
	TAILQ_INIT(&census->idle);
	TAILQ_INIT(&census->receiving);
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

struct http_census *http_connection_census(const struct http_connection *connection)
{
	const struct http_server *server = connection->endpoint->loop->server;

	return http_listener_is_public(connection->endpoint->listener) ? server->census_public
								       : server->census_local;
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

/* --- counting --- */

static struct census_entry *entry_add(struct http_census *census, struct census_entry **slot,
				      const struct network *key)
{
	struct census_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->key = *key;
	*slot = entry;
	census->n_networks++;
	return entry;
}

static void list_set(struct http_connection *connection, struct http_connections *list)
{
	if (connection->list)
		TAILQ_REMOVE(connection->list, connection, waiting);
	connection->list = list;
	if (list)
		TAILQ_INSERT_TAIL(list, connection, waiting);
}

static void reserved_release(struct http_census *census, struct http_connection *connection)
{
	connection->entry->reserved -= connection->reserved;
	census->reserved -= connection->reserved;
	connection->reserved = 0;
}

static void connection_uncount(struct http_census *census, struct http_connection *connection)
{
	struct census_entry *entry = connection->entry;

	reserved_release(census, connection);
	connection->entry = NULL;
	list_set(connection, NULL);
	census->total--;
	if (--entry->count == 0) {
		*census_slot(census, &entry->key) = entry->next;
		free(entry);
		census->n_networks--;
	}
}

/* --- giving way --- */

/*
 * Of those that wait longest one of the network with the most connections, if it has more than
 * `least` or is `own`. NULL: none.
 */
static struct http_connection *candidate_find(const struct http_connections *list, uint32_t least,
					      const struct census_entry *own)
{
	struct http_connection *best = NULL, *connection;
	unsigned looked_at = 0;

	TAILQ_FOREACH(connection, list, waiting)
	{
		const struct census_entry *entry = connection->entry;

		if (looked_at++ == CANDIDATES)
			break;
		if ((entry->count > least || entry == own) &&
		    (!best || entry->count > best->entry->count))
			best = connection;
	}
	return best;
}

/* Makes a place for one more connection of `own` (NULL: the first one of its network). */
static bool room_make(struct http_census *census, const struct census_entry *own, uint32_t max)
{
	uint32_t have = own ? own->count : 0;
	uint32_t share = max / (census->n_networks + (own ? 0 : 1));
	struct http_connection *connection = candidate_find(&census->idle, have, own);

	if (share == 0)
		share = 1;
	if (!connection)
		connection = candidate_find(&census->receiving, share > have ? share : have, NULL);
	if (!connection)
		return false;
	connection_uncount(census, connection);
	http_loop_give_way(connection);
	return true;
}

static bool census_enter(struct http_census *census, struct http_connection *connection,
			 uint32_t max, uint32_t max_per_network)
{
	const struct network *key = &connection->network;
	struct census_entry *entry = *census_slot(census, key);

	/* Unix-domain sockets are counted in all only. */
	if (entry && key->len > 0 && entry->count >= max_per_network)
		return false;
	if (census->total >= max && !room_make(census, entry, max))
		return false;
	/* What gave way may have been the last of its network. */
	entry = *census_slot(census, key);
	if (!entry)
		entry = entry_add(census, census_slot(census, key), key);
	if (!entry)
		return false;
	entry->count++;
	census->total++;
	connection->entry = entry;
	return true;
}

bool http_census_enter(struct http_census *census, struct http_connection *connection, uint32_t max,
		       uint32_t max_per_network)
{
	bool ok;

	pthread_mutex_lock(&census->mutex);
	ok = census_enter(census, connection, max, max_per_network);
	pthread_mutex_unlock(&census->mutex);
	return ok;
}

bool http_census_move(struct http_census *census, struct http_connection *connection,
		      const struct network *network, uint32_t max, uint32_t max_per_network)
{
	bool ok = false;

	pthread_mutex_lock(&census->mutex);
	if (connection->entry) {
		struct http_connections *list = connection->list;

		connection_uncount(census, connection);
		connection->network = *network;
		ok = census_enter(census, connection, max, max_per_network);
		if (ok)
			list_set(connection, list);
	}
	pthread_mutex_unlock(&census->mutex);
	return ok;
}

void http_census_leave(struct http_census *census, struct http_connection *connection)
{
	pthread_mutex_lock(&census->mutex);
	if (connection->entry)
		connection_uncount(census, connection);
	pthread_mutex_unlock(&census->mutex);
}

bool http_census_reserve(struct http_census *census, struct http_connection *connection,
			 size_t octets, const struct http_census_room *room)
{
	struct census_entry *entry;
	bool ok = false;

	pthread_mutex_lock(&census->mutex);
	entry = connection->entry;
	if (entry && octets <= room->max && census->reserved <= room->max - octets &&
	    octets <= room->max_per_network && entry->reserved <= room->max_per_network - octets) {
		connection->reserved += octets;
		entry->reserved += octets;
		census->reserved += octets;
		ok = true;
	}
	pthread_mutex_unlock(&census->mutex);
	return ok;
}

void http_census_release(struct http_census *census, struct http_connection *connection)
{
	pthread_mutex_lock(&census->mutex);
	if (connection->entry)
		reserved_release(census, connection);
	pthread_mutex_unlock(&census->mutex);
}

void http_census_note(struct http_census *census, struct http_connection *connection)
{
	struct http_connections *list = NULL;

	/* One that lingers has been answered. */
	if (connection->state == HTTP_IDLE || connection->state == HTTP_LINGERING)
		list = &census->idle;
	else if (connection->state == HTTP_RECEIVING)
		list = &census->receiving;
	pthread_mutex_lock(&census->mutex);
	if (connection->entry)
		list_set(connection, list);
	pthread_mutex_unlock(&census->mutex);
}
