// SPDX-License-Identifier: Apache-2.0
/*
 * A general message of ours to an upstream CA, RFC 9483 4.3: asked and answered at once, on the
 * calling thread. It changes nothing there that we would have to remember, so it is no exchange:
 * nothing of it is stored, and who gets no answer asks again.
 */
#include "upstream.h"

#include "base/error.h"

#include "asn1/name.h"

#include <errno.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <string.h>

static PKIBody *genm_body(const char *oid, struct bytes value)
{
	PKIBody *body = cmp_body_new(PKI_BODY_GENM);
	InfoTypeAndValue *info = InfoTypeAndValue_new();
	ASN1_STRING *sequence = ASN1_STRING_type_new(V_ASN1_SEQUENCE);

	if (info && sequence && ASN1_STRING_set(sequence, value.data, (int)value.len)) {
		info->infoType = OBJ_txt2obj(oid, 1);
		info->infoValue = ASN1_TYPE_new();
		if (info->infoValue)
			ASN1_TYPE_set(info->infoValue, V_ASN1_SEQUENCE, TAKE(sequence));
	}
	ASN1_STRING_free(sequence);
	if (body && info && info->infoType && info->infoValue &&
	    sk_InfoTypeAndValue_push(body->value.genmsg, info) > 0)
		return body;
	InfoTypeAndValue_free(info);
	PKIBody_free(body);
	return NULL;
}

static int question_make(const struct ca *ca, const struct ca_question *question,
			 struct bytes nonce, struct octets *derp)
{
	const X509 *ra = ca->upstream->ra_cert;
	X509_ALGOR *mac_algorithm = NULL;
	struct cmp_outgoing out = {
		.pvno = 2, .transaction_id = question->transaction_id, .sender_nonce = nonce};
	PKIBody *body = genm_body(question->oid, question->value);
	int err = body ? 0 : -ENOMEM;

	if (!err && !ca->upstream->ra_cert)
		err = cmp_mac_algorithm_new(UPSTREAM_MAC_ITERATIONS, &mac_algorithm);
	out.body = body;
	if (!err)
		err = upstream_protect(ca, BYTES_NULL,
				       ra ? name_der(X509_get_issuer_name(ra)) : BYTES_NULL,
				       mac_algorithm, &out, derp);
	PKIBody_free(body);
	X509_ALGOR_free(mac_algorithm);
	return err;
}

/* problem: as of struct ca_transfer_options */
static int question_send(const struct ca *ca, struct bytes message, struct octets *answerp,
			 char *problem)
{
	const struct ca_transfer_options options = {
		.url = ca->conf->server_url,
		.tls_trusted = ca->conf->tls_trusted,
		.timeout_ms = ca->conf->upstream_wait_ms,
		.connections = ca->upstream->connections,
		.problem = problem,
	};

	return ca->upstream->transfer(ca->upstream->transfer_arg, &options, message, answerp);
}

/* The value of the one element of that type in a genp; empty: it is another answer. */
static struct bytes answer_value(const struct cmp_message *msg, const char *oid)
{
	const InfoTypeAndValue *info;
	ASN1_OBJECT *type;
	bool same;

	if (msg->body_type != PKI_BODY_GENP ||
	    sk_InfoTypeAndValue_num(msg->body->value.genmsg) != 1)
		return BYTES_NULL;
	info = sk_InfoTypeAndValue_value(msg->body->value.genmsg, 0);
	type = OBJ_txt2obj(oid, 1);
	same = type && OBJ_cmp(type, info->infoType) == 0 && info->infoValue &&
	       info->infoValue->type == V_ASN1_SEQUENCE;
	ASN1_OBJECT_free(type);
	return same ? (struct bytes){ASN1_STRING_get0_data(info->infoValue->value.sequence),
				     (size_t)ASN1_STRING_length(info->infoValue->value.sequence)}
		    : BYTES_NULL;
}

/* Whether it answers the question, and is the upstream's. RFC 9483 5.1 */
static bool answer_is_good(const struct ca *ca, struct store_reader *reader,
			   const struct ca_question *question, struct bytes nonce,
			   const struct cmp_message *msg)
{
	const struct exchange x = {.ca = ca, .reader = reader, .kind = STORE_EXCHANGE_ISSUE};

	return bytes_equal(msg->transaction_id, question->transaction_id) &&
	       bytes_equal(msg->recip_nonce, nonce) && answer_is_authentic(&x, msg);
}

static int value_take(const struct ca *ca, struct store_reader *reader,
		      const struct ca_question *question, struct bytes nonce, struct bytes der,
		      struct octets *valuep)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal unused = REFUSAL_NULL;
	struct bytes value;

	if (cmp_message_decode(der, &msg, &unused) ||
	    !answer_is_good(ca, reader, question, nonce, msg))
		return -EBADMSG;
	value = answer_value(msg, question->answer_oid);
	return value.len ? octets_dup(value, valuep) : -EPROTO;
}

int ca_upstream_ask(const struct ca *ca, struct store_reader *reader,
		    const struct ca_question *question, struct octets *valuep)
{
	_cleanup_(octets_clear) struct octets message = OCTETS_NULL, answer = OCTETS_NULL;
	char problem[CA_TRANSFER_PROBLEM_MAX] = "";
	uint8_t nonce[CMP_NONCE_LEN];
	int err = RAND_bytes(nonce, sizeof(nonce)) == 1
			  ? question_make(ca, question, BYTES_OF(nonce), &message)
			  : -EIO;

	if (err)
		return log_fault("making a question to an upstream CA", err, ca->conf->name);
	err = question_send(ca, octets_view(&message), &answer, problem);
	if (!err)
		err = value_take(ca, reader, question, BYTES_OF(nonce), octets_view(&answer),
				 valuep);
	if (err && err != -ENOMEM)
		log_event(LOG_LEVEL_INFO, "upstream CA gave no answer to a question",
			  F_TEXT("ca", ca->conf->name),
			  F_TEXT("detail", problem[0] ? problem : error_text(err)));
	return err;
}
