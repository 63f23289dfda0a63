// SPDX-License-Identifier: Apache-2.0
/* Events, the subscriptions that wait for them, and certificates that come to their end. */
#include "fixture.h"

#include "store/event.h"

#include <stdio.h>
#include <string.h>

/* --- rows --- */

static struct store_subscription sample_subscription(const char *domain, const char *uri)
{
	return (struct store_subscription){
		.client = TEXT("vnfm-a"),
		.trust_domain = TEXT(domain),
		.callback_uri = TEXT(uri),
		.filter = TEXT("the filter"),
		.auth = STORE_CALLBACK_OAUTH2_SECRET,
		.user_name = TEXT("user"),
		.token_endpoint = TEXT("https://tokens.example/"),
		.secret = OCTETS("sealed"),
		.created_ms = 1234,
	};
}

static int64_t put_subscription(struct fixture *f, const char *domain, const char *uri)
{
	struct store_subscription s = sample_subscription(domain, uri);
	int64_t id;

	OK(store_subscription_insert(f->unit, &s, &id));
	OK(store_unit_commit(f->unit));
	return store_unit_id(f->unit, id);
}

/* A store with vnfm-a. */
static void client_begin(struct fixture *f, int backend)
{
	const struct store_client client = sample_client("vnfm-a");

	fixture_begin(f, backend);
	OK(store_client_insert(f->unit, &client));
	OK(store_unit_commit(f->unit));
}

static int64_t put_entity(struct fixture *f, const char *domain, const char *subject_id)
{
	struct store_registration reg = sample_registration(subject_id);

	reg.trust_domain = TEXT(domain);
	return put_registration(f, &reg);
}

static int64_t put_in_state(struct fixture *f, int64_t registration, uint64_t serial,
			    enum store_certificate_state state, int64_t not_after_ms)
{
	struct store_certificate c = sample_certificate(registration, serial);

	c.state = state;
	c.confirm_by_ms = state == STORE_CERT_PENDING ? 20000 : 0;
	c.not_after_ms = not_after_ms;
	return put_certificate(f, &c);
}

/* --- what has happened --- */

/* Each event as a letter; of a revocation with its reason behind it. */
struct told {
	char text[256];
	int64_t last_id;
	int64_t certificate_id;
	int64_t registration_id;
};

static int tell(void *arg, const struct store_event *event)
{
	static const char letters[] = "irvwxdcf";
	struct told *told = arg;
	size_t len = strlen(told->text);

	ck_assert_int_gt(event->id, told->last_id);
	ck_assert_int_gt(event->time_ms, 0);
	told->last_id = event->id;
	told->certificate_id = event->certificate_id;
	told->registration_id = event->registration_id;
	told->text[len++] = letters[event->kind];
	if (event->kind == STORE_EVENT_REVOKED)
		snprintf(told->text + len, sizeof(told->text) - len, "%d", event->reason);
	return 0;
}

static struct told told_after(struct fixture *f, const char *domain, int64_t after)
{
	struct told told = {.last_id = after};

	OK(store_event_list(f->reader, domain, after, 100, tell, &told));
	return told;
}

#define TOLD(f, domain, expected) ck_assert_str_eq(told_after(f, domain, 0).text, expected)

static int see_fields(void *arg, const struct store_event *event)
{
	ck_assert_str_eq(event->subject_id, "vnfci-1");
	ck_assert_str_eq(event->manager, "vnfm-a");
	ck_assert_str_eq(event->trust_domain, "domain-a");
	ck_assert_int_eq(event->cert_type, CERT_TYPE_VNFCI);
	ck_assert_int_eq(event->not_after_ms, event->certificate_id ? 90000 : 0);
	++*(int *)arg;
	return 0;
}

/* The whole life of certificates; nothing of it is written where nobody listens. */
static void live(struct fixture *f, const char *domain, const char *name, uint64_t serial)
{
	int64_t reg = put_entity(f, domain, name);
	int64_t at_once = put_in_state(f, reg, serial + 1, STORE_CERT_ACTIVE, 90000);
	int64_t confirmed = put_in_state(f, reg, serial + 2, STORE_CERT_PENDING, 90000);
	int64_t rejected = put_in_state(f, reg, serial + 3, STORE_CERT_PENDING, 90000);

	OK(store_certificate_set_state(f->unit, confirmed, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	/* Nobody heard of it, so nobody hears of its end. */
	OK(store_certificate_revoke(f->unit, rejected, STORE_CERT_PENDING, STORE_CERT_REVOKED, 0,
				    5000));
	OK(store_certificate_revoke(f->unit, at_once, STORE_CERT_ACTIVE, STORE_CERT_ON_HOLD, 6,
				    5000));
	OK(store_certificate_release(f->unit, at_once, STORE_CERT_ON_HOLD, 6000));
	/* An upstream CA is told first; it has been revoked when that is done. */
	OK(store_certificate_revoke(f->unit, confirmed, STORE_CERT_ACTIVE,
				    STORE_CERT_REVOCATION_PENDING, 1, 5000));
	OK(store_certificate_set_state(f->unit, confirmed, STORE_CERT_REVOCATION_PENDING,
				       STORE_CERT_REVOKED));
	OK(store_registration_deregister(f->unit, reg, 7000));
	OK(store_unit_commit(f->unit));
}

START_TEST(test_event_of_each_change)
{
	struct fixture f;
	int n = 0;

	client_begin(&f, _i);
	live(&f, "domain-a", "vnfci-0", 10);
	put_subscription(&f, "domain-a", "https://a.example/");
	live(&f, "domain-a", "vnfci-1", 20);
	live(&f, "domain-b", "vnfci-2", 30);
	TOLD(&f, "domain-a", "iiv6v8v1d");
	TOLD(&f, "domain-b", "");
	OK(store_event_list(f.reader, "domain-a", 0, 100, see_fields, &n));
	ck_assert_int_eq(n, 6);
	n = 0;
	OK(store_event_list(f.reader, "domain-a", 0, 2, see_fields, &n));
	ck_assert_int_eq(n, 2);
	fixture_end(&f);
}
END_TEST

static struct store_csr sample_csr(int64_t certificate_id, enum store_csr_state state)
{
	return (struct store_csr){.state = state,
				  .certificate_id = certificate_id,
				  .client = TEXT("vnfm-a"),
				  .until_ms = 90000,
				  .created_ms = 30,
				  .failinfo = -1};
}

static int see_csr(void *arg, const struct store_event *event)
{
	const int64_t *expected = arg; /* csr, then its certificate where it has got one */

	if (event->csr_id == 0)
		return 0;
	ck_assert_int_eq(event->csr_id, expected[0]);
	ck_assert_int_eq(event->certificate_id,
			 event->kind == STORE_EVENT_CSR_COMPLETED ? expected[1] : 0);
	return 0;
}

/* Requests end at once or later, and a certificate may stand in another's place. */
START_TEST(test_event_of_requests_and_renewals)
{
	struct store_certificate renewed;
	struct store_csr csr;
	int64_t reg, cert, id, expected[2];
	struct fixture f;

	client_begin(&f, _i);
	put_subscription(&f, "domain-a", "https://a.example/");
	reg = put_entity(&f, "domain-a", "vnfci-1");
	cert = put_in_state(&f, reg, 1, STORE_CERT_ACTIVE, 90000);
	csr = sample_csr(cert, STORE_CSR_COMPLETED);
	OK(store_csr_insert(f.unit, &csr, NULL));
	OK(store_unit_commit(f.unit));
	TOLD(&f, "domain-a", "ic");
	renewed = sample_certificate(reg, 2);
	renewed.state = STORE_CERT_ACTIVE;
	renewed.replaces_id = cert;
	put_certificate(&f, &renewed);
	TOLD(&f, "domain-a", "icr");
	for (enum store_csr_state end = STORE_CSR_COMPLETED; end <= STORE_CSR_FAILED; end++) {
		renewed = sample_certificate(reg, 0);
		renewed.replaces_id = cert;
		expected[1] = put_certificate(&f, &renewed);
		csr = sample_csr(expected[1], STORE_CSR_PROCESSING);
		OK(store_csr_insert(f.unit, &csr, &id));
		OK(store_unit_commit(f.unit));
		csr.id = expected[0] = store_unit_id(f.unit, id);
		csr.state = end;
		OK(store_certificate_set_state(f.unit, expected[1], STORE_CERT_REQUESTED,
					       end == STORE_CSR_COMPLETED ? STORE_CERT_ACTIVE
									  : STORE_CERT_REJECTED));
		OK(store_csr_end(f.unit, &csr));
		OK(store_unit_commit(f.unit));
		if (end == STORE_CSR_COMPLETED)
			TOLD(&f, "domain-a", "icrrc");
	}
	TOLD(&f, "domain-a", "icrrcf");
	OK(store_event_list(f.reader, "domain-a", told_after(&f, "domain-a", 0).last_id - 1, 100,
			    see_csr, expected));
	fixture_end(&f);
}
END_TEST

/* A unit of which nothing comes makes no event, either. */
START_TEST(test_event_goes_with_its_unit)
{
	struct fixture f;
	int64_t reg, cert;

	client_begin(&f, _i);
	put_subscription(&f, "domain-a", "https://a.example/");
	reg = put_entity(&f, "domain-a", "vnfci-1");
	cert = put_in_state(&f, reg, 1, STORE_CERT_PENDING, 90000);
	OK(store_certificate_set_state(f.unit, cert, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	OK(store_certificate_set_state(f.unit, cert, STORE_CERT_PENDING, STORE_CERT_ACTIVE));
	CONFLICT(store_unit_commit(f.unit));
	TOLD(&f, "domain-a", "");
	fixture_end(&f);
}
END_TEST

START_TEST(test_event_is_purged_when_all_are_done)
{
	struct store_subscription s = {0};
	struct fixture f;
	int64_t a, b, reg;
	bool purgeable;

	client_begin(&f, _i);
	a = put_subscription(&f, "domain-a", "https://a.example/");
	b = put_subscription(&f, "domain-a", "https://b.example/");
	put_subscription(&f, "domain-b", "https://c.example/"); /* to which nothing comes */
	reg = put_entity(&f, "domain-a", "vnfci-1");
	for (uint64_t i = 1; i <= 5; i++)
		put_in_state(&f, reg, i, STORE_CERT_ACTIVE, 90000);
	OK(store_event_purgeable(f.reader, &purgeable));
	ck_assert(!purgeable);
	OK(store_subscription_get(f.reader, a, &s));
	s.position += 3;
	OK(store_subscription_update(f.unit, &s));
	OK(store_unit_commit(f.unit));
	OK(store_event_purgeable(f.reader, &purgeable));
	ck_assert(!purgeable);
	/* The other one ends. */
	OK(store_subscription_remove(f.unit, b));
	OK(store_unit_commit(f.unit));
	OK(store_event_purgeable(f.reader, &purgeable));
	ck_assert(purgeable);
	OK(store_event_purge(f.unit, 2));
	OK(store_unit_commit(f.unit));
	TOLD(&f, "domain-a", "iii");
	OK(store_event_purge(f.unit, 100));
	OK(store_unit_commit(f.unit));
	TOLD(&f, "domain-a", "ii");
	OK(store_event_purgeable(f.reader, &purgeable));
	ck_assert(!purgeable);
	/* All is done: the newest stays, so that the next one gets a greater id. */
	s.position += 2;
	OK(store_subscription_update(f.unit, &s));
	OK(store_event_purge(f.unit, 100));
	OK(store_unit_commit(f.unit));
	TOLD(&f, "domain-a", "i");
	put_in_state(&f, reg, 6, STORE_CERT_ACTIVE, 90000);
	ck_assert_int_eq(told_after(&f, "domain-a", s.position).last_id, s.position + 1);
	store_subscription_clear(&s);
	fixture_end(&f);
}
END_TEST

/* --- subscriptions --- */

START_TEST(test_subscription_comes_back_as_inserted)
{
	struct store_subscription s = {0};
	struct fixture f;
	uint32_t n;
	int64_t id, found;
	bool any;

	client_begin(&f, _i);
	OK(store_subscription_any(f.reader, &any));
	ck_assert(!any);
	id = put_subscription(&f, "domain-a", "https://a.example/");
	OK(store_subscription_any(f.reader, &any));
	ck_assert(any);
	OK(store_subscription_get(f.reader, id, &s));
	ck_assert_int_eq(s.id, id);
	ck_assert_int_eq(s.state, STORE_SUBSCRIPTION_ACTIVE);
	ck_assert_str_eq(s.client, "vnfm-a");
	ck_assert_str_eq(s.trust_domain, "domain-a");
	ck_assert_str_eq(s.callback_uri, "https://a.example/");
	ck_assert_str_eq(s.filter, "the filter");
	ck_assert_int_eq(s.auth, STORE_CALLBACK_OAUTH2_SECRET);
	ck_assert_str_eq(s.user_name, "user");
	ck_assert_str_eq(s.token_endpoint, "https://tokens.example/");
	ck_assert(bytes_equal(octets_view(&s.secret), VIEW("sealed")));
	ck_assert_int_eq(s.created_ms, 1234);
	ck_assert_int_eq(s.attempts, 0);
	ck_assert_int_eq(s.failing_since_ms, 0);
	store_subscription_clear(&s);

	OK(store_subscription_find(f.reader, "vnfm-a", "https://a.example/", "the filter", &found));
	ck_assert_int_eq(found, id);
	ABSENT(store_subscription_find(f.reader, "vnfm-b", "https://a.example/", "the filter",
				       &found));
	ABSENT(store_subscription_find(f.reader, "vnfm-a", "https://a.example/", "", &found));
	OK(store_subscription_count(f.reader, "vnfm-a", 10, &n));
	ck_assert_uint_eq(n, 1);
	OK(store_subscription_remove(f.unit, id));
	OK(store_unit_commit(f.unit));
	ABSENT(store_subscription_get(f.reader, id, &s));
	OK(store_subscription_remove(f.unit, id));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

START_TEST(test_subscription_is_there_once)
{
	struct store_subscription s = sample_subscription("domain-a", "https://a.example/");
	struct store_subscription stored = {0};
	struct fixture f;
	int64_t id;

	client_begin(&f, _i);
	id = put_subscription(&f, "domain-a", "https://a.example/");
	OK(store_subscription_insert(f.unit, &s, NULL));
	CONFLICT(store_unit_commit(f.unit));
	put_subscription(&f, "domain-a", "https://b.example/");
	/* One that has failed is in nobody's way, and does not change any more. */
	OK(store_subscription_get(f.reader, id, &stored));
	stored.state = STORE_SUBSCRIPTION_FAILED;
	OK(store_subscription_update(f.unit, &stored));
	OK(store_unit_commit(f.unit));
	OK(store_subscription_update(f.unit, &stored));
	CONFLICT(store_unit_commit(f.unit));
	put_subscription(&f, "domain-a", "https://a.example/");
	store_subscription_clear(&stored);
	fixture_end(&f);
}
END_TEST

START_TEST(test_subscription_ends_with_its_client)
{
	struct store_subscription s = sample_subscription("domain-a", "https://a.example/");
	struct fixture f;
	int64_t id;

	client_begin(&f, _i);
	id = put_subscription(&f, "domain-a", "https://a.example/");
	OK(store_client_remove(f.unit, "vnfm-a"));
	OK(store_unit_commit(f.unit));
	ABSENT(store_subscription_get(f.reader, id, &s));
	OK(store_subscription_insert(f.unit, &s, NULL));
	CONFLICT(store_unit_commit(f.unit));
	fixture_end(&f);
}
END_TEST

START_TEST(test_subscription_is_due)
{
	struct store_subscription s = {0};
	struct store_due due;
	struct fixture f;
	int64_t a, b, n, oldest;

	client_begin(&f, _i);
	a = put_subscription(&f, "domain-a", "https://a.example/");
	put_subscription(&f, "domain-b", "https://b.example/");
	OK(store_subscription_due(f.reader, 1000, &due));
	ck_assert_uint_eq(due.len, 0);
	OK(store_subscription_backlog(f.reader, 100, &n, &oldest));
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(oldest, 0);
	put_in_state(&f, put_entity(&f, "domain-a", "vnfci-1"), 1, STORE_CERT_ACTIVE, 90000);
	b = put_subscription(&f, "domain-a", "https://c.example/"); /* after it */
	OK(store_subscription_due(f.reader, 1000, &due));
	ck_assert_uint_eq(due.len, 1);
	ck_assert_int_eq(due.id[0], a);
	put_in_state(&f, put_entity(&f, "domain-a", "vnfci-2"), 2, STORE_CERT_ACTIVE, 90000);
	OK(store_subscription_backlog(f.reader, 100, &n, &oldest));
	ck_assert_int_eq(n, 3);
	ck_assert_int_gt(oldest, 0);
	OK(store_subscription_backlog(f.reader, 1, &n, &oldest));
	ck_assert_int_eq(n, 2);
	/* a has failed and waits. */
	OK(store_subscription_get(f.reader, a, &s));
	s.next_ms = 1001;
	s.attempts = 1;
	s.failing_since_ms = 900;
	OK(store_subscription_update(f.unit, &s));
	OK(store_unit_commit(f.unit));
	store_subscription_clear(&s);
	OK(store_subscription_get(f.reader, a, &s));
	ck_assert_int_eq(s.attempts, 1);
	ck_assert_int_eq(s.failing_since_ms, 900);
	OK(store_subscription_due(f.reader, 1000, &due));
	ck_assert_uint_eq(due.len, 1);
	ck_assert_int_eq(due.id[0], b);
	OK(store_subscription_due(f.reader, 1001, &due));
	ck_assert_uint_eq(due.len, 2);
	store_subscription_clear(&s);
	fixture_end(&f);
}
END_TEST

static int see_subscription(void *arg, const struct store_subscription *s)
{
	(void)s;
	++*(int *)arg;
	return 0;
}

static int listed(struct fixture *f, struct store_subscription_filter filter)
{
	int n = 0;

	OK(store_subscription_list(f->reader, &filter, see_subscription, &n));
	return n;
}

START_TEST(test_subscription_list_filters)
{
	struct fixture f;
	int64_t a;

	client_begin(&f, _i);
	a = put_subscription(&f, "domain-a", "https://a.example/");
	put_subscription(&f, "domain-a", "https://b.example/");
	put_subscription(&f, "domain-b", "https://c.example/");
	ck_assert_int_eq(listed(&f, (struct store_subscription_filter){0}), 3);
	ck_assert_int_eq(listed(&f, (struct store_subscription_filter){.limit = 2}), 2);
	ck_assert_int_eq(listed(&f, (struct store_subscription_filter){.after_id = a}), 2);
	ck_assert_int_eq(listed(&f, (struct store_subscription_filter){.client = "vnfm-a"}), 3);
	ck_assert_int_eq(listed(&f, (struct store_subscription_filter){.client = "vnfm-b"}), 0);
	ck_assert_int_eq(listed(&f, (struct store_subscription_filter){.trust_domain = "domain-a"}),
			 2);
	fixture_end(&f);
}
END_TEST

/* --- certificates that end --- */

START_TEST(test_ending_in_order)
{
	struct store_ending_at after = {1000, 0};
	struct store_ending ending;
	struct fixture f;
	int64_t reg, a, b, c;

	client_begin(&f, _i);
	reg = put_entity(&f, "domain-a", "vnfci-1");
	c = put_in_state(&f, reg, 1, STORE_CERT_ACTIVE, 3000);
	a = put_in_state(&f, reg, 2, STORE_CERT_ACTIVE, 2000);
	b = put_in_state(&f, reg, 3, STORE_CERT_ON_HOLD, 2000);
	put_in_state(&f, reg, 4, STORE_CERT_REVOKED, 2000);
	put_in_state(&f, reg, 5, STORE_CERT_PENDING, 2000);
	put_in_state(&f, reg, 6, STORE_CERT_ACTIVE, 1000);
	put_in_state(&f, reg, 7, STORE_CERT_ACTIVE, 3001);
	after.certificate_id = INT64_MAX;
	OK(store_ending_list(f.reader, &after, 3000, &ending));
	ck_assert_uint_eq(ending.len, 3);
	ck_assert_int_eq(ending.item[0].certificate_id, a);
	ck_assert_int_eq(ending.item[0].not_after_ms, 2000);
	ck_assert_int_eq(ending.item[1].certificate_id, b);
	ck_assert_int_eq(ending.item[2].certificate_id, c);
	OK(store_ending_list(f.reader, &ending.item[0], 2999, &ending));
	ck_assert_uint_eq(ending.len, 1);
	ck_assert_int_eq(ending.item[0].certificate_id, b);
	after = (struct store_ending_at){3000, 0};
	OK(store_ending_list(f.reader, &after, 2999, &ending));
	ck_assert_uint_eq(ending.len, 0);
	fixture_end(&f);
}
END_TEST

START_TEST(test_ending_mark)
{
	const struct store_ending_at first = {1000, 1}, second = {2000, 2};
	struct store_ending_at mark;
	struct fixture f;

	client_begin(&f, _i);
	put_subscription(&f, "domain-a", "https://a.example/");
	ABSENT(store_ending_mark_get(f.reader, 86400000, &mark));
	OK(store_ending_mark_set(f.unit, 86400000, NULL, &first));
	OK(store_unit_commit(f.unit));
	OK(store_ending_mark_set(f.unit, 86400000, NULL, &second));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_ending_mark_set(f.unit, 86400000, &first, &second));
	OK(store_unit_commit(f.unit));
	/* Another one has told of it meanwhile. */
	OK(store_ending_mark_set(f.unit, 86400000, &first, &second));
	CONFLICT(store_unit_commit(f.unit));
	OK(store_ending_mark_get(f.reader, 86400000, &mark));
	ck_assert_int_eq(mark.not_after_ms, 2000);
	ck_assert_int_eq(mark.certificate_id, 2);
	ABSENT(store_ending_mark_get(f.reader, 0, &mark));
	/* Another subscription leaves it; the first one after there was none does not. */
	put_subscription(&f, "domain-b", "https://b.example/");
	OK(store_ending_mark_get(f.reader, 86400000, &mark));
	OK(store_client_remove(f.unit, "vnfm-a"));
	OK(store_client_insert(f.unit, &(struct store_client){.name = TEXT("vnfm-a"),
							      .trust_domain = TEXT("domain-a")}));
	OK(store_unit_commit(f.unit));
	put_subscription(&f, "domain-a", "https://a.example/");
	ABSENT(store_ending_mark_get(f.reader, 86400000, &mark));
	fixture_end(&f);
}
END_TEST

START_TEST(test_ending_is_told_where_somebody_listens)
{
	struct told told;
	struct fixture f;
	int64_t a, b, revoked;

	client_begin(&f, _i);
	put_subscription(&f, "domain-a", "https://a.example/");
	a = put_in_state(&f, put_entity(&f, "domain-a", "a"), 1, STORE_CERT_ACTIVE, 20000);
	b = put_in_state(&f, put_entity(&f, "domain-b", "b"), 2, STORE_CERT_ACTIVE, 20000);
	revoked = put_in_state(&f, put_entity(&f, "domain-a", "c"), 3, STORE_CERT_REVOKED, 20000);
	/* They were made at 10001. */
	OK(store_event_add_ending(f.unit, 9999, a, 10500));
	OK(store_event_add_ending(f.unit, 10000, a, 10500));
	OK(store_event_add_ending(f.unit, 9999, b, 10500));
	OK(store_event_add_ending(f.unit, 0, revoked, 20500));
	OK(store_event_add_ending(f.unit, 0, a, 20500));
	OK(store_unit_commit(f.unit));
	TOLD(&f, "domain-b", "");
	told = told_after(&f, "domain-a", 0);
	ck_assert_str_eq(told.text, "iwx");
	ck_assert_int_eq(told.certificate_id, a);
	fixture_end(&f);
}
END_TEST

TCase *event_cases(void)
{
	TCase *tc = tcase_create("event");

	tcase_add_loop_test(tc, test_event_of_each_change, 0, backends_count);
	tcase_add_loop_test(tc, test_event_of_requests_and_renewals, 0, backends_count);
	tcase_add_loop_test(tc, test_event_goes_with_its_unit, 0, backends_count);
	tcase_add_loop_test(tc, test_event_is_purged_when_all_are_done, 0, backends_count);
	tcase_add_loop_test(tc, test_subscription_comes_back_as_inserted, 0, backends_count);
	tcase_add_loop_test(tc, test_subscription_is_there_once, 0, backends_count);
	tcase_add_loop_test(tc, test_subscription_ends_with_its_client, 0, backends_count);
	tcase_add_loop_test(tc, test_subscription_is_due, 0, backends_count);
	tcase_add_loop_test(tc, test_subscription_list_filters, 0, backends_count);
	tcase_add_loop_test(tc, test_ending_in_order, 0, backends_count);
	tcase_add_loop_test(tc, test_ending_mark, 0, backends_count);
	tcase_add_loop_test(tc, test_ending_is_told_where_somebody_listens, 0, backends_count);
	return tc;
}
