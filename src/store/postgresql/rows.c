// SPDX-License-Identifier: Apache-2.0
/* See rows.h. */
#include "rows.h"

#include <endian.h>

/* Object identifiers of types, PostgreSQL's pg_type.dat. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT4 = 23 };

static int64_t number_of(const char *octets, int len)
{
	uint64_t eight;
	uint32_t four;

	if (len == (int)sizeof(eight)) {
		memcpy(&eight, octets, sizeof(eight));
		return (int64_t)be64toh(eight);
	}
	if (len == (int)sizeof(four)) {
		memcpy(&four, octets, sizeof(four));
		return (int32_t)be32toh(four);
	}
	return *octets;
}

struct value rows_value(const PGresult *result, int row, int column)
{
	struct value value = {.kind = VALUE_NULL};

	if (PQgetisnull(result, row, column))
		return value;
	value.data = PQgetvalue(result, row, column);
	value.len = (size_t)PQgetlength(result, row, column);
	switch (PQftype(result, column)) {
	case OID_BOOL:
	case OID_INT4:
	case OID_INT8:
		return value_int(number_of(value.data, (int)value.len));
	case OID_BYTEA:
		value.kind = VALUE_OCTETS;
		return value;
	default:
		value.kind = VALUE_TEXT;
		return value;
	}
}
