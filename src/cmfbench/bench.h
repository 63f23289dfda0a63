// SPDX-License-Identifier: Apache-2.0
/*
 * cmfbench's parts: a CMP client that builds requests and checks answers (client.c), one of the
 * JSON interface (json.c), the threads that drive them (load.c) by a schedule (schedule.c), one
 * client beside attackers (hostile.c, attack.c), the server's processor time from /proc (proc.c),
 * the cost of the bare cryptography (floor.c), and drawings of results (page.c, chart.c). Private
 * to the program.
 */
#pragma once

#include "asn1/spki.h"
#include "base/bytes.h"

#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum bench_operation { BENCH_IR, BENCH_CR, BENCH_KUR, BENCH_P10CR, BENCH_GENM, BENCH_JSON };

enum {
	BENCH_SERVERS_MAX = 16,
	BENCH_WINDOWS_MAX = 1000,
};

struct bench_options {
	const char *servers[BENCH_SERVERS_MAX]; /* URLs; connections are dealt out in turn */
	unsigned n_servers;
	enum bench_operation operation;
	unsigned connections;
	unsigned duration_s;
	const char *cert;    /* PEM: own certificate, then its chain */
	const char *key;     /* PEM */
	const char *ref;     /* or a MAC credential */
	const char *secret;  /* "pass:TEXT", "file:PATH" or a path */
	const char *trusted; /* PEM: trust anchors of the server; NULL: any signer is taken */
	const char *tls_trusted;
	const char *token_file;   /* JSON: a bearer token */
	const char *subject;      /* "/CN=bench-%d" */
	const char *vnf_instance; /* NULL: none */
	const char *cert_type;    /* JSON */
	unsigned long subject_count;
	const char *newkey; /* PEM: one key for all requests; NULL: a fresh P-256 key each */
	bool implicit_confirm;
	unsigned batch;              /* transactions in a nested message; 1: none is nested */
	unsigned requests;           /* certificate requests in a message */
	const char *source;          /* local address of connections; NULL: any */
	unsigned rate;               /* transactions a second; 0: the next when one has ended */
	unsigned windows;            /* parts of the duration that are reported, too; 0: none */
	bool floor;                  /* measure it in each window beside the load, or alone */
	const char *attack;          /* hostile: that one only; NULL: all */
	const char *attack_ref;      /* MAC reference that the server knows; NULL: not attacked */
	int pids[BENCH_SERVERS_MAX]; /* of the servers on this machine */
	unsigned n_pids;             /* 0: not measured */
	const char *label;           /* for drawings; NULL: none */
	unsigned long stored;        /* certificates that the server had before; 0: not told */
	bool json;
};

/* Why a transaction failed, for the table of errors: "http 503", "rejected: notAuthorized". */
struct bench_failure {
	char kind[80];
};

enum bench_latency { BENCH_P50, BENCH_P90, BENCH_P99, BENCH_P999, BENCH_SLOWEST, BENCH_LATENCIES };

/* A part of the duration. */
struct bench_window {
	double seconds;
	uint64_t transactions;
	double latency_us[BENCH_LATENCIES]; /* of those that ended in it */
	double server_cpu_us;               /* per transaction; negative: not measured */
	double floor_us;                    /* of the bare cryptography; negative: not measured */
};

struct bench_report {
	uint64_t transactions;
	uint64_t errors;
	double seconds;
	double latency_us[BENCH_LATENCIES];
	double server_cpu_us; /* per transaction; negative: not measured */
	double floor_us;      /* least of the windows; negative: not measured */
	double over_floor;    /* median of the windows' server_cpu_us by floor_us; likewise */
	long server_peak_rss_kib;
	struct bench_window *windows;
	size_t n_windows;
	struct bench_failure_count {
		struct bench_failure failure;
		uint64_t count;
	} failures[32];
	size_t n_failures;
};
void bench_report_clear(struct bench_report *r);

/* lane.c: what one thread has done. */
struct bench_sample {
	int64_t end_us; /* monotonic clock */
	uint32_t latency_us;
};
struct bench_lane {
	uint64_t transactions;
	struct bench_sample *samples; /* of those that succeeded */
	size_t n_samples, size_samples;
	struct bench_report failures; /* only its failures table is used */
};
/* n transactions failed alike; n that began, or were due, at that time succeeded together now.
 * -ENOMEM. */
void bench_lane_failed(struct bench_lane *lane, const struct bench_failure *failure, uint64_t n);
_must_check_ int bench_lane_done(struct bench_lane *lane, int64_t start_us, uint64_t n);
void bench_lane_clear(struct bench_lane *lane);
/* Adds all of them up. 0 or -ENOMEM. */
_must_check_ int bench_lanes_report(const struct bench_lane *const *lanes, size_t n,
				    struct bench_report *r);
/* Latency of what ended in [begin, end). 0 or -ENOMEM. */
_must_check_ int bench_lanes_latency(const struct bench_lane *const *lanes, size_t n,
				     int64_t begin_us, int64_t end_us,
				     double latency_us[BENCH_LATENCIES]);

/* --- schedule.c --- */

/*
 * When transactions begin: with a rate at fixed times, however long those before take; without one
 * when a thread is free. Many threads take from one schedule.
 */
struct bench_schedule {
	int64_t start_us, end_us; /* monotonic clock */
	unsigned rate;            /* a second; 0: none */
	unsigned step;            /* transactions that begin together */
	atomic_ulong next;
	atomic_bool stop;
};
/* From now on, for that time. */
void bench_schedule_start(struct bench_schedule *s, unsigned duration_s, unsigned rate,
			  unsigned step);
/* Waits until the next is due: its number, and since when. False: there is none any more. */
_must_check_ bool bench_schedule_next(struct bench_schedule *s, unsigned long *numberp,
				      int64_t *due_usp);
/* Sleeps until that time of the monotonic clock. */
void bench_sleep_until(int64_t us);

/* --- client.c --- */

struct bench_setup;  /* credentials and names, shared by all threads */
struct bench_client; /* one connection, one thread */

/* Reads credentials and trust anchors. 0, or negative errno with a line on standard error. */
_must_check_ int bench_setup_new(const struct bench_options *options, struct bench_setup **setupp);
void bench_setup_free(struct bench_setup *setup);
/* The connection of that number, which says to which server. It comes from that local address;
 * NULL: any. 0 or negative errno. */
_must_check_ int bench_client_new(const struct bench_setup *setup, unsigned number,
				  const char *source, struct bench_client **clientp);
void bench_client_free(struct bench_client *client);
/* One transaction for that subject number. 0, or -1 with *failurep. */
_must_check_ int bench_client_run(struct bench_client *client, unsigned long number,
				  struct bench_failure *failurep);

/* several.c: one transaction with options.requests requests, from that subject number on. */
_must_check_ int bench_client_run_several(struct bench_client *client, unsigned long number,
					  struct bench_failure *failurep);
/* batch.c: options.batch transactions at a time, from that subject number on. */
_must_check_ int bench_client_run_batch(struct bench_client *client, unsigned long number,
					struct bench_failure *failurep);

/* json.c: registers that subject and gets it a certificate. */
_must_check_ int bench_client_run_json(struct bench_client *client, unsigned long number,
				       struct bench_failure *failurep);

/* --- load.c --- */

/* Drives the servers for the time asked for; progress on standard error if that is a terminal. */
_must_check_ int bench_load_run(const struct bench_options *options, struct bench_report *reportp);

/* --- attack.c, hostile.c --- */

struct bench_attack {
	const char *name;
	/* Makes a message of it; the caller owns *derp. 0 or negative errno. */
	int (*make)(const struct bench_setup *setup, struct octets *derp);
	bool known; /* names options.attack_ref */
};
extern const struct bench_attack bench_attacks[];
extern const size_t bench_attacks_count;

/* The honest client beside one load. */
struct bench_hostile {
	const char *load; /* of the attack; "none" */
	struct bench_report honest;
	double p99_most_us; /* what its p99 should not exceed */
	/* Messages of the attack: answered, turned away with 503, neither. */
	uint64_t answered, busy, failed;
	double attacker_cpu, server_cpu; /* processors; negative: not measured */
};
enum { BENCH_HOSTILE_MAX = 16 };
/* options.connections attackers, options.duration_s for each. 0 or negative errno. */
_must_check_ int bench_hostile_run(const struct bench_options *options,
				   struct bench_hostile loads[BENCH_HOSTILE_MAX], size_t *np);
/* Whether the honest client got what it asked for in time. */
bool bench_hostile_good(const struct bench_hostile *load);

/* --- report.c --- */

void bench_report_text(const struct bench_options *o, const struct bench_report *r);
void bench_hostile_text(const struct bench_hostile *loads, size_t n);
/* 0 or -ENOMEM. */
_must_check_ int bench_report_json(const struct bench_options *o, const struct bench_report *r);
_must_check_ int bench_hostile_json(const struct bench_hostile *loads, size_t n);

/* --- proc.c --- */

/* User and system time of all threads of those processes, in us. 0 or negative errno. */
_must_check_ int bench_proc_cpu_us(const int *pids, size_t n, double *usp);
/* What all of them had at most. 0 or negative errno. */
_must_check_ int bench_proc_peak_rss_kib(const int *pids, size_t n, long *kibp);

/* --- floor.c --- */

/*
 * Processor time of the cryptography of one enrolment, P-256, in us: 3 signatures and 3
 * verifications over CMP, one of each over JSON. The mean of that many rounds in this thread. 0 or
 * negative errno.
 */
_must_check_ int bench_floor_us(enum bench_operation operation, unsigned rounds, double *usp);
/* Alone, in so many windows; the least of them counts. 0 or negative errno. */
_must_check_ int bench_floor_run(const struct bench_options *options, struct bench_report *reportp);

/* --- page.c --- */

/*
 * Draws reports that --json has written (files with one object or an array of them) as a page of
 * HTML with SVG in it, no script. 0 or negative errno with a line on standard error.
 */
_must_check_ int bench_page_write(const char *path, char *const *files, size_t n);
