// SPDX-License-Identifier: Apache-2.0
/*
 * The configuration: cmf.cnf, in OpenSSL's configuration syntax (NCONF), read into typed structs.
 * One table in src/conf/keys.c lists every key with type, default, whether a reload may change it,
 * and a line of help; it drives parsing, the check for unknown keys, --print-config and
 * docs/configuration.md. Relative file names are taken from the directory of the file.
 * A struct conf is immutable once loaded.
 */
#pragma once

#include "base/bytes.h"
#include "base/cert_type.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/strbuf.h"

#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A list of strings from a comma-separated value. */
struct conf_list {
	char **item;
	size_t len;
};

bool conf_list_has(const struct conf_list *list, const char *text);

/* A distinguished name, as written and as parsed by asn1/dn.h; both NULL: not set. */
struct conf_dn {
	char *text;
	X509_NAME *name;
};

/* An address and port from "host:port", "[v6]:port" or "unix:/path". */
struct conf_address {
	char *host; /* numeric address, or the path for unix */
	uint16_t port;
	bool is_unix;
};

struct conf_addresses {
	struct conf_address *item;
	size_t len;
};

/* An address range, "10.0.0.0/8" or "fd00::/8". */
struct conf_ip_range {
	uint8_t address[16];
	uint8_t address_len; /* 4 or 16 octets */
	uint8_t prefix_len;  /* bits */
};

struct conf_ip_ranges {
	struct conf_ip_range *item;
	size_t len;
};

/* Whether it can be reached from this machine only. */
bool conf_address_is_loopback(const struct conf_address *address);

/* Whether an address, 4 or 16 octets, lies in one of them. */
bool conf_ip_ranges_have(const struct conf_ip_ranges *ranges, struct bytes address);

/* Milliseconds. */
struct conf_durations {
	int64_t *ms;
	size_t len;
};

/* [server]: listeners, limits, threads. */
struct conf_server {
	struct conf_addresses listen;     /* plain HTTP */
	struct conf_addresses listen_tls; /* HTTPS; needs tls_certificate and tls_key */
	struct conf_addresses listen_nfv; /* of the JSON door alone; HTTPS if tls_certificate */
	struct conf_addresses listen_metrics;
	struct conf_addresses explain_listen;
	struct conf_list paths; /* of CMP, beside the standard's; may end in "<profile>" */
	struct conf_ip_ranges proxy_protocol_from; /* load balancers; their PROXY header counts */
	char *admin_socket;                        /* path of the Unix-domain socket of cmfctl */
	uint32_t admin_socket_mode;
	char *tls_certificate; /* PEM chain */
	char *tls_key;
	char *tls_passphrase_file;
	char *tls_client_ca;                  /* a hint to clients which certificate to send */
	uint32_t io_threads;                  /* 1 */
	uint32_t workers;                     /* 32 */
	uint32_t queue_max;                   /* 1024 waiting requests */
	uint32_t body_max;                    /* octets, 65536 */
	uint32_t json_body_max;               /* octets, 12 MiB; of the JSON door */
	uint32_t json_page_size;              /* 100 items, at most 100 */
	uint32_t header_max;                  /* octets, 8192 */
	int64_t idle_timeout_ms;              /* 60 s */
	int64_t request_timeout_ms;           /* 30 s, first to last octet of a request */
	uint32_t connections_max;             /* in all, 4096 */
	uint32_t connections_max_per_address; /* 256 */
	int64_t drain_timeout_ms;             /* SIGTERM: wait that long for running requests */
};

/* [log] */
struct conf_log {
	enum log_format format;
	enum log_level level;
};

/* Whether a database server must have standbys. */
enum conf_replication { CONF_REPLICATION_REQUIRED, CONF_REPLICATION_NONE };

/* [store] */
struct conf_store {
	char *database;     /* path of the SQLite file, or postgresql:// URL */
	int64_t timeout_ms; /* of a database server, 5 s */
	enum conf_replication replication;
	char *node;           /* its name among those that serve the database; NULL: by its host */
	int64_t lease_ms;     /* a node that has not been heard of for so long is gone, 10 s */
	char *secret_key;     /* file with 32 octets of key as hex: encrypts MAC secrets */
	char *secret_key_old; /* the one before; NULL: beside it, with ".old", if there is one */
	uint32_t batch_max;   /* write sets per COMMIT, 64 */
	int64_t commit_delay_ms;          /* 1 ms: under load a COMMIT waits for more write sets */
	int64_t transaction_retention_ms; /* how long ended transactions are kept, 1 h */
};

/* [retention]: 0 is for ever. */
struct conf_retention {
	int64_t transactions_ms;  /* in place of store.transaction_retention_ms; 0: that one */
	int64_t certificates_ms;  /* after notAfter */
	int64_t registrations_ms; /* after their end */
	int64_t audit_ms;         /* of lines of the audit */
};

/* The facility of the system's log. */
enum conf_syslog {
	CONF_SYSLOG_NONE,
	CONF_SYSLOG_AUTH,
	CONF_SYSLOG_AUTHPRIV,
	CONF_SYSLOG_DAEMON,
	CONF_SYSLOG_USER,
	CONF_SYSLOG_LOCAL0, /* the others of local0 to local7 follow */
};

/* [audit]: where lines of the audit are written to, beside the database. NULL: nowhere. */
struct conf_audit {
	char *file; /* appended to */
	enum conf_syslog syslog;
	char *syslog_socket;
	char *heads;               /* directory: a file each time */
	int64_t heads_interval_ms; /* 1 h */
};

/* [protection]: the CMF's own credential and what it accepts. */
struct conf_protection {
	char *certificate; /* PEM: own certificate, then its chain without the root */
	char *key;         /* PEM file or OpenSSL STORE URI */
	char *passphrase_file;
	char *encryption_certificate; /* PEM; for whose key clients encrypt; NULL: none */
	char *encryption_key;
	char *encryption_passphrase_file;
	char *kga_certificate; /* PEM, with its chain: signs generated keys; NULL: none are */
	char *kga_key;
	char *kga_passphrase_file;
	uint32_t mac_iterations_min;    /* 100, RFC 9045 */
	uint32_t mac_iterations_max;    /* 100000 */
	uint32_t mac_key_length_max;    /* octets; 64 */
	uint32_t stranger_cpu_share;    /* percent, 25 */
	uint32_t kem_secrets_max;       /* unused ones */
	uint32_t rsa_bits_min;          /* 2048 */
	uint32_t ec_bits_min;           /* 256 */
	uint32_t digest_bits_min;       /* 224 */
	uint64_t signature_algorithms;  /* signature_algorithm_bit(); 0: all */
	uint64_t mac_algorithms;        /* mac_algorithm_bit(); never 0 */
	int64_t message_time_window_ms; /* 300 s; 0: messageTime not checked */
	bool check_recipient;           /* a name that is no CA's of ours is refused */
	uint32_t extra_certs_max;       /* 32 */
};

/* Certificate requests in one message: the most that can be configured. */
enum { CONF_REQUESTS_MAX = 100 };

/* [cmf] */
struct conf_cmf {
	int64_t confirm_wait_ms;        /* 300 s */
	bool implicit_confirm;          /* allowed at all; a profile may forbid it */
	struct conf_list ca_rules;      /* names of [ca_rule NAME], first match wins */
	char *default_ca;               /* where no rule matches; NULL: refused */
	bool deregister_on_cessation;   /* rr with cessationOfOperation deregisters the entity */
	uint32_t register_subjects_max; /* in one Register, 10000 */
	uint32_t announcements_max_per_client; /* kept, 1000 */
	uint32_t transactions_max_per_client;  /* open ones, 10000 */
	uint32_t requests_max;                 /* certificate requests in one message, 16 */
	uint32_t revocations_max;              /* certificates in one rr, 100 */
	uint32_t nested_max;                   /* messages in a nested one, 16 */
	uint32_t rsa_exponent_min;             /* of keys that are certified: 65537 */
	bool key_reuse;                        /* a key may be certified for several entities */
	int64_t expiry_warning_ms; /* before a certificate of the CMF's own ends, 30 d */
	/* Nonces for key attestation. */
	uint32_t nonce_length;          /* octets, 32 */
	int64_t nonce_lifetime_ms;      /* 10 min */
	uint32_t nonces_max_per_client; /* that are neither used nor expired, 1000 */
	char *nonce_request_oid;        /* infoTypes of genm and genp */
	char *nonce_response_oid;
};

enum conf_ca_type { CONF_CA_INTERNAL, CONF_CA_UPSTREAM };
/* How certificate requests reach an upstream CA, RFC 9483 5.2, 5.3. */
enum conf_forwarding {
	CONF_FORWARDING_REISSUE,
	CONF_FORWARDING_UNCHANGED,
	CONF_FORWARDING_ADDED,
	CONF_FORWARDING_REPLACED,
};

enum conf_upstream_request { CONF_UPSTREAM_CR, CONF_UPSTREAM_P10CR };
/* Whose answers from an upstream count. DEFAULT is AUTHORIZED that nobody has decided for. */
enum conf_upstream_signer {
	CONF_UPSTREAM_SIGNER_DEFAULT,
	CONF_UPSTREAM_SIGNER_AUTHORIZED,
	CONF_UPSTREAM_SIGNER_NAME,
};
/* How like what was asked for an upstream's certificate must be. */
enum conf_upstream_subject { CONF_UPSTREAM_SUBJECT_IDENTITY, CONF_UPSTREAM_SUBJECT_EXACT };

/* [ca NAME] */
struct conf_ca {
	char *name;
	enum conf_ca_type type;
	/* both */
	char *certificate; /* PEM: issuing certificate of this CA; for upstream used for the chain
			    */
	char *chain;       /* PEM: certificates from the issuer up to and with the root */
	/* PEM: the update from an old root; the first is that of the chain if not set */
	char *root_new_with_new;
	char *root_new_with_old;
	char *root_old_with_new;
	/* internal */
	char *key; /* PEM file or OpenSSL STORE URI */
	char *passphrase_file;
	char *digest;                             /* "sha256"; ignored for EdDSA */
	struct conf_list crl_distribution_points; /* URIs */
	struct conf_list aia_ca_issuers;          /* URIs */
	struct conf_list aia_ocsp;                /* URIs */
	int64_t crl_validity_ms;                  /* nextUpdate - thisUpdate, 7 d */
	int64_t crl_interval_ms;                  /* written at least that often, 1 d */
	int64_t crl_revocation_interval_ms;
	bool crl_on_revocation; /* a CRL is made before rp is sent */
	bool crl_in_answer;     /* and rp holds it */
	char *crl_directory;    /* <name>.crl is written here; NULL: served from the store only */
	int64_t backdate_ms;    /* notBefore lies that far back, 5 min: clock skew of verifiers */
	/* upstream */
	char *server_url; /* http:// or https:// with path */
	enum conf_upstream_request
		request; /* cr (raVerified) or p10cr (original PKCS#10 passed on) */
	enum conf_forwarding forwarding;
	bool forward_original; /* with REPLACED: origPKIMessage goes along */
	char *ra_certificate;  /* PEM, own credential towards the upstream, with chain */
	char *ra_key;
	char *ra_passphrase_file;
	char *ra_reference; /* or a MAC credential: reference and file with the secret */
	char *ra_secret_file;
	struct conf_dn recipient;     /* the upstream */
	struct conf_dn expect_sender; /* must have signed, pinned */
	char *trusted;                /* PEM: trust anchor of the upstream's protection, pinned */
	char *server_certificate;     /* PEM: certificates whose answers count, and no others */
	enum conf_upstream_signer upstream_signer;
	char *upstream_profile; /* certProfile sent upstream; NULL: none */
	enum conf_upstream_subject upstream_subject;
	char *tls_trusted;           /* PEM for https */
	int64_t upstream_wait_ms;    /* 2 s: then the client polls */
	int64_t upstream_timeout_ms; /* 1 d: then the request has failed */
	int64_t upstream_retry_ms;   /* 5 s between attempts on a dead upstream */
	uint32_t upstream_workers;   /* 8 */
};

/* [ca_rule NAME]: absent keys match everything. */
struct conf_ca_rule {
	char *name;
	bool has_cert_type;
	enum cert_type cert_type;
	char *trust_domain;
	char *profile;
	char *ca;
};

/* [events]: what subscribers are told, and how. */
struct conf_events {
	struct conf_durations expiring; /* before notAfter; empty: never */
	uint32_t subscriptions_max;     /* of one client; 0: none at all */
	uint32_t workers;
	int64_t retry_ms;
	/* Callbacks and token endpoints. */
	struct conf_ip_ranges callback_networks; /* beside all addresses of the Internet */
	char *tls_trusted;                       /* PEM; NULL: the system's */
	char *tls_certificate;                   /* of the CMF as a client; NULL: none */
	char *tls_key;
	char *tls_passphrase_file;
};

/* [trust_domain NAME]: what entities of the domain may have; absent keys do not limit it. */
struct conf_trust_domain {
	char *name;
	uint32_t cert_types;                /* 1 << enum cert_type; 0: all */
	struct conf_list subject_ids;       /* patterns, glob(7) */
	struct conf_list dns_suffixes;      /* host names: these, and all below them */
	struct conf_ip_ranges ip_addresses; /* beside those of the profile */
	struct conf_list cas;
	struct conf_list profiles;
	uint32_t registrations_max;      /* active ones; 0: any number */
	struct conf_list callback_hosts; /* of notifications, patterns; none: nowhere */
	bool shared_names; /* another domain under the same CA may have such suffixes, too */
};

/* Whether the VNFM gets an access token for its notifications. */
enum conf_callback_token { CONF_CALLBACK_TOKEN_NONE, CONF_CALLBACK_TOKEN_JWT };

/* How a new VNFCI proves in its first request that it is the registered one. */
enum conf_initial_credential {
	CONF_INITIAL_NONE, /* by a vendor certificate that its client has */
	CONF_INITIAL_SECRET,
	CONF_INITIAL_ATTESTATION,
};

/* What becomes of the certificates of a VNFC that is gone. */
enum conf_on_removed { CONF_ON_REMOVED_REVOKE, CONF_ON_REMOVED_HOLD, CONF_ON_REMOVED_KEEP };

/*
 * [vnfm NAME]: a VNF Manager whose VNFs are followed in direct mode (IFA 033 9.3). Its place among
 * the sections is the same in all configurations of a running server.
 */
struct conf_vnfm {
	char *name;
	char *api_root;     /* https, or http on loopback */
	char *trust_domain; /* of what it has */
	char *client;       /* may read what comes of it; NULL: the operator alone */
	/* Who we are towards it, and whom we trust. */
	char *oauth2_token_uri; /* NULL: no tokens */
	char *oauth2_client_id;
	char *oauth2_client_secret_file; /* NULL: the TLS certificate says who asks */
	char *user;                      /* basic authentication; NULL: none */
	char *password_file;
	char *tls_trusted; /* PEM; NULL: the system's */
	char *tls_certificate;
	char *tls_key;
	char *tls_passphrase_file;
	int64_t timeout_ms;        /* of one exchange, 30 s */
	struct conf_list vnfd_ids; /* only VNFs of these; none: all */
	/* Where it sends notifications to, and how it proves that it is the one. */
	char *callback_uri;
	struct conf_addresses callback_listen; /* for it alone; none: where CMP is */
	char *callback_user;                   /* basic authentication */
	char *callback_password_file;
	enum conf_callback_token callback_token;
	char *callback_oauth2_token_uri; /* where it gets its token from */
	char *callback_oauth2_client_id;
	char *callback_oauth2_client_secret_file;
	char *callback_certificate; /* PEM: its certificates as a TLS client */
	/* What its VNFCIs get. */
	char *profile;              /* where no rule says another */
	struct conf_list rules;     /* names of [vnfm_rule NAME], first match wins */
	struct conf_list dns_names; /* patterns: conf_dns_name_make() */
	enum conf_initial_credential initial_credential;
	char *initial_credential_dir;           /* NULL: secrets are fetched, not delivered */
	char *initial_credential_uri;           /* whom they are sent to; NULL: nobody */
	char *initial_credential_trusted;       /* PEM: whom we trust there; NULL: the system's */
	char *initial_credential_token_file;    /* bearer token; NULL: none */
	int64_t initial_credential_lifetime_ms; /* 1 d */
	enum conf_on_removed on_removed;
	int64_t hold_max_ms;        /* 1 d, of ON_REMOVED_HOLD */
	int64_t resync_interval_ms; /* 5 min */
	uint32_t resync_revoke_max; /* 100; 0: everything waits for the operator */
};

/* [vnfm_rule NAME]: absent keys match everything. */
struct conf_vnfm_rule {
	char *name;
	struct conf_list vnfd_ids;  /* patterns, glob(7) */
	struct conf_list vdu_ids;   /* likewise */
	bool exclude;               /* such VNFCIs are not registered */
	char *profile;              /* NULL: that of the VNFM */
	struct conf_list dns_names; /* none: those of the VNFM */
};

enum conf_key_kind { CONF_KEY_RSA, CONF_KEY_EC, CONF_KEY_ED25519, CONF_KEY_ED448, CONF_KEY_NAMED };

/* One allowed kind of key: "rsa:2048-4096", "ec:P-256", "ed25519", "x25519". */
struct conf_key_type {
	enum conf_key_kind kind;
	int curve_nid;     /* EC */
	int algorithm_nid; /* NAMED: of its AlgorithmIdentifier, which says all */
	uint32_t bits_min; /* RSA */
	uint32_t bits_max;
};

struct conf_key_types {
	struct conf_key_type *item;
	size_t len;
};

/* As in the configuration: "rsa:2048-4096, ec:P-256". */
void conf_key_types_write(const struct conf_key_types *types, struct strbuf *out);

/* What a dNSName may be, relative to the registered subjectId. */
enum conf_name_rule {
	CONF_NAME_NONE,             /* no such name */
	CONF_NAME_SUBJECT_ID,       /* exactly the subjectId */
	CONF_NAME_SUBJECT_ID_LABEL, /* the subjectId, or a name whose first label is the subjectId
				     */
	CONF_NAME_ANY,
};

/* What the subjectIds of a profile look like: any text, visible ASCII that needs no escapes
 * anywhere, or a host name. */
enum conf_subject_id_form {
	CONF_SUBJECT_ID_TEXT,
	CONF_SUBJECT_ID_PLAIN,
	CONF_SUBJECT_ID_HOST_NAME,
};

/* Private keys in the archive, RFC 4211 6.4. */
enum conf_archive_keys { CONF_ARCHIVE_NEVER, CONF_ARCHIVE_ALLOWED, CONF_ARCHIVE_ALWAYS };

/* What a request may choose of the extensions of its profile: nothing; less keyUsage and
 * extendedKeyUsage. */
enum conf_extensions_rule { CONF_EXTENSIONS_PROFILE, CONF_EXTENSIONS_SUBSET };

/* One precompiled extension of a profile. */
struct conf_extension {
	int nid;
	bool critical;
	uint8_t *der; /* the whole Extension SEQUENCE */
	size_t der_len;
	uint8_t *value; /* extnValue's content */
	size_t value_len;
};

#define CONF_URI_SUBJECT_ID   "<subjectId>"
#define CONF_URI_VNF_INSTANCE "<vnfInstanceId>"

/* [profile NAME]; a profile whose name is a certType is that certType's default. */
/* An OID as it was written, and its content octets. */
struct conf_oid {
	char *text;
	struct octets content;
};
void conf_oid_clear(struct conf_oid *oid);

/* Key attestation, IFA 033 11.2.1. */
enum conf_attestation_policy {
	CONF_ATTESTATION_IGNORE,  /* as if there were none */
	CONF_ATTESTATION_VERIFY,  /* one that comes must be good */
	CONF_ATTESTATION_REQUIRE, /* no certificate without a good one */
	CONF_ATTESTATION_FORWARD, /* an upstream CA judges it */
};
enum conf_attestation_nonce { CONF_ATTESTATION_NONCE_REQUIRE, CONF_ATTESTATION_NONCE_IGNORE };

/* Who verifies a type of statement. */
enum conf_attestation_kind {
	CONF_ATTESTATION_TPM2_CERTIFY,
	CONF_ATTESTATION_X509,
	CONF_ATTESTATION_EXTERNAL,
};
/* TCG's OID of statements of TPM2_Certify */
#define CONF_ATTESTATION_CERTIFY_OID "2.23.133.20.1"

struct conf_attestation_statements {
	struct conf_attestation_statement {
		struct conf_oid type;
		enum conf_attestation_kind kind;
	} * item;
	size_t len;
};

/* That an attestation certificate must have; an empty value: with any. */
struct conf_attestation_extensions {
	struct conf_attestation_extension {
		struct conf_oid oid;
		struct octets value; /* content of extnValue */
	} * item;
	size_t len;
};

struct conf_attestation {
	enum conf_attestation_policy policy;
	enum conf_attestation_nonce nonce;
	struct conf_attestation_statements statements;
	char *trusted; /* PEM: whom it trusts; NULL: those alone that registrations name */
	char *crls;    /* PEM; NULL: none are looked at, but for those of crl_urls */
	struct conf_list crl_urls;
	int64_t crl_refresh_ms; /* 1 h */
	struct conf_attestation_extensions extensions;
	/* Who verifies statements of the kind EXTERNAL. */
	char *verifier;         /* URL; NULL: nobody */
	char *verifier_trusted; /* PEM, for TLS; NULL: as the system has it */
	char *verifier_jwks;    /* file */
	char *verifier_issuer;
	int64_t verifier_timeout_ms; /* 5 s */
};

struct conf_profile {
	char *name;
	enum cert_type cert_type;
	int64_t validity_ms;     /* when the request asks for none */
	int64_t validity_max_ms; /* ceiling of what it may ask for */
	struct conf_key_types key_types;
	/* What is generated for requests without a key, the first by default; none: refused. */
	struct conf_key_types central_key_types;
	enum conf_archive_keys archive_keys;
	enum conf_subject_id_form subject_id_form;
	enum conf_name_rule common_name;
	struct conf_list
		subject_attributes; /* further RDN types a request may set: "O", "OU", ... */
	/* The attributes that say of which trust domain and VNF instance it is, as "O", "OU"; NULL:
	 * none does. */
	char *subject_trust_domain;
	char *subject_vnf_instance;
	enum conf_name_rule dns_names;
	bool vnfci_uri; /* SAN URI of the VNFCI may be asked for */
	/* Other URIs, by patterns: what is of the entity stands as CONF_URI_*, percent-encoded; `*`
	 * at the end: whatever follows. */
	struct conf_list uris;
	struct conf_ip_ranges ip_addresses;
	bool dns_name_from_subject_id; /* the subjectId is added as dNSName if not asked for */
	bool implicit_confirm;
	bool own_certificate_requests; /* the holder of one may ask for others of its entity */
	struct conf_attestation attestation;
	struct conf_dn
		cross_subject; /* the CA that it is for; NULL: no profile of cross-certificates */
	enum conf_extensions_rule extensions_rule;
	char *extension_section;
	struct conf_extension *extensions;
	size_t n_extensions;
};

/* The MAC of our answers to MAC-protected requests. */
enum conf_answer_mac { CONF_ANSWER_MAC_REQUEST, CONF_ANSWER_MAC_PASSWORD, CONF_ANSWER_MAC_PBMAC1 };

/* How sender fits the subject of the certificate that protects the message. */
enum conf_sender_match { CONF_SENDER_NAME, CONF_SENDER_OCTETS, CONF_SENDER_ANY };

/* What of the subject of its certificate says which entity a client is. */
enum conf_signer_entity {
	CONF_SIGNER_ENTITY_NONE,
	CONF_SIGNER_ENTITY_COMMON_NAME,
	CONF_SIGNER_ENTITY_SERIAL_NUMBER
};

/*
 * [client_policy NAME]: what holds for the clients that name it, narrower than [protection]. There
 * is always one named "default", for clients that name none, end entities and the operator.
 */
struct conf_client_policy {
	char *name;
	uint32_t mac_iterations_min; /* 0: as [protection] has it */
	uint32_t mac_iterations_max; /* 0: likewise */
	uint32_t mac_key_length_max; /* octets; 0: likewise */
	uint32_t rsa_bits_min;       /* 0: likewise */
	uint32_t ec_bits_min;        /* 0: likewise */
	uint32_t digest_bits_min;    /* 0: likewise */
	bool absent_subject;         /* signed certReq without subject is proof of possession */
	uint32_t live_certificates_per_entity; /* 10000; 0: any number */
	bool cmc_ra;                           /* id-kp-cmcRA in its certificate makes it an RA */
	bool message_time_required;            /* messages without one are refused */
	bool revoke_under_mac;                 /* rr under a shared secret */
	bool revoke_by_key;                    /* rr with subject and publicKey alone */
	bool vouches_for_pop;                  /* an RA: raVerified in what it approves */
	bool update_on_behalf;                 /* kur without the protection of the holder */
	bool confirm_on_behalf;                /* an RA: certConf for a kur of the holder */
	uint64_t mac_algorithms;       /* 0: likewise; else only those of [protection] count */
	uint64_t signature_algorithms; /* likewise */
	enum conf_answer_mac answer_mac;
	uint32_t answer_mac_iterations;
	bool enveloped_data_always; /* also to pvno 2 */
	bool pwri_kek;              /* wraps generated keys under a shared secret */
	bool bare_private_key;      /* generated: OneAsymmetricKey without the list around it */
	enum conf_sender_match sender_match;
	bool sender_kid_required;       /* where the certificate has a subjectKeyIdentifier */
	bool mac_sender_is_reference;   /* the CN of sender is senderKID */
	bool mac_reference_from_sender; /* without senderKID the CN of sender is the reference */
	bool signer_any_key_usage;      /* its certificate may lack digitalSignature */
	bool p10cr_accept_0; /* certReqId 0 in certConf and pollReq means that of p10cr */
	bool p10cr_answer_0; /* p10cr is answered under 0, not -1 */
	bool root_in_extra_certs;
	bool ca_pubs_when_signed;
	bool answer_signed; /* also to MAC-protected requests */
	bool implicit_confirm_no_value;
	bool cert_req_id_any;         /* of a single request; it is echoed */
	bool template_extras;         /* signingAlg, and serialNumber 0, in a template */
	bool issuer_unknown;          /* in a template: no wish */
	bool kur_same_key;            /* key update without another key */
	bool ecdsa_null_parameters;   /* of proofs of possession: tpm2-openssl */
	bool central_key_ra_verified; /* popo raVerified beside central key generation */
	enum conf_signer_entity entity_from_signer;
	struct conf_list register_on_ir_ids; /* patterns, glob(7); none: any */
};

/* [oauth2]: the authorisation server whose access tokens are taken; see token.h. */
struct conf_oauth2 {
	char *issuer; /* NULL: there is none, and no token is taken */
	char *audience;
	char *jwks_file; /* this or jwks_url */
	char *jwks_url;
	char *jwks_trusted; /* NULL: the system's trust anchors */
	int64_t jwks_refresh_ms;
	char *client_claim;
	int64_t leeway_ms; /* between its clock and ours */
};

struct conf {
	char *path; /* of the file, absolute */
	char *dir;  /* its directory, absolute */
	struct conf_server server;
	struct conf_log log;
	struct conf_store store;
	struct conf_retention retention;
	struct conf_audit audit;
	struct conf_protection protection;
	struct conf_cmf cmf;
	struct conf_oauth2 oauth2;
	struct conf_events events;
	struct conf_ca *cas;
	size_t n_cas;
	struct conf_ca_rule *ca_rules; /* in the order of cmf.ca_rules */
	size_t n_ca_rules;
	struct conf_profile *profiles;
	size_t n_profiles;
	struct conf_client_policy *client_policies; /* the one named "default" among them */
	size_t n_client_policies;
	struct conf_trust_domain *trust_domains;
	size_t n_trust_domains;
	struct conf_vnfm *vnfms;
	size_t n_vnfms;
	struct conf_vnfm_rule *vnfm_rules;
	size_t n_vnfm_rules;
};

/* Where the programs look for one, unless they are told otherwise. */
#define CONF_SYSTEM_PATH "/etc/cmfd/cmf.cnf"

/*
 * Loads and checks the file. All problems are collected, one line each ("[section] key: what is
 * wrong, what to do"), into `problems`. Returns 0, -EINVAL with problems, or another negative errno
 * (file unreadable; a problem line says so too).
 */
_must_check_ int conf_load(const char *path, struct conf **confp, struct strbuf *problems);
/*
 * The same for who needs to know no more than what it says: the files that it names are not looked
 * at, which the server may read alone, or which are to be made.
 */
_must_check_ int conf_load_names(const char *path, struct conf **confp, struct strbuf *problems);
/*
 * Where the operators' socket is, by a file that cannot be loaded: a cmfd that was started before
 * it had the problem answers there. *socketp is a new string. Returns 0, -ENOENT where the file
 * does not tell, or another negative errno.
 */
_must_check_ int conf_socket_guess(const char *path, char **socketp);
void conf_free(struct conf *conf);
DEFINE_CLEANUP(struct conf, conf_free);

enum conf_file_kind {
	CONF_FILE_OPEN,      /* certificates, lists: nothing secret */
	CONF_FILE_SECRET,    /* a private key, a passphrase, a shared secret */
	CONF_FILE_TOKEN,     /* no file: a URI, behind which the key stays */
	CONF_FILE_DIRECTORY, /* cmfd writes into it */
	CONF_FILE_MADE,      /* cmfd makes it: the database, a directory */
};

/* A file that the configuration names, borrowed from it. */
struct conf_file {
	const char *section; /* "ca issuing"; of the call alone */
	const char *key;
	const char *path; /* absolute; or the URI */
	enum conf_file_kind kind;
};
/* All that are set, in the order of keys.c; what is not 0 ends it, and is the result. */
typedef int conf_file_each(void *arg, const struct conf_file *file);
_must_check_ int conf_files(const struct conf *conf, conf_file_each *each, void *arg);
/*
 * Appends the text of a configuration with another value for that key in that section; the rest of
 * it stays as it is. -ENOENT: the section does not set it; -ENOMEM.
 */
_must_check_ int conf_text_set(const char *text, const char *section, const char *key,
			       const char *value, struct strbuf *out);

/* NULL if there is none of that name. */
const struct conf_ca *conf_ca_find(const struct conf *conf, const char *name);
const struct conf_profile *conf_profile_find(const struct conf *conf, const char *name);
/* The default profile of a certType, NULL if the configuration has none. */
const struct conf_profile *conf_profile_default(const struct conf *conf, enum cert_type type);

/* NULL as the name: the one named "default", which always exists. NULL: there is none. */
const struct conf_client_policy *conf_client_policy_find(const struct conf *conf, const char *name);

/* NULL: the domain has no section, and so no limits. */
const struct conf_trust_domain *conf_trust_domain_find(const struct conf *conf, const char *name);

/* NULL if there is none of that name. */
const struct conf_vnfm *conf_vnfm_find(const struct conf *conf, const char *name);
const struct conf_vnfm_rule *conf_vnfm_rule_find(const struct conf *conf, const char *name);
/* The first of the VNFM's rules that a VNFC of that vnfdId and vduId fits; NULL: none. */
const struct conf_vnfm_rule *conf_vnfm_rule_for(const struct conf *conf,
						const struct conf_vnfm *vnfm, const char *vnfd_id,
						const char *vdu_id);

/* What stands in a pattern of dNSNames for an identifier of the VNFC or of its VNF. */
enum conf_dns_id {
	CONF_DNS_SUBJECT_ID,
	CONF_DNS_VNF_INSTANCE,
	CONF_DNS_VNFD_ID,
	CONF_DNS_VDU_ID,
	CONF_DNS_IDS,
};
enum { CONF_DNS_NAME_SIZE = 254 };
/*
 * The name that a pattern gives for the identifiers (NULL: not known). False: none, for an
 * identifier that it needs is not known or no label of a host name (RFC 1123 2.1), or the name is
 * too long.
 */
bool conf_dns_name_make(const char *pattern, const char *const ids[CONF_DNS_IDS],
			char out[CONF_DNS_NAME_SIZE]);
/* A host name in which <subjectId> stands, and no two identifiers in one label. */
bool conf_dns_pattern_valid(const char *pattern);

/*
 * For SIGHUP: 0 if `next` differs from `now` only in keys that a reload may change; else -EPERM and
 * one line for each other key in `problems`.
 */
_must_check_ int conf_reload_check(const struct conf *now, const struct conf *next,
				   struct strbuf *problems);

/*
 * RLIMIT_NOFILE and connections_max: how many connections a limit has descriptors for, when as many
 * are left as files, other CAs and the operator need. At most connections_max.
 */
uint32_t conf_connections_possible(const struct conf *conf, uint64_t limit);
/* The limit that connections_max needs. */
uint64_t conf_descriptors_wanted(const struct conf *conf);

/* Adds a value with the escapes that the file's syntax wants. */
void conf_value_escape(struct strbuf *out, const char *text);
/* --print-config: the effective configuration in the file's syntax, defaults included. */
void conf_print(const struct conf *conf, FILE *out);
/* The same, but only what all processes that serve one database should have in common: without
 * where each of them is, and paths without their folders. */
void conf_print_shared(const struct conf *conf, FILE *out);
/* The section of a CA alone. */
void conf_ca_print(const struct conf_ca *ca, FILE *out);
/* docs/configuration.md and the tables of cmf.cnf(5), generated from the key table. */
void conf_print_markdown(FILE *out);
