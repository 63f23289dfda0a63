// SPDX-License-Identifier: Apache-2.0
/*
 * cmfbench: a load generator that drives any CMP server, and the JSON interface of a CMF. Options
 * and the report.
 */
#include "bench.h"

#include "asn1/dn.h"
#include "base/error.h"

#include <argp.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

const char *argp_program_version = "cmfbench " CMFD_VERSION;

enum {
	OPT_SUBJECT_COUNT = 256,
	OPT_FLOOR,
	OPT_REQUESTS,
	OPT_JSON,
	OPT_TLS_TRUSTED,
	OPT_TOKEN_FILE,
	OPT_VNF_INSTANCE,
	OPT_CERT_TYPE,
	OPT_REF,
	OPT_SECRET,
	OPT_NEWKEY,
	OPT_BATCH,
	OPT_SOURCE,
	OPT_HOSTILE,
	OPT_RATE,
	OPT_WINDOWS,
	OPT_LABEL,
	OPT_STORED,
	OPT_PAGE,
	OPT_ATTACK,
	OPT_ATTACK_REF
};

static const struct argp_option option_table[] = {
	{"server", 's', "URL", 0,
	 "CMP server: http[s]://HOST:PORT/PATH; for json without /cmf-certmgmt. Repeated: "
	 "connections "
	 "are dealt out in turn",
	 1},
	{"connections", 'c', "N", 0, "Connections, each with one transaction at a time (32)", 1},
	{"duration", 'd', "S", 0, "Seconds to run (10)", 1},
	{"operation", 'o', "OP", 0,
	 "ir, cr, kur, p10cr, genm, or json: Register and CSR over JSON (ir)", 1},
	{"subject", 'n', "DN", 0, "Subject; %d becomes a number below the count (/CN=bench-%d)", 1},
	{"subject-count", OPT_SUBJECT_COUNT, "N", 0, "Different subjects (10000)", 1},
	{"vnf-instance", OPT_VNF_INSTANCE, "ID", 0, "The VNF instance of the subjects", 1},
	{"cert-type", OPT_CERT_TYPE, "TYPE", 0,
	 "json: VNFCI_CERT, VNFOAM_CERT or MANO_CERT (VNFCI_CERT)", 1},
	{"implicit-confirm", 'i', NULL, 0, "Ask for implicit confirmation, send no certConf", 1},
	{"batch", OPT_BATCH, "N", 0,
	 "Transactions in one nested message, RFC 9483 5.2.2.2 (1: none is nested)", 1},
	{"requests", OPT_REQUESTS, "N", 0, "Certificate requests in one ir or cr (1)", 1},
	{"newkey", OPT_NEWKEY, "FILE", 0, "One key for all requests (a fresh P-256 key each)", 1},
	{"source", OPT_SOURCE, "ADDRESS", 0, "Local address that connections come from", 1},
	{"cert", 'C', "FILE", 0,
	 "Signature protection, or TLS for json: certificate, then its chain, PEM", 2},
	{"key", 'K', "FILE", 0, "Its private key: a PEM file or a URI", 2},
	{"ref", OPT_REF, "TEXT", 0, "MAC protection: reference (senderKID)", 2},
	{"secret", OPT_SECRET, "SOURCE", 0, "The secret: pass:TEXT, file:FILE or FILE", 2},
	{"token-file", OPT_TOKEN_FILE, "FILE", 0, "json: a bearer token in place of --cert", 2},
	{"trusted", 't', "FILE", 0, "Trust anchors of the server's protection and certificates", 2},
	{"tls-trusted", OPT_TLS_TRUSTED, "FILE", 0, "Trust anchors for https", 2},
	{"rate", OPT_RATE, "N", 0,
	 "Transactions a second, begun at fixed times; latency counts from these (each connection "
	 "begins when it is free; --hostile: 100)",
	 1},
	{"pid", 'p', "PID", 0,
	 "Process of the server: reports its processor time and memory. Repeated: of all of them",
	 3},
	{"windows", OPT_WINDOWS, "N", 0, "Report so many parts of the duration, too", 3},
	{"hostile", OPT_HOSTILE, NULL, 0,
	 "One client at a constant rate, alone and beside attacks of strangers; -c attackers (64), "
	 "-d seconds each",
	 3},
	{"attack", OPT_ATTACK, "NAME", 0, "--hostile: that attack only, after none", 3},
	{"attack-ref", OPT_ATTACK_REF, "TEXT", 0,
	 "--hostile: a MAC reference that the server knows, which is attacked, too", 3},
	{"floor", OPT_FLOOR, NULL, 0,
	 "Measure the bare cryptography of one enrolment, over CMP or with -o json: alone, or with "
	 "--server beside the load in each of its windows (5)",
	 3},
	{"json", OPT_JSON, NULL, 0, "Report as one JSON object", 3},
	{"label", OPT_LABEL, "TEXT", 0, "Name of this run, for --page", 3},
	{"stored", OPT_STORED, "N", 0, "Certificates that the server has already, for --page", 3},
	{"page", OPT_PAGE, "FILE", 0,
	 "Draw reports of --json, whose files are the arguments, as a page of HTML", 4},
	{0},
};

struct arguments {
	struct bench_options bench;
	bool hostile;
	const char *page;
	char **files; /* of --page */
	size_t n_files;
};

static unsigned long parse_number(struct argp_state *state, const char *what, const char *text,
				  unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *end || !n || n > max)
		argp_error(state, "--%s: a number from 1 to %lu, not '%s'", what, max, text);
	return n;
}

static enum bench_operation parse_operation(struct argp_state *state, const char *text)
{
	static const char *const names[] = {"ir", "cr", "kur", "p10cr", "genm", "json"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(text, names[i]))
			return (enum bench_operation)i;
	argp_error(state, "--operation: one of ir, cr, kur, p10cr, genm, json, not '%s'", text);
	return BENCH_IR;
}

/* The subject goes through snprintf: nothing but one %d and %% may stand in it. */
static void check_subject(struct argp_state *state, const char *subject)
{
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	X509_NAME *name = NULL;
	int n = 0;

	if (dn_parse(subject, &name, &why) == -EINVAL)
		argp_error(state, "--subject: %s", why.text ? why.text : subject);
	X509_NAME_free(name);
	for (const char *p = subject; (p = strchr(p, '%')); p += 2) {
		n += p[1] == 'd';
		if (p[1] != 'd' && p[1] != '%')
			argp_error(state, "--subject: only %%d and %%%% are understood");
	}
	if (n > 1)
		argp_error(state, "--subject: %%d may stand once");
}

static bool attack_known(const char *name)
{
	for (size_t i = 0; i < bench_attacks_count; i++)
		if (!strcmp(bench_attacks[i].name, name))
			return true;
	return false;
}

/* JSON has neither protection of messages nor confirmations. */
static void check_json(struct argp_state *state, const struct arguments *a)
{
	const struct bench_options *b = &a->bench;

	if (b->ref || b->secret || b->implicit_confirm || b->source || b->batch > 1 ||
	    b->requests > 1 || a->hostile)
		argp_error(state, "json: not with --ref, --implicit-confirm, --source, --batch, "
				  "--requests or --hostile");
	if (!b->cert == !b->token_file)
		argp_error(state, "one of --cert with --key, or --token-file, is required");
}

static void check_cmp(struct argp_state *state, const struct bench_options *b)
{
	if (b->token_file)
		argp_error(state, "--token-file: for json only");
	if (!b->cert == !b->ref)
		argp_error(state, "one of --cert with --key, or --ref with --secret, is required");
}

static void check_options(struct argp_state *state, const struct arguments *a)
{
	const struct bench_options *b = &a->bench;

	if (!a->page != !a->n_files)
		argp_error(state, "--page FILE goes with the files of reports");
	if (a->page || (b->floor && !b->n_servers))
		return;
	if (!b->n_servers)
		argp_error(state, "--server is required (or --floor, or --page)");
	if (b->operation == BENCH_JSON)
		check_json(state, a);
	else
		check_cmp(state, b);
	if (!b->cert != !b->key || !b->ref != !b->secret)
		argp_error(state, "--cert goes with --key, --ref with --secret");
	if (b->operation == BENCH_KUR && b->newkey)
		argp_error(state, "a key update brings a new key each time: no --newkey");
	if (b->batch > 1 && (b->operation == BENCH_KUR || !b->cert))
		argp_error(state, "--batch: with --cert only, and not for kur");
	if (b->requests > 1 &&
	    (b->batch > 1 || (b->operation != BENCH_IR && b->operation != BENCH_CR)))
		argp_error(state, "--requests: for ir and cr, and not with --batch");
	if (a->hostile && (b->batch > 1 || b->requests > 1 || b->operation == BENCH_KUR))
		argp_error(state, "--hostile: not with --batch, --requests or kur");
	if (a->hostile && (b->windows || b->floor))
		argp_error(state, "--hostile: not with --windows or --floor");
	if (!a->hostile && (b->attack || b->attack_ref))
		argp_error(state, "--attack and --attack-ref go with --hostile");
	if (b->attack && !attack_known(b->attack))
		argp_error(state, "--attack: there is no attack '%s'", b->attack);
	check_subject(state, b->subject);
}

/* What else than an ordinary load. */
static error_t parse_mode(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct bench_options *b = &a->bench;

	switch (key) {
	case OPT_FLOOR:
		b->floor = true;
		return 0;
	case OPT_HOSTILE:
		a->hostile = true;
		return 0;
	case OPT_ATTACK:
		b->attack = arg;
		return 0;
	case OPT_ATTACK_REF:
		b->attack_ref = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What is sent, and how often. */
static error_t parse_load(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct bench_options *b = &a->bench;

	switch (key) {
	case 'c':
		b->connections = (unsigned)parse_number(state, "connections", arg, 10000);
		return 0;
	case 'd':
		b->duration_s = (unsigned)parse_number(state, "duration", arg, 1000000);
		return 0;
	case 'o':
		b->operation = parse_operation(state, arg);
		return 0;
	case 'n':
		b->subject = arg;
		return 0;
	case OPT_SUBJECT_COUNT:
		b->subject_count = parse_number(state, "subject-count", arg, 1000000000);
		return 0;
	case 'i':
		b->implicit_confirm = true;
		return 0;
	case OPT_VNF_INSTANCE:
		b->vnf_instance = arg;
		return 0;
	case OPT_CERT_TYPE:
		b->cert_type = arg;
		return 0;
	case OPT_NEWKEY:
		b->newkey = arg;
		return 0;
	case OPT_BATCH:
		b->batch = (unsigned)parse_number(state, "batch", arg, 1000);
		return 0;
	case OPT_REQUESTS:
		b->requests = (unsigned)parse_number(state, "requests", arg, 100);
		return 0;
	case OPT_SOURCE:
		b->source = arg;
		return 0;
	case OPT_RATE:
		b->rate = (unsigned)parse_number(state, "rate", arg, 100000);
		return 0;
	default:
		return parse_mode(key, arg, state);
	}
}

/* What is reported, and how. */
static error_t parse_report(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct bench_options *b = &a->bench;

	switch (key) {
	case 'p':
		if (b->n_pids == BENCH_SERVERS_MAX)
			argp_error(state, "--pid: %d at most", BENCH_SERVERS_MAX);
		b->pids[b->n_pids++] = (int)parse_number(state, "pid", arg, 4194304);
		return 0;
	case OPT_WINDOWS:
		b->windows = (unsigned)parse_number(state, "windows", arg, BENCH_WINDOWS_MAX);
		return 0;
	case OPT_JSON:
		b->json = true;
		return 0;
	case OPT_LABEL:
		b->label = arg;
		return 0;
	case OPT_STORED:
		b->stored = parse_number(state, "stored", arg, LONG_MAX);
		return 0;
	case OPT_PAGE:
		a->page = arg;
		return 0;
	case ARGP_KEY_ARGS:
		a->files = state->argv + state->next;
		a->n_files = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		check_options(state, a);
		return 0;
	default:
		return parse_load(key, arg, state);
	}
}

/* The servers and credentials. */
static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct bench_options *b = &a->bench;

	switch (key) {
	case 's':
		if (b->n_servers == BENCH_SERVERS_MAX)
			argp_error(state, "--server: %d at most", BENCH_SERVERS_MAX);
		b->servers[b->n_servers++] = arg;
		return 0;
	case 'C':
		b->cert = arg;
		return 0;
	case 'K':
		b->key = arg;
		return 0;
	case OPT_REF:
		b->ref = arg;
		return 0;
	case OPT_SECRET:
		b->secret = arg;
		return 0;
	case OPT_TOKEN_FILE:
		b->token_file = arg;
		return 0;
	case 't':
		b->trusted = arg;
		return 0;
	case OPT_TLS_TRUSTED:
		b->tls_trusted = arg;
		return 0;
	default:
		return parse_report(key, arg, state);
	}
}

static int hostile_run(const struct bench_options *o)
{
	struct bench_hostile loads[BENCH_HOSTILE_MAX];
	bool good = true;
	size_t n = 0;
	int err = bench_hostile_run(o, loads, &n);

	if (err)
		return err;
	if (!o->json)
		bench_hostile_text(loads, n);
	else
		err = bench_hostile_json(loads, n);
	for (size_t i = 0; i < n; i++)
		good = good && bench_hostile_good(&loads[i]);
	return err ? err : !good;
}

static int load_run(const struct arguments *a)
{
	struct bench_report report = {.server_cpu_us = -1};
	const struct bench_options *o = &a->bench;
	int err = o->n_servers ? bench_load_run(o, &report) : bench_floor_run(o, &report);

	if (!err && !o->json)
		bench_report_text(o, &report);
	else if (!err)
		err = bench_report_json(o, &report);
	bench_report_clear(&report);
	return err ? err : report.errors || !report.transactions;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[FILE...]",
		.doc = "Drives a CMP server or the JSON interface of a CMF, checks every answer "
		       "(protection, certificate, "
		       "nonces), and "
		       "reports throughput, latency and the server's cost.\v"
		       "Exit status: 0 all transactions succeeded, 1 some failed or none was run, "
		       "or "
		       "with --hostile some were too late, 2 it could not start.",
	};
	struct arguments a = {.bench = {.duration_s = 10,
					.batch = 1,
					.requests = 1,
					.subject = "/CN=bench-%d",
					.cert_type = "VNFCI_CERT",
					.subject_count = 10000}};
	int result;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (!a.bench.connections)
		a.bench.connections = a.hostile ? 64 : 32;
	if (a.hostile && !a.bench.rate)
		a.bench.rate = 100;
	if (a.bench.floor && !a.bench.windows)
		a.bench.windows = 5;
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return 2;
	if (a.page)
		result = bench_page_write(a.page, a.files, a.n_files) ? 2 : 0;
	else
		result = a.hostile ? hostile_run(&a.bench) : load_run(&a);
	curl_global_cleanup();
	if (result < 0) {
		fprintf(stderr, "cmfbench: %s\n", error_text(result));
		return 2;
	}
	return result;
}
