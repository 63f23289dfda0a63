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
	return rest_page_add(arg, a->id, rest_announcement_json(a, false));
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

int rest_announcements(struct rest_call *call)
{
	const char *type = rest_query_get(&call->query, "type");
	struct store_announcement_filter filter = {.sender = rest_query_get(&call->query, "sender"),
						   .type = -1};
	struct rest_page page;
	int status;

	if (type) {
		filter.type = type_parse(type);
		if (filter.type < 0)
			return rest_problem(call, 400, "there is no such type of announcement");
	}
	status = rest_page_begin(call, &page);
	if (status)
		return status;
	filter.after_id = page.after_id;
	filter.limit = page.limit;
	return rest_page_end(
		call, &page,
		store_announcement_list(call->worker->reader, &filter, announcement_row, &page));
}

int rest_announcement(struct rest_call *call)
{
	_cleanup_(store_announcement_clear) struct store_announcement a = {0};
	const char *verb;
	int64_t id;
	int err;

	if (rest_path_id(call->request->path_rest, &id, &verb) || *verb)
		return rest_problem(call, 404, "there is no such path");
	if (rest_query_unknown(&call->query))
		return rest_problem(call, 400, "the query has an unknown parameter");
	err = store_announcement_get(call->worker->reader, id, &a);
	return err ? rest_fault(call, err) : rest_ok(call, 200, rest_announcement_json(&a, true));
}
