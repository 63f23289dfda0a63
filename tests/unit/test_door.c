// SPDX-License-Identifier: Apache-2.0
/*
 * What the CMP door grants: the answers of every operation, their headers and certificates. Every
 * answer's protection, nonces and names are checked in ask_send().
 */
#include "granted.h"
#include "suite.h"

#include "asn1/cmf_types.h"
#include "cmf/attester.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static int64_t confirm_wait_time(const struct told *told)
{
	ASN1_OBJECT *oid = OBJ_nid2obj(NID_id_it_confirmWaitTime);
	const InfoTypeAndValue *itav = cmp_message_general_info(told->msg, oid);
	struct tm tm;

	if (!itav)
		return 0;
	ck_assert_int_eq(itav->infoValue->type, V_ASN1_GENERALIZEDTIME);
	ck_assert_int_eq(ASN1_TIME_to_tm(itav->infoValue->value.generalizedtime, &tm), 1);
	return (int64_t)timegm(&tm);
}

static bool implicit_confirm(const struct told *told)
{
	return cmp_message_general_info(told->msg, OBJ_nid2obj(NID_id_it_implicitConfirm));
}

static bool extra_cert_is(const struct told *told, size_t i, const struct house_credential *c)
{
	return bytes_equal(cmp_message_extra_cert(told->msg, i), octets_view(&c->der));
}

static int ca_pubs(const struct told *told)
{
	return sk_ASN1_TYPE_num(told->msg->body->value.certRepMessage->caPubs);
}

static int cert_req_id(const struct told *told)
{
	const CertRepMessage *m = told->msg->body->value.certRepMessage;

	return (int)ASN1_INTEGER_get(sk_CertResponse_value(m->response, 0)->certReqId);
}

/* --- enrolment --- */

START_TEST(rfc9483_4_1_1_ir_and_certconf)
{
	struct told told;
	struct ask a;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(cert_req_id(&told), 0);
	/* 3.1: confirmWaitTime is a point in time; 4.1.1: caPubs stays away, nobody could trust it.
	 */
	ck_assert_int_eq(confirm_wait_time(&told), (granted_house.now_ms + 300000) / 1000);
	ck_assert(!implicit_confirm(&told));
	ck_assert_int_le(ca_pubs(&told), 0);
	/* 3.3: protection certificate, then the chain of the new one, without the root. */
	ck_assert_uint_eq(told.msg->n_extra_certs, 2);
	ck_assert(extra_cert_is(&told, 0, &granted_house.cmf_credential));
	ck_assert(extra_cert_is(&told, 1, &granted_house.issuing));
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_PENDING);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_ACTIVE);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9483_3_1_implicit_confirm)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_CP);
	ck_assert(implicit_confirm(&told));
	ck_assert_int_eq(confirm_wait_time(&told), 0);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_ACTIVE);
	/* certConf all the same */
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_ERROR, FAIL_CERT_CONFIRMED);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9483_3_1_implicit_confirm_not_granted)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_b);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-confirmed");
	a.profile_label = "confirmed";
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	ck_assert(!implicit_confirm(&told));
	ck_assert_int_ne(confirm_wait_time(&told), 0);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_PENDING);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9483_4_1_4_p10cr)
{
	struct told told;
	struct ask a;

	granted_enrol(&a, PKI_BODY_P10CR, &granted_house.vnfm_a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_CP);
	ck_assert_int_eq(cert_req_id(&told), -1);
	granted_certconf(&a, &told, -1, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_ACTIVE);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9810_7_pvno_3)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	a.out.pvno = 3;
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->pvno, 3);
	ck_assert(told_certificate(&told).len);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9483_5_1_1_ra_verified)
{
	CertReqMsg *request;
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.ra);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
	request = ask_request(&a);
	ProofOfPossession_free(request->popo);
	request->popo = ProofOfPossession_new();
	request->popo->type = POPO_RA_VERIFIED;
	request->popo->value.raVerified = ASN1_NULL_new();
	a.keep_pop = true;
	ask_send(&a, &told);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	granted_done(&a, &told);
}
END_TEST

/* IFA 033 11.2.3: certChainRequest = no leaves the new certificate's chain out, by any carrier. */
START_TEST(ifa033_11_2_3_no_chain)
{
	struct told told;
	struct ask a;

	for (int i = 0; i < 2; i++) {
		ask_new(&a, &granted_house, &granted_house.vnfm_a);
		ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
		if (i == 0)
			ask_info_integer(&a, OID_CMF_CERT_CHAIN_REQUEST, 0);
		else
			ask_reg_info(&a,
				     "certType?VNFCI_CERT%certChainRequest?0%vnfcId?vnfci%2da%");
		ask_send(&a, &told);
		ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
		ck_assert_uint_eq(told.msg->n_extra_certs, 1);
		granted_done(&a, &told);
	}
}
END_TEST

/* All carriers of certType and vnfcId at once, in agreement. */
START_TEST(ifa033_11_2_3_carriers_agree)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, NULL);
	ask_info_profile(&a, (const char *const[]){"VnfciCert"}, 1);
	ask_info_integer(&a, OID_CMF_CERT_TYPE, 1);
	ask_info_text(&a, OID_CMF_VNFC_ID, "vnfci-a");
	ask_reg_info(&a, "vnfcId?vnfci-a%unknown?%3f%25%");
	ask_extension(&a, NID_subject_alt_name, "DNS:vnfci-a");
	a.profile_label = "VNFCI_CERT";
	a.operation_label = "initialization";
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert(told_certificate(&told).len);
	granted_done(&a, &told);
}
END_TEST

/* RFC 4211 7.1: what is no ASCII is escaped as UTF-8, and "%ce" of "%certType" is no escape. */
static const struct {
	const char *info; /* id-cmf.4 */
	const char *pairs;
	const char *uri;
	int failinfo;
} instance_carriers[] = {
	{"caf\xc3\xa9-9", "vnfcId?vnfc%25%2D1%certType?VnfciCert%", NULL, -1},
	{NULL, "vnfInstanceId?caf%C3%A9-9%certType?VnfciCert%vnfcId?vnfc%25-1%", NULL, -1},
	{NULL, "vnfInstanceId?caf%c3%a9%2d9%vnfcId?vnfc%25-1%", NULL, -1},
	{NULL, "vnfInstanceId?caf\xc3\xa9-9%vnfcId?vnfc%25-1%", NULL, -1},
	{NULL, NULL, "URI:urn:etsi:nfv:vnfci:caf%C3%A9-9:vnfc%25-1", -1},
	/* The only one with that vnfcId. */
	{NULL, "vnfcId?vnfc%25-1%", NULL, -1},
	{"caf\xc3\xa9-8", "vnfcId?vnfc%25-1%", NULL, FAIL_NOT_AUTHORIZED},
	{"caf\xc3\xa9-9", "vnfInstanceId?other%vnfcId?vnfc%25-1%", NULL, FAIL_BAD_REQUEST},
	{NULL, "vnfInstanceId?%vnfcId?vnfc%25-1%", NULL, FAIL_NOT_AUTHORIZED},
	{NULL, "vnfInstanceId?caf%C3-9%vnfcId?vnfc%25-1%", NULL, FAIL_BAD_DATA_FORMAT},
	{NULL, "vnfInstanceId?caf%C3%vnfcId?vnfc%25-1%", NULL, FAIL_BAD_DATA_FORMAT},
};

START_TEST(ifa033_11_2_3_vnf_instance)
{
	const char *info = instance_carriers[_i].info, *pairs = instance_carriers[_i].pairs;
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_register_in(&a, "VnfciCert", "caf\xc3\xa9-9", "vnfc%-1", CERT_HANDLING_DELEGATION);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
	granted_done(&a, &told);
	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_CR, "vnfc%-1");
	if (info)
		ask_info_text(&a, OID_CMF_VNF_INSTANCE_ID, info);
	if (pairs)
		ask_reg_info(&a, pairs);
	if (instance_carriers[_i].uri)
		ask_extension(&a, NID_subject_alt_name, instance_carriers[_i].uri);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), instance_carriers[_i].failinfo);
	granted_done(&a, &told);
}
END_TEST

static bool algorithm_equal(const X509_ALGOR *a, const X509_ALGOR *b)
{
	unsigned char *da = NULL, *db = NULL;
	int la = i2d_X509_ALGOR(a, &da), lb = i2d_X509_ALGOR(b, &db);
	bool equal = la > 0 && la == lb && !memcmp(da, db, (size_t)la);

	OPENSSL_free(da);
	OPENSSL_free(db);
	return equal;
}

/* --- MAC protection --- */

START_TEST(rfc9483_4_1_5_mac_ir)
{
	const ASN1_TYPE *root;
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, NULL);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-mac");
	ask_send(&a, &told);
	ck_assert(told_mac(&told));
	ck_assert_int_eq(told_failinfo(&told), -1);
	/* No protection certificate, but the chain; the trust anchor in caPubs. */
	ck_assert_uint_eq(told.msg->n_extra_certs, 1);
	ck_assert(extra_cert_is(&told, 0, &granted_house.issuing));
	ck_assert_int_eq(ca_pubs(&told), 1);
	root = sk_ASN1_TYPE_value(told.msg->body->value.certRepMessage->caPubs, 0);
	ck_assert(bytes_equal(
		(struct bytes){root->value.sequence->data, (size_t)root->value.sequence->length},
		octets_view(&granted_house.root.der)));
	/* 4.1.5: parameters constant; senderKID names the secret. */
	ck_assert(algorithm_equal(told.msg->protection_alg, a.mac_algorithm));
	ck_assert(bytes_equal(told.msg->sender_kid, bytes_of_string(HOUSE_MAC_REFERENCE)));
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	granted_done(&a, &told);
	/* 4.1.2: not in cp */
	ask_new(&a, &granted_house, NULL);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-mac");
	ask_send(&a, &told);
	ck_assert_int_le(ca_pubs(&told), 0);
	granted_done(&a, &told);
}
END_TEST

/* A MAC under a secret is sent only after a MAC under it was verified in this very request. */
START_TEST(mac_never_unverified)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, NULL);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-mac");
	a.secret = bytes_of_string("guess");
	ask_send(&a, &told);
	ck_assert(!told_mac(&told));
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_MESSAGE_CHECK);
	granted_done(&a, &told);
	/* An error of the header comes before the MAC is verified. */
	ask_new(&a, &granted_house, NULL);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-mac");
	a.out.sender_nonce.len = 8;
	ask_send(&a, &told);
	ck_assert(!told_mac(&told));
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_SENDER_NONCE);
	granted_done(&a, &told);
	/* Verified: the refusal has the kind of protection of the request, RFC 9483 3.2. */
	ask_new(&a, &granted_house, NULL);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_send(&a, &told);
	ck_assert(told_mac(&told));
	ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
	granted_done(&a, &told);
}
END_TEST

/* --- kur, rr, genm, error --- */

START_TEST(rfc9483_4_1_3_kur)
{
	struct house_credential ee;
	struct told told, told2;
	struct ask a, b;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	house_credential_adopt(&ee, a.key, told_certificate(&told));
	ee.issuer = &granted_house.issuing;
	ask_new(&b, &granted_house, &ee);
	ask_certreq(&b, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(&b, told_certificate(&told));
	ask_send(&b, &told2);
	ck_assert_int_eq(told2.msg->body_type, PKI_BODY_KUP);
	ck_assert_int_eq(told_failinfo(&told2), -1);
	ck_assert_int_le(ca_pubs(&told2), 0);
	granted_certconf(&b, &told2, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&told2)), STORE_CERT_ACTIVE);
	granted_done(&b, &told2);
	/* By its manager, for the entity. */
	ask_new(&b, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&b, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(&b, told_certificate(&told));
	ask_send(&b, &told2);
	ck_assert_int_eq(told_failinfo(&told2), -1);
	granted_done(&b, &told2);
	house_credential_clear(&ee);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc9483_4_2_rr)
{
	struct told told, told2;
	struct ask a, b;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	ask_new(&b, &granted_house, &granted_house.vnfm_a);
	ask_rr(&b, told_certificate(&told), 1);
	ask_send(&b, &told2);
	ck_assert_int_eq(told2.msg->body_type, PKI_BODY_RP);
	ck_assert_int_eq(told_status_value(&told2), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(sk_CertId_num(told2.msg->body->value.rp->revCerts), 1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_REVOKED);
	granted_done(&b, &told2);
	ask_new(&b, &granted_house, &granted_house.vnfm_a);
	ask_rr(&b, told_certificate(&told), -1);
	granted_expect(&b, PKI_BODY_RP, FAIL_CERT_REVOKED);
	granted_done(&a, &told);
}
END_TEST

/* An end entity revokes its own certificate, and can then do nothing more with it. */
START_TEST(rfc9483_4_2_rr_own)
{
	struct house_credential ee;
	struct told told;
	struct ask a, b;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	house_credential_adopt(&ee, a.key, told_certificate(&told));
	ee.issuer = &granted_house.issuing;
	ask_new(&b, &granted_house, &ee);
	ask_rr(&b, told_certificate(&told), 4);
	granted_expect(&b, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_REVOKED);
	ask_new(&b, &granted_house, &ee);
	ask_certreq(&b, PKI_BODY_KUR, "vnfci-a");
	granted_expect(&b, PKI_BODY_ERROR, FAIL_SIGNER_NOT_TRUSTED);
	house_credential_clear(&ee);
	granted_done(&a, &told);
}
END_TEST

static void genm(const char *oid, struct told *told)
{
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_genm(&a, oid, BYTES_NULL);
	ask_send(&a, told);
	ck_assert_int_eq(told->msg->body_type, PKI_BODY_GENP);
	ck_assert_int_eq(sk_InfoTypeAndValue_num(told->msg->body->value.genmsg), 1);
	ask_clear(&a);
}

static const ASN1_TYPE *genp_value(const struct told *told)
{
	return sk_InfoTypeAndValue_value(told->msg->body->value.genmsg, 0)->infoValue;
}

START_TEST(rfc9483_4_3_genm)
{
	STACK_OF(ASN1_TYPE) * list;
	const unsigned char *p;
	const ASN1_STRING *s;
	struct told told;

	/* 4.3.1 caCerts: the issuing CA, not the root */
	genm("1.3.6.1.5.5.7.4.17", &told);
	s = genp_value(&told)->value.sequence;
	p = s->data;
	list = d2i_ASN1_SEQUENCE_ANY(NULL, &p, s->length);
	ck_assert_int_eq(sk_ASN1_TYPE_num(list), 1);
	s = sk_ASN1_TYPE_value(list, 0)->value.sequence;
	ck_assert(bytes_equal((struct bytes){s->data, (size_t)s->length},
			      octets_view(&granted_house.issuing.der)));
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
	told_clear(&told);
	/* RFC 4210 5.3.19.2: rsaEncryption, ecPublicKey P-256, Ed25519 are configured */
	genm("1.3.6.1.5.5.7.4.2", &told);
	s = genp_value(&told)->value.sequence;
	p = s->data;
	list = d2i_ASN1_SEQUENCE_ANY(NULL, &p, s->length);
	ck_assert_int_eq(sk_ASN1_TYPE_num(list), 3);
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
	told_clear(&told);
	/* 5.3.19.4; 5.3.19.6: no CRL was made yet */
	genm("1.3.6.1.5.5.7.4.4", &told);
	ck_assert_ptr_nonnull(genp_value(&told));
	told_clear(&told);
	genm("1.3.6.1.5.5.7.4.6", &told);
	ck_assert_ptr_null(genp_value(&told));
	told_clear(&told);
	ck_assert_int_eq(ca_crl_update(ca_at(granted_house.cas, 0), granted_house.worker.reader,
				       granted_house.worker.unit),
			 0);
	genm("1.3.6.1.5.5.7.4.6", &told);
	ck_assert_ptr_nonnull(genp_value(&told));
	told_clear(&told);
}
END_TEST

/* Clients put the issuer of their own certificate into the template; extraCerts have any order. */
START_TEST(rfc9483_3_3_signer_is_not_the_first_of_extra_certs)
{
	const struct house_credential *who = &granted_house.vnfm_a;
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, who);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_request(&a)->certReq->certTemplate->issuer =
		X509_NAME_dup(X509_get_issuer_name(who->cert));
	a.certs[1] = a.certs[0];
	a.certs[0] = octets_view(&granted_house.stranger.der);
	a.out.n_extra_certs = 2;
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert_uint_ne(told_certificate(&told).len, 0);
	granted_done(&a, &told);
}
END_TEST

START_TEST(ifa033_11_2_2_register)
{
	struct store_registration reg = {0};
	RegisterResponse *response;
	const unsigned char *p;
	const ASN1_STRING *s;
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_register(&a, "VnfciCert", "vnfci-wire", CERT_HANDLING_DELEGATION);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_GENP);
	s = genp_value(&told)->value.sequence;
	p = s->data;
	response = d2i_RegisterResponse(NULL, &p, s->length);
	ck_assert_ptr_nonnull(response);
	ck_assert_int_eq(ASN1_INTEGER_get(response->status->status), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(sk_ASN1_UTF8STRING_num(response->subjectIds), 1);
	RegisterResponse_free(response);
	ck_assert_int_eq(store_registration_find(granted_house.worker.reader,
						 &(struct store_entity){"a", "", "vnfci-wire"},
						 CERT_TYPE_VNFCI, &reg),
			 0);
	ck_assert_str_eq(reg.manager, "vnfm-a");
	store_registration_clear(&reg);
	granted_done(&a, &told);
}
END_TEST

/* All or none, and which of them are to be mended: those of one reason. */
START_TEST(ifa033_11_2_2_register_says_which_are_refused)
{
	static const char *const ids[] = {"vnfci-some-1", "", "vnfci-some-2", "", "vnfci-some-1"};
	RegisterRequest *request = RegisterRequest_new();
	struct store_registration reg = {0};
	const ASN1_UTF8STRING *text;
	unsigned char *der = NULL;
	struct told told;
	struct ask a;
	int len;

	ASN1_STRING_set(request->certType, "VnfciCert", -1);
	request->handling = ASN1_ENUMERATED_new();
	ASN1_ENUMERATED_set(request->handling, CERT_HANDLING_DELEGATION);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		ASN1_UTF8STRING *id = ASN1_UTF8STRING_new();

		ASN1_STRING_set(id, ids[i], -1);
		sk_ASN1_UTF8STRING_push(request->subjectIds, id);
	}
	len = i2d_RegisterRequest(request, &der);
	RegisterRequest_free(request);
	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_genm(&a, OID_CMF_REGISTER_REQUEST, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	ask_send(&a, &told);
	text = sk_ASN1_UTF8STRING_value(told_status(&told)->statusString, 0);
	ck_assert_msg(strstr((const char *)ASN1_STRING_get0_data(text),
			     ": subjectIds 1, 3, counted from 0"),
		      "%s", ASN1_STRING_get0_data(text));
	ck_assert_int_eq(store_registration_find(granted_house.worker.reader,
						 &(struct store_entity){"a", "", "vnfci-some-2"},
						 CERT_TYPE_VNFCI, &reg),
			 STORE_NOT_FOUND);
	granted_done(&a, &told);
}
END_TEST

/* docs/cmp-profile.md; what may be an attester is cmf/'s. */
START_TEST(ifa033_11_2_1_register_with_an_attester)
{
	static const struct {
		int policy;
		int copies; /* of the certificate, as CAs */
		int failinfo;
	} cases[] = {
		{-1, 1, -1},
		{STORE_ATTESTER_REQUIRE, 2, -1},
		{0, 1, FAIL_BAD_DATA_FORMAT},
		{3, 1, FAIL_BAD_DATA_FORMAT},
		{-1, 0, FAIL_BAD_REQUEST},
		{-1, CMF_ATTESTER_CERTIFICATES_MAX + 1, FAIL_BAD_DATA_FORMAT},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct store_registration reg = {0};
		struct cmf_attester found = {0};
		const struct octets *der = &granted_house.issuing.der;
		Attester *attester = Attester_new();
		STACK_OF(ASN1_STRING) *cas = sk_ASN1_STRING_new_null();
		char id[20];
		struct told told;
		struct ask a;

		snprintf(id, sizeof(id), "attested-%zu", i);
		for (int n = 0; n < cases[i].copies; n++) {
			ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

			ck_assert(ASN1_STRING_set(s, der->data, (int)der->len));
			ck_assert(sk_ASN1_STRING_push(cas, s));
		}
		attester->id->type = ATTESTER_CA_CERTIFICATES;
		attester->id->value.caCertificates = cas;
		ck_assert(sk_ASN1_OBJECT_push(attester->statementTypes,
					      OBJ_txt2obj("2.23.133.20.1", 1)));
		if (cases[i].policy >= 0) {
			attester->policy = ASN1_ENUMERATED_new();
			ck_assert(ASN1_ENUMERATED_set(attester->policy, cases[i].policy));
		}
		ask_new(&a, &granted_house, &granted_house.vnfm_a);
		ask_register_attested(&a, "VnfciCert", NULL, id, CERT_HANDLING_DELEGATION,
				      attester);
		ask_send(&a, &told);
		ck_assert_int_eq(told_failinfo(&told), cases[i].failinfo);
		if (cases[i].failinfo < 0) {
			ck_assert_int_eq(
				store_registration_find(granted_house.worker.reader,
							&(struct store_entity){"a", "", id},
							CERT_TYPE_VNFCI, &reg),
				0);
			ck_assert_int_eq(
				cmf_attester_get(granted_house.worker.reader, &reg, &found), 0);
			ck_assert_int_eq(found.kind, STORE_ATTESTER_CAS);
			ck_assert_uint_eq(found.n_items, (size_t)cases[i].copies);
			ck_assert(bytes_equal(found.item[0], octets_view(der)));
			ck_assert_str_eq(found.statement_types[0], "2.23.133.20.1");
			ck_assert_int_eq(found.policy, cases[i].policy < 0 ? 0 : cases[i].policy);
		}
		cmf_attester_clear(&found);
		store_registration_clear(&reg);
		granted_done(&a, &told);
	}
}
END_TEST

static void error_body(struct ask *a)
{
	a->body = cmp_error_body_new(PKI_STATUS_REJECTION, "no", -1);
	ck_assert_ptr_nonnull(a->body);
}

/* RFC 4210 5.3.21: error from a client is answered by pkiConf and ends the transaction. */
START_TEST(rfc4210_5_3_21_error_from_client)
{
	struct told told;
	struct ask a, b;

	granted_enrol(&a, PKI_BODY_IR, &granted_house.vnfm_a, &told);
	ask_next(&b, &a, &told);
	error_body(&b);
	granted_expect(&b, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_REJECTED);
	ask_new(&b, &granted_house, &granted_house.vnfm_a);
	error_body(&b);
	granted_expect(&b, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	granted_done(&a, &told);
}
END_TEST

static Suite *door_suite(void)
{
	Suite *suite = suite_create("door");
	TCase *tcase = tcase_create("door");

	tcase_add_checked_fixture(tcase, granted_setup, granted_teardown);
	tcase_add_test(tcase, rfc9483_4_1_1_ir_and_certconf);
	tcase_add_test(tcase, rfc9483_3_1_implicit_confirm);
	tcase_add_test(tcase, rfc9483_3_1_implicit_confirm_not_granted);
	tcase_add_test(tcase, rfc9483_4_1_4_p10cr);
	tcase_add_test(tcase, rfc9810_7_pvno_3);
	tcase_add_test(tcase, rfc9483_5_1_1_ra_verified);
	tcase_add_test(tcase, ifa033_11_2_3_no_chain);
	tcase_add_test(tcase, ifa033_11_2_3_carriers_agree);
	tcase_add_loop_test(tcase, ifa033_11_2_3_vnf_instance, 0, ARRAY_LEN(instance_carriers));
	tcase_add_test(tcase, rfc9483_4_1_5_mac_ir);
	tcase_add_test(tcase, mac_never_unverified);
	tcase_add_test(tcase, rfc9483_4_1_3_kur);
	tcase_add_test(tcase, rfc9483_4_2_rr);
	tcase_add_test(tcase, rfc9483_4_2_rr_own);
	tcase_add_test(tcase, rfc9483_4_3_genm);
	tcase_add_test(tcase, rfc9483_3_3_signer_is_not_the_first_of_extra_certs);
	tcase_add_test(tcase, ifa033_11_2_2_register);
	tcase_add_test(tcase, ifa033_11_2_2_register_says_which_are_refused);
	tcase_add_test(tcase, ifa033_11_2_1_register_with_an_attester);
	tcase_add_test(tcase, rfc4210_5_3_21_error_from_client);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_suite, SUITE_ONE_PROCESS)
