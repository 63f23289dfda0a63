// SPDX-License-Identifier: Apache-2.0
/*
 * Revocation passphrases, RFC 9810 5.3.19.9 and Appendix B: an entity leaves one while it has its
 * key, and can revoke its certificates with it when it has the key no longer. Nothing else.
 */
#include "cmf_private.h"

#include <errno.h>
#include <openssl/asn1.h>
#include <string.h>

/* A shorter one can be guessed (RFC 9810 B: "relatively long"); a longer one is no passphrase. */
enum { PASSPHRASE_MIN = 16, PASSPHRASE_MAX = 1024 };

/* Whether the reference is free, or the same entity's. 0, REFUSED, negative errno. */
static int reference_check(const struct cmf_call *call, struct bytes reference)
{
	_cleanup_(store_rev_passphrase_clear) struct store_rev_passphrase found = {0};
	bool client = false;
	int err = cmf_mac_reference_taken(call->cmf, call->reader, reference, &client);

	if (err < 0)
		return err;
	err = client ? STORE_NOT_FOUND : store_rev_passphrase_find(call->reader, reference, &found);
	if (err < 0)
		return err;
	if (client || (err == 0 && found.registration_id != call->who->registration_id))
		return refuse(call->refusal, REFUSAL_rev_passphrase_reference);
	return 0;
}

static int passphrase_add(const struct cmf_call *call, struct bytes reference,
			  struct bytes passphrase, struct bytes transaction_id)
{
	_cleanup_(freep) char *sealed_for = NULL;
	_cleanup_(octets_clear) struct octets sealed = OCTETS_NULL;
	struct store_rev_passphrase row = {
		.registration_id = call->who->registration_id,
		.created_ms = call->now_ms,
		.reference = {(uint8_t *)(uintptr_t)reference.data, reference.len},
	};
	int err = secret_reference(STORE_SEALED_REV_PASSPHRASE, reference, &sealed_for);

	if (err == 0)
		err = cmf_secret_seal(call, bytes_of_string(sealed_for), passphrase, &sealed);
	if (err < 0)
		return err;
	row.secret = sealed;
	/* Who has no other credential goes on with the one before. */
	if (call->who->kind == CMF_PRINCIPAL_REVOKER)
		row.transaction_id = (struct octets){(uint8_t *)(uintptr_t)transaction_id.data,
						     transaction_id.len};
	return store_rev_passphrase_put(call->unit, &row);
}

/* Who may leave one under that reference; the registration of its entity. */
static int entity_check(const struct cmf_call *call, struct bytes reference,
			struct store_registration *reg)
{
	int err;

	/* RFC 9810 B: the rr under a passphrase may bring the next one. */
	if (!call->who->certificate_id &&
	    (call->who->kind != CMF_PRINCIPAL_REVOKER || call->who->replaced))
		return refuse(call->refusal, REFUSAL_rev_passphrase_not_entity);
	err = reference_check(call, reference);
	if (err == 0)
		err = store_registration_get(call->reader, call->who->registration_id, reg);
	if (err == STORE_NOT_FOUND || (err == 0 && reg->state != STORE_REGISTRATION_ACTIVE))
		return refuse(call->refusal, REFUSAL_entity_not_authorized);
	return err;
}

int cmf_rev_passphrase_check(const struct cmf_call *call, struct bytes reference)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};

	return entity_check(call, reference, &reg);
}

static bool is_text(struct bytes b)
{
	unsigned long c;
	int len;

	for (; b.len; b = (struct bytes){b.data + len, b.len - (size_t)len}) {
		len = UTF8_getc(b.data, (int)b.len, &c);
		if (len <= 0 || c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

/*
 * It came in CBC, without integrity, so that anybody could send what he has caught, be it a
 * passphrase or a private key for the archive, changed, and would learn from the answers whether
 * the padding is right. Nothing that is put together so is text of some length but by a rare
 * chance; and the answer is that of wrong padding.
 */
static int passphrase_check(struct bytes passphrase, struct refusal *refusal)
{
	if (passphrase.len < PASSPHRASE_MIN || passphrase.len > PASSPHRASE_MAX)
		return refuse_detail(refusal, REFUSAL_rev_passphrase_unreadable,
				     "the passphrase is too short or too long");
	if (!is_text(passphrase))
		return refuse_detail(refusal, REFUSAL_rev_passphrase_unreadable,
				     "the passphrase is no text");
	return 0;
}

int cmf_rev_passphrase_set(const struct cmf_call *call, struct bytes reference,
			   struct bytes passphrase, struct bytes transaction_id)
{
	_cleanup_(store_registration_clear) struct store_registration reg = {0};
	struct store_entity entity;
	int err = entity_check(call, reference, &reg);

	if (err == 0)
		err = passphrase_check(passphrase, call->refusal);
	if (err == 0)
		err = passphrase_add(call, reference, passphrase, transaction_id);
	if (err != 0)
		return err;
	entity = store_registration_entity(&reg);
	return audit_add_entity(call, "revPassphrase", &entity, NULL);
}

static int revoker_fill(const struct cmf *cmf, const struct store_rev_passphrase *row,
			struct cmf_principal *p)
{
	_cleanup_(freep) char *sealed_for = NULL;
	int err = secret_reference(STORE_SEALED_REV_PASSPHRASE, octets_view(&row->reference),
				   &sealed_for);

	if (err == 0)
		err = secret_open(cmf, bytes_of_string(sealed_for), octets_view(&row->secret),
				  &p->mac_secret);
	if (err < 0)
		return err;
	p->policy = conf_client_policy_find(cmf->conf, NULL);
	p->registration_id = row->registration_id;
	p->trust_domain = strdup("");
	if (!p->trust_domain ||
	    asprintf(&p->name, "revPassphrase:%lld", (long long)row->registration_id) < 0) {
		p->name = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* By the passphrase before, as long as the transaction that replaced it is known: it adds nothing
 * to what was done. STORE_NOT_FOUND. */
static int revoker_before(const struct cmf_call *call, struct bytes reference,
			  struct bytes transaction_id, struct cmf_principal *p)
{
	_cleanup_(store_rev_passphrase_clear) struct store_rev_passphrase row = {0};
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	int err = store_rev_passphrase_before(call->reader, reference, transaction_id, &row);

	if (err == 0)
		err = revoker_fill(call->cmf, &row, p);
	p->replaced = true;
	return err == 0 ? store_transaction_find(call->reader, p->name, transaction_id, &txn) : err;
}

static int revoker_now(const struct cmf_call *call, struct bytes reference, struct cmf_principal *p)
{
	_cleanup_(store_rev_passphrase_clear) struct store_rev_passphrase row = {0};
	int err = store_rev_passphrase_find(call->reader, reference, &row);

	return err == 0 ? revoker_fill(call->cmf, &row, p) : err;
}

int cmf_revoker_find(const struct cmf_call *call, struct bytes reference,
		     struct bytes transaction_id, struct cmf_principal *principalp)
{
	_cleanup_(cmf_principal_clear) struct cmf_principal p = {.kind = CMF_PRINCIPAL_REVOKER};
	int err = STORE_NOT_FOUND;

	/* First, for both may have the same reference. */
	if (reference.len)
		err = revoker_before(call, reference, transaction_id, &p);
	if (err == STORE_NOT_FOUND && reference.len) {
		cmf_principal_clear(&p);
		p = (struct cmf_principal){.kind = CMF_PRINCIPAL_REVOKER};
		err = revoker_now(call, reference, &p);
	}
	if (err == STORE_NOT_FOUND)
		return refuse(call->refusal, REFUSAL_mac_reference_unknown);
	if (err < 0)
		return err;
	*principalp = p;
	p = (struct cmf_principal){0};
	return 0;
}
