// SPDX-License-Identifier: Apache-2.0
/* The certificates that the CMF itself lives by, and when they end. */
#include "checker.h"
#include "pki.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 2026-11-23T08:00:00Z */
static const int64_t now_ms = 1795420800000, day_ms = 24LL * 3600 * 1000;

static EVP_PKEY *key;
static char directory[32];

static X509 *cert_until(const char *subject, int days)
{
	return pki_cert(&(struct pki_spec){.subject = subject,
					   .key = key,
					   .not_before_ms = now_ms - 400 * day_ms,
					   .not_after_ms = now_ms + days * day_ms});
}

static char *file_of(const char *name, X509 *first, X509 *second)
{
	char *path;

	ck_assert_int_gt(asprintf(&path, "%s/%s", directory, name), 0);
	pki_certs_write(path, first, second);
	X509_free(first);
	X509_free(second);
	return path;
}

static void files_remove(char **paths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unlink(paths[i]);
		free(paths[i]);
	}
	ck_assert_int_eq(rmdir(directory), 0);
	EVP_PKEY_free(key);
}

static void setup(void)
{
	strcpy(directory, "/tmp/test_checker.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	key = pki_key(NULL);
}

START_TEST(test_each_file_by_what_ends_first_in_it)
{
	char *paths[] = {
		file_of("cmf.pem", cert_until("/CN=cmf", 200), cert_until("/CN=issuing", 20)),
		file_of("ca.pem", cert_until("/O=x/CN=issuing", -1), NULL),
		file_of("tls.pem", cert_until("/CN=localhost", 90), NULL),
	};
	char *none = (char *)(uintptr_t) "/nonexistent/chain.pem";
	struct conf_ca ca = {
		.name = (char *)(uintptr_t) "a", .certificate = paths[1], .chain = none};
	const struct conf conf = {.protection = {.certificate = paths[0]},
				  .server = {.tls_certificate = paths[2]},
				  .cas = &ca,
				  .n_cas = 1};
	const struct {
		const char *what, *ca, *text;
		int days;
	} rows[] = {
		{"protection", NULL,
		 "[protection] certificate: ends at 2026-12-13T08:00:00Z (CN=issuing)", 20},
		{"tls", NULL,
		 "[server] tls_certificate: ends at 2027-02-21T08:00:00Z (CN=localhost)", 90},
		{"ca", "a", "[ca a] certificate: expired at 2026-11-22T08:00:00Z (CN=issuing,O=x)",
		 -1},
	};
	struct check_inventory inventory;

	ck_assert_int_eq(check_inventory_new(&conf, &inventory), 0);
	/* What is not there is the problem of whoever loads it. */
	ck_assert_uint_eq(inventory.len, ARRAY_LEN(rows));
	ck_assert_ptr_null(check_inventory_find(&inventory, "ca_chain"));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct check_certificate *c = check_inventory_find(&inventory, rows[i].what);
		struct strbuf text = STRBUF_NULL;

		ck_assert_ptr_nonnull(c);
		ck_assert_int_eq(c->not_after_ms, now_ms + rows[i].days * day_ms);
		ck_assert_pstr_eq(c->ca, rows[i].ca);
		check_certificate_text(c, now_ms, &text);
		ck_assert_str_eq(text.text, rows[i].text);
		strbuf_clear(&text);
	}
	check_inventory_clear(&inventory);
	files_remove(paths, ARRAY_LEN(paths));
}
END_TEST

START_TEST(test_nothing_is_named)
{
	const struct conf conf = {0};
	struct check_inventory inventory;

	ck_assert_int_eq(check_inventory_new(&conf, &inventory), 0);
	ck_assert_uint_eq(inventory.len, 0);
	check_inventory_clear(&inventory);
	files_remove(NULL, 0);
}
END_TEST

static Suite *checker_suite(void)
{
	Suite *suite = suite_create("checker");
	TCase *tc = tcase_create("inventory");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, test_each_file_by_what_ends_first_in_it);
	tcase_add_test(tc, test_nothing_is_named);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(checker_suite, SUITE_FORKS)
