// SPDX-License-Identifier: Apache-2.0
/*
 * What the CAs under test issue is written down, so that check_issued.py can show it to other
 * implementations when all test programs have run. The linker puts these functions in the place of
 * ca_issue() and store_crl_insert() (--wrap): no test has to call them, and none can forget to.
 *
 * CMFD_ISSUED names the file; without it nothing is written. A line is one certificate, followed by
 * those of its CA, or one CRL, in hex. Programs and their children append to it at the same time,
 * so that a line is one write().
 */
#include "base/strbuf.h"
#include "ca.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int __real_ca_issue(struct ca *ca, const struct ca_request *request, struct ca_issued *issuedp);
int __wrap_ca_issue(struct ca *ca, const struct ca_request *request, struct ca_issued *issuedp);
int __real_store_crl_insert(struct store_unit *u, const struct store_crl *crl, int64_t *idp);
int __wrap_store_crl_insert(struct store_unit *u, const struct store_crl *crl, int64_t *idp);

static void hex_add(struct strbuf *line, struct bytes der)
{
	char *hex = malloc(2 * der.len + 1);

	ck_assert_ptr_nonnull(hex);
	bytes_to_hex(der, hex);
	strbuf_printf(line, " %s", hex);
	free(hex);
}

static void ca_add(struct strbuf *line, const struct ca *ca)
{
	STACK_OF(X509) *certs = sk_X509_new_null();

	ck_assert_int_eq(ca_certificates_push(ca, certs), 0);
	for (int i = 0; i < sk_X509_num(certs); i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(sk_X509_value(certs, i), &der);

		ck_assert_int_gt(len, 0);
		hex_add(line, (struct bytes){der, (size_t)len});
		OPENSSL_free(der);
	}
	sk_X509_pop_free(certs, X509_free);
}

static void line_write(struct strbuf *line)
{
	int fd = open(getenv("CMFD_ISSUED"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	strbuf_add(line, "\n");
	ck_assert(!line->failed && fd >= 0);
	ck_assert_int_eq(write(fd, line->text, line->len), (ssize_t)line->len);
	close(fd);
	strbuf_clear(line);
}

int __wrap_ca_issue(struct ca *ca, const struct ca_request *request, struct ca_issued *issuedp)
{
	struct strbuf line = STRBUF_NULL;
	int err = __real_ca_issue(ca, request, issuedp);

	if (err != 0 || !getenv("CMFD_ISSUED"))
		return err;
	strbuf_add(&line, "certificate");
	hex_add(&line, octets_view(&issuedp->der));
	ca_add(&line, ca);
	line_write(&line);
	return err;
}

int __wrap_store_crl_insert(struct store_unit *u, const struct store_crl *crl, int64_t *idp)
{
	struct strbuf line = STRBUF_NULL;

	if (getenv("CMFD_ISSUED")) {
		strbuf_add(&line, "crl");
		hex_add(&line, crl->der);
		line_write(&line);
	}
	return __real_store_crl_insert(u, crl, idp);
}
