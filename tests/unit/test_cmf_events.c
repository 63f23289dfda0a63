// SPDX-License-Identifier: Apache-2.0
/* Who may subscribe, where callbacks may be, who hears of what, and certificates that end. */
#include "cmf/subscription.h"
#include "cmf_world.h"
#include "suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define OK(call) ck_assert_int_eq((call), 0)

static const char sections[] =
	"[trust_domain domain-a]\ncallback_hosts = *.operator-a.example, ::1, 127.0.0.1\n"
	"[trust_domain domain-b]\ndns_suffixes = operator-b.example\n"
	"[events]\nexpiring = 30d, 7d\nsubscriptions_max = 2\n"
	"callback_networks = 10.1.0.0/16, fd00:1::/32\n";

static void setup(void)
{
	world_setup_with(sections);
}

static const struct cmf_subscribe plain = {
	.callback_uri = "https://vnfm.operator-a.example/callback",
	.filter = "",
};

static enum refusal_reason check_as(const char *client, const struct cmf_subscribe *request,
				    int64_t *existing_idp)
{
	struct cmf_principal who = principal_of(client);
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_subscribe_check(WORLD_CALL(&who, &refusal), request, existing_idp);

	ck_assert_int_eq(err, refusal.reason == REFUSAL_NONE ? 0 : REFUSED);
	cmf_principal_clear(&who);
	return refusal.reason;
}

#define CHECK_AS(client, request, expected)                                                      \
	do {                                                                                     \
		int64_t existing_;                                                               \
		ck_assert_str_eq(refusal_code(check_as(client, request, &existing_)), expected); \
		ck_assert_int_eq(existing_, 0);                                                  \
	} while (0)

static int64_t subscribe_as(const char *client, const struct cmf_subscribe *request)
{
	struct cmf_principal who = principal_of(client);
	int64_t id;

	OK(cmf_subscribe(WORLD_CALL(&who, NULL), request, &id));
	OK(store_unit_commit(w.unit));
	cmf_principal_clear(&who);
	return store_unit_id(w.unit, id);
}

/* --- callbacks --- */

static const struct {
	const char *domain;
	const char *url;
	bool allowed;
} callbacks[] = {
	{"domain-a", "https://vnfm.operator-a.example/x", true},
	{"domain-a", "https://VNFM.Operator-A.Example:8443/x", true},
	{"domain-a", "http://127.0.0.1:8080/", true},
	{"domain-a", "https://[::1]/", true},
	{"domain-a", "https://operator-a.example/", false},
	{"domain-a", "https://vnfm.operator-a.example.evil.example/", false},
	{"domain-a", "https://evil.example/vnfm.operator-a.example", false},
	{"domain-a", "https://evil.example?vnfm.operator-a.example", false},
	{"domain-a", "https://vnfm.operator-a.example@evil.example/", false},
	{"domain-a", "https://evil.example#.operator-a.example", false},
	{"domain-a", "https://evil.example\\.operator-a.example", false},
	{"domain-a", "ftp://vnfm.operator-a.example/", false},
	{"domain-a", "vnfm.operator-a.example", false},
	{"domain-a", "", false},
	{"domain-b", "https://vnfm.operator-b.example/", false}, /* it has no callback_hosts */
	{"domain-c", "https://anywhere.example/", true},         /* no section: no limits */
};

START_TEST(test_callback_host)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_callback_allowed(w.conf, callbacks[_i].domain, callbacks[_i].url, &refusal);

	ck_assert_int_eq(err, callbacks[_i].allowed ? 0 : REFUSED);
	ck_assert_int_eq(refusal.reason,
			 callbacks[_i].allowed ? REFUSAL_NONE : REFUSAL_callback_not_allowed);
}
END_TEST

START_TEST(test_callback_url_is_bounded)
{
	struct refusal refusal = REFUSAL_NULL;
	char url[3000] = "https://vnfm.operator-a.example/";

	memset(url + strlen(url), 'x', sizeof(url) - strlen(url) - 1);
	ck_assert_int_eq(cmf_callback_allowed(w.conf, "domain-a", url, &refusal), REFUSED);
	url[2048] = '\0';
	OK(cmf_callback_allowed(w.conf, "domain-a", url, &refusal));
}
END_TEST

static const struct {
	const char *address;
	bool allowed;
} addresses[] = {
	{"8.8.8.8", true},          {"2606:4700:4700::1111", true},
	{"127.0.0.1", false},       {"::1", false},
	{"10.0.0.1", false},        {"10.1.2.3", true},
	{"10.2.0.0", false},        {"::ffff:10.1.2.3", true},
	{"::ffff:10.2.0.0", false}, {"169.254.169.254", false},
	{"fd00:1::5", true},        {"fd00:2::5", false},
	{"fe80::1", false},         {"192.168.1.1", false},
	{"0.0.0.0", false},
};

START_TEST(test_callback_address)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	const char *text = addresses[_i].address;
	bool v4 = inet_pton(AF_INET, text, &in.sin_addr) == 1;

	ck_assert(v4 || inet_pton(AF_INET6, text, &in6.sin6_addr) == 1);
	ck_assert_int_eq(cmf_callback_may_connect(&w.conf->events, v4 ? (void *)&in : (void *)&in6),
			 addresses[_i].allowed);
}
END_TEST

/* --- who may subscribe --- */

START_TEST(test_subscribe_once)
{
	struct cmf_subscribe other = plain;
	int64_t id, existing;

	CHECK_AS("vnfm-a", &plain, "none");
	id = subscribe_as("vnfm-a", &plain);
	ck_assert_int_eq(check_as("vnfm-a", &plain, &existing), REFUSAL_NONE);
	ck_assert_int_eq(existing, id);
	other.filter = "{}";
	CHECK_AS("vnfm-a", &other, "none");
	subscribe_as("vnfm-a", &other);
	/* [events] subscriptions_max; the same once more is none more. */
	ck_assert_int_eq(check_as("vnfm-a", &plain, &existing), REFUSAL_NONE);
	ck_assert_int_eq(existing, id);
	other.filter = "{ }";
	CHECK_AS("vnfm-a", &other, "subscriptions_max");
}
END_TEST

static const struct {
	struct cmf_subscribe request;
	const char *refusal;
} authentications[] = {
	{{.auth = STORE_CALLBACK_BASIC, .user_name = "u", .secret = {(const uint8_t *)"p", 1}},
	 "none"},
	{{.auth = STORE_CALLBACK_BASIC, .user_name = "u"}, "subscription_authentication"},
	{{.auth = STORE_CALLBACK_BASIC, .secret = {(const uint8_t *)"p", 1}},
	 "subscription_authentication"},
	/* RFC 7617 2 */
	{{.auth = STORE_CALLBACK_BASIC, .user_name = "u:v", .secret = {(const uint8_t *)"p", 1}},
	 "subscription_authentication"},
	{{.auth = STORE_CALLBACK_OAUTH2_SECRET,
	  .user_name = "id",
	  .secret = {(const uint8_t *)"p", 1},
	  .token_endpoint = "https://tokens.operator-a.example/"},
	 "none"},
	{{.auth = STORE_CALLBACK_OAUTH2_SECRET,
	  .user_name = "id",
	  .secret = {(const uint8_t *)"p", 1},
	  .token_endpoint = "https://tokens.evil.example/"},
	 "callback_not_allowed"},
	{{.auth = STORE_CALLBACK_OAUTH2_SECRET,
	  .user_name = "id",
	  .secret = {(const uint8_t *)"p", 1}},
	 "subscription_authentication"},
	/* [events] tls_certificate is not there. */
	{{.auth = STORE_CALLBACK_OAUTH2_CERT,
	  .user_name = "id",
	  .token_endpoint = "https://tokens.operator-a.example/"},
	 "subscription_authentication"},
};

START_TEST(test_authentication)
{
	struct cmf_subscribe request = authentications[_i].request;

	request.callback_uri = plain.callback_uri;
	request.filter = "";
	CHECK_AS("vnfm-a", &request, authentications[_i].refusal);
}
END_TEST

/* Neither one of the devices of a client nor who has a certificate and nothing else. */
START_TEST(test_only_clients_subscribe)
{
	struct cmf_principal who = principal_of("vnfm-a");
	struct refusal refusal = REFUSAL_NULL;
	int64_t existing;

	who.kind = CMF_PRINCIPAL_END_ENTITY;
	ck_assert_int_eq(cmf_subscribe_check(WORLD_CALL(&who, &refusal), &plain, &existing),
			 REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_client_not_permitted);
	who.kind = CMF_PRINCIPAL_CLIENT;
	who.entity = strdup("device");
	ck_assert_int_eq(cmf_subscribe_check(WORLD_CALL(&who, &refusal), &plain, &existing),
			 REFUSED);
	cmf_principal_clear(&who);
}
END_TEST

START_TEST(test_secret_is_sealed)
{
	struct cmf_subscribe request = plain;
	struct store_subscription row = {0};
	struct octets secret = OCTETS_NULL;
	int64_t id;

	request.auth = STORE_CALLBACK_BASIC;
	request.user_name = "u";
	request.secret = bytes_of_string("open sesame");
	id = subscribe_as("vnfm-a", &request);
	OK(store_subscription_get(w.reader, id, &row));
	ck_assert_ptr_null(memmem(row.secret.data, row.secret.len, "sesame", 6));
	OK(cmf_subscription_secret(w.cmf, &row, &secret));
	ck_assert(bytes_equal(octets_view(&secret), request.secret));
	octets_clear_secret(&secret);
	/* For this callback alone. */
	free(row.callback_uri);
	row.callback_uri = strdup("https://evil.example/");
	ck_assert_int_eq(cmf_subscription_secret(w.cmf, &row, &secret), -EBADMSG);
	store_subscription_clear(&row);
}
END_TEST

START_TEST(test_subscription_is_its_clients)
{
	struct cmf_principal a = principal_of("vnfm-a"), b = principal_of("vnfm-b");
	struct cmf_principal operator= {.kind = CMF_PRINCIPAL_ADMIN};
	struct refusal refusal = REFUSAL_NULL;
	struct store_subscription row = {0};
	int64_t id = subscribe_as("vnfm-a", &plain);

	ck_assert_int_eq(cmf_subscription_find(WORLD_CALL(&b, &refusal), id, &row),
			 STORE_NOT_FOUND);
	ck_assert_int_eq(cmf_unsubscribe(WORLD_CALL(&b, &refusal), id), STORE_NOT_FOUND);
	ck_assert(store_unit_empty(w.unit));
	OK(cmf_subscription_find(WORLD_CALL(&operator, & refusal), id, &row));
	store_subscription_clear(&row);
	OK(cmf_subscription_find(WORLD_CALL(&a, &refusal), id, &row));
	store_subscription_clear(&row);
	OK(cmf_unsubscribe(WORLD_CALL(&a, &refusal), id));
	OK(store_unit_commit(w.unit));
	ck_assert_int_eq(cmf_unsubscribe(WORLD_CALL(&a, &refusal), id), STORE_NOT_FOUND);
	cmf_principal_clear(&a);
	cmf_principal_clear(&b);
}
END_TEST

/* --- what is told --- */

struct told {
	char text[64];
	const char *client;
};

static int tell(void *arg, const struct store_event *event)
{
	static const char letters[] = "irvwxdcf";
	struct told *told = arg;
	struct cmf_principal who = principal_of(told->client);

	if (cmf_event_is_for(&who, event))
		told->text[strlen(told->text)] = letters[event->kind];
	cmf_principal_clear(&who);
	return 0;
}

static struct told told_to(const char *client, const char *domain)
{
	struct told told = {.client = client};

	OK(store_event_list(w.reader, domain, 0, 1000, tell, &told));
	return told;
}

#define TOLD(client, domain, expected) ck_assert_str_eq(told_to(client, domain).text, expected)

static void housekeeping(void)
{
	const struct cmf_worker worker = {w.reader, w.unit};
	bool more = true;

	for (int i = 0; more; i++) {
		ck_assert_int_lt(i, 100);
		OK(cmf_housekeeping(w.cmf, &worker, &more));
	}
}

/* A client hears of its own entities, a registration authority of all in its trust domain. */
START_TEST(test_event_is_for)
{
	client_add(&(struct client_spec){.name = "another-a",
					 .trust_domain = "domain-a",
					 .permissions = STORE_MAY_REGISTER | STORE_MAY_REQUEST,
					 .mac_reference = "other",
					 .mac_secret = "other secret"});
	subscribe_as("vnfm-a", &plain);
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	store_certificate_clear(&(struct store_certificate[]){
		certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-a", NULL)}[0]);
	TOLD("vnfm-a", "domain-a", "i");
	TOLD("ra-a", "domain-a", "i");
	TOLD("another-a", "domain-a", "");
	TOLD("vnfm-b", "domain-a", "");
}
END_TEST

/* 30d and 7d before the end, and then; each once, also if nothing ran for a while. */
START_TEST(test_certificates_end)
{
	struct store_certificate cert;

	subscribe_as("vnfm-a", &plain);
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	cert = certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-a", NULL);
	housekeeping();
	TOLD("vnfm-a", "domain-a", "i");
	w.now_ms = cert.not_after_ms - 30 * DAY_MS - 1;
	housekeeping();
	TOLD("vnfm-a", "domain-a", "i");
	w.now_ms += 1;
	housekeeping();
	housekeeping();
	TOLD("vnfm-a", "domain-a", "iw");
	w.now_ms = cert.not_after_ms - 7 * DAY_MS;
	housekeeping();
	TOLD("vnfm-a", "domain-a", "iww");
	w.now_ms = cert.not_after_ms;
	housekeeping();
	housekeeping();
	TOLD("vnfm-a", "domain-a", "iwwx");
	store_certificate_clear(&cert);
	/* Nothing ran: it has ended when that is seen. */
	cert = certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-a", NULL);
	housekeeping();
	w.now_ms = cert.not_after_ms + DAY_MS;
	housekeeping();
	TOLD("vnfm-a", "domain-a", "iwwxix");
	store_certificate_clear(&cert);
}
END_TEST

/* What came to its end while nobody listened is not told, and what was revoked does not end. */
START_TEST(test_endings_that_are_not_told)
{
	struct store_certificate old, revoked;

	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	old = certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-a", NULL);
	w.now_ms += 10 * DAY_MS;
	revoked = certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-a", NULL);
	OK(store_certificate_revoke(w.unit, revoked.id, STORE_CERT_ACTIVE, STORE_CERT_REVOKED, 0,
				    w.now_ms));
	OK(store_unit_commit(w.unit));
	w.now_ms = old.not_after_ms + DAY_MS;
	housekeeping();
	subscribe_as("vnfm-a", &plain);
	housekeeping();
	w.now_ms = revoked.not_after_ms + DAY_MS;
	housekeeping();
	TOLD("vnfm-a", "domain-a", "");
	store_certificate_clear(&old);
	store_certificate_clear(&revoked);
}
END_TEST

static Suite *events_suite(void)
{
	Suite *suite = suite_create("cmf_events");
	TCase *cases = tcase_create("events");

	tcase_add_checked_fixture(cases, setup, world_teardown);
	tcase_add_loop_test(cases, test_callback_host, 0, ARRAY_LEN(callbacks));
	tcase_add_test(cases, test_callback_url_is_bounded);
	tcase_add_loop_test(cases, test_callback_address, 0, ARRAY_LEN(addresses));
	tcase_add_test(cases, test_subscribe_once);
	tcase_add_loop_test(cases, test_authentication, 0, ARRAY_LEN(authentications));
	tcase_add_test(cases, test_only_clients_subscribe);
	tcase_add_test(cases, test_secret_is_sealed);
	tcase_add_test(cases, test_subscription_is_its_clients);
	tcase_add_test(cases, test_event_is_for);
	tcase_add_test(cases, test_certificates_end);
	tcase_add_test(cases, test_endings_that_are_not_told);
	suite_add_tcase(suite, cases);
	return suite;
}

SUITE_MAIN(events_suite, SUITE_FORKS)
