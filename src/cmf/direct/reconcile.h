// SPDX-License-Identifier: Apache-2.0
/*
 * A comparison of what a VNFM shows of a VNF with what is registered from it, while it is made.
 * reconcile.c begins and ends it; present.c does what the VNFCs need that are there, gone.c marks
 * those that are not; comparison.c has what all of them need. Private to these files.
 */
#pragma once

#include "direct/direct.h"

/* A VNFC that is registered, and whether the view has it. */
struct known {
	struct store_vnfc row;
	bool seen;
};

/* By one of its identifiers. */
struct known_by {
	const char *id;
	struct known *known;
};

struct known_index {
	struct known_by *item;
	size_t len;
};

/* A comparison while it is made. */
struct reconciling {
	struct cmf_call call;
	const struct conf_vnfm *vnfm;
	const struct cmf_direct_view *view;
	struct cmf_direct_report *report;
	struct direct_source source;
	struct refusal refusal;
	struct store_vnf vnf;
	struct known *known;
	size_t n_known, size_known;
	struct known_index by_vnfc, by_resource;
	size_t batch; /* as many VNFCs are one unit */
	size_t n_batch;
};

/* --- comparison.c --- */

/* Reads the VNFCs of r->vnf. 0 or negative errno. */
_must_check_ int known_read(struct reconciling *r);
/* Frees them and the VNF. */
void known_forget(struct reconciling *r);
/* By an identifier of the index; NULL: there is none. */
struct known *known_index_find(const struct known_index *index, const char *id);
/* The VNFCs that the view says there are: a VNF that is terminated keeps what it had. */
size_t comparison_shown(const struct cmf_direct_view *view);
/* Commits what is in the unit; of a dry run nothing. 0, STORE_CONFLICT, negative errno. */
_must_check_ int batch_commit(struct reconciling *r);
/* One VNFC more is in the unit: likewise, once it is full. */
_must_check_ int batch_grow(struct reconciling *r);
/* A line of the report. */
void comparison_tell(const struct reconciling *r, const char *subject_id, const char *what);

/* --- present.c --- */

/* Registers what is new, and takes marks back from what has returned. 0, STORE_CONFLICT, negative
 * errno. */
_must_check_ int present_compare(struct reconciling *r);

/* --- gone.c --- */

/* Marks the VNFCs that the view does not have. 0, STORE_CONFLICT, negative errno. */
_must_check_ int gone_mark(struct reconciling *r);
