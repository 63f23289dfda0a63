// SPDX-License-Identifier: Apache-2.0
/*
 * The CMF as an object: making it from its configuration, under which it stays. What the operations
 * mean is in the other files.
 */
#include "cmf_private.h"

#include "audit_allowance.h"
#include "audit_key.h"
#include "cmf/move.h"
#include "csr/attestation_rules.h"
#include "principal/clients.h"
#include "principal/signer_cache.h"
#include "principal/signer_refused.h"
#include "secret_keys.h"

#include <errno.h>
#include <string.h>

/* Every CA that a registration can be given must exist. */
static int ca_names_check(const struct conf *conf, struct ca_set *cas, struct strbuf *problems)
{
	int err = 0;

	for (size_t i = 0; i < conf->n_ca_rules; i++) {
		const struct conf_ca_rule *rule = &conf->ca_rules[i];

		if (rule->ca && ca_find(cas, rule->ca))
			continue;
		strbuf_printf(problems, "[ca_rule %s] ca: there is no CA %s, define it\n",
			      rule->name, rule->ca ? rule->ca : "(none named)");
		err = -EINVAL;
	}
	if (conf->cmf.default_ca && !ca_find(cas, conf->cmf.default_ca)) {
		strbuf_printf(problems, "[cmf] default_ca: there is no CA %s, define it\n",
			      conf->cmf.default_ca);
		err = -EINVAL;
	}
	return err;
}

/* What is in the store has to fit the configuration. */
static int store_use_check(const struct cmf *cmf, struct strbuf *problems)
{
	_cleanup_(store_reader_freep) struct store_reader *reader = NULL;
	int err = cmf->store ? store_reader_new(cmf->store, &reader) : 0;

	if (err == 0 && reader)
		err = secret_keys_check(cmf, reader, problems);
	return err == 0 && reader ? cmf_used_cas_check(cmf, reader, problems) : err;
}

int cmf_new(const struct conf *conf, struct store *store, struct ca_set *cas,
	    const struct clock_source *clock, struct cmf **cmfp, struct strbuf *problems)
{
	_cleanup_(cmf_freep) struct cmf *cmf = calloc(1, sizeof(*cmf));
	int err, r_names;

	if (!cmf)
		return -ENOMEM;
	pthread_mutex_init(&cmf->clients_mutex, NULL);
	cmf->conf = conf;
	cmf->store = store;
	cmf->cas = cas;
	cmf->clock = clock;
	cmf->signers = signer_cache_new();
	cmf->tls_refused = signer_refused_new();
	cmf->refusals = audit_allowance_new();
	if (!cmf->signers || !cmf->tls_refused || !cmf->refusals)
		return -ENOMEM;
	err = reserved_of_conf(conf, &cmf->reserved);
	if (err < 0)
		return err;
	err = secret_keys_new(&conf->store, &cmf->secret_keys, problems);
	if (err == 0)
		err = store_use_check(cmf, problems);
	r_names = ca_names_check(conf, cas, problems);
	if (err == 0)
		err = attestation_rules_new(conf, &cmf->attestation, problems);
	if (err == 0)
		err = nobodys_secret_make(cmf);
	if (err == 0)
		err = audit_keys_give(cmf);
	if (err < 0 || r_names < 0)
		return err < 0 ? err : r_names;
	*cmfp = TAKE(cmf);
	return 0;
}

void cmf_free(struct cmf *cmf)
{
	if (!cmf)
		return;
	clients_unref(cmf->clients);
	signer_cache_free(cmf->signers);
	signer_refused_free(cmf->tls_refused);
	audit_allowance_free(cmf->refusals);
	reserved_clear(&cmf->reserved);
	attestation_rules_free(cmf->conf, cmf->attestation);
	octets_clear(&cmf->nobodys_secret);
	secret_keys_free(cmf->secret_keys);
	pthread_mutex_destroy(&cmf->clients_mutex);
	free(cmf);
}

void cmf_attestation_housekeeping(struct cmf *cmf, int64_t now_ms)
{
	attestation_rules_refresh(cmf->conf, cmf->attestation, now_ms);
}

const struct conf *cmf_conf(const struct cmf *cmf)
{
	return cmf->conf;
}

struct ca_set *cmf_cas(const struct cmf *cmf)
{
	return cmf->cas;
}

struct cmf_call cmf_call_now(struct cmf *cmf, const struct cmf_worker *worker,
			     const struct cmf_principal *who, struct refusal *refusal)
{
	return (struct cmf_call){.cmf = cmf,
				 .who = who,
				 .reader = worker->reader,
				 .unit = worker->unit,
				 .now_ms = clock_now_ms(cmf->clock),
				 .refusal = refusal};
}
