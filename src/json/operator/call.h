// SPDX-License-Identifier: Apache-2.0
/*
 * One request to the admin API while it is served, and the ways to end it. Private to operator/.
 */
#pragma once

#include "json.h"

#include <jansson.h>

/* A page holds at most that many rows, so that a list costs bounded time and memory per request. */
enum { REST_PAGE_MAX = 1000 };

/* Parameters of a query; more than any endpoint knows. */
enum { REST_QUERY_MAX = 16 };

struct rest_query {
	struct {
		char *name;
		char *value;
		bool used;
	} item[REST_QUERY_MAX];
	size_t len;
};

/* Splits and decodes "a=b&c=%20". 0, -EINVAL (malformed, repeated, too many), -ENOMEM. */
_must_check_ int rest_query_parse(const char *raw, struct rest_query *queryp);
void rest_query_clear(struct rest_query *query);
/* The value, or NULL; what was asked for counts as known. */
const char *rest_query_get(struct rest_query *query, const char *name);
/* As a number within 0..max: 0 with *valuep unchanged if absent, -EINVAL. */
_must_check_ int rest_query_number(struct rest_query *query, const char *name, int64_t max,
				   int64_t *valuep);
/* The name of a parameter that nothing asked for, or NULL. */
const char *rest_query_unknown(const struct rest_query *query);

struct rest_call {
	const struct rest *rest;
	const struct cmf_worker *worker;
	struct cmf *cmf;
	const struct http_request *request;
	struct http_response *response;
	struct rest_query query;
	const char *reason; /* of a refusal, for the log */
	int64_t now_ms;
};

/* An endpoint: ends with one of the functions below and returns their status. */
typedef int rest_endpoint(struct rest_call *call);

/* Each fills in the response and returns the HTTP status. `body` is taken over. */
int rest_ok(struct rest_call *call, int status, json_t *body);
/* RFC 9457 problem; `detail` goes to the operator. */
int rest_problem(struct rest_call *call, int status, const char *detail);
/* A refusal of cmf/, with failInfo and reason. */
int rest_refusal(struct rest_call *call, const struct refusal *refusal);
/* A fault (negative errno), already logged where it happened; or STORE_CONFLICT, STORE_NOT_FOUND.
 */
int rest_fault(struct rest_call *call, int err);
/* The method is not for this path. */
int rest_method_refused(struct rest_call *call, const char *allow);

/* Decides and adds to the worker's unit: 0, REFUSED, negative errno. */
typedef int rest_decide(struct rest_call *call, void *arg, struct refusal *refusal);
/*
 * Decides and commits, again while others changed what was decided on. 0, REFUSED, STORE_CONFLICT
 * (still, after some attempts) or negative errno.
 */
_must_check_ int rest_commit(struct rest_call *call, rest_decide *decide, void *arg,
			     struct refusal *refusal);

/* Parses the body as one JSON object: NULL with the problem written into detail[]. */
json_t *rest_body(const struct rest_call *call, char *detail, size_t size);

/* A call of cmf/ that is made now, by that principal (borrowed; NULL: it is still to be found). */
struct cmf_call rest_cmf_call(const struct rest_call *call, const struct cmf_principal *who,
			      struct refusal *refusal);
/* The operator as a principal, within the trust domain (borrowed). */
struct cmf_principal rest_operator(const struct rest_call *call, char *trust_domain);

/* The number of a path "<id>" or "<id>/<verb>" and the rest behind it. -EINVAL if there is none. */
_must_check_ int rest_path_id(const char *path_rest, int64_t *idp, const char **verbp);

/* --- pages --- */

/* Rows of a page in the making. */
struct rest_page {
	json_t *items;
	uint32_t limit;
	int64_t after_id;
	size_t n_seen;   /* rows looked at, whether they are in items or not */
	int64_t last_id; /* of the last of them */
};

/*
 * Reads after_id and limit, and refuses what of the query nothing has asked for: call it when the
 * filter is read. 0, or the HTTP status of the problem, which is answered then.
 */
_must_check_ int rest_page_begin(struct rest_call *call, struct rest_page *pagep);
/* Counts a row and appends it (taken over). 0 or -ENOMEM. */
_must_check_ int rest_page_add(struct rest_page *page, int64_t id, json_t *row);
/* Counts a row that the page leaves out. */
void rest_page_skip(struct rest_page *page, int64_t id);
/*
 * Answers {"items": [...], "next_after_id": n}, the latter only if there may be more; or the fault
 * `err` that ended the walk. Releases the page.
 */
int rest_page_end(struct rest_call *call, struct rest_page *page, int err);

/* --- endpoints --- */

rest_endpoint rest_registrations, rest_certificates, rest_certificate, rest_clients, rest_client,
	rest_transactions, rest_transaction, rest_cas, rest_announcements, rest_announcement;
