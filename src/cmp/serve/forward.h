// SPDX-License-Identifier: Apache-2.0
/*
 * Messages that are passed on to an upstream CA as they are: forward.c.
 */
#pragma once

#include "cmf/order.h"
#include "request.h"

/* Whether messages about the certificate are passed on to the CA of it. */
bool cmp_is_forwarded(const struct cmp_request *rq, const struct store_certificate *cert);
/* Adds to the unit what goes upstream for a request that was granted; REFUSED if it cannot. */
_must_check_ int cmp_forward_request(struct cmp_request *rq, struct cmf_csr_result *result);
/* Answers with what the upstream said of the one certificate of the order and the client has not
 * heard; STORE_NOT_FOUND: nothing. */
_must_check_ int cmp_forward_answer(struct cmp_request *rq, const struct cmf_order *order,
				    struct cmp_outcome *outcome);

/*
 * Passes a pollReq on, if it was the upstream that asked to wait in an exchange of that kind. Where
 * there is an answer of the upstream's to come, the outcome resumes, with cmp_forward_run().
 */
_must_check_ int cmp_forward_poll(struct cmp_request *rq, const struct store_certificate *cert,
				  enum store_exchange_kind kind, struct cmp_outcome *outcome);
/* After the commit: waits a little for the upstream. A fault was logged, and the exchange goes on.
 */
_must_check_ int cmp_forward_run(struct cmp_request *rq, const struct store_certificate *cert,
				 enum store_exchange_kind kind);
/* What goes upstream for an rr that was granted; empty: nothing of the client's. */
_must_check_ int cmp_forward_revocation(struct cmp_request *rq,
					const struct store_certificate *cert,
					struct octets *messagep);
/* The same of a revocation. */
_must_check_ int cmp_forward_revoked(struct cmp_request *rq, const struct cmf_order_item *ordered,
				     struct cmp_outcome *outcome);
/* Passes a certConf on; the outcome resumes. */
_must_check_ int cmp_forward_confirm(struct cmp_request *rq, const struct store_certificate *cert,
				     bool accepted, struct cmp_outcome *outcome);
/* Whether a certConf for it was passed on. 0, STORE_NOT_FOUND. */
_must_check_ int cmp_forward_confirm_find(struct cmp_request *rq,
					  const struct store_certificate *cert);
/* Answers with what came back, or that it has not come yet. */
_must_check_ int cmp_forward_confirm_answer(struct cmp_request *rq,
					    const struct store_certificate *cert, bool polling,
					    struct cmp_outcome *outcome);
/* Answers with what came back before; STORE_NOT_FOUND: nothing. */
_must_check_ int cmp_forward_confirmed(struct cmp_request *rq, const struct store_certificate *cert,
				       struct cmp_outcome *outcome);
