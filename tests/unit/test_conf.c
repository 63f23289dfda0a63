// SPDX-License-Identifier: Apache-2.0
/*
 * Loading, checking, printing and reloading of cmf.cnf. Each mistake is made in a file that is good
 * otherwise, and must give exactly its own problem.
 */
#include "conf.h"
#include "suite.h"

#include "base/bytes.h"

#include <check.h>
#include <errno.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char good[] =
	"dir = ca\n"
	"[server]\n"
	"listen = 127.0.0.1:8080, [::1]:8080\n"
	"admin_socket_mode = 0660\n"
	"idle_timeout = 90s\n"
	"[log]\n"
	"format = json\n"
	"[store]\n"
	"database = cmf.db\n"
	"secret_key = store.key\n"
	"[protection]\n"
	"certificate = cmf.pem\n"
	"key = pkcs11:token=cmf\n"
	"mac_iterations_min = 500\n"
	"[cmf]\n"
	"ca_rules = second, first\n"
	"default_ca = issuing\n"
	"[ca issuing]\n"
	"type = internal\n"
	"certificate = $dir/issuing.pem\n"
	"key = ./ca/issuing.key\n"
	"crl_distribution_points = http://a.example/x.crl, http://b.example/x.crl\n"
	"[ca central]\n"
	"type = upstream\n"
	"server_url = http://ca.example/.well-known/cmp\n"
	"trusted = cmf.pem\n"
	"ra_reference = \\#1\\$\n"
	"ra_secret_file = store.key\n"
	"recipient = /CN=Central\n"
	"[ca_rule first]\n"
	"trust_domain = b\n"
	"ca = central\n"
	"[ca_rule second]\n"
	"cert_type = VNFOAM_CERT\n"
	"profile = strict\n"
	"ca = issuing\n"
	"[profile VnfciCert]\n"
	"key_types = rsa:2048-4096, ec:P-256, ed25519, x25519\n"
	"validity = 30d\n"
	"dns_names = subjectIdLabel\n"
	"ip_addresses = 10.0.0.0/8, fd00::/8\n"
	"extension_section = usage\n"
	"[profile strict]\n"
	"cert_type = VnfOAMCert\n"
	"key_types = ed448\n"
	"subject_attributes = O, OU\n"
	"extension_section = usage\n"
	"[client_policy legacy]\n"
	"rsa_bits_min = 3072\n"
	"[trust_domain a]\n"
	"cert_types = MANO_CERT, VnfOAMCert\n"
	"subject_ids = vnf-*, *.a.example\n"
	"dns_suffixes = a.example, Example.Net\n"
	"ip_addresses = 10.1.0.0/16\n"
	"ca = issuing\n"
	"profiles = strict\n"
	"registrations_max = 10000\n"
	"callback_hosts = *.a.example, 127.0.0.1\n"
	"[trust_domain b]\n"
	"dns_suffixes = b.example, sub.example.net\n"
	"shared_names = yes\n"
	"[events]\n"
	"expiring = 14d, 1h\n"
	"callback_networks = 10.0.0.0/8\n"
	"[vnfm sim]\n"
	"api_root = http://127.0.0.1:9890\n"
	"trust_domain = a\n"
	"profile = VnfciCert\n"
	"rules = databases, rest\n"
	"callback_uri = https://cmf.example/lcm/sim\n"
	"callback_user = vnfm\n"
	"callback_password_file = store.key\n"
	"initial_credential = secret\n"
	"initial_credential_dir = lcm-secrets\n"
	"[vnfm_rule rest]\n"
	"exclude = yes\n"
	"[vnfm_rule databases]\n"
	"vnfd_ids = vnfd-?, x\n"
	"vdu_ids = db*\n"
	"profile = strict\n"
	"[usage]\n"
	"keyUsage = critical, digitalSignature\n"
	"certificatePolicies = @policy\n"
	"1.2.3.4 = DER:0500\n"
	"[policy]\n"
	"policyIdentifier = 1.3.5.8\n";

static char directory[64];

static void file_put(const char *name, const char *text)
{
	_cleanup_(freep) char *path = NULL;

	ck_assert_int_gt(asprintf(&path, "%s/%s", directory, name), 0);
	ck_assert_int_eq(file_write_durable(path, bytes_of_string(text), 0600), 0);
}

static const char *const files[] = {
	"cmf.pem", "cmf.key", "store.key", "ca/issuing.pem", "ca/issuing.key", "ca/root.pem",
};

static void setup(void)
{
	char path[80];

	strcpy(directory, "/tmp/test_conf.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/ca", directory);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		file_put(files[i], "");
}

static void teardown(void)
{
	static const char *const more[] = {"cmf.cnf", "ca/other.cnf"};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, more[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/ca", directory);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}

/* Loads `text` as directory/name; the problems are the caller's. */
static int load_as(const char *name, const char *text, struct conf **confp, char **problemsp)
{
	struct strbuf problems = STRBUF_NULL;
	char path[128];
	int err;

	file_put(name, text);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	err = conf_load(path, confp, &problems);
	*problemsp = strbuf_take(&problems);
	ck_assert_ptr_nonnull(*problemsp);
	return err;
}

static struct conf *load_good(const char *text)
{
	_cleanup_(freep) char *problems = NULL;
	struct conf *conf = NULL;
	int err = load_as("cmf.cnf", text, &conf, &problems);

	ck_assert_msg(err == 0, "%s", problems);
	ck_assert_str_eq(problems, "");
	return conf;
}

/* `good` with one text replaced, or, without `old`, with more at its end. */
static char *changed(const char *old, const char *new)
{
	const char *at = old ? strstr(good, old) : good + strlen(good);
	char *text = NULL;

	ck_assert_msg(at != NULL, "not in the file: %s", old);
	ck_assert_int_gt(asprintf(&text, "%.*s%s%s", (int)(at - good), good, new,
				  at + (old ? strlen(old) : 0)),
			 0);
	return text;
}

static void assert_path(const char *path, const char *relative)
{
	ck_assert_ptr_nonnull(path);
	ck_assert_int_eq(strncmp(path, directory, strlen(directory)), 0);
	ck_assert_str_eq(path + strlen(directory), relative);
}

START_TEST(test_good_server)
{
	_cleanup_(conf_freep) struct conf *conf = load_good(good);

	ck_assert_uint_eq(conf->server.listen.len, 2);
	ck_assert_str_eq(conf->server.listen.item[0].host, "127.0.0.1");
	ck_assert_uint_eq(conf->server.listen.item[0].port, 8080);
	ck_assert_str_eq(conf->server.listen.item[1].host, "::1");
	assert_path(conf->path, "/cmf.cnf");
	assert_path(conf->dir, "");
	assert_path(conf->server.admin_socket, "/cmfd.sock");
	ck_assert_uint_eq(conf->server.admin_socket_mode, 0660);
	ck_assert_int_eq(conf->server.idle_timeout_ms, 90000);
	ck_assert_int_eq(conf->server.request_timeout_ms, 30000);
	ck_assert_uint_eq(conf->server.workers, 32);
	ck_assert_uint_eq(conf->server.body_max, 65536);
	ck_assert_int_eq(conf->log.format, LOG_FORMAT_JSON);
	ck_assert_int_eq(conf->log.level, LOG_LEVEL_INFO);
	assert_path(conf->store.database, "/cmf.db");
	ck_assert_str_eq(conf->protection.key, "pkcs11:token=cmf");
	ck_assert_uint_eq(conf->protection.mac_iterations_min, 500);
	ck_assert_uint_eq(conf->protection.mac_iterations_max, 100000);
	ck_assert_int_eq(conf->cmf.confirm_wait_ms, 300000);
}
END_TEST

/* For ever without it; `transactions` has the word over the older key. */
START_TEST(test_good_retention)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;
	_cleanup_(conf_freep) struct conf *conf = load_good(good), *kept = NULL;

	ck_assert_int_eq(conf->retention.certificates_ms, 0);
	ck_assert_int_eq(conf->retention.registrations_ms, 0);
	ck_assert_int_eq(conf->store.transaction_retention_ms, 3600 * 1000);
	strbuf_printf(&text,
		      "%s\n[retention]\ncertificates = 400d\nregistrations = 1d\n"
		      "transactions = 2h\n",
		      good);
	kept = load_good(text.text);
	ck_assert_int_eq(kept->retention.certificates_ms, INT64_C(400) * 24 * 3600 * 1000);
	ck_assert_int_eq(kept->retention.registrations_ms, 24 * 3600 * 1000);
	ck_assert_int_eq(kept->store.transaction_retention_ms, 2 * 3600 * 1000);
}
END_TEST

START_TEST(test_good_cas)
{
	_cleanup_(conf_freep) struct conf *conf = load_good(good);
	const struct conf_ca *ca;

	ck_assert_uint_eq(conf->n_cas, 2);
	ca = conf_ca_find(conf, "issuing");
	ck_assert_ptr_nonnull(ca);
	ck_assert_int_eq(ca->type, CONF_CA_INTERNAL);
	assert_path(ca->certificate, "/ca/issuing.pem");
	assert_path(ca->key, "/ca/issuing.key");
	ck_assert_uint_eq(ca->crl_distribution_points.len, 2);
	ck_assert_str_eq(ca->crl_distribution_points.item[1], "http://b.example/x.crl");
	ck_assert_str_eq(ca->digest, "sha256");
	ca = conf_ca_find(conf, "central");
	ck_assert_int_eq(ca->type, CONF_CA_UPSTREAM);
	ck_assert_str_eq(ca->ra_reference, "#1$");
	ck_assert_int_eq(ca->upstream_wait_ms, 2000);
	ck_assert_ptr_null(conf_ca_find(conf, "none"));
	/* In the order of ca_rules, not of the file. */
	ck_assert_uint_eq(conf->n_ca_rules, 2);
	ck_assert_str_eq(conf->ca_rules[0].name, "second");
	ck_assert(conf->ca_rules[0].has_cert_type);
	ck_assert_int_eq(conf->ca_rules[0].cert_type, CERT_TYPE_VNF_OAM);
	ck_assert_str_eq(conf->ca_rules[1].trust_domain, "b");
	ck_assert(!conf->ca_rules[1].has_cert_type);
}
END_TEST

START_TEST(test_good_profiles)
{
	_cleanup_(conf_freep) struct conf *conf = load_good(good);
	const struct conf_profile *p = conf_profile_find(conf, "VnfciCert");

	ck_assert_uint_eq(conf->n_profiles, 2);
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_eq(p, conf_profile_find(conf, "VNFCI_CERT"));
	ck_assert_ptr_eq(p, conf_profile_default(conf, CERT_TYPE_VNFCI));
	ck_assert_ptr_null(conf_profile_default(conf, CERT_TYPE_VNF_OAM));
	ck_assert_int_eq(p->cert_type, CERT_TYPE_VNFCI);
	ck_assert_int_eq(p->validity_ms, 30 * INT64_C(86400000));
	ck_assert_int_eq(p->validity_max_ms, 397 * INT64_C(86400000));
	ck_assert_int_eq(p->common_name, CONF_NAME_SUBJECT_ID);
	ck_assert_int_eq(p->dns_names, CONF_NAME_SUBJECT_ID_LABEL);
	ck_assert_uint_eq(p->key_types.len, 4);
	ck_assert_uint_eq(p->key_types.item[0].bits_max, 4096);
	ck_assert_int_eq(p->key_types.item[1].curve_nid, NID_X9_62_prime256v1);
	ck_assert_int_eq(p->key_types.item[2].kind, CONF_KEY_ED25519);
	ck_assert_int_eq(p->key_types.item[3].kind, CONF_KEY_NAMED);
	ck_assert_int_eq(p->key_types.item[3].algorithm_nid, NID_X25519);
	ck_assert_uint_eq(p->ip_addresses.len, 2);
	ck_assert_uint_eq(p->ip_addresses.item[0].address[0], 10);
	ck_assert_uint_eq(p->ip_addresses.item[0].prefix_len, 8);
	ck_assert_uint_eq(p->ip_addresses.item[1].address_len, 16);
	ck_assert_uint_eq(p->ip_addresses.item[1].address[0], 0xfd);
}
END_TEST

START_TEST(test_good_attestation)
{
	_cleanup_(freep) char *text =
		changed("key_types = ed448",
			"key_types = ed448\nattestation = require\nattestation_nonce = ignore\n"
			"attestation_statements = 2.23.133.20.1, 1.3.6.1.4.1.99999.1 = x509\n"
			"attestation_extensions = 1.3.6.1.4.1.41482.3.8 = 02:01, 1.2.3");
	_cleanup_(conf_freep) struct conf *conf = load_good(text), *plain = load_good(good);
	const struct conf_attestation *a = &conf_profile_find(conf, "strict")->attestation,
				      *none = &conf_profile_find(plain, "strict")->attestation;
	static const uint8_t oid[] = {0x67, 0x81, 0x05, 0x14, 0x01}, value[] = {2, 1};

	ck_assert_int_eq(a->policy, CONF_ATTESTATION_REQUIRE);
	ck_assert_int_eq(a->nonce, CONF_ATTESTATION_NONCE_IGNORE);
	ck_assert_uint_eq(a->statements.len, 2);
	ck_assert_int_eq(a->statements.item[0].kind, CONF_ATTESTATION_TPM2_CERTIFY);
	ck_assert(bytes_equal(octets_view(&a->statements.item[0].type.content), BYTES_OF(oid)));
	ck_assert_int_eq(a->statements.item[1].kind, CONF_ATTESTATION_X509);
	ck_assert_str_eq(a->statements.item[1].type.text, "1.3.6.1.4.1.99999.1");
	ck_assert_uint_eq(a->extensions.len, 2);
	ck_assert(bytes_equal(octets_view(&a->extensions.item[0].value), BYTES_OF(value)));
	ck_assert_uint_eq(a->extensions.item[1].value.len, 0);
	ck_assert_int_eq(none->policy, CONF_ATTESTATION_IGNORE);
	ck_assert_int_eq(none->nonce, CONF_ATTESTATION_NONCE_REQUIRE);
	ck_assert_uint_eq(none->statements.len, 1);
	ck_assert_ptr_null(none->trusted);
}
END_TEST

START_TEST(test_good_client_policies)
{
	_cleanup_(conf_freep) struct conf *conf = load_good(good);
	_cleanup_(freep) char *text =
		changed(NULL, "[client_policy default]\nmac_iterations_min = 700\n");
	_cleanup_(conf_freep) struct conf *own = load_good(text);

	ck_assert_uint_eq(conf_client_policy_find(conf, "legacy")->rsa_bits_min, 3072);
	ck_assert_uint_eq(conf_client_policy_find(conf, "legacy")->mac_iterations_min, 0);
	/* The builtin one. */
	ck_assert_ptr_nonnull(conf_client_policy_find(conf, NULL));
	ck_assert_ptr_eq(conf_client_policy_find(conf, NULL),
			 conf_client_policy_find(conf, "default"));
	ck_assert_uint_eq(conf_client_policy_find(conf, NULL)->mac_iterations_min, 0);
	ck_assert_ptr_null(conf_client_policy_find(conf, "other"));
	/* A section of that name replaces it. */
	ck_assert_uint_eq(own->n_client_policies, 2);
	ck_assert_uint_eq(conf_client_policy_find(own, NULL)->mac_iterations_min, 700);
}
END_TEST

START_TEST(test_good_trust_domains)
{
	_cleanup_(conf_freep) struct conf *conf = load_good(good);
	const struct conf_trust_domain *a = conf_trust_domain_find(conf, "a");
	const struct conf_trust_domain *b = conf_trust_domain_find(conf, "b");
	static const uint8_t within[] = {10, 1, 255, 1}, outside[] = {10, 2, 0, 1};

	ck_assert_ptr_null(conf_trust_domain_find(conf, "c"));
	ck_assert_uint_eq(a->cert_types, 1 << CERT_TYPE_MANO | 1 << CERT_TYPE_VNF_OAM);
	ck_assert_uint_eq(a->subject_ids.len, 2);
	ck_assert_str_eq(a->subject_ids.item[1], "*.a.example");
	ck_assert(conf_list_has(&a->dns_suffixes, "Example.Net"));
	ck_assert(conf_ip_ranges_have(&a->ip_addresses, BYTES_OF(within)));
	ck_assert(!conf_ip_ranges_have(&a->ip_addresses, BYTES_OF(outside)));
	ck_assert(conf_list_has(&a->cas, "issuing"));
	ck_assert(conf_list_has(&a->profiles, "strict"));
	ck_assert_uint_eq(a->registrations_max, 10000);
	ck_assert(conf_list_has(&a->callback_hosts, "127.0.0.1"));
	ck_assert(!a->shared_names);
	ck_assert_uint_eq(conf->events.expiring.len, 2);
	ck_assert_int_eq(conf->events.expiring.ms[0], INT64_C(14) * 86400000);
	ck_assert_int_eq(conf->events.expiring.ms[1], 3600000);
	/* What is absent does not limit. */
	ck_assert_uint_eq(b->cert_types, 0);
	ck_assert_uint_eq(b->registrations_max, 0);
	ck_assert_uint_eq(b->cas.len, 0);
	ck_assert(b->shared_names);
}
END_TEST

START_TEST(test_good_extensions)
{
	_cleanup_(conf_freep) struct conf *conf = load_good(good);
	const struct conf_profile *p = conf_profile_find(conf, "VnfciCert");
	/* By hand, from RFC 5280 4.1 and 4.2.1.3: OID 2.5.29.15, TRUE, digitalSignature */
	static const uint8_t key_usage[] = {0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d, 0x0f, 0x01,
					    0x01, 0xff, 0x04, 0x04, 0x03, 0x02, 0x07, 0x80};
	/* OID 1.2.3.4, NULL */
	static const uint8_t unknown[] = {0x30, 0x09, 0x06, 0x03, 0x2a, 0x03,
					  0x04, 0x04, 0x02, 0x05, 0x00};

	ck_assert_uint_eq(p->n_extensions, 3);
	ck_assert_int_eq(p->extensions[0].nid, NID_key_usage);
	ck_assert(p->extensions[0].critical);
	ck_assert(bytes_equal((struct bytes){p->extensions[0].der, p->extensions[0].der_len},
			      BYTES_OF(key_usage)));
	ck_assert(bytes_equal((struct bytes){p->extensions[0].value, p->extensions[0].value_len},
			      (struct bytes){key_usage + 12, 4}));
	ck_assert_int_eq(p->extensions[1].nid, NID_certificate_policies);
	ck_assert(!p->extensions[1].critical);
	ck_assert_int_eq(p->extensions[2].nid, NID_undef);
	ck_assert(bytes_equal((struct bytes){p->extensions[2].der, p->extensions[2].der_len},
			      BYTES_OF(unknown)));
}
END_TEST

static const struct {
	const char *pattern;
	const char *ids[CONF_DNS_IDS]; /* subjectId, vnfInstanceId, vnfdId, vduId */
	const char *name;              /* NULL: it gives none; "": it is no pattern */
} dns_patterns[] = {
	{"<subjectId>.example.net", {"c-1"}, "c-1.example.net"},
	{"a.<subjectId>.<vnfInstanceId>.n", {"c-1", "V2"}, "a.c-1.V2.n"},
	{"vnfc-<subjectId>-x.<vduId>.<vnfdId>.n", {"1", NULL, "d", "web"}, "vnfc-1-x.web.d.n"},
	{"<subjectId>.<vduId>.n", {"1"}, NULL},
	{"<subjectId>.n", {""}, NULL},
	{"<subjectId>.n", {"a.b"}, NULL},
	{"<subjectId>.n", {"a_b"}, NULL},
	{"<subjectId>.n", {"*"}, NULL},
	{"<subjectId>.n", {"-a"}, NULL},
	{"<subjectId>.n", {"\xc3\xa4"}, NULL},
	{"a<subjectId>.n",
	 {"123456789012345678901234567890123456789012345678901234567890123"},
	 NULL},
	{"<subjectId>.n", {"<vduId>", NULL, NULL, "x"}, NULL},
	{"<vnfInstanceId>.example.net", {0}, ""},
	{"<subjectId>-<vduId>.example.net", {0}, ""},
	{"<subjectId>", {0}, ""},
	{"<subjectId>.*.net", {0}, ""},
	{"<subjectid>.example.net", {0}, ""},
	{"<subjectId>.<vnfc>.example.net", {0}, ""},
	{"<subjectId>.example.net.", {0}, ""},
};

START_TEST(test_dns_patterns)
{
	const char *expected = dns_patterns[_i].name;
	char name[CONF_DNS_NAME_SIZE];
	bool is_pattern = !expected || *expected;

	ck_assert_int_eq(conf_dns_pattern_valid(dns_patterns[_i].pattern), is_pattern);
	if (!is_pattern)
		return;
	ck_assert_int_eq(conf_dns_name_make(dns_patterns[_i].pattern, dns_patterns[_i].ids, name),
			 expected != NULL);
	if (expected)
		ck_assert_str_eq(name, expected);
}
END_TEST

START_TEST(test_good_vnfms)
{
	_cleanup_(conf_freep) struct conf *conf = load_good(good);
	const struct conf_vnfm *vnfm = conf_vnfm_find(conf, "sim");

	ck_assert_uint_eq(conf->n_vnfms, 1);
	ck_assert_ptr_null(conf_vnfm_find(conf, "other"));
	ck_assert_str_eq(vnfm->api_root, "http://127.0.0.1:9890");
	ck_assert_ptr_null(vnfm->client);
	assert_path(vnfm->callback_password_file, "/store.key");
	ck_assert_int_eq(vnfm->callback_token, CONF_CALLBACK_TOKEN_NONE);
	ck_assert_int_eq(vnfm->initial_credential, CONF_INITIAL_SECRET);
	assert_path(vnfm->initial_credential_dir, "/lcm-secrets");
	ck_assert_int_eq(vnfm->on_removed, CONF_ON_REMOVED_REVOKE);
	ck_assert_int_eq(vnfm->hold_max_ms, 86400000);
	ck_assert_int_eq(vnfm->resync_interval_ms, 300000);
	ck_assert_uint_eq(vnfm->resync_revoke_max, 100);
	/* In the order of rules, not of the file. */
	ck_assert_str_eq(conf_vnfm_rule_for(conf, vnfm, "vnfd-1", "db-2")->name, "databases");
	ck_assert_str_eq(conf_vnfm_rule_for(conf, vnfm, "vnfd-12", "db-2")->name, "rest");
	ck_assert_str_eq(conf_vnfm_rule_for(conf, vnfm, "x", "web")->name, "rest");
}
END_TEST

/* What is changed in the good file, and the one line that must come of it. */
static const struct {
	const char *old;
	const char *new;
	const char *problem;
} mistakes[] = {
	/* The file */
	{"[log]", "[log", "line 6: missing close square bracket"},
	{"format = json", "format", "line 7: missing equal sign"},
	{"format = json", "format = json\nformat = json", "[log] format: this key is there twice"},
	{"format = json", "format = js\\\non\nformat=json",
	 "[log] format: this key is there twice"},
	{"[log]\n", "[log]\n[log]\n", "[log]: this section is there twice"},
	{"[policy]", "[ca  central]\n[policy]", "[ca  central]: this section is there twice"},
	{"[log]\n", "[log]\nserver::workers = 1\n",
	 "[log]: server::workers: a key must stand in its own section"},
	{"[log]\n", "[log]\n.pragma = dollarid:on\n", "[log]: .pragma is not supported here"},
	{"dir = ca\n", "dir = ca\nformat = json\n",
	 "[default] format: this key stands outside of any section, and nothing uses $format"},
	/* VNFMs */
	{"http://127.0.0.1:9890", "http://vnfm.example",
	 "[vnfm sim] api_root: http goes to a loopback address only; use https"},
	{"http://127.0.0.1:9890", "https://vnfm.example/?a=b",
	 "[vnfm sim] api_root: no query, fragment or user name is taken here"},
	{"https://cmf.example/lcm/sim", "https://cmf.example",
	 "[vnfm sim] callback_uri: a path of its own is needed, without escapes, as /lcm/sim"},
	{"https://cmf.example/lcm/sim", "https://cmf.example/crl/sim",
	 "[vnfm sim] callback_uri: something else is served at /crl/sim"},
	{"https://cmf.example/lcm/sim", "https://cmf.example/aia/sim",
	 "[vnfm sim] callback_uri: something else is served at /aia/sim"},
	{"https://cmf.example/lcm/sim", "http://cmf.example/lcm/sim",
	 "[vnfm sim] callback_uri: http goes to a loopback address only; use https"},
	{"callback_user = vnfm\ncallback_password_file = store.key\n", "",
	 "[vnfm sim] callback_user: a callback that others can reach needs this key, "
	 "callback_token or callback_certificate"},
	{"callback_password_file = store.key\n", "",
	 "[vnfm sim] callback_password_file: callback_user needs this key"},
	{"https://cmf.example/lcm/sim", "http://localhost/lcm/sim\ncallback_certificate = cmf.pem",
	 "[vnfm sim] callback_certificate: callback_uri is without TLS, where nobody shows a "
	 "certificate"},
	{"trust_domain = a\n",
	 "trust_domain = a\noauth2_token_uri = https://as.example/t\noauth2_client_id = cmf\n",
	 "[vnfm sim] oauth2_client_secret_file: oauth2_token_uri needs this key, or "
	 "tls_certificate and tls_key"},
	{"trust_domain = a\n", "trust_domain = a\nuser = cmf\n",
	 "[vnfm sim] password_file: user needs this key"},
	{"initial_credential = secret", "initial_credential = none",
	 "[vnfm sim] initial_credential_dir: without initial_credential = secret nothing uses this "
	 "key"},
	{"rules = databases, rest", "rules = databases",
	 "[vnfm_rule rest]: this rule is not in rules of any [vnfm NAME]"},
	{"rules = databases, rest", "rules = databases, rest, other",
	 "[vnfm sim] rules: there is no section [vnfm_rule other]"},
	{"db*\nprofile = strict", "db*\nprofile = lax",
	 "[vnfm_rule databases] profile: there is no section [profile lax]"},
	{"[vnfm_rule rest]",
	 "[vnfm two]\napi_root = https://b.example\ntrust_domain = b\nprofile = VnfciCert\n"
	 "callback_uri = http://127.0.0.1/lcm/sim\n[vnfm_rule rest]",
	 "[vnfm two] callback_uri: [vnfm sim] has the same path"},
	{"[vnfm_rule rest]",
	 "[vnfm two]\napi_root = https://b.example\ntrust_domain = b\nprofile = VnfciCert\n"
	 "callback_uri = http://127.0.0.1/lcm/two\ninitial_credential = secret\n"
	 "initial_credential_dir = lcm-secrets\n[vnfm_rule rest]",
	 "[vnfm two] initial_credential_dir: [vnfm sim] has the same; each needs one of its own, "
	 "for the same VNF instance and VNFC may be in both"},
	{"[vnfm_rule rest]",
	 "[vnfm two]\napi_root = https://b.example\ntrust_domain = b\nprofile = VnfciCert\n"
	 "callback_uri = http://127.0.0.1/lcm/two\ninitial_credential = attestation\n"
	 "[vnfm_rule rest]",
	 "[vnfm two] initial_credential: attestation needs attestation_trusted or "
	 "attestation_verifier in [profile VnfciCert]"},
	{"databases, rest\n", "databases, rest\ndns_names = <vnfInstanceId>.a.example\n",
	 "[vnfm sim] dns_names: \"<vnfInstanceId>.a.example\" is no host name in which <subjectId> "
	 "stands, and where wanted <vnfInstanceId>, <vnfdId> or <vduId>, each in a label of its "
	 "own, as <subjectId>.<vnfInstanceId>.example.net"},
	{"databases, rest\n", "databases, rest\ndns_names = <subjectId>.c.example\n",
	 "[vnfm sim] dns_names: <subjectId>.c.example is not below dns_suffixes of "
	 "[trust_domain a]"},
	{"exclude = yes\n", "exclude = yes\ndns_names = <subjectId>.c.example\n",
	 "[vnfm_rule rest] dns_names: <subjectId>.c.example is not below dns_suffixes of "
	 "[trust_domain a]"},
	{"initial_credential_dir = lcm-secrets\n", "initial_credential_uri = https://b.example/x\n",
	 "[vnfm sim] initial_credential_token_file: initial_credential_uri needs this key, or "
	 "tls_certificate and tls_key"},
	{"initial_credential_dir = lcm-secrets\n", "initial_credential_uri = http://b.example/x\n",
	 "[vnfm sim] initial_credential_uri: http goes to a loopback address only; use https"},
	{"initial_credential_dir = lcm-secrets\n", "initial_credential_token_file = store.key\n",
	 "[vnfm sim] initial_credential_token_file: without initial_credential_uri nothing uses "
	 "this key"},
	{"[vnfm_rule rest]",
	 "[vnfm two]\napi_root = https://b.example\ntrust_domain = b\nprofile = VnfciCert\n"
	 "callback_uri = http://127.0.0.1/lcm/two\ninitial_credential_uri = http://127.0.0.1/x\n"
	 "[vnfm_rule rest]",
	 "[vnfm two] initial_credential_uri: without initial_credential = secret nothing uses this "
	 "key"},
	{"[vnfm_rule rest]",
	 "[vnfm two]\napi_root = https://b.example\ntrust_domain = b\nprofile = VnfciCert\n"
	 "callback_uri = http://127.0.0.1/lcm/two\ncallback_listen = 192.0.2.1:99\n"
	 "[vnfm_rule rest]",
	 "[vnfm two] callback_listen: 192.0.2.1 is no loopback address: callback_uri has to be "
	 "https"},
	{"[vnfm_rule rest]",
	 "[vnfm two]\napi_root = https://b.example\ntrust_domain = b\nprofile = VnfciCert\n"
	 "callback_uri = http://127.0.0.1/lcm/two\ncallback_listen = [::1]:8080\n"
	 "[vnfm_rule rest]",
	 "[vnfm two] callback_listen: ::1 port 8080 is there twice"},
	/* Unknown */
	{"format =", "fromat =", "[log] fromat: there is no such key in this kind of section"},
	{"[log]", "[logs]",
	 "[logs]: unknown section, and no profile names it in extension_section"},
	{NULL, "[left]\nkeyUsage = cRLSign\n",
	 "[left]: unknown section, and no profile names it in extension_section"},
	{"[log]", "[server x]",
	 "[server x]: unknown section, and no profile names it in extension_section"},
	{"second, first", "second", "[ca_rule first]: this rule is not in ca_rules of [cmf]"},
	{"second, first", "second, first, third",
	 "[cmf] ca_rules: there is no section [ca_rule third]"},
	{"second, first", "second, first, second", "[cmf] ca_rules: \"second\" is there twice"},
	/* A key of [default] must not stand in for one that is missing. */
	{"key_types = ed448", "# $key_types", "[profile strict] key_types: this key is required"},
	/* Required */
	{"listen = 127.0.0.1:8080, [::1]:8080\n", "",
	 "[server] listen: listen or listen_tls is required"},
	{"certificate = cmf.pem\n", "", "[protection] certificate: this key is required"},
	{"database = cmf.db\n", "", "[store] database: this key is required"},
	{"type = internal\n", "", "[ca issuing] type: this key is required"},
	{"certificate = $dir/issuing.pem\n", "# $dir\n",
	 "[ca issuing] certificate: type = internal requires this key"},
	{"key = ./ca/issuing.key\n", "", "[ca issuing] key: type = internal requires this key"},
	{"trusted = cmf.pem\n", "", "[ca central] trusted: type = upstream requires this key"},
	{"server_url = http://ca.example/.well-known/cmp\n", "",
	 "[ca central] server_url: type = upstream requires this key"},
	{"cert_type = VnfOAMCert\n", "",
	 "[profile strict] cert_type: required, since the profile's name is not a certType"},
	/* Values */
	{"127.0.0.1:8080", "nonsense:port",
	 "[server] listen: \"nonsense:port\" is not ADDRESS:PORT, as 127.0.0.1:8080, [::1]:8080 or "
	 "unix:/path"},
	{"127.0.0.1:8080", "127.0.0.1:65536",
	 "[server] listen: \"127.0.0.1:65536\" is not ADDRESS:PORT, as 127.0.0.1:8080, [::1]:8080 "
	 "or "
	 "unix:/path"},
	{"127.0.0.1:8080, ", "127.0.0.1:8080,, ", "[server] listen: an item of the list is empty"},
	{"format = json",
	 "format =", "[log] format: the value is empty; give one or remove the line"},
	{"format = json", "format = xml", "[log] format: \"xml\" is not one of logfmt, json"},
	{"0660", "0o660",
	 "[server] admin_socket_mode: \"0o660\" is not a file mode in octal, as 0660"},
	{"90s", "90 s",
	 "[server] idle_timeout: \"90 s\" is not a duration, as 30s, 15m, 12h or 90d"},
	{"14d, 1h", "14d, 0", "[events] expiring: 0 is not between 1s and 3650d"},
	{"14d, 1h", "14d, x",
	 "[events] expiring: \"x\" is not a duration, as 30s, 15m, 12h or 90d"},
	{"expiring = 14d, 1h", "tls_key = cmf.key",
	 "[events] tls_certificate: tls_key needs this key"},
	{"90s", "2d", "[server] idle_timeout: 2d is not between 1s and 1d"},
	{"idle_timeout = 90s", "workers = 0", "[server] workers: 0 is not between 1 and 1024"},
	{"idle_timeout = 90s", "paths = pkix/",
	 "[server] paths: \"pkix/\" is not a path of its own, as /pkix/ or /cmp/<profile>"},
	{"idle_timeout = 90s", "paths = /pkix/, /<profile>/x",
	 "[server] paths: \"/<profile>/x\" is not a path of its own, as /pkix/ or /cmp/<profile>"},
	{"idle_timeout = 90s", "paths = /crl/x",
	 "[server] paths: \"/crl/x\" is not a path of its own, as /pkix/ or /cmp/<profile>"},
	{"idle_timeout = 90s", "paths = /aia/x",
	 "[server] paths: \"/aia/x\" is not a path of its own, as /pkix/ or /cmp/<profile>"},
	{"idle_timeout = 90s", "paths = /",
	 "[server] paths: \"/\" is not a path of its own, as /pkix/ or /cmp/<profile>"},
	{"idle_timeout = 90s", "workers = -1", "[server] workers: \"-1\" is not a number"},
	{"idle_timeout = 90s", "workers = 99999999999",
	 "[server] workers: \"99999999999\" is not a number"},
	{"default_ca = issuing", "default_ca = issuing\nimplicit_confirm = maybe",
	 "[cmf] implicit_confirm: \"maybe\" is not yes or no"},
	{"http://a.example/x.crl", "a.example",
	 "[ca issuing] crl_distribution_points: \"a.example\" is not a URI, as http://host/path"},
	{"http://ca.example/.well-known/cmp", "ftp://ca.example/",
	 "[ca central] server_url: \"ftp://ca.example/\" is not http://HOST/PATH or "
	 "https://HOST/PATH"},
	{"/CN=Central", "CN=Central",
	 "[ca central] recipient: \"CN=Central\" is not a name of the form /O=Example/CN=name"},
	{"/CN=Central", "/Nothing=x",
	 "[ca central] recipient: \"/Nothing=x\": Nothing is not a type of attribute, such as CN, "
	 "OU, O or C"},
	{"/CN=Central", "/O=a+XN=b",
	 "[ca central] recipient: \"/O=a+XN=b\": XN is not a type of attribute, such as CN, OU, O "
	 "or C; a + that is part of a value has a backslash before it"},
	{"key_types = ed448", "key_types = ed448\nuris = https://example.net*",
	 "[profile strict] uris: \"https://example.net*\" is neither * nor a URI, in which "
	 "<subjectId> and "
	 "<vnfInstanceId> may stand, and * at the end, behind one of / : ? ="},
	{"key_types = ed448", "key_types = ed448\nuris = https://*.example.net/",
	 "[profile strict] uris: \"https://*.example.net/\" is neither * nor a URI, in which "
	 "<subjectId> and "
	 "<vnfInstanceId> may stand, and * at the end, behind one of / : ? ="},
	{"key_types = ed448", "key_types = ed448\nuris = https://<name>.example.net/",
	 "[profile strict] uris: \"https://<name>.example.net/\" is neither * nor a URI, in which "
	 "<subjectId> and "
	 "<vnfInstanceId> may stand, and * at the end, behind one of / : ? ="},
	{"key_types = ed448", "key_types = ed448\nuris = example.net/<subjectId>",
	 "[profile strict] uris: \"example.net/<subjectId>\" is neither * nor a URI, in which "
	 "<subjectId> and "
	 "<vnfInstanceId> may stand, and * at the end, behind one of / : ? ="},
	{"key_types = ed448", "key_types = ed448\nuris = https://example.net/../",
	 "[profile strict] uris: \"https://example.net/../\" is neither * nor a URI, in which "
	 "<subjectId> and "
	 "<vnfInstanceId> may stand, and * at the end, behind one of / : ? ="},
	{"key_types = ed448", "key_types = ed448\ncross_subject = /C=Germany",
	 "[profile strict] cross_subject: \"/C=Germany\": \"Germany\" cannot be a value of C"},
	{"key_types = ed448", "key_types = ed448\nattestation = maybe",
	 "[profile strict] attestation: \"maybe\" is not one of ignore, verify, require, "
	 "forward"},
	{"key_types = ed448", "key_types = ed448\nattestation_statements = 1.2.3 = external",
	 "[profile strict] attestation_verifier: is required for statements of the kind external"},
	{"key_types = ed448",
	 "key_types = ed448\nattestation_verifier = https://verifier.example.net/",
	 "[profile strict] attestation_verifier: needs attestation_verifier_jwks and "
	 "attestation_verifier_issuer"},
	{"key_types = ed448", "key_types = ed448\nattestation_statements = tpm",
	 "[profile strict] attestation_statements: \"tpm\" is not an OID, as 2.23.133.20.1"},
	{"key_types = ed448", "key_types = ed448\nattestation_statements = 1.2.3",
	 "[profile strict] attestation_statements: \"1.2.3\" needs who verifies it: \"1.2.3 = "
	 "x509\" or \"1.2.3 = tpm2-certify\""},
	{"key_types = ed448",
	 "key_types = ed448\nattestation_statements = 1.2.3 = x509, 1.2.3=x509",
	 "[profile strict] attestation_statements: \"1.2.3\" is there twice"},
	{"key_types = ed448", "key_types = ed448\nattestation_extensions = 1.2.3 = 0g",
	 "[profile strict] attestation_extensions: \"0g\" is not the value of an extension in hex"},
	{"key_types = ed448",
	 "key_types = ed448\nattestation = verify\nattestation_statements = 1.2.3 = x509",
	 "[profile strict] attestation_nonce: no statement in attestation_statements can have one; "
	 "set it to ignore"},
	{"key_types = ed448", "key_types = ed448\nattestation_crls = ca/root.pem",
	 "[profile strict] attestation_crls: needs attestation_trusted, to which the paths lead"},
	{"key = ./ca", "digest = sha1\nkey = ./ca",
	 "[ca issuing] digest: \"sha1\" is not sha256, sha384, sha512, sha3-256, sha3-384 or "
	 "sha3-512"},
	{"VNFOAM_CERT", "VNFOAM",
	 "[ca_rule second] cert_type: \"VNFOAM\" is not ManoCert, VnfciCert or VnfOAMCert"},
	{"rsa:2048-4096", "rsa:1024-4096",
	 "[profile VnfciCert] key_types: rsa:1024-4096 is not a range within 2048 and 16384 bits"},
	{"rsa:2048-4096", "rsa:2048",
	 "[profile VnfciCert] key_types: \"rsa:2048\" is not rsa:MIN-MAX, as rsa:2048-4096"},
	{"ec:P-256", "ec:P-257",
	 "[profile VnfciCert] key_types: \"P-257\" is not a curve that this OpenSSL knows"},
	{"ed25519", "dsa",
	 "[profile VnfciCert] key_types: \"dsa\" is not rsa:MIN-MAX, ec:CURVE, ed25519, "
	 "ed448, x25519, x448, ml-kem-512, -768, -1024, ml-dsa-44, -65, -87 or "
	 "slh-dsa-sha2-128s ..."},
	{"10.0.0.0/8", "10.0.0.0/33",
	 "[profile VnfciCert] ip_addresses: \"10.0.0.0/33\" is not a range ADDRESS/BITS, as "
	 "10.0.0.0/8 "
	 "or fd00::/8"},
	{"10.0.0.0/8", "10.0.0.1/8",
	 "[profile VnfciCert] ip_addresses: \"10.0.0.1/8\" has bits set after the first 8"},
	{"= O, OU", "= O, NoSuch",
	 "[profile strict] subject_attributes: \"NoSuch\" is not an attribute type, as O or OU"},
	{"MANO_CERT, ", "MANO, ",
	 "[trust_domain a] cert_types: \"MANO\" is not ManoCert, VnfciCert or VnfOAMCert"},
	{"a.example, Ex", ".a.example, Ex",
	 "[trust_domain a] dns_suffixes: \".a.example\" is not a host name, as example.net"},
	{"a.example, Ex", "*.a.example, Ex",
	 "[trust_domain a] dns_suffixes: \"*.a.example\" is not a host name, as example.net"},
	{"registrations_max = 10000", "registrations_max = many",
	 "[trust_domain a] registrations_max: \"many\" is not a number"},
	/* What contradicts */
	{"ca = issuing\nprofiles", "ca = none\nprofiles",
	 "[trust_domain a] ca: there is no section [ca none]"},
	{"profiles = strict", "profiles = none",
	 "[trust_domain a] profiles: there is no section [profile none]"},
	/* One below the other, in another case; by the rules, b may have the CA `issuing`, too. */
	{"shared_names = yes\n", "",
	 "[trust_domain b] dns_suffixes: sub.example.net overlaps with those of [trust_domain a] "
	 "under the CA issuing; if both are to have such names, set shared_names = yes in one of "
	 "them"},
	{"admin_socket_mode", "listen_tls = 127.0.0.1:8443\ntls_key = cmf.key\nadmin_socket_mode",
	 "[server] tls_certificate: listen_tls needs this key"},
	{"admin_socket_mode",
	 "listen_tls = 127.0.0.1:8443\ntls_certificate = cmf.pem\nadmin_socket_mode",
	 "[server] tls_key: listen_tls needs this key"},
	{"admin_socket_mode", "tls_certificate = cmf.pem\nadmin_socket_mode",
	 "[server] tls_certificate: without listen_tls or listen_nfv nothing uses this key"},
	{"admin_socket_mode",
	 "listen_nfv = 127.0.0.1:8443\ntls_certificate = cmf.pem\nadmin_socket_mode",
	 "[server] tls_key: listen_nfv needs this key"},
	{"admin_socket_mode", "listen_nfv = 127.0.0.9:81, 192.0.2.1:81\nadmin_socket_mode",
	 "[server] listen_nfv: 192.0.2.1 is no loopback address: needs tls_certificate and "
	 "tls_key"},
	{"admin_socket_mode", "listen_nfv = [::1]:81, [::]:81\nadmin_socket_mode",
	 "[server] listen_nfv: :: is no loopback address: needs tls_certificate and tls_key"},
	{"admin_socket_mode", "listen_nfv = [::1]:8080\nadmin_socket_mode",
	 "[server] listen_nfv: ::1 port 8080 is there twice"},
	{"admin_socket_mode", "json_body_max = 4096\nadmin_socket_mode",
	 "[server] json_body_max: less than body_max"},
	{"admin_socket_mode", "listen_metrics = [::1]:8080\nadmin_socket_mode",
	 "[server] listen_metrics: ::1 port 8080 is there twice"},
	{NULL, "[oauth2]\naudience = cmf\njwks_file = store.key\n",
	 "[oauth2] issuer: the other keys need this one"},
	{NULL, "[oauth2]\nissuer = https://as.example\njwks_file = store.key\n",
	 "[oauth2] audience: issuer needs this key"},
	{NULL, "[oauth2]\nissuer = https://as.example\naudience = cmf\n",
	 "[oauth2] jwks_file: either jwks_file or jwks_url is required"},
	{NULL,
	 "[oauth2]\nissuer = https://as.example\naudience = cmf\njwks_file = store.key\n"
	 "jwks_url = https://as.example/jwks\n",
	 "[oauth2] jwks_file: either jwks_file or jwks_url is required, not both"},
	{NULL,
	 "[oauth2]\nissuer = https://as.example\naudience = cmf\njwks_file = store.key\n"
	 "jwks_trusted = cmf.pem\n",
	 "[oauth2] jwks_trusted: without jwks_url nothing uses this key"},
	{"mac_iterations_min = 500", "mac_iterations_min = 100001",
	 "[protection] mac_iterations_min: more than mac_iterations_max"},
	{"default_ca = issuing",
	 "default_ca = issuing\n[client_policy weak]\nmac_iterations_max = 400",
	 "[client_policy weak] mac_iterations_max: less than mac_iterations_min of [protection]"},
	{"default_ca = issuing",
	 "default_ca = issuing\n[client_policy none]\nmac_iterations_min = 100001",
	 "[client_policy none] mac_iterations_min: more than the most iterations that are accepted "
	 "(100000)"},
	{"default_ca = issuing", "default_ca = none",
	 "[cmf] default_ca: there is no section [ca none]"},
	{"ca = central", "ca = none", "[ca_rule first] ca: there is no section [ca none]"},
	{"profile = strict", "profile = none",
	 "[ca_rule second] profile: there is no section [profile none]"},
	{"profile = strict", "profile = VnfciCert",
	 "[ca_rule second] profile: this profile is for VnfciCert, so the rule never matches"},
	{"trusted = cmf.pem", "trusted = cmf.pem\nkey = cmf.key",
	 "[ca central] key: this key is not for type = upstream"},
	{"key = ./ca", "server_url = http://a/\nkey = ./ca",
	 "[ca issuing] server_url: this key is not for type = internal"},
	{"ra_secret_file = store.key\n", "",
	 "[ca central] ra_secret_file: ra_reference needs this key"},
	{"ra_reference = \\#1\\$\nra_secret_file = store.key\n", "ra_certificate = cmf.pem\n",
	 "[ca central] ra_key: ra_certificate needs this key"},
	{"ra_reference = \\#1\\$\nra_secret_file = store.key\n", "",
	 "[ca central] ra_certificate: either ra_certificate and ra_key, or ra_reference and "
	 "ra_secret_file is required"},
	{"ra_reference", "ra_key = cmf.key\nra_certificate = cmf.pem\nra_reference",
	 "[ca central] ra_certificate: either ra_certificate and ra_key, or ra_reference and "
	 "ra_secret_file is required, not both"},
	/* deadlock_timeout of PostgreSQL is 1 s. */
	{"[store]", "[store]\ntimeout = 1999ms",
	 "[store] timeout: 1999ms is not between 2s and 1m"},
	{"[store]", "[retention]\ncertificates = 23h\n[store]",
	 "[retention] certificates: shorter than a day"},
	{"[store]", "[retention]\ntransactions = 599s\n[store]\ntransaction_retention = 1h",
	 "[retention] transactions: shorter than twice message_time_window: a message could be "
	 "played again when its transaction has gone"},
	{"[store]", "[store]\ntransaction_retention = 599s",
	 "[store] transaction_retention: shorter than twice message_time_window: a message could "
	 "be "
	 "played again when its transaction has gone"},
	{"key = ./ca", "crl_interval = 1d\ncrl_revocation_interval = 2d\nkey = ./ca",
	 "[ca issuing] crl_revocation_interval: longer than crl_interval, after which there is a "
	 "CRL "
	 "anyhow"},
	{"key = ./ca", "crl_interval = 8d\nkey = ./ca",
	 "[ca issuing] crl_interval: longer than crl_validity: CRLs would expire before the next "
	 "one"},
	{"validity = 30d", "validity = 398d",
	 "[profile VnfciCert] validity: longer than validity_max"},
	{"validity = 30d", "cert_type = ManoCert",
	 "[profile VnfciCert] cert_type: contradicts the profile's name"},
	{NULL, "[profile VNFCI_CERT]\nkey_types = ed448\n",
	 "[profile VNFCI_CERT]: there are two default profiles for VnfciCert"},
	{NULL, "[profile a/b]\nkey_types = ed448\n",
	 "[profile a/b]: a name is needed: [profile NAME], of letters, digits and \"-_.\""},
	{NULL, "[ca]\n", "[ca]: a name is needed: [ca NAME], of letters, digits and \"-_.\""},
	/* Cross-certificates: one CA each, and CA certificates. RFC 5280 4.2.1.3, 4.2.1.9 */
	{"validity = 30d", "validity = 30d\ncross_subject = /CN=x",
	 "[profile VnfciCert] cross_subject: not in a default profile: it is for one CA"},
	{"key_types = ed448", "key_types = ed448\ncross_subject = /CN=x",
	 "[profile strict] extension_section: cross-certificates need basicConstraints = critical, "
	 "CA:TRUE and keyUsage = critical, keyCertSign"},
	/* Extensions */
	{"extension_section = usage\n[profile", "extension_section = usages\n[profile",
	 "[profile VnfciCert] extension_section: there is no section [usages]"},
	{"keyUsage = critical, digitalSignature", "keyUsage = critical, sign",
	 "[usage] keyUsage: unknown bit string argument (sign)"},
	{"1.2.3.4 = DER:0500", "noSuchExtension = 1",
	 "[usage] noSuchExtension: unknown extension name"},
	{"1.2.3.4 = DER:0500", "subjectKeyIdentifier = hash",
	 "[usage] subjectKeyIdentifier: the CA sets this extension; remove it here"},
	{"1.2.3.4 = DER:0500", "authorityKeyIdentifier = keyid",
	 "[usage] authorityKeyIdentifier: the CA sets this extension; remove it here"},
	{"1.2.3.4 = DER:0500", "subjectAltName = DNS:x",
	 "[usage] subjectAltName: the CA sets this extension; remove it here"},
	{"1.2.3.4 = DER:0500", "2.5.29.17 = DER:3000",
	 "[usage] 2.5.29.17: the CA sets this extension; remove it here"},
	{"1.2.3.4 = DER:0500", "crlDistributionPoints = URI:http://x/",
	 "[usage] crlDistributionPoints: the CA sets this extension; remove it here"},
	{"1.2.3.4 = DER:0500", "authorityInfoAccess = OCSP;URI:http://x/",
	 "[usage] authorityInfoAccess: the CA sets this extension; remove it here"},
	{"1.2.3.4 = DER:0500", "basicConstraints = critical, CA:TRUE",
	 "[usage] basicConstraints: certificates of registered entities must not be CA "
	 "certificates"},
	{"1.2.3.4 = DER:0500", "2.5.29.15 = DER:03020780",
	 "[usage] 2.5.29.15: this extension is there twice"},
};

/* Every line of the problems is the expected one (two profiles share the extension section). */
START_TEST(test_mistake)
{
	_cleanup_(freep) char *text = changed(mistakes[_i].old, mistakes[_i].new);
	_cleanup_(freep) char *problems = NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;
	char *next, *line;

	ck_assert_int_eq(load_as("cmf.cnf", text, &conf, &problems), -EINVAL);
	ck_assert_ptr_null(conf);
	ck_assert_str_ne(problems, "");
	next = problems;
	while ((line = strsep(&next, "\n")) != NULL && next)
		ck_assert_str_eq(line, mistakes[_i].problem);
}
END_TEST

/* A line "<key>: <directory>/<name>: <error>". */
static void assert_file_problem(const char *problems, const char *key, const char *name,
				const char *error)
{
	char line[256];

	snprintf(line, sizeof(line), "%s%s/%s: %s\n", key, directory, name, error);
	ck_assert_msg(strstr(problems, line) != NULL, "no line %s in:\n%s", line, problems);
}

/* A file beside others than it names: all of them are reported, and the bad address too. */
START_TEST(test_missing_files_and_a_bad_address)
{
	_cleanup_(freep) char *text = changed("127.0.0.1:8080", "nonsense:port");
	_cleanup_(freep) char *problems = NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;

	ck_assert_int_eq(load_as("ca/other.cnf", text, &conf, &problems), -EINVAL);
	ck_assert_ptr_nonnull(strstr(problems, "[server] listen: \"nonsense:port\" is not "));
	assert_file_problem(problems, "[store] secret_key: ", "ca/store.key",
			    "No such file or directory");
	assert_file_problem(problems, "[protection] certificate: ", "ca/cmf.pem",
			    "No such file or directory");
	/* Without it one CA alone does nothing: who loads it says so. */
	ck_assert_ptr_null(strstr(problems, "[ca issuing] key: "));
}
END_TEST

/* Who may not read the files, or is to make them, knows their names all the same. */
START_TEST(test_names_alone)
{
	_cleanup_(freep) char *text = changed("127.0.0.1:8080", "127.0.0.1:8081");
	_cleanup_(freep) char *problems = NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct strbuf none = STRBUF_NULL;
	char path[128], key[160];

	ck_assert_int_eq(load_as("ca/other.cnf", text, &conf, &problems), -EINVAL);
	snprintf(path, sizeof(path), "%s/ca/other.cnf", directory);
	snprintf(key, sizeof(key), "%s/ca/store.key", directory);
	ck_assert_int_eq(conf_load_names(path, &conf, &none), 0);
	ck_assert_uint_eq(none.len, 0);
	ck_assert_str_eq(conf->store.secret_key, key);
	strbuf_clear(&none);
}
END_TEST

START_TEST(test_file_is_missing_or_no_text)
{
	_cleanup_(freep) char *text = NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct strbuf problems = STRBUF_NULL;
	char path[128];

	snprintf(path, sizeof(path), "%s/none.cnf", directory);
	ck_assert_int_eq(conf_load(path, &conf, &problems), -ENOENT);
	text = strbuf_take(&problems);
	ck_assert_ptr_nonnull(
		strstr(text, "/none.cnf does not exist: `cmfctl init --dir DIR` makes a"));
	snprintf(path, sizeof(path), "%s/cmf.cnf", directory);
	ck_assert_int_eq(
		file_write_durable(path, (struct bytes){(const uint8_t *)"[log]\n\0", 7}, 0600), 0);
	ck_assert_int_eq(conf_load(path, &conf, &problems), -EINVAL);
	ck_assert_ptr_null(conf);
	strbuf_clear(&problems);
}
END_TEST

START_TEST(test_unreadable_directory_as_file)
{
	_cleanup_(freep) char *text = changed("secret_key = store.key", "secret_key = ca");
	_cleanup_(freep) char *problems = NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;

	ck_assert_int_eq(load_as("cmf.cnf", text, &conf, &problems), -EINVAL);
	assert_file_problem(problems, "[store] secret_key: ", "ca", "Is a directory");
}
END_TEST

static char *printed_by(void (*print)(const struct conf *conf, FILE *out), const struct conf *conf)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	print(conf, out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static char *printed(const struct conf *conf)
{
	return printed_by(conf_print, conf);
}

static void assert_same_extensions(const struct conf *a, const struct conf *b)
{
	ck_assert_uint_eq(a->n_profiles, b->n_profiles);
	for (size_t i = 0; i < a->n_profiles; i++) {
		const struct conf_profile *p = &a->profiles[i], *q = &b->profiles[i];

		ck_assert_uint_eq(p->n_extensions, q->n_extensions);
		for (size_t j = 0; j < p->n_extensions; j++)
			ck_assert(bytes_equal(
				(struct bytes){p->extensions[j].der, p->extensions[j].der_len},
				(struct bytes){q->extensions[j].der, q->extensions[j].der_len}));
	}
}

START_TEST(test_print_round_trip)
{
	_cleanup_(conf_freep) struct conf *first = load_good(good);
	_cleanup_(freep) char *text = printed(first);
	_cleanup_(conf_freep) struct conf *second = load_good(text);
	_cleanup_(freep) char *again = printed(second);

	ck_assert_str_eq(text, again);
	assert_same_extensions(first, second);
	ck_assert_str_eq(conf_ca_find(second, "central")->ra_reference, "#1$");
	ck_assert_str_eq(second->ca_rules[0].name, "second");
	ck_assert_uint_eq(second->profiles[0].ip_addresses.item[1].prefix_len, 8);
	/* Defaults are shown; keys of the other kind of CA are not. */
	ck_assert_ptr_nonnull(strstr(text, "\nworkers = 32\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nconfirm_wait = 5m\n"));
	ck_assert_ptr_null(strstr(text, "listen_tls"));
}
END_TEST

/* What may differ from node to node, and what may not. */
static const struct {
	const char *old;
	const char *new;
	bool same;
} shared[] = {
	{"listen = 127.0.0.1:8080", "listen = 127.0.0.1:8081", true},
	{"format = json", "format = logfmt", true},
	{"database = cmf.db", "database = other.db", true},
	{"database = cmf.db", "database = cmf.db\nnode = two", true},
	{"database = cmf.db", "database = cmf.db\nbatch_max = 7", true},
	{"[protection]", "[audit]\nsyslog = auth\n[protection]", true},
	{"expiring = 14d, 1h", "expiring = 14d, 1h\nworkers = 9", true},
	{"dir = ca", "dir = ca/../ca", true},
	{"database = cmf.db", "database = cmf.db\ntransaction_retention = 2h", false},
	{"mac_iterations_min = 500", "mac_iterations_min = 501", false},
	{"expiring = 14d, 1h", "expiring = 14d, 2h", false},
	{"default_ca = issuing", "default_ca = central", false},
	{"rsa_bits_min = 3072", "rsa_bits_min = 4096", false},
	{"critical, digitalSignature", "digitalSignature", false},
	{"subject_ids = vnf-*", "subject_ids = vnf-?", false},
	{"$dir/issuing.pem", "$dir/../cmf.pem", false},
};

START_TEST(test_print_shared)
{
	_cleanup_(conf_freep) struct conf *first = load_good(good);
	_cleanup_(freep) char *file = changed(shared[_i].old, shared[_i].new);
	_cleanup_(conf_freep) struct conf *second = load_good(file);
	_cleanup_(freep) char *one = printed_by(conf_print_shared, first);
	_cleanup_(freep) char *other = printed_by(conf_print_shared, second);

	ck_assert((strcmp(one, other) == 0) == shared[_i].same);
}
END_TEST

/* What is changed, and the line of refusal; NULL: it may change. */
static const struct {
	const char *old;
	const char *new;
	const char *problem;
} reloads[] = {
	{"format = json", "format = logfmt\nlevel = debug", NULL},
	{"validity = 30d", "validity = 31d", NULL},
	{"second, first", "first, second", NULL},
	{"keyUsage = critical, digitalSignature", "keyUsage = digitalSignature", NULL},
	{NULL, "[profile ManoCert]\nkey_types = ed448\n", NULL},
	{"127.0.0.1:8080", "127.0.0.1:8081",
	 "[server] listen: a change of this key needs a restart\n"},
	{"idle_timeout = 90s", "workers = 33",
	 "[server] workers: a change of this key needs a restart\n"
	 "[server] idle_timeout: a change of this key needs a restart\n"},
	{"database = cmf.db", "database = b.db",
	 "[store] database: a change of this key needs a restart\n"},
	{"key = pkcs11:token=cmf", "key = cmf.key", NULL},
	{"server_url = http://ca", "server_url = http://cb", NULL},
	{"recipient", "upstream_wait = 3s\nrecipient", NULL},
	/* Whether one that is gone is in use is looked at with the store. */
	{NULL, "[ca third]\ntype = internal\ncertificate = cmf.pem\nkey = cmf.key\n", NULL},
	{"http://127.0.0.1:9890", "http://127.0.0.1:9891",
	 "[vnfm sim] api_root: a change of this key needs a restart\n"},
	{"[vnfm sim]", "[vnfm other]",
	 "[vnfm]: VNFMs were added, removed, renamed or moved, which needs a restart\n"},
};

START_TEST(test_reload)
{
	_cleanup_(conf_freep) struct conf *now = load_good(good);
	_cleanup_(freep) char *text = changed(reloads[_i].old, reloads[_i].new);
	_cleanup_(conf_freep) struct conf *next = load_good(text);
	struct strbuf found = STRBUF_NULL;
	_cleanup_(freep) char *problems = NULL;
	int err = conf_reload_check(now, next, &found);

	problems = strbuf_take(&found);
	ck_assert_int_eq(err, reloads[_i].problem ? -EPERM : 0);
	ck_assert_str_eq(problems, reloads[_i].problem ? reloads[_i].problem : "");
}
END_TEST

/* The file that is shipped, conf/cmf.cnf. */
START_TEST(test_sample)
{
	_cleanup_(octets_clear) struct octets sample = OCTETS_NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(freep) char *text = NULL;

	ck_assert_int_eq(file_read(CONF_SAMPLE, 1 << 20, &sample), 0);
	text = strndup((char *)sample.data, sample.len);
	conf = load_good(text);
	ck_assert_str_eq(conf->cmf.default_ca, "issuing");
	for (int type = CERT_TYPE_MANO; type <= CERT_TYPE_VNF_OAM; type++) {
		const struct conf_profile *p = conf_profile_default(conf, (enum cert_type)type);

		ck_assert_ptr_nonnull(p);
		ck_assert_int_eq(p->common_name, CONF_NAME_SUBJECT_ID);
		ck_assert_uint_eq(p->ip_addresses.len, 0);
		ck_assert_uint_eq(p->n_extensions, 3);
	}
	ck_assert_int_eq(conf_profile_find(conf, "ManoCert")->dns_names, CONF_NAME_SUBJECT_ID);
	ck_assert_int_eq(conf_profile_find(conf, "VnfOAMCert")->dns_names,
			 CONF_NAME_SUBJECT_ID_LABEL);
}
END_TEST

/* A value in the text: the rest stays as it is, and what is like the key or the section is neither.
 */
static const struct {
	const char *text;
	const char *section;
	const char *key;
	const char *value;
	const char *result; /* NULL: there is no such key */
} text_sets[] = {
	{"[a]\nkey = 1 # old\nother = 2\n", "a", "key", "3", "[a]\nkey = 3\nother = 2\n"},
	{"key = 0\n[b]\nkey = 1\n[ a ]\n\tkey=2", "a", "key", "x/y",
	 "key = 0\n[b]\nkey = 1\n[ a ]\nkey = x/y\n"},
	{"[ca one]\nkey = 1\n[ca two]\nkey = 2\n", "ca two", "key", "#$\"'\\",
	 "[ca one]\nkey = 1\n[ca two]\nkey = \\#\\$\\\"\\'\\\\\n"},
	{"[a]\nkey = 1\\\n 2\nkeys = 3\n# key = 4\n", "a", "key", "5",
	 "[a]\nkey = 5\nkeys = 3\n# key = 4\n"},
	{"[a]\n# goes on \\\nkey = 1\nkey = 2\n", "a", "key", "3",
	 "[a]\n# goes on \\\nkey = 1\nkey = 3\n"},
	{"[a]\r\nkey = 1\r\n", "a", "key", "2", "[a]\r\nkey = 2\n"},
	{"[aa]\nkey = 1\n[a]\nkeys = 1\n", "a", "key", "2", NULL},
	{"[a\nkey = 1\n", "a", "key", "2", NULL},
	{"", "a", "key", "2", NULL},
};

START_TEST(test_text_set)
{
	_cleanup_(strbuf_clear) struct strbuf out = STRBUF_NULL;
	int err = conf_text_set(text_sets[_i].text, text_sets[_i].section, text_sets[_i].key,
				text_sets[_i].value, &out);

	ck_assert_int_eq(err, text_sets[_i].result ? 0 : -ENOENT);
	ck_assert_str_eq(out.text ? out.text : "",
			 text_sets[_i].result ? text_sets[_i].result : text_sets[_i].text);
}
END_TEST

static Suite *conf_suite(void)
{
	Suite *suite = suite_create("conf");
	TCase *tc = tcase_create("conf");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_good_server);
	tcase_add_test(tc, test_good_retention);
	tcase_add_test(tc, test_good_cas);
	tcase_add_test(tc, test_good_profiles);
	tcase_add_test(tc, test_good_attestation);
	tcase_add_test(tc, test_good_client_policies);
	tcase_add_test(tc, test_good_trust_domains);
	tcase_add_test(tc, test_good_vnfms);
	tcase_add_loop_test(tc, test_dns_patterns, 0, ARRAY_LEN(dns_patterns));
	tcase_add_test(tc, test_good_extensions);
	tcase_add_loop_test(tc, test_mistake, 0, ARRAY_LEN(mistakes));
	tcase_add_test(tc, test_missing_files_and_a_bad_address);
	tcase_add_test(tc, test_names_alone);
	tcase_add_test(tc, test_file_is_missing_or_no_text);
	tcase_add_test(tc, test_unreadable_directory_as_file);
	tcase_add_test(tc, test_print_round_trip);
	tcase_add_loop_test(tc, test_print_shared, 0, (int)ARRAY_LEN(shared));
	tcase_add_loop_test(tc, test_reload, 0, ARRAY_LEN(reloads));
	tcase_add_test(tc, test_sample);
	tcase_add_loop_test(tc, test_text_set, 0, ARRAY_LEN(text_sets));
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(conf_suite, SUITE_FORKS)
