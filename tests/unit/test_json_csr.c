// SPDX-License-Identifier: Apache-2.0
/*
 * Certificate Signing Request and revocation at the JSON door: what a body may be, the PKCS#10 in
 * each form that it comes in, and lists. What a request is and who may make it is
 * test_cmf_request.c; other CAs are tests/e2e/test_json_csr.py.
 */
#include "nfv_rig.h"
#include "suite.h"

#include <openssl/pem.h>
#include <string.h>

#define REQUESTS "/v1/certificate_signing_requests"

/* --- a PKCS#10 as text --- */

static X509_REQ *request_new(const char *subject)
{
	EVP_PKEY *key = pki_key(NULL);
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = pki_name(subject);

	X509_REQ_set_subject_name(req, name);
	X509_REQ_set_pubkey(req, key);
	ck_assert_int_gt(X509_REQ_sign(req, key, EVP_sha256()), 0);
	X509_NAME_free(name);
	EVP_PKEY_free(key);
	return req;
}

/* In PEM, without its first and last line where `bare`. */
static char *request_text(const X509_REQ *req, bool bare)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text, *begin, *end;
	long len;

	ck_assert_int_eq(PEM_write_bio_X509_REQ(bio, req), 1);
	len = BIO_get_mem_data(bio, &data);
	text = strndup(data, (size_t)len);
	BIO_free(bio);
	if (!bare)
		return text;
	begin = strchr(text, '\n') + 1;
	end = strstr(begin, "-----END");
	*end = '\0';
	memmove(text, begin, strlen(begin) + 1);
	return text;
}

/* The form with `text` in place of each '%'. */
static char *filled(const char *form, const char *text)
{
	char *whole = calloc(strlen(form) + 1, strlen(text) + 1), *end = whole;

	for (; *form; form++) {
		if (*form == '%')
			end = stpcpy(end, text);
		else
			*end++ = *form;
	}
	return whole;
}

/* --- asking --- */

static json_t *body_of(const char *vnfc_id, const char *csr)
{
	return json_pack("{s:s, s:s, s:b, s:s}", "certType", "VNFCI_CERT", "vnfcId", vnfc_id,
			 "certChainRequest", 1, "csr", csr);
}

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

static int post_status(const char *path, json_t *body)
{
	struct nfv_answer answer = posted(path, body);
	int status = answer.status;

	nfv_answer_clear(&answer);
	return status;
}

static void setup(void)
{
	nfv_setup();
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
}

/* --- forms of a PKCS#10: RFC 7468, RFC 4648 4 --- */

START_TEST(rfc7468_the_same_octets_in_each_form)
{
	X509_REQ *req = request_new("/CN=vnfci-a");
	char *pem = request_text(req, false), *base64 = request_text(req, true), *text;
	static const char *const forms[] = {"%", " \r\n%\n\n", "% \t\r\n"};
	struct nfv_answer first = posted(REQUESTS, body_of("vnfci-a", pem)), again;

	ck_assert_int_eq(first.status, 201);
	ck_assert_int_eq(json_array_size(json_object_get(first.json, "certificateChain")), 1);
	for (size_t i = 0; i < 2 * ARRAY_LEN(forms); i++) {
		text = filled(forms[i / 2], i % 2 ? pem : base64);
		again = posted(REQUESTS, body_of("vnfci-a", text));
		ck_assert_int_eq(again.status, 200);
		ck_assert(json_equal(again.json, first.json));
		ck_assert_str_eq(nfv_header(&again, "Location"), nfv_header(&first, "Location"));
		nfv_answer_clear(&again);
		free(text);
	}
	/* RFC 7468 7: the name that it had before. */
	text = filled("-----BEGIN NEW CERTIFICATE REQUEST-----\n%"
		      "-----END NEW CERTIFICATE REQUEST-----",
		      base64);
	ck_assert_int_eq(post_status(REQUESTS, body_of("vnfci-a", text)), 200);
	free(text);
	ck_assert_int_eq(world_count().certificates, 1);
	nfv_answer_clear(&first);
	free(pem);
	free(base64);
	X509_REQ_free(req);
}
END_TEST

/* What is no PKCS#10. %: its base64. */
static const char *const no_requests[] = {
	"",
	" ",
	"=",
	"AAAA",
	"-",
	"MIIB",
	"%-",
	"%====",
	"%%",
	"{%}",
	"-----BEGIN CERTIFICATE REQUEST-----\n%",
	"-----BEGIN CERTIFICATE REQUEST-----\n%-----END CERTIFICATE-----\n",
	"-----BEGIN CERTIFICATE-----\n%-----END CERTIFICATE-----\n",
	"-----BEGIN CERTIFICATE REQUEST-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
	"%-----END CERTIFICATE REQUEST-----\n",
	"-----BEGIN CERTIFICATE REQUEST-----\n%-----END CERTIFICATE REQUEST-----\n"
	"-----BEGIN CERTIFICATE REQUEST-----\n%-----END CERTIFICATE REQUEST-----\n",
	"-----BEGIN CERTIFICATE REQUEST-----\n%-----END CERTIFICATE REQUEST-----\nand more",
};

START_TEST(rfc2986_what_is_no_request)
{
	X509_REQ *req = request_new("/CN=vnfci-a");
	char *base64 = request_text(req, true), *text = filled(no_requests[_i], base64);
	struct nfv_answer answer;

	answer = posted(REQUESTS, body_of("vnfci-a", text));
	ck_assert_int_eq(answer.status, 400);
	ck_assert_str_eq(nfv_text(answer.json, "reason"), "csr_malformed");
	ck_assert_int_eq(world_count().certificates, 0);
	nfv_answer_clear(&answer);
	free(text);
	free(base64);
	X509_REQ_free(req);
}
END_TEST

/* --- members --- */

/* What is put over a good body, and what comes of it. */
static const struct {
	const char *over;
	int status;
} members[] = {
	{"{}", 201},
	{"{\"certType\": \"VnfciCert\"}", 201},
	{"{\"certChainRequest\": \"NO_CHAIN\", \"unknown\": {}}", 201},
	{"{\"nonceId\": 7}", 422},
	{"{\"nonceId\": \"\"}", 422},
	{"{\"profile\": \"VnfciCert\", \"revokeReplaced\": false}", 201},
	{"{\"notAfter\": \"2026-12-31T00:00:00+01:00\"}", 201},
	{"{\"certType\": null}", 422},
	{"{\"certType\": \"VNFCI\"}", 422},
	{"{\"certType\": [\"VNFCI_CERT\"]}", 422},
	{"{\"vnfcId\": null}", 422},
	{"{\"vnfcId\": \"\"}", 422},
	{"{\"vnfcId\": 1}", 422},
	{"{\"vnfInstanceId\": \"\"}", 422},
	{"{\"vnfInstanceId\": {}}", 422},
	{"{\"certChainRequest\": null}", 422},
	{"{\"certChainRequest\": 1}", 422},
	{"{\"certChainRequest\": \"yes\"}", 422},
	{"{\"csr\": null}", 422},
	{"{\"csr\": 5}", 422},
	{"{\"profile\": 5}", 422},
	{"{\"profile\": \"no such\"}", 422},
	{"{\"notAfter\": 1795975200}", 422},
	{"{\"notAfter\": \"tomorrow\"}", 422},
	{"{\"notAfter\": \"1960-01-01T00:00:00Z\"}", 422},
	{"{\"notAfter\": \"2026-01-01T00:00:00Z\"}", 422},
	{"{\"revokeReplaced\": \"true\"}", 422},
	{"{\"replaces\": 1}", 422},
	{"{\"replaces\": \"\"}", 422},
	{"{\"replaces\": \"1\"}", 404},
	{"{\"replaces\": \"00000000-0000-8000-8000-000000000000\"}", 404},
	{"{\"vnfcId\": \"vnfci-x\"}", 404},
	{"{\"vnfInstanceId\": \"vnf-x\"}", 404},
	{"{\"certType\": \"VNFOAM_CERT\"}", 404},
};

START_TEST(ifa033_11_2_3_2_members)
{
	X509_REQ *req = request_new("/CN=vnfci-a");
	char *pem = request_text(req, false);
	json_t *body = body_of("vnfci-a", pem), *over = json_loads(members[_i].over, 0, NULL);
	struct nfv_answer answer;

	ck_assert_ptr_nonnull(over);
	json_object_update(body, over);
	json_decref(over);
	answer = posted(REQUESTS, body);
	ck_assert_msg(answer.status == members[_i].status, "%s: %d", members[_i].over,
		      answer.status);
	ck_assert_int_eq(world_count().certificates, answer.status == 201);
	if (answer.status == 422)
		ck_assert_str_ne(nfv_text(answer.json, "detail"), "");
	nfv_answer_clear(&answer);
	free(pem);
	X509_REQ_free(req);
}
END_TEST

/* --- whose they are, and lists --- */

static void status_of(const struct credential *as, const char *path, const char *query,
		      enum http_method method, int expected)
{
	const struct nfv_ask ask = {.method = method, .path = path, .query = query, .as = as};

	ck_assert_int_eq(nfv_status(&ask), expected);
}

START_TEST(request_is_its_makers_alone)
{
	X509_REQ *req = request_new("/CN=vnfci-a");
	char *pem = request_text(req, false);
	struct nfv_answer made = posted(REQUESTS, body_of("vnfci-a", pem)), list;
	const char *path = strstr(nfv_header(&made, "Location"), "/v1/");

	status_of(&w.vnfm_a, path, NULL, HTTP_GET, 200);
	status_of(&w.vnfm_b, path, NULL, HTTP_GET, 404);
	status_of(&w.vnfm_b, path, NULL, HTTP_DELETE, 404);
	status_of(&w.vnfm_a, path, NULL, HTTP_DELETE, 409);
	status_of(&w.vnfm_a, REQUESTS, "filter=(eq,noSuchThing,1)", HTTP_GET, 400);
	for (int i = 0; i < 4; i++) {
		const struct nfv_ask ask = {
			.path = REQUESTS,
			.query = i == 1   ? "filter=(eq,status,FAILED)"
				 : i == 2 ? "all_fields&filter=(eq,vnfcId,vnfci-a)"
					  : NULL,
			.as = i == 3 ? &w.vnfm_b : &w.vnfm_a};

		list = nfv_asked(&ask);
		ck_assert_int_eq(list.status, 200);
		ck_assert_uint_eq(json_array_size(list.json), i == 0 || i == 2);
		if (i == 2)
			ck_assert(json_equal(json_array_get(list.json, 0), made.json));
		if (i == 0)
			ck_assert_ptr_null(
				json_object_get(json_array_get(list.json, 0), "certificate"));
		nfv_answer_clear(&list);
	}
	nfv_answer_clear(&made);
	free(pem);
	X509_REQ_free(req);
}
END_TEST

/* The entity has been deregistered before the certificate is committed: there is none then. */
START_TEST(request_is_decided_again)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	_cleanup_(store_unit_freep) struct store_unit *unit = NULL;
	X509_REQ *req = request_new("/CN=vnfci-a");
	char *pem = request_text(req, false);
	struct world_count before = world_count();
	struct nfv_answer answer;

	ck_assert_int_eq(
		store_registration_find(w.reader, ENTITY_A("vnfci-a"), CERT_TYPE_VNFCI, &reg), 0);
	ck_assert_int_eq(store_unit_new(w.store, &unit), 0);
	ck_assert_int_eq(store_registration_deregister(unit, reg.id, w.now_ms), 0);
	w.interfering = unit;
	answer = posted(REQUESTS, body_of("vnfci-a", pem));
	ck_assert_ptr_null(w.interfering);
	ck_assert_int_eq(answer.status, 404);
	ck_assert_str_eq(nfv_text(answer.json, "reason"), "entity_not_authorized");
	ck_assert_int_eq(world_count().certificates, before.certificates);
	nfv_answer_clear(&answer);
	free(pem);
	X509_REQ_free(req);
}
END_TEST

/* --- revocation --- */

static const struct {
	const char *body;
	int status;
	enum store_certificate_state state;
} revocations[] = {
	{"{\"reason\": \"superseded\"}", 204, STORE_CERT_REVOKED},
	{"{\"reason\": \"certificateHold\"}", 204, STORE_CERT_ON_HOLD},
	{"{\"reason\": \"keyCompromise\", \"invalidityDate\": \"2026-01-02T03:04:05Z\"}", 204,
	 STORE_CERT_REVOKED},
	{"{\"reason\": \"removeFromCRL\"}", 422, STORE_CERT_ACTIVE},
	{"{\"reason\": \"superseded\", \"invalidityDate\": \"2099-01-02T03:04:05Z\"}", 422,
	 STORE_CERT_ACTIVE},
	{"{\"reason\": \"superseded\", \"invalidityDate\": null}", 422, STORE_CERT_ACTIVE},
	{"{\"reason\": \"superseded\", \"invalidityDate\": \"1960-01-02T03:04:05Z\"}", 422,
	 STORE_CERT_ACTIVE},
	{"{\"reason\": \"Superseded\"}", 422, STORE_CERT_ACTIVE},
	{"{\"reason\": 4}", 422, STORE_CERT_ACTIVE},
	{"{}", 422, STORE_CERT_ACTIVE},
};

START_TEST(rfc5280_5_3_1_revocation)
{
	X509_REQ *req = request_new("/CN=vnfci-a");
	char *pem = request_text(req, false), *path;
	struct nfv_answer made = posted(REQUESTS, body_of("vnfci-a", pem));
	json_t *body = json_loads(revocations[_i].body, 0, NULL);

	ck_assert_int_gt(
		asprintf(&path, "/v1/certificates/%s/revoke", nfv_text(made.json, "certificateId")),
		0);
	ck_assert_int_eq(post_status(path, json_incref(body)), revocations[_i].status);
	/* The first certificate of the store. */
	ck_assert_int_eq(certificate_state(1), revocations[_i].state);
	if (revocations[_i].state == STORE_CERT_REVOKED)
		ck_assert_int_eq(post_status(path, json_incref(body)), 409);
	/* Whatever is asked for, of what there is not. */
	ck_assert_int_eq(post_status("/v1/certificates/x/revoke", json_incref(body)), 404);
	json_decref(body);
	nfv_answer_clear(&made);
	free(path);
	free(pem);
	X509_REQ_free(req);
}
END_TEST

/* --- nonces, draft-ietf-lamps-attestation-freshness --- */

static const struct {
	const char *body;
	int status;
	size_t characters; /* of the nonce: RFC 4648 5 without padding */
} nonce_asks[] = {
	{"{}", 201, 27}, /* 20 octets */
	{"{\"len\": 8, \"statementType\": \"2.23.133.20.1\"}", 201, 11},
	{"{\"len\": 64, \"unknown\": []}", 201, 86},
	{"{\"len\": 7}", 422, 0},
	{"{\"len\": 65}", 422, 0},
	{"{\"len\": 0}", 422, 0},
	{"{\"len\": \"32\"}", 422, 0},
	{"{\"len\": null}", 422, 0},
	{"{\"statementType\": 7}", 422, 0},
	{"[]", 400, 0},
};

START_TEST(nonces)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";
	const struct nfv_ask ask = {.method = HTTP_POST,
				    .path = "/v1/nonces",
				    .body = nonce_asks[_i].body,
				    .as = &w.vnfm_a};
	struct nfv_answer answer = nfv_asked(&ask), again;
	const char *nonce = nfv_text(answer.json, "nonce");

	ck_assert_int_eq(answer.status, nonce_asks[_i].status);
	if (answer.status == 201) {
		ck_assert_uint_eq(strlen(nonce), nonce_asks[_i].characters);
		ck_assert_uint_eq(strspn(nonce, alphabet), strlen(nonce));
		ck_assert_uint_eq(strlen(nfv_text(answer.json, "nonceId")), 36);
		ck_assert_int_eq(json_integer_value(json_object_get(answer.json, "expiry")), 60);
		ck_assert_ptr_null(nfv_header(&answer, "Location"));
		again = nfv_asked(&ask);
		ck_assert_str_ne(nfv_text(again.json, "nonce"), nonce);
		ck_assert_str_ne(nfv_text(again.json, "nonceId"), nfv_text(answer.json, "nonceId"));
		nfv_answer_clear(&again);
	}
	nfv_answer_clear(&answer);
}
END_TEST

START_TEST(nonces_that_wait_are_limited)
{
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(post_status("/v1/nonces", json_object()), 201);
	ck_assert_int_eq(post_status("/v1/nonces", json_object()), 429);
	w.now_ms += 60000;
	ck_assert_int_eq(post_status("/v1/nonces", json_object()), 201);
}
END_TEST

static Suite *csr_suite(void)
{
	Suite *s = suite_create("json_csr");
	TCase *tc = tcase_create("csr");

	tcase_add_checked_fixture(tc, setup, nfv_teardown);
	tcase_add_test(tc, rfc7468_the_same_octets_in_each_form);
	tcase_add_loop_test(tc, rfc2986_what_is_no_request, 0, (int)ARRAY_LEN(no_requests));
	tcase_add_loop_test(tc, ifa033_11_2_3_2_members, 0, (int)ARRAY_LEN(members));
	tcase_add_test(tc, request_is_its_makers_alone);
	tcase_add_test(tc, request_is_decided_again);
	tcase_add_loop_test(tc, nonces, 0, (int)ARRAY_LEN(nonce_asks));
	tcase_add_test(tc, nonces_that_wait_are_limited);
	tcase_add_loop_test(tc, rfc5280_5_3_1_revocation, 0, (int)ARRAY_LEN(revocations));
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(csr_suite, SUITE_FORKS)
