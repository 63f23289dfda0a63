// SPDX-License-Identifier: Apache-2.0
/* Values as JSON, and back. Times are told by `date -u -d`. */
#include "suite.h"
#include "values.h"

#include <errno.h>

/* RFC 3339 5.6, 5.8 */
static const struct {
	const char *text;
	int64_t ms; /* -1: it is none */
} times[] = {
	{"1985-04-12T23:20:50.52Z", INT64_C(482196050520)},
	{"1996-12-19T16:39:57-08:00", INT64_C(851042397000)},
	{"1937-01-01T12:00:27.87+00:20", INT64_C(-1041337172130)},
	{"2026-11-29T18:00:00Z", INT64_C(1795975200000)},
	{"2026-11-29t18:00:00z", INT64_C(1795975200000)},
	{"2026-11-29T19:00:00+01:00", INT64_C(1795975200000)},
	{"2026-11-30T17:59:00+23:59", INT64_C(1795975200000)},
	{"2026-11-29T18:00:00.0009999999999999999999Z", INT64_C(1795975200000)},
	{"9999-12-31T23:59:59Z", INT64_C(253402300799000)},
	{"2028-02-29T00:00:00Z", INT64_C(1835395200000)},
	{"2027-02-29T00:00:00Z", -1},
	{"2026-13-01T00:00:00Z", -1},
	{"2026-11-29T24:00:00Z", -1},
	{"2026-11-29T18:60:00Z", -1},
	{"2026-11-29T18:00:00", -1},
	{"2026-11-29T18:00:00.Z", -1},
	{"2026-11-29T18:00:00,5Z", -1},
	{"2026-11-29T18:00Z", -1},
	{"2026-11-29 18:00:00Z", -1},
	{"2026-11-29", -1},
	{"2026-11-29T18:00:00ZZ", -1},
	{"2026-11-29T18:00:00+24:00", -1},
	{"2026-11-29T18:00:00+01:60", -1},
	{"2026-11-29T18:00:00+0100", -1},
	{"2026-11-29T18:00:00+01", -1},
	{"2026-11-29T18:00:00+01:00Z", -1},
	{"2026-11-29T18:00:00+1a:00", -1},
	{"20261-11-29T18:00:00Z", -1},
	{"+026-11-29T18:00:00Z", -1},
	{"2026-11-29T18:00:0 Z", -1},
	{"", -1},
	{"soon", -1},
};

START_TEST(rfc3339_5_6_times)
{
	int64_t ms = 7;
	int err = json_time_parse(times[_i].text, &ms);

	if (times[_i].ms == -1)
		ck_assert_msg(err == -EINVAL && ms == 7, "%s: %ld", times[_i].text, (long)ms);
	else
		ck_assert_msg(err == 0 && ms == times[_i].ms, "%s: %ld", times[_i].text, (long)ms);
}
END_TEST

static Suite *values_suite(void)
{
	Suite *s = suite_create("json_values");
	TCase *tc = tcase_create("values");

	tcase_add_loop_test(tc, rfc3339_5_6_times, 0, (int)ARRAY_LEN(times));
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(values_suite, SUITE_FORKS)
