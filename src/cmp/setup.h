// SPDX-License-Identifier: Apache-2.0
/*
 * What all requests share: the door, which setup.c makes.
 */
#pragma once

#include "base/budget.h"
#include "base/bytes.h"
#include "cmp/door.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <pthread.h>

/* Elements that the door knows in generalInfo, controls, regInfo, genm. */
enum cmp_oid {
	CMP_OID_IMPLICIT_CONFIRM,
	CMP_OID_CONFIRM_WAIT_TIME,
	CMP_OID_CERT_PROFILE,
	CMP_OID_ORIG_PKI_MESSAGE,
	CMP_OID_CERT_TYPE,
	CMP_OID_VNFC_ID,
	CMP_OID_CERT_CHAIN_REQUEST,
	CMP_OID_VNF_INSTANCE_ID,
	CMP_OID_OLD_CERT_ID,
	CMP_OID_ARCHIVE_OPTIONS,
	CMP_OID_PROTOCOL_ENCR_KEY,
	CMP_OID_UTF8_PAIRS,
	CMP_OID_REG_CERT_REQ,
	CMP_OID_SIGN_KEY_PAIR_TYPES,
	CMP_OID_ENC_KEY_PAIR_TYPES,
	CMP_OID_PREFERRED_SYMM_ALG,
	CMP_OID_CURRENT_CRL,
	CMP_OID_CA_CERTS,
	CMP_OID_CERT_REQ_TEMPLATE,
	CMP_OID_CRL_STATUS_LIST,
	CMP_OID_CRLS,
	CMP_OID_KEY_PAIR_PARAM_REQ,
	CMP_OID_KEY_PAIR_PARAM_REP,
	CMP_OID_LANG_TAGS,
	CMP_OID_UNSUPPORTED_OIDS,
	CMP_OID_REGISTER_REQUEST,
	CMP_OID_REGISTER_RESPONSE,
	CMP_OID_NONCE_REQUEST,
	CMP_OID_NONCE_RESPONSE,
	CMP_OID_CA_PROT_ENC_CERT,
	CMP_OID_REV_PASSPHRASE,
	CMP_OID_ROOT_CA_CERT,
	CMP_OID_ROOT_CA_KEY_UPDATE,
	CMP_OID_CA_KEY_UPDATE_INFO,
	CMP_OID_KEM_CIPHERTEXT_INFO,
	CMP_OID_COUNT,
};

/* Requesters whose open transactions are estimated at a time; see quota.c. */
enum { CMP_QUOTA_SLOTS = 512 };

struct cmp_quota_slot {
	uint64_t requester; /* hash of the name; 0: free */
	uint32_t open;      /* estimate, never reset but by counting */
	int64_t counted_ms;
};

struct cmp_quota {
	pthread_mutex_t lock;
	struct cmp_quota_slot slots[CMP_QUOTA_SLOTS];
};

/* The key generation authority, RFC 9483 4.1.6; without signer there is none. */
struct cmp_kga {
	struct signer *signer;
	struct octets *certs; /* its certificate, then the chain, no self-signed ones behind it */
	size_t n_certs;
	struct octets ski;
};

/* Immutable after cmp_door_new() but for quota and budget; shared by all workers. */
struct cmp_door {
	const struct conf *conf; /* at the start; see cmf_conf() */
	struct cmf *cmf;
	const struct clock_source *clock;
	struct metrics *metrics;
	const ASN1_OBJECT *oids[CMP_OID_COUNT];
	ASN1_OBJECT *nonce_request, *nonce_response; /* as configured; owned */
	/* The CMF's protection credential. */
	struct signer *signer;
	struct octets *certs; /* own certificate, then its chain, no self-signed ones behind it */
	size_t n_certs;
	struct octets root;       /* of its chain; empty: not known */
	struct octets sender;     /* GeneralName with the subject of the certificate */
	struct octets sender_kid; /* its subjectKeyIdentifier; empty: none */
	/* For whose key clients encrypt; NULL: none. */
	struct decryptor *decryptor;
	struct octets encryption_cert;
	struct cmp_kga kga;
	/* Answers to support messages that depend on the configuration alone. */
	struct octets sign_key_pair_types;
	struct octets enc_key_pair_types;
	struct octets preferred_symm_alg;
	struct cmp_quota quota;
	struct budget *strangers;
};
