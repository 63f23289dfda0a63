// SPDX-License-Identifier: Apache-2.0
/*
 * Keys in memory stay there: no core dump, no debugger, no swap. For main() of a program that reads
 * keys, before it reads any.
 */
#pragma once

/*
 * Forbids core dumps and debuggers, unless CMFD_DEBUGGABLE is set in the environment, and gives
 * OpenSSL a heap for private keys that is locked in memory as far as RLIMIT_MEMLOCK allows. What
 * cannot be had is logged, and no reason to stop.
 */
void secrecy_begin(void);
