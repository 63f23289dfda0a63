// SPDX-License-Identifier: Apache-2.0
/*
 * What may go, and that it goes. Why something has to stay is in the SQL, in the same words when it
 * is listed and when it is purged; what goes along with a row, triggers of the schema say.
 */
#include "store/retention.h"

#include "reader.h"
#include "unit.h"

#include <string.h>

/* --- reading --- */

static int past_add(struct row *row, void *arg)
{
	struct store_past_page *page = arg;
	struct store_past *past = &page->item[page->len++];

	past->since_ms = row_int(row);
	past->id = row_int(row);
	past->state = (enum store_certificate_state)row_int(row);
	past->may_go = row_int(row) != 0;
	past->has_names = row_int(row) != 0;
	return 0;
}

int store_past_list(struct store_reader *r, enum store_past_kind kind,
		    const struct store_past *behind, int64_t until_ms, int64_t before_ms,
		    struct store_past_page *pagep)
{
	static const enum read_kind kinds[STORE_PAST_KINDS] = {
		[STORE_PAST_EXPIRED] = READ_PAST_EXPIRED,
		[STORE_PAST_ENDED] = READ_PAST_ENDED,
		[STORE_PAST_REGISTRATIONS] = READ_PAST_REGISTRATIONS,
	};

	pagep->len = 0;
	return read_each(r, kinds[kind],
			 VALUES(value_int(behind->since_ms), value_int(behind->id),
				value_int(until_ms), value_int(STORE_PAST_MAX),
				value_int(before_ms)),
			 past_add, pagep);
}

struct names_walk {
	store_held_name_each *each;
	void *arg;
};

static int name_take(struct row *row, void *arg)
{
	const struct names_walk *walk = arg;
	struct name_key key = {0};

	row_array(row, key.octet, sizeof(key.octet));
	return walk->each(walk->arg, &key);
}

int store_held_names_of(struct store_reader *r, int64_t certificate_id, store_held_name_each *each,
			void *arg)
{
	struct names_walk walk = {each, arg};

	return read_each(r, READ_HELD_NAMES_OF, VALUES(value_int(certificate_id)), name_take,
			 &walk);
}

static int space_take(struct row *row, void *arg)
{
	struct store_space *space = arg;

	space->octets = row_int(row);
	space->unused = row_int(row);
	return 0;
}

int store_space_get(struct store_reader *r, struct store_space *spacep)
{
	_cleanup_(query_clear) struct query q = {0};

	if (!r->driver->space_sql)
		return STORE_NOT_FOUND;
	q = query_of(r, r->driver->space_sql);
	return query_walk(&q, space_take, spacep);
}

/* --- changes --- */

int store_certificate_purge(struct store_unit *u, const struct store_past *past, int64_t before_ms,
			    int64_t *np)
{
	int err = unit_add_result(
		u, CHANGE_CERTIFICATE_PURGE, np,
		VALUES(value_int(past->id), value_int(past->state), value_int(before_ms)));

	if (err == 0)
		unit_count(u, COUNT_CERTIFICATES, (int)past->state, COUNT_NONE);
	return err;
}

int store_registration_purge(struct store_unit *u, const struct store_past *past, int64_t before_ms,
			     int64_t *np)
{
	return unit_add_result(u, CHANGE_REGISTRATION_PURGE, np,
			       VALUES(value_int(past->id), value_int(before_ms)));
}

int store_held_name_release(struct store_unit *u, const struct name_key *key,
			    int64_t certificate_id, int64_t *np)
{
	return unit_add_result(
		u, CHANGE_HELD_NAME_RELEASE, np,
		VALUES(value_bytes(BYTES_OF(key->octet)), value_int(certificate_id)));
}
