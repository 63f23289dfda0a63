// SPDX-License-Identifier: Apache-2.0
/*
 * What is told of this process among the nodes (node.c): in the log, by /readyz and /metrics. The
 * list of all of them is json/operator/nodes.c's.
 */
#include "daemon.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What goes on being wrong is told again so often. */
static const int64_t again_us = 3600LL * 1000 * 1000;

/* --- configurations that differ --- */

struct others {
	const char *configuration; /* of this node */
	int64_t n;
	struct strbuf names;
};

static int other_note(void *arg, const struct store_node *node)
{
	struct others *others = arg;

	if (!node->is_here || strcmp(node->configuration, others->configuration) == 0)
		return 0;
	others->n++;
	strbuf_printf(&others->names, "%s%s", others->names.len ? ", " : "", node->name);
	return 0;
}

void node_compare(struct daemon *daemon, struct store_reader *reader)
{
	char configuration[CMF_FINGERPRINT_SIZE];
	struct others others = {.configuration = configuration, .names = STRBUF_NULL};

	pthread_mutex_lock(&daemon->mutex);
	memcpy(configuration, daemon->node.configuration, sizeof(configuration));
	pthread_mutex_unlock(&daemon->mutex);
	if (store_node_list(reader, other_note, &others) == 0) {
		pthread_mutex_lock(&daemon->mutex);
		free(daemon->node.others);
		daemon->node.others = strbuf_take(&others.names);
		daemon->node.n_others = others.n;
		pthread_mutex_unlock(&daemon->mutex);
	}
	strbuf_clear(&others.names);
}

/* --- the log --- */

/* Whether there is something to tell: it has begun or ended, or goes on for long. */
static bool condition_turn(struct condition *condition, bool holds)
{
	int64_t now_us = clock_monotonic_us();
	bool turned = holds != condition->holds;

	condition->holds = holds;
	if (!turned && !(holds && now_us - condition->told_us >= again_us))
		return false;
	condition->told_us = now_us;
	return true;
}

static void away_tell(struct node *node, const struct store_nodes_state *state)
{
	bool tried = state->beats + state->failed > 0;

	if (!condition_turn(&node->away, tried && !state->is_here))
		return;
	if (node->away.holds)
		log_event(LOG_LEVEL_ERROR, "node_away",
			  F_TEXT("problem", "this node cannot say that it is there"),
			  F_TEXT("cause", state->err ? error_text(state->err) : NULL),
			  F_TEXT("effect", "others take its jobs over, and /readyz is 503"));
	else
		log_event(LOG_LEVEL_INFO, "node_away", F_TEXT("effect", "it is there again"));
}

static void newer_tell(struct node *node, const struct store_nodes_state *state)
{
	if (condition_turn(&node->newer, state->schema > state->known) && node->newer.holds)
		log_event(LOG_LEVEL_WARNING, "schema_newer", F_INT("schema", state->schema),
			  F_INT("known", state->known),
			  F_TEXT("effect", "a newer cmfd has migrated the database; upgrade this "
					   "one, too"));
}

static void clock_tell(struct node *node, const struct store_nodes_state *state)
{
	if (!condition_turn(&node->clock, store_clock_differs(state->skew_ms)))
		return;
	log_event(node->clock.holds ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "node_clock",
		  F_TEXT("problem", node->clock.holds
					    ? "the clocks of this node and of the database differ"
					    : NULL),
		  F_INT("ahead_ms", state->skew_ms), F_INT("most_ms", STORE_CLOCK_SKEW_MAX_MS),
		  F_TEXT("effect", node->clock.holds ? NULL : "they agree again"));
}

static void differs_tell(struct daemon *daemon)
{
	struct node *node = &daemon->node;
	_cleanup_(freep) char *others = NULL;
	bool differs;

	pthread_mutex_lock(&daemon->mutex);
	differs = node->n_others > 0;
	others = differs && node->others ? strdup(node->others) : NULL;
	pthread_mutex_unlock(&daemon->mutex);
	if (!condition_turn(&node->differs, differs))
		return;
	log_event(differs ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "node_configuration",
		  F_TEXT("problem", differs ? "other nodes have another configuration" : NULL),
		  F_TEXT("nodes", others),
		  F_TEXT("effect", differs ? NULL : "all nodes have the same again"));
}

void node_tell(struct daemon *daemon)
{
	struct store_nodes_state state;

	store_nodes_look(daemon->node.nodes, &state);
	away_tell(&daemon->node, &state);
	newer_tell(&daemon->node, &state);
	clock_tell(&daemon->node, &state);
	differs_tell(daemon);
}

/* --- /readyz --- */

bool node_unfit(struct daemon *daemon, struct strbuf *out)
{
	struct store_nodes_state state;

	store_nodes_look(daemon->node.nodes, &state);
	if (state.is_here)
		return false;
	strbuf_printf(out, "this node %s\n",
		      state.err == -EPROTO ? "cannot go on with the database, which a newer cmfd "
					     "has migrated: upgrade it"
		      : state.beats == 0
			      ? "has not said yet that it is there"
			      : "could not say for [store] lease that it is there: others take its "
				"jobs over");
	return true;
}

/* --- /metrics --- */

static void head_write(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void lease_write(void *arg, const char *job, bool held)
{
	struct strbuf *out = arg;
	_cleanup_(strbuf_clear) struct strbuf label = STRBUF_NULL;

	metrics_label_add(&label, "lease", job);
	if (!label.failed)
		metrics_gauge(out, "cmfd_node_lease_held", NULL, label.text, held);
}

static void info_write(struct daemon *daemon, struct strbuf *out)
{
	_cleanup_(strbuf_clear) struct strbuf labels = STRBUF_NULL;
	int64_t n_others;

	metrics_label_add(&labels, "node", daemon->node.name);
	metrics_label_add(&labels, "address", daemon->node.address);
	pthread_mutex_lock(&daemon->mutex);
	metrics_label_add(&labels, "configuration", daemon->node.configuration);
	n_others = daemon->node.n_others;
	pthread_mutex_unlock(&daemon->mutex);
	if (!labels.failed)
		metrics_gauge(out, "cmfd_node_info", "1; which node this is, by its labels.",
			      labels.text, 1);
	metrics_gauge(out, "cmfd_node_configurations_different",
		      "Nodes that are there with another configuration than this one.", NULL,
		      n_others);
}

void node_metrics(struct daemon *daemon, struct strbuf *out)
{
	struct store_nodes_state state;

	store_nodes_look(daemon->node.nodes, &state);
	info_write(daemon, out);
	metrics_gauge(out, "cmfd_node_alive",
		      "Whether it has said within [store] lease that it is there.", NULL,
		      state.is_here);
	metrics_gauge(out, "cmfd_node_last_beat_timestamp_seconds",
		      "When it has said so last; 0 where one cmfd serves the database.", NULL,
		      state.seen_ms / 1000);
	head_write(out, "cmfd_node_beats_total", "counter", "How often it has said so, or tried.");
	strbuf_printf(out,
		      "cmfd_node_beats_total{result=\"ok\"} %" PRIu64 "\n"
		      "cmfd_node_beats_total{result=\"failed\"} %" PRIu64 "\n",
		      state.beats, state.failed);
	head_write(out, "cmfd_node_clock_skew_seconds", "gauge",
		   "By which its clock is ahead of the database's.");
	strbuf_printf(out, "cmfd_node_clock_skew_seconds %.3f\n", (double)state.skew_ms / 1000);
	head_write(out, "cmfd_node_lease_held", "gauge",
		   "Whether it has the lease of a job that it asks for.");
	store_nodes_jobs(daemon->node.nodes, lease_write, out);
}
