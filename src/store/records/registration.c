// SPDX-License-Identifier: Apache-2.0
/* Registered entities in the store. */
#include "reader.h"
#include "unit.h"

void store_registration_clear(struct store_registration *r)
{
	free(r->subject_id);
	free(r->manager);
	free(r->trust_domain);
	free(r->ca);
	free(r->profile);
	memset(r, 0, sizeof(*r));
}

static int registration_read(sqlite3_stmt *stmt, struct store_registration *reg)
{
	struct columns col = COLUMNS(stmt);

	reg->id = column_int(&col);
	reg->cert_type = (enum cert_type)column_int(&col);
	reg->subject_id = column_text(&col);
	reg->handling = (enum cert_handling)column_int(&col);
	reg->manager = column_text(&col);
	reg->trust_domain = column_text(&col);
	reg->ca = column_text(&col);
	reg->profile = column_text(&col);
	reg->state = (enum store_registration_state)column_int(&col);
	reg->created_ms = column_int(&col);
	reg->changed_ms = column_int(&col);
	return reader_complete(&col);
}

static int registration_one(struct reader *r, const struct binder *b,
			    struct store_registration *regp)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = b->stmt;
	int result = reader_first(r, b);

	if (result == 0)
		result = registration_read(stmt, &reg);
	if (result == 0) {
		*regp = reg;
		reg = (struct store_registration){0};
	}
	return result;
}

int store_registration_find(struct store_reader *handle, enum cert_type type,
			    const char *subject_id, struct store_registration *regp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_REGISTRATION_FIND]);

	bind_text(&b, subject_id);
	bind_int(&b, type);
	return registration_one(r, &b, regp);
}

int store_registration_get(struct store_reader *handle, int64_t id, struct store_registration *regp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	struct binder b = BINDER(r->stmt[READ_REGISTRATION_GET]);

	bind_int(&b, id);
	return registration_one(r, &b, regp);
}

int store_subject_manager(struct store_reader *handle, const char *subject_id, char **managerp)
{
	_cleanup_(reader_leavep) struct reader *r = reader_enter(handle);

	if (!r)
		return handle->fault;
	_cleanup_(statement_resetp) sqlite3_stmt *stmt = r->stmt[READ_SUBJECT_MANAGER];
	struct columns col = COLUMNS(stmt);
	struct binder b = BINDER(stmt);
	int result;

	bind_text(&b, subject_id);
	result = reader_first(r, &b);
	if (result != 0)
		return result;
	*managerp = column_text(&col);
	return reader_complete(&col);
}

struct registration_walk {
	store_registration_each *each;
	void *arg;
};

static int registration_row(void *arg, sqlite3_stmt *stmt)
{
	const struct registration_walk *walk = arg;
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	int err = registration_read(stmt, &reg);

	return err < 0 ? err : walk->each(walk->arg, &reg);
}

int store_registration_list(struct store_reader *r, const struct store_registration_filter *filter,
			    store_registration_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = QUERY_NULL;
	struct registration_walk walk = {each, arg};

	query_begin(&q, "SELECT " REGISTRATION_COLUMNS " FROM registration");
	query_where_int(&q, "id > ?", filter->after_id);
	if (filter->subject_id)
		query_where_text(&q, "subject_id = ?", filter->subject_id);
	if (filter->manager)
		query_where_text(&q, "manager = ?", filter->manager);
	if (filter->trust_domain)
		query_where_text(&q, "trust_domain = ?", filter->trust_domain);
	if (filter->cert_type >= 0)
		query_where_int(&q, "cert_type = ?", filter->cert_type);
	if (!filter->with_deregistered)
		query_where(&q, "state = 0");
	query_end(&q, "id", filter->limit);
	return query_walk(r, &q, registration_row, &walk);
}

/* --- changes --- */

int store_registration_insert(struct store_unit *u, const struct store_registration *reg,
			      int64_t *idp)
{
	return unit_add_result(u, CHANGE_REGISTRATION_INSERT, idp,
			       VALUES(value_int(reg->cert_type), value_text(reg->subject_id),
				      value_int(reg->handling), value_text(reg->manager),
				      value_text(reg->trust_domain), value_text(reg->ca),
				      value_text(reg->profile), value_int(reg->state),
				      value_int(reg->created_ms), value_int(reg->changed_ms)));
}

int store_registration_deregister(struct store_unit *u, int64_t id, int64_t now_ms)
{
	return unit_add(u, CHANGE_REGISTRATION_DEREGISTER, VALUES(value_id(id), value_int(now_ms)));
}

int store_subject_require(struct store_unit *u, const char *subject_id)
{
	return unit_add(u, CHANGE_SUBJECT_REQUIRE, VALUES(value_text(subject_id)));
}
