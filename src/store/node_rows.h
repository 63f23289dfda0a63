// SPDX-License-Identifier: Apache-2.0
/* Nodes and leases as rows: what nodes.c changes and reads. See include/store/node.h. */
#pragma once

#include "store/node.h"

/* Nodes that were not seen for so long are forgotten. */
enum { NODE_KEPT_MS = 24 * 3600 * 1000 };

/* The node is there for another lease_ms; others that are gone for long are forgotten. */
_must_check_ int node_beat(struct store_unit *unit, const struct store_node *node,
			   int64_t lease_ms);
_must_check_ int node_remove(struct store_unit *unit, int64_t id);
/* Takes the job, if nobody has it who is there; to be made before. */
_must_check_ int lease_make(struct store_unit *unit, const char *job);
_must_check_ int lease_take(struct store_unit *unit, const char *job, int64_t node_id);
/* job NULL: all of the node. */
_must_check_ int lease_give_back(struct store_unit *unit, int64_t node_id, const char *job);

struct database_state {
	int64_t now_ms;
	int64_t schema; /* 0: not of interest here */
	int64_t needs;  /* who knows a schema before that cannot work with it */
};
_must_check_ int database_state_get(struct store_reader *reader, struct database_state *statep);

struct lease_row {
	const char *job; /* borrowed while it is looked at */
	int64_t node_id;
	int64_t epoch;
};
typedef int lease_each(void *arg, const struct lease_row *row);
_must_check_ int lease_walk(struct store_reader *reader, lease_each *each, void *arg);
