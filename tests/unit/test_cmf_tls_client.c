// SPDX-License-Identifier: Apache-2.0
/* Who a TLS client is: the same clients and holders as by a signed message, by its own certificate
 * and no other that it sends. */
#include "cmf_world.h"
#include "suite.h"

#include <errno.h>
#include <string.h>

static const char *find(const struct bytes *certs, size_t n, struct cmf_principal *whop)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_tls_client_find(WORLD_CALL(NULL, &refusal), certs, n, whop);

	ck_assert_int_ge(err, 0);
	ck_assert_int_eq(err == 0, refusal.reason == REFUSAL_NONE);
	return refusal_code(refusal.reason);
}

/* Twice: the second time it may be remembered. */
static void assert_found(const struct bytes *certs, size_t n, const char *reason, const char *name)
{
	for (int i = 0; i < 2; i++) {
		struct cmf_principal who = {0};

		ck_assert_str_eq(find(certs, n, &who), reason);
		if (name)
			ck_assert_str_eq(who.name, name);
		else
			ck_assert_ptr_null(who.name);
		cmf_principal_clear(&who);
	}
}

static void assert_signs(struct bytes cert, const char *name)
{
	struct refusal refusal = REFUSAL_NULL;
	_cleanup_(cmf_principal_clear) struct cmf_principal who = {0};
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *signer = NULL;

	ck_assert_int_eq(cmf_signer_find(WORLD_CALL(NULL, &refusal), BYTES_NULL, BYTES_NULL, &cert,
					 1, NULL, &who, &signer),
			 0);
	ck_assert_str_eq(who.name, name);
	cmf_signer_remember(w.cmf, signer);
}

START_TEST(test_client_by_anchor_and_subject)
{
	struct bytes cert = octets_view(&w.vnfm_a.der);
	struct cmf_principal who = {0};

	ck_assert_str_eq(find(&cert, 1, &who), "none");
	ck_assert_int_eq(who.kind, CMF_PRINCIPAL_CLIENT);
	ck_assert_str_eq(who.name, "vnfm-a");
	ck_assert_str_eq(who.trust_domain, "domain-a");
	ck_assert(bytes_equal(octets_view(&who.certificate), cert));
	cmf_principal_clear(&who);
	assert_signs(cert, "vnfm-a");
	assert_found(&cert, 1, "none", "vnfm-a");
}
END_TEST

START_TEST(test_chain_as_it_was_sent)
{
	struct credential sub = credential_new(&(struct credential_spec){
		.subject = "/CN=sub CA a", .issuer = &w.anchor_a, .ca = true});
	struct credential leaf =
		credential_new(&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &sub});
	const struct bytes certs[] = {octets_view(&leaf.der), octets_view(&sub.der)};

	assert_found(certs, 1, "signer_not_trusted", NULL);
	assert_found(certs, 2, "none", "vnfm-a");
	credential_clear(&sub);
	credential_clear(&leaf);
}
END_TEST

/* Only of the first one the handshake has proven possession: another may be anybody's. */
START_TEST(test_only_the_first_is_the_clients)
{
	static const uint8_t nonsense[] = {0x30, 0x03, 0x02, 0x01, 0x00};
	struct credential stranger = credential_new(&(struct credential_spec){.subject = "/CN=x"});
	struct credential expired =
		credential_new(&(struct credential_spec){.subject = "/CN=vnfm-b",
							 .issuer = &w.anchor_b,
							 .not_after_ms = WORLD_START_MS - 1000});
	struct bytes certs[] = {octets_view(&stranger.der), octets_view(&w.vnfm_a.der)};

	assert_signs(certs[1], "vnfm-a");
	assert_found(certs, 2, "signer_not_trusted", NULL);
	certs[0] = octets_view(&expired.der);
	assert_found(certs, 2, "signer_expired", NULL);
	certs[0] = BYTES_OF(nonsense);
	assert_found(certs, 2, "signer_malformed", NULL);
	certs[0] = BYTES_NULL;
	assert_found(certs, 2, "signer_malformed", NULL);
	assert_found(NULL, 0, "signer_missing", NULL);
	credential_clear(&stranger);
	credential_clear(&expired);
}
END_TEST

/* RFC 5280 4.2.1.12 for the purposes; the usage of the key as for a signed message. */
static const struct {
	const char *key_usage;
	const char *ext_key_usage;
	const char *reason;
} usage_cases[] = {
	{NULL, NULL, "none"},
	{"", NULL, "none"},
	{NULL, "clientAuth", "none"},
	{NULL, "serverAuth,clientAuth", "none"},
	{NULL, "anyExtendedKeyUsage", "none"},
	{NULL, "serverAuth", "signer_not_for_tls"},
	{NULL, "1.3.6.1.5.5.7.3.28", "signer_not_for_tls"}, /* id-kp-cmcRA alone */
	{NULL, "1.2.3.4", "signer_not_for_tls"},
	{"keyEncipherment", "clientAuth", "signer_key_usage"},
};

START_TEST(test_usage_rfc5280_4_2_1_12)
{
	struct credential c = credential_new(
		&(struct credential_spec){.subject = "/CN=vnfm-a",
					  .issuer = &w.anchor_a,
					  .key_usage = usage_cases[_i].key_usage,
					  .ext_key_usage = usage_cases[_i].ext_key_usage});
	struct bytes cert = octets_view(&c.der);
	bool good = strcmp(usage_cases[_i].reason, "none") == 0;

	assert_found(&cert, 1, usage_cases[_i].reason, good ? "vnfm-a" : NULL);
	/* That a message signed with it was served opens no connection. */
	if (strcmp(usage_cases[_i].reason, "signer_key_usage") != 0)
		assert_signs(cert, "vnfm-a");
	assert_found(&cert, 1, usage_cases[_i].reason, good ? "vnfm-a" : NULL);
	credential_clear(&c);
}
END_TEST

START_TEST(test_holder_of_a_certificate_of_ours)
{
	struct cmf_principal who = {0};
	struct store_certificate cert;
	struct bytes der;

	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-1");
	cert = certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-1", NULL);
	der = octets_view(&cert.der);
	ck_assert_str_eq(find(&der, 1, &who), "none");
	ck_assert_int_eq(who.kind, CMF_PRINCIPAL_END_ENTITY);
	ck_assert_int_eq(who.certificate_id, cert.id);
	cmf_principal_clear(&who);
	/* It is remembered by now; its state is asked for each time. */
	ck_assert_int_eq(store_certificate_revoke(w.unit, cert.id, STORE_CERT_ACTIVE,
						  STORE_CERT_REVOKED, 1, w.now_ms),
			 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	assert_found(&der, 1, "signer_revoked", NULL);
	store_certificate_clear(&cert);
}
END_TEST

/* RFC 8446 4.6.1: a resumed session has the certificates of the first one; what is true of the
 * client is found out for each request. */
START_TEST(test_changes_of_clients_are_seen)
{
	struct credential c = credential_new(&(struct credential_spec){.subject = "/CN=x"});
	struct bytes cert = octets_view(&c.der);

	assert_found(&cert, 1, "signer_not_trusted", NULL);
	client_add(&(struct client_spec){.name = "x", .trust_domain = "d", .exact = &c});
	assert_found(&cert, 1, "none", "x");
	ck_assert_int_eq(store_client_remove(w.unit, "x"), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	assert_found(&cert, 1, "signer_not_trusted", NULL);
	cert = octets_view(&w.vnfm_a.der);
	assert_found(&cert, 1, "none", "vnfm-a");
	w.now_ms += 400 * DAY_MS;
	assert_found(&cert, 1, "signer_expired", NULL);
	credential_clear(&c);
}
END_TEST

/*
 * A stranger can ask as often as he likes: for some seconds what was found out is not found out
 * again. Here the path would be there after five, since an intermediate becomes valid.
 */
START_TEST(test_refusal_is_remembered_for_a_while)
{
	struct credential sub =
		credential_new(&(struct credential_spec){.subject = "/CN=sub CA a",
							 .issuer = &w.anchor_a,
							 .ca = true,
							 .not_before_ms = WORLD_START_MS + 5000});
	struct credential leaf =
		credential_new(&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &sub});
	struct credential soon =
		credential_new(&(struct credential_spec){.subject = "/CN=vnfm-a",
							 .issuer = &w.anchor_a,
							 .not_before_ms = WORLD_START_MS + 5000});
	struct bytes certs[] = {octets_view(&leaf.der), octets_view(&sub.der)};
	struct bytes own = octets_view(&soon.der);

	assert_found(certs, 2, "signer_expired", NULL);
	assert_found(&own, 1, "signer_expired", NULL);
	w.now_ms += 5000;
	assert_found(certs, 2, "signer_expired", NULL);
	/* Not where its own validity says when that ends. */
	assert_found(&own, 1, "none", "vnfm-a");
	/* With other certificates it is another question. */
	certs[1] = octets_view(&w.root.der);
	assert_found(certs, 2, "signer_not_trusted", NULL);
	certs[1] = octets_view(&sub.der);
	w.now_ms += 5000;
	assert_found(certs, 2, "none", "vnfm-a");
	credential_clear(&sub);
	credential_clear(&leaf);
	credential_clear(&soon);
}
END_TEST

static Suite *cmf_tls_client_suite(void)
{
	Suite *suite = suite_create("cmf_tls_client");
	TCase *tc = tcase_create("tls_client");

	tcase_add_checked_fixture(tc, world_setup, world_teardown);
	tcase_add_test(tc, test_client_by_anchor_and_subject);
	tcase_add_test(tc, test_chain_as_it_was_sent);
	tcase_add_test(tc, test_only_the_first_is_the_clients);
	tcase_add_loop_test(tc, test_usage_rfc5280_4_2_1_12, 0, ARRAY_LEN(usage_cases));
	tcase_add_test(tc, test_holder_of_a_certificate_of_ours);
	tcase_add_test(tc, test_changes_of_clients_are_seen);
	tcase_add_test(tc, test_refusal_is_remembered_for_a_while);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_tls_client_suite, SUITE_FORKS)
