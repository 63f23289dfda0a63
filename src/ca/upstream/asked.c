// SPDX-License-Identifier: Apache-2.0
/*
 * A certificate of an upstream CA beside what it was asked for. Declined is what would make the
 * entity somebody else, or a CA; what CAs commonly change or add is told to the client. For
 * answer.c, which has looked at its key, and for the doors.
 */
#include "exchange.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* --- names --- */

/* RFC 5280 7.1, 7.2: without regard to case. */
static bool text_equal(const ASN1_STRING *a, const ASN1_STRING *b)
{
	unsigned char *ua = NULL, *ub = NULL;
	int la = ASN1_STRING_to_UTF8(&ua, a), lb = ASN1_STRING_to_UTF8(&ub, b);
	bool equal = la > 0 && la == lb && !memchr(ua, 0, (size_t)la) &&
		     strncasecmp((const char *)ua, (const char *)ub, (size_t)la) == 0;

	OPENSSL_free(ua);
	OPENSSL_free(ub);
	return equal;
}

static bool subject_has(const X509_NAME *subject, const ASN1_STRING *common_name)
{
	for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;)
		if (text_equal(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)),
			       common_name))
			return true;
	return false;
}

static bool san_has_dns(const GENERAL_NAMES *san, const ASN1_STRING *name)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		const GENERAL_NAME *gn = sk_GENERAL_NAME_value(san, i);

		if (gn->type == GEN_DNS && text_equal(gn->d.dNSName, name))
			return true;
	}
	return false;
}

static bool san_has(const GENERAL_NAMES *san, GENERAL_NAME *name)
{
	if (name->type == GEN_DNS)
		return san_has_dns(san, name->d.dNSName);
	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++)
		if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(san, i), name) == 0)
			return true;
	return false;
}

static bool san_within(const GENERAL_NAMES *san, const GENERAL_NAMES *whole)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++)
		if (!san_has(whole, sk_GENERAL_NAME_value(san, i)))
			return false;
	return true;
}

static bool san_same(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	return san_within(a, b) && san_within(b, a);
}

/* The entity has no other names than it asked for. A CA may repeat one: the CN as dNSName, or the
 * other way round. */
static bool names_are_own(const struct exchange_request *asked, const X509_NAME *subject,
			  const GENERAL_NAMES *san)
{
	int names = sk_GENERAL_NAME_num(san) > 0 ? sk_GENERAL_NAME_num(san) : 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		GENERAL_NAME *gn = sk_GENERAL_NAME_value(san, i);

		if (!san_has(asked->san, gn) &&
		    (gn->type != GEN_DNS || !subject_has(asked->subject, gn->d.dNSName)))
			return false;
	}
	for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) {
		const ASN1_STRING *cn = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));

		if (!subject_has(asked->subject, cn) && !san_has_dns(asked->san, cn))
			return false;
		names++;
	}
	/* And it has one still, unless it never had. */
	return names > 0 || (sk_GENERAL_NAME_num(asked->san) < 1 &&
			     X509_NAME_get_index_by_NID(asked->subject, NID_commonName, -1) < 0);
}

static enum refusal_reason names_check(const struct exchange *x, X509 *cert)
{
	const struct exchange_request *asked = &x->request;
	const X509_NAME *subject = X509_get_subject_name(cert);
	GENERAL_NAMES *san = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	enum refusal_reason reason = REFUSAL_NONE;

	/* Not known of what was asked for by a cmfd before this one. */
	if (asked->subject && !names_are_own(asked, subject, san))
		reason = REFUSAL_upstream_cert_names;
	else if (asked->subject && x->ca->conf->upstream_subject == CONF_UPSTREAM_SUBJECT_EXACT &&
		 (X509_NAME_cmp(subject, asked->subject) != 0 || !san_same(san, asked->san)))
		reason = REFUSAL_upstream_cert_subject;
	GENERAL_NAMES_free(san);
	return reason;
}

enum refusal_reason asked_check(const struct exchange *x, X509 *cert)
{
	enum refusal_reason reason = REFUSAL_NONE;
	struct serial serial;

	if (!chain_has_issued(&x->ca->chain, cert))
		reason = REFUSAL_upstream_cert_issuer;
	else if (serial_of_integer(X509_get0_serialNumber(cert), &serial) < 0)
		reason = REFUSAL_upstream_cert_serial;
	else if (X509_get_extension_flags(cert) & EXFLAG_CA)
		reason = REFUSAL_upstream_cert_ca;
	else
		reason = names_check(x, cert);
	ERR_clear_error();
	return reason;
}

/* --- what was changed --- */

static void word_add(struct strbuf *words, const char *word)
{
	strbuf_printf(words, "%s%s", words->len > 0 ? ", " : "the upstream CA changed: ", word);
}

static bool extension_kept(X509 *cert, X509_EXTENSION *asked)
{
	int at = X509_get_ext_by_OBJ(cert, X509_EXTENSION_get_object(asked), -1);

	return at >= 0 && ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(X509_get_ext(cert, at)),
						X509_EXTENSION_get_data(asked)) == 0;
}

/* Adds what is not as it was asked for, in words. */
static void asked_changes(const struct exchange_request *asked, X509 *cert, struct strbuf *words)
{
	GENERAL_NAMES *san = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	char name[80];

	if (asked->subject && X509_NAME_cmp(X509_get_subject_name(cert), asked->subject) != 0)
		word_add(words, "subject");
	if (asked->subject && !san_same(san, asked->san))
		word_add(words, "subjectAltName");
	for (int i = 0; i < sk_X509_EXTENSION_num(asked->extensions); i++) {
		X509_EXTENSION *ext = sk_X509_EXTENSION_value(asked->extensions, i);
		const ASN1_OBJECT *oid = X509_EXTENSION_get_object(ext);

		/* An attestation is for the CA, not for the certificate. */
		if (OBJ_obj2nid(oid) == NID_subject_alt_name || exchange_request_attests(oid) ||
		    extension_kept(cert, ext))
			continue;
		if (OBJ_obj2nid(oid) != NID_undef)
			word_add(words, OBJ_nid2sn(OBJ_obj2nid(oid)));
		else if (OBJ_obj2txt(name, sizeof(name), oid, 1) > 0)
			word_add(words, name);
	}
	GENERAL_NAMES_free(san);
	ERR_clear_error();
}

/* --- the upstream's own words --- */

/* What an ip, cp or kup says with the status grantedWithMods; false: it is none of them. */
static bool status_words(struct bytes der, struct strbuf *words)
{
	_cleanup_(cmp_message_freep) struct cmp_message *msg = NULL;
	struct refusal unused = REFUSAL_NULL;
	const CertResponse *response = NULL;
	int64_t status = -1;

	if (cmp_message_decode(der, &msg, &unused) == 0 &&
	    (msg->body_type == PKI_BODY_IP || msg->body_type == PKI_BODY_CP ||
	     msg->body_type == PKI_BODY_KUP))
		response = sk_CertResponse_value(msg->body->value.certRepMessage->response, 0);
	if (!response)
		return false;
	(void)ASN1_INTEGER_get_int64(&status, response->status->status);
	if (status == PKI_STATUS_GRANTED_WITH_MODS) {
		cmp_status_string_add(response->status, "; ", words);
		if (words->len == 0)
			strbuf_printf(words, "changed by the upstream CA");
	}
	return true;
}

static int transcript_words(struct store_reader *reader, int64_t exchange_id, struct strbuf *words)
{
	_cleanup_(store_exchange_messages_clear) struct store_exchange_messages messages = {0};
	int err = store_exchange_messages_get(reader, exchange_id, &messages);

	/* The last of them has the certificate. */
	for (size_t i = messages.len; err == 0 && i-- > 0;)
		if (!messages.item[i].sent &&
		    status_words(octets_view(&messages.item[i].der), words))
			break;
	ERR_clear_error();
	return err;
}

int ca_upstream_mods(struct store_reader *reader, const struct store_certificate *cert,
		     char **textp)
{
	_cleanup_(strbuf_clear) struct strbuf words = STRBUF_NULL, changes = STRBUF_NULL;
	_cleanup_(store_exchange_clear) struct store_exchange e = {0};
	_cleanup_(exchange_request_clear) struct exchange_request asked = {0};
	_cleanup_(X509_freep) X509 *x509 = NULL;
	const uint8_t *p = cert->der.data;
	int err = store_exchange_find(reader, cert->id, STORE_EXCHANGE_ISSUE, &e);

	*textp = NULL;
	if (err == 0)
		err = exchange_request_decode(octets_view(&e.request), &asked);
	/* Of what was passed on, the door has the answer itself. */
	if (err == 0 && asked.kind != EXCHANGE_REQUEST_FORWARD)
		err = transcript_words(reader, e.id, &words);
	if (err != 0)
		return err < 0 ? err : 0;
	x509 = d2i_X509(NULL, &p, (long)cert->der.len);
	if (!x509)
		return log_fault("reading a stored certificate", -EBADMSG, NULL);
	asked_changes(&asked, x509, &changes);
	if (changes.len > 0)
		strbuf_printf(&words, "%s%s", words.len > 0 ? "; " : "", changes.text);
	if (words.failed || changes.failed)
		return -ENOMEM;
	if (words.len == 0)
		return 0;
	*textp = strdup(words.text);
	return *textp ? 0 : -ENOMEM;
}
