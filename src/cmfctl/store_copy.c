// SPDX-License-Identifier: Apache-2.0
/* store copy: moves a database from a file of SQLite to a PostgreSQL server. */
#include "ctl.h"

#include "store.h"

#include <stdio.h>

enum { OPT_FROM = 0x100, OPT_TO, OPT_KEEP };

struct arguments {
	const char *from, *to;
	bool keep;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		return 0;
	case OPT_FROM:
		args->from = arg;
		return 0;
	case OPT_TO:
		args->to = arg;
		return 0;
	case OPT_KEEP:
		args->keep = true;
		return 0;
	case ARGP_KEY_END:
		if (!args->from || !args->to)
			argp_error(state, "--from and --to are needed");
		if (!store_database_is_url(args->to))
			argp_error(state, "--to is no postgresql:// URL");
		if (store_database_is_url(args->from))
			argp_error(state, "--from is no file");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void progress_print(void *arg, const char *table, int64_t rows, int64_t total)
{
	const struct ctl *ctl = arg;

	if (ctl->json)
		printf("{\"table\": \"%s\", \"rows\": %lld, \"of\": %lld}\n", table,
		       (long long)rows, (long long)total);
	else if (total > 0)
		printf("%s: %lld of %lld\n", table, (long long)rows, (long long)total);
	fflush(stdout);
}

int ctl_store_copy(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"from", OPT_FROM, "FILE", 0, "The database to copy, which no cmfd serves", 1},
		{"to", OPT_TO, "URL", 0, "An empty database of a PostgreSQL server", 1},
		{"keep", OPT_KEEP, NULL, 0, "Let cmfd serve the file afterwards, too: for a trial",
		 1},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = "Copies a database of SQLite to a PostgreSQL server, and compares the two. "
		       "One that was interrupted goes on when it is run again."};
	_cleanup_(strbuf_clear) struct strbuf problem = STRBUF_NULL;
	struct arguments args = {0};
	struct store_transfer transfer = {.progress = progress_print, .arg = ctl};
	struct store_options where = {0};
	int err;

	ctl_parse(&argp, ctl, &args, argc, argv);
	transfer.from = args.from;
	transfer.to = args.to;
	transfer.keep = args.keep;
	err = store_transfer(&transfer, &where.database);
	if (err < 0) {
		store_open_problem(&where, err, &problem);
		ctl_error("%s", problem.text ? problem.text : args.to);
		return CTL_FAULT;
	}
	if (!ctl->json)
		printf("all rows are there, and the same. Set [store] database = %s%s%s%s.\n",
		       args.to, args.keep ? ", and start no cmfd on " : "; no cmfd starts on ",
		       args.from, args.keep ? " as well" : " any more");
	return CTL_OK;
}
