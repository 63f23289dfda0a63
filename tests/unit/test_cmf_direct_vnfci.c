// SPDX-License-Identifier: Apache-2.0
/*
 * VNFCIs of direct mode: which names their certificates may have by the patterns of their VNFM,
 * what they prove who they are with, who may read of them, and what the audit says of their end.
 */
#include "cmf_world.h"
#include "soft_tpm.h"
#include "suite.h"

#include "cmf/direct.h"
#include "store/direct.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VNFM(name, client)                                                                     \
	"[vnfm " name "]\napi_root = http://127.0.0.1:9890\ntrust_domain = domain-a\n"         \
	"client = " client "\nprofile = vnfci\ncallback_uri = http://127.0.0.1:8080/lcm/" name \
	"\nrules = databases\n"
#define PROFILE                                                                         \
	"[profile vnfci]\ncert_type = VnfciCert\nkey_types = ec:P-256\n"                \
	"common_name = subjectId\nextension_section = ext\nown_certificate_requests = " \
	"yes\nattestation_nonce = ignore\nattestation_trusted = "
#define RULES "[vnfm_rule databases]\nvdu_ids = db*\ndns_names = <subjectId>.db.example.net\n"
#define DOMAIN                                                                 \
	"[trust_domain domain-a]\ndns_suffixes = example.net, other.example\n" \
	"subject_ids = *\n"

static char trusted[64]; /* PEM: whom the profile believes */
static EVP_PKEY *attester, *attester_ca_key;
static X509 *attester_ca, *attester_cert;

static void sections_make(const char *client, char text[4096])
{
	snprintf(text, 4096,
		 "%s%s\n" VNFM("plain", "%s")
			 VNFM("named",
			      "%s") "dns_names = <subjectId>.<vnfInstanceId>.vnf.example.net, "
				    "x-<vduId>.<subjectId>.example.net\n" VNFM(
					    "attests",
					    "%s") "initial_credential = attestation\n" RULES DOMAIN,
		 PROFILE, trusted, client, client, client);
}

static void vnfci_setup(void)
{
	char text[4096];
	int fd;

	snprintf(trusted, sizeof(trusted), "/tmp/cmfd-vnfci-XXXXXX");
	fd = mkstemp(trusted);
	ck_assert_int_ge(fd, 0);
	close(fd);
	attester = pki_key(NULL);
	attester_ca_key = pki_key(NULL);
	attester_ca = pki_cert(&(struct pki_spec){.subject = "/CN=attesters",
						  .key = attester_ca_key,
						  .ca = true,
						  .not_before_ms = WORLD_START_MS - DAY_MS,
						  .not_after_ms = WORLD_START_MS + DAY_MS});
	attester_cert = soft_tpm_certify_attester(attester, attester_ca, attester_ca_key, NULL,
						  WORLD_START_MS);
	pki_certs_write(trusted, attester_ca, NULL);
	sections_make("vnfm-a", text);
	world_setup_with(text);
}

static void vnfci_teardown(void)
{
	world_teardown();
	unlink(trusted);
	X509_free(attester_ca);
	X509_free(attester_cert);
	EVP_PKEY_free(attester);
	EVP_PKEY_free(attester_ca_key);
}

/* The VNFM shows the VNF with that one VNFC; id NULL: with none. */
static void shows(const char *vnfm, const char *vnf, const char *id, const char *vdu,
		  const char *operation)
{
	struct cmf_worker worker = {w.reader, w.unit};
	struct cmf_vnfc vnfc = {.vnfc_id = (char *)(uintptr_t)id, .vdu_id = (char *)(uintptr_t)vdu};
	const struct cmf_vnf is = {.vnf_instance_id = (char *)(uintptr_t)vnf,
				   .vnfd_id = (char *)"vnfd-1",
				   .instantiated = true,
				   .vnfcs = &vnfc,
				   .n_vnfcs = id != NULL};
	const struct cmf_direct_view view = {.vnf_instance_id = vnf,
					     .vnf = &is,
					     .cause = CMF_DIRECT_EVENT,
					     .removed = !id,
					     .why = operation};
	struct cmf_direct_report report = {0};

	ck_assert_int_eq(
		cmf_direct_reconcile(w.cmf, &worker, conf_vnfm_find(w.conf, vnfm), &view, &report),
		0);
}

static void housekeep(void)
{
	struct cmf_worker worker = {w.reader, w.unit};
	bool more = true;

	for (int i = 0; i < 100 && more; i++)
		ck_assert_int_eq(cmf_housekeeping(w.cmf, &worker, &more), 0);
}

/* With its vendor's certificate, which names the VNFC. */
static struct cmf_principal device_of(const char *subject_id)
{
	struct cmf_principal device = principal_of("vnfm-c");

	device.entity = strdup(subject_id);
	return device;
}

/* --- dNSNames --- */

static const struct {
	const char *vnfm, *vnf, *id, *vdu;
	const char *san; /* that it asks for; NULL: none */
	const char *reason, *granted;
} names[] = {
	/* It need not know how it is called. */
	{"named", "vnf-1", "c-1", "web", NULL, "none",
	 "DNS:c-1.vnf-1.vnf.example.net, DNS:x-web.c-1.example.net"},
	{"named", "vnf-1", "c-1", "web", "DNS:x-web.c-1.example.net", "none",
	 "DNS:x-web.c-1.example.net"},
	{"named", "vnf-1", "c-1", "web", "DNS:C-1.VNF-1.vnf.example.net", "none",
	 "DNS:C-1.VNF-1.vnf.example.net"},
	/* Of another VNF instance, VNFC, VDU; and above. */
	{"named", "vnf-1", "c-1", "web", "DNS:c-1.vnf-2.vnf.example.net",
	 "template_san_not_allowed", NULL},
	{"named", "vnf-1", "c-1", "web", "DNS:c-2.vnf-1.vnf.example.net",
	 "template_san_not_allowed", NULL},
	{"named", "vnf-1", "c-1", "web", "DNS:x-app.c-1.example.net", "template_san_not_allowed",
	 NULL},
	{"named", "vnf-1", "c-1", "web", "DNS:vnf-1.vnf.example.net", "template_san_not_allowed",
	 NULL},
	{"named", "vnf-1", "c-1", "web", "DNS:c-1.vnf-1.vnf.example.net,DNS:www.example.net",
	 "template_san_not_allowed", NULL},
	/* By the rule of its VDU. */
	{"named", "vnf-1", "c-1", "db-2", NULL, "none", "DNS:c-1.db.example.net"},
	{"named", "vnf-1", "c-1", "db-2", "DNS:c-1.vnf-1.vnf.example.net",
	 "template_san_not_allowed", NULL},
	{"plain", "vnf-1", "c-1", "db-2", NULL, "none", "DNS:c-1.db.example.net"},
	{"plain", "vnf-1", "c-1", "web", NULL, "none", ""},
	{"plain", "vnf-1", "c-1", "web", "DNS:c-1.vnf-1.vnf.example.net",
	 "template_san_not_allowed", NULL},
	/* What is no label gives no name; least of all one of others. */
	{"named", "vnf.1", "c-1", "web", NULL, "none", "DNS:x-web.c-1.example.net"},
	{"named", "vnf.1", "c-1", "web", "DNS:c-1.vnf.1.vnf.example.net",
	 "template_san_not_allowed", NULL},
	{"named", "vnf_1", "c-1", "w*b", NULL, "none", ""},
	{"named", "vnf-1", "c-1", NULL, NULL, "none", "DNS:c-1.vnf-1.vnf.example.net"},
	{"named", "vnf-1", "c-1", "web-", NULL, "none", "DNS:c-1.vnf-1.vnf.example.net"},
	{"named", "-vnf", "c-1",
	 "1234567890123456789012345678901234567890123456789012345678901"
	 "2",
	 NULL, "none", ""},
};

START_TEST(test_dns_names_come_of_what_the_vnfm_shows)
{
	struct cmf_principal device = device_of(names[_i].id);
	const struct csr_spec ask = {
		.subject = "/CN=c-1", .profile = {"VnfciCert"}, .san = names[_i].san};
	struct cmf_csr_result result = {0};

	shows(names[_i].vnfm, names[_i].vnf, names[_i].id, names[_i].vdu, NULL);
	ck_assert_str_eq(refusal_code(csr(&device, &ask, &result)), names[_i].reason);
	if (names[_i].granted) {
		struct store_certificate cert = {0};
		char *san;

		ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
		san = certificate_san(octets_view(&cert.der));
		ck_assert_str_eq(san, names[_i].granted);
		free(san);
		store_certificate_clear(&cert);
	}
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&device);
}
END_TEST

/* A name that another manager has registered, or the CMF has, is not given away by a pattern. */
START_TEST(test_dns_names_of_others_stay_theirs)
{
	struct cmf_principal device = device_of("c-1");
	const struct csr_spec ask = {.subject = "/CN=c-1", .profile = {"VnfciCert"}};
	struct cmf_csr_result result;

	register_ok("vnfm-c", CERT_TYPE_MANO, "x-web.c-1.example.net");
	shows("named", "vnf-1", "c-1", "web", NULL);
	ck_assert_str_eq(refusal_code(csr(&device, &ask, &result)), "template_san_not_allowed");
	cmf_principal_clear(&device);
}
END_TEST

/* --- key attestation --- */

static enum refusal_reason attested(const struct cmf_principal *who, EVP_PKEY *attested_key,
				    struct csr_spec *ask, struct cmf_csr_result *resultp)
{
	struct soft_tpm tpm = {.key = attested_key, .attester = attester, .certs = {attester_cert}};
	struct octets bundle = soft_tpm_bundle(&tpm);
	char *hex = calloc(2 * bundle.len + 5, 1);
	enum refusal_reason reason;

	memcpy(hex, "DER:", 4);
	bytes_to_hex(octets_view(&bundle), hex + 4);
	ask->extension[0].oid = "1.2.840.113549.1.9.16.2.59";
	ask->extension[0].value = hex;
	reason = csr(who, ask, resultp);
	ask->extension[0].oid = NULL;
	free(hex);
	octets_clear(&bundle);
	return reason;
}

START_TEST(test_ifa033_11_2_1_the_first_certificate_wants_an_attestation)
{
	struct cmf_principal device = device_of("c-1"), holder;
	EVP_PKEY *key = pki_key(NULL), *other = pki_key(NULL);
	struct csr_spec ask = {.subject = "/CN=c-1", .profile = {"VnfciCert"}, .key_is = key};
	struct store_certificate cert = {0};
	struct cmf_csr_result result;

	shows("attests", "vnf-1", "c-1", "web", NULL);
	ck_assert_str_eq(refusal_code(csr(&device, &ask, &result)), "attestation_missing");
	ck_assert_str_eq(refusal_code(attested(&device, other, &ask, &result)),
			 "attestation_key_other");
	ck_assert_str_eq(refusal_code(attested(&device, key, &ask, &result)), "none");
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
	cmf_csr_result_clear(&result);
	ck_assert_int_eq(certificate_confirmed("vnfm-c", &cert, true), 0);
	/* With it, it goes on without. */
	holder = (struct cmf_principal){.kind = CMF_PRINCIPAL_END_ENTITY,
					.name = (char *)"certificate:main/01",
					.trust_domain = (char *)"domain-a",
					.policy = conf_client_policy_find(w.conf, NULL),
					.certificate_id = cert.id,
					.registration_id = cert.registration_id};
	ask = (struct csr_spec){.subject = "/CN=c-1", .old = &cert};
	ck_assert_str_eq(refusal_code(csr(&holder, &ask, &result)), "none");
	cmf_csr_result_clear(&result);
	/* Where the VNFM does not say so, the profile does: not at all. */
	shows("plain", "vnf-2", "c-2", "web", NULL);
	cmf_principal_clear(&device);
	device = device_of("c-2");
	ask = (struct csr_spec){.subject = "/CN=c-2", .profile = {"VnfciCert"}};
	ck_assert_str_eq(refusal_code(csr(&device, &ask, &result)), "none");
	cmf_csr_result_clear(&result);
	store_certificate_clear(&cert);
	cmf_principal_clear(&device);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}
END_TEST

/* --- the audit --- */

struct audit_search {
	const char *action, *target, *detail, *before, *after;
	int n;
};

static bool has(const char *text, const char *wanted)
{
	return !wanted || (text && strstr(text, wanted));
}

static int audit_look(void *arg, const struct store_audit *audit)
{
	struct audit_search *search = arg;

	search->n += strcmp(audit->action, search->action) == 0 &&
		     has(audit->target, search->target) && has(audit->detail, search->detail) &&
		     has(audit->before, search->before) && has(audit->after, search->after);
	return 0;
}

static int audited(struct audit_search search)
{
	const struct store_audit_filter filter = {.limit = 1000};

	ck_assert_int_eq(store_audit_list(w.reader, &filter, audit_look, &search), 0);
	return search.n;
}

#define AUDITED(...) audited((struct audit_search){__VA_ARGS__})

START_TEST(test_audit_names_the_operation)
{
	struct cmf_principal device = device_of("c-1");
	const struct csr_spec ask = {.subject = "/CN=c-1", .profile = {"VnfciCert"}};
	struct cmf_csr_result result;
	struct store_certificate cert = {0};

	shows("plain", "vnf-1", "c-1", "web", "op-instantiate");
	ck_assert_int_eq(AUDITED("register", "c-1", "vnfLcmOpOccId op-instantiate"), 1);
	ck_assert_str_eq(refusal_code(csr(&device, &ask, &result)), "none");
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
	ck_assert_int_eq(certificate_confirmed("vnfm-c", &cert, true), 0);
	cmf_csr_result_clear(&result);
	shows("plain", "vnf-1", NULL, NULL, "op-terminate");
	housekeep();
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_REVOKED);
	ck_assert_int_eq(AUDITED("deregister", "c-1", "vnfLcmOpOccId op-terminate"), 1);
	ck_assert_int_eq(AUDITED("revoke", "c-1", "vnfLcmOpOccId op-terminate"), 1);
	store_certificate_clear(&cert);
	cmf_principal_clear(&device);
}
END_TEST

/* --- who may read --- */

static bool may_see(const char *client, const char *subject_id)
{
	const struct store_entity entity = {"domain-a", "vnf-1", subject_id};
	struct cmf_principal who = principal_of(client);
	struct store_registration reg = {0};
	bool may;

	ck_assert_int_eq(store_registration_find(w.reader, &entity, CERT_TYPE_VNFCI, &reg), 0);
	may = cmf_may_see_registration(&who, &reg);
	store_registration_clear(&reg);
	cmf_principal_clear(&who);
	return may;
}

START_TEST(test_another_client_reads_instead)
{
	char text[4096];

	shows("plain", "vnf-1", "c-1", "web", NULL);
	register_in("vnfm-a", CERT_TYPE_VNF_OAM, "vnf-2", "c-2");
	shows("plain", "vnf-2", "c-2", "web", NULL);
	ck_assert(may_see("vnfm-a", "c-1") && !may_see("vnfm-c", "c-1"));
	sections_make("vnfm-c", text);
	strcat(text, "[profile VnfOAMCert]\nkey_types = ec:P-256\nextension_section = ext\n");
	world_reload(text);
	shows("plain", "vnf-1", "c-1", "web", NULL);
	ck_assert(!may_see("vnfm-a", "c-1") && may_see("vnfm-c", "c-1"));
	ck_assert_int_eq(
		AUDITED("change client", "c-1", NULL, .before = "vnfm-a", .after = "vnfm-c"), 1);
	/* Once. */
	shows("plain", "vnf-1", "c-1", "web", NULL);
	ck_assert_int_eq(AUDITED("change client", "c-1", NULL), 1);
	/* All registrations of an entity have one manager, and the other one is vnfm-a's own. */
	shows("plain", "vnf-2", "c-2", "web", NULL);
	ck_assert_int_eq(AUDITED("change client", "c-2", NULL), 0);
}
END_TEST

/* --- a VNFM that was forgotten --- */

static int count_take(void *arg, const struct store_registration *reg)
{
	ck_assert_str_eq(reg->subject_id, "c-1");
	++*(int *)arg;
	return 0;
}

/* Its registrations outlive that, and are its own again, once. */
START_TEST(test_a_vnfm_that_comes_back_finds_its_own)
{
	const struct store_registration_filter filter = {.vnf_instance = "vnf-1", .cert_type = -1};
	struct store_initial_credential credential = {0};
	struct store_registration reg = {0};
	struct store_vnfc vnfc = {0};
	struct refusal refusal = REFUSAL_NULL;
	int64_t n = 0;
	int count = 0;

	shows("plain", "vnf-1", "c-1", "web", NULL);
	ck_assert_int_eq(cmf_direct_forget(WORLD_CALL(NULL, &refusal), "plain", &n), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(store_unit_id(w.unit, n), 1);
	ck_assert_int_eq(store_registration_find(w.reader,
						 &(struct store_entity){"domain-a", "vnf-1", "c-1"},
						 CERT_TYPE_VNFCI, &reg),
			 0);
	ck_assert_int_eq(store_vnfc_get(w.reader, reg.id, &vnfc), STORE_NOT_FOUND);
	/* Not for another VNFM. */
	shows("named", "vnf-1", "c-1", "web", NULL);
	ck_assert_int_eq(store_vnfc_get(w.reader, reg.id, &vnfc), STORE_NOT_FOUND);
	shows("plain", "vnf-1", "c-1", "web", NULL);
	ck_assert_int_eq(store_vnfc_get(w.reader, reg.id, &vnfc), 0);
	store_vnfc_clear(&vnfc);
	ck_assert_int_eq(store_registration_list(w.reader, &filter, count_take, &count), 0);
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(store_initial_credential_of(w.reader, reg.id, &credential),
			 STORE_NOT_FOUND);
	shows("plain", "vnf-1", NULL, NULL, NULL);
	housekeep();
	count = 0;
	ck_assert_int_eq(store_registration_list(w.reader, &filter, count_take, &count), 0);
	ck_assert_int_eq(count, 0);
	store_registration_clear(&reg);
}
END_TEST

static Suite *vnfci_suite(void)
{
	Suite *suite = suite_create("cmf_direct_vnfci");
	TCase *tc = tcase_create("vnfci");

	tcase_add_checked_fixture(tc, vnfci_setup, vnfci_teardown);
	tcase_add_loop_test(tc, test_dns_names_come_of_what_the_vnfm_shows, 0, ARRAY_LEN(names));
	tcase_add_test(tc, test_dns_names_of_others_stay_theirs);
	tcase_add_test(tc, test_ifa033_11_2_1_the_first_certificate_wants_an_attestation);
	tcase_add_test(tc, test_audit_names_the_operation);
	tcase_add_test(tc, test_another_client_reads_instead);
	tcase_add_test(tc, test_a_vnfm_that_comes_back_finds_its_own);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(vnfci_suite, SUITE_FORKS)
