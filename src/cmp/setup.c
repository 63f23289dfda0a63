// SPDX-License-Identifier: Apache-2.0
/*
 * Making a door: what all requests share is computed here once, above all the CMF's protection
 * credential.
 */
#include "door_private.h"

#include "asn1/certificate.h"
#include "ca/credential.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

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
	door->oids[CMP_OID_REGISTER_REQUEST] = cmf_object(CMF_OBJECT_REGISTER_REQUEST);
	door->oids[CMP_OID_REGISTER_RESPONSE] = cmf_object(CMF_OBJECT_REGISTER_RESPONSE);
	for (size_t i = 0; i < CMP_OID_COUNT; i++)
		if (!door->oids[i])
			return -ENOMEM;
	return 0;
}

/* --- the protection credential --- */

/* The certificate's own place is first; a self-signed one behind it is a root and not sent. */
int cmp_certs_keep(const STACK_OF(X509) * from, struct octets **certsp, size_t *np)
{
	struct octets *certs = calloc((size_t)sk_X509_num(from), sizeof(*certs));
	unsigned char *der;
	int len;

	*certsp = certs;
	if (!certs)
		return -ENOMEM;
	for (int i = 0; i < sk_X509_num(from); i++) {
		if (i > 0 && X509_self_signed(sk_X509_value(from, i), 0) == 1)
			continue;
		der = NULL;
		len = i2d_X509(sk_X509_value(from, i), &der);
		if (len < 0 || octets_dup((struct bytes){der, (size_t)len}, &certs[*np])) {
			OPENSSL_free(der);
			return -ENOMEM;
		}
		OPENSSL_free(der);
		++*np;
	}
	return 0;
}

static bool is_root_of(X509 *root, X509 *cert)
{
	bool issued = X509_self_signed(root, 0) == 1 &&
		      X509_check_issued(root, cert) == X509_V_OK &&
		      X509_verify(cert, X509_get0_pubkey(root)) == 1;

	ERR_clear_error();
	return issued;
}

/* The root above the chain: in the file, or that of one of our CAs. */
static int root_keep(struct cmp_door *door, const STACK_OF(X509) * certs)
{
	int n = sk_X509_num(certs), err = 0;
	X509 *last = sk_X509_value(certs, n - 1);
	struct ca_set *cas = cmf_cas(door->cmf);
	unsigned char *der = NULL;
	int len;

	if (n > 1 && is_root_of(last, last)) {
		len = i2d_X509(last, &der);
		err = len < 0 ? -ENOMEM : octets_dup((struct bytes){der, (size_t)len}, &door->root);
		OPENSSL_free(der);
		return err;
	}
	for (size_t i = 0; i < ca_count(cas) && !door->root.len && !err; i++) {
		struct bytes root_der = ca_root(ca_at(cas, i));
		const unsigned char *p = root_der.data;
		X509 *root = root_der.len ? d2i_X509(NULL, &p, (long)root_der.len) : NULL;

		if (root && is_root_of(root, last))
			err = octets_dup(root_der, &door->root);
		X509_free(root);
	}
	return err;
}

/* What the certificate gives to the header of each answer. */
static int header_prepare(struct cmp_door *door)
{
	struct certificate_view view;
	struct bytes ski;
	int err = certificate_view(octets_view(&door->certs[0]), &view);

	if (!err)
		err = cmp_general_name_of_dn(view.subject, &door->sender);
	if (err)
		return err;
	err = certificate_ski(&view, &ski);
	if (err == -ENOENT)
		return 0;
	return err ? err : octets_dup(ski, &door->sender_kid);
}

/* RFC 9483 3.5: clients check digitalSignature, if the certificate has a keyUsage. */
static int certificate_check(X509 *cert, EVP_PKEY *key, struct strbuf *problems)
{
	if (!X509_check_private_key(cert, key)) {
		ERR_clear_error();
		strbuf_add(problems, "[protection] key: does not belong to the certificate\n");
		return -EINVAL;
	}
	if (!(X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE)) {
		strbuf_add(problems,
			   "[protection] certificate: its keyUsage lacks digitalSignature\n");
		return -EINVAL;
	}
	return 0;
}

static int signer_load(struct cmp_door *door, X509 *cert, struct strbuf *problems)
{
	const struct conf_protection *conf = &door->conf->protection;
	EVP_PKEY *key = NULL;
	int err = credential_key_read(conf->key, conf->passphrase_file, &key);

	if (err) {
		ERR_clear_error();
		strbuf_printf(problems, "[protection] key: cannot be read: %s\n", strerror(-err));
		return err;
	}
	err = certificate_check(cert, key, problems);
	if (!err)
		err = signer_new(key, "sha256", &door->signer);
	EVP_PKEY_free(key);
	return err;
}

/* --- the encryption credential --- */

static int encryption_problem(struct strbuf *problems, const char *key, const char *what, int err)
{
	ERR_clear_error();
	strbuf_printf(problems, "[protection] %s: %s\n", key, what);
	return err;
}

/* RFC 5280 4.2.1.3: what a key that others encrypt for may be used for. */
static int encryption_check(struct cmp_door *door, X509 *cert, struct strbuf *problems)
{
	unsigned char *der = NULL;
	int len, err;

	if (!X509_check_private_key(cert, door->encryption_key))
		return encryption_problem(problems, "encryption_key",
					  "does not belong to the certificate", -EINVAL);
	if (!(X509_get_key_usage(cert) & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)))
		return encryption_problem(problems, "encryption_certificate",
					  "its keyUsage lacks keyEncipherment and keyAgreement",
					  -EINVAL);
	len = i2d_X509(cert, &der);
	err = len > 0 ? octets_dup((struct bytes){der, (size_t)len}, &door->encryption_cert)
		      : -ENOMEM;
	OPENSSL_free(der);
	return err;
}

static int encryption_load(struct cmp_door *door, struct strbuf *problems)
{
	const struct conf_protection *conf = &door->conf->protection;
	STACK_OF(X509) *certs = NULL;
	int err;

	if (!conf->encryption_certificate && !conf->encryption_key)
		return 0;
	if (!conf->encryption_certificate || !conf->encryption_key)
		return encryption_problem(problems, "encryption_key",
					  "goes with encryption_certificate", -EINVAL);
	err = credential_certificates_read(conf->encryption_certificate, &certs);
	if (err)
		return encryption_problem(problems, "encryption_certificate", "cannot be read",
					  err);
	err = credential_key_read(conf->encryption_key, conf->encryption_passphrase_file,
				  &door->encryption_key);
	if (err)
		err = encryption_problem(problems, "encryption_key", "cannot be read", err);
	else
		err = encryption_check(door, sk_X509_value(certs, 0), problems);
	sk_X509_pop_free(certs, X509_free);
	return err;
}

int cmp_credential_load(struct cmp_door *door, struct strbuf *problems)
{
	STACK_OF(X509) *certs = NULL;
	int err = credential_certificates_read(door->conf->protection.certificate, &certs);

	if (err) {
		ERR_clear_error();
		strbuf_printf(problems, "[protection] certificate: cannot be read: %s\n",
			      strerror(-err));
		return err;
	}
	err = cmp_certs_keep(certs, &door->certs, &door->n_certs);
	if (!err)
		err = root_keep(door, certs);
	if (!err)
		err = header_prepare(door);
	if (!err)
		err = signer_load(door, sk_X509_value(certs, 0), problems);
	sk_X509_pop_free(certs, X509_free);
	if (!err)
		err = encryption_load(door, problems);
	return err ? err : cmp_kga_load(door, problems);
}

/* --- the door --- */

int cmp_door_new(const struct conf *conf, struct cmf *cmf, struct store *store,
		 const struct clock_source *clock, struct metrics *metrics, struct cmp_door **doorp,
		 struct strbuf *problems)
{
	_cleanup_(cmp_door_freep) struct cmp_door *door = calloc(1, sizeof(*door));
	int err;

	(void)store;
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
	octets_clear(&door->root);
	octets_clear(&door->sender);
	octets_clear(&door->sender_kid);
	octets_clear(&door->sign_key_pair_types);
	octets_clear(&door->enc_key_pair_types);
	octets_clear(&door->preferred_symm_alg);
	EVP_PKEY_free(door->encryption_key);
	octets_clear(&door->encryption_cert);
	cmp_kga_clear(&door->kga);
	signer_free(door->signer);
	budget_free(door->strangers);
	pthread_mutex_destroy(&door->quota.lock);
	free(door);
}
