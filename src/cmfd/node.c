// SPDX-License-Identifier: Apache-2.0
/*
 * This process among those that serve its database (store/node.h): as what it is known there, and
 * when it says that it is there. The beat has a thread of its own, which waits for nobody.
 */
#include "daemon.h"

#include "base/clock.h"
#include "ca.h"

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

/* Files may have the same name and not the same content: those of a CA must not. */
static void chains_print(struct ca_set *cas, FILE *out)
{
	for (size_t i = 0; i < ca_count(cas); i++) {
		const struct bytes *certs;
		size_t n = ca_chain(ca_at(cas, i), &certs);

		for (size_t k = 0; k < n; k++)
			fwrite(certs[k].data, 1, certs[k].len, out);
	}
}

/* Of what all nodes should have in common. */
static int fingerprint_of(const struct service *service, char out[CMF_FINGERPRINT_SIZE])
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int err = -ENOMEM;

	if (file) {
		conf_print_shared(service->conf, file);
		chains_print(service->cas, file);
	}
	if (file && fclose(file) == 0)
		err = cmf_fingerprint((struct bytes){(const uint8_t *)text, size}, out);
	free(text);
	return err;
}

int node_new(struct daemon *daemon)
{
	const struct conf *conf = daemon->service->conf;
	struct node *node = &daemon->node;
	struct store_nodes_options options = {.lease_ms = conf->store.lease_ms,
					      .clock = &clock_system};
	int err;

	node->address = address_of(&conf->server);
	node->name = node->address ? name_of(conf, node->address) : NULL;
	err = node->name ? fingerprint_of(daemon->service, node->configuration) : -ENOMEM;
	if (err < 0)
		return err;
	options.name = node->name;
	options.address = node->address;
	options.configuration = node->configuration;
	return store_nodes_new(daemon->store, &options, &node->nodes);
}

int node_look(void *arg, struct store_node *nodep)
{
	struct daemon *daemon = arg;

	*nodep = (struct store_node){.id = store_nodes_self(daemon->node.nodes),
				     .name = strdup(daemon->node.name),
				     .address = strdup(daemon->node.address),
				     .version = strdup(CMFD_VERSION),
				     .started_ms = daemon->started_ms,
				     .seen_ms = clock_now_ms(&clock_system),
				     .is_here = true};
	pthread_mutex_lock(&daemon->mutex);
	nodep->configuration = strdup(daemon->node.configuration);
	pthread_mutex_unlock(&daemon->mutex);
	return nodep->name && nodep->address && nodep->version && nodep->configuration ? 0
										       : -ENOMEM;
}

void node_reload(struct daemon *daemon)
{
	char fingerprint[CMF_FINGERPRINT_SIZE];
	int err = fingerprint_of(daemon->service, fingerprint);

	if (err == 0)
		err = store_nodes_configuration(daemon->node.nodes, fingerprint);
	if (err < 0) {
		log_fault("node", err, "the fingerprint of its configuration is the one before");
		return;
	}
	pthread_mutex_lock(&daemon->mutex);
	memcpy(daemon->node.configuration, fingerprint, sizeof(fingerprint));
	pthread_mutex_unlock(&daemon->mutex);
	daemon->node.next_us = 0;
}

/* --- the beat --- */

/* What cannot be said now is logged, and tried again. */
static void beat_run(void *arg, struct worker *worker)
{
	struct daemon *daemon = arg;

	if (store_nodes_beat(daemon->node.nodes) == 0)
		node_compare(daemon, worker->own.reader);
	atomic_store(&daemon->node.beats, false);
}

void node_tick(struct daemon *daemon)
{
	int64_t now_us = clock_monotonic_us();
	struct store_nodes_state state;

	if (!daemon->node.nodes)
		return;
	store_nodes_look(daemon->node.nodes, &state);
	if (now_us < daemon->node.next_us && state.is_here &&
	    !store_nodes_wanted(daemon->node.nodes))
		return;
	if (atomic_exchange(&daemon->node.beats, true))
		return;
	daemon->node.next_us = now_us + 1000 * daemon->service->conf->store.lease_ms / BEATS;
	if (pool_submit(daemon->node_pool, beat_run, daemon) < 0)
		atomic_store(&daemon->node.beats, false);
}

void node_free(struct daemon *daemon)
{
	store_nodes_leave(daemon->node.nodes);
	store_nodes_free(daemon->node.nodes);
	free(daemon->node.name);
	free(daemon->node.address);
	free(daemon->node.others);
}
