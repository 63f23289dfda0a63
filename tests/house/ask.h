// SPDX-License-Identifier: Apache-2.0
/*
 * A client of the CMP door: messages under construction, which a test can bend before they are
 * sent, and answers with all that RFC 9483 wants of every answer checked on receipt.
 */
#pragma once

#include "asn1/cmf_types.h"
#include "house.h"

enum { ASK_INFOS_MAX = 8, ASK_CERTS_MAX = 16 };

/* A message to be sent. Everything may be changed between the function that makes it and sending.
 */
struct ask {
	struct house *house;
	const struct house_credential *signer; /* NULL: MAC */
	struct bytes secret;                   /* MAC */
	X509_ALGOR *mac_algorithm;
	struct cmp_outgoing out;
	PKIBody *body;
	uint8_t transaction_id[CMP_NONCE_MAX + 1];
	uint8_t sender_nonce[CMP_NONCE_MAX + 1];
	uint8_t recip_nonce[CMP_NONCE_LEN];
	struct cmp_info infos[ASK_INFOS_MAX];
	struct octets info_values[ASK_INFOS_MAX];
	struct bytes certs[ASK_CERTS_MAX];
	const char *profile_label;
	const char *operation_label;
	EVP_PKEY *key;      /* to be certified; also by further requests of the message */
	bool unprotected;   /* neither */
	bool keep_pop;      /* the proof of possession is left as it is */
	struct octets sent; /* the octets, once sent */
};

/* An answer. */
struct told {
	struct octets der;
	struct cmp_message *msg;
	bool not_a_message;
};

/* A message without body. signer NULL: MAC-protected. */
void ask_new(struct ask *ask, struct house *house, const struct house_credential *signer);
void ask_clear(struct ask *ask);
/* Bodies. type: ir, cr, kur, krr, ccr; the subject's CN may be NULL. */
void ask_certreq(struct ask *ask, int type, const char *cn);
/* One more request of ir, cr, kur, with that certReqId. */
void ask_certreq_add(struct ask *ask, long id, const char *cn);
void ask_p10cr(struct ask *ask, const char *cn);
/* Again: a further certificate in the same message. */
void ask_rr(struct ask *ask, struct bytes cert, int reason);
void ask_genm(struct ask *ask, const char *oid, struct bytes value);
void ask_register(struct ask *ask, const char *cert_type, const char *subject_id, int handling);
/* The same in a VNF instance. */
void ask_register_in(struct ask *ask, const char *cert_type, const char *vnf_instance,
		     const char *subject_id, int handling);
/* The same with an attester, which is taken over; NULL: without. */
void ask_register_attested(struct ask *ask, const char *cert_type, const char *vnf_instance,
			   const char *subject_id, int handling, Attester *attester);
/* Puts a message into a nested one, which it makes of `ask` if it has no body yet. */
void ask_nested(struct ask *ask, struct bytes message);
/* A nested message around what `inner` sends, with its ids: RFC 9483 5.2.2.1. Encodes `inner`. */
void ask_added(struct ask *ask, struct ask *inner);
/* A message that goes on in the transaction of `before`, which was answered by `told`. */
void ask_next(struct ask *ask, const struct ask *before, const struct told *told);
/* certConf without a status, and a status for the certificate of a CertResponse (by index) in
 * `told`; -1: no statusInfo. */
void ask_certconf_new(struct ask *ask, const struct ask *before, const struct told *told);
void ask_certconf_add(struct ask *ask, const struct told *told, int response, int status);
/* certConf for the certificate in `told`, with that status (-1: no statusInfo). */
void ask_certconf(struct ask *ask, const struct ask *before, const struct told *told, int status);
/* popdecr with that number, which is taken over; other numbers may follow. */
void ask_popdecr(struct ask *ask, const struct ask *before, const struct told *told,
		 ASN1_INTEGER *number);
void ask_pollreq(struct ask *ask, const struct ask *before, const struct told *told, int64_t id);

/* --- bending --- */

CertReqMsg *ask_request(struct ask *ask);
/* generalInfo; `value` is copied. */
void ask_info_add(struct ask *ask, const char *oid, struct bytes value);
void ask_info_integer(struct ask *ask, const char *oid, long value);
void ask_info_text(struct ask *ask, const char *oid, const char *text);
/* certProfile with n names. */
void ask_info_profile(struct ask *ask, const char *const *names, size_t n);
void ask_implicit_confirm(struct ask *ask);
/* An extension of the template. */
void ask_extension(struct ask *ask, int nid, const char *value);
void ask_reg_info(struct ask *ask, const char *pairs);
/* The proof of possession is keyEncipherment or keyAgreement (type), of that choice, to be filled.
 */
POPOPrivKey *ask_pop_priv_key(struct ask *ask, int type, int choice);
/* subsequentMessage */
void ask_pop_subsequent(struct ask *ask, int type, long method);
/* A control. */
void ask_control(struct ask *ask, int nid, struct bytes value);
/* The pkiArchiveOptions control: with that EnvelopedData, which is freed; with ask->key. */
void ask_archive_envelope(struct ask *ask, struct octets envelope);
void ask_archive(struct ask *ask);
/* The protocolEncrKey control. */
void ask_protocol_encr_key(struct ask *ask, EVP_PKEY *key);
/* The oldCertId control of that certificate. */
void ask_old_cert_id(struct ask *ask, struct bytes cert);

/* --- sending --- */

/* Signs the proof of possession and protects the message into ask->sent. */
void ask_encode(struct ask *ask);
/* Puts another protectionAlg into what is encoded. */
void ask_claim_algorithm(struct ask *ask, const X509_ALGOR *alg);
/* Encodes and serves. The answer is checked: its protection, its header against the request. */
void ask_send(struct ask *ask, struct told *told);
/* Serves octets as they are. */
void ask_send_octets(struct ask *ask, struct cmf_worker *worker, struct bytes der,
		     struct told *told);
/* What `der` says in answer to `ask`, checked as ask_send checks it. */
void told_of(const struct ask *ask, struct bytes der, struct told *told);
void told_clear(struct told *told);
/* The status of whatever body it is, NULL: none. */
const PKIStatusInfo *told_status(const struct told *told);
int told_status_value(const struct told *told);
/* The one failInfo bit, -1: none. */
int told_failinfo(const struct told *told);
/* The certificate of ip, cp, kup; empty: none. */
struct bytes told_certificate(const struct told *told);
/* The number in popdecc, decrypted; what goes with it is checked. The caller owns it. */
ASN1_INTEGER *told_number(const struct told *told, EVP_PKEY *key);
/* The same of Challenge i, for the request with that certReqId (0 to 9). */
ASN1_INTEGER *told_number_at(const struct told *told, int i, EVP_PKEY *key, uint8_t id);
/* CertResponses: their number, each by its index. */
int told_responses(const struct told *told);
const CertResponse *told_response(const struct told *told, int i);
struct bytes told_certificate_at(const struct told *told, int i);
int told_failinfo_at(const struct told *told, int i);
/* Whether the answer's protection is a MAC. */
bool told_mac(const struct told *told);
