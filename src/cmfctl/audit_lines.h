// SPDX-License-Identifier: Apache-2.0
/* The lines of a file of the audit, for whoever follows or compares them. */
#pragma once

#include "ctl.h"

/*
 * An object of the file, borrowed, and the number of its line. 0, an exit code whose reason was
 * printed, or a negative errno; -EBADMSG: it is no line of an audit. What is not 0 ends the walk.
 */
typedef int audit_line_each(void *arg, const json_t *object, size_t number);

/*
 * Reads what was exported, or what [audit] file or heads say ("-": standard input). An exit code;
 * what is wrong with the file, or was returned as an errno, is printed.
 */
_must_check_ int audit_lines_read(const char *path, audit_line_each *each, void *arg);
