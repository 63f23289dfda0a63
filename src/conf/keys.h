// SPDX-License-Identifier: Apache-2.0
/*
 * The key table and the types of its values. Everything that knows a key's name goes through it.
 */
#pragma once

#include "base/strbuf.h"
#include "conf.h"

enum conf_section {
	CONF_SERVER,
	CONF_LOG,
	CONF_STORE,
	CONF_RETENTION,
	CONF_AUDIT,
	CONF_PROTECTION,
	CONF_CMF,
	CONF_OAUTH2,
	CONF_EVENTS,
	CONF_CA,
	CONF_CA_RULE,
	CONF_PROFILE,
	CONF_CLIENT_POLICY,
	CONF_TRUST_DOMAIN,
	CONF_VNFM,
	CONF_VNFM_RULE,
	CONF_SECTION_COUNT,
};

struct conf_section_type {
	const char *kind; /* the first word in the brackets */
	bool named;       /* [kind NAME], any number of them; else one */
	size_t offset;    /* in struct conf, of those without a name */
	const char *help;
};

/* Which kind of [ca] has the key. */
enum conf_when { CONF_WHEN_ANY, CONF_WHEN_INTERNAL, CONF_WHEN_UPSTREAM };

struct conf_type;

struct conf_key {
	enum conf_section section;
	const char *name;
	const struct conf_type *type;
	size_t offset;       /* of the field in the section's struct */
	const char *initial; /* the default as text, NULL: not set */
	int64_t min, max;    /* of numbers and, in milliseconds, durations; max 0: no limits */
	bool reload;         /* SIGHUP may change it */
	bool required;
	bool late; /* a file: whether it can be used finds out who opens it, for it is of a part */
	enum conf_when when;
	const char *help;
};

/* What a parser is given besides the place of the value. */
struct conf_input {
	const struct conf_key *key;
	const char *dir; /* relative file names are taken from here */
	const char *text;
	bool names_only; /* files are not looked at */
};

struct conf_type {
	const char *name; /* for the documentation */
	const char *const
		*words; /* of an enumeration, NULL-terminated, in the order of its values */
	/* Returns 0, -EINVAL with the reason appended to `why`, or -ENOMEM. Replaces the value. */
	int (*parse)(const struct conf_input *in, void *value, struct strbuf *why);
	/* Appends the value in the syntax that parse() reads; nothing when it is not set. */
	void (*print)(const struct conf_type *type, const void *value, struct strbuf *out);
	void (*clear)(void *value); /* NULL: nothing to free */
};

extern const struct conf_section_type conf_sections[CONF_SECTION_COUNT];
extern const struct conf_key conf_keys[];
extern const size_t conf_n_keys;

/* NULL: no such key in this section. */
const struct conf_key *conf_key_find(enum conf_section section, const char *name);
/* Where the key's value is in the struct of its section. */
void *conf_key_value(const struct conf_key *key, void *base);
const void *conf_key_value_const(const struct conf_key *key, const void *base);
/* True unless the key is for the other kind of [ca]. */
bool conf_key_applies(const struct conf_key *key, const void *base);
/* Frees all values of a section's struct. */
void conf_section_clear(enum conf_section section, void *base);

extern const struct conf_type conf_type_text;
extern const struct conf_type conf_type_file;        /* exists and can be read */
extern const struct conf_type conf_type_secret_file; /* the same, with a secret in it */
extern const struct conf_type conf_type_path;        /* will be made; its directory exists */
extern const struct conf_type conf_type_database;    /* a path, or a URL */
extern const struct conf_type conf_type_socket;      /* the same, short enough for a socket */
extern const struct conf_type conf_type_directory;   /* exists */
extern const struct conf_type conf_type_key;         /* a file, or a URI for OpenSSL's STORE */
extern const struct conf_type conf_type_url;
extern const struct conf_type conf_type_dn;
extern const struct conf_type conf_type_digest;
extern const struct conf_type conf_type_number;
extern const struct conf_type conf_type_mode;
extern const struct conf_type conf_type_duration;
extern const struct conf_type conf_type_durations;
extern const struct conf_type conf_type_boolean;
extern const struct conf_type conf_type_log_format;
extern const struct conf_type conf_type_log_level;
extern const struct conf_type conf_type_ca_type;
extern const struct conf_type conf_type_upstream_request;
extern const struct conf_type conf_type_upstream_signer;
extern const struct conf_type conf_type_upstream_subject;
extern const struct conf_type conf_type_forwarding;
extern const struct conf_type conf_type_archive_keys;
extern const struct conf_type conf_type_replication;
extern const struct conf_type conf_type_syslog;
extern const struct conf_type conf_type_attestation_policy;
extern const struct conf_type conf_type_attestation_nonce;
extern const struct conf_type conf_type_attestation_statements;
extern const struct conf_type conf_type_attestation_extensions;
extern const struct conf_type conf_type_extensions_rule;
extern const struct conf_type conf_type_name_rule;
extern const struct conf_type conf_type_subject_id_form;
extern const struct conf_type conf_type_cert_type;
extern const struct conf_type conf_type_cert_type_match; /* its value is the struct conf_ca_rule */
extern const struct conf_type conf_type_names;
extern const struct conf_type conf_type_cert_types; /* a uint32_t */
extern const struct conf_type conf_type_patterns;
extern const struct conf_type conf_type_host_names;
extern const struct conf_type conf_type_uris;
extern const struct conf_type conf_type_uri_patterns;
extern const struct conf_type conf_type_dns_patterns;
extern const struct conf_type conf_type_paths;
extern const struct conf_type conf_type_attributes;
extern const struct conf_type conf_type_oid;            /* dotted text */
extern const struct conf_type conf_type_text_attribute; /* one that holds any text */
extern const struct conf_type conf_type_addresses;
extern const struct conf_type conf_type_ip_ranges;
extern const struct conf_type conf_type_key_types;
extern const struct conf_type conf_type_mac_algorithms;       /* a uint64_t */
extern const struct conf_type conf_type_signature_algorithms; /* likewise */
extern const struct conf_type conf_type_answer_mac;
extern const struct conf_type conf_type_callback_token;
extern const struct conf_type conf_type_initial_credential;
extern const struct conf_type conf_type_on_removed;
extern const struct conf_type conf_type_sender_match;
extern const struct conf_type conf_type_signer_entity;
