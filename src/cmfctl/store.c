// SPDX-License-Identifier: Apache-2.0
/* store create: the tables of cmfd in the database of a server, which [store] database names. */
#include "ctl.h"

#include "base/error.h"
#include "conf.h"
#include "store.h"

#include <errno.h>
#include <stdio.h>

int ctl_store_create(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Makes the database that `[store] database` names: a file, or the tables in "
		       "an empty database of a PostgreSQL server."};
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct store_options options = {.batch_max = 1};
	int err;

	ctl_parse(&argp, ctl, NULL, argc, argv);
	err = conf_load(ctl->config, &conf, &problems);
	if (err) {
		ctl_error("cannot use the configuration %s:\n%s", ctl->config,
			  problems.text ? problems.text : error_text(err));
		return CTL_FAULT;
	}
	options.database = conf->store.database;
	options.timeout_ms = conf->store.timeout_ms;
	err = store_create(&options);
	if (err == 0)
		return CTL_OK;
	strbuf_clear(&problems);
	if (err == -EEXIST)
		strbuf_printf(&problems, "%s is a database of cmfd already", options.database);
	else
		store_open_problem(&options, err, &problems);
	ctl_error("%s", problems.text ? problems.text : error_text(err));
	return CTL_FAULT;
}
