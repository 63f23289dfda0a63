// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of the message layer: decoding, what is read from a decoded message before anyone is
 * trusted, and verification of its protection. What is accepted would be encoded again as it came,
 * and what would be, is accepted.
 */
#include "../unit/reencode.h"
#include "asn1/certificate.h"
#include "message.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Larger keys and iteration counts only cost time. */
#define VERIFY_BITS_MAX 4096
static const struct cmp_mac_policy mac_policy = {100, 500};

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void key_read(const SubjectPublicKeyInfo *spki)
{
	struct spki_kind kind;
	EVP_PKEY *key = NULL;

	if (spki && spki_key(spki, &key, &kind) == 0)
		MUST(kind.bits > 0);
	EVP_PKEY_free(key);
}

static void body_read(const PKIBody *body)
{
	STACK_OF(X509_EXTENSION) *extensions = NULL;

	if (body->type == PKI_BODY_IR || body->type == PKI_BODY_CR || body->type == PKI_BODY_KUR) {
		CertReqMessages *requests = body->value.certReqMessages;

		for (int i = 0; i < sk_CertReqMsg_num(requests); i++) {
			const CertRequest *request = sk_CertReqMsg_value(requests, i)->certReq;

			MUST(cert_request_der(request).len > 0);
			key_read(request->certTemplate->publicKey);
		}
	} else if (body->type == PKI_BODY_P10CR) {
		MUST(certification_request_info_der(body->value.p10cr).len > 0);
		key_read(body->value.p10cr->certificationRequestInfo->subjectPKInfo);
		if (certification_request_extensions(body->value.p10cr, &extensions) == 0)
			sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	}
}

static void protection_verify(const struct cmp_message *msg)
{
	struct refusal refusal = REFUSAL_NULL;
	struct certificate_view v;
	struct spki_kind kind;
	EVP_PKEY *key = NULL;

	MUST(cmp_protection_verify_mac(msg, bytes_of_string("vector-secret"), &mac_policy,
				       &refusal) >= 0);
	if (certificate_view(cmp_message_extra_cert(msg, 0), &v) == 0 &&
	    spki_key_from_der(v.spki, &key, &kind) == 0 && kind.bits <= VERIFY_BITS_MAX)
		MUST(cmp_protection_verify_signature(msg, key, &refusal) >= 0);
	EVP_PKEY_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal refusal = REFUSAL_NULL;
	int err = cmp_message_decode((struct bytes){data, size}, &msg, &refusal);

	MUST(err >= 0 && (err || msg));
	MUST(ERR_peek_error() == 0);
	MUST(judged_alike((struct bytes){data, size}));
	if (!msg)
		return 0;
	(void)cmp_message_general_info(msg, OBJ_nid2obj(NID_id_it_implicitConfirm));
	(void)cmp_message_protection_kind(msg);
	protection_verify(msg);
	if (msg->body)
		body_read(msg->body);
	ERR_clear_error();
	return 0;
}
