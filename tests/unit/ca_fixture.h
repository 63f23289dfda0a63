// SPDX-License-Identifier: Apache-2.0
/*
 * A small PKI, a store in a directory of its own, and a clock that stands
 * still: what the tests of ca/ stand on.
 */
#pragma once

#include "ca.h"
#include "pki.h"

#include <check.h>
#include <openssl/x509v3.h>

#define OK(call) ck_assert_int_eq((call), 0)

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

struct ca_fixture {
	char dir[64];
	int64_t now_ms; /* what the clock says */
	struct clock_source clock;
	struct metrics *metrics;
	struct store *store;
	struct store_reader *reader;
	struct store_unit *unit;
	struct conf_ca conf_ca; /* fields may be changed until fixture_load() */
	struct conf conf;
	struct ca_set *set;
	struct ca *ca;
	EVP_PKEY *root_key;
	X509 *root;
	EVP_PKEY *issuing_key;
	X509 *issuing;
	char *texts[32]; /* paths, freed at the end */
	size_t n_texts;
	X509_NAME *names[4]; /* of fixture_dn(), freed at the end */
	size_t n_names;
};

/* A directory, a store, a root and an issuing CA with a key of that kind, files root.pem, ca.pem
 * and ca.key, and a configuration for the CA "test" of that type. */
void fixture_begin(struct ca_fixture *f, enum conf_ca_type type, const char *key_kind);
void fixture_end(struct ca_fixture *f);
/* Loads the CA of f->conf_ca. */
void fixture_load(struct ca_fixture *f);
/* Expects that loading fails with a problem that has this text in it. */
void fixture_load_problem(struct ca_fixture *f, const char *expected);
/* As after a crash: CA and store are dropped, the store is opened again, the CA loaded. */
void fixture_restart(struct ca_fixture *f);

/* DIR/name, valid until the end. */
char *fixture_path(struct ca_fixture *f, const char *name);
/* As the configuration has it, valid until the end. */
struct conf_dn fixture_dn(struct ca_fixture *f, const char *text);
void write_text(const char *path, const char *text);
/* Runs a shell command in the directory; its exit code. */
int run_command(struct ca_fixture *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A request for a certificate of "vnfci-1" with a P-256 key and a dNSName. */
struct request_fixture {
	EVP_PKEY *key;
	struct octets subject;
	struct octets spki;
	struct octets san;
	struct octets extension; /* basicConstraints of the profile */
	struct conf_extension extensions[1];
	struct ca_request request;
};
void request_begin(struct request_fixture *r, const struct ca_fixture *f);
void request_end(struct request_fixture *r);

/* A registration with a certificate of it in that state; the certificate's id. */
int64_t put_certificate(struct ca_fixture *f, const char *subject_id,
			enum store_certificate_state state, struct bytes serial, struct bytes der);
