// SPDX-License-Identifier: Apache-2.0
/*
 * Revocation passphrases at the CMP door, RFC 9810 5.3.19.9 and Appendix B: left with a genm that
 * an entity signs, used in an rr when its key is gone, and good for nothing else. The EnvelopedData
 * is made by libcrypto's CMS.
 */
#include "granted.h"
#include "suite.h"

#include "asn1/der.h"
#include "asn1/envelope.h"

#include <check.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <string.h>

#define OID_CA_PROT_ENC_CERT "1.3.6.1.5.5.7.4.1"
#define OID_REV_PASSPHRASE   "1.3.6.1.5.5.7.4.12"

static const char passphrase[] = "a relatively long passphrase";
static const uint8_t chosen_id[] = "chosen by the entity";

/* Two certificates of one entity and one of another, with their keys. */
static struct house_credential first, second, foreign;

static void enrol(struct house_credential *c, const char *cn)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, cn);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	house_credential_adopt(c, a.key, told_certificate(&told));
	c->issuer = &granted_house.issuing;
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	granted_done(&a, &told);
}

static void setup(void)
{
	granted_setup();
	house_register(&granted_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-other");
	enrol(&first, "vnfci-a");
	enrol(&second, "vnfci-a");
	enrol(&foreign, "vnfci-other");
}

static void teardown(void)
{
	house_credential_clear(&first);
	house_credential_clear(&second);
	house_credential_clear(&foreign);
	granted_teardown();
}

/* --- EncryptedKey --- */

/* EnvelopedData out of ContentInfo ::= SEQUENCE { contentType, content [0] }. */
static struct octets enveloped_data(CMS_ContentInfo *cms)
{
	struct octets out = OCTETS_NULL;
	unsigned char *der = NULL;
	struct bytes in, tlv, content, envelope;
	int len = i2d_CMS_ContentInfo(cms, &der);
	uint8_t tag;

	in = (struct bytes){der, (size_t)len};
	ck_assert(len > 0 && !der_next(&in, &tag, &tlv, &content));
	ck_assert(!der_next(&content, &tag, &tlv, &in) &&
		  !der_next(&content, &tag, &tlv, &envelope));
	ck_assert_int_eq(octets_dup(envelope, &out), 0);
	OPENSSL_free(der);
	return out;
}

static struct octets encrypt(const char *text)
{
	STACK_OF(CMS_RecipientInfo) * infos;
	struct octets out;
	EVP_PKEY_CTX *ctx;
	BIO *content = BIO_new_mem_buf(text, -1);
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_cbc(), CMS_BINARY | CMS_PARTIAL);

	ck_assert(cms && CMS_add1_recipient_cert(cms, granted_house.encryption.cert,
						 CMS_KEY_PARAM | CMS_USE_KEYID));
	infos = CMS_get0_RecipientInfos(cms);
	ctx = CMS_RecipientInfo_get0_pkey_ctx(sk_CMS_RecipientInfo_value(infos, 0));
	ck_assert(ctx && EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0);
	ck_assert(CMS_final(cms, content, NULL, CMS_BINARY));
	out = enveloped_data(cms);
	CMS_ContentInfo_free(cms);
	BIO_free(content);
	return out;
}

/* Adds unprotectedAttrs with one localKeyId, RFC 2985 5.5.2. */
static void key_id_add(struct octets *envelope, struct bytes id)
{
	static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x15};
	struct der_writer w = DER_WRITER_NULL;
	struct bytes in = octets_view(envelope), tlv, content;
	size_t whole = der_mark(&w), mark;
	uint8_t tag;

	ck_assert(!der_next(&in, &tag, &tlv, &content));
	mark = whole;
	der_put_value(&w, V_ASN1_OCTET_STRING, id);
	der_put_header(&w, 0x31, mark);
	der_put_value(&w, V_ASN1_OBJECT, BYTES_OF(oid));
	der_put_header(&w, 0x30, mark);
	der_put_header(&w, 0xa1, mark);
	der_put(&w, content);
	der_put_header(&w, 0x30, whole);
	octets_clear(envelope);
	ck_assert_int_eq(der_writer_take(&w, envelope), 0);
}

/* --- leaving a passphrase --- */

/* Sends the EncryptedKey; expects that failInfo, or the answer of RFC 9810 B. Frees the value. */
static void leave(const struct house_credential *who, struct octets value, int failinfo)
{
	const InfoTypeAndValue *itav;
	struct told told;
	struct ask a;
	char text[64];

	ask_new(&a, &granted_house, who);
	a.out.pvno = 3;
	ask_genm(&a, OID_REV_PASSPHRASE, octets_view(&value));
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	if (failinfo < 0) {
		ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
		itav = sk_InfoTypeAndValue_value(told.msg->body->value.genmsg, 0);
		OBJ_obj2txt(text, sizeof(text), itav->infoType, 1);
		ck_assert_str_eq(text, OID_REV_PASSPHRASE);
		ck_assert(!itav->infoValue);
	}
	told_clear(&told);
	ask_clear(&a);
	octets_clear(&value);
}

static struct octets key_of(struct octets envelope)
{
	envelope_to_encrypted_key(&envelope);
	return envelope;
}

static struct octets passphrase_value(struct bytes id)
{
	struct octets envelope = encrypt(passphrase);

	if (id.len)
		key_id_add(&envelope, id);
	return key_of(envelope);
}

/* --- using it --- */

static void mac_new(struct ask *a, struct bytes reference, const char *secret)
{
	ask_new(a, &granted_house, NULL);
	a->out.sender_kid = reference;
	a->secret = bytes_of_string(secret);
}

/* An rr under the passphrase; expects that body and failInfo. */
static void revoke(struct bytes reference, const char *secret, const struct house_credential *cert,
		   int body, int failinfo)
{
	struct ask a;

	mac_new(&a, reference, secret);
	ask_rr(&a, octets_view(&cert->der), 1);
	granted_expect(&a, body, failinfo);
}

static int state(const struct house_credential *cert)
{
	return granted_state(octets_view(&cert->der));
}

START_TEST(rfc9810_b_revokes_what_the_entity_has)
{
	struct bytes id = BYTES_OF(chosen_id);

	leave(&first, passphrase_value(id), -1);
	revoke(id, passphrase, &first, PKI_BODY_RP, -1);
	ck_assert_int_eq(state(&first), STORE_CERT_REVOKED);
	/* RFC 9810 B: the same passphrase for several of the entity's certificates. */
	revoke(id, passphrase, &second, PKI_BODY_RP, -1);
	ck_assert_int_eq(state(&second), STORE_CERT_REVOKED);
	revoke(id, passphrase, &foreign, PKI_BODY_RP, FAIL_BAD_CERT_ID);
	ck_assert_int_eq(state(&foreign), STORE_CERT_ACTIVE);
}
END_TEST

/* Without localKeyId it is the identifier of the key that signed. */
START_TEST(rfc9810_b_without_local_key_id)
{
	leave(&first, passphrase_value(BYTES_NULL), -1);
	revoke(octets_view(&first.sender_kid), passphrase, &second, PKI_BODY_RP, -1);
	ck_assert_int_eq(state(&second), STORE_CERT_REVOKED);
}
END_TEST

/* The newest counts; it is the entity's, whichever of its certificates left it. */
START_TEST(rfc9810_b_updated_at_any_time)
{
	static const uint8_t other_id[] = "another";
	struct bytes id = BYTES_OF(chosen_id), other = BYTES_OF(other_id);

	leave(&first, passphrase_value(id), -1);
	leave(&second, passphrase_value(other), -1);
	revoke(other, passphrase, &first, PKI_BODY_RP, -1);
	leave(&second, passphrase_value(id), -1);
	revoke(id, passphrase, &second, PKI_BODY_RP, -1);
}
END_TEST

/* One that was given up does not come back with the message that brought it, kept by somebody. */
START_TEST(rfc9810_b_not_by_a_replay)
{
	static const uint8_t other_id[] = "another";
	struct bytes id = BYTES_OF(chosen_id);
	struct octets value = passphrase_value(id);
	struct told told, again;
	struct ask a;

	ask_new(&a, &granted_house, &first);
	a.out.pvno = 3;
	if (_i == 0) {
		ask_genm(&a, OID_REV_PASSPHRASE, octets_view(&value));
	} else {
		ask_genm(&a, OID_CA_PROT_ENC_CERT, BYTES_NULL);
		ask_info_add(&a, OID_REV_PASSPHRASE, octets_view(&value));
	}
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
	leave(&second, passphrase_value(BYTES_OF(other_id)), -1);
	ask_send_octets(&a, &granted_house.worker, octets_view(&a.sent), &again);
	ck_assert(bytes_equal(octets_view(&told.der), octets_view(&again.der)));
	revoke(id, passphrase, &first, PKI_BODY_ERROR, FAIL_BAD_MESSAGE_CHECK);
	revoke(BYTES_OF(other_id), passphrase, &first, PKI_BODY_RP, -1);
	octets_clear(&value);
	told_clear(&again);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9810_b_wrong_passphrase)
{
	struct bytes id = BYTES_OF(chosen_id);
	struct told told;
	struct ask a;

	leave(&first, passphrase_value(id), -1);
	mac_new(&a, id, "another long passphrase");
	ask_rr(&a, octets_view(&first.der), 1);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_MESSAGE_CHECK);
	/* Nothing to guess it with. */
	ck_assert(!told_mac(&told));
	ck_assert_int_eq(state(&first), STORE_CERT_ACTIVE);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

START_TEST(rfc9810_b_good_for_rr_only)
{
	struct bytes id = BYTES_OF(chosen_id);
	struct ask a;

	leave(&first, passphrase_value(id), -1);
	mac_new(&a, id, passphrase);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
	granted_expect(&a, PKI_BODY_ERROR, FAIL_NOT_AUTHORIZED);
	mac_new(&a, id, passphrase);
	ask_genm(&a, OID_CA_PROT_ENC_CERT, BYTES_NULL);
	granted_expect(&a, PKI_BODY_ERROR, FAIL_NOT_AUTHORIZED);
	mac_new(&a, id, passphrase);
	ask_register(&a, "VnfciCert", "vnfci-new", 1);
	granted_expect(&a, PKI_BODY_ERROR, FAIL_NOT_AUTHORIZED);
}
END_TEST

/* --- in generalInfo --- */

/* Sends with a passphrase in the header; frees. The answer has that failInfo and says so or not. */
static void send_with(struct ask *a, struct octets value, int failinfo, int body)
{
	const InfoTypeAndValue *itav;
	ASN1_OBJECT *type = OBJ_txt2obj(OID_REV_PASSPHRASE, 1);
	struct told told;

	ask_info_add(a, OID_REV_PASSPHRASE, octets_view(&value));
	ask_send(a, &told);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	ck_assert_int_eq(told.msg->body_type, body);
	itav = cmp_message_general_info(told.msg, type);
	ck_assert_int_eq(!!itav, failinfo < 0);
	ck_assert(!itav || !itav->infoValue);
	ASN1_OBJECT_free(type);
	octets_clear(&value);
	told_clear(&told);
	ask_clear(a);
}

START_TEST(rfc9810_b_in_general_info)
{
	struct bytes id = BYTES_OF(chosen_id);
	struct octets next = encrypt("the next long passphrase");
	struct ask a;

	ask_new(&a, &granted_house, &second);
	ask_rr(&a, octets_view(&second.der), 4);
	send_with(&a, passphrase_value(id), -1, PKI_BODY_RP);
	ck_assert_int_eq(state(&second), STORE_CERT_REVOKED);
	/* Under the passphrase, and with the next one. */
	mac_new(&a, id, passphrase);
	ask_rr(&a, octets_view(&first.der), 4);
	send_with(&a, key_of(next), -1, PKI_BODY_RP);
	ck_assert_int_eq(state(&first), STORE_CERT_REVOKED);
	revoke(id, passphrase, &first, PKI_BODY_ERROR, FAIL_BAD_MESSAGE_CHECK);
	revoke(id, "the next long passphrase", &first, PKI_BODY_RP, FAIL_CERT_REVOKED);
}
END_TEST

/*
 * RFC 9483 3.5: an rr under a passphrase that brings the next one gets its answer once more, under
 * the passphrase that it was sent with, which is good for nothing else.
 */
START_TEST(rfc9810_b_replaced_by_an_rr_that_comes_again)
{
	struct octets next = encrypt("the next long passphrase");
	struct octets more = key_of(encrypt("another long passphrase"));
	struct bytes id = BYTES_OF(chosen_id);
	struct told told, again;
	struct ask a, other;

	leave(&first, passphrase_value(id), -1);
	mac_new(&a, id, passphrase);
	if (_i)
		key_id_add(&next, BYTES_OF("another reference"));
	next = key_of(next);
	ask_rr(&a, octets_view(&first.der), 4);
	ask_info_add(&a, OID_REV_PASSPHRASE, octets_view(&next));
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_RP);
	ask_send_octets(&a, &granted_house.worker, octets_view(&a.sent), &again);
	ck_assert(bytes_equal(octets_view(&told.der), octets_view(&again.der)));
	/* Another message of that transaction under it: no rr, and no next passphrase either. */
	mac_new(&other, id, passphrase);
	other.out.transaction_id = a.out.transaction_id;
	ask_rr(&other, octets_view(&second.der), 4);
	granted_expect(&other, PKI_BODY_ERROR, FAIL_TRANSACTION_ID_IN_USE);
	ask_pollreq(&other, &a, &told, -1);
	other.secret = bytes_of_string(passphrase);
	other.out.sender_kid = id;
	ask_info_add(&other, OID_REV_PASSPHRASE, octets_view(&more));
	granted_expect(&other, PKI_BODY_ERROR, FAIL_NOT_AUTHORIZED);
	revoke(id, passphrase, &second, PKI_BODY_ERROR, FAIL_BAD_MESSAGE_CHECK);
	revoke(_i ? BYTES_OF("another reference") : id, "the next long passphrase", &second,
	       PKI_BODY_RP, -1);
	octets_clear(&next);
	octets_clear(&more);
	told_clear(&again);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9810_b_in_general_info_refused)
{
	struct bytes id = BYTES_OF(chosen_id);
	struct octets value = passphrase_value(id);
	struct ask a;

	ask_new(&a, &granted_house, &first);
	ask_rr(&a, octets_view(&first.der), 4);
	send_with(&a, encrypt(passphrase), FAIL_BAD_DATA_FORMAT, PKI_BODY_ERROR);
	ask_new(&a, &granted_house, &first);
	ask_rr(&a, octets_view(&first.der), 4);
	ask_info_add(&a, OID_REV_PASSPHRASE, octets_view(&value));
	send_with(&a, passphrase_value(id), FAIL_BAD_DATA_FORMAT, PKI_BODY_ERROR);
	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_rr(&a, octets_view(&first.der), 4);
	send_with(&a, passphrase_value(id), FAIL_NOT_AUTHORIZED, PKI_BODY_ERROR);
	ck_assert_int_eq(state(&first), STORE_CERT_ACTIVE);
	octets_clear(&value);
}
END_TEST

/* --- refused --- */

START_TEST(rfc9810_5_3_19_9_refused)
{
	const uint8_t mac_reference[] = HOUSE_MAC_REFERENCE;
	struct bytes id = BYTES_OF(chosen_id);
	struct octets value = encrypt(passphrase);
	uint8_t long_id[65] = {0};

	/* RFC 9810 B: EncryptedValue, the other alternative, is a SEQUENCE. */
	leave(&first, value, FAIL_BAD_DATA_FORMAT);
	leave(&first, OCTETS_NULL, FAIL_BAD_DATA_FORMAT);
	/* Told by nothing from what does not decrypt. */
	leave(&first, key_of(encrypt("too short")), FAIL_BAD_DATA_FORMAT);
	leave(&first, key_of(encrypt("long enough, and no text\x01")), FAIL_BAD_DATA_FORMAT);
	leave(&first, key_of(encrypt("long enough, and no UTF-8 \xc0\x80")), FAIL_BAD_DATA_FORMAT);
	leave(&first, passphrase_value(BYTES_OF(long_id)), FAIL_BAD_DATA_FORMAT);
	/* Of a client, which has its own ways. */
	leave(&granted_house.vnfm_a, passphrase_value(id), FAIL_NOT_AUTHORIZED);
	leave(NULL, passphrase_value(id), FAIL_NOT_AUTHORIZED);
	/* A reference that somebody has. */
	leave(&first, passphrase_value((struct bytes){mac_reference, sizeof(mac_reference) - 1}),
	      FAIL_BAD_REQUEST);
	leave(&first, passphrase_value(id), -1);
	leave(&foreign, passphrase_value(id), FAIL_BAD_REQUEST);
	/* What was changed on the way in; for nobody else it is opened. */
	for (int i = 0; i < 2; i++) {
		value = passphrase_value(BYTES_NULL);
		value.data[value.len - 20] ^= 1;
		leave(i ? &granted_house.vnfm_a : &first, value,
		      i ? FAIL_NOT_AUTHORIZED : FAIL_BAD_DATA_FORMAT);
	}
}
END_TEST

START_TEST(rfc9810_5_3_19_1_ca_prot_enc_cert)
{
	const struct house_credential *const who[] = {&first, &granted_house.vnfm_a, NULL};
	const struct octets *der = &granted_house.encryption.der;
	const ASN1_TYPE *value;
	struct told told;
	struct ask a;

	for (size_t i = 0; i < ARRAY_LEN(who); i++) {
		ask_new(&a, &granted_house, who[i]);
		ask_genm(&a, OID_CA_PROT_ENC_CERT, BYTES_NULL);
		ask_send(&a, &told);
		ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
		value = sk_InfoTypeAndValue_value(told.msg->body->value.genmsg, 0)->infoValue;
		ck_assert(value && value->type == V_ASN1_SEQUENCE);
		ck_assert_uint_eq((size_t)value->value.sequence->length, der->len);
		ck_assert_mem_eq(value->value.sequence->data, der->data, der->len);
		granted_done(&a, &told);
	}
}
END_TEST

static Suite *door_rev_passphrase_suite(void)
{
	Suite *suite = suite_create("revocation passphrases");
	TCase *tc = tcase_create("revPassphrase");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc9810_b_revokes_what_the_entity_has);
	tcase_add_test(tc, rfc9810_b_without_local_key_id);
	tcase_add_test(tc, rfc9810_b_updated_at_any_time);
	tcase_add_loop_test(tc, rfc9810_b_not_by_a_replay, 0, 2);
	tcase_add_test(tc, rfc9810_b_wrong_passphrase);
	tcase_add_test(tc, rfc9810_b_good_for_rr_only);
	tcase_add_test(tc, rfc9810_b_in_general_info);
	tcase_add_loop_test(tc, rfc9810_b_replaced_by_an_rr_that_comes_again, 0, 2);
	tcase_add_test(tc, rfc9810_b_in_general_info_refused);
	tcase_add_test(tc, rfc9810_5_3_19_9_refused);
	tcase_add_test(tc, rfc9810_5_3_19_1_ca_prot_enc_cert);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(door_rev_passphrase_suite, SUITE_ONE_PROCESS)
