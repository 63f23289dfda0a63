// SPDX-License-Identifier: Apache-2.0
/* Names as they compare. See name_fold.h. */
#include "base/name_fold.h"

#include "base/cleanup.h"

#include <errno.h>
#include <openssl/asn1.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>

typedef uint32_t code_point;

/* A label of the DNS has 63 octets at most, and so no more letters. RFC 1035 2.3.4 */
enum { LABEL_MAX = 63, UTF8_LEN_MAX = 4, CODE_POINT_END = 0x110000 };

/* --- letters --- */

struct folding {
	code_point *point;
	size_t len;
};

static bool is_space(code_point c)
{
	return uc_is_property_white_space(c);
}

/* RFC 4518 2.2: what is mapped to nothing. */
static bool says_nothing(code_point c)
{
	return uc_is_property_default_ignorable_code_point(c);
}

/* RFC 4518 2.3: compatible forms are one, and so are both cases, in whatever script. */
static int unicode_fold(struct folding *f)
{
	size_t len;
	code_point *folded = u32_casefold(f->point, f->len, NULL, UNINORM_NFKC, NULL, &len);

	if (!folded)
		return -ENOMEM;
	free(f->point);
	*f = (struct folding){folded, len};
	return 0;
}

static bool ascii_fold(struct folding *f)
{
	for (size_t i = 0; i < f->len; i++) {
		if (f->point[i] >= 0x80)
			return false;
		if (f->point[i] >= 'A' && f->point[i] <= 'Z')
			f->point[i] += 'a' - 'A';
	}
	return true;
}

/* What is mapped to nothing goes, several spaces are one, and none stands first or last. */
static void spaces_fold(struct folding *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->len; i++) {
		code_point c = f->point[i];

		if (is_space(c))
			c = ' ';
		else if (c == 0x3002) /* RFC 3490 3.1: a dot; 0xff61 is another form of it */
			c = '.';
		if (says_nothing(c) || (c == ' ' && (!kept || f->point[kept - 1] == ' ')))
			continue;
		f->point[kept++] = c;
	}
	while (kept && (f->point[kept - 1] == ' ' || f->point[kept - 1] == '.'))
		kept--;
	f->len = kept;
}

static int letters_fold(struct folding *f)
{
	int err = 0;

	/* Twice: what is folded and normalised may have letters to fold again (Unicode 3.13, D147).
	 */
	if (!ascii_fold(f))
		for (int i = 0; err == 0 && f->len && i < 2; i++)
			err = unicode_fold(f);
	if (err == 0)
		spaces_fold(f);
	return err;
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
		/* RFC 3629 3: a surrogate is no letter. */
		if (n >= CODE_POINT_END || (n >= 0xd800 && n <= 0xdfff))
			return 0;
		memmove(out + i + 1, out + i, (points - 1 - i) * sizeof(*out));
		out[i++] = n;
	}
	return points;
}

/* --- names --- */

/* What is no UTF-8 stays octets. */
static void letters_read(struct bytes name, struct folding *f)
{
	for (size_t at = 0; at < name.len;) {
		unsigned long c;
		int n = UTF8_getc(name.data + at, (int)(name.len - at), &c);

		if (n <= 0 || c >= CODE_POINT_END) {
			c = name.data[at];
			n = 1;
		}
		f->point[f->len++] = (code_point)c;
		at += (size_t)n;
	}
}

/* In its own letters, if it is in those of the DNS: never longer. */
static size_t label_decode(code_point *label, size_t len)
{
	static const code_point prefix[] = {'x', 'n', '-', '-'};
	code_point out[LABEL_MAX];
	size_t n = 0;

	if (len <= LABEL_MAX && len > ARRAY_LEN(prefix) &&
	    memcmp(label, prefix, sizeof(prefix)) == 0)
		n = punycode_decode(label + ARRAY_LEN(prefix), len - ARRAY_LEN(prefix), out);
	if (n == 0)
		return len;
	memcpy(label, out, n * sizeof(*label));
	return n;
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

static int text_of(const struct folding *f, char **textp)
{
	char *text = malloc(UTF8_LEN_MAX * f->len + 1), *end = text;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < f->len; i++) {
		int n = UTF8_putc((unsigned char *)end, UTF8_LEN_MAX, f->point[i]);

		end += n > 0 ? n : 0;
	}
	*end = '\0';
	*textp = text;
	return 0;
}

int name_fold(struct bytes name, char **foldedp)
{
	struct folding f = {calloc(name.len + 1, sizeof(code_point)), 0};
	int err = f.point ? 0 : -ENOMEM;

	if (err == 0) {
		letters_read(name, &f);
		err = letters_fold(&f);
	}
	if (err == 0) {
		size_t len = f.len;

		labels_decode(&f);
		/* A label that was decoded has become shorter. */
		if (f.len != len)
			err = letters_fold(&f);
	}
	if (err == 0)
		err = text_of(&f, foldedp);
	free(f.point);
	return err;
}

/* The usual case, which needs no memory: the same letters of ASCII but for case. */
static bool same_ascii(struct bytes a, struct bytes b)
{
	return a.len == b.len &&
	       strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

bool names_equal(struct bytes a, struct bytes b)
{
	_cleanup_(freep) char *one = NULL;
	_cleanup_(freep) char *other = NULL;

	if (same_ascii(a, b))
		return true;
	return name_fold(a, &one) == 0 && name_fold(b, &other) == 0 && strcmp(one, other) == 0;
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
