// SPDX-License-Identifier: Apache-2.0
/*
 * The main() of every test program: SUITE_MAIN() at its end, after the function that makes the
 * suite. Log lines are errors only. A test case's time-out is for what hangs and is set here, once
 * for all; CK_DEFAULT_TIMEOUT and the rest of check's environment change what it does.
 */
#pragma once

#include <check.h>

enum suite_processes {
	SUITE_FORKS, /* each test runs in a process of its own */
	/* For an unchecked fixture with a house, whose threads would not live in a fork. */
	SUITE_ONE_PROCESS,
};

/* Before the first test case is made. */
void suite_begin(void);
/* Runs and frees it; what main() returns. */
int suite_run(Suite *suite, enum suite_processes processes);

#define SUITE_MAIN(make, processes)                    \
	int main(void)                                 \
	{                                              \
		suite_begin();                         \
		return suite_run((make)(), processes); \
	}
