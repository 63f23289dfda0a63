// SPDX-License-Identifier: Apache-2.0
/* Why octets are no message, in one line; found out by message/problem.c. */
#include "explain.h"

void explain_problem(struct bytes der, struct strbuf *out)
{
	struct cmp_problem problem;

	cmp_message_problem(der, &problem);
	strbuf_printf(out, "offset %zu%s%s: %s", problem.offset, problem.path[0] ? ", " : "",
		      problem.path, problem.rule);
}
