// SPDX-License-Identifier: Apache-2.0
/*
 * p10cr: a certificate request as PKCS#10 (RFC 2986), answered by cp with certReqId -1,
 * RFC 9483 4.1.4. Its self-signature is the proof of possession.
 */
#include "door_private.h"

#include "asn1/der.h"

#include <errno.h>

/* The request as received: what the body's [4] is around. */
static struct bytes p10_der(const struct cmp_message *msg)
{
	struct bytes in = msg->body_der, tlv, content;
	uint8_t tag;

	return der_next(&in, &tag, &tlv, &content) ? BYTES_NULL : content;
}

static int request_read(struct cmp_request *rq, const CertificationRequest *req,
			STACK_OF(X509_EXTENSION) * *extensionsp, struct cmf_csr *csr)
{
	const CertificationRequestInfo *wanted = req->certificationRequestInfo;
	EVP_PKEY *key = NULL;
	int64_t version;
	int err;

	/* RFC 9483 4.1.4: version MUST be 0. */
	if (ASN1_INTEGER_get_int64(&version, wanted->version) != 1 || version != 0)
		return refuse(&rq->refusal, REFUSAL_p10_version);
	err = cmp_public_key(rq, wanted->subjectPKInfo, &key, &csr->key_kind);
	if (!err)
		err = cmp_pop_verify(rq, key, req->signatureAlgorithm, req->signature,
				     certification_request_info_der(req));
	EVP_PKEY_free(key);
	if (err)
		return err;
	err = certification_request_extensions(req, extensionsp);
	if (err == -EBADMSG)
		return refuse(&rq->refusal, REFUSAL_template_malformed);
	return err == -ENOENT ? 0 : err;
}

int cmp_p10cr_serve(struct cmp_request *rq)
{
	const CertificationRequest *req = rq->msg->body->value.p10cr;
	const struct cmp_carriers none = {.chain_request = -1};
	struct cmf_csr csr = {.subject = req->certificationRequestInfo->subject,
			      .spki = req->certificationRequestInfo->subjectPKInfo,
			      .p10 = p10_der(rq->msg)};
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	int err;

	/* RFC 9483 4.1.4: "The certReqId in the cp message MUST be -1." */
	rq->cert_req_id = -1;
	err = cmp_quota_check(rq);
	if (err)
		return err;
	rq->in_body = rq->keep_refusal = true;
	err = request_read(rq, req, &extensions, &csr);
	csr.extensions = extensions;
	if (!err)
		err = cmp_certificate_issue(rq, &csr, &none);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return err;
}
