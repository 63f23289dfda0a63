// SPDX-License-Identifier: Apache-2.0
/*
 * Which entity a signer is: the holder of a certificate of ours, whose name says which; or by the
 * subject of its certificate, where the policy of the client says so: many devices below the root
 * of one vendor are one client, and each acts for itself alone. That the certificate is one of that
 * client is signer_path.c's to find out.
 */
#include "principal/signer_path.h"

#include "subject_id.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* --- the holder of a certificate of ours --- */

int signer_holder_set(const struct conf *conf, const struct store_certificate *cert,
		      struct cmf_principal *principal)
{
	char hex[SERIAL_HEX_SIZE];

	serial_hex(&cert->serial, hex);
	principal->kind = CMF_PRINCIPAL_END_ENTITY;
	principal->policy = conf_client_policy_find(conf, NULL);
	principal->trust_domain = strdup(cert->trust_domain);
	if (!principal->trust_domain ||
	    asprintf(&principal->name, PRINCIPAL_HOLDER "%s/%s", cert->ca, hex) < 0) {
		principal->name = NULL;
		return -ENOMEM;
	}
	return 0;
}

int cmf_holder_certificate(struct store_reader *reader, const char *name,
			   struct store_certificate *certp)
{
	const char *slash = strrchr(name, '/');
	_cleanup_(freep) char *ca = NULL;
	struct serial serial;

	if (strncmp(name, PRINCIPAL_HOLDER, strlen(PRINCIPAL_HOLDER)) != 0 || !slash ||
	    serial_of_hex(slash + 1, &serial) < 0)
		return STORE_NOT_FOUND;
	name += strlen(PRINCIPAL_HOLDER);
	ca = strndup(name, (size_t)(slash - name));
	return ca ? store_certificate_find(reader, ca, &serial, certp) : -ENOMEM;
}

/* --- one of many devices --- */

static void openssl_freep(unsigned char **p)
{
	OPENSSL_free(*p);
}

static int attribute_nid(enum conf_signer_entity from)
{
	switch (from) {
	case CONF_SIGNER_ENTITY_COMMON_NAME:
		return NID_commonName;
	case CONF_SIGNER_ENTITY_SERIAL_NUMBER:
		return NID_serialNumber;
	case CONF_SIGNER_ENTITY_NONE:
		break;
	}
	return NID_undef;
}

/* The attribute as text, if the subject has it once and it is an identifier. *textp: NULL if not.
 */
static int attribute_text(const X509_NAME *subject, int nid, char **textp)
{
	_cleanup_(openssl_freep) unsigned char *utf8 = NULL;
	int at = X509_NAME_get_index_by_NID(subject, nid, -1);
	int len;

	*textp = NULL;
	if (at < 0 || X509_NAME_get_index_by_NID(subject, nid, at) >= 0)
		return 0;
	len = ASN1_STRING_to_UTF8(&utf8,
				  X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	ERR_clear_error();
	if (len <= 0 || memchr(utf8, '\0', (size_t)len))
		return 0;
	*textp = strndup((const char *)utf8, (size_t)len);
	if (!*textp)
		return -ENOMEM;
	if (!entity_text_valid(bytes_of_string(*textp)))
		free(TAKE(*textp));
	return 0;
}

int signer_entity_set(struct cmf_principal *principal, const char *entity)
{
	char *name = NULL;

	principal->entity = strdup(entity);
	/* A '/' is in no client's name. Transactions and quota are the device's own. */
	if (!principal->entity || asprintf(&name, "%s/%s", principal->name, entity) < 0)
		return -ENOMEM;
	principal->manager = principal->name;
	principal->name = name;
	return 0;
}

int signer_entity_find(const X509 *cert, struct cmf_principal *principal, struct refusal *refusal)
{
	int nid = attribute_nid(principal->policy->entity_from_signer);
	_cleanup_(freep) char *entity = NULL;
	int err;

	if (nid == NID_undef)
		return 0;
	err = attribute_text(X509_get_subject_name(cert), nid, &entity);
	if (err < 0)
		return err;
	return entity ? signer_entity_set(principal, entity)
		      : refuse(refusal, REFUSAL_signer_entity_missing);
}
