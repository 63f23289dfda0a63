// SPDX-License-Identifier: Apache-2.0
/* Where registrations of direct mode come from: a [vnfm NAME], which is who registers and ends
 * them. */
#include "direct/direct.h"

#include <errno.h>
#include <string.h>

#define SOURCE "vnfm "

int direct_source_of(const struct conf *conf, const char *vnfm, struct direct_source *sourcep)
{
	const struct conf_vnfm *section = conf_vnfm_find(conf, vnfm);
	static char nobody[] = "";

	*sourcep = (struct direct_source){0};
	if (asprintf(&sourcep->name, SOURCE "%s", vnfm) < 0) {
		sourcep->name = NULL;
		return -ENOMEM;
	}
	sourcep->who = (struct cmf_principal){
		.kind = CMF_PRINCIPAL_VNFM,
		.name = sourcep->name,
		/* Without a manager, IFA 033 11.2.2.4: in its place stands who may read. */
		.manager = section && section->client ? section->client : nobody,
		.trust_domain = section ? section->trust_domain : nobody,
		.policy = conf_client_policy_find(conf, NULL),
	};
	return 0;
}

void direct_source_clear(struct direct_source *source)
{
	free(source->name);
	*source = (struct direct_source){0};
}

int direct_source_elsewhere(const struct cmf_call *call, const char *source, bool *elsewherep)
{
	*elsewherep = false;
	if (!source || strncmp(source, SOURCE, strlen(SOURCE)) != 0)
		return 0;
	return cmf_direct_followed_elsewhere(call->cmf->conf, call->reader, source + strlen(SOURCE),
					     elsewherep);
}

const struct conf_vnfm *direct_vnfm_of(const struct conf *conf, const char *source)
{
	if (!source || strncmp(source, SOURCE, strlen(SOURCE)) != 0)
		return NULL;
	return conf_vnfm_find(conf, source + strlen(SOURCE));
}
