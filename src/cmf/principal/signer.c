// SPDX-License-Identifier: Apache-2.0
/*
 * Finding out whose message it is by a certificate, or who a TLS client is: whether it is known
 * already, and if not, which client or holder. Which among extraCerts it is says signer_pick.c; the
 * path to a client's own trust anchor is signer_path.c; what the certificate must be by itself is
 * signer_checks.c's; the signature of the message is verified by the caller.
 */
#include "principal/signer_checks.h"
#include "principal/signer_path.h"
#include "principal/signer_pick.h"
#include "principal/signer_refused.h"

#include "asn1/algorithm.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>

/* --- certificates of ours --- */

static int own_state_check(const struct store_certificate *cert, struct refusal *refusal)
{
	switch (cert->state) {
	case STORE_CERT_ACTIVE:
		return 0;
	case STORE_CERT_REVOKED:
	case STORE_CERT_REVOCATION_PENDING:
		return refuse(refusal, REFUSAL_signer_revoked);
	case STORE_CERT_ON_HOLD:
		return refuse(refusal, REFUSAL_signer_on_hold);
	case STORE_CERT_REQUESTED:
	case STORE_CERT_PENDING:
	case STORE_CERT_REJECTED:
		break;
	}
	return refuse_detail(refusal, REFUSAL_signer_not_trusted, "own certificate is not active");
}

/* Whether a CA of ours signed it: 0; 1: none did. */
static int own_verify(const struct cmf_call *call, const struct certificate_view *view)
{
	const struct ca *ca = NULL;
	int err = 1;

	while (err > 0 && (ca = ca_next_by_issuer(call->cmf->cas, view->issuer, ca)))
		err = ca_verify(ca, view);
	return err;
}

/*
 * The row of a certificate that we issued to an entity, whose octets are in the store: 0, REFUSED
 * if it is not active, or another one of ours has its serial number; STORE_NOT_FOUND if it is none
 * of these.
 */
static int own_find(const struct cmf_call *call, const struct certificate_view *view,
		    struct store_certificate *certp)
{
	const struct ca *ca = NULL;
	bool another = false;
	struct serial serial;
	int err;

	if (serial_of_content(view->serial, &serial) < 0)
		return STORE_NOT_FOUND;
	while ((ca = ca_next_by_issuer(call->cmf->cas, view->issuer, ca))) {
		err = store_certificate_find(call->reader, ca_name(ca), &serial, certp);
		if (err == STORE_NOT_FOUND)
			continue;
		if (err < 0)
			return err;
		if (bytes_equal(octets_view(&certp->der), view->der))
			return own_state_check(certp, call->refusal);
		another = true;
		store_certificate_clear(certp);
	}
	/* Anybody can write our name and a serial number into a certificate. */
	err = another ? own_verify(call, view) : 1;
	if (err == 0)
		return refuse_detail(call->refusal, REFUSAL_signer_not_trusted,
				     "the certificate with that serial number is another");
	return err < 0 ? err : STORE_NOT_FOUND;
}

/* --- the whole --- */

struct examination {
	const struct cmf_call *call;
	const struct conf *conf;
	const struct clients *clients;
	const struct bytes *certs;
	size_t n_certs;
	uint8_t among[32]; /* SHA-256 of certs */
	const struct cmf_gate *gate;
	bool kem; /* a KEM key is looked for */
};

/* What comes is dear, but for a certificate that we issued, or that a client has been added with.
 */
static int stranger_check(const struct examination *x, const struct certificate_view *view,
			  const struct cmf_signer *entry)
{
	if (!x->gate ||
	    clients_credential(x->clients, CREDENTIALS_BY_CERTIFICATE, view->der, x->call->now_ms))
		return 0;
	return x->gate->open(x->gate->arg, BYTES_OF(entry->digest), x->call->refusal);
}

/* What else the certificate of a client says of it. */
static int client_details(const struct cmf_call *call, struct signer_path *path,
			  struct cmf_principal *principal)
{
	int err = signer_path_decode(path);

	if (err != 0)
		return err;
	if (principal->policy->cmc_ra && signer_is_cmc_ra(path->cert))
		principal->permissions |= STORE_IS_RA;
	return signer_entity_find(path->cert, principal, call->refusal);
}

/* Finds out which client it is, else whose certificate of ours; it may be both. */
static int signer_principal(const struct examination *x, const struct certificate_view *view,
			    struct cmf_signer *entry)
{
	_cleanup_(store_certificate_clear) struct store_certificate own = {0};
	_cleanup_(signer_path_clear) struct signer_path path = {
		.call = x->call,
		.der = view->der,
		.issuer = view->issuer,
		.certs = x->certs,
		.n_certs = x->n_certs,
		.not_before_ms = view->not_before_ms,
		.not_after_ms = view->not_after_ms,
	};
	const struct client_credential *shown = NULL;
	int err = own_find(x->call, view, &own);

	if (err < 0 || err == REFUSED)
		return err;
	path.own = err == 0 ? &own : NULL;
	err = path.own ? 0 : stranger_check(x, view, entry);
	if (err != 0)
		return err;
	err = signer_path_find(x->clients, &path, &shown);
	if (err == 0) {
		err = client_principal(x->conf, x->clients, shown->client, CMF_PRINCIPAL_CLIENT,
				       &entry->principal);
		entry->principal.credential_id = shown->row->id;
		if (err == 0)
			err = client_details(x->call, &path, &entry->principal);
	} else if (err == REFUSED && path.own) {
		*x->call->refusal = REFUSAL_NULL;
		err = signer_holder_set(x->conf, &own, &entry->principal);
	}
	entry->path = path.used;
	path.used = OCTETS_NULL;
	entry->not_before_ms = path.not_before_ms;
	entry->not_after_ms = path.not_after_ms;
	clients_unchanged(x->clients, x->call->now_ms, &entry->not_before_ms, &entry->not_after_ms);
	entry->principal.certificate_id = own.id;
	entry->principal.registration_id = own.registration_id;
	return err;
}

static int signer_examine(const struct examination *x, const struct certificate_view *view,
			  const uint8_t digest[32], struct cmf_signer **entryp)
{
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *entry = calloc(1, sizeof(*entry));
	int err;

	if (!entry)
		return -ENOMEM;
	atomic_init(&entry->refs, 1);
	entry->kem = x->kem;
	memcpy(entry->digest, digest, sizeof(entry->digest));
	memcpy(entry->among, x->among, sizeof(entry->among));
	err = signer_principal(x, view, entry);
	if (err == 0)
		err = signer_checks(view, x->conf, x->call->now_ms, entry, x->call->refusal);
	if (err == 0)
		err = octets_dup(view->subject, &entry->subject);
	if (err == 0)
		err = octets_dup(signer_view_ski(view), &entry->ski);
	if (err == 0)
		err = octets_dup(view->der, &entry->principal.certificate);
	if (err != 0)
		return err;
	entry->tls_client = signer_is_for_tls(view);
	entry->generation = x->clients->generation;
	*entryp = TAKE(entry);
	return 0;
}

/* The remembered signer, if nothing changed since; NULL. */
static struct cmf_signer *signer_remembered(const struct examination *x, const uint8_t digest[32])
{
	struct cmf_signer *entry = signer_cache_get(x->call->cmf->signers, digest, x->among);

	if (!entry ||
	    (entry->kem == x->kem && entry->generation == x->clients->generation &&
	     x->call->now_ms >= entry->not_before_ms && x->call->now_ms <= entry->not_after_ms))
		return entry;
	cmf_signer_unref(entry);
	return NULL;
}

/* A remembered certificate of ours may have been revoked since: the store knows. */
static int own_state_again(const struct examination *x, const struct cmf_signer *entry)
{
	_cleanup_(store_certificate_clear) struct store_certificate cert = {0};
	int err;

	if (entry->principal.certificate_id == 0)
		return 0;
	/* Its state is asked for each time. */
	err = store_certificate_get(x->call->reader, entry->principal.certificate_id, &cert);
	if (err == STORE_NOT_FOUND)
		return refuse(x->call->refusal, REFUSAL_signer_not_trusted);
	return err < 0 ? err : own_state_check(&cert, x->call->refusal);
}

/* Of one of x->certs; a single one was hashed already. */
static void cert_digest(const struct examination *x, struct bytes der, uint8_t digest[32])
{
	if (x->n_certs == 1)
		memcpy(digest, x->among, sizeof(x->among));
	else
		SHA256(der.data, der.len, digest);
}

/* The signer of one of x->certs, remembered or found out. */
static int signer_entry_of(const struct examination *x, const struct certificate_view *view,
			   struct cmf_signer **entryp)
{
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *entry = NULL;
	uint8_t digest[32];
	int err;

	cert_digest(x, view->der, digest);
	entry = signer_remembered(x, digest);
	if (entry)
		err = own_state_again(x, entry);
	else
		err = signer_examine(x, view, digest, &entry);
	if (err == 0)
		*entryp = TAKE(entry);
	return err;
}

static int signer_entry_pick(const struct examination *x, struct sought *sought,
			     struct cmf_signer **entryp)
{
	struct certificate_view view;
	int err =
		signer_pick(sought, x->certs, x->n_certs, x->call->now_ms, &view, x->call->refusal);

	return err == 0 ? signer_entry_of(x, &view, entryp) : err;
}

static bool any_sender_allowed(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_client_policies; i++)
		if (conf->client_policies[i].sender_match == CONF_SENDER_ANY)
			return true;
	return false;
}

/* Where sender fits none of the certificates, it may be one whose sender says nothing. */
static int signer_entry_of_any(const struct examination *x, const struct sought *sought,
			       struct cmf_signer **entryp)
{
	struct sought any = {.sender_kid = sought->sender_kid};
	struct refusal refusal = REFUSAL_NULL;
	struct cmf_call call = *x->call;
	struct examination of_any = *x;
	int err;

	if (!any_sender_allowed(x->conf))
		return REFUSED;
	/* What is wrong with that one is told only where it is more than that it is not there. */
	call.refusal = &refusal;
	of_any.call = &call;
	err = signer_entry_pick(&of_any, &any, entryp);
	if (err == 0 || refusal.reason == REFUSAL_stranger_budget)
		*x->call->refusal = refusal;
	return err;
}

static int signer_entry_find(const struct examination *x, struct sought *sought,
			     struct cmf_signer **entryp)
{
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *entry = NULL;
	uint8_t digest[32];
	int err;

	/* RFC 9483 3.3: the signer's certificate is the first. Not parsed if it is remembered. */
	cert_digest(x, x->certs[0], digest);
	entry = signer_remembered(x, digest);
	if (entry && sought_fits(sought, octets_view(&entry->subject), octets_view(&entry->ski))) {
		err = own_state_again(x, entry);
		if (err == 0)
			*entryp = TAKE(entry);
		return err;
	}
	err = signer_entry_pick(x, sought, entryp);
	if (err == REFUSED && x->call->refusal->reason == REFUSAL_signer_mismatch)
		err = signer_entry_of_any(x, sought, entryp);
	return err;
}

/* RFC 9483 3.1, 3.5: sender and senderKID, as the policy of the signer wants them. */
static int sender_check(struct sought *sought, const struct cmf_signer *entry,
			struct refusal *refusal)
{
	const struct conf_client_policy *policy = entry->principal.policy;
	struct bytes subject = octets_view(&entry->subject);
	bool fits = true;

	switch (policy->sender_match) {
	case CONF_SENDER_NAME:
		fits = sought_sender_fits(sought, subject);
		break;
	case CONF_SENDER_OCTETS:
		fits = bytes_equal(sought->sender_dn, subject);
		break;
	case CONF_SENDER_ANY:
		break;
	}
	if (!fits)
		return refuse(refusal, REFUSAL_signer_mismatch);
	if (policy->sender_kid_required && entry->ski.len > 0 && sought->sender_kid.len == 0)
		return refuse(refusal, REFUSAL_sender_kid_missing);
	return 0;
}

static int principal_dup(const struct cmf_principal *src, struct cmf_principal *dstp)
{
	struct cmf_principal dst = *src;

	dst.mac_secret = dst.certificate = OCTETS_NULL;
	dst.name = strdup(src->name);
	dst.trust_domain = strdup(src->trust_domain);
	dst.default_profile = src->default_profile ? strdup(src->default_profile) : NULL;
	dst.entity = src->entity ? strdup(src->entity) : NULL;
	dst.manager = src->manager ? strdup(src->manager) : NULL;
	if (!dst.name || !dst.trust_domain || (src->default_profile && !dst.default_profile) ||
	    (src->entity && !dst.entity) || (src->manager && !dst.manager) ||
	    octets_dup(octets_view(&src->certificate), &dst.certificate)) {
		cmf_principal_clear(&dst);
		return -ENOMEM;
	}
	*dstp = dst;
	return 0;
}

/*
 * The exact certificate of a client that left it out of extraCerts: RFC 9483 3.3 lets self-signed
 * ones be omitted, and `openssl cmp` does. senderKID names its key.
 */
static struct bytes configured_certificate(const struct examination *x, struct bytes sender_kid)
{
	const struct client_credential *c =
		sender_kid.len ? clients_credential(x->clients, CREDENTIALS_BY_SKI, sender_kid,
						    x->call->now_ms)
			       : NULL;

	return c ? octets_view(&c->row->content) : BYTES_NULL;
}

static int certs_digest(struct examination *x)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, digest_by_nid(NID_sha256), NULL) == 1;

	for (size_t i = 0; ok && i < x->n_certs; i++)
		ok = EVP_DigestUpdate(ctx, x->certs[i].data, x->certs[i].len) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, x->among, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : log_fault("digest of extraCerts", -EIO, NULL);
}

static int holder_find(struct examination *x, struct sought *sought,
		       struct cmf_principal *principalp, struct cmf_signer **signerp)
{
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *entry = NULL;
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	struct bytes configured;
	int err;

	x->conf = x->call->cmf->conf;
	err = clients_get(x->call->cmf, x->call->reader, &clients);
	if (err < 0)
		return err;
	x->clients = clients;
	if (x->n_certs == 0) {
		configured = configured_certificate(x, sought->sender_kid);
		if (configured.len == 0)
			return refuse(x->call->refusal, REFUSAL_signer_missing);
		x->certs = &configured;
		x->n_certs = 1;
	}
	err = certs_digest(x);
	if (err == 0)
		err = signer_entry_find(x, sought, &entry);
	if (err == 0)
		err = sender_check(sought, entry, x->call->refusal);
	if (err == 0)
		err = principal_dup(&entry->principal, principalp);
	if (err == 0)
		*signerp = TAKE(entry);
	return err;
}

EVP_PKEY *cmf_signer_key(const struct cmf_signer *signer)
{
	return signer->verifier.key;
}

const struct signature_verifier *cmf_signer_verifier(const struct cmf_signer *signer)
{
	return &signer->verifier;
}

struct bytes cmf_signer_path(const struct cmf_signer *signer)
{
	return octets_view(&signer->path);
}

void cmf_signer_remember(struct cmf *cmf, struct cmf_signer *signer)
{
	if (signer->kept)
		return;
	if (!signer->kem)
		signature_verifier_prepare(&signer->verifier);
	signer_cache_put(cmf->signers, signer);
}

int cmf_signer_find(const struct cmf_call *call, struct bytes sender_dn, struct bytes sender_kid,
		    const struct bytes *certs, size_t n_certs, const struct cmf_gate *gate,
		    struct cmf_principal *principalp, struct cmf_signer **signerp)
{
	_cleanup_(sought_clear) struct sought sought = {.sender_dn = sender_dn,
							.sender_kid = sender_kid};
	struct examination x = {.call = call, .certs = certs, .n_certs = n_certs, .gate = gate};

	return holder_find(&x, &sought, principalp, signerp);
}

int cmf_kem_holder_find(const struct cmf_call *call, struct bytes sender_dn,
			struct bytes sender_kid, const struct bytes *certs, size_t n_certs,
			const struct cmf_gate *gate, struct cmf_principal *principalp,
			struct cmf_signer **signerp)
{
	_cleanup_(sought_clear) struct sought sought = {.sender_dn = sender_dn,
							.sender_kid = sender_kid};
	struct examination x = {
		.call = call, .certs = certs, .n_certs = n_certs, .gate = gate, .kem = true};

	return holder_find(&x, &sought, principalp, signerp);
}

/* --- TLS clients --- */

/* For so long a refusal is remembered. */
enum { REFUSED_MS = 10000 };

/* The gate of cmf_tls_client_find(): work that was done lately is not done again. */
struct tls_gate {
	const struct examination *x;
	bool passed; /* it was a stranger's, and nothing was remembered */
};

static int tls_gate_open(void *arg, struct bytes digest, struct refusal *refusal)
{
	struct tls_gate *gate = arg;
	const struct examination *x = gate->x;
	int err = signer_refused_find(x->call->cmf->tls_refused, x->among, x->clients->generation,
				      x->call->now_ms, refusal);

	gate->passed = err == 0;
	return err;
}

static void tls_refusal_keep(const struct examination *x, const struct certificate_view *view)
{
	int64_t from_ms = x->call->now_ms, until_ms = from_ms + REFUSED_MS;

	if (view->not_before_ms > from_ms && view->not_before_ms < until_ms)
		until_ms = view->not_before_ms;
	clients_unchanged(x->clients, x->call->now_ms, &from_ms, &until_ms);
	signer_refused_keep(x->call->cmf->tls_refused, x->among, x->clients->generation, from_ms,
			    until_ms, x->call->refusal);
}

/* The handshake has proven that the peer has the key of the first one, and of no other. */
static int tls_entry_find(struct examination *x, struct cmf_signer **entryp)
{
	struct tls_gate gate = {.x = x};
	const struct cmf_gate open = {tls_gate_open, &gate};
	struct certificate_view view;
	int err;

	if (x->n_certs == 0)
		return refuse(x->call->refusal, REFUSAL_signer_missing);
	if (certificate_view(x->certs[0], &view) < 0)
		return refuse(x->call->refusal, REFUSAL_signer_malformed);
	err = certs_digest(x);
	if (err < 0)
		return err;
	x->gate = &open;
	err = signer_entry_of(x, &view, entryp);
	if (err == REFUSED && gate.passed)
		tls_refusal_keep(x, &view);
	return err;
}

int cmf_tls_client_find(const struct cmf_call *call, const struct bytes *certs, size_t n_certs,
			struct cmf_principal *principalp)
{
	struct examination x = {
		.call = call, .conf = call->cmf->conf, .certs = certs, .n_certs = n_certs};
	_cleanup_(cmf_signer_unrefp) struct cmf_signer *entry = NULL;
	_cleanup_(clients_unrefp) struct clients *clients = NULL;
	int err = clients_get(call->cmf, call->reader, &clients);

	if (err < 0)
		return err;
	x.clients = clients;
	err = tls_entry_find(&x, &entry);
	if (err == 0 && !entry->tls_client)
		err = refuse(call->refusal, REFUSAL_signer_not_for_tls);
	if (err == 0)
		err = principal_dup(&entry->principal, principalp);
	if (err == 0)
		cmf_signer_remember(call->cmf, entry);
	return err;
}
