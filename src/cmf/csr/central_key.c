// SPDX-License-Identifier: Apache-2.0
/*
 * Central key generation, RFC 9483 4.1.6: which key is made for a request that brings none, and the
 * making. The key leaves the CMF in the answer and is kept nowhere.
 */
#include "csr/central_key.h"

#include "base/log.h"

#include <errno.h>
#include <openssl/err.h>

/* The preference of the requester: the algorithm of a SubjectPublicKeyInfo without a key. */
static bool type_fits(const struct conf_key_type *type, const X509_ALGOR *wish)
{
	const ASN1_OBJECT *oid;
	const void *parameter;
	int nid, parameter_type;

	X509_ALGOR_get0(&oid, &parameter_type, &parameter, wish);
	nid = OBJ_obj2nid(oid);
	switch (type->kind) {
	case CONF_KEY_RSA:
		return nid == NID_rsaEncryption;
	case CONF_KEY_EC:
		/* Without parameters any curve will do. */
		return nid == NID_X9_62_id_ecPublicKey &&
		       (parameter_type == V_ASN1_UNDEF ||
			(parameter_type == V_ASN1_OBJECT &&
			 OBJ_obj2nid(parameter) == type->curve_nid));
	case CONF_KEY_ED25519:
		return nid == NID_ED25519;
	case CONF_KEY_ED448:
		return nid == NID_ED448;
	case CONF_KEY_NAMED:
		return nid != NID_undef && nid == type->algorithm_nid;
	}
	return false;
}

int central_key_choose(const X509_ALGOR *wish, const struct conf_profile *profile,
		       const struct conf_key_type **typep, struct refusal *refusal)
{
	const struct conf_key_types *types = &profile->central_key_types;

	if (types->len == 0)
		return refuse(refusal, REFUSAL_central_key_not_offered);
	for (size_t i = 0; i < types->len; i++) {
		if (wish && !type_fits(&types->item[i], wish))
			continue;
		*typep = &types->item[i];
		return 0;
	}
	return refuse(refusal, REFUSAL_central_key_type);
}

const ASN1_OBJECT *central_key_object(const struct conf_key_type *type)
{
	switch (type->kind) {
	case CONF_KEY_RSA:
		return OBJ_nid2obj(NID_rsaEncryption);
	case CONF_KEY_EC:
		return OBJ_nid2obj(NID_X9_62_id_ecPublicKey);
	case CONF_KEY_ED25519:
		return OBJ_nid2obj(NID_ED25519);
	case CONF_KEY_ED448:
		return OBJ_nid2obj(NID_ED448);
	case CONF_KEY_NAMED:
		return OBJ_nid2obj(type->algorithm_nid);
	}
	return OBJ_nid2obj(NID_undef);
}

/* A kind of key without parameters, by name. */
static EVP_PKEY *named_key(int nid)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, OBJ_nid2sn(nid), NULL);
	EVP_PKEY *key = NULL;

	if (ctx && EVP_PKEY_keygen_init(ctx) > 0)
		EVP_PKEY_generate(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

int central_key_make(const struct conf_key_type *type, EVP_PKEY **keyp)
{
	switch (type->kind) {
	case CONF_KEY_RSA:
		*keyp = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)type->bits_min);
		break;
	case CONF_KEY_EC:
		*keyp = EVP_PKEY_Q_keygen(NULL, NULL, "EC", OBJ_nid2sn(type->curve_nid));
		break;
	case CONF_KEY_ED25519:
		*keyp = named_key(NID_ED25519);
		break;
	case CONF_KEY_ED448:
		*keyp = named_key(NID_ED448);
		break;
	case CONF_KEY_NAMED:
		*keyp = named_key(type->algorithm_nid);
		break;
	}
	if (*keyp)
		return 0;
	ERR_clear_error();
	return log_fault("generate a key pair", -EIO, NULL);
}
