// SPDX-License-Identifier: Apache-2.0
/*
 * Log lines: logfmt or JSON, one write(2) each. Rotation and filtering are the receiver's.
 */
#include "base/log.h"
#include "base/error.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "base/uri.h"
#include "base/visible.h"

#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The sink, the one mutable global of the program. Each part is read by itself: a line written
 * while a reload changes the format may still have the old one, which does no harm.
 */
static struct {
	atomic_int fd;
	_Atomic enum log_format format;
	_Atomic enum log_level level;
	atomic_bool journal; /* lines begin with their priority, sd-daemon(3) */
} log_sink = {STDERR_FILENO, LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, false};

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* As syslog(3) numbers them. */
static const char *const journal_priorities[] = {
	[LOG_LEVEL_ERROR] = "<3>",
	[LOG_LEVEL_WARNING] = "<4>",
	[LOG_LEVEL_INFO] = "<6>",
	[LOG_LEVEL_DEBUG] = "<7>",
};

/* Whether who reads there is the journal: systemd.exec(5), JOURNAL_STREAM. */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(fd, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

void log_setup(int fd, enum log_format format, enum log_level level)
{
	atomic_store(&log_sink.fd, fd);
	atomic_store(&log_sink.journal, is_journal(fd));
	atomic_store(&log_sink.format, format);
	atomic_store(&log_sink.level, level);
}

bool log_enabled(enum log_level level)
{
	return level <= atomic_load_explicit(&log_sink.level, memory_order_relaxed);
}

/*
 * The inside of a quoted string, by the rules of JSON (RFC 8259 7), for both formats: no value can
 * forge a line.
 */
static void add_escaped(struct strbuf *b, const char *text)
{
	while (*text) {
		char escape[VISIBLE_MAX];
		size_t skip, len = visible_length(text, escape, &skip);

		if (*text == '\n')
			strbuf_add(b, "\\n");
		else if (*text == '\t')
			strbuf_add(b, "\\t");
		else if (*text == '\r')
			strbuf_add(b, "\\r");
		else if (len == 0)
			strbuf_add(b, escape);
		else if (*text == '"' || *text == '\\')
			strbuf_printf(b, "\\%c", *text);
		else
			strbuf_add_n(b, text, len);
		text += len > 0 ? len : skip;
	}
}

static bool logfmt_needs_quotes(const char *text)
{
	if (*text == '\0')
		return true;
	for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
		if (*s <= ' ' || *s >= 0x7f || *s == '"' || *s == '=' || *s == '\\')
			return true;
	}
	return false;
}

static void add_key(struct strbuf *b, enum log_format format, const char *key)
{
	bool json = format == LOG_FORMAT_JSON;

	if (b->len > (json ? 1 : 0)) /* JSON has its brace there already */
		strbuf_add(b, json ? "," : " ");
	strbuf_add(b, json ? "\"" : "");
	strbuf_add(b, key);
	strbuf_add(b, json ? "\":" : "=");
}

static void add_text(struct strbuf *b, enum log_format format, const char *key, const char *text)
{
	bool quoted = format == LOG_FORMAT_JSON || logfmt_needs_quotes(text);

	add_key(b, format, key);
	if (!quoted) {
		strbuf_add(b, text);
		return;
	}
	strbuf_add(b, "\"");
	add_escaped(b, text);
	strbuf_add(b, "\"");
}

enum { HEX_OCTETS_AT_ONCE = 32 };

static void add_hex(struct strbuf *b, enum log_format format, const char *key, struct bytes octets)
{
	const char *quote = format == LOG_FORMAT_JSON ? "\"" : "";
	char hex[2 * HEX_OCTETS_AT_ONCE + 1];

	add_key(b, format, key);
	strbuf_add(b, quote);
	while (octets.len) {
		size_t n = octets.len < HEX_OCTETS_AT_ONCE ? octets.len : HEX_OCTETS_AT_ONCE;

		bytes_to_hex((struct bytes){octets.data, n}, hex);
		strbuf_add_n(b, hex, 2 * n);
		octets = (struct bytes){octets.data + n, octets.len - n};
	}
	strbuf_add(b, quote);
}

/* Each line has some; printf() costs ten times as much. */
static void add_number(struct strbuf *b, int64_t number)
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[21];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (number < 0)
		digits[--at] = '-';
	strbuf_add_n(b, digits + at, sizeof(digits) - at);
}

static void add_field(struct strbuf *b, enum log_format format, const struct log_field *field)
{
	switch (field->kind) {
	case LOG_VALUE_TEXT:
		if (field->text)
			add_text(b, format, field->key, field->text);
		return;
	case LOG_VALUE_INT:
		add_key(b, format, field->key);
		add_number(b, field->number);
		return;
	case LOG_VALUE_HEX:
		if (field->octets.len)
			add_hex(b, format, field->key, field->octets);
		return;
	}
}

static void add_time(struct strbuf *b, enum log_format format)
{
	const char *quote = format == LOG_FORMAT_JSON ? "\"" : "";
	int64_t now = clock_now_ms(&clock_system);
	int ms = (int)(now % 1000);
	char text[26];

	clock_format(now, text);
	/* The Z comes after the milliseconds. */
	text[19] = '.';
	text[20] = (char)('0' + ms / 100);
	text[21] = (char)('0' + ms / 10 % 10);
	text[22] = (char)('0' + ms % 10);
	text[23] = 'Z';
	add_key(b, format, "time");
	strbuf_add(b, quote);
	strbuf_add_n(b, text, 24);
	strbuf_add(b, quote);
}

static void sink_write(const char *text, size_t len)
{
	int fd = atomic_load(&log_sink.fd);

	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody to tell */
		text += n;
		len -= (size_t)n;
	}
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
	static const char no_memory[] = "level=error event=log_line_lost error=ENOMEM\n";
	enum log_format format = atomic_load(&log_sink.format);
	_cleanup_(strbuf_clear) struct strbuf line = STRBUF_NULL, priority = STRBUF_NULL;

	if (!log_enabled(level))
		return;
	if (format == LOG_FORMAT_JSON)
		strbuf_add(&line, "{");
	add_time(&line, format);
	add_text(&line, format, "level", level_names[level]);
	add_text(&line, format, "event", event);
	for (size_t i = 0; i < n; i++)
		add_field(&line, format, &fields[i]);
	strbuf_add(&line, format == LOG_FORMAT_JSON ? "}\n" : "\n");
	if (!line.failed) {
		uri_pin_mask(line.text);
		line.len = strlen(line.text);
	}
	if (atomic_load(&log_sink.journal))
		strbuf_printf(&priority, "%s%s", journal_priorities[level],
			      line.failed ? no_memory : line.text);
	if (priority.len > 0 && !priority.failed)
		sink_write(priority.text, priority.len);
	else if (line.failed)
		sink_write(no_memory, sizeof(no_memory) - 1);
	else
		sink_write(line.text, line.len);
}

/* Empties OpenSSL's error queue of this thread into `out`, oldest first. */
static void drain_openssl_errors(struct strbuf *out)
{
	const char *function, *data;
	unsigned long code;
	int flags;

	while ((code = ERR_get_error_all(NULL, NULL, &function, &data, &flags)) != 0) {
		char text[256];

		ERR_error_string_n(code, text, sizeof(text));
		strbuf_printf(out, "%s%s", out->len ? "; " : "", text);
		if (function && *function)
			strbuf_printf(out, " in %s", function);
		if ((flags & ERR_TXT_STRING) && data && *data)
			strbuf_printf(out, " (%s)", data);
	}
}

/* --- faults --- */

enum { FAULT_INTERVAL_US = 1000 * 1000 };

/* Kinds of faults at the same time; each is a place in the program and an errno, so they are few.
 */
enum { FAULTS = 64, FAULT_WHAT_MAX = 64 };

/* Part of the sink: what was told lately, so that a fault that repeats does not fill the disk. */
static struct {
	pthread_mutex_t mutex;
	struct fault {
		char what[FAULT_WHAT_MAX]; /* cut off */
		int err;                   /* 0: the place is free */
		int64_t until_us;          /* no line before */
		int64_t interval_us;
		uint64_t left_out;
	} fault[FAULTS];
} log_faults = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void fault_write(const char *what, int err, const char *detail, const char *openssl,
			uint64_t left_out)
{
	struct log_field fields[] = {
		F_TEXT("what", what),
		F_TEXT("error", error_text(err)),
		F_TEXT("detail", detail),
		F_TEXT("openssl", openssl),
		F_INT("repeated", (int64_t)left_out),
	};

	log_fields(LOG_LEVEL_ERROR, "fault", fields,
		   left_out > 0 ? ARRAY_LEN(fields) : ARRAY_LEN(fields) - 1);
}

static bool fault_is(const struct fault *fault, const char *what, int err)
{
	return fault->err == err && strncmp(fault->what, what, FAULT_WHAT_MAX - 1) == 0;
}

/* The place of that fault; else of the one whose line is the longest ago, which gives way. */
static struct fault *fault_find(const char *what, int err)
{
	struct fault *oldest = &log_faults.fault[0];

	for (size_t i = 0; i < FAULTS; i++) {
		struct fault *fault = &log_faults.fault[i];

		if (fault_is(fault, what, err))
			return fault;
		if (fault->until_us < oldest->until_us)
			oldest = fault;
	}
	return oldest;
}

/* Whether a line is due. *toldp: what the place knew before, to be told when it was counted. */
static bool fault_due(int64_t interval_us, const char *what, int err, struct fault *toldp)
{
	int64_t now_us = clock_monotonic_us();
	struct fault *fault;
	bool due;

	pthread_mutex_lock(&log_faults.mutex);
	fault = fault_find(what, err);
	due = !fault_is(fault, what, err) || now_us >= fault->until_us;
	*toldp = *fault;
	if (due) {
		*fault = (struct fault){
			.err = err, .until_us = now_us + interval_us, .interval_us = interval_us};
		snprintf(fault->what, sizeof(fault->what), "%s", what);
	} else {
		fault->left_out++;
	}
	pthread_mutex_unlock(&log_faults.mutex);
	return due;
}

int log_fault_every(int64_t interval_us, const char *what, int err, const char *detail)
{
	_cleanup_(strbuf_clear) struct strbuf openssl = STRBUF_NULL;
	struct fault told;
	uint64_t left_out = 0;

	drain_openssl_errors(&openssl);
	if (!fault_due(interval_us, what, err, &told))
		return err;
	if (fault_is(&told, what, err))
		left_out = told.left_out;
	else if (told.left_out > 0)
		fault_write(told.what, told.err, NULL, NULL, told.left_out);
	fault_write(what, err, detail, openssl.text, left_out);
	return err;
}

int log_fault(const char *what, int err, const char *detail)
{
	return log_fault_every(FAULT_INTERVAL_US, what, err, detail);
}

void log_faults_tell(int64_t now_us)
{
	for (size_t i = 0; i < FAULTS; i++) {
		struct fault *fault = &log_faults.fault[i], told = {0};

		pthread_mutex_lock(&log_faults.mutex);
		/* One that goes on tells it itself. */
		if (fault->left_out > 0 && now_us >= fault->until_us + fault->interval_us) {
			told = *fault;
			fault->left_out = 0;
		}
		pthread_mutex_unlock(&log_faults.mutex);
		if (told.left_out > 0)
			fault_write(told.what, told.err, NULL, NULL, told.left_out);
	}
}

void request_id_text(uint64_t id, char out[REQUEST_ID_SIZE])
{
	uint8_t octets[8];

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(id >> (56 - 8 * i));
	if (id)
		bytes_to_hex(BYTES_OF(octets), out);
}
