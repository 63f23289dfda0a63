// SPDX-License-Identifier: Apache-2.0
/* Path validation for configured clients. See signer_path.h. */
#include "principal/signer_path.h"

#include "asn1/certificate.h"
#include "asn1/name.h"
#include "asn1/x509.h"
#include "cmf_private.h"
#include "csr/template.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <string.h>

/*
 * UNTRUSTED_MAX: certificates of extraCerts that are decoded as intermediates, twins of other
 * validity among them; DEPTH_MAX: their number in a path. Real hierarchies have two or three.
 * PATHS_MAX: paths that are looked for, to the anchors of one client after the other, where an
 * anchor could have issued what there is. AUTH_LEVEL 2 is 112 bits: RSA from 2048, no SHA-1
 * (SSL_CTX_set_security_level(3)).
 */
enum { UNTRUSTED_MAX = 8, DEPTH_MAX = 8, PATHS_MAX = 32, AUTH_LEVEL = 2 };

static void certs_freep(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

static void store_ctx_freep(X509_STORE_CTX **ctx)
{
	X509_STORE_CTX_free(*ctx);
}

/* Certificates above another one, as far as names say: its issuer, the issuer of that, and so on.
 */
struct above {
	STACK_OF(X509) * certs;
	struct bytes issuers[UNTRUSTED_MAX + 1]; /* that are looked for */
	size_t n_issuers;
	size_t n_decoded;
};

static bool is_above(const struct above *above, struct bytes subject)
{
	for (size_t i = 0; i < above->n_issuers; i++)
		if (!name_differs(above->issuers[i], subject))
			return true;
	return false;
}

/* 1: it has been looked at; 0: it is none of them so far; -ENOMEM. */
static int above_take(struct above *above, struct bytes der)
{
	const unsigned char *p = der.data;
	struct certificate_view view;
	X509 *cert;

	if (certificate_view(der, &view) < 0 || !is_above(above, view.subject))
		return 0;
	/* With the key, which makes it dear. */
	above->n_decoded++;
	cert = d2i_X509(NULL, &p, (long)der.len);
	ERR_clear_error(); /* what does not parse is not part of the path */
	if (!cert)
		return 1;
	if (sk_X509_push(above->certs, cert) <= 0) {
		X509_free(cert);
		return -ENOMEM;
	}
	above->issuers[above->n_issuers++] = view.issuer;
	return 1;
}

/* Out of extraCerts, which may be in any order. */
static int above_gather(const struct signer_path *path, struct above *above)
{
	_cleanup_(freep) bool *seen = calloc(path->n_certs + 1, sizeof(*seen));
	bool more = true;

	if (!seen)
		return -ENOMEM;
	while (more) {
		more = false;
		for (size_t i = 0; i < path->n_certs && above->n_decoded < UNTRUSTED_MAX; i++) {
			int err = seen[i] || bytes_equal(path->certs[i], path->der)
					  ? 0
					  : above_take(above, path->certs[i]);

			if (err < 0)
				return err;
			seen[i] = seen[i] || err;
			more = more || err;
		}
	}
	return 0;
}

/*
 * What a path may be built from: extraCerts, then the chains of our own CAs, which need not be
 * sent. Ours come last, since they may lead to another root than the certificates that were sent
 * for the client's anchor.
 */
static int untrusted_gather(const struct signer_path *path, STACK_OF(X509) * *untrustedp)
{
	_cleanup_(certs_freep) STACK_OF(X509) *untrusted = sk_X509_new_null();
	struct above above = {.certs = untrusted, .issuers = {path->issuer}, .n_issuers = 1};
	int err = untrusted ? above_gather(path, &above) : -ENOMEM;

	for (size_t i = 0; i < ca_count(path->call->cmf->cas) && err == 0; i++)
		err = ca_certificates_push(ca_at(path->call->cmf->cas, i), untrusted);
	if (err == 0)
		*untrustedp = TAKE(untrusted);
	return err;
}

/* The time in which all certificates of the verified path are valid. */
static void path_narrow(struct signer_path *path, X509_STORE_CTX *ctx)
{
	const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);

	for (int i = 0; i < sk_X509_num(chain); i++) {
		const X509 *cert = sk_X509_value(chain, i);
		int64_t ms;

		if (template_time_ms(X509_get0_notBefore(cert), &ms) == 0 &&
		    ms > path->not_before_ms)
			path->not_before_ms = ms;
		if (template_time_ms(X509_get0_notAfter(cert), &ms) == 0 && ms < path->not_after_ms)
			path->not_after_ms = ms;
	}
}

static int used_append(struct signer_path *path, struct bytes der)
{
	uint8_t *grown = realloc(path->used.data, path->used.len + der.len);

	if (!grown)
		return -ENOMEM;
	memcpy(grown + path->used.len, der.data, der.len);
	path->used = (struct octets){grown, path->used.len + der.len};
	return 0;
}

/* What the verified path was built from, but for the anchor. */
static int path_keep(struct signer_path *path, X509_STORE_CTX *ctx)
{
	const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int err = used_append(path, path->der);

	for (int i = 1; i < sk_X509_num(chain) - 1 && err == 0; i++) {
		_cleanup_(octets_clear) struct octets der = OCTETS_NULL;

		err = certificate_encode(sk_X509_value(chain, i), &der);
		if (err == 0)
			err = used_append(path, octets_view(&der));
	}
	return err;
}

/* Whether it is a certificate that we issued to an entity: 1, 0, negative errno. */
static int is_entitys(const struct signer_path *path, X509 *cert)
{
	_cleanup_(store_certificate_clear) struct store_certificate found = {0};
	struct serial serial;
	struct bytes issuer;
	int err;

	if (!X509_NAME_get0_der(X509_get_issuer_name(cert), &issuer.data, &issuer.len))
		return -ENOMEM;
	/* We issue none with a longer one. */
	if (serial_of_integer(X509_get0_serialNumber(cert), &serial) < 0)
		return 0;
	err = certificate_lookup(path->call, issuer, &serial, &found);
	return err < 0 ? err : err == 0;
}

/*
 * What another CA certifies, for which we made a cross-certificate (RFC 9810 6.6), may be trusted
 * wherever our root is; who is a client here, it has no say in.
 */
static int crosses_over(const struct signer_path *path, X509_STORE_CTX *ctx)
{
	const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int err = 0;

	/* The anchor is the operator's choice, whatever it is. */
	for (int i = 1; i < sk_X509_num(chain) - 1 && err == 0; i++)
		err = is_entitys(path, sk_X509_value(chain, i));
	return err;
}

/* Signatures of such a key are anybody's; OpenSSL takes it. */
static bool keys_prove(X509_STORE_CTX *ctx)
{
	const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);

	for (int i = 1; i < sk_X509_num(chain); i++)
		if (spki_certificate_check(sk_X509_value(chain, i)))
			return false;
	return true;
}

/* RFC 5280 6. X509_V_OK or the error; negative errno. */
static int path_verify(struct signer_path *path, const struct anchors *anchors,
		       STACK_OF(X509) * untrusted, int *errorp)
{
	_cleanup_(store_ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int err = 0;

	if (!ctx || X509_STORE_CTX_init(ctx, anchors->store, path->cert, untrusted) != 1)
		return -ENOMEM;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
	X509_VERIFY_PARAM_set_time(param, (time_t)(path->call->now_ms / 1000));
	/* A trust anchor need not be self-signed (RFC 5280 6.1.1 d). */
	if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) != 1)
		return -ENOMEM;
	if (X509_verify_cert(ctx) == 1) {
		err = keys_prove(ctx) ? crosses_over(path, ctx) : 1;
		*errorp = err == 0 ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED;
		if (err == 0) {
			path_narrow(path, ctx);
			err = path_keep(path, ctx);
		}
	} else {
		*errorp = X509_STORE_CTX_get_error(ctx);
		if (*errorp == X509_V_OK)
			*errorp = X509_V_ERR_UNSPECIFIED;
	}
	ERR_clear_error(); /* a path that does not verify is a refusal, not a fault */
	return err < 0 ? err : 0;
}

static bool is_expiry(int error)
{
	return error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
}

/*
 * Whether it may be a client's by standing below an anchor. One that we issued to an entity is so
 * only by its name, too, and if it is a MANO entity's: what a VNFM chooses as the id of a VNFCI
 * must not give it the name of another VNFM.
 */
static bool anchors_may_do(const struct signer_path *path)
{
	return !path->own || path->own->cert_type == CERT_TYPE_MANO;
}

/* Whether a credential below anchors is to be tried for this certificate. */
static bool credential_eligible(const struct client_credential *c, const struct signer_path *path)
{
	if (!c->anchors || !credential_good(c->row, path->call->now_ms))
		return false;
	if (path->own && !c->subject)
		return false;
	return !c->subject || X509_NAME_cmp(c->subject, X509_get_subject_name(path->cert)) == 0;
}

/* Whether the anchor is among those, or has issued one of them, as far as names and key identifiers
 * say. */
static bool anchor_leads_to(X509 *anchor, X509 *cert, const STACK_OF(X509) * untrusted)
{
	bool leads = X509_check_issued(anchor, cert) == X509_V_OK || X509_cmp(anchor, cert) == 0;

	for (int i = 0; i < sk_X509_num(untrusted) && !leads; i++) {
		X509 *other = sk_X509_value(untrusted, i);

		leads = X509_check_issued(anchor, other) == X509_V_OK ||
			X509_cmp(anchor, other) == 0;
	}
	return leads;
}

/* Whether there can be a path at all: the cheapest test comes first. */
static bool path_conceivable(const struct client_credential *c, const struct signer_path *path,
			     const STACK_OF(X509) * untrusted)
{
	bool any = false;

	for (int i = 0; i < sk_X509_num(c->anchors->certs) && !any; i++)
		any = anchor_leads_to(sk_X509_value(c->anchors->certs, i), path->cert, untrusted);
	ERR_clear_error();
	return any;
}

/* --- which credentials there are for it --- */

/* Those that are tried one after the other, and what came of it. */
struct search {
	struct signer_path *path;
	const struct clients *clients;
	STACK_OF(X509) * untrusted;
	const struct client_credential *found;
	int paths;
	const char *why;
	bool failed; /* why is of a path */
	bool any_expired;
};

/* 0: search->found says whether it was this one. */
static int credential_try(struct search *search, const struct client_credential *c)
{
	int error, err;

	if (!credential_eligible(c, search->path) ||
	    !path_conceivable(c, search->path, search->untrusted))
		return 0;
	if (++search->paths > PATHS_MAX)
		return refuse_detail(search->path->call->refusal, REFUSAL_signer_not_trusted,
				     "the anchors of too many clients have this name");
	err = path_verify(search->path, c->anchors, search->untrusted, &error);
	if (err < 0)
		return err;
	if (error == X509_V_OK) {
		search->found = c;
		return 0;
	}
	/* Of one that is known by name, whose it may be, rather than of those below. */
	if (c->subject || !search->failed)
		search->why = X509_verify_cert_error_string(error);
	search->failed = true;
	search->any_expired = search->any_expired || is_expiry(error);
	return 0;
}

/* Those with that hash. */
static int credentials_try(struct search *search, enum clients_by by,
			   const uint8_t hash[DN_HASH_LEN])
{
	const struct client_index_entry *entry;
	size_t n;
	int err = 0;

	entry = client_index_find(&search->clients->by[by], (struct bytes){hash, DN_HASH_LEN}, &n);
	for (size_t i = 0; err == 0 && !search->found && i < n; i++)
		err = credential_try(search, entry[i].item);
	return err;
}

/* Those who are known by name. */
static int named_try(struct search *search)
{
	uint8_t hash[DN_HASH_LEN];

	dn_hash(X509_get_subject_name(search->path->cert), hash);
	return credentials_try(search, CREDENTIALS_BY_SUBJECT, hash);
}

struct anchor_names {
	uint8_t (*hash)[DN_HASH_LEN];
	size_t n;
};

/* The names of a certificate and of its issuer, once each. */
static void anchor_names_add(struct anchor_names *names, const X509 *cert)
{
	const X509_NAME *const of[] = {X509_get_issuer_name(cert), X509_get_subject_name(cert)};

	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		uint8_t *hash = names->hash[names->n];
		bool known = false;

		dn_hash(of[i], hash);
		for (size_t j = 0; j < names->n && !known; j++)
			known = memcmp(names->hash[j], hash, DN_HASH_LEN) == 0;
		if (!known)
			names->n++;
	}
}

/* Those that take all below their anchor, which has issued one of these certificates or is one. */
static int unnamed_try(struct search *search)
{
	int n_certs = sk_X509_num(search->untrusted), err = 0;
	struct anchor_names names = {calloc(2 * (size_t)n_certs + 2, sizeof(*names.hash)), 0};

	if (!names.hash)
		return -ENOMEM;
	anchor_names_add(&names, search->path->cert);
	for (int i = 0; i < n_certs; i++)
		anchor_names_add(&names, sk_X509_value(search->untrusted, i));
	for (size_t i = 0; err == 0 && !search->found && i < names.n; i++)
		err = credentials_try(search, CREDENTIALS_BY_ANCHOR, names.hash[i]);
	free(names.hash);
	return err;
}

/* Looks for the client below the anchors of its credentials. */
static int anchored_find(struct search *search)
{
	_cleanup_(certs_freep) STACK_OF(X509) *untrusted = NULL;
	int err = signer_path_decode(search->path);

	if (err == 0)
		err = untrusted_gather(search->path, &untrusted);
	search->untrusted = untrusted;
	if (err == 0)
		err = named_try(search);
	if (err == 0 && !search->found && search->clients->by[CREDENTIALS_BY_ANCHOR].len)
		err = unnamed_try(search);
	search->untrusted = NULL;
	return err;
}

int signer_path_decode(struct signer_path *path)
{
	const unsigned char *p = path->der.data;

	if (!path->cert)
		path->cert = d2i_X509(NULL, &p, (long)path->der.len);
	else
		p += path->der.len;
	return path->cert && p == path->der.data + path->der.len
		       ? 0
		       : refuse(path->call->refusal, REFUSAL_signer_malformed);
}

void signer_path_clear(struct signer_path *path)
{
	octets_clear(&path->used);
	X509_free(path->cert);
	path->cert = NULL;
}

enum { NAME_SHOWN = 256 };

static char *name_shown(const X509_NAME *name)
{
	char *text = x509_name_text(name);

	if (text && strlen(text) > NAME_SHOWN)
		text[NAME_SHOWN] = '\0';
	return text;
}

/*
 * Who it was, and what was wrong, as the operator has to know to help. The one who asks is told
 * neither; it is a stranger, whose paths have a budget, so that the lines have, too.
 */
static void refused_tell(const struct signer_path *path, const char *why)
{
	_cleanup_(freep) char *subject = name_shown(X509_get_subject_name(path->cert));
	_cleanup_(freep) char *issuer = name_shown(X509_get_issuer_name(path->cert));
	char hex[SERIAL_HEX_SIZE] = "", id[REQUEST_ID_SIZE];
	struct serial serial;

	if (serial_of_integer(X509_get0_serialNumber(path->cert), &serial) == 0)
		serial_hex(&serial, hex);
	request_id_text(path->call->origin.request_id, id);
	log_event(LOG_LEVEL_INFO, "signer_refused", F_TEXT("id", id[0] ? id : NULL),
		  F_TEXT("subject", subject), F_TEXT("issuer", issuer),
		  F_TEXT("serial", hex[0] ? hex : NULL), F_TEXT("problem", why));
}

int signer_path_find(const struct clients *clients, struct signer_path *path,
		     const struct client_credential **credentialp)
{
	const struct client_credential *exact = clients_credential(
		clients, CREDENTIALS_BY_CERTIFICATE, path->der, path->call->now_ms);
	struct search search = {.path = path,
				.clients = clients,
				.why = "no client has this subject, or anchors for any"};
	int err;

	/* An exact certificate is trusted by itself. */
	if (exact) {
		*credentialp = exact;
		return used_append(path, path->der);
	}
	err = anchors_may_do(path) ? anchored_find(&search) : 0;
	if (err != 0)
		return err;
	if (search.found) {
		*credentialp = search.found;
		return 0;
	}
	if (path->cert)
		refused_tell(path, search.why);
	return refuse_detail(path->call->refusal,
			     search.any_expired ? REFUSAL_signer_expired
						: REFUSAL_signer_not_trusted,
			     search.why);
}
