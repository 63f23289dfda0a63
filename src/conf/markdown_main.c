// SPDX-License-Identifier: Apache-2.0
/*
 * Writes docs/configuration.md to standard output, for the build. Not installed.
 */
#include "conf.h"

int main(void)
{
	conf_print_markdown(stdout);
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
