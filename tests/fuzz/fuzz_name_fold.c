// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzz target of name_fold(): a name. If it can be one label, it is the same in Punycode, which is
 * made here as RFC 3492 6.3 says.
 */
#include "base/name_fold.h"

#include <openssl/asn1.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* FOLDED_MAX: U+FDFA has three octets, and is eighteen letters. */
enum { FOLDED_MAX = 11 };
enum { LABEL_MAX = 63, BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700 };

static unsigned threshold(unsigned k, unsigned bias)
{
	return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

static unsigned bias_adapt(unsigned delta, unsigned points, bool first)
{
	unsigned k = 0;

	delta = first ? delta / DAMP : delta / 2;
	for (delta += delta / points; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

struct label {
	char text[2 * LABEL_MAX];
	size_t len;
};

static void digit_put(struct label *out, unsigned digit)
{
	if (out->len < sizeof(out->text))
		out->text[out->len++] = (char)(digit < 26 ? 'a' + digit : '0' + digit - 26);
}

static void number_put(struct label *out, unsigned q, unsigned bias)
{
	unsigned k, t;

	for (k = BASE; q >= (t = threshold(k, bias)); k += BASE) {
		digit_put(out, t + (q - t) % (BASE - t));
		q = (q - t) / (BASE - t);
	}
	digit_put(out, q);
}

/* The letters of that number go behind those that are smaller. */
static void letters_put(struct label *out, const unsigned long *point, size_t len)
{
	unsigned long n = 0x80, next;
	unsigned delta = 0, bias = 72, done = 0, basic;

	for (size_t i = 0; i < len; i++)
		done += point[i] < 0x80;
	for (basic = done; done < len; delta++, n++) {
		next = 0x110000;
		for (size_t i = 0; i < len; i++)
			if (point[i] >= n && point[i] < next)
				next = point[i];
		delta += (unsigned)(next - n) * (done + 1);
		n = next;
		for (size_t i = 0; i < len; i++) {
			delta += point[i] < n;
			if (point[i] != n)
				continue;
			number_put(out, delta, bias);
			bias = bias_adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
}

static void label_encode(struct label *out, const unsigned long *point, size_t len)
{
	bool basic = false;

	memcpy(out->text, "xn--", 4);
	out->len = 4;
	for (size_t i = 0; i < len; i++) {
		if (point[i] >= 0x80)
			continue;
		out->text[out->len++] = (char)point[i];
		basic = true;
	}
	if (basic)
		out->text[out->len++] = '-';
	letters_put(out, point, len);
}

/* Whether the letter stays one letter: no white space, no dot, not nothing. */
static bool letter_stays(const uint8_t *utf8, size_t n)
{
	char *folded;
	bool stays;

	MUST(!name_fold((struct bytes){utf8, n}, &folded));
	stays = *folded && *folded != ' ' && *folded != '.';
	free(folded);
	return stays;
}

/* Of full width, too: such a label is read as Punycode already. */
static bool has_prefix(struct bytes in)
{
	char *folded;
	bool has;

	MUST(!name_fold(in, &folded));
	has = strcmp(folded, "xn--") == 0;
	free(folded);
	return has;
}

/* Letters of the label; 0 if it is none that is written in two ways. */
static size_t label_read(struct bytes in, unsigned long point[LABEL_MAX])
{
	size_t len = 0;
	bool basic = true;

	for (size_t at = 0; at < in.len;) {
		unsigned long c;
		int n = UTF8_getc(in.data + at, (int)(in.len - at), &c);

		if (n <= 0 || c == 0 || len == LABEL_MAX || !letter_stays(in.data + at, (size_t)n))
			return 0;
		basic = basic && c < 0x80;
		point[len++] = c;
		at += (size_t)n;
		if (len == 4 && has_prefix((struct bytes){in.data, at}))
			return 0;
	}
	return basic ? 0 : len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned long point[LABEL_MAX];
	char *folded, *again;
	struct label label;
	size_t len;

	if (size > 512)
		return 0;
	MUST(!name_fold((struct bytes){data, size}, &folded));
	MUST(strlen(folded) <= FOLDED_MAX * size);
	MUST(!name_covers(folded, folded) || strchr(folded, '*'));
	len = label_read((struct bytes){data, size}, point);
	if (len) {
		label_encode(&label, point, len);
		if (label.len <= LABEL_MAX) {
			MUST(!name_fold((struct bytes){(uint8_t *)label.text, label.len}, &again));
			MUST(strcmp(folded, again) == 0);
			free(again);
		}
	}
	free(folded);
	return 0;
}
