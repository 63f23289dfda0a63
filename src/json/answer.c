// SPDX-License-Identifier: Apache-2.0
/*
 * Answers as JSON, and problems. What they say is decided where the request is served.
 */
#include "answer.h"

#include "values.h"

#include <string.h>

int json_answer(struct http_response *response, int status, const char *type, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	if (!text)
		status = 500;
	octets_clear(&response->body);
	response->status = status;
	response->content_type = type;
	response->body = (struct octets){(uint8_t *)text, text ? strlen(text) : 0};
	return status;
}

int json_answer_problem(struct http_response *response, int status, json_t *problem)
{
	if (status == 503 || status == 429)
		response->retry_after = 1;
	return json_answer(response, status, "application/problem+json", problem);
}

json_t *json_problem(int status, const char *detail)
{
	return json_pack("{s:s, s:i, s:s, s:o}", "type", "about:blank", "status", status, "title",
			 http_reason_phrase(status), "detail", json_text(detail));
}

json_t *json_problem_of_refusal(int status, const struct refusal *refusal, const char *words)
{
	json_t *problem = json_problem(status, words);

	if (problem && refusal->failinfo >= 0)
		json_object_set_new(problem, "failInfo",
				    json_string(failinfo_name(refusal->failinfo)));
	if (problem)
		json_object_set_new(problem, "reason", json_string(refusal_code(refusal->reason)));
	return problem;
}
