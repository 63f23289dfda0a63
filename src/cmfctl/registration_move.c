// SPDX-License-Identifier: Apache-2.0
/*
 * registration update of many: those that a filter selects, a page in a call, which cmfd commits
 * together. So it can be ended at any time, and the same command does the rest.
 */
#include "registration_move.h"

#include <stdio.h>
#include <unistd.h>

/* Registrations that a call looks at: a commit of that many is short. */
#define PAGE_LEN "500"

struct moved {
	json_int_t looked_at, moved;
	json_t *refused; /* of all pages */
};

static void path_add(struct strbuf *path, const struct ctl_move *move, json_int_t after_id)
{
	char after[24];

	snprintf(after, sizeof(after), "%lld", (long long)after_id);
	strbuf_add(path, "/v1/registrations/move");
	ctl_query_add(path, "limit", PAGE_LEN);
	ctl_query_add(path, "after_id", after);
	ctl_query_add(path, "subject_id", move->subject_id);
	ctl_query_add(path, "cert_type", move->cert_type);
	ctl_query_add(path, "vnf_instance_id", move->vnf_instance);
	ctl_query_add(path, "trust_domain", move->trust_domain);
	ctl_query_add(path, "ca", move->from_ca);
	ctl_query_add(path, "profile", move->from_profile);
	ctl_query_add(path, "manager", move->from_manager);
}

static int page_move(struct ctl *ctl, const struct ctl_move *move, struct moved *m,
		     json_int_t *after_idp)
{
	_cleanup_(strbuf_clear) struct strbuf path = STRBUF_NULL;
	json_t *body =
		json_pack("{s:s*, s:s*, s:s*, s:b}", "ca", move->ca, "profile", move->profile,
			  "manager", move->manager, "dry_run", (int)move->dry_run);
	json_t *reply = NULL;
	int status;

	path_add(&path, move, *after_idp);
	if (!body) {
		ctl_error("the arguments are no UTF-8 text");
		return CTL_USAGE;
	}
	status = ctl_call(ctl, "POST", path.text, body, &reply);
	if (status)
		return status;
	m->looked_at += json_integer_value(json_object_get(reply, "looked_at"));
	m->moved += json_integer_value(json_object_get(reply, "moved"));
	json_array_extend(m->refused, json_object_get(reply, "refused"));
	*after_idp = json_integer_value(json_object_get(reply, "next_after_id"));
	json_decref(reply);
	return CTL_OK;
}

static void moved_report(const struct ctl *ctl, const struct ctl_move *move, const struct moved *m)
{
	json_t *row;
	size_t i;

	if (ctl->json) {
		json_t *object =
			json_pack("{s:I, s:I, s:b, s:O}", "looked_at", m->looked_at, "moved",
				  m->moved, "dry_run", (int)move->dry_run, "refused", m->refused);

		ctl_json_print(object);
		json_decref(object);
		return;
	}
	json_array_foreach(m->refused, i, row) ctl_error(
		"%s (%s, id %lld): %s (%s)", json_string_value(json_object_get(row, "subject_id")),
		json_string_value(json_object_get(row, "cert_type")),
		(long long)json_integer_value(json_object_get(row, "id")),
		json_string_value(json_object_get(row, "detail")),
		json_string_value(json_object_get(row, "reason")));
	printf("%s %lld of %lld registrations, %zu refused\n",
	       move->dry_run ? "would update" : "updated", (long long)m->moved,
	       (long long)m->looked_at, json_array_size(m->refused));
}

int ctl_registrations_move(struct ctl *ctl, const struct ctl_move *move)
{
	struct moved m = {.refused = json_array()};
	json_int_t after_id = 0;
	int status;

	do {
		status = page_move(ctl, move, &m, &after_id);
		if (!status && after_id && isatty(STDERR_FILENO))
			fprintf(stderr, "\r%lld looked at, %lld updated", (long long)m.looked_at,
				(long long)m.moved);
	} while (!status && after_id);
	if (!status && m.looked_at == 0) {
		ctl_error("there is no such registration");
		status = CTL_REFUSED;
	} else if (!status || m.moved) {
		moved_report(ctl, move, &m);
	}
	if (!status && json_array_size(m.refused))
		status = CTL_REFUSED;
	json_decref(m.refused);
	return status;
}
