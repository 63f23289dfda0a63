// SPDX-License-Identifier: Apache-2.0
/* One-time secrets of direct mode in the store. */
#include "store/direct.h"

#include "reader.h"
#include "unit.h"

void store_initial_credential_clear(struct store_initial_credential *c)
{
	octets_clear(&c->reference);
	octets_clear_secret(&c->secret);
	free(c->source);
	free(c->vnf_instance);
	free(c->subject_id);
	free(c->trust_domain);
	free(c->deliver_to);
	memset(c, 0, sizeof(*c));
}

/* --- reading --- */

static int initial_credential_read(struct row *row, void *arg)
{
	struct store_initial_credential *c = arg;
	int err;

	*c = (struct store_initial_credential){0};
	c->id = row_int(row);
	c->registration_id = row_int(row);
	c->reference = row_octets(row);
	c->secret = row_octets(row);
	c->created_ms = row_int(row);
	c->expires_ms = row_int(row);
	c->spent_ms = row_int_or(row, 0);
	c->certificate_id = row_int_or(row, 0);
	c->file = (enum store_initial_file)row_int(row);
	c->deliver_to = row_text(row);
	c->deliver_attempts = (uint32_t)row_int(row);
	c->delivered_ms = row_int_or(row, 0);
	c->certificate_state = (int)row_int_or(row, -1);
	c->registered = row_int(row) == STORE_REGISTRATION_ACTIVE;
	c->source = row_text(row);
	c->vnf_instance = row_text(row);
	c->subject_id = row_text(row);
	c->trust_domain = row_text(row);
	err = row_complete(row);
	if (err < 0)
		store_initial_credential_clear(c);
	return err;
}

int store_initial_credential_find(struct store_reader *r, struct bytes reference,
				  struct store_initial_credential *cp)
{
	return read_one(r, READ_INITIAL_CREDENTIAL_FIND, VALUES(value_bytes(reference)),
			initial_credential_read, cp);
}

int store_initial_credential_get(struct store_reader *r, int64_t id,
				 struct store_initial_credential *cp)
{
	return read_one(r, READ_INITIAL_CREDENTIAL_GET, VALUES(value_int(id)),
			initial_credential_read, cp);
}

int store_initial_credential_of(struct store_reader *r, int64_t registration_id,
				struct store_initial_credential *cp)
{
	return read_one(r, READ_INITIAL_CREDENTIAL_OF, VALUES(value_int(registration_id)),
			initial_credential_read, cp);
}

int store_initial_credential_to_deliver(struct store_reader *r, const char *vnfm, int64_t now_ms,
					struct store_initial_credential *cp)
{
	return read_one(r, READ_INITIAL_CREDENTIAL_TO_DELIVER,
			VALUES(value_text(vnfm), value_int(now_ms)), initial_credential_read, cp);
}

int store_initial_credential_undelivered(struct store_reader *r, const char *vnfm, uint32_t max,
					 uint32_t *np)
{
	int64_t n = 0;
	int err = read_number(r, READ_INITIAL_CREDENTIAL_UNDELIVERED,
			      VALUES(value_text(vnfm), value_int(max)), 0, &n);

	*np = (uint32_t)n;
	return err;
}

/* --- changes --- */

int store_initial_credential_put(struct store_unit *u, const struct store_initial_credential *c)
{
	int err = unit_add(u, CHANGE_INITIAL_CREDENTIAL_REPLACE,
			   VALUES(value_id(c->registration_id)));

	return err ? err
		   : unit_add(u, CHANGE_INITIAL_CREDENTIAL_INSERT,
			      VALUES(value_id(c->registration_id), value_octets(&c->reference),
				     value_octets(&c->secret), value_int(c->created_ms),
				     value_int(c->expires_ms), value_int(c->file),
				     value_text(c->deliver_to)));
}

int store_initial_credential_use(struct store_unit *u, const struct store_initial_credential *c,
				 int64_t certificate_id)
{
	return unit_add(u, CHANGE_INITIAL_CREDENTIAL_USE,
			VALUES(value_id(c->id), value_int_unless(c->certificate_id, 0),
			       value_id(certificate_id)));
}

int store_initial_credential_spend(struct store_unit *u, int64_t id, int64_t now_ms)
{
	return unit_add(u, CHANGE_INITIAL_CREDENTIAL_SPEND,
			VALUES(value_id(id), value_int(now_ms)));
}

int store_initial_credential_set_file(struct store_unit *u, int64_t id,
				      enum store_initial_file from, enum store_initial_file to)
{
	return unit_add(u, CHANGE_INITIAL_CREDENTIAL_FILE,
			VALUES(value_id(id), value_int(to), value_int(from)));
}

int store_initial_credential_delivered(struct store_unit *u, int64_t id, int64_t delivered_ms)
{
	return unit_add(u, CHANGE_INITIAL_CREDENTIAL_DELIVERED,
			VALUES(value_id(id), value_int_unless(delivered_ms, 0)));
}

int store_initial_credential_deliver_again(struct store_unit *u, int64_t id, int64_t next_ms,
					   uint32_t attempts)
{
	return unit_add(u, CHANGE_INITIAL_CREDENTIAL_DELIVER_AGAIN,
			VALUES(value_id(id), value_int(next_ms), value_int(attempts)));
}

int store_initial_credential_remove(struct store_unit *u, int64_t id)
{
	return unit_add(u, CHANGE_INITIAL_CREDENTIAL_REMOVE, VALUES(value_id(id)));
}

int store_initial_credential_void(struct store_unit *u, int64_t registration_id)
{
	return unit_add(u, CHANGE_INITIAL_CREDENTIAL_VOID, VALUES(value_id(registration_id)));
}
