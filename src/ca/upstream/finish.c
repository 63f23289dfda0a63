// SPDX-License-Identifier: Apache-2.0
/*
 * Beginning and end of the exchanges with an upstream CA, in the store.
 *
 * A revocation that the upstream refuses: certRevoked is what we want; badCertId means that it does
 * not have the certificate, so there is nothing to be revoked there and ours counts as revoked; any
 * other refusal is asked for again, ever less often, in a new exchange, since somebody has to
 * change something there first. A hold that the upstream does not take back (removeFromCRL) stays.
 */
#include "asn1/certificate.h"
#include "upstream.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Also of what is retried for ever. */
enum { PAUSE_MAX_MS = 3600 * 1000 };

int64_t upstream_pause_ms(const struct ca *ca, const struct store_exchange *e, int64_t floor_ms)
{
	int64_t pause = (clock_now_ms(ca->set->clock) - e->created_ms) / 8;

	if (pause > PAUSE_MAX_MS)
		pause = PAUSE_MAX_MS;
	return pause > floor_ms ? pause : floor_ms;
}

/* --- beginning --- */

static int exchange_add(const struct ca *ca, enum store_exchange_kind kind, int64_t certificate_id,
			const struct octets *request, int failinfo, int64_t created_ms,
			int64_t next_ms, struct store_unit *unit, int64_t *idp)
{
	struct store_exchange e = {
		.kind = kind,
		.state = STORE_EXCHANGE_OPEN,
		.ca = ca->conf->name,
		.certificate_id = certificate_id,
		.request = *request,
		.failinfo = failinfo,
		.next_ms = next_ms,
		.created_ms = created_ms,
	};

	if (kind != STORE_EXCHANGE_REVOKE)
		e.deadline_ms = created_ms + ca->conf->upstream_timeout_ms;
	return store_exchange_insert(unit, &e, idp);
}

int ca_upstream_request(struct ca *ca, const struct ca_request *request, int64_t certificate_id,
			struct store_unit *unit)
{
	_cleanup_(octets_clear) struct octets encoded = OCTETS_NULL;
	int64_t now_ms = clock_now_ms(ca->set->clock);
	int err;

	assert(ca->upstream);
	err = exchange_request_encode(request, ca->conf->request, &encoded);
	if (err == 0)
		err = exchange_add(ca, STORE_EXCHANGE_ISSUE, certificate_id, &encoded, -1, now_ms,
				   now_ms, unit, NULL);
	return err < 0 ? log_fault("preparing a request to an upstream CA", err, ca->conf->name)
		       : 0;
}

int ca_upstream_forward(struct ca *ca, const struct ca_forward *forward, struct store_unit *unit)
{
	_cleanup_(octets_clear) struct octets encoded = OCTETS_NULL;
	int64_t now_ms = clock_now_ms(ca->set->clock);
	int64_t created_ms = forward->created_ms ? forward->created_ms : now_ms, id = 0;
	int err = exchange_request_encode_forward(forward->to, forward->names, forward->message,
						  &encoded);

	assert(ca->upstream);
	/* One at a time: what said `waiting` gives way to the client's pollReq. */
	if (err == 0 && forward->previous_id)
		err = store_exchange_finish(unit, forward->previous_id, STORE_EXCHANGE_DONE, -1,
					    NULL);
	if (err == 0)
		err = exchange_add(ca, forward->kind, forward->certificate_id, &encoded, -1,
				   created_ms, now_ms, unit, &id);
	if (err == 0)
		err = exchange_claim_new(ca, id, unit);
	return err < 0 ? log_fault("passing a message on to an upstream CA", err, ca->conf->name)
		       : 0;
}

static int revocation_add(const struct ca *ca, int64_t certificate_id, int reason,
			  enum store_certificate_state to, struct bytes certificate,
			  struct store_unit *unit)
{
	_cleanup_(octets_clear) struct octets encoded = OCTETS_NULL;
	int64_t now_ms = clock_now_ms(ca->set->clock);
	int err = exchange_request_encode_revoke(reason, to, certificate, &encoded);

	if (err == 0)
		err = exchange_add(ca, STORE_EXCHANGE_REVOKE, certificate_id, &encoded, -1, now_ms,
				   now_ms, unit, NULL);
	return err < 0 ? log_fault("preparing a revocation by an upstream CA", err, ca->conf->name)
		       : 0;
}

int ca_upstream_revoke_forward(struct ca *ca, const struct store_certificate *cert,
			       enum store_certificate_state to, int reason, struct bytes message,
			       struct store_unit *unit)
{
	const struct ca_forward forward = {.kind = STORE_EXCHANGE_REVOKE_FORWARD,
					   .message = message,
					   .to = to,
					   .certificate_id = cert->id};
	int err =
		store_certificate_revoke(unit, cert->id, cert->state, STORE_CERT_REVOCATION_PENDING,
					 reason, clock_now_ms(ca->set->clock));

	if (err < 0)
		return log_fault("preparing a revocation by an upstream CA", err, ca->conf->name);
	return ca_upstream_forward(ca, &forward, unit);
}

int upstream_revoke_add(const struct ca *ca, const struct store_certificate *cert,
			enum store_certificate_state to, int reason, struct store_unit *unit)
{
	int err =
		store_certificate_revoke(unit, cert->id, cert->state, STORE_CERT_REVOCATION_PENDING,
					 reason, clock_now_ms(ca->set->clock));

	if (err < 0)
		return log_fault("preparing a revocation by an upstream CA", err, ca->conf->name);
	return revocation_add(ca, cert->id, reason, to, BYTES_NULL, unit);
}

int upstream_require_deadline(struct exchange *x, const struct store_exchange *e)
{
	return e->kind == STORE_EXCHANGE_REVOKE
		       ? store_exchange_require_deadline(x->unit, e->id, e->deadline_ms)
		       : 0;
}

/* result->reason: who refused, if it was not the upstream. */
static int exchange_end(struct exchange *x, const struct store_exchange *e, bool done, int failinfo,
			const struct exchange_result *result)
{
	return store_exchange_finish(
		x->unit, e->id, done ? STORE_EXCHANGE_DONE : STORE_EXCHANGE_FAILED, failinfo,
		done || result->reason == REFUSAL_NONE ? NULL : refusal_code(result->reason));
}

/* --- why one failed --- */

static bool is_revocation(const struct store_exchange *e)
{
	return e->kind == STORE_EXCHANGE_REVOKE || e->kind == STORE_EXCHANGE_REVOKE_FORWARD;
}

static const char *refusal_event(const struct store_exchange *e,
				 const struct exchange_result *result)
{
	if (result->reason != REFUSAL_NONE)
		return result->cert ? "upstream certificate declined" : "upstream request failed";
	return is_revocation(e) ? "upstream rejected a revocation" : "upstream rejected a request";
}

static void log_refusal(struct exchange *x, const struct store_exchange *e,
			const struct exchange_result *result)
{
	_cleanup_(freep) char *subject = result->cert ? x509_subject_text(result->cert) : NULL;
	bool by_upstream = result->reason == REFUSAL_NONE;

	log_event(LOG_LEVEL_WARNING, refusal_event(e, result), F_TEXT("ca", x->ca->conf->name),
		  F_INT("certificate", e->certificate_id),
		  F_TEXT("reason", by_upstream ? NULL : refusal_code(result->reason)),
		  F_TEXT("failInfo", by_upstream ? failinfo_name(result->failinfo) : NULL),
		  F_TEXT("status", by_upstream ? x->status_text : NULL), F_TEXT("subject", subject),
		  F_INT("http_status", x->http_status));
}

/* --- end of a request for a certificate --- */

/* What store_certificate_fill() needs, for a row that was read before. */
static int certificate_fill(struct store_certificate *row, X509 *cert)
{
	struct certificate_view view;
	int err;

	octets_clear(&row->der);
	err = certificate_encode(cert, &row->der);
	if (err == 0)
		err = certificate_view(octets_view(&row->der), &view);
	if (err < 0)
		return err;
	err = serial_of_content(view.serial, &row->serial);
	if (err < 0)
		return err;
	free(row->subject);
	row->subject = x509_subject_text(cert);
	if (!row->subject)
		return -ENOMEM;
	row->not_before_ms = view.not_before_ms;
	row->not_after_ms = view.not_after_ms;
	row->state = STORE_CERT_PENDING;
	return 0;
}

/* For a certificate that nobody wants any more. */
static int issued_in_vain(struct exchange *x, const struct store_exchange *e, X509 *cert)
{
	_cleanup_(octets_clear) struct octets der = OCTETS_NULL;
	int err = certificate_encode(cert, &der);

	return err < 0 ? err
		       : revocation_add(x->ca, e->certificate_id, STORE_REASON_NONE,
					STORE_CERT_REJECTED, octets_view(&der), x->unit);
}

/* The upstream has heard that we do not accept it: then it revokes the certificate by itself. */
static bool is_upstream_informed(const struct exchange *x)
{
	return x->confirmed && !x->accepted;
}

/*
 * The certificate gets its names, which the upstream may have made others than what was asked for.
 * *heldp: one of them is another entity's under this CA, RFC 5280 4.1.2.6; then nothing is added.
 */
static int names_take(struct exchange *x, const struct store_certificate *row,
		      struct store_reader *reader, bool *heldp)
{
	const struct store_entity entity = store_certificate_entity(row);
	_cleanup_(name_keys_clear) struct name_keys keys = {0};
	_cleanup_(freep) int64_t *released = NULL;
	int64_t now_ms = clock_now_ms(x->ca->set->clock);
	int err = name_keys_of_certificate(row->ca, octets_view(&row->der), &keys);

	*heldp = false;
	if (err < 0 || keys.len == 0)
		return err;
	released = calloc(keys.len, sizeof(*released));
	if (!released)
		return -ENOMEM;
	for (size_t i = 0; err == 0 && !*heldp && i < keys.len; i++)
		err = ca_name_held(reader, &keys.item[i], &entity, now_ms, heldp, &released[i]);
	if (err < 0 || *heldp)
		return err;
	return store_held_name_take(x->unit, &keys, released, row->id, &entity);
}

static int issue_granted(struct exchange *x, const struct store_exchange *e,
			 struct exchange_result *result, struct store_certificate *row,
			 struct store_reader *reader)
{
	bool held = false;
	int err = certificate_fill(row, result->cert);

	if (err == 0)
		err = names_take(x, row, reader, &held);
	if (err == 0 && !held)
		err = store_certificate_fill(x->unit, row);
	if (err < 0 || !held)
		return err < 0 ? err : exchange_end(x, e, true, -1, result);
	result->outcome = EXCHANGE_REFUSED;
	result->reason = REFUSAL_upstream_cert_names;
	err = issued_in_vain(x, e, result->cert);
	if (err == 0)
		err = store_certificate_set_state(x->unit, row->id, STORE_CERT_REQUESTED,
						  STORE_CERT_REJECTED);
	return err == 0 ? exchange_end(x, e, false, -1, result) : err;
}

static int issue_finish(struct exchange *x, const struct store_exchange *e,
			struct exchange_result *result, struct store_certificate *row,
			struct store_reader *reader)
{
	bool wanted = row->state == STORE_CERT_REQUESTED;
	bool granted = result->outcome == EXCHANGE_GRANTED;
	int err = 0;

	if (granted && wanted)
		return issue_granted(x, e, result, row, reader);
	if (result->cert && (granted || !is_upstream_informed(x)))
		err = issued_in_vain(x, e, result->cert);
	if (err == 0 && !granted && wanted)
		err = store_certificate_set_state(x->unit, row->id, STORE_CERT_REQUESTED,
						  STORE_CERT_REJECTED);
	if (err < 0)
		return err;
	return exchange_end(x, e, false, granted ? -1 : result->failinfo, result);
}

/* --- end of a certConf that is passed on --- */

static int confirm_audit(struct exchange *x, const struct store_certificate *row)
{
	char serial[SERIAL_HEX_SIZE];
	const struct store_audit audit = {
		.time_ms = clock_now_ms(x->ca->set->clock),
		.actor = row->requester,
		.action = x->request.to == STORE_CERT_ACTIVE ? "confirm" : "reject",
		.target = row->subject_id ? row->subject_id : row->ca,
		.vnf_instance = row->vnf_instance,
		.detail = serial,
	};

	serial_hex(&row->serial, serial);
	return store_audit_add(x->unit, &audit);
}

/* The certificate follows what the upstream makes of it. */
static int confirm_finish(struct exchange *x, const struct store_exchange *e,
			  const struct exchange_result *result, const struct store_certificate *row)
{
	bool granted = result->outcome == EXCHANGE_GRANTED;
	int err = 0;

	if (granted && row->state == STORE_CERT_PENDING) {
		if (x->request.to == STORE_CERT_ACTIVE)
			err = store_certificate_set_state(x->unit, row->id, STORE_CERT_PENDING,
							  STORE_CERT_ACTIVE);
		else
			err = store_certificate_revoke(x->unit, row->id, STORE_CERT_PENDING,
						       STORE_CERT_REJECTED, 0,
						       clock_now_ms(x->ca->set->clock));
		if (err == 0)
			err = confirm_audit(x, row);
	}
	if (err < 0)
		return err;
	return exchange_end(x, e, granted, granted ? -1 : result->failinfo, result);
}

/* --- end of a revocation --- */

bool upstream_is_moot(const struct ca *ca, const struct store_exchange *e,
		      const struct store_certificate *cert)
{
	int64_t now_ms = clock_now_ms(ca->set->clock);

	if (!is_revocation(e))
		return false;
	/* Of one that was never taken here no notAfter is known. Only giving up sets a deadline, by
	 * the clock of the node where that was done. */
	return (cert->not_after_ms > 0 && cert->not_after_ms <= now_ms) ||
	       (e->kind == STORE_EXCHANGE_REVOKE && e->deadline_ms > 0);
}

/* With the failInfo of now, for who asks meanwhile. */
static int revoke_again(struct exchange *x, const struct store_exchange *e, int failinfo)
{
	const struct ca *ca = x->ca;
	int64_t pause_ms = upstream_pause_ms(ca, e, ca->conf->upstream_retry_ms);

	return exchange_add(ca, STORE_EXCHANGE_REVOKE, e->certificate_id, &e->request, failinfo,
			    e->created_ms, clock_now_ms(ca->set->clock) + pause_ms, x->unit, NULL);
}

/* An rr of ours takes over from a client's. */
static int revoke_ourselves(struct exchange *x, const struct store_exchange *e, int failinfo,
			    const struct store_certificate *row)
{
	_cleanup_(octets_clear) struct octets request = OCTETS_NULL;
	const struct ca *ca = x->ca;
	int64_t now_ms = clock_now_ms(ca->set->clock);
	int err = exchange_request_encode_revoke(row->reason, x->request.to, BYTES_NULL, &request);

	if (err < 0)
		return err;
	return exchange_add(ca, STORE_EXCHANGE_REVOKE, e->certificate_id, &request, failinfo,
			    now_ms, now_ms + ca->conf->upstream_retry_ms, x->unit, NULL);
}

/* The upstream has done it, or says why there is nothing to be done. */
static int revoke_end(struct exchange *x, const struct store_certificate *row,
		      const struct exchange_result *result)
{
	const enum store_certificate_state from = STORE_CERT_REVOCATION_PENDING;
	enum store_certificate_state to = x->request.to;
	bool granted = result->outcome == EXCHANGE_GRANTED;

	if (to == STORE_CERT_ACTIVE && granted)
		return store_certificate_release(x->unit, row->id, from,
						 clock_now_ms(x->ca->set->clock));
	if (to == STORE_CERT_ACTIVE)
		return store_certificate_revoke(x->unit, row->id, from, STORE_CERT_ON_HOLD,
						STORE_REASON_HOLD, row->revoked_ms);
	/* What is revoked there already, or unknown, cannot be taken back there. */
	if (to == STORE_CERT_ON_HOLD && !granted)
		to = STORE_CERT_REVOKED;
	return store_certificate_set_state(x->unit, row->id, from, to);
}

static int revoke_finish(struct exchange *x, const struct store_exchange *e,
			 const struct exchange_result *result, const struct store_certificate *row)
{
	bool release = x->request.to == STORE_CERT_ACTIVE;
	bool revoked = result->outcome == EXCHANGE_GRANTED ||
		       (result->failinfo == FAIL_CERT_REVOKED && !release);
	bool moot = upstream_is_moot(x->ca, e, row);
	bool ended = revoked || moot || result->failinfo == FAIL_BAD_CERT_ID || release;
	int err = 0;

	if (!ended && e->kind == STORE_EXCHANGE_REVOKE)
		err = revoke_again(x, e, result->failinfo);
	else if (!ended)
		err = revoke_ourselves(x, e, result->failinfo, row);
	else if (row->state == STORE_CERT_REVOCATION_PENDING)
		err = revoke_end(x, row, result);
	if (err < 0)
		return err;
	return exchange_end(x, e, revoked, revoked ? -1 : result->failinfo, result);
}

/* --- both --- */

/* What is granted may be refused here. */
static int finish_by_kind(struct exchange *x, const struct store_exchange *e,
			  struct exchange_result *result, struct store_certificate *row,
			  struct store_reader *reader)
{
	switch (e->kind) {
	case STORE_EXCHANGE_ISSUE:
		return issue_finish(x, e, result, row, reader);
	case STORE_EXCHANGE_CONFIRM:
		return confirm_finish(x, e, result, row);
	case STORE_EXCHANGE_REVOKE:
	case STORE_EXCHANGE_REVOKE_FORWARD:
	default:
		return revoke_finish(x, e, result, row);
	}
}

int upstream_finish(struct exchange *x, const struct store_exchange *e,
		    const struct exchange_result *result, struct store_reader *reader)
{
	_cleanup_(store_certificate_clear) struct store_certificate row = {0};
	struct exchange_result decided = *result;
	int err = store_certificate_get(reader, e->certificate_id, &row);

	if (err != 0)
		return err < 0 ? err
			       : log_fault("reading the certificate of an exchange", -ENOENT,
					   x->ca->conf->name);
	err = exchange_add_answer(x, false);
	if (err == 0)
		err = upstream_require_deadline(x, e);
	if (err == 0)
		err = finish_by_kind(x, e, &decided, &row, reader);
	if (err != 0)
		return log_fault("ending an exchange with an upstream CA", err, x->ca->conf->name);
	err = exchange_commit(x);
	/* Where that conflicts it is decided again. */
	if (err == 0 && decided.outcome == EXCHANGE_REFUSED)
		log_refusal(x, e, &decided);
	return err;
}
