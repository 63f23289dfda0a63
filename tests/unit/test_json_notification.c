// SPDX-License-Identifier: Apache-2.0
/* Filters of subscriptions, their one form, and which events fit; and what a notification says. */
#include "nfv/notification.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static const struct {
	const char *given; /* NULL: none */
	const char *kept;  /* NULL: refused */
} forms[] = {
	{NULL, ""},
	{"{}", ""},
	{"{\"unknown\": 1}", ""},
	{"{\"subjectIds\": []}", ""},
	{"{\"subjectIds\": [\"b\", \"a\", \"b\"]}", "{\"subjectIds\":[\"a\",\"b\"]}"},
	{"{\"certTypes\": [\"VnfciCert\", \"VNFCI_CERT\"]}", "{\"certTypes\":[\"VNFCI_CERT\"]}"},
	{"{\"vnfInstanceIds\": [\"v\"], \"notificationTypes\": [\"CsrFailed\"]}",
	 "{\"notificationTypes\":[\"CsrFailed\"],\"vnfInstanceIds\":[\"v\"]}"},
	{"[]", NULL},
	{"{\"subjectIds\": \"a\"}", NULL},
	{"{\"subjectIds\": [null]}", NULL},
	{"{\"certTypes\": [\"MANO\"]}", NULL},
	{"{\"notificationTypes\": [\"certificateissued\"]}", NULL},
};

START_TEST(test_form)
{
	json_t *given = forms[_i].given ? json_loads(forms[_i].given, 0, NULL) : NULL;
	_cleanup_(freep) char *kept = NULL;

	ck_assert_int_eq(nfv_event_filter_read(given, &kept), forms[_i].kept ? 0 : -EINVAL);
	if (forms[_i].kept)
		ck_assert_str_eq(kept, forms[_i].kept);
	json_decref(given);
}
END_TEST

/* A revocation of "a" in the VNF instance "v". */
static const struct store_event event = {
	.id = 7,
	.kind = STORE_EVENT_REVOKED,
	.time_ms = 1795424400000,
	.registration_id = 3,
	.certificate_id = 4,
	.reason = 1,
	.cert_type = CERT_TYPE_VNFCI,
	.vnf_instance = (char *)"v",
	.subject_id = (char *)"a",
	.manager = (char *)"vnfm-a",
	.trust_domain = (char *)"domain-a",
	.not_after_ms = 1795510800000,
};

static const struct {
	const char *filter;
	bool fits;
} fits[] = {
	{"", true},
	{"{\"notificationTypes\":[\"CertificateIssued\",\"CertificateRevoked\"]}", true},
	{"{\"notificationTypes\":[\"CertificateIssued\"]}", false},
	{"{\"certTypes\":[\"VNFCI_CERT\"]}", true},
	{"{\"certTypes\":[\"MANO_CERT\"]}", false},
	{"{\"subjectIds\":[\"a\"]}", true},
	{"{\"subjectIds\":[\"b\"]}", false},
	{"{\"subjectIds\":[\"A\"]}", true}, /* as names compare */
	{"{\"subjectIds\":[\"\uff41\"]}", true},
	{"{\"vnfInstanceIds\":[\"V\"]}", false}, /* octet for octet */
	{"{\"vnfInstanceIds\":[\"u\",\"v\"]}", true},
	{"{\"vnfInstanceIds\":[\"u\"]}", false},
	{"{\"vnfInstanceIds\":[\"\"]}", false},
	{"{\"subjectIds\":[\"a\"],\"vnfInstanceIds\":[\"u\"]}", false},
};

START_TEST(test_fits)
{
	bool found;

	ck_assert_int_eq(nfv_event_filter_fits(fits[_i].filter, &event, &found), 0);
	ck_assert_int_eq(found, fits[_i].fits);
}
END_TEST

static const char *text_of(const json_t *json, const char *name)
{
	return json_string_value(json_object_get(json, name));
}

START_TEST(test_notification)
{
	static const uint8_t key[JSON_ID_KEY_LEN] = {1};
	const struct store_subscription subscription = {.id = 9};
	_cleanup_(json_ids_freep) struct json_ids *ids = NULL;
	struct store_event bare = event;
	json_t *json;

	ck_assert_int_eq(json_ids_new(key, &ids), 0);
	json = nfv_notification_json(ids, &subscription, &event);
	ck_assert_str_eq(text_of(json, "notificationType"), "CertificateRevoked");
	ck_assert_str_eq(text_of(json, "timeStamp"), "2026-11-23T09:00:00Z");
	ck_assert_str_eq(text_of(json, "notAfter"), "2026-11-24T09:00:00Z");
	ck_assert_str_eq(text_of(json, "reason"), "keyCompromise");
	ck_assert_str_eq(text_of(json, "vnfInstanceId"), "v");
	ck_assert_str_eq(text_of(json, "certType"), "VNFCI_CERT");
	ck_assert_uint_eq(json_object_size(json_object_get(json, "_links")), 3);
	json_decref(json);
	/* What there is not is not said. */
	bare.kind = STORE_EVENT_REGISTRATION_REMOVED;
	bare.certificate_id = 0;
	bare.vnf_instance = (char *)"";
	json = nfv_notification_json(ids, &subscription, &bare);
	ck_assert_ptr_null(json_object_get(json, "certificateId"));
	ck_assert_ptr_null(json_object_get(json, "notAfter"));
	ck_assert_ptr_null(json_object_get(json, "reason"));
	ck_assert_ptr_null(json_object_get(json, "vnfInstanceId"));
	json_decref(json);
}
END_TEST

static Suite *notification_suite(void)
{
	Suite *suite = suite_create("json_notification");
	TCase *cases = tcase_create("notification");

	tcase_add_loop_test(cases, test_form, 0, ARRAY_LEN(forms));
	tcase_add_loop_test(cases, test_fits, 0, ARRAY_LEN(fits));
	tcase_add_test(cases, test_notification);
	suite_add_tcase(suite, cases);
	return suite;
}

SUITE_MAIN(notification_suite, SUITE_FORKS)
