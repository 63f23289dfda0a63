// SPDX-License-Identifier: Apache-2.0
/* Certificates, what a CRL lists, and CRLs. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static int64_t put_sample_registration(struct fixture *f, const char *subject_id)
{
	struct store_registration reg = sample_registration(subject_id);

	return put_registration(f, &reg);
}

static int64_t put_sample_certificate(struct fixture *f, int64_t registration_id, uint64_t serial)
{
	struct store_certificate cert = sample_certificate(registration_id, serial);

	return put_certificate(f, &cert);
}

START_TEST(test_certificate_comes_back_as_inserted)
{
	static const struct serial serial = {8, {1, 2, 3, 4, 5, 6, 7, 8}};
	static const struct serial shorter = {7, {1, 2, 3, 4, 5, 6, 7}};
	struct store_certificate c, found = {0};
	struct fixture f;
	int64_t reg, id;

	fixture_begin(&f, _i);
	reg = put_sample_registration(&f, "vnfci-1");
	c = sample_certificate(reg, 0x0102030405060708);
	id = put_certificate(&f, &c);
	OK(store_certificate_get(f.reader, id, &found));
	ck_assert_int_eq(found.id, id);
	ck_assert_int_eq(found.registration_id, reg);
	ck_assert_str_eq(found.ca, "issuing");
	ck_assert_uint_eq(found.serial.len, 8);
	ck_assert_mem_eq(found.serial.octet, "\1\2\3\4\5\6\7\10", 8);
	ck_assert_int_eq(found.state, STORE_CERT_PENDING);
	ck_assert_str_eq(found.subject, "CN=vnfci-1");
	ck_assert(bytes_equal(octets_view(&found.der), VIEW("certificate DER")));
	ck_assert_mem_eq(found.key_digest, c.key_digest, 32);
	ck_assert_int_eq(found.not_before_ms, 10000);
	ck_assert_int_eq(found.not_after_ms, 90000);
	ck_assert_str_eq(found.requester, "client:vnfm-a");
	ck_assert_int_eq(found.reason, STORE_REASON_NONE);
	ck_assert_int_eq(found.revoked_ms, 0);
	ck_assert_int_eq(found.confirm_by_ms, 20000);
	ck_assert_int_eq(found.created_ms, 10001);
	ck_assert_str_eq(found.subject_id, "vnfci-1");
	ck_assert_int_eq(found.cert_type, CERT_TYPE_VNFCI);
	ck_assert_str_eq(found.manager, "vnfm-a");
	ck_assert_str_eq(found.trust_domain, "domain-a");
	ck_assert_str_eq(found.profile, "VnfciCert");
	store_certificate_clear(&found);

	OK(store_certificate_find(f.reader, "issuing", &serial, &found));
	ck_assert_int_eq(found.id, id);
	store_certificate_clear(&found);
	ABSENT(store_certificate_find(f.reader, "other", &serial, &found));
	ABSENT(store_certificate_find(f.reader, "issuing", &shorter, &found));
	ABSENT(store_certificate_get(f.reader, id + 1, &found));
	fixture_end(&f);
}
END_TEST

START_TEST(test_certificate_serial_is_unique_per_ca)
{
	struct store_certificate c;
	struct fixture f;
	int64_t reg;

	fixture_begin(&f, _i);
	reg = put_sample_registration(&f, "vnfci-1");
	c = sample_certificate(reg, 77);
	put_certificate(&f, &c);
	OK(store_certificate_insert(f.unit, &c, NULL));
	CONFLICT(store_unit_commit(f.unit));
	c.ca = TEXT("other");
	put_certificate(&f, &c);
	/* Without a serial yet: as many as there are requests. */
	put_sample_certificate(&f, reg, 0);
	put_sample_certificate(&f, reg, 0);
	fixture_end(&f);
}
END_TEST

START_TEST(test_certificate_needs_an_active_registration)
{
	struct store_certificate c;
	struct fixture f;
	int64_t reg;

	fixture_begin(&f, _i);
	reg = put_sample_registration(&f, "vnfci-1");
	c = sample_certificate(reg + 1, 1);
	OK(store_certificate_insert(f.unit, &c, NULL));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_registration_deregister(f.unit, reg, 1));
	OK(store_unit_commit(f.unit));
	c = sample_certificate(reg, 1);
	OK(store_certificate_insert(f.unit, &c, NULL));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

START_TEST(test_certificate_of_a_registration_of_the_same_unit)
{
	struct store_registration reg = sample_registration("vnfci-1");
	struct store_certificate c = sample_certificate(0, 1), found = {0};
	int64_t reg_id = 0, id = 0;
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_registration_insert(f.unit, &reg, &reg_id));
	c.registration_id = reg_id;
	OK(store_certificate_insert(f.unit, &c, &id));
	OK(store_unit_commit(f.unit));
	ck_assert_int_lt(id, 0);
	id = store_unit_id(f.unit, id);
	ck_assert_int_gt(id, 0);
	ck_assert_int_eq(store_unit_id(f.unit, id), id);
	reg_id = store_unit_id(f.unit, reg_id);
	OK(store_certificate_get(f.reader, id, &found));
	ck_assert_int_eq(found.registration_id, reg_id);
	store_certificate_clear(&found);
	fixture_end(&f);
}
END_TEST

START_TEST(test_certificate_fill)
{
	struct store_certificate c, filled, found = {0};
	struct fixture f;
	int64_t reg;

	fixture_begin(&f, _i);
	reg = put_sample_registration(&f, "vnfci-1");
	put_sample_certificate(&f, reg, 5);
	c = sample_certificate(reg, 0);
	c.id = put_certificate(&f, &c);
	OK(store_certificate_get(f.reader, c.id, &found));
	ck_assert_int_eq(found.state, STORE_CERT_REQUESTED);
	ck_assert_uint_eq(found.serial.len, 0);
	ck_assert_uint_eq(found.der.len, 0);
	store_certificate_clear(&found);

	filled = sample_certificate(reg, 5); /* that serial exists */
	filled.id = c.id;
	OK(store_certificate_fill(f.unit, &filled));
	CONFLICT(store_unit_commit(f.unit));
	filled = sample_certificate(reg, 6);
	filled.id = c.id;
	filled.subject = TEXT("CN=other");
	filled.not_before_ms = 11;
	filled.not_after_ms = 12;
	OK(store_certificate_fill(f.unit, &filled));
	OK(store_unit_commit(f.unit));
	OK(store_certificate_get(f.reader, c.id, &found));
	ck_assert_int_eq(found.state, STORE_CERT_PENDING);
	ck_assert_uint_eq(found.serial.len, 8);
	ck_assert_mem_eq(found.serial.octet, filled.serial.octet, 8);
	ck_assert(bytes_equal(octets_view(&found.der), VIEW("certificate DER")));
	ck_assert_str_eq(found.subject, "CN=other");
	ck_assert_int_eq(found.not_before_ms, 11);
	ck_assert_int_eq(found.not_after_ms, 12);
	ck_assert_int_eq(found.confirm_by_ms, 20000);
	store_certificate_clear(&found);
	OK(store_certificate_fill(f.unit, &filled));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

START_TEST(test_certificate_state_changes_only_from_the_expected_one)
{
	struct store_certificate found = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_sample_certificate(&f, put_sample_registration(&f, "vnfci-1"), 1);
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_REQUESTED, STORE_CERT_ACTIVE));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_certificate_set_state(f.unit, id + 1, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	OK(store_unit_commit(f.unit));
	OK(store_certificate_get(f.reader, id, &found));
	ck_assert_int_eq(found.state, STORE_CERT_ACTIVE);
	ck_assert_int_eq(found.confirm_by_ms, 0);
	store_certificate_clear(&found);

	OK(store_certificate_revoke(f.unit, id, STORE_CERT_PENDING, STORE_CERT_REVOKED, 1, 50));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_certificate_revoke(f.unit, id, STORE_CERT_ACTIVE, STORE_CERT_REVOCATION_PENDING, 1,
				    50));
	OK(store_unit_commit(f.unit));
	OK(store_certificate_set_state(f.unit, id, STORE_CERT_REVOCATION_PENDING,
				       STORE_CERT_REVOKED));
	OK(store_unit_commit(f.unit));
	OK(store_certificate_get(f.reader, id, &found));
	ck_assert_int_eq(found.state, STORE_CERT_REVOKED);
	ck_assert_int_eq(found.reason, 1);
	ck_assert_int_eq(found.revoked_ms, 50);
	ck_assert_int_eq(found.invalidity_ms, 0);
	store_certificate_clear(&found);
	OK(store_certificate_set_invalidity(f.unit, id, 40));
	OK(store_unit_commit(f.unit));
	OK(store_certificate_get(f.reader, id, &found));
	ck_assert_int_eq(found.invalidity_ms, 40);
	store_certificate_clear(&found);
	OK(store_certificate_set_invalidity(f.unit, id + 1, 40));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

struct serials {
	char text[256];
};

static int collect_serial(void *arg, const struct store_certificate *cert)
{
	struct serials *s = arg;
	size_t used = strlen(s->text);

	snprintf(s->text + used, sizeof(s->text) - used, "%d ",
		 cert->serial.len ? cert->serial.octet[7] : 0);
	return 0;
}

static void assert_list(struct fixture *f, struct store_certificate_filter filter,
			const char *expected)
{
	struct serials s = {""};

	OK(store_certificate_list(f->reader, &filter, collect_serial, &s));
	ck_assert_str_eq(s.text, expected);
}

/*
 * Serials: 1 ACTIVE, 2 PENDING, 3 REVOKED, 4 ACTIVE and long expired, all of the first
 * registration; 5 PENDING and due late, of the second; one REQUESTED (0) of the second.
 */
static void fill_for_lists(struct fixture *f, int64_t regs[2], int64_t ids[6])
{
	struct store_registration b = sample_registration("b");
	struct store_certificate c;

	regs[0] = put_sample_registration(f, "a");
	b.manager = TEXT("vnfm-b");
	regs[1] = put_registration(f, &b);
	ids[0] = put_sample_certificate(f, regs[0], 1);
	ids[1] = put_sample_certificate(f, regs[0], 2);
	ids[2] = put_sample_certificate(f, regs[0], 3);
	c = sample_certificate(regs[0], 4);
	c.not_after_ms = 15000;
	ids[3] = put_certificate(f, &c);
	c = sample_certificate(regs[1], 5);
	c.ca = TEXT("other");
	c.confirm_by_ms = 70000;
	ids[4] = put_certificate(f, &c);
	ids[5] = put_sample_certificate(f, regs[1], 0);
	OK(store_certificate_set_state(f->unit, ids[0], STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	OK(store_certificate_set_state(f->unit, ids[3], STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	OK(store_certificate_revoke(f->unit, ids[2], STORE_CERT_PENDING, STORE_CERT_REVOKED, 0, 1));
	OK(store_unit_commit(f->unit));
}

START_TEST(test_certificate_due)
{
	int64_t regs[2], ids[6];
	struct store_due due;
	struct fixture f;

	fixture_begin(&f, _i);
	fill_for_lists(&f, regs, ids);
	OK(store_certificate_due(f.reader, 20000, &due));
	ck_assert_uint_eq(due.len, 0);
	OK(store_certificate_due(f.reader, 20001, &due));
	ck_assert_uint_eq(due.len, 1);
	ck_assert_int_eq(due.id[0], ids[1]);
	OK(store_certificate_due(f.reader, 70001, &due));
	ck_assert_uint_eq(due.len, 2);
	ck_assert_int_eq(due.id[1], ids[4]);
	fixture_end(&f);
}
END_TEST

/* What is due first comes first, whatever was inserted first; and no more than a round. */
START_TEST(test_due_is_bounded_and_in_order)
{
	struct store_certificate c;
	struct store_due due;
	struct fixture f;

	fixture_begin(&f, _i);
	c = sample_certificate(put_sample_registration(&f, "a"), 1);
	for (int i = 0; i < STORE_DUE_MAX + 1; i++) {
		c.serial.octet[0] = (uint8_t)i;
		c.confirm_by_ms = 20000 - i;
		put_certificate(&f, &c);
	}
	OK(store_certificate_due(f.reader, INT64_MAX, &due));
	ck_assert_uint_eq(due.len, STORE_DUE_MAX);
	ck_assert_int_eq(due.id[0], STORE_DUE_MAX + 1);
	ck_assert_int_eq(due.id[STORE_DUE_MAX - 1], 2);
	fixture_end(&f);
}
END_TEST

START_TEST(test_certificate_list_filters)
{
	const enum cert_type vnfci = CERT_TYPE_VNFCI, mano = CERT_TYPE_MANO;
	int64_t regs[2], ids[6], counts[STORE_CERT_STATE_COUNT];
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_certificate_counts(f.reader, counts));
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(counts[i], 0);
	fill_for_lists(&f, regs, ids);
#define LIST(expected, ...) \
	assert_list(&f, (struct store_certificate_filter){__VA_ARGS__}, expected)
	LIST("1 2 3 4 5 0 ", .state = -1);
	LIST("0 5 4 3 2 1 ", .state = -1, .newest_first = true);
	LIST("0 5 ", .state = -1, .newest_first = true, .limit = 2);
	LIST("3 4 ", .state = -1, .after_id = ids[1], .limit = 2);
	LIST("1 2 3 4 ", .state = -1, .subject_id = "a");
	LIST("5 0 ", .state = -1, .subject_id = "B");
	LIST("5 0 ", .state = -1, .manager = "vnfm-b");
	LIST("5 ", .state = -1, .ca = "other");
	LIST("3 ", .state = -1, .serial = {8, {0, 0, 0, 0, 0, 0, 0, 3}});
	LIST("1 4 ", .state = STORE_CERT_ACTIVE);
	LIST("2 5 ", .state = STORE_CERT_PENDING);
	LIST("3 ", .state = STORE_CERT_REVOKED);
	LIST("0 ", .state = STORE_CERT_REQUESTED);
	LIST("5 0 ", .state = -1, .registration_id = regs[1]);
	LIST("2 ", .state = STORE_CERT_PENDING, .registration_id = regs[0], .ca = "issuing");
	LIST("5 0 ", .state = -1, .cert_type = &vnfci, .profile = "VnfciCert", .manager = "vnfm-b");
	LIST("", .state = -1, .cert_type = &mano);
	LIST("", .state = -1, .profile = "ManoCert");
	/* Later than the one, not later than the other. */
	LIST("4 ", .state = -1, .ends_after_ms = 14999, .ends_by_ms = 89999);
	LIST("1 2 3 5 0 ", .state = -1, .ends_after_ms = 15000, .ends_by_ms = 90000);
#undef LIST
	OK(store_certificate_counts(f.reader, counts));
	ck_assert_int_eq(counts[STORE_CERT_REQUESTED], 1);
	ck_assert_int_eq(counts[STORE_CERT_PENDING], 2);
	ck_assert_int_eq(counts[STORE_CERT_ACTIVE], 2);
	ck_assert_int_eq(counts[STORE_CERT_REVOKED], 1);
	ck_assert_int_eq(counts[STORE_CERT_REJECTED], 0);
	ck_assert_int_eq(counts[STORE_CERT_REVOCATION_PENDING], 0);
	fixture_end(&f);
}
END_TEST

START_TEST(test_totals)
{
	struct store_totals totals;
	int64_t regs[2], ids[6];
	struct fixture f;

	fixture_begin(&f, _i);
	OK(store_totals_get(f.reader, 1, 2, 10, &totals));
	ck_assert_int_eq(totals.registrations + totals.clients + totals.expired + totals.ending, 0);
	fill_for_lists(&f, regs, ids);
	/* Of those in force: one ends at 15000, one at 90000. */
	OK(store_totals_get(f.reader, 15000, 89999, 10, &totals));
	ck_assert_int_eq(totals.registrations, 2);
	ck_assert_int_eq(totals.expired, 1);
	ck_assert_int_eq(totals.ending, 0);
	OK(store_totals_get(f.reader, 14999, 90000, 10, &totals));
	ck_assert_int_eq(totals.expired, 0);
	ck_assert_int_eq(totals.ending, 2);
	OK(store_totals_get(f.reader, 14999, 90000, 1, &totals));
	ck_assert_int_eq(totals.ending, 1);
	fixture_end(&f);
}
END_TEST

static void revoke(struct fixture *f, int64_t id, enum store_certificate_state to, int reason,
		   int64_t now_ms)
{
	OK(store_certificate_revoke(f->unit, id, STORE_CERT_PENDING, to, reason, now_ms));
	OK(store_unit_commit(f->unit));
}

/* The entries by page, from the highest serial down: their last octets. */
static void page_is(struct fixture *f, int64_t not_after_ms, const struct serial *below, size_t max,
		    const char *expected)
{
	const struct store_crl before = {.scheduled_ms = not_after_ms + 1, .scheduled_changes = 3};
	struct store_revoked page[8];
	size_t n = 99;

	OK(store_revoked_page(f->reader, "issuing", &before, below, page, max, &n));
	ck_assert_uint_eq(n, strlen(expected));
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(page[i].serial.octet[page[i].serial.len - 1],
				  (uint8_t)(expected[i] - '0'));
}

static int64_t changes_of(struct fixture *f)
{
	int64_t changes = -1;

	OK(store_crl_changes(f->reader, "issuing", &changes));
	return changes;
}

/* RFC 5280 5: a CRL lists revoked certificates that have not expired. */
START_TEST(test_revoked_page_of_a_ca)
{
	struct store_revoked page[8];
	struct store_certificate c = {0};
	struct fixture f;
	int64_t reg, id;
	size_t n;

	fixture_begin(&f, _i);
	reg = put_sample_registration(&f, "vnfci-1");
	ck_assert_int_eq(changes_of(&f), 0);
	page_is(&f, 20000, NULL, 8, "");

	id = put_sample_certificate(&f, reg, 9);
	revoke(&f, id, STORE_CERT_REVOKED, STORE_REASON_NONE, 21);
	ck_assert_int_eq(changes_of(&f), 1);
	revoke(&f, put_sample_certificate(&f, reg, 3), STORE_CERT_REJECTED, 5, 23);
	put_sample_certificate(&f, reg, 4);
	ck_assert_int_eq(changes_of(&f), 2);
	c = sample_certificate(reg, 5);
	c.not_after_ms = 20000;
	revoke(&f, put_certificate(&f, &c), STORE_CERT_REVOKED, 1, 22);
	c = sample_certificate(reg, 6);
	c.ca = TEXT("other");
	revoke(&f, put_certificate(&f, &c), STORE_CERT_REVOKED, 1, 99);
	ck_assert_int_eq(changes_of(&f), 3);

	page_is(&f, 20000, NULL, 8, "93");
	page_is(&f, 19999, NULL, 8, "953");
	page_is(&f, 19999, NULL, 2, "95");
	OK(store_revoked_page(f.reader, "issuing",
			      &(struct store_crl){.scheduled_ms = 20001, .scheduled_changes = 3},
			      NULL, page, 8, &n));
	ck_assert_int_eq(page[0].reason, STORE_REASON_NONE);
	ck_assert_int_eq(page[1].reason, 5);
	ck_assert_int_eq(page[1].revoked_ms, 23);
	page_is(&f, 19999, &page[0].serial, 8, "53");
	page_is(&f, 19999, &page[1].serial, 8, "");
	OK(store_certificate_get(f.reader, id, &c));
	ck_assert_int_eq(c.crl_change, 1);
	store_certificate_clear(&c);
	fixture_end(&f);
}
END_TEST

/* RFC 5280 5.3.1: a hold is listed until it is taken back, and that makes a new CRL due. */
START_TEST(test_hold_and_release_rfc5280_5_3_1)
{
	struct store_certificate cert = {0};
	struct fixture f;
	int64_t id;

	fixture_begin(&f, _i);
	id = put_sample_certificate(&f, put_sample_registration(&f, "vnfci-1"), 9);
	revoke(&f, id, STORE_CERT_ON_HOLD, STORE_REASON_HOLD, 21);
	page_is(&f, 20000, NULL, 8, "9");
	OK(store_certificate_release(f.unit, id, STORE_CERT_ON_HOLD, 25));
	OK(store_unit_commit(f.unit));
	OK(store_certificate_get(f.reader, id, &cert));
	ck_assert_int_eq(cert.state, STORE_CERT_ACTIVE);
	ck_assert_int_eq(cert.reason, STORE_REASON_NONE);
	ck_assert_int_eq(cert.revoked_ms, 0);
	ck_assert_int_eq(cert.crl_change, 2);
	store_certificate_clear(&cert);
	page_is(&f, 20000, NULL, 8, "");
	ck_assert_int_eq(changes_of(&f), 2);
	OK(store_certificate_release(f.unit, id, STORE_CERT_ON_HOLD, 26));
	ck_assert_int_eq(store_unit_commit(f.unit), STORE_CONFLICT);
	ck_assert_int_eq(changes_of(&f), 2);
	OK(store_certificate_revoke(f.unit, id, STORE_CERT_ACTIVE, STORE_CERT_REVOKED, 1, 27));
	OK(store_certificate_set_invalidity(f.unit, id, 12));
	OK(store_unit_commit(f.unit));
	page_is(&f, 20000, NULL, 8, "9");
	ck_assert_int_eq(changes_of(&f), 4);
	fixture_end(&f);
}
END_TEST

static struct store_crl sample_crl(const char *ca, int64_t number)
{
	return (struct store_crl){.ca = TEXT(ca),
				  .number = number,
				  .this_update_ms = 100 + number,
				  .next_update_ms = 200 + number,
				  .scheduled_ms = 50 + number,
				  .changes = number,
				  .scheduled_changes = number - 1,
				  .der = VIEW("crl DER")};
}

/* RFC 5280 5.2.3: CRLNumber grows. */
START_TEST(test_crl_number_grows)
{
	struct store_crl crl = sample_crl("issuing", 5), found = {0};
	struct octets der = OCTETS_NULL;
	int64_t before, first;
	struct fixture f;

	fixture_begin(&f, _i);
	ABSENT(store_crl_newest(f.reader, "issuing", &found));
	OK(store_crl_insert(f.unit, &crl, &crl.id));
	OK(store_unit_commit(f.unit));
	OK(store_crl_insert(f.unit, &crl, &crl.id));
	CONFLICT(store_unit_commit(f.unit));
	crl = sample_crl("issuing", 4);
	OK(store_crl_insert(f.unit, &crl, &crl.id));
	CONFLICT(store_unit_commit(f.unit));
	crl = sample_crl("other", 1);
	OK(store_crl_insert(f.unit, &crl, &crl.id));
	OK(store_unit_commit(f.unit));
	before = store_unit_id(f.unit, crl.id);
	crl = sample_crl("issuing", 6);
	OK(store_crl_newest(f.reader, "issuing", &found));
	first = found.id;
	store_crl_clear(&found);
	crl.der = VIEW("second DER");
	OK(store_crl_insert(f.unit, &crl, &crl.id));
	OK(store_unit_commit(f.unit));
	crl.id = store_unit_id(f.unit, crl.id);
	OK(store_crl_newest(f.reader, "issuing", &found));
	ck_assert_str_eq(found.ca, "issuing");
	ck_assert_int_eq(found.number, 6);
	ck_assert_int_eq(found.this_update_ms, 106);
	ck_assert_int_eq(found.next_update_ms, 206);
	ck_assert_int_eq(found.scheduled_ms, 56);
	ck_assert_int_eq(found.changes, 6);
	ck_assert_int_eq(found.scheduled_changes, 5);
	ck_assert_int_eq(found.id, crl.id);
	OK(store_crl_octets(f.reader, found.id, &der));
	ck_assert(bytes_equal(octets_view(&der), VIEW("second DER")));
	octets_clear(&der);
	store_crl_clear(&found);
	/* The one before has gone, that of another CA not. */
	ABSENT(store_crl_octets(f.reader, first, &der));
	OK(store_crl_octets(f.reader, before, &der));
	octets_clear(&der);
	fixture_end(&f);
}
END_TEST

static bool is_seen(struct fixture *f, uint8_t which)
{
	const uint8_t digest[32] = {which};
	bool seen;

	OK(store_seen_find(f->reader, digest, &seen));
	return seen;
}

/* What can do no harm any more goes, the rest stays. */
START_TEST(test_seen_until)
{
	const struct store_seen rows[] = {{{1}, 100}, {{2}, 200}, {{3}, 0}, {{1}, 0}};
	struct fixture f;

	fixture_begin(&f, _i);
	ck_assert(!is_seen(&f, 1));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		OK(store_seen_insert(f.unit, &rows[i]));
	OK(store_unit_commit(f.unit));
	OK(store_seen_purge(f.unit, 100, 10));
	OK(store_unit_commit(f.unit));
	ck_assert(is_seen(&f, 1));
	OK(store_seen_purge(f.unit, 101, 10));
	OK(store_unit_commit(f.unit));
	ck_assert(!is_seen(&f, 1));
	ck_assert(is_seen(&f, 2));
	OK(store_seen_purge(f.unit, INT64_MAX, 10));
	OK(store_unit_commit(f.unit));
	ck_assert(!is_seen(&f, 2));
	ck_assert(is_seen(&f, 3));
	fixture_end(&f);
}
END_TEST

START_TEST(test_certificate_is_required_active)
{
	const enum store_certificate_state states[] = {STORE_CERT_PENDING,
						       STORE_CERT_ACTIVE,
						       STORE_CERT_REVOKED,
						       STORE_CERT_ON_HOLD,
						       STORE_CERT_REVOCATION_PENDING,
						       STORE_CERT_REJECTED};
	struct store_registration reg = sample_registration("vnfci-1");
	struct fixture f;
	int64_t registration_id, id = 0;

	fixture_begin(&f, _i);
	registration_id = put_registration(&f, &reg);
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		struct store_certificate cert = sample_certificate(registration_id, 100 + i);

		cert.state = states[i];
		id = put_certificate(&f, &cert);
		OK(store_certificate_require(f.unit, id));
		ck_assert_int_eq(store_unit_commit(f.unit),
				 states[i] == STORE_CERT_ACTIVE ? 0 : STORE_CONFLICT);
	}
	OK(store_certificate_require(f.unit, id + 1));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

TCase *certificate_cases(void)
{
	TCase *tc = tcase_create("certificate");

	tcase_add_loop_test(tc, test_certificate_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_certificate_serial_is_unique_per_ca, 0, backends_count);
	tcase_add_loop_test(tc, test_certificate_needs_an_active_registration, 0, backends_count);
	tcase_add_loop_test(tc, test_certificate_of_a_registration_of_the_same_unit, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_certificate_fill, 0, backends_count);
	tcase_add_loop_test(tc, test_certificate_state_changes_only_from_the_expected_one, 0,
			    backends_count);
	tcase_add_loop_test(tc, test_certificate_due, 0, backends_count);
	tcase_add_loop_test(tc, test_due_is_bounded_and_in_order, 0, backends_count);
	tcase_add_loop_test(tc, test_certificate_list_filters, 0, backends_count);
	tcase_add_loop_test(tc, test_totals, 0, backends_count);
	tcase_add_loop_test(tc, test_revoked_page_of_a_ca, 0, backends_count);
	tcase_add_loop_test(tc, test_hold_and_release_rfc5280_5_3_1, 0, backends_count);
	tcase_add_loop_test(tc, test_crl_number_grows, 0, backends_count);
	tcase_add_loop_test(tc, test_seen_until, 0, backends_count);
	tcase_add_loop_test(tc, test_certificate_is_required_active, 0, backends_count);
	return tc;
}
