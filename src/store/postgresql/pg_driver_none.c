// SPDX-License-Identifier: Apache-2.0
/* What stands for the backend PostgreSQL in a program that was built without libpq. */
#include "driver.h"
#include "pg_driver.h"

#include "base/log.h"

#include <errno.h>

static int refused(void)
{
	return log_fault("[store] database", -EPROTONOSUPPORT,
			 "this program was built without PostgreSQL: build it with libpq");
}

static int none_create(const struct store_options *options)
{
	return refused();
}

static int none_open(const struct store_options *options, struct database **databasep)
{
	return refused();
}

const struct driver postgresql_driver = {.create = none_create, .open = none_open};

int store_transfer(const struct store_transfer *how, const char **wherep)
{
	*wherep = how->to;
	return refused();
}
