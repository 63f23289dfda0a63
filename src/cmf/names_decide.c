// SPDX-License-Identifier: Apache-2.0
/*
 * What of the requested names a profile grants to an entity. A name that does not fit is refused;
 * an attribute of the subject that names nobody (O, OU, ...) and is not allowed is left out. See
 * names.h.
 */
#include "names.h"

#include "subject_id.h"

#include <errno.h>
#include <string.h>

/* Characters of an attribute other than CN. RFC 5280 A.1: ub-name is 32768, others are 64. */
enum { ATTRIBUTE_LEN_MAX = 256 };

struct naming {
	const struct name_request *request;
	const struct conf_profile *profile;
	const struct names_owner *owner;
	struct store_reader *reader;
	struct mods *mods;
	struct refusal *refusal;
};

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

static void x509_name_freep(X509_NAME **name)
{
	X509_NAME_free(*name);
}

static void general_name_freep(GENERAL_NAME **name)
{
	GENERAL_NAME_free(*name);
}

static struct bytes string_bytes(const ASN1_STRING *s)
{
	return (struct bytes){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

/*
 * A name by the rule of the profile, that no entity of another manager has: 0, or REFUSED for
 * `reason`.
 */
static int name_check(const struct naming *n, enum conf_name_rule rule, struct bytes name,
		      enum refusal_reason reason)
{
	_cleanup_(freep) char *text = NULL;
	bool open = false;
	int r;

	if (!name_rule_allows(rule, name, n->owner->subject_id))
		return refuse(n->refusal, reason);
	if (name_is_id(name, n->owner->subject_id))
		return 0;
	text = strndup((const char *)name.data, name.len);
	if (!text)
		return -ENOMEM;
	r = entity_name_open(n->reader, text, n->owner->subject_id, n->owner->manager, &open);
	if (r < 0)
		return r;
	return open ? 0 : refuse_detail(n->refusal, reason, "the name is another entity's");
}

/* --- subject -----------------------------------------------------------------------------------
 */

static bool attribute_allowed(const struct conf_profile *profile, const X509_NAME_ENTRY *entry)
{
	int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
	int type = ASN1_STRING_type(value);
	bool listed = false;

	for (size_t i = 0; i < profile->subject_attributes.len && !listed; i++)
		listed =
			nid != NID_undef && OBJ_txt2nid(profile->subject_attributes.item[i]) == nid;
	return listed && ASN1_STRING_length(value) <= ATTRIBUTE_LEN_MAX &&
	       (type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING ||
		type == V_ASN1_IA5STRING) &&
	       name_text_clean(string_bytes(value));
}

static void attribute_left_out(struct mods *mods, const X509_NAME_ENTRY *entry)
{
	int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));

	mods_add(mods, "subject attribute left out", nid == NID_undef ? NULL : OBJ_nid2sn(nid));
}

/* The attributes of the request that stay, in their RDNs. */
static int subject_filter(const struct naming *n, X509_NAME *subject, bool *droppedp)
{
	const X509_NAME *asked = n->request->subject;
	int count = asked ? X509_NAME_entry_count(asked) : 0;
	int set = -1; /* RDN of the last that stayed */

	for (int i = 0; i < count; i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(asked, i);
		bool stays = i == n->request->common_name
				     ? n->profile->common_name != CONF_NAME_NONE
				     : attribute_allowed(n->profile, entry);

		if (!stays) {
			attribute_left_out(n->mods, entry);
			*droppedp = true;
			continue;
		}
		if (X509_NAME_add_entry(subject, entry, -1,
					X509_NAME_ENTRY_set(entry) == set ? -1 : 0) != 1)
			return -ENOMEM;
		set = X509_NAME_ENTRY_set(entry);
	}
	return 0;
}

/* Whether the subjectId goes into the subject although nobody asked for a CN. */
static bool common_name_due(const struct naming *n)
{
	if (n->request->common_name >= 0)
		return false;
	switch (n->profile->common_name) {
	case CONF_NAME_NONE:
		return false;
	case CONF_NAME_SUBJECT_ID:
	case CONF_NAME_SUBJECT_ID_LABEL:
		return true;
	case CONF_NAME_ANY:
		return !n->request->subject && !n->request->san;
	}
	return false;
}

static int subject_text(const X509_NAME *subject, char **textp)
{
	_cleanup_(bio_freep) BIO *bio = NULL;
	const ASN1_STRING *only = NULL;
	char *text;
	long len;

	if (X509_NAME_entry_count(subject) == 1 &&
	    X509_NAME_get_index_by_NID(subject, NID_commonName, -1) == 0)
		only = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, 0));
	/* The ordinary case: a CN that is a subjectId and needs no escapes. */
	if (only && subject_id_valid(CERT_TYPE_VNFCI, (const char *)ASN1_STRING_get0_data(only)))
		return asprintf(textp, "CN=%s", (const char *)ASN1_STRING_get0_data(only)) < 0
			       ? -ENOMEM
			       : 0;
	bio = BIO_new(BIO_s_mem());
	if (!bio || X509_NAME_print_ex(bio, subject, 0, XN_FLAG_RFC2253) < 0)
		return -ENOMEM;
	len = BIO_get_mem_data(bio, &text);
	*textp = strndup(len > 0 ? text : "", (size_t)(len > 0 ? len : 0));
	return *textp ? 0 : -ENOMEM;
}

static int subject_encode(const X509_NAME *subject, struct octets *derp)
{
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(subject, &der);

	if (len < 0)
		return -ENOMEM;
	/* OpenSSL's allocator is malloc: cmfd sets no other. */
	*derp = (struct octets){der, (size_t)len};
	return 0;
}

/* The subject as asked for, in the encoding of the request, or a new one. */
static int subject_decide(const struct naming *n, struct names *names)
{
	_cleanup_(x509_name_freep) X509_NAME *subject = X509_NAME_new();
	const struct name_request *request = n->request;
	const X509_NAME *granted = subject;
	bool changed = common_name_due(n);
	int r = 0;

	if (!subject)
		return -ENOMEM;
	if (request->common_name >= 0 && n->profile->common_name != CONF_NAME_NONE)
		r = name_check(n, n->profile->common_name, request->common_name_text,
			       REFUSAL_template_subject_not_allowed);
	if (r == 0)
		r = subject_filter(n, subject, &changed);
	if (r != 0)
		return r;
	if (common_name_due(n) &&
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING,
				       (const unsigned char *)n->owner->subject_id, -1, -1, 0) != 1)
		return -ENOMEM;
	if (!changed && request->subject)
		granted = request->subject;
	names->as_asked = !changed;
	names->subject_empty = X509_NAME_entry_count(granted) == 0;
	r = subject_encode(granted, &names->subject);
	return r < 0 ? r : subject_text(granted, &names->text);
}

/* --- subjectAltName ----------------------------------------------------------------------------
 */

static bool ip_in_range(const struct conf_ip_range *range, struct bytes address)
{
	unsigned whole = range->prefix_len / 8, rest = range->prefix_len % 8;

	if (address.len != range->address_len || memcmp(address.data, range->address, whole) != 0)
		return false;
	return rest == 0 || ((address.data[whole] ^ range->address[whole]) >> (8 - rest)) == 0;
}

static bool ip_allowed(const struct conf_profile *profile, struct bytes address)
{
	for (size_t i = 0; i < profile->ip_addresses.len; i++) {
		if (ip_in_range(&profile->ip_addresses.item[i], address))
			return true;
	}
	return false;
}

static bool uri_allowed(const struct naming *n, struct bytes uri)
{
	return n->profile->vnfci_uri && name_is_id(vnfci_urn_id(uri), n->owner->subject_id);
}

static int general_name_check(const struct naming *n, const GENERAL_NAME *name)
{
	bool allowed = false;

	switch (name->type) {
	case GEN_DNS:
		if (host_name_valid(string_bytes(name->d.dNSName), 1))
			return name_check(n, n->profile->dns_names, string_bytes(name->d.dNSName),
					  REFUSAL_template_san_not_allowed);
		break;
	case GEN_IPADD:
		allowed = ip_allowed(n->profile, string_bytes(name->d.iPAddress));
		break;
	case GEN_URI:
		allowed = uri_allowed(n, string_bytes(name->d.uniformResourceIdentifier));
		break;
	default: /* rfc822Name, otherName, directoryName, ...: nobody is registered under such */
		break;
	}
	return allowed ? 0 : refuse(n->refusal, REFUSAL_template_san_not_allowed);
}

/* Whether the subjectId is added as dNSName: by the profile; always for MANO, IFA 033 11.2.2.2. */
static bool dns_name_due(const struct naming *n)
{
	const GENERAL_NAMES *san = n->request->san;

	if (!n->profile->dns_name_from_subject_id && n->profile->cert_type != CERT_TYPE_MANO)
		return false;
	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(san, i);

		if (name->type == GEN_DNS &&
		    name_is_id(string_bytes(name->d.dNSName), n->owner->subject_id))
			return false;
	}
	return host_name_valid(bytes_of_string(n->owner->subject_id), 1);
}

static int dns_name_new(const char *text, GENERAL_NAME **namep)
{
	_cleanup_(general_name_freep) GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *dns = ASN1_IA5STRING_new();

	if (!name || !dns || ASN1_STRING_set(dns, text, -1) != 1) {
		ASN1_IA5STRING_free(dns);
		return -ENOMEM;
	}
	GENERAL_NAME_set0_value(name, GEN_DNS, dns);
	*namep = TAKE(name);
	return 0;
}

/* The names of the request and the subjectId behind them. */
static int san_extend(const struct naming *n, struct octets *derp)
{
	_cleanup_(general_name_freep) GENERAL_NAME *added = NULL;
	GENERAL_NAMES *names =
		n->request->san ? sk_GENERAL_NAME_dup(n->request->san) : sk_GENERAL_NAME_new_null();
	unsigned char *der = NULL;
	int len = -1, r = dns_name_new(n->owner->subject_id, &added);

	if (r == 0 && names && sk_GENERAL_NAME_push(names, added) > 0)
		len = i2d_GENERAL_NAMES(names, &der);
	sk_GENERAL_NAME_free(names); /* a shallow copy: the names stay with their owners */
	if (len < 0)
		return -ENOMEM;
	*derp = (struct octets){der, (size_t)len};
	return 0;
}

static int san_decide(const struct naming *n, struct names *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(n->request->san); i++) {
		int r = general_name_check(n, sk_GENERAL_NAME_value(n->request->san, i));

		if (r != 0)
			return r;
	}
	if (dns_name_due(n)) {
		names->as_asked = false;
		return san_extend(n, &names->san);
	}
	return octets_dup(n->request->san_der, &names->san);
}

int names_decide(const struct name_request *request, const struct conf_profile *profile,
		 const struct names_owner *owner, struct store_reader *reader, struct mods *mods,
		 struct names *namesp, struct refusal *refusal)
{
	const struct naming n = {request, profile, owner, reader, mods, refusal};
	_cleanup_(names_clear) struct names names = {0};
	int r = subject_decide(&n, &names);

	if (r == 0)
		r = san_decide(&n, &names);
	if (r != 0)
		return r;
	/* RFC 5280 4.1.2.6: a certificate without subject has a subjectAltName. */
	if (names.subject_empty && names.san.len == 0)
		return refuse(refusal, REFUSAL_template_subject_empty);
	*namesp = names;
	names = (struct names){0};
	return 0;
}

int names_cross(const struct name_request *request, struct names *namesp, struct refusal *refusal)
{
	_cleanup_(names_clear) struct names names = {.as_asked = true};
	int r;

	if (request->san)
		return refuse(refusal, REFUSAL_template_san_not_allowed);
	r = subject_encode(request->subject, &names.subject);
	if (r == 0)
		r = subject_text(request->subject, &names.text);
	if (r < 0)
		return r;
	*namesp = names;
	names = (struct names){0};
	return 0;
}
