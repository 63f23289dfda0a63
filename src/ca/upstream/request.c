// SPDX-License-Identifier: Apache-2.0
/* What an exchange with an upstream CA asks for. See request.h. */
#include "request.h"

#include "ca_local.h"

#include <errno.h>
#include <openssl/err.h>

enum {
	OCTET_STRING = 0x04,
	OBJECT_IDENTIFIER = 0x06,
	SEQUENCE = 0x30,
	REASON_NONE = 0xff, /* in place of a reasonCode */
	/* Of CertTemplate, RFC 4211 5: implicit tags but around the CHOICEs Name and Time. */
	TEMPLATE_VALIDITY = 0xa4,
	TEMPLATE_SUBJECT = 0xa5,
	TEMPLATE_PUBLIC_KEY = 0xa6,
	TEMPLATE_EXTENSIONS = 0xa9,
	VALIDITY_NOT_BEFORE = 0xa0,
	VALIDITY_NOT_AFTER = 0xa1,
	POPO_RA_VERIFIED_TAG = 0x80,
};

/* --- encoding: DER is written back to front --- */

/*
 * draft-ietf-lamps-csr-attestation: of a PKCS#10 an attribute, of a template an extension, of the
 * same OID, 1.2.840.113549.1.9.16.2.59.
 */
static const uint8_t attestation_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
					  0x01, 0x09, 0x10, 0x02, 0x3b};

bool exchange_request_attests(const ASN1_OBJECT *oid)
{
	return bytes_equal((struct bytes){OBJ_get0_data(oid), OBJ_length(oid)},
			   BYTES_OF(attestation_oid));
}

static void extension_put_attestation(struct der_writer *w, struct bytes bundle)
{
	size_t mark = der_mark(w);

	der_put_value(w, OCTET_STRING, bundle);
	der_put_value(w, OBJECT_IDENTIFIER, BYTES_OF(attestation_oid));
	der_put_header(w, SEQUENCE, mark);
}

static void put_extensions(struct der_writer *w, const struct ca_request *request)
{
	size_t mark = der_mark(w);

	if (request->attestation.len > 0)
		extension_put_attestation(w, request->attestation);
	if (request->san.len > 0)
		extension_put_san(w, request);
	for (size_t i = request->n_extensions; i-- > 0;) {
		const struct conf_extension *e = &request->extensions[i];

		if (e->nid != NID_subject_alt_name || request->san.len == 0)
			der_put(w, (struct bytes){e->der, e->der_len});
	}
	if (der_mark(w) != mark)
		der_put_header(w, TEMPLATE_EXTENSIONS, mark);
}

static void put_validity(struct der_writer *w, const struct ca_request *request)
{
	size_t mark = der_mark(w), inner;

	der_put_time(w, request->not_after_ms);
	der_put_header(w, VALIDITY_NOT_AFTER, mark);
	inner = der_mark(w);
	der_put_time(w, request->not_before_ms);
	der_put_header(w, VALIDITY_NOT_BEFORE, inner);
	der_put_header(w, TEMPLATE_VALIDITY, mark);
}

/* CertReqMsg ::= SEQUENCE { certReq CertRequest, popo ProofOfPossession }, RFC 4211 3 */
static int put_cert_req_msg(struct der_writer *w, const struct ca_request *request)
{
	static const uint8_t cert_req_id = 0;
	struct bytes spki = request->spki, tlv, public_key;
	size_t mark = der_mark(w), cert_req, part;
	uint8_t tag;

	if (der_next(&spki, &tag, &tlv, &public_key) < 0 || tag != SEQUENCE)
		return -EBADMSG;
	/* RFC 9483 5.1: the RA has verified the proof of possession. */
	der_put_value(w, POPO_RA_VERIFIED_TAG, BYTES_NULL);
	cert_req = der_mark(w);
	put_extensions(w, request);
	part = der_mark(w);
	der_put(w, public_key);
	der_put_header(w, TEMPLATE_PUBLIC_KEY, part);
	part = der_mark(w);
	der_put(w, request->subject);
	der_put_header(w, TEMPLATE_SUBJECT, part);
	put_validity(w, request);
	der_put_header(w, SEQUENCE, cert_req);
	der_put_unsigned(w, (struct bytes){&cert_req_id, 1});
	der_put_header(w, SEQUENCE, cert_req);
	der_put_header(w, SEQUENCE, mark);
	return 0;
}

static void put_kind(struct der_writer *w, enum exchange_request_kind kind)
{
	uint8_t octet = (uint8_t)kind;

	der_put(w, (struct bytes){&octet, 1});
}

int exchange_request_encode(const struct ca_request *request, enum conf_upstream_request kind,
			    struct octets *encodedp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	int err;

	/* Without a PKCS#10 of the client there is nothing to pass on; then it is a cr. */
	if (kind == CONF_UPSTREAM_P10CR && request->p10.len > 0) {
		der_put(&w, request->p10);
		put_kind(&w, EXCHANGE_REQUEST_P10CR);
	} else {
		err = put_cert_req_msg(&w, request);
		if (err < 0)
			return err;
		put_kind(&w, EXCHANGE_REQUEST_CR);
	}
	return der_writer_take(&w, encodedp);
}

int exchange_request_encode_revoke(int reason, enum store_certificate_state to,
				   struct bytes certificate, struct octets *encodedp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	uint8_t what[] = {reason == STORE_REASON_NONE ? REASON_NONE : (uint8_t)reason, (uint8_t)to};

	der_put(&w, certificate);
	der_put(&w, BYTES_OF(what));
	put_kind(&w, EXCHANGE_REQUEST_REVOKE);
	return der_writer_take(&w, encodedp);
}

int exchange_request_encode_forward(enum store_certificate_state to, struct bytes names,
				    struct bytes message, struct octets *encodedp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	uint8_t state = (uint8_t)to;

	der_put(&w, message);
	der_put(&w, names);
	der_put(&w, (struct bytes){&state, 1});
	put_kind(&w, names.len ? EXCHANGE_REQUEST_FORWARD_NAMES : EXCHANGE_REQUEST_FORWARD);
	return der_writer_take(&w, encodedp);
}

/* SEQUENCE { subject Name, subjectAltName GeneralNames OPTIONAL } */
int ca_names_encode(const struct ca_request *request, struct octets *namesp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;

	der_put(&w, request->san);
	der_put(&w, request->subject);
	der_put_header(&w, SEQUENCE, 0);
	return der_writer_take(&w, namesp);
}

int ca_cert_req_msg(const struct ca_request *request, struct octets *derp)
{
	_cleanup_(der_writer_clear) struct der_writer w = DER_WRITER_NULL;
	int err = put_cert_req_msg(&w, request);

	return err < 0 ? err : der_writer_take(&w, derp);
}

/* --- decoding --- */

static void cert_req_msgp(CertReqMsg **msgp)
{
	CertReqMsg_free(*msgp);
}

static int extensions_take(STACK_OF(X509_EXTENSION) * *extensions, struct exchange_request *request)
{
	request->extensions = TAKE(*extensions);
	request->san = X509V3_get_d2i(request->extensions, NID_subject_alt_name, NULL, NULL);
	ERR_clear_error();
	return request->subject ? 0 : -ENOMEM;
}

/* Key and names of the template. */
static int template_take(struct bytes der, struct exchange_request *request)
{
	const uint8_t *p = der.data;
	_cleanup_(cert_req_msgp) CertReqMsg *msg = d2i_CertReqMsg(NULL, &p, (long)der.len);
	CertTemplate *template = msg ? msg->certReq->certTemplate : NULL;
	struct spki_kind kind;
	int err;

	if (!template || !template->publicKey)
		return -EBADMSG;
	err = spki_key(template->publicKey, &request->key, &kind);
	if (err != 0)
		return err;
	request->subject = template->subject ? TAKE(template->subject) : X509_NAME_new();
	return extensions_take(&template->extensions, request);
}

static int decode_cr(struct bytes in, struct exchange_request *request)
{
	int err = template_take(in, request);

	return err ? err : octets_dup(in, &request->message);
}

static int decode_p10(struct bytes in, struct exchange_request *request)
{
	const uint8_t *p = in.data;
	X509_REQ *p10 = d2i_X509_REQ(NULL, &p, (long)in.len);
	STACK_OF(X509_EXTENSION) * extensions;
	int err;

	if (!p10)
		return -EBADMSG;
	request->key = X509_REQ_get_pubkey(p10);
	request->subject = X509_NAME_dup(X509_REQ_get_subject_name(p10));
	extensions = X509_REQ_get_extensions(p10);
	X509_REQ_free(p10);
	err = extensions_take(&extensions, request);
	return err ? err : octets_dup(in, &request->message);
}

static int decode_revoke(struct bytes in, struct exchange_request *request)
{
	const uint8_t *p = in.data + 2;

	if (in.len < 2)
		return -EBADMSG;
	request->reason = in.data[0] == REASON_NONE ? STORE_REASON_NONE : in.data[0];
	request->to = (enum store_certificate_state)in.data[1];
	if (in.len == 2)
		return 0;
	request->cert = d2i_X509(NULL, &p, (long)in.len - 2);
	return request->cert ? 0 : -EBADMSG;
}

static int decode_names(struct bytes names, struct exchange_request *request)
{
	struct bytes content, subject, unused;
	const uint8_t *p;
	uint8_t tag;

	if (der_next(&names, &tag, &unused, &content) ||
	    der_next(&content, &tag, &subject, &unused))
		return -EBADMSG;
	p = subject.data;
	request->subject = d2i_X509_NAME(NULL, &p, (long)subject.len);
	p = content.data;
	if (content.len)
		request->san = d2i_GENERAL_NAMES(NULL, &p, (long)content.len);
	return request->subject && (request->san || !content.len) ? 0 : -EBADMSG;
}

struct bytes exchange_request_names(struct bytes encoded)
{
	struct bytes in, names = BYTES_NULL, unused;
	uint8_t tag;

	if (encoded.len < 2 || encoded.data[0] != EXCHANGE_REQUEST_FORWARD_NAMES)
		return BYTES_NULL;
	in = (struct bytes){encoded.data + 2, encoded.len - 2};
	return der_next(&in, &tag, &names, &unused) == 0 ? names : BYTES_NULL;
}

static int decode_forward(struct bytes encoded, struct exchange_request *request)
{
	struct bytes names = exchange_request_names(encoded);

	if (encoded.len < 3 + names.len)
		return -EBADMSG;
	request->kind = EXCHANGE_REQUEST_FORWARD;
	request->to = (enum store_certificate_state)encoded.data[1];
	if (names.len && decode_names(names, request) < 0)
		return -EBADMSG;
	return octets_dup((struct bytes){encoded.data + 2 + names.len, encoded.len - 2 - names.len},
			  &request->message);
}

int exchange_request_decode(struct bytes encoded, struct exchange_request *requestp)
{
	struct bytes in = {encoded.data + 1, encoded.len - 1};
	int err = -EBADMSG;

	*requestp = (struct exchange_request){0};
	if (encoded.len > 1) {
		requestp->kind = (enum exchange_request_kind)encoded.data[0];
		if (encoded.data[0] == EXCHANGE_REQUEST_CR)
			err = decode_cr(in, requestp);
		else if (encoded.data[0] == EXCHANGE_REQUEST_P10CR)
			err = decode_p10(in, requestp);
		else if (encoded.data[0] == EXCHANGE_REQUEST_REVOKE)
			err = decode_revoke(in, requestp);
		else if (encoded.data[0] == EXCHANGE_REQUEST_FORWARD ||
			 encoded.data[0] == EXCHANGE_REQUEST_FORWARD_NAMES)
			err = decode_forward(encoded, requestp);
	}
	if (err < 0) {
		exchange_request_clear(requestp);
		return log_fault("reading the stored request of an exchange", err, NULL);
	}
	return 0;
}

void exchange_request_clear(struct exchange_request *request)
{
	X509_free(request->cert);
	EVP_PKEY_free(request->key);
	X509_NAME_free(request->subject);
	GENERAL_NAMES_free(request->san);
	sk_X509_EXTENSION_pop_free(request->extensions, X509_EXTENSION_free);
	octets_clear(&request->message);
	*request = (struct exchange_request){0};
}
