// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl ca renew: a new key for an issuing CA, offline. As long as certificates of the old key are
 * valid both keys sign CRLs, each for its own certificates (RFC 5280 5: by the name of the issuer).
 * So the new key gets a name of its own, and is another CA of the configuration beside the old one,
 * with the same settings; registrations go over with `registration update`. Writes a new directory
 * and changes nothing else.
 */
#include "ctl.h"
#include "init_pki.h"
#include "rollover_pki.h"
#include "stage.h"

#include "base/clock.h"
#include "conf.h"
#include "keys/credential.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	OPT_NEW_NAME = 0x100,
	OPT_SUBJECT,
	OPT_ISSUER_KEY,
	OPT_ISSUER_PASSPHRASE_FILE,
	OPT_CSR,
	OPT_DAYS,
};

enum { DAYS_INITIAL = 3650, DAYS_MAX = 36500 };

/* notBefore lies that far back, so that a verifier whose clock is behind accepts it. */
static const int64_t backdate_ms = 300 * 1000;
static const int64_t day_ms = 24LL * 3600 * 1000;

static const char key_file[] = "issuing.key", cert_file[] = "issuing.pem",
		  csr_file[] = "issuing.csr";
static const char section_file[] = "ca.cnf";

struct renew_args {
	const char *name;
	const char *new_name;
	const char *subject;
	const char *issuer_key;
	const char *issuer_passphrase_file;
	char *dir;
	bool csr;
	uint64_t days;
};

struct renewal {
	const struct renew_args *args;
	const struct conf *conf;
	const struct conf_ca *ca;
	char *dir;      /* absolute, as the configuration is to name it */
	char *new_name; /* of the section */
	STACK_OF(X509) * own, *above;
	X509 *issuer; /* borrowed */
	X509 *model;  /* the old certificate, with the new name */
	EVP_PKEY *issuer_key, *key;
	X509 *cert;
};

static void renewal_clear(struct renewal *r)
{
	free(r->dir);
	free(r->new_name);
	sk_X509_pop_free(r->own, X509_free);
	sk_X509_pop_free(r->above, X509_free);
	X509_free(r->model);
	X509_free(r->cert);
	EVP_PKEY_free(r->issuer_key);
	EVP_PKEY_free(r->key);
}

/* --- names --- */

/* "issuing" and "issuing-2" to the next number behind the separator. */
static int next_name(const char *before, const char *separator, char **nextp)
{
	size_t len = strlen(before), digits = len, separator_len = strlen(separator);
	unsigned long number = 1;

	while (digits > 0 && before[digits - 1] >= '0' && before[digits - 1] <= '9')
		digits--;
	if (digits < len && len - digits < 6 && digits > separator_len &&
	    strncmp(before + digits - separator_len, separator, separator_len) == 0) {
		number = strtoul(before + digits, NULL, 10);
		len = digits - separator_len;
	}
	if (asprintf(nextp, "%.*s%s%lu", (int)len, before, separator, number + 1) >= 0)
		return CTL_OK;
	*nextp = NULL;
	return ctl_file_error("name", -ENOMEM);
}

/* The last commonName gets the next number. */
static int subject_next(X509_NAME *name)
{
	int at = -1, last = -1, ok, status;
	_cleanup_(freep) char *next = NULL;
	unsigned char *text = NULL;

	while ((at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
		last = at;
	if (last < 0) {
		ctl_error("the CA has no commonName: say the new name with --subject");
		return CTL_USAGE;
	}
	if (ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last))) <
	    0)
		return ctl_openssl_error("commonName");
	status = next_name((const char *)text, " ", &next);
	OPENSSL_free(text);
	if (status)
		return status;
	ok = X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
					(const unsigned char *)next, (int)strlen(next), last, 0);
	if (ok)
		X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, last + 1));
	return ok ? CTL_OK : ctl_openssl_error("commonName");
}

static int model_make(struct renewal *r)
{
	X509_NAME *name = NULL;
	int status;

	r->model = X509_dup(sk_X509_value(r->own, 0));
	if (!r->model)
		return ctl_openssl_error("certificate");
	if (r->args->subject) {
		status = init_name_read(r->args->subject, &name);
	} else {
		name = X509_NAME_dup(X509_get_subject_name(r->model));
		status = name ? subject_next(name) : ctl_openssl_error("subject");
	}
	if (!status && !X509_set_subject_name(r->model, name))
		status = ctl_openssl_error("subject");
	X509_NAME_free(name);
	if (!status && X509_NAME_cmp(X509_get_subject_name(r->model),
				     X509_get_subject_name(sk_X509_value(r->own, 0))) == 0) {
		ctl_error("--subject: it must be another name than that of the CA now, for each "
			  "has its own CRL");
		status = CTL_REFUSED;
	}
	return status;
}

/* --- what is there --- */

static int certificates_read(const char *path, STACK_OF(X509) * *certsp)
{
	int err = path ? credential_certificates_read(path, certsp) : 0;

	ERR_clear_error();
	return err ? ctl_file_error(path, err) : CTL_OK;
}

static X509 *issuer_in(X509 *cert, STACK_OF(X509) * certs)
{
	for (int i = 0; i < sk_X509_num(certs); i++)
		if (key_update_signed_by(cert, sk_X509_value(certs, i)))
			return sk_X509_value(certs, i);
	return NULL;
}

static int issuer_find(struct renewal *r)
{
	X509 *own = sk_X509_value(r->own, 0);

	if (key_update_signed_by(own, own)) {
		ctl_error("the CA is its own root; make another CA instead");
		return CTL_REFUSED;
	}
	r->issuer = issuer_in(own, r->above);
	if (!r->issuer)
		r->issuer = issuer_in(own, r->own);
	if (r->issuer || r->args->csr)
		return CTL_OK;
	ctl_error(
		"[ca %s] chain: who has signed the certificate is not in it; with --csr a request "
		"is made that is signed elsewhere",
		r->ca->name);
	return CTL_REFUSED;
}

static int issuer_key_read(struct renewal *r)
{
	_cleanup_(freep) char *beside = r->ca->chain ? init_key_path(r->ca->chain) : NULL;
	const struct key_source source = {r->args->issuer_key ? r->args->issuer_key
					  : beside            ? beside
							      : "",
					  r->args->issuer_passphrase_file};
	int err = credential_key_read(&source, &r->issuer_key);

	ERR_clear_error();
	if (err) {
		ctl_error(
			"%s: %s; --issuer-key says where the key of the issuer is, and with --csr "
			"a request is made that is signed elsewhere",
			source.source, credential_error_text(err));
		return CTL_FAULT;
	}
	if (EVP_PKEY_eq(r->issuer_key, X509_get0_pubkey(r->issuer)) == 1)
		return CTL_OK;
	ERR_clear_error();
	ctl_error("%s: the key does not belong to the issuer", source.source);
	return CTL_REFUSED;
}

static int ca_read(struct renewal *r)
{
	int status;

	for (size_t i = 0; i < r->conf->n_cas; i++) {
		if (strcmp(r->conf->cas[i].name, r->args->name) == 0)
			r->ca = &r->conf->cas[i];
		if (strcmp(r->conf->cas[i].name, r->new_name) != 0)
			continue;
		ctl_error("there is a CA '%s' already; --new-name says another", r->new_name);
		return CTL_REFUSED;
	}
	if (!r->ca || r->ca->type != CONF_CA_INTERNAL) {
		ctl_error("there is no internal CA '%s'", r->args->name);
		return CTL_REFUSED;
	}
	status = certificates_read(r->ca->certificate, &r->own);
	if (!status)
		status = certificates_read(r->ca->chain, &r->above);
	if (!status)
		status = issuer_find(r);
	return !status && !r->args->csr ? issuer_key_read(r) : status;
}

/* --- what is made --- */

static int certificate_make(struct renewal *r)
{
	const struct rollover_issuer issuer = {r->issuer, r->issuer_key};
	int64_t now_ms = clock_now_ms(&clock_system);
	int64_t issuer_end_ms = rollover_time_ms(X509_get0_notAfter(r->issuer));
	struct rollover_change change = {
		.key = r->key,
		.not_before_ms = now_ms - backdate_ms,
		.not_after_ms = now_ms + (int64_t)r->args->days * day_ms,
	};

	if (issuer_end_ms <= now_ms) {
		ctl_error("the certificate of the issuer has expired");
		return CTL_REFUSED;
	}
	if (change.not_after_ms > issuer_end_ms)
		change.not_after_ms = issuer_end_ms;
	r->cert = rollover_certificate_new(r->model, &change, &issuer);
	return r->cert ? CTL_OK : CTL_FAULT;
}

/* The extensions that the issuer is to give it: the model's, without the identifiers of keys. */
static int request_extensions_add(X509_REQ *request, X509 *model)
{
	STACK_OF(X509_EXTENSION) *wanted = sk_X509_EXTENSION_new_null();
	int ok = wanted != NULL;

	for (int i = 0; ok && i < X509_get_ext_count(model); i++) {
		X509_EXTENSION *ext = X509_get_ext(model, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));

		if (nid != NID_authority_key_identifier && nid != NID_subject_key_identifier)
			ok = sk_X509_EXTENSION_push(wanted, ext) > 0;
	}
	ok = ok && X509_REQ_add_extensions(request, wanted);
	sk_X509_EXTENSION_free(wanted);
	return ok;
}

static int request_write(const struct renewal *r, const char *path)
{
	X509_REQ *request = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	int ok = request && bio && X509_REQ_set_version(request, 0) &&
		 X509_REQ_set_subject_name(request, X509_get_subject_name(r->model)) &&
		 X509_REQ_set_pubkey(request, r->key) &&
		 request_extensions_add(request, r->model) &&
		 X509_REQ_sign(request, r->key, init_digest(r->key)) > 0 &&
		 PEM_write_bio_X509_REQ(bio, request) > 0;
	int status = ok ? CTL_OK : ctl_openssl_error("certification request");

	if (!status) {
		char *text;
		long len = BIO_get_mem_data(bio, &text);
		int err = file_write_durable(path, (struct bytes){(uint8_t *)text, (size_t)len},
					     0644);

		status = err ? ctl_file_error(path, err) : CTL_OK;
	}
	X509_REQ_free(request);
	BIO_free(bio);
	return status;
}

/* --- the section of the configuration --- */

/* URIs with the file of the old name get that of the new one. */
static int uris_rename(const struct renewal *r, const struct conf_list *from, struct conf_list *to)
{
	_cleanup_(strbuf_clear) struct strbuf old = STRBUF_NULL;

	strbuf_printf(&old, "/%s.", r->ca->name);
	*to = (struct conf_list){.item = calloc(from->len + 1, sizeof(*to->item))};
	if (old.failed || !to->item)
		return -ENOMEM;
	for (size_t i = 0; i < from->len; i++) {
		const char *at = strstr(from->item[i], old.text);
		int n = at ? asprintf(&to->item[i], "%.*s/%s.%s", (int)(at - from->item[i]),
				      from->item[i], r->new_name, at + old.len)
			   : asprintf(&to->item[i], "%s", from->item[i]);

		if (n < 0)
			return -ENOMEM;
		to->len++;
	}
	return 0;
}

static void uris_clear(struct conf_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->item[i]);
	free(list->item);
}

static int section_print(const struct renewal *r, struct conf_ca *ca, char **textp)
{
	_cleanup_(strbuf_clear) struct strbuf cert = STRBUF_NULL, key = STRBUF_NULL;
	size_t size;
	FILE *out;

	strbuf_printf(&cert, "%s/%s", r->dir, cert_file);
	strbuf_printf(&key, "%s/%s", r->dir, key_file);
	ca->name = r->new_name;
	ca->certificate = cert.text;
	ca->key = key.text;
	ca->passphrase_file = NULL;
	out = open_memstream(textp, &size);
	if (cert.failed || key.failed || !out)
		return -ENOMEM;
	conf_ca_print(ca, out);
	return fclose(out) ? -errno : 0;
}

static int section_write(const struct renewal *r, const char *path)
{
	struct conf_ca ca = *r->ca; /* borrows all but what is changed */
	struct conf_list crls = {0}, certs = {0};
	_cleanup_(freep) char *text = NULL;
	int err = uris_rename(r, &r->ca->crl_distribution_points, &crls);

	if (!err)
		err = uris_rename(r, &r->ca->aia_ca_issuers, &certs);
	ca.crl_distribution_points = crls;
	ca.aia_ca_issuers = certs;
	if (!err)
		err = section_print(r, &ca, &text);
	if (!err)
		err = file_write_durable(path, bytes_of_string(text), 0644);
	uris_clear(&crls);
	uris_clear(&certs);
	return err ? ctl_file_error(path, err) : CTL_OK;
}

static int renewal_write(const char *stage, void *arg)
{
	const struct renewal *r = arg;
	_cleanup_(strbuf_clear) struct strbuf section = STRBUF_NULL, csr = STRBUF_NULL;
	int status = rollover_key_write(stage, key_file, r->key);

	strbuf_printf(&section, "%s/%s", stage, section_file);
	strbuf_printf(&csr, "%s/%s", stage, csr_file);
	if (section.failed || csr.failed)
		return ctl_file_error(stage, -ENOMEM);
	if (!status)
		status = r->cert ? rollover_certificates_write(stage, cert_file, &r->cert, 1)
				 : request_write(r, csr.text);
	if (!status)
		status = section_write(r, section.text);
	return status ? status : stage_owner_keep(stage, r->ca->certificate, NULL);
}

/* --- what comes next --- */

static void row_add(json_t *rows, const char *kind, const char *name, const char *key,
		    const char *value)
{
	char section[256];

	snprintf(section, sizeof(section), "%s%s%s", kind, *name ? " " : "", name);
	json_array_append_new(
		rows, json_pack("{s:s, s:s, s:s}", "section", section, "key", key, "value", value));
}

/* The keys of the configuration that name the old CA. */
static json_t *names_json(const struct renewal *r)
{
	const struct conf *conf = r->conf;
	json_t *rows = json_array();

	if (conf->cmf.default_ca && strcmp(conf->cmf.default_ca, r->ca->name) == 0)
		row_add(rows, "cmf", "", "default_ca", r->new_name);
	for (size_t i = 0; i < conf->n_ca_rules; i++)
		if (conf->ca_rules[i].ca && strcmp(conf->ca_rules[i].ca, r->ca->name) == 0)
			row_add(rows, "ca_rule", conf->ca_rules[i].name, "ca", r->new_name);
	for (size_t i = 0; i < conf->n_trust_domains; i++) {
		const struct conf_trust_domain *domain = &conf->trust_domains[i];
		_cleanup_(strbuf_clear) struct strbuf both = STRBUF_NULL;

		if (!conf_list_has(&domain->cas, r->ca->name))
			continue;
		for (size_t j = 0; j < domain->cas.len; j++)
			strbuf_printf(&both, "%s, ", domain->cas.item[j]);
		strbuf_add(&both, r->new_name);
		row_add(rows, "trust_domain", domain->name, "cas", both.failed ? "" : both.text);
	}
	return rows;
}

static void next_print(const struct ctl *ctl, const struct renewal *r, const json_t *rows)
{
	json_t *row;
	size_t i;

	printf("made %s; nothing else was changed.\n", r->dir);
	if (r->args->csr)
		printf("Have %s/%s signed, and put the certificate into %s/%s.\n", r->dir, csr_file,
		       r->dir, cert_file);
	printf("To bring the new key into force, add its section to the configuration,\n"
	       "  cat %s/%s >> %s\n",
	       r->dir, section_file, ctl->config);
	if (json_array_size(rows))
		printf("set in it\n");
	json_array_foreach(rows, i, row)
		printf("  [%s]\n  %s = %s\n", json_string_value(json_object_get(row, "section")),
		       json_string_value(json_object_get(row, "key")),
		       json_string_value(json_object_get(row, "value")));
	printf("then run\n"
	       "  cmfctl check\n"
	       "  cmfctl reload\n"
	       "  cmfctl registration update --from-ca %s --ca %s\n"
	       "Leave [ca %s] in the configuration until its last certificate has ended, for its "
	       "CRLs.\n",
	       r->ca->name, r->new_name, r->ca->name);
}

static void renewal_report(const struct ctl *ctl, const struct renewal *r)
{
	json_t *rows = names_json(r), *object;

	if (ctl->json) {
		object = json_pack("{s:s, s:s, s:s+, s:O}", "dir", r->dir, "name", r->new_name,
				   "section_file", r->dir, "/ca.cnf", "keys", rows);
		ctl_json_print(object);
		json_decref(object);
	} else {
		next_print(ctl, r, rows);
	}
	json_decref(rows);
}

/* --- the command --- */

static error_t renew_parse(int key, char *arg, struct argp_state *state)
{
	struct renew_args *args = state->input;

	switch (key) {
	case 'd':
		args->dir = arg;
		return 0;
	case OPT_NEW_NAME:
		args->new_name = arg;
		return 0;
	case OPT_SUBJECT:
		args->subject = arg;
		return 0;
	case OPT_ISSUER_KEY:
		args->issuer_key = arg;
		return 0;
	case OPT_ISSUER_PASSPHRASE_FILE:
		args->issuer_passphrase_file = arg;
		return 0;
	case OPT_CSR:
		args->csr = true;
		return 0;
	case OPT_DAYS:
		if (ctl_number_parse(arg, DAYS_MAX, &args->days) || args->days == 0)
			argp_error(state, "--days must be a number from 1 to %d", DAYS_MAX);
		return 0;
	case ARGP_KEY_ARG:
		ctl_argument_take(state, "NAME", arg, &args->name);
		return 0;
	case ARGP_KEY_END:
		ctl_argument_require(state, "NAME", args->name);
		if (!args->dir || !*args->dir)
			argp_error(state, "--dir is required");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option renew_options[] = {
	{"dir", 'd', "DIR", 0, "Directory to make; it must not exist, or be empty", 1},
	{"new-name", OPT_NEW_NAME, "NAME", 0, "Of the new section (the next number: NAME-2)", 1},
	{"subject", OPT_SUBJECT, "DN", 0,
	 "Name of the CA with the new key (the next number behind the commonName)", 1},
	{"issuer-key", OPT_ISSUER_KEY, "FILE", 0,
	 "Private key of who signs the CA, a file or OpenSSL STORE URI (beside the chain)", 2},
	{"issuer-passphrase-file", OPT_ISSUER_PASSPHRASE_FILE, "FILE", 0, "... its passphrase", 2},
	{"csr", OPT_CSR, NULL, 0, "Make a request (PKCS#10) that is signed elsewhere", 2},
	{"days", OPT_DAYS, "N", 0, "Life of the certificate (3650), at most the issuer's", 2},
	{0},
};

/* As the configuration is to name it: the directory comes to be in one that is there. */
static int dir_resolve(struct renewal *r)
{
	char *slash = strrchr(r->args->dir, '/');
	const char *last = slash ? slash + 1 : r->args->dir;
	_cleanup_(freep) char *parent = NULL;
	int n;

	if (slash)
		*slash = '\0';
	parent = realpath(slash ? (slash == r->args->dir ? "/" : r->args->dir) : ".", NULL);
	if (slash)
		*slash = '/';
	if (!parent)
		return ctl_file_error(r->args->dir, -errno);
	n = asprintf(&r->dir, "%s/%s", strcmp(parent, "/") ? parent : "", last);
	if (n >= 0)
		return CTL_OK;
	r->dir = NULL;
	return ctl_file_error(r->args->dir, -ENOMEM);
}

static int ca_renew(struct ctl *ctl, struct renewal *r)
{
	int status = dir_resolve(r);

	if (!status && r->args->new_name) {
		r->new_name = strdup(r->args->new_name);
		status = r->new_name ? CTL_OK : ctl_file_error(r->args->new_name, -ENOMEM);
	} else if (!status) {
		status = next_name(r->args->name, "-", &r->new_name);
	}
	if (!status)
		status = ca_read(r);
	if (!status)
		status = model_make(r);
	if (!status) {
		r->key = rollover_key_new(X509_get0_pubkey(r->model));
		status = r->key ? CTL_OK : CTL_FAULT;
	}
	if (!status && !r->args->csr)
		status = certificate_make(r);
	if (!status)
		status = stage_dir_make(r->args->dir, renewal_write, r);
	if (!status)
		renewal_report(ctl, r);
	return status;
}

int ctl_ca_renew(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.options = renew_options,
		.parser = renew_parse,
		.args_doc = "NAME",
		.doc = "Makes a new key for an internal issuing CA, with a certificate of the same "
		       "issuer and a name of its own, or a request for one. Writes a new "
		       "directory, "
		       "changes nothing else, and says what to put into the configuration."};
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct renew_args args = {.days = DAYS_INITIAL};
	struct renewal r = {.args = &args};
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	status = stage_begin(ctl, "renew", args.dir, &conf);
	if (status)
		return status;
	r.conf = conf;
	status = ca_renew(ctl, &r);
	renewal_clear(&r);
	return status;
}
