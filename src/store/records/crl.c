// SPDX-License-Identifier: Apache-2.0
/* CRLs in the store, and what the next one must list. */
#include "reader.h"
#include "unit.h"

void store_crl_clear(struct store_crl *c)
{
	free(c->ca);
	memset(c, 0, sizeof(*c));
}

/* --- reading --- */

static int crl_read(struct row *row, void *arg)
{
	struct store_crl *crl = arg;
	int err;

	*crl = (struct store_crl){0};
	crl->id = row_int(row);
	crl->ca = row_text(row);
	crl->number = row_int(row);
	crl->this_update_ms = row_int(row);
	crl->next_update_ms = row_int(row);
	crl->scheduled_ms = row_int(row);
	crl->changes = row_int(row);
	crl->scheduled_changes = row_int(row);
	crl->floor = row_int(row);
	err = row_complete(row);
	if (err < 0)
		store_crl_clear(crl);
	return err;
}

int store_crl_newest(struct store_reader *r, const char *ca, struct store_crl *crlp)
{
	return read_one(r, READ_CRL_NEWEST, VALUES(value_text(ca)), crl_read, crlp);
}

static int octets_read(struct row *row, void *arg)
{
	*(struct octets *)arg = row_octets(row);
	return row_complete(row);
}

int store_crl_octets(struct store_reader *r, int64_t id, struct octets *derp)
{
	return read_one(r, READ_CRL_OCTETS, VALUES(value_int(id)), octets_read, derp);
}

int store_crl_changes(struct store_reader *r, const char *ca, int64_t *changesp)
{
	return read_number(r, READ_CRL_CHANGES, VALUES(value_text(ca)), 0, changesp);
}

struct revoked_page {
	struct store_revoked *item;
	size_t n;
};

static int revoked_add(struct row *row, void *arg)
{
	struct revoked_page *page = arg;
	struct store_revoked *item = &page->item[page->n++];

	*item = (struct store_revoked){0};
	item->serial.len = (uint8_t)row_array(row, item->serial.octet, sizeof(item->serial.octet));
	item->reason = (int)row_int_or(row, STORE_REASON_NONE);
	item->revoked_ms = row_int(row);
	item->invalidity_ms = row_int_or(row, 0);
	return 0;
}

int store_revoked_page(struct store_reader *r, const char *ca, const struct store_crl *before,
		       const struct serial *below, struct store_revoked *page, size_t max,
		       size_t *np)
{
	struct revoked_page walk = {page, 0};
	uint8_t top[SERIAL_MAX + 1];
	int err;

	/* Above all serials. */
	memset(top, 0xff, sizeof(top));
	err = read_each(r, READ_REVOKED_PAGE,
			VALUES(value_text(ca),
			       value_bytes(below ? serial_view(below) : BYTES_OF(top)),
			       value_int(before->scheduled_ms),
			       value_int(before->scheduled_changes), value_int((int64_t)max)),
			revoked_add, &walk);
	*np = walk.n;
	return err;
}

/* --- changes --- */

int store_crl_raise(struct store_unit *u, int64_t now_ms)
{
	return unit_add(u, CHANGE_CRL_RAISE, VALUES(value_int(now_ms)));
}

int store_moved_forget(struct store_unit *u)
{
	return unit_add(u, CHANGE_MOVED_FORGET, NULL, 0);
}

int store_crl_insert(struct store_unit *u, const struct store_crl *crl, int64_t *idp)
{
	struct value der = value_bytes(crl->der);
	int err;

	der.borrowed = true;
	err = unit_add_result(u, CHANGE_CRL_INSERT, idp,
			      VALUES(value_text(crl->ca), value_int(crl->number),
				     value_int(crl->this_update_ms), value_int(crl->next_update_ms),
				     value_int(crl->scheduled_ms), value_int(crl->changes), der,
				     value_int(crl->scheduled_changes)));
	if (err < 0)
		return err;
	/* After it, so that its id is a new one. */
	return unit_add(u, CHANGE_CRL_PURGE, VALUES(value_text(crl->ca), value_int(crl->number)));
}
