// SPDX-License-Identifier: Apache-2.0
/* Values that are comma-separated lists of durations. */
#include "types_list.h"

#include <errno.h>

static void durations_clear(void *value)
{
	struct conf_durations *list = value;

	free(list->ms);
	*list = (struct conf_durations){0};
}

static int durations_parse(const struct conf_input *in, void *value, struct strbuf *why)
{
	struct conf_durations list = {0};
	void *items = NULL;
	int err =
		conf_list_parse(in, conf_duration_parse, sizeof(*list.ms), &items, &list.len, why);

	list.ms = items;
	if (err < 0) {
		durations_clear(&list);
		return err;
	}
	durations_clear(value);
	*(struct conf_durations *)value = list;
	return 0;
}

static void durations_print(const struct conf_type *type, const void *value, struct strbuf *out)
{
	const struct conf_durations *list = value;

	for (size_t i = 0; i < list->len; i++) {
		strbuf_add(out, i > 0 ? ", " : "");
		conf_duration_write(list->ms[i], out);
	}
}

const struct conf_type conf_type_durations = {
	.name = "list of durations",
	.parse = durations_parse,
	.print = durations_print,
	.clear = durations_clear,
};
