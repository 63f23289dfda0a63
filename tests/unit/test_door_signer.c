// SPDX-License-Identifier: Apache-2.0
/*
 * Who a signer is to the CMP door, in a hostile order of messages: what others send with its
 * certificate, before it and between its own messages, changes nothing for it.
 */
#include "granted.h"
#include "suite.h"

#include "cmf_private.h"
#include "principal/signer_cache.h"

#include <check.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

/*
 * A MANO function that is a client by its certificate of ours: known by the root above our issuing
 * CA and by its name.
 */
#define NFVO "nfvo.example.net"

static struct house_credential nfvo;

/* Enrols as vnfm-a, with that profile; confirmed. */
static void credential_enrol(struct house_credential *c, const char *profile, const char *cn)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &granted_house.vnfm_a);
	ask_certreq(&a, PKI_BODY_IR, cn);
	a.profile_label = profile;
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	house_credential_adopt(c, a.key, told_certificate(&told));
	c->issuer = &granted_house.issuing;
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	granted_done(&a, &told);
}

static void client_below(const struct house_credential *anchor, const char *name,
			 uint32_t permissions)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	ck_assert(bio && PEM_write_bio_X509(bio, anchor->cert));
	len = BIO_get_mem_data(bio, &pem);
	house_client_add_with(&granted_house, name, "a", permissions, false,
			      (struct bytes){(const uint8_t *)pem, (size_t)len});
	BIO_free(bio);
}

/* vnfci-i has a profile that lets it ask for itself, vnfci-a one that does not. */
static struct house_credential itself, other;

static const char sections[] = "[client_policy default]\n"
			       "update_on_behalf = no\n"
			       "[profile itself]\n"
			       "cert_type = VnfciCert\n"
			       "key_types = ec:P-256\n"
			       "own_certificate_requests = yes\n"
			       "extension_section = usage\n";

static void register_with(const char *client, const char *profile, const char *subject_id)
{
	const struct cmf_register request = {.subject_ids = &subject_id,
					     .n_subject_ids = 1,
					     .has_cert_type = true,
					     .cert_type = CERT_TYPE_VNFCI,
					     .handling = CERT_HANDLING_DELEGATION,
					     .profile = profile};
	struct store_unit *unit = granted_house.worker.unit;
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};

	ck_assert_int_eq(
		cmf_admin_for_client(HOUSE_CALL(&granted_house, NULL, &refusal), client, &who), 0);
	ck_assert_int_eq(cmf_register(CMF_CALL(granted_house.cmf, granted_house.worker.reader, unit,
					       &who, &refusal),
				      &request),
			 0);
	ck_assert_int_eq(store_unit_commit(unit), 0);
	cmf_principal_clear(&who);
}

static void setup_with(uint32_t permissions)
{
	house_open(&granted_house, "", sections);
	house_register(&granted_house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(&granted_house, "vnfm-a", CERT_TYPE_MANO, NFVO);
	register_with("vnfm-a", "itself", "vnfci-i");
	register_with("vnfm-a", "itself", "vnfci-i2");
	credential_enrol(&nfvo, "ManoCert", NFVO);
	credential_enrol(&itself, "itself", "vnfci-i");
	credential_enrol(&other, "VnfciCert", "vnfci-a");
	client_below(&granted_house.root, NFVO, permissions);
	house_register(&granted_house, NFVO, CERT_TYPE_VNFCI, "vnfci-n");
}

static void setup(void)
{
	setup_with(STORE_MAY_REGISTER | STORE_MAY_REQUEST | STORE_MAY_REVOKE);
}

/* A client that may do nothing but is one. */
static void setup_powerless(void)
{
	setup_with(0);
}

static void teardown(void)
{
	house_credential_clear(&nfvo);
	house_credential_clear(&itself);
	house_credential_clear(&other);
	granted_teardown();
}

/* A message with somebody's certificate and a signature of nobody. */
static void forge(const struct house_credential *whose, size_t n_extra_certs)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, whose);
	ask_certreq(&a, PKI_BODY_IR, "vnfci-n");
	a.out.n_extra_certs = n_extra_certs;
	a.signer = &granted_house.stranger;
	ask_encode(&a);
	ask_send_octets(&a, &granted_house.worker, octets_view(&a.sent), &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_ERROR);
	ck_assert_int_eq(told_failinfo(&told), FAIL_BAD_MESSAGE_CHECK);
	granted_done(&a, &told);
}

/* A request for its entity, with the first of its certificates or all. */
static void enrols(const struct house_credential *who, size_t n_extra_certs, const char *cn)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, who);
	ask_certreq(&a, PKI_BODY_CR, cn);
	a.out.n_extra_certs = n_extra_certs;
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	granted_done(&a, &told);
}

/* RFC 9483 3.2: extraCerts is not protected, and anybody can send a certificate of another. */
START_TEST(rfc9483_3_2_forged_message_takes_no_rights)
{
	forge(&nfvo, 1);
	forge(&nfvo, 2);
	enrols(&nfvo, 2, "vnfci-n");
	forge(&nfvo, 1);
	enrols(&nfvo, 2, "vnfci-n");
}
END_TEST

/* Whether the signer is remembered for messages that bring its certificate and its CA's. */
static bool remembered(const struct house_credential *who)
{
	uint8_t digest[32], among[32], both[4096];
	struct cmf_signer *signer;

	ck_assert_uint_le(who->der.len + who->issuer->der.len, sizeof(both));
	memcpy(both, who->der.data, who->der.len);
	memcpy(both + who->der.len, who->issuer->der.data, who->issuer->der.len);
	SHA256(both, who->der.len, digest);
	SHA256(both, who->der.len + who->issuer->der.len, among);
	signer = signer_cache_get(granted_house.cmf->signers, digest, among);
	cmf_signer_unref(signer);
	return signer != NULL;
}

START_TEST(nothing_is_remembered_of_a_message_that_is_not_authentic)
{
	forge(&nfvo, 2);
	ck_assert(!remembered(&nfvo));
	enrols(&nfvo, 2, "vnfci-n");
	ck_assert(remembered(&nfvo));
	forge(&nfvo, 1);
	ck_assert(remembered(&nfvo));
}
END_TEST

/* RFC 9483 3.3: our own chain is known to us. */
START_TEST(rfc9483_3_3_chain_of_ours_need_not_be_sent)
{
	enrols(&nfvo, 1, "vnfci-n");
	enrols(&nfvo, 2, "vnfci-n");
	enrols(&nfvo, 1, "vnfci-n");
}
END_TEST

/* --- certificates of one name and key --- */

/* RFC 9483 3.3: the signer's is the first; "be prepared to handle [...] arbitrary orderings". */
START_TEST(rfc9483_3_3_twin_that_is_not_valid)
{
	/* Of the twin 't', the good one 'g' and the CA 'c', in that order; whether it is served. */
	static const struct {
		const char *order;
		bool served;
	} cases[] = {{"gt", true},  {"tg", true}, {"tgc", true},
		     {"ctg", true}, {"t", false}, {"tc", false}};
	struct house *h = &granted_house;
	struct house_credential twin;

	ck_assert(EVP_PKEY_up_ref(h->vnfm_a.key));
	/* Expired. */
	house_credential_make_with(&twin, h->vnfm_a.key, "vnfm-a", HOUSE_LEAF, &h->client_root,
				   h->now_ms, -1);
	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		const char *order = cases[i / 2].order;
		struct ask a;

		ask_new(&a, h, &h->vnfm_a);
		ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
		a.out.n_extra_certs = strlen(order);
		for (size_t at = 0; order[at]; at++)
			a.certs[at] = octets_view(order[at] == 't'   ? &twin.der
						  : order[at] == 'g' ? &h->vnfm_a.der
								     : &h->client_root.der);
		/* The key identifier says nothing about which of both. */
		if (i % 2)
			a.out.sender_kid = BYTES_NULL;
		granted_expect(&a, cases[i / 2].served ? PKI_BODY_CP : PKI_BODY_ERROR,
			       cases[i / 2].served ? -1 : FAIL_SIGNER_NOT_TRUSTED);
	}
	house_credential_clear(&twin);
}
END_TEST

/* --- a client that holds a certificate of ours --- */

/* kur of that certificate (empty: the one it signs with). */
static void updates(const struct house_credential *who, struct bytes old, const char *cn,
		    int failinfo)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, who);
	ask_certreq(&a, PKI_BODY_KUR, cn);
	if (old.len)
		ask_old_cert_id(&a, old);
	ask_send(&a, &told);
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_KUP);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	if (failinfo < 0)
		granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	granted_done(&a, &told);
}

static void revokes(const struct house_credential *who, struct bytes cert, int reason, int failinfo)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, who);
	ask_rr(&a, cert, reason);
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	granted_done(&a, &told);
}

/* What counts is who holds the certificate, whatever else it is. */
START_TEST(rfc9483_4_1_3_client_updates_what_it_holds)
{
	struct bytes own = octets_view(&nfvo.der), foreign = octets_view(&other.der);

	updates(&nfvo, BYTES_NULL, NFVO, -1);
	updates(&nfvo, own, NFVO, -1);
	/* update_on_behalf = no: nobody else's, not even its manager. */
	updates(&nfvo, foreign, "vnfci-a", FAIL_NOT_AUTHORIZED);
	updates(&granted_house.vnfm_a, foreign, "vnfci-a", FAIL_NOT_AUTHORIZED);
	updates(&granted_house.vnfm_a, BYTES_NULL, "vnfci-a", FAIL_NOT_AUTHORIZED);
}
END_TEST

START_TEST(rfc9483_4_2_client_revokes_what_it_holds)
{
	struct bytes own = octets_view(&nfvo.der), foreign = octets_view(&other.der);

	revokes(&nfvo, foreign, 1, FAIL_NOT_AUTHORIZED);
	ck_assert_int_eq(granted_state(foreign), STORE_CERT_ACTIVE);
	/* cessationOfOperation: it speaks for the certificate, not for the registration. */
	revokes(&nfvo, own, 5, -1);
	ck_assert_int_eq(granted_state(own), STORE_CERT_REVOKED);
	revokes(&nfvo, own, 5, FAIL_SIGNER_NOT_TRUSTED);
	house_credential_clear(&nfvo);
	credential_enrol(&nfvo, "ManoCert", NFVO);
}
END_TEST

/* RFC 9810 B: for the certificates of its entity. */
START_TEST(rfc9810_b_client_leaves_a_passphrase_for_what_it_holds)
{
	const struct {
		const struct house_credential *who;
		int result;
	} cases[] = {{&nfvo, 0}, {&other, 0}, {&granted_house.vnfm_a, REFUSED}};
	struct store_reader *reader = granted_house.worker.reader;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct bytes der = octets_view(&cases[i].who->der);
		struct cmf_signer *signer = NULL;
		struct refusal refusal = REFUSAL_NULL;
		struct cmf_principal who = {0};

		ck_assert_int_eq(
			cmf_signer_find(CMF_CALL(granted_house.cmf, reader, NULL, NULL, &refusal),
					BYTES_NULL, BYTES_NULL, &der, 1, NULL, &who, &signer),
			0);
		ck_assert_int_eq(cmf_rev_passphrase_check(
					 CMF_CALL(granted_house.cmf, reader, NULL, &who, &refusal),
					 bytes_of_string("ref")),
				 cases[i].result);
		cmf_signer_unref(signer);
		cmf_principal_clear(&who);
	}
}
END_TEST

/* --- a further certificate for itself, RFC 9483 4.1.2 --- */

static void asks(const struct house_credential *who, int type, const char *cn, const char *profile,
		 int failinfo)
{
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, who);
	if (type == PKI_BODY_P10CR)
		ask_p10cr(&a, cn);
	else
		ask_certreq(&a, type, cn);
	a.profile_label = profile;
	ask_send(&a, &told);
	ck_assert_int_eq(told_failinfo(&told), failinfo);
	ck_assert_int_eq(told_certificate(&told).len > 0, failinfo < 0);
	if (failinfo < 0)
		granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	granted_done(&a, &told);
}

START_TEST(rfc9483_4_1_2_entity_asks_for_itself)
{
	static const int types[] = {PKI_BODY_IR, PKI_BODY_CR, PKI_BODY_P10CR};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		asks(&itself, types[i], "vnfci-i", NULL, -1);
		asks(&itself, types[i], "VNFCI-I", "itself", -1);
		asks(&itself, types[i], "vnfci-i2", NULL, FAIL_NOT_AUTHORIZED);
		asks(&itself, types[i], "vnfci-i2", "itself", FAIL_NOT_AUTHORIZED);
		asks(&itself, types[i], "nobody", NULL, FAIL_NOT_AUTHORIZED);
		asks(&itself, types[i], "vnfci-i", "confirmed", FAIL_BAD_REQUEST);
		/* Its profile does not say so. */
		asks(&other, types[i], "vnfci-a", NULL, FAIL_NOT_AUTHORIZED);
		asks(&other, types[i], "vnfci-i", "itself", FAIL_NOT_AUTHORIZED);
	}
	/* Nothing that is signed says whose key it is. */
	asks(&itself, PKI_BODY_CR, NULL, NULL, FAIL_BAD_CERT_TEMPLATE);
}
END_TEST

/* The certificate that signs is good at that very moment. */
START_TEST(rfc9483_4_1_2_certificate_is_valid)
{
	struct house_credential second;
	struct told told;
	struct ask a;

	ask_new(&a, &granted_house, &itself);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-i");
	ask_send(&a, &told);
	house_credential_adopt(&second, a.key, told_certificate(&told));
	second.issuer = &granted_house.issuing;
	/* Not confirmed yet. */
	asks(&second, PKI_BODY_CR, "vnfci-i", NULL, FAIL_SIGNER_NOT_TRUSTED);
	granted_certconf(&a, &told, PKI_STATUS_ACCEPTED, PKI_BODY_PKICONF, -1);
	asks(&second, PKI_BODY_CR, "vnfci-i", NULL, -1);
	revokes(&granted_house.vnfm_a, octets_view(&second.der), 6, -1);
	asks(&second, PKI_BODY_CR, "vnfci-i", NULL, FAIL_SIGNER_NOT_TRUSTED);
	revokes(&granted_house.vnfm_a, octets_view(&second.der), 8, -1);
	asks(&second, PKI_BODY_CR, "vnfci-i", NULL, -1);
	revokes(&granted_house.vnfm_a, octets_view(&second.der), 1, -1);
	asks(&second, PKI_BODY_CR, "vnfci-i", NULL, FAIL_SIGNER_NOT_TRUSTED);
	asks(&itself, PKI_BODY_CR, "vnfci-i", NULL, -1);
	/* cessationOfOperation by its manager: the entity is gone, whatever it holds. */
	revokes(&granted_house.vnfm_a, octets_view(&other.der), 5, -1);
	asks(&other, PKI_BODY_CR, "vnfci-a", NULL, FAIL_SIGNER_NOT_TRUSTED);
	granted_house.now_ms += INT64_C(91) * 24 * 3600 * 1000;
	asks(&itself, PKI_BODY_CR, "vnfci-i", NULL, FAIL_SIGNER_NOT_TRUSTED);
	house_credential_clear(&second);
	granted_done(&a, &told);
}
END_TEST

/* RFC 9483 5.2.2.1: an approval takes nothing from it. */
START_TEST(rfc9483_4_1_2_with_the_approval_of_an_ra)
{
	static const struct {
		const char *cn;
		int failinfo;
	} cases[] = {{"vnfci-i", -1}, {"vnfci-i2", FAIL_NOT_AUTHORIZED}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct told told, approved;
		struct ask inner, outer;

		ask_new(&inner, &granted_house, &itself);
		ask_certreq(&inner, PKI_BODY_CR, cases[i].cn);
		ask_new(&outer, &granted_house, &granted_house.ra);
		ask_added(&outer, &inner);
		ask_encode(&outer);
		ask_send_octets(&outer, &granted_house.worker, octets_view(&outer.sent), &approved);
		told_of(&inner, octets_view(&approved.der), &told);
		ck_assert_int_eq(told.msg->body_type, PKI_BODY_CP);
		ck_assert_int_eq(told_failinfo(&told), cases[i].failinfo);
		granted_done(&inner, &told);
		granted_done(&outer, &approved);
	}
}
END_TEST

/* The client of a MANO function asks as the client it is, not as what it holds. */
START_TEST(rfc9483_4_1_2_client_without_permission)
{
	asks(&nfvo, PKI_BODY_CR, "vnfci-n", "VnfciCert", FAIL_NOT_AUTHORIZED);
	asks(&nfvo, PKI_BODY_CR, "vnfci-a", "VnfciCert", FAIL_NOT_AUTHORIZED);
	asks(&nfvo, PKI_BODY_CR, "nobody", "VnfciCert", FAIL_NOT_AUTHORIZED);
	asks(&nfvo, PKI_BODY_CR, NFVO, "ManoCert", FAIL_NOT_AUTHORIZED);
}
END_TEST

/* --- messages without certificates, RFC 9483 3.3 --- */

/* A client whose path has a CA of its own between. */
static struct house_credential between, below;

static void setup_below(void)
{
	setup();
	house_credential_make(&between, "between", HOUSE_CA, &granted_house.client_root,
			      granted_house.now_ms, 365);
	house_credential_make(&below, "below", HOUSE_LEAF, &between, granted_house.now_ms, 365);
	house_client_add(&granted_house, "below", "a", STORE_MAY_REQUEST | STORE_IS_RA, false);
}

static void teardown_below(void)
{
	house_credential_clear(&between);
	house_credential_clear(&below);
	teardown();
}

/* Opens a transaction that waits for certConf. */
static void opens(struct ask *a, struct told *told, const struct house_credential *who, int type,
		  const char *cn)
{
	ask_new(a, &granted_house, who);
	ask_certreq(a, type, cn);
	ask_send(a, told);
	ck_assert_int_eq(told_failinfo(told), -1);
}

/* What is in memory is gone, as after a restart. */
static void forget(void)
{
	house_restart(&granted_house);
}

/* certConf without certificates, or with that number of them. */
static void confirms(struct ask *before, struct told *told, size_t n_extra_certs, int body,
		     int failinfo)
{
	struct told first, again;
	struct ask a;

	ask_certconf(&a, before, told, PKI_STATUS_ACCEPTED);
	a.out.n_extra_certs = n_extra_certs;
	ask_send(&a, &first);
	ck_assert_int_eq(first.msg->body_type, body);
	ck_assert_int_eq(told_failinfo(&first), failinfo);
	if (failinfo < 0) {
		forget();
		ask_send_octets(&a, &granted_house.worker, octets_view(&a.sent), &again);
		ck_assert(bytes_equal(octets_view(&first.der), octets_view(&again.der)));
		told_clear(&again);
	}
	granted_done(&a, &first);
}

START_TEST(rfc9483_3_3_certconf_without_extra_certs)
{
	const struct {
		const struct house_credential *who;
		int type;
		const char *cn;
	} cases[] = {
		{&granted_house.vnfm_a, PKI_BODY_IR, "vnfci-a"},
		{&below, PKI_BODY_CR, "vnfci-a"},
		{&nfvo, PKI_BODY_CR, "vnfci-n"},
		{&nfvo, PKI_BODY_KUR, NFVO},
		{&other, PKI_BODY_KUR, "vnfci-a"},
		{&itself, PKI_BODY_CR, "vnfci-i"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t n = 0; n < 2; n++) {
			struct told told;
			struct ask a;

			opens(&a, &told, cases[i].who, cases[i].type, cases[i].cn);
			forget();
			/* None of them, or its own without the path. */
			confirms(&a, &told, n, PKI_BODY_PKICONF, -1);
			ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_ACTIVE);
			granted_done(&a, &told);
		}
	}
}
END_TEST

START_TEST(rfc9483_3_3_error_without_extra_certs)
{
	struct told told;
	struct ask a, error;

	opens(&a, &told, &below, PKI_BODY_CR, "vnfci-a");
	forget();
	ask_next(&error, &a, &told);
	error.body = cmp_body_new(PKI_BODY_ERROR);
	ck_assert(ASN1_INTEGER_set(error.body->value.error->pKIStatusInfo->status,
				   PKI_STATUS_REJECTION));
	error.out.n_extra_certs = 0;
	granted_expect(&error, PKI_BODY_PKICONF, -1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_REJECTED);
	granted_done(&a, &told);
}
END_TEST

/* The first request of a transaction brings them; and it is that requester's transaction alone. */
START_TEST(rfc9483_3_3_only_who_opened_the_transaction)
{
	struct house *h = &granted_house;
	struct told told, other_told;
	struct ask a, same_id, conf;

	ask_new(&a, h, &below);
	ask_certreq(&a, PKI_BODY_CR, "vnfci-a");
	a.out.n_extra_certs = 0;
	granted_expect(&a, PKI_BODY_ERROR, FAIL_BAD_MESSAGE_CHECK);
	opens(&a, &told, &below, PKI_BODY_CR, "vnfci-a");
	/* Somebody else with the same transactionID. */
	ask_new(&same_id, h, &h->vnfm_a);
	ask_certreq(&same_id, PKI_BODY_CR, "vnfci-a");
	memcpy(same_id.transaction_id, a.transaction_id, sizeof(a.transaction_id));
	ask_send(&same_id, &other_told);
	ck_assert_int_eq(told_failinfo(&other_told), -1);
	forget();
	/* Signed by another, in its own name and in that of the requester. */
	ask_certconf(&conf, &a, &told, PKI_STATUS_ACCEPTED);
	conf.out.n_extra_certs = 0;
	conf.signer = &h->vnfm_b;
	granted_expect(&conf, PKI_BODY_ERROR, FAIL_BAD_MESSAGE_CHECK);
	ask_certconf(&conf, &a, &told, PKI_STATUS_ACCEPTED);
	conf.out.n_extra_certs = 0;
	conf.out.sender = octets_view(&h->vnfm_b.sender);
	conf.out.sender_kid = octets_view(&h->vnfm_b.sender_kid);
	conf.signer = &h->vnfm_b;
	granted_expect(&conf, PKI_BODY_ERROR, FAIL_BAD_MESSAGE_CHECK);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_PENDING);
	/* Both who opened one. */
	confirms(&same_id, &other_told, 0, PKI_BODY_PKICONF, -1);
	confirms(&a, &told, 0, PKI_BODY_PKICONF, -1);
	granted_done(&same_id, &other_told);
	granted_done(&a, &told);
}
END_TEST

/* What opened the transaction may be no credential any more. */
START_TEST(rfc9483_3_5_known_signer_is_validated_again)
{
	struct told told;
	struct ask a;

	opens(&a, &told, &below, PKI_BODY_CR, "vnfci-a");
	ck_assert_int_eq(store_client_remove(granted_house.worker.unit, "below"), 0);
	ck_assert_int_eq(store_unit_commit(granted_house.worker.unit), 0);
	confirms(&a, &told, 0, PKI_BODY_ERROR, FAIL_SIGNER_NOT_TRUSTED);
	granted_done(&a, &told);
	opens(&a, &told, &itself, PKI_BODY_CR, "vnfci-i");
	revokes(&granted_house.vnfm_a, octets_view(&itself.der), 1, -1);
	confirms(&a, &told, 0, PKI_BODY_ERROR, FAIL_SIGNER_NOT_TRUSTED);
	granted_done(&a, &told);
}
END_TEST

static Suite *door_signer_suite(void)
{
	Suite *s = suite_create("door_signer");
	TCase *tc = tcase_create("mano client");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc9483_3_2_forged_message_takes_no_rights);
	tcase_add_test(tc, nothing_is_remembered_of_a_message_that_is_not_authentic);
	tcase_add_test(tc, rfc9483_3_3_chain_of_ours_need_not_be_sent);
	tcase_add_test(tc, rfc9483_3_3_twin_that_is_not_valid);
	tcase_add_test(tc, rfc9483_4_1_3_client_updates_what_it_holds);
	tcase_add_test(tc, rfc9483_4_2_client_revokes_what_it_holds);
	suite_add_tcase(s, tc);
	tc = tcase_create("client without permissions");
	tcase_add_checked_fixture(tc, setup_powerless, teardown);
	tcase_add_test(tc, rfc9483_4_1_3_client_updates_what_it_holds);
	tcase_add_test(tc, rfc9483_4_2_client_revokes_what_it_holds);
	tcase_add_test(tc, rfc9810_b_client_leaves_a_passphrase_for_what_it_holds);
	tcase_add_test(tc, rfc9483_4_1_2_client_without_permission);
	suite_add_tcase(s, tc);
	tc = tcase_create("for itself");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc9483_4_1_2_entity_asks_for_itself);
	tcase_add_test(tc, rfc9483_4_1_2_certificate_is_valid);
	tcase_add_test(tc, rfc9483_4_1_2_with_the_approval_of_an_ra);
	suite_add_tcase(s, tc);
	tc = tcase_create("without certificates");
	tcase_add_checked_fixture(tc, setup_below, teardown_below);
	tcase_add_test(tc, rfc9483_3_3_certconf_without_extra_certs);
	tcase_add_test(tc, rfc9483_3_3_error_without_extra_certs);
	tcase_add_test(tc, rfc9483_3_3_only_who_opened_the_transaction);
	tcase_add_test(tc, rfc9483_3_5_known_signer_is_validated_again);
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(door_signer_suite, SUITE_FORKS)
