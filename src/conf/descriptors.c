// SPDX-License-Identifier: Apache-2.0
/*
 * How many file descriptors a configuration needs. Raising the limit is not for here.
 */
#include "conf.h"

/*
 * Beside those of connections and workers: listeners, the database, the operator's connections and
 * those of the metrics listener.
 */
enum { DESCRIPTORS_RESERVED = 256 };

/* Of a worker: two files of the database, its connections to other CAs. */
enum { DESCRIPTORS_WORKER = 4 };

/* So many connections are served however low the limit is. */
enum { CONNECTIONS_LEAST = 16 };

static uint64_t descriptors_reserved(const struct conf *conf)
{
	return DESCRIPTORS_RESERVED + conf->server.workers * (uint64_t)DESCRIPTORS_WORKER;
}

uint64_t conf_descriptors_wanted(const struct conf *conf)
{
	return conf->server.connections_max + descriptors_reserved(conf);
}

uint32_t conf_connections_possible(const struct conf *conf, uint64_t limit)
{
	uint64_t reserved = descriptors_reserved(conf), possible = CONNECTIONS_LEAST;

	if (limit >= conf_descriptors_wanted(conf))
		return conf->server.connections_max;
	if (limit > reserved + CONNECTIONS_LEAST)
		possible = limit - reserved;
	return possible < conf->server.connections_max ? (uint32_t)possible
						       : conf->server.connections_max;
}
