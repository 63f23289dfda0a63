// SPDX-License-Identifier: Apache-2.0
/* Requests of the benchmark: ir, cr, kur, p10cr with a fresh P-256 key each, genm, certConf. */
#include "asn1/certificate.h"
#include "asn1/dn.h"
#include "client.h"

#include <errno.h>
#include <limits.h>
#include <openssl/objects.h>
#include <string.h>

enum { SUBJECT_MAX = 256 };

static int subject_set(X509_NAME **namep, const char *pattern, unsigned long number)
{
	char text[SUBJECT_MAX];

	X509_NAME_free(*namep);
	*namep = NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	/* The pattern was checked to hold at most one %d. */
	if (snprintf(text, sizeof(text), pattern, (int)(number & INT_MAX)) >= (int)sizeof(text))
		return -ENAMETOOLONG;
#pragma GCC diagnostic pop
	return dn_parse(text, namep, NULL);
}

static int request_key(const struct bench_setup *s, struct bench_transaction *t)
{
	if (s->newkey && EVP_PKEY_up_ref(s->newkey))
		t->key = s->newkey;
	else
		t->key = EVP_EC_gen("P-256");
	return t->key ? spki_from_key(t->key, &t->spki) : -ENOMEM;
}

/* Signs `der` (taken over; len <= 0: it could not be encoded) with the key of the request. */
static int request_sign(EVP_PKEY *key, unsigned char *der, int len, X509_ALGOR *algorithm,
			ASN1_BIT_STRING *signature)
{
	_cleanup_(signer_freep) struct signer *signer = NULL;
	_cleanup_(octets_clear) struct octets octets = OCTETS_NULL;
	int err = -ENOMEM;

	if (len > 0)
		err = signer_new(key, "sha256", &signer);
	if (!err)
		err = signer_sign(signer, (struct bytes){der, (size_t)len}, &octets);
	OPENSSL_free(der);
	if (err)
		return err;
	if (!X509_ALGOR_copy(algorithm, signer_algorithm(signer)) ||
	    !ASN1_BIT_STRING_set(signature, octets.data, (int)octets.len))
		return -ENOMEM;
	signature->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07L);
	signature->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	return 0;
}

static int pop_sign(CertReqMsg *msg, EVP_PKEY *key)
{
	POPOSigningKey *popo = POPOSigningKey_new();
	unsigned char *der = NULL;
	int len;

	msg->popo = ProofOfPossession_new();
	if (!popo || !msg->popo) {
		POPOSigningKey_free(popo);
		return -ENOMEM;
	}
	msg->popo->type = POPO_SIGNATURE;
	msg->popo->value.signature = popo;
	len = i2d_CertRequest(msg->certReq, &der);
	return request_sign(key, der, len, popo->algorithmIdentifier, popo->signature);
}

/* RFC 9483 4.1.3: a key update keeps the names of the certificate. */
static int subject_keep(struct bytes cert, X509_NAME **subjectp)
{
	struct certificate_view view;
	const unsigned char *p;
	int err = certificate_view(cert, &view);

	if (err)
		return err;
	p = view.subject.data;
	*subjectp = d2i_X509_NAME(NULL, &p, (long)view.subject.len);
	return *subjectp ? 0 : -ENOMEM;
}

static int request_crmf(const struct bench_setup *s, enum bench_operation operation,
			unsigned long number, struct bench_transaction *t, PKIBody *body)
{
	CertReqMsg *msg = CertReqMsg_new();
	CertTemplate *template;
	int err;

	if (!msg || !sk_CertReqMsg_push(body->value.certReqMessages, msg)) {
		CertReqMsg_free(msg);
		return -ENOMEM;
	}
	template = msg->certReq->certTemplate;
	if (!ASN1_INTEGER_set_int64(msg->certReq->certReqId, t->cert_req_id))
		return -ENOMEM;
	template->publicKey = t->spki;
	t->spki = ASN1_item_dup(ASN1_ITEM_rptr(SubjectPublicKeyInfo), template->publicKey);
	if (!t->spki)
		return -ENOMEM;
	if (operation == BENCH_KUR) {
		err = subject_keep(t->credential->certs[0], &template->subject);
	} else {
		err = subject_set(&template->subject, s->options->subject, number);
	}
	return err ? err : pop_sign(msg, t->key);
}

/* Subject, key and signature of a PKCS#10; t has the key. */
static int p10_fill(const struct bench_setup *s, unsigned long number, struct bench_transaction *t,
		    CertificationRequest *req)
{
	CertificationRequestInfo *info = req->certificationRequestInfo;
	unsigned char *der = NULL;
	int err, len;

	t->cert_req_id = -1;
	err = subject_set(&info->subject, s->options->subject, number);
	if (err)
		return err;
	SubjectPublicKeyInfo_free(info->subjectPKInfo);
	info->subjectPKInfo = ASN1_item_dup(ASN1_ITEM_rptr(SubjectPublicKeyInfo), t->spki);
	if (!info->subjectPKInfo || !ASN1_INTEGER_set(info->version, 0))
		return -ENOMEM;
	len = i2d_CertificationRequestInfo(info, &der);
	return request_sign(t->key, der, len, req->signatureAlgorithm, req->signature);
}

static int request_genm(PKIBody *body)
{
	InfoTypeAndValue *itav = InfoTypeAndValue_new();

	if (!itav || !sk_InfoTypeAndValue_push(body->value.genmsg, itav)) {
		InfoTypeAndValue_free(itav);
		return -ENOMEM;
	}
	itav->infoType = OBJ_nid2obj(NID_id_it_caCerts);
	return 0;
}

int bench_request_new(const struct bench_setup *s, enum bench_operation operation,
		      unsigned long number, struct bench_transaction *t, PKIBody **bodyp)
{
	static const enum pki_body_type types[] = {PKI_BODY_IR, PKI_BODY_CR, PKI_BODY_KUR,
						   PKI_BODY_P10CR, PKI_BODY_GENM};
	PKIBody *body = cmp_body_new(types[operation]);
	int err = body ? 0 : -ENOMEM;

	if (!err && operation != BENCH_GENM)
		err = request_key(s, t);
	if (!err && operation == BENCH_GENM)
		err = request_genm(body);
	else if (!err && operation == BENCH_P10CR)
		err = p10_fill(s, number, t, body->value.p10cr);
	else if (!err)
		err = request_crmf(s, operation, number, t, body);
	if (err) {
		PKIBody_free(body);
		return err;
	}
	*bodyp = body;
	return 0;
}

int bench_p10_new(const struct bench_setup *s, unsigned long number, struct bench_transaction *t,
		  CertificationRequest **requestp)
{
	CertificationRequest *req = CertificationRequest_new();
	int err = req ? request_key(s, t) : -ENOMEM;

	if (!err)
		err = p10_fill(s, number, t, req);
	if (err)
		CertificationRequest_free(req);
	else
		*requestp = req;
	return err;
}

/* RFC 9483 4.1.1: certHash with the digest of the certificate's signature. */
int bench_certconf_new(const struct bench_transaction *t, PKIBody **bodyp)
{
	PKIBody *body = cmp_body_new(PKI_BODY_CERTCONF);
	CertStatus *status = CertStatus_new();
	struct certificate_view view;
	X509_ALGOR *algorithm = NULL;
	uint8_t hash[EVP_MAX_MD_SIZE];
	const unsigned char *p;
	const EVP_MD *md = NULL;
	unsigned len;
	int err;

	err = certificate_view(octets_view(&t->certificate), &view);
	if (!err && body && status) {
		p = view.signature_algorithm.data;
		algorithm = d2i_X509_ALGOR(NULL, &p, (long)view.signature_algorithm.len);
		md = algorithm ? cert_hash_digest(algorithm) : NULL;
	}
	if (!md || EVP_Digest(t->certificate.data, t->certificate.len, hash, &len, md, NULL) != 1 ||
	    !ASN1_OCTET_STRING_set(status->certHash, hash, (int)len) ||
	    !ASN1_INTEGER_set_int64(status->certReqId, t->cert_req_id) ||
	    !sk_CertStatus_push(body->value.certConf, status)) {
		CertStatus_free(status);
		PKIBody_free(body);
		err = err ? err : -EIO;
	} else {
		*bodyp = body;
	}
	X509_ALGOR_free(algorithm);
	return err;
}
