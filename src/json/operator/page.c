// SPDX-License-Identifier: Apache-2.0
/* Pages of a list: which rows, how many, and where the next page begins. */
#include "call.h"

#include <errno.h>

int operator_page_begin(struct operator_call *call, struct operator_page *pagep)
{
	int64_t after_id = 0, limit = OPERATOR_PAGE_MAX;

	if (json_query_number(&call->query, "after_id", INT64_MAX, &after_id) ||
	    json_query_number(&call->query, "limit", OPERATOR_PAGE_MAX, &limit) || limit == 0)
		return operator_problem(call, 400, "after_id or limit is out of range");
	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	*pagep = (struct operator_page){
		.items = json_array(), .limit = (uint32_t)limit, .after_id = after_id};
	return pagep->items ? 0 : operator_fault(call, -ENOMEM);
}

int operator_page_add(struct operator_page *page, int64_t id, json_t *row)
{
	operator_page_skip(page, id);
	return json_array_append_new(page->items, row) ? -ENOMEM : 0;
}

void operator_page_skip(struct operator_page *page, int64_t id)
{
	page->n_seen++;
	page->last_id = id;
}

int operator_page_end(struct operator_call *call, struct operator_page *page, int err)
{
	json_t *body;

	if (err) {
		json_decref(page->items);
		json_decref(page->more);
		return operator_fault(call, err);
	}
	body = json_pack("{s:o}", "items", page->items);
	if (body && page->n_seen >= page->limit)
		json_object_set_new(body, "next_after_id", json_integer(page->last_id));
	if (body && page->more)
		json_object_update(body, page->more);
	json_decref(page->more);
	return operator_ok(call, 200, body);
}
