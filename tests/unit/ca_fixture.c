// SPDX-License-Identifier: Apache-2.0
/* See ca_fixture.h. */
#include "ca_fixture.h"

#include "asn1/dn.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- files --- */

char *fixture_path(struct ca_fixture *f, const char *name)
{
	char *path;

	ck_assert_int_gt(asprintf(&path, "%s/%s", f->dir, name), 0);
	ck_assert_uint_lt(f->n_texts, ARRAY_LEN(f->texts));
	f->texts[f->n_texts++] = path;
	return path;
}

struct conf_dn fixture_dn(struct ca_fixture *f, const char *text)
{
	ck_assert_uint_lt(f->n_names, ARRAY_LEN(f->names));
	OK(dn_parse(text, &f->names[f->n_names], NULL));
	return (struct conf_dn){(char *)text, f->names[f->n_names++]};
}

void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_int_ge(fputs(text, file), 0);
	fclose(file);
}

int run_command(struct ca_fixture *f, const char *format, ...)
{
	char *command, *line;
	va_list args;
	int status;

	va_start(args, format);
	ck_assert_int_gt(vasprintf(&command, format, args), 0);
	va_end(args);
	ck_assert_int_gt(asprintf(&line, "cd %s && %s", f->dir, command), 0);
	status = system(line);
	free(command);
	free(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- the fixture --- */

static int64_t fixture_now(void *arg)
{
	return ((struct ca_fixture *)arg)->now_ms;
}

static void store_begin(struct ca_fixture *f, bool create)
{
	struct store_options options = {.database = fixture_path(f, "store.db"), .batch_max = 16};

	if (create)
		OK(store_create(&options));
	OK(store_open(&options, &f->store));
	OK(store_reader_new(f->store, &f->reader));
	OK(store_unit_new(f->store, &f->unit));
}

static void store_end(struct ca_fixture *f)
{
	ca_set_free(f->set);
	store_unit_free(f->unit);
	store_reader_free(f->reader);
	store_close(f->store);
	f->set = NULL;
	f->store = NULL;
}

static void pki_begin(struct ca_fixture *f, const char *key_kind)
{
	f->root_key = pki_key("P-256");
	f->root = pki_cert(&(struct pki_spec){.subject = "/CN=Root",
					      .key = f->root_key,
					      .ca = true,
					      .key_usage = "critical,keyCertSign,cRLSign",
					      .not_before_ms = f->now_ms - DAY_MS,
					      .not_after_ms = f->now_ms + 1000LL * DAY_MS});
	f->issuing_key = pki_key(key_kind);
	f->issuing = pki_cert(&(struct pki_spec){.subject = "/CN=Issuing",
						 .key = f->issuing_key,
						 .issuer = f->root,
						 .issuer_key = f->root_key,
						 .ca = true,
						 .key_usage = "critical,keyCertSign,cRLSign",
						 .not_before_ms = f->now_ms - DAY_MS,
						 .not_after_ms = f->now_ms + 100LL * DAY_MS});
	pki_certs_write(fixture_path(f, "root.pem"), f->root, NULL);
	pki_certs_write(fixture_path(f, "ca.pem"), f->issuing, NULL);
	pki_key_write(fixture_path(f, "ca.key"), f->issuing_key, NULL);
}

void fixture_begin(struct ca_fixture *f, enum conf_ca_type type, const char *key_kind)
{
	const char *tmp = getenv("TMPDIR");

	*f = (struct ca_fixture){.now_ms = clock_now_ms(&clock_system) / 1000 * 1000};
	f->clock = (struct clock_source){.now_ms = fixture_now, .arg = f};
	ck_assert_int_lt(snprintf(f->dir, sizeof(f->dir), "%s/cmfd-ca.XXXXXX", tmp ? tmp : "/tmp"),
			 (int)sizeof(f->dir));
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	f->metrics = metrics_new();
	store_begin(f, true);
	pki_begin(f, key_kind);
	f->conf_ca = (struct conf_ca){
		.name = (char *)"test",
		.type = type,
		.certificate = fixture_path(f, "ca.pem"),
		.chain = fixture_path(f, "root.pem"),
		.digest = (char *)"sha256",
		.crl_validity_ms = 7LL * DAY_MS,
		.crl_interval_ms = DAY_MS,
		.backdate_ms = 5 * MINUTE_MS,
		.upstream_wait_ms = 10000,
		.upstream_timeout_ms = DAY_MS,
		.upstream_retry_ms = 5000,
		.upstream_workers = 2,
	};
	if (type == CONF_CA_INTERNAL)
		f->conf_ca.key = fixture_path(f, "ca.key");
}

void fixture_load(struct ca_fixture *f)
{
	struct strbuf problems = STRBUF_NULL;
	int err;

	f->conf = (struct conf){.cas = &f->conf_ca, .n_cas = 1};
	err = ca_set_new(&f->conf, f->store, &f->clock, f->metrics, &f->set, &problems);
	ck_assert_msg(err == 0, "%s", problems.text);
	ck_assert_ptr_null(problems.text);
	f->ca = ca_find(f->set, "test");
	ck_assert_ptr_nonnull(f->ca);
}

void fixture_load_problem(struct ca_fixture *f, const char *expected)
{
	struct strbuf problems = STRBUF_NULL;
	struct ca_set *set = NULL;

	f->conf = (struct conf){.cas = &f->conf_ca, .n_cas = 1};
	ck_assert_int_eq(ca_set_new(&f->conf, f->store, &f->clock, f->metrics, &set, &problems),
			 -EINVAL);
	ck_assert_ptr_null(set);
	ck_assert_ptr_nonnull(problems.text);
	ck_assert_msg(strstr(problems.text, expected), "\"%s\" lacks \"%s\"", problems.text,
		      expected);
	ck_assert_str_eq(strchr(problems.text, '\n'), "\n");
	strbuf_clear(&problems);
}

void fixture_restart(struct ca_fixture *f)
{
	store_end(f);
	store_begin(f, false);
	fixture_load(f);
}

static void directory_remove(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char name[512];

	while (directory && (entry = readdir(directory))) {
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(name);
	}
	closedir(directory);
	ck_assert_int_eq(rmdir(path), 0);
}

void fixture_end(struct ca_fixture *f)
{
	OK(store_integrity_check(f->reader));
	store_end(f);
	metrics_free(f->metrics);
	X509_free(f->root);
	X509_free(f->issuing);
	EVP_PKEY_free(f->root_key);
	EVP_PKEY_free(f->issuing_key);
	for (size_t i = 0; i < f->n_texts; i++)
		free(f->texts[i]);
	for (size_t i = 0; i < f->n_names; i++)
		X509_NAME_free(f->names[i]);
	directory_remove(f->dir);
}

/* --- a request --- */

static void take(struct octets *to, uint8_t *der, int len)
{
	ck_assert_int_gt(len, 0);
	OK(octets_dup((struct bytes){der, (size_t)len}, to));
	OPENSSL_free(der);
}

static void request_names(struct request_fixture *r)
{
	X509_NAME *name = X509_NAME_new();
	uint8_t *der = NULL;
	int len;

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"vnfci-1", -1,
				   -1, 0);
	len = i2d_X509_NAME(name, &der);
	take(&r->subject, der, len);
	X509_NAME_free(name);
}

void request_begin(struct request_fixture *r, const struct ca_fixture *f)
{
	static const uint8_t san[] = {0x30, 21,  0x82, 19,  'v', 'n', 'f', 'c', 'i', '-', '1', '.',
				      'e',  'x', 'a',  'm', 'p', 'l', 'e', '.', 'n', 'e', 't'};
	X509_EXTENSION *extension =
		X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:FALSE");
	uint8_t *der = NULL;
	int len;

	*r = (struct request_fixture){.key = pki_key("P-256")};
	request_names(r);
	len = i2d_PUBKEY(r->key, &der);
	take(&r->spki, der, len);
	OK(octets_dup(BYTES_OF(san), &r->san));
	der = NULL;
	len = i2d_X509_EXTENSION(extension, &der);
	take(&r->extension, der, len);
	X509_EXTENSION_free(extension);
	r->extensions[0] = (struct conf_extension){.nid = NID_basic_constraints,
						   .critical = true,
						   .der = r->extension.data,
						   .der_len = r->extension.len};
	r->request = (struct ca_request){
		.subject = octets_view(&r->subject),
		.spki = octets_view(&r->spki),
		.san = octets_view(&r->san),
		.extensions = r->extensions,
		.n_extensions = 1,
		.not_before_ms = f->now_ms,
		.not_after_ms = f->now_ms + 30LL * DAY_MS,
	};
}

void request_end(struct request_fixture *r)
{
	EVP_PKEY_free(r->key);
	octets_clear(&r->subject);
	octets_clear(&r->spki);
	octets_clear(&r->san);
	octets_clear(&r->extension);
}

int64_t put_certificate(struct ca_fixture *f, const char *subject_id,
			enum store_certificate_state state, struct bytes serial, struct bytes der)
{
	struct store_registration registration = {
		.vnf_instance = (char *)"",
		.cert_type = CERT_TYPE_VNFCI,
		.subject_id = (char *)subject_id,
		.handling = CERT_HANDLING_DELEGATION,
		.manager = (char *)"vnfm-a",
		.trust_domain = (char *)"a",
		.ca = (char *)"test",
		.profile = (char *)"VnfciCert",
		.created_ms = f->now_ms,
		.changed_ms = f->now_ms,
	};
	struct store_certificate cert = {
		.ca = (char *)"test",
		.serial.len = (uint8_t)serial.len,
		.state = state,
		.subject = (char *)"CN=vnfci-1",
		.der = {(uint8_t *)der.data, der.len},
		.not_before_ms = f->now_ms,
		.not_after_ms = f->now_ms + 30LL * DAY_MS,
		.requester = (char *)"vnfm-a",
		.reason = STORE_REASON_NONE,
		.created_ms = f->now_ms,
	};
	int64_t registration_id, id;

	if (serial.len > 0)
		memcpy(cert.serial.octet, serial.data, serial.len);
	OK(store_registration_insert(f->unit, &registration, &registration_id));
	cert.registration_id = registration_id;
	OK(store_certificate_insert(f->unit, &cert, &id));
	OK(store_unit_commit(f->unit));
	return store_unit_id(f->unit, id);
}
