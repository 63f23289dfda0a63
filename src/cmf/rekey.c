// SPDX-License-Identifier: Apache-2.0
/*
 * From one store key to the next. cmf_rekey() brings the new one into force, after which nothing is
 * sealed under the one before any more; housekeeping then seals anew what there is, in units of
 * bounded size, each of which may be the last before a crash; and forgets the key before when
 * nothing is left. Until then a secret under either key opens.
 */
#include "cmf_private.h"
#include "secret_keys.h"

#include "base/fault_point.h"

#include <errno.h>
#include <string.h>

enum {
	/* Secrets that a unit seals anew. */
	BATCH_LEN = 64,
	/* Secrets of a kind that a key is tried on, which the store does not know yet. */
	TRIED_MAX = 4,
	ID_TEXT_SIZE = 2 * CMF_KEY_ID_LEN + 1,
};

static void id_text(const uint8_t id[CMF_KEY_ID_LEN], char out[ID_TEXT_SIZE])
{
	bytes_to_hex((struct bytes){id, CMF_KEY_ID_LEN}, out);
}

/* What a secret of the store is sealed for. */
static int sealed_for(const struct store_sealed *sealed, struct octets *outp)
{
	char *text = NULL;
	int err;

	if (sealed->kind == STORE_SEALED_CREDENTIAL)
		return octets_dup(octets_view(&sealed->reference), outp);
	err = secret_reference(sealed->kind, octets_view(&sealed->reference), &text);
	if (err == 0)
		*outp = (struct octets){(uint8_t *)text, strlen(text)};
	return err;
}

static int sealed_open(const struct cmf *cmf, const struct store_sealed *sealed,
		       struct octets *aadp, struct octets *secretp)
{
	int err = sealed_for(sealed, aadp);

	return err == 0 ? secret_try(cmf, octets_view(aadp), octets_view(&sealed->secret), secretp)
			: err;
}

/* --- whether the keys are the right ones --- */

struct tried {
	const struct cmf *cmf;
	size_t n, opened;
};

static int sealed_try(void *arg, const struct store_sealed *sealed)
{
	struct tried *tried = arg;
	_cleanup_(octets_clear) struct octets aad = OCTETS_NULL;
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	int err = sealed_open(tried->cmf, sealed, &aad, &secret);

	tried->n++;
	tried->opened += err == 0;
	return err == -EBADMSG ? 0 : err;
}

/* From before the store knew its keys: whether ours open what there is. */
static int secrets_try(const struct cmf *cmf, struct store_reader *reader, struct strbuf *problems)
{
	struct tried tried = {.cmf = cmf};
	int err = 0;

	for (int kind = 0; kind < STORE_SEALED_KINDS && err == 0 && !tried.opened; kind++)
		err = store_sealed_list(reader, (enum store_sealed_kind)kind, 0, NULL, TRIED_MAX,
					sealed_try, &tried);
	if (err < 0 || tried.n == 0 || tried.opened)
		return err;
	strbuf_printf(problems,
		      "[store] secret_key: %s is not the key under which the secrets in the store "
		      "are sealed: put that one back\n",
		      cmf->conf->store.secret_key);
	return -EINVAL;
}

int secret_keys_check(const struct cmf *cmf, struct store_reader *reader, struct strbuf *problems)
{
	const struct secret_key *own = secret_keys_own(cmf->secret_keys);
	struct store_secret_key keys[STORE_SECRET_KEYS_MAX];
	char ours[ID_TEXT_SIZE] = "none", theirs[ID_TEXT_SIZE];
	size_t n = 0;
	int err = store_secret_keys(reader, keys, &n);

	if (err == 0 && n == 0)
		return secrets_try(cmf, reader, problems);
	if (own)
		id_text(own->id, ours);
	for (size_t i = 0; err == 0 && i < n; i++) {
		if (secret_keys_find(cmf->secret_keys, keys[i].id))
			continue;
		id_text(keys[i].id, theirs);
		strbuf_printf(problems,
			      "[store] secret_key: %s is the key %s, but secrets in the store are "
			      "sealed under the key %s: put that one back, or name it in "
			      "secret_key_old\n",
			      cmf->conf->store.secret_key, ours, theirs);
		err = -EINVAL;
	}
	return err;
}

/* --- the next key --- */

int cmf_rekey(const struct cmf_call *call)
{
	struct secret_keys *ours = call->cmf->secret_keys;
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	struct store_secret_key keys[STORE_SECRET_KEYS_MAX];
	char before[ID_TEXT_SIZE], after[ID_TEXT_SIZE];
	const struct secret_key *next;
	size_t n = 0;
	int err = secret_keys_refresh(ours, &problems);

	if (err == -EINVAL)
		return refuse_detail(call->refusal, REFUSAL_rekey_file, problems.text);
	if (err == 0)
		err = store_secret_keys(call->reader, keys, &n);
	if (err < 0)
		return err;
	next = secret_keys_own(ours);
	if (!next || n == 0)
		return refuse(call->refusal, REFUSAL_rekey_nothing);
	if (memcmp(keys[0].id, next->id, CMF_KEY_ID_LEN) == 0)
		return refuse(call->refusal, REFUSAL_rekey_same_key);
	if (n > 1)
		return refuse(call->refusal, REFUSAL_rekey_under_way);
	if (!secret_keys_find(ours, keys[0].id))
		return refuse(call->refusal, REFUSAL_rekey_key_lost);
	id_text(keys[0].id, before);
	id_text(next->id, after);
	err = store_secret_key_replace(call->unit, keys[0].id, next->id, call->now_ms);
	return err == 0 ? cmf_audit_add(call, &(struct cmf_audit){.action = "store-rekey",
								  .target = "secret_key",
								  .before = before,
								  .after = after})
			: err;
}

/* --- sealing anew --- */

/* A page of secrets that are sealed anew. */
struct resealing {
	const struct cmf_call *call;
	const struct secret_key *key; /* that in force */
	size_t n, sealed, unreadable;
	int64_t last_id;
};

static int sealed_renew(void *arg, const struct store_sealed *sealed)
{
	struct resealing *r = arg;
	_cleanup_(octets_clear) struct octets aad = OCTETS_NULL, again = OCTETS_NULL;
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	int err = sealed_open(r->call->cmf, sealed, &aad, &secret);

	r->n++;
	r->last_id = sealed->id;
	if (err == -EBADMSG) {
		r->unreadable++;
		return 0;
	}
	if (err == 0)
		err = secret_seal_under(r->key, octets_view(&aad), octets_view(&secret), &again);
	if (err == 0)
		err = store_sealed_replace(r->call->unit, sealed, octets_view(&again));
	r->sealed += err == 0;
	return err;
}

/* All kinds have been seen, and nothing is sealed under it since the other is in force. */
static int rekey_finish(const struct cmf_call *call, const struct store_secret_key *before)
{
	const struct rekey_progress *progress = &call->cmf->rekey;
	char id[ID_TEXT_SIZE], text[80];
	int err = store_secret_key_remove(call->unit, before->id);

	id_text(before->id, id);
	snprintf(text, sizeof(text), "%lld sealed anew, %lld unreadable",
		 (long long)progress->sealed, (long long)progress->unreadable);
	if (err == 0)
		err = cmf_audit_add(call, &(struct cmf_audit){.action = "store-rekey-end",
							      .target = "secret_key",
							      .detail = text,
							      .before = id});
	if (err == 0)
		err = store_unit_commit(call->unit);
	if (err == 0)
		log_event(progress->unreadable ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "store_rekey",
			  F_INT("sealed", progress->sealed),
			  F_INT("unreadable", progress->unreadable));
	return err == STORE_CONFLICT ? 0 : err;
}

/* One page. Where others have changed one of them meanwhile it is looked at again. */
static int page_renew(const struct cmf_call *call, const struct secret_key *key)
{
	struct rekey_progress *progress = &call->cmf->rekey;
	struct resealing r = {.call = call, .key = key};
	int err = store_sealed_list(call->reader, progress->kind, progress->after_id, key->id,
				    BATCH_LEN, sealed_renew, &r);

	if (err == 0 && r.sealed > 0)
		err = store_secret_key_require(call->unit, key->id, call->now_ms);
	if (err == 0 && r.sealed > 0)
		err = store_unit_commit(call->unit);
	if (err != 0)
		return err == STORE_CONFLICT ? 0 : err;
	fault_point("cmf-rekey");
	progress->sealed += (int64_t)r.sealed;
	progress->unreadable += (int64_t)r.unreadable;
	progress->after_id = r.last_id;
	if (r.n == 0) {
		progress->kind++;
		progress->after_id = 0;
	}
	return 0;
}

/* The store learns which key it is, before anything is sealed under it. */
static int first_key_note(const struct cmf_call *call)
{
	const struct secret_key *own = secret_keys_own(call->cmf->secret_keys);
	int err = own ? store_secret_key_require(call->unit, own->id, call->now_ms) : 0;

	if (err == 0 && own)
		err = store_unit_commit(call->unit);
	return err == STORE_CONFLICT ? 0 : err;
}

int rekey_housekeeping(struct cmf_call *call, bool *morep)
{
	struct rekey_progress *progress = &call->cmf->rekey;
	struct store_secret_key keys[STORE_SECRET_KEYS_MAX];
	const struct secret_key *key;
	size_t n = 0;
	int err = store_secret_keys(call->reader, keys, &n);

	if (err < 0 || n == 1) {
		*progress = (struct rekey_progress){0};
		return err;
	}
	if (n == 0)
		return first_key_note(call);
	key = secret_keys_look(call->cmf->secret_keys, keys[0].id);
	if (!key)
		return log_fault("cmf: seal secrets anew", -ENOKEY, "[store] secret_key");
	*morep = true;
	return progress->kind == STORE_SEALED_KINDS ? rekey_finish(call, &keys[1])
						    : page_renew(call, key);
}
