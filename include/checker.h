// SPDX-License-Identifier: Apache-2.0
/*
 * What is wrong with a configuration and all that it names, before cmfd serves with it and while it
 * does: one checker for `cmfd --check` and `cmfctl check`, and the certificates that the CMF itself
 * lives by, with their ends. It changes nothing.
 */
#pragma once

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "conf.h"

/* Lines, each ends with "\n": what stops cmfd or its clients, what will, and what may be news. */
struct check_findings {
	struct strbuf problems;
	struct strbuf warnings;
	struct strbuf notes;
};
void check_findings_clear(struct check_findings *findings);

/* Loads what cmfd would load at its start; with `database` the whole of that is checked, too. */
void check_run(const char *config, bool database, struct check_findings *findings);

/* A file of certificates that the configuration names. */
struct check_certificate {
	const char *what; /* label of metrics: "protection", "tls", "ca", ... */
	const char *key;  /* of the configuration */
	char *section;    /* "[protection]", "[ca issuing]" */
	const char *ca;   /* NULL: of none */
	char *subject;    /* of the one in the file that ends first, RFC 2253 */
	int64_t not_after_ms;
	struct octets der; /* of all in the file, one after the other */
};

/* Those of a configuration, which it borrows from. */
struct check_inventory {
	struct check_certificate *item;
	size_t len;
};
/* What cannot be read is left out: that is the problem of whoever loads it. 0 or -ENOMEM. */
_must_check_ int check_inventory_new(const struct conf *conf, struct check_inventory *inventoryp);
void check_inventory_clear(struct check_inventory *inventory);
/* The one of that name, NULL: none. */
const struct check_certificate *check_inventory_find(const struct check_inventory *inventory,
						     const char *what);
/* "[protection] certificate: expired at ... (CN=cmf)", without an end of line. */
void check_certificate_text(const struct check_certificate *c, int64_t now_ms, struct strbuf *out);
