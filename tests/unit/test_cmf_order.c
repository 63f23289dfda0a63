// SPDX-License-Identifier: Apache-2.0
/*
 * The life of orders without a door: certificates and revocations of a CA of ours, of one that has
 * to list revocations first, and of an upstream CA that is not there. What the exchange with that
 * one would do to the store, the tests do.
 */
#include "cmf/order.h"
#include "cmf_world.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Nobody listens on port 1. */
static const char sections[] = "[ca far]\n"
			       "type = upstream\n"
			       "server_url = http://127.0.0.1:1/cmp\n"
			       "certificate = root.pem\n"
			       "chain = root.pem\n"
			       "trusted = root.pem\n"
			       "ra_certificate = issuing.pem\n"
			       "ra_key = issuing.key\n"
			       "recipient = /CN=far\n"
			       "upstream_wait = 1ms\n"
			       "upstream_retry = 7s\n"
			       "upstream_timeout = 1h\n"
			       "[ca lists]\n"
			       "type = internal\n"
			       "certificate = second.pem\n"
			       "chain = root.pem\n"
			       "key = second.key\n"
			       "crl_on_revocation = yes\n"
			       "crl_revocation_interval = 1m\n";

enum { BUDGET_US = 1000 * 1000, HOUR_MS = 3600 * 1000, MINUTE_MS = 60 * 1000 };

static struct cmf_principal vnfm;

/* --- certificates in the making --- */

/* A request that was decided on; the result borrows from it. */
struct asked {
	const char *profile;
	const char *subject_id;
	struct cmf_csr csr;
	SubjectPublicKeyInfo *spki;
	struct cmf_csr_result result;
};

static struct asked asked[3];
static struct cmf_csr_result *granted[3];

static void certificate_ask(size_t i, const char *profile, const char *subject_id)
{
	struct refusal refusal = REFUSAL_NULL;
	struct asked *a = &asked[i];
	EVP_PKEY *key = pki_key(NULL), *made = NULL;

	*a = (struct asked){.profile = profile, .subject_id = subject_id};
	a->csr = (struct cmf_csr){.profile_names = &a->profile,
				  .n_profile_names = 1,
				  .vnfc_ids = &a->subject_id,
				  .n_vnfc_ids = 1};
	ck_assert_int_eq(spki_from_key(key, &a->spki), 0);
	ck_assert_int_eq(spki_key(a->spki, &made, &a->csr.key_kind), 0);
	a->csr.spki = a->spki;
	ck_assert_int_eq(cmf_csr(WORLD_CALL(&vnfm, &refusal), &a->csr, &a->result), 0);
	ck_assert(store_unit_empty(w.unit));
	granted[i] = &a->result;
	EVP_PKEY_free(key);
	EVP_PKEY_free(made);
}

static struct cmf_order_terms certificates_place(size_t n, bool implicit)
{
	struct cmf_order_terms terms;

	ck_assert_int_eq(
		cmf_order_place_certificates(WORLD_CALL(&vnfm, NULL), granted, n, implicit, &terms),
		0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	for (size_t i = 0; i < n; i++)
		granted[i]->certificate.id = store_unit_id(w.unit, granted[i]->certificate.id);
	return terms;
}

/* The order of the first n, read. */
static struct cmf_order order_of(enum cmf_order_kind kind, size_t n)
{
	struct cmf_order order;

	ck_assert_int_eq(cmf_order_new(kind, n, &order), 0);
	for (size_t i = 0; i < n; i++)
		order.item[i].certificate_id = asked[i].result.certificate.id;
	ck_assert_int_eq(cmf_order_read(WORLD_CALL(&vnfm, NULL), &order), 0);
	return order;
}

static void order_run(struct cmf_order *order, int64_t budget_us)
{
	ck_assert_int_eq(cmf_order_run(WORLD_CALL(&vnfm, NULL), order, budget_us), 0);
	ck_assert_int_eq(cmf_order_state(WORLD_CALL(&vnfm, NULL), order), 0);
}

static void setup(void)
{
	const char *const upstream[] = {"vnfci-far"}, *const lists[] = {"vnfci-lists"};
	struct cmf_principal admin;

	world_setup_with(sections);
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	register_ok("vnfm-a", CERT_TYPE_VNF_OAM, "vnf-oam");
	admin = admin_for("vnfm-a");
	ck_assert_str_eq(
		refusal_code(register_as(
			&admin, &(struct cmf_register){.has_cert_type = true,
						       .cert_type = CERT_TYPE_VNFCI,
						       .subject_ids = upstream,
						       .n_subject_ids = 1,
						       .handling = CERT_HANDLING_DELEGATION,
						       .ca = "far"})),
		"none");
	ck_assert_str_eq(
		refusal_code(register_as(
			&admin, &(struct cmf_register){.has_cert_type = true,
						       .cert_type = CERT_TYPE_VNFCI,
						       .subject_ids = lists,
						       .n_subject_ids = 1,
						       .handling = CERT_HANDLING_DELEGATION,
						       .ca = "lists"})),
		"none");
	cmf_principal_clear(&admin);
	vnfm = principal_of("vnfm-a");
	memset(asked, 0, sizeof(asked));
	/* The upstream CA is not there: its faults are no news. */
	log_setup(open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
}

static void teardown(void)
{
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		cmf_csr_result_clear(&asked[i].result);
		SubjectPublicKeyInfo_free(asked[i].spki);
	}
	cmf_principal_clear(&vnfm);
	world_teardown();
}

/* What the upstream CA makes of the certificate that was asked for. */
static void upstream_issues(int64_t id)
{
	struct credential made =
		credential_new(&(struct credential_spec){.subject = "/CN=x", .issuer = &w.root});
	struct store_certificate cert = {0};

	ck_assert_int_eq(store_certificate_get(w.reader, id, &cert), 0);
	ck_assert_int_eq(octets_dup(octets_view(&made.der), &cert.der), 0);
	ck_assert_int_eq(serial_of_integer(X509_get0_serialNumber(made.cert), &cert.serial), 0);
	cert.state = STORE_CERT_PENDING;
	ck_assert_int_eq(store_certificate_fill(w.unit, &cert), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	store_certificate_clear(&cert);
	credential_clear(&made);
}

static void upstream_refuses(int64_t id, int failinfo)
{
	struct store_exchange exchange = {0};

	ck_assert_int_eq(store_exchange_find(w.reader, id, STORE_EXCHANGE_ISSUE, &exchange), 0);
	ck_assert_int_eq(
		store_exchange_finish(w.unit, exchange.id, STORE_EXCHANGE_FAILED, failinfo, NULL),
		0);
	ck_assert_int_eq(
		store_certificate_set_state(w.unit, id, STORE_CERT_REQUESTED, STORE_CERT_REJECTED),
		0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	store_exchange_clear(&exchange);
}

/* --- certificates --- */

static const struct alike {
	const char *profile[2], *subject_id[2];
	bool implicit; /* the client asks for it */
	bool waiting, confirmed;
	enum store_certificate_state state[2];
} alike[] = {
	/* RFC 9483 3.1, 4.1.1: no certConf where the answer says so. */
	{{"VnfciCert", "VnfciCert"},
	 {"vnfci-a", "vnfci-a"},
	 true,
	 false,
	 true,
	 {STORE_CERT_ACTIVE, STORE_CERT_ACTIVE}},
	{{"VnfciCert", "VnfciCert"},
	 {"vnfci-a", "vnfci-a"},
	 false,
	 false,
	 false,
	 {STORE_CERT_PENDING, STORE_CERT_PENDING}},
	/* VnfOAMCert has implicit_confirm = no. */
	{{"VnfciCert", "VnfOAMCert"},
	 {"vnfci-a", "vnf-oam"},
	 true,
	 false,
	 false,
	 {STORE_CERT_PENDING, STORE_CERT_PENDING}},
	/* One has to be waited for. */
	{{"VnfciCert", "VnfciCert"},
	 {"vnfci-a", "vnfci-far"},
	 true,
	 true,
	 true,
	 {STORE_CERT_PENDING, STORE_CERT_REQUESTED}},
	{{"VnfciCert", "VnfOAMCert"},
	 {"vnfci-far", "vnf-oam"},
	 true,
	 true,
	 false,
	 {STORE_CERT_REQUESTED, STORE_CERT_PENDING}},
};

START_TEST(rfc9483_3_1_certificates_of_an_order_are_confirmed_alike)
{
	const struct alike *c = &alike[_i];
	struct cmf_order_terms terms;
	struct cmf_order order;
	int64_t until_ms;

	for (size_t i = 0; i < 2; i++)
		certificate_ask(i, c->profile[i], c->subject_id[i]);
	terms = certificates_place(2, c->implicit);
	until_ms = w.now_ms + w.conf->cmf.confirm_wait_ms + (c->waiting ? HOUR_MS : 0);
	if (c->confirmed && !c->waiting)
		until_ms = 0;
	ck_assert(terms.waiting == c->waiting);
	ck_assert(terms.implicit_confirm == c->confirmed);
	ck_assert_int_eq(terms.deadline_ms, until_ms);
	order = order_of(CMF_ORDER_CERTIFICATES, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(order.item[i].cert.state, c->state[i]);
		ck_assert_int_eq(order.item[i].cert.confirm_by_ms, until_ms);
	}
	cmf_order_clear(&order);
}
END_TEST

/* RFC 9483 4.4: waiting as long as one of them is; then each has its answer. */
START_TEST(rfc9483_4_4_waiting_then_granted)
{
	struct cmf_order order;

	certificate_ask(0, "VnfciCert", "vnfci-far");
	certificate_ask(1, "VnfciCert", "vnfci-a");
	certificates_place(2, false);
	order = order_of(CMF_ORDER_CERTIFICATES, 2);
	/* With and without a budget: who is asked does not answer. */
	order_run(&order, 0);
	ck_assert(order.waiting);
	order_run(&order, BUDGET_US);
	ck_assert(order.waiting);
	ck_assert_int_eq(order.item[0].state, CMF_ORDER_WAITING);
	ck_assert_int_eq(order.item[1].state, CMF_ORDER_GRANTED);
	ck_assert_int_eq(order.check_after, 7);
	upstream_issues(order.item[0].certificate_id);
	order_run(&order, 0);
	ck_assert(!order.waiting);
	ck_assert_int_eq(order.item[0].state, CMF_ORDER_GRANTED);
	ck_assert_str_eq(ca_name(order.item[0].ca), "far");
	ck_assert_str_eq(ca_name(order.item[1].ca), "main");
	/* What the upstream made is not what was asked for (here it is another key's). */
	ck_assert_ptr_nonnull(order.item[0].mods);
	ck_assert_ptr_null(order.item[1].mods);
	cmf_order_clear(&order);
}
END_TEST

/* RFC 9483 5.2: the failInfo of the upstream CA. */
START_TEST(rfc9483_5_2_refused_upstream)
{
	struct cmf_order order;

	certificate_ask(0, "VnfciCert", "vnfci-far");
	certificates_place(1, true);
	upstream_refuses(asked[0].result.certificate.id, _i ? FAIL_BAD_CERT_TEMPLATE : -1);
	order = order_of(CMF_ORDER_CERTIFICATES, 1);
	order_run(&order, BUDGET_US);
	ck_assert(!order.waiting);
	ck_assert_int_eq(order.item[0].state, CMF_ORDER_REFUSED);
	ck_assert_int_eq(order.item[0].refusal.reason, REFUSAL_upstream_rejected);
	if (_i)
		ck_assert_int_eq(order.item[0].refusal.failinfo, FAIL_BAD_CERT_TEMPLATE);
	cmf_order_clear(&order);
}
END_TEST

/* An item that was refused at once is no part of the order, whatever is done with it. */
START_TEST(order_without_an_item)
{
	struct cmf_order order;
	bool any = true;

	ck_assert_int_eq(cmf_order_new(CMF_ORDER_CERTIFICATES, 1, &order), 0);
	ck_assert_int_eq(cmf_order_read(WORLD_CALL(&vnfm, NULL), &order), 0);
	order_run(&order, BUDGET_US);
	ck_assert(!order.waiting);
	ck_assert_int_eq(cmf_order_confirm(WORLD_CALL(&vnfm, NULL), &order, NULL, &any), 0);
	ck_assert(!any);
	ck_assert_int_eq(cmf_order_withdraw(WORLD_CALL(&vnfm, NULL), &order), 0);
	ck_assert_int_eq(cmf_order_lapse(WORLD_CALL(&vnfm, NULL), &order), 0);
	ck_assert(store_unit_empty(w.unit));
	cmf_order_clear(&order);
	/* One that is said to be there, and is not, is a fault. */
	ck_assert_int_eq(cmf_order_new(CMF_ORDER_CERTIFICATES, 1, &order), 0);
	order.item[0].certificate_id = INT64_MAX;
	ck_assert_int_eq(cmf_order_read(WORLD_CALL(&vnfm, NULL), &order), -ENOENT);
	cmf_order_clear(&order);
}
END_TEST

/* --- the end of certificates --- */

/* One that waits for the upstream CA, one that is pending, one that was revoked meanwhile. */
static struct cmf_order three_placed(void)
{
	struct cmf_order order;

	certificate_ask(0, "VnfciCert", "vnfci-far");
	certificate_ask(1, "VnfciCert", "vnfci-a");
	certificate_ask(2, "VnfciCert", "vnfci-a");
	certificates_place(3, false);
	ck_assert_int_eq(store_certificate_revoke(w.unit, asked[2].result.certificate.id,
						  STORE_CERT_PENDING, STORE_CERT_REVOKED, 4,
						  w.now_ms),
			 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	order = order_of(CMF_ORDER_CERTIFICATES, 3);
	return order;
}

static void states_check(enum store_certificate_state first, enum store_certificate_state second)
{
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(certificate_state(asked[0].result.certificate.id), first);
	ck_assert_int_eq(certificate_state(asked[1].result.certificate.id), second);
	ck_assert_int_eq(certificate_state(asked[2].result.certificate.id), STORE_CERT_REVOKED);
}

/* RFC 9483 4.1.1; only what is pending can be confirmed. */
START_TEST(rfc9483_4_1_1_confirm)
{
	const bool all[] = {true, true, true}, none[] = {false, false, false};
	const bool *const accepted[] = {NULL, all, none};
	struct cmf_order order = three_placed();
	bool any;

	ck_assert_int_eq(cmf_order_confirm(WORLD_CALL(&vnfm, NULL), &order, accepted[_i], &any), 0);
	ck_assert(any == (accepted[_i] != none));
	states_check(STORE_CERT_REQUESTED,
		     accepted[_i] == none ? STORE_CERT_REJECTED : STORE_CERT_ACTIVE);
	cmf_order_clear(&order);
}
END_TEST

/* RFC 4210 5.3.21: also what the upstream CA has yet to issue. */
START_TEST(rfc4210_5_3_21_withdraw)
{
	struct cmf_order order = three_placed();

	ck_assert_int_eq(cmf_order_withdraw(WORLD_CALL(&vnfm, NULL), &order), 0);
	states_check(STORE_CERT_REJECTED, STORE_CERT_REJECTED);
	cmf_order_clear(&order);
}
END_TEST

/* RFC 9483 4.1.1: no certConf in time is a rejection; what is asked for upstream has its own time.
 */
START_TEST(rfc9483_4_1_1_lapse)
{
	struct cmf_order order = three_placed();

	ck_assert_int_eq(cmf_order_lapse(WORLD_CALL(&vnfm, NULL), &order), 0);
	states_check(STORE_CERT_REQUESTED, STORE_CERT_REVOKED);
	cmf_order_clear(&order);
}
END_TEST

/* Decided on what was read: somebody else's decision that came first holds. */
START_TEST(confirm_after_another)
{
	struct cmf_order order = three_placed();

	ck_assert_int_eq(cmf_order_withdraw(WORLD_CALL(&vnfm, NULL), &order), 0);
	states_check(STORE_CERT_REJECTED, STORE_CERT_REJECTED);
	ck_assert_int_eq(cmf_order_confirm(WORLD_CALL(&vnfm, NULL), &order, NULL, NULL), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), STORE_CONFLICT);
	states_check(STORE_CERT_REJECTED, STORE_CERT_REJECTED);
	cmf_order_clear(&order);
}
END_TEST

/* The time for certConf runs from when the certificates are told, but not beyond theirs. */
START_TEST(rfc9483_4_1_1_confirm_by)
{
	int64_t wait_ms = w.conf->cmf.confirm_wait_ms;
	struct cmf_order order;

	certificate_ask(0, "VnfciCert", "vnfci-far");
	certificates_place(1, false);
	order = order_of(CMF_ORDER_CERTIFICATES, 1);
	ck_assert_int_eq(cmf_order_confirm_by(WORLD_CALL(&vnfm, NULL), &order), w.now_ms + wait_ms);
	w.now_ms += HOUR_MS - 1;
	ck_assert_int_eq(cmf_order_confirm_by(WORLD_CALL(&vnfm, NULL), &order), w.now_ms + wait_ms);
	w.now_ms += 2;
	ck_assert_int_eq(cmf_order_confirm_by(WORLD_CALL(&vnfm, NULL), &order),
			 w.now_ms - 1 + wait_ms);
	cmf_order_clear(&order);
}
END_TEST

/* --- revocations --- */

/* An active certificate of that entity, and its revocation with that reason, placed. */
static struct cmf_order_terms revocation_place(size_t i, const char *subject_id, int reason)
{
	struct cmf_revoke request = {.reason = reason};
	struct cmf_revocation revocation = {0};
	struct refusal refusal = REFUSAL_NULL;
	struct store_certificate cert = {0};
	struct cmf_order_terms terms;
	struct certificate_view view;
	int64_t id;

	certificate_ask(i, "VnfciCert", subject_id);
	granted[0] = granted[i];
	certificates_place(1, false);
	id = asked[i].result.certificate.id;
	if (asked[i].result.waiting)
		upstream_issues(id);
	ck_assert_int_eq(
		store_certificate_set_state(w.unit, id, STORE_CERT_PENDING, STORE_CERT_ACTIVE), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(store_certificate_get(w.reader, id, &cert), 0);
	ck_assert_int_eq(certificate_view(octets_view(&cert.der), &view), 0);
	request.issuer = view.issuer;
	request.serial = cert.serial;
	ck_assert_int_eq(
		cmf_revoke_find(WORLD_CALL(&vnfm, &refusal), &request, NULL, 0, &revocation), 0);
	ck_assert_int_eq(
		cmf_order_place_revocations(WORLD_CALL(&vnfm, NULL), &revocation, 1, &terms), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	cmf_revocation_clear(&revocation);
	store_certificate_clear(&cert);
	return terms;
}

static struct cmf_order revocation_order(const struct cmf_order_terms *terms, int reason)
{
	struct cmf_order order = order_of(CMF_ORDER_REVOCATIONS, 1);

	order.item[0].reason = reason;
	order.deadline_ms = terms->deadline_ms;
	ck_assert_int_eq(cmf_order_state(WORLD_CALL(&vnfm, NULL), &order), 0);
	return order;
}

START_TEST(revocation_that_waits_for_nothing)
{
	const struct cmf_order_terms terms = revocation_place(0, "vnfci-a", 1);
	struct cmf_order order = revocation_order(&terms, 1);

	ck_assert(!terms.waiting);
	ck_assert_int_eq(terms.deadline_ms, 0);
	ck_assert(!order.waiting);
	ck_assert_int_eq(order.item[0].state, CMF_ORDER_GRANTED);
	ck_assert_int_eq(order.item[0].cert.state, STORE_CERT_REVOKED);
	cmf_order_clear(&order);
}
END_TEST

static bool crl_awaited(const struct cmf_order *order)
{
	bool awaited;

	ck_assert_int_eq(
		cmf_order_crl_awaited(WORLD_CALL(&vnfm, NULL), &order->item[0].cert, &awaited), 0);
	return awaited;
}

/* crl_on_revocation: done when the CRL is there, which is made at once, or after the interval. */
START_TEST(revocation_waits_for_the_crl)
{
	struct cmf_order_terms terms = revocation_place(0, "vnfci-lists", 1);
	struct cmf_order order = revocation_order(&terms, 1);

	ck_assert(terms.waiting);
	ck_assert_int_eq(terms.deadline_ms, w.now_ms + 2 * MINUTE_MS);
	ck_assert_int_eq(order.item[0].cert.state, STORE_CERT_REVOKED);
	ck_assert(order.waiting && crl_awaited(&order));
	order_run(&order, 0);
	ck_assert(!order.waiting && !crl_awaited(&order));
	ck_assert_int_eq(order.item[0].state, CMF_ORDER_GRANTED);
	cmf_order_clear(&order);
	/* The next CRL comes a minute after the one that was made just now. */
	cmf_csr_result_clear(&asked[0].result);
	SubjectPublicKeyInfo_free(asked[0].spki);
	terms = revocation_place(0, "vnfci-lists", 1);
	order = revocation_order(&terms, 1);
	order_run(&order, BUDGET_US);
	ck_assert(order.waiting && crl_awaited(&order));
	ck_assert_int_eq(order.check_after, 60);
	w.now_ms += MINUTE_MS;
	order_run(&order, 0);
	ck_assert(!order.waiting && !crl_awaited(&order));
	cmf_order_clear(&order);
}
END_TEST

/* A CRL that does not come keeps nobody waiting after the deadline. */
START_TEST(revocation_whose_crl_does_not_come)
{
	const struct cmf_order_terms terms = revocation_place(0, "vnfci-lists", 1);
	struct cmf_order order = revocation_order(&terms, 1);

	w.now_ms = terms.deadline_ms;
	ck_assert_int_eq(cmf_order_state(WORLD_CALL(&vnfm, NULL), &order), 0);
	ck_assert(order.waiting);
	w.now_ms++;
	ck_assert_int_eq(cmf_order_state(WORLD_CALL(&vnfm, NULL), &order), 0);
	ck_assert(!order.waiting);
	ck_assert_int_eq(order.item[0].state, CMF_ORDER_GRANTED);
	cmf_order_clear(&order);
}
END_TEST

/* Nothing is committed: there is no CRL to wait for, but the upstream CA would be asked. */
START_TEST(revocation_in_a_dry_unit)
{
	const bool far = _i;
	struct cmf_order_terms terms;
	struct cmf_revocation revocation = {.to = STORE_CERT_REVOKED, .upstream = far};

	certificate_ask(0, "VnfciCert", far ? "vnfci-far" : "vnfci-lists");
	certificates_place(1, false);
	ck_assert_int_eq(
		store_certificate_get(w.reader, asked[0].result.certificate.id, &revocation.cert),
		0);
	store_unit_set_dry(w.unit);
	ck_assert_int_eq(
		cmf_order_place_revocations(WORLD_CALL(&vnfm, NULL), &revocation, 1, &terms), 0);
	ck_assert(terms.waiting == far);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	cmf_revocation_clear(&revocation);
}
END_TEST

/* The upstream CA has revoked it, on hold or for good. */
static void upstream_revokes(enum store_certificate_state to, int reason)
{
	ck_assert_int_eq(store_certificate_revoke(w.unit, asked[0].result.certificate.id,
						  STORE_CERT_REVOCATION_PENDING, to, reason,
						  w.now_ms),
			 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
}

/* RFC 9483 4.4, 6: waiting, done, or given up; the upstream CA is asked on all the same. */
START_TEST(rfc9483_4_4_revocation_upstream)
{
	const struct cmf_order_terms terms = revocation_place(0, "vnfci-far", 1);
	struct cmf_order order = revocation_order(&terms, 1);

	ck_assert(terms.waiting);
	ck_assert_int_eq(terms.deadline_ms, w.now_ms + HOUR_MS);
	order_run(&order, BUDGET_US);
	ck_assert(order.waiting);
	ck_assert(!crl_awaited(&order));
	ck_assert_int_eq(order.check_after, 7);
	ck_assert_int_eq(order.item[0].cert.state, STORE_CERT_REVOCATION_PENDING);
	w.now_ms += HOUR_MS + 1;
	order_run(&order, 0);
	ck_assert(!order.waiting);
	ck_assert_int_eq(order.item[0].state, CMF_ORDER_REFUSED);
	ck_assert_int_eq(order.item[0].refusal.reason, REFUSAL_upstream_unavailable);
	upstream_revokes(STORE_CERT_REVOKED, 1);
	order_run(&order, 0);
	ck_assert_int_eq(order.item[0].state, CMF_ORDER_GRANTED);
	cmf_order_clear(&order);
}
END_TEST

/* A hold was asked for, and somebody had it revoked for good meanwhile. */
START_TEST(rfc5280_5_3_1_hold_overtaken)
{
	const struct cmf_order_terms terms = revocation_place(0, "vnfci-far", 6);
	struct cmf_order order = revocation_order(&terms, 6);

	upstream_revokes(STORE_CERT_REVOKED, 1);
	order_run(&order, 0);
	ck_assert_int_eq(order.item[0].state, CMF_ORDER_REFUSED);
	ck_assert_int_eq(order.item[0].refusal.reason, REFUSAL_rev_cert_revoked);
	cmf_order_clear(&order);
}
END_TEST

static Suite *cmf_order_suite(void)
{
	Suite *suite = suite_create("cmf_order");
	TCase *tc = tcase_create("order");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, rfc9483_3_1_certificates_of_an_order_are_confirmed_alike, 0,
			    ARRAY_LEN(alike));
	tcase_add_test(tc, rfc9483_4_4_waiting_then_granted);
	tcase_add_loop_test(tc, rfc9483_5_2_refused_upstream, 0, 2);
	tcase_add_test(tc, order_without_an_item);
	tcase_add_loop_test(tc, rfc9483_4_1_1_confirm, 0, 3);
	tcase_add_test(tc, rfc4210_5_3_21_withdraw);
	tcase_add_test(tc, rfc9483_4_1_1_lapse);
	tcase_add_test(tc, confirm_after_another);
	tcase_add_test(tc, rfc9483_4_1_1_confirm_by);
	tcase_add_test(tc, revocation_that_waits_for_nothing);
	tcase_add_test(tc, revocation_waits_for_the_crl);
	tcase_add_test(tc, revocation_whose_crl_does_not_come);
	tcase_add_loop_test(tc, revocation_in_a_dry_unit, 0, 2);
	tcase_add_test(tc, rfc9483_4_4_revocation_upstream);
	tcase_add_test(tc, rfc5280_5_3_1_hold_overtaken);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_order_suite, SUITE_FORKS)
