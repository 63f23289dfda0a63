// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl store put-back: what a database needs that the tools of its server brought back to an
 * earlier time, before cmfd serves it.
 */
#include "backup.h"

#include "base/clock.h"
#include "base/error.h"
#include "ctl.h"

#include <errno.h>
#include <string.h>

enum { OPT_AUDIT = 0x100 };

/* A line may have got its time that long before it was committed. */
enum { COMMIT_MAX_MS = 60 * 1000 };

struct put_back {
	const char *audit; /* file; NULL: none */
	int64_t now_ms;
	int64_t newest_ms; /* what was committed last; 0: not known */
	int64_t newest_id; /* likewise; not of the same line where the clocks of nodes differ */
	json_t *crls;
	json_t *known;
	json_t *since; /* NULL: no file */
};

static void put_back_clear(struct put_back *p)
{
	json_decref(p->crls);
	json_decref(p->known);
	json_decref(p->since);
}

static int clock_check(const struct put_back *p)
{
	if (p->newest_ms <= p->now_ms)
		return CTL_OK;
	ctl_error("the clock of this machine is before the newest line of the audit: set it, and "
		  "do this again, or numbers of CRLs would come twice");
	return CTL_REFUSED;
}

static int store_mend(struct put_back *p, const struct conf *conf, struct store *store)
{
	_cleanup_(store_reader_freep) struct store_reader *reader = NULL;
	int err = store_reader_new(store, &reader);

	if (!err)
		err = past_newest(reader, p->now_ms, &p->newest_ms, &p->newest_id);
	if (!err && clock_check(p))
		return CTL_REFUSED;
	if (!err)
		err = past_crls_raise(conf, store, reader, p->now_ms, p->crls);
	if (!err)
		err = past_audit_known(reader, p->newest_ms - COMMIT_MAX_MS, p->known);
	return err ? ctl_file_error(conf->store.database, err) : CTL_OK;
}

static int database_mend(struct put_back *p, const struct conf *conf)
{
	const struct store_options options = {.database = conf->store.database,
					      .batch_max = 1,
					      .moved = true,
					      .index_keys = !conf->cmf.key_reuse,
					      .timeout_ms = conf->store.timeout_ms,
					      .serve = true};
	_cleanup_(strbuf_clear) struct strbuf problem = STRBUF_NULL;
	_cleanup_(store_closep) struct store *store = NULL;
	int err = store_open(&options, &store);

	if (!err)
		return store_mend(p, conf, store);
	store_open_problem(&options, err, &problem);
	ctl_error("%s", problem.text ? problem.text : error_text(err));
	return CTL_FAULT;
}

static void report(const struct ctl *ctl, const struct put_back *p)
{
	char newest[21] = "";
	json_t *json;

	if (p->newest_ms)
		clock_format(p->newest_ms, newest);
	if (ctl->json) {
		json = json_pack("{s:s?, s:O, s:O*}", "newest", *newest ? newest : NULL, "crls",
				 p->crls, "since", p->since);
		ctl_json_print(json);
		json_decref(json);
		return;
	}
	if (*newest)
		printf("The newest that the database knows is of %s.\n", newest);
	past_crls_print(p->crls);
	if (p->since)
		since_print(p->since);
	else
		printf("What was done after that is not in it: --audit FILE lists it from an "
		       "exported audit.\n");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct put_back *p = state->input;

	if (key != OPT_AUDIT)
		return ARGP_ERR_UNKNOWN;
	p->audit = arg;
	return 0;
}

int ctl_store_put_back(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"audit", OPT_AUDIT, "FILE", 0,
		 "List from this exported audit what was done since that time", 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = "After the tools of the database's server brought it back to an earlier "
		       "time, and before cmfd serves it: the next CRL of each CA gets a number "
		       "above every one that can have been published since (RFC 5280 5.2.3)."};
	_cleanup_(put_back_clear) struct put_back p = {.crls = json_array(),
						       .known = json_object(),
						       .now_ms = clock_now_ms(&clock_system)};
	_cleanup_(conf_freep) struct conf *conf = NULL;
	int status;

	ctl_parse(&argp, ctl, &p, argc, argv);
	if (!p.crls || !p.known)
		return ctl_file_error(ctl->config, -ENOMEM);
	status = ctl_conf_load(ctl, &conf);
	if (!status)
		status = database_mend(&p, conf);
	if (!status && p.audit)
		status = since_read(p.audit, p.newest_ms - COMMIT_MAX_MS, p.newest_id, p.known,
				    &p.since);
	if (!status)
		report(ctl, &p);
	return status;
}
