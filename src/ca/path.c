// SPDX-License-Identifier: Apache-2.0
/*
 * What the certificates above a certificate of an internal CA, its own included, allow: RFC
 * 5280 6.1 as a verifier will apply it. Read once at start; what they do not allow is refused, not
 * signed.
 */
#include "asn1/certificate.h"
#include "asn1/name.h"
#include "ca_local.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

DEFINE_CLEANUP(X509_NAME, X509_NAME_free);

/* --- loading --- */

int path_load(struct chain *chain)
{
	int n = sk_X509_num(chain->certs);

	chain->link = calloc((size_t)n, sizeof(*chain->link));
	if (!chain->link)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		X509 *cert = sk_X509_value(chain->certs, i);
		int64_t not_after_ms;
		int err = asn1_time_ms(X509_get0_notAfter(cert), &not_after_ms);

		if (err < 0)
			return err;
		if (i == 0 || not_after_ms < chain->path_end_ms)
			chain->path_end_ms = not_after_ms;
		chain->link[i].names = X509_get_ext_d2i(cert, NID_name_constraints, NULL, NULL);
		chain->link[i].purposes = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	}
	ERR_clear_error();
	return 0;
}

void path_clear(struct chain *chain)
{
	for (int i = 0; chain->link && i < sk_X509_num(chain->certs); i++) {
		NAME_CONSTRAINTS_free(chain->link[i].names);
		EXTENDED_KEY_USAGE_free(chain->link[i].purposes);
	}
	free(chain->link);
}

int64_t ca_path_end(const struct ca *ca)
{
	return ca->chain.path_end_ms;
}

/* --- path length, RFC 5280 4.2.1.9 --- */

/*
 * Self-issued certificates do not count; the last certificate does not either, but one of a CA is
 * there to have others below it.
 */
bool ca_path_allows(const struct ca *ca, bool ca_certificate)
{
	long below = ca_certificate ? 1 : 0;

	for (int i = 0; i < sk_X509_num(ca->chain.certs); i++) {
		X509 *cert = sk_X509_value(ca->chain.certs, i);
		long most = X509_get_pathlen(cert);

		if (most >= 0 && below > most)
			return false;
		if (X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) != 0)
			below++;
	}
	return true;
}

/* --- extendedKeyUsage --- */

static bool purpose_allowed(const ASN1_OBJECT *purpose, const EXTENDED_KEY_USAGE *allowed)
{
	for (int i = 0; i < sk_ASN1_OBJECT_num(allowed); i++) {
		const ASN1_OBJECT *one = sk_ASN1_OBJECT_value(allowed, i);

		if (OBJ_obj2nid(one) == NID_anyExtendedKeyUsage || OBJ_cmp(one, purpose) == 0)
			return true;
	}
	return false;
}

/* The first purpose of the extension that a certificate above does not allow; NULL: none. */
static const ASN1_OBJECT *purpose_refused(const struct chain *chain,
					  const EXTENDED_KEY_USAGE *asked)
{
	for (int i = 0; i < sk_X509_num(chain->certs); i++) {
		for (int j = 0; chain->link[i].purposes && j < sk_ASN1_OBJECT_num(asked); j++) {
			const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(asked, j);

			if (!purpose_allowed(purpose, chain->link[i].purposes))
				return purpose;
		}
	}
	return NULL;
}

/* Its label; false: all are allowed. */
static bool purposes_refused(const struct chain *chain, const struct conf_extension *extensions,
			     size_t n, char label[64])
{
	const ASN1_OBJECT *refused = NULL;

	for (size_t i = 0; i < n && !refused; i++) {
		const unsigned char *p = extensions[i].value;
		EXTENDED_KEY_USAGE *asked;

		if (extensions[i].nid != NID_ext_key_usage)
			continue;
		asked = d2i_EXTENDED_KEY_USAGE(NULL, &p, (long)extensions[i].value_len);
		refused = purpose_refused(chain, asked);
		if (refused)
			oid_label((struct bytes){OBJ_get0_data(refused), OBJ_length(refused)},
				  label, 64);
		EXTENDED_KEY_USAGE_free(asked);
	}
	return refused != NULL;
}

/* --- nameConstraints, RFC 5280 4.2.1.10 --- */

static int names_add(X509 *cert, const struct ca_request *request)
{
	const unsigned char *p = request->subject.data;
	_cleanup_(X509_NAME_freep) X509_NAME *subject =
		d2i_X509_NAME(NULL, &p, (long)request->subject.len);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *san = NULL;
	int ok = subject && value && X509_set_subject_name(cert, subject);

	if (ok && request->san.len > 0) {
		ok = ASN1_OCTET_STRING_set(value, request->san.data, (int)request->san.len);
		if (ok)
			san = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name,
							   request->san_critical, value);
		ok = san && X509_add_ext(cert, san, -1);
	}
	X509_EXTENSION_free(san);
	ASN1_OCTET_STRING_free(value);
	return ok ? 0 : -ENOMEM;
}

/*
 * A certificate that has the names, for OpenSSL to look at. All its fields are set, though nobody
 * reads the others: what is not encodable has no extensions for OpenSSL, either.
 */
static X509 *named_certificate(const struct ca *ca, const struct ca_request *request)
{
	X509 *cert = X509_dup(sk_X509_value(ca->chain.certs, 0));

	for (int i = cert ? X509_get_ext_count(cert) : 0; i-- > 0;)
		X509_EXTENSION_free(X509_delete_ext(cert, i));
	if (cert && names_add(cert, request) == 0 && X509_check_purpose(cert, -1, 0) == 1)
		return cert;
	X509_free(cert);
	return NULL;
}

static bool has_dns_name(X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = sk_GENERAL_NAME_value(names, i)->type == GEN_DNS;
	GENERAL_NAMES_free(names);
	return found;
}

static int names_check(const struct ca *ca, const struct ca_request *request,
		       struct refusal *refusal)
{
	const struct chain *chain = &ca->chain;
	_cleanup_(X509_freep) X509 *cert = NULL;
	int err = X509_V_OK;

	for (int i = 0; i < sk_X509_num(chain->certs) && err == X509_V_OK; i++) {
		NAME_CONSTRAINTS *constraints = chain->link[i].names;

		if (!constraints)
			continue;
		if (!cert && !(cert = named_certificate(ca, request)))
			return log_fault("looking at name constraints", -ENOMEM, ca->conf->name);
		err = NAME_CONSTRAINTS_check(cert, constraints);
		/* Verifiers take a CN for a DNS name where there is none. */
		if (err == X509_V_OK && !has_dns_name(cert))
			err = NAME_CONSTRAINTS_check_CN(cert, constraints);
	}
	ERR_clear_error();
	if (err == X509_V_ERR_OUT_OF_MEM)
		return -ENOMEM;
	return err == X509_V_OK ? 0 : refuse(refusal, REFUSAL_ca_path_names);
}

/* --- all of them --- */

int ca_path_check(const struct ca *ca, const struct ca_request *request, struct refusal *refusal)
{
	char label[64];

	if (!ca_path_allows(ca, request->profile->cross_subject.name != NULL))
		return refuse(refusal, REFUSAL_ca_path_length);
	if (purposes_refused(&ca->chain, request->extensions, request->n_extensions, label))
		return refuse_about(refusal, REFUSAL_ca_path_purposes, "%s", label);
	return names_check(ca, request, refusal);
}

/* --- names that a certificate would have --- */

/* "O=domain, CN=host" as a Name; without the type of an attribute the CN alone; without a domain
 * no name at all. */
static int subject_encode(const char *attribute, const char *domain, struct octets *derp)
{
	X509_NAME *name = X509_NAME_new();
	int len = -1;

	if (name &&
	    (!attribute || !domain ||
	     X509_NAME_add_entry_by_txt(name, attribute, MBSTRING_UTF8,
					(const unsigned char *)domain, -1, -1, 0)) &&
	    (!domain || X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
						   (const unsigned char *)"host", -1, -1, 0)))
		len = i2d_X509_NAME(name, &derp->data);
	X509_NAME_free(name);
	derp->len = len > 0 ? (size_t)len : 0;
	ERR_clear_error();
	return len > 0 ? 0 : -EINVAL;
}

/* A dNSName as GeneralNames. */
static int host_encode(const char *host, struct octets *derp)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	int len = -1;

	if (name && names && text && ASN1_STRING_set(text, host, -1)) {
		GENERAL_NAME_set0_value(name, GEN_DNS, TAKE(text));
		if (sk_GENERAL_NAME_push(names, name) > 0) {
			name = NULL;
			len = i2d_GENERAL_NAMES(names, &derp->data);
		}
	}
	ASN1_IA5STRING_free(text);
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(names);
	derp->len = len > 0 ? (size_t)len : 0;
	return len > 0 ? 0 : -ENOMEM;
}

/* Whether one of those above forbids a certificate with such a subject or host (NULL: none). */
static bool names_forbidden(const struct ca *ca, const char *attribute, const char *domain,
			    const char *host)
{
	_cleanup_(octets_clear) struct octets subject = OCTETS_NULL, san = OCTETS_NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct ca_request request = {0};
	int err = subject_encode(attribute, domain, &subject);

	if (!err && host)
		err = host_encode(host, &san);
	request.subject = octets_view(&subject);
	request.san = octets_view(&san);
	return !err && names_check(ca, &request, &refusal) == REFUSED;
}

/* Whether a rule, or that there is none, leads entities of the domain with that profile (NULL: any)
 * to this CA. */
static bool is_ca_of(const struct ca *ca, const struct conf *conf, const char *domain,
		     const struct conf_profile *profile)
{
	for (size_t i = 0; i < conf->n_ca_rules; i++) {
		const struct conf_ca_rule *rule = &conf->ca_rules[i];

		if (strcmp(rule->ca, ca->conf->name) == 0 &&
		    (!rule->trust_domain || strcmp(rule->trust_domain, domain) == 0) &&
		    (!profile || !rule->profile || strcmp(rule->profile, profile->name) == 0) &&
		    (!profile || !rule->has_cert_type || rule->cert_type == profile->cert_type))
			return true;
	}
	return conf->cmf.default_ca && strcmp(conf->cmf.default_ca, ca->conf->name) == 0;
}

/* Host names that a domain may have, and no certificate of this CA. */
static void hosts_warn(const struct ca *ca, const struct conf *conf,
		       const struct conf_trust_domain *domain, struct strbuf *out)
{
	char host[300];

	for (size_t i = 0; i < domain->dns_suffixes.len; i++) {
		const char *suffix = domain->dns_suffixes.item[i];

		snprintf(host, sizeof(host), "host.%s", suffix[0] == '.' ? suffix + 1 : suffix);
		if (is_ca_of(ca, conf, domain->name, NULL) && names_forbidden(ca, NULL, NULL, host))
			strbuf_printf(out,
				      "[ca %s] chain: nameConstraints do not allow dns_suffixes "
				      "%s of [trust_domain %s]\n",
				      ca->conf->name, suffix, domain->name);
	}
}

/* Subjects that a profile gives to entities of a domain, likewise. */
static void subjects_warn(const struct ca *ca, const struct conf *conf,
			  const struct conf_trust_domain *domain, struct strbuf *out)
{
	for (size_t i = 0; i < conf->n_profiles; i++) {
		const struct conf_profile *profile = &conf->profiles[i];
		const char *attribute = profile->subject_trust_domain;

		if (domain->profiles.len && !conf_list_has(&domain->profiles, profile->name))
			continue;
		if (is_ca_of(ca, conf, domain->name, profile) &&
		    names_forbidden(ca, attribute, domain->name, NULL))
			strbuf_printf(out,
				      "[ca %s] chain: nameConstraints do not allow subjects as "
				      "%s%s%s%sCN=... of [profile %s] in [trust_domain %s]\n",
				      ca->conf->name, attribute ? attribute : "",
				      attribute ? "=" : "", attribute ? domain->name : "",
				      attribute ? ", " : "", profile->name, domain->name);
	}
}

void ca_path_warnings(const struct ca *ca, const struct conf *conf, struct strbuf *out)
{
	const struct chain *chain = &ca->chain;
	const char *name = ca->conf->name;
	char text[64];

	if (ca->upstream)
		return;
	if (!ca_path_allows(ca, false))
		strbuf_printf(out,
			      "[ca %s] chain: pathLenConstraint allows no certificates below "
			      "this CA\n",
			      name);
	if (!X509_get0_subject_key_id(sk_X509_value(chain->certs, 0)))
		strbuf_printf(out, "[ca %s] certificate: it has no subjectKeyIdentifier\n", name);
	if (name_fault_of(octets_view(&chain->issuer)).words)
		strbuf_printf(out,
			      "[ca %s] certificate: its subject is not as RFC 5280 4.1.2.4 has "
			      "it\n",
			      name);
	if (chain->path_end_ms < chain->not_after_ms) {
		clock_format(chain->path_end_ms, text);
		strbuf_printf(out, "[ca %s] chain: it ends at %s, before the certificate does\n",
			      name, text);
	}
	for (size_t i = 0; i < conf->n_profiles; i++) {
		const struct conf_profile *profile = &conf->profiles[i];

		if (purposes_refused(chain, profile->extensions, profile->n_extensions, text))
			strbuf_printf(out,
				      "[ca %s] chain: extendedKeyUsage does not allow %s of "
				      "[profile %s]\n",
				      name, text, profile->name);
	}
	for (size_t i = 0; i < conf->n_trust_domains; i++) {
		hosts_warn(ca, conf, &conf->trust_domains[i], out);
		subjects_warn(ca, conf, &conf->trust_domains[i], out);
	}
}
