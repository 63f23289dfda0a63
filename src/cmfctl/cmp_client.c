// SPDX-License-Identifier: Apache-2.0
/*
 * The CMP client of cmfctl: credentials from files, a message by the message layer, its answer by
 * libcurl, and whether that is the CMF's. What is asked is register_cmp.c's.
 */
#include "cmp_client.h"

#include "asn1/certificate.h"
#include "asn1/dn.h"
#include "asn1/name.h"
#include "base/error.h"
#include "ca.h"
#include "keys/credential.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

enum { TRANSFER_TIMEOUT_MS = 60000 };
/* PasswordBasedMac; RFC 9045 4.3: at least 100. */
enum { MAC_ITERATIONS = 500 };
/* More than the signer of an answer and its chain. */
enum { CERTS_MAX = 32 };

static const struct cmp_mac_policy mac_policy = {.iterations_min = 100, .iterations_max = 1000000};

struct cmp_client {
	struct ca_transfer_options transfer;
	const char *reference;  /* of the secret */
	char *secret;           /* NULL: a signature */
	STACK_OF(X509) * certs; /* own certificate, then its chain */
	struct signer *signer;
	X509_STORE *trusted; /* NULL: signatures are not believed */
	X509_NAME *recipient;
};

/* --- credentials --- */

static int certificate_load(struct cmp_client *client, const char *path)
{
	return credential_certificates_read(path, &client->certs) ? ctl_openssl_error(path)
								  : CTL_OK;
}

static int key_load(struct cmp_client *client, const struct ctl_register *reg)
{
	const char *file = reg->passphrase_file;
	const struct key_source source = {
		.source = reg->key,
		.passphrase_file = file && strcmp(file, "-") == 0 ? "/dev/stdin" : file,
		.ask = true};
	EVP_PKEY *key = NULL;
	int err = credential_key_read(&source, &key);

	ERR_clear_error();
	if (err) {
		ctl_error("%s: %s", reg->key, credential_error_text(err));
		return CTL_FAULT;
	}
	err = signer_new(key, "sha256", &client->signer);
	EVP_PKEY_free(key);
	if (!err)
		return CTL_OK;
	ctl_error("%s: cannot sign messages", reg->key);
	return CTL_FAULT;
}

static int trusted_load(struct cmp_client *client, const char *path)
{
	client->trusted = X509_STORE_new();
	return client->trusted && X509_STORE_load_file(client->trusted, path)
		       ? CTL_OK
		       : ctl_openssl_error(path);
}

static int secret_load(struct cmp_client *client, const char *source)
{
	if (strncmp(source, "pass:", 5) != 0)
		return ctl_secret_read(strncmp(source, "file:", 5) ? source : source + 5,
				       &client->secret);
	client->secret = strdup(source + 5);
	return client->secret ? CTL_OK : ctl_openssl_error("the MAC credential cannot be used");
}

static int recipient_set(struct cmp_client *client, const char *text)
{
	_cleanup_(strbuf_clear) struct strbuf why = STRBUF_NULL;
	int err = dn_parse(text, &client->recipient, &why);

	if (err != -EINVAL)
		return err ? ctl_openssl_error("--recipient") : CTL_OK;
	ctl_error("--recipient: %s", why.text ? why.text : text);
	return CTL_USAGE;
}

int cmp_client_new(const struct ctl_register *reg, struct cmp_client **clientp)
{
	_cleanup_(cmp_client_freep) struct cmp_client *client = calloc(1, sizeof(*client));
	int status = CTL_OK;

	if (!client)
		return ctl_openssl_error("the request cannot be made");
	client->transfer = (struct ca_transfer_options){.url = reg->server,
							.tls_trusted = reg->tls_trusted,
							.timeout_ms = TRANSFER_TIMEOUT_MS};
	client->reference = reg->reference;
	if (reg->cert)
		status = certificate_load(client, reg->cert);
	if (!status && reg->key)
		status = key_load(client, reg);
	if (!status && reg->reference)
		status = secret_load(client, reg->secret);
	if (!status && reg->trusted)
		status = trusted_load(client, reg->trusted);
	if (!status && reg->recipient)
		status = recipient_set(client, reg->recipient);
	if (!status)
		*clientp = TAKE(client);
	return status;
}

void cmp_client_free(struct cmp_client *client)
{
	if (!client)
		return;
	if (client->secret)
		explicit_bzero(client->secret, strlen(client->secret));
	free(client->secret);
	sk_X509_pop_free(client->certs, X509_free);
	signer_free(client->signer);
	X509_STORE_free(client->trusted);
	X509_NAME_free(client->recipient);
	free(client);
}

/* --- the message --- */

/* What a message borrows while it is encoded. */
struct parts {
	uint8_t id[CMP_NONCE_LEN], nonce[CMP_NONCE_LEN];
	struct octets sender, recipient;
	struct octets *certs;
	struct bytes *views;
	size_t n;
	X509_ALGOR *mac_algorithm;
};

static void parts_clear(struct parts *p)
{
	octets_clear(&p->sender);
	octets_clear(&p->recipient);
	for (size_t i = 0; i < p->n; i++)
		OPENSSL_free(p->certs[i].data);
	free(p->certs);
	free(p->views);
	X509_ALGOR_free(p->mac_algorithm);
}

static int certs_encode(const struct cmp_client *client, struct parts *p)
{
	size_t n = client->signer ? (size_t)sk_X509_num(client->certs) : 0;

	p->certs = calloc(n + 1, sizeof(*p->certs));
	p->views = calloc(n + 1, sizeof(*p->views));
	if (!p->certs || !p->views)
		return -ENOMEM;
	for (; p->n < n; p->n++) {
		if (certificate_encode(sk_X509_value(client->certs, (int)p->n), &p->certs[p->n]))
			return -ENOMEM;
		p->views[p->n] = octets_view(&p->certs[p->n]);
	}
	return 0;
}

/* The sender of a MAC is known by its reference alone: the NULL-DN. */
static int names_encode(const struct cmp_client *client, struct parts *p)
{
	static const uint8_t null_dn[] = {V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, 0};
	X509 *own = client->signer ? sk_X509_value(client->certs, 0) : NULL;
	const X509_NAME *to = client->recipient;
	int err = cmp_general_name_of_dn(
		own ? name_der(X509_get_subject_name(own)) : BYTES_OF(null_dn), &p->sender);

	if (!to && own)
		to = X509_get_issuer_name(own);
	return err || !to ? err : cmp_general_name_of_dn(name_der(to), &p->recipient);
}

static int message_encode(const struct cmp_client *client, const PKIBody *body, struct parts *p,
			  struct octets *derp)
{
	X509 *own = client->signer ? sk_X509_value(client->certs, 0) : NULL;
	const ASN1_OCTET_STRING *ski = own ? X509_get0_subject_key_id(own) : NULL;
	struct cmp_protector protector = {.kind = CMP_PROTECTION_SIGNATURE,
					  .signer = client->signer};
	struct cmp_outgoing out = {.pvno = 2,
				   .message_time_ms = clock_now_ms(&clock_system),
				   .transaction_id = BYTES_OF(p->id),
				   .sender_nonce = BYTES_OF(p->nonce),
				   .body = body};
	int err;

	if (RAND_bytes(p->id, sizeof(p->id)) <= 0 || RAND_bytes(p->nonce, sizeof(p->nonce)) <= 0)
		return -EIO;
	err = names_encode(client, p);
	if (!err)
		err = certs_encode(client, p);
	if (!err && client->secret) {
		err = cmp_mac_algorithm_new(MAC_ITERATIONS, &p->mac_algorithm);
		protector = (struct cmp_protector){.kind = CMP_PROTECTION_MAC,
						   .secret = bytes_of_string(client->secret),
						   .mac_algorithm = p->mac_algorithm};
		out.sender_kid = bytes_of_string(client->reference);
	} else if (ski) {
		out.sender_kid = (struct bytes){ski->data, (size_t)ski->length};
	}
	if (err)
		return err;
	out.sender = octets_view(&p->sender);
	out.recipient = octets_view(&p->recipient);
	out.extra_certs = p->views;
	out.n_extra_certs = p->n;
	return cmp_message_encode(&out, &protector, derp);
}

/* --- the answer --- */

static bool is_signed(const struct cmp_client *client, const struct cmp_message *msg,
		      const char **whyp)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	bool ok;

	*whyp = "no certificate of its signer leads to a trust anchor of --trusted";
	ok = client->trusted && certs && cmp_extra_certs_add(msg, CERTS_MAX, certs) == 0 &&
	     cmp_signer_find(msg, certs, 0, client->trusted, whyp) >= 0;
	sk_X509_pop_free(certs, X509_free);
	ERR_clear_error();
	return ok;
}

static bool has_right_mac(const struct cmp_client *client, const struct cmp_message *msg,
			  const char **whyp)
{
	struct refusal refusal = REFUSAL_NULL;

	*whyp = "it has a MAC, and there is no --secret";
	if (!client->secret)
		return false;
	if (cmp_protection_verify_mac(msg, bytes_of_string(client->secret), &mac_policy,
				      &refusal) == 0)
		return true;
	*whyp = refusal_text(refusal.reason);
	return false;
}

static bool is_authentic(const struct cmp_client *client, const struct cmp_message *msg,
			 const char **whyp)
{
	switch (cmp_message_protection_kind(msg)) {
	case CMP_PROTECTION_SIGNATURE:
		return is_signed(client, msg, whyp);
	case CMP_PROTECTION_MAC:
		return has_right_mac(client, msg, whyp);
	case CMP_PROTECTION_KEM:
	case CMP_PROTECTION_NONE:
	default:
		*whyp = "it has no protection";
		return false;
	}
}

int cmp_client_refused(const PKIStatusInfo *status)
{
	_cleanup_(freep) char *text = cmp_status_rejection_text(status);

	ctl_error("refused: %s", text ? text : "no reason given");
	return CTL_REFUSED;
}

static int answer_check(const struct cmp_client *client, const struct parts *sent,
			const struct cmp_message *msg)
{
	const char *why = "it is to another message";

	if (bytes_equal(msg->transaction_id, BYTES_OF(sent->id)) &&
	    bytes_equal(msg->recip_nonce, BYTES_OF(sent->nonce))) {
		bool authentic = is_authentic(client, msg, &why);

		if (msg->body_type == PKI_BODY_ERROR)
			return cmp_client_refused(msg->body->value.error->pKIStatusInfo);
		if (authentic)
			return CTL_OK;
	}
	ctl_error("the answer of the CMF is not acceptable: %s", why);
	return CTL_FAULT;
}

int cmp_client_ask(const struct cmp_client *client, const PKIBody *body,
		   struct cmp_client_answer *answerp)
{
	_cleanup_(parts_clear) struct parts parts = {0};
	_cleanup_(octets_clear) struct octets request = OCTETS_NULL;
	struct ca_transfer_options transfer = client->transfer;
	char problem[CA_TRANSFER_PROBLEM_MAX] = "";
	struct refusal refusal = REFUSAL_NULL;
	int err = message_encode(client, body, &parts, &request);

	if (err)
		return ctl_openssl_error("the request cannot be made");
	transfer.problem = problem;
	err = ca_transfer(&transfer, octets_view(&request), &answerp->der);
	if (err) {
		ctl_error("no CMP answer from %s: %s", transfer.url,
			  problem[0] ? problem : error_text(err));
		return CTL_UNREACHABLE;
	}
	if (cmp_message_decode(octets_view(&answerp->der), &answerp->msg, &refusal)) {
		ctl_error("the answer of the CMF is not acceptable: it is no valid PKIMessage (%s)",
			  refusal_code(refusal.reason));
		return CTL_FAULT;
	}
	return answer_check(client, &parts, answerp->msg);
}

void cmp_client_answer_clear(struct cmp_client_answer *answer)
{
	cmp_message_free(answer->msg);
	octets_clear(&answer->der);
	*answer = (struct cmp_client_answer){0};
}
