// SPDX-License-Identifier: Apache-2.0
/*
 * What the audit says of messages: who, what, before and after, and of refusals as much as is
 * bounded.
 */
#include "ask.h"
#include "suite.h"

#include <check.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

static struct house house;

/* The last line that fits, its texts copied; n: how many do. */
struct found {
	int n;
	struct store_audit line;
	char text[7][160];
};

static const char *kept(char *out, const char *text)
{
	snprintf(out, sizeof(((struct found *)0)->text[0]), "%s", text ? text : "");
	return text ? out : NULL;
}

static int found_line(void *arg, const struct store_audit *a)
{
	struct found *found = arg;

	found->n++;
	found->line = *a;
	found->line.actor = kept(found->text[0], a->actor);
	found->line.action = kept(found->text[1], a->action);
	found->line.target = kept(found->text[2], a->target);
	found->line.detail = kept(found->text[3], a->detail);
	found->line.before = kept(found->text[4], a->before);
	found->line.after = kept(found->text[5], a->after);
	found->line.outcome = kept(found->text[6], a->outcome);
	return 0;
}

static void lines_find(const char *action, const char *target, struct found *found)
{
	const struct store_audit_filter filter = {
		.action = action, .target = target, .limit = 1000};

	*found = (struct found){0};
	ck_assert_int_eq(store_audit_list(house.worker.reader, &filter, found_line, found), 0);
}

static void fingerprint(struct bytes der, char out[80])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char hex[2 * sizeof(digest) + 1];

	SHA256(der.data, der.len, digest);
	bytes_to_hex(BYTES_OF(digest), hex);
	snprintf(out, 80, "sha256:%s", hex);
}

static void asked(struct ask *a, const struct house_credential *who, int type, const char *cn,
		  struct told *told)
{
	ask_new(a, &house, who);
	ask_certreq(a, type, cn);
	a->profile_label = "VnfciCert";
	ask_send(a, told);
}

START_TEST(issue_and_revocation_say_before_and_after)
{
	struct found found;
	struct told told, revoked;
	struct ask a, rr;
	char print[80];

	lines_find("register", "vnfci-a", &found);
	ck_assert_int_eq(found.n, 1);
	ck_assert_int_eq(found.line.actor_kind, STORE_ACTOR_OPERATOR);
	ck_assert_str_eq(found.line.actor, "cmfctl");
	ck_assert_str_eq(found.line.after, "VnfciCert");

	asked(&a, &house.vnfm_a, PKI_BODY_IR, "vnfci-a", &told);
	ck_assert_int_eq(told_failinfo(&told), -1);
	fingerprint(told_certificate(&told), print);
	lines_find("issue", "vnfci-a", &found);
	ck_assert_int_eq(found.n, 1);
	ck_assert_int_eq(found.line.actor_kind, STORE_ACTOR_CLIENT);
	ck_assert_str_eq(found.line.actor, "vnfm-a");
	ck_assert_str_eq(found.line.outcome, "done");
	ck_assert_str_eq(found.line.after, print);
	ck_assert_ptr_null(found.line.before);
	ck_assert(!found.line.has_uid);

	ask_new(&rr, &house, &house.vnfm_a);
	ask_rr(&rr, told_certificate(&told), 4);
	ask_send(&rr, &revoked);
	ck_assert_int_eq(told_failinfo(&revoked), -1);
	lines_find("revoke", "vnfci-a", &found);
	ck_assert_int_eq(found.n, 1);
	ck_assert_str_eq(found.line.before, "pending");
	ck_assert_str_eq(found.line.after, "revoked, reasonCode 4");
	told_clear(&revoked);
	ask_clear(&rr);
	told_clear(&told);
	ask_clear(&a);
}
END_TEST

/* What is another's and what there is not look alike in the audit, too. */
START_TEST(refusals_are_audited)
{
	static const char *const targets[] = {"vnfci-b", "vnfci-none"};
	struct found found;
	struct told told;
	struct ask a;

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		asked(&a, &house.vnfm_b, PKI_BODY_CR, targets[i], &told);
		ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
		lines_find("cr", targets[i], &found);
		ck_assert_int_eq(found.n, 1);
		ck_assert_str_eq(found.line.actor, "vnfm-b");
		ck_assert_str_eq(found.line.outcome, "notAuthorized");
		ck_assert_str_eq(found.line.detail, "entity_not_authorized");
		told_clear(&told);
		ask_clear(&a);
	}
}
END_TEST

/* A stranger makes us write nothing, and a client no more than so much in an hour. */
START_TEST(refusals_are_bounded)
{
	struct found before, after;
	struct told told;
	struct ask a;

	lines_find("cr", NULL, &before);
	asked(&a, &house.stranger, PKI_BODY_CR, "vnfci-b", &told);
	told_clear(&told);
	ask_clear(&a);
	lines_find("cr", NULL, &after);
	ck_assert_int_eq(after.n, before.n);
	for (int hour = 0; hour < 2; hour++) {
		lines_find("cr", "vnfci-x", &before);
		for (int i = 0; i < 130; i++) {
			asked(&a, &house.ra, PKI_BODY_CR, "vnfci-x", &told);
			ck_assert_int_eq(told_failinfo(&told), FAIL_NOT_AUTHORIZED);
			told_clear(&told);
			ask_clear(&a);
		}
		lines_find("cr", "vnfci-x", &after);
		ck_assert_int_eq(after.n - before.n, 100);
		house.now_ms += 3600 * 1000;
	}
}
END_TEST

static void fixture_open(void)
{
	house_open(&house, "", "");
	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	house_register(&house, "vnfm-a", CERT_TYPE_VNFCI, "vnfci-b");
}

static void fixture_close(void)
{
	house_close(&house);
}

static Suite *audit_suite(void)
{
	Suite *suite = suite_create("door_audit");
	TCase *tcase = tcase_create("audit");

	tcase_add_unchecked_fixture(tcase, fixture_open, fixture_close);
	tcase_add_test(tcase, issue_and_revocation_say_before_and_after);
	tcase_add_test(tcase, refusals_are_audited);
	tcase_add_test(tcase, refusals_are_bounded);
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(audit_suite, SUITE_ONE_PROCESS)
