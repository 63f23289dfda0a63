// SPDX-License-Identifier: Apache-2.0
/*
 * Names that no entity gets: those of the CMF, its CAs and its clients, at each door of cmf/ and in
 * each spelling. The labels in the letters of the DNS are made by Python's codec "idna".
 */
#include "cmf_world.h"
#include "suite.h"

#include "base/name_fold.h"

#include <string.h>

/* --- how names compare --- */

static const struct {
	const char *name;
	const char *folded;
} foldings[] = {
	{"cmf", "cmf"},
	{"CMF", "cmf"},
	{" C  m\tf ", "c m f"}, /* RFC 4518 2.6.1 */
	{"cmf.example.net.", "cmf.example.net"},
	{"cmf...", "cmf"},
	{"\xef\xbd\x83\xef\xbd\x8d\xef\xbd\x86", "cmf"}, /* full width */
	{"c\xc2\xadm\xe2\x80\x8b"
	 "f",
	 "cmf"}, /* RFC 4518 2.2 */
	{"cmf\xe3\x80\x82"
	 "example",
	 "cmf.example"}, /* RFC 3490 3.1 */
	{"B\xc3\x9c"
	 "CHER.example",
	 "b\xc3\xbc"
	 "cher.example"},
	{"xn--bcher-kva.example", "b\xc3\xbc"
				  "cher.example"},
	{"XN--BCHER-KVA.EXAMPLE.", "b\xc3\xbc"
				   "cher.example"},
	{"a.xn--mnchen-3ya", "a.m\xc3\xbc"
			     "nchen"},
	{"xn--e1afmkfd", "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80"},
	/* RFC 4518 2.3: NFKC and case folding, in each script; by Python's unicodedata. */
	{"e\xcc\x81t\xc3\x89", "\xc3\xa9t\xc3\xa9"},
	{"\xef\xac\x81", "fi"},
	{"STRA\xc3\x9f"
	 "E",
	 "strasse"},
	{"\xd4\xb1\xd4\xb2", "\xd5\xa1\xd5\xa2"}, /* Armenian */
	{"\xce\xa3\xcf\x82", "\xcf\x83\xcf\x83"}, /* final sigma */
	{"\xe2\x84\xaa", "k"},                    /* Kelvin */
	{"xn--strae-oqa", "strasse"},
	/* What is no Punycode stays as it is. */
	{"xn--", "xn--"},
	{"xn--\xc3\xbc", "xn--\xc3\xbc"},
	{"xn--99999999", "xn--99999999"},
	{"xn--a", "\xc2\x80"},
	/* RFC 3492 6.2: "fail on any non-basic code point" before the delimiter */
	{"xn--b\xd0\xbf-kva", "xn--b\xd0\xbf-kva"},
	{"", ""},
	{"  . ", ""},
	{"\xff\xfe", "\xc3\xbf\xc3\xbe"},
};

START_TEST(test_fold_rfc5280_7)
{
	char *folded;

	ck_assert_int_eq(name_fold(bytes_of_string(foldings[_i].name), &folded), 0);
	ck_assert_str_eq(folded, foldings[_i].folded);
	free(folded);
}
END_TEST

/* No name, however broken, is read or written beyond its end: for the sanitizers. */
START_TEST(test_fold_any_octets)
{
	static const char *const seeds[] = {"xn--bcher-kva.xn--mnchen-3ya", "*.xn--e1afmkfd."};
	char *folded;

	for (size_t s = 0; s < ARRAY_LEN(seeds); s++) {
		size_t len = strlen(seeds[s]);

		for (size_t at = 0; at < len; at++) {
			for (int octet = 0; octet < 256; octet++) {
				_cleanup_(octets_clear) struct octets name = OCTETS_NULL;

				ck_assert_int_eq(octets_dup(bytes_of_string(seeds[s]), &name), 0);
				name.data[at] = (uint8_t)octet;
				ck_assert_int_eq(name_fold(octets_view(&name), &folded), 0);
				free(folded);
			}
		}
	}
}
END_TEST

/* RFC 6125 6.4.3 */
START_TEST(test_covers)
{
	ck_assert(name_covers("*.example.net", "cmf.example.net"));
	ck_assert(name_covers("c*.example.net", "cmf.example.net"));
	ck_assert(name_covers("c*f.example.net", "cmf.example.net"));
	ck_assert(name_covers("cmf*.example.net", "cmf.example.net"));
	ck_assert(!name_covers("cmf*mf.example.net", "cmf.example.net"));
	ck_assert(!name_covers("*.example.net", "a.cmf.example.net"));
	ck_assert(!name_covers("*.example.net", "example.net"));
	ck_assert(!name_covers("cmf.*.net", "cmf.example.net"));
	ck_assert(!name_covers("*", "cmf"));
}
END_TEST

/* --- registration --- */

/* Of the CAs: "root", "main CA", "second CA"; clients by name, subject and reference. */
static const struct {
	enum cert_type type;
	const char *id;
	bool reserved;
} ids[] = {
	{CERT_TYPE_VNFCI, "root", true},
	{CERT_TYPE_VNFCI, "ROOT", true},
	{CERT_TYPE_VNFCI, "root.", true},
	{CERT_TYPE_VNF_OAM, "root", true},
	{CERT_TYPE_VNFCI, "vnfm-a", true},
	{CERT_TYPE_VNFCI, "Vnfm-B", true},
	{CERT_TYPE_VNFCI, "ra-a", true},
	{CERT_TYPE_VNFCI, "ra-a-ref", true},
	{CERT_TYPE_MANO, "upstream.example.net", true},
	{CERT_TYPE_VNFCI, "upstream.example.net", true},
	{CERT_TYPE_VNFCI, "exact-1", true},
	{CERT_TYPE_VNFCI, "exact.example.net", true},
	{CERT_TYPE_VNFCI, "root2", false},
	{CERT_TYPE_VNFCI, "root.example.net", false},
	{CERT_TYPE_VNFCI, "vnfm-a-1", false},
	{CERT_TYPE_MANO, "nfvo.example.net", false},
};

static void more_clients(void)
{
	struct credential exact = credential_new(&(struct credential_spec){
		.subject = "/O=x/CN=exact-1", .san = "DNS:exact.example.net"});

	client_add(&(struct client_spec){.name = "exact", .trust_domain = "d", .exact = &exact});
	client_add(&(struct client_spec){.name = "nfvo",
					 .trust_domain = "domain-a",
					 .anchor = &w.issuing,
					 .subject = "/O=x/CN=NFVO.example.net",
					 .entity = "nfvo.example.net"});
	client_add(&(struct client_spec){.name = "upstream",
					 .trust_domain = "domain-a",
					 .anchor = &w.issuing,
					 .subject = "/CN=upstream.example.net"});
	credential_clear(&exact);
}

static enum refusal_reason register_id(const struct cmf_principal *who, enum cert_type type,
				       const char *id)
{
	struct cmf_register request = {
		.has_cert_type = true,
		.cert_type = type,
		.subject_ids = &id,
		.n_subject_ids = 1,
		.handling = type == CERT_TYPE_MANO ? CERT_HANDLING_NONE : CERT_HANDLING_DELEGATION};

	return register_as(who, &request);
}

START_TEST(test_register_reserved)
{
	struct cmf_principal client = principal_of("vnfm-a"), admin = admin_for("vnfm-a");
	enum refusal_reason reason = ids[_i].reserved ? REFUSAL_domain_limits : REFUSAL_NONE;

	more_clients();
	/* Neither by CMP nor by the operator. */
	ck_assert_str_eq(refusal_code(register_id(&client, ids[_i].type, ids[_i].id)),
			 refusal_code(reason));
	ck_assert_str_eq(refusal_code(register_id(&admin, ids[_i].type, ids[_i].id)),
			 refusal_code(reason));
	ck_assert_int_eq(world_count().registrations, ids[_i].reserved ? 0 : 1);
	cmf_principal_clear(&client);
	cmf_principal_clear(&admin);
}
END_TEST

START_TEST(test_register_on_ir_reserved)
{
	struct csr_spec ask = {.subject = "/CN=root", .profile = {"VnfciCert"}, .ir = true};

	ck_assert_str_eq(refusal_code(csr_as("vnfm-b", &ask)), "entity_not_authorized");
	ask.subject = "/CN=vnfm-a";
	ck_assert_str_eq(refusal_code(csr_as("vnfm-b", &ask)), "entity_not_authorized");
	ck_assert_int_eq(world_count().registrations, 0);
	ask.subject = "/CN=vnfci-1";
	ck_assert_str_eq(refusal_code(csr_as("vnfm-b", &ask)), "none");
}
END_TEST

/* --- names in certificates --- */

static const struct {
	const char *subject;
	const char *san;
	const char *reason;
} names[] = {
	{"/CN=other", NULL, "none"},
	{"/CN=Root", NULL, "template_subject_not_allowed"},
	{"/CN=main  CA", NULL, "template_subject_not_allowed"},
	{"/CN=\xef\xbd\x92oot", NULL, "template_subject_not_allowed"},
	{"/CN=upstream.example.net.", NULL, "template_subject_not_allowed"},
	{"/CN=*.example.net", NULL, "template_subject_not_allowed"},
	{"/CN=vnfm-b", NULL, "template_subject_not_allowed"},
	/* That of another entity, who is a client. */
	{"/CN=nfvo.example.net", NULL, "template_subject_not_allowed"},
	{"/CN=any", "DNS:other", "none"},
	{"/CN=any", "DNS:UPSTREAM.example.net", "template_san_not_allowed"},
	{"/CN=any", "DNS:vnfm-b", "template_san_not_allowed"},
	{"/CN=any", "IP:192.0.2.7", "template_san_not_allowed"},
	{"/CN=any", "IP:192.0.2.8", "none"},
	{"/CN=any", "IP:2001:db8:0::7", "template_san_not_allowed"},
};

START_TEST(test_names_reserved)
{
	struct credential exact = credential_new(&(struct credential_spec){
		.subject = "/O=x/CN=server", .san = "IP:192.0.2.7,IP:2001:db8::7"});
	struct csr_spec ask = {.subject = names[_i].subject,
			       .san = names[_i].san,
			       .profile = {"any"},
			       .vnfc_id = {"vnfci-1"}};
	struct cmf_principal who;
	const char *id = "vnfci-1";
	struct cmf_register request = {.has_cert_type = true,
				       .cert_type = CERT_TYPE_VNFCI,
				       .subject_ids = &id,
				       .n_subject_ids = 1,
				       .handling = CERT_HANDLING_DELEGATION,
				       .profile = "any"};

	more_clients();
	client_add(&(struct client_spec){.name = "server", .trust_domain = "d", .exact = &exact});
	world_reload("[profile any]\ncert_type = VnfciCert\nkey_types = ec:P-256\n"
		     "common_name = any\ndns_names = any\nip_addresses = 192.0.2.0/24, "
		     "2001:db8::/32\nextension_section = usage\n"
		     "[usage]\nkeyUsage = critical, digitalSignature\n");
	who = principal_of("vnfm-a");
	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &ask)), names[_i].reason);
	cmf_principal_clear(&who);
	credential_clear(&exact);
}
END_TEST

/* --- what is there already --- */

static int count_row(void *arg, const struct store_registration *reg, const char *who)
{
	int *n = arg;

	ck_assert_str_eq(reg->subject_id, "late");
	ck_assert_ptr_nonnull(who);
	(*n)++;
	return 0;
}

/* It stays, gets certificates, and is told. */
START_TEST(test_registration_of_before)
{
	struct csr_spec ask = {.subject = "/CN=late", .profile = {"VnfciCert"}};
	struct cmf_principal who = principal_of("vnfm-a");
	int n = 0;

	register_ok("vnfm-a", CERT_TYPE_VNFCI, "late");
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-1");
	ck_assert_int_eq(cmf_reserved_registrations(w.cmf, w.reader, count_row, &n), 0);
	ck_assert_int_eq(n, 0);
	client_add(&(struct client_spec){
		.name = "late", .trust_domain = "d", .mac_reference = "r", .mac_secret = "s"});
	ck_assert_int_eq(cmf_reserved_registrations(w.cmf, w.reader, count_row, &n), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(refusal_code(register_id(&who, CERT_TYPE_VNFCI, "late")), "none");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &ask)), "none");
	ck_assert_str_eq(refusal_code(register_id(&who, CERT_TYPE_VNF_OAM, "late")),
			 "domain_limits");
	cmf_principal_clear(&who);
}
END_TEST

/* A client is not added by the name of an entity that it is not. */
START_TEST(test_client_by_the_name_of_an_entity)
{
	static const struct {
		const char *name, *subject, *reference, *entity;
		bool taken;
	} rows[] = {
		{"new", "/CN=new", NULL, NULL, false},
		{"vnfci-1", "/CN=new", NULL, NULL, true},
		{"VNFCI-1", "/CN=new", NULL, NULL, true},
		{"new", "/O=x/CN=Vnfci-1.", NULL, NULL, true},
		{"new", NULL, "vnfci-1", NULL, true},
		{"vnfci-1", "/CN=vnfci-1", NULL, "vnfci-1", false},
		{"vnfci-1", "/CN=vnfci-1", NULL, "VNFCI-1", false},
		{"vnfci-1", "/CN=vnfci-2", NULL, "vnfci-1", true},
	};
	char *taken = NULL;

	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-1");
	register_ok("vnfm-a", CERT_TYPE_VNF_OAM, "vnfci-2");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *reference = rows[i].reference;
		struct store_credential credential = {
			.kind = reference ? STORE_CREDENTIAL_SECRET : STORE_CREDENTIAL_ANCHOR,
			.known_by = {(uint8_t *)(uintptr_t)reference,
				     reference ? strlen(reference) : 0},
			.subject = (char *)(uintptr_t)rows[i].subject};
		const struct store_client row = {
			.name = (char *)(uintptr_t)rows[i].name,
			.trust_domain = (char *)(uintptr_t) "domain-a",
			.entity = (char *)(uintptr_t)rows[i].entity,
			.credentials = &credential,
			.n_credentials = 1,
		};

		ck_assert_int_eq(cmf_client_name_taken(w.reader, &row, w.unit, &taken), 0);
		store_unit_clear(w.unit);
		ck_assert_msg((taken != NULL) == rows[i].taken, "row %zu", i);
		free(taken);
		taken = NULL;
	}
}
END_TEST

/* What `client add` decides. */
static void client_decide(struct store_unit *unit, bool taken)
{
	const struct store_client row = {.name = (char *)(uintptr_t) "late",
					 .trust_domain = (char *)(uintptr_t) "d"};
	char *name = NULL;

	ck_assert_int_eq(cmf_client_name_taken(w.reader, &row, unit, &name), 0);
	ck_assert_int_eq(name != NULL, taken);
	if (!taken)
		ck_assert_int_eq(store_client_insert(unit, &row), 0);
	else
		ck_assert_str_eq(name, "late");
	free(name);
}

/* Register, or an ir that registers, and `client add` of one name are both decided before either
 * is committed: who is second is refused when he decides again. */
START_TEST(test_register_and_client_add_at_once)
{
	const bool by_ir = _i / 2, client_first = _i % 2;
	const struct csr_spec ask = {.subject = "/CN=late", .ir = true};
	const char *who_name = by_ir ? "vnfm-b" : "vnfm-a";
	struct cmf_principal who = principal_of(who_name);
	struct cmf_csr_result result = {0};
	struct store_unit *adding;
	enum refusal_reason reason;

	ck_assert_int_eq(store_unit_new(w.store, &adding), 0);
	client_decide(adding, false);
	if (client_first) {
		w.interfering = adding;
		reason = by_ir ? csr(&who, &ask, &result)
			       : register_id(&who, CERT_TYPE_VNFCI, "late");
		ck_assert_str_eq(refusal_code(reason),
				 by_ir ? "entity_not_authorized" : "domain_limits");
	} else {
		reason = by_ir ? csr(&who, &ask, &result)
			       : register_id(&who, CERT_TYPE_VNFCI, "late");
		ck_assert_str_eq(refusal_code(reason), "none");
		ck_assert_int_eq(store_unit_commit(adding), STORE_CONFLICT);
		client_decide(adding, true);
	}
	store_unit_free(adding);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

static Suite *cmf_reserved_suite(void)
{
	Suite *suite = suite_create("cmf_reserved");
	TCase *text = tcase_create("names"), *tc = tcase_create("reserved");

	tcase_add_loop_test(text, test_fold_rfc5280_7, 0, ARRAY_LEN(foldings));
	tcase_add_test(text, test_fold_any_octets);
	tcase_add_test(text, test_covers);
	suite_add_tcase(suite, text);
	tcase_add_checked_fixture(tc, world_setup, world_teardown);
	tcase_add_loop_test(tc, test_register_reserved, 0, ARRAY_LEN(ids));
	tcase_add_test(tc, test_register_on_ir_reserved);
	tcase_add_loop_test(tc, test_names_reserved, 0, ARRAY_LEN(names));
	tcase_add_test(tc, test_registration_of_before);
	tcase_add_test(tc, test_client_by_the_name_of_an_entity);
	tcase_add_loop_test(tc, test_register_and_client_add_at_once, 0, 4);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_reserved_suite, SUITE_FORKS)
