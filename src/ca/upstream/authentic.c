// SPDX-License-Identifier: Apache-2.0
/*
 * Whether an answer is the upstream CA's, RFC 9483 3.5: the one place that verifies them, to
 * messages of ours and to a client's that were passed on. A signer is looked for among pinned
 * certificates, those that came with the answer and, where an answer has none (RFC 9483 3.3), those
 * that came before in this exchange and in others about the same certificate.
 */
#include "upstream.h"

#include <errno.h>
#include <openssl/err.h>

/* More than the signer and its chain of several answers. */
enum { CERTS_MAX = 32 };

/* What OpenSSL's client takes, too: RFC 9045 4.3 and a bound on our work. */
static const struct cmp_mac_policy mac_policy = {.iterations_min = 100, .iterations_max = 100000};

static bool not_taken(const struct exchange *x, const char *why)
{
	log_event(LOG_LEVEL_INFO, "upstream answer not taken", F_TEXT("ca", x->ca->conf->name),
		  F_TEXT("detail", why));
	return false;
}

/* --- candidates --- */

static int certs_add(STACK_OF(X509) * certs, const STACK_OF(X509) * more)
{
	int err = 0;

	for (int i = 0; err == 0 && i < sk_X509_num(more); i++)
		err = x509_push_ref(certs, sk_X509_value(more, i));
	return err;
}

static int answer_certs_add(void *arg, struct bytes der)
{
	STACK_OF(X509) *certs = arg;
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal unused = REFUSAL_NULL;

	/* What was stored was verified, and so could be read. */
	if (cmp_message_decode(der, &msg, &unused) || cmp_extra_certs_add(msg, CERTS_MAX, certs))
		return -EBADMSG;
	return sk_X509_num(certs) >= CERTS_MAX;
}

/* Those that answers have brought before, in this exchange and in the one that has issued. */
static int known_certs_add(const struct exchange *x, STACK_OF(X509) * certs)
{
	_cleanup_(x509_stackp) STACK_OF(X509) *known = sk_X509_new_null();
	int err = known ? store_exchange_answers(x->reader, x->certificate_id, x->kind,
						 answer_certs_add, known)
			: -ENOMEM;

	if (err == 0 && x->kind != STORE_EXCHANGE_ISSUE)
		err = store_exchange_answers(x->reader, x->certificate_id, STORE_EXCHANGE_ISSUE,
					     answer_certs_add, known);
	return err < 0 ? err : certs_add(certs, known);
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

static bool is_authorized(const struct exchange *x, X509 *signer)
{
	_cleanup_(freep) char *subject = NULL;

	if (may_answer(x->ca, signer))
		return true;
	subject = x509_subject_text(signer);
	log_event(
		LOG_LEVEL_ERROR, "upstream signer not authorized", F_TEXT("ca", x->ca->conf->name),
		F_TEXT("signer", subject),
		F_TEXT("detail", x->ca->conf->server_certificate
					 ? "it is not in server_certificate"
					 : "it is neither the issuing CA nor has it id-kp-cmcCA or "
					   "id-kp-cmcRA; see server_certificate and "
					   "upstream_signer"));
	return false;
}

/* --- the signature --- */

/* Whether one of the certificates from `from` on is the signer's, and he may answer. */
static bool signer_find(const struct exchange *x, const struct cmp_message *msg,
			STACK_OF(X509) * certs, int from)
{
	const char *why = NULL;
	int at = from - 1;

	do {
		at = cmp_signer_find(msg, certs, at + 1, x->ca->upstream->trust, &why);
	} while (at >= 0 && !is_authorized(x, sk_X509_value(certs, at)));
	if (at < 0 && why)
		log_event(LOG_LEVEL_INFO, "upstream signer not trusted",
			  F_TEXT("ca", x->ca->conf->name), F_TEXT("detail", why));
	return at >= 0;
}

static bool is_signed_by_upstream(const struct exchange *x, const struct cmp_message *msg)
{
	const struct upstream *u = x->ca->upstream;
	_cleanup_(x509_stackp) STACK_OF(X509) *certs = sk_X509_new_null();
	int n;

	if (!cmp_directory_name(msg->sender).len)
		return not_taken(x, "sender is no directoryName");
	if (!certs || certs_add(certs, u->pinned) || cmp_extra_certs_add(msg, CERTS_MAX, certs) ||
	    certs_add(certs, u->ra_chain) || certs_add(certs, u->trusted))
		return not_taken(x, "extraCerts cannot be read");
	if (signer_find(x, msg, certs, 0))
		return true;
	n = sk_X509_num(certs);
	/* RFC 9483 3.3: the signer may be known from before, and is not told again. */
	if (known_certs_add(x, certs) || !signer_find(x, msg, certs, n))
		return not_taken(x, "no certificate is known whose key has signed it");
	return true;
}

/* --- the whole --- */

static bool has_right_mac(const struct exchange *x, const struct cmp_message *msg)
{
	struct refusal refusal = REFUSAL_NULL;
	struct bytes secret = x->ca->upstream->protection.secret;

	if (!secret.len)
		return not_taken(x, "it has a MAC, and there is no ra_secret_file");
	return cmp_protection_verify_mac(msg, secret, &mac_policy, &refusal) == 0 ||
	       not_taken(x, refusal_text(refusal.reason));
}

static bool is_from(const struct cmp_message *msg, const X509_NAME *expected)
{
	X509_NAME *sender = expected ? cmp_sender_name(msg) : NULL;
	bool is = !expected || (sender && X509_NAME_cmp(sender, expected) == 0);

	X509_NAME_free(sender);
	return is;
}

bool answer_is_authentic(const struct exchange *x, const struct cmp_message *msg)
{
	bool ok;

	if (msg->pvno != 2 && msg->pvno != 3)
		return not_taken(x, "pvno is not 2 or 3");
	if (msg->sender_nonce.len > CMP_NONCE_MAX)
		return not_taken(x, "senderNonce is too long");
	if (!is_from(msg, x->ca->upstream->expected_sender))
		return not_taken(x, "sender is not expect_sender");
	switch (cmp_message_protection_kind(msg)) {
	case CMP_PROTECTION_MAC:
		ok = has_right_mac(x, msg);
		break;
	case CMP_PROTECTION_SIGNATURE:
		ok = is_signed_by_upstream(x, msg);
		break;
	case CMP_PROTECTION_KEM:
	case CMP_PROTECTION_NONE:
	default:
		ok = not_taken(x, "it has no protection that we can verify");
		break;
	}
	ERR_clear_error();
	return ok;
}

X509_STORE *answer_trust_new(const STACK_OF(X509) * trusted)
{
	X509_STORE *store = X509_STORE_new();
	bool ok = store != NULL;

	for (int i = 0; ok && i < sk_X509_num(trusted); i++)
		ok = X509_STORE_add_cert(store, sk_X509_value(trusted, i));
	if (ok)
		return store;
	X509_STORE_free(store);
	return NULL;
}
