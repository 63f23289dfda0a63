// SPDX-License-Identifier: Apache-2.0
/*
 * Checks of a configuration that need more than one key.
 */
#include "extensions.h"
#include "load.h"

#include <string.h>

static const char *key_given(struct conf_loader *l, const char *kind, const char *key)
{
	return conf_source_value(&l->source, conf_source_find(&l->source, kind, ""), key);
}

static bool address_equal(const struct conf_address *a, const struct conf_address *b)
{
	return a->is_unix == b->is_unix && a->port == b->port && strcmp(a->host, b->host) == 0;
}

struct addresses_seen {
	const struct conf_address *item[64];
	size_t n;
};

static void check_addresses(struct conf_loader *l, const char *section, const char *key,
			    const struct conf_addresses *list, struct addresses_seen *seen)
{
	for (size_t i = 0; i < list->len; i++) {
		const struct conf_address *a = &list->item[i];

		for (size_t j = 0; j < seen->n; j++) {
			if (address_equal(a, seen->item[j]))
				conf_problem(&l->problems, section, key,
					     "%s port %u is there twice", a->host, a->port);
		}
		if (seen->n == ARRAY_LEN(seen->item)) {
			conf_problem(&l->problems, section, key, "more than %zu addresses",
				     ARRAY_LEN(seen->item));
			return;
		}
		seen->item[seen->n++] = a;
	}
}

/* No address may be in two of the lists, or twice in one. */
static void check_listen_unique(struct conf_loader *l)
{
	const struct conf_server *s = &l->conf->server;
	struct addresses_seen seen = {.n = 0};

	check_addresses(l, "server", "listen", &s->listen, &seen);
	check_addresses(l, "server", "listen_tls", &s->listen_tls, &seen);
	check_addresses(l, "server", "listen_nfv", &s->listen_nfv, &seen);
	check_addresses(l, "server", "listen_metrics", &s->listen_metrics, &seen);
	check_addresses(l, "server", "explain_listen", &s->explain_listen, &seen);
	for (size_t i = 0; i < l->conf->n_vnfms; i++) {
		char section[256];

		snprintf(section, sizeof(section), "vnfm %s", l->conf->vnfms[i].name);
		check_addresses(l, section, "callback_listen", &l->conf->vnfms[i].callback_listen,
				&seen);
	}
}

/* A VNFM whose notifications come to a listener of their own. */
static bool any_callback_listen(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_vnfms; i++)
		if (conf->vnfms[i].callback_listen.len)
			return true;
	return false;
}

/* Bearer tokens and callbacks' passwords are no secret on a wire without TLS. */
static void check_plain_loopback(struct conf_loader *l)
{
	const struct conf_addresses *list = &l->conf->server.listen_nfv;

	for (size_t i = 0; i < list->len; i++)
		if (!conf_address_is_loopback(&list->item[i]))
			conf_problem(&l->problems, "server", "listen_nfv",
				     "%s is no loopback address: needs tls_certificate and tls_key",
				     list->item[i].host);
}

static void check_server(struct conf_loader *l)
{
	const char *listen_tls = key_given(l, "server", "listen_tls");
	const char *listen_nfv = key_given(l, "server", "listen_nfv");
	const char *certificate = key_given(l, "server", "tls_certificate");

	if (!key_given(l, "server", "listen") && !listen_tls)
		conf_problem(&l->problems, "server", "listen", "listen or listen_tls is required");
	if (listen_tls && !certificate)
		conf_problem(&l->problems, "server", "tls_certificate",
			     "listen_tls needs this key");
	if ((listen_tls || (listen_nfv && certificate)) && !key_given(l, "server", "tls_key"))
		conf_problem(&l->problems, "server", "tls_key", "%s needs this key",
			     listen_tls ? "listen_tls" : "listen_nfv");
	if (!listen_tls && !listen_nfv && certificate && !any_callback_listen(l->conf))
		conf_problem(&l->problems, "server", "tls_certificate",
			     "without listen_tls or listen_nfv nothing uses this key");
	if (!certificate)
		check_plain_loopback(l);
	if (l->conf->server.json_body_max < l->conf->server.body_max)
		conf_problem(&l->problems, "server", "json_body_max", "less than body_max");
	check_listen_unique(l);
}

static void check_events(struct conf_loader *l)
{
	const char *certificate = key_given(l, "events", "tls_certificate");

	if (certificate && !key_given(l, "events", "tls_key"))
		conf_problem(&l->problems, "events", "tls_key", "tls_certificate needs this key");
	if (!certificate && key_given(l, "events", "tls_key"))
		conf_problem(&l->problems, "events", "tls_certificate", "tls_key needs this key");
}

/* By then everybody was told of what ended, and clocks agree that it has. */
static const int64_t retention_least_ms = 24 * 3600 * 1000;

static void check_retention(struct conf_loader *l)
{
	const struct conf_retention *r = &l->conf->retention;

	if (r->certificates_ms && r->certificates_ms < retention_least_ms)
		conf_problem(&l->problems, "retention", "certificates", "shorter than a day");
	if (r->registrations_ms && r->registrations_ms < retention_least_ms)
		conf_problem(&l->problems, "retention", "registrations", "shorter than a day");
}

static void check_protection(struct conf_loader *l)
{
	const struct conf_protection *p = &l->conf->protection;
	bool own = l->conf->retention.transactions_ms != 0;

	/* A message may be dated ahead by one of them, and is in time until another is over. */
	if (l->conf->store.transaction_retention_ms < 2 * p->message_time_window_ms)
		conf_problem(&l->problems, own ? "retention" : "store",
			     own ? "transactions" : "transaction_retention",
			     "shorter than twice message_time_window: a message could be played "
			     "again when its transaction has gone");
	if (p->mac_iterations_min > p->mac_iterations_max)
		conf_problem(&l->problems, "protection", "mac_iterations_min",
			     "more than mac_iterations_max");
}

static void check_client_policy(struct conf_loader *l, const struct conf_client_policy *policy)
{
	const struct conf_protection *p = &l->conf->protection;
	const struct conf_source_section *section =
		conf_source_find(&l->source, "client_policy", policy->name);
	uint32_t max =
		policy->mac_iterations_max ? policy->mac_iterations_max : p->mac_iterations_max;

	if (!section)
		return;
	if (policy->mac_iterations_min > max)
		conf_problem(&l->problems, section->full, "mac_iterations_min",
			     "more than the most iterations that are accepted (%u)", max);
	else if (policy->mac_iterations_max && p->mac_iterations_min > max)
		conf_problem(&l->problems, section->full, "mac_iterations_max",
			     "less than mac_iterations_min of [protection]");
}

/* True when the section's type is one that exists, so that other keys can be judged by it. */
static bool ca_type_is_known(struct conf_loader *l, const struct conf_source_section *section)
{
	const char *type = conf_source_value(&l->source, section, "type");

	for (size_t i = 0; type && conf_type_ca_type.words[i]; i++) {
		if (strcmp(type, conf_type_ca_type.words[i]) == 0)
			return true;
	}
	return false;
}

/* Keys that the type of CA needs, and keys that are for the other type. */
static void check_ca_keys(struct conf_loader *l, const struct conf_source_section *section,
			  const struct conf_ca *ca)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *key = &conf_keys[i];
		const char *value;

		if (key->section != CONF_CA || key->when == CONF_WHEN_ANY)
			continue;
		value = conf_source_value(&l->source, section, key->name);
		if (value && !conf_key_applies(key, ca))
			conf_problem(&l->problems, section->full, key->name,
				     "this key is not for type = %s",
				     conf_type_ca_type.words[ca->type]);
		if (!value && key->required && conf_key_applies(key, ca))
			conf_problem(&l->problems, section->full, key->name,
				     "type = %s requires this key",
				     conf_type_ca_type.words[ca->type]);
	}
}

static void check_ra_credential(struct conf_loader *l, const struct conf_source_section *section)
{
	const char *certificate = conf_source_value(&l->source, section, "ra_certificate");
	const char *key = conf_source_value(&l->source, section, "ra_key");
	const char *reference = conf_source_value(&l->source, section, "ra_reference");
	const char *secret = conf_source_value(&l->source, section, "ra_secret_file");
	bool by_signature = certificate || key, by_mac = reference || secret;

	if (by_signature == by_mac)
		conf_problem(&l->problems, section->full, "ra_certificate",
			     "either ra_certificate and ra_key, or ra_reference and "
			     "ra_secret_file is required%s",
			     by_mac ? ", not both" : "");
	if (by_signature && !by_mac && (!certificate || !key))
		conf_problem(&l->problems, section->full, certificate ? "ra_key" : "ra_certificate",
			     "%s needs this key", certificate ? "ra_certificate" : "ra_key");
	if (by_mac && !by_signature && (!reference || !secret))
		conf_problem(&l->problems, section->full,
			     reference ? "ra_secret_file" : "ra_reference", "%s needs this key",
			     reference ? "ra_reference" : "ra_secret_file");
}

void conf_check_ca(struct conf_loader *l, const struct conf_source_section *section,
		   const struct conf_ca *ca)
{
	if (!ca_type_is_known(l, section))
		return;
	check_ca_keys(l, section, ca);
	if (ca->type == CONF_CA_UPSTREAM) {
		check_ra_credential(l, section);
		return;
	}
	if (!conf_source_value(&l->source, section, "certificate"))
		conf_problem(&l->problems, section->full, "certificate",
			     "type = internal requires this key");
	if (ca->crl_revocation_interval_ms > ca->crl_interval_ms)
		conf_problem(&l->problems, section->full, "crl_revocation_interval",
			     "longer than crl_interval, after which there is a CRL anyhow");
	if (ca->crl_interval_ms > ca->crl_validity_ms)
		conf_problem(&l->problems, section->full, "crl_interval",
			     "longer than crl_validity: CRLs would expire before the next one");
}

static void check_verifier(struct conf_loader *l, const struct conf_source_section *section,
			   const struct conf_attestation *attestation)
{
	bool wanted = false;

	for (size_t i = 0; i < attestation->statements.len; i++)
		wanted =
			wanted || attestation->statements.item[i].kind == CONF_ATTESTATION_EXTERNAL;
	if (wanted && !attestation->verifier)
		conf_problem(&l->problems, section->full, "attestation_verifier",
			     "is required for statements of the kind external");
	if (attestation->verifier && (!attestation->verifier_jwks || !attestation->verifier_issuer))
		conf_problem(&l->problems, section->full, "attestation_verifier",
			     "needs attestation_verifier_jwks and attestation_verifier_issuer");
}

static void check_attestation(struct conf_loader *l, const struct conf_source_section *section,
			      const struct conf_attestation *attestation)
{
	bool any_nonce = false;

	if (attestation->crls && !attestation->trusted)
		conf_problem(&l->problems, section->full, "attestation_crls",
			     "needs attestation_trusted, to which the paths lead");
	for (size_t i = 0; i < attestation->statements.len; i++)
		any_nonce =
			any_nonce || attestation->statements.item[i].kind != CONF_ATTESTATION_X509;
	if (attestation->policy != CONF_ATTESTATION_IGNORE && !any_nonce &&
	    attestation->nonce == CONF_ATTESTATION_NONCE_REQUIRE)
		conf_problem(&l->problems, section->full, "attestation_nonce",
			     "no statement in attestation_statements can have one; set it to "
			     "ignore");
	check_verifier(l, section, attestation);
}

void conf_check_profile(struct conf_loader *l, const struct conf_source_section *section,
			const struct conf_profile *profile)
{
	const char *text = conf_source_value(&l->source, section, "cert_type");
	enum cert_type named, type;
	bool has_named = cert_type_parse(profile->name, &named) == 0;

	if (!text && !has_named)
		conf_problem(&l->problems, section->full, "cert_type",
			     "required, since the profile's name is not a certType");
	if (text && has_named && cert_type_parse(text, &type) == 0 && type != named)
		conf_problem(&l->problems, section->full, "cert_type",
			     "contradicts the profile's name");
	if (has_named && conf_profile_default(l->conf, named) != profile)
		conf_problem(&l->problems, section->full, NULL,
			     "there are two default profiles for %s", cert_type_name(named));
	if (profile->validity_ms > profile->validity_max_ms)
		conf_problem(&l->problems, section->full, "validity", "longer than validity_max");
	if (profile->subject_trust_domain && profile->subject_vnf_instance &&
	    OBJ_txt2nid(profile->subject_trust_domain) ==
		    OBJ_txt2nid(profile->subject_vnf_instance))
		conf_problem(&l->problems, section->full, "subject_vnf_instance",
			     "the attribute of subject_trust_domain cannot say both");
	check_attestation(l, section, &profile->attestation);
	if (has_named && profile->cross_subject.name)
		conf_problem(&l->problems, section->full, "cross_subject",
			     "not in a default profile: it is for one CA");
	else if (profile->cross_subject.name && !conf_extensions_make_ca(profile))
		conf_problem(&l->problems, section->full, "extension_section",
			     "cross-certificates need basicConstraints = critical, CA:TRUE and "
			     "keyUsage = critical, keyCertSign");
}

/* Where neither the name nor a key says the certType, that is the problem to report. */
static bool cert_type_is_known(struct conf_loader *l, const struct conf_profile *profile)
{
	const struct conf_source_section *section =
		conf_source_find(&l->source, "profile", profile->name);
	const char *text = conf_source_value(&l->source, section, "cert_type");
	enum cert_type type;

	return cert_type_parse(text ? text : profile->name, &type) == 0;
}

static void check_ca_rule(struct conf_loader *l, const struct conf_ca_rule *rule)
{
	const struct conf_profile *profile = NULL;
	char section[256];

	snprintf(section, sizeof(section), "ca_rule %s", rule->name);
	if (rule->ca && !conf_ca_find(l->conf, rule->ca))
		conf_problem(&l->problems, section, "ca", "there is no section [ca %s]", rule->ca);
	if (!rule->profile)
		return;
	profile = conf_profile_find(l->conf, rule->profile);
	if (!profile)
		conf_problem(&l->problems, section, "profile", "there is no section [profile %s]",
			     rule->profile);
	else if (rule->has_cert_type && cert_type_is_known(l, profile) &&
		 rule->cert_type != profile->cert_type)
		conf_problem(&l->problems, section, "profile",
			     "this profile is for %s, so the rule never matches",
			     cert_type_name(profile->cert_type));
}

static void check_oauth2(struct conf_loader *l)
{
	bool file = key_given(l, "oauth2", "jwks_file"), url = key_given(l, "oauth2", "jwks_url");
	bool audience = key_given(l, "oauth2", "audience");
	bool trusted = key_given(l, "oauth2", "jwks_trusted");

	if (!key_given(l, "oauth2", "issuer")) {
		if (file || url || audience || trusted)
			conf_problem(&l->problems, "oauth2", "issuer",
				     "the other keys need this one");
		return;
	}
	if (!audience)
		conf_problem(&l->problems, "oauth2", "audience", "issuer needs this key");
	if (file == url)
		conf_problem(&l->problems, "oauth2", "jwks_file",
			     "either jwks_file or jwks_url is required%s",
			     file ? ", not both" : "");
	if (trusted && !url)
		conf_problem(&l->problems, "oauth2", "jwks_trusted",
			     "without jwks_url nothing uses this key");
}

void conf_check_all(struct conf_loader *l)
{
	const struct conf *conf = l->conf;

	check_server(l);
	check_events(l);
	check_protection(l);
	check_retention(l);
	check_oauth2(l);
	for (size_t i = 0; i < conf->n_client_policies; i++)
		check_client_policy(l, &conf->client_policies[i]);
	if (conf->n_cas == 0)
		conf_problem(&l->problems, "ca", NULL,
			     "at least one section [ca NAME] is required");
	if (conf->n_profiles == 0)
		conf_problem(&l->problems, "profile", NULL,
			     "at least one section [profile NAME] is required");
	if (conf->cmf.default_ca && !conf_ca_find(conf, conf->cmf.default_ca))
		conf_problem(&l->problems, "cmf", "default_ca", "there is no section [ca %s]",
			     conf->cmf.default_ca);
	for (size_t i = 0; i < conf->n_ca_rules; i++)
		check_ca_rule(l, &conf->ca_rules[i]);
	conf_check_trust_domains(l);
	conf_check_vnfms(l);
}
