// SPDX-License-Identifier: Apache-2.0
/* CRLs of those above an attester, as they were fetched. Where from is not for here. */
#include "trust.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>

enum { TAG_SEQUENCE = 0x30 };

static int crl_push(struct attest_crls *crls, X509_CRL *crl)
{
	if (sk_X509_CRL_push(crls->stack, crl) > 0)
		return 0;
	X509_CRL_free(crl);
	return -ENOMEM;
}

static int der_add(struct attest_crls *crls, const struct octets *text)
{
	const unsigned char *p = text->data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)text->len);

	if (crl && p == text->data + text->len)
		return crl_push(crls, crl);
	X509_CRL_free(crl);
	return -EBADMSG;
}

static int pem_add(struct attest_crls *crls, const struct octets *text)
{
	BIO *in = BIO_new_mem_buf(text->data, (int)text->len);
	X509_CRL *crl;
	int err = in ? 0 : -ENOMEM, before = sk_X509_CRL_num(crls->stack);

	while (err == 0 && (crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL)))
		err = crl_push(crls, crl);
	/* It ends where no other block begins. */
	if (err == 0 && (sk_X509_CRL_num(crls->stack) == before ||
			 ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE))
		err = -EBADMSG;
	BIO_free(in);
	return err;
}

int attest_crls_new(const struct octets *texts, size_t n, struct attest_crls **crlsp)
{
	_cleanup_(attest_crls_unrefp) struct attest_crls *crls = calloc(1, sizeof(*crls));
	int err = 0;

	if (!crls)
		return -ENOMEM;
	atomic_init(&crls->refs, 1);
	crls->stack = sk_X509_CRL_new_null();
	if (!crls->stack)
		return -ENOMEM;
	for (size_t i = 0; i < n && err == 0; i++)
		err = texts[i].len > 0 && texts[i].data[0] == TAG_SEQUENCE
			      ? der_add(crls, &texts[i])
			      : pem_add(crls, &texts[i]);
	ERR_clear_error();
	if (err == 0)
		*crlsp = TAKE(crls);
	return err;
}

struct attest_crls *attest_crls_ref(struct attest_crls *crls)
{
	if (crls)
		atomic_fetch_add(&crls->refs, 1);
	return crls;
}

void attest_crls_unref(struct attest_crls *crls)
{
	if (!crls || atomic_fetch_sub(&crls->refs, 1) != 1)
		return;
	sk_X509_CRL_pop_free(crls->stack, X509_CRL_free);
	free(crls);
}
