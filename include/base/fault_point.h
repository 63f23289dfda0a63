// SPDX-License-Identifier: Apache-2.0
/*
 * Named places in the code where a test can have the process killed, as if power had failed there.
 * Inert unless the environment variable CMFD_FAULT_POINT names one: "name" or "name:n" for the
 * n-th passage.
 */
#pragma once

/* Raises SIGKILL on this process if the environment asks for it here. */
void fault_point(const char *name);
