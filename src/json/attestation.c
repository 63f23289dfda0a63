// SPDX-License-Identifier: Apache-2.0
/* What was made of a key attestation, as JSON. See attestation.h. */
#include "attestation.h"

#include "cmf.h"
#include "values.h"

static int member_put(json_t *json, const char *name, json_t *value)
{
	return json_object_set_new(json, name, value);
}

json_t *attestation_json(const struct store_attestation *a)
{
	json_t *json = json_pack("{s:s}", "verdict", cmf_verdict_name(a->verdict));
	char attester[7 + 2 * sizeof(a->attester) + 1] = "sha256:";
	bool failed = !json;

	if (json && a->statement)
		failed = member_put(json, "statement", json_text(a->statement)) != 0;
	if (!failed && a->has_attester) {
		bytes_to_hex(BYTES_OF(a->attester), attester + 7);
		failed = member_put(json, "attester", json_text(attester)) != 0;
	}
	if (!failed && a->nonce.len > 0)
		failed = member_put(json, "nonce", json_hex(octets_view(&a->nonce))) != 0;
	if (failed) {
		json_decref(json);
		return NULL;
	}
	return json;
}
