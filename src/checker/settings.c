// SPDX-License-Identifier: Apache-2.0
/*
 * What the configuration alone lets one say: keys that others can read, or cmfd cannot, limits, and
 * what is set up in part.
 */
#include "checker_local.h"

#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether who owns the configuration, as whom cmfd runs, can read the file: where root asks, that
 * is not seen otherwise. */
static bool owner_can_read(const struct stat *st, const struct stat *conf)
{
	return conf->st_uid == 0 || (st->st_uid == conf->st_uid   ? st->st_mode & S_IRUSR
				     : st->st_gid == conf->st_gid ? st->st_mode & S_IRGRP
								  : st->st_mode & S_IROTH);
}

static void owner_file_check(const struct stat *conf, const char *what, const char *path,
			     const struct stat *st, struct check_findings *f)
{
	if (!owner_can_read(st, conf))
		strbuf_printf(&f->warnings,
			      "%s: %s cannot be read by the owner of the configuration, as whom "
			      "cmfd runs: chown it\n",
			      what, path);
}

/* Keys that others can read, or that cmfd cannot. */
static void key_file_check(const struct stat *conf, const char *what, const char *path,
			   struct check_findings *f)
{
	struct stat st;

	if (!path || stat(path, &st) != 0)
		return;
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		strbuf_printf(&f->warnings, "%s: %s can be read by others (mode %03o)\n", what,
			      path, st.st_mode & 0777);
	owner_file_check(conf, what, path, &st, f);
}

static void ca_files_check(const struct stat *owner, const struct conf_ca *ca,
			   struct check_findings *f)
{
	const struct {
		const char *key, *path;
	} files[] = {
		{"key", ca->key},
		{"passphrase_file", ca->passphrase_file},
		{"ra_key", ca->ra_key},
		{"ra_passphrase_file", ca->ra_passphrase_file},
		{"ra_secret_file", ca->ra_secret_file},
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char what[160];

		snprintf(what, sizeof(what), "[ca %s] %s", ca->name, files[i].key);
		key_file_check(owner, what, files[i].path, f);
	}
}

static void vnfm_files_check(const struct stat *owner, const struct conf_vnfm *vnfm,
			     struct check_findings *f)
{
	const struct {
		const char *key, *path;
	} files[] = {
		{"tls_key", vnfm->tls_key},
		{"tls_passphrase_file", vnfm->tls_passphrase_file},
		{"password_file", vnfm->password_file},
		{"oauth2_client_secret_file", vnfm->oauth2_client_secret_file},
		{"callback_password_file", vnfm->callback_password_file},
		{"callback_oauth2_client_secret_file", vnfm->callback_oauth2_client_secret_file},
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char what[160];

		snprintf(what, sizeof(what), "[vnfm %s] %s", vnfm->name, files[i].key);
		key_file_check(owner, what, files[i].path, f);
	}
}

/* Files that the URL of a database names. libpq says little of one that it cannot read, and nothing
 * of a passfile that is not there. */
static void database_files_check(const struct stat *owner, const char *url,
				 struct check_findings *f)
{
	static const struct {
		const char *option;
		bool secret;
	} files[] = {
		{"passfile", true}, {"sslkey", true}, {"sslcert", false}, {"sslrootcert", false}};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		_cleanup_(freep) char *path = store_database_option(url, files[i].option);
		char what[40];
		struct stat st;

		if (!path || *path != '/')
			continue;
		snprintf(what, sizeof(what), "[store] database: %s", files[i].option);
		if (stat(path, &st) != 0)
			strbuf_printf(&f->warnings, "%s: %s: %s\n", what, path, error_text(-errno));
		else if (files[i].secret)
			key_file_check(owner, what, path, f);
		else
			owner_file_check(owner, what, path, &st, f);
	}
}

static void files_check(const struct conf *conf, struct check_findings *f)
{
	const struct conf_protection *p = &conf->protection;
	const struct {
		const char *what, *path;
	} files[] = {
		{"[protection] key", p->key},
		{"[protection] passphrase_file", p->passphrase_file},
		{"[protection] encryption_key", p->encryption_key},
		{"[protection] encryption_passphrase_file", p->encryption_passphrase_file},
		{"[protection] kga_key", p->kga_key},
		{"[protection] kga_passphrase_file", p->kga_passphrase_file},
		{"[server] tls_key", conf->server.tls_key},
		{"[server] tls_passphrase_file", conf->server.tls_passphrase_file},
		{"[events] tls_key", conf->events.tls_key},
		{"[events] tls_passphrase_file", conf->events.tls_passphrase_file},
		{"[store] secret_key", conf->store.secret_key},
		{"[store] database", conf->store.database},
	};
	struct stat owner;

	if (stat(conf->path, &owner) != 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		key_file_check(&owner, files[i].what, files[i].path, f);
	if (store_database_is_url(conf->store.database))
		database_files_check(&owner, conf->store.database, f);
	for (size_t i = 0; i < conf->n_cas; i++)
		ca_files_check(&owner, &conf->cas[i], f);
	for (size_t i = 0; i < conf->n_vnfms; i++)
		vnfm_files_check(&owner, &conf->vnfms[i], f);
}

/* --- which CA is whose --- */

static bool is_named_by_a_rule(const struct conf *conf, const char *ca)
{
	for (size_t i = 0; i < conf->n_ca_rules; i++)
		if (strcmp(conf->ca_rules[i].ca, ca) == 0)
			return true;
	return false;
}

/* A rule of that certType, or of any, which asks for no more. */
static bool has_rule_for_all(const struct conf *conf, enum cert_type type)
{
	for (size_t i = 0; i < conf->n_ca_rules; i++) {
		const struct conf_ca_rule *rule = &conf->ca_rules[i];

		if ((!rule->has_cert_type || rule->cert_type == type) && !rule->trust_domain &&
		    !rule->profile)
			return true;
	}
	return false;
}

static bool has_rule(const struct conf *conf, enum cert_type type)
{
	for (size_t i = 0; i < conf->n_ca_rules; i++)
		if (!conf->ca_rules[i].has_cert_type || conf->ca_rules[i].cert_type == type)
			return true;
	return false;
}

/* A CA that no registration gets but by its name, and registrations that get none. */
static void ca_rules_check(const struct conf *conf, struct check_findings *f)
{
	for (size_t i = 0; i < conf->n_cas; i++) {
		const char *ca = conf->cas[i].name;

		if (!is_named_by_a_rule(conf, ca) &&
		    !(conf->cmf.default_ca && strcmp(conf->cmf.default_ca, ca) == 0))
			strbuf_printf(&f->warnings,
				      "[ca %s] no [ca_rule NAME] and no default_ca leads to it, so "
				      "it is only for registrations that name it\n",
				      ca);
	}
	for (int type = 0; type <= CERT_TYPE_VNF_OAM && !conf->cmf.default_ca && conf->n_cas;
	     type++) {
		if (has_rule_for_all(conf, (enum cert_type)type))
			continue;
		strbuf_printf(&f->warnings,
			      "[cmf] ca_rules: without default_ca, %s %s is refused unless it "
			      "names a CA\n",
			      has_rule(conf, (enum cert_type)type)
				      ? "who fits no rule and registers a"
				      : "who registers a",
			      cert_type_name((enum cert_type)type));
	}
}

/*
 * cmfd takes the hard limit. Where it is started, it can have another one than here: so this is
 * no more than a warning.
 */
static void descriptors_check(const struct conf *conf, struct check_findings *f)
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
static void upstream_signer_check(const struct conf *conf, struct check_findings *f)
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
static void attestation_check(const struct conf *conf, struct check_findings *f)
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
		if (!profile->attestation.trusted &&
		    (profile->attestation.crls || profile->attestation.crl_urls.len > 0))
			strbuf_printf(&f->warnings,
				      "[profile %s] attestation_trusted: is not set, so CRLs of "
				      "attesters are not looked at\n",
				      profile->name);
	}
}

/* What is not limited, which nobody may have meant. */
static void trust_domains_check(const struct conf *conf, struct check_findings *f)
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
static void central_keys_check(const struct conf *conf, struct check_findings *f)
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

/* `mode` of access(2); what is `made` need not be there. */
static void audit_place_check(const char *key, const char *path, int mode, bool made,
			      struct check_findings *f)
{
	_cleanup_(freep) char *parent = path && made ? strdup(path) : NULL;
	char *slash = parent ? strrchr(parent, '/') : NULL;

	if (!path || access(path, mode) == 0)
		return;
	if (slash && errno == ENOENT) {
		slash[slash == parent] = '\0';
		if (access(parent, W_OK | X_OK) == 0)
			return;
	}
	strbuf_printf(&f->problems, "[audit] %s: %s: %s\n", key, path, error_text(-errno));
}

static void audit_check(const struct conf *conf, struct check_findings *f)
{
	audit_place_check("file", conf->audit.file, W_OK, true, f);
	audit_place_check("heads", conf->audit.heads, W_OK | X_OK, false, f);
	if (conf->audit.syslog != CONF_SYSLOG_NONE)
		audit_place_check("syslog_socket", conf->audit.syslog_socket, W_OK, false, f);
}

void check_settings(const struct conf *conf, struct check_findings *f)
{
	files_check(conf, f);
	ca_rules_check(conf, f);
	descriptors_check(conf, f);
	upstream_signer_check(conf, f);
	trust_domains_check(conf, f);
	central_keys_check(conf, f);
	attestation_check(conf, f);
	audit_check(conf, f);
}
