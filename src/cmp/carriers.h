// SPDX-License-Identifier: Apache-2.0
/*
 * What IFA 033 needs beside the certificate request, wherever a message may carry it. See
 * docs/cmp-profile.md.
 */
#pragma once

#include "asn1/crmf.h"
#include "base/bytes.h"

struct cmp_request;
struct cmp_message;

/*
 * Explicit carriers of one kind that a message may hold; more are no honest message. Octets of an
 * identifier: 253 characters of UTF-8, which cmf/ counts.
 */
enum { CMP_CARRIERS_MAX = 16, CMP_CARRIER_TEXT_MAX = 4 * 253 };

/* certType, vnfcId, vnfInstanceId and certChainRequest as the message names them,
 * docs/cmp-profile.md. */
struct cmp_carriers {
	char *profile_names[CMP_CARRIERS_MAX];
	size_t n_profile_names;
	char *vnfc_ids[CMP_CARRIERS_MAX];
	size_t n_vnfc_ids;
	char *vnf_instances[CMP_CARRIERS_MAX];
	size_t n_vnf_instances;
	int chain_request; /* 0, 1; -1: not said */
	bool more;         /* regInfo says something that means nothing here */
};

/* From generalInfo and the URL, into rq->carriers; nothing unless the message opens. */
_must_check_ int cmp_carriers_of_header(struct cmp_request *rq);
/* What of it the policy decides, once it is known who asks. */
_must_check_ int cmp_carriers_policy_check(struct cmp_request *rq);
_must_check_ int cmp_carriers_of_message(struct cmp_request *rq, const struct cmp_message *msg);
/* From the regInfo of a CertReqMsg, RFC 4211 7.1; may be NULL. */
_must_check_ int cmp_carriers_of_reg_info(struct cmp_request *rq,
					  const STACK_OF(AttributeTypeAndValue) * reg_info,
					  struct cmp_carriers *carriers);
/* Leaves an empty set; also makes one. */
void cmp_carriers_clear(struct cmp_carriers *carriers);
/* Copies a string of ASN.1 that goes on as text: valid UTF-8 without controls, 1..max octets.
 * 0, -EBADMSG, -ENOMEM. */
_must_check_ int cmp_text_dup(const ASN1_STRING *s, size_t max, char **textp);
/* carriers.c: whether the chain is wanted, which header and body must not disagree about. */
_must_check_ int cmp_chain_request(struct cmp_request *rq, const struct cmp_carriers *further,
				   bool *wantedp);
