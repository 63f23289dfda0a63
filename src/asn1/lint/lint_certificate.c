// SPDX-License-Identifier: Apache-2.0
/* A finished TBSCertificate against RFC 5280 4. See asn1/lint.h. */
#include "asn1/lint.h"

#include "asn1/spki.h"
#include "lint_local.h"

enum { KEY_CERT_SIGN = 1 << 5 };

/* What the rules that look at several fields need. */
struct certificate_lint {
	struct bytes subject;
	struct bytes key_algorithm; /* content octets of the OID */
	bool is_ca;
	bool ca_critical;
	bool has_path_length;
	bool has_key_usage;
	unsigned int key_usage;
	bool has_san;
	bool san_critical;
	bool has_ski;
	bool has_aki;
	bool has_ca_only; /* nameConstraints, policyConstraints, policyMappings, inhibitAnyPolicy */
	bool self_issued;
};

/* --- extensions, RFC 5280 4.2 --- */

/* SEQUENCE SIZE (1..MAX), whatever is in it. */
static bool is_filled_sequence(struct bytes value)
{
	struct bytes tlv, content;

	return lint_next(&value, LINT_SEQUENCE, &tlv, &content) && content.len > 0;
}

static const char *authority_key_id(void *arg, const struct extension_view *e)
{
	((struct certificate_lint *)arg)->has_aki = true;
	return lint_authority_key_id(e->value);
}

static const char *subject_key_id(void *arg, const struct extension_view *e)
{
	struct bytes in = e->value, tlv, id;

	((struct certificate_lint *)arg)->has_ski = true;
	if (!lint_next(&in, V_ASN1_OCTET_STRING, &tlv, &id) || id.len == 0)
		return "RFC 5280 4.2.1.2: subjectKeyIdentifier is empty";
	return NULL;
}

static const char *key_usage(void *arg, const struct extension_view *e)
{
	struct certificate_lint *lint = arg;
	struct bytes in = e->value, tlv, bits;
	uint8_t last;

	lint->has_key_usage = true;
	if (!lint_next(&in, V_ASN1_BIT_STRING, &tlv, &bits) || bits.len < 2 || bits.len > 3)
		return "RFC 5280 4.2.1.3: keyUsage has no bit";
	last = bits.data[bits.len - 1];
	/* X.690 11.2.2: a list of named bits ends with a one. */
	if (!(last & 1U << bits.data[0]))
		return "X.690 11.2.2: keyUsage ends with a zero bit";
	for (size_t bit = 0; bit < 8 * (bits.len - 1); bit++) {
		if (bits.data[1 + bit / 8] & 0x80 >> bit % 8)
			lint->key_usage |= 1U << bit;
	}
	return NULL;
}

static const char *basic_constraints(void *arg, const struct extension_view *e)
{
	struct certificate_lint *lint = arg;
	struct bytes in = e->value, tlv, fields, content;

	if (!lint_next(&in, LINT_SEQUENCE, &tlv, &fields))
		return "RFC 5280 4.2.1.9: basicConstraints is malformed";
	if (lint_is(fields, V_ASN1_BOOLEAN)) {
		if (!lint_next(&fields, V_ASN1_BOOLEAN, &tlv, &content) || content.data[0] == 0)
			return "X.690 11.5: cA FALSE is the default, and encoded";
		lint->is_ca = true;
		lint->ca_critical = e->critical;
	}
	if (fields.len == 0)
		return NULL;
	lint->has_path_length = true;
	if (!lint_next(&fields, V_ASN1_INTEGER, &tlv, &content) || fields.len ||
	    content.data[0] & 0x80)
		return "RFC 5280 4.2.1.9: pathLenConstraint is malformed";
	return lint->is_ca ? NULL : "RFC 5280 4.2.1.9: pathLenConstraint without cA";
}

static const char *subject_alt_name(void *arg, const struct extension_view *e)
{
	struct certificate_lint *lint = arg;

	lint->has_san = true;
	lint->san_critical = e->critical;
	return lint_general_names(e->value);
}

static const char *issuer_alt_name(void *arg, const struct extension_view *e)
{
	(void)arg;
	return lint_general_names(e->value);
}

static const char *ext_key_usage(void *arg, const struct extension_view *e)
{
	struct bytes in = e->value, tlv, list, oid;

	(void)arg;
	if (!is_filled_sequence(e->value) || !lint_next(&in, LINT_SEQUENCE, &tlv, &list))
		return "RFC 5280 4.2.1.12: extendedKeyUsage is empty";
	while (list.len) {
		if (!lint_next(&list, V_ASN1_OBJECT, &tlv, &oid))
			return "RFC 5280 4.2.1.12: extendedKeyUsage is malformed";
	}
	return NULL;
}

static const char *certificate_policies(void *arg, const struct extension_view *e)
{
	(void)arg;
	return is_filled_sequence(e->value) ? NULL
					    : "RFC 5280 4.2.1.4: certificatePolicies is empty";
}

static const char *distribution_points(void *arg, const struct extension_view *e)
{
	(void)arg;
	return is_filled_sequence(e->value) ? NULL
					    : "RFC 5280 4.2.1.13: distribution points are empty";
}

static const char *info_access(void *arg, const struct extension_view *e)
{
	(void)arg;
	return is_filled_sequence(e->value) ? NULL : "RFC 5280 4.2.2: information access is empty";
}

/* Of CAs only, and of no use without anything in it. */
static const char *ca_only(void *arg, const struct extension_view *e)
{
	((struct certificate_lint *)arg)->has_ca_only = true;
	return is_filled_sequence(e->value)
		       ? NULL
		       : "RFC 5280 4.2.1.10, 4.2.1.11: constraints that constrain nothing";
}

static const char *inhibit_any_policy(void *arg, const struct extension_view *e)
{
	struct bytes in = e->value, tlv, number;

	((struct certificate_lint *)arg)->has_ca_only = true;
	if (!lint_next(&in, V_ASN1_INTEGER, &tlv, &number) || number.data[0] & 0x80)
		return "RFC 5280 4.2.1.14: inhibitAnyPolicy is malformed";
	return NULL;
}

static const struct lint_extension extensions[] = {
	{NID_authority_key_identifier, LINT_NOT_CRITICAL,
	 "RFC 5280 4.2.1.1: authorityKeyIdentifier is critical", authority_key_id},
	{NID_subject_key_identifier, LINT_NOT_CRITICAL,
	 "RFC 5280 4.2.1.2: subjectKeyIdentifier is critical", subject_key_id},
	{NID_key_usage, LINT_ANY, NULL, key_usage},
	{NID_certificate_policies, LINT_ANY, NULL, certificate_policies},
	{NID_policy_mappings, LINT_ANY, NULL, ca_only},
	{NID_subject_alt_name, LINT_ANY, NULL, subject_alt_name},
	{NID_issuer_alt_name, LINT_ANY, NULL, issuer_alt_name},
	{NID_subject_directory_attributes, LINT_NOT_CRITICAL,
	 "RFC 5280 4.2.1.8: subjectDirectoryAttributes is critical", certificate_policies},
	{NID_basic_constraints, LINT_ANY, NULL, basic_constraints},
	{NID_name_constraints, LINT_CRITICAL, "RFC 5280 4.2.1.10: nameConstraints is not critical",
	 ca_only},
	{NID_policy_constraints, LINT_CRITICAL,
	 "RFC 5280 4.2.1.11: policyConstraints is not critical", ca_only},
	{NID_ext_key_usage, LINT_ANY, NULL, ext_key_usage},
	{NID_crl_distribution_points, LINT_ANY, NULL, distribution_points},
	{NID_inhibit_any_policy, LINT_CRITICAL,
	 "RFC 5280 4.2.1.14: inhibitAnyPolicy is not critical", inhibit_any_policy},
	{NID_freshest_crl, LINT_NOT_CRITICAL, "RFC 5280 4.2.1.15: freshestCRL is critical",
	 distribution_points},
	{NID_info_access, LINT_NOT_CRITICAL, "RFC 5280 4.2.2.1: authorityInfoAccess is critical",
	 info_access},
	{NID_sinfo_access, LINT_NOT_CRITICAL, "RFC 5280 4.2.2.2: subjectInfoAccess is critical",
	 info_access},
};

/* --- fields that belong together --- */

static const char *ca_lint(const struct certificate_lint *lint)
{
	if (lint_name_empty(lint->subject))
		return "RFC 5280 4.1.2.6: a CA has no subject";
	if (!lint->ca_critical)
		return "RFC 5280 4.2.1.9: basicConstraints of a CA is not critical";
	if (!lint->has_key_usage)
		return "RFC 5280 4.2.1.3: a CA has no keyUsage";
	if (lint->has_path_length && !(lint->key_usage & KEY_CERT_SIGN))
		return "RFC 5280 4.2.1.9: pathLenConstraint without keyCertSign";
	return NULL;
}

static const char *coherence_lint(const struct certificate_lint *lint)
{
	if (lint_name_empty(lint->subject) && !lint->has_san)
		return "RFC 5280 4.1.2.6: neither subject nor subjectAltName";
	if (lint_name_empty(lint->subject) && !lint->san_critical)
		return "RFC 5280 4.2.1.6: without a subject subjectAltName is critical";
	if (!lint->has_ski)
		return "RFC 5280 4.2.1.2: there is no subjectKeyIdentifier";
	if (!lint->has_aki && !lint->self_issued)
		return "RFC 5280 4.2.1.1: there is no authorityKeyIdentifier";
	if (lint->key_usage & ~spki_key_usages(lint->key_algorithm))
		return "RFC 3279 2.3.1, RFC 8813 3, RFC 8410 5: keyUsage has what this kind of key "
		       "cannot do";
	if (lint->is_ca)
		return ca_lint(lint);
	if (lint->key_usage & KEY_CERT_SIGN)
		return "RFC 5280 4.2.1.9: keyCertSign without cA";
	if (lint->has_ca_only)
		return "RFC 5280 4.2.1.10, 4.2.1.11: constraints in a certificate of no CA";
	return NULL;
}

/* --- the certificate --- */

static const char *validity_lint(struct bytes *tbs)
{
	struct lint_time from, to;
	struct bytes tlv, validity;
	const char *rule;

	if (!lint_next(tbs, LINT_SEQUENCE, &tlv, &validity))
		return "RFC 5280 4.1.2.5: validity is malformed";
	rule = lint_time(&validity, &from);
	if (!rule)
		rule = lint_time(&validity, &to);
	if (!rule && lint_time_before(&to, &from))
		rule = "RFC 5280 4.1.2.5: validity ends before it begins";
	return rule;
}

/* SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey BIT STRING } */
static const char *key_lint(struct bytes *tbs, struct certificate_lint *lint)
{
	struct bytes tlv, spki, algorithm, key;

	if (!lint_next(tbs, LINT_SEQUENCE, &tlv, &spki) ||
	    !lint_next(&spki, LINT_SEQUENCE, &tlv, &algorithm) ||
	    !lint_next(&algorithm, V_ASN1_OBJECT, &tlv, &lint->key_algorithm) ||
	    !lint_next(&spki, V_ASN1_BIT_STRING, &tlv, &key) || spki.len || key.len < 2 ||
	    key.data[0] != 0)
		return "RFC 5280 4.1.2.7: subjectPublicKeyInfo is malformed";
	return NULL;
}

/*
 * The attributes of the issuer are not judged: they are those of the CA's own certificate, whoever
 * made that, and must stay as they are.
 */
static const char *names_lint(struct bytes issuer, struct certificate_lint *lint)
{
	if (lint_name_empty(issuer))
		return "RFC 5280 4.1.2.4: the issuer is empty";
	lint->self_issued = bytes_equal(issuer, lint->subject);
	return lint_name(lint->subject);
}

const char *lint_certificate(struct bytes tbs, struct bytes algorithm)
{
	static const uint8_t v3[] = {0xa0, 3, V_ASN1_INTEGER, 1, 2};
	struct certificate_lint lint = {0};
	struct bytes in, tlv, issuer, content;
	const char *rule;

	if (der_check(tbs) || !lint_next(&tbs, LINT_SEQUENCE, &tlv, &in))
		return "RFC 5280 4.1: not DER";
	if (!lint_next(&in, LINT_CONTEXT_CONSTRUCTED, &tlv, &content) ||
	    !bytes_equal(tlv, BYTES_OF(v3)))
		return "RFC 5280 4.1.2.1: version is not v3";
	if (!lint_next(&in, V_ASN1_INTEGER, &tlv, &content) || !lint_serial(content))
		return "RFC 5280 4.1.2.2: serialNumber is not positive, or longer than 20 octets";
	if (!lint_next(&in, LINT_SEQUENCE, &tlv, &content) || !bytes_equal(tlv, algorithm))
		return "RFC 5280 4.1.1.2: signature is not signatureAlgorithm";
	if (!lint_next(&in, LINT_SEQUENCE, &issuer, &content))
		return "RFC 5280 4.1.2.4: the issuer is malformed";
	rule = validity_lint(&in);
	if (!rule && !lint_next(&in, LINT_SEQUENCE, &lint.subject, &content))
		rule = "RFC 5280 4.1.2.6: the subject is malformed";
	if (!rule)
		rule = names_lint(issuer, &lint);
	if (!rule)
		rule = key_lint(&in, &lint);
	if (rule)
		return rule;
	if (lint_is(in, LINT_CONTEXT | 1) || lint_is(in, LINT_CONTEXT | 2))
		return "RFC 5280 4.1.2.8: a unique identifier is there";
	if (!lint_next(&in, LINT_CONTEXT_CONSTRUCTED | 3, &tlv, &content) || in.len)
		return "RFC 5280 4.2: there are no extensions";
	rule = lint_extensions(content, extensions, ARRAY_LEN(extensions), &lint);
	return rule ? rule : coherence_lint(&lint);
}
