// SPDX-License-Identifier: Apache-2.0
/*
 * Of what is refused for its value, that value beside what is accepted, for who has a message
 * explained. The rules are elsewhere, and what a sentence says already is not said again here.
 */
#include "asn1/algorithm.h"
#include "asn1/certificate.h"
#include "asn1/mac.h"
#include "asn1/spki.h"
#include "base/clock.h"
#include "request.h"
#include "trace.h"

#include <openssl/err.h>

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void pvno_add(const struct cmp_request *rq, struct strbuf *out)
{
	strbuf_printf(out, "pvno %lld; allowed: 2, 3", (long long)rq->msg->pvno);
}

static void octets_add(struct bytes value, struct strbuf *out)
{
	strbuf_printf(out, "%zu octets; allowed: %d to %d", value.len, CMP_NONCE_LEN,
		      CMP_NONCE_MAX);
}

static void transaction_id_add(const struct cmp_request *rq, struct strbuf *out)
{
	octets_add(rq->msg->transaction_id, out);
}

static void sender_nonce_add(const struct cmp_request *rq, struct strbuf *out)
{
	octets_add(rq->msg->sender_nonce, out);
}

static void message_time_add(const struct cmp_request *rq, struct strbuf *out)
{
	char sent[21], now[21];
	int64_t sent_ms;

	clock_format(rq->now_ms, now);
	if (!cmp_message_time_read(rq->msg, &sent_ms))
		return;
	clock_format(sent_ms, sent);
	strbuf_printf(out, "messageTime %s, and it is %s; allowed: %lld s apart", sent, now,
		      (long long)rq->conf->protection.message_time_window_ms / 1000);
}

static void extra_certs_add(const struct cmp_request *rq, struct strbuf *out)
{
	strbuf_printf(out, "%zu certificates; allowed: %u", rq->msg->n_extra_certs,
		      rq->conf->protection.extra_certs_max);
}

static void requests_add(const struct cmp_request *rq, struct strbuf *out)
{
	strbuf_printf(out, "%d requests; allowed: %u",
		      sk_CertReqMsg_num(rq->msg->body->value.certReqMessages),
		      rq->conf->cmf.requests_max);
}

static void revocations_add(const struct cmp_request *rq, struct strbuf *out)
{
	strbuf_printf(out, "%d certificates; allowed: 1 to %u",
		      sk_RevDetails_num(rq->msg->body->value.rr), rq->conf->cmf.revocations_max);
}

static void nested_add(const struct cmp_request *rq, struct strbuf *out)
{
	strbuf_printf(out, "%d messages; allowed: %u",
		      sk_ASN1_TYPE_num(rq->msg->body->value.nested), rq->conf->cmf.nested_max);
}

/* --- protection --- */

static void mac_add(const struct cmp_request *rq, struct strbuf *out)
{
	const struct conf_protection *conf = &rq->conf->protection;
	const struct conf_client_policy *policy = rq->who.policy;
	uint32_t most = policy ? policy->mac_iterations_max : 0;

	strbuf_printf(out, "%lld iterations, a key of %zu octets; allowed: %u to %u, %u octets",
		      (long long)rq->mac.iterations, rq->mac.key_len,
		      larger(conf->mac_iterations_min, policy ? policy->mac_iterations_min : 0),
		      most ? most : conf->mac_iterations_max,
		      larger(conf->mac_key_length_max, policy ? policy->mac_key_length_max : 0));
}

/* 0 of a set: all. */
static void signature_names_add(uint64_t set, struct strbuf *out)
{
	for (size_t i = 0; i < signature_algorithms_count; i++)
		if (!set || (set & signature_algorithm_bit(&signature_algorithms[i])))
			strbuf_printf(out, " %s", signature_algorithms[i].name);
}

static void mac_names_add(uint64_t set, struct strbuf *out)
{
	for (size_t i = 0; i < mac_algorithms_count; i++)
		if (!mac_algorithms[i].inside && (set & mac_algorithm_bit(&mac_algorithms[i])))
			strbuf_printf(out, " %s", mac_algorithms[i].name);
}

static void protection_algorithm_add(const struct cmp_request *rq, struct strbuf *out)
{
	const struct conf_protection *conf = &rq->conf->protection;
	const struct conf_client_policy *policy = rq->who.policy;
	const ASN1_OBJECT *oid = rq->msg->protection_alg->algorithm;
	uint64_t own;
	char name[80];

	OBJ_obj2txt(name, sizeof(name), oid, 0);
	strbuf_printf(out, "%s; allowed:", name);
	if (cmp_message_protection_kind(rq->msg) == CMP_PROTECTION_SIGNATURE) {
		own = policy && policy->signature_algorithms ? policy->signature_algorithms
							     : conf->signature_algorithms;
		signature_names_add(own, out);
	} else {
		own = policy && policy->mac_algorithms ? policy->mac_algorithms : UINT64_MAX;
		mac_names_add(conf->mac_algorithms & own, out);
	}
}

static void digest_add(const struct cmp_request *rq, struct strbuf *out)
{
	const struct conf_client_policy *policy = rq->who.policy;
	char name[80];

	OBJ_obj2txt(name, sizeof(name), rq->msg->protection_alg->algorithm, 0);
	strbuf_printf(
		out, "%s; allowed: a digest of %u bits at least", name,
		larger(rq->conf->protection.digest_bits_min, policy ? policy->digest_bits_min : 0));
}

static void signer_key_add(const struct cmp_request *rq, struct strbuf *out)
{
	const struct conf_protection *conf = &rq->conf->protection;
	const struct conf_client_policy *policy = rq->who.policy;
	struct certificate_view view;
	struct spki_kind kind;
	EVP_PKEY *key = NULL;

	if (certificate_view(cmp_message_extra_cert(rq->msg, 0), &view) == 0 &&
	    spki_key_from_der(view.spki, &key, &kind) == 0)
		strbuf_printf(out, "%s, %d bits; allowed: RSA from %u bits, curves from %u",
			      OBJ_nid2sn(kind.type == EVP_PKEY_EC ? kind.curve_nid : kind.type),
			      kind.bits,
			      larger(conf->rsa_bits_min, policy ? policy->rsa_bits_min : 0),
			      larger(conf->ec_bits_min, policy ? policy->ec_bits_min : 0));
	EVP_PKEY_free(key);
	ERR_clear_error();
}

/* --- the table --- */

/* Of a message that was decoded; where a row is about its body or its protection, it has those. */
static const struct {
	enum refusal_reason reason;
	void (*add)(const struct cmp_request *rq, struct strbuf *out);
} limits[] = {
	{REFUSAL_pvno_unsupported, pvno_add},
	{REFUSAL_transaction_id_short, transaction_id_add},
	{REFUSAL_transaction_id_long, transaction_id_add},
	{REFUSAL_sender_nonce_short, sender_nonce_add},
	{REFUSAL_sender_nonce_long, sender_nonce_add},
	{REFUSAL_message_time_off, message_time_add},
	{REFUSAL_extra_certs_too_many, extra_certs_add},
	{REFUSAL_cert_req_count, requests_add},
	{REFUSAL_rev_details_count, revocations_add},
	{REFUSAL_nested_count, nested_add},
	{REFUSAL_mac_weak, mac_add},
	{REFUSAL_mac_costly, mac_add},
	{REFUSAL_protection_alg_not_allowed, protection_algorithm_add},
	{REFUSAL_protection_alg_unsupported, protection_algorithm_add},
	{REFUSAL_protection_digest_weak, digest_add},
	{REFUSAL_signer_key_weak, signer_key_add},
};

char *cmp_trace_limit(const struct cmp_request *rq, const struct refusal *refusal)
{
	struct strbuf out = STRBUF_NULL;

	for (size_t i = 0; rq->msg && i < ARRAY_LEN(limits); i++)
		if (limits[i].reason == refusal->reason)
			limits[i].add(rq, &out);
	if (out.len)
		return strbuf_take(&out);
	strbuf_clear(&out);
	return NULL;
}
