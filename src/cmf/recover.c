// SPDX-License-Identifier: Apache-2.0
/*
 * Key recovery, RFC 4210 5.3.7: who gets the archived keys of an entity, and the keys. The entity
 * is found as for a certificate request (csr_entity.c); what it is told by is the door's.
 */
#include "archive.h"
#include "csr/csr.h"

#include "asn1/private_key.h"
#include "base/log.h"

#include <errno.h>

void cmf_recovery_clear(struct cmf_recovery *recovery)
{
	for (size_t i = 0; i < recovery->len; i++) {
		store_certificate_clear(&recovery->item[i].cert);
		EVP_PKEY_free(recovery->item[i].key);
	}
	*recovery = (struct cmf_recovery){.len = 0};
}

/* --- the keys --- */

struct walk {
	const struct cmf *cmf;
	struct store_reader *reader;
	struct cmf_recovery *recovery;
};

static int item_fill(const struct walk *walk, const struct store_archived_key *row,
		     struct cmf_recovered *item)
{
	_cleanup_(octets_clear_secret) struct octets der = OCTETS_NULL;
	int err = store_certificate_get(walk->reader, row->certificate_id, &item->cert);

	if (err == STORE_NOT_FOUND)
		return log_fault("certificate of an archived key", -ENOENT, NULL);
	if (err == 0)
		err = archive_open(walk->cmf, item->cert.key_digest, octets_view(&row->secret),
				   &der);
	return err == 0 ? private_key_read(octets_view(&der), &item->key) : err;
}

static int key_row(void *arg, const struct store_archived_key *row)
{
	const struct walk *walk = arg;
	struct cmf_recovery *recovery = walk->recovery;

	if (recovery->len == CMF_RECOVER_MAX) {
		recovery->more = true;
		return 0;
	}
	return item_fill(walk, row, &recovery->item[recovery->len++]);
}

/* Every key that leaves the archive. */
static int recovery_audit(const struct cmf_call *call, const struct cmf_recovery *recovery)
{
	char serial[SERIAL_HEX_SIZE];
	int err = 0;

	for (size_t i = 0; i < recovery->len && err == 0; i++) {
		const struct store_certificate *cert = &recovery->item[i].cert;
		const struct store_entity entity = store_certificate_entity(cert);

		serial_hex(&cert->serial, serial);
		err = audit_add_entity(call, "recover key", &entity, serial);
	}
	return err;
}

/* The entity that the request is for, as of a certificate request. */
static int entity_find(struct decision *d)
{
	int err = csr_entity_find(d);

	if (err == 0)
		err = csr_profile_find(d);
	/* The keys would have to be kept, decrypted, until the upstream CA has answered. */
	if (err == 0 && d->csr->spki && ca_is_upstream(d->ca))
		err = refuse(d->call.refusal, REFUSAL_recovery_upstream);
	/* What the profile says today counts, whatever it was when the key was archived. */
	if (err == 0 && d->profile->archive_keys == CONF_ARCHIVE_NEVER)
		err = refuse(d->call.refusal, REFUSAL_recovery_not_offered);
	return err;
}

int cmf_recover(const struct cmf_call *call, const struct cmf_csr *csr,
		struct cmf_recovery *recoveryp)
{
	_cleanup_(decision_clear) struct decision d = decision_of(call, csr);
	_cleanup_(cmf_recovery_clear) struct cmf_recovery recovery = {.len = 0};
	struct walk walk = {call->cmf, call->reader, &recovery};
	int err = entity_find(&d);

	if (err == 0)
		err = store_archived_key_list(call->reader, d.registration.id, CMF_RECOVER_MAX + 1,
					      key_row, &walk);
	if (err == 0 && recovery.len == 0)
		return refuse(call->refusal, REFUSAL_recovery_nothing);
	if (err == 0)
		err = recovery_audit(call, &recovery);
	if (err != 0)
		return err;
	*recoveryp = recovery;
	recovery = (struct cmf_recovery){.len = 0};
	return 0;
}
