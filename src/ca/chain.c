// SPDX-License-Identifier: Apache-2.0
/* The issuing certificate of a CA and its path up to the root, checked once at start. */
#include "asn1/certificate.h"
#include "ca_local.h"
#include "keys/credential.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <time.h>

/* Longer paths are loops or mistakes. */
enum { CHAIN_MAX = 16 };

static bool is_issued_by(X509 *cert, X509 *issuer)
{
	bool issued = X509_check_issued(issuer, cert) == X509_V_OK &&
		      X509_verify(cert, X509_get0_pubkey(issuer)) == 1;

	ERR_clear_error();
	return issued;
}

bool chain_has_issued(const struct chain *chain, X509 *cert)
{
	return is_issued_by(cert, sk_X509_value(chain->certs, 0));
}

static X509 *issuer_of(X509 *cert, STACK_OF(X509) * candidates)
{
	for (int i = 0; i < sk_X509_num(candidates); i++) {
		if (is_issued_by(cert, sk_X509_value(candidates, i)))
			return sk_X509_value(candidates, i);
	}
	return NULL;
}

/* RFC 5280 4.2.1.3, 4.2.1.9: who signs certificates says cA and keyCertSign; CRLs: cRLSign. */
static int issuing_check(const struct conf_ca *conf, X509 *cert, struct strbuf *problems)
{
	uint32_t usage = X509_get_key_usage(cert);

	if (!(X509_get_extension_flags(cert) & EXFLAG_CA))
		return ca_problem(problems, conf, "certificate",
				  "is not a CA certificate (basicConstraints cA)");
	if (!(usage & KU_KEY_CERT_SIGN))
		return ca_problem(problems, conf, "certificate", "keyUsage lacks keyCertSign");
	if (conf->type == CONF_CA_INTERNAL && !(usage & KU_CRL_SIGN))
		return ca_problem(problems, conf, "certificate", "keyUsage lacks cRLSign");
	if (X509_get0_pubkey(cert) == NULL)
		return ca_problem(problems, conf, "certificate", "its public key is not supported");
	return 0;
}

/* Follows the issuers from certs[0] upwards through the candidates. */
static int path_build(const struct conf_ca *conf, STACK_OF(X509) * certs,
		      STACK_OF(X509) * candidates, bool *rootedp, struct strbuf *problems)
{
	X509 *top = sk_X509_value(certs, 0);
	X509 *issuer;

	while (!(*rootedp = is_issued_by(top, top))) {
		issuer = issuer_of(top, candidates);
		if (!issuer && conf->chain)
			return ca_problem(problems, conf, "chain",
					  "does not lead from the certificate to a root");
		if (!issuer)
			return 0;
		if (sk_X509_num(certs) == CHAIN_MAX)
			return ca_problem(problems, conf, "chain", "is longer than %d", CHAIN_MAX);
		if (x509_push_ref(certs, issuer) < 0)
			return -ENOMEM;
		top = issuer;
	}
	return 0;
}

static int chain_encode(struct chain *chain, bool rooted)
{
	X509 *issuing = sk_X509_value(chain->certs, 0);
	int n = sk_X509_num(chain->certs);
	int len;

	chain->der = calloc((size_t)n, sizeof(*chain->der));
	chain->view = calloc((size_t)n, sizeof(*chain->view));
	if (!chain->der || !chain->view)
		return -ENOMEM;
	for (int i = 0; i < n - rooted; i++) {
		if (certificate_encode(sk_X509_value(chain->certs, i), &chain->der[i]) < 0)
			return -ENOMEM;
		chain->view[i] = octets_view(&chain->der[i]);
		chain->len++;
	}
	if (rooted && certificate_encode(sk_X509_value(chain->certs, n - 1), &chain->root) < 0)
		return -ENOMEM;
	len = i2d_X509_NAME(X509_get_subject_name(issuing), &chain->issuer.data);
	if (len <= 0)
		return -ENOMEM;
	chain->issuer.len = (size_t)len;
	chain->key = X509_get0_pubkey(issuing);
	return 0;
}

static int candidates_read(const struct conf_ca *conf, STACK_OF(X509) * *candidatesp,
			   struct strbuf *problems)
{
	int err = credential_certificates_read(conf->chain, candidatesp);

	if (err < 0)
		return ca_problem(problems, conf, "chain", "cannot read %s: %s", conf->chain,
				  credential_certificates_error_text(err));
	return 0;
}

static int certificates_load(const struct conf_ca *conf, struct chain *chain,
			     struct strbuf *problems)
{
	_cleanup_(x509_stackp) STACK_OF(X509) *own = NULL, *above = NULL;
	bool rooted = false;
	int err = credential_certificates_read(conf->certificate, &own);

	if (err < 0)
		return ca_problem(problems, conf, "certificate", "cannot read %s: %s",
				  conf->certificate, credential_certificates_error_text(err));
	if (conf->chain && (err = candidates_read(conf, &above, problems)) < 0)
		return err;
	/* What stands behind the issuing certificate in its own file counts too. */
	for (int i = 1; above && i < sk_X509_num(own); i++) {
		if (x509_push_ref(above, sk_X509_value(own, i)) < 0)
			return -ENOMEM;
	}
	err = issuing_check(conf, sk_X509_value(own, 0), problems);
	if (err < 0)
		return err;
	chain->certs = sk_X509_new_null();
	if (!chain->certs || x509_push_ref(chain->certs, sk_X509_value(own, 0)) < 0)
		return -ENOMEM;
	err = path_build(conf, chain->certs, above ? above : own, &rooted, problems);
	if (err < 0)
		return err;
	return chain_encode(chain, rooted);
}

int chain_load(const struct conf_ca *conf, struct chain *chain, struct strbuf *problems)
{
	X509 *issuing;
	int err;

	if (!conf->certificate)
		return ca_problem(problems, conf, "certificate",
				  "is required: issuer name and chain of the CA come from it");
	err = certificates_load(conf, chain, problems);
	if (err < 0)
		return err;
	issuing = sk_X509_value(chain->certs, 0);
	if (asn1_time_ms(X509_get0_notBefore(issuing), &chain->not_before_ms) < 0 ||
	    asn1_time_ms(X509_get0_notAfter(issuing), &chain->not_after_ms) < 0 ||
	    path_load(chain) < 0)
		return ca_problem(problems, conf, "certificate", "its validity is malformed");
	return root_update_load(conf, chain, problems);
}

void chain_clear(struct chain *chain)
{
	for (size_t i = 0; i < chain->len; i++)
		OPENSSL_free(chain->der[i].data);
	free(chain->der);
	free(chain->view);
	OPENSSL_free(chain->root.data);
	OPENSSL_free(chain->issuer.data);
	path_clear(chain);
	sk_X509_pop_free(chain->certs, X509_free);
	root_update_clear(&chain->update);
	*chain = (struct chain){0};
}
