// SPDX-License-Identifier: Apache-2.0
/*
 * Private keys on their way into the archive: the pkiArchiveOptions control (RFC 4211 6.4) and
 * encryptedKey as proof of possession (RFC 4211 4.2, RFC 9810 5.2.8.3.1), opened with the key of
 * caProtEncCert and held against the public key. Whether a key is kept is cmf/'s.
 */
#include "asn1/certificate.h"
#include "asn1/der.h"
#include "asn1/envelope.h"
#include "asn1/name.h"
#include "asn1/private_key.h"
#include "reply.h"
#include "request.h"
#include "serve/certreq.h"
#include "serve/items.h"
#include "serve/private_key.h"

#include <errno.h>
#include <string.h>

/* PKIArchiveOptions ::= CHOICE; encryptedPrivKey is EXPLICIT, for EncryptedKey is a CHOICE. */
enum {
	TAG_ENCRYPTED_PRIV_KEY = 0xa0,
	TAG_KEY_GEN_PARAMETERS = 0x81,
	TAG_ARCHIVE_REM_GEN_PRIV_KEY = 0x82,
};

/* Octets of an EnvelopedData: twice that of the largest private key there is, of RSA with 16384
 * bits. */
enum { ENVELOPE_MAX = 24 * 1024 };

/* What is compared with the identifier is text of at most this many octets. */
enum { IDENTIFIER_MAX = 1024 };

/* --- whether anything is archived --- */

/* Otherwise nothing is opened: it would be of no use. */
static bool may_be_archived(const struct cmp_request *rq)
{
	for (size_t i = 0; i < rq->conf->n_profiles; i++)
		if (rq->conf->profiles[i].archive_keys != CONF_ARCHIVE_NEVER)
			return rq->door->decryptor != NULL;
	return false;
}

/* --- the identifier --- */

static bool name_is(const X509_NAME *name, struct bytes der)
{
	return name && bytes_equal(name_der(name), der);
}

/* The subject of who signed the message. sender is no proof of anything, under a MAC for one. */
static bool signer_is(const struct cmp_request *rq, struct bytes dn)
{
	struct certificate_view signer;

	return rq->who.certificate.len &&
	       !certificate_view(octets_view(&rq->who.certificate), &signer) &&
	       bytes_equal(signer.subject, dn);
}

/* That, or the subject of the template, if that is what the certificate will have. */
static bool general_name_fits(const struct cmp_request *rq, const CertTemplate *t, struct bytes tlv,
			      bool *by_subjectp)
{
	const unsigned char *p = tlv.data;
	GENERAL_NAME *name = d2i_GENERAL_NAME(NULL, &p, (long)tlv.len);
	bool fits = false, by_subject = false;
	struct bytes dn;

	if (name && name->type == GEN_DIRNAME) {
		dn = name_der(name->d.directoryName);
		fits = signer_is(rq, dn);
		by_subject = !fits && name_is(t->subject, dn);
	}
	GENERAL_NAME_free(name);
	/* Of two EnvelopedData each has to fit. */
	*by_subjectp = *by_subjectp || by_subject;
	return fits || by_subject;
}

/* "a text token passed and known to both": the client's name or reference. */
static bool text_fits(const struct cmp_request *rq, struct bytes text)
{
	return bytes_equal(text, bytes_of_string(rq->who.name)) ||
	       (rq->protection == CMP_PROTECTION_MAC && bytes_equal(text, rq->msg->sender_kid));
}

/*
 * RFC 4211 4.2.1: "a name that the CA/RA can associate with the requestor". It keeps somebody who
 * has caught the EnvelopedData from putting it into a request of his own.
 */
static bool identifier_fits(const struct cmp_request *rq, const CertTemplate *t,
			    struct bytes identifier, bool *by_subjectp)
{
	struct bytes in = identifier, tlv, text;
	uint8_t tag;

	if (!identifier.len)
		return true;
	if (identifier.len > IDENTIFIER_MAX || der_next(&in, &tag, &tlv, &text))
		return false;
	return tag == V_ASN1_UTF8STRING ? text_fits(rq, text)
					: general_name_fits(rq, t, identifier, by_subjectp);
}

/* --- the private key --- */

/* Whether an EnvelopedData is to prove possession of the key, RFC 9810 5.2.8.3.1. */
static bool is_proof(const CertReqMsg *msg)
{
	const ProofOfPossession *popo = msg->popo;

	return !popo ||
	       ((popo->type == POPO_KEY_ENCIPHERMENT || popo->type == POPO_KEY_AGREEMENT) &&
		popo->value.keyEncipherment->type == POPO_PRIV_KEY_ENCRYPTED_KEY);
}

/*
 * One answer whatever is wrong inside, be it the padding, the identifier or the key: what is in CBC
 * can be changed by somebody who has caught it, and its padding told from the answers octet by
 * octet. The log says what it was.
 */
static int not_opened(struct cmp_request *rq, const CertReqMsg *msg, const char *detail)
{
	return refuse_detail(&rq->refusal,
			     is_proof(msg) ? REFUSAL_archive_proves_nothing
					   : REFUSAL_archive_unreadable,
			     detail);
}

/* RFC 4211 6.4 says id-ct-encKeyWithID, RFC 9810 5.2.2 has AsymmetricKeyPackage. */
static int envelope_view(struct cmp_request *rq, struct bytes envelope, const CertReqMsg *msg,
			 struct octets *contentp, struct private_key_view *view)
{
	bool with_id = envelope_has_type(envelope, OID_CT_ENC_KEY_WITH_ID);
	int err = envelope.len > ENVELOPE_MAX
			  ? -EBADMSG
			  : envelope_open(envelope, rq->door->decryptor, BYTES_NULL,
					  with_id ? OID_CT_ENC_KEY_WITH_ID : OID_CT_KEY_PACKAGE,
					  contentp);

	if (err == -ENOTSUP)
		return refuse(&rq->refusal, REFUSAL_archive_algorithm);
	if (!err)
		err = with_id ? private_key_view_with_id(octets_view(contentp), view)
			      : private_key_view_package(octets_view(contentp), view);
	if (err == -EBADMSG || err == -EKEYREJECTED)
		return not_opened(rq, msg, "it holds no private key");
	return err;
}

/* Opens the EnvelopedData into item; *identifiedp: who it is from stands in it. */
static int private_key_open(struct cmp_request *rq, struct bytes envelope, const CertReqMsg *msg,
			    EVP_PKEY *key, struct cmp_item *item, bool *identifiedp)
{
	_cleanup_(octets_clear_secret) struct octets content = OCTETS_NULL;
	const CertTemplate *t = msg->certReq->certTemplate;
	struct private_key_view view;
	int err = envelope_view(rq, envelope, msg, &content, &view);

	if (err)
		return err;
	if (!identifier_fits(rq, t, view.identifier, &item->csr.archive.by_subject))
		return not_opened(rq, msg, "the identifier is not the requester's");
	EVP_PKEY_free(TAKE(item->archived_key));
	err = private_key_take(view.key, t->publicKey, key, &item->archived_key);
	if (err == -EBADMSG || err == -EKEYREJECTED)
		return not_opened(rq, msg, "the private key is not that of the public key");
	item->csr.archive.key = item->archived_key;
	*identifiedp = view.identifier.len > 0;
	return err;
}

/* --- the control --- */

static int key_sent(struct cmp_request *rq, struct bytes encrypted, const CertReqMsg *msg,
		    EVP_PKEY *key, struct cmp_item *item)
{
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL;
	bool identified = false;
	int err;

	if (!key)
		return refuse(&rq->refusal, REFUSAL_archive_key_elsewhere);
	item->csr.archive.wish = CMF_ARCHIVE_WANTED;
	err = envelope_from_encrypted_key(encrypted, &envelope);
	/* RFC 9810 5.2.2: deprecated */
	if (err == -ENOTSUP)
		return refuse(&rq->refusal, REFUSAL_encrypted_value);
	if (err == -EBADMSG)
		return refuse(&rq->refusal, REFUSAL_archive_malformed);
	if (err || !may_be_archived(rq))
		return err;
	err = private_key_open(rq, octets_view(&envelope), msg, key, item, &identified);
	/* RFC 9810 5.2.8.3.1: the control may be the proof; RFC 4211 4.2.1: with an identifier. */
	item->csr.archive.proves = !err && !msg->popo && identified;
	return err;
}

static int generated_wanted(struct cmp_request *rq, struct bytes boolean, EVP_PKEY *key,
			    struct cmp_item *item)
{
	if (boolean.len != 1)
		return refuse(&rq->refusal, REFUSAL_archive_malformed);
	if (key && boolean.data[0])
		return refuse(&rq->refusal, REFUSAL_archive_not_generated);
	item->csr.archive.wish = boolean.data[0] ? CMF_ARCHIVE_WANTED : CMF_ARCHIVE_UNWANTED;
	return 0;
}

int cmp_archive_read(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key,
		     struct cmp_item *item)
{
	struct bytes value, tlv, content;
	uint8_t tag;
	int err = cmp_control_find(rq, msg->certReq, CMP_OID_ARCHIVE_OPTIONS, V_ASN1_OTHER,
				   REFUSAL_archive_malformed, &value);

	if (err || !value.len)
		return err;
	if (der_next(&value, &tag, &tlv, &content) || value.len)
		return refuse(&rq->refusal, REFUSAL_archive_malformed);
	switch (tag) {
	case TAG_ENCRYPTED_PRIV_KEY:
		return key_sent(rq, content, msg, key, item);
	case TAG_KEY_GEN_PARAMETERS:
		/* RFC 4211 6.4: "The structure to go here is not defined by this document." */
		return refuse(&rq->refusal, REFUSAL_archive_key_gen_parameters);
	case TAG_ARCHIVE_REM_GEN_PRIV_KEY:
		return generated_wanted(rq, content, key, item);
	default:
		return refuse(&rq->refusal, REFUSAL_archive_malformed);
	}
}

/* --- proof of possession --- */

int cmp_archive_pop(struct cmp_request *rq, const CertReqMsg *msg, EVP_PKEY *key,
		    struct cmp_item *item)
{
	const ASN1_STRING *s = msg->popo->value.keyEncipherment->value.encryptedKey;
	_cleanup_(octets_clear) struct octets envelope = OCTETS_NULL;
	bool identified = false;
	int err;

	if (!(spki_key_uses(key) & (SPKI_DECRYPTS | SPKI_AGREES)))
		return refuse(&rq->refusal, REFUSAL_pop_key_signs);
	/* RFC 9810 5.2.8.3 */
	if (!cmp_envelope_understood(rq))
		return refuse(&rq->refusal, REFUSAL_pop_needs_pvno_3);
	/* RFC 9810 5.2.8.3.1: only if archival of the private key is desired */
	if (!may_be_archived(rq))
		return refuse(&rq->refusal, REFUSAL_pop_encrypted_key);
	if (octets_dup((struct bytes){s->data, (size_t)s->length}, &envelope))
		return -ENOMEM;
	/* [4] IMPLICIT EnvelopedData */
	envelope.data[0] = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
	err = private_key_open(rq, octets_view(&envelope), msg, key, item, &identified);
	if (err)
		return err;
	/* RFC 4211 4.2.1: "This field MUST be present if the purpose is to prove possession" */
	if (!identified)
		return refuse(&rq->refusal, REFUSAL_pop_identifier_missing);
	item->csr.archive.wish = CMF_ARCHIVE_WANTED;
	item->csr.archive.proves = true;
	return 0;
}
