// SPDX-License-Identifier: Apache-2.0
/*
 * This process among the nodes that serve its database: that it is there, and which jobs are its
 * own. See include/store/node.h; the rows are records/node.c's. Who decides is the database, in the
 * unit of each commit; what is in memory only spares asking it.
 */
#include "node_rows.h"

#include "base/log.h"
#include "driver.h"
#include "reader.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

/* A job that nobody has asked for so long is given back: another node may be able to do it. */
static const int64_t UNASKED_US = 5LL * 60 * 1000 * 1000;

/* A fault that lasts is told so often. */
static const int64_t TELL_US = 60LL * 1000 * 1000;

/* The answer to a question for the time that took longer says little about a clock. */
enum { QUESTION_MAX_MS = 500 };

struct job {
	char *name;
	int64_t epoch; /* of our lease; 0: another node has it, or nobody */
	int64_t asked_us;
	struct job *next;
};

struct store_nodes {
	struct store_reader *reader;
	struct store_unit *unit;
	struct store_node self;
	int64_t lease_ms;
	const struct clock_source *clock;
	pthread_mutex_t lock;
	/* Under the lock: */
	bool wanted;      /* a job was asked for that was not there before */
	struct job *jobs; /* each stays as long as the process */
	int64_t until_us; /* as far as we know we are there until then; monotonic */
	struct store_nodes_state state;
};

/* --- what is ours --- */

/* With the lock; NULL out of memory. */
static struct job *job_find(struct store_nodes *nodes, const char *name)
{
	struct job *job = nodes->jobs;

	while (job && strcmp(job->name, name) != 0)
		job = job->next;
	if (job)
		return job;
	job = calloc(1, sizeof(*job));
	if (job)
		job->name = strdup(name);
	if (!job || !job->name) {
		free(job);
		return NULL;
	}
	job->next = nodes->jobs;
	nodes->jobs = job;
	nodes->wanted = true;
	return job;
}

static struct unit_lease lease_find(struct store_nodes *nodes, const char *name)
{
	struct unit_lease lease = {.node = nodes->self.id};
	struct job *job;

	pthread_mutex_lock(&nodes->lock);
	job = job_find(nodes, name);
	if (job) {
		job->asked_us = clock_monotonic_us();
		lease.epoch = job->asked_us < nodes->until_us ? job->epoch : 0;
		lease.job = lease.epoch ? job->name : NULL;
	}
	pthread_mutex_unlock(&nodes->lock);
	return lease;
}

bool store_job_enter(struct store_nodes *nodes, const char *job, struct store_unit *unit)
{
	if (!nodes)
		return true;
	unit->lease = lease_find(nodes, job);
	return unit->lease.job != NULL;
}

void store_job_leave(struct store_unit *unit)
{
	unit->lease = (struct unit_lease){0};
}

bool store_job_held(struct store_nodes *nodes, const char *job)
{
	return !nodes || lease_find(nodes, job).job;
}

/* --- the beat --- */

/* Each for one job: with the lock, into the unit of the beat. */
static int job_add(struct store_nodes *nodes, const struct job *job, int64_t now_us)
{
	int err;

	if (now_us - job->asked_us > UNASKED_US)
		return job->epoch ? lease_give_back(nodes->unit, nodes->self.id, job->name) : 0;
	if (job->epoch)
		return 0;
	err = lease_make(nodes->unit, job->name);
	return err == 0 ? lease_take(nodes->unit, job->name, nodes->self.id) : err;
}

static int beat_commit(struct store_nodes *nodes)
{
	int64_t now_us = clock_monotonic_us();
	int err;

	pthread_mutex_lock(&nodes->lock);
	nodes->wanted = false;
	err = node_beat(nodes->unit, &nodes->self, nodes->lease_ms);
	for (const struct job *job = nodes->jobs; err == 0 && job; job = job->next)
		err = job_add(nodes, job, now_us);
	pthread_mutex_unlock(&nodes->lock);
	if (err == 0)
		err = store_unit_commit(nodes->unit);
	return err;
}

static int lease_note(void *arg, const struct lease_row *row)
{
	struct store_nodes *nodes = arg;
	struct job *job;

	pthread_mutex_lock(&nodes->lock);
	job = nodes->jobs;
	while (job && strcmp(job->name, row->job) != 0)
		job = job->next;
	if (job)
		job->epoch = row->node_id == nodes->self.id ? row->epoch : 0;
	pthread_mutex_unlock(&nodes->lock);
	return 0;
}

static int leases_read(struct store_nodes *nodes, int64_t until_us)
{
	int err = lease_walk(nodes->reader, lease_note, nodes);

	pthread_mutex_lock(&nodes->lock);
	if (err == 0)
		nodes->until_us = until_us;
	pthread_mutex_unlock(&nodes->lock);
	return err;
}

/* How far our clock is ahead of the database's, to the half of what the question took. */
static int state_look(struct store_nodes *nodes)
{
	int64_t before_ms = clock_now_ms(nodes->clock), took_ms;
	struct database_state state;
	int err = database_state_get(nodes->reader, &state);

	if (err != 0)
		return err < 0 ? err : -EUCLEAN;
	pthread_mutex_lock(&nodes->lock);
	nodes->state.schema = state.schema;
	pthread_mutex_unlock(&nodes->lock);
	if (state.needs > nodes->self.schema)
		return log_fault_every(TELL_US, "store: a newer cmfd has migrated the database",
				       -EPROTO, "this one cannot go on with it: upgrade it");
	took_ms = clock_now_ms(nodes->clock) - before_ms;
	if (took_ms < 0 || took_ms > QUESTION_MAX_MS)
		return 0;
	pthread_mutex_lock(&nodes->lock);
	nodes->self.skew_ms = before_ms + took_ms / 2 - state.now_ms;
	pthread_mutex_unlock(&nodes->lock);
	return 0;
}

static void beat_note(struct store_nodes *nodes, int err)
{
	pthread_mutex_lock(&nodes->lock);
	nodes->state.err = err;
	if (err == 0) {
		nodes->state.beats++;
		nodes->state.seen_ms = clock_now_ms(nodes->clock);
	} else {
		nodes->state.failed++;
	}
	pthread_mutex_unlock(&nodes->lock);
}

int store_nodes_beat(struct store_nodes *nodes)
{
	/* The database begins to count later. */
	int64_t until_us = clock_monotonic_us() + 1000 * (nodes ? nodes->lease_ms : 0);
	int err;

	if (!nodes)
		return 0;
	err = state_look(nodes);
	if (err == 0)
		err = beat_commit(nodes);
	if (err == 0)
		err = leases_read(nodes, until_us);
	if (err < 0)
		store_unit_clear(nodes->unit);
	beat_note(nodes, err);
	return err;
}

bool store_clock_differs(int64_t skew_ms)
{
	return skew_ms > STORE_CLOCK_SKEW_MAX_MS || skew_ms < -STORE_CLOCK_SKEW_MAX_MS;
}

void store_nodes_look(struct store_nodes *nodes, struct store_nodes_state *statep)
{
	*statep = (struct store_nodes_state){.is_here = true};
	if (!nodes)
		return;
	pthread_mutex_lock(&nodes->lock);
	*statep = nodes->state;
	statep->is_here = clock_monotonic_us() < nodes->until_us;
	statep->skew_ms = nodes->self.skew_ms;
	statep->known = nodes->self.schema;
	pthread_mutex_unlock(&nodes->lock);
}

void store_nodes_jobs(struct store_nodes *nodes, store_job_own_each *each, void *arg)
{
	int64_t now_us = clock_monotonic_us();

	if (!nodes)
		return;
	pthread_mutex_lock(&nodes->lock);
	for (const struct job *job = nodes->jobs; job; job = job->next)
		if (now_us - job->asked_us <= UNASKED_US)
			each(arg, job->name, now_us < nodes->until_us && job->epoch);
	pthread_mutex_unlock(&nodes->lock);
}

bool store_nodes_wanted(struct store_nodes *nodes)
{
	bool wanted;

	pthread_mutex_lock(&nodes->lock);
	wanted = nodes->wanted;
	pthread_mutex_unlock(&nodes->lock);
	return wanted;
}

void store_nodes_leave(struct store_nodes *nodes)
{
	int err;

	if (!nodes)
		return;
	pthread_mutex_lock(&nodes->lock);
	nodes->until_us = 0;
	pthread_mutex_unlock(&nodes->lock);
	err = lease_give_back(nodes->unit, nodes->self.id, NULL);
	if (err == 0)
		err = node_remove(nodes->unit, nodes->self.id);
	if (err == 0)
		err = store_unit_commit(nodes->unit);
	/* Others will find out. */
	if (err < 0)
		store_unit_clear(nodes->unit);
}

/* --- its life --- */

int64_t store_nodes_self(const struct store_nodes *nodes)
{
	return nodes ? nodes->self.id : 0;
}

static int self_fill(struct store_node *self, const struct store_nodes_options *options,
		     int64_t schema)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return log_fault("store: id of a node", -errno, NULL);
	*self = (struct store_node){.id = (int64_t)(random >> 1) | 1, .schema = schema};
	self->name = strdup(options->name);
	self->address = strdup(options->address);
	self->version = strdup(CMFD_VERSION);
	self->configuration = strdup(options->configuration);
	return self->name && self->address && self->version && self->configuration ? 0 : -ENOMEM;
}

int store_nodes_new(struct store *store, const struct store_nodes_options *options,
		    struct store_nodes **nodesp)
{
	_cleanup_(store_nodes_freep) struct store_nodes *nodes = calloc(1, sizeof(*nodes));
	const struct driver *driver;
	int err;

	*nodesp = NULL;
	if (!nodes)
		return -ENOMEM;
	pthread_mutex_init(&nodes->lock, NULL);
	nodes->lease_ms = options->lease_ms;
	nodes->clock = options->clock;
	err = store_reader_new(store, &nodes->reader);
	if (err < 0)
		return err;
	driver = nodes->reader->driver;
	if (!driver->schema_shared)
		return 0;
	err = self_fill(&nodes->self, options, driver->schema_shared());
	if (err == 0)
		err = store_unit_new(store, &nodes->unit);
	if (err == 0)
		*nodesp = TAKE(nodes);
	return err;
}

void store_nodes_free(struct store_nodes *nodes)
{
	if (!nodes)
		return;
	for (struct job *job = nodes->jobs, *next; job; job = next) {
		next = job->next;
		free(job->name);
		free(job);
	}
	store_node_clear(&nodes->self);
	store_unit_free(nodes->unit);
	if (nodes->reader)
		store_reader_free(nodes->reader);
	pthread_mutex_destroy(&nodes->lock);
	free(nodes);
}

int store_nodes_configuration(struct store_nodes *nodes, const char *configuration)
{
	char *copy = nodes ? strdup(configuration) : NULL;

	if (!nodes)
		return 0;
	if (!copy)
		return -ENOMEM;
	pthread_mutex_lock(&nodes->lock);
	free(nodes->self.configuration);
	nodes->self.configuration = copy;
	pthread_mutex_unlock(&nodes->lock);
	return 0;
}

/* --- for the operator --- */

struct jobs_walk {
	store_job_each *each;
	void *arg;
};

static int job_tell(void *arg, const struct lease_row *row)
{
	const struct jobs_walk *walk = arg;

	return walk->each(walk->arg, row->job, row->node_id);
}

int store_job_list(struct store_reader *reader, store_job_each *each, void *arg)
{
	struct jobs_walk walk = {each, arg};

	return lease_walk(reader, job_tell, &walk);
}
