// SPDX-License-Identifier: Apache-2.0
/*
 * TLS of the listeners: the server's credentials, and the certificates that clients send. Every
 * client is asked for one and none is refused for what it sends: the handshake proves that the
 * client has the key of its certificate, and whose that is cmf/ decides for each request, so that a
 * client that is added at run time is known at once. connection.c makes the sessions.
 */
#include "http_private.h"

#include "keys/credential.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* Octets of certificates that we keep for a connection: ten of RSA 4096 with long names. */
enum { CERTS_SIZE_MAX = 32768 };

/*
 * Octets of a chain that go into a session ticket, which the client sends back in its ClientHello:
 * more of them would be a burden, and such a session is not resumed.
 */
enum { TICKET_CHAIN_MAX = 6000 };

/* Adds a line with OpenSSL's own reason. Returns err. */
static int tls_problem(struct strbuf *problems, const char *key, const char *path, int err)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	strbuf_printf(problems, "[server] %s: %s: %s\n", key, path,
		      reason ? reason : "cannot be used");
	ERR_clear_error();
	return err;
}

static int key_load(SSL_CTX *ctx, const struct conf_server *conf, struct strbuf *problems)
{
	const struct key_source source = {
		.source = conf->tls_key, .passphrase_file = conf->tls_passphrase_file, .tls = true};
	EVP_PKEY *key = NULL;
	int err = credential_key_read(&source, &key);

	if (err < 0) {
		strbuf_printf(problems, "[server] tls_key: %s: %s\n", conf->tls_key,
			      credential_error_text(err));
		ERR_clear_error();
		return -ENOKEY;
	}
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)
		err = tls_problem(problems, "tls_key", conf->tls_key, -ENOKEY);
	else if (credential_key_try(key) < 0)
		err = tls_problem(problems, "tls_key", "it is there, but signing with it fails",
				  -ENOKEY);
	EVP_PKEY_free(key);
	return err;
}

/* --- sessions --- */

/* SSL_CTX_set_cert_verify_callback(): any will do. */
static int any_certificate(X509_STORE_CTX *store, void *arg)
{
	return 1;
}

/* Writes those certificates of a chain that fit, one after another. Returns the octets. */
static size_t chain_write(const STACK_OF(X509) * chain, uint8_t *out, size_t max)
{
	uint8_t *end = out;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		int len = i2d_X509(sk_X509_value(chain, i), NULL);

		if (len <= 0 || (size_t)len > max - (size_t)(end - out))
			break;
		i2d_X509(sk_X509_value(chain, i), &end);
	}
	return (size_t)(end - out);
}

static bool chain_fits(const STACK_OF(X509) * chain, size_t max)
{
	size_t len = 0;

	for (int i = 0; i < sk_X509_num(chain) && len <= max; i++)
		len += (size_t)i2d_X509(sk_X509_value(chain, i), NULL);
	return len <= max;
}

/*
 * A session in a ticket has the client's own certificate, but not those that it sent with it: they
 * go along as application data. One octet: they do not fit.
 */
static int ticket_is_made(SSL *ssl, void *arg)
{
	const STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	uint8_t octets[TICKET_CHAIN_MAX] = {0};
	size_t len = 1;

	if (!chain || sk_X509_num(chain) == 0)
		return 1; /* a resumed session keeps what it has */
	if (chain_fits(chain, sizeof(octets)))
		len = chain_write(chain, octets, sizeof(octets));
	return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), octets, len);
}

static SSL_TICKET_RETURN ticket_is_read(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
					size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
	void *chain;
	size_t len;

	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	if (SSL_SESSION_get0_ticket_appdata(session, &chain, &len) == 1 && len == 1)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/* Divides the octets behind *certs into certificates. */
static void certs_divide(struct http_tls_certs *certs, size_t len)
{
	const uint8_t *at = certs->storage, *end = at + len;

	while (at < end && certs->n < HTTP_TLS_CERTS_MAX) {
		const uint8_t *start = at;
		long content;
		int tag, class;

		/* What OpenSSL has encoded has definite lengths. */
		if (ASN1_get_object(&at, &content, &tag, &class, end - at) & 0x80)
			return;
		at += content;
		certs->cert[certs->n++] = (struct bytes){start, (size_t)(at - start)};
	}
}

int http_tls_certs_read(SSL *ssl, struct http_tls_certs **certsp)
{
	X509 *own = SSL_get0_peer_certificate(ssl);
	uint8_t octets[CERTS_SIZE_MAX], *end = octets;
	int own_len = own ? i2d_X509(own, NULL) : 0;
	struct http_tls_certs *certs;
	void *chain;
	size_t len;

	*certsp = NULL;
	if (own_len <= 0 || own_len > CERTS_SIZE_MAX)
		return 0;
	i2d_X509(own, &end);
	len = (size_t)own_len;
	if (!SSL_session_reused(ssl)) {
		len += chain_write(SSL_get_peer_cert_chain(ssl), end, sizeof(octets) - len);
	} else {
		size_t chain_len;

		if (SSL_SESSION_get0_ticket_appdata(SSL_get_session(ssl), &chain, &chain_len) ==
			    1 &&
		    chain_len <= sizeof(octets) - len && chain_len > 0) {
			memcpy(end, chain, chain_len);
			len += chain_len;
		}
	}
	certs = calloc(1, sizeof(*certs) + len);
	if (!certs)
		return -ENOMEM;
	memcpy(certs->storage, octets, len);
	certs_divide(certs, len);
	*certsp = certs;
	return 0;
}

/* --- credentials --- */

/* The names of CAs that are told to clients; they decide nothing. */
static int client_ca_load(SSL_CTX *ctx, const char *path, struct strbuf *problems)
{
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);

	if (!names)
		return tls_problem(problems, "tls_client_ca", path, -EINVAL);
	SSL_CTX_set_client_CA_list(ctx, names);
	return 0;
}

int http_tls_load(const struct conf_server *conf, SSL_CTX **ctxp, struct strbuf *problems)
{
	static const unsigned char session_context[] = "cmfd";
	SSL_CTX *ctx;
	int err = 0;

	if (!conf->tls_certificate || !conf->tls_key) {
		strbuf_add(problems, "[server] HTTPS needs tls_certificate and tls_key\n");
		return -EINVAL;
	}
	ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		return -ENOMEM;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, any_certificate, NULL);
	if (SSL_CTX_set_session_id_context(ctx, session_context, sizeof(session_context) - 1) !=
		    1 ||
	    SSL_CTX_set_session_ticket_cb(ctx, ticket_is_made, ticket_is_read, NULL) != 1)
		err = -ENOMEM;
	if (err == 0 && SSL_CTX_use_certificate_chain_file(ctx, conf->tls_certificate) != 1)
		err = tls_problem(problems, "tls_certificate", conf->tls_certificate, -ENOKEY);
	if (err == 0)
		err = key_load(ctx, conf, problems);
	if (err == 0 && conf->tls_client_ca)
		err = client_ca_load(ctx, conf->tls_client_ca, problems);
	if (err < 0) {
		SSL_CTX_free(ctx);
		return err;
	}
	*ctxp = ctx;
	return 0;
}
