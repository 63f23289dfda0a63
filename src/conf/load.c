// SPDX-License-Identifier: Apache-2.0
/*
 * Sections and keys of the file into struct conf. Problems are collected; only a fault (memory, an
 * unreadable file) ends the loading.
 */
#include "load.h"

#include "base/error.h"
#include "extensions.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

/* Parses `text` into the key's value; a problem names section and key. */
static int load_value(struct conf_loader *l, const char *section, const struct conf_key *key,
		      const char *text, void *base)
{
	struct conf_input in = {key, l->conf->dir, text, l->names_only};
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	int err;

	if (*text == '\0') {
		conf_problem(&l->problems, section, key->name,
			     "the value is empty; give one or remove the line");
		return 0;
	}
	err = key->type->parse(&in, conf_key_value(key, base), &why);
	if (err == -EINVAL)
		conf_problem(&l->problems, section, key->name, "%s",
			     why.text ? why.text : "not understood");
	return err == -EINVAL ? 0 : err;
}

static int load_defaults(struct conf_loader *l, enum conf_section type, const char *section,
			 const struct conf_source_section *given, void *base)
{
	int err = 0;

	for (size_t i = 0; i < conf_n_keys && err == 0; i++) {
		const struct conf_key *key = &conf_keys[i];

		if (key->section != type || !key->initial)
			continue;
		if (!conf_source_value(&l->source, given, key->name))
			err = load_value(l, section, key, key->initial, base);
	}
	return err;
}

static int load_given(struct conf_loader *l, enum conf_section type,
		      const struct conf_source_section *given, void *base)
{
	STACK_OF(CONF_VALUE) *values = conf_source_values(&l->source, given);
	int err = 0;

	for (int i = 0; values && i < sk_CONF_VALUE_num(values) && err == 0; i++) {
		const CONF_VALUE *value = sk_CONF_VALUE_value(values, i);
		const struct conf_key *key = conf_key_find(type, value->name);

		if (!key)
			conf_problem(&l->problems, given->full, value->name,
				     "there is no such key in this kind of section");
		else
			err = load_value(l, given->full, key, value->value, base);
	}
	return err;
}

/* `given` is NULL when the file does not have the section. */
static int load_section(struct conf_loader *l, enum conf_section type,
			const struct conf_source_section *given, void *base)
{
	const char *section = given ? given->full : conf_sections[type].kind;
	int err = load_defaults(l, type, section, given, base);

	if (err == 0 && given)
		err = load_given(l, type, given, base);
	for (size_t i = 0; i < conf_n_keys && err == 0; i++) {
		const struct conf_key *key = &conf_keys[i];

		/* Keys of one kind of [ca] only: conf_check_ca(). */
		if (key->section == type && key->required && key->when == CONF_WHEN_ANY &&
		    !conf_source_value(&l->source, given, key->name))
			conf_problem(&l->problems, section, key->name, "this key is required");
	}
	return err;
}

static int load_singletons(struct conf_loader *l)
{
	int err = 0;

	for (enum conf_section type = 0; type < CONF_SECTION_COUNT && err == 0; type++) {
		struct conf_source_section *given;

		if (conf_sections[type].named)
			continue;
		given = conf_source_find(&l->source, conf_sections[type].kind, "");
		if (given)
			given->used = true;
		err = load_section(l, type, given, (char *)l->conf + conf_sections[type].offset);
	}
	return err;
}

/* Names become file names, URL labels and log fields. */
static bool name_is_valid(const char *name)
{
	for (const char *p = name; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
			return false;
	}
	return isalnum((unsigned char)name[0]);
}

/* The next section [kind NAME] with a usable name, from *indexp on; NULL at the end. */
static struct conf_source_section *next_section(struct conf_loader *l, enum conf_section type,
						size_t *indexp)
{
	while (*indexp < l->source.n_sections) {
		struct conf_source_section *s = &l->source.sections[(*indexp)++];

		if (strcmp(s->kind, conf_sections[type].kind) != 0)
			continue;
		if (conf_source_find(&l->source, s->kind, s->name) != s)
			continue; /* there twice: the scan has said so */
		s->used = true;
		if (name_is_valid(s->name))
			return s;
		conf_problem(&l->problems, s->full, NULL,
			     "a name is needed: [%s NAME], of letters, digits and \"-_.\"",
			     s->kind);
	}
	return NULL;
}

/* Room for one more element behind `n` zeroed or used ones. */
static void *array_grow(void *array, size_t n, size_t element_size)
{
	char *grown = reallocarray(array, n + 1, element_size);

	if (grown)
		memset(grown + n * element_size, 0, element_size);
	return grown;
}

static int load_cas(struct conf_loader *l)
{
	struct conf_source_section *given;
	struct conf *conf = l->conf;
	size_t index = 0;

	while ((given = next_section(l, CONF_CA, &index)) != NULL) {
		struct conf_ca *cas = array_grow(conf->cas, conf->n_cas, sizeof(*cas)), *ca;
		int err;

		if (!cas)
			return -ENOMEM;
		conf->cas = cas;
		ca = &cas[conf->n_cas++];
		ca->name = strdup(given->name);
		err = ca->name ? load_section(l, CONF_CA, given, ca) : -ENOMEM;
		if (err < 0)
			return err;
		conf_check_ca(l, given, ca);
	}
	return 0;
}

/* In the order of cmf.ca_rules. */
static int load_ca_rules(struct conf_loader *l)
{
	struct conf *conf = l->conf;
	const struct conf_list *names = &conf->cmf.ca_rules;

	for (size_t i = 0; i < names->len; i++) {
		const char *kind = conf_sections[CONF_CA_RULE].kind;
		struct conf_source_section *given =
			conf_source_find(&l->source, kind, names->item[i]);
		struct conf_ca_rule *rules, *rule;
		int err;

		if (!given) {
			conf_problem(&l->problems, "cmf", "ca_rules",
				     "there is no section [ca_rule %s]", names->item[i]);
			continue;
		}
		given->used = true;
		rules = array_grow(conf->ca_rules, conf->n_ca_rules, sizeof(*rules));
		if (!rules)
			return -ENOMEM;
		conf->ca_rules = rules;
		rule = &rules[conf->n_ca_rules++];
		rule->name = strdup(given->name);
		err = rule->name ? load_section(l, CONF_CA_RULE, given, rule) : -ENOMEM;
		if (err < 0)
			return err;
	}
	return 0;
}

static int load_extensions(struct conf_loader *l, const char *section, struct conf_profile *profile)
{
	struct conf_source_section *extensions;

	if (!profile->extension_section)
		return 0;
	extensions = conf_source_find_full(&l->source, profile->extension_section);
	if (!extensions) {
		conf_problem(&l->problems, section, "extension_section", "there is no section [%s]",
			     profile->extension_section);
		return 0;
	}
	conf_source_use(&l->source, extensions);
	return conf_extensions_compile(&l->source, extensions, &l->problems, profile);
}

static int load_profiles(struct conf_loader *l)
{
	struct conf_source_section *given;
	struct conf *conf = l->conf;
	size_t index = 0;

	while ((given = next_section(l, CONF_PROFILE, &index)) != NULL) {
		struct conf_profile *profiles, *profile;
		int err;

		profiles = array_grow(conf->profiles, conf->n_profiles, sizeof(*profiles));
		if (!profiles)
			return -ENOMEM;
		conf->profiles = profiles;
		profile = &profiles[conf->n_profiles++];
		profile->name = strdup(given->name);
		if (!profile->name)
			return -ENOMEM;
		/* The name may say the certType; conf_check_profile() asks for it otherwise. */
		if (cert_type_parse(profile->name, &profile->cert_type) < 0)
			profile->cert_type = CERT_TYPE_MANO;
		err = load_section(l, CONF_PROFILE, given, profile);
		if (err == 0)
			err = load_extensions(l, given->full, profile);
		if (err < 0)
			return err;
		conf_check_profile(l, given, profile);
	}
	return 0;
}

/* `given` is NULL for the builtin one. */
static int load_client_policy(struct conf_loader *l, const char *name,
			      const struct conf_source_section *given)
{
	struct conf *conf = l->conf;
	struct conf_client_policy *policies, *policy;

	policies = array_grow(conf->client_policies, conf->n_client_policies, sizeof(*policies));
	if (!policies)
		return -ENOMEM;
	conf->client_policies = policies;
	policy = &policies[conf->n_client_policies++];
	policy->name = strdup(name);
	return policy->name ? load_section(l, CONF_CLIENT_POLICY, given, policy) : -ENOMEM;
}

static int load_client_policies(struct conf_loader *l)
{
	struct conf_source_section *given;
	size_t index = 0;
	int err = 0;

	while (err == 0 && (given = next_section(l, CONF_CLIENT_POLICY, &index)) != NULL)
		err = load_client_policy(l, given->name, given);
	if (err == 0 && !conf_client_policy_find(l->conf, NULL))
		err = load_client_policy(l, "default", NULL);
	return err;
}

static int load_trust_domains(struct conf_loader *l)
{
	struct conf_source_section *given;
	struct conf *conf = l->conf;
	size_t index = 0;
	int err = 0;

	while (err == 0 && (given = next_section(l, CONF_TRUST_DOMAIN, &index)) != NULL) {
		struct conf_trust_domain *domains =
			array_grow(conf->trust_domains, conf->n_trust_domains, sizeof(*domains));
		struct conf_trust_domain *domain;

		if (!domains)
			return -ENOMEM;
		conf->trust_domains = domains;
		domain = &domains[conf->n_trust_domains++];
		domain->name = strdup(given->name);
		err = domain->name ? load_section(l, CONF_TRUST_DOMAIN, given, domain) : -ENOMEM;
	}
	return err;
}

static int load_vnfms(struct conf_loader *l)
{
	struct conf_source_section *given;
	struct conf *conf = l->conf;
	size_t index = 0;
	int err = 0;

	while (err == 0 && (given = next_section(l, CONF_VNFM, &index)) != NULL) {
		struct conf_vnfm *vnfms = array_grow(conf->vnfms, conf->n_vnfms, sizeof(*vnfms));
		struct conf_vnfm *vnfm;

		if (!vnfms)
			return -ENOMEM;
		conf->vnfms = vnfms;
		vnfm = &vnfms[conf->n_vnfms++];
		vnfm->name = strdup(given->name);
		err = vnfm->name ? load_section(l, CONF_VNFM, given, vnfm) : -ENOMEM;
		if (err == 0)
			conf_check_vnfm(l, given, vnfm);
	}
	return err;
}

static int load_vnfm_rules(struct conf_loader *l)
{
	struct conf_source_section *given;
	struct conf *conf = l->conf;
	size_t index = 0;
	int err = 0;

	while (err == 0 && (given = next_section(l, CONF_VNFM_RULE, &index)) != NULL) {
		struct conf_vnfm_rule *rules =
			array_grow(conf->vnfm_rules, conf->n_vnfm_rules, sizeof(*rules));
		struct conf_vnfm_rule *rule;

		if (!rules)
			return -ENOMEM;
		conf->vnfm_rules = rules;
		rule = &rules[conf->n_vnfm_rules++];
		rule->name = strdup(given->name);
		err = rule->name ? load_section(l, CONF_VNFM_RULE, given, rule) : -ENOMEM;
	}
	return err;
}

/* What stands before the first section can only be there for $name. */
static void check_default_section(struct conf_loader *l)
{
	const struct conf_source_section *s = &l->source.sections[0];

	for (size_t i = 0; i < s->n_keys; i++) {
		if (!conf_source_has_variable(&l->source, s->keys[i]))
			conf_problem(&l->problems, s->full, s->keys[i],
				     "this key stands outside of any section, and nothing uses $%s",
				     s->keys[i]);
	}
}

static void check_unused_sections(struct conf_loader *l)
{
	/* A list that is there, but malformed, says nothing about the rules. */
	const char *ca_rules =
		conf_source_value(&l->source, conf_source_find(&l->source, "cmf", ""), "ca_rules");

	for (size_t i = 1; i < l->source.n_sections; i++) {
		const struct conf_source_section *s = &l->source.sections[i];

		/* A second one of the same name was reported by the scan. */
		if (s->used || conf_source_find(&l->source, s->kind, s->name) != s)
			continue;
		if (strcmp(s->kind, conf_sections[CONF_CA_RULE].kind) != 0)
			conf_problem(&l->problems, s->full, NULL,
				     "unknown section, and no profile names it in "
				     "extension_section");
		else if (l->conf->cmf.ca_rules.len || !ca_rules)
			conf_problem(&l->problems, s->full, NULL,
				     "this rule is not in ca_rules of [cmf]");
	}
}

static int load_all(struct conf_loader *l)
{
	int err = conf_source_read(l->conf->path, &l->problems, &l->source);

	if (err == 0)
		err = load_singletons(l);
	if (err == 0)
		err = load_cas(l);
	if (err == 0)
		err = load_profiles(l);
	if (err == 0)
		err = load_client_policies(l);
	if (err == 0)
		err = load_trust_domains(l);
	if (err == 0)
		err = load_vnfms(l);
	if (err == 0)
		err = load_vnfm_rules(l);
	if (err == 0)
		err = load_ca_rules(l);
	if (err < 0)
		return err;
	if (l->conf->retention.transactions_ms)
		l->conf->store.transaction_retention_ms = l->conf->retention.transactions_ms;
	conf_check_all(l);
	check_default_section(l);
	check_unused_sections(l);
	return l->problems.count ? -EINVAL : 0;
}

/* Who has none yet is told how to make one, by whatever asked for it. */
static void unreadable_tell(struct conf_loader *l, const char *path, int error)
{
	if (error != ENOENT)
		conf_problem(&l->problems, NULL, NULL, "%s: %s", path, error_text(-error));
	else
		conf_problem(&l->problems, NULL, NULL,
			     "%s does not exist: `%s` makes a configuration, with keys and "
			     "database",
			     path,
			     strcmp(path, CONF_SYSTEM_PATH) == 0
				     ? "cmfctl init --system --public-url URL"
				     : "cmfctl init --dir DIR");
}

/* Absolute path and directory; the file must exist. */
static int conf_resolve(struct conf_loader *l, const char *path)
{
	char *slash;

	l->conf->path = realpath(path, NULL);
	if (!l->conf->path) {
		int error = errno;

		unreadable_tell(l, path, error);
		return -error;
	}
	l->conf->dir = strdup(l->conf->path);
	if (!l->conf->dir)
		return -ENOMEM;
	slash = strrchr(l->conf->dir, '/');
	slash[slash == l->conf->dir ? 1 : 0] = '\0';
	return 0;
}

static int conf_load_by(const char *path, bool names_only, struct conf **confp,
			struct strbuf *problems)
{
	_cleanup_(conf_freep) struct conf *conf = calloc(1, sizeof(*conf));
	struct conf_loader l = {
		.conf = conf, .problems = {.text = problems}, .names_only = names_only};
	int err;

	if (!conf)
		return -ENOMEM;
	err = conf_resolve(&l, path);
	if (err == 0)
		err = load_all(&l);
	conf_source_clear(&l.source);
	if (err == 0)
		*confp = TAKE(conf);
	return err;
}

int conf_load(const char *path, struct conf **confp, struct strbuf *problems)
{
	return conf_load_by(path, false, confp, problems);
}

int conf_load_names(const char *path, struct conf **confp, struct strbuf *problems)
{
	return conf_load_by(path, true, confp, problems);
}

static int socket_guess(struct conf_loader *l)
{
	const struct conf_key *key = conf_key_find(CONF_SERVER, "admin_socket");
	const char *title = conf_sections[CONF_SERVER].kind, *value;
	const struct conf_source_section *server;
	_cleanup_(freep) char *guess = NULL;
	int err = conf_source_read(l->conf->path, &l->problems, &l->source);

	if (err < 0 && err != -EINVAL)
		return err;
	server = conf_source_find(&l->source, title, "");
	if (err == 0) {
		value = conf_source_value(&l->source, server, key->name);
		value = value ? value : key->initial;
	} else {
		err = conf_source_guess(server, key->name, &guess);
		value = guess;
	}
	return value && err == 0 ? load_value(l, title, key, value, &l->conf->server) : err;
}

int conf_socket_guess(const char *path, char **socketp)
{
	_cleanup_(conf_freep) struct conf *conf = calloc(1, sizeof(*conf));
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	struct conf_loader l = {.conf = conf, .problems = {.text = &problems}, .names_only = true};
	int err;

	if (!conf)
		return -ENOMEM;
	err = conf_resolve(&l, path);
	if (err == 0)
		err = socket_guess(&l);
	conf_source_clear(&l.source);
	if (err < 0)
		return err;
	*socketp = TAKE(conf->server.admin_socket);
	return *socketp ? 0 : -ENOENT;
}
