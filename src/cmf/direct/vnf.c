// SPDX-License-Identifier: Apache-2.0
/* What Query VNF gave, as plain data: see include/cmf/direct.h. */
#include "cmf/direct.h"

void cmf_vnf_clear(struct cmf_vnf *vnf)
{
	for (size_t i = 0; i < vnf->n_vnfcs; i++) {
		free(vnf->vnfcs[i].vnfc_id);
		free(vnf->vnfcs[i].resource_id);
		free(vnf->vnfcs[i].vdu_id);
	}
	free(vnf->vnfcs);
	free(vnf->vnf_instance_id);
	free(vnf->vnfd_id);
	*vnf = (struct cmf_vnf){0};
}
