// SPDX-License-Identifier: Apache-2.0
/* The links between an old key of a CA and its new one. See asn1/key_update.h. */
#include "asn1/key_update.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

void key_update_clear(struct key_update *u)
{
	X509_free(u->new_with_new);
	X509_free(u->new_with_old);
	X509_free(u->old_with_new);
	*u = (struct key_update){0};
}

X509 *key_update_certificate(struct bytes der)
{
	const unsigned char *p = der.data;
	X509 *cert = der.len <= LONG_MAX ? d2i_X509(NULL, &p, (long)der.len) : NULL;

	if (cert && p != der.data + der.len) {
		X509_free(cert);
		cert = NULL;
	}
	ERR_clear_error();
	return cert;
}

bool key_update_signed_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool is = key &&
		  !X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer)) &&
		  X509_verify(cert, key) == 1;

	ERR_clear_error();
	return is;
}

static bool same_key(X509 *a, X509 *b)
{
	EVP_PKEY *key_a = X509_get0_pubkey(a), *key_b = X509_get0_pubkey(b);
	bool same = key_a && key_b && EVP_PKEY_eq(key_a, key_b) == 1;

	ERR_clear_error();
	return same;
}

/* RFC 9810 4.4: a root may be an X.509 v1 certificate. */
static const char *new_problem(X509 *new_with_new)
{
	if (!X509_get0_pubkey(new_with_new)) {
		ERR_clear_error();
		return "the public key of newWithNew is not supported";
	}
	if (!X509_check_ca(new_with_new))
		return "newWithNew is no CA certificate";
	/* RFC 9810 4.4.1: signed with the new key, or by another CA, which is not known here. */
	if (!X509_NAME_cmp(X509_get_issuer_name(new_with_new),
			   X509_get_subject_name(new_with_new)) &&
	    !key_update_signed_by(new_with_new, new_with_new))
		return "newWithNew is not signed with its own key";
	return NULL;
}

static const char *new_with_old_problem(X509 *new_with_old, X509 *new_with_new)
{
	if (!same_key(new_with_old, new_with_new))
		return "newWithOld does not hold the key of newWithNew";
	if (X509_NAME_cmp(X509_get_subject_name(new_with_old), X509_get_subject_name(new_with_new)))
		return "newWithOld has another subject than newWithNew";
	if (key_update_signed_by(new_with_old, new_with_new))
		return "newWithOld is signed with the new key";
	return NULL;
}

static const char *old_with_new_problem(X509 *old_with_new, X509 *new_with_new)
{
	if (same_key(old_with_new, new_with_new))
		return "oldWithNew holds the new key";
	if (!key_update_signed_by(old_with_new, new_with_new))
		return "oldWithNew is not signed with the key of newWithNew";
	return NULL;
}

const char *key_update_problem(const struct key_update *u)
{
	const char *problem = new_problem(u->new_with_new);

	if (!problem && u->new_with_old)
		problem = new_with_old_problem(u->new_with_old, u->new_with_new);
	if (!problem && u->old_with_new)
		problem = old_with_new_problem(u->old_with_new, u->new_with_new);
	if (!problem && u->new_with_old && u->old_with_new &&
	    !key_update_signed_by(u->new_with_old, u->old_with_new))
		problem = "newWithOld is not signed with the key of oldWithNew";
	return problem;
}
