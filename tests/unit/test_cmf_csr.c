// SPDX-License-Identifier: Apache-2.0
/*
 * Certificate Signing Request, IFA 033 11.2.3: for whom, under which names, with what; and key
 * update. Names that a VNFM must not get are test_cmf_names.c's.
 */
#include "cmf_world.h"
#include "suite.h"

#include <openssl/x509v3.h>
#include <string.h>

/*
 * Registered before each case, all VNFCI but where said: by vnfm-a vnfci-a, oam-a (VNF OAM),
 * both-a (both), nfvo.example.net (MANO), any-a (profile vnfci-any); by vnfm-b vnfci-b.
 */
static void register_profile(const char *client, const char *id, const char *profile)
{
	struct cmf_principal who = principal_of(client);
	const struct cmf_register request = {.has_cert_type = true,
					     .cert_type = CERT_TYPE_VNFCI,
					     .subject_ids = &id,
					     .n_subject_ids = 1,
					     .handling = CERT_HANDLING_DELEGATION,
					     .profile = profile};

	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	cmf_principal_clear(&who);
}

static void setup(void)
{
	world_setup();
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	register_ok("vnfm-a", CERT_TYPE_VNF_OAM, "oam-a");
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "both-a");
	register_ok("vnfm-a", CERT_TYPE_VNF_OAM, "both-a");
	register_ok("vnfm-a", CERT_TYPE_MANO, "nfvo.example.net");
	register_profile("vnfm-a", "any-a", "vnfci-any");
	register_ok("vnfm-b", CERT_TYPE_VNFCI, "vnfci-b");
}

#define VNFCI .profile = {"VnfciCert"}

/* --- who, for whom --- */

static const struct who_case {
	const char *name;
	const char *client;
	struct csr_spec ask;
	const char *reason;
} who_cases[] = {
	{"manager", "vnfm-a", {.subject = "/CN=vnfci-a", VNFCI}, "none"},
	{"CN in another case", "vnfm-a", {.subject = "/CN=VNFCI-A", VNFCI}, "none"},
	{"stage-3 spelling",
	 "vnfm-a",
	 {.subject = "/CN=vnfci-a", .profile = {"VNFCI_CERT"}},
	 "none"},
	{"carriers agree",
	 "vnfm-a",
	 {.subject = "/CN=vnfci-a", .profile = {"VnfciCert", "VNFCI_CERT"}},
	 "none"},
	{"RA of the domain", "ra-a", {.subject = "/CN=vnfci-a", VNFCI}, "none"},
	{"operator of the domain", "operator-a", {.subject = "/CN=vnfci-a", VNFCI}, "none"},
	{"default profile", "vnfm-b", {.subject = "/CN=vnfci-b"}, "none"},
	{"MANO", "vnfm-a", {.subject = "/CN=nfvo.example.net", .profile = {"ManoCert"}}, "none"},
	{"MANO by its only dNSName",
	 "vnfm-a",
	 {.san = "DNS:nfvo.example.net", .profile = {"ManoCert"}},
	 "none"},
	{"profile of the operator by its name",
	 "vnfm-a",
	 {.subject = "/CN=any-a", .profile = {"vnfci-any"}},
	 "none"},
	{"profile and its certType agree",
	 "vnfm-a",
	 {.subject = "/CN=any-a", .profile = {"VnfciCert", "vnfci-any"}},
	 "none"},
	{"registered under a profile, asked by certType",
	 "vnfm-a",
	 {.subject = "/CN=any-a", VNFCI},
	 "none"},
	{"explicit vnfcId, no subject", "vnfm-a", {.vnfc_id = {"vnfci-a"}, VNFCI}, "none"},
	{"explicit vnfcIds agree",
	 "vnfm-a",
	 {.subject = "/CN=vnfci-a", .vnfc_id = {"vnfci-a", "VNFCI-A"}, VNFCI},
	 "none"},
	{"SAN URI goes before the CN",
	 "vnfm-a",
	 {.san = "URI:urn:etsi:nfv:vnfci:vnfci-a", VNFCI},
	 "none"},
	{"ir of a registered entity",
	 "vnfm-a",
	 {.subject = "/CN=vnfci-a", VNFCI, .ir = true},
	 "none"},
	{"ir registers by policy", "vnfm-b", {.subject = "/CN=new-b", VNFCI, .ir = true}, "none"},

	{"not registered", "vnfm-a", {.subject = "/CN=nothing", VNFCI}, "entity_not_authorized"},
	{"another's", "vnfm-c", {.subject = "/CN=vnfci-a", VNFCI}, "entity_not_authorized"},
	{"another's by ir",
	 "vnfm-c",
	 {.subject = "/CN=vnfci-a", VNFCI, .ir = true},
	 "entity_not_authorized"},
	{"another's by ir, under another certType",
	 "vnfm-c",
	 {.subject = "/CN=vnfci-a", .profile = {"VnfOAMCert"}, .ir = true},
	 "entity_not_authorized"},
	{"another's by ir, by its first label",
	 "vnfm-c",
	 {.subject = "/CN=vnfci-a.example.net", VNFCI, .ir = true},
	 "entity_not_authorized"},
	{"another's by explicit vnfcId",
	 "vnfm-c",
	 {.subject = "/CN=vnfci-b", .vnfc_id = {"vnfci-a"}, VNFCI},
	 "entity_not_authorized"},
	{"another domain's", "vnfm-b", {.subject = "/CN=vnfci-a", VNFCI}, "entity_not_authorized"},
	{"RA of another domain",
	 "ra-b",
	 {.subject = "/CN=vnfci-a", VNFCI},
	 "entity_not_authorized"},
	{"registered under another certType",
	 "vnfm-a",
	 {.subject = "/CN=vnfci-a", .profile = {"VnfOAMCert"}},
	 "entity_not_authorized"},
	{"ir does not register without policy",
	 "vnfm-a",
	 {.subject = "/CN=new-a", VNFCI, .ir = true},
	 "entity_not_authorized"},
	{"cr never registers", "vnfm-b", {.subject = "/CN=new-b", VNFCI}, "entity_not_authorized"},
	{"ir of an id that is none",
	 "vnfm-b",
	 {.subject = "/CN=*.example.net", VNFCI, .ir = true},
	 "subject_id_invalid"},
	{"may not", "nobody", {.subject = "/CN=vnfci-a", VNFCI}, "client_not_permitted"},
	{"certTypes contradict",
	 "vnfm-a",
	 {.subject = "/CN=both-a", .profile = {"VnfciCert", "VnfOAMCert"}},
	 "cert_type_contradiction"},
	{"profile and certType contradict",
	 "vnfm-a",
	 {.subject = "/CN=any-a", .profile = {"vnfci-any", "VNFOAM_CERT"}},
	 "cert_type_contradiction"},
	{"profiles contradict",
	 "vnfm-a",
	 {.subject = "/CN=any-a", .profile = {"vnfci-any", "vnfci-nocn"}},
	 "profile_contradiction"},
	{"profile is not the registration's",
	 "vnfm-a",
	 {.subject = "/CN=vnfci-a", .profile = {"vnfci-any"}},
	 "profile_contradiction"},
	{"unknown profile",
	 "vnfm-a",
	 {.subject = "/CN=vnfci-a", .profile = {"nonsense"}},
	 "cert_type_unknown"},
	{"no certType and no default", "vnfm-a", {.subject = "/CN=vnfci-a"}, "cert_type_missing"},
	{"nobody is meant", "vnfm-a", {VNFCI}, "entity_not_identified"},
	{"a VNFCI is not meant by its dNSName",
	 "vnfm-a",
	 {.san = "DNS:vnfci-a", VNFCI},
	 "entity_not_identified"},
	{"vnfcId is empty", "vnfm-a", {.vnfc_id = {""}, VNFCI}, "entity_not_identified"},
	{"vnfcIds contradict",
	 "vnfm-a",
	 {.subject = "/CN=vnfci-a", .vnfc_id = {"vnfci-a", "both-a"}, VNFCI},
	 "vnfc_id_contradiction"},
	{"vnfcId and CN contradict",
	 "vnfm-a",
	 {.subject = "/CN=both-a", .vnfc_id = {"vnfci-a"}, VNFCI},
	 "template_subject_not_allowed"},
	{"SAN URI and CN contradict",
	 "vnfm-a",
	 {.subject = "/CN=both-a", .san = "URI:urn:etsi:nfv:vnfci:vnfci-a", VNFCI},
	 "template_subject_not_allowed"},
};

START_TEST(test_csr_who_ifa033_11_2_3)
{
	const struct who_case *c = &who_cases[_i];
	struct world_count before = world_count();
	const char *reason = refusal_code(csr_as(c->client, &c->ask));

	ck_assert_msg(strcmp(reason, c->reason) == 0, "%s: %s", c->name, reason);
	if (strcmp(c->reason, "none") == 0)
		before.certificates++;
	if (strcmp(c->name, "ir registers by policy") == 0)
		before.registrations++;
	world_unchanged(before);
}
END_TEST

START_TEST(test_ir_registers_with_the_rules_of_register)
{
	const struct csr_spec ask = {.subject = "/CN=oam-b",
				     .profile = {"VnfOAMCert"},
				     .ir = true,
				     .vnfc_id = {"oam-b"}};
	struct store_registration reg = {0};

	ck_assert_str_eq(refusal_code(csr_as("vnfm-b", &ask)), "none");
	ck_assert_int_eq(
		store_registration_find(w.reader, ENTITY_B("oam-b"), CERT_TYPE_VNF_OAM, &reg), 0);
	ck_assert_str_eq(reg.manager, "vnfm-b");
	ck_assert_str_eq(reg.trust_domain, "domain-b");
	ck_assert_str_eq(reg.ca, "second");
	ck_assert_str_eq(reg.profile, "VnfOAMCert");
	ck_assert_int_eq(reg.handling, CERT_HANDLING_DELEGATION);
	store_registration_clear(&reg);
}
END_TEST

/* --- what --- */

static const struct what_case {
	const char *name;
	struct csr_spec ask;
	const char *reason;
	const char *mods; /* granted: NULL accepted */
} what_cases[] = {
#define A .subject = "/CN=vnfci-a", VNFCI
	{"RSA 2048", {A, .key = "RSA:2048"}, "none", NULL},
	{"Ed25519", {A, .key = "ED25519"}, "none", NULL},
	{"RSA 1024", {A, .key = "RSA:1024"}, "public_key_not_allowed", NULL},
	{"another curve", {A, .key = "P-384"}, "public_key_not_allowed", NULL},
	{"another kind", {A, .key = "ED448"}, "public_key_not_allowed", NULL},

	{"issuer", {A, .issuer = "/O=test/CN=main CA"}, "none", NULL},
	{"issuer in another case", {A, .issuer = "/O=TEST/CN=Main CA"}, "none", NULL},
	{"another issuer", {A, .issuer = "/O=test/CN=second CA"}, "template_issuer", NULL},

	/* Now is 2026-11-23T09:00:00Z; validity_max is 365 days. */
	{"validity",
	 {A, .not_before = "20261123090000Z", .not_after = "20261223090000Z"},
	 "none",
	 NULL},
	{"notAfter alone", {A, .not_after = "20261223090000Z"}, "none", NULL},
	{"the longest", {A, .not_after = "20271123090000Z"}, "none", NULL},
	{"a client's clock behind",
	 {A, .not_before = "20261123085800Z", .not_after = "20261223090000Z"},
	 "none",
	 NULL},
	{"in the future",
	 {A, .not_before = "20270101000000Z", .not_after = "20270201000000Z"},
	 "none",
	 NULL},
	{"too long", {A, .not_after = "20271123090001Z"}, "none", "validity shortened"},
	{"for ever", {A, .not_after = "99991231235959Z"}, "none", "validity shortened"},
	{"from long ago",
	 {A, .not_before = "20200101000000Z", .not_after = "20261223090000Z"},
	 "none",
	 "notBefore changed"},
	{"over already", {A, .not_after = "20261123085959Z"}, "template_validity", NULL},
	{"over now", {A, .not_after = "20261123090000Z"}, "template_validity", NULL},
	{"ends before it begins",
	 {A, .not_before = "20270201000000Z", .not_after = "20270101000000Z"},
	 "template_validity",
	 NULL},
	{"begins too late", {A, .not_before = "20280101000000Z"}, "template_validity", NULL},

	/* RFC 4210 F: accepted is exactly what was asked for, of what the request names. */
	{"RFC 4210 F key usage of the profile",
	 {A, .key = "RSA:2048",
	  .extension = {{"keyUsage", "critical,digitalSignature,keyEncipherment"}}},
	 "none",
	 NULL},
	{"RFC 8813 3 key usage",
	 {A, .extension = {{"keyUsage", "critical,digitalSignature,keyEncipherment"}}},
	 "none",
	 "extension changed: keyUsage"},
	{"RFC 4210 F key usage of a curve",
	 {A, .extension = {{"keyUsage", "critical,digitalSignature"}}},
	 "none",
	 NULL},
	{"RFC 4210 F less key usage",
	 {A, .key = "RSA:2048", .extension = {{"keyUsage", "critical,digitalSignature"}}},
	 "none",
	 "extension changed: keyUsage"},
	{"RFC 4210 F key usage not critical",
	 {A, .extension = {{"keyUsage", "digitalSignature"}}},
	 "none",
	 "extension critical: keyUsage"},
	{"other key usage",
	 {A, .extension = {{"keyUsage", "critical,digitalSignature,keyCertSign"}}},
	 "none",
	 "extension changed: keyUsage"},
	{"RFC 4210 F EKU in another order",
	 {A, .extension = {{"extendedKeyUsage", "clientAuth,serverAuth"}}},
	 "none",
	 NULL},
	{"RFC 4210 F less EKU",
	 {A, .extension = {{"extendedKeyUsage", "clientAuth"}}},
	 "none",
	 "extension changed: extendedKeyUsage"},
	{"RFC 4210 F critical EKU",
	 {A, .extension = {{"extendedKeyUsage", "critical,serverAuth,clientAuth"}}},
	 "none",
	 "extension not critical: extendedKeyUsage"},
	{"other EKU",
	 {A, .extension = {{"extendedKeyUsage", "clientAuth,codeSigning"}}},
	 "none",
	 "extension changed: extendedKeyUsage"},
	{"RFC 5280 4.2.1.12 empty EKU",
	 {A, .extension = {{"extendedKeyUsage", "DER:3000"}}},
	 "template_malformed",
	 NULL},
	{"no CA", {A, .extension = {{"basicConstraints", "critical,CA:FALSE"}}}, "none", NULL},
	{"RFC 4210 F no CA, not critical",
	 {A, .extension = {{"basicConstraints", "CA:FALSE"}}},
	 "none",
	 "extension critical: basicConstraints"},
	{"RFC 5280 4.2.1.9 pathLen without cA",
	 {A, .extension = {{"basicConstraints", "critical,DER:3003020100"}}},
	 "none",
	 "extension changed: basicConstraints"},
	{"a CA",
	 {A, .extension = {{"basicConstraints", "critical,CA:TRUE"}}},
	 "none",
	 "extension changed: basicConstraints"},
	{"RFC 4210 F key identifier",
	 {A, .extension = {{"subjectKeyIdentifier", "0011"}}},
	 "none",
	 "extension changed: subjectKeyIdentifier"},
	{"RFC 4210 F issuer's key identifier",
	 {A, .extension = {{"authorityKeyIdentifier", "DER:300480020011"}}},
	 "none",
	 "extension changed: authorityKeyIdentifier"},
	{"RFC 4210 F distribution points",
	 {A, .extension = {{"crlDistributionPoints", "URI:http://x"}}},
	 "none",
	 "extension left out: crlDistributionPoints"},
	{"policies",
	 {A, .extension = {{"certificatePolicies", "DER:3007300506032a0304"}}},
	 "none",
	 "extension left out: certificatePolicies"},
	{"critical policies",
	 {A, .extension = {{"certificatePolicies", "critical,DER:3007300506032a0304"}}},
	 "template_extension_critical",
	 NULL},
	{"unknown",
	 {A, .extension = {{"1.2.3.4.5", "DER:0500"}}},
	 "none",
	 "extension left out: 1.2.3.4.5"},
	{"unknown and critical",
	 {A, .extension = {{"1.2.3.4.5", "critical,DER:0500"}}},
	 "template_extension_critical",
	 NULL},
	{"twice",
	 {A, .extension = {{"keyUsage", "digitalSignature"}, {"keyUsage", "digitalSignature"}}},
	 "template_extension_duplicate",
	 NULL},
	{"SAN twice",
	 {A, .san = "DNS:vnfci-a", .extension = {{"subjectAltName", "DNS:vnfci-b"}}},
	 "template_extension_duplicate",
	 NULL},
	{"unknown twice",
	 {A, .extension = {{"1.2.3.4.5", "DER:0500"}, {"1.2.3.4.5", "DER:0500"}}},
	 "template_extension_duplicate",
	 NULL},
	{"malformed key usage",
	 {A, .extension = {{"keyUsage", "DER:0500"}}},
	 "template_malformed",
	 NULL},
	{"malformed EKU with trailing octets",
	 {A, .extension = {{"extendedKeyUsage", "DER:300a06082b060105050703020500"}}},
	 "template_malformed",
	 NULL},
	{"several changes",
	 {A, .not_after = "20300101000000Z",
	  .extension = {{"certificatePolicies", "DER:3007300506032a0304"}}},
	 "none",
	 "validity shortened; extension left out: certificatePolicies"},
};

/* The parts of the certificate that the profile determines, as OpenSSL reads them. */
static void assert_profile_extensions(X509 *cert)
{
	/* RFC 8813 3: a key on a curve enciphers no keys. */
	ck_assert_uint_eq(X509_get_key_usage(cert),
			  EVP_PKEY_is_a(X509_get0_pubkey(cert), "RSA")
				  ? KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT
				  : KU_DIGITAL_SIGNATURE);
	ck_assert_uint_eq(X509_get_extended_key_usage(cert), XKU_SSL_SERVER | XKU_SSL_CLIENT);
	ck_assert_int_eq(X509_check_ca(cert), 0);
	ck_assert_int_lt(X509_get_ext_by_NID(cert, NID_certificate_policies, -1), 0);
	ck_assert_ptr_nonnull(X509_get0_subject_key_id(cert));
	ck_assert_ptr_nonnull(X509_get0_authority_key_id(cert));
	ck_assert_int_eq(X509_verify(cert, w.issuing.key), 1);
}

START_TEST(test_csr_what)
{
	const struct what_case *c = &what_cases[_i];
	struct world_count before = world_count();
	struct cmf_principal who = principal_of("vnfm-a");
	struct cmf_csr_result result = {0};
	const char *reason = refusal_code(csr(&who, &c->ask, &result));

	ck_assert_msg(strcmp(reason, c->reason) == 0, "%s: %s", c->name, reason);
	cmf_principal_clear(&who);
	if (strcmp(reason, "none") != 0) {
		world_unchanged(before);
		return;
	}
	X509 *cert = pki_cert_parse(octets_view(&result.der));

	ck_assert_msg(strcmp(result.mods ? result.mods : "", c->mods ? c->mods : "") == 0,
		      "%s: mods %s", c->name, result.mods);
	assert_profile_extensions(cert);
	X509_free(cert);
	cmf_csr_result_clear(&result);
}
END_TEST

static void assert_time(const ASN1_TIME *time, const char *expected)
{
	ASN1_TIME *want = ASN1_TIME_new();

	ck_assert_int_eq(ASN1_TIME_set_string(want, expected), 1);
	ck_assert_msg(ASN1_TIME_compare(time, want) == 0, "%s", expected);
	ASN1_TIME_free(want);
}

START_TEST(test_csr_validity_in_certificate)
{
	static const struct {
		const char *from, *to;              /* asked for */
		const char *not_before, *not_after; /* expected; the CA backdates by 5 minutes */
	} times[] = {
		{NULL, NULL, "20261123085500Z", "20270221090000Z"}, /* 90 days */
		{NULL, "20261201000000Z", "20261123085500Z", "20261201000000Z"},
		{"20270101000000Z", NULL, "20270101000000Z", "20270401000000Z"},
		/* RFC 4210 F: what is named is granted, by a clock that is behind, too. */
		{"20261123085800Z", NULL, "20261123085800Z", "20270221085800Z"},
		{"20261123090000Z", NULL, "20261123090000Z", "20270221090000Z"},
		{"20270101000000Z", "20290101000000Z", "20270101000000Z", "20271123080000Z"},
	};
	struct cmf_principal who = principal_of("vnfm-a");

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		const struct csr_spec ask = {.subject = "/CN=vnfci-a",
					     VNFCI,
					     .not_before = times[i].from,
					     .not_after = times[i].to};
		struct cmf_csr_result result = {0};
		X509 *cert;

		ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
		cert = pki_cert_parse(octets_view(&result.der));
		assert_time(X509_get0_notBefore(cert), times[i].not_before);
		/* The last one is cut by the end of the CA's own certificate. */
		if (i < ARRAY_LEN(times) - 1)
			assert_time(X509_get0_notAfter(cert), times[i].not_after);
		else
			ck_assert_int_eq(ASN1_TIME_compare(X509_get0_notAfter(cert),
							   X509_get0_notAfter(w.issuing.cert)),
					 0);
		ck_assert_int_eq(i == ARRAY_LEN(times) - 1, result.mods != NULL);
		X509_free(cert);
		cmf_csr_result_clear(&result);
	}
	cmf_principal_clear(&who);
}
END_TEST

/* --- extensions --- */

/* One profile for all kinds of keys, of which a request may choose less. */
static const char subset[] =
	"[profile VnfciCert]\nkey_types = ec:P-256, rsa:2048-4096, ed25519, x25519\n"
	"extensions = subset\nextension_section = uses\n"
	"[uses]\nkeyUsage = critical, digitalSignature, keyEncipherment, keyAgreement\n"
	"extendedKeyUsage = serverAuth, clientAuth\n";

static const struct subset_case {
	const char *name;
	const char *key;
	const char *usage, *purposes; /* asked for */
	uint32_t granted_usage, granted_purposes;
	const char *mods;
} subset_cases[] = {
	{"RFC 3279 2.3.1 RSA", "RSA:2048", NULL, NULL, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
	 XKU_SSL_SERVER | XKU_SSL_CLIENT, NULL},
	{"RFC 5480 3 EC", "P-256", NULL, NULL, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT,
	 XKU_SSL_SERVER | XKU_SSL_CLIENT, NULL},
	{"RFC 8410 5 Ed25519", "ED25519", NULL, NULL, KU_DIGITAL_SIGNATURE,
	 XKU_SSL_SERVER | XKU_SSL_CLIENT, NULL},
	{"RFC 8410 5 X25519", "X25519", NULL, NULL, KU_KEY_AGREEMENT,
	 XKU_SSL_SERVER | XKU_SSL_CLIENT, NULL},
	{"less usage", "RSA:2048", "critical,digitalSignature", NULL, KU_DIGITAL_SIGNATURE,
	 XKU_SSL_SERVER | XKU_SSL_CLIENT, NULL},
	{"another usage", "RSA:2048", "critical,keyEncipherment", NULL, KU_KEY_ENCIPHERMENT,
	 XKU_SSL_SERVER | XKU_SSL_CLIENT, NULL},
	{"one purpose", "P-256", NULL, "clientAuth", KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT,
	 XKU_SSL_CLIENT, NULL},
	{"one that the profile has, and another", "P-256", NULL, "codeSigning,clientAuth",
	 KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT, XKU_SSL_CLIENT,
	 "extension changed: extendedKeyUsage"},
	{"RFC 8813 3 of what the key can do", "P-256", "critical,digitalSignature,keyEncipherment",
	 NULL, KU_DIGITAL_SIGNATURE, XKU_SSL_SERVER | XKU_SSL_CLIENT,
	 "extension changed: keyUsage"},
	{"nothing that the profile has", "P-256", "critical,keyCertSign", "codeSigning",
	 KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT, XKU_SSL_SERVER | XKU_SSL_CLIENT,
	 "extension changed: keyUsage; extension changed: extendedKeyUsage"},
};

START_TEST(rfc4210_f_subset)
{
	const struct subset_case *c = &subset_cases[_i];
	struct cmf_principal who;
	struct csr_spec ask = {A, .key = c->key};
	struct cmf_csr_result result = {0};
	const char *reason;
	size_t n = 0;
	X509 *cert;

	world_reload(subset);
	who = principal_of("vnfm-a");
	if (c->usage) {
		ask.extension[n].oid = "keyUsage";
		ask.extension[n++].value = c->usage;
	}
	if (c->purposes) {
		ask.extension[n].oid = "extendedKeyUsage";
		ask.extension[n].value = c->purposes;
	}
	reason = refusal_code(csr(&who, &ask, &result));
	ck_assert_msg(strcmp(reason, "none") == 0, "%s: %s", c->name, reason);
	cert = pki_cert_parse(octets_view(&result.der));
	ck_assert_msg(X509_get_key_usage(cert) == c->granted_usage, "%s", c->name);
	ck_assert_msg(X509_get_extended_key_usage(cert) == c->granted_purposes, "%s", c->name);
	ck_assert_msg(strcmp(result.mods ? result.mods : "", c->mods ? c->mods : "") == 0,
		      "%s: mods %s", c->name, result.mods);
	X509_free(cert);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

/* RFC 8410 5: a certificate for X25519 must not have digitalSignature, and nothing else is there.
 */
START_TEST(rfc8410_5_no_usage_left)
{
	const struct csr_spec ask = {A, .key = "X25519"};

	world_reload("[profile VnfciCert]\nkey_types = ec:P-256, x25519\n"
		     "extension_section = uses\n[uses]\nkeyUsage = critical, digitalSignature\n");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &ask)), "public_key_not_allowed");
}
END_TEST

/* RFC 7093 2 (1): asked for as the CA makes it, it is as asked for. */
START_TEST(rfc4210_f_key_identifier_of_the_ca)
{
	struct cmf_principal who = principal_of("vnfm-a");
	EVP_PKEY *key = pki_key("P-256");
	unsigned char *point = NULL, digest[32];
	char text[4 + 2 * 22 + 1] = "DER:0414";
	struct cmf_csr_result result = {0};
	struct csr_spec ask = {A, .key_is = key, .extension = {{"subjectKeyIdentifier", text}}};
	size_t len = EVP_PKEY_get1_encoded_public_key(key, &point);

	ck_assert_int_eq(EVP_Digest(point, len, digest, NULL, EVP_sha256(), NULL), 1);
	bytes_to_hex((struct bytes){digest, 20}, text + 8);
	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	ck_assert_ptr_null(result.mods);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
	OPENSSL_free(point);
	EVP_PKEY_free(key);
}
END_TEST

/* --- state --- */

START_TEST(test_csr_state_and_implicit_confirm)
{
	/* VnfOAMCert has implicit_confirm = no. */
	static const struct {
		const char *subject, *profile;
		bool confirmed, allowed;
		enum store_certificate_state state;
	} cases[] = {
		{"/CN=vnfci-a", "VnfciCert", false, true, STORE_CERT_PENDING},
		{"/CN=vnfci-a", "VnfciCert", true, true, STORE_CERT_ACTIVE},
		{"/CN=oam-a", "VnfOAMCert", true, false, STORE_CERT_PENDING},
		{"/CN=oam-a", "VnfOAMCert", false, false, STORE_CERT_PENDING},
	};
	struct cmf_principal who = principal_of("vnfm-a");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct csr_spec ask = {.subject = cases[i].subject,
					     .profile = {cases[i].profile},
					     .confirmed = cases[i].confirmed};
		struct store_certificate cert = {0};
		struct cmf_csr_result result = {0};
		bool pending = cases[i].state == STORE_CERT_PENDING;

		ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
		ck_assert(result.implicit_confirm == cases[i].allowed);
		ck_assert(!result.waiting);
		ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
		ck_assert_int_eq(cert.state, cases[i].state);
		ck_assert_int_eq(cert.confirm_by_ms, pending ? WORLD_START_MS + 300 * 1000 : 0);
		ck_assert_str_eq(cert.requester, "vnfm-a");
		ck_assert_str_eq(cert.subject, cases[i].subject + 1);
		ck_assert(bytes_equal(octets_view(&cert.der), octets_view(&result.der)));
		ck_assert(serial_equal(&cert.serial, &result.serial));
		store_certificate_clear(&cert);
		cmf_csr_result_clear(&result);
	}
	cmf_principal_clear(&who);
}
END_TEST

/* Deregistered between decision and commit: the unit conflicts, nothing is issued. */
START_TEST(test_csr_conflicts_with_deregistration)
{
	_cleanup_(store_unit_freep) struct store_unit *other = NULL;
	struct store_registration reg = {0};
	struct world_count before = world_count();
	const struct csr_spec ask = {.subject = "/CN=vnfci-a", VNFCI};

	ck_assert_int_eq(store_unit_new(w.store, &other), 0);
	ck_assert_int_eq(
		store_registration_find(w.reader, ENTITY_A("vnfci-a"), CERT_TYPE_VNFCI, &reg), 0);
	ck_assert_int_eq(store_registration_deregister(other, reg.id, w.now_ms), 0);
	ck_assert_int_eq(store_unit_commit(other), 0);
	store_registration_clear(&reg);
	before.registrations--;
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &ask)), "entity_not_authorized");
	world_unchanged(before);
}
END_TEST

/* --- VNF instances --- */

/* vnfc-1 is in vnf-1 and vnf-2, vnfci-a in vnf-1 and in none, all of vnfm-a; single is in vnf-1 of
 * vnfm-a and in vnf-3 of vnfm-c. */
static const struct {
	const char *client;
	struct csr_spec ask;
	const char *reason;
	const char *vnf_instance; /* granted */
} instance_cases[] = {
	{"vnfm-a", {VNFCI, .vnfc_id = {"vnfc-1"}, .vnf_instance = {"vnf-2"}}, "none", "vnf-2"},
	{"vnfm-a", {VNFCI, .subject = "/CN=vnfc-1", .vnf_instance = {"vnf-1"}}, "none", "vnf-1"},
	{"vnfm-a", {VNFCI, .san = "URI:urn:etsi:nfv:vnfci:vnf-2:vnfc-1"}, "none", "vnf-2"},
	{"vnfm-a", {VNFCI, .vnfc_id = {"vnfc-1"}}, "vnf_instance_ambiguous", NULL},
	{"ra-a", {VNFCI, .vnfc_id = {"vnfc-1"}}, "vnf_instance_ambiguous", NULL},
	/* The one without is meant. */
	{"vnfm-a", {VNFCI, .vnfc_id = {"vnfci-a"}}, "none", ""},
	{"vnfm-a", {VNFCI, .vnfc_id = {"vnfci-a"}, .vnf_instance = {"vnf-1"}}, "none", "vnf-1"},
	/* Of several the only one that is the asker's. */
	{"vnfm-a", {VNFCI, .vnfc_id = {"single"}}, "none", "vnf-1"},
	{"vnfm-c", {VNFCI, .vnfc_id = {"single"}}, "none", "vnf-3"},
	{"ra-a", {VNFCI, .vnfc_id = {"single"}}, "vnf_instance_ambiguous", NULL},
	{"vnfm-c",
	 {VNFCI, .vnfc_id = {"single"}, .vnf_instance = {"vnf-1"}},
	 "entity_not_authorized",
	 NULL},
	/* The form with one part is for those in none. */
	{"vnfm-a", {VNFCI, .san = "URI:urn:etsi:nfv:vnfci:single"}, "entity_not_authorized", NULL},
	{"vnfm-a",
	 {VNFCI, .vnfc_id = {"vnfc-1"}, .vnf_instance = {"vnf-9"}},
	 "entity_not_authorized",
	 NULL},
	{"vnfm-a",
	 {VNFCI, .vnfc_id = {"vnfc-1"}, .vnf_instance = {"vnf-1", "vnf-2"}},
	 "vnf_instance_contradiction",
	 NULL},
	{"vnfm-a",
	 {VNFCI, .vnfc_id = {"vnfc-1"}, .vnf_instance = {"vnf-1"},
	  .san = "URI:urn:etsi:nfv:vnfci:vnf-2:vnfc-1"},
	 "template_san_not_allowed",
	 NULL},
	{"vnfm-b",
	 {VNFCI, .vnfc_id = {"vnfc-1"}, .vnf_instance = {"vnf-1"}},
	 "entity_not_authorized",
	 NULL},
};

START_TEST(test_csr_vnf_instance_ifa033_11_2_3)
{
	const char *reason = instance_cases[_i].reason;
	struct cmf_principal who = principal_of(instance_cases[_i].client);
	struct store_registration reg = {0};
	struct cmf_csr_result result = {0};

	register_in("vnfm-a", CERT_TYPE_VNFCI, "vnf-1", "vnfc-1");
	register_in("vnfm-a", CERT_TYPE_VNFCI, "vnf-2", "vnfc-1");
	register_in("vnfm-a", CERT_TYPE_VNFCI, "vnf-1", "vnfci-a");
	register_in("vnfm-a", CERT_TYPE_VNFCI, "vnf-1", "single");
	register_in("vnfm-c", CERT_TYPE_VNFCI, "vnf-3", "single");
	ck_assert_str_eq(refusal_code(csr(&who, &instance_cases[_i].ask, &result)), reason);
	cmf_principal_clear(&who);
	if (strcmp(reason, "none") != 0)
		return;
	ck_assert_int_eq(store_registration_get(w.reader, result.certificate.registration_id, &reg),
			 0);
	ck_assert_str_eq(reg.vnf_instance, instance_cases[_i].vnf_instance);
	store_registration_clear(&reg);
	cmf_csr_result_clear(&result);
}
END_TEST

/* --- key update, RFC 9483 4.1.3 --- */

static struct cmf_principal end_entity(const struct store_certificate *cert)
{
	return (struct cmf_principal){.kind = CMF_PRINCIPAL_END_ENTITY,
				      .policy = conf_client_policy_find(w.conf, NULL),
				      .name = strdup("certificate:main/00"),
				      .trust_domain = strdup("domain-a"),
				      .certificate_id = cert->id,
				      .registration_id = cert->registration_id};
}

static const struct update_case {
	const char *name;
	const char *client; /* NULL: the end entity itself */
	struct csr_spec ask;
	const char *reason;
} update_cases[] = {
	{"own", NULL, {.subject = NULL}, "none"},
	{"own under the NULL-DN", NULL, {.subject = ""}, "none"},
	{"own with its names",
	 NULL,
	 {.subject = "/O=x/CN=vnfci-a", .san = "DNS:vnfci-a.example.net,IP:10.1.2.3"},
	 "none"},
	{"names in another order",
	 NULL,
	 {.subject = "/O=x/CN=vnfci-a", .san = "IP:10.1.2.3,DNS:vnfci-a.example.net"},
	 "none"},
	{"by the manager", "vnfm-a", {VNFCI}, "none"},
	{"by the RA", "ra-a", {.vnfc_id = {"vnfci-a"}}, "none"},
	{"another subject", NULL, {.subject = "/CN=vnfci-a"}, "update_names_changed"},
	{"another CN", NULL, {.subject = "/O=x/CN=both-a"}, "update_names_changed"},
	{"a name less", NULL, {.san = "DNS:vnfci-a.example.net"}, "update_names_changed"},
	{"a name more",
	 "vnfm-a",
	 {.san = "DNS:vnfci-a.example.net,IP:10.1.2.3,DNS:vnfci-a"},
	 "update_names_changed"},
	{"another's", "vnfm-b", {VNFCI}, "entity_not_authorized"},
	{"RA of another domain", "ra-b", {VNFCI}, "entity_not_authorized"},
	{"another certType", NULL, {.profile = {"VnfOAMCert"}}, "cert_type_contradiction"},
	{"another profile", NULL, {.profile = {"vnfci-any"}}, "profile_contradiction"},
	{"another vnfcId", "vnfm-a", {.vnfc_id = {"both-a"}}, "vnfc_id_contradiction"},
	{"key not allowed", NULL, {.key = "P-384"}, "public_key_not_allowed"},
	{"may not", "nobody", {VNFCI}, "client_not_permitted"},
};

START_TEST(test_update_rfc9483_4_1_3)
{
	const struct update_case *c = &update_cases[_i];
	struct store_certificate old = certificate_issued("vnfm-a", "VnfciCert", "/O=x/CN=vnfci-a",
							  "DNS:vnfci-a.example.net,IP:10.1.2.3");
	struct cmf_principal who = c->client ? principal_of(c->client) : end_entity(&old);
	struct world_count before = world_count();
	struct cmf_csr_result result = {0};
	struct csr_spec ask = c->ask;
	const char *reason;
	char *text;

	ask.old = &old;
	reason = refusal_code(csr(&who, &ask, &result));
	ck_assert_msg(strcmp(reason, c->reason) == 0, "%s: %s", c->name, reason);
	cmf_principal_clear(&who);
	ck_assert_int_eq(certificate_state(old.id), STORE_CERT_ACTIVE);
	if (strcmp(reason, "none") != 0) {
		world_unchanged(before);
		store_certificate_clear(&old);
		return;
	}
	ck_assert_ptr_null(result.mods);
	ck_assert_int_eq(result.certificate.registration_id, old.registration_id);
	text = certificate_subject(octets_view(&result.der));
	ck_assert_str_eq(text, "CN=vnfci-a,O=x");
	free(text);
	text = certificate_san(octets_view(&result.der));
	ck_assert_str_eq(text, "DNS:vnfci-a.example.net, IP Address:10.1.2.3");
	free(text);
	cmf_csr_result_clear(&result);
	store_certificate_clear(&old);
}
END_TEST

START_TEST(test_update_needs_a_new_key)
{
	EVP_PKEY *key = pki_key(NULL);
	struct cmf_principal who = principal_of("vnfm-a");
	struct cmf_csr_result result = {0};
	struct store_certificate old = {0};
	struct csr_spec ask = {.subject = "/CN=vnfci-a", VNFCI, .key_is = key, .confirmed = true};

	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &old), 0);
	cmf_csr_result_clear(&result);
	ask.old = &old;
	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "update_key_unchanged");
	ck_assert_int_gt(EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed"), 0);
	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "update_key_unchanged");
	ck_assert_int_eq(world_count().certificates, 1);
	store_certificate_clear(&old);
	cmf_principal_clear(&who);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(test_end_entity_only_its_own)
{
	struct store_certificate mine =
		certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-a", NULL);
	struct store_certificate other =
		certificate_issued("vnfm-a", "VnfciCert", "/CN=both-a", NULL);
	struct cmf_principal who = end_entity(&mine);
	struct world_count before = world_count();
	struct cmf_csr_result result = {0};
	struct csr_spec ask = {.old = &other};

	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "end_entity_only_own");
	ask = (struct csr_spec){.subject = "/CN=vnfci-a", VNFCI};
	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "end_entity_only_own");
	ask.ir = true;
	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "end_entity_only_own");
	world_unchanged(before);
	cmf_principal_clear(&who);
	store_certificate_clear(&mine);
	store_certificate_clear(&other);
}
END_TEST

START_TEST(test_update_after_deregistration)
{
	struct store_certificate old =
		certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-a", NULL);
	struct cmf_principal manager = principal_of("vnfm-a"), holder = end_entity(&old);
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_csr_result result = {0};
	const struct csr_spec ask = {.old = &old};

	ck_assert_int_eq(cmf_deregister(WORLD_CALL(&manager, &refusal), ENTITY_A("vnfci-a"),
					CERT_TYPE_VNFCI),
			 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_str_eq(refusal_code(csr(&holder, &ask, &result)), "entity_not_authorized");
	/* The id is another manager's now: the old certificate is of no use to get a new one. */
	register_ok("vnfm-c", CERT_TYPE_VNFCI, "vnfci-a");
	ck_assert_str_eq(refusal_code(csr(&holder, &ask, &result)), "entity_not_authorized");
	ck_assert_str_eq(refusal_code(csr(&manager, &ask, &result)), "entity_not_authorized");
	ck_assert_int_eq(world_count().certificates, 1);
	cmf_principal_clear(&manager);
	cmf_principal_clear(&holder);
	store_certificate_clear(&old);
}
END_TEST

static Suite *cmf_csr_suite(void)
{
	Suite *suite = suite_create("cmf_csr");
	TCase *tc = tcase_create("csr");

	tcase_add_checked_fixture(tc, setup, world_teardown);
	tcase_add_loop_test(tc, test_csr_who_ifa033_11_2_3, 0, ARRAY_LEN(who_cases));
	tcase_add_loop_test(tc, test_csr_vnf_instance_ifa033_11_2_3, 0, ARRAY_LEN(instance_cases));
	tcase_add_test(tc, test_ir_registers_with_the_rules_of_register);
	tcase_add_loop_test(tc, test_csr_what, 0, ARRAY_LEN(what_cases));
	tcase_add_test(tc, test_csr_validity_in_certificate);
	tcase_add_loop_test(tc, rfc4210_f_subset, 0, ARRAY_LEN(subset_cases));
	tcase_add_test(tc, rfc8410_5_no_usage_left);
	tcase_add_test(tc, rfc4210_f_key_identifier_of_the_ca);
	tcase_add_test(tc, test_csr_state_and_implicit_confirm);
	tcase_add_test(tc, test_csr_conflicts_with_deregistration);
	tcase_add_loop_test(tc, test_update_rfc9483_4_1_3, 0, ARRAY_LEN(update_cases));
	tcase_add_test(tc, test_update_needs_a_new_key);
	tcase_add_test(tc, test_end_entity_only_its_own);
	tcase_add_test(tc, test_update_after_deregistration);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_csr_suite, SUITE_FORKS)
