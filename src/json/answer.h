// SPDX-License-Identifier: Apache-2.0
/*
 * Answers as JSON, and problems (RFC 9457). Shared by the resources of json/.
 */
#pragma once

#include "base/refusal.h"
#include "http.h"

#include <jansson.h>

/* Serialises body (taken over) into the response, in place of what it has; out of memory leaves an
 * empty 500. Each returns the status. */
int json_answer(struct http_response *response, int status, const char *type, json_t *body);
int json_answer_problem(struct http_response *response, int status, json_t *problem);

/* A problem; NULL out of memory. */
json_t *json_problem(int status, const char *detail);
/* That of a refusal, with failInfo and reason, in the given words. */
json_t *json_problem_of_refusal(int status, const struct refusal *refusal, const char *words);
