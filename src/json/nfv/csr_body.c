// SPDX-License-Identifier: Apache-2.0
/*
 * CsrRequest, IFA 033 11.2.3.2: what its members are. What they mean together, and who may ask for
 * it, is cmf/'s: cmf/request.h.
 */
#include "nfv/csr_body.h"
#include "values.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

void nfv_csr_clear(struct nfv_csr *csr)
{
	octets_clear(&csr->der);
}

/* --- the PKCS#10: PEM or base64 --- */

#define SPACES " \t\r\n"

static bool is_request_name(const char *name)
{
	return strcmp(name, PEM_STRING_X509_REQ) == 0 || strcmp(name, PEM_STRING_X509_REQ_OLD) == 0;
}

/* One block, and nothing behind it (RFC 7468). 0, -EINVAL or -ENOMEM. */
static int pem_decode(const char *text, struct octets *derp)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	char *name = NULL, *header = NULL, *rest;
	unsigned char *der = NULL;
	long len = 0, rest_len;
	int err = -EINVAL;

	if (!bio)
		return -ENOMEM;
	if (PEM_read_bio(bio, &name, &header, &der, &len) == 1 && is_request_name(name) &&
	    !*header) {
		rest_len = BIO_get_mem_data(bio, &rest);
		err = rest_len == (long)strspn(rest, SPACES) ? 0 : -EINVAL;
	}
	if (!err)
		*derp = (struct octets){der, (size_t)len};
	else
		OPENSSL_free(der);
	ERR_clear_error();
	OPENSSL_free(name);
	OPENSSL_free(header);
	BIO_free(bio);
	return err;
}

static int base64_decode(const char *text, struct octets *derp)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/=" SPACES;
	size_t len = strlen(text);
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	uint8_t *der = malloc(len / 4 * 3 + 3);
	int n = 0, last = 0, err = ctx && der ? -EINVAL : -ENOMEM;

	if (err == -EINVAL && strspn(text, alphabet) == len) {
		EVP_DecodeInit(ctx);
		if (EVP_DecodeUpdate(ctx, der, &n, (const unsigned char *)text, (int)len) >= 0 &&
		    EVP_DecodeFinal(ctx, der + n, &last) == 1 && n + last > 0)
			err = 0;
	}
	EVP_ENCODE_CTX_free(ctx);
	if (!err)
		*derp = (struct octets){der, (size_t)(n + last)};
	else
		free(der);
	return err;
}

static int pkcs10_read(struct nfv_call *call, struct nfv_csr *csr)
{
	const char *text = json_string_value(json_object_get(call->body, "csr"));
	int err;

	if (!text)
		return nfv_problem(call, 422,
				   "csr must be a text: a PKCS#10 as PEM, or its DER in "
				   "base64");
	text += strspn(text, SPACES);
	err = *text == '-' ? pem_decode(text, &csr->der) : base64_decode(text, &csr->der);
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
	return status ? status : pkcs10_read(call, csrp);
}
