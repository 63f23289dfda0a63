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

static int subjects_grow(struct ctl_subjects *subjects)
{
	size_t size = subjects->size ? 2 * subjects->size : 64;
	char **item = reallocarray(subjects->item, size, sizeof(*item));
	struct ctl_subject_place *place;

	if (!item)
		return ctl_file_error("subjectIds", -ENOMEM);
	subjects->item = item;
	place = reallocarray(subjects->place, size, sizeof(*place));
	if (!place)
		return ctl_file_error("subjectIds", -ENOMEM);
	subjects->place = place;
	subjects->size = size;
	return CTL_OK;
}

int ctl_subjects_add(struct ctl_subjects *subjects, const char *id, struct ctl_subject_place place)
{
	int status = subjects->len == subjects->size ? subjects_grow(subjects) : CTL_OK;

	if (status)
		return status;
	subjects->place[subjects->len] = place;
	subjects->item[subjects->len] = strdup(id);
	if (!subjects->item[subjects->len])
		return ctl_file_error("subjectIds", -ENOMEM);
	subjects->len++;
	return CTL_OK;
}

int ctl_subjects_read(struct ctl_subjects *subjects, const char *path)
{
	_cleanup_(freep) char *text = NULL;
	struct ctl_subject_place place = {strcmp(path, "-") == 0 ? "standard input" : path, 0};
	char *line, *next;
	int status = ctl_text_read(path, SUBJECT_FILE_MAX, &text);

	for (next = text; !status && (line = strsep(&next, "\n"));) {
		size_t len;

		place.line++;
		line += strspn(line, " \t");
		len = strlen(line);
		while (len && strchr(" \t\r", line[len - 1]))
			line[--len] = '\0';
		if (len && *line != '#')
			status = ctl_subjects_add(subjects, line, place);
	}
	return status;
}

void ctl_subjects_clear(struct ctl_subjects *subjects)
{
	for (size_t i = 0; i < subjects->len; i++)
		free(subjects->item[i]);
	free(subjects->item);
	free(subjects->place);
	*subjects = (struct ctl_subjects){0};
}

void ctl_subjects_progress(const char *what, size_t done, size_t total)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s %zu of %zu%s", what, done, total, done == total ? "\n" : "");
}

void ctl_subjects_problems(const struct ctl_subjects *subjects, size_t from, const json_t *problem)
{
	json_t *subject;
	size_t i;

	json_array_foreach(json_object_get(problem, "subjects"), i, subject)
	{
		size_t at = from + (size_t)json_integer_value(json_object_get(subject, "index"));
		const char *detail = json_string_value(json_object_get(subject, "detail"));

		if (at >= subjects->len)
			continue;
		if (subjects->place[at].file)
			ctl_error("%s:%zu: %s: %s", subjects->place[at].file,
				  subjects->place[at].line, subjects->item[at], detail);
		else
			ctl_error("%s: %s", subjects->item[at], detail);
	}
}
