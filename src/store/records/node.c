// SPDX-License-Identifier: Apache-2.0
/* Nodes and leases in the store. What a process makes of them is nodes.c's. */
#include "node_rows.h"

#include "reader.h"
#include "unit.h"

/* --- changes --- */

int node_beat(struct store_unit *u, const struct store_node *node, int64_t lease_ms)
{
	int err = unit_add(u, CHANGE_NODE_BEAT,
			   VALUES(value_int(node->id), value_text(node->name),
				  value_text(node->address), value_text(node->version),
				  value_int(node->schema), value_text(node->configuration),
				  value_int(node->skew_ms), value_int(lease_ms)));

	return err == 0 ? unit_add(u, CHANGE_NODE_PURGE,
				   VALUES(value_int(node->id), value_text(node->name),
					  value_int(NODE_KEPT_MS)))
			: err;
}

int node_remove(struct store_unit *u, int64_t id)
{
	return unit_add(u, CHANGE_NODE_REMOVE, VALUES(value_int(id)));
}

int lease_make(struct store_unit *u, const char *job)
{
	return unit_add(u, CHANGE_LEASE_MAKE, VALUES(value_text(job)));
}

int lease_take(struct store_unit *u, const char *job, int64_t node_id)
{
	return unit_add(u, CHANGE_LEASE_TAKE, VALUES(value_text(job), value_int(node_id)));
}

int lease_give_back(struct store_unit *u, int64_t node_id, const char *job)
{
	return unit_add(u, CHANGE_LEASE_GIVE_BACK, VALUES(value_int(node_id), value_text(job)));
}

/* --- reading --- */

static int database_state_read(struct row *row, void *arg)
{
	struct database_state *state = arg;

	state->now_ms = row_int(row);
	state->schema = row_int(row);
	state->needs = row_int(row);
	return row_complete(row);
}

int database_state_get(struct store_reader *r, struct database_state *statep)
{
	return read_one(r, READ_DATABASE_STATE, NULL, 0, database_state_read, statep);
}

void store_node_clear(struct store_node *node)
{
	free(node->name);
	free(node->address);
	free(node->version);
	free(node->configuration);
	*node = (struct store_node){0};
}

struct nodes_walk {
	store_node_each *each;
	void *arg;
};

static int node_read(struct row *row, void *arg)
{
	const struct nodes_walk *walk = arg;
	_cleanup_(store_node_clear) struct store_node node = {.id = row_int(row)};
	int err;

	node.name = row_text(row);
	node.address = row_text(row);
	node.version = row_text(row);
	node.schema = row_int(row);
	node.configuration = row_text(row);
	node.skew_ms = row_int(row);
	node.started_ms = row_int(row);
	node.seen_ms = row_int(row);
	node.is_here = row_int(row) != 0;
	err = row_complete(row);
	return err == 0 ? walk->each(walk->arg, &node) : err;
}

int store_node_list(struct store_reader *r, store_node_each *each, void *arg)
{
	struct nodes_walk walk = {each, arg};

	return read_each(r, READ_NODES, NULL, 0, node_read, &walk);
}

int store_job_taken(struct store_reader *r, const char *job, bool *takenp)
{
	int64_t n = 0;
	int err = read_number(r, READ_JOB_TAKEN, VALUES(value_text(job)), 0, &n);

	*takenp = n > 0;
	return err;
}

struct leases_walk {
	lease_each *each;
	void *arg;
};

static int lease_read(struct row *row, void *arg)
{
	const struct leases_walk *walk = arg;
	_cleanup_(freep) char *job = row_text(row);
	struct lease_row lease = {.job = job, .node_id = row_int(row)};
	int err;

	lease.epoch = row_int(row);
	err = row_complete(row);
	return err == 0 ? walk->each(walk->arg, &lease) : err;
}

int lease_walk(struct store_reader *r, lease_each *each, void *arg)
{
	struct leases_walk walk = {each, arg};

	return read_each(r, READ_LEASES, NULL, 0, lease_read, &walk);
}
