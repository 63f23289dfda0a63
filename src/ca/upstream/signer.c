// SPDX-License-Identifier: Apache-2.0
/*
 * Whose answers from an upstream CA count: certificates that the signer may be among, and what it
 * needs beside a path to a trust anchor. Verifying protection and path is OpenSSL's. See
 * exchange.h.
 */
#include "upstream.h"

#include <errno.h>
#include <openssl/err.h>

/* More than the signer and its chain of several answers. */
enum { CERTS_MAX = 32 };

/* X509_STORE has but this one place that needs no registering. */
enum { STORE_EXCHANGE = 0 };

/* --- candidates --- */

int exchange_signer_add(STACK_OF(X509) * certs, X509 *cert)
{
	if (X509_up_ref(cert) && sk_X509_push(certs, cert) > 0)
		return 0;
	return -ENOMEM;
}

int exchange_signers_pinned(const struct ca *ca, STACK_OF(X509) * certs)
{
	STACK_OF(X509) *pinned = ca->upstream->pinned;
	int err = 0;

	for (int i = 0; err == 0 && i < sk_X509_num(pinned); i++)
		err = exchange_signer_add(certs, sk_X509_value(pinned, i));
	return err;
}

static int answer_certs_add(void *arg, struct bytes der)
{
	STACK_OF(X509) *certs = arg;

	/* What was stored was verified, and so could be read. */
	if (exchange_message_certs(der, certs) < 0)
		return -EBADMSG;
	return sk_X509_num(certs) >= CERTS_MAX;
}

int exchange_signers_known(const struct exchange *x, STACK_OF(X509) * certs)
{
	int err = exchange_signers_pinned(x->ca, certs);

	if (err == 0)
		err = store_exchange_answers(x->reader, x->certificate_id, x->kind,
					     answer_certs_add, certs);
	if (err == 0 && x->kind != STORE_EXCHANGE_ISSUE)
		err = store_exchange_answers(x->reader, x->certificate_id, STORE_EXCHANGE_ISSUE,
					     answer_certs_add, certs);
	ERR_clear_error();
	return err < 0 ? err : 0;
}

/* --- who may answer --- */

/* RFC 9483 1.5, RFC 6402 2.10: what says that somebody speaks for a CA. */
static bool has_role(X509 *cert)
{
	EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_ASN1_OBJECT_num(usages) && !found; i++) {
		int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i));

		found = nid == NID_cmcCA || nid == NID_cmcRA;
	}
	EXTENDED_KEY_USAGE_free(usages);
	return found;
}

static bool may_answer(const struct ca *ca, X509 *signer)
{
	STACK_OF(X509) *pinned = ca->upstream->pinned;

	for (int i = 0; i < sk_X509_num(pinned); i++)
		if (X509_cmp(sk_X509_value(pinned, i), signer) == 0)
			return true;
	if (sk_X509_num(pinned) > 0)
		return false;
	return ca->conf->upstream_signer == CONF_UPSTREAM_SIGNER_NAME ||
	       X509_cmp(sk_X509_value(ca->chain.certs, 0), signer) == 0 || has_role(signer);
}

/* The last that OpenSSL asks about a path is the certificate at its beginning. */
static int signer_verify(int ok, X509_STORE_CTX *ctx)
{
	const struct exchange *x =
		X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(ctx), STORE_EXCHANGE);
	X509 *signer = X509_STORE_CTX_get_current_cert(ctx);
	_cleanup_(freep) char *subject = NULL;

	if (!ok || X509_STORE_CTX_get_error_depth(ctx) != 0 || may_answer(x->ca, signer))
		return ok;
	subject = certificate_subject_text(signer);
	log_event(
		LOG_LEVEL_ERROR, "upstream signer not authorized", F_TEXT("ca", x->ca->conf->name),
		F_TEXT("signer", subject),
		F_TEXT("detail", x->ca->conf->server_certificate
					 ? "it is not in server_certificate"
					 : "it is neither the issuing CA nor has it id-kp-cmcCA or "
					   "id-kp-cmcRA; see server_certificate and "
					   "upstream_signer"));
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* A store for this context alone: OpenSSL adds caPubs to it. */
int exchange_trust_set(struct exchange *x)
{
	STACK_OF(X509) *trusted = x->ca->upstream->trusted;
	X509_STORE *store = X509_STORE_new();
	bool ok = store && X509_STORE_set_ex_data(store, STORE_EXCHANGE, x);

	if (ok)
		X509_STORE_set_verify_cb(store, signer_verify);
	for (int i = 0; ok && i < sk_X509_num(trusted); i++)
		ok = X509_STORE_add_cert(store, sk_X509_value(trusted, i));
	if (ok && OSSL_CMP_CTX_set0_trustedStore(x->ctx, store))
		return 0;
	X509_STORE_free(store);
	return -ENOMEM;
}
