// SPDX-License-Identifier: Apache-2.0
/* The set of all CAs, what both kinds share, and the choice between them. See ca.h. */
#include "ca.h"

#include "asn1/der.h"
#include "ca_local.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/err.h>
#include <string.h>

/* A key that cannot be used is tried again after that time. */
enum { KEY_RETRY_MS = 10 * 1000 };

/* --- the set --- */

static int key_load(struct ca *ca, struct strbuf *problems)
{
	return ca->internal ? internal_key_load(ca, problems) : upstream_key_load(ca, problems);
}

/* A key that cannot be used is no reason not to serve: the CA does nothing, and it is told. */
static int key_load_or_note(struct ca *ca)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	int err = key_load(ca, &problems);

	ca->tried_ms = clock_now_ms(ca->set->clock);
	if (err != -EINVAL || !problems.text)
		return err;
	ca->unfit = strbuf_take(&problems);
	ca->unfit[strcspn(ca->unfit, "\n")] = '\0';
	return 0;
}

/* A token may have been away, or a file is there by now. */
static void key_retry(struct ca *ca)
{
	_cleanup_(strbuf_clear) struct strbuf problems = STRBUF_NULL;
	int64_t now_ms = clock_now_ms(ca->set->clock);

	if (ca_is_fit(ca) || now_ms < ca->tried_ms + KEY_RETRY_MS)
		return;
	ca->tried_ms = now_ms;
	if (key_load(ca, &problems) == 0)
		log_event(LOG_LEVEL_INFO, "ca_key", F_TEXT("ca", ca->conf->name),
			  F_TEXT("effect", "its key can be used now"));
	ERR_clear_error();
}

static int ca_load(struct ca *ca, struct strbuf *problems)
{
	int err = chain_load(ca->conf, &ca->chain, problems);

	if (err < 0)
		return err;
	if (ca->chain.path_end_ms < clock_now_ms(ca->set->clock))
		log_event(LOG_LEVEL_WARNING, "ca certificate has expired",
			  F_TEXT("ca", ca->conf->name));
	err = ca->conf->type == CONF_CA_INTERNAL ? internal_new(ca, &ca->internal)
						 : upstream_new(ca, &ca->upstream, problems);
	return err < 0 ? err : key_load_or_note(ca);
}

static void warnings_log(const struct ca *ca, const struct conf *conf)
{
	_cleanup_(strbuf_clear) struct strbuf lines = STRBUF_NULL;
	char *next, *line;

	ca_path_warnings(ca, conf, &lines);
	next = lines.text;
	while (next && (line = strsep(&next, "\n"))) {
		if (*line)
			log_event(LOG_LEVEL_WARNING, "ca path", F_TEXT("problem", line));
	}
}

int ca_set_new(const struct conf *conf, struct store *store, const struct clock_source *clock,
	       struct metrics *metrics, struct ca_set **setp, struct strbuf *problems)
{
	_cleanup_(ca_set_freep) struct ca_set *set = calloc(1, sizeof(*set));
	int err = 0;

	if (!set)
		return -ENOMEM;
	*set = (struct ca_set){.store = store, .clock = clock, .metrics = metrics};
	set->item = calloc(conf->n_cas + 1, sizeof(*set->item));
	if (!set->item)
		return -ENOMEM;
	/* Before there are threads: it is not safe later. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return log_fault("starting libcurl", -ENOMEM, NULL);
	set->len = conf->n_cas;
	for (size_t i = 0; i < set->len; i++) {
		struct ca *ca = &set->item[i];
		int loaded;

		ca->set = set;
		ca->conf = &conf->cas[i];
		pthread_mutex_init(&ca->crl.make, NULL);
		pthread_mutex_init(&ca->crl.lock, NULL);
		loaded = ca_load(ca, problems);
		if (loaded == 0)
			warnings_log(ca, conf);
		/* A fault says more than a problem of the configuration. */
		if (loaded < 0 && (err == 0 || loaded != -EINVAL))
			err = loaded;
	}
	if (err == 0)
		*setp = TAKE(set);
	return err;
}

void ca_set_free(struct ca_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->len; i++) {
		internal_free(set->item[i].internal);
		upstream_free(set->item[i].upstream);
		chain_clear(&set->item[i].chain);
		free(set->item[i].unfit);
		shared_unref(set->item[i].crl.der);
		pthread_mutex_destroy(&set->item[i].crl.make);
		pthread_mutex_destroy(&set->item[i].crl.lock);
	}
	free(set->item);
	free(set);
}

struct ca *ca_find(struct ca_set *set, const char *name)
{
	for (size_t i = 0; i < set->len; i++) {
		if (strcmp(set->item[i].conf->name, name) == 0)
			return &set->item[i];
	}
	return NULL;
}

size_t ca_count(const struct ca_set *set)
{
	return set->len;
}

struct ca *ca_at(struct ca_set *set, size_t i)
{
	return i < set->len ? &set->item[i] : NULL;
}

const char *ca_name(const struct ca *ca)
{
	return ca->conf->name;
}

bool ca_is_upstream(const struct ca *ca)
{
	return ca->upstream != NULL;
}

/* --- certificates of the CA --- */

size_t ca_chain(const struct ca *ca, const struct bytes **certsp)
{
	*certsp = ca->chain.view;
	return ca->chain.len;
}

struct bytes ca_root(const struct ca *ca)
{
	return octets_view(&ca->chain.root);
}

int ca_certificates_push(const struct ca *ca, STACK_OF(X509) * certs)
{
	const struct chain *chain = &ca->chain;
	int err = 0;

	for (int i = 0; i < sk_X509_num(chain->certs) && err == 0; i++)
		err = x509_push_ref(certs, sk_X509_value(chain->certs, i));
	return err == 0 && chain->update.link ? x509_push_ref(certs, chain->update.link) : err;
}

const X509_ALGOR *ca_signature_algorithm(const struct ca *ca)
{
	const struct signer *signer = ca->internal ? ca->internal->signer : NULL;

	return signer ? signer_algorithm(signer) : NULL;
}

struct bytes ca_issuer(const struct ca *ca)
{
	return octets_view(&ca->chain.issuer);
}

struct ca *ca_next_by_issuer(struct ca_set *set, struct bytes issuer, const struct ca *after)
{
	for (size_t i = after ? (size_t)(after - set->item) + 1 : 0; i < set->len; i++) {
		if (bytes_equal(octets_view(&set->item[i].chain.issuer), issuer))
			return &set->item[i];
	}
	return NULL;
}

/* The content of the signature's BIT STRING, without the octet that counts unused bits. */
static int signature_of(const struct certificate_view *cert, struct bytes *signaturep)
{
	struct bytes in = cert->der, outer, tlv;
	uint8_t tag;

	if (der_next(&in, &tag, &tlv, &outer) < 0 || der_next(&outer, &tag, &tlv, &in) < 0 ||
	    der_next(&outer, &tag, &tlv, &in) < 0 || der_next(&outer, &tag, &tlv, signaturep) < 0 ||
	    tag != V_ASN1_BIT_STRING || signaturep->len < 1)
		return -EBADMSG;
	signaturep->data++;
	signaturep->len--;
	return 0;
}

int ca_verify(const struct ca *ca, const struct certificate_view *cert)
{
	const uint8_t *der = cert->signature_algorithm.data;
	enum signature_result result = SIGNATURE_WRONG;
	struct bytes signature;
	X509_ALGOR *algorithm;
	int err;

	if (!bytes_equal(cert->issuer, octets_view(&ca->chain.issuer)) ||
	    signature_of(cert, &signature) < 0)
		return 1;
	algorithm = d2i_X509_ALGOR(NULL, &der, (long)cert->signature_algorithm.len);
	if (!algorithm) {
		ERR_clear_error();
		return 1;
	}
	err = signature_verify(ca->chain.key, algorithm, cert->tbs, signature, &result);
	X509_ALGOR_free(algorithm);
	if (err < 0)
		return log_fault("verifying a certificate", err, ca->conf->name);
	return result == SIGNATURE_OK ? 0 : 1;
}

/* --- the choice between the two kinds --- */

int ca_revoke(struct ca *ca, const struct store_certificate *cert, enum store_certificate_state to,
	      int reason, struct store_unit *unit)
{
	if (ca->upstream)
		return upstream_revoke_add(ca, cert, to, reason, unit);
	if (to == STORE_CERT_ACTIVE)
		return store_certificate_release(unit, cert->id, cert->state,
						 clock_now_ms(ca->set->clock));
	return store_certificate_revoke(unit, cert->id, cert->state, to, reason,
					clock_now_ms(ca->set->clock));
}

int ca_upkeep(struct ca *ca, struct store_reader *reader)
{
	key_retry(ca);
	return ca->internal ? crl_upkeep(ca, reader) : 0;
}

int ca_housekeeping(struct ca *ca, struct store_reader *reader, struct store_unit *unit)
{
	key_retry(ca);
	/* Nothing can be signed; what waits for it goes on waiting. */
	if (!ca_is_fit(ca))
		return 0;
	return ca->upstream ? upstream_housekeeping(ca, reader, unit)
			    : crl_housekeeping(ca, reader, unit);
}
