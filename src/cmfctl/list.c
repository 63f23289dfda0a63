// SPDX-License-Identifier: Apache-2.0
/*
 * What commands do that concern the rows of a list of the CMF: the options by which rows are
 * selected, the query that they become, and the command `list` itself. Each list is a table beside
 * its other commands; how rows are printed is print.c's.
 */
#include "ctl.h"

enum { OPTION_FILTER = 0x900, OPTION_LIMIT = 0x9ff };

struct selection_inputs {
	struct ctl_selection *selection;
	void *args;
};

static error_t selection_parse(int key, char *arg, struct argp_state *state)
{
	struct ctl_selection *selection = state->input;
	size_t i = (size_t)(key - OPTION_FILTER);

	if (key == OPTION_LIMIT) {
		ctl_limit_parse(state, arg, &selection->limit);
		return 0;
	}
	if (key < OPTION_FILTER || i >= selection->list->n_filters)
		return ARGP_ERR_UNKNOWN;
	selection->value[i] = arg ? arg : "1";
	return 0;
}

static error_t inputs_parse(int key, char *arg, struct argp_state *state)
{
	struct selection_inputs *inputs = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = inputs->selection;
	state->child_inputs[1] = inputs->args;
	return 0;
}

/* Puts what this selection offers into `options`, which are zero; returns how many it offers. */
static size_t selection_options(const struct ctl_selection *selection, struct argp_option *options)
{
	const struct ctl_list *list = selection->list;
	size_t n = 0;

	for (size_t i = 0; i < list->n_filters; i++)
		if (selection->offered & 1u << i)
			options[n++] = (struct argp_option){
				list->filters[i].option,   OPTION_FILTER + (int)i,
				list->filters[i].argument, 0,
				list->filters[i].help,     1};
	if (selection->limited)
		options[n++] = (struct argp_option){"limit", OPTION_LIMIT, "N", 0, "At most N", 1};
	return n;
}

void ctl_selection_parse(const struct argp *own, struct ctl *ctl, struct ctl_selection *selection,
			 void *args, int argc, char **argv)
{
	struct argp_option options[CTL_FILTERS_MAX + 2] = {0};
	/* Not an empty table: glibc does not free what it allocates for the help of one. */
	const struct argp filters = {.options =
					     selection_options(selection, options) ? options : NULL,
				     .parser = selection_parse};
	const struct argp others = {
		.options = own->options, .parser = own->parser, .children = own->children};
	const struct argp_child children[] = {{&filters, 0, NULL, 0}, {&others, 0, NULL, 0}, {0}};
	const struct argp argp = {.parser = inputs_parse,
				  .args_doc = own->args_doc,
				  .doc = own->doc,
				  .children = children};
	struct selection_inputs inputs = {selection, args};

	ctl_parse(&argp, ctl, &inputs, argc, argv);
}

void ctl_selection_path(const struct ctl_selection *selection, struct strbuf *path)
{
	const struct ctl_list *list = selection->list;

	strbuf_add(path, list->path);
	for (size_t i = 0; i < list->n_filters; i++)
		ctl_query_add(path, list->filters[i].query, selection->value[i]);
}

static error_t list_parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	return 0;
}

int ctl_list_run(struct ctl *ctl, const struct ctl_list *list, int argc, char **argv)
{
	static const struct argp_child children[] = {{&ctl_table_argp, 0, NULL, 0}, {0}};
	const struct argp argp = {.parser = list_parse, .doc = list->doc, .children = children};
	struct ctl_table_options options = {0};
	struct ctl_selection selection = {
		.list = list, .offered = CTL_ALL_FILTERS, .limited = !list->whole};
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;

	ctl_selection_parse(&argp, ctl, &selection, &options, argc, argv);
	ctl_selection_path(&selection, &path);
	return ctl_list_print(ctl, path.text, selection.limit, list->columns, list->n_columns,
			      &options);
}
