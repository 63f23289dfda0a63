// SPDX-License-Identifier: Apache-2.0
/*
 * Names of a request, or of a certificate that is updated, against what the trust domain of the
 * entity may have. That they fit the entity and its profile is names_decide.c's.
 */
#include "csr/names.h"
#include "domain.h"

#include <errno.h>

/* For the operator: a client is told no more than of a name that does not fit. */
static const char outside_of_domain[] = "the name is outside of what its trust domain may have";

static void general_names_freep(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

static void x509_name_freep(X509_NAME **name)
{
	X509_NAME_free(*name);
}

static struct bytes string_bytes(const ASN1_STRING *s)
{
	return (struct bytes){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

static int allowed_or_refuse(int err, bool allowed, enum refusal_reason reason,
			     struct refusal *refusal)
{
	if (err < 0)
		return err;
	return allowed ? 0 : refuse_detail(refusal, reason, outside_of_domain);
}

static int general_name_check(const struct conf_trust_domain *domain, const GENERAL_NAME *name,
			      struct refusal *refusal)
{
	bool allowed = true;
	int err = 0;

	if (name->type == GEN_DNS)
		err = domain_allows_dns_name(domain, string_bytes(name->d.dNSName), &allowed);
	else if (name->type == GEN_IPADD)
		allowed = domain_allows_ip(domain, string_bytes(name->d.iPAddress));
	else if (name->type == GEN_URI)
		err = domain_allows_uri(domain, string_bytes(name->d.uniformResourceIdentifier),
					&allowed);
	return allowed_or_refuse(err, allowed, REFUSAL_template_san_not_allowed, refusal);
}

int names_domain_check(const struct conf_trust_domain *domain, const X509_NAME *subject,
		       const GENERAL_NAMES *san, struct refusal *refusal)
{
	int at = -1, err = 0;

	if (!domain)
		return 0;
	while (err == 0 && subject &&
	       (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, at);
		bool allowed = false;

		err = domain_allows_text(domain, string_bytes(X509_NAME_ENTRY_get_data(entry)),
					 &allowed);
		err = allowed_or_refuse(err, allowed, REFUSAL_template_subject_not_allowed,
					refusal);
	}
	for (int i = 0; err == 0 && i < sk_GENERAL_NAME_num(san); i++)
		err = general_name_check(domain, sk_GENERAL_NAME_value(san, i), refusal);
	return err;
}

int names_domain_check_encoded(const struct conf_trust_domain *domain, const struct names *names,
			       struct refusal *refusal)
{
	_cleanup_(x509_name_freep) X509_NAME *subject = NULL;
	_cleanup_(general_names_freep) GENERAL_NAMES *san = NULL;
	const unsigned char *p = names->subject.data;

	if (!domain || (!domain->dns_suffixes.len && !domain->ip_addresses.len))
		return 0;
	subject = d2i_X509_NAME(NULL, &p, (long)names->subject.len);
	p = names->san.data;
	if (names->san.len)
		san = d2i_GENERAL_NAMES(NULL, &p, (long)names->san.len);
	if (!subject || (names->san.len && !san))
		return log_fault("cmf: read names", -EBADMSG, names->text);
	return names_domain_check(domain, subject, san, refusal);
}
