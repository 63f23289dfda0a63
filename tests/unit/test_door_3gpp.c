// SPDX-License-Identifier: Apache-2.0
/*
 * Base stations as 3GPP TS 33.310 has them: certificates of their vendor authenticate the first
 * request, and each is the one entity that its certificate names. docs/3gpp.md. With OpenSSL's
 * client in the mode that was made for them, too.
 */
#include "ask.h"
#include "suite.h"

#include <check.h>
#include <openssl/cmp.h>
#include <openssl/pem.h>
#include <string.h>

static struct house house;
static struct house_credential vendor_root, vendor_ca, enb_1, enb_2, nameless;

static void vendor_add(const char *name, uint32_t permissions, bool register_on_ir)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct store_credential below = {.kind = STORE_CREDENTIAL_ANCHOR};
	struct store_client client = {.name = (char *)name,
				      .trust_domain = (char *)"ran",
				      .permissions = permissions,
				      .register_on_ir = register_on_ir,
				      .default_profile = (char *)"VnfciCert",
				      .policy = (char *)"base-stations",
				      .created_ms = house.now_ms,
				      .credentials = &below,
				      .n_credentials = 1};
	char *pem;
	long len;

	ck_assert_int_eq(PEM_write_bio_X509(bio, vendor_root.cert), 1);
	len = BIO_get_mem_data(bio, &pem);
	below.content = (struct octets){(uint8_t *)pem, (size_t)len};
	ck_assert_int_eq(store_client_insert(house.worker.unit, &client), 0);
	ck_assert_int_eq(store_unit_commit(house.worker.unit), 0);
	BIO_free(bio);
}

static void setup_with(const char *from, uint32_t permissions, bool register_on_ir,
		       const char *more)
{
	char sections[300];

	snprintf(sections, sizeof(sections),
		 "[client_policy base-stations]\n"
		 "entity_from_signer = %s\n"
		 "ca_pubs_when_signed = yes\n"
		 "root_in_extra_certs = yes\n"
		 "%s",
		 from, more);
	house_open(&house, "", sections);
	house_credential_make(&vendor_root, "vendor root", HOUSE_CA, NULL, house.now_ms, 3650);
	house_credential_make(&vendor_ca, "vendor CA", HOUSE_CA, &vendor_root, house.now_ms, 3650);
	house_credential_make(&enb_1, "enb-1", HOUSE_LEAF, &vendor_ca, house.now_ms, 3650);
	house_credential_make(&enb_2, "enb-2", HOUSE_LEAF, &vendor_ca, house.now_ms, 3650);
	house_credential_make(&nameless,
			      "\xe2\x80\xae"
			      "1-bne",
			      HOUSE_LEAF, &vendor_ca, house.now_ms, 3650);
	vendor_add("vendor", permissions, register_on_ir);
	if (register_on_ir)
		return;
	house_register(&house, "vendor", CERT_TYPE_VNFCI, "enb-1");
	house_register(&house, "vendor", CERT_TYPE_VNFCI, "enb-2");
}

static void setup(void)
{
	setup_with("commonName", STORE_MAY_REQUEST | STORE_MAY_REVOKE, false, "");
}

static void teardown(void)
{
	house_credential_clear(&nameless);
	house_credential_clear(&enb_2);
	house_credential_clear(&enb_1);
	house_credential_clear(&vendor_ca);
	house_credential_clear(&vendor_root);
	house_close(&house);
}

static void done(struct ask *a, struct told *told)
{
	told_clear(told);
	ask_clear(a);
}

/* Sends; expects that failInfo and sentence. */
static void refused(struct ask *a, int failinfo, enum refusal_reason reason)
{
	const ASN1_UTF8STRING *text;
	struct told told;

	ask_send(a, &told);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	text = sk_ASN1_UTF8STRING_value(told_status(&told)->statusString, 0);
	ck_assert_str_eq((const char *)ASN1_STRING_get0_data(text), refusal_text(reason));
	done(a, &told);
}

static void enrol(struct ask *a, const struct house_credential *who, const char *cn,
		  struct told *told)
{
	ask_new(a, &house, who);
	ask_certreq(a, PKI_BODY_IR, cn);
	ask_send(a, told);
	ck_assert_int_eq(told_failinfo(told), -1);
}

static void confirm(struct ask *a, struct told *told)
{
	struct told conf_told;
	struct ask conf;

	ask_certconf(&conf, a, told, PKI_STATUS_ACCEPTED);
	ask_send(&conf, &conf_told);
	ck_assert_int_eq(conf_told.msg->body_type, PKI_BODY_PKICONF);
	done(&conf, &conf_told);
}

static X509 *certificate(const struct told *told)
{
	return pki_cert_parse(told_certificate(told));
}

static void subject_check(const struct told *told, const char *want)
{
	X509 *cert = certificate(told);
	char *text = X509_NAME_oneline(X509_get_subject_name(cert), NULL, 0);

	ck_assert_str_eq(text, want);
	OPENSSL_free(text);
	X509_free(cert);
}

/*
 * RFC 9483 1.6: 33.310 does not make the subject mandatory in the template. RFC 4211 4.1: another
 * base station could then have the key certified.
 */
START_TEST(ts33310_ir)
{
	struct told told;
	struct ask a;

	if (_i) {
		ask_new(&a, &house, &enb_1);
		ask_certreq(&a, PKI_BODY_IR, NULL);
		refused(&a, FAIL_BAD_CERT_TEMPLATE, REFUSAL_template_names_nobody);
		teardown();
		setup_with("commonName", STORE_MAY_REQUEST | STORE_MAY_REVOKE, false,
			   "absent_subject = yes\n");
	}
	enrol(&a, &enb_1, _i ? NULL : "enb-1", &told);
	subject_check(&told, "/CN=enb-1");
	ck_assert_int_eq(sk_ASN1_TYPE_num(told.msg->body->value.certRepMessage->caPubs), 1);
	ck_assert_uint_eq(told.msg->n_extra_certs, 3);
	ck_assert(bytes_equal(cmp_message_extra_cert(told.msg, 2), octets_view(&house.root.der)));
	confirm(&a, &told);
	done(&a, &told);
}
END_TEST

/* RFC 9483 5.1.1: the same entity as the signer (notAuthorized), registered or not. */
START_TEST(rfc9483_5_1_1_another_entity)
{
	static const char *const others[] = {"enb-2", "enb-3", "vendor"};
	struct ask a;

	ask_new(&a, &house, &enb_1);
	ask_certreq(&a, PKI_BODY_IR, others[_i]);
	refused(&a, FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized);
	ask_new(&a, &house, &enb_1);
	ask_p10cr(&a, others[_i]);
	refused(&a, FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized);
}
END_TEST

/* What another station has is neither revoked nor updated nor confirmed. */
START_TEST(rfc9483_5_1_3_another_entity)
{
	struct ask a, b, other;
	struct told told, again;

	enrol(&a, &enb_2, "enb-2", &told);
	ask_certconf(&other, &a, &told, PKI_STATUS_REJECTION);
	other.signer = &enb_1;
	other.out.sender = octets_view(&enb_1.sender);
	other.out.sender_kid = octets_view(&enb_1.sender_kid);
	other.certs[0] = octets_view(&enb_1.der);
	refused(&other, FAIL_BAD_REQUEST, REFUSAL_transaction_unknown);
	confirm(&a, &told);
	ask_new(&b, &house, &enb_1);
	ask_rr(&b, told_certificate(&told), 0);
	refused(&b, FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized);
	ask_new(&b, &house, &enb_1);
	ask_certreq(&b, PKI_BODY_KUR, "enb-2");
	ask_old_cert_id(&b, told_certificate(&told));
	refused(&b, FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized);
	/* Its own it may revoke. */
	ask_new(&b, &house, &enb_2);
	ask_rr(&b, told_certificate(&told), 0);
	ask_send(&b, &again);
	ck_assert_int_eq(told_failinfo(&again), -1);
	done(&b, &again);
	done(&a, &told);
}
END_TEST

/* A certificate that names no entity, or not in the attribute that counts. */
START_TEST(signer_names_no_entity)
{
	struct ask a;

	ask_new(&a, &house, &nameless);
	ask_certreq(&a, PKI_BODY_IR, "enb-1");
	refused(&a, FAIL_SIGNER_NOT_TRUSTED, REFUSAL_signer_entity_missing);
	teardown();
	setup_with("serialNumber", STORE_MAY_REQUEST, false, "");
	ask_new(&a, &house, &enb_1);
	ask_certreq(&a, PKI_BODY_IR, "enb-1");
	refused(&a, FAIL_SIGNER_NOT_TRUSTED, REFUSAL_signer_entity_missing);
}
END_TEST

/* Nobody is any station who is known by a secret. */
START_TEST(without_a_certificate)
{
	struct ask a;

	house_mac_client_add(&house, "mac-vendor", "mac-ref", "mac-secret", "base-stations");
	house_register(&house, "mac-vendor", CERT_TYPE_VNFCI, "enb-7");
	ask_new(&a, &house, NULL);
	a.out.sender_kid = bytes_of_string("mac-ref");
	a.secret = bytes_of_string("mac-secret");
	ask_certreq(&a, PKI_BODY_IR, "enb-7");
	refused(&a, FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized);
}
END_TEST

/* Where the operator lets ir register, it is the station itself, for the vendor's client. */
START_TEST(registered_by_ir)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	struct told told;
	struct ask a;

	teardown();
	setup_with("commonName", STORE_MAY_REQUEST | STORE_MAY_REGISTER, true, "");
	ask_new(&a, &house, &enb_1);
	ask_certreq(&a, PKI_BODY_IR, "enb-3");
	refused(&a, FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized);
	ask_new(&a, &house, &enb_1);
	ask_register(&a, "VnfciCert", "enb-3", CERT_HANDLING_DELEGATION);
	refused(&a, FAIL_NOT_AUTHORIZED, REFUSAL_domain_limits);
	enrol(&a, &enb_1, "enb-1", &told);
	done(&a, &told);
	ck_assert_int_eq(store_registration_find(house.worker.reader,
						 &(struct store_entity){"ran", "", "enb-1"},
						 CERT_TYPE_VNFCI, &reg),
			 0);
	ck_assert_str_eq(reg.manager, "vendor");
}
END_TEST

/* --- OpenSSL's client --- */

static OSSL_CMP_MSG *transfer(OSSL_CMP_CTX *ctx, const OSSL_CMP_MSG *request)
{
	struct octets answer = OCTETS_NULL;
	unsigned char *der = NULL;
	bool not_a_message;
	const unsigned char *p;
	OSSL_CMP_MSG *msg;
	int len = i2d_OSSL_CMP_MSG(request, &der);

	(void)ctx;
	ck_assert_int_gt(len, 0);
	house_serve(&house, &house.worker, (struct bytes){der, (size_t)len}, NULL, NULL, &answer,
		    &not_a_message);
	p = answer.data;
	msg = d2i_OSSL_CMP_MSG(NULL, &p, (long)answer.len);
	octets_clear(&answer);
	OPENSSL_free(der);
	return msg;
}

static OSSL_CMP_CTX *client_new(EVP_PKEY *key, X509 *cert, EVP_PKEY *new_key)
{
	OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);

	ck_assert(ctx && EVP_PKEY_up_ref(new_key) && OSSL_CMP_CTX_set1_cert(ctx, cert) &&
		  OSSL_CMP_CTX_set1_pkey(ctx, key) && OSSL_CMP_CTX_set0_newPkey(ctx, 1, new_key) &&
		  OSSL_CMP_CTX_set_transfer_cb(ctx, transfer) &&
		  OSSL_CMP_CTX_set1_recipient(ctx, X509_get_subject_name(house.issuing.cert)) &&
		  OSSL_CMP_CTX_set_log_verbosity(ctx, OSSL_CMP_LOG_EMERG));
	return ctx;
}

static X509_STORE *store_of(X509 *cert)
{
	X509_STORE *store = X509_STORE_new();

	ck_assert(store && X509_STORE_add_cert(store, cert) == 1);
	return store;
}

/* From now on the station trusts what it found in caPubs: pkiConf is verified by that. */
static int root_take(OSSL_CMP_CTX *ctx, X509 *cert, int fail_info, const char **text)
{
	STACK_OF(X509) *ca_pubs = OSSL_CMP_CTX_get1_caPubs(ctx);

	ck_assert_int_eq(sk_X509_num(ca_pubs), 1);
	ck_assert_int_eq(
		X509_STORE_add_cert(OSSL_CMP_CTX_get0_trustedStore(ctx), sk_X509_value(ca_pubs, 0)),
		1);
	sk_X509_pop_free(ca_pubs, X509_free);
	return OSSL_CMP_certConf_cb(ctx, cert, fail_info, text);
}

/*
 * TS 33.310: the station has nothing of the operator yet. It takes the root out of the answer, for
 * that the new certificate is below it. Then kur with the operator's certificate.
 */
START_TEST(ts33310_openssl_client)
{
	EVP_PKEY *first = pki_key(NULL), *second = pki_key(NULL);
	OSSL_CMP_CTX *ctx = client_new(enb_1.key, enb_1.cert, first);
	STACK_OF(X509) * ca_pubs, *chain = sk_X509_new_null();
	X509 *cert, *root, *updated;

	ck_assert_int_gt(sk_X509_push(chain, vendor_ca.cert), 0);
	ck_assert_int_eq(OSSL_CMP_CTX_set1_extraCertsOut(ctx, chain), 1);
	ck_assert_int_eq(
		OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_PERMIT_TA_IN_EXTRACERTS_FOR_IR, 1), 1);
	ck_assert_int_eq(OSSL_CMP_CTX_set0_trustedStore(ctx, store_of(vendor_root.cert)), 1);
	ck_assert_int_eq(OSSL_CMP_CTX_set_certConf_cb(ctx, root_take), 1);
	cert = OSSL_CMP_exec_IR_ses(ctx);
	ck_assert_ptr_nonnull(cert);
	ck_assert(X509_up_ref(cert));
	ca_pubs = OSSL_CMP_CTX_get1_caPubs(ctx);
	ck_assert_int_eq(sk_X509_num(ca_pubs), 1);
	root = sk_X509_value(ca_pubs, 0);
	ck_assert_int_eq(X509_cmp(root, house.root.cert), 0);
	OSSL_CMP_CTX_free(ctx);

	ctx = client_new(first, cert, second);
	ck_assert_int_eq(OSSL_CMP_CTX_set0_trustedStore(ctx, store_of(root)), 1);
	ck_assert_int_eq(
		X509_STORE_add_cert(OSSL_CMP_CTX_get0_trustedStore(ctx), house.issuing.cert), 1);
	updated = OSSL_CMP_exec_KUR_ses(ctx);
	ck_assert_ptr_nonnull(updated);
	ck_assert_int_eq(X509_NAME_cmp(X509_get_subject_name(updated), X509_get_subject_name(cert)),
			 0);
	OSSL_CMP_CTX_free(ctx);
	sk_X509_pop_free(ca_pubs, X509_free);
	sk_X509_free(chain);
	X509_free(cert);
	EVP_PKEY_free(first);
	EVP_PKEY_free(second);
}
END_TEST

static Suite *door_3gpp_suite(void)
{
	Suite *suite = suite_create("door_3gpp");
	TCase *tcase = tcase_create("base stations");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, ts33310_ir, 0, 2);
	tcase_add_loop_test(tcase, rfc9483_5_1_1_another_entity, 0, 3);
	tcase_add_test(tcase, rfc9483_5_1_3_another_entity);
	tcase_add_test(tcase, signer_names_no_entity);
	tcase_add_test(tcase, without_a_certificate);
	tcase_add_test(tcase, registered_by_ir);
	tcase_add_test(tcase, ts33310_openssl_client);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_3gpp_suite, SUITE_ONE_PROCESS)
