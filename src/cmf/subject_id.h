// SPDX-License-Identifier: Apache-2.0
/*
 * What a subjectId may look like and which names belong to it. Pure functions over text; whose a
 * subjectId is, is in entity.c. Names are compared without regard to ASCII case.
 */
#pragma once

#include "base/bytes.h"
#include "base/refusal.h"
#include "conf.h"

/* SAN URI that names a VNFCI: this prefix and the subjectId. */
#define VNFCI_URN "urn:etsi:nfv:vnfci:"

/* IFA 033 11.2.2.2: an FQDN for MANO, else the identifier of a VNFCI. */
bool subject_id_valid(enum cert_type type, const char *id);
/* What one that is not valid is refused for. */
enum refusal_reason subject_id_fault(enum cert_type type);
/* Whether the name is that subjectId. */
bool name_is_id(struct bytes name, const char *id);
bool name_rule_allows(enum conf_name_rule rule, struct bytes name, const char *id);
/* The identifier behind VNFCI_URN; empty if the URI is another. */
struct bytes vnfci_urn_id(struct bytes uri);
/* Printable UTF-8: no control characters, no NUL, at least one character. */
bool name_text_clean(struct bytes text);
