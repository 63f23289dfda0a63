// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/audit: what was done and refused (GET). cmf/audit.c writes it.
 */
#include "call.h"
#include "encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const actor_kinds[STORE_ACTORS] = {
	[STORE_ACTOR_CLIENT] = "client",   [STORE_ACTOR_HOLDER] = "holder",
	[STORE_ACTOR_REVOKER] = "revoker", [STORE_ACTOR_OPERATOR] = "operator",
	[STORE_ACTOR_SYSTEM] = "system",
};

static json_t *audit_json(const struct store_audit *a)
{
	char id[REQUEST_ID_SIZE];

	request_id_text(a->request_id, id);
	return json_pack("{s:I, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
			 (json_int_t)a->id, "time", json_time(a->time_ms), "actor_kind",
			 a->actor_kind < STORE_ACTORS ? actor_kinds[a->actor_kind] : "unknown",
			 "actor", json_text(a->actor), "uid",
			 a->has_uid ? json_integer((json_int_t)a->uid) : json_null(), "action",
			 json_text(a->action), "target", json_text(a->target), "detail",
			 json_text(a->detail), "before", json_text(a->before), "after",
			 json_text(a->after), "outcome", json_text(a->outcome), "request_id",
			 json_text(id[0] ? id : NULL));
}

static int audit_row(void *arg, const struct store_audit *a)
{
	return operator_page_add(arg, a->id, audit_json(a));
}

/* 16 hexadecimal digits, as in the log. */
static int request_id_parse(const char *text, uint64_t *idp)
{
	if (strlen(text) != REQUEST_ID_SIZE - 1 || text[strspn(text, "0123456789abcdef")])
		return -EINVAL;
	*idp = strtoull(text, NULL, 16);
	return 0;
}

/* "2026-11-23T08:53:00Z", or the day alone. */
static int since_parse(const char *text, int64_t *msp)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (end && *end)
		end = strptime(end, "T%H:%M:%SZ", &tm);
	if (!end || *end)
		return -EINVAL;
	*msp = (int64_t)timegm(&tm) * 1000;
	return 0;
}

int operator_audit(struct operator_call *call)
{
	struct store_audit_filter filter = {.actor = json_query_get(&call->query, "actor"),
					    .action = json_query_get(&call->query, "action"),
					    .target = json_query_get(&call->query, "target"),
					    .outcome = json_query_get(&call->query, "outcome")};
	const char *request_id = json_query_get(&call->query, "request_id");
	const char *since = json_query_get(&call->query, "since");
	struct operator_page page;
	int status;

	if (request_id && request_id_parse(request_id, &filter.request_id))
		return operator_problem(call, 400, "request_id is 16 hexadecimal digits");
	if (since && since_parse(since, &filter.since_ms))
		return operator_problem(call, 400,
					"since is a time as 2026-11-23T08:53:00Z or a day");
	status = operator_page_begin(call, &page);
	if (status)
		return status;
	filter.after_id = page.after_id;
	filter.limit = page.limit;
	return operator_page_end(call, &page,
				 store_audit_list(call->worker->reader, &filter, audit_row, &page));
}
