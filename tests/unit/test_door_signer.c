// SPDX-License-Identifier: Apache-2.0
/*
 * Who a signer is to the CMP door, in a hostile order of messages: what others send with its
 * certificate, before it and between its own messages, changes nothing for it.
 */
#include "granted.h"

#include "../../src/cmf/cmf_private.h"
#include "../../src/cmf/signer_cache.h"

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

static void client_below(const struct house_credential *anchor, const char *name)
{
	const uint32_t all = STORE_MAY_REGISTER | STORE_MAY_REQUEST | STORE_MAY_REVOKE;
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	ck_assert(bio && PEM_write_bio_X509(bio, anchor->cert));
	len = BIO_get_mem_data(bio, &pem);
	house_client_add_with(&granted_house, name, "a", all, false,
			      (struct bytes){(const uint8_t *)pem, (size_t)len});
	BIO_free(bio);
}

static void setup(void)
{
	granted_setup();
	house_register(&granted_house, "vnfm-a", CERT_TYPE_MANO, NFVO);
	credential_enrol(&nfvo, "ManoCert", NFVO);
	client_below(&granted_house.root, NFVO);
	house_register(&granted_house, NFVO, CERT_TYPE_VNFCI, "vnfci-n");
}

static void teardown(void)
{
	house_credential_clear(&nfvo);
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

static Suite *suite(void)
{
	Suite *s = suite_create("door_signer");
	TCase *tc = tcase_create("mano client");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc9483_3_2_forged_message_takes_no_rights);
	tcase_add_test(tc, nothing_is_remembered_of_a_message_that_is_not_authentic);
	tcase_add_test(tc, rfc9483_3_3_chain_of_ours_need_not_be_sent);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
