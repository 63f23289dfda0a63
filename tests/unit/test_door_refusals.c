// SPDX-License-Identifier: Apache-2.0
/*
 * What the CMP door refuses in header, protection and carriers: each row bends one thing of a
 * message that is good otherwise. See bent.h for what must hold of each.
 */
#include "bent.h"
#include "suite.h"

#include "asn1/cmf_types.h"

#include <check.h>
#include <openssl/asn1.h>
#include <string.h>

#define OID_CONFIRM_WAIT_TIME "1.3.6.1.5.5.7.4.14"

static void pvno_1(struct ask *a)
{
	a->out.pvno = 1;
}

static void pvno_4(struct ask *a)
{
	a->out.pvno = 4;
}

static void transaction_id_none(struct ask *a)
{
	a->out.transaction_id = BYTES_NULL;
}

static void transaction_id_short(struct ask *a)
{
	a->out.transaction_id.len = CMP_NONCE_LEN - 1;
}

static void transaction_id_long(struct ask *a)
{
	a->out.transaction_id.len = CMP_NONCE_MAX + 1;
}

static void sender_nonce_none(struct ask *a)
{
	a->out.sender_nonce = BYTES_NULL;
}

static void sender_nonce_short(struct ask *a)
{
	a->out.sender_nonce.len = CMP_NONCE_LEN - 1;
}

static void sender_nonce_long(struct ask *a)
{
	a->out.sender_nonce.len = CMP_NONCE_MAX + 1;
}

static void recip_nonce_set(struct ask *a)
{
	a->out.recip_nonce = BYTES_OF(a->recip_nonce);
}

static void message_time_early(struct ask *a)
{
	a->out.message_time_ms -= 301 * 1000;
}

static void message_time_late(struct ask *a)
{
	a->out.message_time_ms += 301 * 1000;
}

static void body_pkiconf(struct ask *a)
{
	PKIBody_free(a->body);
	a->body = cmp_body_new(PKI_BODY_PKICONF);
}

static void extra_certs_none(struct ask *a)
{
	a->out.n_extra_certs = 0;
}

static void extra_certs_many(struct ask *a)
{
	while (a->out.n_extra_certs < 9)
		a->certs[a->out.n_extra_certs++] = octets_view(&bent_house.root.der);
}

static void sender_other(struct ask *a)
{
	a->out.sender = octets_view(&bent_house.vnfm_b.sender);
}

static void sender_kid_other(struct ask *a)
{
	a->out.sender_kid = octets_view(&bent_house.vnfm_b.sender_kid);
}

static void reference_unknown(struct ask *a)
{
	a->out.sender_kid = bytes_of_string("nobody");
}

static void secret_wrong(struct ask *a)
{
	a->secret = bytes_of_string("guess");
}

static void mac_weak(struct ask *a)
{
	X509_ALGOR_free(a->mac_algorithm);
	ck_assert_int_eq(cmp_mac_algorithm_new(99, &a->mac_algorithm), 0);
}

static void mac_expensive(struct ask *a)
{
	X509_ALGOR_free(a->mac_algorithm);
	ck_assert_int_eq(cmp_mac_algorithm_new(100001, &a->mac_algorithm), 0);
}

static void label_kur(struct ask *a)
{
	a->operation_label = "keyupdate";
}

static void profile_two(struct ask *a)
{
	ask_info_profile(a, (const char *const[]){"VnfciCert", "VnfciCert"}, 2);
}

static void profile_twice(struct ask *a)
{
	ask_info_profile(a, (const char *const[]){"VnfciCert"}, 1);
	ask_info_profile(a, (const char *const[]){"VnfciCert"}, 1);
}

static void profile_empty(struct ask *a)
{
	ask_info_profile(a, (const char *const[]){""}, 1);
}

static void profile_unknown(struct ask *a)
{
	ask_info_profile(a, (const char *const[]){"NoSuchProfile"}, 1);
}

static void profile_against_url(struct ask *a)
{
	ask_info_profile(a, (const char *const[]){"ManoCert"}, 1);
	a->profile_label = "VnfciCert";
}

static void implicit_confirm_valued(struct ask *a)
{
	ask_info_text(a, "1.3.6.1.5.5.7.4.13", "yes");
}

static void implicit_confirm_set(struct ask *a)
{
	ask_implicit_confirm(a);
}

static void confirm_wait_time_null(struct ask *a)
{
	static const uint8_t null[] = {5, 0};

	ask_info_add(a, OID_CONFIRM_WAIT_TIME, BYTES_OF(null));
}

static void confirm_wait_time_set(struct ask *a)
{
	static const uint8_t time[] = "\x18\x0f"
				      "20301231235959Z";

	ask_info_add(a, OID_CONFIRM_WAIT_TIME, (struct bytes){time, sizeof(time) - 1});
}

static void confirm_wait_time_and_implicit(struct ask *a)
{
	confirm_wait_time_set(a);
	ask_implicit_confirm(a);
}

static void confirm_wait_time_twice(struct ask *a)
{
	confirm_wait_time_set(a);
	confirm_wait_time_set(a);
}

static void cert_enc_twice(struct ask *a)
{
	/* id-it-caProtEncCert: known here, though not as an element of generalInfo. */
	ask_info_text(a, "1.3.6.1.5.5.7.4.1", "en");
	ask_info_text(a, "1.3.6.1.5.5.7.4.1", "de");
}

static void recipient_other(struct ask *a)
{
	a->out.recipient = octets_view(&bent_house.stranger.sender);
}

static void cert_type_3(struct ask *a)
{
	ask_info_integer(a, OID_CMF_CERT_TYPE, 3);
}

static void cert_type_against_pairs(struct ask *a)
{
	ask_info_integer(a, OID_CMF_CERT_TYPE, 1);
	ask_reg_info(a, "certType?VnfOAMCert%");
}

static void vnfc_id_other(struct ask *a)
{
	ask_info_text(a, OID_CMF_VNFC_ID, "vnfci-b");
}

static void vnfc_id_contradicts(struct ask *a)
{
	ask_info_text(a, OID_CMF_VNFC_ID, "vnfci-a");
	ask_reg_info(a, "vnfcId?vnfci-a2%");
}

static void vnfc_id_integer(struct ask *a)
{
	ask_info_integer(a, OID_CMF_VNFC_ID, 1);
}

static void vnfc_id_control(struct ask *a)
{
	ask_info_text(a, OID_CMF_VNFC_ID, "vnfci-a\n");
}

static void chain_request_2(struct ask *a)
{
	ask_info_integer(a, OID_CMF_CERT_CHAIN_REQUEST, 2);
}

static void chain_request_contradicts(struct ask *a)
{
	ask_info_integer(a, OID_CMF_CERT_CHAIN_REQUEST, 0);
	ask_reg_info(a, "certChainRequest?1%");
}

static void pairs_digit(struct ask *a)
{
	ask_reg_info(a, "1x?y%");
}

static void pairs_unended(struct ask *a)
{
	ask_reg_info(a, "vnfcId?vnfci-a");
}

static void pairs_no_value(struct ask *a)
{
	ask_reg_info(a, "vnfcId?%");
}

static const struct bent_row rows[] = {
	{"RFC 9483 3.5 pvno 1", IR, A, pvno_1, FAIL_UNSUPPORTED_VERSION, ERR},
	{"RFC 9483 3.5 pvno 4", IR, A, pvno_4, FAIL_UNSUPPORTED_VERSION, ERR},
	{"RFC 9483 3.5 no transactionID", IR, A, transaction_id_none, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.1 short transactionID", IR, A, transaction_id_short, FAIL_BAD_DATA_FORMAT,
	 ERR},
	{"long transactionID", IR, A, transaction_id_long, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.5 no senderNonce", IR, A, sender_nonce_none, FAIL_BAD_SENDER_NONCE, ERR},
	{"RFC 9483 3.5 short senderNonce", IR, A, sender_nonce_short, FAIL_BAD_SENDER_NONCE, ERR},
	{"long senderNonce", IR, A, sender_nonce_long, FAIL_BAD_SENDER_NONCE, ERR},
	{"RFC 9483 3.1 recipNonce in ir", IR, A, recip_nonce_set, FAIL_BAD_RECIPIENT_NONCE, ERR},
	{"RFC 9483 3.5 messageTime early", IR, A, message_time_early, FAIL_BAD_TIME, ERR},
	{"RFC 9483 3.5 messageTime late", IR, A, message_time_late, FAIL_BAD_TIME, ERR},
	{"RFC 9483 3.5 body type", IR, A, body_pkiconf, FAIL_BAD_REQUEST, ERR},
	{"RFC 9483 6.1 label", IR, A, label_kur, FAIL_BAD_REQUEST, ERR},
	{"RFC 9483 3.3 no extraCerts", IR, A, extra_certs_none, FAIL_BAD_MESSAGE_CHECK, ERR},
	{"too many extraCerts", IR, A, extra_certs_many, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.5 sender", IR, A, sender_other, FAIL_BAD_MESSAGE_CHECK, ERR},
	{"RFC 9483 3.5 senderKID", IR, A, sender_kid_other, FAIL_BAD_MESSAGE_CHECK, ERR},
	{"RFC 9483 3.5 stranger", IR, STRANGER, bent_not, FAIL_SIGNER_NOT_TRUSTED, ERR},
	{"RFC 9483 3.5 keyUsage", IR, NO_SIGNATURE, bent_not, FAIL_SIGNER_NOT_TRUSTED, ERR},
	{"RFC 9483 3.5 expired signer", IR, EXPIRED, bent_not, FAIL_SIGNER_NOT_TRUSTED, ERR},
	{"RFC 9483 3.5 unknown reference", IR, MAC, reference_unknown, FAIL_BAD_MESSAGE_CHECK, ERR},
	{"RFC 9483 3.5 wrong secret", IR, MAC, secret_wrong, FAIL_BAD_MESSAGE_CHECK, ERR},
	{"RFC 9045 iterations below", IR, MAC, mac_weak, FAIL_BAD_ALG, ERR},
	{"RFC 9045 iterations above", IR, MAC, mac_expensive, FAIL_BAD_ALG, ERR},
	{"RFC 9483 3.1 two profiles", IR, A, profile_two, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.1 certProfile twice", IR, A, profile_twice, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.1 empty profile", IR, A, profile_empty, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.1 implicitConfirm", IR, A, implicit_confirm_valued, FAIL_BAD_DATA_FORMAT, ERR},
	{"RFC 9483 3.1 implicitConfirm in rr", RR, A, implicit_confirm_set, FAIL_BAD_REQUEST, ERR,
	 REFUSAL_implicit_confirm_unexpected},
	{"RFC 9483 3.1 implicitConfirm in genm", GENM, A, implicit_confirm_set, FAIL_BAD_REQUEST,
	 ERR, REFUSAL_implicit_confirm_unexpected},
	{"RFC 9483 3.1 confirmWaitTime", IR, A, confirm_wait_time_null, FAIL_BAD_DATA_FORMAT, ERR,
	 REFUSAL_confirm_wait_time_malformed},
	{"RFC 9483 3.1 both", IR, A, confirm_wait_time_and_implicit, FAIL_BAD_REQUEST, ERR,
	 REFUSAL_confirm_wait_time_conflict},
	{"RFC 9483 3.1 confirmWaitTime twice", CR, A, confirm_wait_time_twice, FAIL_BAD_DATA_FORMAT,
	 ERR, REFUSAL_general_info_duplicate},
	{"RFC 9483 3.1 caProtEncCert twice", RR, A, cert_enc_twice, FAIL_BAD_DATA_FORMAT, ERR,
	 REFUSAL_general_info_duplicate},
	{"RFC 9483 3.1 recipient", IR, A, recipient_other, FAIL_WRONG_AUTHORITY, ERR,
	 REFUSAL_recipient_unknown},
	{"RFC 9483 3.5 kur under a MAC", KUR, MAC, bent_not, FAIL_WRONG_INTEGRITY, ERR,
	 REFUSAL_protection_kind_wrong},
	{"IFA 033 11.2.3 certType 3", IR, A, cert_type_3, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.3 vnfcId INTEGER", IR, A, vnfc_id_integer, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.3 vnfcId control", IR, A, vnfc_id_control, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.3 chain 2", IR, A, chain_request_2, FAIL_BAD_DATA_FORMAT, ERR},
	{"IFA 033 11.2.3 unknown profile", IR, A, profile_unknown, FAIL_BAD_REQUEST, IP},
	{"IFA 033 11.2.3 profile and URL", IR, A, profile_against_url, FAIL_BAD_REQUEST, IP},
	{"IFA 033 11.2.3 certType pairs", IR, A, cert_type_against_pairs, FAIL_BAD_REQUEST, IP},
	{"IFA 033 11.2.3 vnfcId pairs", IR, A, vnfc_id_contradicts, FAIL_BAD_REQUEST, IP},
	{"IFA 033 11.2.3 chain pairs", IR, A, chain_request_contradicts, FAIL_BAD_REQUEST, IP},
	{"IFA 033 11.2.3 foreign vnfcId", IR, A, vnfc_id_other, FAIL_NOT_AUTHORIZED, IP},
	{"RFC 4211 7.1 digit", IR, A, pairs_digit, FAIL_BAD_DATA_FORMAT, IP},
	{"RFC 4211 7.1 no end", IR, A, pairs_unended, FAIL_BAD_DATA_FORMAT, IP},
	{"RFC 4211 7.1 no value", IR, A, pairs_no_value, FAIL_BAD_DATA_FORMAT, IP},
};

START_TEST(refusal)
{
	bent_check(&rows[_i]);
}
END_TEST

/* What every row bends must be accepted unbent, else the rows would prove nothing. */
START_TEST(unbent_is_accepted)
{
	static const int bases[] = {IR, CR, P10, KUR, GENM};
	struct told told;
	struct ask a;

	for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
		bent_base(&a, &(struct bent_row){.base = bases[i], .who = A});
		ask_send(&a, &told);
		ck_assert_int_eq(told_failinfo(&told), -1);
		ck_assert_int_ne(told.msg->body_type, ERR);
		told_clear(&told);
		ask_clear(&a);
	}
}
END_TEST

/* RFC 9483 3.5: one wrong octet anywhere in header, body or protection. */
START_TEST(rfc9483_3_5_one_octet_changed)
{
	struct bent_state before = bent_state_now(), after;
	struct refusal ignored;
	struct told told;
	struct ask a;
	size_t step;

	bent_base(&a, &(struct bent_row){.base = IR, .who = A});
	ask_encode(&a);
	step = a.sent.len / 97 + 1;
	for (size_t i = 0; i < a.sent.len; i += step) {
		a.sent.data[i] ^= 0x11;
		told = (struct told){0};
		house_serve(&bent_house, &bent_house.worker, octets_view(&a.sent), NULL, NULL,
			    &told.der, &told.not_a_message);
		ck_assert_int_eq(cmp_message_decode(octets_view(&told.der), &told.msg, &ignored),
				 0);
		/* extraCerts are not protected: what is changed there may do no harm. */
		if (told_status_value(&told) != PKI_STATUS_REJECTION)
			ck_assert(bytes_equal(told.msg->transaction_id, a.out.transaction_id));
		else
			ck_assert_int_ge(told_failinfo(&told), 0);
		if (told_status_value(&told) == PKI_STATUS_REJECTION) {
			after = bent_state_now();
			ck_assert(!memcmp(&before, &after, sizeof(before)));
		}
		before = bent_state_now();
		told_clear(&told);
		a.sent.data[i] ^= 0x11;
	}
	ask_clear(&a);
}
END_TEST

/* Not a PKIMessage at all, and one cut short at every octet. */
START_TEST(rfc9811_garbage_and_truncation)
{
	static const uint8_t garbage[] = "garbage";
	struct bent_state before = bent_state_now(), after;
	struct told told;
	struct ask a;

	bent_base(&a, &(struct bent_row){.base = IR, .who = A});
	ask_send_octets(&a, &bent_house.worker, BYTES_OF(garbage), &told);
	ck_assert(told.not_a_message);
	ck_assert_int_eq(told.msg->body_type, ERR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_DATA_FORMAT);
	told_clear(&told);
	ask_encode(&a);
	for (size_t len = 0; len < a.sent.len; len += 7) {
		ask_send_octets(&a, &bent_house.worker, (struct bytes){a.sent.data, len}, &told);
		ck_assert_int_eq(told.msg->body_type, ERR);
		ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_DATA_FORMAT);
		told_clear(&told);
	}
	after = bent_state_now();
	ck_assert(!memcmp(&before, &after, sizeof(before)));
	ask_clear(&a);
}
END_TEST

/* RFC 9483 3.5: messages without protection are rejected. */
START_TEST(rfc9483_3_5_unprotected)
{
	struct cmp_protector nothing = {.kind = CMP_PROTECTION_NONE};
	struct octets der = OCTETS_NULL;
	struct told told;
	struct ask a;

	bent_base(&a, &(struct bent_row){.base = GENM, .who = A});
	a.out.body = a.body;
	ck_assert_int_eq(cmp_message_encode(&a.out, &nothing, &der), 0);
	ask_send_octets(&a, &bent_house.worker, octets_view(&der), &told);
	ck_assert_int_eq(told.msg->body_type, ERR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_MESSAGE_CHECK);
	told_clear(&told);
	octets_clear(&der);
	ask_clear(&a);
}
END_TEST

static STACK_OF(ASN1_TYPE) * sequence_read(struct bytes der)
{
	const unsigned char *p = der.data;
	STACK_OF(ASN1_TYPE) *s = d2i_ASN1_SEQUENCE_ANY(NULL, &p, (long)der.len);

	ck_assert_ptr_nonnull(s);
	return s;
}

/* Puts that in the place of the protection, the third field of PKIMessage; NULL: nothing. */
static void protection_put(struct ask *a, bool is_protected, const char *protection)
{
	STACK_OF(ASN1_TYPE) *fields = sequence_read(octets_view(&a->sent));
	const unsigned char *p;
	unsigned char *der = NULL;
	uint8_t octets[64];
	size_t n;
	int len;

	if (is_protected)
		ASN1_TYPE_free(sk_ASN1_TYPE_delete(fields, 2));
	if (protection) {
		ck_assert_int_eq(hex_to_bytes(protection, octets, sizeof(octets), &n), 0);
		p = octets;
		ck_assert(sk_ASN1_TYPE_insert(fields, d2i_ASN1_TYPE(NULL, &p, (long)n), 2));
	}
	len = i2d_ASN1_SEQUENCE_ANY(fields, &der);
	octets_clear(&a->sent);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &a->sent), 0);
	OPENSSL_free(der);
	sk_ASN1_TYPE_pop_free(fields, ASN1_TYPE_free);
}

static const struct protection_row {
	const char *name;
	bool alg; /* whether protectionAlg is there */
	const char *protection;
	int failinfo;
	enum refusal_reason reason;
} protection_rows[] = {
	{"none", true, NULL, FAIL_BAD_MESSAGE_CHECK, REFUSAL_protection_missing_alg_given},
	{"neither", false, NULL, FAIL_BAD_MESSAGE_CHECK, REFUSAL_protection_missing},
	{"no algorithm", false, "a0050303000102", FAIL_BAD_ALG, REFUSAL_protection_alg_missing},
	{"empty", true, "a003030100", FAIL_BAD_MESSAGE_CHECK, REFUSAL_protection_empty},
	{"unused bits", true, "a0050303030108", FAIL_BAD_MESSAGE_CHECK,
	 REFUSAL_protection_unused_bits},
};

/* RFC 9483 3.2: protection and protectionAlg, both or neither, and whole octets. */
START_TEST(rfc9483_3_2_protection_form)
{
	const struct protection_row *row = &protection_rows[_i];
	struct cmp_protector nothing = {.kind = CMP_PROTECTION_NONE};
	struct told told;
	struct ask a;

	bent_base(&a, &(struct bent_row){.base = GENM, .who = A});
	ask_encode(&a);
	if (!row->alg) {
		octets_clear(&a.sent);
		ck_assert_int_eq(cmp_message_encode(&a.out, &nothing, &a.sent), 0);
	}
	protection_put(&a, row->alg, row->protection);
	ask_send_octets(&a, &bent_house.worker, octets_view(&a.sent), &told);
	ck_assert_int_eq(told.msg->body_type, ERR);
	ck_assert_int_eq(told_failinfo(&told), row->failinfo);
	bent_sentence_check(&told, row->reason);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* RFC 9483 3.1: recipient of another form, or the NULL-DN, is no reason to refuse. */
START_TEST(rfc9483_3_1_recipient_tolerated)
{
	static const uint8_t dns[] = {0x82, 3, 'c', 'm', 'f'};
	const struct bytes recipients[] = {BYTES_NULL, BYTES_OF(dns),
					   octets_view(&bent_house.issuing.sender)};
	struct told told;
	struct ask a;

	for (size_t i = 0; i < ARRAY_LEN(recipients); i++) {
		bent_base(&a, &(struct bent_row){.base = GENM, .who = A});
		a.out.recipient = recipients[i];
		ask_send(&a, &told);
		ck_assert_int_eq(told_failinfo(&told), -1);
		told_clear(&told);
		ask_clear(&a);
	}
}
END_TEST

/* An end entity: kur and rr of its own certificate, nothing else. */
START_TEST(end_entity_only_its_own)
{
	struct house_credential ee;
	struct told told;
	struct ask a;

	house_credential_adopt(&ee, bent_active_key, octets_view(&bent_active));
	ee.issuer = &bent_house.issuing;
	ask_new(&a, &bent_house, &ee);
	ask_certreq(&a, IR, "vnfci-a");
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, IP);
	ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
	told_clear(&told);
	ask_clear(&a);
	ask_new(&a, &bent_house, &ee);
	ask_register(&a, "VnfciCert", "vnfci-new", CERT_HANDLING_DELEGATION);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
	told_clear(&told);
	ask_clear(&a);
	/* RFC 9483 4.3: but it may ask for information. */
	ask_new(&a, &bent_house, &ee);
	ask_genm(&a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
	told_clear(&told);
	ask_clear(&a);
	house_credential_clear(&ee);
}
END_TEST

static Suite *door_refusals_suite(void)
{
	Suite *suite = suite_create("door_refusals");
	TCase *tcase = tcase_create("refusals");

	tcase_add_unchecked_fixture(tcase, bent_setup, bent_teardown);
	tcase_add_loop_test(tcase, refusal, 0, ARRAY_LEN(rows));
	tcase_add_test(tcase, unbent_is_accepted);
	tcase_add_test(tcase, rfc9483_3_5_one_octet_changed);
	tcase_add_test(tcase, rfc9811_garbage_and_truncation);
	tcase_add_test(tcase, rfc9483_3_5_unprotected);
	tcase_add_loop_test(tcase, rfc9483_3_2_protection_form, 0, ARRAY_LEN(protection_rows));
	tcase_add_test(tcase, rfc9483_3_1_recipient_tolerated);
	tcase_add_test(tcase, end_entity_only_its_own);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_refusals_suite, SUITE_ONE_PROCESS)
