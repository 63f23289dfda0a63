// SPDX-License-Identifier: Apache-2.0
/*
 * The URN of a VNFC instance: what a subjectAltName has of it, and how the audit names an entity
 * that belongs to a VNF instance. Reading one, with what a part may be, is cmf/subject_id.h's.
 */
#pragma once

/*
 * This prefix, vnfInstanceId and ':' if there is one, and the subjectId, both percent-encoded but
 * for unreserved characters, RFC 3986 2.3.
 */
#define VNFCI_URN "urn:etsi:nfv:vnfci:"

/* vnf_instance NULL or "": none. The caller frees it; NULL: out of memory. */
char *vnfci_urn(const char *vnf_instance, const char *subject_id);
