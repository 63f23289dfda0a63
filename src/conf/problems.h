// SPDX-License-Identifier: Apache-2.0
/*
 * What is wrong with a configuration: one line each, all of them.
 */
#pragma once

#include "base/strbuf.h"

#include <stddef.h>

struct conf_problems {
	struct strbuf *text;
	size_t count;
};

/* Adds "[section] key: message"; `key` NULL leaves it out, `section` NULL both. */
void conf_problem(struct conf_problems *problems, const char *section, const char *key,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
