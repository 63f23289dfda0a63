// SPDX-License-Identifier: Apache-2.0
/*
 * The spellings of certType and typeOfVnfcCertHandling. Which of them a request may use is cmf's.
 */
#include "base/cert_type.h"

#include <errno.h>
#include <string.h>

/* IFA 033 11.2.2.2 */
static const struct {
	const char *stage2;
	const char *stage3;
} cert_types[] = {
	[CERT_TYPE_MANO] = {"ManoCert", "MANO_CERT"},
	[CERT_TYPE_VNFCI] = {"VnfciCert", "VNFCI_CERT"},
	[CERT_TYPE_VNF_OAM] = {"VnfOAMCert", "VNFOAM_CERT"},
};

static const char *const cert_handlings[] = {
	[CERT_HANDLING_DIRECT] = "direct",
	[CERT_HANDLING_DELEGATION] = "delegation",
};

const char *cert_type_name(enum cert_type type)
{
	return cert_types[type].stage2;
}

const char *cert_type_stage3_name(enum cert_type type)
{
	return cert_types[type].stage3;
}

int cert_type_parse(const char *text, enum cert_type *typep)
{
	for (size_t i = 0; i < ARRAY_LEN(cert_types); i++) {
		if (strcmp(text, cert_types[i].stage2) == 0 ||
		    strcmp(text, cert_types[i].stage3) == 0) {
			*typep = (enum cert_type)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *cert_handling_name(enum cert_handling handling)
{
	return handling == CERT_HANDLING_NONE ? "" : cert_handlings[handling];
}

int cert_handling_parse(const char *text, enum cert_handling *handlingp)
{
	for (size_t i = 0; i < ARRAY_LEN(cert_handlings); i++) {
		if (strcmp(text, cert_handlings[i]) == 0) {
			*handlingp = (enum cert_handling)i;
			return 0;
		}
	}
	return -EINVAL;
}
