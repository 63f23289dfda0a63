// SPDX-License-Identifier: Apache-2.0
/*
 * One request to the admin API while it is served, and the ways to end it. Private to operator/.
 */
#pragma once

#include "cmf/move.h"
#include "json.h"
#include "query.h"

#include <jansson.h>

/* A page holds at most that many rows, so that a list costs bounded time and memory per request. */
enum { OPERATOR_PAGE_MAX = 1000 };

struct operator_call {
	const struct json_operator *door;
	const struct cmf_worker *worker;
	struct cmf *cmf;
	struct lcm *lcm; /* NULL: no VNFM is followed */
	const struct json_process *process;
	const struct check_inventory *inventory;
	const struct http_request *request;
	struct http_response *response;
	struct json_query query;
	const char *reason; /* of a refusal, for the log */
	char *user;         /* name of the process's uid; NULL: it has none */
	int64_t now_ms;
};

/* An endpoint: ends with one of the functions below and returns their status. */
typedef int operator_endpoint(struct operator_call *call);

/* Each fills in the response and returns the HTTP status. `body` is taken over. */
int operator_ok(struct operator_call *call, int status, json_t *body);
/* RFC 9457 problem; `detail` goes to the operator. */
int operator_problem(struct operator_call *call, int status, const char *detail);
/* A refusal of cmf/, with failInfo and reason. */
int operator_refusal(struct operator_call *call, const struct refusal *refusal);
/* The same with the subjects that it is about, an array (taken over; NULL: not said). */
int operator_refusal_of(struct operator_call *call, const struct refusal *refusal,
			json_t *subjects);
/* A problem with one of the subjects that were sent, by its place from 0. */
int operator_subject_problem(struct operator_call *call, int status, const char *detail,
			     size_t index, const char *subject_id);
/* A fault (negative errno), already logged where it happened; or STORE_CONFLICT, STORE_NOT_FOUND.
 */
int operator_fault(struct operator_call *call, int err);
/* The method is not for this path. */
int operator_method_refused(struct operator_call *call, const char *allow);

/* The head that a chain has with this line, its newest one. 0 or negative errno. */
_must_check_ int operator_audit_head(const struct operator_call *call,
				     const struct store_audit_chain *chain, int64_t line,
				     json_t **headp);

/* Decides and adds to the worker's unit: 0, REFUSED, negative errno. */
typedef int operator_decide(struct operator_call *call, void *arg, struct refusal *refusal);
/*
 * Decides and commits, again while others changed what was decided on. 0, REFUSED, STORE_CONFLICT
 * (still, after some attempts) or negative errno.
 */
_must_check_ int operator_commit(struct operator_call *call, operator_decide *decide, void *arg,
				 struct refusal *refusal);

/* Parses the body as one JSON object: NULL with the problem written into detail[]. */
json_t *operator_body(const struct operator_call *call, char *detail, size_t size);

/* A call of cmf/ that is made now, by that principal (borrowed; NULL: it is still to be found). */
struct cmf_call operator_cmf_call(const struct operator_call *call, const struct cmf_principal *who,
				  struct refusal *refusal);
/* The operator as a principal, within the trust domain (borrowed). */
struct cmf_principal operator_principal(const struct operator_call *call, char *trust_domain);

/* --- pages --- */

/* Rows of a page in the making. */
struct operator_page {
	json_t *items;
	uint32_t limit;
	int64_t after_id;
	size_t n_seen;   /* rows looked at, whether they are in items or not */
	int64_t last_id; /* of the last of them */
	json_t *more;    /* what is answered beside the items; NULL: nothing */
};

/*
 * Reads after_id and limit, and refuses what of the query nothing has asked for: call it when the
 * filter is read. 0, or the HTTP status of the problem, which is answered then.
 */
_must_check_ int operator_page_begin(struct operator_call *call, struct operator_page *pagep);
/* Counts a row and appends it (taken over). 0 or -ENOMEM. */
_must_check_ int operator_page_add(struct operator_page *page, int64_t id, json_t *row);
/* Counts a row that the page leaves out. */
void operator_page_skip(struct operator_page *page, int64_t id);
/*
 * Answers {"items": [...], "next_after_id": n}, the latter only if there may be more; or the fault
 * `err` that ended the walk. Releases the page.
 */
int operator_page_end(struct operator_call *call, struct operator_page *page, int err);

/* --- registrations.c --- */

/* The filter of registrations from the query, from which it borrows; false with the problem if a
 * value is wrong. */
bool operator_registration_filter(struct operator_call *call,
				  struct store_registration_filter *filterp, const char **problemp);

/* --- endpoints --- */

operator_endpoint operator_registrations, operator_certificates, operator_certificate,
	operator_clients, operator_client, operator_transactions, operator_transaction,
	operator_cas, operator_announcements, operator_announcement, operator_audit, operator_tidy,
	operator_subscriptions, operator_subscription, operator_vnfms, operator_vnfm, operator_vnfs,
	operator_vnfcs, operator_status, operator_reload, operator_deregister, operator_secret_key,
	operator_move, operator_nodes;

operator_endpoint operator_audit_verify, operator_audit_chains, operator_audit_heads;
