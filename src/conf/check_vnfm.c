// SPDX-License-Identifier: Apache-2.0
/*
 * Checks of VNF Managers and their rules: credentials that belong together, secrets that no wire
 * without TLS may carry, and that what they name exists.
 */
#include "load.h"

#include "base/host_name.h"

#include <stdio.h>
#include <string.h>

/* What a URL says in front of its path. */
struct authority {
	bool https;
	char host[256]; /* without brackets; empty: too long */
	const char *path;
};

static struct authority authority_of(const char *url)
{
	struct authority authority = {.https = strncmp(url, "https://", 8) == 0};
	const char *host = url + (authority.https ? 8 : 7);
	size_t len = strcspn(host, "/?#"), host_len;
	bool bracket = *host == '[';

	authority.path = host + len;
	host_len = bracket ? strcspn(++host, "]/?#") : strcspn(host, ":/?#");
	if (host_len < sizeof(authority.host))
		memcpy(authority.host, host, host_len);
	return authority;
}

/* As far as the text says; what is connected to is judged by its address. */
static bool host_is_loopback(const char *host)
{
	return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
	       strcasecmp(host, "localhost") == 0;
}

static void check_url(struct conf_loader *l, const char *section, const char *key, const char *url)
{
	struct authority authority;

	if (!url)
		return;
	authority = authority_of(url);
	if (!authority.https && !host_is_loopback(authority.host))
		conf_problem(&l->problems, section, key,
			     "http goes to a loopback address only; use https");
	if (strpbrk(url, "?#@"))
		conf_problem(&l->problems, section, key,
			     "no query, fragment or user name is taken here");
}

/* Both or none. */
static void check_pair(struct conf_loader *l, const struct conf_source_section *section,
		       const char *one, const char *other)
{
	bool has_one = conf_source_value(&l->source, section, one);
	bool has_other = conf_source_value(&l->source, section, other);

	if (has_one != has_other)
		conf_problem(&l->problems, section->full, has_one ? other : one,
			     "%s needs this key", has_one ? one : other);
}

static void check_towards(struct conf_loader *l, const struct conf_source_section *section,
			  const struct conf_vnfm *vnfm)
{
	check_url(l, section->full, "api_root", vnfm->api_root);
	check_url(l, section->full, "oauth2_token_uri", vnfm->oauth2_token_uri);
	check_pair(l, section, "oauth2_token_uri", "oauth2_client_id");
	check_pair(l, section, "user", "password_file");
	check_pair(l, section, "tls_certificate", "tls_key");
	if (vnfm->user && vnfm->oauth2_token_uri)
		conf_problem(&l->problems, section->full, "user",
			     "either this or oauth2_token_uri, not both");
	if (vnfm->oauth2_client_secret_file && !vnfm->oauth2_token_uri)
		conf_problem(&l->problems, section->full, "oauth2_client_secret_file",
			     "without oauth2_token_uri nothing uses this key");
	if (vnfm->oauth2_token_uri && !vnfm->oauth2_client_secret_file && !vnfm->tls_certificate)
		conf_problem(&l->problems, section->full, "oauth2_client_secret_file",
			     "oauth2_token_uri needs this key, or tls_certificate and tls_key");
}

/* The keys with which the VNFM gets its token. */
static void check_callback_token(struct conf_loader *l, const struct conf_source_section *section,
				 const struct conf_vnfm *vnfm)
{
	static const char *const keys[] = {"callback_oauth2_token_uri", "callback_oauth2_client_id",
					   "callback_oauth2_client_secret_file"};
	bool wanted = vnfm->callback_token == CONF_CALLBACK_TOKEN_JWT;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		bool given = conf_source_value(&l->source, section, keys[i]);

		if (given && !wanted)
			conf_problem(&l->problems, section->full, keys[i],
				     "without callback_token = jwt nothing uses this key");
		else if (!given && wanted)
			conf_problem(&l->problems, section->full, keys[i],
				     "callback_token = jwt needs this key");
	}
	if (wanted && vnfm->callback_user)
		conf_problem(&l->problems, section->full, "callback_user",
			     "either this or callback_token = jwt, not both");
	if (wanted && !l->conf->oauth2.issuer)
		conf_problem(&l->problems, section->full, "callback_token",
			     "jwt needs issuer of [oauth2]");
}

/* Paths of other doors, which would take what is for the callback. */
static bool path_is_taken(const struct conf *conf, const char *path)
{
	static const char *const others[] = {"/.well-known/", "/crl/", "/aia/", "/cmf-certmgmt/"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (strncmp(path, others[i], strlen(others[i])) == 0)
			return true;
	}
	for (size_t i = 0; i < conf->server.paths.len; i++) {
		const char *other = conf->server.paths.item[i];

		if (strncmp(path, other, strcspn(other, "<")) == 0)
			return true;
	}
	return false;
}

static void check_callback(struct conf_loader *l, const struct conf_source_section *section,
			   const struct conf_vnfm *vnfm)
{
	struct authority authority;

	check_url(l, section->full, "callback_uri", vnfm->callback_uri);
	check_pair(l, section, "callback_user", "callback_password_file");
	check_callback_token(l, section, vnfm);
	if (!vnfm->callback_uri)
		return;
	authority = authority_of(vnfm->callback_uri);
	if (authority.path[0] != '/' || authority.path[1] == '\0' || strchr(authority.path, '%') ||
	    strchr(authority.path, '*'))
		conf_problem(&l->problems, section->full, "callback_uri",
			     "a path of its own is needed, without escapes, as /lcm/%s",
			     vnfm->name);
	if (path_is_taken(l->conf, authority.path))
		conf_problem(&l->problems, section->full, "callback_uri",
			     "something else is served at %s", authority.path);
	if (!vnfm->callback_user && !vnfm->callback_certificate &&
	    vnfm->callback_token == CONF_CALLBACK_TOKEN_NONE && !host_is_loopback(authority.host))
		conf_problem(&l->problems, section->full, "callback_user",
			     "a callback that others can reach needs this key, callback_token or "
			     "callback_certificate");
	if (vnfm->callback_certificate && !authority.https)
		conf_problem(&l->problems, section->full, "callback_certificate",
			     "callback_uri is without TLS, where nobody shows a certificate");
}

static void check_initial_delivery(struct conf_loader *l, const struct conf_source_section *section,
				   const struct conf_vnfm *vnfm)
{
	static const char *const of_secrets[] = {"initial_credential_dir",
						 "initial_credential_uri"},
				 *const of_uri[] = {"initial_credential_trusted",
						    "initial_credential_token_file"};
	const char *uri = vnfm->initial_credential_uri;

	for (size_t i = 0; i < ARRAY_LEN(of_secrets); i++) {
		if (conf_source_value(&l->source, section, of_secrets[i]) &&
		    vnfm->initial_credential != CONF_INITIAL_SECRET)
			conf_problem(&l->problems, section->full, of_secrets[i],
				     "without initial_credential = secret nothing uses this key");
	}
	for (size_t i = 0; i < ARRAY_LEN(of_uri); i++) {
		if (conf_source_value(&l->source, section, of_uri[i]) && !uri)
			conf_problem(&l->problems, section->full, of_uri[i],
				     "without initial_credential_uri nothing uses this key");
	}
	check_url(l, section->full, "initial_credential_uri", uri);
	if (uri && authority_of(uri).https && !vnfm->initial_credential_token_file &&
	    !vnfm->tls_certificate)
		conf_problem(&l->problems, section->full, "initial_credential_token_file",
			     "initial_credential_uri needs this key, or tls_certificate and "
			     "tls_key");
}

void conf_check_vnfm(struct conf_loader *l, const struct conf_source_section *section,
		     const struct conf_vnfm *vnfm)
{
	check_towards(l, section, vnfm);
	check_callback(l, section, vnfm);
	check_initial_delivery(l, section, vnfm);
}

static void check_profile_exists(struct conf_loader *l, const char *section, const char *profile)
{
	if (profile && !conf_profile_find(l->conf, profile))
		conf_problem(&l->problems, section, "profile", "there is no section [profile %s]",
			     profile);
}

/* The place in the URL says which VNFM it is that notifies. */
static void check_callbacks_differ(struct conf_loader *l, const char *section, size_t at)
{
	const struct conf_vnfm *vnfm = &l->conf->vnfms[at];

	for (size_t i = 0; i < at; i++) {
		const struct conf_vnfm *other = &l->conf->vnfms[i];

		if (vnfm->callback_uri && other->callback_uri &&
		    strcmp(authority_of(vnfm->callback_uri).path,
			   authority_of(other->callback_uri).path) == 0)
			conf_problem(&l->problems, section, "callback_uri",
				     "[vnfm %s] has the same path", other->name);
	}
}

/* Its credentials are no secret on a wire without TLS. */
static void check_callback_listen(struct conf_loader *l, const char *section,
				  const struct conf_vnfm *vnfm)
{
	const struct conf_addresses *list = &vnfm->callback_listen;
	bool https = vnfm->callback_uri && authority_of(vnfm->callback_uri).https;

	if (list->len && https && (!l->conf->server.tls_certificate || !l->conf->server.tls_key))
		conf_problem(&l->problems, section, "callback_listen",
			     "callback_uri is https: needs tls_certificate and tls_key of "
			     "[server]");
	for (size_t i = 0; i < list->len && !https; i++)
		if (!conf_address_is_loopback(&list->item[i]))
			conf_problem(&l->problems, section, "callback_listen",
				     "%s is no loopback address: callback_uri has to be https",
				     list->item[i].host);
}

/* Without what may follow it: "secrets/" and "secrets" are one. */
static size_t path_len(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

/* What lies there says neither of which trust domain it is nor from which VNFM. */
static void check_secrets_differ(struct conf_loader *l, const char *section, size_t at)
{
	const char *dir = l->conf->vnfms[at].initial_credential_dir;

	for (size_t i = 0; dir && i < at; i++) {
		const char *other = l->conf->vnfms[i].initial_credential_dir;

		if (other && path_len(dir) == path_len(other) &&
		    strncmp(dir, other, path_len(dir)) == 0)
			conf_problem(&l->problems, section, "initial_credential_dir",
				     "[vnfm %s] has the same; each needs one of its own, for the "
				     "same VNF instance and VNFC may be in both",
				     l->conf->vnfms[i].name);
	}
}

static void check_attestation(struct conf_loader *l, const char *section, const char *name)
{
	const struct conf_profile *profile = name ? conf_profile_find(l->conf, name) : NULL;

	if (profile && !profile->attestation.trusted && !profile->attestation.verifier)
		conf_problem(&l->problems, section, "initial_credential",
			     "attestation needs attestation_trusted or attestation_verifier in "
			     "[profile %s]",
			     name);
}

/* The first certificate of each profile that its VNFCIs may have. */
static void check_initial_credential(struct conf_loader *l, const char *section,
				     const struct conf_vnfm *vnfm)
{
	if (vnfm->initial_credential != CONF_INITIAL_ATTESTATION)
		return;
	check_attestation(l, section, vnfm->profile);
	for (size_t i = 0; i < vnfm->rules.len; i++) {
		const struct conf_vnfm_rule *rule =
			conf_vnfm_rule_find(l->conf, vnfm->rules.item[i]);

		if (rule && !rule->exclude)
			check_attestation(l, section, rule->profile);
	}
}

/* Of whatever identifiers: those of a VNFM are no part of what a trust domain may have. */
static void check_dns_names(struct conf_loader *l, const char *section,
			    const struct conf_list *patterns, const char *trust_domain)
{
	static const char *const sample[CONF_DNS_IDS] = {"x", "x", "x", "x"};
	const struct conf_trust_domain *domain = conf_trust_domain_find(l->conf, trust_domain);
	const struct conf_list *suffixes = domain ? &domain->dns_suffixes : NULL;
	char name[CONF_DNS_NAME_SIZE];

	for (size_t i = 0; suffixes && suffixes->len && i < patterns->len; i++) {
		bool below = false;

		for (size_t j = 0; j < suffixes->len && !below; j++)
			below = conf_dns_name_make(patterns->item[i], sample, name) &&
				host_name_below(name, suffixes->item[j]);
		if (!below)
			conf_problem(&l->problems, section, "dns_names",
				     "%s is not below dns_suffixes of [trust_domain %s]",
				     patterns->item[i], domain->name);
	}
}

/* A rule may be of several VNFMs, and of several trust domains then. */
static void check_rules(struct conf_loader *l, const char *section, const struct conf_vnfm *vnfm)
{
	for (size_t i = 0; i < vnfm->rules.len; i++) {
		const struct conf_vnfm_rule *rule =
			conf_vnfm_rule_find(l->conf, vnfm->rules.item[i]);
		char title[256];

		if (!rule) {
			conf_problem(&l->problems, section, "rules",
				     "there is no section [vnfm_rule %s]", vnfm->rules.item[i]);
			continue;
		}
		snprintf(title, sizeof(title), "vnfm_rule %s", rule->name);
		check_dns_names(l, title, &rule->dns_names, vnfm->trust_domain);
	}
}

static bool rule_is_used(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_vnfms; i++) {
		if (conf_list_has(&conf->vnfms[i].rules, name))
			return true;
	}
	return false;
}

void conf_check_vnfms(struct conf_loader *l)
{
	const struct conf *conf = l->conf;
	char section[256];

	for (size_t i = 0; i < conf->n_vnfms; i++) {
		const struct conf_vnfm *vnfm = &conf->vnfms[i];

		snprintf(section, sizeof(section), "vnfm %s", vnfm->name);
		check_profile_exists(l, section, vnfm->profile);
		check_callbacks_differ(l, section, i);
		check_callback_listen(l, section, vnfm);
		check_secrets_differ(l, section, i);
		check_initial_credential(l, section, vnfm);
		check_dns_names(l, section, &vnfm->dns_names, vnfm->trust_domain);
		check_rules(l, section, vnfm);
	}
	for (size_t i = 0; i < conf->n_vnfm_rules; i++) {
		const struct conf_vnfm_rule *rule = &conf->vnfm_rules[i];

		snprintf(section, sizeof(section), "vnfm_rule %s", rule->name);
		check_profile_exists(l, section, rule->profile);
		if (!rule_is_used(conf, rule->name))
			conf_problem(&l->problems, section, NULL,
				     "this rule is not in rules of any [vnfm NAME]");
	}
}
