// SPDX-License-Identifier: Apache-2.0
/*
 * Who sent the message: verifies its protection over the received octets and finds the principal.
 * Nothing of the body is looked at here, and nothing of it is acted on before. Comes after header.c
 * and before transaction.c; signatures are signer.c's, KemBasedMac is kem.c's.
 */
#include "authenticate.h"
#include "asn1/algorithm.h"
#include "asn1/mac.h"
#include "asn1/name.h"
#include "cmf/direct.h"
#include "request.h"
#include "transaction.h"

#include <errno.h>

/* --- a shared secret --- */

/*
 * Whether there is such a reference is nobody's to know who has not its secret. So the parameters
 * are judged by [protection] alone, which no client's policy widens, before the reference is looked
 * at; as much is computed for one that nobody has; and what the client's own policy says comes once
 * its MAC has verified.
 */

/* What can be said of protectionAlg before the secret is looked for. */
static int mac_algorithm_check(struct cmp_request *rq)
{
	const X509_ALGOR *alg = rq->msg->protection_alg;
	const struct mac_algorithm *a = mac_algorithm_find(alg->algorithm);

	/*
	 * RFC 9483 3.5: an algorithm that is not supported. senderKID of DHBasedMac (RFC 9810
	 * 5.1.3.2) is that of a certificate, so no secret would be found.
	 */
	if (!a || a->inside)
		return refuse(&rq->refusal, REFUSAL_protection_alg_unsupported);
	return 0;
}

/* RFC 9483 4.1.5: the reference as commonName of sender; empty: there is none. */
static struct bytes sender_reference(const struct cmp_message *msg)
{
	return name_attribute_find(cmp_directory_name(msg->sender), NID_commonName);
}

/* Under a reference that is no client's, perhaps that of a one-time secret. */
static int mac_vnfci_find(struct cmp_request *rq, struct cmf_principal *vnfcip)
{
	const struct cmf_call call = cmp_call(rq);

	return cmf_initial_credential_find(&call, rq->msg->sender_kid, rq->msg->transaction_id,
					   vnfcip);
}

/* Or of a revocation passphrase. RFC 9810 B */
static int mac_revoker_find(struct cmp_request *rq, struct cmf_principal *revokerp)
{
	const struct cmf_call call = cmp_call(rq);

	return cmf_revoker_find(&call, rq->msg->sender_kid, rq->msg->transaction_id, revokerp);
}

void cmp_claim_text(const struct cmp_request *rq, char text[CMP_CLAIM_MAX])
{
	struct bytes claim = BYTES_NULL;

	if (rq->msg && !rq->who.name)
		claim = cmp_message_protection_kind(rq->msg) == CMP_PROTECTION_MAC
				? rq->msg->sender_kid
				: sender_reference(rq->msg);
	if (claim.len >= CMP_CLAIM_MAX)
		claim.len = CMP_CLAIM_MAX - 1;
	if (claim.len)
		memcpy(text, claim.data, claim.len);
	text[claim.len] = '\0';
}

/*
 * Whose secret it is. It is found by senderKID, for clients put the subject they ask for into
 * sender; what else is wanted of sender is in the client's policy.
 */
static int mac_holder_find(struct cmp_request *rq, struct bytes reference)
{
	const struct cmf_call call = cmp_call(rq);
	int err = cmf_mac_client_find(&call, reference, &rq->who);

	if (err == REFUSED)
		err = mac_vnfci_find(rq, &rq->who);
	return err == REFUSED ? mac_revoker_find(rq, &rq->who) : err;
}

/* What is done for a reference that nobody has is done for one whose MAC is wrong. */
static int mac_wrong_of_holder(struct cmp_request *rq)
{
	_cleanup_(cmf_principal_clear) struct cmf_principal vnfci = {0}, revoker = {0};
	struct refusal wrong = rq->refusal;
	int err = rq->who.kind == CMF_PRINCIPAL_CLIENT ? mac_vnfci_find(rq, &vnfci) : 0;

	if (err >= 0)
		err = mac_revoker_find(rq, &revoker);
	rq->refusal = wrong;
	return err < 0 ? err : REFUSED;
}

static int mac_compare(struct cmp_request *rq)
{
	int err = cmp_protection_compare_mac(rq->msg, &rq->mac, octets_view(&rq->who.mac_secret),
					     &rq->refusal);

	if (!err && !rq->msg->sender_kid.len && !rq->who.policy->mac_reference_from_sender)
		return refuse(&rq->refusal, REFUSAL_mac_reference_unknown);
	if (err == REFUSED && rq->who.kind != CMF_PRINCIPAL_REVOKER)
		return mac_wrong_of_holder(rq);
	return err;
}

/* The same under a reference that nobody has: it is wrong. */
static int mac_compare_nobodys(struct cmp_request *rq)
{
	_cleanup_(octets_clear_secret) struct octets secret = OCTETS_NULL;
	struct refusal unknown = rq->refusal;
	int err = cmf_nobodys_secret(rq->door->cmf, &secret);

	if (!err)
		err = cmp_protection_compare_mac(rq->msg, &rq->mac, octets_view(&secret),
						 &rq->refusal);
	rq->refusal = unknown;
	return err < 0 ? err : REFUSED;
}

static int mac_authenticate(struct cmp_request *rq)
{
	struct bytes kid = rq->msg->sender_kid;
	struct bytes reference = kid.len ? kid : sender_reference(rq->msg);
	int err = mac_algorithm_check(rq);

	if (!err)
		err = cmp_mac_read_protection(rq);
	if (!err && cmp_mac_cost_us(&rq->mac))
		err = cmp_stranger_begin(rq, reference, cmp_mac_cost_us(&rq->mac), &rq->refusal);
	if (err)
		return err;
	err = mac_holder_find(rq, reference);
	if (err == REFUSED)
		err = mac_compare_nobodys(rq);
	else if (!err)
		err = mac_compare(rq);
	if (err)
		return err;
	/*
	 * Only from here on may an answer be MAC-protected: who merely names a reference must not
	 * get material to guess its secret with.
	 */
	rq->protection = CMP_PROTECTION_MAC;
	return 0;
}

/* Once the MAC has verified: what the client's policy says. */
static int mac_client_check(struct cmp_request *rq)
{
	int err = cmp_mac_policy_check(rq);

	/* RFC 9483 3.1: senderKID is the commonName of sender. */
	if (!err && rq->who.policy->mac_sender_is_reference &&
	    !bytes_equal(rq->msg->sender_kid, sender_reference(rq->msg)))
		return refuse(&rq->refusal, REFUSAL_mac_sender_mismatch);
	return err;
}

/* RFC 9810 B: the passphrase authenticates a revocation request, and its transaction. */
static int revoker_check(struct cmp_request *rq)
{
	int type = rq->msg->body_type;

	if (rq->who.kind != CMF_PRINCIPAL_REVOKER || type == PKI_BODY_RR ||
	    type == PKI_BODY_POLLREQ || type == PKI_BODY_ERROR)
		return 0;
	return refuse(&rq->refusal, REFUSAL_revoker_only_rr);
}

/* What a one-time secret is good for: the first certificate of its VNFCI, and the transaction of
 * that. */
static int vnfci_check(struct cmp_request *rq)
{
	if (rq->who.kind != CMF_PRINCIPAL_VNFCI)
		return 0;
	switch (rq->msg->body_type) {
	case PKI_BODY_IR:
	case PKI_BODY_CR:
	case PKI_BODY_P10CR:
	case PKI_BODY_POPDECR:
	case PKI_BODY_CERTCONF:
	case PKI_BODY_POLLREQ:
	case PKI_BODY_ERROR:
		return 0;
	default:
		return refuse(&rq->refusal, REFUSAL_initial_credential_use);
	}
}

/* RFC 9483 3.5, 4.1.3: a MAC where there must be a signature. */
static int protection_kind_check(struct cmp_request *rq)
{
	if (rq->msg->body_type == PKI_BODY_KUR && rq->protection == CMP_PROTECTION_MAC)
		return refuse(&rq->refusal, REFUSAL_protection_kind_wrong);
	return 0;
}

static bool message_time_is_off(const struct cmp_request *rq)
{
	int64_t window = rq->conf->protection.message_time_window_ms;
	int64_t sent_ms, off;

	if (!window || !rq->msg->message_time.data || (rq->trace && rq->trace->any_time))
		return false;
	if (!cmp_message_time_read(rq->msg, &sent_ms))
		return true;
	off = sent_ms - rq->now_ms;
	return off > window || off < -window;
}

/*
 * RFC 9483 3.5: messageTime close to the time of the receiving system. What was in time when it
 * came first, and has an answer, may come again: it gets that answer, and nothing is done.
 */
static int message_time_check(struct cmp_request *rq)
{
	int err;

	if (!rq->msg->message_time.data && rq->who.policy && rq->who.policy->message_time_required)
		return refuse(&rq->refusal, REFUSAL_message_time_missing);
	if (!message_time_is_off(rq))
		return 0;
	/* Of the message in it there may be an answer; door.c hands that on. */
	if (rq->msg->body_type == PKI_BODY_NESTED) {
		rq->replay_only = true;
		return 0;
	}
	err = cmp_transaction_answered(rq, &rq->replay_only);
	if (!err && !rq->replay_only)
		err = refuse(&rq->refusal, REFUSAL_message_time_off);
	return err;
}

int cmp_authenticate(struct cmp_request *rq)
{
	int err;

	/* RFC 9810 E: but for this one. */
	rq->kem_asked = cmp_kem_is_asked(rq);
	if (rq->kem_asked)
		return message_time_check(rq);
	/* RFC 9483 3.5: messages without protection are rejected. */
	err = cmp_protection_check(rq->msg, &rq->refusal);
	if (err)
		return err;
	switch (cmp_message_protection_kind(rq->msg)) {
	case CMP_PROTECTION_SIGNATURE:
		err = cmp_signature_authenticate(rq);
		break;
	case CMP_PROTECTION_MAC:
		err = mac_authenticate(rq);
		break;
	case CMP_PROTECTION_KEM:
		err = cmp_kem_authenticate(rq);
		break;
	case CMP_PROTECTION_NONE:
	default:
		return refuse(&rq->refusal, REFUSAL_protection_missing);
	}
	cmp_stranger_end(rq);
	if (err)
		/* A principal whose protection did not verify is nobody. */
		cmf_principal_clear(&rq->who);
	if (!err && rq->protection == CMP_PROTECTION_MAC)
		err = mac_client_check(rq);
	if (!err)
		err = protection_kind_check(rq);
	if (!err)
		err = message_time_check(rq);
	if (!err)
		err = vnfci_check(rq);
	return err ? err : revoker_check(rq);
}
