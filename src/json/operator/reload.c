// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/reload: has the process read its configuration anew (POST), as SIGHUP does, and answers when
 * that is done, with what is in force now and cannot be used. What a reload is is cmfd's.
 */
#include "base/pool.h"
#include "call.h"
#include "values.h"

#include <errno.h>

/* An array of them; NULL out of memory. */
static json_t *lines(struct strbuf *text)
{
	json_t *array = json_array();
	char *rest = text->text, *line;

	while (array && rest && (line = strsep(&rest, "\n")))
		if (*line)
			json_array_append_new(array, json_text(line));
	return array;
}

int operator_reload(struct operator_call *call)
{
	const struct json_process *process = call->process;
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	int err;

	if (json_query_unknown(&call->query))
		return operator_problem(call, 400, "the query has an unknown parameter");
	/* It is another thread's work. */
	pool_wait_begin();
	err = process->reload(process->arg, call->request->uid, &problems);
	pool_wait_end();
	if (err == -ESHUTDOWN)
		return operator_problem(call, 503, "the server ends");
	if (err == -ENOMEM)
		return operator_fault(call, err);
	if (err)
		return operator_problem(call, 409, problems.text ? problems.text : "no reason");
	return operator_ok(call, 200,
			   json_pack("{s:b, s:o}", "reloaded", 1, "problems", lines(&problems)));
}
