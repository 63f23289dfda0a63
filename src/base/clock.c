// SPDX-License-Identifier: Apache-2.0
/*
 * The machine's clocks, and durations as text.
 */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int64_t system_now_ms(void *arg)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

const struct clock_source clock_system = {.now_ms = system_now_ms};

int64_t clock_monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_thread_cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void clock_format(int64_t ms, char out[21])
{
	/* Downwards, so that a point before the epoch stays in its own second. */
	time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
	struct tm tm;

	/* Four digits of year is all the form has: later points are shown as its last second. */
	if (!gmtime_r(&seconds, &tm) || strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		memcpy(out, "9999-12-31T23:59:59Z", 21);
}

int clock_parse(const char *text, int64_t *msp)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	char again[21];
	int64_t ms;

	if (!end || *end)
		return -EINVAL;
	ms = (int64_t)timegm(&tm) * 1000;
	/* strptime takes less than all digits, and days that no month has. */
	clock_format(ms, again);
	if (strcmp(again, text) != 0)
		return -EINVAL;
	*msp = ms;
	return 0;
}

static const struct {
	const char *name;
	int64_t ms;
} duration_units[] = {
	{"", 1000},       {"ms", 1},         {"s", 1000},        {"m", 60000},
	{"h", 3600000LL}, {"d", 86400000LL}, {"w", 604800000LL}, {"y", 31536000000LL},
};

int duration_parse(const char *text, int64_t *msp)
{
	int64_t number = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *p - '0', &number))
			return -EINVAL;
	}
	if (p == text)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(duration_units); i++) {
		if (strcmp(p, duration_units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(number, duration_units[i].ms, &number))
			return -EINVAL;
		*msp = number;
		return 0;
	}
	return -EINVAL;
}
