// SPDX-License-Identifier: Apache-2.0
/*
 * A PostgreSQL server for the tests alone: made by initdb in a folder of its own, reached by a
 * socket there, run by a user that is not root, and gone with the program that started it.
 */
#pragma once

#include <stdbool.h>

/* Starts one, or finds out why there is none: false, and a sentence on stderr. Once in a program.
 */
bool pg_server_start(void);
void pg_server_stop(void);
/* The URL of a database there; owned. */
char *pg_server_url(const char *database);
/* Where it is: "" when there is none. For libpq's `host`. */
const char *pg_server_directory(void);
