// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/secret-key: under which store key secrets are sealed, by its id (GET), and the next one comes
 * into force (POST). Files are cmfctl's, what a rekey means is cmf/rekey.c's.
 */
#include "store/secret_key.h"
#include "call.h"

#include <string.h>

static json_t *id_json(const uint8_t id[CMF_KEY_ID_LEN])
{
	char text[2 * CMF_KEY_ID_LEN + 1];

	bytes_to_hex((struct bytes){id, CMF_KEY_ID_LEN}, text);
	return json_string(text);
}

/* `before` is there while secrets are still sealed under it; `in_file`: the one in force is what
 * the file of secret_key has now. */
static int keys_answer(struct operator_call *call)
{
	struct store_secret_key keys[STORE_SECRET_KEYS_MAX];
	uint8_t in_file[CMF_KEY_ID_LEN];
	size_t n = 0;
	int err = store_secret_keys(call->worker->reader, keys, &n);

	if (!err)
		err = cmf_key_in_file(call->cmf, in_file);
	if (err)
		return operator_fault(call, err);
	return operator_ok(call, 200,
			   json_pack("{s:o, s:o, s:b}", "in_force",
				     n ? id_json(keys[0].id) : json_null(), "before",
				     n > 1 ? id_json(keys[1].id) : json_null(), "in_file",
				     n && memcmp(keys[0].id, in_file, sizeof(in_file)) == 0));
}

static int rekey_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	struct cmf_principal who = operator_principal(call, NULL);
	const struct cmf_call op = operator_cmf_call(call, &who, refusal);

	(void)arg;
	return cmf_rekey(&op);
}

int operator_secret_key(struct operator_call *call)
{
	struct refusal refusal = REFUSAL_NULL;
	int err;

	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	if (call->request->method == HTTP_GET)
		return keys_answer(call);
	if (call->request->method != HTTP_POST)
		return operator_method_refused(call, "GET, POST");
	err = operator_commit(call, rekey_decide, NULL, &refusal);
	return err == REFUSED ? operator_refusal(call, &refusal)
	       : err          ? operator_fault(call, err)
			      : keys_answer(call);
}
