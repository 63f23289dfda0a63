// SPDX-License-Identifier: Apache-2.0
/*
 * Messages in tests/vectors/ and octets written as hex, for the tests of asn1/ and cmp/.
 */
#pragma once

#include "base/bytes.h"

#include <check.h>
#include <stdio.h>

/* The caller owns the octets. */
static inline struct octets vector_read(const char *name)
{
	struct octets o = OCTETS_NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.der", VECTORS_DIR, name);
	ck_assert_msg(file_read(path, 1 << 20, &o) == 0, "cannot read %s", path);
	return o;
}
