// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/nonces (POST): a nonce that a key attestation statement is to be made over. It is no resource
 * that could be read: who has it names it in a CsrRequest.
 */
#include "cmf/nonce.h"
#include "nfv/nfv.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

struct nonce_making {
	struct cmf_nonce_ask ask;
	struct cmf_nonce nonce;
};

static int wrong(struct refusal *refusal, const char *member)
{
	return refuse_about(refusal, REFUSAL_nfv_member, "%s", member);
}

/* NonceRequest; no statementType is known that would change anything of the nonce. */
static int body_read(const json_t *body, struct cmf_nonce_ask *ask, struct refusal *refusal)
{
	const json_t *len = json_object_get(body, "len");
	const json_t *type = json_object_get(body, "statementType");

	if (len && (!json_is_integer(len) || json_integer_value(len) <= 0))
		return wrong(refusal, "len");
	if (type && !json_is_string(type))
		return wrong(refusal, "statementType");
	ask->len = json_integer_value(len);
	return 0;
}

static int nonce_decide(struct nfv_call *call, void *arg, struct refusal *refusal)
{
	const struct cmf_call op = nfv_cmf_call(call, refusal);
	struct nonce_making *making = arg;

	return cmf_nonce_issue(&op, &making->ask, &making->nonce);
}

/* RFC 4648 5, without padding. */
static json_t *base64url(const uint8_t *octets, size_t len)
{
	char text[4 * ((CMF_NONCE_MAX + 2) / 3) + 1];

	EVP_EncodeBlock((unsigned char *)text, octets, (int)len);
	for (char *c = text; *c; c++)
		*c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
	text[strcspn(text, "=")] = '\0';
	return json_string(text);
}

static int nonce_answer(struct nfv_call *call, const struct cmf_nonce *nonce)
{
	int64_t id = store_unit_id(call->worker->unit, nonce->id);

	return nfv_ok(call, 201,
		      json_pack("{s:o, s:o, s:I}", "nonceId", nfv_id(call, JSON_NONCE, id), "nonce",
				base64url(nonce->octets, nonce->len), "expiry",
				(json_int_t)((nonce->expires_ms - call->now_ms) / 1000)));
}

int nfv_nonce_make(struct nfv_call *call)
{
	struct refusal refusal = REFUSAL_NULL;
	struct nonce_making making = {0};
	int err = body_read(call->body, &making.ask, &refusal);

	if (err == 0)
		err = nfv_commit(call, nonce_decide, &making, &refusal);
	if (err == REFUSED)
		return nfv_refusal(call, &refusal);
	return err ? nfv_fault(call, err) : nonce_answer(call, &making.nonce);
}
