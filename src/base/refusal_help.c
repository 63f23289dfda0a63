// SPDX-License-Identifier: Apache-2.0
/*
 * What stands behind every refusal, refusal_help_table.h, and how to find one by a code that
 * somebody has typed. The refusals themselves are refusal.c's.
 */
#include "base/refusal.h"

#include "base/cleanup.h"

#include <stdint.h>
#include <string.h>

/* Longer ones than any code are like none. */
enum { CODE_MAX = 64 };

/* Of so many changed characters that the others are not alike any more. */
enum { DISTANCE_MAX = 6 };

static const struct refusal_help rows[] = {
#define HELP(name, clause, advice) {REFUSAL_##name, SECTION, clause, advice},
#include "refusal_help_table.h"
#undef HELP
};

enum row {
#define HELP(name, clause, advice) ROW_##name,
#include "refusal_help_table.h"
#undef HELP
};

/* A refusal without a row, or with two, does not compile. */
const struct refusal_help *refusal_help(enum refusal_reason reason)
{
	switch (reason) {
#define HELP(name, clause, advice) \
	case REFUSAL_##name:       \
		return &rows[ROW_##name];
#include "refusal_help_table.h"
#undef HELP
	case REFUSAL_NONE:
	case REFUSAL_COUNT:
		break;
	}
	return NULL;
}

const struct refusal_help *refusal_help_rows(size_t *np)
{
	*np = ARRAY_LEN(rows);
	return rows;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Characters to insert, remove or change (Levenshtein); both texts are shorter than CODE_MAX. */
static size_t distance(const char *a, const char *b)
{
	size_t row[CODE_MAX], n = strlen(b), before, above;

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		before = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			above = row[j];
			row[j] = least(least(above, row[j - 1]) + 1,
				       before + (a[i - 1] != b[j - 1]));
			before = above;
		}
	}
	return row[n];
}

/* What holds the text whole is nearer than what differs. SIZE_MAX: unlike. */
static size_t unlikeness(const char *text, const char *code)
{
	size_t d;

	if (strstr(code, text))
		return strlen(code) > strlen(text);
	d = distance(text, code) + 1;
	return d <= DISTANCE_MAX && d < strlen(text) ? d : SIZE_MAX;
}

size_t refusal_nearest(const char *text, enum refusal_reason *reasons, size_t n)
{
	size_t found = 0;

	if (!*text || strlen(text) >= CODE_MAX)
		return 0;
	/* Few rows and few results: the nearest, then the next nearest. */
	for (size_t wanted = 0; wanted <= DISTANCE_MAX; wanted++)
		for (int i = REFUSAL_NONE + 1; i < REFUSAL_COUNT && found < n; i++)
			if (unlikeness(text, refusal_code((enum refusal_reason)i)) == wanted)
				reasons[found++] = (enum refusal_reason)i;
	return found;
}
