// SPDX-License-Identifier: Apache-2.0
/*
 * What was decided on somebody's authority, which ends before the commit: nothing of it happens,
 * and what is told is what a message that comes afterwards is told.
 */
#include "granted.h"
#include "suite.h"

#include <check.h>

static struct house *const h = &granted_house;

/* --- between the decision and its commit --- */

typedef void interfere(struct cmf_worker *other);

/* What is there. */
struct counts {
	int64_t certificates[STORE_CERT_STATE_COUNT];
	struct store_totals totals;
};

static struct {
	interfere *with; /* NULL: nothing is to happen any more */
	struct cmf_worker other;
	struct counts counts; /* behind it */
	int commits;
	int64_t certificate_id; /* that it is about */
} between;

static struct counts counts_get(void)
{
	struct counts counts = {0};
	struct store_reader *reader = between.other.reader;

	ck_assert_int_eq(store_certificate_counts(reader, counts.certificates), 0);
	ck_assert_int_eq(store_totals_get(reader, h->now_ms, h->now_ms, 1000, &counts.totals), 0);
	return counts;
}

int __real_store_unit_commit(struct store_unit *unit);
int __wrap_store_unit_commit(struct store_unit *unit);
void __real_store_unit_submit(struct store_unit **unitp, store_unit_told *told, void *arg);
void __wrap_store_unit_submit(struct store_unit **unitp, store_unit_told *told, void *arg);

static void interfere_now(void)
{
	interfere *with = between.with;

	between.commits++;
	if (!with)
		return;
	between.with = NULL;
	with(&between.other);
	ck_assert_int_eq(__real_store_unit_commit(between.other.unit), 0);
	between.counts = counts_get();
}

int __wrap_store_unit_commit(struct store_unit *unit)
{
	interfere_now();
	return __real_store_unit_commit(unit);
}

void __wrap_store_unit_submit(struct store_unit **unitp, store_unit_told *told, void *arg)
{
	interfere_now();
	__real_store_unit_submit(unitp, told, arg);
}

static void send_between(struct ask *a, interfere *with, struct told *told)
{
	between.with = with;
	between.commits = 0;
	ask_encode(a);
	ask_send_octets(a, &h->worker, octets_view(&a->sent), told);
	ck_assert_ptr_null(between.with);
}

/* What happens. */

static void client_removed(struct cmf_worker *other, const char *name)
{
	ck_assert_int_eq(store_client_remove(other->unit, name), 0);
}

static void vnfm_a_removed(struct cmf_worker *other)
{
	client_removed(other, "vnfm-a");
}

static void ra_removed(struct cmf_worker *other)
{
	client_removed(other, "ra");
}

static void mac_removed(struct cmf_worker *other)
{
	client_removed(other, "mac");
}

static void settings_set(struct cmf_worker *other, const char *name, uint32_t permissions)
{
	struct store_client client = {0};

	ck_assert_int_eq(store_client_find(other->reader, name, &client), 0);
	client.permissions = permissions;
	ck_assert_int_eq(store_client_update(other->unit, &client), 0);
	store_client_clear(&client);
}

static void vnfm_a_may_nothing(struct cmf_worker *other)
{
	settings_set(other, "vnfm-a", 0);
}

static void vnfm_a_may_more(struct cmf_worker *other)
{
	settings_set(other, "vnfm-a",
		     STORE_MAY_REGISTER | STORE_MAY_REQUEST | STORE_MAY_REVOKE | STORE_MAY_RECOVER);
}

static void others_changed(struct cmf_worker *other)
{
	client_removed(other, "vnfm-b");
	settings_set(other, "vnfm-c", 0);
}

static void vnfm_a_loses_its_credential(struct cmf_worker *other)
{
	struct store_client client = {0};

	ck_assert_int_eq(store_client_find(other->reader, "vnfm-a", &client), 0);
	ck_assert_int_eq(store_credential_remove(other->unit, "vnfm-a", client.credentials[0].id),
			 0);
	store_client_clear(&client);
}

static void certificate_compromised(struct cmf_worker *other)
{
	ck_assert_int_eq(store_certificate_revoke(other->unit, between.certificate_id,
						  STORE_CERT_ACTIVE, STORE_CERT_REVOKED, 1,
						  h->now_ms),
			 0);
}

static void certificate_held(struct cmf_worker *other)
{
	ck_assert_int_eq(store_certificate_revoke(other->unit, between.certificate_id,
						  STORE_CERT_ACTIVE, STORE_CERT_ON_HOLD, 6,
						  h->now_ms),
			 0);
}

/* --- who asks for what --- */

/* A certificate of ours that is active, and its row. */
static struct house_credential holder;
static struct ask enrolled;
static struct told enrolled_ip;

static int id_note(void *arg, const struct store_certificate *cert)
{
	if (bytes_equal(octets_view(&cert->der), octets_view(&holder.der)))
		*(int64_t *)arg = cert->id;
	return 0;
}

static void holder_make(void)
{
	const struct store_certificate_filter all = {.state = -1};

	ask_new(&enrolled, h, &h->vnfm_a);
	ask_certreq(&enrolled, PKI_BODY_IR, "vnfci-a");
	ask_implicit_confirm(&enrolled);
	ask_send(&enrolled, &enrolled_ip);
	house_credential_adopt(&holder, enrolled.key, told_certificate(&enrolled_ip));
	ck_assert_int_eq(
		store_certificate_list(h->worker.reader, &all, id_note, &between.certificate_id),
		0);
}

static void by_vnfm_a(struct ask *a, int body)
{
	ask_new(a, h, &h->vnfm_a);
	ask_certreq(a, body, "vnfci-a");
}

static void ir(struct ask *a)
{
	by_vnfm_a(a, PKI_BODY_IR);
}

static void ir_confirmed(struct ask *a)
{
	by_vnfm_a(a, PKI_BODY_IR);
	ask_implicit_confirm(a);
}

static void cr(struct ask *a)
{
	by_vnfm_a(a, PKI_BODY_CR);
}

static void p10cr(struct ask *a)
{
	ask_new(a, h, &h->vnfm_a);
	ask_p10cr(a, "vnfci-a");
}

static void ir_by_mac(struct ask *a)
{
	ask_new(a, h, NULL);
	ask_certreq(a, PKI_BODY_IR, "vnfci-mac");
}

static void ir_by_ra(struct ask *a)
{
	ask_new(a, h, &h->ra);
	ask_certreq(a, PKI_BODY_IR, "vnfci-a");
}

static void registering(struct ask *a)
{
	ask_new(a, h, &h->vnfm_a);
	ask_register(a, "VnfciCert", "vnfci-new", CERT_HANDLING_DELEGATION);
}

static void rr(struct ask *a)
{
	ask_new(a, h, &h->vnfm_a);
	ask_rr(a, octets_view(&holder.der), 1);
}

static void kur(struct ask *a)
{
	ask_new(a, h, &holder);
	ask_certreq(a, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(a, octets_view(&holder.der));
}

static void kur_by_client(struct ask *a)
{
	ask_new(a, h, &h->vnfm_a);
	ask_certreq(a, PKI_BODY_KUR, "vnfci-a");
	ask_old_cert_id(a, octets_view(&holder.der));
}

static void rr_of_holder(struct ask *a)
{
	ask_new(a, h, &holder);
	ask_rr(a, octets_view(&holder.der), 1);
}

static struct ask confirmed;
static struct told confirmed_ip;

static void certconf(struct ask *a)
{
	granted_enrol(&confirmed, PKI_BODY_IR, &h->vnfm_a, &confirmed_ip);
	ask_certconf(a, &confirmed, &confirmed_ip, PKI_STATUS_ACCEPTED);
}

/* An RA approves what vnfm-a asks for. */
static struct ask approved;

static void added(struct ask *a)
{
	by_vnfm_a(&approved, PKI_BODY_IR);
	ask_new(a, h, &h->ra);
	ask_added(a, &approved);
}

static struct ask batched[2];

static void batch(struct ask *a)
{
	ask_new(a, h, &h->ra);
	for (int i = 0; i < 2; i++) {
		by_vnfm_a(&batched[i], PKI_BODY_IR);
		ask_encode(&batched[i]);
		ask_nested(a, octets_view(&batched[i].sent));
	}
}

static void setup(void)
{
	house_open(h, "",
		   "[client_policy default]\nconfirm_on_behalf = yes\nupdate_on_behalf = yes\n");
	house_register(h, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(h, "mac", CERT_TYPE_VNFCI, "vnfci-mac");
	house_worker_new(h, &between.other);
	holder_make();
}

static void teardown(void)
{
	ask_clear(&batched[0]);
	ask_clear(&batched[1]);
	ask_clear(&approved);
	granted_done(&confirmed, &confirmed_ip);
	house_credential_clear(&holder);
	granted_done(&enrolled, &enrolled_ip);
	house_worker_clear(&between.other);
	house_close(h);
}

/* --- authority that ends --- */

static const struct {
	const char *name;
	void (*ask)(struct ask *a);
	interfere *with;
	int failinfo;
} ends[] = {
	{"ir", ir, vnfm_a_removed, FAIL_SIGNER_NOT_TRUSTED},
	{"ir, credential", ir, vnfm_a_loses_its_credential, FAIL_SIGNER_NOT_TRUSTED},
	{"ir, permission", ir, vnfm_a_may_nothing, FAIL_NOT_AUTHORIZED},
	{"ir, implicit", ir_confirmed, vnfm_a_removed, FAIL_SIGNER_NOT_TRUSTED},
	{"ir, MAC", ir_by_mac, mac_removed, FAIL_BAD_MESSAGE_CHECK},
	{"ir, RA", ir_by_ra, ra_removed, FAIL_SIGNER_NOT_TRUSTED},
	{"cr", cr, vnfm_a_removed, FAIL_SIGNER_NOT_TRUSTED},
	{"p10cr", p10cr, vnfm_a_removed, FAIL_SIGNER_NOT_TRUSTED},
	{"Register", registering, vnfm_a_removed, FAIL_SIGNER_NOT_TRUSTED},
	{"Register, permission", registering, vnfm_a_may_nothing, FAIL_NOT_AUTHORIZED},
	{"rr", rr, vnfm_a_removed, FAIL_SIGNER_NOT_TRUSTED},
	{"rr, permission", rr, vnfm_a_may_nothing, FAIL_NOT_AUTHORIZED},
	{"certConf", certconf, vnfm_a_removed, FAIL_SIGNER_NOT_TRUSTED},
	{"kur, compromised", kur, certificate_compromised, FAIL_SIGNER_NOT_TRUSTED},
	{"kur, on hold", kur, certificate_held, FAIL_SIGNER_NOT_TRUSTED},
	{"kur of a client, client", kur_by_client, vnfm_a_removed, FAIL_SIGNER_NOT_TRUSTED},
	{"kur of a client, compromised", kur_by_client, certificate_compromised, FAIL_CERT_REVOKED},
	{"kur of a client, on hold", kur_by_client, certificate_held, FAIL_CERT_REVOKED},
	{"rr of its holder, on hold", rr_of_holder, certificate_held, FAIL_SIGNER_NOT_TRUSTED},
	{"added protection, RA", added, ra_removed, FAIL_SIGNER_NOT_TRUSTED},
	{"added protection, client", added, vnfm_a_removed, FAIL_SIGNER_NOT_TRUSTED},
};

START_TEST(authority_that_ends_before_the_commit)
{
	struct told told, afterwards;
	struct counts counts;
	struct ask a;

	ends[_i].ask(&a);
	send_between(&a, ends[_i].with, &told);
	counts = counts_get();
	ck_assert_msg(told_failinfo(&told) == ends[_i].failinfo, "%s: %d", ends[_i].name,
		      told_failinfo(&told));
	ck_assert_msg(memcmp(&counts, &between.counts, sizeof(counts)) == 0, "%s", ends[_i].name);
	ask_send_octets(&a, &h->worker, octets_view(&a.sent), &afterwards);
	ck_assert_int_eq(afterwards.msg->body_type, told.msg->body_type);
	ck_assert_int_eq(told_failinfo(&afterwards), told_failinfo(&told));
	told_clear(&afterwards);
	granted_done(&a, &told);
}
END_TEST

/* The first of two in a batch was there before; the batch is its RA's, who approves nothing. */
START_TEST(rfc9483_5_2_2_2_each_for_itself)
{
	struct told told;
	struct counts counts;
	struct ask a;

	batch(&a);
	send_between(&a, vnfm_a_removed, &told);
	counts = counts_get();
	ck_assert_int_eq(told.msg->body_type, PKI_BODY_NESTED);
	ck_assert_int_eq(memcmp(&counts, &between.counts, sizeof(counts)), 0);
	granted_done(&a, &told);
}
END_TEST

/* --- authority that does not --- */

/* Clients come and go all the time: whoever is not concerned is not kept up by them. */
START_TEST(other_clients_are_not_in_the_way)
{
	struct told told;
	struct ask a;

	ir(&a);
	send_between(&a, others_changed, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert_int_eq(granted_state(told_certificate(&told)), STORE_CERT_PENDING);
	ck_assert_int_eq(between.commits, 1);
	granted_done(&a, &told);
}
END_TEST

START_TEST(who_may_still_is_granted_it)
{
	static void (*const asks[])(struct ask *) = {ir, added, rr};
	struct told told;
	struct ask a;

	asks[_i](&a);
	send_between(&a, vnfm_a_may_more, &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	ck_assert_int_eq(told_status_value(&told), PKI_STATUS_ACCEPTED);
	ck_assert_int_eq(between.commits, 2);
	granted_done(&a, &told);
}
END_TEST

static Suite *door_authority_suite(void)
{
	Suite *suite = suite_create("door_authority");
	TCase *tcase = tcase_create("authority");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, authority_that_ends_before_the_commit, 0, ARRAY_LEN(ends));
	tcase_add_test(tcase, rfc9483_5_2_2_2_each_for_itself);
	tcase_add_test(tcase, other_clients_are_not_in_the_way);
	tcase_add_loop_test(tcase, who_may_still_is_granted_it, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_authority_suite, SUITE_ONE_PROCESS)
