// SPDX-License-Identifier: Apache-2.0
/*
 * What a VNF Manager asks for over JSON, whose client is removed, or has its permissions taken
 * away, before the commit: nothing of it happens, and what is told is what a request that comes
 * afterwards is told. Over CMP: test_door_authority.c.
 */
#include "nfv_rig.h"
#include "suite.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

/* --- between the decision and its commit --- */

typedef void interfere(struct store_unit *unit);

static struct {
	interfere *with;           /* NULL: nothing is to happen any more */
	struct world_count counts; /* behind it */
	int commits;
	int64_t certificate_id;
} between;

int __real_store_unit_commit(struct store_unit *unit);
int __wrap_store_unit_commit(struct store_unit *unit);
void __real_store_unit_submit(struct store_unit **unitp, store_unit_told *told, void *arg);
void __wrap_store_unit_submit(struct store_unit **unitp, store_unit_told *told, void *arg);

static void interfere_now(void)
{
	_cleanup_(store_unit_freep) struct store_unit *unit = NULL;
	interfere *with = between.with;

	between.commits++;
	if (!with)
		return;
	between.with = NULL;
	ck_assert_int_eq(store_unit_new(w.store, &unit), 0);
	with(unit);
	ck_assert_int_eq(__real_store_unit_commit(unit), 0);
	between.counts = world_count();
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

static void client_removed(struct store_unit *unit)
{
	ck_assert_int_eq(store_client_remove(unit, "vnfm-a"), 0);
}

static void client_may(struct store_unit *unit, const char *name, uint32_t permissions)
{
	struct store_client client = {0};

	ck_assert_int_eq(store_client_find(w.reader, name, &client), 0);
	client.permissions = permissions;
	ck_assert_int_eq(store_client_update(unit, &client), 0);
	store_client_clear(&client);
}

static void client_may_nothing(struct store_unit *unit)
{
	client_may(unit, "vnfm-a", 0);
}

static void client_may_more(struct store_unit *unit)
{
	client_may(unit, "vnfm-a",
		   STORE_MAY_REGISTER | STORE_MAY_REQUEST | STORE_MAY_REVOKE | STORE_MAY_RECOVER);
}

static void other_client_changed(struct store_unit *unit)
{
	client_may(unit, "vnfm-b", 0);
}

static void certificate_compromised(struct store_unit *unit)
{
	ck_assert_int_eq(store_certificate_revoke(unit, between.certificate_id, STORE_CERT_ACTIVE,
						  STORE_CERT_REVOKED, 1, w.now_ms),
			 0);
}

/* --- what is asked for --- */

static char *request_pem(void)
{
	EVP_PKEY *key = pki_key(NULL);
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = pki_name("/CN=vnfci-a");
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long len;

	X509_REQ_set_subject_name(req, name);
	X509_REQ_set_pubkey(req, key);
	ck_assert_int_gt(X509_REQ_sign(req, key, EVP_sha256()), 0);
	ck_assert_int_eq(PEM_write_bio_X509_REQ(bio, req), 1);
	len = BIO_get_mem_data(bio, &data);
	text = strndup(data, (size_t)len);
	BIO_free(bio);
	X509_NAME_free(name);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return text;
}

static json_t *csr_body(void)
{
	_cleanup_(freep) char *pem = request_pem();

	return json_pack("{s:s, s:s, s:b, s:s}", "certType", "VNFCI_CERT", "vnfcId", "vnfci-a",
			 "certChainRequest", 0, "csr", pem);
}

static struct nfv_answer asked(enum http_method method, const char *path, json_t *body)
{
	char *text = body ? json_dumps(body, 0) : NULL;
	const struct nfv_ask ask = {.method = method, .path = path, .body = text, .as = &w.vnfm_a};
	struct nfv_answer answer = nfv_asked(&ask);

	free(text);
	json_decref(body);
	return answer;
}

/* Of a certificate that there is, and of the registration of its entity. */
static char *certificate_json_id, *registration_json_id;

static int id_note(void *arg, const struct store_certificate *cert)
{
	*(int64_t *)arg = cert->id;
	return 0;
}

static void setup(void)
{
	const struct store_certificate_filter all = {.state = -1};
	struct nfv_answer answer;
	const char *self;

	nfv_setup();
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	answer = asked(HTTP_POST, "/v1/certificate_signing_requests", csr_body());
	ck_assert_int_eq(answer.status, 201);
	certificate_json_id = strdup(nfv_text(answer.json, "certificateId"));
	self = json_string_value(json_object_get(
		json_object_get(json_object_get(answer.json, "_links"), "registration"), "href"));
	registration_json_id = strdup(strrchr(self, '/') + 1);
	nfv_answer_clear(&answer);
	ck_assert_int_eq(store_certificate_list(w.reader, &all, id_note, &between.certificate_id),
			 0);
}

static void teardown(void)
{
	free(certificate_json_id);
	free(registration_json_id);
	nfv_teardown();
}

static struct nfv_answer registering(void)
{
	return asked(HTTP_POST, "/v1/registrations",
		     json_pack("{s:s, s:s, s:[s]}", "certType", "VNFCI_CERT",
			       "typeOfVnfcCertHandling", "DELEGATION_MODE", "subjectId",
			       "vnfci-new"));
}

static struct nfv_answer requesting(void)
{
	return asked(HTTP_POST, "/v1/certificate_signing_requests", csr_body());
}

static struct nfv_answer replacing(void)
{
	json_t *body = csr_body();

	json_object_set_new(body, "replaces", json_string(certificate_json_id));
	return asked(HTTP_POST, "/v1/certificate_signing_requests", body);
}

static struct nfv_answer revoking(void)
{
	char path[200];

	snprintf(path, sizeof(path), "/v1/certificates/%s/revoke", certificate_json_id);
	return asked(HTTP_POST, path, json_pack("{s:s}", "reason", "superseded"));
}

static struct nfv_answer deregistering(void)
{
	char path[200];

	snprintf(path, sizeof(path), "/v1/registrations/%s", registration_json_id);
	return asked(HTTP_DELETE, path, NULL);
}

static const struct {
	struct nfv_answer (*ask)(void);
	interfere *with;
	int status;
	const char *reason;
} ends[] = {
	{registering, client_removed, 401, "signer_not_trusted"},
	{registering, client_may_nothing, 403, "client_not_permitted"},
	{requesting, client_removed, 401, "signer_not_trusted"},
	{requesting, client_may_nothing, 403, "client_not_permitted"},
	{revoking, client_removed, 401, "signer_not_trusted"},
	{revoking, client_may_nothing, 403, "client_not_permitted"},
	{replacing, client_removed, 401, "signer_not_trusted"},
	{replacing, certificate_compromised, 409, "update_cert_not_active"},
};

START_TEST(authority_that_ends_before_the_commit)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0}, afterwards = {0};

	between.with = ends[_i].with;
	answer = ends[_i].ask();
	ck_assert_ptr_null(between.with);
	ck_assert_int_eq(answer.status, ends[_i].status);
	ck_assert_str_eq(nfv_text(answer.json, "reason"), ends[_i].reason);
	world_unchanged(between.counts);
	afterwards = ends[_i].ask();
	ck_assert_int_eq(afterwards.status, answer.status);
	ck_assert_str_eq(nfv_text(afterwards.json, "reason"), ends[_i].reason);
}
END_TEST

/* What a registration has hangs on it: without a certificate it is removed, or stays. */
START_TEST(registration_that_is_removed)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer revoked = revoking(), answer = {0};

	ck_assert_int_eq(revoked.status, 204);
	between.with = client_removed;
	answer = deregistering();
	ck_assert_int_eq(answer.status, 401);
	world_unchanged(between.counts);
}
END_TEST

static const struct {
	interfere *with;
	int commits;
} goes_on[] = {
	{client_may_more, 2},
	/* Clients come and go: whoever is not concerned is not kept up by them. */
	{other_client_changed, 1},
};

START_TEST(authority_that_goes_on)
{
	_cleanup_(nfv_answer_clear) struct nfv_answer answer = {0};

	between.with = goes_on[_i].with;
	between.commits = 0;
	answer = requesting();
	ck_assert_int_eq(answer.status, 201);
	ck_assert_int_eq(between.commits, goes_on[_i].commits);
}
END_TEST

static Suite *json_authority_suite(void)
{
	Suite *suite = suite_create("json_authority");
	TCase *tcase = tcase_create("authority");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, authority_that_ends_before_the_commit, 0, ARRAY_LEN(ends));
	tcase_add_test(tcase, registration_that_is_removed);
	tcase_add_loop_test(tcase, authority_that_goes_on, 0, ARRAY_LEN(goes_on));
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(json_authority_suite, SUITE_ONE_PROCESS)
