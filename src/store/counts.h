// SPDX-License-Identifier: Apache-2.0
/*
 * How many certificates and transactions there are in each state. The table `counter` has it, and
 * each COMMIT adds what its units changed: in the same transaction, and as a difference, so that it
 * stays exact after a crash and however many processes write. Here are the differences of one
 * process, between the changes and the COMMIT.
 */
#pragma once

#include "base/bytes.h"

#include <stdint.h>

enum count_kind { COUNT_CERTIFICATES, COUNT_TRANSACTIONS, COUNT_KINDS };

/* No state is above; a row that comes or goes has none. */
enum { COUNT_STATES = 8, COUNT_NONE = -1 };

struct change;

struct counts {
	int64_t batch[COUNT_KINDS * COUNT_STATES]; /* of the units of one COMMIT */
};

/* Of a change that was made, in a unit that succeeded. */
void counts_add(struct counts *counts, const struct change *change);
/* The batch is over. */
void counts_clear(struct counts *counts);

/* The row of `counter` for batch[i]. */
const char *counts_name(size_t i);
int counts_state(size_t i);
