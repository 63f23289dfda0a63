// SPDX-License-Identifier: Apache-2.0
/*
 * Nodes: two stores on one database, as two processes have them. What one of them does in the
 * background the other takes over when it is gone, and what it commits then does not happen.
 */
#include "fixture.h"

#include "store/node.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define JOB   "ca issuing"
#define OTHER "ca other"

/* Times out with the test. */
#define WAIT_FOR(condition)  \
	while (!(condition)) \
	nanosleep(&(const struct timespec){.tv_nsec = 10 * 1000000}, NULL)

enum { LONG_MS = 60 * 1000, SHORT_MS = 300 };

struct node {
	struct store *store;
	struct store_nodes *nodes;
	struct store_reader *reader;
	struct store_unit *unit;
};

static void node_begin_by(struct node *n, struct fixture *f, const char *name, int64_t lease_ms,
			  const struct clock_source *clock)
{
	const struct store_nodes_options options = {
		.name = name,
		.address = "192.0.2.1:8080",
		.configuration = "abc",
		.lease_ms = lease_ms,
		.clock = clock,
	};

	*n = (struct node){0};
	OK(store_open(&f->options, &n->store));
	OK(store_reader_new(n->store, &n->reader));
	OK(store_unit_new(n->store, &n->unit));
	OK(store_nodes_new(n->store, &options, &n->nodes));
}

static void node_begin(struct node *n, struct fixture *f, const char *name, int64_t lease_ms)
{
	node_begin_by(n, f, name, lease_ms, &clock_system);
}

static void node_end(struct node *n)
{
	store_unit_free(n->unit);
	store_reader_free(n->reader);
	store_nodes_free(n->nodes);
	store_close(n->store);
}

/* Two nodes; the first has the job. False: there are no nodes on this database. */
static bool two_begin(struct fixture *f, struct node two[2], int64_t first_lease_ms, int index)
{
	fixture_begin(f, index);
	node_begin(&two[0], f, "first", first_lease_ms);
	if (!two[0].nodes) {
		node_end(&two[0]);
		fixture_end(f);
		return false;
	}
	node_begin(&two[1], f, "second", LONG_MS);
	ck_assert(!store_job_enter(two[0].nodes, JOB, two[0].unit));
	/* On a busy machine a beat may take longer than a short lease. */
	do
		OK(store_nodes_beat(two[0].nodes));
	while (!store_job_enter(two[0].nodes, JOB, two[0].unit));
	return true;
}

static void two_end(struct fixture *f, struct node two[2])
{
	node_end(&two[0]);
	node_end(&two[1]);
	fixture_end(f);
}

static bool takes(struct node *n, const char *job)
{
	if (store_job_held(n->nodes, job))
		return true;
	OK(store_nodes_beat(n->nodes));
	return store_job_held(n->nodes, job);
}

static int client_commit(struct store_unit *unit, const char *name)
{
	const struct store_client client = sample_client(name);

	OK(store_client_insert(unit, &client));
	return store_unit_commit(unit);
}

static int client_count(void *arg, struct store_client *client)
{
	++*(int *)arg;
	return 0;
}

static int clients_of(struct node *n)
{
	int count = 0;

	OK(store_client_list(n->reader, 0, client_count, &count));
	return count;
}

static bool is_taken(struct node *n, const char *job)
{
	bool taken;

	OK(store_job_taken(n->reader, job, &taken));
	return taken;
}

/* Where one process serves there is nothing to hold, and nothing is required. */
START_TEST(test_node_alone)
{
	struct fixture f;
	struct node n;

	fixture_begin(&f, _i);
	node_begin(&n, &f, "alone", LONG_MS);
	if (!n.nodes) {
		ck_assert(store_job_enter(n.nodes, JOB, n.unit));
		OK(store_nodes_beat(n.nodes));
		OK(client_commit(n.unit, "client-1"));
		store_job_leave(n.unit);
	}
	node_end(&n);
	fixture_end(&f);
}
END_TEST

START_TEST(test_node_has_a_job_alone)
{
	struct fixture f;
	struct node two[2];

	if (!two_begin(&f, two, LONG_MS, _i))
		return;
	for (int i = 0; i < 3; i++)
		ck_assert(!takes(&two[1], JOB));
	ck_assert(!store_job_enter(two[1].nodes, JOB, two[1].unit));
	/* Another job, nobody has. */
	ck_assert(!store_job_held(two[1].nodes, OTHER));
	ck_assert(takes(&two[1], OTHER));
	ck_assert(!takes(&two[0], OTHER));
	OK(client_commit(two[0].unit, "client-1"));
	store_job_leave(two[0].unit);
	OK(client_commit(two[0].unit, "client-2"));
	two_end(&f, two);
}
END_TEST

/* One that ends gives back what it has, and the next beat of another one takes it. */
START_TEST(test_node_takes_leave)
{
	struct fixture f;
	struct node two[2];

	if (!two_begin(&f, two, LONG_MS, _i))
		return;
	ck_assert(!takes(&two[1], JOB));
	ck_assert(is_taken(&two[0], JOB) && is_taken(&two[1], JOB) && !is_taken(&two[1], OTHER));
	store_nodes_leave(two[0].nodes);
	ck_assert(!is_taken(&two[1], JOB));
	ck_assert(takes(&two[1], JOB));
	ck_assert(!store_job_held(two[0].nodes, JOB));
	two_end(&f, two);
}
END_TEST

/* One that was stopped is gone after its time, and changes nothing when it goes on. */
START_TEST(test_node_was_stopped)
{
	struct fixture f;
	struct node two[2];

	if (!two_begin(&f, two, SHORT_MS, _i))
		return;
	OK(client_commit(two[0].unit, "client-1"));
	WAIT_FOR(!is_taken(&two[1], JOB));
	WAIT_FOR(takes(&two[1], JOB));
	/* It does not know yet. */
	ck_assert_int_eq(client_commit(two[0].unit, "client-2"), -ECANCELED);
	ck_assert_int_eq(clients_of(&two[1]), 1);
	ck_assert(!store_job_enter(two[0].nodes, JOB, two[0].unit));
	/* What is no job of it goes on. */
	OK(client_commit(two[0].unit, "client-2"));
	/* It is there again, but the job is another one's. */
	OK(store_nodes_beat(two[0].nodes));
	ck_assert(!store_job_held(two[0].nodes, JOB));
	two_end(&f, two);
}
END_TEST

static void told_note(void *arg, int result, const struct store_unit *unit)
{
	*(int *)arg = result;
}

/* A unit that is handed over leaves its lease to the one that comes in its place, and takes it from
 * the one that goes to somebody else. */
START_TEST(test_node_submits)
{
	struct fixture f;
	struct node two[2];
	int told = 1;

	if (!two_begin(&f, two, LONG_MS, _i))
		return;
	for (int i = 0; i < 3; i++) {
		const struct store_client client = sample_client("somebody");

		told = 1;
		OK(store_client_insert(two[0].unit, &client));
		OK(store_client_remove(two[0].unit, "somebody"));
		store_unit_submit(&two[0].unit, told_note, &told);
		OK(client_commit(two[0].unit, i == 0   ? "client-0"
					      : i == 1 ? "client-1"
						       : "client-2"));
		ck_assert_int_eq(told, 0);
	}
	store_nodes_leave(two[0].nodes);
	ck_assert_int_eq(client_commit(two[0].unit, "client-3"), -ECANCELED);
	store_job_leave(two[0].unit);
	/* Those that were handed over before are used again. */
	for (int i = 0; i < 3; i++) {
		const struct store_client client = sample_client("somebody");

		OK(store_client_insert(two[0].unit, &client));
		OK(store_client_remove(two[0].unit, "somebody"));
		store_unit_submit(&two[0].unit, told_note, &told);
	}
	OK(client_commit(two[0].unit, "client-3"));
	ck_assert_int_eq(told, 0);
	two_end(&f, two);
}
END_TEST

struct stubborn {
	struct node *node;
	pthread_t thread;
	int committed;
	int err;
};

/* As a job that does not look whether it is still its own. */
static void *stubborn_run(void *arg)
{
	struct stubborn *s = arg;

	while (s->err == 0) {
		char name[32];

		snprintf(name, sizeof(name), "client-%d", s->committed);
		s->err = client_commit(s->node->unit, name);
		s->committed += s->err == 0;
	}
	return NULL;
}

/* Whatever the moment at which a job changes hands: what its former node has committed, the next
 * one sees before it does anything, and there is nothing more to come. */
START_TEST(test_node_is_fenced)
{
	struct fixture f;
	struct node two[2];

	for (int round = 0; round < 5; round++) {
		struct stubborn s = {.node = &two[0]};
		int seen;

		if (!two_begin(&f, two, SHORT_MS, _i))
			return;
		OK(pthread_create(&s.thread, NULL, stubborn_run, &s));
		WAIT_FOR(takes(&two[1], JOB));
		seen = clients_of(&two[1]);
		pthread_join(s.thread, NULL);
		ck_assert_int_eq(s.err, -ECANCELED);
		ck_assert_int_eq(seen, s.committed);
		ck_assert_int_eq(clients_of(&two[1]), seen);
		two_end(&f, two);
	}
}
END_TEST

struct listed {
	int nodes, here, jobs;
	int64_t holder;
	char names[64];
};

static int node_see(void *arg, const struct store_node *node)
{
	struct listed *listed = arg;

	listed->nodes++;
	listed->here += node->is_here;
	ck_assert_str_eq(node->address, "192.0.2.1:8080");
	ck_assert_str_eq(node->version, CMFD_VERSION);
	ck_assert_str_eq(node->configuration, "abc");
	ck_assert_int_eq(node->schema, SCHEMA_NEWEST);
	/* The server is on this machine. */
	ck_assert(node->skew_ms > -5000 && node->skew_ms < 5000);
	ck_assert(node->seen_ms >= node->started_ms && node->started_ms > 0);
	strncat(listed->names, node->name, sizeof(listed->names) - strlen(listed->names) - 1);
	strncat(listed->names, " ", sizeof(listed->names) - strlen(listed->names) - 1);
	return 0;
}

static int job_see(void *arg, const char *job, int64_t node_id)
{
	struct listed *listed = arg;

	ck_assert_str_eq(job, JOB);
	listed->jobs++;
	listed->holder = node_id;
	return 0;
}

static void own_see(void *arg, const char *job, bool held)
{
	struct listed *listed = arg;

	ck_assert_str_eq(job, JOB);
	listed->jobs++;
	listed->here += held;
}

static struct listed nodes_list(struct node *n)
{
	struct listed listed = {0};

	OK(store_node_list(n->reader, node_see, &listed));
	OK(store_job_list(n->reader, job_see, &listed));
	return listed;
}

START_TEST(test_node_list)
{
	struct fixture f;
	struct node two[2];
	struct listed listed;

	if (!two_begin(&f, two, SHORT_MS, _i))
		return;
	OK(store_nodes_beat(two[1].nodes));
	listed = nodes_list(&two[1]);
	ck_assert_str_eq(listed.names, "first second ");
	ck_assert_int_eq(listed.jobs, 1);
	ck_assert(listed.holder == store_nodes_self(two[0].nodes));
	WAIT_FOR(nodes_list(&two[1]).here == 1);
	ck_assert_int_eq(nodes_list(&two[1]).nodes, 2);
	/* One that comes back under the same name is another process: the one before is over. */
	node_end(&two[0]);
	node_begin(&two[0], &f, "first", LONG_MS);
	OK(store_nodes_beat(two[0].nodes));
	listed = nodes_list(&two[1]);
	ck_assert_str_eq(listed.names, "first second ");
	ck_assert_int_eq(listed.here, 2);
	store_nodes_leave(two[0].nodes);
	ck_assert_str_eq(nodes_list(&two[1]).names, "second ");
	two_end(&f, two);
}
END_TEST

/* What a node knows of itself: it is there from its first beat on until its time is over. */
START_TEST(test_node_looks_at_itself)
{
	struct fixture f;
	struct node two[2];
	struct store_nodes_state state;
	struct listed held = {0};

	store_nodes_look(NULL, &state);
	ck_assert(state.is_here);
	if (!two_begin(&f, two, SHORT_MS, _i))
		return;
	store_nodes_look(two[1].nodes, &state);
	ck_assert(!state.is_here && state.beats == 0 && state.seen_ms == 0);
	ck_assert(!store_job_held(two[1].nodes, JOB));
	OK(store_nodes_beat(two[1].nodes));
	store_nodes_look(two[1].nodes, &state);
	ck_assert(state.is_here && state.beats == 1 && state.failed == 0 && state.seen_ms > 0);
	ck_assert(!store_clock_differs(state.skew_ms));
	store_nodes_jobs(two[1].nodes, own_see, &held);
	ck_assert_int_eq(held.jobs, 1);
	ck_assert_int_eq(held.here, 0);
	do
		store_nodes_look(two[0].nodes, &state);
	while (state.is_here);
	WAIT_FOR(takes(&two[1], JOB));
	held = (struct listed){0};
	store_nodes_jobs(two[1].nodes, own_see, &held);
	ck_assert_int_eq(held.here, 1);
	held = (struct listed){0};
	store_nodes_jobs(two[0].nodes, own_see, &held);
	ck_assert(held.jobs == 1 && held.here == 0);
	two_end(&f, two);
}
END_TEST

/* Of this many ms ahead; or, of a machine that takes a second to ask the time, that many a call. */
static int64_t ahead_ms(void *arg)
{
	return clock_now_ms(&clock_system) + *(const int64_t *)arg;
}

static int64_t slow_ms(void *arg)
{
	*(int64_t *)arg += 1000;
	return ahead_ms(arg);
}

static void skew_expect(struct fixture *f, const struct clock_source *clock, int64_t least_ms,
			int64_t most_ms, bool differs)
{
	struct node n;
	struct store_nodes_state state;

	node_begin_by(&n, f, "skewed", LONG_MS, clock);
	if (n.nodes) {
		OK(store_nodes_beat(n.nodes));
		store_nodes_look(n.nodes, &state);
		ck_assert(state.skew_ms >= least_ms && state.skew_ms <= most_ms);
		ck_assert(store_clock_differs(state.skew_ms) == differs);
	}
	node_end(&n);
}

/* The server is on this machine; a question takes less than half a second. */
START_TEST(test_node_clock)
{
	struct fixture f;
	int64_t ms = 30000;

	fixture_begin(&f, _i);
	skew_expect(&f, &(const struct clock_source){ahead_ms, &ms}, 29000, 31000, true);
	ms = -30000;
	skew_expect(&f, &(const struct clock_source){ahead_ms, &ms}, -31000, -29000, true);
	ms = 30000;
	/* An answer that took long says nothing. */
	skew_expect(&f, &(const struct clock_source){slow_ms, &ms}, 0, 0, false);
	fixture_end(&f);
	ck_assert(!store_clock_differs(STORE_CLOCK_SKEW_MAX_MS));
	ck_assert(!store_clock_differs(-STORE_CLOCK_SKEW_MAX_MS));
	ck_assert(store_clock_differs(-STORE_CLOCK_SKEW_MAX_MS - 1));
}
END_TEST

/* A newer program has migrated the database, and lets this one go on, or does not. */
START_TEST(test_node_of_an_older_program)
{
	struct fixture f;
	struct node two[2];
	struct store_nodes_state state;

	if (!two_begin(&f, two, LONG_MS, _i))
		return;
	f.backend->database_make_newer(f.database, SCHEMA_NEWEST);
	OK(store_nodes_beat(two[0].nodes));
	OK(client_commit(two[0].unit, "client-1"));
	store_nodes_look(two[0].nodes, &state);
	ck_assert_int_eq(state.known, SCHEMA_NEWEST);
	ck_assert_int_gt(state.schema, state.known);
	f.backend->database_make_newer(f.database, SCHEMA_NEWEST + 1);
	ck_assert_int_eq(store_nodes_beat(two[0].nodes), -EPROTO);
	store_nodes_look(two[0].nodes, &state);
	ck_assert_int_eq(state.err, -EPROTO);
	ck_assert_uint_eq(state.failed, 1);
	two_end(&f, two);
}
END_TEST

TCase *node_cases(void)
{
	TCase *tc = tcase_create("node");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, test_node_alone, 0, backends_count);
	tcase_add_loop_test(tc, test_node_has_a_job_alone, 0, backends_count);
	tcase_add_loop_test(tc, test_node_takes_leave, 0, backends_count);
	tcase_add_loop_test(tc, test_node_was_stopped, 0, backends_count);
	tcase_add_loop_test(tc, test_node_submits, 0, backends_count);
	tcase_add_loop_test(tc, test_node_is_fenced, 0, backends_count);
	tcase_add_loop_test(tc, test_node_list, 0, backends_count);
	tcase_add_loop_test(tc, test_node_looks_at_itself, 0, backends_count);
	tcase_add_loop_test(tc, test_node_clock, 0, backends_count);
	tcase_add_loop_test(tc, test_node_of_an_older_program, 0, backends_count);
	return tc;
}
