// SPDX-License-Identifier: Apache-2.0
/* Revocation by the internal CA: what its CRLs say, when there is a new one, and their numbers. */
#include "asn1/algorithm.h"
#include "ca_fixture.h"
#include "suite.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct ca_fixture f;
static struct request_fixture rq;

static const char *const key_kinds[] = {"P-256", "RSA", "ED25519", "ED448", "ML-DSA-65"};

static void begin(const char *key_kind)
{
	fixture_begin(&f, CONF_CA_INTERNAL, key_kind);
	request_begin(&rq, &f);
}

static void end(void)
{
	request_end(&rq);
	fixture_end(&f);
}

static X509_CRL *newest_crl(struct ca_crl *row)
{
	const uint8_t *p;
	X509_CRL *crl;

	OK(ca_crl_newest(f.ca, f.reader, row));
	p = shared_view(row->der).data;
	crl = d2i_X509_CRL(NULL, &p, (long)shared_view(row->der).len);
	ck_assert_ptr_nonnull(crl);
	ck_assert_int_eq(X509_CRL_verify(crl, X509_get0_pubkey(f.issuing)), 1);
	return crl;
}

static int64_t crl_number(void)
{
	struct ca_crl row = {0};
	X509_CRL *crl = newest_crl(&row);
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	int64_t value;

	ck_assert_ptr_nonnull(number);
	ck_assert_int_eq(ASN1_INTEGER_get_int64(&value, number), 1);
	ck_assert_int_eq(value, row.row.number);
	ASN1_INTEGER_free(number);
	X509_CRL_free(crl);
	ca_crl_clear(&row);
	return value;
}

/* Issues, stores as ACTIVE; the certificate as it is in the store. */
static void put_active(const char *subject_id, struct store_certificate *cert)
{
	struct ca_issued issued;
	int64_t id;

	OK(ca_issue(f.ca, &rq.request, &issued));
	id = put_certificate(&f, subject_id, STORE_CERT_ACTIVE, serial_view(&issued.serial),
			     octets_view(&issued.der));
	OK(store_certificate_get(f.reader, id, cert));
	ca_issued_clear(&issued);
}

static void revoke(const struct store_certificate *cert, enum store_certificate_state to,
		   int reason)
{
	OK(ca_revoke(f.ca, cert, to, reason, f.unit));
	OK(store_unit_commit(f.unit));
}

static const struct {
	int reason;
	int expected; /* in the CRL, -1: none */
	enum store_certificate_state to;
} reasons[] = {
	/* RFC 5280 5.3.1: unspecified SHOULD be absent. */
	{STORE_REASON_NONE, -1, STORE_CERT_REVOKED},
	{0, -1, STORE_CERT_REVOKED},
	{1, 1, STORE_CERT_REVOKED},
	{4, 4, STORE_CERT_REJECTED},
	{5, 5, STORE_CERT_REVOKED},
	{9, 9, STORE_CERT_REVOKED},
	{10, 10, STORE_CERT_REJECTED},
};

/* GeneralizedTime before and after 2050: RFC 5280 5.3.2 knows no UTCTime. */
static const int64_t invalidities[3] = {0, 1000, INT64_C(2600000000000)};

static int reason_of(X509_REVOKED *entry)
{
	ASN1_ENUMERATED *code = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	int reason = code ? (int)ASN1_ENUMERATED_get(code) : -1;

	ASN1_ENUMERATED_free(code);
	return reason;
}

static int64_t invalidity_of(X509_REVOKED *entry)
{
	int critical;
	ASN1_GENERALIZEDTIME *time =
		X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, &critical, NULL);
	int64_t ms = time ? pki_time_ms(time) : 0;

	/* RFC 5280 5.3.2: a non-critical extension. */
	ck_assert_int_eq(critical, time ? 0 : -1);
	ASN1_GENERALIZEDTIME_free(time);
	return ms;
}

START_TEST(test_crl_content)
{
	struct store_certificate certs[ARRAY_LEN(reasons)] = {0}, active = {0};
	struct ca_crl row = {0};
	AUTHORITY_KEYID *aki;
	X509_CRL *crl;

	begin(key_kinds[_i]);
	f.conf_ca.crl_directory = f.dir;
	fixture_load(&f);
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		char subject_id[16];

		snprintf(subject_id, sizeof(subject_id), "vnfci-%zu", i);
		put_active(subject_id, &certs[i]);
		revoke(&certs[i], reasons[i].to, reasons[i].reason);
		/* RFC 5280 5.3.2, beside a reason and without. */
		OK(store_certificate_set_invalidity(f.unit, certs[i].id, invalidities[i % 3]));
		OK(store_unit_commit(f.unit));
	}
	put_active("vnfci-active", &active);
	OK(ca_crl_update(f.ca, f.reader, f.unit));
	crl = newest_crl(&row);
	ck_assert_int_eq(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
	ck_assert_int_eq(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(f.issuing)),
			 0);
	ck_assert_int_eq(pki_time_ms(X509_CRL_get0_lastUpdate(crl)), f.now_ms);
	ck_assert_int_eq(pki_time_ms(X509_CRL_get0_nextUpdate(crl)), f.now_ms + 7LL * DAY_MS);
	aki = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	ck_assert_int_eq(ASN1_OCTET_STRING_cmp(aki->keyid, X509_get0_subject_key_id(f.issuing)), 0);
	AUTHORITY_KEYID_free(aki);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), ARRAY_LEN(reasons));
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		X509 *cert = pki_cert_parse(octets_view(&certs[i].der));
		X509_REVOKED *entry;

		ck_assert_int_eq(X509_CRL_get0_by_cert(crl, &entry, cert), 1);
		ck_assert_int_eq(reason_of(entry), reasons[i].expected);
		ck_assert_int_eq(invalidity_of(entry), invalidities[i % 3]);
		ck_assert_int_eq(pki_time_ms(X509_REVOKED_get0_revocationDate(entry)), f.now_ms);
		X509_free(cert);
		store_certificate_clear(&certs[i]);
	}
	ck_assert_int_eq(run_command(&f, "openssl crl -inform DER -in test.crl -CAfile ca.pem "
					 "-noout -verify > crl.out 2>&1"),
			 0);
	X509_CRL_free(crl);
	ca_crl_clear(&row);
	store_certificate_clear(&active);
	end();
}
END_TEST

/* RFC 5280 4.1.2.2: what other CAs number certificates with comes to the CRL as it is. */
START_TEST(test_rfc5280_5_1_2_6_serial_numbers)
{
	static const char *const serials[] = {
		"00",
		"01",
		"7F",
		"80",
		"FF",
		"-01",
		"-80",
		"7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
		"8000000000000000000000000000000000000000",
		"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
	};
	struct store_certificate cert;
	struct ca_crl row = {0};
	X509_CRL *crl;

	begin("P-256");
	fixture_load(&f);
	for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
		struct serial serial;
		char subject_id[16];
		int64_t id;

		OK(serial_of_hex(serials[i], &serial));
		snprintf(subject_id, sizeof(subject_id), "vnfci-%zu", i);
		id = put_certificate(&f, subject_id, STORE_CERT_ACTIVE, serial_view(&serial),
				     BYTES_OF("der"));
		OK(store_certificate_get(f.reader, id, &cert));
		revoke(&cert, STORE_CERT_REVOKED, 1);
		store_certificate_clear(&cert);
	}
	OK(ca_crl_update(f.ca, f.reader, f.unit));
	crl = newest_crl(&row);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), ARRAY_LEN(serials));
	for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
		ASN1_INTEGER *serial;
		BIGNUM *number = NULL;
		X509_REVOKED *entry;

		ck_assert_int_gt(BN_hex2bn(&number, serials[i]), 0);
		serial = BN_to_ASN1_INTEGER(number, NULL);
		ck_assert_int_eq(X509_CRL_get0_by_serial(crl, &entry, serial), 1);
		ASN1_INTEGER_free(serial);
		BN_free(number);
	}
	X509_CRL_free(crl);
	ca_crl_clear(&row);
	end();
}
END_TEST

START_TEST(test_crl_when_due)
{
	struct store_certificate first = {0}, second = {0};
	struct octets written;

	begin("P-256");
	f.conf_ca.crl_directory = f.dir;
	fixture_load(&f);
	/* The first one at start, without revocations. */
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 1);
	f.now_ms += 5000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 1);
	/* A revocation. */
	put_active("vnfci-1", &first);
	put_active("vnfci-2", &second);
	revoke(&first, STORE_CERT_REVOKED, 1);
	f.now_ms += 5000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 2);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 2);
	/* One whose time lies before the CRL, but which was committed after it. */
	f.now_ms -= 6000;
	revoke(&second, STORE_CERT_REVOKED, 1);
	f.now_ms += 11000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 3);
	f.now_ms += 70000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 3);
	/* crl_interval. */
	f.now_ms += DAY_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 4);
	/* The file is written again if it is lost while the program is down; no new number. */
	OK(remove(fixture_path(&f, "test.crl")));
	fixture_restart(&f);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 4);
	OK(file_read(fixture_path(&f, "test.crl"), 100000, &written));
	octets_clear(&written);
	store_certificate_clear(&first);
	store_certificate_clear(&second);
	end();
}
END_TEST

/* RFC 5280 5.3.1: a hold is listed; taken back, a CRL that lists it is outdated. */
START_TEST(test_rfc5280_5_3_1_hold_and_release)
{
	struct store_certificate cert = {0};
	struct ca_crl row = {0};
	X509_REVOKED *entry;
	X509_CRL *crl;

	begin("P-256");
	fixture_load(&f);
	put_active("vnfci-1", &cert);
	revoke(&cert, STORE_CERT_ON_HOLD, STORE_REASON_HOLD);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 1);
	crl = newest_crl(&row);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 1);
	entry = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 0);
	ck_assert_int_eq(reason_of(entry), STORE_REASON_HOLD);
	X509_CRL_free(crl);
	ca_crl_clear(&row);

	f.now_ms += 5000;
	cert.state = STORE_CERT_ON_HOLD;
	revoke(&cert, STORE_CERT_ACTIVE, STORE_REASON_RELEASE);
	f.now_ms += 5000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 2);
	crl = newest_crl(&row);
	ck_assert_int_le(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 0);
	X509_CRL_free(crl);
	ca_crl_clear(&row);
	f.now_ms += 5000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 2);
	store_certificate_clear(&cert);
	end();
}
END_TEST

static int entries(void)
{
	struct ca_crl row = {0};
	X509_CRL *crl = newest_crl(&row);
	int n = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));

	X509_CRL_free(crl);
	ca_crl_clear(&row);
	return n < 0 ? 0 : n;
}

/*
 * RFC 5280 3.3: "An entry MUST NOT be removed from the CRL until it appears on one regularly
 * scheduled CRL issued beyond the revoked certificate's validity period." One that a revocation has
 * made is not regularly scheduled.
 */
START_TEST(test_rfc5280_3_3_listed_beyond_expiry)
{
	struct store_certificate cert = {0}, other = {0};

	begin("P-256");
	fixture_load(&f);
	put_active("vnfci-1", &cert);
	revoke(&cert, STORE_CERT_REVOKED, 1);
	f.now_ms = cert.not_after_ms - 1000;
	put_active("vnfci-2", &other);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(entries(), 1);
	/* Expired, and a CRL because of a revocation. */
	f.now_ms = cert.not_after_ms + 2 * 60 * 1000;
	revoke(&other, STORE_CERT_REVOKED, 1);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 2);
	ck_assert_int_eq(entries(), 2);
	OK(ca_crl_update(f.ca, f.reader, f.unit));
	ck_assert_int_eq(entries(), 2);
	/* The one that is due anyhow has it still, for the last time. */
	f.now_ms += DAY_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 4);
	ck_assert_int_eq(entries(), 2);
	OK(ca_crl_update(f.ca, f.reader, f.unit));
	ck_assert_int_eq(entries(), 1);
	store_certificate_clear(&cert);
	store_certificate_clear(&other);
	end();
}
END_TEST

/*
 * Its COMMIT may have taken long, as one does that waits for a standby: a scheduled CRL that was
 * made meanwhile, after the end of the certificate, has not had it.
 */
START_TEST(test_rfc5280_3_3_listed_that_was_committed_late)
{
	struct store_certificate cert = {0};
	int64_t revoked_ms;

	begin("P-256");
	fixture_load(&f);
	put_active("vnfci-1", &cert);
	revoked_ms = cert.not_after_ms - 1000;
	f.now_ms = cert.not_after_ms + 3600 * 1000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(entries(), 0);
	OK(store_certificate_revoke(f.unit, cert.id, STORE_CERT_ACTIVE, STORE_CERT_REVOKED, 1,
				    revoked_ms));
	OK(store_unit_commit(f.unit));
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 2);
	ck_assert_int_eq(entries(), 1);
	f.now_ms += DAY_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 3);
	ck_assert_int_eq(entries(), 1);
	OK(ca_crl_update(f.ca, f.reader, f.unit));
	ck_assert_int_eq(entries(), 0);
	store_certificate_clear(&cert);
	end();
}
END_TEST

static int64_t this_update_ms(void)
{
	struct ca_crl row = {0};
	X509_CRL *crl = newest_crl(&row);
	struct tm tm;
	int64_t ms;

	ck_assert_int_eq(ASN1_TIME_to_tm(X509_CRL_get0_lastUpdate(crl), &tm), 1);
	ms = 1000 * (int64_t)timegm(&tm);
	ck_assert_int_eq(ms / 1000, row.row.this_update_ms / 1000);
	X509_CRL_free(crl);
	ca_crl_clear(&row);
	return ms;
}

/*
 * Nodes have clocks of their own. A CRL with a higher number (RFC 5280 5.2.3) is not older than the
 * one before by its thisUpdate, by which OpenSSL chooses.
 */
START_TEST(test_rfc5280_5_1_2_4_this_update_of_nodes)
{
	struct store_certificate cert = {0};
	int64_t ahead_ms;

	begin("P-256");
	fixture_load(&f);
	put_active("vnfci-1", &cert);
	f.now_ms += 1500;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ahead_ms = this_update_ms();
	f.now_ms -= 1500;
	revoke(&cert, STORE_CERT_REVOKED, 1);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 2);
	ck_assert_int_eq(entries(), 1);
	ck_assert_int_eq(this_update_ms(), ahead_ms);
	f.now_ms += 5000;
	OK(ca_crl_update(f.ca, f.reader, f.unit));
	ck_assert_int_eq(this_update_ms(), f.now_ms / 1000 * 1000);
	store_certificate_clear(&cert);
	end();
}
END_TEST

/*
 * A clock was hours ahead, and is right again: there is a CRL that is valid now at once, which has
 * what expires in these hours, and from then on the interval counts as ever.
 */
START_TEST(test_crl_of_a_clock_that_was_hours_ahead)
{
	struct store_certificate cert = {0};
	int64_t right_ms;

	begin("P-256");
	fixture_load(&f);
	put_active("vnfci-1", &cert);
	revoke(&cert, STORE_CERT_REVOKED, 1);
	right_ms = f.now_ms;
	f.now_ms = cert.not_after_ms + 3 * 3600 * 1000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 1);
	f.now_ms = right_ms;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 2);
	ck_assert_int_eq(entries(), 1);
	ck_assert_int_eq(this_update_ms(), right_ms / 1000 * 1000);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 2);
	f.now_ms += DAY_MS;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 3);
	ck_assert_int_eq(entries(), 1);
	store_certificate_clear(&cert);
	end();
}
END_TEST

/* Revocations do not put off the CRLs that are due anyhow, nor wait for less than the interval. */
START_TEST(test_crl_revocation_interval)
{
	struct store_certificate cert[3] = {0};
	int64_t wait_ms, first_ms;
	bool listed;

	begin("P-256");
	f.conf_ca.crl_revocation_interval_ms = 60 * 1000;
	fixture_load(&f);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	first_ms = f.now_ms;
	put_active("vnfci-1", &cert[0]);
	put_active("vnfci-2", &cert[1]);
	revoke(&cert[0], STORE_CERT_REVOKED, 1);
	f.now_ms += 59 * 1000;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 1);
	OK(store_certificate_get(f.reader, cert[0].id, &cert[2]));
	OK(ca_crl_lists(f.ca, cert[2].crl_change, f.reader, &listed));
	ck_assert(!listed);
	ck_assert_int_eq(ca_crl_cover(f.ca, cert[2].crl_change, NULL, f.reader, f.unit, &wait_ms),
			 STORE_NOT_FOUND);
	ck_assert_int_eq(wait_ms, 1000);
	f.now_ms += 1000;
	OK(ca_crl_cover(f.ca, cert[2].crl_change, NULL, f.reader, f.unit, &wait_ms));
	OK(ca_crl_lists(f.ca, cert[2].crl_change, f.reader, &listed));
	ck_assert(listed);
	ck_assert_int_eq(crl_number(), 2);
	ck_assert_int_eq(entries(), 1);
	OK(ca_crl_cover(f.ca, cert[2].crl_change, NULL, f.reader, f.unit, &wait_ms));
	ck_assert_int_eq(crl_number(), 2);
	/* crl_interval counts from the last that was due, not from the last. */
	f.now_ms = first_ms + DAY_MS - 1;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 2);
	revoke(&cert[1], STORE_CERT_REVOKED, 1);
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 3);
	f.now_ms++;
	OK(ca_housekeeping(f.ca, f.reader, f.unit));
	ck_assert_int_eq(crl_number(), 4);
	for (int i = 0; i < 3; i++)
		store_certificate_clear(&cert[i]);
	end();
}
END_TEST

/* More entries than are read at once; in the order of the serial numbers, none lost, none twice. */
START_TEST(test_crl_of_several_pages)
{
	enum { N = 2500 };
	struct store_certificate cert = {0};
	struct ca_crl row = {0};
	STACK_OF(X509_REVOKED) * list;
	X509_CRL *crl;

	begin(key_kinds[_i]);
	f.conf_ca.crl_directory = f.dir;
	fixture_load(&f);
	put_active("vnfci-1", &cert);
	for (int i = 0; i < N; i++) {
		struct store_certificate one = cert;

		one.serial = (struct serial){
			4,
			{0x40, (uint8_t)(i * 7919 % N >> 8), (uint8_t)(i * 7919 % N), (uint8_t)i}};
		one.state = STORE_CERT_REVOKED;
		one.reason = i % 7 ? 4 : 0;
		one.revoked_ms = f.now_ms;
		OK(store_certificate_insert(f.unit, &one, NULL));
		OK(store_unit_commit(f.unit));
	}
	OK(ca_crl_update(f.ca, f.reader, f.unit));
	crl = newest_crl(&row);
	list = X509_CRL_get_REVOKED(crl);
	ck_assert_int_eq(sk_X509_REVOKED_num(list), N);
	for (int i = 1; i < N; i++)
		ck_assert_int_lt(
			ASN1_INTEGER_cmp(
				X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(list, i - 1)),
				X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(list, i))),
			0);
	ck_assert_int_eq(run_command(&f, "openssl crl -inform DER -in test.crl -CAfile ca.pem "
					 "-noout -verify > crl.out 2>&1"),
			 0);
	X509_CRL_free(crl);
	ca_crl_clear(&row);
	store_certificate_clear(&cert);
	end();
}
END_TEST

/* The octets are in memory once; who holds an older one keeps it. */
START_TEST(test_crl_in_memory_once)
{
	struct ca_crl a = {0}, b = {0}, c = {0};
	struct shared *found;

	begin("P-256");
	fixture_load(&f);
	ck_assert_int_eq(ca_crl_newest(f.ca, f.reader, &a), STORE_NOT_FOUND);
	OK(ca_crl_update(f.ca, f.reader, f.unit));
	OK(ca_crl_newest(f.ca, f.reader, &a));
	OK(ca_crl_newest(f.ca, f.reader, &b));
	ck_assert_ptr_eq(a.der, b.der);
	OK(ca_crl_update(f.ca, f.reader, f.unit));
	OK(ca_crl_newest(f.ca, f.reader, &c));
	ck_assert_ptr_ne(a.der, c.der);
	ck_assert_int_eq(c.row.number, 2);
	ck_assert(shared_view(a.der).len > 0);
	OK(ca_crl_find(f.set, c.row.id, f.reader, &found));
	ck_assert_ptr_eq(found, c.der);
	shared_unref(found);
	ck_assert_int_eq(ca_crl_find(f.set, a.row.id, f.reader, &found), STORE_NOT_FOUND);
	ca_crl_clear(&a);
	ca_crl_clear(&b);
	/* After a restart from the store. */
	fixture_restart(&f);
	OK(ca_crl_newest(f.ca, f.reader, &a));
	ck_assert(bytes_equal(shared_view(a.der), shared_view(c.der)));
	ca_crl_clear(&a);
	ca_crl_clear(&c);
	end();
}
END_TEST

enum { CRL_THREADS = 4, CRLS_PER_THREAD = 10 };

static void *crl_thread(void *arg)
{
	struct store_reader *reader = NULL;
	struct store_unit *unit = NULL;
	int *result = arg;

	*result = store_reader_new(f.store, &reader);
	if (*result == 0)
		*result = store_unit_new(f.store, &unit);
	for (int i = 0; i < CRLS_PER_THREAD && *result == 0; i++)
		*result = ca_crl_update(f.ca, reader, unit);
	store_unit_free(unit);
	store_reader_free(reader);
	return NULL;
}

/* CRLNumbers are used once, whoever makes CRLs, and the file is never older than the store. */
START_TEST(test_rfc5280_5_2_3_crl_number_with_threads)
{
	pthread_t threads[CRL_THREADS];
	int results[CRL_THREADS];
	struct ca_crl row = {0};
	struct octets written;

	begin("P-256");
	f.conf_ca.crl_directory = f.dir;
	fixture_load(&f);
	for (int i = 0; i < CRL_THREADS; i++)
		OK(pthread_create(&threads[i], NULL, crl_thread, &results[i]));
	for (int i = 0; i < CRL_THREADS; i++) {
		OK(pthread_join(threads[i], NULL));
		OK(results[i]);
	}
	ck_assert_int_eq(crl_number(), CRL_THREADS * CRLS_PER_THREAD);
	OK(ca_crl_newest(f.ca, f.reader, &row));
	OK(file_read(fixture_path(&f, "test.crl"), 100000, &written));
	ck_assert(bytes_equal(octets_view(&written), shared_view(row.der)));
	octets_clear(&written);
	ca_crl_clear(&row);
	end();
}
END_TEST

static Suite *ca_crl_suite(void)
{
	Suite *suite = suite_create("ca_crl");
	TCase *crl = tcase_create("crl");
	bool ml_dsa = signature_algorithm_available(signature_algorithm_by_name("ML-DSA-65"));
	int kinds = (int)ARRAY_LEN(key_kinds) - !ml_dsa;

	tcase_add_loop_test(crl, test_crl_content, 0, kinds);
	tcase_add_test(crl, test_rfc5280_5_1_2_6_serial_numbers);
	tcase_add_test(crl, test_crl_when_due);
	tcase_add_test(crl, test_rfc5280_5_3_1_hold_and_release);
	tcase_add_test(crl, test_rfc5280_3_3_listed_beyond_expiry);
	tcase_add_test(crl, test_rfc5280_3_3_listed_that_was_committed_late);
	tcase_add_test(crl, test_rfc5280_5_1_2_4_this_update_of_nodes);
	tcase_add_test(crl, test_crl_of_a_clock_that_was_hours_ahead);
	tcase_add_test(crl, test_crl_revocation_interval);
	tcase_add_loop_test(crl, test_crl_of_several_pages, 0, kinds);
	tcase_add_test(crl, test_crl_in_memory_once);
	tcase_add_test(crl, test_rfc5280_5_2_3_crl_number_with_threads);
	suite_add_tcase(suite, crl);
	return suite;
}

SUITE_MAIN(ca_crl_suite, SUITE_FORKS)
