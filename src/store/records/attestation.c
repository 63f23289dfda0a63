// SPDX-License-Identifier: Apache-2.0
/* What was made of key attestations, in the store. */
#include "reader.h"
#include "unit.h"

void store_attestation_clear(struct store_attestation *a)
{
	free(a->statement);
	octets_clear(&a->nonce);
	memset(a, 0, sizeof(*a));
}

static int attestation_read(struct row *row, void *arg)
{
	struct store_attestation *a = arg;
	int err;

	*a = (struct store_attestation){.certificate_id = 0};
	a->certificate_id = row_int(row);
	a->verdict = (enum store_verdict)row_int(row);
	a->statement = row_text(row);
	a->has_attester = row_array(row, a->attester, sizeof(a->attester)) > 0;
	a->nonce = row_octets(row);
	err = row_complete(row);
	if (err < 0)
		store_attestation_clear(a);
	return err;
}

int store_attestation_get(struct store_reader *r, int64_t certificate_id,
			  struct store_attestation *attestationp)
{
	return read_one(r, READ_ATTESTATION_GET, VALUES(value_int(certificate_id)),
			attestation_read, attestationp);
}

int store_attestation_insert(struct store_unit *u, const struct store_attestation *a)
{
	return unit_add(u, CHANGE_ATTESTATION_INSERT,
			VALUES(value_id(a->certificate_id), value_int(a->verdict),
			       value_text(a->statement),
			       a->has_attester ? value_bytes(BYTES_OF(a->attester))
					       : value_bytes(BYTES_NULL),
			       value_octets(&a->nonce)));
}
