// SPDX-License-Identifier: Apache-2.0
/* Attribute-based filters, ETSI GS NFV-SOL 013 5.2. Private to nfv/. */
#pragma once

#include "base/cleanup.h"
#include "base/refusal.h"
#include "nfv/attributes.h"

/*
 * Terms of a filter, and values of all of them: what a filter may cost for each row that it is
 * compared with.
 */
enum { NFV_TERMS_MAX = 1000, NFV_VALUES_MAX = 2000 };

struct nfv_filter;

/*
 * Reads the value of the parameter `filter`; NULL: everything fits. `attributes` must live as long.
 * 0; REFUSED (nfv_filter), -ENOMEM.
 */
_must_check_ int nfv_filter_parse(const char *text, const struct nfv_attributes *attributes,
				  struct nfv_filter **filterp, struct refusal *refusal);
void nfv_filter_free(struct nfv_filter *filter);
DEFINE_CLEANUP(struct nfv_filter, nfv_filter_free);

bool nfv_filter_fits(const struct nfv_filter *filter, const json_t *item);
/* The text that the attribute of that path must have, as far as one term says so; NULL: any. Lives
 * as long as the filter. For a narrower question to the store. */
const char *nfv_filter_text(const struct nfv_filter *filter, const char *path);
/* How many values an item is compared with. */
size_t nfv_filter_cost(const struct nfv_filter *filter);
