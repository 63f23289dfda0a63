// SPDX-License-Identifier: Apache-2.0
/*
 * The configuration as text that can be loaded again.
 */
#include "conf.h"

#include "extensions.h"
#include "keys.h"

#include <string.h>

void conf_value_escape(struct strbuf *out, const char *text)
{
	for (; *text; text++)
		strbuf_printf(out, "%s%c", strchr("\\\"'`#$", *text) ? "\\" : "", *text);
}

static void print_value(const char *text, FILE *out)
{
	_cleanup_(strbuf_clear) struct strbuf escaped = STRBUF_NULL;

	conf_value_escape(&escaped, text);
	fputs(escaped.text ? escaped.text : "", out);
}

/*
 * Keys of a node alone: where it is, what of it is written where, how it reaches the database, and
 * how much it does at a time. Others than those decide what clients are told.
 */
static bool is_of_node(const struct conf_key *key)
{
	static const char *const names[] = {"node", "timeout", "batch_max", "commit_delay"};

	if (key->section == CONF_SERVER || key->section == CONF_LOG || key->section == CONF_AUDIT ||
	    key->type == &conf_type_database)
		return true;
	for (size_t i = 0; key->section == CONF_STORE && i < ARRAY_LEN(names); i++)
		if (strcmp(key->name, names[i]) == 0)
			return true;
	return key->section == CONF_EVENTS && strcmp(key->name, "workers") == 0;
}

static bool is_path(const struct conf_key *key)
{
	const struct conf_type *const types[] = {&conf_type_file,      &conf_type_secret_file,
						 &conf_type_path,      &conf_type_socket,
						 &conf_type_directory, &conf_type_key};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (key->type == types[i])
			return true;
	return false;
}

/* The last name of a path: nodes may have it in other folders. */
static const char *path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* shared: only what all nodes of a database should have in common. */
static void print_section(enum conf_section section, const char *name, const void *base,
			  bool shared, FILE *out)
{
	fprintf(out, "\n[%s%s%s]\n", conf_sections[section].kind, name ? " " : "",
		name ? name : "");
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		_cleanup_(strbuf_clear) struct strbuf value = STRBUF_NULL;

		if (key->section != section || !conf_key_applies(key, base) ||
		    (shared && is_of_node(key)))
			continue;
		key->type->print(key->type, conf_key_value_const(key, base), &value);
		if (value.len == 0)
			continue; /* not set */
		fprintf(out, "%s = ", key->name);
		print_value(shared && is_path(key) ? path_last(value.text) : value.text, out);
		fputc('\n', out);
	}
}

void conf_ca_print(const struct conf_ca *ca, FILE *out)
{
	print_section(CONF_CA, ca->name, ca, false, out);
}

/* Two profiles may share a section: it is printed for the first. */
static bool extensions_printed(const struct conf *conf, size_t profile)
{
	const char *section = conf->profiles[profile].extension_section;

	for (size_t i = 0; i < profile; i++) {
		const char *other = conf->profiles[i].extension_section;

		if (other && strcmp(other, section) == 0)
			return true;
	}
	return false;
}

static void print_all(const struct conf *conf, bool shared, FILE *out)
{
	for (enum conf_section s = 0; s < CONF_SECTION_COUNT; s++) {
		if (!conf_sections[s].named)
			print_section(s, NULL, (const char *)conf + conf_sections[s].offset, shared,
				      out);
	}
	for (size_t i = 0; i < conf->n_cas; i++)
		print_section(CONF_CA, conf->cas[i].name, &conf->cas[i], shared, out);
	for (size_t i = 0; i < conf->n_ca_rules; i++)
		print_section(CONF_CA_RULE, conf->ca_rules[i].name, &conf->ca_rules[i], shared,
			      out);
	for (size_t i = 0; i < conf->n_profiles; i++)
		print_section(CONF_PROFILE, conf->profiles[i].name, &conf->profiles[i], shared,
			      out);
	for (size_t i = 0; i < conf->n_client_policies; i++)
		print_section(CONF_CLIENT_POLICY, conf->client_policies[i].name,
			      &conf->client_policies[i], shared, out);
	for (size_t i = 0; i < conf->n_trust_domains; i++)
		print_section(CONF_TRUST_DOMAIN, conf->trust_domains[i].name,
			      &conf->trust_domains[i], shared, out);
	for (size_t i = 0; i < conf->n_vnfms; i++)
		print_section(CONF_VNFM, conf->vnfms[i].name, &conf->vnfms[i], shared, out);
	for (size_t i = 0; i < conf->n_vnfm_rules; i++)
		print_section(CONF_VNFM_RULE, conf->vnfm_rules[i].name, &conf->vnfm_rules[i],
			      shared, out);
	for (size_t i = 0; i < conf->n_profiles; i++) {
		const struct conf_profile *profile = &conf->profiles[i];

		if (!profile->extension_section || extensions_printed(conf, i))
			continue;
		fprintf(out, "\n[%s]\n", profile->extension_section);
		conf_extensions_print(profile, out);
	}
}

void conf_print(const struct conf *conf, FILE *out)
{
	fprintf(out, "# The effective configuration of %s\n", conf->path);
	print_all(conf, false, out);
}

void conf_print_shared(const struct conf *conf, FILE *out)
{
	print_all(conf, true, out);
}
