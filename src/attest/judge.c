// SPDX-License-Identifier: Apache-2.0
/* Which statement of a bundle counts, and who verifies it. See attest.h. */
#include "verify.h"

#include <openssl/asn1.h>
#include <openssl/err.h>

/* A new kind is a row here, and a word of the key attestation_statements. */
static attest_verify *const verifiers[ATTEST_KINDS] = {
	[ATTEST_TPM2_CERTIFY] = attest_tpm2_certify_verify,
	[ATTEST_X509] = attest_x509_verify,
	[ATTEST_ELSEWHERE] = attest_elsewhere_verify,
};

static const struct attest_type *type_find(const struct attest_rules *rules, struct bytes oid)
{
	for (size_t i = 0; i < rules->n_types; i++)
		if (bytes_equal(rules->types[i].oid, oid))
			return &rules->types[i];
	return NULL;
}

static bool anybody_is_trusted(const struct attest_rules *rules)
{
	for (size_t i = 0; i < ATTEST_TRUSTS_MAX; i++)
		if (rules->trust[i])
			return true;
	return false;
}

/* The dotted text of an OID; one that is too long for it is no type that is set up. */
static void oid_text(struct bytes oid, char text[ATTEST_OID_SIZE])
{
	ASN1_OBJECT *object = ASN1_OBJECT_create(NID_undef, (unsigned char *)(uintptr_t)oid.data,
						 (int)oid.len, NULL, NULL);

	text[0] = '\0';
	if (object)
		OBJ_obj2txt(text, ATTEST_OID_SIZE, object, 1);
	ASN1_OBJECT_free(object);
	ERR_clear_error();
}

/*
 * The draft allows several statements. Of two that count, which one decides would be ours to guess;
 * others beside the one that counts say nothing.
 */
static int statement_choose(const struct attest_bundle *bundle, const struct attest_rules *rules,
			    const struct attest_statement **statementp,
			    const struct attest_type **typep, struct refusal *refusal)
{
	*statementp = NULL;
	for (size_t i = 0; i < bundle->n_statements; i++) {
		const struct attest_type *type = type_find(rules, bundle->statement[i].type);

		if (!type)
			continue;
		if (*statementp)
			return refuse(refusal, REFUSAL_attestation_statements_several);
		*statementp = &bundle->statement[i];
		*typep = type;
	}
	return *statementp ? 0 : refuse(refusal, REFUSAL_attestation_statement_unknown);
}

int attest_judge(struct bytes der, const struct attest_rules *rules, const uint8_t key_digest[32],
		 struct attest_result *resultp, struct refusal *refusal)
{
	const struct attest_statement *statement;
	const struct attest_type *type = NULL;
	struct attest_bundle bundle;
	int err = attest_bundle_read(der, &bundle, refusal);

	*resultp = (struct attest_result){.has_attester = true};
	if (err == 0)
		err = statement_choose(&bundle, rules, &statement, &type, refusal);
	if (err != 0)
		return err;
	if (type->kind != ATTEST_ELSEWHERE && !anybody_is_trusted(rules))
		return refuse(refusal, REFUSAL_attestation_nobody_trusted);
	oid_text(statement->type, resultp->statement);
	return verifiers[type->kind](&(const struct attest_question){.rules = rules,
								     .bundle = &bundle,
								     .stmt = statement->stmt,
								     .key_digest = key_digest,
								     .refusal = refusal},
				     resultp);
}
