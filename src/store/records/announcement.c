// SPDX-License-Identifier: Apache-2.0
/* Announcements in the store. */
#include "reader.h"
#include "unit.h"

void store_announcement_clear(struct store_announcement *a)
{
	free(a->sender);
	octets_clear(&a->der);
	memset(a, 0, sizeof(*a));
}

/* --- reading --- */

static int announcement_read(struct row *row, void *arg)
{
	struct store_announcement *a = arg;
	int err;

	*a = (struct store_announcement){0};
	a->id = row_int(row);
	a->type = (int)row_int(row);
	a->created_ms = row_int(row);
	a->sender = row_text(row);
	row_array(row, a->digest, sizeof(a->digest));
	a->der = row_octets(row);
	err = row_complete(row);
	if (err < 0)
		store_announcement_clear(a);
	return err;
}

int store_announcement_get(struct store_reader *r, int64_t id, struct store_announcement *ap)
{
	return read_one(r, READ_ANNOUNCEMENT_GET, VALUES(value_int(id)), announcement_read, ap);
}

struct announcement_walk {
	store_announcement_each *each;
	void *arg;
};

static int announcement_give(struct row *row, void *arg)
{
	const struct announcement_walk *walk = arg;
	_cleanup_(store_announcement_clear) struct store_announcement a = {0};
	int err = announcement_read(row, &a);

	return err < 0 ? err : walk->each(walk->arg, &a);
}

int store_announcement_list(struct store_reader *r, const struct store_announcement_filter *filter,
			    store_announcement_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_ANNOUNCEMENTS);
	struct announcement_walk walk = {each, arg};

	query_where(&q, WHERE_ID_AFTER, value_int(filter->after_id));
	if (filter->sender)
		query_where(&q, WHERE_SENDER, value_text(filter->sender));
	if (filter->type >= 0)
		query_where(&q, WHERE_TYPE, value_int(filter->type));
	query_end(&q, ORDER_ID, filter->limit);
	return query_walk(&q, announcement_give, &walk);
}

/* --- changes --- */

int store_announcement_insert(struct store_unit *u, const struct store_announcement *a,
			      int64_t *idp)
{
	return unit_add_result(u, CHANGE_ANNOUNCEMENT_INSERT, idp,
			       VALUES(value_int(a->type), value_int(a->created_ms),
				      value_text(a->sender), value_bytes(BYTES_OF(a->digest)),
				      value_octets(&a->der)));
}

int store_announcement_trim(struct store_unit *u, const char *sender, uint32_t keep)
{
	return unit_add(u, CHANGE_ANNOUNCEMENT_TRIM, VALUES(value_text(sender), value_int(keep)));
}
