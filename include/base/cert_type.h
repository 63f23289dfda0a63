// SPDX-License-Identifier: Apache-2.0
/*
 * certType and typeOfVnfcCertHandling of IFA 033 11.2.2.2, with their spellings: stage 2
 * (ManoCert, VnfciCert, VnfOAMCert) and stage 3 (MANO_CERT, VNFCI_CERT, VNFOAM_CERT).
 */
#pragma once

#include "base/cleanup.h"

enum cert_type { CERT_TYPE_MANO = 0, CERT_TYPE_VNFCI = 1, CERT_TYPE_VNF_OAM = 2 };

/* typeOfVnfcCertHandling: absent for MANO (NONE), required for the others. */
enum cert_handling {
	CERT_HANDLING_NONE = -1,
	CERT_HANDLING_DIRECT = 0,
	CERT_HANDLING_DELEGATION = 1
};

/* The stage-2 spelling. */
const char *cert_type_name(enum cert_type type);
/* And that of stage 3. */
const char *cert_type_stage3_name(enum cert_type type);
/* Either spelling, exact case. Returns 0 or -EINVAL. */
_must_check_ int cert_type_parse(const char *text, enum cert_type *typep);
/* "direct", "delegation", "" for NONE. */
const char *cert_handling_name(enum cert_handling handling);
_must_check_ int cert_handling_parse(const char *text, enum cert_handling *handlingp);
