// SPDX-License-Identifier: Apache-2.0
/* The internal CA: what it issues and revokes is checked with OpenSSL's own verification. */
#include "asn1/algorithm.h"
#include "ca_fixture.h"
#include "suite.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

static struct ca_fixture f;
static struct request_fixture rq;

static void begin(const char *key_kind)
{
	fixture_begin(&f, CONF_CA_INTERNAL, key_kind);
	request_begin(&rq, &f);
}

static void end(void)
{
	request_end(&rq);
	fixture_end(&f);
}

/* --- issuing --- */

static const char *const key_kinds[] = {"P-256", "RSA", "ED25519", "ED448", "ML-DSA-65"};

static int verify(X509 *cert)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	int error;

	X509_STORE_add_cert(store, f.root);
	X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
	sk_X509_push(untrusted, f.issuing);
	X509_STORE_CTX_init(context, store, cert, untrusted);
	(void)X509_verify_cert(context);
	error = X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	sk_X509_free(untrusted);
	return error;
}

START_TEST(test_issued_verifies)
{
	struct ca_issued issued;
	X509 *cert;

	begin(key_kinds[_i]);
	fixture_load(&f);
	OK(ca_issue(f.ca, &rq.request, &issued));
	cert = pki_cert_parse(octets_view(&issued.der));
	ck_assert_int_eq(verify(cert), X509_V_OK);
	ck_assert_int_eq(X509_check_host(cert, "vnfci-1.example.net", 0, 0, NULL), 1);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(cert), rq.key), 1);
	ck_assert_int_eq(pki_time_ms(X509_get0_notAfter(cert)), rq.request.not_after_ms);
	ck_assert_int_eq(issued.not_after_ms, rq.request.not_after_ms);
	ck_assert(!issued.validity_clipped);
	pki_certs_write(fixture_path(&f, "new.pem"), cert, NULL);
	ck_assert_int_eq(run_command(&f, "openssl verify -x509_strict -CAfile root.pem -untrusted "
					 "ca.pem new.pem > verify.out 2>&1"),
			 0);
	X509_free(cert);
	ca_issued_clear(&issued);
	end();
}
END_TEST

/* The last net: what is no certificate by RFC 5280 is not signed, whoever asks for it. */
START_TEST(rfc5280_4_lint_refuses_to_sign)
{
	/* an empty RDN; neither subject nor names */
	static const uint8_t empty_rdn[] = {0x30, 0x02, 0x31, 0x00}, empty[] = {0x30, 0x00};
	const struct bytes subjects[] = {BYTES_OF(empty_rdn), BYTES_OF(empty)};
	struct ca_issued issued;

	begin("P-256");
	fixture_load(&f);
	rq.request.san = BYTES_NULL;
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		rq.request.subject = subjects[i];
		ck_assert_int_eq(ca_issue(f.ca, &rq.request, &issued), -EBADMSG);
		ca_issued_clear(&issued);
	}
	end();
}
END_TEST

/* RFC 5280 4.2.1.1: keyIdentifier is never absent, be the issuer without one. */
START_TEST(rfc5280_4_2_1_1_issuer_without_key_identifier)
{
	struct ca_issued issued;
	X509 *cert;
	uint8_t digest[32];

	begin("P-256");
	X509_EXTENSION_free(X509_delete_ext(
		f.issuing, X509_get_ext_by_NID(f.issuing, NID_subject_key_identifier, -1)));
	ck_assert_int_gt(X509_sign(f.issuing, f.root_key, EVP_sha256()), 0);
	pki_certs_write(fixture_path(&f, "ca.pem"), f.issuing, NULL);
	fixture_load(&f);
	OK(ca_issue(f.ca, &rq.request, &issued));
	cert = pki_cert_parse(octets_view(&issued.der));
	ck_assert_int_eq(X509_verify(cert, f.issuing_key), 1);
	ck_assert_int_eq(X509_pubkey_digest(f.issuing, EVP_sha256(), digest, NULL), 1);
	ck_assert_int_eq(ASN1_STRING_length(X509_get0_authority_key_id(cert)), 20);
	ck_assert_mem_eq(ASN1_STRING_get0_data(X509_get0_authority_key_id(cert)), digest, 20);
	X509_free(cert);
	ca_issued_clear(&issued);
	end();
}
END_TEST

static char *uris[] = {(char *)"http://a.example/ca.crl", (char *)"http://b.example/ca.crl"};

static const int extensions_expected[] = {NID_basic_constraints,       NID_subject_alt_name,
					  NID_subject_key_identifier,  NID_authority_key_identifier,
					  NID_crl_distribution_points, NID_info_access};

static void check_key_identifiers(X509 *cert)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(cert);
	uint8_t digest[32];

	/* RFC 7093 2 (1): leftmost 160 bits of SHA-256 of subjectPublicKey. */
	ck_assert_int_eq(
		EVP_Digest(key->data, (size_t)key->length, digest, NULL, EVP_sha256(), NULL), 1);
	ck_assert_int_eq(ASN1_STRING_length(X509_get0_subject_key_id(cert)), 20);
	ck_assert_mem_eq(ASN1_STRING_get0_data(X509_get0_subject_key_id(cert)), digest, 20);
	ck_assert_int_eq(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(cert),
					       X509_get0_subject_key_id(f.issuing)),
			 0);
}

static void check_places(X509 *cert)
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
	AUTHORITY_INFO_ACCESS *access = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
	GENERAL_NAMES *names;

	ck_assert_int_eq(sk_DIST_POINT_num(points), 1);
	names = sk_DIST_POINT_value(points, 0)->distpoint->name.fullname;
	ck_assert_int_eq(sk_GENERAL_NAME_num(names), 2);
	for (int i = 0; i < 2; i++) {
		const ASN1_IA5STRING *uri =
			sk_GENERAL_NAME_value(names, i)->d.uniformResourceIdentifier;

		ck_assert_str_eq((const char *)ASN1_STRING_get0_data(uri), uris[i]);
	}
	ck_assert_int_eq(sk_ACCESS_DESCRIPTION_num(access), 3);
	ck_assert_int_eq(OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(access, 0)->method), NID_ad_OCSP);
	ck_assert_int_eq(OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(access, 1)->method),
			 NID_ad_ca_issuers);
	CRL_DIST_POINTS_free(points);
	AUTHORITY_INFO_ACCESS_free(access);
}

static const struct {
	const char *key_kind, *digest;
	int signature_nid;
} digests[] = {
	{"P-256", "sha512", NID_ecdsa_with_SHA512},
	{"P-256", "sha3-256", NID_ecdsa_with_SHA3_256},
	{"RSA", "sha3-384", NID_RSA_SHA3_384},
	{"RSA", "sha3-512", NID_RSA_SHA3_512},
};

/* NIST's ecdsa-with-SHA3-256 and its like, where the configuration asks for them. */
START_TEST(test_digests)
{
	struct ca_issued issued;
	X509 *cert;

	begin(digests[_i].key_kind);
	f.conf_ca.digest = (char *)digests[_i].digest;
	if (!OBJ_find_sigid_algs(digests[_i].signature_nid, NULL, NULL)) { /* OpenSSL 3.0 */
		fixture_load(&f);
		ck_assert_ptr_nonnull(
			strstr(ca_unfit(f.ca), "this OpenSSL does not verify ecdsa-with-SHA3-256"));
		end();
		return;
	}
	fixture_load(&f);
	OK(ca_issue(f.ca, &rq.request, &issued));
	cert = pki_cert_parse(octets_view(&issued.der));
	ck_assert_int_eq(X509_get_signature_nid(cert), digests[_i].signature_nid);
	ck_assert_int_eq(verify(cert), X509_V_OK);
	X509_free(cert);
	ca_issued_clear(&issued);
	end();
}
END_TEST

START_TEST(test_extensions)
{
	struct ca_issued issued;
	X509 *cert;

	begin("P-256");
	f.conf_ca.crl_distribution_points = (struct conf_list){uris, 2};
	f.conf_ca.aia_ocsp = (struct conf_list){uris, 1};
	f.conf_ca.aia_ca_issuers = (struct conf_list){uris, 2};
	fixture_load(&f);
	OK(ca_issue(f.ca, &rq.request, &issued));
	cert = pki_cert_parse(octets_view(&issued.der));
	ck_assert_int_eq(X509_get_ext_count(cert), ARRAY_LEN(extensions_expected));
	for (int i = 0; i < (int)ARRAY_LEN(extensions_expected); i++) {
		X509_EXTENSION *extension = X509_get_ext(cert, i);

		ck_assert_int_eq(OBJ_obj2nid(X509_EXTENSION_get_object(extension)),
				 extensions_expected[i]);
		ck_assert_int_eq(X509_EXTENSION_get_critical(extension), i == 0);
	}
	check_key_identifiers(cert);
	check_places(cert);
	X509_free(cert);
	ca_issued_clear(&issued);
	end();
}
END_TEST

/* RFC 5280 4.2.1.6: critical with an empty subject. */
START_TEST(test_rfc5280_4_2_1_6_empty_subject)
{
	static const uint8_t empty[] = {0x30, 0x00};
	struct ca_issued issued;
	int critical;
	X509 *cert;
	void *san;

	begin("P-256");
	fixture_load(&f);
	rq.request.subject = BYTES_OF(empty);
	rq.request.san_critical = true;
	OK(ca_issue(f.ca, &rq.request, &issued));
	cert = pki_cert_parse(octets_view(&issued.der));
	san = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
	ck_assert_ptr_nonnull(san);
	ck_assert_int_eq(critical, 1);
	ck_assert_int_eq(verify(cert), X509_V_OK);
	GENERAL_NAMES_free(san);
	X509_free(cert);
	ca_issued_clear(&issued);
	end();
}
END_TEST

static int compare_serials(const void *a, const void *b)
{
	return memcmp(a, b, 18);
}

/* RFC 5280 4.1.2.2: positive, at most 20 octets, unique; ours begin with the time. */
START_TEST(test_rfc5280_4_1_2_2_serials)
{
	enum { COUNT = 3000 };
	static uint8_t serials[COUNT][18];

	begin("P-256");
	fixture_load(&f);
	for (int i = 0; i < COUNT; i++) {
		struct ca_issued issued;
		const ASN1_INTEGER *serial;
		uint64_t time = 0;
		X509 *cert;

		f.now_ms += i % 3;
		OK(ca_issue(f.ca, &rq.request, &issued));
		cert = pki_cert_parse(octets_view(&issued.der));
		serial = X509_get0_serialNumber(cert);
		ck_assert_int_eq(ASN1_STRING_type(serial), V_ASN1_INTEGER);
		/* The first 7 bits of 48 are zero until 2248: 17 or 18 octets. */
		ck_assert_uint_eq(issued.serial.len, 18);
		ck_assert_int_eq(ASN1_STRING_length(serial), issued.serial.len);
		ck_assert_mem_eq(ASN1_STRING_get0_data(serial), issued.serial.octet, 18);
		for (int k = 0; k < 6; k++)
			time = time << 8 | issued.serial.octet[k];
		ck_assert_uint_eq(time, (uint64_t)f.now_ms);
		memcpy(serials[i], issued.serial.octet, 18);
		X509_free(cert);
		ca_issued_clear(&issued);
	}
	qsort(serials, COUNT, sizeof(serials[0]), compare_serials);
	for (int i = 1; i < COUNT; i++)
		ck_assert_int_ne(memcmp(serials[i - 1], serials[i], 18), 0);
	end();
}
END_TEST

/* What struct ca_issued says is what a reader of the certificate finds, whatever the clock says. */
START_TEST(test_serial_is_minimal_der)
{
	static const int64_t clocks[] = {0, 0x80, 0xffff, 0x7fffffffffff, 0x800000000000};

	begin("P-256");
	fixture_load(&f);
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		struct certificate_view view;
		struct ca_issued issued;
		int64_t real_ms = f.now_ms;
		int err;

		f.now_ms = clocks[i];
		err = ca_issue(f.ca, &rq.request, &issued);
		f.now_ms = real_ms;
		/* The two last lie behind the end of the CA. */
		if (clocks[i] > real_ms) {
			ck_assert_int_eq(err, -EKEYEXPIRED);
			continue;
		}
		OK(err);
		OK(certificate_view(octets_view(&issued.der), &view));
		ck_assert_uint_eq(view.serial.len, issued.serial.len);
		ck_assert_mem_eq(view.serial.data, issued.serial.octet, issued.serial.len);
		ck_assert(!(view.serial.data[0] & 0x80));
		ck_assert(view.serial.len < 2 || view.serial.data[0] != 0 ||
			  (view.serial.data[1] & 0x80));
		ca_issued_clear(&issued);
	}
	end();
}
END_TEST

/* --- validity --- */

static const struct {
	int64_t not_before, not_after; /* asked for, relative to now */
	int64_t expected_not_before, expected_not_after;
	bool clipped;
} validities[] = {
	/* The CA: from -1 d to +100 d; backdate 5 min. */
	{0, 10LL * DAY_MS, -5LL * MINUTE_MS, 10LL * DAY_MS, false},
	{0, 100LL * DAY_MS, -5LL * MINUTE_MS, 100LL * DAY_MS, false},
	{0, 100LL * DAY_MS + 1000, -5LL * MINUTE_MS, 100LL * DAY_MS, true},
	{0, 400LL * DAY_MS, -5LL * MINUTE_MS, 100LL * DAY_MS, true},
	{HOUR_MS, 10LL * DAY_MS, HOUR_MS, 10LL * DAY_MS, false},
	{-1LL * HOUR_MS, DAY_MS, -1LL * HOUR_MS, DAY_MS, false},
	{-50LL * DAY_MS, DAY_MS, -1LL * DAY_MS, DAY_MS, false},
	{0, 1999, -5LL * MINUTE_MS, 1000, false},
};

START_TEST(test_validity)
{
	struct ca_issued issued;
	X509 *cert;

	begin("P-256");
	fixture_load(&f);
	rq.request.not_before_ms = f.now_ms + validities[_i].not_before;
	rq.request.not_after_ms = f.now_ms + validities[_i].not_after;
	OK(ca_issue(f.ca, &rq.request, &issued));
	cert = pki_cert_parse(octets_view(&issued.der));
	ck_assert_int_eq(issued.not_before_ms, f.now_ms + validities[_i].expected_not_before);
	ck_assert_int_eq(issued.not_after_ms, f.now_ms + validities[_i].expected_not_after);
	ck_assert_int_eq(pki_time_ms(X509_get0_notBefore(cert)), issued.not_before_ms);
	ck_assert_int_eq(pki_time_ms(X509_get0_notAfter(cert)), issued.not_after_ms);
	ck_assert(issued.validity_clipped == validities[_i].clipped);
	X509_free(cert);
	ca_issued_clear(&issued);
	end();
}
END_TEST

START_TEST(test_nothing_is_issued_by_an_expired_ca)
{
	struct ca_issued issued;

	begin("P-256");
	fixture_load(&f);
	f.now_ms += 101LL * DAY_MS;
	ck_assert_int_eq(ca_issue(f.ca, &rq.request, &issued), -EKEYEXPIRED);
	ck_assert_ptr_null(issued.der.data);
	f.now_ms -= 101LL * DAY_MS;
	rq.request.not_before_ms = f.now_ms + DAY_MS;
	rq.request.not_after_ms = f.now_ms + HOUR_MS;
	ck_assert_int_eq(ca_issue(f.ca, &rq.request, &issued), -EINVAL);
	end();
}
END_TEST

/* --- loading --- */

START_TEST(test_key_sources)
{
	struct ca_issued issued;

	begin("P-256");
	pki_key_write(fixture_path(&f, "encrypted.key"), f.issuing_key, "open sesame");
	write_text(fixture_path(&f, "passphrase"), "open sesame\n");
	if (_i > 0) {
		f.conf_ca.key = fixture_path(&f, "encrypted.key");
		f.conf_ca.passphrase_file = fixture_path(&f, "passphrase");
	}
	if (_i == 2) {
		char *uri;

		ck_assert_int_gt(asprintf(&uri, "file:%s", f.conf_ca.key), 0);
		f.texts[f.n_texts++] = f.conf_ca.key = uri;
	}
	fixture_load(&f);
	OK(ca_issue(f.ca, &rq.request, &issued));
	ca_issued_clear(&issued);
	end();
}
END_TEST

static void break_wrong_passphrase(void)
{
	pki_key_write(fixture_path(&f, "ca.key"), f.issuing_key, "open sesame");
	write_text(fixture_path(&f, "passphrase"), "open barley\n");
	f.conf_ca.passphrase_file = fixture_path(&f, "passphrase");
}

static void break_no_passphrase(void)
{
	pki_key_write(fixture_path(&f, "ca.key"), f.issuing_key, "open sesame");
}

static void break_other_key(void)
{
	EVP_PKEY *key = pki_key("P-256");

	pki_key_write(fixture_path(&f, "ca.key"), key, NULL);
	EVP_PKEY_free(key);
}

static void break_no_key(void)
{
	f.conf_ca.key = fixture_path(&f, "absent.key");
}

static void break_certificate(bool ca, const char *key_usage)
{
	X509 *cert = pki_cert(&(struct pki_spec){.subject = "/CN=Issuing",
						 .key = f.issuing_key,
						 .issuer = f.root,
						 .issuer_key = f.root_key,
						 .ca = ca,
						 .key_usage = key_usage,
						 .not_before_ms = f.now_ms - DAY_MS,
						 .not_after_ms = f.now_ms + DAY_MS});

	pki_certs_write(fixture_path(&f, "ca.pem"), cert, NULL);
	X509_free(cert);
}

static void break_not_a_ca(void)
{
	break_certificate(false, "digitalSignature");
}

static void break_no_key_cert_sign(void)
{
	break_certificate(true, "critical,cRLSign");
}

static void break_no_crl_sign(void)
{
	break_certificate(true, "critical,keyCertSign");
}

/* The same name, another key: only the signature shows it. */
static void break_other_root(void)
{
	EVP_PKEY *key = pki_key("P-256");
	X509 *root = pki_cert(&(struct pki_spec){.subject = "/CN=Root",
						 .key = key,
						 .ca = true,
						 .key_usage = "critical,keyCertSign,cRLSign",
						 .not_before_ms = f.now_ms - DAY_MS,
						 .not_after_ms = f.now_ms + DAY_MS});

	pki_certs_write(fixture_path(&f, "root.pem"), root, NULL);
	X509_free(root);
	EVP_PKEY_free(key);
}

static void break_no_certificate(void)
{
	write_text(fixture_path(&f, "ca.pem"), "no certificate\n");
}

static void break_half_certificate(void)
{
	write_text(fixture_path(&f, "root.pem"),
		   "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
}

/* The identity of edwards25519: whoever is below such a root signs for it. */
static void break_root_key(void)
{
	static const uint8_t identity[32] = {1};
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, identity, 32);
	X509 *root = X509_dup(f.root);

	ck_assert_int_eq(X509_set_pubkey(root, key), 1);
	ck_assert_int_gt(X509_sign(root, f.root_key, EVP_sha256()), 0);
	pki_certs_write(fixture_path(&f, "root.pem"), root, NULL);
	X509_free(root);
	EVP_PKEY_free(key);
}

static void break_digest(void)
{
	f.conf_ca.digest = (char *)"sha1024";
}

/* They are no reason not to serve what does not need this CA. */
static const struct {
	void (*break_it)(void);
	const char *problem;
} unfit[] = {
	{break_wrong_passphrase, "[ca test] key: cannot read"},
	{break_no_passphrase, "wrong passphrase"},
	{break_other_key, "[ca test] key: does not belong to the certificate"},
	{break_no_key, "No such file"},
	{break_digest, "[ca test] digest: sha1024 is not known"},
};

START_TEST(test_unfit)
{
	begin("P-256");
	unfit[_i].break_it();
	fixture_load(&f);
	ck_assert(!ca_is_fit(f.ca));
	ck_assert_msg(strstr(ca_unfit(f.ca), unfit[_i].problem), "%s", ca_unfit(f.ca));
	ck_assert_ptr_null(ca_signature_algorithm(f.ca));
	ck_assert_int_eq(ca_crl_update(f.ca, f.reader, f.unit), -ENOKEY);
	end();
}
END_TEST

/* Once the key is there, it is used: a token that was away, or a file that had another owner. */
START_TEST(test_unfit_no_longer)
{
	struct store_crl crl = {0};

	begin("P-256");
	break_other_key();
	fixture_load(&f);
	ck_assert_int_eq(ca_housekeeping(f.ca, f.reader, f.unit), 0);
	ck_assert_int_eq(store_crl_newest(f.reader, "test", &crl), STORE_NOT_FOUND);
	pki_key_write(f.conf_ca.key, f.issuing_key, NULL);
	f.conf_ca.passphrase_file = NULL;
	/* Not at once. */
	ck_assert_int_eq(ca_housekeeping(f.ca, f.reader, f.unit), 0);
	ck_assert(!ca_is_fit(f.ca));
	f.now_ms += 10 * 1000;
	ck_assert_int_eq(ca_housekeeping(f.ca, f.reader, f.unit), 0);
	ck_assert(ca_is_fit(f.ca) && !ca_unfit(f.ca));
	ck_assert_int_eq(store_crl_newest(f.reader, "test", &crl), 0);
	store_crl_clear(&crl);
	end();
}
END_TEST

static const struct {
	void (*break_it)(void);
	const char *problem;
} problems[] = {
	{break_not_a_ca, "[ca test] certificate: is not a CA certificate"},
	{break_no_key_cert_sign, "[ca test] certificate: keyUsage lacks keyCertSign"},
	{break_no_crl_sign, "[ca test] certificate: keyUsage lacks cRLSign"},
	{break_other_root, "[ca test] chain: does not lead from the certificate to a root"},
	{break_no_certificate, "[ca test] certificate: cannot read"},
	{break_half_certificate, "[ca test] chain: cannot read"},
	{break_root_key, "[ca test] chain: cannot read"},
	{break_root_key, "Key was rejected"},
};

START_TEST(test_problems)
{
	begin("P-256");
	problems[_i].break_it();
	fixture_load_problem(&f, problems[_i].problem);
	end();
}
END_TEST

START_TEST(test_chain)
{
	EVP_PKEY *middle_key;
	const struct bytes *chain;
	X509 *middle, *low;
	uint8_t *der = NULL;
	int len;

	begin("P-256");
	middle_key = pki_key("P-256");
	middle = pki_cert(&(struct pki_spec){.subject = "/CN=Middle",
					     .key = middle_key,
					     .issuer = f.root,
					     .issuer_key = f.root_key,
					     .ca = true,
					     .key_usage = "critical,keyCertSign",
					     .not_before_ms = f.now_ms - DAY_MS,
					     .not_after_ms = f.now_ms + DAY_MS});
	low = pki_cert(&(struct pki_spec){.subject = "/CN=Issuing",
					  .key = f.issuing_key,
					  .issuer = middle,
					  .issuer_key = middle_key,
					  .ca = true,
					  .key_usage = "critical,keyCertSign,cRLSign",
					  .not_before_ms = f.now_ms - DAY_MS,
					  .not_after_ms = f.now_ms + DAY_MS});
	/* The order in the file is not the order of the chain. */
	pki_certs_write(fixture_path(&f, "root.pem"), f.root, middle);
	pki_certs_write(fixture_path(&f, "ca.pem"), low, NULL);
	fixture_load(&f);
	ck_assert_uint_eq(ca_chain(f.ca, &chain), 2);
	len = i2d_X509(middle, &der);
	ck_assert(bytes_equal(chain[1], (struct bytes){der, (size_t)len}));
	OPENSSL_free(der);
	der = NULL;
	len = i2d_X509(f.root, &der);
	ck_assert(bytes_equal(ca_root(f.ca), (struct bytes){der, (size_t)len}));
	OPENSSL_free(der);
	/* Without the chain the root is not known. */
	ca_set_free(f.set);
	f.set = NULL;
	f.conf_ca.chain = NULL;
	fixture_load(&f);
	ck_assert_uint_eq(ca_chain(f.ca, &chain), 1);
	ck_assert_uint_eq(ca_root(f.ca).len, 0);
	X509_free(middle);
	X509_free(low);
	EVP_PKEY_free(middle_key);
	end();
}
END_TEST

START_TEST(test_find_and_verify)
{
	struct certificate_view view;
	struct ca_issued issued;

	begin(key_kinds[_i]);
	fixture_load(&f);
	OK(ca_issue(f.ca, &rq.request, &issued));
	OK(certificate_view(octets_view(&issued.der), &view));
	ck_assert_ptr_eq(ca_next_by_issuer(f.set, view.issuer, NULL), f.ca);
	ck_assert_ptr_null(ca_next_by_issuer(f.set, view.issuer, f.ca));
	ck_assert_ptr_null(ca_next_by_issuer(f.set, view.subject, NULL));
	ck_assert_ptr_null(ca_find(f.set, "other"));
	ck_assert_ptr_eq(ca_at(f.set, 0), f.ca);
	ck_assert_ptr_null(ca_at(f.set, 1));
	ck_assert_uint_eq(ca_count(f.set), 1);
	ck_assert(!ca_is_upstream(f.ca));
	ck_assert_int_eq(ca_verify(f.ca, &view), 0);
	/* One bit of what is signed, one of the signature. */
	issued.der.data[(size_t)(view.spki.data - issued.der.data) + view.spki.len - 1] ^= 1;
	ck_assert_int_eq(ca_verify(f.ca, &view), 1);
	issued.der.data[(size_t)(view.spki.data - issued.der.data) + view.spki.len - 1] ^= 1;
	ck_assert_int_eq(ca_verify(f.ca, &view), 0);
	issued.der.data[issued.der.len - 1] ^= 1;
	ck_assert_int_eq(ca_verify(f.ca, &view), 1);
	ca_issued_clear(&issued);
	end();
}
END_TEST

static Suite *ca_suite(void)
{
	Suite *suite = suite_create("ca");
	TCase *issue = tcase_create("issue");
	TCase *load = tcase_create("load");
	/* The last one only where OpenSSL has it. */
	bool ml_dsa = signature_algorithm_available(signature_algorithm_by_name("ML-DSA-65"));
	int kinds = (int)ARRAY_LEN(key_kinds) - !ml_dsa;

	tcase_add_test(issue, rfc5280_4_lint_refuses_to_sign);
	tcase_add_test(issue, rfc5280_4_2_1_1_issuer_without_key_identifier);
	tcase_add_loop_test(issue, test_issued_verifies, 0, kinds);
	tcase_add_loop_test(issue, test_digests, 0, ARRAY_LEN(digests));
	tcase_add_test(issue, test_extensions);
	tcase_add_test(issue, test_rfc5280_4_2_1_6_empty_subject);
	tcase_add_test(issue, test_rfc5280_4_1_2_2_serials);
	tcase_add_test(issue, test_serial_is_minimal_der);
	tcase_add_loop_test(issue, test_validity, 0, ARRAY_LEN(validities));
	tcase_add_test(issue, test_nothing_is_issued_by_an_expired_ca);
	tcase_add_loop_test(load, test_key_sources, 0, 3);
	tcase_add_loop_test(load, test_problems, 0, ARRAY_LEN(problems));
	tcase_add_loop_test(load, test_unfit, 0, ARRAY_LEN(unfit));
	tcase_add_test(load, test_unfit_no_longer);
	tcase_add_test(load, test_chain);
	tcase_add_loop_test(load, test_find_and_verify, 0, kinds);
	suite_add_tcase(suite, issue);
	suite_add_tcase(suite, load);
	return suite;
}

SUITE_MAIN(ca_suite, SUITE_FORKS)
