// SPDX-License-Identifier: Apache-2.0
/* A CMF with all its parts, made for a test: see cmf_world.h. What tests ask of it: cmf_asked.c. */
#include "cmf_world.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct world w;

static const char fixed_conf[] =
	"[server]\nlisten = 127.0.0.1:8080\n"
	"[store]\ndatabase = cmf.db\nsecret_key = store.key\n"
	"[protection]\ncertificate = issuing.pem\nkey = issuing.key\n"
	"[cmf]\ndefault_ca = main\nca_rules = oam\nregister_subjects_max = 5\n"
	"deregister_on_cessation = yes\n"
	"nonces_max_per_client = 3\nnonce_lifetime = 60s\nnonce_length = 20\n"
	"[ca_rule oam]\ncert_type = VnfOAMCert\ntrust_domain = domain-b\nca = second\n"
	"[ca main]\ntype = internal\ncertificate = issuing.pem\nchain = root.pem\n"
	"key = issuing.key\n"
	"[ca second]\ntype = internal\ncertificate = second.pem\nchain = root.pem\n"
	"key = second.key\n"
	"[profile ManoCert]\nvalidity = 90d\nvalidity_max = 365d\nkey_types = ec:P-256\n"
	"common_name = subjectId\ndns_names = subjectId\ndns_name_from_subject_id = yes\n"
	"extension_section = ext\n"
	"[ext]\nbasicConstraints = critical, CA:FALSE\n"
	"keyUsage = critical, digitalSignature, keyEncipherment\n"
	"extendedKeyUsage = serverAuth, clientAuth\n";

static const char shipped_profiles[] =
	"[profile VnfciCert]\nvalidity = 90d\nvalidity_max = 365d\n"
	"key_types = ec:P-256, rsa:2048-4096, ed25519\n"
	"common_name = subjectId\nsubject_attributes = O, OU\ndns_names = subjectIdLabel\n"
	"vnfci_uri = yes\nip_addresses = 10.1.0.0/20, fd00:1::/33\nextension_section = ext\n"
	"[profile VnfOAMCert]\nvalidity = 90d\nvalidity_max = 365d\nkey_types = ec:P-256\n"
	"common_name = subjectId\ndns_names = subjectIdLabel\nimplicit_confirm = no\n"
	"extension_section = ext\n"
	"[profile vnfci-any]\ncert_type = VnfciCert\nvalidity = 90d\nvalidity_max = 365d\n"
	"key_types = ec:P-256\ncommon_name = any\ndns_names = any\nextension_section = ext\n"
	"[profile vnfci-nocn]\ncert_type = VnfciCert\nvalidity = 90d\nvalidity_max = 365d\n"
	"key_types = ec:P-256\ncommon_name = none\ndns_names = subjectId\n"
	"extension_section = ext\n"
	"[profile vnfci-uris]\ncert_type = VnfciCert\nvalidity = 90d\nvalidity_max = 365d\n"
	"key_types = ec:P-256\ncommon_name = subjectId\nextension_section = ext\n"
	"uris = spiffe://example.net/<vnfInstanceId>/<subjectId>, https://example.net/x/*\n"
	"[profile vnfci-any-uri]\ncert_type = VnfciCert\nvalidity = 90d\nvalidity_max = 365d\n"
	"key_types = ec:P-256\ncommon_name = subjectId\nextension_section = ext\nuris = *\n";

static int64_t world_now(void *arg)
{
	return ((const struct world *)arg)->now_ms;
}

static void path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", w.dir, name);
}

static void file_write(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	path_of(name, path);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

/* --- credentials --- */

struct credential credential_new(const struct credential_spec *spec)
{
	const struct credential *issuer = spec->issuer;
	struct credential c = {.key = pki_key(spec->key)};
	const char *usage = spec->key_usage ? spec->key_usage : "digitalSignature";

	c.cert = pki_cert(&(struct pki_spec){
		.subject = spec->subject,
		.key = c.key,
		.issuer = issuer ? issuer->cert : NULL,
		.issuer_key = issuer ? issuer->key : NULL,
		.digest = spec->digest,
		.ca = spec->ca,
		.key_usage = spec->ca && *usage ? NULL : usage,
		.ext_key_usage = spec->ext_key_usage,
		.san = spec->san,
		.no_ski = spec->no_ski,
		.not_before_ms = spec->not_before_ms ? spec->not_before_ms : w.now_ms - 3600 * 1000,
		.not_after_ms = spec->not_after_ms ? spec->not_after_ms : w.now_ms + 365 * DAY_MS,
	});
	c.der = pki_cert_der(c.cert);
	return c;
}

void credential_clear(struct credential *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
	octets_clear(&c->der);
}

static void credential_write(const struct credential *c, const char *cert, const char *key)
{
	char path[128];

	path_of(cert, path);
	pki_certs_write(path, c->cert, NULL);
	if (!key)
		return;
	path_of(key, path);
	pki_key_write(path, c->key, NULL);
}

/* --- the world --- */

static struct conf *conf_new(const char *profiles)
{
	struct strbuf problems = STRBUF_NULL;
	struct conf *conf = NULL;
	char path[128];
	char *text;

	ck_assert_int_gt(asprintf(&text, "%s%s", fixed_conf, profiles), 0);
	file_write("cmf.cnf", text);
	free(text);
	path_of("cmf.cnf", path);
	ck_assert_msg(conf_load(path, &conf, &problems) == 0, "%s", problems.text);
	strbuf_clear(&problems);
	return conf;
}

void world_reload(const char *profiles)
{
	struct strbuf problems = STRBUF_NULL;

	w.conf_before = w.conf; /* stays alive, as in cmfd */
	w.conf = conf_new(profiles);
	cmf_free(w.cmf);
	ck_assert_int_eq(cmf_new(w.conf, w.store, w.cas, &w.clock, &w.cmf, &problems), 0);
}

static void pki_new(void)
{
	struct credential second;

	w.root = credential_new(&(struct credential_spec){.subject = "/CN=root", .ca = true});
	w.issuing = credential_new(&(struct credential_spec){
		.subject = "/O=test/CN=main CA", .issuer = &w.root, .ca = true});
	second = credential_new(&(struct credential_spec){
		.subject = "/O=test/CN=second CA", .issuer = &w.root, .ca = true});
	w.anchor_a = credential_new(&(struct credential_spec){.subject = "/CN=CA a", .ca = true});
	w.anchor_b = credential_new(&(struct credential_spec){.subject = "/CN=CA b", .ca = true});
	w.vnfm_a = credential_new(
		&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &w.anchor_a});
	w.vnfm_b = credential_new(
		&(struct credential_spec){.subject = "/CN=vnfm-b", .issuer = &w.anchor_b});
	credential_write(&w.root, "root.pem", NULL);
	credential_write(&w.issuing, "issuing.pem", "issuing.key");
	credential_write(&second, "second.pem", "second.key");
	credential_clear(&second);
}

static void store_new(void)
{
	char path[128];
	const struct store_options options = {.database = path, .batch_max = 64};

	path_of("cmf.db", path);
	ck_assert_int_eq(store_create(&options), 0);
	ck_assert_int_eq(store_open(&options, &w.store), 0);
	ck_assert_int_eq(store_reader_new(w.store, &w.reader), 0);
	ck_assert_int_eq(store_unit_new(w.store, &w.unit), 0);
}

static void clients_new(void)
{
	const uint32_t all = STORE_MAY_REGISTER | STORE_MAY_REQUEST | STORE_MAY_REVOKE;

	client_add(&(struct client_spec){.name = "vnfm-a",
					 .trust_domain = "domain-a",
					 .permissions = all,
					 .anchor = &w.anchor_a,
					 .subject = "/CN=vnfm-a"});
	client_add(&(struct client_spec){.name = "vnfm-b",
					 .trust_domain = "domain-b",
					 .permissions = all,
					 .register_on_ir = true,
					 .default_profile = "VnfciCert",
					 .anchor = &w.anchor_b,
					 .subject = "/CN=vnfm-b"});
	client_add(&(struct client_spec){.name = "vnfm-c",
					 .trust_domain = "domain-a",
					 .permissions = all,
					 .register_on_ir = true,
					 .default_profile = "VnfciCert",
					 .anchor = &w.anchor_a,
					 .subject = "/CN=vnfm-c"});
	client_add(&(struct client_spec){.name = "ra-a",
					 .trust_domain = "domain-a",
					 .permissions = STORE_IS_RA,
					 .mac_reference = "ra-a-ref",
					 .mac_secret = "ra secret"});
	client_add(&(struct client_spec){.name = "operator-a",
					 .trust_domain = "domain-a",
					 .permissions = all | STORE_IS_OPERATOR,
					 .mac_reference = "operator-a-ref",
					 .mac_secret = "operator secret"});
	client_add(&(struct client_spec){.name = "ra-b",
					 .trust_domain = "domain-b",
					 .permissions = STORE_IS_RA,
					 .mac_reference = "ra-b-ref",
					 .mac_secret = "other secret"});
	client_add(&(struct client_spec){.name = "nobody",
					 .trust_domain = "domain-a",
					 .mac_reference = "nobody-ref",
					 .mac_secret = "no secret"});
}

void world_setup(void)
{
	world_setup_with("");
}

void world_setup_with(const char *sections)
{
	_cleanup_(freep) char *text = NULL;
	struct strbuf problems = STRBUF_NULL;
	const char *tmp = getenv("TMPDIR");

	memset(&w, 0, sizeof(w));
	ck_assert_int_lt(snprintf(w.dir, sizeof(w.dir), "%s/cmf-test-XXXXXX", tmp ? tmp : "/tmp"),
			 (int)sizeof(w.dir));
	ck_assert_ptr_nonnull(mkdtemp(w.dir));
	w.now_ms = WORLD_START_MS;
	w.clock = (struct clock_source){world_now, &w};
	pki_new();
	file_write("store.key",
		   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
	ck_assert_int_gt(asprintf(&text, "%s%s", shipped_profiles, sections), 0);
	w.conf = conf_new(text);
	store_new();
	w.metrics = metrics_new();
	ck_assert_msg(ca_set_new(w.conf, w.store, &w.clock, w.metrics, &w.cas, &problems) == 0,
		      "%s", problems.text);
	ck_assert_msg(cmf_new(w.conf, w.store, w.cas, &w.clock, &w.cmf, &problems) == 0, "%s",
		      problems.text);
	strbuf_clear(&problems);
	clients_new();
}

void world_teardown(void)
{
	static const char *const files[] = {
		"cmf.cnf",     "cmf.db",      "cmf.db-wal", "cmf.db-shm", "store.key",
		"issuing.pem", "issuing.key", "second.pem", "second.key", "root.pem",
	};
	char path[128];

	cmf_free(w.cmf);
	ca_set_free(w.cas);
	metrics_free(w.metrics);
	store_unit_free(w.unit);
	store_reader_free(w.reader);
	store_close(w.store);
	conf_free(w.conf);
	conf_free(w.conf_before);
	credential_clear(&w.root);
	credential_clear(&w.issuing);
	credential_clear(&w.anchor_a);
	credential_clear(&w.anchor_b);
	credential_clear(&w.vnfm_a);
	credential_clear(&w.vnfm_b);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		path_of(files[i], path);
		unlink(path);
	}
	rmdir(w.dir);
}

/* --- clients --- */

static struct octets credential_pem(const struct credential *c)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct octets pem;
	uint8_t *text;
	long len;

	ck_assert_int_eq(PEM_write_bio_X509(bio, c->cert), 1);
	len = BIO_get_mem_data(bio, &text);
	ck_assert_int_eq(octets_dup((struct bytes){text, (size_t)len}, &pem), 0);
	BIO_free(bio);
	return pem;
}

void client_add(const struct client_spec *spec)
{
	const char *reference = spec->mac_reference;
	struct store_credential credential = {
		.kind = spec->anchor  ? STORE_CREDENTIAL_ANCHOR
			: spec->exact ? STORE_CREDENTIAL_CERTIFICATE
				      : STORE_CREDENTIAL_SECRET,
		.known_by = {(uint8_t *)(uintptr_t)reference, reference ? strlen(reference) : 0},
		.subject = (char *)(uintptr_t)spec->subject,
	};
	struct store_client row = {
		.name = (char *)(uintptr_t)spec->name,
		.trust_domain = (char *)(uintptr_t)spec->trust_domain,
		.permissions = spec->permissions,
		.register_on_ir = spec->register_on_ir,
		.default_profile = (char *)(uintptr_t)spec->default_profile,
		.policy = (char *)(uintptr_t)spec->policy,
		.entity = (char *)(uintptr_t)spec->entity,
		.created_ms = w.now_ms,
		.credentials = &credential,
		.n_credentials = 1,
	};

	if (spec->anchor)
		credential.content = credential_pem(spec->anchor);
	if (spec->exact)
		ck_assert_int_eq(octets_dup(octets_view(&spec->exact->der), &credential.content),
				 0);
	if (spec->mac_secret)
		ck_assert_int_eq(cmf_secret_seal(WORLD_CALL(NULL, NULL), bytes_of_string(reference),
						 bytes_of_string(spec->mac_secret),
						 &credential.content),
				 0);
	ck_assert_int_eq(store_client_insert(w.unit, &row), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	octets_clear(&credential.content);
}

struct cmf_principal admin_for(const char *client)
{
	struct cmf_principal who = {0};
	struct refusal refusal = REFUSAL_NULL;

	ck_assert_int_eq(cmf_admin_for_client(WORLD_CALL(NULL, &refusal), client, &who), 0);
	ck_assert_int_eq(who.kind, CMF_PRINCIPAL_ADMIN);
	return who;
}

struct cmf_principal principal_of(const char *client)
{
	struct cmf_principal who = admin_for(client);

	who.kind = CMF_PRINCIPAL_CLIENT;
	return who;
}
