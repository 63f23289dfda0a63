// SPDX-License-Identifier: Apache-2.0
/* Writing the URN of a VNFC instance. See base/vnfci_urn.h. */
#include "base/vnfci_urn.h"

#include "base/uri.h"

char *vnfci_urn(const char *vnf_instance, const char *subject_id)
{
	struct strbuf urn = STRBUF_NULL;

	strbuf_add(&urn, VNFCI_URN);
	if (vnf_instance && *vnf_instance) {
		uri_escape(&urn, vnf_instance);
		strbuf_add(&urn, ":");
	}
	uri_escape(&urn, subject_id);
	return strbuf_take(&urn);
}
