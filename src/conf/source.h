// SPDX-License-Identifier: Apache-2.0
/*
 * The text of a configuration file: its sections and keys in order, and what NCONF silently lets
 * pass (a key or section twice). NCONF reads the values; it keeps no order of sections, merges
 * duplicates, and NCONF_get_string() falls back to [default], so it is asked by section only.
 */
#pragma once

#include "base/cleanup.h"
#include "problems.h"

#include <openssl/conf.h>
#include <stdbool.h>

struct conf_source_section {
	char *full; /* as in the brackets */
	char *kind; /* the first word of it */
	char *name; /* the rest, "" without one */
	bool used;  /* something refers to it */
	char **keys;
	char **texts; /* what stands behind each key, as it is there: '=', variables, comment */
	size_t n_keys;
};

struct conf_source {
	char *text;
	CONF *nconf;
	/* The first is [default]: what stands before any section. */
	struct conf_source_section *sections;
	size_t n_sections;
};

/* Returns 0, -EINVAL when the file has no usable syntax, or another negative errno. */
_must_check_ int conf_source_read(const char *path, struct conf_problems *problems,
				  struct conf_source *sourcep);
void conf_source_clear(struct conf_source *source);

/* NULL: none. `name` is "" for sections without a name. */
struct conf_source_section *conf_source_find(struct conf_source *source, const char *kind,
					     const char *name);
/* The same by what stands in the brackets. */
struct conf_source_section *conf_source_find_full(struct conf_source *source, const char *full);
/* The values of a section in the order of the file; NULL when it has none. Owned by the source. */
STACK_OF(CONF_VALUE) * conf_source_values(const struct conf_source *source,
					  const struct conf_source_section *section);
/* One value, NULL if the section (may be NULL) does not have it. */
const char *conf_source_value(const struct conf_source *source,
			      const struct conf_source_section *section, const char *key);
/*
 * The same of a file whose syntax is not usable, by what could be read of it: *valuep is a new
 * string, NULL where the value is not there, or is more than plain text. Returns 0 or -ENOMEM.
 */
_must_check_ int conf_source_guess(const struct conf_source_section *section, const char *key,
				   char **valuep);
/* Marks an extension section and all sections that its values name (@section, SEQUENCE:section). */
void conf_source_use(struct conf_source *source, struct conf_source_section *section);
/* Whether some value in the file uses $name. */
bool conf_source_has_variable(const struct conf_source *source, const char *name);
