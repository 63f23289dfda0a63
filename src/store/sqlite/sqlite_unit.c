// SPDX-License-Identifier: Apache-2.0
/* Executing the changes of a unit on SQLite. See sqlite_unit.h. */
#include "sqlite_unit.h"

#include "base/log.h"
#include "sqlite_unit_local.h"

#include <errno.h>

int sqlite_unit_prepare(sqlite3 *db, struct sqlite_unit_statements **statementsp)
{
	struct sqlite_unit_statements *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->db = db;
	int err = sqlite_db_prepare(db, sqlite_unit_sql, s->stmt, STATEMENT_COUNT);
	if (err < 0) {
		sqlite_unit_finalize(s);
		return err;
	}
	*statementsp = s;
	return 0;
}

void sqlite_unit_finalize(struct sqlite_unit_statements *s)
{
	if (!s)
		return;
	sqlite_db_finalize(s->stmt, STATEMENT_COUNT);
	free(s);
}

int sqlite_unit_run(struct sqlite_unit_statements *s, const struct binder *b)
{
	int rc = b->rc, r = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(b->stmt);
	if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY)
		r = STORE_CONFLICT;
	else if (rc != SQLITE_DONE)
		r = sqlite_db_fault(s->db, "store: execute change", rc);
	sqlite3_reset(b->stmt);
	return r;
}

int sqlite_unit_run_conditional(struct sqlite_unit_statements *s, const struct binder *b)
{
	int err = sqlite_unit_run(s, b);

	if (err == 0 && sqlite3_changes(s->db) == 0)
		return STORE_CONFLICT;
	return err;
}

/* A SELECT whose row says that the condition does not hold. */
static int run_require(struct sqlite_unit_statements *s, const struct binder *b)
{
	int rc = b->rc, r = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(b->stmt);
	if (rc == SQLITE_ROW)
		r = STORE_CONFLICT;
	else if (rc != SQLITE_DONE)
		r = sqlite_db_fault(s->db, "store: check condition", rc);
	sqlite3_reset(b->stmt);
	return r;
}

static int client_insert(struct sqlite_unit_statements *s, const struct store_client *c)
{
	struct binder b = BINDER(s->stmt[CLIENT_INSERT]);

	bind_text(&b, c->name);
	bind_text(&b, c->trust_domain);
	bind_int(&b, c->permissions);
	bind_int(&b, c->register_on_ir);
	bind_text(&b, c->default_profile);
	bind_bytes(&b, octets_view(&c->trust_anchor));
	bind_bytes(&b, octets_view(&c->certificate));
	bind_text(&b, c->subject);
	bind_text(&b, c->mac_reference);
	bind_bytes(&b, octets_view(&c->mac_secret));
	bind_int(&b, c->created_ms);
	bind_text(&b, c->policy);
	bind_text(&b, c->entity);
	return sqlite_unit_run(s, &b);
}

static int client_remove(struct sqlite_unit_statements *s, const char *name)
{
	struct binder b = BINDER(s->stmt[CLIENT_REMOVE]);

	bind_text(&b, name);
	return sqlite_unit_run_conditional(s, &b);
}

static int registration_insert(struct sqlite_unit_statements *s,
			       const struct store_registration *reg)
{
	struct binder b = BINDER(s->stmt[REGISTRATION_INSERT]);

	bind_int(&b, reg->cert_type);
	bind_text(&b, reg->subject_id);
	bind_int(&b, reg->handling);
	bind_text(&b, reg->manager);
	bind_text(&b, reg->trust_domain);
	bind_text(&b, reg->ca);
	bind_text(&b, reg->profile);
	bind_int(&b, reg->state);
	bind_int(&b, reg->created_ms);
	bind_int(&b, reg->changed_ms);
	return sqlite_unit_run_conditional(s, &b);
}

static int registration_deregister(struct sqlite_unit_statements *s, int64_t id, int64_t now_ms)
{
	struct binder b = BINDER(s->stmt[REGISTRATION_DEREGISTER]);

	bind_int(&b, id);
	bind_int(&b, now_ms);
	return sqlite_unit_run_conditional(s, &b);
}

static int key_require(struct sqlite_unit_statements *s, const uint8_t *digest,
		       const char *subject_id)
{
	struct binder b = BINDER(s->stmt[KEY_REQUIRE]);

	bind_bytes(&b, (struct bytes){digest, 32});
	bind_text(&b, subject_id);
	return run_require(s, &b);
}

static int live_require(struct sqlite_unit_statements *s, const struct store_live *live)
{
	struct binder b = BINDER(s->stmt[LIVE_REQUIRE]);

	bind_int(&b, live->registration_id);
	bind_int(&b, live->except_id);
	bind_int(&b, live->now_ms);
	bind_int(&b, live->max);
	return run_require(s, &b);
}

static int certificate_insert(struct sqlite_unit_statements *s, const struct store_certificate *c,
			      int64_t registration_id)
{
	struct binder b = BINDER(s->stmt[CERTIFICATE_INSERT]);

	bind_int(&b, registration_id);
	bind_int(&b, c->state);
	bind_int_unless(&b, c->revoked_ms ? c->reason : STORE_REASON_NONE, STORE_REASON_NONE);
	bind_int_unless(&b, c->revoked_ms, 0);
	bind_int_unless(&b, c->confirm_by_ms, 0);
	bind_int(&b, c->not_before_ms);
	bind_int(&b, c->not_after_ms);
	bind_int(&b, c->created_ms);
	bind_text(&b, c->ca);
	bind_bytes(&b, serial_view(&c->serial));
	bind_text(&b, c->requester);
	bind_text(&b, c->subject);
	bind_bytes(&b, BYTES_OF(c->key_digest));
	bind_bytes(&b, octets_view(&c->der));
	return sqlite_unit_counted(s, sqlite_unit_run_conditional(s, &b), COUNT_CERTIFICATES,
				   COUNT_NONE, c->state);
}

static int certificate_fill(struct sqlite_unit_statements *s, const struct store_certificate *c)
{
	struct binder b = BINDER(s->stmt[CERTIFICATE_FILL]);

	bind_int(&b, c->id);
	bind_int(&b, c->state);
	bind_int_unless(&b, c->confirm_by_ms, 0);
	bind_int(&b, c->not_before_ms);
	bind_int(&b, c->not_after_ms);
	bind_bytes(&b, serial_view(&c->serial));
	bind_text(&b, c->subject);
	bind_bytes(&b, octets_view(&c->der));
	return sqlite_unit_counted(s, sqlite_unit_run_conditional(s, &b), COUNT_CERTIFICATES,
				   STORE_CERT_REQUESTED, c->state);
}

static int certificate_set_state(struct sqlite_unit_statements *s, const struct unit_op *op)
{
	struct binder b = BINDER(s->stmt[CERTIFICATE_SET_STATE]);

	bind_int(&b, op->certificate_state.id);
	bind_int(&b, op->certificate_state.from);
	bind_int(&b, op->certificate_state.to);
	return sqlite_unit_counted(s, sqlite_unit_run_conditional(s, &b), COUNT_CERTIFICATES,
				   op->certificate_state.from, op->certificate_state.to);
}

static int certificate_revoke(struct sqlite_unit_statements *s, const struct unit_op *op)
{
	struct binder b = BINDER(s->stmt[CERTIFICATE_REVOKE]);

	bind_int(&b, op->certificate_state.id);
	bind_int(&b, op->certificate_state.from);
	bind_int(&b, op->certificate_state.to);
	bind_int_unless(&b, op->certificate_state.reason, STORE_REASON_NONE);
	bind_int(&b, op->certificate_state.now_ms);
	return sqlite_unit_counted(s, sqlite_unit_run_conditional(s, &b), COUNT_CERTIFICATES,
				   op->certificate_state.from, op->certificate_state.to);
}

static int certificate_release(struct sqlite_unit_statements *s, const struct unit_op *op)
{
	struct binder b = BINDER(s->stmt[CERTIFICATE_RELEASE]);

	bind_int(&b, op->certificate_state.id);
	bind_int(&b, op->certificate_state.from);
	bind_int(&b, op->certificate_state.now_ms);
	return sqlite_unit_counted(s, sqlite_unit_run_conditional(s, &b), COUNT_CERTIFICATES,
				   op->certificate_state.from, STORE_CERT_ACTIVE);
}

static int certificate_set_invalidity(struct sqlite_unit_statements *s, const struct unit_op *op)
{
	struct binder b = BINDER(s->stmt[CERTIFICATE_SET_INVALIDITY]);

	bind_int(&b, op->certificate_state.id);
	bind_int_unless(&b, op->certificate_state.now_ms, 0);
	return sqlite_unit_run_conditional(s, &b);
}

static int exchange_insert(struct sqlite_unit_statements *s, const struct store_exchange *e,
			   int64_t certificate_id)
{
	struct binder b = BINDER(s->stmt[EXCHANGE_INSERT]);

	bind_int(&b, e->kind);
	bind_int(&b, e->state);
	bind_int(&b, certificate_id);
	bind_int(&b, e->failinfo);
	bind_int_unless(&b, e->deadline_ms, 0);
	bind_int(&b, e->next_ms);
	bind_int(&b, e->created_ms);
	bind_text(&b, e->ca);
	bind_bytes(&b, octets_view(&e->request));
	return sqlite_unit_run(s, &b);
}

static int exchange_add_message(struct sqlite_unit_statements *s, int64_t exchange_id,
				const struct store_exchange_message *m)
{
	struct binder b = BINDER(s->stmt[EXCHANGE_ADD_MESSAGE]);

	bind_int(&b, exchange_id);
	bind_int(&b, m->seq);
	bind_int(&b, m->sent);
	bind_bytes(&b, octets_view(&m->der));
	return sqlite_unit_run_conditional(s, &b);
}

static int exchange_set_next(struct sqlite_unit_statements *s, int64_t id, int64_t next_ms)
{
	struct binder b = BINDER(s->stmt[EXCHANGE_SET_NEXT]);

	bind_int(&b, id);
	bind_int(&b, next_ms);
	return sqlite_unit_run_conditional(s, &b);
}

static int exchange_finish(struct sqlite_unit_statements *s, const struct unit_op *op)
{
	struct binder b = BINDER(s->stmt[EXCHANGE_FINISH]);

	bind_int(&b, op->exchange_state.id);
	bind_int(&b, op->exchange_state.state);
	bind_int(&b, op->exchange_state.failinfo);
	bind_text(&b, op->exchange_state.refusal);
	return sqlite_unit_run_conditional(s, &b);
}

static int crl_insert(struct sqlite_unit_statements *s, const struct store_crl *crl)
{
	struct binder purge = BINDER(s->stmt[CRL_PURGE]);
	struct binder b = BINDER(s->stmt[CRL_INSERT]);
	int err;

	bind_text(&b, crl->ca);
	bind_int(&b, crl->number);
	bind_int(&b, crl->this_update_ms);
	bind_int(&b, crl->next_update_ms);
	bind_int(&b, crl->scheduled_ms);
	bind_int(&b, crl->changes);
	bind_bytes(&b, crl->der);
	err = sqlite_unit_run_conditional(s, &b);
	if (err != 0)
		return err;
	/* After it, so that its id is a new one. */
	bind_text(&purge, crl->ca);
	bind_int(&purge, crl->number);
	return sqlite_unit_run(s, &purge);
}

static int seen_insert(struct sqlite_unit_statements *s, const struct store_seen *seen)
{
	struct binder b = BINDER(s->stmt[SEEN_INSERT]);

	bind_bytes(&b, BYTES_OF(seen->digest));
	bind_int_unless(&b, seen->until_ms, 0);
	return sqlite_unit_run(s, &b);
}

static int seen_purge(struct sqlite_unit_statements *s, int64_t before_ms, uint32_t limit)
{
	struct binder b = BINDER(s->stmt[SEEN_PURGE]);

	bind_int(&b, before_ms);
	bind_int(&b, limit);
	return sqlite_unit_run(s, &b);
}

static int announcement_insert(struct sqlite_unit_statements *s, const struct store_announcement *a)
{
	struct binder b = BINDER(s->stmt[ANNOUNCEMENT_INSERT]);

	bind_int(&b, a->type);
	bind_int(&b, a->created_ms);
	bind_text(&b, a->sender);
	bind_bytes(&b, BYTES_OF(a->digest));
	bind_bytes(&b, octets_view(&a->der));
	return sqlite_unit_run(s, &b);
}

static int announcement_trim(struct sqlite_unit_statements *s, const char *sender, uint32_t keep)
{
	struct binder b = BINDER(s->stmt[ANNOUNCEMENT_TRIM]);

	bind_text(&b, sender);
	bind_int(&b, keep);
	return sqlite_unit_run(s, &b);
}

static int rev_passphrase_put(struct sqlite_unit_statements *s,
			      const struct store_rev_passphrase *p)
{
	struct binder keep = BINDER(s->stmt[REV_PASSPHRASE_KEEP]);
	struct binder remove = BINDER(s->stmt[REV_PASSPHRASE_REMOVE]);
	struct binder b = BINDER(s->stmt[REV_PASSPHRASE_INSERT]);
	int err = 0;

	if (p->transaction_id.len) {
		bind_int(&keep, p->registration_id);
		bind_bytes(&keep, octets_view(&p->transaction_id));
		err = sqlite_unit_run(s, &keep);
	}
	bind_int(&remove, p->registration_id);
	if (err == 0)
		err = sqlite_unit_run(s, &remove);
	if (err != 0)
		return err;
	bind_int(&b, p->registration_id);
	bind_int(&b, p->created_ms);
	bind_bytes(&b, octets_view(&p->reference));
	bind_bytes(&b, octets_view(&p->secret));
	return sqlite_unit_run_conditional(s, &b);
}

static int archived_key_insert(struct sqlite_unit_statements *s, const struct store_archived_key *k,
			       int64_t certificate_id)
{
	struct binder b = BINDER(s->stmt[ARCHIVED_KEY_INSERT]);

	bind_int(&b, certificate_id);
	bind_int(&b, k->created_ms);
	bind_int(&b, k->generated);
	bind_bytes(&b, octets_view(&k->secret));
	return sqlite_unit_run(s, &b);
}

static int archived_key_remove(struct sqlite_unit_statements *s, int64_t certificate_id)
{
	struct binder b = BINDER(s->stmt[ARCHIVED_KEY_REMOVE]);

	bind_int(&b, certificate_id);
	return sqlite_unit_run_conditional(s, &b);
}

static int audit_add(struct sqlite_unit_statements *s, const struct store_audit *a)
{
	struct binder b = BINDER(s->stmt[AUDIT_ADD]);

	bind_int(&b, a->time_ms);
	bind_text(&b, a->actor);
	bind_text(&b, a->action);
	bind_text(&b, a->target);
	bind_text(&b, a->detail);
	return sqlite_unit_run(s, &b);
}

static int execute(struct sqlite_unit_statements *s, const struct unit_op *op)
{
	switch (op->kind) {
	case UNIT_CLIENT_INSERT:
		return client_insert(s, op->client);
	case UNIT_CLIENT_REMOVE:
		return client_remove(s, op->client_name);
	case UNIT_REGISTRATION_INSERT:
		return registration_insert(s, op->registration);
	case UNIT_REGISTRATION_DEREGISTER:
		return registration_deregister(s, op->deregister.id, op->deregister.now_ms);
	case UNIT_KEY_REQUIRE:
		return key_require(s, op->key.digest, op->key.subject_id);
	case UNIT_LIVE_REQUIRE:
		return live_require(s, &op->live);
	case UNIT_CERTIFICATE_INSERT:
		return certificate_insert(
			s, op->certificate.row,
			sqlite_unit_id_or_ref(op->certificate.row->registration_id,
					      op->certificate.ref));
	case UNIT_CERTIFICATE_FILL:
		return certificate_fill(s, op->certificate.row);
	case UNIT_CERTIFICATE_SET_STATE:
		return certificate_set_state(s, op);
	case UNIT_CERTIFICATE_REVOKE:
		return certificate_revoke(s, op);
	case UNIT_CERTIFICATE_RELEASE:
		return certificate_release(s, op);
	case UNIT_CERTIFICATE_SET_INVALIDITY:
		return certificate_set_invalidity(s, op);
	case UNIT_TRANSACTION_INSERT:
		return sqlite_unit_transaction_insert(
			s, op->transaction.row,
			sqlite_unit_id_or_ref(op->transaction.row->certificate_id,
					      op->transaction.ref));
	case UNIT_TRANSACTION_ITEM_INSERT:
		return sqlite_unit_transaction_item_insert(s, op);
	case UNIT_TRANSACTION_UPDATE:
		return sqlite_unit_transaction_update(s, op);
	case UNIT_TRANSACTION_END:
		return sqlite_unit_transaction_end(s, op);
	case UNIT_TRANSACTION_SET_CERTIFICATE:
		return sqlite_unit_transaction_set_certificate(s, op->transaction_certificate.id,
							       *op->transaction_certificate.ref);
	case UNIT_POP_INSERT:
		return sqlite_unit_pop_insert(
			s, op->pop.row,
			sqlite_unit_id_or_ref(op->pop.row->transaction_id, op->pop.ref));
	case UNIT_POP_REMOVE:
		return sqlite_unit_pop_remove(s, op->pop_transaction_id);
	case UNIT_KEM_SECRET_INSERT:
		return sqlite_unit_kem_secret_insert(s, op->kem_secret);
	case UNIT_KEM_SECRET_TRIM:
		return sqlite_unit_kem_secret_trim(s, op->trim.sender, op->trim.keep);
	case UNIT_KEM_SECRET_USE:
		return sqlite_unit_kem_secret_use(s, op->kem_secret_use.id,
						  *op->kem_secret_use.ref);
	case UNIT_KEM_SECRET_PURGE:
		return sqlite_unit_kem_secret_purge(s, op->purge.before_ms, op->purge.limit);
	case UNIT_TRANSACTION_PURGE:
		return sqlite_unit_transaction_purge(s, op);
	case UNIT_EXCHANGE_INSERT:
		return exchange_insert(
			s, op->exchange.row,
			sqlite_unit_id_or_ref(op->exchange.row->certificate_id, op->exchange.ref));
	case UNIT_EXCHANGE_ADD_MESSAGE:
		return exchange_add_message(s, op->message.id, op->message.row);
	case UNIT_EXCHANGE_SET_NEXT:
		return exchange_set_next(s, op->exchange_state.id, op->exchange_state.next_ms);
	case UNIT_EXCHANGE_FINISH:
		return exchange_finish(s, op);
	case UNIT_CRL_INSERT:
		return crl_insert(s, op->crl);
	case UNIT_SEEN_INSERT:
		return seen_insert(s, op->seen);
	case UNIT_SEEN_PURGE:
		return seen_purge(s, op->purge.before_ms, op->purge.limit);
	case UNIT_ANNOUNCEMENT_INSERT:
		return announcement_insert(s, op->announcement);
	case UNIT_ANNOUNCEMENT_TRIM:
		return announcement_trim(s, op->trim.sender, op->trim.keep);
	case UNIT_REV_PASSPHRASE_PUT:
		return rev_passphrase_put(s, op->rev_passphrase);
	case UNIT_ARCHIVED_KEY_INSERT:
		return archived_key_insert(
			s, op->archived_key.row,
			sqlite_unit_id_or_ref(op->archived_key.row->certificate_id,
					      op->archived_key.ref));
	case UNIT_ARCHIVED_KEY_REMOVE:
		return archived_key_remove(s, op->archived_key_id);
	case UNIT_AUDIT_ADD:
		return audit_add(s, op->audit);
	case UNIT_PROBE:
		return sqlite_unit_run(s, &BINDER(s->stmt[PROBE]));
	}
	return -EINVAL;
}

int sqlite_unit_execute(struct sqlite_unit_statements *s, const struct store_unit *unit)
{
	counts_begin(&s->counts);
	for (size_t i = 0; i < unit->len; i++) {
		const struct unit_op *op = &unit->op[i];
		int err = execute(s, op);

		if (err != 0)
			return err;
		if (op->idp)
			*op->idp = sqlite3_last_insert_rowid(s->db);
	}
	counts_keep(&s->counts);
	return 0;
}

int sqlite_unit_count(struct sqlite_unit_statements *s)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(s->counts.batch); i++) {
		struct binder b = BINDER(s->stmt[COUNT]);

		if (s->counts.batch[i] == 0)
			continue;
		bind_text(&b, counts_name(i));
		bind_int(&b, counts_state(i));
		bind_int(&b, s->counts.batch[i]);
		err = sqlite_unit_run(s, &b);
		if (err != 0)
			break;
	}
	counts_clear(&s->counts);
	return err;
}

void sqlite_unit_count_clear(struct sqlite_unit_statements *s)
{
	counts_clear(&s->counts);
}

void sqlite_unit_reset_ids(const struct store_unit *unit)
{
	for (size_t i = 0; i < unit->len; i++)
		if (unit->op[i].idp)
			*unit->op[i].idp = 0;
}
