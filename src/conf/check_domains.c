// SPDX-License-Identifier: Apache-2.0
/*
 * Checks of trust domains: that what they name exists, and that no two of them can claim the same
 * host names from one CA. What a request may have of its domain is judged in cmf/domain.c.
 */
#include "load.h"

#include "base/host_name.h"

#include <stdio.h>
#include <string.h>

/* Whether the rules, or the domain itself, leave it that CA. */
static bool domain_has_ca(const struct conf *conf, const struct conf_trust_domain *domain,
			  const char *ca)
{
	if (domain->cas.len)
		return conf_list_has(&domain->cas, ca);
	for (size_t i = 0; i < conf->n_ca_rules; i++) {
		const struct conf_ca_rule *rule = &conf->ca_rules[i];

		if (rule->ca && strcmp(rule->ca, ca) == 0 &&
		    (!rule->trust_domain || strcmp(rule->trust_domain, domain->name) == 0))
			return true;
	}
	return conf->cmf.default_ca && strcmp(conf->cmf.default_ca, ca) == 0;
}

/* A CA that both have; NULL: none. */
static const char *common_ca(const struct conf *conf, const struct conf_trust_domain *a,
			     const struct conf_trust_domain *b)
{
	for (size_t i = 0; i < conf->n_cas; i++) {
		const char *ca = conf->cas[i].name;

		if (domain_has_ca(conf, a, ca) && domain_has_ca(conf, b, ca))
			return ca;
	}
	return NULL;
}

/* The suffix of `a` that overlaps with one of `b`; NULL: none does. */
static const char *common_suffix(const struct conf_trust_domain *a,
				 const struct conf_trust_domain *b)
{
	for (size_t i = 0; i < a->dns_suffixes.len; i++) {
		const char *suffix = a->dns_suffixes.item[i];

		for (size_t j = 0; j < b->dns_suffixes.len; j++) {
			const char *other = b->dns_suffixes.item[j];

			if (host_name_below(suffix, other) || host_name_below(other, suffix))
				return suffix;
		}
	}
	return NULL;
}

static void check_overlap(struct conf_loader *l, const struct conf_trust_domain *a,
			  const struct conf_trust_domain *b)
{
	const char *suffix = common_suffix(a, b);
	const char *ca = suffix ? common_ca(l->conf, a, b) : NULL;
	char section[256];

	if (!ca || a->shared_names || b->shared_names)
		return;
	snprintf(section, sizeof(section), "trust_domain %s", a->name);
	conf_problem(&l->problems, section, "dns_suffixes",
		     "%s overlaps with those of [trust_domain %s] under the CA %s; if both are to "
		     "have such names, set shared_names = yes in one of them",
		     suffix, b->name, ca);
}

static void check_names_exist(struct conf_loader *l, const struct conf_trust_domain *domain)
{
	char section[256];

	snprintf(section, sizeof(section), "trust_domain %s", domain->name);
	for (size_t i = 0; i < domain->cas.len; i++) {
		if (!conf_ca_find(l->conf, domain->cas.item[i]))
			conf_problem(&l->problems, section, "ca", "there is no section [ca %s]",
				     domain->cas.item[i]);
	}
	for (size_t i = 0; i < domain->profiles.len; i++) {
		if (!conf_profile_find(l->conf, domain->profiles.item[i]))
			conf_problem(&l->problems, section, "profiles",
				     "there is no section [profile %s]", domain->profiles.item[i]);
	}
}

void conf_check_trust_domains(struct conf_loader *l)
{
	const struct conf *conf = l->conf;

	for (size_t i = 0; i < conf->n_trust_domains; i++) {
		check_names_exist(l, &conf->trust_domains[i]);
		for (size_t j = 0; j < i; j++)
			check_overlap(l, &conf->trust_domains[i], &conf->trust_domains[j]);
	}
}
