// SPDX-License-Identifier: Apache-2.0
/* Validity, key, issuer and extensions of a request. See template.h. */
#include "template.h"

#include "asn1/name.h"

#include <errno.h>
#include <openssl/ec.h>
#include <string.h>
#include <time.h>

/*
 * CLOCK_TOLERANCE_MS: a client's clock may be off by that much without its validity being called
 * changed. EXTENSIONS_MAX: a request with more is not honest; comparing them costs the square.
 * MODS_MAX: statusString stays a line for people.
 */
enum { CLOCK_TOLERANCE_MS = 5 * 60 * 1000, EXTENSIONS_MAX = 64, MODS_MAX = 400 };

/* --- mods --------------------------------------------------------------------------------------
 */

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

/* --- validity ----------------------------------------------------------------------------------
 */

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

	*validityp = (struct template_validity){now, now + profile->validity_ms, false};
	if (!asked)
		return 0;
	if (validity_read(asked->notBefore, &start) < 0 || validity_read(asked->notAfter, &end) < 0)
		return refuse(refusal, REFUSAL_template_validity);
	/* A beginning further off than a certificate may live is a mistake. */
	if (start > now + profile->validity_max_ms ||
	    (asked->notAfter && (end <= start || end <= now)))
		return refuse(refusal, REFUSAL_template_validity);
	if (start < now) {
		if (start < now - CLOCK_TOLERANCE_MS)
			mods_add(mods, "notBefore changed", NULL);
		start = now;
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

/* --- key and issuer ----------------------------------------------------------------------------
 */

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

/* --- extensions --------------------------------------------------------------------------------
 */

struct bytes template_extension_value(const X509_EXTENSION *extension)
{
	/* OpenSSL 3.0 declares the getters without const. */
	const ASN1_OCTET_STRING *value =
		X509_EXTENSION_get_data((X509_EXTENSION *)(uintptr_t)extension);

	return (struct bytes){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
}

static const ASN1_OBJECT *extension_object(const X509_EXTENSION *extension)
{
	return X509_EXTENSION_get_object((X509_EXTENSION *)(uintptr_t)extension);
}

static struct bytes profile_value(const struct conf_profile *profile, int nid)
{
	for (size_t i = 0; i < profile->n_extensions; i++) {
		const struct conf_extension *extension = &profile->extensions[i];

		if (extension->nid == nid)
			return (struct bytes){extension->value, extension->value_len};
	}
	return BYTES_NULL;
}

/* A whole value of an ASN.1 type; NULL if it is malformed or something follows. */
static void *value_decode(struct bytes value, const ASN1_ITEM *item)
{
	const unsigned char *p = value.data;
	ASN1_VALUE *decoded = ASN1_item_d2i(NULL, &p, (long)value.len, item);

	if (decoded && p != value.data + value.len) {
		ASN1_item_free(decoded, item);
		return NULL;
	}
	return decoded;
}

static bool key_usage_covers(const void *profile, const void *asked)
{
	const ASN1_BIT_STRING *have = profile, *want = asked;

	for (int bit = 0; bit < 8 * ASN1_STRING_length(want); bit++) {
		if (ASN1_BIT_STRING_get_bit(want, bit) && !ASN1_BIT_STRING_get_bit(have, bit))
			return false;
	}
	return true;
}

static bool ext_key_usage_covers(const void *profile, const void *asked)
{
	const EXTENDED_KEY_USAGE *have = profile, *want = asked;

	if (sk_ASN1_OBJECT_num(want) > EXTENSIONS_MAX)
		return false;
	for (int i = 0; i < sk_ASN1_OBJECT_num(want); i++) {
		bool found = false;

		for (int j = 0; j < sk_ASN1_OBJECT_num(have) && !found; j++)
			found = OBJ_cmp(sk_ASN1_OBJECT_value(want, i),
					sk_ASN1_OBJECT_value(have, j)) == 0;
		if (!found)
			return false;
	}
	return true;
}

static bool basic_constraints_cover(const void *profile, const void *asked)
{
	const BASIC_CONSTRAINTS *have = profile, *want = asked;

	/* Without the extension a certificate is no CA's either. RFC 5280 4.2.1.9 */
	if (!want->ca)
		return !have || !have->ca;
	if (!have || !have->ca || !want->pathlen != !have->pathlen)
		return false;
	return !want->pathlen || ASN1_INTEGER_cmp(want->pathlen, have->pathlen) == 0;
}

/* Extensions of which the profile may give more than was asked for. */
static const struct covered_extension {
	int nid;
	const ASN1_ITEM *(*item)(void);
	bool (*covers)(const void *profile, const void *asked);
	bool absent_covers; /* also where the profile has none */
} covered_extensions[] = {
	{NID_key_usage, ASN1_ITEM_ref(ASN1_BIT_STRING), key_usage_covers, false},
	{NID_ext_key_usage, ASN1_ITEM_ref(EXTENDED_KEY_USAGE), ext_key_usage_covers, false},
	{NID_basic_constraints, ASN1_ITEM_ref(BASIC_CONSTRAINTS), basic_constraints_cover, true},
};

/* 1 covered, 0 not, -EBADMSG malformed. */
static int covered(const struct covered_extension *kind, const struct conf_profile *profile,
		   struct bytes asked)
{
	struct bytes own = profile_value(profile, kind->nid);
	void *want = value_decode(asked, kind->item());
	void *have = own.len > 0 ? value_decode(own, kind->item()) : NULL;
	int r = -EBADMSG;

	if (want)
		r = (have || kind->absent_covers) && kind->covers(have, want);
	ASN1_item_free(want, kind->item());
	ASN1_item_free(have, kind->item());
	return r;
}

/* The name of an extension: OpenSSL's, or the OID. */
static void extension_label(const ASN1_OBJECT *object, char label[64])
{
	oid_label((struct bytes){OBJ_get0_data(object), OBJ_length(object)}, label, 64);
}

static void left_out(struct mods *mods, const ASN1_OBJECT *object)
{
	char label[64];

	extension_label(object, label);
	mods_add(mods, "extension left out", label);
}

static int critical_refused(const ASN1_OBJECT *object, const struct conf_profile *profile,
			    struct refusal *refusal)
{
	_cleanup_(strbuf_clear) struct strbuf have = STRBUF_NULL;
	char label[64];

	for (size_t i = 0; i < profile->n_extensions; i++)
		strbuf_printf(&have, "%s%s", i ? ", " : "", OBJ_nid2sn(profile->extensions[i].nid));
	extension_label(object, label);
	return refuse_about(refusal, REFUSAL_template_extension_critical, "%s; the profile has %s",
			    label, have.len ? have.text : "none");
}

static int extension_check(const X509_EXTENSION *extension, const struct conf_profile *profile,
			   struct mods *mods, struct refusal *refusal)
{
	const ASN1_OBJECT *object = extension_object(extension);
	struct bytes value = template_extension_value(extension);
	int nid = OBJ_obj2nid(object);

	/* The CA makes these, and whoever asks for them knows that. RFC 5280 4.2.1.1, 4.2.1.2 */
	if (nid == NID_subject_key_identifier || nid == NID_authority_key_identifier)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(covered_extensions); i++) {
		int r;

		if (covered_extensions[i].nid != nid)
			continue;
		r = covered(&covered_extensions[i], profile, value);
		if (r < 0)
			return refuse(refusal, REFUSAL_template_malformed);
		if (r == 0)
			left_out(mods, object);
		return 0;
	}
	if (nid != NID_undef && value.len > 0 && bytes_equal(profile_value(profile, nid), value))
		return 0;
	if (X509_EXTENSION_get_critical(extension))
		return critical_refused(object, profile, refusal);
	left_out(mods, object);
	return 0;
}

static bool extension_repeated(const STACK_OF(X509_EXTENSION) * extensions, int at)
{
	const ASN1_OBJECT *object = extension_object(sk_X509_EXTENSION_value(extensions, at));

	for (int i = 0; i < at; i++) {
		if (OBJ_cmp(object, extension_object(sk_X509_EXTENSION_value(extensions, i))) == 0)
			return true;
	}
	return false;
}

const X509_EXTENSION *template_san(const STACK_OF(X509_EXTENSION) * asked)
{
	int at = asked ? X509v3_get_ext_by_NID(asked, NID_subject_alt_name, -1) : -1;

	return at >= 0 ? sk_X509_EXTENSION_value(asked, at) : NULL;
}

int template_extensions_check(const STACK_OF(X509_EXTENSION) * asked,
			      const struct conf_profile *profile, struct mods *mods,
			      struct refusal *refusal)
{
	int n = asked ? sk_X509_EXTENSION_num(asked) : 0;

	if (n > EXTENSIONS_MAX)
		return refuse(refusal, REFUSAL_template_malformed);
	for (int i = 0; i < n; i++) {
		const X509_EXTENSION *extension = sk_X509_EXTENSION_value(asked, i);
		int r = 0;

		/* RFC 5280 4.2: not more than one instance of an extension */
		if (extension_repeated(asked, i))
			return refuse(refusal, REFUSAL_template_extension_duplicate);
		if (OBJ_obj2nid(extension_object(extension)) != NID_subject_alt_name)
			r = extension_check(extension, profile, mods, refusal);
		if (r != 0)
			return r;
	}
	return 0;
}
