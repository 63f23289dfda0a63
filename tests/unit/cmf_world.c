// SPDX-License-Identifier: Apache-2.0
/* A CMF with all its parts, for tests. See cmf_world.h. */
#include "cmf_world.h"

#include "cmf/order.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
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
	"extension_section = ext\n";

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
	struct store_client row = {
		.name = (char *)(uintptr_t)spec->name,
		.trust_domain = (char *)(uintptr_t)spec->trust_domain,
		.permissions = spec->permissions,
		.register_on_ir = spec->register_on_ir,
		.default_profile = (char *)(uintptr_t)spec->default_profile,
		.policy = (char *)(uintptr_t)spec->policy,
		.entity = (char *)(uintptr_t)spec->entity,
		.subject = (char *)(uintptr_t)spec->subject,
		.mac_reference = (char *)(uintptr_t)spec->mac_reference,
		.created_ms = w.now_ms,
	};

	if (spec->anchor)
		row.trust_anchor = credential_pem(spec->anchor);
	if (spec->exact)
		row.certificate = spec->exact->der;
	if (spec->mac_secret)
		ck_assert_int_eq(cmf_secret_seal(w.cmf, spec->mac_reference,
						 bytes_of_string(spec->mac_secret),
						 &row.mac_secret),
				 0);
	ck_assert_int_eq(store_client_insert(w.unit, &row), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	octets_clear(&row.trust_anchor);
	octets_clear(&row.mac_secret);
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

/* --- operations --- */

static X509_EXTENSION *extension_new(const char *oid, const char *value)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 0);
	bool critical = strncmp(value, "critical,", 9) == 0;
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx_test(&ctx);
	ck_assert_ptr_nonnull(object);
	if (critical)
		value += 9;
	if (strncmp(value, "DER:", 4) == 0) {
		ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
		uint8_t der[256];
		size_t len;

		ck_assert_int_eq(hex_to_bytes(value + 4, der, sizeof(der), &len), 0);
		ASN1_OCTET_STRING_set(octets, der, (int)len);
		extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical, octets);
		ASN1_OCTET_STRING_free(octets);
	} else {
		extension = X509V3_EXT_conf_nid(NULL, &ctx, OBJ_obj2nid(object), value);
		ck_assert_msg(extension != NULL, "extension %s = %s", oid, value);
		X509_EXTENSION_set_critical(extension, critical);
	}
	ASN1_OBJECT_free(object);
	return extension;
}

static STACK_OF(X509_EXTENSION) * extensions_of(const struct csr_spec *ask)
{
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	char text[512];

	if (ask->san)
		sk_X509_EXTENSION_push(extensions, extension_new("subjectAltName", ask->san));
	if (ask->san_hex) {
		snprintf(text, sizeof(text), "DER:%s", ask->san_hex);
		sk_X509_EXTENSION_push(extensions, extension_new("subjectAltName", text));
	}
	for (size_t i = 0; i < ARRAY_LEN(ask->extension) && ask->extension[i].oid; i++)
		sk_X509_EXTENSION_push(
			extensions, extension_new(ask->extension[i].oid, ask->extension[i].value));
	return extensions;
}

static size_t texts_count(const char *const *texts, size_t max)
{
	size_t n = 0;

	while (n < max && texts[n])
		n++;
	return n;
}

static ASN1_TIME *time_of(const char *text)
{
	ASN1_TIME *time = text ? ASN1_TIME_new() : NULL;

	if (time)
		ck_assert_int_eq(ASN1_TIME_set_string(time, text), 1);
	return time;
}

/* The name as it comes over the wire: encoded, then decoded. */
static X509_NAME *name_received(X509_NAME *name)
{
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(name, &der);
	const unsigned char *p = der;
	X509_NAME *received = d2i_X509_NAME(NULL, &p, len);

	ck_assert_ptr_nonnull(received);
	OPENSSL_free(der);
	X509_NAME_free(name);
	return received;
}

/* false: somebody else came first, and it is to be decided again. */
static bool world_commit(void)
{
	struct store_unit *interfering = w.interfering;

	w.interfering = NULL;
	if (interfering)
		ck_assert_int_eq(store_unit_commit(interfering), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), interfering ? STORE_CONFLICT : 0);
	return !interfering;
}

enum refusal_reason csr(const struct cmf_principal *who, const struct csr_spec *ask,
			struct cmf_csr_result *resultp)
{
	STACK_OF(X509_EXTENSION) *extensions = extensions_of(ask);
	OptionalValidity validity = {time_of(ask->not_before), time_of(ask->not_after)};
	X509_NAME *subject = NULL, *issuer = ask->issuer ? pki_name(ask->issuer) : NULL;
	EVP_PKEY *key = ask->key_is ? ask->key_is : pki_key(ask->key), *made = NULL;
	SubjectPublicKeyInfo *spki = NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_csr request = {
		.may_register = ask->ir,
		.profile_names = ask->profile,
		.n_profile_names = texts_count(ask->profile, ARRAY_LEN(ask->profile)),
		.vnfc_ids = ask->vnfc_id,
		.n_vnfc_ids = texts_count(ask->vnfc_id, ARRAY_LEN(ask->vnfc_id)),
		.extensions = extensions,
		.validity = ask->not_before || ask->not_after ? &validity : NULL,
		.issuer = issuer,
		.operation = ask->old ? CMF_UPDATE : CMF_ISSUE,
		.update.old = ask->old,
	};
	struct cmf_order_terms terms;
	bool committed;
	int err;

	if (ask->subject_raw)
		subject = name_received(ask->subject_raw);
	else if (ask->subject)
		subject = name_received(pki_name(ask->subject));
	request.subject = subject;
	ck_assert_int_eq(spki_from_key(key, &spki), 0);
	request.spki = spki;
	ck_assert_int_eq(spki_key(spki, &made, &request.key_kind), 0);
	err = cmf_csr(WORLD_CALL(who, &refusal), &request, resultp);
	ck_assert(store_unit_empty(w.unit));
	if (err == 0)
		err = cmf_order_place_certificates(WORLD_CALL(who, &refusal), &resultp, 1,
						   ask->confirmed, &terms);
	ck_assert_int_ge(err, 0);
	ck_assert_int_eq(err == 0, refusal.reason == REFUSAL_NONE);
	committed = world_commit();
	if (committed)
		resultp->certificate.id = store_unit_id(w.unit, resultp->certificate.id);
	else
		cmf_csr_result_clear(resultp);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	ASN1_TIME_free(validity.notBefore);
	ASN1_TIME_free(validity.notAfter);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	SubjectPublicKeyInfo_free(spki);
	EVP_PKEY_free(made);
	if (!ask->key_is)
		EVP_PKEY_free(key);
	return committed ? refusal.reason : csr(who, ask, resultp);
}

enum refusal_reason csr_as(const char *client, const struct csr_spec *ask)
{
	struct cmf_principal who = principal_of(client);
	struct cmf_csr_result result = {0};
	enum refusal_reason reason = csr(&who, ask, &result);

	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
	return reason;
}

enum refusal_reason register_as(const struct cmf_principal *who, const struct cmf_register *request)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_register(WORLD_CALL(who, &refusal), request);

	ck_assert_int_ge(err, 0);
	ck_assert_int_eq(err == 0, refusal.reason == REFUSAL_NONE);
	if (err == REFUSED)
		ck_assert(store_unit_empty(w.unit));
	return world_commit() ? refusal.reason : register_as(who, request);
}

void register_ok(const char *client, enum cert_type type, const char *subject_id)
{
	struct cmf_principal who = principal_of(client);
	const struct cmf_register request = {
		.has_cert_type = true,
		.cert_type = type,
		.subject_ids = &subject_id,
		.n_subject_ids = 1,
		.handling = type == CERT_TYPE_MANO ? CERT_HANDLING_NONE : CERT_HANDLING_DELEGATION,
	};

	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	cmf_principal_clear(&who);
}

struct store_certificate certificate_issued(const char *client, const char *profile,
					    const char *subject, const char *san)
{
	struct cmf_principal who = principal_of(client);
	struct cmf_csr_result result = {0};
	struct store_certificate cert = {0};
	const struct csr_spec ask = {.subject = subject, .san = san, .profile = {profile}};

	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
	ck_assert_int_eq(cmf_confirm(WORLD_CALL(&who, NULL), &cert, true), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	store_certificate_clear(&cert);
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
	ck_assert_int_eq(cert.state, STORE_CERT_ACTIVE);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
	return cert;
}

struct store_certificate certificate_again(const struct store_certificate *cert)
{
	struct store_certificate again = {0};

	ck_assert_int_eq(store_certificate_get(w.reader, cert->id, &again), 0);
	return again;
}

int certificate_state(int64_t id)
{
	struct store_certificate cert = {0};
	int state;

	ck_assert_int_eq(store_certificate_get(w.reader, id, &cert), 0);
	state = (int)cert.state;
	store_certificate_clear(&cert);
	return state;
}

/* --- counting --- */

static int registration_count(void *arg, const struct store_registration *reg)
{
	((struct world_count *)arg)->registrations++;
	return 0;
}

static int certificate_count(void *arg, const struct store_certificate *cert)
{
	struct world_count *count = arg;

	count->certificates++;
	if (cert->state != STORE_CERT_PENDING && cert->state != STORE_CERT_ACTIVE)
		count->revoked++;
	return 0;
}

struct world_count world_count(void)
{
	const struct store_registration_filter registrations = {.cert_type = -1};
	const struct store_certificate_filter certificates = {.state = -1};
	struct world_count count = {0};

	ck_assert_int_eq(
		store_registration_list(w.reader, &registrations, registration_count, &count), 0);
	ck_assert_int_eq(store_certificate_list(w.reader, &certificates, certificate_count, &count),
			 0);
	return count;
}

void world_unchanged(struct world_count before)
{
	struct world_count now = world_count();

	ck_assert_int_eq(now.registrations, before.registrations);
	ck_assert_int_eq(now.certificates, before.certificates);
	ck_assert_int_eq(now.revoked, before.revoked);
}

/* --- reading certificates --- */

static char *bio_take(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *text = strndup(len > 0 ? data : "", (size_t)(len > 0 ? len : 0));

	BIO_free(bio);
	return text;
}

char *certificate_san(struct bytes der)
{
	X509 *cert = pki_cert_parse(der);
	int at = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1);
	BIO *bio = BIO_new(BIO_s_mem());

	if (at >= 0)
		X509V3_EXT_print(bio, X509_get_ext(cert, at), 0, 0);
	X509_free(cert);
	return bio_take(bio);
}

char *certificate_subject(struct bytes der)
{
	X509 *cert = pki_cert_parse(der);
	BIO *bio = BIO_new(BIO_s_mem());

	X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
	X509_free(cert);
	return bio_take(bio);
}
