// SPDX-License-Identifier: Apache-2.0
/*
 * What a form of the page for authors of clients sends, application/x-www-form-urlencoded, and text
 * for the page that answers it.
 */
#include "explain.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hex_value(uint8_t c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* Undoes the escapes of a value. What only looks like one stays as it is. */
static int value_decode(struct bytes value, struct octets *outp)
{
	struct octets out = {malloc(value.len + 1), 0};

	if (!out.data)
		return -ENOMEM;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%' && i + 2 < value.len && hex_value(value.data[i + 1]) >= 0 &&
			   hex_value(value.data[i + 2]) >= 0) {
			c = (uint8_t)(hex_value(value.data[i + 1]) << 4 |
				      hex_value(value.data[i + 2]));
			i += 2;
		}
		out.data[out.len++] = c;
	}
	out.data[out.len] = '\0';
	octets_clear(outp);
	*outp = out;
	return 0;
}

static bool is_field(struct bytes field, const char *name, struct bytes *valuep)
{
	size_t len = strlen(name);

	if (field.len <= len || field.data[len] != '=' || memcmp(field.data, name, len) != 0)
		return false;
	*valuep = (struct bytes){field.data + len + 1, field.len - len - 1};
	return true;
}

int explain_form_read(struct bytes text, struct explain_form *form)
{
	int err = 0;

	*form = (struct explain_form){.message = OCTETS_NULL};
	while (text.len && !err) {
		const uint8_t *end = memchr(text.data, '&', text.len);
		struct bytes field = {text.data, end ? (size_t)(end - text.data) : text.len};
		struct bytes value;

		if (is_field(field, "message", &value))
			err = value_decode(value, &form->message);
		else if (is_field(field, "profile", &value))
			err = value_decode(value, &form->profile);
		text.data += field.len + (end != NULL);
		text.len -= field.len + (end != NULL);
	}
	return err;
}

void explain_form_clear(struct explain_form *form)
{
	octets_clear_secret(&form->message);
	octets_clear(&form->profile);
}

const char *explain_form_profile(const struct explain_form *form)
{
	const char *name = (const char *)form->profile.data;

	/* One with a NUL in it is none. */
	return form->profile.len && strlen(name) == form->profile.len ? name : NULL;
}
