// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl check: loads what cmfd would load at its start, and says what is wrong; offline.
 */
#include "ctl.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "ca.h"
#include "cmf.h"
#include "cmp/door.h"
#include "token.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { OPT_DATABASE = 0x100 };

DEFINE_CLEANUP(struct metrics, metrics_free);

/* A certificate that ends within that time is worth a warning: 30 days. */
static const int64_t expiry_warning_ms = 30LL * 24 * 3600 * 1000;

/* Findings in the order they were made: those that stop cmfd, warnings, and what may be news. */
struct findings {
	struct strbuf problems;
	struct strbuf warnings;
	struct strbuf notes;
};

/* A line for each text line, as tables and JSON want them. */
static void findings_add(json_t *rows, const char *severity, struct strbuf *lines)
{
	char *next = lines->text, *line;

	while (next && (line = strsep(&next, "\n"))) {
		if (*line)
			json_array_append_new(rows, json_pack("{s:s, s:s}", "severity", severity,
							      "finding", line));
	}
}

static int findings_report(const struct ctl *ctl, struct findings *f)
{
	json_t *rows = json_array(), *row;
	bool failed = f->problems.len > 0;
	size_t i;

	findings_add(rows, "error", &f->problems);
	findings_add(rows, "warning", &f->warnings);
	findings_add(rows, "note", &f->notes);
	if (ctl->json)
		ctl_show(ctl, rows);
	else {
		json_array_foreach(rows, i, row)
		{
			printf("%s: ", json_string_value(json_object_get(row, "severity")));
			ctl_text_print(json_string_value(json_object_get(row, "finding")));
			putchar('\n');
		}
		if (!failed)
			printf("%s: ok\n", ctl->config);
	}
	json_decref(rows);
	return failed ? CTL_REFUSED : CTL_OK;
}

/* Keys that others can read. */
static void key_file_check(const char *what, const char *path, struct findings *f)
{
	struct stat st;

	if (path && stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)))
		strbuf_printf(&f->warnings, "%s: %s can be read by others (mode %03o)\n", what,
			      path, st.st_mode & 0777);
}

static void files_check(const struct conf *conf, struct findings *f)
{
	key_file_check("[protection] key", conf->protection.key, f);
	key_file_check("[protection] passphrase_file", conf->protection.passphrase_file, f);
	key_file_check("[protection] encryption_key", conf->protection.encryption_key, f);
	key_file_check("[protection] kga_key", conf->protection.kga_key, f);
	key_file_check("[server] tls_key", conf->server.tls_key, f);
	key_file_check("[store] secret_key", conf->store.secret_key, f);
	key_file_check("[store] database", conf->store.database, f);
	for (size_t i = 0; i < conf->n_cas; i++) {
		key_file_check(conf->cas[i].name, conf->cas[i].key, f);
		key_file_check(conf->cas[i].name, conf->cas[i].passphrase_file, f);
		key_file_check(conf->cas[i].name, conf->cas[i].ra_key, f);
		key_file_check(conf->cas[i].name, conf->cas[i].ra_secret_file, f);
	}
}

/*
 * cmfd takes the hard limit. Where it is started, it can have another one than here: so this is
 * no more than a warning.
 */
static void descriptors_check(const struct conf *conf, struct findings *f)
{
	uint64_t wanted = conf_descriptors_wanted(conf);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < wanted)
		strbuf_printf(&f->warnings,
			      "[server] connections_max: %u needs RLIMIT_NOFILE (LimitNOFILE of "
			      "the service) to be %" PRIu64 "; here it is at most %" PRIu64
			      ", with which cmfd would serve %u\n",
			      conf->server.connections_max, wanted, (uint64_t)limit.rlim_max,
			      conf_connections_possible(conf, limit.rlim_max));
}

/* Whose answers count is a decision: RFC 9483 1.5 has a mark for it, which not every CA sets. */
static void upstream_signer_check(const struct conf *conf, struct findings *f)
{
	for (size_t i = 0; i < conf->n_cas; i++) {
		const struct conf_ca *ca = &conf->cas[i];

		if (ca->type != CONF_CA_UPSTREAM || ca->server_certificate)
			continue;
		if (ca->upstream_signer == CONF_UPSTREAM_SIGNER_NAME)
			strbuf_printf(&f->warnings,
				      "[ca %s] upstream_signer: with `name` everybody below "
				      "`trusted` who has that name can answer in the upstream CA's "
				      "place; server_certificate would pin it\n",
				      ca->name);
		else if (ca->upstream_signer == CONF_UPSTREAM_SIGNER_DEFAULT)
			strbuf_printf(&f->warnings,
				      "[ca %s] upstream_signer: is not set, so answers count only "
				      "of the issuing CA and of signers with id-kp-cmcCA or "
				      "id-kp-cmcRA; where the upstream's has none, set "
				      "server_certificate or `name`, else `authorized`\n",
				      ca->name);
	}
}

/* IFA 033 11.2.1: who may say who the attester is attests its own keys. */
static void attestation_check(const struct conf *conf, struct findings *f)
{
	for (size_t i = 0; i < conf->n_profiles; i++) {
		const struct conf_profile *profile = &conf->profiles[i];

		if (profile->attestation.policy == CONF_ATTESTATION_REQUIRE &&
		    !profile->attestation.trusted)
			strbuf_printf(&f->warnings,
				      "[profile %s] attestation_trusted: is not set, so the "
				      "attester of the registration counts alone, and a client "
				      "that may register attesters can attest its own keys\n",
				      profile->name);
	}
}

/* What is not limited, which nobody may have meant. */
static void trust_domains_check(const struct conf *conf, struct findings *f)
{
	for (size_t i = 0; i < conf->n_trust_domains; i++) {
		if (!conf->trust_domains[i].dns_suffixes.len)
			strbuf_printf(&f->warnings,
				      "[trust_domain %s] dns_suffixes: is not set, so its entities "
				      "may have any host name that their profile allows\n",
				      conf->trust_domains[i].name);
	}
	for (size_t i = 0; i < conf->n_ca_rules; i++) {
		const char *domain = conf->ca_rules[i].trust_domain;

		if (domain && !conf_trust_domain_find(conf, domain))
			strbuf_printf(&f->warnings,
				      "[ca_rule %s] trust_domain: there is no section "
				      "[trust_domain %s], so it has no limits\n",
				      conf->ca_rules[i].name, domain);
	}
}

static bool makes_keys(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_profiles; i++)
		if (conf->profiles[i].central_key_types.len)
			return true;
	return false;
}

/*
 * Central key generation is set up at several places, and each alone is silent: the next that is
 * missing. That the key generation authority is not, cmfd itself says.
 */
static void central_keys_check(const struct conf *conf, struct findings *f)
{
	bool makes = makes_keys(conf), some = false;

	for (size_t i = 0; i < conf->n_client_policies; i++) {
		const struct conf_client_policy *p = &conf->client_policies[i];

		/* pwri_kek alone is Bouncy Castle's. */
		if (!p->bare_private_key)
			continue;
		some = true;
		if (!p->enveloped_data_always)
			strbuf_printf(&f->notes,
				      "[client_policy %s] enveloped_data_always: is not set, so "
				      "that `openssl cmp -centralkeygen` gets no key\n",
				      p->name);
	}
	if (!makes && (some || conf->protection.kga_certificate))
		strbuf_add(&f->notes, "no profile has central_key_types, so that no keys are "
				      "generated\n");
	if (makes && !some)
		strbuf_add(&f->notes,
			   "no client policy has enveloped_data_always, bare_private_key "
			   "and pwri_kek, which `openssl cmp -centralkeygen` needs\n");
}

/* The paths that have ended, or will soon, and what verifiers will not like about them. */
static void paths_check(const struct conf *conf, struct ca_set *cas, struct findings *f)
{
	int64_t now_ms = clock_now_ms(&clock_system);

	for (size_t i = 0; i < ca_count(cas); i++) {
		const struct ca *ca = ca_at(cas, i);
		int64_t end_ms = ca_path_end(ca);
		char when[21];

		ca_path_warnings(ca, conf, &f->warnings);
		if (end_ms > now_ms + expiry_warning_ms)
			continue;
		clock_format(end_ms, when);
		strbuf_printf(end_ms < now_ms ? &f->problems : &f->warnings,
			      "[ca %s] certificate: it, or one above it, ends at %s\n", ca_name(ca),
			      when);
	}
}

static int reserved_warn(void *arg, const struct store_registration *reg, const char *who)
{
	struct findings *f = arg;

	strbuf_printf(&f->warnings, "registration %s (%s) of %s: %s\n", reg->subject_id,
		      cert_type_name(reg->cert_type), reg->manager, who);
	return 0;
}

/* Registrations from before their names were reserved, which stay. */
static int reserved_check(struct cmf *cmf, struct store *store, struct findings *f)
{
	_cleanup_(store_reader_freep) struct store_reader *reader = NULL;
	int err = store_reader_new(store, &reader);

	return err ? err : cmf_reserved_registrations(cmf, reader, reserved_warn, f);
}

/* Keys, certificates and secrets, in the way cmfd loads them. */
static void credentials_check(const struct conf *conf, struct store *store, struct findings *f)
{
	_cleanup_(metrics_freep) struct metrics *metrics = metrics_new();
	_cleanup_(ca_set_freep) struct ca_set *cas = NULL;
	_cleanup_(cmf_freep) struct cmf *cmf = NULL;
	_cleanup_(cmp_door_freep) struct cmp_door *door = NULL;
	_cleanup_(token_checker_freep) struct token_checker *tokens = NULL;
	int err = metrics ? 0 : -ENOMEM;

	if (!err)
		err = ca_set_new(conf, store, &clock_system, metrics, &cas, &f->problems);
	if (!err)
		err = cmf_new(conf, store, cas, &clock_system, &cmf, &f->problems);
	if (!err)
		err = cmp_door_new(conf, cmf, &clock_system, metrics, &door, &f->problems);
	if (!err)
		err = token_checker_new(conf, NULL, &tokens, &f->problems);
	if (!err)
		paths_check(conf, cas, f);
	if (!err && store)
		err = reserved_check(cmf, store, f);
	if (err && !f->problems.len)
		strbuf_printf(&f->problems, "%s\n", strerror(-err));
}

struct clients_check {
	const struct conf *conf;
	struct findings *findings;
};

static int client_check(void *arg, struct store_client *client)
{
	const struct clients_check *check = arg;

	if (!conf_client_policy_find(check->conf, client->policy))
		strbuf_printf(&check->findings->problems,
			      "client %s: there is no section [client_policy %s]\n", client->name,
			      client->policy);
	if (!conf_trust_domain_find(check->conf, client->trust_domain))
		strbuf_printf(&check->findings->warnings,
			      "client %s: there is no section [trust_domain %s], so its trust "
			      "domain has no limits\n",
			      client->name, client->trust_domain);
	return 0;
}

/* Opens the database as cmfd does, which migrates an older schema, and has it checked. */
static void database_open(const struct conf *conf, struct store **storep, struct findings *f)
{
	const struct store_options options = {.database = conf->store.database,
					      .batch_max = conf->store.batch_max,
					      .index_keys = !conf->cmf.key_reuse};
	_cleanup_(store_reader_freep) struct store_reader *reader = NULL;
	struct clients_check check = {conf, f};
	int err = store_open(&options, storep);

	if (!err)
		err = store_reader_new(*storep, &reader);
	if (!err)
		err = store_integrity_check(reader);
	if (!err)
		err = store_client_list(reader, 0, client_check, &check);
	if (err)
		strbuf_printf(&f->problems, "[store] database: %s: %s\n", conf->store.database,
			      err == -EPROTO    ? "it is newer than this program"
			      : err == -EBADMSG ? "its -wal is damaged: see DAMAGED LOG in cmfd(8)"
						: strerror(-err));
}

static void database_stat(const struct conf *conf, struct findings *f)
{
	struct stat st;

	if (stat(conf->store.database, &st))
		strbuf_printf(&f->problems, "[store] database: %s: %s\n", conf->store.database,
			      strerror(errno));
}

static error_t check_parse(int key, char *arg, struct argp_state *state)
{
	bool *database = state->input;

	if (key != OPT_DATABASE)
		return ARGP_ERR_UNKNOWN;
	*database = true;
	return 0;
}

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {{"database", OPT_DATABASE, NULL, 0,
						      "Check the database and the clients in it "
						      "too; one of an older version is migrated",
						      1},
						     {0}};
	static const struct argp argp = {.options = options,
					 .parser = check_parse,
					 .doc = "Checks configuration, keys, certificates and "
						"secrets as cmfd would load them. "
						"Exits with 1 if cmfd could not start."};
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(store_closep) struct store *store = NULL;
	struct findings f = {0};
	bool database = false;
	int status;

	ctl_parse(&argp, ctl, &database, argc, argv);
	if (conf_load(ctl->config, &conf, &f.problems) == 0) {
		files_check(conf, &f);
		descriptors_check(conf, &f);
		upstream_signer_check(conf, &f);
		trust_domains_check(conf, &f);
		central_keys_check(conf, &f);
		attestation_check(conf, &f);
		database_stat(conf, &f);
		if (database)
			database_open(conf, &store, &f);
		credentials_check(conf, store, &f);
	}
	status = findings_report(ctl, &f);
	strbuf_clear(&f.problems);
	strbuf_clear(&f.warnings);
	strbuf_clear(&f.notes);
	return status;
}
