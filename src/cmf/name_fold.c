// SPDX-License-Identifier: Apache-2.0
/* Names as they compare. See name_fold.h. */
#include "name_fold.h"

#include "base/cleanup.h"

#include <errno.h>
#include <openssl/asn1.h>
#include <string.h>

typedef uint32_t code_point;

/* A label of the DNS has 63 octets at most, and so no more letters. RFC 1035 2.3.4 */
enum { LABEL_MAX = 63, UTF8_LEN_MAX = 4, CODE_POINT_END = 0x110000 };

/* --- letters --- */

/* Upper case of the scripts whose lower case stands in the same order, and full width. */
static const struct range {
	code_point first, last;
	int32_t distance;
} ranges[] = {
	{'A', 'Z', 0x20},     {0xc0, 0xd6, 0x20},   {0xd8, 0xde, 0x20},
	{0x391, 0x3a9, 0x20}, {0x400, 0x40f, 0x50}, {0x410, 0x42f, 0x20},
};

/* 0: it says nothing. */
static code_point letter_fold(code_point c)
{
	if (c >= 0xff01 && c <= 0xff5e)
		c -= 0xff01 - '!';
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return (code_point)((int64_t)c + ranges[i].distance);
	switch (c) {
	case 0x3002: /* the dots of RFC 3490 3.1 */
	case 0xff61:
		return '.';
	case '\t':
	case '\n':
	case '\r':
	case 0xa0:
	case 0x2007:
	case 0x202f:
	case 0x3000:
		return ' ';
	case 0xad: /* RFC 4518 2.2: mapped to nothing */
	case 0x200b:
	case 0x200c:
	case 0x200d:
	case 0x2060:
	case 0xfeff:
		return 0;
	default:
		return c >= 0x2000 && c <= 0x200a ? ' ' : c;
	}
}

/* --- Punycode, RFC 3492 6.2 --- */

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, N = 0x80 };

static int digit_of(code_point c)
{
	if (c >= 'a' && c <= 'z')
		return (int)c - 'a';
	return c >= '0' && c <= '9' ? (int)c - '0' + 26 : -1;
}

static uint32_t bias_adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* A number of variable length; false if it is none. *inp moves behind it. */
static bool delta_read(const code_point **inp, const code_point *end, uint32_t bias, uint32_t *ip)
{
	uint64_t weight = 1, i = *ip;

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
		int digit = *inp < end ? digit_of(*(*inp)++) : -1;

		if (digit < 0)
			return false;
		i += (uint64_t)digit * weight;
		if (i > UINT32_MAX)
			return false;
		if ((uint32_t)digit < t)
			break;
		weight *= BASE - t;
		if (weight > UINT32_MAX)
			return false;
	}
	*ip = (uint32_t)i;
	return true;
}

/* Letters of what stands behind "xn--"; 0 if it is no Punycode. */
static size_t punycode_decode(const code_point *in, size_t len, code_point out[LABEL_MAX])
{
	const code_point *end = in + len, *rest = in;
	uint32_t n = N, i = 0, bias = BIAS, points = 0;

	for (const code_point *p = in; p < end; p++)
		if (*p == '-')
			rest = p + 1;
	for (; in + points + 1 < rest; points++) {
		/* "fail on any non-basic code point" */
		if (in[points] >= N)
			return 0;
		out[points] = in[points];
	}
	while (rest < end) {
		uint32_t before = i;

		if (points == LABEL_MAX || !delta_read(&rest, end, bias, &i))
			return 0;
		points++;
		bias = bias_adapt(i - before, points, before == 0);
		if (i / points > CODE_POINT_END - n)
			return 0;
		n += i / points;
		i %= points;
		if (n >= CODE_POINT_END)
			return 0;
		memmove(out + i + 1, out + i, (points - 1 - i) * sizeof(*out));
		out[i++] = n;
	}
	return points;
}

/* --- names --- */

struct folding {
	code_point *point;
	size_t len;
};

/* The letters, folded, with one space where there were several. What is no UTF-8 stays octets. */
static void letters_read(struct bytes name, struct folding *f)
{
	for (size_t at = 0; at < name.len;) {
		unsigned long c;
		int n = UTF8_getc(name.data + at, (int)(name.len - at), &c);
		code_point folded = letter_fold(n > 0 ? (code_point)c : name.data[at]);

		at += n > 0 ? (size_t)n : 1;
		if (folded && (folded != ' ' || (f->len && f->point[f->len - 1] != ' ')))
			f->point[f->len++] = folded;
	}
	while (f->len && (f->point[f->len - 1] == ' ' || f->point[f->len - 1] == '.'))
		f->len--;
}

/* In its own letters, if it is in those of the DNS: never longer. */
static size_t label_decode(code_point *label, size_t len)
{
	static const code_point prefix[] = {'x', 'n', '-', '-'};
	code_point out[LABEL_MAX];
	size_t n = 0, kept = 0;

	if (len <= LABEL_MAX && len > ARRAY_LEN(prefix) &&
	    memcmp(label, prefix, sizeof(prefix)) == 0)
		n = punycode_decode(label + ARRAY_LEN(prefix), len - ARRAY_LEN(prefix), out);
	if (n == 0)
		return len;
	for (size_t i = 0; i < n; i++) {
		out[kept] = letter_fold(out[i]);
		kept += out[kept] != 0;
	}
	memcpy(label, out, kept * sizeof(*label));
	return kept;
}

static void labels_decode(struct folding *f)
{
	size_t to = 0, start = 0;

	for (size_t at = 0; at <= f->len; at++) {
		size_t len;

		if (at < f->len && f->point[at] != '.')
			continue;
		memmove(f->point + to, f->point + start, (at - start) * sizeof(*f->point));
		len = label_decode(f->point + to, at - start);
		to += len;
		if (at < f->len)
			f->point[to++] = '.';
		start = at + 1;
	}
	f->len = to;
}

int name_fold(struct bytes name, char **foldedp)
{
	_cleanup_(freep) code_point *points = calloc(name.len + 1, sizeof(*points));
	struct folding f = {points, 0};
	char *text = malloc(UTF8_LEN_MAX * (name.len + 1) + 1), *end = text;

	if (!points || !text) {
		free(text);
		return -ENOMEM;
	}
	letters_read(name, &f);
	labels_decode(&f);
	for (size_t i = 0; i < f.len; i++) {
		int n = UTF8_putc((unsigned char *)end, UTF8_LEN_MAX, f.point[i]);

		/* A surrogate has no octets. */
		end += n > 0 ? n : 0;
	}
	*end = '\0';
	*foldedp = text;
	return 0;
}

bool name_covers(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*'), *dot = strchr(pattern, '.');
	const char *name_dot = strchr(name, '.');
	size_t before, behind, label;

	if (!star || !dot || star > dot || !name_dot || strcmp(dot, name_dot) != 0)
		return false;
	before = (size_t)(star - pattern);
	behind = (size_t)(dot - star) - 1;
	label = (size_t)(name_dot - name);
	return label >= before + behind && memcmp(pattern, name, before) == 0 &&
	       memcmp(star + 1, name_dot - behind, behind) == 0;
}
