// SPDX-License-Identifier: Apache-2.0
/* The attester of a registration, IFA 033 11.2.1: what may be one, and who may change it. */
#include "cmf/attester.h"
#include "cmf_world.h"
#include "suite.h"

#include <openssl/x509.h>
#include <string.h>

#define TPM "2.23.133.20.1"

static struct octets spki_of(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	struct octets copy;

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &copy), 0);
	OPENSSL_free(der);
	return copy;
}

static struct cmf_attester_said said_of(enum store_attester_kind kind, const struct octets *der)
{
	return (struct cmf_attester_said){.kind = kind,
					  .item = {octets_view(der)},
					  .n_items = 1,
					  .statement_types = {TPM},
					  .n_statement_types = 1};
}

static const char *checked(const struct cmf_attester_said *said)
{
	struct store_attester row = {0};
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_attester_check(said, &refusal, &row);

	ck_assert(err == 0 || err == REFUSED);
	store_attester_clear(&row);
	return refusal_code(refusal.reason);
}

/* The world's certificates: vnfm_a is no CA's, issuing is one's. */
START_TEST(what_may_be_an_attester)
{
	EVP_PKEY *x25519 = pki_key("X25519");
	struct octets key = spki_of(w.vnfm_a.key), agrees = spki_of(x25519);
	struct cmf_attester_said said = said_of(STORE_ATTESTER_KEY, &key);
	uint8_t long_der[64] = {0};

	ck_assert_str_eq(checked(&said), "none");
	said = said_of(STORE_ATTESTER_CERTIFICATE, &w.vnfm_a.der);
	ck_assert_str_eq(checked(&said), "none");
	said = said_of(STORE_ATTESTER_CAS, &w.issuing.der);
	ck_assert_str_eq(checked(&said), "none");
	said.item[said.n_items++] = octets_view(&w.root.der);
	ck_assert_str_eq(checked(&said), "none");

	said.item[1] = octets_view(&w.vnfm_a.der);
	ck_assert_str_eq(checked(&said), "attester_no_ca");
	said = said_of(STORE_ATTESTER_KEY, &agrees);
	ck_assert_str_eq(checked(&said), "attester_key");
	said = said_of(STORE_ATTESTER_KEY, &w.vnfm_a.der);
	ck_assert_str_eq(checked(&said), "attester_key");
	said = said_of(STORE_ATTESTER_CERTIFICATE, &key);
	ck_assert_str_eq(checked(&said), "attester_malformed");
	said.item[0] = BYTES_OF(long_der);
	ck_assert_str_eq(checked(&said), "attester_malformed");
	said = said_of(STORE_ATTESTER_CERTIFICATE, &w.vnfm_a.der);
	said.item[0].len--;
	ck_assert_str_eq(checked(&said), "attester_malformed");
	said.n_items = 0;
	ck_assert_str_eq(checked(&said), "attester_malformed");
	said = said_of(STORE_ATTESTER_CERTIFICATE, &w.vnfm_a.der);
	said.item[said.n_items++] = octets_view(&w.vnfm_a.der);
	ck_assert_str_eq(checked(&said), "attester_malformed");
	octets_clear(&key);
	octets_clear(&agrees);
	EVP_PKEY_free(x25519);
}
END_TEST

static const struct {
	const char *types[4];
	const char *reason;
} type_cases[] = {
	{{TPM}, "none"},
	{{TPM, "1.2.3", "2.999.1"}, "none"},
	{{NULL}, "attester_statement_types"},
	{{TPM, TPM}, "attester_statement_types"},
	{{"2.23.133.20.01"}, "attester_statement_types"},
	{{"2.23.133.20."}, "attester_statement_types"},
	{{"3.1"}, "attester_statement_types"},
	{{"2"}, "attester_statement_types"},
	{{"commonName"}, "attester_statement_types"},
	{{""}, "attester_statement_types"},
	{{"1.2.3 4"}, "attester_statement_types"},
};

START_TEST(statement_types_are_oids)
{
	struct cmf_attester_said said = said_of(STORE_ATTESTER_CERTIFICATE, &w.vnfm_a.der);

	said.n_statement_types = 0;
	for (size_t i = 0; type_cases[_i].types[i]; i++)
		said.statement_types[said.n_statement_types++] = type_cases[_i].types[i];
	ck_assert_str_eq(checked(&said), type_cases[_i].reason);
}
END_TEST

/* --- registrations with one --- */

static const char *registered(const char *client, const struct cmf_attester_said *said)
{
	static const char *const ids[] = {"x1", "x2"};
	const struct cmf_register request = {.has_cert_type = true,
					     .cert_type = CERT_TYPE_VNFCI,
					     .subject_ids = ids,
					     .n_subject_ids = ARRAY_LEN(ids),
					     .handling = CERT_HANDLING_DELEGATION,
					     .attester = said};
	struct cmf_principal who = principal_of(client);
	enum refusal_reason reason = register_as(&who, &request);

	cmf_principal_clear(&who);
	return refusal_code(reason);
}

static struct store_registration registration_of(const char *id)
{
	struct store_registration reg = {0};

	ck_assert_int_eq(store_registration_find(w.reader, ENTITY_A(id), CERT_TYPE_VNFCI, &reg), 0);
	return reg;
}

static int attester_of(const char *id, struct cmf_attester *attester)
{
	struct store_registration reg = registration_of(id);
	int err = cmf_attester_get(w.reader, &reg, attester);

	store_registration_clear(&reg);
	return err;
}

static const char *changed(const char *client, const struct cmf_attester_said *said)
{
	struct store_registration reg = registration_of("x1");
	struct cmf_principal who = principal_of(client);
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_registration_set_attester(WORLD_CALL(&who, &refusal), &reg, said);

	if (err == 0)
		err = store_unit_commit(w.unit);
	else
		store_unit_clear(w.unit);
	ck_assert(err == 0 || err == REFUSED);
	cmf_principal_clear(&who);
	store_registration_clear(&reg);
	return refusal_code(refusal.reason);
}

static int audited(void *arg, const struct store_audit *audit)
{
	(void)audit;
	(*(int *)arg)++;
	return 0;
}

static int audit_count(const char *action)
{
	const struct store_audit_filter filter = {.action = action};
	int n = 0;

	ck_assert_int_eq(store_audit_list(w.reader, &filter, audited, &n), 0);
	return n;
}

START_TEST(ifa033_11_2_1_registered_for_all_of_a_call)
{
	struct cmf_attester_said said = said_of(STORE_ATTESTER_CAS, &w.issuing.der);
	struct cmf_attester found = {0};

	said.item[said.n_items++] = octets_view(&w.root.der);
	said.statement_types[said.n_statement_types++] = "1.2.3";
	said.policy = STORE_ATTESTER_REQUIRE;
	ck_assert_str_eq(registered("vnfm-a", &said), "none");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(attester_of(i ? "x2" : "x1", &found), 0);
		ck_assert_int_eq(found.kind, STORE_ATTESTER_CAS);
		ck_assert_uint_eq(found.n_items, 2);
		ck_assert(bytes_equal(found.item[0], octets_view(&w.issuing.der)));
		ck_assert(bytes_equal(found.item[1], octets_view(&w.root.der)));
		ck_assert_uint_eq(found.n_statement_types, 2);
		ck_assert(cmf_attester_has_type(&found, TPM));
		ck_assert(cmf_attester_has_type(&found, "1.2.3"));
		ck_assert(!cmf_attester_has_type(&found, "1.2"));
		ck_assert_int_eq(found.policy, STORE_ATTESTER_REQUIRE);
		cmf_attester_clear(&found);
	}
	ck_assert_int_eq(audit_count("attester-register"), 2);
	/* The same again, its types in another order: nothing is written. */
	said.statement_types[0] = "1.2.3";
	said.statement_types[1] = TPM;
	ck_assert_str_eq(registered("vnfm-a", &said), "none");
	ck_assert_int_eq(audit_count("attester-register"), 2);
	/* Other parameters. */
	said.policy = STORE_ATTESTER_VERIFY;
	ck_assert_str_eq(registered("vnfm-a", &said), "registration_conflict");
	ck_assert_str_eq(registered("vnfm-a", NULL), "registration_conflict");
	said.n_statement_types = 0;
	ck_assert_str_eq(registered("vnfm-a", &said), "attester_statement_types");
}
END_TEST

START_TEST(none_is_registered_with_what_is_no_attester)
{
	struct cmf_attester_said said = said_of(STORE_ATTESTER_CAS, &w.vnfm_a.der);
	struct world_count before = world_count();

	ck_assert_str_eq(registered("vnfm-a", &said), "attester_no_ca");
	world_unchanged(before);
	ck_assert_str_eq(registered("vnfm-a", NULL), "none");
	said = said_of(STORE_ATTESTER_CAS, &w.issuing.der);
	ck_assert_str_eq(registered("vnfm-a", &said), "registration_conflict");
}
END_TEST

/* A VNFM that could put any key in the place of its HSM's would attest itself. */
START_TEST(who_may_change_it)
{
	struct cmf_attester_said said = said_of(STORE_ATTESTER_CERTIFICATE, &w.vnfm_a.der);
	struct credential other = credential_new(
		&(struct credential_spec){.subject = "/CN=other", .issuer = &w.anchor_a});
	struct cmf_attester found = {0};

	client_add(&(struct client_spec){.name = "vnfm-t",
					 .trust_domain = "domain-a",
					 .permissions = STORE_MAY_REGISTER | STORE_MAY_ATTESTER,
					 .exact = &other});
	ck_assert_str_eq(registered("vnfm-a", &said), "none");
	/* What changes nothing needs no permission. */
	ck_assert_str_eq(changed("vnfm-a", &said), "none");
	said.item[0] = octets_view(&other.der);
	ck_assert_str_eq(changed("vnfm-a", &said), "attester_not_permitted");
	ck_assert_str_eq(changed("vnfm-a", NULL), "attester_not_permitted");
	ck_assert_int_eq(attester_of("x1", &found), 0);
	ck_assert(bytes_equal(found.item[0], octets_view(&w.vnfm_a.der)));
	cmf_attester_clear(&found);
	ck_assert_int_eq(audit_count("attester-change"), 0);

	ck_assert_str_eq(changed("vnfm-t", &said), "none");
	ck_assert_int_eq(attester_of("x1", &found), 0);
	ck_assert(bytes_equal(found.item[0], octets_view(&other.der)));
	cmf_attester_clear(&found);
	ck_assert_str_eq(changed("operator-a", NULL), "none");
	ck_assert_int_eq(attester_of("x1", &found), STORE_NOT_FOUND);
	ck_assert_str_eq(changed("operator-a", NULL), "none");
	ck_assert_int_eq(audit_count("attester-change"), 2);
	/* The other entity of the call still has it. */
	ck_assert_int_eq(attester_of("x2", &found), 0);
	cmf_attester_clear(&found);
	credential_clear(&other);
}
END_TEST

static Suite *cmf_attester_suite(void)
{
	Suite *suite = suite_create("cmf_attester");
	TCase *tcase = tcase_create("attester");

	tcase_add_checked_fixture(tcase, world_setup, world_teardown);
	tcase_add_test(tcase, what_may_be_an_attester);
	tcase_add_loop_test(tcase, statement_types_are_oids, 0, ARRAY_LEN(type_cases));
	tcase_add_test(tcase, ifa033_11_2_1_registered_for_all_of_a_call);
	tcase_add_test(tcase, none_is_registered_with_what_is_no_attester);
	tcase_add_test(tcase, who_may_change_it);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(cmf_attester_suite, SUITE_ONE_PROCESS)
