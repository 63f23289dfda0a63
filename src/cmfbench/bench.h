// SPDX-License-Identifier: Apache-2.0
/*
 * cmfbench's parts: a CMP client that builds requests and checks answers (client.c), one of the
 * JSON interface (json.c), the threads that drive them (load.c), one client beside attackers
 * (hostile.c, attack.c), the server's processor time from /proc (proc.c), and the cost of the bare
 * cryptography (floor.c). Private to the program.
 */
#pragma once

#include "asn1/spki.h"
#include "base/bytes.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum bench_operation { BENCH_IR, BENCH_CR, BENCH_KUR, BENCH_P10CR, BENCH_GENM, BENCH_JSON };

struct bench_options {
	const char *server; /* URL */
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
	unsigned batch;     /* transactions in a nested message; 1: none is nested */
	unsigned requests;  /* certificate requests in a message */
	const char *source; /* local address of connections; NULL: any */
	/* hostile */
	unsigned rate;          /* transactions a second of the honest client */
	const char *attack;     /* that one only; NULL: all */
	const char *attack_ref; /* MAC reference that the server knows; NULL: not attacked */
	int pid;                /* of the server; 0: not measured */
	bool json;
};

/* Why a transaction failed, for the table of errors: "http 503", "rejected: notAuthorized". */
struct bench_failure {
	char kind[80];
};

struct bench_report {
	uint64_t transactions;
	uint64_t errors;
	double seconds;
	double latency_us[4]; /* p50, p90, p99, max */
	double server_cpu_us; /* per transaction; negative: not measured */
	long server_peak_rss_kib;
	struct bench_failure_count {
		struct bench_failure failure;
		uint64_t count;
	} failures[32];
	size_t n_failures;
};

/* lane.c: what one thread has done. */
struct bench_lane {
	uint64_t transactions;
	uint32_t *latency; /* us of each that succeeded */
	size_t n_latency, size_latency;
	struct bench_report failures; /* only its failures table is used */
};
/* n transactions failed alike; n succeeded together. -ENOMEM. */
void bench_lane_failed(struct bench_lane *lane, const struct bench_failure *failure, uint64_t n);
_must_check_ int bench_lane_done(struct bench_lane *lane, int64_t us, uint64_t n);
void bench_lane_clear(struct bench_lane *lane);
/* Adds all of them up. 0 or -ENOMEM. */
_must_check_ int bench_lanes_report(const struct bench_lane *const *lanes, size_t n,
				    struct bench_report *r);

/* --- client.c --- */

struct bench_setup;  /* credentials and names, shared by all threads */
struct bench_client; /* one connection, one thread */

/* Reads credentials and trust anchors. 0, or negative errno with a line on standard error. */
_must_check_ int bench_setup_new(const struct bench_options *options, struct bench_setup **setupp);
void bench_setup_free(struct bench_setup *setup);
/* Its connections come from that local address; NULL: any. */
_must_check_ int bench_client_new(const struct bench_setup *setup, const char *source,
				  struct bench_client **clientp);
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

/* Drives the server for the time asked for; progress on standard error if that is a terminal. */
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

void bench_report_text(const struct bench_report *r);
void bench_hostile_text(const struct bench_hostile *loads, size_t n);
/* 0 or -ENOMEM. */
_must_check_ int bench_report_json(const struct bench_report *r);
_must_check_ int bench_hostile_json(const struct bench_hostile *loads, size_t n);

/* --- proc.c --- */

/* User and system time of all threads of a process, in us. 0 or negative errno. */
_must_check_ int bench_proc_cpu_us(int pid, double *usp);
_must_check_ int bench_proc_peak_rss_kib(int pid, long *kibp);

/* --- floor.c --- */

/*
 * Processor time of the cryptography of one enrolment, P-256: 3 signatures and 3 verifications over
 * CMP, one of each over JSON.
 */
_must_check_ int bench_floor_run(enum bench_operation operation, struct bench_report *reportp);
