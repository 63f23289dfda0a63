// SPDX-License-Identifier: Apache-2.0
/*
 * AttestationBundle, draft-ietf-lamps-csr-attestation: octets to views. What a statement says is
 * for its verifier to read; a bundle that is not DER from end to end reaches none.
 */
#include "attest.h"

#include "asn1/der.h"

#include <openssl/objects.h>

enum { TAG_OID = 0x06, TAG_IA5_STRING = 0x16, TAG_UTF8_STRING = 0x0c, TAG_SEQUENCE = 0x30 };
/* LimitedCertChoices: `other`, [3] of CertificateChoices (RFC 5652 10.2.2). */
enum { TAG_CERT_OTHER = 0xa3 };

/* 1.2.840.113549.1.9.16.2.59 */
static const uint8_t bundle_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
				     0x01, 0x09, 0x10, 0x02, 0x3b};

bool attest_is_bundle(const ASN1_OBJECT *oid)
{
	return bytes_equal((struct bytes){OBJ_get0_data(oid), OBJ_length(oid)},
			   BYTES_OF(bundle_oid));
}

/* The next value, of that type: its contents. */
static int value_of_type(struct bytes *in, uint8_t type, struct bytes *contentp)
{
	struct bytes tlv;
	uint8_t tag;
	int err = der_next(in, &tag, &tlv, contentp);

	return err == 0 && tag != type ? -1 : err;
}

/*
 * AttestationStatement ::= SEQUENCE { type OBJECT IDENTIFIER, stmt ANY DEFINED BY type }
 * EvidenceStatement (drafts up to -21) ::= SEQUENCE { the same, hint IA5String OPTIONAL }; a
 * UTF8String in some of them. The hint names a verifier, and is nothing that was proven.
 */
static int statement_read(struct bytes in, struct attest_statement *statement)
{
	struct bytes content, tlv;
	uint8_t tag;

	if (value_of_type(&in, TAG_OID, &statement->type) ||
	    der_next(&in, &tag, &statement->stmt, &content))
		return -1;
	if (in.len > 0 && (der_next(&in, &tag, &tlv, &content) ||
			   (tag != TAG_IA5_STRING && tag != TAG_UTF8_STRING)))
		return -1;
	return in.len > 0 ? -1 : 0;
}

static int statements_read(struct bytes in, struct attest_bundle *bundle)
{
	struct bytes content;

	do {
		if (bundle->n_statements == ATTEST_STATEMENTS_MAX ||
		    value_of_type(&in, TAG_SEQUENCE, &content) ||
		    statement_read(content, &bundle->statement[bundle->n_statements]))
			return -1;
		bundle->n_statements++;
	} while (in.len > 0);
	return 0;
}

static int certs_read(struct bytes in, struct attest_bundle *bundle)
{
	struct bytes tlv, content;
	uint8_t tag;
	size_t n = 0;

	do {
		if (n++ == ATTEST_CERTS_MAX || der_next(&in, &tag, &tlv, &content) ||
		    (tag != TAG_SEQUENCE && tag != TAG_CERT_OTHER))
			return -1;
		if (tag == TAG_SEQUENCE)
			bundle->cert[bundle->n_certs++] = tlv;
	} while (in.len > 0);
	return 0;
}

/*
 * AttestationBundle ::= SEQUENCE {
 *     attestations SEQUENCE SIZE (1..MAX) OF AttestationStatement,
 *     certs        SEQUENCE SIZE (1..MAX) OF LimitedCertChoices OPTIONAL }
 */
int attest_bundle_read(struct bytes der, struct attest_bundle *bundlep, struct refusal *refusal)
{
	struct bytes in = der, content, part;

	*bundlep = (struct attest_bundle){.n_statements = 0};
	if (der_check(der) == 0 && value_of_type(&in, TAG_SEQUENCE, &content) == 0 &&
	    value_of_type(&content, TAG_SEQUENCE, &part) == 0 &&
	    statements_read(part, bundlep) == 0 &&
	    (content.len == 0 || (value_of_type(&content, TAG_SEQUENCE, &part) == 0 &&
				  certs_read(part, bundlep) == 0 && content.len == 0)))
		return 0;
	return refuse(refusal, REFUSAL_attestation_malformed);
}
