// SPDX-License-Identifier: Apache-2.0
/* Whether a CA has a key to work with. When it is loaded, and tried again, is ca.c's. */
#include "ca_local.h"
#include "upstream/upstream.h"

bool ca_is_fit(const struct ca *ca)
{
	if (ca->internal)
		return ca->internal->signer != NULL;
	return !ca->upstream->ra_cert || ca->upstream->signer != NULL;
}

const char *ca_unfit(const struct ca *ca)
{
	return ca_is_fit(ca) ? NULL : ca->unfit;
}
