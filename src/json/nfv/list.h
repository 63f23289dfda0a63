// SPDX-License-Identifier: Apache-2.0
/*
 * A page of a list: which rows the store is asked for, which of them fit the filter, what of them
 *is said, and where the next page begins. Private to nfv/.
 *
 * An endpoint begins the list, walks rows in the order of their ids, and ends it:
 *
 *	status = nfv_list_begin(call, &attributes, &list);
 *	if (status)
 *		return status;
 *	filter = (...){.after_id = list.after.id, .limit = list.rows_max};
 *	return nfv_list_end(&list, store_x_list(reader, &filter, row, &list));
 *
 * where row() makes the item with all that filters may name, asks nfv_list_fits(), adds what is
 *dear to make, and ends with nfv_list_add().
 */
#pragma once

#include "nfv/filter.h"
#include "nfv/nfv.h"
#include "nfv/selection.h"

/*
 * Where a row is: its id, or, where rows are found within others, the id of the outer one and its
 * own as the part; part 0 is behind all of the outer one.
 */
struct nfv_position {
	int64_t id;
	int64_t part;
};

struct nfv_list {
	struct nfv_call *call;
	struct nfv_filter *filter;
	struct nfv_selection selection;
	json_t *items;
	struct nfv_position after; /* rows behind it */
	struct nfv_position last;  /* of the last row that was looked at */
	uint32_t rows_max;         /* that many are looked at, whether they fit or not */
	uint32_t n_rows;
	size_t items_max;
};

/* The parameters of a list, for the table of resources: NULL-terminated. */
extern const char *const nfv_list_query[];

/* 0, or the status of the problem that was answered. */
_must_check_ int nfv_list_begin(struct nfv_call *call, const struct nfv_attributes *attributes,
				struct nfv_list *listp);
/* Counts a row (part: 0 where there are none). Whether its item is wanted. */
bool nfv_list_fits(struct nfv_list *list, int64_t id, int64_t part, const json_t *item);
/* Counts a row that has no item. */
void nfv_list_skip(struct nfv_list *list, int64_t id, int64_t part);
/* Whether as many rows were looked at as may be. */
bool nfv_list_full(const struct nfv_list *list);
/* Appends an item (taken over). 0, NFV_LIST_FULL, which ends the walk, or -ENOMEM. */
enum { NFV_LIST_FULL = 4 };
_must_check_ int nfv_list_add(struct nfv_list *list, json_t *item);
/* Answers the page, or the fault that ended the walk. Releases the list. Returns the status. */
int nfv_list_end(struct nfv_list *list, int err);
