// SPDX-License-Identifier: Apache-2.0
/* Rules of key attestation, from the configuration: see attestation_rules.h. */
#include "csr/attestation_rules.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

/* The roots of all makers of TPMs are about a megabyte; so may be a large CRL. */
enum { FILE_MAX = 16 << 20, JWKS_MAX = 1 << 18 };

static const enum attest_kind kinds[] = {
	[CONF_ATTESTATION_TPM2_CERTIFY] = ATTEST_TPM2_CERTIFY,
	[CONF_ATTESTATION_X509] = ATTEST_X509,
	[CONF_ATTESTATION_EXTERNAL] = ATTEST_ELSEWHERE,
};

static int types_make(const struct conf_attestation *conf, struct attestation_rules *rules)
{
	rules->types = calloc(conf->statements.len + 1, sizeof(*rules->types));
	if (!rules->types)
		return -ENOMEM;
	for (size_t i = 0; i < conf->statements.len; i++) {
		const struct conf_attestation_statement *s = &conf->statements.item[i];

		rules->types[rules->n_types++] =
			(struct attest_type){octets_view(&s->type.content), kinds[s->kind]};
	}
	return 0;
}

static int extensions_make(const struct conf_attestation *conf, struct attestation_rules *rules)
{
	rules->extensions = calloc(conf->extensions.len + 1, sizeof(*rules->extensions));
	if (!rules->extensions)
		return -ENOMEM;
	for (size_t i = 0; i < conf->extensions.len; i++) {
		const struct conf_attestation_extension *e = &conf->extensions.item[i];

		rules->extensions[rules->n_extensions++] =
			(struct attest_extension){.oid = octets_view(&e->oid.content),
						  .any_value = e->value.len == 0,
						  .value = octets_view(&e->value)};
	}
	return 0;
}

typedef int pem_add(struct attest_trust *trust, struct bytes pem, struct strbuf *why);

/* A file that the key names; a problem says what is wrong with it. */
static int file_add(const char *profile, const char *key, const char *path, pem_add *add,
		    struct attest_trust *trust, struct strbuf *problems)
{
	_cleanup_(octets_clear) struct octets pem = OCTETS_NULL;
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	int err = file_read(path, FILE_MAX, &pem);

	if (err < 0)
		strbuf_printf(problems, "[profile %s] %s: %s: %s\n", profile, key, path,
			      error_text(err));
	else
		err = add(trust, octets_view(&pem), &why);
	if (why.len > 0)
		strbuf_printf(problems, "[profile %s] %s: %s: %s\n", profile, key, path, why.text);
	return err < 0 && err != -ENOMEM ? -EINVAL : err;
}

static int trust_make(const struct conf_profile *profile, struct attestation_rules *rules,
		      struct strbuf *problems)
{
	const struct conf_attestation *conf = &profile->attestation;
	int err;

	if (!conf->trusted)
		return 0;
	err = attest_trust_new(&rules->trust);
	if (err == 0)
		err = file_add(profile->name, "attestation_trusted", conf->trusted,
			       attest_trust_add_pem, rules->trust, problems);
	if (err == 0 && conf->crls)
		err = file_add(profile->name, "attestation_crls", conf->crls, attest_trust_add_crls,
			       rules->trust, problems);
	if (err == 0 && conf->crl_urls.len > 0)
		err = attestation_crls_new(profile, &rules->crls, problems);
	return err;
}

/* A quarter of the workers may wait for it. */
static int verifier_make(const struct conf *conf, const struct conf_profile *profile,
			 struct attestation_rules *rules, struct strbuf *problems)
{
	const struct conf_attestation *a = &profile->attestation;
	_cleanup_(octets_clear) struct octets jwks = OCTETS_NULL;
	struct verifier_options options = {
		.url = a->verifier,
		.tls_trusted = a->verifier_trusted,
		.issuer = a->verifier_issuer,
		.timeout_ms = a->verifier_timeout_ms,
		.at_once = conf->server.workers / 4 ? conf->server.workers / 4 : 1,
	};
	int err = a->verifier ? file_read(a->verifier_jwks, JWKS_MAX, &jwks) : 0;

	if (!a->verifier)
		return 0;
	options.jwks = octets_view(&jwks);
	if (err == 0)
		err = verifier_new(&options, &rules->verifier);
	if (err == 0 || err == -ENOMEM)
		return err;
	strbuf_printf(problems, "[profile %s] attestation_verifier_jwks: %s: %s\n", profile->name,
		      a->verifier_jwks,
		      err == -EBADMSG ? "it is no JWKS with a key that verifies" : error_text(err));
	return -EINVAL;
}

int attestation_rules_new(const struct conf *conf, struct attestation_rules **rulesp,
			  struct strbuf *problems)
{
	struct attestation_rules *rules = calloc(conf->n_profiles + 1, sizeof(*rules));
	int err = rules ? 0 : -ENOMEM;

	/* Each file has its problem, so that all are told at once. */
	for (size_t i = 0; i < conf->n_profiles && err != -ENOMEM; i++) {
		const struct conf_profile *profile = &conf->profiles[i];
		int r_trust = trust_make(profile, &rules[i], problems);

		if (r_trust == 0)
			r_trust = verifier_make(conf, profile, &rules[i], problems);
		if (r_trust < 0)
			err = r_trust;
		if (types_make(&profile->attestation, &rules[i]) < 0 ||
		    extensions_make(&profile->attestation, &rules[i]) < 0)
			err = -ENOMEM;
	}
	if (err < 0)
		attestation_rules_free(conf, rules);
	else
		*rulesp = rules;
	return err;
}

void attestation_rules_free(const struct conf *conf, struct attestation_rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < conf->n_profiles; i++) {
		attest_trust_free(rules[i].trust);
		verifier_free(rules[i].verifier);
		attestation_crls_free(rules[i].crls);
		free(rules[i].types);
		free(rules[i].extensions);
	}
	free(rules);
}

void attestation_rules_refresh(const struct conf *conf, const struct attestation_rules *rules,
			       int64_t now_ms)
{
	for (size_t i = 0; i < conf->n_profiles; i++)
		if (rules[i].crls)
			attestation_crls_fetch(rules[i].crls, now_ms);
}

const struct attestation_rules *attestation_rules_of(const struct conf *conf,
						     const struct attestation_rules *rules,
						     const struct conf_profile *profile)
{
	return &rules[profile - conf->profiles];
}
