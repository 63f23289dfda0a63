// SPDX-License-Identifier: Apache-2.0
/*
 * Every key of cmf.cnf. A new key is a row here and a field in conf.h, nothing else. Sections, and
 * looking keys up, are in sections.c.
 */
#include "keys.h"

#include <stddef.h>

#define SECOND INT64_C(1000)
#define DAY    (24 * 3600 * SECOND)

#define KEY(section_, struct_, field_, name_, type_, ...)                                \
	{                                                                                \
		.section = CONF_##section_, .name = (name_), .type = &conf_type_##type_, \
		.offset = offsetof(struct struct_, field_), __VA_ARGS__                  \
	}
#define SERVER(field, name, type, ...) KEY(SERVER, conf_server, field, name, type, __VA_ARGS__)
#define LOG(field, name, type, ...)    KEY(LOG, conf_log, field, name, type, __VA_ARGS__)
#define STORE(field, name, type, ...)  KEY(STORE, conf_store, field, name, type, __VA_ARGS__)
#define RETENTION(field, name, type, ...) \
	KEY(RETENTION, conf_retention, field, name, type, .reload = true, __VA_ARGS__)
#define AUDIT(field, name, type, ...) \
	KEY(AUDIT, conf_audit, field, name, type, .reload = true, __VA_ARGS__)
#define PROTECTION(field, name, type, ...) \
	KEY(PROTECTION, conf_protection, field, name, type, __VA_ARGS__)
#define CMF(field, name, type, ...)    KEY(CMF, conf_cmf, field, name, type, __VA_ARGS__)
#define EVENTS(field, name, type, ...) KEY(EVENTS, conf_events, field, name, type, __VA_ARGS__)
#define OAUTH2(field, name, type, ...) \
	KEY(OAUTH2, conf_oauth2, field, name, type, .reload = true, __VA_ARGS__)
#define CA(field, name, type, ...) KEY(CA, conf_ca, field, name, type, __VA_ARGS__)
#define INTERNAL(field, name, type, ...) \
	CA(field, name, type, .when = CONF_WHEN_INTERNAL, __VA_ARGS__)
#define UPSTREAM(field, name, type, ...) \
	CA(field, name, type, .when = CONF_WHEN_UPSTREAM, __VA_ARGS__)
#define CA_RULE(field, name, type, ...) \
	KEY(CA_RULE, conf_ca_rule, field, name, type, .reload = true, __VA_ARGS__)
#define PROFILE(field, name, type, ...) \
	KEY(PROFILE, conf_profile, field, name, type, .reload = true, __VA_ARGS__)

#define POLICY(field, name, type, ...) \
	KEY(CLIENT_POLICY, conf_client_policy, field, name, type, .reload = true, __VA_ARGS__)
#define DOMAIN(field, name, type, ...) \
	KEY(TRUST_DOMAIN, conf_trust_domain, field, name, type, .reload = true, __VA_ARGS__)

#define VNFM(field, name, type, ...) KEY(VNFM, conf_vnfm, field, name, type, __VA_ARGS__)
#define VNFM_RULE(field, name, type, ...) \
	KEY(VNFM_RULE, conf_vnfm_rule, field, name, type, .reload = true, __VA_ARGS__)

/* clang-format off: one key a row, and its help below it */
const struct conf_key conf_keys[] = {
	SERVER(listen, "listen", addresses, .help = "Addresses for CMP over HTTP."),
	SERVER(listen_tls, "listen_tls", addresses,
	       .help = "Addresses for the same over HTTPS; needs tls_certificate and tls_key."),
	SERVER(listen_nfv, "listen_nfv", addresses,
	       .help = "Addresses for the JSON interface of VNF Managers alone, which is served at "
		       "listen_tls and at the loopback addresses of listen else: over HTTPS if "
		       "tls_certificate is set, or else over HTTP, on loopback addresses only."),
	SERVER(paths, "paths", paths,
	       .help = "Paths at which CMP is served too, for clients that know another than "
		       "`/.well-known/cmp`: what follows them means what follows that. One that "
		       "ends in `<profile>`, as `/ejbca/publicweb/cmp/<profile>`, has the name of "
		       "a "
		       "certType or profile there."),
	SERVER(listen_metrics, "listen_metrics", addresses,
	       .help = "Addresses for /metrics, /healthz and /readyz; for local use."),
	SERVER(explain_listen, "explain_listen", addresses,
	       .help = "Addresses, over HTTP, of a page for authors of clients: it says of a CMP "
		       "message what is in it or where it is malformed, and, if its protection "
		       "verifies, what would be answered to it and why, as `cmfctl explain` does. "
		       "Without it there is no such page."),
	SERVER(proxy_protocol_from, "proxy_protocol_from", ip_ranges,
	       .help = "Load balancers: connections from these ranges to listen, listen_tls, "
		       "listen_nfv and explain_listen begin "
		       "with a PROXY header of version 2, before TLS, which says the client's "
		       "address "
		       "for limits, log and audit. One without it is closed."),
	SERVER(admin_socket, "admin_socket", socket, .initial = "cmfd.sock",
	       .help = "Unix-domain socket of cmfctl: who may write to it is an operator."),
	SERVER(admin_socket_mode, "admin_socket_mode", mode, .initial = "0600",
	       .help = "File mode of admin_socket."),
	SERVER(tls_certificate, "tls_certificate", file, .late = true, .reload = true,
	       .help = "PEM: the server's certificate for listen_tls and listen_nfv, then its "
		       "chain."),
	SERVER(tls_key, "tls_key", key, .late = true, .reload = true,
	       .help = "Private key of tls_certificate."),
	SERVER(tls_passphrase_file, "tls_passphrase_file", secret_file, .late = true,
	       .reload = true, .help = "File with the passphrase of tls_key."),
	SERVER(tls_client_ca, "tls_client_ca", file, .reload = true,
	       .help = "PEM: certificates of CAs, whose names tell TLS clients which certificate "
		       "to send. A hint only: every client may send one, none has to, and who it "
		       "is is decided for each request."),
	SERVER(io_threads, "io_threads", number, .initial = "1", .min = 1, .max = 64,
	       .help = "Threads that read requests and write answers."),
	SERVER(workers, "workers", number, .initial = "32", .min = 1, .max = 1024,
	       .help = "Threads that serve requests. About one for each processor runs at a time; "
		       "the others are for requests that wait for another CA, or a token."),
	SERVER(queue_max, "queue_max", number, .initial = "1024", .min = 1, .max = 1000000,
	       .help = "Requests that may wait for a worker; beyond it HTTP 503."),
	SERVER(body_max, "body_max", number, .initial = "65536", .min = 1024, .max = 16777216,
	       .help = "Octets of a request's body; beyond it HTTP 413."),
	SERVER(json_body_max, "json_body_max", number, .initial = "12582912", .min = 1024,
	       .max = 268435456,
	       .help = "The same for the JSON interface of VNF Managers: by default a Register of "
		       "10000 subjectIds of 253 characters of four octets each. Of bodies longer "
		       "than body_max, sixteen times that much is read at the same time, for one "
		       "address a quarter of it."),
	SERVER(json_page_size, "json_page_size", number, .initial = "100", .min = 1, .max = 100,
	       .reload = true,
	       .help = "Items of a page of a list of the JSON interface of VNF Managers."),
	SERVER(header_max, "header_max", number, .initial = "8192", .min = 1024, .max = 1048576,
	       .help = "Octets of a request's HTTP header."),
	SERVER(idle_timeout_ms, "idle_timeout", duration, .initial = "60s", .min = SECOND,
	       .max = DAY, .help = "A connection without traffic is closed after this time."),
	SERVER(request_timeout_ms, "request_timeout", duration, .initial = "30s", .min = SECOND,
	       .max = DAY, .help = "Time from the first to the last octet of a request."),
	SERVER(connections_max, "connections_max", number, .initial = "4096", .min = 1,
	       .max = 1000000,
	       .help = "Open connections in all: fewer, if RLIMIT_NOFILE has no descriptors for "
		       "them. "
		       "When all are taken, one that waits gives way to one of an address that has "
		       "fewer."),
	SERVER(connections_max_per_address, "connections_max_per_address", number, .initial = "256",
	       .min = 1, .max = 1000000,
	       .help = "Open connections from one address, or /64 of IPv6."),
	SERVER(drain_timeout_ms, "drain_timeout", duration, .initial = "30s", .reload = true,
	       .help = "How long SIGTERM waits for running requests, and for a COMMIT that has no "
		       "answer."),

	LOG(format, "format", log_format, .initial = "logfmt", .reload = true,
	    .help = "Form of a line."),
	LOG(level, "level", log_level, .initial = "info", .reload = true,
	    .help = "Lowest level that is written."),

	STORE(database, "database", database, .required = true,
	      .help = "SQLite database; `cmfctl init` makes it. Or the database of a PostgreSQL "
		      "server, as libpq takes it: see docs/deployment.md."),
	/* A lock is waited for longer than until PostgreSQL looks for a deadlock, 1 s: one that is
	 * found is tried again, one that is not fails a batch. */
	STORE(timeout_ms, "timeout", duration, .initial = "5s", .min = 2 * SECOND,
	      .max = 60 * SECOND,
	      .help = "PostgreSQL: how long the server may take to let cmfd in, or for a change; "
		      "then requests are told systemUnavail, until it is there again."),
	STORE(replication, "replication", replication, .initial = "required",
	      .help = "PostgreSQL: whether a commit counts only when a standby has it "
		      "(`synchronous_standby_names` of the server); if the server has none, "
		      "/readyz "
		      "says no. With `none` what was told is lost with the server's disk."),
	STORE(node, "node", text,
	      .help = "PostgreSQL: the name of this cmfd among those that serve the database. "
		      "Default: host name and port."),
	STORE(lease_ms, "lease", duration, .initial = "10s", .min = SECOND, .max = 10 * 60 * SECOND,
	      .help = "PostgreSQL: a cmfd that was not heard of for so long is gone, and others "
		      "take over what it did in the background. It tells the database four times "
		      "in it that it is there."),
	STORE(secret_key, "secret_key", secret_file, .required = true,
	      .help = "File with 32 octets of key in hex, under which MAC secrets and archived "
		      "keys are stored; `cmfctl store rekey` makes another."),
	STORE(secret_key_old, "secret_key_old", secret_file, .reload = true,
	      .help = "The key before, as long as secrets are stored under it. Default: the file "
		      "of "
		      "`secret_key` with `.old` behind it, if there is one."),
	STORE(batch_max, "batch_max", number, .initial = "64", .min = 1, .max = 10000,
	      .help = "Requests that share one commit to disk."),
	STORE(commit_delay_ms, "commit_delay", duration, .initial = "1ms", .max = SECOND,
	      .help = "Under load a commit waits that long for more requests to share it; 0: "
		      "never."),
	STORE(transaction_retention_ms, "transaction_retention", duration, .initial = "1h",
	      .reload = true, .help = "How long an ended transaction can still be answered again."),

	RETENTION(transactions_ms, "transactions", duration, .initial = "0", .max = 36500 * DAY,
		  .help = "How long an ended transaction can still be answered again. 0: as "
			  "`transaction_retention` in `[store]` says, in whose place this key is."),
	RETENTION(certificates_ms, "certificates", duration, .initial = "0", .max = 36500 * DAY,
		  .help = "How long a certificate is kept after its end, a day at least. 0: for "
			  "ever."),
	RETENTION(registrations_ms, "registrations", duration, .initial = "0", .max = 36500 * DAY,
		  .help = "How long a registration is kept after its end, a day at least, and as "
			  "long as certificates of it are. 0: for ever."),
	RETENTION(
		audit_ms, "audit", duration, .initial = "0", .max = 36500 * DAY,
		.help = "How long lines of the audit are kept, in whole days; 0: for ever. Of what "
			"is removed an anchor stays, from which `cmfctl audit verify` goes on."),

	AUDIT(file, "file", path, .late = true,
	      .help = "File to which each line is appended as an object of JSON, with the members "
		      "that `cmfctl audit list --json` has."),
	AUDIT(syslog, "syslog", syslog, .initial = "none",
	      .help = "The same to the system's log, under that facility and as `cmfd`. What the "
		      "system's log makes of it, cmfd does not know."),
	AUDIT(syslog_socket, "syslog_socket", socket, .initial = "/dev/log", .late = true,
	      .help = "Where the system's log takes messages."),
	AUDIT(heads, "heads", directory, .late = true,
	      .help = "Directory that gets a file with the newest line's place and hash each time, "
		      "to "
		      "be taken elsewhere: `cmfctl audit verify --against` reads them. They are "
		      "written to file and syslog, too, where those are set."),
	AUDIT(heads_interval_ms, "heads_interval", duration, .initial = "1h", .min = SECOND,
	      .max = 365 * DAY, .help = "How often. At each start and stop, too."),

	PROTECTION(certificate, "certificate", file, .required = true, .reload = true,
		   .help = "PEM: the certificate that protects answers, then its chain without the "
			   "root."),
	PROTECTION(key, "key", key, .required = true, .reload = true,
		   .help = "Private key of that certificate."),
	PROTECTION(passphrase_file, "passphrase_file", secret_file, .reload = true,
		   .help = "File with the passphrase of key."),
	PROTECTION(encryption_certificate, "encryption_certificate", file, .reload = true,
		   .help = "PEM: the certificate for whose key clients encrypt what is for the CMF "
			   "(caProtEncCert); with encryption_key. Without it revPassphrase is not "
			   "supported."),
	PROTECTION(encryption_key, "encryption_key", key, .reload = true,
		   .help = "Private key of encryption_certificate."),
	PROTECTION(encryption_passphrase_file, "encryption_passphrase_file", secret_file,
		   .reload = true, .help = "File with the passphrase of encryption_key."),
	PROTECTION(
		kga_certificate, "kga_certificate", file, .reload = true,
		.help = "PEM: the certificate of the key generation authority, then its chain "
			"without the root; its extendedKeyUsage must have id-kp-cmKGA. It signs "
			"the keys that are generated for clients. Without it certificate does, if "
			"it has that, too."),
	PROTECTION(kga_key, "kga_key", key, .reload = true,
		   .help = "Private key of kga_certificate."),
	PROTECTION(kga_passphrase_file, "kga_passphrase_file", secret_file, .reload = true,
		   .help = "File with the passphrase of kga_key."),
	PROTECTION(mac_iterations_min, "mac_iterations_min", number, .initial = "100", .min = 1,
		   .reload = true, .max = UINT32_MAX,
		   .help = "Fewest iterations of a password-based MAC that are accepted."),
	PROTECTION(mac_iterations_max, "mac_iterations_max", number, .initial = "100000", .min = 1,
		   .max = UINT32_MAX, .reload = true,
		   .help = "Most iterations: they cost the server time before it knows who asks."),
	PROTECTION(mac_key_length_max, "mac_key_length_max", number, .initial = "64", .min = 14,
		   .max = 512, .reload = true,
		   .help = "Most octets of a key that PBMAC1 derives (keyLength): beyond those of "
			   "the digest each further block costs all iterations once more."),
	PROTECTION(
		stranger_cpu_share, "stranger_cpu_share", number, .initial = "25", .max = 100,
		.reload = true,
		.help = "Percent of the processors' time that goes, at most and on average, into "
			"finding out that a message is of nobody: deriving keys for MACs that are "
			"wrong, looking for the paths of certificates. One address (IPv6: /64) has "
			"a quarter of it, one reference from there an eighth; beyond that HTTP "
			"503. What is authentic costs nothing, and who was authentic from its "
			"address within a day has a reserve of its own. Each node has its own "
			"budget. 0: without limit."),
	PROTECTION(signature_algorithms, "signature_algorithms", signature_algorithms,
		   .reload = true,
		   .help = "Signatures that are accepted, of messages and as proof of possession: "
			   "`ecdsa-with-SHA256` and the like, `sha256WithRSAEncryption`, "
			   "`RSASSA-PSS`, `ED25519`, `ED448`, `ecdsa-with-shake128`, "
			   "`ecdsa-with-SHA3-256`, `RSA-SHA3-256`, `ML-DSA-65`, "
			   "`SLH-DSA-SHA2-128s`; without it all that the library has. SHA-1 and "
			   "MD5 never."),
	PROTECTION(mac_algorithms, "mac_algorithms", mac_algorithms, .reload = true,
		   .initial = "PasswordBasedMac, PBMAC1, hmacWithSHA224, hmacWithSHA256, "
			      "hmacWithSHA384, hmacWithSHA512, KMACWithSHAKE128, KMACWithSHAKE256",
		   .help = "MACs of requests that are accepted (RFC 9481 6), also `aes128-GMAC`, "
			   "`aes192-GMAC` and `aes256-GMAC`: not by default, since a client that "
			   "uses a nonce twice gives its secret away. All but the first two need "
			   "a secret that is a key. `hmacWithSHA3-256` and the like (RFC 9688) are "
			   "not by default either, but within the first two. `KemBasedMac` (RFC "
			   "9810 5.1.3.4), for clients with an ML-KEM certificate, likewise: a "
			   "client asks for the ciphertext in a message without protection."),
	PROTECTION(
		kem_secrets_max, "kem_secrets_max", number, .initial = "1000", .min = 1,
		.max = 1000000, .reload = true,
		.help = "Secrets of KemBasedMac that wait for their first use, at most a minute. "
			"A tenth of them may be one client's: then its oldest gives way. Whoever "
			"else asks is told to come again later. Requests that are decided at the "
			"same moment may exceed it by their number."),
	PROTECTION(rsa_bits_min, "rsa_bits_min", number, .initial = "2048", .min = 2048,
		   .max = 16384, .reload = true, .help = "Shortest RSA key of a signer."),
	PROTECTION(ec_bits_min, "ec_bits_min", number, .initial = "256", .min = 256, .max = 521,
		   .reload = true,
		   .help = "Shortest key of a signer on an elliptic curve, by the bits of its "
			   "group: 256 of Ed25519, 448 of Ed448."),
	PROTECTION(digest_bits_min, "digest_bits_min", number, .initial = "224", .min = 224,
		   .max = 512, .reload = true,
		   .help = "Shortest digest of a signature, of messages and as proof of "
			   "possession; without meaning for those that have none of their own, as "
			   "Ed25519 and ML-DSA. Of SHAKE128 256, of SHAKE256 512."),
	PROTECTION(message_time_window_ms, "message_time_window", duration, .initial = "300s",
		   .reload = true,
		   .help = "How far messageTime, where a message has it, may be from our clock; "
			   "0: it is not checked."),
	PROTECTION(
		check_recipient, "check_recipient", boolean, .initial = "no", .reload = true,
		.help = "Whether a message is refused (wrongAuthority) whose recipient is the "
			"name of neither a CA of this server nor the signer of its answers. The "
			"empty name, and other forms than a directoryName, are always accepted."),
	PROTECTION(extra_certs_max, "extra_certs_max", number, .initial = "32", .min = 1,
		   .max = 1000, .reload = true, .help = "Certificates in extraCerts of a request."),

	CMF(confirm_wait_ms, "confirm_wait", duration, .initial = "300s", .min = SECOND,
	    .max = 30 * DAY, .reload = true,
	    .help = "A certificate that is not confirmed in this time is revoked."),
	CMF(implicit_confirm, "implicit_confirm", boolean, .initial = "yes", .reload = true,
	    .help = "Whether implicitConfirm is granted; a profile may still forbid it."),
	CMF(ca_rules, "ca_rules", names, .reload = true,
	    .help = "Names of the `[ca_rule NAME]` sections; the first that matches counts."),
	CMF(default_ca, "default_ca", text, .reload = true,
	    .help = "CA of registrations that no rule matches; without it they are refused."),
	CMF(deregister_on_cessation, "deregister_on_cessation", boolean, .initial = "no",
	    .reload = true,
	    .help = "Whether a revocation with reason cessationOfOperation deregisters the "
		    "entity."),
	CMF(register_subjects_max, "register_subjects_max", number, .initial = "10000", .min = 1,
	    .max = 1000000, .reload = true, .help = "subjectIds in one Register request."),
	CMF(transactions_max_per_client, "transactions_max_per_client", number, .initial = "10000",
	    .min = 1, .max = 10000000, .reload = true,
	    .help = "Open transactions of one client. Each node counts in memory, and the rows of "
		    "all nodes when it comes to the limit: with several it may be exceeded by what "
		    "the others have opened meanwhile."),
	CMF(announcements_max_per_client, "announcements_max_per_client", number, .initial = "1000",
	    .min = 1, .max = 1000000, .reload = true,
	    .help = "Announcements that are kept of one client; then the oldest gives way."),
	CMF(revocations_max, "revocations_max", number, .initial = "100", .min = 1, .max = 10000,
	    .reload = true, .help = "Certificates in one revocation request (rr)."),
	CMF(nested_max, "nested_max", number, .initial = "16", .min = 1, .max = 1000,
	    .reload = true, .help = "Messages in a nested message, RFC 9483 5.2.2.2."),

	CMF(rsa_exponent_min, "rsa_exponent_min", number, .initial = "65537", .min = 3,
	    .max = UINT32_MAX, .reload = true,
	    .help = "Least public exponent of an RSA key that is certified. What anybody could "
		    "find "
		    "the private key of is refused in any case: a modulus with a small factor, one "
		    "that is a prime, primes near each other, and keys of the library of "
		    "CVE-2017-15361 (ROCA)."),
	CMF(key_reuse, "key_reuse", boolean, .initial = "yes",
	    .help = "Whether a public key that is or was certified for one entity may be certified "
		    "for another; otherwise it is refused (badCertTemplate, RFC 9483 3.6.4). `no` "
		    "costs an index of all keys, which is made when cmfd starts."),
	CMF(expiry_warning_ms, "expiry_warning", duration, .initial = "30d", .max = 3650 * DAY,
	    .reload = true,
	    .help = "So long before a certificate that the CMF itself lives by ends (its own, of a "
		    "CA, of a TLS listener, an anchor), it warns: in check, when it starts and "
		    "daily."),
	CMF(nonce_length, "nonce_length", number, .initial = "32", .min = 8, .max = 64,
	    .reload = true,
	    .help = "Octets of a nonce for key attestation, where the request does not say how "
		    "many. A TPM takes no more than its largest digest has."),
	CMF(nonce_lifetime_ms, "nonce_lifetime", duration, .initial = "10m", .min = SECOND,
	    .max = DAY, .reload = true, .help = "How long such a nonce may be used, once."),
	CMF(nonces_max_per_client, "nonces_max_per_client", number, .initial = "1000", .min = 1,
	    .max = 1000000, .reload = true,
	    .help = "Nonces of one client that are neither used nor expired. Requests that are "
		    "decided at the same moment may exceed it by their number."),
	CMF(nonce_request_oid, "nonce_request_oid", oid,
	    .initial = "2.25.222147897761693879604210948217677133715.12",
	    .help = "infoType of NonceRequest in genm (draft-ietf-lamps-attestation-freshness). "
		    "None is assigned yet: as shipped it is one of ours."),
	CMF(nonce_response_oid, "nonce_response_oid", oid,
	    .initial = "2.25.222147897761693879604210948217677133715.13",
	    .help = "infoType of NonceResponse in genp."),
	CMF(requests_max, "requests_max", number, .initial = "16", .min = 1,
	    .max = CONF_REQUESTS_MAX, .reload = true,
	    .help = "Certificate requests in one message."),

	OAUTH2(issuer, "issuer", text, .help = "What the claim `iss` of a token must be."),
	OAUTH2(audience, "audience", text,
	       .help = "What the claim `aud` must be, or have among others: the name of this CMF."),
	OAUTH2(jwks_file, "jwks_file", file,
	       .help = "The keys of the authorisation server, as JWKS (RFC 7517). Tokens are "
		       "taken with RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and "
		       "ES512, and must name their key (`kid`)."),
	OAUTH2(jwks_url, "jwks_url", url,
	       .help = "Instead of jwks_file: where the JWKS is, with https, or http on this "
		       "machine. Redirects are not followed."),
	OAUTH2(jwks_trusted, "jwks_trusted", file,
	       .help = "PEM: trust anchors for the server of jwks_url; without it those of the "
		       "system."),
	OAUTH2(jwks_refresh_ms, "jwks_refresh", duration, .initial = "15m", .min = 10 * SECOND,
	       .max = 30 * DAY,
	       .help = "After this time the JWKS is read again; earlier if a token names a key "
		       "that it does not have. As long as that fails, the keys of before serve."),
	OAUTH2(client_claim, "client_claim", text, .initial = "client_id",
	       .help = "The claim that names the client."),
	OAUTH2(leeway_ms, "leeway", duration, .initial = "30s", .max = 600 * SECOND,
	       .help = "How far the clock of the authorisation server may be from ours, for `exp` "
		       "and `nbf`."),

	EVENTS(expiring, "expiring", durations, .initial = "30d, 7d, 1d", .min = SECOND,
	       .max = 3650 * DAY, .reload = true,
	       .help = "How long before its notAfter a certificate is told to be expiring, once "
		       "for each; one that is issued for less time is not."),
	EVENTS(subscriptions_max, "subscriptions_max", number, .initial = "16", .min = 0,
	       .max = 10000, .reload = true, .help = "Subscriptions of one client."),
	EVENTS(workers, "workers", number, .initial = "8", .min = 2, .max = 256,
	       .help = "Callbacks that are sent to at the same time. Those that are slow or do not "
		       "answer get half of them, so that the others do not wait."),
	EVENTS(retry_ms, "retry", duration, .initial = "1d", .min = SECOND, .max = 30 * DAY,
	       .reload = true,
	       .help = "For how long a callback that does not answer is tried again, at growing "
		       "intervals; then its subscription has failed."),
	EVENTS(callback_networks, "callback_networks", ip_ranges, .reload = true,
	       .help = "Addresses that callbacks and their token endpoints may have beside the "
		       "public ones of the Internet, as `10.0.0.0/8, fd00::/8`. Without it there "
		       "is no "
		       "callback in a private network, on a link or on this host, whatever its "
		       "name "
		       "resolves to. http instead of https is for 127.0.0.0/8 and ::1 alone."),
	EVENTS(tls_trusted, "tls_trusted", file, .reload = true,
	       .help = "PEM: trust anchors of the TLS certificates of callbacks and token "
		       "endpoints; "
		       "default: those of the system."),
	EVENTS(tls_certificate, "tls_certificate", file, .reload = true,
	       .help = "PEM: certificate, and its chain, with which cmfd is a TLS client of "
		       "callbacks "
		       "and token endpoints; OAUTH2_CLIENT_CERT needs it."),
	EVENTS(tls_key, "tls_key", key, .reload = true,
	       .help = "Key of tls_certificate: a PEM file, or a URI for OpenSSL's STORE."),
	EVENTS(tls_passphrase_file, "tls_passphrase_file", secret_file, .reload = true,
	       .help = "Passphrase of tls_key."),

	CA(type, "type", ca_type, .required = true,
	   .help = "Whether this CMF signs itself or asks another CA."),
	CA(certificate, "certificate", file, .reload = true,
	   .help = "PEM: certificate of the CA that issues. Required for `internal`; for "
		   "`upstream` "
		   "it completes the chain sent to clients."),
	CA(chain, "chain", file, .reload = true,
	   .help = "PEM: the certificates above it, up to and with the root."),
	CA(root_new_with_old, "root_new_with_old", file, .reload = true,
	   .help = "PEM: the new root's key signed by the old root, once the root was rolled over; "
		   "`cmfctl ca rollover` makes it. It is sent with the chain, and clients that ask "
		   "for the update of the old root get it."),
	CA(root_old_with_new, "root_old_with_new", file, .reload = true,
	   .help = "PEM: the old root's key signed by the new root."),
	CA(root_new_with_new, "root_new_with_new", file, .reload = true,
	   .help = "PEM: the new root, where `chain` has the old one still."),
	INTERNAL(key, "key", key, .required = true, .late = true, .reload = true,
		 .help = "Private key of the CA."),
	INTERNAL(passphrase_file, "passphrase_file", secret_file, .late = true, .reload = true,
		 .help = "File with the passphrase of key."),
	INTERNAL(digest, "digest", digest, .initial = "sha256", .reload = true,
		 .help = "Digest of signatures; without meaning for EdDSA and ML-DSA keys."),
	INTERNAL(crl_distribution_points, "crl_distribution_points", uris, .reload = true,
		 .help = "URIs for the extension of that name; cmfd serves `/crl/NAME.crl`."),
	INTERNAL(aia_ca_issuers, "aia_ca_issuers", uris, .reload = true,
		 .help = "URIs of the CA's certificate for authorityInfoAccess; cmfd serves "
			 "`/aia/NAME.cer`."),
	INTERNAL(aia_ocsp, "aia_ocsp", uris, .reload = true,
		 .help = "URIs of OCSP responders for authorityInfoAccess."),
	INTERNAL(crl_validity_ms, "crl_validity", duration, .initial = "7d", .min = 60 * SECOND,
		 .max = 3650 * DAY, .reload = true,
		 .help = "Time from thisUpdate to nextUpdate of a CRL."),
	INTERNAL(crl_interval_ms, "crl_interval", duration, .initial = "1d", .min = 60 * SECOND,
		 .max = 3650 * DAY, .reload = true,
		 .help = "A CRL is written at least this often; at most crl_validity."),
	INTERNAL(crl_revocation_interval_ms, "crl_revocation_interval", duration, .initial = "0",
		 .max = 3650 * DAY, .reload = true,
		 .help = "After a CRL, at least this long passes before revocations have the next "
			 "one made; at most crl_interval. A CRL of 100,000 entries has 5 MB."),
	INTERNAL(crl_on_revocation, "crl_on_revocation", boolean, .initial = "no", .reload = true,
		 .help = "Whether a revocation request is answered only when there is a CRL with "
			 "what it did; otherwise the next one follows within seconds."),
	INTERNAL(crl_in_answer, "crl_in_answer", boolean, .initial = "no", .reload = true,
		 .help = "Whether the answer (rp) holds that CRL; with crl_on_revocation."),
	INTERNAL(crl_directory, "crl_directory", directory, .reload = true,
		 .help = "Directory in which NAME.crl is written too."),
	INTERNAL(backdate_ms, "backdate", duration, .initial = "5m", .max = DAY, .reload = true,
		 .help = "How far notBefore lies back, for verifiers whose clock is slow."),
	UPSTREAM(server_url, "server_url", url, .required = true, .reload = true,
		 .help = "CMP server of the upstream CA, with path."),
	UPSTREAM(request, "request", upstream_request, .initial = "cr", .reload = true,
		 .help = "`cr`: proof of possession is verified here and sent as raVerified; "
			 "`p10cr`: the client's PKCS#10 request is passed on."),
	UPSTREAM(
		forwarding, "forwarding", forwarding, .initial = "reissue", .reload = true,
		.help = "How requests, and rr for one certificate, reach the upstream CA, RFC 9483 "
			"5.2. "
			"`reissue`: as a request of this CMF (see request). `unchanged`: the "
			"client's messages go on, and the answers come back, octet for octet. "
			"`added`: the same within a nested message that this CMF protects. "
			"`replaced`: this CMF's protection takes the place of the client's; kur "
			"is then sent as with `added`. A request under a MAC is always sent as "
			"with `replaced`. Other than `reissue` needs ra_certificate."),
	UPSTREAM(forward_original, "forward_original", boolean, .initial = "no", .reload = true,
		 .help = "With `forwarding = replaced`: whether the client's message goes along "
			 "in generalInfo (origPKIMessage)."),
	UPSTREAM(ra_certificate, "ra_certificate", file, .reload = true,
		 .help = "PEM: certificate of this CMF as registration authority, with chain. This "
			 "and ra_key, or ra_reference and ra_secret_file."),
	UPSTREAM(ra_key, "ra_key", key, .late = true, .reload = true,
		 .help = "Private key of ra_certificate."),
	UPSTREAM(ra_passphrase_file, "ra_passphrase_file", secret_file, .late = true,
		 .reload = true, .help = "File with the passphrase of ra_key."),
	UPSTREAM(ra_reference, "ra_reference", text, .reload = true,
		 .help = "Reference of a shared secret with the upstream CA."),
	UPSTREAM(ra_secret_file, "ra_secret_file", secret_file, .reload = true,
		 .help = "File with that secret."),
	UPSTREAM(recipient, "recipient", dn, .reload = true,
		 .help = "Name of the upstream CA in our requests."),
	UPSTREAM(expect_sender, "expect_sender", dn, .reload = true,
		 .help = "Name that must have protected its answers."),
	UPSTREAM(trusted, "trusted", file, .required = true, .reload = true,
		 .help = "PEM: trust anchor of the protection of its answers."),
	UPSTREAM(
		server_certificate, "server_certificate", file, .reload = true,
		.help = "PEM: the certificates that protect its answers, below `trusted`. No other "
			"signer is believed then."),
	UPSTREAM(
		upstream_signer, "upstream_signer", upstream_signer, .initial = "default",
		.reload = true,
		.help = "Whose answers count without server_certificate. `authorized`: of the "
			"issuing CA itself, and of a signer with id-kp-cmcCA or id-kp-cmcRA in its "
			"extendedKeyUsage (RFC 9483 1.5). `name`: of everybody below `trusted` who "
			"has the name `expect_sender`. `default` is `authorized`; `cmfctl check` "
			"then says so, for those who had `name` in effect before."),
	UPSTREAM(upstream_profile, "upstream_profile", text, .reload = true,
		 .help = "certProfile that is asked for there."),
	UPSTREAM(upstream_subject, "upstream_subject", upstream_subject, .initial = "identity",
		 .reload = true,
		 .help = "How like what was asked for its certificates must be. `identity`: no "
			 "other "
			 "commonName or subjectAltName than the entity's; other attributes and "
			 "extensions that it changes are told to the client (grantedWithMods). "
			 "`exact`: subject and subjectAltName as asked for. What is not so is "
			 "declined."),
	UPSTREAM(tls_trusted, "tls_trusted", file, .reload = true,
		 .help = "PEM: trust anchors for https; without it the system's."),
	UPSTREAM(
		upstream_wait_ms, "upstream_wait", duration, .initial = "2s", .max = 3600 * SECOND,
		.reload = true,
		.help = "How long a client's request waits for the answer; then the client polls."),
	UPSTREAM(upstream_timeout_ms, "upstream_timeout", duration, .initial = "1d", .min = SECOND,
		 .max = 365 * DAY, .reload = true,
		 .help = "How long an answer is waited for in all; then the request has failed."),
	UPSTREAM(upstream_retry_ms, "upstream_retry", duration, .initial = "5s", .min = 100,
		 .max = DAY, .reload = true,
		 .help = "Pause between attempts while the upstream CA does not answer."),
	UPSTREAM(
		upstream_workers, "upstream_workers", number, .initial = "8", .min = 1, .max = 1024,
		.reload = true,
		.help = "Workers that may wait for it at the same time; more requests are queued."),

	/* Its value is the pair has_cert_type and cert_type, so the field is the struct itself. */
	CA_RULE(name, "cert_type", cert_type_match, .help = "certType of the registration."),
	CA_RULE(trust_domain, "trust_domain", text,
		.help = "Trust domain of the client that registers."),
	CA_RULE(profile, "profile", text, .help = "Profile of the registration."),
	CA_RULE(ca, "ca", text, .required = true, .help = "The CA, by its name."),

	PROFILE(cert_type, "cert_type", cert_type,
		.help = "certType that the profile is for. Required unless the profile's name says "
			"it."),
	PROFILE(validity_ms, "validity", duration, .initial = "90d", .min = SECOND,
		.max = 36500 * DAY, .help = "Validity when the request asks for none."),
	PROFILE(validity_max_ms, "validity_max", duration, .initial = "397d", .min = SECOND,
		.max = 36500 * DAY, .help = "Longest validity that a request may ask for."),
	PROFILE(key_types, "key_types", key_types, .required = true,
		.help = "Public keys that are accepted. Of x25519, x448 and ml-kem-*, which cannot "
			"sign, possession is proved by decryption."),
	PROFILE(central_key_types, "central_key_types", key_types,
		.help = "Key pairs that the CMF generates for who asks for it (RFC 9483 4.1.6): "
			"the first if the request has no preference, of rsa the shortest; without "
			"it none."),
	PROFILE(archive_keys, "archive_keys", archive_keys, .initial = "never",
		.help = "Whether private keys are archived, encrypted under `[store] secret_key`, "
			"for "
			"key recovery (krr). `allowed`: if the request asks for it (RFC 4211 6.4); "
			"`always`: those that the CMF generates too when it does not. With "
			"`never` nothing is recovered either."),
	PROFILE(subject_id_form, "subject_id_form", subject_id_form, .initial = "text",
		.help = "What subjectIds may be registered with it. `text`: any, of at most 253 "
			"characters in NFC without control characters and such that steer the "
			"direction of writing; `plain`: visible ASCII without spaces and what is "
			"escaped in names and URIs; `hostname`. For a MANO entity it is an FQDN "
			"always. One with more than the 64 characters that a CN holds needs a "
			"name in the subjectAltName."),
	PROFILE(common_name, "common_name", name_rule, .initial = "subjectId",
		.help = "What the CN may be."),
	PROFILE(subject_attributes, "subject_attributes", attributes,
		.help = "Further attributes that a request may set in the subject."),
	PROFILE(subject_trust_domain, "subject_trust_domain", text_attribute,
		.help = "Attribute that the subject gets with the trust domain, as `O`, in front "
			"of a CN: so that subjectIds may be the same in several trust domains, "
			"since no two entities have the same subject under one CA (RFC 5280 "
			"4.1.2.6). A request may say the right one, or none."),
	PROFILE(subject_vnf_instance, "subject_vnf_instance", text_attribute,
		.help = "Likewise with the vnfInstanceId of an entity that has one, as `OU`."),
	PROFILE(dns_names, "dns_names", name_rule, .initial = "none",
		.help = "What a dNSName may be."),
	PROFILE(vnfci_uri, "vnfci_uri", boolean, .initial = "no",
		.help = "Whether the URI `urn:etsi:nfv:vnfci:<subjectId>`, of a VNF instance "
			"`urn:etsi:nfv:vnfci:<vnfInstanceId>:<subjectId>`, may be asked for; both "
			"percent-encoded but for letters, digits and `-._~`."),
	PROFILE(uris, "uris", uri_patterns,
		.help = "Other URIs that may be asked for, as `spiffe://example.net/<subjectId>`: "
			"`<subjectId>` and `<vnfInstanceId>` stand for those of the entity, "
			"percent-encoded likewise, and a `*` at the end for whatever follows. The "
			"host in a URI must be one that the trust domain may have, and the name of "
			"no other entity."),
	PROFILE(ip_addresses, "ip_addresses", ip_ranges,
		.help = "Ranges of which IP addresses may be asked for; without it none."),
	PROFILE(dns_name_from_subject_id, "dns_name_from_subject_id", boolean, .initial = "no",
		.help = "Whether the subjectId becomes a dNSName if the request does not ask for "
			"it."),
	PROFILE(implicit_confirm, "implicit_confirm", boolean, .initial = "yes",
		.help = "Whether implicitConfirm is granted with this profile."),
	PROFILE(own_certificate_requests, "own_certificate_requests", boolean, .initial = "no",
		.help = "Whether an entity may ask for further certificates for itself with its "
			"valid one (ir, cr and p10cr, RFC 9483 4.1.2), not only update it. Who "
			"revokes the one has to think of the others: they are in `cmfctl "
			"certificate list`."),
	PROFILE(attestation.policy, "attestation", attestation_policy, .initial = "ignore",
		.help = "Key attestation in requests (IFA 033 11.2.1). `require`: no certificate "
			"without a good statement that the key is kept by a trusted attester; "
			"`verify`: none is needed, and one that comes must be good; `ignore`: as "
			"if there were none; `forward`: an upstream CA gets it unchanged, and "
			"judges it."),
	PROFILE(attestation.statements, "attestation_statements", attestation_statements,
		.initial = CONF_ATTESTATION_CERTIFY_OID,
		.help = "Types of statements that are accepted, and who verifies each: "
			"`tpm2-certify` (TPM2_Certify, which 2.23.133.20.1 is by itself), `x509` "
			"(the statement is a certificate over the same key, as tokens and HSMs "
			"have it; no OID is registered for that, so one of your own, as "
			"`1.3.6.1.4.1.99999.1 = x509`), `external` (attestation_verifier is "
			"asked). A request has exactly one of them."),
	PROFILE(attestation.trusted, "attestation_trusted", file,
		.help = "PEM: certificates of attesters or of CAs above them, and public keys of "
			"attesters. A registration may name fewer, never others. Without it the "
			"attester of the registration counts alone, and one who may register "
			"can attest his own keys."),
	PROFILE(attestation.crls, "attestation_crls", file,
		.help = "PEM: CRLs of all CAs between an attester and attestation_trusted, "
			"including those there. With it, an attester whose revocation cannot be "
			"looked up is refused. SIGHUP reads it again."),
	PROFILE(attestation.crl_urls, "attestation_crl_urls", uris,
		.help = "https (http: on loopback): where such CRLs are fetched, DER or PEM, all "
			"of "
			"them every `attestation_crl_refresh`; beside attestation_crls. Until they "
			"are there, and after they have ended, an attester is refused."),
	PROFILE(attestation.crl_refresh_ms, "attestation_crl_refresh", duration, .initial = "1h",
		.min = SECOND, .max = 30 * DAY,
		.help = "How often; in vain, at least each minute."),
	PROFILE(attestation.extensions, "attestation_extensions", attestation_extensions,
		.help = "Extensions that a certificate must have that is an attestation (`x509`), "
			"by OID, with their value in hex or with any: as "
			"`1.3.6.1.4.1.41482.3.8 = 0201`, a YubiKey's PIN and touch policy."),
	PROFILE(attestation.verifier, "attestation_verifier", url,
		.help = "https: who verifies statements of the kind `external` (http: on "
			"loopback). "
			"It is asked by POST, and answers with a signed verdict: "
			"docs/attestation.md. Where it cannot be asked the request is refused "
			"with systemUnavail."),
	PROFILE(attestation.verifier_trusted, "attestation_verifier_trusted", file,
		.help = "PEM: trust anchors of its TLS certificate; without it those of the "
			"system."),
	PROFILE(attestation.verifier_jwks, "attestation_verifier_jwks", file,
		.help = "JWKS (RFC 7517): the keys that its verdicts are signed by."),
	PROFILE(attestation.verifier_issuer, "attestation_verifier_issuer", text,
		.help = "The claim iss of its verdicts."),
	PROFILE(attestation.verifier_timeout_ms, "attestation_verifier_timeout", duration,
		.initial = "5s", .min = SECOND, .max = 60 * SECOND,
		.help = "How long it may take. The client waits meanwhile, and a worker with it: "
			"a quarter of them at most."),
	PROFILE(attestation.nonce, "attestation_nonce", attestation_nonce, .initial = "require",
		.help = "Whether a statement must have a nonce of this server, so that it is not "
			"an "
			"old one. Statements of the kind `x509` have none."),
	PROFILE(cross_subject, "cross_subject", dn,
		.help = "Makes it a profile of cross-certificates (ccr) for the CA with exactly "
			"this subject, as `/O=Example/CN=Root`; the extension section must then "
			"have basicConstraints with CA:TRUE and keyUsage with keyCertSign."),
	PROFILE(extension_section, "extension_section", text,
		.help = "Section with further extensions, as in x509v3_config(5). Of keyUsage a "
			"certificate gets what its kind of key can be used for, so that one "
			"profile may serve several."),
	PROFILE(extensions_rule, "extensions", extensions_rule, .initial = "profile",
		.help = "What a request may choose of them. `profile`: nothing; what it asks for "
			"beside them is left out. `subset`: fewer uses, by its own keyUsage and "
			"extendedKeyUsage."),

	POLICY(mac_iterations_min, "mac_iterations_min", number, .initial = "0", .max = UINT32_MAX,
	       .help = "Fewest iterations of a password-based MAC, where that is more than "
		       "`[protection]` asks for."),
	POLICY(mac_iterations_max, "mac_iterations_max", number, .initial = "0", .max = UINT32_MAX,
	       .help = "Most iterations, instead of what `[protection]` has: PBMAC1 clients of "
		       "today send 262144 and 600000. The most that any policy allows is done for "
		       "whoever asks, within stranger_cpu_share, before it is known who that is. "
		       "0: as `[protection]` has it."),
	POLICY(mac_key_length_max, "mac_key_length_max", number, .initial = "0", .max = 512,
	       .help = "Most octets of a key that PBMAC1 derives, likewise: the RA of Siemens "
		       "asks for more than a digest has."),
	POLICY(signature_algorithms, "signature_algorithms", signature_algorithms,
	       .help = "Signatures that are accepted, of those that `[protection]` accepts; "
		       "without "
		       "it all of them."),
	POLICY(mac_algorithms, "mac_algorithms", mac_algorithms,
	       .help = "MACs that are accepted, of those that `[protection]` accepts; without it "
		       "all of them."),
	POLICY(answer_mac, "answer_mac", answer_mac, .initial = "request",
	       .help = "MAC of our answers to MAC-protected requests: that of the request, or one "
		       "under parameters of our own."),
	POLICY(answer_mac_iterations, "answer_mac_iterations", number, .initial = "10000",
	       .min = 100, .max = 10000000,
	       .help = "Iterations of answer_mac where it is not that of the request."),
	POLICY(rsa_bits_min, "rsa_bits_min", number, .initial = "0", .max = 16384,
	       .help = "Shortest RSA key of a signer, where that is more than `[protection]` asks "
		       "for."),
	POLICY(ec_bits_min, "ec_bits_min", number, .initial = "0", .max = 521,
	       .help = "Shortest key of a signer on an elliptic curve, likewise."),
	POLICY(digest_bits_min, "digest_bits_min", number, .initial = "0", .max = 512,
	       .help = "Shortest digest of a signature, likewise."),
	POLICY(absent_subject, "absent_subject", boolean, .initial = "no",
	       .help = "Whether a signed request is proof of possession though what is signed "
		       "names "
		       "nobody: a template without subject and poposkInput (RFC 4211 4.1), as of "
		       "`openssl cmp -sans` without `-subject`, or one whose subject has no common "
		       "name, without subject alternative name (RFC 9483 4.1.1). Another client "
		       "that "
		       "gets hold of such a request can have the key certified for himself."),
	POLICY(cmc_ra, "cmc_ra", boolean, .initial = "no",
	       .help = "Whether id-kp-cmcRA in the certificate of the client makes it a "
		       "registration authority, as the permission `ra` does."),
	POLICY(vouches_for_pop, "vouches_for_pop", boolean, .initial = "no",
	       .help = "Whether raVerified in a message that this registration authority approves "
		       "by adding its protection (RFC 9483 5.2.2.1) counts as its word: it "
		       "verified "
		       "the proof of possession. Without it approval is of the identity alone, and "
		       "an end entity cannot say raVerified (RFC 9810 5.2.8.4)."),
	POLICY(update_on_behalf, "update_on_behalf", boolean, .initial = "yes",
	       .help = "Whether the client may protect kur itself for a certificate that it "
		       "manages (RFC 9483 5.3.1); otherwise only the holder may (4.1.3)."),
	POLICY(confirm_on_behalf, "confirm_on_behalf", boolean, .initial = "no",
	       .help = "Whether this registration authority may protect certConf itself, in a "
		       "transaction that an entity began with a kur under its own protection: "
		       "that of Siemens passes on the kur, whose protection must stay (RFC 9483 "
		       "5.2.3), and replaces that of all else. RFC 9483 3.5 wants the same "
		       "sender throughout."),
	POLICY(message_time_required, "message_time_required", boolean, .initial = "no",
	       .help = "Whether a message must have messageTime (badTime). RFC 9483 3.1 leaves it "
		       "optional; one without is remembered, so that it cannot be played again."),
	POLICY(revoke_under_mac, "revoke_under_mac", boolean, .initial = "yes",
	       .help = "Whether a client may protect rr with its shared secret, if it has the "
		       "permission `revoke` itself. RFC 9483 4.2 and 5.3.2 want a signature."),
	POLICY(revoke_by_key, "revoke_by_key", boolean, .initial = "no",
	       .help = "Whether rr may say which certificate by subject and publicKey alone, as "
		       "`openssl cmp -cmd rr -csr` does, against RFC 9483 4.2, which wants issuer "
		       "and serialNumber: if exactly one valid certificate has both."),
	POLICY(live_certificates_per_entity, "live_certificates_per_entity", number,
	       .initial = "10000", .max = 10000000,
	       .help = "Certificates that an entity may have at the same time, also unconfirmed "
		       "ones; another that the client asks for is refused (notAuthorized). For a "
		       "key update the certificate that is updated does not count. 0: any "
		       "number."),
	POLICY(pwri_kek, "pwri_kek", boolean, .initial = "no",
	       .help = "A generated private key under a shared secret is wrapped with "
		       "id-alg-PWRI-KEK (RFC 3211), against RFC 9481 4.3: `openssl cmp` 3.5 reads "
		       "only that."),
	POLICY(bare_private_key, "bare_private_key", boolean, .initial = "no",
	       .help = "A generated private key is sent as OneAsymmetricKey without the "
		       "AsymmetricKeyPackage around it, against RFC 9483 4.1.6: `openssl cmp` 3.5 "
		       "reads only that."),
	POLICY(enveloped_data_always, "enveloped_data_always", boolean, .initial = "no",
	       .help = "What is encrypted for the client is EnvelopedData also when it says pvno "
		       "2, "
		       "which promises EncryptedValue: `openssl cmp` from 3.5 says 2 and "
		       "understands "
		       "both."),
	POLICY(sender_match, "sender_match", sender_match, .initial = "name",
	       .help = "How sender fits the subject of the signer's certificate: as a name (RFC "
		       "5280 7.1), since clients encode its strings anew; octet for octet (RFC "
		       "9483 3.1 read strictly); or not at all (`any`) for clients that put "
		       "something else there: then senderKID, or the first of extraCerts, says who "
		       "it is."),
	POLICY(sender_kid_required, "sender_kid_required", boolean, .initial = "no",
	       .help = "Whether a signed message must have the subjectKeyIdentifier of the signer "
		       "as senderKID (RFC 9483 3.1). Clients of RFC 4210, where it is optional, "
		       "leave it out."),
	POLICY(mac_sender_is_reference, "mac_sender_is_reference", boolean, .initial = "no",
	       .help = "Whether the CN of sender must be senderKID under a MAC (RFC 9483 4.1.5). "
		       "`openssl cmp` puts the subject that it asks for there, or nothing."),
	POLICY(mac_reference_from_sender, "mac_reference_from_sender", boolean, .initial = "no",
	       .help = "A MAC-protected message without senderKID has the reference as CN of "
		       "sender, for clients that know no other place for it."),
	POLICY(signer_any_key_usage, "signer_any_key_usage", boolean, .initial = "no",
	       .help = "The certificate of the signer may have a keyUsage without "
		       "digitalSignature, "
		       "against RFC 9483 3.2, for device certificates that were made for TLS with "
		       "RSA key transport and cannot be replaced."),
	POLICY(p10cr_accept_0, "p10cr_accept_0", boolean, .initial = "yes",
	       .help = "certReqId 0 in certConf and pollReq after p10cr means the one certificate "
		       "as -1 does (RFC 9483 4.1.4): before RFC 9480 nothing said which it is."),
	POLICY(p10cr_answer_0, "p10cr_answer_0", boolean, .initial = "no",
	       .help = "p10cr is answered under certReqId 0 instead of -1, for clients from before "
		       "RFC 9480 that look for no other."),
	POLICY(root_in_extra_certs, "root_in_extra_certs", boolean, .initial = "no",
	       .help = "extraCerts of answers ends with the roots, which RFC 9483 3.3 leaves out: "
		       "3GPP base stations may take the operator's root from there, and some "
		       "clients build no path without it."),
	POLICY(ca_pubs_when_signed, "ca_pubs_when_signed", boolean, .initial = "no",
	       .help = "caPubs of ip has the root also where the answer is signed, as 3GPP TS "
		       "33.310 wants it; otherwise only under a MAC, where the client can trust it "
		       "(RFC 9483 4.1.1)."),
	POLICY(answer_signed, "answer_signed", boolean, .initial = "no",
	       .help = "Answers are signed also where the request has a MAC, against RFC 9483 3.2: "
		       "some clients know the CA's certificate and verify nothing else."),
	POLICY(implicit_confirm_no_value, "implicit_confirm_no_value", boolean, .initial = "no",
	       .help = "implicitConfirm may have no value, against RFC 9483 3.1: ONAP's "
		       "CertService sends none."),
	POLICY(cert_req_id_any, "cert_req_id_any", boolean, .initial = "no",
	       .help = "The certReqId of a single certificate request may be any number that is "
		       "not negative, against RFC 9483 4.1.1, and is echoed: ONAP's CertService "
		       "takes one by chance. Such a request goes to an upstream CA as one of this "
		       "CMF, whatever its forwarding."),
	POLICY(template_extras, "template_extras", boolean, .initial = "no",
	       .help = "signingAlg, and serialNumber 0, in a template are ignored instead of "
		       "refused (RFC 4211 5): ONAP's CertService fills them in."),
	POLICY(issuer_unknown, "issuer_unknown", boolean, .initial = "no",
	       .help = "An issuer in a template that is no CA of this server is no wish: `openssl "
		       "cmp` always fills in that of the certificate it signs with, which the CMF "
		       "does not see where an RA replaces the protection."),
	POLICY(ecdsa_null_parameters, "ecdsa_null_parameters", boolean, .initial = "no",
	       .help = "Proofs of possession by ECDSA, of PKCS#10 too, may have NULL parameters, "
		       "against RFC 5758 3.2: tpm2-openssl 1.1.1 writes them."),
	POLICY(kur_same_key, "kur_same_key", boolean, .initial = "no",
	       .help = "A key update may keep the key, against RFC 9483 4.1.3: for keys that a "
		       "TPM holds and does not change."),
	POLICY(central_key_ra_verified, "central_key_ra_verified", boolean, .initial = "no",
	       .help = "A registration authority may say raVerified beside central key "
		       "generation, where RFC 9483 4.1.6 has no popo: that of Siemens does."),
	POLICY(entity_from_signer, "entity_from_signer", signer_entity, .initial = "none",
	       .help = "What in the subject of its certificate says which entity a client is: it "
		       "then acts for that one alone, of those that the client manages. For "
		       "devices "
		       "with certificates of one vendor, which are one client: see docs/3gpp.md."),
	POLICY(register_on_ir_ids, "register_on_ir_ids", patterns,
	       .help = "Patterns, glob(7), of subjectIds that an ir registers, of a client that "
		       "was "
		       "added with `--register-on-ir`; without it any. With Register it may "
		       "register others, too."),

	DOMAIN(cert_types, "cert_types", cert_types,
	       .help = "certTypes of its registrations; without it all."),
	DOMAIN(subject_ids, "subject_ids", patterns,
	       .help = "Patterns, glob(7), one of which a subjectId must fit: `*` any text, `?` "
		       "a character, `[0-9]` one of several. Without regard to case."),
	DOMAIN(dns_suffixes, "dns_suffixes", host_names,
	       .help = "Host names: its entities may have these, and all below them, as dNSName "
		       "and, where they have several labels, as subjectId and CN. A subjectId "
		       "that is no host name of several labels is not concerned."),
	DOMAIN(ip_addresses, "ip_addresses", ip_ranges,
	       .help = "Ranges of IP addresses; the profile must allow an address, too."),
	DOMAIN(cas, "ca", names, .help = "CAs of its registrations, by their names."),
	DOMAIN(profiles, "profiles", names, .help = "Profiles of its registrations."),
	DOMAIN(registrations_max, "registrations_max", number, .initial = "0", .max = UINT32_MAX,
	       .help = "How many registrations it may have at once; 0: any number."),
	DOMAIN(callback_hosts, "callback_hosts", patterns,
	       .help = "Patterns, glob(7), of the hosts to which notifications of its "
		       "subscriptions may go; without it there are none."),
	DOMAIN(shared_names, "shared_names", boolean, .initial = "no",
	       .help = "Whether another domain under the same CA may have the same dns_suffixes, "
		       "or some below or above them, which is a mistake else. No two entities "
		       "have the same name even then."),

	VNFM(api_root, "api_root", url, .required = true,
	     .help = "Where its interface begins: `/vnflcm` is below it. https, or http to a "
		     "loopback address. Nothing that the VNFM says is followed to elsewhere."),
	VNFM(trust_domain, "trust_domain", text, .required = true,
	     .help = "Trust domain of what it has."),
	VNFM(client, "client", text, .help = "Client that may read what comes of it."),
	VNFM(oauth2_token_uri, "oauth2_token_uri", url,
	     .help = "Where tokens for it are had, by client credentials (RFC 6749 4.4)."),
	VNFM(oauth2_client_id, "oauth2_client_id", text, .help = "Who asks for them."),
	VNFM(oauth2_client_secret_file, "oauth2_client_secret_file", file,
	     .help = "File whose first line is the client's secret; without it tls_certificate "
		     "says who asks (RFC 8705 2)."),
	VNFM(user, "user", text,
	     .help = "User name for basic authentication, where the VNFM has no better."),
	VNFM(password_file, "password_file", secret_file,
	     .help = "File whose first line is the password of user."),
	VNFM(tls_trusted, "tls_trusted", file,
	     .help = "PEM: trust anchors of the VNFM's certificate and of oauth2_token_uri's; "
		     "without it those of the system."),
	VNFM(tls_certificate, "tls_certificate", file,
	     .help = "PEM: certificate of the CMF as a TLS client, then its chain."),
	VNFM(tls_key, "tls_key", key, .help = "Private key of tls_certificate."),
	VNFM(tls_passphrase_file, "tls_passphrase_file", secret_file,
	     .help = "File with the passphrase of tls_key."),
	VNFM(timeout_ms, "timeout", duration, .initial = "30s", .min = SECOND, .max = 600 * SECOND,
	     .help = "How long one request to the VNFM may take."),
	VNFM(vnfd_ids, "vnfd_ids", names,
	     .help = "vnfdIds: it is subscribed for VNFs of these, and no others are looked at; "
		     "without it for all."),
	VNFM(callback_uri, "callback_uri", url, .required = true,
	     .help = "Where it sends notifications to: a path of listen_tls, or of "
		     "listen on a loopback address, under the name and port that the VNFM knows. "
		     "https, or http to a loopback address."),
	VNFM(callback_listen, "callback_listen", addresses,
	     .help = "Addresses at which that path is served, and nothing else, in place of "
		     "listen_tls and listen: over HTTPS with tls_certificate of `[server]` if "
		     "callback_uri is https, else over HTTP on loopback addresses only."),
	VNFM(callback_user, "callback_user", text,
	     .help = "User name under which it notifies, by basic authentication."),
	VNFM(callback_password_file, "callback_password_file", secret_file,
	     .help = "File whose first line is the password of callback_user."),
	VNFM(callback_token, "callback_token", callback_token, .initial = "none",
	     .help = "`jwt`: it notifies with an access token that `[oauth2]` accepts, for "
		     "callback_oauth2_client_id."),
	VNFM(callback_oauth2_token_uri, "callback_oauth2_token_uri", url,
	     .help = "Where it gets that token, as it is told."),
	VNFM(callback_oauth2_client_id, "callback_oauth2_client_id", text,
	     .help = "Whose token it must be."),
	VNFM(callback_oauth2_client_secret_file, "callback_oauth2_client_secret_file", file,
	     .help = "File whose first line is the secret with which the VNFM gets it."),
	VNFM(callback_certificate, "callback_certificate", file,
	     .help = "PEM: the certificates under one of which it notifies as a TLS client. With "
		     "one of the other two, both are asked for."),
	VNFM(profile, "profile", text, .required = true, .reload = true,
	     .help = "Profile of its VNFCIs, and by it their certType."),
	VNFM(rules, "rules", names, .reload = true,
	     .help = "Names of `[vnfm_rule NAME]` sections; the first that matches counts."),
	VNFM(dns_names, "dns_names", dns_patterns, .reload = true,
	     .help = "dNSNames that a VNFCI may have beside those of its profile, and gets where "
		     "it "
		     "asks for no subjectAltName, as "
		     "`<subjectId>.<vnfInstanceId>.vnf.example.net`. "
		     "`<subjectId>`, `<vnfInstanceId>`, `<vnfdId>` and `<vduId>` stand for what "
		     "the VNFM shows, each in a label of its own; one that is not letters, digits "
		     "and hyphens gives no name. The trust domain must allow the names, too."),
	VNFM(initial_credential, "initial_credential", initial_credential, .initial = "none",
	     .reload = true,
	     .help = "How a new VNFCI proves who it is: `secret`, with a secret that is good for "
		     "one certificate; `none`, with a certificate of its vendor; `attestation`, "
		     "with "
		     "that and a key attestation, which its profile verifies, whatever "
		     "`attestation` says there."),
	VNFM(initial_credential_dir, "initial_credential_dir", path, .reload = true,
	     .help = "Directory in which secrets are put, as "
		     "`<vnfInstanceId>/<subjectId>.json`; without it they are fetched."),
	VNFM(initial_credential_uri, "initial_credential_uri", url, .reload = true,
	     .help = "Where secrets are sent to, each by a POST that has to be answered with 2xx: "
		     "https, or http to a loopback address. Its address has to be a public one or "
		     "in callback_networks of `[events]`. Who we are says tls_certificate, or "
		     "initial_credential_token_file. docs/direct-mode.md has the body."),
	VNFM(initial_credential_trusted, "initial_credential_trusted", file, .reload = true,
	     .help = "PEM: trust anchors of initial_credential_uri's certificate; without it "
		     "those of the system."),
	VNFM(initial_credential_token_file, "initial_credential_token_file", file, .reload = true,
	     .help = "File whose first line is a bearer token (RFC 6750) for it, read each time."),
	VNFM(initial_credential_lifetime_ms, "initial_credential_lifetime", duration,
	     .initial = "1d", .min = 60 * SECOND, .max = 365 * DAY, .reload = true,
	     .help = "How long such a secret is good."),
	VNFM(on_removed, "on_removed", on_removed, .initial = "revoke", .reload = true,
	     .help = "What becomes of the certificates of a VNFC that is gone: `revoke` at once, "
		     "`hold` for hold_max, in which it may come back, `keep`."),
	VNFM(hold_max_ms, "hold_max", duration, .initial = "1d", .min = SECOND, .max = 365 * DAY,
	     .reload = true, .help = "How long they are on hold before they are revoked."),
	VNFM(resync_interval_ms, "resync_interval", duration, .initial = "5m", .min = SECOND,
	     .max = 30 * DAY, .reload = true,
	     .help = "All VNF instances are looked at that often, since a notification that is "
		     "lost is lost."),
	VNFM(resync_revoke_max, "resync_revoke_max", number, .initial = "100", .max = UINT32_MAX,
	     .reload = true,
	     .help = "Registrations that one look at all of them ends; more wait for `cmfctl lcm "
		     "approve NAME`."),

	VNFM_RULE(vnfd_ids, "vnfd_ids", patterns, .help = "Patterns, glob(7), of vnfdIds."),
	VNFM_RULE(vdu_ids, "vdu_ids", patterns, .help = "Patterns, glob(7), of vduIds."),
	VNFM_RULE(exclude, "exclude", boolean, .initial = "no",
		  .help = "Such VNFCIs are not registered."),
	VNFM_RULE(profile, "profile", text, .help = "Their profile, instead of the VNFM's."),
	VNFM_RULE(dns_names, "dns_names", dns_patterns,
		  .help = "Their dNSNames, instead of the VNFM's."),
};
/* clang-format on */

const size_t conf_n_keys = ARRAY_LEN(conf_keys);
