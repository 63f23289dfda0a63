// SPDX-License-Identifier: Apache-2.0
/*
 * What the resources of VNF Managers share: the ways to end a request, identifiers and links,
 * entity tags, deciding and committing, which some do not wait for. nfv.c calls the resources,
 * which call this.
 */
#include "answer.h"
#include "asn1/algorithm.h"
#include "base/fault_point.h"
#include "commit.h"
#include "nfv/who.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* --- ending a request --- */

int nfv_ok(struct nfv_call *call, int status, json_t *body)
{
	return json_answer(call->response, status, "application/json", body);
}

static int header_add(struct nfv_call *call, const char *name, const char *value)
{
	return value ? http_response_add(call->response, name, value) : -ENOMEM;
}

int nfv_location_add(struct nfv_call *call, enum json_kind kind, int64_t id)
{
	_cleanup_(freep) char *uri = nfv_uri(call, kind, id);

	return header_add(call, "Location", uri);
}

int nfv_ok_text(struct nfv_call *call, int status, struct strbuf *text)
{
	size_t len = text->len;
	char *taken = strbuf_take(text);

	if (!taken)
		return nfv_fault(call, -ENOMEM);
	call->response->status = status;
	call->response->content_type = "application/json";
	call->response->body = (struct octets){(uint8_t *)taken, len};
	return status;
}

int nfv_created(struct nfv_call *call, int status, enum json_kind kind, int64_t id, json_t *body)
{
	if (nfv_location_add(call, kind, id)) {
		json_decref(body);
		body = NULL;
	}
	return nfv_ok(call, status, body);
}

int nfv_no_content(struct nfv_call *call)
{
	call->response->status = 204;
	return 204;
}

/* RFC 6750 3: what is wrong is said to who brought a token; to others, that there could be one. */
static const char *challenge_for(const struct nfv_call *call, const struct refusal *refusal)
{
	return http_request_header(call->request, "Authorization") &&
			       refusal->reason != REFUSAL_nfv_nobody
		       ? "Bearer realm=\"cmf-certmgmt\", error=\"invalid_token\""
		       : "Bearer realm=\"cmf-certmgmt\"";
}

int nfv_unauthenticated(struct nfv_call *call, const struct refusal *refusal)
{
	int status = refusal->failinfo == FAIL_SYSTEM_UNAVAIL ? 503 : 401;

	call->refusal = *refusal;
	if (status == 401 &&
	    http_response_add(call->response, "WWW-Authenticate", challenge_for(call, refusal)))
		return nfv_fault(call, -ENOMEM);
	return json_answer_problem(
		call->response, status,
		json_problem_of_refusal(status, refusal, refusal_words(refusal)));
}

int nfv_refusal_with(struct nfv_call *call, const struct refusal *refusal, json_t *members)
{
	int status = refusal_http_status(refusal);
	json_t *problem;

	if (call->nobody) {
		json_decref(members);
		return nfv_unauthenticated(call, refusal);
	}
	problem = json_problem_of_refusal(status, refusal, refusal_words(refusal));
	call->refusal = *refusal;
	if (problem && members)
		json_object_update(problem, members);
	json_decref(members);
	return json_answer_problem(call->response, status, problem);
}

int nfv_refusal(struct nfv_call *call, const struct refusal *refusal)
{
	return nfv_refusal_with(call, refusal, NULL);
}

int nfv_refuse(struct nfv_call *call, enum refusal_reason reason)
{
	struct refusal refusal = REFUSAL_NULL;

	refuse(&refusal, reason);
	return nfv_refusal(call, &refusal);
}

int nfv_problem(struct nfv_call *call, int status, const char *detail)
{
	return json_answer_problem(call->response, status, json_problem(status, detail));
}

int nfv_not_found(struct nfv_call *call)
{
	return nfv_refuse(call, REFUSAL_nfv_not_found);
}

int nfv_fault(struct nfv_call *call, int err)
{
	switch (err) {
	case STORE_NOT_FOUND:
		return nfv_not_found(call);
	case STORE_CONFLICT:
		return nfv_refuse(call, REFUSAL_nfv_conflict);
	default:
		return nfv_refuse(call, store_fault_passes(err) ? REFUSAL_system_unavailable
								: REFUSAL_system_failure);
	}
}

/* --- entity tags, RFC 9110 8.8.3 --- */

/* A quoted text of the SHA-256 of what is said; half of it tells states apart. */
enum { TAG_OCTETS = 16, TAG_SIZE = 2 * TAG_OCTETS + 3 };

static int tag_make(struct bytes said, char tag[TAG_SIZE])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(said.data, said.len, digest, NULL, digest_by_nid(NID_sha256), NULL) != 1)
		return -ENOMEM;
	tag[0] = '"';
	bytes_to_hex((struct bytes){digest, TAG_OCTETS}, tag + 1);
	memcpy(tag + TAG_SIZE - 2, "\"", 2);
	return 0;
}

static int tag_add(struct nfv_call *call)
{
	char tag[TAG_SIZE];
	int err = tag_make(octets_view(&call->response->body), tag);

	return err ? err : header_add(call, "ETag", tag);
}

int nfv_ok_tagged(struct nfv_call *call, json_t *body)
{
	int status = nfv_ok(call, 200, body);

	return status == 200 && tag_add(call) ? nfv_fault(call, -ENOMEM) : status;
}

int nfv_octets_tagged(struct nfv_call *call, struct octets *body)
{
	call->response->body = *body;
	*body = OCTETS_NULL;
	call->response->content_type = call->type;
	call->response->status = 200;
	return tag_add(call) ? nfv_fault(call, -ENOMEM) : 200;
}

/* RFC 9110 13.1.1: a list of tags that are compared strongly, or "*". */
static bool tag_listed(const char *list, const char *tag)
{
	size_t len = strlen(tag);

	while (*list) {
		list += strspn(list, " \t,");
		if (strncmp(list, tag, len) == 0 && strchr(" \t,", list[len]))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

bool nfv_if_match(const struct nfv_call *call, const json_t *body)
{
	const char *list = http_request_header(call->request, "If-Match");
	_cleanup_(freep) char *text = NULL;
	char tag[TAG_SIZE];

	if (!list || strcmp(list, "*") == 0)
		return true;
	text = json_dumps(body, JSON_COMPACT);
	return text && tag_make(bytes_of_string(text), tag) == 0 && tag_listed(list, tag);
}

/* --- identifiers and links --- */

int nfv_path_id(struct nfv_call *call, enum json_kind kind, int64_t *idp)
{
	int err = json_id_read(call->ids, kind, call->id, idp);

	return err == -EINVAL ? 0 : err;
}

static const char *const collections[] = {
	[JSON_REGISTRATION] = "registrations",
	[JSON_CERTIFICATE] = "certificates",
	[JSON_CSR] = "certificate_signing_requests",
	[JSON_SUBSCRIPTION] = "subscriptions",
};

char *nfv_uri_of(const struct json_ids *ids, enum json_kind kind, int64_t id)
{
	char text[JSON_ID_SIZE], *uri;

	if (json_id_write(ids, kind, id, text) ||
	    asprintf(&uri, NFV_ROOT "/v1/%s/%s", collections[kind], text) < 0)
		return NULL;
	return uri;
}

char *nfv_uri(const struct nfv_call *call, enum json_kind kind, int64_t id)
{
	return nfv_uri_of(call->ids, kind, id);
}

json_t *nfv_link(const struct nfv_call *call, enum json_kind kind, int64_t id)
{
	_cleanup_(freep) char *uri = nfv_uri(call, kind, id);

	return uri ? json_pack("{s:s}", "href", uri) : NULL;
}

json_t *nfv_id(const struct nfv_call *call, enum json_kind kind, int64_t id)
{
	char text[JSON_ID_SIZE];

	return json_id_write(call->ids, kind, id, text) ? NULL : json_string(text);
}

/* --- deciding --- */

struct cmf_call nfv_cmf_call(const struct nfv_call *call, struct refusal *refusal)
{
	struct cmf_call made = cmf_call_now(call->cmf, call->worker, &call->principal, refusal);

	made.origin.request_id = call->request->id;
	return made;
}

struct decision {
	struct nfv_call *call;
	nfv_decide *decide;
	void *arg;
};

/*
 * What was in the way may be that who asks is a client no longer, or that its certificate was
 * revoked: that is found out as of a request that comes now.
 */
static int principal_find_again(struct nfv_call *call, struct refusal *refusal)
{
	int err = nfv_principal_find(call, refusal);

	call->nobody = err == REFUSED;
	return err;
}

static int decision_make(void *arg, struct refusal *refusal)
{
	const struct decision *decision = arg;
	struct nfv_call *call = decision->call;
	int err = call->attempts++ > 0 ? principal_find_again(call, refusal) : 0;

	if (err == 0) {
		const struct cmf_call op = nfv_cmf_call(call, refusal);

		err = cmf_unit_begin(&op);
	}
	return err == 0 ? decision->decide(call, decision->arg, refusal) : err;
}

int nfv_commit(struct nfv_call *call, nfv_decide *decide, void *arg, struct refusal *refusal)
{
	struct decision decision = {call, decide, arg};

	call->attempts = 0;
	return json_commit(call->worker, decision_make, &decision, refusal);
}

/* --- without waiting for the commit --- */

/* The status, or NFV_TO_COMMIT. */
static int deferred_decide(struct nfv_call *call)
{
	struct decision decision = {call, call->deferred->decide, call->arg};
	struct refusal refusal = REFUSAL_NULL;
	int err;

	err = json_decide_once(call->worker, decision_make, &decision, &refusal);
	if (err == 0 && !store_unit_empty(call->worker->unit))
		return NFV_TO_COMMIT;
	return call->deferred->answer(call, call->arg, err, &refusal);
}

int nfv_commit_later(struct nfv_call *call, const struct nfv_deferred *deferred, void *arg)
{
	call->deferred = deferred;
	call->arg = arg;
	return deferred_decide(call);
}

void nfv_submit(struct nfv_call *call, store_unit_told *told)
{
	/* Before it is told of, perhaps at once, to somebody who goes on with the call. */
	struct cmf_worker *worker = TAKE(call->worker);

	json_submit(worker, told, call);
}

bool nfv_told(struct nfv_call *call, int result, const struct store_unit *unit)
{
	fault_point("door-after-commit");
	call->committed = result;
	if (result == 0)
		call->deferred->take_ids(call->arg, unit);
	return result != 0 || call->needs_worker;
}

int nfv_committed(struct nfv_call *call)
{
	const struct refusal none = REFUSAL_NULL;

	if (call->committed == STORE_CONFLICT && call->attempts < JSON_ATTEMPTS)
		return deferred_decide(call);
	return call->deferred->answer(call, call->arg, call->committed, &none);
}

/* --- refusals --- */

static int refusal_audit(void *arg, struct refusal *refusal)
{
	struct nfv_call *call = arg;
	const struct cmf_call made = nfv_cmf_call(call, refusal);
	bool added;
	int err;

	*refusal = call->refusal;
	err = cmf_audit_refused(&made, http_method_name(call->request->method), call->request->path,
				NULL, &added);
	return err == 0 && !added ? STORE_NOT_FOUND : err;
}

void nfv_refusal_audit(struct nfv_call *call)
{
	struct refusal refusal = REFUSAL_NULL;
	int err;

	if (!call->principal.name || call->refusal.failinfo != FAIL_NOT_AUTHORIZED)
		return;
	err = json_commit(call->worker, refusal_audit, call, &refusal);
	if (err && err != STORE_NOT_FOUND)
		log_fault("write the audit of a refusal", err < 0 ? err : -EAGAIN, NULL);
}
