// SPDX-License-Identifier: Apache-2.0
/*
 * How an answer is encoded: header, protection, extraCerts. Comes after reply.c, which has made the
 * body, and before the commit. Knows how RFC 9483 wants an answer to look, not why it is given.
 */
#include "reply.h"
#include "request.h"

#include <errno.h>
#include <openssl/rand.h>
#include <string.h>

static bool certs_contain(const struct bytes *certs, size_t n, struct bytes cert)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_equal(certs[i], cert))
			return true;
	return false;
}

/* Certificates for extraCerts, each once. */
struct cert_list {
	struct bytes *cert;
	size_t n;
};

static void cert_list_add(struct cert_list *list, struct bytes cert)
{
	if (cert.len && !certs_contain(list->cert, list->n, cert))
		list->cert[list->n++] = cert;
}

/*
 * RFC 9483 3.3: the protection certificate first, its chain, then the chain of the new certificate;
 * 4.1.5: no protection certificates with MAC-based protection. Roots only where the client's policy
 * asks for them, and last.
 */
static int extra_certs(struct cmp_request *rq, struct bytes **certsp, size_t *np)
{
	const struct cmp_door *door = rq->door;
	const struct cmp_reply *reply = &rq->attempt.reply;
	bool roots = rq->who.policy && rq->who.policy->root_in_extra_certs;
	bool is_signed = !cmp_reply_has_mac(rq);
	size_t n_chain, max = door->n_certs + 2 + reply->n_issuers;
	struct cert_list list = {NULL, 0};
	const struct bytes *chain;

	for (size_t i = 0; i < reply->n_issuers; i++)
		max += ca_chain(reply->issuers[i], &chain);
	list.cert = calloc(max, sizeof(*list.cert));
	if (!list.cert)
		return -ENOMEM;
	for (size_t i = 0; i < door->n_certs && is_signed; i++)
		cert_list_add(&list, octets_view(&door->certs[i]));
	for (size_t i = 0; i < reply->n_issuers; i++) {
		n_chain = ca_chain(reply->issuers[i], &chain);
		for (size_t j = 0; j < n_chain; j++)
			cert_list_add(&list, chain[j]);
	}
	if (roots && is_signed)
		cert_list_add(&list, octets_view(&door->root));
	for (size_t i = 0; i < reply->n_issuers && roots; i++)
		cert_list_add(&list, ca_root(reply->issuers[i]));
	*certsp = list.cert;
	*np = list.n;
	return 0;
}

/* The request's, unless the client's policy says otherwise. */
static int mac_algorithm_choose(struct cmp_request *rq, struct bytes *keyp)
{
	const struct conf_client_policy *policy = rq->who.policy;
	X509_ALGOR **algp = &rq->attempt.reply.mac_algorithm;

	X509_ALGOR_free(TAKE(*algp));
	switch (policy->answer_mac) {
	case CONF_ANSWER_MAC_PASSWORD:
		return cmp_mac_algorithm_new(policy->answer_mac_iterations, algp);
	case CONF_ANSWER_MAC_PBMAC1:
		return cmp_mac_pbmac1_new(policy->answer_mac_iterations, algp);
	case CONF_ANSWER_MAC_REQUEST:
	default:
		/* The key is the request's, too: it was derived to verify that. */
		if (rq->mac.derived)
			*keyp = (struct bytes){rq->mac.key, rq->mac.key_len};
		return cmp_mac_algorithm_again(rq->msg->protection_alg, algp);
	}
}

static int protector_fill(struct cmp_request *rq, struct cmp_protector *protector)
{
	int err;

	*protector = (struct cmp_protector){.kind = CMP_PROTECTION_SIGNATURE,
					    .signer = rq->door->signer};
	if (!cmp_reply_has_mac(rq))
		return 0;
	err = mac_algorithm_choose(rq, &protector->mac_key);
	protector->kind = CMP_PROTECTION_MAC;
	protector->secret = octets_view(&rq->who.mac_secret);
	protector->mac_algorithm = rq->attempt.reply.mac_algorithm;
	return err;
}

/* What the answer takes from the header of the request, RFC 9483 5.1. */
static void header_fill(const struct cmp_request *rq, struct cmp_outgoing *out)
{
	const struct cmp_message *msg = rq->msg;

	out->pvno = 2;
	if (!msg)
		return;
	/* RFC 9810 7: the request's version; of an unsupported one the nearest. */
	out->pvno = msg->pvno > 2 ? 3 : 2;
	out->recipient = msg->sender;
	if (msg->transaction_id.len <= CMP_NONCE_MAX)
		out->transaction_id = msg->transaction_id;
	if (msg->sender_nonce.len <= CMP_NONCE_MAX)
		out->recip_nonce = msg->sender_nonce;
	out->sender_kid = octets_view(&rq->door->sender_kid);
	if (cmp_reply_has_mac(rq))
		out->sender_kid = msg->sender_kid;
}

static void part_fill(const struct cmp_reply *reply, struct cmp_part *part)
{
	*part = (struct cmp_part){.octets = shared_view(reply->crl),
				  .behind = octets_view(&reply->crls_behind),
				  .listed = reply->crl_listed};
	if (reply->crl_oid)
		part->type =
			(struct bytes){OBJ_get0_data(reply->crl_oid), OBJ_length(reply->crl_oid)};
}

int cmp_reply_encode(struct cmp_request *rq)
{
	/* RFC 9810 B: the OID without a value, where the request had it with one. */
	static const struct cmp_info passphrase_kept = {.oid = "1.3.6.1.5.5.7.4.12"};
	struct cmp_outgoing out = {.sender = octets_view(&rq->door->sender),
				   .sender_kid = octets_view(&rq->door->sender_kid),
				   .message_time_ms = rq->now_ms,
				   .body_der = octets_view(&rq->attempt.reply.body_der),
				   .body = rq->attempt.reply.body};
	struct cmp_protector protector;
	struct cmp_part part;
	struct bytes *certs = NULL;
	int err;

	if (RAND_bytes(rq->attempt.reply.nonce, sizeof(rq->attempt.reply.nonce)) != 1)
		return log_fault("senderNonce", -EIO, NULL);
	header_fill(rq, &out);
	/* RFC 9483 5.2.3: the nonces of an answer from upstream are kept. */
	out.sender_nonce = rq->attempt.reply.kept_nonce.len
				   ? octets_view(&rq->attempt.reply.kept_nonce)
				   : BYTES_OF(rq->attempt.reply.nonce);
	/* RFC 9483 3.1: confirmWaitTime is prohibited if implicitConfirm is included. */
	out.implicit_confirm = rq->attempt.reply.implicit_confirm;
	out.confirm_wait_time_ms =
		rq->attempt.reply.implicit_confirm ? 0 : rq->attempt.reply.confirm_wait_ms;
	out.infos = &passphrase_kept;
	out.n_infos = rq->attempt.passphrase_kept;
	err = extra_certs(rq, &certs, &out.n_extra_certs);
	if (!err) {
		out.extra_certs = certs;
		spliced_clear(&rq->attempt.answer);
		err = protector_fill(rq, &protector);
	}
	if (!err && rq->attempt.reply.crl) {
		part_fill(&rq->attempt.reply, &part);
		out.part = &part;
		rq->attempt.answer.part = shared_ref(rq->attempt.reply.crl);
	}
	if (!err)
		err = cmp_message_encode_around(&out, &protector, &rq->attempt.answer.own,
						&rq->attempt.answer.at);
	free(certs);
	return err;
}
