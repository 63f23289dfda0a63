// SPDX-License-Identifier: Apache-2.0
/* Certificates in the store. */
#include "reader.h"
#include "unit.h"

#include "base/name_fold.h"

void store_certificate_clear(struct store_certificate *c)
{
	free(c->ca);
	free(c->subject);
	octets_clear(&c->der);
	free(c->requester);
	free(c->vnf_instance);
	free(c->subject_id);
	free(c->manager);
	free(c->trust_domain);
	free(c->profile);
	memset(c, 0, sizeof(*c));
}

/* --- reading --- */

static int certificate_read(struct row *row, void *arg)
{
	struct store_certificate *c = arg;
	int err;

	*c = (struct store_certificate){0};
	c->id = row_int(row);
	c->registration_id = row_int(row);
	c->state = (enum store_certificate_state)row_int(row);
	c->reason = (int)row_int_or(row, STORE_REASON_NONE);
	c->revoked_ms = row_int_or(row, 0);
	c->confirm_by_ms = row_int_or(row, 0);
	c->not_before_ms = row_int(row);
	c->not_after_ms = row_int(row);
	c->created_ms = row_int(row);
	c->ca = row_text(row);
	c->serial.len = (uint8_t)row_array(row, c->serial.octet, sizeof(c->serial.octet));
	c->requester = row_text(row);
	c->subject = row_text(row);
	row_array(row, c->key_digest, sizeof(c->key_digest));
	c->der = row_octets(row);
	c->subject_id = row_text(row);
	c->cert_type = (enum cert_type)row_int(row);
	c->manager = row_text(row);
	c->trust_domain = row_text(row);
	c->profile = row_text(row);
	c->invalidity_ms = row_int_or(row, 0);
	c->crl_change = row_int_or(row, 0);
	c->replaces_id = row_int_or(row, 0);
	c->vnf_instance = row_text(row);
	c->handling = (enum cert_handling)row_int(row);
	err = row_complete(row);
	if (err < 0)
		store_certificate_clear(c);
	return err;
}

int store_certificate_get(struct store_reader *r, int64_t id, struct store_certificate *certp)
{
	return read_one(r, READ_CERTIFICATE_GET, VALUES(value_int(id)), certificate_read, certp);
}

int store_certificate_find(struct store_reader *r, const char *ca, const struct serial *serial,
			   struct store_certificate *certp)
{
	return read_one(r, READ_CERTIFICATE_FIND,
			VALUES(value_bytes(serial_view(serial)), value_text(ca)), certificate_read,
			certp);
}

int store_certificate_replacement(struct store_reader *r, int64_t id, int64_t *newp)
{
	int err = read_number(r, READ_CERTIFICATE_REPLACEMENT, VALUES(value_int(id)), 0, newp);

	return err == 0 && *newp == 0 ? STORE_NOT_FOUND : err;
}

struct certificate_walk {
	store_certificate_each *each;
	void *arg;
};

static int certificate_give(struct row *row, void *arg)
{
	const struct certificate_walk *walk = arg;
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err = certificate_read(row, &cert);

	return err < 0 ? err : walk->each(walk->arg, &cert);
}

/*
 * What names few certificates (a serialNumber, an entity) is looked up; else states that are rare;
 * else the rows are read along the table.
 */
static void where_all(struct query *q, const struct store_certificate_filter *filter,
		      const char *subject_key)
{
	bool by_serial = filter->serial.len > 0;
	bool few = by_serial || filter->registration_id != 0 || subject_key;

	query_where(q, WHERE_CERTIFICATE_AFTER, value_int(filter->after_id));
	if (by_serial)
		query_where(q, WHERE_CERTIFICATE_SERIAL, value_bytes(serial_view(&filter->serial)));
	if (filter->ca)
		query_where(q, WHERE_CERTIFICATE_CA, value_text(filter->ca));
	if (filter->registration_id != 0)
		query_where(q, WHERE_CERTIFICATE_REGISTRATION, value_int(filter->registration_id));
	if (subject_key)
		query_where(q,
			    by_serial ? WHERE_CERTIFICATE_SUBJECT_KEY_OF_FEW
				      : WHERE_CERTIFICATE_SUBJECT_KEY,
			    value_text(subject_key));
	if (filter->vnf_instance)
		query_where(q, WHERE_CERTIFICATE_VNF_INSTANCE, value_text(filter->vnf_instance));
	if (filter->manager)
		query_where(q, WHERE_CERTIFICATE_MANAGER, value_text(filter->manager));
	if (filter->trust_domain)
		query_where(q, WHERE_CERTIFICATE_TRUST_DOMAIN, value_text(filter->trust_domain));
	if (filter->cert_type)
		query_where(q, WHERE_CERTIFICATE_CERT_TYPE, value_int(*filter->cert_type));
	if (filter->profile)
		query_where(q, WHERE_CERTIFICATE_PROFILE, value_text(filter->profile));
	if (filter->ends_by_ms) {
		query_where(q, WHERE_CERTIFICATE_ENDS_AFTER, value_int(filter->ends_after_ms));
		query_where(q, WHERE_CERTIFICATE_ENDS_BY, value_int(filter->ends_by_ms));
	}
	if (filter->state >= 0)
		query_where(q, few ? WHERE_CERTIFICATE_STATE_OF_FEW : WHERE_CERTIFICATE_STATE,
			    value_int(filter->state));
	if (!few && filter->state >= 0 && filter->state != STORE_CERT_ACTIVE)
		query_if(q, IF_CERTIFICATE_NOT_ACTIVE);
}

int store_certificate_list(struct store_reader *r, const struct store_certificate_filter *filter,
			   store_certificate_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_CERTIFICATES);
	struct certificate_walk walk = {each, arg};
	_cleanup_(freep) char *key = NULL;
	int err = filter->subject_id ? name_fold(bytes_of_string(filter->subject_id), &key) : 0;

	if (err < 0)
		return err;
	where_all(&q, filter, key);
	query_end(&q, filter->newest_first ? ORDER_CERTIFICATE_NEWEST : ORDER_CERTIFICATE,
		  filter->limit);
	return query_walk(&q, certificate_give, &walk);
}

/* --- changes --- */

/* The change that was added last, if err says so, takes a certificate from state to state. */
static int certificate_counted(struct store_unit *u, int err, int from, int to)
{
	if (err == 0)
		unit_count(u, COUNT_CERTIFICATES, from, to);
	return err;
}

int store_certificate_require(struct store_unit *u, int64_t id)
{
	return unit_add(u, CHANGE_CERTIFICATE_REQUIRE, VALUES(value_int(id)));
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
		       value_octets(&c->der), value_int_unless(c->replaces_id, 0)));

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
