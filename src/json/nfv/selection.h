// SPDX-License-Identifier: Apache-2.0
/* Attribute selectors, ETSI GS NFV-SOL 013 5.3. Private to nfv/. */
#pragma once

#include "base/cleanup.h"
#include "base/refusal.h"
#include "nfv/attributes.h"
#include "query.h"

/* Which attributes of an item are wanted. */
struct nfv_selection {
	const struct nfv_attributes *attributes;
	bool wanted[NFV_ATTRIBUTES_MAX]; /* by their places in the table */
};

/* The parameters that say it. */
#define NFV_SELECTORS "all_fields", "fields", "exclude_fields", "exclude_default"

/* By the query; `attributes` must live as long. 0 or REFUSED (nfv_selector). */
_must_check_ int nfv_selection_read(struct json_query *query,
				    const struct nfv_attributes *attributes,
				    struct nfv_selection *selectionp, struct refusal *refusal);
/* Whether the attribute of that path is wanted: what costs much is made only then. */
bool nfv_selected(const struct nfv_selection *selection, const char *path);
/* Takes what is not wanted out of the item. */
void nfv_selection_apply(const struct nfv_selection *selection, json_t *item);
