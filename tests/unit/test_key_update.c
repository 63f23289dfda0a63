// SPDX-License-Identifier: Apache-2.0
/* Whether the certificates of a CA key update fit together, RFC 9810 4.4. */
#include "asn1/key_update.h"
#include "house.h"
#include "suite.h"

#include <check.h>
#include <openssl/err.h>
#include <string.h>

static const int64_t now_ms = INT64_C(1795500000000);
static struct house_credential old, new, other, leaf;
static X509 *new_with_old, *old_with_new, *new_with_other, *old_with_other;

/* The certificate of `subject` once more, signed by another key of the same name. */
static X509 *link_make(const struct house_credential *subject,
		       const struct house_credential *issuer)
{
	X509 *cert = X509_dup(subject->cert);

	ck_assert(cert && X509_set_issuer_name(cert, X509_get_subject_name(issuer->cert)));
	ck_assert(X509_sign(cert, issuer->key, EVP_sha256()));
	return cert;
}

static void setup(void)
{
	house_credential_make(&old, "root", HOUSE_CA, NULL, now_ms, 100);
	house_credential_make(&new, "root", HOUSE_CA, NULL, now_ms, 100);
	house_credential_make(&other, "root", HOUSE_CA, NULL, now_ms, 100);
	house_credential_make(&leaf, "leaf", HOUSE_LEAF, &new, now_ms, 100);
	new_with_old = link_make(&new, &old);
	old_with_new = link_make(&old, &new);
	new_with_other = link_make(&new, &other);
	old_with_other = link_make(&old, &other);
}

static void teardown(void)
{
	X509_free(new_with_old);
	X509_free(old_with_new);
	X509_free(new_with_other);
	X509_free(old_with_other);
	house_credential_clear(&old);
	house_credential_clear(&new);
	house_credential_clear(&other);
	house_credential_clear(&leaf);
}

START_TEST(rfc9810_4_4_links_fit)
{
	const struct key_update rows[] = {
		{new.cert, new_with_old, old_with_new},
		{new.cert, new_with_old, NULL},
		{new.cert, NULL, old_with_new},
		{new.cert, NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(!key_update_problem(&rows[i]), "%zu", i);
}
END_TEST

START_TEST(rfc9810_4_4_links_do_not_fit)
{
	const struct {
		struct key_update update;
		const char *problem; /* begins so */
	} rows[] = {
		{{leaf.cert, NULL, NULL}, "newWithNew is no CA"},
		{{new_with_old, NULL, NULL}, "newWithNew is not signed"},
		{{new.cert, old.cert, NULL}, "newWithOld does not hold"},
		{{new.cert, old_with_new, NULL}, "newWithOld does not hold"},
		{{new.cert, new.cert, NULL}, "newWithOld is signed with the new key"},
		{{new.cert, new_with_old, new.cert}, "oldWithNew holds the new key"},
		{{new.cert, new_with_old, old.cert}, "oldWithNew is not signed"},
		{{new.cert, new_with_old, old_with_other}, "oldWithNew is not signed"},
		{{new.cert, new_with_other, old_with_new}, "newWithOld is not signed"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *problem = key_update_problem(&rows[i].update);

		ck_assert_msg(problem &&
				      !strncmp(problem, rows[i].problem, strlen(rows[i].problem)),
			      "%s: %s", rows[i].problem, problem ? problem : "none");
		ck_assert_uint_eq(ERR_peek_error(), 0);
	}
}
END_TEST

START_TEST(all_octets_are_consumed)
{
	struct bytes der = octets_view(&new.der);
	uint8_t longer[4096] = {0};
	X509 *cert = key_update_certificate(der);

	ck_assert(cert != NULL);
	X509_free(cert);
	memcpy(longer, der.data, der.len);
	ck_assert(!key_update_certificate((struct bytes){longer, der.len + 1}));
	ck_assert(!key_update_certificate((struct bytes){der.data, der.len - 1}));
	ck_assert(!key_update_certificate(BYTES_NULL));
}
END_TEST

static Suite *key_update_suite(void)
{
	Suite *suite = suite_create("key update");
	TCase *tc = tcase_create("key update");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc9810_4_4_links_fit);
	tcase_add_test(tc, rfc9810_4_4_links_do_not_fit);
	tcase_add_test(tc, all_octets_are_consumed);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(key_update_suite, SUITE_ONE_PROCESS)
