// SPDX-License-Identifier: Apache-2.0
/*
 * Messages in tests/vectors/good and bad, and octets written as hex, for the tests of asn1/ and
 * cmp/.
 */
#pragma once

#include "base/bytes.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* From good/ or bad/. The caller owns the octets. */
static inline struct octets vector_read_of(const char *directory, const char *name)
{
	struct octets o = OCTETS_NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s/%s.der", VECTORS_DIR, directory, name);
	ck_assert_msg(file_read(path, 1 << 20, &o) == 0, "cannot read %s", path);
	return o;
}

/* A good one. */
static inline struct octets vector_read(const char *name)
{
	return vector_read_of("good", name);
}

/* That every file there is known by its name without ".der". */
static inline void vectors_each(const char *directory, bool (*known)(const char *name))
{
	char path[512];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", VECTORS_DIR, directory);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		char *end = strstr(entry->d_name, ".der");

		if (!end)
			continue;
		*end = '\0';
		ck_assert_msg(known(entry->d_name), "%s/%s is in no table", directory,
			      entry->d_name);
	}
	closedir(dir);
}
