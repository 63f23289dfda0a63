// SPDX-License-Identifier: Apache-2.0
/*
 * What the CMP door grants: the answers of every operation, their headers and certificates, and the
 * life of a transaction. Every answer's protection, nonces and names are checked in ask_send().
 */
#include "ask.h"

#include "asn1/cmf_types.h"

#include <check.h>
#include <pthread.h>
#include <string.h>

static struct house house;

/* --- looking -------------------------------------------------------------------------------------
 */

struct found {
	struct bytes der;
	int state; /* -1: not in the store */
	int n;     /* certificates in all */
};

static int certificate_compare(void *arg, const struct store_certificate *cert)
{
	struct found *found = arg;

	found->n++;
	if (bytes_equal(octets_view(&cert->der), found->der))
		found->state = (int)cert->state;
	return 0;
}

static struct found certificate_find(struct bytes der)
{
	const struct store_certificate_filter all = {.state = -1};
	struct found found = {.der = der, .state = -1};

	ck_assert_int_eq(
		store_certificate_list(house.worker.reader, &all, certificate_compare, &found), 0);
	return found;
}

static int certificate_state(struct bytes der)
{
	return certificate_find(der).state;
}

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

/* Sends a request for vnfci-a and expects a certificate. */
static void enrol(struct ask *a, int type, const struct house_credential *who, struct told *told)
{
	ask_new(a, &house, who);
	if (type == PKI_BODY_P10CR)
		ask_p10cr(a, "vnfci-a");
	else
		ask_certreq(a, type, "vnfci-a");
	ask_send(a, told);
	ck_assert_int_eq(told_failinfo(told), -1);
	ck_assert(told_certificate(told).len);
}

static void certconf(struct ask *before, struct told *ip, int status, int body, int failinfo)
{
	struct told told;
	struct ask a;

	ask_certconf(&a, before, ip, status);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, body);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	told_clear(&told);
	ask_clear(&a);
}

static void done(struct ask *a, struct told *told)
{
	told_clear(told);
	ask_clear(a);
}

static void expect(struct ask *a, int body, int failinfo)
{
	struct told told;

	ask_send(a, &told);
	ck_assert_int_eq(told.msg->body_type, body);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	done(a, &told);
}

static void housekeeping(void)
{
	bool more = true;

	while (more)
		ck_assert_int_eq(
			cmf_housekeeping(house.cmf, house.worker.reader, house.worker.unit, &more),
			0);
}

/* --- enrolment
 * ------------------------------------------------------------------------------------ */

START_TEST(rfc9483_4_1_1_ir_and_certconf)
{
	struct told told;
	struct ask a;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(cert_req_id(&told), 0);
	/* 3.1: confirmWaitTime is a point in time; 4.1.1: caPubs stays away, nobody could trust it.
	 */
	ck_assert_int_eq(confirm_wait_time(&told), (house.now_ms + 300000) / 1000);
	ck_assert(!implicit_confirm(&told));
	ck_assert_int_le(ca_pubs(&told), 0);
	/* 3.3: protection certificate, then the chain of the new one, without the root. */
	ck_assert_uint_eq(told.msg->n_extra_certs, 2);
	ck_assert(extra_cert_is(&told, 0, &house.cmf_credential));
	ck_assert(extra_cert_is(&told, 1, &house.issuing));
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_PENDING);
	certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_ACTIVE);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9483_3_1_implicit_confirm)
{
	struct told told;
	struct ask a;

	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_CP);
	ck_assert(implicit_confirm(&told));
	ck_assert_int_eq(confirm_wait_time(&told), 0);
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_ACTIVE);
	/* certConf all the same */
	certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_ERROR, FAIL_CERT_CONFIRMED);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9483_3_1_implicit_confirm_not_granted)
{
	struct told told;
	struct ask a;

	ask_new(&a, &house, &house.vnfm_b);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-confirmed");
	a.profile_label = "confirmed";
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	ck_assert(!implicit_confirm(&told));
	ck_assert_int_ne(confirm_wait_time(&told), 0);
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_PENDING);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9483_4_1_4_p10cr)
{
	struct told told;
	struct ask a;

	enrol(&a, PKI_BODY_P10CR, &house.vnfm_a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_CP);
	ck_assert_int_eq(cert_req_id(&told), -1);
	certconf(&a, &told, -1, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_ACTIVE);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9810_7_pvno_3)
{
	struct told told;
	struct ask a;

	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	a.out.pvno = 3;
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->pvno, 3);
	ck_assert(told_certificate(&told).len);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9483_5_1_1_ra_verified)
{
	CertReqMsg *request;
	struct told told;
	struct ask a;

	ask_new(&a, &house, &house.ra);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
	request = ask_request(&a);
	ProofOfPossession_free(request->popo);
	request->popo = ProofOfPossession_new();
	request->popo->type = POPO_RA_VERIFIED;
	request->popo->value.raVerified = ASN1_NULL_new();
	a.keep_pop = true;
	ask_send(&a, &told);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	done(&a, &told);
}
END_TEST

/* IFA 033 11.2.3: certChainRequest = no leaves the new certificate's chain out, by any carrier. */
START_TEST(ifa033_11_2_3_no_chain)
{
	struct told told;
	struct ask a;

	for (int i = 0; i < 2; i++) {
		ask_new(&a, &house, &house.vnfm_a);
		ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
		if (i == 0)
			ask_info_integer(&a, OID_CMF_CERT_CHAIN_REQUEST, 0);
		else
			ask_reg_info(&a,
				     "certType?VNFCI_CERT%certChainRequest?0%vnfcId?vnfci%2da%");
		ask_send(&a, &told);
		ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
		ck_assert_uint_eq(told.msg->n_extra_certs, 1);
		done(&a, &told);
	}
}
END_TEST

/* All carriers of certType and vnfcId at once, in agreement. */
START_TEST(ifa033_11_2_3_carriers_agree)
{
	struct told told;
	struct ask a;

	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, NULL);
	ask_info_profile(&a, (const char *const[]){"VnfciCert"}, 1);
	ask_info_integer(&a, OID_CMF_CERT_TYPE, 1);
	ask_info_text(&a, OID_CMF_VNFC_ID, "vnfci-a");
	ask_reg_info(&a, "vnfcId?vnfci-a%unknown?%3f%25%");
	a.profile_label = "VNFCI_CERT";
	a.operation_label = "initialization";
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert(told_certificate(&told).len);
	done(&a, &told);
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

/* --- MAC protection
 * -------------------------------------------------------------------------------- */

START_TEST(rfc9483_4_1_5_mac_ir)
{
	const ASN1_TYPE *root;
	struct told told;
	struct ask a;

	ask_new(&a, &house, NULL);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-mac");
	ask_send(&a, &told);
	ck_assert(told_mac(&told));
	ck_assert_int_eq(told_failinfo(&told), -1);
	/* No protection certificate, but the chain; the trust anchor in caPubs. */
	ck_assert_uint_eq(told.msg->n_extra_certs, 1);
	ck_assert(extra_cert_is(&told, 0, &house.issuing));
	ck_assert_int_eq(ca_pubs(&told), 1);
	root = sk_ASN1_TYPE_value(told.msg->body->value.certRepMessage->caPubs, 0);
	ck_assert(bytes_equal(
		(struct bytes){root->value.sequence->data, (size_t)root->value.sequence->length},
		octets_view(&house.root.der)));
	/* 4.1.5: parameters constant; senderKID names the secret. */
	ck_assert(algorithm_equal(told.msg->header->protectionAlg, a.mac_algorithm));
	ck_assert(bytes_equal(told.msg->sender_kid, bytes_of_string(HOUSE_MAC_REFERENCE)));
	certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	done(&a, &told);
	/* 4.1.2: not in cp */
	ask_new(&a, &house, NULL);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-mac");
	ask_send(&a, &told);
	ck_assert_int_le(ca_pubs(&told), 0);
	done(&a, &told);
}
END_TEST

/* A MAC under a secret is sent only after a MAC under it was verified in this very request. */
START_TEST(mac_never_unverified)
{
	struct told told;
	struct ask a;

	ask_new(&a, &house, NULL);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-mac");
	a.secret = bytes_of_string("guess");
	ask_send(&a, &told);
	ck_assert(!told_mac(&told));
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_MESSAGE_CHECK);
	done(&a, &told);
	/* An error of the header comes before the MAC is verified. */
	ask_new(&a, &house, NULL);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-mac");
	a.out.sender_nonce.len = 8;
	ask_send(&a, &told);
	ck_assert(!told_mac(&told));
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_SENDER_NONCE);
	done(&a, &told);
	/* Verified: the refusal has the kind of protection of the request, RFC 9483 3.2. */
	ask_new(&a, &house, NULL);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
	ask_send(&a, &told);
	ck_assert(told_mac(&told));
	ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
	done(&a, &told);
}
END_TEST

/* --- kur, rr, genm, error
 * --------------------------------------------------------------------------- */

START_TEST(rfc9483_4_1_3_kur)
{
	struct house_credential ee;
	struct told told, told2;
	struct ask a, b;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	house_credential_adopt(&ee, a.key, told_certificate(&told));
	ee.issuer = &house.issuing;
	ask_new(&b, &house, &ee);
	ask_certreq(&b, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(&b, told_certificate(&told));
	ask_send(&b, &told2);
	ck_assert_int_eq(told2.msg->body_type, PKI_BODY_KUP);
	ck_assert_int_eq(told_failinfo(&told2), -1);
	ck_assert_int_le(ca_pubs(&told2), 0);
	certconf(&b, &told2, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(certificate_state(told_certificate(&told2)), STORE_CERT_ACTIVE);
	done(&b, &told2);
	/* By its manager, for the entity. */
	ask_new(&b, &house, &house.vnfm_a);
	ask_certreq(&b, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(&b, told_certificate(&told));
	ask_send(&b, &told2);
	ck_assert_int_eq(told_failinfo(&told2), -1);
	done(&b, &told2);
	house_credential_clear(&ee);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9483_4_2_rr)
{
	struct told told, told2;
	struct ask a, b;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	ask_new(&b, &house, &house.vnfm_a);
	ask_rr(&b, told_certificate(&told), 1);
	ask_send(&b, &told2);
	ck_assert_int_eq(told2.msg->body_type, PKI_BODY_RP);
	ck_assert_int_eq(told_status_value(&told2), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(sk_CertId_num(told2.msg->body->value.rp->revCerts), 1);
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_REVOKED);
	done(&b, &told2);
	ask_new(&b, &house, &house.vnfm_a);
	ask_rr(&b, told_certificate(&told), -1);
	expect(&b, PKI_BODY_RP, FAIL_CERT_REVOKED);
	done(&a, &told);
}
END_TEST

/* An end entity revokes its own certificate, and can then do nothing more with it. */
START_TEST(rfc9483_4_2_rr_own)
{
	struct house_credential ee;
	struct told told;
	struct ask a, b;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	house_credential_adopt(&ee, a.key, told_certificate(&told));
	ee.issuer = &house.issuing;
	ask_new(&b, &house, &ee);
	ask_rr(&b, told_certificate(&told), 4);
	expect(&b, PKI_BODY_RP, -1);
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_REVOKED);
	ask_new(&b, &house, &ee);
	ask_certreq(&b, PKI_BODY_KUR, "vnfci-a");
	expect(&b, PKI_BODY_ERROR, FAIL_SIGNER_NOT_TRUSTED);
	house_credential_clear(&ee);
	done(&a, &told);
}
END_TEST

static void genm(const char *oid, struct told *told)
{
	struct ask a;

	ask_new(&a, &house, &house.vnfm_a);
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
			      octets_view(&house.issuing.der)));
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
	ck_assert_int_eq(ca_crl_update(ca_at(house.cas, 0), house.worker.reader, house.worker.unit),
			 0);
	genm("1.3.6.1.5.5.7.4.6", &told);
	ck_assert_ptr_nonnull(genp_value(&told));
	told_clear(&told);
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

	ask_new(&a, &house, &house.vnfm_a);
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
	ck_assert_int_eq(
		store_registration_find(house.worker.reader, CERT_TYPE_VNFCI, "vnfci-wire", &reg),
		0);
	ck_assert_str_eq(reg.manager, "vnfm-a");
	store_registration_clear(&reg);
	done(&a, &told);
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

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	ask_next(&b, &a, &told);
	error_body(&b);
	expect(&b, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_REJECTED);
	ask_new(&b, &house, &house.vnfm_a);
	error_body(&b);
	expect(&b, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	done(&a, &told);
}
END_TEST

/* --- certConf
 * ------------------------------------------------------------------------------------- */

static CertStatus *status_of(struct ask *a)
{
	return sk_CertStatus_value(a->body->value.certConf, 0);
}

START_TEST(rfc9483_4_1_1_certconf_rejection)
{
	struct told told;
	struct ask a, b;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	certconf(&a, &told, PKI_STATUS_REJECTION, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_REJECTED);
	/* A change of mind comes too late. */
	certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_ERROR, FAIL_BAD_RECIPIENT_NONCE);
	done(&a, &told);
	/* RFC 4210 5.3.18: an empty list rejects all. */
	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	ask_certconf(&b, &a, &told, -1);
	CertStatus_free(sk_CertStatus_pop(b.body->value.certConf));
	expect(&b, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_REJECTED);
	done(&a, &told);
}
END_TEST

static void conf_hash_wrong(struct ask *a)
{
	status_of(a)->certHash->data[0] ^= 1;
}

static void conf_hash_short(struct ask *a)
{
	status_of(a)->certHash->length--;
}

static void conf_req_id(struct ask *a)
{
	ck_assert(ASN1_INTEGER_set(status_of(a)->certReqId, 1));
}

static void conf_two(struct ask *a)
{
	CertStatus *s = CertStatus_new();

	ck_assert(ASN1_INTEGER_set(s->certReqId, 0));
	ck_assert(sk_CertStatus_push(a->body->value.certConf, s));
}

static void conf_status(struct ask *a)
{
	status_of(a)->statusInfo = cmp_status_info_new(PKI_STATUS_WAITING, NULL, -1);
}

static void conf_hash_alg(struct ask *a, int nid)
{
	status_of(a)->hashAlg = X509_ALGOR_new();
	ck_assert(X509_ALGOR_set0(status_of(a)->hashAlg, OBJ_nid2obj(nid), V_ASN1_UNDEF, NULL));
}

static void conf_hash_alg_pvno_2(struct ask *a)
{
	conf_hash_alg(a, NID_sha256);
}

static void conf_hash_alg_sha1(struct ask *a)
{
	a->out.pvno = 3;
	conf_hash_alg(a, NID_sha1);
}

static const struct {
	void (*bend)(struct ask *a);
	int failinfo;
} conf_rows[] = {
	{conf_hash_wrong, FAIL_BAD_CERT_ID}, {conf_hash_short, FAIL_BAD_CERT_ID},
	{conf_req_id, FAIL_BAD_REQUEST},     {conf_two, FAIL_BAD_REQUEST},
	{conf_status, FAIL_BAD_REQUEST},     {conf_hash_alg_pvno_2, FAIL_BAD_ALG},
	{conf_hash_alg_sha1, FAIL_BAD_ALG},
};

/* A wrong certConf is refused, changes no certificate, and ends the operation (3.6.4). */
START_TEST(rfc9483_4_1_1_certconf_wrong)
{
	struct told told;
	struct ask a, b;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	ask_certconf(&b, &a, &told, -1);
	conf_rows[_i].bend(&b);
	expect(&b, PKI_BODY_ERROR, conf_rows[_i].failinfo);
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_PENDING);
	house.now_ms += 301 * 1000;
	housekeeping();
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_REVOKED);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9480_2_10_certconf_hash_alg)
{
	struct bytes cert;
	uint8_t hash[48];
	struct told told;
	struct ask a, b;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	ask_certconf(&b, &a, &told, -1);
	b.out.pvno = 3;
	cert = told_certificate(&told);
	ck_assert(EVP_Digest(cert.data, cert.len, hash, NULL, EVP_sha384(), NULL));
	ck_assert(ASN1_OCTET_STRING_set(status_of(&b)->certHash, hash, sizeof(hash)));
	conf_hash_alg(&b, NID_sha384);
	expect(&b, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(certificate_state(cert), STORE_CERT_ACTIVE);
	done(&a, &told);
}
END_TEST

/* RFC 9483 4.1.1: no certConf in time is handled like a rejection. */
START_TEST(rfc9483_4_1_1_certconf_late)
{
	struct told told;
	struct ask a;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	house.now_ms += 301 * 1000;
	certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	housekeeping();
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_REVOKED);
	certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	done(&a, &told);
}
END_TEST

/* --- transactions
 * ------------------------------------------------------------------------------------ */

static void replay(struct ask *a, const struct told *first)
{
	struct told again;

	ask_send_octets(a, &house.worker, octets_view(&a->sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&first->der)));
	told_clear(&again);
}

START_TEST(retransmission_gets_the_same_octets)
{
	struct told told, conf;
	struct ask a, b, c;
	int n;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	n = certificate_find(told_certificate(&told)).n;
	replay(&a, &told);
	ck_assert_int_eq(certificate_find(told_certificate(&told)).n, n);
	ask_certconf(&b, &a, &told, -1);
	ask_send(&b, &conf);
	replay(&b, &conf);
	/* Other octets after the confirmation: certConfirmed. */
	ask_certconf(&c, &a, &conf, -1);
	expect(&c, PKI_BODY_ERROR, FAIL_CERT_CONFIRMED);
	done(&b, &conf);
	done(&a, &told);
	/* A refusal is repeated too. */
	ask_new(&a, &house, &house.vnfm_a);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-nobody");
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
	replay(&a, &told);
	done(&a, &told);
}
END_TEST

START_TEST(rfc9483_5_1_transaction_id_in_use)
{
	struct told told;
	struct ask a, b;
	int n;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	n = certificate_find(BYTES_NULL).n;
	ask_new(&b, &house, &house.vnfm_a);
	memcpy(b.transaction_id, a.transaction_id, sizeof(a.transaction_id));
	ask_certreq(&b, PKI_BODY_IR, "vnfci-a");
	expect(&b, PKI_BODY_ERROR, FAIL_TRANSACTION_ID_IN_USE);
	ck_assert_int_eq(certificate_find(BYTES_NULL).n, n);
	/* It is per requester: another one may use the same. */
	ask_new(&b, &house, &house.vnfm_b);
	memcpy(b.transaction_id, a.transaction_id, sizeof(a.transaction_id));
	ask_certreq(&b, PKI_BODY_IR, "vnfci-b");
	expect(&b, PKI_BODY_IP, -1);
	done(&a, &told);
}
END_TEST

/* certConf of somebody else, with other protection, for nothing, or out of turn. */
START_TEST(rfc9483_3_5_certconf_out_of_place)
{
	struct told told, told2;
	struct ask a, b, m;

	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	ask_certconf(&b, &a, &told, -1);
	b.signer = &house.vnfm_b;
	b.out.sender = octets_view(&house.vnfm_b.sender);
	b.out.sender_kid = octets_view(&house.vnfm_b.sender_kid);
	b.certs[0] = octets_view(&house.vnfm_b.der);
	expect(&b, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	ask_certconf(&b, &a, &told, -1);
	memset(b.transaction_id, 7, CMP_NONCE_LEN);
	expect(&b, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	ask_certconf(&b, &a, &told, -1);
	b.recip_nonce[0] ^= 1;
	expect(&b, PKI_BODY_ERROR, FAIL_BAD_RECIPIENT_NONCE);
	ask_certconf(&b, &a, &told, -1);
	b.out.recip_nonce = BYTES_NULL;
	expect(&b, PKI_BODY_ERROR, FAIL_BAD_RECIPIENT_NONCE);
	ask_certconf(&b, &a, &told, -1);
	b.operation_label = "keyupdate";
	expect(&b, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	ask_pollreq(&b, &a, &told, 0);
	expect(&b, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	/* None of that has hurt the transaction. */
	ck_assert_int_eq(certificate_state(told_certificate(&told)), STORE_CERT_PENDING);
	ask_certconf(&b, &a, &told, -1);
	b.operation_label = "initialization";
	expect(&b, PKI_BODY_PKICONF, -1);
	done(&a, &told);
	/* For a certificate of another transaction of the same client. */
	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	enrol(&m, PKI_BODY_IR, &house.vnfm_a, &told2);
	ask_certconf(&b, &a, &told2, -1);
	memcpy(b.recip_nonce, told.msg->sender_nonce.data, CMP_NONCE_LEN);
	expect(&b, PKI_BODY_ERROR, FAIL_BAD_CERT_ID);
	done(&m, &told2);
	done(&a, &told);
}
END_TEST

struct copy {
	struct bytes request;
	struct octets answer;
	pthread_barrier_t *barrier;
};

static void *copy_send(void *arg)
{
	struct copy *copy = arg;
	struct cmp_worker worker = {0};
	bool not_a_message;

	house_worker_new(&house, &worker);
	pthread_barrier_wait(copy->barrier);
	house_serve(&house, &worker, copy->request, NULL, NULL, &copy->answer, &not_a_message);
	house_worker_clear(&worker);
	return NULL;
}

/* Copies that arrive at the same moment: one certificate, one answer. */
START_TEST(concurrent_copies_get_one_certificate)
{
	enum { COPIES = 4, ROUNDS = 10 };
	int before = certificate_find(BYTES_NULL).n;
	struct copy copies[COPIES];
	pthread_t threads[COPIES];
	pthread_barrier_t barrier;
	struct ask a;

	pthread_barrier_init(&barrier, NULL, COPIES);
	for (int round = 0; round < ROUNDS; round++) {
		ask_new(&a, &house, &house.vnfm_a);
		ask_certreq(&a, PKI_BODY_IR, "vnfci-a");
		ask_encode(&a);
		for (int i = 0; i < COPIES; i++) {
			copies[i] = (struct copy){octets_view(&a.sent), OCTETS_NULL, &barrier};
			pthread_create(&threads[i], NULL, copy_send, &copies[i]);
		}
		for (int i = 0; i < COPIES; i++)
			pthread_join(threads[i], NULL);
		for (int i = 0; i < COPIES; i++) {
			ck_assert(bytes_equal(octets_view(&copies[i].answer),
					      octets_view(&copies[0].answer)));
			if (i)
				octets_clear(&copies[i].answer);
		}
		octets_clear(&copies[0].answer);
		ask_clear(&a);
	}
	pthread_barrier_destroy(&barrier);
	ck_assert_int_eq(certificate_find(BYTES_NULL).n, before + ROUNDS);
}
END_TEST

/* Open transactions of one client are bounded; ended ones make room. */
START_TEST(quota_of_open_transactions)
{
	struct told told;
	struct ask a;
	int opened;

	for (opened = 0; opened <= 40; opened++) {
		ask_new(&a, &house, &house.vnfm_b);
		ask_certreq(&a, PKI_BODY_IR, "vnfci-quota");
		ask_send(&a, &told);
		if (told_failinfo(&told) == FAIL_SYSTEM_UNAVAIL)
			break;
		ck_assert_int_eq(told_failinfo(&told), -1);
		done(&a, &told);
	}
	done(&a, &told);
	ck_assert_int_le(opened, 40);
	/* Others are not concerned. */
	enrol(&a, PKI_BODY_IR, &house.vnfm_a, &told);
	done(&a, &told);
	house.now_ms += 301 * 1000;
	housekeeping();
	ask_new(&a, &house, &house.vnfm_b);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-quota");
	expect(&a, PKI_BODY_IP, -1);
}
END_TEST

static void setup(void)
{
	house_open(&house, "transactions_max_per_client = 20\n", "");
	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(&house, "mac", CERT_TYPE_VNFCI, "vnfci-mac");
}

static void teardown(void)
{
	house_close(&house);
}

int main(void)
{
	Suite *suite = suite_create("door");
	TCase *tcase = tcase_create("door");
	SRunner *runner;
	int failed;

	log_setup(2, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, rfc9483_4_1_1_ir_and_certconf);
	tcase_add_test(tcase, rfc9483_3_1_implicit_confirm);
	tcase_add_test(tcase, rfc9483_3_1_implicit_confirm_not_granted);
	tcase_add_test(tcase, rfc9483_4_1_4_p10cr);
	tcase_add_test(tcase, rfc9810_7_pvno_3);
	tcase_add_test(tcase, rfc9483_5_1_1_ra_verified);
	tcase_add_test(tcase, ifa033_11_2_3_no_chain);
	tcase_add_test(tcase, ifa033_11_2_3_carriers_agree);
	tcase_add_test(tcase, rfc9483_4_1_5_mac_ir);
	tcase_add_test(tcase, mac_never_unverified);
	tcase_add_test(tcase, rfc9483_4_1_3_kur);
	tcase_add_test(tcase, rfc9483_4_2_rr);
	tcase_add_test(tcase, rfc9483_4_2_rr_own);
	tcase_add_test(tcase, rfc9483_4_3_genm);
	tcase_add_test(tcase, ifa033_11_2_2_register);
	tcase_add_test(tcase, rfc4210_5_3_21_error_from_client);
	tcase_add_test(tcase, rfc9483_4_1_1_certconf_rejection);
	tcase_add_loop_test(tcase, rfc9483_4_1_1_certconf_wrong, 0, ARRAY_LEN(conf_rows));
	tcase_add_test(tcase, rfc9480_2_10_certconf_hash_alg);
	tcase_add_test(tcase, rfc9483_4_1_1_certconf_late);
	tcase_add_test(tcase, retransmission_gets_the_same_octets);
	tcase_add_test(tcase, rfc9483_5_1_transaction_id_in_use);
	tcase_add_test(tcase, rfc9483_3_5_certconf_out_of_place);
	tcase_add_test(tcase, concurrent_copies_get_one_certificate);
	tcase_add_test(tcase, quota_of_open_transactions);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
