// SPDX-License-Identifier: Apache-2.0
/*
 * nested through the whole door: added protection (RFC 9483 5.2.2.1), batches (5.2.2.2), and
 * origPKIMessage of an RA that replaced a protection (5.2.3, RFC 9810 5.1.1.3).
 */
#include "granted.h"
#include "suite.h"

#include <check.h>
#include <string.h>

#define OID_ORIG_PKI_MESSAGE "1.3.6.1.5.5.7.4.15"

static struct house *const h = &granted_house;

/* An ir for an entity; signer NULL: the MAC client. */
static void ask_ir(struct ask *a, const struct house_credential *signer, const char *cn)
{
	ask_new(a, h, signer);
	ask_certreq(a, PKI_BODY_IR, cn);
}

/* Sends `inner` within a nested message of that signer; the answer is checked as inner's. */
static void send_added(struct ask *inner, const struct house_credential *signer, struct told *told)
{
	struct told outer;
	struct ask a;

	ask_new(&a, h, signer);
	ask_added(&a, inner);
	ask_encode(&a);
	ask_send_octets(&a, &h->worker, octets_view(&a.sent), &outer);
	told_of(inner, octets_view(&outer.der), told);
	granted_done(&a, &outer);
}

static void expect_added(struct ask *inner, const struct house_credential *signer, int body,
			 int failinfo)
{
	struct told told;

	send_added(inner, signer, &told);
	ck_assert_int_eq(told.msg->body_type, body);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	granted_done(inner, &told);
}

static void pop_ra_verified(struct ask *a)
{
	CertReqMsg *msg = ask_request(a);

	ProofOfPossession_free(msg->popo);
	msg->popo = ProofOfPossession_new();
	msg->popo->type = POPO_RA_VERIFIED;
	msg->popo->value.raVerified = ASN1_NULL_new();
	a->keep_pop = true;
}

/* --- added protection --- */

/* RFC 9483 5.2.2.1: what an RA copies out of the message into the header around it says nothing. */
START_TEST(rfc9483_5_2_2_1_general_info)
{
	struct ask inner, a;
	struct told outer, told;

	ask_ir(&inner, &h->vnfm_a, "vnfci-a");
	ask_implicit_confirm(&inner);
	ask_new(&a, h, &h->ra);
	ask_added(&a, &inner);
	ask_implicit_confirm(&a);
	ask_encode(&a);
	ask_send_octets(&a, &h->worker, octets_view(&a.sent), &outer);
	told_of(&inner, octets_view(&outer.der), &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_failinfo(&told), -1);
	granted_done(&a, &outer);
	granted_done(&inner, &told);
}
END_TEST

/* The answer is the inner one, unwrapped; so it goes on, and a retransmission is recognised. */
START_TEST(rfc9483_5_2_2_1_added)
{
	struct told ip, again, conf;
	struct ask a, b;

	ask_ir(&a, &h->vnfm_a, "vnfci-a");
	send_added(&a, &h->ra, &ip);
	ck_assert_int_eq(ip.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(granted_state(told_certificate(&ip)), STORE_CERT_PENDING);
	/* By itself, the same message is the same request. */
	ask_send_octets(&a, &h->worker, octets_view(&a.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&ip.der)));
	told_clear(&again);
	ask_certconf(&b, &a, &ip, PKI_STATUS_ACCEPTED);
	send_added(&b, &h->ra, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(granted_state(told_certificate(&ip)), STORE_CERT_ACTIVE);
	granted_done(&b, &conf);
	granted_done(&a, &ip);
}
END_TEST

/* RFC 9483 3.5: long after, the answer is there once more, and nothing else is. */
START_TEST(rfc9483_3_5_late_retransmission)
{
	struct told told, again;
	struct ask a, b, outer;

	ask_ir(&a, &h->vnfm_a, "vnfci-a");
	ask_new(&outer, h, &h->ra);
	ask_added(&outer, &a);
	ask_encode(&outer);
	ask_send_octets(&outer, &h->worker, octets_view(&outer.sent), &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	h->now_ms += 3600 * 1000;
	ask_send_octets(&outer, &h->worker, octets_view(&outer.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&told.der)));
	told_clear(&again);
	granted_done(&outer, &told);
	ask_clear(&a);
	/* An approval that is as old, of a message of now. */
	ask_ir(&b, &h->vnfm_a, "vnfci-a");
	ask_new(&outer, h, &h->ra);
	outer.out.message_time_ms -= 3600 * 1000;
	ask_added(&outer, &b);
	ask_encode(&outer);
	ask_send_octets(&outer, &h->worker, octets_view(&outer.sent), &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_TIME);
	granted_done(&outer, &told);
	ask_clear(&b);
}
END_TEST

/* The inner message keeps its protection, and the answer has the same kind. */
START_TEST(rfc9483_5_2_2_1_mac_inside)
{
	struct told ip;
	struct ask a;

	ask_ir(&a, NULL, "vnfci-mac");
	send_added(&a, &h->ra, &ip);
	ck_assert(told_mac(&ip));
	ck_assert(told_certificate(&ip).len);
	granted_done(&a, &ip);
}
END_TEST

/* What the RA could ask for itself is granted to whom it approves; nothing without it. */
START_TEST(rfc9483_5_2_2_1_approval)
{
	struct told told;
	struct ask a;

	ask_ir(&a, NULL, "vnfci-a");
	granted_expect(&a, PKI_BODY_IP, FAIL_NOT_AUTHORIZED);
	ask_ir(&a, NULL, "vnfci-a");
	send_added(&a, &h->ra, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert(told_certificate(&told).len);
	granted_done(&a, &told);

	ask_ir(&a, &h->vnfm_a, "vnfci-a");
	pop_ra_verified(&a);
	granted_expect(&a, PKI_BODY_IP, FAIL_NOT_AUTHORIZED);
	ask_ir(&a, &h->vnfm_a, "vnfci-a");
	pop_ra_verified(&a);
	expect_added(&a, &h->ra, PKI_BODY_IP, FAIL_NOT_AUTHORIZED);
	/* The RA speaks for its own trust domain. */
	ask_ir(&a, &h->vnfm_b, "vnfci-b");
	expect_added(&a, &h->ra, PKI_BODY_ERROR, FAIL_NOT_AUTHORIZED);
}
END_TEST

/* A confirmed certificate of vnfci-a, as a credential. */
static void holder_make(struct house_credential *holder)
{
	struct told ip;
	struct ask a;

	ask_ir(&a, &h->vnfm_a, "vnfci-a");
	ask_implicit_confirm(&a);
	ask_send(&a, &ip);
	house_credential_adopt(holder, a.key, told_certificate(&ip));
	granted_done(&a, &ip);
}

static void ask_kur(struct ask *a, const struct house_credential *signer,
		    const struct house_credential *old)
{
	ask_new(a, h, signer);
	ask_certreq(a, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(a, octets_view(&old->der));
}

/* RFC 9483 5.2.3: kur counts by its own protection; who approves it adds nothing. */
START_TEST(rfc9483_5_2_3_key_update)
{
	struct house_credential holder = {0};
	struct ask a;

	holder_make(&holder);
	ask_kur(&a, NULL, &holder);
	expect_added(&a, &h->ra, PKI_BODY_ERROR, FAIL_WRONG_INTEGRITY);
	ask_kur(&a, &holder, &holder);
	expect_added(&a, &h->ra, PKI_BODY_KUP, -1);
	house_credential_clear(&holder);
}
END_TEST

/* --- certConf of an RA for a kur that it passed on --- */

/* certConf for what `told` has, in the transaction of `before`, by somebody else. */
static void ask_certconf_by(struct ask *a, const struct ask *before, const struct told *told,
			    const struct house_credential *signer, int status)
{
	struct ask as = *before;

	as.signer = signer;
	ask_certconf(a, &as, told, status);
}

static void holder_updates(struct ask *a, struct house_credential *holder, struct told *kup)
{
	holder_make(holder);
	ask_kur(a, holder, holder);
	send_added(a, &h->ra, kup);
	ck_assert_int_eq(told_failinfo(kup), -1);
	ck_assert_int_eq(granted_state(told_certificate(kup)), STORE_CERT_PENDING);
}

static void setup_confirming(void)
{
	house_open(h, "", "[client_policy default]\nconfirm_on_behalf = yes\n");
	house_register(h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
}

/* RFC 9483 3.5: the sender stays the same, unless the policy of the RA lets it confirm. */
START_TEST(rfc9483_3_5_confirmed_by_the_ra)
{
	struct house_credential holder = {0};
	struct told kup, told, again;
	struct ask a, conf;
	bool may = _i;

	holder_updates(&a, &holder, &kup);
	ask_certconf_by(&conf, &a, &kup, &h->ra, -1);
	ask_send(&conf, &told);
	ck_assert_int_eq(told.msg->body_type, may ? PKI_BODY_PKICONF : PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), may ? -1 : FAIL_BAD_REQUEST);
	ck_assert_int_eq(granted_state(told_certificate(&kup)),
			 may ? STORE_CERT_ACTIVE : STORE_CERT_PENDING);
	/* RFC 9483 3.1: the same octets, the same answer. */
	if (may) {
		ask_send_octets(&conf, &h->worker, octets_view(&conf.sent), &again);
		ck_assert(bytes_equal(octets_view(&again.der), octets_view(&told.der)));
		told_clear(&again);
	}
	granted_done(&conf, &told);
	granted_done(&a, &kup);
	house_credential_clear(&holder);
}
END_TEST

START_TEST(rfc9483_4_1_1_rejected_by_the_ra)
{
	struct house_credential holder = {0};
	struct told kup;
	struct ask a, conf;

	holder_updates(&a, &holder, &kup);
	ask_certconf_by(&conf, &a, &kup, &h->ra, PKI_STATUS_REJECTION);
	granted_expect(&conf, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&kup)), STORE_CERT_REJECTED);
	granted_done(&a, &kup);
	house_credential_clear(&holder);
}
END_TEST

/* Who is no RA of its domain, to what was not sent last, and in what is no key update. */
START_TEST(rfc9483_3_5_not_to_be_confirmed_by_others)
{
	struct house_credential holder = {0};
	struct told kup, ip;
	struct ask a, ir, conf;

	holder_updates(&a, &holder, &kup);
	ask_certconf_by(&conf, &a, &kup, &h->vnfm_a, -1);
	granted_expect(&conf, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	ask_certconf_by(&conf, &a, &kup, &h->vnfm_b, -1);
	granted_expect(&conf, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	ask_certconf_by(&conf, &a, &kup, &h->ra, -1);
	conf.recip_nonce[0] ^= 1;
	granted_expect(&conf, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	ck_assert_int_eq(granted_state(told_certificate(&kup)), STORE_CERT_PENDING);
	ask_ir(&ir, &h->vnfm_a, "vnfci-a");
	send_added(&ir, &h->ra, &ip);
	ask_certconf_by(&conf, &ir, &ip, &h->ra, -1);
	granted_expect(&conf, PKI_BODY_ERROR, FAIL_BAD_REQUEST);
	ck_assert_int_eq(granted_state(told_certificate(&ip)), STORE_CERT_PENDING);
	granted_done(&ir, &ip);
	/* All of which does not keep the entity from it. */
	granted_certconf(&a, &kup, -1, PKI_BODY_PKICONF, -1);
	granted_done(&a, &kup);
	house_credential_clear(&holder);
}
END_TEST

/*
 * RFC 9810 5.2.8.4: "This is not an EE decision; the RA uses this if and only if it has verified
 * POP before forwarding the request". In a message of another its approval is no such word.
 */
START_TEST(rfc9810_5_2_8_4_ra_verified)
{
	static const int types[] = {PKI_BODY_IR, PKI_BODY_CR};
	bool vouches = _i;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct told told, approved;
		struct ask inner, added, a;
		int type = types[i];

		/* The RA itself, of what it asks for. */
		ask_new(&a, h, &h->ra);
		ask_certreq(&a, type, "vnfci-a");
		pop_ra_verified(&a);
		granted_expect(&a, type + 1, -1);
		/* And where another has approved that. */
		ask_new(&a, h, &h->ra);
		ask_certreq(&a, type, "vnfci-a");
		pop_ra_verified(&a);
		expect_added(&a, &h->ra, type + 1, -1);
		/* Who is none, with nobody's approval and with one. */
		ask_new(&a, h, &h->vnfm_a);
		ask_certreq(&a, type, "vnfci-a");
		pop_ra_verified(&a);
		granted_expect(&a, type + 1, FAIL_NOT_AUTHORIZED);
		ask_new(&a, h, &h->vnfm_a);
		ask_certreq(&a, type, "vnfci-a");
		pop_ra_verified(&a);
		expect_added(&a, &h->ra, type + 1, vouches ? -1 : FAIL_NOT_AUTHORIZED);
		/* A second approval around the first. */
		ask_new(&inner, h, &h->vnfm_a);
		ask_certreq(&inner, type, "vnfci-a");
		pop_ra_verified(&inner);
		ask_new(&added, h, &h->ra);
		ask_added(&added, &inner);
		ask_new(&a, h, &h->ra);
		ask_added(&a, &added);
		ask_encode(&a);
		ask_send_octets(&a, &h->worker, octets_view(&a.sent), &approved);
		told_of(&inner, octets_view(&approved.der), &told);
		ck_assert_int_eq(told_failinfo(&told), vouches ? -1 : FAIL_NOT_AUTHORIZED);
		ask_clear(&added);
		granted_done(&inner, &told);
		granted_done(&a, &approved);
	}
}
END_TEST

/* kur likewise: 5.2.8.4 makes no difference between the requests. */
START_TEST(rfc9810_5_2_8_4_ra_verified_kur)
{
	struct house_credential holder;
	struct ask a;

	holder_make(&holder);
	ask_new(&a, h, &holder);
	ask_certreq(&a, PKI_BODY_KUR, "vnfci-a");
	pop_ra_verified(&a);
	granted_expect(&a, PKI_BODY_KUP, FAIL_NOT_AUTHORIZED);
	ask_new(&a, h, &holder);
	ask_certreq(&a, PKI_BODY_KUR, "vnfci-a");
	pop_ra_verified(&a);
	expect_added(&a, &h->ra, PKI_BODY_KUP, _i ? -1 : FAIL_NOT_AUTHORIZED);
	house_credential_clear(&holder);
}
END_TEST

/* An end entity asks for another certificate, which is its RA's to allow. */
START_TEST(rfc9483_5_2_2_1_end_entity)
{
	struct house_credential holder = {0};
	struct ask a;

	holder_make(&holder);
	ask_new(&a, h, &holder);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
	granted_expect(&a, PKI_BODY_CP, FAIL_NOT_AUTHORIZED);
	ask_new(&a, h, &holder);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
	ask_info_profile(&a, (const char *const[]){"VnfciCert"}, 1);
	expect_added(&a, &h->ra, PKI_BODY_CP, -1);
	house_credential_clear(&holder);
}
END_TEST

/* --- what is wrong with it --- */

/* The answer is to the outer message: RFC 9483 3.6.2, 3.6.3. */
static void expect_outer(struct ask *outer, int failinfo)
{
	int64_t before = granted_find(BYTES_NULL).n;
	struct told told;

	ask_send(outer, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, before);
	granted_done(outer, &told);
}

static void outer_nonce(struct ask *outer, struct ask *inner)
{
	ask_new(outer, h, &h->ra);
	ask_added(outer, inner);
	outer->out.sender_nonce = (struct bytes){outer->sender_nonce, CMP_NONCE_LEN};
}

static void outer_no_ra(struct ask *outer, struct ask *inner)
{
	ask_new(outer, h, &h->vnfm_a);
	ask_added(outer, inner);
}

static void outer_mac(struct ask *outer, struct ask *inner)
{
	ask_new(outer, h, NULL);
	ask_added(outer, inner);
}

static void outer_stranger(struct ask *outer, struct ask *inner)
{
	ask_new(outer, h, &h->stranger);
	ask_added(outer, inner);
}

static void outer_too_many(struct ask *outer, struct ask *inner)
{
	ask_encode(inner);
	ask_new(outer, h, &h->ra);
	for (int i = 0; i < 17; i++)
		ask_nested(outer, octets_view(&inner->sent));
}

static void outer_label(struct ask *outer, struct ask *inner)
{
	ask_encode(inner);
	ask_new(outer, h, &h->ra);
	ask_nested(outer, octets_view(&inner->sent));
	ask_nested(outer, octets_view(&inner->sent));
	outer->operation_label = "initialization";
}

static void outer_recip_nonce(struct ask *outer, struct ask *inner)
{
	outer_label(outer, inner);
	outer->operation_label = NULL;
	outer->out.recip_nonce = (struct bytes){outer->recip_nonce, CMP_NONCE_LEN};
}

static void outer_empty(struct ask *outer, struct ask *inner)
{
	ask_new(outer, h, &h->ra);
	ask_added(outer, inner);
	ASN1_TYPE_free(sk_ASN1_TYPE_pop(outer->body->value.nested));
}

static const struct {
	const char *name;
	void (*bend)(struct ask *outer, struct ask *inner);
	int failinfo;
} wrong[] = {
	{"RFC 9483 5.2.2.1 senderNonce", outer_nonce, FAIL_BAD_SENDER_NONCE},
	{"RFC 9483 5.2.2.1 authorization", outer_no_ra, FAIL_NOT_AUTHORIZED},
	{"RFC 9483 5.2.2.1 signature", outer_mac, FAIL_WRONG_INTEGRITY},
	{"RFC 9483 3.5 signer", outer_stranger, FAIL_SIGNER_NOT_TRUSTED},
	{"RFC 9483 5.2.2.2 number", outer_too_many, FAIL_BAD_REQUEST},
	{"RFC 9483 6.1 label", outer_label, FAIL_BAD_REQUEST},
	{"RFC 9483 3.1 recipNonce", outer_recip_nonce, FAIL_BAD_RECIPIENT_NONCE},
	{"RFC 4210 5.1 SIZE", outer_empty, FAIL_BAD_DATA_FORMAT},
};

START_TEST(rfc9483_5_2_2_outer_wrong)
{
	struct ask inner, outer;

	ask_ir(&inner, &h->vnfm_a, "vnfci-a");
	wrong[_i].bend(&outer, &inner);
	expect_outer(&outer, wrong[_i].failinfo);
	ask_clear(&inner);
}
END_TEST

/* The outer protection is broken: RFC 9483 3.5, whatever is inside. */
START_TEST(rfc9483_3_5_outer_protection)
{
	struct ask inner, outer;
	struct told told;

	ask_ir(&inner, &h->vnfm_a, "vnfci-a");
	ask_new(&outer, h, &h->ra);
	ask_added(&outer, &inner);
	ask_encode(&outer);
	/* In the inner signature, which the outer one covers too. */
	outer.sent.data[outer.sent.len / 2] ^= 1;
	ask_send_octets(&outer, &h->worker, octets_view(&outer.sent), &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, 0);
	granted_done(&outer, &told);
	ask_clear(&inner);
}
END_TEST

/* The inner protection is checked as ever, whoever approves. */
START_TEST(rfc9483_5_2_2_1_inner_protection)
{
	struct ask a;

	ask_ir(&a, &h->stranger, "vnfci-a");
	expect_added(&a, &h->ra, PKI_BODY_ERROR, FAIL_SIGNER_NOT_TRUSTED);
	ask_ir(&a, NULL, "vnfci-mac");
	a.secret = bytes_of_string("another secret");
	expect_added(&a, &h->ra, PKI_BODY_ERROR, FAIL_BAD_MESSAGE_CHECK);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, 0);
}
END_TEST

/* RFC 9483 6.1: with added protection the label is that of the message inside. */
START_TEST(rfc9483_6_1_label_of_the_inner)
{
	static const struct {
		const char *label;
		int failinfo;
	} labels[] = {{"initialization", -1},
		      {"nested", FAIL_BAD_REQUEST},
		      {"certification", FAIL_BAD_REQUEST}};
	struct ask inner, outer;
	struct told told;

	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		ask_ir(&inner, &h->vnfm_a, "vnfci-a");
		ask_new(&outer, h, &h->ra);
		ask_added(&outer, &inner);
		outer.operation_label = labels[i].label;
		ask_encode(&outer);
		ask_send_octets(&outer, &h->worker, octets_view(&outer.sent), &told);
		ck_assert_int_eq(told_failinfo(&told), labels[i].failinfo);
		granted_done(&outer, &told);
		ask_clear(&inner);
	}
}
END_TEST

/* --- batches --- */

/* The i-th answer in a nested one, as that to `ask`. */
static void told_at(const struct told *batch, int i, const struct ask *ask, struct told *told)
{
	const STACK_OF(ASN1_TYPE) *list = batch->msg->body->value.nested;
	const ASN1_STRING *s = sk_ASN1_TYPE_value(list, i)->value.sequence;

	told_of(ask, (struct bytes){s->data, (size_t)s->length}, told);
}

/* Each by itself and in order, answered in one nested message; the same again for the same. */
START_TEST(rfc9483_5_2_2_2_batch)
{
	struct told batch, again, told[4];
	struct ask inner[4], outer;

	ask_ir(&inner[0], &h->vnfm_a, "vnfci-a");
	ask_ir(&inner[1], &h->stranger, "vnfci-a");
	ask_ir(&inner[2], NULL, "vnfci-mac");
	ask_new(&inner[3], h, &h->vnfm_a);
	ask_genm(&inner[3], "1.3.6.1.5.5.7.4.17", BYTES_NULL);
	ask_new(&outer, h, &h->vnfm_a);
	outer.operation_label = "nested";
	for (int i = 0; i < 4; i++) {
		ask_encode(&inner[i]);
		ask_nested(&outer, octets_view(&inner[i].sent));
	}
	ask_send(&outer, &batch);
	ck_assert_int_eq(batch.msg->body_type, PKI_BODY_NESTED);
	ck_assert_int_eq(sk_ASN1_TYPE_num(batch.msg->body->value.nested), 4);
	for (int i = 0; i < 4; i++)
		told_at(&batch, i, &inner[i], &told[i]);
	ck_assert_int_eq(told[0].msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(granted_state(told_certificate(&told[0])), STORE_CERT_PENDING);
	ck_assert_int_eq(told[1].msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told[1]), FAIL_SIGNER_NOT_TRUSTED);
	ck_assert_int_eq(told[2].msg->body_type, PKI_BODY_IP);
	ck_assert(told_mac(&told[2]));
	ck_assert_int_eq(told[3].msg->body_type, PKI_BODY_GENP);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, 2);

	ask_send_octets(&outer, &h->worker, octets_view(&outer.sent), &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&batch.der)));
	told_clear(&again);
	/* Its parts, in another batch: what was answered is answered again. */
	ask_clear(&outer);
	ask_new(&outer, h, &h->vnfm_a);
	ask_nested(&outer, octets_view(&inner[2].sent));
	ask_nested(&outer, octets_view(&inner[0].sent));
	ask_send(&outer, &again);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, 2);
	told_clear(&batch);
	batch = again;
	told_at(&batch, 1, &inner[0], &again);
	ck_assert(bytes_equal(octets_view(&again.der), octets_view(&told[0].der)));
	told_clear(&again);
	for (int i = 0; i < 4; i++)
		granted_done(&inner[i], &told[i]);
	granted_done(&outer, &batch);
}
END_TEST

/* One message with a transactionID of its own is a batch too: no approval, RFC 9483 5.2.2.2. */
START_TEST(rfc9483_5_2_2_2_no_approval)
{
	struct told batch, told;
	struct ask inner, outer;

	ask_ir(&inner, &h->vnfm_a, "vnfci-a");
	pop_ra_verified(&inner);
	ask_encode(&inner);
	ask_new(&outer, h, &h->ra);
	ask_nested(&outer, octets_view(&inner.sent));
	ask_send(&outer, &batch);
	ck_assert_int_eq(batch.msg->body_type, PKI_BODY_NESTED);
	told_at(&batch, 0, &inner, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
	granted_done(&inner, &told);
	granted_done(&outer, &batch);
}
END_TEST

/* An LRA bundles what an RA has approved; deeper it does not go, nor wider. */
START_TEST(rfc9483_5_2_2_depth)
{
	struct told batch, told;
	struct ask inner, added, other, outer, twice;

	ask_ir(&inner, NULL, "vnfci-a");
	ask_new(&added, h, &h->ra);
	ask_added(&added, &inner);
	ask_encode(&added);
	/* A batch within the batch. */
	ask_new(&other, h, &h->ra);
	ask_nested(&other, octets_view(&inner.sent));
	ask_encode(&other);
	ask_new(&outer, h, &h->vnfm_a);
	ask_nested(&outer, octets_view(&added.sent));
	ask_nested(&outer, octets_view(&other.sent));
	ask_send(&outer, &batch);
	ck_assert_int_eq(batch.msg->body_type, PKI_BODY_NESTED);
	told_at(&batch, 0, &inner, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_IP);
	ck_assert_int_eq(told_failinfo(&told), -1);
	told_clear(&told);
	told_at(&batch, 1, &other, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_REQUEST);
	told_clear(&told);
	granted_done(&outer, &batch);
	/* Three deep. */
	ask_new(&twice, h, &h->ra);
	ask_added(&twice, &added);
	ask_new(&outer, h, &h->ra);
	ask_added(&outer, &twice);
	ask_send(&outer, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_REQUEST);
	granted_done(&outer, &told);
	ask_clear(&twice);
	ask_clear(&other);
	ask_clear(&added);
	ask_clear(&inner);
}
END_TEST

/* RFC 9483 5.2.2.2: a fresh transactionID; and RFC 9811 3.5: announcements get no answer. */
START_TEST(rfc9483_5_2_2_2_inner_wrong)
{
	struct told batch, told;
	struct ask inner, announcement, outer;
	const STACK_OF(ASN1_TYPE) * list;

	ask_ir(&inner, &h->vnfm_a, "vnfci-a");
	ask_encode(&inner);
	ask_new(&announcement, h, &h->vnfm_a);
	announcement.body = cmp_body_new(PKI_BODY_CRLANN);
	ask_encode(&announcement);
	ask_new(&outer, h, &h->ra);
	outer.out.transaction_id = inner.out.transaction_id;
	ask_nested(&outer, octets_view(&inner.sent));
	ask_nested(&outer, octets_view(&announcement.sent));
	ask_send(&outer, &batch);
	told_at(&batch, 0, &inner, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_REQUEST);
	told_clear(&told);
	told_at(&batch, 1, &announcement, &told);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_REQUEST);
	told_clear(&told);
	told_clear(&batch);
	ask_clear(&outer);
	/* Octets that are no message at all have their place too. */
	ask_new(&outer, h, &h->vnfm_a);
	ask_nested(&outer, (struct bytes){(const uint8_t *)"\x30\x00", 2});
	ask_nested(&outer, octets_view(&inner.sent));
	ask_send(&outer, &batch);
	list = batch.msg->body->value.nested;
	ck_assert_int_eq(sk_ASN1_TYPE_num(list), 2);
	told_at(&batch, 1, &inner, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert_int_eq(granted_find(BYTES_NULL).n, 1);
	told_clear(&told);
	granted_done(&outer, &batch);
	ask_clear(&announcement);
	ask_clear(&inner);
}
END_TEST

/* RFC 4210 5.3.21: an error ends the transaction of the message, wherever it lies. */
START_TEST(rfc4210_5_3_21_error_inside)
{
	struct told ip, conf;
	struct ask a, b;

	ask_ir(&a, &h->vnfm_a, "vnfci-a");
	ask_send(&a, &ip);
	ask_next(&b, &a, &ip);
	b.body = cmp_error_body_new(PKI_STATUS_REJECTION, NULL, -1);
	send_added(&b, &h->ra, &conf);
	ck_assert_int_eq(conf.msg->body_type, PKI_BODY_PKICONF);
	ck_assert_int_eq(granted_state(told_certificate(&ip)), STORE_CERT_REJECTED);
	granted_done(&b, &conf);
	granted_done(&a, &ip);
}
END_TEST

/* --- origPKIMessage --- */

/* PKIMessages of n times that message. */
static void original_put(struct ask *a, struct bytes message, int n)
{
	STACK_OF(ASN1_TYPE) *list = sk_ASN1_TYPE_new_null();
	unsigned char *der = NULL;
	int len;

	for (int i = 0; i < n; i++) {
		const unsigned char *p = message.data;

		sk_ASN1_TYPE_push(list, d2i_ASN1_TYPE(NULL, &p, (long)message.len));
	}
	len = i2d_ASN1_SEQUENCE_ANY(list, &der);
	ask_info_add(a, OID_ORIG_PKI_MESSAGE, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
}

static const struct {
	const char *name;
	int type;     /* of the message that carries it */
	bool ra;      /* sent by the RA, else by vnfm-a */
	bool ids;     /* transactionID and senderNonce are the original's */
	int number;   /* of originals */
	int failinfo; /* -1: granted */
} originals[] = {
	{"RFC 9810 5.1.1.3", PKI_BODY_IR, true, true, 1, -1},
	{"RFC 9810 5.1.1.3 exactly one", PKI_BODY_IR, true, true, 2, FAIL_BAD_REQUEST},
	{"RFC 9810 5.1.1.3 none", PKI_BODY_IR, true, true, 0, FAIL_BAD_REQUEST},
	{"RFC 9483 5.2.3 transactionID", PKI_BODY_IR, true, false, 1, FAIL_BAD_REQUEST},
	{"RFC 9483 5.2.3 kur", PKI_BODY_KUR, true, true, 1, FAIL_BAD_REQUEST},
	{"RFC 9810 5.1.1.3 from no RA", PKI_BODY_IR, false, false, 2, -1},
	{"RFC 9483 5.2.3 central key generation", PKI_BODY_CR, true, true, 1, FAIL_BAD_REQUEST},
};

/* RFC 9483 4.1.6: the CA is to make the key. */
static void key_remove(struct ask *a)
{
	CertReqMsg *msg = ask_request(a);

	SubjectPublicKeyInfo_free(msg->certReq->certTemplate->publicKey);
	msg->certReq->certTemplate->publicKey = NULL;
	ProofOfPossession_free(msg->popo);
	msg->popo = NULL;
	a->keep_pop = true;
}

START_TEST(rfc9810_5_1_1_3_original)
{
	struct ask original, a;
	struct told told;

	ask_ir(&original, NULL, "vnfci-a");
	ask_encode(&original);
	ask_new(&a, h, originals[_i].ra ? &h->ra : &h->vnfm_a);
	ask_certreq(&a, originals[_i].type, "vnfci-a");
	if (originals[_i].type == PKI_BODY_CR)
		key_remove(&a);
	if (originals[_i].ids) {
		a.out.transaction_id = original.out.transaction_id;
		a.out.sender_nonce = original.out.sender_nonce;
	}
	original_put(&a, octets_view(&original.sent), originals[_i].number);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), originals[_i].failinfo);
	ck_assert_int_eq(told.msg->body_type,
			 originals[_i].failinfo < 0 ? PKI_BODY_IP : PKI_BODY_ERROR);
	granted_done(&a, &told);
	ask_clear(&original);
}
END_TEST

START_TEST(rfc9810_5_1_1_3_in_nested)
{
	for (int n = 0; n < 3; n++) {
		struct ask inner, outer;
		struct told told;

		ask_ir(&inner, &h->vnfm_a, "vnfci-a");
		ask_new(&outer, h, &h->ra);
		ask_added(&outer, &inner);
		original_put(&outer, octets_view(&inner.sent), n);
		ask_encode(&outer);
		ask_send_octets(&outer, &h->worker, octets_view(&outer.sent), &told);
		ck_assert_int_eq(told_failinfo(&told), n == 1 ? -1 : FAIL_BAD_REQUEST);
		granted_done(&outer, &told);
		ask_clear(&inner);
	}
}
END_TEST

static void setup_vouching(void)
{
	house_open(h, "", "[client_policy default]\nvouches_for_pop = yes\n");
	house_register(h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
}

static Suite *door_nested_suite(void)
{
	Suite *suite = suite_create("door_nested");
	TCase *tcase = tcase_create("nested");

	tcase_add_checked_fixture(tcase, granted_setup, granted_teardown);
	tcase_add_test(tcase, rfc9483_5_2_2_1_general_info);
	tcase_add_test(tcase, rfc9483_5_2_2_1_added);
	tcase_add_test(tcase, rfc9483_3_5_late_retransmission);
	tcase_add_test(tcase, rfc9483_5_2_2_1_mac_inside);
	tcase_add_test(tcase, rfc9483_5_2_2_1_approval);
	tcase_add_test(tcase, rfc9483_5_2_3_key_update);
	tcase_add_loop_test(tcase, rfc9483_3_5_confirmed_by_the_ra, 0, 1);
	tcase_add_test(tcase, rfc9483_5_2_2_1_end_entity);
	tcase_add_loop_test(tcase, rfc9810_5_2_8_4_ra_verified, 0, 1);
	tcase_add_loop_test(tcase, rfc9810_5_2_8_4_ra_verified_kur, 0, 1);
	tcase_add_loop_test(tcase, rfc9483_5_2_2_outer_wrong, 0, ARRAY_LEN(wrong));
	tcase_add_test(tcase, rfc9483_3_5_outer_protection);
	tcase_add_test(tcase, rfc9483_5_2_2_1_inner_protection);
	tcase_add_test(tcase, rfc9483_6_1_label_of_the_inner);
	tcase_add_test(tcase, rfc9483_5_2_2_2_batch);
	tcase_add_test(tcase, rfc9483_5_2_2_2_no_approval);
	tcase_add_test(tcase, rfc9483_5_2_2_depth);
	tcase_add_test(tcase, rfc9483_5_2_2_2_inner_wrong);
	tcase_add_test(tcase, rfc4210_5_3_21_error_inside);
	tcase_add_loop_test(tcase, rfc9810_5_1_1_3_original, 0, ARRAY_LEN(originals));
	tcase_add_test(tcase, rfc9810_5_1_1_3_in_nested);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("RA vouches for POP");
	tcase_add_checked_fixture(tcase, setup_vouching, granted_teardown);
	tcase_add_loop_test(tcase, rfc9810_5_2_8_4_ra_verified, 1, 2);
	tcase_add_loop_test(tcase, rfc9810_5_2_8_4_ra_verified_kur, 1, 2);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("RA confirms");
	tcase_add_checked_fixture(tcase, setup_confirming, granted_teardown);
	tcase_add_loop_test(tcase, rfc9483_3_5_confirmed_by_the_ra, 1, 2);
	tcase_add_test(tcase, rfc9483_4_1_1_rejected_by_the_ra);
	tcase_add_test(tcase, rfc9483_3_5_not_to_be_confirmed_by_others);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_nested_suite, SUITE_ONE_PROCESS)
