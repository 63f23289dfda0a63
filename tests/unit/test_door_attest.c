// SPDX-License-Identifier: Apache-2.0
/*
 * Key attestation through the CMP door, IFA 033 11.2.1: every statement of the real TPM
 * (tests/vectors/attest) as p10cr, and its bundle in ir and cr of an RA that has verified the
 * possession, under each policy; what a TPM could say, in ir, cr and kur with a proof of
 * possession. What statements are worth is test_attest.c.
 */
#include "ask.h"
#include "cmf/attester.h"
#include "soft_tpm.h"
#include "store/nonce.h"
#include "suite.h"
#include "vectors.h"

#include "asn1/spki.h"
#include "attest.h"

#include <openssl/pem.h>
#include <unistd.h>

/* 2026-11-29, when the statements of the real TPM were made. */
#define NOW_MS INT64_C(1795910400000)

static struct house house;

/* The attester of soft_tpm.h: a CA and an attestation key. */
static struct {
	EVP_PKEY *root_key, *attester;
	X509 *root, *certified, *useless;
	char file[64]; /* root in PEM */
} soft;

static void soft_make(void)
{
	int fd;

	soft.root_key = pki_key(NULL);
	soft.attester = pki_key(NULL);
	soft.root = pki_cert(&(struct pki_spec){.subject = "/CN=attesters",
						.key = soft.root_key,
						.ca = true,
						.not_before_ms = NOW_MS - 86400000,
						.not_after_ms = NOW_MS + 86400000});
	soft.certified =
		soft_tpm_certify_attester(soft.attester, soft.root, soft.root_key, NULL, NOW_MS);
	soft.useless = soft_tpm_certify_attester(soft.attester, soft.root, soft.root_key,
						 "clientAuth", NOW_MS);
	snprintf(soft.file, sizeof(soft.file), "/tmp/cmfd-attest-XXXXXX");
	fd = mkstemp(soft.file);
	ck_assert_int_ge(fd, 0);
	close(fd);
	pki_certs_write(soft.file, soft.root, NULL);
}

static void soft_clear(void)
{
	unlink(soft.file);
	X509_free(soft.root);
	X509_free(soft.certified);
	X509_free(soft.useless);
	EVP_PKEY_free(soft.root_key);
	EVP_PKEY_free(soft.attester);
}

/* The profile `tpm` with that policy; trusted NULL: the CA of soft_tpm.h. */
static void open_with_nonce(const char *policy, const char *nonce, const char *trusted,
			    const char *sections)
{
	char text[2048];

	soft_make();
	snprintf(text, sizeof(text),
		 "[profile tpm]\ncert_type = VnfciCert\ncommon_name = subjectId\n"
		 "key_types = rsa:2048-4096, ec:P-256\nattestation = %s\n"
		 "attestation_nonce = %s\nattestation_trusted = %s\n%s",
		 policy, nonce, trusted ? trusted : soft.file, sections);
	house_open_at(&house, NOW_MS,
		      strstr(sections, "[ca_rule tpm]")
			      ? "transactions_max_per_client = 1000000\nca_rules = tpm\n"
			      : "transactions_max_per_client = 1000000\n",
		      text);
}

static void open_with(const char *policy, const char *trusted, const char *sections)
{
	open_with_nonce(policy, "ignore", trusted, sections);
}

static void close_all(void)
{
	house_close(&house);
	soft_clear();
}

static void entity_register_with(const char *subject_id, const char *profile,
				 const struct cmf_attester_said *attester)
{
	struct cmf_register request = {.has_cert_type = true,
				       .cert_type = CERT_TYPE_VNFCI,
				       .subject_ids = &subject_id,
				       .n_subject_ids = 1,
				       .profile = profile,
				       .attester = attester,
				       .handling = CERT_HANDLING_DELEGATION};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};

	ck_assert_int_eq(cmf_admin_for_client(HOUSE_CALL(&house, NULL, &refusal), "vnfm-a", &who),
			 0);
	ck_assert_int_eq(cmf_register(HOUSE_CALL(&house, &who, &refusal), &request), 0);
	ck_assert_int_eq(store_unit_commit(house.worker.unit), 0);
	cmf_principal_clear(&who);
}

static void entity_register(const char *subject_id, const char *profile)
{
	entity_register_with(subject_id, profile, NULL);
}

/* --- what comes of it --- */

/* The last certificate that there is, and what was made of its attestation. */
struct last {
	int64_t id;
	struct octets der;
};

static int last_take(void *arg, const struct store_certificate *cert)
{
	struct last *last = arg;

	last->id = cert->id;
	return octets_dup(octets_view(&cert->der), &last->der);
}

static bool has_bundle(struct bytes der)
{
	X509 *cert = pki_cert_parse(der);
	bool has = false;

	for (int i = 0; i < X509_get_ext_count(cert); i++)
		has = has || attest_is_bundle(X509_EXTENSION_get_object(X509_get_ext(cert, i)));
	X509_free(cert);
	return has;
}

static enum store_verdict last_verdict(void)
{
	const struct store_certificate_filter newest = {
		.state = -1, .newest_first = true, .limit = 1};
	struct store_attestation attestation = {0};
	struct last last = {0};
	enum store_verdict verdict;
	int err;

	ck_assert_int_eq(store_certificate_list(house.worker.reader, &newest, last_take, &last), 0);
	/* The draft: not copied into the certificate. */
	ck_assert(!has_bundle(octets_view(&last.der)));
	err = store_attestation_get(house.worker.reader, last.id, &attestation);
	ck_assert_int_ge(err, 0);
	verdict = err == 0 ? attestation.verdict : STORE_ATTESTATION_NONE;
	ck_assert_int_eq(verdict == STORE_ATTESTATION_VERIFIED, attestation.has_attester);
	ck_assert_int_eq(verdict == STORE_ATTESTATION_VERIFIED, attestation.statement != NULL);
	store_attestation_clear(&attestation);
	octets_clear(&last.der);
	return verdict;
}

/* Sends, and expects a certificate with that verdict, or that refusal; frees. */
static void expect(const char *what, struct ask *a, const char *reason, enum store_verdict verdict)
{
	const PKIStatusInfo *status;
	struct told told;

	ask_send(a, &told);
	status = told_status(&told);
	if (*reason) {
		enum refusal_reason row = refusal_by_code(reason);
		const char *said =
			sk_ASN1_UTF8STRING_num(status->statusString) > 0
				? (const char *)ASN1_STRING_get0_data(
					  sk_ASN1_UTF8STRING_value(status->statusString, 0))
				: "";

		ck_assert_int_ne(row, REFUSAL_NONE);
		ck_assert_msg(strncmp(said, refusal_text(row), strlen(refusal_text(row))) == 0,
			      "%s: \"%s\"", what, said);
	} else {
		ck_assert_msg(told_failinfo(&told) == -1 && told_certificate(&told).len > 0,
			      "%s: refused", what);
		ck_assert_msg(last_verdict() == verdict, "%s: verdict %d", what, last_verdict());
	}
	told_clear(&told);
	ask_clear(a);
}

/* --- a real TPM --- */

static const struct sample {
	const char *name;
	const char *reason;   /* where it is judged */
	const char *unjudged; /* p10cr where it is not */
} samples[] = {
	{"csr-good-ec-by-ec", "", ""},
	{"csr-good-ec-by-rsa", "", ""},
	{"csr-good-rsa-by-ec", "", ""},
	{"csr-good-old-shape-with-hint", "", ""},
	{"csr-good-raw-rsa-signature", "", ""},
	{"csr-good-no-certs-in-bundle", "attestation_attester_missing", ""},
	{"csr-bad-ak-signature", "attestation_signature_wrong", ""},
	{"csr-bad-migratable-key", "attestation_key_movable", ""},
	{"csr-bad-no-public-key-in-statement", "attestation_no_public_key", ""},
	{"csr-bad-quote-instead-of-certify", "attestation_not_certify", ""},
	{"csr-bad-statement-for-another-key", "attestation_key_other", ""},
	{"csr-bad-untrusted-ak", "attestation_attester_not_trusted", ""},
	{"csr-bad-expired-ak", "attestation_attester_expired", ""},
	{"csr-bad-unknown-statement-type", "attestation_statement_unknown", ""},
	{"csr-bad-two-attributes", "attestation_several", ""},
	{"csr-odd-two-statements", "attestation_statements_several", ""},
	/* Where nonces are not looked at. */
	{"csr-bad-other-nonce", "", ""},
	{"csr-without-statement", "attestation_missing", ""},
	{"csr-from-tpm2-openssl-null-parameters", "pop_alg_parameters", "pop_alg_parameters"},
};

static X509_REQ *request_read(const char *name)
{
	char path[512];
	X509_REQ *request;
	FILE *file;

	snprintf(path, sizeof(path), "%s/attest/%s.pem", VECTORS_DIR, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	request = PEM_read_X509_REQ(file, NULL, NULL, NULL);
	fclose(file);
	ck_assert_ptr_nonnull(request);
	return request;
}

static void ask_sample_p10cr(struct ask *a, const struct house_credential *who,
			     const X509_REQ *request)
{
	unsigned char *der = NULL;
	int len = i2d_X509_REQ(request, &der);
	const unsigned char *p = der;

	ask_new(a, &house, who);
	ask_p10cr(a, "replaced");
	CertificationRequest_free(a->body->value.p10cr);
	a->body->value.p10cr = d2i_CertificationRequest(NULL, &p, len);
	ck_assert_ptr_nonnull(a->body->value.p10cr);
	OPENSSL_free(der);
}

static void bundle_add(struct ask *a, struct bytes bundle)
{
	CertTemplate *t = ask_request(a)->certReq->certTemplate;
	ASN1_OBJECT *oid = OBJ_txt2obj(ATTEST_BUNDLE_OID, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

	ASN1_OCTET_STRING_set(value, bundle.data, (int)bundle.len);
	if (!t->extensions)
		t->extensions = sk_X509_EXTENSION_new_null();
	sk_X509_EXTENSION_push(t->extensions, X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value));
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

/* Subject, key and bundles of the PKCS#10, for which the RA says that it has seen the proof. */
static void ask_sample_crmf(struct ask *a, int type, X509_REQ *request)
{
	CertTemplate *t;
	CertReqMsg *msg;

	ask_new(a, &house, &house.ra);
	ask_certreq(a, type, NULL);
	msg = ask_request(a);
	t = msg->certReq->certTemplate;
	X509_NAME_free(t->subject);
	t->subject = X509_NAME_dup(X509_REQ_get_subject_name(request));
	SubjectPublicKeyInfo_free(t->publicKey);
	ck_assert_int_eq(spki_from_key(X509_REQ_get0_pubkey(request), &t->publicKey), 0);
	ProofOfPossession_free(msg->popo);
	msg->popo = ProofOfPossession_new();
	msg->popo->type = POPO_RA_VERIFIED;
	msg->popo->value.raVerified = ASN1_NULL_new();
	a->keep_pop = true;
	for (int i = 0; i < X509_REQ_get_attr_count(request); i++) {
		X509_ATTRIBUTE *attribute = X509_REQ_get_attr(request, i);
		const ASN1_STRING *value = X509_ATTRIBUTE_get0_type(attribute, 0)->value.sequence;

		if (attest_is_bundle(X509_ATTRIBUTE_get0_object(attribute)))
			bundle_add(a, (struct bytes){ASN1_STRING_get0_data(value),
						     (size_t)ASN1_STRING_length(value)});
	}
	a->profile_label = "tpm";
}

enum judged { JUDGED_REQUIRED, JUDGED_IF_THERE, JUDGED_NOT };

/* The reason of a sample, as p10cr or as CRMF. */
static const char *reason_of(const struct sample *s, enum judged judged, bool crmf)
{
	bool none = strcmp(s->name, "csr-without-statement") == 0;

	/* A template has an extension once, whatever it is: RFC 5280 4.2. */
	if (crmf && strcmp(s->name, "csr-bad-two-attributes") == 0)
		return "template_extension_duplicate";
	/* There it is the RA that verifies what was signed, and there is no statement. */
	if (crmf && strcmp(s->reason, "pop_alg_parameters") == 0)
		return judged == JUDGED_REQUIRED ? "attestation_missing" : "";
	if (judged == JUDGED_NOT)
		return s->unjudged;
	return none && judged == JUDGED_IF_THERE ? "" : s->reason;
}

static enum store_verdict verdict_of(const X509_REQ *request, enum judged judged)
{
	if (X509_REQ_get_attr_count(request) == 0)
		return STORE_ATTESTATION_NONE;
	return judged == JUDGED_NOT ? STORE_ATTESTATION_IGNORED : STORE_ATTESTATION_VERIFIED;
}

static void sample_try(const struct sample *s, enum judged judged)
{
	static const int types[] = {PKI_BODY_IR, PKI_BODY_CR};
	X509_REQ *request = request_read(s->name);
	enum store_verdict verdict = verdict_of(request, judged);
	struct ask a;

	ask_sample_p10cr(&a, &house.vnfm_a, request);
	a.profile_label = "tpm";
	expect(s->name, &a, reason_of(s, judged, false), verdict);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		ask_sample_crmf(&a, types[i], request);
		expect(s->name, &a, reason_of(s, judged, true), verdict);
	}
	X509_REQ_free(request);
}

START_TEST(real_statements_ifa033_11_2_1)
{
	static const char *const policies[] = {"require", "verify", "ignore"};
	static const char *const ids[] = {"vnfci-tpm-1", "vnfci-tpm-2", "vnfci-tpm-3"};

	open_with(policies[_i], VECTORS_DIR "/attest/root.pem", "");
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		entity_register(ids[i], "tpm");
	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		sample_try(&samples[i], (enum judged)_i);
	close_all();
}
END_TEST

/* tpm2-openssl 1.1.1 writes them: RFC 5758 3.2 */
START_TEST(null_parameters_rfc5758_3_2)
{
	X509_REQ *request = request_read("csr-from-tpm2-openssl-null-parameters");
	struct ask a;

	open_with("verify", VECTORS_DIR "/attest/root.pem",
		  _i ? "[client_policy default]\necdsa_null_parameters = yes\n" : "");
	entity_register("vnfci-tpm-1", "tpm");
	ask_sample_p10cr(&a, &house.vnfm_a, request);
	a.profile_label = "tpm";
	expect("NULL parameters", &a, _i ? "" : "pop_alg_parameters", STORE_ATTESTATION_NONE);
	X509_REQ_free(request);
	close_all();
}
END_TEST

/* --- what a TPM could say, with a proof of possession --- */

static void bend_nothing(struct soft_tpm *t)
{
	(void)t;
}
static void bend_hint(struct soft_tpm *t)
{
	t->form = SOFT_TPM_HINT;
}
static void bend_key(struct soft_tpm *t)
{
	t->public = soft.attester;
}
static void bend_no_public(struct soft_tpm *t)
{
	t->no_public = true;
}
static void bend_movable(struct soft_tpm *t)
{
	t->attributes = 0x00040060;
}
static void bend_quote(struct soft_tpm *t)
{
	t->attest_type = 0x8018;
}
static void bend_signature(struct soft_tpm *t)
{
	t->attester = soft.root_key;
}
static void bend_type(struct soft_tpm *t)
{
	t->type = "2.23.133.20.99";
}
static void bend_usage(struct soft_tpm *t)
{
	t->certs[0] = soft.useless;
}
static void bend_twice(struct soft_tpm *t)
{
	t->statements = 2;
}
static void bend_behind(struct soft_tpm *t)
{
	t->behind_public = BYTES_OF("\0");
}

static const struct bent {
	const char *what;
	void (*bend)(struct soft_tpm *tpm);
	const char *reason;
} bents[] = {
	{"good", bend_nothing, ""},
	{"good with hint", bend_hint, ""},
	{"another key", bend_key, "attestation_key_other"},
	{"no key", bend_no_public, "attestation_no_public_key"},
	{"movable", bend_movable, "attestation_key_movable"},
	{"quote", bend_quote, "attestation_not_certify"},
	{"signature", bend_signature, "attestation_signature_wrong"},
	{"type", bend_type, "attestation_statement_unknown"},
	{"usage", bend_usage, "attestation_attester_usage"},
	{"two statements", bend_twice, "attestation_statements_several"},
	{"trailing octet", bend_behind, "attestation_statement_malformed"},
};

static struct octets soft_bundle(EVP_PKEY *key, void (*bend)(struct soft_tpm *tpm))
{
	struct soft_tpm tpm = {.key = key, .attester = soft.attester, .certs = {soft.certified}};

	bend(&tpm);
	return soft_tpm_bundle(&tpm);
}

static void ask_soft(struct ask *a, int type, const struct house_credential *who,
		     void (*bend)(struct soft_tpm *tpm))
{
	struct octets bundle;

	ask_new(a, &house, who);
	ask_certreq(a, type, "vnfci-s");
	bundle = soft_bundle(a->key, bend);
	bundle_add(a, octets_view(&bundle));
	octets_clear(&bundle);
	if (type != PKI_BODY_KUR)
		a->profile_label = "tpm";
}

/* A certificate of vnfci-s, confirmed, for a key update of it. */
static void holder_make(struct house_credential *holder)
{
	struct told told;
	struct ask a;

	ask_soft(&a, PKI_BODY_IR, &house.vnfm_a, bend_nothing);
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	house_credential_adopt(holder, a.key, told_certificate(&told));
	told_clear(&told);
	ask_clear(&a);
}

START_TEST(statements_with_a_proof_of_possession)
{
	struct house_credential holder;
	struct ask a;

	open_with(_i ? "verify" : "require", NULL, "");
	entity_register("vnfci-s", "tpm");
	for (size_t i = 0; i < ARRAY_LEN(bents); i++) {
		const struct bent *b = &bents[i];

		ask_soft(&a, PKI_BODY_IR, &house.vnfm_a, b->bend);
		expect(b->what, &a, b->reason, STORE_ATTESTATION_VERIFIED);
		ask_soft(&a, PKI_BODY_CR, &house.vnfm_a, b->bend);
		expect(b->what, &a, b->reason, STORE_ATTESTATION_VERIFIED);
		holder_make(&holder);
		ask_soft(&a, PKI_BODY_KUR, &holder, b->bend);
		expect(b->what, &a, b->reason, STORE_ATTESTATION_VERIFIED);
		house_credential_clear(&holder);
	}
	close_all();
}
END_TEST

/* --- whether it is fresh --- */

/* A nonce as the client has got it. */
static void nonce_put(const char *client, struct bytes octets)
{
	struct store_nonce nonce = {.requester = (char *)(uintptr_t)client,
				    .expires_ms = house.now_ms + 600000};
	int64_t id;

	ck_assert_int_eq(octets_dup(octets, &nonce.octets), 0);
	ck_assert_int_eq(store_nonce_insert(house.worker.unit, &nonce, &id), 0);
	ck_assert_int_eq(store_unit_commit(house.worker.unit), 0);
	octets_clear(&nonce.octets);
}

static void ask_over(struct ask *a, struct bytes nonce)
{
	struct soft_tpm tpm = {
		.attester = soft.attester, .certs = {soft.certified}, .nonce = nonce};
	struct octets bundle;

	ask_new(a, &house, &house.vnfm_a);
	ask_certreq(a, PKI_BODY_CR, "vnfci-s");
	tpm.key = a->key;
	bundle = soft_tpm_bundle(&tpm);
	bundle_add(a, octets_view(&bundle));
	octets_clear(&bundle);
	a->profile_label = "tpm";
}

static void expect_over(const char *nonce, const char *reason)
{
	struct ask a;

	ask_over(&a, bytes_of_string(nonce));
	expect(*nonce ? nonce : "no nonce", &a, reason, STORE_ATTESTATION_VERIFIED);
}

START_TEST(statements_are_over_a_nonce_of_ours_once)
{
	open_with_nonce("require", "require", NULL, "");
	entity_register("vnfci-s", "tpm");
	nonce_put("vnfm-a", bytes_of_string("nonce of vnfm-a"));
	nonce_put("vnfm-a", bytes_of_string("late nonce of vnfm-a"));
	nonce_put("vnfm-b", bytes_of_string("nonce of vnfm-b"));
	expect_over("", "attestation_nonce_missing");
	expect_over("nonce of nobody", "nonce_unknown");
	expect_over("nonce of vnfm-b", "nonce_unknown");
	expect_over("nonce of vnfm-a", "");
	expect_over("nonce of vnfm-a", "nonce_used");
	house.now_ms += 600000;
	expect_over("late nonce of vnfm-a", "nonce_expired");
	close_all();
}
END_TEST

START_TEST(nonce_of_a_request_that_is_refused_stays_good)
{
	struct ask a;

	open_with_nonce("require", "require", NULL, "");
	entity_register("vnfci-s", "tpm");
	nonce_put("vnfm-a", bytes_of_string("nonce of vnfm-a"));
	ask_over(&a, bytes_of_string("nonce of vnfm-a"));
	ask_extension(&a, NID_inhibit_any_policy, "critical,0");
	expect("refused", &a, "template_extension_critical", STORE_ATTESTATION_NONE);
	expect_over("nonce of vnfm-a", "");
	close_all();
}
END_TEST

START_TEST(real_statement_over_its_nonce)
{
	struct octets nonce = OCTETS_NULL;
	X509_REQ *request;
	struct ask a;

	open_with_nonce("verify", "require", VECTORS_DIR "/attest/root.pem", "");
	entity_register("vnfci-tpm-1", "tpm");
	ck_assert_int_eq(file_read(VECTORS_DIR "/attest/nonce.bin", 64, &nonce), 0);
	nonce_put("vnfm-a", octets_view(&nonce));
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {"csr-bad-other-nonce", "csr-good-ec-by-ec",
						    "csr-good-ec-by-rsa"};
		static const char *const reasons[] = {"nonce_unknown", "", "nonce_used"};

		request = request_read(names[i]);
		ask_sample_p10cr(&a, &house.vnfm_a, request);
		a.profile_label = "tpm";
		expect(names[i], &a, reasons[i], STORE_ATTESTATION_VERIFIED);
		X509_REQ_free(request);
	}
	octets_clear(&nonce);
	close_all();
}
END_TEST

/* --- what a registration says of its attester --- */

/* The certificate or the key as the attester of vnfci-s. */
static void registered_as(enum store_attester_kind kind, X509 *cert, EVP_PKEY *key,
			  const char *type, enum store_attester_policy policy)
{
	struct cmf_attester_said said = {.kind = kind,
					 .n_items = 1,
					 .statement_types = {type},
					 .n_statement_types = 1,
					 .policy = policy};
	unsigned char *der = NULL;
	int len = cert ? i2d_X509(cert, &der) : i2d_PUBKEY(key, &der);

	said.item[0] = (struct bytes){der, (size_t)len};
	entity_register_with("vnfci-s", "tpm", &said);
	OPENSSL_free(der);
}

static void expect_soft(const char *what, void (*bend)(struct soft_tpm *), const char *reason)
{
	struct ask a;

	ask_soft(&a, PKI_BODY_CR, &house.vnfm_a, bend);
	expect(what, &a, reason, STORE_ATTESTATION_VERIFIED);
}

static void expect_none(const char *reason)
{
	struct ask a;

	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-s");
	a.profile_label = "tpm";
	expect("none", &a, reason, STORE_ATTESTATION_NONE);
}

START_TEST(registration_narrows_and_tightens_ifa033_11_2_1)
{
	static const char *const policies[] = {"ignore",  "ignore",  "verify", "require",
					       "require", "require", "ignore"};

	open_with(policies[_i], NULL, "");
	switch (_i) {
	case 0: /* a key, required by the registration alone */
		registered_as(STORE_ATTESTER_KEY, NULL, soft.attester, SOFT_TPM_CERTIFY,
			      STORE_ATTESTER_REQUIRE);
		expect_soft("good", bend_nothing, "");
		expect_none("attestation_missing");
		break;
	case 1: /* verified because of the registration alone */
		registered_as(STORE_ATTESTER_CERTIFICATE, soft.certified, NULL, SOFT_TPM_CERTIFY,
			      STORE_ATTESTER_VERIFY);
		expect_soft("good", bend_nothing, "");
		expect_soft("signature", bend_signature, "attestation_signature_wrong");
		expect_none("");
		break;
	case 2: /* another attester than the one that has signed */
		registered_as(STORE_ATTESTER_KEY, NULL, soft.root_key, SOFT_TPM_CERTIFY,
			      STORE_ATTESTER_AS_PROFILE);
		expect_soft("another attester", bend_nothing, "attestation_attester_not_trusted");
		break;
	case 3: /* a registration asks for no less than its profile */
		registered_as(STORE_ATTESTER_CAS, soft.root, NULL, SOFT_TPM_CERTIFY,
			      STORE_ATTESTER_VERIFY);
		expect_soft("good", bend_nothing, "");
		expect_none("attestation_missing");
		break;
	case 4: /* nor does it widen whom the profile trusts: the root's key signs as an attester */
		registered_as(STORE_ATTESTER_KEY, NULL, soft.root_key, SOFT_TPM_CERTIFY,
			      STORE_ATTESTER_AS_PROFILE);
		expect_soft("one's own", bend_signature, "attestation_attester_not_trusted");
		break;
	case 5: /* types of statement that both accept */
		registered_as(STORE_ATTESTER_CAS, soft.root, NULL, "1.3.6.1.4.1.99999.1",
			      STORE_ATTESTER_AS_PROFILE);
		expect_soft("type", bend_nothing, "attestation_statement_unknown");
		break;
	default: /* as the profile says */
		registered_as(STORE_ATTESTER_CAS, soft.root, NULL, SOFT_TPM_CERTIFY,
			      STORE_ATTESTER_AS_PROFILE);
		expect_none("");
		break;
	}
	close_all();
}
END_TEST

/* --- where another CA issues --- */

/* Nobody listens on port 1; the door gives up waiting at once. */
static const char upstream[] = "[ca_rule tpm]\nprofile = tpm\nca = central\n"
			       "[ca central]\n"
			       "type = upstream\n"
			       "server_url = http://127.0.0.1:1/cmp\n"
			       "certificate = central.pem\n"
			       "chain = root.pem\n"
			       "trusted = root.pem\n"
			       "ra_certificate = ra.pem\n"
			       "ra_key = ra.key\n"
			       "recipient = /CN=Central\n"
			       "upstream_wait = 1ms\n"
			       "forwarding = ";

static int certificates_count(void *arg, const struct store_certificate *cert)
{
	(void)cert;
	++*(int *)arg;
	return 0;
}

static int certificates(void)
{
	const struct store_certificate_filter all = {.state = -1};
	int n = 0;

	ck_assert_int_eq(store_certificate_list(house.worker.reader, &all, certificates_count, &n),
			 0);
	return n;
}

/* A good one is asked for there, with its verdict. */
static void expect_waiting(struct ask *a)
{
	struct store_attestation attestation = {0};
	const struct store_certificate_filter newest = {
		.state = -1, .newest_first = true, .limit = 1};
	struct last last = {0};
	struct told told;

	ask_send(a, &told);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_WAITING);
	ck_assert_int_eq(store_certificate_list(house.worker.reader, &newest, last_take, &last), 0);
	ck_assert_int_eq(store_attestation_get(house.worker.reader, last.id, &attestation), 0);
	ck_assert_int_eq(attestation.verdict, STORE_ATTESTATION_VERIFIED);
	store_attestation_clear(&attestation);
	octets_clear(&last.der);
	told_clear(&told);
	ask_clear(a);
}

START_TEST(upstream_is_asked_for_what_is_attested_alone)
{
	static const char *const how[] = {"reissue", "unchanged", "added", "replaced"};
	X509_REQ *good = request_read("csr-good-ec-by-ec"),
		 *bad = request_read("csr-bad-ak-signature");
	char sections[1024];
	struct ask a;

	snprintf(sections, sizeof(sections), "%s%s\n", upstream, how[_i]);
	open_with("require", VECTORS_DIR "/attest/root.pem", sections);
	entity_register("vnfci-tpm-1", "tpm");
	ask_sample_p10cr(&a, &house.vnfm_a, bad);
	a.profile_label = "tpm";
	expect("bad", &a, "attestation_signature_wrong", STORE_ATTESTATION_NONE);
	ask_sample_crmf(&a, PKI_BODY_IR, bad);
	expect("bad", &a, "attestation_signature_wrong", STORE_ATTESTATION_NONE);
	ck_assert_int_eq(certificates(), 0);
	ask_sample_p10cr(&a, &house.vnfm_a, good);
	a.profile_label = "tpm";
	expect_waiting(&a);
	ask_sample_crmf(&a, PKI_BODY_CR, good);
	expect_waiting(&a);
	ck_assert_int_eq(certificates(), 2);
	X509_REQ_free(good);
	X509_REQ_free(bad);
	close_all();
}
END_TEST

static Suite *door_attest_suite(void)
{
	Suite *suite = suite_create("door_attest");
	TCase *tc = tcase_create("attest");

	tcase_add_loop_test(tc, real_statements_ifa033_11_2_1, 0, 3);
	tcase_add_loop_test(tc, null_parameters_rfc5758_3_2, 0, 2);
	tcase_add_loop_test(tc, statements_with_a_proof_of_possession, 0, 2);
	tcase_add_loop_test(tc, upstream_is_asked_for_what_is_attested_alone, 0, 4);
	tcase_add_test(tc, statements_are_over_a_nonce_of_ours_once);
	tcase_add_test(tc, nonce_of_a_request_that_is_refused_stays_good);
	tcase_add_test(tc, real_statement_over_its_nonce);
	tcase_add_loop_test(tc, registration_narrows_and_tightens_ifa033_11_2_1, 0, 7);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(door_attest_suite, SUITE_ONE_PROCESS)
