// SPDX-License-Identifier: Apache-2.0
/* Gathering the changes of a write set. What each of them says is in records/. See unit.h. */
#include "unit.h"

#include "base/log.h"

#include <errno.h>

/* An enrolment needs some eight; a unit grows and keeps its size. */
enum { CHANGES_INITIAL = 16 };

const enum change_rows change_rows[CHANGE_KINDS] = {
#define CHANGE(name, rows) [CHANGE_##name] = CHANGE_ROWS_##rows,
#include "change_table.h"
#undef CHANGE
};

int change_judge(enum change_kind kind, int64_t rows)
{
	switch (change_rows[kind]) {
	case CHANGE_ROWS_NEW:
	case CHANGE_ROWS_ONE:
		return rows > 0 ? 0 : STORE_CONFLICT;
	case CHANGE_ROWS_NONE:
		return rows > 0 ? STORE_CONFLICT : 0;
	case CHANGE_ROWS_HELD:
		return rows > 0 ? 0
				: log_fault_every(1000000, "store: commit", -ECANCELED,
						  "another node does this by now");
	case CHANGE_ROWS_ANY:
		return 0;
	}
	return -EINVAL;
}

static const bool changes_clients[CHANGE_KINDS] = {
	[CHANGE_CLIENT_INSERT] = true,     [CHANGE_CLIENT_UPDATE] = true,
	[CHANGE_CLIENT_REMOVE] = true,     [CHANGE_CREDENTIAL_INSERT] = true,
	[CHANGE_CREDENTIAL_REMOVE] = true, [CHANGE_SEAL_CREDENTIAL] = true,
};

bool change_of_clients(enum change_kind kind)
{
	return changes_clients[kind];
}

int unit_new(struct committer *committer, struct store_unit **unitp)
{
	struct store_unit *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->committer = committer;
	sem_init(&u->done, 0, 0);
	*unitp = u;
	return 0;
}

void store_unit_free(struct store_unit *unit)
{
	if (!unit)
		return;
	sem_destroy(&unit->done);
	arena_free(&unit->arena);
	free(unit->change);
	free(unit);
}

void store_unit_clear(struct store_unit *unit)
{
	unit->len = 0;
	unit->opening = 0;
	unit->committed = 0;
	unit->changes_clients = false;
	unit->forgets_ids = false;
	arena_reset(&unit->arena);
}

bool store_unit_empty(const struct store_unit *unit)
{
	return unit->len == unit->opening;
}

void store_unit_opened(struct store_unit *unit)
{
	unit->opening = unit->len;
}

void store_unit_set_dry(struct store_unit *unit)
{
	unit->dry = true;
}

void store_unit_forget_ids(struct store_unit *unit)
{
	unit->forgets_ids = true;
}

bool store_unit_is_dry(const struct store_unit *unit)
{
	return unit->dry;
}

int64_t store_unit_id(const struct store_unit *unit, int64_t id)
{
	if (id >= 0)
		return id;
	return (uint64_t)(-1 - id) < unit->committed ? unit->change[-1 - id].result : 0;
}

static int change_reserve(struct store_unit *u)
{
	size_t size = u->size ? u->size * 2 : CHANGES_INITIAL;
	struct change *grown;

	if (u->len < u->size)
		return 0;
	grown = reallocarray(u->change, size, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	u->change = grown;
	u->size = size;
	return 0;
}

static int value_copy(struct store_unit *u, struct value *value)
{
	void *copy;

	/* What stands for a result of another unit, or of this one before it was cleared. */
	if (value->kind == VALUE_RESULT && (uint64_t)value->number >= u->len)
		return -EINVAL;
	if (value->borrowed || (value->kind != VALUE_TEXT && value->kind != VALUE_OCTETS))
		return 0;
	copy = arena_alloc(&u->arena, value->len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, value->data, value->len);
	value->data = copy;
	return 0;
}

static int change_add(struct store_unit *u, enum change_kind kind, const struct value *values,
		      size_t n)
{
	struct value *copies = arena_alloc(&u->arena, n * sizeof(*copies));
	int err = copies ? change_reserve(u) : -ENOMEM;

	for (size_t i = 0; err == 0 && i < n; i++) {
		copies[i] = values[i];
		err = value_copy(u, &copies[i]);
	}
	if (err < 0)
		return err;
	u->committed = 0;
	u->changes_clients = u->changes_clients || change_of_clients(kind);
	u->change[u->len++] = (struct change){
		.kind = kind, .from = COUNT_NONE, .to = COUNT_NONE, .value = copies, .n = n};
	return 0;
}

/* Before the first change, so that whoever has lost its lease is told so, and of no conflict. */
static int lease_require(struct store_unit *u)
{
	const struct unit_lease *lease = &u->lease;
	const struct value values[] = {value_text(lease->job), value_int(lease->node),
				       value_int(lease->epoch)};

	return change_add(u, CHANGE_LEASE_REQUIRE, values, ARRAY_LEN(values));
}

int unit_add(struct store_unit *u, enum change_kind kind, const struct value *values, size_t n)
{
	int err = u->len == 0 && u->lease.job ? lease_require(u) : 0;

	return err == 0 ? change_add(u, kind, values, n) : err;
}

int unit_add_result(struct store_unit *u, enum change_kind kind, int64_t *resultp,
		    const struct value *values, size_t n)
{
	int err = unit_add(u, kind, values, n);

	if (err == 0 && resultp)
		*resultp = -(int64_t)u->len;
	return err;
}

void unit_count(struct store_unit *u, enum count_kind counted, int from, int to)
{
	struct change *last = &u->change[u->len - 1];

	last->counted = counted;
	last->from = from;
	last->to = to;
}

struct value unit_value(const struct store_unit *u, const struct value *value)
{
	if (value->kind != VALUE_RESULT)
		return *value;
	return value_int(u->change[value->number].result);
}
