// SPDX-License-Identifier: Apache-2.0
/*
 * The dNSNames that a VNFCI may have by the patterns of its VNFM, made of what the VNFM shows of
 * the VNF. Who asks is csr/, which judges them as it judges other names: by the trust domain, and
 * whether they are somebody else's.
 */
#include "direct/direct.h"

#include "domain.h"

#include <errno.h>
#include <string.h>

void direct_dns_names_clear(struct direct_dns_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct direct_dns_names){0};
}

/* Those of the rule that the VNFC fits, if that has any; else the VNFM's. */
static const struct conf_list *patterns_of(const struct conf *conf, const struct conf_vnfm *vnfm,
					   const char *vnfd_id, const char *vdu_id)
{
	const struct conf_vnfm_rule *rule =
		conf_vnfm_rule_for(conf, vnfm, vnfd_id ? vnfd_id : "", vdu_id ? vdu_id : "");

	return rule && rule->dns_names.len ? &rule->dns_names : &vnfm->dns_names;
}

/* One that the trust domain may not have is none. */
static int name_add(const struct conf_trust_domain *domain, const char *pattern,
		    const char *const ids[CONF_DNS_IDS], struct direct_dns_names *names)
{
	char name[CONF_DNS_NAME_SIZE];
	bool allowed = false;
	int err = 0;

	if (conf_dns_name_make(pattern, ids, name))
		err = domain_allows_dns_name(domain, bytes_of_string(name), &allowed);
	if (err < 0 || !allowed)
		return err;
	names->name[names->n] = strdup(name);
	return names->name[names->n++] ? 0 : -ENOMEM;
}

static int names_make(const struct conf *conf, const struct conf_list *patterns,
		      const struct store_registration *reg, const char *vnfd_id, const char *vdu_id,
		      struct direct_dns_names *names)
{
	const char *const ids[CONF_DNS_IDS] = {
		[CONF_DNS_SUBJECT_ID] = reg->subject_id,
		[CONF_DNS_VNF_INSTANCE] = reg->vnf_instance,
		[CONF_DNS_VNFD_ID] = vnfd_id,
		[CONF_DNS_VDU_ID] = vdu_id,
	};
	int err = 0;

	names->name = calloc(patterns->len + 1, sizeof(*names->name));
	if (!names->name)
		return -ENOMEM;
	for (size_t i = 0; i < patterns->len && err == 0; i++)
		err = name_add(conf_trust_domain_find(conf, reg->trust_domain), patterns->item[i],
			       ids, names);
	return err;
}

int direct_dns_names_find(const struct cmf_call *call, const struct store_registration *reg,
			  struct direct_dns_names *namesp)
{
	const struct conf *conf = call->cmf->conf;
	const struct conf_vnfm *vnfm = direct_vnfm_of(conf, reg->source);
	_cleanup_(store_vnfc_clear) struct store_vnfc vnfc = {0};
	_cleanup_(store_vnf_clear) struct store_vnf vnf = {0};
	int err = vnfm ? store_vnfc_get(call->reader, reg->id, &vnfc) : STORE_NOT_FOUND;

	*namesp = (struct direct_dns_names){0};
	if (err == 0)
		err = store_vnf_find(call->reader, vnfc.vnfm, vnfc.vnf_instance, &vnf);
	if (err != 0)
		return err < 0 ? err : 0;
	err = names_make(conf, patterns_of(conf, vnfm, vnf.vnfd_id, vnfc.vdu_id), reg, vnf.vnfd_id,
			 vnfc.vdu_id, namesp);
	if (err < 0)
		direct_dns_names_clear(namesp);
	return err;
}
