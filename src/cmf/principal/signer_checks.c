// SPDX-License-Identifier: Apache-2.0
/*
 * What a certificate and its key must be, so that its holder may sign messages, have secrets
 * encapsulated for him, or be a TLS client. See signer_checks.h; signer.c comes here once it knows
 * whose it is.
 */
#include "principal/signer_checks.h"

#include "asn1/algorithm.h"
#include "asn1/kem.h"
#include "cmf/proof.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

static void spki_freep(SubjectPublicKeyInfo **spki)
{
	SubjectPublicKeyInfo_free(*spki);
}

/* Curves that messages are signed with; of others we know no more than their size. */
static bool curve_known(const struct spki_kind *kind)
{
	return kind->type != EVP_PKEY_EC || kind->curve_nid == NID_X9_62_prime256v1 ||
	       kind->curve_nid == NID_secp384r1 || kind->curve_nid == NID_secp521r1;
}

static int signer_key(const struct certificate_view *view, const struct conf *conf,
		      const struct conf_client_policy *policy, bool kem, EVP_PKEY **keyp,
		      struct refusal *refusal)
{
	const unsigned char *p = view->spki.data;
	_cleanup_(spki_freep) SubjectPublicKeyInfo *spki =
		d2i_SubjectPublicKeyInfo(NULL, &p, (long)view->spki.len);
	struct spki_kind kind;
	EVP_PKEY *key = NULL;
	int err;

	if (!spki)
		return refuse(refusal, REFUSAL_signer_malformed);
	err = spki_key(spki, &key, &kind);
	if (err == -EBADMSG)
		return refuse(refusal, REFUSAL_signer_malformed);
	if (err == -ENOTSUP)
		return refuse(refusal, kem ? REFUSAL_kem_key : REFUSAL_signer_key_weak);
	if (err == -EKEYREJECTED)
		return refuse(refusal, REFUSAL_signer_key_weak);
	if (err < 0)
		return err;
	*keyp = key;
	if (kem)
		return kem_algorithm_for(key) ? 0 : refuse(refusal, REFUSAL_kem_key);
	return curve_known(&kind) && (spki_key_uses(key) & SPKI_SIGNS) &&
			       cmf_key_strong(key, &conf->protection, policy)
		       ? 0
		       : refuse(refusal, REFUSAL_signer_key_weak);
}

static void bit_string_freep(ASN1_BIT_STRING **bits)
{
	ASN1_BIT_STRING_free(*bits);
}

static void purposes_freep(EXTENDED_KEY_USAGE **purposes)
{
	EXTENDED_KEY_USAGE_free(*purposes);
}

/* Bits of keyUsage, RFC 5280 4.2.1.3. */
enum { BIT_DIGITAL_SIGNATURE = 0, BIT_KEY_ENCIPHERMENT = 2 };

/* Whether the certificate may be used so: it is, where there is no keyUsage. */
static bool key_usage_has(const struct certificate_view *view, int bit)
{
	_cleanup_(bit_string_freep) ASN1_BIT_STRING *usage = NULL;
	const unsigned char *p;
	struct bytes value;
	bool critical;
	int err = certificate_extension(view, NID_key_usage, &value, &critical);

	if (err != 0)
		return err == -ENOENT;
	p = value.data;
	usage = d2i_ASN1_BIT_STRING(NULL, &p, (long)value.len);
	ERR_clear_error();
	return usage && ASN1_BIT_STRING_get_bit(usage, bit);
}

static int key_usage_check(const struct certificate_view *view, const struct cmf_signer *entry,
			   struct refusal *refusal)
{
	/* RFC 9810 5.2.2: keyEncipherment, of a KEM key. */
	if (entry->kem)
		return key_usage_has(view, BIT_KEY_ENCIPHERMENT)
			       ? 0
			       : refuse(refusal, REFUSAL_kem_key_usage);
	/* RFC 9483 3.2: digitalSignature. */
	if (entry->principal.policy->signer_any_key_usage ||
	    key_usage_has(view, BIT_DIGITAL_SIGNATURE))
		return 0;
	return refuse(refusal, REFUSAL_signer_key_usage);
}

/*
 * RFC 5280 4.2.1.12: where there is an extendedKeyUsage, the certificate is for those purposes and
 * no other. Messages of CMP have none of their own; for TLS it is clientAuth.
 */
bool signer_is_for_tls(const struct certificate_view *view)
{
	_cleanup_(purposes_freep) EXTENDED_KEY_USAGE *purposes = NULL;
	const unsigned char *p;
	struct bytes value;
	bool critical, found = false;
	int err = certificate_extension(view, NID_ext_key_usage, &value, &critical);

	if (err != 0)
		return err == -ENOENT;
	p = value.data;
	purposes = d2i_EXTENDED_KEY_USAGE(NULL, &p, (long)value.len);
	for (int i = 0; i < sk_ASN1_OBJECT_num(purposes); i++) {
		int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes, i));

		found = found || nid == NID_client_auth || nid == NID_anyExtendedKeyUsage;
	}
	ERR_clear_error();
	return found;
}

/* Key, key usage and validity of the certificate by itself. */
int signer_checks(const struct certificate_view *view, const struct conf *conf, int64_t now_ms,
		  struct cmf_signer *entry, struct refusal *refusal)
{
	int err = signer_key(view, conf, entry->principal.policy, entry->kem, &entry->verifier.key,
			     refusal);

	if (err == 0)
		err = key_usage_check(view, entry, refusal);
	if (err != 0)
		return err;
	if (now_ms < view->not_before_ms || now_ms > view->not_after_ms)
		return refuse(refusal, REFUSAL_signer_expired);
	return 0;
}

/* RFC 9483 3.5, RFC 6402 2.10: id-kp-cmcRA among the purposes of the certificate. */
bool signer_is_cmc_ra(X509 *cert)
{
	EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_ASN1_OBJECT_num(purposes); i++)
		found = found || OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes, i)) == NID_cmcRA;
	EXTENDED_KEY_USAGE_free(purposes);
	ERR_clear_error();
	return found;
}
