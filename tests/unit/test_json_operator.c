// SPDX-License-Identifier: Apache-2.0
/*
 * The operator's JSON door, called through its routes as http/ does, over a whole CMF: strict
 * input, problems, pages, and that what it changes is what cmf/ and store/ then know.
 */
#include "cmf_world.h"
#include "suite.h"

#include "cmf/direct.h"

#include "operator/call.h"

#include <errno.h>
#include <openssl/pem.h>
#include <string.h>

static struct json_operator *served;
static struct cmf_worker own;

static const struct check_inventory *inventory_served; /* NULL: none */

static struct cmf_worker *worker_of(struct worker *unused, struct json_service *servicep)
{
	*servicep = (struct json_service){.cmf = w.cmf, .inventory = inventory_served};
	return &own;
}

static char *reload_problems; /* of the last reload; NULL: it took effect */

static void look(void *arg, struct json_process_state *statep)
{
	(void)arg;
	statep->started_ms = 1795420800000; /* 2026-11-23T08:00:00Z */
	statep->reloaded_ms = 1795424400000;
	if (reload_problems)
		statep->reload_problems = strdup(reload_problems);
}

static int reload(void *arg, uid_t uid, struct strbuf *problems)
{
	(void)arg;
	strbuf_add(problems, reload_problems ? reload_problems : "");
	return reload_problems ? -EINVAL : 0;
}

static const struct json_audit_place *audit_place; /* the one that there is */

static int audit_places(void *arg, json_audit_place_each *each, void *each_arg)
{
	(void)arg;
	return audit_place ? each(each_arg, audit_place) : 0;
}

static int node(void *arg, struct store_node *nodep)
{
	*nodep = (struct store_node){.name = strdup("cmf:8080"),
				     .address = strdup("192.0.2.1:8080"),
				     .version = strdup("1.2"),
				     .configuration = strdup("abc"),
				     .started_ms = 1795420800000,
				     .seen_ms = 1795424400000,
				     .is_here = true};
	return 0;
}

static struct json_process process = {
	.look = look, .reload = reload, .audit_places = audit_places, .node = node};

static void setup(void)
{
	world_setup();
	own = (struct cmf_worker){w.reader, w.unit};
	ck_assert_int_eq(json_operator_new(worker_of, &w.clock, NULL, &process, &served), 0);
}

static void teardown(void)
{
	json_operator_free(served);
	world_teardown();
}

/* --- asking --- */

/* The route that http/ would take, by its rules; NULL: 404. */
static const struct http_route *route_of(const char *path, const char **path_restp)
{
	size_t n;
	const struct http_route *routes = json_operator_routes(served, &n);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(routes[i].path);
		bool prefix = routes[i].path[len - 1] == '*';

		ck_assert_uint_eq(routes[i].groups, HTTP_ADMIN);
		if (prefix ? strncmp(path, routes[i].path, len - 1) == 0
			   : strcmp(path, routes[i].path) == 0) {
			*path_restp = path + len - prefix;
			return &routes[i];
		}
	}
	return NULL;
}

struct answer {
	int status;
	json_t *json;
	const char *allow;
};

static struct answer ask(enum http_method method, const char *path, const char *query,
			 const char *body)
{
	struct http_request request = {.method = method,
				       .path = path,
				       .query = query,
				       .body = bytes_of_string(body),
				       .peer = "unix"};
	struct http_response response = {.status = 200};
	const struct http_route *route = route_of(path, &request.path_rest);
	struct answer answer;

	ck_assert_ptr_nonnull(route);
	ck_assert(route->methods & method);
	route->handler(route->arg, NULL, &request, &response);
	answer = (struct answer){.status = response.status, .allow = response.allow};
	answer.json = json_loadb((char *)response.body.data, response.body.len, 0, NULL);
	ck_assert_ptr_nonnull(answer.json);
	ck_assert_str_eq(response.content_type,
			 response.status < 400 ? "application/json" : "application/problem+json");
	octets_clear(&response.body);
	return answer;
}

static int ask_status(enum http_method method, const char *path, const char *query,
		      const char *body)
{
	struct answer answer = ask(method, path, query, body);

	json_decref(answer.json);
	return answer.status;
}

static struct answer get(const char *path, const char *query)
{
	struct answer answer = ask(HTTP_GET, path, query, "");

	ck_assert_int_eq(answer.status, 200);
	return answer;
}

static const json_t *item(const struct answer *answer, size_t i)
{
	return json_array_get(json_object_get(answer->json, "items"), i);
}

static size_t item_count(const struct answer *answer)
{
	return json_array_size(json_object_get(answer->json, "items"));
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	ck_assert_msg(value != NULL, "no text in %s", key);
	return value;
}

/* --- input --- */

static const struct {
	const char *raw;
	int result;
	const char *value; /* of "a" */
} queries[] = {
	{"", 0, NULL},
	{"a=b", 0, "b"},
	{"x=1&a=b", 0, "b"},
	{"a=", 0, ""},
	{"a", 0, ""},
	{"a=%41%2f+%20%26", 0, "A/+ &"},
	{"a=b&", 0, "b"},
	{"&&a=b", 0, "b"},
	{"a=b=c", 0, "b=c"},
	{"a=%4", -EINVAL, NULL},
	{"a=%", -EINVAL, NULL},
	{"a=%zz", -EINVAL, NULL},
	{"a=%00", -EINVAL, NULL},
	{"a=%0a", -EINVAL, NULL},
	{"a=b&a=c", -EINVAL, NULL},
	{"a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q", -EINVAL, NULL}, /* 17 */
};

START_TEST(query_is_decoded_strictly)
{
	struct json_query query;

	ck_assert_int_eq(json_query_parse(queries[_i].raw, &query), queries[_i].result);
	if (queries[_i].value)
		ck_assert_str_eq(json_query_get(&query, "a"), queries[_i].value);
	else
		ck_assert_ptr_null(json_query_get(&query, "a"));
	json_query_clear(&query);
}
END_TEST

/* What is no request at all: HTTP 400, whoever asks. */
static const char *const bad_registers[] = {
	"",
	"[]",
	"null",
	"{",
	"{}",
	"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\"}",
	"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\", \"subject_ids\": []}",
	"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\", \"subject_ids\": \"x\"}",
	"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\", \"subject_ids\": [\"x\", 1]}",
	"{\"requester\": \"vnfm-a\", \"cert_type\": \"Vnfci\", \"subject_ids\": [\"x\"]}",
	"{\"requester\": \"vnfm-a\", \"cert_type\": 1, \"subject_ids\": [\"x\"]}",
	"{\"requester\": null, \"cert_type\": \"VnfciCert\", \"subject_ids\": [\"x\"]}",
	"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\", \"subject_ids\": [\"x\"], "
	"\"handling\": \"Direct\"}",
	"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\", \"subject_ids\": [\"x\"], "
	"\"handling\": \"delegation\", \"more\": 1}",
	"{\"requester\": \"vnfm-a\", \"requester\": \"vnfm-b\", \"cert_type\": \"VnfciCert\", "
	"\"subject_ids\": [\"x\"], \"handling\": \"delegation\"}",
	"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\", \"subject_ids\": "
	"[\"x\\u0000y\"], "
	"\"handling\": \"delegation\"}",
	"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\", \"subject_ids\": [\"x\"], "
	"\"handling\": \"delegation\"} trailing",
};

START_TEST(register_input_is_strict)
{
	struct world_count before = world_count();

	ck_assert_int_eq(ask_status(HTTP_POST, "/v1/registrations", "", bad_registers[_i]), 400);
	world_unchanged(before);
}
END_TEST

/* --- registrations --- */

START_TEST(register_is_seen_in_list_and_store)
{
	struct store_registration reg = {0};
	struct answer answer =
		ask(HTTP_POST, "/v1/registrations", "",
		    "{\"requester\": \"vnfm-a\", \"cert_type\": \"VNFCI_CERT\", "
		    "\"subject_ids\": [\"e1\", \"e2\"], \"handling\": \"delegation\"}");

	ck_assert_int_eq(answer.status, 200);
	ck_assert_int_eq(json_integer_value(json_object_get(answer.json, "registered")), 2);
	json_decref(answer.json);
	ck_assert_int_eq(store_registration_find(w.reader, ENTITY_A("e2"), CERT_TYPE_VNFCI, &reg),
			 0);
	ck_assert_str_eq(reg.manager, "vnfm-a");
	store_registration_clear(&reg);

	answer = get("/v1/registrations", "subject_id=e2");
	ck_assert_uint_eq(item_count(&answer), 1);
	ck_assert_str_eq(text(item(&answer, 0), "subject_id"), "e2");
	ck_assert_str_eq(text(item(&answer, 0), "cert_type"), "VnfciCert");
	ck_assert_str_eq(text(item(&answer, 0), "handling"), "delegation");
	ck_assert_str_eq(text(item(&answer, 0), "manager"), "vnfm-a");
	ck_assert_str_eq(text(item(&answer, 0), "trust_domain"), "domain-a");
	ck_assert_str_eq(text(item(&answer, 0), "profile"), "VnfciCert");
	ck_assert_str_eq(text(item(&answer, 0), "state"), "active");
	json_decref(answer.json);
}
END_TEST

static const struct {
	const char *body;
	int status;
	const char *failinfo;
	const char *reason;
} refused_registers[] = {
	{"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\", \"subject_ids\": [\"x\"], "
	 "\"handling\": \"direct\"}",
	 422, "badRequest", "handling_not_supported"},
	{"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\", \"subject_ids\": [\"x\"]}", 422,
	 "badRequest", "handling_missing"},
	{"{\"requester\": \"nobody-knows\", \"cert_type\": \"VnfciCert\", \"subject_ids\": "
	 "[\"x\"], "
	 "\"handling\": \"delegation\"}",
	 403, "notAuthorized", "client_unknown"},
	{"{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\", \"subject_ids\": [\"x\", "
	 "\"X\"], "
	 "\"handling\": \"delegation\"}",
	 422, "badRequest", "subject_id_duplicate"},
};

START_TEST(refusal_is_a_problem_and_changes_nothing)
{
	struct world_count before = world_count();
	struct answer answer = ask(HTTP_POST, "/v1/registrations", "", refused_registers[_i].body);

	ck_assert_int_eq(answer.status, refused_registers[_i].status);
	ck_assert_int_eq(json_integer_value(json_object_get(answer.json, "status")),
			 refused_registers[_i].status);
	ck_assert_str_eq(text(answer.json, "failInfo"), refused_registers[_i].failinfo);
	ck_assert_str_eq(text(answer.json, "reason"), refused_registers[_i].reason);
	ck_assert_uint_gt(strlen(text(answer.json, "title")), 0);
	ck_assert_uint_gt(strlen(text(answer.json, "detail")), 0);
	json_decref(answer.json);
	world_unchanged(before);
}
END_TEST

START_TEST(deregistered_is_listed_only_with_all)
{
	struct answer answer;

	register_ok("vnfm-a", CERT_TYPE_VNFCI, "e1");
	ck_assert_int_eq(ask_status(HTTP_DELETE, "/v1/registrations",
				    "cert_type=VnfciCert&subject_id=e1", ""),
			 200);
	ck_assert_int_eq(ask_status(HTTP_DELETE, "/v1/registrations",
				    "cert_type=VnfciCert&subject_id=e1", ""),
			 404);
	ck_assert_int_eq(ask_status(HTTP_DELETE, "/v1/registrations", "subject_id=e1", ""), 400);
	answer = get("/v1/registrations", "subject_id=e1");
	ck_assert_uint_eq(item_count(&answer), 0);
	json_decref(answer.json);
	answer = get("/v1/registrations", "subject_id=e1&all=1");
	ck_assert_uint_eq(item_count(&answer), 1);
	ck_assert_str_eq(text(item(&answer, 0), "state"), "deregistered");
	json_decref(answer.json);
}
END_TEST

START_TEST(list_goes_in_pages)
{
	static const size_t expected[] = {10, 10, 5};
	json_int_t after_id = 0, last_id = 0;

	for (int i = 0; i < 25; i++) {
		char name[16];

		snprintf(name, sizeof(name), "e%d", i);
		register_ok("vnfm-a", CERT_TYPE_VNFCI, name);
	}
	for (size_t page = 0; page < ARRAY_LEN(expected); page++) {
		char query[64];
		struct answer answer;

		snprintf(query, sizeof(query), "limit=10&after_id=%lld", (long long)after_id);
		answer = get("/v1/registrations", query);
		ck_assert_uint_eq(item_count(&answer), expected[page]);
		for (size_t i = 0; i < expected[page]; i++) {
			json_int_t id = json_integer_value(json_object_get(item(&answer, i), "id"));

			ck_assert_int_gt(id, last_id);
			last_id = id;
		}
		after_id = json_integer_value(json_object_get(answer.json, "next_after_id"));
		ck_assert_int_eq(after_id, page < 2 ? last_id : 0);
		json_decref(answer.json);
	}
}
END_TEST

/* --- certificates --- */

/* A row as it is while an upstream CA is asked, or with a serialNumber of our choice. */
static int64_t certificate_put_of(const char *ca, int64_t registration_id,
				  enum store_certificate_state state, struct bytes serial)
{
	static char requester[] = "vnfm-a", subject[] = "CN=e1";
	struct store_certificate cert = {.registration_id = registration_id,
					 .ca = (char *)ca,
					 .state = state,
					 .subject = subject,
					 .requester = requester,
					 .reason = STORE_REASON_NONE,
					 .not_before_ms = w.now_ms,
					 .not_after_ms = w.now_ms + DAY_MS,
					 .created_ms = w.now_ms};
	static const uint8_t der[] = {0x30, 0x00};

	if (serial.len) {
		ck_assert_int_eq(serial_of_content(serial, &cert.serial), 0);
		ck_assert_int_eq(octets_dup(BYTES_OF(der), &cert.der), 0);
	}
	ck_assert_int_eq(store_certificate_insert(w.unit, &cert, &cert.id), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	octets_clear(&cert.der);
	return store_unit_id(w.unit, cert.id);
}

static void certificate_put(int64_t registration_id, enum store_certificate_state state,
			    struct bytes serial)
{
	(void)certificate_put_of("main", registration_id, state, serial);
}

static int64_t registration_id(const char *subject_id)
{
	struct store_registration reg = {0};
	int64_t id;

	register_ok("vnfm-a", CERT_TYPE_VNFCI, subject_id);
	ck_assert_int_eq(
		store_registration_find(w.reader, ENTITY_A(subject_id), CERT_TYPE_VNFCI, &reg), 0);
	id = reg.id;
	store_registration_clear(&reg);
	return id;
}

START_TEST(pending_is_requested_and_pending_in_order)
{
	int64_t reg = registration_id("e1");
	static const uint8_t a[] = {1, 1}, b[] = {1, 2}, c[] = {1, 3};
	struct answer answer;
	json_int_t last_id = 0;

	certificate_put(reg, STORE_CERT_PENDING, BYTES_OF(a));
	certificate_put(reg, STORE_CERT_REQUESTED, BYTES_NULL);
	certificate_put(reg, STORE_CERT_ACTIVE, BYTES_OF(b));
	certificate_put(reg, STORE_CERT_PENDING, BYTES_OF(c));
	for (int page = 0; page < 2; page++) {
		char query[64];

		snprintf(query, sizeof(query), "state=pending&limit=2&after_id=%lld",
			 (long long)last_id);
		answer = get("/v1/certificates", query);
		ck_assert_uint_eq(item_count(&answer), page == 0 ? 2 : 1);
		for (size_t i = 0; i < item_count(&answer); i++) {
			json_int_t id = json_integer_value(json_object_get(item(&answer, i), "id"));

			ck_assert_str_eq(text(item(&answer, i), "state"), "pending");
			ck_assert_int_gt(id, last_id);
			last_id = id;
		}
		json_decref(answer.json);
	}
	answer = get("/v1/certificates", "subject_id=e1");
	ck_assert_uint_eq(item_count(&answer), 4);
	ck_assert(json_is_null(json_object_get(item(&answer, 1), "serial")));
	json_decref(answer.json);
}
END_TEST

/* RFC 5280 4.1.2.2: the content octets of a positive INTEGER may begin with a sign octet. */
/* RFC 5280 4.1.2.2: those of other CAs, too. As `openssl x509 -serial` shows them. */
START_TEST(serials_of_any_kind_are_shown_and_found)
{
	static const char *const serials[] = {
		"00",
		"7f",
		"80",
		"-80",
		"-ff",
		"7fffffffffffffffffffffffffffffffffffffff",
		"9f00ffeeddccbbaa99887766554433221100ffee",
		"ffffffffffffffffffffffffffffffffffffffffff",
	};
	int64_t registration = registration_id("e1");

	for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
		struct serial serial;

		ck_assert_int_eq(serial_of_hex(serials[i], &serial), 0);
		certificate_put(registration, STORE_CERT_ACTIVE, serial_view(&serial));
	}
	for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
		struct answer answer;
		char query[96];

		snprintf(query, sizeof(query), "serial=%s", serials[i]);
		answer = get("/v1/certificates", query);
		ck_assert_uint_eq(item_count(&answer), 1);
		ck_assert_str_eq(text(item(&answer, 0), "serial"), serials[i]);
		json_decref(answer.json);
	}
}
END_TEST

START_TEST(serial_is_shown_and_found_without_sign_octet)
{
	static const uint8_t serial[] = {0x00, 0xff, 0x01};
	static const char *const forms[] = {"serial=ff01", "serial=FF01", "serial=00ff01",
					    "serial=ff%3a01"};

	certificate_put(registration_id("e1"), STORE_CERT_ACTIVE, BYTES_OF(serial));
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct answer answer = get("/v1/certificates", forms[i]);

		ck_assert_uint_eq(item_count(&answer), 1);
		ck_assert_str_eq(text(item(&answer, 0), "serial"), "ff01");
		json_decref(answer.json);
	}
	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/certificates", "serial=xyz", ""), 400);
	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/certificates", "serial=", ""), 400);
}
END_TEST

START_TEST(certificate_is_active_then_expired)
{
	struct store_certificate cert;
	struct answer answer;

	register_ok("vnfm-a", CERT_TYPE_VNFCI, "e1");
	cert = certificate_issued("vnfm-a", "VnfciCert", "/CN=e1", NULL);
	answer = get("/v1/certificates", "state=active");
	ck_assert_uint_eq(item_count(&answer), 1);
	ck_assert_str_eq(text(item(&answer, 0), "subject_id"), "e1");
	ck_assert_str_eq(text(item(&answer, 0), "manager"), "vnfm-a");
	ck_assert_ptr_null(json_object_get(item(&answer, 0), "pem"));
	json_decref(answer.json);

	w.now_ms = cert.not_after_ms + 1000;
	answer = get("/v1/certificates", "state=active");
	ck_assert_uint_eq(item_count(&answer), 0);
	json_decref(answer.json);
	answer = get("/v1/certificates", "state=expired&pem=1");
	ck_assert_uint_eq(item_count(&answer), 1);
	ck_assert_str_eq(text(item(&answer, 0), "state"), "expired");
	ck_assert_ptr_nonnull(strstr(text(item(&answer, 0), "pem"), PEM_STRING_X509));
	json_decref(answer.json);
	store_certificate_clear(&cert);
}
END_TEST

static const struct {
	const char *ca;
	enum store_certificate_state state;
	const char *detail;
} not_given_up[] = {
	{"main", STORE_CERT_ACTIVE, "no upstream CA is asked to revoke it"},
	{"gone", STORE_CERT_REVOKED, "no upstream CA is asked to revoke it"},
	{"gone", STORE_CERT_REVOCATION_PENDING,
	 "its upstream CA is not in the configuration: put that section back, and give it up then"},
	{"main", STORE_CERT_REVOCATION_PENDING,
	 "its upstream CA is not in the configuration: put that section back, and give it up then"},
};

START_TEST(nothing_to_be_given_up)
{
	static const uint8_t serial[] = {1};
	struct answer answer;
	char path[64];

	snprintf(path, sizeof(path), "/v1/certificates/%lld/give-up",
		 (long long)certificate_put_of(not_given_up[_i].ca, registration_id("e1"),
					       not_given_up[_i].state, BYTES_OF(serial)));
	answer = ask(HTTP_POST, path, "", "");
	ck_assert_int_eq(answer.status, 409);
	ck_assert_str_eq(text(answer.json, "detail"), not_given_up[_i].detail);
	json_decref(answer.json);
}
END_TEST

START_TEST(revoke_once)
{
	struct store_certificate cert;
	struct answer answer;
	char path[64];

	register_ok("vnfm-a", CERT_TYPE_VNFCI, "e1");
	cert = certificate_issued("vnfm-a", "VnfciCert", "/CN=e1", NULL);
	snprintf(path, sizeof(path), "/v1/certificates/%lld/revoke", (long long)cert.id);
	ck_assert_int_eq(ask_status(HTTP_POST, path, "", "{\"reason\": \"bored\"}"), 400);
	ck_assert_int_eq(ask_status(HTTP_POST, path, "", "{\"because\": \"superseded\"}"), 400);
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_ACTIVE);

	answer = ask(HTTP_POST, path, "", "{\"reason\": \"superseded\"}");
	ck_assert_int_eq(answer.status, 200);
	ck_assert_str_eq(text(answer.json, "state"), "revoked");
	ck_assert_str_eq(text(answer.json, "revocation_reason"), "superseded");
	ck_assert_str_eq(text(answer.json, "revoked_at"), "2026-11-23T09:00:00Z");
	json_decref(answer.json);
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_REVOKED);

	answer = ask(HTTP_POST, path, "", "{}");
	ck_assert_int_eq(answer.status, 409);
	ck_assert_str_eq(text(answer.json, "failInfo"), "certRevoked");
	json_decref(answer.json);
	store_certificate_clear(&cert);
}
END_TEST

START_TEST(archived_key_is_shown_and_deleted)
{
	static uint8_t sealed[] = "sealed";
	struct store_archived_key key = {
		.created_ms = 1763888400000, .generated = true, .secret = {sealed, sizeof(sealed)}};
	struct store_certificate cert;
	struct answer answer;
	char path[64];

	register_ok("vnfm-a", CERT_TYPE_VNFCI, "e1");
	cert = certificate_issued("vnfm-a", "VnfciCert", "/CN=e1", NULL);
	snprintf(path, sizeof(path), "/v1/certificates/%lld", (long long)cert.id);
	answer = ask(HTTP_GET, path, "", "");
	ck_assert(json_is_null(json_object_get(answer.json, "archived_key")));
	json_decref(answer.json);

	key.certificate_id = cert.id;
	ck_assert_int_eq(store_archived_key_insert(w.unit, &key), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	answer = ask(HTTP_GET, "/v1/certificates", "pem=1", "");
	ck_assert_str_eq(text(item(&answer, 0), "archived_key"), "generated");
	ck_assert_str_eq(text(item(&answer, 0), "key_archived_at"), "2025-11-23T09:00:00Z");
	json_decref(answer.json);

	snprintf(path, sizeof(path), "/v1/certificates/%lld/delete-key", (long long)cert.id);
	answer = ask(HTTP_POST, path, "", "{}");
	ck_assert_int_eq(answer.status, 200);
	ck_assert(json_is_null(json_object_get(answer.json, "archived_key")));
	ck_assert_str_eq(text(answer.json, "state"), "active");
	json_decref(answer.json);
	answer = ask(HTTP_POST, path, "", "{}");
	ck_assert_int_eq(answer.status, 404);
	ck_assert_str_eq(text(answer.json, "reason"), "recovery_nothing");
	json_decref(answer.json);
	store_certificate_clear(&cert);
}
END_TEST

/* --- clients --- */

START_TEST(mac_client_is_known_to_cmf_until_removed)
{
	static const char body[] =
		"{\"name\": \"nfvo\", \"trust_domain\": \"mano\", \"may\": [\"request\"], "
		"\"default_profile\": \"ManoCert\", \"policy\": \"default\", "
		"\"mac_reference\": \"ref-1\", "
		"\"secret\": \"a long secret\"}";
	struct bytes reference = bytes_of_string("ref-1");
	struct cmf_principal who = {0};
	struct refusal refusal = REFUSAL_NULL;
	struct answer answer = ask(HTTP_POST, "/v1/clients", "", body);

	ck_assert_int_eq(answer.status, 201);
	ck_assert_ptr_null(json_object_get(answer.json, "secret"));
	ck_assert_str_eq(text(answer.json, "policy"), "default");
	json_decref(answer.json);
	ck_assert_int_eq(cmf_mac_client_find(WORLD_CALL(NULL, &refusal), reference, &who), 0);
	ck_assert_str_eq(who.name, "nfvo");
	ck_assert_str_eq(who.policy->name, "default");
	ck_assert_uint_eq(who.permissions, STORE_MAY_REQUEST);
	ck_assert_mem_eq(who.mac_secret.data, "a long secret", who.mac_secret.len);
	ck_assert_uint_eq(who.mac_secret.len, strlen("a long secret"));
	cmf_principal_clear(&who);

	ck_assert_int_eq(ask_status(HTTP_POST, "/v1/clients", "", body), 409);
	ck_assert_int_eq(ask_status(HTTP_DELETE, "/v1/clients/nfvo", "", ""), 200);
	ck_assert_int_eq(ask_status(HTTP_DELETE, "/v1/clients/nfvo", "", ""), 404);
	ck_assert_int_eq(cmf_mac_client_find(WORLD_CALL(NULL, &refusal), reference, &who), REFUSED);
}
END_TEST

static size_t clients_listed(void)
{
	struct answer answer = get("/v1/clients", "");
	size_t n = item_count(&answer);

	json_decref(answer.json);
	return n;
}

#define CLIENT "\"name\": \"c\", \"trust_domain\": \"d\", \"may\": [\"request\"]"
#define MAC    "\"mac_reference\": \"r\", \"secret\": \"long enough\""

static const struct {
	const char *body;
	int status;
} bad_clients[] = {
	{"{" CLIENT "}", 400},
	{"{" CLIENT ", \"mac_reference\": \"r\"}", 400},
	{"{" CLIENT ", \"secret\": \"long enough\"}", 400},
	{"{" CLIENT ", \"mac_reference\": \"r\", \"secret\": \"short\"}", 400},
	{"{" CLIENT ", \"mac_reference\": \"\", \"secret\": \"long enough\"}", 400},
	{"{" CLIENT ", \"mac_reference_hex\": \"\", \"secret\": \"long enough\"}", 400},
	{"{" CLIENT ", \"mac_reference_hex\": \"0\", \"secret\": \"long enough\"}", 400},
	{"{" CLIENT ", \"mac_reference_hex\": \"xy\", \"secret\": \"long enough\"}", 400},
	{"{" CLIENT ", \"mac_reference_hex\": \"00\", " MAC "}", 400},
	{"{" CLIENT ", \"oauth2_client\": \"\"}", 400},
	{"{" CLIENT ", \"oauth2_client\": \"a\", " MAC "}", 400},
	{"{" CLIENT ", " MAC ", \"not_after\": \"tomorrow\"}", 400},
	{"{" CLIENT ", " MAC ", \"not_after\": 1795424400}", 400},
	{"{" CLIENT ", " MAC ", \"not_before\": \"2026-11-23T08:00:00Z\", "
	 "\"not_after\": \"2026-11-23T08:00:00Z\"}",
	 400},
	{"{" CLIENT ", " MAC ", \"subject\": \"/CN=x\"}", 400},
	{"{" CLIENT ", " MAC ", \"trust_anchor\": \"x\"}", 400},
	{"{" CLIENT ", \"trust_anchor\": \"no certificate\"}", 400},
	{"{" CLIENT ", \"certificate\": \"no certificate\"}", 400},
	{"{" CLIENT ", " MAC ", \"permissions\": 255}", 400},
	{"{" CLIENT ", " MAC ", \"register_on_ir\": 1}", 400},
	{"{" CLIENT ", " MAC ", \"default_profile\": \"NoSuchProfile\"}", 422},
	{"{" CLIENT ", " MAC ", \"policy\": \"no-such-policy\"}", 422},
	{"{" CLIENT ", " MAC ", \"policy\": \"a/b\"}", 400},
	{"{\"name\": \"c\", \"trust_domain\": \"d\", \"may\": [], " MAC "}", 400},
	{"{\"name\": \"c\", \"trust_domain\": \"d\", \"may\": [\"all\"], " MAC "}", 400},
	{"{\"name\": \"c\", \"trust_domain\": \"d\", \"may\": \"request\", " MAC "}", 400},
	{"{\"name\": \"\", \"trust_domain\": \"d\", \"may\": [\"request\"], " MAC "}", 400},
	/* a name like the key of an end entity's transactions */
	{"{\"name\": \"certificate:main/01\", \"trust_domain\": \"d\", \"may\": [\"request\"], " MAC
	 "}",
	 400},
	{"{\"name\": \"a/b\", \"trust_domain\": \"d\", \"may\": [\"request\"], " MAC "}", 400},
	{"{\"name\": \"c\", \"trust_domain\": \"\", \"may\": [\"request\"], " MAC "}", 400},
};

START_TEST(client_input_is_strict)
{
	size_t before = clients_listed();

	ck_assert_int_eq(ask_status(HTTP_POST, "/v1/clients", "", bad_clients[_i].body),
			 bad_clients[_i].status);
	ck_assert_uint_eq(clients_listed(), before);
}
END_TEST

/* The body for a client under that anchor; the caller frees. */
static char *anchor_body(const struct credential *anchor, const char *subject)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem, *body;
	json_t *json;
	long len;

	ck_assert_int_eq(PEM_write_bio_X509(bio, anchor->cert), 1);
	len = BIO_get_mem_data(bio, &pem);
	json = json_pack("{s:s, s:s, s:[s], s:s%, s:s}", "name", "vnfm-x", "trust_domain",
			 "domain-x", "may", "request", "trust_anchor", pem, (size_t)len, "subject",
			 subject);
	body = json_dumps(json, 0);
	json_decref(json);
	BIO_free(bio);
	return body;
}

static const struct {
	const char *subject;
	int status;
} subjects[] = {
	{"/CN=vnfm-x", 201}, {"/O=Operator X/CN=vnfm-x", 201},
	{"CN=vnfm-x", 400},  {"", 400},
	{"/", 400},          {"/CN=", 400},
	{"/vnfm-x", 400},    {"/NoSuchType=x", 400},
};

START_TEST(subject_of_a_client_is_a_name)
{
	char *body = anchor_body(&w.anchor_a, subjects[_i].subject);
	struct answer answer = ask(HTTP_POST, "/v1/clients", "", body);

	ck_assert_int_eq(answer.status, subjects[_i].status);
	if (answer.status == 201) {
		ck_assert_uint_eq(json_array_size(json_object_get(answer.json, "credential")), 1);
		ck_assert_str_eq(
			text(json_array_get(json_object_get(answer.json, "credentials"), 0),
			     "kind"),
			"trust_anchor");
	}
	json_decref(answer.json);
	free(body);
}
END_TEST

/* As a client's own certificate, and as an anchor of it: Ed25519 and the identity of its curve. */
START_TEST(client_of_small_order)
{
	static const uint8_t identity[32] = {1};
	EVP_PKEY *weak = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, identity, 32);
	X509 *cert = X509_dup(w.anchor_a.cert);
	BIO *bio = BIO_new(BIO_s_mem());
	struct answer answer;
	char *pem, *body;
	json_t *json;
	long len;

	X509_set_pubkey(cert, weak);
	ck_assert_int_gt(X509_sign(cert, w.anchor_a.key, EVP_sha256()), 0);
	/* Behind a good one. */
	ck_assert_int_eq(PEM_write_bio_X509(bio, w.anchor_b.cert), 1);
	ck_assert_int_eq(PEM_write_bio_X509(bio, cert), 1);
	len = BIO_get_mem_data(bio, &pem);
	json = json_pack("{s:s, s:s, s:[s], s:s%}", "name", "weak", "trust_domain", "d", "may",
			 "request", _i ? "certificate" : "trust_anchor", pem, (size_t)len);
	body = json_dumps(json, 0);
	answer = ask(HTTP_POST, "/v1/clients", "", body);
	ck_assert_int_eq(answer.status, 400);
	ck_assert_ptr_nonnull(strstr(text(answer.json, "detail"), "small order"));
	json_decref(answer.json);
	json_decref(json);
	free(body);
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(weak);
}
END_TEST

/* --- paths, others --- */

static const struct {
	enum http_method method;
	const char *path;
	const char *query;
	int status;
} paths[] = {
	{HTTP_GET, "/v1/registrations", "nonsense=1", 400},
	{HTTP_GET, "/v1/registrations", "limit=0", 400},
	{HTTP_GET, "/v1/registrations", "limit=1001", 400},
	{HTTP_GET, "/v1/registrations", "limit=-1", 400},
	{HTTP_GET, "/v1/registrations", "after_id=x", 400},
	{HTTP_GET, "/v1/registrations", "cert_type=x", 400},
	{HTTP_GET, "/v1/registrations", "subject_id=%", 400},
	{HTTP_GET, "/v1/certificates", "state=great", 400},
	{HTTP_GET, "/v1/certificates/1", "", 404},
	{HTTP_GET, "/v1/certificates/", "", 404},
	{HTTP_GET, "/v1/certificates/x", "", 404},
	{HTTP_GET, "/v1/certificates/1/nonsense", "", 404},
	{HTTP_GET, "/v1/certificates/1/revoke", "", 405},
	{HTTP_POST, "/v1/certificates/1", "", 405},
	{HTTP_POST, "/v1/certificates/1/revoke", "", 400}, /* no JSON */
	{HTTP_GET, "/v1/certificates/1/give-up", "", 405},
	{HTTP_POST, "/v1/certificates/1/give-up", "x=1", 400},
	{HTTP_POST, "/v1/certificates/1/give-up", "", 404},
	{HTTP_GET, "/v1/certificates/1/delete-key", "", 405},
	{HTTP_POST, "/v1/certificates/1/delete-key", "x=1", 400},
	{HTTP_POST, "/v1/certificates/1/delete-key", "", 404},
	{HTTP_GET, "/v1/transactions", "state=great", 400},
	{HTTP_GET, "/v1/transactions/1", "", 404},
	{HTTP_GET, "/v1/transactions/99999999999999999999", "", 404},
	{HTTP_GET, "/v1/cas", "x=1", 400},
};

START_TEST(wrong_paths_and_queries)
{
	struct answer answer = ask(paths[_i].method, paths[_i].path, paths[_i].query, "");

	ck_assert_int_eq(answer.status, paths[_i].status);
	ck_assert(!answer.allow == (answer.status != 405));
	json_decref(answer.json);
}
END_TEST

START_TEST(cas_are_shown_with_chain)
{
	struct answer answer = get("/v1/cas", "");
	size_t n = ca_count(w.cas);

	ck_assert_uint_eq(item_count(&answer), n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(text(item(&answer, i), "name"), ca_name(ca_at(w.cas, i)));
		ck_assert_str_eq(text(item(&answer, i), "type"), "internal");
		ck_assert_uint_gt(json_array_size(json_object_get(item(&answer, i), "chain")), 0);
	}
	json_decref(answer.json);
}
END_TEST

START_TEST(audit_is_listed)
{
	struct answer answer;

	ck_assert_int_eq(
		ask_status(HTTP_POST, "/v1/registrations", "",
			   "{\"requester\": \"vnfm-a\", \"cert_type\": \"VnfciCert\","
			   " \"subject_ids\": [\"audited-1\"], \"handling\": \"delegation\"}"),
		200);
	answer = get("/v1/audit", "target=audited-1&actor=cmfctl&outcome=done&since=2020-01-01");
	ck_assert_uint_eq(item_count(&answer), 1);
	ck_assert_str_eq(text(item(&answer, 0), "actor_kind"), "operator");
	ck_assert_str_eq(text(item(&answer, 0), "action"), "register");
	ck_assert_str_eq(text(item(&answer, 0), "after"), "VnfciCert");
	ck_assert(json_is_null(json_object_get(item(&answer, 0), "before")));
	json_decref(answer.json);
	answer = get("/v1/audit", "since=2100-01-01T00:00:00Z");
	ck_assert_uint_eq(item_count(&answer), 0);
	json_decref(answer.json);
	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/audit", "since=yesterday", ""), 400);
	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/audit", "request_id=12", ""), 400);
	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/audit", "request_id=000000000000000G", ""), 400);
	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/audit", "who=x", ""), 400);
}
END_TEST

/* Retention is at work when the lines of a page were read, and before the page has been made. */
static bool purges;

int __real_store_audit_list(struct store_reader *r, const struct store_audit_filter *filter,
			    store_audit_each *each, void *arg);
int __wrap_store_audit_list(struct store_reader *r, const struct store_audit_filter *filter,
			    store_audit_each *each, void *arg);

int __wrap_store_audit_list(struct store_reader *r, const struct store_audit_filter *filter,
			    store_audit_each *each, void *arg)
{
	int err = __real_store_audit_list(r, filter, each, arg);
	bool more = true;

	if (!filter->of_chain || !purges)
		return err;
	purges = false;
	while (more)
		ck_assert_int_eq(cmf_housekeeping(w.cmf, &own, &more), 0);
	return err;
}

static void lines_put(int n)
{
	const struct store_audit line = {
		.time_ms = w.now_ms, .actor = "vnfm-a", .action = "test", .target = "one"};

	for (int i = 0; i < n; i++)
		ck_assert_int_eq(store_audit_add(w.unit, &line), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
}

static int64_t sequence_of(const json_t *object)
{
	return json_integer_value(json_object_get(object, "sequence"));
}

/* What a page begins with goes on from its `begin`, also where retention has just made that. */
START_TEST(audit_page_begins_behind_what_retention_left)
{
	struct answer answer;

	w.conf->retention.audit_ms = 30 * DAY_MS;
	lines_put(4);
	w.now_ms += 32 * DAY_MS;
	lines_put(3);
	purges = _i == 0;
	answer = get("/v1/audit", "chain=1&limit=6");
	ck_assert_int_eq(sequence_of(item(&answer, 0)), _i == 0 ? 5 : 1);
	ck_assert_int_eq(sequence_of(json_object_get(answer.json, "begin")), _i == 0 ? 4 : 0);
	json_decref(answer.json);
	/* A later page has one if nothing is left that is before it. */
	purges = _i == 1;
	answer = get("/v1/audit", "chain=1&limit=3&after_id=2");
	ck_assert_int_eq(sequence_of(item(&answer, 0)), 5);
	ck_assert_int_eq(sequence_of(json_object_get(answer.json, "begin")), 4);
	json_decref(answer.json);
	answer = get("/v1/audit", "chain=1&limit=3&after_id=5");
	ck_assert_int_eq(sequence_of(item(&answer, 0)), 6);
	ck_assert_ptr_null(json_object_get(answer.json, "begin"));
	json_decref(answer.json);
}
END_TEST

/* --- the process --- */

START_TEST(status_of_all)
{
	struct check_certificate lived_by[] = {
		{.what = "tls",
		 .key = "tls_certificate",
		 .section = (char *)"[server]",
		 .subject = (char *)"CN=cmf.example",
		 .not_after_ms = clock_now_ms(&w.clock) - 1000},
		{.what = "protection",
		 .key = "certificate",
		 .section = (char *)"[protection]",
		 .subject = (char *)"CN=cmf",
		 .not_after_ms = INT64_MAX / 2},
	};
	const struct check_inventory inventory = {lived_by, 2};
	const struct json_audit_place place = {.name = "file",
					       .path = "/a",
					       .written_id = 7,
					       .problem = "no room",
					       .problem_since_ms = 1795420800000};
	const json_t *list;
	struct answer answer;

	inventory_served = &inventory;
	audit_place = &place;
	reload_problems = (char *)"[server] foo: there is no such key\nand more\n";
	answer = get("/v1/status", "");
	ck_assert(json_is_true(json_object_get(answer.json, "running")));
	ck_assert_str_eq(text(answer.json, "started_at"), "2026-11-23T08:00:00Z");
	ck_assert_str_eq(text(answer.json, "reloaded_at"), "2026-11-23T09:00:00Z");
	list = json_object_get(answer.json, "own_certificates");
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(text(json_array_get(list, 0), "state"), "expired");
	ck_assert_str_eq(text(json_array_get(list, 1), "state"), "ok");
	list = json_object_get(answer.json, "problems");
	ck_assert_uint_eq(json_array_size(list), 5);
	ck_assert_str_eq(json_string_value(json_array_get(list, 4)),
			 "[audit] file: /a: no room, since 2026-11-23T08:00:00Z");
	ck_assert_str_eq(json_string_value(json_array_get(list, 1)),
			 "[server] foo: there is no such key");
	ck_assert_str_eq(json_string_value(json_array_get(list, 2)), "and more");
	ck_assert_ptr_nonnull(strstr(json_string_value(json_array_get(list, 3)), "expired at"));
	list = json_object_get(answer.json, "cas");
	ck_assert_uint_eq(json_array_size(list), ca_count(cmf_cas(w.cmf)));
	list = json_array_get(json_object_get(answer.json, "audit"), 0);
	ck_assert_str_eq(text(list, "place"), "file");
	ck_assert_int_eq(json_integer_value(json_object_get(list, "written_id")), 7);
	ck_assert_str_eq(text(list, "problem_since"), "2026-11-23T08:00:00Z");
	list = json_object_get(json_object_get(answer.json, "counts"), "certificates");
	ck_assert_int_eq(json_integer_value(json_object_get(list, "active")), 0);
	json_decref(answer.json);
	reload_problems = NULL;
	inventory_served = NULL;
	audit_place = NULL;
	answer = get("/v1/status", "");
	ck_assert_uint_eq(json_array_size(json_object_get(answer.json, "problems")), 0);
	json_decref(answer.json);
	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/status", "x=1", ""), 400);
}
END_TEST

/* The jobs of one that has the database for itself are not written down, nor has it another's clock
 * to be compared with. */
START_TEST(a_node_alone)
{
	struct answer answer = get("/v1/nodes", "");
	const json_t *row = json_array_get(json_object_get(answer.json, "items"), 0);

	ck_assert_uint_eq(json_array_size(json_object_get(answer.json, "items")), 1);
	ck_assert_str_eq(text(row, "name"), "cmf:8080");
	ck_assert_str_eq(text(row, "state"), "alive");
	ck_assert(json_is_true(json_object_get(row, "this")));
	ck_assert_str_eq(text(row, "started_at"), "2026-11-23T08:00:00Z");
	ck_assert_str_eq(text(row, "seen_at"), "2026-11-23T09:00:00Z");
	ck_assert_str_eq(text(row, "configuration"), "abc");
	ck_assert_str_eq(text(row, "configuration_compared"), "same");
	ck_assert(json_is_null(json_object_get(row, "jobs")));
	ck_assert(json_is_null(json_object_get(row, "clock_skew_ms")));
	json_decref(answer.json);
	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/nodes", "x=1", ""), 400);
}
END_TEST

START_TEST(reload_says_how_it_went)
{
	struct answer answer;

	ck_assert_int_eq(ask_status(HTTP_POST, "/v1/reload", "", "{}"), 200);
	reload_problems = (char *)"[server] foo: there is no such key";
	answer = ask(HTTP_POST, "/v1/reload", "", "{}");
	ck_assert_int_eq(answer.status, 409);
	ck_assert_str_eq(text(answer.json, "detail"), reload_problems);
	json_decref(answer.json);
	reload_problems = NULL;
}
END_TEST

/* --- direct mode --- */

static void direct_setup(void)
{
	world_setup_with("[vnfm sim]\napi_root = http://127.0.0.1:9890\ntrust_domain = domain-a\n"
			 "profile = VnfciCert\ncallback_uri = http://127.0.0.1:8080/lcm/sim\n"
			 "initial_credential = secret\n");
	own = (struct cmf_worker){w.reader, w.unit};
	ck_assert_int_eq(json_operator_new(worker_of, &w.clock, NULL, &process, &served), 0);
}

/* The VNF "vnf-1" with c-1, or 404. */
static void vnf_shows(bool there)
{
	struct cmf_vnfc vnfc = {.vnfc_id = (char *)"c-1", .resource_id = (char *)"r-1"};
	struct cmf_vnf vnf = {.vnf_instance_id = (char *)"vnf-1",
			      .vnfd_id = (char *)"vnfd-1",
			      .instantiated = true,
			      .vnfcs = &vnfc,
			      .n_vnfcs = 1};
	const struct cmf_direct_view view = {.vnf_instance_id = "vnf-1",
					     .vnf = there ? &vnf : NULL};
	struct cmf_direct_report report = {0};

	ck_assert_int_eq(
		cmf_direct_reconcile(w.cmf, &own, conf_vnfm_find(w.conf, "sim"), &view, &report),
		0);
}

START_TEST(vnfs_and_their_vnfcs)
{
	struct answer answer;

	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/vnfcs", "vnf_instance_id=vnf-1", ""), 404);
	vnf_shows(true);
	answer = get("/v1/vnfs", "vnfm=sim");
	ck_assert_uint_eq(item_count(&answer), 1);
	ck_assert_str_eq(text(item(&answer, 0), "vnf_instance_id"), "vnf-1");
	ck_assert_str_eq(text(item(&answer, 0), "vnfd_id"), "vnfd-1");
	ck_assert_str_eq(text(item(&answer, 0), "identified_by"), "vnfcInfo");
	ck_assert_int_eq(json_integer_value(json_object_get(item(&answer, 0), "vnfcs")), 1);
	json_decref(answer.json);
	answer = get("/v1/vnfs", "vnfm=other");
	ck_assert_uint_eq(item_count(&answer), 0);
	json_decref(answer.json);
	answer = get("/v1/vnfcs", "vnf_instance_id=vnf-1");
	ck_assert_uint_eq(item_count(&answer), 1);
	ck_assert_str_eq(text(item(&answer, 0), "subject_id"), "c-1");
	ck_assert_str_eq(text(item(&answer, 0), "resource_id"), "r-1");
	ck_assert_str_eq(text(item(&answer, 0), "state"), "present");
	ck_assert_str_eq(text(item(&answer, 0), "one_time_secret_until"), "2026-11-24T09:00:00Z");
	json_decref(answer.json);
	answer = get("/v1/registrations", "vnf_instance_id=vnf-1");
	ck_assert_str_eq(text(item(&answer, 0), "source"), "vnfm sim");
	ck_assert_str_eq(text(item(&answer, 0), "handling"), "direct");
	ck_assert(json_is_null(json_object_get(item(&answer, 0), "manager")));
	json_decref(answer.json);
	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/vnfcs", "", ""), 400);
	ck_assert_int_eq(ask_status(HTTP_GET, "/v1/vnfcs", "vnf_instance_id=vnf-1&x=1", ""), 400);
}
END_TEST

START_TEST(what_is_held_back_is_approved)
{
	struct answer answer;

	vnf_shows(true);
	vnf_shows(false);
	answer = get("/v1/vnfms", "");
	ck_assert_uint_eq(item_count(&answer), 1);
	ck_assert_str_eq(text(item(&answer, 0), "name"), "sim");
	ck_assert_int_eq(json_integer_value(json_object_get(item(&answer, 0), "held")), 1);
	json_decref(answer.json);
	ck_assert_int_eq(ask_status(HTTP_POST, "/v1/vnfms/other/approve", "", ""), 404);
	ck_assert_int_eq(ask_status(HTTP_POST, "/v1/vnfms/sim/else", "", ""), 404);
	ck_assert_int_eq(ask_status(HTTP_POST, "/v1/vnfms/sim/resync", "", "{\"dry_run\": 1}"),
			 400);
	/* Nobody follows it in this test. */
	ck_assert_int_eq(ask_status(HTTP_POST, "/v1/vnfms/sim/resync", "", "{}"), 503);
	answer = ask(HTTP_POST, "/v1/vnfms/sim/approve", "", "");
	ck_assert_int_eq(answer.status, 200);
	ck_assert_int_eq(json_integer_value(json_object_get(answer.json, "approved")), 1);
	json_decref(answer.json);
	answer = get("/v1/vnfcs", "vnf_instance_id=vnf-1");
	ck_assert_str_eq(text(item(&answer, 0), "state"), "gone, ending");
	json_decref(answer.json);
	answer = get("/v1/audit", "action=approve%20ends");
	ck_assert_uint_eq(item_count(&answer), 1);
	json_decref(answer.json);
}
END_TEST

START_TEST(a_vnfm_that_is_no_longer_configured_is_forgotten)
{
	struct answer answer;

	vnf_shows(true);
	ck_assert_int_eq(ask_status(HTTP_DELETE, "/v1/vnfms/sim", "", ""), 409);
	ck_assert_int_eq(ask_status(HTTP_DELETE, "/v1/vnfms/other", "", ""), 404);
	ck_assert_int_eq(ask_status(HTTP_DELETE, "/v1/vnfms/sim/approve", "", ""), 404);
	world_reload("[profile VnfciCert]\nkey_types = ec:P-256\nextension_section = ext\n");
	answer = get("/v1/vnfms", "");
	ck_assert_uint_eq(item_count(&answer), 1);
	ck_assert_str_eq(text(item(&answer, 0), "name"), "sim");
	ck_assert(json_is_false(json_object_get(item(&answer, 0), "configured")));
	ck_assert_int_eq(json_integer_value(json_object_get(item(&answer, 0), "vnfcs")), 1);
	json_decref(answer.json);
	answer = ask(HTTP_DELETE, "/v1/vnfms/sim", "", "");
	ck_assert_int_eq(answer.status, 200);
	ck_assert_int_eq(json_integer_value(json_object_get(answer.json, "vnfcs")), 1);
	json_decref(answer.json);
	answer = get("/v1/vnfms", "");
	ck_assert_uint_eq(item_count(&answer), 0);
	json_decref(answer.json);
	answer = get("/v1/registrations", "vnf_instance_id=vnf-1");
	ck_assert_uint_eq(item_count(&answer), 1);
	json_decref(answer.json);
	answer = get("/v1/audit", "action=forget%20vnfm");
	ck_assert_uint_eq(item_count(&answer), 1);
	json_decref(answer.json);
}
END_TEST

static Suite *operator_suite(void)
{
	Suite *suite = suite_create("json operator");
	TCase *pure = tcase_create("input"), *asked = tcase_create("door"),
	      *direct = tcase_create("direct mode");

	tcase_add_loop_test(pure, query_is_decoded_strictly, 0, ARRAY_LEN(queries));
	tcase_add_checked_fixture(asked, setup, teardown);
	tcase_add_loop_test(asked, register_input_is_strict, 0, ARRAY_LEN(bad_registers));
	tcase_add_test(asked, register_is_seen_in_list_and_store);
	tcase_add_loop_test(asked, refusal_is_a_problem_and_changes_nothing, 0,
			    ARRAY_LEN(refused_registers));
	tcase_add_test(asked, deregistered_is_listed_only_with_all);
	tcase_add_test(asked, list_goes_in_pages);
	tcase_add_test(asked, pending_is_requested_and_pending_in_order);
	tcase_add_test(asked, serials_of_any_kind_are_shown_and_found);
	tcase_add_test(asked, serial_is_shown_and_found_without_sign_octet);
	tcase_add_test(asked, certificate_is_active_then_expired);
	tcase_add_loop_test(asked, nothing_to_be_given_up, 0, ARRAY_LEN(not_given_up));
	tcase_add_test(asked, revoke_once);
	tcase_add_test(asked, archived_key_is_shown_and_deleted);
	tcase_add_test(asked, mac_client_is_known_to_cmf_until_removed);
	tcase_add_loop_test(asked, client_input_is_strict, 0, ARRAY_LEN(bad_clients));
	tcase_add_loop_test(asked, subject_of_a_client_is_a_name, 0, ARRAY_LEN(subjects));
	tcase_add_loop_test(asked, client_of_small_order, 0, 2);
	tcase_add_loop_test(asked, wrong_paths_and_queries, 0, ARRAY_LEN(paths));
	tcase_add_test(asked, cas_are_shown_with_chain);
	tcase_add_test(asked, audit_is_listed);
	tcase_add_loop_test(asked, audit_page_begins_behind_what_retention_left, 0, 2);
	tcase_add_test(asked, status_of_all);
	tcase_add_test(asked, reload_says_how_it_went);
	tcase_add_test(asked, a_node_alone);
	suite_add_tcase(suite, pure);
	suite_add_tcase(suite, asked);
	tcase_add_checked_fixture(direct, direct_setup, teardown);
	tcase_add_test(direct, vnfs_and_their_vnfcs);
	tcase_add_test(direct, what_is_held_back_is_approved);
	tcase_add_test(direct, a_vnfm_that_is_no_longer_configured_is_forgotten);
	suite_add_tcase(suite, direct);
	return suite;
}

SUITE_MAIN(operator_suite, SUITE_FORKS)
