// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the command of `cmfctl --server URL COMMAND` and runs it. The commands that operate a CMF
 * over its own socket are another table, in main.c.
 */
#include "nfv.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	nfv_command *run;
} commands[] = {
	{"register", nfv_register}, {"request", nfv_request}, {"renew", nfv_renew},
	{"revoke", nfv_revoke},     {"list", nfv_list},       {"watch", nfv_watch},
};

static int options_check(const struct nfv_options *options)
{
	if (!options->cert != !options->key || !options->cert == !options->token_file) {
		ctl_error("--server needs --cert with --key, or --token-file");
		return CTL_USAGE;
	}
	return CTL_OK;
}

int nfv_run(const struct nfv_options *options, struct ctl *ctl, int argc, char **argv)
{
	struct nfv_server server;
	char name[48];
	int status;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		snprintf(name, sizeof(name), "cmfctl --server URL %s", commands[i].name);
		argv[0] = name;
		status = options_check(options);
		if (status)
			return status;
		status = nfv_server_open(options, ctl, &server);
		if (!status)
			status = commands[i].run(&server, argc, argv);
		nfv_server_close(&server);
		return status;
	}
	ctl_error("'%s' is no command over --server: register, request, renew, revoke, list, watch",
		  argv[0]);
	return CTL_USAGE;
}
