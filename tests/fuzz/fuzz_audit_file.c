// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of `cmfctl audit verify --file`: a file of the audit, with the store key that the
 * heads in the seeds have MACs of. Whatever stands in it, what is said to be proven was written:
 * make_audit_seeds.py says how many lines that are.
 */
#include "audit_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* Lines in each chain. */
static const json_int_t written[] = {0, 9, 5};

/* What is printed is not looked at. */
void ctl_error(const char *fmt, ...)
{
	(void)fmt;
}

int ctl_file_error(const char *path, int err)
{
	(void)path;
	MUST(err < 0);
	return CTL_FAULT;
}

/* A file of that content, under a path. */
static int file_make(const void *content, size_t len, char path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	MUST(fd >= 0 && write(fd, content, len) == (ssize_t)len);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static json_int_t number_of(const json_t *object, const char *name)
{
	MUST(json_is_integer(json_object_get(object, name)));
	return json_integer_value(json_object_get(object, name));
}

/* Returns how many lines are proven at most. */
static json_int_t chain_assert(const json_t *entry, bool has_key)
{
	json_int_t chain = number_of(entry, "chain"), proven = number_of(entry, "proven");

	MUST(chain >= 0 && number_of(entry, "from") >= 0 && proven <= number_of(entry, "to"));
	MUST(proven == 0 || (has_key && (size_t)chain < ARRAY_LEN(written)));
	MUST(proven == 0 || proven <= written[chain]);
	return proven;
}

static void report_assert(const json_t *report, bool has_key)
{
	json_int_t proven = number_of(report, "lines") - number_of(report, "lines_unproven");
	json_int_t provable = 0;
	const json_t *entry;
	size_t i;

	MUST(number_of(report, "lines") >= 0 && number_of(report, "heads_unproven") >= 0);
	MUST(number_of(report, "lines_missing") >= 0);
	json_array_foreach(json_object_get(report, "chains"), i, entry)
	{
		provable += chain_assert(entry, has_key);
	}
	/* Where something is wrong with a chain, what comes behind it is counted as neither. */
	if (json_array_size(json_object_get(report, "findings")) == 0)
		MUST(proven >= 0 && proven <= provable);
}

static void file_try(const char *path, const char *key)
{
	json_t *report = NULL;
	int status = audit_file_verify(path, key, &report);

	MUST(status == CTL_OK || status == CTL_REFUSED);
	MUST((status == CTL_OK) == (report != NULL));
	if (report)
		report_assert(report, key);
	json_decref(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32], key_path[32];
	int fd = file_make(data, size, path);
	int key = file_make(KEY "\n", sizeof(KEY), key_path);

	file_try(path, NULL);
	file_try(path, key_path);
	close(fd);
	close(key);
	return 0;
}
