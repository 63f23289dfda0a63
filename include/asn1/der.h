// SPDX-License-Identifier: Apache-2.0
/*
 * Strict DER: a check over received octets before any template sees them, reading values one by
 * one, and writing them without templates. OpenSSL's d2i accepts BER; CMP messages are DER
 * (RFC 4210 5.1, RFC 9483 3.5), and a re-encoding must give what came.
 */
#pragma once

#include "base/bytes.h"

/*
 * No real CMP message nests deeper than about 20; the limits bound work on hostile input. A Name is
 * a SEQUENCE of SETs, and none has so many attributes; each costs a microsecond or more to decode
 * and to bring into the form that is compared (RFC 5280 7.1).
 */
enum { DER_DEPTH_MAX = 32, DER_ELEMENTS_MAX = 65536, DER_ATTRIBUTES_MAX = 32 };

/*
 * 0 if `in` is exactly one DER value: definite minimal lengths, minimal INTEGERs, BOOLEAN 0 or FF,
 * primitive strings, zero unused bits, ascending SET OF, no trailing octets, within the limits.
 * -EMSGSIZE if a Name has more than DER_ATTRIBUTES_MAX attributes; -EBADMSG otherwise. Allocates
 * nothing.
 */
_must_check_ int der_check(struct bytes in);

/* Where octets are no DER, and why: the element at `offset` breaks the rule. */
struct der_problem {
	size_t offset;
	size_t missing;   /* octets that the element has too many for what it lies in; 0: none */
	const char *rule; /* for people; static */
};

/* The same as der_check(), with the first problem there is. */
_must_check_ int der_check_why(struct bytes in, struct der_problem *problem);

/*
 * The rule of der_check() that contents break which stand under another tag than that of their
 * universal type, whose number is below 31; NULL: none. Their elements have passed der_check().
 */
const char *der_hidden_rule(uint8_t number, bool constructed, struct bytes content);

/*
 * Splits the value at the front of *in: its whole encoding to *tlvp, *contentp gets the contents,
 * and *in moves behind it. tag is the identifier octet (low-tag form only). -EBADMSG if malformed,
 * -ENODATA at the end of *in.
 */
_must_check_ int der_next(struct bytes *in, uint8_t *tagp, struct bytes *tlvp,
			  struct bytes *contentp);

/*
 * Writing DER back to front: contents first, then the header in front of them, whose length is
 * known by then. The buffer grows; a failed allocation is remembered and told by der_writer_take().
 *
 *	size_t mark = der_mark(&w);
 *	der_put(&w, last); der_put(&w, first);
 *	der_put_header(&w, 0x30, mark);
 */
struct der_writer {
	uint8_t *buffer;
	size_t size;
	size_t start; /* what is written lies in buffer[start..size) */
	bool failed;
	bool secret; /* set before writing a private key: memory is wiped when it is freed */
	/* Octets that count but are not here; so many of those here stand behind them. */
	size_t hole;
	size_t behind_hole;
};

#define DER_WRITER_NULL ((struct der_writer){0})

/* Octets written so far, with the hole: for der_put_header(). */
size_t der_mark(const struct der_writer *w);
/* Puts octets in front of what is written. */
void der_put(struct der_writer *w, struct bytes octets);
/*
 * Leaves `len` octets out, which will be put there by whoever sends what is written: lengths count
 * them. At most once.
 */
void der_put_hole(struct der_writer *w, size_t len);
/* Where among the octets written the hole is. */
size_t der_hole_at(const struct der_writer *w);
/* Puts identifier octet and length of all that was written since `mark` in front of it. */
void der_put_header(struct der_writer *w, uint8_t tag, size_t mark);
/* A whole primitive value. */
void der_put_value(struct der_writer *w, uint8_t tag, struct bytes content);
/* INTEGER of a magnitude, big-endian: leading zeros are dropped, a sign octet added if needed. */
void der_put_unsigned(struct der_writer *w, struct bytes magnitude);
/* INTEGER. */
void der_put_integer(struct der_writer *w, int64_t number);
/* GeneralizedTime of whole seconds; milliseconds are cut off. */
void der_put_generalized_time(struct der_writer *w, int64_t ms);
/* Time of RFC 5280 4.1.2.5: UTCTime until 2049, then GeneralizedTime. */
void der_put_time(struct der_writer *w, int64_t ms);
/* What is written so far; valid until the next put. */
struct bytes der_written(const struct der_writer *w);
/* Moves the result to *outp, which the caller owns. 0 or -ENOMEM. Clears the writer either way. */
_must_check_ int der_writer_take(struct der_writer *w, struct octets *outp);
void der_writer_clear(struct der_writer *w);
