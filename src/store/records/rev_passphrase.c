// SPDX-License-Identifier: Apache-2.0
/* Revocation passphrases in the store. */
#include "reader.h"
#include "unit.h"

void store_rev_passphrase_clear(struct store_rev_passphrase *p)
{
	octets_clear(&p->reference);
	octets_clear_secret(&p->secret);
	octets_clear(&p->transaction_id);
	memset(p, 0, sizeof(*p));
}

/* --- reading --- */

static int rev_passphrase_read(struct row *row, void *arg)
{
	struct store_rev_passphrase *p = arg;
	int err;

	*p = (struct store_rev_passphrase){0};
	p->registration_id = row_int(row);
	p->created_ms = row_int(row);
	p->reference = row_octets(row);
	p->secret = row_octets(row);
	err = row_complete(row);
	if (err < 0)
		store_rev_passphrase_clear(p);
	return err;
}

int store_rev_passphrase_find(struct store_reader *r, struct bytes reference,
			      struct store_rev_passphrase *passphrasep)
{
	return read_one(r, READ_REV_PASSPHRASE_FIND, VALUES(value_bytes(reference)),
			rev_passphrase_read, passphrasep);
}

int store_rev_passphrase_before(struct store_reader *r, struct bytes reference,
				struct bytes transaction_id,
				struct store_rev_passphrase *passphrasep)
{
	return read_one(r, READ_REV_PASSPHRASE_BEFORE,
			VALUES(value_bytes(reference), value_bytes(transaction_id)),
			rev_passphrase_read, passphrasep);
}

/* --- changes --- */

int store_rev_passphrase_put(struct store_unit *u, const struct store_rev_passphrase *p)
{
	int err = 0;

	if (p->transaction_id.len)
		err = unit_add(
			u, CHANGE_REV_PASSPHRASE_KEEP,
			VALUES(value_id(p->registration_id), value_octets(&p->transaction_id)));
	if (err == 0)
		err = unit_add(u, CHANGE_REV_PASSPHRASE_REMOVE,
			       VALUES(value_id(p->registration_id)));
	if (err == 0)
		err = unit_add(u, CHANGE_REV_PASSPHRASE_INSERT,
			       VALUES(value_id(p->registration_id), value_int(p->created_ms),
				      value_octets(&p->reference), value_octets(&p->secret)));
	return err;
}
