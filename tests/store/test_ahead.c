// SPDX-License-Identifier: Apache-2.0
/* What is asked ahead is what is there, whether the backend asks ahead or not. */
#include "fixture.h"

#include "../../src/store/ahead.h"

static struct store_ahead ahead_of(struct octets transaction_id, const char *subject_id)
{
	return (struct store_ahead){.transaction_id = octets_view(&transaction_id),
				    .certificate = true,
				    .subject_id = bytes_of_string(subject_id)};
}

/* The verbs that find what is there, and say of the rest that it is not. */
START_TEST(test_ahead_finds_what_is_there)
{
	struct store_registration reg = sample_registration("vnfci-1"), reg_found = {0};
	struct store_certificate cert = sample_certificate(0, 1), cert_found = {0};
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef")), found = {0};
	const struct store_ahead ahead = ahead_of(t.transaction_id, "VNFCI-1");
	int64_t generation, ahead_generation;
	struct fixture f;

	fixture_begin(&f, _i);
	cert.registration_id = put_registration(&f, &reg);
	t.certificate_id = put_certificate(&f, &cert);
	put_transaction(&f, &t);
	OK(store_client_generation(f.reader, &generation));
	OK(store_ahead_ask(f.reader, &ahead));
	OK(store_client_generation(f.reader, &ahead_generation));
	ck_assert_int_eq(generation, ahead_generation);
	OK(store_transaction_find(f.reader, t.requester, octets_view(&t.transaction_id), &found));
	ck_assert_str_eq(found.requester, t.requester);
	ck_assert_int_eq(found.certificate_id, t.certificate_id);
	ck_assert(bytes_equal(octets_view(&found.response), octets_view(&t.response)));
	OK(store_certificate_get(f.reader, t.certificate_id, &cert_found));
	ck_assert_int_eq(cert_found.id, t.certificate_id);
	ck_assert_str_eq(cert_found.subject_id, "vnfci-1");
	OK(store_registration_find(f.reader, ENTITY("vnfci-1"), reg.cert_type, &reg_found));
	ck_assert_int_eq(reg_found.id, cert.registration_id);
	ck_assert_str_eq(reg_found.manager, reg.manager);
	store_transaction_clear(&found);
	store_certificate_clear(&cert_found);
	store_registration_clear(&reg_found);
	fixture_end(&f);
}
END_TEST

/* Somebody else's of the same transactionID, and another entity of the same name, are no answer. */
START_TEST(test_ahead_of_others)
{
	struct store_registration reg = sample_registration("vnfci-1"), reg_found = {0};
	struct store_certificate cert = sample_certificate(0, 1), cert_found = {0};
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef")), found = {0};
	const struct store_ahead ahead = ahead_of(t.transaction_id, "vnfci-1");
	int64_t other;
	struct fixture f;

	fixture_begin(&f, _i);
	cert.registration_id = put_registration(&f, &reg);
	t.certificate_id = put_certificate(&f, &cert);
	put_transaction(&f, &t);
	cert = sample_certificate(cert.registration_id, 2);
	other = put_certificate(&f, &cert);
	OK(store_ahead_ask(f.reader, &ahead));
	ABSENT(store_transaction_find(f.reader, "client:vnfm-b", octets_view(&t.transaction_id),
				      &found));
	OK(store_certificate_get(f.reader, other, &cert_found));
	ck_assert_int_eq(cert_found.id, other);
	ABSENT(store_registration_find(f.reader,
				       &(const struct store_entity){"domain-b", "", "vnfci-1"},
				       reg.cert_type, &reg_found));
	store_certificate_clear(&cert_found);
	OK(store_ahead_ask(f.reader, &ahead));
	OK(store_registration_find(f.reader, ENTITY("vnfci-1"), reg.cert_type, &reg_found));
	store_registration_clear(&reg_found);
	store_ahead_drop(f.reader);
	fixture_end(&f);
}
END_TEST

/* More of the same transactionID than are asked for: whose is among them or not, it is found. */
START_TEST(test_ahead_of_many)
{
	enum { REQUESTERS = AHEAD_ROWS + 3 };
	struct store_transaction t = sample_transaction(OCTETS("0123456789abcdef")), found = {0};
	const struct store_ahead ahead = ahead_of(t.transaction_id, "");
	char requester[] = "a";
	struct fixture f;

	fixture_begin(&f, _i);
	t.requester = requester;
	for (int i = 0; i < REQUESTERS; i++, requester[0]++)
		put_transaction(&f, &t);
	requester[0] = 'a';
	for (int i = 0; i < REQUESTERS; i++, requester[0]++) {
		OK(store_ahead_ask(f.reader, &ahead));
		OK(store_transaction_find(f.reader, requester, octets_view(&t.transaction_id),
					  &found));
		ck_assert_str_eq(found.requester, requester);
		store_transaction_clear(&found);
	}
	OK(store_ahead_ask(f.reader, &ahead));
	ABSENT(store_transaction_find(f.reader, "z", octets_view(&t.transaction_id), &found));
	fixture_end(&f);
}
END_TEST

/* Certificates by their serial numbers, and the registration of one. The same one may be asked for
 * by several questions, each of which has an answer. */
START_TEST(test_ahead_of_certificates)
{
	struct store_registration reg = sample_registration("vnfci-1"), reg_found = {0};
	struct store_certificate cert = sample_certificate(0, 1), found = {0};
	struct store_ahead ahead = {.transaction_id = bytes_of_string("0123456789abcdef"),
				    .registration = true};
	struct serial another;
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	cert.registration_id = put_registration(&f, &reg);
	id = put_certificate(&f, &cert);
	ahead.known = ahead.signer = ahead.named = cert.serial;
	OK(store_ahead_ask(f.reader, &ahead));
	another = sample_certificate(0, 2).serial;
	ABSENT(store_certificate_find(f.reader, cert.ca, &another, &found));
	ABSENT(store_certificate_find(f.reader, "another-ca", &cert.serial, &found));
	for (int i = 0; i < 2; i++) {
		OK(store_certificate_find(f.reader, cert.ca, &cert.serial, &found));
		ck_assert_int_eq(found.id, id);
		ck_assert_str_eq(found.subject_id, "vnfci-1");
		store_certificate_clear(&found);
	}
	ABSENT(store_certificate_get(f.reader, id + 1, &found));
	OK(store_certificate_get(f.reader, id, &found));
	ck_assert(serial_equal(&found.serial, &cert.serial));
	store_certificate_clear(&found);
	ABSENT(store_registration_get(f.reader, cert.registration_id + 1, &reg_found));
	OK(store_registration_get(f.reader, cert.registration_id, &reg_found));
	ck_assert_int_eq(reg_found.id, cert.registration_id);
	ck_assert_str_eq(reg_found.manager, reg.manager);
	store_registration_clear(&reg_found);
	store_ahead_drop(f.reader);
	fixture_end(&f);
}
END_TEST

/* What is asked for and is not an answer stays for who asks that; and is one once. */
START_TEST(test_ahead_answers_once)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate cert = sample_certificate(0, 1), found = {0};
	struct store_ahead ahead = {.transaction_id = bytes_of_string("0123456789abcdef")};
	int64_t ids[2];
	struct fixture f;

	fixture_begin(&f, _i);
	cert.registration_id = put_registration(&f, &reg);
	ids[0] = put_certificate(&f, &cert);
	ahead.known = cert.serial;
	cert = sample_certificate(cert.registration_id, 2);
	ids[1] = put_certificate(&f, &cert);
	OK(store_ahead_ask(f.reader, &ahead));
	for (int i = 0; i < 4; i++) {
		OK(store_certificate_get(f.reader, ids[1 - i % 2], &found));
		ck_assert_int_eq(found.id, ids[1 - i % 2]);
		ck_assert_int_eq(found.state, i < 2 ? cert.state : STORE_CERT_REVOKED);
		store_certificate_clear(&found);
		if (i != 1)
			continue;
		for (int k = 0; k < 2; k++)
			OK(store_certificate_set_state(f.unit, ids[k], cert.state,
						       STORE_CERT_REVOKED));
		OK(store_unit_commit(f.unit));
	}
	store_ahead_drop(f.reader);
	fixture_end(&f);
}
END_TEST

TCase *ahead_cases(void)
{
	TCase *tc = tcase_create("ahead");

	tcase_add_loop_test(tc, test_ahead_finds_what_is_there, 0, backends_count);
	tcase_add_loop_test(tc, test_ahead_of_others, 0, backends_count);
	tcase_add_loop_test(tc, test_ahead_of_many, 0, backends_count);
	tcase_add_loop_test(tc, test_ahead_of_certificates, 0, backends_count);
	tcase_add_loop_test(tc, test_ahead_answers_once, 0, backends_count);
	return tc;
}
