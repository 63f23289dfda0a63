// SPDX-License-Identifier: Apache-2.0
/*
 * Nonces for key attestation: giving them out, and whether one may be used. csr/ comes before this
 * where a statement is judged, order.c where its certificate goes into the unit.
 */
#include "cmf_private.h"

#include "cmf/due.h"
#include "cmf/nonce.h"
#include "store/nonce.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>

/* --- giving out --- */

/* Who may ask for certificates; the holder of one may update it. */
static bool may_ask(const struct cmf_principal *who)
{
	return who->kind == CMF_PRINCIPAL_END_ENTITY ||
	       principal_permitted(who, STORE_MAY_REQUEST | STORE_IS_RA | STORE_IS_OPERATOR);
}

int cmf_nonce_upstream(const struct cmf_call *call, const struct conf_profile *profile,
		       const struct ca **cap)
{
	const struct ca *ca = NULL;

	*cap = NULL;
	if (!profile || profile->attestation.policy != CONF_ATTESTATION_FORWARD)
		return 0;
	if (!may_ask(call->who))
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	ca = ca_by_rule(call->cmf, call->cmf->conf, profile->cert_type, call->who->trust_domain,
			profile->name);
	*cap = ca && ca_is_upstream(ca) ? ca : NULL;
	return 0;
}

static int ask_check(const struct cmf_call *call, const struct cmf_nonce_ask *ask)
{
	uint32_t max = call->cmf->conf->cmf.nonces_max_per_client, n;
	int err;

	if (!may_ask(call->who))
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	if (ask->len && (ask->len < CMF_NONCE_MIN || ask->len > CMF_NONCE_MAX))
		return refuse(call->refusal, REFUSAL_nonce_length);
	err = store_nonce_count(call->reader, call->who->name, call->now_ms, max, &n);
	if (err < 0)
		return err;
	return n < max ? 0 : refuse(call->refusal, REFUSAL_nonce_too_many);
}

int cmf_nonce_issue(const struct cmf_call *call, const struct cmf_nonce_ask *ask,
		    struct cmf_nonce *noncep)
{
	const struct conf_cmf *conf = &call->cmf->conf->cmf;
	struct store_nonce row;
	int err = ask_check(call, ask);

	if (err != 0)
		return err;
	*noncep = (struct cmf_nonce){.len = ask->len ? (size_t)ask->len : conf->nonce_length,
				     .expires_ms = call->now_ms + conf->nonce_lifetime_ms};
	/* It is told to whoever reads along: not one of the generator that keys come from. */
	if (RAND_bytes(noncep->octets, (int)noncep->len) != 1)
		return log_fault("random octets for a nonce", -EIO, NULL);
	/* All borrowed. */
	row = (struct store_nonce){
		.octets = {noncep->octets, noncep->len},
		.requester = call->who->name,
		.transaction_id = {(uint8_t *)(uintptr_t)ask->transaction_id.data,
				   ask->transaction_id.len},
		.request_digest = {(uint8_t *)(uintptr_t)ask->request_digest.data,
				   ask->request_digest.len},
		.seq = ask->seq,
		.expires_ms = noncep->expires_ms,
	};
	return store_nonce_insert(call->unit, &row, &noncep->id);
}

struct issued {
	const struct cmf_call *call;
	struct bytes digest;
	struct cmf_nonce *nonces;
	size_t n;
};

static int issued_add(void *arg, struct store_nonce *row)
{
	struct issued *issued = arg;
	struct cmf_nonce *nonce = &issued->nonces[issued->n];

	if (!bytes_equal(octets_view(&row->request_digest), issued->digest) || row->used ||
	    row->expires_ms <= issued->call->now_ms)
		return refuse(issued->call->refusal, REFUSAL_transaction_id_in_use);
	if (issued->n == CMF_NONCES_OF_TRANSACTION || row->octets.len > CMF_NONCE_MAX)
		return log_fault("read a stored nonce", -EBADMSG, NULL);
	nonce->id = row->id;
	nonce->len = row->octets.len;
	memcpy(nonce->octets, row->octets.data, row->octets.len);
	nonce->expires_ms = row->expires_ms;
	issued->n++;
	return 0;
}

int cmf_nonce_issued(const struct cmf_call *call, struct bytes transaction_id,
		     struct bytes request_digest, struct cmf_nonce *nonces, size_t *np)
{
	struct issued issued = {call, request_digest, nonces, 0};
	int err = store_nonce_of_transaction(call->reader, call->who->name, transaction_id,
					     issued_add, &issued);

	*np = issued.n;
	return err;
}

/* --- using --- */

/* By a request of the same message that was granted before. */
static bool used_earlier(const struct cmf_call *call, int64_t id)
{
	for (size_t i = 0; i < call->n_earlier; i++) {
		if (call->earlier[i]->nonce_id == id)
			return true;
	}
	return false;
}

int cmf_nonce_check(const struct cmf_call *call, struct bytes octets, int64_t named_id,
		    int64_t *idp)
{
	_cleanup_(store_nonce_clear) struct store_nonce nonce = {0};
	int err = octets.len < CMF_NONCE_MIN || octets.len > CMF_NONCE_MAX
			  ? STORE_NOT_FOUND
			  : store_nonce_find(call->reader, octets, &nonce);

	if (err < 0)
		return err;
	/* Another's is as one that was never given. */
	if (err == STORE_NOT_FOUND || strcmp(nonce.requester, call->who->name) != 0 ||
	    (named_id && named_id != nonce.id))
		return refuse(call->refusal, REFUSAL_nonce_unknown);
	if (nonce.used || used_earlier(call, nonce.id))
		return refuse(call->refusal, REFUSAL_nonce_used);
	if (nonce.expires_ms <= call->now_ms)
		return refuse(call->refusal, REFUSAL_nonce_expired);
	*idp = nonce.id;
	return 0;
}

int cmf_nonce_use(const struct cmf_call *call, int64_t id)
{
	return store_nonce_use(call->unit, id);
}

/* --- housekeeping --- */

static int nonce_end(void *arg, int64_t id)
{
	const struct cmf_call *call = arg;

	return store_nonce_remove(call->unit, id);
}

int nonces_end(struct cmf_call *call, bool *morep)
{
	struct store_due due;
	int err = store_nonce_due(call->reader,
				  call->now_ms - call->cmf->conf->cmf.nonce_lifetime_ms, &due);

	return err == 0 ? cmf_due_end_all(call->unit, &due, nonce_end, call, morep) : err;
}
