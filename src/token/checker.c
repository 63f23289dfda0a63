// SPDX-License-Identifier: Apache-2.0
/*
 * The authorisation server's tokens, checked: from the octets of one to its claims, and the set of
 * keys that it is checked with, which housekeeping reads again. Its signature is signed.c's, what
 * stands in it jwt.c's, in a JWKS keys.c's. See token.h.
 */
#include "jwt.h"

#include "base/error.h"
#include "web.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

/*
 * JWKS_MAX: octets of a JWKS, some dozens of keys with certificates beside them. AGAIN_MS: no
 * sooner is a JWKS read again, whatever tokens name keys that are not in it: anybody can send one.
 */
enum { JWKS_MAX = 262144, AGAIN_MS = 10000, FETCH_TIMEOUT_MS = 10000 };
/* A failure that lasts is told once in that time. */
#define TELL_US (INT64_C(60) * 1000000)

struct token_checker {
	const struct conf_oauth2 *conf;
	pthread_mutex_t mutex;   /* guards the pointer, not what it points to */
	struct token_keys *keys; /* NULL: none were read yet */
	atomic_bool wanted;      /* a token named one that is not there */
	/* Housekeeping's alone. */
	bool tried;
	bool failed; /* the last time */
	int64_t tried_ms;
};

/* --- the keys --- */

static struct token_keys *keys_current(struct token_checker *checker)
{
	struct token_keys *keys;

	pthread_mutex_lock(&checker->mutex);
	keys = checker->keys;
	if (keys)
		atomic_fetch_add(&keys->refs, 1);
	pthread_mutex_unlock(&checker->mutex);
	return keys;
}

static void keys_replace(struct token_checker *checker, struct token_keys *keys)
{
	struct token_keys *old;

	pthread_mutex_lock(&checker->mutex);
	old = checker->keys;
	checker->keys = keys;
	pthread_mutex_unlock(&checker->mutex);
	token_keys_unref(old);
}

static int jwks_fetch(const struct conf_oauth2 *conf, struct octets *jwksp, char **whyp)
{
	static const char *const headers[] = {"Accept: application/jwk-set+json, application/json"};
	const struct web_request request = {
		.method = "GET",
		.url = conf->jwks_url,
		.headers = headers,
		.n_headers = ARRAY_LEN(headers),
		.tls_trusted = conf->jwks_trusted,
		.http_on_loopback = true,
		.timeout_ms = FETCH_TIMEOUT_MS,
		.answer_max = JWKS_MAX,
	};
	_cleanup_(web_answer_clear) struct web_answer answer = {0};
	int err = web_exchange(NULL, &request, &answer);

	if (err == 0 && answer.status != 200) {
		err = -EPROTO;
		if (asprintf(whyp, "HTTP status %ld", answer.status) < 0)
			*whyp = NULL;
	} else if (err < 0 && answer.problem[0])
		*whyp = strdup(answer.problem);
	if (err < 0)
		return err;
	*jwksp = answer.body;
	answer.body = OCTETS_NULL;
	return 0;
}

/* Reads the JWKS and puts its keys in the place of those of before. *whyp: what is wrong in words,
 * which the caller frees; NULL: the error says it. */
static int keys_read(struct token_checker *checker, char **whyp)
{
	const struct conf_oauth2 *conf = checker->conf;
	_cleanup_(octets_clear) struct octets jwks = OCTETS_NULL;
	struct token_keys *keys = NULL;
	int err = conf->jwks_file ? file_read(conf->jwks_file, JWKS_MAX, &jwks)
				  : jwks_fetch(conf, &jwks, whyp);

	if (err == 0)
		err = token_keys_parse(octets_view(&jwks), &keys);
	if (err == -EBADMSG)
		*whyp = strdup("it is no JWKS");
	if (err < 0)
		return err;
	log_event(LOG_LEVEL_INFO, "jwks_read",
		  F_TEXT("source", conf->jwks_file ? conf->jwks_file : conf->jwks_url),
		  F_INT("keys", (int64_t)keys->len), F_INT("unusable", (int64_t)keys->unusable));
	keys_replace(checker, keys);
	return 0;
}

static bool keys_due(struct token_checker *checker, int64_t now_ms)
{
	int64_t since_ms = now_ms - checker->tried_ms;

	/* A clock that was set back makes it due, too. */
	return !checker->tried || since_ms < 0 || since_ms >= checker->conf->jwks_refresh_ms ||
	       (since_ms >= AGAIN_MS && (checker->failed || atomic_load(&checker->wanted)));
}

int token_housekeeping(struct token_checker *checker, int64_t now_ms)
{
	_cleanup_(freep) char *why = NULL;
	int err;

	if (!keys_due(checker, now_ms))
		return 0;
	/* A token that comes from here on may name a key that this JWKS has not yet. */
	atomic_store(&checker->wanted, false);
	checker->tried = true;
	checker->tried_ms = now_ms;
	err = keys_read(checker, &why);
	checker->failed = err < 0;
	return err < 0 ? log_fault_every(TELL_US, "token: read the JWKS", err, why) : 0;
}

/* --- making it --- */

static bool same_url(const struct conf_oauth2 *a, const struct conf_oauth2 *b)
{
	return a->jwks_url && b->jwks_url && strcmp(a->jwks_url, b->jwks_url) == 0;
}

int token_checker_new(const struct conf *conf, struct token_checker *before,
		      struct token_checker **checkerp, struct strbuf *problems)
{
	_cleanup_(token_checker_freep) struct token_checker *checker = NULL;
	_cleanup_(freep) char *why = NULL;
	int err;

	*checkerp = NULL;
	if (!conf->oauth2.issuer)
		return 0;
	checker = calloc(1, sizeof(*checker));
	if (!checker)
		return -ENOMEM;
	pthread_mutex_init(&checker->mutex, NULL);
	checker->conf = &conf->oauth2;
	if (before && same_url(before->conf, checker->conf))
		checker->keys = keys_current(before);
	if (checker->conf->jwks_file) {
		err = keys_read(checker, &why);
		if (err == -ENOMEM)
			return err;
		if (err < 0) {
			strbuf_printf(problems, "[oauth2] jwks_file: cannot be used: %s\n",
				      why ? why : error_text(err));
			return -EINVAL;
		}
	}
	*checkerp = TAKE(checker);
	return 0;
}

void token_checker_free(struct token_checker *checker)
{
	if (!checker)
		return;
	token_keys_unref(checker->keys);
	pthread_mutex_destroy(&checker->mutex);
	free(checker);
}

/* --- a token --- */

bool token_of_authorization(const char *authorization, struct bytes *tokenp)
{
	static const char scheme[] = "Bearer";
	struct bytes token = bytes_of_string(authorization);

	if (strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0 ||
	    token.data[sizeof(scheme) - 1] != ' ')
		return false;
	token.data += sizeof(scheme) - 1;
	token.len -= sizeof(scheme) - 1;
	for (; token.len > 0 && *token.data == ' '; token.len--)
		token.data++;
	*tokenp = token;
	return token.len > 0;
}

int token_check(struct token_checker *checker, struct bytes token, int64_t now_ms,
		struct token_claims *claimsp, struct refusal *refusal)
{
	_cleanup_(token_keys_unrefp) struct token_keys *keys = keys_current(checker);
	_cleanup_(octets_clear) struct octets payload = OCTETS_NULL;
	int err = token_signed_read(keys, token, &payload, refusal);

	if (err == REFUSED && refusal->reason == REFUSAL_token_key_unknown)
		atomic_store(&checker->wanted, true);
	return err == 0 ? token_claims_read(octets_view(&payload), checker->conf, now_ms, claimsp,
					    refusal)
			: err;
}

bool token_fits_certificate(const struct token_claims *claims, struct bytes certificate)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	if (!claims->bound)
		return true;
	if (certificate.len == 0)
		return false;
	SHA256(certificate.data, certificate.len, digest);
	return CRYPTO_memcmp(digest, claims->x5t_sha256, sizeof(digest)) == 0;
}
