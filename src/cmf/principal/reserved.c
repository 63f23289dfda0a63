// SPDX-License-Identifier: Apache-2.0
/*
 * A set of names that no entity gets, and those of the CMF itself. See reserved.h; those of clients
 * are added by clients.c, and whether a name is reserved says name_reserved.c.
 */
#include "principal/reserved.h"

#include "base/name_fold.h"
#include "keys/credential.h"
#include "subject_id.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

void reserved_clear(struct reserved *set)
{
	for (size_t i = 0; i < set->len; i++)
		free(set->item[i].text);
	free(set->item);
	*set = (struct reserved){NULL, 0, 0};
}

/* --- what is reserved --- */

int reserved_add_name(struct reserved *set, struct bytes name, size_t client)
{
	char *text;
	int err = name_fold(name, &text);

	if (err < 0)
		return err;
	if (!*text) {
		free(text);
		return 0;
	}
	if (set->len == set->size) {
		size_t size = set->size ? set->size * 2 : 16;
		struct reserved_name *grown = reallocarray(set->item, size, sizeof(*grown));

		if (!grown) {
			free(text);
			return -ENOMEM;
		}
		set->item = grown;
		set->size = size;
	}
	set->item[set->len++] = (struct reserved_name){text, client};
	return 0;
}

/* In any type of string; what is none cannot be anybody's name. */
static int string_add(struct reserved *set, const ASN1_STRING *string, size_t client)
{
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, string), err = 0;

	if (len > 0)
		err = reserved_add_name(set, (struct bytes){utf8, (size_t)len}, client);
	OPENSSL_free(utf8);
	ERR_clear_error();
	return err;
}

int reserved_add_dn(struct reserved *set, const X509_NAME *dn, size_t client)
{
	int err = 0, at = -1;

	while (err == 0 && (at = X509_NAME_get_index_by_NID(dn, NID_commonName, at)) >= 0)
		err = string_add(set, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(dn, at)),
				 client);
	return err;
}

static int address_add(struct reserved *set, const ASN1_STRING *address, size_t client)
{
	char text[INET6_ADDRSTRLEN];
	int len = ASN1_STRING_length(address);

	if ((len != 4 && len != 16) ||
	    !inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text,
		       sizeof(text)))
		return 0;
	return reserved_add_name(set, bytes_of_string(text), client);
}

/* The whole, and the identifier in the URN of a VNFCI. */
static int uri_add(struct reserved *set, const ASN1_STRING *string, size_t client)
{
	_cleanup_(freep) char *vnf_instance = NULL;
	_cleanup_(freep) char *id = NULL;
	int err = vnfci_urn_read(
		(struct bytes){ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)},
		&vnf_instance, &id);

	if (err == 0)
		err = reserved_add_name(set, bytes_of_string(id), client);
	return err == 0 || err == -EINVAL ? string_add(set, string, client) : err;
}

static int general_name_add(struct reserved *set, const GENERAL_NAME *name, size_t client)
{
	switch (name->type) {
	case GEN_DNS:
	case GEN_EMAIL:
		return string_add(set, name->d.ia5, client);
	case GEN_URI:
		return uri_add(set, name->d.ia5, client);
	case GEN_IPADD:
		return address_add(set, name->d.iPAddress, client);
	case GEN_DIRNAME:
		return reserved_add_dn(set, name->d.directoryName, client);
	default:
		return 0;
	}
}

int reserved_add_certificate(struct reserved *set, const X509 *cert, size_t client)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int err = reserved_add_dn(set, X509_get_subject_name(cert), client);

	for (int i = 0; err == 0 && i < sk_GENERAL_NAME_num(names); i++)
		err = general_name_add(set, sk_GENERAL_NAME_value(names, i), client);
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return err;
}

static int file_add(struct reserved *set, const char *path)
{
	STACK_OF(X509) *certs = NULL;
	int err = path ? credential_certificates_read(path, &certs) : 0;

	ERR_clear_error();
	if (err < 0)
		return err == -ENOMEM ? err : 0;
	for (int i = 0; err == 0 && i < sk_X509_num(certs); i++)
		err = reserved_add_certificate(set, sk_X509_value(certs, i), 0);
	sk_X509_pop_free(certs, X509_free);
	return err;
}

static int ca_add(struct reserved *set, const struct conf_ca *ca)
{
	const char *const files[] = {ca->certificate, ca->chain, ca->ra_certificate};
	const X509_NAME *const names[] = {ca->recipient.name, ca->expect_sender.name};
	int err = 0;

	for (size_t i = 0; err == 0 && i < ARRAY_LEN(files); i++)
		err = file_add(set, files[i]);
	for (size_t i = 0; err == 0 && i < ARRAY_LEN(names); i++)
		err = names[i] ? reserved_add_dn(set, names[i], 0) : 0;
	return err == 0 && ca->ra_reference
		       ? reserved_add_name(set, bytes_of_string(ca->ra_reference), 0)
		       : err;
}

int reserved_of_conf(const struct conf *conf, struct reserved *set)
{
	const char *const files[] = {conf->protection.certificate, conf->protection.kga_certificate,
				     conf->protection.encryption_certificate,
				     conf->server.tls_certificate};
	int err = 0;

	for (size_t i = 0; err == 0 && i < ARRAY_LEN(files); i++)
		err = file_add(set, files[i]);
	for (size_t i = 0; err == 0 && i < conf->n_cas; i++)
		err = ca_add(set, &conf->cas[i]);
	reserved_sort(set);
	return err;
}

/* --- in order --- */

static int name_order(const void *a, const void *b)
{
	return strcmp(((const struct reserved_name *)a)->text,
		      ((const struct reserved_name *)b)->text);
}

void reserved_sort(struct reserved *set)
{
	if (set->len)
		qsort(set->item, set->len, sizeof(*set->item), name_order);
}
