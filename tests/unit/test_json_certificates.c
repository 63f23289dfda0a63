// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/certificates and /v1/ca_certificates of the JSON door: lists over registrations, one
 * certificate in its three forms, states, holders, and that what belongs to another does not exist.
 */
#include "nfv_rig.h"
#include "suite.h"

#include <openssl/pem.h>
#include <string.h>

static struct store_certificate issued(const char *subject_id)
{
	char subject[100];

	snprintf(subject, sizeof(subject), "/CN=%s", subject_id);
	return certificate_issued("vnfm-a", "VnfciCert", subject, NULL);
}

static struct nfv_answer list(const struct credential *as, const char *query)
{
	return nfv_asked(&(struct nfv_ask){.path = "/v1/certificates", .query = query, .as = as});
}

/* The path of the only certificate that fits, to be freed. */
static char *path_of(const char *subject_id)
{
	char query[100], *path;
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0};

	snprintf(query, sizeof(query), "filter=(eq,subjectId,%s)", subject_id);
	answer = list(&w.vnfm_a, query);
	ck_assert_uint_eq(json_array_size(answer.json), 1);
	ck_assert_int_gt(asprintf(&path, "/v1/certificates/%s",
				  nfv_text(json_array_get(answer.json, 0), "id")),
			 0);
	return path;
}

static struct nfv_answer get(const struct credential *as, const char *path, const char *accept)
{
	return nfv_asked(&(struct nfv_ask){.path = path, .accept = accept, .as = as});
}

/* The certificates of PEM, each of which must be one of those, in order. */
static void assert_pem(struct bytes pem, X509 *const *expected, size_t n)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *cert;
	size_t i = 0;

	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		ck_assert_uint_lt(i, n);
		ck_assert_int_eq(X509_cmp(cert, expected[i]), 0);
		X509_free(cert);
		i++;
	}
	ck_assert_uint_eq(i, n);
	BIO_free(bio);
}

static X509 *x509_of(const struct store_certificate *cert)
{
	const uint8_t *p = cert->der.data;

	return d2i_X509(NULL, &p, (long)cert->der.len);
}

START_TEST(one_certificate_in_three_forms)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(freep) char *path = NULL;
	_cleanup_(nfv_answer_clear) struct nfv_answer json = {0}, pem = {0}, der = {0};
	X509 *chain[2];
	const char *text;

	register_in("vnfm-a", CERT_TYPE_VNFCI, "", "a");
	cert = issued("a");
	path = path_of("a");
	chain[0] = x509_of(&cert);
	chain[1] = w.issuing.cert;
	json = get(&w.vnfm_a, path, "application/json");
	ck_assert_int_eq(json.status, 200);
	ck_assert_str_eq(nfv_text(json.json, "status"), "VALID");
	ck_assert_str_eq(nfv_text(json.json, "certType"), "VNFCI_CERT");
	ck_assert_str_eq(nfv_text(json.json, "subjectId"), "a");
	ck_assert_str_eq(nfv_text(json.json, "subject"), "CN=a");
	ck_assert_str_eq(nfv_text(json.json, "issuer"), "CN=main CA,O=test");
	ck_assert_ptr_null(json_object_get(json.json, "revocation"));
	ck_assert_ptr_null(json_object_get(json.json, "replacedBy"));
	text = nfv_text(json.json, "certificate");
	assert_pem(bytes_of_string(text), chain, 1);
	text = json_string_value(json_array_get(json_object_get(json.json, "certificateChain"), 0));
	assert_pem(bytes_of_string(text), chain + 1, 1);

	pem = get(&w.vnfm_a, path, "application/x-pem-file");
	ck_assert_str_eq(pem.response.content_type, "application/x-pem-file");
	assert_pem(octets_view(&pem.response.body), chain, 2);
	der = get(&w.vnfm_a, path, "application/pkix-cert, */*;q=0.1");
	ck_assert_str_eq(der.response.content_type, "application/pkix-cert");
	ck_assert(bytes_equal(octets_view(&der.response.body), octets_view(&cert.der)));
	ck_assert_ptr_nonnull(nfv_header(&der, "ETag"));
	ck_assert_str_ne(nfv_header(&der, "ETag"), nfv_header(&pem, "ETag"));
	ck_assert_str_ne(nfv_header(&der, "ETag"), nfv_header(&json, "ETag"));
	ck_assert_int_eq(
		nfv_status(&(struct nfv_ask){.path = path, .accept = "text/html", .as = &w.vnfm_a}),
		406);
	X509_free(chain[0]);
}
END_TEST

/* serialNumber is as OpenSSL has it, and the times are those in the certificate. */
START_TEST(members_are_those_of_the_certificate)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0};
	_cleanup_(freep) char *path = NULL;
	char from[21], until[21], *hex, serial[80] = "";
	X509 *x509;
	BIGNUM *number;

	register_in("vnfm-a", CERT_TYPE_VNFCI, "vnf-1", "a");
	cert = issued("a");
	path = path_of("a");
	answer = get(&w.vnfm_a, path, NULL);
	x509 = x509_of(&cert);
	number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
	hex = BN_bn2hex(number);
	for (size_t i = 0; hex[i]; i++)
		serial[i] = hex[i] >= 'A' ? (char)(hex[i] + 32) : hex[i];
	ck_assert_str_eq(nfv_text(answer.json, "serialNumber"), serial);
	clock_format(cert.not_before_ms, from);
	clock_format(cert.not_after_ms, until);
	ck_assert_str_eq(nfv_text(answer.json, "notBefore"), from);
	ck_assert_str_eq(nfv_text(answer.json, "notAfter"), until);
	ck_assert_str_eq(nfv_text(answer.json, "vnfInstanceId"), "vnf-1");
	OPENSSL_free(hex);
	BN_free(number);
	X509_free(x509);
}
END_TEST

static const struct {
	enum store_certificate_state to;
	int reason;
	bool expired;
	const char *status;
	const char *revocation; /* its reason; NULL: there is none */
} states[] = {
	{STORE_CERT_ACTIVE, 0, false, "VALID", NULL},
	{STORE_CERT_ACTIVE, 0, true, "EXPIRED", NULL},
	{STORE_CERT_REVOKED, 1, false, "REVOKED", "keyCompromise"},
	{STORE_CERT_REVOKED, -1, false, "REVOKED", "unspecified"},
	{STORE_CERT_REVOKED, 4, true, "REVOKED", "superseded"},
	{STORE_CERT_ON_HOLD, 6, false, "ON_HOLD", "certificateHold"},
	{STORE_CERT_REVOCATION_PENDING, 4, false, "VALID", NULL},
};

START_TEST(states_of_certificates)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0}, found = {0};
	_cleanup_(freep) char *path = NULL;
	char query[100];

	register_in("vnfm-a", CERT_TYPE_VNFCI, "", "a");
	cert = issued("a");
	path = path_of("a");
	if (states[_i].to != STORE_CERT_ACTIVE) {
		ck_assert_int_eq(store_certificate_revoke(w.unit, cert.id, STORE_CERT_ACTIVE,
							  states[_i].to, states[_i].reason,
							  w.now_ms),
				 0);
		ck_assert_int_eq(store_unit_commit(w.unit), 0);
	}
	if (states[_i].expired)
		w.now_ms = cert.not_after_ms + 1000;
	answer = nfv_asked(&(struct nfv_ask){.path = path, .as = &w.vnfm_a});
	ck_assert_str_eq(nfv_text(answer.json, "status"), states[_i].status);
	ck_assert_str_eq(nfv_text(json_object_get(answer.json, "revocation"), "reason"),
			 states[_i].revocation ? states[_i].revocation : "");
	snprintf(query, sizeof(query), "filter=(eq,status,%s)", states[_i].status);
	found = list(&w.vnfm_a, query);
	ck_assert_uint_eq(json_array_size(found.json), 1);
}
END_TEST

/* A list leaves out what is long, unless it is asked for. */
START_TEST(list_of_certificates)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer all = {0}, whole = {0}, revoked = {0},
						      others = {0};
	const json_t *item;

	register_in("vnfm-a", CERT_TYPE_VNFCI, "", "a");
	register_in("vnfm-a", CERT_TYPE_VNFCI, "", "b");
	for (int i = 0; i < 3; i++) {
		struct store_certificate cert = issued(i == 1 ? "b" : "a");

		store_certificate_clear(&cert);
	}
	all = list(&w.vnfm_a, "");
	ck_assert_uint_eq(json_array_size(all.json), 3);
	item = json_array_get(all.json, 0);
	ck_assert_ptr_null(json_object_get(item, "certificate"));
	ck_assert_ptr_null(json_object_get(item, "certificateChain"));
	ck_assert_ptr_nonnull(json_object_get(item, "_links"));
	whole = list(&w.vnfm_a, "fields=certificate&filter=(eq,subjectId,b)");
	ck_assert_uint_eq(json_array_size(whole.json), 1);
	item = json_array_get(whole.json, 0);
	ck_assert_ptr_nonnull(json_object_get(item, "certificate"));
	ck_assert_ptr_null(json_object_get(item, "certificateChain"));
	revoked = list(&w.vnfm_a, "filter=(eq,revocation/reason,superseded)");
	ck_assert_uint_eq(json_array_size(revoked.json), 0);
	others = list(&w.vnfm_b, "");
	ck_assert_uint_eq(json_array_size(others.json), 0);
	ck_assert_ptr_null(nfv_header(&others, "Link"));
}
END_TEST

/* The query of the next page, to be freed; NULL: there is none. */
static char *next_query(const struct nfv_answer *answer)
{
	const char *link = nfv_header(answer, "Link");
	const char *query = link ? strchr(link, '?') + 1 : NULL;

	return query ? strndup(query, strcspn(query, ">")) : NULL;
}

static void certificates_insert(const char *subject_id, int n)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = issued(subject_id);

	for (int i = 1; i < n; i++) {
		cert.serial.octet[cert.serial.len - 1]++;
		ck_assert_int_eq(store_certificate_insert(w.unit, &cert, NULL), 0);
	}
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
}

/* Pages go over several registrations and begin within one. */
START_TEST(pages_of_certificates)
{
	_cleanup_(freep) char *query = strdup("");
	char before[40] = "";
	int n = 0, pages = 0;

	for (int i = 0; i < 5; i++)
		register_in("vnfm-a", CERT_TYPE_VNFCI, "",
			    (const char *[]){"a", "b", "c", "d", "e"}[i]);
	certificates_insert("a", 60);
	certificates_insert("c", 130);
	certificates_insert("e", 50);
	for (; query; pages++) {
		_cleanup_(nfv_answer_clear) struct nfv_answer page = list(&w.vnfm_a, query);
		size_t size = json_array_size(page.json);

		ck_assert_uint_le(size, 100);
		for (size_t i = 0; i < size; i++) {
			const json_t *item = json_array_get(page.json, i);
			const char *expected = n < 60 ? "a" : n < 190 ? "c" : "e";

			ck_assert_str_eq(nfv_text(item, "subjectId"), expected);
			ck_assert_str_ne(nfv_text(item, "id"), before);
			snprintf(before, sizeof(before), "%s", nfv_text(item, "id"));
			n++;
		}
		free(query);
		query = next_query(&page);
	}
	ck_assert_int_eq(n, 240);
	ck_assert_int_eq(pages, 3);
}
END_TEST

START_TEST(certificates_of_a_removed_registration_stay)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(freep) char *path = NULL;
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0};

	register_in("vnfm-a", CERT_TYPE_VNFCI, "", "a");
	cert = issued("a");
	ck_assert_int_eq(store_registration_deregister(w.unit, cert.registration_id, w.now_ms), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	path = path_of("a");
	answer = get(&w.vnfm_a, path, NULL);
	ck_assert_int_eq(answer.status, 200);
}
END_TEST

START_TEST(what_is_anothers_answers_as_what_there_is_not)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(freep) char *path = NULL;
	_cleanup_(nfv_answer_clear) struct nfv_answer anothers = {0}, none = {0};

	register_in("vnfm-a", CERT_TYPE_VNFCI, "", "a");
	cert = issued("a");
	path = path_of("a");
	anothers = get(&w.vnfm_b, path, NULL);
	none = get(&w.vnfm_b, "/v1/certificates/00000000-0000-0000-0000-000000000000", NULL);
	ck_assert_int_eq(anothers.status, 404);
	ck_assert_int_eq(none.status, 404);
	ck_assert(bytes_equal(octets_view(&none.response.body),
			      octets_view(&anothers.response.body)));
}
END_TEST

/* Who holds a certificate of ours reads that one, and has nothing else. */
START_TEST(holder_reads_its_own)
{
	_cleanup_(store_certificate_clear) struct store_certificate own = {0}, other = {0};
	_cleanup_(freep) char *own_path = NULL, *other_path = NULL;
	_cleanup_(nfv_answer_clear) struct nfv_answer page = {0}, registrations = {0};
	struct credential holder = {0};

	register_in("vnfm-a", CERT_TYPE_VNFCI, "", "a");
	register_in("vnfm-a", CERT_TYPE_VNFCI, "", "b");
	own = issued("a");
	other = issued("b");
	own_path = path_of("a");
	other_path = path_of("b");
	holder.der = own.der;
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){.path = own_path, .as = &holder}), 200);
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){.path = other_path, .as = &holder}), 404);
	page = list(&holder, "");
	ck_assert_uint_eq(json_array_size(page.json), 1);
	registrations = nfv_asked(&(struct nfv_ask){.path = "/v1/registrations", .as = &holder});
	ck_assert_int_eq(registrations.status, 200);
	ck_assert_uint_eq(json_array_size(registrations.json), 0);
	ck_assert_int_eq(nfv_status(&(struct nfv_ask){
				 .method = HTTP_POST,
				 .path = "/v1/registrations",
				 .body = "{\"certType\": \"VNFCI_CERT\", \"subjectId\": [\"h\"],"
					 " \"typeOfVnfcCertHandling\": \"DELEGATION_MODE\"}",
				 .as = &holder}),
			 403);
}
END_TEST

/* The chains of the CAs that one's registrations use, up to the root. */
START_TEST(ca_certificates_of_who_asks)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer none = {0}, one = {0}, other = {0};
	struct nfv_ask ask = {.path = "/v1/ca_certificates", .as = &w.vnfm_a};
	X509 *chain[2] = {w.issuing.cert, w.root.cert};
	const json_t *pem;

	none = nfv_asked(&ask);
	ck_assert_uint_eq(json_array_size(none.json), 0);
	register_in("vnfm-a", CERT_TYPE_VNFCI, "", "a");
	register_in("vnfm-b", CERT_TYPE_VNF_OAM, "", "a");
	one = nfv_asked(&ask);
	ck_assert_uint_eq(json_array_size(one.json), 1);
	ck_assert_str_eq(nfv_text(json_array_get(one.json, 0), "ca"), "main");
	pem = json_object_get(json_array_get(one.json, 0), "certificateChain");
	ck_assert_uint_eq(json_array_size(pem), 2);
	for (size_t i = 0; i < 2; i++)
		assert_pem(bytes_of_string(json_string_value(json_array_get(pem, i))), chain + i,
			   1);
	ask.as = &w.vnfm_b;
	other = nfv_asked(&ask);
	ck_assert_uint_eq(json_array_size(other.json), 1);
	ck_assert_str_eq(nfv_text(json_array_get(other.json, 0), "ca"), "second");
}
END_TEST

static Suite *certificates_suite(void)
{
	Suite *suite = suite_create("json certificates");
	TCase *tc = tcase_create("certificates");

	tcase_add_checked_fixture(tc, nfv_setup, nfv_teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, one_certificate_in_three_forms);
	tcase_add_test(tc, members_are_those_of_the_certificate);
	tcase_add_loop_test(tc, states_of_certificates, 0, ARRAY_LEN(states));
	tcase_add_test(tc, list_of_certificates);
	tcase_add_test(tc, pages_of_certificates);
	tcase_add_test(tc, certificates_of_a_removed_registration_stay);
	tcase_add_test(tc, what_is_anothers_answers_as_what_there_is_not);
	tcase_add_test(tc, holder_reads_its_own);
	tcase_add_test(tc, ca_certificates_of_who_asks);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(certificates_suite, SUITE_FORKS)
