// SPDX-License-Identifier: Apache-2.0
/*
 * Several credentials of one client, each in its time: found by any of them, replaced one by the
 * other without a gap, and never those of two clients.
 */
#include "cmf_world.h"
#include "suite.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#define MINUTE INT64_C(60000)

static const struct cmf_principal operator= {.kind = CMF_PRINCIPAL_ADMIN,
					     .name = (char *)(uintptr_t) "operator"};

/* --- making them --- */

static struct octets octets_of(const char *text)
{
	return (struct octets){(uint8_t *)(uintptr_t)text, text ? strlen(text) : 0};
}

static struct store_credential secret(const char *reference)
{
	return (struct store_credential){.kind = STORE_CREDENTIAL_SECRET,
					 .known_by = octets_of(reference),
					 .content = octets_of("a long secret")};
}

static struct store_credential oauth2(const char *id)
{
	return (struct store_credential){.kind = STORE_CREDENTIAL_OAUTH2,
					 .known_by = octets_of(id)};
}

static struct store_credential exact(const struct credential *cert)
{
	return (struct store_credential){.kind = STORE_CREDENTIAL_CERTIFICATE,
					 .content = cert->der};
}

/* The PEM is the caller's to free. */
static struct store_credential below(const char *subject, const struct credential *one,
				     const struct credential *other)
{
	struct store_credential c = {.kind = STORE_CREDENTIAL_ANCHOR,
				     .subject = (char *)(uintptr_t)subject};
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	ck_assert_int_eq(PEM_write_bio_X509(bio, one->cert), 1);
	if (other)
		ck_assert_int_eq(PEM_write_bio_X509(bio, other->cert), 1);
	len = BIO_get_mem_data(bio, &pem);
	ck_assert_int_eq(octets_dup((struct bytes){(uint8_t *)pem, (size_t)len}, &c.content), 0);
	BIO_free(bio);
	return c;
}

/* What the operator is told: the name of whose it is, or NULL. */
static const char *said(int err, enum cmf_client_verdict verdict, char *taken)
{
	static char last[64];

	ck_assert_int_ge(err, 0);
	ck_assert_int_eq(err == REFUSED, verdict != CMF_CLIENT_FINE);
	if (err == 0)
		ck_assert_int_eq(store_unit_commit(w.unit), 0);
	else
		store_unit_clear(w.unit);
	snprintf(last, sizeof(last), "%s",
		 verdict == CMF_CLIENT_CREDENTIAL_UNUSABLE ? "unusable"
		 : taken                                   ? taken
							   : "");
	free(taken);
	return err == 0 ? NULL : last;
}

static const char *client_new(const char *name, const struct store_credential *c)
{
	const struct store_client client = {.name = (char *)(uintptr_t)name,
					    .trust_domain = (char *)(uintptr_t) "d",
					    .permissions = STORE_MAY_REQUEST};
	enum cmf_client_verdict verdict;
	char *taken = NULL;
	int err = cmf_client_add(WORLD_CALL(&operator, NULL), &client, c, &verdict, &taken);

	return said(err, verdict, taken);
}

static const char *credential_new_of(const char *name, const struct store_credential *c,
				     int64_t *idp)
{
	_cleanup_(store_client_clear) struct store_client client = {0};
	enum cmf_client_verdict verdict;
	char *taken = NULL;
	int64_t id = 0;
	const char *told;
	int err;

	ck_assert_int_eq(store_client_find(w.reader, name, &client), 0);
	err = cmf_credential_add(WORLD_CALL(&operator, NULL), &client, c, &verdict, &taken, &id);
	told = said(err, verdict, taken);
	if (idp)
		*idp = store_unit_id(w.unit, id);
	return told;
}

static void credential_end(const char *name, int64_t id)
{
	ck_assert_int_eq(cmf_credential_remove(WORLD_CALL(&operator, NULL), name, id), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
}

/* --- being found --- */

static const char *who_by(int err, struct cmf_principal *who)
{
	static char name[64];

	ck_assert_int_ge(err, 0);
	snprintf(name, sizeof(name), "%s", err == 0 ? who->name : "");
	cmf_principal_clear(who);
	return name;
}

static const char *by_secret(struct bytes reference)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};
	int err = cmf_mac_client_find(WORLD_CALL(NULL, &refusal), reference, &who);

	ck_assert(err == 0 || refusal.reason == REFUSAL_mac_reference_unknown);
	return who_by(err, &who);
}

static const char *by_token(const char *id)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};
	int err = cmf_oauth2_client_find(WORLD_CALL(NULL, &refusal), id, &who);

	ck_assert(err == 0 || refusal.reason == REFUSAL_oauth2_client_unknown);
	return who_by(err, &who);
}

/* Twice, so that it is remembered. */
static const char *by_certificate(const struct credential *cert)
{
	struct bytes der = octets_view(&cert->der);
	const char *name = "";

	for (int i = 0; i < 2; i++) {
		struct refusal refusal = REFUSAL_NULL;
		struct cmf_principal who = {0};

		name = who_by(cmf_tls_client_find(WORLD_CALL(NULL, &refusal), &der, 1, &who), &who);
	}
	return name;
}

/* --- one client, several credentials --- */

/* It begins with a secret, goes on with its certificate, and with the next one, and a token. */
START_TEST(test_client_goes_on_with_another_credential)
{
	struct credential first = credential_new(&(struct credential_spec){.subject = "/CN=x"});
	struct credential next = credential_new(&(struct credential_spec){.subject = "/CN=x"});
	const struct store_credential begins = secret("begins"), one = exact(&first),
				      two = exact(&next), token = oauth2("x at the server");
	_cleanup_(store_client_clear) struct store_client client = {0};
	int64_t id;

	ck_assert_ptr_null(client_new("x", &begins));
	ck_assert_int_eq(store_client_find(w.reader, "x", &client), 0);
	ck_assert_ptr_null(credential_new_of("x", &one, &id));
	ck_assert_str_eq(by_secret(bytes_of_string("begins")), "x");
	ck_assert_str_eq(by_certificate(&first), "x");
	credential_end("x", client.credentials[0].id);
	ck_assert_str_eq(by_secret(bytes_of_string("begins")), "");
	ck_assert_ptr_null(credential_new_of("x", &two, NULL));
	ck_assert_ptr_null(credential_new_of("x", &token, NULL));
	ck_assert_str_eq(by_certificate(&first), "x");
	ck_assert_str_eq(by_certificate(&next), "x");
	ck_assert_str_eq(by_token("x at the server"), "x");
	ck_assert_str_eq(by_token("x"), "");
	ck_assert_str_eq(by_secret(bytes_of_string("x at the server")), "");
	credential_end("x", id);
	ck_assert_str_eq(by_certificate(&first), "");
	ck_assert_str_eq(by_certificate(&next), "x");
	credential_clear(&first);
	credential_clear(&next);
}
END_TEST

/* RFC 9483 3.1: senderKID is octets. */
START_TEST(test_references_are_octets)
{
	static const uint8_t any[] = {0, 0xff, '\n', 0, 0x80}, cut[] = {0, 0xff, '\n', 0};
	uint8_t longest[255];
	struct store_credential c = secret(NULL);

	memset(longest, 0xaa, sizeof(longest));
	c.known_by = (struct octets){(uint8_t *)(uintptr_t)any, sizeof(any)};
	ck_assert_ptr_null(client_new("any", &c));
	c.known_by = (struct octets){longest, sizeof(longest)};
	ck_assert_ptr_null(client_new("longest", &c));
	ck_assert_str_eq(by_secret(BYTES_OF(any)), "any");
	ck_assert_str_eq(by_secret(BYTES_OF(cut)), "");
	ck_assert_str_eq(by_secret(BYTES_OF(longest)), "longest");
	ck_assert_str_eq(by_secret((struct bytes){longest, 254}), "");
	ck_assert_str_eq(by_secret(BYTES_NULL), "");
}
END_TEST

/* --- each in its time --- */

START_TEST(test_secret_in_its_time)
{
	struct store_credential c = secret("r");

	c.not_before_ms = w.now_ms + MINUTE;
	c.not_after_ms = w.now_ms + 2 * MINUTE;
	ck_assert_ptr_null(client_new("x", &c));
	ck_assert_str_eq(by_secret(bytes_of_string("r")), "");
	w.now_ms += MINUTE - 1;
	ck_assert_str_eq(by_secret(bytes_of_string("r")), "");
	w.now_ms += 1;
	ck_assert_str_eq(by_secret(bytes_of_string("r")), "x");
	w.now_ms += MINUTE;
	ck_assert_str_eq(by_secret(bytes_of_string("r")), "x");
	w.now_ms += 1;
	ck_assert_str_eq(by_secret(bytes_of_string("r")), "");
	/* Nobody else gets the reference all the same. */
	ck_assert_str_eq(client_new("y", &c), "x");
}
END_TEST

/* What is remembered of a certificate ends when a credential begins or ends by itself. */
START_TEST(test_certificate_in_its_time)
{
	struct credential cert = credential_new(
		&(struct credential_spec){.subject = "/CN=shared", .issuer = &w.anchor_a});
	struct store_credential named = below("/CN=shared", &w.anchor_a, NULL),
				pinned = exact(&cert);

	named.not_after_ms = w.now_ms + 3 * MINUTE;
	pinned.not_before_ms = w.now_ms + MINUTE;
	pinned.not_after_ms = w.now_ms + 2 * MINUTE;
	ck_assert_ptr_null(client_new("named", &named));
	ck_assert_ptr_null(client_new("pinned", &pinned));
	ck_assert_str_eq(by_certificate(&cert), "named");
	w.now_ms += MINUTE;
	ck_assert_str_eq(by_certificate(&cert), "pinned");
	w.now_ms += MINUTE + 1;
	ck_assert_str_eq(by_certificate(&cert), "named");
	w.now_ms += MINUTE;
	ck_assert_str_eq(by_certificate(&cert), "");
	/* A clock that is set back finds what was true then. */
	w.now_ms -= 2 * MINUTE;
	ck_assert_str_eq(by_certificate(&cert), "pinned");
	credential_clear(&cert);
	octets_clear(&named.content);
}
END_TEST

/* --- never those of two clients --- */

START_TEST(test_secret_or_token_of_another)
{
	const struct store_credential s = secret("one"), t = oauth2("one"), free = secret("two");

	ck_assert_ptr_null(client_new("a", &s));
	/* A reference and an id at the authorization server are not the same. */
	ck_assert_ptr_null(client_new("b", &t));
	ck_assert_str_eq(client_new("c", &s), "a");
	ck_assert_str_eq(client_new("c", &t), "b");
	ck_assert_str_eq(credential_new_of("b", &s, NULL), "a");
	ck_assert_str_eq(credential_new_of("a", &t, NULL), "b");
	/* Nor is it there twice. */
	ck_assert_str_eq(credential_new_of("a", &s, NULL), "a");
	ck_assert_ptr_null(credential_new_of("a", &free, NULL));
}
END_TEST

/* A certificate that was renewed for the same key proves the same possession. */
START_TEST(test_key_of_another)
{
	struct credential a = credential_new(&(struct credential_spec){.subject = "/CN=x"});
	struct credential b = credential_new(&(struct credential_spec){.subject = "/CN=x"});
	struct credential again = a;
	const struct store_credential one = exact(&a), two = exact(&b);
	struct store_credential renewed;
	int len;

	again.der = OCTETS_NULL;
	again.cert = X509_dup(a.cert);
	ASN1_INTEGER_set(X509_get_serialNumber(again.cert), 4711);
	ck_assert_int_gt(X509_sign(again.cert, a.key, EVP_sha256()), 0);
	len = i2d_X509(again.cert, &again.der.data);
	again.der.len = (size_t)len;
	renewed = exact(&again);
	ck_assert_ptr_null(client_new("a", &one));
	ck_assert_ptr_null(client_new("b", &two));
	ck_assert_str_eq(client_new("c", &one), "a");
	ck_assert_str_eq(client_new("c", &renewed), "a");
	ck_assert_str_eq(credential_new_of("b", &renewed, NULL), "a");
	ck_assert_str_eq(credential_new_of("a", &one, NULL), "a");
	/* The same client may have both. */
	ck_assert_ptr_null(credential_new_of("a", &renewed, NULL));
	X509_free(again.cert);
	OPENSSL_free(again.der.data);
	credential_clear(&a);
	credential_clear(&b);
}
END_TEST

static struct credential sub, root, other, twin;

/* Of the same name and key as `root`, with another validity. */
static void anchors_make(void)
{
	root = credential_new(&(struct credential_spec){.subject = "/CN=root", .ca = true});
	sub = credential_new(
		&(struct credential_spec){.subject = "/CN=sub", .issuer = &root, .ca = true});
	other = credential_new(&(struct credential_spec){.subject = "/CN=root", .ca = true});
	twin = (struct credential){.cert = X509_dup(root.cert), .key = root.key};
	ASN1_INTEGER_set(X509_get_serialNumber(twin.cert), 4711);
	ck_assert_int_gt(X509_sign(twin.cert, root.key, EVP_sha256()), 0);
}

static void anchors_free(void)
{
	X509_free(twin.cert);
	credential_clear(&root);
	credential_clear(&sub);
	credential_clear(&other);
}

static const struct {
	const char *subject;
	const struct credential *one, *other; /* anchors */
	bool taken;
} overlap_cases[] = {
	{"/CN=x", &root, NULL, true},
	{"/CN=X", &root, NULL, true},  /* RFC 5280 7.1 */
	{"/CN= x", &root, NULL, true}, /* likewise */
	{"/CN=x", &twin, NULL, true},  /* RFC 5280 6.1.1 d: a name and a key */
	{"/CN=x", &sub, NULL, true},   /* below both there is a path to both */
	{"/CN=x", &other, &root, true},
	{"/CN=x", &other, NULL, false}, /* the name alone is no anchor */
	{"/CN=y", &root, NULL, false},
	{"/O=x/CN=x", &root, NULL, false},
	{NULL, &root, NULL, false}, /* those who are known by name come first */
};

START_TEST(test_anchor_and_subject_of_another)
{
	struct store_credential first = below("/CN=x", &root, NULL);
	struct store_credential next =
		below(overlap_cases[_i].subject, overlap_cases[_i].one, overlap_cases[_i].other);

	ck_assert_ptr_null(client_new("a", &first));
	if (overlap_cases[_i].taken)
		ck_assert_str_eq(client_new("b", &next), "a");
	else
		ck_assert_ptr_null(client_new("b", &next));
	octets_clear(&first.content);
	octets_clear(&next.content);
}
END_TEST

START_TEST(test_anchor_for_any_subject_of_another)
{
	struct store_credential first = below(NULL, &sub, NULL), same = below(NULL, &sub, NULL),
				above = below(NULL, &root, NULL),
				beside = below(NULL, &other, NULL);

	ck_assert_ptr_null(client_new("a", &first));
	ck_assert_str_eq(client_new("b", &same), "a");
	ck_assert_str_eq(client_new("b", &above), "a");
	ck_assert_ptr_null(client_new("b", &beside));
	/* The root after the next beside it: an overlap that a client has with itself. */
	octets_clear(&above.content);
	above = below(NULL, &root, &sub);
	ck_assert_ptr_null(credential_new_of("a", &above, NULL));
	ck_assert_str_eq(credential_new_of("a", &above, NULL), "a");
	octets_clear(&first.content);
	octets_clear(&same.content);
	octets_clear(&above.content);
	octets_clear(&beside.content);
}
END_TEST

/* Both are decided before either is committed: who is second is refused when he decides again. */
START_TEST(test_two_at_once)
{
	const struct store_credential s = secret("one");
	const struct store_client a = {.name = (char *)(uintptr_t) "a",
				       .trust_domain = (char *)(uintptr_t) "d"};
	enum cmf_client_verdict verdict;
	struct store_unit *theirs = NULL;
	char *taken = NULL;

	ck_assert_int_eq(store_unit_new(w.store, &theirs), 0);
	ck_assert_int_eq(cmf_client_add(CMF_CALL(w.cmf, w.reader, theirs, &operator, NULL), &a, &s,
					&verdict, &taken),
			 0);
	ck_assert_ptr_null(client_new("b", &s));
	ck_assert_int_eq(store_unit_commit(theirs), STORE_CONFLICT);
	ck_assert_str_eq(client_new("a", &s), "b");
	store_unit_free(theirs);
}
END_TEST

START_TEST(test_unusable)
{
	struct store_credential no_cert = {.kind = STORE_CREDENTIAL_CERTIFICATE,
					   .content = octets_of("nonsense")};
	struct store_credential no_subject = below("nonsense", &root, NULL);
	struct store_credential no_secret = secret("r");

	no_secret.content = OCTETS_NULL;
	ck_assert_str_eq(client_new("a", &no_cert), "unusable");
	ck_assert_str_eq(client_new("a", &no_subject), "unusable");
	ck_assert_str_eq(client_new("a", &no_secret), "unusable");
	octets_clear(&no_subject.content);
}
END_TEST

/* --- many --- */

/* Among many each is found; those with the same anchors have them once. */
START_TEST(test_many_clients)
{
	enum { MANY = 300 };
	struct store_credential c = below(NULL, &w.anchor_a, NULL);
	struct credential cert[3];
	char name[32], subject[64];

	for (int i = 0; i < MANY; i++) {
		struct store_client client = {.name = name,
					      .trust_domain = (char *)(uintptr_t) "d",
					      .credentials = &c,
					      .n_credentials = 1};

		snprintf(name, sizeof(name), "many-%d", i);
		snprintf(subject, sizeof(subject), "/CN=many-%d", i);
		c.subject = subject;
		ck_assert_int_eq(store_client_insert(w.unit, &client), 0);
	}
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	for (int i = 0; i < 3; i++) {
		snprintf(subject, sizeof(subject), "/CN=many-%d", i * (MANY - 1) / 2);
		cert[i] = credential_new(
			&(struct credential_spec){.subject = subject, .issuer = &w.anchor_a});
	}
	ck_assert_str_eq(by_certificate(&cert[0]), "many-0");
	ck_assert_str_eq(by_certificate(&cert[1]), "many-149");
	ck_assert_str_eq(by_certificate(&cert[2]), "many-299");
	ck_assert_str_eq(by_certificate(&w.vnfm_a), "vnfm-a");
	for (int i = 0; i < 3; i++)
		credential_clear(&cert[i]);
	octets_clear(&c.content);
}
END_TEST

static Suite *cmf_credential_suite(void)
{
	Suite *suite = suite_create("cmf_credential");
	TCase *tc = tcase_create("credential");

	tcase_add_unchecked_fixture(tc, anchors_make, anchors_free);
	tcase_add_checked_fixture(tc, world_setup, world_teardown);
	tcase_add_test(tc, test_client_goes_on_with_another_credential);
	tcase_add_test(tc, test_references_are_octets);
	tcase_add_test(tc, test_secret_in_its_time);
	tcase_add_test(tc, test_certificate_in_its_time);
	tcase_add_test(tc, test_secret_or_token_of_another);
	tcase_add_test(tc, test_key_of_another);
	tcase_add_loop_test(tc, test_anchor_and_subject_of_another, 0, ARRAY_LEN(overlap_cases));
	tcase_add_test(tc, test_anchor_for_any_subject_of_another);
	tcase_add_test(tc, test_two_at_once);
	tcase_add_test(tc, test_unusable);
	tcase_add_test(tc, test_many_clients);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_credential_suite, SUITE_FORKS)
