// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/transactions: list and read CMP transactions (GET).
 */
#include "call.h"
#include "encode.h"

/* More than any client has: RFC 9483 3.1 says 128 bits. */
enum { TRANSACTION_ID_MAX = 256 };

static int transaction_row(void *arg, const struct store_transaction *txn)
{
	return operator_page_add(arg, txn->id, operator_transaction_json(txn, false));
}

int operator_transactions(struct operator_call *call)
{
	const char *state = json_query_get(&call->query, "state");
	const char *id = json_query_get(&call->query, "transaction_id");
	uint8_t octets[TRANSACTION_ID_MAX];
	struct store_transaction_filter filter = {
		.requester = json_query_get(&call->query, "requester"), .state = -1};
	struct operator_page page;
	size_t id_len = 0;
	int status;

	if (state) {
		filter.state = operator_transaction_state_parse(state);
		if (filter.state < 0)
			return operator_problem(call, 400,
						"there is no such state of a transaction");
	}
	if (json_query_number(&call->query, "certificate_id", INT64_MAX, &filter.certificate_id))
		return operator_problem(call, 400, "certificate_id is not a number");
	if (id && (hex_to_bytes(id, octets, sizeof(octets), &id_len) || id_len == 0))
		return operator_problem(call, 400, "transaction_id must be octets in hex");
	filter.transaction_id = (struct bytes){octets, id_len};
	status = operator_page_begin(call, &page);
	if (status)
		return status;
	filter.after_id = page.after_id;
	filter.limit = page.limit;
	return operator_page_end(
		call, &page,
		store_transaction_list(call->worker->reader, &filter, transaction_row, &page));
}

/* With the CRL that it is kept without. */
static int response_complete(struct operator_call *call, struct store_transaction *txn)
{
	struct spliced whole = {.own = txn->response, .at = txn->crl_at};
	int err;

	if (!txn->crl_id)
		return 0;
	err = ca_crl_find(cmf_cas(call->cmf), txn->crl_id, call->worker->reader, &whole.part);
	if (err)
		return err;
	txn->response = OCTETS_NULL;
	err = spliced_join(&whole, &txn->response);
	spliced_clear(&whole);
	return err;
}

int operator_transaction(struct operator_call *call)
{
	_cleanup_(store_transaction_items_clear) struct store_transaction_items items = {0};
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	json_t *json;
	const char *verb;
	int64_t id;
	int err;

	if (json_path_id(call->request->path_rest, &id, &verb) || *verb)
		return operator_problem(call, 404, "there is no such path");
	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	err = store_transaction_get(call->worker->reader, id, &txn);
	if (!err && txn.n_items)
		err = store_transaction_items_get(call->worker->reader, id, &items);
	if (err)
		return operator_fault(call, err);
	err = response_complete(call, &txn);
	if (err)
		return operator_fault(call, err);
	json = operator_transaction_json(&txn, true);
	if (json && txn.n_items &&
	    json_object_set_new(json, "requests", operator_transaction_items_json(&items))) {
		json_decref(json);
		json = NULL;
	}
	return operator_ok(call, 200, json);
}
