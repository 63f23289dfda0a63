// SPDX-License-Identifier: Apache-2.0
/*
 * The kinds of section of cmf.cnf, and looking up their keys, which keys.c lists.
 */
#include "keys.h"

#include <stddef.h>
#include <string.h>

const struct conf_section_type conf_sections[CONF_SECTION_COUNT] = {
	[CONF_SERVER] = {"server", false, offsetof(struct conf, server),
			 "Listeners, limits and threads."},
	[CONF_LOG] = {"log", false, offsetof(struct conf, log), "The log, on standard error."},
	[CONF_STORE] = {"store", false, offsetof(struct conf, store),
			"Where registrations, certificates and transactions are kept."},
	[CONF_RETENTION] =
		{"retention", false, offsetof(struct conf, retention),
		 "What is not kept for ever. Housekeeping removes it by and by, `cmfctl "
		 "tidy` at once. Whatever is set here stays: certificates that are revoked and "
		 "not yet on a regularly scheduled CRL after their end (RFC 5280 3.3), those "
		 "with an archived private key, and the digests of keys, which "
		 "`key_reuse = no` asks for."},
	[CONF_AUDIT] =
		{"audit", false, offsetof(struct conf, audit),
		 "Where lines of the audit are written to, as soon as they are in the "
		 "database, and the heads of its chains, by which it is found that the "
		 "database was set back. A place that cannot be written to, as a disk that is "
		 "full, stops nothing: the log, /metrics and `cmfctl status` say so, lines wait "
		 "in the database, and are written when it can be. A reload opens the file "
		 "anew."},
	[CONF_PROTECTION] = {"protection", false, offsetof(struct conf, protection),
			     "The CMF's own credential, and which protection of CMP messages it "
			     "accepts."},
	[CONF_CMF] = {"cmf", false, offsetof(struct conf, cmf),
		      "Rules for registrations and certificate requests."},
	[CONF_OAUTH2] = {"oauth2", false, offsetof(struct conf, oauth2),
			 "The authorisation server whose access tokens (JWT) say who a client of "
			 "the JSON interface is: one that was added with `cmfctl client add "
			 "--oauth2-client ID`. Without `issuer` no token is taken."},
	[CONF_EVENTS] = {"events", false, offsetof(struct conf, events),
			 "What subscribers of the JSON interface are told, and how their callbacks "
			 "are reached. Which hosts they may be on says `callback_hosts` in "
			 "`[trust_domain NAME]`."},
	[CONF_CA] = {"ca", true, 0,
		     "A CA: `internal` signs with a key of its own, `upstream` is another CA to "
		     "which the CMF is a registration authority."},
	[CONF_CA_RULE] = {"ca_rule", true, 0,
			  "Which CA a registration gets. A key that is absent matches everything; "
			  "the order is that of `ca_rules` in `[cmf]`."},
	[CONF_PROFILE] = {"profile", true, 0,
			  "What a certificate may hold. The profile that has the name of a "
			  "certType (`ManoCert`, `VnfciCert`, `VnfOAMCert`) is its default."},
	[CONF_CLIENT_POLICY] = {"client_policy", true, 0,
				"What holds for the clients that name it (`cmfctl client add "
				"--policy NAME`). The one named `default` is for clients that name "
				"none, for end entities and for the operator; where the file does "
				"not have it, it holds the defaults below."},
	[CONF_TRUST_DOMAIN] = {"trust_domain", true, 0,
			       "What the entities of a trust domain may have, whoever asks. A name "
			       "outside of it is refused by Register and in requests, in the same "
			       "words whether anybody has it or not. A key that is absent does not "
			       "limit the domain, and a domain without a section has no limits: "
			       "`cmfctl check` warns of both."},
	[CONF_VNFM] = {"vnfm", true, 0,
		       "A VNF Manager that speaks VNF lifecycle management of SOL 003 or SOL 002, "
		       "version 2: what its VNFs are made of is registered in direct mode (IFA 033 "
		       "9.3), and what goes is ended. See docs/direct-mode.md."},
	[CONF_VNFM_RULE] = {"vnfm_rule", true, 0,
			    "What some VNFCIs of a VNFM get instead. A key that is absent matches "
			    "everything; the order is that of `rules` in `[vnfm NAME]`."},
};

const struct conf_key *conf_key_find(enum conf_section section, const char *name)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		if (conf_keys[i].section == section && strcmp(conf_keys[i].name, name) == 0)
			return &conf_keys[i];
	}
	return NULL;
}

void *conf_key_value(const struct conf_key *key, void *base)
{
	return (char *)base + key->offset;
}

const void *conf_key_value_const(const struct conf_key *key, const void *base)
{
	return (const char *)base + key->offset;
}

bool conf_key_applies(const struct conf_key *key, const void *base)
{
	const struct conf_ca *ca = base;

	switch (key->when) {
	case CONF_WHEN_ANY:
		return true;
	case CONF_WHEN_INTERNAL:
		return ca->type == CONF_CA_INTERNAL;
	case CONF_WHEN_UPSTREAM:
		return ca->type == CONF_CA_UPSTREAM;
	}
	return true;
}

void conf_section_clear(enum conf_section section, void *base)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		if (conf_keys[i].section == section && conf_keys[i].type->clear)
			conf_keys[i].type->clear(conf_key_value(&conf_keys[i], base));
	}
}
