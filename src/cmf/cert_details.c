// SPDX-License-Identifier: Apache-2.0
/*
 * Whether what an rr says of a certificate, beside issuer and serial number, is true of it. One of
 * the two is wrong if not, and nobody knows which: then nothing is revoked. RFC 9483 4.2, RFC 4211
 * 5. revoke.c found the certificate and who may revoke it.
 */
#include "cmf_private.h"

#include "asn1/certificate.h"

#include <errno.h>
#include <openssl/err.h>

static bool version_fits(const ASN1_INTEGER *said, const X509 *cert)
{
	int64_t version;

	return !said ||
	       (ASN1_INTEGER_get_int64(&version, said) == 1 && version == X509_get_version(cert));
}

static bool time_fits(const ASN1_TIME *said, const ASN1_TIME *is)
{
	return !said || ASN1_TIME_compare(said, is) == 0;
}

/* RFC 9483 4.1.1: the NULL-DN says nothing. Names as names: clients encode the strings anew. */
static bool subject_fits(const X509_NAME *said, const X509 *cert)
{
	return !said || X509_NAME_entry_count(said) == 0 ||
	       X509_NAME_cmp(said, X509_get_subject_name(cert)) == 0;
}

/* As keys: a point on a curve has two encodings. */
static int key_fits(const SubjectPublicKeyInfo *said, struct bytes is, bool *fitsp)
{
	EVP_PKEY *said_key = NULL, *key = NULL;
	unsigned char *der = NULL;
	struct spki_kind kind;
	int len, err;

	if (!said)
		return 0;
	len = i2d_SubjectPublicKeyInfo(said, &der);
	if (len < 0)
		return -ENOMEM;
	*fitsp = bytes_equal(is, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	if (*fitsp)
		return 0;
	err = spki_key(said, &said_key, &kind);
	if (!err)
		err = spki_key_from_der(is, &key, &kind);
	*fitsp = !err && EVP_PKEY_eq(said_key, key) == 1;
	EVP_PKEY_free(said_key);
	EVP_PKEY_free(key);
	return err == -ENOMEM ? err : 0;
}

static bool unique_id_fits(const ASN1_BIT_STRING *said, const ASN1_BIT_STRING *is)
{
	return !said || (is && ASN1_STRING_cmp(said, is) == 0);
}

/* Each that is named is there, once, with the same value and criticality. */
static bool extensions_fit(const STACK_OF(X509_EXTENSION) * said, const X509 *cert)
{
	for (int i = 0; i < sk_X509_EXTENSION_num(said); i++) {
		X509_EXTENSION *a = sk_X509_EXTENSION_value(said, i);
		int at = X509_get_ext_by_OBJ(cert, X509_EXTENSION_get_object(a), -1);
		X509_EXTENSION *b = at < 0 ? NULL : X509_get_ext(cert, at);

		if (!b || X509_EXTENSION_get_critical(a) != X509_EXTENSION_get_critical(b) ||
		    ASN1_STRING_cmp(X509_EXTENSION_get_data(a), X509_EXTENSION_get_data(b)) != 0)
			return false;
	}
	return true;
}

static bool details_fit(const CertTemplate *said, const X509 *cert)
{
	const ASN1_BIT_STRING *issuer_uid, *subject_uid;
	const OptionalValidity *validity = said->validity;

	X509_get0_uids(cert, &issuer_uid, &subject_uid);
	return version_fits(said->version, cert) &&
	       (!said->signingAlg ||
		X509_ALGOR_cmp(said->signingAlg, X509_get0_tbs_sigalg(cert)) == 0) &&
	       (!validity || (time_fits(validity->notBefore, X509_get0_notBefore(cert)) &&
			      time_fits(validity->notAfter, X509_get0_notAfter(cert)))) &&
	       subject_fits(said->subject, cert) && unique_id_fits(said->issuerUID, issuer_uid) &&
	       unique_id_fits(said->subjectUID, subject_uid) &&
	       extensions_fit(said->extensions, cert);
}

int cert_details_check(const CertTemplate *said, const struct store_certificate *cert,
		       struct refusal *refusal)
{
	const unsigned char *p = cert->der.data;
	struct certificate_view view;
	bool fits = true;
	X509 *x;
	int err;

	/* The usual rr says no more than which. */
	if (!said ||
	    (!said->version && !said->signingAlg && !said->validity && !said->subject &&
	     !said->publicKey && !said->issuerUID && !said->subjectUID && !said->extensions))
		return 0;
	err = certificate_view(octets_view(&cert->der), &view);
	x = d2i_X509(NULL, &p, (long)cert->der.len);
	if (err || !x) {
		X509_free(x);
		return log_fault("certificate to be revoked", -EBADMSG, cert->subject);
	}
	err = key_fits(said->publicKey, view.spki, &fits);
	fits = fits && details_fit(said, x);
	X509_free(x);
	ERR_clear_error();
	if (err)
		return err;
	return fits ? 0 : refuse(refusal, REFUSAL_rev_cert_contradiction);
}
