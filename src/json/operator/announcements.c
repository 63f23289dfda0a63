// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/announcements: list and read what other CAs announced (GET).
 */
#include "asn1/pkimessage.h"
#include "call.h"
#include "encode.h"

#include <string.h>

static int announcement_row(void *arg, const struct store_announcement *a)
{
	return operator_page_add(arg, a->id, operator_announcement_json(a, false));
}

/* Announcements bear the names of their bodies. */
static int type_parse(const char *name)
{
	for (int type = PKI_BODY_CKUANN; type <= PKI_BODY_CRLANN; type++) {
		if (strcmp(pki_body_type_name(type), name) == 0)
			return type;
	}
	return -1;
}

int operator_announcements(struct operator_call *call)
{
	const char *type = json_query_get(&call->query, "type");
	struct store_announcement_filter filter = {.sender = json_query_get(&call->query, "sender"),
						   .type = -1};
	struct operator_page page;
	int status;

	if (type) {
		filter.type = type_parse(type);
		if (filter.type < 0)
			return operator_problem(call, 400, "there is no such type of announcement");
	}
	status = operator_page_begin(call, &page);
	if (status)
		return status;
	filter.after_id = page.after_id;
	filter.limit = page.limit;
	return operator_page_end(
		call, &page,
		store_announcement_list(call->worker->reader, &filter, announcement_row, &page));
}

int operator_announcement(struct operator_call *call)
{
	_cleanup_(store_announcement_clear) struct store_announcement a = {0};
	const char *verb;
	int64_t id;
	int err;

	if (json_path_id(call->request->path_rest, &id, &verb) || *verb)
		return operator_problem(call, 404, "there is no such path");
	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	err = store_announcement_get(call->worker->reader, id, &a);
	return err ? operator_fault(call, err)
		   : operator_ok(call, 200, operator_announcement_json(&a, true));
}
