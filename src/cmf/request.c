// SPDX-License-Identifier: Apache-2.0
/*
 * Certificate requests that are resources: see include/cmf/request.h. Who may have what is decided
 * as for every request (csr/csr.c, revoke.c), the certificate is an order (order.c); here is that
 * the same request is the same resource, and what becomes of it.
 */
#include "cmf/request.h"

#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "cmf/due.h"
#include "cmf/order.h"
#include "cmf/proof.h"
#include "csr/csr.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

enum { REASON_SUPERSEDED = 4 };

void cmf_requested_clear(struct cmf_requested *requested)
{
	store_csr_clear(&requested->csr);
	store_certificate_clear(&requested->cert);
	*requested = (struct cmf_requested){0};
}

/* --- what has become of one that is there --- */

/* The certificate that was replaced goes, if it was to and is still there. */
static int replaced_revoke(const struct cmf_call *call, const struct store_csr *csr)
{
	_cleanup_(cmf_revocation_clear) struct cmf_revocation revocation = {0};
	struct cmf_order_terms terms;
	int err;

	if (!csr->revoke_replaced || !csr->replaces_id)
		return 0;
	err = revocation_of(call, csr->replaces_id, REASON_SUPERSEDED, &revocation);
	if (err == REFUSED)
		return 0;
	return err == 0 ? cmf_order_place_revocations(call, &revocation, 1, &terms) : err;
}

static int request_fail(const struct cmf_call *call, const struct refusal *refusal,
			struct store_csr *csr)
{
	csr->state = STORE_CSR_FAILED;
	csr->until_ms = call->now_ms + call->cmf->conf->store.transaction_retention_ms;
	csr->failinfo = refusal->failinfo;
	free(csr->refusal);
	csr->refusal = strdup(refusal_code(refusal->reason));
	return csr->refusal ? store_csr_end(call->unit, csr) : -ENOMEM;
}

/* What the upstream CA granted otherwise is told beside what was changed here. */
static int changes_add(const struct cmf_call *call, const struct store_certificate *cert,
		       struct store_csr *csr)
{
	_cleanup_(freep) char *theirs = NULL, *all = NULL, *with_end = NULL;
	bool end_changed =
		csr->not_after_ms && csr->not_after_ms / 1000 != cert->not_after_ms / 1000;
	int err = ca_upstream_mods(call->reader, cert, &theirs);

	if (err == 0)
		err = cmf_mods_join(csr->changes, theirs, &all);
	if (err == 0)
		err = cmf_mods_join(all, end_changed && !all ? "notAfter changed" : NULL,
				    &with_end);
	if (err != 0)
		return err;
	free(csr->changes);
	csr->changes = TAKE(with_end);
	return 0;
}

static int request_complete(const struct cmf_call *call, const struct cmf_order *order,
			    struct store_csr *csr)
{
	const struct store_certificate *cert = &order->item[0].cert;
	int err = changes_add(call, cert, csr);

	csr->state = STORE_CSR_COMPLETED;
	csr->until_ms = cert->not_after_ms;
	if (err == 0)
		err = cmf_order_confirm(call, order, NULL, NULL);
	if (err == 0)
		err = replaced_revoke(call, csr);
	return err == 0 ? store_csr_end(call->unit, csr) : err;
}

/* What the order has come to goes into the unit, by whoever asks first or by housekeeping. */
static int order_settle(const struct cmf_call *call, struct cmf_order *order, struct store_csr *csr)
{
	struct cmf_order_item *item = &order->item[0];
	struct refusal late = REFUSAL_NULL;
	int err;

	if (item->cert.state == STORE_CERT_REQUESTED && call->now_ms < csr->until_ms)
		return 0;
	if (item->cert.state == STORE_CERT_REQUESTED) {
		(void)refuse(&late, REFUSAL_upstream_unavailable);
		err = cmf_order_withdraw(call, order);
		return err == 0 ? request_fail(call, &late, csr) : err;
	}
	if (item->cert.state != STORE_CERT_REJECTED)
		return request_complete(call, order, csr);
	err = cmf_order_state(call, order);
	return err == 0 ? request_fail(call, &item->refusal, csr) : err;
}

static int order_read(const struct cmf_call *call, int64_t certificate_id, struct cmf_order *order)
{
	int err = cmf_order_new(CMF_ORDER_CERTIFICATES, 1, order);

	if (err != 0)
		return err;
	order->item[0].certificate_id = certificate_id;
	return cmf_order_read(call, order);
}

/* Whoever calls, what happens is what the client asked for. */
static int request_settle(const struct cmf_call *call, struct cmf_requested *requested)
{
	_cleanup_(cmf_order_clear) struct cmf_order order = {0};
	struct store_csr *csr = &requested->csr;
	const struct cmf_principal client = {.kind = CMF_PRINCIPAL_CLIENT,
					     .name = csr->client,
					     .trust_domain = csr->trust_domain};
	struct refusal unused = REFUSAL_NULL;
	struct cmf_call own = *call;
	int err = order_read(call, csr->certificate_id, &order);

	own.who = &client;
	own.refusal = &unused;
	if (err == 0 && csr->state == STORE_CSR_PROCESSING)
		err = order_settle(&own, &order, csr);
	if (err != 0)
		return err;
	if (csr->state == STORE_CSR_PROCESSING && order.item[0].ca)
		requested->check_after = ca_upstream_check_after(order.item[0].ca);
	requested->cert = order.item[0].cert;
	order.item[0].cert = (struct store_certificate){0};
	return 0;
}

/* --- one that is made --- */

/* What a request is while it is decided. */
struct making {
	const struct cmf_call *call;
	const struct cmf_request *asked;
	CertificationRequest *p10;
	STACK_OF(X509_EXTENSION) * extensions;
	uint8_t digest[32];
	const char *profile_name;
	OptionalValidity validity;
	struct store_certificate old; /* to be replaced */
	struct cmf_csr csr;
	struct cmf_csr_result result;
};

static void making_clear(struct making *m)
{
	cmf_csr_result_clear(&m->result);
	store_certificate_clear(&m->old);
	ASN1_TIME_free(m->validity.notAfter);
	sk_X509_EXTENSION_pop_free(m->extensions, X509_EXTENSION_free);
	CertificationRequest_free(m->p10);
}

/* RFC 2986, and nothing behind it. */
static int pkcs10_decode(struct making *m)
{
	struct bytes der = m->asked->pkcs10;
	const uint8_t *p = der.data;

	if (der_check(der) == 0)
		m->p10 = d2i_CertificationRequest(NULL, &p, (long)der.len);
	if (m->p10 && p == der.data + der.len)
		return 0;
	ERR_clear_error();
	return refuse(m->call->refusal, REFUSAL_csr_malformed);
}

static int digest_make(struct making *m)
{
	struct bytes der = m->asked->pkcs10;

	if (EVP_Digest(der.data, der.len, m->digest, NULL, digest_by_nid(NID_sha256), NULL) != 1)
		return log_fault("digest of a certificate request", -EIO, NULL);
	return 0;
}

static int validity_make(struct making *m)
{
	if (!m->asked->not_after_ms)
		return 0;
	m->validity.notAfter = ASN1_TIME_set(NULL, (time_t)(m->asked->not_after_ms / 1000));
	if (!m->validity.notAfter) {
		ERR_clear_error();
		return refuse(m->call->refusal, REFUSAL_template_validity);
	}
	m->csr.validity = &m->validity;
	/* An upstream CA would not find it there. */
	m->csr.p10 = BYTES_NULL;
	return 0;
}

/* What the client asks for, as every door puts it; the proof comes first, as for p10cr. */
static int asked_read(struct making *m)
{
	const struct cmf_call *call = m->call;
	const struct cmf_proof proof = {&call->cmf->conf->protection, call->who, call->refusal};
	int err = pkcs10_decode(m);

	if (err == 0)
		err = digest_make(m);
	if (err == 0)
		err = cmf_proof_pkcs10(&proof, m->p10, m->asked->pkcs10, &m->csr, &m->extensions);
	if (err == 0)
		err = validity_make(m);
	m->profile_name = cert_type_name(m->asked->cert_type);
	m->csr.profile_names = &m->profile_name;
	m->csr.n_profile_names = 1;
	m->csr.profile = m->asked->profile;
	m->csr.vnfc_ids = &m->asked->vnfc_id;
	m->csr.n_vnfc_ids = m->asked->vnfc_id != NULL;
	m->csr.vnf_instances = &m->asked->vnf_instance;
	m->csr.n_vnf_instances = m->asked->vnf_instance != NULL;
	m->csr.at_once = true;
	m->csr.nonce_id = m->asked->nonce_id;
	return err;
}

/* What is unknown and what is another's cannot be told apart. */
static int old_find(struct making *m)
{
	const struct cmf_call *call = m->call;
	int err;

	if (!m->asked->replaces_id)
		return 0;
	err = certificate_update_find(call, m->asked->replaces_id, &m->old);
	if (err == REFUSED && call->refusal->reason != REFUSAL_client_not_permitted &&
	    call->refusal->reason != REFUSAL_update_not_by_holder)
		return refuse(call->refusal, REFUSAL_entity_not_authorized);
	m->csr.operation = CMF_UPDATE;
	m->csr.update.old = &m->old;
	return err;
}

static struct store_csr_same same_of(const struct making *m)
{
	return (struct store_csr_same){.client = m->call->who->name,
				       .digest = m->digest,
				       .registration_id = m->result.decision->registration.id,
				       .now_ms = m->call->now_ms};
}

static bool text_differs(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

static bool asked_otherwise(const struct cmf_request *asked, const struct store_csr *csr)
{
	return text_differs(asked->profile, csr->profile) ||
	       asked->not_after_ms != csr->not_after_ms || asked->replaces_id != csr->replaces_id;
}

static bool is_revoked(const struct store_certificate *cert)
{
	return (cert->state == STORE_CERT_REVOKED ||
		cert->state == STORE_CERT_REVOCATION_PENDING) &&
	       cmf_revocation_state(cert->reason) == STORE_CERT_REVOKED;
}

/* The same request is the same resource. 0, REFUSED, STORE_NOT_FOUND: there is none. */
static int same_find(const struct making *m, struct cmf_requested *requested)
{
	const struct cmf_call *call = m->call;
	const struct store_csr_same same = same_of(m);
	int err = store_csr_find(call->reader, &same, &requested->csr);

	if (err != 0)
		return err;
	if (asked_otherwise(m->asked, &requested->csr)) {
		requested->existing_csr_id = requested->csr.id;
		return refuse(call->refusal, REFUSAL_csr_repeated_otherwise);
	}
	err = request_settle(call, requested);
	if (err == 0 && is_revoked(&requested->cert)) {
		store_unit_clear(call->unit);
		requested->existing_certificate_id = requested->cert.id;
		return refuse(call->refusal, REFUSAL_csr_cert_revoked);
	}
	return err;
}

/* What a client makes us keep while an upstream CA decides is counted. */
static int waiting_check(const struct making *m)
{
	const struct cmf_call *call = m->call;
	uint32_t max = call->cmf->conf->cmf.transactions_max_per_client, waiting;
	int err;

	if (!m->result.waiting)
		return 0;
	err = store_csr_waiting_count(call->reader, call->who->name, max, &waiting);
	if (err == 0 && waiting >= max)
		err = refuse(call->refusal, REFUSAL_quota_transactions);
	return err;
}

/* Whoever may not revoke the old certificate is told so before there is a new one. */
static int replaced_check(const struct making *m)
{
	_cleanup_(cmf_revocation_clear) struct cmf_revocation unused = {0};
	const struct cmf_revoke revoke = {.certificate_id = m->old.id, .reason = REASON_SUPERSEDED};

	if (!m->old.id || !m->asked->revoke_replaced)
		return 0;
	return cmf_revoke_find(m->call, &revoke, NULL, 0, &unused);
}

static int text_copy(const char *text, char **copyp)
{
	return text ? text_dup(text, copyp) : 0;
}

/* The row, and the certificate, which go on to live without what they were made from. */
static int requested_fill(struct making *m, const struct cmf_order_terms *terms,
			  struct cmf_requested *requested)
{
	struct store_csr *csr = &requested->csr;
	const struct store_registration *reg = &m->result.decision->registration;
	const struct cmf_request *asked = m->asked;

	*csr = (struct store_csr){
		.state = terms->waiting ? STORE_CSR_PROCESSING : STORE_CSR_COMPLETED,
		.certificate_id = m->result.certificate.id,
		.not_after_ms = asked->not_after_ms,
		.replaces_id = asked->replaces_id,
		.revoke_replaced = asked->revoke_replaced,
		.chain_request = asked->chain_request,
		.created_ms = m->call->now_ms,
		.until_ms = terms->waiting ? m->result.confirm_by_ms
					   : m->result.certificate.not_after_ms,
		.failinfo = -1,
		.registration_id = reg->id,
		.cert_type = reg->cert_type,
		.changes = TAKE(m->result.mods),
	};
	memcpy(csr->digest, m->digest, sizeof(csr->digest));
	requested->fresh = true;
	requested->attested = m->result.attestation.verdict != STORE_ATTESTATION_NONE;
	if (terms->waiting)
		requested->check_after = ca_upstream_check_after(m->result.ca);
	if (text_dup(m->call->who->name, &csr->client) < 0 ||
	    text_copy(asked->profile, &csr->profile) < 0 ||
	    text_dup(reg->subject_id, &csr->subject_id) < 0 ||
	    text_dup(reg->vnf_instance, &csr->vnf_instance) < 0 ||
	    text_dup(reg->trust_domain, &csr->trust_domain) < 0)
		return -ENOMEM;
	requested->cert = m->result.certificate;
	m->result.certificate = (struct store_certificate){0};
	m->result.der = OCTETS_NULL;
	return 0;
}

static int request_place(struct making *m, struct cmf_requested *requested)
{
	const struct cmf_call *call = m->call;
	struct cmf_csr_result *granted = &m->result;
	const struct store_csr_same same = same_of(m);
	struct cmf_order_terms terms;
	int err = store_csr_require(call->unit, &same);

	if (err == 0)
		err = cmf_order_place_certificates(call, &granted, 1, true, &terms);
	if (err == 0)
		err = requested_fill(m, &terms, requested);
	if (err == 0)
		err = store_csr_insert(call->unit, &requested->csr, &requested->csr.id);
	if (err == 0 && !terms.waiting)
		err = replaced_revoke(call, &requested->csr);
	return err;
}

static int request_new(struct making *m, struct cmf_requested *requested)
{
	int err = m->old.id ? certificate_update_check(m->call, &m->old) : 0;

	if (err == 0)
		err = replaced_check(m);
	if (err == 0)
		err = csr_grant(&m->result);
	if (err == 0)
		err = waiting_check(m);
	return err == 0 ? request_place(m, requested) : err;
}

int cmf_request_make(const struct cmf_call *call, const struct cmf_request *request,
		     struct cmf_requested *requestedp)
{
	_cleanup_(making_clear) struct making m = {.call = call, .asked = request};
	int err = asked_read(&m);

	*requestedp = (struct cmf_requested){0};
	if (err == 0)
		err = old_find(&m);
	if (err == 0)
		err = csr_begin(call, &m.csr, &m.result);
	if (err == 0)
		err = same_find(&m, requestedp);
	return err == STORE_NOT_FOUND ? request_new(&m, requestedp) : err;
}

/* --- later --- */

int cmf_request_run(const struct cmf_call *call, int64_t certificate_id, int64_t budget_us)
{
	_cleanup_(cmf_order_clear) struct cmf_order order = {0};
	int err = order_read(call, certificate_id, &order);

	return err == 0 ? cmf_order_run(call, &order, budget_us) : err;
}

int cmf_request_read(const struct cmf_call *call, int64_t id, struct cmf_requested *requestedp)
{
	int err;

	*requestedp = (struct cmf_requested){0};
	err = store_csr_get(call->reader, id, &requestedp->csr);
	if (err != 0)
		return err;
	if (strcmp(requestedp->csr.client, call->who->name) != 0 ||
	    strcmp(requestedp->csr.trust_domain, call->who->trust_domain) != 0)
		return STORE_NOT_FOUND;
	return request_settle(call, requestedp);
}

int cmf_request_give_up(const struct cmf_call *call, int64_t id)
{
	_cleanup_(cmf_requested_clear) struct cmf_requested requested = {0};
	_cleanup_(cmf_order_clear) struct cmf_order order = {0};
	struct refusal given_up = REFUSAL_NULL;
	int err = cmf_request_read(call, id, &requested);

	if (err == 0 && requested.csr.state != STORE_CSR_PROCESSING) {
		store_unit_clear(call->unit);
		return refuse(call->refusal, REFUSAL_csr_not_processing);
	}
	(void)refuse(&given_up, REFUSAL_csr_given_up);
	if (err == 0)
		err = order_read(call, requested.csr.certificate_id, &order);
	if (err == 0)
		err = cmf_order_withdraw(call, &order);
	return err == 0 ? request_fail(call, &given_up, &requested.csr) : err;
}

struct refusal cmf_request_refusal(const struct store_csr *csr)
{
	struct refusal refusal = REFUSAL_NULL;

	(void)refuse(&refusal, refusal_by_code(csr->refusal));
	refusal.failinfo = csr->failinfo;
	return refusal;
}

/* --- housekeeping --- */

/*
 * The upstream CA has decided, or has been waited for long enough; or it can be read no longer. Who
 * asked may have been faster, and the request has ended since and stays.
 */
static int request_end(void *arg, int64_t id)
{
	const struct cmf_call *call = arg;
	_cleanup_(cmf_requested_clear) struct cmf_requested requested = {0};
	int err = store_csr_get(call->reader, id, &requested.csr);

	if (err != 0)
		return err < 0 ? err : 0;
	return requested.csr.state == STORE_CSR_PROCESSING
		       ? request_settle(call, &requested)
		       : store_csr_remove(call->unit, id, call->now_ms);
}

int requests_end(struct cmf_call *call, bool *morep)
{
	struct store_due due;
	int err = store_csr_decided(call->reader, &due);

	if (err == 0)
		err = cmf_due_end_all(call->unit, &due, request_end, call, morep);
	if (err == 0)
		err = store_csr_due(call->reader, call->now_ms, &due);
	return err == 0 ? cmf_due_end_all(call->unit, &due, request_end, call, morep) : err;
}
