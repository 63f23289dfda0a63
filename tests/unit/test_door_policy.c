// SPDX-License-Identifier: Apache-2.0
/*
 * The switches of [client_policy NAME] for what deployed clients do otherwise: each once as it is
 * by default, and once switched.
 */
#include "ask.h"
#include "suite.h"

#include "asn1/algorithm.h"

#include <check.h>
#include <string.h>

#define IP  PKI_BODY_IP
#define CP  PKI_BODY_CP
#define ERR PKI_BODY_ERROR

static struct house house;

static void house_with(const char *switched)
{
	char sections[400];

	snprintf(sections, sizeof(sections), "[client_policy default]\n%s\n",
		 switched ? switched : "");
	house_open(&house, "", sections);
	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(&house, "no-signature", CERT_TYPE_VNFCI, "vnfci-n");
	house_register(&house, "mac", CERT_TYPE_VNFCI, "vnfci-mac");
}

/* --- requests --- */

/* A GeneralName of what ask_send() borrows. */
static struct octets sender;

static void sender_put(struct ask *a, GENERAL_NAME *name)
{
	unsigned char *der = NULL;
	int len = i2d_GENERAL_NAME(name, &der);

	octets_clear(&sender);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &sender), 0);
	a->out.sender = octets_view(&sender);
	OPENSSL_free(der);
	GENERAL_NAME_free(name);
}

static void sender_cn(struct ask *a, const char *cn, int type)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	X509_NAME *dn = X509_NAME_new();

	if (cn)
		ck_assert_int_eq(
			X509_NAME_add_entry_by_txt(dn, "CN", type, (const uint8_t *)cn, -1, -1, 0),
			1);
	name->type = GEN_DIRNAME;
	name->d.directoryName = dn;
	sender_put(a, name);
}

static void as_it_is(struct ask *a)
{
	(void)a;
}

/* The certificate has a UTF8String; RFC 5280 7.1 compares without regard to case. */
static void sender_encoded_anew(struct ask *a)
{
	sender_cn(a, "VNFM-A", V_ASN1_PRINTABLESTRING);
}

static void sender_empty(struct ask *a)
{
	sender_cn(a, NULL, 0);
}

static void sender_other(struct ask *a)
{
	a->out.sender = octets_view(&house.vnfm_b.sender);
}

static void sender_other_form(struct ask *a)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *mail = ASN1_IA5STRING_new();

	ck_assert_int_eq(ASN1_STRING_set(mail, "vnfm-a@example.net", -1), 1);
	GENERAL_NAME_set0_value(name, GEN_EMAIL, mail);
	sender_put(a, name);
}

static void sender_and_kid_other(struct ask *a)
{
	sender_other(a);
	a->out.sender_kid = octets_view(&house.vnfm_b.sender_kid);
}

/* The signer cannot be found by it, for it is not there. */
static void sender_other_and_no_kid(struct ask *a)
{
	sender_other(a);
	a->out.sender_kid = BYTES_NULL;
}

static void time_none(struct ask *a)
{
	a->out.message_time_ms = 0;
}

static void kid_none(struct ask *a)
{
	a->out.sender_kid = BYTES_NULL;
}

static void sender_reference(struct ask *a)
{
	sender_cn(a, HOUSE_MAC_REFERENCE, V_ASN1_UTF8STRING);
}

static void kid_none_but_sender_reference(struct ask *a)
{
	sender_reference(a);
	a->out.sender_kid = BYTES_NULL;
}

static void kid_none_and_sender_other_form(struct ask *a)
{
	sender_other_form(a);
	a->out.sender_kid = BYTES_NULL;
}

static void subject_none(struct ask *a)
{
	CertTemplate *t = ask_request(a)->certReq->certTemplate;

	X509_NAME_free(t->subject);
	t->subject = NULL;
	ask_reg_info(a, "vnfcId?vnfci-a%");
}

static void subject_empty(struct ask *a)
{
	subject_none(a);
	ask_request(a)->certReq->certTemplate->subject = X509_NAME_new();
}

static void subject_empty_san(struct ask *a)
{
	subject_empty(a);
	ask_extension(a, NID_subject_alt_name, "DNS:vnfci-a");
}

static void san_of_another(struct ask *a)
{
	subject_empty(a);
	ask_extension(a, NID_subject_alt_name, "DNS:vnfci-b");
}

static void subject_of_nobody(struct ask *a)
{
	subject_empty(a);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(ask_request(a)->certReq->certTemplate->subject,
						    "O", MBSTRING_UTF8, (const uint8_t *)"x", -1,
						    -1, 0),
			 1);
}

static void pop_pss(struct ask *a, int digest_nid)
{
	POPOSigningKey *pop;

	/* It is judged before it is verified. */
	ask_encode(a);
	a->keep_pop = true;
	pop = ask_request(a)->popo->value.signature;
	X509_ALGOR_free(pop->algorithmIdentifier);
	pop->algorithmIdentifier = pss_algorithm_new(digest_nid);
}

static void pop_pss_sha256(struct ask *a)
{
	pop_pss(a, NID_sha256);
}

static void pop_pss_sha384(struct ask *a)
{
	pop_pss(a, NID_sha384);
}

/* --- ONAP's CertService; RAs that replace the protection --- */

static void implicit_confirm_no_value(struct ask *a)
{
	ask_info_add(a, "1.3.6.1.5.5.7.4.13", BYTES_NULL);
}

static void cert_req_id_of_chance(struct ask *a)
{
	ASN1_INTEGER_set(ask_request(a)->certReq->certReqId, 1737430);
}

static void cert_req_id_negative(struct ask *a)
{
	ASN1_INTEGER_set(ask_request(a)->certReq->certReqId, -1);
}

static void signing_alg(struct ask *a)
{
	CertTemplate *t = ask_request(a)->certReq->certTemplate;

	t->signingAlg = X509_ALGOR_new();
	X509_ALGOR_set0(t->signingAlg, OBJ_nid2obj(NID_sha256WithRSAEncryption), V_ASN1_NULL, NULL);
}

static void serial_number(struct ask *a, long number)
{
	CertTemplate *t = ask_request(a)->certReq->certTemplate;

	t->serialNumber = ASN1_INTEGER_new();
	ASN1_INTEGER_set(t->serialNumber, number);
}

static void serial_number_0(struct ask *a)
{
	serial_number(a, 0);
}

static void serial_number_1(struct ask *a)
{
	serial_number(a, 1);
}

static void issuer_set(struct ask *a, const char *cn)
{
	CertTemplate *t = ask_request(a)->certReq->certTemplate;

	t->issuer = X509_NAME_new();
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(t->issuer, "CN", MBSTRING_UTF8,
						    (const uint8_t *)cn, -1, -1, 0),
			 1);
}

static void issuer_of_nobody(struct ask *a)
{
	issuer_set(a, "CA of a vendor");
}

static void issuer_is_another_ca(struct ask *a)
{
	issuer_set(a, "central");
}

enum who { A, NO_SIGNATURE, MAC };
enum { GRANTED = -1 };

#define OTHER_CA                                            \
	"[ca other]\ntype = upstream\n"                     \
	"server_url = http://127.0.0.1:9/\n"                \
	"certificate = central.pem\nchain = root.pem\n"     \
	"trusted = root.pem\nexpect_sender = /CN=central\n" \
	"ra_certificate = ra.pem\nra_key = ra.key"

/* NULL: as it is by default. */
static const struct request_row {
	const char *name;
	const char *key;
	enum who who;
	void (*bend)(struct ask *a);
	int reason; /* GRANTED */
} request_rows[] = {
	{"RFC 5280 7.1 name", NULL, A, sender_encoded_anew, GRANTED},
	{"octets: name", "sender_match = octets", A, sender_encoded_anew, REFUSAL_signer_mismatch},
	{"octets: none", "sender_match = octets", A, sender_empty, REFUSAL_signer_mismatch},
	{"octets: the same", "sender_match = octets", A, as_it_is, GRANTED},
	{"RFC 9483 3.5 NULL-DN", NULL, A, sender_empty, REFUSAL_signer_mismatch},
	{"any: NULL-DN", "sender_match = any", A, sender_empty, GRANTED},
	{"RFC 9483 3.5 other", NULL, A, sender_other, REFUSAL_signer_mismatch},
	{"any: other", "sender_match = any", A, sender_other, GRANTED},
	{"RFC 9483 3.1 form", NULL, A, sender_other_form, REFUSAL_signer_mismatch},
	{"any: form", "sender_match = any", A, sender_other_form, GRANTED},
	{"any: first", "sender_match = any", A, sender_other_and_no_kid, GRANTED},
	{"any: senderKID counts", "sender_match = any", A, sender_and_kid_other,
	 REFUSAL_signer_mismatch},
	/* Somebody else's policy is not that of the signer. */
	{"any: of another", "sender_match = name\n[client_policy other]\nsender_match = any", A,
	 sender_other, REFUSAL_signer_mismatch},
	{"RFC 4210 5.1.1 no senderKID", NULL, A, kid_none, GRANTED},
	{"RFC 9483 3.1 no senderKID", "sender_kid_required = yes", A, kid_none,
	 REFUSAL_sender_kid_missing},
	{"RFC 9483 3.5 no messageTime", "message_time_required = yes", A, time_none,
	 REFUSAL_message_time_missing},
	{"RFC 9483 3.5 messageTime", "message_time_required = yes", A, as_it_is, GRANTED},
	{"RFC 9483 3.1 messageTime is optional", NULL, A, time_none, GRANTED},
	{"RFC 9483 3.1 senderKID", "sender_kid_required = yes", A, as_it_is, GRANTED},
	{"MAC: sender", NULL, MAC, as_it_is, GRANTED},
	{"RFC 9483 4.1.5 sender", "mac_sender_is_reference = yes", MAC, as_it_is,
	 REFUSAL_mac_sender_mismatch},
	{"RFC 9483 4.1.5 form", "mac_sender_is_reference = yes", MAC, sender_other_form,
	 REFUSAL_mac_sender_mismatch},
	{"RFC 9483 4.1.5 reference", "mac_sender_is_reference = yes", MAC, sender_reference,
	 GRANTED},
	{"MAC: no senderKID", NULL, MAC, kid_none_but_sender_reference,
	 REFUSAL_mac_reference_unknown},
	{"MAC: from sender", "mac_reference_from_sender = yes", MAC, kid_none_but_sender_reference,
	 GRANTED},
	{"MAC: from another sender", "mac_reference_from_sender = yes", MAC, kid_none,
	 REFUSAL_mac_reference_unknown},
	{"MAC: from no name", "mac_reference_from_sender = yes", MAC,
	 kid_none_and_sender_other_form, REFUSAL_mac_reference_unknown},
	{"RFC 9483 3.2 keyUsage", NULL, NO_SIGNATURE, as_it_is, REFUSAL_signer_key_usage},
	{"any keyUsage", "signer_any_key_usage = yes", NO_SIGNATURE, as_it_is, GRANTED},
	{"RFC 9481 7 group", "ec_bits_min = 384", A, as_it_is, REFUSAL_signer_key_weak},
	{"group: as long", "ec_bits_min = 256", A, as_it_is, GRANTED},
	{"RFC 9481 7 digest", "digest_bits_min = 384", A, as_it_is, REFUSAL_protection_digest_weak},
	{"digest: as long", "digest_bits_min = 256", A, as_it_is, GRANTED},
	{"RFC 9481 7 digest of POP", "digest_bits_min = 384", MAC, as_it_is,
	 REFUSAL_pop_digest_weak},
	{"digest of POP, PSS", "digest_bits_min = 384", MAC, pop_pss_sha256,
	 REFUSAL_pop_digest_weak},
	{"digest of POP, PSS: as long", "digest_bits_min = 384", MAC, pop_pss_sha384,
	 REFUSAL_pop_alg_mismatch},
	{"RFC 4211 4.1 no subject", NULL, A, subject_none, REFUSAL_pop_input_missing},
	{"no subject", "absent_subject = yes", A, subject_none, GRANTED},
	{"RFC 9483 4.1.1 empty subject", NULL, A, subject_empty, REFUSAL_template_names_nobody},
	{"RFC 9483 4.1.1 empty subject and SAN", NULL, A, subject_empty_san, GRANTED},
	{"RFC 9483 4.1.1 SAN of another", NULL, A, san_of_another,
	 REFUSAL_template_san_not_allowed},
	{"RFC 9483 4.1.1 subject without name", NULL, A, subject_of_nobody,
	 REFUSAL_template_names_nobody},
	{"empty subject", "absent_subject = yes", A, subject_empty, GRANTED},
	{"RFC 9483 3.1 implicitConfirm", NULL, A, implicit_confirm_no_value,
	 REFUSAL_implicit_confirm_malformed},
	{"implicitConfirm", "implicit_confirm_no_value = yes", MAC, implicit_confirm_no_value,
	 GRANTED},
	{"RFC 9483 4.1.1 certReqId", NULL, A, cert_req_id_of_chance, REFUSAL_cert_req_id_wrong},
	{"certReqId", "cert_req_id_any = yes", A, cert_req_id_of_chance, GRANTED},
	{"certReqId: negative", "cert_req_id_any = yes", A, cert_req_id_negative,
	 REFUSAL_cert_req_id_invalid},
	{"RFC 4211 5 signingAlg", NULL, A, signing_alg, REFUSAL_template_signing_alg},
	{"signingAlg", "template_extras = yes", MAC, signing_alg, GRANTED},
	{"RFC 4211 5 serialNumber", NULL, A, serial_number_0, REFUSAL_template_serial_number},
	{"serialNumber", "template_extras = yes", A, serial_number_0, GRANTED},
	{"serialNumber: a wish", "template_extras = yes", A, serial_number_1,
	 REFUSAL_template_serial_number},
	{"RFC 4211 5 issuer", NULL, A, issuer_of_nobody, REFUSAL_template_issuer},
	{"issuer", "issuer_unknown = yes", A, issuer_of_nobody, GRANTED},
	{"issuer: a wish", "issuer_unknown = yes\n" OTHER_CA, A, issuer_is_another_ca,
	 REFUSAL_template_issuer},
};

static void row_ask(struct ask *a, enum who who)
{
	static const char *const entity[] = {"vnfci-a", "vnfci-n", "vnfci-mac"};
	const struct house_credential *const signer[] = {&house.vnfm_a, &house.no_signature, NULL};

	ask_new(a, &house, signer[who]);
	ask_certreq(a, PKI_BODY_IR, entity[who]);
}

static void text_check(const struct told *told, int reason)
{
	const ASN1_UTF8STRING *text = sk_ASN1_UTF8STRING_value(told_status(told)->statusString, 0);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq((const char *)ASN1_STRING_get0_data(text),
			 refusal_text((enum refusal_reason)reason));
}

/* Twice: the second time the signer is remembered. */
START_TEST(request)
{
	const struct request_row *row = &request_rows[_i];
	struct told told;
	struct ask a;

	house_with(row->key);
	for (int i = 0; i < 2; i++) {
		row_ask(&a, row->who);
		row->bend(&a);
		ask_send(&a, &told);
		if (row->reason == GRANTED) {
			ck_assert_msg(told_failinfo(&told) == -1, "%s: refused", row->name);
			ck_assert_int_eq(told.msg->body_type, IP);
		} else {
			ck_assert_msg(told_failinfo(&told) != -1, "%s: granted", row->name);
			text_check(&told, row->reason);
		}
		told_clear(&told);
		ask_clear(&a);
	}
	house_close(&house);
	octets_clear(&sender);
}
END_TEST

/* A remembered signer goes through the same checks. */
START_TEST(remembered_signer)
{
	struct told told;
	struct ask a;

	house_with("sender_match = octets\nsender_kid_required = yes");
	for (int i = 0; i < 3; i++) {
		row_ask(&a, A);
		if (i == 1)
			sender_encoded_anew(&a);
		if (i == 2)
			kid_none(&a);
		ask_send(&a, &told);
		ck_assert_int_eq(told_failinfo(&told), i ? FAIL_BAD_MESSAGE_CHECK : -1);
		told_clear(&told);
		ask_clear(&a);
	}
	house_close(&house);
	octets_clear(&sender);
}
END_TEST

/* --- p10cr --- */

/* RFC 9483 4.1.4: -1; what the answer says, what certConf may say. */
static const struct p10_row {
	const char *key;
	int answered;
	int confirmed;
	int body;
} p10_rows[] = {
	{NULL, -1, -1, PKI_BODY_PKICONF},
	{NULL, -1, 0, PKI_BODY_PKICONF},
	{"p10cr_accept_0 = no", -1, -1, PKI_BODY_PKICONF},
	{"p10cr_accept_0 = no", -1, 0, ERR},
	{"p10cr_answer_0 = yes", 0, 0, PKI_BODY_PKICONF},
	{"p10cr_answer_0 = yes", 0, -1, PKI_BODY_PKICONF},
	{"p10cr_answer_0 = yes", 0, 1, ERR},
};

START_TEST(rfc9483_4_1_4_p10cr_id)
{
	const struct p10_row *row = &p10_rows[_i];
	struct ask a, conf;
	struct told told;
	int64_t id;

	house_with(row->key);
	ask_new(&a, &house, &house.vnfm_a);
	ask_p10cr(&a, "vnfci-a");
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, CP);
	ck_assert_int_eq(ASN1_INTEGER_get_int64(&id, told_response(&told, 0)->certReqId), 1);
	ck_assert_int_eq(id, row->answered);
	ask_certconf(&conf, &a, &told, PKI_STATUS_ACCEPTED);
	ASN1_INTEGER_set(sk_CertStatus_value(conf.body->value.certConf, 0)->certReqId,
			 row->confirmed);
	told_clear(&told);
	ask_send(&conf, &told);
	ck_assert_int_eq(told.msg->body_type, row->body);
	told_clear(&told);
	ask_clear(&conf);
	ask_clear(&a);
	house_close(&house);
}
END_TEST

/* A refusal has the same certReqId. */
START_TEST(rfc9483_4_1_4_p10cr_refused_id)
{
	struct told told;
	struct ask a;
	int64_t id;

	house_with(_i ? "p10cr_answer_0 = yes" : NULL);
	ask_new(&a, &house, &house.vnfm_a);
	ask_p10cr(&a, "unregistered");
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
	ck_assert_int_eq(ASN1_INTEGER_get_int64(&id, told_response(&told, 0)->certReqId), 1);
	ck_assert_int_eq(id, _i ? 0 : -1);
	told_clear(&told);
	ask_clear(&a);
	house_close(&house);
}
END_TEST

/* --- certReqId, and the key of kur --- */

/* Whatever it is, it is that of the answer, and of certConf. */
START_TEST(cert_req_id_echoed)
{
	struct ask a, conf;
	struct told told;
	int64_t id;

	house_with("cert_req_id_any = yes");
	row_ask(&a, A);
	cert_req_id_of_chance(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, IP);
	ck_assert_int_eq(ASN1_INTEGER_get_int64(&id, told_response(&told, 0)->certReqId), 1);
	ck_assert_int_eq(id, 1737430);
	ask_certconf(&conf, &a, &told, PKI_STATUS_ACCEPTED);
	ASN1_INTEGER_set(sk_CertStatus_value(conf.body->value.certConf, 0)->certReqId,
			 _i ? 0 : 1737430);
	told_clear(&told);
	ask_send(&conf, &told);
	ck_assert_int_eq(told.msg->body_type, _i ? ERR : PKI_BODY_PKICONF);
	told_clear(&told);
	ask_clear(&conf);
	ask_clear(&a);
	house_close(&house);
}
END_TEST

/* RFC 9483 4.1.3: another key, but for those that a TPM holds. */
START_TEST(rfc9483_4_1_3_same_key)
{
	struct ask a, update;
	CertTemplate *t;
	struct told told;

	house_with(_i ? "kur_same_key = yes" : NULL);
	row_ask(&a, A);
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, IP);
	ask_new(&update, &house, &house.vnfm_a);
	ask_certreq(&update, PKI_BODY_KUR, "vnfci-a");
	EVP_PKEY_free(update.key);
	EVP_PKEY_up_ref(a.key);
	update.key = a.key;
	t = ask_request(&update)->certReq->certTemplate;
	SubjectPublicKeyInfo_free(TAKE(t->publicKey));
	ck_assert_int_eq(spki_from_key(a.key, &t->publicKey), 0);
	ask_old_cert_id(&update, told_certificate(&told));
	told_clear(&told);
	ask_send(&update, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_KUP);
	if (_i)
		ck_assert_int_eq(told_failinfo(&told), -1);
	else
		text_check(&told, REFUSAL_update_key_unchanged);
	told_clear(&told);
	ask_clear(&update);
	ask_clear(&a);
	house_close(&house);
}
END_TEST

/* --- answers --- */

/* Of what extraCerts of ip consists, in its order. */
enum { CMF = 1, ISSUING = 2, ROOT = 4 };

static const struct answer_row {
	const char *name;
	const char *key;
	enum who who;
	bool is_mac;
	bool ca_pubs;
	int extra_certs;
} answer_rows[] = {
	{"RFC 9483 3.3, 4.1.1 signature", NULL, A, false, false, CMF | ISSUING},
	{"RFC 9483 3.3, 4.1.5 MAC", NULL, MAC, true, true, ISSUING},
	{"root", "root_in_extra_certs = yes", A, false, false, CMF | ISSUING | ROOT},
	{"root, MAC", "root_in_extra_certs = yes", MAC, true, true, ISSUING | ROOT},
	{"33.310 caPubs", "ca_pubs_when_signed = yes", A, false, true, CMF | ISSUING},
	{"signed", "answer_signed = yes", MAC, false, false, CMF | ISSUING},
	{"signed, caPubs", "answer_signed = yes\nca_pubs_when_signed = yes", MAC, false, true,
	 CMF | ISSUING},
};

static void extra_certs_check(const struct told *told, int want)
{
	const struct octets *const all[] = {&house.cmf_credential.der, &house.issuing.der,
					    &house.root.der};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (!(want & (1 << i)))
			continue;
		ck_assert_uint_gt(told->msg->n_extra_certs, n);
		ck_assert(bytes_equal(cmp_message_extra_cert(told->msg, n), octets_view(all[i])));
		n++;
	}
	ck_assert_uint_eq(told->msg->n_extra_certs, n);
}

static void ca_pubs_check(const struct told *told, bool want)
{
	const STACK_OF(ASN1_TYPE) *certs = told->msg->body->value.certRepMessage->caPubs;
	const ASN1_STRING *cert;

	if (!want) {
		ck_assert_ptr_null(certs);
		return;
	}
	ck_assert_int_eq(sk_ASN1_TYPE_num(certs), 1);
	cert = sk_ASN1_TYPE_value(certs, 0)->value.sequence;
	ck_assert(bytes_equal((struct bytes){cert->data, (size_t)cert->length},
			      octets_view(&house.root.der)));
}

START_TEST(answer)
{
	const struct answer_row *row = &answer_rows[_i];
	struct ask a, conf;
	struct told told;

	house_with(row->key);
	row_ask(&a, row->who);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert_int_eq(told_mac(&told), row->is_mac);
	ca_pubs_check(&told, row->ca_pubs);
	extra_certs_check(&told, row->extra_certs);
	/* The transaction goes on under the protection it began with. */
	ask_certconf(&conf, &a, &told, PKI_STATUS_ACCEPTED);
	told_clear(&told);
	ask_send(&conf, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(told_mac(&told), row->is_mac);
	told_clear(&told);
	ask_clear(&conf);
	ask_clear(&a);
	house_close(&house);
}
END_TEST

/* Errors too; and one before the client is known has neither root nor MAC. */
START_TEST(answer_error)
{
	struct told told;
	struct ask a;

	house_with("answer_signed = yes\nroot_in_extra_certs = yes");
	row_ask(&a, MAC);
	a.out.sender_kid = _i ? bytes_of_string("nobody") : a.out.sender_kid;
	if (!_i) {
		ask_clear(&a);
		ask_new(&a, &house, NULL);
		ask_certreq(&a, PKI_BODY_KUR, "vnfci-mac");
	}
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), _i ? FAIL_BAD_MESSAGE_CHECK : FAIL_WRONG_INTEGRITY);
	ck_assert(!told_mac(&told));
	extra_certs_check(&told, _i ? CMF : CMF | ROOT);
	told_clear(&told);
	ask_clear(&a);
	house_close(&house);
}
END_TEST

static Suite *door_policy_suite(void)
{
	Suite *suite = suite_create("door_policy");
	TCase *tcase = tcase_create("switches");

	tcase_add_loop_test(tcase, request, 0, ARRAY_LEN(request_rows));
	tcase_add_test(tcase, remembered_signer);
	tcase_add_loop_test(tcase, rfc9483_4_1_4_p10cr_id, 0, ARRAY_LEN(p10_rows));
	tcase_add_loop_test(tcase, rfc9483_4_1_4_p10cr_refused_id, 0, 2);
	tcase_add_loop_test(tcase, cert_req_id_echoed, 0, 2);
	tcase_add_loop_test(tcase, rfc9483_4_1_3_same_key, 0, 2);
	tcase_add_loop_test(tcase, answer, 0, ARRAY_LEN(answer_rows));
	tcase_add_loop_test(tcase, answer_error, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_policy_suite, SUITE_ONE_PROCESS)
