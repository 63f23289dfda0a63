// SPDX-License-Identifier: Apache-2.0
/*
 * Direct mode, IFA 033 9.3: what becomes of what a VNFM shows, of what it shows no more, and of the
 * one-time secrets.
 */
#include "cmf_world.h"
#include "suite.h"

#include "cmf/direct.h"
#include "cmf/order.h"
#include "store/direct.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "sim" is the one that the tests speak of; the others differ from it in one thing. */
static const char sections[] = "[vnfm_rule none]\nvdu_ids = excluded-*\nexclude = yes\n"
			       "[vnfm_rule any]\nvnfd_ids = vnfd-any\nprofile = vnfci-any\n"
#define VNFM(name)                                                                             \
	"[vnfm " name "]\napi_root = http://127.0.0.1:9890\ntrust_domain = domain-a\n"         \
	"client = vnfm-a\nprofile = VnfciCert\ncallback_uri = http://127.0.0.1:8080/lcm/" name \
	"\n"                                                                                   \
	"rules = none, any\nresync_revoke_max = 2\n"
	VNFM("sim") "initial_credential = secret\ninitial_credential_dir = secrets\n" VNFM(
		"holds") "on_removed = hold\nhold_max = 1d\n" VNFM("keeps") "on_removed = keep\n";

enum { VNFCS_MAX = 16 };

/* A VNF as the VNFM has it: "c-1/r-1" is vnfcInfo c-1 with the resource r-1, "c-1/" has none,
 * "/r-1" a resource that no vnfcInfo names. */
struct shown {
	const char *vnfc[VNFCS_MAX];
	bool not_instantiated;
	const char *vnfd_id;
	const char *vdu_id;
};

#define SHOWN(...) (&(const struct shown){{__VA_ARGS__}})
#define NOTHING    (&(const struct shown){.not_instantiated = true})
#define EMPTY      (&(const struct shown){.vnfc = {NULL}})
#define UNKNOWN    ((const struct shown *)NULL)

static struct cmf_worker worker(void)
{
	return (struct cmf_worker){w.reader, w.unit};
}

static const struct conf_vnfm *vnfm(const char *name)
{
	const struct conf_vnfm *found = conf_vnfm_find(w.conf, name);

	ck_assert_ptr_nonnull(found);
	return found;
}

static void vnf_fill(struct cmf_vnf *vnf, const char *id, const struct shown *s)
{
	*vnf = (struct cmf_vnf){.vnf_instance_id = strdup(id),
				.vnfd_id = strdup(s->vnfd_id ? s->vnfd_id : "vnfd-1"),
				.instantiated = !s->not_instantiated,
				.vnfcs = calloc(VNFCS_MAX, sizeof(*vnf->vnfcs))};
	for (size_t i = 0; i < VNFCS_MAX && s->vnfc[i]; i++) {
		const char *slash = strchr(s->vnfc[i], '/');
		struct cmf_vnfc *vnfc = &vnf->vnfcs[vnf->n_vnfcs++];

		ck_assert_ptr_nonnull(slash);
		if (slash > s->vnfc[i])
			vnfc->vnfc_id = strndup(s->vnfc[i], (size_t)(slash - s->vnfc[i]));
		if (slash[1])
			vnfc->resource_id = strdup(slash + 1);
		vnfc->vdu_id = strdup(s->vdu_id ? s->vdu_id : "vdu");
	}
}

/* The VNFM shows `id` so; `how` has the rest of the view. */
static struct cmf_direct_report view_of(const char *name, const char *id, const struct shown *s,
					struct cmf_direct_view how)
{
	struct cmf_direct_report report = {0};
	struct cmf_worker own = worker();
	struct cmf_vnf vnf = {0};

	if (s)
		vnf_fill(&vnf, id, s);
	how.vnf_instance_id = id;
	how.vnf = s ? &vnf : NULL;
	ck_assert_int_eq(cmf_direct_reconcile(w.cmf, &own, vnfm(name), &how, &report), 0);
	cmf_vnf_clear(&vnf);
	return report;
}

#define EVENT(...)   ((struct cmf_direct_view){.cause = CMF_DIRECT_EVENT, ##__VA_ARGS__})
#define shows(id, s) view_of("sim", id, s, EVENT())

static void housekeep(void)
{
	struct cmf_worker own = worker();
	bool more = true;

	for (int i = 0; i < 100 && more; i++)
		ck_assert_int_eq(cmf_housekeeping(w.cmf, &own, &more), 0);
	ck_assert(!more);
}

/* "c-1 c-2": the subjectIds of a VNF that are registered, in their order. */
static int name_take(void *arg, const struct store_registration *reg)
{
	struct strbuf *text = arg;

	strbuf_printf(text, "%s%s", text->len ? " " : "", reg->subject_id);
	return 0;
}

static void registered_are(const char *vnf, const char *expected)
{
	const struct store_registration_filter filter = {.vnf_instance = vnf, .cert_type = -1};
	struct strbuf text = STRBUF_NULL;

	ck_assert_int_eq(store_registration_list(w.reader, &filter, name_take, &text), 0);
	ck_assert_str_eq(text.text ? text.text : "", expected);
	strbuf_clear(&text);
}

static int take_registration(void *arg, const struct store_registration *reg)
{
	*(int64_t *)arg = reg->id;
	return 0;
}

static int64_t registration_of(const char *vnf, const char *subject_id)
{
	const struct store_registration_filter filter = {
		.vnf_instance = vnf, .subject_id = subject_id, .cert_type = -1};
	int64_t id = 0;

	ck_assert_int_eq(store_registration_list(w.reader, &filter, take_registration, &id), 0);
	ck_assert_int_ne(id, 0);
	return id;
}

static enum store_vnfc_state state_of(const char *vnf, const char *subject_id)
{
	struct store_vnfc vnfc = {0};
	enum store_vnfc_state state;

	ck_assert_int_eq(store_vnfc_get(w.reader, registration_of(vnf, subject_id), &vnfc), 0);
	state = vnfc.state;
	store_vnfc_clear(&vnfc);
	return state;
}

/* --- what is there --- */

START_TEST(test_ifa033_9_3_what_appears_is_registered)
{
	struct store_registration reg = {0};
	struct cmf_direct_report report = shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2"));

	ck_assert(report.registered == 2 && report.present == 0);
	registered_are("vnf-1", "c-1 c-2");
	ck_assert_int_eq(store_registration_get(w.reader, registration_of("vnf-1", "c-1"), &reg),
			 0);
	ck_assert_int_eq(reg.handling, CERT_HANDLING_DIRECT);
	ck_assert_int_eq(reg.cert_type, CERT_TYPE_VNFCI);
	ck_assert_str_eq(reg.trust_domain, "domain-a");
	ck_assert_str_eq(reg.source, "vnfm sim");
	ck_assert_str_eq(reg.manager, "vnfm-a");
	ck_assert_str_eq(reg.profile, "VnfciCert");
	store_registration_clear(&reg);
	/* The same again changes nothing. */
	report = shows("vnf-1", SHOWN("c-2/r-2", "c-1/r-1"));
	ck_assert(report.registered == 0 && report.present == 2 && report.ending == 0);
	/* In another VNF the same id is another. */
	report = shows("vnf-2", SHOWN("c-1/r-1"));
	ck_assert_uint_eq(report.registered, 1);
	registered_are("vnf-1", "c-1 c-2");
	registered_are("vnf-2", "c-1");
}
END_TEST

START_TEST(test_ids_of_a_vnf_stay_what_they_were)
{
	struct cmf_direct_report report = shows("vnf-1", SHOWN("/r-1", "/r-2"));

	registered_are("vnf-1", "r-1 r-2");
	/* vnfcInfo appears later. */
	report = shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2", "c-3/r-3"));
	ck_assert(report.present == 2 && report.registered == 1 && report.ending == 0);
	housekeep();
	registered_are("vnf-1", "r-1 r-2 r-3");
	/* And one that has lost its resources is found by it. */
	report = shows("vnf-1", SHOWN("c-1/", "c-2/r-2", "c-3/r-3"));
	ck_assert(report.present == 3 && report.ending == 0);
	/* The other way round: vnfcInfo is shown no more. */
	(void)shows("vnf-2", SHOWN("c-1/r-1", "c-2/r-2"));
	report = shows("vnf-2", SHOWN("/r-1", "/r-2", "/r-3"));
	ck_assert(report.present == 2 && report.registered == 0 && report.ending == 0);
	housekeep();
	registered_are("vnf-2", "c-1 c-2");
}
END_TEST

START_TEST(test_a_vnfc_that_has_lost_its_resources_stays)
{
	struct cmf_direct_report report;

	(void)shows("vnf-1", SHOWN("c-1/r-1"));
	report = shows("vnf-1", SHOWN("c-1/"));
	ck_assert(report.present == 1 && report.replaced == 0);
	report = shows("vnf-1", SHOWN("c-1/r-1"));
	ck_assert(report.present == 1 && report.replaced == 0);
}
END_TEST

START_TEST(test_rules_exclude_and_choose_the_profile)
{
	struct cmf_direct_report report =
		shows("vnf-1", (&(const struct shown){{"c-1/r-1"}, .vdu_id = "excluded-1"}));
	struct store_registration reg = {0};

	ck_assert(report.excluded == 1 && report.registered == 0);
	registered_are("vnf-1", "");
	(void)shows("vnf-2", (&(const struct shown){{"c-1/r-1"}, .vnfd_id = "vnfd-any"}));
	ck_assert_int_eq(store_registration_get(w.reader, registration_of("vnf-2", "c-1"), &reg),
			 0);
	ck_assert_str_eq(reg.profile, "vnfci-any");
	store_registration_clear(&reg);
}
END_TEST

START_TEST(test_what_is_registered_otherwise_is_left_alone)
{
	struct cmf_direct_report report;

	register_in("vnfm-a", CERT_TYPE_VNFCI, "vnf-1", "c-1");
	register_in("vnfm-c", CERT_TYPE_VNFCI, "vnf-1", "c-2");
	report = shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2", "c-3/r-3"));
	ck_assert(report.others == 2 && report.registered == 1);
	/* Another [vnfm] has its own. */
	report = view_of("keeps", "vnf-1", SHOWN("c-3/r-3"), EVENT());
	ck_assert(report.others == 1 && report.registered == 0);
	report = shows("vnf-1", NOTHING);
	ck_assert_uint_eq(report.ending, 1);
	housekeep();
	registered_are("vnf-1", "c-1 c-2");
}
END_TEST

START_TEST(test_hostile_ids)
{
	char longest[300];
	struct cmf_direct_report report;

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memcpy(longest + 260, "/r-9", 5);
	/* The same twice, in another case, one that is too long, and one that is no text. */
	report = shows("vnf-1",
		       SHOWN("c-1/r-1", "c-1/r-1", "C-1/r-2", "a\nb/r-3", longest, "../r-5"));
	ck_assert_uint_eq(report.registered, 1);
	ck_assert_uint_eq(report.refused, 3);
	ck_assert_uint_eq(report.others, 1);
	report = shows("..", SHOWN("c-1/r-1"));
	ck_assert_uint_eq(report.refused, 1);
	report = shows("x/../vnf-1", SHOWN("c-1/r-1"));
	ck_assert_uint_eq(report.registered, 1);
	registered_are("vnf-1", "C-1");
}
END_TEST

START_TEST(test_many_at_once)
{
	enum { MANY = 1000 };
	struct cmf_vnf vnf = {.vnf_instance_id = strdup("vnf-1"),
			      .instantiated = true,
			      .vnfcs = calloc(MANY, sizeof(*vnf.vnfcs)),
			      .n_vnfcs = MANY};
	struct cmf_direct_view view = {.vnf_instance_id = "vnf-1", .vnf = &vnf};
	struct cmf_direct_report report = {0};
	struct cmf_worker own = worker();

	for (size_t i = 0; i < MANY; i++)
		ck_assert_int_gt(asprintf(&vnf.vnfcs[i].vnfc_id, "c-%zu", i), 0);
	ck_assert_int_eq(cmf_direct_reconcile(w.cmf, &own, vnfm("keeps"), &view, &report), 0);
	ck_assert_uint_eq(report.registered, MANY);
	report = (struct cmf_direct_report){0};
	ck_assert_int_eq(cmf_direct_reconcile(w.cmf, &own, vnfm("keeps"), &view, &report), 0);
	ck_assert_uint_eq(report.present, MANY);
	cmf_vnf_clear(&vnf);
	ck_assert_int_eq(world_count().registrations, MANY);
}
END_TEST

START_TEST(test_dry_run_changes_nothing)
{
	struct world_count before;
	struct cmf_direct_report report;
	struct store_vnf vnf;

	report = view_of("sim", "vnf-2", SHOWN("c-1/r-1", "c-2/r-2"), EVENT(.dry_run = true));
	ck_assert_uint_eq(report.registered, 2);
	ck_assert_int_eq(store_vnf_find(w.reader, "sim", "vnf-2", &vnf), STORE_NOT_FOUND);
	(void)shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2"));
	before = world_count();
	report = view_of("sim", "vnf-1", SHOWN("c-2/r-9", "c-3/r-3"), EVENT(.dry_run = true));
	ck_assert(report.registered == 1 && report.ending == 1 && report.replaced == 1);
	housekeep();
	world_unchanged(before);
	registered_are("vnf-1", "c-1 c-2");
	ck_assert_int_eq(state_of("vnf-1", "c-1"), STORE_VNFC_PRESENT);
}
END_TEST

/* --- what has gone --- */

/* vnf-1 had c-1 to c-3; what is seen then, and what becomes of those that are not. */
#define IS_PRESENT STORE_VNFC_PRESENT
#define IS_HELD    STORE_VNFC_HELD
#define IS_GONE    STORE_VNFC_GONE
#define IS_DUE     STORE_VNFC_DUE
static const struct gone_case {
	const char *name;
	const struct shown *shown;
	struct cmf_direct_view how;
	enum store_vnfc_state c3;
} gone_cases[] = {
	{"an event, and fewer are there",
	 SHOWN("c-1/r-1", "c-2/r-2"),
	 {.cause = CMF_DIRECT_EVENT},
	 IS_DUE},
	{"a resync, and fewer are there",
	 SHOWN("c-1/r-1", "c-2/r-2"),
	 {.cause = CMF_DIRECT_RESYNC, .resync = 7},
	 IS_GONE},
	{"a resync after REMOVED",
	 SHOWN("c-1/r-1"),
	 {.cause = CMF_DIRECT_RESYNC, .resync = 7, .removed = true},
	 IS_DUE},
	{"FAILED_TEMP", SHOWN("c-1/r-1"), {.cause = CMF_DIRECT_UNFINISHED}, IS_PRESENT},
	{"FAILED_TEMP after REMOVED",
	 SHOWN("c-1/r-1"),
	 {.cause = CMF_DIRECT_UNFINISHED, .removed = true},
	 IS_PRESENT},
	{"terminated", NOTHING, {.cause = CMF_DIRECT_EVENT}, IS_DUE},
	{"terminated, and nobody told",
	 NOTHING,
	 {.cause = CMF_DIRECT_RESYNC, .resync = 7},
	 IS_GONE},
	{"terminated, and it shows what it had",
	 (&(const struct shown){{"c-1/r-1", "c-3/r-3"}, .not_instantiated = true}),
	 {.cause = CMF_DIRECT_EVENT},
	 IS_DUE},
	{"instantiated and empty", EMPTY, {.cause = CMF_DIRECT_EVENT}, IS_HELD},
	{"instantiated and empty, resync",
	 EMPTY,
	 {.cause = CMF_DIRECT_RESYNC, .resync = 7},
	 IS_HELD},
	{"instantiated and empty after REMOVED",
	 EMPTY,
	 {.cause = CMF_DIRECT_EVENT, .removed = true},
	 IS_DUE},
	{"404", UNKNOWN, {.cause = CMF_DIRECT_EVENT}, IS_HELD},
	{"404 after TERMINATE", UNKNOWN, {.cause = CMF_DIRECT_EVENT, .removed = true}, IS_HELD},
	{"404 after its deletion", UNKNOWN, {.cause = CMF_DIRECT_EVENT, .deleted = true}, IS_DUE},
	{"404 in a resync", UNKNOWN, {.cause = CMF_DIRECT_RESYNC, .resync = 7}, IS_HELD},
	{"it is there after its deletion",
	 SHOWN("c-1/r-1", "c-2/r-2", "c-3/r-3"),
	 {.cause = CMF_DIRECT_EVENT, .deleted = true},
	 IS_PRESENT},
};

START_TEST(test_what_a_view_means)
{
	const struct gone_case *c = &gone_cases[_i];
	struct cmf_direct_report report;

	(void)shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2", "c-3/r-3"));
	report = view_of("sim", "vnf-1", c->shown, c->how);
	ck_assert_msg(state_of("vnf-1", "c-3") == c->c3, "%s: %d", c->name,
		      state_of("vnf-1", "c-3"));
	ck_assert_msg((report.held > 0) == (c->c3 == IS_HELD), "%s", c->name);
	ck_assert_msg((report.gone > 0) == (c->c3 == IS_GONE), "%s", c->name);
	ck_assert_msg((report.ending > 0) == (c->c3 == IS_DUE), "%s", c->name);
	housekeep();
	if (c->c3 != IS_DUE)
		registered_are("vnf-1", "c-1 c-2 c-3");
	/* It comes back, whatever it was. */
	(void)shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2", "c-3/r-3"));
	ck_assert_int_eq(state_of("vnf-1", "c-3"), STORE_VNFC_PRESENT);
}
END_TEST

/* A resync of the VNFs vnf-1 and vnf-2; -1 of `n`: it did not come to its end. */
static struct cmf_direct_report resync(const struct shown *one, const struct shown *two, bool whole)
{
	struct cmf_direct_report report = {0};
	struct cmf_worker own = worker();
	struct cmf_direct_view how = {.cause = CMF_DIRECT_RESYNC};

	ck_assert_int_eq(cmf_direct_resync_begin(w.cmf, &own, vnfm("sim"), false, &how.resync), 0);
	ck_assert_int_ne(how.resync, 0);
	(void)view_of("sim", "vnf-1", one, how);
	(void)view_of("sim", "vnf-2", two, how);
	if (whole)
		ck_assert_int_eq(
			cmf_direct_resync_end(w.cmf, &own, vnfm("sim"), how.resync, &report), 0);
	housekeep();
	return report;
}

static void approve(int64_t expected)
{
	struct cmf_principal who = admin_for("operator-a");
	struct refusal refusal = REFUSAL_NULL;
	int64_t n;

	ck_assert_int_eq(cmf_direct_approve(WORLD_CALL(&who, &refusal), vnfm("sim"), &n), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(store_unit_id(w.unit, n), expected);
	cmf_principal_clear(&who);
	housekeep();
}

START_TEST(test_a_resync_ends_few_and_holds_many)
{
	struct cmf_direct_report report;

	(void)shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2", "c-3/r-3"));
	(void)shows("vnf-2", SHOWN("c-1/r-1"));
	/* resync_revoke_max is 2. */
	report = resync(SHOWN("c-1/r-1"), SHOWN("c-1/r-1"), true);
	ck_assert(report.ending == 2 && report.held == 0);
	registered_are("vnf-1", "c-1");
	(void)shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2", "c-3/r-3"));
	/* Over all VNFs; what is new is added all the same. */
	report = resync(SHOWN("c-3/r-3", "c-4/r-4"), NOTHING, true);
	ck_assert(report.ending == 0 && report.held == 3);
	registered_are("vnf-1", "c-1 c-2 c-3 c-4");
	registered_are("vnf-2", "c-1");
	/* What has come back by then is not approved. */
	(void)shows("vnf-1", SHOWN("c-1/r-1", "c-3/r-3", "c-4/r-4"));
	ck_assert_int_eq(state_of("vnf-1", "c-2"), STORE_VNFC_DUE);
	housekeep();
	approve(1);
	registered_are("vnf-1", "c-1 c-3 c-4");
	registered_are("vnf-2", "");
}
END_TEST

START_TEST(test_a_resync_that_is_not_whole_ends_nothing)
{
	(void)shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2"));
	(void)shows("vnf-2", SHOWN("c-1/r-1"));
	(void)resync(SHOWN("c-1/r-1"), SHOWN("c-1/r-1"), false);
	registered_are("vnf-1", "c-1 c-2");
	ck_assert_int_eq(state_of("vnf-1", "c-2"), STORE_VNFC_GONE);
	/* The next one counts for itself. */
	(void)resync(SHOWN("c-1/r-1"), SHOWN("c-1/r-1"), true);
	registered_are("vnf-1", "c-1");
}
END_TEST

static int unseen_take(void *arg, const char *vnf_instance_id)
{
	strbuf_printf(arg, "%s ", vnf_instance_id);
	return 0;
}

START_TEST(test_what_a_resync_has_not_come_to)
{
	struct cmf_direct_view how = {.cause = CMF_DIRECT_RESYNC};
	struct strbuf text = STRBUF_NULL;
	struct cmf_worker own = worker();

	(void)shows("vnf-1", SHOWN("c-1/r-1"));
	(void)shows("vnf-2", SHOWN("c-1/r-1"));
	(void)view_of("keeps", "vnf-3", SHOWN("c-1/r-1"), EVENT());
	ck_assert_int_eq(cmf_direct_resync_begin(w.cmf, &own, vnfm("sim"), false, &how.resync), 0);
	(void)view_of("sim", "vnf-2", SHOWN("c-1/r-1"), how);
	ck_assert_int_eq(cmf_direct_unseen(&own, vnfm("sim"), how.resync, unseen_take, &text), 0);
	ck_assert_str_eq(text.text, "vnf-1 ");
	strbuf_clear(&text);
	ck_assert_int_eq(cmf_direct_unseen(&own, vnfm("sim"), 0, unseen_take, &text), 0);
	ck_assert_str_eq(text.text, "vnf-1 vnf-2 ");
	strbuf_clear(&text);
}
END_TEST

/* --- their certificates --- */

static struct cmf_principal vnfci(const char *vnf, const char *subject_id)
{
	struct store_initial_credential row = {0};
	struct cmf_principal p = {0};
	struct refusal refusal = REFUSAL_NULL;

	ck_assert_int_eq(
		store_initial_credential_of(w.reader, registration_of(vnf, subject_id), &row), 0);
	ck_assert_int_eq(cmf_initial_credential_find(WORLD_CALL(NULL, &refusal),
						     octets_view(&row.reference), BYTES_NULL, &p),
			 0);
	store_initial_credential_clear(&row);
	return p;
}

static struct store_certificate enrol(const struct cmf_principal *who, const char *vnf)
{
	const struct csr_spec ask = {.ir = true,
				     .subject = "/CN=c-1",
				     .profile = {vnf ? "VnfciCert" : NULL},
				     .vnf_instance = {vnf}};
	struct store_certificate cert = {0};
	struct cmf_csr_result result;

	ck_assert_str_eq(refusal_code(csr(who, &ask, &result)), "none");
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
	cmf_csr_result_clear(&result);
	return cert;
}

static int confirm(const struct cmf_principal *who, const struct store_certificate *cert)
{
	struct cmf_order_item item = {.certificate_id = cert->id};
	struct cmf_order order = {.kind = CMF_ORDER_CERTIFICATES, .item = &item, .len = 1};
	struct refusal refusal = REFUSAL_NULL;

	ck_assert_int_eq(cmf_order_read(WORLD_CALL(who, &refusal), &order), 0);
	ck_assert_int_eq(cmf_order_confirm(WORLD_CALL(who, &refusal), &order, NULL, NULL), 0);
	store_certificate_clear(&item.cert);
	return store_unit_commit(w.unit);
}

/* What who knows the secret is told when it begins a transaction. */
static const char *asked_with(struct bytes reference)
{
	struct cmf_principal p = {0};
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_initial_credential_find(WORLD_CALL(NULL, &refusal), reference,
					      bytes_of_string("another transaction"), &p);

	cmf_principal_clear(&p);
	ck_assert(err == 0 || err == REFUSED);
	return err ? refusal_code(refusal.reason) : "none";
}

static struct bytes reference_of(const struct cmf_principal *p)
{
	return bytes_of_string(strchr(p->name, ':') + 1);
}

START_TEST(test_one_time_secret_is_spent_when_its_certificate_is_active)
{
	struct store_certificate first, second;
	struct cmf_principal p;

	(void)shows("vnf-1", SHOWN("c-1/r-1"));
	p = vnfci("vnf-1", "c-1");
	first = enrol(&p, NULL);
	ck_assert_int_eq(first.state, STORE_CERT_PENDING);
	ck_assert_str_eq(first.vnf_instance, "vnf-1");
	/* It dies before it could confirm, and begins again: the first one is given up. */
	ck_assert_str_eq(asked_with(reference_of(&p)), "none");
	second = enrol(&p, NULL);
	ck_assert_int_eq(certificate_state(first.id), STORE_CERT_REJECTED);
	ck_assert_int_eq(confirm(&p, &second), 0);
	ck_assert_str_eq(asked_with(reference_of(&p)), "mac_reference_unknown");
	store_certificate_clear(&first);
	store_certificate_clear(&second);
	cmf_principal_clear(&p);
}
END_TEST

START_TEST(test_one_time_secret_outlives_what_nobody_confirmed)
{
	struct store_certificate cert;
	struct cmf_principal p;

	(void)shows("vnf-1", SHOWN("c-1/r-1"));
	p = vnfci("vnf-1", "c-1");
	cert = enrol(&p, NULL);
	w.now_ms += 3600 * 1000;
	housekeep();
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_REVOKED);
	ck_assert_str_eq(asked_with(reference_of(&p)), "none");
	/* But not its time. */
	w.now_ms += DAY_MS;
	ck_assert_str_eq(asked_with(reference_of(&p)), "mac_reference_unknown");
	store_certificate_clear(&cert);
	cmf_principal_clear(&p);
}
END_TEST

/* What else who has the secret might ask for. */
static const struct {
	const char *name;
	struct csr_spec ask;
	const char *reason;
} other_cases[] = {
	{"no subject", {.ir = true}, "none"},
	{"its VNF instance", {.subject = "/CN=c-1", .vnf_instance = {"vnf-1"}}, "none"},
	{"its certType", {.subject = "/CN=c-1", .profile = {"VnfciCert"}}, "none"},
	{"another VNFC", {.ir = true, .subject = "/CN=c-2"}, "own_request_not_own"},
	{"another VNF", {.subject = "/CN=c-1", .vnf_instance = {"vnf-2"}}, "own_request_not_own"},
	{"another certType",
	 {.subject = "/CN=c-1", .profile = {"VnfOAMCert"}},
	 "cert_type_contradiction"},
	{"nobody's", {.ir = true, .subject = "/CN=new"}, "own_request_not_own"},
};

START_TEST(test_one_time_secret_is_for_its_registration_alone)
{
	struct cmf_csr_result result;
	struct cmf_principal p;

	(void)shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2"));
	(void)shows("vnf-2", SHOWN("c-1/r-1"));
	p = vnfci("vnf-1", "c-1");
	ck_assert_msg(strcmp(refusal_code(csr(&p, &other_cases[_i].ask, &result)),
			     other_cases[_i].reason) == 0,
		      "%s", other_cases[_i].name);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&p);
}
END_TEST

START_TEST(test_one_time_secret_made_again_voids_the_one_before)
{
	struct cmf_principal who = principal_of("vnfm-a"), nobody = principal_of("nobody"), p;
	struct cmf_initial_credential made;
	struct store_registration reg = {0};
	struct refusal refusal = REFUSAL_NULL;

	(void)shows("vnf-1", SHOWN("c-1/r-1"));
	(void)view_of("keeps", "vnf-2", SHOWN("c-1/r-1"), EVENT());
	p = vnfci("vnf-1", "c-1");
	ck_assert_int_eq(store_registration_get(w.reader, registration_of("vnf-1", "c-1"), &reg),
			 0);
	ck_assert_int_eq(cmf_initial_credential_make(WORLD_CALL(&nobody, &refusal), &reg, &made),
			 REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "client_not_permitted");
	ck_assert_int_eq(cmf_initial_credential_make(WORLD_CALL(&who, &refusal), &reg, &made), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(made.expires_ms, w.now_ms + DAY_MS);
	ck_assert_uint_ge(strlen(made.secret), 32);
	ck_assert_str_eq(asked_with(reference_of(&p)), "mac_reference_unknown");
	ck_assert_str_eq(asked_with(bytes_of_string(made.reference)), "none");
	cmf_principal_clear(&p);
	p = vnfci("vnf-1", "c-1");
	ck_assert(bytes_equal(octets_view(&p.mac_secret), bytes_of_string(made.secret)));
	cmf_initial_credential_clear(&made);
	store_registration_clear(&reg);
	/* Where VNFCIs have something else. */
	ck_assert_int_eq(store_registration_get(w.reader, registration_of("vnf-2", "c-1"), &reg),
			 0);
	ck_assert_int_eq(cmf_initial_credential_make(WORLD_CALL(&who, &refusal), &reg, &made),
			 REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "initial_credential_none");
	store_registration_clear(&reg);
	cmf_principal_clear(&p);
	cmf_principal_clear(&who);
	cmf_principal_clear(&nobody);
}
END_TEST

/* A file of the directory of secrets; its mode, 0: there is none. */
static unsigned mode_of(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/secrets%s", w.dir, name);
	return lstat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

START_TEST(test_files_of_secrets)
{
	(void)shows("x/../vnf-1", SHOWN("..y/r-1"));
	(void)shows("vnf-1", SHOWN("c-1/r-1"));
	ck_assert_uint_eq(mode_of(""), 0);
	housekeep();
	ck_assert_uint_eq(mode_of(""), 0700);
	ck_assert_uint_eq(mode_of("/vnf-1"), 0700);
	ck_assert_uint_eq(mode_of("/vnf-1/c-1.json"), 0600);
	/* Never out of it. */
	ck_assert_uint_eq(mode_of("/x%2F..%2Fvnf-1"), 0700);
	ck_assert_uint_eq(mode_of("/x%2F..%2Fvnf-1/%2E.y.json"), 0600);
	/* At its time, and with its registration. */
	(void)shows("vnf-1", NOTHING);
	housekeep();
	housekeep();
	ck_assert_uint_eq(mode_of("/vnf-1"), 0);
	w.now_ms += DAY_MS;
	housekeep();
	ck_assert_uint_eq(mode_of("/x%2F..%2Fvnf-1"), 0);
}
END_TEST

START_TEST(test_files_do_not_follow_links)
{
	char path[256], elsewhere[256];

	(void)shows("vnf-1", SHOWN("c-1/r-1"));
	housekeep();
	snprintf(path, sizeof(path), "%s/secrets/vnf-2", w.dir);
	snprintf(elsewhere, sizeof(elsewhere), "%s/secrets/vnf-1", w.dir);
	ck_assert_int_eq(symlink(elsewhere, path), 0);
	(void)shows("vnf-2", SHOWN("c-2/r-2"));
	{
		struct cmf_worker own = worker();
		bool more;

		ck_assert_int_lt(cmf_housekeeping(w.cmf, &own, &more), 0);
	}
	ck_assert_uint_eq(mode_of("/vnf-1/c-2.json"), 0);
	/* Once it is gone, the file is written. */
	ck_assert_int_eq(unlink(path), 0);
	housekeep();
	ck_assert_uint_eq(mode_of("/vnf-2/c-2.json"), 0600);
	(void)shows("vnf-1", NOTHING);
	(void)shows("vnf-2", NOTHING);
	housekeep();
	housekeep();
}
END_TEST

/* --- the end of certificates --- */

static struct store_certificate enrolled(const char *vnf)
{
	struct cmf_principal p = vnfci(vnf, "c-1");
	struct store_certificate cert = enrol(&p, NULL), again;

	ck_assert_int_eq(confirm(&p, &cert), 0);
	cmf_principal_clear(&p);
	again = certificate_again(&cert);
	store_certificate_clear(&cert);
	return again;
}

static void certificate_is(const struct store_certificate *cert, enum store_certificate_state state,
			   int reason)
{
	struct store_certificate now = certificate_again(cert);

	ck_assert_int_eq(now.state, state);
	ck_assert_int_eq(now.reason, reason);
	store_certificate_clear(&now);
}

enum { SUPERSEDED = 4, CESSATION_OF_OPERATION = 5 };

START_TEST(test_what_has_gone_is_revoked)
{
	struct store_certificate cert;

	(void)shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2"));
	cert = enrolled("vnf-1");
	(void)shows("vnf-1", SHOWN("c-2/r-2", "c-3/r-3"));
	certificate_is(&cert, STORE_CERT_ACTIVE, STORE_REASON_NONE);
	housekeep();
	certificate_is(&cert, STORE_CERT_REVOKED, CESSATION_OF_OPERATION);
	registered_are("vnf-1", "c-2 c-3");
	/* Under the same name it is another. */
	(void)shows("vnf-1", SHOWN("c-1/r-1", "c-2/r-2", "c-3/r-3"));
	registered_are("vnf-1", "c-2 c-3 c-1");
	certificate_is(&cert, STORE_CERT_REVOKED, CESSATION_OF_OPERATION);
	store_certificate_clear(&cert);
	(void)shows("vnf-1", NOTHING);
	housekeep();
	registered_are("vnf-1", "");
}
END_TEST

START_TEST(test_another_resource_supersedes_once_it_has_enrolled)
{
	struct store_certificate old, renewed, fresh;
	struct cmf_principal before;
	struct cmf_direct_report report;

	(void)shows("vnf-1", SHOWN("c-1/r-1"));
	before = vnfci("vnf-1", "c-1");
	old = enrolled("vnf-1");
	report = shows("vnf-1", SHOWN("c-1/r-2"));
	ck_assert(report.replaced == 1 && report.ending == 0 && report.registered == 0);
	ck_assert_str_eq(asked_with(reference_of(&before)), "mac_reference_unknown");
	/* The machine before it renews: that is no sign of the new one. */
	{
		const struct csr_spec ask = {.subject = "/CN=c-1", .old = &old};
		struct cmf_principal holder = {.kind = CMF_PRINCIPAL_END_ENTITY,
					       .name = (char *)"certificate:main/01",
					       .trust_domain = (char *)"domain-a",
					       .policy = conf_client_policy_find(w.conf, NULL),
					       .certificate_id = old.id,
					       .registration_id = old.registration_id};
		struct cmf_csr_result result;

		ck_assert_str_eq(refusal_code(csr(&holder, &ask, &result)), "none");
		ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &renewed),
				 0);
		ck_assert_int_eq(confirm(&holder, &renewed), 0);
		cmf_csr_result_clear(&result);
	}
	housekeep();
	certificate_is(&old, STORE_CERT_ACTIVE, STORE_REASON_NONE);
	certificate_is(&renewed, STORE_CERT_ACTIVE, STORE_REASON_NONE);
	fresh = enrolled("vnf-1");
	housekeep();
	certificate_is(&old, STORE_CERT_REVOKED, SUPERSEDED);
	certificate_is(&renewed, STORE_CERT_REVOKED, SUPERSEDED);
	certificate_is(&fresh, STORE_CERT_ACTIVE, STORE_REASON_NONE);
	store_certificate_clear(&old);
	store_certificate_clear(&renewed);
	store_certificate_clear(&fresh);
	cmf_principal_clear(&before);
	(void)shows("vnf-1", NOTHING);
	housekeep();
}
END_TEST

START_TEST(test_on_removed_hold)
{
	struct cmf_principal ra = principal_of("ra-a");
	struct store_certificate cert;

	(void)view_of("holds", "vnf-1", SHOWN("c-1/r-1"), EVENT());
	cert = enrol(&ra, "vnf-1");
	ck_assert_int_eq(confirm(&ra, &cert), 0);
	(void)view_of("holds", "vnf-1", NOTHING, EVENT());
	housekeep();
	certificate_is(&cert, STORE_CERT_ON_HOLD, STORE_REASON_HOLD);
	registered_are("vnf-1", "c-1");
	(void)view_of("holds", "vnf-1", SHOWN("c-1/r-1"), EVENT());
	certificate_is(&cert, STORE_CERT_ACTIVE, STORE_REASON_NONE);
	w.now_ms += 2 * DAY_MS;
	housekeep();
	certificate_is(&cert, STORE_CERT_ACTIVE, STORE_REASON_NONE);
	/* Until hold_max. */
	(void)view_of("holds", "vnf-1", NOTHING, EVENT());
	housekeep();
	w.now_ms += DAY_MS - 1;
	housekeep();
	certificate_is(&cert, STORE_CERT_ON_HOLD, STORE_REASON_HOLD);
	w.now_ms += 1;
	housekeep();
	certificate_is(&cert, STORE_CERT_REVOKED, CESSATION_OF_OPERATION);
	registered_are("vnf-1", "");
	store_certificate_clear(&cert);
	cmf_principal_clear(&ra);
}
END_TEST

START_TEST(test_a_hold_of_somebody_else_stays)
{
	struct cmf_principal ra = principal_of("ra-a"), admin = admin_for("operator-a");
	struct cmf_revocation revocation;
	struct cmf_order_terms terms;
	struct store_certificate cert;
	struct refusal refusal = REFUSAL_NULL;

	(void)view_of("holds", "vnf-1", SHOWN("c-1/r-1"), EVENT());
	cert = enrol(&ra, "vnf-1");
	ck_assert_int_eq(confirm(&ra, &cert), 0);
	ck_assert_int_eq(cmf_revoke_find(WORLD_CALL(&admin, &refusal),
					 &(struct cmf_revoke){.certificate_id = cert.id,
							      .reason = STORE_REASON_HOLD},
					 NULL, 0, &revocation),
			 0);
	ck_assert_int_eq(
		cmf_order_place_revocations(WORLD_CALL(&admin, &refusal), &revocation, 1, &terms),
		0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	cmf_revocation_clear(&revocation);
	w.now_ms += 1000;
	(void)view_of("holds", "vnf-1", NOTHING, EVENT());
	housekeep();
	(void)view_of("holds", "vnf-1", SHOWN("c-1/r-1"), EVENT());
	housekeep();
	certificate_is(&cert, STORE_CERT_ON_HOLD, STORE_REASON_HOLD);
	store_certificate_clear(&cert);
	cmf_principal_clear(&ra);
	cmf_principal_clear(&admin);
}
END_TEST

START_TEST(test_on_removed_keep)
{
	struct cmf_principal ra = principal_of("ra-a");
	struct store_certificate cert;

	(void)view_of("keeps", "vnf-1", SHOWN("c-1/r-1"), EVENT());
	cert = enrol(&ra, "vnf-1");
	ck_assert_int_eq(confirm(&ra, &cert), 0);
	(void)view_of("keeps", "vnf-1", NOTHING, EVENT());
	housekeep();
	certificate_is(&cert, STORE_CERT_ACTIVE, STORE_REASON_NONE);
	registered_are("vnf-1", "c-1");
	ck_assert_int_eq(state_of("vnf-1", "c-1"), STORE_VNFC_KEPT);
	store_certificate_clear(&cert);
	cmf_principal_clear(&ra);
}
END_TEST

/* --- what others may --- */

START_TEST(test_ifa033_11_2_3_a_vnfm_may_read_and_no_more)
{
	struct cmf_principal vnfm_a = principal_of("vnfm-a"), vnfm_c = principal_of("vnfm-c"),
			     ra = principal_of("ra-a");
	const struct csr_spec ask = {
		.subject = "/CN=c-1", .profile = {"VnfciCert"}, .vnf_instance = {"vnf-1"}};
	struct store_registration reg = {0}, found;
	struct refusal refusal = REFUSAL_NULL;
	struct store_certificate cert;
	int64_t id;

	(void)shows("vnf-1", SHOWN("c-1/r-1"));
	id = registration_of("vnf-1", "c-1");
	ck_assert_int_eq(store_registration_get(w.reader, id, &reg), 0);
	ck_assert(cmf_may_see_registration(&vnfm_a, &reg));
	ck_assert(!cmf_may_see_registration(&vnfm_c, &reg));
	ck_assert_str_eq(refusal_code(csr_as("vnfm-a", &ask)), "entity_in_direct_mode");
	ck_assert_str_eq(refusal_code(csr_as("vnfm-c", &ask)), "entity_not_authorized");
	ck_assert_int_eq(cmf_registration_find(WORLD_CALL(&vnfm_a, &refusal), id, &found), REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "entity_in_direct_mode");
	ck_assert_int_eq(cmf_deregister_id(WORLD_CALL(&vnfm_a, &refusal), id), REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "entity_in_direct_mode");
	cert = enrolled("vnf-1");
	ck_assert(cmf_may_see_certificate(&vnfm_a, &cert));
	{
		struct cmf_revocation revocation;

		ck_assert_int_eq(cmf_revoke_find(WORLD_CALL(&vnfm_a, &refusal),
						 &(struct cmf_revoke){.certificate_id = cert.id},
						 NULL, 0, &revocation),
				 REFUSED);
		ck_assert_str_eq(refusal_code(refusal.reason), "entity_in_direct_mode");
		cmf_revocation_clear(&revocation);
	}
	/* An RA passes on what VNFCIs ask for. */
	ck_assert_str_eq(refusal_code(csr_as("ra-a", &ask)), "none");
	store_certificate_clear(&cert);
	store_registration_clear(&reg);
	cmf_principal_clear(&vnfm_a);
	cmf_principal_clear(&vnfm_c);
	cmf_principal_clear(&ra);
	(void)shows("vnf-1", NOTHING);
	housekeep();
}
END_TEST

/* A VNFCI with its vendor's certificate, where that is its initial credential. */
START_TEST(test_a_vendor_certificate_is_for_its_vnfc)
{
	struct cmf_principal device = principal_of("vnfm-c");
	struct cmf_csr_result result;
	struct csr_spec ask = {.subject = "/CN=c-1", .profile = {"VnfciCert"}};

	device.entity = strdup("c-1");
	(void)shows("vnf-1", SHOWN("c-1/r-1"));
	ck_assert_str_eq(refusal_code(csr(&device, &ask, &result)), "entity_not_authorized");
	(void)view_of("keeps", "vnf-2", SHOWN("c-1/r-1", "c-2/r-2"), EVENT());
	ck_assert_str_eq(refusal_code(csr(&device, &ask, &result)), "none");
	cmf_csr_result_clear(&result);
	ask.subject = "/CN=c-2";
	ck_assert_str_eq(refusal_code(csr(&device, &ask, &result)), "entity_not_authorized");
	/* Two of that name: which one it is, it does not say. */
	(void)view_of("keeps", "vnf-3", SHOWN("c-1/r-1"), EVENT());
	ask.subject = "/CN=c-1";
	ck_assert_str_eq(refusal_code(csr(&device, &ask, &result)), "vnf_instance_ambiguous");
	cmf_principal_clear(&device);
	(void)shows("vnf-1", NOTHING);
	housekeep();
}
END_TEST

/* --- whatever happens in between --- */

enum { MODEL_VNFS = 3, MODEL_VNFCS = 5, MODEL_STEPS = 40, MODEL_SEEDS = 10 };

/* What the VNFM has. */
static struct {
	bool has[MODEL_VNFS][MODEL_VNFCS];
	unsigned resource[MODEL_VNFS][MODEL_VNFCS];
} model;

static unsigned random_state;

static unsigned random_below(unsigned n)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 16) % n;
}

static void model_vnf_id(unsigned vnf, char id[16])
{
	snprintf(id, 16, "vnf-%u", vnf);
}

/* As Query VNF would show it now. */
static void model_seen(unsigned vnf, struct cmf_direct_view how)
{
	char text[MODEL_VNFCS][32], id[16];
	struct shown s = {.not_instantiated = true};
	size_t n = 0;

	for (unsigned i = 0; i < MODEL_VNFCS; i++) {
		if (!model.has[vnf][i])
			continue;
		snprintf(text[n], sizeof(text[n]), "c-%u/r-%u", i, model.resource[vnf][i]);
		s.vnfc[n] = text[n];
		s.not_instantiated = false;
		n++;
	}
	model_vnf_id(vnf, id);
	(void)view_of("sim", id, &s, how);
}

static void model_step(void)
{
	unsigned vnf = random_below(MODEL_VNFS), vnfc = random_below(MODEL_VNFCS);

	switch (random_below(4)) {
	case 0:
		memset(model.has[vnf], 0, sizeof(model.has[vnf]));
		break;
	case 1:
		model.resource[vnf][vnfc]++;
		break;
	default:
		model.has[vnf][vnfc] = !model.has[vnf][vnfc];
		break;
	}
	/* Every third notification is lost, others come twice, or before the operation is final. */
	for (unsigned n = random_below(3); n > 0; n--)
		model_seen(vnf, random_below(4)
					? EVENT()
					: (struct cmf_direct_view){.cause = CMF_DIRECT_UNFINISHED});
	if (random_below(3) == 0)
		housekeep();
}

static void model_registered(unsigned vnf)
{
	char id[16];

	model_vnf_id(vnf, id);
	for (unsigned i = 0; i < MODEL_VNFCS; i++) {
		const struct store_entity entity = {"domain-a", id,
						    (char[]){'c', '-', (char)('0' + i), 0}};
		struct store_registration reg = {0};
		int err = store_registration_find(w.reader, &entity, CERT_TYPE_VNFCI, &reg);

		ck_assert_int_eq(err, model.has[vnf][i] ? 0 : STORE_NOT_FOUND);
		store_registration_clear(&reg);
	}
}

START_TEST(test_a_resync_makes_good_whatever_was_lost)
{
	struct cmf_direct_view how = {.cause = CMF_DIRECT_RESYNC};
	struct cmf_direct_report report = {0};
	struct cmf_principal who;
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_worker own = worker();

	memset(&model, 0, sizeof(model));
	random_state = (unsigned)_i + 1;
	for (int i = 0; i < MODEL_STEPS; i++)
		model_step();
	ck_assert_int_eq(cmf_direct_resync_begin(w.cmf, &own, vnfm("sim"), false, &how.resync), 0);
	for (unsigned vnf = 0; vnf < MODEL_VNFS; vnf++)
		model_seen(vnf, how);
	ck_assert_int_eq(cmf_direct_resync_end(w.cmf, &own, vnfm("sim"), how.resync, &report), 0);
	who = admin_for("operator-a");
	ck_assert_int_eq(cmf_direct_approve(WORLD_CALL(&who, &refusal), vnfm("sim"), NULL), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	cmf_principal_clear(&who);
	housekeep();
	for (unsigned vnf = 0; vnf < MODEL_VNFS; vnf++)
		model_registered(vnf);
	ck_assert_int_eq(store_integrity_check(w.reader), 0);
}
END_TEST

static void direct_setup(void)
{
	world_setup_with(sections);
}

static void direct_teardown(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf '%s/secrets'", w.dir);
	ck_assert_int_eq(system(command), 0);
	world_teardown();
}

static Suite *direct_suite(void)
{
	Suite *suite = suite_create("cmf_direct");
	TCase *tc = tcase_create("direct");

	tcase_add_checked_fixture(tc, direct_setup, direct_teardown);
	tcase_add_test(tc, test_ifa033_9_3_what_appears_is_registered);
	tcase_add_test(tc, test_ids_of_a_vnf_stay_what_they_were);
	tcase_add_test(tc, test_a_vnfc_that_has_lost_its_resources_stays);
	tcase_add_test(tc, test_rules_exclude_and_choose_the_profile);
	tcase_add_test(tc, test_what_is_registered_otherwise_is_left_alone);
	tcase_add_test(tc, test_hostile_ids);
	tcase_add_test(tc, test_many_at_once);
	tcase_add_test(tc, test_dry_run_changes_nothing);
	tcase_add_loop_test(tc, test_what_a_view_means, 0, ARRAY_LEN(gone_cases));
	tcase_add_test(tc, test_a_resync_ends_few_and_holds_many);
	tcase_add_test(tc, test_a_resync_that_is_not_whole_ends_nothing);
	tcase_add_test(tc, test_what_a_resync_has_not_come_to);
	tcase_add_loop_test(tc, test_a_resync_makes_good_whatever_was_lost, 0, MODEL_SEEDS);
	tcase_add_test(tc, test_one_time_secret_is_spent_when_its_certificate_is_active);
	tcase_add_test(tc, test_one_time_secret_outlives_what_nobody_confirmed);
	tcase_add_loop_test(tc, test_one_time_secret_is_for_its_registration_alone, 0,
			    ARRAY_LEN(other_cases));
	tcase_add_test(tc, test_one_time_secret_made_again_voids_the_one_before);
	tcase_add_test(tc, test_files_of_secrets);
	tcase_add_test(tc, test_files_do_not_follow_links);
	tcase_add_test(tc, test_what_has_gone_is_revoked);
	tcase_add_test(tc, test_another_resource_supersedes_once_it_has_enrolled);
	tcase_add_test(tc, test_on_removed_hold);
	tcase_add_test(tc, test_a_hold_of_somebody_else_stays);
	tcase_add_test(tc, test_on_removed_keep);
	tcase_add_test(tc, test_ifa033_11_2_3_a_vnfm_may_read_and_no_more);
	tcase_add_test(tc, test_a_vendor_certificate_is_for_its_vnfc);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(direct_suite, SUITE_FORKS)
