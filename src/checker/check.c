// SPDX-License-Identifier: Apache-2.0
/*
 * Loads what cmfd would load at its start, and says what is wrong; offline, and changes nothing.
 * What the configuration alone lets one say is settings.c's, what ends and when inventory.c's, what
 * is else wrong with certificates certificates.c's, with clients clients.c's.
 */
#include "checker_local.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/uri.h"
#include "ca.h"
#include "cmf.h"
#include "cmp/door.h"
#include "http.h"
#include "lcm.h"
#include "token.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

DEFINE_CLEANUP(struct metrics, metrics_free);

void check_findings_clear(struct check_findings *f)
{
	strbuf_clear(&f->problems);
	strbuf_clear(&f->warnings);
	strbuf_clear(&f->notes);
}

/* Certificates that have ended, or will soon. */
static void ends_check(const struct conf *conf, struct check_findings *f)
{
	struct check_inventory inventory = {0};
	int64_t now_ms = clock_now_ms(&clock_system);

	if (check_inventory_new(conf, &inventory) < 0)
		strbuf_printf(&f->problems, "%s\n", error_text(-ENOMEM));
	for (size_t i = 0; i < inventory.len; i++) {
		const struct check_certificate *c = &inventory.item[i];
		struct strbuf *out = c->not_after_ms < now_ms ? &f->problems : &f->warnings;

		if (c->not_after_ms > now_ms + conf->cmf.expiry_warning_ms)
			continue;
		check_certificate_text(c, now_ms, out);
		strbuf_add(out, "\n");
	}
	check_inventory_clear(&inventory);
}

/* What verifiers will not like about the path of a CA, and a CRL that they take no longer. */
static void cas_check(const struct conf *conf, struct ca_set *cas, struct store_reader *reader,
		      struct check_findings *f)
{
	int64_t now_ms = clock_now_ms(&clock_system);

	for (size_t i = 0; i < ca_count(cas); i++) {
		const struct ca *ca = ca_at(cas, i);
		_cleanup_(store_crl_clear) struct store_crl crl = {0};
		char when[21];

		ca_path_warnings(ca, conf, &f->warnings);
		if (ca_unfit(ca))
			strbuf_printf(&f->problems, "%s\n", ca_unfit(ca));
		if (!reader || store_crl_newest(reader, ca_name(ca), &crl) != 0 ||
		    crl.next_update_ms > now_ms)
			continue;
		clock_format(crl.next_update_ms, when);
		strbuf_printf(&f->warnings,
			      "[ca %s] crl_validity: the newest CRL has ended at %s; cmfd makes "
			      "another when it runs\n",
			      ca_name(ca), when);
	}
}

/* A registration from before its name was reserved, which stays. */
static int reserved_warn(void *arg, const struct store_registration *reg, const char *who)
{
	struct check_findings *f = arg;

	strbuf_printf(&f->warnings, "registration %s (%s) of %s: %s\n", reg->subject_id,
		      cert_type_name(reg->cert_type), reg->manager, who);
	return 0;
}

/* Keys, certificates and secrets, in the way cmfd loads them. */
static void credentials_check(const struct conf *conf, struct store *store,
			      struct check_findings *f)
{
	_cleanup_(metrics_freep) struct metrics *metrics = metrics_new();
	_cleanup_(ca_set_freep) struct ca_set *cas = NULL;
	_cleanup_(cmf_freep) struct cmf *cmf = NULL;
	_cleanup_(cmp_door_freep) struct cmp_door *door = NULL;
	_cleanup_(token_checker_freep) struct token_checker *tokens = NULL;
	_cleanup_(store_reader_freep) struct store_reader *reader = NULL;
	struct lcm *lcm = NULL;
	int tls_err = http_conf_check(conf, &f->problems);
	int err = metrics ? 0 : -ENOMEM;

	if (!err && store)
		err = store_reader_new(store, &reader);
	if (!err)
		err = ca_set_new(conf, store, &clock_system, metrics, &cas, &f->problems);
	if (!err)
		err = cmf_new(conf, store, cas, &clock_system, &cmf, &f->problems);
	if (!err)
		err = cmp_door_new(conf, cmf, &clock_system, metrics, &door, &f->problems);
	if (!err)
		err = token_checker_new(conf, NULL, &tokens, &f->problems);
	if (!err)
		err = lcm_new(conf, NULL, &clock_system, &lcm, &f->problems);
	lcm_free(lcm);
	if (!err)
		cas_check(conf, cas, reader, f);
	if (!err && reader)
		err = cmf_reserved_registrations(cmf, reader, reserved_warn, f);
	if (!err)
		err = tls_err;
	if (err && !f->problems.len)
		strbuf_printf(&f->problems, "%s\n", error_text(err));
}

static int table_note(void *arg, const char *table, int64_t rows)
{
	struct check_findings *f = arg;

	strbuf_printf(&f->notes, "database: %s: %lld row%s\n", table, (long long)rows,
		      rows == 1 ? "" : "s");
	return 0;
}

/* What is in it, of which cmfd would make use. */
static int database_look(const struct conf *conf, struct store *store, struct check_findings *f)
{
	_cleanup_(store_reader_freep) struct store_reader *reader = NULL;
	int err = store_reader_new(store, &reader);

	if (!err)
		err = store_integrity_check(reader);
	if (!err)
		err = check_clients(conf, reader, f);
	return err ? err : store_table_counts(reader, table_note, f);
}

/* What its server may lose. */
static int durability_check(struct store *store, struct check_findings *f)
{
	_cleanup_(freep) char *lines = NULL;
	int err = store_durability(store, &lines);
	char *next = lines, *line;

	while (next && (line = strsep(&next, "\n")))
		strbuf_printf(&f->warnings, "[store] database: on its server %s\n", line);
	return err;
}

/* Opens the database, and has it checked if that is wanted; nothing of it is changed. */
static void database_open(const struct conf *conf, bool look, struct store **storep,
			  struct check_findings *f)
{
	const struct store_options options = {.database = conf->store.database,
					      .batch_max = conf->store.batch_max,
					      .index_keys = !conf->cmf.key_reuse,
					      .timeout_ms = conf->store.timeout_ms,
					      .unreplicated = conf->store.replication ==
							      CONF_REPLICATION_NONE,
					      .as_it_is = true};
	int err = store_open(&options, storep);

	if (err == -EAGAIN) {
		strbuf_printf(&f->notes,
			      "[store] database: %s: it is older than this program, and is not "
			      "looked at; cmfd migrates it when it starts\n",
			      conf->store.database);
		return;
	}
	if (!err)
		err = durability_check(*storep, f);
	if (!err && look) {
		err = database_look(conf, *storep, f);
		if (err == -EUCLEAN) {
			strbuf_printf(&f->problems,
				      "[store] database: %s is damaged; the lines above say where: "
				      "restore a backup (cmfctl restore)\n",
				      conf->store.database);
			return;
		}
	}
	if (err) {
		strbuf_add(&f->problems, "[store] database: ");
		store_open_problem(&options, err, &f->problems);
		strbuf_add(&f->problems, "\n");
	}
}

static bool database_stat(const struct conf *conf, struct check_findings *f)
{
	struct stat st;

	if (store_database_is_url(conf->store.database) || stat(conf->store.database, &st) == 0)
		return true;
	strbuf_printf(&f->problems, "[store] database: %s: %s\n", conf->store.database,
		      errno == ENOENT ? "does not exist: run cmfctl init" : error_text(-errno));
	return false;
}

void check_run(const char *config, bool database, struct check_findings *f)
{
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(store_closep) struct store *store = NULL;

	if (conf_load(config, &conf, &f->problems) != 0)
		return;
	check_settings(conf, f);
	ends_check(conf, f);
	check_certificates(conf, f);
	if (database_stat(conf, f))
		database_open(conf, database, &store, f);
	credentials_check(conf, store, f);
	if (f->problems.len > 0)
		uri_pin_mask(f->problems.text);
}
