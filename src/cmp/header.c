// SPDX-License-Identifier: Apache-2.0
/*
 * The checks on a message's header that need neither keys nor the store, in the order of
 * RFC 9483 3.5. Comes after the decoder (message/decode.c) and before authenticate.c. What depends
 * on the transaction (recipNonce of a later message) is transaction.c's.
 */
#include "header.h"
#include "asn1/name.h"
#include "carriers.h"
#include "request.h"

#include <errno.h>
#include <string.h>

/* RFC 9483 6.1 Table 1: operation labels; body -1: known, but never the type of an opening body. */
static const struct {
	const char *label;
	int body_type;
} operation_labels[] = {
	{"initialization", PKI_BODY_IR},  {"certification", PKI_BODY_CR},
	{"keyupdate", PKI_BODY_KUR},      {"pkcs10", PKI_BODY_P10CR},
	{"revocation", PKI_BODY_RR},      {"getcacerts", PKI_BODY_GENM},
	{"getrootupdate", PKI_BODY_GENM}, {"getcertreqtemplate", PKI_BODY_GENM},
	{"getcrls", PKI_BODY_GENM},       {"nested", PKI_BODY_NESTED},
};

bool cmp_operation_label_known(const char *label)
{
	for (size_t i = 0; i < ARRAY_LEN(operation_labels); i++)
		if (!strcmp(label, operation_labels[i].label))
			return true;
	return false;
}

int cmp_operation_label_check(struct cmp_request *rq, int body_type)
{
	const char *label = rq->exchange->operation_label;

	if (!label)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(operation_labels); i++)
		if (!strcmp(label, operation_labels[i].label) &&
		    operation_labels[i].body_type == body_type)
			return 0;
	/* RFC 9483 6.1 */
	return refuse(&rq->refusal, REFUSAL_operation_label_mismatch);
}

static int transaction_id_check(struct cmp_request *rq)
{
	struct bytes id = rq->msg->transaction_id;

	/* RFC 9810 5.1.1: optional where there is no transaction. */
	if (!id.len && rq->service && rq->service->announcement)
		return 0;
	/* RFC 9483 3.5: transactionID present; 3.1: 128 bits. */
	if (!id.len)
		return refuse(&rq->refusal, REFUSAL_transaction_id_missing);
	if (id.len < CMP_NONCE_LEN)
		return refuse(&rq->refusal, REFUSAL_transaction_id_short);
	if (id.len > CMP_NONCE_MAX)
		return refuse(&rq->refusal, REFUSAL_transaction_id_long);
	return 0;
}

static int nonces_check(struct cmp_request *rq)
{
	const struct cmp_message *msg = rq->msg;

	/* There is no answer to find them again in. */
	if (rq->service->announcement)
		return 0;
	/* RFC 9483 3.5: senderNonce present, at least 128 bits. */
	if (!msg->sender_nonce.len)
		return refuse(&rq->refusal, REFUSAL_sender_nonce_missing);
	if (msg->sender_nonce.len < CMP_NONCE_LEN)
		return refuse(&rq->refusal, REFUSAL_sender_nonce_short);
	if (msg->sender_nonce.len > CMP_NONCE_MAX)
		return refuse(&rq->refusal, REFUSAL_sender_nonce_long);
	/*
	 * RFC 9483 3.1: recipNonce MUST be absent in the first message of a transaction; with
	 * KemBasedMac another came before, see kem.c.
	 */
	if (rq->service->opens && !rq->service->admits_itself && msg->recip_nonce.data &&
	    cmp_message_protection_kind(msg) != CMP_PROTECTION_KEM)
		return refuse(&rq->refusal, REFUSAL_recip_nonce_unexpected);
	return 0;
}

/*
 * RFC 9483 3.1: recipient is to be handled gracefully, so what is no directoryName, and the
 * NULL-DN, say nothing; a name of somebody else is refused where the operator wants it.
 */
static int recipient_check(struct cmp_request *rq)
{
	struct bytes recipient = cmp_directory_name(rq->msg->recipient);

	if (!rq->conf->protection.check_recipient || !name_has_attributes(recipient))
		return 0;
	if (ca_next_by_issuer(cmf_cas(rq->door->cmf), recipient, NULL))
		return 0;
	/* In the second message of a transaction it is the sender of our answer. */
	if (bytes_equal(octets_view(&rq->door->sender), rq->msg->recipient))
		return 0;
	return refuse(&rq->refusal, REFUSAL_recipient_unknown);
}

int cmp_header_check(struct cmp_request *rq)
{
	const struct cmp_message *msg = rq->msg;
	int err;

	err = transaction_id_check(rq);
	if (err)
		return err;
	/* RFC 9483 3.5: the body type is one that we serve; its place is transaction.c's to check.
	 */
	if (!rq->service)
		return refuse(&rq->refusal, REFUSAL_body_type_unsupported);
	err = nonces_check(rq);
	if (err)
		return err;
	err = recipient_check(rq);
	if (err)
		return err;
	if (msg->n_extra_certs > rq->conf->protection.extra_certs_max)
		return refuse(&rq->refusal, REFUSAL_extra_certs_too_many);
	if (rq->service->opens && !rq->service->admits_itself) {
		err = cmp_operation_label_check(rq, msg->body_type);
		if (err)
			return err;
	}
	return cmp_carriers_of_header(rq);
}
