// SPDX-License-Identifier: Apache-2.0
/*
 * Key attestation below everything: statements of a real TPM (tests/vectors/attest, made with
 * swtpm), and what soft_tpm.h makes. IFA 033 11.2.1, draft-ietf-lamps-csr-attestation.
 */
#include "attest.h"
#include "soft_tpm.h"
#include "suite.h"
#include "vectors.h"

#include "asn1/spki.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* 2026-11-29, when the statements of the real TPM were made. */
#define NOW_MS INT64_C(1795910400000)
#define DAY_MS INT64_C(86400000)

static const uint8_t certify_oid[] = {0x67, 0x81, 0x05, 0x14, 0x01};
static const uint8_t x509_oid[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0x1a, 0x01};
#define X509_TYPE "1.3.6.1.4.1.410.1"

static const struct attest_type types[] = {
	{{certify_oid, sizeof(certify_oid)}, ATTEST_TPM2_CERTIFY},
	{{x509_oid, sizeof(x509_oid)}, ATTEST_X509},
};

static struct attest_rules rules_of(const struct attest_trust *trust)
{
	return (struct attest_rules){.types = types,
				     .n_types = ARRAY_LEN(types),
				     .trust = {trust, NULL},
				     .now_ms = NOW_MS};
}

static struct octets file_of(const char *name)
{
	struct octets o = OCTETS_NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/attest/%s", VECTORS_DIR, name);
	ck_assert_msg(file_read(path, 1 << 20, &o) == 0, "cannot read %s", path);
	return o;
}

/* Of PEM files of the vectors, NULL at the end. */
static struct attest_trust *trust_of_files(const char *const *names)
{
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	struct attest_trust *trust = NULL;

	ck_assert_int_eq(attest_trust_new(&trust), 0);
	for (; *names; names++) {
		struct octets pem = file_of(*names);

		ck_assert_int_eq(attest_trust_add_pem(trust, octets_view(&pem), &why), 0);
		octets_clear(&pem);
	}
	return trust;
}

static struct attest_trust *trust_of_cert(X509 *cert)
{
	struct octets der = pki_cert_der(cert);
	struct attest_trust *trust = NULL;

	ck_assert_int_eq(attest_trust_new(&trust), 0);
	ck_assert_int_eq(attest_trust_add_certificate(trust, octets_view(&der)), 0);
	octets_clear(&der);
	return trust;
}

static struct attest_trust *trust_of_key(EVP_PKEY *key)
{
	struct attest_trust *trust = NULL;
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	ck_assert_int_eq(attest_trust_new(&trust), 0);
	ck_assert_int_eq(attest_trust_add_key(trust, (struct bytes){der, (size_t)len}), 0);
	OPENSSL_free(der);
	return trust;
}

static void digest_of(EVP_PKEY *key, uint8_t digest[32])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	ck_assert_int_eq(spki_digest_from_der((struct bytes){der, (size_t)len}, digest), 0);
	OPENSSL_free(der);
}

/* The code of the refusal, "" if there is none. */
static const char *judge(struct bytes bundle, const struct attest_rules *rules, EVP_PKEY *key,
			 struct attest_result *result)
{
	struct refusal refusal = REFUSAL_NULL;
	struct attest_result own;
	uint8_t digest[32];
	int err;

	digest_of(key, digest);
	err = attest_judge(bundle, rules, digest, result ? result : &own, &refusal);
	ck_assert_int_ge(err, 0);
	return err == 0 ? "" : refusal_code(refusal.reason);
}

/* --- a real TPM --- */

static const struct sample {
	const char *name;
	const char *reason;
	const char *const trusted[3]; /* files */
} samples[] = {
	{"csr-good-ec-by-ec", "", {"root.pem"}},
	{"csr-good-ec-by-rsa", "", {"root.pem"}},
	{"csr-good-rsa-by-ec", "", {"root.pem"}},
	{"csr-good-old-shape-with-hint", "", {"root.pem"}},
	{"csr-good-raw-rsa-signature", "", {"root.pem"}},
	{"csr-good-no-certs-in-bundle", "attestation_attester_missing", {"root.pem"}},
	{"csr-good-no-certs-in-bundle", "", {"ak.pem"}},
	{"csr-good-no-certs-in-bundle", "", {"akcert-ec.pem"}},
	{"csr-good-no-certs-in-bundle", "", {"akcert-rsa.pem", "ak.pem"}},
	{"csr-good-no-certs-in-bundle", "attestation_attester_missing", {"akrsa.pem"}},
	{"csr-good-ec-by-ec", "", {"intermediate.pem"}},
	{"csr-good-ec-by-ec", "", {"ak.pem"}},
	{"csr-good-ec-by-rsa", "attestation_attester_not_trusted", {"ak.pem"}},
	{"csr-bad-ak-signature", "attestation_signature_wrong", {"root.pem"}},
	{"csr-bad-migratable-key", "attestation_key_movable", {"root.pem"}},
	{"csr-bad-no-public-key-in-statement", "attestation_no_public_key", {"root.pem"}},
	{"csr-bad-quote-instead-of-certify", "attestation_not_certify", {"root.pem"}},
	{"csr-bad-statement-for-another-key", "attestation_key_other", {"root.pem"}},
	{"csr-bad-untrusted-ak", "attestation_attester_not_trusted", {"root.pem"}},
	{"csr-bad-expired-ak", "attestation_attester_expired", {"root.pem"}},
	{"csr-bad-unknown-statement-type", "attestation_statement_unknown", {"root.pem"}},
	{"csr-odd-two-statements", "attestation_statements_several", {"root.pem"}},
	/* Its nonce is for others to judge. */
	{"csr-bad-other-nonce", "", {"root.pem"}},
};

static X509_REQ *request_read(const char *name)
{
	char file[128];
	struct octets pem;
	X509_REQ *request;
	BIO *in;

	snprintf(file, sizeof(file), "%s.pem", name);
	pem = file_of(file);
	in = BIO_new_mem_buf(pem.data, (int)pem.len);
	request = PEM_read_bio_X509_REQ(in, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(request);
	BIO_free(in);
	octets_clear(&pem);
	return request;
}

/* The first value of the first attribute; borrowed. */
static struct bytes request_bundle(const X509_REQ *request)
{
	for (int i = 0; i < X509_REQ_get_attr_count(request); i++) {
		X509_ATTRIBUTE *attribute = X509_REQ_get_attr(request, i);
		const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);

		if (attest_is_bundle(X509_ATTRIBUTE_get0_object(attribute)))
			return (struct bytes){value->value.sequence->data,
					      (size_t)value->value.sequence->length};
	}
	ck_abort_msg("no attestation");
}

START_TEST(real_statements_ifa033_11_2_1)
{
	const struct sample *s = &samples[_i];
	X509_REQ *request = request_read(s->name);
	struct attest_trust *trust = trust_of_files(s->trusted);
	const struct attest_rules rules = rules_of(trust);
	struct attest_result result;

	ck_assert_msg(strcmp(judge(request_bundle(request), &rules, X509_REQ_get0_pubkey(request),
				   &result),
			     s->reason) == 0,
		      "%s", s->name);
	if (!*s->reason) {
		struct octets nonce = file_of("nonce.bin");
		bool same = bytes_equal(octets_view(&nonce),
					(struct bytes){result.nonce, result.nonce_len});

		ck_assert_str_eq(result.statement, SOFT_TPM_CERTIFY);
		ck_assert(result.has_nonce);
		ck_assert_int_eq(same, strcmp(s->name, "csr-bad-other-nonce") != 0);
		octets_clear(&nonce);
	}
	attest_trust_free(trust);
	X509_REQ_free(request);
}
END_TEST

START_TEST(attester_is_told_by_its_key)
{
	static const char *const trusted[] = {"root.pem", NULL}, *const key[] = {"ak.pem", NULL};
	X509_REQ *request = request_read("csr-good-ec-by-ec");
	struct attest_trust *trust = trust_of_files(trusted);
	struct octets pem = file_of(key[0]);
	BIO *in = BIO_new_mem_buf(pem.data, (int)pem.len);
	EVP_PKEY *attester = PEM_read_bio_PUBKEY(in, NULL, NULL, NULL);
	const struct attest_rules rules = rules_of(trust);
	struct attest_result result;
	uint8_t digest[32];

	ck_assert_str_eq(
		judge(request_bundle(request), &rules, X509_REQ_get0_pubkey(request), &result), "");
	digest_of(attester, digest);
	ck_assert_mem_eq(result.attester, digest, sizeof(digest));
	EVP_PKEY_free(attester);
	BIO_free(in);
	octets_clear(&pem);
	attest_trust_free(trust);
	X509_REQ_free(request);
}
END_TEST

/* --- what a TPM could say --- */

static struct rig {
	EVP_PKEY *root_key, *ec, *rsa, *other, *attester, *rsa_attester, *weak, *big;
	X509 *root, *certified, *rsa_certified, *unusable, *weak_certified, *big_certified;
	struct attest_trust *trust;
} rig;

static void rig_make(void)
{
	rig.root_key = pki_key(NULL);
	rig.ec = pki_key(NULL);
	rig.rsa = pki_key("RSA");
	rig.other = pki_key("P-384");
	rig.attester = pki_key(NULL);
	rig.rsa_attester = pki_key("RSA");
	rig.weak = pki_key("RSA:1024");
	rig.big = pki_key("P-521");
	rig.root = pki_cert(&(struct pki_spec){.subject = "/CN=attesters",
					       .key = rig.root_key,
					       .ca = true,
					       .not_before_ms = NOW_MS - DAY_MS,
					       .not_after_ms = NOW_MS + 365 * DAY_MS});
	rig.certified =
		soft_tpm_certify_attester(rig.attester, rig.root, rig.root_key, NULL, NOW_MS);
	rig.rsa_certified =
		soft_tpm_certify_attester(rig.rsa_attester, rig.root, rig.root_key, NULL, NOW_MS);
	rig.unusable = soft_tpm_certify_attester(rig.attester, rig.root, rig.root_key, "clientAuth",
						 NOW_MS);
	rig.weak_certified =
		soft_tpm_certify_attester(rig.weak, rig.root, rig.root_key, NULL, NOW_MS);
	rig.big_certified =
		soft_tpm_certify_attester(rig.big, rig.root, rig.root_key, NULL, NOW_MS);
	rig.trust = trust_of_cert(rig.root);
}

static void rig_clear(void)
{
	EVP_PKEY *const keys[] = {rig.root_key, rig.ec,           rig.rsa,  rig.other,
				  rig.attester, rig.rsa_attester, rig.weak, rig.big};
	X509 *const certs[] = {rig.root,     rig.certified,      rig.rsa_certified,
			       rig.unusable, rig.weak_certified, rig.big_certified};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		EVP_PKEY_free(keys[i]);
	for (size_t i = 0; i < ARRAY_LEN(certs); i++)
		X509_free(certs[i]);
	attest_trust_free(rig.trust);
}

/* A good one: EC by EC, the attester's certificate in the bundle. */
static struct soft_tpm good(void)
{
	return (struct soft_tpm){.key = rig.ec,
				 .attester = rig.attester,
				 .certs = {rig.certified},
				 .nonce = BYTES_OF("a nonce of the server")};
}

static const char *judge_tpm(const struct soft_tpm *tpm)
{
	struct octets bundle = soft_tpm_bundle(tpm);
	const struct attest_rules rules = rules_of(rig.trust);
	const char *reason = judge(octets_view(&bundle), &rules, tpm->key, NULL);

	octets_clear(&bundle);
	return reason;
}

static void bend_nothing(struct soft_tpm *t)
{
	(void)t;
}
static void bend_rsa_key(struct soft_tpm *t)
{
	t->key = rig.rsa;
}
static void bend_p384(struct soft_tpm *t)
{
	t->key = rig.other;
	t->name_digest = "SHA384";
}
static void bend_p521(struct soft_tpm *t)
{
	t->key = rig.big;
	t->name_digest = "SHA512";
}
static void bend_hint(struct soft_tpm *t)
{
	t->form = SOFT_TPM_HINT;
}
static void bend_rsa_attester(struct soft_tpm *t)
{
	t->attester = rig.rsa_attester;
	t->certs[0] = rig.rsa_certified;
}
static void bend_raw(struct soft_tpm *t)
{
	bend_rsa_attester(t);
	t->form = SOFT_TPM_RAW_RSA;
}
static void bend_raw_other_digest(struct soft_tpm *t)
{
	bend_raw(t);
	t->digest = "SHA384";
}
static void bend_pss(struct soft_tpm *t)
{
	bend_rsa_attester(t);
	t->pss = true;
	t->digest = "SHA384";
}
static void bend_p521_attester(struct soft_tpm *t)
{
	t->attester = rig.big;
	t->certs[0] = rig.big_certified;
	t->digest = "SHA512";
}
static void bend_stranger_first(struct soft_tpm *t)
{
	t->certs[0] = rig.rsa_certified;
	t->certs[1] = rig.root;
	t->certs[2] = rig.certified;
}
static void bend_twin(struct soft_tpm *t)
{
	t->certs[0] = rig.unusable;
	t->certs[1] = rig.certified;
}
static void bend_public(struct soft_tpm *t)
{
	t->public = rig.rsa;
}
static void bend_public_only(struct soft_tpm *t)
{
	t->public_only = rig.other;
}
static void bend_name(struct soft_tpm *t)
{
	/* The right key beside a name of another. */
	t->public = rig.rsa;
	t->public_only = rig.ec;
}
static void bend_no_public(struct soft_tpm *t)
{
	t->no_public = true;
}
static void bend_fixed_tpm(struct soft_tpm *t)
{
	t->attributes = SOFT_TPM_ATTRIBUTES & ~UINT32_C(0x02);
}
static void bend_fixed_parent(struct soft_tpm *t)
{
	t->attributes = SOFT_TPM_ATTRIBUTES & ~UINT32_C(0x10);
}
static void bend_origin(struct soft_tpm *t)
{
	t->attributes = SOFT_TPM_ATTRIBUTES & ~UINT32_C(0x20);
}
static void bend_magic(struct soft_tpm *t)
{
	t->magic = 0x12345678;
}
static void bend_quote(struct soft_tpm *t)
{
	t->attest_type = 0x8018;
}
static void bend_creation(struct soft_tpm *t)
{
	t->attest_type = 0x801a;
}
static void bend_cut(struct soft_tpm *t)
{
	t->attest_cut = 5;
}
static void bend_behind_attest(struct soft_tpm *t)
{
	t->behind_attest = BYTES_OF("\0");
}
static void bend_behind_public(struct soft_tpm *t)
{
	t->behind_public = BYTES_OF("\0");
}
static void bend_behind_signature(struct soft_tpm *t)
{
	t->behind_signature = BYTES_OF("\0");
}
static void bend_type(struct soft_tpm *t)
{
	t->type = "2.23.133.20.99";
}
static void bend_twice(struct soft_tpm *t)
{
	t->statements = 2;
}
static void bend_many(struct soft_tpm *t)
{
	t->statements = ATTEST_STATEMENTS_MAX + 1;
}
static void bend_usage(struct soft_tpm *t)
{
	t->certs[0] = rig.unusable;
}
static void bend_weak(struct soft_tpm *t)
{
	t->attester = rig.weak;
	t->certs[0] = rig.weak_certified;
}
static void bend_sha1(struct soft_tpm *t)
{
	t->digest = "SHA1";
}
static void bend_sha1_name(struct soft_tpm *t)
{
	t->name_digest = "SHA1";
}
static void bend_no_certs(struct soft_tpm *t)
{
	t->certs[0] = NULL;
}
static void bend_long_nonce(struct soft_tpm *t)
{
	static const uint8_t nonce[ATTEST_NONCE_MAX + 1];

	t->nonce = BYTES_OF(nonce);
}
static void bend_other_attester(struct soft_tpm *t)
{
	t->attester = rig.ec;
}

static const struct bent {
	const char *what;
	void (*bend)(struct soft_tpm *tpm);
	const char *reason;
} bents[] = {
	{"good", bend_nothing, ""},
	{"rsa key", bend_rsa_key, ""},
	{"P-384, SHA-384 name", bend_p384, ""},
	{"P-521, SHA-512 name", bend_p521, ""},
	{"hint", bend_hint, ""},
	{"RSASSA", bend_rsa_attester, ""},
	{"raw RSASSA", bend_raw, ""},
	{"raw RSASSA is with SHA-256", bend_raw_other_digest, "attestation_signature_wrong"},
	{"RSAPSS with SHA-384", bend_pss, ""},
	{"ECDSA P-521 with SHA-512", bend_p521_attester, ""},
	{"strangers in certs", bend_stranger_first, ""},
	{"one of two certificates of the key", bend_twin, ""},
	{"another key in statement", bend_public, "attestation_key_other"},
	{"another key beside the name", bend_public_only, "attestation_name"},
	{"the key beside another name", bend_name, "attestation_name"},
	{"no key in statement", bend_no_public, "attestation_no_public_key"},
	{"fixedTPM", bend_fixed_tpm, "attestation_key_movable"},
	{"fixedParent", bend_fixed_parent, "attestation_key_movable"},
	{"sensitiveDataOrigin", bend_origin, "attestation_key_movable"},
	{"magic", bend_magic, "attestation_statement_malformed"},
	{"quote", bend_quote, "attestation_not_certify"},
	{"creation", bend_creation, "attestation_not_certify"},
	{"truncated attest", bend_cut, "attestation_statement_malformed"},
	{"behind attest", bend_behind_attest, "attestation_statement_malformed"},
	{"behind public", bend_behind_public, "attestation_statement_malformed"},
	{"behind signature", bend_behind_signature, "attestation_statement_malformed"},
	{"unknown type", bend_type, "attestation_statement_unknown"},
	{"two statements", bend_twice, "attestation_statements_several"},
	{"many statements", bend_many, "attestation_malformed"},
	{"no EKU of an attestation key", bend_usage, "attestation_attester_usage"},
	{"weak attester", bend_weak, "attestation_algorithm"},
	{"SHA-1", bend_sha1, "attestation_algorithm"},
	{"SHA-1 name", bend_sha1_name, "attestation_algorithm"},
	{"no attester", bend_no_certs, "attestation_attester_missing"},
	{"long nonce", bend_long_nonce, "attestation_statement_malformed"},
	{"signed by another", bend_other_attester, "attestation_signature_wrong"},
};

START_TEST(statements_ifa033_11_2_1)
{
	const struct bent *b = &bents[_i];
	struct soft_tpm tpm = good();
	const char *reason;

	b->bend(&tpm);
	reason = judge_tpm(&tpm);
	ck_assert_msg(strcmp(reason, b->reason) == 0, "%s: \"%s\"", b->what, reason);
}
END_TEST

/* --- whom to believe --- */

START_TEST(each_trust_must_lead_to_the_attester)
{
	struct soft_tpm tpm = good();
	struct octets bundle = soft_tpm_bundle(&tpm);
	struct attest_trust *key = trust_of_key(rig.attester), *other = trust_of_key(rig.ec),
			    *cert = trust_of_cert(rig.certified);
	struct attest_rules rules = rules_of(rig.trust);

	rules.trust[1] = key;
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL), "");
	rules.trust[1] = cert;
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL), "");
	rules.trust[1] = other;
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL),
			 "attestation_attester_not_trusted");
	rules.trust[0] = NULL;
	rules.trust[1] = key;
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL), "");
	/* Nobody is believed by default. */
	rules.trust[1] = NULL;
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL),
			 "attestation_nobody_trusted");
	octets_clear(&bundle);
	attest_trust_free(key);
	attest_trust_free(other);
	attest_trust_free(cert);
}
END_TEST

/* The key of the attester is named by one, its certificate by the other, and no cert is sent. */
START_TEST(registered_key_has_the_certificate_of_the_profile)
{
	struct soft_tpm tpm = good();
	struct attest_trust *key = trust_of_key(rig.attester), *cert = trust_of_cert(rig.certified);
	struct attest_rules rules = rules_of(cert);
	struct octets bundle;

	tpm.certs[0] = NULL;
	bundle = soft_tpm_bundle(&tpm);
	rules.trust[1] = key;
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL), "");
	rules.trust[0] = rig.trust;
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL),
			 "attestation_attester_not_trusted");
	octets_clear(&bundle);
	attest_trust_free(key);
	attest_trust_free(cert);
}
END_TEST

START_TEST(path_is_valid_now_rfc5280_6)
{
	static const struct {
		int64_t now_ms;
		const char *reason;
	} times[] = {
		{NOW_MS - 2 * DAY_MS, "attestation_attester_expired"},
		{NOW_MS, ""},
		{NOW_MS + 364 * DAY_MS, ""},
		{NOW_MS + 366 * DAY_MS, "attestation_attester_expired"},
	};
	struct soft_tpm tpm = good();
	struct octets bundle = soft_tpm_bundle(&tpm);
	struct attest_rules rules = rules_of(rig.trust);

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		rules.now_ms = times[i].now_ms;
		ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL),
				 times[i].reason);
	}
	octets_clear(&bundle);
}
END_TEST

static ASN1_TIME *time_of(int64_t ms)
{
	return ASN1_TIME_set(NULL, (time_t)(ms / 1000));
}

/* A CRL of the root as PEM; revoked may be NULL. */
static struct octets crl_make(const X509 *revoked, int64_t this_update_ms, int64_t next_update_ms)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *this_update = time_of(this_update_ms), *next_update = time_of(next_update_ms);
	struct octets pem = OCTETS_NULL;
	BIO *out = BIO_new(BIO_s_mem());
	char *text;
	long len;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(rig.root));
	X509_CRL_set1_lastUpdate(crl, this_update);
	X509_CRL_set1_nextUpdate(crl, next_update);
	if (revoked) {
		X509_REVOKED *entry = X509_REVOKED_new();

		/* OpenSSL 3.0 has no getter that takes a const certificate and gives a const. */
		X509_REVOKED_set_serialNumber(
			entry, (ASN1_INTEGER *)(uintptr_t)X509_get0_serialNumber(revoked));
		X509_REVOKED_set_revocationDate(entry, this_update);
		X509_CRL_add0_revoked(crl, entry);
	}
	ck_assert(X509_CRL_sign(crl, rig.root_key, EVP_sha256()));
	ck_assert(PEM_write_bio_X509_CRL(out, crl));
	len = BIO_get_mem_data(out, &text);
	ck_assert_int_eq(octets_dup((struct bytes){(uint8_t *)text, (size_t)len}, &pem), 0);
	BIO_free(out);
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	X509_CRL_free(crl);
	return pem;
}

START_TEST(revocation_rfc5280_6_3)
{
	static const struct {
		bool revoked, another;
		int64_t next_update_ms;
		const char *reason;
	} crls[] = {
		{false, false, NOW_MS + DAY_MS, ""},
		{true, false, NOW_MS + DAY_MS, "attestation_attester_revoked"},
		{true, true, NOW_MS + DAY_MS, ""},
		{false, false, NOW_MS - DAY_MS / 2, "attestation_attester_crl"},
	};
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	struct soft_tpm tpm = good();
	struct octets bundle = soft_tpm_bundle(&tpm),
		      pem = crl_make(!crls[_i].revoked  ? NULL
				     : crls[_i].another ? rig.rsa_certified
							: rig.certified,
				     NOW_MS - DAY_MS, crls[_i].next_update_ms);
	struct attest_trust *trust = trust_of_cert(rig.root);
	const struct attest_rules rules = rules_of(trust);

	ck_assert_int_eq(attest_trust_add_crls(trust, octets_view(&pem), &why), 0);
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL), crls[_i].reason);
	octets_clear(&bundle);
	octets_clear(&pem);
	attest_trust_free(trust);
}
END_TEST

/* The same, of CRLs that were fetched: PEM and DER, and none yet. */
START_TEST(crls_that_are_fetched)
{
	static const struct {
		bool revoked, der, none;
		const char *reason;
	} rows[] = {
		{false, false, false, ""},
		{false, true, false, ""},
		{true, false, false, "attestation_attester_revoked"},
		{true, true, false, "attestation_attester_revoked"},
		{false, false, true, "attestation_attester_crl"},
	};
	struct soft_tpm tpm = good();
	struct octets bundle = soft_tpm_bundle(&tpm), der = OCTETS_NULL,
		      text = crl_make(rows[_i].revoked ? rig.certified : NULL, NOW_MS - DAY_MS,
				      NOW_MS + DAY_MS);
	struct attest_trust *trust = trust_of_cert(rig.root);
	struct attest_crls *crls = NULL;
	struct attest_rules rules = rules_of(trust);

	if (rows[_i].der) {
		BIO *in = BIO_new_mem_buf(text.data, (int)text.len);
		X509_CRL *crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL);
		int len = i2d_X509_CRL(crl, &der.data);

		ck_assert_int_gt(len, 0);
		der.len = (size_t)len;
		X509_CRL_free(crl);
		BIO_free(in);
	}
	if (!rows[_i].none)
		ck_assert_int_eq(attest_crls_new(rows[_i].der ? &der : &text, 1, &crls), 0);
	rules.needs_crls = true;
	rules.crls = crls;
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL), rows[_i].reason);
	attest_crls_unref(crls);
	attest_trust_free(trust);
	octets_clear(&bundle);
	octets_clear(&text);
	octets_clear(&der);
}
END_TEST

START_TEST(crls_that_are_none)
{
	static const char *const texts[] = {
		"",
		"0",
		"\x30\x03\x02\x01\x01",
		"no PEM",
		"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n",
	};
	struct attest_crls *crls = NULL;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct octets text = {(uint8_t *)(uintptr_t)texts[i], strlen(texts[i])};

		ck_assert_int_eq(attest_crls_new(&text, 1, &crls), -EBADMSG);
	}
	ck_assert_ptr_null(crls);
}
END_TEST

/* Where CRLs are looked at at all, one that is not there is no reason to believe. */
START_TEST(no_crl_of_the_issuer)
{
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	EVP_PKEY *key = pki_key(NULL);
	X509 *inner = pki_cert(&(struct pki_spec){.subject = "/CN=inner",
						  .key = key,
						  .issuer = rig.root,
						  .issuer_key = rig.root_key,
						  .ca = true,
						  .not_before_ms = NOW_MS - DAY_MS,
						  .not_after_ms = NOW_MS + DAY_MS}),
	     *below = soft_tpm_certify_attester(rig.attester, inner, key, NULL, NOW_MS);
	struct soft_tpm tpm = good();
	struct attest_trust *trust = trust_of_cert(rig.root);
	const struct attest_rules rules = rules_of(trust);
	struct octets bundle, pem = crl_make(NULL, NOW_MS - DAY_MS, NOW_MS + DAY_MS);

	tpm.certs[0] = below;
	tpm.certs[1] = inner;
	bundle = soft_tpm_bundle(&tpm);
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL), "");
	ck_assert_int_eq(attest_trust_add_crls(trust, octets_view(&pem), &why), 0);
	ck_assert_str_eq(judge(octets_view(&bundle), &rules, rig.ec, NULL),
			 "attestation_attester_crl");
	octets_clear(&bundle);
	octets_clear(&pem);
	attest_trust_free(trust);
	X509_free(inner);
	X509_free(below);
	EVP_PKEY_free(key);
}
END_TEST

/* --- statements that are certificates --- */

/* Over the EC key, as a YubiKey has it. */
static X509 *attestation_of(EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const char *san)
{
	return pki_cert(&(struct pki_spec){.subject = "/CN=slot 9a",
					   .key = key,
					   .issuer = issuer,
					   .issuer_key = issuer_key,
					   .san = san,
					   .not_before_ms = NOW_MS - DAY_MS,
					   .not_after_ms = NOW_MS + DAY_MS});
}

static const char *judge_x509(X509 *statement, X509 *above, const struct attest_rules *rules,
			      struct attest_result *result)
{
	struct octets der = pki_cert_der(statement),
		      bundle = soft_tpm_wrap(X509_TYPE, octets_view(&der), &above, above ? 1 : 0);
	const char *reason = judge(octets_view(&bundle), rules, rig.ec, result);

	octets_clear(&der);
	octets_clear(&bundle);
	return reason;
}

START_TEST(x509_statement)
{
	EVP_PKEY *device_key = pki_key(NULL);
	X509 *device = pki_cert(&(struct pki_spec){.subject = "/CN=token",
						   .key = device_key,
						   .issuer = rig.root,
						   .issuer_key = rig.root_key,
						   .ca = true,
						   .path_len = "0",
						   .not_before_ms = NOW_MS - DAY_MS,
						   .not_after_ms = NOW_MS + DAY_MS}),
	     *statement = attestation_of(rig.ec, device, device_key, "DNS:token.example.net"),
	     *of_other = attestation_of(rig.rsa, device, device_key, NULL),
	     *self = attestation_of(rig.ec, NULL, NULL, NULL);
	/* subjectAltName, 2.5.29.17 */
	static const uint8_t san[] = {0x55, 0x1d, 0x11},
			     names[] = {0x30, 0x13, 0x82, 0x11, 't', 'o', 'k', 'e', 'n', '.', 'e',
					'x',  'a',  'm',  'p',  'l', 'e', '.', 'n', 'e', 't'};
	struct attest_extension extension = {BYTES_OF(san), true, BYTES_NULL};
	struct attest_rules rules = rules_of(rig.trust);
	struct attest_result result;
	uint8_t digest[32];

	ck_assert_str_eq(judge_x509(statement, device, &rules, &result), "");
	ck_assert(!result.has_nonce);
	ck_assert_str_eq(result.statement, X509_TYPE);
	digest_of(device_key, digest);
	ck_assert_mem_eq(result.attester, digest, sizeof(digest));
	ck_assert_str_eq(judge_x509(of_other, device, &rules, NULL), "attestation_key_other");
	ck_assert_str_eq(judge_x509(statement, NULL, &rules, NULL),
			 "attestation_attester_not_trusted");
	/* Who has the key attests nothing with it. */
	ck_assert_str_eq(judge_x509(self, device, &rules, NULL),
			 "attestation_attester_not_trusted");
	rules.extensions = &extension;
	rules.n_extensions = 1;
	ck_assert_str_eq(judge_x509(statement, device, &rules, NULL), "");
	extension.any_value = false;
	ck_assert_str_eq(judge_x509(statement, device, &rules, NULL), "attestation_extension");
	extension.value = BYTES_OF(names);
	ck_assert_str_eq(judge_x509(statement, device, &rules, NULL), "");
	extension.oid.len--;
	ck_assert_str_eq(judge_x509(statement, device, &rules, NULL), "attestation_extension");
	X509_free(device);
	X509_free(statement);
	X509_free(of_other);
	X509_free(self);
	EVP_PKEY_free(device_key);
}
END_TEST

START_TEST(x509_statement_by_a_registered_key)
{
	X509 *statement = attestation_of(rig.ec, rig.root, rig.attester, NULL),
	     *self = attestation_of(rig.ec, NULL, NULL, NULL);
	struct attest_trust *key = trust_of_key(rig.attester), *own = trust_of_key(rig.ec);
	struct attest_rules rules = rules_of(key);
	struct attest_result result;
	uint8_t digest[32];

	ck_assert_str_eq(judge_x509(statement, NULL, &rules, &result), "");
	digest_of(rig.attester, digest);
	ck_assert_mem_eq(result.attester, digest, sizeof(digest));
	ck_assert_str_eq(judge_x509(self, NULL, &rules, NULL), "attestation_attester_not_trusted");
	rules.now_ms = NOW_MS + 2 * DAY_MS;
	ck_assert_str_eq(judge_x509(statement, NULL, &rules, NULL), "attestation_attester_expired");
	attest_trust_free(key);
	attest_trust_free(own);
	X509_free(statement);
	X509_free(self);
}
END_TEST

/* --- no octet of what counts can be another --- */

/* That no change of one octet in bundle[from..to) is accepted. */
static void octets_all_count(struct octets *bundle, size_t from, size_t to,
			     const struct attest_rules *rules)
{
	static const uint8_t flips[] = {0x01, 0xff};

	ck_assert_str_eq(judge(octets_view(bundle), rules, rig.ec, NULL), "");
	for (size_t i = from; i < to; i++) {
		for (size_t j = 0; j < ARRAY_LEN(flips); j++) {
			bundle->data[i] ^= flips[j];
			ck_assert_msg(*judge(octets_view(bundle), rules, rig.ec, NULL),
				      "octet %zu may be %02x", i, bundle->data[i]);
			bundle->data[i] ^= flips[j];
		}
	}
	ck_assert_str_eq(judge(octets_view(bundle), rules, rig.ec, NULL), "");
}

START_TEST(no_octet_of_statement_or_path_may_change)
{
	static void (*const kinds[])(struct soft_tpm *) = {bend_nothing, bend_rsa_attester,
							   bend_raw, bend_pss};
	struct soft_tpm tpm = good();
	const struct attest_rules rules = rules_of(rig.trust);
	struct octets bundle;

	kinds[_i](&tpm);
	bundle = soft_tpm_bundle(&tpm);
	octets_all_count(&bundle, 0, bundle.len, &rules);
	octets_clear(&bundle);
}
END_TEST

/* Two certificates in the bundle, in the order that makes it harder. */
START_TEST(no_octet_of_a_longer_path_may_change)
{
	EVP_PKEY *key = pki_key(NULL);
	X509 *inner = pki_cert(&(struct pki_spec){.subject = "/CN=inner",
						  .key = key,
						  .issuer = rig.root,
						  .issuer_key = rig.root_key,
						  .ca = true,
						  .not_before_ms = NOW_MS - DAY_MS,
						  .not_after_ms = NOW_MS + DAY_MS}),
	     *below = soft_tpm_certify_attester(rig.attester, inner, key, NULL, NOW_MS);
	const struct attest_rules rules = rules_of(rig.trust);
	struct soft_tpm tpm = good();
	struct octets bundle;

	tpm.certs[0] = inner;
	tpm.certs[1] = below;
	bundle = soft_tpm_bundle(&tpm);
	octets_all_count(&bundle, 0, bundle.len, &rules);
	octets_clear(&bundle);
	X509_free(inner);
	X509_free(below);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(no_octet_of_an_x509_statement_may_change)
{
	X509 *statement = attestation_of(rig.ec, rig.root, rig.root_key, NULL);
	struct octets der = pki_cert_der(statement),
		      bundle = soft_tpm_wrap(X509_TYPE, octets_view(&der), NULL, 0);
	const struct attest_rules rules = rules_of(rig.trust);

	octets_all_count(&bundle, 0, bundle.len, &rules);
	octets_clear(&der);
	octets_clear(&bundle);
	X509_free(statement);
}
END_TEST

/* Nor is one accepted that ends early, or with something behind it. */
START_TEST(no_bundle_is_shorter_or_longer)
{
	struct soft_tpm tpm = good();
	struct octets bundle = soft_tpm_bundle(&tpm);
	const struct attest_rules rules = rules_of(rig.trust);
	uint8_t longer[8192];

	for (size_t len = 0; len < bundle.len; len++)
		ck_assert_str_eq(judge((struct bytes){bundle.data, len}, &rules, rig.ec, NULL),
				 "attestation_malformed");
	memcpy(longer, bundle.data, bundle.len);
	longer[bundle.len] = 0;
	ck_assert_str_eq(judge((struct bytes){longer, bundle.len + 1}, &rules, rig.ec, NULL),
			 "attestation_malformed");
	octets_clear(&bundle);
}
END_TEST

/* --- files of the operator --- */

START_TEST(pem_of_trusted)
{
	static const struct {
		const char *text;
		const char *why;
	} bad[] = {
		{"", "there is no PEM in it"},
		{"root.pem", "there is no PEM in it"},
		{"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
		 "there is a \"PRIVATE KEY\" in it, which does not belong there"},
		{"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
		 "a \"CERTIFICATE\" in it is malformed, or of a kind that is not taken"},
		{"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
		 "a \"PUBLIC KEY\" in it is malformed, or of a kind that is not taken"},
		{"-----BEGIN CERTIFICATE-----\nMAA=\n", "there is no PEM in it"},
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
		struct attest_trust *trust = NULL;

		ck_assert_int_eq(attest_trust_new(&trust), 0);
		ck_assert_int_eq(attest_trust_add_pem(trust, bytes_of_string(bad[i].text), &why),
				 -EBADMSG);
		ck_assert_str_eq(why.text, bad[i].why);
		attest_trust_free(trust);
	}
}
END_TEST

static Suite *attest_suite(void)
{
	Suite *suite = suite_create("attest");
	TCase *tc = tcase_create("attest");

	tcase_add_unchecked_fixture(tc, rig_make, rig_clear);
	tcase_add_loop_test(tc, real_statements_ifa033_11_2_1, 0, ARRAY_LEN(samples));
	tcase_add_test(tc, attester_is_told_by_its_key);
	tcase_add_loop_test(tc, statements_ifa033_11_2_1, 0, ARRAY_LEN(bents));
	tcase_add_test(tc, each_trust_must_lead_to_the_attester);
	tcase_add_test(tc, registered_key_has_the_certificate_of_the_profile);
	tcase_add_test(tc, path_is_valid_now_rfc5280_6);
	tcase_add_loop_test(tc, revocation_rfc5280_6_3, 0, 4);
	tcase_add_test(tc, no_crl_of_the_issuer);
	tcase_add_loop_test(tc, crls_that_are_fetched, 0, 5);
	tcase_add_test(tc, crls_that_are_none);
	tcase_add_test(tc, x509_statement);
	tcase_add_test(tc, x509_statement_by_a_registered_key);
	tcase_add_loop_test(tc, no_octet_of_statement_or_path_may_change, 0, 4);
	tcase_add_test(tc, no_octet_of_a_longer_path_may_change);
	tcase_add_test(tc, no_octet_of_an_x509_statement_may_change);
	tcase_add_test(tc, no_bundle_is_shorter_or_longer);
	tcase_add_test(tc, pem_of_trusted);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(attest_suite, SUITE_ONE_PROCESS)
