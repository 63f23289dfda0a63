// SPDX-License-Identifier: Apache-2.0
/*
 * The extensions of a request against profile and CA: which ones the certificate gets, and what of
 * those that were asked for is other than asked. subjectAltName is names_decide.c's. See
 * template.h.
 */
#include "csr/template.h"

#include "asn1/certificate.h"
#include "asn1/der.h"
#include "asn1/name.h"
#include "attest.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <string.h>

/* A request with more is not honest; comparing them costs the square. */
enum { EXTENSIONS_MAX = 64 };

/* Bits of KeyUsage (RFC 5280 4.2.1.3); one that it does not know is another bit. */
enum { KEY_USAGE_BITS = 9, KEY_USAGE_UNKNOWN = 1 << KEY_USAGE_BITS };

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

bool template_extension_attests(const X509_EXTENSION *extension)
{
	return attest_is_bundle(extension_object(extension));
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

/* --- what is granted --- */

void granted_extensions_clear(struct granted_extensions *granted)
{
	for (size_t i = 0; i < ARRAY_LEN(granted->own); i++)
		octets_clear(&granted->own[i]);
	free(granted->item);
	*granted = (struct granted_extensions){0};
}

static struct conf_extension *granted_find(const struct granted_extensions *granted, int nid)
{
	for (size_t i = 0; i < granted->n; i++) {
		if (granted->item[i].nid == nid)
			return &granted->item[i];
	}
	return NULL;
}

static int granted_begin(const struct conf_profile *profile, struct granted_extensions *granted)
{
	if (profile->n_extensions == 0)
		return 0;
	granted->item = calloc(profile->n_extensions, sizeof(*granted->item));
	if (!granted->item)
		return -ENOMEM;
	memcpy(granted->item, profile->extensions, profile->n_extensions * sizeof(*granted->item));
	granted->n = profile->n_extensions;
	return 0;
}

/* Gives an extension another value, whose encoding is kept in `own`. */
static int granted_replace(struct conf_extension *extension, const ASN1_ITEM *item, void *value,
			   struct octets *own)
{
	X509_EXTENSION *made;
	unsigned char *der = NULL, *content = NULL;
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	int len = -1, content_len = ASN1_item_i2d(value, &content, item);

	if (octets && content_len > 0 && ASN1_OCTET_STRING_set(octets, content, content_len)) {
		made = X509_EXTENSION_create_by_NID(NULL, extension->nid, extension->critical,
						    octets);
		len = made ? i2d_X509_EXTENSION(made, &der) : -1;
		X509_EXTENSION_free(made);
	}
	ASN1_OCTET_STRING_free(octets);
	OPENSSL_free(content);
	if (len <= 0)
		return -ENOMEM;
	*own = (struct octets){der, (size_t)len};
	extension->der = der;
	extension->der_len = (size_t)len;
	/* extnValue is the last field. */
	extension->value_len = (size_t)content_len;
	extension->value = der + len - content_len;
	return 0;
}

static struct bytes granted_value(const struct conf_extension *extension)
{
	return (struct bytes){extension->value, extension->value_len};
}

static const X509_EXTENSION *asked_find(const STACK_OF(X509_EXTENSION) * asked, int nid)
{
	int at = asked ? X509v3_get_ext_by_NID(asked, nid, -1) : -1;

	return at >= 0 ? sk_X509_EXTENSION_value(asked, at) : NULL;
}

const X509_EXTENSION *template_san(const STACK_OF(X509_EXTENSION) * asked)
{
	return asked_find(asked, NID_subject_alt_name);
}

/* The value of an extension that is granted, beside the one that was asked for. */
enum comparison {
	VALUE_OTHER,
	VALUE_WIDER, /* and all that was asked for is in it */
	VALUE_EQUAL,
	VALUE_MALFORMED, /* the one that was asked for */
};

/* --- keyUsage --- */

static int key_usage_read(struct bytes value, unsigned int *bitsp)
{
	ASN1_BIT_STRING *string = value_decode(value, ASN1_ITEM_rptr(ASN1_BIT_STRING));

	if (!string)
		return -EBADMSG;
	*bitsp = 0;
	for (int bit = 0; bit < 8 * ASN1_STRING_length(string); bit++) {
		if (ASN1_BIT_STRING_get_bit(string, bit))
			*bitsp |= bit < KEY_USAGE_BITS ? 1U << bit : KEY_USAGE_UNKNOWN;
	}
	ASN1_BIT_STRING_free(string);
	return 0;
}

static int key_usage_replace(struct conf_extension *extension, unsigned int bits,
			     struct octets *own)
{
	ASN1_BIT_STRING *string = ASN1_BIT_STRING_new();
	int ok = string != NULL, err = -ENOMEM;

	for (int bit = 0; bit < KEY_USAGE_BITS && ok; bit++) {
		if (bits & 1U << bit)
			ok = ASN1_BIT_STRING_set_bit(string, bit, 1);
	}
	if (ok)
		err = granted_replace(extension, ASN1_ITEM_rptr(ASN1_BIT_STRING), string, own);
	ASN1_BIT_STRING_free(string);
	return err;
}

/*
 * Of the profile's keyUsage what a key of this kind can be used for (RFC 3279 2.3.1, RFC 8813 3,
 * RFC 8410 5); where the request may choose, what it asks for of that.
 */
static int key_usage_decide(const struct extensions_question *q, struct granted_extensions *granted,
			    struct refusal *refusal)
{
	struct conf_extension *extension = granted_find(granted, NID_key_usage);
	const X509_EXTENSION *asked = asked_find(q->asked, NID_key_usage);
	unsigned int have, bits, wanted;

	if (!extension)
		return 0;
	if (key_usage_read(granted_value(extension), &have) < 0)
		return log_fault("cmf: read keyUsage of a profile", -EBADMSG, q->profile->name);
	bits = have & spki_key_usages(q->algorithm);
	if (bits == 0)
		return refuse_about(refusal, REFUSAL_public_key_not_allowed,
				    "keyUsage of the profile has nothing for it");
	if (asked && q->profile->extensions_rule == CONF_EXTENSIONS_SUBSET) {
		if (key_usage_read(template_extension_value(asked), &wanted) < 0)
			return refuse(refusal, REFUSAL_template_malformed);
		bits = bits & wanted ? bits & wanted : bits;
	}
	return bits == have ? 0 : key_usage_replace(extension, bits, &granted->own[0]);
}

static enum comparison key_usage_compare(struct bytes granted, struct bytes asked)
{
	unsigned int have = 0, want = 0;

	if (key_usage_read(asked, &want) < 0)
		return VALUE_MALFORMED;
	if (key_usage_read(granted, &have) < 0 || (want & ~have))
		return VALUE_OTHER;
	return have == want ? VALUE_EQUAL : VALUE_WIDER;
}

/* --- extendedKeyUsage --- */

static bool purpose_is_in(const ASN1_OBJECT *purpose, const EXTENDED_KEY_USAGE *list)
{
	for (int i = 0; i < sk_ASN1_OBJECT_num(list); i++) {
		if (OBJ_cmp(purpose, sk_ASN1_OBJECT_value(list, i)) == 0)
			return true;
	}
	return false;
}

static bool purposes_within(const EXTENDED_KEY_USAGE *inner, const EXTENDED_KEY_USAGE *outer)
{
	for (int i = 0; i < sk_ASN1_OBJECT_num(inner); i++) {
		if (!purpose_is_in(sk_ASN1_OBJECT_value(inner, i), outer))
			return false;
	}
	return true;
}

static EXTENDED_KEY_USAGE *purposes_read(struct bytes value)
{
	EXTENDED_KEY_USAGE *list = value_decode(value, ASN1_ITEM_rptr(EXTENDED_KEY_USAGE));

	if (list && (sk_ASN1_OBJECT_num(list) == 0 || sk_ASN1_OBJECT_num(list) > EXTENSIONS_MAX)) {
		EXTENDED_KEY_USAGE_free(list);
		return NULL;
	}
	return list;
}

/* Where the request may choose: what it asks for of the profile's purposes. */
static int purposes_decide(const struct extensions_question *q, struct granted_extensions *granted,
			   struct refusal *refusal)
{
	struct conf_extension *extension = granted_find(granted, NID_ext_key_usage);
	const X509_EXTENSION *asked = asked_find(q->asked, NID_ext_key_usage);
	EXTENDED_KEY_USAGE *have, *wanted;
	int err = 0;

	if (!extension || !asked || q->profile->extensions_rule != CONF_EXTENSIONS_SUBSET)
		return 0;
	have = purposes_read(granted_value(extension));
	wanted = purposes_read(template_extension_value(asked));
	for (int i = wanted ? sk_ASN1_OBJECT_num(wanted) : 0; i-- > 0;) {
		if (!purpose_is_in(sk_ASN1_OBJECT_value(wanted, i), have))
			ASN1_OBJECT_free(sk_ASN1_OBJECT_delete(wanted, i));
	}
	if (!wanted)
		err = refuse(refusal, REFUSAL_template_malformed);
	else if (sk_ASN1_OBJECT_num(wanted) > 0)
		err = granted_replace(extension, ASN1_ITEM_rptr(EXTENDED_KEY_USAGE), wanted,
				      &granted->own[1]);
	EXTENDED_KEY_USAGE_free(have);
	EXTENDED_KEY_USAGE_free(wanted);
	return err;
}

static enum comparison purposes_compare(struct bytes granted, struct bytes asked)
{
	EXTENDED_KEY_USAGE *have = purposes_read(granted), *want = purposes_read(asked);
	enum comparison found = VALUE_OTHER;

	if (!want)
		found = VALUE_MALFORMED;
	else if (have && purposes_within(want, have))
		found = purposes_within(have, want) ? VALUE_EQUAL : VALUE_WIDER;
	EXTENDED_KEY_USAGE_free(have);
	EXTENDED_KEY_USAGE_free(want);
	return found;
}

/* --- basicConstraints --- */

static enum comparison constraints_compare(struct bytes granted, struct bytes asked)
{
	const ASN1_ITEM *item = ASN1_ITEM_rptr(BASIC_CONSTRAINTS);
	BASIC_CONSTRAINTS *have = value_decode(granted, item), *want = value_decode(asked, item);
	enum comparison found = VALUE_OTHER;

	/* RFC 5280 4.2.1.9: pathLenConstraint without cA is wrong, and no CA's certificate is as
	 * good without the extension. */
	if (!want)
		found = VALUE_MALFORMED;
	else if (!want->ca && !want->pathlen && (!have || !have->ca))
		found = have ? VALUE_EQUAL : VALUE_WIDER;
	else if (want->ca && have && have->ca && !want->pathlen == !have->pathlen &&
		 (!want->pathlen || ASN1_INTEGER_cmp(want->pathlen, have->pathlen) == 0))
		found = VALUE_EQUAL;
	BASIC_CONSTRAINTS_free(have);
	BASIC_CONSTRAINTS_free(want);
	return found;
}

/* --- what was asked for --- */

/* Extensions with a value that can be written in several ways. */
static const struct compared_extension {
	int nid;
	enum comparison (*compare)(struct bytes granted, struct bytes asked);
} compared_extensions[] = {
	{NID_key_usage, key_usage_compare},
	{NID_ext_key_usage, purposes_compare},
	{NID_basic_constraints, constraints_compare},
};

struct asked_extension {
	const ASN1_OBJECT *object;
	int nid;
	struct bytes value;
	bool critical;
};

/* What the certificate has of that extension. */
static bool outcome_find(const struct extensions_question *q,
			 const struct granted_extensions *granted, int nid,
			 uint8_t ski[2 + CA_KEY_ID_LEN], struct extension_view *viewp)
{
	const struct conf_extension *extension = granted_find(granted, nid);
	struct bytes in, content, tlv;
	uint8_t tag;

	if (extension) {
		*viewp = (struct extension_view){.value = granted_value(extension),
						 .critical = extension->critical};
		return true;
	}
	if (nid == NID_subject_key_identifier && q->spki.len > 0 && !ca_is_upstream(q->ca)) {
		ski[0] = V_ASN1_OCTET_STRING;
		ski[1] = CA_KEY_ID_LEN;
		*viewp = (struct extension_view){.value = {ski, 2 + CA_KEY_ID_LEN}};
		return ca_key_identifier(q->ca, q->spki, ski + 2) == 0;
	}
	in = ca_extension(q->ca, nid);
	return in.len > 0 && der_next(&in, &tag, &tlv, &content) == 0 &&
	       extension_view(content, viewp) == 0;
}

static void extension_label(const ASN1_OBJECT *object, char label[64])
{
	oid_label((struct bytes){OBJ_get0_data(object), OBJ_length(object)}, label, 64);
}

static int critical_refused(const struct asked_extension *asked, const struct conf_profile *profile,
			    struct refusal *refusal)
{
	_cleanup_(strbuf_clear) struct strbuf have = STRBUF_NULL;
	char label[64];

	for (size_t i = 0; i < profile->n_extensions; i++) {
		if (profile->extensions[i].nid != NID_undef)
			strbuf_printf(&have, "%s%s", have.len ? ", " : "",
				      OBJ_nid2sn(profile->extensions[i].nid));
	}
	extension_label(asked->object, label);
	return refuse_about(refusal, REFUSAL_template_extension_critical, "%s; the profile has %s",
			    label, have.len ? have.text : "none");
}

static enum comparison value_compare(int nid, struct bytes granted, struct bytes asked)
{
	for (size_t i = 0; i < ARRAY_LEN(compared_extensions); i++) {
		if (compared_extensions[i].nid == nid)
			return compared_extensions[i].compare(granted, asked);
	}
	return asked.len > 0 && bytes_equal(granted, asked) ? VALUE_EQUAL : VALUE_OTHER;
}

/* Whether a critical one need not be refused, since the certificate has it one way or another. */
static bool is_known(int nid)
{
	switch (nid) {
	case NID_subject_key_identifier:
	case NID_authority_key_identifier:
	case NID_key_usage:
	case NID_ext_key_usage:
	case NID_basic_constraints:
		return true;
	default:
		return false;
	}
}

static bool is_key_identifier(int nid)
{
	return nid == NID_subject_key_identifier || nid == NID_authority_key_identifier;
}

/* RFC 4210 F: accepted is what was asked for; everything else has a word in `mods`. */
static int asked_compare(const struct extensions_question *q,
			 const struct granted_extensions *granted,
			 const struct asked_extension *asked, struct mods *mods,
			 struct refusal *refusal)
{
	struct extension_view outcome = {0};
	uint8_t ski[2 + CA_KEY_ID_LEN];
	bool there = asked->nid != NID_undef && outcome_find(q, granted, asked->nid, ski, &outcome);
	enum comparison found = value_compare(asked->nid, outcome.value, asked->value);
	char label[64];

	/* Draft: "not copied into the certificate"; attestation.c says what it is good for. */
	if (q->attests && attest_is_bundle(asked->object))
		return 0;
	if (found == VALUE_MALFORMED)
		return refuse(refusal, REFUSAL_template_malformed);
	if (found == VALUE_OTHER && asked->critical && !is_known(asked->nid))
		return critical_refused(asked, q->profile, refusal);
	/* The other CA is asked for what the client asks for, and tells it what it changes. */
	if (q->goes_on && (found != VALUE_OTHER || is_key_identifier(asked->nid)))
		return 0;
	extension_label(asked->object, label);
	if (found != VALUE_EQUAL)
		mods_add(mods, there ? "extension changed" : "extension left out", label);
	else if (asked->critical != outcome.critical)
		mods_add(mods, asked->critical ? "extension not critical" : "extension critical",
			 label);
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

static int asked_check(const STACK_OF(X509_EXTENSION) * asked, struct refusal *refusal)
{
	int n = asked ? sk_X509_EXTENSION_num(asked) : 0;

	if (n > EXTENSIONS_MAX)
		return refuse(refusal, REFUSAL_template_malformed);
	for (int i = 0; i < n; i++) {
		/* RFC 5280 4.2: not more than one instance of an extension */
		if (extension_repeated(asked, i))
			return refuse(refusal, REFUSAL_template_extension_duplicate);
	}
	return 0;
}

int template_extensions_decide(const struct extensions_question *q, struct mods *mods,
			       struct granted_extensions *grantedp, struct refusal *refusal)
{
	_cleanup_(granted_extensions_clear) struct granted_extensions granted = {0};
	int err = asked_check(q->asked, refusal);

	if (err == 0)
		err = granted_begin(q->profile, &granted);
	if (err == 0)
		err = key_usage_decide(q, &granted, refusal);
	if (err == 0)
		err = purposes_decide(q, &granted, refusal);
	for (int i = 0; err == 0 && i < (q->asked ? sk_X509_EXTENSION_num(q->asked) : 0); i++) {
		const X509_EXTENSION *extension = sk_X509_EXTENSION_value(q->asked, i);
		const ASN1_OBJECT *object = extension_object(extension);
		const struct asked_extension asked = {object, OBJ_obj2nid(object),
						      template_extension_value(extension),
						      X509_EXTENSION_get_critical(extension) > 0};

		if (asked.nid == NID_subject_alt_name ||
		    (asked.nid == NID_subject_key_identifier && q->own_key_id))
			continue;
		err = asked_compare(q, &granted, &asked, mods, refusal);
	}
	if (err != 0)
		return err;
	*grantedp = granted;
	granted = (struct granted_extensions){0};
	return 0;
}
