// SPDX-License-Identifier: Apache-2.0
/* audit verify --file: what was exported of the audit, or written to [audit] file, by itself. */
#pragma once

#include "ctl.h"

/*
 * Follows each chain in a file ("-": standard input) by its hashes, and holds the heads in it
 * against a store key, read from its file (NULL: none). No CMF is asked. The report has `lines`,
 * `findings`, `chains`, and what is not proven: `lines_unproven`, `heads_unproven`,
 * `lines_missing`. An exit code: whether all could be read.
 */
_must_check_ int audit_file_verify(const char *path, const char *secret_key, json_t **reportp);
