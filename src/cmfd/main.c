// SPDX-License-Identifier: Apache-2.0
/*
 * cmfd, the server: reads the options and the configuration, and then checks it, prints it, or
 * serves. What serving means is daemon.c's.
 */
#include "checker.h"
#include "daemon.h"

#include "base/error.h"
#include "base/secrecy.h"
#include "base/uri.h"

#include <argp.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Exit codes; 64 is argp's for wrong usage. A configuration that cannot be used (78, EX_CONFIG of
 * sysexits.h) is no better the next time, so that a service manager does not try again.
 */
enum { EXIT_PROBLEM = 1, EXIT_CONFIGURATION = 78 };

const char *argp_program_version = "cmfd " CMFD_VERSION;

struct options {
	const char *config;
	bool check;
	bool print_config;
};

enum { OPTION_CHECK = 0x1000, OPTION_PRINT_CONFIG };

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'c':
		options->config = arg;
		return 0;
	case OPTION_CHECK:
		options->check = true;
		return 0;
	case OPTION_PRINT_CONFIG:
		options->print_config = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_table[] = {
	{"config", 'c', "FILE", 0, "Configuration (" CONF_SYSTEM_PATH ")", 0},
	{"check", OPTION_CHECK, NULL, 0,
	 "Check configuration, credentials, CAs and database, then exit", 0},
	{"print-config", OPTION_PRINT_CONFIG, NULL, 0,
	 "Print the configuration in effect, defaults included, then exit", 0},
	{0},
};

static const struct argp argp = {
	.options = option_table,
	.parser = option_parse,
	.doc = "Certificate Management Function for NFV: serves CMP over HTTP.\v"
	       "SIGHUP reloads the configuration; SIGTERM and SIGINT end the server once running "
	       "requests are answered.\n\n"
	       "Exit codes: 0 ended as asked, or nothing found by --check; 1 a problem, told on "
	       "stderr; 64 wrong usage; 78 the configuration cannot be used.",
};

static int start_failed(struct strbuf *problems, int err)
{
	if (problems->len > 0)
		uri_pin_mask(problems->text);
	if (problems->len > 0)
		fputs(problems->text, stderr);
	else
		fprintf(stderr, "cmfd: %s\n", error_text(err));
	return EXIT_PROBLEM;
}

static int load_failed(struct strbuf *problems, int err)
{
	start_failed(problems, err);
	return err == -ENOMEM ? EXIT_PROBLEM : EXIT_CONFIGURATION;
}

static void findings_print(const char *severity, struct strbuf *lines)
{
	char *next = lines->text, *line;

	while (next && (line = strsep(&next, "\n")))
		if (*line)
			fprintf(stderr, "%s: %s\n", severity, line);
}

static int config_check(const char *config)
{
	struct check_findings findings = {0};
	bool failed;

	check_run(config, true, &findings);
	failed = findings.problems.len > 0;
	findings_print("error", &findings.problems);
	findings_print("warning", &findings.warnings);
	findings_print("note", &findings.notes);
	if (!failed)
		printf("%s: ok\n", config);
	check_findings_clear(&findings);
	return failed ? EXIT_PROBLEM : 0;
}

/* Threads inherit the mask: only daemon_run() sees these signals. */
static void signals_block(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int daemon_serve(struct conf *conf, struct strbuf *problems)
{
	_cleanup_(daemon_freep) struct daemon *daemon = NULL;
	int err;

	signals_block();
	log_setup(STDERR_FILENO, conf->log.format, conf->log.level);
	err = daemon_new(conf, &daemon, problems);
	if (err == 0)
		err = daemon_start(daemon, problems);
	if (err < 0)
		return start_failed(problems, err);
	daemon_run(daemon);
	return 0;
}

/*
 * What is as large as a CRL goes back to the system when it is freed. Left alone, glibc takes each
 * such block for what will be needed again, and the threads keep them, each in a heap of its own.
 */
static void memory_begin(void)
{
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

int main(int argc, char **argv)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	struct options options = {.config = CONF_SYSTEM_PATH};
	struct conf *conf = NULL;
	int err;

	memory_begin();
	secrecy_begin();
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.check)
		return config_check(options.config);
	err = conf_load(options.config, &conf, &problems);
	if (err < 0)
		return load_failed(&problems, err);
	if (options.print_config) {
		conf_print(conf, stdout);
		conf_free(conf);
		return 0;
	}
	return daemon_serve(conf, &problems);
}
