// SPDX-License-Identifier: Apache-2.0
/*
 * p10cr: a certificate request as PKCS#10 (RFC 2986), answered by cp with certReqId -1,
 * RFC 9483 4.1.4. Its self-signature is the proof of possession.
 */
#include "asn1/der.h"
#include "request.h"
#include "serve/items.h"
#include "serve/services.h"
#include "transaction.h"

#include <errno.h>

/* The request as received: what the body's [4] is around. */
static struct bytes p10_der(const struct cmp_message *msg)
{
	struct bytes in = msg->body_der, tlv, content;
	uint8_t tag;

	return der_next(&in, &tag, &tlv, &content) ? BYTES_NULL : content;
}

static int item_read(struct cmp_request *rq, struct cmp_item *item)
{
	struct cmf_proof proof = cmp_proof(rq);

	return cmf_proof_pkcs10(&proof, rq->msg->body->value.p10cr, p10_der(rq->msg), &item->csr,
				&item->extensions);
}

int cmp_p10cr_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	_cleanup_(cmp_items_clear) struct cmp_items items = {NULL, 0};
	int err;

	/* RFC 9483 4.1.4: "The certReqId in the cp message MUST be -1." */
	rq->attempt.cert_req_id = rq->who.policy->p10cr_answer_0 ? 0 : -1;
	err = cmp_quota_check(rq);
	if (err)
		return err;
	rq->attempt.in_body = rq->attempt.keep_refusal = true;
	err = cmp_items_new(1, &items);
	if (err)
		return err;
	items.item[0].cert_req_id = rq->attempt.cert_req_id;
	err = cmp_item_judge(rq, items.item, item_read(rq, items.item));
	return err ? err : cmp_certificates_issue(rq, &items, outcome);
}
