// SPDX-License-Identifier: Apache-2.0
/* The backends of a store that was built without libpq. */
#include "fixture.h"

const struct store_backend *const backends[] = {&backend_sqlite};
int backends_count = 1;

void backends_begin(void)
{
}

void backends_end(void)
{
}

TCase *postgresql_cases(void)
{
	return tcase_create("postgresql");
}

TCase *postgresql_server_cases(void)
{
	return tcase_create("postgresql_server");
}

TCase *postgresql_schema_cases(void)
{
	return tcase_create("postgresql_schema");
}
