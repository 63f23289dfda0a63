// SPDX-License-Identifier: Apache-2.0
/* Register, IFA 033 11.2.2: who may register what, all or nothing, and deregistration. */
#include "cmf_world.h"
#include "suite.h"

#include <string.h>

#define IDS(...)            \
	{                   \
		__VA_ARGS__ \
	}

/* Registered before each case: by vnfm-a vnfci-a, host.site, and vnfc-9 of vnf-9 (VNFCI), and
 * nfvo.example.net (MANO); by vnfm-b vnfci-b (VNFCI). */
static const struct register_case {
	const char *name;
	const char *client;
	bool admin;
	bool no_type;
	enum cert_type type;
	const char *vnf_instance;
	const char *ids[7];
	enum cert_handling handling;
	const char *profile;
	const char *ca;
	const char *reason;
	int added;
	const char *in_ca; /* of the first id, where granted */
} cases[] = {
#define VNFCI .type = CERT_TYPE_VNFCI, .handling = CERT_HANDLING_DELEGATION
#define OAM   .type = CERT_TYPE_VNF_OAM, .handling = CERT_HANDLING_DELEGATION
#define MANO  .type = CERT_TYPE_MANO, .handling = CERT_HANDLING_NONE
	{"one", "vnfm-a", VNFCI, .ids = IDS("x1"), .reason = "none", .added = 1, .in_ca = "main"},
	{"several", "vnfm-a", VNFCI, .ids = IDS("x1", "x2", "x3"), .reason = "none", .added = 3},
	{"mano", "vnfm-a", MANO, .ids = IDS("vnfm-a.example.net"), .reason = "none", .added = 1},
	{"oam beside vnfci", "vnfm-a", OAM, .ids = IDS("vnfci-a"), .reason = "none", .added = 1},
	{"CA by rule", "vnfm-b", OAM, .ids = IDS("x1"), .reason = "none", .added = 1,
	 .in_ca = "second"},
	{"CA by another domain", "vnfm-a", OAM, .ids = IDS("x1"), .reason = "none", .added = 1,
	 .in_ca = "main"},
	{"CA named by operator", "operator-a", VNFCI, .ids = IDS("x1"), .ca = "second",
	 .reason = "none", .added = 1, .in_ca = "second"},
	{"CA named by admin", "vnfm-a", .admin = true, VNFCI, .ids = IDS("x1"), .ca = "second",
	 .reason = "none", .added = 1, .in_ca = "second"},
	{"admin for a client that may not", "nobody", .admin = true, VNFCI, .ids = IDS("x1"),
	 .reason = "none", .added = 1},
	{"profile", "vnfm-a", VNFCI, .ids = IDS("x1"), .profile = "vnfci-any", .reason = "none",
	 .added = 1},
	{"profile in stage-3 spelling", "vnfm-a", VNFCI, .ids = IDS("x1"), .profile = "VNFCI_CERT",
	 .reason = "none", .added = 1},
	{"again", "vnfm-a", VNFCI, .ids = IDS("vnfci-a"), .reason = "none", .added = 0},
	{"again in another case", "vnfm-a", VNFCI, .ids = IDS("VNFCI-A"), .reason = "none",
	 .added = 0},
	{"again and new", "vnfm-a", VNFCI, .ids = IDS("vnfci-a", "x1"), .reason = "none",
	 .added = 1},

	{"may not", "nobody", VNFCI, .ids = IDS("x1"), .reason = "client_not_permitted"},
	{"RA without permission", "ra-a", VNFCI, .ids = IDS("x1"),
	 .reason = "client_not_permitted"},
	{"CA named by client", "vnfm-a", VNFCI, .ids = IDS("x1"), .ca = "second",
	 .reason = "client_not_permitted"},
	{"no certType", "vnfm-a", .no_type = true, VNFCI, .ids = IDS("x1"),
	 .reason = "cert_type_missing"},
	{"unknown profile", "vnfm-a", VNFCI, .ids = IDS("x1"), .profile = "nonsense",
	 .reason = "cert_type_unknown"},
	{"profile of another certType", "vnfm-a", VNFCI, .ids = IDS("x1"), .profile = "VnfOAMCert",
	 .reason = "profile_cert_type_mismatch"},
	{"unknown CA", "operator-a", VNFCI, .ids = IDS("x1"), .ca = "third",
	 .reason = "ca_not_configured"},
	{"no subjectId", "vnfm-a", VNFCI, .ids = IDS(NULL), .reason = "register_malformed"},
	{"too many", "vnfm-a", VNFCI, .ids = IDS("x1", "x2", "x3", "x4", "x5", "x6"),
	 .reason = "subject_ids_too_many"},
	{"handling missing", "vnfm-a", .type = CERT_TYPE_VNFCI, .handling = CERT_HANDLING_NONE,
	 .ids = IDS("x1"), .reason = "handling_missing"},
	{"handling missing, OAM", "vnfm-a", .type = CERT_TYPE_VNF_OAM,
	 .handling = CERT_HANDLING_NONE, .ids = IDS("x1"), .reason = "handling_missing"},
	{"direct mode", "vnfm-a", .type = CERT_TYPE_VNFCI, .handling = CERT_HANDLING_DIRECT,
	 .ids = IDS("x1"), .reason = "handling_not_supported"},
	{"handling for MANO", "vnfm-a", .type = CERT_TYPE_MANO,
	 .handling = CERT_HANDLING_DELEGATION, .ids = IDS("a.example.net"),
	 .reason = "handling_unexpected"},
	{"subjectId invalid", "vnfm-a", VNFCI, .ids = IDS("x1", "x\t2"),
	 .reason = "subject_id_invalid"},
	{"MANO not qualified", "vnfm-a", MANO, .ids = IDS("nfvo"), .reason = "subject_id_no_fqdn"},
	{"duplicate", "vnfm-a", VNFCI, .ids = IDS("x1", "x2", "x1"),
	 .reason = "subject_id_duplicate"},
	{"duplicate in another case", "vnfm-a", VNFCI, .ids = IDS("x1", "X1"),
	 .reason = "subject_id_duplicate"},
	{"another's", "vnfm-c", VNFCI, .ids = IDS("vnfci-a"),
	 .reason = "entity_of_another_manager"},
	{"another's in another case", "vnfm-c", VNFCI, .ids = IDS("Vnfci-A"),
	 .reason = "entity_of_another_manager"},
	{"another's among new ones", "vnfm-c", VNFCI, .ids = IDS("x1", "vnfci-a", "x2"),
	 .reason = "entity_of_another_manager"},
	{"another's, not even by the RA of its domain's operator", "operator-a", VNFCI,
	 .ids = IDS("vnfci-a"), .reason = "entity_of_another_manager"},
	{"another's under another certType", "vnfm-c", OAM, .ids = IDS("vnfci-a"),
	 .reason = "entity_of_another_manager"},
	{"a name whose first label is another's id", "vnfm-c", VNFCI,
	 .ids = IDS("vnfci-a.example.net"), .reason = "domain_limits"},
	{"an FQDN whose first label is another's id", "vnfm-c", MANO,
	 .ids = IDS("vnfci-a.example.net"), .reason = "domain_limits"},
	/* Each trust domain is a name space of its own. */
	{"another domain's", "vnfm-b", VNFCI, .ids = IDS("vnfci-a"), .reason = "none", .added = 1},
	{"another domain's under another certType", "vnfm-b", OAM, .ids = IDS("vnfci-a"),
	 .reason = "none", .added = 1},
	{"a name whose first label is another domain's id", "vnfm-b", VNFCI,
	 .ids = IDS("vnfci-a.example.net"), .reason = "none", .added = 1},
	/* So is each VNF instance, whoever manages it. */
	{"in a VNF instance", "vnfm-a", VNFCI, .vnf_instance = "vnf-1", .ids = IDS("vnfci-a"),
	 .reason = "none", .added = 1},
	{"another's, in a VNF instance", "vnfm-c", VNFCI, .vnf_instance = "vnf-1",
	 .ids = IDS("vnfci-a", "vnfci-a.example.net"), .reason = "none", .added = 2},
	{"again in its VNF instance", "vnfm-a", VNFCI, .vnf_instance = "vnf-9",
	 .ids = IDS("vnfc-9"), .reason = "none", .added = 0},
	{"another's in its VNF instance", "vnfm-c", VNFCI, .vnf_instance = "vnf-9",
	 .ids = IDS("vnfc-9"), .reason = "entity_of_another_manager"},
	{"a label of another's in its VNF instance", "vnfm-c", VNFCI, .vnf_instance = "vnf-9",
	 .ids = IDS("vnfc-9.example.net"), .reason = "domain_limits"},
	{"vnfInstanceId with a control character", "vnfm-a", VNFCI, .vnf_instance = "vnf\n1",
	 .ids = IDS("x1"), .reason = "vnf_instance_invalid"},
	{"other profile than before", "vnfm-a", VNFCI, .ids = IDS("vnfci-a"),
	 .profile = "vnfci-any", .reason = "registration_conflict"},
	{"other CA than before", "vnfm-a", .admin = true, VNFCI, .ids = IDS("vnfci-a"),
	 .ca = "second", .reason = "registration_conflict"},
};

static void register_before(void)
{
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "host.site");
	register_ok("vnfm-a", CERT_TYPE_MANO, "nfvo.example.net");
	register_in("vnfm-a", CERT_TYPE_VNFCI, "vnf-9", "vnfc-9");
	register_ok("vnfm-b", CERT_TYPE_VNFCI, "vnfci-b");
}

START_TEST(test_register_ifa033_11_2_2)
{
	const struct register_case *c = &cases[_i];
	struct cmf_principal who;
	struct store_registration reg = {0};
	struct store_entity entity;
	struct world_count before;
	struct cmf_register request = {
		.has_cert_type = !c->no_type,
		.cert_type = c->type,
		.vnf_instance = c->vnf_instance,
		.subject_ids = c->ids,
		.handling = c->handling,
		.profile = c->profile,
		.ca = c->ca,
	};

	register_before();
	before = world_count();
	who = c->admin ? admin_for(c->client) : principal_of(c->client);
	while (request.n_subject_ids < ARRAY_LEN(c->ids) && c->ids[request.n_subject_ids])
		request.n_subject_ids++;
	ck_assert_msg(strcmp(refusal_code(register_as(&who, &request)), c->reason) == 0, "%s",
		      c->name);
	entity = (struct store_entity){strcmp(c->client, "vnfm-b") ? "domain-a" : "domain-b",
				       c->vnf_instance ? c->vnf_instance : "", c->ids[0]};
	cmf_principal_clear(&who);
	before.registrations += c->added;
	world_unchanged(before);
	if (strcmp(c->reason, "none") != 0)
		return;
	ck_assert_int_eq(store_registration_find(w.reader, &entity, c->type, &reg), 0);
	ck_assert_str_eq(reg.manager, c->client);
	ck_assert_int_eq(reg.handling, c->handling);
	if (c->in_ca)
		ck_assert_str_eq(reg.ca, c->in_ca);
	if (c->profile && strcmp(c->profile, "VNFCI_CERT") != 0)
		ck_assert_str_eq(reg.profile, c->profile);
	store_registration_clear(&reg);
}
END_TEST

/* Two managers decide at the same time: the second one's unit conflicts and is decided again. */
START_TEST(test_register_race)
{
	const char *id = "x1";
	struct cmf_principal a = principal_of("vnfm-a"), b = principal_of("vnfm-c");
	const struct cmf_register request = {.has_cert_type = true,
					     .cert_type = CERT_TYPE_VNFCI,
					     .subject_ids = &id,
					     .n_subject_ids = 1,
					     .handling = CERT_HANDLING_DELEGATION};
	_cleanup_(store_unit_freep) struct store_unit *other = NULL;
	struct refusal refusal = REFUSAL_NULL;

	ck_assert_int_eq(store_unit_new(w.store, &other), 0);
	ck_assert_int_eq(cmf_register(CMF_CALL(w.cmf, w.reader, other, &b, &refusal), &request), 0);
	ck_assert_str_eq(refusal_code(register_as(&a, &request)), "none");
	ck_assert_int_eq(store_unit_commit(other), STORE_CONFLICT);
	ck_assert_str_eq(refusal_code(register_as(&b, &request)), "entity_of_another_manager");
	ck_assert_int_eq(world_count().registrations, 1);
	cmf_principal_clear(&a);
	cmf_principal_clear(&b);
}
END_TEST

static const struct {
	const char *client;
	bool admin;
	enum cert_type type;
	const char *id;
	const char *reason;
} deregister_cases[] = {
	{"vnfm-a", false, CERT_TYPE_VNFCI, "vnfci-a", "none"},
	{"ra-a", false, CERT_TYPE_VNFCI, "vnfci-a", "none"},
	{"operator-a", false, CERT_TYPE_VNFCI, "vnfci-a", "none"},
	{"vnfm-b", true, CERT_TYPE_VNFCI, "vnfci-a", "none"},
	{"vnfm-b", false, CERT_TYPE_VNFCI, "vnfci-a", "entity_not_authorized"},
	{"ra-b", false, CERT_TYPE_VNFCI, "vnfci-a", "entity_not_authorized"},
	{"vnfm-a", false, CERT_TYPE_VNFCI, "nothing", "entity_not_authorized"},
	{"vnfm-a", false, CERT_TYPE_VNF_OAM, "vnfci-a", "entity_not_authorized"},
	{"nobody", false, CERT_TYPE_VNFCI, "vnfci-a", "client_not_permitted"},
};

START_TEST(test_deregister)
{
	struct cmf_principal who = deregister_cases[_i].admin
					   ? admin_for(deregister_cases[_i].client)
					   : principal_of(deregister_cases[_i].client);
	struct refusal refusal = REFUSAL_NULL;
	int err;

	register_before();
	err = cmf_deregister(WORLD_CALL(&who, &refusal), ENTITY_A(deregister_cases[_i].id),
			     deregister_cases[_i].type);
	ck_assert_int_eq(err, strcmp(deregister_cases[_i].reason, "none") ? REFUSED : 0);
	ck_assert_str_eq(refusal_code(refusal.reason), deregister_cases[_i].reason);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(world_count().registrations, err ? 5 : 4);
	if (err == 0) /* free again, for others too */
		register_ok("vnfm-c", CERT_TYPE_VNFCI, "vnfci-a");
	cmf_principal_clear(&who);
}
END_TEST

/* By its id, whatever its name: the same rules. */
START_TEST(test_deregister_by_id)
{
	struct cmf_principal a = principal_of("vnfm-a"), c = principal_of("vnfm-c");
	struct store_registration reg = {0};
	struct refusal refusal = REFUSAL_NULL;

	register_before();
	ck_assert_int_eq(store_registration_find(
				 w.reader, &(struct store_entity){"domain-a", "vnf-9", "vnfc-9"},
				 CERT_TYPE_VNFCI, &reg),
			 0);
	ck_assert_int_eq(cmf_deregister_id(WORLD_CALL(&c, &refusal), reg.id), REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "entity_not_authorized");
	ck_assert_int_eq(cmf_deregister_id(WORLD_CALL(&a, &refusal), reg.id + 1000), REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "entity_not_authorized");
	ck_assert_int_eq(cmf_deregister_id(WORLD_CALL(&a, &refusal), reg.id), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(world_count().registrations, 4);
	ck_assert_int_eq(cmf_deregister_id(WORLD_CALL(&a, &refusal), reg.id), REFUSED);
	store_registration_clear(&reg);
	cmf_principal_clear(&a);
	cmf_principal_clear(&c);
}
END_TEST

/* Who asks for more than yes or no: what was there, what is new, and what is wrong with which. */
START_TEST(test_register_tells_each)
{
	static const char *const ids[] = {"x1", "vnfci-a", "x2"};
	static const char *const wrong[] = {"x1", "", "vnfci-a", "x\n", "x1"};
	struct cmf_principal a = principal_of("vnfm-a"), c = principal_of("vnfm-c");
	struct cmf_registered registered[ARRAY_LEN(ids)] = {0};
	struct cmf_register_bad bad;
	struct store_registration reg = {0};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_register request = {.has_cert_type = true,
				       .cert_type = CERT_TYPE_VNFCI,
				       .subject_ids = ids,
				       .n_subject_ids = ARRAY_LEN(ids),
				       .handling = CERT_HANDLING_DELEGATION,
				       .registered = registered,
				       .bad = &bad};

	register_before();
	ck_assert_int_eq(cmf_register(WORLD_CALL(&a, &refusal), &request), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert(registered[0].fresh && !registered[1].fresh && registered[2].fresh);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const struct store_registration *told = &registered[i].registration;
		int64_t id = store_unit_id(w.unit, told->id);

		/* What is told of each is what the store has of it. */
		ck_assert_int_eq(store_registration_get(w.reader, id, &reg), 0);
		ck_assert_str_eq(reg.subject_id, ids[i]);
		ck_assert_str_eq(reg.subject_id, told->subject_id);
		ck_assert_str_eq(reg.vnf_instance, told->vnf_instance);
		ck_assert_str_eq(reg.manager, told->manager);
		ck_assert_str_eq(reg.trust_domain, told->trust_domain);
		ck_assert_str_eq(reg.ca, told->ca);
		ck_assert_str_eq(reg.profile, told->profile);
		ck_assert_int_eq(reg.cert_type, told->cert_type);
		ck_assert_int_eq(reg.handling, told->handling);
		ck_assert_int_eq(reg.state, told->state);
		ck_assert_int_eq(reg.created_ms, told->created_ms);
		ck_assert_int_eq(reg.changed_ms, told->changed_ms);
		store_registration_clear(&reg);
	}
	/* What needs no look into the store comes first. */
	request.subject_ids = wrong;
	request.n_subject_ids = ARRAY_LEN(wrong);
	ck_assert_int_eq(cmf_register(WORLD_CALL(&a, &refusal), &request), REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "subject_id_invalid");
	ck_assert_uint_eq(bad.n, 3);
	ck_assert_uint_eq(bad.index[0], 1);
	ck_assert_uint_eq(bad.index[1], 3);
	ck_assert_uint_eq(bad.index[2], 4);
	ck_assert_int_eq(bad.reason[2], REFUSAL_subject_id_duplicate);
	request.subject_ids = ids;
	request.n_subject_ids = ARRAY_LEN(ids);
	request.profile = "vnfci-any";
	ck_assert_int_eq(cmf_register(WORLD_CALL(&a, &refusal), &request), REFUSED);
	ck_assert_uint_eq(bad.n, 3);
	ck_assert_int_eq(bad.reason[0], REFUSAL_registration_conflict);
	ck_assert_int_eq(bad.existing_id[1], registered[1].registration.id);
	ck_assert_int_eq(cmf_register(WORLD_CALL(&c, &refusal), &request), REFUSED);
	ck_assert_int_eq(bad.reason[1], REFUSAL_entity_of_another_manager);
	ck_assert_int_eq(bad.existing_id[1], 0);
	ck_assert(store_unit_empty(w.unit));
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		cmf_registered_clear(&registered[i]);
	cmf_principal_clear(&a);
	cmf_principal_clear(&c);
}
END_TEST

/* A reload changes what a new registration gets, not those that are there. */
START_TEST(test_reload_changes_limits)
{
	const char *ids[] = {"x1"};
	struct cmf_principal who = principal_of("vnfm-a");
	const struct cmf_register request = {.has_cert_type = true,
					     .cert_type = CERT_TYPE_VNF_OAM,
					     .subject_ids = ids,
					     .n_subject_ids = 1,
					     .handling = CERT_HANDLING_DELEGATION};

	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	world_reload("[profile VnfciCert]\nvalidity = 1d\nvalidity_max = 1d\n"
		     "key_types = ec:P-256\n");
	ids[0] = "x2";
	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "cert_type_unknown");
	ck_assert_int_eq(world_count().registrations, 1);
	cmf_principal_clear(&who);
}
END_TEST

static Suite *cmf_register_suite(void)
{
	Suite *suite = suite_create("cmf_register");
	TCase *tc = tcase_create("register");

	tcase_add_checked_fixture(tc, world_setup, world_teardown);
	tcase_add_loop_test(tc, test_register_ifa033_11_2_2, 0, ARRAY_LEN(cases));
	tcase_add_test(tc, test_register_race);
	tcase_add_loop_test(tc, test_deregister, 0, ARRAY_LEN(deregister_cases));
	tcase_add_test(tc, test_deregister_by_id);
	tcase_add_test(tc, test_register_tells_each);
	tcase_add_test(tc, test_reload_changes_limits);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_register_suite, SUITE_FORKS)
