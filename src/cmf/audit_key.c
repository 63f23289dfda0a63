// SPDX-License-Identifier: Apache-2.0
/* The audit key, of each store key that there is, and MACs with it. See audit_key.h. */
#include "audit_key.h"

#include "cmf/audit.h"
#include "secret_keys.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#define AUDIT_KEY_LABEL "cmfd audit chain"

static_assert((int)CMF_KEY_ID_LEN == (int)STORE_AUDIT_KEY_ID_LEN,
	      "the id is that of the store key");

DEFINE_CLEANUP(struct cmf_audit_keys, cmf_audit_keys_free);

static int key_derive(const struct secret_key *from, struct store_audit_key *keyp)
{
	memcpy(keyp->id, from->id, sizeof(keyp->id));
	return secret_key_derive(from, AUDIT_KEY_LABEL, keyp->octets, sizeof(keyp->octets));
}

int audit_key_current(const struct cmf *cmf, struct store_audit_key *keyp)
{
	const struct secret_key *own = secret_keys_own(cmf->secret_keys);

	return own ? key_derive(own, keyp) : -ENOKEY;
}

int audit_keys_give(struct cmf *cmf)
{
	const struct secret_key *own = secret_keys_own(cmf->secret_keys), *key;
	struct store_audit_key keys[STORE_AUDIT_KEYS_MAX];
	size_t n = 0;
	int err;

	if (!own || !cmf->store)
		return 0;
	err = key_derive(own, &keys[n++]);
	for (key = secret_keys_first(cmf->secret_keys); err == 0 && key; key = key->next)
		if (key != own && n < STORE_AUDIT_KEYS_MAX)
			err = key_derive(key, &keys[n++]);
	if (err == 0) {
		store_audit_keys_set(cmf->store, keys, n);
		memcpy(cmf->audit_key_id, own->id, sizeof(cmf->audit_key_id));
	}
	OPENSSL_cleanse(keys, sizeof(keys));
	return err;
}

/* The key that the MAC is of. -EBADMSG: there is no MAC; -ENOKEY. */
static int key_of(struct secret_keys *keys, const struct store_audit_mac *mac,
		  struct store_audit_key *keyp)
{
	const struct secret_key *from = mac->present ? secret_keys_look(keys, mac->key_id) : NULL;

	if (!from)
		return mac->present ? -ENOKEY : -EBADMSG;
	return key_derive(from, keyp);
}

static int macs_compare(const struct store_audit_mac *mac, const struct store_audit_mac *expected)
{
	return CRYPTO_memcmp(expected->octets, mac->octets, sizeof(mac->octets)) == 0 ? 0
										      : -EBADMSG;
}

int audit_mac_check(const struct cmf *cmf, const struct store_audit_mac *mac,
		    enum store_audit_mac_of of, const struct store_audit_place *place)
{
	struct store_audit_mac expected = {0};
	struct store_audit_key key;
	int err = key_of(cmf->secret_keys, mac, &key);

	if (err == 0)
		err = store_audit_mac(&key, of, place, &expected);
	OPENSSL_cleanse(&key, sizeof(key));
	return err < 0 ? err : macs_compare(mac, &expected);
}

/* --- heads --- */

int cmf_audit_head_mac(const struct cmf *cmf, const struct store_audit_head *head,
		       struct store_audit_mac *macp)
{
	struct store_audit_key key;
	int err = audit_key_current(cmf, &key);

	*macp = (struct store_audit_mac){0};
	if (err == 0)
		err = store_audit_head_mac(&key, head, macp);
	OPENSSL_cleanse(&key, sizeof(key));
	return err == -ENOKEY ? 0 : err;
}

int cmf_audit_chain_head_mac(const struct cmf *cmf, const struct store_audit_chain *chain,
			     const struct store_audit_head *head, struct store_audit_mac *macp)
{
	int err = audit_mac_check(cmf, &chain->mac, STORE_AUDIT_LAST, &chain->last);

	*macp = (struct store_audit_mac){0};
	if (err == 0)
		err = cmf_audit_head_mac(cmf, head, macp);
	return err == -EBADMSG || err == -ENOKEY ? 0 : err;
}

static int head_check(struct secret_keys *keys, const struct store_audit_head *head,
		      const struct store_audit_mac *mac)
{
	struct store_audit_mac expected = {0};
	struct store_audit_key key;
	int err = key_of(keys, mac, &key);

	if (err == 0)
		err = store_audit_head_mac(&key, head, &expected);
	OPENSSL_cleanse(&key, sizeof(key));
	return err < 0 ? err : macs_compare(mac, &expected);
}

int cmf_audit_head_check(const struct cmf *cmf, const struct store_audit_head *head,
			 const struct store_audit_mac *mac)
{
	return head_check(cmf->secret_keys, head, mac);
}

struct cmf_audit_keys {
	struct conf_store conf;
	struct secret_keys *keys;
};

int cmf_audit_keys_new(const char *secret_key, struct cmf_audit_keys **keysp,
		       struct strbuf *problems)
{
	_cleanup_(cmf_audit_keys_freep) struct cmf_audit_keys *keys = calloc(1, sizeof(*keys));
	int err = -ENOMEM;

	if (keys)
		keys->conf.secret_key = strdup(secret_key);
	if (keys && keys->conf.secret_key)
		err = secret_keys_new(&keys->conf, &keys->keys, problems);
	if (err == 0)
		*keysp = TAKE(keys);
	return err;
}

void cmf_audit_keys_free(struct cmf_audit_keys *keys)
{
	if (!keys)
		return;
	secret_keys_free(keys->keys);
	free(keys->conf.secret_key);
	free(keys);
}

int cmf_audit_keys_check(const struct cmf_audit_keys *keys, const struct store_audit_head *head,
			 const struct store_audit_mac *mac)
{
	return head_check(keys->keys, head, mac);
}

/* --- another store key --- */

struct sealing {
	struct cmf_call *call;
	struct store_audit_key key;
	struct store_audit_chain *chain;
	size_t len;
};

static int chain_keep(void *arg, const struct store_audit_chain *chain)
{
	struct sealing *s = arg;
	struct store_audit_chain *grown = reallocarray(s->chain, s->len + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->chain = grown;
	s->chain[s->len++] = *chain;
	return 0;
}

/* What a MAC does not prove, another one must not either: it stays as it is. */
static int mac_renew(const struct sealing *s, struct store_audit_mac *mac,
		     enum store_audit_mac_of of, const struct store_audit_place *place,
		     bool *changedp)
{
	int err;

	if (!mac->present || memcmp(mac->key_id, s->key.id, sizeof(s->key.id)) == 0)
		return 0;
	err = audit_mac_check(s->call->cmf, mac, of, place);
	if (err == 0)
		err = store_audit_mac(&s->key, of, place, mac);
	*changedp = *changedp || err == 0;
	return err == -EBADMSG || err == -ENOKEY ? 0 : err;
}

/* A chain that goes on meanwhile has got its MAC from the committer, who has the key already. */
static int chain_seal(const struct sealing *s, const struct store_audit_chain *chain)
{
	const struct store_audit_place count = {.chain = (int64_t)s->len - 1};
	struct store_audit_mac mac = chain->mac, anchor_mac = chain->anchor_mac;
	bool changed = false;
	int err = chain->id > 0 ? mac_renew(s, &mac, STORE_AUDIT_LAST, &chain->last, &changed)
				: mac_renew(s, &mac, STORE_AUDIT_CHAINS, &count, &changed);

	if (err == 0)
		err = mac_renew(s, &anchor_mac, STORE_AUDIT_ANCHOR, &chain->anchor, &changed);
	if (err < 0 || !changed)
		return err;
	err = store_audit_seal(s->call->unit, chain, count.chain, &mac, &anchor_mac);
	if (err == 0)
		err = store_unit_commit(s->call->unit);
	return err == STORE_CONFLICT ? 0 : err;
}

int audit_seal(struct cmf_call *call)
{
	struct cmf *cmf = call->cmf;
	const struct secret_key *own = secret_keys_own(cmf->secret_keys);
	struct sealing s = {.call = call};
	int err;

	if (!own || (cmf->audit_sealed && memcmp(own->id, cmf->audit_key_id, sizeof(own->id)) == 0))
		return 0;
	cmf->audit_sealed = false;
	err = audit_keys_give(cmf);
	if (err == 0)
		err = audit_key_current(cmf, &s.key);
	if (err == 0)
		err = store_audit_chains(call->reader, chain_keep, &s);
	for (size_t i = 0; err == 0 && i < s.len; i++)
		err = chain_seal(&s, &s.chain[i]);
	cmf->audit_sealed = err == 0;
	OPENSSL_cleanse(&s.key, sizeof(s.key));
	free(s.chain);
	return err;
}
