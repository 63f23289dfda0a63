// SPDX-License-Identifier: Apache-2.0
/*
 * One certificate over the JSON interface: key, request, waiting, files. The request is kept beside
 * the certificate until that is there: a signature by ECDSA is another one each time, and only the
 * same octets are the same request to the CMF. Which certificates are wanted is for commands.c.
 */
#include "nfv.h"

#include "base/vnfci_urn.h"
#include "keys/credential.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

/* RFC 5280 A.1, ub-common-name: a longer name goes into the SAN alone. */
enum { COMMON_NAME_MAX = 64 };

enum { CSR_FILE_MAX = 65536 };

static int memory_write(BIO *bio, const char *path, unsigned mode)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	int err = file_write_durable(path, (struct bytes){(uint8_t *)text, (size_t)len}, mode);

	return err ? ctl_file_error(path, err) : CTL_OK;
}

/* --- the key --- */

static int key_make(const char *path, EVP_PKEY **keyp)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_secmem());
	int status = CTL_OK;

	if (!key || !bio || !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		status = ctl_openssl_error(path);
	if (!status)
		status = memory_write(bio, path, 0600);
	BIO_free(bio);
	if (status)
		EVP_PKEY_free(key);
	else
		*keyp = key;
	return status;
}

/* Reads it, or makes it where there is no file. */
static int key_get(const char *path, EVP_PKEY **keyp)
{
	const struct key_source source = {.source = path};
	int err;

	if (!credential_is_uri(path) && access(path, F_OK) != 0)
		return errno == ENOENT ? key_make(path, keyp) : ctl_file_error(path, -errno);
	err = credential_key_read(&source, keyp);
	if (!err)
		return CTL_OK;
	ctl_error("%s: %s", path, credential_error_text(err));
	ERR_clear_error();
	return CTL_FAULT;
}

/* --- the request --- */

static size_t characters_of(const char *text)
{
	size_t n = 0;

	for (const char *c = text; *c; c++)
		n += ((unsigned char)*c & 0xc0) != 0x80;
	return n;
}

/* A SAN of the one name that a CN does not hold: a host name, or who the VNFCI is. */
static bool san_set(X509_REQ *req, const struct vnfm_wanted *wanted)
{
	bool mano = strcmp(wanted->cert_type, "MANO_CERT") == 0;
	_cleanup_(freep) char *urn =
		mano ? NULL : vnfci_urn(wanted->vnf_instance, wanted->subject_id);
	const char *text = mano ? wanted->subject_id : urn;
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();
	bool fine = false;

	if (names && name && value && text && ASN1_STRING_set(value, text, -1) == 1) {
		GENERAL_NAME_set0_value(name, mano ? GEN_DNS : GEN_URI, TAKE(value));
		fine = sk_GENERAL_NAME_push(names, name) > 0;
		name = fine ? NULL : name;
		/* RFC 5280 4.2.1.6: critical beside an empty subject. */
		fine = fine &&
		       X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 1, 0) == 1 &&
		       X509_REQ_add_extensions(req, extensions) == 1;
	}
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	ASN1_IA5STRING_free(value);
	GENERAL_NAME_free(name);
	GENERAL_NAMES_free(names);
	return fine;
}

/* The key is that of whom the request names, so that it has to name somebody. */
static bool names_set(X509_REQ *req, const struct vnfm_wanted *wanted)
{
	if (characters_of(wanted->subject_id) > COMMON_NAME_MAX)
		return san_set(req, wanted);
	return X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
					  (const unsigned char *)wanted->subject_id, -1, -1,
					  0) == 1;
}

static int csr_make(const struct vnfm_wanted *wanted, EVP_PKEY *key, const char *path, char **pemp)
{
	int digest_nid = NID_undef;
	/* EdDSA has a digest of its own. */
	bool own =
		EVP_PKEY_get_default_digest_nid(key, &digest_nid) == 2 && digest_nid == NID_undef;
	X509_REQ *req = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	int status = CTL_OK;

	if (!req || !bio || !names_set(req, wanted) || !X509_REQ_set_pubkey(req, key) ||
	    !X509_REQ_sign(req, key, own ? NULL : EVP_sha256()) ||
	    !PEM_write_bio_X509_REQ(bio, req))
		status = ctl_openssl_error("certificate request");
	if (!status)
		status = memory_write(bio, path, 0644);
	len = status ? 0 : BIO_get_mem_data(bio, &text);
	if (!status && !(*pemp = strndup(text, (size_t)len)))
		status = ctl_file_error(path, -ENOMEM);
	BIO_free(bio);
	X509_REQ_free(req);
	return status;
}

/* Whether a request that was left there is one with that key. */
static bool csr_is_of(const char *pem, EVP_PKEY *key)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509_REQ *req = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
	bool is = req && EVP_PKEY_eq(X509_REQ_get0_pubkey(req), key) == 1;

	X509_REQ_free(req);
	BIO_free(bio);
	ERR_clear_error();
	return is;
}

static int csr_get(const struct vnfm_wanted *wanted, const char *path, char **pemp)
{
	EVP_PKEY *key = NULL;
	int status = key_get(wanted->key_file, &key);

	if (!status && access(path, F_OK) == 0) {
		status = ctl_text_read(path, CSR_FILE_MAX, pemp);
		if (!status && !csr_is_of(*pemp, key))
			free(TAKE(*pemp));
	}
	if (!status && !*pemp)
		status = csr_make(wanted, key, path, pemp);
	EVP_PKEY_free(key);
	return status;
}

static json_t *request_json(const struct vnfm_wanted *wanted, const char *csr)
{
	json_t *body = json_pack("{s:s, s:s, s:b, s:s}", "certType", wanted->cert_type, "vnfcId",
				 wanted->subject_id, "certChainRequest", 1, "csr", csr);
	const struct {
		const char *member;
		const char *value;
	} optional[] = {{"vnfInstanceId", wanted->vnf_instance},
			{"profile", wanted->profile},
			{"replaces", wanted->replaces}};

	for (size_t i = 0; i < ARRAY_LEN(optional); i++)
		if (optional[i].value && *optional[i].value)
			json_object_set_new(body, optional[i].member,
					    json_string(optional[i].value));
	return body;
}

/* --- the answer --- */

/* What a CMF said of a request that has failed. */
static int failure_print(const json_t *request)
{
	const json_t *error = json_object_get(request, "error");
	const char *detail = vnfm_text(error, "detail");

	ctl_error("refused: %s", *detail ? detail : "the request has failed");
	return CTL_REFUSED;
}

/* Until it is decided; 202 and PROCESSING are said again as long as it is not. */
static int decision_wait(struct vnfm_server *server, struct vnfm_answer *answer)
{
	_cleanup_(freep) char *location = TAKE(answer->location);
	int status = CTL_OK;

	while (!status && (answer->status == 202 ||
			   strcmp(vnfm_text(answer->json, "status"), "PROCESSING") == 0)) {
		long wait = answer->retry_after;

		if (!location) {
			ctl_error("the CMF does not say where the request is");
			return CTL_FAULT;
		}
		vnfm_wait(wait);
		vnfm_answer_clear(answer);
		status = vnfm_follow(server, location, answer);
	}
	if (!status && strcmp(vnfm_text(answer->json, "status"), "FAILED") == 0)
		status = failure_print(answer->json);
	return status;
}

/* The certificate, then its chain. */
static int certificate_write(const json_t *request, const char *path)
{
	const json_t *chain = json_object_get(request, "certificateChain"), *item;
	_cleanup_(strbuf_clear) struct strbuf pem = STRBUF_NULL;
	size_t i;
	int err;

	strbuf_add(&pem, vnfm_text(request, "certificate"));
	if (pem.len == 0) {
		ctl_error("the CMF gave no certificate");
		return CTL_FAULT;
	}
	json_array_foreach(chain, i, item)
	{
		if (pem.text[pem.len - 1] != '\n')
			strbuf_add(&pem, "\n");
		strbuf_add(&pem, json_string_value(item) ? json_string_value(item) : "");
	}
	if (pem.failed)
		return ctl_file_error(path, -ENOMEM);
	err = file_write_durable(path, bytes_of_string(pem.text), 0644);
	return err ? ctl_file_error(path, err) : CTL_OK;
}

int vnfm_certificate_get(struct vnfm_server *server, const struct vnfm_wanted *wanted,
			 json_t **rowp)
{
	_cleanup_(vnfm_answer_clear) struct vnfm_answer answer = {0};
	_cleanup_(freep) char *path = NULL, *csr = NULL;
	json_t *body;
	int status;

	if (asprintf(&path, "%s.csr", wanted->out_file) < 0) {
		path = NULL;
		return ctl_file_error(wanted->out_file, -ENOMEM);
	}
	status = csr_get(wanted, path, &csr);
	if (status)
		return status;
	body = request_json(wanted, csr);
	status = vnfm_call(server, "POST", "/certificate_signing_requests", body, &answer);
	json_decref(body);
	if (!status)
		status = decision_wait(server, &answer);
	if (!status)
		status = certificate_write(answer.json, wanted->out_file);
	/* What was refused need not be asked again with the same octets. */
	if (!status || status == CTL_REFUSED)
		unlink(path);
	if (!status)
		*rowp = TAKE(answer.json);
	return status;
}
