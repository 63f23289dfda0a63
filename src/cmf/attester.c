// SPDX-License-Identifier: Apache-2.0
/*
 * Attesters of registrations, IFA 033 11.2.1: what may be one, how it is kept, and who may change
 * it. At Register register.c comes before this. What a statement of an attester is worth is not
 * decided here.
 */
#include "cmf_private.h"

#include "asn1/algorithm.h"
#include "asn1/certificate.h"
#include "asn1/der.h"
#include "cmf/attester.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <string.h>

/* --- names --- */

static const char *const policy_names[] = {
	[STORE_ATTESTER_AS_PROFILE] = NULL,
	[STORE_ATTESTER_VERIFY] = "verify",
	[STORE_ATTESTER_REQUIRE] = "require",
};

const char *cmf_attester_policy_name(enum store_attester_policy policy)
{
	return policy_names[policy];
}

int cmf_attester_policy_parse(const char *name, enum store_attester_policy *policyp)
{
	for (size_t i = STORE_ATTESTER_VERIFY; i < ARRAY_LEN(policy_names); i++) {
		if (strcmp(policy_names[i], name) == 0) {
			*policyp = (enum store_attester_policy)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* --- one that is kept --- */

void cmf_attester_clear(struct cmf_attester *attester)
{
	octets_clear(&attester->content);
	free(attester->types);
	*attester = (struct cmf_attester){0};
}

static int items_split(struct cmf_attester *a)
{
	struct bytes rest = octets_view(&a->content), content;
	uint8_t tag;

	while (rest.len && a->n_items < CMF_ATTESTER_CERTIFICATES_MAX) {
		if (der_next(&rest, &tag, &a->item[a->n_items++], &content) != 0)
			return -EBADMSG;
	}
	return rest.len || !a->n_items ? -EBADMSG : 0;
}

static int types_split(struct cmf_attester *a)
{
	char *rest = a->types, *type;

	while ((type = strsep(&rest, " ")) && a->n_statement_types < CMF_STATEMENT_TYPES_MAX)
		a->statement_types[a->n_statement_types++] = type;
	return type || !a->n_statement_types ? -EBADMSG : 0;
}

int cmf_attester_get(struct store_reader *reader, const struct store_registration *reg,
		     struct cmf_attester *attesterp)
{
	_cleanup_(store_attester_clear) struct store_attester row = {0};
	_cleanup_(cmf_attester_clear) struct cmf_attester a = {0};
	int err = reg->attester_id ? store_attester_get(reader, reg->attester_id, &row)
				   : STORE_NOT_FOUND;

	if (err != 0)
		return err;
	a.kind = row.kind;
	a.policy = row.policy;
	a.content = row.content;
	row.content = OCTETS_NULL;
	a.types = TAKE(row.statement_types);
	err = items_split(&a);
	if (err == 0)
		err = types_split(&a);
	if (err != 0)
		return log_fault("read a stored attester", err, NULL);
	*attesterp = a;
	a = (struct cmf_attester){0};
	return 0;
}

bool cmf_attester_has_type(const struct cmf_attester *attester, const char *statement_type)
{
	for (size_t i = 0; i < attester->n_statement_types; i++) {
		if (strcmp(attester->statement_types[i], statement_type) == 0)
			return true;
	}
	return false;
}

/* --- one that is asked for --- */

/* Signatures can be verified with the key. */
static int key_check(struct bytes spki, struct refusal *refusal)
{
	EVP_PKEY *key = NULL;
	struct spki_kind kind;
	int err = spki_key_from_der(spki, &key, &kind);
	bool signs = err == 0 && spki_key_uses(key) & SPKI_SIGNS;

	EVP_PKEY_free(key);
	if (err == -ENOMEM)
		return err;
	return signs ? 0 : refuse(refusal, REFUSAL_attester_key);
}

/* RFC 5280 4.2.1.9: cA is the first element, and TRUE. */
static bool is_ca(const struct certificate_view *view)
{
	struct bytes value, constraints, tlv, ca;
	uint8_t tag;
	bool critical;

	return certificate_extension(view, NID_basic_constraints, &value, &critical) == 0 &&
	       der_next(&value, &tag, &tlv, &constraints) == 0 && tag == 0x30 &&
	       der_next(&constraints, &tag, &tlv, &ca) == 0 && tag == 0x01 && ca.len == 1 &&
	       ca.data[0] == 0xff;
}

static int certificate_check(struct bytes der, bool of_ca, struct refusal *refusal)
{
	struct certificate_view view;

	if (der_check(der) != 0 || certificate_view(der, &view) != 0)
		return refuse(refusal, REFUSAL_attester_malformed);
	if (of_ca && !is_ca(&view))
		return refuse(refusal, REFUSAL_attester_no_ca);
	return key_check(view.spki, refusal);
}

static int items_check(const struct cmf_attester_said *said, struct refusal *refusal)
{
	size_t max = said->kind == STORE_ATTESTER_CAS ? CMF_ATTESTER_CERTIFICATES_MAX : 1;
	size_t len = 0;
	int err = 0;

	if (said->n_items == 0 || said->n_items > max)
		return refuse(refusal, REFUSAL_attester_malformed);
	for (size_t i = 0; i < said->n_items; i++)
		len += said->item[i].len;
	if (len > CMF_ATTESTER_CONTENT_MAX)
		return refuse(refusal, REFUSAL_attester_too_large);
	if (said->kind == STORE_ATTESTER_KEY) {
		if (der_check(said->item[0]) != 0)
			return refuse(refusal, REFUSAL_attester_malformed);
		return key_check(said->item[0], refusal);
	}
	for (size_t i = 0; i < said->n_items && err == 0; i++)
		err = certificate_check(said->item[i], said->kind == STORE_ATTESTER_CAS, refusal);
	return err;
}

/* Dotted decimals, in the one spelling that they have. */
static bool is_oid(const char *text)
{
	ASN1_OBJECT *object = NULL;
	char again[CMF_STATEMENT_TYPE_MAX + 1];
	bool same = false;

	if (strlen(text) <= CMF_STATEMENT_TYPE_MAX && strspn(text, "0123456789.") == strlen(text))
		object = OBJ_txt2obj(text, 1);
	if (object)
		same = OBJ_obj2txt(again, sizeof(again), object, 1) > 0 && strcmp(again, text) == 0;
	ASN1_OBJECT_free(object);
	ERR_clear_error();
	return same;
}

static int type_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In order, so that the same types are the same attester. */
static int types_join(const struct cmf_attester_said *said, char **textp, struct refusal *refusal)
{
	const char *types[CMF_STATEMENT_TYPES_MAX];
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	size_t n = said->n_statement_types;

	if (n == 0 || n > CMF_STATEMENT_TYPES_MAX)
		return refuse(refusal, REFUSAL_attester_statement_types);
	memcpy(types, said->statement_types, n * sizeof(*types));
	qsort(types, n, sizeof(*types), type_order);
	for (size_t i = 0; i < n; i++) {
		if (!is_oid(types[i]) || (i && strcmp(types[i - 1], types[i]) == 0))
			return refuse(refusal, REFUSAL_attester_statement_types);
		strbuf_add(&text, i ? " " : "");
		strbuf_add(&text, types[i]);
	}
	if (text.failed)
		return -ENOMEM;
	*textp = TAKE(text.text);
	return 0;
}

/* Kind and policy are one octet each, and no OID has a NUL in it. */
static int digest_make(struct store_attester *row)
{
	const uint8_t head[] = {(uint8_t)row->kind, (uint8_t)row->policy};
	const struct bytes parts[] = {
		BYTES_OF(head),
		{(const uint8_t *)row->statement_types, strlen(row->statement_types) + 1},
		octets_view(&row->content),
	};
	_cleanup_(octets_clear) struct octets all = OCTETS_NULL;
	int err = bytes_join(parts, ARRAY_LEN(parts), &all);

	if (err == 0 &&
	    EVP_Digest(all.data, all.len, row->digest, NULL, digest_by_nid(NID_sha256), NULL) != 1)
		err = -ENOMEM;
	return err;
}

int cmf_attester_check(const struct cmf_attester_said *said, struct refusal *refusal,
		       struct store_attester *rowp)
{
	_cleanup_(store_attester_clear) struct store_attester row = {.kind = said->kind,
								     .policy = said->policy};
	int err = items_check(said, refusal);

	if (err == 0)
		err = types_join(said, &row.statement_types, refusal);
	if (err == 0)
		err = bytes_join(said->item, said->n_items, &row.content);
	if (err == 0)
		err = digest_make(&row);
	if (err == 0) {
		*rowp = row;
		row = (struct store_attester){0};
	}
	return err;
}

/* --- changing it --- */

int attester_fingerprint(const struct store_attester *attester, char out[CMF_FINGERPRINT_SIZE])
{
	out[0] = '\0';
	return attester ? cmf_fingerprint(octets_view(&attester->content), out) : 0;
}

int cmf_registration_set_attester(const struct cmf_call *call, const struct store_registration *reg,
				  const struct cmf_attester_said *said)
{
	_cleanup_(store_attester_clear) struct store_attester row = {0}, old = {0};
	char before[CMF_FINGERPRINT_SIZE], after[CMF_FINGERPRINT_SIZE];
	int err = said ? cmf_attester_check(said, call->refusal, &row) : 0;

	if (err == 0 && reg->attester_id)
		err = store_attester_get(call->reader, reg->attester_id, &old);
	if (err != 0)
		return err;
	if (said ? reg->attester_id && memcmp(row.digest, old.digest, sizeof(row.digest)) == 0
		 : !reg->attester_id)
		return 0;
	if (!principal_permitted(call->who, STORE_MAY_ATTESTER | STORE_IS_OPERATOR))
		return refuse(call->refusal, REFUSAL_attester_not_permitted);
	err = attester_fingerprint(reg->attester_id ? &old : NULL, before);
	if (err == 0)
		err = attester_fingerprint(said ? &row : NULL, after);
	if (err == 0)
		err = store_registration_set_attester(call->unit, reg->id, reg->attester_id,
						      said ? &row : NULL, call->now_ms);
	if (err != 0)
		return err;
	return cmf_audit_add(call, &(struct cmf_audit){.action = "attester-change",
						       .target = reg->subject_id,
						       .detail = cert_type_name(reg->cert_type),
						       .before = *before ? before : "none",
						       .after = *after ? after : "none"});
}
