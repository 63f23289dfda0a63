// SPDX-License-Identifier: Apache-2.0
/*
 * What is wrong with certificates that the configuration names, beside their ends, which are
 * inventory.c's: weak keys and digests, what is not valid yet, a path with a gap, and trust anchors
 * that are none. What cmfd refuses to load is the problem of whoever loads it.
 */
#include "checker_local.h"

#include "asn1/x509.h"
#include "base/clock.h"
#include "keys/credential.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <string.h>

/* NIST SP 800-57 part 1: less is no longer to be used. RSA 2048, P-224. */
enum { SECURITY_BITS_MIN = 112 };

struct certificates_check {
	int64_t now_ms;
	struct check_findings *findings;
};

static void certificate_warn(struct check_findings *f, const struct check_certificate *of,
			     const X509 *cert, const char *what)
{
	_cleanup_(freep) char *subject = x509_subject_text(cert);

	strbuf_printf(&f->warnings, "%s %s: %s (%s)\n", of->section, of->key, what,
		      subject ? subject : "");
}

static void key_check(struct check_findings *f, const struct check_certificate *of, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	char what[120];

	if (key && EVP_PKEY_get_security_bits(key) < SECURITY_BITS_MIN) {
		snprintf(what, sizeof(what), "its key is weak (%s, %d bits)",
			 OBJ_nid2sn(EVP_PKEY_get_base_id(key)), EVP_PKEY_get_bits(key));
		certificate_warn(f, of, cert, what);
	}
}

/* That a root has signed itself proves nothing, and so its digest says nothing. */
static void digest_check(struct check_findings *f, const struct check_certificate *of, X509 *cert)
{
	int digest = NID_undef;

	if (X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0 ||
	    !OBJ_find_sigid_algs(X509_get_signature_nid(cert), &digest, NULL))
		return;
	if (digest == NID_sha1 || digest == NID_md5 || digest == NID_md5_sha1)
		certificate_warn(f, of, cert, "it is signed with SHA-1 or MD5");
}

static void begin_check(const struct certificates_check *check, const struct check_certificate *of,
			X509 *cert)
{
	_cleanup_(freep) char *subject = NULL;
	int64_t begin_ms;
	char when[21];

	if (asn1_time_ms(X509_get0_notBefore(cert), &begin_ms) < 0 || begin_ms <= check->now_ms)
		return;
	subject = x509_subject_text(cert);
	clock_format(begin_ms, when);
	strbuf_printf(&check->findings->problems, "%s %s: is not valid before %s (%s)\n",
		      of->section, of->key, when, subject ? subject : "");
}

/* Of a file with a certificate and those above it: each was issued by the next. */
static void path_check(struct check_findings *f, const struct check_certificate *of,
		       const STACK_OF(X509) * certs)
{
	for (int i = 0; i + 1 < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i), *issuer = sk_X509_value(certs, i + 1);

		if (X509_check_issued(issuer, cert) != X509_V_OK ||
		    X509_verify(cert, X509_get0_pubkey(issuer)) != 1)
			certificate_warn(f, of, cert,
					 "the next one in the file has not issued it, so that "
					 "clients may find no path");
	}
	ERR_clear_error();
}

static void anchors_check(struct check_findings *f, const struct check_certificate *of,
			  const STACK_OF(X509) * certs)
{
	for (int i = 0; i < sk_X509_num(certs); i++)
		if (X509_check_ca(sk_X509_value(certs, i)) == 0)
			certificate_warn(f, of, sk_X509_value(certs, i),
					 "this trust anchor is no certificate of a CA");
}

static int file_check(void *arg, const struct check_certificate *of, const STACK_OF(X509) * certs)
{
	/* Files that hold a path, and such that hold anchors; others hold one, or any. */
	static const char *const paths[] = {"protection", "encryption", "kga", "tls", "ra"};
	static const char *const anchors[] = {"upstream_trusted", "upstream_tls_trusted"};
	const struct certificates_check *check = arg;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		key_check(check->findings, of, sk_X509_value(certs, i));
		digest_check(check->findings, of, sk_X509_value(certs, i));
		begin_check(check, of, sk_X509_value(certs, i));
	}
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (strcmp(of->what, paths[i]) == 0)
			path_check(check->findings, of, certs);
	for (size_t i = 0; i < ARRAY_LEN(anchors); i++)
		if (strcmp(of->what, anchors[i]) == 0)
			anchors_check(check->findings, of, certs);
	return 0;
}

void check_certificates(const struct conf *conf, struct check_findings *f)
{
	struct certificates_check check = {clock_now_ms(&clock_system), f};

	if (check_files_each(conf, file_check, &check) < 0)
		strbuf_add(&f->problems, "out of memory\n");
}
