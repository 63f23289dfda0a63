// SPDX-License-Identifier: Apache-2.0
/*
 * The audit as a whole: whether it is what was written, and what retention removes of it. Lines are
 * written with cmf_audit_add() (cmf.h); the chains are those of store/audit.h.
 */
#pragma once

#include "cmf.h"
#include "store/audit.h"

enum { CMF_AUDIT_FINDINGS_MAX = 50, CMF_AUDIT_FINDING_SIZE = 200 };

/* What is wrong with a chain. */
struct cmf_audit_finding {
	int64_t chain;
	int64_t id; /* of the line; 0: of none */
	char text[CMF_AUDIT_FINDING_SIZE];
};

struct cmf_audit_report {
	int64_t lines;                   /* that there are */
	struct store_audit_chain *chain; /* all of them, as they were when they were verified */
	size_t n_chains;
	struct cmf_audit_finding finding[CMF_AUDIT_FINDINGS_MAX]; /* one a chain, mostly */
	size_t n_findings; /* there may be more than there is room for */
};
void cmf_audit_report_clear(struct cmf_audit_report *report);

/*
 * Reads the whole audit, page by page, and says what is not as it was written: a line that was
 * changed, removed, inserted or put elsewhere, lines that are missing at an end, a chain that is
 * missing, a MAC that is not of our key. What is written and purged meanwhile does no harm. 0, or a
 * negative errno if it could not be read.
 */
_must_check_ int cmf_audit_verify(struct cmf *cmf, struct store_reader *reader,
				  struct cmf_audit_report *reportp);

/* The MAC of a head that is kept elsewhere; without a store key there is none. 0 or -EIO. */
_must_check_ int cmf_audit_head_mac(const struct cmf *cmf, const struct store_audit_head *head,
				    struct store_audit_mac *macp);
/* The same of the head of a chain; what the chain's own MAC does not prove gets none. 0 or -EIO. */
_must_check_ int cmf_audit_chain_head_mac(const struct cmf *cmf,
					  const struct store_audit_chain *chain,
					  const struct store_audit_head *head,
					  struct store_audit_mac *macp);
/* 0; -EBADMSG: the MAC is not of that head, or there is none; -ENOKEY: it is of a store key that is
 * not configured; -EIO. */
_must_check_ int cmf_audit_head_check(const struct cmf *cmf, const struct store_audit_head *head,
				      const struct store_audit_mac *mac);

/*
 * The keys that heads have MACs of, for whoever has the file of a store key, and no CMF: that one,
 * and the one before in FILE.old, if there is one. 0, -ENOMEM, or -EINVAL with a problem.
 */
struct cmf_audit_keys;
_must_check_ int cmf_audit_keys_new(const char *secret_key, struct cmf_audit_keys **keysp,
				    struct strbuf *problems);
void cmf_audit_keys_free(struct cmf_audit_keys *keys);
/* As cmf_audit_head_check(). */
_must_check_ int cmf_audit_keys_check(const struct cmf_audit_keys *keys,
				      const struct store_audit_head *head,
				      const struct store_audit_mac *mac);
