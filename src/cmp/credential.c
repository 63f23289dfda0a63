// SPDX-License-Identifier: Apache-2.0
/*
 * The credentials that the door is made with: the one that protects answers, and the one that
 * others encrypt for. Read once, when setup.c makes the door.
 */
#include "credential.h"
#include "asn1/certificate.h"
#include "asn1/decryptor.h"
#include "cmf.h"
#include "keys/credential.h"
#include "message.h"
#include "setup.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* The certificate's own place is first; a self-signed one behind it is a root and not sent. */
int cmp_certs_keep(const STACK_OF(X509) * from, struct octets **certsp, size_t *np)
{
	struct octets *certs = calloc((size_t)sk_X509_num(from), sizeof(*certs));

	*certsp = certs;
	if (!certs)
		return -ENOMEM;
	for (int i = 0; i < sk_X509_num(from); i++) {
		if (i > 0 && X509_self_signed(sk_X509_value(from, i), 0) == 1)
			continue;
		if (certificate_encode(sk_X509_value(from, i), &certs[*np]))
			return -ENOMEM;
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

	if (n > 1 && is_root_of(last, last))
		return certificate_encode(last, &door->root);
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
	const struct key_source source = {conf->key, conf->passphrase_file};
	EVP_PKEY *key = NULL;
	int err = credential_key_read(&source, &key);

	if (err) {
		ERR_clear_error();
		strbuf_printf(problems, "[protection] key: cannot read %s: %s\n", conf->key,
			      credential_error_text(err));
		return err;
	}
	err = certificate_check(cert, key, problems);
	if (!err)
		err = signer_new(key, "sha256", &door->signer);
	if (!err && signer_try(door->signer) < 0) {
		strbuf_add(problems, "[protection] key: it is there, but signing with it fails\n");
		err = -EIO;
	}
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
static int encryption_check(struct cmp_door *door, X509 *cert, EVP_PKEY *key,
			    struct strbuf *problems)
{
	int err;

	if (!X509_check_private_key(cert, key))
		return encryption_problem(problems, "encryption_key",
					  "does not belong to the certificate", -EINVAL);
	if (!(X509_get_key_usage(cert) & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)))
		return encryption_problem(problems, "encryption_certificate",
					  "its keyUsage lacks keyEncipherment and keyAgreement",
					  -EINVAL);
	err = certificate_encode(cert, &door->encryption_cert);
	return err ? err : decryptor_new(key, &door->decryptor);
}

static int encryption_load(struct cmp_door *door, struct strbuf *problems)
{
	const struct conf_protection *conf = &door->conf->protection;
	const struct key_source source = {conf->encryption_key, conf->encryption_passphrase_file};
	STACK_OF(X509) *certs = NULL;
	EVP_PKEY *key = NULL;
	int err;

	if (!conf->encryption_certificate && !conf->encryption_key)
		return 0;
	if (!conf->encryption_certificate || !conf->encryption_key)
		return encryption_problem(problems, "encryption_key",
					  "goes with encryption_certificate", -EINVAL);
	err = credential_certificates_read(conf->encryption_certificate, &certs);
	if (err)
		return encryption_problem(problems, "encryption_certificate",
					  credential_certificates_error_text(err), err);
	err = credential_key_read(&source, &key);
	if (err)
		err = encryption_problem(problems, "encryption_key", credential_error_text(err),
					 err);
	else
		err = encryption_check(door, sk_X509_value(certs, 0), key, problems);
	EVP_PKEY_free(key);
	sk_X509_pop_free(certs, X509_free);
	return err;
}

/* --- both --- */

int cmp_credential_load(struct cmp_door *door, struct strbuf *problems)
{
	STACK_OF(X509) *certs = NULL;
	int err = credential_certificates_read(door->conf->protection.certificate, &certs);

	if (err) {
		ERR_clear_error();
		strbuf_printf(problems, "[protection] certificate: cannot read %s: %s\n",
			      door->conf->protection.certificate,
			      credential_certificates_error_text(err));
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
	return err ? err : encryption_load(door, problems);
}
