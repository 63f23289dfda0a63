// SPDX-License-Identifier: Apache-2.0
/*
 * What is not kept for ever ([retention] of the configuration): certificates that have expired,
 * registrations that have ended, names that nobody holds any more. It goes in steps of bounded
 * size, each a unit of its own, whoever takes them: housekeeping, or the operator's `cmfctl tidy`,
 * which can also ask what would go. What must stay however old it is, store/retention.h says.
 */
#pragma once

#include "conf.h"
#include "store/retention.h"

/* What a sweep has removed, or would. */
struct cmf_tidied {
	int64_t certificates;
	int64_t registrations;
	int64_t names;
};

/* From the first row to the last. Zeroed: at the beginning. */
struct cmf_sweep {
	enum store_past_kind kind;
	struct store_past at; /* the row that was looked at last */
	struct cmf_tidied tidied;
	bool done;
};

/* Of one thread for the call; all of it borrowed. */
struct cmf_retention {
	const struct conf_retention *conf;
	struct store_reader *reader;
	struct store_unit *unit;
	bool dry; /* nothing goes, and what would is counted */
	int64_t now_ms;
};

/*
 * Looks at the next rows, and removes those that may go; commits. *wentp (may be NULL): how many
 * went. 0 or a negative errno: then the next step looks at the same rows again.
 */
_must_check_ int cmf_retention_step(const struct cmf_retention *retention, struct cmf_sweep *sweep,
				    int64_t *wentp);
