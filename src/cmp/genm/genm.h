// SPDX-License-Identifier: Apache-2.0
/*
 * General messages by infoType: the files beside, called by genm.c.
 */
#pragma once

#include "request.h"

/* genm_support.c: the AlgorithmIdentifier of a kind of key; NULL: out of memory. */
X509_ALGOR *cmp_key_algorithm(const struct conf_key_type *type);

/*
 * genm_*.c, by infoType: each adds what it answers to the genp. The value is as genm.c's table
 * says; where it may be anything, it may be NULL.
 */
_must_check_ int cmp_genm_ca_certs(struct cmp_request *rq, const ASN1_TYPE *asked);
_must_check_ int cmp_genm_sign_key_pair_types(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_enc_key_pair_types(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_preferred_symm_alg(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_current_crl(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_key_pair_param(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_lang_tags(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_crl_status(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_cert_req_template(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_register(struct cmp_request *rq, const ASN1_TYPE *value);
/* nonce.c */
_must_check_ int cmp_genm_nonce(struct cmp_request *rq, const ASN1_TYPE *value);
/* REFUSED (transaction_id_in_use) where the transactionID is that of nonces that this requester got
 * by another message: what may follow with it is a certificate request. */
_must_check_ int cmp_nonce_transaction_check(struct cmp_request *rq);
/* genm_support.c: the CA that a general message is addressed to, else the default one; NULL: none.
 */
struct ca *cmp_ca_addressed(struct cmp_request *rq);
/* genm_revocation.c: by infoType; value may be NULL. */
_must_check_ int cmp_genm_ca_prot_enc_cert(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_rev_passphrase(struct cmp_request *rq, const ASN1_TYPE *value);
/* genm_root.c: by infoType; value may be NULL. */
_must_check_ int cmp_genm_root_ca_cert(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_root_ca_key_update(struct cmp_request *rq, const ASN1_TYPE *value);
_must_check_ int cmp_genm_ca_key_update_info(struct cmp_request *rq, const ASN1_TYPE *value);
/* genm_support.c: the answers to support messages that the configuration alone decides. */
_must_check_ int cmp_support_prepare(struct cmp_door *door);
