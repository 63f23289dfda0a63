// SPDX-License-Identifier: Apache-2.0
/*
 * The archive of private keys. A key lies there encrypted under the store key and bound to the
 * public key of its certificate; it is written with the certificate, in one unit, and read for key
 * recovery alone.
 */
#include "archive.h"

#include "asn1/private_key.h"

#include <errno.h>

bool archive_wanted(const struct cmf_csr *csr, const struct conf_profile *profile)
{
	if (!csr->archive.key && !csr->central_key.wanted)
		return false;
	switch (profile->archive_keys) {
	case CONF_ARCHIVE_NEVER:
		return false;
	case CONF_ARCHIVE_ALLOWED:
		return csr->archive.wish == CMF_ARCHIVE_WANTED;
	case CONF_ARCHIVE_ALWAYS:
		return true;
	}
	return false;
}

/* What a key is sealed for. */
static int seal_reference(const uint8_t key_digest[32], char **textp)
{
	return secret_reference(STORE_SEALED_ARCHIVED_KEY, (struct bytes){key_digest, 32}, textp);
}

int archive_open(const struct cmf *cmf, const uint8_t key_digest[32], struct bytes secret,
		 struct octets *derp)
{
	_cleanup_(freep) char *reference = NULL;
	int err = seal_reference(key_digest, &reference);

	return err == 0 ? secret_open(cmf, bytes_of_string(reference), secret, derp) : err;
}

int archive_add(const struct cmf_call *call, EVP_PKEY *key, const struct cmf_csr_result *result)
{
	_cleanup_(octets_clear_secret) struct octets der = OCTETS_NULL;
	_cleanup_(freep) char *reference = NULL;
	_cleanup_(store_archived_key_clear) struct store_archived_key row = {
		.certificate_id = result->certificate.id,
		.created_ms = result->certificate.created_ms,
		.generated = result->generated_key != NULL,
	};
	const struct store_entity entity = {.subject_id = result->subject_id,
					    .vnf_instance = result->vnf_instance};
	char serial[SERIAL_HEX_SIZE];
	int err = private_key_write(key, &der);

	if (err == 0)
		err = seal_reference(result->certificate.key_digest, &reference);
	if (err == 0)
		err = cmf_secret_seal(call, bytes_of_string(reference), octets_view(&der),
				      &row.secret);
	if (err < 0)
		return err;
	err = store_archived_key_insert(call->unit, &row);
	serial_hex(&result->serial, serial);
	return err == 0 ? audit_add_entity(call, "archive key", &entity,
					   result->waiting ? "asked upstream" : serial)
			: err;
}

int cmf_archived_key_delete(const struct cmf_call *call, const struct store_certificate *cert)
{
	_cleanup_(store_archived_key_clear) struct store_archived_key key = {0};
	const struct store_entity entity = store_certificate_entity(cert);
	char serial[SERIAL_HEX_SIZE];
	int err;

	if (!principal_permitted(call->who, STORE_IS_OPERATOR))
		return refuse(call->refusal, REFUSAL_client_not_permitted);
	err = store_archived_key_get(call->reader, cert->id, &key);
	if (err == STORE_NOT_FOUND)
		return refuse(call->refusal, REFUSAL_recovery_nothing);
	if (err == 0)
		err = store_archived_key_remove(call->unit, cert->id);
	serial_hex(&cert->serial, serial);
	return err == 0 ? audit_add_entity(call, "delete archived key", &entity, serial) : err;
}
