// SPDX-License-Identifier: Apache-2.0
/*
 * Private keys on their way in (archive.c) and out (central_key.c).
 */
#pragma once

#include "asn1/envelope.h"
#include "request.h"
#include "serve/items.h"

/* central_key.c: the credential of the key generation authority, if there is one. */
_must_check_ int cmp_kga_load(struct cmp_door *door, struct strbuf *problems);
void cmp_kga_clear(struct cmp_kga *kga);
/* Whether the template asks for central key generation: no key, or an empty one. */
bool cmp_central_key_wanted(const CertTemplate *t);
/* What it asks for goes into csr, which borrows from msg; REFUSED central_key_*. */
_must_check_ int cmp_central_key_ask(struct cmp_request *rq, const CertReqMsg *msg,
				     struct cmf_csr *csr);
/* The private key, signed and encrypted for the requester, as EncryptedKey. The caller owns it. */
_must_check_ int cmp_central_key_seal(struct cmp_request *rq, EVP_PKEY *generated,
				      struct octets *encryptedp);

/*
 * archive.c: what the pkiArchiveOptions control asks for goes into item->csr; a private key in it
 * is opened, and is that of `key` (NULL: it is to be generated). REFUSED archive_*.
 */
_must_check_ int cmp_archive_read(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key,
				  struct cmp_item *item);
/* The same of encryptedKey as proof of possession. REFUSED archive_*, pop_*. */
_must_check_ int cmp_archive_pop(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key,
				 struct cmp_item *item);
/* The same for another recipient. -ENOTSUP if nothing can be encrypted for its key. */
_must_check_ int cmp_private_key_seal(struct cmp_request *rq, EVP_PKEY *key,
				      const struct envelope_recipient *to,
				      struct octets *encryptedp);
