// SPDX-License-Identifier: Apache-2.0
/* Whether the server of a database is there. See pg_database.h. */
#include "pg_database.h"

#include "base/clock.h"

#include <errno.h>

enum { RETRY_MS = 500 };

int pg_database_there(struct pg_database *d)
{
	if (atomic_load(&d->undecided) || clock_monotonic_us() < atomic_load(&d->retry_us))
		return -ENOTCONN;
	return 0;
}

int pg_database_try(struct pg_database *d)
{
	int_least64_t retry_us = atomic_load(&d->retry_us);
	int err = pg_database_there(d);

	if (err < 0 || retry_us == 0)
		return err;
	return atomic_compare_exchange_strong(&d->retry_us, &retry_us,
					      clock_monotonic_us() + 1000 * RETRY_MS)
		       ? 0
		       : -ENOTCONN;
}

void pg_database_found(struct pg_database *d)
{
	if (atomic_load_explicit(&d->retry_us, memory_order_relaxed) != 0)
		atomic_store(&d->retry_us, 0);
}

void pg_database_lost(struct pg_database *d)
{
	atomic_store(&d->retry_us, clock_monotonic_us() + 1000 * RETRY_MS);
}
