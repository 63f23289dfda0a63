// SPDX-License-Identifier: Apache-2.0
/*
 * Cross-certification, RFC 9810 5.3.11 and 6.6: another CA is an entity like others, registered
 * with a profile that names its subject and has its constraints. Here: for which registration a
 * request is, and what it must say. Who may ask, and the names, are operation.c's.
 */
#include "csr/cross.h"

#include <errno.h>
#include <string.h>

/* Octets of a subjectKeyIdentifier; digests are the longest that is used. */
enum { KEY_ID_MAX = 64 };

static void octet_string_freep(ASN1_OCTET_STRING **s)
{
	ASN1_OCTET_STRING_free(*s);
}

/* --- for whom --- */

struct search {
	const struct conf *conf;
	const X509_NAME *subject;
	const struct conf_profile *named;
	int64_t id; /* of what was found; 0: nothing */
};

/* Whether the profile is for cross-certificates of that subject: 1, 0, negative errno. */
static int profile_fits(const struct search *search, const char *profile_name)
{
	const struct conf_profile *profile = conf_profile_find(search->conf, profile_name);

	if (!profile || !profile->cross_subject.name || (search->named && search->named != profile))
		return 0;
	return X509_NAME_cmp(profile->cross_subject.name, search->subject) == 0;
}

static int registration_row(void *arg, const struct store_registration *reg)
{
	struct search *search = arg;
	int err = profile_fits(search, reg->profile);

	if (err > 0)
		search->id = reg->id;
	return err;
}

int cross_registration_find(struct decision *d)
{
	const struct store_registration_filter filter = {.manager = d->call.who->name,
							 .trust_domain = d->call.who->trust_domain,
							 .cert_type = -1};
	struct search search = {d->conf, d->asked.subject, d->carriers.named, 0};
	int err;

	if (!d->asked.subject)
		return refuse(d->call.refusal, REFUSAL_cross_template_incomplete);
	err = store_registration_list(d->call.reader, &filter, registration_row, &search);
	if (err < 0)
		return err;
	err = search.id ? store_registration_get(d->call.reader, search.id, &d->registration)
			: STORE_NOT_FOUND;
	if (err == STORE_NOT_FOUND ||
	    (err == 0 && d->registration.state != STORE_REGISTRATION_ACTIVE))
		return refuse(d->call.refusal, REFUSAL_cross_not_registered);
	return err;
}

/* --- what --- */

/* RFC 9810 6.6.1: all fields but the serial number are given by the requester. */
int cross_template_check(const struct cmf_csr *csr, const struct ca *ca, struct refusal *refusal)
{
	const X509_ALGOR *ours = ca_signature_algorithm(ca);

	/* An upstream CA would be the issuer, and it was not asked; RFC 5280 4.2.1.9 */
	if (!ours || !ca_path_allows(ca, true))
		return refuse(refusal, REFUSAL_cross_ca);
	if (!csr->cross.signing_alg || !csr->issuer || X509_NAME_entry_count(csr->issuer) == 0 ||
	    !csr->validity || !csr->validity->notBefore || !csr->validity->notAfter)
		return refuse(refusal, REFUSAL_cross_template_incomplete);
	if (X509_ALGOR_cmp(csr->cross.signing_alg, ours) != 0)
		return refuse(refusal, REFUSAL_cross_signing_alg);
	return 0;
}

/*
 * The identifier that the other CA uses in its own certificates; ours would lead nowhere. RFC 5280
 * 4.2.1.2: it is not critical.
 */
int cross_key_id(const STACK_OF(X509_EXTENSION) * asked, struct octets *extensionp,
		 struct refusal *refusal)
{
	int at = asked ? X509v3_get_ext_by_NID(asked, NID_subject_key_identifier, -1) : -1;
	_cleanup_(octet_string_freep) ASN1_OCTET_STRING *id = NULL;
	X509_EXTENSION *extension;
	unsigned char *der = NULL;
	struct bytes value;
	const unsigned char *p;
	int len;

	if (at < 0)
		return 0;
	extension = sk_X509_EXTENSION_value(asked, at);
	value = template_extension_value(extension);
	p = value.data;
	id = d2i_ASN1_OCTET_STRING(NULL, &p, (long)value.len);
	if (!id || p != value.data + value.len || ASN1_STRING_length(id) == 0 ||
	    ASN1_STRING_length(id) > KEY_ID_MAX || X509_EXTENSION_get_critical(extension))
		return refuse(refusal, REFUSAL_template_malformed);
	len = i2d_X509_EXTENSION(extension, &der);
	if (len <= 0)
		return -ENOMEM;
	*extensionp = (struct octets){der, (size_t)len};
	return 0;
}
