// SPDX-License-Identifier: Apache-2.0
/* Nonces for key attestation, draft-ietf-lamps-attestation-freshness: each for one use by who asked
 * for it, and for some minutes. */
#include "cmf/nonce.h"
#include "cmf_world.h"
#include "store/nonce.h"
#include "suite.h"

#include <string.h>

static const char *issued_as(const char *client, int64_t len, struct cmf_nonce *nonce)
{
	struct cmf_principal who = principal_of(client);
	const struct cmf_nonce_ask ask = {.len = len};
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_nonce_issue(WORLD_CALL(&who, &refusal), &ask, nonce);

	if (err == 0)
		err = store_unit_commit(w.unit);
	ck_assert(err == 0 || err == REFUSED);
	if (err == 0)
		nonce->id = store_unit_id(w.unit, nonce->id);
	cmf_principal_clear(&who);
	return refusal_code(refusal.reason);
}

static struct bytes octets_of(const struct cmf_nonce *nonce)
{
	return (struct bytes){nonce->octets, nonce->len};
}

static const char *checked_as(const char *client, struct bytes octets, int64_t named_id)
{
	struct cmf_principal who = principal_of(client);
	struct refusal refusal = REFUSAL_NULL;
	int64_t id = 0;
	int err = cmf_nonce_check(WORLD_CALL(&who, &refusal), octets, named_id, &id);

	ck_assert(err == 0 || err == REFUSED);
	ck_assert(err == REFUSED || id > 0);
	cmf_principal_clear(&who);
	return refusal_code(refusal.reason);
}

static int used(int64_t id)
{
	struct refusal refusal = REFUSAL_NULL;

	ck_assert_int_eq(cmf_nonce_use(WORLD_CALL(NULL, &refusal), id), 0);
	return store_unit_commit(w.unit);
}

static const struct {
	int64_t len;
	size_t is; /* 0: refused */
} lengths[] = {{0, 20}, {8, 8}, {64, 64}, {7, 0}, {65, 0}, {-1, 0}, {INT64_MAX, 0}};

START_TEST(length)
{
	struct cmf_nonce nonce = {0};
	const char *code = issued_as("vnfm-a", lengths[_i].len, &nonce);

	ck_assert_str_eq(code, lengths[_i].is ? "none" : "nonce_length");
	ck_assert_uint_eq(nonce.len, lengths[_i].is);
	if (lengths[_i].is)
		ck_assert_int_eq(nonce.expires_ms, w.now_ms + 60000);
}
END_TEST

START_TEST(one_use_by_who_asked)
{
	struct cmf_nonce one, two;
	uint8_t other[20] = {0};

	ck_assert_str_eq(issued_as("vnfm-a", 0, &one), "none");
	ck_assert_str_eq(issued_as("vnfm-a", 0, &two), "none");
	ck_assert_mem_ne(one.octets, two.octets, one.len);
	ck_assert_str_eq(checked_as("vnfm-a", octets_of(&one), 0), "none");
	ck_assert_str_eq(checked_as("vnfm-a", octets_of(&one), one.id), "none");
	ck_assert_str_eq(checked_as("vnfm-a", octets_of(&one), two.id), "nonce_unknown");
	ck_assert_str_eq(checked_as("vnfm-a", octets_of(&one), -1), "nonce_unknown");
	/* Of the same trust domain, and of another. */
	ck_assert_str_eq(checked_as("vnfm-c", octets_of(&one), 0), "nonce_unknown");
	ck_assert_str_eq(checked_as("vnfm-b", octets_of(&one), 0), "nonce_unknown");
	ck_assert_str_eq(checked_as("vnfm-a", BYTES_OF(other), 0), "nonce_unknown");
	ck_assert_str_eq(checked_as("vnfm-a", BYTES_NULL, 0), "nonce_unknown");
	ck_assert_str_eq(checked_as("vnfm-a", (struct bytes){one.octets, one.len - 1}, 0),
			 "nonce_unknown");

	/* Two decide at the same time: the second one's unit has a conflict. */
	ck_assert_int_eq(used(one.id), 0);
	ck_assert_int_eq(used(one.id), STORE_CONFLICT);
	ck_assert_str_eq(checked_as("vnfm-a", octets_of(&one), 0), "nonce_used");
	ck_assert_str_eq(checked_as("vnfm-c", octets_of(&one), 0), "nonce_unknown");
	ck_assert_str_eq(checked_as("vnfm-a", octets_of(&two), 0), "none");
}
END_TEST

START_TEST(not_by_two_requests_of_a_message)
{
	struct cmf_principal who = principal_of("vnfm-a");
	struct cmf_csr_result before = {0}, *const earlier[] = {&before};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_call call = *WORLD_CALL(&who, &refusal);
	struct cmf_nonce nonce;
	int64_t id;

	ck_assert_str_eq(issued_as("vnfm-a", 0, &nonce), "none");
	before.nonce_id = nonce.id + 1;
	call.earlier = earlier;
	call.n_earlier = 1;
	ck_assert_int_eq(cmf_nonce_check(&call, octets_of(&nonce), 0, &id), 0);
	before.nonce_id = id;
	ck_assert_int_eq(cmf_nonce_check(&call, octets_of(&nonce), 0, &id), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_nonce_used);
	cmf_principal_clear(&who);
}
END_TEST

START_TEST(expires_and_goes)
{
	const struct cmf_worker worker = {w.reader, w.unit};
	struct cmf_nonce nonce;
	struct store_nonce found = {0};
	bool more;

	ck_assert_str_eq(issued_as("vnfm-a", 0, &nonce), "none");
	w.now_ms += 59999;
	ck_assert_str_eq(checked_as("vnfm-a", octets_of(&nonce), 0), "none");
	w.now_ms += 1;
	ck_assert_str_eq(checked_as("vnfm-a", octets_of(&nonce), 0), "nonce_expired");
	ck_assert_int_eq(cmf_housekeeping(w.cmf, &worker, &more), 0);
	ck_assert_str_eq(checked_as("vnfm-a", octets_of(&nonce), 0), "nonce_expired");
	w.now_ms += 60001;
	ck_assert_int_eq(cmf_housekeeping(w.cmf, &worker, &more), 0);
	ck_assert_int_eq(store_nonce_find(w.reader, octets_of(&nonce), &found), STORE_NOT_FOUND);
	ck_assert_str_eq(checked_as("vnfm-a", octets_of(&nonce), 0), "nonce_unknown");
}
END_TEST

START_TEST(as_many_as_may_be)
{
	struct cmf_nonce nonce;

	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(issued_as("vnfm-a", 0, &nonce), "none");
	ck_assert_str_eq(issued_as("vnfm-a", 0, &nonce), "nonce_too_many");
	ck_assert_str_eq(issued_as("vnfm-c", 0, &nonce), "none");
	/* One that was used does not count, nor those that have expired. */
	ck_assert_str_eq(issued_as("vnfm-a", 0, &nonce), "nonce_too_many");
	w.now_ms += 60000;
	ck_assert_str_eq(issued_as("vnfm-a", 0, &nonce), "none");
	ck_assert_int_eq(used(nonce.id), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(issued_as("vnfm-a", 0, &nonce), "none");
	ck_assert_str_eq(issued_as("nobody", 0, &nonce), "client_not_permitted");
}
END_TEST

static Suite *cmf_nonce_suite(void)
{
	Suite *suite = suite_create("cmf_nonce");
	TCase *tcase = tcase_create("nonce");

	tcase_add_checked_fixture(tcase, world_setup, world_teardown);
	tcase_add_loop_test(tcase, length, 0, ARRAY_LEN(lengths));
	tcase_add_test(tcase, one_use_by_who_asked);
	tcase_add_test(tcase, not_by_two_requests_of_a_message);
	tcase_add_test(tcase, expires_and_goes);
	tcase_add_test(tcase, as_many_as_may_be);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(cmf_nonce_suite, SUITE_ONE_PROCESS)
