// SPDX-License-Identifier: Apache-2.0
/* The audit is written and never read by the store: it is the operator's. */
#include "unit.h"

int store_audit_add(struct store_unit *u, const struct store_audit *audit)
{
	return unit_add(u, CHANGE_AUDIT_ADD,
			VALUES(value_int(audit->time_ms), value_text(audit->actor),
			       value_text(audit->action), value_text(audit->target),
			       value_text(audit->detail)));
}
