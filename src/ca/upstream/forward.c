// SPDX-License-Identifier: Apache-2.0
/*
 * Messages of clients that go on to an upstream CA, RFC 9483 5.2: each is an exchange of one
 * message and one answer. The message is in the store before it is sent, the same octets are sent
 * until there is an answer, and an answer counts once its protection is verified. What is said
 * downstream is the door's.
 */
#include "asn1/pkimessage.h"
#include "upstream.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* --- an answer, read --- */

struct answer {
	PKIMessage *outer;
	PKIHeader *header;
	PKIBody *body;
};

static void answer_clear(struct answer *a)
{
	PKIMessage_free(a->outer);
	PKIHeader_free(a->header);
	PKIBody_free(a->body);
	ERR_clear_error();
}

static int answer_decode(struct bytes der, struct answer *a)
{
	struct bytes in = der, content, header, body, unused;
	const uint8_t *p = der.data;
	uint8_t tag;

	if (der_check(der) || der_next(&in, &tag, &unused, &content) ||
	    der_next(&content, &tag, &header, &unused) || der_next(&content, &tag, &body, &unused))
		return -EBADMSG;
	a->outer = d2i_PKIMessage(NULL, &p, (long)der.len);
	p = header.data;
	a->header = d2i_PKIHeader(NULL, &p, (long)header.len);
	p = body.data;
	a->body = d2i_PKIBody(NULL, &p, (long)body.len);
	return a->outer && a->header && a->body ? 0 : -EBADMSG;
}

static bool is_protected_by(struct exchange *x, const OSSL_CMP_MSG *message,
			    STACK_OF(X509) * candidates)
{
	return OSSL_CMP_CTX_set1_untrusted(x->ctx, candidates) == 1 &&
	       OSSL_CMP_validate_msg(x->ctx, message) == 1;
}

/* RFC 9483 3.5, and who must have protected it. */
static bool answer_is_authentic(struct exchange *x, const struct answer *a)
{
	const X509_NAME *expected = x->ca->upstream->expected_sender;
	OSSL_CMP_MSG *message = exchange_message_decode(octets_view(&x->answer));
	_cleanup_(x509_stackp) STACK_OF(X509) *certs = sk_X509_new_null();
	bool ok = message && certs && a->header->sender->type == GEN_DIRNAME &&
		  (!expected || X509_NAME_cmp(a->header->sender->d.directoryName, expected) == 0) &&
		  exchange_signers_pinned(x->ca, certs) == 0 &&
		  exchange_message_certs(octets_view(&x->answer), certs) == 0;

	/* RFC 9483 3.3: the signer may be known from before, and is not told again. */
	if (ok)
		ok = is_protected_by(x, message, certs) ||
		     (exchange_signers_known(x, certs) == 0 && is_protected_by(x, message, certs));
	OSSL_CMP_MSG_free(message);
	return ok;
}

static bool same_octets(const ASN1_OCTET_STRING *a, const ASN1_OCTET_STRING *b)
{
	return a && b && ASN1_OCTET_STRING_cmp(a, b) == 0;
}

/* RFC 9483 5.1: transactionID and recipNonce say which message it answers. */
static bool answer_fits(struct bytes sent, const struct answer *a)
{
	struct answer request = {NULL, NULL, NULL};
	bool ok = answer_decode(sent, &request) == 0 &&
		  same_octets(request.header->transactionID, a->header->transactionID) &&
		  same_octets(request.header->senderNonce, a->header->recipNonce);

	answer_clear(&request);
	return ok;
}

/* --- what it means --- */

/* -1: none that means something. */
static int64_t status_of(const PKIStatusInfo *info, struct exchange_result *result)
{
	int64_t status = -1;

	(void)ASN1_INTEGER_get_int64(&status, info->status);
	/* RFC 9483 4.1.1, 4.2: failInfo "MUST be absent if the status is 'accepted'". */
	if (info->failInfo &&
	    (status == OSSL_CMP_PKISTATUS_accepted || status == OSSL_CMP_PKISTATUS_grantedWithMods))
		return -1;
	for (int i = FAIL_COUNT; info->failInfo && i-- > 0;)
		if (ASN1_BIT_STRING_get_bit(info->failInfo, i))
			result->failinfo = i;
	return status;
}

static bool is_for_the_key(const struct exchange *x, X509 *cert)
{
	uint8_t digest[32], *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	bool ok = len > 0 && !spki_digest_from_der((struct bytes){der, (size_t)len}, digest) &&
		  memcmp(digest, x->row->key_digest, sizeof(digest)) == 0;

	OPENSSL_free(der);
	return ok;
}

static void certificate_read(struct exchange *x, const CertResponse *response,
			     struct exchange_result *result)
{
	const CertifiedKeyPair *pair = response->certifiedKeyPair;
	const CertOrEncCert *choice = pair ? pair->certOrEncCert : NULL;
	const uint8_t *p;

	if (choice && choice->type == CERT_OR_ENC_CERT_CERTIFICATE &&
	    choice->value.certificate->type == V_ASN1_SEQUENCE) {
		p = choice->value.certificate->value.sequence->data;
		X509_free(x->cert);
		x->cert = d2i_X509(NULL, &p, choice->value.certificate->value.sequence->length);
	}
	result->cert = x->cert;
	if (!x->cert)
		result->reason = REFUSAL_upstream_rejected;
	else if (!is_for_the_key(x, x->cert))
		result->reason = REFUSAL_upstream_cert_key;
	else
		result->reason = asked_check(x, x->cert);
	x->accepted = result->reason == REFUSAL_NONE;
	result->outcome = x->accepted ? EXCHANGE_GRANTED : EXCHANGE_REFUSED;
	if (x->accepted)
		return;
	/* Nothing of it is told: the door has its own words. */
	octets_clear(&x->answer);
}

static void response_read(struct exchange *x, const CertRepMessage *message,
			  struct exchange_result *result)
{
	const CertResponse *response = sk_CertResponse_value(message->response, 0);

	/* RFC 9483 4.1.1: one. */
	if (sk_CertResponse_num(message->response) != 1)
		return;
	switch (status_of(response->status, result)) {
	case OSSL_CMP_PKISTATUS_accepted:
	case OSSL_CMP_PKISTATUS_grantedWithMods:
		certificate_read(x, response, result);
		break;
	case OSSL_CMP_PKISTATUS_waiting:
		result->outcome = EXCHANGE_WAITING;
		break;
	case OSSL_CMP_PKISTATUS_rejection:
		result->outcome = EXCHANGE_REFUSED;
		break;
	default:
		break;
	}
}

/* RFC 9483 4.2: one status; whose certificate it is about, if it says so. */
static void revocation_read(const struct exchange *x, const RevRepContent *rp,
			    struct exchange_result *result)
{
	const CertId *id = sk_CertId_value(rp->revCerts, 0);
	struct serial theirs;

	if (sk_PKIStatusInfo_num(rp->status) != 1 || sk_CertId_num(rp->revCerts) > 1 ||
	    (id && (serial_of_integer(id->serialNumber, &theirs) < 0 ||
		    !serial_equal(&x->row->serial, &theirs))))
		return;
	switch (status_of(sk_PKIStatusInfo_value(rp->status, 0), result)) {
	case OSSL_CMP_PKISTATUS_accepted:
	case OSSL_CMP_PKISTATUS_grantedWithMods:
	case OSSL_CMP_PKISTATUS_revocationWarning:
	case OSSL_CMP_PKISTATUS_revocationNotification:
		result->outcome = EXCHANGE_GRANTED;
		break;
	case OSSL_CMP_PKISTATUS_rejection:
		result->outcome = EXCHANGE_REFUSED;
		break;
	default:
		break;
	}
}

/* RFC 9483 4.4: where the answer has no place for the status waiting, error has. */
static void error_read(const struct exchange *x, const ErrorMsgContent *error,
		       struct exchange_result *result)
{
	result->outcome = EXCHANGE_REFUSED;
	if (status_of(error->pKIStatusInfo, result) == OSSL_CMP_PKISTATUS_waiting)
		result->outcome =
			x->kind == STORE_EXCHANGE_ISSUE ? EXCHANGE_NO_ANSWER : EXCHANGE_WAITING;
}

static void answer_read(struct exchange *x, const struct answer *a, struct exchange_result *result)
{
	result->outcome = EXCHANGE_NO_ANSWER;
	switch (a->body->type) {
	case PKI_BODY_IP:
	case PKI_BODY_CP:
	case PKI_BODY_KUP:
		if (x->kind == STORE_EXCHANGE_ISSUE)
			response_read(x, a->body->value.certRepMessage, result);
		break;
	case PKI_BODY_RP:
		if (x->kind == STORE_EXCHANGE_REVOKE_FORWARD)
			revocation_read(x, a->body->value.rp, result);
		break;
	case PKI_BODY_POLLREP:
		result->outcome = EXCHANGE_WAITING;
		break;
	case PKI_BODY_PKICONF:
		if (x->kind == STORE_EXCHANGE_CONFIRM)
			result->outcome = EXCHANGE_GRANTED;
		break;
	case PKI_BODY_ERROR:
		error_read(x, a->body->value.error, result);
		break;
	default:
		break;
	}
}

/* --- a step --- */

void exchange_forward_step(struct exchange *x, struct exchange_result *result)
{
	struct bytes request = octets_view(&x->request.message);
	struct answer a = {NULL, NULL, NULL};

	result->outcome = EXCHANGE_NO_ANSWER;
	/* The upstream has said: later. What comes next is the client's pollReq. */
	if (x->transcript.len > 0) {
		result->outcome = x->offline ? EXCHANGE_NO_ANSWER : EXCHANGE_WAITING;
		return;
	}
	if (exchange_send(x, request) < 0)
		return;
	if (answer_decode(octets_view(&x->answer), &a) == 0 && answer_fits(request, &a) &&
	    answer_is_authentic(x, &a))
		answer_read(x, &a, result);
	answer_clear(&a);
	if (result->outcome == EXCHANGE_NO_ANSWER)
		x->transfer_error = -EBADMSG;
}

/* --- for the door --- */

enum conf_forwarding ca_forwarding(const struct ca *ca)
{
	return ca->upstream ? ca->conf->forwarding : CONF_FORWARDING_REISSUE;
}

void ca_forwarded_clear(struct ca_forwarded *f)
{
	octets_clear(&f->names);
	octets_clear(&f->answer);
	*f = (struct ca_forwarded){0};
}

int ca_upstream_forwarded(struct store_reader *reader, int64_t certificate_id,
			  enum store_exchange_kind kind, struct ca_forwarded *forwardedp)
{
	_cleanup_(store_exchange_messages_clear) struct store_exchange_messages messages = {0};
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	int err = store_exchange_find(reader, certificate_id, kind, &e);

	*forwardedp = (struct ca_forwarded){.id = e.id};
	if (err != 0)
		return err;
	err = store_exchange_messages_get(reader, e.id, &messages);
	if (err < 0)
		return err;
	forwardedp->id = e.id;
	forwardedp->open = e.state == STORE_EXCHANGE_OPEN;
	forwardedp->refused = e.state == STORE_EXCHANGE_FAILED;
	forwardedp->created_ms = e.created_ms;
	if (e.refusal)
		forwardedp->reason = refusal_by_code(e.refusal);
	err = octets_dup(exchange_request_names(octets_view(&e.request)), &forwardedp->names);
	if (err < 0)
		return err;
	/* Of an exchange that was re-issued they are not what the client has to see. */
	if (e.request.len < 2 || (e.request.data[0] != EXCHANGE_REQUEST_FORWARD &&
				  e.request.data[0] != EXCHANGE_REQUEST_FORWARD_NAMES))
		return 0;
	forwardedp->to = (enum store_certificate_state)e.request.data[1];
	if (messages.len == 0)
		return 0;
	return octets_dup(octets_view(&messages.item[0].der), &forwardedp->answer);
}
