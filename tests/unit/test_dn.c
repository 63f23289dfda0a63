// SPDX-License-Identifier: Apache-2.0
/* Distinguished names as people write them: what each text means, and what is said of the others.
 */
#include "asn1/dn.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdatomic.h>

static const struct {
	const char *text;
	const char *rfc2253; /* NULL: refused */
} texts[] = {
	{"/CN=vnfm-a", "CN=vnfm-a"},
	{"/C=DE/O=a b/CN=x", "CN=x,O=a b,C=DE"},
	{"/O=a\\/b/CN=x", "CN=x,O=a/b"},
	{"/CN=x+OU=y", "OU=y+CN=x"},
	{"/CN=x+2.5.4.11=y/O=z", "O=z,OU=y+CN=x"},
	{"/commonName=x", "CN=x"},
	{"/1.2.3.4=x", "1.2.3.4=#0C0178"},
	{"/CN=a\\+b", "CN=a\\+b"},
	{"/O=a\\+CN=b", "O=a\\+CN=b"},
	{"/CN=a=b", "CN=a=b"},
	{"/CN=\\\\", "CN=\\\\"},
	/* A '+' is a joint only where an attribute follows it. */
	{"/O=a+b", "O=a\\+b"},
	{"/O=a+b/CN=c+", "CN=c\\+,O=a\\+b"},
	{"/O=R + D", "O=R \\+ D"},
	{"/O=a++CN=b", "CN=b+O=a\\+"},
	{"CN=x", NULL},
	{"", NULL},
	{"/", NULL},
	{"//CN=x", NULL},
	{"/CN", NULL},
	{"/CN=", NULL},
	{"/CN=x+OU=", NULL},
	{"/=x", NULL},
	{"/CN=x/", NULL},
	{"/CN=x\\", NULL},
	{"+CN=x", NULL},
	{"/+CN=x", NULL},
	{"/nonsense=x", NULL},
	{"/CN=x+nonsense=x", NULL},
	{"/C=Germany", NULL}, /* two letters: X.520 6.3.1 */
	{"/CN=\xff", NULL},   /* not UTF-8 */
};

START_TEST(test_dn_parse)
{
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	X509_NAME *name = NULL;
	int err = dn_parse(texts[_i].text, &name, &why);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	ck_assert_msg(err == (texts[_i].rfc2253 ? 0 : -EINVAL), "%s", texts[_i].text);
	ck_assert_int_eq(err == 0, why.len == 0);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	if (err == 0) {
		X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
		BIO_write(bio, "", 1);
		BIO_get_mem_data(bio, &text);
		ck_assert_str_eq(text, texts[_i].rfc2253);
	} else {
		ck_assert_ptr_null(name);
		ck_assert_int_eq(dn_parse(texts[_i].text, &name, NULL), -EINVAL);
	}
	BIO_free(bio);
	X509_NAME_free(name);
}
END_TEST

static const struct {
	const char *text;
	const char *why;
} reasons[] = {
	{"CN=x", "\"CN=x\" is not a name of the form /O=Example/CN=name"},
	{"/CN=x/", "\"/CN=x/\" is not a name of the form /O=Example/CN=name"},
	{"/XN=x", "\"/XN=x\": XN is not a type of attribute, such as CN, OU, O or C"},
	{"/O=a+b=c",
	 "\"/O=a+b=c\": b is not a type of attribute, such as CN, OU, O or C; a + that is part of "
	 "a value has a backslash before it"},
	{"/C=Germany", "\"/C=Germany\": \"Germany\" cannot be a value of C"},
};

START_TEST(test_dn_parse_says_why)
{
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	X509_NAME *name = NULL;

	ck_assert_int_eq(dn_parse(reasons[_i].text, &name, &why), -EINVAL);
	ck_assert_str_eq(why.text, reasons[_i].why);
}
END_TEST

/* X.520: ub-common-name */
START_TEST(test_dn_of_64_letters_x520_upper_bounds)
{
	char text[80];
	X509_NAME *name = NULL;

	snprintf(text, sizeof(text), "/CN=%064d", 0);
	ck_assert_int_eq(dn_parse(text, &name, NULL), 0);
	X509_NAME_free(name);
	snprintf(text, sizeof(text), "/CN=%065d", 0);
	ck_assert_int_eq(dn_parse(text, &name, NULL), -EINVAL);
}
END_TEST

enum { COMPARERS = 4, COMPARISONS = 3000 };

struct comparison {
	pthread_barrier_t barrier;
	X509_NAME *shared[COMPARISONS];
	atomic_int unequal;
};

static void *comparer(void *arg)
{
	struct comparison *c = arg;
	X509_NAME *own;

	ck_assert_int_eq(dn_parse("/C=DE/O=Example/CN=vnfm-a", &own, NULL), 0);
	for (size_t i = 0; i < COMPARISONS; i++) {
		pthread_barrier_wait(&c->barrier);
		if (X509_NAME_cmp(c->shared[i], own) != 0)
			atomic_fetch_add(&c->unequal, 1);
	}
	X509_NAME_free(own);
	return NULL;
}

/* The subject of a client is compared by all workers: comparing must not write into it. */
START_TEST(test_name_for_many)
{
	static struct comparison c;
	pthread_t threads[COMPARERS];

	for (size_t i = 0; i < COMPARISONS; i++)
		ck_assert_int_eq(dn_parse("/C=DE/O=Example/CN=vnfm-a", &c.shared[i], NULL), 0);
	pthread_barrier_init(&c.barrier, NULL, COMPARERS);
	for (size_t i = 0; i < COMPARERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, comparer, &c), 0);
	for (size_t i = 0; i < COMPARERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&c.barrier);
	ck_assert_int_eq(c.unequal, 0);
	for (size_t i = 0; i < COMPARISONS; i++)
		X509_NAME_free(c.shared[i]);
}
END_TEST

static Suite *dn_suite(void)
{
	Suite *suite = suite_create("dn");
	TCase *tc = tcase_create("text");

	tcase_add_loop_test(tc, test_dn_parse, 0, ARRAY_LEN(texts));
	tcase_add_loop_test(tc, test_dn_parse_says_why, 0, ARRAY_LEN(reasons));
	tcase_add_test(tc, test_dn_of_64_letters_x520_upper_bounds);
	tcase_add_test(tc, test_name_for_many);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(dn_suite, SUITE_FORKS)
