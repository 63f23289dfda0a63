// SPDX-License-Identifier: Apache-2.0
/*
 * The certificate requests of a message while they are served, and those of a transaction as the
 * store has them: one in the usual case, several where the message had several (RFC 4210 5.3.1).
 */
#include "serve/items.h"
#include "carriers.h"
#include "request.h"

#include <errno.h>

int cmp_items_new(size_t n, struct cmp_items *itemsp)
{
	struct cmp_item *item = calloc(n, sizeof(*item));

	if (!item)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		item[i].carriers.chain_request = -1;
	*itemsp = (struct cmp_items){item, n};
	return 0;
}

void cmp_items_clear(struct cmp_items *items)
{
	for (size_t i = 0; i < items->len; i++) {
		struct cmp_item *item = &items->item[i];

		cmp_carriers_clear(&item->carriers);
		store_certificate_clear(&item->old);
		sk_X509_EXTENSION_pop_free(item->extensions, X509_EXTENSION_free);
		EVP_PKEY_free(item->archived_key);
		cmf_csr_result_clear(&item->result);
		octets_clear(&item->private_key);
	}
	free(items->item);
	*items = (struct cmp_items){NULL, 0};
}

int cmp_item_judge(struct cmp_request *rq, struct cmp_item *item, int result)
{
	if (result != REFUSED)
		return result;
	item->refused = true;
	item->refusal = rq->refusal;
	return 0;
}

void cmp_stored_items_clear(struct cmp_stored_items *items)
{
	cmf_order_clear(&items->order);
	free(items->item);
	store_transaction_items_clear(&items->rows);
	*items = (struct cmp_stored_items){0};
}

int cmp_transaction_order(const struct cmf_call *call, const struct store_transaction *txn,
			  struct store_transaction_items *rowsp, struct cmf_order *orderp)
{
	enum cmf_order_kind kind =
		txn->body_type == PKI_BODY_RR ? CMF_ORDER_REVOCATIONS : CMF_ORDER_CERTIFICATES;
	int err = 0;

	if (txn->n_items)
		err = store_transaction_items_get(call->reader, txn->id, rowsp);
	if (!err && rowsp->len != txn->n_items)
		err = log_fault("requests of a transaction", -EUCLEAN, NULL);
	if (!err)
		err = cmf_order_new(kind, txn->n_items ? txn->n_items : 1, orderp);
	if (err)
		return err;
	orderp->deadline_ms = txn->deadline_ms;
	orderp->item[0].certificate_id = txn->certificate_id;
	orderp->item[0].reason = txn->reason;
	for (size_t i = 0; i < rowsp->len; i++) {
		orderp->item[i].certificate_id = rowsp->item[i].certificate_id;
		orderp->item[i].reason = rowsp->item[i].reason;
	}
	return cmf_order_read(call, orderp);
}

int cmp_stored_items_get(struct cmp_request *rq, struct cmp_stored_items *itemsp)
{
	const struct cmf_call call = cmp_call(rq);
	const struct store_transaction *txn = &rq->attempt.txn;
	int err = cmp_transaction_order(&call, txn, &itemsp->rows, &itemsp->order);

	if (err)
		return err;
	itemsp->item = calloc(itemsp->order.len, sizeof(*itemsp->item));
	if (!itemsp->item)
		return -ENOMEM;
	itemsp->len = itemsp->order.len;
	for (size_t i = 0; i < itemsp->len; i++)
		itemsp->item[i] = (struct cmp_stored_item){.cert_req_id = txn->cert_req_id,
							   .failinfo = -1,
							   .text = txn->status_text,
							   .cert = &itemsp->order.item[i].cert};
	for (size_t i = 0; i < itemsp->rows.len; i++) {
		itemsp->item[i].cert_req_id = itemsp->rows.item[i].cert_req_id;
		itemsp->item[i].failinfo = itemsp->rows.item[i].failinfo;
		itemsp->item[i].text = itemsp->rows.item[i].status_text;
	}
	return 0;
}

void cmp_stored_items_log(struct cmp_request *rq, const struct cmp_stored_items *items)
{
	for (size_t i = 0; i < items->len; i++) {
		const struct store_certificate *cert = items->item[i].cert;

		if (!cert->id)
			continue;
		cmp_log_certificate(rq, cert->subject_id, cert->vnf_instance, &cert->serial);
		return;
	}
}

struct cmp_stored_item *cmp_stored_item_find(const struct cmp_request *rq,
					     const struct cmp_stored_items *items, int64_t id)
{
	/* RFC 9483 4.1.4 says -1 for p10cr; clients that say 0 mean the same. */
	if (rq->attempt.txn.body_type == PKI_BODY_P10CR && rq->who.policy->p10cr_accept_0 &&
	    id == 0)
		id = -1;
	/* Who was answered under 0 may say either. */
	if (rq->attempt.txn.body_type == PKI_BODY_P10CR && items->item[0].cert_req_id == 0 &&
	    id == -1)
		id = 0;
	for (size_t i = 0; i < items->len; i++)
		if (items->item[i].cert_req_id == id)
			return &items->item[i];
	return NULL;
}

/* Explicit carriers of header and body, side by side for cmf/ to compare. */
static void carriers_add(struct cmp_item *item, const struct cmp_carriers *from)
{
	struct cmf_csr *csr = &item->csr;

	for (size_t i = 0; i < from->n_profile_names; i++)
		item->profile_names[csr->n_profile_names++] = from->profile_names[i];
	for (size_t i = 0; i < from->n_vnfc_ids; i++)
		item->vnfc_ids[csr->n_vnfc_ids++] = from->vnfc_ids[i];
	for (size_t i = 0; i < from->n_vnf_instances; i++)
		item->vnf_instances[csr->n_vnf_instances++] = from->vnf_instances[i];
	csr->profile_names = item->profile_names;
	csr->vnf_instances = item->vnf_instances;
	csr->vnfc_ids = item->vnfc_ids;
}

void cmp_item_carriers(const struct cmp_request *rq, struct cmp_item *item)
{
	item->csr.n_profile_names = item->csr.n_vnfc_ids = item->csr.n_vnf_instances = 0;
	carriers_add(item, &rq->carriers);
	carriers_add(item, &item->carriers);
}

int cmp_poll_whole_check(struct cmp_request *rq)
{
	const STACK_OF(PollReq) *list = rq->msg->body->value.pollReq;
	int64_t id;

	if (sk_PollReq_num(list) != 1 ||
	    ASN1_INTEGER_get_int64(&id, sk_PollReq_value(list, 0)->certReqId) != 1 || id != -1)
		return refuse(&rq->refusal, REFUSAL_poll_req_id_wrong);
	return 0;
}
