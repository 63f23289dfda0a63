// SPDX-License-Identifier: Apache-2.0
/*
 * Under one CA no two entities have the same name in valid certificates (RFC 5280 4.1.2.6), and
 * trust domain and VNF instance in the subject, with which identifiers may repeat.
 */
#include "cmf_world.h"
#include "suite.h"

#include <string.h>

static const char scoped[] =
	"[profile scoped]\ncert_type = VnfciCert\nkey_types = ec:P-256\n"
	"subject_trust_domain = O\nsubject_vnf_instance = OU\nsubject_attributes = O, OU, C\n"
	"dns_names = any\nvnfci_uri = yes\nextension_section = ext\n"
	"[profile no-cn]\ncert_type = VnfciCert\nkey_types = ec:P-256\ncommon_name = none\n"
	"subject_trust_domain = O\nsubject_attributes = C\ndns_names = subjectIdLabel\n"
	"extension_section = ext\n";

static void setup(void)
{
	world_setup_with(scoped);
}

static void register_with(const char *client, const char *vnf, const char *id, const char *profile)
{
	struct cmf_principal who = principal_of(client);
	const struct cmf_register request = {.has_cert_type = true,
					     .cert_type = CERT_TYPE_VNFCI,
					     .vnf_instance = vnf,
					     .subject_ids = &id,
					     .n_subject_ids = 1,
					     .handling = CERT_HANDLING_DELEGATION,
					     .profile = profile};

	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	cmf_principal_clear(&who);
}

/* vnfm-a of domain-a has the first, vnfm-b of domain-b asks for the second. */
static const struct {
	const char *what;
	const char *profile; /* of both */
	struct csr_spec first, second;
	const char *reason;
} pairs[] = {
#define ID(id) .vnfc_id = {id}
	{"subject", "VnfciCert", {ID("one")}, {ID("one")}, "template_subject_not_allowed"},
	{"in capitals", "VnfciCert", {ID("one")}, {ID("ONE")}, "template_subject_not_allowed"},
	{"with an attribute more",
	 "VnfciCert",
	 {ID("one")},
	 {ID("one"), .subject = "/O=x/CN=one"},
	 "none"},
	{"the same attribute",
	 "VnfciCert",
	 {ID("one"), .subject = "/O=x/CN=one"},
	 {ID("one"), .subject = "/O=X/CN=one"},
	 "template_subject_not_allowed"},
	{"another order",
	 "VnfciCert",
	 {ID("one"), .subject = "/O=x/CN=one"},
	 {ID("one"), .subject = "/CN=one/O=x"},
	 "none"},
	{"dNSName",
	 "VnfciCert",
	 {ID("one"), .subject = "/O=a/CN=one", .san = "DNS:one.example"},
	 {ID("one"), .subject = "/O=b/CN=one", .san = "DNS:ONE.Example"},
	 "template_san_not_allowed"},
	{"another dNSName",
	 "VnfciCert",
	 {ID("one"), .subject = "/O=a/CN=one", .san = "DNS:one.a.example"},
	 {ID("one"), .subject = "/O=b/CN=one", .san = "DNS:one.b.example"},
	 "none"},
	{"iPAddress",
	 "VnfciCert",
	 {ID("one"), .san = "IP:10.1.0.1"},
	 {ID("two"), .san = "IP:10.1.0.1"},
	 "template_san_not_allowed"},
	{"second iPAddress",
	 "VnfciCert",
	 {ID("one"), .san = "IP:10.1.0.1,IP:10.1.0.2"},
	 {ID("two"), .san = "IP:10.1.0.3,IP:10.1.0.2"},
	 "template_san_not_allowed"},
	{"another iPAddress",
	 "VnfciCert",
	 {ID("one"), .san = "IP:10.1.0.1"},
	 {ID("two"), .san = "IP:10.1.0.11"},
	 "none"},
	{"URI",
	 "VnfciCert",
	 {ID("one"), .subject = "/O=a/CN=one", .san = "URI:urn:etsi:nfv:vnfci:one"},
	 {ID("one"), .subject = "/O=b/CN=one", .san = "URI:URN:etsi:NFV:vnfci:%6Fne"},
	 "template_san_not_allowed"},
	{"trust domain in the subject", "scoped", {ID("one")}, {ID("one")}, "none"},
	/* The subject is another's no more, the dNSName is. */
	{"and the same dNSName",
	 "scoped",
	 {ID("one"), .san = "DNS:www.example"},
	 {ID("one"), .san = "DNS:www.example"},
	 "template_san_not_allowed"},
	{"without subject",
	 "no-cn",
	 {ID("one"), .san = "DNS:one.a.example"},
	 {ID("one"), .san = "DNS:one.b.example"},
	 "none"},
};

START_TEST(test_names_rfc5280_4_1_2_6)
{
	struct world_count before;

	register_with("vnfm-a", NULL, pairs[_i].first.vnfc_id[0], pairs[_i].profile);
	register_with("vnfm-b", NULL, pairs[_i].second.vnfc_id[0], pairs[_i].profile);
	for (int i = 0; i < 2; i++) {
		struct csr_spec ask = pairs[_i].first;

		/* Of one entity several have them. */
		ask.profile[0] = pairs[_i].profile;
		ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &ask)), "none");
	}
	before = world_count();
	for (int i = 0; i < 2; i++) {
		struct csr_spec ask = pairs[_i].second;

		ask.profile[0] = pairs[_i].profile;
		ck_assert_msg(strcmp(refusal_code(csr_as("vnfm-b", &ask)), pairs[_i].reason) == 0,
			      "%s", pairs[_i].what);
	}
	if (strcmp(pairs[_i].reason, "none") != 0)
		world_unchanged(before);
}
END_TEST

/* Another CA is another name space. */
START_TEST(test_another_ca)
{
	register_ok("vnfm-a", CERT_TYPE_VNF_OAM, "one");
	register_ok("vnfm-b", CERT_TYPE_VNF_OAM, "one");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &(struct csr_spec){.profile = {"VnfOAMCert"},
									  ID("one")})),
			 "none");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-b", &(struct csr_spec){.profile = {"VnfOAMCert"},
									  ID("one")})),
			 "none");
}
END_TEST

/* The same entity under its two certTypes, and registered anew. */
START_TEST(test_one_entity)
{
	struct cmf_principal who = principal_of("vnfm-a");
	struct refusal refusal = REFUSAL_NULL;
	const struct csr_spec vnfci = {.profile = {"VnfciCert"}, ID("one")};

	register_ok("vnfm-a", CERT_TYPE_VNFCI, "one");
	register_ok("vnfm-a", CERT_TYPE_VNF_OAM, "one");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &vnfci)), "none");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &(struct csr_spec){.profile = {"VnfOAMCert"},
									  ID("one")})),
			 "none");
	ck_assert_int_eq(cmf_deregister(WORLD_CALL(&who, &refusal),
					&(struct store_entity){"domain-a", "", "one"},
					CERT_TYPE_VNFCI),
			 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "ONE");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &vnfci)), "none");
	cmf_principal_clear(&who);
}
END_TEST

/* --- names are free again --- */

static const struct csr_spec second = {.profile = {"VnfciCert"}, ID("one")};

static void assert_second(const char *reason)
{
	ck_assert_str_eq(refusal_code(csr_as("vnfm-b", &second)), reason);
}

static struct store_certificate first_issued(void)
{
	return certificate_issued("vnfm-a", "VnfciCert", "/CN=one", NULL);
}

static void revoke(const struct store_certificate *cert, int reason)
{
	struct store_certificate now = certificate_again(cert);

	ck_assert_int_eq(store_certificate_revoke(w.unit, now.id, now.state,
						  reason == STORE_REASON_HOLD ? STORE_CERT_ON_HOLD
									      : STORE_CERT_REVOKED,
						  reason, w.now_ms),
			 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	store_certificate_clear(&now);
}

static void two_registered(void)
{
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "one");
	register_ok("vnfm-b", CERT_TYPE_VNFCI, "one");
}

START_TEST(test_free_when_all_are_revoked)
{
	struct store_certificate older, newer;

	two_registered();
	older = first_issued();
	newer = first_issued();
	assert_second("template_subject_not_allowed");
	/* The newest has ended, an older one has the name still. */
	revoke(&newer, 1);
	assert_second("template_subject_not_allowed");
	/* On hold it may come back. */
	revoke(&older, STORE_REASON_HOLD);
	assert_second("template_subject_not_allowed");
	revoke(&older, 1);
	assert_second("none");
	/* Now it is the other's. */
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &second)), "template_subject_not_allowed");
	store_certificate_clear(&older);
	store_certificate_clear(&newer);
}
END_TEST

/* A certificate of the same entity that has other names does not hold this one. */
START_TEST(test_free_beside_other_names)
{
	struct store_certificate named, other;

	two_registered();
	named = certificate_issued("vnfm-a", "VnfciCert", "/CN=one", NULL);
	other = certificate_issued("vnfm-a", "VnfciCert", "/O=x/CN=one", NULL);
	revoke(&named, 1);
	assert_second("none");
	store_certificate_clear(&named);
	store_certificate_clear(&other);
}
END_TEST

START_TEST(test_free_when_rejected)
{
	struct cmf_principal who = principal_of("vnfm-a");
	struct cmf_csr_result result = {0};
	struct store_certificate cert = {0};

	two_registered();
	ck_assert_str_eq(refusal_code(csr(&who, &second, &result)), "none");
	/* One that waits for its confirmation has the name. */
	assert_second("template_subject_not_allowed");
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
	ck_assert_int_eq(certificate_confirmed("vnfm-a", &cert, false), 0);
	assert_second("none");
	store_certificate_clear(&cert);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

START_TEST(test_free_when_expired)
{
	struct store_certificate cert;

	two_registered();
	cert = first_issued();
	w.now_ms = cert.not_after_ms - 1;
	assert_second("template_subject_not_allowed");
	w.now_ms = cert.not_after_ms;
	assert_second("none");
	store_certificate_clear(&cert);
}
END_TEST

/* RFC 9483 4.1.3: an update keeps the name, also where the subject says more than the request. */
START_TEST(test_update)
{
	static const char *const asked[] = {"/CN=one", "/O=domain-a/OU=vnf-1/CN=one", NULL};
	struct store_certificate old;
	char *subject;

	register_with("vnfm-a", "vnf-1", "one", "scoped");
	register_with("vnfm-a", "vnf-2", "one", "scoped");
	old = certificate_issued("vnfm-a", "scoped", "/O=domain-a/OU=vnf-1/CN=one",
				 "URI:urn:etsi:nfv:vnfci:vnf-1:one");
	subject = certificate_subject(octets_view(&old.der));
	ck_assert_str_eq(subject, "CN=one,OU=vnf-1,O=domain-a");
	ck_assert_str_eq(old.subject, subject);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		ck_assert_str_eq(
			refusal_code(csr_as("vnfm-a",
					    &(struct csr_spec){.old = &old, .subject = asked[i]})),
			"none");
	ck_assert_str_eq(
		refusal_code(csr_as("vnfm-a", &(struct csr_spec){.old = &old,
								 .subject = "/O=domain-a/CN=two"})),
		"update_names_changed");
	free(subject);
	store_certificate_clear(&old);
}
END_TEST

/* What a request says of the scope itself: never more than is true. */
static const struct {
	const char *vnf;
	const char *asked;
	const char *subject;
	const char *mods;
} subjects[] = {
	{"vnf-1", "/CN=one", "CN=one,OU=vnf-1,O=domain-a",
	 "subject attribute added: O; subject attribute added: OU"},
	{"vnf-1", NULL, "CN=one,OU=vnf-1,O=domain-a", ""},
	{"vnf-1", "/O=domain-a/OU=vnf-1/CN=one", "CN=one,OU=vnf-1,O=domain-a", ""},
	{"vnf-1", "/C=DE/CN=one", "CN=one,C=DE,OU=vnf-1,O=domain-a",
	 "subject attribute added: O; subject attribute added: OU"},
	{"vnf-1", "/O=domain-b/OU=vnf-1/CN=one", "CN=one,OU=vnf-1,O=domain-a",
	 "subject attribute left out: O; subject attribute added: O"},
	{NULL, "/O=domain-a/OU=vnf-1/CN=one", "CN=one,O=domain-a",
	 "subject attribute left out: OU"},
	{"a,b+c", "/CN=one", "CN=one,OU=a\\,b\\+c,O=domain-a",
	 "subject attribute added: O; subject attribute added: OU"},
};

START_TEST(test_scope)
{
	struct cmf_principal who = principal_of("vnfm-a");
	const struct csr_spec ask = {.profile = {"scoped"},
				     ID("one"),
				     .vnf_instance = {subjects[_i].vnf},
				     .subject = subjects[_i].asked};
	struct cmf_csr_result result = {0};
	char *subject;

	register_with("vnfm-a", subjects[_i].vnf, "one", "scoped");
	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	subject = certificate_subject(octets_view(&result.der));
	ck_assert_str_eq(subject, subjects[_i].subject);
	ck_assert_str_eq(result.certificate.subject, subject);
	ck_assert_str_eq(result.mods ? result.mods : "", subjects[_i].mods);
	free(subject);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

/* RFC 5280 A.1: ub-organizational-unit-name is 64. */
START_TEST(test_scope_too_long)
{
	static const char long_vnf[] =
		"0123456789012345678901234567890123456789012345678901234567890123x";
	const char *id = "one";
	struct cmf_principal who = principal_of("vnfm-a");
	struct cmf_register request = {.has_cert_type = true,
				       .cert_type = CERT_TYPE_VNFCI,
				       .vnf_instance = long_vnf,
				       .subject_ids = &id,
				       .n_subject_ids = 1,
				       .handling = CERT_HANDLING_DELEGATION,
				       .profile = "scoped"};

	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "vnf_instance_invalid");
	request.profile = "VnfciCert";
	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	cmf_principal_clear(&who);
}
END_TEST

/* An ir registers what the policy of the client says, whoever has the identifier elsewhere. */
START_TEST(test_register_on_ir_ids)
{
	static const struct {
		const char *id, *reason;
	} asked[] = {{"b-1", "none"}, {"B-2", "none"}, {"a-1", "entity_not_authorized"}};

	world_reload("[profile VnfciCert]\nkey_types = ec:P-256\nextension_section = ext\n"
		     "[client_policy default]\nregister_on_ir_ids = b-*\n");
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		ck_assert_str_eq(
			refusal_code(csr_as("vnfm-b", &(struct csr_spec){.ir = true,
									 .profile = {"VnfciCert"},
									 ID(asked[i].id)})),
			asked[i].reason);
	/* Register has no such limit. */
	register_ok("vnfm-b", CERT_TYPE_VNFCI, "a-1");
}
END_TEST

/* --- how many --- */

START_TEST(test_registrations_max)
{
	const char *ids[] = {"one", "two", "three"};
	struct cmf_principal who = principal_of("vnfm-b");
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_register request = {.has_cert_type = true,
				       .cert_type = CERT_TYPE_VNFCI,
				       .subject_ids = ids,
				       .n_subject_ids = 3,
				       .handling = CERT_HANDLING_DELEGATION};

	world_reload("[profile VnfciCert]\nkey_types = ec:P-256\nextension_section = ext\n"
		     "[trust_domain domain-b]\nregistrations_max = 2\n");
	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "domain_limits");
	ck_assert_int_eq(world_count().registrations, 0);
	request.n_subject_ids = 2;
	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	/* The same again adds none. */
	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	request.subject_ids = ids + 2;
	request.n_subject_ids = 1;
	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "domain_limits");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-b", &(struct csr_spec){.ir = true,
									  .profile = {"VnfciCert"},
									  ID("three")})),
			 "domain_limits");
	/* Another domain's are not counted. */
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "four");
	ck_assert_int_eq(cmf_deregister(WORLD_CALL(&who, &refusal),
					&(struct store_entity){"domain-b", "", "one"},
					CERT_TYPE_VNFCI),
			 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	cmf_principal_clear(&who);
}
END_TEST

/* Somebody registers at the same time: the unit says so. */
START_TEST(test_registrations_max_at_once)
{
	const char *id = "one";
	struct cmf_principal who = principal_of("vnfm-b");
	const struct cmf_register request = {.has_cert_type = true,
					     .cert_type = CERT_TYPE_VNFCI,
					     .subject_ids = &id,
					     .n_subject_ids = 1,
					     .handling = CERT_HANDLING_DELEGATION};
	struct store_registration other = {.vnf_instance = (char *)"",
					   .subject_id = (char *)"other",
					   .cert_type = CERT_TYPE_VNFCI,
					   .handling = CERT_HANDLING_DELEGATION,
					   .manager = (char *)"vnfm-b",
					   .trust_domain = (char *)"domain-b",
					   .ca = (char *)"main",
					   .profile = (char *)"VnfciCert"};
	struct store_unit *unit = NULL;

	world_reload("[profile VnfciCert]\nkey_types = ec:P-256\nextension_section = ext\n"
		     "[trust_domain domain-b]\nregistrations_max = 1\n");
	ck_assert_int_eq(store_unit_new(w.store, &unit), 0);
	ck_assert_int_eq(store_registration_insert(unit, &other, NULL), 0);
	w.interfering = unit;
	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "domain_limits");
	ck_assert_int_eq(world_count().registrations, 1);
	store_unit_free(unit);
	cmf_principal_clear(&who);
}
END_TEST

static Suite *cmf_held_names_suite(void)
{
	Suite *suite = suite_create("cmf_held_names");
	TCase *tc = tcase_create("names");

	tcase_add_checked_fixture(tc, setup, world_teardown);
	tcase_add_loop_test(tc, test_names_rfc5280_4_1_2_6, 0, ARRAY_LEN(pairs));
	tcase_add_test(tc, test_another_ca);
	tcase_add_test(tc, test_one_entity);
	tcase_add_test(tc, test_free_when_all_are_revoked);
	tcase_add_test(tc, test_free_beside_other_names);
	tcase_add_test(tc, test_free_when_rejected);
	tcase_add_test(tc, test_free_when_expired);
	tcase_add_test(tc, test_update);
	tcase_add_loop_test(tc, test_scope, 0, ARRAY_LEN(subjects));
	tcase_add_test(tc, test_scope_too_long);
	tcase_add_test(tc, test_register_on_ir_ids);
	tcase_add_test(tc, test_registrations_max);
	tcase_add_test(tc, test_registrations_max_at_once);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_held_names_suite, SUITE_FORKS)
