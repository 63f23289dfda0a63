// SPDX-License-Identifier: Apache-2.0
/*
 * /v1/certificates: the list of them, and one of them as JSON, PEM or DER (GET). A certificate that
 * an upstream CA has not issued yet is none.
 */
#include "nfv/encode.h"
#include "nfv/registrations.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <string.h>

/* --- which there are --- */

static bool is_issued(const struct store_certificate *cert)
{
	return cert->der.len != 0;
}

int nfv_certificate_find(struct nfv_call *call, int64_t id, struct store_certificate *certp)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err = store_certificate_get(call->worker->reader, id, &cert);

	if (err)
		return err;
	if (!is_issued(&cert) || !cmf_may_see_certificate(&call->principal, &cert))
		return STORE_NOT_FOUND;
	*certp = cert;
	cert = (struct store_certificate){0};
	return 0;
}

/* --- list --- */

/*
 * Certificates are found by their registrations, whose manager the store finds by an index: in the
 * order of registrations, and of certificates within each. So nobody else's are passed over, and no
 * certificate costs an index more when it is issued.
 */
struct certificate_walk {
	struct nfv_list *list;
	struct store_certificate_filter filter;
};

static int certificate_row(void *arg, const struct store_certificate *cert)
{
	struct nfv_list *list = ((struct certificate_walk *)arg)->list;
	json_t *item;

	if (!is_issued(cert) || !cmf_may_see_certificate(&list->call->principal, cert)) {
		nfv_list_skip(list, cert->registration_id, cert->id);
		return 0;
	}
	item = nfv_certificate_json(list->call, cert);
	if (!item)
		return -ENOMEM;
	if (!nfv_list_fits(list, cert->registration_id, cert->id, item)) {
		json_decref(item);
		return 0;
	}
	if (nfv_certificate_json_complete(
		    list->call, cert, nfv_selected(&list->selection, "certificate"),
		    nfv_selected(&list->selection, "certificateChain"), item)) {
		json_decref(item);
		return -ENOMEM;
	}
	return nfv_list_add(list, item);
}

/* A page ends after so many rows of either table. */
static int registration_row(void *arg, const struct store_registration *reg)
{
	struct certificate_walk *walk = arg;
	struct nfv_list *list = walk->list;
	int err;

	if (!cmf_may_see_registration(&list->call->principal, reg)) {
		nfv_list_skip(list, reg->id, 0);
		return nfv_list_full(list) ? NFV_LIST_FULL : 0;
	}
	walk->filter.registration_id = reg->id;
	walk->filter.after_id = reg->id == list->after.id ? list->after.part : 0;
	walk->filter.limit = list->rows_max - list->n_rows;
	err = store_certificate_list(list->call->worker->reader, &walk->filter, certificate_row,
				     walk);
	if (err == 0 && !nfv_list_full(list))
		nfv_list_skip(list, reg->id, 0);
	return err ? err : nfv_list_full(list) ? NFV_LIST_FULL : 0;
}

static int certificates_walk(struct nfv_call *call, const struct cmf_scope *scope,
			     struct nfv_list *list)
{
	struct certificate_walk walk = {.list = list, .filter = {.state = -1}};
	struct store_registration_filter filter = nfv_registrations_asked(list, scope);

	/* Within a registration the page goes on behind a certificate. */
	if (list->after.part)
		filter.after_id = list->after.id - 1;
	return store_registration_list(call->worker->reader, &filter, registration_row, &walk);
}

/* The holder of a certificate has that one. */
static int own_certificate(struct nfv_call *call, const struct cmf_scope *scope,
			   struct nfv_list *list)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	struct certificate_walk walk = {.list = list};
	int err = nfv_certificate_find(call, scope->certificate_id, &cert);

	if (err || list->after.id)
		return err == STORE_NOT_FOUND ? 0 : err;
	return certificate_row(&walk, &cert);
}

int nfv_certificates_list(struct nfv_call *call)
{
	const struct cmf_scope scope = cmf_scope(&call->principal);
	struct nfv_list list;
	int status = nfv_list_begin(call, &nfv_certificate_attributes, &list);

	if (status)
		return status;
	return nfv_list_end(&list, scope.trust_domain ? certificates_walk(call, &scope, &list)
						      : own_certificate(call, &scope, &list));
}

/* --- one of them --- */

static const char pem_file[] = "application/x-pem-file", pkix_cert[] = "application/pkix-cert";

const char *const nfv_certificate_types[] = {"application/json", pem_file, pkix_cert, NULL};

static int json_answered(struct nfv_call *call, const struct store_certificate *cert)
{
	json_t *json = nfv_certificate_json(call, cert);

	if (json && nfv_certificate_json_complete(call, cert, true, true, json)) {
		json_decref(json);
		json = NULL;
	}
	return json ? nfv_ok_tagged(call, json) : nfv_fault(call, -ENOMEM);
}

static bool pem_write(BIO *bio, struct bytes der)
{
	return PEM_write_bio(bio, PEM_STRING_X509, "", der.data, (long)der.len) > 0;
}

/* The certificate, then the chain of its CA. */
static int pem_make(struct nfv_call *call, const struct store_certificate *cert,
		    struct octets *pemp)
{
	const struct ca *ca = ca_find(cmf_cas(call->cmf), cert->ca);
	const struct bytes *chain = NULL;
	size_t n = ca ? ca_chain(ca, &chain) : 0;
	BIO *bio = BIO_new(BIO_s_mem());
	bool fine = bio && pem_write(bio, octets_view(&cert->der));
	uint8_t *text;
	long len;
	int err = -ENOMEM;

	for (size_t i = 0; fine && i < n; i++)
		fine = pem_write(bio, chain[i]);
	if (fine) {
		len = BIO_get_mem_data(bio, &text);
		err = octets_dup((struct bytes){text, (size_t)len}, pemp);
	}
	BIO_free(bio);
	return err;
}

int nfv_certificate_get(struct nfv_call *call)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	_cleanup_(octets_clear) struct octets pem = OCTETS_NULL;
	int64_t id;
	int err = nfv_path_id(call, JSON_CERTIFICATE, &id);

	if (err == 0)
		err = nfv_certificate_find(call, id, &cert);
	if (err)
		return nfv_fault(call, err);
	if (call->type == pkix_cert)
		return nfv_octets_tagged(call, &cert.der);
	if (call->type != pem_file)
		return json_answered(call, &cert);
	err = pem_make(call, &cert, &pem);
	return err ? nfv_fault(call, err) : nfv_octets_tagged(call, &pem);
}
