// SPDX-License-Identifier: Apache-2.0
/*
 * One request of a VNF Manager while it is served, and the ways to end it. Private to nfv/.
 *
 * A resource is a file with an endpoint for each of its methods, and rows in the table of nfv.c.
 * When an endpoint is called, all that comes before in the order of checks has been judged: who
 * asks is known, version, media types, query and body are well-formed. It judges the rest: 404 of
 * the resource, then 403, 412, 409, 422; and says so by one of the functions below.
 */
#pragma once

#include "cmf.h"
#include "ids.h"
#include "json.h"
#include "query.h"

#include <jansson.h>
#include <stdatomic.h>

#define NFV_ROOT "/cmf-certmgmt"

struct nfv_call;

/* Decides and adds to the worker's unit: 0, REFUSED, STORE_NOT_FOUND, negative errno. */
typedef int nfv_decide(struct nfv_call *call, void *arg, struct refusal *refusal);

/* What follows from one decision, and how, where no worker waits for its commit. */
struct nfv_deferred {
	nfv_decide *decide;
	/* It is committed: takes the ids of what was inserted. As a store_unit_told. */
	void (*take_ids)(void *arg, const struct store_unit *unit);
	/* Ends the request, with what nfv_commit() would return. Without a worker, if all went well
	 * and the decision has not set call->needs_worker: then it asks nothing of the store. */
	int (*answer)(struct nfv_call *call, void *arg, int err, const struct refusal *refusal);
	void (*free)(void *arg);
};

/* Of an endpoint, in place of a status: it is to be committed, and answered then. */
enum { NFV_TO_COMMIT = 1 };

struct nfv_call {
	const struct json_nfv *door;
	struct cmf_worker *worker; /* NULL: on the loop */
	struct json_service service;
	struct cmf *cmf;
	struct token_checker *tokens; /* NULL: none are taken */
	const struct json_ids *ids;
	atomic_uint *callback_tests; /* of all workers, under way */
	const struct http_request *request;
	struct http_response *response;
	struct json_query query;
	struct cmf_principal principal;
	char id[JSON_ID_SIZE];  /* the part of the path that names a resource; "" if it cannot */
	json_t *body;           /* of a method that has one: an object */
	const char *type;       /* media type of a good answer, by Accept */
	bool nobody;            /* who asked is known no longer */
	struct refusal refusal; /* what was refused, for log and metrics */
	enum metric_operation metric;
	int64_t now_ms;
	/* From nfv_commit_later() on: */
	const struct nfv_deferred *deferred; /* NULL: none */
	void *arg;                           /* its own */
	bool needs_worker;
	int attempts;  /* of the decision */
	int committed; /* what the commit came to */
	struct http_later *later;
};

/* An endpoint: ends with one of the functions below and returns their status, or is
 * nfv_commit_later(). */
typedef int nfv_endpoint(struct nfv_call *call);

/* --- ends: each fills in the response and returns the HTTP status; JSON is taken over --- */

int nfv_ok(struct nfv_call *call, int status, json_t *body);
/* The same with an ETag of what is said. */
int nfv_ok_tagged(struct nfv_call *call, json_t *body);
/* With Location: `kind` and `id` of what was made, or is there. */
int nfv_created(struct nfv_call *call, int status, enum json_kind kind, int64_t id, json_t *body);
/* The Location alone. 0 or a negative errno. */
_must_check_ int nfv_location_add(struct nfv_call *call, enum json_kind kind, int64_t id);
/* JSON as text, which is taken over. */
int nfv_ok_text(struct nfv_call *call, int status, struct strbuf *text);
/* 204 */
int nfv_no_content(struct nfv_call *call);
/* Octets of another type, call->type; taken over, and with an ETag. */
int nfv_octets_tagged(struct nfv_call *call, struct octets *body);

/* Nobody known asks: 401 with WWW-Authenticate (RFC 9110 11.6.1, RFC 6750 3); a status of the
 * refusal's own otherwise. */
int nfv_unauthenticated(struct nfv_call *call, const struct refusal *refusal);
/* A refusal of cmf/, or a row of the table of refusals that has nothing to add. */
int nfv_refusal(struct nfv_call *call, const struct refusal *refusal);
int nfv_refuse(struct nfv_call *call, enum refusal_reason reason);
/* The same with members beside those of a ProblemDetails; taken over, NULL: none. */
int nfv_refusal_with(struct nfv_call *call, const struct refusal *refusal, json_t *members);
/* 422: a member is missing, of a wrong type, or has an unknown value; `detail` says which. */
int nfv_problem(struct nfv_call *call, int status, const char *detail);
/* What does not exist and what belongs to another: one answer. */
int nfv_not_found(struct nfv_call *call);
/* A fault (negative errno), already logged where it happened; or STORE_CONFLICT, STORE_NOT_FOUND.
 */
int nfv_fault(struct nfv_call *call, int err);

/* --- what endpoints share --- */

/* The row that the path names: -1, which is that of none, if it is no identifier of that kind, so
 * that the store is asked all the same. 0 or -ENOMEM. */
_must_check_ int nfv_path_id(struct nfv_call *call, enum json_kind kind, int64_t *idp);
/* The URI reference of a resource, as a new string. NULL out of memory. */
char *nfv_uri(const struct nfv_call *call, enum json_kind kind, int64_t id);
char *nfv_uri_of(const struct json_ids *ids, enum json_kind kind, int64_t id);
/* {"href": URI} and an identifier, as JSON; NULL out of memory. */
json_t *nfv_link(const struct nfv_call *call, enum json_kind kind, int64_t id);
json_t *nfv_id(const struct nfv_call *call, enum json_kind kind, int64_t id);
/* Whether If-Match, if there is one, names the state that `body` (borrowed) says. */
bool nfv_if_match(const struct nfv_call *call, const json_t *body);

/* A certificate that there is for who asks: issued, and its own or of an entity that it may act
 * for. 0, STORE_NOT_FOUND, negative errno. */
_must_check_ int nfv_certificate_find(struct nfv_call *call, int64_t id,
				      struct store_certificate *certp);

/* A call of cmf/ that is made now, by who asks. */
struct cmf_call nfv_cmf_call(const struct nfv_call *call, struct refusal *refusal);

/* Decides and commits, as json_commit(). */
_must_check_ int nfv_commit(struct nfv_call *call, nfv_decide *decide, void *arg,
			    struct refusal *refusal);
/*
 * Decides, and does not wait for the commit: an endpoint ends with it. NFV_TO_COMMIT, or the status
 * of what is answered already. `arg` is the call's from then on, and freed with it.
 */
int nfv_commit_later(struct nfv_call *call, const struct nfv_deferred *deferred, void *arg);
/* What nfv.c does of it: commits, by the last that this worker does of the call; ... */
void nfv_submit(struct nfv_call *call, store_unit_told *told);
/* ...notes what was told of the commit, and whether a worker has to go on; and goes on, as
 * nfv_commit_later(). */
bool nfv_told(struct nfv_call *call, int result, const struct store_unit *unit);
int nfv_committed(struct nfv_call *call);

/* Writes a refusal of who is known into the audit, if it is notAuthorized; see cmf_audit_refused().
 */
void nfv_refusal_audit(struct nfv_call *call);

/* --- endpoints --- */

nfv_endpoint nfv_api_versions, nfv_register, nfv_registrations_list, nfv_registration_get,
	nfv_registration_patch, nfv_registration_delete, nfv_certificates_list, nfv_certificate_get,
	nfv_initial_credential, nfv_ca_certificates, nfv_csr_make, nfv_csrs_list, nfv_csr_get,
	nfv_csr_give_up, nfv_revoke, nfv_nonce_make;
extern const char *const nfv_registration_delete_query[];
extern const char *const nfv_certificate_types[];
extern const char *const nfv_subscriptions_query[];
nfv_endpoint nfv_subscribe, nfv_subscriptions_list, nfv_subscription_get, nfv_unsubscribe;
