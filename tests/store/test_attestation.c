// SPDX-License-Identifier: Apache-2.0
/* What was made of key attestations. */
#include "fixture.h"

START_TEST(test_attestation_of_a_certificate)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert;
	struct store_attestation attestation = {
		.verdict = STORE_ATTESTATION_VERIFIED,
		.statement = (char *)(uintptr_t) "2.23.133.20.1",
		.has_attester = true,
		.attester = {1, 2, 3},
		.nonce = OCTETS("12345678"),
	};
	struct store_attestation read = {0};
	struct fixture f;
	int64_t id = 0;

	fixture_begin(&f, _i);
	cert = sample_certificate(put_registration(&f, &reg), 1);
	OK(store_certificate_insert(f.unit, &cert, &id));
	attestation.certificate_id = id;
	OK(store_attestation_insert(f.unit, &attestation));
	OK(store_unit_commit(f.unit));
	id = store_unit_id(f.unit, id);
	OK(store_attestation_get(f.reader, id, &read));
	ck_assert_int_eq(read.certificate_id, id);
	ck_assert_int_eq(read.verdict, STORE_ATTESTATION_VERIFIED);
	ck_assert_str_eq(read.statement, "2.23.133.20.1");
	ck_assert(read.has_attester);
	ck_assert_mem_eq(read.attester, attestation.attester, sizeof(read.attester));
	ck_assert(bytes_equal(octets_view(&read.nonce), VIEW("12345678")));
	/* One for a certificate. */
	OK(store_attestation_insert(f.unit, &read));
	CONFLICT(store_unit_commit(f.unit));
	store_attestation_clear(&read);
	ABSENT(store_attestation_get(f.reader, id + 1, &read));
	fixture_end(&f);
}
END_TEST

START_TEST(test_attestation_that_says_no_more)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert;
	struct store_attestation attestation = {.verdict = STORE_ATTESTATION_IGNORED}, read = {0};
	struct fixture f;
	int64_t id = 0;

	fixture_begin(&f, _i);
	cert = sample_certificate(put_registration(&f, &reg), 1);
	OK(store_certificate_insert(f.unit, &cert, &id));
	attestation.certificate_id = id;
	OK(store_attestation_insert(f.unit, &attestation));
	OK(store_unit_commit(f.unit));
	OK(store_attestation_get(f.reader, store_unit_id(f.unit, id), &read));
	ck_assert_int_eq(read.verdict, STORE_ATTESTATION_IGNORED);
	ck_assert_ptr_null(read.statement);
	ck_assert(!read.has_attester);
	ck_assert_uint_eq(read.nonce.len, 0);
	store_attestation_clear(&read);
	fixture_end(&f);
}
END_TEST

TCase *attestation_cases(void)
{
	TCase *tc = tcase_create("attestation");

	tcase_add_loop_test(tc, test_attestation_of_a_certificate, 0, backends_count);
	tcase_add_loop_test(tc, test_attestation_that_says_no_more, 0, backends_count);
	return tc;
}
