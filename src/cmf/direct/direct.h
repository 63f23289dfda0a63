// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of direct mode share: reconcile.c compares, ending.c ends, initial.c has the
 * one-time secrets and initial_file.c their files. The interface for everybody else is
 * include/cmf/direct.h.
 */
#pragma once

#include "cmf/direct.h"
#include "cmf_private.h"
#include "store/direct.h"

/* --- source.c --- */

/* Who registers and ends what a VNFM shows, with the name of that: "vnfm NAME". */
struct direct_source {
	struct cmf_principal who;
	char *name;
};
_must_check_ int direct_source_of(const struct conf *conf, const char *vnfm,
				  struct direct_source *sourcep);
void direct_source_clear(struct direct_source *source);
/* Whether a registration comes from a VNFM that only another node follows. 0 or negative errno. */
_must_check_ int direct_source_elsewhere(const struct cmf_call *call, const char *source,
					 bool *elsewherep);
/* The section that a registration comes from; NULL: of none, or it is not configured any more. */
const struct conf_vnfm *direct_vnfm_of(const struct conf *conf, const char *source);

/* --- dns_names.c --- */

/* By the patterns of its VNFM, and that the trust domain may have. */
struct direct_dns_names {
	char **name;
	size_t n;
};
void direct_dns_names_clear(struct direct_dns_names *names);
/* Those of a registration; none of one that is no VNFM's. 0 or negative errno. */
_must_check_ int direct_dns_names_find(const struct cmf_call *call,
				       const struct store_registration *reg,
				       struct direct_dns_names *namesp);

/* --- initial.c --- */

/*
 * Adds a new one-time secret for a registration, which takes the place of the one before, where the
 * VNFM's VNFCIs get any; reg->id may stand for a registration of the same unit. 0 or negative
 * errno.
 */
_must_check_ int initial_make(const struct cmf_call *call, const struct conf_vnfm *vnfm,
			      const struct store_registration *reg);
/* The secret of a row in clear, which the caller clears as one. 0 or negative errno. */
_must_check_ int initial_secret_open(const struct cmf *cmf,
				     const struct store_initial_credential *row,
				     struct octets *secretp);
/* A certificate is asked for with the secret of who asks: in the unit, which conflicts if another
 * is meanwhile. One of before that was not accepted is given up. 0 or negative errno. */
_must_check_ int initial_use(const struct cmf_call *call, const struct store_certificate *cert);
/* Takes note of what has been spent and has expired, and does what is to be done with files. As
 * cmf_housekeeping(). */
_must_check_ int initial_housekeeping(const struct cmf_call *call, bool *morep);

/* --- initial_file.c --- */

/* What an identifier is called in the file system: never "." or "..", never with a '/'. 0 or
 * negative errno. */
enum { INITIAL_NAME_MAX = 200 };
_must_check_ int initial_file_name(const char *id, char name[INITIAL_NAME_MAX + 1]);
/* Writes or replaces <dir>/<vnfInstanceId>/<subjectId>.json; durable when it returns 0. Or a
 * negative errno, logged. */
_must_check_ int initial_file_write(const char *dir, const struct store_entity *entity,
				    struct bytes content);
/* Removes it, and the folder of the VNF with the last one; there being none is fine. */
_must_check_ int initial_file_remove(const char *dir, const struct store_entity *entity);

/* --- ending.c --- */

/* Ends what is due, as cmf_housekeeping(). */
_must_check_ int direct_endings(const struct cmf_call *call, bool *morep);
/* Takes the certificates of a VNFC that is back off hold; *anyp: there was one. 0 or negative
 * errno. */
_must_check_ int direct_release(const struct cmf_call *call, const struct store_vnfc *vnfc,
				bool *anyp);
