// SPDX-License-Identifier: Apache-2.0
/* What the files of checker/ share. */
#pragma once

#include "checker.h"
#include "store.h"

#include <openssl/x509.h>

/*
 * inventory.c: each file of certificates that the configuration names and that can be read. What it
 * returns other than 0 ends the walk. 0, that, or -ENOMEM.
 */
typedef int check_files_visit(void *arg, const struct check_certificate *of,
			      const STACK_OF(X509) * certs);
_must_check_ int check_files_each(const struct conf *conf, check_files_visit *visit, void *arg);

/* certificates.c, clients.c */
void check_certificates(const struct conf *conf, struct check_findings *findings);
_must_check_ int check_clients(const struct conf *conf, struct store_reader *reader,
			       struct check_findings *findings);

/* settings.c */
void check_settings(const struct conf *conf, struct check_findings *findings);
