// SPDX-License-Identifier: Apache-2.0
/* Certificates in the store. */
#include "reader.h"
#include "unit.h"

void store_certificate_clear(struct store_certificate *c)
{
	free(c->ca);
	free(c->subject);
	octets_clear(&c->der);
	free(c->requester);
	free(c->subject_id);
	free(c->manager);
	free(c->trust_domain);
	free(c->profile);
	memset(c, 0, sizeof(*c));
}

static void column_serial(struct columns *col, struct serial *serialp)
{
	serialp->len = (uint8_t)column_array(col, serialp->octet, sizeof(serialp->octet));
}

static int certificate_read(sqlite3_stmt *stmt, struct store_certificate *c)
{
	struct columns col = COLUMNS(stmt);

	c->id = column_int(&col);
	c->registration_id = column_int(&col);
	c->state = (enum store_certificate_state)column_int(&col);
	c->reason = (int)column_int_or(&col, STORE_REASON_NONE);
	c->revoked_ms = column_int_or(&col, 0);
	c->confirm_by_ms = column_int_or(&col, 0);
	c->not_before_ms = column_int(&col);
	c->not_after_ms = column_int(&col);
	c->created_ms = column_int(&col);
	c->ca = column_text(&col);
	column_serial(&col, &c->serial);
	c->requester = column_text(&col);
	c->subject = column_text(&col);
	column_array(&col, c->key_digest, sizeof(c->key_digest));
	c->der = column_octets(&col);
	c->subject_id = column_text(&col);
	c->cert_type = (enum cert_type)column_int(&col);
	c->manager = column_text(&col);
	c->trust_domain = column_text(&col);
	c->profile = column_text(&col);
	c->invalidity_ms = column_int_or(&col, 0);
	c->crl_change = column_int_or(&col, 0);
	return reader_complete(&col);
}

static int certificate_one(struct reader *r, const struct binder *b,
			   struct store_certificate *certp)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = b->stmt;
	int result = reader_first(r, b);

	if (result == 0)
		result = certificate_read(stmt, &cert);
	if (result == 0) {
		*certp = cert;
		cert = (struct store_certificate){0};
	}
	return result;
}

int store_certificate_get(struct store_reader *handle, int64_t id, struct store_certificate *certp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_CERTIFICATE_GET]);

	bind_int(&b, id);
	return certificate_one(r, &b, certp);
}

int store_certificate_find(struct store_reader *handle, const char *ca, const struct serial *serial,
			   struct store_certificate *certp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_CERTIFICATE_FIND]);

	bind_bytes(&b, serial_view(serial));
	bind_text(&b, ca);
	return certificate_one(r, &b, certp);
}

struct certificate_walk {
	store_certificate_each *each;
	void *arg;
};

static int certificate_row(void *arg, sqlite3_stmt *stmt)
{
	const struct certificate_walk *walk = arg;
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err = certificate_read(stmt, &cert);

	return err < 0 ? err : walk->each(walk->arg, &cert);
}

/*
 * Rows come in the order of ids, so that a page goes on where the last one ended and nothing is
 * sorted: by the index of what names few certificates (a serialNumber, an entity), else by that of
 * states that are rare, else along the table. A `+` says what is not to be looked up.
 */
static void where_all(struct query *q, const struct store_certificate_filter *filter)
{
	bool few = filter->serial.len > 0 || filter->registration_id != 0 || filter->subject_id;

	query_where_int(q, "c.id > ?", filter->after_id);
	if (filter->serial.len > 0)
		query_where_bytes(q, "c.serial = ?", serial_view(&filter->serial));
	if (filter->ca)
		query_where_text(q, "c.ca = ?", filter->ca);
	if (filter->registration_id != 0)
		query_where_int(q, "c.registration_id = ?", filter->registration_id);
	if (filter->subject_id)
		query_where_text(q,
				 filter->serial.len > 0 ? "+r.subject_id = ?" : "r.subject_id = ?",
				 filter->subject_id);
	if (filter->manager)
		query_where_text(q, "+r.manager = ?", filter->manager);
	if (filter->state >= 0)
		query_where_int(q, few ? "+c.state = ?" : "c.state = ?", filter->state);
	/* Written as in the partial index certificate_not_active, so that it serves. */
	if (!few && filter->state >= 0 && filter->state != STORE_CERT_ACTIVE)
		query_where(q, "c.state <> 2");
}

int store_certificate_list(struct store_reader *r, const struct store_certificate_filter *filter,
			   store_certificate_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = QUERY_NULL;
	struct certificate_walk walk = {each, arg};

	query_begin(&q, "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES);
	where_all(&q, filter);
	query_end(&q, filter->newest_first ? "c.id DESC" : "c.id", filter->limit);
	return query_walk(r, &q, certificate_row, &walk);
}

/* --- changes --- */

/* The change that was added last, if err says so, takes a certificate from state to state. */
static int certificate_counted(struct store_unit *u, int err, int from, int to)
{
	if (err == 0)
		unit_count(u, COUNT_CERTIFICATES, from, to);
	return err;
}

int store_certificate_insert(struct store_unit *u, const struct store_certificate *c, int64_t *idp)
{
	int reason = c->revoked_ms ? c->reason : STORE_REASON_NONE;
	int err = unit_add_result(
		u, CHANGE_CERTIFICATE_INSERT, idp,
		VALUES(value_id(c->registration_id), value_int(c->state),
		       value_int_unless(reason, STORE_REASON_NONE),
		       value_int_unless(c->revoked_ms, 0), value_int_unless(c->confirm_by_ms, 0),
		       value_int(c->not_before_ms), value_int(c->not_after_ms),
		       value_int(c->created_ms), value_text(c->ca),
		       value_bytes(serial_view(&c->serial)), value_text(c->requester),
		       value_text(c->subject), value_bytes(BYTES_OF(c->key_digest)),
		       value_octets(&c->der)));

	return certificate_counted(u, err, COUNT_NONE, c->state);
}

int store_certificate_fill(struct store_unit *u, const struct store_certificate *c)
{
	int err =
		unit_add(u, CHANGE_CERTIFICATE_FILL,
			 VALUES(value_id(c->id), value_int(c->state),
				value_int_unless(c->confirm_by_ms, 0), value_int(c->not_before_ms),
				value_int(c->not_after_ms), value_bytes(serial_view(&c->serial)),
				value_text(c->subject), value_octets(&c->der)));

	return certificate_counted(u, err, STORE_CERT_REQUESTED, c->state);
}

int store_certificate_set_state(struct store_unit *u, int64_t id, enum store_certificate_state from,
				enum store_certificate_state to)
{
	int err = unit_add(u, CHANGE_CERTIFICATE_SET_STATE,
			   VALUES(value_id(id), value_int(from), value_int(to)));

	return certificate_counted(u, err, from, to);
}

int store_certificate_revoke(struct store_unit *u, int64_t id, enum store_certificate_state from,
			     enum store_certificate_state to, int reason, int64_t now_ms)
{
	int err = unit_add(u, CHANGE_CERTIFICATE_REVOKE,
			   VALUES(value_id(id), value_int(from), value_int(to),
				  value_int_unless(reason, STORE_REASON_NONE), value_int(now_ms)));

	return certificate_counted(u, err, from, to);
}

int store_certificate_release(struct store_unit *u, int64_t id, enum store_certificate_state from,
			      int64_t now_ms)
{
	int err = unit_add(u, CHANGE_CERTIFICATE_RELEASE,
			   VALUES(value_id(id), value_int(from), value_int(now_ms)));

	return certificate_counted(u, err, from, STORE_CERT_ACTIVE);
}

int store_certificate_set_invalidity(struct store_unit *u, int64_t id, int64_t invalidity_ms)
{
	return unit_add(u, CHANGE_CERTIFICATE_SET_INVALIDITY,
			VALUES(value_id(id), value_int_unless(invalidity_ms, 0)));
}
