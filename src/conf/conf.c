// SPDX-License-Identifier: Apache-2.0
/*
 * Looking things up in a loaded configuration, and freeing it.
 */
#include "conf.h"

#include "extensions.h"
#include "keys.h"

#include <fnmatch.h>
#include <string.h>

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (enum conf_section s = 0; s < CONF_SECTION_COUNT; s++) {
		if (!conf_sections[s].named)
			conf_section_clear(s, (char *)conf + conf_sections[s].offset);
	}
	for (size_t i = 0; i < conf->n_cas; i++) {
		conf_section_clear(CONF_CA, &conf->cas[i]);
		free(conf->cas[i].name);
	}
	for (size_t i = 0; i < conf->n_ca_rules; i++) {
		conf_section_clear(CONF_CA_RULE, &conf->ca_rules[i]);
		free(conf->ca_rules[i].name);
	}
	for (size_t i = 0; i < conf->n_profiles; i++) {
		conf_extensions_clear(&conf->profiles[i]);
		conf_section_clear(CONF_PROFILE, &conf->profiles[i]);
		free(conf->profiles[i].name);
	}
	for (size_t i = 0; i < conf->n_client_policies; i++) {
		conf_section_clear(CONF_CLIENT_POLICY, &conf->client_policies[i]);
		free(conf->client_policies[i].name);
	}
	for (size_t i = 0; i < conf->n_trust_domains; i++) {
		conf_section_clear(CONF_TRUST_DOMAIN, &conf->trust_domains[i]);
		free(conf->trust_domains[i].name);
	}
	for (size_t i = 0; i < conf->n_vnfms; i++) {
		conf_section_clear(CONF_VNFM, &conf->vnfms[i]);
		free(conf->vnfms[i].name);
	}
	for (size_t i = 0; i < conf->n_vnfm_rules; i++) {
		conf_section_clear(CONF_VNFM_RULE, &conf->vnfm_rules[i]);
		free(conf->vnfm_rules[i].name);
	}
	free(conf->vnfms);
	free(conf->vnfm_rules);
	free(conf->trust_domains);
	free(conf->cas);
	free(conf->ca_rules);
	free(conf->profiles);
	free(conf->client_policies);
	free(conf->path);
	free(conf->dir);
	free(conf);
}

const struct conf_ca *conf_ca_find(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_cas; i++) {
		if (strcmp(conf->cas[i].name, name) == 0)
			return &conf->cas[i];
	}
	return NULL;
}

const struct conf_profile *conf_profile_find(const struct conf *conf, const char *name)
{
	enum cert_type type;

	for (size_t i = 0; i < conf->n_profiles; i++) {
		if (strcmp(conf->profiles[i].name, name) == 0)
			return &conf->profiles[i];
	}
	/* The other spelling of a certType means the same. */
	return cert_type_parse(name, &type) == 0 ? conf_profile_default(conf, type) : NULL;
}

const struct conf_profile *conf_profile_default(const struct conf *conf, enum cert_type type)
{
	for (size_t i = 0; i < conf->n_profiles; i++) {
		enum cert_type named;

		if (cert_type_parse(conf->profiles[i].name, &named) == 0 && named == type)
			return &conf->profiles[i];
	}
	return NULL;
}

const struct conf_client_policy *conf_client_policy_find(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_client_policies; i++) {
		if (strcmp(conf->client_policies[i].name, name ? name : "default") == 0)
			return &conf->client_policies[i];
	}
	return NULL;
}

const struct conf_trust_domain *conf_trust_domain_find(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_trust_domains; i++) {
		if (strcmp(conf->trust_domains[i].name, name) == 0)
			return &conf->trust_domains[i];
	}
	return NULL;
}

const struct conf_vnfm *conf_vnfm_find(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_vnfms; i++) {
		if (strcmp(conf->vnfms[i].name, name) == 0)
			return &conf->vnfms[i];
	}
	return NULL;
}

const struct conf_vnfm_rule *conf_vnfm_rule_find(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_vnfm_rules; i++) {
		if (strcmp(conf->vnfm_rules[i].name, name) == 0)
			return &conf->vnfm_rules[i];
	}
	return NULL;
}

static bool patterns_fit(const struct conf_list *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->len; i++) {
		if (fnmatch(patterns->item[i], text, FNM_NOESCAPE) == 0)
			return true;
	}
	return patterns->len == 0;
}

const struct conf_vnfm_rule *conf_vnfm_rule_for(const struct conf *conf,
						const struct conf_vnfm *vnfm, const char *vnfd_id,
						const char *vdu_id)
{
	for (size_t i = 0; i < vnfm->rules.len; i++) {
		const struct conf_vnfm_rule *rule = conf_vnfm_rule_find(conf, vnfm->rules.item[i]);

		if (patterns_fit(&rule->vnfd_ids, vnfd_id) && patterns_fit(&rule->vdu_ids, vdu_id))
			return rule;
	}
	return NULL;
}

bool conf_list_has(const struct conf_list *list, const char *text)
{
	for (size_t i = 0; i < list->len; i++) {
		if (strcmp(list->item[i], text) == 0)
			return true;
	}
	return false;
}

static bool ip_range_has(const struct conf_ip_range *range, struct bytes address)
{
	unsigned whole = range->prefix_len / 8, rest = range->prefix_len % 8;

	if (address.len != range->address_len || memcmp(address.data, range->address, whole) != 0)
		return false;
	return rest == 0 || ((address.data[whole] ^ range->address[whole]) >> (8 - rest)) == 0;
}

bool conf_ip_ranges_have(const struct conf_ip_ranges *ranges, struct bytes address)
{
	for (size_t i = 0; i < ranges->len; i++) {
		if (ip_range_has(&ranges->item[i], address))
			return true;
	}
	return false;
}
