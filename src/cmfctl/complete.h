// SPDX-License-Identifier: Apache-2.0
/*
 * What may follow on a command line, for the completion of shells: `cmfctl --complete WORD...`, of
 * which the last is the one that is being typed. The shells' scripts (completion/) know no command
 * and no option: both come from the tables by which they are parsed. Private to cmfctl/.
 *
 * One candidate a line, and behind a tab what it is; ":file" or ":directory" stands for file names.
 */
#pragma once

#include "ctl.h"

#include <stdio.h>
#include <string.h>

/*
 * Where the command is among the words, argv[argc - 1] being typed: its index, or -1 with what may
 * stand there printed, as far as that are options and their arguments: they are those of `argp`.
 */
int complete_options_before(const struct argp *argp, int argc, char **argv);

/* Takes --config and --socket from the words before the one that is typed, without parsing the
 * others. */
void complete_common(struct ctl *ctl, int argc, char **argv);

/* Prints what may follow the arguments of a command, argv[0] being its name. */
void complete_arguments(const struct argp *argp, struct ctl *ctl, int argc, char **argv);

/* Prints a candidate if it begins with the word. */
static inline void complete_candidate(const char *candidate, const char *what, const char *word)
{
	if (strncmp(candidate, word, strlen(word)) == 0)
		printf("%s\t%s\n", candidate, what ? what : "");
}
