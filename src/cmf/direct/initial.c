// SPDX-License-Identifier: Apache-2.0
/*
 * One-time secrets of direct mode: a VNFCI gets its first certificate with one. It belongs to one
 * registration, and is spent when a certificate that was asked for with it has become active; until
 * then the VNFCI may begin again, and what it has not accepted is given up. Where VNFCIs find them
 * is initial_file.c's, or the JSON door's.
 */
#include "direct/direct.h"

#include "base/fault_point.h"
#include "cmf/due.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

enum {
	SECRET_OCTETS = 24, /* 192 bits, so that no MAC algorithm makes guessing worth it */
	/* Together at most 64 characters, ub-common-name: clients put it into sender, RFC
	   9483 4.1.5. */
	REFERENCE_NAME_MAX = 40,
	REFERENCE_OCTETS = 8,
};

#define PRINCIPAL_NAME "initialCredential"

/* --- making one --- */

static int hex_random(char *out, size_t n)
{
	uint8_t octets[SECRET_OCTETS];

	if (RAND_bytes(octets, (int)n) != 1)
		return log_fault("cmf: random secret", -EIO, NULL);
	bytes_to_hex((struct bytes){octets, n}, out);
	OPENSSL_cleanse(octets, sizeof(octets));
	return 0;
}

/* It names the VNF for people: which registration it is of, the store says. */
static int reference_make(const char *vnf_instance, char **referencep)
{
	char name[INITIAL_NAME_MAX + 1], random[2 * REFERENCE_OCTETS + 1];
	int err = initial_file_name(vnf_instance, name);

	if (err == 0)
		err = hex_random(random, REFERENCE_OCTETS);
	if (err < 0)
		return err;
	if (asprintf(referencep, "%.*s.%s", REFERENCE_NAME_MAX, name, random) < 0) {
		*referencep = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int secret_make(char **secretp)
{
	char *secret = malloc(2 * SECRET_OCTETS + 1);
	int err = secret ? hex_random(secret, SECRET_OCTETS) : -ENOMEM;

	if (err < 0)
		free(secret);
	else
		*secretp = secret;
	return err;
}

void cmf_initial_credential_clear(struct cmf_initial_credential *credential)
{
	free(credential->reference);
	if (credential->secret)
		OPENSSL_clear_free(credential->secret, strlen(credential->secret));
	*credential = (struct cmf_initial_credential){0};
}

static int credential_fill(const struct cmf_call *call, const struct conf_vnfm *vnfm,
			   const struct store_registration *reg,
			   struct cmf_initial_credential *credential)
{
	int err = reference_make(reg->vnf_instance, &credential->reference);

	credential->expires_ms = call->now_ms + vnfm->initial_credential_lifetime_ms;
	return err == 0 ? secret_make(&credential->secret) : err;
}

static int credential_put(const struct cmf_call *call, const struct conf_vnfm *vnfm,
			  const struct store_registration *reg,
			  const struct cmf_initial_credential *credential)
{
	const struct bytes reference = bytes_of_string(credential->reference);
	_cleanup_(octets_clear_secret) struct octets sealed = OCTETS_NULL;
	_cleanup_(freep) char *sealed_for = NULL;
	struct store_initial_credential row = {
		.registration_id = reg->id,
		.reference = {(uint8_t *)(uintptr_t)reference.data, reference.len},
		.created_ms = call->now_ms,
		.expires_ms = credential->expires_ms,
		.file = vnfm->initial_credential_dir ? STORE_INITIAL_FILE_TO_WRITE
						     : STORE_INITIAL_FILE_NONE,
		.deliver_to = vnfm->initial_credential_uri ? vnfm->name : NULL,
	};
	int err = secret_reference(STORE_SEALED_INITIAL_CREDENTIAL, reference, &sealed_for);

	if (err == 0)
		err = cmf_secret_seal(call, bytes_of_string(sealed_for),
				      bytes_of_string(credential->secret), &sealed);
	if (err < 0)
		return err;
	row.secret = sealed;
	return store_initial_credential_put(call->unit, &row);
}

int initial_make(const struct cmf_call *call, const struct conf_vnfm *vnfm,
		 const struct store_registration *reg)
{
	struct cmf_initial_credential credential = {0};
	int err;

	if (vnfm->initial_credential != CONF_INITIAL_SECRET)
		return 0;
	err = credential_fill(call, vnfm, reg, &credential);
	if (err == 0)
		err = credential_put(call, vnfm, reg, &credential);
	cmf_initial_credential_clear(&credential);
	return err;
}

int cmf_initial_credential_make(const struct cmf_call *call, const struct store_registration *reg,
				struct cmf_initial_credential *credentialp)
{
	const struct conf_vnfm *vnfm = direct_vnfm_of(call->cmf->conf, reg->source);
	int err;

	if (!principal_permitted(call->who, STORE_MAY_REQUEST | STORE_IS_RA | STORE_IS_OPERATOR))
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	if (!vnfm || vnfm->initial_credential != CONF_INITIAL_SECRET)
		return refuse(call->refusal, REFUSAL_initial_credential_none);
	*credentialp = (struct cmf_initial_credential){0};
	err = credential_fill(call, vnfm, reg, credentialp);
	if (err == 0)
		err = credential_put(call, vnfm, reg, credentialp);
	if (err == 0)
		err = audit_add(call, "initial credential", reg->subject_id,
				credentialp->reference);
	if (err != 0)
		cmf_initial_credential_clear(credentialp);
	return err;
}

/* --- who has it --- */

int initial_secret_open(const struct cmf *cmf, const struct store_initial_credential *row,
			struct octets *secretp)
{
	_cleanup_(freep) char *sealed_for = NULL;
	int err = secret_reference(STORE_SEALED_INITIAL_CREDENTIAL, octets_view(&row->reference),
				   &sealed_for);

	return err == 0 ? secret_open(cmf, bytes_of_string(sealed_for), octets_view(&row->secret),
				      secretp)
			: err;
}

/*
 * A certificate that was asked for with it is active, or has been: one that is revoked may be one
 * that nobody has confirmed in time.
 */
static bool is_spent(const struct store_initial_credential *row)
{
	return row->spent_ms || row->certificate_state == STORE_CERT_ACTIVE ||
	       row->certificate_state == STORE_CERT_ON_HOLD ||
	       row->certificate_state == STORE_CERT_REVOCATION_PENDING;
}

static int holder_fill(const struct cmf *cmf, const struct store_initial_credential *row,
		       struct cmf_principal *p)
{
	int err = initial_secret_open(cmf, row, &p->mac_secret);

	if (err < 0)
		return err;
	p->policy = conf_client_policy_find(cmf->conf, NULL);
	p->registration_id = row->registration_id;
	p->initial_id = row->id;
	p->trust_domain = strdup(row->trust_domain);
	if (!p->trust_domain || asprintf(&p->name, PRINCIPAL_NAME ":%.*s", (int)row->reference.len,
					 (const char *)row->reference.data) < 0) {
		p->name = NULL;
		return -ENOMEM;
	}
	return 0;
}

int cmf_initial_credential_find(const struct cmf_call *call, struct bytes reference,
				struct bytes transaction_id, struct cmf_principal *principalp)
{
	_cleanup_(store_initial_credential_clear) struct store_initial_credential row = {0};
	_cleanup_(cmf_principal_clear) struct cmf_principal p = {.kind = CMF_PRINCIPAL_VNFCI};
	_cleanup_(store_transaction_clear) struct store_transaction txn = {0};
	int err = store_initial_credential_find(call->reader, reference, &row);

	if (err == 0)
		err = holder_fill(call->cmf, &row, &p);
	/* What it has begun with it, it may bring to an end. */
	if (err == 0 && (!row.registered || row.expires_ms <= call->now_ms || is_spent(&row)))
		err = store_transaction_find(call->reader, p.name, transaction_id, &txn);
	if (err == STORE_NOT_FOUND)
		return refuse(call->refusal, REFUSAL_mac_reference_unknown);
	if (err < 0)
		return err;
	*principalp = p;
	p = (struct cmf_principal){0};
	return 0;
}

/* What the VNFCI has asked for before, and died before it could accept it, say. */
static int earlier_give_up(const struct cmf_call *call, const struct store_initial_credential *row)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err = row->certificate_id
			  ? store_certificate_get(call->reader, row->certificate_id, &cert)
			  : STORE_NOT_FOUND;

	if (err != 0)
		return err < 0 ? err : 0;
	if (cert.state != STORE_CERT_PENDING && cert.state != STORE_CERT_REQUESTED)
		return 0;
	return certificate_confirm(call, &cert, false);
}

int initial_use(const struct cmf_call *call, const struct store_certificate *cert)
{
	_cleanup_(store_initial_credential_clear) struct store_initial_credential row = {0};
	int err = store_initial_credential_get(call->reader, call->who->initial_id, &row);

	/* It was there a moment ago: whoever took it away has changed what was decided. */
	if (err == STORE_NOT_FOUND)
		row = (struct store_initial_credential){.id = call->who->initial_id};
	if (err < 0)
		return err;
	err = earlier_give_up(call, &row);
	if (err == 0)
		err = store_initial_credential_use(call->unit, &row, cert->id);
	if (err == 0 && cert->state == STORE_CERT_ACTIVE)
		err = store_initial_credential_spend(call->unit, row.id, call->now_ms);
	return err;
}

/* --- housekeeping --- */

/* Of an upstream CA, say, which has issued it while nobody asked. */
static int used_end(void *arg, int64_t id)
{
	const struct cmf_call *call = arg;

	return store_initial_credential_spend(call->unit, id, call->now_ms);
}

static int file_expire(void *arg, int64_t id)
{
	const struct cmf_call *call = arg;

	return store_initial_credential_set_file(call->unit, id, STORE_INITIAL_FILE_WRITTEN,
						 STORE_INITIAL_FILE_TO_REMOVE);
}

static int expired_end(void *arg, int64_t id)
{
	const struct cmf_call *call = arg;

	return store_initial_credential_remove(call->unit, id);
}

static struct store_entity entity_of(const struct store_initial_credential *row)
{
	return (struct store_entity){row->trust_domain, row->vnf_instance, row->subject_id};
}

static int file_content(const struct cmf *cmf, const struct store_initial_credential *row,
			char **contentp)
{
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	char expiry[21];
	int err = initial_secret_open(cmf, row, &secret);

	if (err < 0)
		return err;
	clock_format(row->expires_ms, expiry);
	/* Letters, digits and few signs: nothing of it has to be escaped. */
	if (asprintf(contentp,
		     "{\"reference\": \"%.*s\", \"secret\": \"%.*s\", \"expiry\": \"%s\"}\n",
		     (int)row->reference.len, (const char *)row->reference.data, (int)secret.len,
		     (const char *)secret.data, expiry) < 0) {
		*contentp = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int file_write(const struct cmf_call *call, const char *dir,
		      const struct store_initial_credential *row)
{
	const struct store_entity entity = entity_of(row);
	char *content = NULL;
	int err = file_content(call->cmf, row, &content);

	if (err == 0)
		err = initial_file_write(dir, &entity, bytes_of_string(content));
	if (content)
		OPENSSL_clear_free(content, strlen(content));
	return err;
}

/* The file, and then that it is there or not: what a crash comes between is done again. */
static int file_do(void *arg, int64_t id)
{
	const struct cmf_call *call = arg;
	_cleanup_(store_initial_credential_clear) struct store_initial_credential row = {0};
	int err = store_initial_credential_get(call->reader, id, &row);
	const struct conf_vnfm *vnfm = direct_vnfm_of(call->cmf->conf, row.source);
	const char *dir = vnfm ? vnfm->initial_credential_dir : NULL;
	const struct store_entity entity = entity_of(&row);
	enum store_initial_file from = row.file;
	bool elsewhere = false;

	if (err != 0 ||
	    (from != STORE_INITIAL_FILE_TO_WRITE && from != STORE_INITIAL_FILE_TO_REMOVE))
		return err < 0 ? err : 0;
	err = direct_source_elsewhere(call, row.source, &elsewhere);
	/* Where that node's configuration says. */
	if (err < 0 || elsewhere)
		return err;
	/* No longer configured: there is nowhere to write to, nor to look. */
	if (dir && from == STORE_INITIAL_FILE_TO_WRITE)
		err = file_write(call, dir, &row);
	else if (dir)
		err = initial_file_remove(dir, &entity);
	if (err < 0)
		return err;
	fault_point("initial-file-done");
	return store_initial_credential_set_file(call->unit, row.id, from,
						 dir && from == STORE_INITIAL_FILE_TO_WRITE
							 ? STORE_INITIAL_FILE_WRITTEN
							 : STORE_INITIAL_FILE_NONE);
}

/*
 * What is to be removed is read after what is to be written, and done before: a VNFC that comes
 * back under the same name has its old row to be removed before its new one is there, so that the
 * new file never goes.
 */
static int files_do(struct cmf_call *call, bool *morep)
{
	struct store_due to_write, to_remove;
	int err = store_initial_credential_files(call->reader, STORE_INITIAL_FILE_TO_WRITE,
						 &to_write);

	if (err == 0)
		err = store_initial_credential_files(call->reader, STORE_INITIAL_FILE_TO_REMOVE,
						     &to_remove);
	/* Of more, others of the same name may be among what is left. */
	if (err == 0 && to_remove.len == STORE_DUE_MAX)
		to_write.len = 0;
	if (err == 0)
		err = cmf_due_end_all(call->unit, &to_remove, file_do, call, morep);
	return err == 0 ? cmf_due_end_all(call->unit, &to_write, file_do, call, morep) : err;
}

int initial_housekeeping(const struct cmf_call *call, bool *morep)
{
	/* So long a transaction that was begun with it may be asked for its answer again. */
	const int64_t kept_ms = call->cmf->conf->store.transaction_retention_ms;
	struct cmf_call own = *call;
	struct store_due due;
	int err = store_initial_credential_used(call->reader, &due);

	if (err == 0)
		err = cmf_due_end_all(call->unit, &due, used_end, &own, morep);
	if (err == 0)
		err = store_initial_credential_files_expired(call->reader, call->now_ms, &due);
	if (err == 0)
		err = cmf_due_end_all(call->unit, &due, file_expire, &own, morep);
	if (err == 0)
		err = files_do(&own, morep);
	if (err == 0)
		err = store_initial_credential_expired(call->reader, call->now_ms - kept_ms, &due);
	return err == 0 ? cmf_due_end_all(call->unit, &due, expired_end, &own, morep) : err;
}
