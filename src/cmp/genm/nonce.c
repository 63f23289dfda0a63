// SPDX-License-Identifier: Apache-2.0
/*
 * Nonces for key attestation, draft-ietf-lamps-attestation-freshness 6: NonceRequest, answered by
 * NonceResponse. The request for the certificate that follows bears the same transactionID, so
 * there is no transaction of the CMP door behind a NonceRequest: it opens with the request. In
 * place of one the nonces remember the message that asked for them.
 *
 * The object identifiers are not assigned yet, and the shape has changed: drafts until -05 have a
 * SEQUENCE OF requests, and of responses. The answer has the shape of the request.
 */
#include "cmf/nonce.h"
#include "asn1/der.h"
#include "genm/genm.h"
#include "reply.h"
#include "request.h"

#include <errno.h>
#include <string.h>

enum { TAG_INTEGER = 0x02, TAG_OCTET_STRING = 0x04, TAG_OID = 0x06, TAG_SEQUENCE = 0x30 };

/* What is asked for. */
struct nonce_asked {
	bool listed; /* SEQUENCE OF NonceRequest */
	size_t n;
	struct {
		int64_t len;       /* 0: not said */
		struct bytes rest; /* listed: type and hint, which the response repeats; TLVs */
	} item[CMF_NONCES_OF_TRANSACTION];
};

/* --- the request --- */

/* The value at the front, if it has that tag. 0, -ENOENT, -EBADMSG. */
static int value_take(struct bytes *in, uint8_t tag, struct bytes *contentp)
{
	struct bytes rest = *in, tlv;
	uint8_t found;
	int err = in->len ? der_next(&rest, &found, &tlv, contentp) : -ENOENT;

	if (err || found != tag)
		return err ? err : -ENOENT;
	*in = rest;
	return 0;
}

/* len INTEGER (8..64) OPTIONAL: one octet. What is out of bounds cmf/ refuses. */
static int len_take(struct bytes *in, int64_t *lenp)
{
	struct bytes content;
	int err = value_take(in, TAG_INTEGER, &content);

	*lenp = 0;
	if (err)
		return err == -ENOENT ? 0 : err;
	*lenp = content.len == 1 && content.data[0] && content.data[0] < 0x80 ? content.data[0]
									      : CMF_NONCE_MAX + 1;
	return 0;
}

/*
 * NonceRequest ::= SEQUENCE {
 *     len         INTEGER (8..64) OPTIONAL,
 *     reqTypeInfo SEQUENCE { type OBJECT IDENTIFIER, reqInfo ANY OPTIONAL } OPTIONAL }
 *
 * No type is known that would change anything of the nonce.
 */
static int single_read(struct bytes in, struct nonce_asked *asked)
{
	struct bytes info, type;
	int err = len_take(&in, &asked->item[0].len);

	asked->n = 1;
	if (!err)
		err = value_take(&in, TAG_SEQUENCE, &info);
	if (!err)
		err = value_take(&info, TAG_OID, &type) ? -EBADMSG : 0;
	if (err == -ENOENT)
		err = 0;
	return err || in.len ? -EBADMSG : 0;
}

/* NonceRequest ::= SEQUENCE { len INTEGER OPTIONAL, type OBJECT IDENTIFIER OPTIONAL,
 *                             hint UTF8String OPTIONAL }, draft -05 */
static int listed_read(struct bytes in, struct nonce_asked *asked)
{
	struct bytes item, rest, content;
	int err = 0;

	asked->listed = true;
	while (in.len && !err) {
		if (asked->n == CMF_NONCES_OF_TRANSACTION || value_take(&in, TAG_SEQUENCE, &item))
			return -EBADMSG;
		err = len_take(&item, &asked->item[asked->n].len);
		asked->item[asked->n++].rest = rest = item;
		if (!err && value_take(&rest, TAG_OID, &content) == -EBADMSG)
			err = -EBADMSG;
		if (!err && rest.len && value_take(&rest, V_ASN1_UTF8STRING, &content) &&
		    value_take(&rest, V_ASN1_IA5STRING, &content))
			err = -EBADMSG;
		if (rest.len)
			err = -EBADMSG;
	}
	return err;
}

/*
 * A list begins with a SEQUENCE that is empty, or begins with an INTEGER, or has another behind it.
 * One with an OBJECT IDENTIFIER alone is both: read as the newer shape.
 */
static bool is_list(struct bytes in)
{
	struct bytes first, content;

	if (value_take(&in, TAG_SEQUENCE, &first))
		return false;
	return in.len || !first.len || value_take(&first, TAG_INTEGER, &content) == 0;
}

static int asked_read(const ASN1_TYPE *value, struct nonce_asked *asked)
{
	struct bytes in, content;

	if (value->type != V_ASN1_SEQUENCE)
		return -EBADMSG;
	in = (struct bytes){value->value.sequence->data, (size_t)value->value.sequence->length};
	if (value_take(&in, TAG_SEQUENCE, &content) || in.len)
		return -EBADMSG;
	return is_list(content) ? listed_read(content, asked) : single_read(content, asked);
}

/* --- the answer --- */

/* NonceResponse ::= SEQUENCE { nonce OCTET STRING, expiry INTEGER OPTIONAL, ... } */
static void response_put(struct der_writer *w, const struct nonce_asked *asked, size_t i,
			 const struct cmf_nonce *nonce, int64_t now_ms)
{
	uint64_t seconds = (uint64_t)((nonce->expires_ms - now_ms) / 1000);
	size_t mark = der_mark(w);
	uint8_t expiry[8];

	for (size_t k = 0; k < sizeof(expiry); k++)
		expiry[k] = (uint8_t)(seconds >> (56 - 8 * k));
	if (asked->listed)
		der_put(w, asked->item[i].rest);
	der_put_unsigned(w, BYTES_OF(expiry));
	der_put_value(w, TAG_OCTET_STRING, (struct bytes){nonce->octets, nonce->len});
	der_put_header(w, TAG_SEQUENCE, mark);
}

static int nonces_reply(struct cmp_request *rq, const struct nonce_asked *asked,
			const struct cmf_nonce *nonces)
{
	_cleanup_(octets_clear) struct octets value = OCTETS_NULL;
	struct der_writer w = DER_WRITER_NULL;
	size_t mark = der_mark(&w);
	int err;

	for (size_t i = asked->n; i > 0; i--)
		response_put(&w, asked, i - 1, &nonces[i - 1], rq->now_ms);
	if (asked->listed)
		der_put_header(&w, TAG_SEQUENCE, mark);
	err = der_writer_take(&w, &value);
	return err ? err
		   : cmp_reply_genp(rq, rq->door->oids[CMP_OID_NONCE_RESPONSE],
				    octets_view(&value));
}

static int nonces_issue(struct cmp_request *rq, const struct nonce_asked *asked,
			struct cmf_nonce *nonces)
{
	const struct cmf_call call = cmp_call(rq);
	int err = 0;

	for (size_t i = 0; i < asked->n && !err; i++) {
		const struct cmf_nonce_ask ask = {.len = asked->item[i].len,
						  .transaction_id = rq->msg->transaction_id,
						  .request_digest = BYTES_OF(rq->digest),
						  .seq = (int)i};

		err = cmf_nonce_issue(&call, &ask, &nonces[i]);
	}
	return err;
}

/* --- of an upstream CA --- */

/* The one that judges attestations for the profile that the message names; NULL: there is none. */
static int upstream_find(struct cmp_request *rq, const struct ca **cap)
{
	const struct cmf_call call = cmp_call(rq);
	const struct conf_profile *profile = NULL;
	int err = 0;

	if (rq->carriers.n_profile_names)
		err = cmf_profile_named(&call, (const char *const *)rq->carriers.profile_names,
					rq->carriers.n_profile_names, &profile);
	return err ? err : cmf_nonce_upstream(&call, profile, cap);
}

/* Question and answer go through as they are; the transactionID is that of the client's message,
 * for a request that is passed on bears it, too. */
static int nonce_relay(struct cmp_request *rq, const struct ca *ca, const ASN1_TYPE *value)
{
	const struct ca_question question = {
		.oid = rq->door->conf->cmf.nonce_request_oid,
		.value = {value->value.sequence->data, (size_t)value->value.sequence->length},
		.answer_oid = rq->door->conf->cmf.nonce_response_oid,
		.transaction_id = rq->msg->transaction_id,
	};
	_cleanup_(octets_clear) struct octets answer = OCTETS_NULL;
	int err = ca_upstream_ask(ca, rq->worker->reader, &question, &answer);

	if (err && err != -ENOMEM)
		return refuse(&rq->refusal, REFUSAL_nonce_upstream);
	return err ? err
		   : cmp_reply_genp(rq, rq->door->oids[CMP_OID_NONCE_RESPONSE],
				    octets_view(&answer));
}

/* --- which of them --- */

/* The same message again has the same nonces, as long as they are good. */
static int nonce_give(struct cmp_request *rq, const ASN1_TYPE *value)
{
	const struct cmf_call call = cmp_call(rq);
	struct cmf_nonce nonces[CMF_NONCES_OF_TRANSACTION];
	struct nonce_asked asked = {0};
	size_t n;
	int err =
		cmf_nonce_issued(&call, rq->msg->transaction_id, BYTES_OF(rq->digest), nonces, &n);

	if (!err && asked_read(value, &asked))
		err = refuse(&rq->refusal, REFUSAL_nonce_request_malformed);
	if (!err && n != asked.n)
		err = nonces_issue(rq, &asked, nonces);
	return err ? err : nonces_reply(rq, &asked, nonces);
}

int cmp_genm_nonce(struct cmp_request *rq, const ASN1_TYPE *value)
{
	const struct ca *ca = NULL;
	struct nonce_asked asked = {0};
	int err = upstream_find(rq, &ca);

	if (err || !ca)
		return err ? err : nonce_give(rq, value);
	return asked_read(value, &asked) ? refuse(&rq->refusal, REFUSAL_nonce_request_malformed)
					 : nonce_relay(rq, ca, value);
}

int cmp_nonce_transaction_check(struct cmp_request *rq)
{
	const struct cmf_call call = cmp_call(rq);
	struct cmf_nonce nonces[CMF_NONCES_OF_TRANSACTION];
	size_t n;

	return cmf_nonce_issued(&call, rq->msg->transaction_id, BYTES_OF(rq->digest), nonces, &n);
}
