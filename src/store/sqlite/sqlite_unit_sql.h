// SPDX-License-Identifier: Apache-2.0
/* The statements of SQLite by which changes are made; see change_table.h. */
#pragma once

#include "unit.h"

extern const char *const sqlite_unit_sql[CHANGE_KINDS];
