// SPDX-License-Identifier: Apache-2.0
/*
 * A line of the audit as JSON, and back. All that its hash is made of is there, so that whoever has
 * the lines can follow a chain without the CMF.
 */
#include "encode.h"

#include "base/visible.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const actor_kinds[STORE_ACTORS] = {
	[STORE_ACTOR_CLIENT] = "client",   [STORE_ACTOR_HOLDER] = "holder",
	[STORE_ACTOR_REVOKER] = "revoker", [STORE_ACTOR_OPERATOR] = "operator",
	[STORE_ACTOR_SYSTEM] = "system",
};

static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{"actor", offsetof(struct store_audit, actor)},
	{"user", offsetof(struct store_audit, user)},
	{"action", offsetof(struct store_audit, action)},
	{"target", offsetof(struct store_audit, target)},
	{"detail", offsetof(struct store_audit, detail)},
	{"before", offsetof(struct store_audit, before)},
	{"after", offsetof(struct store_audit, after)},
	{"outcome", offsetof(struct store_audit, outcome)},
};

static const char **text_at(struct store_audit *a, size_t i)
{
	return (const char **)((char *)a + texts[i].offset);
}

json_t *operator_hash_json(struct bytes hash)
{
	char hex[2 * STORE_AUDIT_HASH_LEN + 1];

	if (hash.len != STORE_AUDIT_HASH_LEN)
		return json_null();
	bytes_to_hex(hash, hex);
	return json_string(hex);
}

static json_t *hex_json(const char *text)
{
	size_t len = strlen(text);
	_cleanup_(freep) char *hex = malloc(2 * len + 1);

	if (hex)
		bytes_to_hex((struct bytes){(const uint8_t *)text, len}, hex);
	return hex ? json_string(hex) : NULL;
}

/* JSON has no text but UTF-8. Of what is none, as versions before wrote to SQLite what clients had
 * sent, the octets are told, too: the hash is made of them. */
static int octets_add(json_t *object, const struct store_audit *a)
{
	struct store_audit line = *a;
	json_t *octets = NULL;
	int err = 0;

	for (size_t i = 0; err == 0 && i < ARRAY_LEN(texts); i++) {
		const char *text = *text_at(&line, i);

		if (!text || visible_is_utf8(text))
			continue;
		if (!octets)
			octets = json_object();
		err = json_object_set_new(octets, texts[i].name, hex_json(text));
	}
	if (err == 0 && octets)
		return json_object_set_new(object, "octets", octets);
	json_decref(octets);
	return err;
}

json_t *operator_audit_json(const struct store_audit *a)
{
	char id[REQUEST_ID_SIZE];
	json_t *object;

	request_id_text(a->request_id, id);
	object = json_pack("{s:I, s:o, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
			   " s:I, s:I, s:o}",
			   "id", (json_int_t)a->id, "time", json_time(a->time_ms), "time_ms",
			   (json_int_t)a->time_ms, "actor_kind",
			   a->actor_kind < STORE_ACTORS ? actor_kinds[a->actor_kind] : "unknown",
			   "actor", json_text(a->actor), "uid",
			   a->has_uid ? json_integer((json_int_t)a->uid) : json_null(), "user",
			   json_text(a->user), "action", json_text(a->action), "target",
			   json_text(a->target), "detail", json_text(a->detail), "before",
			   json_text(a->before), "after", json_text(a->after), "outcome",
			   json_text(a->outcome), "request_id", json_text(id[0] ? id : NULL),
			   "chain", (json_int_t)a->chain, "sequence", (json_int_t)a->sequence,
			   "hash", operator_hash_json(a->hash));
	if (object && octets_add(object, a)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

char *json_audit_text(const struct store_audit *line)
{
	json_t *object = operator_audit_json(line);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return text;
}

/* --- reading one --- */

bool operator_audit_number(const json_t *object, const char *name, int64_t *np)
{
	const json_t *value = json_object_get(object, name);

	*np = json_integer_value(value);
	return json_is_integer(value) && *np >= 0 && *np <= AUDIT_NUMBER_MAX;
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

static bool numbers_read(const json_t *object, struct store_audit *line)
{
	return operator_audit_number(object, "time_ms", &line->time_ms) &&
	       operator_audit_number(object, "id", &line->id) && line->id > 0 &&
	       operator_audit_number(object, "chain", &line->chain) &&
	       operator_audit_number(object, "sequence", &line->sequence);
}

/* false: there is a text, but no hash. */
static bool hash_read(const json_t *object, uint8_t hash[STORE_AUDIT_HASH_LEN], struct bytes *readp)
{
	const char *hex = text_of(object, "hash");
	size_t len = 0;

	if (hex &&
	    (hex_to_bytes(hex, hash, STORE_AUDIT_HASH_LEN, &len) || len != STORE_AUDIT_HASH_LEN))
		return false;
	*readp = (struct bytes){hash, len};
	return true;
}

/* Whether nothing stands there that the hash is not made of: what was read, written again. */
static int all_was_read(const json_t *object, const struct store_audit *line)
{
	json_t *again = operator_audit_json(line);
	int err = !again ? -ENOMEM : json_equal(again, object) ? 0 : -EBADMSG;

	json_decref(again);
	return err;
}

/* Texts whose octets are told are those. What is told of them beside is held against it by
 * all_was_read(). */
static int octets_read(const json_t *octets, struct json_audit *read)
{
	struct store_audit *line = &read->line;
	char *at;
	size_t n;

	if (!octets)
		return 0;
	for (size_t i = n = 0; i < ARRAY_LEN(texts); i++)
		n += json_string_length(json_object_get(octets, texts[i].name)) / 2 + 1;
	at = read->octets = calloc(1, n);
	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *hex = text_of(octets, texts[i].name);

		if (!hex)
			continue;
		if (hex_to_bytes(hex, (uint8_t *)at, strlen(hex) / 2, &n))
			return -EBADMSG;
		*text_at(line, i) = at;
		at += n + 1;
	}
	return 0;
}

int json_audit_read(const json_t *object, struct json_audit *readp)
{
	const char *request_id = text_of(object, "request_id");
	const json_t *uid = json_object_get(object, "uid");
	struct store_audit *line = &readp->line;
	int err;

	*readp = (struct json_audit){
		.line = {
			.has_uid = json_is_integer(uid),
			.uid = (uid_t)json_integer_value(uid),
			.request_id = request_id ? strtoull(request_id, NULL, 16) : 0,
		}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*text_at(line, i) = text_of(object, texts[i].name);
	/* A line without an outcome has the hash of one that was done. */
	if (!line->outcome || !numbers_read(object, line) ||
	    !actor_kind_read(object, &line->actor_kind) ||
	    !hash_read(object, readp->hash, &line->hash))
		return -EBADMSG;
	err = octets_read(json_object_get(object, "octets"), readp);
	return err ? err : all_was_read(object, line);
}

void json_audit_clear(struct json_audit *read)
{
	free(read->octets);
	*read = (struct json_audit){0};
}
