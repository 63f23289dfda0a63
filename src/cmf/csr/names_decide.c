// SPDX-License-Identifier: Apache-2.0
/*
 * What of the requested names a profile grants to an entity. A name that does not fit is refused;
 * an attribute of the subject that names nobody (O, OU, ...) and is not allowed, or is not what its
 * type allows, is left out; then the subject is encoded anew. See names.h.
 */
#include "csr/names.h"
#include "csr/scope.h"

#include "asn1/name.h"
#include "base/host_name.h"
#include "base/vnfci_urn.h"
#include "cmf_private.h"
#include "domain.h"
#include "principal/name_reserved.h"
#include "subject_id.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Octets of an attribute other than CN, where RFC 5280 A.1 allows 32768 characters. */
enum { ATTRIBUTE_LEN_MAX = 512 };

struct naming {
	const struct cmf_call *call;
	const struct name_request *request;
	const struct conf_profile *profile;
	const struct names_owner *owner;
	const struct scope *scope;
	struct mods *mods;
};

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

static void x509_name_freep(X509_NAME **name)
{
	X509_NAME_free(*name);
}

static void general_names_freep(GENERAL_NAMES **names)
{
	sk_GENERAL_NAME_pop_free(*names, GENERAL_NAME_free);
}

static void general_name_freep(GENERAL_NAME **name)
{
	GENERAL_NAME_free(*name);
}

static struct bytes string_bytes(const ASN1_STRING *s)
{
	return (struct bytes){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

/* A name by the rule of the profile. */
static int name_check(const struct naming *n, enum conf_name_rule rule, struct bytes name,
		      enum refusal_reason reason)
{
	return name_rule_allows(rule, name, n->owner->entity.subject_id)
		       ? name_open_check(n->call, n->owner, name, reason)
		       : refuse(n->call->refusal, reason);
}

/* --- subject --- */

static bool attribute_listed(const struct conf_profile *profile, const X509_NAME_ENTRY *entry)
{
	int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));

	for (size_t i = 0; i < profile->subject_attributes.len && nid != NID_undef; i++) {
		if (OBJ_txt2nid(profile->subject_attributes.item[i]) == nid)
			return true;
	}
	return false;
}

/*
 * What keeps an attribute out of a subject; NULL: nothing. RFC 5280 4.1.2.4: a new subject has
 * none of the older string types. *typep is the type that it is encoded in.
 */
static const char *attribute_fault(const struct name_attribute *attribute, int *typep)
{
	const char *fault = name_attribute_fault(attribute, typep);
	int type = attribute->value_type;

	if (attribute->value.len > ATTRIBUTE_LEN_MAX)
		return "is too long";
	if (type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING && type != V_ASN1_IA5STRING)
		return "is in a string type that is not taken";
	if (fault && *typep == V_ASN1_UNDEF)
		return fault;
	if (!fault)
		*typep = type;
	return NULL;
}

static void attribute_changed(struct mods *mods, const char *what,
			      const struct name_attribute *attribute, const char *why)
{
	char label[64], name[160];

	oid_label(attribute->type, label, sizeof(label));
	snprintf(name, sizeof(name), why ? "%s, which %s" : "%s", label, why);
	mods_add(mods, what, name);
}

static bool attribute_wanted(const struct naming *n, const X509_NAME *asked, int i)
{
	if (scope_decides(n->scope, X509_NAME_get_entry(asked, i)))
		return false;
	return i == n->request->common_name
		       ? n->profile->common_name != CONF_NAME_NONE
		       : attribute_listed(n->profile, X509_NAME_get_entry(asked, i));
}

/* Adds the entry, in another string type if that is needed, behind the others. */
static int attribute_add(const struct naming *n, X509_NAME *subject, const X509_NAME_ENTRY *entry,
			 int type, bool same_rdn)
{
	const struct name_attribute attribute = name_attribute_of(entry);
	X509_NAME_ENTRY *copy = X509_NAME_ENTRY_dup(entry);
	int ok = copy != NULL;

	if (ok && type != attribute.value_type) {
		attribute_changed(n->mods, "subject attribute encoded anew", &attribute, NULL);
		ok = X509_NAME_ENTRY_set_data(copy, type, attribute.value.data,
					      (int)attribute.value.len);
	}
	ok = ok && X509_NAME_add_entry(subject, copy, -1, same_rdn ? -1 : 0) == 1;
	X509_NAME_ENTRY_free(copy);
	return ok ? 0 : -ENOMEM;
}

/* The attributes of the request that stay, in their RDNs. */
static int subject_filter(const struct naming *n, X509_NAME *subject)
{
	const X509_NAME *asked = n->request->subject;
	int count = asked ? X509_NAME_entry_count(asked) : 0;
	int set = -1; /* RDN of the last that stayed */

	for (int i = 0; i < count; i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(asked, i);
		const struct name_attribute attribute = name_attribute_of(entry);
		bool listed = attribute_wanted(n, asked, i);
		int type = V_ASN1_UNDEF;
		const char *fault = listed ? attribute_fault(&attribute, &type) : NULL;

		if (scope_says(n->scope, entry))
			continue;
		if (!listed || fault) {
			attribute_changed(n->mods, "subject attribute left out", &attribute, fault);
			continue;
		}
		if (attribute_add(n, subject, entry, type, X509_NAME_ENTRY_set(entry) == set) < 0)
			return -ENOMEM;
		set = X509_NAME_ENTRY_set(entry);
	}
	return 0;
}

/*
 * Whether all attributes of the request stay as they are, each in an RDN of its own: then the
 * subject need not be made anew, which is the ordinary case. The Name as a whole has to be what a
 * CA may sign, too: DER, with no empty RDN.
 */
static bool subject_stays(const struct naming *n, struct bytes *derp)
{
	const X509_NAME *asked = n->request->subject;
	int count = asked ? X509_NAME_entry_count(asked) : 0;
	const unsigned char *der;
	size_t len;

	for (int i = 0; i < count; i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(asked, i);
		const struct name_attribute attribute = name_attribute_of(entry);
		int type = V_ASN1_UNDEF;

		if (!attribute_wanted(n, asked, i) || attribute_fault(&attribute, &type) ||
		    type != attribute.value_type || X509_NAME_ENTRY_set(entry) != i)
			return false;
	}
	if (count == 0 || !X509_NAME_get0_der(asked, &der, &len))
		return false;
	*derp = (struct bytes){der, len};
	return !name_fault_of(*derp).words;
}

/* Whether the subjectId goes into the subject although nobody asked for a CN. */
static bool common_name_due(const struct naming *n)
{
	if (n->request->common_name >= 0 ||
	    name_characters(n->owner->entity.subject_id) > COMMON_NAME_MAX)
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
	if (only && identifier_plain(string_bytes(only)))
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

/* A subject without CN names nobody: trust domain and VNF instance are those of many. */
static int scope_decide(const struct naming *n, struct names *names)
{
	if (!n->scope->n || !names->has_common_name)
		return 0;
	if (!scope_fits(n->scope))
		return refuse_detail(n->call->refusal, REFUSAL_template_subject_not_allowed,
				     "its VNF instance is longer than the attribute of the profile "
				     "may be");
	if (n->request->subject_given)
		scope_tell(n->scope, n->request->subject, n->mods);
	return scope_add(n->scope, names);
}

/* Whether the subject is that of the request, octet for octet; `told` mods came before it. */
static int subject_compare(const struct naming *n, size_t told, struct names *names)
{
	const unsigned char *der;
	size_t len;

	names->as_asked = names->subject_empty;
	if (!n->request->subject)
		return 0;
	if (!X509_NAME_get0_der(n->request->subject, &der, &len))
		return -ENOMEM;
	names->as_asked = bytes_equal(octets_view(&names->subject), (struct bytes){der, len});
	/* If nothing else was changed, it is the encoding. */
	if (!names->as_asked && n->mods->text.len == told)
		mods_add(n->mods, "subject encoded anew", NULL);
	return 0;
}

/* Made anew from what of the request stays: its octets may be what no CA should sign. */
static int subject_make(const struct naming *n, struct names *names)
{
	_cleanup_(x509_name_freep) X509_NAME *subject = X509_NAME_new();
	size_t told = n->mods->text.len;
	int err = subject ? subject_filter(n, subject) : -ENOMEM;

	if (err != 0)
		return err;
	if (common_name_due(n)) {
		if (X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING,
					       (const unsigned char *)n->owner->entity.subject_id,
					       -1, -1, 0) != 1)
			return -ENOMEM;
		/* RFC 4210 F: what the request names is not as asked for then. */
		if (n->request->subject_given)
			mods_add(n->mods, "CN added to the subject", NULL);
	}
	names->subject_empty = X509_NAME_entry_count(subject) == 0;
	names->has_common_name = X509_NAME_get_index_by_NID(subject, NID_commonName, -1) >= 0;
	err = subject_encode(subject, &names->subject);
	if (err == 0)
		err = subject_text(subject, &names->text);
	if (err == 0)
		err = scope_decide(n, names);
	return err == 0 ? subject_compare(n, told, names) : err;
}

static int subject_decide(const struct naming *n, struct names *names)
{
	const struct name_request *request = n->request;
	struct bytes der;
	int err = 0;

	if (request->common_name >= 0 && n->profile->common_name != CONF_NAME_NONE)
		err = name_check(n, n->profile->common_name, request->common_name_text,
				 REFUSAL_template_subject_not_allowed);
	/* One that is left out is signed all the same: the key is that of whom it names. */
	else if (request->common_name >= 0 && !request->san &&
		 !name_rule_allows(CONF_NAME_SUBJECT_ID_LABEL, request->common_name_text,
				   n->owner->entity.subject_id))
		return refuse(n->call->refusal, REFUSAL_template_names_nobody);
	if (err != 0)
		return err;
	if (common_name_due(n) || !subject_stays(n, &der))
		return subject_make(n, names);
	names->subject_empty = false;
	names->has_common_name = request->common_name >= 0;
	names->as_asked = !n->scope->n || !names->has_common_name;
	err = octets_dup(der, &names->subject);
	if (err == 0)
		err = subject_text(request->subject, &names->text);
	return err == 0 ? scope_decide(n, names) : err;
}

/* --- subjectAltName --- */

/* That of the CMF's own servers is no entity's, whatever the range. */
static int ip_check(const struct naming *n, struct bytes address)
{
	char text[INET6_ADDRSTRLEN];
	const char *reserved;
	int err;

	if (!conf_ip_ranges_have(&n->profile->ip_addresses, address))
		return refuse(n->call->refusal, REFUSAL_template_san_not_allowed);
	if (!inet_ntop(address.len == 4 ? AF_INET : AF_INET6, address.data, text, sizeof(text)))
		return -EINVAL;
	err = name_reserved(n->call, bytes_of_string(text), &n->owner->entity, &reserved);
	if (err < 0 || !reserved)
		return err;
	return refuse_detail(n->call->refusal, REFUSAL_template_san_not_allowed, reserved);
}

/* RFC 5280 4.2.1.6, by the tag of the GeneralName. */
static const char *const general_name_kinds[] = {
	"otherName",
	"rfc822Name",
	"dNSName",
	"x400Address",
	"directoryName",
	"ediPartyName",
	"uniformResourceIdentifier",
	"iPAddress",
	"registeredID",
};

/* Of a VNFCI, whose VNFM gives it such names. */
static bool is_of_vnf(const struct naming *n, struct bytes name)
{
	for (size_t i = 0; i < n->owner->n_dns_names; i++) {
		if (name_is_id(name, n->owner->dns_names[i]))
			return true;
	}
	return false;
}

static int dns_name_check(const struct naming *n, struct bytes name)
{
	if (is_of_vnf(n, name))
		return name_open_check(n->call, n->owner, name, REFUSAL_template_san_not_allowed);
	return name_check(n, n->profile->dns_names, name, REFUSAL_template_san_not_allowed);
}

static int general_name_check(const struct naming *n, const GENERAL_NAME *name)
{
	switch (name->type) {
	case GEN_DNS:
		if (host_name_valid(string_bytes(name->d.dNSName), 1))
			return dns_name_check(n, string_bytes(name->d.dNSName));
		break;
	case GEN_IPADD:
		return ip_check(n, string_bytes(name->d.iPAddress));
	case GEN_URI:
		return name_uri_check(n->call, n->profile, n->owner,
				      string_bytes(name->d.uniformResourceIdentifier));
	default: /* rfc822Name, otherName, directoryName, ...: nobody is registered under such */
		break;
	}
	return refuse_about(n->call->refusal, REFUSAL_template_san_not_allowed, "%s",
			    general_name_kinds[name->type]);
}

/*
 * Whether the subjectId is added as dNSName, if its trust domain may have it: by the profile;
 * always for MANO, IFA 033 11.2.2.2.
 */
static int dns_name_due(const struct naming *n, bool *duep)
{
	const struct bytes id = bytes_of_string(n->owner->entity.subject_id);
	const GENERAL_NAMES *san = n->request->san;

	*duep = (n->profile->dns_name_from_subject_id || n->profile->cert_type == CERT_TYPE_MANO) &&
		host_name_valid(id, 1);
	for (int i = 0; *duep && i < sk_GENERAL_NAME_num(san); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(san, i);

		*duep = name->type != GEN_DNS ||
			!name_is_id(string_bytes(name->d.dNSName), n->owner->entity.subject_id);
	}
	return *duep ? domain_allows_dns_name(n->owner->domain, id, duep) : 0;
}

/* A name of a kind that is text: GEN_DNS or GEN_URI. */
static int general_name_new(int kind, const char *text, GENERAL_NAME **namep)
{
	_cleanup_(general_name_freep) GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	if (!name || !value || ASN1_STRING_set(value, text, -1) != 1) {
		ASN1_IA5STRING_free(value);
		return -ENOMEM;
	}
	GENERAL_NAME_set0_value(name, kind, value);
	*namep = TAKE(name);
	return 0;
}

/* The names of the request and these behind them. */
static int san_extend(const struct naming *n, int kind, const char *const *texts, size_t n_texts,
		      struct octets *derp)
{
	_cleanup_(general_names_freep) GENERAL_NAMES *names =
		n->request->san ? sk_GENERAL_NAME_deep_copy(n->request->san, GENERAL_NAME_dup,
							    GENERAL_NAME_free)
				: sk_GENERAL_NAME_new_null();
	unsigned char *der = NULL;
	int len = -1;

	for (size_t i = 0; i < n_texts && names; i++) {
		_cleanup_(general_name_freep) GENERAL_NAME *added = NULL;
		int err = general_name_new(kind, texts[i], &added);

		if (err < 0 || sk_GENERAL_NAME_push(names, added) <= 0)
			return -ENOMEM;
		(void)TAKE(added);
	}
	if (names)
		len = i2d_GENERAL_NAMES(names, &der);
	if (len < 0)
		return -ENOMEM;
	*derp = (struct octets){der, (size_t)len};
	return 0;
}

/*
 * Whether the URI of the VNFCI is added: where nothing else would say whose certificate it is, as
 * with a subjectId that is longer than a CN, RFC 5280 A.1.
 */
static bool vnfci_uri_due(const struct naming *n, const struct names *names)
{
	return n->profile->vnfci_uri && !names->has_common_name && !n->request->san;
}

static int vnfci_uri_add(const struct naming *n, struct names *names)
{
	const struct store_entity *entity = &n->owner->entity;
	_cleanup_(freep) char *urn = vnfci_urn(entity->vnf_instance, entity->subject_id);

	if (!urn)
		return -ENOMEM;
	names->as_asked = false;
	return san_extend(n, GEN_URI, &(const char *){urn}, 1, &names->san);
}

/* Those of its VNF, of a VNFCI that has asked for none: it need not know how it is called. */
static int dns_names_add(const struct naming *n, struct names *names)
{
	int err = 0;

	for (size_t i = 0; i < n->owner->n_dns_names && err == 0; i++)
		err = dns_name_check(n, bytes_of_string(n->owner->dns_names[i]));
	names->as_asked = false;
	return err == 0 ? san_extend(n, GEN_DNS, (const char *const *)n->owner->dns_names,
				     n->owner->n_dns_names, &names->san)
			: err;
}

static int san_decide(const struct naming *n, struct names *names)
{
	bool due = false;
	int err = 0;

	for (int i = 0; err == 0 && i < sk_GENERAL_NAME_num(n->request->san); i++)
		err = general_name_check(n, sk_GENERAL_NAME_value(n->request->san, i));
	if (err == 0)
		err = dns_name_due(n, &due);
	if (err != 0)
		return err;
	if (n->request->san && n->request->san_critical != names->subject_empty)
		mods_add(n->mods,
			 names->subject_empty ? "extension critical" : "extension not critical",
			 "subjectAltName");
	if (due) {
		names->as_asked = false;
		if (n->request->san)
			mods_add(n->mods, "dNSName added", n->owner->entity.subject_id);
		return san_extend(n, GEN_DNS, &n->owner->entity.subject_id, 1, &names->san);
	}
	if (n->owner->n_dns_names && !n->request->san)
		return dns_names_add(n, names);
	if (vnfci_uri_due(n, names))
		return vnfci_uri_add(n, names);
	return octets_dup(n->request->san_der, &names->san);
}

int names_decide(const struct cmf_call *call, const struct name_request *request,
		 const struct conf_profile *profile, const struct names_owner *owner,
		 struct mods *mods, struct names *namesp)
{
	const struct scope scope =
		owner->scoped ? scope_of(profile, &owner->entity) : (struct scope){.n = 0};
	const struct naming n = {call, request, profile, owner, &scope, mods};
	_cleanup_(names_clear) struct names names = {0};
	int err = subject_decide(&n, &names);

	if (err == 0)
		err = san_decide(&n, &names);
	if (err != 0)
		return err;
	/* RFC 5280 4.1.2.6: a certificate without subject has a subjectAltName. */
	if (names.subject_empty && names.san.len == 0)
		return refuse(call->refusal, REFUSAL_template_subject_empty);
	*namesp = names;
	names = (struct names){0};
	return 0;
}

int names_cross(const struct name_request *request, struct names *namesp, struct refusal *refusal)
{
	_cleanup_(names_clear) struct names names = {.as_asked = true};
	int err;

	if (request->san)
		return refuse(refusal, REFUSAL_template_san_not_allowed);
	err = subject_encode(request->subject, &names.subject);
	if (err == 0)
		err = subject_text(request->subject, &names.text);
	/* It is to be the other CA's name as that is, so nothing of it is changed. */
	if (err == 0)
		err = subject_check(octets_view(&names.subject), REFUSAL_template_subject_attribute,
				    refusal);
	if (err != 0)
		return err;
	*namesp = names;
	names = (struct names){0};
	return 0;
}
