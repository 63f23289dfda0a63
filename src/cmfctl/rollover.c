// SPDX-License-Identifier: Apache-2.0
/*
 * cmfctl ca rollover: a new root for an internal CA and the certificates that lead from the old one
 * to it (RFC 9810 4.4.1), offline. Writes a new directory and changes nothing else: what is in it
 * comes into force when the operator names it in the configuration.
 */
#include "ctl.h"
#include "init_pki.h"
#include "rollover_pki.h"
#include "stage.h"

#include "base/clock.h"
#include "conf.h"
#include "keys/credential.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	OPT_ROOT_KEY = 0x100,
	OPT_ROOT_PASSPHRASE_FILE,
	OPT_NEW_ROOT_CERT,
	OPT_NEW_ROOT_KEY,
	OPT_NEW_ROOT_PASSPHRASE_FILE,
	OPT_DAYS,
};

enum { DAYS_INITIAL = 7300, DAYS_MAX = 36500 };

/* A path of that many certificates is a loop, or a mistake. */
enum { PATH_MAX_CERTS = 16 };

/* Certificates in a file of [protection]. */
enum { PROTECTION_MAX = 16 };

/* notBefore lies that far back, so that a verifier whose clock is behind accepts it. */
static const int64_t backdate_ms = 300 * 1000;

static const char root_file[] = "root.pem", root_key_file[] = "root.key";
static const char new_with_old_file[] = "root-new-with-old.pem";
static const char old_with_new_file[] = "root-old-with-new.pem";
static const char chain_file[] = "chain.pem", issuing_file[] = "issuing.pem";
/* Certificates of [protection]: their keys there, and what they are called when signed anew. */
enum { PROTECTION_COUNT = 3 };
static const char *const protection[PROTECTION_COUNT][2] = {
	{"certificate", "cmf.pem"},
	{"encryption_certificate", "cmf-encryption.pem"},
	{"kga_certificate", "cmf-kga.pem"},
};

struct rollover_args {
	const char *name;
	char *dir;
	const char *root_key;
	const char *root_passphrase_file;
	const char *new_root_cert;
	const char *new_root_key;
	const char *new_root_passphrase_file;
	uint64_t days;
};

struct rollover {
	const struct rollover_args *args;
	const struct conf *conf;
	const struct conf_ca *ca;
	STACK_OF(X509) * own, *above, *protection[PROTECTION_COUNT]; /* as the files have them */
	X509 *path[PATH_MAX_CERTS]; /* borrowed: issuing CA first, old root last */
	size_t len;
	EVP_PKEY *old_key, *new_key;
	struct key_update update;
	X509 *below; /* what stands below the root, signed by the new one */
	bool protection_signed[PROTECTION_COUNT];
	int64_t now_ms;
};

static void certs_free(STACK_OF(X509) * certs)
{
	sk_X509_pop_free(certs, X509_free);
}

static void rollover_clear(struct rollover *r)
{
	certs_free(r->own);
	certs_free(r->above);
	for (size_t i = 0; i < PROTECTION_COUNT; i++)
		certs_free(r->protection[i]);
	EVP_PKEY_free(r->old_key);
	EVP_PKEY_free(r->new_key);
	key_update_clear(&r->update);
	X509_free(r->below);
}

static X509 *old_root(const struct rollover *r)
{
	return r->path[r->len - 1];
}

/* --- what is there --- */

static int certificates_read(const char *path, STACK_OF(X509) * *certsp)
{
	int err;

	if (!path)
		return CTL_OK;
	err = credential_certificates_read(path, certsp);
	ERR_clear_error();
	return err ? ctl_file_error(path, err) : CTL_OK;
}

static X509 *issuer_find(X509 *cert, STACK_OF(X509) * candidates)
{
	for (int i = 0; i < sk_X509_num(candidates); i++) {
		if (key_update_signed_by(cert, sk_X509_value(candidates, i)))
			return sk_X509_value(candidates, i);
	}
	return NULL;
}

static int path_build(struct rollover *r)
{
	X509 *cert = sk_X509_value(r->own, 0);

	while (cert && r->len < PATH_MAX_CERTS) {
		r->path[r->len++] = cert;
		if (!key_update_signed_by(cert, cert)) {
			X509 *issuer = issuer_find(cert, r->above);

			cert = issuer ? issuer : issuer_find(cert, r->own);
			continue;
		}
		if (r->len > 1)
			return CTL_OK;
		ctl_error("the CA is its own root; make another CA instead");
		return CTL_REFUSED;
	}
	ctl_error("[ca %s] chain: it does not lead to a root", r->ca->name);
	return CTL_REFUSED;
}

/* `option` is what says where the key is. */
static int key_read(const char *source, const char *option, const char *passphrase_file, X509 *cert,
		    EVP_PKEY **keyp)
{
	const struct key_source key = {source, passphrase_file};
	int err = credential_key_read(&key, keyp);

	ERR_clear_error();
	if (err) {
		ctl_error("%s: %s; %s says where the key is", source, credential_error_text(err),
			  option);
		return CTL_FAULT;
	}
	if (EVP_PKEY_eq(*keyp, X509_get0_pubkey(cert)) == 1)
		return CTL_OK;
	ERR_clear_error();
	ctl_error("%s: the key does not belong to the certificate", source);
	return CTL_REFUSED;
}

static int old_key_read(struct rollover *r)
{
	const struct rollover_args *args = r->args;
	_cleanup_(freep) char *beside = init_key_path(r->ca->chain);

	if (!args->root_key && !beside) {
		ctl_error("where is the key of the root? --root-key says it");
		return CTL_USAGE;
	}
	return key_read(args->root_key ? args->root_key : beside, "--root-key",
			args->root_passphrase_file, old_root(r), &r->old_key);
}

static int rollover_read(struct rollover *r)
{
	const struct conf_protection *conf = &r->conf->protection;
	const char *const paths[PROTECTION_COUNT] = {
		conf->certificate, conf->encryption_certificate, conf->kga_certificate};
	int status = certificates_read(r->ca->certificate, &r->own);

	if (!status)
		status = certificates_read(r->ca->chain, &r->above);
	for (size_t i = 0; !status && i < PROTECTION_COUNT; i++)
		status = certificates_read(paths[i], &r->protection[i]);
	if (!status)
		status = path_build(r);
	return status ? status : old_key_read(r);
}

/* --- the new root and the links --- */

static int new_root_read(struct rollover *r)
{
	_cleanup_(freep) char *beside = init_key_path(r->args->new_root_cert);
	const char *source = r->args->new_root_key ? r->args->new_root_key : beside;
	STACK_OF(X509) *certs = NULL;
	int status = certificates_read(r->args->new_root_cert, &certs);

	if (status)
		return status;
	r->update.new_with_new = sk_X509_shift(certs);
	certs_free(certs);
	if (!source) {
		ctl_error("where is the key of the new root? --new-root-key says it");
		return CTL_USAGE;
	}
	return key_read(source, "--new-root-key", r->args->new_root_passphrase_file,
			r->update.new_with_new, &r->new_key);
}

static int new_root_make(struct rollover *r)
{
	struct rollover_change change = {.not_before_ms = r->now_ms - backdate_ms};
	struct rollover_issuer itself = {0};

	change.not_after_ms = r->now_ms + (int64_t)r->args->days * 24 * 3600 * 1000;
	r->new_key = rollover_key_new(X509_get0_pubkey(old_root(r)));
	if (!r->new_key)
		return CTL_FAULT;
	change.key = itself.key = r->new_key;
	r->update.new_with_new = rollover_certificate_new(old_root(r), &change, &itself);
	return r->update.new_with_new ? CTL_OK : CTL_FAULT;
}

static int64_t min_ms(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* RFC 9810 4.4.1: the validity of the links. */
static int links_make(struct rollover *r)
{
	X509 *new_with_new = r->update.new_with_new, *old = old_root(r);
	const struct rollover_issuer by_old = {old, r->old_key},
				     by_new = {new_with_new, r->new_key};
	int64_t old_end_ms = rollover_time_ms(X509_get0_notAfter(old));
	int64_t new_start_ms = rollover_time_ms(X509_get0_notBefore(new_with_new));
	int64_t new_end_ms = rollover_time_ms(X509_get0_notAfter(new_with_new));
	const struct rollover_change new_with_old = {NULL, new_start_ms,
						     min_ms(old_end_ms, new_end_ms)};
	const struct rollover_change old_with_new = {
		NULL, rollover_time_ms(X509_get0_notBefore(old)), old_end_ms};

	if (old_end_ms <= r->now_ms || new_start_ms >= old_end_ms) {
		ctl_error("the old root has expired: nothing leads from it to another");
		return CTL_REFUSED;
	}
	r->update.new_with_old = rollover_certificate_new(new_with_new, &new_with_old, &by_old);
	if (!r->update.new_with_old)
		return CTL_FAULT;
	r->update.old_with_new = rollover_certificate_new(old, &old_with_new, &by_new);
	return r->update.old_with_new ? CTL_OK : CTL_FAULT;
}

/* A certificate of the old root, under the new one: same key, same end. */
static X509 *certificate_resign(const struct rollover *r, X509 *cert)
{
	const struct rollover_issuer by_new = {r->update.new_with_new, r->new_key};
	const struct rollover_change change = {
		NULL, r->now_ms - backdate_ms,
		min_ms(rollover_time_ms(X509_get0_notAfter(cert)),
		       rollover_time_ms(X509_get0_notAfter(r->update.new_with_new)))};

	return rollover_certificate_new(cert, &change, &by_new);
}

/* What of the CMF's own certificates the old root has signed. */
static int file_resign(const struct rollover *r, STACK_OF(X509) * certs, bool *signedp)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (!key_update_signed_by(cert, old_root(r)) || key_update_signed_by(cert, cert))
			continue;
		cert = certificate_resign(r, cert);
		if (!cert)
			return CTL_FAULT;
		X509_free(sk_X509_value(certs, i));
		(void)sk_X509_set(certs, i, cert);
		*signedp = true;
	}
	return CTL_OK;
}

static int rollover_make(struct rollover *r)
{
	const char *problem;
	int status = r->args->new_root_cert ? new_root_read(r) : new_root_make(r);

	if (!status)
		status = links_make(r);
	if (status)
		return status;
	problem = key_update_problem(&r->update);
	if (problem) {
		ctl_error("the certificates do not fit together: %s", problem);
		return CTL_REFUSED;
	}
	r->below = certificate_resign(r, r->path[r->len - 2]);
	status = r->below ? CTL_OK : CTL_FAULT;
	for (size_t i = 0; !status && i < PROTECTION_COUNT; i++)
		status = file_resign(r, r->protection[i], &r->protection_signed[i]);
	return status;
}

/* --- the directory --- */

/* What stands above the issuing CA, up to the new root. */
static int chain_write(const char *stage, const struct rollover *r)
{
	X509 *certs[PATH_MAX_CERTS];
	size_t n = 0;

	for (size_t i = 1; i + 2 < r->len; i++)
		certs[n++] = r->path[i];
	if (r->len > 2)
		certs[n++] = r->below;
	certs[n++] = r->update.new_with_new;
	return rollover_certificates_write(stage, chain_file, certs, n);
}

/* Certificates of the CMF, and the link for who trusts the old root only. */
static int file_write(const char *stage, const struct rollover *r, const char *name,
		      STACK_OF(X509) * own)
{
	X509 *certs[PROTECTION_MAX + 1];
	int n = sk_X509_num(own);

	if (n > PROTECTION_MAX) {
		ctl_error("[protection]: a file holds more than %d certificates", PROTECTION_MAX);
		return CTL_REFUSED;
	}
	for (int i = 0; i < n; i++)
		certs[i] = sk_X509_value(own, i);
	certs[n] = r->update.new_with_old;
	return rollover_certificates_write(stage, name, certs, (size_t)n + 1);
}

/* The key of the root is not for cmfd. */
static int rollover_write(const char *stage, void *arg)
{
	const struct rollover *r = arg;
	const struct key_update *u = &r->update;
	int status = CTL_OK;

	if (!r->args->new_root_cert)
		status = rollover_key_write(stage, root_key_file, r->new_key);
	if (!status)
		status = rollover_certificates_write(stage, root_file, &u->new_with_new, 1);
	if (!status)
		status = rollover_certificates_write(stage, new_with_old_file, &u->new_with_old, 1);
	if (!status)
		status = rollover_certificates_write(stage, old_with_new_file, &u->old_with_new, 1);
	if (!status)
		status = chain_write(stage, r);
	if (!status && r->len == 2)
		status = rollover_certificates_write(stage, issuing_file, &r->below, 1);
	for (size_t i = 0; !status && i < PROTECTION_COUNT; i++)
		if (r->protection_signed[i])
			status = file_write(stage, r, protection[i][1], r->protection[i]);
	return status ? status : stage_owner_keep(stage, r->ca->certificate, root_key_file);
}

/* --- what comes next --- */

static void key_add(json_t *keys, const char *section, const char *key, const char *dir,
		    const char *file)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;

	strbuf_printf(&path, "%s/%s", dir, file);
	json_array_append_new(keys, json_pack("{s:s, s:s, s:s}", "section", section, "key", key,
					      "value", path.failed ? "" : path.text));
}

/* The lines of cmf.cnf that bring the new root into force. */
static json_t *keys_json(const struct rollover *r, const char *dir)
{
	_cleanup_(strbuf_clear) struct strbuf section = STRBUF_NULL;
	json_t *keys = json_array();

	strbuf_printf(&section, "ca %s", r->ca->name);
	if (section.failed)
		return keys;
	if (r->len == 2)
		key_add(keys, section.text, "certificate", dir, issuing_file);
	key_add(keys, section.text, "chain", dir, chain_file);
	key_add(keys, section.text, "root_new_with_old", dir, new_with_old_file);
	key_add(keys, section.text, "root_old_with_new", dir, old_with_new_file);
	for (size_t i = 0; i < PROTECTION_COUNT; i++)
		if (r->protection_signed[i])
			key_add(keys, "protection", protection[i][0], dir, protection[i][1]);
	return keys;
}

static void keys_print(const json_t *keys)
{
	const char *before = "";
	json_t *row;
	size_t i;

	json_array_foreach(keys, i, row)
	{
		const char *section = json_string_value(json_object_get(row, "section"));

		if (strcmp(section, before) != 0)
			printf("  [%s]\n", section);
		printf("  %s = %s\n", json_string_value(json_object_get(row, "key")),
		       json_string_value(json_object_get(row, "value")));
		before = section;
	}
}

/* Other CAs that would be left below the old root. */
static void others_print(const struct rollover *r, const char *dir)
{
	for (size_t i = 0; i < r->conf->n_cas; i++) {
		const struct conf_ca *ca = &r->conf->cas[i];
		STACK_OF(X509) *certs = NULL;
		bool below = false;

		if (ca == r->ca || !ca->chain || credential_certificates_read(ca->chain, &certs))
			continue;
		for (int j = 0; j < sk_X509_num(certs); j++)
			below |= X509_cmp(sk_X509_value(certs, j), old_root(r)) == 0;
		certs_free(certs);
		if (below)
			printf("[ca %s] stands below the old root too: roll it over with "
			       "--new-root-cert %s/%s\n",
			       ca->name, dir, root_file);
	}
	ERR_clear_error();
}

static void rollover_report(const struct ctl *ctl, const struct rollover *r)
{
	_cleanup_(freep) char *absolute = realpath(r->args->dir, NULL);
	const char *dir = absolute ? absolute : r->args->dir;
	json_t *keys = keys_json(r, dir);

	if (ctl->json) {
		ctl_show(ctl, keys);
		json_decref(keys);
		return;
	}
	printf("made %s; nothing else was changed. To bring the new root into force, set in %s\n",
	       dir, ctl->config);
	keys_print(keys);
	printf("then run cmfctl check and cmfctl reload. Certificates issued before stay valid; "
	       "clients get the\nnew root with a genm rootCaCert.\n");
	if (!r->args->new_root_cert)
		printf("cmfd does not use %s/%s: keep it elsewhere.\n", dir, root_key_file);
	if (r->ca->root_new_with_old)
		printf("Who still trusts the root before the old one finds no way to the new "
		       "one.\n");
	others_print(r, dir);
	json_decref(keys);
}

/* --- the command --- */

static error_t files_parse(int key, char *arg, struct rollover_args *args)
{
	switch (key) {
	case OPT_ROOT_KEY:
		args->root_key = arg;
		return 0;
	case OPT_ROOT_PASSPHRASE_FILE:
		args->root_passphrase_file = arg;
		return 0;
	case OPT_NEW_ROOT_CERT:
		args->new_root_cert = arg;
		return 0;
	case OPT_NEW_ROOT_KEY:
		args->new_root_key = arg;
		return 0;
	case OPT_NEW_ROOT_PASSPHRASE_FILE:
		args->new_root_passphrase_file = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t rollover_parse(int key, char *arg, struct argp_state *state)
{
	struct rollover_args *args = state->input;

	switch (key) {
	case 'd':
		args->dir = arg;
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
		if (args->new_root_key && !args->new_root_cert)
			argp_error(state, "--new-root-key goes with --new-root-cert");
		return 0;
	default:
		return files_parse(key, arg, args);
	}
}

static const struct argp_option rollover_options[] = {
	{"dir", 'd', "DIR", 0, "Directory to make; it must not exist, or be empty", 1},
	{"root-key", OPT_ROOT_KEY, "FILE", 0,
	 "Private key of the root that is now in force (beside the chain, as NAME.key)", 2},
	{"root-passphrase-file", OPT_ROOT_PASSPHRASE_FILE, "FILE", 0, "... its passphrase", 2},
	{"new-root-cert", OPT_NEW_ROOT_CERT, "FILE", 0,
	 "The new root, if it is there already; else one is made, with a key of the same kind", 3},
	{"new-root-key", OPT_NEW_ROOT_KEY, "FILE", 0, "... its private key (beside it)", 3},
	{"new-root-passphrase-file", OPT_NEW_ROOT_PASSPHRASE_FILE, "FILE", 0, "... its passphrase",
	 3},
	{"days", OPT_DAYS, "N", 0, "Life of a root that is made (7300)", 4},
	{0},
};

static int rollover_run(struct ctl *ctl, struct rollover *r)
{
	int status;

	for (size_t i = 0; i < r->conf->n_cas; i++) {
		if (strcmp(r->conf->cas[i].name, r->args->name) == 0)
			r->ca = &r->conf->cas[i];
	}
	if (!r->ca || r->ca->type != CONF_CA_INTERNAL) {
		ctl_error("there is no internal CA '%s'", r->args->name);
		return CTL_REFUSED;
	}
	status = rollover_read(r);
	if (!status)
		status = rollover_make(r);
	if (!status)
		status = stage_dir_make(r->args->dir, rollover_write, r);
	if (!status)
		rollover_report(ctl, r);
	return status;
}

int ctl_ca_rollover(struct ctl *ctl, int argc, char **argv)
{
	static const struct argp argp = {
		.options = rollover_options,
		.parser = rollover_parse,
		.args_doc = "NAME",
		.doc = "Makes a new root for an internal CA: the root itself, the links between "
		       "the old and the new one, and the certificates below the old root once more "
		       "below the new one. Writes a new directory, changes nothing else, and says "
		       "what to put into the configuration."};
	_cleanup_(conf_freep) struct conf *conf = NULL;
	struct rollover_args args = {.days = DAYS_INITIAL};
	struct rollover r = {.args = &args, .now_ms = clock_now_ms(&clock_system)};
	int status;

	ctl_parse(&argp, ctl, &args, argc, argv);
	status = stage_begin(ctl, "rollover", args.dir, &conf);
	if (status)
		return status;
	r.conf = conf;
	status = rollover_run(ctl, &r);
	rollover_clear(&r);
	return status;
}
