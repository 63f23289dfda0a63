// SPDX-License-Identifier: Apache-2.0
/*
 * What `cmfctl init` says at its end: what was made, what to hand out, what to take away, what to
 * do now. The same as JSON for scripts.
 */
#include "init.h"

#include "asn1/x509.h"
#include "base/clock.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* "2046-11-25", and as with --json "2046-11-25T..Z" with all of it. */
enum { DATE_LEN = 10, TIME_SIZE = 21 };

/* Of a certificate, as people see it. */
struct told {
	char *subject;
	char *key_type;
	char until[TIME_SIZE];
	char sha256[3 * EVP_MAX_MD_SIZE];
};

static void told_clear(struct told *told)
{
	free(told->subject);
	free(told->key_type);
}

static void told_make(X509 *cert, struct told *told)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	int64_t end_ms = 0;
	char *out = told->sha256;

	*told = (struct told){.subject = x509_subject_text(cert),
			      .key_type = init_key_type_text(X509_get0_pubkey(cert))};
	if (!asn1_time_ms(X509_get0_notAfter(cert), &end_ms))
		clock_format(end_ms, told->until);
	if (X509_digest(cert, EVP_sha256(), digest, &len))
		for (unsigned int i = 0; i < len; i++)
			out += sprintf(out, "%s%02X", i ? ":" : "", digest[i]);
}

static const char *text_of(const char *text)
{
	return text ? text : "?";
}

/* --- for scripts --- */

static json_t *certificate_json(X509 *cert)
{
	_cleanup_(told_clear) struct told told;

	told_make(cert, &told);
	return json_pack("{s:s, s:s, s:s, s:s}", "subject", text_of(told.subject), "key_type",
			 text_of(told.key_type), "not_after", told.until, "sha256", told.sha256);
}

static void report_json(const struct init *init)
{
	const char *dir = init->args->dir;
	json_t *json = json_pack("{s:s++, s:s, s:s++, s:o, s:o, s:o}", "config", dir, "/",
				 "cmf.cnf", "public_url", init->public_url, "trusted", dir, "/",
				 INIT_ROOT, "root", certificate_json(init->root.cert), "issuing",
				 certificate_json(init->issuing.cert), "protection",
				 certificate_json(init->protection.cert));

	if (json && init->root.key)
		json_object_set_new(json, "root_key", json_pack("s++", dir, "/", INIT_ROOT_KEY));
	ctl_json_print(json);
	json_decref(json);
}

/* --- for people --- */

static void certificate_print(const char *what, X509 *cert)
{
	_cleanup_(told_clear) struct told told;

	told_make(cert, &told);
	printf("  %-12s", what);
	ctl_text_print(text_of(told.subject));
	printf("  %s, until %.*s\n", text_of(told.key_type), DATE_LEN, told.until);
}

static void secrets_print(const struct init *init)
{
	const char *dir = init->args->dir;
	_cleanup_(told_clear) struct told told;

	told_make(init->root.cert, &told);
	printf("\nHand out to clients, as what they trust:\n  %s/%s\n  SHA-256 %s\n", dir,
	       INIT_ROOT, told.sha256);
	if (init->root.key)
		printf("Take away to where no network reaches (cmfd does not use it; `protection "
		       "renew` and `ca rollover` do):\n  %s/%s\n",
		       dir, INIT_ROOT_KEY);
	printf("Keep a copy, apart from those of the database, whose secrets need it:\n"
	       "  %s/store.key\n",
	       dir);
}

/* The options that find a configuration elsewhere than where a service has it. */
static void next_print(const struct init *init)
{
	const struct init_args *args = init->args;
	_cleanup_(freep) char *option = NULL;

	if (!args->system && asprintf(&option, " --config %s/cmf.cnf", args->dir) < 0)
		option = NULL;
	printf("\nStart it, and add the first client:\n");
	if (args->system)
		printf("  systemctl enable --now cmfd\n");
	else
		printf("  cmfd%s\n", option ? option : "");
	printf("  cmfctl%s client add vnfm-a --trust-domain operator-a --trust-anchor vnfm-ca.pem "
	       "--subject /CN=vnfm-a\n",
	       option ? option : "");
	if (args->system)
		printf("Who is in the group %s is an operator, as root is: adduser NAME %s\n",
		       INIT_SYSTEM_USER, INIT_SYSTEM_USER);
}

void init_report(const struct ctl *ctl, const struct init *init)
{
	if (ctl->json) {
		report_json(init);
		return;
	}
	printf("made %s; it will serve CMP on %s\n\n", init->args->dir, init->args->listen);
	certificate_print("root", init->root.cert);
	certificate_print("issuing CA", init->issuing.cert);
	certificate_print("CMF", init->protection.cert);
	printf("  %-12s%s/crl/issuing.crl\n", "its CRL", init->public_url);
	secrets_print(init);
	next_print(init);
}
