// SPDX-License-Identifier: Apache-2.0
/* The backend PostgreSQL: see driver.h of the store. Without libpq it refuses to open anything. */
#pragma once

struct driver;

extern const struct driver postgresql_driver;
