// SPDX-License-Identifier: Apache-2.0
/*
 * What a new CMF needs besides its configuration, in the files that this names: the CA, made or
 * taken over, the CMF's own credential, the key of the store and the database.
 */
#include "init.h"

#include "asn1/key_update.h"
#include "asn1/x509.h"
#include "base/error.h"
#include "checker.h"
#include "conf.h"
#include "keys/credential.h"
#include "store.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A private key with its text around it; the largest are RSA's. */
enum { KEY_FILE_MAX = 64 * 1024 };

/* --- the CA that is there already --- */

static int certificates_add(const char *path, struct init *init)
{
	STACK_OF(X509) *certs = NULL;
	int err = credential_certificates_read(path, &certs), status = CTL_OK;

	ERR_clear_error();
	if (err) {
		ctl_error("%s: %s", path,
			  err == -ENODATA ? "there is no certificate in it, PEM" : error_text(err));
		return CTL_USAGE;
	}
	while (sk_X509_num(certs) > 0 && init->n_existing < INIT_PATH_MAX)
		init->existing[init->n_existing++] = sk_X509_shift(certs);
	if (sk_X509_num(certs) > 0) {
		ctl_error("%s: more than the %d certificates that a path may have", path,
			  INIT_PATH_MAX);
		status = CTL_USAGE;
	}
	sk_X509_pop_free(certs, X509_free);
	return status;
}

/* Each signed by the next one, the last by itself. */
static int path_check(const struct init *init)
{
	for (size_t i = 0; i < init->n_existing; i++) {
		X509 *cert = init->existing[i];
		_cleanup_(freep) char *subject = NULL;

		if (key_update_signed_by(cert,
					 init->existing[i + 1 < init->n_existing ? i + 1 : i]))
			continue;
		subject = x509_subject_text(cert);
		ctl_error("who signed %s does not follow upon it: --ca-chain names a file with the "
			  "certificates above that of the CA, in their order, the root last",
			  subject ? subject : "a certificate");
		return CTL_USAGE;
	}
	return CTL_OK;
}

static int existing_key_read(struct init *init)
{
	const struct init_args *args = init->args;
	int err = credential_key_read(&(struct key_source){args->ca_key, args->ca_passphrase_file},
				      &init->issuing.key);

	ERR_clear_error();
	if (err) {
		ctl_error("%s: %s%s", args->ca_key, credential_error_text(err),
			  args->ca_passphrase_file
				  ? ""
				  : " (if there is a passphrase: --ca-passphrase-file)");
		return CTL_USAGE;
	}
	if (X509_check_private_key(init->existing[0], init->issuing.key) == 1)
		return CTL_OK;
	ERR_clear_error();
	ctl_error("%s is not the key of the first certificate in %s", args->ca_key, args->ca_cert);
	return CTL_USAGE;
}

static int existing_read(struct init *init)
{
	const struct init_args *args = init->args;
	X509 *ca;
	int status = certificates_add(args->ca_cert, init);

	if (!status && args->ca_chain)
		status = certificates_add(args->ca_chain, init);
	if (status)
		return status;
	ca = init->existing[0];
	if (X509_check_ca(ca) != 1 || !(X509_get_key_usage(ca) & KU_KEY_CERT_SIGN)) {
		ctl_error("%s: the first certificate is none of a CA that may sign certificates "
			  "(basicConstraints, keyUsage)",
			  args->ca_cert);
		return CTL_USAGE;
	}
	status = path_check(init);
	if (!status)
		status = existing_key_read(init);
	if (status)
		return status;
	X509_up_ref(ca);
	init->issuing.cert = ca;
	init->root.cert = init->existing[init->n_existing - 1];
	X509_up_ref(init->root.cert);
	return CTL_OK;
}

/* --- keys and certificates --- */

static int ca_make(const struct init_wanted *wanted, const char *constraints,
		   const struct init_credential *issuer, struct init_credential *credentialp)
{
	const struct init_extension extensions[] = {
		{NID_basic_constraints, constraints},
		{NID_key_usage, "critical,keyCertSign,cRLSign"},
	};
	const struct init_request request = {wanted->name, wanted->key_type, wanted->days,
					     extensions, ARRAY_LEN(extensions)};

	return init_credential_new(&request, issuer, credentialp);
}

/*
 * The CMF's own credential comes from the root, not from the issuing CA: that one has issued what
 * is in the store and nothing else. Of a CA that is there already there is no other key, though.
 * cmcCA and cmcRA: RFC 9483 1.5, the CMF speaks for CA and RA; cmKGA: 4.1.6, it may generate keys.
 */
static int protection_make(struct init *init, const struct init_credential *issuer)
{
	static const struct init_extension extensions[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature"},
		{NID_ext_key_usage, "cmcCA,cmcRA,cmKGA"},
	};
	const struct init_wanted *wanted = &init->args->protection;
	const struct init_request request = {wanted->name, wanted->key_type, wanted->days,
					     extensions, ARRAY_LEN(extensions)};

	return init_credential_new(&request, issuer, &init->protection);
}

/* Names by which certificates are told apart, and their issuers found. */
static int names_check(const struct init *init)
{
	const X509 *certs[] = {init->root.cert, init->issuing.cert, init->protection.cert};

	/* Root and issuing CA may be one, where it is there already. */
	for (size_t i = 0; i < ARRAY_LEN(certs); i++)
		for (size_t j = i + 1; j < ARRAY_LEN(certs); j++) {
			if (X509_cmp(certs[i], certs[j]) == 0 ||
			    X509_NAME_cmp(X509_get_subject_name(certs[i]),
					  X509_get_subject_name(certs[j])) != 0)
				continue;
			ctl_error("root, issuing CA and CMF need names of their own (--root-name, "
				  "--issuing-name, --protection-name)");
			return CTL_USAGE;
		}
	return CTL_OK;
}

int init_pki_make(struct init *init)
{
	const struct init_args *args = init->args;
	int status;

	if (args->ca_cert) {
		status = existing_read(init);
		if (!status)
			status = protection_make(init, &init->issuing);
	} else {
		status = ca_make(&args->root, "critical,CA:TRUE,pathlen:1", NULL, &init->root);
		if (!status)
			status = ca_make(&args->issuing, "critical,CA:TRUE,pathlen:0", &init->root,
					 &init->issuing);
		if (!status)
			status = protection_make(init, &init->root);
	}
	return status ? status : names_check(init);
}

/* --- files --- */

/* Makes the directory that a file is to be in. */
static int parent_make(const char *path)
{
	_cleanup_(freep) char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (!slash)
		return ctl_file_error(path, -ENOMEM);
	*slash = '\0';
	if (mkdir(dir, 0700) && errno != EEXIST)
		return ctl_file_error(dir, errno);
	return CTL_OK;
}

/* `key_path` NULL: the key stays where it is. */
static int credential_write(const struct init_credential *c, const char *cert_path,
			    const char *key_path)
{
	int status = parent_make(cert_path);

	if (!status)
		status = init_certificates_write(&c->cert, 1, cert_path);
	if (!status && key_path)
		status = parent_make(key_path);
	return status || !key_path ? status : init_key_write(c->key, key_path);
}

static int file_copy(const char *from, const char *to)
{
	struct octets content = OCTETS_NULL;
	int err = file_read(from, KEY_FILE_MAX, &content);

	if (err)
		return ctl_file_error(from, err);
	err = file_write_durable(to, octets_view(&content), 0600);
	octets_clear_secret(&content);
	return err ? ctl_file_error(to, err) : CTL_OK;
}

/* Key and passphrase as they came: what is encrypted stays so. */
static int existing_write(const struct init *init, const struct conf_ca *ca)
{
	const struct init_args *args = init->args;
	int status = credential_write(&init->issuing, ca->certificate, NULL);

	if (!status && !credential_is_uri(args->ca_key))
		status = file_copy(args->ca_key, ca->key);
	if (!status && args->ca_passphrase_file)
		status = file_copy(args->ca_passphrase_file, ca->passphrase_file);
	if (!status && ca->chain)
		status = init_certificates_write(init->existing + 1, init->n_existing - 1,
						 ca->chain);
	return status;
}

/* The CMF's own certificate, and what leads from it to the root, for who trusts that alone. */
static int protection_write(const struct init *init, const struct conf_protection *protection)
{
	X509 *certs[1 + INIT_PATH_MAX] = {init->protection.cert};
	size_t n = 1;

	for (size_t i = 0; i + 1 < init->n_existing; i++)
		certs[n++] = init->existing[i];
	return init_certificates_write(certs, n, protection->certificate)
		       ?: init_key_write(init->protection.key, protection->key);
}

static int pki_write(const char *stage, const struct init *init, const struct conf *conf)
{
	const struct conf_ca *ca = &conf->cas[0];
	_cleanup_(freep) char *root = NULL, *root_key = NULL;
	int status;

	if (asprintf(&root, "%s/%s", stage, INIT_ROOT) < 0 ||
	    asprintf(&root_key, "%s/%s", stage, INIT_ROOT_KEY) < 0)
		return ctl_file_error(INIT_ROOT, -ENOMEM);
	status = init->n_existing ? existing_write(init, ca)
				  : credential_write(&init->issuing, ca->certificate, ca->key);
	/* The configuration names no key of the root: cmfd does not use it. */
	if (!status)
		status = credential_write(&init->root, root, init->root.key ? root_key : NULL);
	return status ? status : protection_write(init, &conf->protection);
}

/* --- store --- */

static int store_make(const struct conf *conf)
{
	const struct store_options options = {.database = conf->store.database, .batch_max = 1};
	int err, status = parent_make(conf->store.secret_key);

	if (!status)
		status = ctl_store_key_make(conf->store.secret_key);
	if (!status)
		status = parent_make(conf->store.database);
	if (status)
		return status;
	err = store_create(&options);
	return err ? ctl_file_error(conf->store.database, err) : CTL_OK;
}

/* --- the directory --- */

/* As cmfd would see it. */
static int files_judge(const char *conf_path)
{
	struct check_findings findings = {0};
	int status = CTL_OK;
	char *next, *line;

	check_run(conf_path, true, &findings);
	if (findings.problems.len) {
		ctl_error("cmfd could not start with these options:\n%s", findings.problems.text);
		status = CTL_USAGE;
	}
	for (next = findings.warnings.text; next && (line = strsep(&next, "\n"));)
		if (*line)
			ctl_error("warning: %s", line);
	check_findings_clear(&findings);
	return status;
}

int init_fill(const char *stage, void *arg)
{
	const struct init *init = arg;
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	_cleanup_(conf_freep) struct conf *conf = NULL;
	_cleanup_(freep) char *path = NULL;
	int status = init_conf_write(stage, init, &path);

	if (!status && conf_load_names(path, &conf, &problems)) {
		ctl_error("these options give no configuration:\n%s",
			  problems.text ? problems.text : "");
		status = CTL_USAGE;
	}
	if (!status && init->args->system)
		status = init_system_folders(init);
	if (!status)
		status = pki_write(stage, init, conf);
	if (!status)
		status = store_make(conf);
	if (status)
		return status;
	status = files_judge(path);
	if (!status && init->args->system)
		status = init_system_give(init, stage, conf->store.database);
	/* Where it lies in the directory it goes with that. */
	if (status && init->args->system)
		unlink(conf->store.database);
	return status;
}
