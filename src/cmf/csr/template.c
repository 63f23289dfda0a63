// SPDX-License-Identifier: Apache-2.0
/* Validity, key and issuer of a request. See template.h. */
#include "csr/template.h"

#include <errno.h>
#include <openssl/ec.h>
#include <string.h>
#include <time.h>

/*
 * CLOCK_TOLERANCE_MS: a client's clock may be off by that much; what it names then is granted.
 * MODS_MAX: statusString stays a line for people.
 */
enum { CLOCK_TOLERANCE_MS = 5 * 60 * 1000, MODS_MAX = 400 };

/* --- mods --- */

void mods_add(struct mods *mods, const char *what, const char *name)
{
	if (mods->cut)
		return;
	if (mods->text.len > 0)
		strbuf_add(&mods->text, "; ");
	if (mods->text.len > MODS_MAX) {
		strbuf_add(&mods->text, "and more");
		mods->cut = true;
		return;
	}
	strbuf_add(&mods->text, what);
	if (name)
		strbuf_printf(&mods->text, ": %s", name);
}

bool mods_empty(const struct mods *mods)
{
	return mods->text.len == 0 && !mods->text.failed;
}

int mods_take(struct mods *mods, char **textp)
{
	*textp = NULL;
	if (mods_empty(mods))
		return 0;
	*textp = strbuf_take(&mods->text);
	return *textp ? 0 : -ENOMEM;
}

void mods_clear(struct mods *mods)
{
	strbuf_clear(&mods->text);
}

/* --- validity --- */

int template_time_ms(const ASN1_TIME *time, int64_t *msp)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return -EINVAL;
	*msp = (int64_t)timegm(&tm) * 1000;
	return 0;
}

/* An optional time of the request: 0 with *msp unchanged if absent. */
static int validity_read(const ASN1_TIME *time, int64_t *msp)
{
	return time ? template_time_ms(time, msp) : 0;
}

int template_validity_decide(const OptionalValidity *asked, const struct conf_profile *profile,
			     int64_t now_ms, struct mods *mods, struct template_validity *validityp,
			     struct refusal *refusal)
{
	int64_t now = now_ms / 1000 * 1000;
	int64_t start = now, end = 0, limit;

	*validityp = (struct template_validity){.not_before_ms = now,
						.not_after_ms = now + profile->validity_ms};
	if (!asked)
		return 0;
	if (validity_read(asked->notBefore, &start) < 0 || validity_read(asked->notAfter, &end) < 0)
		return refuse(refusal, REFUSAL_template_validity);
	/* A beginning further off than a certificate may live is a mistake. */
	if (start > now + profile->validity_max_ms ||
	    (asked->notAfter && (end <= start || end <= now)))
		return refuse(refusal, REFUSAL_template_validity);
	validityp->not_before_asked = asked->notBefore != NULL;
	if (start < now - CLOCK_TOLERANCE_MS) {
		mods_add(mods, "notBefore changed", NULL);
		start = now;
		validityp->not_before_asked = false;
	}
	limit = start + profile->validity_max_ms;
	validityp->not_before_ms = start;
	validityp->not_after_ms = asked->notAfter ? end : start + profile->validity_ms;
	validityp->not_after_asked = asked->notAfter != NULL && end <= limit;
	if (validityp->not_after_ms > limit) {
		validityp->not_after_ms = limit;
		mods_add(mods, "validity shortened", NULL);
	}
	return 0;
}

/* --- key and issuer --- */

static bool key_type_allows(const struct conf_key_type *type, const struct spki_kind *kind)
{
	switch (type->kind) {
	case CONF_KEY_RSA:
		return kind->type == EVP_PKEY_RSA && kind->bits >= 0 &&
		       (uint32_t)kind->bits >= type->bits_min &&
		       (uint32_t)kind->bits <= type->bits_max;
	case CONF_KEY_EC:
		return kind->type == EVP_PKEY_EC && kind->curve_nid == type->curve_nid;
	case CONF_KEY_ED25519:
		return kind->type == EVP_PKEY_ED25519;
	case CONF_KEY_ED448:
		return kind->type == EVP_PKEY_ED448;
	case CONF_KEY_NAMED:
		return kind->type == type->algorithm_nid;
	}
	return false;
}

/* As key_types of a profile has them. */
static void key_kind_write(const struct spki_kind *kind, struct strbuf *out)
{
	const char *nist;

	switch (kind->type) {
	case EVP_PKEY_RSA:
		strbuf_printf(out, "rsa:%d", kind->bits);
		break;
	case EVP_PKEY_EC:
		nist = EC_curve_nid2nist(kind->curve_nid);
		strbuf_printf(out, "ec:%s", nist ? nist : OBJ_nid2sn(kind->curve_nid));
		break;
	default:
		strbuf_add(out, OBJ_nid2sn(kind->type));
		break;
	}
}

static int key_not_allowed(const struct spki_kind *kind, const struct conf_profile *profile,
			   struct refusal *refusal)
{
	_cleanup_(strbuf_clear) struct strbuf words = STRBUF_NULL;

	key_kind_write(kind, &words);
	strbuf_add(&words, ", not one of ");
	conf_key_types_write(&profile->key_types, &words);
	if (words.failed)
		return -ENOMEM;
	return refuse_about(refusal, REFUSAL_public_key_not_allowed, "%s", words.text);
}

int template_key_check(const struct spki_kind *kind, const struct conf_profile *profile,
		       struct refusal *refusal)
{
	for (size_t i = 0; i < profile->key_types.len; i++) {
		if (key_type_allows(&profile->key_types.item[i], kind))
			return 0;
	}
	return key_not_allowed(kind, profile, refusal);
}

int template_issuer_check(const X509_NAME *issuer, const struct ca *ca, struct refusal *refusal)
{
	struct bytes own = ca_issuer(ca);
	const unsigned char *p = own.data;
	X509_NAME *name;
	bool equal;

	/* RFC 4211 5: issuer SHOULD be omitted; where it is given, it is meant. */
	if (!issuer || X509_NAME_entry_count(issuer) == 0)
		return 0;
	if (own.len == 0)
		return refuse(refusal, REFUSAL_template_issuer);
	name = d2i_X509_NAME(NULL, &p, (long)own.len);
	if (!name)
		return -ENOMEM;
	equal = X509_NAME_cmp(name, issuer) == 0;
	X509_NAME_free(name);
	return equal ? 0 : refuse(refusal, REFUSAL_template_issuer);
}
