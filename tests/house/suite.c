// SPDX-License-Identifier: Apache-2.0
/* The main() of every test program. See suite.h. */
#include "suite.h"

#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

void suite_begin(void)
{
	/* Seconds. Nothing takes that long, on whatever machine. */
	setenv("CK_DEFAULT_TIMEOUT", "1200", 0);
	log_setup(STDERR_FILENO, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
}

int suite_run(Suite *suite, enum suite_processes processes)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	if (processes == SUITE_ONE_PROCESS)
		srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
