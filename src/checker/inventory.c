// SPDX-License-Identifier: Apache-2.0
/*
 * The certificates that the CMF itself lives by, and when each file of them ends first. Those that
 * it issues are in the store.
 */
#include "checker_local.h"

#include "asn1/x509.h"
#include "base/clock.h"
#include "keys/credential.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

static void certs_freep(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

void check_inventory_clear(struct check_inventory *inventory)
{
	for (size_t i = 0; i < inventory->len; i++) {
		free(inventory->item[i].section);
		free(inventory->item[i].subject);
		octets_clear(&inventory->item[i].der);
	}
	free(inventory->item);
	*inventory = (struct check_inventory){0};
}

/* notAfter; of what is no time there is no end. */
static int64_t end_of(const X509 *cert)
{
	int64_t ms;

	return asn1_time_ms(X509_get0_notAfter(cert), &ms) == 0 ? ms : INT64_MAX;
}

static int der_fill(struct check_certificate *c, const STACK_OF(X509) * certs)
{
	size_t len = 0;
	uint8_t *at;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		int of_one = i2d_X509(sk_X509_value(certs, i), NULL);

		if (of_one <= 0)
			return -ENOMEM;
		len += (size_t)of_one;
	}
	at = malloc(len);
	if (!at)
		return -ENOMEM;
	c->der = (struct octets){at, len};
	for (int i = 0; i < sk_X509_num(certs); i++)
		(void)i2d_X509(sk_X509_value(certs, i), &at);
	return 0;
}

/* The certificate in the file that ends first; the file's own one is the first. */
static int certificate_fill(struct check_certificate *c, const STACK_OF(X509) * certs)
{
	const X509 *first = sk_X509_value(certs, 0);

	for (int i = 1; i < sk_X509_num(certs); i++)
		if (end_of(sk_X509_value(certs, i)) < end_of(first))
			first = sk_X509_value(certs, i);
	c->not_after_ms = end_of(first);
	c->subject = x509_subject_text(first);
	return c->subject ? der_fill(c, certs) : -ENOMEM;
}

/* --- the files --- */

struct files_walk {
	check_files_visit *visit;
	void *arg;
};

/* `of` without section, which is named here: of a CA, or as it is given. */
static int file_visit(const struct files_walk *walk, struct check_certificate of,
		      const char *section, const char *path)
{
	_cleanup_(certs_freep) STACK_OF(X509) *certs = NULL;
	_cleanup_(freep) char *named = NULL;

	if (!path)
		return 0;
	if (credential_certificates_read(path, &certs) < 0) {
		ERR_clear_error();
		return 0;
	}
	if ((of.ca ? asprintf(&named, "[ca %s]", of.ca) : asprintf(&named, "[%s]", section)) < 0) {
		named = NULL;
		return -ENOMEM;
	}
	of.section = named;
	return walk->visit(walk->arg, &of, certs);
}

static int ca_files_each(const struct files_walk *walk, const struct conf_ca *ca)
{
	const struct {
		const char *what, *key, *path;
	} files[] = {
		{"ca", "certificate", ca->certificate},
		{"ca_chain", "chain", ca->chain},
		{"ra", "ra_certificate", ca->ra_certificate},
		{"upstream_trusted", "trusted", ca->trusted},
		{"upstream_server", "server_certificate", ca->server_certificate},
		{"upstream_tls_trusted", "tls_trusted", ca->tls_trusted},
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(files) && err == 0; i++) {
		const struct check_certificate of = {
			.what = files[i].what, .key = files[i].key, .ca = ca->name};

		err = file_visit(walk, of, NULL, files[i].path);
	}
	return err;
}

int check_files_each(const struct conf *conf, check_files_visit *visit, void *arg)
{
	const struct {
		const char *what, *section, *key, *path;
	} files[] = {
		{"protection", "protection", "certificate", conf->protection.certificate},
		{"encryption", "protection", "encryption_certificate",
		 conf->protection.encryption_certificate},
		{"kga", "protection", "kga_certificate", conf->protection.kga_certificate},
		{"tls", "server", "tls_certificate", conf->server.tls_certificate},
	};
	const struct files_walk walk = {visit, arg};
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(files) && err == 0; i++) {
		const struct check_certificate of = {.what = files[i].what, .key = files[i].key};

		err = file_visit(&walk, of, files[i].section, files[i].path);
	}
	for (size_t i = 0; i < conf->n_cas && err == 0; i++)
		err = ca_files_each(&walk, &conf->cas[i]);
	return err;
}

/* --- their ends --- */

static int certificate_add(void *arg, const struct check_certificate *of,
			   const STACK_OF(X509) * certs)
{
	struct check_inventory *inventory = arg;
	struct check_certificate *grown =
		reallocarray(inventory->item, inventory->len + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	inventory->item = grown;
	grown += inventory->len++;
	*grown = *of;
	grown->section = strdup(of->section);
	return grown->section ? certificate_fill(grown, certs) : -ENOMEM;
}

int check_inventory_new(const struct conf *conf, struct check_inventory *inventoryp)
{
	struct check_inventory inventory = {0};
	int err = check_files_each(conf, certificate_add, &inventory);

	if (err < 0)
		check_inventory_clear(&inventory);
	else
		*inventoryp = inventory;
	return err;
}

const struct check_certificate *check_inventory_find(const struct check_inventory *inventory,
						     const char *what)
{
	for (size_t i = 0; i < inventory->len; i++)
		if (strcmp(inventory->item[i].what, what) == 0)
			return &inventory->item[i];
	return NULL;
}

void check_certificate_text(const struct check_certificate *c, int64_t now_ms, struct strbuf *out)
{
	char when[21];

	clock_format(c->not_after_ms, when);
	strbuf_printf(out, "%s %s: %s %s (%s)", c->section, c->key,
		      c->not_after_ms < now_ms ? "expired at" : "ends at", when, c->subject);
}
