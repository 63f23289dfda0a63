// SPDX-License-Identifier: Apache-2.0
/*
 * Removing what has ended and need not be kept. What may go the store says, but for names: whether
 * an entity still holds one is looked up in its certificates (ca/name_held.c).
 */
#include "cmf/retention.h"

#include "base/fault_point.h"
#include "ca.h"

#include <errno.h>

/* One page, on its way. */
struct step {
	const struct cmf_retention *retention;
	int64_t before_ms; /* what has ended before may go */
	/* Numbers in the unit, of what went. */
	int64_t rows[STORE_PAST_MAX];
	size_t n_rows;
	int64_t *names;
	size_t n_names;
	size_t size;
	/* Of the certificate that is looked at: */
	struct store_certificate cert;
	bool holds;
};

/* 0 is for ever: nothing lies before that. */
static int64_t before_of(const struct cmf_retention *r, enum store_past_kind kind)
{
	int64_t kept_ms = kind == STORE_PAST_REGISTRATIONS ? r->conf->registrations_ms
							   : r->conf->certificates_ms;

	return kept_ms ? r->now_ms - kept_ms : 0;
}

static int name_release(struct step *s, const struct name_key *key)
{
	int64_t *grown;

	if (s->retention->dry) {
		s->n_names++;
		return 0;
	}
	if (s->n_names == s->size) {
		grown = reallocarray(s->names, s->size + STORE_PAST_MAX, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->names = grown;
		s->size += STORE_PAST_MAX;
	}
	return store_held_name_release(s->retention->unit, key, s->cert.id,
				       &s->names[s->n_names++]);
}

static int name_look(void *arg, const struct name_key *key)
{
	struct step *s = arg;
	bool held;
	int err = ca_name_kept(s->retention->reader, &s->cert, key, s->retention->now_ms, &held);

	if (err)
		return err;
	s->holds = s->holds || held;
	return held ? 0 : name_release(s, key);
}

/* Names that nobody holds go, whatever becomes of the certificate; one that is held keeps it. */
static int names_release(struct step *s, const struct store_past *past)
{
	struct store_reader *reader = s->retention->reader;
	int err = store_certificate_get(reader, past->id, &s->cert);

	if (err == STORE_NOT_FOUND)
		return 0;
	if (!err)
		err = store_held_names_of(reader, past->id, name_look, s);
	store_certificate_clear(&s->cert);
	return err;
}

static int row_purge(struct step *s, enum store_past_kind kind, const struct store_past *past)
{
	struct store_unit *unit = s->retention->unit;
	int err = 0;

	s->holds = false;
	if (past->has_names)
		err = names_release(s, past);
	if (err || !past->may_go || s->holds)
		return err;
	if (s->retention->dry) {
		s->n_rows++;
		return 0;
	}
	return kind == STORE_PAST_REGISTRATIONS
		       ? store_registration_purge(unit, past, s->before_ms, &s->rows[s->n_rows++])
		       : store_certificate_purge(unit, past, s->before_ms, &s->rows[s->n_rows++]);
}

/* How many of them went, or would. */
static int64_t went(const struct cmf_retention *r, const int64_t *numbers, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += r->dry ? 1 : store_unit_id(r->unit, numbers[i]);
	return sum;
}

static void sweep_move(struct cmf_sweep *sweep, const struct store_past_page *page)
{
	if (page->len == STORE_PAST_MAX) {
		sweep->at = page->item[page->len - 1];
		return;
	}
	sweep->at = (struct store_past){0};
	sweep->done = ++sweep->kind == STORE_PAST_KINDS;
}

static void sweep_count(struct cmf_sweep *sweep, enum store_past_kind kind, int64_t rows,
			int64_t names)
{
	if (kind == STORE_PAST_REGISTRATIONS)
		sweep->tidied.registrations += rows;
	else
		sweep->tidied.certificates += rows;
	sweep->tidied.names += names;
}

int cmf_retention_step(const struct cmf_retention *r, struct cmf_sweep *sweep, int64_t *wentp)
{
	enum store_past_kind kind = sweep->kind;
	struct step s = {.retention = r, .before_ms = before_of(r, kind)};
	int64_t until_ms = kind == STORE_PAST_REGISTRATIONS ? s.before_ms : r->now_ms;
	struct store_past_page page;
	int64_t rows = 0, names = 0;
	int err = store_past_list(r->reader, kind, &sweep->at, until_ms, s.before_ms, &page);

	for (size_t i = 0; i < page.len && !err; i++)
		err = row_purge(&s, kind, &page.item[i]);
	if (err)
		store_unit_clear(r->unit);
	else
		err = store_unit_commit(r->unit);
	if (!err) {
		rows = went(r, s.rows, s.n_rows);
		names = went(r, s.names, s.n_names);
		sweep_count(sweep, kind, rows, names);
		sweep_move(sweep, &page);
		fault_point("retention-step");
	}
	if (wentp)
		*wentp = rows + names;
	free(s.names);
	return err;
}
