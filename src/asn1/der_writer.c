// SPDX-License-Identifier: Apache-2.0
/*
 * Writing DER back to front. The caller knows the schema; order of SET OF is its concern.
 */
#include "asn1/der.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <time.h>

/* Holds a certificate or a small message without growing. */
#define WRITER_SIZE_FIRST 1024

/* RFC 5280 4.1.2.5: UTCTime through the year 2049; its two digits begin with 1950. */
#define YEAR_UTC_TIME_FIRST 1950
#define YEAR_UTC_TIME_LAST  2049

/* Without the hole. */
static size_t written_len(const struct der_writer *w)
{
	return w->size - w->start;
}

size_t der_mark(const struct der_writer *w)
{
	return written_len(w) + w->hole;
}

static void buffer_free(const struct der_writer *w)
{
	if (w->secret && w->buffer)
		OPENSSL_cleanse(w->buffer, w->size);
	free(w->buffer);
}

/* Makes room for `len` octets in front. */
static bool writer_reserve(struct der_writer *w, size_t len)
{
	size_t used = written_len(w);
	size_t size = w->size ? w->size : WRITER_SIZE_FIRST;
	uint8_t *buffer;

	if (w->failed || len <= w->start)
		return !w->failed;
	while (size - used < len) {
		if (size > SIZE_MAX / 2) {
			w->failed = true;
			return false;
		}
		size *= 2;
	}
	buffer = malloc(size);
	if (!buffer) {
		w->failed = true;
		return false;
	}
	if (used)
		memcpy(buffer + size - used, w->buffer + w->start, used);
	buffer_free(w);
	w->buffer = buffer;
	w->size = size;
	w->start = size - used;
	return true;
}

void der_put(struct der_writer *w, struct bytes octets)
{
	if (octets.len == 0 || !writer_reserve(w, octets.len))
		return;
	w->start -= octets.len;
	memcpy(w->buffer + w->start, octets.data, octets.len);
}

void der_put_hole(struct der_writer *w, size_t len)
{
	w->hole = len;
	w->behind_hole = written_len(w);
}

size_t der_hole_at(const struct der_writer *w)
{
	return written_len(w) - w->behind_hole;
}

void der_put_header(struct der_writer *w, uint8_t tag, size_t mark)
{
	size_t len = der_mark(w) - mark;
	uint8_t header[2 + sizeof(len)];
	size_t at = sizeof(header);

	if (w->failed)
		return;
	if (len < 0x80) {
		header[--at] = (uint8_t)len;
	} else {
		uint8_t n = 0;

		for (; len > 0; len >>= 8, n++)
			header[--at] = (uint8_t)len;
		header[--at] = 0x80 | n;
	}
	header[--at] = tag;
	der_put(w, (struct bytes){header + at, sizeof(header) - at});
}

void der_put_value(struct der_writer *w, uint8_t tag, struct bytes content)
{
	size_t mark = der_mark(w);

	der_put(w, content);
	der_put_header(w, tag, mark);
}

void der_put_unsigned(struct der_writer *w, struct bytes magnitude)
{
	size_t mark = der_mark(w);

	while (magnitude.len > 1 && magnitude.data[0] == 0) {
		magnitude.data++;
		magnitude.len--;
	}
	der_put(w, magnitude);
	if (magnitude.len == 0 || (magnitude.data[0] & 0x80))
		der_put(w, (struct bytes){(const uint8_t *)"", 1});
	der_put_header(w, 0x02, mark);
}

void der_put_integer(struct der_writer *w, int64_t number)
{
	uint8_t octets[sizeof(number)];
	size_t at = sizeof(octets);
	bool negative = number < 0;

	/* Until what is left is the sign, and the first bit says so. */
	do {
		octets[--at] = (uint8_t)number;
		number >>= 8;
	} while (at > 0 && (number != (negative ? -1 : 0) || negative != (octets[at] >> 7)));
	der_put_value(w, 0x02, (struct bytes){octets + at, sizeof(octets) - at});
}

/* Floor, so that a time before the epoch is not rounded up. */
static void calendar_of(int64_t ms, struct tm *tmp)
{
	time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));

	gmtime_r(&seconds, tmp);
}

static void put_digits(uint8_t **pp, int number, int digits)
{
	uint8_t *p = *pp + digits;

	*pp = p;
	for (; digits > 0; digits--, number /= 10)
		*--p = (uint8_t)('0' + number % 10);
}

static void put_time(struct der_writer *w, uint8_t tag, const struct tm *tm, int year_digits)
{
	uint8_t text[15];
	uint8_t *p = text;

	put_digits(&p, tm->tm_year + 1900, year_digits);
	put_digits(&p, tm->tm_mon + 1, 2);
	put_digits(&p, tm->tm_mday, 2);
	put_digits(&p, tm->tm_hour, 2);
	put_digits(&p, tm->tm_min, 2);
	put_digits(&p, tm->tm_sec, 2);
	*p++ = 'Z';
	der_put_value(w, tag, (struct bytes){text, (size_t)(p - text)});
}

void der_put_generalized_time(struct der_writer *w, int64_t ms)
{
	struct tm tm;

	calendar_of(ms, &tm);
	put_time(w, 0x18, &tm, 4);
}

void der_put_time(struct der_writer *w, int64_t ms)
{
	struct tm tm;

	calendar_of(ms, &tm);
	if (tm.tm_year + 1900 >= YEAR_UTC_TIME_FIRST && tm.tm_year + 1900 <= YEAR_UTC_TIME_LAST)
		put_time(w, 0x17, &tm, 2);
	else
		put_time(w, 0x18, &tm, 4);
}

struct bytes der_written(const struct der_writer *w)
{
	return w->failed || !w->buffer ? BYTES_NULL
				       : (struct bytes){w->buffer + w->start, written_len(w)};
}

int der_writer_take(struct der_writer *w, struct octets *outp)
{
	size_t len = written_len(w);

	if (w->failed || !w->buffer) {
		der_writer_clear(w);
		return -ENOMEM;
	}
	memmove(w->buffer, w->buffer + w->start, len);
	if (w->secret)
		OPENSSL_cleanse(w->buffer + len, w->size - len);
	*outp = (struct octets){w->buffer, len};
	*w = DER_WRITER_NULL;
	return 0;
}

void der_writer_clear(struct der_writer *w)
{
	buffer_free(w);
	*w = DER_WRITER_NULL;
}
