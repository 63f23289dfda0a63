// SPDX-License-Identifier: Apache-2.0
/*
 * CsrRequest, IFA 033 11.2.3.2: what its members are. What they mean together, and who may ask for
 * it, is cmf/'s: cmf/request.h.
 */
#include "nfv/csr_body.h"
#include "der_text.h"
#include "values.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

void nfv_csr_clear(struct nfv_csr *csr)
{
	octets_clear(&csr->der);
}

/* --- the PKCS#10: PEM or base64 --- */

static const char *const pkcs10_labels[] = {PEM_STRING_X509_REQ, PEM_STRING_X509_REQ_OLD, NULL};

static int pkcs10_read(struct nfv_call *call, struct nfv_csr *csr)
{
	const char *text = json_string_value(json_object_get(call->body, "csr"));
	int err;

	if (!text)
		return nfv_problem(call, 422,
				   "csr must be a text: a PKCS#10 as PEM, or its DER in "
				   "base64");
	err = json_der_read(text, pkcs10_labels, &csr->der);
	if (err == -ENOMEM)
		return nfv_fault(call, err);
	csr->request.pkcs10 = octets_view(&csr->der);
	return err ? nfv_refuse(call, REFUSAL_csr_malformed) : 0;
}

/* --- the other members --- */

static int member_problem(struct nfv_call *call, const char *name, const char *what)
{
	char detail[120];

	snprintf(detail, sizeof(detail), "%s %s", name, what);
	return nfv_problem(call, 422, detail);
}

/* NULL if it is absent. */
static int text_read(struct nfv_call *call, const char *name, const char **textp)
{
	const json_t *value = json_object_get(call->body, name);

	*textp = json_string_value(value);
	if (value && (!*textp || !**textp))
		return member_problem(call, name, "must be a text that is not empty");
	return 0;
}

static int cert_type_read(struct nfv_call *call, struct cmf_request *request)
{
	const char *text = json_string_value(json_object_get(call->body, "certType"));

	if (!text || cert_type_parse(text, &request->cert_type))
		return member_problem(call, "certType",
				      "must be MANO_CERT, VNFCI_CERT or VNFOAM_CERT");
	/* IFA 033 11.2.3.2 */
	if (request->cert_type == CERT_TYPE_VNFCI && !request->vnfc_id)
		return member_problem(call, "vnfcId", "is required for VNFCI_CERT");
	return 0;
}

/* SOL's enumeration, or whether. */
static int chain_request_read(struct nfv_call *call, struct cmf_request *request)
{
	const json_t *value = json_object_get(call->body, "certChainRequest");
	const char *text = json_string_value(value);

	request->chain_request = json_is_true(value) || (text && strcmp(text, "CHAIN") == 0);
	if (request->chain_request || json_is_false(value) ||
	    (text && strcmp(text, "NO_CHAIN") == 0))
		return 0;
	return member_problem(call, "certChainRequest",
			      "must be true, false, \"CHAIN\" or \"NO_CHAIN\"");
}

static int not_after_read(struct nfv_call *call, struct cmf_request *request)
{
	const char *text;
	int status = text_read(call, "notAfter", &text);

	if (status || !text)
		return status;
	if (json_time_parse(text, &request->not_after_ms) || request->not_after_ms <= 0)
		return member_problem(call, "notAfter",
				      "must be a time, as 2027-01-31T08:53:00Z (RFC 3339)");
	return 0;
}

static int replaces_read(struct nfv_call *call, struct cmf_request *request)
{
	const json_t *revoke = json_object_get(call->body, "revokeReplaced");
	const char *text;
	int status = text_read(call, "replaces", &text), err = 0;

	if (status)
		return status;
	if (revoke && !json_is_boolean(revoke))
		return member_problem(call, "revokeReplaced", "must be true or false");
	request->revoke_replaced = json_is_true(revoke);
	/* What is none of our identifiers is that of no certificate. */
	if (text)
		err = json_id_read(call->ids, JSON_CERTIFICATE, text, &request->replaces_id);
	return err && err != -EINVAL ? nfv_fault(call, err) : 0;
}

/* What is none of our identifiers is that of no nonce. */
static int nonce_read(struct nfv_call *call, struct cmf_request *request)
{
	const char *text;
	int status = text_read(call, "nonceId", &text), err = 0;

	if (!status && text)
		err = json_id_read(call->ids, JSON_NONCE, text, &request->nonce_id);
	return err && err != -EINVAL ? nfv_fault(call, err) : status;
}

int nfv_csr_read(struct nfv_call *call, struct nfv_csr *csrp)
{
	struct cmf_request *request = &csrp->request;
	int status;

	*csrp = (struct nfv_csr){.der = OCTETS_NULL};
	status = text_read(call, "vnfcId", &request->vnfc_id);
	if (!status)
		status = text_read(call, "vnfInstanceId", &request->vnf_instance);
	if (!status)
		status = text_read(call, "profile", &request->profile);
	if (!status)
		status = cert_type_read(call, request);
	if (!status)
		status = chain_request_read(call, request);
	if (!status)
		status = not_after_read(call, request);
	if (!status)
		status = replaces_read(call, request);
	if (!status)
		status = nonce_read(call, request);
	return status ? status : pkcs10_read(call, csrp);
}
