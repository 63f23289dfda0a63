// SPDX-License-Identifier: Apache-2.0
/* Being killed at a named place, for tests. See base/fault_point.h. */
#include "base/fault_point.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Written once, read afterwards: the environment does not change under us. */
static struct {
	char name[64]; /* "": none */
	atomic_long passages_left;
} armed;

static void read_environment(void)
{
	const char *value = getenv("CMFD_FAULT_POINT");
	const char *colon = value ? strchr(value, ':') : NULL;
	size_t len = colon ? (size_t)(colon - value) : value ? strlen(value) : 0;

	if (len >= sizeof(armed.name))
		return;
	if (len > 0)
		memcpy(armed.name, value, len);
	atomic_init(&armed.passages_left, colon ? strtol(colon + 1, NULL, 10) : 1);
}

void fault_point(const char *name)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_environment);
	if (armed.name[0] == '\0' || strcmp(armed.name, name) != 0)
		return;
	if (atomic_fetch_sub(&armed.passages_left, 1) == 1)
		raise(SIGKILL);
}
