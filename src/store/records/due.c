// SPDX-License-Identifier: Apache-2.0
/*
 * Reading what is due: ids only, and at most a round of them, in the order of an index. However
 * much is due at once, a round costs the same.
 */
#include "reader.h"

#include "store/direct.h"
#include "store/nonce.h"

static int due_add(struct row *row, void *arg)
{
	struct store_due *due = arg;

	due->id[due->len++] = row_int(row);
	return 0;
}

/* The last value of each statement here is how many are wanted. */
static int due_read(struct store_reader *r, enum read_kind kind, const struct value *values,
		    size_t n, struct store_due *duep)
{
	duep->len = 0;
	return read_each(r, kind, values, n, due_add, duep);
}

int store_certificate_due(struct store_reader *r, int64_t due_ms, struct store_due *duep)
{
	return due_read(r, READ_CERTIFICATE_DUE,
			VALUES(value_int(due_ms), value_int(STORE_DUE_MAX)), duep);
}

int store_transaction_due(struct store_reader *r, enum store_transaction_state state,
			  int64_t due_ms, struct store_due *duep)
{
	return due_read(r, READ_TRANSACTION_DUE,
			VALUES(value_int(state), value_int(due_ms), value_int(STORE_DUE_MAX)),
			duep);
}

int store_csr_decided(struct store_reader *r, struct store_due *duep)
{
	return due_read(r, READ_CSR_DECIDED, VALUES(value_int(STORE_DUE_MAX)), duep);
}

int store_csr_due(struct store_reader *r, int64_t due_ms, struct store_due *duep)
{
	return due_read(r, READ_CSR_DUE, VALUES(value_int(due_ms), value_int(STORE_DUE_MAX)), duep);
}

int store_nonce_due(struct store_reader *r, int64_t before_ms, struct store_due *duep)
{
	return due_read(r, READ_NONCE_DUE, VALUES(value_int(before_ms), value_int(STORE_DUE_MAX)),
			duep);
}

int store_exchange_due(struct store_reader *r, const char *ca, int64_t due_ms,
		       struct store_due *duep)
{
	return due_read(r, READ_EXCHANGE_DUE,
			VALUES(value_text(ca), value_int(due_ms), value_int(STORE_DUE_MAX)), duep);
}

int store_exchange_expired(struct store_reader *r, const char *ca, int64_t now_ms,
			   struct store_due *duep)
{
	return due_read(r, READ_EXCHANGE_EXPIRED,
			VALUES(value_text(ca), value_int(now_ms), value_int(STORE_DUE_MAX)), duep);
}

int store_transaction_open_count(struct store_reader *r, const char *requester, uint32_t max,
				 uint32_t *np)
{
	int64_t n = 0;
	int err = read_number(r, READ_TRANSACTION_OPEN_COUNT,
			      VALUES(value_text(requester), value_int(max)), 0, &n);

	*np = (uint32_t)n;
	return err;
}

int store_vnfc_due(struct store_reader *r, int64_t now_ms, struct store_due *duep)
{
	return due_read(r, READ_VNFC_DUE, VALUES(value_int(now_ms), value_int(STORE_DUE_MAX)),
			duep);
}

int store_vnfc_replaced(struct store_reader *r, struct store_due *duep)
{
	return due_read(r, READ_VNFC_REPLACED, VALUES(value_int(STORE_DUE_MAX)), duep);
}

int store_initial_credential_files(struct store_reader *r, enum store_initial_file file,
				   struct store_due *duep)
{
	return due_read(r, READ_INITIAL_CREDENTIAL_FILES,
			VALUES(value_int(file), value_int(STORE_DUE_MAX)), duep);
}

int store_initial_credential_used(struct store_reader *r, struct store_due *duep)
{
	return due_read(r, READ_INITIAL_CREDENTIAL_USED, VALUES(value_int(STORE_DUE_MAX)), duep);
}

int store_initial_credential_files_expired(struct store_reader *r, int64_t now_ms,
					   struct store_due *duep)
{
	return due_read(r, READ_INITIAL_CREDENTIAL_FILES_EXPIRED,
			VALUES(value_int(now_ms), value_int(STORE_DUE_MAX)), duep);
}

int store_initial_credential_expired(struct store_reader *r, int64_t before_ms,
				     struct store_due *duep)
{
	return due_read(r, READ_INITIAL_CREDENTIAL_EXPIRED,
			VALUES(value_int(before_ms), value_int(STORE_DUE_MAX)), duep);
}
