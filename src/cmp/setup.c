// SPDX-License-Identifier: Apache-2.0
/*
 * Making a door: what all requests share is computed here once. Its credentials are read by
 * credential.c and central_key.c.
 */
#include "setup.h"
#include "asn1/cmf_types.h"
#include "base/metrics.h"
#include "cmf.h"
#include "credential.h"
#include "genm/genm.h"
#include "serve/private_key.h"

#include <errno.h>

static const int oid_nids[CMP_OID_COUNT] = {
	[CMP_OID_IMPLICIT_CONFIRM] = NID_id_it_implicitConfirm,
	[CMP_OID_CONFIRM_WAIT_TIME] = NID_id_it_confirmWaitTime,
	[CMP_OID_OLD_CERT_ID] = NID_id_regCtrl_oldCertID,
	[CMP_OID_ARCHIVE_OPTIONS] = NID_id_regCtrl_pkiArchiveOptions,
	[CMP_OID_PROTOCOL_ENCR_KEY] = NID_id_regCtrl_protocolEncrKey,
	[CMP_OID_ORIG_PKI_MESSAGE] = NID_id_it_origPKIMessage,
	[CMP_OID_UTF8_PAIRS] = NID_id_regInfo_utf8Pairs,
	[CMP_OID_REG_CERT_REQ] = NID_id_regInfo_certReq,
	[CMP_OID_SIGN_KEY_PAIR_TYPES] = NID_id_it_signKeyPairTypes,
	[CMP_OID_ENC_KEY_PAIR_TYPES] = NID_id_it_encKeyPairTypes,
	[CMP_OID_PREFERRED_SYMM_ALG] = NID_id_it_preferredSymmAlg,
	[CMP_OID_CURRENT_CRL] = NID_id_it_currentCRL,
	[CMP_OID_CA_CERTS] = NID_id_it_caCerts,
	[CMP_OID_KEY_PAIR_PARAM_REQ] = NID_id_it_keyPairParamReq,
	[CMP_OID_KEY_PAIR_PARAM_REP] = NID_id_it_keyPairParamRep,
	[CMP_OID_LANG_TAGS] = NID_id_it_suppLangTags,
	[CMP_OID_UNSUPPORTED_OIDS] = NID_id_it_unsupportedOIDs,
	[CMP_OID_CA_PROT_ENC_CERT] = NID_id_it_caProtEncCert,
	[CMP_OID_REV_PASSPHRASE] = NID_id_it_revPassphrase,
	[CMP_OID_ROOT_CA_KEY_UPDATE] = NID_id_it_rootCaKeyUpdate,
	[CMP_OID_CA_KEY_UPDATE_INFO] = NID_id_it_caKeyUpdateInfo,
};

static int oids_fill(struct cmp_door *door)
{
	for (size_t i = 0; i < CMP_OID_COUNT; i++)
		if (oid_nids[i])
			door->oids[i] = OBJ_nid2obj(oid_nids[i]);
	door->oids[CMP_OID_CERT_PROFILE] = cmf_object(CMF_OBJECT_IT_CERT_PROFILE);
	door->oids[CMP_OID_ROOT_CA_CERT] = cmf_object(CMF_OBJECT_IT_ROOT_CA_CERT);
	door->oids[CMP_OID_CERT_REQ_TEMPLATE] = cmf_object(CMF_OBJECT_IT_CERT_REQ_TEMPLATE);
	door->oids[CMP_OID_CRL_STATUS_LIST] = cmf_object(CMF_OBJECT_IT_CRL_STATUS_LIST);
	door->oids[CMP_OID_CRLS] = cmf_object(CMF_OBJECT_IT_CRLS);
	door->oids[CMP_OID_KEM_CIPHERTEXT_INFO] = cmf_object(CMF_OBJECT_IT_KEM_CIPHERTEXT_INFO);
	door->oids[CMP_OID_CERT_TYPE] = cmf_object(CMF_OBJECT_CERT_TYPE);
	door->oids[CMP_OID_VNFC_ID] = cmf_object(CMF_OBJECT_VNFC_ID);
	door->oids[CMP_OID_CERT_CHAIN_REQUEST] = cmf_object(CMF_OBJECT_CERT_CHAIN_REQUEST);
	door->oids[CMP_OID_VNF_INSTANCE_ID] = cmf_object(CMF_OBJECT_VNF_INSTANCE_ID);
	door->oids[CMP_OID_REGISTER_REQUEST] = cmf_object(CMF_OBJECT_REGISTER_REQUEST);
	door->oids[CMP_OID_REGISTER_RESPONSE] = cmf_object(CMF_OBJECT_REGISTER_RESPONSE);
	door->nonce_request = OBJ_txt2obj(door->conf->cmf.nonce_request_oid, 1);
	door->nonce_response = OBJ_txt2obj(door->conf->cmf.nonce_response_oid, 1);
	door->oids[CMP_OID_NONCE_REQUEST] = door->nonce_request;
	door->oids[CMP_OID_NONCE_RESPONSE] = door->nonce_response;
	for (size_t i = 0; i < CMP_OID_COUNT; i++)
		if (!door->oids[i])
			return -ENOMEM;
	return 0;
}

int cmp_door_new(const struct conf *conf, struct cmf *cmf, const struct clock_source *clock,
		 struct metrics *metrics, struct cmp_door **doorp, struct strbuf *problems)
{
	_cleanup_(cmp_door_freep) struct cmp_door *door = calloc(1, sizeof(*door));
	int err;

	if (!door)
		return -ENOMEM;
	door->conf = conf;
	door->cmf = cmf;
	door->clock = clock;
	door->metrics = metrics;
	pthread_mutex_init(&door->quota.lock, NULL);
	err = oids_fill(door);
	if (!err)
		err = budget_new(NULL, &door->strangers);
	if (!err)
		err = cmp_support_prepare(door);
	if (!err)
		err = cmp_credential_load(door, problems);
	if (!err)
		err = cmp_kga_load(door, problems);
	if (!err)
		*doorp = TAKE(door);
	return err;
}

void cmp_door_free(struct cmp_door *door)
{
	if (!door)
		return;
	for (size_t i = 0; i < door->n_certs; i++)
		octets_clear(&door->certs[i]);
	free(door->certs);
	ASN1_OBJECT_free(door->nonce_request);
	ASN1_OBJECT_free(door->nonce_response);
	octets_clear(&door->root);
	octets_clear(&door->sender);
	octets_clear(&door->sender_kid);
	octets_clear(&door->sign_key_pair_types);
	octets_clear(&door->enc_key_pair_types);
	octets_clear(&door->preferred_symm_alg);
	decryptor_free(door->decryptor);
	octets_clear(&door->encryption_cert);
	cmp_kga_clear(&door->kga);
	signer_free(door->signer);
	budget_free(door->strangers);
	pthread_mutex_destroy(&door->quota.lock);
	free(door);
}
