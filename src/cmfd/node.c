// SPDX-License-Identifier: Apache-2.0
/*
 * This process among those that serve its database (store/node.h): as what it is known there, and
 * when it says that it is there. The beat has a thread of its own, which waits for nobody.
 */
#include "daemon.h"

#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* So often in the time after which a node is taken for gone. */
enum { BEATS = 4 };

/* --- as what it is known --- */

/* Where clients reach it: the first listener of theirs. */
static char *address_of(const struct conf_server *conf)
{
	const struct conf_addresses *const lists[] = {&conf->listen, &conf->listen_tls,
						      &conf->listen_nfv};
	const struct conf_address *address = NULL;
	char *text = NULL;

	for (size_t i = 0; !address && i < ARRAY_LEN(lists); i++)
		if (lists[i]->len > 0)
			address = &lists[i]->item[0];
	if (!address)
		return strdup("");
	return asprintf(&text, strchr(address->host, ':') ? "[%s]:%u" : "%s:%u", address->host,
			address->port) < 0
		       ? NULL
		       : text;
}

/* Unless the configuration says it: host and port, since a machine may have several. */
static char *name_of(const struct conf *conf, const char *address)
{
	const char *port = strrchr(address, ':');
	char host[HOST_NAME_MAX + 1] = "", *name = NULL;

	if (conf->store.node)
		return strdup(conf->store.node);
	(void)gethostname(host, sizeof(host) - 1);
	return asprintf(&name, "%s%s", *host ? host : "localhost", port ? port : "") < 0 ? NULL
											 : name;
}

/* Of what all nodes should have in common. */
static int fingerprint_of(const struct conf *conf, char out[CMF_FINGERPRINT_SIZE])
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int err = -ENOMEM;

	if (file)
		conf_print_shared(conf, file);
	if (file && fclose(file) == 0)
		err = cmf_fingerprint((struct bytes){(const uint8_t *)text, size}, out);
	free(text);
	return err;
}

int node_new(struct daemon *daemon)
{
	const struct conf *conf = daemon->service->conf;
	_cleanup_(freep) char *address = address_of(&conf->server);
	_cleanup_(freep) char *name = address ? name_of(conf, address) : NULL;
	char fingerprint[CMF_FINGERPRINT_SIZE];
	int err = name ? fingerprint_of(conf, fingerprint) : -ENOMEM;
	const struct store_nodes_options options = {
		.name = name,
		.address = address,
		.configuration = fingerprint,
		.lease_ms = conf->store.lease_ms,
		.clock = &clock_system,
	};

	return err == 0 ? store_nodes_new(daemon->store, &options, &daemon->nodes) : err;
}

void node_reload(struct daemon *daemon)
{
	char fingerprint[CMF_FINGERPRINT_SIZE];
	int err = fingerprint_of(daemon->service->conf, fingerprint);

	if (err == 0)
		err = store_nodes_configuration(daemon->nodes, fingerprint);
	if (err < 0)
		log_fault("node", err, "the fingerprint of its configuration is the one before");
}

/* --- the beat --- */

/* What cannot be said now is logged, and tried again. */
static void beat_run(void *arg, struct worker *worker)
{
	struct daemon *daemon = arg;

	store_nodes_beat(daemon->nodes);
	atomic_store(&daemon->beat.busy, false);
}

void node_tick(struct daemon *daemon)
{
	int64_t now_us = clock_monotonic_us();

	if (!daemon->nodes || (now_us < daemon->beat.next_us && !store_nodes_wanted(daemon->nodes)))
		return;
	if (atomic_exchange(&daemon->beat.busy, true))
		return;
	daemon->beat.next_us = now_us + 1000 * daemon->service->conf->store.lease_ms / BEATS;
	if (pool_submit(daemon->node_pool, beat_run, daemon) < 0)
		atomic_store(&daemon->beat.busy, false);
}

void node_free(struct daemon *daemon)
{
	store_nodes_leave(daemon->nodes);
	store_nodes_free(daemon->nodes);
}
