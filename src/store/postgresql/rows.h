// SPDX-License-Identifier: Apache-2.0
/* Values in the rows of libpq's results, which were asked for in binary. */
#pragma once

#include "value.h"

#include <libpq-fe.h>

/* Text and octets are borrowed from the result. */
struct value rows_value(const PGresult *result, int row, int column);
