// SPDX-License-Identifier: Apache-2.0
/*
 * Certificates that exist: which one a key update means, confirmation, revocation, and what the
 * housekeeper ends.
 */
#include "cmf/order.h"
#include "cmf_world.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct store_certificate cert_a; /* of vnfci-a, manager vnfm-a: active */

static void setup(void)
{
	world_setup();
	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	cert_a = certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-a", NULL);
}

static void teardown(void)
{
	store_certificate_clear(&cert_a);
	world_teardown();
}

static struct certificate_view view_of(const struct store_certificate *cert)
{
	struct certificate_view view;

	ck_assert_int_eq(certificate_view(octets_view(&cert->der), &view), 0);
	return view;
}

/* The holder of cert_a, as cmf_signer_find gives it. */
static struct cmf_principal holder(void)
{
	struct bytes der = octets_view(&cert_a.der);
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};
	struct cmf_signer *signer = NULL;

	ck_assert_int_eq(cmf_signer_find(WORLD_CALL(NULL, &refusal), BYTES_NULL, BYTES_NULL, &der,
					 1, NULL, &who, &signer),
			 0);
	ck_assert_int_eq(who.kind, CMF_PRINCIPAL_END_ENTITY);
	cmf_signer_unref(signer);
	return who;
}

/* "holder", "admin", or a client. */
static struct cmf_principal principal_named(const char *name)
{
	if (strcmp(name, "holder") == 0)
		return holder();
	return strcmp(name, "admin") == 0 ? admin_for("vnfm-b") : principal_of(name);
}

/* Issued and not confirmed. */
static struct store_certificate certificate_pending(const char *subject)
{
	struct cmf_principal who = principal_of("vnfm-a");
	const struct csr_spec ask = {.subject = subject, .profile = {"VnfciCert"}};
	struct cmf_csr_result result = {0};
	struct store_certificate cert = {0};

	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
	return cert;
}

/* --- revocation --- */

enum which { CERT_A, OTHER_SERIAL, OTHER_ISSUER, NO_SERIAL };

static const char *const serials[] = {
	"00",
	"7F",
	"80",
	"FF",
	"-80",
	"7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",     /* 20 octets */
	"9F00FFEEDDCCBBAA99887766554433221100FFEE",     /* 20, and one for the sign */
	"FF0000000000000000000000000000000000000000FF", /* 22, and one for the sign */
};

/* cert_a becomes one of that serial number, as another CA of that name would have issued it. */
static void serial_change(const char *hex)
{
	X509 *cert = pki_cert_parse(octets_view(&cert_a.der));
	BIGNUM *number = NULL;
	uint8_t *der = NULL;
	int len;

	ck_assert_int_gt(BN_hex2bn(&number, hex), 0);
	ck_assert_ptr_nonnull(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)));
	ck_assert_int_gt(X509_sign(cert, w.issuing.key, EVP_sha256()), 0);
	len = i2d_X509(cert, &der);
	octets_clear(&cert_a.der);
	ck_assert_int_eq(octets_dup((struct bytes){der, (size_t)len}, &cert_a.der), 0);
	ck_assert_int_eq(serial_of_integer(X509_get0_serialNumber(cert), &cert_a.serial), 0);
	ck_assert_int_eq(store_certificate_insert(w.unit, &cert_a, &cert_a.id), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	cert_a.id = store_unit_id(w.unit, cert_a.id);
	OPENSSL_free(der);
	BN_free(number);
	X509_free(cert);
}

static struct cmf_revoke revoke_request(enum which which, int reason)
{
	struct certificate_view view = view_of(&cert_a), issuing;
	struct cmf_revoke request = {view.issuer, cert_a.serial, reason, 0, NULL};

	switch (which) {
	case CERT_A:
		break;
	case OTHER_SERIAL:
		request.serial = (struct serial){2, {0x01, 0x02}};
		break;
	case OTHER_ISSUER:
		ck_assert_int_eq(certificate_view(octets_view(&w.vnfm_a.der), &issuing), 0);
		request.issuer = issuing.issuer;
		break;
	case NO_SERIAL:
		request.serial = SERIAL_NULL;
		break;
	}
	return request;
}

static enum refusal_reason revoke(const char *name, const struct cmf_revoke *request)
{
	struct cmf_principal who = principal_named(name);
	struct cmf_revocation found = {0};
	struct cmf_order_terms terms = {0};
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_revoke_find(WORLD_CALL(&who, &refusal), request, NULL, 0, &found);

	ck_assert_int_ge(err, 0);
	ck_assert_int_eq(err == 0, refusal.reason == REFUSAL_NONE);
	ck_assert(store_unit_empty(w.unit));
	if (err == 0) {
		ck_assert_int_eq(found.cert.id, cert_a.id);
		ck_assert_int_eq(
			cmf_order_place_revocations(WORLD_CALL(&who, NULL), &found, 1, &terms), 0);
	}
	ck_assert(!terms.waiting);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	cmf_revocation_clear(&found);
	cmf_principal_clear(&who);
	return refusal.reason;
}

static const struct revoke_case {
	const char *who;
	enum which which;
	int reason;
	const char *refusal;
	bool deregistered; /* [cmf] deregister_on_cessation = yes */
} revoke_cases[] = {
	{"vnfm-a", CERT_A, 0, "none", false},
	{"vnfm-a", CERT_A, 1, "none", false},
	{"vnfm-a", CERT_A, 2, "none", false},
	{"vnfm-a", CERT_A, 3, "none", false},
	{"vnfm-a", CERT_A, 4, "none", false},
	{"vnfm-a", CERT_A, 5, "none", true},
	{"vnfm-a", CERT_A, 6, "none", false},
	{"vnfm-a", CERT_A, 9, "none", false},
	{"vnfm-a", CERT_A, 10, "none", false},
	{"ra-a", CERT_A, 4, "none", false},
	{"operator-a", CERT_A, 4, "none", false},
	{"admin", CERT_A, 4, "none", false},
	{"holder", CERT_A, 1, "none", false},
	{"holder", CERT_A, 5, "none", false}, /* its certificate, not its registration */
	{"vnfm-a", CERT_A, 7, "rev_reason_not_allowed", false},
	{"vnfm-a", CERT_A, 8, "rev_not_on_hold", false},
	{"vnfm-a", CERT_A, 11, "rev_reason_not_allowed", false},
	{"vnfm-a", CERT_A, -1, "rev_reason_not_allowed", false},
	{"vnfm-a", OTHER_SERIAL, 1, "rev_cert_unknown", false},
	{"vnfm-a", OTHER_ISSUER, 1, "rev_issuer_unknown", false},
	{"vnfm-a", NO_SERIAL, 1, "rev_cert_unknown", false},
	/* of another trust domain, where it is none */
	{"vnfm-b", CERT_A, 1, "rev_cert_unknown", false},
	{"ra-b", CERT_A, 1, "rev_cert_unknown", false},
	{"vnfm-c", CERT_A, 1, "entity_not_authorized", false},
	{"nobody", CERT_A, 1, "client_not_permitted", false},
};

START_TEST(test_revoke_rfc9483_4_2)
{
	const struct revoke_case *c = &revoke_cases[_i];
	const struct cmf_revoke request = revoke_request(c->which, c->reason);
	struct world_count before = world_count();
	const char *reason = refusal_code(revoke(c->who, &request));
	struct store_certificate cert;

	ck_assert_msg(strcmp(reason, c->refusal) == 0, "%s", reason);
	if (strcmp(reason, "none") != 0) {
		world_unchanged(before);
		ck_assert_int_eq(certificate_state(cert_a.id), STORE_CERT_ACTIVE);
		return;
	}
	before.revoked++;
	before.registrations -= c->deregistered;
	world_unchanged(before);
	cert = certificate_again(&cert_a);
	ck_assert_int_eq(cert.state, c->reason == 6 ? STORE_CERT_ON_HOLD : STORE_CERT_REVOKED);
	ck_assert_int_eq(cert.reason, c->reason);
	ck_assert_int_eq(cert.revoked_ms, w.now_ms);
	store_certificate_clear(&cert);
}
END_TEST

/* RFC 9483 4.2, 5.3.2: a signature; a secret where it is there to revoke with. */
static const struct mac_case {
	const char *who;
	bool approved; /* by an RA, with its signature: 5.2.2.1 */
	const char *refusal;
	const char *refusal_where_refused; /* revoke_under_mac = no */
} mac_cases[] = {
	{"vnfm-a", false, "none", "rev_not_signed"},
	{"operator-a", false, "none", "rev_not_signed"},
	{"ra-a", false, "client_not_permitted", "rev_not_signed"},
	{"nobody", false, "client_not_permitted", "rev_not_signed"},
	{"nobody", true, "none", "none"},
};

START_TEST(test_revoke_under_mac_rfc9483_4_2)
{
	const struct mac_case *c = &mac_cases[_i / 2];
	bool refused = _i % 2;
	const struct cmf_revoke request = revoke_request(CERT_A, 1);
	struct cmf_principal who, ra;
	struct cmf_revocation found = {0};
	struct refusal refusal = REFUSAL_NULL;
	int err;

	if (refused)
		world_reload("[profile VnfciCert]\nkey_types = ec:P-256\n"
			     "[client_policy default]\nrevoke_under_mac = no\n");
	who = principal_of(c->who);
	ra = principal_of("ra-a");
	ck_assert_int_eq(octets_dup(bytes_of_string("a secret"), &who.mac_secret), 0);
	who.approver = c->approved ? &ra : NULL;
	err = cmf_revoke_find(WORLD_CALL(&who, &refusal), &request, NULL, 0, &found);
	ck_assert_str_eq(refusal_code(refusal.reason),
			 refused ? c->refusal_where_refused : c->refusal);
	ck_assert_int_eq(err == 0, refusal.reason == REFUSAL_NONE);
	cmf_revocation_clear(&found);
	cmf_principal_clear(&who);
	cmf_principal_clear(&ra);
}
END_TEST

/* RFC 5280 5.3.2: of what has been; each revocation has its own, or none. */
START_TEST(test_invalidity_date_rfc5280_5_3_2)
{
	struct cmf_revoke request = revoke_request(CERT_A, 6);
	struct store_certificate cert;

	request.invalidity_ms = w.now_ms + 1;
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "rev_invalidity_future");
	request.invalidity_ms = w.now_ms;
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "none");
	cert = certificate_again(&cert_a);
	ck_assert_int_eq(cert.invalidity_ms, w.now_ms);
	store_certificate_clear(&cert);
	request.reason = 8;
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "rev_invalidity_malformed");
	request.invalidity_ms = 0;
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "none");
	cert = certificate_again(&cert_a);
	ck_assert_int_eq(cert.invalidity_ms, 0);
	store_certificate_clear(&cert);
	request = revoke_request(CERT_A, 6);
	request.invalidity_ms = 1000;
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "none");
	request = revoke_request(CERT_A, 1);
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "none");
	cert = certificate_again(&cert_a);
	ck_assert_int_eq(cert.invalidity_ms, 0);
	store_certificate_clear(&cert);
}
END_TEST

static const char *update_find(const char *name, struct bytes issuer, const struct serial *serial)
{
	struct cmf_principal who = principal_named(name);
	struct refusal refusal = REFUSAL_NULL;
	struct store_certificate cert = {0};
	int err = cmf_update_find(WORLD_CALL(&who, &refusal), issuer, serial, &cert);

	ck_assert_int_eq(err, refusal.reason == REFUSAL_NONE ? 0 : REFUSED);
	ck_assert_int_eq(cert.id, err == 0 ? cert_a.id : 0);
	store_certificate_clear(&cert);
	cmf_principal_clear(&who);
	return refusal_code(refusal.reason);
}

/* It signs, is updated and revoked, whatever its serial number. */
START_TEST(test_serial_numbers_rfc5280_4_1_2_2)
{
	struct cmf_principal who;
	struct cmf_revoke request;
	char expected[128], hex[SERIAL_HEX_SIZE];

	serial_change(serials[_i]);
	request = revoke_request(CERT_A, 1);
	who = holder();
	serial_hex(&cert_a.serial, hex);
	snprintf(expected, sizeof(expected), "certificate:main/%s", hex);
	ck_assert_str_eq(who.name, expected);
	ck_assert_int_eq(who.certificate_id, cert_a.id);
	ck_assert_str_eq(update_find("vnfm-a", request.issuer, &request.serial), "none");
	ck_assert_str_eq(update_find("holder", request.issuer, &request.serial), "none");
	ck_assert_str_eq(update_find("holder", BYTES_NULL, &SERIAL_NULL), "none");
	ck_assert_str_eq(refusal_code(revoke(_i % 2 ? "vnfm-a" : "holder", &request)), "none");
	ck_assert_int_eq(certificate_state(cert_a.id), STORE_CERT_REVOKED);
	cmf_principal_clear(&who);
}
END_TEST

START_TEST(test_revoke_again_or_expired_rfc9483_4_2)
{
	const struct cmf_revoke request = revoke_request(CERT_A, 1);
	struct store_certificate pending = certificate_pending("/CN=vnfci-a");

	w.now_ms = cert_a.not_after_ms + 1000;
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "rev_cert_expired");
	ck_assert_int_eq(certificate_state(cert_a.id), STORE_CERT_ACTIVE);
	w.now_ms = WORLD_START_MS;
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "none");
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "rev_cert_revoked");
	/* Who may not is not told that it is revoked. */
	ck_assert_str_eq(refusal_code(revoke("vnfm-c", &request)), "entity_not_authorized");
	ck_assert_int_eq(certificate_state(pending.id), STORE_CERT_PENDING);
	store_certificate_clear(&pending);
}
END_TEST

/* RFC 5280 5.3.1: what each reason does to a certificate that a sequence of others was for. */
static const struct {
	int reasons[4]; /* -1: no more */
	const char *last;
	int state;
} sequences[] = {
	{{6, 8, -1}, "none", STORE_CERT_ACTIVE},
	{{6, 1, -1}, "none", STORE_CERT_REVOKED},
	{{6, 6, -1}, "rev_cert_on_hold", STORE_CERT_ON_HOLD},
	{{6, 8, 8, -1}, "rev_not_on_hold", STORE_CERT_ACTIVE},
	{{6, 8, 6, 8}, "none", STORE_CERT_ACTIVE},
	{{6, 1, 8, -1}, "rev_cert_revoked", STORE_CERT_REVOKED},
	{{1, 8, -1}, "rev_cert_revoked", STORE_CERT_REVOKED},
	{{1, 6, -1}, "rev_cert_revoked", STORE_CERT_REVOKED},
};

START_TEST(test_certificate_hold_rfc5280_5_3_1)
{
	const char *reason = "none";

	for (int i = 0; i < 4 && sequences[_i].reasons[i] >= 0; i++) {
		const struct cmf_revoke request = revoke_request(CERT_A, sequences[_i].reasons[i]);

		ck_assert_str_eq(reason, "none");
		reason = refusal_code(revoke("vnfm-a", &request));
	}
	ck_assert_str_eq(reason, sequences[_i].last);
	ck_assert_int_eq(certificate_state(cert_a.id), sequences[_i].state);
}
END_TEST

/* One certificate named several times in a message, before anything is committed. */
START_TEST(test_certificate_twice_rfc4210_5_3_9)
{
	struct cmf_principal who = principal_of("vnfm-a");
	struct cmf_revocation found[4] = {0};
	struct cmf_order_terms terms;
	const char *last = "none";
	struct refusal refusal;
	size_t n = 0;

	for (; n < 4 && sequences[_i].reasons[n] >= 0; n++) {
		const struct cmf_revoke request = revoke_request(CERT_A, sequences[_i].reasons[n]);
		int err;

		refusal = REFUSAL_NULL;
		err = cmf_revoke_find(WORLD_CALL(&who, &refusal), &request, found, n, &found[n]);
		last = refusal_code(refusal.reason);
		if (err == 0)
			ck_assert_int_eq(cmf_order_place_revocations(WORLD_CALL(&who, NULL),
								     &found[n], 1, &terms),
					 0);
	}
	ck_assert_str_eq(last, sequences[_i].last);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(certificate_state(cert_a.id), sequences[_i].state);
	for (size_t i = 0; i < n; i++)
		cmf_revocation_clear(&found[i]);
	cmf_principal_clear(&who);
}
END_TEST

/* On hold it signs nothing and is not updated; released it does again. */
START_TEST(test_certificate_on_hold_is_no_credential)
{
	const struct cmf_revoke hold = revoke_request(CERT_A, 6),
				release = revoke_request(CERT_A, 8);
	const struct cmf_revoke pending_hold = {0};
	struct bytes der = octets_view(&cert_a.der);
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};
	struct cmf_revocation revocation;
	struct store_certificate pending = certificate_pending("/CN=vnfci-a");
	struct certificate_view view = view_of(&pending);
	struct cmf_revoke unconfirmed = pending_hold;
	struct cmf_signer *signer = NULL;

	ck_assert_str_eq(refusal_code(revoke("holder", &hold)), "none");
	ck_assert_int_eq(cmf_signer_find(WORLD_CALL(NULL, &refusal), BYTES_NULL, BYTES_NULL, &der,
					 1, NULL, &who, &signer),
			 REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "signer_on_hold");
	refusal = REFUSAL_NULL;
	who = principal_of("vnfm-a");
	ck_assert_int_eq(cmf_update_find(WORLD_CALL(&who, &refusal), hold.issuer, &hold.serial,
					 &revocation.cert),
			 REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "update_cert_on_hold");
	unconfirmed.issuer = view.issuer;
	unconfirmed.serial = pending.serial;
	unconfirmed.reason = 6;
	refusal = REFUSAL_NULL;
	ck_assert_int_eq(
		cmf_revoke_find(WORLD_CALL(&who, &refusal), &unconfirmed, NULL, 0, &revocation),
		REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "rev_hold_unconfirmed");
	cmf_principal_clear(&who);
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &release)), "none");
	who = holder();
	cmf_principal_clear(&who);
	store_certificate_clear(&pending);
}
END_TEST

/* RFC 9810 B: with a passphrase certificates are revoked, not released. */
START_TEST(test_revoker_releases_nothing)
{
	const struct cmf_revoke hold = revoke_request(CERT_A, 6),
				release = revoke_request(CERT_A, 8);
	struct cmf_principal who = {.kind = CMF_PRINCIPAL_REVOKER,
				    .name = (char *)"revoker",
				    .trust_domain = (char *)"domain-a",
				    .registration_id = cert_a.registration_id};
	const struct cmf_revoke *const requests[] = {&hold, &release};
	const char *const reasons[] = {"none", "client_not_permitted"};

	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &hold)), "none");
	for (int i = 0; i < 2; i++) {
		struct cmf_revocation revocation;
		struct refusal refusal = REFUSAL_NULL;

		if (i == 0)
			ck_assert_str_eq(refusal_code(revoke("vnfm-a", &release)), "none");
		else
			ck_assert_str_eq(refusal_code(revoke("vnfm-a", &hold)), "none");
		ck_assert_int_ge(cmf_revoke_find(WORLD_CALL(&who, &refusal), requests[i], NULL, 0,
						 &revocation),
				 0);
		ck_assert_str_eq(refusal_code(refusal.reason), reasons[i]);
		cmf_revocation_clear(&revocation);
	}
}
END_TEST

START_TEST(test_end_entity_revokes_only_its_own)
{
	struct store_certificate other =
		certificate_issued("vnfm-a", "VnfciCert", "/CN=vnfci-a", NULL);
	struct certificate_view view = view_of(&other);
	const struct cmf_revoke request = {view.issuer, other.serial, 1};

	ck_assert_str_eq(refusal_code(revoke("holder", &request)), "end_entity_only_own");
	ck_assert_int_eq(certificate_state(other.id), STORE_CERT_ACTIVE);
	store_certificate_clear(&other);
}
END_TEST

/* Reason 5 a second time: the registration is gone already, the certificate is revoked still. */
START_TEST(test_cessation_of_a_deregistered_entity)
{
	struct cmf_principal who = principal_of("vnfm-a");
	struct refusal refusal = REFUSAL_NULL;
	const struct cmf_revoke request = revoke_request(CERT_A, 5);

	ck_assert_int_eq(
		cmf_deregister(WORLD_CALL(&who, &refusal), ENTITY_A("vnfci-a"), CERT_TYPE_VNFCI),
		0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(certificate_state(cert_a.id), STORE_CERT_ACTIVE);
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "none");
	ck_assert_int_eq(certificate_state(cert_a.id), STORE_CERT_REVOKED);
	cmf_principal_clear(&who);
}
END_TEST

/* --- the certificate of a key update --- */

static const struct {
	const char *who;
	bool named; /* issuer and serial are given */
	enum which which;
	const char *refusal;
} update_cases[] = {
	{"holder", true, CERT_A, "none"},
	{"holder", false, CERT_A, "none"},
	{"vnfm-a", true, CERT_A, "none"},
	{"ra-a", true, CERT_A, "none"},
	{"vnfm-a", false, CERT_A, "update_cert_not_identified"},
	{"vnfm-a", true, OTHER_SERIAL, "update_cert_unknown"},
	{"holder", true, OTHER_ISSUER, "update_cert_unknown"},
	{"vnfm-b", true, CERT_A, "update_cert_unknown"},
	{"ra-b", true, CERT_A, "update_cert_unknown"},
	{"vnfm-c", true, CERT_A, "entity_not_authorized"},
	{"nobody", true, CERT_A, "client_not_permitted"},
};

START_TEST(test_update_find_rfc9483_4_1_3)
{
	const struct cmf_revoke named = revoke_request(update_cases[_i].which, 0);
	bool given = update_cases[_i].named;

	ck_assert_str_eq(
		update_find(update_cases[_i].who, given ? named.issuer : BYTES_NULL, &named.serial),
		update_cases[_i].refusal);
}
END_TEST

/* RFC 9483 5.3.1 lets a manager act in the role of the end entity; its policy may not. */
START_TEST(test_update_on_behalf_rfc9483_4_1_3)
{
	const struct cmf_revoke named = revoke_request(CERT_A, 0);

	world_reload("[profile VnfciCert]\nkey_types = ec:P-256\n"
		     "[client_policy default]\nupdate_on_behalf = no\n");
	ck_assert_str_eq(update_find("vnfm-a", named.issuer, &named.serial),
			 "update_not_by_holder");
	ck_assert_str_eq(update_find("ra-a", named.issuer, &named.serial), "update_not_by_holder");
	ck_assert_str_eq(update_find("holder", named.issuer, &named.serial), "none");
}
END_TEST

/* RFC 9483 5.2.3: for kur its own protection counts, not that of an RA around it. */
START_TEST(test_update_approved_rfc9483_5_2_3)
{
	const struct cmf_revoke named = revoke_request(CERT_A, 1);
	struct cmf_principal who = principal_of("nobody"), ra = principal_of("ra-a");
	struct store_certificate cert = {0};
	struct cmf_revocation revocation;
	struct refusal refusal = REFUSAL_NULL;

	who.approver = &ra;
	ck_assert_int_eq(
		cmf_update_find(WORLD_CALL(&who, &refusal), named.issuer, &named.serial, &cert),
		REFUSED);
	ck_assert_str_eq(refusal_code(refusal.reason), "client_not_permitted");
	refusal = REFUSAL_NULL;
	ck_assert_int_eq(cmf_revoke_find(WORLD_CALL(&who, &refusal), &named, NULL, 0, &revocation),
			 0);
	cmf_revocation_clear(&revocation);
	cmf_principal_clear(&who);
	cmf_principal_clear(&ra);
}
END_TEST

START_TEST(test_update_find_not_active_rfc9483_4_1_3)
{
	struct certificate_view view = view_of(&cert_a);
	const struct cmf_revoke request = revoke_request(CERT_A, 1);
	struct store_certificate pending = certificate_pending("/CN=vnfci-a");
	struct certificate_view pending_view = view_of(&pending);

	ck_assert_str_eq(update_find("vnfm-a", pending_view.issuer, &pending.serial),
			 "update_cert_not_active");
	w.now_ms = cert_a.not_after_ms + 1000;
	ck_assert_str_eq(update_find("vnfm-a", view.issuer, &cert_a.serial),
			 "update_cert_not_active");
	w.now_ms = WORLD_START_MS;
	ck_assert_str_eq(refusal_code(revoke("vnfm-a", &request)), "none");
	ck_assert_str_eq(update_find("vnfm-a", view.issuer, &cert_a.serial),
			 "update_cert_not_active");
	store_certificate_clear(&pending);
}
END_TEST

/* --- certConf --- */

static int confirm(const struct store_certificate *cert, bool accepted)
{
	return certificate_confirmed("vnfm-a", cert, accepted);
}

START_TEST(test_confirm_rfc9483_4_1_1)
{
	struct store_certificate cert = certificate_pending("/CN=vnfci-a"), after;

	ck_assert_int_eq(confirm(&cert, true), 0);
	after = certificate_again(&cert);
	ck_assert_int_eq(after.state, STORE_CERT_ACTIVE);
	ck_assert_int_eq(after.confirm_by_ms, 0);
	ck_assert_int_eq(after.revoked_ms, 0);
	/* Decided on what was read before: a second one finds nothing to confirm. */
	ck_assert_int_eq(confirm(&cert, true), STORE_CONFLICT);
	ck_assert_int_eq(confirm(&cert, false), STORE_CONFLICT);
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_ACTIVE);
	store_certificate_clear(&after);
	store_certificate_clear(&cert);
}
END_TEST

static bool on_crl_list(const struct store_certificate *cert)
{
	const struct store_crl before = {0};
	struct store_revoked page[16];
	bool found = false;
	size_t n;

	ck_assert_int_eq(
		store_revoked_page(w.reader, cert->ca, &before, NULL, page, ARRAY_LEN(page), &n),
		0);
	for (size_t i = 0; i < n; i++)
		found = found || serial_equal(&page[i].serial, &cert->serial);
	return found;
}

START_TEST(test_rejection_revokes_rfc9483_4_1_1)
{
	struct store_certificate cert = certificate_pending("/CN=vnfci-a"), after;

	ck_assert(!on_crl_list(&cert));
	ck_assert_int_eq(confirm(&cert, false), 0);
	after = certificate_again(&cert);
	ck_assert_int_eq(after.state, STORE_CERT_REJECTED);
	ck_assert_int_eq(after.revoked_ms, w.now_ms);
	ck_assert(on_crl_list(&cert));
	ck_assert_int_eq(confirm(&cert, true), STORE_CONFLICT);
	store_certificate_clear(&after);
	store_certificate_clear(&cert);
}
END_TEST

/* --- housekeeping --- */

static bool housekeeping(void)
{
	const struct cmf_worker worker = {w.reader, w.unit};
	bool more = false;

	ck_assert_int_eq(cmf_housekeeping(w.cmf, &worker, &more), 0);
	ck_assert(store_unit_empty(w.unit));
	return more;
}

START_TEST(test_unconfirmed_certificate_without_transaction)
{
	struct store_certificate cert = certificate_pending("/CN=vnfci-a");

	w.now_ms = cert.confirm_by_ms + 1;
	ck_assert(!housekeeping());
	ck_assert_int_eq(certificate_state(cert.id), STORE_CERT_REVOKED);
	ck_assert(on_crl_list(&cert));
	ck_assert_int_eq(certificate_state(cert_a.id), STORE_CERT_ACTIVE);
	store_certificate_clear(&cert);
}
END_TEST

/* A round of each kind, as many as it takes; what is due first goes first. */
START_TEST(test_many_unconfirmed_certificates)
{
	enum { MANY = 2 * STORE_DUE_MAX + 1 };
	struct store_certificate cert = certificate_pending("/CN=vnfci-a"), row[MANY];
	int64_t id[MANY];
	int rounds = 1;

	for (int i = 0; i < MANY; i++) {
		row[i] = cert;
		row[i].serial = (struct serial){2, {(uint8_t)(1 + (i >> 8)), (uint8_t)i}};
		row[i].confirm_by_ms = cert.confirm_by_ms - i;
		ck_assert_int_eq(store_certificate_insert(w.unit, &row[i], &id[i]), 0);
	}
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	for (int i = 0; i < MANY; i++)
		id[i] = store_unit_id(w.unit, id[i]);
	w.now_ms = cert.confirm_by_ms + 1;
	ck_assert(housekeeping());
	ck_assert_int_eq(certificate_state(id[MANY - 1]), STORE_CERT_REVOKED);
	ck_assert_int_eq(certificate_state(id[0]), STORE_CERT_PENDING);
	for (; housekeeping(); rounds++)
		;
	ck_assert_int_eq(rounds, 2);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(certificate_state(id[i]), STORE_CERT_REVOKED);
	store_certificate_clear(&cert);
}
END_TEST

static Suite *cmf_revoke_suite(void)
{
	Suite *suite = suite_create("cmf_revoke");
	TCase *tc = tcase_create("revoke");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_revoke_rfc9483_4_2, 0, ARRAY_LEN(revoke_cases));
	tcase_add_loop_test(tc, test_revoke_under_mac_rfc9483_4_2, 0, 2 * ARRAY_LEN(mac_cases));
	tcase_add_test(tc, test_invalidity_date_rfc5280_5_3_2);
	tcase_add_loop_test(tc, test_serial_numbers_rfc5280_4_1_2_2, 0, ARRAY_LEN(serials));
	tcase_add_test(tc, test_revoke_again_or_expired_rfc9483_4_2);
	tcase_add_loop_test(tc, test_certificate_hold_rfc5280_5_3_1, 0, ARRAY_LEN(sequences));
	tcase_add_loop_test(tc, test_certificate_twice_rfc4210_5_3_9, 0, ARRAY_LEN(sequences));
	tcase_add_test(tc, test_certificate_on_hold_is_no_credential);
	tcase_add_test(tc, test_revoker_releases_nothing);
	tcase_add_test(tc, test_end_entity_revokes_only_its_own);
	tcase_add_test(tc, test_cessation_of_a_deregistered_entity);
	tcase_add_loop_test(tc, test_update_find_rfc9483_4_1_3, 0, ARRAY_LEN(update_cases));
	tcase_add_test(tc, test_update_find_not_active_rfc9483_4_1_3);
	tcase_add_test(tc, test_update_on_behalf_rfc9483_4_1_3);
	tcase_add_test(tc, test_update_approved_rfc9483_5_2_3);
	tcase_add_test(tc, test_confirm_rfc9483_4_1_1);
	tcase_add_test(tc, test_rejection_revokes_rfc9483_4_1_1);
	tcase_add_test(tc, test_unconfirmed_certificate_without_transaction);
	tcase_add_test(tc, test_many_unconfirmed_certificates);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_revoke_suite, SUITE_FORKS)
