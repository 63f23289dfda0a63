// SPDX-License-Identifier: Apache-2.0
/*
 * Register over the wire: genm with id-cmf.10 RegisterRequest, answered by genp id-cmf.11, with
 * OpenSSL's CMP client and our transfer (libcurl).
 */
#include "ctl.h"

#include "asn1/cmf_types.h"
#include "asn1/dn.h"
#include "base/cert_type.h"
#include "base/refusal.h"
#include "ca.h"
#include "keys/credential.h"

#include <errno.h>
#include <openssl/cmp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

/*
 * Octets of subjectIds in one message: with header, protection and a chain of certificates it stays
 * below the 64 KiB that a CMF accepts as shipped.
 */
enum { MESSAGE_SUBJECTS_MAX = 32768 };

enum { TRANSFER_TIMEOUT_MS = 60000 };

DEFINE_CLEANUP(OSSL_CMP_CTX, OSSL_CMP_CTX_free);
DEFINE_CLEANUP(RegisterRequest, RegisterRequest_free);
DEFINE_CLEANUP(RegisterResponse, RegisterResponse_free);

/* --- transfer --- */

struct transfer {
	struct ca_transfer_options options;
	int err; /* why there was no answer */
};

static OSSL_CMP_MSG *transfer(OSSL_CMP_CTX *cmp, const OSSL_CMP_MSG *request)
{
	struct transfer *t = OSSL_CMP_CTX_get_transfer_cb_arg(cmp);
	_cleanup_(octets_clear) struct octets answer = OCTETS_NULL;
	unsigned char *der = NULL;
	const unsigned char *p;
	int len = i2d_OSSL_CMP_MSG(request, &der);

	if (len <= 0)
		return NULL;
	t->err = ca_transfer(&t->options, (struct bytes){der, (size_t)len}, &answer);
	OPENSSL_free(der);
	if (t->err)
		return NULL;
	p = answer.data;
	return d2i_OSSL_CMP_MSG(NULL, &p, (long)answer.len);
}

/* --- credentials --- */

/* The certificate and the chain behind it. */
static int certificate_load(OSSL_CMP_CTX *cmp, const char *path)
{
	BIO *bio = BIO_new_file(path, "r");
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL, *next;
	int ok = cert && chain && OSSL_CMP_CTX_set1_cert(cmp, cert);

	while (ok && (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		ok = sk_X509_push(chain, next) > 0;
	if (ok)
		ERR_clear_error(); /* the end of the file */
	ok = ok && OSSL_CMP_CTX_set1_extraCertsOut(cmp, chain);
	X509_free(cert);
	sk_X509_pop_free(chain, X509_free);
	BIO_free(bio);
	return ok ? CTL_OK : ctl_openssl_error(path);
}

static int key_load(OSSL_CMP_CTX *cmp, const struct ctl_register *reg)
{
	const char *file = reg->passphrase_file;
	const struct key_source source = {
		.source = reg->key,
		.passphrase_file = file && strcmp(file, "-") == 0 ? "/dev/stdin" : file,
		.ask = true};
	EVP_PKEY *key = NULL;
	int err = credential_key_read(&source, &key), ok;

	ERR_clear_error();
	if (err) {
		ctl_error("%s: %s", reg->key, credential_error_text(err));
		return CTL_FAULT;
	}
	ok = OSSL_CMP_CTX_set1_pkey(cmp, key);
	EVP_PKEY_free(key);
	return ok ? CTL_OK : ctl_openssl_error(reg->key);
}

static int trusted_load(OSSL_CMP_CTX *cmp, const char *path)
{
	X509_STORE *store = X509_STORE_new();

	if (store && X509_STORE_load_file(store, path) &&
	    OSSL_CMP_CTX_set0_trustedStore(cmp, store))
		return CTL_OK;
	X509_STORE_free(store);
	return ctl_openssl_error(path);
}

static int secret_load(OSSL_CMP_CTX *cmp, const char *reference, const char *source)
{
	char *secret = NULL;
	int ok, status = CTL_OK;

	if (strncmp(source, "pass:", 5) == 0)
		secret = strdup(source + 5);
	else
		status =
			ctl_secret_read(strncmp(source, "file:", 5) ? source : source + 5, &secret);
	if (status)
		return status;
	ok = secret &&
	     OSSL_CMP_CTX_set1_secretValue(cmp, (unsigned char *)secret, (int)strlen(secret));
	ok = ok && OSSL_CMP_CTX_set1_referenceValue(cmp, (const unsigned char *)reference,
						    (int)strlen(reference));
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
	return ok ? CTL_OK : ctl_openssl_error("the MAC credential cannot be used");
}

static int recipient_set(OSSL_CMP_CTX *cmp, const char *text)
{
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	X509_NAME *name = NULL;
	int err = dn_parse(text, &name, &why), ok;

	if (err == -EINVAL) {
		ctl_error("--recipient: %s", why.text ? why.text : text);
		return CTL_USAGE;
	}
	ok = !err && OSSL_CMP_CTX_set1_recipient(cmp, name);
	X509_NAME_free(name);
	return ok ? CTL_OK : ctl_openssl_error("--recipient");
}

static int cmp_new(const struct ctl_register *reg, struct transfer *t, OSSL_CMP_CTX **cmpp)
{
	_cleanup_(OSSL_CMP_CTX_freep) OSSL_CMP_CTX *cmp = OSSL_CMP_CTX_new(NULL, NULL);
	int status = CTL_OK;

	/* An error that does not verify is an error all the same, and says more than "not
	 * verified": to a wrong MAC the CMF answers with a signature, for which there may be no
	 * trust anchor. */
	if (!cmp || !OSSL_CMP_CTX_set_transfer_cb(cmp, transfer) ||
	    !OSSL_CMP_CTX_set_transfer_cb_arg(cmp, t) ||
	    !OSSL_CMP_CTX_set_option(cmp, OSSL_CMP_OPT_UNPROTECTED_ERRORS, 1))
		return ctl_openssl_error("the CMP client of OpenSSL cannot be used");
	if (reg->cert)
		status = certificate_load(cmp, reg->cert);
	if (!status && reg->key)
		status = key_load(cmp, reg);
	if (!status && reg->reference)
		status = secret_load(cmp, reg->reference, reg->secret);
	if (!status && reg->trusted)
		status = trusted_load(cmp, reg->trusted);
	if (!status && reg->recipient)
		status = recipient_set(cmp, reg->recipient);
	if (!status)
		*cmpp = TAKE(cmp);
	return status;
}

/* --- RegisterRequest --- */

static ASN1_UTF8STRING *utf8_new(const char *text)
{
	ASN1_UTF8STRING *s = ASN1_UTF8STRING_new();

	if (s && ASN1_STRING_set(s, text, -1))
		return s;
	ASN1_UTF8STRING_free(s);
	return NULL;
}

static bool subjects_put(RegisterRequest *request, char *const *ids, size_t n)
{
	if (!request->subjectIds)
		request->subjectIds = sk_ASN1_UTF8STRING_new_null();
	for (size_t i = 0; request->subjectIds && i < n; i++) {
		ASN1_UTF8STRING *id = utf8_new(ids[i]);

		if (!id || sk_ASN1_UTF8STRING_push(request->subjectIds, id) <= 0) {
			ASN1_UTF8STRING_free(id);
			return false;
		}
	}
	return request->subjectIds != NULL;
}

/* The request for n subjects; NULL out of memory. */
static RegisterRequest *request_new(const struct ctl_register *reg, char *const *ids, size_t n)
{
	_cleanup_(RegisterRequest_freep) RegisterRequest *request = RegisterRequest_new();
	enum cert_handling handling;

	if (!request || !ASN1_STRING_set(request->certType, reg->cert_type, -1) ||
	    !subjects_put(request, ids, n))
		return NULL;
	if (reg->handling && !cert_handling_parse(reg->handling, &handling)) {
		request->handling = ASN1_ENUMERATED_new();
		if (!request->handling || !ASN1_ENUMERATED_set(request->handling, handling))
			return NULL;
	}
	if (reg->profile) {
		request->profile = utf8_new(reg->profile);
		if (!request->profile)
			return NULL;
	}
	return TAKE(request);
}

/* As an InfoTypeAndValue; NULL out of memory. */
static OSSL_CMP_ITAV *request_itav(const RegisterRequest *request)
{
	ASN1_OBJECT *type = OBJ_txt2obj(OID_CMF_REGISTER_REQUEST, 1);
	ASN1_TYPE *value = NULL;
	ASN1_STRING *sequence = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	unsigned char *der = NULL;
	int len = i2d_RegisterRequest(request, &der);
	OSSL_CMP_ITAV *itav = NULL;

	if (type && sequence && len > 0 && (value = ASN1_TYPE_new())) {
		ASN1_STRING_set0(sequence, TAKE(der), len);
		ASN1_TYPE_set(value, V_ASN1_SEQUENCE, TAKE(sequence));
		itav = OSSL_CMP_ITAV_create(type, value);
		if (itav) {
			type = NULL;
			value = NULL;
		}
	}
	OPENSSL_free(der);
	ASN1_STRING_free(sequence);
	ASN1_TYPE_free(value);
	ASN1_OBJECT_free(type);
	return itav;
}

/* --- RegisterResponse --- */

/* A rejection in words: statusString and failInfo. */
static int status_refused(const PKIStatusInfo *status)
{
	_cleanup_(strbuf_clear) struct strbuf text = STRBUF_NULL;

	for (int i = 0; i < sk_ASN1_UTF8STRING_num(status->statusString); i++) {
		const ASN1_UTF8STRING *s = sk_ASN1_UTF8STRING_value(status->statusString, i);

		strbuf_add_n(&text, (const char *)ASN1_STRING_get0_data(s),
			     (size_t)ASN1_STRING_length(s));
		strbuf_add(&text, " ");
	}
	for (int bit = 0; status->failInfo && bit < FAIL_COUNT; bit++) {
		if (ASN1_BIT_STRING_get_bit(status->failInfo, bit))
			strbuf_printf(&text, "(%s)", failinfo_name(bit));
	}
	ctl_error("refused: %s", text.text ? text.text : "no reason given");
	return CTL_REFUSED;
}

/* Whether the answer says that exactly these n subjects are registered. */
static int response_check(const RegisterResponse *response, char *const *ids, size_t n)
{
	if (ASN1_INTEGER_get(response->status->status) > 1)
		return status_refused(response->status);
	if ((size_t)sk_ASN1_UTF8STRING_num(response->subjectIds) != n) {
		ctl_error("the answer of the CMF is not about the entities asked for");
		return CTL_FAULT;
	}
	for (size_t i = 0; i < n; i++) {
		const ASN1_UTF8STRING *id = sk_ASN1_UTF8STRING_value(response->subjectIds, (int)i);

		if ((size_t)ASN1_STRING_length(id) != strlen(ids[i]) ||
		    memcmp(ASN1_STRING_get0_data(id), ids[i], strlen(ids[i])) != 0) {
			ctl_error("the answer of the CMF is not about the entities asked for");
			return CTL_FAULT;
		}
	}
	return CTL_OK;
}

static int answer_check(const STACK_OF(OSSL_CMP_ITAV) * itavs, char *const *ids, size_t n)
{
	_cleanup_(RegisterResponse_freep) RegisterResponse *response = NULL;
	OSSL_CMP_ITAV *itav =
		sk_OSSL_CMP_ITAV_num(itavs) == 1 ? sk_OSSL_CMP_ITAV_value(itavs, 0) : NULL;
	const ASN1_TYPE *value = itav ? OSSL_CMP_ITAV_get0_value(itav) : NULL;
	char oid[128] = "";

	if (itav)
		OBJ_obj2txt(oid, sizeof(oid), OSSL_CMP_ITAV_get0_type(itav), 1);
	if (value && strcmp(oid, OID_CMF_REGISTER_RESPONSE) == 0 &&
	    ASN1_TYPE_get(value) == V_ASN1_SEQUENCE) {
		const ASN1_STRING *der = value->value.sequence;
		const unsigned char *p = ASN1_STRING_get0_data(der);

		response = d2i_RegisterResponse(NULL, &p, ASN1_STRING_length(der));
	}
	if (!response) {
		ctl_error("the answer of the CMF is no RegisterResponse");
		return CTL_FAULT;
	}
	return response_check(response, ids, n);
}

/* --- one message --- */

/* An error message, no answer, or one that does not verify. */
static int exchange_failed(OSSL_CMP_CTX *cmp, const struct transfer *t)
{
	char text[512];

	if (t->err == -EPROTO) {
		ctl_error("%s gives no CMP answer", t->options.url);
		return CTL_UNREACHABLE;
	}
	if (t->err) {
		ctl_error("no answer from %s: %s", t->options.url, strerror(-t->err));
		return CTL_UNREACHABLE;
	}
	if (OSSL_CMP_CTX_get_status(cmp) != OSSL_CMP_PKISTATUS_rejection)
		return ctl_openssl_error("the answer of the CMF is not acceptable");
	if (!OSSL_CMP_CTX_snprint_PKIStatus(cmp, text, sizeof(text)))
		snprintf(text, sizeof(text), "no reason given");
	ERR_clear_error();
	ctl_error("refused: %s", text);
	return CTL_REFUSED;
}

static int message_send(const struct ctl_register *reg, char *const *ids, size_t n)
{
	_cleanup_(OSSL_CMP_CTX_freep) OSSL_CMP_CTX *cmp = NULL;
	_cleanup_(RegisterRequest_freep) RegisterRequest *request = request_new(reg, ids, n);
	struct transfer t = {.options = {.url = reg->server,
					 .tls_trusted = reg->tls_trusted,
					 .timeout_ms = TRANSFER_TIMEOUT_MS}};
	OSSL_CMP_ITAV *itav = request ? request_itav(request) : NULL;
	STACK_OF(OSSL_CMP_ITAV) * itavs;
	int status;

	if (!itav)
		return ctl_openssl_error("the request cannot be made");
	status = cmp_new(reg, &t, &cmp);
	if (status) {
		OSSL_CMP_ITAV_free(itav);
		return status;
	}
	if (!OSSL_CMP_CTX_push0_genm_ITAV(cmp, itav)) {
		OSSL_CMP_ITAV_free(itav);
		return ctl_openssl_error("the request cannot be made");
	}
	itavs = OSSL_CMP_exec_GENM_ses(cmp);
	if (!itavs)
		return exchange_failed(cmp, &t);
	status = answer_check(itavs, ids, n);
	sk_OSSL_CMP_ITAV_pop_free(itavs, OSSL_CMP_ITAV_free);
	return status;
}

/* How many subjects from `from` on fit into one message. */
static size_t message_subjects(const struct ctl_subjects *subjects, size_t from)
{
	size_t octets = 0, n = 0;

	while (from + n < subjects->len && octets < MESSAGE_SUBJECTS_MAX)
		octets += strlen(subjects->item[from + n++]) + 4; /* tag and length */
	return n;
}

int ctl_register_cmp(struct ctl *ctl, const struct ctl_register *reg)
{
	size_t done = 0, total = reg->subjects.len;

	while (done < total) {
		size_t n = message_subjects(&reg->subjects, done);
		int status = message_send(reg, reg->subjects.item + done, n);

		if (status && done)
			ctl_error("the first %zu of %zu entities are registered", done, total);
		if (status)
			return status;
		done += n;
		if (n < total)
			ctl_subjects_progress(done, total);
	}
	return CTL_OK;
}
