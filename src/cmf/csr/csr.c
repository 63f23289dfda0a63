// SPDX-License-Identifier: Apache-2.0
/*
 * Certificate Signing Request, IFA 033 11.2.3, and key update: decides under which names and with
 * which key, and has an internal CA sign. What was decided is added to a unit when it is ordered:
 * order.c. Whether and for whom is csr_entity.c's, names are names.c's, the other fields of the
 * request template.c's.
 */
#include "csr/csr.h"

#include "archive.h"
#include "csr/attestation.h"
#include "csr/central_key.h"
#include "csr/held_names.h"
#include "csr/rsa_key.h"
#include "csr/taken.h"
#include "direct/direct.h"

#include <errno.h>
#include <string.h>

/* --- what --- */

static int key_keep(struct decision *d, const SubjectPublicKeyInfo *spki)
{
	unsigned char *der = NULL;
	int len = i2d_SubjectPublicKeyInfo(spki, &der);

	if (len <= 0)
		return -ENOMEM;
	d->spki = (struct octets){der, (size_t)len};
	return spki_digest(spki, d->key_digest);
}

/* RFC 9483 4.1.6: the last step, for it may take long. */
static int key_generate(struct decision *d)
{
	SubjectPublicKeyInfo *spki = NULL;
	int most = d->csr->central_key.strength_max, err;

	err = central_key_make(d->central, &d->generated_key);
	if (err == 0 && most && EVP_PKEY_get_security_bits(d->generated_key) > most)
		err = refuse(d->call.refusal, REFUSAL_central_key_secret_short);
	if (err == 0)
		err = spki_from_key(d->generated_key, &spki);
	if (err == 0)
		err = key_keep(d, spki);
	SubjectPublicKeyInfo_free(spki);
	return err;
}

static int key_decide(struct decision *d)
{
	int err;

	if (d->csr->central_key.wanted) {
		/* It would have to be kept until the other CA has answered. */
		if (ca_is_upstream(d->ca))
			return refuse(d->call.refusal, REFUSAL_central_key_upstream);
		err = central_key_choose(d->csr->central_key.kind, d->profile, &d->central,
					 d->call.refusal);
		if (err == 0 && d->csr->central_key.unsendable)
			err = refuse(d->call.refusal, d->csr->central_key.unsendable);
		return err;
	}
	err = template_key_check(&d->csr->key_kind, d->profile, d->call.refusal);
	if (err == 0)
		err = rsa_key_check(d->csr->spki, &d->csr->key_kind, d->conf, d->call.refusal);
	if (err == 0)
		err = key_keep(d, d->csr->spki);
	return err;
}

static struct bytes object_octets(const ASN1_OBJECT *object)
{
	return (struct bytes){OBJ_get0_data(object), OBJ_length(object)};
}

static int extensions_decide(struct decision *d)
{
	const struct extensions_question question = {
		.asked = d->csr->extensions,
		.profile = d->profile,
		.ca = d->ca,
		.spki = octets_view(&d->spki),
		.algorithm = object_octets(d->central ? central_key_object(d->central)
						      : d->csr->spki->algorithm->algorithm),
		.own_key_id = d->rules->own_key_id,
		.goes_on = decision_goes_on(d),
		.attests = d->attestation_policy != CONF_ATTESTATION_IGNORE,
	};

	return template_extensions_decide(&question, &d->mods, &d->extensions, d->call.refusal);
}

static int template_decide(struct decision *d)
{
	int err = key_decide(d);

	if (err == 0)
		err = d->rules->template(d);
	if (err == 0)
		err = template_issuer_check(d->csr->issuer, d->ca, d->call.refusal);
	if (err == 0)
		err = template_validity_decide(d->csr->validity, d->profile, d->call.now_ms,
					       &d->mods, &d->validity, d->call.refusal);
	if (err == 0)
		err = extensions_decide(d);
	return err == 0 ? d->rules->names(d) : err;
}

static struct taken_query taken_query_of(const struct decision *d)
{
	return (struct taken_query){.call = &d->call,
				    .conf = d->conf,
				    .replaces_id = d->replaces_id,
				    .registration = &d->registration,
				    .key_digest =
					    d->csr->central_key.wanted ? NULL : d->key_digest};
}

/* RFC 4211 4.2.1: whose key it is has to be who gets the certificate. */
static bool archive_names_another(const struct decision *d)
{
	const unsigned char *der;
	size_t len;

	return d->csr->archive.by_subject &&
	       (!X509_NAME_get0_der(d->csr->subject, &der, &len) ||
		!bytes_equal((struct bytes){der, len}, octets_view(&d->names.subject)));
}

static int archive_decide(struct decision *d)
{
	const struct cmf_csr *csr = d->csr;

	if (archive_names_another(d))
		return refuse(d->call.refusal, REFUSAL_archive_identifier);
	d->archives = archive_wanted(csr, d->profile);
	if (csr->archive.proves && !d->archives)
		return refuse(d->call.refusal, REFUSAL_pop_encrypted_key);
	/* RFC 4210 5.2.6: a wish. Of what goes on, the upstream CA may fulfil it. */
	if (csr->archive.wish == CMF_ARCHIVE_WANTED && !d->archives && !decision_goes_on(d))
		mods_add(&d->mods, "private key not archived", NULL);
	else if (csr->archive.wish == CMF_ARCHIVE_UNWANTED && d->archives)
		mods_add(&d->mods, "private key archived", NULL);
	return 0;
}

static bool confirms_implicitly(const struct decision *d)
{
	return d->conf->cmf.implicit_confirm && d->profile->implicit_confirm;
}

/* RFC 9483 4.1.1: whether certConf can be done without is not the requester's to say alone. */
static int confirmation_check(const struct decision *d)
{
	if (!d->csr->at_once || confirms_implicitly(d))
		return 0;
	return refuse(d->call.refusal, REFUSAL_confirmation_required);
}

static int request_decide(struct decision *d)
{
	int err = csr_profile_find(d);

	if (err == 0)
		err = confirmation_check(d);
	if (err == 0)
		err = attestation_policy_find(d);
	if (err == 0)
		err = template_decide(d);
	if (err == 0) {
		const struct taken_query query = taken_query_of(d);

		err = taken_check(&query);
	}
	if (err == 0)
		err = held_names_check(d);
	if (err == 0)
		err = archive_decide(d);
	/* Last of what is judged, for it costs verifications. */
	if (err == 0)
		err = attestation_decide(d);
	return err == 0 && d->central ? key_generate(d) : err;
}

/* --- the certificate --- */

static struct ca_request ca_request_of(const struct decision *d)
{
	return (struct ca_request){
		.subject = octets_view(&d->names.subject),
		.spki = octets_view(&d->spki),
		.san = octets_view(&d->names.san),
		.ski = octets_view(&d->key_id),
		.san_critical = d->names.subject_empty,
		.profile = d->profile,
		.extensions = d->extensions.item,
		.n_extensions = d->extensions.n,
		.not_before_ms = d->validity.not_before_ms,
		.not_after_ms = d->validity.not_after_ms,
		.not_before_exact = d->validity.not_before_asked,
		.attestation = d->forwarded_attestation,
	};
}

static int certificate_issue(struct decision *d, struct cmf_csr_result *result)
{
	struct store_certificate *cert = &result->certificate;
	struct ca_request request = ca_request_of(d);
	struct ca_issued issued = {0};
	int err = ca_path_check(d->ca, &request, d->call.refusal);

	if (err == 0)
		err = ca_issue(d->ca, &request, &issued);
	if (err != 0)
		return err;
	if (d->validity.not_before_asked && issued.not_before_ms != d->validity.not_before_ms)
		mods_add(&d->mods, "notBefore changed", NULL);
	if (issued.validity_clipped && d->validity.not_after_asked)
		mods_add(&d->mods, "validity shortened", NULL);
	else if (issued.validity_clipped)
		/* Nobody asked for more, so nobody is told. */
		log_event(LOG_LEVEL_INFO, "validity ends with the path of the CA",
			  F_TEXT("ca", ca_name(d->ca)));
	result->der = issued.der;
	issued.der = OCTETS_NULL;
	result->serial = cert->serial = issued.serial;
	cert->der = result->der; /* owned by the result */
	cert->not_before_ms = issued.not_before_ms;
	cert->not_after_ms = issued.not_after_ms;
	ca_issued_clear(&issued);
	return 0;
}

/* Fills in what the row of a certificate has, whether the CA has issued it already or not yet. */
static int certificate_describe(struct decision *d, struct cmf_csr_result *result)
{
	struct store_certificate *cert = &result->certificate;
	const struct conf_ca *conf_ca = conf_ca_find(d->conf, d->registration.ca);

	result->ca = d->ca;
	result->registers = d->registers;
	result->waiting = ca_is_upstream(d->ca);
	result->implicit_confirm = confirms_implicitly(d);
	result->at_once = d->csr->at_once;
	result->nonce_id = d->nonce_id;
	result->attestation = d->attestation;
	d->attestation = (struct store_attestation){.verdict = STORE_ATTESTATION_NONE};
	cert->cert_type = d->registration.cert_type;
	cert->not_before_ms = d->validity.not_before_ms;
	cert->not_after_ms = d->validity.not_after_ms;
	cert->created_ms = d->call.now_ms;
	cert->replaces_id = d->replaces_id;
	cert->reason = STORE_REASON_NONE;
	memcpy(cert->key_digest, d->key_digest, sizeof(cert->key_digest));
	cert->subject = TAKE(d->names.text);
	result->generated_key = TAKE(d->generated_key);
	result->confirm_by_ms = d->call.now_ms + d->conf->cmf.confirm_wait_ms;
	/* Nobody waits for it any longer once the upstream had its time. */
	if (result->waiting && conf_ca)
		result->confirm_by_ms += conf_ca->upstream_timeout_ms;
	if (text_dup(d->registration.ca, &cert->ca) < 0 ||
	    text_dup(d->call.who->name, &cert->requester) < 0 ||
	    text_dup(d->registration.subject_id, &result->subject_id) < 0 ||
	    text_dup(d->registration.vnf_instance, &result->vnf_instance) < 0)
		return -ENOMEM;
	return 0;
}

/* RFC 9483 5.2: what goes upstream as the client's own message is made by the door. */
static int forward_describe(const struct decision *d, struct cmf_csr_result *result)
{
	struct ca_request request = ca_request_of(d);
	int err;

	result->forward = decision_goes_on(d);
	/* A bundle that nobody looked at must not look as if somebody had. */
	result->unjudged =
		d->csr->unjudged || result->attestation.verdict == STORE_ATTESTATION_IGNORED;
	result->changed = !d->names.as_asked || !mods_empty(&d->mods) || result->unjudged;
	if (!result->forward)
		return 0;
	err = ca_names_encode(&request, &result->names);
	return err < 0 ? err : ca_cert_req_msg(&request, &result->template);
}

static int result_audit(const struct decision *d, const struct cmf_csr_result *result,
			const char *serial)
{
	const struct store_certificate *old =
		d->csr->operation == CMF_UPDATE ? d->csr->update.old : NULL;
	char before[CMF_FINGERPRINT_SIZE], after[CMF_FINGERPRINT_SIZE];
	const struct cmf_audit audit = {.action = d->rules->action,
					.target = result->subject_id,
					.vnf_instance = result->vnf_instance,
					.detail = result->waiting ? "asked upstream" : serial,
					.before = old ? before : NULL,
					.after = result->waiting ? NULL : after};
	int err = old ? cmf_fingerprint(octets_view(&old->der), before) : 0;

	if (err == 0 && !result->waiting)
		err = cmf_fingerprint(octets_view(&result->certificate.der), after);
	return err == 0 ? cmf_audit_add(&d->call, &audit) : err;
}

/* With its attestation, if the upstream CA is to have that. */
static struct bytes pkcs10_forwarded(const struct decision *d)
{
	return d->forwarded_attestation.len && !d->csr->unjudged ? d->csr->p10_received
								 : d->csr->p10;
}

int csr_result_add(struct cmf_csr_result *result)
{
	struct decision *d = result->decision;
	struct store_unit *unit = d->call.unit;
	const struct taken_query query = taken_query_of(d);
	const struct store_entity entity = store_registration_entity(&d->registration);
	char serial[SERIAL_HEX_SIZE];
	/* RFC 9483 4.1.3: neither expired nor revoked */
	int err = d->replaces_id ? store_certificate_require(unit, d->replaces_id) : 0;

	if (err == 0)
		err = taken_require(&query, result);
	if (err == 0 && d->registers)
		err = registrations_require(&d->call, d->registration.trust_domain, 1,
					    d->clients_generation);
	if (err == 0 && d->registers)
		err = registration_add(&d->call, &d->registration, "by ir", &d->registration.id);
	result->certificate.registration_id =
		d->registered_by ? d->registered_by->registration.id : d->registration.id;
	if (err == 0)
		err = store_certificate_insert(unit, &result->certificate, &result->certificate.id);
	if (err == 0)
		err = held_names_take(d, result->certificate.id);
	if (err == 0)
		err = attestation_add(&d->call, &result->attestation, result->subject_id,
				      result->certificate.id);
	if (err == 0 && result->waiting && !result->forward) {
		struct ca_request request = ca_request_of(d);

		/* The client's own PKCS#10 goes upstream only where all it asks for is granted. */
		if (d->names.as_asked && !result->mods)
			request.p10 = pkcs10_forwarded(d);
		err = ca_upstream_request(d->ca, &request, result->certificate.id, unit);
	}
	if (err == 0 && d->call.who->kind == CMF_PRINCIPAL_VNFCI)
		err = initial_use(&d->call, &result->certificate);
	serial_hex(&result->serial, serial);
	if (err == 0)
		err = result_audit(d, result, serial);
	if (err == 0 && result->generated_key)
		err = audit_add_entity(&d->call, "generate key", &entity, serial);
	if (err == 0 && d->archives)
		err = archive_add(&d->call,
				  result->generated_key ? result->generated_key
							: d->csr->archive.key,
				  result);
	return err;
}

int csr_begin(const struct cmf_call *call, const struct cmf_csr *csr,
	      struct cmf_csr_result *resultp)
{
	struct decision *d = malloc(sizeof(*d));
	int err;

	*resultp = (struct cmf_csr_result){.decision = d};
	if (!d)
		return -ENOMEM;
	*d = decision_of(call, csr);
	err = csr_entity_find(d);
	if (err != 0)
		cmf_csr_result_clear(resultp);
	return err;
}

int csr_grant(struct cmf_csr_result *result)
{
	struct decision *d = result->decision;
	int err = request_decide(d);

	if (err == 0)
		err = certificate_describe(d, result);
	if (err == 0)
		err = forward_describe(d, result);
	if (err == 0 && !result->waiting)
		err = certificate_issue(d, result);
	if (err == 0)
		err = mods_take(&d->mods, &result->mods);
	if (err != 0)
		cmf_csr_result_clear(result);
	return err;
}

int cmf_csr(const struct cmf_call *call, const struct cmf_csr *csr, struct cmf_csr_result *resultp)
{
	int err = csr_begin(call, csr, resultp);

	return err == 0 ? csr_grant(resultp) : err;
}

void cmf_csr_result_clear(struct cmf_csr_result *r)
{
	if (r->decision)
		decision_clear(r->decision);
	free(r->decision);
	r->certificate.der = OCTETS_NULL; /* r->der owns it */
	store_certificate_clear(&r->certificate);
	octets_clear(&r->der);
	octets_clear(&r->template);
	octets_clear(&r->names);
	store_attestation_clear(&r->attestation);
	EVP_PKEY_free(r->generated_key);
	free(r->subject_id);
	free(r->vnf_instance);
	free(r->mods);
	memset(r, 0, sizeof(*r));
}
