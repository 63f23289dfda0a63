// SPDX-License-Identifier: Apache-2.0
/* Gathering the changes of a write set. What they do is the backend's. See unit.h. */
#include "unit.h"

#include "committer.h"

#include <errno.h>
#include <string.h>

/* An enrolment needs four; a unit grows and keeps its size. */
enum { OPS_INITIAL = 8 };

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
	store_unit_clear(unit);
	sem_destroy(&unit->done);
	free(unit->kept);
	free(unit->op);
	free(unit);
}

void store_unit_clear(struct store_unit *unit)
{
	unit->len = 0;
	while (unit->kept_len > 0)
		free(unit->kept[--unit->kept_len]);
}

int store_unit_keep(struct store_unit *unit, void *memory)
{
	if (!memory)
		return 0;
	if (unit->kept_len == unit->kept_size) {
		size_t size = unit->kept_size ? unit->kept_size * 2 : OPS_INITIAL;
		void **grown = reallocarray(unit->kept, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		unit->kept = grown;
		unit->kept_size = size;
	}
	unit->kept[unit->kept_len++] = memory;
	return 0;
}

bool store_unit_empty(const struct store_unit *unit)
{
	return unit->len == 0;
}

void store_unit_set_dry(struct store_unit *unit)
{
	unit->dry = true;
}

bool store_unit_is_dry(const struct store_unit *unit)
{
	return unit->dry;
}

int store_unit_commit(struct store_unit *unit)
{
	int err = unit->len > 0 && !unit->dry ? committer_commit(unit->committer, unit) : 0;

	store_unit_clear(unit);
	return err;
}

static int unit_add(struct store_unit *u, struct unit_op op)
{
	if (u->len == u->size) {
		size_t size = u->size ? u->size * 2 : OPS_INITIAL;
		struct unit_op *grown = reallocarray(u->op, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		u->op = grown;
		u->size = size;
	}
	u->op[u->len++] = op;
	return 0;
}

int store_client_insert(struct store_unit *u, const struct store_client *client)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_CLIENT_INSERT, .client = client});
}

int store_client_remove(struct store_unit *u, const char *name)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_CLIENT_REMOVE, .client_name = name});
}

int store_registration_insert(struct store_unit *u, const struct store_registration *reg,
			      int64_t *idp)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_REGISTRATION_INSERT,
					    .idp = idp,
					    .registration = reg});
}

int store_registration_deregister(struct store_unit *u, int64_t id, int64_t now_ms)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_REGISTRATION_DEREGISTER,
					    .deregister = {.id = id, .now_ms = now_ms}});
}

int store_key_require(struct store_unit *u, const uint8_t *digest, const char *subject_id)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_KEY_REQUIRE, .key = {digest, subject_id}});
}

int store_live_require(struct store_unit *u, const struct store_live *live)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_LIVE_REQUIRE, .live = *live});
}

int store_certificate_insert(struct store_unit *u, const struct store_certificate *cert,
			     const int64_t *registration_ref, int64_t *idp)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_CERTIFICATE_INSERT,
					    .idp = idp,
					    .certificate = {.row = cert, .ref = registration_ref}});
}

int store_certificate_fill(struct store_unit *u, const struct store_certificate *cert)
{
	return unit_add(
		u, (struct unit_op){.kind = UNIT_CERTIFICATE_FILL, .certificate = {.row = cert}});
}

int store_certificate_set_state(struct store_unit *u, int64_t id, enum store_certificate_state from,
				enum store_certificate_state to)
{
	return unit_add(u,
			(struct unit_op){.kind = UNIT_CERTIFICATE_SET_STATE,
					 .certificate_state = {.id = id, .from = from, .to = to}});
}

int store_certificate_revoke(struct store_unit *u, int64_t id, enum store_certificate_state from,
			     enum store_certificate_state to, int reason, int64_t now_ms)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_CERTIFICATE_REVOKE,
					    .certificate_state = {.id = id,
								  .from = from,
								  .to = to,
								  .reason = reason,
								  .now_ms = now_ms}});
}

int store_certificate_release(struct store_unit *u, int64_t id, enum store_certificate_state from,
			      int64_t now_ms)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_CERTIFICATE_RELEASE,
					    .certificate_state = {
						    .id = id, .from = from, .now_ms = now_ms}});
}

int store_certificate_set_invalidity(struct store_unit *u, int64_t id, int64_t invalidity_ms)
{
	return unit_add(u,
			(struct unit_op){.kind = UNIT_CERTIFICATE_SET_INVALIDITY,
					 .certificate_state = {.id = id, .now_ms = invalidity_ms}});
}

int store_transaction_insert(struct store_unit *u, const struct store_transaction *txn,
			     const int64_t *certificate_ref, int64_t *idp)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_TRANSACTION_INSERT,
					    .idp = idp,
					    .transaction = {.row = txn, .ref = certificate_ref}});
}

int store_transaction_item_insert(struct store_unit *u, const struct store_transaction_item *item,
				  int seq, const int64_t *transaction_ref,
				  const int64_t *certificate_ref)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_TRANSACTION_ITEM_INSERT,
					    .transaction_item = {.row = item,
								 .transaction_ref = transaction_ref,
								 .ref = certificate_ref,
								 .seq = seq}});
}

int store_transaction_update(struct store_unit *u, const struct store_transaction *txn,
			     enum store_transaction_state from, const uint8_t *from_digest,
			     bool if_unanswered)
{
	return unit_add(u,
			(struct unit_op){.kind = UNIT_TRANSACTION_UPDATE,
					 .transaction_update = {.row = txn,
								.from_digest = from_digest,
								.from = from,
								.if_unanswered = if_unanswered}});
}

int store_transaction_end(struct store_unit *u, int64_t id, enum store_transaction_state from,
			  int64_t now_ms)
{
	return unit_add(
		u, (struct unit_op){.kind = UNIT_TRANSACTION_END,
				    .transaction_end = {.id = id, .from = from, .now_ms = now_ms}});
}

int store_transaction_set_certificate(struct store_unit *u, int64_t id,
				      const int64_t *certificate_ref)
{
	return unit_add(
		u, (struct unit_op){.kind = UNIT_TRANSACTION_SET_CERTIFICATE,
				    .transaction_certificate = {.id = id, .ref = certificate_ref}});
}

int store_pop_insert(struct store_unit *u, const struct store_pop *pop,
		     const int64_t *transaction_ref)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_POP_INSERT,
					    .pop = {.row = pop, .ref = transaction_ref}});
}

int store_pop_remove(struct store_unit *u, int64_t transaction_id)
{
	return unit_add(
		u, (struct unit_op){.kind = UNIT_POP_REMOVE, .pop_transaction_id = transaction_id});
}

int store_kem_secret_insert(struct store_unit *u, const struct store_kem_secret *secret)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_KEM_SECRET_INSERT, .kem_secret = secret});
}

int store_kem_secret_trim(struct store_unit *u, const char *requester, uint32_t keep)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_KEM_SECRET_TRIM,
					    .trim = {.sender = requester, .keep = keep}});
}

int store_kem_secret_use(struct store_unit *u, int64_t id, const int64_t *transaction_ref)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_KEM_SECRET_USE,
					    .kem_secret_use = {.id = id, .ref = transaction_ref}});
}

int store_kem_secret_purge(struct store_unit *u, int64_t before_ms, uint32_t limit)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_KEM_SECRET_PURGE,
					    .purge = {.before_ms = before_ms, .limit = limit}});
}

int store_transaction_purge(struct store_unit *u, int64_t before_ms, uint32_t limit, uint32_t *np)
{
	return unit_add(
		u, (struct unit_op){.kind = UNIT_TRANSACTION_PURGE,
				    .purge = {.before_ms = before_ms, .limit = limit, .np = np}});
}

int store_exchange_insert(struct store_unit *u, const struct store_exchange *e,
			  const int64_t *certificate_ref, int64_t *idp)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_EXCHANGE_INSERT,
					    .idp = idp,
					    .exchange = {.row = e, .ref = certificate_ref}});
}

int store_exchange_add_message(struct store_unit *u, int64_t exchange_id,
			       const struct store_exchange_message *message)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_EXCHANGE_ADD_MESSAGE,
					    .message = {.id = exchange_id, .row = message}});
}

int store_exchange_set_next(struct store_unit *u, int64_t id, int64_t next_ms)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_EXCHANGE_SET_NEXT,
					    .exchange_state = {.id = id, .next_ms = next_ms}});
}

int store_exchange_finish(struct store_unit *u, int64_t id, enum store_exchange_state state,
			  int failinfo, const char *refusal)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_EXCHANGE_FINISH,
					    .exchange_state = {.id = id,
							       .state = state,
							       .failinfo = failinfo,
							       .refusal = refusal}});
}

int store_crl_insert(struct store_unit *u, const struct store_crl *crl, int64_t *idp)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_CRL_INSERT, .idp = idp, .crl = crl});
}

int store_seen_insert(struct store_unit *u, const struct store_seen *seen)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_SEEN_INSERT, .seen = seen});
}

int store_seen_purge(struct store_unit *u, int64_t before_ms, uint32_t limit)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_SEEN_PURGE,
					    .purge = {.before_ms = before_ms, .limit = limit}});
}

int store_announcement_insert(struct store_unit *u, const struct store_announcement *a,
			      int64_t *idp)
{
	return unit_add(
		u,
		(struct unit_op){.kind = UNIT_ANNOUNCEMENT_INSERT, .idp = idp, .announcement = a});
}

int store_announcement_trim(struct store_unit *u, const char *sender, uint32_t keep)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_ANNOUNCEMENT_TRIM,
					    .trim = {.sender = sender, .keep = keep}});
}

int store_rev_passphrase_put(struct store_unit *u, const struct store_rev_passphrase *p)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_REV_PASSPHRASE_PUT, .rev_passphrase = p});
}

int store_archived_key_insert(struct store_unit *u, const struct store_archived_key *key,
			      const int64_t *certificate_ref)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_ARCHIVED_KEY_INSERT,
					    .archived_key = {.row = key, .ref = certificate_ref}});
}

int store_archived_key_remove(struct store_unit *u, int64_t certificate_id)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_ARCHIVED_KEY_REMOVE,
					    .archived_key_id = certificate_id});
}

int store_audit_add(struct store_unit *u, const struct store_audit *audit)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_AUDIT_ADD, .audit = audit});
}

int unit_probe(struct store_unit *u)
{
	return unit_add(u, (struct unit_op){.kind = UNIT_PROBE});
}
