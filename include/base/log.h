// SPDX-License-Identifier: Apache-2.0
/*
 * Structured log lines, logfmt or JSON, one event a line, to one sink for the process. Fields
 * carry the standards' names; values are escaped here, so untrusted text is safe to pass.
 * Secrets never come here. Thread-safe; a line is written by one write(2).
 */
#pragma once

#include "base/bytes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

/* A field: its value is text (may be NULL: left out), an integer, or octets shown in hex. */
struct log_field {
	const char *key;
	enum { LOG_VALUE_TEXT, LOG_VALUE_INT, LOG_VALUE_HEX } kind;
	const char *text;
	int64_t number;
	struct bytes octets;
};

#define F_TEXT(k, v) ((struct log_field){.key = (k), .kind = LOG_VALUE_TEXT, .text = (v)})
#define F_INT(k, v)  ((struct log_field){.key = (k), .kind = LOG_VALUE_INT, .number = (v)})
#define F_HEX(k, v)  ((struct log_field){.key = (k), .kind = LOG_VALUE_HEX, .octets = (v)})

/*
 * The number of an HTTP request, by which lines of the log and of the audit are joined, as 16
 * hexadecimal digits; "" for 0, which is none.
 */
enum { REQUEST_ID_SIZE = 17 };
void request_id_text(uint64_t id, char out[REQUEST_ID_SIZE]);

/*
 * Sets the sink: file descriptor, format, lowest level written. Before threads start, or at reload.
 * Where the descriptor is the journal's (JOURNAL_STREAM), each line begins with its priority.
 */
void log_setup(int fd, enum log_format format, enum log_level level);
bool log_enabled(enum log_level level);

void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t n);

/* log_event(LOG_LEVEL_INFO, "request", F_TEXT("client", name), F_INT("us", us)); */
#define log_event(level, event, ...)                                          \
	log_fields((level), (event), (const struct log_field[]){__VA_ARGS__}, \
		   sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

/*
 * Logs a fault where it happens: `what` was being done, `err` is a negative errno, `detail` may be
 * NULL. Drains OpenSSL's error queue into the line. Returns err, so that `return log_fault(...)`.
 * The same `what` and `err` again within a second is only counted: the next line of them, or
 * log_faults_tell(), has the number of those left out, `repeated`.
 */
int log_fault(const char *what, int err, const char *detail);
/* The same for a fault that lasts: one line in `interval_us`. */
int log_fault_every(int64_t interval_us, const char *what, int err, const char *detail);
/* Tells of the faults that were counted and have had no line since; `now_us` is monotonic. */
void log_faults_tell(int64_t now_us);
