// SPDX-License-Identifier: Apache-2.0
/* The line that the door logs for each request: who asked, or who it was said to be. */
#include "granted.h"
#include "suite.h"

#include "base/log.h"

#include <check.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int log_fd;

static void log_begin(void)
{
	granted_setup();
	log_fd = memfd_create("log", MFD_CLOEXEC);
	ck_assert_int_ge(log_fd, 0);
	log_setup(log_fd, LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
}

static void log_end(void)
{
	log_setup(STDERR_FILENO, LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
	close(log_fd);
	granted_teardown();
}

/* The last line of a request. */
static void line_read(char line[4096])
{
	ssize_t n = pread(log_fd, line, 4095, 0);
	char *at, *last = NULL;

	ck_assert_int_ge(n, 0);
	line[n] = '\0';
	for (at = line; (at = strstr(at, " event=request ")); at++)
		last = at;
	ck_assert_ptr_nonnull(last);
	memmove(line, last, strlen(last) + 1);
	line[strcspn(line, "\n")] = '\0';
}

enum claimant { CLIENT, STRANGER, FORGER, MAC_CLIENT, MAC_WRONG, MAC_UNKNOWN };

static const struct row {
	enum claimant who;
	const char *client, *claimed; /* as they stand in the line; NULL: not there */
	const char *outcome;
} rows[] = {
	{CLIENT, " client=vnfm-a ", NULL, " outcome=accepted "},
	{STRANGER, NULL, " claimed=stranger ", " outcome=rejected "},
	{FORGER, NULL, " claimed=vnfm-a ", " outcome=rejected "},
	{MAC_CLIENT, " client=mac ", NULL, " outcome=accepted "},
	{MAC_WRONG, NULL, " claimed=" HOUSE_MAC_REFERENCE " ", " outcome=rejected "},
	{MAC_UNKNOWN, NULL, " claimed=nobody ", " outcome=rejected "},
};

static void claimant_ask(struct ask *a, enum claimant who, struct house_credential *forged)
{
	bool mac = who >= MAC_CLIENT;

	*forged = granted_house.vnfm_a;
	forged->signer = granted_house.stranger.signer;
	ask_new(a, &granted_house,
		mac               ? NULL
		: who == CLIENT   ? &granted_house.vnfm_a
		: who == STRANGER ? &granted_house.stranger
				  : forged);
	if (who == MAC_WRONG)
		a->secret = bytes_of_string("not the secret of anybody");
	if (who == MAC_UNKNOWN)
		a->out.sender_kid = bytes_of_string("nobody");
	ask_genm(a, "1.3.6.1.5.5.7.4.2", BYTES_NULL);
}

/* RFC 9483 3.5: nobody is known before the protection verified; until then it is a claim. */
START_TEST(rfc9483_3_5_client_or_claimed)
{
	const struct row *row = &rows[_i];
	struct house_credential forged;
	char line[4096];
	struct told told;
	struct ask a;

	claimant_ask(&a, row->who, &forged);
	ask_send(&a, &told);
	line_read(line);
	ck_assert_msg(strstr(line, row->outcome) != NULL, "%s", line);
	ck_assert_msg(row->client ? strstr(line, row->client) != NULL : !strstr(line, " client="),
		      "%s", line);
	ck_assert_msg(row->claimed ? strstr(line, row->claimed) != NULL
				   : !strstr(line, " claimed="),
		      "%s", line);
	/* What there is not, is not there. */
	ck_assert_msg(!strstr(line, "original=") && !strstr(line, "=\"\""), "%s", line);
	granted_done(&a, &told);
}
END_TEST

static Suite *door_log_suite(void)
{
	Suite *suite = suite_create("door_log");
	TCase *tcase = tcase_create("log");

	tcase_add_checked_fixture(tcase, log_begin, log_end);
	tcase_add_loop_test(tcase, rfc9483_3_5_client_or_claimed, 0, ARRAY_LEN(rows));
	suite_add_tcase(suite, tcase);
	return suite;
}

SUITE_MAIN(door_log_suite, SUITE_FORKS)
