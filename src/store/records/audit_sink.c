// SPDX-License-Identifier: Apache-2.0
/*
 * How far lines of the audit were written to places outside of the store. Who writes them there is
 * cmfd; which chains a process has begun is noted by its writer (audit_own.h).
 */
#include "audit_own.h"
#include "audit_rows.h"
#include "unit.h"

static int sink_read(struct row *row, void *arg)
{
	struct store_audit_sink *sink = arg;

	sink->chain = row_int(row);
	sink->sequence = row_int(row);
	sink->line = row_int(row);
	return row_complete(row);
}

int store_audit_sink_get(struct store_reader *r, const char *name, struct store_audit_sink *sinkp)
{
	return read_one(r, READ_AUDIT_SINK, VALUES(value_text(name)), sink_read, sinkp);
}

int store_audit_sink_set(struct store_unit *u, const char *name,
			 const struct store_audit_sink *sink)
{
	return unit_add(u, CHANGE_AUDIT_SINK_SET,
			VALUES(value_text(name), value_int(sink->chain), value_int(sink->sequence),
			       value_int(sink->line)));
}

int audit_chain_after(struct store_reader *r, int64_t after, struct store_audit_chain *nextp)
{
	int err = read_one(r, READ_AUDIT_CHAIN_AFTER, VALUES(value_int(after)), audit_chain_read,
			   nextp);

	if (err == STORE_NOT_FOUND)
		nextp->id = 0;
	return err == STORE_NOT_FOUND ? 0 : err;
}
