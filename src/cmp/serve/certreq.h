// SPDX-License-Identifier: Apache-2.0
/*
 * CertReqMsg: what all have in common (template.c), ir, cr and kur (certreq.c), and the challenge
 * that may come in between (challenge.c).
 */
#pragma once

#include "request.h"
#include "serve/items.h"

/* template.c: RFC 9483 4.1.1: fields of certTemplate that a requester may not set. */
_must_check_ int cmp_template_check(struct cmp_request *rq, const CertTemplate *t);
/* certreq.c: the template and its proof of possession: what they ask for goes into item->csr, which
 * borrows from msg. */
_must_check_ int cmp_template_read(struct cmp_request *rq, const CertReqMsg *msg,
				   struct cmp_item *item);

/*
 * template.c: the control of that type, which may be there once and must have a value of that
 * universal type (V_ASN1_OTHER: a context one): its TLV, borrowed; empty: there is none. REFUSED
 * with `malformed` otherwise.
 */
_must_check_ int cmp_control_find(struct cmp_request *rq, const CertRequest *request,
				  enum cmp_oid oid, int value_type, enum refusal_reason malformed,
				  struct bytes *valuep);
/* template.c: certReqId; -1: it is none that may be answered. */
int cmp_cert_req_id(const CertReqMsg *msg);

/*
 * template.c: the CertReqMsg of ccr and krr, certReqId 0; REFUSED with `several` where it is not
 * alone.
 */
_must_check_ int cmp_certreq_one(struct cmp_request *rq, enum refusal_reason several,
				 const CertReqMsg **msgp);
/* certreq.c: decides on the request in `asked`, which rq->msg need not be. */
_must_check_ int cmp_certreq_decide(struct cmp_request *rq, const struct cmp_message *asked,
				    struct cmp_outcome *outcome);
/* challenge.c: whether popdecr has as many numbers as were asked for; of one, whether it is right.
 */
_must_check_ int cmp_challenges_check(struct cmp_request *rq);

/*
 * challenge.c: answers the message with popdecc, a Challenge for each request that needs one, and
 * keeps it.
 */
_must_check_ int cmp_challenge_send(struct cmp_request *rq, struct cmp_items *items,
				    struct cmp_outcome *outcome);
/* Once popdecr is there: whether it has the number for request number i of the n of the message;
 * REFUSED pop_response_wrong. */
_must_check_ int cmp_challenge_check(struct cmp_request *rq, size_t i, size_t n);
/* template.c: what no certTemplate may have, of an end entity or of a CA. REFUSED template_*. */
_must_check_ int cmp_template_never(struct cmp_request *rq, const CertTemplate *t);
