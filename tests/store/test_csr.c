// SPDX-License-Identifier: Apache-2.0
/* Requests for certificates that are read again, and certificates that replace others. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static const uint8_t some_digest[32] = {1, 2, 3};

static struct store_csr sample_csr(int64_t certificate_id, enum store_csr_state state)
{
	struct store_csr csr = {
		.state = state,
		.certificate_id = certificate_id,
		.client = TEXT("vnfm-a"),
		.profile = TEXT("VnfciCert"),
		.not_after_ms = 80000,
		.revoke_replaced = true,
		.chain_request = true,
		.created_ms = 30,
		.until_ms = 90000,
		.changes = TEXT("validity shortened"),
		.refusal = TEXT("upstream_rejected"),
		.failinfo = 25,
	};

	memcpy(csr.digest, some_digest, sizeof(csr.digest));
	return csr;
}

static int64_t put_csr(struct fixture *f, const struct store_csr *csr)
{
	int64_t id;

	OK(store_csr_insert(f->unit, csr, &id));
	OK(store_unit_commit(f->unit));
	return store_unit_id(f->unit, id);
}

static int64_t registration_in(struct fixture *f, const char *vnf_instance, const char *subject_id,
			       enum cert_type type)
{
	struct store_registration reg = sample_registration(subject_id);

	reg.vnf_instance = TEXT(vnf_instance);
	reg.cert_type = type;
	return put_registration(f, &reg);
}

static int64_t registration(struct fixture *f, const char *subject_id, enum cert_type type)
{
	return registration_in(f, "", subject_id, type);
}

static int64_t certificate(struct fixture *f, int64_t registration_id, uint64_t serial)
{
	struct store_certificate cert = sample_certificate(registration_id, serial);

	return put_certificate(f, &cert);
}

START_TEST(test_csr_comes_back_as_inserted)
{
	struct store_csr csr, bare = {.client = TEXT("vnfm-b"), .failinfo = -1}, found = {0};
	struct fixture f;
	int64_t id, bare_id, old;

	fixture_begin(&f, _i);
	old = certificate(&f, registration_in(&f, "vnf-1", "vnfci-1", CERT_TYPE_VNFCI), 1);
	csr = sample_csr(old, STORE_CSR_FAILED);
	csr.replaces_id = old;
	id = put_csr(&f, &csr);
	bare.certificate_id = old;
	bare_id = put_csr(&f, &bare);
	OK(store_csr_get(f.reader, id, &found));
	ck_assert_int_eq(found.id, id);
	ck_assert_int_eq(found.state, STORE_CSR_FAILED);
	ck_assert_int_eq(found.certificate_id, old);
	ck_assert_int_eq(found.replaces_id, old);
	ck_assert_str_eq(found.client, "vnfm-a");
	ck_assert_mem_eq(found.digest, some_digest, 32);
	ck_assert_str_eq(found.profile, "VnfciCert");
	ck_assert_int_eq(found.not_after_ms, 80000);
	ck_assert(found.revoke_replaced && found.chain_request);
	ck_assert_int_eq(found.created_ms, 30);
	ck_assert_int_eq(found.until_ms, 90000);
	ck_assert_str_eq(found.changes, "validity shortened");
	ck_assert_str_eq(found.refusal, "upstream_rejected");
	ck_assert_int_eq(found.failinfo, 25);
	ck_assert_int_gt(found.registration_id, 0);
	ck_assert_str_eq(found.subject_id, "vnfci-1");
	ck_assert_str_eq(found.vnf_instance, "vnf-1");
	ck_assert_str_eq(found.trust_domain, "domain-a");
	ck_assert_int_eq(found.cert_type, CERT_TYPE_VNFCI);
	store_csr_clear(&found);
	OK(store_csr_get(f.reader, bare_id, &found));
	ck_assert_ptr_null(found.profile);
	ck_assert_ptr_null(found.changes);
	ck_assert_ptr_null(found.refusal);
	ck_assert_int_eq(found.replaces_id, 0);
	ck_assert_int_eq(found.not_after_ms, 0);
	ck_assert_int_eq(found.failinfo, -1);
	ck_assert(!found.revoke_replaced && !found.chain_request);
	store_csr_clear(&found);
	ABSENT(store_csr_get(f.reader, bare_id + 1, &found));
	fixture_end(&f);
}
END_TEST

/* Which request is the same, and until when. */
static const struct same {
	const char *client;
	uint8_t digest0;
	const char *subject_id;
	enum cert_type type;
	enum store_csr_state state;
	enum store_certificate_state certificate;
	int64_t now_ms;
	bool found;
	const char *vnf_instance; /* NULL: the same */
} sames[] = {
	/* clang-format off */
	{"vnfm-a", 1, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_COMPLETED, STORE_CERT_ACTIVE, 5, true},
	{"vnfm-a", 1, "VNFCI-1", CERT_TYPE_VNFCI, STORE_CSR_COMPLETED, STORE_CERT_ACTIVE, 5, true},
	{"vnfm-a", 1, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_PROCESSING, STORE_CERT_REQUESTED, 5, true},
	{"vnfm-a", 1, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_COMPLETED, STORE_CERT_REVOKED, 5, true},
	{"vnfm-a", 1, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_COMPLETED, STORE_CERT_ACTIVE, 89999, true},
	{"vnfm-a", 1, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_COMPLETED, STORE_CERT_ACTIVE, 90000, false},
	{"vnfm-a", 1, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_FAILED, STORE_CERT_REJECTED, 5, false},
	{"vnfm-a", 1, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_PROCESSING, STORE_CERT_REJECTED, 5, false},
	{"vnfm-b", 1, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_COMPLETED, STORE_CERT_ACTIVE, 5, false},
	{"vnfm-a", 9, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_COMPLETED, STORE_CERT_ACTIVE, 5, false},
	{"vnfm-a", 1, "vnfci-2", CERT_TYPE_VNFCI, STORE_CSR_COMPLETED, STORE_CERT_ACTIVE, 5, false},
	{"vnfm-a", 1, "vnfci-1", CERT_TYPE_VNF_OAM, STORE_CSR_COMPLETED, STORE_CERT_ACTIVE, 5, false},
	{"vnfm-a", 1, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_COMPLETED, STORE_CERT_ACTIVE, 5, false, ""},
	{"vnfm-a", 1, "vnfci-1", CERT_TYPE_VNFCI, STORE_CSR_COMPLETED, STORE_CERT_ACTIVE, 5, false,
		"vnf-2"},
	/* clang-format on */
};

/* The entity is the same also when it is registered anew. */
START_TEST(test_csr_that_is_the_same)
{
	const struct same *s = &sames[_i / backends_count];
	uint8_t digest[32] = {s->digest0, 2, 3};
	struct store_csr_same same = {.client = s->client, .digest = digest, .now_ms = s->now_ms};
	struct store_certificate cert;
	struct store_csr csr, found = {0};
	struct fixture f;
	int64_t first, id;

	fixture_begin(&f, _i % backends_count);
	first = registration_in(&f, "vnf-1", "vnfci-1", CERT_TYPE_VNFCI);
	cert = sample_certificate(first, s->certificate == STORE_CERT_REQUESTED ? 0 : 1);
	cert.state = s->certificate;
	csr = sample_csr(put_certificate(&f, &cert), s->state);
	id = put_csr(&f, &csr);
	OK(store_registration_deregister(f.unit, first, 1));
	OK(store_unit_commit(f.unit));
	same.registration_id = registration_in(&f, s->vnf_instance ? s->vnf_instance : "vnf-1",
					       s->subject_id, s->type);
	if (s->found) {
		OK(store_csr_find(f.reader, &same, &found));
		ck_assert_int_eq(found.id, id);
		store_csr_clear(&found);
	} else {
		ABSENT(store_csr_find(f.reader, &same, &found));
	}
	OK(store_csr_require(f.unit, &same));
	ck_assert_int_eq(store_unit_commit(f.unit), s->found ? STORE_CONFLICT : 0);
	fixture_end(&f);
}
END_TEST

struct listed {
	int64_t id[8];
	size_t n;
};

static int csr_row(void *arg, const struct store_csr *csr)
{
	struct listed *listed = arg;

	listed->id[listed->n++] = csr->id;
	return 0;
}

static size_t list(struct fixture *f, const char *client, const char *domain, int64_t after,
		   uint32_t limit, struct listed *listed)
{
	const struct store_csr_filter filter = {
		.client = client, .trust_domain = domain, .after_id = after, .limit = limit};

	*listed = (struct listed){.n = 0};
	OK(store_csr_list(f->reader, &filter, csr_row, listed));
	return listed->n;
}

START_TEST(test_csr_lists_and_counts)
{
	struct store_csr csr;
	struct listed listed;
	struct fixture f;
	int64_t cert, id[4];
	uint32_t n;

	fixture_begin(&f, _i);
	cert = certificate(&f, registration(&f, "vnfci-1", CERT_TYPE_VNFCI), 0);
	for (int i = 0; i < 4; i++) {
		csr = sample_csr(cert, i == 1 ? STORE_CSR_COMPLETED : STORE_CSR_PROCESSING);
		csr.client = i == 2 ? TEXT("vnfm-b") : TEXT("vnfm-a");
		id[i] = put_csr(&f, &csr);
	}
	ck_assert_uint_eq(list(&f, "vnfm-a", "domain-a", 0, 0, &listed), 3);
	ck_assert(listed.id[0] == id[0] && listed.id[1] == id[1] && listed.id[2] == id[3]);
	ck_assert_uint_eq(list(&f, "vnfm-a", "domain-a", id[0], 1, &listed), 1);
	ck_assert_int_eq(listed.id[0], id[1]);
	ck_assert_uint_eq(list(&f, "vnfm-b", "domain-a", 0, 0, &listed), 1);
	/* A client of that name in another trust domain is another one. */
	ck_assert_uint_eq(list(&f, "vnfm-a", "domain-b", 0, 0, &listed), 0);
	OK(store_csr_waiting_count(f.reader, "vnfm-a", 10, &n));
	ck_assert_uint_eq(n, 2);
	OK(store_csr_waiting_count(f.reader, "vnfm-a", 1, &n));
	ck_assert_uint_eq(n, 1);
	OK(store_csr_waiting_count(f.reader, "vnfm-c", 1, &n));
	ck_assert_uint_eq(n, 0);
	fixture_end(&f);
}
END_TEST

static void assert_decided(struct fixture *f, size_t n)
{
	struct store_due due;

	OK(store_csr_decided(f->reader, &due));
	ck_assert_uint_eq(due.len, n);
}

/* What the upstream CA decides is due at once, and no more once it was ended. */
START_TEST(test_csr_is_decided_with_its_certificate)
{
	struct store_certificate cert;
	struct store_csr csr, found = {0};
	struct fixture f;
	int64_t reg;

	fixture_begin(&f, _i);
	reg = registration(&f, "vnfci-1", CERT_TYPE_VNFCI);
	cert = sample_certificate(reg, 0);
	cert.id = put_certificate(&f, &cert);
	csr = sample_csr(cert.id, STORE_CSR_PROCESSING);
	csr.id = put_csr(&f, &csr);
	/* Another certificate's is none of it. */
	certificate(&f, reg, 7);
	assert_decided(&f, 0);
	cert.state = STORE_CERT_PENDING;
	cert.serial = (struct serial){1, {9}};
	cert.der = OCTETS("DER");
	OK(store_certificate_fill(f.unit, &cert));
	OK(store_unit_commit(f.unit));
	assert_decided(&f, 1);
	csr.state = STORE_CSR_COMPLETED;
	csr.until_ms = 91000;
	csr.changes = TEXT("notAfter changed");
	csr.refusal = NULL;
	csr.failinfo = -1;
	OK(store_csr_end(f.unit, &csr));
	OK(store_unit_commit(f.unit));
	assert_decided(&f, 0);
	OK(store_csr_get(f.reader, csr.id, &found));
	ck_assert_int_eq(found.state, STORE_CSR_COMPLETED);
	ck_assert_int_eq(found.until_ms, 91000);
	ck_assert_str_eq(found.changes, "notAfter changed");
	ck_assert_ptr_null(found.refusal);
	store_csr_clear(&found);
	OK(store_csr_end(f.unit, &csr));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

START_TEST(test_csr_is_due_and_removed)
{
	struct store_csr csr, found = {0};
	struct store_due due;
	struct fixture f;
	int64_t cert, waits, ended;

	fixture_begin(&f, _i);
	cert = certificate(&f, registration(&f, "vnfci-1", CERT_TYPE_VNFCI), 0);
	csr = sample_csr(cert, STORE_CSR_PROCESSING);
	csr.until_ms = 100;
	waits = put_csr(&f, &csr);
	csr.state = STORE_CSR_COMPLETED;
	csr.until_ms = 50;
	ended = put_csr(&f, &csr);
	OK(store_csr_due(f.reader, 50, &due));
	ck_assert_uint_eq(due.len, 0);
	OK(store_csr_due(f.reader, 101, &due));
	ck_assert_uint_eq(due.len, 2);
	ck_assert_int_eq(due.id[0], ended);
	OK(store_csr_remove(f.unit, ended, 50));
	OK(store_csr_remove(f.unit, waits, 1000));
	OK(store_unit_commit(f.unit));
	OK(store_csr_get(f.reader, ended, &found));
	store_csr_clear(&found);
	OK(store_csr_remove(f.unit, ended, 51));
	OK(store_csr_remove(f.unit, ended, 51));
	OK(store_unit_commit(f.unit));
	ABSENT(store_csr_get(f.reader, ended, &found));
	OK(store_csr_get(f.reader, waits, &found));
	store_csr_clear(&found);
	fixture_end(&f);
}
END_TEST

/* RFC 9483 4.1.3: a certificate may be replaced more than once; what was never accepted replaces
 * nothing. */
START_TEST(test_certificate_that_replaces_another)
{
	static const struct {
		enum store_certificate_state state;
		bool replaces;
	} steps[] = {
		{STORE_CERT_PENDING, false},  {STORE_CERT_ACTIVE, true},
		{STORE_CERT_REJECTED, false}, {STORE_CERT_REVOKED, true},
		{STORE_CERT_ON_HOLD, true},
	};
	struct store_certificate cert, found = {0};
	int64_t reg, old, new, newest = 0;
	struct fixture f;

	fixture_begin(&f, _i);
	reg = registration(&f, "vnfci-1", CERT_TYPE_VNFCI);
	old = certificate(&f, reg, 100);
	ABSENT(store_certificate_replacement(f.reader, old, &new));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		int64_t id;

		cert = sample_certificate(reg, i + 1);
		cert.state = steps[i].state;
		cert.replaces_id = old;
		id = put_certificate(&f, &cert);
		newest = steps[i].replaces ? id : newest;
		if (newest) {
			OK(store_certificate_replacement(f.reader, old, &new));
			ck_assert_int_eq(new, newest);
		} else {
			ABSENT(store_certificate_replacement(f.reader, old, &new));
		}
	}
	OK(store_certificate_get(f.reader, newest, &found));
	ck_assert_int_eq(found.replaces_id, old);
	store_certificate_clear(&found);
	OK(store_certificate_get(f.reader, old, &found));
	ck_assert_int_eq(found.replaces_id, 0);
	store_certificate_clear(&found);
	fixture_end(&f);
}
END_TEST

TCase *csr_cases(void)
{
	TCase *tc = tcase_create("csr");

	tcase_add_loop_test(tc, test_csr_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_csr_that_is_the_same, 0,
			    (int)ARRAY_LEN(sames) * backends_count);
	tcase_add_loop_test(tc, test_csr_lists_and_counts, 0, backends_count);
	tcase_add_loop_test(tc, test_csr_is_decided_with_its_certificate, 0, backends_count);
	tcase_add_loop_test(tc, test_csr_is_due_and_removed, 0, backends_count);
	tcase_add_loop_test(tc, test_certificate_that_replaces_another, 0, backends_count);
	return tc;
}
