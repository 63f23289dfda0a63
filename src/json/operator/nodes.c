// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/nodes (GET): the processes that serve the database, which of them answers, and the jobs that
 * each has (store/node.h). A process that has the database for itself is the only one.
 */
#include "call.h"
#include "encode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A node's id as the key of an object. */
enum { KEY_SIZE = 24 };

static const char *key_of(int64_t id, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "%" PRId64, id);
	return key;
}

struct nodes {
	const struct store_node *self; /* NULL: none of them answers */
	json_t *jobs;                  /* by the key of the node that has them */
	json_t *items;
};

static int job_note(void *arg, const char *job, int64_t node_id)
{
	const struct nodes *nodes = arg;
	char key[KEY_SIZE];
	json_t *jobs;

	if (!node_id)
		return 0;
	jobs = json_object_get(nodes->jobs, key_of(node_id, key));
	if (!jobs) {
		jobs = json_array();
		if (json_object_set_new(nodes->jobs, key, jobs))
			return -ENOMEM;
	}
	return json_array_append_new(jobs, json_text(job)) ? -ENOMEM : 0;
}

/* null: no cmfd answers, whose configuration it would be compared with. */
static json_t *compared_json(const struct nodes *nodes, const struct store_node *node)
{
	if (!nodes->self)
		return json_null();
	return json_string(
		strcmp(node->configuration, nodes->self->configuration) == 0 ? "same" : "differs");
}

static int node_add(void *arg, const struct store_node *node)
{
	const struct nodes *nodes = arg;
	bool alone = node->id == 0;
	char key[KEY_SIZE];
	json_t *jobs = json_object_get(nodes->jobs, key_of(node->id, key));
	/* One that is gone has no jobs any more, though nobody has taken them over yet. */
	json_t *row =
		json_pack("{s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
			  json_text(node->name), "state", node->is_here ? "alive" : "gone", "this",
			  nodes->self && node->id == nodes->self->id, "address",
			  json_text(node->address), "version", json_text(node->version), "schema",
			  node->schema ? json_integer(node->schema) : json_null(), "started_at",
			  json_time(node->started_ms), "seen_at", json_time(node->seen_ms),
			  "clock_skew_ms", alone ? json_null() : json_integer(node->skew_ms),
			  "configuration", json_text(node->configuration), "configuration_compared",
			  compared_json(nodes, node), "jobs",
			  alone                   ? json_null()
			  : jobs && node->is_here ? json_incref(jobs)
						  : json_array());

	return json_array_append_new(nodes->items, row) ? -ENOMEM : 0;
}

static int nodes_fill(struct nodes *nodes, struct store_reader *reader)
{
	int err;

	if (nodes->self && !nodes->self->id)
		return node_add(nodes, nodes->self);
	err = reader ? store_job_list(reader, job_note, nodes) : 0;
	return reader && !err ? store_node_list(reader, node_add, nodes) : err;
}

int operator_nodes_list(struct store_reader *reader, const struct json_process *process,
			json_t *items)
{
	_cleanup_(store_node_clear) struct store_node self = {0};
	struct nodes nodes = {.jobs = json_object(), .items = items};
	int err = nodes.jobs ? 0 : -ENOMEM;

	if (!err && process) {
		err = process->node(process->arg, &self);
		nodes.self = &self;
	}
	if (!err)
		err = nodes_fill(&nodes, reader);
	json_decref(nodes.jobs);
	return err;
}

void operator_node_problems(const json_t *node, struct strbuf *lines)
{
	const char *name = json_string_value(json_object_get(node, "name"));
	const char *compared = json_string_value(json_object_get(node, "configuration_compared"));
	int64_t skew_ms = json_integer_value(json_object_get(node, "clock_skew_ms"));

	/* Of one that is gone neither matters any more. */
	if (strcmp(json_string_value(json_object_get(node, "state")), "alive") != 0)
		return;
	if (store_clock_differs(skew_ms))
		strbuf_printf(lines,
			      "node %s: its clock is %" PRId64 " ms %s that of the database\n",
			      name, skew_ms > 0 ? skew_ms : -skew_ms,
			      skew_ms > 0 ? "ahead of" : "behind");
	if (compared && strcmp(compared, "differs") == 0)
		strbuf_printf(lines, "node %s: its configuration is another one than this node's\n",
			      name);
}

int operator_nodes(struct operator_call *call)
{
	json_t *items;
	int err;

	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	items = json_array();
	err = items ? operator_nodes_list(call->worker->reader, call->process, items) : -ENOMEM;
	if (err) {
		json_decref(items);
		return operator_fault(call, err);
	}
	return operator_ok(call, 200, json_pack("{s:o}", "items", items));
}
