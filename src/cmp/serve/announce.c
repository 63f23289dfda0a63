// SPDX-License-Identifier: Apache-2.0
/*
 * Announcements of other CAs: ckuann, cann, rann, crlann (RFC 9810 5.3.13 to 5.3.16). They open no
 * transaction and get no CMP answer, only an HTTP status (RFC 9811 3.5). What is announced is
 * checked and recorded for the operator; nothing here acts on it: no certificate becomes trusted
 * or revoked because somebody announced it.
 */
#include "serve/announce.h"
#include "asn1/algorithm.h"
#include "asn1/der.h"
#include "asn1/key_update.h"
#include "request.h"
#include "serve/services.h"
#include "transaction.h"

#include <errno.h>
#include <string.h>

/* The octets of a value that was kept as received; empty if it is no SEQUENCE. */
static struct bytes sequence_octets(const ASN1_TYPE *value)
{
	if (!value || value->type != V_ASN1_SEQUENCE)
		return BYTES_NULL;
	return (struct bytes){value->value.sequence->data, (size_t)value->value.sequence->length};
}

/* --- what is announced --- */

static int certificate_read(struct cmp_request *rq, const ASN1_TYPE *value, X509 **certp)
{
	if (!value)
		return 0;
	*certp = key_update_certificate(sequence_octets(value));
	return *certp ? 0 : refuse(&rq->refusal, REFUSAL_announcement_malformed);
}

int cmp_key_update_check(struct cmp_request *rq, const ASN1_TYPE *new_with_new,
			 const ASN1_TYPE *new_with_old, const ASN1_TYPE *old_with_new)
{
	_cleanup_(key_update_clear) struct key_update u = {0};
	int err = certificate_read(rq, new_with_new, &u.new_with_new);

	if (!err)
		err = certificate_read(rq, new_with_old, &u.new_with_old);
	if (!err)
		err = certificate_read(rq, old_with_new, &u.old_with_new);
	if (!err && key_update_problem(&u))
		err = refuse(&rq->refusal, REFUSAL_key_update_links);
	return err;
}

/* RFC 9810 5.3.13 */
static int ckuann_check(struct cmp_request *rq)
{
	const CAKeyUpdContent *content = rq->msg->body->value.ckuann;
	const CAKeyUpdAnnContent *v2 = content->value.cAKeyUpdAnnV2;
	const RootCaKeyUpdateContent *v3 = content->value.cAKeyUpdAnnV3;

	if (content->type == CA_KEY_UPD_ANN_V2)
		return cmp_key_update_check(rq, v2->newWithNew, v2->newWithOld, v2->oldWithNew);
	/* RFC 9810 5.3.13: with RootCaKeyUpdateContent pvno MUST be cmp2021. */
	if (rq->msg->pvno != 3)
		return refuse(&rq->refusal, REFUSAL_key_update_version);
	return cmp_key_update_check(rq, v3->newWithNew, v3->newWithOld, v3->oldWithNew);
}

/* RFC 9810 5.3.14 */
static int cann_check(struct cmp_request *rq)
{
	X509 *cert = NULL;
	int err = certificate_read(rq, rq->msg->body->value.cann, &cert);

	X509_free(cert);
	return err;
}

/* RFC 9810 5.3.15 */
static int rann_check(struct cmp_request *rq)
{
	const RevAnnContent *rann = rq->msg->body->value.rann;
	int64_t status;
	struct tm tm;

	if (ASN1_INTEGER_get_int64(&status, rann->status) != 1 ||
	    (status != PKI_STATUS_REVOCATION_WARNING &&
	     status != PKI_STATUS_REVOCATION_NOTIFICATION))
		return refuse(&rq->refusal, REFUSAL_announcement_status);
	if (rann->certId->issuer->type != GEN_DIRNAME ||
	    ASN1_TIME_to_tm(rann->willBeRevokedAt, &tm) != 1 ||
	    ASN1_TIME_to_tm(rann->badSinceDate, &tm) != 1)
		return refuse(&rq->refusal, REFUSAL_announcement_malformed);
	return 0;
}

/* RFC 9810 5.3.16 */
static int crlann_check(struct cmp_request *rq)
{
	const STACK_OF(ASN1_TYPE) *crls = rq->msg->body->value.crlann;
	bool well = sk_ASN1_TYPE_num(crls) > 0;

	for (int i = 0; i < sk_ASN1_TYPE_num(crls) && well; i++) {
		struct bytes der = sequence_octets(sk_ASN1_TYPE_value(crls, i));
		const unsigned char *p = der.data;
		X509_CRL *crl = der.len ? d2i_X509_CRL(NULL, &p, (long)der.len) : NULL;

		well = crl && p == der.data + der.len;
		X509_CRL_free(crl);
	}
	return well ? 0 : refuse(&rq->refusal, REFUSAL_announcement_malformed);
}

/* --- recording --- */

int cmp_announcer_check(struct cmp_request *rq)
{
	if (rq->who.kind != CMF_PRINCIPAL_CLIENT || !(rq->who.permissions & STORE_MAY_ANNOUNCE))
		return refuse(&rq->refusal, REFUSAL_client_not_permitted);
	return 0;
}

/* What tells announcements of a sender apart: type and content, not how often it was sent. */
static int announcement_digest(int type, struct bytes der, uint8_t digest[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t tag = (uint8_t)type;
	bool ok = ctx && EVP_DigestInit_ex2(ctx, digest_by_nid(NID_sha256), NULL) &&
		  EVP_DigestUpdate(ctx, &tag, 1) && EVP_DigestUpdate(ctx, der.data, der.len) &&
		  EVP_DigestFinal_ex(ctx, digest, NULL);

	EVP_MD_CTX_free(ctx);
	return ok ? 0 : log_fault("digest of an announcement", -EIO, NULL);
}

int cmp_announcement_add(struct cmp_request *rq, int type, struct bytes der)
{
	struct store_announcement row = {.type = type,
					 .created_ms = rq->now_ms,
					 .sender = rq->who.name,
					 .der = {(uint8_t *)der.data, der.len}};
	const struct cmf_call call = cmp_call(rq);
	const struct cmf_audit audit = {.action = "announcement",
					.target = pki_body_type_name(type)};
	struct store_unit *unit = rq->worker->unit;
	int err = announcement_digest(type, der, row.digest);

	if (!err)
		err = store_announcement_insert(unit, &row, NULL);
	if (!err)
		err = store_announcement_trim(unit, row.sender,
					      rq->conf->cmf.announcements_max_per_client);
	return err ? err : cmf_audit_add(&call, &audit);
}

int cmp_announce_serve(struct cmp_request *rq, struct cmp_outcome *outcome)
{
	struct bytes in = rq->msg->body_der, tlv, content;
	uint8_t tag;
	int err = cmp_announcer_check(rq);

	if (err)
		return err;
	switch (rq->msg->body_type) {
	case PKI_BODY_CKUANN:
		err = ckuann_check(rq);
		break;
	case PKI_BODY_CANN:
		err = cann_check(rq);
		break;
	case PKI_BODY_RANN:
		err = rann_check(rq);
		break;
	default:
		err = crlann_check(rq);
		break;
	}
	if (err)
		return err;
	if (der_next(&in, &tag, &tlv, &content))
		return refuse(&rq->refusal, REFUSAL_announcement_malformed);
	err = cmp_seen_check(rq);
	/* RFC 9811 3.5: "already present", even if it has given way to others. */
	if (err == REFUSED) {
		rq->refusal = REFUSAL_NULL;
		return 0;
	}
	if (!err)
		err = cmp_seen_add(rq);
	/* RFC 9811 3.5: what was already present is a success too. */
	*outcome = (struct cmp_outcome){.record = CMP_RECORD_UNIT, .may_be_there = true};
	return err ? err : cmp_announcement_add(rq, rq->msg->body_type, content);
}

/* RFC 9811 3.5: a suitable 4xx or 5xx. */
enum cmp_delivery cmp_announcement_delivery(const struct cmp_request *rq)
{
	if (rq->attempt.metric != METRIC_REJECTED && rq->attempt.metric != METRIC_FAULT)
		return CMP_ANNOUNCEMENT_STORED;
	switch (rq->refusal.failinfo) {
	case FAIL_NOT_AUTHORIZED:
	case FAIL_SIGNER_NOT_TRUSTED:
	case FAIL_BAD_MESSAGE_CHECK:
		return CMP_ANNOUNCEMENT_FORBIDDEN;
	case FAIL_SYSTEM_UNAVAIL:
		return CMP_ANNOUNCEMENT_UNAVAILABLE;
	case FAIL_SYSTEM_FAILURE:
		return CMP_ANNOUNCEMENT_FAILED;
	default:
		return CMP_ANNOUNCEMENT_REFUSED;
	}
}
