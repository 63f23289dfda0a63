// SPDX-License-Identifier: Apache-2.0
/*
 * Scope-bound ownership: `_cleanup_(fn)` frees a variable when its scope ends, TAKE() hands the
 * value over and leaves NULL behind.
 */
#pragma once

#include <stdlib.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))
#define _must_check_  __attribute__((warn_unused_result))

/* Yields the pointer and clears the variable, so that its cleanup does nothing. */
#define TAKE(ptr)                               \
	({                                      \
		__typeof__(ptr) taken_ = (ptr); \
		(ptr) = NULL;                   \
		taken_;                         \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Defines fn##p(T **), the form that _cleanup_ wants, for a function fn(T *) that accepts NULL. */
#define DEFINE_CLEANUP(type, fn)           \
	static inline void fn##p(type **p) \
	{                                  \
		if (*p)                    \
			fn(*p);            \
	}                                  \
	struct cleanup_semicolon_

/* For char * and other malloc'ed memory: _cleanup_(freep) char *s = NULL; */
static inline void freep(void *p)
{
	free(*(void **)p);
}
