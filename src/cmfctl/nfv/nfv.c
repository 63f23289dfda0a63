// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the command of `cmfctl --server URL COMMAND` and runs it. The commands that operate a CMF
 * over its own socket are another table, in main.c.
 */
#include "nfv.h"
#include "complete.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	vnfm_command *run;
} commands[] = {
	{"register", vnfm_register}, {"request", vnfm_request}, {"renew", vnfm_renew},
	{"revoke", vnfm_revoke},     {"list", vnfm_list},       {"watch", vnfm_watch},
};

static int options_check(const struct vnfm_options *options)
{
	if (!options->cert != !options->key || !options->cert == !options->token_file) {
		ctl_error("--server needs --cert with --key, or --token-file");
		return CTL_USAGE;
	}
	return CTL_OK;
}

void vnfm_complete(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		complete_candidate(commands[i].name, NULL, word);
}

int vnfm_run(const struct vnfm_options *options, struct ctl *ctl, int argc, char **argv)
{
	struct vnfm_server server;
	char name[48];
	int status;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		snprintf(name, sizeof(name), "cmfctl --server URL %s", commands[i].name);
		argv[0] = name;
		if (ctl->completing) {
			server = (struct vnfm_server){.ctl = ctl};
			return commands[i].run(&server, argc, argv);
		}
		status = options_check(options);
		if (status)
			return status;
		status = vnfm_server_open(options, ctl, &server);
		if (!status)
			status = commands[i].run(&server, argc, argv);
		vnfm_server_close(&server);
		return status;
	}
	ctl_error("'%s' is no command over --server: register, request, renew, revoke, list, watch",
		  argv[0]);
	return CTL_USAGE;
}
