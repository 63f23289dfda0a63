// SPDX-License-Identifier: Apache-2.0
/*
 * Writing lines to a file, to the system's log, and a file of its own into a directory, for
 * audit_sinks.c, which knows what they say and what to do when one cannot be written. Nothing here
 * waits longer than a second, but for a disk or a network file system that does not answer.
 */
#pragma once

#include "base/bytes.h"
#include "conf.h"

/* Opens it for appending, and makes it where there is none. A line that a crash has cut off is
 * taken away, for it comes again. The descriptor, or a negative errno. */
_must_check_ int audit_file_open(const char *path);
/* All of the text, which ends with a line, or nothing of it: 0 or a negative errno. */
_must_check_ int audit_file_write(int fd, struct bytes text);
/* It is on the disk, where there is one. */
_must_check_ int audit_file_sync(int fd);

/* The socket of the system's log. The descriptor, or a negative errno. */
_must_check_ int audit_syslog_open(const char *path);
/* A line, without its end. 0; -EMSGSIZE: the system's log takes none so long; a negative errno. */
_must_check_ int audit_syslog_write(int fd, enum conf_syslog facility, bool notice,
				    struct bytes line);

/* A file that is there whole or not at all. 0 or a negative errno. */
_must_check_ int audit_directory_write(const char *directory, const char *name, struct bytes text);
