// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of the bodies that a VNF Manager sends to the JSON door: the first octet says to
 * which resource, the others are the body. A whole CMF is behind it. What every answer has to have
 * nfv_rig.c looks at; here it is that no body is a fault of ours, and that what is refused leaves
 * nothing behind.
 */
#include "../unit/nfv_rig.h"

#include "base/log.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The store is made anew so often: it would grow without end. */
enum { RUNS_PER_WORLD = 2000 };

/* Where a body goes. None of them comes to a callback: the domain has no callback_hosts. */
static const struct {
	enum http_method method;
	const char *path;
	const char *content_type;
} targets[] = {
	{HTTP_POST, "/v1/registrations", "application/json"},
	{HTTP_POST, "/v1/certificate_signing_requests", "application/json"},
	{HTTP_POST, "/v1/subscriptions", "application/json"},
	{HTTP_PATCH, NULL, "application/merge-patch+json"},
	{HTTP_POST, "/v1/nonces", "application/json"},
};

static char registration[128];
static unsigned runs;

static void world_begin(void)
{
	const struct nfv_ask list = {.path = "/v1/registrations", .as = &w.vnfm_a};
	struct nfv_answer answer;

	if (runs++ % RUNS_PER_WORLD)
		return;
	if (runs > 1)
		nfv_teardown();
	log_setup(open("/dev/null", O_WRONLY), LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
	nfv_setup();
	/* Now OpenSSL is in use: the threads of the house end before OpenSSL does. */
	if (runs == 1)
		atexit(nfv_teardown);
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	answer = nfv_asked(&list);
	snprintf(registration, sizeof(registration), "/v1/registrations/%s",
		 nfv_text(json_array_get(answer.json, 0), "id"));
	nfv_answer_clear(&answer);
}

static size_t registrations_count(void)
{
	int64_t n = 0;

	ck_assert_int_ge(store_trust_domain_registrations(w.reader, "domain-a", &n), 0);
	return (size_t)n;
}

static struct bytes input;

START_TEST(one_body)
{
	size_t at = input.data[0] % ARRAY_LEN(targets), before;
	const struct bytes body = {input.data + 1, input.len - 1};
	struct nfv_ask ask = {.as = &w.vnfm_a, .octets = &body};
	struct nfv_answer answer;

	world_begin();
	ask.method = targets[at].method;
	ask.path = targets[at].path ? targets[at].path : registration;
	ask.content_type = targets[at].content_type;
	before = registrations_count();
	answer = nfv_asked(&ask);
	ck_assert_int_lt(answer.status, 500);
	/* All or nothing. */
	ck_assert(answer.status == 201 || registrations_count() == before);
	nfv_answer_clear(&answer);
}
END_TEST

/* What the world and the rig assert needs somebody to tell it to. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Suite *suite = suite_create("nfv_body");
	TCase *tc = tcase_create("nfv_body");
	SRunner *runner;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, one_body);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	input = (struct bytes){data, size};
	if (size > 1)
		srunner_run_all(runner, CK_SILENT);
	if (srunner_ntests_failed(runner))
		abort();
	srunner_free(runner);
	return 0;
}
