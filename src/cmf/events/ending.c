// SPDX-License-Identifier: Apache-2.0
/*
 * Certificates that come to their end by time alone. For each time that is told in advance there is
 * a mark: up to which certificate, in the order of notAfter, it was told. It moves in the unit that
 * tells, so that each is told once, over restarts and after a time in which nothing ran.
 */
#include "ending.h"

#include "store/event.h"

/* With what comes to its end until then nobody was served yet. */
static int mark_begin(const struct cmf_call *call, int64_t before_ms)
{
	const struct store_ending_at now = {call->now_ms + before_ms, INT64_MAX};

	return store_ending_mark_set(call->unit, before_ms, NULL, &now);
}

/* What has ended meanwhile is told as ended, and not as ending. */
static int tell_and_mark(const struct cmf_call *call, int64_t before_ms,
			 const struct store_ending_at *mark, const struct store_ending *ending)
{
	int err = 0;

	for (size_t i = 0; i < ending->len && err == 0; i++)
		if (before_ms == 0 || ending->item[i].not_after_ms > call->now_ms)
			err = store_event_add_ending(call->unit, before_ms,
						     ending->item[i].certificate_id, call->now_ms);
	return err == 0 ? store_ending_mark_set(call->unit, before_ms, mark,
						&ending->item[ending->len - 1])
			: err;
}

/* One time of those that are told in advance; 0: what has ended. */
static int time_tell(const struct cmf_call *call, int64_t before_ms, bool *morep)
{
	struct store_ending_at mark;
	struct store_ending ending;
	int err = store_ending_mark_get(call->reader, before_ms, &mark);

	if (err == STORE_NOT_FOUND) {
		err = mark_begin(call, before_ms);
	} else if (err == 0) {
		err = store_ending_list(call->reader, &mark, call->now_ms + before_ms, &ending);
		if (err < 0 || ending.len == 0)
			return err;
		*morep = *morep || ending.len == STORE_ENDING_MAX;
		err = tell_and_mark(call, before_ms, &mark, &ending);
	}
	if (err == 0)
		err = store_unit_commit(call->unit);
	/* STORE_CONFLICT: somebody else has told. */
	return err < 0 ? err : 0;
}

int endings_tell(const struct cmf_call *call, bool *morep)
{
	const struct conf_durations *expiring = &cmf_conf(call->cmf)->events.expiring;
	bool any;
	int err = store_subscription_any(call->reader, &any);

	if (err < 0 || !any)
		return err;
	err = time_tell(call, 0, morep);
	for (size_t i = 0; i < expiring->len && err == 0; i++)
		err = time_tell(call, expiring->ms[i], morep);
	return err;
}
