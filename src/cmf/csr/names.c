// SPDX-License-Identifier: Apache-2.0
/* Reading the names of a request, and keeping those of an old certificate. See names.h. */
#include "csr/names.h"
#include "csr/scope.h"

#include "asn1/der.h"
#include "asn1/name.h"
#include "base/name_fold.h"
#include "subject_id.h"

#include <errno.h>
#include <string.h>

/* Attributes in a subject, names in a SAN: each may cost a look into the store. */
enum { ATTRIBUTES_MAX = 32, GENERAL_NAMES_MAX = 64 };

static struct bytes string_bytes(const ASN1_STRING *s)
{
	return (struct bytes){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

static void general_names_freep(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

static void x509_name_freep(X509_NAME **name)
{
	X509_NAME_free(*name);
}

/* --- reading --- */

static int subject_read(const X509_NAME *subject, struct name_request *request,
			struct refusal *refusal)
{
	const unsigned char *der;
	size_t der_len;
	int at;

	if (!subject)
		return 0;
	request->subject_given = true;
	if (!X509_NAME_get0_der(subject, &der, &der_len))
		return -ENOMEM;
	/* RFC 5280 A.1: RelativeDistinguishedName ::= SET SIZE (1..MAX) */
	if (name_has_empty_rdn((struct bytes){der, der_len}))
		return refuse_about(refusal, REFUSAL_template_subject_malformed,
				    "a RelativeDistinguishedName is empty");
	/* RFC 9483 4.1.1: the NULL-DN stands for no subject. */
	if (X509_NAME_entry_count(subject) == 0)
		return 0;
	if (X509_NAME_entry_count(subject) > ATTRIBUTES_MAX)
		return refuse(refusal, REFUSAL_template_subject_not_allowed);
	request->subject = subject;
	at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	request->common_name = at;
	if (at >= 0)
		request->common_name_text =
			string_bytes(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	return 0;
}

int name_request_check(const struct name_request *request, struct refusal *refusal)
{
	struct name_attribute attribute;
	const char *fault;
	int at = request->common_name, better;

	if (at < 0)
		return 0;
	if (X509_NAME_get_index_by_NID(request->subject, NID_commonName, at) >= 0)
		return refuse_about(refusal, REFUSAL_template_subject_not_allowed,
				    "it has several CNs");
	/* In an encoding that all read alike: RFC 5280 4.1.2.4 knows two of them. */
	attribute = name_attribute_of(X509_NAME_get_entry(request->subject, at));
	if (attribute.value_type != V_ASN1_UTF8STRING &&
	    attribute.value_type != V_ASN1_PRINTABLESTRING)
		return refuse_about(refusal, REFUSAL_template_subject_string_type, "CN");
	fault = name_attribute_fault(&attribute, &better);
	if (fault && better == V_ASN1_UNDEF)
		return refuse_about(refusal, REFUSAL_template_subject_attribute, "CN %s", fault);
	return 0;
}

static int san_read(const X509_EXTENSION *extension, struct name_request *request,
		    struct refusal *refusal)
{
	struct bytes value = template_extension_value(extension);
	const unsigned char *p = value.data;

	request->san = d2i_GENERAL_NAMES(NULL, &p, (long)value.len);
	/* RFC 5280 4.2.1.6: GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName. The octets go
	 * into the certificate, and no check of the message has seen them. */
	if (!request->san || der_check(value) || p != value.data + value.len ||
	    sk_GENERAL_NAME_num(request->san) == 0)
		return refuse(refusal, REFUSAL_template_malformed);
	if (sk_GENERAL_NAME_num(request->san) > GENERAL_NAMES_MAX)
		return refuse(refusal, REFUSAL_template_san_not_allowed);
	request->san_der = value;
	request->san_critical =
		X509_EXTENSION_get_critical((X509_EXTENSION *)(uintptr_t)extension) > 0;
	return 0;
}

int name_request_read(const X509_NAME *subject, const X509_EXTENSION *san,
		      struct name_request *requestp, struct refusal *refusal)
{
	struct name_request request = {.common_name = -1};
	int err = subject_read(subject, &request, refusal);

	if (err == 0 && san)
		err = san_read(san, &request, refusal);
	if (err != 0)
		name_request_clear(&request);
	else
		*requestp = request;
	return err;
}

void name_request_clear(struct name_request *request)
{
	GENERAL_NAMES_free(request->san);
	*request = (struct name_request){.common_name = -1};
}

int subject_check(struct bytes subject, enum refusal_reason reason, struct refusal *refusal)
{
	struct name_fault fault = name_fault_of(subject);
	char attribute[64];

	if (!fault.words)
		return 0;
	oid_label(fault.type, attribute, sizeof(attribute));
	return refuse_about(refusal, reason, "%s %s", attribute[0] ? attribute : "the subject",
			    fault.words);
}

void names_clear(struct names *names)
{
	octets_clear(&names->subject);
	octets_clear(&names->san);
	free(names->text);
	*names = (struct names){0};
}

/* --- which entity --- */

void named_entity_clear(struct named_entity *named)
{
	free(named->vnf_instance);
	free(named->subject_id);
	*named = (struct named_entity){NULL, NULL, NULL};
}

/* What the first VNFCI URN says; nothing where there is none. */
static int san_urn_read(const struct name_request *request, struct named_entity *namedp)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(request->san); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(request->san, i);
		int err = name->type == GEN_URI
				  ? vnfci_urn_read(string_bytes(name->d.uniformResourceIdentifier),
						   &namedp->vnf_instance, &namedp->subject_id)
				  : -EINVAL;

		if (err != -EINVAL)
			return err;
	}
	return 0;
}

static struct bytes san_only_dns_name(const struct name_request *request)
{
	struct bytes found = BYTES_NULL;

	for (int i = 0; i < sk_GENERAL_NAME_num(request->san); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(request->san, i);

		if (name->type != GEN_DNS)
			continue;
		if (found.len > 0)
			return BYTES_NULL;
		found = string_bytes(name->d.dNSName);
	}
	return found;
}

static int explicit_check(const struct cmf_csr *csr, struct refusal *refusal)
{
	for (size_t i = 1; i < csr->n_vnfc_ids; i++)
		if (!names_equal(bytes_of_string(csr->vnfc_ids[0]),
				 bytes_of_string(csr->vnfc_ids[i])))
			return refuse(refusal, REFUSAL_vnfc_id_contradiction);
	for (size_t i = 1; i < csr->n_vnf_instances; i++)
		if (strcmp(csr->vnf_instances[0], csr->vnf_instances[i]) != 0)
			return refuse(refusal, REFUSAL_vnf_instance_contradiction);
	return 0;
}

/* The identifier in CN or dNSName, if it is text. */
static int plain_id(const struct name_request *request, enum cert_type type, char **idp)
{
	struct bytes id = request->common_name_text;

	if (id.len == 0 && type == CERT_TYPE_MANO)
		id = san_only_dns_name(request);
	if (!name_text_clean(id))
		return 0;
	*idp = strndup((const char *)id.data, id.len);
	return *idp ? 0 : -ENOMEM;
}

/* What is said explicitly counts; what the URN says beside it is judged with the names. */
static int explicit_put(const char *const *texts, size_t n, char **textp)
{
	if (n == 0)
		return 0;
	free(*textp);
	*textp = strdup(texts[0]);
	return *textp ? 0 : -ENOMEM;
}

int name_request_entity(const struct name_request *request, enum cert_type type,
			const struct cmf_csr *csr, struct named_entity *namedp,
			struct refusal *refusal)
{
	_cleanup_(named_entity_clear) struct named_entity named = {NULL, NULL, NULL};
	bool from_urn = false;
	int err = explicit_check(csr, refusal);

	if (err == 0)
		err = san_urn_read(request, &named);
	from_urn = named.subject_id != NULL;
	if (err == 0)
		err = explicit_put(csr->vnfc_ids, csr->n_vnfc_ids, &named.subject_id);
	if (err == 0)
		err = explicit_put(csr->vnf_instances, csr->n_vnf_instances, &named.vnf_instance);
	if (err == 0 && !named.subject_id)
		err = plain_id(request, type, &named.subject_id);
	if (err != 0)
		return err;
	/* IFA 033 11.2.3.2: vnfcId shall be present. What is not text identifies nobody. */
	if (!named.subject_id || !name_text_clean(bytes_of_string(named.subject_id)))
		return refuse(refusal, REFUSAL_entity_not_identified);
	named.from = csr->n_vnfc_ids                 ? cmf_from_carrier
		     : from_urn                      ? "the URN in subjectAltName"
		     : request->common_name_text.len ? "commonName of the subject"
						     : "dNSName in subjectAltName";
	*namedp = named;
	named = (struct named_entity){NULL, NULL, NULL};
	return 0;
}

/* --- kur --- */

static bool subject_unchanged(const X509_NAME *asked, struct bytes old, const struct scope *scope)
{
	_cleanup_(x509_name_freep) X509_NAME *name = NULL;
	const unsigned char *p = old.data;

	if (bytes_equal(name_der(asked), old))
		return true;
	name = d2i_X509_NAME(NULL, &p, (long)old.len);
	return name &&
	       (X509_NAME_cmp(asked, name) == 0 || scope_is_all_that_lacks(scope, asked, name));
}

static bool general_names_within(const GENERAL_NAMES *inner, const GENERAL_NAMES *outer)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(inner); i++) {
		bool found = false;

		for (int j = 0; j < sk_GENERAL_NAME_num(outer) && !found; j++)
			found = GENERAL_NAME_cmp(sk_GENERAL_NAME_value(inner, i),
						 sk_GENERAL_NAME_value(outer, j)) == 0;
		if (!found)
			return false;
	}
	return true;
}

static bool san_unchanged(const struct name_request *request, struct bytes old)
{
	const unsigned char *p = old.data;
	_cleanup_(general_names_freep) GENERAL_NAMES *names = NULL;

	if (bytes_equal(request->san_der, old))
		return true;
	if (old.len == 0)
		return false;
	names = d2i_GENERAL_NAMES(NULL, &p, (long)old.len);
	return names && general_names_within(names, request->san) &&
	       general_names_within(request->san, names);
}

int names_keep(const struct name_request *request, const struct store_certificate *old,
	       const struct conf_profile *profile, struct names *namesp, struct refusal *refusal)
{
	const struct store_entity entity = store_certificate_entity(old);
	const struct scope scope = scope_of(profile, &entity);
	_cleanup_(names_clear) struct names names = {.as_asked = false};
	struct certificate_view view;
	struct bytes san = BYTES_NULL;
	bool critical;
	int err;

	if (certificate_view(octets_view(&old->der), &view) < 0)
		return log_fault("cmf: read old certificate", -EBADMSG, old->subject);
	err = certificate_extension(&view, NID_subject_alt_name, &san, &critical);
	if (err < 0 && err != -ENOENT)
		return log_fault("cmf: read old certificate", err, old->subject);
	if ((request->subject && !subject_unchanged(request->subject, view.subject, &scope)) ||
	    (request->san && !san_unchanged(request, san)))
		return refuse(refusal, REFUSAL_update_names_changed);
	names.subject_empty = view.subject.len <= 2;
	names.text = strdup(old->subject ? old->subject : "");
	if (!names.text || octets_dup(view.subject, &names.subject) < 0 ||
	    octets_dup(san, &names.san) < 0)
		return -ENOMEM;
	*namesp = names;
	names = (struct names){0};
	return 0;
}
