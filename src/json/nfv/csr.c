// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/certificate_signing_requests, IFA 033 11.2.3: made and made again (POST), listed and read
 * (GET), given up (DELETE). What a request is and what becomes of it: cmf/request.h; what its body
 * says: csr_body.c.
 */
#include "answer.h"
#include "nfv/csr_body.h"
#include "nfv/encode.h"
#include "nfv/list.h"
#include "values.h"

#include <errno.h>
#include <string.h>

/* For the upstream CA, as over CMP; after that the client asks again, and housekeeping goes on. */
enum { REQUEST_BUDGET_US = 5 * 1000 * 1000 };

/* --- as JSON --- */

static const char *const states[] = {
	[STORE_CSR_PROCESSING] = "PROCESSING",
	[STORE_CSR_COMPLETED] = "COMPLETED",
	[STORE_CSR_FAILED] = "FAILED",
};

static json_t *change_json(const char *text, size_t len)
{
	_cleanup_(freep) char *change = strndup(text, len);

	return change ? json_text(change) : NULL;
}

/* One text for people over CMP is a list here: its parts are told apart by "; ". */
static json_t *changes_json(const char *changes)
{
	json_t *list = json_array();
	const char *end;

	for (; list && *changes; changes = *end ? end + 2 : end) {
		end = strstr(changes, "; ");
		end = end ? end : changes + strlen(changes);
		if (json_array_append_new(list, change_json(changes, (size_t)(end - changes)))) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static int json_add(json_t *json, const char *name, json_t *value)
{
	return json_object_set_new(json, name, value) ? -ENOMEM : 0;
}

static json_t *error_json(const struct store_csr *csr)
{
	const struct refusal refusal = cmf_request_refusal(csr);

	return json_problem_of_refusal(refusal_http_status(&refusal), &refusal,
				       refusal_words(&refusal));
}

/* What was made of the key attestation in it, if there was one. */
static int attestation_add(struct nfv_call *call, const struct store_csr *csr, json_t *json)
{
	_cleanup_(store_attestation_clear) struct store_attestation attestation = {0};
	json_t *made;
	int err = store_attestation_get(call->worker->reader, csr->certificate_id, &attestation);

	if (err)
		return err == STORE_NOT_FOUND ? 0 : err;
	made = json_pack("{s:s, s:o*}", "verdict", cmf_verdict_name(attestation.verdict),
			 "statementType",
			 attestation.statement ? json_text(attestation.statement) : NULL);
	return json_add(json, "attestation", made);
}

/* What has become of it, but for what csr_complete() adds. `unattested`: nobody needs to look. */
static int outcome_add(struct nfv_call *call, const struct store_csr *csr, bool unattested,
		       json_t *json, json_t *links)
{
	int err = 0;

	if (csr->state == STORE_CSR_FAILED)
		return json_add(json, "error", error_json(csr));
	if (csr->state == STORE_CSR_PROCESSING)
		return 0;
	if (csr->changes)
		err = json_add(json, "changes", changes_json(csr->changes));
	if (!err && !unattested)
		err = attestation_add(call, csr, json);
	if (!err)
		err = json_add(json, "certificateId",
			       nfv_id(call, JSON_CERTIFICATE, csr->certificate_id));
	return err ? err
		   : json_add(links, "certificate",
			      nfv_link(call, JSON_CERTIFICATE, csr->certificate_id));
}

/* Without certificate and chain. */
static int csr_json(struct nfv_call *call, const struct store_csr *csr, bool unattested,
		    json_t **jsonp)
{
	json_t *links =
		json_pack("{s:o, s:o}", "self", nfv_link(call, JSON_CSR, csr->id), "registration",
			  nfv_link(call, JSON_REGISTRATION, csr->registration_id));
	json_t *json =
		json_pack("{s:o, s:s, s:o, s:s, s:o, s:O}", "id", nfv_id(call, JSON_CSR, csr->id),
			  "status", states[csr->state], "vnfcId", json_text(csr->subject_id),
			  "certType", cert_type_stage3_name(csr->cert_type), "requestedAt",
			  json_time(csr->created_ms), "_links", links);
	int err = json ? outcome_add(call, csr, unattested, json, links) : -ENOMEM;

	json_decref(links);
	if (err)
		json_decref(json);
	else
		*jsonp = json;
	return err;
}

static int csr_complete(struct nfv_call *call, const struct store_certificate *cert, bool with_pem,
			bool with_chain, json_t *json)
{
	int err = with_pem ? json_add(json, "certificate", json_pem(octets_view(&cert->der))) : 0;

	if (!err && with_chain)
		err = json_add(json, "certificateChain", nfv_chain_json(call, cert->ca));
	return err;
}

/* `chain`: with the chain of the certificate, if there is one. */
static int csr_json_whole(struct nfv_call *call, const struct cmf_requested *requested, bool chain,
			  json_t **jsonp)
{
	bool unattested = requested->fresh && !requested->attested;
	int err = csr_json(call, &requested->csr, unattested, jsonp);

	if (err || requested->csr.state != STORE_CSR_COMPLETED)
		return err;
	err = csr_complete(call, &requested->cert, true, chain, *jsonp);
	if (err)
		json_decref(*jsonp);
	return err;
}

/* --- made --- */

struct making {
	struct nfv_csr csr;
	struct cmf_requested requested;
};

static void making_free(void *arg)
{
	struct making *making = arg;

	nfv_csr_clear(&making->csr);
	cmf_requested_clear(&making->requested);
	free(making);
}

/* All is known of a certificate that was issued now, and had no attestation. */
static bool is_whole(const struct cmf_requested *requested)
{
	return requested->fresh && requested->csr.state == STORE_CSR_COMPLETED &&
	       !requested->attested;
}

static int make_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	struct making *making = arg;
	struct cmf_call op = nfv_cmf_call(call, refusal);
	int err;

	op.again = call->attempts > 1;
	cmf_requested_clear(&making->requested);
	err = cmf_request_make(&op, &making->csr.request, &making->requested);
	call->needs_worker = !is_whole(&making->requested);
	return err;
}

static void make_take_ids(void *arg, const struct store_unit *unit)
{
	struct cmf_requested *requested = &((struct making *)arg)->requested;

	requested->csr.id = store_unit_id(unit, requested->csr.id);
	requested->csr.certificate_id = store_unit_id(unit, requested->csr.certificate_id);
	requested->cert.id = requested->csr.certificate_id;
}

struct reading {
	int64_t id;
	struct cmf_requested requested;
};

static int read_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	struct reading *reading = arg;
	const struct cmf_call op = nfv_cmf_call(call, refusal);

	cmf_requested_clear(&reading->requested);
	return cmf_request_read(&op, reading->id, &reading->requested);
}

/* A request that has just been committed, and what the upstream CA makes of it meanwhile. */
static int request_run(struct nfv_call *call, struct cmf_requested *requested,
		       struct refusal *refusal)
{
	struct reading reading = {.id = requested->csr.id};
	const struct cmf_call op = nfv_cmf_call(call, refusal);
	int err = cmf_request_run(&op, requested->csr.certificate_id, REQUEST_BUDGET_US);

	if (!err)
		err = nfv_commit(call, read_decide, &reading, refusal);
	reading.requested.fresh = true;
	reading.requested.attested = requested->attested;
	cmf_requested_clear(requested);
	*requested = reading.requested;
	return err;
}

static int answer_made(struct nfv_call *call, const struct cmf_requested *requested, bool chain)
{
	const struct store_csr *csr = &requested->csr;
	int status = requested->fresh ? 201 : 200, err;
	json_t *json;

	if (csr->state == STORE_CSR_FAILED) {
		const struct refusal refusal = cmf_request_refusal(csr);

		return nfv_refusal(call, &refusal);
	}
	if (csr->state == STORE_CSR_PROCESSING) {
		status = 202;
		call->response->retry_after = requested->check_after;
	}
	err = csr_json_whole(call, requested, chain, &json);
	return err ? nfv_fault(call, err) : nfv_created(call, status, JSON_CSR, csr->id, json);
}

/* What stands in the way is named by its URI. */
static int answer_refused(struct nfv_call *call, const struct refusal *refusal,
			  const struct cmf_requested *requested)
{
	_cleanup_(freep) char *uri = NULL;

	if (requested->existing_csr_id)
		uri = nfv_uri(call, JSON_CSR, requested->existing_csr_id);
	else if (requested->existing_certificate_id)
		uri = nfv_uri(call, JSON_CERTIFICATE, requested->existing_certificate_id);
	return nfv_refusal_with(call, refusal, uri ? json_pack("{s:s}", "existing", uri) : NULL);
}

static int make_answer(struct nfv_call *call, void *arg, int err, const struct refusal *refusal)
{
	struct making *making = arg;
	struct cmf_requested *requested = &making->requested;
	struct refusal refused = *refusal;

	if (!err && requested->fresh && requested->csr.state == STORE_CSR_PROCESSING)
		err = request_run(call, requested, &refused);
	if (!err)
		return answer_made(call, requested, making->csr.request.chain_request);
	return err == REFUSED ? answer_refused(call, &refused, requested) : nfv_fault(call, err);
}

static const struct nfv_deferred csr_making = {
	.decide = make_decide,
	.take_ids = make_take_ids,
	.answer = make_answer,
	.free = making_free,
};

int nfv_csr_make(struct nfv_call *call)
{
	struct making *making = calloc(1, sizeof(*making));
	int status = making ? nfv_csr_read(call, &making->csr) : nfv_fault(call, -ENOMEM);

	if (!status)
		return nfv_commit_later(call, &csr_making, making);
	if (making)
		making_free(making);
	return status;
}

/* --- read, given up --- */

int nfv_csr_get(struct nfv_call *call)
{
	struct reading reading = {0};
	struct refusal refusal = REFUSAL_NULL;
	int err = nfv_path_id(call, JSON_CSR, &reading.id);
	json_t *json;

	if (!err)
		err = nfv_commit(call, read_decide, &reading, &refusal);
	if (!err)
		err = csr_json_whole(call, &reading.requested, reading.requested.csr.chain_request,
				     &json);
	if (!err && reading.requested.csr.state == STORE_CSR_PROCESSING)
		call->response->retry_after = reading.requested.check_after;
	cmf_requested_clear(&reading.requested);
	if (err == REFUSED)
		return nfv_refusal(call, &refusal);
	return err ? nfv_fault(call, err) : nfv_ok(call, 200, json);
}

static int give_up_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_call op = nfv_cmf_call(call, refusal);
	const int64_t *id = arg;

	return cmf_request_give_up(&op, *id);
}

int nfv_csr_give_up(struct nfv_call *call)
{
	struct refusal refusal = REFUSAL_NULL;
	int64_t id;
	int err = nfv_path_id(call, JSON_CSR, &id);

	if (!err)
		err = nfv_commit(call, give_up_decide, &id, &refusal);
	if (err == REFUSED)
		return nfv_refusal(call, &refusal);
	return err ? nfv_fault(call, err) : nfv_no_content(call);
}

/* --- list: of who asks --- */

static const struct nfv_attribute csr_table[] = {
	{"id", NFV_TEXT, NFV_ALWAYS},
	{"status", NFV_TEXT, NFV_ALWAYS},
	{"vnfcId", NFV_TEXT, NFV_ALWAYS},
	{"certType", NFV_TEXT, NFV_ALWAYS},
	{"requestedAt", NFV_TIME, NFV_ALWAYS},
	{"certificateId", NFV_TEXT, NFV_OPTIONAL},
	{"certificate", NFV_WHOLE, NFV_UNLESS_DEFAULT},
	{"certificateChain", NFV_WHOLE, NFV_UNLESS_DEFAULT},
	{"changes", NFV_TEXT, NFV_OPTIONAL},
	{"attestation", NFV_WHOLE, NFV_OPTIONAL},
	{"attestation/verdict", NFV_TEXT, NFV_ALWAYS},
	{"attestation/statementType", NFV_TEXT, NFV_OPTIONAL},
	{"error", NFV_WHOLE, NFV_OPTIONAL},
	{"error/reason", NFV_TEXT, NFV_ALWAYS},
	{"error/failInfo", NFV_TEXT, NFV_OPTIONAL},
	{"_links", NFV_WHOLE, NFV_ALWAYS},
};
static const struct nfv_attributes csr_attributes = {csr_table, ARRAY_LEN(csr_table)};

/* Adds what costs a further row, if it is wanted. */
static int item_complete(struct nfv_list *list, const struct store_csr *csr, json_t *item)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	bool pem = nfv_selected(&list->selection, "certificate");
	bool chain = csr->chain_request && nfv_selected(&list->selection, "certificateChain");
	int err;

	if (csr->state != STORE_CSR_COMPLETED || (!pem && !chain))
		return 0;
	err = store_certificate_get(list->call->worker->reader, csr->certificate_id, &cert);
	return err ? err : csr_complete(list->call, &cert, pem, chain, item);
}

static int csr_row(void *arg, const struct store_csr *csr)
{
	struct nfv_list *list = arg;
	json_t *item;
	int err = csr_json(list->call, csr, false, &item);

	if (err)
		return err;
	if (!nfv_list_fits(list, csr->id, 0, item)) {
		json_decref(item);
		return 0;
	}
	err = item_complete(list, csr, item);
	if (!err)
		return nfv_list_add(list, item);
	json_decref(item);
	return err;
}

int nfv_csrs_list(struct nfv_call *call)
{
	struct store_csr_filter filter = {.client = call->principal.name,
					  .trust_domain = call->principal.trust_domain};
	struct nfv_list list;
	int status = nfv_list_begin(call, &csr_attributes, &list);

	if (status)
		return status;
	filter.after_id = list.after.id;
	filter.limit = list.rows_max;
	return nfv_list_end(&list, store_csr_list(call->worker->reader, &filter, csr_row, &list));
}
