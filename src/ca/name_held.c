// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a name is another entity's under a CA. The store knows which certificate got a name last;
 * where that is no longer valid, an older one of the same entity may still have the name. This is
 * looked up only once the unit has said that somebody else has it, so that it may take its time;
 * RFC 5280 4.1.2.6.
 */
#include "ca.h"

#include <string.h>

static bool is_live(const struct store_certificate *cert, int64_t now_ms)
{
	switch (cert->state) {
	case STORE_CERT_REQUESTED:
	case STORE_CERT_PENDING:
	case STORE_CERT_ACTIVE:
	case STORE_CERT_ON_HOLD:
		return cert->not_after_ms > now_ms;
	case STORE_CERT_REVOKED:
	case STORE_CERT_REJECTED:
	case STORE_CERT_REVOCATION_PENDING:
		break;
	}
	return false;
}

struct walk {
	const struct name_key *key;
	int64_t now_ms;
};

enum { HELD = 1 };

/* What is only asked for has no names to compare yet. */
static int certificate_look(void *arg, const struct store_certificate *cert)
{
	const struct walk *walk = arg;
	struct name_keys keys = {0};
	int held = cert->der.len == 0;
	int err = 0;

	if (!is_live(cert, walk->now_ms))
		return 0;
	if (!held)
		err = name_keys_of_certificate(cert->ca, octets_view(&cert->der), &keys);
	for (size_t i = 0; err == 0 && i < keys.len && !held; i++)
		held = memcmp(keys.item[i].octet, walk->key->octet, NAME_KEY_LEN) == 0;
	name_keys_clear(&keys);
	return err < 0 ? err : held ? HELD : 0;
}

/* The newest first: it is the likeliest to have the name, and to be valid. */
static int holder_look(struct store_reader *reader, const struct store_certificate *last,
		       const struct name_key *key, int64_t now_ms)
{
	const struct store_certificate_filter filter = {.subject_id = last->subject_id,
							.vnf_instance = last->vnf_instance,
							.trust_domain = last->trust_domain,
							.ca = last->ca,
							.state = -1,
							.newest_first = true};
	struct walk walk = {key, now_ms};

	if (is_live(last, now_ms))
		return HELD;
	return store_certificate_list(reader, &filter, certificate_look, &walk);
}

int ca_name_kept(struct store_reader *reader, const struct store_certificate *last,
		 const struct name_key *key, int64_t now_ms, bool *keptp)
{
	int err = holder_look(reader, last, key, now_ms);

	*keptp = err == HELD;
	return err < 0 ? err : 0;
}

int ca_name_held(struct store_reader *reader, const struct name_key *key,
		 const struct store_entity *entity, int64_t now_ms, bool *heldp,
		 int64_t *released_idp)
{
	_cleanup_(store_certificate_clear) struct store_certificate last = {0};
	struct store_entity holder;
	int err = store_held_name_find(reader, key, released_idp);

	*heldp = false;
	if (err == 0)
		err = store_certificate_get(reader, *released_idp, &last);
	if (err != 0) {
		*released_idp = 0;
		return err < 0 ? err : 0;
	}
	holder = store_certificate_entity(&last);
	if (store_entity_same(&holder, entity))
		return 0;
	err = holder_look(reader, &last, key, now_ms);
	*heldp = err == HELD;
	return err < 0 ? err : 0;
}
