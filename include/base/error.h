// SPDX-License-Identifier: Apache-2.0
/* Errors in words, for the log and the operator. */
#pragma once

/*
 * A negative errno as words that follow what was tried. Those that mean something else in this
 * program than to the kernel (a malformed file is no "Bad message") have words of their own, the
 * others those of strerror(3). Static, any thread.
 */
const char *error_text(int err);
