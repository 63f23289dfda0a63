// SPDX-License-Identifier: Apache-2.0
/*
 * An upstream CA in memory: OpenSSL's CMP server behind a transfer function that can lose messages.
 * Like a real one, and unlike OpenSSL's alone, it answers the same octets with the same answer.
 */
#pragma once

#include "../../src/ca/upstream/transport.h"
#include "ca_fixture.h"

#include <openssl/cmp.h>

/*
 * upstream_wait, within which an answer comes that is to come: a machine may be slow. The pauses,
 * upstream_retry and checkAfter, are longer, so that no worker waits for their end: it leaves, and
 * the test comes again with the clock set forward.
 */
enum { MOCK_PATIENCE_MS = 60 * 1000, MOCK_PAUSE_MS = MOCK_PATIENCE_MS + 1000 };

enum mock_loss { MOCK_LOSE_NOTHING, MOCK_LOSE_REQUEST, MOCK_LOSE_ANSWER };

struct mock_exchange {
	struct octets request;
	struct octets answer;
};

struct upstream_mock {
	struct ca_fixture *f;
	struct request_fixture rq;
	OSSL_CMP_SRV_CTX *server;
	EVP_PKEY *server_key;
	X509 *server_cert;
	const char *server_roles; /* its extendedKeyUsage; mock_certify() after a change */
	EVP_PKEY *ra_key;
	X509 *ra_cert;
	OSSL_CMP_MSG *polled; /* the request that waits */

	/* What it does. */
	int polls;           /* times that it says: later */
	int check_after_s;   /* when it says that */
	bool reject;         /* requests, with failinfo */
	bool fail;           /* requests, with an error message */
	bool other_key;      /* issues for another key than the one asked for */
	bool other_ca;       /* issues with another CA key */
	const char *serial;  /* of what it issues, in hex; NULL: a short one */
	const char *subject; /* likewise, "/CN=name"; NULL: the one that was asked for */
	const char *san;     /* as in openssl.cnf; NULL: likewise */
	bool ca_true;        /* basicConstraints of what it issues */
	const char *mods;    /* the text of grantedWithMods; NULL: accepted */
	int rr_status;       /* PKIStatus of rp, with failinfo */
	bool rr_failinfo;    /* rp has the failInfo also with another status than rejection */
	int failinfo;        /* bit */
	bool unreachable;    /* connections are refused */
	bool not_found;      /* HTTP 404 */
	bool forget;         /* knows nothing of repetitions */
	bool forge;          /* one octet of the answer is changed */
	size_t forge_at;     /* which one; 0: in the middle */
	bool bare;           /* answers without extraCerts */
	size_t cut_to;       /* the answer ends after so many octets; 0: whole */
	int lose_at;         /* the n-th transfer, from 1 on */
	enum mock_loss lose;
	void (*before)(struct upstream_mock *m); /* each transfer, on its thread */

	/* What happened. */
	int transfers;
	int issued;
	int confirmed;
	int refused; /* certConf with a rejection */
	int revoked;
	X509 *cert; /* issued last */
	struct mock_exchange seen[64];
	size_t n_seen;
};

/* Credentials by signature, or by MAC; sets f->conf_ca to it. */
void mock_begin(struct upstream_mock *m, struct ca_fixture *f, bool mac);
void mock_end(struct upstream_mock *m);
/* The transfer function; arg is the mock. Not for several threads at once but for what `before`
 * does. */
int mock_transfer(void *arg, const struct ca_transfer_options *options, struct bytes request,
		  struct octets *answerp);
/* The server gets another certificate, of the same key. */
void mock_certify(struct upstream_mock *m, const char *roles);
/* Loads the CA and points it to the mock. */
void mock_load(struct upstream_mock *m);
/* As after a crash of ours; the upstream goes on. */
void mock_restart(struct upstream_mock *m);

/* What cmf/ does with a request: the certificate REQUESTED and its exchange, in one unit. */
int64_t mock_ask(struct upstream_mock *m);
/* That of the entity whose names the requests have: in the store, or put into the unit. */
int64_t mock_registration(struct upstream_mock *m);
/* ca_upstream_run() */
void mock_run(struct upstream_mock *m, int64_t id);
void check_state(struct upstream_mock *m, int64_t id, enum store_certificate_state expected);
void check_exchange(struct upstream_mock *m, int64_t id, enum store_exchange_kind kind,
		    enum store_exchange_state expected);
/* ca_upstream_failinfo() */
void check_failinfo(struct upstream_mock *m, int64_t id, int expected);
/* Serial numbers of other CAs, RFC 5280 4.1.2.2: at most 20 octets, and what there is beside. */
extern const char *const mock_serials[];
extern const size_t mock_serials_len;
/* What a CA makes of a request, and what is to become of it. */
struct mock_change {
	const char *subject, *san;
	bool ca_true, exact; /* upstream_subject = exact */
	const char *mods;
	enum refusal_reason reason; /* NONE: granted */
	const char *words;          /* for the client, beside `mods`; NULL: none */
};
extern const struct mock_change mock_changes[];
extern const size_t mock_changes_len;
/* Sets mock and configuration. */
void mock_change(struct upstream_mock *m, const struct mock_change *change);
/* What becomes of the certificate is as the change says. with_mods: the text of the upstream, too.
 */
void check_change(struct upstream_mock *m, int64_t id, const struct mock_change *change,
		  bool with_mods);
/* ca_upstream_failinfo() */
enum refusal_reason reason_of(struct upstream_mock *m, int64_t id);
/* One that is refused: it does not fit. */
#define MOCK_SERIAL_TOO_LONG "01020304050607080910111213141516171819202122232425262728293031323334"
/* The certificate in the store is the one that the upstream issued, and it is its only one. */
void check_granted(struct upstream_mock *m, int64_t id);
