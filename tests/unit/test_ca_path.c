// SPDX-License-Identifier: Apache-2.0
/*
 * What the certificates above an internal CA allow, RFC 5280 6.1. What is refused here is issued
 * all the same, behind the back of the check, and OpenSSL must find it wrong; what is granted,
 * right.
 */
#include "ca_fixture.h"
#include "suite.h"

#include <openssl/x509v3.h>
#include <string.h>

static struct ca_fixture f;
static struct request_fixture rq;

/* Adds an extension to a certificate of the path, and signs it anew with the root's key. */
static void extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension;
	int at = X509_get_ext_by_NID(cert, nid, -1);

	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(cert, at));
	extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	ck_assert_msg(extension != NULL, "%s", value);
	ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ck_assert_int_gt(X509_sign(cert, f.root_key, EVP_sha256()), 0);
}

static void path_write(void)
{
	pki_certs_write(fixture_path(&f, "root.pem"), f.root, NULL);
	pki_certs_write(fixture_path(&f, "ca.pem"), f.issuing, NULL);
}

static X509 *reread(X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	const unsigned char *p = der;
	X509 *fresh = d2i_X509(NULL, &p, len);

	OPENSSL_free(der);
	return fresh;
}

/* As a verifier finds the certificate that is signed without a look at the path. */
static int verified(int purpose)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	/* OpenSSL keeps what it once read of extensions. */
	X509 *root = reread(f.root), *issuing = reread(f.issuing), *cert;
	struct ca_issued issued;
	int error;

	OK(ca_issue(f.ca, &rq.request, &issued));
	cert = pki_cert_parse(octets_view(&issued.der));
	X509_STORE_add_cert(store, root);
	sk_X509_push(untrusted, issuing);
	X509_STORE_CTX_init(context, store, cert, untrusted);
	if (purpose)
		X509_STORE_CTX_set_purpose(context, purpose);
	(void)X509_verify_cert(context);
	error = X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	sk_X509_free(untrusted);
	X509_free(root);
	X509_free(issuing);
	X509_free(cert);
	ca_issued_clear(&issued);
	return error;
}

static const char *check(const struct conf_profile *profile)
{
	struct refusal refusal = REFUSAL_NULL;
	int err;

	rq.request.profile = profile;
	err = ca_path_check(f.ca, &rq.request, &refusal);
	ck_assert_int_ge(err, 0);
	ck_assert_int_eq(err, refusal.reason != REFUSAL_NONE);
	if (err == REFUSED)
		ck_assert_int_eq(refusal.failinfo, FAIL_BAD_CERT_TEMPLATE);
	return refusal_code(refusal.reason);
}

static const struct conf_profile entity = {0};

static void begin(void)
{
	fixture_begin(&f, CONF_CA_INTERNAL, "P-256");
	request_begin(&rq, &f);
}

static void end(void)
{
	request_end(&rq);
	fixture_end(&f);
}

/* --- nameConstraints --- */

static const struct names_case {
	const char *name;
	bool at_root; /* or at the issuing CA */
	const char *constraints;
	const char *cn; /* alone; NULL: CN=vnfci-1 and DNS:vnfci-1.example.net */
	const char *reason;
} names_cases[] = {
	{"permitted", true, "critical,permitted;DNS:example.net", NULL, "none"},
	{"permitted by the issuing CA", false, "critical,permitted;DNS:example.net", NULL, "none"},
	{"not permitted", true, "critical,permitted;DNS:example.org", NULL, "ca_path_names"},
	{"not permitted by the issuing CA", false, "critical,permitted;DNS:example.org", NULL,
	 "ca_path_names"},
	{"excluded", true, "critical,excluded;DNS:vnfci-1.example.net", NULL, "ca_path_names"},
	{"another is excluded", true, "critical,excluded;DNS:vnfci-2.example.net", NULL, "none"},
	{"of other kinds of name", true, "critical,permitted;IP:10.0.0.0/255.0.0.0", NULL, "none"},
	{"a CN that is no host name", true, "critical,permitted;DNS:example.org", "vnfci-1",
	 "none"},
	{"a CN that verifiers take for one", true, "critical,permitted;DNS:example.org",
	 "vnfci-1.example.net", "ca_path_names"},
	{"a CN in the domain", true, "critical,permitted;DNS:example.org", "vnfci-1.example.org",
	 "none"},
};

START_TEST(rfc5280_4_2_1_10_names)
{
	const struct names_case *c = &names_cases[_i];

	begin();
	extend(c->at_root ? f.root : f.issuing, NID_name_constraints, c->constraints);
	path_write();
	fixture_load(&f);
	if (c->cn) {
		X509_NAME *name = X509_NAME_new();

		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)c->cn,
					   -1, -1, 0);
		octets_clear(&rq.subject);
		rq.subject.len = (size_t)i2d_X509_NAME(name, &rq.subject.data);
		rq.request.subject = octets_view(&rq.subject);
		rq.request.san = BYTES_NULL;
		X509_NAME_free(name);
	}
	ck_assert_msg(strcmp(check(&entity), c->reason) == 0, "%s", c->name);
	ck_assert_msg((verified(0) == X509_V_OK) == (strcmp(c->reason, "none") == 0), "%s: %d",
		      c->name, verified(0));
	end();
}
END_TEST

/* --- extendedKeyUsage --- */

static const struct purposes_case {
	const char *name;
	bool at_root;
	const char *allowed;
	const char *asked;
	const char *reason;
} purposes_cases[] = {
	{"allowed", false, "serverAuth,clientAuth", "serverAuth", "none"},
	{"not allowed", false, "clientAuth", "serverAuth", "ca_path_purposes"},
	{"not allowed by the root", true, "clientAuth", "serverAuth", "ca_path_purposes"},
	{"one of two not allowed", false, "serverAuth", "serverAuth,clientAuth",
	 "ca_path_purposes"},
	{"any", false, "anyExtendedKeyUsage,serverAuth", "serverAuth", "none"},
};

START_TEST(rfc5280_4_2_1_12_purposes)
{
	const struct purposes_case *c = &purposes_cases[_i];
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, c->asked);
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
	unsigned char *der = NULL;
	int len = i2d_X509_EXTENSION(extension, &der);
	const struct conf_extension asked = {.nid = NID_ext_key_usage,
					     .der = der,
					     .der_len = (size_t)len,
					     .value = value->data,
					     .value_len = (size_t)value->length};
	int ok;

	begin();
	extend(c->at_root ? f.root : f.issuing, NID_ext_key_usage, c->allowed);
	path_write();
	fixture_load(&f);
	rq.request.extensions = &asked;
	rq.request.n_extensions = 1;
	ck_assert_msg(strcmp(check(&entity), c->reason) == 0, "%s", c->name);
	ok = verified(X509_PURPOSE_SSL_SERVER) == X509_V_OK;
	/* The second purpose of two is seen by whoever uses it. */
	if (strchr(c->asked, ','))
		ok = ok && verified(X509_PURPOSE_SSL_CLIENT) == X509_V_OK;
	ck_assert_msg(ok == (strcmp(c->reason, "none") == 0), "%s", c->name);
	OPENSSL_free(der);
	X509_EXTENSION_free(extension);
	end();
}
END_TEST

/* --- pathLenConstraint --- */

static const struct length_case {
	const char *root, *issuing;
	const char *reason, *cross;
} length_cases[] = {
	{"critical,CA:TRUE", "critical,CA:TRUE", "none", "none"},
	{"critical,CA:TRUE,pathlen:2", "critical,CA:TRUE,pathlen:1", "none", "none"},
	{"critical,CA:TRUE,pathlen:1", "critical,CA:TRUE", "none", "ca_path_length"},
	{"critical,CA:TRUE", "critical,CA:TRUE,pathlen:0", "none", "ca_path_length"},
	{"critical,CA:TRUE,pathlen:0", "critical,CA:TRUE", "ca_path_length", "ca_path_length"},
};

START_TEST(rfc5280_4_2_1_9_length)
{
	const struct length_case *c = &length_cases[_i];
	struct conf_profile cross = {0};
	_cleanup_(strbuf_clear) struct strbuf warnings = STRBUF_NULL;

	begin();
	extend(f.root, NID_basic_constraints, c->root);
	extend(f.issuing, NID_basic_constraints, c->issuing);
	path_write();
	fixture_load(&f);
	ck_assert_str_eq(check(&entity), c->reason);
	cross.cross_subject = fixture_dn(&f, "/CN=other");
	ck_assert_str_eq(check(&cross), c->cross);
	ck_assert_int_eq(verified(0) == X509_V_OK, strcmp(c->reason, "none") == 0);
	ca_path_warnings(f.ca, &f.conf, &warnings);
	ck_assert_int_eq(warnings.text != NULL, strcmp(c->reason, "none") != 0);
	end();
}
END_TEST

/* --- validity --- */

/* No certificate lives longer than one above it. */
START_TEST(rfc5280_6_1_3_validity)
{
	_cleanup_(strbuf_clear) struct strbuf warnings = STRBUF_NULL;
	ASN1_TIME *soon;
	struct ca_issued issued;

	begin();
	soon = ASN1_TIME_set(NULL, (time_t)((f.now_ms + 10LL * DAY_MS) / 1000));
	X509_set1_notAfter(f.root, soon);
	ck_assert_int_gt(X509_sign(f.root, f.root_key, EVP_sha256()), 0);
	path_write();
	fixture_load(&f);
	ck_assert_int_eq(ca_path_end(f.ca), f.now_ms + 10LL * DAY_MS);
	OK(ca_issue(f.ca, &rq.request, &issued));
	ck_assert_int_eq(issued.not_after_ms, f.now_ms + 10LL * DAY_MS);
	ck_assert(issued.validity_clipped);
	ca_issued_clear(&issued);
	ca_path_warnings(f.ca, &f.conf, &warnings);
	ck_assert_ptr_nonnull(warnings.text);
	ck_assert_ptr_nonnull(strstr(warnings.text, "[ca test] chain: it ends at "));
	f.now_ms += 11LL * DAY_MS;
	ck_assert_int_lt(ca_issue(f.ca, &rq.request, &issued), 0);
	ASN1_TIME_free(soon);
	end();
}
END_TEST

START_TEST(nothing_to_warn_of)
{
	_cleanup_(strbuf_clear) struct strbuf warnings = STRBUF_NULL;

	begin();
	fixture_load(&f);
	ck_assert_str_eq(check(&entity), "none");
	ca_path_warnings(f.ca, &f.conf, &warnings);
	ck_assert_ptr_null(warnings.text);
	end();
}
END_TEST

/* A profile whose purposes the path does not allow is told of before anybody asks. */
START_TEST(warned_of_purposes)
{
	_cleanup_(strbuf_clear) struct strbuf warnings = STRBUF_NULL;
	/* serverAuth */
	static uint8_t value[] = {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06,
				  0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
	struct conf_extension extension = {
		.nid = NID_ext_key_usage, .value = value, .value_len = sizeof(value)};
	struct conf_profile profile = {
		.name = (char *)"VnfciCert", .extensions = &extension, .n_extensions = 1};

	begin();
	extend(f.issuing, NID_ext_key_usage, "clientAuth");
	path_write();
	fixture_load(&f);
	f.conf.profiles = &profile;
	f.conf.n_profiles = 1;
	ca_path_warnings(f.ca, &f.conf, &warnings);
	ck_assert_str_eq(warnings.text, "[ca test] chain: extendedKeyUsage does not allow "
					"serverAuth of [profile VnfciCert]\n");
	end();
}
END_TEST

static Suite *ca_path_suite(void)
{
	Suite *suite = suite_create("ca_path");
	TCase *tc = tcase_create("path");

	tcase_add_loop_test(tc, rfc5280_4_2_1_10_names, 0, ARRAY_LEN(names_cases));
	tcase_add_loop_test(tc, rfc5280_4_2_1_12_purposes, 0, ARRAY_LEN(purposes_cases));
	tcase_add_loop_test(tc, rfc5280_4_2_1_9_length, 0, ARRAY_LEN(length_cases));
	tcase_add_test(tc, rfc5280_6_1_3_validity);
	tcase_add_test(tc, nothing_to_warn_of);
	tcase_add_test(tc, warned_of_purposes);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(ca_path_suite, SUITE_FORKS)
