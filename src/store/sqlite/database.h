// SPDX-License-Identifier: Apache-2.0
/* A database of SQLite: created, opened with its schema brought up to date, and looked after. */
#pragma once

#include "database_files.h"
#include "sqlite_db.h"
#include "store.h"

struct database {
	char *name; /* as it was given */
	char *path; /* without symbolic links: SQLite names its other files after that */
	int lock;   /* -1: not served */
	struct database_files *files; /* noted when the first connection is there */
};

/* As the functions of struct driver. */
_must_check_ int database_create(const struct store_options *options);
_must_check_ int database_open(const struct store_options *options, struct database **databasep);
void database_close(struct database *database);
_must_check_ int database_copy(const struct store_options *options, const char *to);
_must_check_ int database_moved_to(const struct store_options *options, char **top);
int64_t database_server(const struct store_options *options);
bool database_alone(const struct database *database);
_must_check_ int database_look(struct database *database);
_must_check_ int database_looked(struct database *database);

/* Notes which files there are, while a connection holds them. */
_must_check_ int database_note_files(struct database *database);
