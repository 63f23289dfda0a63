// SPDX-License-Identifier: Apache-2.0
/*
 * Heads of the audit, as cmfd keeps them elsewhere ([audit] heads): how one is written, and
 * /v1/audit/heads (POST), which says of such heads whether this CMF has made them. Whether the
 * audit still has their lines is seen by GET /v1/audit: `cmfctl audit verify --against` asks both.
 */
#include "call.h"
#include "encode.h"

#include "base/clock.h"
#include "cmf/audit.h"

#include <errno.h>

enum { HEADS_MAX = 1000 };

static json_t *head_json(const struct store_audit_head *head, const struct store_audit_mac *mac)
{
	char hash[2 * STORE_AUDIT_HASH_LEN + 1], octets[2 * STORE_AUDIT_HASH_LEN + 1];
	char key[2 * STORE_AUDIT_KEY_ID_LEN + 1];

	bytes_to_hex(BYTES_OF(head->place.hash), hash);
	bytes_to_hex(BYTES_OF(mac->octets), octets);
	bytes_to_hex(BYTES_OF(mac->key_id), key);
	return json_pack("{s:b, s:o, s:I, s:I, s:I, s:s, s:s?, s:s?}", "head", 1, "time",
			 json_time(head->time_s * 1000), "id", (json_int_t)head->line, "chain",
			 (json_int_t)head->place.chain, "sequence",
			 (json_int_t)head->place.sequence, "hash", hash, "key",
			 mac->present ? key : NULL, "mac", mac->present ? octets : NULL);
}

char *json_audit_head_text(const struct store_audit_head *head, const struct store_audit_mac *mac)
{
	json_t *object = head_json(head, mac);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return text;
}

int operator_audit_head(const struct operator_call *call, const struct store_audit_chain *chain,
			int64_t line, json_t **headp)
{
	struct store_audit_head head = {chain->last, line, call->now_ms / 1000};
	struct store_audit_mac mac;
	int err = cmf_audit_chain_head_mac(call->cmf, chain, &head, &mac);

	if (err)
		return err;
	*headp = head_json(&head, &mac);
	return *headp ? 0 : -ENOMEM;
}

/* --- reading one --- */

static bool hex_read(const json_t *object, const char *name, uint8_t *out, size_t len)
{
	const char *text = json_string_value(json_object_get(object, name));
	size_t n = 0;

	return text && hex_to_bytes(text, out, len, &n) == 0 && n == len;
}

static bool place_read(const json_t *object, struct store_audit_place *placep)
{
	return operator_audit_number(object, "chain", &placep->chain) && placep->chain > 0 &&
	       operator_audit_number(object, "sequence", &placep->sequence) &&
	       hex_read(object, "hash", placep->hash, sizeof(placep->hash));
}

/* Both, or neither where there was no store key. */
static bool mac_read(const json_t *object, struct store_audit_mac *macp)
{
	bool none = json_is_null(json_object_get(object, "mac")) &&
		    json_is_null(json_object_get(object, "key"));

	macp->present = !none;
	return none || (hex_read(object, "mac", macp->octets, sizeof(macp->octets)) &&
			hex_read(object, "key", macp->key_id, sizeof(macp->key_id)));
}

bool json_audit_head_read(const json_t *object, struct store_audit_head *headp,
			  struct store_audit_mac *macp)
{
	const char *time = json_string_value(json_object_get(object, "time"));
	int64_t ms;

	if (!time || clock_parse(time, &ms) || !place_read(object, &headp->place) ||
	    !operator_audit_number(object, "id", &headp->line) || headp->line == 0)
		return false;
	headp->time_s = ms / 1000;
	return mac_read(object, macp);
}

bool json_audit_begin_read(const json_t *object, struct store_audit_place *placep)
{
	return place_read(object, placep);
}

static int verdict_add(const struct operator_call *call, const json_t *object, json_t *verdicts)
{
	struct store_audit_head head = {0};
	struct store_audit_mac mac = {0};
	int err = json_audit_head_read(object, &head, &mac)
			  ? cmf_audit_head_check(call->cmf, &head, &mac)
			  : -EBADMSG;

	if (err && err != -EBADMSG && err != -ENOKEY)
		return err;
	return json_array_append_new(verdicts, json_string(err == 0         ? "made here"
							   : err == -ENOKEY ? "unknown key"
									    : "forged"))
		       ? -ENOMEM
		       : 0;
}

int operator_audit_heads(struct operator_call *call)
{
	char detail[200];
	json_t *body = operator_body(call, detail, sizeof(detail)), *verdicts, *head;
	const json_t *heads = json_object_get(body, "heads");
	int err = 0;
	size_t i;

	if (!body)
		return operator_problem(call, 400, detail);
	if (json_object_size(body) != 1 || !json_is_array(heads) ||
	    json_array_size(heads) > HEADS_MAX) {
		json_decref(body);
		return operator_problem(call, 400, "the body is {\"heads\": [...]}, 1000 at most");
	}
	verdicts = json_array();
	json_array_foreach(heads, i, head)
	{
		if (!err)
			err = verdict_add(call, head, verdicts);
	}
	json_decref(body);
	if (!err)
		return operator_ok(call, 200, json_pack("{s:o}", "verdicts", verdicts));
	json_decref(verdicts);
	return operator_fault(call, err);
}
