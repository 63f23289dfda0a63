// SPDX-License-Identifier: Apache-2.0
/*
 * Certificate requests that are resources, without a door: made, made again, read, given up, and
 * ended by housekeeping. What an upstream CA would do to the store, the tests do.
 */
#include "cmf/order.h"
#include "cmf/request.h"
#include "cmf_world.h"
#include "suite.h"

#include <fcntl.h>
#include <string.h>

/* Nobody listens on port 1. */
static const char sections[] = "[ca far]\n"
			       "type = upstream\n"
			       "server_url = http://127.0.0.1:1/cmp\n"
			       "certificate = root.pem\n"
			       "chain = root.pem\n"
			       "trusted = root.pem\n"
			       "ra_certificate = issuing.pem\n"
			       "ra_key = issuing.key\n"
			       "recipient = /CN=far\n"
			       "upstream_wait = 1ms\n"
			       "upstream_retry = 7s\n"
			       "upstream_timeout = 1h\n"
			       "[profile vnfci-holder]\n"
			       "cert_type = VnfciCert\n"
			       "validity = 90d\n"
			       "validity_max = 365d\n"
			       "key_types = ec:P-256\n"
			       "common_name = subjectId\n"
			       "own_certificate_requests = yes\n"
			       "extension_section = ext\n";

enum { HOUR_MS = 3600 * 1000, BUDGET_US = 1000 * 1000 };

static struct cmf_principal vnfm;

/* --- requests --- */

static struct octets pkcs10(const char *subject, EVP_PKEY *key)
{
	EVP_PKEY *made = key ? NULL : pki_key(NULL);
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = pki_name(subject);
	struct octets der = OCTETS_NULL;
	int len;

	X509_REQ_set_subject_name(req, name);
	X509_REQ_set_pubkey(req, key ? key : made);
	ck_assert_int_gt(X509_REQ_sign(req, key ? key : made, EVP_sha256()), 0);
	len = i2d_X509_REQ(req, &der.data);
	ck_assert_int_gt(len, 0);
	der.len = (size_t)len;
	X509_NAME_free(name);
	X509_REQ_free(req);
	EVP_PKEY_free(made);
	return der;
}

static struct cmf_request request_for(const char *vnfc_id, const struct octets *der)
{
	return (struct cmf_request){
		.cert_type = CERT_TYPE_VNFCI, .vnfc_id = vnfc_id, .pkcs10 = octets_view(der)};
}

/* As a door makes it, with the commit. The id is that of the store. */
static enum refusal_reason make(const struct cmf_principal *who, const struct cmf_request *request,
				struct cmf_requested *requestedp)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_call call = *WORLD_CALL(who, &refusal);
	int committed = STORE_CONFLICT;

	for (int i = 0; i < 2 && committed == STORE_CONFLICT; i++) {
		int err;

		call.again = i > 0;
		if (i > 0)
			cmf_requested_clear(requestedp);
		err = cmf_request_make(&call, request, requestedp);
		ck_assert_int_ge(err, 0);
		ck_assert_int_eq(err == 0, refusal.reason == REFUSAL_NONE);
		if (err == REFUSED)
			ck_assert(store_unit_empty(w.unit));
		committed = store_unit_commit(w.unit);
	}
	ck_assert_int_eq(committed, 0);
	requestedp->csr.id = store_unit_id(w.unit, requestedp->csr.id);
	requestedp->csr.certificate_id = store_unit_id(w.unit, requestedp->csr.certificate_id);
	return refusal.reason;
}

static struct cmf_requested made(const struct cmf_request *request)
{
	struct cmf_requested requested;

	ck_assert_str_eq(refusal_code(make(&vnfm, request, &requested)), "none");
	return requested;
}

/* Without what it gives back. */
static enum refusal_reason refused(const struct cmf_principal *who,
				   const struct cmf_request *request)
{
	const struct world_count before = world_count();
	struct cmf_requested requested;
	enum refusal_reason reason = make(who, request, &requested);

	cmf_requested_clear(&requested);
	if (reason != REFUSAL_NONE)
		world_unchanged(before);
	return reason;
}

static struct cmf_requested read_again(int64_t id)
{
	struct cmf_requested requested;

	ck_assert_int_eq(cmf_request_read(WORLD_CALL(&vnfm, NULL), id, &requested), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	return requested;
}

/* As the housekeeper calls it. */
static void housekeeping(void)
{
	const struct cmf_worker worker = {w.reader, w.unit};
	bool more = true;

	for (int i = 0; more && i < 10; i++)
		ck_assert_int_eq(cmf_housekeeping(w.cmf, &worker, &more), 0);
	ck_assert(!more);
}

static void revoke(int64_t id, int reason)
{
	const struct cmf_revoke request = {.certificate_id = id, .reason = reason};
	struct cmf_revocation revocation;
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_order_terms terms;

	ck_assert_int_eq(
		cmf_revoke_find(WORLD_CALL(&vnfm, &refusal), &request, NULL, 0, &revocation), 0);
	ck_assert_int_eq(
		cmf_order_place_revocations(WORLD_CALL(&vnfm, NULL), &revocation, 1, &terms), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	cmf_revocation_clear(&revocation);
}

static void register_with(const char *subject_id, const char *ca, const char *profile)
{
	struct cmf_principal admin = admin_for("vnfm-a");

	ck_assert_str_eq(
		refusal_code(register_as(
			&admin, &(struct cmf_register){.has_cert_type = true,
						       .cert_type = CERT_TYPE_VNFCI,
						       .subject_ids = &subject_id,
						       .n_subject_ids = 1,
						       .handling = CERT_HANDLING_DELEGATION,
						       .profile = profile,
						       .ca = ca})),
		"none");
	cmf_principal_clear(&admin);
}

static void setup(void)
{
	world_setup_with(sections);
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-b");
	register_ok("vnfm-a", CERT_TYPE_VNF_OAM, "vnf-oam");
	register_ok("vnfm-b", CERT_TYPE_VNFCI, "vnfci-of-b");
	register_with("vnfci-far", "far", NULL);
	vnfm = principal_of("vnfm-a");
	/* The upstream CA is not there: its faults are no news. */
	log_setup(open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
}

static void teardown(void)
{
	cmf_principal_clear(&vnfm);
	world_teardown();
}

/* --- the same request --- */

START_TEST(request_made_again_is_the_same)
{
	struct octets der = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-a", &der);
	struct cmf_requested first = made(&request), again;

	ck_assert(first.fresh);
	ck_assert_int_eq(first.csr.state, STORE_CSR_COMPLETED);
	ck_assert_str_eq(first.csr.subject_id, "vnfci-a");
	ck_assert_int_gt(first.cert.der.len, 0);
	/* IFA 033 11.2.3 has no confirmation. */
	ck_assert_int_eq(certificate_state(first.csr.certificate_id), STORE_CERT_ACTIVE);
	request.chain_request = true;
	again = made(&request);
	ck_assert(!again.fresh);
	ck_assert_int_eq(again.csr.id, first.csr.id);
	ck_assert(bytes_equal(octets_view(&again.cert.der), octets_view(&first.cert.der)));
	ck_assert_int_eq(world_count().certificates, 1);
	cmf_requested_clear(&again);
	again = read_again(first.csr.id);
	ck_assert_int_eq(again.csr.state, STORE_CSR_COMPLETED);
	ck_assert_int_eq(again.cert.id, first.csr.certificate_id);
	cmf_requested_clear(&again);
	cmf_requested_clear(&first);
	octets_clear(&der);
}
END_TEST

START_TEST(request_of_the_same_octets_that_asks_otherwise)
{
	struct octets der = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-a", &der), other;
	struct cmf_requested first, again;

	request.not_after_ms = w.now_ms + DAY_MS;
	request.profile = "VnfciCert";
	first = made(&request);
	for (int i = 0; i < 5; i++) {
		other = request;
		other.profile = i == 0 ? NULL : i == 1 ? "vnfci-any" : request.profile;
		other.profile = i == 2 ? "no such profile" : other.profile;
		other.not_after_ms += i == 3 ? 1000 : 0;
		other.replaces_id = i == 4 ? first.csr.certificate_id : 0;
		ck_assert_str_eq(refusal_code(make(&vnfm, &other, &again)),
				 "csr_repeated_otherwise");
		ck_assert_int_eq(again.existing_csr_id, first.csr.id);
		cmf_requested_clear(&again);
	}
	ck_assert_int_eq(world_count().certificates, 1);
	cmf_requested_clear(&first);
	octets_clear(&der);
}
END_TEST

START_TEST(request_whose_certificate_has_ended)
{
	struct octets der = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-a", &der);
	struct cmf_requested first = made(&request), again;

	/* On hold it may come back. */
	revoke(first.csr.certificate_id, STORE_REASON_HOLD);
	again = made(&request);
	ck_assert_int_eq(again.csr.id, first.csr.id);
	cmf_requested_clear(&again);
	revoke(first.csr.certificate_id, 1);
	ck_assert_str_eq(refusal_code(make(&vnfm, &request, &again)), "csr_cert_revoked");
	ck_assert_int_eq(again.existing_certificate_id, first.csr.certificate_id);
	cmf_requested_clear(&again);
	ck_assert_int_eq(world_count().certificates, 1);
	/* What has expired is no certificate any more, whatever it was. */
	w.now_ms = first.cert.not_after_ms;
	again = made(&request);
	ck_assert(again.fresh);
	ck_assert_int_ne(again.csr.id, first.csr.id);
	cmf_requested_clear(&again);
	cmf_requested_clear(&first);
	octets_clear(&der);
}
END_TEST

/* Of two that are decided before either is committed, one is the other. */
START_TEST(request_made_twice_at_the_same_time)
{
	struct octets der = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-a", &der);
	struct cmf_requested mine, theirs;
	struct store_unit *unit;
	struct refusal refusal = REFUSAL_NULL;

	ck_assert_int_eq(store_unit_new(w.store, &unit), 0);
	ck_assert_int_eq(cmf_request_make(CMF_CALL(w.cmf, w.reader, unit, &vnfm, &refusal),
					  &request, &theirs),
			 0);
	ck_assert(theirs.fresh);
	mine = made(&request);
	ck_assert_int_eq(store_unit_commit(unit), STORE_CONFLICT);
	cmf_requested_clear(&theirs);
	ck_assert_int_eq(cmf_request_make(CMF_CALL(w.cmf, w.reader, unit, &vnfm, &refusal),
					  &request, &theirs),
			 0);
	ck_assert(!theirs.fresh);
	ck_assert_int_eq(theirs.csr.id, mine.csr.id);
	ck_assert_int_eq(world_count().certificates, 1);
	cmf_requested_clear(&theirs);
	cmf_requested_clear(&mine);
	store_unit_free(unit);
	octets_clear(&der);
}
END_TEST

/* --- what is refused --- */

static const struct refusal_case {
	const char *client, *subject, *vnfc_id, *profile;
	enum cert_type type;
	int64_t not_after_days; /* 0: not said */
	enum refusal_reason reason;
} refusals[] = {
	/* clang-format off */
	{"vnfm-a", "/CN=vnfci-a", "vnfci-a", NULL, CERT_TYPE_VNFCI, 0, REFUSAL_NONE},
	/* IFA 033 11.2.3.2: vnfcId is for VNFCI certificates; the names say it for the other. */
	{"vnfm-a", "/CN=vnf-oam", NULL, NULL, CERT_TYPE_VNF_OAM, 0, REFUSAL_confirmation_required},
	{"vnfm-a", "/CN=vnfci-b", "vnfci-a", NULL, CERT_TYPE_VNFCI, 0,
		REFUSAL_template_subject_not_allowed},
	{"vnfm-a", "/O=x", "vnfci-a", NULL, CERT_TYPE_VNFCI, 0, REFUSAL_template_names_nobody},
	{"vnfm-a", "/CN=vnfci-a", "vnfci-a", "vnfci-any", CERT_TYPE_VNFCI, 0,
		REFUSAL_profile_contradiction},
	{"vnfm-a", "/CN=vnfci-a", "vnfci-a", "none such", CERT_TYPE_VNFCI, 0,
		REFUSAL_cert_type_unknown},
	{"vnfm-a", "/CN=vnfci-a", "vnfci-a", NULL, CERT_TYPE_VNFCI, -1, REFUSAL_template_validity},
	/* What there is not, and what is another's. */
	{"vnfm-a", "/CN=vnfci-x", "vnfci-x", NULL, CERT_TYPE_VNFCI, 0, REFUSAL_entity_not_authorized},
	{"vnfm-a", "/CN=vnfci-a", "vnfci-a", NULL, CERT_TYPE_MANO, 0, REFUSAL_entity_not_authorized},
	{"vnfm-b", "/CN=vnfci-a", "vnfci-a", NULL, CERT_TYPE_VNFCI, 0, REFUSAL_entity_not_authorized},
	{"vnfm-b", "/CN=vnfci-x", "vnfci-x", NULL, CERT_TYPE_VNFCI, 0, REFUSAL_entity_not_authorized},
	{"nobody", "/CN=vnfci-a", "vnfci-a", NULL, CERT_TYPE_VNFCI, 0, REFUSAL_client_not_permitted},
	{"nobody", "/CN=vnfci-x", "vnfci-x", NULL, CERT_TYPE_VNFCI, 0, REFUSAL_client_not_permitted},
	/* clang-format on */
};

START_TEST(ifa033_11_2_3_refusals)
{
	const struct refusal_case *c = &refusals[_i];
	struct cmf_principal who = principal_of(c->client);
	struct octets der = pkcs10(c->subject, NULL);
	struct cmf_request request = request_for(c->vnfc_id, &der);

	request.cert_type = c->type;
	request.profile = c->profile;
	request.not_after_ms = c->not_after_days ? w.now_ms + c->not_after_days * DAY_MS : 0;
	ck_assert_str_eq(refusal_code(refused(&who, &request)), refusal_code(c->reason));
	octets_clear(&der);
	cmf_principal_clear(&who);
}
END_TEST

/* RFC 2986, and nothing beside it. */
START_TEST(rfc2986_malformed)
{
	struct octets der = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-a", &der);
	uint8_t longer[1024];

	ck_assert_uint_lt(der.len, sizeof(longer));
	memcpy(longer, der.data, der.len);
	longer[der.len] = 0;
	request.pkcs10 = (struct bytes){longer, der.len + 1};
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "csr_malformed");
	for (size_t len = 0; len < der.len; len += 7) {
		request.pkcs10 = (struct bytes){der.data, len};
		ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "csr_malformed");
	}
	/* In the INTEGER s. */
	der.data[der.len - 1] ^= 1;
	request.pkcs10 = octets_view(&der);
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "pop_signature_wrong");
	octets_clear(&der);
}
END_TEST

/* Without vnfInstanceId the registration without one is meant, or else the only one. */
START_TEST(ifa033_11_2_3_vnf_instance)
{
	struct octets der = pkcs10("/CN=vnfci-v", NULL), other = pkcs10("/CN=vnfci-v", NULL);
	struct cmf_request request = request_for("vnfci-v", &der);
	struct cmf_requested first, again;

	register_in("vnfm-a", CERT_TYPE_VNFCI, "vnf-1", "vnfci-v");
	request.vnf_instance = "vnf-1";
	first = made(&request);
	ck_assert_str_eq(first.csr.vnf_instance, "vnf-1");
	request.vnf_instance = NULL;
	again = made(&request);
	ck_assert_int_eq(again.csr.id, first.csr.id);
	cmf_requested_clear(&again);
	request.vnf_instance = "vnf-2";
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "entity_not_authorized");
	register_in("vnfm-a", CERT_TYPE_VNFCI, "vnf-2", "vnfci-v");
	request.vnf_instance = NULL;
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "vnf_instance_ambiguous");
	request.vnf_instance = "vnf-1";
	again = made(&request);
	ck_assert_int_eq(again.csr.id, first.csr.id);
	cmf_requested_clear(&again);
	request.vnf_instance = "vnf-2";
	request.replaces_id = first.csr.certificate_id;
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "vnf_instance_contradiction");
	/* One without is another entity, and the one that is meant now. RFC 5280 4.1.2.6: the name
	 * is the other's until its certificate ends. */
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-v");
	request = request_for("vnfci-v", &other);
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "template_subject_not_allowed");
	revoke(first.csr.certificate_id, 1);
	again = made(&request);
	ck_assert_str_eq(again.csr.vnf_instance, "");
	cmf_requested_clear(&again);
	cmf_requested_clear(&first);
	octets_clear(&der);
	octets_clear(&other);
}
END_TEST

/* A wish: what was granted otherwise is told. */
START_TEST(request_with_a_wish)
{
	struct octets der = pkcs10("/CN=vnfci-a", NULL), other = pkcs10("/CN=vnfci-a", NULL),
		      third = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-a", &der);
	struct cmf_requested requested;

	request.not_after_ms = w.now_ms + DAY_MS;
	requested = made(&request);
	ck_assert_int_eq(requested.cert.not_after_ms, w.now_ms + DAY_MS);
	ck_assert_ptr_null(requested.csr.changes);
	cmf_requested_clear(&requested);
	request.pkcs10 = octets_view(&other);
	request.not_after_ms = w.now_ms + 1000 * DAY_MS;
	requested = made(&request);
	ck_assert_int_lt(requested.cert.not_after_ms, w.now_ms + 366 * DAY_MS);
	ck_assert_str_eq(requested.csr.changes, "validity shortened");
	cmf_requested_clear(&requested);
	/* The end of time as ASN.1 can say it. */
	request.pkcs10 = octets_view(&third);
	request.not_after_ms = INT64_MAX;
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "template_validity");
	octets_clear(&der);
	octets_clear(&other);
	octets_clear(&third);
}
END_TEST

/* --- renewal --- */

START_TEST(rfc9483_4_1_3_request_replaces)
{
	struct octets der = pkcs10("/CN=vnfci-a", NULL), next = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-a", &der);
	struct cmf_requested first = made(&request), second, again;
	int64_t newest;

	request.pkcs10 = octets_view(&next);
	request.replaces_id = first.csr.certificate_id;
	request.revoke_replaced = _i == 1;
	second = made(&request);
	ck_assert(second.fresh);
	ck_assert_int_eq(store_certificate_replacement(w.reader, first.csr.certificate_id, &newest),
			 0);
	ck_assert_int_eq(newest, second.csr.certificate_id);
	ck_assert_int_eq(certificate_state(first.csr.certificate_id),
			 _i == 1 ? STORE_CERT_REVOKED : STORE_CERT_ACTIVE);
	/* The answer was lost: whatever has become of the old one. */
	again = made(&request);
	ck_assert_int_eq(again.csr.id, second.csr.id);
	ck_assert_int_eq(world_count().certificates, 2);
	cmf_requested_clear(&again);
	cmf_requested_clear(&second);
	cmf_requested_clear(&first);
	octets_clear(&der);
	octets_clear(&next);
}
END_TEST

START_TEST(rfc9483_4_1_3_request_does_not_replace)
{
	struct store_certificate of_b =
		certificate_issued("vnfm-b", "VnfciCert", "/CN=vnfci-of-b", NULL);
	EVP_PKEY *key = pki_key(NULL);
	struct octets der = pkcs10("/CN=vnfci-a", key), next = pkcs10("/CN=vnfci-a", NULL),
		      same_key = pkcs10("/CN=vnfci-a", key), other = pkcs10("/CN=vnfci-b", NULL);
	struct cmf_request request = request_for("vnfci-a", &der);
	struct cmf_requested first = made(&request);
	/* What there is not and what is another's. */
	const int64_t unknown[] = {-1, of_b.id, of_b.id + 1000};

	request.pkcs10 = octets_view(&next);
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		request.replaces_id = unknown[i];
		ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "entity_not_authorized");
	}
	request.replaces_id = first.csr.certificate_id;
	request.vnfc_id = "vnfci-b";
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "vnfc_id_contradiction");
	request.vnfc_id = "vnfci-a";
	request.pkcs10 = octets_view(&other);
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "update_names_changed");
	request.pkcs10 = octets_view(&same_key);
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "update_key_unchanged");
	request.pkcs10 = octets_view(&next);
	revoke(first.csr.certificate_id, STORE_REASON_HOLD);
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "update_cert_on_hold");
	revoke(first.csr.certificate_id, 1);
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "update_cert_not_active");
	cmf_requested_clear(&first);
	store_certificate_clear(&of_b);
	EVP_PKEY_free(key);
	octets_clear(&der);
	octets_clear(&next);
	octets_clear(&same_key);
	octets_clear(&other);
}
END_TEST

/* Who may ask and not revoke gets no certificate for which another would have to be revoked. */
START_TEST(replaced_certificate_is_not_to_be_revoked)
{
	struct octets der = pkcs10("/CN=vnfci-a", NULL), next = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-a", &der);
	struct cmf_requested first = made(&request);

	vnfm.permissions &= ~(uint32_t)STORE_MAY_REVOKE;
	request.pkcs10 = octets_view(&next);
	request.replaces_id = first.csr.certificate_id;
	request.revoke_replaced = true;
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "client_not_permitted");
	request.revoke_replaced = false;
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "none");
	cmf_requested_clear(&first);
	octets_clear(&der);
	octets_clear(&next);
}
END_TEST

/* --- the holder of a certificate --- */

static struct cmf_principal holder_of(const struct store_certificate *cert)
{
	return (struct cmf_principal){.kind = CMF_PRINCIPAL_END_ENTITY,
				      .name = strdup("certificate:main/01"),
				      .trust_domain = strdup(cert->trust_domain),
				      .policy = vnfm.policy,
				      .certificate_id = cert->id,
				      .registration_id = cert->registration_id};
}

START_TEST(rfc9483_4_1_2_holder)
{
	struct octets der = pkcs10("/CN=vnfci-h", NULL), next = pkcs10("/CN=vnfci-h", NULL),
		      other = pkcs10("/CN=vnfci-a", NULL), alien = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-a", &other);
	struct store_certificate cert;
	struct cmf_principal holder;
	struct cmf_requested first = made(&request), again;

	/* vnfci-holder has own_certificate_requests. */
	register_with("vnfci-h", NULL, _i == 0 ? "vnfci-holder" : "VnfciCert");
	cert = certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-h", NULL);
	holder = holder_of(&cert);
	request = request_for("vnfci-h", &der);
	ck_assert_str_eq(refusal_code(refused(&holder, &request)),
			 _i == 0 ? "none" : "end_entity_only_own");
	request.pkcs10 = octets_view(&next);
	request.replaces_id = cert.id;
	ck_assert_str_eq(refusal_code(make(&holder, &request, &again)), "none");
	ck_assert(again.fresh);
	cmf_requested_clear(&again);
	/* Nothing else, whether there is such a certificate or not. */
	request = request_for("vnfci-a", &alien);
	ck_assert_str_eq(refusal_code(refused(&holder, &request)), "own_request_not_own");
	request.replaces_id = first.csr.certificate_id;
	ck_assert_str_eq(refusal_code(refused(&holder, &request)), "entity_not_authorized");
	request.replaces_id = -1;
	ck_assert_str_eq(refusal_code(refused(&holder, &request)), "entity_not_authorized");
	ck_assert_int_eq(cmf_request_read(WORLD_CALL(&holder, NULL), first.csr.id, &again),
			 STORE_NOT_FOUND);
	cmf_requested_clear(&again);
	cmf_requested_clear(&first);
	cmf_principal_clear(&holder);
	store_certificate_clear(&cert);
	octets_clear(&der);
	octets_clear(&next);
	octets_clear(&other);
	octets_clear(&alien);
}
END_TEST

/* --- what an upstream CA decides --- */

/* What the upstream CA makes of the certificate that was asked for. */
static void upstream_issues(int64_t id)
{
	struct credential issued =
		credential_new(&(struct credential_spec){.subject = "/CN=x", .issuer = &w.root});
	struct store_certificate cert = {0};

	ck_assert_int_eq(store_certificate_get(w.reader, id, &cert), 0);
	ck_assert_int_eq(octets_dup(octets_view(&issued.der), &cert.der), 0);
	ck_assert_int_eq(serial_of_integer(X509_get0_serialNumber(issued.cert), &cert.serial), 0);
	cert.state = STORE_CERT_PENDING;
	ck_assert_int_eq(store_certificate_fill(w.unit, &cert), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	store_certificate_clear(&cert);
	credential_clear(&issued);
}

static void upstream_refuses(int64_t id, int failinfo)
{
	struct store_exchange exchange = {0};

	ck_assert_int_eq(store_exchange_find(w.reader, id, STORE_EXCHANGE_ISSUE, &exchange), 0);
	ck_assert_int_eq(
		store_exchange_finish(w.unit, exchange.id, STORE_EXCHANGE_FAILED, failinfo, NULL),
		0);
	ck_assert_int_eq(
		store_certificate_set_state(w.unit, id, STORE_CERT_REQUESTED, STORE_CERT_REJECTED),
		0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	store_exchange_clear(&exchange);
}

struct waits {
	struct octets der;
	struct cmf_request request;
	struct cmf_requested requested;
};

static struct waits waits_begin(void)
{
	struct waits waits = {.der = pkcs10("/CN=vnfci-far", NULL)};

	waits.request = request_for("vnfci-far", &waits.der);
	waits.requested = made(&waits.request);
	ck_assert_int_eq(waits.requested.csr.state, STORE_CSR_PROCESSING);
	ck_assert_int_eq(waits.requested.check_after, 7);
	return waits;
}

static void waits_end(struct waits *waits)
{
	cmf_requested_clear(&waits->requested);
	octets_clear(&waits->der);
}

static void assert_state(int64_t id, enum store_csr_state state, const char *code, int failinfo)
{
	struct store_csr csr;

	ck_assert_int_eq(store_csr_get(w.reader, id, &csr), 0);
	ck_assert_int_eq(csr.state, state);
	ck_assert_str_eq(csr.refusal ? csr.refusal : "none", code);
	ck_assert_int_eq(csr.failinfo, failinfo);
	store_csr_clear(&csr);
}

/* Who decides first, the client that asks or housekeeping, makes no difference. */
static void settle(int64_t id, bool by_housekeeping)
{
	struct cmf_requested requested = {0};

	if (by_housekeeping)
		housekeeping();
	else
		requested = read_again(id);
	cmf_requested_clear(&requested);
}

START_TEST(rfc9483_4_4_request_waits_and_is_granted)
{
	struct waits waits = waits_begin();
	int64_t id = waits.requested.csr.id, certificate = waits.requested.csr.certificate_id;
	struct cmf_requested again;

	ck_assert_int_eq(cmf_request_run(WORLD_CALL(&vnfm, NULL), certificate, BUDGET_US), 0);
	again = made(&waits.request);
	ck_assert(!again.fresh);
	ck_assert_int_eq(again.csr.id, id);
	ck_assert_int_eq(again.csr.state, STORE_CSR_PROCESSING);
	ck_assert_int_eq(again.check_after, 7);
	cmf_requested_clear(&again);
	housekeeping();
	assert_state(id, STORE_CSR_PROCESSING, "none", -1);
	upstream_issues(certificate);
	/* It was never to be confirmed, however long nobody looks. */
	w.now_ms += 30 * DAY_MS;
	settle(id, _i == 1);
	assert_state(id, STORE_CSR_COMPLETED, "none", -1);
	ck_assert_int_eq(certificate_state(certificate), STORE_CERT_ACTIVE);
	again = made(&waits.request);
	ck_assert_int_eq(again.csr.id, id);
	ck_assert_int_eq(again.csr.state, STORE_CSR_COMPLETED);
	ck_assert_int_gt(again.cert.der.len, 0);
	cmf_requested_clear(&again);
	waits_end(&waits);
}
END_TEST

START_TEST(rfc9483_5_2_request_is_refused_upstream)
{
	struct waits waits = waits_begin();
	struct cmf_requested again;
	struct refusal refusal;

	upstream_refuses(waits.requested.csr.certificate_id, FAIL_BAD_CERT_TEMPLATE);
	settle(waits.requested.csr.id, _i == 1);
	assert_state(waits.requested.csr.id, STORE_CSR_FAILED, "upstream_rejected",
		     FAIL_BAD_CERT_TEMPLATE);
	again = read_again(waits.requested.csr.id);
	refusal = cmf_request_refusal(&again.csr);
	ck_assert_int_eq(refusal.reason, REFUSAL_upstream_rejected);
	ck_assert_int_eq(refusal.failinfo, FAIL_BAD_CERT_TEMPLATE);
	cmf_requested_clear(&again);
	/* What was rejected can be asked for anew. */
	again = made(&waits.request);
	ck_assert(again.fresh);
	cmf_requested_clear(&again);
	waits_end(&waits);
}
END_TEST

/* RFC 9483 6: the CA is not asked any more, or is gone from the configuration. */
START_TEST(request_that_waits_too_long)
{
	struct waits waits = waits_begin();

	w.now_ms = waits.requested.csr.until_ms - 1;
	settle(waits.requested.csr.id, _i == 1);
	assert_state(waits.requested.csr.id, STORE_CSR_PROCESSING, "none", -1);
	w.now_ms += 2;
	settle(waits.requested.csr.id, _i == 1);
	assert_state(waits.requested.csr.id, STORE_CSR_FAILED, "upstream_unavailable",
		     FAIL_SYSTEM_UNAVAIL);
	ck_assert_int_eq(certificate_state(waits.requested.csr.certificate_id),
			 STORE_CERT_REJECTED);
	waits_end(&waits);
}
END_TEST

START_TEST(request_is_given_up)
{
	struct waits waits = waits_begin();
	struct cmf_principal other = principal_of("ra-a");
	struct refusal refusal = REFUSAL_NULL;
	int64_t id = waits.requested.csr.id;

	ck_assert_int_eq(cmf_request_give_up(WORLD_CALL(&other, &refusal), id), STORE_NOT_FOUND);
	ck_assert_int_eq(cmf_request_give_up(WORLD_CALL(&vnfm, &refusal), id), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	assert_state(id, STORE_CSR_FAILED, "csr_given_up", FAIL_BAD_REQUEST);
	ck_assert_int_eq(certificate_state(waits.requested.csr.certificate_id),
			 STORE_CERT_REJECTED);
	ck_assert_int_eq(cmf_request_give_up(WORLD_CALL(&vnfm, &refusal), id), REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_csr_not_processing);
	housekeeping();
	assert_state(id, STORE_CSR_FAILED, "csr_given_up", FAIL_BAD_REQUEST);
	cmf_principal_clear(&other);
	waits_end(&waits);
}
END_TEST

/* The upstream CA was faster: the certificate is there, and is revoked like any other. */
START_TEST(request_is_given_up_too_late)
{
	struct waits waits = waits_begin();
	struct refusal refusal = REFUSAL_NULL;

	upstream_issues(waits.requested.csr.certificate_id);
	ck_assert_int_eq(cmf_request_give_up(WORLD_CALL(&vnfm, &refusal), waits.requested.csr.id),
			 REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_csr_not_processing);
	ck_assert(store_unit_empty(w.unit));
	settle(waits.requested.csr.id, false);
	assert_state(waits.requested.csr.id, STORE_CSR_COMPLETED, "none", -1);
	waits_end(&waits);
}
END_TEST

/* The old certificate stays until the new one is there, and whatever happens to it meanwhile. */
START_TEST(replaced_certificate_goes_when_the_new_one_comes)
{
	struct waits first = waits_begin();
	struct octets next = pkcs10("/CN=x", NULL);
	struct cmf_request request = request_for("vnfci-far", &next);
	struct cmf_requested second;
	int64_t old = first.requested.csr.certificate_id;

	upstream_issues(old);
	settle(first.requested.csr.id, true);
	request.replaces_id = old;
	request.revoke_replaced = true;
	second = made(&request);
	ck_assert_int_eq(second.csr.state, STORE_CSR_PROCESSING);
	ck_assert_int_eq(certificate_state(old), STORE_CERT_ACTIVE);
	upstream_issues(second.csr.certificate_id);
	if (_i == 1)
		revoke(old, 1);
	settle(second.csr.id, true);
	assert_state(second.csr.id, STORE_CSR_COMPLETED, "none", -1);
	/* The upstream CA still has to be told. */
	ck_assert_int_eq(certificate_state(old), STORE_CERT_REVOCATION_PENDING);
	cmf_requested_clear(&second);
	octets_clear(&next);
	waits_end(&first);
}
END_TEST

/* What a client makes us wait for is counted against it. */
START_TEST(requests_that_wait_are_limited)
{
	uint32_t max = cmf_conf(w.cmf)->cmf.transactions_max_per_client;
	struct waits waits = waits_begin();
	struct octets der = pkcs10("/CN=vnfci-far", NULL), near = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-far", &der);

	for (uint32_t i = 1; i < max; i++)
		ck_assert_int_eq(store_csr_insert(w.unit, &waits.requested.csr, NULL), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "quota_transactions");
	request = request_for("vnfci-a", &near);
	ck_assert_str_eq(refusal_code(refused(&vnfm, &request)), "none");
	octets_clear(&der);
	octets_clear(&near);
	waits_end(&waits);
}
END_TEST

/* --- how long it can be read --- */

START_TEST(request_is_read_until_the_certificate_expires)
{
	struct octets der = pkcs10("/CN=vnfci-a", NULL);
	struct cmf_request request = request_for("vnfci-a", &der);
	struct cmf_requested first = made(&request), gone;

	w.now_ms = first.cert.not_after_ms;
	housekeeping();
	gone = read_again(first.csr.id);
	cmf_requested_clear(&gone);
	w.now_ms++;
	housekeeping();
	ck_assert_int_eq(cmf_request_read(WORLD_CALL(&vnfm, NULL), first.csr.id, &gone),
			 STORE_NOT_FOUND);
	ck_assert_int_eq(world_count().certificates, 1);
	cmf_requested_clear(&first);
	octets_clear(&der);
}
END_TEST

START_TEST(request_that_failed_is_read_for_a_time)
{
	struct waits waits = waits_begin();
	int64_t retention = cmf_conf(w.cmf)->store.transaction_retention_ms;
	struct cmf_requested gone;

	upstream_refuses(waits.requested.csr.certificate_id, -1);
	housekeeping();
	w.now_ms += retention;
	housekeeping();
	assert_state(waits.requested.csr.id, STORE_CSR_FAILED, "upstream_rejected",
		     FAIL_SYSTEM_FAILURE);
	w.now_ms++;
	housekeeping();
	ck_assert_int_eq(cmf_request_read(WORLD_CALL(&vnfm, NULL), waits.requested.csr.id, &gone),
			 STORE_NOT_FOUND);
	waits_end(&waits);
}
END_TEST

static Suite *request_suite(void)
{
	Suite *s = suite_create("cmf_request");
	TCase *tc = tcase_create("request");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, request_made_again_is_the_same);
	tcase_add_test(tc, request_of_the_same_octets_that_asks_otherwise);
	tcase_add_test(tc, request_whose_certificate_has_ended);
	tcase_add_test(tc, request_made_twice_at_the_same_time);
	tcase_add_loop_test(tc, ifa033_11_2_3_refusals, 0, (int)ARRAY_LEN(refusals));
	tcase_add_test(tc, rfc2986_malformed);
	tcase_add_test(tc, ifa033_11_2_3_vnf_instance);
	tcase_add_test(tc, request_with_a_wish);
	tcase_add_loop_test(tc, rfc9483_4_1_3_request_replaces, 0, 2);
	tcase_add_test(tc, rfc9483_4_1_3_request_does_not_replace);
	tcase_add_test(tc, replaced_certificate_is_not_to_be_revoked);
	tcase_add_loop_test(tc, rfc9483_4_1_2_holder, 0, 2);
	tcase_add_loop_test(tc, rfc9483_4_4_request_waits_and_is_granted, 0, 2);
	tcase_add_loop_test(tc, rfc9483_5_2_request_is_refused_upstream, 0, 2);
	tcase_add_loop_test(tc, request_that_waits_too_long, 0, 2);
	tcase_add_test(tc, request_is_given_up);
	tcase_add_test(tc, request_is_given_up_too_late);
	tcase_add_loop_test(tc, replaced_certificate_goes_when_the_new_one_comes, 0, 2);
	tcase_add_test(tc, requests_that_wait_are_limited);
	tcase_add_test(tc, request_is_read_until_the_certificate_expires);
	tcase_add_test(tc, request_that_failed_is_read_for_a_time);
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(request_suite, SUITE_FORKS)
