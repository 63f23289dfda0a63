// SPDX-License-Identifier: Apache-2.0
/* A finished TBSCertList against RFC 5280 5. See asn1/lint.h. */
#include "asn1/lint.h"

#include "lint_local.h"

struct crl_lint {
	bool has_aki;
	bool has_number;
	bool is_delta;
};

/* --- entries, RFC 5280 5.3 --- */

static const char *reason_code(void *arg, const struct extension_view *e)
{
	const struct crl_lint *lint = arg;
	struct bytes in = e->value, tlv, code;

	if (!lint_next(&in, V_ASN1_ENUMERATED, &tlv, &code) || code.len != 1 || code.data[0] > 10 ||
	    code.data[0] == 7)
		return "RFC 5280 5.3.1: reasonCode is malformed";
	if (code.data[0] == 0)
		return "RFC 5280 5.3.1: reasonCode unspecified is better absent";
	if (code.data[0] == 8 && !lint->is_delta)
		return "RFC 5280 5.3.1: removeFromCRL is for delta CRLs";
	return NULL;
}

static const char *invalidity_date(void *arg, const struct extension_view *e)
{
	struct bytes in = e->value, tlv, time;

	(void)arg;
	/* Here it is GeneralizedTime, whatever the year. */
	if (!lint_next(&in, V_ASN1_GENERALIZEDTIME, &tlv, &time) || time.len != 15)
		return "RFC 5280 5.3.2: invalidityDate is malformed";
	return NULL;
}

static const struct lint_extension entry_extensions[] = {
	{NID_crl_reason, LINT_NOT_CRITICAL, "RFC 5280 5.3.1: reasonCode is critical", reason_code},
	{NID_invalidity_date, LINT_NOT_CRITICAL, "RFC 5280 5.3.2: invalidityDate is critical",
	 invalidity_date},
};

static const char *entry_lint(struct bytes entry, struct crl_lint *lint)
{
	struct bytes tlv, serial;
	struct lint_time when;
	const char *rule;

	/* Whoever gave it: what is revoked need not conform. */
	if (!lint_next(&entry, V_ASN1_INTEGER, &tlv, &serial))
		return "RFC 5280 5.1.2.6: revokedCertificates is malformed";
	rule = lint_time(&entry, &when);
	if (rule || entry.len == 0)
		return rule;
	return lint_extensions(entry, entry_extensions, ARRAY_LEN(entry_extensions), lint);
}

static const char *entries_lint(struct bytes entries, struct crl_lint *lint)
{
	struct bytes tlv, entry;
	const char *rule = NULL;

	if (entries.len == 0)
		return "RFC 5280 5.1.2.6: revokedCertificates is empty, and not absent";
	while (entries.len && !rule) {
		if (!lint_next(&entries, LINT_SEQUENCE, &tlv, &entry))
			return "RFC 5280 5.1.2.6: revokedCertificates is malformed";
		rule = entry_lint(entry, lint);
	}
	return rule;
}

/* --- the CRL, RFC 5280 5.2 --- */

static const char *authority_key_id(void *arg, const struct extension_view *e)
{
	((struct crl_lint *)arg)->has_aki = true;
	return lint_authority_key_id(e->value);
}

static bool is_crl_number(struct bytes value)
{
	struct bytes tlv, number;

	return lint_next(&value, V_ASN1_INTEGER, &tlv, &number) && number.len <= 20 &&
	       !(number.data[0] & 0x80);
}

static const char *crl_number(void *arg, const struct extension_view *e)
{
	((struct crl_lint *)arg)->has_number = true;
	return is_crl_number(e->value) ? NULL : "RFC 5280 5.2.3: cRLNumber is malformed";
}

static const char *delta_indicator(void *arg, const struct extension_view *e)
{
	((struct crl_lint *)arg)->is_delta = true;
	return is_crl_number(e->value) ? NULL : "RFC 5280 5.2.4: deltaCRLIndicator is malformed";
}

static const char *filled_sequence(void *arg, const struct extension_view *e)
{
	struct bytes in = e->value, tlv, content;

	(void)arg;
	if (!lint_next(&in, LINT_SEQUENCE, &tlv, &content) || content.len == 0)
		return "RFC 5280 5.2: an extension is empty";
	return NULL;
}

static const struct lint_extension crl_extensions[] = {
	{NID_delta_crl, LINT_CRITICAL, "RFC 5280 5.2.4: deltaCRLIndicator is not critical",
	 delta_indicator},
	{NID_authority_key_identifier, LINT_NOT_CRITICAL,
	 "RFC 5280 5.2.1: authorityKeyIdentifier is critical", authority_key_id},
	{NID_crl_number, LINT_NOT_CRITICAL, "RFC 5280 5.2.3: cRLNumber is critical", crl_number},
	{NID_issuing_distribution_point, LINT_CRITICAL,
	 "RFC 5280 5.2.5: issuingDistributionPoint is not critical", filled_sequence},
	{NID_freshest_crl, LINT_NOT_CRITICAL, "RFC 5280 5.2.6: freshestCRL is critical",
	 filled_sequence},
};

static const char *times_lint(struct bytes *in)
{
	struct lint_time this_update, next_update;
	const char *rule = lint_time(in, &this_update);

	if (rule)
		return rule;
	if (!lint_is(*in, V_ASN1_UTCTIME) && !lint_is(*in, V_ASN1_GENERALIZEDTIME))
		return "RFC 5280 5.1.2.5: nextUpdate is missing";
	rule = lint_time(in, &next_update);
	if (!rule && !lint_time_before(&this_update, &next_update))
		rule = "RFC 5280 5.1.2.5: nextUpdate is not behind thisUpdate";
	return rule;
}

/* Behind the times: entries, if there are some, and extensions, which decide what those may be. */
static const char *tail_lint(struct bytes in)
{
	struct crl_lint lint = {0};
	struct bytes tlv, entries = BYTES_NULL, content;
	bool has_entries = lint_is(in, LINT_SEQUENCE);
	const char *rule;

	if (has_entries && !lint_next(&in, LINT_SEQUENCE, &tlv, &entries))
		return "RFC 5280 5.1.2.6: revokedCertificates is malformed";
	if (!lint_next(&in, LINT_CONTEXT_CONSTRUCTED | 0, &tlv, &content) || in.len)
		return "RFC 5280 5.1.2.7: there are no extensions";
	rule = lint_extensions(content, crl_extensions, ARRAY_LEN(crl_extensions), &lint);
	if (!rule && !lint.has_aki)
		rule = "RFC 5280 5.2.1: there is no authorityKeyIdentifier";
	if (!rule && !lint.has_number)
		rule = "RFC 5280 5.2.3: there is no cRLNumber";
	if (!rule && has_entries)
		rule = entries_lint(entries, &lint);
	return rule;
}

const char *lint_crl(struct bytes tbs, struct bytes algorithm)
{
	static const uint8_t v2[] = {V_ASN1_INTEGER, 1, 1};
	struct bytes in, tlv, content, issuer;
	const char *rule;

	if (!lint_next(&tbs, LINT_SEQUENCE, &tlv, &in) || tbs.len)
		return "RFC 5280 5.1: not DER";
	if (!lint_next(&in, V_ASN1_INTEGER, &tlv, &content) || !bytes_equal(tlv, BYTES_OF(v2)))
		return "RFC 5280 5.1.2.1: version is not v2";
	if (!lint_next(&in, LINT_SEQUENCE, &tlv, &content) || !bytes_equal(tlv, algorithm))
		return "RFC 5280 5.1.1.2: signature is not signatureAlgorithm";
	if (!lint_next(&in, LINT_SEQUENCE, &issuer, &content) || lint_name_empty(issuer))
		return "RFC 5280 5.1.2.3: the issuer is empty";
	rule = times_lint(&in);
	return rule ? rule : tail_lint(in);
}
