// SPDX-License-Identifier: Apache-2.0
/* Principals as values. Whom a message is from is found out in clients.c and signer.c. */
#include "cmf_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void cmf_principal_clear(struct cmf_principal *p)
{
	free(p->name);
	free(p->trust_domain);
	free(p->default_profile);
	free(p->entity);
	free(p->manager);
	octets_clear_secret(&p->mac_secret);
	octets_clear(&p->certificate);
	memset(p, 0, sizeof(*p));
}

void cmf_credential_text(const struct cmf_principal *p, char text[CMF_CREDENTIAL_TEXT_SIZE])
{
	text[0] = '\0';
	if (p->credential_id)
		snprintf(text, CMF_CREDENTIAL_TEXT_SIZE, "%" PRId64, p->credential_id);
}
