// SPDX-License-Identifier: Apache-2.0
/*
 * How SQLite goes about the statements of the store. All that run in this program are noted, and a
 * test fails if one of its own reads or sorts a table that grows from end to end: a new statement
 * is looked at without anybody's thinking of it.
 */
#pragma once

/* Once in the program, before a database is opened. */
void plan_watch(void);
/* Fails if one of the statements that ran so far does so. */
void plan_assert_all(void);
/* Fails if this statement does so. */
void plan_assert(const char *sql);
