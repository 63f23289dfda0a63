// SPDX-License-Identifier: Apache-2.0
/*
 * Time and randomness, handed to the modules that need them, so that tests can set both.
 * Points in time are milliseconds since the epoch (UTC) unless a name says otherwise.
 */
#pragma once

#include "base/cleanup.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct clock_source {
	int64_t (*now_ms)(void *arg);
	void *arg;
};

/* The machine's clock. */
extern const struct clock_source clock_system;

static inline int64_t clock_now_ms(const struct clock_source *c)
{
	return c->now_ms(c->arg);
}

/* Microseconds of the monotonic clock, for durations only. */
int64_t clock_monotonic_us(void);

/* Microseconds of processor time of the calling thread. */
int64_t clock_thread_cpu_us(void);

/* Text as "2026-11-23T08:53:00Z" (UTC, seconds) into out[21]. */
void clock_format(int64_t ms, char out[21]);

/* The same back. 0 or -EINVAL. */
_must_check_ int clock_parse(const char *text, int64_t *msp);

/*
 * Parses a duration "300", "300s", "15m", "12h", "90d", "2w", "1y" (365 days) to milliseconds;
 * "250ms" too; no unit is seconds. Returns 0 or -EINVAL.
 */
_must_check_ int duration_parse(const char *text, int64_t *msp);
