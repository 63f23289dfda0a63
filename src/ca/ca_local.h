// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of ca/ share: the CA and its two kinds. Private to src/ca and its unit tests.
 */
#pragma once

#include "asn1/der.h"
#include "asn1/key_update.h"
#include "asn1/signer.h"
#include "asn1/x509.h"
#include "ca.h"

#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>

DEFINE_CLEANUP(X509, X509_free);
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free);

static inline void x509_stackp(STACK_OF(X509) * *stackp)
{
	sk_X509_pop_free(*stackp, X509_free);
}

/* From root_new_with_new, root_new_with_old, root_old_with_new; the last may be empty. */
struct root_update {
	X509 *link; /* newWithOld; NULL: there is no update */
	struct octets new_with_new;
	struct octets new_with_old;
	struct octets old_with_new;
};

/* What one certificate of the path allows below it; NULL: everything. */
struct path_link {
	NAME_CONSTRAINTS *names;
	EXTENDED_KEY_USAGE *purposes;
};

/* The issuing certificate and what stands above it, from `certificate` and `chain`. */
struct chain {
	STACK_OF(X509) * certs; /* issuing CA first; with the root if it is known */
	EVP_PKEY *key;          /* public key of the issuing CA; borrowed from it */
	struct octets *der;     /* of certs without the root; then the link from an old root */
	struct bytes *view;
	size_t len;
	struct octets root;
	struct octets issuer; /* Name of the issuing CA */
	struct root_update update;
	int64_t not_before_ms; /* of the issuing certificate */
	int64_t not_after_ms;
	struct path_link *link; /* of each of certs */
	int64_t path_end_ms;    /* the earliest end of all of them */
};

/* Everything of an internal CA that is the same in each certificate is encoded once. */
struct internal {
	_Atomic(struct signer *) signer; /* NULL: its key cannot be used; see unfit of the CA */
	EVP_MD *key_id_digest;
	struct octets aki_der; /* whole Extension; likewise below */
	struct octets crl_distribution_points;
	struct octets authority_info_access;
	pthread_mutex_t publish;
	int64_t published; /* CRLNumber in crl_directory; 0: not known */
};

/* The newest CRL, in memory once. */
struct crl_memory {
	/*
	 * Held while one is made or read from the store, so that its octets are not several times
	 * in memory while they come to be. Only who needs that very CRL waits.
	 */
	pthread_mutex_t make;
	pthread_mutex_t lock; /* of what is below; never across work */
	int64_t id, number;
	struct shared *der; /* NULL: nobody has asked yet */
};

struct upstream;

struct ca_set {
	struct store *store;
	const struct clock_source *clock;
	struct metrics *metrics;
	struct ca *item;
	size_t len;
};

struct ca {
	const struct ca_set *set;
	const struct conf_ca *conf;
	struct chain chain;
	struct internal *internal; /* exactly one of the two */
	struct upstream *upstream;
	struct crl_memory crl;
	char *unfit;      /* why its key could not be used when it was loaded; NULL: it could */
	int64_t tried_ms; /* when that was tried last; of housekeeping */
};

/* problem.c: appends "[ca NAME] key: ..." and the newest error of OpenSSL, if any, as one line;
 * -EINVAL. */
int ca_problem(struct strbuf *problems, const struct conf_ca *conf, const char *key,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* chain.c. A problem is a line and -EINVAL. */
_must_check_ int chain_load(const struct conf_ca *conf, struct chain *chain,
			    struct strbuf *problems);
void chain_clear(struct chain *chain);
/* Whether the issuing CA of the chain has signed it. */
bool chain_has_issued(const struct chain *chain, X509 *cert);

/* path.c: link and path_end_ms. */
_must_check_ int path_load(struct chain *chain);
void path_clear(struct chain *chain);

/* root_update.c: behind the rest of the chain. */
_must_check_ int root_update_load(const struct conf_ca *conf, struct chain *chain,
				  struct strbuf *problems);
void root_update_clear(struct root_update *update);

/* internal/issue.c */
_must_check_ int internal_new(const struct ca *ca, struct internal **internalp);
void internal_free(struct internal *internal);
/* Its key, after the rest. -EINVAL with a problem: it cannot be used. */
_must_check_ int internal_key_load(struct ca *ca, struct strbuf *problems);

/* internal/extensions.c: encodes aki, crl_distribution_points and authority_info_access. */
_must_check_ int internal_extensions_encode(const struct ca *ca, struct internal *internal);

/* Puts the Extension with the request's san in front of what is written. */
void extension_put_san(struct der_writer *w, const struct ca_request *request);

/*
 * internal/crl_encode.c: a CRL of that number and those times, with the certificates that are to be
 * listed after the CRL `before` (0: there was none); *np: how many.
 */
_must_check_ int crl_encode(const struct ca *ca, const struct store_crl *row,
			    const struct store_crl *before, struct store_reader *reader,
			    struct octets *derp, size_t *np);

/* internal/crl.c: makes a CRL if one is due; the newest one comes to crl_directory. */
_must_check_ int crl_housekeeping(struct ca *ca, struct store_reader *reader,
				  struct store_unit *unit);
_must_check_ int crl_upkeep(struct ca *ca, struct store_reader *reader);

/* upstream/run.c, load.c, finish.c */
_must_check_ int upstream_new(const struct ca *ca, struct upstream **upstreamp,
			      struct strbuf *problems);
void upstream_free(struct upstream *upstream);
/* As internal_key_load(). */
_must_check_ int upstream_key_load(struct ca *ca, struct strbuf *problems);
_must_check_ int upstream_revoke_add(const struct ca *ca, const struct store_certificate *cert,
				     enum store_certificate_state to, int reason,
				     struct store_unit *unit);
_must_check_ int upstream_housekeeping(struct ca *ca, struct store_reader *reader,
				       struct store_unit *unit);
