// SPDX-License-Identifier: Apache-2.0
/* Reading certificates, CRLs and what a CRL must list. */
#include "reader.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

/* --- certificates --- */

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

/* --- CRLs --- */

int store_crl_newest(struct store_reader *handle, const char *ca, struct store_crl *crlp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_CRL_NEWEST];
	_cleanup_(store_crl_clear) struct store_crl crl = {0};
	struct columns col = COLUMNS(stmt);
	struct binder b = BINDER(stmt);
	int result;

	bind_text(&b, ca);
	result = reader_first(r, &b);
	if (result != 0)
		return result;
	crl.id = column_int(&col);
	crl.ca = column_text(&col);
	crl.number = column_int(&col);
	crl.this_update_ms = column_int(&col);
	crl.next_update_ms = column_int(&col);
	crl.scheduled_ms = column_int(&col);
	crl.changes = column_int(&col);
	result = reader_complete(&col);
	if (result == 0) {
		*crlp = crl;
		crl = (struct store_crl){0};
	}
	return result;
}

int store_crl_octets(struct store_reader *handle, int64_t id, struct octets *derp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_CRL_OCTETS];
	struct columns col = COLUMNS(stmt);
	struct binder b = BINDER(stmt);
	int result;

	bind_int(&b, id);
	result = reader_first(r, &b);
	if (result != 0)
		return result;
	*derp = column_octets(&col);
	return reader_complete(&col);
}

int store_crl_changes(struct store_reader *handle, const char *ca, int64_t *changesp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_CRL_CHANGES];
	struct binder b = BINDER(stmt);
	int result;

	bind_text(&b, ca);
	result = reader_first(r, &b);
	*changesp = result == 0 ? sqlite3_column_int64(stmt, 0) : 0;
	return result == STORE_NOT_FOUND ? 0 : result;
}

static void revoked_read(sqlite3_stmt *stmt, struct store_revoked *item)
{
	struct columns col = COLUMNS(stmt);

	*item = (struct store_revoked){0};
	column_serial(&col, &item->serial);
	item->reason = (int)column_int_or(&col, STORE_REASON_NONE);
	item->revoked_ms = column_int(&col);
	item->invalidity_ms = column_int_or(&col, 0);
}

int store_revoked_page(struct store_reader *handle, const char *ca, int64_t not_after_ms,
		       struct bytes below, struct store_revoked *page, size_t max, size_t *np)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);
	uint8_t top[SERIAL_MAX + 1];

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_REVOKED_PAGE];
	struct binder b = BINDER(stmt);
	int result;

	/* Above all serials. */
	memset(top, 0xff, sizeof(top));
	*np = 0;
	bind_text(&b, ca);
	bind_bytes(&b, below.len ? below : BYTES_OF(top));
	bind_int(&b, not_after_ms);
	bind_int(&b, (int64_t)max);
	result = reader_first(r, &b);
	while (result == 0) {
		revoked_read(stmt, &page[(*np)++]);
		result = reader_step(r, stmt);
	}
	return result == STORE_NOT_FOUND ? 0 : result;
}

/* --- integrity --- */

static int integrity_finding(void *arg, sqlite3_stmt *stmt)
{
	const char *text = (const char *)sqlite3_column_text(stmt, 0);
	int *findings = arg;

	if (text && strcmp(text, "ok") == 0)
		return 0;
	++*findings;
	log_event(LOG_LEVEL_ERROR, "integrity", F_TEXT("finding", text));
	return 0;
}

int store_integrity_check(struct store_reader *r)
{
	static const char *const checks[] = {
		"PRAGMA integrity_check",
		"PRAGMA foreign_key_check",
		"SELECT 'the counter of ' || name || ' in state ' || state || ' is off by ' || "
		"sum(n)"
		" FROM (SELECT name, state, n FROM counter UNION ALL"
		" SELECT 'certificate', state, -count(*) FROM certificate GROUP BY state UNION ALL"
		" SELECT 'cmp_transaction', state, -count(*) FROM cmp_transaction GROUP BY state)"
		" GROUP BY name, state HAVING sum(n) <> 0",
	};
	int findings = 0;

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		_cleanup_(query_clear) struct query q = QUERY_NULL;
		int result;

		query_begin(&q, checks[i]);
		result = query_walk(r, &q, integrity_finding, &findings);
		if (result < 0)
			return result;
	}
	return findings == 0 ? 0 : -EUCLEAN;
}
