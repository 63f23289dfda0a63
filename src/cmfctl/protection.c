// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl protection renew: another certificate for the key that protects the CMF's messages, or for
 * a new key, signed by whoever signed the one before; offline. It replaces the files of
 * [protection] certificate and key, each at once.
 */
#include "asn1/key_update.h"
#include "base/clock.h"
#include "conf.h"
#include "ctl.h"
#include "keys/credential.h"
#include "rollover_pki.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_ISSUER_CERT = 0x100, OPT_ISSUER_KEY, OPT_ISSUER_PASSPHRASE_FILE, OPT_NEW_KEY, OPT_DAYS };

enum { DAYS_MAX = 36500 };

/* notBefore lies that far back, so that a verifier whose clock is behind accepts it. */
static const int64_t backdate_ms = 300 * 1000;
static const int64_t day_ms = 24LL * 3600 * 1000;

struct protection_args {
	const char *issuer_cert;
	const char *issuer_key;
	const char *issuer_passphrase_file;
	bool new_key;
	uint64_t days;
};

struct protection {
	const struct protection_args *args;
	const struct conf *conf;
	STACK_OF(X509) * certs; /* as the file has them: ours first */
	X509 *issuer;
	char *issuer_path; /* the file that it is in */
	EVP_PKEY *issuer_key, *key;
};

static void protection_clear(struct protection *p)
{
	sk_X509_pop_free(p->certs, X509_free);
	X509_free(p->issuer);
	free(p->issuer_path);
	EVP_PKEY_free(p->issuer_key);
	EVP_PKEY_free(p->key);
}

/* --- who signed it --- */

static int certificates_read(const char *path, STACK_OF(X509) * *certsp)
{
	int err = credential_certificates_read(path, certsp);

	ERR_clear_error();
	return err ? ctl_file_error(path, err) : CTL_OK;
}

/* Whether the issuer of the certificate is in that file. */
static int issuer_look(struct protection *p, const char *path)
{
	STACK_OF(X509) *certs = NULL;
	int status = path && !p->issuer ? certificates_read(path, &certs) : CTL_OK;

	for (int i = 0; !status && !p->issuer && i < sk_X509_num(certs); i++) {
		if (!key_update_signed_by(sk_X509_value(p->certs, 0), sk_X509_value(certs, i)))
			continue;
		p->issuer = sk_X509_delete(certs, i);
		p->issuer_path = strdup(path);
		if (!p->issuer_path)
			status = ctl_file_error(path, -ENOMEM);
	}
	sk_X509_pop_free(certs, X509_free);
	return status;
}

static int issuer_find(struct protection *p)
{
	int status = issuer_look(p, p->args->issuer_cert);

	for (size_t i = 0; !status && i < p->conf->n_cas; i++) {
		status = issuer_look(p, p->conf->cas[i].chain);
		if (!status)
			status = issuer_look(p, p->conf->cas[i].certificate);
	}
	if (!status)
		status = issuer_look(p, p->conf->protection.certificate);
	if (status || p->issuer)
		return status;
	ctl_error("who has signed %s is in none of the files of the CAs; --issuer-cert says it",
		  p->conf->protection.certificate);
	return CTL_USAGE;
}

/* "ca/root.pem" to "ca/root.key", as `cmfctl init` names it, unless it is told. */
static int issuer_key_read(struct protection *p)
{
	const char *dot = strrchr(p->issuer_path, '.');
	_cleanup_(strbuf_clear) struct strbuf beside = STRBUF_NULL;
	const char *source = p->args->issuer_key;
	int err;

	if (!source) {
		strbuf_add_n(&beside, p->issuer_path,
			     dot ? (size_t)(dot - p->issuer_path) : strlen(p->issuer_path));
		strbuf_add(&beside, ".key");
		source = beside.failed ? NULL : beside.text;
	}
	if (!source)
		return ctl_file_error(p->issuer_path, -ENOMEM);
	err = credential_key_read(&(struct key_source){source, p->args->issuer_passphrase_file},
				  &p->issuer_key);
	ERR_clear_error();
	if (err)
		ctl_error("%s: %s%s", source, credential_error_text(err),
			  err == -ENOENT ? "; --issuer-key says where the key of the issuer is"
					 : "");
	if (err)
		return CTL_FAULT;
	if (EVP_PKEY_eq(p->issuer_key, X509_get0_pubkey(p->issuer)) == 1)
		return CTL_OK;
	ERR_clear_error();
	ctl_error("%s: the key does not belong to the issuer", source);
	return CTL_REFUSED;
}

/* --- the certificate --- */

/* RFC 9483 1.5: cmcCA, by which others know that it may speak for the CA. What is there stays. */
static int role_add(X509 *cert)
{
	EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool found = false;
	int ok = 1;

	if (!usages)
		usages = sk_ASN1_OBJECT_new_null();
	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
		found = found || OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i)) == NID_cmcCA;
	if (!found)
		ok = usages && sk_ASN1_OBJECT_push(usages, OBJ_nid2obj(NID_cmcCA)) > 0 &&
		     X509_add1_ext_i2d(cert, NID_ext_key_usage, usages, 0, X509V3_ADD_REPLACE) == 1;
	EXTENDED_KEY_USAGE_free(usages);
	return ok ? CTL_OK : ctl_openssl_error("extendedKeyUsage");
}

/* Of the certificate before, in milliseconds; its notBefore was set back, too. */
static int64_t life_of(const struct protection *p)
{
	const X509 *before = sk_X509_value(p->certs, 0);

	return rollover_time_ms(X509_get0_notAfter(before)) -
	       rollover_time_ms(X509_get0_notBefore(before)) - backdate_ms;
}

static int certificate_make(struct protection *p)
{
	const struct rollover_issuer issuer = {p->issuer, p->issuer_key};
	int64_t now_ms = clock_now_ms(&clock_system);
	int64_t issuer_end_ms = rollover_time_ms(X509_get0_notAfter(p->issuer));
	struct rollover_change change = {
		.key = p->key,
		.not_before_ms = now_ms - backdate_ms,
		.not_after_ms =
			now_ms + (p->args->days ? (int64_t)p->args->days * day_ms : life_of(p)),
	};
	X509 *model = X509_dup(sk_X509_value(p->certs, 0)), *cert = NULL;
	int status = model ? role_add(model) : ctl_openssl_error("certificate");

	if (!status && issuer_end_ms <= now_ms) {
		ctl_error("the certificate of the issuer has expired");
		status = CTL_REFUSED;
	}
	if (change.not_after_ms > issuer_end_ms)
		change.not_after_ms = issuer_end_ms;
	if (!status)
		cert = rollover_certificate_new(model, &change, &issuer);
	X509_free(model);
	if (!cert)
		return status ? status : CTL_FAULT;
	X509_free(sk_X509_shift(p->certs));
	if (sk_X509_unshift(p->certs, cert) > 0)
		return CTL_OK;
	X509_free(cert);
	return ctl_openssl_error("certificate");
}

/* --- files --- */

static int bio_write(BIO *bio, const char *path, unsigned mode)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	int err = file_write_durable(path, (struct bytes){(uint8_t *)text, (size_t)len}, mode);

	return err ? ctl_file_error(path, err) : CTL_OK;
}

static int certificates_write(const struct protection *p)
{
	const char *path = p->conf->protection.certificate;
	BIO *bio = BIO_new(BIO_s_mem());
	int status = bio ? CTL_OK : ctl_openssl_error(path);

	for (int i = 0; !status && i < sk_X509_num(p->certs); i++)
		if (!PEM_write_bio_X509(bio, sk_X509_value(p->certs, i)))
			status = ctl_openssl_error(path);
	if (!status)
		status = bio_write(bio, path, 0644);
	BIO_free(bio);
	return status;
}

static int key_write(const char *path, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	int status = CTL_OK;

	if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		status = ctl_openssl_error(path);
	if (!status)
		status = bio_write(bio, path, 0600);
	BIO_free(bio);
	return status;
}

/* A running cmfd has read both. If the second cannot be written, the first is as it was. */
static int files_write(const struct protection *p)
{
	const struct conf_protection *conf = &p->conf->protection;
	EVP_PKEY *before = NULL;
	int status,
		err = p->key ? credential_key_read(&(struct key_source){conf->key}, &before) : 0;

	if (err) {
		ctl_error("%s: %s", conf->key, credential_error_text(err));
		return CTL_FAULT;
	}
	status = p->key ? key_write(conf->key, p->key) : CTL_OK;
	if (!status)
		status = certificates_write(p);
	if (status && before)
		(void)!key_write(conf->key, before);
	EVP_PKEY_free(before);
	return status;
}

/* --- the command --- */

static int key_make(struct protection *p)
{
	const struct conf_protection *conf = &p->conf->protection;

	if (!p->args->new_key)
		return CTL_OK;
	if (conf->passphrase_file || credential_is_uri(conf->key)) {
		ctl_error("[protection] key: a key with a passphrase, or in an HSM, is not made "
			  "here");
		return CTL_REFUSED;
	}
	p->key = rollover_key_new(X509_get0_pubkey(sk_X509_value(p->certs, 0)));
	return p->key ? CTL_OK : CTL_FAULT;
}

static int protection_renew(struct protection *p)
{
	int status = certificates_read(p->conf->protection.certificate, &p->certs);

	if (!status)
		status = issuer_find(p);
	if (!status)
		status = issuer_key_read(p);
	if (!status)
		status = key_make(p);
	if (!status)
		status = certificate_make(p);
	return status ? status : files_write(p);
}

static error_t renew_parse(int key, char *arg, struct argp_state *state)
{
	struct protection_args *args = state->input;

	switch (key) {
	case OPT_ISSUER_CERT:
		args->issuer_cert = arg;
		return 0;
	case OPT_ISSUER_KEY:
		args->issuer_key = arg;
		return 0;
	case OPT_ISSUER_PASSPHRASE_FILE:
		args->issuer_passphrase_file = arg;
		return 0;
	case OPT_NEW_KEY:
		args->new_key = true;
		return 0;
	case OPT_DAYS:
		if (ctl_number_parse(arg, DAYS_MAX, &args->days) || args->days == 0)
			argp_error(state, "--days is a number from 1 to %d", DAYS_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ctl_protection_renew(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"issuer-cert", OPT_ISSUER_CERT, "FILE", 0,
		 "Who signs it (who signed the one before, found among the CAs)", 1},
		{"issuer-key", OPT_ISSUER_KEY, "FILE", 0,
		 "Its private key, a file or OpenSSL STORE URI (beside its certificate)", 1},
		{"issuer-passphrase-file", OPT_ISSUER_PASSPHRASE_FILE, "FILE", 0,
		 "File with the passphrase of that key", 1},
		{"new-key", OPT_NEW_KEY, NULL, 0, "Make a new key, too", 1},
		{"days", OPT_DAYS, "N", 0,
		 "Validity (as long as that of the one before), at most the issuer's", 1},
		{0}};
	static const struct argp argp = {
		.options = options,
		.parser = renew_parse,
		.doc = "Makes a new certificate for the CMF's messages, with id-kp-cmcCA, and "
		       "replaces the old one."};
	struct protection_args args = {0};
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct protection p = {.args = &args};
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	status = ctl_conf_load(ctl, &conf);
	if (status)
		return status;
	p.conf = conf;
	status = protection_renew(&p);
	if (!status && !ctl->json)
		printf("renewed %s; now run cmfctl reload. Clients that pin it (-srvcert) need the "
		       "new "
		       "one.\n",
		       conf->protection.certificate);
	protection_clear(&p);
	return status;
}
