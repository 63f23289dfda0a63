// SPDX-License-Identifier: Apache-2.0
/*
 * Who has signed an answer, among certificates that came with it or are known: for the clients of
 * CMP, ca/upstream/ and cmfctl. The door finds the signers of requests in cmf/, which remembers
 * them.
 */
#include "message.h"

#include <errno.h>
#include <openssl/x509_vfy.h>

int cmp_extra_certs_add(const struct cmp_message *msg, size_t max, STACK_OF(X509) * certs)
{
	for (size_t i = 0; i < msg->n_extra_certs && i < max; i++) {
		struct bytes der = cmp_message_extra_cert(msg, i);
		const uint8_t *p = der.data;
		X509 *cert = d2i_X509(NULL, &p, (long)der.len);

		if (!cert || sk_X509_push(certs, cert) <= 0) {
			X509_free(cert);
			return -EBADMSG;
		}
	}
	return 0;
}

X509_NAME *cmp_sender_name(const struct cmp_message *msg)
{
	struct bytes name = cmp_directory_name(msg->sender);
	const unsigned char *p = name.data;

	return name.len ? d2i_X509_NAME(NULL, &p, (long)name.len) : NULL;
}

static bool is_named(const struct cmp_message *msg, const X509_NAME *sender, X509 *cert)
{
	const ASN1_OCTET_STRING *kid = X509_get0_subject_key_id(cert);

	if (!sender || X509_NAME_cmp(sender, X509_get_subject_name(cert)) != 0)
		return false;
	return !msg->sender_kid.data ||
	       (kid &&
		bytes_equal((struct bytes){kid->data, (size_t)kid->length}, msg->sender_kid));
}

static bool has_signed(const struct cmp_message *msg, X509 *cert)
{
	struct refusal unused = REFUSAL_NULL;
	EVP_PKEY *key = X509_get0_pubkey(cert);

	return key && (X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) &&
	       cmp_protection_verify_signature(msg, key, &unused) == 0;
}

static bool is_trusted(X509 *cert, STACK_OF(X509) * others, X509_STORE *trust, const char **whyp)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ok =
		ctx && X509_STORE_CTX_init(ctx, trust, cert, others) && X509_verify_cert(ctx) == 1;

	if (!ok)
		*whyp = X509_verify_cert_error_string(ctx ? X509_STORE_CTX_get_error(ctx)
							  : X509_V_ERR_OUT_OF_MEM);
	X509_STORE_CTX_free(ctx);
	return ok;
}

int cmp_signer_find(const struct cmp_message *msg, STACK_OF(X509) * certs, int from,
		    X509_STORE *trust, const char **whyp)
{
	X509_NAME *sender = cmp_sender_name(msg);
	int found = -1;

	for (int i = from; i < sk_X509_num(certs) && found < 0; i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (is_named(msg, sender, cert) && has_signed(msg, cert) &&
		    is_trusted(cert, certs, trust, whyp))
			found = i;
	}
	X509_NAME_free(sender);
	return found;
}
