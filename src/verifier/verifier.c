// SPDX-License-Identifier: Apache-2.0
/*
 * A verifier of key attestations elsewhere. What it is asked has a challenge in it, and its verdict
 * repeats that, so that no verdict can be given twice; it names the key, so that none is given for
 * another. Which statements go there is the judge's, who comes before this.
 */
#include "verifier.h"

#include "base/log.h"
#include "token.h"
#include "verdict.h"
#include "web.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* ANSWER_MAX: a JWT with a dozen claims. */
enum { ANSWER_MAX = 16384, CHALLENGE_LEN = 32 };
/* A failure that lasts is told once in that time. */
#define TELL_US (INT64_C(60) * 1000000)

struct verifier {
	struct verifier_options options;
	struct token_keys *keys;
	atomic_uint running;
};

int verifier_new(const struct verifier_options *options, struct verifier **verifierp)
{
	_cleanup_(verifier_freep) struct verifier *verifier = calloc(1, sizeof(*verifier));
	int err = verifier ? token_keys_parse(options->jwks, &verifier->keys) : -ENOMEM;

	if (err < 0)
		return err;
	verifier->options = *options;
	verifier->options.jwks = BYTES_NULL;
	if (token_keys_count(verifier->keys) == 0)
		return -EBADMSG;
	*verifierp = TAKE(verifier);
	return 0;
}

void verifier_free(struct verifier *verifier)
{
	if (!verifier)
		return;
	token_keys_unref(verifier->keys);
	free(verifier);
}

/* --- the question --- */

/* RFC 4648 5, without padding. NULL out of memory. */
static char *base64url(struct bytes octets)
{
	char *text = malloc(4 * ((octets.len + 2) / 3) + 1);

	if (!text)
		return NULL;
	EVP_EncodeBlock((unsigned char *)text, octets.data, (int)octets.len);
	for (char *c = text; *c; c++)
		*c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
	text[strcspn(text, "=")] = '\0';
	return text;
}

/* What an answer has to be about. */
struct asked {
	char *challenge;  /* base64url */
	char *key_sha256; /* likewise, of the SubjectPublicKeyInfo */
};

static void asked_clear(struct asked *asked)
{
	free(asked->challenge);
	free(asked->key_sha256);
}

static int asked_make(struct bytes spki, struct asked *asked)
{
	uint8_t challenge[CHALLENGE_LEN], digest[SHA256_DIGEST_LENGTH];

	if (RAND_bytes(challenge, sizeof(challenge)) != 1)
		return log_fault("random octets for a challenge", -EIO, NULL);
	SHA256(spki.data, spki.len, digest);
	asked->challenge = base64url(BYTES_OF(challenge));
	asked->key_sha256 = base64url(BYTES_OF(digest));
	return asked->challenge && asked->key_sha256 ? 0 : -ENOMEM;
}

static bool octets_put(json_t *body, const char *name, struct bytes octets)
{
	_cleanup_(freep) char *text = base64url(octets);

	return text && json_object_set_new(body, name, json_string(text)) == 0;
}

/* NULL out of memory. */
static char *body_make(const struct verifier_question *q, const struct asked *asked)
{
	json_t *body = json_pack("{s:s, s:s}", "statementType", q->statement_type, "challenge",
				 asked->challenge);
	char *text = NULL;

	if (body && octets_put(body, "bundle", q->bundle) &&
	    octets_put(body, "publicKey", q->spki) &&
	    (q->csr.len == 0 || octets_put(body, "csr", q->csr)))
		text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}

static int verdict_fetch(const struct verifier *verifier, const char *body,
			 struct web_answer *answer)
{
	static const char *const headers[] = {"Accept: application/jwt"};
	const struct web_request request = {
		.method = "POST",
		.url = verifier->options.url,
		.headers = headers,
		.n_headers = ARRAY_LEN(headers),
		.content_type = "application/json",
		.body = bytes_of_string(body),
		.tls_trusted = verifier->options.tls_trusted,
		.http_on_loopback = true,
		.timeout_ms = verifier->options.timeout_ms,
		.answer_max = ANSWER_MAX,
	};
	int err = web_exchange(NULL, &request, answer);

	return err == 0 && answer->status != 200 ? -EPROTO : err;
}

/* --- the verdict --- */

static int unavailable(int err, const char *why, struct refusal *refusal)
{
	(void)log_fault_every(TELL_US, "attestation verifier", err, why);
	return refuse(refusal, REFUSAL_attestation_verifier_unavailable);
}

static int verdict_take(const struct verifier *verifier, struct bytes token,
			const struct verdict_asked *asked, struct verifier_verdict *verdictp,
			struct refusal *refusal)
{
	_cleanup_(octets_clear) struct octets payload = OCTETS_NULL;
	struct refusal why = REFUSAL_NULL;
	const char *problem;
	bool affirming;
	int err = token_signed_read(verifier->keys, token, &payload, &why);

	if (err == REFUSED)
		return unavailable(-EBADMSG, refusal_text(why.reason), refusal);
	if (err < 0)
		return err;
	problem = verdict_read(octets_view(&payload), asked, verdictp, &affirming);
	if (problem)
		return unavailable(-EBADMSG, problem, refusal);
	return affirming ? 0 : refuse(refusal, REFUSAL_attestation_verifier_refused);
}

/* White space around a JWT is none of it. */
static struct bytes token_of(const struct octets *body)
{
	struct bytes token = octets_view(body);

	while (token.len && strchr(" \t\r\n", token.data[token.len - 1]))
		token.len--;
	return token;
}

static int question_send(struct verifier *verifier, const struct verifier_question *q,
			 struct verifier_verdict *verdictp, struct refusal *refusal)
{
	_cleanup_(web_answer_clear) struct web_answer answer = {0};
	_cleanup_(asked_clear) struct asked asked = {NULL, NULL};
	_cleanup_(freep) char *body = NULL;
	struct verdict_asked expected;
	char status[32];
	int err = asked_make(q->spki, &asked);

	if (err < 0)
		return err;
	body = body_make(q, &asked);
	if (!body)
		return -ENOMEM;
	err = verdict_fetch(verifier, body, &answer);
	if (err == -ENOMEM)
		return err;
	if (err < 0) {
		snprintf(status, sizeof(status), "HTTP status %ld", answer.status);
		return unavailable(err, answer.problem[0] ? answer.problem : status, refusal);
	}
	expected = (struct verdict_asked){verifier->options.issuer, asked.challenge,
					  asked.key_sha256, q->now_ms};
	return verdict_take(verifier, token_of(&answer.body), &expected, verdictp, refusal);
}

int verifier_ask(struct verifier *verifier, const struct verifier_question *question,
		 struct verifier_verdict *verdictp, struct refusal *refusal)
{
	int err;

	*verdictp = (struct verifier_verdict){.has_nonce = false};
	/* A verifier that does not answer must not keep all workers. */
	if (atomic_fetch_add(&verifier->running, 1) >= verifier->options.at_once)
		err = unavailable(-EBUSY, "too many questions at once", refusal);
	else
		err = question_send(verifier, question, verdictp, refusal);
	atomic_fetch_sub(&verifier->running, 1);
	return err;
}
