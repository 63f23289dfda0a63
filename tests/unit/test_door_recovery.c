// SPDX-License-Identifier: Apache-2.0
/*
 * Key recovery, RFC 4210 5.3.7 and 5.3.8: archived keys come back to who may have them, encrypted
 * for protocolEncrKey, and to nobody else. The answers are opened by libcrypto's CMS.
 */
#include "granted.h"
#include "suite.h"
#include "told_key.h"

#include "asn1/spki.h"

#include <check.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE(name, more)                                                    \
	"[profile " name "]\ncert_type = VnfciCert\ncommon_name = subjectId\n" \
	"key_types = rsa:2048-4096, ec:P-256, x25519\nextension_section = usage\n" more "\n"

static const char sections[] = "kga_certificate = kga.pem\nkga_key = kga.key\n" PROFILE(
	"archiving", "archive_keys = allowed") PROFILE("never", "")
	PROFILE("upstream",
		"archive_keys = allowed") "[ca central]\ntype = upstream\nserver_url = "
					  "http://127.0.0.1:9/\nupstream_wait = 0s\n"
					  "certificate = central.pem\nchain = root.pem\ntrusted = "
					  "root.pem\n"
					  "expect_sender = /CN=central\nra_certificate = "
					  "ra.pem\nra_key = ra.key\n"
					  "[ca_rule up]\nprofile = upstream\nca = central\n";

static struct house *const h = &granted_house;
/* The entity of most tests: its two keys, the newer one's certificate, and what to encrypt for. */
static EVP_PKEY *first, *second, *to;
static struct house_credential holder;

/* Who may recover: an RA of vnfm-a's domain; `keeper` has the permission, vnfm-a has it not. */
static struct house_credential keeper;

static void entity_register(const char *client, const char *subject_id, const char *profile)
{
	struct cmf_register request = {.has_cert_type = true,
				       .cert_type = CERT_TYPE_VNFCI,
				       .subject_ids = &subject_id,
				       .n_subject_ids = 1,
				       .handling = CERT_HANDLING_DELEGATION,
				       .profile = profile};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};

	ck_assert_int_eq(cmf_admin_for_client(HOUSE_CALL(h, NULL, &refusal), client, &who), 0);
	ck_assert_int_eq(cmf_register(HOUSE_CALL(h, &who, &refusal), &request), 0);
	ck_assert_int_eq(store_unit_commit(h->worker.unit), 0);
	cmf_principal_clear(&who);
}

/* A certificate whose key is archived; confirmed unless told otherwise. The key is the caller's. */
static EVP_PKEY *enrol(const struct house_credential *who, const char *cn, bool confirm,
		       struct house_credential *credential)
{
	EVP_PKEY *key;
	struct told told;
	struct ask a;

	ask_new(&a, h, who);
	a.out.pvno = 3;
	ask_certreq(&a, PKI_BODY_CR, cn);
	ask_archive(&a);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	key = a.key;
	ck_assert_int_eq(EVP_PKEY_up_ref(key), 1);
	if (credential) {
		house_credential_adopt(credential, key, told_certificate(&told));
		credential->issuer = &h->issuing;
	}
	if (confirm)
		granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	granted_done(&a, &told);
	return key;
}

static void recovery_setup(void)
{
	house_open(h, "ca_rules = up\n", sections);
	house_credential_make(&keeper, "keeper", HOUSE_LEAF, &h->client_root, h->now_ms, 365);
	house_client_add(h, "keeper", "k", STORE_MAY_REQUEST | STORE_MAY_RECOVER, false);
	entity_register("vnfm-a", "vnfci-a", "archiving");
	entity_register("vnfm-a", "vnfci-other", "archiving");
	entity_register("vnfm-a", "vnfci-empty", "archiving");
	entity_register("vnfm-a", "vnfci-never", "never");
	entity_register("vnfm-a", "vnfci-upstream", "upstream");
	entity_register("keeper", "vnfci-kept", "archiving");
	to = EVP_RSA_gen(2048);
	first = enrol(&h->vnfm_a, "vnfci-a", true, NULL);
	second = enrol(&h->vnfm_a, "vnfci-a", true, &holder);
	EVP_PKEY_free(enrol(&h->vnfm_a, "vnfci-a", false, NULL));
	EVP_PKEY_free(enrol(&h->vnfm_a, "vnfci-other", true, NULL));
	EVP_PKEY_free(enrol(&keeper, "vnfci-kept", true, NULL));
}

static void recovery_teardown(void)
{
	EVP_PKEY_free(first);
	EVP_PKEY_free(second);
	EVP_PKEY_free(to);
	house_credential_clear(&holder);
	house_credential_clear(&keeper);
	house_close(h);
}

/* --- asking and being told --- */

/* krr without a key of its own: the template names the entity (NULL: not even that). */
static void ask_krr(struct ask *a, const struct house_credential *who, const char *cn)
{
	CertReqMsg *msg;

	ask_new(a, h, who);
	a->out.pvno = 3;
	ask_certreq(a, PKI_BODY_KRR, cn);
	msg = ask_request(a);
	SubjectPublicKeyInfo_free(msg->certReq->certTemplate->publicKey);
	msg->certReq->certTemplate->publicKey = NULL;
	ProofOfPossession_free(msg->popo);
	msg->popo = NULL;
	a->keep_pop = true;
}

/* The one failInfo and sentence of a krp that rejects. */
static void rejected(struct ask *a, const char *name, int failinfo, enum refusal_reason reason)
{
	const PKIFreeText *text;
	const KeyRecRepContent *krp;
	struct told told;

	ask_send(a, &told);
	ck_assert_msg(told.msg->body_type == PKI_BODY_KRP, "%s: %d", name, told.msg->body_type);
	ck_assert_msg(told_failinfo(&told) == failinfo, "%s: %d", name, told_failinfo(&told));
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_REJECTION);
	text = told_status(&told)->statusString;
	ck_assert_msg(
		!strcmp((const char *)ASN1_STRING_get0_data(sk_ASN1_UTF8STRING_value(text, 0)),
			refusal_text(reason)),
		"%s: %s", name, ASN1_STRING_get0_data(sk_ASN1_UTF8STRING_value(text, 0)));
	/* RFC 4210 5.3.8: nothing else. */
	krp = told.msg->body->value.krp;
	ck_assert(!krp->newSigCert && !krp->caCerts && !krp->keyPairHist);
	granted_done(a, &told);
}

static struct bytes any_octets(const ASN1_TYPE *any)
{
	return (struct bytes){any->value.sequence->data, (size_t)any->value.sequence->length};
}

/* A pair of keyPairHist: the certificate of that key, and the key, for `to`. */
static void pair_check(const KeyRecRepContent *krp, int i, EVP_PKEY *recipient, EVP_PKEY *expected)
{
	const CertifiedKeyPair *pair = sk_CertifiedKeyPair_value(krp->keyPairHist, i);
	struct bytes der = any_octets(pair->certOrEncCert->value.certificate);
	X509 *cert = pki_cert_parse(der);
	SubjectPublicKeyInfo *spki;
	uint8_t id[SHA_DIGEST_LENGTH];
	EVP_PKEY *key;

	/* RFC 5280 4.2.1.2 (1) */
	ck_assert_int_eq(spki_from_key(recipient, &spki), 0);
	SHA1(spki->subjectPublicKey->data, (size_t)spki->subjectPublicKey->length, id);
	ck_assert_int_eq(pair->certOrEncCert->type, CERT_OR_ENC_CERT_CERTIFICATE);
	key = told_private_key(h, pair->privateKey, recipient, BYTES_OF(id));
	ck_assert_int_eq(EVP_PKEY_eq(key, expected), 1);
	ck_assert_int_eq(X509_check_private_key(cert, key), 1);
	SubjectPublicKeyInfo_free(spki);
	EVP_PKEY_free(key);
	X509_free(cert);
}

/* RFC 4210 5.3.8: the chain of the issuer, here up to the root. */
static void ca_certs_check(const KeyRecRepContent *krp)
{
	ck_assert_int_eq(sk_ASN1_TYPE_num(krp->caCerts), 2);
	ck_assert(bytes_equal(any_octets(sk_ASN1_TYPE_value(krp->caCerts, 0)),
			      octets_view(&h->issuing.der)));
	ck_assert(bytes_equal(any_octets(sk_ASN1_TYPE_value(krp->caCerts, 1)),
			      octets_view(&h->root.der)));
}

/* Both accepted keys of vnfci-a, the newest first; not the one that is not confirmed. */
static void history_check(const struct told *told, EVP_PKEY *recipient)
{
	const KeyRecRepContent *krp = told->msg->body->value.krp;

	ck_assert_int_eq(told->msg->body_type, PKI_BODY_KRP);
	ck_assert_int_eq(told_status_value(told), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(sk_CertifiedKeyPair_num(krp->keyPairHist), 2);
	pair_check(krp, 0, recipient, second);
	pair_check(krp, 1, recipient, first);
	ca_certs_check(krp);
}

/* --- granted --- */

static EVP_PKEY *recipient_make(int i)
{
	static const char *const curves[] = {"P-256", "P-384"};

	if (i < 2)
		return EVP_EC_gen(curves[i]);
	return EVP_RSA_gen(2048);
}

START_TEST(rfc4210_5_3_7_history)
{
	EVP_PKEY *recipient = recipient_make(_i);
	struct told told, again;
	struct ask a;

	ask_krr(&a, &h->ra, "vnfci-a");
	ask_protocol_encr_key(&a, recipient);
	ask_send(&a, &told);
	history_check(&told, recipient);
	ck_assert_ptr_null(told.msg->body->value.krp->newSigCert);
	/* RFC 9483 3.5: a retransmission gets the same answer, octet for octet. */
	ask_send_octets(&a, &h->worker, octets_view(&a.sent), &again);
	ck_assert(bytes_equal(octets_view(&told.der), octets_view(&again.der)));
	told_clear(&again);
	granted_done(&a, &told);
	EVP_PKEY_free(recipient);
}
END_TEST

/* The same entity: the holder of one of its certificates, with its name or without. */
START_TEST(rfc4210_5_3_7_same_entity)
{
	struct told told;
	struct ask a;

	ask_krr(&a, &holder, _i ? "vnfci-a" : NULL);
	ask_protocol_encr_key(&a, to);
	ask_send(&a, &told);
	history_check(&told, to);
	granted_done(&a, &told);
}
END_TEST

/* A client with the permission, for what it manages. */
START_TEST(rfc4210_5_3_7_permission)
{
	struct told told;
	struct ask a;

	ask_krr(&a, &keeper, "vnfci-kept");
	ask_protocol_encr_key(&a, to);
	ask_send(&a, &told);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(sk_CertifiedKeyPair_num(told.msg->body->value.krp->keyPairHist), 1);
	granted_done(&a, &told);
}
END_TEST

/* RFC 4210 5.3.7: publicKey is one "for which a certificate is required", confirmed as others. */
START_TEST(rfc4210_5_3_7_new_sig_cert)
{
	const KeyRecRepContent *krp;
	struct told told, conf;
	struct ask a, confirm;
	struct bytes cert;
	uint8_t hash[32];
	CertStatus *s;

	ask_new(&a, h, _i ? &holder : &h->ra);
	a.out.pvno = 3;
	ask_certreq(&a, PKI_BODY_KRR, "vnfci-a");
	ask_protocol_encr_key(&a, to);
	ask_send(&a, &told);
	history_check(&told, to);
	krp = told.msg->body->value.krp;
	ck_assert_ptr_nonnull(krp->newSigCert);
	cert = any_octets(krp->newSigCert);
	ck_assert_int_eq(granted_state(cert), STORE_CERT_PENDING);
	ask_certconf_new(&confirm, &a, &told);
	s = CertStatus_new();
	EVP_Digest(cert.data, cert.len, hash, NULL, EVP_sha256(), NULL);
	ck_assert(ASN1_OCTET_STRING_set(s->certHash, hash, sizeof(hash)) &&
		  ASN1_INTEGER_set(s->certReqId, 0));
	sk_CertStatus_push(confirm.body->value.certConf, s);
	ask_send(&confirm, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(granted_state(cert), STORE_CERT_ACTIVE);
	granted_done(&confirm, &conf);
	granted_done(&a, &told);
}
END_TEST

START_TEST(rfc4210_5_3_7_new_sig_cert_implicit)
{
	struct told told;
	struct ask a;

	ask_new(&a, h, &h->ra);
	a.out.pvno = 3;
	ask_certreq(&a, PKI_BODY_KRR, "vnfci-a");
	ask_protocol_encr_key(&a, to);
	ask_implicit_confirm(&a);
	ask_send(&a, &told);
	history_check(&told, to);
	ck_assert_int_eq(granted_state(any_octets(told.msg->body->value.krp->newSigCert)),
			 STORE_CERT_ACTIVE);
	granted_done(&a, &told);
}
END_TEST

/* A bounded number of keys: the newest ones, and that there are others. */
START_TEST(rfc4210_5_3_8_bounded)
{
	const KeyRecRepContent *krp;
	EVP_PKEY *newest = NULL;
	struct told told;
	struct ask a;

	entity_register("vnfm-a", "vnfci-many", "archiving");
	for (int i = 0; i <= CMF_RECOVER_MAX; i++) {
		EVP_PKEY_free(newest);
		newest = enrol(&h->vnfm_a, "vnfci-many", true, NULL);
	}
	ask_krr(&a, &h->ra, "vnfci-many");
	ask_protocol_encr_key(&a, to);
	ask_send(&a, &told);
	krp = told.msg->body->value.krp;
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_GRANTED_WITH_MODS);
	ck_assert_int_eq(sk_CertifiedKeyPair_num(krp->keyPairHist), CMF_RECOVER_MAX);
	pair_check(krp, 0, to, newest);
	EVP_PKEY_free(newest);
	granted_done(&a, &told);
}
END_TEST

/* --- audit --- */

static int audit_lines(const char *action)
{
	char command[256], line[32] = "";
	FILE *out;

	snprintf(command, sizeof(command),
		 "sqlite3 %s/cmf.db \"SELECT count(*) FROM audit WHERE action = '%s'\"", h->dir,
		 action);
	out = popen(command, "r");
	if (out && !fgets(line, sizeof(line), out))
		line[0] = '\0';
	if (!out || pclose(out) != 0)
		return -1;
	return atoi(line);
}

START_TEST(every_key_is_audited)
{
	int before = audit_lines("recover key");
	struct told told;
	struct ask a;

	if (before < 0)
		return; /* there is no sqlite3 here */
	ask_krr(&a, &h->ra, "vnfci-a");
	ask_protocol_encr_key(&a, to);
	ask_send(&a, &told);
	ck_assert_int_eq(audit_lines("recover key"), before + 2);
	granted_done(&a, &told);
	/* What is refused took nothing. */
	ask_krr(&a, &h->vnfm_a, "vnfci-a");
	ask_protocol_encr_key(&a, to);
	rejected(&a, "vnfm-a", FAIL_NOT_AUTHORIZED, REFUSAL_client_not_permitted);
	ck_assert_int_eq(audit_lines("recover key"), before + 2);
}
END_TEST

/* --- refused --- */

static void bend_nothing(struct ask *a)
{
	ask_protocol_encr_key(a, to);
}

static void bend_no_recipient(struct ask *a)
{
	(void)a;
}

static void bend_two_recipients(struct ask *a)
{
	ask_protocol_encr_key(a, to);
	ask_protocol_encr_key(a, to);
}

static void bend_recipient(struct ask *a)
{
	static const uint8_t octets[] = {0x30, 0x03, 0x02, 0x01, 0x00};

	ask_control(a, NID_id_regCtrl_protocolEncrKey, BYTES_OF(octets));
}

static void bend_recipient_type(struct ask *a)
{
	static const uint8_t octets[] = {0x04, 0x01, 0x00};

	ask_control(a, NID_id_regCtrl_protocolEncrKey, BYTES_OF(octets));
}

static void bend_recipient_signs(struct ask *a)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	ask_protocol_encr_key(a, key);
	EVP_PKEY_free(key);
}

/* RFC 7748 6: a point of small order is nobody's key. */
static void bend_recipient_useless(struct ask *a)
{
	static const uint8_t zero[32];
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, zero, sizeof(zero));

	ask_protocol_encr_key(a, key);
	EVP_PKEY_free(key);
}

static void bend_recipient_weak(struct ask *a)
{
	EVP_PKEY *key = EVP_RSA_gen(1024);

	ask_protocol_encr_key(a, key);
	EVP_PKEY_free(key);
}

static void bend_recipient_weak_group(struct ask *a)
{
	EVP_PKEY *key = EVP_EC_gen("prime192v1");

	ask_protocol_encr_key(a, key);
	EVP_PKEY_free(key);
}

static void bend_pvno(struct ask *a)
{
	a->out.pvno = 2;
	ask_protocol_encr_key(a, to);
}

static void bend_two_requests(struct ask *a)
{
	CertReqMsg *msg;

	ask_protocol_encr_key(a, to);
	ask_certreq_add(a, 1, "vnfci-a");
	msg = sk_CertReqMsg_value(a->body->value.certReqMessages, 1);
	ProofOfPossession_free(msg->popo);
	msg->popo = NULL;
}

static void bend_id(struct ask *a)
{
	ASN1_INTEGER_set(ask_request(a)->certReq->certReqId, 1);
	ask_protocol_encr_key(a, to);
}

static void bend_pop_without_key(struct ask *a)
{
	ProofOfPossession *popo = ProofOfPossession_new();

	popo->type = POPO_RA_VERIFIED;
	popo->value.raVerified = ASN1_NULL_new();
	ask_request(a)->popo = popo;
	ask_protocol_encr_key(a, to);
}

static void key_put(struct ask *a)
{
	ck_assert_int_eq(spki_from_key(a->key, &ask_request(a)->certReq->certTemplate->publicKey),
			 0);
	ask_protocol_encr_key(a, to);
}

static void bend_new_key(struct ask *a)
{
	key_put(a);
	a->keep_pop = false;
	ask_request(a)->popo = ProofOfPossession_new();
	ask_request(a)->popo->type = POPO_SIGNATURE;
	ask_request(a)->popo->value.signature = POPOSigningKey_new();
}

static void bend_empty_key(struct ask *a)
{
	key_put(a);
	ck_assert(ASN1_BIT_STRING_set(
		ask_request(a)->certReq->certTemplate->publicKey->subjectPublicKey,
		(unsigned char *)"", 0));
}

static void bend_encr_cert(struct ask *a)
{
	EVP_PKEY_free(a->key);
	a->key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	key_put(a);
	ask_pop_subsequent(a, POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_ENCR_CERT);
}

static void bend_challenge(struct ask *a)
{
	EVP_PKEY_free(a->key);
	a->key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	key_put(a);
	ask_pop_subsequent(a, POPO_KEY_AGREEMENT, POPO_SUBSEQUENT_CHALLENGE_RESP);
}

static void bend_serial(struct ask *a)
{
	CertTemplate *t = ask_request(a)->certReq->certTemplate;

	t->serialNumber = ASN1_INTEGER_new();
	ASN1_INTEGER_set(t->serialNumber, 1);
	ask_protocol_encr_key(a, to);
}

static const struct refused_row {
	const char *name;
	const struct house_credential *who;
	const char *cn;
	void (*bend)(struct ask *a);
	int failinfo;
	enum refusal_reason reason;
} refused_rows[] = {
	{"RFC 4210 5.3.7 no protocolEncrKey", &granted_house.ra, "vnfci-a", bend_no_recipient,
	 FAIL_BAD_REQUEST, REFUSAL_recovery_key_missing},
	{"RFC 4211 6.6 twice", &granted_house.ra, "vnfci-a", bend_two_recipients,
	 FAIL_BAD_DATA_FORMAT, REFUSAL_recovery_key_malformed},
	{"RFC 4211 6.6 malformed", &granted_house.ra, "vnfci-a", bend_recipient,
	 FAIL_BAD_DATA_FORMAT, REFUSAL_recovery_key_malformed},
	{"RFC 4211 6.6 no SubjectPublicKeyInfo", &granted_house.ra, "vnfci-a", bend_recipient_type,
	 FAIL_BAD_DATA_FORMAT, REFUSAL_recovery_key_malformed},
	{"RFC 4211 6.6 a key that signs", &granted_house.ra, "vnfci-a", bend_recipient_signs,
	 FAIL_BAD_ALG, REFUSAL_recovery_key_algorithm},
	{"RFC 7748 6 useless key", &granted_house.ra, "vnfci-a", bend_recipient_useless,
	 FAIL_BAD_ALG, REFUSAL_recovery_key_algorithm},
	{"RFC 4211 6.6 weak key", &granted_house.ra, "vnfci-a", bend_recipient_weak, FAIL_BAD_ALG,
	 REFUSAL_recovery_key_weak},
	{"RFC 4211 6.6 weak group", &granted_house.ra, "vnfci-a", bend_recipient_weak_group,
	 FAIL_BAD_ALG, REFUSAL_recovery_key_weak},
	{"RFC 9810 5.2.2 pvno", &granted_house.ra, "vnfci-a", bend_pvno, FAIL_UNSUPPORTED_VERSION,
	 REFUSAL_recovery_pvno},
	{"RFC 4210 5.3.8 one answer", &granted_house.ra, "vnfci-a", bend_two_requests,
	 FAIL_BAD_REQUEST, REFUSAL_recovery_count},
	{"RFC 9483 4.1.1 certReqId", &granted_house.ra, "vnfci-a", bend_id, FAIL_BAD_REQUEST,
	 REFUSAL_cert_req_id_wrong},
	{"RFC 4211 4 popo without a key", &granted_house.ra, "vnfci-a", bend_pop_without_key,
	 FAIL_BAD_POP, REFUSAL_recovery_pop},
	{"RFC 4211 4 key without popo", &granted_house.ra, "vnfci-a", key_put, FAIL_BAD_POP,
	 REFUSAL_pop_missing},
	{"RFC 4210 5.3.7 no central key generation", &granted_house.ra, "vnfci-a", bend_empty_key,
	 FAIL_BAD_CERT_TEMPLATE, REFUSAL_public_key_malformed},
	{"RFC 4210 5.3.8 no encrCert", &granted_house.ra, "vnfci-a", bend_encr_cert, FAIL_BAD_POP,
	 REFUSAL_pop_unsupported},
	{"RFC 4210 5.3.8 no challenge", &granted_house.ra, "vnfci-a", bend_challenge, FAIL_BAD_POP,
	 REFUSAL_pop_unsupported},
	{"RFC 4211 5 serialNumber", &granted_house.ra, "vnfci-a", bend_serial,
	 FAIL_BAD_CERT_TEMPLATE, REFUSAL_template_serial_number},
	{"RFC 4210 5.3.7 nobody named", &granted_house.ra, NULL, bend_nothing,
	 FAIL_BAD_CERT_TEMPLATE, REFUSAL_entity_not_identified},
	{"RFC 4210 5.3.7 unknown entity", &granted_house.ra, "vnfci-unknown", bend_nothing,
	 FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized},
	{"RFC 4210 5.3.7 without permission", &granted_house.vnfm_a, "vnfci-a", bend_nothing,
	 FAIL_NOT_AUTHORIZED, REFUSAL_client_not_permitted},
	{"RFC 4210 5.3.7 entity of another client", &keeper, "vnfci-a", bend_nothing,
	 FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized},
	{"RFC 4210 5.3.7 RA of another domain", &granted_house.ra, "vnfci-kept", bend_nothing,
	 FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized},
	{"RFC 4210 5.3.7 another entity", &holder, "vnfci-other", bend_nothing, FAIL_NOT_AUTHORIZED,
	 REFUSAL_recovery_not_own},
	{"RFC 4210 5.3.7 nothing archived", &granted_house.ra, "vnfci-empty", bend_nothing,
	 FAIL_BAD_CERT_ID, REFUSAL_recovery_nothing},
	{"RFC 4210 5.3.7 new certificate of an upstream CA", &granted_house.ra, "vnfci-upstream",
	 bend_new_key, FAIL_BAD_CERT_TEMPLATE, REFUSAL_recovery_upstream},
	{"RFC 4210 5.3.7 new certificate of an RA for nothing archived", &granted_house.ra,
	 "vnfci-empty", bend_new_key, FAIL_BAD_CERT_ID, REFUSAL_recovery_nothing},
	{"RFC 4210 5.3.7 profile", &granted_house.ra, "vnfci-never", bend_nothing,
	 FAIL_NOT_AUTHORIZED, REFUSAL_recovery_not_offered},
};

START_TEST(refused)
{
	const struct refused_row *row = &refused_rows[_i];
	struct granted_found before = granted_find(BYTES_NULL);
	struct ask a;

	ask_krr(&a, row->who, row->cn);
	row->bend(&a);
	rejected(&a, row->name, row->failinfo, row->reason);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before.n);
}
END_TEST

/* certConf has no place after keys alone. */
START_TEST(rfc9483_3_5_nothing_to_confirm)
{
	struct told told;
	struct ask a, confirm;

	ask_krr(&a, &h->ra, "vnfci-a");
	ask_protocol_encr_key(&a, to);
	ask_send(&a, &told);
	ask_certconf_new(&confirm, &a, &told);
	granted_expect(&confirm, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	granted_done(&a, &told);
}
END_TEST

/* Deregistered, an entity is nobody. Last: it cannot be taken back. */
START_TEST(rfc4210_5_3_7_deregistered)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};
	struct ask a;

	ck_assert_int_eq(cmf_admin_for_client(HOUSE_CALL(h, NULL, &refusal), "vnfm-a", &who), 0);
	ck_assert_int_eq(cmf_deregister(HOUSE_CALL(h, &who, &refusal),
					&(struct store_entity){"a", "", "vnfci-a"},
					CERT_TYPE_VNFCI),
			 0);
	ck_assert_int_eq(store_unit_commit(h->worker.unit), 0);
	cmf_principal_clear(&who);
	ask_krr(&a, &holder, NULL);
	ask_protocol_encr_key(&a, to);
	rejected(&a, "deregistered", FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized);
	ask_krr(&a, &h->ra, "vnfci-a");
	ask_protocol_encr_key(&a, to);
	rejected(&a, "deregistered", FAIL_NOT_AUTHORIZED, REFUSAL_entity_not_authorized);
}
END_TEST

static Suite *door_recovery_suite(void)
{
	Suite *suite = suite_create("door_recovery");
	TCase *tcase = tcase_create("recovery");

	tcase_add_unchecked_fixture(tcase, recovery_setup, recovery_teardown);
	tcase_add_loop_test(tcase, rfc4210_5_3_7_history, 0, 3);
	tcase_add_loop_test(tcase, rfc4210_5_3_7_same_entity, 0, 2);
	tcase_add_test(tcase, rfc4210_5_3_7_permission);
	tcase_add_loop_test(tcase, rfc4210_5_3_7_new_sig_cert, 0, 2);
	tcase_add_test(tcase, rfc4210_5_3_7_new_sig_cert_implicit);
	tcase_add_test(tcase, rfc4210_5_3_8_bounded);
	tcase_add_test(tcase, every_key_is_audited);
	tcase_add_loop_test(tcase, refused, 0, ARRAY_LEN(refused_rows));
	tcase_add_test(tcase, rfc9483_3_5_nothing_to_confirm);
	tcase_add_test(tcase, rfc4210_5_3_7_deregistered);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_recovery_suite, SUITE_ONE_PROCESS)
