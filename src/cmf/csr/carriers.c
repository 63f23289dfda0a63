// SPDX-License-Identifier: Apache-2.0
/* certType and profile of a request. See carriers.h. */
#include "csr/carriers.h"

/* One name: a certType in either spelling, or a profile of the operator. */
static int carrier_read(const struct conf *conf, const char *name, enum cert_type *typep,
			const struct conf_profile **namedp, struct refusal *refusal)
{
	const struct conf_profile *profile;

	*namedp = NULL;
	if (cert_type_parse(name, typep) == 0)
		return 0;
	profile = conf_profile_find(conf, name);
	if (!profile)
		return refuse(refusal, REFUSAL_cert_type_unknown);
	*typep = profile->cert_type;
	*namedp = profile;
	return 0;
}

int carriers_resolve(const struct conf *conf, const struct cmf_csr *csr,
		     const char *default_profile, struct carriers *carriersp,
		     struct refusal *refusal)
{
	struct carriers c = {0};
	const struct conf_profile *named;
	enum cert_type type;
	int err;

	for (size_t i = 0; i < csr->n_profile_names; i++) {
		err = carrier_read(conf, csr->profile_names[i], &type, &named, refusal);
		if (err != 0)
			return err;
		/* A certType and a profile of it agree: the profile is more exact. */
		if (c.has_type && type != c.type)
			return refuse(refusal, REFUSAL_cert_type_contradiction);
		if (c.named && named && named != c.named)
			return refuse(refusal, REFUSAL_profile_contradiction);
		c.has_type = true;
		c.type = type;
		c.named = named ? named : c.named;
	}
	c.registers = c.named;
	if (!c.has_type && default_profile) {
		err = carrier_read(conf, default_profile, &c.type, &c.registers, refusal);
		if (err != 0)
			return err;
		c.has_type = true;
	}
	if (c.has_type && !c.registers)
		c.registers = conf_profile_default(conf, c.type);
	*carriersp = c;
	return 0;
}

int cmf_profile_named(const struct cmf_call *call, const char *const *names, size_t n,
		      const struct conf_profile **profilep)
{
	const struct cmf_csr csr = {.profile_names = names, .n_profile_names = n};
	struct carriers carriers = {0};
	int err = carriers_resolve(call->cmf->conf, &csr, call->who->default_profile, &carriers,
				   call->refusal);

	*profilep = carriers.registers;
	return err;
}
