// SPDX-License-Identifier: Apache-2.0
/*
 * Statements that are X.509 certificates over the attested key, as makers of tokens and HSMs have
 * them: a path to a trusted attester, the same key, and the extensions that are asked for. When it
 * was made it does not say: it has no nonce.
 */
#include "verify.h"

#include "asn1/certificate.h"
#include "asn1/der.h"

#include <errno.h>
#include <string.h>

static void x509_freep(X509 **cert)
{
	X509_free(*cert);
}

static bool has_extension(const struct certificate_view *view, const struct attest_extension *want)
{
	struct bytes in = view->extensions, list, tlv, content;
	struct extension_view extension;
	uint8_t tag;

	if (in.len == 0 || der_next(&in, &tag, &tlv, &list) < 0)
		return false;
	while (der_next(&list, &tag, &tlv, &content) == 0)
		if (extension_view(content, &extension) == 0 &&
		    bytes_equal(extension.oid, want->oid))
			return want->any_value || bytes_equal(extension.value, want->value);
	return false;
}

static int extensions_check(const struct attest_question *q, const struct certificate_view *view)
{
	for (size_t i = 0; i < q->rules->n_extensions; i++)
		if (!has_extension(view, &q->rules->extensions[i]))
			return refuse(q->refusal, REFUSAL_attestation_extension);
	return 0;
}

static int key_check(const struct attest_question *q, X509 *cert)
{
	uint8_t digest[32];
	int err = attest_cert_digest(cert, digest);

	if (err == -ENOMEM)
		return err;
	return err == 0 && memcmp(digest, q->key_digest, sizeof(digest)) == 0
		       ? 0
		       : refuse(q->refusal, REFUSAL_attestation_key_other);
}

int attest_x509_verify(const struct attest_question *q, struct attest_result *result)
{
	_cleanup_(attest_certs_free) STACK_OF(X509) *untrusted = NULL;
	_cleanup_(x509_freep) X509 *cert = NULL;
	struct certificate_view view;
	int err = certificate_view(q->stmt, &view);

	if (err == 0)
		err = attest_cert_read(q->stmt, &cert);
	if (err < 0)
		return refuse_detail(q->refusal, REFUSAL_attestation_statement_malformed,
				     "the statement is no certificate");
	err = key_check(q, cert);
	if (err == 0)
		err = extensions_check(q, &view);
	if (err == 0)
		err = attest_certs_gather(q, &untrusted);
	return err == 0 ? attest_issued_check(q, cert, untrusted, result->attester) : err;
}
