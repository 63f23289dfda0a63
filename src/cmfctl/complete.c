// SPDX-License-Identifier: Apache-2.0
/* See complete.h. */
#include "complete.h"

#include <stdio.h>
#include <string.h>

/* --- options --- */

/* Is shown each option of an argp and its children, NULL: the last; true ends the walk. */
typedef bool option_seen(const struct argp_option *option, const char *arg, void *context);

/* An alias has the argument of the option before it. */
static bool options_walk(const struct argp *argp, option_seen *seen, void *context)
{
	const struct argp_option *option = argp->options;
	const struct argp_child *child = argp->children;
	const char *arg = NULL;

	for (; option && (option->name || option->key || option->doc || option->group); option++) {
		if (!(option->flags & OPTION_ALIAS))
			arg = option->arg;
		if (!(option->flags & (OPTION_DOC | OPTION_HIDDEN)) &&
		    (option->name || option->key) && seen(option, arg, context))
			return true;
	}
	for (; child && child->argp; child++)
		if (options_walk(child->argp, seen, context))
			return true;
	return false;
}

struct wanted_option {
	const char *word; /* as typed */
	size_t len;       /* up to '=' */
	const struct argp_option *found;
	const char *arg; /* what it takes; NULL: nothing */
};

static bool option_is(const struct argp_option *option, const char *arg, void *context)
{
	struct wanted_option *wanted = context;
	const char *word = wanted->word;
	bool same;

	if (word[1] == '-')
		same = option->name && strlen(option->name) == wanted->len - 2 &&
		       strncmp(option->name, word + 2, wanted->len - 2) == 0;
	else
		same = wanted->len == 2 && option->key == word[1];
	if (!same)
		return false;
	wanted->found = option;
	wanted->arg = arg;
	return true;
}

/* What the option `word` takes as its next word; NULL: it takes none, or has it behind a '='. */
static const char *argument_of(const struct argp *argp, const char *word,
			       const struct argp_option **optionp)
{
	struct wanted_option wanted = {.word = word, .len = strcspn(word, "=")};

	if (word[0] != '-' || wanted.len < 2 || word[wanted.len] == '=' ||
	    !options_walk(argp, option_is, &wanted))
		return NULL;
	*optionp = wanted.found;
	return wanted.arg;
}

static bool option_print(const struct argp_option *option, const char *arg, void *context)
{
	char name[64];

	if (option->name) {
		snprintf(name, sizeof(name), "--%s", option->name);
		complete_candidate(name, option->doc, context);
	}
	return false;
}

static void options_print(const struct argp *argp, const char *word)
{
	options_walk(argp, option_print, (void *)(uintptr_t)word);
	complete_candidate("--help", "Give this help list", word);
}

/* --- their arguments --- */

/* Words that an argument is one of, separated by '|'. */
static void words_print(const char *words, const char *word)
{
	_cleanup_(freep) char *copy = strdup(words);
	char *next = copy, *one;

	while (next && (one = strsep(&next, "|")))
		complete_candidate(one, NULL, word);
}

/* `ctl` NULL: before the command, where no option has a name of ours. */
static void argument_print(struct ctl *ctl, const char *option, const char *arg, const char *word)
{
	if (strcmp(arg, "FILE") == 0)
		puts(":file");
	else if (strcmp(arg, "DIR") == 0)
		puts(":directory");
	else if (strchr(arg, '|'))
		words_print(arg, word);
	else if (option && strcmp(option, "cert-type") == 0)
		words_print("ManoCert|VnfciCert|VnfOAMCert", word);
	else if (ctl)
		(void)ctl->names(ctl, NULL, option, arg, word);
}

/* Prints what the word may be, if it is an option or the argument of one. */
static bool option_complete(const struct argp *argp, struct ctl *ctl, const char *before,
			    const char *word)
{
	const struct argp_option *option = NULL;
	const char *arg = before ? argument_of(argp, before, &option) : NULL;

	if (arg)
		argument_print(ctl, option->name, arg, word);
	else if (word[0] == '-')
		options_print(argp, word);
	return arg || word[0] == '-';
}

void complete_common(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *option;
		size_t value; /* of struct ctl */
	} common[] = {
		{"--config", offsetof(struct ctl, config)},
		{"-c", offsetof(struct ctl, config)},
		{"--socket", offsetof(struct ctl, socket)},
	};

	for (int i = 0; i < argc - 1; i++) {
		for (size_t j = 0; j < ARRAY_LEN(common); j++) {
			size_t len = strlen(common[j].option);
			const char **value = (const char **)((char *)ctl + common[j].value);

			if (strncmp(argv[i], common[j].option, len) != 0)
				continue;
			if (argv[i][len] == '=')
				*value = argv[i] + len + 1;
			else if (!argv[i][len] && i + 1 < argc - 1)
				*value = argv[i + 1];
		}
	}
}

int complete_options_before(const struct argp *argp, int argc, char **argv)
{
	const struct argp_option *option;
	int i = 0;

	while (i < argc - 1 && argv[i][0] == '-')
		i += argument_of(argp, argv[i], &option) ? 2 : 1;
	if (i < argc - 1)
		return i;
	return option_complete(argp, NULL, argc > 1 ? argv[argc - 2] : NULL, argv[argc - 1])
		       ? -1
		       : argc - 1;
}

/* How many words before the one that is typed are no options, nor what these take. */
static int arguments_before(const struct argp *argp, int argc, char **argv)
{
	const struct argp_option *option;
	int n = 0;

	for (int i = 1; i < argc - 1; i++) {
		if (argument_of(argp, argv[i], &option))
			i++;
		else if (argv[i][0] != '-')
			n++;
	}
	return n;
}

void complete_arguments(const struct argp *argp, struct ctl *ctl, int argc, char **argv)
{
	const char *word = argv[argc - 1];
	bool name = argp->args_doc && strstr(argp->args_doc, "NAME");

	complete_common(ctl, argc, argv);
	if (option_complete(argp, ctl, argc > 2 ? argv[argc - 2] : NULL, word))
		return;
	if (name && arguments_before(argp, argc, argv) == 0 &&
	    ctl->names(ctl, argv[0], NULL, "NAME", word))
		return;
	if (argp->args_doc && strstr(argp->args_doc, "FILE"))
		puts(":file");
	else
		options_print(argp, word);
}
