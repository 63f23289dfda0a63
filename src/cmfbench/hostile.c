// SPDX-License-Identifier: Apache-2.0
/*
 * One honest client at a constant rate, first alone, then beside each attack of attack.c: what the
 * attack costs the others. The client's requests are due at fixed times, and its latency counts
 * from then, so that a server that stalls is not asked less. The attackers run at the lowest
 * priority, and their processor time is told apart.
 */
#include "client.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Threads of the honest client: as many requests can be under way before one is late by itself. */
enum { HONEST_LANES = 32 };

/* What the honest client may suffer: that, or three times its p99 without attack. */
enum { P99_MOST_US = 100 * 1000, P99_FACTOR = 3 };

/* Between two phases: what the last one left in queues is gone. */
enum { PAUSE_S = 2 };

struct phase {
	const struct bench_options *options;
	struct bench_setup *setup;
	const struct bench_attack *attack;
	struct bench_schedule schedule; /* of the honest client */
	atomic_bool stop;
};

struct honest {
	struct phase *phase;
	struct bench_client *client;
	pthread_t thread;
	struct bench_lane lane;
};

struct attacker {
	struct phase *phase;
	struct bench_client *client;
	pthread_t thread;
	struct octets message;
	uint64_t answered, busy, failed;
	int64_t cpu_us;
};

static void *honest_run(void *arg)
{
	struct honest *honest = arg;
	const struct bench_options *o = honest->phase->options;
	unsigned long number;
	int64_t due_us;

	while (bench_schedule_next(&honest->phase->schedule, &number, &due_us)) {
		struct bench_failure failure = {0};

		if (bench_client_run(honest->client, number % o->subject_count, &failure))
			bench_lane_failed(&honest->lane, &failure, 1);
		else if (bench_lane_done(&honest->lane, due_us, 1))
			break;
	}
	return NULL;
}

static void *attacker_run(void *arg)
{
	struct attacker *attacker = arg;
	long status;

	/* Of this thread alone, on Linux. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), 19);
	while (!atomic_load(&attacker->phase->stop)) {
		status = bench_client_post(attacker->client, octets_view(&attacker->message));
		attacker->answered += status > 0 && status != 503;
		attacker->busy += status == 503;
		attacker->failed += status <= 0;
	}
	attacker->cpu_us = clock_thread_cpu_us();
	return NULL;
}

/* --- a phase --- */

static int attackers_start(struct phase *phase, struct attacker *attackers, unsigned n,
			   unsigned *startedp)
{
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		attackers[i].phase = phase;
		err = phase->attack->make(phase->setup, &attackers[i].message);
		if (!err)
			err = bench_client_new(phase->setup, i, NULL, &attackers[i].client);
	}
	for (*startedp = 0; *startedp < n && !err; *startedp += !err)
		err = -pthread_create(&attackers[*startedp].thread, NULL, attacker_run,
				      &attackers[*startedp]);
	return err;
}

static int honest_start(struct phase *phase, struct honest *honest, unsigned *startedp)
{
	int err = 0;

	for (unsigned i = 0; i < HONEST_LANES && !err; i++) {
		honest[i].phase = phase;
		err = bench_client_new(phase->setup, i, phase->options->source, &honest[i].client);
	}
	bench_schedule_start(&phase->schedule, phase->options->duration_s, phase->options->rate, 1);
	for (*startedp = 0; *startedp < HONEST_LANES && !err; *startedp += !err)
		err = -pthread_create(&honest[*startedp].thread, NULL, honest_run,
				      &honest[*startedp]);
	return err;
}

static int phase_report(const struct honest *honest, const struct attacker *attackers,
			unsigned n_attackers, double seconds, struct bench_hostile *h)
{
	const struct bench_lane *lanes[HONEST_LANES];

	for (size_t i = 0; i < HONEST_LANES; i++)
		lanes[i] = &honest[i].lane;
	for (unsigned i = 0; i < n_attackers; i++) {
		h->answered += attackers[i].answered;
		h->busy += attackers[i].busy;
		h->failed += attackers[i].failed;
		h->attacker_cpu += (double)attackers[i].cpu_us / 1e6 / seconds;
	}
	return bench_lanes_report(lanes, HONEST_LANES, &h->honest);
}

/* What is done in one phase; attack NULL: the client is alone. */
static int phase_run(const struct bench_options *o, struct bench_setup *setup,
		     const struct bench_attack *attack, struct bench_hostile *h)
{
	struct phase phase = {.options = o, .setup = setup, .attack = attack};
	unsigned n = attack ? o->connections : 0, attacking = 0, running = 0;
	struct attacker *attackers = calloc(n + 1, sizeof(*attackers));
	struct honest *honest = calloc(HONEST_LANES, sizeof(*honest));
	double before = 0, after = 0;
	int err = attackers && honest ? 0 : -ENOMEM;

	if (!err && attack)
		err = attackers_start(&phase, attackers, n, &attacking);
	if (!err && o->n_pids)
		err = bench_proc_cpu_us(o->pids, o->n_pids, &before);
	if (!err)
		err = honest_start(&phase, honest, &running);
	for (unsigned i = 0; i < running; i++)
		pthread_join(honest[i].thread, NULL);
	if (!err && o->n_pids)
		err = bench_proc_cpu_us(o->pids, o->n_pids, &after);
	h->honest.seconds = (double)(clock_monotonic_us() - phase.schedule.start_us) / 1e6;
	h->server_cpu = o->n_pids ? (after - before) / 1e6 / h->honest.seconds : -1;
	atomic_store(&phase.stop, true);
	for (unsigned i = 0; i < attacking; i++)
		pthread_join(attackers[i].thread, NULL);
	if (!err)
		err = phase_report(honest, attackers, n, h->honest.seconds, h);
	for (size_t i = 0; honest && i < HONEST_LANES; i++) {
		bench_client_free(honest[i].client);
		bench_lane_clear(&honest[i].lane);
	}
	for (unsigned i = 0; attackers && i < n; i++) {
		bench_client_free(attackers[i].client);
		octets_clear(&attackers[i].message);
	}
	free(honest);
	free(attackers);
	return err;
}

/* --- all of them --- */

int bench_hostile_run(const struct bench_options *o, struct bench_hostile h[BENCH_HOSTILE_MAX],
		      size_t *np)
{
	struct bench_setup *setup = NULL;
	int err = bench_setup_new(o, &setup);

	*np = 0;
	for (size_t i = 0; i <= bench_attacks_count && !err; i++) {
		const struct bench_attack *attack = i ? &bench_attacks[i - 1] : NULL;
		double alone;

		if (attack && attack->known && !o->attack_ref)
			continue;
		if (o->attack && i && strcmp(o->attack, attack->name) != 0)
			continue;
		if (*np)
			sleep(PAUSE_S);
		h[*np] = (struct bench_hostile){.load = attack ? attack->name : "none"};
		err = phase_run(o, setup, attack, &h[*np]);
		alone = h[0].honest.latency_us[BENCH_P99];
		h[*np].p99_most_us =
			P99_FACTOR * alone > P99_MOST_US ? P99_FACTOR * alone : P99_MOST_US;
		++*np;
	}
	bench_setup_free(setup);
	return err;
}

bool bench_hostile_good(const struct bench_hostile *h)
{
	return !h->honest.errors && h->honest.transactions &&
	       h->honest.latency_us[BENCH_P99] <= h->p99_most_us;
}
