// SPDX-License-Identifier: Apache-2.0
/* Writing the URN of a VNFC instance. See base/vnfci_urn.h. */
#include "base/vnfci_urn.h"

#include "base/bytes.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <string.h>

static void part_write(struct strbuf *out, const char *part)
{
	for (const unsigned char *c = (const unsigned char *)part; *c; c++) {
		if (*c < 0x80 && (isalnum(*c) || strchr("-._~", *c)))
			strbuf_add_n(out, (const char *)c, 1);
		else
			strbuf_printf(out, "%%%02X", *c);
	}
}

char *vnfci_urn(const char *vnf_instance, const char *subject_id)
{
	struct strbuf urn = STRBUF_NULL;

	strbuf_add(&urn, VNFCI_URN);
	if (vnf_instance && *vnf_instance) {
		part_write(&urn, vnf_instance);
		strbuf_add(&urn, ":");
	}
	part_write(&urn, subject_id);
	return strbuf_take(&urn);
}
