// SPDX-License-Identifier: Apache-2.0
/*
 * subjectIds from the command line and from files.
 */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A million identifiers of 64 characters. */
enum { SUBJECT_FILE_MAX = 64 << 20 };

int ctl_subjects_add(struct ctl_subjects *subjects, const char *id)
{
	if (subjects->len == subjects->size) {
		size_t size = subjects->size ? 2 * subjects->size : 64;
		char **item = reallocarray(subjects->item, size, sizeof(*item));

		if (!item)
			return ctl_file_error("subjectIds", -ENOMEM);
		subjects->item = item;
		subjects->size = size;
	}
	subjects->item[subjects->len] = strdup(id);
	if (!subjects->item[subjects->len])
		return ctl_file_error("subjectIds", -ENOMEM);
	subjects->len++;
	return CTL_OK;
}

int ctl_subjects_read(struct ctl_subjects *subjects, const char *path)
{
	_cleanup_(freep) char *text = NULL;
	char *line, *next;
	int status = ctl_text_read(path, SUBJECT_FILE_MAX, &text);

	for (next = text; !status && (line = strsep(&next, "\n"));) {
		size_t len;

		line += strspn(line, " \t");
		len = strlen(line);
		while (len && strchr(" \t\r", line[len - 1]))
			line[--len] = '\0';
		if (len && *line != '#')
			status = ctl_subjects_add(subjects, line);
	}
	return status;
}

void ctl_subjects_clear(struct ctl_subjects *subjects)
{
	for (size_t i = 0; i < subjects->len; i++)
		free(subjects->item[i]);
	free(subjects->item);
	*subjects = (struct ctl_subjects){0};
}

void ctl_subjects_progress(size_t done, size_t total)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rregistered %zu of %zu%s", done, total,
			done == total ? "\n" : "");
}
