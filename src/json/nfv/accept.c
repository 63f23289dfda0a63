// SPDX-License-Identifier: Apache-2.0
/*
 * The headers Accept and Content-Type. Parameters of a media range other than q are not looked at:
 * none of our types has any.
 */
#include "nfv/accept.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char space[] = " \t";

/* A media range of Accept: "type/subtype", "type/" "*" or "*" "/" "*". */
struct range {
	const char *text;
	size_t len;
	int quality; /* thousandths */
};

/* qvalue, RFC 9110 12.4.2: "0.5" is 500. What is none counts as 0. */
static int quality_parse(const char *text)
{
	int quality, weight = 100;

	if (*text != '0' && *text != '1')
		return 0;
	quality = *text++ == '1' ? 1000 : 0;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9' && weight; text++, weight /= 10)
			quality += (*text - '0') * weight;
	return quality > 1000 ? 1000 : quality;
}

/* The q among the parameters; 1 if there is none. */
static int range_quality(const char *params, size_t len)
{
	const char *end = params + len;

	while (params < end && *params == ';') {
		params++;
		params += strspn(params, space);
		if ((*params == 'q' || *params == 'Q') && params[1] == '=')
			return quality_parse(params + 2);
		params += strcspn(params, ";,");
	}
	return 1000;
}

/* The range that *textp begins with, which moves behind it; false at the end. */
static bool range_next(const char **textp, struct range *rangep)
{
	const char *text = *textp + strspn(*textp, " \t,");
	size_t len = strcspn(text, ",");

	if (len == 0)
		return false;
	*rangep = (struct range){.text = text, .len = strcspn(text, " \t;,")};
	text += rangep->len + strspn(text + rangep->len, space);
	rangep->quality = range_quality(text, strcspn(text, ","));
	*textp = text + strcspn(text, ",");
	return true;
}

/* How closely a range fits a type: 3 the type, 2 its kind, 1 anything; 0: it does not. */
static int range_fit(const struct range *range, const char *type)
{
	size_t kind = strcspn(type, "/") + 1;

	if (range->len == strlen(type) && strncasecmp(range->text, type, range->len) == 0)
		return 3;
	if (range->len == kind + 1 && range->text[kind] == '*' &&
	    strncasecmp(range->text, type, kind) == 0)
		return 2;
	return range->len == 3 && memcmp(range->text, "*/*", 3) == 0;
}

/* RFC 9110 12.5.1: of the ranges that fit, the most specific one says how much it is liked. */
static int type_quality(const char *accept, const char *type)
{
	struct range range;
	int quality = 0, closest = 0;

	while (range_next(&accept, &range)) {
		int fit = range_fit(&range, type);

		if (fit > closest) {
			closest = fit;
			quality = range.quality;
		}
	}
	return quality;
}

int nfv_accept_choose(const char *accept, const char *const *types, size_t n)
{
	int chosen = -1, best = 0;

	for (size_t i = 0; i < n; i++) {
		int quality = accept ? type_quality(accept, types[i]) : 1000;

		if (quality > best) {
			best = quality;
			chosen = (int)i;
		}
	}
	return chosen;
}

bool nfv_media_type_is(const char *content_type, const char *type)
{
	size_t len = strlen(type);

	if (!content_type || strncasecmp(content_type, type, len) != 0)
		return false;
	content_type += len;
	content_type += strspn(content_type, space);
	return *content_type == '\0' || *content_type == ';';
}
