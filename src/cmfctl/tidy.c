// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl tidy: removes now what [retention] does not keep, or says what would go. A running cmfd is
 * asked; where there is none, the database is opened as cmfd would.
 */
#include "ctl.h"

#include "base/clock.h"
#include "base/error.h"
#include "cmf/retention.h"
#include "conf.h"

#include <stdio.h>
#include <string.h>

enum { OPT_DRY_RUN = 0x100 };

static json_t *sums_json(bool dry, const struct cmf_tidied *t, const struct store_space *space)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I}", "dry_run", (int)dry, "certificates",
			 (json_int_t)t->certificates, "registrations", (json_int_t)t->registrations,
			 "names", (json_int_t)t->names, "database_octets",
			 (json_int_t)space->octets, "unused_octets", (json_int_t)space->unused);
}

/* With the lock of who serves, so that no cmfd starts meanwhile. */
static int file_tidy(const struct conf *conf, bool dry, json_t **sumsp)
{
	const struct store_options options = {.database = conf->store.database,
					      .batch_max = 1,
					      .index_keys = !conf->cmf.key_reuse,
					      .serve = true};
	_cleanup_(store_closep) struct store *store = NULL;
	_cleanup_(store_reader_freep) struct store_reader *reader = NULL;
	_cleanup_(store_unit_freep) struct store_unit *unit = NULL;
	_cleanup_(strbuf_clear) struct strbuf problem = STRBUF_NULL;
	struct cmf_sweep sweep = {0};
	struct store_space space = {0};
	int err = store_open(&options, &store);

	if (!err)
		err = store_reader_new(store, &reader);
	if (!err)
		err = store_unit_new(store, &unit);
	while (!err && !sweep.done) {
		const struct cmf_retention retention = {.conf = &conf->retention,
							.reader = reader,
							.unit = unit,
							.dry = dry,
							.now_ms = clock_now_ms(&clock_system)};

		err = cmf_retention_step(&retention, &sweep, NULL);
	}
	if (!err)
		err = store_space_get(reader, &space);
	if (err >= 0) {
		*sumsp = sums_json(dry, &sweep.tidied, &space);
		return *sumsp ? CTL_OK : CTL_FAULT;
	}
	store_open_problem(&options, err, &problem);
	ctl_error("%s", problem.text ? problem.text : error_text(err));
	return CTL_FAULT;
}

static int server_tidy(struct ctl *ctl, bool dry, json_t **sumsp)
{
	ctl->patient = true;
	return ctl_call(ctl, "POST", "/v1/tidy", json_pack("{s:b}", "dry_run", (int)dry), sumsp);
}

static long long number_of(const json_t *sums, const char *key)
{
	return json_integer_value(json_object_get(sums, key));
}

static void tidy_report(const struct conf *conf, bool dry, const json_t *sums)
{
	printf("%s %lld certificates, %lld registrations, and %lld names that nobody holds\n",
	       dry ? "would remove" : "removed", number_of(sums, "certificates"),
	       number_of(sums, "registrations"), number_of(sums, "names"));
	if (!conf->retention.certificates_ms)
		printf("[retention] certificates is not set: certificates are kept for ever.\n");
	if (!conf->retention.registrations_ms)
		printf("[retention] registrations is not set: registrations are kept for ever.\n");
	if (number_of(sums, "database_octets"))
		printf("The database has %lld octets, of which %lld are unused.\n",
		       number_of(sums, "database_octets"), number_of(sums, "unused_octets"));
}

static error_t tidy_parse(int key, char *arg, struct argp_state *state)
{
	bool *dry = state->input;

	if (key != OPT_DRY_RUN)
		return ARGP_ERR_UNKNOWN;
	*dry = true;
	return 0;
}

int ctl_tidy(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"dry-run", OPT_DRY_RUN, NULL, 0, "Say what would go, and remove nothing", 1}, {0}};
	static const struct argp argp = {
		.options = options,
		.parser = tidy_parse,
		.doc = "Removes certificates and registrations that [retention] of the "
		       "configuration does not keep any longer, now and not by and by as cmfd does "
		       "by itself."};
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;
	json_t *sums = NULL;
	bool dry = false;
	int status;

	ctl_parse(&argp, ctl, &dry, argc, argv);
	if (conf_load_names(ctl->config, &conf, &problems)) {
		ctl_error("%s", problems.text ? problems.text : ctl->config);
		return CTL_FAULT;
	}
	if (ctl->socket || store_server(&(struct store_options){.database = conf->store.database}))
		status = server_tidy(ctl, dry, &sums);
	else
		status = file_tidy(conf, dry, &sums);
	if (status)
		return status;
	if (ctl->json)
		ctl_json_print(sums);
	else
		tidy_report(conf, dry, sums);
	json_decref(sums);
	return CTL_OK;
}
