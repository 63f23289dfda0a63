// SPDX-License-Identifier: Apache-2.0
/*
 * Signatures of JWTs, RFC 7515 5.2: from the octets of one to its payload. What stands in the
 * payload is its reader's: checker.c of access tokens, src/attest of a verifier's verdicts.
 */
#include "jwt.h"

#include <cjose/jws.h>
#include <errno.h>
#include <openssl/err.h>

static void jws_freep(cjose_jws_t **jws)
{
	if (*jws)
		cjose_jws_release(*jws);
}

static int signature_verify(struct bytes token, const struct token_key *key,
			    struct octets *payloadp, struct refusal *refusal)
{
	_cleanup_(jws_freep) cjose_jws_t *jws = NULL;
	cjose_err error = {.code = CJOSE_ERR_NONE};
	uint8_t *payload = NULL;
	size_t len = 0;
	bool good;

	jws = cjose_jws_import((const char *)token.data, token.len, &error);
	good = jws && cjose_jws_verify(jws, key->jwk, &error) &&
	       cjose_jws_get_plaintext(jws, &payload, &len, &error);
	ERR_clear_error();
	if (!good)
		return error.code == CJOSE_ERR_NO_MEMORY
			       ? -ENOMEM
			       : refuse(refusal, REFUSAL_token_signature_wrong);
	/* It is the object's. */
	return octets_dup((struct bytes){payload, len}, payloadp);
}

int token_signed_read(const struct token_keys *keys, struct bytes token, struct octets *payloadp,
		      struct refusal *refusal)
{
	_cleanup_(token_header_clear) struct token_header header = {0};
	const struct token_key *key;
	bool named;
	int err = token_header_read(token, &header, refusal);

	if (err != 0)
		return err;
	if (!keys)
		return refuse(refusal, REFUSAL_token_keys_missing);
	key = token_keys_find(keys, header.kid, header.algorithm, &named);
	if (key)
		return signature_verify(token, key, payloadp, refusal);
	return named ? refuse_detail(refusal, REFUSAL_token_algorithm,
				     "the key of that name is for another algorithm")
		     : refuse(refusal, REFUSAL_token_key_unknown);
}
