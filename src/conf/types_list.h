// SPDX-License-Identifier: Apache-2.0
/*
 * Parsing values that are comma-separated lists. Private to the files of types.
 */
#pragma once

#include "keys.h"

/* Parses one item, `text`, into the zeroed element. */
typedef int conf_item_parse(const struct conf_input *in, char *text, void *element,
			    struct strbuf *why);

/*
 * Splits at commas. On success *itemsp and *lenp are set; on error the elements parsed so far are
 * there, for the caller to clear. 0, -EINVAL, -ENOMEM.
 */
int conf_list_parse(const struct conf_input *in, conf_item_parse *parse, size_t element_size,
		    void **itemsp, size_t *lenp, struct strbuf *why);

/* Lists of strings, each there once: the functions of a struct conf_type whose value is a
 * struct conf_list. */
int conf_strings_parse(const struct conf_input *in, conf_item_parse *parse, void *value,
		       struct strbuf *why);
void conf_strings_print(const struct conf_type *type, const void *value, struct strbuf *out);
void conf_strings_clear(void *value);
/* An item that is any text. */
int conf_name_item_parse(const struct conf_input *in, char *text, void *element,
			 struct strbuf *why);

/* One duration of such a list, an int64_t of milliseconds; and back. */
int conf_duration_parse(const struct conf_input *in, char *text, void *value, struct strbuf *why);
void conf_duration_write(int64_t ms, struct strbuf *out);
