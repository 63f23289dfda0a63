// SPDX-License-Identifier: Apache-2.0
/*
 * Who signed: configured clients through their own anchors, end entities with certificates of ours,
 * MAC clients; and what is remembered of them.
 */
#include "cmf_world.h"
#include "suite.h"

#include "principal/clients.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* What cmf_signer_find says: the reason, or the principal. */
struct found {
	const char *reason;
	struct cmf_principal who;
};

static struct found find_by(struct store_reader *reader, const struct bytes *certs, size_t n,
			    struct bytes dn, struct bytes kid)
{
	struct refusal refusal = REFUSAL_NULL;
	struct found found = {0};
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *signer = NULL;
	int err = cmf_signer_find(CMF_CALL(w.cmf, reader, NULL, NULL, &refusal), dn, kid, certs, n,
				  NULL, &found.who, &signer);

	ck_assert_int_ge(err, 0);
	ck_assert_int_eq(err == 0, signer != NULL);
	ck_assert_int_eq(err == 0, refusal.reason == REFUSAL_NONE);
	/* As if the message were authentic. */
	if (signer)
		cmf_signer_remember(w.cmf, signer);
	found.reason = refusal_code(refusal.reason);
	return found;
}

static struct found find(const struct bytes *certs, size_t n)
{
	return find_by(w.reader, certs, n, BYTES_NULL, BYTES_NULL);
}

/* The reason by the certificate alone, twice: the second time it may be remembered. */
static void assert_found(const struct credential *c, const char *reason, const char *name)
{
	struct bytes cert = octets_view(&c->der);

	for (int i = 0; i < 2; i++) {
		struct found found = find(&cert, 1);

		ck_assert_str_eq(found.reason, reason);
		if (name)
			ck_assert_str_eq(found.who.name, name);
		else
			ck_assert_ptr_null(found.who.name);
		cmf_principal_clear(&found.who);
	}
}

/* --- clients --- */

START_TEST(test_client_by_anchor_and_subject)
{
	struct bytes cert = octets_view(&w.vnfm_a.der);
	struct found found = find(&cert, 1);

	ck_assert_str_eq(found.reason, "none");
	ck_assert_int_eq(found.who.kind, CMF_PRINCIPAL_CLIENT);
	ck_assert_str_eq(found.who.name, "vnfm-a");
	ck_assert_str_eq(found.who.trust_domain, "domain-a");
	ck_assert_uint_eq(found.who.permissions,
			  STORE_MAY_REGISTER | STORE_MAY_REQUEST | STORE_MAY_REVOKE);
	ck_assert(!found.who.register_on_ir);
	ck_assert_ptr_null(found.who.default_profile);
	cmf_principal_clear(&found.who);
	cert = octets_view(&w.vnfm_b.der);
	found = find(&cert, 1);
	ck_assert_str_eq(found.who.name, "vnfm-b");
	ck_assert(found.who.register_on_ir);
	ck_assert_str_eq(found.who.default_profile, "VnfciCert");
	cmf_principal_clear(&found.who);
}
END_TEST

START_TEST(test_clients_do_not_cross_anchors)
{
	struct credential crossed = credential_new(
		&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &w.anchor_b});
	struct credential own_root =
		credential_new(&(struct credential_spec){.subject = "/CN=vnfm-a"});
	struct credential by_cmf = credential_new(
		&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &w.root});

	assert_found(&crossed, "signer_not_trusted", NULL);
	assert_found(&own_root, "signer_not_trusted", NULL);
	assert_found(&by_cmf, "signer_not_trusted", NULL);
	credential_clear(&crossed);
	credential_clear(&own_root);
	credential_clear(&by_cmf);
}
END_TEST

/* An anchor that the signer brings along is none. */
START_TEST(test_anchor_in_extra_certs_is_not_trusted)
{
	struct credential ca =
		credential_new(&(struct credential_spec){.subject = "/CN=CA a", .ca = true});
	struct credential cert =
		credential_new(&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &ca});
	const struct bytes certs[] = {octets_view(&cert.der), octets_view(&ca.der)};
	struct found found = find(certs, 2);

	ck_assert_str_eq(found.reason, "signer_not_trusted");
	credential_clear(&ca);
	credential_clear(&cert);
}
END_TEST

START_TEST(test_client_below_an_intermediate)
{
	struct credential sub = credential_new(&(struct credential_spec){
		.subject = "/CN=sub CA a", .issuer = &w.anchor_a, .ca = true});
	struct credential cert =
		credential_new(&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &sub});
	struct credential no_ca = credential_new(
		&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &w.vnfm_a});
	const struct bytes with[] = {octets_view(&cert.der), octets_view(&w.root.der),
				     octets_view(&sub.der)};
	const struct bytes below_leaf[] = {octets_view(&no_ca.der), octets_view(&w.vnfm_a.der)};
	struct found found;

	found = find(with, 1);
	ck_assert_str_eq(found.reason, "signer_not_trusted");
	found = find(with, 3);
	ck_assert_str_eq(found.reason, "none");
	ck_assert_str_eq(found.who.name, "vnfm-a");
	cmf_principal_clear(&found.who);
	found = find(below_leaf, 2);
	ck_assert_str_eq(found.reason, "signer_not_trusted");
	credential_clear(&sub);
	credential_clear(&cert);
	credential_clear(&no_ca);
}
END_TEST

static void credential_encode(struct credential *c, EVP_PKEY *key, const EVP_MD *digest)
{
	int len;

	octets_clear(&c->der);
	ck_assert_int_gt(X509_sign(c->cert, key, digest), 0);
	len = i2d_X509(c->cert, &c->der.data);
	ck_assert_int_gt(len, 0);
	c->der.len = (size_t)len;
}

/*
 * An intermediate whose key is the identity of edwards25519 signs without a private key: R the same
 * point, S 0. OpenSSL takes the path.
 */
START_TEST(test_intermediate_of_small_order)
{
	static const uint8_t identity[32] = {1}, signature[64] = {1};
	EVP_PKEY *weak = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, identity, 32);
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct credential sub = credential_new(&(struct credential_spec){
		.subject = "/CN=sub CA a", .issuer = &w.anchor_a, .ca = true});
	struct credential cert =
		credential_new(&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &sub});
	struct found found;

	X509_set_pubkey(sub.cert, weak);
	credential_encode(&sub, w.anchor_a.key, EVP_sha256());
	credential_encode(&cert, other, NULL);
	memcpy(cert.der.data + cert.der.len - sizeof(signature), signature, sizeof(signature));
	const struct bytes certs[] = {octets_view(&cert.der), octets_view(&sub.der)};

	found = find(certs, 2);
	ck_assert_str_eq(found.reason, "signer_not_trusted");
	EVP_PKEY_free(weak);
	EVP_PKEY_free(other);
	credential_clear(&sub);
	credential_clear(&cert);
}
END_TEST

static const struct {
	const char *name;
	struct credential_spec spec;
	const char *reason;
} signer_cases[] = {
	{"good", {.subject = "/CN=vnfm-a"}, "none"},
	{"subject in another case", {.subject = "/CN=VNFM-A"}, "none"}, /* RFC 5280 7.1 */
	{"RSA 2048", {.subject = "/CN=vnfm-a", .key = "RSA:2048"}, "none"},
	{"Ed25519", {.subject = "/CN=vnfm-a", .key = "ED25519"}, "none"},
	{"Ed448", {.subject = "/CN=vnfm-a", .key = "ED448"}, "none"},
	{"P-521", {.subject = "/CN=vnfm-a", .key = "P-521"}, "none"},
	{"no key usage", {.subject = "/CN=vnfm-a", .key_usage = ""}, "none"},
	{"no SKI", {.subject = "/CN=vnfm-a", .no_ski = true}, "none"},
	{"another subject", {.subject = "/CN=vnfm-x"}, "signer_not_trusted"},
	{"more in the subject", {.subject = "/O=x/CN=vnfm-a"}, "signer_not_trusted"},
	{"key usage",
	 {.subject = "/CN=vnfm-a", .key_usage = "keyEncipherment"},
	 "signer_key_usage"},
	{"a CA, which may sign certificates only",
	 {.subject = "/CN=vnfm-a", .ca = true},
	 "signer_key_usage"},
	{"expired",
	 {.subject = "/CN=vnfm-a", .not_after_ms = WORLD_START_MS - 1000},
	 "signer_expired"},
	{"not yet valid",
	 {.subject = "/CN=vnfm-a", .not_before_ms = WORLD_START_MS + 1000},
	 "signer_expired"},
	{"RSA 1024", {.subject = "/CN=vnfm-a", .key = "RSA:1024"}, "signer_not_trusted"},
	{"P-224", {.subject = "/CN=vnfm-a", .key = "P-224"}, "signer_key_weak"},
	{"signed with SHA-1", {.subject = "/CN=vnfm-a", .digest = "SHA1"}, "signer_not_trusted"},
};

START_TEST(test_signer_rfc9483_3_5)
{
	struct credential_spec spec = signer_cases[_i].spec;
	struct credential c;
	bool good = strcmp(signer_cases[_i].reason, "none") == 0;

	spec.issuer = &w.anchor_a;
	c = credential_new(&spec);
	assert_found(&c, signer_cases[_i].reason, good ? "vnfm-a" : NULL);
	credential_clear(&c);
}
END_TEST

START_TEST(test_client_policy)
{
	static const char profiles[] = "[profile VnfciCert]\nkey_types = ec:P-256\n"
				       "[client_policy strict]\nrsa_bits_min = 3072\n";
	struct credential rsa =
		credential_new(&(struct credential_spec){.subject = "/CN=x", .key = "RSA:2048"});
	struct credential ec = credential_new(&(struct credential_spec){.subject = "/CN=y"});
	struct bytes cert = octets_view(&rsa.der);
	struct cmf_principal who = {0};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_signer *signer = NULL;

	client_add(&(struct client_spec){
		.name = "rsa", .trust_domain = "d", .exact = &rsa, .policy = "strict"});
	client_add(&(struct client_spec){
		.name = "ec", .trust_domain = "d", .exact = &ec, .policy = "strict"});
	/* A policy that is not configured shuts the client out: no other may stand in for it. */
	ck_assert_int_eq(cmf_signer_find(WORLD_CALL(NULL, &refusal), BYTES_NULL, BYTES_NULL, &cert,
					 1, NULL, &who, &signer),
			 -ENOENT);
	world_reload(profiles);
	assert_found(&rsa, "signer_key_weak", NULL);
	cert = octets_view(&ec.der);
	ck_assert_int_eq(cmf_signer_find(WORLD_CALL(NULL, &refusal), BYTES_NULL, BYTES_NULL, &cert,
					 1, NULL, &who, &signer),
			 0);
	ck_assert_str_eq(who.policy->name, "strict");
	cmf_principal_clear(&who);
	cmf_signer_unref(signer);
	who = principal_of("vnfm-a");
	ck_assert_str_eq(who.policy->name, "default");
	cmf_principal_clear(&who);
	credential_clear(&rsa);
	credential_clear(&ec);
}
END_TEST

/* id-kp-cmcRA: RFC 9483 3.5. */
#define CMC_RA "clientAuth,1.3.6.1.5.5.7.3.28"

static const struct {
	const char *policy;
	const char *ext_key_usage;
	uint32_t permissions;
	bool ra;
} cmc_ra_cases[] = {
	{"ra", CMC_RA, 0, true},           {"ra", "clientAuth", 0, false}, {"ra", NULL, 0, false},
	{"ra", NULL, STORE_IS_RA, true},   {NULL, CMC_RA, 0, false}, /* the entry of the client
									decides, unless its policy
									says so */
	{NULL, CMC_RA, STORE_IS_RA, true},
};

START_TEST(test_cmc_ra_rfc9483_3_5)
{
	struct credential c = credential_new(&(struct credential_spec){
		.subject = "/CN=x", .ext_key_usage = cmc_ra_cases[_i].ext_key_usage});
	struct bytes cert = octets_view(&c.der);

	world_reload("[profile VnfciCert]\nkey_types = ec:P-256\n"
		     "[client_policy ra]\ncmc_ra = yes\n");
	client_add(&(struct client_spec){.name = "x",
					 .trust_domain = "d",
					 .exact = &c,
					 .permissions = cmc_ra_cases[_i].permissions,
					 .policy = cmc_ra_cases[_i].policy});
	for (int i = 0; i < 2; i++) {
		struct found found = find(&cert, 1);

		ck_assert_str_eq(found.reason, "none");
		ck_assert_int_eq(cmf_principal_is_ra(&found.who), cmc_ra_cases[_i].ra);
		cmf_principal_clear(&found.who);
	}
	credential_clear(&c);
}
END_TEST

START_TEST(test_exact_certificate)
{
	struct credential self = credential_new(&(struct credential_spec){.subject = "/CN=x"});
	struct credential twin = credential_new(&(struct credential_spec){.subject = "/CN=x"});

	assert_found(&self, "signer_not_trusted", NULL);
	client_add(&(struct client_spec){.name = "exact", .trust_domain = "d", .exact = &self});
	assert_found(&self, "none", "exact");
	assert_found(&twin, "signer_not_trusted", NULL);
	w.now_ms += 366 * DAY_MS;
	assert_found(&self, "signer_expired", NULL);
	credential_clear(&self);
	credential_clear(&twin);
}
END_TEST

START_TEST(test_client_any_below_its_anchor)
{
	struct credential anchor =
		credential_new(&(struct credential_spec){.subject = "/CN=CA c", .ca = true});
	struct credential named = credential_new(
		&(struct credential_spec){.subject = "/CN=named", .issuer = &anchor});
	struct credential other = credential_new(
		&(struct credential_spec){.subject = "/CN=other", .issuer = &anchor});

	client_add(&(struct client_spec){.name = "any", .trust_domain = "d", .anchor = &anchor});
	client_add(&(struct client_spec){
		.name = "named", .trust_domain = "d", .anchor = &anchor, .subject = "/CN=named"});
	assert_found(&other, "none", "any");
	assert_found(&named, "none", "named"); /* the more exact one */
	credential_clear(&anchor);
	credential_clear(&named);
	credential_clear(&other);
}
END_TEST

/* An entry that cannot be read shuts nobody out and lets nobody in. */
START_TEST(test_client_with_unusable_subject)
{
	struct credential c = credential_new(
		&(struct credential_spec){.subject = "/CN=other", .issuer = &w.anchor_a});

	client_add(&(struct client_spec){
		.name = "bad", .trust_domain = "d", .anchor = &w.anchor_a, .subject = "nonsense"});
	assert_found(&c, "signer_not_trusted", NULL);
	assert_found(&w.vnfm_a, "none", "vnfm-a");
	credential_clear(&c);
}
END_TEST

/* --- which certificate --- */

static struct bytes subject_of(const struct credential *c)
{
	struct certificate_view view;

	ck_assert_int_eq(certificate_view(octets_view(&c->der), &view), 0);
	return view.subject;
}

static struct bytes ski_of(const struct credential *c)
{
	struct certificate_view view;
	struct bytes ski;

	ck_assert_int_eq(certificate_view(octets_view(&c->der), &view), 0);
	ck_assert_int_eq(certificate_ski(&view, &ski), 0);
	return ski;
}

START_TEST(test_signer_is_found_by_sender_and_sender_kid)
{
	static const uint8_t null_dn[] = {0x30, 0x00}, other_kid[] = {1, 2, 3};
	const struct bytes certs[] = {octets_view(&w.anchor_a.der), octets_view(&w.vnfm_b.der),
				      octets_view(&w.vnfm_a.der)};
	const struct bytes garbage[] = {BYTES_OF(other_kid), octets_view(&w.vnfm_a.der)};
	const struct {
		const struct bytes *certs;
		size_t n;
		struct bytes dn, kid;
		const char *reason, *name;
	} cases[] = {
		{certs, 3, subject_of(&w.vnfm_a), ski_of(&w.vnfm_a), "none", "vnfm-a"},
		{certs, 3, subject_of(&w.vnfm_b), BYTES_NULL, "none", "vnfm-b"},
		{certs, 3, BYTES_NULL, ski_of(&w.vnfm_a), "none", "vnfm-a"},
		{certs, 3, BYTES_OF(null_dn), ski_of(&w.vnfm_a), "signer_mismatch", NULL},
		{certs + 2, 1, BYTES_OF(null_dn), BYTES_NULL, "signer_mismatch", NULL},
		{certs + 1, 2, BYTES_NULL, BYTES_NULL, "none", "vnfm-b"}, /* the first */
		{certs, 3, subject_of(&w.vnfm_a), ski_of(&w.vnfm_b), "signer_mismatch", NULL},
		{certs, 3, subject_of(&w.root), BYTES_NULL, "signer_mismatch", NULL},
		{certs, 3, BYTES_NULL, BYTES_OF(other_kid), "signer_mismatch", NULL},
		{certs + 2, 1, subject_of(&w.vnfm_b), BYTES_NULL, "signer_mismatch", NULL},
		{certs, 0, BYTES_NULL, BYTES_NULL, "signer_missing", NULL},
		{garbage, 1, BYTES_NULL, BYTES_NULL, "signer_malformed", NULL},
		{garbage, 2, BYTES_NULL, BYTES_NULL, "none", "vnfm-a"},
	};

	/* The second round finds remembered signers: the comparison must still be made. */
	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		size_t j = i % ARRAY_LEN(cases);
		struct found found =
			find_by(w.reader, cases[j].certs, cases[j].n, cases[j].dn, cases[j].kid);

		ck_assert_msg(strcmp(found.reason, cases[j].reason) == 0, "%zu: %s", j,
			      found.reason);
		if (cases[j].name)
			ck_assert_str_eq(found.who.name, cases[j].name);
		cmf_principal_clear(&found.who);
	}
}
END_TEST

/* RFC 9483 3.1: sender is the subject, which may be empty. */
START_TEST(test_signer_with_an_empty_subject)
{
	static const uint8_t null_dn[] = {0x30, 0x00};
	struct credential c = credential_new(&(struct credential_spec){.subject = ""});
	const struct bytes certs[] = {octets_view(&w.vnfm_a.der), octets_view(&c.der)};
	struct found found;

	client_add(&(struct client_spec){.name = "nameless", .trust_domain = "d", .exact = &c});
	for (int i = 0; i < 2; i++) {
		found = find_by(w.reader, certs, 2, BYTES_OF(null_dn), BYTES_NULL);
		ck_assert_str_eq(found.reason, "none");
		ck_assert_str_eq(found.who.name, "nameless");
		cmf_principal_clear(&found.who);
	}
	found = find_by(w.reader, certs + 1, 1, subject_of(&w.vnfm_a), BYTES_NULL);
	ck_assert_str_eq(found.reason, "signer_mismatch");
	credential_clear(&c);
}
END_TEST

START_TEST(test_certificate_truncated_at_every_octet)
{
	for (size_t len = 0; len < w.vnfm_a.der.len; len++) {
		struct bytes cert = {w.vnfm_a.der.data, len};
		struct found found = find(&cert, 1);

		ck_assert_str_eq(found.reason, "signer_malformed");
	}
}
END_TEST

/* --- certificates of ours --- */

/* An end entity's certificate as a credential; the key is not needed here. */
static struct credential issued(const char *client, enum cert_type type, const char *id,
				struct store_certificate *certp)
{
	struct credential c = {0};
	char subject[128];

	register_ok(client, type, id);
	snprintf(subject, sizeof(subject), "/CN=%s", id);
	*certp = certificate_issued(client, cert_type_name(type), subject, NULL);
	ck_assert_int_eq(octets_dup(octets_view(&certp->der), &c.der), 0);
	return c;
}

static void revoke(const struct store_certificate *cert, enum store_certificate_state to)
{
	ck_assert_int_eq(store_certificate_revoke(w.unit, cert->id, cert->state, to, 1, w.now_ms),
			 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
}

START_TEST(test_end_entity_rfc9483_4_1_3)
{
	struct store_certificate cert;
	struct credential c = issued("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a", &cert);
	struct bytes der = octets_view(&c.der);
	struct found found = find(&der, 1);
	char hex[SERIAL_HEX_SIZE], name[128];

	serial_hex(&cert.serial, hex);
	snprintf(name, sizeof(name), "certificate:main/%s", hex);
	ck_assert_str_eq(found.reason, "none");
	ck_assert_int_eq(found.who.kind, CMF_PRINCIPAL_END_ENTITY);
	ck_assert_str_eq(found.who.name, name);
	ck_assert_str_eq(found.who.trust_domain, "domain-a");
	ck_assert_int_eq(found.who.certificate_id, cert.id);
	ck_assert_int_eq(found.who.registration_id, cert.registration_id);
	ck_assert_uint_eq(found.who.permissions, 0);
	ck_assert(!found.who.register_on_ir);
	cmf_principal_clear(&found.who);
	assert_found(&c, "none", name);
	/* Remembered or not: the store is asked each time. */
	revoke(&cert, STORE_CERT_REVOKED);
	assert_found(&c, "signer_revoked", NULL);
	store_certificate_clear(&cert);
	credential_clear(&c);
}
END_TEST

START_TEST(test_end_entity_not_active)
{
	static const struct {
		enum store_certificate_state state;
		const char *reason;
	} states[] = {
		{STORE_CERT_REVOKED, "signer_revoked"},
		{STORE_CERT_REVOCATION_PENDING, "signer_revoked"},
		{STORE_CERT_REJECTED, "signer_not_trusted"},
	};
	struct store_certificate cert;
	struct credential c;

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		char id[32];

		snprintf(id, sizeof(id), "vnfci-%zu", i);
		c = issued("vnfm-a", CERT_TYPE_VNFCI, id, &cert);
		revoke(&cert, states[i].state);
		assert_found(&c, states[i].reason, NULL);
		store_certificate_clear(&cert);
		credential_clear(&c);
	}
	c = issued("vnfm-a", CERT_TYPE_VNFCI, "old", &cert);
	w.now_ms = cert.not_after_ms + 1000;
	assert_found(&c, "signer_expired", NULL);
	store_certificate_clear(&cert);
	credential_clear(&c);
}
END_TEST

START_TEST(test_end_entity_pending)
{
	struct cmf_principal who = principal_of("vnfm-a");
	struct cmf_csr_result result = {0};
	const struct csr_spec ask = {.subject = "/CN=vnfci-a", .profile = {"VnfciCert"}};
	struct bytes der;
	struct found found;

	register_ok("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a");
	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	der = octets_view(&result.der);
	found = find(&der, 1);
	ck_assert_str_eq(found.reason, "signer_not_trusted");
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
}
END_TEST

/* Signed by our CA's key, but not issued by this CMF; and a copy with an altered signature. */
START_TEST(test_certificate_of_ours_that_the_store_does_not_know)
{
	struct credential unknown = credential_new(
		&(struct credential_spec){.subject = "/CN=vnfci-a", .issuer = &w.issuing});
	struct store_certificate cert;
	struct credential c = issued("vnfm-a", CERT_TYPE_VNFCI, "vnfci-a", &cert);

	assert_found(&unknown, "signer_not_trusted", NULL);
	c.der.data[c.der.len - 1] ^= 1;
	assert_found(&c, "signer_not_trusted", NULL);
	store_certificate_clear(&cert);
	credential_clear(&c);
	credential_clear(&unknown);
}
END_TEST

/*
 * Clients whose anchor is the CMF's own root: what a VNFM can get for its VNFCIs, under whatever
 * name, must not make it such a client; the certificate of a MANO entity may.
 */
START_TEST(test_vnfci_does_not_become_a_client)
{
	struct store_certificate cert;
	struct credential c;
	char name[128], hex[SERIAL_HEX_SIZE];

	client_add(&(struct client_spec){.name = "any-of-ours",
					 .trust_domain = "d",
					 .permissions = STORE_IS_OPERATOR,
					 .anchor = &w.root});
	/* One of before: it could not be registered any more. */
	c = issued("vnfm-b", CERT_TYPE_VNFCI, "op.example.net", &cert);
	client_add(&(struct client_spec){.name = "operator",
					 .trust_domain = "d",
					 .permissions = STORE_IS_OPERATOR,
					 .anchor = &w.issuing,
					 .subject = "/CN=op.example.net"});
	serial_hex(&cert.serial, hex);
	snprintf(name, sizeof(name), "certificate:main/%s", hex);
	assert_found(&c, "none", name);
	credential_clear(&c);
	store_certificate_clear(&cert);

	client_add(&(struct client_spec){.name = "nfvo",
					 .trust_domain = "domain-a",
					 .anchor = &w.issuing,
					 .subject = "/CN=nfvo.example.net",
					 .entity = "nfvo.example.net"});
	c = issued("vnfm-a", CERT_TYPE_MANO, "nfvo.example.net", &cert);
	assert_found(&c, "none", "nfvo");
	revoke(&cert, STORE_CERT_REVOKED);
	assert_found(&c, "signer_revoked", NULL);
	credential_clear(&c);
	store_certificate_clear(&cert);
}
END_TEST

/* RFC 9483 3.3: the chain belongs into extraCerts; that of our own CAs is known without it. */
START_TEST(test_chain_of_ours_need_not_be_sent_rfc9483_3_3)
{
	struct store_certificate cert;
	struct credential c = issued("vnfm-a", CERT_TYPE_MANO, "nfvo.example.net", &cert);

	client_add(&(struct client_spec){.name = "nfvo",
					 .trust_domain = "d",
					 .anchor = &w.root,
					 .subject = "/CN=nfvo.example.net"});
	assert_found(&c, "none", "nfvo");
	credential_clear(&c);
	store_certificate_clear(&cert);
}
END_TEST

/* --- what is remembered --- */

/*
 * RFC 9483 3.2: extraCerts is not covered by the protection. Who a signer is depends on what came
 * with this message, and not on what came with one before.
 */
START_TEST(test_signer_does_not_depend_on_earlier_extra_certs)
{
	struct credential sub = credential_new(&(struct credential_spec){
		.subject = "/CN=sub CA a", .issuer = &w.anchor_a, .ca = true});
	struct credential cert =
		credential_new(&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &sub});
	const struct bytes with[] = {octets_view(&cert.der), octets_view(&sub.der)};

	/* The same certificate without its chain is that of another client. */
	client_add(&(struct client_spec){.name = "any", .trust_domain = "d", .anchor = &sub});
	for (int i = 0; i < 4; i++) {
		struct found found = find(with, i % 2 ? 2 : 1);

		ck_assert_str_eq(found.reason, "none");
		ck_assert_str_eq(found.who.name, i % 2 ? "vnfm-a" : "any");
		cmf_principal_clear(&found.who);
	}
	credential_clear(&sub);
	credential_clear(&cert);
}
END_TEST

START_TEST(test_removed_client_is_forgotten)
{
	assert_found(&w.vnfm_a, "none", "vnfm-a");
	ck_assert_int_eq(store_client_remove(w.unit, "vnfm-a"), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	assert_found(&w.vnfm_a, "signer_not_trusted", NULL);
	client_add(&(struct client_spec){.name = "again",
					 .trust_domain = "d",
					 .anchor = &w.anchor_a,
					 .subject = "/CN=vnfm-a"});
	assert_found(&w.vnfm_a, "none", "again");
}
END_TEST

START_TEST(test_remembered_chain_ends_with_its_first_certificate)
{
	struct credential sub =
		credential_new(&(struct credential_spec){.subject = "/CN=sub CA a",
							 .issuer = &w.anchor_a,
							 .ca = true,
							 .not_after_ms = WORLD_START_MS + DAY_MS});
	struct credential cert =
		credential_new(&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &sub});
	const struct bytes certs[] = {octets_view(&cert.der), octets_view(&sub.der)};
	struct found found = find(certs, 2);

	ck_assert_str_eq(found.reason, "none");
	cmf_principal_clear(&found.who);
	w.now_ms += DAY_MS - 1000;
	found = find(certs, 2);
	ck_assert_str_eq(found.reason, "none");
	cmf_principal_clear(&found.who);
	w.now_ms += 2000; /* the intermediate has expired, the signer has not */
	found = find(certs, 2);
	ck_assert_str_eq(found.reason, "signer_expired");
	credential_clear(&sub);
	credential_clear(&cert);
}
END_TEST

START_TEST(test_many_signers)
{
	struct credential c[100];

	/* More than the memory of one shard; all are found again, remembered or not. */
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		c[i] = credential_new(
			&(struct credential_spec){.subject = "/CN=vnfm-a", .issuer = &w.anchor_a});
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_LEN(c); i++)
			assert_found(&c[i], "none", "vnfm-a");
	}
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		credential_clear(&c[i]);
}
END_TEST

static void *find_often(void *arg)
{
	const struct bytes certs[] = {octets_view(&w.vnfm_a.der), octets_view(&w.vnfm_b.der)};
	struct store_reader *reader = NULL;

	if (store_reader_new(w.store, &reader) < 0)
		return arg;
	for (int i = 0; i < 200; i++) {
		struct refusal refusal = REFUSAL_NULL;
		struct cmf_principal who = {0};
		struct cmf_signer *signer = NULL;
		int err = cmf_signer_find(CMF_CALL(w.cmf, reader, NULL, NULL, &refusal), BYTES_NULL,
					  BYTES_NULL, &certs[i % 2], 1, NULL, &who, &signer);

		if (err != 0 || strcmp(who.name, i % 2 ? "vnfm-b" : "vnfm-a") != 0)
			return arg;
		cmf_signer_remember(w.cmf, signer);
		cmf_principal_clear(&who);
		cmf_signer_unref(signer);
	}
	store_reader_free(reader);
	return NULL;
}

START_TEST(test_signers_in_threads)
{
	pthread_t thread[4];
	char name[16];
	void *failed;

	for (size_t i = 0; i < ARRAY_LEN(thread); i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, find_often, &w), 0);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "new-%d", i);
		client_add(&(struct client_spec){.name = name,
						 .trust_domain = "d",
						 .mac_reference = name,
						 .mac_secret = "x"});
	}
	for (size_t i = 0; i < ARRAY_LEN(thread); i++) {
		pthread_join(thread[i], &failed);
		ck_assert_ptr_null(failed);
	}
}
END_TEST

/* --- MAC clients, secrets, admin --- */

START_TEST(test_mac_client)
{
	static const struct {
		const char *reference, *name, *secret;
	} cases[] = {
		{"ra-a-ref", "ra-a", "ra secret"},
		{"operator-a-ref", "operator-a", "operator secret"},
		{"ra-a", NULL, NULL},
		{"ra-a-ref ", NULL, NULL},
		{"RA-A-REF", NULL, NULL},
		{"", NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct refusal refusal = REFUSAL_NULL;
		struct cmf_principal who = {0};
		int err = cmf_mac_client_find(WORLD_CALL(NULL, &refusal),
					      bytes_of_string(cases[i].reference), &who);

		if (!cases[i].name) {
			ck_assert_int_eq(err, REFUSED);
			ck_assert_int_eq(refusal.reason, REFUSAL_mac_reference_unknown);
			continue;
		}
		ck_assert_int_eq(err, 0);
		ck_assert_str_eq(who.name, cases[i].name);
		ck_assert(bytes_equal(octets_view(&who.mac_secret),
				      bytes_of_string(cases[i].secret)));
		cmf_principal_clear(&who);
	}
}
END_TEST

/* A secret that was sealed for one reference is of no use under another. */
START_TEST(test_sealed_secret_is_bound_to_its_reference)
{
	struct octets sealed, again;
	struct store_credential stolen = {.known_by = {(uint8_t *)(uintptr_t) "thief-ref", 9}};
	struct store_client row = {.name = (char[]){"thief"},
				   .trust_domain = (char[]){"d"},
				   .credentials = &stolen,
				   .n_credentials = 1};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = {0};
	struct bytes secret = bytes_of_string("ra secret");

	ck_assert_int_eq(cmf_secret_seal(WORLD_CALL(NULL, &refusal), bytes_of_string("ra-a-ref"),
					 secret, &sealed),
			 0);
	ck_assert_int_eq(cmf_secret_seal(WORLD_CALL(NULL, &refusal), bytes_of_string("ra-a-ref"),
					 secret, &again),
			 0);
	ck_assert(!bytes_equal(octets_view(&sealed), octets_view(&again)));
	ck_assert_ptr_null(memmem(sealed.data, sealed.len, secret.data, secret.len));
	stolen.content = sealed;
	ck_assert_int_eq(store_client_insert(w.unit, &row), 0);
	ck_assert_int_eq(store_unit_commit(w.unit), 0);
	ck_assert_int_eq(
		cmf_mac_client_find(WORLD_CALL(NULL, &refusal), bytes_of_string("thief-ref"), &who),
		-EBADMSG);
	octets_clear(&sealed);
	octets_clear(&again);
}
END_TEST

START_TEST(test_admin_for_client)
{
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_principal who = admin_for("vnfm-a");

	ck_assert_str_eq(who.name, "vnfm-a");
	ck_assert_str_eq(who.trust_domain, "domain-a");
	cmf_principal_clear(&who);
	ck_assert_int_eq(cmf_admin_for_client(WORLD_CALL(NULL, &refusal), "nonsense", &who),
			 REFUSED);
	ck_assert_int_eq(refusal.reason, REFUSAL_client_unknown);
}
END_TEST

static Suite *cmf_signer_suite(void)
{
	Suite *suite = suite_create("cmf_signer");
	TCase *tc = tcase_create("signer");

	tcase_add_checked_fixture(tc, world_setup, world_teardown);
	tcase_add_test(tc, test_client_by_anchor_and_subject);
	tcase_add_test(tc, test_clients_do_not_cross_anchors);
	tcase_add_test(tc, test_anchor_in_extra_certs_is_not_trusted);
	tcase_add_test(tc, test_client_below_an_intermediate);
	tcase_add_test(tc, test_intermediate_of_small_order);
	tcase_add_loop_test(tc, test_signer_rfc9483_3_5, 0, ARRAY_LEN(signer_cases));
	tcase_add_test(tc, test_client_policy);
	tcase_add_loop_test(tc, test_cmc_ra_rfc9483_3_5, 0, ARRAY_LEN(cmc_ra_cases));
	tcase_add_test(tc, test_exact_certificate);
	tcase_add_test(tc, test_client_any_below_its_anchor);
	tcase_add_test(tc, test_client_with_unusable_subject);
	tcase_add_test(tc, test_signer_is_found_by_sender_and_sender_kid);
	tcase_add_test(tc, test_signer_with_an_empty_subject);
	tcase_add_test(tc, test_certificate_truncated_at_every_octet);
	tcase_add_test(tc, test_end_entity_rfc9483_4_1_3);
	tcase_add_test(tc, test_end_entity_not_active);
	tcase_add_test(tc, test_end_entity_pending);
	tcase_add_test(tc, test_certificate_of_ours_that_the_store_does_not_know);
	tcase_add_test(tc, test_vnfci_does_not_become_a_client);
	tcase_add_test(tc, test_chain_of_ours_need_not_be_sent_rfc9483_3_3);
	tcase_add_test(tc, test_signer_does_not_depend_on_earlier_extra_certs);
	tcase_add_test(tc, test_removed_client_is_forgotten);
	tcase_add_test(tc, test_remembered_chain_ends_with_its_first_certificate);
	tcase_add_test(tc, test_many_signers);
	tcase_add_test(tc, test_signers_in_threads);
	tcase_add_test(tc, test_mac_client);
	tcase_add_test(tc, test_sealed_secret_is_bound_to_its_reference);
	tcase_add_test(tc, test_admin_for_client);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(cmf_signer_suite, SUITE_FORKS)
