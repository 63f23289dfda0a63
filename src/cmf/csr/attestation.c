// SPDX-License-Identifier: Apache-2.0
/*
 * The one judge of key attestation, IFA 033 11.2.1: csr.c asks it for every certificate that is
 * ordered, whichever door and message it comes through and whichever CA issues. It finds the
 * bundle in the request, has src/attest verify it under what profile and registration say, and
 * says what is written down with the certificate. The bundle itself goes into no certificate.
 */
#include "csr/attestation.h"

#include "cmf/attester.h"
#include "cmf/nonce.h"
#include "csr/attestation_rules.h"
#include "direct/direct.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

/* --- what profile and registration want --- */

/* A registration only asks for more than its profile. */
static enum conf_attestation_policy policy_of(const struct conf_profile *profile,
					      const struct cmf_attester *attester)
{
	enum conf_attestation_policy policy = profile->attestation.policy;

	switch (attester->policy) {
	case STORE_ATTESTER_REQUIRE:
		return CONF_ATTESTATION_REQUIRE;
	case STORE_ATTESTER_VERIFY:
		return policy == CONF_ATTESTATION_REQUIRE ? policy : CONF_ATTESTATION_VERIFY;
	case STORE_ATTESTER_AS_PROFILE:
		break;
	}
	return policy;
}

/*
 * Direct mode: where its VNFM says so a VNFCI proves by an attestation of its key that it is what
 * it says to be, until it has a certificate of ours to show.
 */
static bool is_initial_credential(const struct decision *d)
{
	const struct conf_vnfm *vnfm = direct_vnfm_of(d->conf, d->registration.source);

	return vnfm && vnfm->initial_credential == CONF_INITIAL_ATTESTATION &&
	       !principal_is_entity(d->call.who, d->registration.id);
}

/* Of the registration; its profile's where that asks for more. */
static int attester_policy_find(struct decision *d)
{
	int err;

	d->attestation_policy = d->profile->attestation.policy;
	if (!d->registration.attester_id)
		return 0;
	d->attester = calloc(1, sizeof(*d->attester));
	if (!d->attester)
		return -ENOMEM;
	err = cmf_attester_get(d->call.reader, &d->registration, d->attester);
	if (err == 0)
		d->attestation_policy = policy_of(d->profile, d->attester);
	return err == STORE_NOT_FOUND ? log_fault("attester of a registration", -ENOENT, NULL)
				      : err;
}

int attestation_policy_find(struct decision *d)
{
	int err = attester_policy_find(d);

	if (err == 0 && is_initial_credential(d))
		d->attestation_policy = CONF_ATTESTATION_REQUIRE;
	return err;
}

void attestation_clear(struct decision *d)
{
	if (d->attester)
		cmf_attester_clear(d->attester);
	free(d->attester);
	store_attestation_clear(&d->attestation);
}

/* The types that both accept; those of a profile are in the order of its configuration. */
static int types_choose(const struct decision *d, const struct attestation_rules *own,
			struct attest_type **typesp, size_t *np)
{
	const struct conf_attestation_statements *conf = &d->profile->attestation.statements;
	struct attest_type *types = calloc(own->n_types + 1, sizeof(*types));

	if (!types)
		return -ENOMEM;
	*np = 0;
	for (size_t i = 0; i < own->n_types; i++)
		if (!d->attester || cmf_attester_has_type(d->attester, conf->item[i].type.text))
			types[(*np)++] = own->types[i];
	*typesp = types;
	return 0;
}

/* Whom the registration trusts. */
static int attester_trust(const struct cmf_attester *attester, struct attest_trust **trustp)
{
	_cleanup_(attest_trust_freep) struct attest_trust *trust = NULL;
	int err = attest_trust_new(&trust);

	for (size_t i = 0; i < attester->n_items && err == 0; i++)
		err = attester->kind == STORE_ATTESTER_KEY
			      ? attest_trust_add_key(trust, attester->item[i])
			      : attest_trust_add_certificate(trust, attester->item[i]);
	if (err < 0)
		return log_fault("read the attester of a registration", err, NULL);
	*trustp = TAKE(trust);
	return 0;
}

/* --- the bundle of the request --- */

struct found {
	size_t n; /* bundles in all; draft: "at most one" attribute, "exactly one" bundle in it */
	struct bytes bundle; /* the last; empty: what is there is none */
};

static void attribute_look(X509_ATTRIBUTE *attribute, struct found *found)
{
	int n = X509_ATTRIBUTE_count(attribute);
	const ASN1_TYPE *value = n > 0 ? X509_ATTRIBUTE_get0_type(attribute, 0) : NULL;

	if (!attest_is_bundle(X509_ATTRIBUTE_get0_object(attribute)))
		return;
	/* An attribute without a value is one that is malformed, not none. */
	found->n += n > 1 ? (size_t)n : 1;
	found->bundle = BYTES_NULL;
	if (value && value->type == V_ASN1_SEQUENCE)
		found->bundle = (struct bytes){value->value.sequence->data,
					       (size_t)value->value.sequence->length};
}

static struct found bundle_find(const struct cmf_csr *csr)
{
	struct found found = {0, BYTES_NULL};

	for (int i = 0; i < sk_X509_ATTRIBUTE_num(csr->attributes); i++)
		attribute_look(sk_X509_ATTRIBUTE_value(csr->attributes, i), &found);
	for (int i = 0; i < sk_X509_EXTENSION_num(csr->extensions); i++) {
		const X509_EXTENSION *extension = sk_X509_EXTENSION_value(csr->extensions, i);

		if (template_extension_attests(extension)) {
			found.n++;
			found.bundle = template_extension_value(extension);
		}
	}
	return found;
}

/* --- judging it --- */

/* That it was made for this request: what was said once can be said again. */
static int nonce_check(struct decision *d, const struct attest_result *result)
{
	const struct bytes nonce = {result->nonce, result->nonce_len};
	int err;

	if (d->profile->attestation.nonce == CONF_ATTESTATION_NONCE_IGNORE)
		return 0;
	if (nonce.len == 0)
		return refuse(d->call.refusal, REFUSAL_attestation_nonce_missing);
	err = cmf_nonce_check(&d->call, nonce, d->csr->nonce_id, &d->nonce_id);
	return err == 0 ? octets_dup(nonce, &d->attestation.nonce) : err;
}

static int verified_keep(struct decision *d, const struct attest_result *result)
{
	d->attestation.verdict = STORE_ATTESTATION_VERIFIED;
	d->attestation.has_attester = result->has_attester;
	memcpy(d->attestation.attester, result->attester, sizeof(result->attester));
	return text_dup(result->statement, &d->attestation.statement);
}

/* What is asked elsewhere about. */
struct elsewhere {
	const struct decision *d;
	struct verifier *verifier;
	struct bytes bundle;
};

static int elsewhere_ask(void *arg, struct attest_result *result, struct refusal *refusal)
{
	const struct elsewhere *elsewhere = arg;
	const struct decision *d = elsewhere->d;
	struct verifier_question question = {.bundle = elsewhere->bundle,
					     .statement_type = result->statement,
					     .csr = d->csr->p10_received,
					     .now_ms = d->call.now_ms};
	struct verifier_verdict verdict;
	unsigned char *spki = NULL;
	int len = i2d_SubjectPublicKeyInfo(d->csr->spki, &spki), err;

	if (len <= 0)
		return -ENOMEM;
	question.spki = (struct bytes){spki, (size_t)len};
	err = verifier_ask(elsewhere->verifier, &question, &verdict, refusal);
	OPENSSL_free(spki);
	if (err != 0)
		return err;
	_Static_assert(sizeof(verdict.nonce) <= sizeof(result->nonce), "room for its nonce");
	result->has_attester = verdict.has_attester;
	result->has_nonce = verdict.has_nonce;
	result->nonce_len = verdict.has_nonce ? verdict.nonce_len : 0;
	memcpy(result->nonce, verdict.nonce, result->nonce_len);
	memcpy(result->attester, verdict.attester, sizeof(result->attester));
	return 0;
}

static int bundle_judge(struct decision *d, struct bytes bundle)
{
	const struct attestation_rules *own =
		attestation_rules_of(d->conf, d->call.cmf->attestation, d->profile);
	_cleanup_(attest_trust_freep) struct attest_trust *registered = NULL;
	_cleanup_(attest_crls_unrefp) struct attest_crls *crls = NULL;
	_cleanup_(freep) struct attest_type *types = NULL;
	struct elsewhere elsewhere = {d, own->verifier, bundle};
	struct attest_result result;
	size_t n_types;
	int err = types_choose(d, own, &types, &n_types);

	if (err == 0 && d->attester)
		err = attester_trust(d->attester, &registered);
	if (err < 0)
		return err;
	if (own->crls)
		crls = attestation_crls_newest(own->crls);
	const struct attest_rules rules = {.types = types,
					   .n_types = n_types,
					   .trust = {own->trust, registered},
					   .needs_crls = own->crls != NULL,
					   .crls = crls,
					   .extensions = own->extensions,
					   .n_extensions = own->n_extensions,
					   .elsewhere = own->verifier ? elsewhere_ask : NULL,
					   .elsewhere_arg = &elsewhere,
					   .now_ms = d->call.now_ms};
	err = attest_judge(bundle, &rules, d->key_digest, &result, d->call.refusal);
	if (err == 0)
		err = nonce_check(d, &result);
	return err == 0 ? verified_keep(d, &result) : err;
}

/*
 * IFA 033 11.2.1, note 2. Its verdict is one of here, too, where a registration asks for that; an
 * internal CA judges nothing.
 */
static int bundle_forward(struct decision *d, struct bytes bundle)
{
	if (d->profile->attestation.policy != CONF_ATTESTATION_FORWARD)
		return 0;
	if (bundle.len == 0)
		return refuse(d->call.refusal, REFUSAL_attestation_malformed);
	if (!ca_is_upstream(d->ca))
		return refuse(d->call.refusal, REFUSAL_attestation_forward_internal);
	d->forwarded_attestation = bundle;
	d->attestation.verdict = STORE_ATTESTATION_FORWARDED;
	return 0;
}

int attestation_decide(struct decision *d)
{
	const struct found found = bundle_find(d->csr);
	int err;

	switch (d->attestation_policy) {
	case CONF_ATTESTATION_IGNORE:
		if (found.n > 0)
			d->attestation.verdict = STORE_ATTESTATION_IGNORED;
		return 0;
	case CONF_ATTESTATION_REQUIRE:
		if (found.n == 0)
			return refuse(d->call.refusal, REFUSAL_attestation_missing);
		break;
	case CONF_ATTESTATION_VERIFY:
	case CONF_ATTESTATION_FORWARD:
		if (found.n == 0)
			return 0;
		break;
	}
	if (found.n > 1)
		return refuse(d->call.refusal, REFUSAL_attestation_several);
	err = bundle_forward(d, found.bundle);
	if (err != 0 || d->attestation_policy == CONF_ATTESTATION_FORWARD)
		return err;
	/* A key that is still to be made here is in no TPM. */
	if (d->central)
		return refuse(d->call.refusal, REFUSAL_attestation_key_other);
	return bundle_judge(d, found.bundle);
}

/* --- what was decided --- */

const char *cmf_verdict_name(enum store_verdict verdict)
{
	switch (verdict) {
	case STORE_ATTESTATION_VERIFIED:
		return "verified";
	case STORE_ATTESTATION_IGNORED:
		return "ignored";
	case STORE_ATTESTATION_FORWARDED:
		return "forwarded";
	case STORE_ATTESTATION_NONE:
		break;
	}
	return "none";
}

uint64_t cmf_attested(const struct cmf *cmf, enum store_verdict verdict)
{
	return atomic_load(&cmf->attested[verdict]);
}

int attestation_add(const struct cmf_call *call, const struct store_attestation *decided,
		    const char *subject_id, int64_t certificate_id)
{
	struct store_attestation row = *decided;
	char hex[2 * sizeof(decided->attester) + 1] = "", detail[ATTEST_OID_SIZE + 128];
	int err;

	if (decided->verdict == STORE_ATTESTATION_NONE)
		return 0;
	row.certificate_id = certificate_id;
	if (!store_unit_is_dry(call->unit))
		atomic_fetch_add(&call->cmf->attested[decided->verdict], 1);
	err = store_attestation_insert(call->unit, &row);
	if (decided->verdict != STORE_ATTESTATION_VERIFIED || err < 0)
		return err;
	if (decided->has_attester)
		bytes_to_hex(BYTES_OF(decided->attester), hex);
	if (!store_unit_is_dry(call->unit))
		log_event(LOG_LEVEL_INFO, "key attestation", F_TEXT("subject", subject_id),
			  F_TEXT("verdict", cmf_verdict_name(decided->verdict)),
			  F_TEXT("statement", decided->statement), F_TEXT("attester", hex));
	snprintf(detail, sizeof(detail), "%s by %s%s", decided->statement,
		 *hex ? "sha256:" : "whom its verifier knows", hex);
	return audit_add(call, "verify attestation", subject_id, detail);
}
