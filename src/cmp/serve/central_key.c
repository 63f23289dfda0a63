// SPDX-License-Identifier: Apache-2.0
/*
 * Central key generation, RFC 9483 4.1.6, as the wire has it: how it is asked for, and the private
 * key on its way to who asked: signed by the key generation authority (KGA), then encrypted, by a
 * technique that the protection of the request decides. The key itself is cmf/'s.
 */
#include "asn1/certificate.h"
#include "asn1/der.h"
#include "asn1/envelope.h"
#include "asn1/key_package.h"
#include "credential.h"
#include "keys/credential.h"
#include "reply.h"
#include "request.h"
#include "serve/private_key.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/*
 * RFC 8018 4.2; the shared secret is as strong as the key. SECRET_MAX: longer ones are enough for
 * any key.
 */
enum { PASSWORD_ITERATIONS = 10000, SECRET_MAX = 64 };

/* --- the credential --- */

static int kga_problem(struct strbuf *problems, const char *key, const char *what, int err)
{
	ERR_clear_error();
	strbuf_printf(problems, "[protection] %s: %s\n", key, what);
	return err;
}

static bool is_kga(X509 *cert)
{
	EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_ASN1_OBJECT_num(purposes); i++)
		found = found || OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes, i)) == NID_cmKGA;
	EXTENDED_KEY_USAGE_free(purposes);
	ERR_clear_error();
	return found;
}

/* RFC 9480 2.2: id-kp-cmKGA; RFC 9483 4.1.6: named by subjectKeyIdentifier. */
static int kga_check(struct cmp_kga *kga, X509 *cert, EVP_PKEY *key, struct strbuf *problems)
{
	struct certificate_view view;
	struct bytes ski = BYTES_NULL;

	if (!X509_check_private_key(cert, key))
		return kga_problem(problems, "kga_key", "does not belong to the certificate",
				   -EINVAL);
	if (!(X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE))
		return kga_problem(problems, "kga_certificate",
				   "its keyUsage lacks digitalSignature", -EINVAL);
	if (!is_kga(cert))
		return kga_problem(problems, "kga_certificate",
				   "its extendedKeyUsage lacks id-kp-cmKGA", -EINVAL);
	if (certificate_view(octets_view(&kga->certs[0]), &view) || certificate_ski(&view, &ski))
		return kga_problem(problems, "kga_certificate", "it has no subjectKeyIdentifier",
				   -EINVAL);
	return octets_dup(ski, &kga->ski);
}

static int kga_key_load(struct cmp_kga *kga, X509 *cert, const struct key_source *source,
			struct strbuf *problems)
{
	EVP_PKEY *key = NULL;
	int err = credential_key_read(source, &key);

	if (err)
		return kga_problem(problems, "kga_key", "cannot be read", err);
	err = kga_check(kga, cert, key, problems);
	if (!err)
		err = signer_new(key, "sha256", &kga->signer);
	if (!err && signer_try(kga->signer) < 0)
		err = kga_problem(problems, "kga_key", "signing with it fails", -EIO);
	EVP_PKEY_free(key);
	return err;
}

/* Without an own certificate the one that protects answers may be good for this, too. */
static int kga_load(struct cmp_door *door, struct strbuf *problems)
{
	const struct conf_protection *conf = &door->conf->protection;
	bool own = conf->kga_certificate != NULL;
	const struct key_source key = {.source = own ? conf->kga_key : conf->key,
				       .passphrase_file = own ? conf->kga_passphrase_file
							      : conf->passphrase_file};
	STACK_OF(X509) *certs = NULL;
	int err = credential_certificates_read(own ? conf->kga_certificate : conf->certificate,
					       &certs);

	if (err)
		return kga_problem(problems, "kga_certificate", "cannot be read", err);
	if (own || is_kga(sk_X509_value(certs, 0))) {
		err = cmp_certs_keep(certs, &door->kga.certs, &door->kga.n_certs);
		if (!err)
			err = kga_key_load(&door->kga, sk_X509_value(certs, 0), &key, problems);
	}
	sk_X509_pop_free(certs, X509_free);
	return err;
}

/* Generated keys and archived ones go out with its signature. */
static int kga_required(const struct conf_profile *profile, struct strbuf *problems)
{
	if (profile->central_key_types.len > 0)
		return kga_problem(problems, "kga_certificate",
				   "required by central_key_types of a profile", -EINVAL);
	if (profile->archive_keys != CONF_ARCHIVE_NEVER)
		return kga_problem(problems, "kga_certificate",
				   "required by archive_keys of a profile", -EINVAL);
	return 0;
}

int cmp_kga_load(struct cmp_door *door, struct strbuf *problems)
{
	const struct conf *conf = door->conf;
	int err;

	if (!conf->protection.kga_certificate != !conf->protection.kga_key)
		return kga_problem(problems, "kga_key", "goes with kga_certificate", -EINVAL);
	err = kga_load(door, problems);
	for (size_t i = 0; i < conf->n_profiles && !err && !door->kga.signer; i++)
		err = kga_required(&conf->profiles[i], problems);
	return err;
}

void cmp_kga_clear(struct cmp_kga *kga)
{
	for (size_t i = 0; i < kga->n_certs; i++)
		octets_clear(&kga->certs[i]);
	free(kga->certs);
	octets_clear(&kga->ski);
	signer_free(kga->signer);
	*kga = (struct cmp_kga){0};
}

/* --- the request --- */

bool cmp_central_key_wanted(const CertTemplate *t)
{
	return !t->publicKey || ASN1_STRING_length(t->publicKey->subjectPublicKey) == 0;
}

/*
 * The public key of the certificate that protects the request, if it can receive: RFC 9483 4.1.6.1
 * wants keyEncipherment, 4.1.6.2 keyAgreement, where there is a keyUsage. The caller owns *keyp.
 */
static int recipient_key(struct cmp_request *rq, EVP_PKEY **keyp)
{
	const struct octets *der = &rq->who.certificate;
	const unsigned char *p = der->data;
	X509 *cert = d2i_X509(NULL, &p, (long)der->len);
	unsigned int uses = 0;
	uint32_t usage;

	if (cert && X509_get0_pubkey(cert)) {
		uses = spki_key_uses(X509_get0_pubkey(cert));
		usage = X509_get_key_usage(cert);
		if (!(usage & KU_KEY_ENCIPHERMENT))
			uses &= ~(unsigned int)SPKI_DECRYPTS;
		if (!(usage & KU_KEY_AGREEMENT))
			uses &= ~(unsigned int)SPKI_AGREES;
	}
	if (uses & (SPKI_DECRYPTS | SPKI_AGREES))
		*keyp = X509_get_pubkey(cert);
	X509_free(cert);
	ERR_clear_error();
	return *keyp ? 0 : refuse(&rq->refusal, REFUSAL_central_key_recipient);
}

/* RFC 9483 4.1.6: popo is absent, for there is no key yet; what an RA verified is nothing. */
static bool pop_ignored(const struct cmp_request *rq, const ProofOfPossession *popo)
{
	return rq->who.policy->central_key_ra_verified && popo->type == POPO_RA_VERIFIED &&
	       cmf_principal_verified_pop(&rq->who);
}

/*
 * RFC 9483 4.1.6 wants pvno 3. Who says 2 and asks for a key is `openssl cmp`, which would have the
 * key lost on its way, and a certificate for it, by all that its policy does not say.
 */
static enum refusal_reason unsendable(const struct cmp_request *rq)
{
	const struct conf_client_policy *policy = rq->who.policy;

	if (!cmp_envelope_understood(rq))
		return REFUSAL_central_key_pvno;
	if (rq->msg->pvno >= 3)
		return REFUSAL_NONE;
	if (!policy->bare_private_key)
		return REFUSAL_central_key_bare;
	return rq->protection == CMP_PROTECTION_MAC && !policy->pwri_kek ? REFUSAL_central_key_kek
									 : REFUSAL_NONE;
}

int cmp_central_key_ask(struct cmp_request *rq, const CertReqMsg *msg, struct cmf_csr *csr)
{
	const SubjectPublicKeyInfo *spki = msg->certReq->certTemplate->publicKey;
	size_t secret_len = rq->who.mac_secret.len;
	EVP_PKEY *key = NULL;
	int err = 0;

	if (!rq->door->kga.signer)
		return refuse(&rq->refusal, REFUSAL_central_key_no_authority);
	if (msg->popo && !pop_ignored(rq, msg->popo))
		return refuse(&rq->refusal, REFUSAL_central_key_pop);
	if (rq->protection != CMP_PROTECTION_MAC)
		err = recipient_key(rq, &key);
	EVP_PKEY_free(key);
	/*
	 * RFC 9483 4.1.6.3: "the entropy of the shared secret information SHALL NOT be less than
	 * the security strength of the centrally generated key pair". It is not more than its bits.
	 */
	if (rq->protection == CMP_PROTECTION_MAC && secret_len < SECRET_MAX)
		csr->central_key.strength_max = 8 * (int)secret_len;
	csr->central_key.wanted = true;
	csr->central_key.unsendable = unsendable(rq);
	csr->central_key.kind = spki ? spki->algorithm : NULL;
	return err;
}

/* --- the answer --- */

/* What is signed: RFC 9483 4.1.6 wants the package, some clients its only element. */
static struct bytes package_content(const struct cmp_request *rq, struct bytes package)
{
	struct bytes tlv, one;
	uint8_t tag;

	if (!rq->who.policy->bare_private_key || der_next(&package, &tag, &tlv, &one))
		return package;
	return one;
}

static int package_sign(const struct cmp_request *rq, EVP_PKEY *generated, struct octets *signedp)
{
	const struct cmp_kga *kga = &rq->door->kga;
	_cleanup_(octets_clear_secret) struct octets package = OCTETS_NULL;
	struct bytes *certs = calloc(kga->n_certs, sizeof(*certs));
	struct signed_data_signer by = {.signer = kga->signer,
					.ski = octets_view(&kga->ski),
					.certificates = certs,
					.n_certificates = kga->n_certs};
	int err = certs ? key_package_write(generated, &package) : -ENOMEM;

	for (size_t i = 0; i < kga->n_certs && !err; i++)
		certs[i] = octets_view(&kga->certs[i]);
	if (!err)
		err = signed_data_sign(&by, OID_CT_KEY_PACKAGE,
				       package_content(rq, octets_view(&package)), signedp);
	free(certs);
	return err;
}

int cmp_private_key_seal(struct cmp_request *rq, EVP_PKEY *key, const struct envelope_recipient *to,
			 struct octets *encryptedp)
{
	_cleanup_(octets_clear_secret) struct octets package = OCTETS_NULL;
	int err = package_sign(rq, key, &package);

	if (!err)
		err = envelope_seal(to, OID_CT_SIGNED_DATA, octets_view(&package), encryptedp);
	if (!err)
		envelope_to_encrypted_key(encryptedp);
	return err;
}

/* RFC 9483 4.1.6: the technique is decided by the protection of the request. */
static int requester_seal(struct cmp_request *rq, EVP_PKEY *generated, struct octets *encryptedp)
{
	struct envelope_recipient to = {.password = octets_view(&rq->who.mac_secret),
					.iterations = PASSWORD_ITERATIONS,
					.pwri_kek = rq->who.policy->pwri_kek};
	struct certificate_view view;
	EVP_PKEY *key = NULL;
	int err = 0;

	if (rq->protection != CMP_PROTECTION_MAC) {
		err = recipient_key(rq, &key);
		if (!err)
			err = certificate_view(octets_view(&rq->who.certificate), &view);
		if (!err)
			envelope_recipient_set_certificate(&to, &view, key);
	}
	if (!err)
		err = cmp_private_key_seal(rq, generated, &to, encryptedp);
	EVP_PKEY_free(key);
	return err;
}

int cmp_central_key_seal(struct cmp_request *rq, EVP_PKEY *generated, struct octets *encryptedp)
{
	int err = requester_seal(rq, generated, encryptedp);

	/* All that could be refused was refused before the key was made. */
	return err ? log_fault("send a private key", err == REFUSED ? -EIO : err, NULL) : 0;
}
