// SPDX-License-Identifier: Apache-2.0
/* When transactions begin. */
#include "bench.h"

#include "base/clock.h"

#include <errno.h>
#include <time.h>

void bench_sleep_until(int64_t us)
{
	struct timespec ts = {us / 1000000, us % 1000000 * 1000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

void bench_schedule_start(struct bench_schedule *s, unsigned duration_s, unsigned rate,
			  unsigned step)
{
	s->start_us = clock_monotonic_us();
	s->end_us = s->start_us + (int64_t)duration_s * 1000000;
	s->rate = rate;
	s->step = step;
}

bool bench_schedule_next(struct bench_schedule *s, unsigned long *numberp, int64_t *due_usp)
{
	*numberp = atomic_fetch_add(&s->next, s->step);
	*due_usp = s->rate ? s->start_us + (int64_t)*numberp * 1000000 / s->rate
			   : clock_monotonic_us();
	if (*due_usp >= s->end_us || atomic_load_explicit(&s->stop, memory_order_relaxed))
		return false;
	if (s->rate)
		bench_sleep_until(*due_usp);
	return true;
}
