// SPDX-License-Identifier: Apache-2.0
/* The audit: what was done, or refused, to whom and by whom. Nothing of the CMF depends on it. */
#include "store/audit.h"

#include "audit_rows.h"
#include "unit.h"

#include "base/visible.h"
#include "base/vnfci_urn.h"

#include <assert.h>
#include <errno.h>

void audit_values(const struct store_audit *line, struct value values[AUDIT_VALUES])
{
	const struct value all[] = {
		value_int(line->time_ms),
		value_int(line->actor_kind),
		value_text(line->actor),
		value_int_unless(line->has_uid ? (int64_t)line->uid : -1, -1),
		value_text(line->action),
		value_text(line->target),
		value_text(line->detail),
		value_text(line->before),
		value_text(line->after),
		value_text(line->outcome ? line->outcome : "done"),
		value_int_unless((int64_t)line->request_id, 0),
		value_text(line->user),
	};

	static_assert(ARRAY_LEN(all) == AUDIT_VALUES, "each is hashed");
	memcpy(values, all, sizeof(all));
}

/* Octets of a client, as those of a path, may be anything. Text is UTF-8: PostgreSQL takes no
 * other, and JSON has no other, so that a hash could not be made again of what is read there. */
static int text_mend(const char **text, struct strbuf *mended)
{
	if (!*text || visible_is_utf8(*text))
		return 0;
	visible_add(mended, *text);
	*text = mended->text;
	return mended->failed ? -ENOMEM : 0;
}

static int line_add(struct store_unit *u, struct store_audit *line)
{
	const char **const texts[] = {&line->actor,  &line->action, &line->target,  &line->detail,
				      &line->before, &line->after,  &line->outcome, &line->user};
	struct strbuf mended[ARRAY_LEN(texts)] = {0};
	struct value values[AUDIT_VALUES];
	int err = 0;

	for (size_t i = 0; err == 0 && i < ARRAY_LEN(texts); i++)
		err = text_mend(texts[i], &mended[i]);
	if (err == 0) {
		audit_values(line, values);
		/* The writer adds its place in the chain. */
		err = unit_add(u, CHANGE_AUDIT_ADD, values, AUDIT_VALUES);
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		strbuf_clear(&mended[i]);
	return err;
}

int store_audit_add(struct store_unit *u, const struct store_audit *audit)
{
	bool of_vnf = audit->vnf_instance && *audit->vnf_instance;
	_cleanup_(freep) char *urn = of_vnf ? vnfci_urn(audit->vnf_instance, audit->target) : NULL;
	struct store_audit line = *audit;

	if (of_vnf && !urn)
		return -ENOMEM;
	line.target = of_vnf ? urn : audit->target;
	return line_add(u, &line);
}

/* --- reading --- */

struct audit_walk {
	store_audit_each *each;
	void *arg;
};

static int audit_give(struct row *row, void *arg)
{
	const struct audit_walk *walk = arg;
	struct store_audit audit = {0};
	_cleanup_(freep) char *actor = NULL, *action = NULL, *target = NULL, *detail = NULL;
	_cleanup_(freep) char *before = NULL, *after = NULL, *outcome = NULL, *user = NULL;
	int64_t uid;
	int err;

	audit.id = row_int(row);
	audit.time_ms = row_int(row);
	audit.actor_kind = (enum store_actor)row_int(row);
	audit.actor = actor = row_text(row);
	uid = row_int_or(row, -1);
	audit.has_uid = uid >= 0;
	audit.uid = (uid_t)uid;
	audit.action = action = row_text(row);
	audit.target = target = row_text(row);
	audit.detail = detail = row_text(row);
	audit.before = before = row_text(row);
	audit.after = after = row_text(row);
	audit.outcome = outcome = row_text(row);
	audit.request_id = (uint64_t)row_int_or(row, 0);
	audit.user = user = row_text(row);
	audit.chain = row_int(row);
	audit.sequence = row_int(row);
	audit.hash = row_bytes(row);
	err = row_complete(row);
	return err < 0 ? err : walk->each(walk->arg, &audit);
}

int store_audit_since(struct store_reader *r, int64_t since_ms, int64_t *before_idp)
{
	int err = read_number(r, READ_AUDIT_SINCE, VALUES(value_int(since_ms)), 0, before_idp);

	/* min() of nothing is NULL, and read as 0. */
	*before_idp = *before_idp > 0 ? *before_idp - 1 : INT64_MAX;
	return err;
}

int store_audit_chain_start(struct store_reader *r, const struct store_audit_chain *chain,
			    int64_t *before_idp)
{
	int err;

	*before_idp = 0;
	/* What retention has left begins with the first line that there is. */
	if (chain->id == 0 || chain->anchor.sequence > 0)
		return 0;
	err = read_number(r, READ_AUDIT_AT, VALUES(value_int(chain->begun_ms)), 1, before_idp);
	*before_idp -= 1;
	return err;
}

int store_audit_newest(struct store_reader *r, int64_t chain, store_audit_each *each, void *arg)
{
	struct audit_walk walk = {each, arg};

	return read_one(r, READ_AUDIT_NEWEST, VALUES(value_int(chain)), audit_give, &walk);
}

int store_audit_list(struct store_reader *r, const struct store_audit_filter *filter,
		     store_audit_each *each, void *arg)
{
	_cleanup_(query_clear) struct query q = query_begin(r, LIST_AUDIT);
	struct audit_walk walk = {each, arg};
	const struct {
		enum query_part part;
		const char *text;
	} texts[] = {{WHERE_ACTOR, filter->actor},
		     {WHERE_ACTION, filter->action},
		     {WHERE_TARGET, filter->target},
		     {WHERE_OUTCOME, filter->outcome}};

	int64_t after_id = filter->after_id;
	int err = 0;

	/* Lines are in the order of ids, nearly that of time. */
	if (filter->since_ms && after_id == 0)
		err = store_audit_since(r, filter->since_ms, &after_id);
	if (err < 0)
		return err;
	query_where(&q, WHERE_ID_AFTER, value_int(after_id));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i].text)
			query_where(&q, texts[i].part, value_text(texts[i].text));
	if (filter->request_id)
		query_where(&q, WHERE_REQUEST_ID, value_int((int64_t)filter->request_id));
	if (filter->of_chain)
		query_where(&q, WHERE_CHAIN, value_int(filter->chain));
	if (filter->since_ms)
		query_where(&q, WHERE_TIME_SINCE, value_int(filter->since_ms));
	query_end(&q, ORDER_ID, filter->limit);
	return query_walk(&q, audit_give, &walk);
}
