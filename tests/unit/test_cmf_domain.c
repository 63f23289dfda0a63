// SPDX-License-Identifier: Apache-2.0
/*
 * What a trust domain may have: at Register and in requests, however the name is written, and in
 * the same words whether somebody has what is refused or not.
 */
#include "cmf_world.h"
#include "suite.h"

#include <string.h>

static const char domains[] =
	"[trust_domain domain-a]\nsubject_ids = vnf-*, *.a.example, *.A-Firm.example\n"
	"dns_suffixes = a.example, a-firm.example, xn--bcher-kva.example\n"
	"ip_addresses = 10.1.1.0/24\ncert_types = VnfciCert, MANO_CERT\n"
	"profiles = VnfciCert, vnfci-any, vnfci-any-uri, ManoCert\nca = main\n"
	"[trust_domain domain-b]\ndns_suffixes = b.example\n";

/* Narrower: what was right before may not be updated any more. */
static const char narrower[] =
	"[profile VnfciCert]\nvalidity = 90d\nvalidity_max = 365d\nkey_types = ec:P-256\n"
	"dns_names = subjectIdLabel\nip_addresses = 10.1.0.0/16\nextension_section = ext\n"
	"[profile vnfci-any]\ncert_type = VnfciCert\nkey_types = ec:P-256\ncommon_name = any\n"
	"extension_section = ext\n"
	"[trust_domain domain-a]\ndns_suffixes = a-firm.example\nip_addresses = 10.1.1.1/32\n";

static void setup(void)
{
	world_setup_with(domains);
}

static enum refusal_reason register_one(const char *client, enum cert_type type, const char *id,
					const char *profile, const char *ca)
{
	struct cmf_principal who = principal_of(client);
	const struct cmf_register request = {
		.has_cert_type = true,
		.cert_type = type,
		.subject_ids = &id,
		.n_subject_ids = 1,
		.handling = type == CERT_TYPE_MANO ? CERT_HANDLING_NONE : CERT_HANDLING_DELEGATION,
		.profile = profile,
		.ca = ca,
	};
	enum refusal_reason reason = register_as(&who, &request);

	cmf_principal_clear(&who);
	return reason;
}

static const struct {
	enum cert_type type;
	const char *id;
	const char *profile;
	const char *ca;
	bool allowed;
} registrations[] = {
	{CERT_TYPE_VNFCI, "vnf-1", NULL, NULL, true},
	{CERT_TYPE_VNFCI, "VNF-1", NULL, NULL, true},
	{CERT_TYPE_VNFCI, "vnf-1", "vnfci-any", "main", true},
	{CERT_TYPE_MANO, "nfvo.a.example", NULL, NULL, true},
	{CERT_TYPE_MANO, "NFVO.A-Firm.Example", NULL, NULL, true},
	{CERT_TYPE_VNFCI, "vnf-1.a.example", NULL, NULL, true},
	/* No host name: the last label is a number, or a character is none of a host name's. */
	{CERT_TYPE_VNFCI, "vnf-1.2", NULL, NULL, true},
	{CERT_TYPE_VNFCI, "vnf-a:b.c", NULL, NULL, true},
	/* No pattern fits. */
	{CERT_TYPE_VNFCI, "vm-1", NULL, NULL, false},
	{CERT_TYPE_VNFCI, "xvnf-1", NULL, NULL, false},
	{CERT_TYPE_MANO, "a.example", NULL, NULL, false},
	/* A pattern fits, but it is a host name of somewhere else. */
	{CERT_TYPE_MANO, "vnf-1.b.example", NULL, NULL, false},
	{CERT_TYPE_VNFCI, "vnf-1.b.example", NULL, NULL, false},
	{CERT_TYPE_VNFCI, "vnf-1.ba.example", NULL, NULL, false},
	{CERT_TYPE_VNFCI, "vnf-1.a.example.b.example", NULL, NULL, false},
	{CERT_TYPE_VNFCI, "vnf-1.xn--a", NULL, NULL, false},
	/* certType, profile, CA. */
	{CERT_TYPE_VNF_OAM, "vnf-1", NULL, NULL, false},
	{CERT_TYPE_VNFCI, "vnf-1", "vnfci-nocn", NULL, false},
	{CERT_TYPE_VNFCI, "vnf-1", NULL, "second", false},
};

/* IFA 033 11.2.2 leaves to the CMF what it registers. */
START_TEST(test_register)
{
	const char *allowed = registrations[_i].allowed ? "none" : "domain_limits";

	ck_assert_str_eq(refusal_code(register_one("operator-a", registrations[_i].type,
						   registrations[_i].id, registrations[_i].profile,
						   registrations[_i].ca)),
			 allowed);
	ck_assert_int_eq(world_count().registrations, registrations[_i].allowed);
}
END_TEST

/* One outside refuses all. */
START_TEST(test_register_all_or_nothing)
{
	const char *ids[] = {"vnf-1", "vm-1", "vnf-2"};
	struct cmf_principal who = principal_of("vnfm-a");
	const struct cmf_register request = {.has_cert_type = true,
					     .cert_type = CERT_TYPE_VNFCI,
					     .subject_ids = ids,
					     .n_subject_ids = ARRAY_LEN(ids),
					     .handling = CERT_HANDLING_DELEGATION};

	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "domain_limits");
	ck_assert_int_eq(world_count().registrations, 0);
	cmf_principal_clear(&who);
}
END_TEST

/* Whether or not somebody has the name, who may not have it hears the same. */
START_TEST(test_the_same_whether_somebody_has_it)
{
	static const char name[] = "nfvo.a.example";
	enum refusal_reason before = register_one("vnfm-b", CERT_TYPE_MANO, name, NULL, NULL);
	const struct csr_spec ir = {.ir = true, .profile = {"ManoCert"}, .vnfc_id = {name}};
	const struct csr_spec dns = {
		.profile = {"VnfciCert"}, .vnfc_id = {"nfvo"}, .san = "DNS:nfvo.a.example"};
	enum refusal_reason ir_before = csr_as("vnfm-b", &ir), dns_before;

	register_ok("vnfm-b", CERT_TYPE_VNFCI, "nfvo");
	dns_before = csr_as("vnfm-b", &dns);
	ck_assert_str_eq(refusal_code(before), "domain_limits");
	ck_assert_str_eq(refusal_code(ir_before), "entity_not_authorized");
	ck_assert_str_eq(refusal_code(dns_before), "template_san_not_allowed");
	world_reload("[profile VnfciCert]\nkey_types = ec:P-256\n"
		     "dns_names = subjectIdLabel\nextension_section = ext\n"
		     "[trust_domain domain-b]\ndns_suffixes = b.example\n");
	register_ok("vnfm-a", CERT_TYPE_MANO, "other.a.example");
	ck_assert_str_eq(
		refusal_code(register_one("vnfm-b", CERT_TYPE_MANO, "other.a.example", NULL, NULL)),
		refusal_code(before));
	ck_assert_str_eq(
		refusal_code(csr_as("vnfm-b", &(struct csr_spec){.ir = true,
								 .profile = {"ManoCert"},
								 .vnfc_id = {"other.a.example"}})),
		refusal_code(ir_before));
	ck_assert_str_eq(refusal_code(csr_as("vnfm-b", &dns)), refusal_code(dns_before));
}
END_TEST

#define ID   .vnfc_id = {"vnf-1"}, .profile = {"VnfciCert"}
#define ANY  .vnfc_id = {"vnf-any"}, .profile = {"vnfci-any"}
#define URIS .vnfc_id = {"vnf-uri"}, .profile = {"vnfci-any-uri"}
static const struct {
	struct csr_spec ask;
	const char *reason;
} requests[] = {
	{{ID, .subject = "/CN=vnf-1"}, "none"},
	{{ID, .san = "DNS:vnf-1.a.example,IP:10.1.1.200"}, "none"},
	{{ID, .san = "DNS:VNF-1.A.EXAMPLE"}, "none"},
	{{ID, .san = "URI:urn:etsi:nfv:vnfci:vnf-1"}, "none"},
	{{ANY, .san = "DNS:x.xn--bcher-kva.example"}, "none"},
	{{ANY, .subject = "/CN=x.a.example", .san = "DNS:a.example"}, "none"},
	{{ANY, .subject = "/CN=any text, of no host"}, "none"},
	{{URIS, .san = "URI:https://vnf-uri.a.example/,URI:https://10.1.1.7/,URI:urn:x:y"}, "none"},
	{{URIS, .san = "URI:https://vnf-uri.b.example/"}, "template_san_not_allowed"},
	{{URIS, .san = "URI:https://vnf-uri/"}, "template_san_not_allowed"},
	{{URIS, .san = "URI:https://10.1.2.1/"}, "template_san_not_allowed"},
	/* One label is below no suffix. */
	{{ID, .san = "DNS:vnf-1"}, "template_san_not_allowed"},
	{{ID, .san = "DNS:vnf-1.b.example"}, "template_san_not_allowed"},
	{{ID, .san = "DNS:vnf-1.xa.example"}, "template_san_not_allowed"},
	{{ID, .san = "DNS:vnf-1.a.example,DNS:vnf-1.example"}, "template_san_not_allowed"},
	/* The profile has 10.1.0.0/20, the domain 10.1.1.0/24. */
	{{ID, .san = "IP:10.1.2.1"}, "template_san_not_allowed"},
	{{ID, .san = "IP:fd00:1::1"}, "template_san_not_allowed"},
	{{ANY, .san = "DNS:*.b.example"}, "template_san_not_allowed"},
	{{ANY, .subject = "/CN=www.b.example"}, "template_subject_not_allowed"},
	{{ANY, .subject = "/CN=*.b.example"}, "template_subject_not_allowed"},
	/* Letters of the DNS, of full width, and a dot that is none: RFC 3490 3.1 */
	{{ANY, .subject = "/CN=www.b\xe3\x80\x82"
			  "example"},
	 "template_subject_not_allowed"},
	{{ANY, .subject = "/CN=www.\xef\xbd\x82.example"}, "template_subject_not_allowed"},
	{{ANY, .subject = "/CN=x.b\xc3\xbc"
			  "cher.example"},
	 "none"},
};

START_TEST(test_request)
{
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnf-1");
	ck_assert_str_eq(
		refusal_code(register_one("vnfm-a", CERT_TYPE_VNFCI, "vnf-any", "vnfci-any", NULL)),
		"none");
	ck_assert_str_eq(refusal_code(register_one("vnfm-a", CERT_TYPE_VNFCI, "vnf-uri",
						   "vnfci-any-uri", NULL)),
			 "none");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &requests[_i].ask)), requests[_i].reason);
	ck_assert_int_eq(world_count().certificates, strcmp(requests[_i].reason, "none") == 0);
}
END_TEST

/* kur keeps the names, which the domain may have lost. RFC 9483 4.1.3 */
static const struct {
	const char *id;
	const char *profile;
	const char *subject;
	const char *san;
	const char *reason;
} updates[] = {
	{"vnf-1", "VnfciCert", NULL, "DNS:vnf-1.a-firm.example, IP:10.1.1.1", "none"},
	{"vnf-1", "VnfciCert", NULL, "DNS:vnf-1.a.example", "template_san_not_allowed"},
	{"vnf-1", "VnfciCert", NULL, "IP:10.1.1.2", "template_san_not_allowed"},
	{"vnf-1", "vnfci-any", "/CN=x.a.example", NULL, "template_subject_not_allowed"},
	{"vnf-1.a.example", "VnfciCert", NULL, NULL, "entity_not_authorized"},
};

START_TEST(test_update)
{
	const struct csr_spec ask = {.vnfc_id = {updates[_i].id},
				     .profile = {updates[_i].profile},
				     .subject = updates[_i].subject,
				     .san = updates[_i].san};
	struct cmf_principal who = principal_of("vnfm-a");
	struct cmf_csr_result result = {0};
	struct store_certificate old = {0};

	ck_assert_str_eq(refusal_code(register_one("vnfm-a", CERT_TYPE_VNFCI, updates[_i].id,
						   updates[_i].profile, NULL)),
			 "none");
	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &old), 0);
	ck_assert_int_eq(certificate_confirmed("vnfm-a", &old, true), 0);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
	world_reload(narrower);
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &(struct csr_spec){.old = &old})),
			 updates[_i].reason);
	store_certificate_clear(&old);
}
END_TEST

/* A domain without a section goes on as before. */
START_TEST(test_without_section)
{
	world_reload("[profile VnfciCert]\nkey_types = ec:P-256\n"
		     "dns_names = subjectIdLabel\nextension_section = ext\n"
		     "[trust_domain domain-b]\ndns_suffixes = b.example\n");
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "www");
	ck_assert_str_eq(
		refusal_code(csr_as("vnfm-a", &(struct csr_spec){.vnfc_id = {"www"},
								 .profile = {"VnfciCert"},
								 .san = "DNS:www.c.example"})),
		"none");
}
END_TEST

static Suite *cmf_domain_suite(void)
{
	Suite *suite = suite_create("cmf_domain");
	TCase *tc = tcase_create("domain");

	tcase_add_checked_fixture(tc, setup, world_teardown);
	tcase_add_loop_test(tc, test_register, 0, ARRAY_LEN(registrations));
	tcase_add_test(tc, test_register_all_or_nothing);
	tcase_add_test(tc, test_the_same_whether_somebody_has_it);
	tcase_add_loop_test(tc, test_request, 0, ARRAY_LEN(requests));
	tcase_add_loop_test(tc, test_update, 0, ARRAY_LEN(updates));
	tcase_add_test(tc, test_without_section);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_domain_suite, SUITE_FORKS)
