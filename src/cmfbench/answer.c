// SPDX-License-Identifier: Apache-2.0
/*
 * Checks of every answer: transaction, nonces, protection, status, and that the certificate is for
 * the key asked for and signed by its issuer. A server that is fast and wrong is not fast.
 */
#include "asn1/certificate.h"
#include "asn1/der.h"
#include "base/error.h"
#include "client.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <string.h>

int bench_fail(struct bench_failure *failurep, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(failurep->kind, sizeof(failurep->kind), fmt, args);
	va_end(args);
	return -1;
}

static int fail_status(struct bench_failure *failurep, const PKIStatusInfo *info)
{
	long status = info ? ASN1_INTEGER_get(info->status) : -1;

	if (status == PKI_STATUS_WAITING)
		return bench_fail(failurep, "waiting (polling is not measured)");
	for (int bit = 0; info && info->failInfo && bit < FAIL_COUNT; bit++)
		if (ASN1_BIT_STRING_get_bit(info->failInfo, bit))
			return bench_fail(failurep, "rejected: %s", failinfo_name(bit));
	return bench_fail(failurep, "status %ld", status);
}

int bench_fail_body(struct bench_failure *failurep, const struct cmp_message *msg)
{
	if (msg->body_type == PKI_BODY_ERROR && msg->body)
		return fail_status(failurep, msg->body->value.error->pKIStatusInfo);
	return bench_fail(failurep, "unexpected answer: %s", pki_body_type_name(msg->body_type));
}

static int key_of_certificate(struct bytes cert, EVP_PKEY **keyp)
{
	SubjectPublicKeyInfo *spki;
	struct certificate_view view;
	struct spki_kind kind;
	const unsigned char *p;
	int err;

	err = certificate_view(cert, &view);
	if (err)
		return err;
	p = view.spki.data;
	spki = d2i_SubjectPublicKeyInfo(NULL, &p, (long)view.spki.len);
	err = spki ? spki_key(spki, keyp, &kind) : -EBADMSG;
	SubjectPublicKeyInfo_free(spki);
	return err;
}

static X509 *parse_certificate(struct bytes der)
{
	const unsigned char *p = der.data;

	return d2i_X509(NULL, &p, (long)der.len);
}

/* Certificates that came with an answer. */
struct others {
	struct bytes cert[BENCH_CHAIN_MAX];
	size_t n;
};

/* The first extraCerts; a server whose path is longer than that is not measured. */
static struct others extra_certs_of(const struct cmp_message *msg)
{
	struct others others = {.n = 0};

	for (size_t i = 0; i < msg->n_extra_certs && others.n < ARRAY_LEN(others.cert); i++)
		others.cert[others.n++] = cmp_message_extra_cert(msg, i);
	return others;
}

/* Path of a certificate up to the trust anchors, once per certificate. */
static int path_check(const struct bench_setup *s, const struct bytes *came, size_t n_came,
		      struct bytes cert)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *leaf = parse_certificate(cert), *other;
	int ok = ctx && others && leaf;

	for (size_t i = 0; ok && i < n_came; i++) {
		other = parse_certificate(came[i]);
		if (other && !sk_X509_push(others, other))
			X509_free(other);
	}
	ok = ok && X509_STORE_CTX_init(ctx, s->trusted, leaf, others) && X509_verify_cert(ctx) == 1;
	X509_STORE_CTX_free(ctx);
	sk_X509_pop_free(others, X509_free);
	X509_free(leaf);
	ERR_clear_error();
	return ok ? 0 : -EACCES;
}

/* Makes `known` the key of that certificate, which others came with; checked once, remembered. */
static int known_key_use(struct bench_client *c, const struct bytes *came, size_t n_came,
			 struct bytes cert, struct bench_known_key *known)
{
	int err;

	if (bytes_equal(cert, octets_view(&known->certificate)))
		return 0;
	EVP_PKEY_free(known->key);
	known->key = NULL;
	octets_clear(&known->certificate);
	err = c->setup->trusted ? path_check(c->setup, came, n_came, cert) : 0;
	if (!err)
		err = key_of_certificate(cert, &known->key);
	return err ? err : octets_dup(cert, &known->certificate);
}

static int protection_check(struct bench_client *c, const struct cmp_message *msg,
			    struct refusal *refusal)
{
	static const struct cmp_mac_policy policy = {100, 1000000};
	int err;

	if (cmp_message_protection_kind(msg) == CMP_PROTECTION_MAC)
		return cmp_protection_verify_mac(msg, octets_view(&c->setup->secret), &policy,
						 refusal);
	/* RFC 9483 3.3: the certificate of the signer comes first; later answers may leave it out.
	 */
	if (msg->n_extra_certs) {
		struct others others = extra_certs_of(msg);

		err = known_key_use(c, others.cert, others.n, others.cert[0], &c->server);
		if (err)
			return err;
	}
	return c->server.key ? cmp_protection_verify_signature(msg, c->server.key, refusal)
			     : -ENOKEY;
}

int bench_answer_check(struct bench_client *c, const struct cmp_message *msg,
		       struct bench_transaction *t, struct bench_failure *failurep)
{
	struct refusal refusal = REFUSAL_NULL;
	int err;

	if (!bytes_equal(msg->transaction_id, BYTES_OF(t->id)))
		return bench_fail(failurep, "wrong transactionID");
	if (!bytes_equal(msg->recip_nonce, BYTES_OF(t->nonce)))
		return bench_fail(failurep, "wrong recipNonce");
	if (msg->sender_nonce.len < CMP_NONCE_LEN)
		return bench_fail(failurep, "short senderNonce");
	if (cmp_message_protection_kind(msg) == CMP_PROTECTION_NONE)
		return bench_fail(failurep, "answer without protection");
	if (cmp_message_protection_kind(msg) == CMP_PROTECTION_MAC && t->credential->signer)
		return bench_fail(failurep, "wrong kind of protection");
	err = protection_check(c, msg, &refusal);
	if (err)
		return bench_fail(failurep, "protection: %s",
				  err == REFUSED ? refusal_code(refusal.reason) : error_text(err));
	octets_clear(&t->server_nonce);
	if (octets_dup(msg->sender_nonce, &t->server_nonce))
		return bench_fail(failurep, "out of memory");
	return 0;
}

/* The certificate whose subject is that name, among extraCerts and caPubs. */
static struct bytes issuer_find(const struct cmp_message *msg, const CertRepMessage *rep,
				struct bytes name)
{
	struct certificate_view view;

	for (size_t i = 0; i < msg->n_extra_certs; i++) {
		struct bytes cert = cmp_message_extra_cert(msg, i);

		if (!certificate_view(cert, &view) && bytes_equal(view.subject, name))
			return cert;
	}
	for (int i = 0; i < sk_ASN1_TYPE_num(rep->caPubs); i++) {
		const ASN1_STRING *s = sk_ASN1_TYPE_value(rep->caPubs, i)->value.asn1_string;
		struct bytes cert = {s->data, (size_t)s->length};

		if (!certificate_view(cert, &view) && bytes_equal(view.subject, name))
			return cert;
	}
	return BYTES_NULL;
}

/* The signature with the key of the issuer, whose certificate came with others. */
static int issuer_check(struct bench_client *c, const struct certificate_view *view,
			const struct bytes *came, size_t n_came, struct bytes issuer)
{
	struct bytes content = view->der, rest, tlv, value;
	X509_ALGOR *algorithm = NULL;
	enum signature_result result = SIGNATURE_WRONG;
	const unsigned char *p = view->signature_algorithm.data;
	uint8_t tag;
	int err;

	err = known_key_use(c, came, n_came, issuer, &c->issuer);
	if (err)
		return err;
	/* Certificate ::= SEQUENCE { tbs, signatureAlgorithm, signature BIT STRING } */
	err = der_next(&content, &tag, &tlv, &rest);
	for (int i = 0; i < 3 && !err; i++)
		err = der_next(&rest, &tag, &tlv, &value);
	algorithm = err ? NULL : d2i_X509_ALGOR(NULL, &p, (long)view->signature_algorithm.len);
	if (!algorithm || value.len < 2)
		err = err ? err : -EBADMSG;
	else
		err = signature_verify(c->issuer.key, algorithm, view->tbs,
				       (struct bytes){value.data + 1, value.len - 1}, &result);
	X509_ALGOR_free(algorithm);
	return err ? err : result == SIGNATURE_OK ? 0 : -EBADMSG;
}

/* The CertResponse to a request; NULL: there is none. */
static const CertResponse *response_find(const struct cmp_message *msg, int64_t cert_req_id)
{
	const STACK_OF(CertResponse) *responses = msg->body->value.certRepMessage->response;
	int64_t id;

	for (int i = 0; i < sk_CertResponse_num(responses); i++)
		if (ASN1_INTEGER_get_int64(&id, sk_CertResponse_value(responses, i)->certReqId) ==
			    1 &&
		    id == cert_req_id)
			return sk_CertResponse_value(responses, i);
	return NULL;
}

int bench_certificate_check(struct bench_client *c, const struct bench_transaction *t,
			    const struct bytes *came, size_t n_came, struct bytes issuer,
			    struct bench_failure *failurep)
{
	struct certificate_view view;
	unsigned char *spki = NULL;
	bool same;
	int err, len;

	if (certificate_view(octets_view(&t->certificate), &view))
		return bench_fail(failurep, "malformed certificate");
	len = i2d_SubjectPublicKeyInfo(t->spki, &spki);
	same = len > 0 && bytes_equal(view.spki, (struct bytes){spki, (size_t)len});
	OPENSSL_free(spki);
	if (!same)
		return bench_fail(failurep, "certificate for another key");
	err = issuer.len ? issuer_check(c, &view, came, n_came, issuer) : -ENOENT;
	if (err)
		return bench_fail(failurep, "certificate: issuer not verified (%s)",
				  error_text(err));
	return 0;
}

int bench_answer_certificate(struct bench_client *c, const struct cmp_message *msg,
			     struct bench_transaction *t, struct bench_failure *failurep)
{
	const CertResponse *r = response_find(msg, t->cert_req_id);
	struct others others = extra_certs_of(msg);
	struct certificate_view view;
	const ASN1_STRING *cert;
	long status;

	if (!r)
		return bench_fail(failurep, "no CertResponse for the request");
	status = ASN1_INTEGER_get(r->status->status);
	if (status != PKI_STATUS_ACCEPTED && status != PKI_STATUS_GRANTED_WITH_MODS)
		return fail_status(failurep, r->status);
	if (!r->certifiedKeyPair ||
	    r->certifiedKeyPair->certOrEncCert->type != CERT_OR_ENC_CERT_CERTIFICATE)
		return bench_fail(failurep, "no certificate");
	cert = r->certifiedKeyPair->certOrEncCert->value.certificate->value.asn1_string;
	if (octets_dup((struct bytes){cert->data, (size_t)cert->length}, &t->certificate) ||
	    certificate_view(octets_view(&t->certificate), &view))
		return bench_fail(failurep, "malformed certificate");
	return bench_certificate_check(
		c, t, others.cert, others.n,
		issuer_find(msg, msg->body->value.certRepMessage, view.issuer), failurep);
}
