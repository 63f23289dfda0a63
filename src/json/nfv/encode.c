// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of the store as the resources of VNF Managers, and what filters and selectors may name of
 * them. What is absent is left out: there is no null.
 */
#include "nfv/encode.h"
#include "attestation.h"

#include "asn1/certificate.h"
#include "attester.h"
#include "values.h"

#include <errno.h>

/* Adds a member, or releases the object: its new value, NULL out of memory. */
static json_t *member_add(json_t *object, const char *name, json_t *value)
{
	if (!object || json_object_set_new(object, name, value)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* vnfInstanceId, if there is one. */
static json_t *vnf_instance_add(json_t *object, const char *vnf_instance)
{
	return *vnf_instance ? member_add(object, "vnfInstanceId", json_text(vnf_instance))
			     : object;
}

/* --- registrations, IFA 033 11.2.2 --- */

static const struct nfv_attribute registration_table[] = {
	{"id", NFV_TEXT, NFV_ALWAYS},
	{"certType", NFV_TEXT, NFV_ALWAYS},
	{"subjectId", NFV_TEXT, NFV_ALWAYS},
	{"vnfInstanceId", NFV_TEXT, NFV_OPTIONAL},
	{"typeOfVnfcCertHandling", NFV_TEXT, NFV_OPTIONAL},
	{"manager", NFV_TEXT, NFV_OPTIONAL},
	{"trustDomain", NFV_TEXT, NFV_ALWAYS},
	{"ca", NFV_TEXT, NFV_ALWAYS},
	{"profile", NFV_TEXT, NFV_ALWAYS},
	{"attester", NFV_WHOLE, NFV_UNLESS_DEFAULT},
	{"state", NFV_TEXT, NFV_ALWAYS},
	{"registeredAt", NFV_TIME, NFV_ALWAYS},
	{"_links", NFV_WHOLE, NFV_ALWAYS},
};
const struct nfv_attributes nfv_registration_attributes = {registration_table,
							   ARRAY_LEN(registration_table)};

json_t *nfv_registration_json(const struct nfv_call *call, const struct store_registration *reg)
{
	const char *state = reg->state == STORE_REGISTRATION_ACTIVE ? "REGISTERED" : "DEREGISTERED";
	json_t *json = json_pack(
		"{s:o, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:{s:o}}", "id",
		nfv_id(call, JSON_REGISTRATION, reg->id), "certType",
		cert_type_stage3_name(reg->cert_type), "subjectId", json_text(reg->subject_id),
		"trustDomain", json_text(reg->trust_domain), "ca", json_text(reg->ca), "profile",
		json_text(reg->profile), "state", state, "registeredAt", json_time(reg->created_ms),
		"_links", "self", nfv_link(call, JSON_REGISTRATION, reg->id));

	json = vnf_instance_add(json, reg->vnf_instance);
	/* IFA 033 11.2.2.4: who registers becomes the manager in delegation mode. */
	if (json && reg->handling != CERT_HANDLING_DIRECT)
		json = member_add(json, "manager", json_text(reg->manager));
	if (json && reg->handling != CERT_HANDLING_NONE)
		json = member_add(json, "typeOfVnfcCertHandling",
				  json_string(reg->handling == CERT_HANDLING_DIRECT
						      ? "DIRECT_MODE"
						      : "DELEGATION_MODE"));
	return json;
}

int nfv_registration_json_complete(const struct nfv_call *call,
				   const struct store_registration *reg, json_t *json)
{
	_cleanup_(cmf_attester_clear) struct cmf_attester attester = {0};
	int err = cmf_attester_get(call->worker->reader, reg, &attester);

	if (err)
		return err == STORE_NOT_FOUND ? 0 : err;
	return json_object_set_new(json, "attester",
				   json_attester_write(&attester, &json_attester_nfv))
		       ? -ENOMEM
		       : 0;
}

/* --- certificates --- */

static const struct nfv_attribute certificate_table[] = {
	{"id", NFV_TEXT, NFV_ALWAYS},
	{"status", NFV_TEXT, NFV_ALWAYS},
	{"serialNumber", NFV_TEXT, NFV_ALWAYS},
	{"issuer", NFV_TEXT, NFV_ALWAYS},
	{"subject", NFV_TEXT, NFV_ALWAYS},
	{"notBefore", NFV_TIME, NFV_ALWAYS},
	{"notAfter", NFV_TIME, NFV_ALWAYS},
	{"certType", NFV_TEXT, NFV_ALWAYS},
	{"subjectId", NFV_TEXT, NFV_ALWAYS},
	{"vnfInstanceId", NFV_TEXT, NFV_OPTIONAL},
	{"registrationId", NFV_TEXT, NFV_ALWAYS},
	{"replacedBy", NFV_TEXT, NFV_OPTIONAL},
	{"revocation", NFV_WHOLE, NFV_OPTIONAL},
	{"revocation/reason", NFV_TEXT, NFV_ALWAYS},
	{"revocation/time", NFV_TIME, NFV_ALWAYS},
	{"attestation", NFV_WHOLE, NFV_OPTIONAL},
	{"attestation/verdict", NFV_TEXT, NFV_ALWAYS},
	{"attestation/statement", NFV_TEXT, NFV_OPTIONAL},
	{"attestation/attester", NFV_TEXT, NFV_OPTIONAL},
	{"attestation/nonce", NFV_TEXT, NFV_OPTIONAL},
	{"certificate", NFV_WHOLE, NFV_UNLESS_DEFAULT},
	{"certificateChain", NFV_WHOLE, NFV_UNLESS_DEFAULT},
	{"_links", NFV_WHOLE, NFV_ALWAYS},
};
const struct nfv_attributes nfv_certificate_attributes = {certificate_table,
							  ARRAY_LEN(certificate_table)};

/* One that an upstream CA has still to revoke is valid until it has. */
static const char *certificate_status(const struct store_certificate *cert, int64_t now_ms)
{
	switch (cert->state) {
	case STORE_CERT_REQUESTED:
	case STORE_CERT_PENDING:
		return "PENDING";
	case STORE_CERT_ACTIVE:
	case STORE_CERT_REVOCATION_PENDING:
		return cert->not_after_ms < now_ms ? "EXPIRED" : "VALID";
	case STORE_CERT_REVOKED:
	case STORE_CERT_REJECTED:
		return "REVOKED";
	case STORE_CERT_ON_HOLD:
		return "ON_HOLD";
	}
	return "";
}

static json_t *revocation_json(const struct store_certificate *cert)
{
	const char *reason = json_reason_name(cert->reason);

	return json_pack("{s:s, s:o}", "reason", reason ? reason : "unspecified", "time",
			 json_time(cert->revoked_ms));
}

static bool is_revoked(const struct store_certificate *cert)
{
	return cert->revoked_ms &&
	       (cert->state == STORE_CERT_REVOKED || cert->state == STORE_CERT_REJECTED ||
		cert->state == STORE_CERT_ON_HOLD);
}

/* The newest certificate in its place, if there is one, as identifier and link. */
static json_t *replacement_add(const struct nfv_call *call, const struct store_certificate *cert,
			       json_t *json)
{
	int64_t id;
	int err = store_certificate_replacement(call->worker->reader, cert->id, &id);

	if (err == STORE_NOT_FOUND)
		return json;
	if (err) {
		json_decref(json);
		return NULL;
	}
	if (json && json_object_set_new(json_object_get(json, "_links"), "replacedBy",
					nfv_link(call, JSON_CERTIFICATE, id))) {
		json_decref(json);
		return NULL;
	}
	return member_add(json, "replacedBy", nfv_id(call, JSON_CERTIFICATE, id));
}

/* What was made of the key attestation in its request, if there was one. */
static json_t *attestation_add(const struct nfv_call *call, const struct store_certificate *cert,
			       json_t *json)
{
	_cleanup_(store_attestation_clear) struct store_attestation attestation = {0};
	int err = store_attestation_get(call->worker->reader, cert->id, &attestation);

	if (err == STORE_NOT_FOUND)
		return json;
	if (err < 0) {
		json_decref(json);
		return NULL;
	}
	return member_add(json, "attestation", attestation_json(&attestation));
}

json_t *nfv_certificate_json(const struct nfv_call *call, const struct store_certificate *cert)
{
	struct certificate_view view = {0};
	char serial[SERIAL_HEX_SIZE];
	json_t *json;
	int err = certificate_view(octets_view(&cert->der), &view);

	if (err) {
		(void)log_fault("read a stored certificate", err, NULL);
		return NULL;
	}
	serial_hex(&cert->serial, serial);
	json = json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:{s:o, s:o}}", "id",
			 nfv_id(call, JSON_CERTIFICATE, cert->id), "status",
			 certificate_status(cert, call->now_ms), "serialNumber", serial, "issuer",
			 json_name(view.issuer), "subject", json_text(cert->subject), "notBefore",
			 json_time(cert->not_before_ms), "notAfter", json_time(cert->not_after_ms),
			 "certType", cert_type_stage3_name(cert->cert_type), "subjectId",
			 json_text(cert->subject_id), "registrationId",
			 nfv_id(call, JSON_REGISTRATION, cert->registration_id), "_links", "self",
			 nfv_link(call, JSON_CERTIFICATE, cert->id), "registration",
			 nfv_link(call, JSON_REGISTRATION, cert->registration_id));
	json = vnf_instance_add(json, cert->vnf_instance);
	if (json && is_revoked(cert))
		json = member_add(json, "revocation", revocation_json(cert));
	if (json)
		json = attestation_add(call, cert, json);
	return json ? replacement_add(call, cert, json) : NULL;
}

json_t *nfv_chain_json(const struct nfv_call *call, const char *name)
{
	const struct ca *ca = ca_find(cmf_cas(call->cmf), name);
	const struct bytes *certs = NULL;
	size_t n = ca ? ca_chain(ca, &certs) : 0;
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++) {
		if (json_array_append_new(array, json_pem(certs[i]))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

int nfv_certificate_json_complete(const struct nfv_call *call, const struct store_certificate *cert,
				  bool with_pem, bool with_chain, json_t *json)
{
	if (with_pem && json_object_set_new(json, "certificate", json_pem(octets_view(&cert->der))))
		return -ENOMEM;
	if (with_chain &&
	    json_object_set_new(json, "certificateChain", nfv_chain_json(call, cert->ca)))
		return -ENOMEM;
	return 0;
}
