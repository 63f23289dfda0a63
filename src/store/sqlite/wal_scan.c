// SPDX-License-Identifier: Apache-2.0
/* Reading a write-ahead log frame by frame. See wal_scan.h. */
#include "wal_scan.h"

#include "base/bytes.h"
#include "base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	HEADER_SIZE = 32,
	FRAME_HEADER_SIZE = 24,
	PAGE_SIZE_MIN = 512,
	PAGE_SIZE_MAX = 65536,
	FORMAT_VERSION = 3007000,
};

/* The low bit says that checksums are made of big-endian words. */
enum { MAGIC_MASK = 0x377f0682 };

struct checksum {
	uint32_t s0;
	uint32_t s1;
};

struct scan {
	uint32_t page_size;
	bool big_endian;
	uint8_t salts[8];
	/* Of what came last: the checksum that stands there, and the one that is right. */
	struct checksum stored;
	struct checksum computed;
	bool broken;       /* the first frame that is not whole was met, or the header is not */
	bool first_broken; /* it came last */
	bool ended;        /* what came last ended a transaction */
};

struct frame {
	uint32_t page;
	uint32_t database_pages; /* not 0: the end of a transaction */
	uint8_t salts[8];
	struct checksum stored;
	const uint8_t *octets; /* header and page */
};

static uint32_t big_endian_32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t little_endian_32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* len is a multiple of 8. */
static struct checksum checksum_add(struct checksum c, bool big_endian, const uint8_t *p,
				    size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint32_t x = big_endian ? big_endian_32(p + i) : little_endian_32(p + i);
		uint32_t y = big_endian ? big_endian_32(p + i + 4) : little_endian_32(p + i + 4);

		c.s0 += x + c.s1;
		c.s1 += y + c.s0;
	}
	return c;
}

static struct checksum checksum_read(const uint8_t *p)
{
	return (struct checksum){big_endian_32(p), big_endian_32(p + 4)};
}

static bool checksum_equal(struct checksum a, struct checksum b)
{
	return a.s0 == b.s0 && a.s1 == b.s1;
}

static bool page_size_ok(uint32_t size)
{
	return size >= PAGE_SIZE_MIN && size <= PAGE_SIZE_MAX && (size & (size - 1)) == 0;
}

/* What is damaged of the header is taken from elsewhere: frames say themselves whether they are
 * whole. */
static void header_read(struct scan *s, const uint8_t header[HEADER_SIZE])
{
	uint32_t page_size = big_endian_32(header + 8);

	s->big_endian = big_endian_32(header) == (MAGIC_MASK | 1);
	s->stored = checksum_read(header + 24);
	s->computed = checksum_add((struct checksum){0, 0}, s->big_endian, header, 24);
	memcpy(s->salts, header + 16, sizeof(s->salts));
	s->broken = (big_endian_32(header) & ~1U) != MAGIC_MASK ||
		    big_endian_32(header + 4) != FORMAT_VERSION || !page_size_ok(page_size) ||
		    !checksum_equal(s->stored, s->computed);
	s->first_broken = s->broken;
	if (!s->broken)
		s->page_size = page_size;
}

static struct frame frame_read(const uint8_t *octets)
{
	struct frame f = {
		.page = big_endian_32(octets),
		.database_pages = big_endian_32(octets + 4),
		.stored = checksum_read(octets + 16),
		.octets = octets,
	};

	memcpy(f.salts, octets + 8, sizeof(f.salts));
	return f;
}

static struct checksum frame_checksum(const struct scan *s, struct checksum before,
				      const struct frame *f)
{
	struct checksum c = checksum_add(before, s->big_endian, f->octets, 8);

	return checksum_add(c, s->big_endian, f->octets + FRAME_HEADER_SIZE, s->page_size);
}

/*
 * The frame is of this log, behind the one before it. Each frame's checksum goes on from the one
 * before, so it stands as long as that is known: behind the first broken frame as it was stored,
 * or, where that itself was damaged, as it should be.
 */
static bool frame_follows(struct scan *s, const struct frame *f, bool *salts_ok)
{
	struct checksum right = frame_checksum(s, s->stored, f);
	bool follows = checksum_equal(right, f->stored);

	if (!follows && s->first_broken) {
		right = frame_checksum(s, s->computed, f);
		follows = checksum_equal(right, f->stored);
	}
	s->computed = right;
	s->stored = f->stored;
	*salts_ok = memcmp(f->salts, s->salts, sizeof(s->salts)) == 0;
	return follows;
}

/* Where the header cannot be believed, the first frame says what else it would have said. */
static void header_guess(struct scan *s, const struct frame *first)
{
	memcpy(s->salts, first->salts, sizeof(s->salts));
	if (checksum_equal(frame_checksum(s, s->stored, first), first->stored))
		return;
	s->big_endian = !s->big_endian;
	if (!checksum_equal(frame_checksum(s, s->stored, first), first->stored))
		s->big_endian = !s->big_endian;
}

static void frame_add(struct scan *s, const struct frame *f, struct wal_report *report)
{
	bool salts_ok, follows = frame_follows(s, f, &salts_ok);
	bool whole = follows && salts_ok && f->page != 0;
	bool end = f->database_pages != 0;

	if (!s->broken && whole) {
		report->good++;
		return;
	}
	if (!s->broken) {
		/* The first one. If its checksum is right, or its salts are, it was this log's. */
		s->broken = s->first_broken = true;
		s->ended = end && (follows || salts_ok);
		if (follows || salts_ok)
			report->state = WAL_TORN;
	} else {
		if (whole && s->ended)
			report->state = WAL_DAMAGED;
		else if (whole && end && report->state != WAL_DAMAGED)
			report->state = WAL_DOUBTFUL;
		s->first_broken = false;
		s->ended = end && whole;
	}
	report->ends += s->ended;
}

int wal_scan(FILE *wal, uint32_t page_size, struct wal_report *reportp)
{
	struct scan s = {.page_size = page_size};
	_cleanup_(freep) uint8_t *octets = malloc(FRAME_HEADER_SIZE + PAGE_SIZE_MAX);
	uint8_t header[HEADER_SIZE];
	bool headless;
	size_t size;

	*reportp = (struct wal_report){.state = WAL_SOUND};
	if (!octets)
		return -ENOMEM;
	if (fread(header, 1, sizeof(header), wal) < sizeof(header))
		return ferror(wal) ? -EIO : 0;
	header_read(&s, header);
	if (!page_size_ok(s.page_size))
		return 0;
	headless = s.broken;
	size = FRAME_HEADER_SIZE + s.page_size;
	while (fread(octets, 1, size, wal) == size) {
		struct frame f = frame_read(octets);

		if (headless && s.first_broken)
			header_guess(&s, &f);
		frame_add(&s, &f, reportp);
	}
	if (ferror(wal))
		return -EIO;
	/* A header is on disk before the first frame is written: without it all of them are lost.
	 */
	if (headless && reportp->ends > 0)
		reportp->state = WAL_DAMAGED;
	return 0;
}
