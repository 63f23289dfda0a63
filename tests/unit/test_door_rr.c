// SPDX-License-Identifier: Apache-2.0
/*
 * rr through the whole door: several certificates in one message, holds, and the CRL that is made
 * before the answer. RFC 9483 4.2, 5.1.3; RFC 4210 5.3.9, 5.3.10.
 */
#include "granted.h"
#include "suite.h"

#include <check.h>
#include <openssl/x509v3.h>
#include <string.h>

/* The same CA with other keys. */
#define CRL_KEYS                      \
	"[ca_rule crls]\n"            \
	"ca = crls\n"                 \
	"[ca crls]\n"                 \
	"type = internal\n"           \
	"certificate = issuing.pem\n" \
	"chain = root.pem\n"          \
	"key = issuing.key\n"         \
	"crl_on_revocation = yes\n"

/* A confirmed certificate of vnfci-a. */
static void enrol(struct ask *a, struct told *told)
{
	ask_new(a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(a, PKI_BODY_IR, "vnfci-a");
	ask_implicit_confirm(a);
	ask_send(a, told);
	ck_assert_int_eq(granted_state(told_certificate(told)), STORE_CERT_ACTIVE);
}

/* The status of the i-th: its failInfo bit, -1 if it is accepted without one. */
static int status_at(const struct told *told, int i)
{
	const PKIStatusInfo *info = sk_PKIStatusInfo_value(told->msg->body->value.rp->status, i);

	if (ASN1_INTEGER_get(info->status) == PKI_STATUS_ACCEPTED) {
		ck_assert_ptr_null(info->failInfo);
		return -1;
	}
	ck_assert_int_eq(ASN1_INTEGER_get(info->status), PKI_STATUS_REJECTION);
	for (int bit = 0; bit < FAIL_COUNT; bit++)
		if (ASN1_BIT_STRING_get_bit(info->failInfo, bit))
			return bit;
	return FAIL_COUNT;
}

/* RFC 4210 5.3.10: in the same order as the status. */
static void rev_cert_check(const struct told *told, int i, struct bytes cert)
{
	const CertId *id = sk_CertId_value(told->msg->body->value.rp->revCerts, i);
	X509 *x = pki_cert_parse(cert);

	ck_assert_int_eq(ASN1_INTEGER_cmp(id->serialNumber, X509_get0_serialNumber(x)), 0);
	ck_assert_int_eq(X509_NAME_cmp(id->issuer->d.directoryName, X509_get_issuer_name(x)), 0);
	X509_free(x);
}

/* RFC 4210 5.3.9: some granted, some refused; each by itself, in order; sent again the same. */
START_TEST(rfc4210_5_3_9_several)
{
	const struct house *h = &granted_house;
	struct told certs[3], rp, again;
	struct ask a[3], rr;

	for (int i = 0; i < 3; i++)
		enrol(&a[i], &certs[i]);
	ask_new(&rr, &granted_house, &h->vnfm_a);
	ask_rr(&rr, told_certificate(&certs[0]), 1);
	ask_rr(&rr, octets_view(&h->vnfm_a.der), 1); /* issuer is no CA of ours */
	ask_rr(&rr, told_certificate(&certs[1]), 6);
	ask_rr(&rr, told_certificate(&certs[0]), 4);  /* a second time */
	ask_rr(&rr, told_certificate(&certs[1]), 8);  /* the hold is taken back */
	ask_rr(&rr, told_certificate(&certs[2]), 7);  /* no reason */
	ask_rr(&rr, octets_view(&h->issuing.der), 1); /* issued by root */
	ask_send(&rr, &rp);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_RP);
	ck_assert_int_eq(sk_PKIStatusInfo_num(rp.msg->body->value.rp->status), 7);
	ck_assert_int_eq(sk_CertId_num(rp.msg->body->value.rp->revCerts), 7);
	ck_assert_int_eq(status_at(&rp, 0), -1);
	ck_assert_int_eq(status_at(&rp, 1), FAIL_WRONG_AUTHORITY);
	ck_assert_int_eq(status_at(&rp, 2), -1);
	ck_assert_int_eq(status_at(&rp, 3), FAIL_CERT_REVOKED);
	ck_assert_int_eq(status_at(&rp, 4), -1);
	ck_assert_int_eq(status_at(&rp, 5), FAIL_BAD_REQUEST);
	ck_assert_int_eq(status_at(&rp, 6), FAIL_WRONG_AUTHORITY);
	rev_cert_check(&rp, 0, told_certificate(&certs[0]));
	rev_cert_check(&rp, 5, told_certificate(&certs[2]));
	rev_cert_check(&rp, 6, octets_view(&h->issuing.der));
	ck_assert_ptr_null(rp.msg->body->value.rp->crls);
	ck_assert_int_eq(granted_state(told_certificate(&certs[0])), STORE_CERT_REVOKED);
	ck_assert_int_eq(granted_state(told_certificate(&certs[1])), STORE_CERT_ACTIVE);
	ck_assert_int_eq(granted_state(told_certificate(&certs[2])), STORE_CERT_ACTIVE);
	ask_send_octets(&rr, &granted_house.worker, octets_view(&rr.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&rp.der)));
	told_clear(&again);
	granted_done(&rr, &rp);
	for (int i = 0; i < 3; i++)
		granted_done(&a[i], &certs[i]);
}
END_TEST

/* One that is not identified has no CertId, so there are none: the order would be lost. */
START_TEST(rfc4210_5_3_10_unidentified)
{
	struct told cert, rp;
	struct ask a, rr;
	RevDetails *second;

	enrol(&a, &cert);
	ask_new(&rr, &granted_house, &granted_house.vnfm_a);
	ask_rr(&rr, told_certificate(&cert), 1);
	ask_rr(&rr, told_certificate(&cert), 1);
	second = sk_RevDetails_value(rr.body->value.rr, 1);
	ASN1_INTEGER_free(second->certDetails->serialNumber);
	second->certDetails->serialNumber = NULL;
	ask_send(&rr, &rp);
	ck_assert_int_eq(sk_PKIStatusInfo_num(rp.msg->body->value.rp->status), 2);
	ck_assert_int_eq(status_at(&rp, 0), -1);
	ck_assert_int_eq(status_at(&rp, 1), FAIL_ADD_INFO_NOT_AVAILABLE);
	ck_assert_ptr_null(rp.msg->body->value.rp->revCerts);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_REVOKED);
	granted_done(&rr, &rp);
	granted_done(&a, &cert);
}
END_TEST

/* RFC 9483 5.3.2: the RA for entities of its trust domain; another manager not. */
START_TEST(rfc9483_5_3_2_on_behalf)
{
	struct told cert;
	struct ask a, rr;

	enrol(&a, &cert);
	ask_new(&rr, &granted_house, &granted_house.vnfm_b);
	ask_rr(&rr, told_certificate(&cert), 1);
	granted_expect(&rr, PKI_BODY_RP, FAIL_BAD_CERT_ID);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_ACTIVE);
	ask_new(&rr, &granted_house, &granted_house.ra);
	ask_rr(&rr, told_certificate(&cert), 1);
	granted_expect(&rr, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_REVOKED);
	granted_done(&a, &cert);
}
END_TEST

/* The holder puts its certificate on hold, and then can sign nothing with it. */
START_TEST(rfc5280_5_3_1_hold_by_holder)
{
	struct house_credential holder = {0};
	struct told cert;
	struct ask a, rr;

	enrol(&a, &cert);
	house_credential_adopt(&holder, a.key, told_certificate(&cert));
	ask_new(&rr, &granted_house, &holder);
	ask_rr(&rr, told_certificate(&cert), 6);
	granted_expect(&rr, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_ON_HOLD);
	ask_new(&rr, &granted_house, &holder);
	ask_rr(&rr, told_certificate(&cert), 8);
	granted_expect(&rr, PKI_BODY_ERROR, FAIL_SIGNER_NOT_TRUSTED);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_ON_HOLD);
	ask_new(&rr, &granted_house, &granted_house.vnfm_a);
	ask_rr(&rr, told_certificate(&cert), 8);
	granted_expect(&rr, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_ACTIVE);
	house_credential_clear(&holder);
	granted_done(&a, &cert);
}
END_TEST

/* --- what else is said of the certificate --- */

enum { FITS, CONTRADICTS };

/* Fills in certDetails from the certificate, or with something that is not so. */
static void say_version(CertTemplate *t, const X509 *cert, int how)
{
	t->version = ASN1_INTEGER_new();
	ck_assert(ASN1_INTEGER_set(t->version, how == FITS ? 2 : 0));
}

static void say_signing_alg(CertTemplate *t, const X509 *cert, int how)
{
	t->signingAlg = X509_ALGOR_dup(X509_get0_tbs_sigalg(cert));
	if (how == CONTRADICTS)
		X509_ALGOR_set0(t->signingAlg, OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF, NULL);
}

static void say_not_before(CertTemplate *t, const X509 *cert, int how)
{
	t->validity = OptionalValidity_new();
	/* Of another type: the same time. */
	t->validity->notBefore = ASN1_TIME_to_generalizedtime(X509_get0_notBefore(cert), NULL);
	if (how == CONTRADICTS)
		t->validity->notBefore->data[13] ^= 1;
}

static void say_not_after(CertTemplate *t, const X509 *cert, int how)
{
	t->validity = OptionalValidity_new();
	t->validity->notAfter = ASN1_STRING_dup(X509_get0_notAfter(cert));
	if (how == CONTRADICTS)
		t->validity->notAfter->data[11] ^= 1;
}

static void say_subject(CertTemplate *t, const X509 *cert, int how)
{
	t->subject = how == FITS ? X509_NAME_dup(X509_get_subject_name(cert)) : X509_NAME_new();
	if (how == CONTRADICTS)
		ck_assert(X509_NAME_add_entry_by_txt(t->subject, "CN", MBSTRING_ASC,
						     (const unsigned char *)"vnfci-b", -1, -1, 0));
}

/* RFC 5280 7.1: in another encoding and case it is the same name. */
static void say_subject_as_printable(CertTemplate *t, const X509 *cert, int how)
{
	const char *cn = how == FITS ? "VNFCI-A" : "VNFCI-B";

	t->subject = X509_NAME_new();
	ck_assert(X509_NAME_add_entry_by_txt(t->subject, "CN", V_ASN1_PRINTABLESTRING,
					     (const unsigned char *)cn, -1, -1, 0));
}

static void say_key(CertTemplate *t, const X509 *cert, int how)
{
	EVP_PKEY *key = how == FITS ? X509_get0_pubkey(cert) : granted_house.vnfm_a.key;

	ck_assert_int_eq(spki_from_key(key, &t->publicKey), 0);
}

/* RFC 5480 2.2: the same point, compressed. */
static void say_key_compressed(CertTemplate *t, const X509 *cert, int how)
{
	uint8_t point[33];
	const uint8_t *whole;

	say_key(t, cert, FITS);
	whole = t->publicKey->subjectPublicKey->data;
	ck_assert_int_eq(t->publicKey->subjectPublicKey->length, 65);
	memcpy(point + 1, whole + 1, 32);
	point[0] = (uint8_t)(2 + ((whole[64] & 1) ^ (how == CONTRADICTS)));
	ck_assert(ASN1_STRING_set(t->publicKey->subjectPublicKey, point, sizeof(point)));
}

static void say_unique_id(CertTemplate *t, const X509 *cert, int how)
{
	if (how == FITS)
		return;
	t->subjectUID = ASN1_BIT_STRING_new();
	ck_assert(ASN1_BIT_STRING_set_bit(t->subjectUID, 0, 1));
}

static void say_extensions(CertTemplate *t, const X509 *cert, int how)
{
	int at = X509_get_ext_by_NID(cert, NID_subject_key_identifier, -1);
	X509_EXTENSION *ext = X509_EXTENSION_dup(X509_get_ext(cert, at));

	if (how == CONTRADICTS)
		X509_EXTENSION_get_data(ext)->data[2] ^= 1;
	X509v3_add_ext(&t->extensions, ext, -1);
	X509_EXTENSION_free(ext);
}

static void say_criticality(CertTemplate *t, const X509 *cert, int how)
{
	int at = X509_get_ext_by_NID(cert, NID_key_usage, -1);
	X509_EXTENSION *ext = X509_EXTENSION_dup(X509_get_ext(cert, at));

	if (how == CONTRADICTS)
		X509_EXTENSION_set_critical(ext, !X509_EXTENSION_get_critical(ext));
	X509v3_add_ext(&t->extensions, ext, -1);
	X509_EXTENSION_free(ext);
}

static void say_extension_that_is_not_there(CertTemplate *t, const X509 *cert, int how)
{
	X509_EXTENSION *ext;

	if (how == FITS)
		return;
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_inhibit_any_policy, "1");
	X509v3_add_ext(&t->extensions, ext, -1);
	X509_EXTENSION_free(ext);
}

static void (*const sayings[])(CertTemplate *t, const X509 *cert, int how) = {
	say_version,   say_signing_alg,          say_not_before,  say_not_after,
	say_subject,   say_subject_as_printable, say_key,         say_key_compressed,
	say_unique_id, say_extensions,           say_criticality, say_extension_that_is_not_there,
};

/* RFC 9483 4.2, RFC 4210 F: what is said beside issuer and serialNumber is said of the same one. */
START_TEST(rfc9483_4_2_details_that_contradict)
{
	struct told cert;
	struct ask a, rr;
	const unsigned char *p;
	X509 *x;

	enrol(&a, &cert);
	p = told_certificate(&cert).data;
	x = d2i_X509(NULL, &p, (long)told_certificate(&cert).len);
	for (int how = CONTRADICTS; how >= FITS; how--) {
		ask_new(&rr, &granted_house, &granted_house.vnfm_a);
		ask_rr(&rr, told_certificate(&cert), 1);
		sayings[_i](sk_RevDetails_value(rr.body->value.rr, 0)->certDetails, x, how);
		granted_expect(&rr, PKI_BODY_RP, how == FITS ? -1 : FAIL_BAD_CERT_ID);
		ck_assert_int_eq(granted_state(told_certificate(&cert)),
				 how == FITS ? STORE_CERT_REVOKED : STORE_CERT_ACTIVE);
	}
	X509_free(x);
	granted_done(&a, &cert);
}
END_TEST

/* Who may not revoke it is not told what is in it. */
START_TEST(rfc9483_4_2_details_are_no_oracle)
{
	struct told cert;
	struct ask a, rr;

	enrol(&a, &cert);
	ask_new(&rr, &granted_house, &granted_house.vnfm_b);
	ask_rr(&rr, told_certificate(&cert), 1);
	say_version(sk_RevDetails_value(rr.body->value.rr, 0)->certDetails, NULL, CONTRADICTS);
	granted_expect(&rr, PKI_BODY_RP, FAIL_BAD_CERT_ID);
	granted_done(&a, &cert);
}
END_TEST

/* --- by subject and key alone --- */

/* An rr as of `openssl cmp -cmd rr -csr`: what a PKCS#10 for the certificate has. */
static void ask_rr_by_key(struct ask *rr, const struct house_credential *who, struct bytes cert)
{
	CertTemplate *t;
	X509 *x = pki_cert_parse(cert);

	ask_new(rr, &granted_house, who);
	ask_rr(rr, cert, -1);
	t = sk_RevDetails_value(rr->body->value.rr, 0)->certDetails;
	X509_NAME_free(TAKE(t->issuer));
	ASN1_INTEGER_free(TAKE(t->serialNumber));
	say_subject(t, x, FITS);
	say_key(t, x, FITS);
	X509_free(x);
}

static CertTemplate *template_of(struct ask *rr)
{
	return sk_RevDetails_value(rr->body->value.rr, 0)->certDetails;
}

static void setup_by_key(void)
{
	house_open(&granted_house, "", "[client_policy default]\nrevoke_by_key = yes\n");
	house_register(&granted_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
}

/* RFC 9483 4.2: issuer and serialNumber are required, but of whom the policy lets say less. */
START_TEST(rfc9483_4_2_by_key)
{
	struct told cert, rp;
	struct ask a, rr;
	bool may = _i;

	enrol(&a, &cert);
	ask_rr_by_key(&rr, &granted_house.vnfm_a, told_certificate(&cert));
	ask_send(&rr, &rp);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_RP);
	ck_assert_int_eq(status_at(&rp, 0), may ? -1 : FAIL_ADD_INFO_NOT_AVAILABLE);
	/* OpenSSL compares with what it said itself, which was nothing. */
	ck_assert_ptr_null(rp.msg->body->value.rp->revCerts);
	ck_assert_int_eq(granted_state(told_certificate(&cert)),
			 may ? STORE_CERT_REVOKED : STORE_CERT_ACTIVE);
	granted_done(&rr, &rp);
	granted_done(&a, &cert);
}
END_TEST

/* Of two certificates with the same subject each has its key; of the same key none is meant. */
START_TEST(rfc9483_4_2_by_key_of_several)
{
	struct told first, second;
	struct ask a, b, rr;

	enrol(&a, &first);
	enrol(&b, &second);
	ask_rr_by_key(&rr, &granted_house.vnfm_a, told_certificate(&second));
	granted_expect(&rr, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(told_certificate(&first)), STORE_CERT_ACTIVE);
	ck_assert_int_eq(granted_state(told_certificate(&second)), STORE_CERT_REVOKED);
	granted_done(&b, &second);
	ask_new(&b, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&b, PKI_BODY_CR, "vnfci-a");
	EVP_PKEY_free(b.key);
	EVP_PKEY_up_ref(a.key);
	b.key = a.key;
	SubjectPublicKeyInfo_free(TAKE(ask_request(&b)->certReq->certTemplate->publicKey));
	ck_assert_int_eq(spki_from_key(a.key, &ask_request(&b)->certReq->certTemplate->publicKey),
			 0);
	ask_implicit_confirm(&b);
	ask_send(&b, &second);
	ck_assert_int_eq(told_failinfo(&second), -1);
	ask_rr_by_key(&rr, &granted_house.vnfm_a, told_certificate(&first));
	granted_expect(&rr, PKI_BODY_RP, FAIL_BAD_CERT_ID);
	ck_assert_int_eq(granted_state(told_certificate(&first)), STORE_CERT_ACTIVE);
	ck_assert_int_eq(granted_state(told_certificate(&second)), STORE_CERT_ACTIVE);
	/* Once one of them is revoked it is the other that is left. */
	ask_new(&rr, &granted_house, &granted_house.vnfm_a);
	ask_rr(&rr, told_certificate(&second), 1);
	granted_expect(&rr, PKI_BODY_RP, -1);
	ask_rr_by_key(&rr, &granted_house.vnfm_a, told_certificate(&second));
	granted_expect(&rr, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(told_certificate(&first)), STORE_CERT_REVOKED);
	/* None is left. */
	ask_rr_by_key(&rr, &granted_house.vnfm_a, told_certificate(&first));
	granted_expect(&rr, PKI_BODY_RP, FAIL_BAD_CERT_ID);
	granted_done(&b, &second);
	granted_done(&a, &first);
}
END_TEST

static void other_subject(CertTemplate *t)
{
	X509_NAME_free(TAKE(t->subject));
	say_subject(t, NULL, CONTRADICTS);
}

static void no_subject(CertTemplate *t)
{
	X509_NAME_free(t->subject);
	t->subject = X509_NAME_new();
}

static void other_key(CertTemplate *t)
{
	SubjectPublicKeyInfo_free(TAKE(t->publicKey));
	say_key(t, NULL, CONTRADICTS);
}

static void malformed_key(CertTemplate *t)
{
	ck_assert(ASN1_STRING_set(t->publicKey->subjectPublicKey, "\x02x", 2));
}

static void other_validity(CertTemplate *t)
{
	t->validity = OptionalValidity_new();
	t->validity->notAfter = ASN1_TIME_set(NULL, 1);
}

static void serial_beside(CertTemplate *t)
{
	t->serialNumber = ASN1_INTEGER_new();
	ck_assert(ASN1_INTEGER_set(t->serialNumber, 1));
}

static const struct {
	void (*bend)(CertTemplate *t);
	int failinfo;
} by_key_rows[] = {
	{other_subject, FAIL_BAD_CERT_ID},  {no_subject, FAIL_BAD_CERT_ID},
	{other_key, FAIL_BAD_CERT_ID},      {malformed_key, FAIL_BAD_CERT_ID},
	{other_validity, FAIL_BAD_CERT_ID}, {serial_beside, FAIL_ADD_INFO_NOT_AVAILABLE},
};

START_TEST(rfc9483_4_2_by_key_that_fits_none)
{
	struct told cert;
	struct ask a, rr;

	enrol(&a, &cert);
	ask_rr_by_key(&rr, &granted_house.vnfm_a, told_certificate(&cert));
	by_key_rows[_i].bend(template_of(&rr));
	granted_expect(&rr, PKI_BODY_RP, by_key_rows[_i].failinfo);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_ACTIVE);
	granted_done(&a, &cert);
}
END_TEST

/* Of another trust domain, who is told what she would be told of none; the holder; the RA. */
START_TEST(rfc9483_4_2_by_key_by_whom)
{
	struct house_credential holder = {0};
	struct told cert;
	struct ask a, rr;

	enrol(&a, &cert);
	house_credential_adopt(&holder, a.key, told_certificate(&cert));
	ask_rr_by_key(&rr, &granted_house.vnfm_b, told_certificate(&cert));
	granted_expect(&rr, PKI_BODY_RP, FAIL_BAD_CERT_ID);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_ACTIVE);
	ask_rr_by_key(&rr, _i ? &granted_house.ra : &holder, told_certificate(&cert));
	granted_expect(&rr, PKI_BODY_RP, -1);
	ck_assert_int_eq(granted_state(told_certificate(&cert)), STORE_CERT_REVOKED);
	house_credential_clear(&holder);
	granted_done(&a, &cert);
}
END_TEST

/* --- crlEntryDetails --- */

static const struct entry_row {
	int reason; /* -1: none */
	int nid;
	const char *value; /* x509v3_config(5), or the text of a GeneralizedTime */
	int copies;
	int failinfo;
} entry_rows[] = {
	{1, NID_invalidity_date, "20260101000000Z", 1, -1},
	{-1, NID_invalidity_date, "20260101000000Z", 1, -1},
	{6, NID_invalidity_date, "19700101000001Z", 1, -1},
	{1, NID_invalidity_date, "19700101000000Z", 1, FAIL_BAD_REQUEST},
	{1, NID_invalidity_date, "99991231235959Z", 1, FAIL_BAD_REQUEST},
	{1, NID_invalidity_date, "20260101000000.5Z", 1, FAIL_BAD_REQUEST},
	{1, NID_invalidity_date, "202601010000Z", 1, FAIL_BAD_REQUEST},
	{1, NID_invalidity_date, "20260101000000", 1, FAIL_BAD_REQUEST},
	{1, NID_invalidity_date, "20260231000000Z", 1, FAIL_BAD_REQUEST},
	{1, NID_invalidity_date, "20260101000000Z", 2, FAIL_BAD_REQUEST},
	{1, NID_crl_reason, "keyCompromise", 1, FAIL_BAD_REQUEST}, /* a second one */
	{1, NID_certificate_issuer, "URI:http://x", 1, FAIL_UNACCEPTED_EXTENSION},
	{1, NID_hold_instruction_code, "holdInstructionReject", 1, FAIL_UNACCEPTED_EXTENSION},
	{1, NID_delta_crl, "1", 1, FAIL_UNACCEPTED_EXTENSION},
};

static X509_EXTENSION *entry_extension(const struct entry_row *row)
{
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	uint8_t der[64] = {V_ASN1_GENERALIZEDTIME, (uint8_t)strlen(row->value)};
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(octets, (const uint8_t *)"\x05\x00", 2);
	if (row->nid == NID_invalidity_date) {
		memcpy(der + 2, row->value, der[1]);
		ASN1_OCTET_STRING_set(octets, der, der[1] + 2);
	}
	ext = X509_EXTENSION_create_by_NID(NULL, row->nid, 0, octets);
	ASN1_OCTET_STRING_free(octets);
	return ext;
}

/* RFC 5280 5.3.2 */
START_TEST(rfc5280_5_3_2_invalidity_date)
{
	const struct entry_row *row = &entry_rows[_i];
	X509_EXTENSION *ext = entry_extension(row);
	RevDetails *details;
	struct told cert;
	struct ask a, rr;

	enrol(&a, &cert);
	ask_new(&rr, &granted_house, &granted_house.vnfm_a);
	ask_rr(&rr, told_certificate(&cert), row->reason);
	details = sk_RevDetails_value(rr.body->value.rr, 0);
	for (int i = 0; i < row->copies; i++)
		X509v3_add_ext(&details->crlEntryDetails, ext, 0);
	granted_expect(&rr, PKI_BODY_RP, row->failinfo);
	ck_assert_int_eq(granted_state(told_certificate(&cert)),
			 row->failinfo >= 0 ? STORE_CERT_ACTIVE
			 : row->reason == 6 ? STORE_CERT_ON_HOLD
					    : STORE_CERT_REVOKED);
	X509_EXTENSION_free(ext);
	granted_done(&a, &cert);
}
END_TEST

/* --- the CRL before the answer --- */

static bool crl_lists(X509_CRL *crl, struct bytes cert)
{
	X509 *x = pki_cert_parse(cert);
	X509_REVOKED *entry;
	bool listed = X509_CRL_get0_by_cert(crl, &entry, x) == 1;

	X509_free(x);
	return listed;
}

static X509_CRL *crl_newest(void)
{
	struct ca *ca = ca_find(granted_house.cas, "crls");
	struct ca_crl row;
	const unsigned char *p;
	X509_CRL *crl;

	ck_assert_int_eq(ca_crl_newest(ca, granted_house.worker.reader, &row), 0);
	p = shared_view(row.der).data;
	crl = d2i_X509_CRL(NULL, &p, (long)shared_view(row.der).len);
	ca_crl_clear(&row);
	return crl;
}

static void rr_one(struct bytes cert, int reason, struct ask *rr, struct told *rp)
{
	ask_new(rr, &granted_house, &granted_house.vnfm_a);
	ask_rr(rr, cert, reason);
	ask_send(rr, rp);
	ck_assert_int_eq(told_failinfo(rp), -1);
}

START_TEST(crl_on_revocation)
{
	bool in_answer = _i;
	struct told cert, rp, again;
	struct ask a, rr;
	X509_CRL *crl;

	house_open(&granted_house, "ca_rules = crls\n",
		   in_answer ? CRL_KEYS "crl_in_answer = yes\n" : CRL_KEYS);
	house_register(&granted_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	enrol(&a, &cert);
	rr_one(told_certificate(&cert), 6, &rr, &rp);
	crl = crl_newest();
	ck_assert(crl_lists(crl, told_certificate(&cert)));
	if (in_answer) {
		ck_assert_int_eq(sk_X509_CRL_num(rp.msg->body->value.rp->crls), 1);
		ck_assert_int_eq(
			X509_CRL_match(sk_X509_CRL_value(rp.msg->body->value.rp->crls, 0), crl), 0);
	} else {
		ck_assert_ptr_null(rp.msg->body->value.rp->crls);
	}
	X509_CRL_free(crl);
	ask_send_octets(&rr, &granted_house.worker, octets_view(&rr.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&rp.der)));
	told_clear(&again);
	granted_done(&rr, &rp);
	/* RFC 5280 5.3.1: taken back, the next CRL does not list it. */
	rr_one(told_certificate(&cert), 8, &rr, &rp);
	crl = crl_newest();
	ck_assert(!crl_lists(crl, told_certificate(&cert)));
	X509_CRL_free(crl);
	granted_done(&rr, &rp);
	granted_done(&a, &cert);
	house_close(&granted_house);
}
END_TEST

static void poll(struct ask *a, struct told *last)
{
	struct told told;
	struct ask p;

	ask_pollreq(&p, a, last, -1);
	ask_send(&p, &told);
	ask_clear(&p);
	told_clear(last);
	*last = told;
}

static size_t stored_response_len(const struct ask *a)
{
	struct store_transaction txn = {0};
	struct bytes id = {a->transaction_id, CMP_NONCE_LEN};
	size_t len;

	ck_assert_int_eq(store_transaction_find(granted_house.worker.reader, "vnfm-a", id, &txn),
			 0);
	len = txn.response.len;
	store_transaction_clear(&txn);
	return len;
}

static void rp_has_crl(const struct told *rp, struct bytes cert)
{
	STACK_OF(X509_CRL) *crls = rp->msg->body->value.rp->crls;

	ck_assert_int_eq(rp->msg->body_type, PKI_BODY_RP);
	ck_assert_int_eq(told_failinfo(rp), -1);
	ck_assert_int_eq(sk_X509_CRL_num(crls), 1);
	ck_assert(crl_lists(sk_X509_CRL_value(crls, 0), cert));
}

/*
 * crl_revocation_interval with crl_on_revocation: rp is delayed until the CRL, RFC 9483 4.4; the
 * certificate is revoked before. What is stored of the answer goes without the CRL, and what is
 * sent again is the same, also when there is a newer CRL.
 */
START_TEST(rfc9483_4_4_rp_waits_for_the_crl)
{
	struct told certs[2], rp, again;
	struct ask a[2], rr, poll_last;
	X509_CRL *crl;

	house_open(&granted_house, "ca_rules = crls\n",
		   CRL_KEYS "crl_in_answer = yes\ncrl_revocation_interval = 1h\n");
	house_register(&granted_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	for (int i = 0; i < 2; i++)
		enrol(&a[i], &certs[i]);
	rr_one(told_certificate(&certs[0]), 1, &rr, &rp);
	rp_has_crl(&rp, told_certificate(&certs[0]));
	ck_assert_uint_lt(stored_response_len(&rr), rp.der.len - 200);
	granted_done(&rr, &rp);

	ask_new(&rr, &granted_house, &granted_house.vnfm_a);
	ask_rr(&rr, told_certificate(&certs[1]), 1);
	ask_send(&rr, &rp);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_status_value(&rp), PKI_STATUS_WAITING);
	ck_assert_int_eq(granted_state(told_certificate(&certs[1])), STORE_CERT_REVOKED);
	granted_house.now_ms += 600 * 1000;
	poll(&rr, &rp);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_POLLREP);
	ck_assert_int_eq(
		ASN1_INTEGER_get(sk_PollRep_value(rp.msg->body->value.pollRep, 0)->checkAfter),
		3000);
	granted_house.now_ms += 3000 * 1000;
	ask_pollreq(&poll_last, &rr, &rp, -1);
	told_clear(&rp);
	ask_send(&poll_last, &rp);
	rp_has_crl(&rp, told_certificate(&certs[1]));
	/* A newer one does not change what was answered. */
	ck_assert_int_eq(ca_crl_update(ca_find(granted_house.cas, "crls"),
				       granted_house.worker.reader, granted_house.worker.unit),
			 0);
	ask_send_octets(&poll_last, &granted_house.worker, octets_view(&poll_last.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&rp.der)));
	crl = crl_newest();
	ck_assert_int_ne(X509_CRL_match(crl, sk_X509_CRL_value(again.msg->body->value.rp->crls, 0)),
			 0);
	X509_CRL_free(crl);
	told_clear(&again);
	granted_done(&poll_last, &rp);
	ask_clear(&rr);
	for (int i = 0; i < 2; i++)
		granted_done(&a[i], &certs[i]);
	house_close(&granted_house);
}
END_TEST

/* A CRL that does not come keeps nobody waiting for ever: revoked it is. */
START_TEST(rfc9483_4_4_crl_that_does_not_come)
{
	struct told cert, rp;
	struct ask a, rr;

	house_open(&granted_house, "ca_rules = crls\n",
		   CRL_KEYS "crl_interval = 7d\ncrl_revocation_interval = 7d\n");
	house_register(&granted_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	enrol(&a, &cert);
	rr_one(told_certificate(&cert), 6, &rr, &rp);
	granted_done(&rr, &rp);
	ask_new(&rr, &granted_house, &granted_house.vnfm_a);
	ask_rr(&rr, told_certificate(&cert), 1);
	ask_send(&rr, &rp);
	ck_assert_int_eq(told_status_value(&rp), PKI_STATUS_WAITING);
	/* Back in time, no CRL is due. */
	granted_house.now_ms -= 1000;
	poll(&rr, &rp);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_RP);
	ck_assert_int_eq(told_failinfo(&rp), -1);
	granted_done(&rr, &rp);
	granted_done(&a, &cert);
	house_close(&granted_house);
}
END_TEST

/* RFC 4210 5.1.3: the protection is over the CRL as well, whatever protects the answer. */
START_TEST(rfc4210_5_1_3_crl_in_an_answer_under_a_mac)
{
	struct told cert, rp;
	struct ask a, rr;

	house_open(&granted_house, "ca_rules = crls\n", CRL_KEYS "crl_in_answer = yes\n");
	house_register(&granted_house, "mac", CERT_TYPE_VNFCI, "vnfci-mac");
	ask_new(&a, &granted_house, NULL);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-mac");
	ask_implicit_confirm(&a);
	ask_send(&a, &cert);
	ask_new(&rr, &granted_house, NULL);
	ask_rr(&rr, told_certificate(&cert), 1);
	ask_send(&rr, &rp); /* verifies it */
	ck_assert(told_mac(&rp));
	rp_has_crl(&rp, told_certificate(&cert));
	granted_done(&rr, &rp);
	granted_done(&a, &cert);
	house_close(&granted_house);
}
END_TEST

/* IFA 033: the last certificates of an entity; it is deregistered once. */
START_TEST(rfc4210_5_3_9_cessation_of_several)
{
	struct told certs[2], rp;
	struct ask a[2], rr;

	house_open(&granted_house, "deregister_on_cessation = yes\n", "");
	house_register(&granted_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	for (int i = 0; i < 2; i++)
		enrol(&a[i], &certs[i]);
	ask_new(&rr, &granted_house, &granted_house.vnfm_a);
	for (int i = 0; i < 2; i++)
		ask_rr(&rr, told_certificate(&certs[i]), CRL_REASON_CESSATION_OF_OPERATION);
	ask_send(&rr, &rp);
	ck_assert_int_eq(rp.msg->body_type, PKI_BODY_RP);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(status_at(&rp, i), -1);
		ck_assert_int_eq(granted_state(told_certificate(&certs[i])), STORE_CERT_REVOKED);
		granted_done(&a[i], &certs[i]);
	}
	granted_done(&rr, &rp);
	house_close(&granted_house);
}
END_TEST

static Suite *door_rr_suite(void)
{
	Suite *suite = suite_create("door_rr");
	TCase *rr = tcase_create("rr"), *crl = tcase_create("crl"),
	      *by_key = tcase_create("by key");

	tcase_add_checked_fixture(rr, granted_setup, granted_teardown);
	tcase_add_test(rr, rfc4210_5_3_9_several);
	tcase_add_test(rr, rfc4210_5_3_10_unidentified);
	tcase_add_test(rr, rfc9483_5_3_2_on_behalf);
	tcase_add_test(rr, rfc5280_5_3_1_hold_by_holder);
	tcase_add_loop_test(rr, rfc9483_4_2_details_that_contradict, 0, ARRAY_LEN(sayings));
	tcase_add_test(rr, rfc9483_4_2_details_are_no_oracle);
	tcase_add_loop_test(rr, rfc5280_5_3_2_invalidity_date, 0, ARRAY_LEN(entry_rows));
	tcase_add_loop_test(rr, rfc9483_4_2_by_key, 0, 1);
	suite_add_tcase(suite, rr);
	tcase_add_checked_fixture(by_key, setup_by_key, granted_teardown);
	tcase_add_loop_test(by_key, rfc9483_4_2_by_key, 1, 2);
	tcase_add_test(by_key, rfc9483_4_2_by_key_of_several);
	tcase_add_loop_test(by_key, rfc9483_4_2_by_key_that_fits_none, 0, ARRAY_LEN(by_key_rows));
	tcase_add_loop_test(by_key, rfc9483_4_2_by_key_by_whom, 0, 2);
	suite_add_tcase(suite, by_key);
	tcase_add_loop_test(crl, crl_on_revocation, 0, 2);
	tcase_add_test(crl, rfc9483_4_4_rp_waits_for_the_crl);
	tcase_add_test(crl, rfc9483_4_4_crl_that_does_not_come);
	tcase_add_test(crl, rfc4210_5_1_3_crl_in_an_answer_under_a_mac);
	tcase_add_test(crl, rfc4210_5_3_9_cessation_of_several);
	suite_add_tcase(suite, crl);
	return suite;
}

SUITE_MAIN(door_rr_suite, SUITE_ONE_PROCESS)
