// SPDX-License-Identifier: Apache-2.0
/*
 * What tests ask of the CMF of cmf_world.h, as a door would, and what they find in the store after
 * it. How that CMF is made: cmf_world.c.
 */
#include "cmf_world.h"

#include "cmf/order.h"

#include <string.h>

/* --- operations --- */

static X509_EXTENSION *extension_new(const char *oid, const char *value)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 0);
	bool critical = strncmp(value, "critical,", 9) == 0;
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx_test(&ctx);
	ck_assert_ptr_nonnull(object);
	if (critical)
		value += 9;
	if (strncmp(value, "DER:", 4) == 0) {
		ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
		uint8_t der[4096];
		size_t len;

		ck_assert_int_eq(hex_to_bytes(value + 4, der, sizeof(der), &len), 0);
		ASN1_OCTET_STRING_set(octets, der, (int)len);
		extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical, octets);
		ASN1_OCTET_STRING_free(octets);
	} else {
		extension = X509V3_EXT_conf_nid(NULL, &ctx, OBJ_obj2nid(object), value);
		ck_assert_msg(extension != NULL, "extension %s = %s", oid, value);
		X509_EXTENSION_set_critical(extension, critical);
	}
	ASN1_OBJECT_free(object);
	return extension;
}

static STACK_OF(X509_EXTENSION) * extensions_of(const struct csr_spec *ask)
{
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	char text[512];

	if (ask->san)
		sk_X509_EXTENSION_push(extensions, extension_new("subjectAltName", ask->san));
	if (ask->san_hex) {
		snprintf(text, sizeof(text), "DER:%s", ask->san_hex);
		sk_X509_EXTENSION_push(extensions, extension_new("subjectAltName", text));
	}
	for (size_t i = 0; i < ARRAY_LEN(ask->extension) && ask->extension[i].oid; i++)
		sk_X509_EXTENSION_push(
			extensions, extension_new(ask->extension[i].oid, ask->extension[i].value));
	return extensions;
}

static size_t texts_count(const char *const *texts, size_t max)
{
	size_t n = 0;

	while (n < max && texts[n])
		n++;
	return n;
}

static ASN1_TIME *time_of(const char *text)
{
	ASN1_TIME *time = text ? ASN1_TIME_new() : NULL;

	if (time)
		ck_assert_int_eq(ASN1_TIME_set_string(time, text), 1);
	return time;
}

/* The name as it comes over the wire: encoded, then decoded. */
static X509_NAME *name_received(X509_NAME *name)
{
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(name, &der);
	const unsigned char *p = der;
	X509_NAME *received = d2i_X509_NAME(NULL, &p, len);

	ck_assert_ptr_nonnull(received);
	OPENSSL_free(der);
	X509_NAME_free(name);
	return received;
}

/* false: somebody else came first, and it is to be decided again. */
static bool world_commit(void)
{
	struct store_unit *interfering = w.interfering;

	int err;

	w.interfering = NULL;
	if (interfering)
		ck_assert_int_eq(store_unit_commit(interfering), 0);
	err = store_unit_commit(w.unit);
	if (interfering)
		ck_assert_int_eq(err, STORE_CONFLICT);
	ck_assert(err == 0 || (err == STORE_CONFLICT && !w.again));
	w.again = err == STORE_CONFLICT;
	return !w.again;
}

enum refusal_reason csr(const struct cmf_principal *who, const struct csr_spec *ask,
			struct cmf_csr_result *resultp)
{
	STACK_OF(X509_EXTENSION) *extensions = extensions_of(ask);
	OptionalValidity validity = {time_of(ask->not_before), time_of(ask->not_after)};
	X509_NAME *subject = NULL, *issuer = ask->issuer ? pki_name(ask->issuer) : NULL;
	EVP_PKEY *key = ask->key_is ? ask->key_is : pki_key(ask->key), *made = NULL;
	SubjectPublicKeyInfo *spki = NULL;
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_csr request = {
		.may_register = ask->ir,
		.profile_names = ask->profile,
		.n_profile_names = texts_count(ask->profile, ARRAY_LEN(ask->profile)),
		.vnfc_ids = ask->vnfc_id,
		.n_vnfc_ids = texts_count(ask->vnfc_id, ARRAY_LEN(ask->vnfc_id)),
		.vnf_instances = ask->vnf_instance,
		.n_vnf_instances = texts_count(ask->vnf_instance, ARRAY_LEN(ask->vnf_instance)),
		.extensions = extensions,
		.validity = ask->not_before || ask->not_after ? &validity : NULL,
		.issuer = issuer,
		.operation = ask->old ? CMF_UPDATE : CMF_ISSUE,
		.update.old = ask->old,
	};
	struct cmf_order_terms terms;
	struct cmf_call call;
	bool committed;
	int err;

	if (ask->subject_raw)
		subject = name_received(ask->subject_raw);
	else if (ask->subject)
		subject = name_received(pki_name(ask->subject));
	request.subject = subject;
	ck_assert_int_eq(spki_from_key(key, &spki), 0);
	request.spki = spki;
	ck_assert_int_eq(spki_key(spki, &made, &request.key_kind), 0);
	call = *WORLD_CALL(who, &refusal);
	call.again = w.again;
	err = cmf_csr(&call, &request, resultp);
	ck_assert(store_unit_empty(w.unit));
	if (err == 0)
		err = cmf_order_place_certificates(WORLD_CALL(who, &refusal), &resultp, 1,
						   ask->confirmed, &terms);
	ck_assert_int_ge(err, 0);
	ck_assert_int_eq(err == 0, refusal.reason == REFUSAL_NONE);
	committed = world_commit();
	if (committed)
		resultp->certificate.id = store_unit_id(w.unit, resultp->certificate.id);
	else
		cmf_csr_result_clear(resultp);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	ASN1_TIME_free(validity.notBefore);
	ASN1_TIME_free(validity.notAfter);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	SubjectPublicKeyInfo_free(spki);
	EVP_PKEY_free(made);
	if (!ask->key_is)
		EVP_PKEY_free(key);
	return committed ? refusal.reason : csr(who, ask, resultp);
}

enum refusal_reason csr_as(const char *client, const struct csr_spec *ask)
{
	struct cmf_principal who = principal_of(client);
	struct cmf_csr_result result = {0};
	enum refusal_reason reason = csr(&who, ask, &result);

	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
	return reason;
}

enum refusal_reason register_as(const struct cmf_principal *who, const struct cmf_register *request)
{
	struct refusal refusal = REFUSAL_NULL;
	int err = cmf_register(WORLD_CALL(who, &refusal), request);

	ck_assert_int_ge(err, 0);
	ck_assert_int_eq(err == 0, refusal.reason == REFUSAL_NONE);
	if (err == REFUSED)
		ck_assert(store_unit_empty(w.unit));
	return world_commit() ? refusal.reason : register_as(who, request);
}

void register_ok(const char *client, enum cert_type type, const char *subject_id)
{
	register_in(client, type, NULL, subject_id);
}

void register_in(const char *client, enum cert_type type, const char *vnf_instance,
		 const char *subject_id)
{
	struct cmf_principal who = principal_of(client);
	const struct cmf_register request = {
		.has_cert_type = true,
		.cert_type = type,
		.vnf_instance = vnf_instance,
		.subject_ids = &subject_id,
		.n_subject_ids = 1,
		.handling = type == CERT_TYPE_MANO ? CERT_HANDLING_NONE : CERT_HANDLING_DELEGATION,
	};

	ck_assert_str_eq(refusal_code(register_as(&who, &request)), "none");
	cmf_principal_clear(&who);
}

int certificate_confirmed(const char *client, const struct store_certificate *cert, bool accepted)
{
	struct cmf_principal who = principal_of(client);
	struct cmf_order_item item = {.certificate_id = cert->id, .cert = *cert};
	const struct cmf_order order = {.kind = CMF_ORDER_CERTIFICATES, .item = &item, .len = 1};
	int err = cmf_order_confirm(WORLD_CALL(&who, NULL), &order, &accepted, NULL);

	ck_assert_int_eq(err, 0);
	cmf_principal_clear(&who);
	return store_unit_commit(w.unit);
}

struct store_certificate certificate_issued(const char *client, const char *profile,
					    const char *subject, const char *san)
{
	struct cmf_principal who = principal_of(client);
	struct cmf_csr_result result = {0};
	struct store_certificate cert = {0};
	const struct csr_spec ask = {.subject = subject, .san = san, .profile = {profile}};

	ck_assert_str_eq(refusal_code(csr(&who, &ask, &result)), "none");
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
	ck_assert_int_eq(certificate_confirmed(client, &cert, true), 0);
	store_certificate_clear(&cert);
	ck_assert_int_eq(store_certificate_get(w.reader, result.certificate.id, &cert), 0);
	ck_assert_int_eq(cert.state, STORE_CERT_ACTIVE);
	cmf_csr_result_clear(&result);
	cmf_principal_clear(&who);
	return cert;
}

struct store_certificate certificate_again(const struct store_certificate *cert)
{
	struct store_certificate again = {0};

	ck_assert_int_eq(store_certificate_get(w.reader, cert->id, &again), 0);
	return again;
}

int certificate_state(int64_t id)
{
	struct store_certificate cert = {0};
	int state;

	ck_assert_int_eq(store_certificate_get(w.reader, id, &cert), 0);
	state = (int)cert.state;
	store_certificate_clear(&cert);
	return state;
}

/* --- counting --- */

static int registration_count(void *arg, const struct store_registration *reg)
{
	((struct world_count *)arg)->registrations++;
	return 0;
}

static int certificate_count(void *arg, const struct store_certificate *cert)
{
	struct world_count *count = arg;

	count->certificates++;
	if (cert->state != STORE_CERT_PENDING && cert->state != STORE_CERT_ACTIVE)
		count->revoked++;
	return 0;
}

struct world_count world_count(void)
{
	const struct store_registration_filter registrations = {.cert_type = -1};
	const struct store_certificate_filter certificates = {.state = -1};
	struct world_count count = {0};

	ck_assert_int_eq(
		store_registration_list(w.reader, &registrations, registration_count, &count), 0);
	ck_assert_int_eq(store_certificate_list(w.reader, &certificates, certificate_count, &count),
			 0);
	return count;
}

void world_unchanged(struct world_count before)
{
	struct world_count now = world_count();

	ck_assert_int_eq(now.registrations, before.registrations);
	ck_assert_int_eq(now.certificates, before.certificates);
	ck_assert_int_eq(now.revoked, before.revoked);
}

/* --- reading certificates --- */

static char *bio_take(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *text = strndup(len > 0 ? data : "", (size_t)(len > 0 ? len : 0));

	BIO_free(bio);
	return text;
}

char *certificate_san(struct bytes der)
{
	X509 *cert = pki_cert_parse(der);
	int at = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1);
	BIO *bio = BIO_new(BIO_s_mem());

	if (at >= 0)
		X509V3_EXT_print(bio, X509_get_ext(cert, at), 0, 0);
	X509_free(cert);
	return bio_take(bio);
}

char *certificate_subject(struct bytes der)
{
	X509 *cert = pki_cert_parse(der);
	BIO *bio = BIO_new(BIO_s_mem());

	X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
	X509_free(cert);
	return bio_take(bio);
}
