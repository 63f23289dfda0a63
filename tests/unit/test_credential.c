// SPDX-License-Identifier: Apache-2.0
/* The one reader of private keys: PEM files and STORE URIs, with and without a passphrase. */
#include "keys/credential.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/test-credential-XXXXXX";
static EVP_PKEY *key;

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static size_t next;
	char *path = paths[next++ % ARRAY_LEN(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void text_write(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	ck_assert_int_ge(fputs(text, file), 0);
	fclose(file);
}

static void key_write(const char *name, const char *passphrase)
{
	FILE *file = fopen(path_of(name), "w");

	ck_assert_int_eq(PEM_write_PKCS8PrivateKey(
				 file, key, passphrase ? EVP_aes_256_cbc() : NULL, passphrase,
				 passphrase ? (int)strlen(passphrase) : 0, NULL, NULL),
			 1);
	fclose(file);
}

static const char *const names[] = {"plain", "encrypted", "good", "two-lines", "wrong", "empty"};

static void files_make(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	key = EVP_EC_gen("P-256");
	key_write("plain", NULL);
	key_write("encrypted", "open sesame");
	text_write("good", "open sesame\n");
	text_write("two-lines", "open sesame\r\nof the cave\n");
	text_write("wrong", "open barley\n");
	text_write("empty", "\n");
}

static void files_remove(void)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(path_of(names[i]));
	rmdir(dir);
	EVP_PKEY_free(key);
}

static const struct {
	const char *key, *passphrase;
	int err;
} reads[] = {
	{"plain", NULL, 0},
	{"plain", "wrong", 0}, /* nobody needs it */
	{"plain", "empty", -ENOKEY},
	{"encrypted", "good", 0},
	{"encrypted", "two-lines", 0},
	{"encrypted", "wrong", -EBADMSG},
	{"encrypted", "empty", -ENOKEY},
	{"encrypted", "missing", -ENOKEY},
	{"encrypted", NULL, -EBADMSG}, /* and nobody is asked */
	{"good", NULL, -EBADMSG},
};

static void read_check(const char *source, size_t i)
{
	const struct key_source from = {source,
					reads[i].passphrase ? path_of(reads[i].passphrase) : NULL};
	EVP_PKEY *read = NULL;
	int err = credential_key_read(&from, &read);

	ck_assert_msg(err == reads[i].err, "%s with %s: %d", source, reads[i].passphrase, err);
	ck_assert_int_eq(err == 0, read != NULL);
	if (read)
		ck_assert_int_eq(EVP_PKEY_eq(read, key), 1);
	EVP_PKEY_free(read);
	ERR_clear_error();
}

START_TEST(test_key_from_file_and_from_uri)
{
	char uri[160];

	read_check(path_of(reads[_i].key), (size_t)_i);
	snprintf(uri, sizeof(uri), "file:%s", path_of(reads[_i].key));
	read_check(uri, (size_t)_i);
}
END_TEST

START_TEST(test_key_that_is_not_there)
{
	EVP_PKEY *read = NULL;

	ck_assert_int_eq(credential_key_read(&(struct key_source){path_of("missing")}, &read),
			 -ENOENT);
	ck_assert_int_eq(credential_key_read(&(struct key_source){"nosuch:scheme"}, &read),
			 -EBADMSG);
	ck_assert_ptr_null(read);
	ERR_clear_error();
}
END_TEST

static const struct {
	const char *source;
	bool tls;
	int err;
} elsewhere[] = {
	{"engine:nowhere:pkcs11:object=ca", false, -ENOPKG},
	{"engine:nowhere:pkcs11:object=ca", true, -ENOPKG},
	{"engine:nowhere", false, -EBADMSG},
	{"provider:nowhere:handle:0x81000001", false, -ENOPKG},
	{"provider:nowhere", false, -EBADMSG},
	{"provider:nowhere:handle:0x81000001", true, -EOPNOTSUPP},
};

START_TEST(test_key_of_what_is_not_there)
{
	const struct key_source source = {.source = elsewhere[_i].source, .tls = elsewhere[_i].tls};
	EVP_PKEY *read = NULL;

	ck_assert_int_eq(credential_key_read(&source, &read), elsewhere[_i].err);
	ck_assert_ptr_null(read);
	ERR_clear_error();
}
END_TEST

/* A key is there, and its private half is not: as in a token that wants a PIN. */
START_TEST(test_key_that_cannot_sign)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	EVP_PKEY *half;
	int len = i2d_PUBKEY(key, &der);

	ck_assert_int_gt(len, 0);
	p = der;
	half = d2i_PUBKEY(NULL, &p, len);
	ck_assert_ptr_nonnull(half);
	ck_assert_int_eq(credential_key_try(key), 0);
	ck_assert_int_eq(credential_key_try(half), -EIO);
	EVP_PKEY_free(half);
	OPENSSL_free(der);
}
END_TEST

static const struct {
	const char *source;
	bool is_uri;
} sources[] = {
	{"pkcs11:token=cmf;object=ca", true},
	{"file:/etc/cmfd/ca.key", true},
	{"x-y.z+1:a", true},
	{"/etc/cmfd/ca.key", false},
	{"ca.key", false},
	{"./pkcs11:x", false},
	{"c:ca.key", false}, /* one letter is no scheme here */
	{"11:x", false},
	{":x", false},
	{"", false},
};

START_TEST(test_is_uri_rfc3986_3_1)
{
	ck_assert_int_eq(credential_is_uri(sources[_i].source), sources[_i].is_uri);
}
END_TEST

static Suite *credential_suite(void)
{
	Suite *suite = suite_create("credential");
	TCase *tc = tcase_create("keys");

	tcase_add_unchecked_fixture(tc, files_make, files_remove);
	tcase_add_loop_test(tc, test_key_from_file_and_from_uri, 0, ARRAY_LEN(reads));
	tcase_add_test(tc, test_key_that_cannot_sign);
	tcase_add_test(tc, test_key_that_is_not_there);
	tcase_add_loop_test(tc, test_key_of_what_is_not_there, 0, ARRAY_LEN(elsewhere));
	tcase_add_loop_test(tc, test_is_uri_rfc3986_3_1, 0, ARRAY_LEN(sources));
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(credential_suite, SUITE_FORKS)
