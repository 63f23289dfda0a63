// SPDX-License-Identifier: Apache-2.0
/*
 * Which characters may be shown to a person as they are. Quoting, and how wide they are, is for
 * those who write the lines.
 */
#include "base/visible.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at `s` (RFC 3629 4), 0 if it is none. */
static size_t utf8_length(const unsigned char *s, uint32_t *cp)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len;

	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	*cp = s[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) { /* stops at the NUL, which is no continuation */
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < smallest[len] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return len;
}

bool visible_is_utf8(const char *text)
{
	uint32_t cp;
	size_t len = 1;

	for (; *text && len > 0; text += len)
		len = utf8_length((const unsigned char *)text, &cp);
	return len > 0;
}

static bool is_hidden(uint32_t cp)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} ranges[] = {
		{0x00, 0x1f},       /* C0 */
		{0x7f, 0x9f},       /* DEL, C1 */
		{0xad, 0xad},       /* soft hyphen */
		{0x061c, 0x061c},   /* Arabic letter mark */
		{0x200b, 0x200f},   /* without width; marks of direction */
		{0x2028, 0x202e},   /* ends of lines; embedding and override of direction */
		{0x2060, 0x206f},   /* without width; isolates; deprecated */
		{0xfeff, 0xfeff},   /* byte order mark */
		{0xfff9, 0xfffb},   /* interlinear annotation */
		{0xe0000, 0xe007f}, /* tags */
	};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

size_t visible_length(const char *text, char escape[VISIBLE_MAX], size_t *skipp)
{
	uint32_t cp;
	size_t len = utf8_length((const unsigned char *)text, &cp);

	if (len > 0 && !is_hidden(cp))
		return len;
	*skipp = len > 0 ? len : 1;
	if (len == 0)
		snprintf(escape, VISIBLE_MAX, "\\ufffd");
	else if (cp < 0x10000)
		snprintf(escape, VISIBLE_MAX, "\\u%04x", (unsigned)cp);
	else
		snprintf(escape, VISIBLE_MAX, "\\u%04x\\u%04x",
			 (unsigned)(0xd800 + ((cp - 0x10000) >> 10 & 0x3ff)),
			 (unsigned)(0xdc00 + (cp & 0x3ff)));
	return 0;
}

static void add_but(struct strbuf *b, const char *text, char kept)
{
	while (*text) {
		char escape[VISIBLE_MAX];
		size_t skip, len = visible_length(text, escape, &skip);

		if (len > 0 || *text == kept) {
			len = len > 0 ? len : 1;
			strbuf_add_n(b, text, len);
			text += len;
		} else {
			strbuf_add(b, escape);
			text += skip;
		}
	}
}

void visible_add(struct strbuf *b, const char *text)
{
	add_but(b, text, '\0');
}

void visible_lines_add(struct strbuf *b, const char *text)
{
	add_but(b, text, '\n');
}
