// SPDX-License-Identifier: Apache-2.0
/*
 * Reads files of the audit: an object of JSON on each line. They come from elsewhere, so that a
 * line has a bound. What the lines say is for audit_file.c and audit_against.c.
 */
#include "audit_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No line of the audit is longer. */
enum { TEXT_MAX_LEN = 1024 * 1024 };

/* A line without its end. 0; -ENODATA: there is none; -EIO; -EBADMSG: it is too long. */
static int text_read(FILE *in, char text[TEXT_MAX_LEN], size_t *lenp)
{
	int c;

	*lenp = 0;
	while ((c = getc_unlocked(in)) != EOF && c != '\n') {
		if (*lenp == TEXT_MAX_LEN)
			return -EBADMSG;
		text[(*lenp)++] = (char)c;
	}
	if (c == EOF && ferror(in))
		return -EIO;
	return c == EOF && *lenp == 0 ? -ENODATA : 0;
}

static int text_give(const char *text, size_t len, size_t number, audit_line_each *each, void *arg)
{
	json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	int err = object ? each(arg, object, number) : -EBADMSG;

	json_decref(object);
	return err;
}

/* As audit_line_each. */
static int lines_give(FILE *in, size_t *numberp, audit_line_each *each, void *arg)
{
	char *text = malloc(TEXT_MAX_LEN);
	int err = text ? 0 : -ENOMEM;

	while (err == 0) {
		size_t len;

		++*numberp;
		err = text_read(in, text, &len);
		if (err == 0)
			err = text_give(text, len, *numberp, each, arg);
	}
	free(text);
	return err == -ENODATA ? 0 : err;
}

int audit_lines_read(const char *path, audit_line_each *each, void *arg)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t number = 0;
	int err;

	if (!in)
		return ctl_file_error(path, -errno);
	err = lines_give(in, &number, each, arg);
	if (in != stdin)
		fclose(in);
	if (err != -EBADMSG)
		return err < 0 ? ctl_file_error(path, err) : err;
	ctl_error("%s: line %zu is no line of an exported audit", path, number);
	return CTL_REFUSED;
}
