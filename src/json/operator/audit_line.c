// SPDX-License-Identifier: Apache-2.0
/*
 * A line of the audit as JSON, and back. All that its hash is made of is there, so that whoever has
 * the lines can follow a chain without the CMF.
 */
#include "encode.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const actor_kinds[STORE_ACTORS] = {
	[STORE_ACTOR_CLIENT] = "client",   [STORE_ACTOR_HOLDER] = "holder",
	[STORE_ACTOR_REVOKER] = "revoker", [STORE_ACTOR_OPERATOR] = "operator",
	[STORE_ACTOR_SYSTEM] = "system",
};

json_t *operator_hash_json(struct bytes hash)
{
	char hex[2 * STORE_AUDIT_HASH_LEN + 1];

	if (hash.len != STORE_AUDIT_HASH_LEN)
		return json_null();
	bytes_to_hex(hash, hex);
	return json_string(hex);
}

json_t *operator_audit_json(const struct store_audit *a)
{
	char id[REQUEST_ID_SIZE];

	request_id_text(a->request_id, id);
	return json_pack("{s:I, s:o, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
			 " s:I, s:I, s:o}",
			 "id", (json_int_t)a->id, "time", json_time(a->time_ms), "time_ms",
			 (json_int_t)a->time_ms, "actor_kind",
			 a->actor_kind < STORE_ACTORS ? actor_kinds[a->actor_kind] : "unknown",
			 "actor", json_text(a->actor), "uid",
			 a->has_uid ? json_integer((json_int_t)a->uid) : json_null(), "user",
			 json_text(a->user), "action", json_text(a->action), "target",
			 json_text(a->target), "detail", json_text(a->detail), "before",
			 json_text(a->before), "after", json_text(a->after), "outcome",
			 json_text(a->outcome), "request_id", json_text(id[0] ? id : NULL), "chain",
			 (json_int_t)a->chain, "sequence", (json_int_t)a->sequence, "hash",
			 operator_hash_json(a->hash));
}

char *json_audit_text(const struct store_audit *line)
{
	json_t *object = operator_audit_json(line);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return text;
}

/* --- reading one --- */

static int64_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool actor_kind_read(const json_t *object, enum store_actor *kindp)
{
	const char *name = text_of(object, "actor_kind");

	for (unsigned i = 0; name && i < STORE_ACTORS; i++)
		if (strcmp(name, actor_kinds[i]) == 0) {
			*kindp = (enum store_actor)i;
			return true;
		}
	return false;
}

/* The time for people must be that of the hash. */
static bool time_read(const json_t *object, int64_t *msp)
{
	const char *time = text_of(object, "time");
	int64_t ms;

	*msp = number_of(object, "time_ms");
	return *msp == 0 || (time && clock_parse(time, &ms) == 0 && ms / 1000 == *msp / 1000);
}

int json_audit_read(const json_t *object, struct store_audit *linep,
		    uint8_t hash[STORE_AUDIT_HASH_LEN])
{
	const char *request_id = text_of(object, "request_id"), *hex = text_of(object, "hash");
	const json_t *uid = json_object_get(object, "uid");
	size_t len = 0;

	*linep = (struct store_audit){
		.actor = text_of(object, "actor"),
		.action = text_of(object, "action"),
		.target = text_of(object, "target"),
		.detail = text_of(object, "detail"),
		.before = text_of(object, "before"),
		.after = text_of(object, "after"),
		.outcome = text_of(object, "outcome"),
		.has_uid = json_is_integer(uid),
		.uid = (uid_t)json_integer_value(uid),
		.user = text_of(object, "user"),
		.request_id = request_id ? strtoull(request_id, NULL, 16) : 0,
		.id = number_of(object, "id"),
		.chain = number_of(object, "chain"),
		.sequence = number_of(object, "sequence"),
	};
	if (hex && (hex_to_bytes(hex, hash, STORE_AUDIT_HASH_LEN, &len) || len == 0))
		return -EBADMSG;
	linep->hash = (struct bytes){hash, len};
	return json_is_integer(json_object_get(object, "time_ms")) &&
			       time_read(object, &linep->time_ms) &&
			       actor_kind_read(object, &linep->actor_kind) && linep->id > 0
		       ? 0
		       : -EBADMSG;
}
