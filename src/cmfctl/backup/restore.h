// SPDX-License-Identifier: Apache-2.0
/* A restore while it is made. Private to restore.c and configuration.c. */
#pragma once

#include "backup.h"
#include "conf.h"

struct restore_args {
	const char *file;
	char *dir;
	const char *passphrase_file;
	const char *audit;
};

struct restore {
	const struct restore_args *args;
	json_t *manifest;
	const char *configuration; /* of the manifest, as what follows */
	const char *database;
	int64_t created_ms;
	json_t *laid_out; /* names of files, and their digests */
	struct octets keys;
	json_t *changed; /* in the configuration */
	json_t *missing; /* what it names and is not there */
	json_t *crls;    /* "ca", "above" */
	json_t *known;   /* lines of the audit that the backup has */
	json_t *since;   /* of the audit that was exported; NULL: there was none */
	int64_t now_ms;
};

static inline const char *member_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/*
 * Makes the configuration in `stage` name nothing outside of that, and reads it (the caller frees
 * it); what it changed and what is not there is noted. An exit code, said.
 */
_must_check_ int restore_configuration(struct restore *r, const char *stage, struct conf **confp);
