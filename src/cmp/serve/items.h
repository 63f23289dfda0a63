// SPDX-License-Identifier: Apache-2.0
/*
 * The certificate requests of a message (items.c), what they are answered with (issue.c), and where
 * an upstream CA is waited for (upstream.c).
 */
#pragma once

#include "cmf/order.h"
#include "request.h"

/*
 * One of the certificate requests of a message: a CertReqMsg (RFC 4211 3), or the PKCS#10 request.
 * csr borrows from the fields before it and from the message.
 */
struct cmp_item {
	int cert_req_id;
	enum cmp_pop pop;
	struct cmp_carriers carriers; /* of the body */
	const char *profile_names[2 * CMP_CARRIERS_MAX];
	const char *vnfc_ids[2 * CMP_CARRIERS_MAX];
	const char *vnf_instances[2 * CMP_CARRIERS_MAX];
	struct store_certificate old;          /* kur */
	STACK_OF(X509_EXTENSION) * extensions; /* PKCS#10: out of its attributes */
	EVP_PKEY *archived_key;                /* what was sent, to be archived */
	struct cmf_csr csr;
	bool refused;
	struct refusal refusal;       /* refused */
	struct cmf_csr_result result; /* else */
	struct octets private_key;    /* generated: EncryptedKey, RFC 4211 2.1 */
};

/* The requests of a message, in their order. */
struct cmp_items {
	struct cmp_item *item;
	size_t len;
};

/* One of the requests of rq->attempt.txn, as the store has it. */
struct cmp_stored_item {
	int cert_req_id;
	int failinfo;                         /* refused; else -1 */
	const char *text;                     /* why it was refused, or what was changed; NULL */
	const struct store_certificate *cert; /* in the order; id 0: refused */
};

struct cmp_stored_items {
	struct cmp_stored_item *item;
	size_t len;
	struct cmf_order order;              /* what was granted; an item has the same place */
	struct store_transaction_items rows; /* owns the texts */
};

/* 0 or -ENOMEM. */
_must_check_ int cmp_items_new(size_t n, struct cmp_items *itemsp);
void cmp_items_clear(struct cmp_items *items);
/* What reading one request came to: a refusal is kept with it, and the others go on. Returns 0
 * then, any other result as it is. */
_must_check_ int cmp_item_judge(struct cmp_request *rq, struct cmp_item *item, int result);
/* The order that a transaction stands for, read; its rows, where there are several. Both are the
 * caller's, also after an error. 0 or negative errno. */
_must_check_ int cmp_transaction_order(const struct cmf_call *call,
				       const struct store_transaction *txn,
				       struct store_transaction_items *rowsp,
				       struct cmf_order *orderp);
/* The requests of rq->attempt.txn with their certificates, into an empty set, which the caller
 * clears also after an error. 0 or negative errno. */
_must_check_ int cmp_stored_items_get(struct cmp_request *rq, struct cmp_stored_items *itemsp);
void cmp_stored_items_clear(struct cmp_stored_items *items);
/* For the log line: the first certificate. */
void cmp_stored_items_log(struct cmp_request *rq, const struct cmp_stored_items *items);
/* The one that a message means by that certReqId, NULL: none. */
struct cmp_stored_item *cmp_stored_item_find(const struct cmp_request *rq,
					     const struct cmp_stored_items *items, int64_t id);
/* items.c: the carriers of header and body go into item->csr, for cmf/ to compare; again: the same.
 */
void cmp_item_carriers(const struct cmp_request *rq, struct cmp_item *item);

/*
 * issue.c: asks cmf/ for the certificates of the requests that were read without a refusal, and
 * answers all of them; ir, cr, kur, p10cr, ccr.
 */
_must_check_ int cmp_certificates_issue(struct cmp_request *rq, struct cmp_items *items,
					struct cmp_outcome *outcome);
/* upstream.c: answers by the state of the certificates; pollReq while one is not there: pollRep. */
_must_check_ int cmp_upstream_answer(struct cmp_request *rq, struct cmp_stored_items *items,
				     bool polling, struct cmp_outcome *outcome);
/* items.c: pollReq is for the message as a whole, RFC 9483 4.4: "else -1 to refer to [it]" */
_must_check_ int cmp_poll_whole_check(struct cmp_request *rq);
