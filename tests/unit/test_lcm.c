// SPDX-License-Identifier: Apache-2.0
/*
 * Talking to a VNFM, against one that answers what a test tells it: subscriptions, Query VNF,
 * lists, and the callback. What cmf/ would make of a VNF is noted instead of done (the linker puts
 * the functions of cmf/direct.h here); test_direct.c has that.
 */
#include "../../src/lcm/lcm_local.h"

#include "cmf_world.h"
#include "lcm_vnfm.h"
#include "store/direct.h"
#include "suite.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define OK(call) ck_assert_int_eq((call), 0)

static struct lcm *lcm;
static struct cmf_worker own;

/* --- what is made of VNFs --- */

static struct {
	char log[4096]; /* "reconcile v-1 404 event;" and the like */
	const char *unseen[4];
	int result;            /* of each reconcile */
	const char *meanwhile; /* a VNF that is notified of during the first */
} direct;

static void direct_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void direct_note(const char *format, ...)
{
	size_t len = strlen(direct.log);
	va_list args;

	va_start(args, format);
	vsnprintf(direct.log + len, sizeof(direct.log) - len, format, args);
	va_end(args);
}

int __wrap_cmf_direct_reconcile(struct cmf *cmf, const struct cmf_worker *worker,
				const struct conf_vnfm *vnfm, const struct cmf_direct_view *view,
				struct cmf_direct_report *report);
int __wrap_cmf_direct_resync_begin(struct cmf *cmf, const struct cmf_worker *worker,
				   const struct conf_vnfm *vnfm, bool dry_run, int64_t *resyncp);
int __wrap_cmf_direct_unseen(const struct cmf_worker *worker, const struct conf_vnfm *vnfm,
			     int64_t resync, cmf_direct_vnf_each *each, void *arg);
int __wrap_cmf_direct_resync_end(struct cmf *cmf, const struct cmf_worker *worker,
				 const struct conf_vnfm *vnfm, int64_t resync,
				 struct cmf_direct_report *report);

int __wrap_cmf_direct_reconcile(struct cmf *cmf, const struct cmf_worker *worker,
				const struct conf_vnfm *vnfm, const struct cmf_direct_view *view,
				struct cmf_direct_report *report)
{
	static const char *const causes[] = {[CMF_DIRECT_EVENT] = "event",
					     [CMF_DIRECT_UNFINISHED] = "unfinished",
					     [CMF_DIRECT_RESYNC] = "resync"};

	ck_assert_str_eq(vnfm->name, "sim");
	direct_note("%s", view->vnf_instance_id);
	if (!view->vnf)
		direct_note(" 404");
	for (size_t i = 0; view->vnf && i < view->vnf->n_vnfcs; i++)
		direct_note(" %s", view->vnf->vnfcs[i].vnfc_id ? view->vnf->vnfcs[i].vnfc_id
							       : view->vnf->vnfcs[i].resource_id);
	if (direct.meanwhile) {
		const struct store_lcm_event event = {.vnfm = (char *)"sim",
						      .vnf_instance = (char *)direct.meanwhile,
						      .noted_ms = w.now_ms,
						      .operation_id = (char *)"op"};

		direct.meanwhile = NULL;
		OK(store_lcm_event_note(w.unit, &event));
		OK(store_unit_commit(w.unit));
	}
	direct_note(" %s%s%s%s%s;", causes[view->cause], view->removed ? " removed" : "",
		    view->deleted ? " deleted" : "", view->dry_run ? " dry" : "",
		    view->why ? " why" : "");
	return direct.result;
}

int __wrap_cmf_direct_resync_begin(struct cmf *cmf, const struct cmf_worker *worker,
				   const struct conf_vnfm *vnfm, bool dry_run, int64_t *resyncp)
{
	*resyncp = dry_run ? 0 : 7;
	direct_note("begin;");
	return 0;
}

int __wrap_cmf_direct_unseen(const struct cmf_worker *worker, const struct conf_vnfm *vnfm,
			     int64_t resync, cmf_direct_vnf_each *each, void *arg)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(direct.unseen) && direct.unseen[i] && err == 0; i++)
		err = each(arg, direct.unseen[i]);
	return err;
}

int __wrap_cmf_direct_resync_end(struct cmf *cmf, const struct cmf_worker *worker,
				 const struct conf_vnfm *vnfm, int64_t resync,
				 struct cmf_direct_report *report)
{
	ck_assert_int_eq(resync, 7);
	direct_note("end;");
	return 0;
}

/* --- the world --- */

static const struct cmf_worker *worker_of(struct worker *unused, struct lcm_service *servicep)
{
	*servicep = (struct lcm_service){.cmf = w.cmf};
	return &own;
}

#define CALLBACK "http://127.0.0.1:8080/lcm/sim"
#define SECTION                                                                  \
	"[vnfm sim]\napi_root = http://127.0.0.1:%u/\ntrust_domain = domain-a\n" \
	"profile = VnfciCert\nresync_interval = 1h\n"
#define WITH_CALLBACK "callback_uri = " CALLBACK "\n"
#define WITH_PASSWORD WITH_CALLBACK "callback_user = vnfm\ncallback_password_file = store.key\n"

static void lcm_begin(void)
{
	struct strbuf problems = STRBUF_NULL;

	ck_assert_msg(lcm_new(w.conf, worker_of, &w.clock, &lcm, &problems) == 0, "%s",
		      problems.text);
	strbuf_clear(&problems);
}

static void setup_with(const char *more)
{
	char *sections;

	memset(&direct, 0, sizeof(direct));
	vnfm_start();
	ck_assert_int_gt(asprintf(&sections, SECTION "%s", vnfm_port(), more), 0);
	world_setup_with(sections);
	free(sections);
	own = (struct cmf_worker){w.reader, w.unit};
	lcm_begin();
}

static void setup(void)
{
	setup_with(WITH_PASSWORD);
}

static void teardown(void)
{
	lcm_free(lcm);
	world_teardown();
	vnfm_stop();
}

/* The process ends and begins again. */
static void restart(void)
{
	lcm_free(lcm);
	lcm_begin();
}

static struct lcm_job job(void)
{
	return (struct lcm_job){
		.vnfm = &lcm->vnfms[0], .conf = &w.conf->vnfms[0], .cmf = w.cmf, .worker = &own};
}

static int worker_new(void *arg, struct worker **workerp)
{
	*workerp = NULL;
	return 0;
}

static void worker_free(void *arg, struct worker *worker)
{
}

/* A tick, and all that comes of it. */
static void tick(void)
{
	const struct pool_ops ops = {worker_new, worker_free, NULL};
	struct pool *pool;

	OK(pool_new(&ops, 1, 4, &pool));
	lcm_start(lcm, pool, NULL);
	lcm_tick(lcm);
	pool_free(pool);
	lcm_start(lcm, NULL, NULL);
}

static const char *subscription_stored(void)
{
	static char id[64];
	struct store_lcm_subscription row = {0};

	strcpy(id, "");
	if (store_lcm_subscription_get(w.reader, "sim", &row) == 0)
		snprintf(id, sizeof(id), "%s", row.subscription);
	store_lcm_subscription_clear(&row);
	return id;
}

#define VERSIONS                                                      \
	{                                                             \
		"GET", "/vnflcm/api_versions", 200, "",               \
			"{\"apiVersions\":[{\"version\":\"2.0.0\"}]}" \
	}
#define SUBSCRIPTION(id, callback) "{\"id\":\"" id "\",\"callbackUri\":\"" callback "\"}"
#define SUBSCRIPTIONS              "/vnflcm/v2/subscriptions"
#define CREATED(id)                                                                \
	{                                                                          \
		"POST", SUBSCRIPTIONS, 201, "Location: http://evil.example/x\r\n", \
			SUBSCRIPTION(id, CALLBACK)                                 \
	}
#define LISTED(list)                                        \
	{                                                   \
		"GET", SUBSCRIPTIONS, 200, "", "[" list "]" \
	}
#define SHOWN(id)                                                                \
	{                                                                        \
		"GET", SUBSCRIPTIONS "/" id, 200, "", SUBSCRIPTION(id, CALLBACK) \
	}
#define INSTANCES "/vnflcm/v2/vnf_instances"
#define NONE                                    \
	{                                       \
		"GET", INSTANCES, 200, "", "[]" \
	}
#define VNF(id, ...)                                                                          \
	{                                                                                     \
		"GET", INSTANCES "/" id, 200, "",                                             \
			"{\"id\":\"" id                                                       \
			"\",\"instantiationState\":\"INSTANTIATED\",\"instantiatedVnfInfo\":" \
			"{\"vnfcResourceInfo\":[" __VA_ARGS__ "]}}"                           \
	}
#define VNFC(id) "{\"id\":\"" id "\"}"

static void subscribed(void)
{
	bool is_new = false;
	struct lcm_job j = job();

	VNFM(VERSIONS, CREATED("s-1"), LISTED(""));
	OK(lcm_subscription_keep(&j, &is_new));
	ck_assert(is_new);
	ck_assert_str_eq(subscription_stored(), "s-1");
	vnfm_forget();
}

/* --- subscriptions: SOL 003 5.4.18, 5.4.19 --- */

START_TEST(test_subscribe)
{
	_cleanup_(freep) char *password = NULL;
	json_t *body;
	char path[128];
	struct octets file;

	subscribed();
	restart();
	VNFM(VERSIONS, CREATED("s-2"),
	     LISTED(SUBSCRIPTION("s-2", CALLBACK) "," SUBSCRIPTION(
		     "other", "http://x/y") "," SUBSCRIPTION("stray/1", CALLBACK)),
	     {"DELETE", SUBSCRIPTIONS "/stray%2F1", 204, "", ""});
	tick(); /* the VNFM does not have s-1 */
	ck_assert_str_eq(vnfm_asked(), "GET /vnflcm/api_versions\nGET " SUBSCRIPTIONS "/s-1\n"
				       "POST " SUBSCRIPTIONS "\nGET " SUBSCRIPTIONS
				       "\nDELETE " SUBSCRIPTIONS "/stray%2F1\nGET " INSTANCES "\n");
	ck_assert_str_eq(subscription_stored(), "s-2");
	ck_assert_ptr_null(strstr(vnfm_head("GET", "/vnflcm/api_versions"), "Version:"));
	ck_assert_ptr_nonnull(strstr(vnfm_head("POST", SUBSCRIPTIONS), "Version: 2.0.0\r\n"));
	body = json_loads(vnfm_body("POST", SUBSCRIPTIONS), 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(body, "verbosity")), "FULL");
	ck_assert_str_eq(json_string_value(json_object_get(body, "callbackUri")), CALLBACK);
	snprintf(path, sizeof(path), "%s/store.key", w.dir);
	OK(file_read(path, 1000, &file));
	ck_assert_int_gt(asprintf(&password, "%.*s", 64, (char *)file.data), 0);
	octets_clear(&file);
	ck_assert_str_eq(
		json_string_value(json_object_get(
			json_object_get(json_object_get(body, "authentication"), "paramsBasic"),
			"password")),
		password);
	json_decref(body);
}
END_TEST

START_TEST(test_subscription_kept_over_a_restart)
{
	subscribed();
	restart();
	VNFM(VERSIONS, SHOWN("s-1"), LISTED(SUBSCRIPTION("s-1", CALLBACK)), NONE);
	tick();
	ck_assert_str_eq(subscription_stored(), "s-1");
	ck_assert_ptr_null(strstr(vnfm_asked(), "POST"));
	ck_assert_ptr_null(strstr(vnfm_asked(), "DELETE"));
}
END_TEST

/* A VNFM that counts its subscriptions may have given the number to another consumer. */
START_TEST(test_subscription_of_another_under_our_name)
{
	subscribed();
	VNFM(VERSIONS, {"GET", SUBSCRIPTIONS "/s-1", 200, "", SUBSCRIPTION("s-1", "http://x/y")},
	     CREATED("s-2"), LISTED(SUBSCRIPTION("s-1", "http://x/y")), NONE);
	tick();
	ck_assert_str_eq(subscription_stored(), "s-2");
	ck_assert_ptr_null(strstr(vnfm_asked(), "DELETE"));
}
END_TEST

START_TEST(test_subscription_with_other_credentials)
{
	struct store_lcm_subscription row = {.vnfm = (char *)"sim",
					     .subscription = (char *)"s-1",
					     .callback_uri = (char *)CALLBACK};

	OK(store_lcm_subscription_set(w.unit, &row));
	OK(store_unit_commit(w.unit));
	VNFM(VERSIONS, SHOWN("s-1"), {"DELETE", SUBSCRIPTIONS "/s-1", 204, "", ""}, CREATED("s-2"),
	     LISTED(""), NONE);
	tick();
	ck_assert_str_eq(subscription_stored(), "s-2");
	ck_assert_ptr_nonnull(strstr(vnfm_asked(), "DELETE " SUBSCRIPTIONS "/s-1\n"));
}
END_TEST

/* 303 leads to what is there already, by its name alone. */
START_TEST(test_subscription_there_already)
{
	VNFM(VERSIONS, {"POST", SUBSCRIPTIONS, 303, "Location: http://evil.example/a/s-9\r\n", ""},
	     SHOWN("s-9"), LISTED(SUBSCRIPTION("s-9", CALLBACK)), NONE);
	tick();
	ck_assert_str_eq(subscription_stored(), "s-9");
}
END_TEST

static const struct vnfm_reply refusals[] = {
	{"POST", SUBSCRIPTIONS, 500, "", "{\"detail\":\"no connection\"}"},
	{"POST", SUBSCRIPTIONS, 422, "", "{\"detail\":\"cannot get\"}"},
	{"POST", SUBSCRIPTIONS, 201, "", "{}"},
	{"POST", SUBSCRIPTIONS, 201, "", "no JSON"},
	{"POST", SUBSCRIPTIONS, 303, "Location: /\r\n", ""},
	{"POST", SUBSCRIPTIONS, 303, "Location: /a/foreign\r\n", ""},
	{"POST", SUBSCRIPTIONS, 202, "", SUBSCRIPTION("s-1", CALLBACK)},
};

/* Tried again after 1 s, 2 s, 4 s, ..., and never more than a minute later. */
START_TEST(test_subscription_refused)
{
	struct lcm_status status;

	VNFM(VERSIONS, refusals[_i], NONE);
	vnfm_add((struct vnfm_reply){"GET", SUBSCRIPTIONS "/foreign", 200, "",
				     SUBSCRIPTION("foreign", "http://x/y")});
	tick();
	ck_assert_str_eq(subscription_stored(), "");
	ck_assert(lcm_status_get(lcm, 0, &status));
	ck_assert(!status.subscribed);
	for (int64_t wait = 1000; wait < 200 * 1000; wait *= 2) {
		int64_t of_these = wait < 60000 ? wait : 60000;

		vnfm_forget();
		w.now_ms += of_these - 1;
		tick();
		ck_assert_ptr_null(strstr(vnfm_asked(), "POST"));
		w.now_ms += 1;
		tick();
		ck_assert_ptr_nonnull(strstr(vnfm_asked(), "POST"));
	}
	VNFM(VERSIONS, CREATED("s-2"), LISTED(""), NONE);
	w.now_ms += 60000;
	tick();
	ck_assert_str_eq(subscription_stored(), "s-2");
	ck_assert(lcm_status_get(lcm, 0, &status));
	ck_assert(status.subscribed);
}
END_TEST

START_TEST(test_versions_elsewhere)
{
	VNFM({"GET", "/vnflcm/v2/api_versions", 200, "",
	      "{\"uriPrefix\":\"/elsewhere\",\"apiVersions\":[{\"version\":\"2.1.0\"}]}"},
	     CREATED("s-1"), LISTED(""), NONE);
	tick();
	ck_assert_str_eq(subscription_stored(), "s-1");
	ck_assert_ptr_nonnull(strstr(vnfm_head("POST", SUBSCRIPTIONS), "Version: 2.1.0\r\n"));
}
END_TEST

/* --- notified VNFs --- */

static void noted(const char *vnf, bool removed, bool deleted, bool unfinished)
{
	const struct store_lcm_event event = {.vnfm = (char *)"sim",
					      .vnf_instance = (char *)(uintptr_t)vnf,
					      .noted_ms = w.now_ms,
					      .removed = removed,
					      .deleted = deleted,
					      .unfinished = unfinished};

	OK(store_lcm_event_note(w.unit, &event));
	OK(store_unit_commit(w.unit));
}

static uint32_t waiting(void)
{
	uint32_t n;

	OK(store_lcm_event_count(w.reader, "sim", 100, &n));
	return n;
}

START_TEST(test_event)
{
	subscribed();
	VNFM(VERSIONS, SHOWN("s-1"), LISTED(""), NONE, VNF("v-1", VNFC("c-1") "," VNFC("c-2")),
	     VNF("v-2"));
	noted("v-1", false, false, false);
	noted("v-2", true, false, false);
	noted("v-3", false, true, false);
	noted("v-4/..", false, false, true);
	tick();
	ck_assert_uint_eq(waiting(), 0);
	ck_assert_ptr_nonnull(strstr(direct.log, "v-1 c-1 c-2 event;"));
	ck_assert_ptr_nonnull(strstr(direct.log, "v-2 event removed;"));
	ck_assert_ptr_nonnull(strstr(direct.log, "v-3 404 event deleted;"));
	ck_assert_ptr_nonnull(strstr(direct.log, "v-4/.. 404 unfinished;"));
	ck_assert_ptr_nonnull(strstr(vnfm_asked(), "GET " INSTANCES "/v-4%2F..\n"));
}
END_TEST

/* What is no answer for this VNF is no view of it. */
static const struct vnfm_reply no_views[] = {
	{"GET", INSTANCES "/v-1", 500, "", "{}"},
	{"GET", INSTANCES "/v-1", 401, "", "{}"},
	{"GET", INSTANCES "/v-1", 503, "", ""},
	{"GET", INSTANCES "/v-1", 301, "Location: http://evil.example/\r\n", ""},
	{"GET", INSTANCES "/v-1", 200, "", ""},
	{"GET", INSTANCES "/v-1", 200, "", "{\"id\":\"v-1\",\"instantiationState\":\"INST"},
	{"GET", INSTANCES "/v-1", 200, "", "[]"},
	{"GET", INSTANCES "/v-1", 200, "",
	 "{\"id\":\"v-2\",\"instantiationState\":\"NOT_INSTANTIATED\"}"},
};

START_TEST(test_event_without_a_view)
{
	subscribed();
	VNFM(VERSIONS, SHOWN("s-1"), LISTED(""), NONE, no_views[_i], VNF("v-2", VNFC("c-1")));
	noted("v-1", true, true, false);
	noted("v-2", false, false, false);
	tick();
	/* It waits, and keeps no other one waiting. */
	ck_assert_ptr_null(strstr(direct.log, "v-1"));
	ck_assert_ptr_nonnull(strstr(direct.log, "v-2 c-1 event;"));
	ck_assert_uint_eq(waiting(), 1);
	VNFM(VERSIONS, VNF("v-1"));
	tick();
	ck_assert_uint_eq(waiting(), 1);
	w.now_ms += 1000;
	tick();
	ck_assert_uint_eq(waiting(), 0);
	ck_assert_ptr_nonnull(strstr(direct.log, "v-1 event removed deleted;"));
}
END_TEST

START_TEST(test_event_that_was_not_made_durable)
{
	subscribed();
	VNFM(VERSIONS, SHOWN("s-1"), LISTED(""), NONE, VNF("v-1"));
	noted("v-1", false, false, false);
	direct.result = -EIO;
	tick();
	ck_assert_uint_eq(waiting(), 1);
	direct.result = 0;
	w.now_ms += 1000;
	tick();
	ck_assert_uint_eq(waiting(), 0);
}
END_TEST

/* --- all VNFs --- */

#define PAGE_OF(path, link, list)                    \
	{                                            \
		"GET", path, 200, link, "[" list "]" \
	}

START_TEST(test_resync)
{
	subscribed();
	VNFM(VERSIONS, SHOWN("s-1"), LISTED(""),
	     PAGE_OF(INSTANCES, "Link: <http://evil.example/v?m=2>;rel=\"next\"\r\n", VNFC("v-1")),
	     PAGE_OF(INSTANCES "?m=2", "", VNFC("v-2")), VNF("v-1", VNFC("c-1")), VNF("v-2"));
	direct.unseen[0] = "v-9";
	tick();
	ck_assert_str_eq(direct.log, "begin;v-1 c-1 resync;v-2 resync;v-9 404 resync;end;");
	/* And the next one when it is time. */
	direct.log[0] = '\0';
	w.now_ms += 3600 * 1000 - 1;
	tick();
	ck_assert_str_eq(direct.log, "");
	w.now_ms += 1;
	tick();
	ck_assert_ptr_nonnull(strstr(direct.log, "end;"));
}
END_TEST

/* What is notified of does not wait for the end of a long list. */
START_TEST(test_event_during_a_resync)
{
	struct cmf_direct_report report = {0};
	struct lcm_job j = job();

	VNFM(VERSIONS, PAGE_OF(INSTANCES, "", VNFC("v-1") "," VNFC("v-2") "," VNFC("v-3")),
	     VNF("v-1"), VNF("v-2"), VNF("v-3", VNFC("c-3")));
	direct.meanwhile = "v-3";
	OK(lcm_vnfs_resync(&j, false, &report));
	ck_assert_str_eq(direct.log, "begin;v-1 resync;v-3 c-3 event why;v-2 resync;"
				     "v-3 c-3 resync;end;");
	ck_assert_uint_eq(waiting(), 0);
}
END_TEST

/* Nor does one that cannot be looked at keep the resync waiting. */
START_TEST(test_event_without_a_view_during_a_resync)
{
	struct cmf_direct_report report = {0};
	struct lcm_job j = job();

	VNFM(VERSIONS, PAGE_OF(INSTANCES, "", VNFC("v-1") "," VNFC("v-2")), VNF("v-1"), VNF("v-2"),
	     {"GET", INSTANCES "/v-9", 500, "", "{}"});
	direct.meanwhile = "v-9";
	OK(lcm_vnfs_resync(&j, false, &report));
	ck_assert_str_eq(direct.log, "begin;v-1 resync;v-2 resync;end;");
	ck_assert_uint_eq(waiting(), 1);
}
END_TEST

/* What cannot be read of a list, or of one VNF, ends nothing. */
static const struct {
	struct vnfm_reply reply;
	const char *log;
} halves[] = {
	{{"GET", INSTANCES "?m=2", 500, "", "{}"}, ""},
	{{"GET", INSTANCES "?m=2", 200, "", "{}"}, ""},
	{{"GET", INSTANCES "?m=2", 200, "", "[{\"id\":\"v-2\"},{}]"}, ""},
	{{"GET", INSTANCES "?m=2", 200, "", "[{\"id\":\"v-2\""}, ""},
	{{"GET", INSTANCES "/v-1", 500, "", "{}"}, "begin;v-2 resync;"},
	{{"GET", INSTANCES, 401, "", "{}"}, ""},
	{{"GET", INSTANCES, 200, "", ""}, ""},
	{{"GET", INSTANCES, 404, "", ""}, ""},
};

START_TEST(test_resync_of_a_half)
{
	struct cmf_direct_report report = {0};
	struct lcm_job j = job();
	struct lcm_status status;

	VNFM(VERSIONS, halves[_i].reply,
	     PAGE_OF(INSTANCES, "Link: <?m=2>;rel=\"next\"\r\n", VNFC("v-1")),
	     PAGE_OF(INSTANCES "?m=2", "", VNFC("v-2")), VNF("v-1"), VNF("v-2"));
	ck_assert_int_lt(lcm_vnfs_resync(&j, false, &report), 0);
	ck_assert_str_eq(direct.log, halves[_i].log);
	ck_assert(lcm_status_get(lcm, 0, &status));
	ck_assert_str_ne(status.problem, "");
}
END_TEST

START_TEST(test_resync_of_nothing)
{
	struct cmf_direct_report report = {0};
	struct lcm_job j = job();

	VNFM(VERSIONS, NONE, VNF("v-1", VNFC("c-1")));
	direct.unseen[0] = "v-1";
	OK(lcm_vnfs_resync(&j, false, &report));
	ck_assert_str_eq(direct.log, "begin;v-1 c-1 resync;end;");
}
END_TEST

START_TEST(test_resync_dry)
{
	struct cmf_direct_report report = {0};
	struct lcm_job j = job();

	VNFM(VERSIONS, PAGE_OF(INSTANCES, "", VNFC("v-1")), VNF("v-1"));
	direct.unseen[0] = "v-1"; /* a dry run marks none as seen */
	direct.unseen[1] = "v-2";
	OK(lcm_vnfs_resync(&j, true, &report));
	ck_assert_str_eq(direct.log, "begin;v-1 resync dry;v-2 404 resync dry;");
}
END_TEST

/* --- one-time secrets that are sent --- */

static void delivery_setup_with(const char *events)
{
	char more[600];

	vnfm_start();
	snprintf(more, sizeof(more),
		 WITH_PASSWORD "initial_credential = secret\ninitial_credential_uri = "
			       "http://127.0.0.1:%u/secrets\n"
			       "initial_credential_token_file = store.key\n%s",
		 vnfm_port(), events);
	setup_with(more);
}

static void delivery_setup(void)
{
	delivery_setup_with("[events]\ncallback_networks = 127.0.0.0/8\n");
}

/* A VNFC that was registered from the VNFM, with a secret of its own; its reference. */
static const char *secret_made(const char *vnf, const char *subject_id)
{
	static char reference[128];
	const struct store_registration reg = {.cert_type = CERT_TYPE_VNFCI,
					       .vnf_instance = (char *)(uintptr_t)vnf,
					       .subject_id = (char *)(uintptr_t)subject_id,
					       .handling = CERT_HANDLING_DIRECT,
					       .manager = (char *)"vnfm-a",
					       .trust_domain = (char *)"domain-a",
					       .ca = (char *)"main",
					       .profile = (char *)"VnfciCert",
					       .source = (char *)"vnfm sim",
					       .created_ms = w.now_ms,
					       .changed_ms = w.now_ms};
	struct cmf_principal admin = admin_for("operator-a");
	struct cmf_initial_credential credential = {0};
	struct store_registration made = {0};
	struct refusal refusal = REFUSAL_NULL;
	int64_t id;

	OK(store_registration_insert(w.unit, &reg, &id));
	OK(store_unit_commit(w.unit));
	OK(store_registration_get(w.reader, store_unit_id(w.unit, id), &made));
	OK(cmf_initial_credential_make(WORLD_CALL(&admin, &refusal), &made, &credential));
	OK(store_unit_commit(w.unit));
	snprintf(reference, sizeof(reference), "%s", credential.reference);
	cmf_initial_credential_clear(&credential);
	store_registration_clear(&made);
	cmf_principal_clear(&admin);
	return reference;
}

static uint32_t undelivered(void)
{
	uint32_t n;

	OK(store_initial_credential_undelivered(w.reader, "sim", 100, &n));
	return n;
}

static void deliver(void)
{
	struct lcm_job j = job();
	bool more;

	vnfm_forget();
	lcm_secrets_deliver(&j, 10, &more);
	ck_assert(!more);
}

#define TAKES(code)                              \
	{                                        \
		"POST", "/secrets", code, "", "" \
	}

START_TEST(test_secret_is_sent_until_it_is_acknowledged)
{
	const char *reference = secret_made("v-1", "c-1"), *body;

	VNFM(TAKES(503));
	deliver();
	ck_assert_uint_eq(undelivered(), 1);
	body = vnfm_body("POST", "/secrets");
	ck_assert_ptr_nonnull(strstr(body, reference));
	ck_assert_ptr_nonnull(strstr(body, "\"secret\":\""));
	ck_assert_ptr_nonnull(strstr(body, "\"vnfInstanceId\":\"v-1\""));
	ck_assert_ptr_nonnull(strstr(body, "\"subjectId\":\"c-1\""));
	ck_assert_ptr_nonnull(strstr(body, "\"trustDomain\":\"domain-a\""));
	ck_assert_ptr_nonnull(strstr(body, "\"vnfm\":\"sim\""));
	ck_assert_ptr_nonnull(strstr(body, "\"expiry\":\"2026-11-24T09:00:00Z\""));
	/* The file's first line is the token; not before its time. */
	ck_assert_ptr_nonnull(strstr(vnfm_head("POST", "/secrets"),
				     "Authorization: Bearer 000102030405060708090a0b"));
	VNFM(TAKES(204));
	deliver();
	ck_assert_str_eq(vnfm_asked(), "");
	w.now_ms += 1000;
	deliver();
	ck_assert_str_eq(vnfm_asked(), "POST /secrets\n");
	ck_assert_ptr_nonnull(strstr(vnfm_body("POST", "/secrets"), reference));
	ck_assert_uint_eq(undelivered(), 0);
	deliver();
	ck_assert_str_eq(vnfm_asked(), "");
}
END_TEST

/* One that is not taken keeps no other one waiting. */
START_TEST(test_secrets_do_not_wait_for_each_other)
{
	(void)secret_made("v-1", "c-1");
	(void)secret_made("v-1", "c-2");
	VNFM(TAKES(400));
	deliver();
	ck_assert_str_eq(vnfm_asked(), "POST /secrets\nPOST /secrets\n");
	ck_assert_uint_eq(undelivered(), 2);
}
END_TEST

START_TEST(test_secret_that_is_void_is_not_sent)
{
	const char *reference = secret_made("v-1", "c-1");
	struct store_initial_credential row = {0};

	VNFM(TAKES(204));
	w.now_ms += DAY_MS;
	deliver();
	ck_assert_str_eq(vnfm_asked(), "");
	ck_assert_uint_eq(undelivered(), 0);
	OK(store_initial_credential_find(w.reader, bytes_of_string(reference), &row));
	ck_assert_int_eq(row.delivered_ms, 0);
	store_initial_credential_clear(&row);
	/* As is one whose VNFC has gone. */
	reference = secret_made("v-1", "c-2");
	OK(store_initial_credential_find(w.reader, bytes_of_string(reference), &row));
	OK(store_registration_deregister(w.unit, row.registration_id, w.now_ms));
	OK(store_unit_commit(w.unit));
	store_initial_credential_clear(&row);
	deliver();
	ck_assert_str_eq(vnfm_asked(), "");
	ck_assert_uint_eq(undelivered(), 0);
}
END_TEST

static void delivery_setup_elsewhere(void)
{
	delivery_setup_with("");
}

/* Only where a callback may be. */
START_TEST(test_secret_is_not_sent_to_any_address)
{
	(void)secret_made("v-1", "c-1");
	VNFM(TAKES(204));
	deliver();
	ck_assert_str_eq(vnfm_asked(), "");
	ck_assert_uint_eq(undelivered(), 1);
	ck_assert_int_gt(lcm->vnfms[0].secrets_ms, w.now_ms);
}
END_TEST

/* --- VNFMs that are followed no longer --- */

START_TEST(test_vnfm_that_is_no_longer_configured)
{
	struct store_lcm_subscription row = {.vnfm = (char *)"other",
					     .subscription = (char *)"s-9",
					     .callback_uri = (char *)"http://127.0.0.1/lcm/other"};
	struct store_lcm_event event = {
		.vnfm = (char *)"other", .vnf_instance = (char *)"v-1", .noted_ms = w.now_ms};
	uint32_t n;

	OK(store_lcm_subscription_set(w.unit, &row));
	OK(store_lcm_event_note(w.unit, &event));
	OK(store_unit_commit(w.unit));
	noted("v-1", false, false, false);
	OK(lcm_unconfigured_leave(w.conf, w.store));
	OK(store_lcm_event_count(w.reader, "other", 100, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(waiting(), 1);
	/* The operator is told which subscription to remove. */
	row = (struct store_lcm_subscription){0};
	OK(store_lcm_subscription_get(w.reader, "other", &row));
	ck_assert_str_eq(row.subscription, "s-9");
	store_lcm_subscription_clear(&row);
}
END_TEST

/* --- who we are: SOL 013 8.3, RFC 6749 4.4 --- */

START_TEST(test_oauth2)
{
	struct cmf_direct_report report = {0};
	struct lcm_job j = job();

	VNFM(VERSIONS, NONE,
	     {"POST", "/token", 200, "",
	      "{\"access_token\":\"t-1\",\"token_type\":\"bearer\",\"expires_in\":3600}"});
	OK(lcm_vnfs_resync(&j, false, &report));
	OK(lcm_vnfs_resync(&j, false, &report));
	ck_assert_ptr_nonnull(strstr(vnfm_head("GET", INSTANCES), "Authorization: Bearer t-1\r\n"));
	ck_assert_ptr_eq(strstr(strstr(vnfm_asked(), "/token") + 1, "/token"), NULL);
	/* It may not be good any more. */
	vnfm_forget();
	VNFM(VERSIONS, {"GET", INSTANCES, 401, "", "{}"},
	     {"POST", "/token", 200, "", "{\"access_token\":\"t-2\",\"token_type\":\"Bearer\"}"});
	ck_assert_int_eq(lcm_vnfs_resync(&j, false, &report), -EPROTO);
	ck_assert_ptr_nonnull(strstr(vnfm_head("GET", INSTANCES), "Authorization: Bearer t-2\r\n"));
	vnfm_forget();
	VNFM(VERSIONS, NONE, {"POST", "/token", 400, "", "{\"error\":\"invalid_client\"}"});
	ck_assert_int_lt(lcm_vnfs_resync(&j, false, &report), 0);
	ck_assert_ptr_null(strstr(vnfm_asked(), INSTANCES));
}
END_TEST

static void setup_oauth2(void)
{
	char *more;

	/* The port is that of the VNFM, which is started first. */
	vnfm_start();
	ck_assert_int_gt(asprintf(&more,
				  WITH_CALLBACK "oauth2_token_uri = http://127.0.0.1:%u/token\n"
						"oauth2_client_id = cmf\n"
						"oauth2_client_secret_file = store.key\n",
				  vnfm_port()),
			 0);
	setup_with(more);
	free(more);
}

/* --- the callback: SOL 003 5.4.20 --- */

struct ask {
	enum http_method method; /* 0: POST */
	const char *authorization;
	const char *body;
	const char *content_type; /* NULL: application/json */
	bool remote, plain;       /* not from this machine; without TLS */
	const struct credential *certificate;
};

static const char *good_authorization(void)
{
	static char header[256];
	struct octets file;
	uint8_t pair[80], text[160];
	char path[128];

	snprintf(path, sizeof(path), "%s/store.key", w.dir);
	OK(file_read(path, 1000, &file));
	snprintf((char *)pair, sizeof(pair), "vnfm:%.64s", (char *)file.data);
	octets_clear(&file);
	EVP_EncodeBlock(text, pair, (int)strlen((char *)pair));
	snprintf(header, sizeof(header), "Basic %s", text);
	return header;
}

static int asked(const struct ask *ask)
{
	struct http_header headers[2];
	struct bytes cert = ask->certificate ? octets_view(&ask->certificate->der) : BYTES_NULL;
	struct http_request request = {.method = ask->method ? ask->method : HTTP_POST,
				       .path = "/lcm/sim",
				       .query = "",
				       .path_rest = "",
				       .body = ask->body ? bytes_of_string(ask->body) : BYTES_NULL,
				       .peer = "127.0.0.1:1",
				       .tls = !ask->plain,
				       .loopback = !ask->remote,
				       .tls_certs = &cert,
				       .n_tls_certs = ask->certificate != NULL,
				       .headers = headers};
	struct http_response response = {.status = 200};
	const struct http_route *route;
	size_t n;

	route = lcm_routes(lcm, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(route->path, "/lcm/sim");
	headers[request.n_headers++] = (struct http_header){
		"Content-Type", ask->content_type ? ask->content_type : "application/json"};
	if (ask->authorization)
		headers[request.n_headers++] =
			(struct http_header){"Authorization", ask->authorization};
	route->handler(route->arg, NULL, &request, &response);
	/* SOL 013; and a VNFM takes a callback for broken whose errors have none. */
	if (response.status == 204)
		ck_assert_uint_eq(response.body.len, 0);
	else
		ck_assert_str_eq(response.content_type, "application/problem+json");
	ck_assert_int_eq(response.status == 401, response.n_headers == 1);
	http_response_clear(&response);
	return response.status;
}

#define CREATION(subscription, vnf)                                                 \
	"{\"notificationType\":\"VnfIdentifierCreationNotification\",\"id\":\"n\"," \
	"\"subscriptionId\":\"" subscription "\",\"vnfInstanceId\":\"" vnf "\"}"
#define STARTING(subscription)                                                          \
	"{\"notificationType\":\"VnfLcmOperationOccurrenceNotification\",\"id\":\"n\"," \
	"\"subscriptionId\":\"" subscription "\",\"vnfInstanceId\":\"v\","              \
	"\"vnfLcmOpOccId\":\"o\",\"operation\":\"HEAL\",\"operationState\":\"STARTING\"}"

static const struct {
	struct ask ask;
	bool good; /* authorization */
	int status;
	uint32_t waiting;
} callbacks[] = {
	{{HTTP_GET}, true, 204, 0},
	{{HTTP_GET}, false, 401, 0},
	{{HTTP_GET, "Basic dm5mbTp3cm9uZw=="}, false, 401, 0},
	{{HTTP_GET, "Bearer x"}, false, 401, 0},
	{{HTTP_GET, "Basic "}, false, 401, 0},
	{{HTTP_DELETE}, true, 405, 0},
	{{HTTP_DELETE}, false, 401, 0},
	{{0, NULL, CREATION("s-1", "v-1")}, true, 204, 1},
	{{0, NULL, CREATION("s-1", "v-1"), "Application/JSON; charset=utf-8"}, true, 204, 1},
	{{0, NULL, CREATION("s-1", "v-1"), NULL, true}, true, 204, 1},
	{{0, NULL, CREATION("s-1", "v-1"), NULL, false, true}, true, 204, 1},
	/* Over a wire on which anybody can read the password. */
	{{0, NULL, CREATION("s-1", "v-1"), NULL, true, true}, true, 403, 0},
	{{0, NULL, CREATION("s-1", "v-1")}, false, 401, 0},
	{{0, NULL, CREATION("s-2", "v-1")}, true, 404, 0},
	{{0, NULL, CREATION("s-1", "v-1"), "text/plain"}, true, 415, 0},
	{{0, NULL, CREATION("s-1", "v-1"), "application/jsonx"}, true, 415, 0},
	{{0, NULL, STARTING("s-1")}, true, 204, 0},
	{{0, NULL, STARTING("s-2")}, true, 404, 0},
	{{0, NULL, "{\"notificationType\":\"Other\",\"subscriptionId\":\"s-1\"}"}, true, 204, 0},
	{{0, NULL, "{}"}, true, 400, 0},
	{{0, NULL, "[]"}, true, 400, 0},
	{{0, NULL, ""}, true, 400, 0},
	{{0, NULL, "{\"a\":1,\"a\":2}"}, true, 400, 0},
};

START_TEST(test_callback)
{
	struct ask ask = callbacks[_i].ask;

	subscribed();
	if (callbacks[_i].good)
		ask.authorization = good_authorization();
	ck_assert_int_eq(asked(&ask), callbacks[_i].status);
	ck_assert_uint_eq(waiting(), callbacks[_i].waiting);
}
END_TEST

/* What comes before the answer that says what it is called. */
START_TEST(test_callback_while_it_is_subscribed)
{
	struct ask ask = {.body = CREATION("unheard-of", "v-1")};

	ask.authorization = good_authorization();
	ck_assert_int_eq(asked(&ask), 404);
	atomic_store(&lcm->vnfms[0].subscribing, true);
	ck_assert_int_eq(asked(&ask), 204);
	ck_assert_uint_eq(waiting(), 1);
	ask.authorization = NULL;
	ck_assert_int_eq(asked(&ask), 401);
}
END_TEST

/* Beyond what is noted one by one all of them are looked at. */
START_TEST(test_callback_of_very_many)
{
	struct ask ask = {.body = CREATION("s-1", "one-more")};

	subscribed();
	VNFM(VERSIONS, SHOWN("s-1"), LISTED(""), NONE);
	tick();
	direct.log[0] = '\0';
	for (int i = 0; i < LCM_EVENTS_MAX; i++) {
		char vnf[16];
		const struct store_lcm_event event = {
			.vnfm = (char *)"sim", .vnf_instance = vnf, .noted_ms = w.now_ms + DAY_MS};

		snprintf(vnf, sizeof(vnf), "v-%d", i);
		OK(store_lcm_event_note(w.unit, &event));
	}
	OK(store_unit_commit(w.unit));
	ask.authorization = good_authorization();
	ck_assert_int_eq(asked(&ask), 204);
	tick();
	ck_assert_str_eq(direct.log, "begin;end;");
}
END_TEST

static void setup_loopback(void)
{
	setup_with(WITH_CALLBACK);
}

START_TEST(test_callback_without_credentials)
{
	struct ask ask = {.body = CREATION("s-1", "v-1")};

	subscribed();
	ck_assert_int_eq(asked(&ask), 204);
	ask.remote = true;
	ck_assert_int_eq(asked(&ask), 401);
}
END_TEST

static void setup_certificate(void)
{
	setup_with("callback_uri = https://cmf.example/lcm/sim\n"
		   "callback_certificate = issuing.pem\n");
}

START_TEST(test_callback_certificate)
{
	struct ask ask = {.method = HTTP_GET, .remote = true};

	ck_assert_int_eq(asked(&ask), 401);
	ask.certificate = &w.vnfm_a;
	ck_assert_int_eq(asked(&ask), 401);
	ask.certificate = &w.issuing;
	ck_assert_int_eq(asked(&ask), 204);
	/* Which is shown in TLS alone. */
	ask.plain = true;
	ck_assert_int_eq(asked(&ask), 403);
}
END_TEST

static Suite *lcm_suite(void)
{
	Suite *suite = suite_create("lcm");
	TCase *delivery = tcase_create("delivery"), *elsewhere = tcase_create("elsewhere");
	TCase *tc = tcase_create("lcm"), *oauth2 = tcase_create("oauth2"),
	      *loopback = tcase_create("loopback"), *certificate = tcase_create("certificate");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_subscribe);
	tcase_add_test(tc, test_subscription_kept_over_a_restart);
	tcase_add_test(tc, test_subscription_of_another_under_our_name);
	tcase_add_test(tc, test_subscription_with_other_credentials);
	tcase_add_test(tc, test_subscription_there_already);
	tcase_add_loop_test(tc, test_subscription_refused, 0, ARRAY_LEN(refusals));
	tcase_add_test(tc, test_versions_elsewhere);
	tcase_add_test(tc, test_event);
	tcase_add_loop_test(tc, test_event_without_a_view, 0, ARRAY_LEN(no_views));
	tcase_add_test(tc, test_event_that_was_not_made_durable);
	tcase_add_test(tc, test_resync);
	tcase_add_test(tc, test_event_during_a_resync);
	tcase_add_test(tc, test_event_without_a_view_during_a_resync);
	tcase_add_test(tc, test_vnfm_that_is_no_longer_configured);
	tcase_add_loop_test(tc, test_resync_of_a_half, 0, ARRAY_LEN(halves));
	tcase_add_test(tc, test_resync_of_nothing);
	tcase_add_test(tc, test_resync_dry);
	tcase_add_loop_test(tc, test_callback, 0, ARRAY_LEN(callbacks));
	tcase_add_test(tc, test_callback_while_it_is_subscribed);
	tcase_add_test(tc, test_callback_of_very_many);
	tcase_add_checked_fixture(delivery, delivery_setup, teardown);
	tcase_add_test(delivery, test_secret_is_sent_until_it_is_acknowledged);
	tcase_add_test(delivery, test_secrets_do_not_wait_for_each_other);
	tcase_add_test(delivery, test_secret_that_is_void_is_not_sent);
	suite_add_tcase(suite, delivery);
	tcase_add_checked_fixture(elsewhere, delivery_setup_elsewhere, teardown);
	tcase_add_test(elsewhere, test_secret_is_not_sent_to_any_address);
	suite_add_tcase(suite, elsewhere);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(oauth2, setup_oauth2, teardown);
	tcase_add_test(oauth2, test_oauth2);
	suite_add_tcase(suite, oauth2);
	tcase_add_checked_fixture(loopback, setup_loopback, teardown);
	tcase_add_test(loopback, test_callback_without_credentials);
	suite_add_tcase(suite, loopback);
	tcase_add_checked_fixture(certificate, setup_certificate, teardown);
	tcase_add_test(certificate, test_callback_certificate);
	suite_add_tcase(suite, certificate);
	return suite;
}

SUITE_MAIN(lcm_suite, SUITE_FORKS)
