// SPDX-License-Identifier: Apache-2.0
/*
 * Cross-certification at the CMP door, RFC 9810 5.3.11, 6.6.1 and D.6: what another CA gets, and
 * who gets nothing.
 */
#include "ask.h"
#include "suite.h"

#include <check.h>
#include <openssl/x509v3.h>
#include <string.h>

static struct house house;
/* The other CA as a client, one without the permission, and the other CA's root. */
static struct house_credential other, plain, other_root;

static const char sections[] = "[ca top]\n"
			       "type = internal\n"
			       "certificate = central.pem\n"
			       "chain = root.pem\n"
			       "key = central.key\n"
			       "[ca narrow]\n"
			       "type = internal\n"
			       "certificate = narrow.pem\n"
			       "chain = root.pem\n"
			       "key = narrow.key\n"
			       "[profile cross-other]\n"
			       "cert_type = ManoCert\n"
			       "key_types = rsa:2048-4096, ec:P-256\n"
			       "validity_max = 3650d\n"
			       "cross_subject = /O=Other/CN=Other Root\n"
			       "extension_section = cross\n"
			       "[cross]\n"
			       "basicConstraints = critical, CA:TRUE, pathlen:0\n"
			       "keyUsage = critical, keyCertSign, cRLSign\n"
			       "nameConstraints = critical, permitted;DNS:other.example\n"
			       "certificatePolicies = 1.2.3.4\n";

static void register_other(const char *client, const char *subject_id, const char *ca)
{
	struct cmf_register request = {.has_cert_type = true,
				       .cert_type = CERT_TYPE_MANO,
				       .handling = CERT_HANDLING_NONE,
				       .profile = "cross-other",
				       .subject_ids = &subject_id,
				       .n_subject_ids = 1,
				       .ca = ca};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};

	ck_assert_int_eq(cmf_admin_for_client(HOUSE_CALL(&house, NULL, &refusal), client, &who), 0);
	ck_assert_int_eq(cmf_register(HOUSE_CALL(&house, &who, &refusal), &request), 0);
	ck_assert_int_eq(store_unit_commit(house.worker.unit), 0);
	cmf_principal_clear(&who);
}

static void setup(void)
{
	const uint32_t usual = STORE_MAY_REGISTER | STORE_MAY_REQUEST | STORE_MAY_REVOKE;

	house_open(&house, "", sections);
	house_client_add(&house, "other", "a", usual | STORE_MAY_CROSS_CERTIFY, false);
	house_client_add(&house, "plain", "a", usual | STORE_IS_RA, false);
	house_credential_make(&other, "other", HOUSE_LEAF, &house.client_root, house.now_ms, 365);
	house_credential_make(&plain, "plain", HOUSE_LEAF, &house.client_root, house.now_ms, 365);
	house_credential_make(&other_root, "Other Root", HOUSE_CA, NULL, house.now_ms, 3650);
	register_other("other", "ca.other.example", "top");
}

static void teardown(void)
{
	house_credential_clear(&other);
	house_credential_clear(&plain);
	house_credential_clear(&other_root);
	house_close(&house);
}

static CertTemplate *template(struct ask *a)
{
	return ask_request(a)->certReq->certTemplate;
}

static X509_NAME *other_name(void)
{
	X509_NAME *name = X509_NAME_new();

	ck_assert(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const uint8_t *)"Other", -1,
					     -1, 0));
	ck_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					     (const uint8_t *)"Other Root", -1, -1, 0));
	return name;
}

/* A complete request, RFC 9810 D.6, for the key of the other root. */
static void ccr_new(struct ask *a, const struct house_credential *who)
{
	CertTemplate *t;

	ask_new(a, &house, who);
	ask_certreq(a, PKI_BODY_CCR, NULL);
	t = template(a);
	X509_NAME_free(t->subject);
	t->subject = other_name();
	t->issuer = X509_NAME_dup(X509_get_subject_name(house.central.cert));
	t->signingAlg = X509_ALGOR_dup(signer_algorithm(house.central.signer));
	t->validity = OptionalValidity_new();
	t->validity->notBefore = ASN1_TIME_set(NULL, (time_t)(house.now_ms / 1000));
	t->validity->notAfter = ASN1_TIME_set(NULL, (time_t)(house.now_ms / 1000) + 1000 * 86400);
	EVP_PKEY_free(a->key);
	a->key = other_root.key;
	ck_assert(EVP_PKEY_up_ref(a->key));
	SubjectPublicKeyInfo_free(t->publicKey);
	t->publicKey = NULL;
	ck_assert(!spki_from_key(a->key, &t->publicKey));
	ask_extension(a, NID_subject_key_identifier, "01020304");
	ask_extension(a, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
}

static X509 *certificate_of(const struct told *told)
{
	return pki_cert_parse(told_certificate(told));
}

static void extension_is(X509 *cert, int nid, bool critical, const char *value)
{
	CONF *conf = NCONF_new(NULL); /* certificatePolicies want one */
	X509V3_CTX ctx;
	X509_EXTENSION *wanted, *found = X509_get_ext(cert, X509_get_ext_by_NID(cert, nid, -1));

	X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, conf);
	wanted = X509V3_EXT_nconf_nid(conf, &ctx, nid, value);
	ck_assert(wanted && found);
	ck_assert_int_eq(X509_EXTENSION_get_critical(found), critical);
	ck_assert(ASN1_STRING_cmp(X509_EXTENSION_get_data(found),
				  X509_EXTENSION_get_data(wanted)) == 0);
	X509_EXTENSION_free(wanted);
	NCONF_free(conf);
}

START_TEST(rfc9810_d_6_granted_and_confirmed)
{
	struct told told, conf;
	X509_NAME *name = other_name();
	struct ask a, b;
	X509 *cert;

	ccr_new(&a, &other);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_CCP);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	cert = certificate_of(&told);
	ck_assert_int_eq(X509_NAME_cmp(X509_get_subject_name(cert), name), 0);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(cert), other_root.key), 1);
	ck_assert_int_eq(X509_verify(cert, house.central.key), 1);
	extension_is(cert, NID_basic_constraints, true, "critical,CA:TRUE,pathlen:0");
	extension_is(cert, NID_key_usage, true, "critical,keyCertSign,cRLSign");
	extension_is(cert, NID_name_constraints, true, "critical,permitted;DNS:other.example");
	extension_is(cert, NID_certificate_policies, false, "1.2.3.4");
	/* The other CA's own identifier, which its certificates point to. */
	extension_is(cert, NID_subject_key_identifier, false, "01020304");
	X509_free(cert);
	X509_NAME_free(name);
	ask_certconf(&b, &a, &told, PKI_STATUS_ACCEPTED);
	ask_send(&b, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	told_clear(&conf);
	told_clear(&told);
	ask_clear(&b);
	ask_clear(&a);
}
END_TEST

/* Constraints are the profile's: what is asked for beyond them is not given, and that is said. */
START_TEST(rfc9810_6_6_constraints_of_the_profile)
{
	struct told told;
	struct ask a;
	X509 *cert;

	ccr_new(&a, &other);
	sk_X509_EXTENSION_pop_free(template(&a)->extensions, X509_EXTENSION_free);
	template(&a)->extensions = NULL;
	ask_extension(&a, NID_basic_constraints, "critical,CA:TRUE");
	ask_send(&a, &told);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_GRANTED_WITH_MODS);
	cert = certificate_of(&told);
	extension_is(cert, NID_basic_constraints, true, "critical,CA:TRUE,pathlen:0");
	X509_free(cert);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* RFC 4210 5.2.6: nothing is certified for a time that is over, and that is said. */
START_TEST(rfc9810_6_6_1_not_before_in_the_past)
{
	struct told told;
	struct ask a;
	X509 *cert;
	time_t now;

	ccr_new(&a, &other);
	now = (time_t)(house.now_ms / 1000);
	ck_assert(ASN1_TIME_set(template(&a)->validity->notBefore, now - 86400));
	ask_send(&a, &told);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_GRANTED_WITH_MODS);
	cert = certificate_of(&told);
	/* `backdate` of the CA is five minutes. */
	ck_assert_int_eq(ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), now - 300), 0);
	X509_free(cert);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* --- refused --- */

static void bend_subject(struct ask *a)
{
	X509_NAME_ENTRY_free(X509_NAME_delete_entry(template(a)->subject, 0));
}

static void bend_no_subject(struct ask *a)
{
	while (X509_NAME_entry_count(template(a)->subject))
		X509_NAME_ENTRY_free(X509_NAME_delete_entry(template(a)->subject, 0));
}

static void bend_no_issuer(struct ask *a)
{
	X509_NAME_free(template(a)->issuer);
	template(a)->issuer = NULL;
}

static void bend_issuer(struct ask *a)
{
	X509_NAME_free(template(a)->issuer);
	template(a)->issuer = other_name();
}

static void bend_no_signing_alg(struct ask *a)
{
	X509_ALGOR_free(template(a)->signingAlg);
	template(a)->signingAlg = NULL;
}

static void bend_signing_alg(struct ask *a)
{
	X509_ALGOR_set0(template(a)->signingAlg, OBJ_nid2obj(NID_ecdsa_with_SHA512), V_ASN1_UNDEF,
			NULL);
}

static void bend_validity(struct ask *a)
{
	ASN1_TIME_free(template(a)->validity->notAfter);
	template(a)->validity->notAfter = NULL;
}

static void bend_serial(struct ask *a)
{
	template(a)->serialNumber = ASN1_INTEGER_new();
	ck_assert(ASN1_INTEGER_set(template(a)->serialNumber, 1));
}

static void bend_version(struct ask *a)
{
	template(a)->version = ASN1_INTEGER_new();
	ck_assert(ASN1_INTEGER_set(template(a)->version, 1));
}

static void bend_san(struct ask *a)
{
	ask_extension(a, NID_subject_alt_name, "DNS:ca.other.example");
}

static void bend_key_id(struct ask *a)
{
	X509_EXTENSION *ext = sk_X509_EXTENSION_value(template(a)->extensions, 0);

	ck_assert(X509_EXTENSION_set_critical(ext, 1));
}

static void bend_ra_verified(struct ask *a)
{
	ProofOfPossession *popo = ask_request(a)->popo;

	POPOSigningKey_free(popo->value.signature);
	popo->type = POPO_RA_VERIFIED;
	popo->value.raVerified = ASN1_NULL_new();
	a->keep_pop = true;
}

static void bend_no_pop(struct ask *a)
{
	ProofOfPossession_free(ask_request(a)->popo);
	ask_request(a)->popo = NULL;
	a->keep_pop = true;
}

static void bend_pop_key(struct ask *a)
{
	EVP_PKEY_free(a->key);
	a->key = pki_key(NULL);
}

static void bend_private_key(struct ask *a)
{
	AttributeTypeAndValue *control = AttributeTypeAndValue_new();
	CertRequest *request = ask_request(a)->certReq;

	ASN1_OBJECT_free(control->type);
	control->type = OBJ_txt2obj("1.3.6.1.5.5.7.5.1.4", 1); /* pkiArchiveOptions */
	ASN1_TYPE_free(control->value);
	control->value = ASN1_TYPE_new();
	ASN1_TYPE_set(control->value, V_ASN1_NULL, NULL);
	request->controls = sk_AttributeTypeAndValue_new_null();
	ck_assert(sk_AttributeTypeAndValue_push(request->controls, control) > 0);
}

static void bend_two(struct ask *a)
{
	CertReqMsg *more = CertReqMsg_new();

	ck_assert(more && ASN1_INTEGER_set(more->certReq->certReqId, 1));
	ck_assert(sk_CertReqMsg_push(a->body->value.certReqMessages, more) > 0);
}

static void bend_cert_req_id(struct ask *a)
{
	ck_assert(ASN1_INTEGER_set(ask_request(a)->certReq->certReqId, 1));
}

static void bend_profile(struct ask *a)
{
	static const char *const names[] = {"ManoCert"};

	/* The certType of the profile, and so no contradiction. */
	ask_info_profile(a, names, 1);
	X509_NAME_free(template(a)->subject);
	template(a)->subject = X509_NAME_dup(X509_get_subject_name(other.cert));
}

static const struct {
	const char *name;
	void (*bend)(struct ask *a);
	int failinfo;
} rows[] = {
	{"D.6 subject of another CA", bend_subject, FAIL_NOT_AUTHORIZED},
	{"D.6 subject", bend_no_subject, FAIL_BAD_CERT_TEMPLATE},
	{"D.6 issuer", bend_no_issuer, FAIL_BAD_CERT_TEMPLATE},
	{"D.6 issuer is another CA", bend_issuer, FAIL_WRONG_AUTHORITY},
	{"D.6 signingAlg", bend_no_signing_alg, FAIL_BAD_CERT_TEMPLATE},
	{"D.6 signingAlg of another key", bend_signing_alg, FAIL_BAD_ALG},
	{"D.6 validity", bend_validity, FAIL_BAD_CERT_TEMPLATE},
	{"6.6.1 serialNumber", bend_serial, FAIL_BAD_CERT_TEMPLATE},
	{"D.6 version v2", bend_version, FAIL_BAD_CERT_TEMPLATE},
	{"subjectAltName", bend_san, FAIL_BAD_CERT_TEMPLATE},
	{"RFC 5280 4.2.1.2 critical", bend_key_id, FAIL_BAD_CERT_TEMPLATE},
	{"D.6 raVerified", bend_ra_verified, FAIL_BAD_POP},
	{"D.6 POPOSigningKey", bend_no_pop, FAIL_BAD_POP},
	{"D.6 POPOSigningKey of another key", bend_pop_key, FAIL_BAD_POP},
	{"5.3.11 private key", bend_private_key, FAIL_BAD_REQUEST},
	{"D.6 one CertReqMsg", bend_two, FAIL_BAD_REQUEST},
	{"RFC 9483 4.1.1 certReqId", bend_cert_req_id, FAIL_BAD_REQUEST},
	{"another registration", bend_profile, FAIL_NOT_AUTHORIZED},
};

static int certificates_n(void)
{
	int64_t counts[STORE_CERT_STATE_COUNT], n = 0;

	ck_assert_int_eq(store_certificate_counts(house.worker.reader, counts), 0);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		n += counts[i];
	return (int)n;
}

/* Sends; expects a refusal in a body of that type. */
static void refused(struct ask *a, int body_type, int failinfo, const char *name)
{
	struct told told;

	ask_send(a, &told);
	ck_assert_msg(told_failinfo(&told) == failinfo, "%s: %d", name, told_failinfo(&told));
	ck_assert_int_eq(told.msg->body_type, body_type);
	ck_assert_int_eq(certificates_n(), 0);
	told_clear(&told);
	ask_clear(a);
}

START_TEST(rfc9810_d_6_refused)
{
	struct ask a;

	ccr_new(&a, &other);
	rows[_i].bend(&a);
	refused(&a, PKI_BODY_CCP, rows[_i].failinfo, rows[_i].name);
}
END_TEST

/* Whoever has not the permission, and whoever has it but not the registration. */
START_TEST(rfc9810_6_6_1_not_authorized)
{
	struct ask a;

	ccr_new(&a, &plain);
	refused(&a, PKI_BODY_CCP, FAIL_NOT_AUTHORIZED, "an RA of the trust domain");
	ccr_new(&a, NULL);
	refused(&a, PKI_BODY_CCP, FAIL_NOT_AUTHORIZED, "a MAC client");
	ccr_new(&a, &house.stranger);
	refused(&a, PKI_BODY_ERROR, FAIL_SIGNER_NOT_TRUSTED, "a stranger");
}
END_TEST

/* The registration is good for ccr only: nobody becomes a CA by cr. */
START_TEST(cross_profile_is_for_ccr_only)
{
	static const char *const names[] = {"cross-other"};
	struct ask a;

	ask_new(&a, &house, &other);
	ask_certreq(&a, PKI_BODY_CR, "ca.other.example");
	ask_info_profile(&a, names, 1);
	refused(&a, PKI_BODY_CP, FAIL_NOT_AUTHORIZED, "cr");
}
END_TEST

/* Below a CA with pathLenConstraint 0 the certificate of another is good for nothing. */
START_TEST(rfc5280_4_2_1_9_path_length)
{
	struct house_credential again;
	struct ask a;

	house_client_add(&house, "again", "a", STORE_MAY_REGISTER | STORE_MAY_CROSS_CERTIFY, false);
	house_credential_make(&again, "again", HOUSE_LEAF, &house.client_root, house.now_ms, 365);
	register_other("again", "ca2.other.example", "narrow");
	ccr_new(&a, &again);
	refused(&a, PKI_BODY_CCP, FAIL_WRONG_AUTHORITY, "narrow");
	house_credential_clear(&again);
}
END_TEST

/* A client for everything below our own root. */
static void client_below_root_add(const char *name, const char *subject)
{
	struct store_credential below = {.kind = STORE_CREDENTIAL_ANCHOR,
					 .subject = (char *)subject};
	struct store_client client = {.name = (char *)name,
				      .trust_domain = (char *)"a",
				      .permissions = STORE_MAY_REQUEST,
				      .created_ms = house.now_ms,
				      .credentials = &below,
				      .n_credentials = 1};
	char path[128];

	snprintf(path, sizeof(path), "%s/root.pem", house.dir);
	ck_assert(!file_read(path, 65536, &below.content));
	ck_assert(!store_client_insert(house.worker.unit, &client));
	ck_assert(!store_unit_commit(house.worker.unit));
	octets_clear(&below.content);
}

static void who_is(const struct house_credential *who, int body_type, int failinfo)
{
	struct told told;
	struct ask a;

	ask_new(&a, &house, who);
	ask_genm(&a, "1.3.6.1.5.5.7.4.17", BYTES_NULL);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, body_type);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	told_clear(&told);
	ask_clear(&a);
}

/*
 * What the other CA certifies is trusted by whoever trusts our root, and asks for nothing here:
 * neither under the name of a client nor as one of those below the root.
 */
START_TEST(the_other_ca_makes_no_clients)
{
	struct house_credential cross, guest, ours;
	struct told told;
	struct ask a;

	ccr_new(&a, &other);
	ask_send(&a, &told);
	house_credential_adopt(&cross, other_root.key, told_certificate(&told));
	cross.issuer = &house.central;
	house_credential_make(&guest, "the guest", HOUSE_LEAF, &cross, house.now_ms, 365);
	house_credential_make(&ours, "the guest", HOUSE_LEAF, &house.central, house.now_ms, 365);
	client_below_root_add("by-name", "/CN=the guest");
	who_is(&ours, PKI_BODY_GENP, -1);
	who_is(&guest, PKI_BODY_ERROR, FAIL_SIGNER_NOT_TRUSTED);
	client_below_root_add("by-anchor", NULL);
	who_is(&guest, PKI_BODY_ERROR, FAIL_SIGNER_NOT_TRUSTED);
	house_credential_clear(&ours);
	house_credential_clear(&guest);
	house_credential_clear(&cross);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

static Suite *door_ccr_suite(void)
{
	Suite *suite = suite_create("cross-certification");
	TCase *tc = tcase_create("ccr");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc9810_d_6_granted_and_confirmed);
	tcase_add_test(tc, rfc9810_6_6_constraints_of_the_profile);
	tcase_add_test(tc, rfc9810_6_6_1_not_before_in_the_past);
	tcase_add_loop_test(tc, rfc9810_d_6_refused, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, rfc9810_6_6_1_not_authorized);
	tcase_add_test(tc, cross_profile_is_for_ccr_only);
	tcase_add_test(tc, rfc5280_4_2_1_9_path_length);
	tcase_add_test(tc, the_other_ca_makes_no_clients);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(door_ccr_suite, SUITE_ONE_PROCESS)
