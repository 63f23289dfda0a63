// SPDX-License-Identifier: Apache-2.0
/*
 * Key attestation at the JSON door, IFA 033 11.2.1: every PKCS#10 of the real TPM
 * (tests/vectors/attest) under each policy, and what the certificate then says of it. What
 * statements are worth is test_attest.c, the same over CMP test_door_attest.c.
 */
#include "nfv_rig.h"
#include "suite.h"
#include "vectors.h"

#include <string.h>

#define REQUESTS "/v1/certificate_signing_requests"

static const struct sample {
	const char *name;
	const char *subject_id;
	const char *reason; /* where it is judged */
} samples[] = {
	{"csr-good-ec-by-ec", "vnfci-tpm-1", ""},
	{"csr-good-ec-by-rsa", "vnfci-tpm-1", ""},
	{"csr-good-rsa-by-ec", "vnfci-tpm-2", ""},
	{"csr-good-old-shape-with-hint", "vnfci-tpm-1", ""},
	{"csr-good-raw-rsa-signature", "vnfci-tpm-1", ""},
	{"csr-good-no-certs-in-bundle", "vnfci-tpm-1", "attestation_attester_missing"},
	{"csr-bad-ak-signature", "vnfci-tpm-1", "attestation_signature_wrong"},
	{"csr-bad-migratable-key", "vnfci-tpm-3", "attestation_key_movable"},
	{"csr-bad-no-public-key-in-statement", "vnfci-tpm-1", "attestation_no_public_key"},
	{"csr-bad-quote-instead-of-certify", "vnfci-tpm-1", "attestation_not_certify"},
	{"csr-bad-statement-for-another-key", "vnfci-tpm-2", "attestation_key_other"},
	{"csr-bad-untrusted-ak", "vnfci-tpm-1", "attestation_attester_not_trusted"},
	{"csr-bad-expired-ak", "vnfci-tpm-1", "attestation_attester_expired"},
	{"csr-bad-unknown-statement-type", "vnfci-tpm-1", "attestation_statement_unknown"},
	{"csr-bad-two-attributes", "vnfci-tpm-1", "attestation_several"},
	{"csr-odd-two-statements", "vnfci-tpm-1", "attestation_statements_several"},
	/* Where nonces are not looked at. */
	{"csr-bad-other-nonce", "vnfci-tpm-1", ""},
	{"csr-without-statement", "vnfci-tpm-1", "attestation_missing"},
};

static struct nfv_answer posted(const char *path, json_t *body)
{
	char *text = json_dumps(body, 0);
	const struct nfv_ask ask = {
		.method = HTTP_POST, .path = path, .body = text, .as = &w.vnfm_a};
	struct nfv_answer answer = nfv_asked(&ask);

	free(text);
	json_decref(body);
	return answer;
}

static void setup_with(const char *policy, const char *nonce)
{
	char sections[1024];
	struct nfv_answer answer;

	snprintf(sections, sizeof(sections),
		 "[profile tpm]\ncert_type = VnfciCert\ncommon_name = subjectId\n"
		 "key_types = rsa:2048-4096, ec:P-256\nattestation = %s\n"
		 "attestation_nonce = %s\nattestation_trusted = " VECTORS_DIR "/attest/root.pem\n",
		 policy, nonce);
	nfv_setup_with(sections);
	answer = posted("/v1/registrations",
			json_pack("{s:s, s:[s, s, s], s:s, s:s}", "certType", "VNFCI_CERT",
				  "subjectId", "vnfci-tpm-1", "vnfci-tpm-2", "vnfci-tpm-3",
				  "typeOfVnfcCertHandling", "DELEGATION_MODE", "profile", "tpm"));
	ck_assert_int_eq(answer.status, 201);
	nfv_answer_clear(&answer);
}

static struct nfv_answer sample_posted(const struct sample *s)
{
	struct octets pem = OCTETS_NULL;
	struct nfv_answer answer;
	char path[512];

	snprintf(path, sizeof(path), "%s/attest/%s.pem", VECTORS_DIR, s->name);
	ck_assert_int_eq(file_read(path, 65536, &pem), 0);
	answer = posted(REQUESTS, json_pack("{s:s, s:s, s:b, s:s%}", "certType", "VNFCI_CERT",
					    "vnfcId", s->subject_id, "certChainRequest", 0, "csr",
					    (const char *)pem.data, pem.len));
	octets_clear(&pem);
	return answer;
}

/* The verdict that a request and its certificate say; "": nothing. */
static void verdict_check(const struct sample *s, const struct nfv_answer *made,
			  const char *verdict)
{
	const json_t *attestation = json_object_get(made->json, "attestation");
	struct nfv_answer answer;
	char path[256];

	ck_assert_int_eq(attestation != NULL, *verdict != '\0');
	ck_assert_str_eq(nfv_text(attestation, "verdict"), verdict);
	ck_assert_str_eq(nfv_text(attestation, "statementType"),
			 strcmp(verdict, "verified") == 0 ? "2.23.133.20.1" : "");
	snprintf(path, sizeof(path), "/v1/certificates/%s", nfv_text(made->json, "certificateId"));
	answer = nfv_asked(&(struct nfv_ask){.path = path, .as = &w.vnfm_a});
	attestation = json_object_get(answer.json, "attestation");
	ck_assert_int_eq(answer.status, 200);
	ck_assert_msg(strcmp(nfv_text(attestation, "verdict"), verdict) == 0, "%s", s->name);
	if (strcmp(verdict, "verified") == 0) {
		ck_assert_str_eq(nfv_text(attestation, "statement"), "2.23.133.20.1");
		ck_assert_uint_eq(strlen(nfv_text(attestation, "attester")), 7 + 64);
	} else {
		ck_assert_ptr_null(json_object_get(attestation, "statement"));
	}
	nfv_answer_clear(&answer);
}

enum policy { REQUIRE, VERIFY, IGNORE };

static const char *reason_of(const struct sample *s, enum policy policy)
{
	bool none = strcmp(s->name, "csr-without-statement") == 0;

	return policy == IGNORE || (none && policy == VERIFY) ? "" : s->reason;
}

static const char *verdict_of(const struct sample *s, enum policy policy)
{
	if (strcmp(s->name, "csr-without-statement") == 0)
		return "";
	return policy == IGNORE ? "ignored" : "verified";
}

START_TEST(real_statements_ifa033_11_2_1)
{
	static const char *const policies[] = {"require", "verify", "ignore"};

	setup_with(policies[_i], "ignore");
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		const struct sample *s = &samples[i];
		const char *reason = reason_of(s, (enum policy)_i);
		struct nfv_answer answer = sample_posted(s);

		ck_assert_msg(strcmp(nfv_text(answer.json, "reason"), reason) == 0, "%s: \"%s\"",
			      s->name, nfv_text(answer.json, "reason"));
		ck_assert_int_eq(answer.status, *reason ? 422 : 201);
		if (!*reason)
			verdict_check(s, &answer, verdict_of(s, (enum policy)_i));
		nfv_answer_clear(&answer);
	}
	nfv_teardown();
}
END_TEST

static Suite *json_attest_suite(void)
{
	Suite *suite = suite_create("json_attest");
	TCase *tc = tcase_create("attest");

	tcase_add_loop_test(tc, real_statements_ifa033_11_2_1, 0, 3);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(json_attest_suite, SUITE_FORKS)
