// SPDX-License-Identifier: Apache-2.0
/* The backend SQLite: see driver.h of the store. */
#pragma once

struct driver;

extern const struct driver sqlite_driver;
