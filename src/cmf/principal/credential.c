// SPDX-License-Identifier: Apache-2.0
/* Credentials of clients, parsed and compared. See credential.h. */
#include "principal/credential.h"

#include "asn1/certificate.h"
#include "base/cleanup.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Certificates in one credential. */
enum { ANCHORS_MAX = 64 };

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

static void x509_freep(X509 **cert)
{
	X509_free(*cert);
}

/* --- anchors --- */

void anchors_unref(struct anchors *anchors)
{
	if (!anchors || atomic_fetch_sub(&anchors->refs, 1) != 1)
		return;
	octets_clear(&anchors->pem);
	X509_STORE_free(anchors->store);
	sk_X509_pop_free(anchors->certs, X509_free);
	free(anchors->hash);
	free(anchors);
}
DEFINE_CLEANUP(struct anchors, anchors_unref);

static int anchors_read(struct anchors *anchors, BIO *bio)
{
	int n = 0;

	for (; n <= ANCHORS_MAX; n++) {
		_cleanup_(x509_freep) X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (!cert)
			break;
		if (X509_STORE_add_cert(anchors->store, cert) != 1 ||
		    sk_X509_push(anchors->certs, cert) <= 0)
			return -ENOMEM;
		(void)TAKE(cert);
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE || n == 0 ||
	    n > ANCHORS_MAX)
		return -EINVAL;
	ERR_clear_error();
	return 0;
}

static int anchors_hash(struct anchors *anchors)
{
	size_t n = (size_t)sk_X509_num(anchors->certs);

	anchors->hash = calloc(n, sizeof(*anchors->hash));
	if (!anchors->hash)
		return -ENOMEM;
	for (; anchors->n_hashes < n; anchors->n_hashes++)
		dn_hash(X509_get_subject_name(
				sk_X509_value(anchors->certs, (int)anchors->n_hashes)),
			anchors->hash[anchors->n_hashes]);
	return 0;
}

int anchors_parse(struct bytes pem, struct anchors **anchorsp)
{
	_cleanup_(anchors_unrefp) struct anchors *anchors = NULL;
	_cleanup_(bio_freep) BIO *bio = NULL;
	int err;

	if (pem.len == 0 || pem.len > INT32_MAX)
		return -EINVAL;
	anchors = calloc(1, sizeof(*anchors));
	if (!anchors)
		return -ENOMEM;
	atomic_init(&anchors->refs, 1);
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	anchors->store = X509_STORE_new();
	anchors->certs = sk_X509_new_null();
	if (!anchors->store || !anchors->certs || !bio || octets_dup(pem, &anchors->pem) < 0)
		return -ENOMEM;
	err = anchors_read(anchors, bio);
	if (err == 0)
		err = anchors_hash(anchors);
	if (err == 0)
		*anchorsp = TAKE(anchors);
	return err;
}

/* --- one credential --- */

void client_credential_clear(struct client_credential *c)
{
	anchors_unref(c->anchors);
	X509_NAME_free(c->subject);
	octets_clear(&c->ski);
	*c = (struct client_credential){0};
}

static int anchor_credential_parse(struct anchors *anchors, struct client_credential *c)
{
	int err = c->row->subject ? dn_parse(c->row->subject, &c->subject, NULL) : 0;

	if (err < 0)
		return err;
	if (c->subject)
		dn_hash(c->subject, c->subject_hash);
	if (!anchors)
		return anchors_parse(octets_view(&c->row->content), &c->anchors);
	atomic_fetch_add(&anchors->refs, 1);
	c->anchors = anchors;
	return 0;
}

/* RFC 9483 3.3: it may be left out of a message, which then names its key. */
static int certificate_credential_parse(struct client_credential *c)
{
	struct certificate_view view;
	struct bytes ski;

	if (certificate_view(octets_view(&c->row->content), &view) < 0 ||
	    certificate_ski(&view, &ski) < 0)
		return 0;
	return octets_dup(ski, &c->ski);
}

int client_credential_parse(const struct store_credential *row, struct anchors *anchors,
			    struct client_credential *c)
{
	c->row = row;
	switch (row->kind) {
	case STORE_CREDENTIAL_ANCHOR:
		return anchor_credential_parse(anchors, c);
	case STORE_CREDENTIAL_CERTIFICATE:
		return certificate_credential_parse(c);
	case STORE_CREDENTIAL_SECRET:
	case STORE_CREDENTIAL_OAUTH2:
	default:
		return 0;
	}
}

bool credential_good(const struct store_credential *row, int64_t now_ms)
{
	return now_ms >= row->not_before_ms && (!row->not_after_ms || now_ms <= row->not_after_ms);
}

/* --- two of them --- */

/* RFC 5280 6.1.1 d: an anchor is a name and a key. */
static bool anchor_is(const X509 *a, const X509 *b)
{
	return X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0 &&
	       EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1;
}

static bool anchor_issued(X509 *issuer, X509 *cert)
{
	return X509_check_issued(issuer, cert) == X509_V_OK &&
	       X509_verify(cert, X509_get0_pubkey(issuer)) == 1;
}

/* Whether a certificate may have a path to both. */
static bool anchors_meet(const struct anchors *a, const struct anchors *b)
{
	bool meet = false;

	for (int i = 0; i < sk_X509_num(a->certs); i++) {
		for (int j = 0; !meet && j < sk_X509_num(b->certs); j++) {
			X509 *x = sk_X509_value(a->certs, i), *y = sk_X509_value(b->certs, j);

			meet = anchor_is(x, y) || anchor_issued(x, y) || anchor_issued(y, x);
		}
	}
	ERR_clear_error();
	return meet;
}

static int anchor_credentials_overlap(const struct store_credential *a,
				      const struct store_credential *b, bool *overlapp)
{
	struct client_credential x = {0}, y = {0};
	int err = client_credential_parse(a, NULL, &x);

	if (err == 0)
		err = client_credential_parse(b, NULL, &y);
	if (err == 0)
		*overlapp = !x.subject == !y.subject &&
			    (!x.subject || X509_NAME_cmp(x.subject, y.subject) == 0) &&
			    anchors_meet(x.anchors, y.anchors);
	client_credential_clear(&x);
	client_credential_clear(&y);
	/* Nobody can be one that cannot be used. */
	return err == -EINVAL ? 0 : err;
}

int credentials_overlap(const struct store_credential *a, const struct store_credential *b,
			bool *overlapp)
{
	*overlapp = false;
	if (a->kind != b->kind)
		return 0;
	if (a->kind == STORE_CREDENTIAL_ANCHOR)
		return anchor_credentials_overlap(a, b, overlapp);
	*overlapp = bytes_equal(octets_view(&a->known_by), octets_view(&b->known_by));
	return 0;
}
