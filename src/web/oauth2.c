// SPDX-License-Identifier: Apache-2.0
/*
 * Getting an access token with the client credentials grant (RFC 6749 4.4), by a password or by a
 * TLS client certificate (RFC 8705 2). What comes from the token endpoint is not trusted further
 * than to be sent to the callback.
 */
#include "web/oauth2.h"

#include "base/clock.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

enum {
	ANSWER_MAX = 64 * 1024,
	/* RFC 6749 5.1: expires_in is optional. */
	LIFETIME_DEFAULT_S = 60,
	LIFETIME_MAX_S = 24 * 3600,
	/* It has to arrive before it expires. */
	MARGIN_S = 30,
};

void web_token_clear(struct web_token *token)
{
	octets_clear_secret(&token->text);
	*token = (struct web_token){0};
}

bool web_token_is_good(const struct web_token *token)
{
	return token->text.len > 0 && clock_monotonic_us() < token->until_us;
}

/* RFC 6749 Appendix B: application/x-www-form-urlencoded. */
static void form_add(struct strbuf *out, struct bytes value)
{
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];

		if (isalnum(c) || (c && strchr("-._", c)))
			strbuf_add_n(out, (const char *)&c, 1);
		else
			strbuf_printf(out, "%%%02X", c);
	}
}

static json_t *object_read(struct bytes text)
{
	return json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
}

/* RFC 6749 5.1 */
static int token_read(struct bytes answer, struct web_token *tokenp)
{
	json_t *object = object_read(answer);
	const json_t *expires = json_object_get(object, "expires_in");
	const char *text = json_string_value(json_object_get(object, "access_token"));
	const char *type = json_string_value(json_object_get(object, "token_type"));
	json_int_t lifetime =
		json_is_integer(expires) ? json_integer_value(expires) : LIFETIME_DEFAULT_S;
	int err = -EPROTO;

	if (lifetime > LIFETIME_MAX_S)
		lifetime = LIFETIME_MAX_S;
	if (text && *text && type && strcasecmp(type, "Bearer") == 0) {
		err = octets_dup((struct bytes){(const uint8_t *)text, strlen(text) + 1},
				 &tokenp->text);
		tokenp->until_us = clock_monotonic_us() + (lifetime - MARGIN_S) * 1000000;
	}
	json_decref(object);
	return err;
}

static void strbuf_clear_secret(struct strbuf *text)
{
	if (text->text)
		OPENSSL_cleanse(text->text, text->len);
	strbuf_clear(text);
}

int web_token_fetch(struct web_request *request, const struct web_token_asker *asker,
		    struct web_token *tokenp)
{
	static const char *const headers[] = {"Accept: application/json"};
	_cleanup_(strbuf_clear_secret) struct strbuf user = STRBUF_NULL, password = STRBUF_NULL;
	_cleanup_(strbuf_clear) struct strbuf body = STRBUF_NULL;
	_cleanup_(web_answer_clear) struct web_answer answer = {0};
	int err;

	/* RFC 6749 2.3.1: both are encoded before they go into basic authentication. */
	form_add(&user, bytes_of_string(asker->client_id));
	form_add(&password, asker->secret);
	strbuf_add(&body, "grant_type=client_credentials");
	if (!asker->secret.len)
		strbuf_printf(&body, "&client_id=%s", user.text);
	if (user.failed || password.failed || body.failed)
		return -ENOMEM;
	request->method = "POST";
	request->headers = headers;
	request->n_headers = ARRAY_LEN(headers);
	request->content_type = "application/x-www-form-urlencoded";
	request->body = (struct bytes){(const uint8_t *)body.text, body.len};
	request->user = asker->secret.len ? user.text : NULL;
	request->password = password.text;
	request->answer_max = ANSWER_MAX;
	err = web_exchange(NULL, request, &answer);
	if (err)
		return err;
	return answer.status == 200 ? token_read(octets_view(&answer.body), tokenp) : -EPROTO;
}
