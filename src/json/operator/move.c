// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/registrations/move: other CAs, profiles or managers for the registrations that a filter
 * selects (POST), a page in a call. Those of a page move together in one commit; what may not move
 * is told, and stays. What may is cmf/'s.
 */
#include "call.h"
#include "values.h"

#include <errno.h>

struct moving {
	struct operator_call *call;
	struct store_registration_filter filter;
	struct cmf_move to;
	int dry_run;
	struct refusal *refusal;
	json_t *refused;
	size_t n, moved;
	int64_t last_id;
};

static int refused_note(struct moving *m, const struct store_registration *reg)
{
	json_t *row = json_pack(
		"{s:I, s:o, s:s, s:s, s:s}", "id", (json_int_t)reg->id, "subject_id",
		json_text(reg->subject_id), "cert_type", cert_type_name(reg->cert_type), "reason",
		refusal_code(m->refusal->reason), "detail", refusal_words(m->refusal));

	*m->refusal = REFUSAL_NULL;
	return json_array_append_new(m->refused, row) ? -ENOMEM : 0;
}

static int registration_move(void *arg, const struct store_registration *reg)
{
	struct moving *m = arg;
	struct cmf_principal who = operator_principal(m->call, reg->trust_domain);
	const struct cmf_call op = operator_cmf_call(m->call, &who, m->refusal);
	bool moved = false;
	int err = cmf_registration_move(&op, reg, &m->to, &moved);

	m->n++;
	m->moved += moved;
	m->last_id = reg->id;
	return err == REFUSED ? refused_note(m, reg) : err;
}

static int page_decide(struct operator_call *call, void *arg, struct refusal *refusal)
{
	struct moving *m = arg;

	m->refusal = refusal;
	m->n = m->moved = 0;
	json_array_clear(m->refused);
	return store_registration_list(call->worker->reader, &m->filter, registration_move, m);
}

/* NULL, or what is wrong with it. What of it is borrowed lives as long as the body. */
static const char *move_decode(json_t *body, struct moving *m)
{
	if (json_unpack_ex(body, NULL, JSON_STRICT, "{s?s, s?s, s?s, s?b}", "profile",
			   &m->to.profile, "ca", &m->to.ca, "manager", &m->to.manager, "dry_run",
			   &m->dry_run))
		return "profile, ca and manager are texts, dry_run is true or false";
	if (!m->to.profile && !m->to.ca && !m->to.manager)
		return "say what is to change: profile, ca or manager";
	return NULL;
}

static int page_move(struct operator_call *call, struct moving *m)
{
	struct refusal refusal = REFUSAL_NULL;
	json_t *answer;
	int err;

	if (m->dry_run) {
		err = page_decide(call, m, &refusal);
		store_unit_clear(call->worker->unit);
	} else {
		err = operator_commit(call, page_decide, m, &refusal);
	}
	if (err)
		return operator_fault(call, err);
	answer = json_pack("{s:I, s:I, s:O}", "looked_at", (json_int_t)m->n, "moved",
			   (json_int_t)m->moved, "refused", m->refused);
	if (answer && m->n == m->filter.limit)
		json_object_set_new(answer, "next_after_id", json_integer(m->last_id));
	return operator_ok(call, 200, answer);
}

int operator_move(struct operator_call *call)
{
	struct moving m = {.call = call};
	struct operator_page page;
	const char *problem;
	char detail[200];
	json_t *body;
	int status;

	if (!operator_registration_filter(call, &m.filter, &problem))
		return operator_problem(call, 400, problem);
	status = operator_page_begin(call, &page);
	if (status)
		return status;
	m.filter.with_deregistered = false;
	m.filter.after_id = page.after_id;
	m.filter.limit = page.limit;
	m.refused = page.items;
	body = operator_body(call, detail, sizeof(detail));
	problem = body ? move_decode(body, &m) : detail;
	status = problem ? operator_problem(call, 400, problem) : page_move(call, &m);
	json_decref(m.refused);
	json_decref(body);
	return status;
}
