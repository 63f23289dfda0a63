// SPDX-License-Identifier: Apache-2.0
/* Names that no entity gets. See reserved.h. */
#include "reserved.h"

#include "clients.h"
#include "keys/credential.h"
#include "name_fold.h"
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

static int name_add(struct reserved *set, struct bytes name, size_t client)
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
	int len = ASN1_STRING_to_UTF8(&utf8, string), r = 0;

	if (len > 0)
		r = name_add(set, (struct bytes){utf8, (size_t)len}, client);
	OPENSSL_free(utf8);
	ERR_clear_error();
	return r;
}

static int dn_add(struct reserved *set, const X509_NAME *dn, size_t client)
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
	return name_add(set, bytes_of_string(text), client);
}

/* The whole, and the identifier in the URN of a VNFCI. */
static int uri_add(struct reserved *set, const ASN1_STRING *string, size_t client)
{
	struct bytes id = vnfci_urn_id(
		(struct bytes){ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)});
	int err = string_add(set, string, client);

	return err == 0 && id.len ? name_add(set, id, client) : err;
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
		return dn_add(set, name->d.directoryName, client);
	default:
		return 0;
	}
}

int reserved_add_certificate(struct reserved *set, const X509 *cert, size_t client)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int err = dn_add(set, X509_get_subject_name(cert), client);

	for (int i = 0; err == 0 && i < sk_GENERAL_NAME_num(names); i++)
		err = general_name_add(set, sk_GENERAL_NAME_value(names, i), client);
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return err;
}

int reserved_add_client(struct reserved *set, const struct client *client, size_t at)
{
	const unsigned char *p = client->row.certificate.data;
	X509 *exact = client->row.certificate.len
			      ? d2i_X509(NULL, &p, (long)client->row.certificate.len)
			      : NULL;
	int err = name_add(set, bytes_of_string(client->row.name), at);

	if (err == 0 && client->row.mac_reference)
		err = name_add(set, bytes_of_string(client->row.mac_reference), at);
	if (err == 0 && client->subject)
		err = dn_add(set, client->subject, at);
	if (err == 0 && exact)
		err = reserved_add_certificate(set, exact, at);
	X509_free(exact);
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
		err = names[i] ? dn_add(set, names[i], 0) : 0;
	return err == 0 && ca->ra_reference ? name_add(set, bytes_of_string(ca->ra_reference), 0)
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

/* --- whether a name is --- */

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

/* The place of the first that is not below. */
static size_t first_from(const struct reserved *set, const char *text)
{
	size_t low = 0, high = set->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(set->item[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool may_have(const struct clients *clients, size_t client, const char *subject_id)
{
	const char *entity = clients ? clients->item[client].row.entity : NULL;

	return entity && strcasecmp(entity, subject_id) == 0;
}

/* clients NULL: the names are the CMF's. */
static bool is_in(const struct reserved *set, const struct clients *clients, const char *text,
		  const char *subject_id)
{
	bool found = false, wild = strchr(text, '*') != NULL;

	for (size_t i = wild ? 0 : first_from(set, text); i < set->len; i++) {
		const struct reserved_name *name = &set->item[i];

		if (strcmp(name->text, text) != 0 && !(wild && name_covers(text, name->text))) {
			if (wild)
				continue;
			break;
		}
		if (!may_have(clients, name->client, subject_id))
			found = true;
		else if (!wild)
			return false;
	}
	return found;
}

int name_reserved_among(const struct cmf *cmf, const struct clients *clients, struct bytes name,
			const char *subject_id, const char **whop)
{
	_cleanup_(freep) char *text = NULL;
	int err = name_fold(name, &text);

	if (err < 0)
		return err;
	*whop = NULL;
	if (is_in(&cmf->reserved, NULL, text, subject_id))
		*whop = "the name is the CMF's or that of a CA";
	else if (is_in(&clients->reserved, clients, text, subject_id))
		*whop = "the name is that of a client, which is not said to be this entity";
	return 0;
}

int name_reserved(const struct cmf_call *call, struct bytes name, const char *subject_id,
		  const char **whop)
{
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	int err = clients_get(call->cmf, call->reader, &clients);

	return err < 0 ? err : name_reserved_among(call->cmf, clients, name, subject_id, whop);
}

/* --- for the operator --- */

int cmf_client_name_taken(struct store_reader *reader, const struct store_client *row,
			  struct store_unit *unit, char **namep)
{
	struct client client = {0};
	struct reserved set = {NULL, 0, 0};
	_cleanup_(freep) char *entity = NULL;
	int err = client_parse(row, &client);

	*namep = NULL;
	/* One that cannot be used has no other names. */
	if (err == 0 || err == -EINVAL)
		err = reserved_add_client(&set, &client, 0);
	if (err == 0)
		err = name_fold(bytes_of_string(row->entity ? row->entity : ""), &entity);
	for (size_t i = 0; err == 0 && i < set.len && !*namep; i++) {
		_cleanup_(freep) char *manager = NULL;

		if (strcmp(set.item[i].text, entity) == 0)
			continue;
		err = store_subject_manager(reader, set.item[i].text, &manager);
		if (err == 0)
			*namep = TAKE(set.item[i].text);
		else if (err == STORE_NOT_FOUND)
			err = store_subject_require(unit, set.item[i].text);
	}
	client_clear(&client);
	reserved_clear(&set);
	return err;
}

struct registrations_walk {
	const struct cmf *cmf;
	const struct clients *clients;
	cmf_reserved_each *each;
	void *arg;
};

static int registration_row(void *arg, const struct store_registration *reg)
{
	const struct registrations_walk *walk = arg;
	const char *who;
	int err = name_reserved_among(walk->cmf, walk->clients, bytes_of_string(reg->subject_id),
				      reg->subject_id, &who);

	return err == 0 && who ? walk->each(walk->arg, reg, who) : err;
}

int cmf_reserved_registrations(struct cmf *cmf, struct store_reader *reader,
			       cmf_reserved_each *each, void *arg)
{
	static const struct store_registration_filter all = {.cert_type = -1};
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	struct registrations_walk walk = {cmf, NULL, each, arg};
	int err = clients_get(cmf, reader, &clients);

	walk.clients = clients;
	return err < 0 ? err : store_registration_list(reader, &all, registration_row, &walk);
}
