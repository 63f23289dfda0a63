// SPDX-License-Identifier: Apache-2.0
/*
 * Nodes: the processes that serve one database at the same time, and which of them does what one
 * of them has to do at a time (housekeeping, the CRLs of a CA, a VNFM): a job, which a node holds a
 * lease of. A node says again and again that it is there; one that has not for a while, by the
 * database's clock, is gone, and others take its jobs over.
 *
 * A node that was stopped for a while does not know that it is taken for gone. So all that a job
 * commits requires that its lease is still held (store_job_enter()), and nothing of it happens
 * otherwise: -ECANCELED.
 *
 * A database that one process serves, a file, has no nodes: each job is always its own, at no cost.
 */
#pragma once

#include "store.h"

/* A node, as it was when it said last that it is there. */
struct store_node {
	int64_t id; /* random, of the process */
	char *name;
	char *address; /* where clients reach it */
	char *version; /* of the program */
	int64_t schema;
	char *configuration; /* a fingerprint; nodes should have the same */
	int64_t skew_ms;     /* by which its clock is ahead of the database's */
	int64_t started_ms;  /* by the database's clock, as seen_ms */
	int64_t seen_ms;
	bool is_here; /* and not gone since */
};
void store_node_clear(struct store_node *node);

/*
 * Clocks of nodes may differ from the database's by so much before anybody is told: leases and the
 * order of events go by the database's, deadlines and certificates by that of the node.
 */
enum { STORE_CLOCK_SKEW_MAX_MS = 2000 };
bool store_clock_differs(int64_t skew_ms);

struct store_nodes;

struct store_nodes_options {
	const char *name;
	const char *address;
	const char *configuration;
	int64_t lease_ms; /* it is gone so long after it has said last that it is there */
	const struct clock_source *clock;
};
/* What this process has to do with the nodes; nothing is written yet. NULL in *nodesp: one process
 * serves this database. Options are copied but for the clock. Ends before the store. */
_must_check_ int store_nodes_new(struct store *store, const struct store_nodes_options *options,
				 struct store_nodes **nodesp);
/* The id of this node; NULL: 0. */
int64_t store_nodes_self(const struct store_nodes *nodes);
/* No unit requires a lease of it any more. NULL is fine. */
void store_nodes_free(struct store_nodes *nodes);
DEFINE_CLEANUP(struct store_nodes, store_nodes_free);

/*
 * Says that this node is there, and takes the jobs that were asked for and that nobody has. To be
 * called by one thread, several times in lease_ms; what fails is logged, and for the next one to
 * make good. 0 or negative errno. NULL is fine.
 */
int store_nodes_beat(struct store_nodes *nodes);
/* Whether a job was asked for since the last beat that has not been ours yet: it may be free, and
 * the next one should not wait. */
bool store_nodes_wanted(struct store_nodes *nodes);
/* How it went. */
struct store_nodes_state {
	bool is_here;    /* the others take it for there, as far as it knows */
	int64_t seen_ms; /* by its own clock, when it has said last that it is there; 0: never */
	uint64_t beats, failed;
	int err;         /* of the last beat */
	int64_t skew_ms; /* as in struct store_node */
	int64_t schema;  /* that the database has; 0: not known */
	int64_t known;   /* that this program has */
};
/* Any thread. NULL: all is well, and always was. */
void store_nodes_look(struct store_nodes *nodes, struct store_nodes_state *statep);
/* Each job that was asked for of late, and whether this node has it. Any thread; `each` is quick.
 * NULL: none was. */
typedef void store_job_own_each(void *arg, const char *job, bool held);
void store_nodes_jobs(struct store_nodes *nodes, store_job_own_each *each, void *arg);
/* Another fingerprint from the next beat on. 0 or -ENOMEM. NULL is fine. */
_must_check_ int store_nodes_configuration(struct store_nodes *nodes, const char *configuration);
/* Nothing of its jobs is done any more: gives all back, and takes leave. NULL is fine. */
void store_nodes_leave(struct store_nodes *nodes);

/*
 * Whether the job is this node's. If so, whatever the unit commits from now on requires that it
 * still is, until store_job_leave(); if not, a later beat tries to take it. Any thread; `nodes`
 * NULL: it is, and nothing is required.
 */
bool store_job_enter(struct store_nodes *nodes, const char *job, struct store_unit *unit);
void store_job_leave(struct store_unit *unit);
/* The same without a unit: whether to go on with what is done outside of the database. */
bool store_job_held(struct store_nodes *nodes, const char *job);

/* All nodes by their names, borrowed while they are looked at. What is not 0 ends the walk and is
 * the result. */
typedef int store_node_each(void *arg, const struct store_node *node);
_must_check_ int store_node_list(struct store_reader *reader, store_node_each *each, void *arg);
/* Whether a node that is there has the job: this one, or another. */
_must_check_ int store_job_taken(struct store_reader *reader, const char *job, bool *takenp);
/* The jobs, and the id of the node that has each; 0: nobody. */
typedef int store_job_each(void *arg, const char *job, int64_t node_id);
_must_check_ int store_job_list(struct store_reader *reader, store_job_each *each, void *arg);
